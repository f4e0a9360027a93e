/* `gatehouse scan PATH...`: from arguments to a report in the wanted form and an exit status. */
#include "cli/cmds.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/scan_args.h"
#include "cli/scan_malware.h"
#include "crypto/alone.h"
#include "scan/advisories.h"
#include "scan/report_cyclonedx.h"
#include "scan/vex.h"
#include "wire/osv.h"

#include <time.h>

#define REPORT_MAX ((size_t)1 << 30)

static bool to_file(const struct gh_scan_args *a) { return a->output != NULL && strcmp(a->output, "-") != 0; }

static void render(const struct gh_cli *cli, const struct gh_scan_args *a, const struct gh_scan_report *r,
		   const struct gh_advset *advisories, struct gh_buf *out)
{
	bool terminal = cli->out_tty && !to_file(a);
	struct gh_report_style style = {
		.colour = a->colour == GH_WHEN_ALWAYS || (a->colour == GH_WHEN_AUTO && terminal && !cli->plain),
		.verbose = a->verbose,
		.width = terminal ? cli->columns : 0,
	};
	switch ((enum gh_scan_format)a->format) {
	case GH_SCAN_TEXT:
		if (a->quiet)
			gh_scan_brief(r, out);
		else
			gh_report_text(r, &style, out);
		break;
	case GH_SCAN_JSON: gh_report_json(r, out); break;
	case GH_SCAN_SARIF: gh_report_sarif(r, out); break;
	case GH_SCAN_HTML: gh_report_html(r, out); break;
	case GH_SCAN_CYCLONEDX: gh_report_cyclonedx(r, advisories, a->timestamp, out); break;
	}
}

static void complain(const struct gh_cli *cli, const char *path, const struct gh_err *err)
{
	char why[400];
	gh_cli_error(cli, "--output: '%s': %s", gh_safe(gh_span_str(path)).s, gh_err_line(err, why, sizeof why));
}

static enum gh_exit deliver(struct gh_cli *cli, const struct gh_scan_args *a, const struct gh_buf *doc)
{
	if (!to_file(a))
		return (enum gh_exit)gh_cli_print(cli, doc);
	struct gh_err err = { 0 };
	if (doc->full) {
		gh_cli_error(cli, "--output: the report is too large; scan fewer files at a time");
		return GH_EXIT_UNFINISHED;
	}
	if (gh_output_write(a->output, gh_buf_view(doc), &err) == GH_OK)
		return GH_EXIT_OK;
	complain(cli, a->output, &err);
	return GH_EXIT_UNFINISHED;
}

/* All that can be known to be wrong before the work begins. */
static int check_output(const struct gh_cli *cli, const struct gh_scan_args *a, char *const *path, size_t n)
{
	struct gh_err err = { 0 };
	if (!to_file(a))
		return GH_CLI_GO;
	for (size_t i = 0; i < n; i++)
		if (gh_output_same(a->output, path[i]))
			return gh_cli_wrong(cli, "--output: '%s' is what is to be scanned and would be overwritten",
					    gh_safe(gh_span_str(a->output)).s);
	for (size_t i = 0; i < n; i++)
		if (gh_output_inside(a->output, path[i]))
			return gh_cli_wrong(
				cli,
				"--output: '%s' is among the files to be scanned and would be overwritten; write the "
				"report somewhere else",
				gh_safe(gh_span_str(a->output)).s);
	if (gh_output_check(a->output, &err) == GH_OK)
		return GH_CLI_GO;
	complain(cli, a->output, &err);
	return GH_EXIT_UNFINISHED;
}

enum { COMPLAINTS = 10 };

/* A path that could not be read is a row of the report; whoever only looks at the error stream hears of it too. */
static void complain_unread(const struct gh_cli *cli, const struct gh_scan_report *r)
{
	unsigned said = 0;
	for (size_t i = 0; i < r->nfile && said < COMPLAINTS; i++)
		for (size_t k = 0; k < r->file[i].nfinding; k++)
			if (r->file[i].finding[k].rule == gh_rule_by_id("GH-SCAN-0009")) {
				gh_cli_error(cli, "'%s': %s", gh_safe(gh_span_str(r->file[i].path)).s,
					     r->file[i].finding[k].detail);
				said++;
				break;
			}
}

