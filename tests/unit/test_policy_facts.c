/* The table of facts, and reading them. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check/stage.h"
#include "cli/policy_facts.h"
#include "scan/report_parts.h"
#include "policy/facts.h"
#include "policy/units.h"
#include "wire/jdom.h"

enum { AT = 1795305600 }; /* 2026-11-22T00:00:00Z */

static void file(const char *path, struct gh_buf *out)
{
	FILE *f = fopen(path, "rb");
	char part[4096];
	size_t n;
	if (f == NULL)
		fail_msg("%s cannot be read", path);
	while ((n = fread(part, 1, sizeof part, f)) != 0)
		gh_buf_put(out, part, n);
	(void)fclose(f);
}

/* Every row says what the others rely on. */
static void rows(void **state)
{
	(void)state;
	assert_true(gh_fact_n <= GH_FACTS_ROWS);
	for (unsigned i = 0; i < gh_fact_n; i++) {
		const struct gh_fact *f = &gh_fact_rows[i];
		bool list = f->type == GH_T_RECORDS || f->type == GH_T_STRINGS, field = f->flags & GH_FACT_FIELD;
		bool evidence = strncmp(f->name, "evidence.", 9) == 0 || strncmp(f->name, "signature.", 10) == 0;
		assert_int_equal(gh_fact_named(gh_span_str(f->name)), i); /* names are there once */
		assert_true(strlen(f->name) < 48 && strlen(f->about) > 10);
		assert_int_equal(f->words != NULL, f->type == GH_T_WORD);
		assert_true(!(field && list));
		/* What others say is marked as such, by its name; and nothing else is. */
		if (evidence != ((f->flags & GH_FACT_FOREIGN) != 0) ||
		    ((f->flags & GH_FACT_SHOUT) && !(f->flags & GH_FACT_FOREIGN)) ||
		    ((f->flags & GH_FACT_OWN) && evidence))
			fail_msg("%s: whose word is it?", f->name);
		if ((f->flags & GH_FACT_DERIVED) && f->from != NULL) {
			unsigned from = gh_fact_named(gh_span_str(f->from));
			assert_true(from != GH_FACT_NONE && gh_fact_rows[from].type == GH_T_TIME &&
				    f->type == GH_T_DURATION);
			assert_int_equal(gh_fact_rows[from].flags & GH_FACT_FIELD, f->flags & GH_FACT_FIELD);
		}
		if (f->type == GH_T_DURATION)
			assert_true(f->flags & GH_FACT_DERIVED);
		if (field) {
			unsigned p = i;
			while (gh_fact_rows[p].flags & GH_FACT_FIELD)
				p--;
			size_t n = strlen(gh_fact_rows[p].name);
			if (gh_fact_rows[p].type != GH_T_RECORDS || strncmp(f->name, gh_fact_rows[p].name, n) != 0 ||
			    f->name[n] != '.')
				fail_msg("%s is no field of %s", f->name, gh_fact_rows[p].name);
			assert_int_equal(f->flags & (GH_FACT_FOREIGN | GH_FACT_SHOUT | GH_FACT_OWN),
					 gh_fact_rows[p].flags & (GH_FACT_FOREIGN | GH_FACT_SHOUT | GH_FACT_OWN));
		}
		if (f->type == GH_T_RECORDS)
			assert_true(i + 1 < gh_fact_n && (gh_fact_rows[i + 1].flags & GH_FACT_FIELD));
		if (f->type == GH_T_WORD)
			assert_int_equal((f->flags & GH_FACT_ORDERED) != 0, strchr(f->words, '<') != NULL);
	}
	/* Facts of one group stand together, or JSON would open it twice. */
	for (unsigned i = 0; i < gh_fact_n; i++)
		for (unsigned k = i + 1; k < gh_fact_n; k++) {
			const char *a = gh_fact_rows[i].name, *b = gh_fact_rows[k].name;
			size_t n = strcspn(a, ".") + 1;
			if (a[n - 1] != '.' || strncmp(a, b, n) != 0)
				continue;
			for (unsigned m = i; m < k; m++)
				if (strncmp(gh_fact_rows[m].name, a, n) != 0 &&
				    !(gh_fact_rows[m].flags & GH_FACT_FIELD))
					fail_msg("%s stands between %s and %s", gh_fact_rows[m].name, a, b);
		}
}

