/* spool.h - an expanded member: in memory while it is small, in an unlinked file once it is not. Runs in the worker. */
#ifndef GH_SCAN_SPOOL_H
#define GH_SCAN_SPOOL_H
#include "format/format.h"

enum { GH_SPOOL_MEMORY = 2 << 20, GH_SPOOL_STAGE = 256 << 10, GH_SWEEP_OVERLAP = 4096 };

struct gh_pipe;
struct gh_spool_budget {
	uint64_t expanded_left; /* bytes, shared by all members of a file */
	uint64_t expanded;	/* bytes so far */
	unsigned ratio;
	const char *hit;	 /* which budget ran out first, for the finding; NULL: none */
	struct gh_pipe *owner;	 /* closes spools without being named: see struct gh_sink_ops */
	int (*spill)(void *arg); /* a descriptor of an unlinked file, or -1 */
	void *arg;
	/* Sees every byte once, in order, in blocks that overlap by GH_SWEEP_OVERLAP; off is the block's place. */
	void (*sweep)(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off);
};

struct gh_spool {
	struct gh_spool_budget *budget;
	struct gh_spool *next; /* for the owner's list */
	uint64_t packed, size, written;
	uint8_t *mem; /* all bytes while fd < 0, else the stage */
	size_t n, cap;
	int fd;
	bool failed, swept;
	struct gh_src src;
	uint32_t epoch;
	uint8_t *win; /* GH_WINDOW_MAX bytes at win_off, win_n of them valid */
	uint64_t win_off;
	size_t win_n;
	uint64_t program[8]; /* where embedded programs were seen */
	unsigned nprogram;
};

struct gh_spool *gh_spool_new(struct gh_spool_budget *b, uint64_t packed);
enum gh_rc gh_spool_put(struct gh_spool *sp, struct gh_span s);
struct gh_src *gh_spool_src(struct gh_spool *sp);
void gh_spool_free(struct gh_spool *sp);
#endif
