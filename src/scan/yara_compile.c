#include "scan/yara_compile.h"

#include "format/format.h"
#include "os/tree.h"
#include "check/yarameta.h"
#include "scan/advisories.h"
#include "scan/yara_line.h"
#include "scan/yara_modules.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <yara.h>

enum { RULES_MAX = 64 << 20 }; /* bytes of a file that are searched for a line */

struct complaint {
	char text[600]; /* the first */
};

static void on_message(int level, const char *file, int line, const YR_RULE *rule, const char *message, void *arg)
{
	struct complaint *c = arg;
	(void)rule;
	if (level != YARA_ERROR_LEVEL_ERROR || c->text[0] != '\0')
		return;
	(void)snprintf(c->text, sizeof c->text, "%s:%d: %s", file == NULL ? "?" : gh_safe(gh_span_str(file)).s, line,
		       gh_safe(gh_span_str(message)).s);
}

static enum gh_rc add_file(YR_COMPILER *y, struct complaint *c, const char *path, struct gh_err *err)
{
	struct stat st;
	FILE *f = fopen(path, "re");
	if (f == NULL)
		return gh_fail_sys(err, errno, "%s", gh_safe(gh_span_str(path)).s);
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)fclose(f);
		return gh_fail(err, GH_E_IO, "%s: not a regular file", gh_safe(gh_span_str(path)).s);
	}
	/* A name space of its own: the same name in two files is no mistake. */
	int wrong = yr_compiler_add_file(y, f, path, path);
	(void)fclose(f);
	if (wrong == 0)
		return GH_OK;
	return gh_fail(err, GH_E_MALFORMED, "%s", c->text[0] != '\0' ? c->text : "a rule could not be compiled");
}

static bool is_rules(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot != NULL && (strcmp(dot, ".yar") == 0 || strcmp(dot, ".yara") == 0);
}

static enum gh_rc add_path(YR_COMPILER *y, struct complaint *c, const char *path, struct gh_err *err)
{
	struct gh_os_tree t;
	size_t files = 0;
	enum gh_rc rc = GH_OK;
	if (!gh_os_tree(path, &t))
		return gh_fail_sys(err, errno, "%s", gh_safe(gh_span_str(path)).s);
	for (size_t i = 0; i < t.n && rc == GH_OK; i++) {
		const struct gh_os_entry *e = &t.v[i];
		if (e->kind == GH_OS_UNREADABLE)
			rc = gh_fail_sys(err, e->sys, "%s", gh_safe(gh_span_str(e->path)).s);
		else if (t.alone || (is_rules(e->name) && (e->kind == GH_OS_FILE || e->kind == GH_OS_LINK_FILE))) {
			rc = add_file(y, c, e->path, err);
			files++;
		}
	}
	gh_os_tree_free(&t);
	if (rc == GH_OK && files == 0)
		return gh_fail(err, GH_E_MALFORMED, "%s: there are no .yar or .yara files in it",
			       gh_safe(gh_span_str(path)).s);
	return rc;
}

static size_t put(const void *p, size_t size, size_t count, void *arg)
{
	struct gh_buf *out = arg;
	gh_buf_put(out, p, size * count);
	return out->full ? 0 : count;
}

/* What the entry is, for the complaint: its text, or that it is none. */
static const char *value_of(const YR_META *m, char room[24])
{
	if (m->type == META_TYPE_STRING)
		return m->string;
	if (m->type == META_TYPE_BOOLEAN)
		return m->integer != 0 ? "true" : "false";
	(void)snprintf(room, 24, "%lld", (long long)m->integer);
	return room;
}

static enum gh_rc complain(const YR_RULE *r, const YR_META *m, unsigned nth, const char *may_be, struct gh_err *err)
{
	char room[24], line[16] = "";
	const char *file = r->ns->name;
	gh_auto_buf text = gh_buf(RULES_MAX);
	struct gh_err unread = { 0 }; /* then the line is left out */
	unsigned at = 0;
	if (gh_read_whole(file, RULES_MAX, &text, &unread) == GH_OK)
		at = gh_yara_meta_line(gh_buf_view(&text), r->identifier, m->identifier, nth);
	if (at != 0)
		(void)snprintf(line, sizeof line, ":%u", at);
	return gh_fail(err, GH_E_MALFORMED, "%s%s: rule %s: meta %s is %s, not '%s'", gh_safe(gh_span_str(file)).s,
		       line, r->identifier, m->identifier, may_be, gh_safe(gh_span_str(value_of(m, room))).s);
}

/* How bad a match is says meta: check/yarameta.h. */
static enum gh_rc meta_is_right(YR_RULES *made, struct gh_err *err)
{
	const YR_RULE *r;
	const YR_META *m, *earlier;
	yr_rules_foreach(made, r)
	{
		struct gh_yarameta said = { 0 };
		yr_rule_metas_foreach(r, m)
		{
			const char *may_be = gh_yarameta_put(&said, m->identifier,
							     m->type == META_TYPE_STRING ? m->string : NULL);
			unsigned nth = 0;
			if (may_be == NULL)
				continue;
			for (earlier = r->metas; earlier != m; earlier++)
				nth += strcmp(earlier->identifier, m->identifier) == 0;
			return complain(r, m, nth, may_be, err);
		}
	}
	return GH_OK;
}

static enum gh_rc compile(YR_COMPILER *y, const char *const *path, size_t n, struct gh_buf *out, size_t *rules,
			  struct gh_err *err)
{
	static const char *const external[] = { "filename", "filepath", "extension" };
	struct complaint c = { "" };
	YR_RULES *made = NULL;
	YR_STREAM stream = { .user_data = out, .write = put };
	for (size_t i = 0; i < sizeof external / sizeof external[0]; i++)
		if (yr_compiler_define_string_variable(y, external[i], "") != ERROR_SUCCESS)
			return gh_fail(err, GH_E_NOMEM, "no memory for YARA rules");
	yr_compiler_set_callback(y, on_message, &c);
	for (size_t i = 0; i < n; i++) {
		enum gh_rc rc = add_path(y, &c, path[i], err);
		if (rc != GH_OK)
			return rc;
	}
	if (yr_compiler_get_rules(y, &made) != ERROR_SUCCESS)
		return gh_fail(err, GH_E_NOMEM, "no memory for YARA rules");
	*rules = made->num_rules;
	enum gh_rc said = meta_is_right(made, err);
	if (said != GH_OK) {
		(void)yr_rules_destroy(made);
		return said;
	}
	int rc = made->num_rules == 0 ? ERROR_SUCCESS : yr_rules_save_stream(made, &stream);
	(void)yr_rules_destroy(made);
	if (*rules == 0)
		return gh_fail(err, GH_E_MALFORMED, "%s: there is no rule in it", gh_safe(gh_span_str(path[0])).s);
	return rc == ERROR_SUCCESS && !out->full ? GH_OK : gh_fail(err, GH_E_NOMEM, "the YARA rules are too large");
}

enum gh_rc gh_yara_compile(const char *const *path, size_t n, struct gh_buf *out, size_t *rules, struct gh_err *err)
{
	YR_COMPILER *y = NULL;
	if (gh_yara_modules[0] == '\0' || yr_initialize() != ERROR_SUCCESS)
		return gh_fail(err, GH_E_NOMEM, "YARA cannot start");
	enum gh_rc rc = yr_compiler_create(&y) == ERROR_SUCCESS ? compile(y, path, n, out, rules, err)
								: gh_fail(err, GH_E_NOMEM, "no memory for YARA rules");
	if (y != NULL)
		yr_compiler_destroy(y);
	(void)yr_finalize();
	return rc;
}
