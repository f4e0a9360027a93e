/* Deciding: every rule says what it has to say, the strictest counts. */
#include "policy/policy_int.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/units.h"

/* ---- texts ------------------------------------------------------------------------------------------------------------------ */
struct gh_span policy_keep(struct asking_policy *a, const char *fmt, ...)
{
	enum { MOST = 4096 };
	char text[MOST];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	struct gh_span s = gh_keep(a->arena, gh_span_cut(gh_span_str(text), 0, n < 0 ? 0 : MOST - 1));
	a->nomem |= s.p == NULL;
	return s;
}

static struct gh_span keep(struct asking_policy *a, const struct gh_buf *b)
{
	struct gh_span s = gh_keep(a->arena, gh_buf_view(b));
	a->nomem |= s.p == NULL || b->full;
	return s;
}

/* One more in a list of the result. */
static void add(struct asking_policy *a, const struct gh_span **list, size_t *n, size_t *cap, struct gh_span s)
{
	struct gh_span *v = gh_grow(a->arena, *list, cap, *n + 1, sizeof *v);
	if (v == NULL) {
		a->nomem = true;
		return;
	}
	v[(*n)++] = s;
	*list = v;
}

static bool has(const struct gh_span *v, size_t n, struct gh_span name)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_eq(v[i], name))
			return true;
	return false;
}

void policy_miss(struct asking_policy *a, struct gh_rule_result *out, struct gh_span name)
{
	if (!has(a->r->missing, a->r->nmissing, name))
		add(a, &a->r->missing, &a->r->nmissing, &a->cap_missing, name);
	if (out == NULL || has(out->missing, out->nmissing, name))
		return;
	size_t cap = out->nmissing; /* grown one by one: there are few */
	add(a, &out->missing, &out->nmissing, &cap, name);
}

/* A derived age is missing when its time is, or when that lies in the future. */
static struct gh_span missing_name(struct asking_policy *a, unsigned row)
{
	const struct gh_fact *f = &gh_fact_rows[row];
	if (!(f->flags & GH_FACT_DERIVED) || f->from == NULL)
		return gh_span_str(f->name);
	if (!(f->flags & GH_FACT_FIELD) && a->facts->v[gh_fact_named(gh_span_str(f->from))].known)
		return policy_keep(a, "%s (%s lies in the future)", f->name, f->from);
	return gh_span_str(f->from);
}

static void missed(struct asking_policy *a, struct gh_rule_result *out, const struct expr_asking *e)
{
	for (size_t i = 0; i < e->nmissing; i++)
		policy_miss(a, out, missing_name(a, e->missing[i]));
}

/* ---- facts and records of a rule ------------------------------------------------------------------------------------------- */
struct gh_span policy_record(struct gh_arena *arena, const struct gh_facts *f, unsigned row, size_t k, int64_t at)
{
	const struct gh_flist *l = facts_list(f, row);
	gh_auto_buf b = gh_buf(4 * GH_FACTS_TEXT * 8);
	struct gh_jout j = gh_jout(&b); /* never opened: everything stays on one line */
	if (gh_fact_rows[row].type == GH_T_STRINGS) {
		facts_say(&j, NULL, &gh_fact_rows[row], l->cell[k]);
		return gh_keep(arena, gh_buf_view(&b));
	}
	gh_buf_ch(&b, '{');
	for (unsigned i = row + 1; i < row + 1 + l->width; i++) {
		struct gh_fval v = facts_get_field(f, i, k, at);
		if ((gh_fact_rows[i].flags & GH_FACT_KEY) && v.known)
			facts_say(&j, gh_fact_field(&gh_fact_rows[i]), &gh_fact_rows[i], v);
	}
	gh_buf_ch(&b, '}');
	return gh_keep(arena, gh_buf_view(&b));
}

