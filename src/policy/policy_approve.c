/* Approvals: which persons stand for exactly these bytes, in a role that the rule asks for, recently enough. */
#include "policy/policy_int.h"

/* Fields of the records, by their place in the table. */
struct columns {
	unsigned list, by, role, decision, at, digest;
};

static unsigned named(const char *name) { return gh_fact_named(gh_span_str(name)); }

static struct columns columns(void)
{
	return (struct columns){ named("approvals"),	      named("approvals.by"), named("approvals.role"),
				 named("approvals.decision"), named("approvals.at"), named("approvals.digest") };
}

struct word {
	struct gh_span by, digest;
	unsigned role;
	bool rejects;
	int64_t at;
};

static struct word read(const struct asking_policy *a, const struct columns *c, size_t k)
{
	const struct gh_facts *f = a->facts;
	return (struct word){
		.by = facts_get_field(f, c->by, k, a->q->at).s,
		.digest = facts_get_field(f, c->digest, k, a->q->at).s,
		.role = (unsigned)facts_get_field(f, c->role, k, a->q->at).i,
		.rejects = gh_span_is(facts_get_field(f, c->decision, k, a->q->at).s, "reject"),
		.at = facts_get_field(f, c->at, k, a->q->at).i,
	};
}

/* Did the same person say something about the same bytes later, or at the same moment a no? */
static bool superseded(struct asking_policy *a, const struct columns *c, size_t k, const struct word *w)
{
	size_t n = facts_list(a->facts, c->list)->n;
	a->steps -= n < a->steps ? n : a->steps;
	for (size_t i = 0; i < n && a->steps != 0; i++) {
		if (i == k)
			continue;
		struct word o = read(a, c, i);
		if (!gh_span_eq(o.by, w->by) || !gh_span_eq(o.digest, w->digest) || o.at > a->q->at)
			continue;
		if (o.at > w->at || (o.at == w->at && o.rejects && !w->rejects))
			return true;
	}
	return false;
}

/* The same person, in another role that counts, at an earlier place in the list. */
static bool counted(const struct gh_rule_result *out, struct gh_span by)
{
	for (size_t i = 0; i < out->napprover; i++)
		if (out->approver[i].why == NULL && gh_span_eq(out->approver[i].by, by))
			return true;
	return false;
}

static const char *objection(struct asking_policy *a, const struct prule *rule, const struct columns *c, size_t k,
			     const struct word *w, struct gh_span author, const struct gh_rule_result *out)
{
	if (!gh_span_eq(w->digest, a->r->digest))
		return "is about other bytes";
	if (w->at > a->q->at)
		return "lies in the future";
	if (superseded(a, c, k, w))
		return "was followed by another word of the same person";
	if (!(rule->roles & 1u << w->role))
		return "was given in another role";
	if (w->rejects)
		return "is a rejection";
	if (gh_span_eq(w->by, author))
		return "is of the author";
	if (rule->within != 0 && a->q->at - w->at > rule->within)
		return "is too old";
	return counted(out, w->by) ? "is of a person who counts already" : NULL;
}

bool policy_approvals(struct asking_policy *a, const struct prule *rule, struct gh_rule_result *out,
		      const char **missing)
{
	const struct columns c = columns();
	const struct gh_facts *f = a->facts;
	struct gh_fval author = f->v[named("author")];
	size_t n = facts_list(f, c.list)->n;
	*missing = !f->v[c.list].known ? "approvals" : a->r->digest.n == 0 ? "digest" : !author.known ? "author" : NULL;
	if (*missing != NULL)
		return false;
	struct gh_rule_approver *v = GH_NEW(a->arena, struct gh_rule_approver, n);
	if (v == NULL) {
		a->nomem = true;
		return false;
	}
	out->approver = v;
	for (size_t k = 0; k < n && a->steps != 0; k++) {
		struct word w = read(a, &c, k);
		const char *why = objection(a, rule, &c, k, &w, author.s, out);
		v[k] = (struct gh_rule_approver){ .by = w.by,
						  .role = policy_word("approvals.role", w.role),
						  .why = why };
		out->napprover = k + 1;
		out->have += why == NULL;
		out->rejected |= why != NULL && strcmp(why, "is a rejection") == 0;
	}
	return true;
}
