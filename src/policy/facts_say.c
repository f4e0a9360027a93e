/* Facts as JSON, and the schema of that. */
#include <stdio.h>

#include "policy/facts_int.h"
#include "policy/units.h"

/* A number with four digits behind the point, as short as it can be. */
static void percent(struct gh_jout *j, const char *key, int64_t v)
{
	gh_auto_buf b = gh_buf(32);
	gh_unit_put_percent(&b, v);
	if (b.n > 0)
		b.n--; /* the sign */
	gh_jout_raw(j, key, gh_buf_cstr(&b));
}

static void number(struct gh_jout *j, const char *key, int64_t v)
{
	char text[24];
	(void)snprintf(text, sizeof text, "%lld", (long long)v);
	gh_jout_raw(j, key, text);
}

void facts_say(struct gh_jout *j, const char *key, const struct gh_fact *row, struct gh_fval v)
{
	if (!v.known) {
		gh_jout_null(j, key);
		return;
	}
	switch (row->type) {
	case GH_T_BOOL: gh_jout_bool(j, key, v.i != 0); break;
	case GH_T_INT:
	case GH_T_SIZE:
	case GH_T_DURATION: number(j, key, v.i); break;
	case GH_T_PERCENT: percent(j, key, v.i); break;
	case GH_T_TIME: {
		gh_auto_buf b = gh_buf(64);
		gh_unit_put_time(&b, v.i);
		gh_jout_span(j, key, gh_buf_view(&b));
		break;
	}
	default: gh_jout_span(j, key, v.s); break;
	}
}

