#include "scan/setup.h"

#include "check/yarapack.h"
#include "scan/badlist.h"

#include <stdio.h>

static void advisories(struct gh_scan_setup *s, struct gh_scan_options *opt)
{
	struct gh_err err = { 0 };
	if (gh_advisories_load(&s->advisories, &err) != GH_OK) {
		opt->stage_off[GH_STAGE_VULNERABILITIES] = gh_err_line(&err, s->no_advisories, sizeof s->no_advisories);
		return;
	}
	opt->data.section[GH_DATA_ADVISORIES] = gh_buf_view(&s->advisories.set);
	opt->stage_with[GH_STAGE_VULNERABILITIES] = s->advisories.with;
	opt->advisories = &s->advisories.db;
	if (s->advisories.lost[0] != '\0')
		opt->stage_lacks[GH_STAGE_VULNERABILITIES] = s->advisories.lost;
}

static void known_bad(struct gh_scan_setup *s, struct gh_scan_options *opt)
{
	struct gh_badlist_rows rows = { .n = 0 };
	struct gh_err err = { 0 };
	if (gh_badlist_shipped(&rows, &err) == GH_OK && gh_badlist_write(&rows, &s->bad, &err) == GH_OK) {
		(void)snprintf(s->with, sizeof s->with, "%zu bundled YARA rules, %zu known bad files", gh_yarapack_n,
			       rows.n);
		opt->stage_with[GH_STAGE_MALWARE] = s->with;
		opt->data.section[GH_DATA_BADHASH] = gh_buf_view(&s->bad);
	} else
		opt->stage_off[GH_STAGE_MALWARE] = gh_err_line(&err, s->no_bad, sizeof s->no_bad);
	gh_badlist_free(&rows);
}

void gh_scan_setup(struct gh_scan_setup *s, struct gh_scan_options *opt)
{
	*s = (struct gh_scan_setup){ .bad = gh_buf((size_t)3 * GH_BADLIST_MAX) };
	advisories(s, opt);
	known_bad(s, opt);
}

void gh_scan_setup_free(struct gh_scan_setup *s)
{
	gh_advisories_free(&s->advisories);
	gh_buf_free(&s->bad);
}
