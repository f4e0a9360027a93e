/* Versions of models: states, look-ups and changes. Importing has a file of its own (versions_import.c). */
#include "catalog/versions_int.h"

#include "catalog/row.h"
#include "base/buf.h"

#include <stdio.h>

static const struct {
	const char *name;
	unsigned may; /* bits of the states that may follow */
} states[GH_V_STATES] = {
#define TO(s) (1u << GH_V_##s)
	[GH_V_IMPORTING] = { "importing", TO(QUARANTINED) | TO(REVIEW) | TO(READY) },
	[GH_V_QUARANTINED] = { "quarantined", TO(REVIEW) | TO(READY) | TO(REJECTED) | TO(DELETED) },
	[GH_V_REVIEW] = { "review", TO(READY) | TO(REJECTED) | TO(QUARANTINED) | TO(DELETED) },
	[GH_V_READY] = { "ready", TO(REVIEW) | TO(QUARANTINED) | TO(DISABLED) | TO(REJECTED) | TO(DELETED) },
	[GH_V_REJECTED] = { "rejected", TO(REVIEW) | TO(QUARANTINED) | TO(DELETED) },
	[GH_V_DISABLED] = { "disabled", TO(READY) | TO(REVIEW) | TO(QUARANTINED) | TO(REJECTED) | TO(DELETED) },
	[GH_V_DELETED] = { "deleted", 0 },
#undef TO
};

const char *gh_vstate_name(enum gh_vstate s) { return s < GH_V_STATES ? states[s].name : "?"; }

enum gh_vstate gh_vstate_named(const char *name)
{
	enum gh_vstate s = GH_V_IMPORTING;
	while (s < GH_V_STATES && strcmp(states[s].name, name) != 0)
		s++;
	return s;
}

bool gh_vstate_may(enum gh_vstate from, enum gh_vstate to)
{
	return from < GH_V_STATES && to < GH_V_STATES && (states[from].may >> to & 1) != 0;
}

/* ---- rows ---- */
#define COLUMNS \
	"v.id, v.model, m.tenant, t.name, m.project, m.name, v.version, v.state, v.reason, v.verdict, v.root, " \
	"v.tier, v.created_by," \
	" v.base, v.lineage, v.manifest, v.card, v.report, v.badge, v.files, v.bytes, v.created, v.imported, " \
	"v.quarantine_until," \
	" v.lease_owner, v.lease_until, v.publisher, v.source"
#define FROM " FROM versions v JOIN models m ON m.id = v.model JOIN tenants t ON t.id = m.tenant "

static void version_of(const struct gh_db_rows *r, size_t i, struct gh_version *v)
{
	*v = (struct gh_version){
		.id = gh_row_id(r, i, 0),
		.model = gh_row_id(r, i, 1),
		.tenant = gh_row_id(r, i, 2),
		.state = gh_vstate_named(gh_db_text(r, i, 7)),
		.by = gh_row_id(r, i, 12),
		.base = gh_row_id(r, i, 13),
		.manifest = gh_row_id(r, i, 15),
		.card = gh_row_id(r, i, 16),
		.report = gh_row_id(r, i, 17),
		.badge = gh_row_id(r, i, 18),
		.files = gh_db_int(r, i, 19),
		.bytes = gh_db_int(r, i, 20),
		.created = gh_db_int(r, i, 21),
		.imported = gh_db_int(r, i, 22),
		.quarantine_until = gh_db_int(r, i, 23),
		.lease_owner = gh_row_id(r, i, 24),
		.lease_until = gh_db_int(r, i, 25),
	};
	GH_ROW_TEXT(v->name.tenant, r, i, 3);
	GH_ROW_TEXT(v->name.project, r, i, 4);
	GH_ROW_TEXT(v->name.name, r, i, 5);
	GH_ROW_TEXT(v->name.version, r, i, 6);
	GH_ROW_TEXT(v->reason, r, i, 8);
	GH_ROW_TEXT(v->verdict, r, i, 9);
	GH_ROW_TEXT(v->root, r, i, 10);
	GH_ROW_TEXT(v->tier, r, i, 11);
	GH_ROW_TEXT(v->lineage, r, i, 14);
	GH_ROW_TEXT(v->publisher, r, i, 26);
	GH_ROW_TEXT(v->source, r, i, 27);
}