/* Words that other rooms define. */
static void words_of_others(void **state)
{
	(void)state;
	const char *stages = gh_fact_rows[gh_fact_named(GH_SPAN("stages.name"))].words;
	const char *severities = gh_fact_rows[gh_fact_named(GH_SPAN("findings.severity"))].words;
	const char *verdicts = gh_fact_rows[gh_fact_named(GH_SPAN("scan.verdict"))].words;
	assert_int_equal(gh_word_count(stages), GH_STAGES);
	for (unsigned i = 0; i < GH_STAGES; i++)
		assert_int_equal(gh_word_index(stages, gh_span_str(gh_stage_rows[i].name)), i);
	for (unsigned i = GH_INFO; i <= GH_CRITICAL; i++)
		assert_int_equal(gh_word_index(severities, gh_span_str(gh_severity_name((enum gh_severity)i))), i);
	for (unsigned i = GH_CLEAN; i <= GH_UNSAFE; i++)
		assert_int_equal(gh_word_index(verdicts, gh_span_str(gh_verdict_name((enum gh_verdict)i))), i);
	assert_int_equal(gh_word_rank("a<b=c<d", 3), 2);
	assert_int_equal(gh_word_rank("a<b=c<d", 1), gh_word_rank("a<b=c<d", 2));
	assert_int_equal(gh_word_index("a<b=c<d", GH_SPAN("b=c")), -1);
	assert_int_equal(gh_word_index("a<b", GH_SPAN("")), -1);
}

static void refused(void **state)
{
	(void)state;
	static const struct {
		const char *json, *says;
	} bad[] = {
		{ "", "byte 0" },
		{ "[]", "facts are an object" },
		{ "{\"size\": 1", "byte" },
		{ "{\"size\": 1, \"size\": 2}", "" },
		{ "{\"sise\": 1}", "there is no fact 'sise'" },
		{ "{\"badge\": 1}", "there is no fact 'badge'" },
		{ "{\"badge\": {\"stat\": 1}}", "there is no fact 'badge.stat'" },
		{ "{\"badge\": {\"state\": {\"x\": 1}}}", "badge.state: it must be a text" },
		{ "{\"badge.state\": \"none\", \"x\": 1}", "there is no fact 'x'" },
		{ "{\"badge\": {\"age\": 5}}", "badge.age is computed, it cannot be stated: state badge.issued" },
		{ "{\"risk\": {\"tier\": \"low\"}}", "risk.tier is computed" },
		{ "{\"badge\": {\"state\": \"fine\"}}", "'fine' is not none, scan-complete" },
		{ "{\"scan\": {\"verdict\": \"clean\"}}", "'clean' is not CLEAN, REVIEW, INCOMPLETE or UNSAFE" },
		{ "{\"size\": \"1\"}", "size: it must be a number of bytes" },
		{ "{\"size\": -1}", "size: it must be a number of bytes" },
		{ "{\"size\": 1.5}", "size: it must be" },
		{ "{\"size\": 1e3}", "size: it must be" },
		{ "{\"size\": 9223372036854775808}", "size: it must be" },
		{ "{\"scan\": {\"coverage\": 100.1}}", "a number from 0 to 100" },
		{ "{\"imported\": 5}", "imported: it must be a time" },
		{ "{\"imported\": \"yesterday\"}", "imported: it must be a time" },
		{ "{\"imported\": \"40d ago\"}", "imported: it must be a time" }, /* only in tables of cases */
		{ "{\"signature\": {\"verified\": \"true\"}}", "it must be true or false" },
		{ "{\"formats\": \"a\"}", "formats: it must be a list of texts" },
		{ "{\"formats\": [1]}", "formats: it must be a list of texts" },
		{ "{\"findings\": {}}", "findings: it must be a list of records" },
		{ "{\"findings\": [1]}", "findings: it must be a list of records" },
		{ "{\"findings\": [{\"id\": \"a\", \"severity\": \"low\", \"x\": 1}]}",
		  "findings: record 0: there is no field 'x'" },
		{ "{\"findings\": [{\"severity\": 1}]}", "findings.severity: it must be a text" },
		{ "{\"findings.id\": \"x\"}", "there is no fact 'findings.id'" },
		{ "{\"approvals\": [{\"age\": 1}]}", "approvals.age is computed" },
		{ "{\"evidence\": {\"verified\": {\"kind\": \"vex\"}}}", "a list of records" },
		{ "{\"publisher\\u0000x\": 1}", "there is no fact" },
		{ "{\"a\": {\"b\": {\"c\": {\"d\": {\"e\": 1}}}}}", "there is no fact 'a'" },
	};
	for (size_t i = 0; i < GH_ROWS(bad); i++) {
		gh_auto_arena arena = { .max = 1 << 20 };
		struct gh_facts *f = gh_facts_new(&arena);
		struct gh_err err = { 0 };
		char line[800];
		enum gh_rc rc = gh_facts_read(f, gh_span_str(bad[i].json), &err);
		if (rc != GH_E_MALFORMED || strstr(gh_err_line(&err, line, sizeof line), bad[i].says) == NULL)
			fail_msg("%s: %d %s; expected: %s", bad[i].json, rc, gh_err_line(&err, line, sizeof line),
				 bad[i].says);
	}
}

