/* `gatehouse disarm PATH -o OUT`: from arguments to a safe copy of a model, a list of what changed, and an exit status. */
#include "cli/cmds.h"
#include "cli/limits.h"
#include "cli/scan_args.h"
#include "scan/disarm/disarm.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#define REPORT_MAX ((size_t)1 << 30)
enum { BITS_MAX = 52 };

struct args {
	const char *output, *only;
	unsigned format;
	uint64_t low_bits, seed, seconds, memory, expanded;
	bool force, partial, keras_weights, all;
};
#define AT(field) .at = offsetof(struct args, field)

static const struct gh_opt opts[] = {
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "OUT",
	  AT(output),
	  .about = "Write the result to OUT (needed)." },
	GH_OPT_FORMAT(struct args),
	{ .name = "force", .kind = GH_OPT_FLAG, AT(force), .about = "Replace OUT, unless files in it would be lost." },
	{ .name = "partial",
	  .kind = GH_OPT_FLAG,
	  AT(partial),
	  .about = "Leave out files that would be refused, instead of writing nothing." },
	{ .name = "all",
	  .letter = 'a',
	  .kind = GH_OPT_FLAG,
	  AT(all),
	  .about = "List every tensor and key, also those that did not change." },
	{ .name = "only",
	  .kind = GH_OPT_FILE,
	  .value = "KEY",
	  AT(only),
	  .about = "Of pickles keep only what lies below KEY (state_dict), under names without it." },
	{ .name = "keras-weights",
	  .kind = GH_OPT_FLAG,
	  AT(keras_weights),
	  .about = "Take the weights out of HDF5 and Keras files, without the layers." },
	{ .name = "randomise-low-bits",
	  .alias = "randomize-low-bits",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = BITS_MAX,
	  AT(low_bits),
	  .about = "Fill the N low mantissa bits of floating-point weights anew." },
	{ .name = "seed",
	  .kind = GH_OPT_NUMBER,
	  .value = "SEED",
	  .min = 0,
	  .max = UINT64_MAX,
	  AT(seed),
	  .about = "Seed of those bits (drawn anew; the report names it)." },
	GH_OPT_LIMIT_TIME(struct args, seconds,
			  "Stop reading a file after this time (60; ten times that to rebuild it)."),
	GH_OPT_LIMIT_MEMORY(struct args, memory, 64, "Give each worker this much memory (128)."),
	GH_OPT_LIMIT_EXPANDED(struct args, expanded, "Unpack, or write for one file, at most this much (16G)."),
	{ .name = NULL }
};

/* Is `dir` the directory `above`, or below it? */
static bool below(const char *dir, const char *above)
{
	size_t n = strlen(above);
	return strncmp(dir, above, n) == 0 && (dir[n] == '/' || dir[n] == '\0' || n == 1);
}

/* OUT inside PATH would become part of what is read; PATH inside OUT would be replaced by it. */
static int apart(const struct gh_cli *cli, const char *out, const char *in)
{
	char *from = realpath(in, NULL), *to = realpath(out, NULL), *copy = strdup(out), *dir = NULL;
	char *slash = copy == NULL ? NULL : strrchr(copy, '/');
	if (slash != NULL)
		slash[slash == copy] = '\0';
	dir = copy == NULL ? NULL : realpath(slash == NULL ? "." : copy, NULL);
	bool inside = from != NULL && dir != NULL && below(dir, from);
	bool around = from != NULL && to != NULL && strcmp(from, to) != 0 && below(from, to);
	free(from);
	free(to);
	free(copy);
	free(dir);
	if (inside)
		return gh_cli_wrong(cli, "OUT lies inside PATH; name a place outside of it");
	return around ? gh_cli_wrong(cli, "PATH lies inside OUT, which would be replaced") : GH_CLI_GO;
}

