/* `gatehouse export MODEL -o DIR`: a decrypted copy, for those the policy lets have one. Whole, or not at all. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/progress.h"
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *output;
	bool no_progress;
};
static const struct gh_opt opts[] = {
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "DIR",
	  .at = offsetof(struct args, output),
	  .about = "Write the files into this new directory (must be given)." },
	GH_OPT_FORMAT(struct args),
	{ .name = "no-progress",
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, no_progress),
	  .about = "Show no progress line." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{
	(void)st;
	(void)kind;
	(void)at;
	return remove(path);
}

static int export(struct gh_cli *cli, const struct args *a, const char *model, int fd, struct gh_client *c)
{
	gh_auto_buf in = gh_buf(4096), doc = gh_buf(4096);
	const struct gh_jval *v;
	struct gh_progress line = gh_progress(cli->err_tty && !a->no_progress ? cli->err : NULL);
	struct gh_jout j = gh_jout(&in);
	char size[24];
	uint64_t bytes = 0;
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_close(&j, '}');
	c->progress = &line;
	int rc = gh_client_ask(c, "export", &in, fd, &v, NULL);
	gh_progress_end(&line);
	c->progress = NULL;
	if (rc != GH_CLI_GO)
		return rc;
	if (a->format == GH_FORMAT_JSON)
		return gh_client_json(cli, v);
	(void)gh_ju64(gh_jget(v, "bytes"), &bytes);
	gh_buf_fmt(&doc, "exported %s to %s (%s)\n", model, gh_safe(gh_span_str(a->output)).s,
		   gh_client_size(bytes, size));
	return gh_cli_print(cli, &doc);
}

/* Everything goes into a directory beside the wanted one, which is renamed when it is whole. */
static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	size_t n = 0;
	char part[4096];
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (a.output == NULL)
		return gh_cli_wrong(cli, "--output is missing: a directory that does not exist yet");
	size_t k = strlen(a.output);
	while (k > 1 && a.output[k - 1] == '/')
		k--;
	if ((size_t)snprintf(part, sizeof part, "%.*s.part", (int)k, a.output) >= sizeof part)
		return gh_cli_wrong(cli, "--output: too long");
	const char *shown = gh_safe(gh_span_str(a.output)).s;
	if (access(a.output, F_OK) == 0) {
		gh_cli_error(cli, "--output: '%s' exists already: give a directory that does not", shown);
		return GH_EXIT_UNFINISHED;
	}
	rc = gh_client_open(cli, &a.client, true, &c);
	if (rc != GH_CLI_GO)
		return rc;
	int fd = mkdir(part, 0700) == 0 ? open(part, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd < 0) {
		gh_cli_error(cli, "--output: '%s': %s", gh_safe(gh_span_str(part)).s, strerror(errno));
		gh_client_close(&c);
		return GH_EXIT_UNFINISHED;
	}
	rc = export(cli, &a, argv[0], fd, &c);
	gh_client_close(&c);
	if (rc == GH_EXIT_OK && (fsync(fd) != 0 || rename(part, a.output) != 0)) {
		gh_cli_error(cli, "--output: '%s': %s", shown, strerror(errno));
		rc = GH_EXIT_UNFINISHED;
	}
	(void)close(fd);
	if (rc != GH_EXIT_OK) /* nothing half-written stays */
		(void)nftw(part, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	return rc;
}

const struct gh_cmd gh_cmd_export = {
	.name = "export",
	.about = "Write a decrypted copy of a model, if the policy lets you.",
	.usage = "MODEL -o DIR [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "The copy is bit-equal to what was imported; links became files. Every segment is\n"
		 "verified before it is written, and every file's digest afterwards.\n"
		 "\n"
		 "Exit status:\n"
		 "  0   written\n"
		 "  1   not permitted, or refused by the policy; nothing was written\n"
		 "  2   could not be done; nothing is left behind",
	.run = run,
};