static enum gh_rc versions(struct gh_db *db, struct gh_arena *a, const char *sql, struct gh_dbvs args,
			   struct gh_version **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, sql, args), err, "versions");
	struct gh_version *v = GH_NEW(a, struct gh_version, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu versions", r.n);
	for (size_t i = 0; i < r.n; i++)
		version_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

/* ---- asking ---- */
enum gh_rc gh_version_get(struct gh_db *db, const struct gh_id *id, struct gh_version *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT " COLUMNS FROM "WHERE v.id = ?", GH_DBV(gh_dbs(id->s))), err,
	       "versions");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no version %s", id->s);
	version_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_version_look(struct gh_db *db, const struct gh_name *name, struct gh_version *out, bool *there,
			   struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	enum gh_rc rc = gh_db_query(
		db, &a, &r, err,
		"SELECT " COLUMNS FROM "WHERE t.name = ? AND m.project = ? AND m.name = ? AND v.version = ?",
		GH_DBV(gh_dbs(name->tenant), gh_dbs(name->project), gh_dbs(name->name), gh_dbs(name->version)));
	*there = rc == GH_OK && r.n == 1;
	if (*there)
		version_of(&r, 0, out);
	return rc;
}

/* The newest three versions of that model, for who mistyped one. */
static enum gh_rc absent(struct gh_db *db, const struct gh_name *name, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	char text[GH_NAME_TEXT];
	gh_name_text(name, text);
	enum gh_rc rc = gh_db_query(db, &a, &r, err,
				    "SELECT v.version" FROM
				    "WHERE t.name = ? AND m.project = ? AND m.name = ? AND v.state <> 'deleted'"
				    " ORDER BY v.created DESC, v.version LIMIT 3",
				    GH_DBV(gh_dbs(name->tenant), gh_dbs(name->project), gh_dbs(name->name)));
	if (rc != GH_OK)
		return rc;
	if (r.n == 0)
		return gh_fail(err, GH_E_ABSENT, "there is no %.140s", text);
	gh_auto_buf list = gh_buf(256);
	for (size_t i = 0; i < r.n; i++)
		gh_buf_fmt(&list, "%s%s", i == 0 ? "" : ", ", gh_db_text(&r, i, 0));
	return gh_fail(err, GH_E_ABSENT, "there is no %.80s; of this model there is %.50s", text, gh_buf_cstr(&list));
}

enum gh_rc gh_version_find(struct gh_db *db, const struct gh_name *name, struct gh_version *out, struct gh_err *err)
{
	bool there;
	enum gh_rc rc = gh_version_look(db, name, out, &there, err);
	if (rc != GH_OK)
		return rc;
	return there ? GH_OK : absent(db, name, err);
}

/* ---- lists ---- */
/* CROSS JOIN tells SQLite to walk the unique keys (tenant, project, name, version) in their order, instead of sorting. */
#define LINES \
	"SELECT t.name, m.project, m.name, v.version, v.state, v.id, v.reason, v.verdict, v.tier, v.files, v.bytes, " \
	"v.imported, b.state, b.expires " \
	"FROM tenants t CROSS JOIN models m CROSS JOIN versions v LEFT JOIN badges b ON b.id = v.badge " \
	"WHERE m.tenant = t.id AND v.model = m.id"
enum {
	L_TENANT,
	L_PROJECT,
	L_NAME,
	L_VERSION,
	L_STATE,
	L_ID,
	L_REASON,
	L_VERDICT,
	L_TIER,
	L_FILES,
	L_BYTES,
	L_IMPORTED,
	L_BADGE,
	L_EXPIRES,
	L_COLUMNS
};

struct lines {
	enum gh_rc (*fn)(void *arg, const struct gh_version_line *l, struct gh_err *err);
	void *arg;
};

static enum gh_rc line(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	const struct lines *to = arg;
	const struct gh_db_rows r = { .v = c, .n = 1, .cols = n };
	struct gh_version_line
		l; /* all of it is set below, the names as far as they go: clearing it first costs more */
	if (n != L_COLUMNS)
		return gh_fail(err, GH_E_BUG, "a list of versions with %zu columns", n);
	GH_ROW_TEXT(l.name.tenant, &r, 0, L_TENANT);
	GH_ROW_TEXT(l.name.project, &r, 0, L_PROJECT);
	GH_ROW_TEXT(l.name.name, &r, 0, L_NAME);
	GH_ROW_TEXT(l.name.version, &r, 0, L_VERSION);
	l.state = gh_vstate_named(gh_db_text(&r, 0, L_STATE));
	l.id = c[L_ID].s;
	l.reason = c[L_REASON].s;
	l.verdict = c[L_VERDICT].s;
	l.tier = c[L_TIER].s;
	l.files = c[L_FILES].i;
	l.bytes = c[L_BYTES].i;
	l.imported = c[L_IMPORTED].i;
	l.badge = c[L_BADGE].s;
	l.badge_expires = c[L_EXPIRES].i;
	return to->fn(to->arg, &l, err);
}

/* One clause of a filter: SQL and the values it takes. */
struct where {
	struct gh_buf sql;
	struct gh_dbv v[16];
	size_t n;
};

static void clause(struct where *w, const char *sql, struct gh_dbv v)
{
	gh_buf_str(&w->sql, " AND ");
	gh_buf_str(&w->sql, sql);
	w->v[w->n++] = v;
}

enum gh_rc gh_version_each(struct gh_db *db, const struct gh_version_filter *f,
			   enum gh_rc (*fn)(void *arg, const struct gh_version_line *l, struct gh_err *err), void *arg,
			   struct gh_err *err)
{
	struct where w = { .sql = gh_buf(4096) };
	struct lines to = { fn, arg };
	gh_buf_str(&w.sql, LINES);
	if (!gh_id_none(&f->tenant))
		clause(&w, "m.tenant = ?", gh_dbs(f->tenant.s));
	if (f->project != NULL)
		clause(&w, "m.project = ?", gh_dbs(f->project));
	if (f->model != NULL)
		clause(&w, "m.name = ?", gh_dbs(f->model));
	if (f->state < GH_V_STATES)
		clause(&w, "v.state = ?", gh_dbs(gh_vstate_name(f->state)));
	else if (!f->deleted)
		clause(&w, "v.state <> ?", gh_dbs("deleted"));
	if (f->after.tenant[0] != '\0') {
		clause(&w, "(t.name, m.project, m.name, v.version) > (?, ?, ?, ?)", gh_dbs(f->after.tenant));
		w.v[w.n++] = gh_dbs(f->after.project);
		w.v[w.n++] = gh_dbs(f->after.name);
		w.v[w.n++] = gh_dbs(f->after.version);
	}
	gh_buf_str(&w.sql, " ORDER BY t.name, m.project, m.name, v.version LIMIT ?");
	w.v[w.n++] = gh_dbi(f->limit != 0 ? (int64_t)f->limit : GH_ROW_LIST);
	enum gh_rc rc = gh_db_each(db, line, &to, err, gh_buf_cstr(&w.sql), (struct gh_dbvs){ w.v, w.n });
	gh_buf_free(&w.sql);
	return rc;
}

enum gh_rc gh_version_dead(struct gh_db *db, struct gh_arena *a, int64_t now, struct gh_version **out, size_t *n,
			   struct gh_err *err)
{
	return versions(db, a,
			"SELECT " COLUMNS FROM
			"WHERE v.state = 'importing' AND v.lease_until < ? ORDER BY v.created, v.id",
			GH_DBV(gh_dbi(now)), out, n, err);
}

enum gh_rc gh_version_derived(struct gh_db *db, struct gh_arena *a, const struct gh_id *base, struct gh_version **out,
			      size_t *n, struct gh_err *err)
{
	return versions(db, a, "SELECT " COLUMNS FROM "WHERE v.base = ? ORDER BY v.created, v.id",
			GH_DBV(gh_dbs(base->s)), out, n, err);
}

enum gh_rc gh_version_bases(struct gh_db *db, struct gh_arena *a, const struct gh_version *v, struct gh_version **out,
			    size_t *n, struct gh_err *err)
{
	struct gh_version *list = NULL;
	const struct gh_version *at = v;
	size_t cap = 0;
	*n = 0;
	for (; !gh_id_none(&at->base); at = &list[*n - 1]) {
		struct gh_id base = at->base;
		if (*n == GH_LINEAGE_MAX)
			return gh_fail(err, GH_E_LIMIT, "it derives from more than %d versions, one from another",
				       GH_LINEAGE_MAX);
		list = gh_grow(a, list, &cap, *n + 1, sizeof *list);
		if (list == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory for its lineage");
		GH_TRY(gh_version_get(db, &base, &list[*n], err), err, "its lineage");
		(*n)++;
	}
	*out = list;
	return GH_OK;
}

/* ---- changing ---- */
struct moving {
	const struct gh_id *id;
	enum gh_vstate from, to;
	const char *reason;
};

static enum gh_rc move(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct moving *m = arg;
	struct gh_version v;
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err, "UPDATE versions SET state = ?, reason = ? WHERE id = ? AND state = ?",
			  GH_DBV(gh_dbs(gh_vstate_name(m->to)), gh_dbs(m->reason), gh_dbs(m->id->s),
				 gh_dbs(gh_vstate_name(m->from)))),
	       err, "versions");
	if (changed != 1) {
		enum gh_rc rc = gh_version_get(db, m->id, &v, err);
		return rc != GH_OK ? rc
				   : gh_fail(err, GH_E_EXISTS, "the version is %s by now, not %s",
					     gh_vstate_name(v.state), gh_vstate_name(m->from));
	}
	if (m->to != GH_V_DELETED)
		return GH_OK;
	/* The weights are named by nothing any more; manifest, card and report stay as the record. */
	return gh_db_exec(db, NULL, err, "DELETE FROM version_blobs WHERE version = ?", GH_DBV(gh_dbs(m->id->s)));
}

