#include "api/intake.h"

#include "catalog/evidence.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/reports.h"
#include "catalog/reviews.h"
#include "wire/jcanon.h"

#include <stdio.h>

enum { KNOWN = 16 << 20 };

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }
static struct gh_id id(const struct gh_op_run *r, const char *name) { return gh_id(gh_span_str(text(r, name))); }

/* What a verdict and a policy make of a version. Verdicts come first: no policy makes UNSAFE usable. */
static void decide(struct gh_intake *f, const char *verdict)
{
	if (strcmp(verdict, "UNSAFE") == 0 || strcmp(verdict, "INCOMPLETE") == 0) {
		f->state = GH_V_QUARANTINED;
		(void)snprintf(f->reason, sizeof f->reason, "the scan says %s", verdict);
	} else if (strcmp(verdict, "REVIEW") == 0) {
		f->state = GH_V_REVIEW;
		(void)snprintf(f->reason, sizeof f->reason, "findings have to be reviewed");
	} else if (f->gate.decision == GH_DENY) {
		f->state = GH_V_QUARANTINED;
		(void)snprintf(f->reason, sizeof f->reason, "policy: %.150s", f->gate.because);
	} else if (f->gate.decision == GH_PENDING || f->gate.high) {
		f->state = GH_V_REVIEW;
		(void)snprintf(f->reason, sizeof f->reason, "%s",
			       f->gate.high ? "high risk tier: approvals are needed" : "the policy asks for approvals");
	} else {
		f->state = GH_V_READY;
		f->reason[0] = '\0';
	}
}

static int64_t quarantine(const struct gh_policy_result *p)
{
	int64_t until = 0;
	for (size_t i = 0; i < p->nrule; i++)
		until = p->rule[i].until > until ? p->rule[i].until : until;
	return until;
}

static enum gh_rc own_document(struct gh_intake *f, const char *kind, const char *blob, const char *digest,
			       struct gh_err *err)
{
	struct gh_op_run *r = f->r;
	struct gh_evidence e = { .version = f->v.id,
				 .blob = id(r, blob),
				 .by = r->who->id,
				 .signer = GH_EVIDENCE_SELF,
				 .trusted = true,
				 .created = r->now };
	(void)snprintf(e.kind, sizeof e.kind, "%s", kind);
	(void)snprintf(e.digest, sizeof e.digest, "%s", text(r, digest));
	GH_TRY(gh_id_new(&e.id, err), err, "a document");
	return gh_evidence_add(r->cat->db, &e, err);
}

enum gh_rc gh_intake_report(struct gh_intake *f, struct gh_err *err)
{
	struct gh_op_run *r = f->r;
	struct gh_report_row row = { .version = f->v.id, .blob = id(r, "report"), .created = r->now };
	GH_TRY(gh_id_new(&row.id, err), err, "a report");
	(void)snprintf(row.digest, sizeof row.digest, "%s", text(r, "report_digest"));
	(void)snprintf(row.scanner, sizeof row.scanner, "%s", text(r, "scanner"));
	(void)snprintf(row.rules, sizeof row.rules, "%s", text(r, "rules"));
	(void)snprintf(row.advisories, sizeof row.advisories, "%.79s", text(r, "advisories"));
	(void)snprintf(row.verdict, sizeof row.verdict, "%s", text(r, "verdict"));
	(void)snprintf(row.coverage, sizeof row.coverage, "%s", text(r, "coverage"));
	row.findings = gh_in_number(r->in, "findings", 0);
	gh_auto_buf stages = gh_buf(sizeof row.stages - 1);
	for (const struct gh_jval *s = gh_jfirst(gh_jget(r->in, "stages")); s != NULL; s = s->next)
		gh_buf_fmt(&stages, "%s%.20s=%.20s", stages.n > 0 ? " " : "", (const char *)s->key.p,
			   gh_jtext(s) == NULL ? "" : gh_jtext(s));
	(void)snprintf(row.stages, sizeof row.stages, "%s", gh_buf_cstr(&stages));
	GH_TRY(gh_report_add(r->cat->db, &row, err), err, "the report");
	f->report = row.id;
	GH_TRY(own_document(f, GH_EVIDENCE_FACTS, "facts", "facts_digest", err), err, "facts");
	return own_document(f, "sbom", "bom", "bom_digest", err);
}

enum gh_rc gh_intake_ask(struct gh_intake *f, const char *action, struct gh_err *err)
{
	gh_auto_buf known = gh_buf(KNOWN);
	if (!gh_jcanon_put(&known, gh_jget(f->r->in, "known"), f->r->arena) || known.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for facts");
	GH_TRY(gh_gate_ask(f->r->cat, &f->v, action, gh_buf_view(&known), f->r->arena, &f->gate, err), err,
	       "the policy");
	decide(f, text(f->r, "verdict"));
	f->quarantine_until = quarantine(f->gate.result);
	return GH_OK;
}

enum gh_rc gh_intake_review(struct gh_intake *f, struct gh_err *err)
{
	struct gh_op_run *r = f->r;
	struct gh_review review;
	int64_t needed = gh_review_eyes(&f->v.by, gh_home_one_hand(&r->cat->home), f->gate.high ? 2 : 0);
	GH_TRY(gh_review_open(r->cat->db, &f->v.id, needed, r->now, &review, err), err, "a review");
	const struct gh_entry_value v[] = {
		{ .name = "tenant", .text = f->v.tenant.s }, { .name = "version", .text = f->v.id.s },
		{ .name = "root", .text = review.root },     { .name = "report", .text = review.report_digest },
		{ .name = "review", .text = review.id.s },   { .name = "needed", .number = (uint64_t)review.needed },
		{ .name = "tier", .text = review.tier },
	};
	return gh_ledger_put(r->cat, "review-opened", "system", v, sizeof v / sizeof *v, NULL, err);
}
