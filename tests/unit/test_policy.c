/* Policies: what is refused when they are read, and what they decide. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

#define D1 "1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "2222222222222222222222222222222222222222222222222222222222222222"
enum { AT = 1795305600, DAY = 86400 }; /* 2026-11-22T00:00:00Z */

struct given {
	struct gh_arena arena;
	struct gh_policy_err err;
	const char *opa; /* what the server answers; NULL: nothing */
	char asked[8192];
};

static int start(void **state)
{
	static struct given g;
	g = (struct given){ .arena = { .max = 512 << 20 } };
	*state = &g;
	return 0;
}

static int end(void **state)
{
	gh_arena_free(&((struct given *)*state)->arena);
	return 0;
}

static const struct gh_policy *read(struct given *g, const char *text)
{
	const struct gh_policy *p;
	if (gh_policy_read(&g->arena, gh_span_str(text), gh_policy_profile, NULL, &p, &g->err) != GH_OK)
		fail_msg("%llu:%llu: %s: %s", (unsigned long long)g->err.line, (unsigned long long)g->err.column,
			 g->err.path, g->err.what);
	return p;
}

static struct gh_facts *facts(struct given *g, const char *json)
{
	struct gh_err err = { 0 };
	struct gh_facts *f = gh_facts_new(&g->arena);
	assert_non_null(f);
	if (gh_facts_read(f, gh_span_str(json), &err) != GH_OK)
		fail_msg("%s: %s", json, err.text[0]);
	return f;
}

static bool answer(void *ctx, struct gh_span url, int64_t timeout_ms, struct gh_span body, struct gh_buf *out,
		   const char **why)
{
	struct given *g = ctx;
	(void)snprintf(g->asked, sizeof g->asked, "%.*s %lld %.*s", (int)url.n, (const char *)url.p,
		       (long long)timeout_ms, (int)body.n, (const char *)body.p);
	*why = "nobody is there";
	gh_buf_str(out, g->opa == NULL ? "" : g->opa);
	return g->opa != NULL;
}

static const struct gh_policy_result *ask(struct given *g, const char *policy, const char *json)
{
	const struct gh_policy_question q = {
		.policy = read(g, policy), .facts = facts(g, json), .at = AT, .opa = answer, .opa_ctx = g
	};
	return gh_policy_ask(&q, &g->arena);
}

static const struct gh_rule_result *rule(const struct gh_policy_result *r, const char *id)
{
	for (size_t i = 0; i < r->nrule; i++)
		if (gh_span_is(r->rule[i].id, id))
			return &r->rule[i];
	fail_msg("no rule %s", id);
	return NULL;
}

#define HEAD "policy: 1\nname: x\n"
#define RULES HEAD "rules:\n"
#define RULE(id, when, effect) "  - id: " id "\n    when: " when "\n    effect: " effect "\n    message: m-" id "\n"

