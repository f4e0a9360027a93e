#include "scan/report_licences.h"

#include "check/licences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
	MOST = 32,	  /* licences of one component */
	CLAIM = 200,	  /* bytes of what a file says */
	MOST_NAMES = 500, /* of a model */
};

const char *gh_licence_spdx(const char *id)
{
	/* Spelt as SPDX spells them. */
	static const char *const spdx[] = {
		"CC-BY-NC-ND-4.0",
		"CC-BY-NC-SA-4.0",
		"CC-BY-NC-4.0",
		"CC-BY-ND-4.0",
		"CC-BY-SA-4.0",
		"CC-BY-4.0",
		"CC-BY-NC-SA-3.0",
		"CC-BY-NC-3.0",
		"CC-BY-ND-3.0",
		"CC-BY-SA-3.0",
		"CC-BY-3.0",
		"CC0-1.0",
		"MPL-2.0",
		"MPL-1.1",
		"EPL-2.0",
		"EPL-1.0",
		"EUPL-1.2",
		"EUPL-1.1",
		"OFL-1.1",
		"Artistic-2.0",
		"Artistic-1.0",
		"WTFPL",
		"PostgreSQL",
		"CDLA-Permissive-2.0",
		"MS-PL",
		"BSL-1.0",
		"AGPL-3.0",
		"LGPL-3.0",
		"LGPL-2.1",
		"LGPL-2.0",
		"GPL-3.0",
		"GPL-2.0",
		"GPL-1.0",
		"Apache-2.0",
		"Unlicense",
		"Zlib",
		"BSD-3-Clause",
		"BSD-2-Clause",
		"ISC",
		"MIT",
	};
	static const char *const other[][2] = {
		{ "odc-by", "ODC-By-1.0" }, { "odbl", "ODbL-1.0" }, { "pddl", "PDDL-1.0" }, { "bsl-1.1", "BUSL-1.1" }
	};
	for (size_t i = 0; i < sizeof spdx / sizeof spdx[0]; i++)
		if (strcasecmp(spdx[i], id) == 0)
			return spdx[i];
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
		if (strcmp(other[i][0], id) == 0)
			return other[i][1];
	return NULL;
}

struct list {
	struct {
		const char *id;
		bool declared;
	} v[MOST];
	size_t n;
};

static void take(struct list *l, const struct gh_finding *f)
{
	bool declared = strcmp(f->rule->id, gh_licence_rules[GH_LICENCE_DECLARED].id) == 0;
	bool text = strcmp(f->rule->id, gh_licence_rules[GH_LICENCE_TEXT].id) == 0;
	/* A worker's words: only what the table knows is repeated. */
	const char *id = (!declared && !text) || f->detail == NULL ? NULL : gh_licence_of_name(gh_span_str(f->detail));
	if (id == NULL || (f->member != NULL && f->member[0] != '\0'))
		return;
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i].id, id) == 0) {
			l->v[i].declared = l->v[i].declared || declared;
			return;
		}
	if (l->n < MOST) {
		l->v[l->n].id = id;
		l->v[l->n++].declared = declared;
	}
}

void gh_report_licences(struct gh_jout *j, const struct gh_file_report *file, size_t n)
{
	struct list l = { .n = 0 };
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < file[i].nfinding; k++)
			take(&l, &file[i].finding[k]);
	if (l.n == 0)
		return;
	gh_jout_open(j, "licenses", '[');
	for (size_t i = 0; i < l.n; i++) {
		const char *spdx = gh_licence_spdx(l.v[i].id);
		gh_jout_open(j, NULL, '{');
		gh_jout_open(j, "license", '{');
		gh_jout_str(j, spdx != NULL ? "id" : "name", spdx != NULL ? spdx : l.v[i].id);
		gh_jout_str(j, "acknowledgement", l.v[i].declared ? "declared" : "concluded");
		gh_jout_close(j, '}');
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

/* What a finding says a file is under; NULL: it is about something else. */
static const char *claimed(const struct gh_finding *f, char room[CLAIM])
{
	bool known = strcmp(f->rule->id, gh_licence_rules[GH_LICENCE_DECLARED].id) == 0 ||
		     strcmp(f->rule->id, gh_licence_rules[GH_LICENCE_TEXT].id) == 0;
	bool other = strcmp(f->rule->id, gh_licence_rules[GH_LICENCE_UNKNOWN].id) == 0;
	if ((!known && !other) || f->detail == NULL)
		return NULL;
	const char *id = known ? gh_licence_of_name(gh_span_str(f->detail)) : NULL;
	if (id != NULL)
		return gh_licence_spdx(id) != NULL ? gh_licence_spdx(id) : id;
	(void)snprintf(room, CLAIM, "%s", f->detail);
	return room;
}

void gh_report_licence_names(struct gh_jout *j, const char *key, const struct gh_file_report *file, size_t n)
{
	char(*name)[CLAIM] = calloc(MOST_NAMES, CLAIM), room[CLAIM];
	size_t names = 0;
	bool whole = name != NULL;
	for (size_t i = 0; i < n && whole; i++) {
		whole = file[i].dropped == 0;
		for (size_t k = 0; k < file[i].nfinding && whole; k++) {
			const char *one = claimed(&file[i].finding[k], room);
			size_t at = 0;
			while (one != NULL && at < names && strcmp(name[at], one) != 0)
				at++;
			if (one == NULL || at < names)
				continue;
			whole = names < MOST_NAMES;
			if (whole)
				(void)snprintf(name[names++], CLAIM, "%s", one);
		}
	}
	if (whole) {
		gh_jout_open(j, key, '[');
		for (size_t i = 0; i < names; i++)
			gh_jout_str(j, NULL, name[i]);
		gh_jout_close(j, ']');
	}
	free(name);
}
