/* A policy and facts, of any bytes: an error with a place, or a policy that decides. Whatever the policy: the same question gets
 * the same answer, and statements that others add never make a rule about own facts less strict. Input: policy, 0x1e, facts. */
#include "policy/policy_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

enum { AT = 1795305600 };

static void more_evidence(struct gh_facts *f)
{
	static const char *const lists[] = { "evidence.verified", "evidence.unverified", "evidence.findings" };
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
		unsigned row = gh_fact_named(gh_span_str(lists[i]));
		if (!f->v[row].known)
			continue;
		/* One with nothing but what it needs, and a copy of each one that is there. */
		size_t was = f->list[row].n;
		for (size_t k = 0; k <= was && k < 8; k++) {
			size_t to = gh_facts_add(f, lists[i]);
			struct gh_flist *l = &f->list[row];
			if (to == SIZE_MAX)
				return;
			if (k < was)
				memcpy(&l->cell[to * l->width], &l->cell[k * l->width], l->width * sizeof *l->cell);
		}
		size_t last = f->list[row].n - 1;
		if (i == 0) {
			gh_facts_field_str(f, "evidence.verified.kind", last, "sarif");
			gh_facts_field_str(f, "evidence.verified.signer", last, "somebody");
			gh_facts_field_str(f, "evidence.verified.result", last, "pass");
		} else if (i == 1) {
			gh_facts_field_str(f, "evidence.unverified.kind", last, "other");
		} else {
			gh_facts_field_str(f, "evidence.findings.id", last, "X");
			gh_facts_field_str(f, "evidence.findings.severity", last, "high");
		}
	}
}

static const struct gh_policy_result *ask(const struct gh_policy *p, const struct gh_facts *f, struct gh_arena *arena)
{
	const struct gh_policy_question q = { .policy = p, .facts = f, .at = AT };
	const struct gh_policy_result *r = gh_policy_ask(&q, arena);
	enum gh_decision strictest = GH_ALLOW;
	for (size_t i = 0; i < r->nrule; i++)
		strictest = r->rule[i].counts > strictest ? r->rule[i].counts : strictest;
	if (r->decision < strictest || r->decision > GH_DENY || (r->decision != GH_ALLOW && r->nnext == 0))
		__builtin_trap();
	return r;
}

static void show(const struct gh_policy_result *r, struct gh_buf *out)
{
	gh_policy_json(r, out);
	gh_policy_text(r, true, out);
}

static void decide(const struct gh_policy *p, struct gh_span json)
{
	gh_auto_arena arena = { .max = 64 << 20 };
	gh_auto_buf once = gh_buf(16 << 20), twice = gh_buf(16 << 20);
	struct gh_facts *f = gh_facts_new(&arena);
	char why[GH_ERR_TEXT];
	if (f == NULL || gh_facts_read(f, json, NULL) != GH_OK)
		return;
	const struct gh_policy_result *r = ask(p, f, &arena);
	show(r, &once);
	show(ask(p, f, &arena), &twice);
	if (!gh_span_eq(gh_buf_view(&once), gh_buf_view(&twice)))
		__builtin_trap();
	if (!gh_facts_whole(f, why) || r->nrule < p->rule.n)
		return;
	more_evidence(f);
	const struct gh_policy_result *after = ask(p, f, &arena);
	for (size_t i = 0; i < p->rule.n && i < after->nrule; i++) {
		const struct prule *rule = &p->rule.v[i];
		bool own = rule->when.own || (rule->when.tier && p->tier_own);
		if (own && after->rule[i].counts < r->rule[i].counts)
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	gh_auto_arena arena = { .max = GH_POLICY_ARENA };
	const uint8_t *sep = n == 0 ? NULL : memchr(d, 0x1e, n);
	struct gh_span text = { d, sep == NULL ? n : (size_t)(sep - d) }, json = GH_SPAN("{}");
	const struct gh_policy *p = NULL;
	struct gh_policy_err err;
	if (sep != NULL)
		json = (struct gh_span){ sep + 1, n - text.n - 1 };
	enum gh_rc rc = gh_policy_read(&arena, text, gh_policy_profile, NULL, &p, &err);
	if ((rc == GH_OK) != (p != NULL) || (rc == GH_E_MALFORMED && (err.what[0] == '\0' || err.line == 0)))
		__builtin_trap();
	if (p != NULL)
		decide(p, json);
	return 0;
}
