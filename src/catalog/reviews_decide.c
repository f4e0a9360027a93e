/* Deciding a review: who may, what counts, and what follows. */
#include "catalog/reviews.h"
#include "catalog/row.h"

enum gh_rc gh_review_may(const struct gh_review *r, const struct gh_principal *who, const struct gh_name *scope,
			 const char **role, struct gh_err *err)
{
	char text[GH_NAME_TEXT];
	struct gh_name place = *scope;
	place.name[0] = place.version[0] = '\0';
	*role = NULL;
	if (who->kind == GH_PRINCIPAL_LOCAL)
		return gh_fail(err, GH_E_DENIED,
			       "a decision is a person's: set GATEHOUSE_API_KEY to your API key (the passphrase "
			       "identifies no one)");
	if (who->kind != GH_PRINCIPAL_PERSON)
		return gh_fail(err, GH_E_DENIED, "%s is a robot: a decision is a person's", who->name);
	if (!who->active)
		return gh_fail(err, GH_E_DENIED, "%s is disabled", who->name);
	*role = gh_may_by_role(who, "review.decide", scope);
	if (*role == NULL)
		return gh_fail(err, GH_E_DENIED, "no role of %s grants review.decide in %.70s", who->name,
			       gh_name_text(&place, text));
	if (gh_id_same(&who->id, &r->author))
		return gh_fail(err, GH_E_DENIED,
			       "%s imported this version: the author never counts, somebody else has to decide",
			       who->name);
	return GH_OK;
}

/* What a decision makes of an open review, given how many different persons have approved it by now. */
static enum gh_review_state after(enum gh_review_act act, int64_t approvals, int64_t needed)
{
	switch (act) {
	case GH_REVIEW_REJECT: return GH_REVIEW_REJECTED;
	case GH_REVIEW_APPROVE: return approvals >= needed ? GH_REVIEW_APPROVED : GH_REVIEW_OPEN;
	case GH_REVIEW_WITHDRAWN: return GH_REVIEW_VOID;
	case GH_REVIEW_COMMENT:
	case GH_REVIEW_ACTS: break;
	}
	return GH_REVIEW_OPEN;
}

static enum gh_rc approved_before(struct gh_db *db, const struct gh_review *r, const struct gh_principal *who,
				  struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows rows;
	GH_TRY(gh_db_query(db, &a, &rows, err,
			   "SELECT count(*) FROM review_events WHERE review = ? AND principal = ? AND kind = 'approve'",
			   GH_DBV(gh_dbs(r->id.s), gh_dbs(who->id.s))),
	       err, "reviews");
	return gh_db_int(&rows, 0, 0) == 0
		       ? GH_OK
		       : gh_fail(err, GH_E_DENIED, "%s has approved this already: the same person counts once",
				 who->name);
}

static enum gh_rc allowed(struct gh_db *db, const struct gh_review *r, const struct gh_principal *who,
			  const struct gh_name *scope, const struct gh_review_event *e, const char **role,
			  struct gh_err *err)
{
	if (e->act == GH_REVIEW_COMMENT) {
		*role = gh_may_by_role(who, "review.comment", scope);
		if (*role == NULL || who->kind == GH_PRINCIPAL_LOCAL)
			return gh_fail(err, GH_E_DENIED, "no role of %s grants review.comment there", who->name);
		return GH_OK; /* also when it is closed, and by the author */
	}
	enum gh_rc rc = gh_review_may(r, who, scope, role, err);
	if (rc != GH_OK)
		return rc;
	if (r->state != GH_REVIEW_OPEN)
		return gh_fail(err, GH_E_DENIED, "the review is %s%s%s", gh_review_state_name(r->state),
			       r->reason[0] != '\0' ? ": " : "", r->reason);
	if (strcmp(e->root, r->root) != 0 || strcmp(e->report_digest, r->report_digest) != 0)
		return gh_fail(err, GH_E_EXISTS, "the review is about other files or another report: look at it again");
	return e->act == GH_REVIEW_APPROVE ? approved_before(db, r, who, err) : GH_OK;
}

/* The version and its report must still be what the review is about. */
static enum gh_rc still(struct gh_db *db, const struct gh_review *r, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows rows;
	GH_TRY(gh_db_query(db, &a, &rows, err,
			   "SELECT count(*) FROM versions v JOIN reports p ON p.id = v.report"
			   " WHERE v.id = ? AND v.root = ? AND p.digest = ?",
			   GH_DBV(gh_dbs(r->version.s), gh_dbs(r->root), gh_dbs(r->report_digest))),
	       err, "reviews");
	return gh_db_int(&rows, 0, 0) == 1
		       ? GH_OK
		       : gh_fail(err, GH_E_EXISTS, "the version has a newer report: this review is about the old one");
}

