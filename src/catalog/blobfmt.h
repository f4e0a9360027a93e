/* blobfmt.h - an encrypted blob as it lies in a store: a head of 128 bytes, then the segments of crypto/stream.h.
 *
 * All numbers are little-endian:
 *
 *	off  size
 *	0    8     magic: 89 47 48 42 0d 0a 1a 0a ("GHB"; the line ends show a transfer that changed them)
 *	8    4     version of this format: 1
 *	12   4     length of this head: 128
 *	16   16    blob id
 *	32   16    tenant id
 *	48   32    salt, random for every encryption
 *	80   8     length of the plaintext
 *	88   4     plaintext bytes of a segment: 65,536
 *	92   4     generation of the tenant's key under which the blob's key was wrapped when this was written. The blob's key may
 *		   have been wrapped again since: this says how old the blob is, and decides nothing
 *	96   4     cipher: 1 = AES-256-GCM in STREAM construction
 *	100  28    zero
 *	128        segments: each ciphertext and a tag of 16 bytes
 *
 * The head is authenticated by every segment (it goes into the key); nothing in it is believed before one has opened. What it
 * says is compared with what the catalog knows. The blob's name is not derived from its content: the catalog finds equal
 * contents within a tenant by their digest, which is kept in its database.
 *
 * Pure. Bytes are those of a store that a stranger may have written to. */
#ifndef GH_CATALOG_BLOBFMT_H
#define GH_CATALOG_BLOBFMT_H
#include "base/err.h"
#include "crypto/stream.h"

enum { GH_BLOB_HEAD = 128, GH_BLOB_VERSION = 1, GH_BLOB_ID = 16 };

struct gh_blobfmt {
	uint8_t id[GH_BLOB_ID];
	uint8_t tenant[GH_BLOB_ID];
	uint8_t salt[GH_STREAM_SALT];
	uint64_t size; /* of the plaintext, at most GH_STREAM_MAX */
	uint32_t generation;
};

void gh_blobfmt_write(const struct gh_blobfmt *h, uint8_t out[GH_BLOB_HEAD]);
/* bytes: the first GH_BLOB_HEAD bytes of the blob, or fewer. GH_E_MALFORMED: no such blob, or its head contradicts itself;
 * GH_E_UNREAD: written by a newer version; err holds one line in either case. */
enum gh_rc gh_blobfmt_read(struct gh_span bytes, struct gh_blobfmt *out, struct gh_err *err);

/* Bytes of the whole blob as stored, for a plaintext of `size` bytes (at most GH_STREAM_MAX). */
uint64_t gh_blobfmt_stored(uint64_t size);
/* Where segment i lies, and how many plaintext bytes it holds. False: there is no such segment. */
bool gh_blobfmt_segment(uint64_t size, uint64_t i, uint64_t *off, size_t *plain);
/* The segments that hold the plaintext bytes [off, off + len): first and how many. An empty range of an empty text is segment
 * 0. False: the range leaves the text. */
bool gh_blobfmt_range(uint64_t size, uint64_t off, uint64_t len, uint64_t *first, uint64_t *count);
#endif