/* Known vulnerabilities for the checks. Without them the stage does not run, and both the report and the error stream say why:
 * the scan itself goes on. */
static void use_advisories(const struct gh_cli *cli, struct gh_advisories *adv, struct gh_scan_options *opt, char *why,
			   size_t cap)
{
	struct gh_err err = { 0 };
	if (gh_advisories_load(adv, &err) == GH_OK) {
		opt->data.section[GH_DATA_ADVISORIES] = gh_buf_view(&adv->set);
		opt->stage_with[GH_STAGE_VULNERABILITIES] = adv->with;
		opt->advisories = &adv->db;
		if (adv->lost[0] != '\0') {
			opt->stage_lacks[GH_STAGE_VULNERABILITIES] = adv->lost;
			gh_cli_error(cli, "only the advisories that ship with the program are used: %s", adv->lost);
		}
		return;
	}
	(void)gh_err_line(&err, why, cap);
	opt->stage_off[GH_STAGE_VULNERABILITIES] = why;
	gh_cli_error(cli, "vulnerabilities are not looked for: %s", why);
}

/* The last stage, when it is asked for. GH_CLI_GO, or the exit status. */
static int arm(const struct gh_cli *cli, const struct gh_scan_args *a, const struct gh_detonate_options *d, char **path,
	       size_t n, struct gh_scan_options *opt, struct gh_detonator **out)
{
	struct gh_err err = { 0 };
	char why[400];
	if (!a->detonate && a->detonate_with == NULL) {
		if (a->detonate_python != NULL || a->detonate_engine != NULL)
			return gh_cli_wrong(cli, "--detonate-python and --detonate-engine need --detonate");
		if (a->detonate_seconds != 0 || a->detonate_memory != 0)
			return gh_cli_wrong(cli, "--detonate-time and --detonate-memory need --detonate");
		return GH_CLI_GO;
	}
	for (size_t i = 0; i < n; i++)
		if (strcmp(path[i], "-") == 0)
			return gh_cli_wrong(cli, "--detonate needs a file that a loader can open: save standard input "
						 "to a file, and scan that");
	enum gh_rc rc = gh_detonator_new(d, out, &err);
	if (rc == GH_E_MALFORMED)
		return gh_cli_wrong(cli, "--detonate: %s", gh_err_line(&err, why, sizeof why));
	if (rc != GH_OK) {
		gh_cli_error(cli, "--detonate: %s", gh_err_line(&err, why, sizeof why));
		return GH_EXIT_UNFINISHED;
	}
	opt->detonate = gh_detonate_entry;
	opt->detonate_arg = *out;
	opt->stage_off[GH_STAGE_DETONATION] = NULL;
	return GH_CLI_GO;
}

/* The user's statements about vulnerabilities, before anything is scanned: a wrong one is no reason to scan without it. The
 * clock is asked only when no date is given. */
