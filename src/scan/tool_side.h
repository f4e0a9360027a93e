/* tool_side.h - tool workers, seen from inside the locked-down process. A tool's main function gets a struct gh_tool: the
 * list of inputs, the arguments, and ways to read, write and report. See tool.h for the whole picture.
 *
 * There are no files here, only descriptors that the trusted process hands out on request; at most GH_TOOL_OPEN_AT_ONCE of
 * them should be open at a time (RLIMIT_NOFILE is 64). Whatever cannot be done is told by gh_tool_fail(). */
#ifndef GH_SCAN_TOOL_SIDE_H
#define GH_SCAN_TOOL_SIDE_H
#include "base/arena.h"
#include "base/err.h"
#include "format/src.h"
#include "scan/tool_proto.h"

enum { GH_TOOL_OPEN_AT_ONCE = 32 };

struct gh_tool_file {
	const char *name; /* as the trusted process calls it; hostile */
	uint64_t size;	  /* bytes */
	uint64_t tag;	  /* see struct gh_tool_input */
};

struct gh_tool {
	struct gh_tool_file *file;
	size_t nfile;
	struct gh_span args;
	bool output;	       /* there is one */
	size_t memory;	       /* address space, bytes: budgets are shares of it */
	struct gh_arena arena; /* lives as long as the process */
	int sock;
};

/* A source over an open file: windows come by pread64 into two buffers that take turns, so the window before the last
 * one stays intact too. One that was closed gives no more bytes (fail = GH_E_IO). */
struct gh_src_fd {
	struct gh_src src;
	int fd;
	uint32_t epoch;
	unsigned turn;
	struct {
		uint8_t *p; /* GH_WINDOW_MAX bytes */
		uint64_t off;
		size_t n;
	} buf[2];
};
/* Over the first `size` bytes of fd, which now belongs to the source. NULL: no memory (fd is closed). */
struct gh_src *gh_src_fd(struct gh_src_fd *s, int fd, uint64_t size);
/* Input number i, asked from the trusted process: its bytes are s->src until gh_src_fd_close(). */
enum gh_rc gh_tool_open(struct gh_tool *t, size_t i, struct gh_src_fd *s, struct gh_err *err);
void gh_src_fd_close(struct gh_src_fd *s);

/* An unlinked file for expanded members, or -1. Fits struct gh_spool_budget.spill with arg = the tool. */
int gh_tool_spill(void *tool);
/* The output, or -1 when there is none; asked from the trusted process. */
int gh_tool_output(struct gh_tool *t);
/* All of the bytes at that place of fd (the output or a temporary file). False with errno: EFBIG, ENOSPC … */
bool gh_tool_write(int fd, uint64_t off, struct gh_span bytes);

/* A result: n <= GH_TOOL_NUMBERS numbers, and text of which GH_TOOL_TEXT bytes are sent. */
void gh_tool_say(struct gh_tool *t, uint32_t kind, const uint64_t *a, size_t n, struct gh_span text);
void gh_tool_tick(struct gh_tool *t, uint64_t bytes_done);

/* The modes: name, and what runs in the worker once it is locked down. GH_OK: all results were sent. Another code fails
 * the job, for the reason in err. */
struct gh_tool_mode {
	const char *name;
	enum gh_rc (*main)(struct gh_tool *t, struct gh_err *err);
	bool crypto; /* it uses OpenSSL, which is set up without its files and gets the few calls it makes */
};
const struct gh_tool_mode *gh_tool_mode(const char *name);
enum gh_rc gh_diff_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_disarm_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_badge_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_card_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_attest_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_enrol_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_evidence_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_extract_main(struct gh_tool *t, struct gh_err *err);
enum gh_rc gh_verify_main(struct gh_tool *t, struct gh_err *err);

/* What worker_main.c calls for argv[1] == a mode's name: arguments are memory, bytes per file, seconds. Returns the
 * process' exit status. */
int gh_tool_worker(const struct gh_tool_mode *mode, int argc, char **argv);
#endif