/* ---- reading --------------------------------------------------------------------------------------------------------------- */
static void refused(void **state)
{
	struct given *g = *state;
	static const struct {
		const char *text;
		uint64_t line, column;
		const char *path, *says;
	} rows[] = {
		{ "", 1, 1, "", "must be a mapping" },
		{ "- a\n", 1, 1, "", "must be a mapping" },
		{ "policy: 2\nother: 1\n", 1, 9, "policy", "there is one: 1" },
		{ "name: x\n", 1, 1, "", "'policy' is missing" },
		{ "policy: 1\n", 1, 1, "", "'name' is missing" },
		{ HEAD, 1, 1, "", "would allow everything" },
		{ HEAD "rules: []\n", 1, 1, "", "would allow everything" },
		{ HEAD "ruls: []\n", 3, 1, "ruls", "no key 'ruls' here; there are: policy, name" },
		{ HEAD "name: y\n", 3, 1, "", "second time" },
		{ HEAD "rules: 3\n", 3, 8, "rules", "is a single value; expected is a list" },
		{ HEAD "rules:\n", 3, 1, "rules", "is nothing; expected is a list" },
		{ HEAD "rules: &a []\n", 3, 11, "rules", "tags (!x) and anchors" },
		{ HEAD "rules: *a\n", 3, 8, "rules", "aliases" },
		{ HEAD "---\npolicy: 1\n", 3, 1, "", "more than one document" },
		{ HEAD "rules: [}\n", 3, 9, "rules", "" },
		{ HEAD "description: a\xe2\x80\xae b\n", 3, 15, "", "invisible or misleading" },
		{ HEAD "description: \xff\n", 3, 14, "", "not UTF-8" },
		{ "policy: 1\nname: a b\n", 2, 7, "name", "an id has letters" },
		{ RULES "  - id: a\n    effect: deny\n", 4, 5, "rules[0]", "'message' is missing" },
		{ RULES "  - id: a\n    effect: allow\n    message: m\n", 5, 13, "rules[0].effect",
		  "an effect is audit" },
		{ RULES RULE("a", "size > 1", "deny") RULE("a", "size > 1", "deny"), 8, 9, "rules[1].id",
		  "stands above" },
		{ RULES RULE("quarantine", "size > 1", "deny"), 4, 9, "rules[0].id", "this id is taken" },
		{ RULES RULE("a", "sizz > 1", "deny"), 5, 11, "rules[0].when", "is 'size' meant?" },
		{ RULES RULE("a", "size > 1 and\n          any(findings, .severity == hi)", "deny"), 6, 38,
		  "rules[0].when", "'hi' is none of the words" },
		{ RULES RULE("a", "|\n      size > 1\n      and oops", "deny"), 7, 11, "rules[0].when",
		  "no fact 'oops'" },
		{ RULES RULE("a", "\"publisher == \\\"x\\\" and oops\"", "deny"), 5, 35, "rules[0].when",
		  "no fact 'oops'" },
		{ RULES RULE("a", "'publisher == ''x'' and oops'", "deny"), 5, 35, "rules[0].when", "no fact 'oops'" },
		{ RULES "  - {id: a, on: [fly], effect: deny, message: m}\n", 4, 18, "rules[0].on[0]",
		  "'fly' is no action" },
		{ RULES "  - {id: a, on: [], effect: deny, message: m}\n", 4, 17, "rules[0].on", "never apply" },
		{ RULES "  - {id: a, effect: {require: {approvals: 0, roles: [auditor]}}, message: m}\n", 4, 43,
		  "rules[0].effect.require.approvals", "from 1 to 16" },
		{ RULES "  - {id: a, effect: {require: {approvals: 1, roles: [robot]}}, message: m}\n", 4, 53,
		  "rules[0].effect.require.roles", "given by persons" },
		{ RULES "  - {id: a, effect: {require: {approvals: 1, roles: [auditor], within: 5}}, message: m}\n", 4,
		  72, "rules[0].effect.require.within", "a duration is expected" },
		{ RULES "  - {id: a, unknown: maybe, effect: deny, message: m}\n", 4, 22, "rules[0].unknown",
		  "deny (the default)" },
		{ RULES RULE("a", "any(findings) and none(evidence.verified)", "deny"), 5, 11, "rules[0].when",
		  "cannot excuse" },
		{ RULES RULE("a", "any(findings) and none(evidence.vex, .status == not_affected)", "deny"), 5, 11,
		  "rules[0].when", "cannot excuse" },
		{ RULES RULE("a", "scan.verdict > CLEAN and count(evidence.vex, .status == fixed) < 1", "deny"), 5, 11,
		  "rules[0].when", "cannot excuse" },
		{ RULES RULE("a", "badge.state == revoked and not any(evidence.tests, .result == pass)", "deny"), 5, 11,
		  "rules[0].when", "cannot excuse" },
		{ RULES RULE("a", "none(evidence.findings)", "deny"), 5, 11, "rules[0].when", "nobody stands for" },
		{ RULES RULE("a", "any(findings) or any(evidence.findings)", "warn"), 5, 11, "rules[0].when",
		  "unknown: apply" },
		{ RULES RULE("a", "any(findings) or any(evidence.findings)",
			     "{require: {approvals: 1, roles: [auditor]}}") "    unknown: "
									    "warn\n",
		  5, 11, "rules[0].when", "unknown: apply" },
		{ HEAD "tiers:\n  high:\n    - {when: not signature.verified, because: b}\nrules:\n" RULE(
			  "a", "size > 1", "deny"),
		  5, 14, "tiers.high[0].when", "may raise the tier, never lower it" },
		{ HEAD
		  "tiers:\n  high:\n    - {when: risk.tier == low, because: b}\nrules:\n" RULE("a", "size > 1", "deny"),
		  5, 14, "tiers.high[0].when", "they cannot ask it" },
		/* the tier speaks of findings, the rule of the tier: one step more, and still an excuse */
		{ HEAD "tiers:\n  high:\n    - {when: any(findings), because: b}\nrules:\n" RULE(
			  "a", "risk.tier == high and not signature.verified", "deny"),
		  8, 11, "rules[0].when", "cannot excuse" },
		{ HEAD "quarantine: {period: 1d, when: any(findings) and not signature.verified}\n", 3, 32,
		  "quarantine.when", "cannot excuse" },
		{ HEAD "quarantine: {period: soon}\n", 3, 22, "quarantine.period", "a duration is expected" },
		{ HEAD "opa: {url: ftp://x}\n", 3, 12, "opa.url", "an http:// or https:// URL" },
		{ HEAD "opa: {url: http://me:secret@x/}\n", 3, 12, "opa.url", "without user and password" },
		{ HEAD "opa: {url: http://x/, timeout: 1h}\n", 3, 32, "opa.timeout", "from 1s to 30s" },
		{ HEAD "extends: nobody\n", 3, 10, "extends", "no policy 'nobody' to extend" },
		{ HEAD "remove: [unsafe]\nrules:\n" RULE("a", "size > 1", "deny"), 3, 10, "remove[0]",
		  "has no rule 'unsafe'" },
		{ HEAD "extends: lenient\nrules:\n" RULE("unsafe", "size > 1", "deny"), 5, 9, "rules[0].id",
		  "override: true" },
		{ HEAD "extends: lenient\nrules:\n  - {id: new, override: true, effect: deny, message: m}\n", 5, 25,
		  "rules[0].override", "no rule 'new' that could be replaced" },
		{ HEAD "extends: lenient\nremove: [unsafe]\nexceptions:\n  - {id: E, rule: unsafe, model: 'a/*:1', "
		       "owner: o, reason: r, "
		       "expires: 2027-01-01}\n",
		  6, 19, "exceptions[0].rule", "no rule 'unsafe'" },
		{ HEAD "extends: lenient\nexceptions:\n  - {id: E, rule: unsafe, model: '**', owner: o, reason: r, "
		       "expires: 2027-01-01}\n",
		  5, 34, "exceptions[0].model", "no exception: change the rule" },
		{ HEAD "extends: lenient\nexceptions:\n  - {id: E, rule: unsafe, owner: o, reason: r, expires: "
		       "2027-01-01}\n",
		  5, 5, "exceptions[0]", "names its subject" },
		{ HEAD "extends: lenient\nexceptions:\n  - {id: E, rule: unsafe, digest: 12, owner: o, reason: r, "
		       "expires: 2027-01-01}\n",
		  5, 35, "exceptions[0].digest", "64 lower-case" },
		{ HEAD
		  "extends: lenient\nexceptions:\n  - {id: E, rule: unsafe, model: 'a/*:1', owner: o, reason: r}\n",
		  5, 5, "exceptions[0]", "'expires' is missing" },
		{ HEAD "extends: lenient\nexceptions:\n  - {id: E, rule: unsafe, model: 'a/*:1', owner: '', reason: r, "
		       "expires: 2027-01-01}\n",
		  5, 50, "exceptions[0].owner", "a text is expected" },
	};
	size_t wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct gh_policy *p;
		enum gh_rc rc = gh_policy_read(&g->arena, gh_span_str(rows[i].text), gh_policy_profile, NULL, &p,
					       &g->err);
		if (rc == GH_E_MALFORMED && p == NULL && g->err.line == rows[i].line &&
		    g->err.column == rows[i].column && strcmp(g->err.path, rows[i].path) == 0 &&
		    strstr(g->err.what, rows[i].says) != NULL)
			continue;
		wrong++;
		print_error("%s\n-> %d %llu:%llu: %s: %s\nexpected %llu:%llu: %s: %s\n", rows[i].text, rc,
			    (unsigned long long)g->err.line, (unsigned long long)g->err.column, g->err.path,
			    g->err.what, (unsigned long long)rows[i].line, (unsigned long long)rows[i].column,
			    rows[i].path, rows[i].says);
	}
	assert_int_equal(wrong, 0);
}

