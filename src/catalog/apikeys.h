/* apikeys.h - keys by which people and robots are known: ghk_<prefix>_<secret>, 16 and 48 hexadecimal digits.
 *
 * Of a key only the prefix and the SHA-256 of the whole are kept: 192 random bits need no slow hash. Whatever is wrong with a key
 * (unknown, another secret, expired, revoked, its owner disabled) is refused in the same words after the same work. */
#ifndef GH_CATALOG_APIKEYS_H
#define GH_CATALOG_APIKEYS_H
#include "catalog/principals.h"

enum {
	GH_APIKEY_PREFIX = 16,
	GH_APIKEY_TEXT = 4 + GH_APIKEY_PREFIX + 1 + 48,
	GH_APIKEY_DAYS = 90,
	GH_APIKEY_DAYS_MAX = 730
};

struct gh_apikey {
	struct gh_id id, principal;
	char prefix[GH_APIKEY_PREFIX + 1];
	int64_t created, expires, revoked,
		last_used;	      /* revoked, last_used: 0 not yet; last_used is exact to a minute */
	char says[GH_DIGEST_HEX + 1]; /* gh_apikey_says(): only of gh_apikey_create(), for the audit log; else "" */
};
/* The digest by which the audit log holds a key's row to what was issued: SHA-256 of "<hash in hexadecimal> <expires>". Whoever writes
 * another hash or another expiry into the database is told by fsck. */
void gh_apikey_says(const char *hash, int64_t expires, char out[GH_DIGEST_HEX + 1]);
/* A new key. text: shown once, to be wiped by the caller (explicit_bzero). expires: seconds since 1970.
 * GH_E_DENIED: the principal is disabled. GH_E_ABSENT: there is none. */
enum gh_rc gh_apikey_create(struct gh_db *db, const struct gh_id *principal, const struct gh_id *by, int64_t now,
			    int64_t expires, char text[GH_APIKEY_TEXT + 1], struct gh_apikey *out, struct gh_err *err);
/* Who is this? The principal with its grants, in the arena; the key's id. GH_E_DENIED "the API key is not accepted", whatever
 * the reason; other codes: the database could not be asked. */
enum gh_rc gh_apikey_check(struct gh_db *db, struct gh_arena *a, struct gh_span text, int64_t now,
			   struct gh_principal *who, struct gh_id *key, struct gh_err *err);
/* Newest first; of one principal or of all (NULL). */
enum gh_rc gh_apikey_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *principal, struct gh_apikey **out,
			  size_t *n, struct gh_err *err);
/* By prefix. GH_E_ABSENT: none. GH_E_EXISTS: it is revoked already. */
enum gh_rc gh_apikey_revoke(struct gh_db *db, const char *prefix, int64_t now, struct gh_apikey *out,
			    struct gh_err *err);
/* By prefix, whatever its state. */
enum gh_rc gh_apikey_find(struct gh_db *db, const char *prefix, struct gh_apikey *out, struct gh_err *err);
#endif