enum gh_rc gh_version_move(struct gh_db *db, const struct gh_id *id, enum gh_vstate from, enum gh_vstate to,
			   const char *reason, struct gh_err *err)
{
	struct moving m = { id, from, to, reason == NULL ? "" : reason };
	if (from == GH_V_IMPORTING || !gh_vstate_may(from, to)) /* from importing only by gh_version_finish() */
		return gh_fail(err, GH_E_DENIED, "a version that is %s cannot become %s", gh_vstate_name(from),
			       gh_vstate_name(to));
	if (strlen(m.reason) > GH_V_REASON)
		return gh_fail(err, GH_E_BUG, "a reason of %zu bytes", strlen(m.reason));
	return gh_db_tx(db, move, &m, err);
}

static enum gh_rc set(struct gh_db *db, const char *sql, const struct gh_id *id, struct gh_dbv a, struct gh_dbv b,
		      size_t n, struct gh_err *err)
{
	int64_t changed;
	struct gh_dbv v[3] = { a, n == 2 ? b : gh_dbs(id->s), gh_dbs(id->s) };
	GH_TRY(gh_db_exec(db, &changed, err, sql, (struct gh_dbvs){ v, n + 1 }), err, "versions");
	return changed == 1 ? GH_OK : gh_fail(err, GH_E_ABSENT, "there is no version %s", id->s);
}