static bool itself(void *ctx, struct gh_span name, struct gh_span *text)
{
	(void)name;
	*text = *(struct gh_span *)ctx;
	return true;
}

static void bounded(void **state)
{
	struct given *g = *state;
	const struct gh_policy *p;
	struct gh_span loop = GH_SPAN(HEAD "extends: me.yaml\n");
	assert_int_equal(gh_policy_read(&g->arena, loop, itself, &loop, &p, &g->err), GH_E_MALFORMED);
	assert_non_null(strstr(g->err.what, "more than 4 policies extend one another"));

	gh_auto_buf b = gh_buf(1 << 20);
	gh_buf_str(&b, RULES);
	for (int i = 0; i < 513; i++)
		gh_buf_fmt(&b, "  - {id: r%d, effect: deny, message: m}\n", i);
	assert_int_equal(gh_policy_read(&g->arena, gh_buf_view(&b), NULL, NULL, &p, &g->err), GH_E_MALFORMED);
	assert_non_null(strstr(g->err.what, "at most 512 rules"));

	gh_auto_buf deep = gh_buf(1 << 20);
	gh_buf_str(&deep, HEAD "rules: ");
	for (int i = 0; i < 100; i++)
		gh_buf_ch(&deep, '[');
	assert_int_equal(gh_policy_read(&g->arena, gh_buf_view(&deep), NULL, NULL, &p, &g->err), GH_E_MALFORMED);
	assert_non_null(strstr(g->err.what, "nested too deeply"));

	gh_auto_buf large = gh_buf(1 << 20);
	for (int i = 0; i < (GH_POLICY_TEXT >> 4) + 1; i++)
		gh_buf_str(&large, "# 3456789 12345\n");
	assert_int_equal(gh_policy_read(&g->arena, gh_buf_view(&large), NULL, NULL, &p, &g->err), GH_E_LIMIT);

	/* Without enough memory: a result, never a policy that has only half its rules. */
	for (size_t max = 0; max < 200000; max += 1500) {
		gh_auto_arena small = { .max = max };
		const struct gh_policy *q;
		struct gh_span text;
		assert_true(gh_policy_profile(NULL, GH_SPAN("high-risk"), &text));
		enum gh_rc rc = gh_policy_read(&small, text, gh_policy_profile, NULL, &q, &g->err);
		if (rc == GH_OK)
			assert_int_equal(gh_policy_nrules(q), 20);
		else
			assert_true(rc == GH_E_NOMEM ||
				    (rc == GH_E_MALFORMED && strstr(g->err.what, "memory") != NULL));
	}
}

static void digests(void **state)
{
	struct given *g = *state;
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ RULES "  - {id: a, effect: deny, message: one two}\n",
		  RULES "  - id: a\n    effect: deny\n    message: |\n      one\n      two\n", true },
		/* comments, spaces, order of keys, spelling of the same */
		{ RULES RULE("a", "size > 1", "deny"),
		  "# c\nname: x\npolicy: 1\nrules: [{message: m-a, effect: deny, when: 'size  >1', id: a}]", true },
		{ RULES RULE("a", "size > 1", "deny"), RULES RULE("a", "size > 2", "deny"), false },
		{ RULES RULE("a", "size > 1", "deny"), RULES RULE("b", "size > 1", "deny"), false },
		{ RULES RULE("a", "size > 1", "deny"), RULES RULE("a", "size > 1", "warn"), false },
		{ RULES RULE("a", "size > 1", "deny"), RULES RULE("a", "size > 1", "deny") "    unknown: warn\n",
		  false },
		{ RULES RULE("a", "size > 1", "deny"), RULES RULE("a", "size > 1", "deny") "    on: deploy\n", false },
		{ RULES RULE("a", "size > 1", "deny"),
		  "policy: 1\nname: x\nversion: 2\nrules:\n" RULE("a", "size > 1", "deny"), false },
		{ RULES RULE("a", "size > 1", "deny") RULE("b", "size > 1", "deny"),
		  RULES RULE("b", "size > 1", "deny") RULE("a", "size > 1", "deny"), false },
		{ HEAD "extends: lenient\n", HEAD "extends: enterprise\n", false },
		{ HEAD "quarantine: {period: 1d}\n", HEAD "quarantine: {period: 24h}\n", true },
		{ HEAD "quarantine: {period: 1d}\n", HEAD "quarantine: {period: 2d}\n", false },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const char *a = gh_policy_digest(read(g, rows[i].a)), *b = gh_policy_digest(read(g, rows[i].b));
		assert_int_equal(strlen(a), 64);
		if ((strcmp(a, b) == 0) != rows[i].same)
			fail_msg("row %zu: %s\n%s", i, rows[i].a, rows[i].b);
	}
}

