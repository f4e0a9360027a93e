/* An OPA server as one more rule: it is asked with the same facts, and only {"result": {"allow": true}} lets pass. */
#include "policy/policy_int.h"

enum { BODY = 1 << 30, ANSWER = 1 << 20, REASONS = 16, REASON_BYTES = 300 };

static void body(const struct asking_policy *a, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_open(&j, "input", '{');
	facts_say_all(&j, a->facts, a->q->at, a->tier);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
}

static void no(struct asking_policy *a, struct gh_rule_result *out, const char *why)
{
	out->outcome = GH_RULE_UNKNOWN;
	out->counts = GH_DENY;
	out->message = policy_keep(a, "The OPA server gave no usable answer: %s. Nothing is let pass without one.",
				   why);
}

/* {"allow": bool, "reasons": [text …]}; reasons may be left out. Anything else is no answer. */
static const char *shape(const struct gh_jval *top)
{
	const struct gh_jval *result = gh_jget(top, "result");
	if (top->kind != GH_J_OBJECT || result == NULL)
		return "it has no \"result\" (is the rule defined there?)";
	const struct gh_jval *allow = gh_jget(result, "allow"), *reasons = gh_jget(result, "reasons");
	if (allow == NULL || (allow->kind != GH_J_TRUE && allow->kind != GH_J_FALSE))
		return "\"result\" has no \"allow\" that is true or false";
	if (reasons != NULL && reasons->kind != GH_J_ARRAY)
		return "\"reasons\" is no list";
	for (const struct gh_jval *e = gh_jfirst(reasons); e != NULL; e = e->next)
		if (e->kind != GH_J_STRING)
			return "\"reasons\" holds something that is no text";
	return NULL;
}

static void judge(struct asking_policy *a, const struct gh_jval *top, struct gh_rule_result *out)
{
	const struct gh_jval *result = gh_jget(top, "result");
	bool allow = gh_jtrue(gh_jget(result, "allow"));
	gh_auto_buf b = gh_buf(2 * MESSAGE_BYTES + REASONS * (REASON_BYTES + 2));
	size_t n = 0;
	out->outcome = allow ? GH_RULE_PASSED : GH_RULE_HIT;
	out->counts = allow ? GH_ALLOW : GH_DENY;
	if (a->p->opa.message.n != 0)
		gh_buf_span(&b, a->p->opa.message);
	else
		gh_buf_str(&b, allow ? "The OPA server allows it." : "The OPA server does not allow it.");
	for (const struct gh_jval *e = gh_jfirst(gh_jget(result, "reasons")); e != NULL && n < REASONS;
	     e = e->next, n++) {
		gh_buf_str(&b, n == 0 ? " It says: " : "; ");
		gh_buf_span(&b, gh_span_cut(e->text, 0, REASON_BYTES));
	}
	out->message = gh_keep(a->arena, gh_buf_view(&b));
	a->nomem |= out->message.p == NULL;
}

void policy_opa(struct asking_policy *a, struct gh_rule_result *out)
{
	gh_auto_buf ask = gh_buf(BODY), answer = gh_buf(ANSWER);
	gh_auto_arena scratch = { .max = 64 << 20 };
	const char *why = "it could not be asked";
	const struct gh_jval *top;
	struct gh_err err = { 0 };
	char line[256];
	if (a->q->opa == NULL) {
		no(a, out, "asking it is not possible here");
		return;
	}
	body(a, &ask);
	if (ask.full) {
		a->nomem = true;
		return;
	}
	bool own = a->p->opa.stated;
	if (!a->q->opa(a->q->opa_ctx, own ? a->p->opa.url : a->q->opa_url, own ? a->p->opa.timeout_ms : OPA_MS,
		       gh_buf_view(&ask), &answer, &why)) {
		no(a, out, why);
		return;
	}
	if (answer.full) {
		no(a, out, "it is larger than 1 MiB");
		return;
	}
	if (gh_jdom_parse(&scratch, gh_buf_view(&answer), &top, &err) != GH_OK) {
		no(a, out, gh_err_line(&err, line, sizeof line));
		return;
	}
	why = shape(top);
	if (why != NULL)
		no(a, out, why);
	else
		judge(a, top, out);
}
