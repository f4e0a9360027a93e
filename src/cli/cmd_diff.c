/* `gatehouse diff BASE CANDIDATE`: from arguments to a comparison in the wanted form and an exit status. */
#include "cli/cmds.h"
#include "cli/limits.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "scan/diff/diff.h"

#define REPORT_MAX ((size_t)1 << 30)

enum { FORM_TEXT, FORM_JSON, FORM_HTML };
enum { TABLE_ROWS = 40 };

struct args {
	unsigned format;
	const char *output;
	bool all, verbose, no_progress;
	uint64_t seconds, memory, expanded, members, ratio;
};

#define AT(field) .at = offsetof(struct args, field)
static const struct gh_opt opts[] = {
	{ .name = "format",
	  .letter = 'f',
	  .kind = GH_OPT_CHOICE,
	  .value = "text|json|html",
	  AT(format),
	  .about = "Choose the form of the report (text)." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  AT(output),
	  .about = "Write the report to FILE instead of standard output." },
	{ .name = "all", .kind = GH_OPT_FLAG, AT(all), .about = "List every row, not only the first 40 (text)." },
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = GH_OPT_FLAG,
	  AT(verbose),
	  .about = "List tensors that did not change, too (text)." },
	{ .name = "no-progress", .kind = GH_OPT_FLAG, AT(no_progress), .about = "Show no progress line." },
	GH_OPT_LIMIT_TIME(struct args, seconds, "Stop after this time (120, and 1 for each 16 MiB)."),
	GH_OPT_LIMIT_MEMORY(struct args, memory, 128, "Give the worker this much memory (512); takes M, G too."),
	GH_OPT_LIMIT_EXPANDED(struct args, expanded, "Unpack at most this much of each side (16G)."),
	{ 0 },
};

static bool to_file(const struct args *a) { return a->output != NULL && strcmp(a->output, "-") != 0; }

static void progress(void *arg, uint64_t done, uint64_t all)
{
	gh_progress_show(arg, 0, 0, done < all ? done : all, all);
}

/* All that can be known to be wrong before the work begins. */
static int check(struct gh_cli *cli, const struct args *a, char *const *path)
{
	struct gh_err err = { 0 };
	char why[400];
	for (unsigned i = 0; i < 2; i++) {
		if (strcmp(path[i], "-") == 0)
			return gh_cli_wrong(cli, "standard input cannot be compared: give a file or a directory");
		if (to_file(a) && (gh_output_same(a->output, path[i]) || gh_output_inside(a->output, path[i])))
			return gh_cli_wrong(cli,
					    "--output: '%s' is among the files to be compared and would be overwritten",
					    gh_safe(gh_span_str(a->output)).s);
	}
	if (!to_file(a) || gh_output_check(a->output, &err) == GH_OK)
		return GH_CLI_GO;
	gh_cli_error(cli, "--output: '%s': %s", gh_safe(gh_span_str(a->output)).s, gh_err_line(&err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

static int deliver(struct gh_cli *cli, const struct args *a, const struct gh_diff_report *r)
{
	gh_auto_buf doc = gh_buf(REPORT_MAX);
	const struct gh_report_style style = { .colour = cli->out_tty && !cli->plain && !to_file(a),
					       .verbose = a->verbose,
					       .width = cli->out_tty && !to_file(a) ? cli->columns : 0 };
	struct gh_err err = { 0 };
	char why[400];
	if (a->format == FORM_JSON)
		gh_diff_json(r, &doc);
	else if (a->format == FORM_HTML)
		gh_diff_html(r, &doc);
	else
		gh_diff_text(r, &style, a->all ? 0 : TABLE_ROWS, &doc);
	if (!to_file(a))
		return gh_cli_print(cli, &doc);
	if (doc.full) {
		gh_cli_error(cli, "--output: the report is too large");
		return GH_EXIT_UNFINISHED;
	}
	if (gh_output_write(a->output, gh_buf_view(&doc), &err) == GH_OK)
		return GH_EXIT_OK;
	gh_cli_error(cli, "--output: '%s': %s", gh_safe(gh_span_str(a->output)).s, gh_err_line(&err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc == GH_CLI_GO)
		rc = check(cli, &a, argv);
	if (rc != GH_CLI_GO)
		return rc;
	struct gh_progress line = gh_progress(cli->err_tty && !a.no_progress ? cli->err : NULL);
	struct gh_diff_options opt = gh_diff_options_default;
	opt.limits = gh_limits_default;
	opt.limits.expanded = a.expanded != 0 ? a.expanded : opt.limits.expanded;
	opt.memory = a.memory != 0 ? (size_t)a.memory : opt.memory;
	opt.seconds = (unsigned)a.seconds;
	opt.progress = progress;
	opt.arg = &line;
	struct gh_diff_report report;
	struct gh_err err = { 0 };
	enum gh_rc failed = gh_diff_run(argv[0], argv[1], &opt, &report, &err);
	gh_progress_end(&line);
	if (failed != GH_OK) {
		char why[GH_ERR_LINKS * GH_ERR_TEXT];
		gh_cli_error(cli, "%s", gh_err_line(&err, why, sizeof why));
		if (a.format == FORM_JSON) /* programs get a document, whatever happened */
			(void)deliver(cli, &a, &report);
		gh_diff_free(&report);
		return GH_EXIT_UNFINISHED;
	}
	for (size_t i = 0; i < report.ntrouble && i < 10; i++)
		gh_cli_error(cli, "%s '%s': %s", report.trouble[i].side == GH_DIFF_BASE ? "BASE" : "CANDIDATE",
			     report.trouble[i].file, report.trouble[i].why);
	int delivered = deliver(cli, &a, &report), judged = gh_diff_exit(&report);
	gh_diff_free(&report);
	return judged == GH_EXIT_OK ? delivered : judged;
}

const struct gh_cmd gh_cmd_diff = {
	.name = "diff",
	.about = "Compare a model with the one it is said to derive from.",
	.usage = "[OPTION]... BASE CANDIDATE",
	.opts = opts,
	.min_args = 2,
	.max_args = 2,
	.words = "files",
	.notes = "BASE and CANDIDATE are files or directories, in any format with weights that\n"
		 "scan reads. An adapter (LoRA) as CANDIDATE is checked against its base.\n"
		 "\n"
		 "What became of a tensor:\n"
		 "  identical   every number is equal\n"
		 "  converted   equal after storing it in another type of number\n"
		 "  quantised   equal but for the error of quantisation\n"
		 "  fine-tuned  changed, and clearly the same tensor\n"
		 "  replaced    the same name, unrelated numbers\n"
		 "  added, removed, reshaped\n"
		 "\n"
		 "The difference of two matrices has a rank: 1 in an MLP layer is the mark of a\n"
		 "knowledge edit, a small one everywhere that of a merged LoRA.\n"
		 "\n"
		 "A comparison promises nothing about safety: scan both.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   derived from BASE, or identical, without marks\n"
		 "  1   not derived, replaced tensors, exchanged names, an edit, another\n"
		 "      tokenizer, template, shape, or setting that alters the computation\n"
		 "  2   could not be finished\n"
		 "  64  wrong usage; nothing was compared",
	.run = run,
};
