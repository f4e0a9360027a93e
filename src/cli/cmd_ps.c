/* `gatehouse ps`, `inspect`, `stop`: deployments as they are now. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/verbs.h"

#include <stdio.h>
#include <string.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	bool all;
};
static const struct gh_opt ps_opts[] = {
	{ .name = "all",
	  .letter = 'a',
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, all),
	  .about = "Show those that are over, too." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};
static const struct gh_opt opts[] = { GH_OPT_FORMAT(struct args), GH_CLIENT_OPTS(struct args), { 0 } };

/* ---- ps ---------------------------------------------------------------------------------------------------------------------- */
static void listed(const struct gh_jval *v, struct gh_buf *doc)
{
	static const char *const columns[] = { "NAME",	  "name",     "TENANT", "tenant",    "MODEL",  "model",
					       "STATE",	  "state",    "IN",	"isolation", "ENGINE", "engine",
					       "REFUSED", "attempts", "SINCE",	"changed",   NULL };
	const struct gh_jval *all = gh_jget(v, "deployments");
	gh_verbs_table(doc, all, "nothing is deployed", columns);
	for (const struct gh_jval *d = gh_jfirst(all); d != NULL; d = d->next)
		if (gh_jstr(d, "reason") != NULL && gh_jstr(d, "reason")[0] != '\0')
			gh_buf_fmt(doc, "  %s is %s: %s\n", gh_verbs_cell(d, "name"), gh_verbs_cell(d, "state"),
				   gh_jstr(d, "reason"));
}

static int opened(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv, bool keys, struct args *a,
		  struct gh_client *c)
{
	size_t n = 0;
	*a = (struct args){ 0 };
	int rc = gh_cli_options(cli, cmd, argc, argv, a, &n);
	return rc != GH_CLI_GO ? rc : gh_client_open(cli, &a->client, keys, c);
}