/* What was written can be read again and says the same. */
static void there_and_back(void **state)
{
	(void)state;
	static const char json[] = "{\"action\": \"deploy\", \"model\": \"a/b:1\", \"imported\": "
				   "\"2026-11-01T02:00:00+02:00\", \"size\": 0, \"formats\": [],"
				   " \"licences\": [\"mit\", \"x\\u202ey\"], \"scan\": {\"coverage\": 99.5, "
				   "\"verdict\": \"CLEAN\", \"finished\": null},"
				   " \"findings\": [{\"id\": \"A\", \"severity\": \"low\", \"file\": null}, {\"id\": "
				   "\"B\", \"severity\": \"high\"}],"
				   " \"signature\": {\"verified\": true}, \"evidence\": {\"verified\": [{\"kind\": "
				   "\"vex\", \"signer\": \"s\", \"issued\": "
				   "\"2026-11-21T00:00:00Z\"}], \"findings\": []}}";
	gh_auto_arena arena = { .max = 4 << 20 };
	gh_auto_buf once = gh_buf(1 << 16), twice = gh_buf(1 << 16), aged = gh_buf(1 << 16);
	struct gh_facts *a = gh_facts_new(&arena), *b = gh_facts_new(&arena);
	struct gh_err err = { 0 };
	assert_int_equal(gh_facts_read(a, gh_span_str(json), &err), GH_OK);
	gh_facts_json(a, GH_FACTS_STATED, &once);
	assert_int_equal(gh_facts_read(b, gh_buf_view(&once), &err), GH_OK);
	gh_facts_json(b, GH_FACTS_STATED, &twice);
	assert_string_equal(gh_buf_cstr(&once), gh_buf_cstr(&twice));
	assert_non_null(strstr(gh_buf_cstr(&once), "\"imported\": \"2026-11-01T00:00:00Z\""));
	assert_non_null(strstr(gh_buf_cstr(&once), "\"coverage\": 99.5"));
	assert_non_null(strstr(gh_buf_cstr(&once), "\"formats\": []"));
	assert_null(strstr(gh_buf_cstr(&once), "\"age\""));
	assert_null(strstr(gh_buf_cstr(&once), "finished"));
	gh_facts_json(a, AT, &aged);
	assert_non_null(strstr(gh_buf_cstr(&aged), "\"age\": 1814400"));
	assert_non_null(strstr(gh_buf_cstr(&aged), "\"age\": 86400"));
	/* A text replaces what stood before, and null takes it away. */
	assert_int_equal(
		gh_facts_read(a, GH_SPAN("{\"licences\": [\"gpl\"], \"findings\": null, \"size\": null}"), &err),
		GH_OK);
	gh_buf_free(&once);
	gh_facts_json(a, GH_FACTS_STATED, &once);
	assert_null(strstr(gh_buf_cstr(&once), "mit"));
	assert_null(strstr(gh_buf_cstr(&once), "size"));
	assert_null(strstr(gh_buf_cstr(&once), "\"A\""));
}