static struct gh_span fact_value(struct asking_policy *a, unsigned row)
{
	const struct gh_fact *f = &gh_fact_rows[row];
	struct gh_fval v = facts_get(a->facts, row, a->q->at, a->tier);
	gh_auto_buf b = gh_buf(64 * GH_FACTS_TEXT);
	struct gh_jout j = gh_jout(&b);
	if (!v.known)
		return (struct gh_span){ 0 };
	if (f->type == GH_T_RECORDS || f->type == GH_T_STRINGS) {
		const struct gh_flist *l = facts_list(a->facts, row);
		bool texts = f->type == GH_T_STRINGS && l->n <= GH_POLICY_SHOWN;
		gh_buf_str(&b, texts ? "[" : "");
		for (size_t i = 0; texts && i < l->n; i++)
			facts_say(&j, NULL, f, l->cell[i]);
		gh_buf_str(&b, texts ? "]" : "");
		if (!texts)
			gh_buf_fmt(&b, "{\"records\": %zu}", l->n);
	} else {
		facts_say(&j, NULL, f, v);
	}
	return keep(a, &b);
}

static void use_fact(struct asking_policy *a, struct gh_rule_result *out, unsigned row)
{
	struct gh_rule_fact *v = (struct gh_rule_fact *)(uintptr_t)out->fact; /* made here, const for others */
	for (size_t i = 0; i < out->nfact; i++)
		if (v[i].fact == &gh_fact_rows[row])
			return;
	if (v == NULL)
		v = GH_NEW(a->arena, struct gh_rule_fact, GH_FACTS_ROWS);
	if (v == NULL) {
		a->nomem = true;
		return;
	}
	v[out->nfact++] = (struct gh_rule_fact){ .fact = &gh_fact_rows[row], .value = fact_value(a, row) };
	out->fact = v;
}

static void facts_of(struct asking_policy *a, const struct expr *e, struct gh_rule_result *out)
{
	for (size_t i = 0; i < e->nnode; i++)
		if (e->node[i].kind == N_FACT || (e->node[i].kind >= N_COUNT && e->node[i].kind <= N_NO))
			use_fact(a, out, e->node[i].row);
}

/* Ask a condition and note what it was decided on. */
static enum expr_answer condition(struct asking_policy *a, const struct expr *e, struct gh_rule_result *out)
{
	struct expr_match match[GH_POLICY_SHOWN];
	struct expr_asking k = { .facts = a->facts,
				 .at = a->q->at,
				 .tier = a->tier,
				 .steps = &a->steps,
				 .match = match,
				 .match_max = GH_POLICY_SHOWN };
	enum expr_answer v = expr_ask(e, &k);
	if (v == EXPR_UNKNOWN)
		missed(a, out, &k);
	if (out == NULL)
		return v;
	facts_of(a, e, out);
	struct gh_span *shown = v == EXPR_TRUE && k.nmatch != 0 ? GH_NEW(a->arena, struct gh_span, k.nmatch) : NULL;
	for (size_t i = 0; shown != NULL && i < k.nmatch; i++)
		shown[i] = policy_record(a->arena, a->facts, match[i].row, match[i].record, a->q->at);
	out->match = shown;
	out->nmatch = shown == NULL ? 0 : k.nmatch;
	out->matches = shown == NULL ? 0 : k.matches;
	return v;
}

/* ---- tier -------------------------------------------------------------------------------------------------------------------- */
static struct gh_fval tier_value(unsigned t)
{
	return (struct gh_fval){ .known = true, .i = t, .s = policy_word("risk.tier", t) };
}

static void because(struct asking_policy *a, struct gh_span s)
{
	add(a, &a->r->because, &a->r->nbecause, &a->cap_because, s);
}