enum gh_rc gh_version_set_report(struct gh_db *db, const struct gh_id *id, const struct gh_id *report,
				 const char *verdict, struct gh_err *err)
{
	return set(db, "UPDATE versions SET report = ?, verdict = ? WHERE id = ?", id, gh_dbid(report), gh_dbs(verdict),
		   2, err);
}
enum gh_rc gh_version_set_badge(struct gh_db *db, const struct gh_id *id, const struct gh_id *badge, struct gh_err *err)
{
	return set(db, "UPDATE versions SET badge = ? WHERE id = ?", id, gh_dbid(badge), gh_dbnull(), 1, err);
}
enum gh_rc gh_version_set_card(struct gh_db *db, const struct gh_id *id, const struct gh_id *card, struct gh_err *err)
{
	return set(db, "UPDATE versions SET card = ? WHERE id = ?", id, gh_dbid(card), gh_dbnull(), 1, err);
}
enum gh_rc gh_version_set_tier(struct gh_db *db, const struct gh_id *id, const char *tier, struct gh_err *err)
{
	return set(db, "UPDATE versions SET tier = ? WHERE id = ?", id, gh_dbs(tier), gh_dbnull(), 1, err);
}

/* ---- its blobs ---- */
struct adding {
	const struct gh_id *version, *blob;
	int64_t seq;
};

static enum gh_rc add_blob(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct adding *d = arg;
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err,
			  "INSERT INTO version_blobs (version, seq, blob) VALUES (?, ?, ?) ON CONFLICT (version, seq) "
			  "DO NOTHING",
			  GH_DBV(gh_dbs(d->version->s), gh_dbi(d->seq), gh_dbs(d->blob->s))),
	       err, "blobs of a version");
	if (changed == 1)
		return GH_OK;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT blob FROM version_blobs WHERE version = ? AND seq = ?",
			   GH_DBV(gh_dbs(d->version->s), gh_dbi(d->seq))),
	       err, "blobs of a version");
	if (r.n == 1 && gh_span_is(gh_db_span(&r, 0, 0), d->blob->s))
		return GH_OK;
	return gh_fail(err, GH_E_EXISTS, "file %lld of the version is another blob already", (long long)d->seq);
}

enum gh_rc gh_version_blob_add(struct gh_db *db, const struct gh_id *version, int64_t seq, const struct gh_id *blob,
			       struct gh_err *err)
{
	struct adding d = { version, blob, seq };
	/* Inside the transaction of an import no savepoint for each of its files: thousands of them are slow, and its failure is the
	 * end of the import anyway. */
	return gh_db_in_tx(db) ? add_blob(db, &d, err) : gh_db_tx(db, add_blob, &d, err);
}

enum gh_rc gh_version_blobs(struct gh_db *db, struct gh_arena *a, const struct gh_id *version,
			    struct gh_version_blob **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, "SELECT seq, blob FROM version_blobs WHERE version = ? ORDER BY seq",
			   GH_DBV(gh_dbs(version->s))),
	       err, "blobs of a version");
	struct gh_version_blob *v = GH_NEW(a, struct gh_version_blob, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu blobs", r.n);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct gh_version_blob){ .seq = gh_db_int(&r, i, 0), .blob = gh_row_id(&r, i, 1) };
	*out = v;
	*n = r.n;
	return GH_OK;
}