static int use_vex(const struct gh_cli *cli, const struct gh_scan_args *a, struct gh_vex **vex)
{
	struct gh_err err = { 0 };
	char why[600], now[24] = "";
	time_t t = time(NULL);
	struct tm tm;
	if (a->timestamp != NULL && (!gh_osv_date(gh_span_str(a->timestamp)) || strlen(a->timestamp) >= sizeof now))
		return gh_cli_wrong(cli, "--timestamp: '%s' is no date such as 2026-11-22T00:00:00Z",
				    gh_safe(gh_span_str(a->timestamp)).s);
	if (a->vex == NULL)
		return GH_CLI_GO;
	if (a->timestamp != NULL)
		memcpy(now, a->timestamp, 10);
	else if (gmtime_r(&t, &tm) == NULL || strftime(now, sizeof now, "%Y-%m-%d", &tm) == 0)
		now[0] = '\0';
	gh_auto_buf text = gh_buf((size_t)GH_VEX_MAX + (64 << 10));
	enum gh_rc rc = gh_read_whole(a->vex, GH_VEX_MAX, &text, &err);
	if (rc == GH_OK)
		rc = gh_vex_read(vex, gh_buf_view(&text), now, &err);
	if (rc == GH_OK)
		return GH_CLI_GO;
	gh_cli_error(cli, "nothing was scanned: --vex: '%s': %s", gh_safe(gh_span_str(a->vex)).s,
		     gh_err_line(&err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct gh_scan_args a = gh_scan_args_default();
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (a.quiet && a.verbose)
		return gh_cli_wrong(cli, "--quiet and --verbose contradict each other");
	rc = check_output(cli, &a, argv, n);
	if (rc != GH_CLI_GO)
		return rc;
	/* Digests and one signature: the configuration of OpenSSL says nothing about them, and takes a millisecond to read. */
	if (!gh_crypto_alone()) {
		gh_cli_error(cli, "OpenSSL's library cannot be used");
		return GH_EXIT_UNFINISHED;
	}

	struct gh_vex *vex = NULL;
	rc = use_vex(cli, &a, &vex);
	if (rc != GH_CLI_GO)
		return rc;
	struct gh_scan_options opt = gh_scan_args_options(&a);
	opt.vex = vex;
	struct gh_detonate_options detonate = gh_scan_args_detonate(&a);
	struct gh_detonator *detonator = NULL;
	rc = arm(cli, &a, &detonate, argv, n, &opt, &detonator);
	if (rc != GH_CLI_GO) {
		gh_vex_free(vex);
		return rc;
	}
	__attribute__((cleanup(gh_scan_malware_free))) struct gh_scan_malware malware;
	rc = gh_scan_malware(cli, &malware, &a.yara, &a.known_bad, a.clamd, &opt);
	if (rc != GH_CLI_GO) {
		gh_detonator_free(detonator);
		gh_vex_free(vex);
		return rc;
	}
	struct gh_progress progress = gh_progress(cli->err_tty && !a.quiet && !a.no_progress ? cli->err : NULL);
	opt.progress = gh_progress_show;
	opt.progress_arg = &progress;
	struct gh_advisories adv;
	char no_advisories[700];
	use_advisories(cli, &adv, &opt, no_advisories, sizeof no_advisories);
	struct gh_scan *scan = NULL;
	const struct gh_scan_report *report = NULL;
	struct gh_err err = { 0 };
	enum gh_rc failed = gh_scan_run((const char *const *)argv, n, &opt, &scan, &report, &err);
	gh_progress_end(&progress);
	gh_detonator_free(detonator);
	if (failed != GH_OK) {
		char why[400];
		gh_cli_error(cli, "nothing was scanned: %s", gh_err_line(&err, why, sizeof why));
		gh_scan_free(scan);
		gh_advisories_free(&adv);
		gh_vex_free(vex);
		return GH_EXIT_UNFINISHED;
	}
	complain_unread(cli, report);
	gh_auto_buf doc = gh_buf(REPORT_MAX);
	render(cli, &a, report, opt.advisories, &doc);
	enum gh_exit delivered = deliver(cli, &a, &doc);
	enum gh_exit judged = gh_scan_exit(report, (enum gh_fail_on)a.fail_on);
	gh_scan_free(scan);
	gh_advisories_free(&adv);
	gh_vex_free(vex);
	return (int)(judged == GH_EXIT_OK ? delivered : judged);
}

const struct gh_cmd gh_cmd_scan = {
	.name = "scan",
	.about = "Inspect model files and directories and give a verdict.",
	.usage = "[OPTION]... PATH...",
	.opts = gh_scan_opts,
	.min_args = 1,
	.max_args = SIZE_MAX,
	.words = "files",
	.notes = "PATH is a file or a directory, which is searched to its end; '-' is standard\n"
		 "input.\n"
		 "Sizes are bytes, or take K, M, G or T (powers of 1024). '--' ends the options.\n"
		 "\n"
		 "Verdicts, worst first:\n"
		 "  UNSAFE      can run code, reach files or the network, or is built to mislead\n"
		 "  INCOMPLETE  not everything could be read and understood: nothing is promised\n"
		 "  REVIEW      a person must judge something\n"
		 "  CLEAN       every byte was understood and nothing was found\n"
		 "\n"
		 "Exit status:\n"
		 "  0   CLEAN, or REVIEW unless --fail-on review\n"
		 "  1   findings at or above --fail-on; wins over 2\n"
		 "  2   INCOMPLETE, or the work could not be finished; no option hides it\n"
		 "  64  wrong usage; nothing was scanned",
	.run = run,
};
