/* What the database knows of encrypted blobs. */
#include "catalog/blobs.h"
#include "catalog/row.h"

#define COLUMNS "id, tenant, kind, digest, cipher, size, stored, wrapped, generation, place, state, created"

static const char *const states[GH_B_STATES] = {
	[GH_B_STAGED] = "staged",
	[GH_B_STORED] = "stored",
	[GH_B_LOST] = "lost",
};

const char *gh_bstate_name(enum gh_bstate s) { return s < GH_B_STATES ? states[s] : "?"; }
enum gh_bstate gh_bstate_named(const char *name)
{
	enum gh_bstate s = GH_B_STAGED;
	while (s < GH_B_STATES && strcmp(states[s], name) != 0)
		s++;
	return s;
}

static void blob_of(const struct gh_db_rows *r, size_t i, struct gh_blob *b)
{
	*b = (struct gh_blob){
		.id = gh_row_id(r, i, 0),
		.tenant = gh_row_id(r, i, 1),
		.size = gh_db_int(r, i, 5),
		.stored = gh_db_int(r, i, 6),
		.generation = gh_db_int(r, i, 8),
		.state = gh_bstate_named(gh_db_text(r, i, 10)),
		.created = gh_db_int(r, i, 11),
	};
	GH_ROW_TEXT(b->kind, r, i, 2);
	GH_ROW_TEXT(b->digest, r, i, 3);
	GH_ROW_TEXT(b->cipher, r, i, 4);
	b->wrapped_n = gh_row_bytes(b->wrapped, sizeof b->wrapped, r, i, 7);
	GH_ROW_TEXT(b->place, r, i, 9);
}

static enum gh_rc blobs(struct gh_db *db, struct gh_arena *a, const char *sql, struct gh_dbvs args,
			struct gh_blob **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, sql, args), err, "blobs");
	struct gh_blob *v = GH_NEW(a, struct gh_blob, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu blobs", r.n);
	for (size_t i = 0; i < r.n; i++)
		blob_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_blob_add(struct gh_db *db, const struct gh_blob *b, struct gh_err *err)
{
	if (!gh_id_ok(gh_span_str(b->id.s)) || b->wrapped_n == 0 || b->wrapped_n > sizeof b->wrapped)
		return gh_fail(err, GH_E_BUG, "a blob without id or key");
	enum gh_rc rc = gh_db_exec(db, NULL, err,
				   "INSERT INTO blobs (" COLUMNS
				   ") VALUES (?, ?, ?, NULL, NULL, 0, 0, ?, ?, ?, 'staged', ?)",
				   GH_DBV(gh_dbs(b->id.s), gh_dbs(b->tenant.s), gh_dbs(b->kind),
					  gh_dbb((struct gh_span){ b->wrapped, b->wrapped_n }), gh_dbi(b->generation),
					  gh_dbs(b->place), gh_dbi(b->created)));
	return rc == GH_E_DENIED ? gh_fail(err, GH_E_ABSENT, "there is no tenant %s", b->tenant.s) : rc;
}

enum gh_rc gh_blob_get(struct gh_db *db, const struct gh_id *id, struct gh_blob *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT " COLUMNS " FROM blobs WHERE id = ?", GH_DBV(gh_dbs(id->s))), err,
	       "blobs");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no blob %s", id->s);
	blob_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_blob_find(struct gh_db *db, const struct gh_id *tenant, const char *kind, const char *digest,
			struct gh_blob *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err,
			   "SELECT " COLUMNS
			   " FROM blobs WHERE tenant = ? AND kind = ? AND digest = ? AND state = 'stored'",
			   GH_DBV(gh_dbs(tenant->s), gh_dbs(kind), gh_dbs(digest))),
	       err, "blobs");
	if (r.n == 0)
		return gh_fail(err, GH_E_ABSENT, "no blob of kind %s has the digest %.12s…", kind, digest);
	blob_of(&r, 0, out);
	return GH_OK;
}

struct storing {
	const struct gh_id *id;
	const char *digest, *cipher;
	int64_t size, stored;
	struct gh_id *have;
};

static enum gh_rc store(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct storing *s = arg;
	struct gh_blob mine, other;
	enum gh_rc rc = gh_blob_get(db, s->id, &mine, err);
	if (rc != GH_OK)
		return rc;
	if (mine.state == GH_B_STORED) { /* said twice: the same, or something is wrong */
		if (strcmp(mine.digest, s->digest) == 0 && strcmp(mine.cipher, s->cipher) == 0)
			return GH_OK;
		return gh_fail(err, GH_E_DENIED, "blob %s is stored already, with other content", s->id->s);
	}
	rc = gh_blob_find(db, &mine.tenant, mine.kind, s->digest, &other, NULL);
	if (rc == GH_OK) {
		if (s->have != NULL)
			*s->have = other.id;
		return gh_fail(err, GH_E_EXISTS, "the same content is stored as blob %s", other.id.s);
	}
	if (rc != GH_E_ABSENT)
		return gh_fail(err, rc, "database %.100s: blobs cannot be read", gh_db_name(db));
	return gh_db_exec(
		db, NULL, err,
		"UPDATE blobs SET digest = ?, cipher = ?, size = ?, stored = ?, state = 'stored' WHERE id = ?",
		GH_DBV(gh_dbs(s->digest), gh_dbopt(s->cipher), gh_dbi(s->size), gh_dbi(s->stored), gh_dbs(s->id->s)));
}

