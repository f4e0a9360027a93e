/* What a policy hears of a scan: facts that can be read, with a stage for each finding, and none of them lost in a crowd. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/import.h"
#include "policy/policy.h"
#include "scan/report.h"
#include "wire/jout.h"

enum { CROWD = 20000, AT = 1795305600 };

/* A rule of this stage and severity at least. */
static const struct gh_rule *some(enum gh_stage stage, enum gh_severity least, enum gh_verdict effect)
{
	const struct gh_rule *r;
	for (size_t i = 0; (r = gh_rule_at(i)) != NULL; i++)
		if (gh_rule_stage(r) == stage && r->severity >= least && r->effect == effect)
			return r;
	return NULL;
}

static void none_is_lost(void **state)
{
	(void)state;
	const struct gh_rule *low = some(GH_STAGE_TENSORS, GH_INFO, GH_REVIEW),
			     *bad = some(GH_STAGE_SECRETS, GH_HIGH, GH_REVIEW);
	assert_non_null(low);
	assert_non_null(bad);
	static struct gh_finding crowd[CROWD], one[1];
	for (size_t i = 0; i < CROWD; i++)
		crowd[i] = (struct gh_finding){ .rule = low, .times = 1 };
	one[0] = (struct gh_finding){ .rule = bad, .times = 1 };
	struct gh_file_report file[] = {
		{ .path = "a",
		  .format = "safetensors",
		  .size = 8,
		  .understood = 8,
		  .finding = crowd,
		  .nfinding = CROWD },
		{ .path = "b", .format = "json", .size = 8, .understood = 8, .finding = one, .nfinding = 1 },
	};
	struct gh_scan_report r = {
		.verdict = GH_REVIEW, .scanner = "0.1.0", .rules = "1", .file = file, .nfile = 2, .bytes = 16
	};
	gh_auto_buf json = gh_buf(64 << 20);
	struct gh_jout j = gh_jout(&json);
	gh_jout_open(&j, NULL, '{');
	gh_import_facts(&r, 1700000000, &j);
	gh_jout_close(&j, '}');

	gh_auto_arena arena = { .max = 256 << 20 };
	struct gh_facts *f = gh_facts_new(&arena);
	struct gh_err err = { 0 };
	char line[800];
	if (gh_facts_read(f, gh_buf_view(&json), &err) != GH_OK)
		fail_msg("%s", gh_err_line(&err, line, sizeof line));
	gh_facts_put_str(f, "action", "export");
	const struct gh_policy *p;
	struct gh_policy_err where;
	static const char policy[] =
		"policy: 1\nname: x\nrules:\n"
		"  - {id: secrets, when: 'any(findings, .stage == secrets and .severity >= high)', effect: deny, "
		"message: m}\n"
		"  - {id: told, when: scan.dropped == 0, effect: deny, message: m}\n"
		"  - {id: stages, when: 'not any(stages, .name == tensors)', effect: deny, message: m}\n"
		"  - {id: all, when: scan.coverage < 100%, effect: deny, message: m}\n";
	assert_int_equal(gh_policy_read(&arena, gh_span_str(policy), NULL, NULL, &p, &where), GH_OK);
	const struct gh_policy_question q = { .policy = p, .facts = f, .at = AT };
	const struct gh_policy_result *res = gh_policy_ask(&q, &arena);
	assert_int_equal(res->rule[0].outcome, GH_RULE_HIT);
	assert_int_equal(res->rule[1].outcome, GH_RULE_PASSED);
	assert_int_equal(res->rule[2].outcome, GH_RULE_PASSED);
	assert_int_equal(res->rule[3].outcome, GH_RULE_PASSED);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(none_is_lost) };
	return cmocka_run_group_tests_name("policy_scan", t, NULL, NULL);
}