static void say_list(struct gh_jout *j, const char *key, const struct gh_facts *f, unsigned row, int64_t at)
{
	const struct gh_flist *l = facts_list(f, row);
	gh_jout_open(j, key, '[');
	for (size_t k = 0; k < l->n; k++) {
		if (gh_fact_rows[row].type == GH_T_STRINGS) {
			gh_jout_span(j, NULL, l->cell[k].s);
			continue;
		}
		gh_jout_open(j, NULL, '{');
		for (unsigned i = row + 1; i < row + 1 + l->width; i++) {
			struct gh_fval v = facts_get_field(f, i, k, at);
			if (v.known)
				facts_say(j, gh_fact_field(&gh_fact_rows[i]), &gh_fact_rows[i], v);
		}
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

/* Bytes of the first part of a name ("badge" of "badge.state"), 0 when it has only one. Lists count as one part with their
 * fields, and names have two parts at most apart from fields. */
static size_t group(const struct gh_fact *row)
{
	const char *dot = strchr(row->name, '.');
	return dot == NULL ? 0 : (size_t)(dot - row->name);
}

void facts_say_all(struct gh_jout *j, const struct gh_facts *f, int64_t at, struct gh_fval tier)
{
	const char *open = NULL; /* name whose group is open */
	size_t open_n = 0;
	for (unsigned row = 0; row < gh_fact_n; row++) {
		const struct gh_fact *r = &gh_fact_rows[row];
		if (r->flags & GH_FACT_FIELD)
			continue;
		struct gh_fval v = facts_get(f, row, at, tier);
		if (!v.known)
			continue;
		size_t n = group(r);
		if (open_n != 0 && (n != open_n || memcmp(open, r->name, n) != 0)) {
			gh_jout_close(j, '}');
			open_n = 0;
		}
		if (n != 0 && open_n == 0) {
			char key[32];
			(void)snprintf(key, sizeof key, "%.*s", (int)n, r->name);
			gh_jout_open(j, key, '{');
			open = r->name;
			open_n = n;
		}
		const char *key = n == 0 ? r->name : r->name + n + 1;
		if (r->type == GH_T_STRINGS || r->type == GH_T_RECORDS)
			say_list(j, key, f, row, at);
		else
			facts_say(j, key, r, v);
	}
	if (open_n != 0)
		gh_jout_close(j, '}');
}

void gh_facts_json(const struct gh_facts *f, int64_t at, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	facts_say_all(&j, f, at, (struct gh_fval){ 0 });
	gh_jout_close(&j, '}');
}

/* ---- the schema ----------------------------------------------------------------------------------------------------------- */
static void type_of(struct gh_jout *j, const struct gh_fact *r)
{
	static const char *const types[] = {
		[GH_T_BOOL] = "boolean",     [GH_T_INT] = "integer",	[GH_T_SIZE] = "integer",
		[GH_T_DURATION] = "integer", [GH_T_TIME] = "string",	[GH_T_PERCENT] = "number",
		[GH_T_STRING] = "string",    [GH_T_VERSION] = "string", [GH_T_WORD] = "string",
		[GH_T_STRINGS] = "array",    [GH_T_RECORDS] = "array",
	};
	gh_jout_open(j, "type", '[');
	gh_jout_str(j, NULL, types[r->type]);
	gh_jout_str(j, NULL, "null");
	gh_jout_close(j, ']');
	gh_jout_str(j, "description", r->about);
	if (r->type == GH_T_TIME)
		gh_jout_str(j, "format", "date-time");
	if (r->type == GH_T_SIZE || r->type == GH_T_PERCENT)
		gh_jout_number(j, "minimum", 0);
	if (r->type == GH_T_PERCENT)
		gh_jout_number(j, "maximum", 100);
	if (r->type == GH_T_STRING && (r->flags & GH_FACT_NEEDED))
		gh_jout_number(j, "minLength", 1);
	if (r->type == GH_T_STRING || r->type == GH_T_VERSION)
		gh_jout_number(j, "maxLength", GH_FACTS_TEXT);
	if (r->type != GH_T_WORD)
		return;
	gh_jout_open(j, "enum", '[');
	for (unsigned i = 0; i < gh_word_count(r->words); i++)
		gh_jout_span(j, NULL, gh_word_at(r->words, i));
	gh_jout_null(j, NULL);
	gh_jout_close(j, ']');
}

static void record_type(struct gh_jout *j, unsigned row)
{
	gh_jout_open(j, "items", '{');
	gh_jout_str(j, "type", "object");
	gh_jout_open(j, "required", '[');
	for (unsigned i = row + 1; i < row + 1 + facts_width(row); i++)
		if (gh_fact_rows[i].flags & GH_FACT_NEEDED)
			gh_jout_str(j, NULL, gh_fact_field(&gh_fact_rows[i]));
	gh_jout_close(j, ']');
	gh_jout_open(j, "properties", '{');
	for (unsigned i = row + 1; i < row + 1 + facts_width(row); i++) {
		if (gh_fact_rows[i].flags & GH_FACT_DERIVED)
			continue;
		gh_jout_open(j, gh_fact_field(&gh_fact_rows[i]), '{');
		type_of(j, &gh_fact_rows[i]);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, '}');
	gh_jout_bool(j, "additionalProperties", false);
	gh_jout_close(j, '}');
}

static void property(struct gh_jout *j, unsigned row, const char *key)
{
	const struct gh_fact *r = &gh_fact_rows[row];
	gh_jout_open(j, key, '{');
	type_of(j, r);
	if (r->type == GH_T_STRINGS || r->type == GH_T_RECORDS)
		gh_jout_number(j, "maxItems", GH_FACTS_LIST);
	if (r->type == GH_T_RECORDS)
		record_type(j, row);
	if (r->type == GH_T_STRINGS) {
		gh_jout_open(j, "items", '{');
		gh_jout_str(j, "type", "string");
		gh_jout_number(j, "maxLength", GH_FACTS_TEXT);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, '}');
}

static void group_end(struct gh_jout *j)
{
	gh_jout_close(j, '}');
	gh_jout_bool(j, "additionalProperties", false);
	gh_jout_close(j, '}');
}

void gh_facts_schema(struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	const char *open = NULL;
	size_t open_n = 0;
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "$schema", "https://json-schema.org/draft/2020-12/schema");
	gh_jout_str(&j, "$id", "urn:gatehouse:schema:policy-facts");
	gh_jout_str(&j, "title", "Facts that a policy of gatehouse is asked about");
	gh_jout_str(&j, "description",
		    "Read by 'gatehouse policy eval --facts'. What is absent or null is not known. Made by 'gatehouse "
		    "policy facts "
		    "--format schema'.");
	gh_jout_str(&j, "type", "object");
	gh_jout_open(&j, "properties", '{');
	for (unsigned row = 0; row < gh_fact_n; row++) {
		const struct gh_fact *r = &gh_fact_rows[row];
		if (r->flags & (GH_FACT_FIELD | GH_FACT_DERIVED))
			continue;
		size_t n = group(r);
		if (open_n != 0 && (n != open_n || memcmp(open, r->name, n) != 0)) {
			group_end(&j);
			open_n = 0;
		}
		if (n != 0 && open_n == 0) {
			char key[32];
			(void)snprintf(key, sizeof key, "%.*s", (int)n, r->name);
			gh_jout_open(&j, key, '{');
			gh_jout_str(&j, "type", "object");
			gh_jout_open(&j, "properties", '{');
			open = r->name;
			open_n = n;
		}
		property(&j, row, n == 0 ? r->name : r->name + n + 1);
	}
	if (open_n != 0)
		group_end(&j);
	gh_jout_close(&j, '}');
	gh_jout_bool(&j, "additionalProperties", false);
	gh_jout_close(&j, '}');
}
