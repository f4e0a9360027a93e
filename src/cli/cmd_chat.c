/* `gatehouse chat DEPLOYMENT|MODEL TEXT`: one question, and the answer while it comes. */
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/verbs.h"
#include "daemon/chat.h"
#include "wire/reply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct args {
	struct gh_client_args client;
	unsigned format;
	const char *system, *temperature;
	uint64_t most, seed;
};
#define AT(field) .at = offsetof(struct args, field)
#define SEED_UNSAID UINT64_MAX
static const struct gh_opt opts[] = {
	{ .name = "system",
	  .kind = GH_OPT_FILE,
	  .value = "TEXT",
	  AT(system),
	  .about = "Begin with this system prompt." },
	{ .name = "max-tokens",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .min = 1,
	  .max = 1 << 20,
	  AT(most),
	  .about = "End the answer after N tokens (256)." },
	{ .name = "temperature",
	  .kind = GH_OPT_FILE,
	  .value = "X",
	  AT(temperature),
	  .about = "Choose among likely words: 0 always takes the likeliest (1)." },
	{ .name = "seed",
	  .kind = GH_OPT_NUMBER,
	  .value = "N",
	  .max = INT32_MAX,
	  AT(seed),
	  .about = "Choose the same way each time (at random)." },
	GH_OPT_FORMAT(struct args),
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static void message(struct gh_jout *j, const char *role, const char *text)
{
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "role", role);
	gh_jout_str(j, "content", text);
	gh_jout_close(j, '}');
}

static bool a_number(const char *s)
{
	size_t n = strspn(s, "0123456789"), m = s[n] == '.' ? strspn(s + n + 1, "0123456789") : 0;
	return n > 0 && n < 4 && m < 8 && s[n + (s[n] == '.' ? 1 + m : 0)] == '\0' && (s[n] != '.' || m > 0);
}

static void body(const struct args *a, const char *model, const char *text, struct gh_buf *out)
{
	struct gh_jout j = { .out = out, .compact = true };
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_bool(&j, "stream", true);
	gh_jout_open(&j, "stream_options", '{');
	gh_jout_bool(&j, "include_usage", true);
	gh_jout_close(&j, '}');
	gh_jout_number(&j, "max_tokens", a->most != 0 ? a->most : 256);
	if (a->temperature != NULL)
		gh_jout_raw(&j, "temperature", a->temperature);
	if (a->seed != SEED_UNSAID)
		gh_jout_number(&j, "seed", a->seed);
	gh_jout_open(&j, "messages", '[');
	if (a->system != NULL)
		message(&j, "system", a->system);
	message(&j, "user", text);
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

static void as_json(const char *name, const struct gh_chat_end *e, struct gh_buf *doc)
{
	struct gh_jout j = gh_jout(doc);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "deployment", name);
	gh_jout_span(&j, "text", gh_buf_view(e->text));
	gh_jout_str(&j, "finish", e->finish);
	gh_jout_open(&j, "tokens", '{');
	gh_jout_number(&j, "prompt", e->prompt_tokens);
	gh_jout_number(&j, "answer", e->tokens);
	gh_jout_close(&j, '}');
	gh_jout_open(&j, "timings_ms", '{');
	gh_jout_real(&j, "first", (double)e->us_first / 1000.0);
	gh_jout_real(&j, "all", (double)e->us_all / 1000.0);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
}

/* A model is as good as a name when exactly one running deployment has it. */
static int find(struct gh_client *c, const char *what, const struct gh_jval **out)
{
	gh_auto_buf none = gh_buf(16);
	const struct gh_jval *v, *found = NULL;
	if (strchr(what, ':') == NULL)
		return gh_verbs_ask(c, "deployment.use", out, "name", what, (const char *)NULL);
	int rc = gh_client_ask(c, "deployment.list", &none, -1, &v, NULL);
	if (rc != GH_CLI_GO)
		return rc;
	for (const struct gh_jval *d = gh_jfirst(gh_jget(v, "deployments")); d != NULL; d = d->next) {
		if (strcmp(gh_verbs_cell(d, "model"), what) != 0 || strcmp(gh_verbs_cell(d, "state"), "running") != 0)
			continue;
		if (found != NULL) {
			gh_cli_error(c->cli, "several deployments run %s: say which one (`gatehouse ps`)",
				     gh_jstr(d, "model"));
			return GH_EXIT_UNFINISHED;
		}
		found = d;
	}
	if (found == NULL) {
		gh_cli_error(c->cli, "no deployment of this model runs: `gatehouse deploy MODEL` starts one");
		return GH_EXIT_UNFINISHED;
	}
	char name[2 * 64 + 2];
	(void)snprintf(name, sizeof name, "%s/%s", gh_verbs_cell(found, "tenant"), gh_verbs_cell(found, "name"));
	return gh_verbs_ask(c, "deployment.use", out, "name", name, (const char *)NULL);
}

static int talk(struct gh_client *c, const struct args *a, const struct gh_jval *d, const char *text)
{
	gh_auto_buf in = gh_buf(4 << 20), said = gh_buf(GH_CHAT_TEXT), doc = gh_buf(2 * (size_t)GH_CHAT_TEXT);
	struct gh_chat_end end = { .text = &said };
	struct gh_err err = { 0 };
	bool json = a->format == GH_FORMAT_JSON;
	body(a, gh_verbs_cell(d, "model"), text, &in);
	(void)fflush(c->cli->out);
	int out = json ? -1 : fileno(c->cli->out);
	enum gh_rc rc = gh_chat(gh_verbs_cell(d, "socket"), gh_buf_view(&in), out, &end, &err);
	if (!json && said.n > 0)
		(void)fputc('\n', c->cli->out);
	if (rc != GH_OK)
		return gh_client_failed(c->cli, rc, &err);
	if (!json)
		return fflush(c->cli->out) == 0 ? GH_EXIT_OK : GH_EXIT_UNFINISHED;
	as_json(gh_verbs_cell(d, "name"), &end, &doc);
	return gh_cli_print(c->cli, &doc);
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { .seed = SEED_UNSAID };
	struct gh_client c;
	const struct gh_jval *d;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	if (a.temperature != NULL && !a_number(a.temperature))
		return gh_cli_wrong(cli, "--temperature: a number such as 0.7 is expected");
	rc = gh_client_open(cli, &a.client, false, &c);
	if (rc != GH_CLI_GO)
		return rc;
	rc = find(&c, argv[0], &d);
	if (rc == GH_CLI_GO)
		rc = talk(&c, &a, d, argv[1]);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_chat = {
	.name = "chat",
	.about = "Ask a running model, and show its answer while it comes.",
	.usage = "[OPTION]... DEPLOYMENT|MODEL TEXT",
	.opts = opts,
	.min_args = 2,
	.max_args = 2,
	.notes = "The answer is read in a process that holds nothing, and made safe for a\n"
		 "terminal: what a model says is a stranger's bytes. Nothing stands between you\n"
		 "and the model here: this is a test of a deployment, not a way for applications.\n"
		 "\n"
		 "Exit status: 0 answered; 1 the engine refused the request; 2 nothing answers, or\n"
		 "in the middle of it nothing more came.",
	.run = run,
};