/* One by one, as the catalog states them; every mistake makes the set unusable, and the first one is named. */
static void one_by_one(void **state)
{
	(void)state;
	gh_auto_arena arena = { .max = 4 << 20 };
	char why[GH_ERR_TEXT];
	struct gh_facts *f = gh_facts_new(&arena);
	gh_facts_put_str(f, "model", "a/b:1");
	gh_facts_put_str(f, "publisher", NULL);
	gh_facts_put_int(f, "size", 5);
	gh_facts_put_bool(f, "signature.verified", true);
	gh_facts_put_none(f, "lineage");
	gh_facts_put_str(f, "formats", "gguf");
	gh_facts_put_str(f, "formats", "json");
	size_t k = gh_facts_add(f, "findings");
	gh_facts_field_str(f, "findings.id", k, "X");
	gh_facts_field_str(f, "findings.file", k, NULL);
	assert_false(f->bad);
	assert_false(gh_facts_whole(f, why));
	assert_string_equal(why, "findings.severity: record 0 has none");
	gh_facts_field_str(f, "findings.severity", k, "low");
	assert_true(gh_facts_whole(f, why));
	assert_int_equal(f->list[gh_fact_named(GH_SPAN("formats"))].n, 2);
	assert_false(f->v[gh_fact_named(GH_SPAN("publisher"))].known);

	static char large[GH_FACTS_TEXT + 2];
	memset(large, 'a', sizeof large - 1);
	for (int i = 0; i < 12; i++) {
		struct gh_facts *g = gh_facts_new(&arena);
		switch (i) {
		case 0: gh_facts_put_str(g, "nothing", "x"); break;
		case 1: gh_facts_put_int(g, "model", 5); break;
		case 2: gh_facts_put_str(g, "size", "5"); break;
		case 3: gh_facts_put_int(g, "size", -1); break;
		case 4: gh_facts_put_int(g, "scan.coverage", 1000001); break;
		case 5: gh_facts_put_str(g, "scan.verdict", "FINE"); break;
		case 6: gh_facts_put_str(g, "findings.id", "x"); break;
		case 7: gh_facts_field_str(g, "findings.id", 0, "x"); break;
		case 8: gh_facts_field_str(g, "model", 0, "x"); break;
		case 9: gh_facts_put_int(g, "badge.age", 5); break;
		case 10: gh_facts_put_str(g, "model", large); break;
		default: (void)gh_facts_add(g, "formats"); break;
		}
		if (!g->bad || g->why[0] == '\0' || gh_facts_whole(g, why))
			fail_msg("mistake %d is taken", i);
	}
	struct gh_facts *many = gh_facts_new(&arena);
	for (int i = 0; i <= GH_FACTS_LIST; i++)
		gh_facts_put_str(many, "formats", "");
	assert_true(many->bad); /* the arena, or the list, is full */
}

/* What is made from the table is what lies in docs/. */
static void documents(void **state)
{
	(void)state;
	gh_auto_buf made = gh_buf(4 << 20), kept = gh_buf(4 << 20), table = gh_buf(4 << 20), page = gh_buf(4 << 20);
	gh_facts_schema(&made);
	file("docs/schema/policy-facts.schema.json", &kept);
	if (strcmp(gh_buf_cstr(&made), gh_buf_cstr(&kept)) != 0)
		fail_msg("docs/schema/policy-facts.schema.json is not what 'gatehouse policy facts --format schema' "
			 "prints");
	gh_policy_facts_markdown(&table);
	file("docs/policy.md", &page);
	if (strstr(gh_buf_cstr(&page), gh_buf_cstr(&table)) == NULL)
		fail_msg("the table in docs/policy.md is not what 'gatehouse policy facts --format markdown' prints");
	gh_auto_arena arena = { .max = 16 << 20 };
	const struct gh_jval *v;
	gh_auto_buf json = gh_buf(4 << 20);
	gh_policy_facts_json(&json);
	assert_int_equal(gh_jdom_parse(&arena, gh_buf_view(&json), &v, NULL), GH_OK);
	assert_int_equal(gh_jget(v, "facts")->n, gh_fact_n);
	gh_auto_buf text = gh_buf(4 << 20);
	gh_policy_facts_text(&text);
	for (unsigned i = 0; i < gh_fact_n; i++)
		assert_non_null(strstr(gh_buf_cstr(&text), gh_fact_rows[i].about));
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(rows),		  cmocka_unit_test(words_of_others), cmocka_unit_test(refused),
		cmocka_unit_test(there_and_back), cmocka_unit_test(one_by_one),	     cmocka_unit_test(documents),
	};
	return cmocka_run_group_tests_name("policy_facts", t, NULL, NULL);
}