enum gh_rc gh_blob_stored(struct gh_db *db, const struct gh_id *id, const char *digest, const char *cipher,
			  int64_t size, int64_t stored, struct gh_id *have, struct gh_err *err)
{
	if (!gh_digest_ok(gh_span_str(digest)) || (cipher[0] != '\0' && !gh_digest_ok(gh_span_str(cipher))) ||
	    size < 0 || stored < 0)
		return gh_fail(err, GH_E_BUG, "blob %s: digests or sizes are none", id->s);
	struct storing s = { id, digest, cipher, size, stored, have };
	return gh_db_tx(db, store, &s, err);
}

enum gh_rc gh_blob_set_state(struct gh_db *db, const struct gh_id *id, enum gh_bstate state, struct gh_err *err)
{
	int64_t changed;
	GH_TRY(gh_db_exec(db, &changed, err, "UPDATE blobs SET state = ? WHERE id = ?",
			  GH_DBV(gh_dbs(gh_bstate_name(state)), gh_dbs(id->s))),
	       err, "blobs");
	return changed == 1 ? GH_OK : gh_fail(err, GH_E_ABSENT, "there is no blob %s", id->s);
}

enum gh_rc gh_blob_rewrap(struct gh_db *db, const struct gh_id *id, int64_t from, int64_t to, struct gh_span wrapped,
			  struct gh_err *err)
{
	int64_t changed;
	if (wrapped.n == 0 || wrapped.n > GH_B_WRAPPED)
		return gh_fail(err, GH_E_BUG, "blob %s: a wrapped key of %zu bytes", id->s, wrapped.n);
	GH_TRY(gh_db_exec(db, &changed, err,
			  "UPDATE blobs SET wrapped = ?, generation = ? WHERE id = ? AND generation = ?",
			  GH_DBV(gh_dbb(wrapped), gh_dbi(to), gh_dbs(id->s), gh_dbi(from))),
	       err, "blobs");
	return changed == 1 ? GH_OK
			    : gh_fail(err, GH_E_EXISTS, "the key of blob %s is not of generation %lld (any more)",
				      id->s, (long long)from);
}

enum gh_rc gh_blob_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *tenant, const struct gh_id *after,
			size_t max, struct gh_blob **out, size_t *n, struct gh_err *err)
{
	const char *behind = after == NULL ? "" : after->s;
	if (tenant == NULL)
		return blobs(db, a, "SELECT " COLUMNS " FROM blobs WHERE id > ? ORDER BY id LIMIT ?",
			     GH_DBV(gh_dbs(behind), gh_dbi((int64_t)max)), out, n, err);
	return blobs(db, a, "SELECT " COLUMNS " FROM blobs WHERE tenant = ? AND id > ? ORDER BY id LIMIT ?",
		     GH_DBV(gh_dbs(tenant->s), gh_dbs(behind), gh_dbi((int64_t)max)), out, n, err);
}

enum gh_rc gh_blob_behind(struct gh_db *db, struct gh_arena *a, const struct gh_id *tenant, int64_t generation,
			  size_t max, struct gh_blob **out, size_t *n, struct gh_err *err)
{
	return blobs(db, a, "SELECT " COLUMNS " FROM blobs WHERE tenant = ? AND generation < ? ORDER BY id LIMIT ?",
		     GH_DBV(gh_dbs(tenant->s), gh_dbi(generation), gh_dbi((int64_t)max)), out, n, err);
}

/* Everything that names blobs; a new reference is a row here. */
#define UNUSED \
	" NOT EXISTS (SELECT 1 FROM version_blobs x WHERE x.blob = b.id)" \
	" AND NOT EXISTS (SELECT 1 FROM versions x WHERE x.manifest = b.id OR x.card = b.id)" \
	" AND NOT EXISTS (SELECT 1 FROM reports x WHERE x.blob = b.id)" \
	" AND NOT EXISTS (SELECT 1 FROM badges x WHERE x.blob = b.id)" \
	" AND NOT EXISTS (SELECT 1 FROM review_events x WHERE x.comment = b.id)" \
	" AND NOT EXISTS (SELECT 1 FROM policies x WHERE x.blob = b.id)" \
	" AND NOT EXISTS (SELECT 1 FROM evidence x WHERE x.blob = b.id)"

enum gh_rc gh_blob_unused(struct gh_db *db, struct gh_arena *a, int64_t before, size_t max, struct gh_blob **out,
			  size_t *n, struct gh_err *err)
{
	return blobs(db, a, "SELECT " COLUMNS " FROM blobs b WHERE b.created < ? AND" UNUSED " ORDER BY b.id LIMIT ?",
		     GH_DBV(gh_dbi(before), gh_dbi((int64_t)max)), out, n, err);
}

enum gh_rc gh_blob_forget(struct gh_db *db, const struct gh_id *id, struct gh_err *err)
{
	int64_t changed;
	struct gh_blob there;
	GH_TRY(gh_db_exec(db, &changed, err,
			  "DELETE FROM blobs WHERE id IN (SELECT b.id FROM blobs b WHERE b.id = ? AND" UNUSED ")",
			  GH_DBV(gh_dbs(id->s))),
	       err, "blobs");
	if (changed == 1)
		return GH_OK;
	enum gh_rc rc = gh_blob_get(db, id, &there, err);
	return rc == GH_OK ? gh_fail(err, GH_E_EXISTS, "blob %s is in use", id->s) : rc;
}
