/* Exceptions: a rule taken out for a model, until a date, by somebody, for a reason. Static: nothing in them is computed, so no
 * fact, and no evidence of others, can make one. */
#include <stdio.h>

#include "policy/policy_int.h"
#include "policy/units.h"

static enum gh_rc id(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_id(d, n, &((struct gh_exception *)into)->id);
}

static enum gh_rc rule(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_id(d, n, &((struct gh_exception *)into)->rule);
}

/* A pattern that fits everything is a change of the policy, not an exception from it. */
static enum gh_rc model(struct ydoc *d, const struct ynode *n, void *into)
{
	bool some = false;
	for (size_t i = 0; i < n->text.n; i++)
		some |= n->text.p[i] != '*' && n->text.p[i] != '?' && n->text.p[i] != '/' && n->text.p[i] != ':';
	if (!some)
		return ydoc_bad(d, n, false, "a pattern that fits every model is no exception: change the rule");
	return policy_text(d, n, EXPR_PATTERN, &((struct gh_exception *)into)->model);
}

static enum gh_rc digest(struct ydoc *d, const struct ynode *n, void *into)
{
	bool ok = n->text.n == 64;
	for (size_t i = 0; ok && i < n->text.n; i++)
		ok = (n->text.p[i] >= '0' && n->text.p[i] <= '9') || (n->text.p[i] >= 'a' && n->text.p[i] <= 'f');
	if (!ok)
		return ydoc_bad(d, n, false, "a digest has 64 lower-case hexadecimal digits");
	return policy_text(d, n, 64, &((struct gh_exception *)into)->digest);
}

static enum gh_rc owner(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, MESSAGE_BYTES, &((struct gh_exception *)into)->owner);
}

static enum gh_rc reason(struct ydoc *d, const struct ynode *n, void *into)
{
	return policy_text(d, n, MESSAGE_BYTES, &((struct gh_exception *)into)->reason);
}

static enum gh_rc expires(struct ydoc *d, const struct ynode *n, void *into)
{
	if (!gh_unit_time(n->text, &((struct gh_exception *)into)->expires))
		return ydoc_bad(d, n, false, "here a date is expected, such as 2027-01-31 or 2027-01-31T12:00:00Z");
	return GH_OK;
}

enum gh_rc policy_exceptions(struct ydoc *d, const struct ynode *n, void *policy)
{
	static const struct ykey keys[] = {
		{ "id", true, Y_TEXT, id },	      { "rule", true, Y_TEXT, rule },
		{ "model", false, Y_TEXT, model },    { "digest", false, Y_TEXT, digest },
		{ "owner", true, Y_TEXT, owner },     { "reason", true, Y_TEXT, reason },
		{ "expires", true, Y_TEXT, expires },
	};
	struct gh_policy *p = policy;
	for (const struct ynode *e = n->first; e != NULL; e = e->next) {
		struct gh_exception *x = PPUSH(d->arena, &p->exception);
		if (x == NULL)
			return GH_E_NOMEM;
		if (p->exception.n > GH_POLICY_RULES)
			return ydoc_bad(d, e, false, "there are at most %d exceptions", GH_POLICY_RULES);
		*x = (struct gh_exception){ 0 };
		enum gh_rc rc = ydoc_map(d, e, keys, sizeof keys / sizeof keys[0], x);
		if (rc != GH_OK)
			return rc;
		if (x->model.n == 0 && x->digest.n == 0)
			return ydoc_bad(d, e, false,
					"an exception names its subject: model (a pattern) or digest, or both");
		for (size_t i = 0; i + 1 < p->exception.n; i++)
			if (gh_span_eq(p->exception.v[i].id, x->id))
				return ydoc_bad(d, ydoc_get(e, "id"), false, "an exception with this id stands above");
	}
	return GH_OK;
}

bool gh_exception_fits(const struct gh_exception *x, struct gh_span of, struct gh_span root)
{
	if (x->model.n == 0 && x->digest.n == 0)
		return false;
	if (x->model.n != 0 && (of.n == 0 || !gh_glob(x->model, of)))
		return false;
	return x->digest.n == 0 || (root.n != 0 && gh_span_eq(x->digest, root));
}

enum gh_rc gh_exceptions_read(struct gh_arena *arena, struct gh_span yaml, const struct gh_exception **out, size_t *n,
			      struct gh_policy_err *err)
{
	static const struct ykey keys[] = { { "exceptions", true, Y_LIST, policy_exceptions } };
	struct ydoc d = { .text = yaml, .arena = arena, .name = "", .err = err };
	struct gh_policy *p = GH_NEW(arena, struct gh_policy, 1);
	*err = (struct gh_policy_err){ 0 };
	if (p == NULL)
		return GH_E_NOMEM;
	enum gh_rc rc = ydoc_read(&d);
	if (rc == GH_OK)
		rc = ydoc_map(&d, d.top, keys, 1, p);
	*out = p->exception.v;
	*n = p->exception.n;
	return rc;
}