/* ---- deciding -------------------------------------------------------------------------------------------------------------- */
static void decisions(void **state)
{
	struct given *g = *state;
	static const struct {
		const char *policy, *facts;
		enum gh_decision is;
	} rows[] = {
		{ RULES RULE("a", "size > 1", "deny"), "{\"size\": 1}", GH_ALLOW },
		{ RULES RULE("a", "size > 1", "deny"), "{\"size\": 2}", GH_DENY },
		{ RULES RULE("a", "size > 1", "warn"), "{\"size\": 2}", GH_WARN },
		{ RULES RULE("a", "size > 1", "audit"), "{\"size\": 2}", GH_ALLOW },
		{ RULES RULE("a", "size > 1", "deny"), "{}", GH_DENY },
		{ RULES RULE("a", "size > 1", "audit"), "{}", GH_DENY }, /* fails closed, whatever the effect */
		{ RULES RULE("a", "size > 1", "deny") "    unknown: warn\n", "{}", GH_WARN },
		{ RULES RULE("a", "size > 1", "deny") "    unknown: ignore\n", "{}", GH_ALLOW },
		{ RULES RULE("a", "size > 1", "deny") "    unknown: apply\n", "{}", GH_DENY },
		{ RULES RULE("a", "size > 1", "warn") "    unknown: apply\n", "{}", GH_WARN },
		/* the strictest counts, in any order */
		{ RULES RULE("a", "size > 1", "deny") RULE("b", "size > 0", "warn"), "{\"size\": 2}", GH_DENY },
		{ RULES RULE("b", "size > 0", "warn") RULE("a", "size > 1", "deny"), "{\"size\": 2}", GH_DENY },
		{ RULES RULE("b", "size > 0", "warn") RULE("a", "size > 1", "deny"), "{\"size\": 1}", GH_WARN },
		{ RULES "  - {id: always, effect: warn, message: m}\n", "{}", GH_WARN },
		/* actions */
		{ RULES RULE("a", "size > 1", "deny") "    on: [deploy, share]\n",
		  "{\"size\": 2, \"action\": \"export\"}", GH_ALLOW },
		{ RULES RULE("a", "size > 1", "deny") "    on: [deploy, share]\n",
		  "{\"size\": 2, \"action\": \"share\"}", GH_DENY },
		{ RULES RULE("a", "size > 1", "deny") "    on: [deploy, share]\n", "{\"size\": 2}", GH_DENY },
		/* quarantine */
		{ HEAD "quarantine: {period: 7d}\n", "{\"action\": \"deploy\", \"imported\": \"2026-11-15T00:00:00Z\"}",
		  GH_ALLOW },
		{ HEAD "quarantine: {period: 7d}\n", "{\"action\": \"deploy\", \"imported\": \"2026-11-15T00:00:01Z\"}",
		  GH_DENY },
		{ HEAD "quarantine: {period: 7d}\n", "{\"action\": \"deploy\", \"imported\": \"2026-11-22T00:00:01Z\"}",
		  GH_DENY },
		{ HEAD "quarantine: {period: 7d}\n", "{\"action\": \"deploy\"}", GH_DENY },
		{ HEAD "quarantine: {period: 7d}\n", "{\"action\": \"import\"}", GH_ALLOW },
		{ HEAD "quarantine: {period: 7d, when: publisher != \"us\"}\n",
		  "{\"action\": \"deploy\", \"publisher\": \"us\", \"imported\": \"2026-11-22T00:00:00Z\"}", GH_ALLOW },
		{ HEAD "quarantine: {period: 7d, when: publisher != \"us\"}\n",
		  "{\"action\": \"deploy\", \"imported\": \"2026-11-22T00:00:00Z\"}", GH_DENY },
		/* tiers: only ever up, and up when it cannot be told */
		{ HEAD "tiers: {high: [{when: size > 9, because: b}]}\nrules:\n" RULE("a", "risk.tier == high", "deny"),
		  "{\"size\": 9}", GH_ALLOW },
		{ HEAD "tiers: {high: [{when: size > 9, because: b}]}\nrules:\n" RULE("a", "risk.tier == high", "deny"),
		  "{\"size\": 10, \"risk\": {\"declared\": \"low\"}}", GH_DENY },
		{ HEAD "tiers: {high: [{when: size > 9, because: b}]}\nrules:\n" RULE("a", "risk.tier == high", "deny"),
		  "{}", GH_DENY },
		{ HEAD
		  "tiers: {standard: [{when: size > 9, because: b}]}\nrules:\n" RULE("a", "risk.tier < high", "deny"),
		  "{\"size\": 10, \"risk\": {\"declared\": \"high\"}}", GH_ALLOW },
		/* what is on top of a base */
		{ HEAD "extends: lenient\nremove: [base, no-badge, old-advisories, others-found-something, review]\n",
		  "{\"scan\": {\"verdict\": \"CLEAN\"}, \"badge\": {\"state\": \"none\"}}", GH_ALLOW },
		{ HEAD "extends: lenient\nremove: [no-badge, old-advisories, others-found-something]\nrules:\n  - {id: "
		       "review, override: "
		       "true, effect: deny, message: m}\n",
		  "{\"scan\": {\"verdict\": \"CLEAN\"}, \"badge\": {\"state\": \"none\"}}", GH_DENY },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct gh_policy_result *r = ask(g, rows[i].policy, rows[i].facts);
		if (r->decision != rows[i].is)
			fail_msg("%s\n%s\n-> %s", rows[i].policy, rows[i].facts, gh_decision_name(r->decision));
		assert_true((r->decision == GH_ALLOW) == (r->nnext == 0)); /* whoever is refused hears what to do */
	}
}

#define REQ(n, more) \
	RULES "  - id: a\n    effect: {require: {approvals: " #n ", roles: [security-reviewer, tenant-admin]" more \
	      "}}\n    message: m\n"
#define WORD(by, role, says, at, of) \
	"{\"by\": \"" by "\", \"role\": \"" role "\", \"decision\": \"" says "\", \"at\": \"" at \
	"\", \"digest\": \"" of "\"}"
#define FACTS(words) "{\"digest\": \"" D1 "\", \"author\": \"alice\", \"approvals\": [" words "]}"
#define REVIEWER "security-reviewer"
#define DAY1 "2026-11-20T00:00:00Z"
#define DAY2 "2026-11-21T00:00:00Z"

