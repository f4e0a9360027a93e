#include "cli/policy_facts.h"

#include "policy/facts.h"
#include "wire/jout.h"

static const char *whose(const struct gh_fact *f)
{
	if (f->flags & GH_FACT_SHOUT)
		return "foreign, may only make stricter";
	return f->flags & GH_FACT_FOREIGN ? "foreign" : f->flags & GH_FACT_OWN ? "own" : "given";
}

/* As conditions write it. */
static void name(struct gh_buf *out, const struct gh_fact *f)
{
	if (f->flags & GH_FACT_FIELD)
		gh_buf_fmt(out, ".%s", gh_fact_field(f));
	else
		gh_buf_str(out, f->name);
}

static void type(struct gh_buf *out, const struct gh_fact *f, const char *less)
{
	if (f->type != GH_T_WORD) {
		gh_buf_str(out, gh_fact_type_name(f->type));
		return;
	}
	for (const char *p = f->words; *p != '\0'; p++) {
		if (*p == '<')
			gh_buf_str(out, less);
		else if (*p == ' ')
			gh_buf_str(out, ", ");
		else if (*p == '=')
			gh_buf_str(out, " = ");
		else
			gh_buf_ch(out, *p);
	}
}

void gh_policy_facts_text(struct gh_buf *out)
{
	for (size_t i = 0; i < gh_fact_n; i++) {
		const struct gh_fact *f = &gh_fact_rows[i];
		gh_buf_str(out, f->flags & GH_FACT_FIELD ? "    " : "");
		name(out, f);
		gh_buf_str(out, ": ");
		type(out, f, " < ");
		gh_buf_fmt(out, " (%s%s%s%s)\n", whose(f), f->flags & GH_FACT_DERIVED ? ", computed" : "",
			   f->from != NULL ? " from " : "", f->from != NULL ? f->from : "");
		gh_buf_fmt(out, "%s    %s\n", f->flags & GH_FACT_FIELD ? "    " : "", f->about);
	}
}

void gh_policy_facts_json(struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_open(&j, "facts", '[');
	for (size_t i = 0; i < gh_fact_n; i++) {
		const struct gh_fact *f = &gh_fact_rows[i];
		gh_auto_buf words = gh_buf(1024);
		for (const char *p = f->words; p != NULL && *p != '\0'; p++)
			gh_buf_ch(&words, *p == '<' || *p == '=' ? ' ' : *p);
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "name", f->name);
		gh_jout_bool(&j, "field", f->flags & GH_FACT_FIELD);
		gh_jout_str(&j, "type", gh_fact_type_name(f->type));
		gh_jout_words(&j, "words", f->words == NULL ? NULL : gh_buf_cstr(&words));
		gh_jout_bool(&j, "ordered", f->flags & GH_FACT_ORDERED);
		gh_jout_bool(&j, "needed", f->flags & GH_FACT_NEEDED);
		gh_jout_bool(&j, "computed", f->flags & GH_FACT_DERIVED);
		gh_jout_str(&j, "from", f->from);
		gh_jout_str(&j, "whose", whose(f));
		gh_jout_str(&j, "about", f->about);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

void gh_policy_facts_markdown(struct gh_buf *out)
{
	gh_buf_str(out, "| fact | type | whose word | meaning |\n|---|---|---|---|\n");
	for (size_t i = 0; i < gh_fact_n; i++) {
		const struct gh_fact *f = &gh_fact_rows[i];
		gh_buf_str(out, f->flags & GH_FACT_FIELD ? "| &nbsp;&nbsp;`" : "| `");
		name(out, f);
		gh_buf_str(out, "` | ");
		type(out, f, " < ");
		gh_buf_fmt(out, " | %s%s%s | %s |\n", whose(f), f->from != NULL ? ", computed from " : "",
			   f->from != NULL		? f->from
			   : f->flags & GH_FACT_DERIVED ? ", computed"
							: "",
			   f->about);
	}
}
