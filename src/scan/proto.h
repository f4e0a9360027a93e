/* proto.h - what the trusted process and a worker say to each other, and the memory they share.
 *
 * One SOCK_SEQPACKET socket: every message is one packet of at most GH_MSG_MAX bytes, a struct gh_msg followed by
 * `len` bytes of text. The trusted process checks each packet against what a worker may say in its present state; a
 * packet that does not fit ends the worker, not the scan.
 *
 * Shared memory (a sealed memfd that the worker can only read): a ring of GH_RING bytes that holds the file's bytes
 * [hold, head), byte x at x % GH_RING, and GH_SLOTS window slots of GH_WINDOW_MAX bytes for bytes elsewhere in the
 * file. A file of at most GH_RING bytes simply lies in the ring from its start. */
#ifndef GH_SCAN_PROTO_H
#define GH_SCAN_PROTO_H
#include "format/format.h"
#include "scan/facts.h"

enum {
	GH_RING = 4 << 20,
	GH_SLOTS = 2,
	GH_SHM = GH_RING + GH_SLOTS * GH_WINDOW_MAX,
	GH_BLOCK = 256 << 10, /* the trusted process reads, announces and digests this much at a time */
	GH_MSG_TEXT = 4096,
	GH_FINDINGS_PER_RULE = 50, /* of one file; the rest is counted */
	GH_WORKER_JOBS = 512,	   /* files that one worker takes before a fresh one replaces it */
	GH_FINDINGS_MAX = 4000,	   /* of one file; a worker that sends more is out of order */
	GH_RANGES_MAX = 4096,	   /* of one file */
	GH_WORKER_SOCK = 3,
	GH_WORKER_SHM = 4,
	GH_WORKER_DATA = 5, /* see data.h; only when there is any */
};

enum gh_msg_kind {
	/* trusted process → worker */
	GH_TO_JOB = 1, /* a[0] size, a[1] head (bytes in the ring already); text: name of the file */
	GH_TO_HEAD,    /* a[0] head */
	GH_TO_WINDOW,  /* a[0] off, a[1] len, a[2] slot: the answer to GH_FROM_WINDOW */
	GH_TO_SPILL,   /* carries a descriptor, or a[0] = errno */
	GH_TO_FAILED,  /* a[0]: the file cannot be read any further; finish with what there is */
	GH_TO_RANGES,  /* before GH_TO_JOB, several in order: text holds pairs of 64-bit offset and length, see
			* gh_pipe_declare() */
	/* worker → trusted process */
	GH_FROM_READY,	/* locked down; text: empty, or the layer that could not be had */
	GH_FROM_HOLD,	/* a[0]: bytes below are not needed any more */
	GH_FROM_WINDOW, /* a[0] off, a[1] len, a[2] slot */
	GH_FROM_SPILL,	/* give me an unlinked file */
	GH_FROM_FINDING, /* a[0] off, a[1] len, a[2] ranged, a[3] length of the member path; text: id, NUL, member, detail */
	GH_FROM_TIMES, /* a[0] index of the finding in this job, a[1] how often */
	GH_FROM_FACT,  /* a[0] kind, a[1..3]: a, b, c of struct gh_fact; text: target */
	GH_FROM_DONE,  /* a[0] understood, a[1] members, a[2] expanded, a[3] dropped findings; text: format */
};

struct gh_msg {
	uint32_t kind;
	uint32_t len;
	uint64_t job; /* number of the file this is about, from 1 for each worker; 0 in GH_FROM_READY */
	uint64_t a[4];
};
enum { GH_MSG_MAX = sizeof(struct gh_msg) + GH_MSG_TEXT };

struct gh_packet {
	struct gh_msg m;
	char text[GH_MSG_TEXT];
};
#endif
