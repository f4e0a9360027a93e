/* Which stages ran, from what the readings of files say. */
#include "support/cm.h"

#include <string.h>

#include "check/check.h"
#include "scan/rules.h"
#include "scan/stages.h"

/* A rule of a check of this stage whose effect is INCOMPLETE; NULL: no check has one. */
static const struct gh_rule *rule_of(enum gh_stage stage)
{
	for (size_t i = 0; i < gh_checks_n; i++)
		for (const struct gh_rule *r = gh_checks[i]->rules; r != NULL && r->id != NULL; r++)
			if (gh_checks[i]->stage == stage && r->effect == GH_INCOMPLETE)
				return r;
	return NULL;
}

struct seen {
	struct gh_arena arena;
	struct gh_stage_sums sums;
	struct gh_stage_report out[GH_STAGES];
	const char *off[GH_STAGES], *with[GH_STAGES], *lacks[GH_STAGES];
};

static int start(void **state)
{
	static struct seen s;
	s = (struct seen){ .arena = { .max = 1 << 16 } };
	*state = &s;
	return 0;
}
static int end(void **state)
{
	gh_arena_free(&((struct seen *)*state)->arena);
	return 0;
}

static void close_all(struct seen *s) { gh_stages_close(&s->sums, s->off, s->with, s->lacks, &s->arena, s->out); }

static void file(struct seen *s, const struct gh_rule *rule, const struct gh_fact *fact, size_t n)
{
	struct gh_finding *f = GH_NEW(&s->arena, struct gh_finding, 1);
	struct gh_file_report r = { .size = 10, .understood = 10, .sha256 = "00" };
	assert_non_null(f);
	*f = (struct gh_finding){ .rule = rule, .member = "" };
	r.finding = f;
	r.nfinding = rule != NULL;
	gh_stages_add(&s->sums, &r, fact, n);
}

static void all_read(void **state)
{
	struct seen *s = *state;
	struct gh_fact fact[] = { { GH_FACT_STAGE, "", GH_STAGE_TENSORS, 3, 30 },
				  { GH_FACT_STAGE, "", GH_STAGES, 9, 9 }, /* of no stage: a worker may say anything */
				  { GH_FACT_CODE, "x.py", GH_STAGE_TENSORS, 7, 7 } };
	file(s, NULL, fact, GH_ROWS(fact));
	file(s, NULL, fact, 1);
	s->off[GH_STAGE_DETONATION] = "not asked for";
	s->with[GH_STAGE_MALWARE] = "rules";
	close_all(s);
	for (unsigned i = 0; i < GH_STAGES; i++)
		assert_int_equal(s->out[i].state, i == GH_STAGE_DETONATION ? GH_STAGE_NOT_RUN : GH_STAGE_RUN);
	assert_int_equal(s->out[GH_STAGE_TENSORS].units, 6);
	assert_int_equal(s->out[GH_STAGE_TENSORS].bytes, 60);
	assert_int_equal(s->out[GH_STAGE_INTEGRITY].units, 2);
	assert_int_equal(s->out[GH_STAGE_INTEGRITY].bytes, 20);
	assert_string_equal(s->out[GH_STAGE_MALWARE].with, "rules");
	assert_string_equal(s->out[GH_STAGE_DETONATION].reason, "not asked for");
}

static void a_finding_of_the_pipeline_concerns_all(void **state)
{
	struct seen *s = *state;
	file(s, &gh_scan_rules[GH_S_MALFORMED], NULL, 0);
	file(s, NULL, NULL, 0);
	close_all(s);
	for (unsigned i = 0; i < GH_STAGES; i++)
		assert_int_equal(s->out[i].state, i == GH_STAGE_DETONATION ? GH_STAGE_RUN : GH_STAGE_INCOMPLETE);
	assert_non_null(strstr(s->out[GH_STAGE_CODE].reason, "1 of 2 files"));
	assert_non_null(strstr(s->out[GH_STAGE_CODE].reason, gh_scan_rules[GH_S_MALFORMED].title));
}

static void a_finding_of_a_check_concerns_its_stage(void **state)
{
	struct seen *s = *state;
	const struct gh_rule *r = rule_of(GH_STAGE_MALWARE);
	assert_non_null(r);
	file(s, r, NULL, 0);
	close_all(s);
	for (unsigned i = 0; i < GH_STAGES; i++)
		assert_int_equal(s->out[i].state, i == GH_STAGE_MALWARE ? GH_STAGE_INCOMPLETE : GH_STAGE_RUN);
}

static void what_was_left_out_is_said(void **state)
{
	struct seen *s = *state;
	struct gh_fact fact = { GH_FACT_STAGE, "memory", GH_STAGE_SECRETS, 1, 1 };
	file(s, NULL, &fact, 1);
	s->lacks[GH_STAGE_VULNERABILITIES] = "half of the advisories";
	close_all(s);
	assert_int_equal(s->out[GH_STAGE_SECRETS].state, GH_STAGE_INCOMPLETE);
	assert_string_equal(s->out[GH_STAGE_SECRETS].reason, "memory");
	assert_int_equal(s->out[GH_STAGE_VULNERABILITIES].state, GH_STAGE_INCOMPLETE);
	assert_string_equal(s->out[GH_STAGE_VULNERABILITIES].reason, "half of the advisories");
	assert_int_equal(s->out[GH_STAGE_TENSORS].state, GH_STAGE_RUN);
}

static void without_a_digest_nothing_ran(void **state)
{
	struct seen *s = *state;
	struct gh_file_report r = { .size = 10 };
	gh_stages_add(&s->sums, &r, NULL, 0);
	close_all(s);
	assert_int_equal(s->out[GH_STAGE_INTEGRITY].state, GH_STAGE_INCOMPLETE);
	assert_int_equal(s->out[GH_STAGE_NETWORK].state, GH_STAGE_INCOMPLETE);
}

static void nothing_read_is_no_stage_run(void **state)
{
	struct seen *s = *state;
	close_all(s);
	for (unsigned i = 0; i < GH_STAGES; i++)
		assert_int_equal(s->out[i].state, GH_STAGE_INCOMPLETE);
}

/* Every rule has one: that of its check, of the watcher of detonations, or integrity. */
static void each_rule_has_a_stage(void **state)
{
	(void)state;
	const struct gh_rule *rule;
	unsigned n[GH_STAGES] = { 0 };
	for (size_t i = 0; i < gh_checks_n; i++)
		for (const struct gh_rule *r = gh_checks[i]->rules; r != NULL && r->id != NULL; r++)
			assert_int_equal(gh_rule_stage(r), gh_checks[i]->stage);
	for (size_t i = 0; (rule = gh_rule_at(i)) != NULL; i++)
		n[gh_rule_stage(rule)]++;
	for (unsigned k = 0; k < GH_STAGES; k++)
		assert_true(n[k] != 0);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(all_read, start, end),
		cmocka_unit_test_setup_teardown(a_finding_of_the_pipeline_concerns_all, start, end),
		cmocka_unit_test_setup_teardown(a_finding_of_a_check_concerns_its_stage, start, end),
		cmocka_unit_test_setup_teardown(what_was_left_out_is_said, start, end),
		cmocka_unit_test_setup_teardown(without_a_digest_nothing_ran, start, end),
		cmocka_unit_test_setup_teardown(nothing_read_is_no_stage_run, start, end),
		cmocka_unit_test(each_rule_has_a_stage),
	};
	return cmocka_run_group_tests_name("stages", t, NULL, NULL);
}