static void approvals(void **state)
{
	struct given *g = *state;
	static const struct {
		const char *policy, *facts;
		enum gh_decision is;
		unsigned have;
		const char *why; /* of the first word, or NULL: it counts */
	} rows[] = {
		{ REQ(1, ""), FACTS(""), GH_PENDING, 0, NULL },
		{ REQ(1, ""), FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1)), GH_ALLOW, 1, NULL },
		{ REQ(2, ""), FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1)), GH_PENDING, 1, NULL },
		{ REQ(1, ""), FACTS(WORD("alice", REVIEWER, "approve", DAY1, D1)), GH_PENDING, 0, "is of the author" },
		{ REQ(1, ""), FACTS(WORD("bob", REVIEWER, "approve", DAY1, D2)), GH_PENDING, 0,
		  "is about other bytes" },
		{ REQ(1, ""), FACTS(WORD("bob", "auditor", "approve", DAY1, D1)), GH_PENDING, 0,
		  "was given in another role" },
		{ REQ(1, ""), FACTS(WORD("bob", REVIEWER, "approve", "2026-11-22T00:00:01Z", D1)), GH_PENDING, 0,
		  "lies in the future" },
		{ REQ(1, ", within: 1d"), FACTS(WORD("bob", REVIEWER, "approve", DAY2, D1)), GH_ALLOW, 1, NULL },
		{ REQ(1, ", within: 1d"), FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1)), GH_PENDING, 0,
		  "is too old" },
		{ REQ(2, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("bob", "tenant-admin", "approve", DAY1,
									    D1)),
		  GH_PENDING, 1, NULL },
		{ REQ(2, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("eve", "tenant-admin", "approve", DAY1,
									    D1)),
		  GH_ALLOW, 2, NULL },
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("bob", REVIEWER, "reject", DAY2, D1)),
		  GH_DENY, 0, "was followed by another word of the same person" },
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "reject", DAY1, D1) "," WORD("bob", REVIEWER, "approve", DAY2, D1)),
		  GH_ALLOW, 1, "was followed by another word of the same person" },
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("bob", REVIEWER, "reject", DAY1, D1)),
		  GH_DENY, 0, "was followed by another word of the same person" },
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "reject", DAY1, D1) "," WORD("bob", REVIEWER, "approve", DAY1, D1)),
		  GH_DENY, 0, "is a rejection" },
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("eve", REVIEWER, "reject", DAY1, D1)),
		  GH_DENY, 1, NULL },
		/* a no of somebody who is not asked, or about other bytes, or of tomorrow, stops nobody */
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("eve", "consumer", "reject", DAY2, D1)),
		  GH_ALLOW, 1, NULL },
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("bob", REVIEWER, "reject", DAY2, D2)),
		  GH_ALLOW, 1, NULL },
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("bob", REVIEWER, "reject",
									    "2026-12-01T00:00:00Z", D1)),
		  GH_ALLOW, 1, NULL },
		/* but whoever takes back in another role has taken back */
		{ REQ(1, ""),
		  FACTS(WORD("bob", REVIEWER, "approve", DAY1, D1) "," WORD("bob", "consumer", "reject", DAY2, D1)),
		  GH_PENDING, 0, "was followed by another word of the same person" },
		/* names are compared as they are */
		{ REQ(1, ""), FACTS(WORD("Alice", REVIEWER, "approve", DAY1, D1)), GH_ALLOW, 1, NULL },
		/* and nothing is assumed */
		{ REQ(1, ""), "{\"digest\": \"" D1 "\", \"author\": \"alice\"}", GH_DENY, 0, NULL },
		{ REQ(1, ""), "{\"digest\": \"" D1 "\", \"approvals\": []}", GH_DENY, 0, NULL },
		{ REQ(1, ""), "{\"author\": \"alice\", \"approvals\": []}", GH_DENY, 0, NULL },
		{ REQ(1, "") "    unknown: ignore\n", "{}", GH_DENY, 0, NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct gh_policy_result *r = ask(g, rows[i].policy, rows[i].facts);
		const struct gh_rule_result *a = rule(r, "a");
		const char *why = a->napprover == 0 ? NULL : a->approver[0].why;
		if (r->decision != rows[i].is || a->have != rows[i].have || (why == NULL) != (rows[i].why == NULL) ||
		    (why != NULL && strcmp(why, rows[i].why) != 0))
			fail_msg("row %zu: %s -> %s, %u, %s", i, rows[i].facts, gh_decision_name(r->decision), a->have,
				 why == NULL ? "counts" : why);
	}
}

#define EXC(more) \
	RULES RULE("a", "size > 1", "deny") "exceptions:\n  - {id: E1, rule: a, owner: o, reason: because, " more "}" \
					    "\n"
#define MODEL(more) "{\"model\": \"acme/llama:1.0\", \"digest\": \"" D1 "\"" more "}"

static void exceptions(void **state)
{
	struct given *g = *state;
	static const struct {
		const char *policy, *facts;
		enum gh_decision is;
		enum gh_outcome outcome;
		bool ended;
	} rows[] = {
		{ EXC("model: 'acme/*:1.*', expires: 2026-11-23"), MODEL(", \"size\": 2"), GH_ALLOW, GH_RULE_EXCEPTED,
		  false },
		{ EXC("model: 'acme/*:1.*', expires: 2026-11-22"), MODEL(", \"size\": 2"), GH_DENY, GH_RULE_HIT, true },
		{ EXC("model: 'acme/*:2.*', expires: 2026-11-23"), MODEL(", \"size\": 2"), GH_DENY, GH_RULE_HIT,
		  false },
		{ EXC("digest: " D1 ", expires: 2026-11-23"), MODEL(", \"size\": 2"), GH_ALLOW, GH_RULE_EXCEPTED,
		  false },
		{ EXC("digest: " D2 ", expires: 2026-11-23"), MODEL(", \"size\": 2"), GH_DENY, GH_RULE_HIT, false },
		{ EXC("digest: " D2 ", model: 'acme/*:1.*', expires: 2026-11-23"), MODEL(", \"size\": 2"), GH_DENY,
		  GH_RULE_HIT, false },
		{ EXC("digest: " D1 ", expires: 2026-11-23"), "{\"size\": 2, \"model\": \"acme/llama:1.0\"}", GH_DENY,
		  GH_RULE_HIT, false },
		{ EXC("model: 'acme/*:1.*', expires: 2026-11-23"), MODEL(""), GH_ALLOW, GH_RULE_EXCEPTED, false },
		{ EXC("model: 'acme/*:1.*', expires: 2026-11-23"), MODEL(", \"size\": 1"), GH_ALLOW, GH_RULE_PASSED,
		  false },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct gh_policy_result *r = ask(g, rows[i].policy, rows[i].facts);
		const struct gh_rule_result *a = rule(r, "a");
		if (r->decision != rows[i].is || a->outcome != rows[i].outcome || (a->expired != NULL) != rows[i].ended)
			fail_msg("row %zu: %s, %s", i, gh_decision_name(r->decision), gh_outcome_name(a->outcome));
		assert_int_equal(a->exception != NULL, a->outcome == GH_RULE_EXCEPTED);
	}
	/* Only the rule it names; and not over a person's no. */
	const struct gh_policy_result *r = ask(
		g,
		RULES RULE("a", "size > 1", "deny")
			RULE("b", "size > 1", "warn") "exceptions:\n  - {id: E1, rule: a, owner: o, "
						      "reason: r, expires: 2027-01-01, model: 'acme/*:*'}\n",
		MODEL(", \"size\": 2"));
	assert_int_equal(r->decision, GH_WARN);
	r = ask(g,
		REQ(1, "") "exceptions:\n  - {id: E1, rule: a, owner: o, reason: r, expires: 2027-01-01, digest: " D1
			   "}\n",
		FACTS(WORD("bob", REVIEWER, "reject", DAY1, D1)));
	assert_int_equal(r->decision, GH_DENY);
	assert_null(rule(r, "a")->exception);
	r = ask(g,
		REQ(1, "") "exceptions:\n  - {id: E1, rule: a, owner: o, reason: r, expires: 2027-01-01, digest: " D1
			   "}\n",
		FACTS(""));
	assert_int_equal(r->decision, GH_ALLOW);
}

