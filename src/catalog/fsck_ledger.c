/* fsck_ledger.c - the rows of the database against the entries of the audit log. The log is signed and the rows are not: where the
 * two differ, somebody altered the rows (or brought an older database back).
 *
 * The first step looks for entries that table `outbox` lacks; each further one walks the log and compares one share of the ids
 * (mostly there is one). Somebody else may change things between the walk and the rows: then the step is done again. */
#include "catalog/fsck_facts.h"
#include "catalog/fsck_int.h"
#include "catalog/outbox.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TRIES = 5, GAPS_TOLD = 20, LOG_MOST = INT32_MAX, LINES_MOST = 10000 };
#define ALTERED \
	"the database was altered, or is an older one: trust the log, and restore a backup with `gatehouse restore`"

struct line {
	struct line *next;
	struct gh_span subject, what;
};
struct ledger {
	struct gh_fsck *f;
	struct gh_logfacts facts;
	struct gh_arena a; /* of the lines */
	struct line *first, **last;
	size_t n;
	uint64_t looked;
};

/* Kept until it is known that nothing moved meanwhile. */
static enum gh_rc note(struct ledger *l, struct gh_err *err, const char *subject, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
static enum gh_rc note(struct ledger *l, struct gh_err *err, const char *subject, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (l->n++ >= LINES_MOST)
		return GH_OK; /* the count is told */
	struct line *x = GH_NEW(&l->a, struct line, 1);
	if (x == NULL)
		return gh_fail(err, GH_E_LIMIT, "too many problems to list");
	x->subject = gh_keep(&l->a, gh_span_str(subject));
	x->what = gh_keep(&l->a, gh_span_str(text));
	if (x->subject.p == NULL || x->what.p == NULL)
		return gh_fail(err, GH_E_LIMIT, "too many problems to list");
	*l->last = x;
	l->last = &x->next;
	return GH_OK;
}

static const char *cell(const struct gh_dbv *v) { return v->type == GH_DB_TEXT ? (const char *)v->s.p : ""; }

static bool destroyed(const struct ledger *l, const char *tenant)
{
	const struct gh_logfact *t = gh_logfact_find(&l->facts, GH_FACT_TENANT, tenant);
	return t != NULL && t->ended;
}

/* The fact of a row, marked as seen; NULL and *mine false: another share's. */
static struct gh_logfact *fact(struct ledger *l, enum gh_logfact_kind kind, const char *id, bool *mine)
{
	*mine = gh_logfacts_mine(&l->facts, kind, id);
	struct gh_logfact *x = *mine ? gh_logfact_find(&l->facts, kind, id) : NULL;
	l->looked += *mine;
	if (x != NULL)
		x->seen = true;
	return x;
}

#define UNKNOWN(what) "%s " what " stands in the database, and no entry of the audit log made it"

/* ---- versions ---- */
static const char versions[] =
	"SELECT v.id, t.name || '/' || CASE WHEN m.project = '' THEN '' ELSE m.project || '/' END || m.name || ':' || "
	"v.version,"
	" v.root, v.verdict, v.state, COALESCE(r.digest, ''), COALESCE(r.verdict, ''), m.tenant FROM versions v"
	" JOIN models m ON m.id = v.model JOIN tenants t ON t.id = m.tenant LEFT JOIN reports r ON r.id = v.report"
	" WHERE v.state <> 'importing'";

static enum gh_rc version(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct ledger *l = arg;
	bool mine;
	const char *id = cell(&c[0]), *name = cell(&c[1]);
	const struct gh_logfact *x = fact(l, GH_FACT_VERSION, id, &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL || !x->there)
		return note(l, err, id, UNKNOWN("(a version)"), name);
	const struct {
		const char *what, *log, *db;
	} same[] = {
		{ "root digest", x->root, cell(&c[2]) },
		{ "verdict", x->verdict, cell(&c[3]) },
		{ "state", x->state, cell(&c[4]) },
		{ "report", x->report, cell(&c[5]) },
		{ "report's verdict", x->verdict, cell(&c[6]) },
		{ "tenant", x->of, cell(&c[7]) },
	};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		if (strcmp(same[i].log, same[i].db) == 0)
			continue;
		/* What a removed tenant had is deleted without an entry for each. */
		if (same[i].db == cell(&c[4]) && strcmp(same[i].db, "deleted") == 0 && destroyed(l, x->of))
			continue;
		GH_TRY(note(l, err, id, "%s: its %s is %.16s by the audit log (entry %llu), and %.16s in the database",
			    name, same[i].what, same[i].log, (unsigned long long)x->at,
			    same[i].db[0] == '\0' ? "none" : same[i].db),
		       err, "versions");
	}
	return GH_OK;
}