static void tier(struct asking_policy *a)
{
	const struct gh_fval *declared = &a->facts->v[gh_fact_named(GH_SPAN("risk.declared"))];
	unsigned now = declared->known ? (unsigned)declared->i : TIER_STANDARD;
	if (declared->known)
		because(a, policy_keep(a, "declared %.*s", (int)declared->s.n, (const char *)declared->s.p));
	for (unsigned t = TIERS; t-- > TIER_STANDARD;)
		for (size_t i = 0; i < a->p->tier[t].n && t >= now; i++) {
			const struct ptier *c = &a->p->tier[t].v[i];
			enum expr_answer v = condition(a, &c->when, NULL);
			if (v == EXPR_FALSE)
				continue;
			now = t; /* what cannot be told counts as if it held */
			gh_auto_buf b = gh_buf(2 * MESSAGE_BYTES);
			gh_buf_span(&b, c->because);
			gh_buf_str(&b, v == EXPR_UNKNOWN ? " (cannot be told: a fact is missing)" : "");
			because(a, keep(a, &b));
		}
	a->tier = tier_value(now);
	a->r->tier = a->tier.s;
}

/* ---- exceptions -------------------------------------------------------------------------------------------------------------- */
static void look(struct asking_policy *a, const struct gh_exception *v, size_t n, struct gh_rule_result *out)
{
	for (size_t i = 0; i < n && out->exception == NULL; i++) {
		if (!gh_span_eq(v[i].rule, out->id) || v[i].owner.n == 0 || v[i].reason.n == 0 ||
		    !gh_exception_fits(&v[i], a->r->model, a->r->digest))
			continue;
		if (a->q->at < v[i].expires)
			out->exception = &v[i];
		else
			out->expired = &v[i];
	}
}

/* A rule that objects may be taken out. A standing rejection is not: somebody looked, and said no. */
static void except(struct asking_policy *a, struct gh_rule_result *out)
{
	if (out->counts == GH_ALLOW || out->rejected)
		return;
	look(a, a->p->exception.v, a->p->exception.n, out);
	look(a, a->q->exception, a->q->nexception, out);
	if (out->exception == NULL)
		return;
	out->outcome = GH_RULE_EXCEPTED;
	out->counts = GH_ALLOW;
}

/* ---- rules -------------------------------------------------------------------------------------------------------------------- */
static enum gh_decision effect_counts(enum gh_effect e)
{
	static const enum gh_decision of[] = { GH_ALLOW, GH_WARN, GH_PENDING, GH_DENY };
	return of[e];
}

static bool about(const struct asking_policy *a, unsigned actions)
{
	const struct gh_fval *v = &a->facts->v[gh_fact_named(GH_SPAN("action"))];
	return !v->known || (actions & 1u << (unsigned)v->i); /* not known what for: every rule counts */
}

static void not_known(struct gh_rule_result *out, enum lack lack)
{
	static const enum gh_decision of[] = { GH_DENY, GH_WARN, GH_DENY, GH_ALLOW };
	out->outcome = GH_RULE_UNKNOWN;
	out->counts = of[lack];
}

static void require(struct asking_policy *a, const struct prule *r, struct gh_rule_result *out)
{
	const char *missing;
	gh_auto_buf roles = gh_buf(512);
	policy_bits(&roles, "approvals.role", r->roles);
	out->roles = keep(a, &roles);
	out->need = r->need;
	out->within = r->within;
	use_fact(a, out, gh_fact_named(GH_SPAN("author")));
	if (!policy_approvals(a, r, out, &missing)) {
		if (missing != NULL)
			policy_miss(a, out, gh_span_str(missing));
		not_known(out, LACK_DENY); /* `unknown` is about the condition; approvals are never assumed */
	} else if (out->rejected) {
		out->counts = GH_DENY;
	} else if (out->have >= out->need) {
		out->outcome = GH_RULE_SATISFIED;
		out->counts = GH_ALLOW;
	}
}

