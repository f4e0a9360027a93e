/* link.h - the worker's end of its socket and of the shared memory: the file as a byte source. */
#ifndef GH_SCAN_LINK_H
#define GH_SCAN_LINK_H
#include "scan/proto.h"

struct gh_link {
	struct gh_src src;  /* the file in hand */
	const uint8_t *mem; /* the ring, mapped twice in a row so that windows never wrap; then the slots */
	int sock;
	uint64_t head, hold, job;
	uint32_t epoch;
	bool failed;
	struct {
		uint64_t off;
		size_t n;
	} slot[GH_SLOTS];
	unsigned turn;
	struct gh_range declared[GH_RANGES_MAX]; /* of the file in hand */
	size_t ndeclared;
	/* Every byte in order, as it arrives; fresh: where the new ones start in the file. */
	void (*swept)(void *arg, struct gh_span block, uint64_t off, uint64_t fresh);
	/* Bytes [off, below) of a large file are about to be given up; span starts at off and may hold some more. May be NULL. */
	void (*released)(void *arg, struct gh_span span, uint64_t off, uint64_t below);
	void *arg;
};

/* Map the shared memory. False: not possible. */
bool gh_link_open(struct gh_link *l);
/* Wait for the next file; its name is copied to name[cap]. False: nothing more to do. */
bool gh_link_next(struct gh_link *l, char *name, size_t cap);
/* Announce what is already there to `swept`: call it once the receiver is ready. */
void gh_link_start(struct gh_link *l);
/* An unlinked file from the trusted process, or -1. */
int gh_link_spill(struct gh_link *l);
/* One message; ends the process when the trusted process is gone. text may be NULL. */
void gh_link_say(struct gh_link *l, uint32_t kind, uint64_t a, uint64_t b, uint64_t c, uint64_t d, struct gh_span text);
#endif