static void exceptions_from_elsewhere(void **state)
{
	struct given *g = *state;
	const struct gh_exception *v;
	size_t n;
	struct gh_span text = GH_SPAN(
		"exceptions:\n"
		"  - {id: R-7, rule: quarantine, owner: carol, reason: urgent fix, expires: 2026-12-01, digest: " D1
		"}\n");
	assert_int_equal(gh_exceptions_read(&g->arena, text, &v, &n, &g->err), GH_OK);
	assert_int_equal(n, 1);
	const struct gh_policy_question q = { .policy = read(g, HEAD "quarantine: {period: 7d}\n"),
					      .facts = facts(g, "{\"action\": \"deploy\", \"digest\": \"" D1
								"\", \"imported\": \"2026-11-21T00:00:00Z\"}"),
					      .exception = v,
					      .nexception = n,
					      .at = AT };
	const struct gh_policy_result *r = gh_policy_ask(&q, &g->arena);
	assert_int_equal(r->decision, GH_ALLOW);
	assert_true(gh_span_is(rule(r, "quarantine")->exception->owner, "carol"));
	assert_int_equal(gh_exceptions_read(&g->arena, GH_SPAN("rules: []\n"), &v, &n, &g->err), GH_E_MALFORMED);
	assert_int_equal(gh_exceptions_read(&g->arena, GH_SPAN("exceptions: []\n"), &v, &n, &g->err), GH_OK);
	assert_int_equal(n, 0);
	/* Handed over by code that left out who and why: it does not count. */
	struct gh_exception bare = {
		.id = GH_SPAN("B"), .rule = GH_SPAN("quarantine"), .digest = GH_SPAN(D1), .expires = AT + DAY
	};
	struct gh_policy_question other = q;
	other.exception = &bare;
	assert_int_equal(gh_policy_ask(&other, &g->arena)->decision, GH_DENY);
}

/* Whatever others state in a valid form, no decision about own findings becomes less strict. */
static void others_never_soften(void **state)
{
	struct given *g = *state;
	static const char *const evidence[] = {
		"{\"evidence\": {\"verified\": [{\"kind\": \"sarif\", \"signer\": \"v\", \"result\": \"pass\", "
		"\"findings\": 0, \"worst\": \"none\"}]}}",
		"{\"evidence\": {\"verified\": [{\"kind\": \"vex\", \"signer\": \"v\"}], \"unverified\": [{\"kind\": "
		"\"other\"}]}}",
		"{\"evidence\": {\"findings\": [{\"id\": \"X\", \"severity\": \"critical\"}], \"unverified\": []}}",
		"{\"evidence\": {\"vex\": [{\"vulnerability\": \"GH-PKL-0001\", \"status\": \"not_affected\", "
		"\"signer\": "
		"\"v\"}], \"tests\": [{\"name\": \"t\", \"result\": \"pass\", \"signer\": \"v\"}], \"findings\": []}}",
		"{\"signature\": {\"verified\": true, \"identity\": \"v\", \"issuer\": \"i\", \"method\": "
		"\"sigstore\"}}",
		"{\"evidence\": {\"verified\": [], \"unverified\": [], \"findings\": []}, \"signature\": "
		"{\"verified\": false}}",
	};
	static const char own[] = "{\"action\": \"deploy\", \"model\": \"acme/m:1\", \"digest\": \"" D1
				  "\", \"author\": \"alice\", \"approvals\": [],"
				  " \"scan\": {\"verdict\": \"UNSAFE\", \"coverage\": 100}, \"findings\": [{\"id\": "
				  "\"GH-PKL-0001\", \"severity\": \"critical\"}]}";
	for (size_t p = 0; p < gh_policy_profiles(); p++) {
		struct gh_policy_profile_row row = gh_policy_profile_at(p);
		const struct gh_policy *policy;
		assert_int_equal(gh_policy_read(&g->arena, row.text, gh_policy_profile, NULL, &policy, &g->err), GH_OK);
		struct gh_policy_question q = { .policy = policy, .facts = facts(g, own), .at = AT };
		const struct gh_policy_result *before = gh_policy_ask(&q, &g->arena);
		assert_int_equal(before->decision, GH_DENY);
		assert_int_equal(rule(before, "unsafe")->outcome, GH_RULE_HIT);
		for (size_t e = 0; e < GH_ROWS(evidence); e++) {
			struct gh_facts *f = facts(g, own);
			struct gh_err err = { 0 };
			assert_int_equal(gh_facts_read(f, gh_span_str(evidence[e]), &err), GH_OK);
			q.facts = f;
			const struct gh_policy_result *after = gh_policy_ask(&q, &g->arena);
			assert_int_equal(after->decision, GH_DENY);
			assert_int_equal(rule(after, "unsafe")->outcome, GH_RULE_HIT);
		}
	}
	/* A statement without a signer is none: the facts cannot be used, and that denies. */
	const struct gh_policy_result *r = ask(
		g, RULES RULE("a", "not any(evidence.verified, .kind == provenance)", "deny"),
		"{\"evidence\": {\"verified\": [{\"kind\": \"provenance\", \"signer\": \"\"}]}}");
	assert_int_equal(r->decision, GH_DENY);
	assert_non_null(strstr((const char *)r->next[r->nnext - 1].p, "evidence.verified.signer: record 0 has none"));
	r = ask(g, RULES RULE("a", "not any(evidence.verified, .kind == provenance)", "deny"),
		"{\"evidence\": {\"verified\": [{\"kind\": \"provenance\", \"signer\": \"builder\"}]}}");
	assert_int_equal(r->decision, GH_ALLOW);
}

