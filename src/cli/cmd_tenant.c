/* `gatehouse tenant add|list|remove`. */
#include "cli/cmds.h"
#include "cli/verbs.h"
#include "format/format.h"

struct args {
	struct gh_client_args client;
	unsigned format;
	bool removed;
	const char *confirm;
};
static const struct gh_opt options[] = {
	GH_OPT_FORMAT(struct args),
	{ .name = "removed",
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, removed),
	  .about = "List those that were removed, too (list)." },
	{ .name = "confirm",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  .at = offsetof(struct args, confirm),
	  .about = "Say the name once more: its data can never be read again (remove)." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static void added(const struct gh_jval *out, struct gh_buf *doc)
{
	const struct gh_jval *t = gh_jget(out, "tenant");
	gh_buf_fmt(doc, "tenant %s was made, with keys of its own\n", gh_verbs_cell(t, "name"));
}

static int add(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	int rc = gh_verbs_ask(c, "tenant.add", &out, "name", argv[0], (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, added) : rc;
}

static void listed(const struct gh_jval *out, struct gh_buf *doc)
{
	static const char *const columns[] = { "TENANT",  "name", "STATE", "state", "CREATED",
					       "created", "ID",	  "id",	   NULL };
	gh_verbs_table(doc, gh_jget(out, "tenants"), "no tenants yet: gatehouse tenant add NAME", columns);
}

static int list(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	gh_auto_buf in = gh_buf(256);
	struct gh_jout j = gh_jout(&in);
	(void)argv;
	(void)n;
	gh_jout_open(&j, NULL, '{');
	gh_jout_bool(&j, "removed", a->removed);
	gh_jout_close(&j, '}');
	int rc = gh_client_ask(c, "tenant.list", &in, -1, &out, NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, listed) : rc;
}

static void removed(const struct gh_jval *out, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "the keys are destroyed: %s versions and %s blobs open no more, %s badges are revoked\n",
		   gh_verbs_cell(out, "versions"), gh_verbs_cell(out, "blobs"), gh_verbs_cell(out, "badges"));
}

static int remove_it(struct gh_client *c, const void *args, char **argv, size_t n)
{
	const struct args *a = args;
	const struct gh_jval *out;
	(void)n;
	if (a->confirm == NULL)
		return gh_cli_wrong(c->cli, "removing a tenant destroys its keys for ever: add --confirm %s",
				    gh_safe(gh_span_str(argv[0])).s);
	int rc = gh_verbs_ask(c, "tenant.remove", &out, "name", argv[0], "confirm", a->confirm, (const char *)NULL);
	return rc == GH_CLI_GO ? gh_verbs_print(c, out, a->format, removed) : rc;
}

static const struct gh_verb verbs[] = {
	{ "add", "NAME", 1, 1, true, add },
	{ "list", "", 0, 0, false, list },
	{ "remove", "NAME --confirm NAME", 1, 1, true, remove_it },
};

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	return rc != GH_CLI_GO ? rc : gh_verbs_run(cli, verbs, sizeof verbs / sizeof *verbs, &a.client, &a, argv, n);
}

const struct gh_cmd gh_cmd_tenant = {
	.name = "tenant",
	.about = "Make, list and remove tenants; each has keys of its own.",
	.usage = "[OPTION]... add NAME | list | remove NAME",
	.opts = options,
	.min_args = 1,
	.max_args = 2,
	.words = "add list remove",
	.notes = "A removed tenant's keys are destroyed: nothing of it can be decrypted again. Its\n"
		 "name is not used again. Backups of before still hold its keys, wrapped by the\n"
		 "root key of then: let them expire, and `gatehouse key rotate root`.\n"
		 "\n"
		 "Exit status: 0 done; 1 denied; 2 could not be done.",
	.run = run,
};
