/* fsck_ledger.c - the rows of the database against the entries of the audit log. The log is signed and the rows are not: where the
 * two differ, somebody altered the rows (or brought an older database back).
 *
 * The first step looks for entries that table `outbox` lacks; each further one walks the log and compares one share of the ids
 * (mostly there is one). Somebody else may change things between the walk and the rows: then the step is done again. */
#include "catalog/fsck_int.h"
#include "catalog/fsck_rows.h"
#include "catalog/outbox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 5, GAPS_TOLD = 20, LOG_MOST = INT32_MAX };
#define ALTERED \
	"the database was altered, or is an older one: trust the log, and restore a backup with `gatehouse restore`"

/* ---- what the log knows and the database does not ---- */
static enum gh_rc missing(struct gh_fsck_ledger *l, struct gh_err *err)
{
	for (const struct gh_logfact *x = l->facts.all; x != NULL; x = x->more) {
		const char *id = x->key + 1, *what = NULL;
		if (x->seen || !x->there)
			continue;
		switch ((enum gh_logfact_kind)x->key[0]) {
		case GH_FACT_VERSION: what = "version"; break;
		case GH_FACT_BADGE: what = "badge"; break;
		case GH_FACT_PRINCIPAL: what = "principal"; break;
		case GH_FACT_APIKEY: what = "API key"; break;
		case GH_FACT_GRANT: /* those at a tenant end with it, without an entry for each */
			what = x->held > 0 && !gh_fsck_destroyed(l, strrchr(id, ':') + 1) ? "grant" : NULL;
			break;
		case GH_FACT_SIGNKEY: what = "signing key"; break;
		case GH_FACT_SHARE: /* ends with either tenant, without an entry */
			what = !gh_fsck_destroyed(l, x->of) && !gh_fsck_destroyed(l, strrchr(id, ':') + 1) ? "share"
													   : NULL;
			break;
		case GH_FACT_POLICY: what = gh_fsck_destroyed(l, id) ? NULL : "policy"; break;
		case GH_FACT_EVIDENCE: what = "evidence"; break;
		case GH_FACT_REVIEW: what = "review"; break;
		case GH_FACT_TENANT: break;
		}
		if (what != NULL)
			GH_TRY(gh_fsck_note(l, err, "",
					    "%s %s stands in the audit log (entry %llu), and not in the database", what,
					    id, (unsigned long long)x->at),
			       err, "rows");
	}
	return GH_OK;
}

/* ---- walking ---- */
static enum gh_rc walk(struct gh_fsck_ledger *l, const struct gh_tiles *t, struct gh_err *err)
{
	gh_auto_buf b = gh_buf(GH_BUNDLE_MAX);
	struct gh_span e;
	for (uint64_t i = 0; i < t->size;) {
		b.n = 0;
		GH_TRY(gh_tiles_bundle(t, i / GH_TILE, &b, err), err, "the audit log");
		for (struct gh_span rest = gh_buf_view(&b); gh_bundle_next(&rest, &e); i++)
			GH_TRY(gh_logfacts_add(&l->facts, i, e, err), err, "the audit log");
		if (i % GH_TILE != 0 && i != t->size)
			return gh_fail(err, GH_E_MALFORMED, "the audit log: entries from %llu on are torn",
				       (unsigned long long)i);
	}
	return GH_OK;
}

static enum gh_rc waiting(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	(void)n;
	return gh_logfacts_add(&l->facts, (uint64_t)c[1].i, c[0].s, err);
}

static enum gh_rc compare(struct gh_catalog *c, struct gh_fsck_ledger *l, const struct gh_tiles *t, struct gh_err *err)
{
	GH_TRY(walk(l, t, err), err, "entries");
	/* What was done and is not appended yet counts too. */
	GH_TRY(gh_db_each(c->db, waiting, l, err,
			  "SELECT entry, COALESCE(log_index, -1) FROM outbox WHERE log_index IS NULL OR log_index >= ?"
			  " ORDER BY seq",
			  GH_DBV(gh_dbi((int64_t)t->size))),
	       err, "the outbox");
	for (size_t i = 0; i < gh_fsck_rows_n; i++)
		GH_TRY(gh_db_each(c->db, gh_fsck_rows[i].row, l, err, gh_fsck_rows[i].sql, GH_DBV_NONE), err, "rows");
	return missing(l, err);
}

static enum gh_rc newest(struct gh_catalog *c, int64_t *seq, struct gh_err *err)
{
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r;
	enum gh_rc rc = gh_db_query(c->db, &a, &r, err, "SELECT COALESCE(max(seq), 0) FROM outbox", GH_DBV_NONE);
	*seq = rc == GH_OK && r.n == 1 ? gh_db_int(&r, 0, 0) : 0;
	return rc;
}

