/* feed.h - the trusted side of one file on its way to a worker: read once, in order, into the shared ring; digested
 * there while the worker parses; and any window of it again, checked against what the digest saw. */
#ifndef GH_SCAN_FEED_H
#define GH_SCAN_FEED_H
#include "crypto/blockmac.h"
#include "crypto/digest.h"
#include "scan/proto.h"

#include <pthread.h>
#include <sys/stat.h>

enum gh_feed_state { GH_FEED_OK, GH_FEED_CHANGED, GH_FEED_ERROR };

struct gh_feed {
	int fd;
	struct stat before;
	uint64_t size;
	uint8_t *ring; /* GH_SHM bytes: ring, then window slots */
	uint64_t head; /* bytes read into the ring */
	uint64_t hold; /* the worker is done with everything below */
	uint64_t also; /* … and so is somebody else who reads along; UINT64_MAX: nobody does */
	enum gh_feed_state state;
	int sys; /* errno of GH_FEED_ERROR */

	/* the digesting thread, for files larger than the ring; `lock` guards head, hashed, stop while it runs */
	struct gh_sha256 *sha;
	bool threaded, stop, digest_failed;
	uint64_t hashed;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	int progress; /* eventfd: the digest moved on */

	/* what earlier reads of each block looked like; only for files larger than the ring */
	struct gh_blockmac *mac;
	uint64_t *tag;	/* 0: not read yet */
	unsigned shift; /* block = 1 << shift bytes */
};

/* Begin with an open file; sha is borrowed. Reads and announces nothing yet. False: no memory. */
bool gh_feed_open(struct gh_feed *f, int fd, const struct stat *st, uint8_t *shm, struct gh_sha256 *sha);
/* Is there room in the ring for the next block? */
bool gh_feed_room(struct gh_feed *f);
/* Read the next block into the ring. On failure `state` says why and reading is over. */
void gh_feed_block(struct gh_feed *f);
/* Read a window into slot. False: `state` says why. */
bool gh_feed_window(struct gh_feed *f, uint64_t off, size_t len, unsigned slot);
/* Has every byte been read and digested (or reading failed)? */
bool gh_feed_done(struct gh_feed *f);
/* Everything is read and, for small files, digested by the caller's own thread now. */
void gh_feed_digest_small(struct gh_feed *f);
/* End: stops the thread, compares the file with what it was; hex gets the digest, or "" when it means nothing. */
void gh_feed_close(struct gh_feed *f, char hex[65]);
#endif
