/* Audit entries on their way into the log. */
#include "catalog/outbox.h"
#include "catalog/row.h"

#define COLUMNS "seq, id, at, kind, entry, log_index"

enum gh_rc gh_outbox_put(struct gh_db *db, const struct gh_id *id, int64_t at, const char *kind, struct gh_span entry,
			 struct gh_err *err)
{
	return gh_db_exec(db, NULL, err, "INSERT INTO outbox (id, at, kind, entry) VALUES (?, ?, ?, ?)",
			  GH_DBV(gh_dbs(id->s), gh_dbi(at), gh_dbs(kind), gh_dbb(entry)));
}

static enum gh_rc entries(struct gh_db *db, struct gh_arena *a, const char *sql, struct gh_dbvs args,
			  struct gh_outbox_entry **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, sql, args), err, "the outbox");
	struct gh_outbox_entry *v = GH_NEW(a, struct gh_outbox_entry, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "the outbox: no room for %zu entries", r.n);
	for (size_t i = 0; i < r.n; i++)
		v[i] = (struct gh_outbox_entry){
			.seq = gh_db_int(&r, i, 0),
			.id = gh_row_id(&r, i, 1),
			.at = gh_db_int(&r, i, 2),
			.kind = gh_db_span(&r, i, 3),
			.entry = gh_db_span(&r, i, 4),
			.log_index = gh_db_null(&r, i, 5) ? -1 : gh_db_int(&r, i, 5),
		};
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_outbox_pending(struct gh_db *db, struct gh_arena *a, size_t max, struct gh_outbox_entry **out, size_t *n,
			     struct gh_err *err)
{
	return entries(db, a, "SELECT " COLUMNS " FROM outbox WHERE log_index IS NULL ORDER BY seq LIMIT ?",
		       GH_DBV(gh_dbi((int64_t)max)), out, n, err);
}

enum gh_rc gh_outbox_list(struct gh_db *db, struct gh_arena *a, int64_t after, size_t max, struct gh_outbox_entry **out,
			  size_t *n, struct gh_err *err)
{
	return entries(db, a, "SELECT " COLUMNS " FROM outbox WHERE seq > ? ORDER BY seq LIMIT ?",
		       GH_DBV(gh_dbi(after), gh_dbi((int64_t)max)), out, n, err);
}

struct marking {
	const struct gh_outbox_entry *v;
	size_t n;
	int64_t first;
};

static enum gh_rc mark(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct marking *m = arg;
	for (size_t i = 0; i < m->n; i++) {
		int64_t changed, index = m->first + (int64_t)i, there;
		GH_TRY(gh_db_exec(db, &changed, err,
				  "UPDATE outbox SET log_index = ? WHERE id = ? AND log_index IS NULL",
				  GH_DBV(gh_dbi(index), gh_dbs(m->v[i].id.s))),
		       err, "the outbox");
		if (changed == 1)
			continue;
		GH_TRY(gh_outbox_index(db, &m->v[i].id, &there, err), err, "the outbox");
		if (there != index) /* the same index again: another process flushed the same entries */
			return gh_fail(err, GH_E_EXISTS, "the entry %s stands at %lld in the log, not at %lld",
				       m->v[i].id.s, (long long)there, (long long)index);
	}
	return GH_OK;
}

enum gh_rc gh_outbox_mark(struct gh_db *db, const struct gh_outbox_entry *v, size_t n, int64_t first,
			  struct gh_err *err)
{
	struct marking m = { v, n, first };
	return gh_db_tx(db, mark, &m, err);
}

enum gh_rc gh_outbox_index(struct gh_db *db, const struct gh_id *id, int64_t *index, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	*index = -1;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT log_index FROM outbox WHERE id = ?", GH_DBV(gh_dbs(id->s))), err,
	       "the outbox");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "the outbox has no entry %s", id->s);
	if (!gh_db_null(&r, 0, 0))
		*index = gh_db_int(&r, 0, 0);
	return GH_OK;
}
