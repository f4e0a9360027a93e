/* `gatehouse explain ID...`: all that is known about a finding, from its row. */
#include "cli/cmds.h"
#include "format/format.h"
#include "wire/jout.h"
#include "scan/report_parts.h"
#include "scan/text_out.h"

#include <strings.h>

struct args {
	unsigned format;
};
static const struct gh_opt options[] = { GH_OPT_FORMAT(struct args), { .name = NULL } };

enum { SUGGESTIONS = 3, NEAR = 3 };

static size_t find(const char *id)
{
	const struct gh_rule *r;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++)
		if (strcasecmp(r->id, id) == 0)
			return i;
	return SIZE_MAX;
}

/* The nearest ids, nearest first, then in the order of the list; those further than a slip of the fingers are out. */
static size_t near_ids(const char *id, const char *out[SUGGESTIONS])
{
	unsigned edits[SUGGESTIONS];
	size_t n = 0;
	const struct gh_rule *r;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++) {
		unsigned e = gh_edits(id, r->id);
		if (e > NEAR || (n == SUGGESTIONS && e >= edits[n - 1]))
			continue;
		size_t at = n < SUGGESTIONS ? n++ : n - 1;
		for (; at > 0 && edits[at - 1] > e; at--) {
			edits[at] = edits[at - 1];
			out[at] = out[at - 1];
		}
		edits[at] = e;
		out[at] = r->id;
	}
	return n;
}

static int unknown(struct gh_cli *cli, const char *id)
{
	const char *near[SUGGESTIONS];
	size_t n = near_ids(id, near);
	gh_auto_buf list = gh_buf(256);
	for (size_t i = 0; i < n; i++)
		gh_buf_fmt(&list, "%s%s", i == 0 ? " (did you mean " : i + 1 == n ? " or " : ", ", near[i]);
	gh_cli_error(cli, "there is no rule '%s'%s%s; 'gatehouse checks' lists them all", gh_safe(gh_span_str(id)).s,
		     gh_buf_cstr(&list), n > 0 ? "?)" : "");
	return GH_EXIT_USAGE;
}

static void one_json(struct gh_jout *j, size_t i)
{
	const struct gh_rule *r = gh_rule_at(i);
	gh_jout_open(j, NULL, '{');
	gh_jout_str(j, "id", r->id);
	gh_jout_str(j, "owner", gh_rule_owner(i));
	gh_jout_str(j, "severity", gh_severity_name(r->severity));
	gh_jout_str(j, "effect", r->effect == GH_CLEAN ? "none" : gh_verdict_name(r->effect));
	gh_jout_str(j, "title", r->title);
	gh_jout_str(j, "gain", r->gain);
	gh_jout_str(j, "remediation", r->fix);
	gh_jout_words(j, "references", r->refs);
	gh_jout_close(j, '}');
}

static void one_text(struct gh_pen *p, size_t i)
{
	enum { WIDE = 24 };
	const struct gh_rule *r = gh_rule_at(i);
	gh_pen_put(p, GH_BOLD, r->id, 0);
	gh_pen_spaces(p, 2);
	gh_pen_put(p, GH_BOLD, r->title, 2);
	gh_pen_end(p);
	gh_pen_end(p);
	gh_pen_label(p, 2, WIDE, "Severity", gh_severity_name(r->severity));
	gh_auto_buf effect = gh_buf(512);
	if (r->effect == GH_CLEAN)
		gh_buf_str(&effect, "none: said for information only");
	else
		gh_buf_fmt(&effect, "%s. %s", gh_verdict_name(r->effect), gh_verdict_means(r->effect));
	gh_pen_label(p, 2, WIDE, "Effect on the verdict", gh_buf_cstr(&effect));
	gh_pen_label(p, 2, WIDE, "What an attacker gains", r->gain);
	gh_pen_label(p, 2, WIDE, "What to do", r->fix);
	gh_pen_label(p, 2, WIDE, "References", r->refs);
	gh_pen_label(p, 2, WIDE, "Raised by", gh_rule_owner(i));
}

static int run(struct gh_cli *cli, const struct gh_cmd *cmd, int argc, char **argv)
{
	struct args a = { 0 };
	size_t n;
	int rc = gh_cli_options(cli, cmd, argc, argv, &a, &n);
	if (rc != GH_CLI_GO)
		return rc;
	for (size_t i = 0; i < n; i++)
		if (find(argv[i]) == SIZE_MAX)
			return unknown(cli, argv[i]);
	gh_auto_buf out = gh_buf(16 << 20);
	struct gh_jout j = gh_jout(&out);
	struct gh_pen pen = { .b = &out, .colour = cli->out_tty && !cli->plain, .width = cli->columns };
	bool json = a.format == GH_FORMAT_JSON;
	if (json) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_open(&j, "rules", '[');
	}
	for (size_t i = 0; i < n; i++) {
		if (!json && i > 0)
			gh_pen_end(&pen);
		if (json)
			one_json(&j, find(argv[i]));
		else
			one_text(&pen, find(argv[i]));
	}
	if (json) {
		gh_jout_close(&j, ']');
		gh_jout_close(&j, '}');
	}
	return gh_cli_print(cli, &out);
}

const struct gh_cmd gh_cmd_explain = {
	.name = "explain",
	.about = "Explain a finding by its id, such as GH-SCAN-0001.",
	.usage = "[OPTION]... ID...",
	.opts = options,
	.min_args = 1,
	.max_args = SIZE_MAX,
	.words = "rules",
	.run = run,
};
