/* blob_proto.h - what main and a blob process say to each other: packets on a SOCK_SEQPACKET socket, fixed little-endian
 * structures. Callers use catalog/blobrun.h. The blob process has two sockets, this one and the vault's (GH_VP_KEYS of
 * vault_proto.h), and the descriptors it is handed.
 *
 * A job: main sends JOB with the descriptor of the ciphertext (to be written by ENCRYPT, read by the others), and FD with that of
 * the plaintext, unless VERIFY. Of a ring, HEAD says how many bytes are there; TAKEN answers how many are not needed any more.
 * DONE or FAILED ends the job; the next may follow. CANCEL is answered by FAILED. The key of the job's blob must have come from
 * the vault before JOB is sent (gh_vault_release() returns after that). */
#ifndef GH_CATALOG_BLOB_PROTO_H
#define GH_CATALOG_BLOB_PROTO_H
#include <assert.h>

#include "catalog/blobfmt.h"

enum gh_bp_kind {
	GH_BP_ENCRYPT = 1,
	GH_BP_DECRYPT,
	GH_BP_VERIFY,
	GH_BP_FD,
	GH_BP_HEAD, /* a: bytes that are there */
	GH_BP_CANCEL,
	GH_BP_READY = 32, /* locked down; why: 0, or the layer that could not be had */
	GH_BP_TAKEN,	  /* a: bytes that are not needed any more */
	GH_BP_DONE,
	GH_BP_FAILED,
};
enum {
	GH_BP_RING =
		1, /* the plaintext's descriptor is a shared ring, else read from its present position to the end */
	GH_BP_SHA_PLAIN = 2,  /* digest the plaintext */
	GH_BP_SHA_CIPHER = 4, /* digest the ciphertext as stored, head included */
	GH_BP_FLAGS = 7,
};
struct gh_bp_msg {
	uint32_t kind, flags;
	uint8_t id[GH_BLOB_ID], tenant[GH_BLOB_ID];
	uint64_t size;			       /* of the plaintext; of DECRYPT and VERIFY: as the catalog knows it */
	uint64_t off, len;		       /* DECRYPT: the range; FAILED: off is the segment, UINT64_MAX: none */
	uint64_t a;			       /* ENCRYPT from a ring: its size (a power of two); else see above */
	uint32_t why;			       /* FAILED: enum gh_blobrun_why */
	uint32_t sys;			       /* FAILED: errno */
	uint8_t sha_plain[32], sha_cipher[32]; /* DONE */
};
static_assert(sizeof(struct gh_bp_msg) == 144, "no padding");

/* Why not: code, enum gh_rc, the line. What is stored and is not as it was written is GH_E_UNREAD: GH_E_MALFORMED would be a mistake
 * of whoever asks. */
#define GH_BLOB_WHYS(X) \
	X(FINE, GH_OK, "") \
	X(NO_KEY, GH_E_DENIED, "no key for this blob was released to the process") \
	X(NOT_A_BLOB, GH_E_UNREAD, "this is no encrypted blob: its head is damaged") \
	X(NEWER, GH_E_UNREAD, "written by a newer version of gatehouse") \
	X(OTHER_BLOB, GH_E_UNREAD, "the head names another blob, tenant or length than the catalog does") \
	X(CUT, GH_E_UNREAD, "cut: the stored bytes end before its last segment") \
	X(LONGER, GH_E_UNREAD, "bytes follow its last segment") \
	X(ALTERED, GH_E_UNREAD, "altered: the tag does not match") \
	X(SOURCE_SHORT, GH_E_UNREAD, "the source ended before the length that was announced") \
	X(SOURCE_LONG, GH_E_UNREAD, "the source holds more than the length that was announced") \
	X(SOURCE, GH_E_IO, "reading failed") \
	X(SINK, GH_E_IO, "writing failed") \
	X(RANGE, GH_E_ABSENT, "the range lies outside of the blob") \
	X(TOO_LONG, GH_E_LIMIT, "too long for one blob (256 TiB)") \
	X(CANCELLED, GH_E_DENIED, "cancelled") \
	X(CRYPTO, GH_E_BUG, "the cryptographic library failed") \
	X(NOMEM, GH_E_NOMEM, "no memory") \
	X(LOCKDOWN, GH_E_UNREAD, "the process could not be locked down")
enum gh_blobrun_why {
#define GH_X(name, rc, text) GH_BLOB_##name,
	GH_BLOB_WHYS(GH_X)
#undef GH_X
		GH_BLOB_WHY_END
};
#endif
