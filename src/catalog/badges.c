/* Badges and their states; status lists. */
#include "catalog/badges.h"
#include "catalog/row.h"

static const struct {
	const char *name;
	unsigned may; /* bits of the states that may follow by gh_badge_move() */
} states[GH_BADGE_STATES] = {
	[GH_BADGE_ISSUED] = { "issued", 1u << GH_BADGE_EXPIRED | 1u << GH_BADGE_REVOKED },
	[GH_BADGE_PENDING] = { "review-pending", 1u << GH_BADGE_REJECTED | 1u << GH_BADGE_REVOKED },
	[GH_BADGE_REJECTED] = { "rejected", 0 },
	[GH_BADGE_EXPIRED] = { "expired", 1u << GH_BADGE_REVOKED }, /* the reason counts even when its time is over */
	[GH_BADGE_REVOKED] = { "revoked", 0 },
};

const char *gh_badge_state_name(enum gh_badge_state s) { return s < GH_BADGE_STATES ? states[s].name : "?"; }

enum gh_badge_state gh_badge_state_named(const char *name)
{
	enum gh_badge_state s = GH_BADGE_ISSUED;
	while (s < GH_BADGE_STATES && strcmp(states[s].name, name) != 0)
		s++;
	return s;
}

#define COLUMNS "id, version, report, state, reason, issued, expires, changed, blob, digest, key_id, entry, log_index"

static void badge_of(const struct gh_db_rows *r, size_t i, struct gh_badge_row *b)
{
	*b = (struct gh_badge_row){
		.id = gh_row_id(r, i, 0),
		.version = gh_row_id(r, i, 1),
		.report = gh_row_id(r, i, 2),
		.state = gh_badge_state_named(gh_db_text(r, i, 3)),
		.issued = gh_db_int(r, i, 5),
		.expires = gh_db_int(r, i, 6),
		.changed = gh_db_int(r, i, 7),
		.blob = gh_row_id(r, i, 8),
		.entry = gh_row_id(r, i, 11),
		.log_index = gh_db_null(r, i, 12) ? -1 : gh_db_int(r, i, 12),
	};
	GH_ROW_TEXT(b->reason, r, i, 4);
	GH_ROW_TEXT(b->digest, r, i, 9);
	GH_ROW_TEXT(b->key_id, r, i, 10);
}

static enum gh_rc badges(struct gh_db *db, struct gh_arena *a, const char *sql, struct gh_dbvs args,
			 struct gh_badge_row **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, sql, args), err, "badges");
	struct gh_badge_row *v = GH_NEW(a, struct gh_badge_row, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu badges", r.n);
	for (size_t i = 0; i < r.n; i++)
		badge_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

/* An issued badge has everything that proves it. */
static enum gh_rc whole(const struct gh_badge_row *b, struct gh_err *err)
{
	if (b->issued <= 0 || b->expires <= b->issued || !gh_digest_ok(gh_span_str(b->digest)) ||
	    gh_id_none(&b->entry) || b->log_index < 0)
		return gh_fail(err, GH_E_BUG, "badge %s cannot be issued: time, digest or log entry is missing",
			       b->id.s);
	return GH_OK;
}

enum gh_rc gh_badge_add(struct gh_db *db, const struct gh_badge_row *b, struct gh_err *err)
{
	if (!gh_id_ok(gh_span_str(b->id.s)) || b->state >= GH_BADGE_STATES || b->state == GH_BADGE_EXPIRED ||
	    b->state == GH_BADGE_REVOKED)
		return gh_fail(err, GH_E_BUG, "a badge does not begin as %s", gh_badge_state_name(b->state));
	if (b->state == GH_BADGE_ISSUED) {
		enum gh_rc rc = whole(b, err);
		if (rc != GH_OK)
			return rc;
	}
	enum gh_rc rc = gh_db_exec(
		db, NULL, err, "INSERT INTO badges (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		GH_DBV(gh_dbs(b->id.s), gh_dbs(b->version.s), gh_dbs(b->report.s),
		       gh_dbs(gh_badge_state_name(b->state)), gh_dbs(b->reason), gh_dbtime(b->issued),
		       gh_dbtime(b->expires), gh_dbi(b->changed), gh_dbid(&b->blob), gh_dbopt(b->digest),
		       gh_dbopt(b->key_id), gh_dbid(&b->entry), b->log_index < 0 ? gh_dbnull() : gh_dbi(b->log_index)));
	return rc == GH_E_DENIED ? gh_fail(err, GH_E_ABSENT, "the badge's version, report or blob is not there") : rc;
}

/* Why nothing was changed. */
static enum gh_rc other(struct gh_db *db, const struct gh_id *id, enum gh_badge_state from, struct gh_err *err)
{
	struct gh_badge_row b;
	enum gh_rc rc = gh_badge_get(db, id, &b, err);
	return rc != GH_OK ? rc
			   : gh_fail(err, GH_E_EXISTS, "the badge is %s by now, not %s", gh_badge_state_name(b.state),
				     gh_badge_state_name(from));
}

