/* `gatehouse rescan`: stored versions once more, with today's rules and advisories. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "check/ruledata.h"
#include "scan/setup.h"

#include <string.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	bool outdated, no_progress;
};
static const struct gh_opt opts[] = {
	{ .name = "outdated",
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, outdated),
	  .about = "Take every version whose report was made with other rules or advisories." },
	GH_OPT_FORMAT(struct args),
	{ .name = "no-progress",
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, no_progress),
	  .about = "Show no progress line." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static int one(struct gh_cli *cli, const struct args *a, struct gh_client *c, const char *model, struct gh_buf *doc,
	       struct gh_jout *j)
{
	const struct gh_jval *v;
	struct gh_progress line = gh_progress(cli->err_tty && !a->no_progress ? cli->err : NULL);
	c->progress = &line;
	int rc = gh_client_ask1(c, "rescan", "model", model, &v);
	gh_progress_end(&line);
	c->progress = NULL;
	if (rc != GH_CLI_GO)
		return rc == GH_EXIT_FOUND ? GH_EXIT_UNFINISHED : rc;
	gh_client_lacking(cli, v);
	if (j != NULL) {
		static const char *const shown[] = { "model", "verdict", "before", "state", "reason", "badge" };
		gh_jout_open(j, NULL, '{');
		for (size_t i = 0; i < sizeof shown / sizeof *shown; i++)
			gh_jout_str(j, shown[i], gh_jstr(v, shown[i]));
		gh_jout_close(j, '}');
	} else {
		v = gh_client_safe(c, v);
		bool same = strcmp(gh_verbs_cell(v, "verdict"), gh_verbs_cell(v, "before")) == 0;
		gh_buf_fmt(doc, "%-10s  %s%s%s%s  %s, badge: %s\n", gh_verbs_cell(v, "verdict"), model,
			   same ? "" : " (was ", same ? "" : gh_verbs_cell(v, "before"), same ? "" : ")",
			   gh_verbs_cell(v, "state"), gh_verbs_cell(v, "badge"));
	}
	const char *verdict = gh_verbs_cell(v, "verdict");
	return strcmp(verdict, "UNSAFE") == 0	    ? GH_EXIT_FOUND
	       : strcmp(verdict, "INCOMPLETE") == 0 ? GH_EXIT_UNFINISHED
						    : GH_EXIT_OK;
}

/* FOUND wins over UNFINISHED. */
static int worse(int a, int b)
{
	if (a == GH_EXIT_FOUND || b == GH_EXIT_FOUND)
		return GH_EXIT_FOUND;
	return a != GH_EXIT_OK ? a : b;
}

static int outdated(struct gh_client *c, const struct gh_jval **list)
{
	struct gh_scan_setup setup;
	struct gh_scan_options opt = gh_scan_options_default;
	gh_auto_buf in = gh_buf(8192);
	struct gh_jout j = gh_jout(&in);
	const struct gh_jval *v;
	gh_scan_setup(&setup, &opt);
	const char *with = opt.stage_with[GH_STAGE_VULNERABILITIES];
	char advisories[80];
	(void)snprintf(advisories, sizeof advisories, "%.79s",
		       with == NULL ? "" : with); /* as a report's row keeps it */
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "scanner", GH_VERSION);
	gh_jout_str(&j, "rules", gh_rules_version);
	gh_jout_str(&j, "advisories", advisories);
	gh_jout_close(&j, '}');
	gh_scan_setup_free(&setup);
	int rc = gh_client_ask(c, "rescan.outdated", &in, -1, &v, NULL);
	if (rc == GH_CLI_GO)
		*list = gh_jget(v, "models");
	return rc;
}

static int all(struct gh_cli *cli, const struct args *a, struct gh_client *c, char **argv, size_t n)
{
	gh_auto_buf doc = gh_buf(64 << 20);
	struct gh_jout j = gh_jout(&doc);
	bool json = a->format == GH_FORMAT_JSON;
	int status = GH_EXIT_OK;
	const struct gh_jval *list = NULL;
	if (a->outdated) {
		int rc = outdated(c, &list);
		if (rc != GH_CLI_GO)
			return rc;
	}
	if (json) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "models", '[');
	}
	for (size_t i = 0; i < n; i++)
		status = worse(status, one(cli, a, c, argv[i], &doc, json ? &j : NULL));
	for (const struct gh_jval *m = gh_jfirst(list); m != NULL; m = m->next)
		if (gh_jtext(m) != NULL)
			status = worse(status, one(cli, a, c, gh_jtext(m), &doc, json ? &j : NULL));
	if (json) {
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	} else if (a->outdated && gh_jfirst(list) == NULL)
		gh_buf_str(&doc, "every report was made with these rules and advisories\n");
	int rc = gh_cli_print(cli, &doc);
	return status != GH_EXIT_OK ? status : rc;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (n == 0 && !a.outdated)
		return gh_cli_wrong(cli, "which models? name them, or give --outdated");
	rc = gh_client_open(cli, &a.client, true, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = all(cli, &a, &c, argv, n);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_rescan = {
	.name = "rescan",
	.about = "Scan stored models again, when rules or advisories changed.",
	.usage = "[OPTION]... [MODEL]...",
	.opts = opts,
	.max_args = SIZE_MAX,
	.notes = "The new report takes the place of the old one. A version that is still good gets\n"
		 "a new badge; one that is not loses its badge and goes into review or quarantine.\n"
		 "\n"
		 "Exit status: 0 nothing worse than REVIEW; 1 something is UNSAFE; 2 something is\n"
		 "INCOMPLETE or could not be scanned.",
	.run = run,
};