static int check(const struct gh_cli *cli, const struct args *a, const char *in)
{
	if (a->output == NULL)
		return gh_cli_wrong(cli, "say where the result goes: -o OUT");
	if (strcmp(a->output, "-") == 0 || strcmp(in, "-") == 0)
		return gh_cli_wrong(cli, "PATH and OUT are files or directories; '-' is neither");
	if (a->seed != UINT64_MAX && a->low_bits == 0)
		return gh_cli_wrong(cli, "--seed means nothing without --randomise-low-bits");
	if (a->only != NULL && strlen(a->only) >= sizeof((struct gh_dis_options *)0)->only)
		return gh_cli_wrong(cli, "--only: the key is too long");
	return apart(cli, a->output, in);
}

static struct gh_disarm_options options(struct args *a)
{
	struct gh_scan_args s = gh_scan_args_default();
	s.seconds = a->seconds;
	s.memory = a->memory;
	s.expanded = a->expanded;
	struct gh_disarm_options o = { .scan = gh_scan_args_options(&s), .force = a->force, .partial = a->partial };
	if (a->low_bits != 0 && a->seed == UINT64_MAX && getrandom(&a->seed, sizeof a->seed, 0) == sizeof a->seed)
		a->seed &= INT64_MAX;		/* JSON readers that know only floats and signed numbers can read it */
	o.digest = a->format == GH_FORMAT_JSON; /* only there it is shown */
	o.job.low_bits = (unsigned)a->low_bits;
	o.job.seed = a->seed;
	o.job.keras_weights = a->keras_weights;
	if (a->only != NULL)
		memcpy(o.job.only, a->only, strlen(a->only));
	return o;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	const struct gh_scan_options *d = &gh_scan_options_default;
	struct args a = {
		.seconds = d->seconds, .memory = d->memory, .expanded = d->limits.expanded, .seed = UINT64_MAX
	};
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc == GH_CLI_GO)
		rc = check(cli, &a, argv[0]);
	if (rc != GH_CLI_GO)
		return rc;
	struct gh_disarm_options opt = options(&a);
	struct gh_disarm *state = NULL;
	const struct gh_disarm_report *report = NULL;
	struct gh_err err = { 0 };
	char why[500];
	enum gh_rc failed = gh_disarm_run(argv[0], a.output, &opt, &state, &report, &err);
	if (failed != GH_OK) {
		rc = failed == GH_E_DENIED ? gh_cli_wrong(cli, "'%s': %s", gh_safe(gh_span_str(a.output)).s,
							  gh_err_line(&err, why, sizeof why))
					   : GH_EXIT_UNFINISHED;
		if (failed != GH_E_DENIED)
			gh_cli_error(cli, "nothing was written: %s", gh_err_line(&err, why, sizeof why));
		gh_disarm_free(state);
		return rc;
	}
	gh_auto_buf doc = gh_buf(REPORT_MAX);
	const struct gh_report_style style = { .colour = cli->out_tty && !cli->plain,
					       .width = cli->out_tty ? cli->columns : 0 };
	if (a.format == GH_FORMAT_JSON)
		gh_disarm_json(report, &doc);
	else
		gh_disarm_text(report, &style, a.all, &doc);
	if (report->end != GH_DISARM_WRITTEN)
		gh_cli_error(cli, "nothing was written: %s", report->why);
	rc = gh_cli_print(cli, &doc);
	if (report->end != GH_DISARM_WRITTEN)
		rc = report->end == GH_DISARM_NOTHING ? GH_EXIT_FOUND : GH_EXIT_UNFINISHED;
	gh_disarm_free(state);
	return rc;
}

const struct gh_cmd gh_cmd_disarm = {
	.name = "disarm",
	.about = "Write a safe copy of a model: weights as data, everything that can act left out.",
	.usage = "[OPTION]... PATH -o OUT",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.words = "files",
	.notes = "PATH is a file or a directory; OUT must not exist. Pickles become safetensors\n"
		 "without being run; safetensors, GGUF and configuration are written anew from\n"
		 "what is known of them; code is dropped. The result is scanned and gets its name\n"
		 "only when it is CLEAN.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   written, and CLEAN\n"
		 "  1   refused; nothing was written, the report says why\n"
		 "  2   the work could not be finished; nothing was written\n"
		 "  64  wrong usage; nothing was done",
	.run = run,
};
