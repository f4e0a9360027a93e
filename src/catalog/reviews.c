/* Reviews: what they are, and reading them. Deciding is in reviews_decide.c. */
#include "catalog/reviews.h"
#include "audit/entry.h"
#include "catalog/reports.h"
#include "catalog/row.h"
#include "catalog/versions.h"

#include <stdio.h>

static const char *const states[GH_REVIEW_STATES] = {
	[GH_REVIEW_OPEN] = "open",
	[GH_REVIEW_APPROVED] = "approved",
	[GH_REVIEW_REJECTED] = "rejected",
	[GH_REVIEW_VOID] = "void",
};
static const char *const acts[GH_REVIEW_ACTS] = {
	[GH_REVIEW_APPROVE] = "approve",
	[GH_REVIEW_REJECT] = "reject",
	[GH_REVIEW_COMMENT] = "comment",
	[GH_REVIEW_WITHDRAWN] = "void",
};

const char *gh_review_state_name(enum gh_review_state s) { return s < GH_REVIEW_STATES ? states[s] : "?"; }
enum gh_review_state gh_review_state_named(const char *name)
{
	enum gh_review_state s = GH_REVIEW_OPEN;
	while (s < GH_REVIEW_STATES && strcmp(states[s], name) != 0)
		s++;
	return s;
}
const char *gh_review_act_name(enum gh_review_act a) { return a < GH_REVIEW_ACTS ? acts[a] : "?"; }
enum gh_review_act gh_review_act_named(const char *name)
{
	enum gh_review_act a = GH_REVIEW_APPROVE;
	while (a < GH_REVIEW_ACTS && strcmp(acts[a], name) != 0)
		a++;
	return a;
}

int64_t gh_review_needed(const char *tier) { return strcmp(tier, "high") == 0 ? 2 : 1; }

int64_t gh_review_eyes(const struct gh_id *author, bool one_hand, int64_t asked)
{
	return gh_id_none(author) && !one_hand && asked < 2 ? 2 : asked;
}

/* ---- rows ---- */
/* Approvals: different persons, never the author, whatever stands in the table. */
#define COLUMNS \
	"r.id, r.version, r.report, r.author, r.root, r.report_digest, r.tier, r.needed, r.state, r.reason, " \
	"r.opened, r.closed," \
	" (SELECT count(DISTINCT e.principal) FROM review_events e WHERE e.review = r.id AND e.kind = 'approve'" \
	" AND e.principal <> r.author AND e.root = r.root AND e.report_digest = r.report_digest)"

static void review_of(const struct gh_db_rows *r, size_t i, struct gh_review *v)
{
	*v = (struct gh_review){
		.id = gh_row_id(r, i, 0),
		.version = gh_row_id(r, i, 1),
		.report = gh_row_id(r, i, 2),
		.author = gh_row_id(r, i, 3),
		.needed = gh_db_int(r, i, 7),
		.state = gh_review_state_named(gh_db_text(r, i, 8)),
		.opened = gh_db_int(r, i, 10),
		.closed = gh_db_int(r, i, 11),
		.approvals = gh_db_int(r, i, 12),
	};
	GH_ROW_TEXT(v->root, r, i, 4);
	GH_ROW_TEXT(v->report_digest, r, i, 5);
	GH_ROW_TEXT(v->tier, r, i, 6);
	GH_ROW_TEXT(v->reason, r, i, 9);
}