static void one(struct asking_policy *a, const struct prule *r, struct gh_rule_result *out)
{
	*out = (struct gh_rule_result){
		.id = r->id, .message = r->message, .effect = r->effect, .when = r->when.canon
	};
	if (!about(a, r->actions)) {
		out->outcome = GH_RULE_OTHER;
		return;
	}
	enum expr_answer v = r->always ? EXPR_TRUE : condition(a, &r->when, out);
	if (v == EXPR_FALSE) {
		out->outcome = GH_RULE_PASSED;
		return;
	}
	if (v == EXPR_UNKNOWN && r->lack != LACK_APPLY) {
		not_known(out, r->lack);
	} else {
		out->outcome = v == EXPR_UNKNOWN ? GH_RULE_UNKNOWN : GH_RULE_HIT;
		out->counts = effect_counts(r->effect);
		if (r->effect == GH_EFFECT_REQUIRE)
			require(a, r, out);
	}
	except(a, out);
}

static void quarantine(struct asking_policy *a, struct gh_rule_result *out)
{
	const struct pquarantine *q = &a->p->quarantine;
	unsigned age_row = gh_fact_named(GH_SPAN("import.age"));
	*out = (struct gh_rule_result){ .id = GH_SPAN(POLICY_ID_QUARANTINE),
					.message = q->message,
					.effect = GH_EFFECT_DENY,
					.when = q->when.canon };
	if (!about(a, q->actions)) {
		out->outcome = GH_RULE_OTHER;
		return;
	}
	/* A condition that cannot be told counts as if it held. */
	if (!q->always && condition(a, &q->when, out) == EXPR_FALSE)
		return;
	use_fact(a, out, age_row);
	struct gh_fval age = facts_get(a->facts, age_row, a->q->at, a->tier);
	if (!age.known) {
		policy_miss(a, out, missing_name(a, age_row));
		not_known(out, LACK_DENY);
	} else if (age.i < q->period) {
		out->outcome = GH_RULE_HIT;
		out->counts = GH_DENY;
		out->until = a->q->at - age.i + q->period;
	}
	except(a, out);
}

/* ---- what is to be done --------------------------------------------------------------------------------------------------------- */
static void next(struct asking_policy *a, struct gh_span s) { add(a, &a->r->next, &a->r->nnext, &a->cap_next, s); }

static void list(struct gh_buf *b, const struct gh_span *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		gh_buf_str(b, i == 0 ? "" : i + 1 == n ? " and " : ", ");
		gh_buf_span(b, v[i]);
	}
}

/* One sentence or two: what stands in the way, and what helps. */
static void todo(struct asking_policy *a, const struct gh_rule_result *o)
{
	gh_auto_buf b = gh_buf(4 * MESSAGE_BYTES);
	if (o->counts == GH_ALLOW)
		return;
	gh_buf_span(&b, o->id);
	gh_buf_str(&b, ": ");
	if (o->until != 0) {
		gh_buf_str(&b, "wait until ");
		gh_unit_put_time(&b, o->until);
		gh_buf_str(&b, ". ");
	}
	if (o->nmissing != 0) {
		gh_buf_str(&b, "it cannot be told without ");
		list(&b, o->missing, o->nmissing);
		gh_buf_str(&b, ". ");
	}
	if (o->rejected) {
		gh_buf_str(&b, "a reviewer rejected these files, and has to take that back first. ");
	} else if (o->need > o->have) {
		gh_buf_fmt(&b, "%u more approval%s by ", o->need - o->have, o->need - o->have == 1 ? "" : "s");
		gh_buf_span(&b, o->roles);
		gh_buf_str(&b, " (never the author). ");
	}
	if (o->nmissing == 0)
		gh_buf_span(&b, o->message);
	if (o->expired != NULL) {
		gh_buf_str(&b, " The exception ");
		gh_buf_span(&b, o->expired->id);
		gh_buf_str(&b, " ended at ");
		gh_unit_put_time(&b, o->expired->expires);
		gh_buf_ch(&b, '.');
	}
	while (b.n != 0 && b.p[b.n - 1] == ' ')
		b.n--;
	next(a, keep(a, &b));
}

/* ---- the whole ------------------------------------------------------------------------------------------------------------------ */
static void deny(struct asking_policy *a, const char *why)
{
	a->r->decision = GH_DENY;
	next(a, policy_keep(a, "%s", why));
}

