/* evidence.h - documents about a version that are kept beside it: statements of others, and our own facts of its last scan.
 *
 * The document is a blob under the tenant's key; the row says of what kind it is, who stands for it, and whether that was
 * verified when it was stored. `signer` is a fingerprint or an identity; "gatehouse" for our own. */
#ifndef GH_CATALOG_EVIDENCE_H
#define GH_CATALOG_EVIDENCE_H
#include "catalog/db.h"
#include "catalog/id.h"

#define GH_EVIDENCE_FACTS "scan-facts" /* what the policy is told of the last scan */
#define GH_EVIDENCE_FOUND "found"      /* what a report of others found, as facts for the policy: one for each report */
#define GH_EVIDENCE_SELF "gatehouse"   /* signer of documents of our own */
/* Read by the program alone, and shown to nobody? */
bool gh_evidence_internal(const char *kind);
/* A kind that statements of others may have: as fact evidence.verified.kind (policy/fact_table.c). */
bool gh_evidence_foreign(const char *kind);

enum { GH_EVIDENCE_WORD = 40, GH_EVIDENCE_SIGNER = 300 };
struct gh_evidence {
	struct gh_id id, version, blob, by; /* by: none for `local` */
	char kind[GH_EVIDENCE_WORD];
	char signer[GH_EVIDENCE_SIGNER];
	bool trusted; /* its signature was verified against a key that the tenant trusts */
	char digest[GH_DIGEST_HEX + 1];
	int64_t created;
};
enum gh_rc gh_evidence_add(struct gh_db *db, const struct gh_evidence *e, struct gh_err *err);
/* SHA-256 of what the row says of its document: what the audit log holds of it ("says"). False: no memory. */
bool gh_evidence_says(const struct gh_evidence *e, char out[GH_DIGEST_HEX + 1]);
/* Newest first; kind NULL: all. */
enum gh_rc gh_evidence_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *version, const char *kind,
			    struct gh_evidence **out, size_t *n, struct gh_err *err);
/* The newest of a kind. GH_E_ABSENT. */
enum gh_rc gh_evidence_last(struct gh_db *db, const struct gh_id *version, const char *kind, struct gh_evidence *out,
			    struct gh_err *err);
#endif
