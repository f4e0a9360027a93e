/* Deciding a review: who may, what counts, and what follows. */
#include "catalog/people_roles.h"
#include "catalog/reviews.h"
#include "catalog/row.h"

#include <stdarg.h>
#include <stdio.h>

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

/* ---- four eyes ---- */

enum { HANDS = 64 };
struct hands { /* who can act as a person: itself first */
	struct gh_id id[HANDS];
	size_t n;
};

static bool has(const struct hands *h, const struct gh_id *id)
{
	for (size_t i = 0; i < h->n; i++)
		if (gh_id_same(&h->id[i], id))
			return true;
	return false;
}

static enum gh_rc hands_on(struct gh_db *db, const struct gh_review *r, const struct gh_id *person, struct hands *out,
			   struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows rows;
	out->id[0] = *person;
	out->n = 1;
	GH_TRY(gh_db_query(db, &a, &rows, err,
			   "SELECT DISTINCT created_by, '' FROM api_keys WHERE principal = ? AND created_by IS NOT NULL"
			   " AND (revoked IS NULL OR revoked >= ?) AND expires >= ?"
			   " UNION SELECT DISTINCT created_by, role FROM grants WHERE principal = ? AND created_by IS "
			   "NOT NULL",
			   GH_DBV(gh_dbs(person->s), gh_dbi(r->opened), gh_dbi(r->opened), gh_dbs(person->s))),
	       err, "who issued keys");
	for (size_t i = 0; i < rows.n; i++) {
		struct gh_id id = gh_id(gh_db_span(&rows, i, 0));
		const struct gh_people_role *role = gh_people_role_named(gh_db_text(&rows, i, 1));
		bool counts = gh_db_span(&rows, i, 1).n == 0 ||
			      (role != NULL && gh_people_role_permits(role, "review.decide"));
		if (!counts || has(out, &id))
			continue;
		if (out->n == HANDS)
			return gh_fail(err, GH_E_LIMIT, "too many have issued keys for one person: revoke some first");
		out->id[out->n++] = id;
	}
	return GH_OK;
}

static const char *name_of(struct gh_db *db, const struct gh_id *id, char out[GH_NAME_PART + 1])
{
	struct gh_principal p;
	(void)snprintf(out, GH_NAME_PART + 1, "%s", gh_principal_get(db, id, &p, NULL) == GH_OK ? p.name : id->s);
	return out;
}

/* A line, and the way out behind it: each has a link of the chain to itself, and so is not cut. */
static enum gh_rc one_pair(struct gh_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static enum gh_rc one_pair(struct gh_err *err, const char *fmt, ...)
{
	char line[GH_ERR_TEXT];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	(void)!gh_fail(
		err, GH_E_DENIED,
		"another administrator has to grant the role and issue the key, before the review (docs/people.md)");
	return gh_fail(err, GH_E_DENIED, "%s", line);
}

static enum gh_rc beside_author(struct gh_db *db, const struct gh_review *r, const struct gh_principal *who,
				const struct hands *mine, struct gh_err *err)
{
	struct hands theirs;
	char name[GH_NAME_PART + 1], hand[GH_NAME_PART + 1];
	if (gh_id_none(&r->author))
		return GH_OK; /* nobody knows who that was: gh_review_eyes() asks for one more instead */
	GH_TRY(hands_on(db, r, &r->author, &theirs, err), err, "the author");
	if (has(mine, &r->author))
		return one_pair(err, "%.50s imported this version, and appointed %.50s or issued their key",
				name_of(db, &r->author, name), who->name);
	if (has(&theirs, &who->id))
		return one_pair(err, "%.50s issued a key of %.50s, who imported this version", who->name,
				name_of(db, &r->author, name));
	for (size_t k = 0; k < theirs.n; k++)
		if (has(mine, &theirs.id[k]))
			return one_pair(err,
					"%.40s and %.40s, who imported this version, are one pair of eyes: %.40s can "
					"act as both",
					who->name, name_of(db, &r->author, name), name_of(db, &theirs.id[k], hand));
	return GH_OK;
}

enum gh_rc gh_review_independent(struct gh_db *db, const struct gh_review *r, const struct gh_principal *who,
				 struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows rows;
	struct hands mine, theirs;
	char name[GH_NAME_PART + 1], hand[GH_NAME_PART + 1];
	GH_TRY(hands_on(db, r, &who->id, &mine, err), err, "four eyes");
	enum gh_rc rc = beside_author(db, r, who, &mine, err);
	if (rc != GH_OK)
		return rc;
	GH_TRY(gh_db_query(db, &a, &rows, err,
			   "SELECT DISTINCT principal FROM review_events WHERE review = ? AND kind = 'approve' AND "
			   "principal <> ?",
			   GH_DBV(gh_dbs(r->id.s), gh_dbs(who->id.s))),
	       err, "reviews");
	for (size_t i = 0; i < rows.n; i++) {
		struct gh_id other = gh_id(gh_db_span(&rows, i, 0));
		GH_TRY(hands_on(db, r, &other, &theirs, err), err, "four eyes");
		for (size_t k = 0; k < theirs.n; k++)
			if (has(&mine, &theirs.id[k]))
				return one_pair(err,
						"%.40s and %.40s, who approved this, are one pair of eyes: %.40s can "
						"act as both",
						who->name, name_of(db, &other, name), name_of(db, &theirs.id[k], hand));
	}
	return GH_OK;
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
	if (e->act != GH_REVIEW_APPROVE)
		return GH_OK;
	rc = approved_before(db, r, who, err);
	return rc == GH_OK && !e->one_hand ? gh_review_independent(db, r, who, err) : rc;
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
