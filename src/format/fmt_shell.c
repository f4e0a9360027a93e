/* Shell scripts (sh, bash, dash, ksh, zsh). The text reader has validated the characters and found out that it is one; what
 * its commands do is for the checks. */
#include "format/formats.h"
#include "format/shell_code.h"
#include "wire/sh.h"

enum { A_SYNTAX };
static const struct gh_rule rules[] = {
	[A_SYNTAX] = { "GH-SH-0001", GH_LOW, GH_REVIEW, "A script that a shell would not read to its end",
		       "A shell runs what stands before the mistake; readers disagree about what stands behind it.",
		       "Read the script; have it repaired.", "CWE-20 CWE-436" },
	GH_RULES_END
};

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides, after all of the content */
	return GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > GH_SH_TEXT)
		return gh_fail(w->err, GH_E_LIMIT, "a script of more than %u MiB", (unsigned)GH_SH_TEXT >> 20);
	struct gh_span text = gh_text_whole(w, GH_SH_TEXT);
	bool broken = false;
	if (text.p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the script");
	struct gh_span script = gh_span_starts(text, "\xef\xbb\xbf") ? gh_span_cut(text, 3, text.n) : text;
	enum gh_rc rc = gh_shell_code(w, script, text.n - script.n, script.n, &broken);
	if (rc != GH_OK)
		return rc;
	if (broken)
		gh_anomaly(w, &rules[A_SYNTAX], 0, text.n, "quotes, parentheses or reserved words that do not match");
	gh_claim(w, 0, text.n, GH_CLAIM_DATA);
	return GH_OK;
}

const struct gh_fmt gh_fmt_shell = {
	.name = "shell",
	.about = "shell scripts (sh, bash, dash, ksh, zsh)",
	.exts = "sh bash zsh ksh command run profile bashrc txt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
