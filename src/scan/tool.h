/* tool.h - tool workers, seen from the trusted process: run one job of gatehouse-worker in a named mode ("diff",
 * "disarm") on open files, and hear its results.
 *
 * How a run goes. The trusted process opens every input itself (gh_os_open_regular), and the output, if there is one, as
 * a temporary file. gh_tool_run() starts the worker, which locks itself down exactly as for a scan (no files by name, no
 * sockets, no exec; see os/sandbox.h) before it sees anything. It is told names, sizes and tags of the inputs and the
 * argument block; then it asks for the descriptors it wants, one at a time, reads inputs with pread64 and writes the
 * output with pwrite64. It answers with records: a kind, up to GH_TOOL_NUMBERS 64-bit numbers, and text.
 *
 * What can be believed. Records are what a program says that read hostile bytes and may have been taken over by them: the
 * receiver checks every number against what is possible, and shows texts through gh_child_text() only. gh_tool_run() sees to
 * the rest: packets of the wrong form or out of turn, too many records, a worker that dies, hangs or says nothing more are a
 * failure with its reason, never a result. The inputs' descriptors are opened for reading only, so that a worker cannot
 * write to them; the kernel holds it to what it was given.
 *
 * A tool is three things: a row in tool_side.c (its mode's name and main function, run in the worker), its own records,
 * and a caller of gh_tool_run(). See src/scan/diff for one. */
#ifndef GH_SCAN_TOOL_H
#define GH_SCAN_TOOL_H
#include "base/err.h"
#include "base/span.h"
#include "scan/tool_proto.h"

#include <sys/types.h>

struct gh_tool_input {
	int fd; /* open for reading (O_RDONLY), a regular file; stays the caller's. -1: see gh_tool_job.path */
	const char *name; /* for the worker's messages; hostile names are fine */
	uint64_t tag;	  /* whatever the caller wants to say about it: which side, which role */
};

/* One result. The text lies behind `text` during the call only, and is NOT safe to print. */
struct gh_tool_record {
	uint32_t kind;
	const uint64_t *a; /* GH_TOOL_NUMBERS of them */
	struct gh_span text;
};

/* A worker that is kept for the next job: starting one takes longer than a small file. Zeros: there is none. For files of one
 * artifact only: a worker that was taken over by one file can spoil what comes of those behind it, and holds on to the outputs
 * it was given. So it is ended (gh_tool_end) before anybody believes in what it wrote. */
struct gh_tool_keep {
	pid_t pid; /* 0: none */
	int sock;
	unsigned jobs; /* that it has done */
	size_t memory; /* what it was started with */
	uint64_t output_bytes;
	unsigned seconds;
};
void gh_tool_end(struct gh_tool_keep *k);

struct gh_tool_job {
	const char *mode;   /* as in the table of tool_side.c */
	const char *worker; /* path of gatehouse-worker; NULL: beside the running program, or in ../libexec/gatehouse */
	const struct gh_tool_input *input;
	size_t ninput; /* <= GH_TOOL_FILES */
	/* For inputs with fd == -1: where they are, by number. Opened whenever the worker asks, so that many files need few
	 * descriptors; each has to be the same file, unchanged, every time. NULL: all inputs are open. */
	const char *const *path;
	int output;	       /* open for writing (O_WRONLY or O_RDWR), or -1 */
	uint64_t output_bytes; /* how large the output and each temporary file may become (RLIMIT_FSIZE) */
	struct gh_span args;   /* <= GH_TOOL_ARGS bytes, handed over as they are */
	size_t memory;	       /* address space of the worker, bytes */
	unsigned seconds;      /* for the whole job, by the clock; also its processor time */
	uint64_t records;      /* more than so many are a failure */
	/* A record came in. NULL, or in words what is wrong with it ("a count beyond the file"): that ends the job. */
	const char *(*on_record)(void *arg, const struct gh_tool_record *r);
	void (*tick)(void *arg, uint64_t bytes); /* for a progress line; may be NULL */
	void *arg;
	/* NULL: a worker of its own. Else the one that is kept, if there is one with the same limits and it has not done GH_TOOL_JOBS
	 * jobs; it is kept on when this job ends well. jobs == 0 afterwards, or 1: none, or a new one did it. */
	struct gh_tool_keep *keep;
};

/* Run the job to its end.
 * GH_OK: the worker said that it sent everything, and no input changed meanwhile.
 * GH_E_DENIED: it could not be locked down, nothing was read. GH_E_LIMIT: time, records or its own limits ran out.
 * GH_E_IO: cannot be started; an input changed or cannot be read. Other codes: what the worker failed with, GH_E_BUG when it
 * died or did not keep to the protocol. err says why, in one line. Records that came before stand, but are not all. */
enum gh_rc gh_tool_run(const struct gh_tool_job *job, struct gh_err *err);
#endif