/* ---- badges ---- */
static const char badges[] =
	"SELECT id, version, state, reason, COALESCE(digest, ''), COALESCE(log_index, -1) FROM badges";

static enum gh_rc badge(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct ledger *l = arg;
	bool mine;
	const char *id = cell(&c[0]), *state = cell(&c[2]);
	const struct gh_logfact *x = fact(l, GH_FACT_BADGE, id, &mine);
	(void)n;
	/* One that was never handed out may have no entry; one that claims none is told by "badges". */
	bool counts = strcmp(state, "issued") == 0 || strcmp(state, "expired") == 0;
	if (!mine || ((x == NULL || !x->there) && (!counts || c[5].i < 0)))
		return GH_OK;
	if (x == NULL || !x->there)
		return note(l, err, id, UNKNOWN("(a badge)"), id);
	if (strcmp(x->of, cell(&c[1])) != 0)
		GH_TRY(note(l, err, id,
			    "badge %s is for version %s by the audit log (entry %llu), and for %s in the database", id,
			    x->of, (unsigned long long)x->at, cell(&c[1])),
		       err, "badges");
	if (counts && strcmp(x->report, cell(&c[4])) != 0)
		GH_TRY(note(l, err, id,
			    "badge %s has the statement %.16s by the audit log (entry %llu), and %.16s in the database",
			    id, x->report, (unsigned long long)x->at, cell(&c[4])),
		       err, "badges");
	bool revoked = strcmp(state, "revoked") == 0;
	if (x->ended && !revoked)
		return note(l, err, id, "badge %s is revoked by the audit log (entry %llu), and %.16s in the database",
			    id, (unsigned long long)x->at, state);
	if (!x->ended && revoked && strcmp(cell(&c[3]), "never-handed-out") != 0)
		return note(l, err, id, "badge %s is issued by the audit log (entry %llu), and revoked in the database",
			    id, (unsigned long long)x->at);
	return GH_OK;
}

/* ---- people ---- */
static const char people[] = "SELECT id, name, state, COALESCE(tenant, '') FROM principals";

static enum gh_rc person(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct ledger *l = arg;
	bool mine;
	const struct gh_logfact *x = fact(l, GH_FACT_PRINCIPAL, cell(&c[0]), &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL || !x->there)
		return note(l, err, cell(&c[0]), UNKNOWN("(a principal)"), cell(&c[1]));
	bool disabled = strcmp(cell(&c[2]), "disabled") == 0;
	if (disabled == x->ended || (disabled && destroyed(l, cell(&c[3]))))
		return GH_OK;
	return note(l, err, cell(&c[0]), "%s is %s by the audit log (entry %llu), and %s in the database", cell(&c[1]),
		    x->ended ? "disabled" : "active", (unsigned long long)x->at, cell(&c[2]));
}

static const char keys[] = "SELECT k.id, k.prefix, k.principal, CASE WHEN k.revoked IS NULL THEN 0 ELSE 1 END,"
			   " COALESCE(p.tenant, '') FROM api_keys k JOIN principals p ON p.id = k.principal";

static enum gh_rc apikey(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct ledger *l = arg;
	bool mine;
	const char *id = cell(&c[0]), *prefix = cell(&c[1]), *owner = cell(&c[2]);
	/* Keys are of the share of their principal's, since they end with it. */
	const struct gh_logfact *x = fact(l, GH_FACT_APIKEY, id, &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL || !x->there)
		return note(l, err, id, UNKNOWN("(an API key)"), prefix);
	if (strcmp(x->of, owner) != 0)
		return note(l, err, id,
			    "API key %s is that of %s by the audit log (entry %llu), and of %s in the database", prefix,
			    x->of, (unsigned long long)x->at, owner);
	const struct gh_logfact *p = gh_logfact_find(&l->facts, GH_FACT_PRINCIPAL, owner);
	/* Where its owner is another share's, only what the entries of the key itself say can be told. */
	bool known = gh_logfacts_mine(&l->facts, GH_FACT_PRINCIPAL, owner);
	bool ended = x->ended || (p != NULL && p->ended), revoked = c[3].i != 0;
	if (revoked == ended || (revoked && (!known || destroyed(l, cell(&c[4])))))
		return GH_OK;
	return note(l, err, id, "API key %s is %s by the audit log (entry %llu), and %s in the database", prefix,
		    ended ? "revoked" : "valid", (unsigned long long)x->at, revoked ? "revoked" : "valid");
}

