/* blob_int.h - the inside of the blob process. */
#ifndef GH_DAEMON_BLOB_INT_H
#define GH_DAEMON_BLOB_INT_H
#include "catalog/blob_proto.h"
#include "catalog/vault_proto.h"
#include "crypto/digest.h"
#include "daemon/blob.h"

enum {
	GH_BLOB_BATCH = 16, /* segments that are read, sealed and written at once */
	GH_BLOB_KEYS_MAX = 4 * GH_VP_RELEASE_MAX,
};

struct gh_blobd {
	int control, vault;	       /* vault: -1 when it closed */
	uint8_t (*tenant)[GH_BLOB_ID]; /* in locked memory, beside the keys: tenant of key i */
	struct gh_vp_plain_key *key;
	size_t nkeys, cap;
	uint8_t *packet; /* GH_VP_PACKET in locked memory: keys arrive here */
	uint8_t *batch;	 /* GH_BLOB_BATCH sealed segments */
	struct gh_sha256 *plain, *cipher;
	/* the job */
	struct gh_bp_msg job;
	int fd_cipher, fd_plain;
	uint64_t head;	      /* ring: bytes that are there */
	bool cancelled, gone; /* gone: main closed, or broke the rules: end */
};

struct gh_blob_end {
	enum gh_blobrun_why why;
	int sys;
	uint64_t segment; /* UINT64_MAX: none */
	uint64_t stored;
};

/* Take what has arrived on both sockets; wait: until something did. During a job only HEAD and CANCEL are fitting. */
void gh_blob_hear(struct gh_blobd *b, bool wait);
bool gh_blob_tell(struct gh_blobd *b, const struct gh_bp_msg *m);
const struct gh_vp_plain_key *gh_blob_key(const struct gh_blobd *b, const uint8_t id[GH_BLOB_ID],
					  const uint8_t tenant[GH_BLOB_ID]);

struct gh_blob_end gh_blob_encrypt_job(struct gh_blobd *b);
struct gh_blob_end gh_blob_decrypt_job(struct gh_blobd *b); /* and verify */
#endif
