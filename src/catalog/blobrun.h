/* blobrun.h - main's side of a blob process: encrypt and decrypt between descriptors, with keys that main never sees.
 *
 *	1. main makes two socket pairs and starts the role `blob` with one end of each (os/role.h): control and vault
 *	2. gh_vault_attach_blob() hands the vault its end, under a fresh session id
 *	3. gh_blobrun_new() with main's end of the control socket
 *	4. the catalog releases keys to the session (gh_vault_release()): logged, then delivered
 *	5. jobs, one after the other: each gh_blobrun_*() below with descriptors that somebody else opened
 *
 * A blob process handles keys of one model version and ends when main closes its socket. For parallel work start several. */
#ifndef GH_CATALOG_BLOBRUN_H
#define GH_CATALOG_BLOBRUN_H
#include "base/err.h"
#include "catalog/blob_proto.h"
#include "catalog/id.h"

struct gh_blobrun;
/* sock: owned. Waits until the process says that it is locked down. NULL: it could not be, or is gone; err says why, sock is
 * closed. */
struct gh_blobrun *gh_blobrun_new(int sock, struct gh_err *err);
void gh_blobrun_free(struct gh_blobrun *b); /* the process ends; NULL: nothing */
/* For poll(): readable when gh_blobrun_taken() or gh_blobrun_end() have something to read. */
int gh_blobrun_fd(const struct gh_blobrun *b);

struct gh_blobrun_job {
	struct gh_id blob, tenant;
	uint64_t size;			  /* of the plaintext */
	bool digest_plain, digest_cipher; /* SHA-256 wanted; costs its time on the same core */
};
struct gh_blobrun_result {
	uint64_t stored;		    /* bytes of the ciphertext, its head included */
	char sha_plain[65], sha_cipher[65]; /* lower-case digits; "" when not asked for */
};

/* ---- encrypting -------------------------------------------------------------------------------------------------------- */
/* Write the ciphertext of job->size bytes to `out` from offset 0 (pwrite; its write-back is started early; the caller fsyncs).
 *
 * From the scanner's ring (scan/proto.h): shm is the sealed memfd whose first `ring` bytes (a power of two) are the ring; byte x
 * lies at x % ring. gh_blobrun_head() says how many bytes are there (call it as often as they grow; the last call with job->size);
 * gh_blobrun_taken() how many are not needed any more: put it into gh_feed.also. */
enum gh_rc gh_blobrun_encrypt_ring(struct gh_blobrun *b, const struct gh_blobrun_job *job, int shm, uint64_t ring,
				   int out, struct gh_err *err);
enum gh_rc gh_blobrun_head(struct gh_blobrun *b, uint64_t head, struct gh_err *err);
/* Without waiting: *taken is the last that was said. GH_OK also when the job has ended, well or not: then *taken is UINT64_MAX,
 * since nothing more will be taken, and gh_blobrun_end() says why without waiting. */
enum gh_rc gh_blobrun_taken(struct gh_blobrun *b, uint64_t *taken, struct gh_err *err);
/* From a file, memfd or pipe, from its present position; it must hold exactly job->size bytes. Then gh_blobrun_end(). */
enum gh_rc gh_blobrun_encrypt(struct gh_blobrun *b, const struct gh_blobrun_job *job, int in, int out,
			      struct gh_err *err);
/* Stop the job: what is in `out` is worth nothing. */
void gh_blobrun_cancel(struct gh_blobrun *b);

/* ---- decrypting -------------------------------------------------------------------------------------------------------- */
/* The range [off, off + len) of the plaintext to `out` (write, at its present position); only the segments that hold it are
 * read from `in` (pread). Nothing of a segment is written before its tag was checked. Then gh_blobrun_end(). */
enum gh_rc gh_blobrun_decrypt(struct gh_blobrun *b, const struct gh_blobrun_job *job, int in, uint64_t off,
			      uint64_t len, int out, struct gh_err *err);
/* Check every tag, and that nothing follows. Then gh_blobrun_end(): "segment 17: altered …". */
enum gh_rc gh_blobrun_verify(struct gh_blobrun *b, const struct gh_blobrun_job *job, int in, struct gh_err *err);

/* Wait for the end of the job; the result belongs to it. */
enum gh_rc gh_blobrun_end(struct gh_blobrun *b, struct gh_blobrun_result *out, struct gh_err *err);
#endif