static int ps(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a;
	struct gh_client c;
	gh_auto_buf in = gh_buf(64);
	const struct gh_jval *v;
	int rc = opened(cli, cmd, argc, argv, false, &a, &c);
	if (rc != GH_CLI_GO)
		return rc;
	gh_buf_str(&in, a.all ? "{\"all\":true}" : "{}");
	rc = gh_client_ask(&c, "deployment.list", &in, -1, &v, NULL);
	if (rc == GH_CLI_GO)
		rc = gh_verbs_print(&c, v, a.format, listed);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_ps = {
	.name = "ps",
	.about = "List deployments: what runs, in what, and why something does not any more.",
	.usage = "[OPTION]...",
	.opts = ps_opts,
	.notes = "REFUSED counts what an engine tried and may not: sockets, programs, files\n"
		 "outside. `gatehouse inspect` shows each attempt.\n"
		 "\n"
		 "Exit status: 0 listed; 2 could not be done.",
	.run = ps,
};

/* ---- inspect ------------------------------------------------------------------------------------------------------------------- */
static void words(const struct gh_jval *list, const char *head, struct gh_buf *doc)
{
	if (gh_jfirst(list) == NULL)
		return;
	gh_buf_fmt(doc, "  %-13s", head);
	for (const struct gh_jval *w = gh_jfirst(list); w != NULL; w = w->next)
		gh_buf_fmt(doc, "%s%s", w == list->first ? "" : " ",
			   w->kind == GH_J_STRING ? (const char *)w->text.p : "");
	gh_buf_ch(doc, '\n');
}

static void now(const struct gh_jval *v, struct gh_buf *doc)
{
	uint64_t memory = 0, cpu = 0;
	char size[24];
	if (v == NULL)
		return;
	(void)gh_ju64(gh_jget(v, "memory"), &memory);
	(void)gh_ju64(gh_jget(v, "cpu_us"), &cpu);
	gh_buf_fmt(doc, "  %-13ssupervisor %s, sandbox %s, running for %s s\n", "processes",
		   gh_verbs_cell(v, "supervisor"), gh_verbs_cell(v, "pid"), gh_verbs_cell(v, "seconds"));
	if (memory != 0)
		gh_buf_fmt(doc, "  %-13s%s\n", "memory", gh_client_size(memory, size));
	if (cpu != 0)
		gh_buf_fmt(doc, "  %-13s%llu ms\n", "processor", (unsigned long long)cpu / 1000);
	words(gh_jget(v, "layers"), "layers", doc);
}

static void shown(const struct gh_jval *v, struct gh_buf *doc)
{
	static const char *const rows[] = { "model",	  "model",     "reason",    "reason",	   "engine",
					    "engine",	  "isolation", "isolation", "measurement", "measurement",
					    "policies",	  "policies",  "restart",   "restart",	   "restarts",
					    "restarts",	  "created",   "created",   "by",	   "by",
					    "changed",	  "changed",   "socket",    "socket",	   "engine in",
					    "engine_dir", NULL };
	const struct gh_jval *e = gh_jget(v, "evidence");
	gh_buf_fmt(doc, "%s/%s: %s\n", gh_verbs_cell(v, "tenant"), gh_verbs_cell(v, "name"), gh_verbs_cell(v, "state"));
	for (size_t i = 0; rows[i] != NULL; i += 2)
		if (strcmp(gh_verbs_cell(v, rows[i + 1]), "-") != 0)
			gh_buf_fmt(doc, "  %-13s%s\n", rows[i], gh_verbs_cell(v, rows[i + 1]));
	gh_buf_fmt(doc, "  %-13sclass %s (%s), asked for: %s\n", "evidence", gh_verbs_cell(e, "class"),
		   gh_verbs_cell(e, "kind"), gh_verbs_cell(e, "asked"));
	now(gh_jget(v, "now"), doc);
	gh_buf_fmt(doc, "  %-13s%s (%s are tolerated)\n", "refused", gh_verbs_cell(v, "attempts"),
		   gh_verbs_cell(v, "tolerated"));
	for (const struct gh_jval *t = gh_jfirst(gh_jget(v, "tried")); t != NULL; t = t->next)
		gh_buf_fmt(doc, "    %s(%s), process %s\n", gh_verbs_cell(t, "call"), gh_verbs_cell(t, "arguments"),
			   gh_verbs_cell(t, "pid"));
}

static int inspect(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a;
	struct gh_client c;
	const struct gh_jval *v;
	int rc = opened(cli, cmd, argc, argv, false, &a, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = gh_verbs_ask(&c, "deployment.show", &v, "name", argv[0], (const char *)NULL);
	if (rc == GH_CLI_GO)
		rc = gh_verbs_print(&c, v, a.format, shown);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_inspect = {
	.name = "inspect",
	.about = "Show a deployment: isolation, evidence, measurement, resources, refused attempts.",
	.usage = "[OPTION]... DEPLOYMENT",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "DEPLOYMENT is TENANT/NAME, or NAME where no other tenant has one of that name.\n"
		 "\n"
		 "Exit status: 0 shown; 2 there is none, or it could not be done.",
	.run = inspect,
};

/* ---- stop ------------------------------------------------------------------------------------------------------------------------ */
static void stopped(const struct gh_jval *v, struct gh_buf *doc)
{
	gh_buf_fmt(doc, "%s is stopped\n", gh_verbs_cell(v, "name"));
}

static int stop(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a;
	struct gh_client c;
	const struct gh_jval *v;
	int rc = opened(cli, cmd, argc, argv, true, &a, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = gh_verbs_ask(&c, "deployment.stop", &v, "name", argv[0], (const char *)NULL);
	if (rc == GH_CLI_GO)
		rc = gh_verbs_print(&c, v, a.format, stopped);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_stop = {
	.name = "stop",
	.about = "Stop a deployment.",
	.usage = "[OPTION]... DEPLOYMENT",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "DEPLOYMENT is TENANT/NAME, or NAME where no other tenant has one of that name.\n"
		 "Its engine may finish what it says, for three seconds.\n"
		 "\n"
		 "Exit status: 0 stopped; 1 denied; 2 there is none, or it could not be done.",
	.run = stop,
};
