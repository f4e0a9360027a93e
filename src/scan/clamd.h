/* clamd.h - a file through the virus scanner ClamAV: the client's side of clamd's INSTREAM (clamd(8), "COMMANDS"). Runs in the
 * trusted process, on the bytes that the worker gets too: nothing is read a second time.
 *
 * A conversation never blocks: the caller polls its descriptor together with its others and gives it a step when it is ready.
 * What clamd says is believed only where it is one of the answers that it can give; a signature's name, "OK", or an error. */
#ifndef GH_SCAN_CLAMD_H
#define GH_SCAN_CLAMD_H
#include "base/err.h"
#include "base/span.h"

enum {
	GH_CLAMD_ANSWER = 1024,
	GH_CLAMD_SECONDS = 10, /* to connect and to say its version */
};

enum gh_clamd_state {
	GH_CLAMD_OFF,	/* there is none: as good as finished */
	GH_CLAMD_TALK,	/* connecting, sending, or waiting for the answer */
	GH_CLAMD_CLEAN, /* it found nothing */
	GH_CLAMD_FOUND, /* text: the signature */
	GH_CLAMD_LOST,	/* text: why it did not look at all of it */
};

struct gh_clamd {
	enum gh_clamd_state state;
	int fd;		     /* -1 unless TALK */
	uint64_t size, sent; /* bytes of the file; how many of them clamd has got */
	uint8_t head[16];    /* the command, or the length of a chunk */
	unsigned nhead, at;
	uint32_t chunk; /* bytes of this chunk that are still to be sent */
	bool ended;	/* the last, empty chunk is on its way */
	char answer[GH_CLAMD_ANSWER];
	size_t nanswer;
	char text[300]; /* safe to print */
};

/* Where is clamd? A path ("/run/clamav/clamd.ctl"), or HOST:PORT. *fd becomes a connected descriptor, close-on-exec and
 * not blocking, or -1. Waits at most GH_CLAMD_SECONDS. */
enum gh_rc gh_clamd_connect(const char *address, int *fd, struct gh_err *err);
/* Ask for its version: "ClamAV 1.4.6/27000/…". Fails when it does not answer, or not as clamd does. */
enum gh_rc gh_clamd_version(const char *address, char *out, size_t cap, struct gh_err *err);

/* Begin with a file of so many bytes, over a connected descriptor (-1: it could not be connected, why says it). */
void gh_clamd_begin(struct gh_clamd *c, int fd, uint64_t size, const char *why);
/* For poll(2): 0 when there is nothing to wait for. head: bytes of the file that are there. */
short gh_clamd_wants(const struct gh_clamd *c, uint64_t head);
/* Send and receive what can be without waiting. The file's byte x is ring[x % ring_size]. */
void gh_clamd_step(struct gh_clamd *c, const uint8_t *ring, size_t ring_size, uint64_t head);
/* Give up; keeps the state when there is an answer already. why: for GH_CLAMD_LOST. */
void gh_clamd_end(struct gh_clamd *c, const char *why);
/* Read an answer of n bytes without its final NUL; what clamd may say to INSTREAM. Sets state and text. */
void gh_clamd_judge(struct gh_clamd *c, const char *answer, size_t n);
#endif