/* What others say may be asked for by name and signer; what nobody said, and what was said without a signer, denies. */
static void others_are_asked_for(void **state)
{
	struct given *g = *state;
	static const char vex[] = RULES RULE(
		"a",
		"not any(evidence.vex, .vulnerability == 'CVE-1' and .status == fixed and .signer == "
		"'v' and .age < 30d)",
		"deny");
	static const char tests[] = RULES RULE(
		"a", "not any(evidence.tests, .name == 't' and .result == pass and .signer == 'v')", "deny");
	static const struct {
		const char *policy, *facts;
		enum gh_decision decision;
	} rows[] = {
		{ vex,
		  "{\"evidence\": {\"vex\": [{\"vulnerability\": \"CVE-1\", \"status\": \"fixed\", \"signer\": \"v\", "
		  "\"issued\": \"2026-11-20T00:00:00Z\"}]}}",
		  GH_ALLOW },
		{ vex, /* when is not said: it has no age */
		  "{\"evidence\": {\"vex\": [{\"vulnerability\": \"CVE-1\", \"status\": \"fixed\", \"signer\": "
		  "\"v\"}]}}",
		  GH_DENY },
		{ vex, /* of tomorrow */
		  "{\"evidence\": {\"vex\": [{\"vulnerability\": \"CVE-1\", \"status\": \"fixed\", \"signer\": \"v\", "
		  "\"issued\": \"2099-01-01T00:00:00Z\"}]}}",
		  GH_DENY },
		{ vex,
		  "{\"evidence\": {\"vex\": [{\"vulnerability\": \"CVE-1\", \"status\": \"fixed\", \"signer\": \"w\", "
		  "\"issued\": \"2026-11-20T00:00:00Z\"}]}}",
		  GH_DENY },
		{ vex, "{\"evidence\": {\"vex\": []}}", GH_DENY },
		{ vex, "{}", GH_DENY },
		{ tests, "{\"evidence\": {\"tests\": [{\"name\": \"t\", \"result\": \"pass\", \"signer\": \"v\"}]}}",
		  GH_ALLOW },
		{ tests, "{\"evidence\": {\"tests\": [{\"name\": \"t\", \"result\": \"warn\", \"signer\": \"v\"}]}}",
		  GH_DENY },
		{ tests, "{\"evidence\": {\"tests\": [{\"name\": \"t\", \"result\": \"pass\", \"signer\": \"\"}]}}",
		  GH_DENY },
		{ tests, "{}", GH_DENY },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if (ask(g, rows[i].policy, rows[i].facts)->decision != rows[i].decision)
			fail_msg("%s", rows[i].facts);
}

static void opa(void **state)
{
	struct given *g = *state;
	static const char policy[] = HEAD "opa: {url: http://opa/v1/data/g, timeout: 3s, on: deploy}\n";
	static const struct {
		const char *answer;
		enum gh_decision is;
		const char *says;
	} rows[] = {
		{ "{\"result\": {\"allow\": true}}", GH_ALLOW, "allows it" },
		{ "{\"result\": {\"allow\": true, \"reasons\": []}, \"decision_id\": \"x\"}", GH_ALLOW, "allows it" },
		{ "{\"result\": {\"allow\": false, \"reasons\": [\"too big\", \"too new\"]}}", GH_DENY,
		  "It says: too big; too new" },
		{ "{\"result\": {\"allow\": \"true\"}}", GH_DENY, "no \"allow\" that is true or false" },
		{ "{\"result\": {\"allow\": 1}}", GH_DENY, "no \"allow\" that is true or false" },
		{ "{\"result\": {}}", GH_DENY, "no \"allow\" that is true or false" },
		{ "{\"result\": true}", GH_DENY, "no \"allow\" that is true or false" },
		{ "{}", GH_DENY, "has no \"result\"" },
		{ "{\"allow\": true}", GH_DENY, "has no \"result\"" },
		{ "[{\"result\": {\"allow\": true}}]", GH_DENY, "has no \"result\"" },
		{ "{\"result\": {\"allow\": true, \"reasons\": \"r\"}}", GH_DENY, "\"reasons\" is no list" },
		{ "{\"result\": {\"allow\": true, \"reasons\": [1]}}", GH_DENY, "something that is no text" },
		{ "{\"result\": {\"allow\": false}, \"result\": {\"allow\": true}}", GH_DENY, "no usable answer" },
		{ "{\"result\": {\"allow\": true}} {}", GH_DENY, "no usable answer" },
		{ "{\"result\": {\"allow\": true}", GH_DENY, "no usable answer" },
		{ "", GH_DENY, "no usable answer" },
		{ "<html>", GH_DENY, "no usable answer" },
		{ NULL, GH_DENY, "nobody is there" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		g->opa = rows[i].answer;
		const struct gh_policy_result *r = ask(g, policy, "{\"action\": \"deploy\", \"size\": 7}");
		const struct gh_rule_result *o = rule(r, "opa");
		if (r->decision != rows[i].is ||
		    memmem(o->message.p, o->message.n, rows[i].says, strlen(rows[i].says)) == NULL)
			fail_msg("%s: %s, %.*s", rows[i].answer, gh_decision_name(r->decision), (int)o->message.n,
				 (const char *)o->message.p);
	}
	/* It was asked where, for how long, and with the facts; and not about other actions. */
	assert_non_null(strstr(g->asked, "http://opa/v1/data/g 3000 {"));
	assert_non_null(strstr(g->asked, "\"size\": 7"));
	assert_non_null(strstr(g->asked, "\"tier\": \"standard\""));
	g->asked[0] = '\0';
	assert_int_equal(ask(g, policy, "{\"action\": \"export\"}")->decision, GH_ALLOW);
	assert_string_equal(g->asked, "");
	/* Nobody to ask: deny. */
	struct gh_policy_question q = { .policy = read(g, policy), .facts = facts(g, "{}"), .at = AT };
	assert_int_equal(gh_policy_ask(&q, &g->arena)->decision, GH_DENY);
	/* One that the settings name, for a policy that names none. */
	q = (struct gh_policy_question){ .policy = read(g, RULES RULE("a", "size > 1", "deny")),
					 .facts = facts(g, "{\"size\": 1}"),
					 .at = AT,
					 .opa = answer,
					 .opa_ctx = g,
					 .opa_url = GH_SPAN("http://home/") };
	g->opa = NULL;
	assert_int_equal(gh_policy_ask(&q, &g->arena)->decision, GH_DENY);
	assert_non_null(strstr(g->asked, "http://home/ 2000 {"));
	g->opa = rows[0].answer;
	assert_int_equal(gh_policy_ask(&q, &g->arena)->decision, GH_ALLOW);
	/* It cannot allow what a rule denies. */
	g->opa = rows[0].answer;
	assert_int_equal(ask(g, HEAD "opa: {url: http://opa/}\nrules:\n" RULE("a", "size > 1", "deny"), "{\"size\": 7}")
				 ->decision,
			 GH_DENY);
}

/* ---- totality --------------------------------------------------------------------------------------------------------------- */
static void facts_that_cannot_be(void **state)
{
	struct given *g = *state;
	struct gh_facts *f = facts(g, "{\"size\": 1}");
	gh_facts_put_str(f, "no.such.fact", "x");
	struct gh_policy_question q = { .policy = read(g, RULES RULE("a", "size > 1", "deny")), .facts = f, .at = AT };
	const struct gh_policy_result *r = gh_policy_ask(&q, &g->arena);
	assert_int_equal(r->decision, GH_DENY);
	assert_non_null(strstr((const char *)r->next[r->nnext - 1].p, "there is no fact 'no.such.fact'"));
	/* Also when every rule would pass over what it does not know. */
	q.policy = read(g, RULES RULE("a", "size > 1", "deny") "    unknown: ignore\n");
	assert_int_equal(gh_policy_ask(&q, &g->arena)->decision, GH_DENY);
}

/* With any amount of memory: the right decision, or deny. */
static void little_memory(void **state)
{
	struct given *g = *state;
	struct gh_span text;
	const struct gh_policy *p;
	assert_true(gh_policy_profile(NULL, GH_SPAN("enterprise"), &text));
	assert_int_equal(gh_policy_read(&g->arena, text, gh_policy_profile, NULL, &p, &g->err), GH_OK);
	const struct gh_policy *open = read(g, RULES RULE("a", "size > 5", "deny"));
	bool allowed = false;
	for (size_t max = 0; max < 60000; max += 256) {
		gh_auto_arena small = { .max = max };
		gh_auto_buf b = gh_buf(1 << 20);
		struct gh_policy_question q = { .policy = p, .facts = facts(g, "{}"), .at = AT };
		const struct gh_policy_result *r = gh_policy_ask(&q, &small);
		assert_int_equal(r->decision, GH_DENY);
		gh_policy_json(r, &b);
		gh_policy_text(r, true, &b);
		assert_true(b.n != 0);
		gh_arena_free(&small);
		q.policy = open;
		q.facts = facts(g, "{\"size\": 1}");
		allowed |= gh_policy_ask(&q, &small)->decision == GH_ALLOW;
	}
	assert_true(allowed);
}

/* Lists as long as they may be, under rules as many as there may be: it ends, and denies when the work is too much. */
static void much_work(void **state)
{
	struct given *g = *state;
	gh_auto_buf b = gh_buf(GH_POLICY_TEXT);
	struct gh_facts *f = gh_facts_new(&g->arena);
	gh_buf_str(&b, RULES);
	for (int i = 0; i < 500; i++)
		gh_buf_fmt(
			&b,
			"  - {id: r%d, when: 'any(findings, .id like \"*a*b*c*d*e*%d*\")', effect: deny, message: m}\n",
			i, i);
	for (int i = 0; i < 20000; i++) {
		size_t k = gh_facts_add(f, "findings");
		gh_facts_field_str(
			f, "findings.id", k,
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
		gh_facts_field_str(f, "findings.severity", k, "low");
	}
	struct gh_policy_question q = { .policy = read(g, gh_buf_cstr(&b)), .facts = f, .at = AT };
	const struct gh_policy_result *r = gh_policy_ask(&q, &g->arena);
	assert_int_equal(r->decision, GH_DENY);
	assert_non_null(strstr((const char *)r->next[r->nnext - 1].p, "simplify the policy"));
}

static void the_same_every_time(void **state)
{
	struct given *g = *state;
	static const char json[] = "{\"size\": 3, \"findings\": [{\"id\": \"A\\u001b[31m\", \"severity\": \"low\", "
				   "\"file\": \"\\u202ex\"}], "
				   "\"publisher\": \"p\\nq\"}";
	struct gh_buf out[2] = { gh_buf(1 << 20), gh_buf(1 << 20) };
	for (int i = 0; i < 2; i++) {
		const struct gh_policy_result *r = ask(g,
						       RULES RULE("a", "any(findings) and publisher != \"x\"", "deny")
							       RULE("b", "environment == \"x\"", "warn"),
						       json);
		assert_int_equal(rule(r, "a")->nmatch, 1);
		gh_policy_json(r, &out[i]);
		gh_policy_text(r, true, &out[i]);
	}
	assert_true(gh_span_eq(gh_buf_view(&out[0]), gh_buf_view(&out[1])));
	for (size_t i = 0; i < out[0].n; i++)
		assert_true(out[0].p[i] == '\n' || out[0].p[i] >= ' '); /* nothing that a terminal obeys */
	assert_null(strstr(gh_buf_cstr(&out[0]), "\xe2\x80\xae"));
	gh_buf_free(&out[0]);
	gh_buf_free(&out[1]);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test_setup_teardown(refused, start, end),
		cmocka_unit_test_setup_teardown(bounded, start, end),
		cmocka_unit_test_setup_teardown(digests, start, end),
		cmocka_unit_test_setup_teardown(decisions, start, end),
		cmocka_unit_test_setup_teardown(approvals, start, end),
		cmocka_unit_test_setup_teardown(exceptions, start, end),
		cmocka_unit_test_setup_teardown(exceptions_from_elsewhere, start, end),
		cmocka_unit_test_setup_teardown(others_never_soften, start, end),
		cmocka_unit_test_setup_teardown(others_are_asked_for, start, end),
		cmocka_unit_test_setup_teardown(opa, start, end),
		cmocka_unit_test_setup_teardown(facts_that_cannot_be, start, end),
		cmocka_unit_test_setup_teardown(little_memory, start, end),
		cmocka_unit_test_setup_teardown(much_work, start, end),
		cmocka_unit_test_setup_teardown(the_same_every_time, start, end),
	};
	return cmocka_run_group_tests_name("policy", t, NULL, NULL);
}