enum gh_rc gh_badge_issued(struct gh_db *db, const struct gh_badge_row *b, struct gh_err *err)
{
	int64_t changed;
	enum gh_rc rc = whole(b, err);
	if (rc != GH_OK)
		return rc;
	GH_TRY(gh_db_exec(db, &changed, err,
			  "UPDATE badges SET state = 'issued', reason = ?, issued = ?, expires = ?, changed = ?, blob "
			  "= ?, digest = ?,"
			  " key_id = ?, entry = ?, log_index = ? WHERE id = ? AND state = 'review-pending'",
			  GH_DBV(gh_dbs(b->reason), gh_dbi(b->issued), gh_dbi(b->expires), gh_dbi(b->changed),
				 gh_dbid(&b->blob), gh_dbs(b->digest), gh_dbopt(b->key_id), gh_dbs(b->entry.s),
				 gh_dbi(b->log_index), gh_dbs(b->id.s))),
	       err, "badges");
	return changed == 1 ? GH_OK : other(db, &b->id, GH_BADGE_PENDING, err);
}

enum gh_rc gh_badge_move(struct gh_db *db, const struct gh_id *id, enum gh_badge_state from, enum gh_badge_state to,
			 const char *reason, int64_t now, struct gh_err *err)
{
	int64_t changed;
	if (from >= GH_BADGE_STATES || to >= GH_BADGE_STATES || (states[from].may >> to & 1) == 0)
		return gh_fail(err, GH_E_DENIED, "a badge that is %s cannot become %s", gh_badge_state_name(from),
			       gh_badge_state_name(to));
	if (reason == NULL || strlen(reason) > GH_BADGE_REASON)
		return gh_fail(err, GH_E_BUG, "a badge changes with a reason of at most %d bytes", GH_BADGE_REASON);
	GH_TRY(gh_db_exec(db, &changed, err,
			  "UPDATE badges SET state = ?, reason = ?, changed = ? WHERE id = ? AND state = ?",
			  GH_DBV(gh_dbs(gh_badge_state_name(to)), gh_dbs(reason), gh_dbi(now), gh_dbs(id->s),
				 gh_dbs(gh_badge_state_name(from)))),
	       err, "badges");
	return changed == 1 ? GH_OK : other(db, id, from, err);
}

enum gh_rc gh_badge_get(struct gh_db *db, const struct gh_id *id, struct gh_badge_row *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT " COLUMNS " FROM badges WHERE id = ?", GH_DBV(gh_dbs(id->s))), err,
	       "badges");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no badge %s", id->s);
	badge_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_badge_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *version, struct gh_badge_row **out,
			 size_t *n, struct gh_err *err)
{
	if (version == NULL)
		return badges(db, a, "SELECT " COLUMNS " FROM badges ORDER BY id", GH_DBV_NONE, out, n, err);
	return badges(db, a, "SELECT " COLUMNS " FROM badges WHERE version = ? ORDER BY changed DESC, id",
		      GH_DBV(gh_dbs(version->s)), out, n, err);
}

enum gh_rc gh_badge_ended(struct gh_db *db, struct gh_arena *a, struct gh_badge_row **out, size_t *n,
			  struct gh_err *err)
{
	return badges(db, a,
		      "SELECT " COLUMNS
		      " FROM badges WHERE issued IS NOT NULL AND state IN ('revoked', 'expired') ORDER BY id",
		      GH_DBV_NONE, out, n, err);
}

enum gh_rc gh_badge_due(struct gh_db *db, struct gh_arena *a, int64_t now, struct gh_badge_row **out, size_t *n,
			struct gh_err *err)
{
	return badges(db, a,
		      "SELECT " COLUMNS " FROM badges WHERE state = 'issued' AND expires <= ? ORDER BY expires, id",
		      GH_DBV(gh_dbi(now)), out, n, err);
}

/* ---- status lists ---- */
enum gh_rc gh_status_add(struct gh_db *db, const struct gh_status_row *s, struct gh_err *err)
{
	enum gh_rc rc = gh_db_exec(
		db, NULL, err,
		"INSERT INTO status_lists (number, digest, body, issued, expires) VALUES (?, ?, ?, ?, ?)",
		GH_DBV(gh_dbi(s->number), gh_dbs(s->digest), gh_dbb(s->body), gh_dbi(s->issued), gh_dbi(s->expires)));
	return rc == GH_E_EXISTS ? gh_fail(err, rc, "there is a status list %lld already", (long long)s->number) : rc;
}

enum gh_rc gh_status_last(struct gh_db *db, struct gh_arena *a, struct gh_status_row *out, struct gh_err *err)
{
	struct gh_db_rows r;
	GH_TRY(gh_db_query(
		       db, a, &r, err,
		       "SELECT number, digest, body, issued, expires FROM status_lists ORDER BY number DESC LIMIT 1",
		       GH_DBV_NONE),
	       err, "status lists");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "no status list was issued yet");
	*out = (struct gh_status_row){
		.number = gh_db_int(&r, 0, 0),
		.body = gh_db_span(&r, 0, 2),
		.issued = gh_db_int(&r, 0, 3),
		.expires = gh_db_int(&r, 0, 4),
	};
	GH_ROW_TEXT(out->digest, &r, 0, 1);
	return GH_OK;
}
