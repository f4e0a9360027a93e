#include "cli/cli.h"

#include "cli/cmds.h"
#include "format/format.h"

#include <errno.h>
#include <string.h>

static const char *command_at(size_t i, const void *arg)
{
	(void)arg;
	return gh_cmds[i]->name;
}

static int unknown(struct gh_cli *cli, const char *name)
{
	size_t near = gh_nearest(name, gh_cmds_n, command_at, NULL);
	struct gh_safe safe = gh_safe(gh_span_str(name));
	if (near == SIZE_MAX)
		return gh_cli_wrong(cli, "there is no command '%s'", safe.s);
	return gh_cli_wrong(cli, "there is no command '%s' (did you mean '%s'?)", safe.s, gh_cmds[near]->name);
}

int gh_cli_print(struct gh_cli *cli, const struct gh_buf *doc)
{
	if (doc->full) {
		gh_cli_error(cli, "the answer is too large for the memory at hand");
		return GH_EXIT_UNFINISHED;
	}
	errno = 0;
	if (fwrite(doc->p, 1, doc->n, cli->out) == doc->n && fflush(cli->out) == 0)
		return GH_EXIT_OK;
	gh_cli_error(cli, "standard output: %s", errno != 0 ? strerror(errno) : "could not be written");
	return GH_EXIT_UNFINISHED;
}

static int run(struct gh_cli *cli, const char *name, int argc, char **argv)
{
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
		gh_cli_usage(cli->out);
		return GH_EXIT_OK;
	}
	if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
		name = "version";
	if (name[0] == '-')
		return gh_cli_wrong(cli, "the first argument is a command, not '%s'", gh_safe(gh_span_str(name)).s);
	const struct gh_cmd *cmd = gh_cmd_named(name);
	if (cmd == NULL)
		return unknown(cli, name);
	cli->cmd = cmd;
	return cmd->run(cli, cmd, argc, argv);
}

int gh_cli_main(struct gh_cli *cli, int argc, char **argv)
{
	if (argc < 2) {
		gh_cli_usage(cli->err);
		return GH_EXIT_USAGE;
	}
	int rc = run(cli, argv[1], argc - 2, argv + 2);
	/* An answer that did not reach the reader was not given: a full disk must not look like success. */
	if ((fflush(cli->out) != 0 || ferror(cli->out)) && rc == GH_EXIT_OK) {
		gh_cli_error(cli, "standard output could not be written");
		rc = GH_EXIT_UNFINISHED;
	}
	return rc;
}
