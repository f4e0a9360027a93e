#include "cli/cmds.h"
#include "format/format.h"

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, NULL, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (n == 0) {
		gh_cli_usage(cli->out);
		return GH_EXIT_OK;
	}
	const struct gh_cmd *about = gh_cmd_named(argv[0]);
	if (about == NULL)
		return gh_cli_wrong(cli, "there is no command '%s'", gh_safe(gh_span_str(argv[0])).s);
	gh_cmd_help(about, cli->out);
	return GH_EXIT_OK;
}

const struct gh_cmd gh_cmd_help_row = {
	.name = "help",
	.about = "Explain a command.",
	.usage = "[COMMAND]",
	.max_args = 1,
	.words = "commands",
	.run = run,
};
