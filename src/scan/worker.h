/* worker.h - the trusted side of one worker process: start it, give it a file, believe nothing it says that does not
 * fit, end it. */
#ifndef GH_SCAN_WORKER_H
#define GH_SCAN_WORKER_H
#include "base/arena.h"
#include "scan/feed.h"
#include "scan/report.h"
#include "scan/scan.h"

struct gh_worker {
	pid_t pid; /* 0: none is running */
	int sock;
	int memfd;
	uint8_t *shm;
	int data; /* descriptor of gh_data_seal(), not its own, or -1; set it after gh_worker_open() */
	uint64_t data_size;
	struct gh_sha256 *sha;
	bool ready;    /* it said that it is locked down */
	unsigned jobs; /* files it took since it started */
};

/* What other files say about this one: see gh_pipe_declare(). n <= GH_RANGES_MAX. */
struct gh_ranges {
	const struct gh_range *v;
	size_t n;
};

/* What came out of one file. Lives in the arena that was handed in. */
struct gh_outcome {
	struct gh_finding *finding;
	size_t nfinding, cap;
	const char *format;
	uint64_t understood, members, expanded, dropped;
	char sha256[65];
	struct gh_fact *fact;
	size_t nfact, fact_cap;
	bool worker_died; /* what this worker cleared before must be looked at again by another one */
	bool again;	  /* … and so must this file: the worker was still speaking of an earlier one */
};

/* Resources that outlive single processes. False: no memory. */
bool gh_worker_open(struct gh_worker *w);
/* Start a process. Fails when the program is missing or cannot be executed; that the sandbox could not be had is
 * only known at the first file. */
enum gh_rc gh_worker_start(struct gh_worker *w, const struct gh_scan_options *opt, struct gh_err *err);
/* Feed one open file to the running worker. tick(arg, bytes) is called as bytes are read; may be NULL.
 * GH_E_DENIED: the worker could not lock itself down (nothing was parsed). Otherwise GH_OK: whatever went wrong is a
 * finding of the outcome. */
enum gh_rc gh_worker_scan(struct gh_worker *w, const struct gh_scan_options *opt, int fd, const struct stat *st,
			  const char *name, struct gh_ranges declared, struct gh_arena *arena, struct gh_outcome *out,
			  void (*tick)(void *arg, uint64_t bytes), void *arg, struct gh_err *err);
/* Between two files a worker has nothing to say. True: it said something, or is gone; its word on earlier files does not
 * count any more and it must be stopped. */
bool gh_worker_out_of_turn(struct gh_worker *w);
void gh_worker_stop(struct gh_worker *w);
void gh_worker_close(struct gh_worker *w);

/* Add a finding that the trusted process makes itself. */
void gh_outcome_add(struct gh_arena *arena, struct gh_outcome *out, const struct gh_rule *rule, const char *detail);
#endif
