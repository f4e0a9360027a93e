#include "catalog/evidence.h"

#include "base/buf.h"
#include "catalog/row.h"
#include "crypto/digest.h"

#define COLUMNS "id, version, kind, signer, trusted, digest, blob, created, created_by"

bool gh_evidence_internal(const char *kind)
{
	return strcmp(kind, GH_EVIDENCE_FACTS) == 0 || strcmp(kind, GH_EVIDENCE_FOUND) == 0;
}

bool gh_evidence_foreign(const char *kind)
{
	static const char *const kinds[] = { "signature", "attestation", "provenance",	"sbom",
					     "vex",	  "sarif",	 "test-result", "other" };
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kind, kinds[i]) == 0)
			return true;
	return false;
}

enum gh_rc gh_evidence_add(struct gh_db *db, const struct gh_evidence *e, struct gh_err *err)
{
	return gh_db_exec(db, NULL, err, "INSERT INTO evidence (" COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			  GH_DBV(gh_dbid(&e->id), gh_dbid(&e->version), gh_dbs(e->kind), gh_dbs(e->signer),
				 gh_dbi(e->trusted), gh_dbs(e->digest), gh_dbid(&e->blob), gh_dbi(e->created),
				 gh_dbs(gh_id_none(&e->by) ? "local" : e->by.s)));
}

bool gh_evidence_says(const struct gh_evidence *e, char out[GH_DIGEST_HEX + 1])
{
	struct gh_sha256 *h = gh_sha256_new();
	gh_auto_buf b = gh_buf(1024); /* each part ends with a byte that none of them holds */
	gh_buf_fmt(&b, "%s%c%s%c%s%c%d", e->digest, 0, e->kind, 0, e->signer, 0, e->trusted);
	bool good = h != NULL && !b.full && gh_sha256_start(h) && gh_sha256_add(h, gh_buf_view(&b)) &&
		    gh_sha256_hex(h, out);
	gh_sha256_free(h);
	return good;
}

static void fill(struct gh_evidence *e, const struct gh_db_rows *r, size_t i)
{
	e->id = gh_row_id(r, i, 0);
	e->version = gh_row_id(r, i, 1);
	GH_ROW_TEXT(e->kind, r, i, 2);
	GH_ROW_TEXT(e->signer, r, i, 3);
	e->trusted = gh_db_int(r, i, 4) == 1;
	GH_ROW_TEXT(e->digest, r, i, 5);
	e->blob = gh_row_id(r, i, 6);
	e->created = gh_db_int(r, i, 7);
	e->by = gh_row_id(r, i, 8); /* "local" is no id: none */
}

enum gh_rc gh_evidence_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *version, const char *kind,
			    struct gh_evidence **out, size_t *n, struct gh_err *err)
{
	struct gh_db_rows r;
	*out = NULL;
	*n = 0;
	GH_TRY(gh_db_query(
		       db, a, &r, err,
		       "SELECT " COLUMNS " FROM evidence WHERE version = ? AND (kind = ? OR ? = '') "
		       "ORDER BY created DESC, id LIMIT 10000",
		       GH_DBV(gh_dbid(version), gh_dbs(kind == NULL ? "" : kind), gh_dbs(kind == NULL ? "" : kind))),
	       err, "evidence");
	struct gh_evidence *v = GH_NEW(a, struct gh_evidence, r.n + 1);
	if (v == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a list");
	for (size_t i = 0; i < r.n; i++)
		fill(&v[i], &r, i);
	*out = v;
	*n = r.n;
	return GH_OK;
}

enum gh_rc gh_evidence_last(struct gh_db *db, const struct gh_id *version, const char *kind, struct gh_evidence *out,
			    struct gh_err *err)
{
	gh_auto_arena a = { .max = GH_ROW_ONE };
	struct gh_db_rows r;
	GH_TRY(gh_db_query(db, &a, &r, err,
			   "SELECT " COLUMNS
			   " FROM evidence WHERE version = ? AND kind = ? ORDER BY created DESC, id LIMIT 1",
			   GH_DBV(gh_dbid(version), gh_dbs(kind))),
	       err, "evidence");
	if (r.n == 0)
		return gh_fail(err, GH_E_ABSENT, "there is no %s of this version", kind);
	fill(out, &r, 0);
	return GH_OK;
}
