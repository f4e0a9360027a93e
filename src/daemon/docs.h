/* docs.h - putting bytes into a tenant's store and getting them out again, through a blob process: files of a model as they are
 * scanned, and the documents beside them (manifest, report, badge, comments). For tasks of main.
 *
 * Keys come from the vault to the blob process, after the release stood in the audit log; main sees ciphertext going in, and
 * plaintext coming out into a memory of its own or a descriptor that it opened. */
#ifndef GH_DAEMON_DOCS_H
#define GH_DAEMON_DOCS_H
#include "base/buf.h"
#include "daemon/service.h"

enum { GH_DOCS_KEYS = 64, GH_DOCS_MAX = 1 << 30 /* bytes of one document */ };

struct gh_docs_owner { /* what the blobs belong to */
	struct gh_id tenant, version;
	struct gh_id lease; /* of an import */
};

/* A blob process with keys in stock. Belongs to one thread at a time. */
struct gh_docs {
	struct gh_service *service;
	const char *key; /* API key of who asks; NULL: `local` */
	struct gh_docs_owner owner;
	enum gh_vault_purpose purpose;
	struct gh_service_blob process;
	struct gh_id stock[GH_DOCS_KEYS];
	size_t have, asked;
};
enum gh_rc gh_docs_open(struct gh_docs *d, struct gh_service *s, const char *key, const struct gh_docs_owner *owner,
			enum gh_vault_purpose purpose, struct gh_err *err);
void gh_docs_close(struct gh_docs *d); /* also of one that was not opened (all zero) */

/* ---- putting --------------------------------------------------------------------------------------------------------------- */
struct gh_docs_put {
	struct gh_id id; /* of the blob; after the commit that of an equal one, if the tenant had it */
	int fd;		 /* its staging file: the blob process writes to it */
	uint64_t stored; /* bytes of ciphertext, set by the caller when the job has ended */
	char cipher[65]; /* SHA-256 of it, or "" */
};
/* A fresh blob with its key at the blob process and a place to be written to. */
enum gh_rc gh_docs_begin(struct gh_docs *d, struct gh_docs_put *p, struct gh_err *err);
/* Make it durable and known. sha256, size: of the plaintext. */
enum gh_rc gh_docs_commit(struct gh_docs *d, struct gh_docs_put *p, const char *kind, const char *sha256, uint64_t size,
			  struct gh_err *err);
/* Remove what was begun and not committed, from disk and catalog, after gh_docs_drop() and when no process writes it any more. What
 * cannot be removed is left to `gatehouse fsck`. */
void gh_docs_undo(struct gh_service *s, const char *key, const struct gh_id *tenant, const struct gh_id *blob);
void gh_docs_drop(
	struct gh_docs_put *p); /* close what is open; an uncommitted blob is cleaned up by fsck or the abandoning */

struct gh_docs_made {
	struct gh_id id;
	char sha256[65]; /* of the plaintext */
};
/* All of that for bytes in memory. */
enum gh_rc gh_docs_put(struct gh_docs *d, const char *kind, struct gh_span bytes, struct gh_docs_made *out,
		       struct gh_err *err);

/* ---- getting --------------------------------------------------------------------------------------------------------------- */
/* Decrypt a whole blob to `out` (written from its present position). Every segment is verified before it is written, and the
 * digest of all of it is compared with the catalog's when verify is set, and with sha256 (64 digits; NULL: nothing more is known of it):
 * what the manifest or the row that names the blob says. *size (may be NULL): bytes written. */
enum gh_rc gh_docs_get_to(struct gh_docs *d, const struct gh_id *blob, int out, bool verify, const char *sha256,
			  uint64_t *size, struct gh_err *err);
/* The same into memory, at most GH_DOCS_MAX bytes. */
enum gh_rc gh_docs_get(struct gh_docs *d, const struct gh_id *blob, const char *sha256, struct gh_buf *out,
		       struct gh_err *err);
#endif
