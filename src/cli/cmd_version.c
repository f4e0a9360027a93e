#include "check/ruledata.h"
#include "cli/cmds.h"
#include "wire/jout.h"

struct args {
	unsigned format;
};
static const struct gh_opt options[] = { GH_OPT_FORMAT(struct args), { .name = NULL } };

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	gh_auto_buf out = gh_buf(64 << 10);
	if (a.format == GH_FORMAT_JSON) {
		struct gh_jout j = gh_jout(&out);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", "gatehouse");
		gh_jout_str(&j, "version", GH_VERSION);
		gh_jout_str(&j, "rules", gh_rules_version);
		gh_jout_close(&j, '}');
	} else
		gh_buf_fmt(&out, "gatehouse %s, rules %s\n", GH_VERSION, gh_rules_version);
	return gh_cli_print(cli, &out);
}

const struct gh_cmd gh_cmd_version = {
	.name = "version",
	.about = "Say which program and which rules these are.",
	.usage = "[OPTION]...",
	.opts = options,
	.run = run,
};
