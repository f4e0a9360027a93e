/* fsck_rows.c - what each row must say: see fsck_rows.h. */
#include "catalog/fsck_rows.h"

#include "catalog/apikeys.h"
#include "catalog/evidence.h"
#include "catalog/version_says.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum gh_rc gh_fsck_note(struct gh_fsck_ledger *l, struct gh_err *err, const char *subject, const char *fmt, ...)
{
	char text[400];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (l->n++ >= GH_FSCK_LINES)
		return GH_OK; /* the count is told */
	struct gh_fsck_line *x = GH_NEW(&l->a, struct gh_fsck_line, 1);
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

bool gh_fsck_destroyed(const struct gh_fsck_ledger *l, const char *tenant)
{
	const struct gh_logfact *t = gh_logfact_find(&l->facts, GH_FACT_TENANT, tenant);
	return t != NULL && t->ended;
}

/* The fact of a row, marked as seen; NULL and *mine false: another share's. */
static struct gh_logfact *fact(struct gh_fsck_ledger *l, enum gh_logfact_kind kind, const char *id, bool *mine)
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
	" v.root, v.verdict, v.state, COALESCE(r.digest, ''), COALESCE(r.verdict, ''), m.tenant, v.tier, "
	"v.created_by, " GH_SAYS_SQL " FROM versions v"
	" JOIN models m ON m.id = v.model JOIN tenants t ON t.id = m.tenant LEFT JOIN reports r ON r.id = v.report"
	" WHERE v.state <> 'importing'";

static enum gh_rc version(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine;
	const char *id = cell(&c[0]), *name = cell(&c[1]);
	const struct gh_logfact *x = fact(l, GH_FACT_VERSION, id, &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL || !x->there)
		return gh_fsck_note(l, err, id, UNKNOWN("(a version)"), name);
	char says[GH_DIGEST_HEX + 1] = "";
	bool know = x->says[0] != '\0' && strcmp(cell(&c[4]), "deleted") != 0;
	if (know && !gh_version_says_row(&c[10], says))
		return gh_fail(err, GH_E_NOMEM, "no memory");
	const struct {
		const char *what, *log, *db;
	} same[] = {
		{ "root digest", x->root, cell(&c[2]) },
		{ "verdict", x->verdict, cell(&c[3]) },
		{ "state", x->state, cell(&c[4]) },
		{ "report", x->report, cell(&c[5]) },
		{ "report's verdict", x->verdict, cell(&c[6]) },
		{ "tenant", x->of, cell(&c[7]) },
		{ "tier", x->tier[0] == '\0' ? cell(&c[8]) : x->tier, cell(&c[8]) },
		{ "author", x->by[0] == '\0' ? "local" : x->by, cell(&c[9])[0] == '\0' ? "local" : cell(&c[9]) },
		{ "scan (report, stages, rules, advisories, facts, manifest)", know ? x->says : "", know ? says : "" },
	};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		if (strcmp(same[i].log, same[i].db) == 0)
			continue;
		/* What a removed tenant had is deleted without an entry for each. */
		if (same[i].db == cell(&c[4]) && strcmp(same[i].db, "deleted") == 0 && gh_fsck_destroyed(l, x->of))
			continue;
		GH_TRY(gh_fsck_note(l, err, id,
				    "%s: its %s is %.16s by the audit log (entry %llu), and %.16s in the database",
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
	struct gh_fsck_ledger *l = arg;
	bool mine;
	const char *id = cell(&c[0]), *state = cell(&c[2]);
	const struct gh_logfact *x = fact(l, GH_FACT_BADGE, id, &mine);
	(void)n;
	/* One that was never handed out may have no entry; one that claims none is told by "badges". */
	bool counts = strcmp(state, "issued") == 0 || strcmp(state, "expired") == 0;
	if (!mine || ((x == NULL || !x->there) && (!counts || c[5].i < 0)))
		return GH_OK;
	if (x == NULL || !x->there)
		return gh_fsck_note(l, err, id, UNKNOWN("(a badge)"), id);
	if (strcmp(x->of, cell(&c[1])) != 0)
		GH_TRY(gh_fsck_note(
			       l, err, id,
			       "badge %s is for version %s by the audit log (entry %llu), and for %s in the database",
			       id, x->of, (unsigned long long)x->at, cell(&c[1])),
		       err, "badges");
	if (counts && strcmp(x->report, cell(&c[4])) != 0)
		GH_TRY(gh_fsck_note(l, err, id,
				    "badge %s has the statement %.16s by the audit log (entry %llu), and %.16s in the "
				    "database",
				    id, x->report, (unsigned long long)x->at, cell(&c[4])),
		       err, "badges");
	bool revoked = strcmp(state, "revoked") == 0;
	if (x->ended && !revoked)
		return gh_fsck_note(l, err, id,
				    "badge %s is revoked by the audit log (entry %llu), and %.16s in the database", id,
				    (unsigned long long)x->at, state);
	if (!x->ended && revoked && strcmp(cell(&c[3]), "never-handed-out") != 0)
		return gh_fsck_note(l, err, id,
				    "badge %s is issued by the audit log (entry %llu), and revoked in the database", id,
				    (unsigned long long)x->at);
	return GH_OK;
}

/* ---- reviews ---- */
static const char reviews[] =
	"SELECT r.id, r.version, r.root, r.report_digest, r.tier, r.needed, COALESCE(r.author, ''), v.created_by,"
	" t.name || '/' || CASE WHEN m.project = '' THEN '' ELSE m.project || '/' END || m.name || ':' || v.version"
	" FROM reviews r JOIN versions v ON v.id = r.version JOIN models m ON m.id = v.model"
	" JOIN tenants t ON t.id = m.tenant";

static enum gh_rc review(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine;
	const char *id = cell(&c[0]), *name = cell(&c[8]);
	const struct gh_logfact *x = fact(l, GH_FACT_REVIEW, id, &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL)
		return gh_fsck_note(l, err, id, UNKNOWN("(a review of %s)"), id, name);
	const struct {
		const char *what, *log, *db;
	} same[] = {
		{ "version", x->of, cell(&c[1]) },
		{ "root digest", x->root, cell(&c[2]) },
		{ "report", x->report, cell(&c[3]) },
		{ "tier", x->tier[0] == '\0' ? cell(&c[4]) : x->tier, cell(&c[4]) },
	};
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		if (strcmp(same[i].log, same[i].db) != 0)
			GH_TRY(gh_fsck_note(l, err, id,
					    "the review of %s: its %s is %.16s by the audit log (entry %llu), and "
					    "%.16s in the database",
					    name, same[i].what, same[i].log, (unsigned long long)x->at, same[i].db),
			       err, "reviews");
	if (x->held != c[5].i)
		GH_TRY(gh_fsck_note(l, err, id,
				    "the review of %s needs %lld approvals by the audit log (entry %llu), and %lld in "
				    "the database",
				    name, (long long)x->held, (unsigned long long)x->at, (long long)c[5].i),
		       err, "reviews");
	/* Whose the version is was compared with the log above. */
	return strcmp(cell(&c[6]), cell(&c[7])) == 0
		       ? GH_OK
		       : gh_fsck_note(l, err, id, "the review of %s has another author than the version", name);
}

/* ---- people ---- */
static const char people[] = "SELECT id, name, state, COALESCE(tenant, '') FROM principals";

static enum gh_rc person(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine;
	const struct gh_logfact *x = fact(l, GH_FACT_PRINCIPAL, cell(&c[0]), &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL || !x->there)
		return gh_fsck_note(l, err, cell(&c[0]), UNKNOWN("(a principal)"), cell(&c[1]));
	bool disabled = strcmp(cell(&c[2]), "disabled") == 0;
	if (disabled == x->ended || (disabled && gh_fsck_destroyed(l, cell(&c[3]))))
		return GH_OK;
	return gh_fsck_note(l, err, cell(&c[0]), "%s is %s by the audit log (entry %llu), and %s in the database",
			    cell(&c[1]), x->ended ? "disabled" : "active", (unsigned long long)x->at, cell(&c[2]));
}

static const char keys[] = "SELECT k.id, k.prefix, k.principal, CASE WHEN k.revoked IS NULL THEN 0 ELSE 1 END,"
			   " COALESCE(p.tenant, ''), COALESCE(k.created_by, ''), k.hash, k.expires FROM api_keys k "
			   "JOIN principals p ON p.id = k.principal";

static const char *somebody(const char *id) { return id[0] == '\0' ? "no principal" : id; }

static enum gh_rc apikey(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine;
	const char *id = cell(&c[0]), *prefix = cell(&c[1]), *owner = cell(&c[2]);
	/* Keys are of the share of their principal's, since they end with it. */
	const struct gh_logfact *x = fact(l, GH_FACT_APIKEY, id, &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL || !x->there)
		return gh_fsck_note(l, err, id, UNKNOWN("(an API key)"), prefix);
	if (strcmp(x->of, owner) != 0)
		return gh_fsck_note(l, err, id,
				    "API key %s is that of %s by the audit log (entry %llu), and of %s in the database",
				    prefix, x->of, (unsigned long long)x->at, owner);
	if (strcmp(x->by, cell(&c[5])) != 0) /* four eyes rest on it */
		GH_TRY(gh_fsck_note(l, err, id,
				    "API key %s was issued by %s by the audit log, and by %s in the database", prefix,
				    somebody(x->by), somebody(cell(&c[5]))),
		       err, "keys");
	char says[GH_DIGEST_HEX + 1];
	gh_apikey_says(cell(&c[6]), c[7].i, says);
	if (x->report[0] != '\0' && strcmp(x->report, says) != 0) /* entries of before do not say */
		GH_TRY(gh_fsck_note(l, err, id,
				    "API key %s has another secret or expiry in the database than it was issued with "
				    "(entry %llu of the audit log)",
				    prefix, (unsigned long long)x->at),
		       err, "keys");
	const struct gh_logfact *p = gh_logfact_find(&l->facts, GH_FACT_PRINCIPAL, owner);
	/* Where its owner is another share's, only what the entries of the key itself say can be told. */
	bool known = gh_logfacts_mine(&l->facts, GH_FACT_PRINCIPAL, owner);
	bool ended = x->ended || (p != NULL && p->ended), revoked = c[3].i != 0;
	if (revoked == ended || (revoked && (!known || gh_fsck_destroyed(l, cell(&c[4])))))
		return GH_OK;
	return gh_fsck_note(l, err, id, "API key %s is %s by the audit log (entry %llu), and %s in the database",
			    prefix, ended ? "revoked" : "valid", (unsigned long long)x->at,
			    revoked ? "revoked" : "valid");
}

static const char grants[] =
	"SELECT g.principal, g.role, COALESCE(g.tenant, ''), CASE WHEN g.tenant IS NULL THEN 'platform'"
	" WHEN g.project = '' THEN 'tenant' ELSE 'project' END, count(*), min(p.name), min(COALESCE(g.created_by, ''))"
	" FROM grants g JOIN principals p ON p.id = g.principal GROUP BY 1, 2, 3, 4";

static enum gh_rc grant(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine;
	char id[GH_FACT_KEY];
	(void)n;
	(void)snprintf(id, sizeof id, "%s:%.64s:%s:%s", cell(&c[0]), cell(&c[1]), cell(&c[3]), cell(&c[2]));
	const struct gh_logfact *x = fact(l, GH_FACT_GRANT, id, &mine);
	int64_t held = x == NULL ? 0 : x->held;
	if (!mine)
		return GH_OK;
	/* Grants in projects share a fact: whose the last one was is known of the others only. */
	bool one = held == 1 && strcmp(cell(&c[3]), "project") != 0;
	if (held == c[4].i && (!one || strcmp(x->by, cell(&c[6])) == 0))
		return GH_OK;
	if (held == c[4].i)
		return gh_fsck_note(
			l, err, cell(&c[0]),
			"the role %.64s of %s was granted by %s by the audit log, and by %s in the database",
			cell(&c[1]), cell(&c[5]), somebody(x->by), somebody(cell(&c[6])));
	return gh_fsck_note(
		l, err, cell(&c[0]),
		"%s holds the role %.64s (%s%s%s) %lld times by the audit log, and %lld times in the database",
		cell(&c[5]), cell(&c[1]), cell(&c[3]), cell(&c[2])[0] == '\0' ? "" : " ", cell(&c[2]), (long long)held,
		(long long)c[4].i);
}

static const char signkeys[] = "SELECT k.principal || ':' || k.fingerprint, k.principal, p.name,"
			       " CASE WHEN k.revoked IS NULL THEN 0 ELSE 1 END, COALESCE(p.tenant, '')"
			       " FROM principal_keys k JOIN principals p ON p.id = k.principal";

static enum gh_rc signkey(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine, revoked = c[3].i != 0;
	const struct gh_logfact *x = fact(l, GH_FACT_SIGNKEY, cell(&c[0]), &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL || !x->there)
		return gh_fsck_note(l, err, cell(&c[1]), UNKNOWN("(a signing key of %s)"), cell(&c[0]), cell(&c[2]));
	const struct gh_logfact *p = gh_logfact_find(&l->facts, GH_FACT_PRINCIPAL, cell(&c[1])); /* of the same share */
	bool ended = x->ended || (p != NULL && p->ended); /* with a person end their keys */
	if (ended == revoked || (revoked && gh_fsck_destroyed(l, cell(&c[4]))))
		return GH_OK;
	return gh_fsck_note(l, err, cell(&c[1]),
			    "the signing key %s of %s is %s by the audit log (entry %llu), and %s in the database",
			    cell(&c[0]), cell(&c[2]), ended ? "removed" : "valid", (unsigned long long)x->at,
			    revoked ? "removed" : "valid");
}

/* ---- shares, policies, evidence ---- */
static const char shares[] = "SELECT s.version || ':' || s.tenant, s.version, t.name FROM shares s"
			     " JOIN tenants t ON t.id = s.tenant";

static enum gh_rc share_of(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine;
	const struct gh_logfact *x = fact(l, GH_FACT_SHARE, cell(&c[0]), &mine);
	(void)n;
	if (!mine || (x != NULL && x->there))
		return GH_OK;
	if (x == NULL)
		return gh_fsck_note(l, err, cell(&c[1]), UNKNOWN("(a share with %s)"), cell(&c[1]), cell(&c[2]));
	return gh_fsck_note(
		l, err, cell(&c[1]),
		"version %s is shared with %s in the database, and the audit log withdrew that (entry %llu)",
		cell(&c[1]), cell(&c[2]), (unsigned long long)x->at);
}

static const char policies[] = "SELECT COALESCE(p.tenant, 'platform'), COALESCE(t.name, 'the platform'), p.digest"
			       " FROM policies p LEFT JOIN tenants t ON t.id = p.tenant WHERE p.state = 'current'";

static enum gh_rc policy(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	bool mine;
	const struct gh_logfact *x = fact(l, GH_FACT_POLICY, cell(&c[0]), &mine);
	(void)n;
	if (!mine)
		return GH_OK;
	if (x == NULL)
		return gh_fsck_note(l, err, "", UNKNOWN("(a policy of %s)"), cell(&c[2]), cell(&c[1]));
	if (strcmp(x->report, cell(&c[2])) == 0)
		return GH_OK;
	return gh_fsck_note(l, err, "",
			    "the policy of %s is %.16s by the audit log (entry %llu), and %.16s in the database",
			    cell(&c[1]), x->report, (unsigned long long)x->at, cell(&c[2]));
}

/* What the program keeps for itself beside a statement, or made of its own scan, has no entry of its own. */
static const char evidences[] = "SELECT version, digest, kind, signer, trusted FROM evidence"
				" WHERE kind NOT IN ('" GH_EVIDENCE_FACTS "', '" GH_EVIDENCE_FOUND "')"
				" AND NOT (kind = 'sbom' AND signer = '" GH_EVIDENCE_SELF "')";

static enum gh_rc evidence(void *arg, const struct gh_dbv *c, size_t n, struct gh_err *err)
{
	struct gh_fsck_ledger *l = arg;
	struct gh_evidence e = { .trusted = c[4].i != 0 };
	char says[GH_DIGEST_HEX + 1], id[GH_FACT_KEY];
	const char *version = cell(&c[0]);
	bool mine;
	(void)n;
	(void)snprintf(e.digest, sizeof e.digest, "%s", cell(&c[1]));
	(void)snprintf(e.kind, sizeof e.kind, "%s", cell(&c[2]));
	(void)snprintf(e.signer, sizeof e.signer, "%s", cell(&c[3]));
	if (!gh_evidence_says(&e, says))
		return gh_fail(err, GH_E_NOMEM, "no memory");
	(void)snprintf(id, sizeof id, "%.32s:%s", version, says);
	const struct gh_logfact *x = fact(l, GH_FACT_EVIDENCE, id, &mine);
	if (!mine || x != NULL)
		return GH_OK;
	(void)snprintf(id, sizeof id, "%.32s:%s", version, e.digest); /* entries of before name the statement alone */
	if (fact(l, GH_FACT_EVIDENCE, id, &mine) != NULL)
		return GH_OK;
	return gh_fsck_note(
		l, err, version,
		"the database has %s %.16s about version %s, %s by %s, and no entry of the audit log says so", e.kind,
		e.digest, version, e.trusted ? "verified as signed" : "said to be signed",
		e.signer[0] == '\0' ? "nobody" : e.signer);
}

const struct gh_fsck_table gh_fsck_rows[] = {
	{ versions, version }, { badges, badge },	{ reviews, review },   { people, person },
	{ keys, apikey },      { grants, grant },	{ signkeys, signkey }, { shares, share_of },
	{ policies, policy },  { evidences, evidence },
};
const size_t gh_fsck_rows_n = sizeof gh_fsck_rows / sizeof *gh_fsck_rows;
