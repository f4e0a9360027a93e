/* Source code of languages that no loader of models runs: JavaScript, PHP, Ruby, Perl, Lua, R, C, Java, Go, batch files,
 * PowerShell and others. The text reader has validated the characters; a check looks for what such code does in attacks. */
#include "format/formats.h"
#include "format/shell_code.h"
#include "wire/language.h"

enum { SOURCE_MAX = 16 << 20 };

enum { A_CODE };
static const struct gh_rule rules[] = {
	[A_CODE] = { "GH-SRC-0001", GH_LOW, GH_REVIEW, "Source code that no loader of models runs",
		     "Whoever compiles or starts it runs the author's code.",
		     "Read it before running it, or use the model without it.", "CWE-829 AML.T0011" },
	GH_RULES_END
};

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p; /* the text reader decides */
	return GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > SOURCE_MAX)
		return gh_fail(w->err, GH_E_LIMIT, "source code of more than %u MiB", (unsigned)SOURCE_MAX >> 20);
	struct gh_span text = gh_text_whole(w, SOURCE_MAX);
	if (text.p == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT,
			       "no room for the source code");
	const char *language = gh_lang_of(text, w->name);
	if (language == NULL)
		return GH_E_NOTTHIS;
	struct gh_src_mem mem;
	struct gh_code code = { .language = language, .name = w->name, .src = gh_src_mem(&mem, text) };
	gh_anomaly(w, &rules[A_CODE], 0, text.n, "%s", language);
	enum gh_rc rc = gh_emit(w, GH_EV_CODE, 0, text.n, &code);
	gh_claim(w, 0, text.n, GH_CLAIM_DATA);
	return rc;
}

const struct gh_fmt gh_fmt_source = {
	.name = "source-code",
	.about = "source code of other languages: read for what attacks do, otherwise left to a person",
	.exts = "js mjs cjs ts jsx tsx bat cmd ps1 psm1 rb pl pm php lua r c h cc cpp hpp cu java kt go rs swift cs "
		"sql tcl vbs jl",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
