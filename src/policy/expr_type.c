/* Literals by the type they are compared with, and what may be meant by a name that does not exist. */
#include "policy/expr.h"

#include "policy/units.h"
#include "wire/version.h"

bool expr_literal(const struct gh_fact *row, enum gh_fact_type type, enum expr_tok tok, struct gh_span text,
		  struct gh_fval *out)
{
	*out = (struct gh_fval){ .known = true, .s = text };
	bool name = tok == T_NAME, number = tok == T_NUMBER, quoted = tok == T_TEXT;
	switch (type) {
	case GH_T_BOOL: out->i = gh_span_is(text, "true"); return name && (out->i || gh_span_is(text, "false"));
	case GH_T_INT: return number && gh_unit_int(text, &out->i);
	case GH_T_SIZE: return number && (gh_unit_size(text, &out->i) || gh_unit_int(text, &out->i));
	case GH_T_DURATION: return number && gh_unit_duration(text, &out->i);
	case GH_T_PERCENT: return number && gh_unit_percent(text, true, &out->i);
	case GH_T_TIME: return (number || quoted) && gh_unit_time(text, &out->i);
	case GH_T_STRING:
	case GH_T_STRINGS: return quoted && text.n <= GH_FACTS_TEXT;
	case GH_T_VERSION: return quoted && gh_version_valid(GH_VERSION_SEMVER, text);
	case GH_T_WORD: return (name || quoted) && facts_word(row, text, out);
	default: return false;
	}
}

const char *expr_example(enum gh_fact_type type)
{
	switch (type) {
	case GH_T_BOOL: return "true or false";
	case GH_T_INT: return "a number such as 3";
	case GH_T_SIZE: return "a size such as 10 GiB";
	case GH_T_DURATION: return "a duration such as 30d or 12h";
	case GH_T_PERCENT: return "a percentage such as 99.5%";
	case GH_T_TIME: return "a date such as 2026-11-22 or 2026-11-22T10:00:00Z";
	case GH_T_VERSION: return "a version such as \"1.2.3\"";
	default: return "a text in quotes";
	}
}

/* Edits from a to b, of the first 47 characters; one row of the table at a time. */
static unsigned edits(struct gh_span a, const char *b)
{
	enum { MOST = 48 };
	unsigned row[MOST];
	size_t n = strlen(b) < MOST - 1 ? strlen(b) : MOST - 1;
	for (unsigned i = 0; i <= n; i++)
		row[i] = i;
	for (unsigned k = 0; k < a.n && k < MOST; k++) {
		unsigned corner = row[0];
		row[0] = k + 1;
		for (size_t i = 1; i <= n; i++) {
			unsigned best = corner + (a.p[k] != (uint8_t)b[i - 1]);
			corner = row[i];
			best = best < row[i - 1] + 1 ? best : row[i - 1] + 1;
			row[i] = best < row[i] + 1 ? best : row[i] + 1;
		}
	}
	return row[n];
}

const char *expr_near(struct gh_span name, unsigned field_of)
{
	const char *best = NULL;
	unsigned least = name.n < 6 ? 3 : 4; /* more than this is another word */
	for (unsigned i = 0; i < gh_fact_n; i++) {
		bool field = gh_fact_rows[i].flags & GH_FACT_FIELD;
		if (field_of == GH_FACT_NONE ? field : !field || facts_parent(i) != field_of)
			continue;
		const char *is = field ? gh_fact_field(&gh_fact_rows[i]) : gh_fact_rows[i].name;
		/* "verdict" for "scan.verdict": the end of a name is often all that is remembered. */
		unsigned e = gh_span_is(name, gh_fact_field(&gh_fact_rows[i])) ? 1 : edits(name, is);
		if (e >= least)
			continue;
		best = is;
		least = e;
	}
	return best;
}
