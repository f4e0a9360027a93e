/* A decision for a person: what, why, and what to do. */
#include "policy/policy_int.h"
#include "policy/units.h"

enum { WIDE = 1000 };

static void safe(struct gh_buf *b, struct gh_span s) { gh_buf_safe(b, s, WIDE); }

static void head(const struct gh_policy_result *r, struct gh_buf *b)
{
	static const char *const words[] = { "ALLOWED", "ALLOWED, with warnings", "PENDING: approvals are missing",
					     "DENIED" };
	gh_buf_fmt(b, "%s\n", words[r->decision]);
	gh_buf_str(b, "  model   ");
	safe(b, r->model.n != 0 ? r->model : GH_SPAN("(not known)"));
	gh_buf_str(b, "\n  action  ");
	safe(b, r->action.n != 0 ? r->action : GH_SPAN("(not known: every rule counts)"));
	gh_buf_str(b, "\n  policy  ");
	if (r->policy != NULL) { /* NULL: there was no memory for anything */
		safe(b, r->policy->name);
		gh_buf_str(b, r->policy->version.n != 0 ? " " : "");
		safe(b, r->policy->version);
		gh_buf_fmt(b, " (sha256 %.16s…)", r->policy->digest);
	}
	gh_buf_str(b, "\n  at      ");
	gh_unit_put_time(b, r->at);
	gh_buf_str(b, "\n  tier    ");
	safe(b, r->tier);
	for (size_t i = 0; i < r->nbecause; i++) {
		gh_buf_str(b, i == 0 ? ": " : "; ");
		safe(b, r->because[i]);
	}
	gh_buf_ch(b, '\n');
}

static void exception(const struct gh_exception *x, const char *how, struct gh_buf *b)
{
	if (x == NULL)
		return;
	gh_buf_fmt(b, "      exception ");
	safe(b, x->id);
	gh_buf_fmt(b, " %s ", how);
	gh_unit_put_time(b, x->expires);
	gh_buf_str(b, ", by ");
	safe(b, x->owner);
	gh_buf_str(b, ": ");
	safe(b, x->reason);
	gh_buf_ch(b, '\n');
}

static void approvers(const struct gh_rule_result *r, struct gh_buf *b)
{
	if (r->need == 0)
		return;
	gh_buf_fmt(b, "      approvals: %u of %u, by ", r->have, r->need);
	safe(b, r->roles);
	if (r->within != 0) {
		gh_buf_str(b, ", not older than ");
		gh_unit_put_duration(b, r->within);
	}
	gh_buf_ch(b, '\n');
	for (size_t i = 0; i < r->napprover; i++) {
		gh_buf_str(b, "        ");
		safe(b, r->approver[i].by);
		gh_buf_str(b, " (");
		safe(b, r->approver[i].role);
		gh_buf_fmt(b, ") %s%s\n", r->approver[i].why == NULL ? "counts" : "does not count: ",
			   r->approver[i].why == NULL ? "" : r->approver[i].why);
	}
}

/* Sizes and ages as people read them. */
static void value(const struct gh_rule_fact *f, struct gh_buf *b)
{
	int64_t v;
	if (f->value.n == 0)
		gh_buf_str(b, "not known");
	else if (f->fact->type == GH_T_DURATION && gh_unit_int(f->value, &v))
		gh_unit_put_duration(b, v);
	else if (f->fact->type == GH_T_SIZE && gh_unit_int(f->value, &v))
		gh_unit_put_size(b, v);
	else
		gh_buf_span(b, gh_span_cut(f->value, 0, WIDE)); /* JSON: made printable when it was written */
	if (f->value.n != 0 && f->fact->type == GH_T_PERCENT)
		gh_buf_ch(b, '%');
}

static void rule(const struct gh_rule_result *r, struct gh_buf *b)
{
	static const char *const marks[] = { "ok  ", "warn", "wait", "DENY" };
	static const char *const says[] = { "does not hold",	   "holds",
					    "approvals are there", "taken out by an exception",
					    "cannot be told",	   "about other actions" };
	gh_buf_fmt(b, "  %s  ", marks[r->counts]);
	safe(b, r->id);
	gh_buf_fmt(b, " (%s): %s\n", gh_effect_name(r->effect), says[r->outcome]);
	if (r->nmissing == 0 && (r->counts != GH_ALLOW || r->outcome == GH_RULE_HIT)) {
		gh_buf_str(b, "      ");
		safe(b, r->message);
		gh_buf_ch(b, '\n');
	}
	if (r->outcome == GH_RULE_OTHER || r->outcome == GH_RULE_PASSED)
		return;
	if (r->when.n != 0) {
		gh_buf_str(b, "      when ");
		safe(b, r->when);
		gh_buf_ch(b, '\n');
	}
	for (size_t i = 0; i < r->nfact; i++) {
		gh_buf_fmt(b, "      %s = ", r->fact[i].fact->name);
		value(&r->fact[i], b);
		gh_buf_ch(b, '\n');
	}
	for (size_t i = 0; i < r->nmissing; i++) {
		gh_buf_str(b, i == 0 ? "      missing: " : ", ");
		safe(b, r->missing[i]);
	}
	gh_buf_str(b, r->nmissing != 0 ? "\n" : "");
	for (size_t i = 0; i < r->nmatch; i++) {
		gh_buf_str(b, "        ");
		gh_buf_span(b, r->match[i]);
		gh_buf_ch(b, '\n');
	}
	if (r->matches > r->nmatch)
		gh_buf_fmt(b, "        and %zu more\n", r->matches - r->nmatch);
	approvers(r, b);
	exception(r->exception, "counts until", b);
	exception(r->expired, "ended at", b);
}

void gh_policy_text(const struct gh_policy_result *r, bool all, struct gh_buf *out)
{
	size_t quiet = 0;
	head(r, out);
	gh_buf_ch(out, '\n');
	for (size_t i = 0; i < r->nrule; i++) {
		bool says = r->rule[i].counts != GH_ALLOW || r->rule[i].outcome == GH_RULE_EXCEPTED ||
			    r->rule[i].outcome == GH_RULE_HIT;
		quiet += !says;
		if (says || all)
			rule(&r->rule[i], out);
	}
	if (!all && quiet != 0)
		gh_buf_fmt(out, "  %zu rule%s did not object (--all shows them).\n", quiet, quiet == 1 ? "" : "s");
	if (r->nnext != 0)
		gh_buf_str(out, "\nWhat to do\n");
	for (size_t i = 0; i < r->nnext; i++) {
		gh_buf_str(out, "  - ");
		safe(out, r->next[i]);
		gh_buf_ch(out, '\n');
	}
}