static enum gh_rc share(struct gh_catalog *c, struct gh_fsck *f, const struct gh_tiles *t, unsigned number,
			bool *settled, struct gh_err *err)
{
	struct gh_fsck_ledger l = { .f = f, .a = { .max = 16 << 20 } };
	int64_t before, after = 0;
	l.last = &l.first;
	GH_TRY(newest(c, &before, err), err, "the outbox");
	enum gh_rc rc = gh_logfacts_begin(&l.facts, t->size, number, err);
	if (rc == GH_OK)
		rc = compare(c, &l, t, err);
	if (rc == GH_OK)
		rc = newest(c, &after, err);
	*settled = rc == GH_OK && before == after;
	if (*settled) {
		f->looked += l.looked;
		for (const struct gh_fsck_line *x = l.first; x != NULL; x = x->next)
			gh_fsck_say(f, (const char *)x->subject.p, ALTERED, "%s", (const char *)x->what.p);
		if (l.n > GH_FSCK_LINES)
			gh_fsck_say(f, "", ALTERED, "%zu more rows are not what the audit log says",
				    l.n - GH_FSCK_LINES);
	}
	gh_logfacts_end(&l.facts);
	gh_arena_free(&l.a);
	return rc;
}

/* ---- entries that the outbox lacks ---- */
struct bits {
	uint8_t *b;
	uint64_t n;
};

static enum gh_rc mark(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct bits *m = arg;
	uint64_t i = (uint64_t)c[0].i;
	(void)n;
	(void)err;
	if (c[0].i >= 0 && i < m->n)
		m->b[i / 8] |= (uint8_t)(1u << i % 8);
	return GH_OK;
}

static void gaps(struct gh_fsck *f, const struct bits *m)
{
	uint64_t told = 0, lost = 0;
	for (uint64_t i = 0; i < m->n; i++) {
		uint64_t from = i;
		while (i < m->n && (m->b[i / 8] & 1u << i % 8) == 0)
			i++;
		lost += i - from;
		if (i > from && told++ < GAPS_TOLD)
			gh_fsck_say(f, "", ALTERED,
				    "entries %llu to %llu stand in the audit log, and the database does not know them",
				    (unsigned long long)from, (unsigned long long)(i - 1));
	}
	if (told > GAPS_TOLD)
		gh_fsck_say(f, "", ALTERED, "the database does not know %llu entries of the audit log in all",
			    (unsigned long long)lost);
}

static enum gh_rc lacking(struct gh_catalog *c, struct gh_fsck *f, const struct gh_tiles *t, struct gh_err *err)
{
	struct bits m = { .n = t->size };
	if (t->size > LOG_MOST)
		return gh_fail(err, GH_E_LIMIT, "the audit log has too many entries to be compared");
	m.b = calloc(1, (size_t)t->size / 8 + 1);
	if (m.b == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = gh_db_each(c->db, mark, &m, err, "SELECT log_index FROM outbox WHERE log_index IS NOT NULL",
				   GH_DBV_NONE);
	/* What was appended by somebody just now is marked right afterwards. */
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_db_rows r = { 0 };
	if (rc == GH_OK)
		rc = gh_db_query(c->db, &a, &r, err, "SELECT count(*) FROM outbox WHERE log_index IS NULL",
				 GH_DBV_NONE);
	if (rc == GH_OK && gh_db_int(&r, 0, 0) == 0)
		gaps(f, &m);
	f->looked += t->size;
	free(m.b);
	return rc;
}

enum gh_rc gh_fsck_ledger(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err)
{
	struct gh_err first = { 0 };
	struct gh_tiles *t = calloc(1, sizeof *t);
	unsigned long number = strtoul(f->cursor, NULL, 10); /* "": the outbox; k: share k - 1 */
	bool settled = false;
	enum gh_rc rc = t == NULL ? gh_fail(&first, GH_E_NOMEM, "no memory") : GH_OK;
	for (unsigned i = 0; rc == GH_OK && !settled && i < TRIES; i++) {
		rc = gh_fsck_tiles(c, t, &first);
		if (rc != GH_OK)
			break;
		settled = number == 0;
		rc = number == 0 ? lacking(c, f, t, &first) : share(c, f, t, (unsigned)number - 1, &settled, &first);
		(void)close(t->dir);
	}
	uint64_t shares = rc == GH_OK ? gh_logfacts_shares(t->size) : 0;
	free(t);
	f->cursor[0] = '\0';
	if (rc == GH_OK && !settled)
		return gh_fail(err, GH_E_IO, "the catalog is being changed all the time: try again in a quieter hour");
	if (rc == GH_E_ABSENT || rc == GH_E_MALFORMED) {
		char line[400];
		gh_fsck_say(f, "", "mend the log first: see what `log` says",
			    "the rows of the database could not be compared with the audit log: %s",
			    gh_err_line(&first, line, sizeof line));
		return GH_OK;
	}
	if (rc == GH_OK && number < shares)
		(void)snprintf(f->cursor, sizeof f->cursor, "%lu", number + 1);
	if (rc != GH_OK && err != NULL)
		*err = first;
	return rc;
}
