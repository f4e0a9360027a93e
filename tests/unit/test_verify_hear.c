/* What the worker of `gatehouse verify` may say, and what ends it. */
#include "support/cm.h"

#include "scan/verify/hear.h"

#include <stdlib.h>

struct row {
	uint32_t kind;
	uint64_t a[6];
	const char *text;
	size_t n;
};

static const char *say(struct gh_verify_hear *h, const struct row *r)
{
	uint64_t a[GH_TOOL_NUMBERS] = { 0 };
	memcpy(a, r->a, sizeof r->a);
	const struct gh_tool_record rec = { r->kind, a, { (const uint8_t *)r->text, r->n } };
	return gh_verify_on_record(h, &rec);
}

#define T(s) (s), sizeof(s) - 1
#define DIGEST "0123456789abcdef0123456789abcdef"
#define MODEL { GH_VERIFY_R_MODEL, { GH_OMS_FILES, GH_MD_SHA256, 0, 0, 1, 2 }, T("m") }

static void records(void **state)
{
	static const struct {
		struct row first, second;
		bool good;
	} rows[] = {
		{ { GH_VERIFY_R_CHECK, { GH_VC_KEY, GH_VC_PASS }, T("x") },
		  { GH_VERIFY_R_CHECK, { GH_VC_KEY, GH_VC_FAIL }, T("") },
		  true },
		{ { 0 }, { GH_VERIFY_R_CHECK, { GH_VC_CHECKS, GH_VC_PASS }, T("") }, false },
		{ { 0 }, { GH_VERIFY_R_CHECK, { GH_VC_KEY, GH_VC_OUTCOMES }, T("") }, false },
		/* Files are not the worker's business. */
		{ { 0 }, { GH_VERIFY_R_CHECK, { GH_VC_FILES, GH_VC_PASS }, T("") }, false },
		{ { 0 }, { GH_VERIFY_R_CHECK, { GH_VC_UNSIGNED, GH_VC_PASS }, T("") }, false },
		{ { 0 }, { GH_VERIFY_R_CHECK, { GH_VC_IGNORED, GH_VC_PASS }, T("") }, false },
		{ { GH_VERIFY_R_TEXT, { GH_VERIFY_T_KEY }, T("k") },
		  { GH_VERIFY_R_TEXT, { GH_VERIFY_T_KEY }, T("l") },
		  false },
		{ { 0 }, { GH_VERIFY_R_TEXT, { GH_VERIFY_TEXTS }, T("l") }, false },
		{ { 0 }, { GH_VERIFY_R_NUMBER, { GH_VERIFY_N_TIME, UINT64_MAX }, T("") }, false },
		{ { 0 }, { GH_VERIFY_R_NUMBER, { GH_VERIFY_N_TIME, 5 }, T("") }, true },
		{ { GH_VERIFY_R_NUMBER, { GH_VERIFY_N_LOG_INDEX, 5 }, T("") },
		  { GH_VERIFY_R_NUMBER, { GH_VERIFY_N_LOG_INDEX, 6 }, T("") },
		  false },
		{ { 0 }, MODEL, true },
		{ MODEL, MODEL, false },
		{ { 0 }, { GH_VERIFY_R_MODEL, { 2, GH_MD_SHA256 }, T("m") }, false },
		{ { 0 }, { GH_VERIFY_R_MODEL, { GH_OMS_FILES, 9 }, T("m") }, false },
		{ { 0 }, { GH_VERIFY_R_MODEL, { GH_OMS_FILES, GH_MD_SHA256, 0, 0, 0, UINT64_MAX }, T("m") }, false },
		{ { 0 }, { GH_VERIFY_R_MODEL, { GH_OMS_FILES, GH_MD_SHA256, 0, 0, UINT64_MAX, 0 }, T("m") }, false },
		{ { 0 }, { GH_VERIFY_R_MODEL, { GH_OMS_SHARDS, GH_MD_SHA256, 0, 0, 0, 1 }, T("m") }, false },
		{ { 0 }, { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST "a") }, false }, /* before the model */
		{ { 0 }, { GH_VERIFY_R_IGNORE, { 0 }, T("a") }, false },
		{ MODEL, { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST "a/b") }, true },
		{ MODEL, { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST ".") }, true },
		{ MODEL, { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST) }, false },
		{ MODEL, { GH_VERIFY_R_RESOURCE, { 0 }, T("short") }, false },
		{ MODEL,
		  { GH_VERIFY_R_RESOURCE, { 0, 5 }, T(DIGEST "a") },
		  false }, /* limits of a shard, and no shards */
		{ MODEL, { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST "../a") }, false },
		{ MODEL, { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST "/etc/passwd") }, false },
		{ MODEL, { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST "a\0b") }, false },
		{ MODEL, { GH_VERIFY_R_IGNORE, { 0 }, T("x") }, true },
		{ MODEL, { GH_VERIFY_R_IGNORE, { 0 }, T("x\0y") }, false },
		{ { 0 }, { 0, { 0 }, T("") }, false },
		{ { 0 }, { 99, { 0 }, T("") }, false },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_verify_report *r = calloc(1, sizeof *r);
		const struct gh_verify_options opt = { .model = "." };
		struct gh_verify_hear h = { .opt = &opt, .r = r };
		assert_non_null(r);
		r->arena.max = 1 << 20;
		for (unsigned t = 0; t < GH_VERIFY_TEXTS; t++)
			r->text[t] = "";
		if (rows[i].first.text != NULL)
			assert_null(say(&h, &rows[i].first));
		const char *wrong = say(&h, &rows[i].second);
		if ((wrong == NULL) != rows[i].good)
			fail_msg("row %zu: %s", i, wrong == NULL ? "taken" : wrong);
		gh_arena_free(&r->arena);
		free(r);
	}
}

/* A list that is cut off is not compared as if it were whole. */
static void a_cut_list_is_none(void **state)
{
	(void)state;
	struct gh_verify_report *r = calloc(1, sizeof *r);
	const struct gh_verify_options opt = { .model = "." };
	struct gh_verify_hear h = { .opt = &opt, .r = r };
	const struct row model = MODEL, one = { GH_VERIFY_R_RESOURCE, { 0 }, T(DIGEST "a") };
	struct gh_err err = { 0 };
	r->arena.max = 1 << 20;
	assert_null(say(&h, &model));
	assert_null(say(&h, &one));
	assert_int_equal(gh_verify_heard(&h, &err), GH_E_BUG);
	gh_arena_free(&r->arena);
	free(r);
}

static void hostile_text_is_made_safe(void **state)
{
	(void)state;
	struct gh_verify_report *r = calloc(1, sizeof *r);
	const struct gh_verify_options opt = { .model = NULL };
	struct gh_verify_hear h = { .opt = &opt, .r = r };
	const struct row text = { GH_VERIFY_R_TEXT, { GH_VERIFY_T_IDENTITY }, T("\033[2Jx\n\xff") };
	r->arena.max = 1 << 20;
	for (unsigned t = 0; t < GH_VERIFY_TEXTS; t++)
		r->text[t] = "";
	assert_null(say(&h, &text));
	for (const char *s = r->text[GH_VERIFY_T_IDENTITY]; *s != '\0'; s++)
		assert_true(*s >= 0x20 && *s < 0x7f);
	const struct row model = MODEL; /* nobody asked for one */
	assert_non_null(say(&h, &model));
	gh_arena_free(&r->arena);
	free(r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records),
		cmocka_unit_test(a_cut_list_is_none),
		cmocka_unit_test(hostile_text_is_made_safe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
