/* `gatehouse disable|enable|delete MODEL`: what people do to versions. */
#include "cli/cmds.h"
#include "cli/verbs.h"
#include "format/format.h"

#include <string.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *reason, *confirm;
};
#define REASON \
	{ .name = "reason", \
	  .kind = GH_OPT_FILE, \
	  .value = "WORD", \
	  .at = offsetof(struct args, reason), \
	  .about = "Say why: superseded, incident, licence …" }
static const struct gh_opt opts[] = { REASON, GH_OPT_FORMAT(struct args), GH_CLIENT_OPTS(struct args), { 0 } };
static const struct gh_opt delete_opts[] = {
	REASON,
	{ .name = "confirm",
	  .kind = GH_OPT_FILE,
	  .value = "MODEL",
	  .at = offsetof(struct args, confirm),
	  .about = "Say the name once more: the weights cannot be had back." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static void text(const struct gh_jval *v, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s is %s now (was %s)\n", gh_verbs_cell(v, "model"), gh_verbs_cell(v, "state"),
		   gh_verbs_cell(v, "before"));
	for (const struct gh_jval *d = gh_jfirst(gh_jget(v, "derived")); d != NULL; d = d->next)
		gh_buf_fmt(doc, "  %s derives from it\n", gh_jtext(d) == NULL ? "-" : gh_jtext(d));
}

static int change(struct gh_cli *cli, const struct args *a, const char *op, const char *model)
{
	struct gh_client c;
	const struct gh_jval *v;
	int rc = gh_client_open(cli, &a->client, true, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = gh_verbs_ask(&c, op, &v, "model", model, "reason", a->reason, NULL);
	if (rc == GH_CLI_GO)
		rc = gh_verbs_print(&c, v, a->format, text);
	gh_client_close(&c);
	return rc;
}

static int disable(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	return rc == GH_CLI_GO ? change(cli, &a, "model.disable", argv[0]) : rc;
}

static int enable(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	return rc == GH_CLI_GO ? change(cli, &a, "model.enable", argv[0]) : rc;
}

static int forget(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc == GH_CLI_GO && (a.confirm == NULL || strcmp(a.confirm, argv[0]) != 0))
		return gh_cli_wrong(cli, "the weights cannot be had back: add --confirm %s",
				    gh_safe(gh_span_str(argv[0])).s);
	return rc == GH_CLI_GO ? change(cli, &a, "model.delete", argv[0]) : rc;
}

const struct gh_cmd gh_cmd_disable = {
	.name = "disable",
	.about = "Take a model out of use: no export, no deployment, no badge.",
	.usage = "MODEL [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "Its badge is revoked. `gatehouse enable` lets it back.",
	.run = disable,
};
const struct gh_cmd gh_cmd_enable = {
	.name = "enable",
	.about = "Let a model that was disabled back into use.",
	.usage = "MODEL [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "Needs a person (GATEHOUSE_API_KEY) who may manage models. The next\n"
		 "`gatehouse badge export` issues a new badge, if it may have one.",
	.run = enable,
};
const struct gh_cmd gh_cmd_delete = {
	.name = "delete",
	.about = "Delete a model: its weights go, its record stays.",
	.usage = "MODEL --confirm MODEL [OPTION]...",
	.opts = delete_opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "Reports, reviews and the audit log keep what was known of it; its badge is\n"
		 "revoked, and its name is not used again. Weights that no other version has are\n"
		 "removed by the next `gatehouse fsck` after its grace period.",
	.run = forget,
};
