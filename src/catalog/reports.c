/* Scan reports of versions. */
#include "catalog/reports.h"
#include "catalog/row.h"

#define COLUMNS \
	"r.id, r.version, r.blob, r.digest, r.scanner, r.rules, r.advisories, r.verdict, r.coverage, r.stages, " \
	"r.findings, r.created"

static void report_of(const struct gh_db_rows *r, size_t i, struct gh_report_row *p)
{
	*p = (struct gh_report_row){
		.id = gh_row_id(r, i, 0),
		.version = gh_row_id(r, i, 1),
		.blob = gh_row_id(r, i, 2),
		.findings = gh_db_int(r, i, 10),
		.created = gh_db_int(r, i, 11),
	};
	GH_ROW_TEXT(p->digest, r, i, 3);
	GH_ROW_TEXT(p->scanner, r, i, 4);
	GH_ROW_TEXT(p->rules, r, i, 5);
	GH_ROW_TEXT(p->advisories, r, i, 6);
	GH_ROW_TEXT(p->verdict, r, i, 7);
	GH_ROW_TEXT(p->coverage, r, i, 8);
	GH_ROW_TEXT(p->stages, r, i, 9);
}

static enum gh_rc reports(struct gh_db *db, struct gh_arena *a, const char *sql, struct gh_dbvs args,
			  struct gh_report_row **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(db, a, &r, err, sql, args), err, "reports");
	struct gh_report_row *v = GH_NEW(a, struct gh_report_row, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_LIMIT, "no room for %zu reports", r.n);
	for (size_t i = 0; i < r.n; i++)
		report_of(&r, i, &v[i]);
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_report_add(struct gh_db *db, const struct gh_report_row *r, struct gh_err *err)
{
	if (!gh_id_ok(gh_span_str(r->id.s)) || !gh_digest_ok(gh_span_str(r->digest)))
		return gh_fail(err, GH_E_BUG, "a report without id or digest");
	enum gh_rc rc = gh_db_exec(
		db, NULL, err,
		"INSERT INTO reports (id, version, blob, digest, scanner, rules, advisories, verdict, coverage, stages,"
		" findings, created) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		GH_DBV(gh_dbs(r->id.s), gh_dbs(r->version.s), gh_dbid(&r->blob), gh_dbs(r->digest), gh_dbs(r->scanner),
		       gh_dbs(r->rules), gh_dbs(r->advisories), gh_dbs(r->verdict), gh_dbs(r->coverage),
		       gh_dbs(r->stages), gh_dbi(r->findings), gh_dbi(r->created)));
	return rc == GH_E_DENIED ? gh_fail(err, GH_E_ABSENT, "the report's version or blob is not there") : rc;
}

enum gh_rc gh_report_get(struct gh_db *db, const struct gh_id *id, struct gh_report_row *out, struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err, "SELECT " COLUMNS " FROM reports r WHERE r.id = ?", GH_DBV(gh_dbs(id->s))),
	       err, "reports");
	if (r.n != 1)
		return gh_fail(err, GH_E_ABSENT, "there is no report %s", id->s);
	report_of(&r, 0, out);
	return GH_OK;
}

enum gh_rc gh_report_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *version, struct gh_report_row **out,
			  size_t *n, struct gh_err *err)
{
	return reports(db, a, "SELECT " COLUMNS " FROM reports r WHERE r.version = ? ORDER BY r.created DESC, r.id",
		       GH_DBV(gh_dbs(version->s)), out, n, err);
}

enum gh_rc gh_report_outdated(struct gh_db *db, struct gh_arena *a, const char *scanner, const char *rules,
			      const char *advisories, size_t max, struct gh_report_row **out, size_t *n,
			      struct gh_err *err)
{
	return reports(db, a,
		       "SELECT " COLUMNS " FROM reports r JOIN versions v ON v.report = r.id"
		       " WHERE v.state NOT IN ('importing', 'deleted') AND (r.scanner <> ? OR r.rules <> ? OR "
		       "r.advisories <> ?)"
		       " ORDER BY r.created, r.id LIMIT ?",
		       GH_DBV(gh_dbs(scanner), gh_dbs(rules), gh_dbs(advisories), gh_dbi((int64_t)max)), out, n, err);
}
