/* `gatehouse checks`: every check and every rule that can put a finding into a report. */
#include "check/check.h"
#include "cli/cmds.h"
#include "wire/jout.h"
#include "scan/report_parts.h"
#include "scan/text_out.h"

struct args {
	unsigned format;
};
static const struct gh_opt options[] = { GH_OPT_FORMAT(struct args), { .name = NULL } };

static void as_json(struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_open(&j, "checks", '[');
	for (size_t i = 0; i < gh_checks_n; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", gh_checks[i]->name);
		gh_jout_str(&j, "about", gh_checks[i]->about);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_open(&j, "rules", '[');
	const struct gh_rule *r;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "id", r->id);
		gh_jout_str(&j, "owner", gh_rule_owner(i));
		gh_jout_str(&j, "severity", gh_severity_name(r->severity));
		gh_jout_str(&j, "effect", r->effect == GH_CLEAN ? "none" : gh_verdict_name(r->effect));
		gh_jout_str(&j, "title", r->title);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

static void as_text(struct gh_pen *p)
{
	gh_pen_line(p, GH_PLAIN, 0, "Checks, which judge what the format readers find:");
	for (size_t i = 0; i < gh_checks_n; i++)
		gh_pen_label(p, 2, 14, gh_checks[i]->name, gh_checks[i]->about);
	gh_pen_end(p);
	gh_pen_line(p, GH_PLAIN, 0,
		    "Rules, by the format or check that raises them (severity, effect on the verdict):");
	const char *owner = "";
	const struct gh_rule *r;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++) {
		const char *now = gh_rule_owner(i);
		if (strcmp(now, owner) != 0) {
			gh_pen_end(p);
			gh_pen_line(p, GH_BOLD, 2, now);
		}
		owner = now;
		gh_auto_buf tag = gh_buf(128);
		gh_buf_fmt(&tag, "%-13s %-9s ", r->id, gh_severity_name(r->severity));
		gh_pen_spaces(p, 2);
		gh_pen_put(p, GH_PLAIN, gh_buf_cstr(&tag), 2);
		const char *effect = r->effect == GH_CLEAN ? "-" : gh_verdict_name(r->effect);
		gh_pen_put(p, r->effect == GH_CLEAN ? GH_PLAIN : gh_verdict_paint(r->effect), effect, 2);
		gh_pen_spaces(p, 11 - (unsigned)strlen(effect));
		gh_pen_put(p, GH_PLAIN, r->title, 38);
		gh_pen_end(p);
	}
	gh_pen_end(p);
	gh_pen_line(p, GH_DIM, 0, "All about one of them: gatehouse explain ID");
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	gh_auto_buf out = gh_buf(16 << 20);
	if (a.format == GH_FORMAT_JSON)
		as_json(&out);
	else
		as_text(&(struct gh_pen){ .b = &out, .colour = cli->out_tty && !cli->plain, .width = cli->columns });
	return gh_cli_print(cli, &out);
}

const struct gh_cmd gh_cmd_checks = {
	.name = "checks",
	.about = "List the checks and the rules behind the findings.",
	.usage = "[OPTION]...",
	.opts = options,
	.run = run,
};
