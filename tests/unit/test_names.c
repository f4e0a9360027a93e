/* Names, scopes, ids: what is one and what is none. */
#include "support/cm.h"

#include "catalog/id.h"
#include "catalog/name.h"

#include <stdio.h>

static const char long63[] = "a23456789012345678901234567890123456789012345678901234567890123";

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum gh_name_kind kind;
		const char *tenant, *project, *name, *version; /* tenant NULL: refused */
		const char *says;
	} rows[] = {
		{ "acme/llama:1.0", GH_NAME_VERSION, "acme", "", "llama", "1.0", NULL },
		{ "acme/nlp/llama:2024-06-Q4_K_M", GH_NAME_VERSION, "acme", "nlp", "llama", "2024-06-Q4_K_M", NULL },
		{ "a/b", GH_NAME_MODEL, "a", "", "b", "", NULL },
		{ "a/b", GH_NAME_EITHER, "a", "", "b", "", NULL },
		{ "a/b:c", GH_NAME_EITHER, "a", "", "b", "c", NULL },
		{ "0.a_b-c/x/y", GH_NAME_MODEL, "0.a_b-c", "x", "y", "", NULL },
		{ "a/b", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "version is missing" },
		{ "a/b:1", GH_NAME_MODEL, NULL, NULL, NULL, NULL, "without a version" },
		{ "llama:1.0", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "tenant is missing" },
		{ "", GH_NAME_EITHER, NULL, NULL, NULL, NULL, "tenant is missing" },
		{ "/b:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "'' is no name of a tenant" },
		{ "a/:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "'' is no name of a model" },
		{ "a//b:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a project" },
		{ "a/b:", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "'' is no name of a version" },
		{ "a/b:1:2", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "'1:2' is no name of a version" },
		{ "a/b/c/d:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "'c/d' is no name of a model" },
		{ "a/b:1/2", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a version" },
		{ "A/b:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a tenant" },
		{ "a/B:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a model" },
		{ "../b:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a tenant" },
		{ "a/..:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a model" },
		{ "a/b..c:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a model" },
		{ "a/.b:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a model" },
		{ "a/b:-1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a version" },
		{ "a/b c:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a model" },
		{ "a/\xc3\xa4:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "no name of a model" },
		{ "a/\x1b[31m:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "\\x1b[31m" },
		{ "platform/b:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "word of gatehouse's own" },
		{ "local/b:1", GH_NAME_VERSION, NULL, NULL, NULL, NULL, "word of gatehouse's own" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_name n;
		struct gh_err err = { 0 };
		char line[512], text[GH_NAME_TEXT];
		enum gh_rc rc = gh_name_parse(gh_span_str(rows[i].text), rows[i].kind, &n, &err);
		if (rows[i].tenant == NULL) {
			assert_int_equal(rc, GH_E_MALFORMED);
			if (strstr(gh_err_line(&err, line, sizeof line), rows[i].says) == NULL)
				fail_msg("'%s': %s", rows[i].text, line);
			assert_string_equal(n.tenant, "");
			continue;
		}
		assert_int_equal(rc, GH_OK);
		assert_string_equal(n.tenant, rows[i].tenant);
		assert_string_equal(n.project, rows[i].project);
		assert_string_equal(n.name, rows[i].name);
		assert_string_equal(n.version, rows[i].version);
		assert_string_equal(gh_name_text(&n, text), rows[i].text); /* and back */
	}
}

static void lengths(void **state)
{
	(void)state;
	char text[512], out[GH_NAME_PART + 1], back[GH_NAME_TEXT];
	struct gh_name n;
	snprintf(text, sizeof text, "%s/%s/%s:%s", long63, long63, long63, long63);
	assert_int_equal(gh_name_parse(gh_span_str(text), GH_NAME_VERSION, &n, NULL), GH_OK);
	assert_string_equal(gh_name_text(&n, back), text);
	snprintf(text, sizeof text, "%sx", long63);
	assert_int_equal(gh_name_part("tenant", gh_span_str(text), out, NULL), GH_E_MALFORMED);
	assert_int_equal(gh_name_part("tenant", gh_span_str(long63), out, NULL), GH_OK);
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(gh_name_parse(gh_span_str(text), GH_NAME_EITHER, &n, NULL), GH_E_MALFORMED);
	assert_int_equal(gh_name_part("tenant", (struct gh_span){ (const uint8_t *)"a\0b", 3 }, out, NULL),
			 GH_E_MALFORMED);
}

static void scopes(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum gh_rc rc;
		const char *tenant, *project;
	} rows[] = {
		{ "platform", GH_OK, "", "" },
		{ "acme", GH_OK, "acme", "" },
		{ "acme/nlp", GH_OK, "acme", "nlp" },
		{ "", GH_E_MALFORMED, "", "" },
		{ "acme/", GH_E_MALFORMED, "", "" },
		{ "acme/nlp/x", GH_E_MALFORMED, "", "" },
		{ "acme/nlp:1", GH_E_MALFORMED, "", "" },
		{ "platform/nlp", GH_E_MALFORMED, "", "" },
		{ "*", GH_E_MALFORMED, "", "" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_name n;
		char text[GH_NAME_TEXT];
		assert_int_equal(gh_scope_parse(gh_span_str(rows[i].text), &n, NULL), rows[i].rc);
		assert_string_equal(n.tenant, rows[i].tenant);
		assert_string_equal(n.project, rows[i].project);
		if (rows[i].rc == GH_OK)
			assert_string_equal(gh_name_text(&n, text), rows[i].text);
	}
}

static void ids(void **state)
{
	(void)state;
	struct gh_id a, b;
	assert_int_equal(gh_id_new(&a, NULL), GH_OK);
	assert_int_equal(gh_id_new(&b, NULL), GH_OK);
	assert_true(gh_id_ok(gh_span_str(a.s)));
	assert_false(gh_id_same(&a, &b));
	struct gh_id c = gh_id(gh_span_str(a.s));
	assert_true(gh_id_same(&a, &c));
	static const char *const none[] = { "", "0123456789abcdef0123456789abcde", "0123456789ABCDEF0123456789abcdef",
					    "0123456789abcdef0123456789abcdeg", "0123456789abcdef0123456789abcdef0" };
	for (size_t i = 0; i < GH_ROWS(none); i++) {
		c = gh_id(gh_span_str(none[i]));
		assert_true(gh_id_none(&c));
	}
	uint8_t raw[3];
	char hex[7];
	assert_true(gh_hex_get(GH_SPAN("00ff7a"), raw, 3));
	gh_hex_put(hex, raw, 3);
	assert_string_equal(hex, "00ff7a");
	assert_false(gh_hex_get(GH_SPAN("00ff7"), raw, 3));
	assert_false(gh_hex_get(GH_SPAN("00FF7a"), raw, 3));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(lengths),
		cmocka_unit_test(scopes),
		cmocka_unit_test(ids),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
