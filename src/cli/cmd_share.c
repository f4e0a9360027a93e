/* `gatehouse share add|remove|list`: base models that other tenants may use. */
#include "cli/cmds.h"
#include "cli/verbs.h"
#include "format/format.h"

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *to;
};
static const struct gh_opt opts[] = {
	{ .name = "to",
	  .kind = GH_OPT_FILE,
	  .value = "TENANT",
	  .at = offsetof(struct args, to),
	  .about = "Name the tenant that may use it (add, remove)." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static void shared(const struct gh_jval *v, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s may be read, exported and used as a base by %s\n", gh_verbs_cell(v, "model"),
		   gh_verbs_cell(v, "with"));
}

static void withdrawn(const struct gh_jval *v, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s is not shared with %s any more; what was derived from it stays\n",
		   gh_verbs_cell(v, "model"), gh_verbs_cell(v, "with"));
}

static int change(struct gh_client *c, const struct args *a, const char *model, bool add)
{
	const struct gh_jval *v;
	if (a->to == NULL)
		return gh_cli_wrong(c->cli, "--to is missing: which tenant?");
	int rc = gh_verbs_ask(c, add ? "share.publish" : "share.remove", &v, "model", model, "with", a->to, NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, v, a->format, add ? shared : withdrawn) : rc;
}

static int add(struct gh_client *c, const void *args, char **argv, size_t n)
{
	(void)n;
	return change(c, args, argv[0], true);
}

static int take_back(struct gh_client *c, const void *args, char **argv, size_t n)
{
	(void)n;
	return change(c, args, argv[0], false);
}

static void listed(const struct gh_jval *v, struct gh_buf *doc)
{
	static const char *const columns[] = { "MODEL", "model", "TO", "with", "SINCE", "since", NULL };
	gh_verbs_table(doc, gh_jget(v, "shares"), "nothing is shared", columns);
}

static int list(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *v;
	int rc = gh_verbs_ask(c, "share.list", &v, "model", n == 1 ? argv[0] : NULL, NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, v, a->format, listed) : rc;
}

static const struct gh_verb verbs[] = {
	{ "add", "MODEL --to TENANT", 1, 1, true, add },
	{ "remove", "MODEL --to TENANT", 1, 1, true, take_back },
	{ "list", "at most one MODEL", 0, 1, false, list },
};

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	return rc != GH_CLI_GO ? rc : gh_verbs_run(cli, verbs, sizeof verbs / sizeof *verbs, &a.client, &a, argv, n);
}

const struct gh_cmd gh_cmd_share = {
	.name = "share",
	.about = "Publish a model to another tenant, read-only, as a base for its own.",
	.usage = "add MODEL --to TENANT | remove MODEL --to TENANT | list [MODEL]",
	.opts = opts,
	.min_args = 1,
	.max_args = 2,
	.words = "add remove list",
	.notes = "That tenant may read card and badge, export a copy where both policies allow it,\n"
		 "and name the model as --base of its own. Nothing of it enters the shared model.\n"
		 "The owner's policy is asked first (action share).\n"
		 "\n"
		 "Exit status: 0 done; 1 denied; 2 could not be done.",
	.run = run,
};