static const char grants[] =
	"SELECT g.principal, g.role, COALESCE(g.tenant, ''), CASE WHEN g.tenant IS NULL THEN 'platform'"
	" WHEN g.project = '' THEN 'tenant' ELSE 'project' END, count(*), min(p.name)"
	" FROM grants g JOIN principals p ON p.id = g.principal GROUP BY 1, 2, 3, 4";

static enum gh_rc grant(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct ledger *l = arg;
	bool mine;
	char id[GH_FACT_KEY];
	(void)n;
	(void)snprintf(id, sizeof id, "%s:%.64s:%s:%s", cell(&c[0]), cell(&c[1]), cell(&c[3]), cell(&c[2]));
	const struct gh_logfact *x = fact(l, GH_FACT_GRANT, id, &mine);
	int64_t held = x == NULL ? 0 : x->held;
	if (!mine || held == c[4].i)
		return GH_OK;
	return note(l, err, cell(&c[0]),
		    "%s holds the role %.64s (%s%s%s) %lld times by the audit log, and %lld times in the database",
		    cell(&c[5]), cell(&c[1]), cell(&c[3]), cell(&c[2])[0] == '\0' ? "" : " ", cell(&c[2]),
		    (long long)held, (long long)c[4].i);
}

/* ---- what the log knows and the database does not ---- */
static enum gh_rc missing(struct ledger *l, struct gh_err *err)
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
			what = x->held > 0 && !destroyed(l, strrchr(id, ':') + 1) ? "grant" : NULL;
			break;
		case GH_FACT_TENANT: break;
		}
		if (what != NULL)
			GH_TRY(note(l, err, "", "%s %s stands in the audit log (entry %llu), and not in the database",
				    what, id, (unsigned long long)x->at),
			       err, "rows");
	}
	return GH_OK;
}

/* ---- walking ---- */
static enum gh_rc walk(struct ledger *l, const struct gh_tiles *t, struct gh_err *err)
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
	struct ledger *l = arg;
	(void)n;
	return gh_logfacts_add(&l->facts, (uint64_t)c[1].i, c[0].s, err);
}

static enum gh_rc compare(struct gh_catalog *c, struct ledger *l, const struct gh_tiles *t, struct gh_err *err)
{
	static const struct {
		const char *sql;
		enum gh_rc (*row)(void *arg, const struct gh_dbv *cols, size_t n, struct gh_err *err);
	} tables[] = {
		{ versions, version }, { badges, badge }, { people, person }, { keys, apikey }, { grants, grant }
	};
	GH_TRY(walk(l, t, err), err, "entries");
	/* What was done and is not appended yet counts too. */
	GH_TRY(gh_db_each(c->db, waiting, l, err,
			  "SELECT entry, COALESCE(log_index, -1) FROM outbox WHERE log_index IS NULL OR log_index >= ?"
			  " ORDER BY seq",
			  GH_DBV(gh_dbi((int64_t)t->size))),
	       err, "the outbox");
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		GH_TRY(gh_db_each(c->db, tables[i].row, l, err, tables[i].sql, GH_DBV_NONE), err, "rows");
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
	struct ledger l = { .f = f, .a = { .max = 16 << 20 } };
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
		for (const struct line *x = l.first; x != NULL; x = x->next)
			gh_fsck_say(f, (const char *)x->subject.p, ALTERED, "%s", (const char *)x->what.p);
		if (l.n > LINES_MOST)
			gh_fsck_say(f, "", ALTERED, "%zu more rows are not what the audit log says", l.n - LINES_MOST);
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
