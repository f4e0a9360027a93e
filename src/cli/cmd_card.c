/* `gatehouse card MODEL`: the model card with its security section. */
#include "cli/card.h"
#include "cli/client.h"
#include "cli/cmds.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "format/format.h"

#include <string.h>

enum { TEXT, JSON, HTML, CYCLONEDX };
struct args {
	struct gh_client_args client;
	unsigned format;
	const char *output;
	bool verbose;
};
static const struct gh_opt opts[] = {
	{ .name = "format",
	  .letter = 'f',
	  .kind = GH_OPT_CHOICE,
	  .value = "text|json|html|cyclonedx",
	  .at = offsetof(struct args, format),
	  .about = "Choose the form of the card (text)." },
	{ .name = "output",
	  .letter = 'o',
	  .kind = GH_OPT_FILE,
	  .value = "FILE",
	  .at = offsetof(struct args, output),
	  .about = "Write the card to FILE instead of standard output." },
	{ .name = "verbose",
	  .letter = 'v',
	  .kind = GH_OPT_FLAG,
	  .at = offsetof(struct args, verbose),
	  .about = "Show every finding, every file, and the publisher's text (text)." },
	GH_CLIENT_OPTS(struct args),
	{ 0 },
};

static int deliver(struct gh_client *c, const struct args *a, const struct gh_jval *v)
{
	struct gh_cli *cli = c->cli;
	gh_auto_buf doc = gh_buf((size_t)256 << 20);
	struct gh_err err = { 0 };
	char why[400];
	bool file = a->output != NULL && strcmp(a->output, "-") != 0;
	if (a->format == JSON)
		gh_client_json_put(v, &doc);
	else if (a->format == CYCLONEDX)
		gh_buf_str(&doc, gh_verbs_cell(v, "file"));
	else if (a->format == HTML)
		gh_card_html(gh_client_safe(c, v), &doc);
	else
		gh_card_text(gh_client_safe(c, v), a->verbose, &doc);
	if (!file)
		return gh_cli_print(cli, &doc);
	if (!doc.full && gh_output_write(a->output, gh_buf_view(&doc), &err) == GH_OK)
		return GH_EXIT_OK;
	gh_cli_error(cli, "--output: '%s': %s", gh_safe(gh_span_str(a->output)).s,
		     doc.full ? "the card is too large" : gh_err_line(&err, why, sizeof why));
	return GH_EXIT_UNFINISHED;
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	struct gh_client c;
	const struct gh_jval *v;
	size_t n = 0;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc == GH_CLI_GO)
		rc = gh_client_open(cli, &a.client, true, &c);
	if (rc != GH_CLI_GO)
		return rc;
	gh_auto_buf in = gh_buf(4096);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", argv[0]);
	gh_jout_bool(&j, "bom", a.format == CYCLONEDX);
	gh_jout_close(&j, '}');
	rc = gh_client_ask(&c, "card", &in, -1, &v, NULL);
	if (rc == GH_CLI_GO)
		rc = deliver(&c, &a, v);
	gh_client_close(&c);
	return rc;
}

const struct gh_cmd gh_cmd_card = {
	.name = "card",
	.about = "Show a model's card: badge, findings, lineage, reviews, what its publisher says.",
	.usage = "MODEL [OPTION]...",
	.opts = opts,
	.min_args = 1,
	.max_args = 1,
	.notes = "--format cyclonedx writes the bill of materials that was made with the last scan\n"
		 "(CycloneDX 1.6, machine-learning components).",
	.run = run,
};
