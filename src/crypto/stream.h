/* stream.h - a long text encrypted in segments, each of which can be read alone (STREAM, Hoang, Reyhanitabar, Rogaway, Vizár,
 * "Online Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", section 7; AES-256-GCM, NIST SP 800-38D).
 *
 *	key     = HKDF-SHA256(ikm = key of the blob, salt = head.salt, info = "gatehouse stream v1" || head), 32 bytes
 *	nonce i = prefix (7 bytes, from the same HKDF) || i (4 bytes, big-endian) || last (1 byte: 0 or 1)
 *	segment = ciphertext (as long as its plaintext) || tag (16 bytes)
 *
 * The head goes into the key, and is the additional data of segment 0 as well: a segment opens only under the very head it was
 * made for, at the very place, as the last one only if it was the last. So order, exchange, truncation and extension are found.
 * The salt is random for every run: sealing twice with one blob key, after a crash for instance, repeats no nonce.
 *
 * A stream belongs to one thread. Nothing is allocated after gh_stream_new(). */
#ifndef GH_CRYPTO_STREAM_H
#define GH_CRYPTO_STREAM_H
#include "base/span.h"

enum {
	GH_STREAM_SEGMENT =
		65536, /* plaintext bytes of each segment but the last, which holds 1 to this many (0 of an empty text) */
	GH_STREAM_TAG = 16,
	GH_STREAM_KEY = 32,
	GH_STREAM_SALT = 32,
	GH_STREAM_SEALED = GH_STREAM_SEGMENT + GH_STREAM_TAG, /* bytes of a full segment as it is stored */
};
/* Longest text: the counter has 32 bits. 256 TiB. */
#define GH_STREAM_MAX ((uint64_t)GH_STREAM_SEGMENT << 32)

/* How many segments a text of n bytes has: at least one. */
static inline uint64_t gh_stream_segments(uint64_t n) { return n == 0 ? 1 : (n - 1) / GH_STREAM_SEGMENT + 1; }
/* Bytes of all its segments as they are stored; n <= GH_STREAM_MAX. */
static inline uint64_t gh_stream_stored(uint64_t n) { return n + gh_stream_segments(n) * GH_STREAM_TAG; }

struct gh_stream;
/* head: the bytes that describe the text (at most 256), which are stored in the open before the segments; copied. NULL: no
 * memory, head too long, or OpenSSL failed. The derived key lies in OpenSSL's context, which is wiped when it is freed. */
struct gh_stream *gh_stream_new(const uint8_t key[GH_STREAM_KEY], const uint8_t salt[GH_STREAM_SALT],
				struct gh_span head);
/* Encrypt n bytes (at most GH_STREAM_SEGMENT) as segment `index`; out may be the same memory as in. False: OpenSSL failed, or
 * n or index are too large. */
bool gh_stream_seal(struct gh_stream *s, uint64_t index, bool last, const uint8_t *in, size_t n, uint8_t *out,
		    uint8_t tag[GH_STREAM_TAG]);
/* Decrypt. False: it is not that segment of that text. out is wiped then; it may be the same memory as in. */
bool gh_stream_open(struct gh_stream *s, uint64_t index, bool last, const uint8_t *in, size_t n,
		    const uint8_t tag[GH_STREAM_TAG], uint8_t *out);
void gh_stream_free(struct gh_stream *s); /* NULL: nothing */
#endif
