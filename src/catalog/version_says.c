#include "catalog/version_says.h"

#include "audit/entry.h"
#include "audit/tiles.h"
#include "base/buf.h"
#include "catalog/fsck_int.h"
#include "catalog/row.h"
#include "crypto/digest.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FROM " FROM versions v LEFT JOIN reports r ON r.id = v.report WHERE v.id = ?"
#define MEND "; run `gatehouse fsck`, trust the log, and restore a backup with `gatehouse restore`"

bool gh_version_says_row(const struct gh_dbv *cols, char out[GH_DIGEST_HEX + 1])
{
	struct gh_sha256 *h = gh_sha256_new();
	gh_auto_buf b = gh_buf(64 << 10); /* each part ends with a byte that none of them holds */
	for (size_t i = 0; i < GH_SAYS_COLS; i++)
		if (cols[i].type == GH_DB_INT)
			gh_buf_fmt(&b, "%lld%c", (long long)cols[i].i, 0);
		else {
			gh_buf_span(&b, cols[i].s);
			gh_buf_put(&b, "", 1);
		}
	bool good = h != NULL && !b.full && gh_sha256_start(h) && gh_sha256_add(h, gh_buf_view(&b)) &&
		    gh_sha256_hex(h, out);
	gh_sha256_free(h);
	return good;
}

enum gh_rc gh_version_says(struct gh_db *db, const struct gh_id *version, char out[GH_DIGEST_HEX + 1],
			   struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT " GH_SAYS_SQL FROM, GH_DBV(gh_dbs(version->s))), err,
	       "the version");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no version %s", version->s);
	return gh_version_says_row(gh_db_cell(&r, 0, 0), out) ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory");
}

/* ---- the entry ------------------------------------------------------------------------------------------------------------- */

struct last {
	const char *version;
	struct gh_buf entry;
	int64_t index; /* -1: not in the log yet, newer than all that are */
	bool there;
};

static enum gh_rc newest(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct last *l = arg;
	struct gh_entry e;
	int64_t at = c[1].type == GH_DB_INT ? c[1].i : -1;
	(void)n;
	(void)err;
	/* Most are about others: their bytes are not worth a parser. */
	if (memmem(c[0].s.p, c[0].s.n, l->version, strlen(l->version)) == NULL ||
	    (l->there && at >= 0 && (l->index < 0 || at < l->index)) || gh_entry_read(c[0].s, &e, NULL) != GH_OK ||
	    !gh_span_is(gh_entry_get(&e, "version"), l->version))
		return GH_OK;
	l->entry.n = 0;
	gh_buf_span(&l->entry, c[0].s);
	l->index = at;
	l->there = true;
	return GH_OK;
}

/* The log itself must hold these bytes there: the table is as easily written as the rows. */
static enum gh_rc in_log(struct gh_catalog *c, const struct last *l, struct gh_err *err)
{
	gh_auto_buf entry = gh_buf(GH_ENTRY_MAX);
	struct gh_tiles *t = calloc(1, sizeof *t);
	enum gh_rc rc = t == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : gh_fsck_tiles(c, t, err);
	if (rc == GH_OK) {
		rc = gh_tiles_entry(t, (uint64_t)l->index, &entry, err);
		(void)close(t->dir);
	}
	free(t);
	if (rc != GH_OK)
		return gh_fail(err, rc == GH_E_ABSENT ? GH_E_UNREAD : rc, "the audit log, entry %lld",
			       (long long)l->index);
	struct gh_span is = gh_buf_view(&entry), said = gh_buf_view(&l->entry);
	return is.n == said.n && memcmp(is.p, said.p, is.n) == 0
		       ? GH_OK
		       : gh_fail(err, GH_E_UNREAD,
				 "entry %lld of the audit log is not what the database says of it" MEND,
				 (long long)l->index);
}

static enum gh_rc same(const struct gh_dbv *cols, const char *verdict, const struct last *l, struct gh_err *err)
{
	char says[GH_DIGEST_HEX + 1];
	struct gh_entry e;
	if (gh_entry_read(gh_buf_view(&l->entry), &e, err) != GH_OK)
		return gh_fail(err, GH_E_UNREAD, "its entry of the audit log");
	if (!gh_version_says_row(cols, says))
		return gh_fail(err, GH_E_NOMEM, "no memory");
	const struct {
		const char *field, *what;
		struct gh_span db;
		bool optional;
	} rows[] = {
		{ "root", "its root digest", cols[0].s, false },
		{ "report", "its report", cols[1].s, false },
		{ "verdict", "its report's verdict", cols[5].s, false },
		{ "verdict", "its verdict", gh_span_str(verdict), false },
		{ "says",
		  "what the catalog holds of its last scan (report, stages, rules, advisories, facts, manifest)",
		  gh_span_str(says), true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct gh_span log = gh_entry_get(&e, rows[i].field);
		if ((log.p == NULL && rows[i].optional) ||
		    (log.n == rows[i].db.n && log.n > 0 && memcmp(log.p, rows[i].db.p, log.n) == 0))
			continue;
		return gh_fail(err, GH_E_UNREAD,
			       "%s is not what the audit log says: the database was altered, or is an older one" MEND,
			       rows[i].what);
	}
	return GH_OK;
}

enum gh_rc gh_version_logged(struct gh_catalog *c, const struct gh_id *version, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r;
	struct last l = { .version = version->s, .entry = gh_buf(GH_ENTRY_MAX) };
	GH_TRY(gh_db_query(c->db, &a, &r, err, "SELECT " GH_SAYS_SQL ", v.verdict, v.state" FROM,
			   GH_DBV(gh_dbs(version->s))),
	       err, "the version");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no version %s", version->s);
	const char *state = gh_db_text(&r, 0, GH_SAYS_COLS + 1);
	if (strcmp(state, gh_vstate_name(GH_V_IMPORTING)) == 0 || strcmp(state, gh_vstate_name(GH_V_DELETED)) == 0)
		return GH_OK;
	enum gh_rc rc = gh_db_each(c->db, newest, &l, err,
				   "SELECT entry, log_index FROM outbox WHERE kind IN ('import', 'rescan')",
				   GH_DBV_NONE);
	if (rc == GH_OK && !l.there)
		rc = gh_fail(err, GH_E_UNREAD, "no entry of the audit log made this version" MEND);
	if (rc == GH_OK && l.entry.full)
		rc = gh_fail(err, GH_E_NOMEM, "no memory");
	if (rc == GH_OK && l.index >= 0)
		rc = in_log(c, &l, err);
	if (rc == GH_OK)
		rc = same(gh_db_cell(&r, 0, 0), gh_db_text(&r, 0, GH_SAYS_COLS), &l, err);
	gh_buf_free(&l.entry);
	return rc;
}