static enum gh_rc reviews(struct gh_db *db, struct gh_arena *a, const char *sql, struct gh_dbvs args,
			  struct gh_review **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, sql, args), err, "reviews");
	struct gh_review *v = GH_NEW(a, struct gh_review, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu reviews", r.n);
	for (size_t i = 0; i < r.n; i++)
		review_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

static enum gh_rc first(struct gh_db *db, const char *sql, struct gh_dbvs args, const char *absent,
			struct gh_review *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_review *v;
	size_t n;
	enum gh_rc rc = reviews(db, &a, sql, args, &v, &n, err);
	if (rc != GH_OK)
		return rc;
	if (n == 0)
		return gh_fail(err, GH_E_ABSENT, "%s", absent);
	*out = v[0];
	return GH_OK;
}

enum gh_rc gh_review_get(struct gh_db *db, const struct gh_id *id, struct gh_review *out, struct gh_err *err)
{
	return first(db, "SELECT " COLUMNS " FROM reviews r WHERE r.id = ?", GH_DBV(gh_dbs(id->s)),
		     "there is no such review", out, err);
}

enum gh_rc gh_review_of(struct gh_db *db, const struct gh_id *version, struct gh_review *out, struct gh_err *err)
{
	return first(
		db,
		"SELECT " COLUMNS " FROM reviews r WHERE r.version = ?"
		" ORDER BY CASE WHEN r.state = 'open' THEN 0 ELSE 1 END, r.opened DESC, r.closed DESC, r.id LIMIT 1",
		GH_DBV(gh_dbs(version->s)), "there is no review of this version", out, err);
}

enum gh_rc gh_review_list(struct gh_db *db, struct gh_arena *a, enum gh_review_state state, size_t max,
			  struct gh_review **out, size_t *n, struct gh_err *err)
{
	int64_t limit = max != 0 && max <= INT32_MAX ? (int64_t)max : GH_ROW_LIST;
	if (state < GH_REVIEW_STATES)
		return reviews(db, a,
			       "SELECT " COLUMNS
			       " FROM reviews r WHERE r.state = ? ORDER BY r.opened DESC, r.id LIMIT ?",
			       GH_DBV(gh_dbs(states[state]), gh_dbi(limit)), out, n, err);
	return reviews(db, a, "SELECT " COLUMNS " FROM reviews r ORDER BY r.opened DESC, r.id LIMIT ?",
		       GH_DBV(gh_dbi(limit)), out, n, err);
}

static void event_of(const struct gh_db_rows *r, size_t i, struct gh_review_event *e)
{
	*e = (struct gh_review_event){
		.id = gh_row_id(r, i, 0),
		.review = gh_row_id(r, i, 1),
		.seq = gh_db_int(r, i, 2),
		.principal = gh_row_id(r, i, 3),
		.act = gh_review_act_named(gh_db_text(r, i, 4)),
		.comment = gh_row_id(r, i, 8),
		.signer = gh_row_id(r, i, 10),
		.at = gh_db_int(r, i, 14),
	};
	GH_ROW_TEXT(e->role, r, i, 5);
	GH_ROW_TEXT(e->root, r, i, 6);
	GH_ROW_TEXT(e->report_digest, r, i, 7);
	GH_ROW_TEXT(e->comment_digest, r, i, 9);
	e->signature_n = gh_row_bytes(e->signature, sizeof e->signature, r, i, 11);
	GH_ROW_TEXT(e->receipt_key, r, i, 12);
	e->receipt_n = gh_row_bytes(e->receipt, sizeof e->receipt, r, i, 13);
}

enum gh_rc gh_review_events(struct gh_db *db, struct gh_arena *a, const struct gh_id *review,
			    struct gh_review_event **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err,
			   "SELECT id, review, seq, principal, kind, role, root, report_digest, comment, "
			   "comment_digest, signer, signature,"
			   " receipt_key, receipt, at FROM review_events WHERE review = ? ORDER BY seq",
			   GH_DBV(gh_dbs(review->s))),
	       err, "reviews");
	struct gh_review_event *v = GH_NEW(a, struct gh_review_event, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu events", r.n);
	for (size_t i = 0; i < r.n; i++)
		event_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

/* ---- opening and voiding ---- */
struct opening {
	const struct gh_id *version;
	int64_t needed, now;
	struct gh_review *out;
};

static enum gh_rc open_one(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct opening *o = arg;
	struct gh_version v;
	struct gh_report_row report;
	struct gh_review there;
	struct gh_id id;
	enum gh_rc rc = gh_version_get(db, o->version, &v, err);
	if (rc != GH_OK)
		return rc;
	if (v.state == GH_V_IMPORTING || v.state == GH_V_DELETED || gh_id_none(&v.report))
		return gh_fail(err, GH_E_DENIED, "a version that is %s is not reviewed", gh_vstate_name(v.state));
	/* No number of people makes these usable: what helps is another version, or a new scan with another outcome. */
	if (strcmp(v.verdict, "CLEAN") != 0 && strcmp(v.verdict, "REVIEW") != 0)
		return gh_fail(err, GH_E_DENIED, "a version whose scan says %s cannot be approved", v.verdict);
	GH_TRY(gh_report_get(db, &v.report, &report, err), err, "the report of the version");
	rc = gh_review_of(db, o->version, &there, NULL);
	if (rc != GH_OK && rc != GH_E_ABSENT)
		return gh_fail(err, rc, "the reviews of the version cannot be read");
	bool same = rc == GH_OK && strcmp(there.root, v.root) == 0 && strcmp(there.report_digest, report.digest) == 0;
	if (same && there.state == GH_REVIEW_REJECTED)
		return gh_fail(err, GH_E_DENIED,
			       "this version was rejected on this very report: only a new report opens a new review");
	if (same && there.state != GH_REVIEW_VOID) {
		*o->out = there;
		return GH_OK;
	}
	if (rc == GH_OK && there.state == GH_REVIEW_OPEN)
		GH_TRY(gh_review_void(db, &there.id, "a new report", o->now, err), err, "the review before");
	int64_t needed = gh_review_needed(v.tier);
	if (o->needed > needed)
		needed = o->needed;
	GH_TRY(gh_id_new(&id, err), err, "a review");
	GH_TRY(gh_db_exec(db, NULL, err,
			  "INSERT INTO reviews (id, version, root, report, report_digest, author, tier, needed, state, "
			  "reason, opened)"
			  " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'open', '', ?)",
			  GH_DBV(gh_dbs(id.s), gh_dbs(v.id.s), gh_dbs(v.root), gh_dbs(report.id.s),
				 gh_dbs(report.digest), gh_dbs(v.by.s), gh_dbs(v.tier), gh_dbi(needed),
				 gh_dbi(o->now))),
	       err, "reviews");
	return gh_review_get(db, &id, o->out, err);
}

enum gh_rc gh_review_open(struct gh_db *db, const struct gh_id *version, int64_t needed, int64_t now,
			  struct gh_review *out, struct gh_err *err)
{
	struct opening o = { version, needed, now, out };
	return gh_db_tx(db, open_one, &o, err);
}

enum gh_rc gh_review_void(struct gh_db *db, const struct gh_id *id, const char *reason, int64_t now, struct gh_err *err)
{
	int64_t changed;
	struct gh_review r;
	GH_TRY(gh_db_exec(db, &changed, err,
			  "UPDATE reviews SET state = 'void', reason = ?, closed = ? WHERE id = ? AND state = 'open'",
			  GH_DBV(gh_dbs(reason), gh_dbi(now), gh_dbs(id->s))),
	       err, "reviews");
	if (changed == 1)
		return GH_OK;
	enum gh_rc rc = gh_review_get(db, id, &r, err);
	return rc != GH_OK ? rc : gh_fail(err, GH_E_EXISTS, "the review is %s by now", gh_review_state_name(r.state));
}

/* ---- the statement ---- */
enum gh_rc gh_review_statement(const struct gh_review_event *e, char out[GH_REVIEW_STATEMENT], size_t *n,
			       struct gh_err *err)
{
	char at[GH_ENTRY_TIME + 1];
	*n = 0;
	if (!gh_entry_time(e->at, at) || e->act >= GH_REVIEW_ACTS || !gh_id_ok(gh_span_str(e->principal.s)) ||
	    !gh_id_ok(gh_span_str(e->review.s)) || !gh_digest_ok(gh_span_str(e->root)) ||
	    !gh_digest_ok(gh_span_str(e->report_digest)) ||
	    (e->comment_digest[0] != '\0' && !gh_digest_ok(gh_span_str(e->comment_digest))))
		return gh_fail(err, GH_E_MALFORMED, "a decision without time, person, review or digests");
	int len = snprintf(
		out, GH_REVIEW_STATEMENT,
		"{\"at\":\"%s\",\"comment\":\"%s\",\"decision\":\"%s\",\"principal\":\"%s\",\"report\":\"%s\","
		"\"review\":\"%s\",\"root\":\"%s\",\"type\":\"gatehouse-review/1\"}",
		at, e->comment_digest, acts[e->act], e->principal.s, e->report_digest, e->review.s, e->root);
	if (len < 0 || len >= GH_REVIEW_STATEMENT)
		return gh_fail(err, GH_E_BUG, "the statement of a decision does not fit");
	*n = (size_t)len;
	return GH_OK;
}
