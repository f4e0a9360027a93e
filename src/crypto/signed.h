/* signed.h - a signed data file: advisories, digests of known bad files. What ships with the program is sealed when the
 * program is built, and what was altered since is refused before one byte of its content is parsed.
 *
 * The file, all numbers little-endian:
 *
 *	off  size
 *	0    8     magic: 89 47 48 44 0d 0a 1a 0a ("GHD"; the line ends show a transfer that changed them)
 *	8    4     version of this format: 1
 *	12   4     zero
 *	16   16    kind: short text, padded with zeros ("advisories", "known-bad")
 *	32   24    date of the content: RFC 3339 in UTC, "2026-11-22T00:00:00Z", padded with zeros
 *	56   8     key id: first 8 bytes of the SHA-256 of the public key
 *	64   8     length of the payload
 *	72   n     payload
 *	72+n 64    Ed25519 signature (RFC 8032) of GH_SIGNED_DOMAIN, with its NUL, followed by the SHA-512 of bytes [0, 72+n)
 *
 * The signature is checked over the whole file before its fields are believed: the kind and the date are signed too. Which
 * keys are trusted is the caller's business; the program's own is gh_release_key (decision 0010). */
#ifndef GH_CRYPTO_SIGNED_H
#define GH_CRYPTO_SIGNED_H
#include "base/buf.h"
#include "base/err.h"

#define GH_SIGNED_DOMAIN "gatehouse signed data v1"

enum {
	GH_SIGNED_KEY = 32,    /* bytes of a public or private Ed25519 key */
	GH_SIGNED_HEAD = 72,   /* bytes before the payload */
	GH_SIGNED_SIG = 64,    /* bytes after it */
	GH_SIGNED_KIND = 15,   /* longest kind */
	GH_SIGNED_DATE = 20,   /* length of a date */
	GH_SIGNED_VERSION = 1, /* of the format */
};

struct gh_signed {
	char date[GH_SIGNED_DATE + 1]; /* of the content */
	char key[17];		       /* id of the key, hexadecimal */
	struct gh_span payload;	       /* lies in the file's bytes */
};

/* The public half of the key that this program's data was sealed with. */
extern const uint8_t gh_release_key[GH_SIGNED_KEY];

/* Check the file against the keys and take it apart. kind: what the caller expects.
 * GH_E_MALFORMED: not such a file, or cut. GH_E_UNREAD: a newer format. GH_E_DENIED: of another kind, sealed with a key that
 * is not among the keys, or the signature does not match. GH_E_NOMEM, GH_E_BUG: OpenSSL failed. In every case but GH_OK *out
 * is empty and err holds one line. */
enum gh_rc gh_signed_open(struct gh_span file, const char *kind, const uint8_t (*key)[GH_SIGNED_KEY], size_t nkeys,
			  struct gh_signed *out, struct gh_err *err);
/* With this program's own key. */
enum gh_rc gh_signed_open_release(struct gh_span file, const char *kind, struct gh_signed *out, struct gh_err *err);

/* Append such a file to out. kind: 1 to GH_SIGNED_KIND letters; date: see above. GH_E_MALFORMED: kind or date are none. */
enum gh_rc gh_signed_seal(const char *kind, const char *date, struct gh_span payload,
			  const uint8_t private_key[GH_SIGNED_KEY], struct gh_buf *out, struct gh_err *err);

/* The public key that belongs to a private one. False: OpenSSL failed. */
bool gh_signed_public(const uint8_t private_key[GH_SIGNED_KEY], uint8_t out[GH_SIGNED_KEY]);
/* 16 hexadecimal digits and a NUL. False: OpenSSL failed. */
bool gh_signed_key_id(const uint8_t key[GH_SIGNED_KEY], char out[17]);
#endif
