/* `gatehouse models`: what is in the catalog. */
#include "cli/client.h"
#include "cli/cmds.h"

#include <string.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *tenant, *state;
};
static const struct gh_opt opts[] = {
	{ .name = "tenant",
	  .kind = GH_OPT_FILE,
	  .value = "NAME",
	  .at = offsetof(struct args, tenant),
	  .about = "List only its models." },
	{ .name = "state",
	  .kind = GH_OPT_FILE,
	  .value = "STATE",
	  .at = offsetof(struct args, state),
	  .about = "List only those: ready, review, quarantined, rejected, disabled, importing." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static void table(const struct gh_jval *list, struct gh_buf *doc)
{
	size_t wide = 5;
	for (const struct gh_jval *m = gh_jfirst(list); m != NULL; m = m->next)
		if (gh_jstr(m, "model") != NULL && strlen(gh_jstr(m, "model")) > wide)
			wide = strlen(gh_jstr(m, "model"));
	if (gh_jfirst(list) == NULL) {
		gh_buf_str(doc, "no models yet: gatehouse import PATH --as TENANT/NAME:VERSION\n");
		return;
	}
	gh_buf_fmt(doc, "%-*s  %-10s  %-12s  %-15s  %10s  %s\n", (int)wide, "MODEL", "VERDICT", "STATE", "BADGE",
		   "SIZE", "IMPORTED");
	for (const struct gh_jval *m = gh_jfirst(list); m != NULL; m = m->next) {
		uint64_t bytes = 0;
		char size[24];
		(void)gh_ju64(gh_jget(m, "bytes"), &bytes);
		const char *at = gh_jstr(m, "imported");
		gh_buf_fmt(doc, "%-*s  %-10s  %-12s  %-15s  %10s  %s\n", (int)wide, gh_jstr(m, "model"),
			   gh_jstr(m, "verdict"), gh_jstr(m, "state"), gh_jstr(m, "badge"), gh_client_size(bytes, size),
			   at == NULL ? "-" : at);
	}
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	const struct gh_jval *v;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc == GH_CLI_GO)
		rc = gh_client_open(cli, &a.client, false, &c);
	if (rc != GH_CLI_GO)
		return rc;
	gh_auto_buf in = gh_buf(4096), doc = gh_buf(64 << 20);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	if (a.tenant != NULL)
		gh_jout_str(&j, "tenant", a.tenant);
	if (a.state != NULL)
		gh_jout_str(&j, "state", a.state);
	gh_jout_close(&j, '}');
	rc = gh_client_ask(&c, "model.list", &in, -1, &v, NULL);
	if (rc == GH_CLI_GO && a.format == GH_FORMAT_JSON)
		rc = gh_client_json(cli, v);
	else if (rc == GH_CLI_GO) {
		table(gh_jget(gh_client_safe(&c, v), "models"), &doc);
		rc = gh_cli_print(cli, &doc);
	}
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_models = {
	.name = "models",
	.about = "List the models of the catalog.",
	.usage = "[OPTION]...",
	.opts = opts,
	.run = run,
};