static struct gh_span stated(const struct gh_facts *f, const char *name)
{
	const struct gh_fval *v = &f->v[gh_fact_named(gh_span_str(name))];
	return v->known ? v->s : (struct gh_span){ 0 };
}

static void ask_opa(struct asking_policy *a, struct gh_rule_result *out)
{
	*out = (struct gh_rule_result){ .id = GH_SPAN(POLICY_ID_OPA),
					.outcome = GH_RULE_OTHER,
					.effect = GH_EFFECT_DENY };
	if (!a->p->opa.stated || about(a, a->p->opa.actions))
		policy_opa(a, out);
}

static void whole(struct asking_policy *a)
{
	struct gh_policy_result *r = a->r;
	char why[GH_ERR_TEXT];
	bool usable = gh_facts_whole(a->facts, why);
	if (!usable) {
		a->facts = gh_facts_new(a->arena); /* nothing is known */
		if (a->facts == NULL) {
			a->nomem = true;
			return;
		}
	}
	r->action = stated(a->facts, "action");
	r->model = stated(a->facts, "model");
	r->digest = stated(a->facts, "digest");
	tier(a);
	struct gh_rule_result *rule = GH_NEW(a->arena, struct gh_rule_result, a->p->rule.n + 2);
	if (rule == NULL) {
		a->nomem = true;
		return;
	}
	r->rule = rule;
	for (size_t i = 0; i < a->p->rule.n; i++)
		one(a, &a->p->rule.v[i], &rule[r->nrule++]);
	if (a->p->quarantine.period != 0)
		quarantine(a, &rule[r->nrule++]);
	if (a->p->opa.stated || a->q->opa_url.n != 0)
		ask_opa(a, &rule[r->nrule++]);
	for (size_t i = 0; i < r->nrule; i++) {
		r->decision = rule[i].counts > r->decision ? rule[i].counts : r->decision;
		todo(a, &rule[i]);
	}
	if (!usable)
		deny(a, (const char *)policy_keep(a, "The facts cannot be used: %s", why).p);
	if (a->steps == 0)
		deny(a, "The facts are too many for the work that a decision may cost: simplify the policy.");
	gh_auto_buf json = gh_buf((size_t)1 << 30);
	gh_facts_json(a->facts, GH_FACTS_STATED, &json);
	a->nomem |= json.full;
	policy_sha256(gh_buf_view(&json), r->facts_digest);
}

const struct gh_policy_result *gh_policy_ask(const struct gh_policy_question *q, struct gh_arena *arena)
{
	static const struct gh_span no_memory[] = { GH_SPAN(
		"There is not enough memory to decide: give more, and ask again.") };
	static const struct gh_policy_result plain = { .decision = GH_DENY, .next = no_memory, .nnext = 1 };
	struct gh_policy_result *r = GH_NEW(arena, struct gh_policy_result, 1);
	if (r == NULL)
		return &plain;
	*r = (struct gh_policy_result){ .decision = GH_ALLOW, .policy = q->policy, .at = q->at };
	struct asking_policy a = {
		.q = q,
		.p = q->policy,
		.facts = q->facts,
		.arena = arena,
		.r = r,
		.steps = GH_POLICY_STEPS,
	};
	whole(&a);
	if (a.nomem) {
		*r = plain;
		r->policy = q->policy;
		r->at = q->at;
	}
	return r;
}

const char *gh_decision_name(enum gh_decision d)
{
	static const char *const names[] = { "allow", "warn", "pending", "deny" };
	return names[d];
}

const char *gh_effect_name(enum gh_effect e)
{
	static const char *const names[] = { "audit", "warn", "require", "deny" };
	return names[e];
}

const char *gh_outcome_name(enum gh_outcome o)
{
	static const char *const names[] = { "passed", "hit", "satisfied", "excepted", "unknown", "other-action" };
	return names[o];
}
