/* Licences: names, texts by their marks, and what of it goes together. */
#include "support/cm.h"

#include <stdio.h>

#include "check/licences.h"
#include "scan/repo.h"
#include "scan/report_licences.h"
#include "support/judged.h"

static void names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *id;
	} rows[] = {
		{ "apache-2.0", "apache-2.0" },
		{ "Apache License 2.0", "apache-2.0" },
		{ "Apache-2.0", "apache-2.0" },
		{ "MIT", "mit" },
		{ "License :: OSI Approved :: MIT License", "mit" },
		{ "llama3.1", "llama3.1" },
		{ "GPL-3.0-or-later", "gpl-3.0" },
		{ "cc-by-nc-4.0", "cc-by-nc-4.0" },
		{ "gemma", "gemma" },
		{ "openrail++", "openrail++" },
		{ "BSD-3-Clause", "bsd-3-clause" },
		{ "other", NULL },
		{ "", NULL },
		{ "???", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const char *id = gh_licence_of_name(gh_span_str(rows[i].name));
		if ((id == NULL) != (rows[i].id == NULL) || (id != NULL && strcmp(id, rows[i].id) != 0))
			fail_msg("%s: %s", rows[i].name, id == NULL ? "nothing" : id);
	}
	assert_true(gh_licence_agrees("mit", "mit"));
	assert_true(gh_licence_agrees("creativeml-openrail-m", "openrail"));
	assert_false(gh_licence_agrees("mit", "apache-2.0"));
}

static const char mit[] = "MIT License\n\nPermission is hereby granted, free of charge, to any person obtaining a "
			  "copy\nof this software, "
			  "to deal in it. THE SOFTWARE IS PROVIDED \"AS IS\", WITHOUT WARRANTY OF ANY KIND.\n";

static void files(void **state)
{
	(void)state;
	static struct gh_test_judged j;
	gh_test_judge(&j, gh_span_str(mit), "LICENSE");
	assert_non_null(strstr(j.all, "GH-LIC-0002"));
	assert_non_null(strstr(j.all, " mit\n"));
	gh_test_judge(&j, gh_span_str("---\nlicense: apache-2.0\n---\n# A model\n"), "README.md");
	assert_non_null(strstr(j.all, "GH-LIC-0001"));
	assert_string_equal(j.ids, "");
	gh_test_judge(&j, gh_span_str("---\nlicense: my-own-terms\n---\n# A model\n"), "README.md");
	assert_non_null(strstr(j.all, "GH-LIC-0005"));
	assert_string_equal(gh_check_licences.name, "licences");
}

static char told[400];
static void find(void *arg, size_t i, const struct gh_rule *rule, const char *detail)
{
	(void)arg;
	(void)snprintf(told + strlen(told), sizeof told - strlen(told), "%zu %s %s;", i, rule->id, detail);
}

static void together(void **state)
{
	(void)state;
	struct gh_finding card = { .rule = &gh_licence_rules[GH_LICENCE_DECLARED],
				   .detail = "apache-2.0",
				   .member = "" };
	struct gh_finding text = { .rule = &gh_licence_rules[GH_LICENCE_TEXT], .detail = "mit", .member = "" };
	struct gh_file_report a = { .finding = &card, .nfinding = 1 }, b = { .finding = &text, .nfinding = 1 },
			      none = { 0 };
	struct gh_fact tensors = { .kind = GH_FACT_TENSORS, .target = "", .a = 1 };
	struct gh_repo_file repo[] = { { .name = "README.md", .report = &a }, { .name = "LICENSE", .report = &b } };
	told[0] = '\0';
	gh_repo_licences(repo, 2, false, find, NULL);
	assert_string_equal(told, "0 GH-LIC-0003 apache-2.0 is declared, the text beside it is that of mit;");
	text.detail = "apache-2.0";
	told[0] = '\0';
	gh_repo_licences(repo, 2, false, find, NULL);
	assert_string_equal(told, "");
	text.detail = "mit";
	repo[1].name = "vendor/LICENSE";
	gh_repo_licences(repo, 2, false, find, NULL);
	assert_string_equal(told, "");
	struct gh_repo_file bare[] = { { .name = "model.safetensors", .report = &none, .fact = &tensors, .nfact = 1 },
				       { .name = "README.md", .report = &none } };
	gh_repo_licences(bare, 1, true, find, NULL);
	assert_string_equal(told, "");
	gh_repo_licences(bare, 1, false, find, NULL);
	assert_string_equal(told, "");
	gh_repo_licences(bare, 2, false, find, NULL);
	assert_non_null(strstr(told, "0 GH-LIC-0004"));
}

/* The bill of materials: each licence once, in the words of SPDX, and only what is known. */
static void billed(void **state)
{
	(void)state;
	assert_string_equal(gh_licence_spdx("apache-2.0"), "Apache-2.0");
	assert_string_equal(gh_licence_spdx("bsl-1.1"), "BUSL-1.1");
	assert_null(gh_licence_spdx("llama3.1"));
	assert_null(gh_licence_spdx(""));
	struct gh_finding f[] = {
		{ .rule = &gh_licence_rules[GH_LICENCE_TEXT], .detail = "mit", .member = "" },
		{ .rule = &gh_licence_rules[GH_LICENCE_DECLARED], .detail = "mit", .member = "" },
		{ .rule = &gh_licence_rules[GH_LICENCE_DECLARED], .detail = "llama3.1", .member = "" },
		{ .rule = &gh_licence_rules[GH_LICENCE_DECLARED], .detail = "\"}<script>", .member = "" },
		{ .rule = &gh_licence_rules[GH_LICENCE_DECLARED], .detail = "isc", .member = "a.zip/LICENSE" },
		{ .rule = &gh_licence_rules[GH_LICENCE_UNKNOWN], .detail = "isc", .member = "" },
	};
	struct gh_file_report r[] = { { .finding = f, .nfinding = GH_ROWS(f) }, { .nfinding = 0 } };
	gh_auto_buf b = gh_buf(4096);
	struct gh_jout j = gh_jout(&b);
	gh_jout_open(&j, NULL, '{');
	gh_report_licences(&j, r, 2);
	gh_jout_close(&j, '}');
	char flat[400];
	size_t n = 0;
	for (const char *p = gh_buf_cstr(&b); *p != '\0' && n + 1 < sizeof flat; p++)
		if (*p != ' ' && *p != '\n')
			flat[n++] = *p;
	flat[n] = '\0';
	assert_string_equal(flat, "{\"licenses\":[{\"license\":{\"id\":\"MIT\",\"acknowledgement\":\"declared\"}},"
				  "{\"license\":{\"name\":\"llama3.1\",\"acknowledgement\":\"declared\"}}]}");
	gh_buf_free(&b);
	b = gh_buf(4096);
	j = gh_jout(&b);
	gh_jout_open(&j, NULL, '{');
	gh_report_licences(&j, r + 1, 1); /* none: no empty list, which would say that there is none */
	gh_jout_close(&j, '}');
	assert_null(strstr(gh_buf_cstr(&b), "licenses"));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(names), cmocka_unit_test(files),
					    cmocka_unit_test(together), cmocka_unit_test(billed) };
	return cmocka_run_group_tests_name("licences", tests, NULL, NULL);
}
