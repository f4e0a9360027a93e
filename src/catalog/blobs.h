/* blobs.h - what the database knows of encrypted blobs: weights, reports, cards, comments.
 *
 * Content-addressed within a tenant: the same bytes under the same tenant are one blob (UNIQUE over tenant, kind and
 * plaintext digest of those that are stored). Keys are opaque: `wrapped` is what the vault gave, and only the vault opens it. */
#ifndef GH_CATALOG_BLOBS_H
#define GH_CATALOG_BLOBS_H
#include "catalog/db.h"
#include "catalog/id.h"

enum gh_bstate {
	GH_B_STAGED, /* its key exists, its bytes may be on their way: not to be read */
	GH_B_STORED, /* durable */
	GH_B_LOST,   /* fsck found it missing or altered */
	GH_B_STATES,
};
const char *gh_bstate_name(enum gh_bstate s);
enum gh_bstate gh_bstate_named(const char *name);

enum { GH_B_WORD = 24, GH_B_WRAPPED = 256 };
struct gh_blob {
	struct gh_id id, tenant;
	char kind[GH_B_WORD]; /* "file", "manifest", "report", "card", "comment", "badge", "policy", "evidence" */
	char digest[GH_DIGEST_HEX + 1]; /* SHA-256 of the plaintext; "" while staged and not known */
	char cipher[GH_DIGEST_HEX + 1]; /* SHA-256 of the whole ciphertext object; "" when nobody made it */
	int64_t size, stored;		/* bytes of the plaintext, of the object */
	uint8_t wrapped[GH_B_WRAPPED];	/* its key, wrapped */
	size_t wrapped_n;
	int64_t generation;    /* of the tenant key that wraps it */
	char place[GH_B_WORD]; /* which store: "file", "s3" */
	enum gh_bstate state;
	int64_t created;
};

/* A new blob, staged. GH_E_ABSENT: no such tenant. */
enum gh_rc gh_blob_add(struct gh_db *db, const struct gh_blob *b, struct gh_err *err);
/* It is durable now, with these digests (cipher: may be "") and sizes. GH_E_EXISTS: the same content is stored already for this tenant and kind;
 * *have (may be NULL) is that one, and the caller drops its own. */
enum gh_rc gh_blob_stored(struct gh_db *db, const struct gh_id *id, const char *digest, const char *cipher,
			  int64_t size, int64_t stored, struct gh_id *have, struct gh_err *err);
enum gh_rc gh_blob_get(struct gh_db *db, const struct gh_id *id, struct gh_blob *out, struct gh_err *err);
/* By content, stored ones only. GH_E_ABSENT. */
enum gh_rc gh_blob_find(struct gh_db *db, const struct gh_id *tenant, const char *kind, const char *digest,
			struct gh_blob *out, struct gh_err *err);
enum gh_rc gh_blob_set_state(struct gh_db *db, const struct gh_id *id, enum gh_bstate state, struct gh_err *err);
/* Wrapped anew. GH_E_EXISTS: its generation is not `from` any more. */
enum gh_rc gh_blob_rewrap(struct gh_db *db, const struct gh_id *id, int64_t from, int64_t to, struct gh_span wrapped,
			  struct gh_err *err);
/* Blobs of a tenant (or of all: tenant NULL) in the order of their ids, behind `after` (NULL: from the start). */
enum gh_rc gh_blob_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *tenant, const struct gh_id *after,
			size_t max, struct gh_blob **out, size_t *n, struct gh_err *err);
/* Those of a tenant whose key is wrapped by an older generation: the next `max` to re-wrap. */
enum gh_rc gh_blob_behind(struct gh_db *db, struct gh_arena *a, const struct gh_id *tenant, int64_t generation,
			  size_t max, struct gh_blob **out, size_t *n, struct gh_err *err);
/* Created before `before` and named by nothing (no version, report, badge, review, policy, evidence …). */
enum gh_rc gh_blob_unused(struct gh_db *db, struct gh_arena *a, int64_t before, size_t max, struct gh_blob **out,
			  size_t *n, struct gh_err *err);
/* Forget it. GH_E_EXISTS: something names it (again). */
enum gh_rc gh_blob_forget(struct gh_db *db, const struct gh_id *id, struct gh_err *err);
#endif