struct recording {
	const struct gh_principal *who;
	const struct gh_name *scope;
	const struct gh_review_event *e;
	struct gh_review *out;
};

static enum gh_rc insert(struct gh_db *db, const struct recording *c, const char *role, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows rows;
	const struct gh_review_event *e = c->e;
	GH_TRY(gh_db_query(db, &a, &rows, err, "SELECT COALESCE(MAX(seq), 0) + 1 FROM review_events WHERE review = ?",
			   GH_DBV(gh_dbs(e->review.s))),
	       err, "reviews");
	return gh_db_exec(
		db, NULL, err,
		"INSERT INTO review_events (id, review, seq, principal, kind, role, root, report_digest, comment,"
		" comment_digest, signer, signature, receipt_key, receipt, at)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		GH_DBV(gh_dbs(e->id.s), gh_dbs(e->review.s), gh_dbi(gh_db_int(&rows, 0, 0)), gh_dbs(c->who->id.s),
		       gh_dbs(gh_review_act_name(e->act)), gh_dbs(role), gh_dbs(e->root), gh_dbs(e->report_digest),
		       gh_dbid(&e->comment), gh_dbs(e->comment_digest), gh_dbid(&e->signer),
		       e->signature_n == 0 ? gh_dbnull() : gh_dbb((struct gh_span){ e->signature, e->signature_n }),
		       gh_dbopt(e->receipt_key),
		       e->receipt_n == 0 ? gh_dbnull() : gh_dbb((struct gh_span){ e->receipt, e->receipt_n }),
		       gh_dbi(e->at)));
}

static enum gh_rc record(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct recording *c = arg;
	struct gh_review r;
	const char *role;
	enum gh_rc rc = gh_review_get(db, &c->e->review, &r, err);
	if (rc == GH_OK)
		rc = allowed(db, &r, c->who, c->scope, c->e, &role, err);
	if (rc == GH_OK && c->e->act != GH_REVIEW_COMMENT)
		rc = still(db, &r, err);
	if (rc == GH_OK)
		rc = insert(db, c, role, err);
	if (rc == GH_OK)
		rc = gh_review_get(db, &r.id, &r, err); /* with the count of persons as it is now */
	if (rc != GH_OK)
		return rc;
	enum gh_review_state next = c->e->act == GH_REVIEW_COMMENT ? r.state : after(c->e->act, r.approvals, r.needed);
	if (next != r.state)
		GH_TRY(gh_db_exec(db, NULL, err,
				  "UPDATE reviews SET state = ?, closed = ? WHERE id = ? AND state = 'open'",
				  GH_DBV(gh_dbs(gh_review_state_name(next)), gh_dbi(c->e->at), gh_dbs(r.id.s))),
		       err, "reviews");
	return gh_review_get(db, &r.id, c->out, err);
}

enum gh_rc gh_review_record(struct gh_db *db, const struct gh_principal *who, const struct gh_name *scope,
			    const struct gh_review_event *e, struct gh_review *out, struct gh_err *err)
{
	struct recording c = { who, scope, e, out };
	if (e->act >= GH_REVIEW_WITHDRAWN || !gh_id_ok(gh_span_str(e->id.s)) || !gh_id_same(&e->principal, &who->id) ||
	    e->signature_n > GH_REVIEW_SIG || e->receipt_n > GH_REVIEW_SIG)
		return gh_fail(err, who->kind == GH_PRINCIPAL_LOCAL ? GH_E_DENIED : GH_E_BUG,
			       "a decision without a person");
	if (e->act != GH_REVIEW_COMMENT && e->signature_n == 0 && e->receipt_n == 0)
		return gh_fail(err, GH_E_BUG, "a decision that nobody signed");
	return gh_db_tx(db, record, &c, err);
}

enum gh_rc gh_review_approvals(struct gh_db *db, const struct gh_id *version, const char *root,
			       const char *report_digest, struct gh_review *out, struct gh_err *err)
{
	enum gh_rc rc = gh_review_of(db, version, out, err);
	if (rc != GH_OK)
		return rc;
	if (strcmp(out->root, root) != 0 || strcmp(out->report_digest, report_digest) != 0)
		return gh_fail(err, GH_E_ABSENT, "what was approved are other files or another report");
	return GH_OK;
}
