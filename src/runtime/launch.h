/* launch.h - starting a model in isolation: pure mechanism. It decides nothing, holds no key and sees no plaintext.
 *
 *	gh_launch_open()	the isolation is built, the stub runs in it and is told what to prove
 *	gh_launch_step()	when a descriptor is ready: what happened. In this order, each once:
 *				EVIDENCE	have it appraised, have the vault seal the keys (stub_proto.h: gh_stub_seal)
 *				   gh_launch_keys()
 *				LOADED		decrypted and verified
 *				STARTED		the engine runs
 *				READY		it answers on the socket
 *				ENDED		and why; whatever comes before can be missing then
 *				ATTEMPT		any time: the engine tried what it may not
 *	gh_launch_close()	everything ends, nothing is left
 *
 * Not thread-safe; several launches are independent of each other. The caller ignores SIGPIPE and reaps no children but by pid.
 * While it runs nobody else must wait for its children. When the caller dies, everything inside is killed by the kernel. */
#ifndef GH_RUNTIME_LAUNCH_H
#define GH_RUNTIME_LAUNCH_H
#include "attest/software.h"
#include "base/arena.h"
#include "base/err.h"
#include "runtime/engines.h"
#include "runtime/stub_proto.h"

#include <poll.h>
#include <sys/types.h>

struct gh_vm_image; /* runtime/vm/machine.h */

struct gh_launch_file {
	struct gh_stub_file file;
	int fd; /* the ciphertext, readable from its start; stays the caller's, not needed after LOADED */
};

struct gh_launch_spec {
	const struct gh_engine_image *image; /* must live as long as the launch */
	const struct gh_vm_image *vm;	   /* of the same engine: run in a machine; NULL: in a sandbox. Lives as long */
	const struct gh_launch_file *file; /* the model first, adapters after it */
	size_t nfile;
	size_t nadapter; /* how many of the last files are adapters (LoRA) */
	uint8_t nonce[GH_STUB_NONCE], model[GH_STUB_DIGEST], policy[GH_STUB_DIGEST], deployment[GH_STUB_ID];
	const char *socket_dir; /* exists, 0700, belongs to us; the socket in it is "engine.sock" */
	const char *alias;	/* what the engine calls the model */
	/* 0: the profile's */
	uint64_t memory; /* bytes beside the model */
	uint64_t disk;	 /* bytes */
	unsigned cpu;	 /* hundredths of one processor; 0: no limit */
	unsigned processes;
	unsigned threads;	    /* 0: 1 */
	unsigned context, parallel; /* 0: 4096, 4 */
	/* Software evidence: the node's key is not ours, somebody signs GH_SOFTWARE_TBS bytes. */
	bool (*sign)(void *ctx, struct gh_span tbs, uint8_t sig[GH_SOFTWARE_SIG]);
	void *ctx;
	uint8_t node[32]; /* SHA-256 of the node's public key (SPKI) */
#ifdef GH_TEST_HOOKS
	unsigned without; /* enum gh_jail_layer: tests only */
#endif
};

enum gh_launch_what {
	GH_LAUNCH_NOTHING, /* call again when a descriptor is ready */
	GH_LAUNCH_EVIDENCE,
	GH_LAUNCH_LOADED,
	GH_LAUNCH_STARTED,
	GH_LAUNCH_READY,
	GH_LAUNCH_ATTEMPT,
	GH_LAUNCH_LOG,
	GH_LAUNCH_ENDED,
};

enum gh_launch_end {
	GH_END_EXIT,	/* code: exit status of the engine */
	GH_END_SIGNAL,	/* code: number */
	GH_END_MEMORY,	/* over its limit of memory */
	GH_END_FAILED,	/* the stub found a mismatch: why */
	GH_END_KILLED,	/* the isolation is gone: killed from outside, or the kernel */
	GH_END_STOPPED, /* gh_launch_stop() */
	GH_END_TIME,	/* not ready in time */
};

struct gh_launch_event {
	enum gh_launch_what what;
	/* EVIDENCE; valid until closed */
	struct gh_span evidence;
	uint8_t evidence_sha256[32];
	struct gh_stub_bind bind; /* for gh_stub_seal() and the appraisal's report data */
	uint8_t report_data[GH_STUB_REPORT_DATA];
	/* LOADED */
	uint64_t bytes, locked, us;
	/* ATTEMPT: safe to print, valid until the next step */
	const char *call, *text; /* "socket", "AF_INET, SOCK_STREAM" */
	int pid;		 /* inside; 0: unknown */
	/* LOG: what it printed, raw bytes of a stranger; valid until the next step */
	struct gh_span log;
	/* ENDED */
	enum gh_launch_end end;
	int code;
	enum gh_stub_why why;
	uint32_t file; /* with why: number of the file, and of the segment */
	uint64_t segment;
};

struct gh_launch_state { /* for ps and inspect */
	int landlock;	 /* ABI */
	uint32_t layers; /* enum gh_software_layer in force */
	bool cgroup_memory, cgroup_pids, cgroup_cpu;
	pid_t pid;  /* of the jail's first process, as seen from here */
	pid_t stub; /* of the stub */
	uint64_t attempts;
	uint64_t us_launch;	       /* gh_launch_open() to HELLO */
	uint64_t us_evidence;	       /* … to EVIDENCE */
	uint64_t us_decrypt, us_ready; /* KEYS to LOADED, LOADED to READY */
	uint64_t memory;	       /* bytes in use (cgroup); 0: unknown */
	uint64_t cpu_us;	       /* used (cgroup); 0: unknown */
};

struct gh_launch;
enum { GH_LAUNCH_FDS = 8 };

/* GH_E_DENIED: a layer cannot be had (the error names it); GH_E_MALFORMED: the specification contradicts itself; GH_E_IO,
 * GH_E_NOMEM, GH_E_LIMIT. Nothing is left behind on failure. Waits until the stub has said HELLO, which takes milliseconds. */
enum gh_rc gh_launch_open(const struct gh_launch_spec *s, struct gh_launch **out, struct gh_err *err);
/* Fill in what to poll for: how many. *wait_ms: at most so long, -1: for ever. */
size_t gh_launch_poll(struct gh_launch *l, struct pollfd p[GH_LAUNCH_FDS], int *wait_ms);
/* One thing that happened; never blocks. Call until it says NOTHING. After ENDED: NOTHING for ever. */
void gh_launch_step(struct gh_launch *l, struct gh_launch_event *e);
/* Convenience: poll and step, at most so long. NOTHING: time is over. */
void gh_launch_wait(struct gh_launch *l, unsigned ms, struct gh_launch_event *e);
/* After EVIDENCE: what the vault sealed (n keys: n * 48 + 16 bytes). False: the stub is gone (ENDED follows). */
bool gh_launch_keys(struct gh_launch *l, const uint8_t enc[GH_STUB_KEY], struct gh_span sealed, size_t n);
/* Ask it to end; after grace_ms everything is killed. ENDED follows. */
void gh_launch_stop(struct gh_launch *l, unsigned grace_ms);
void gh_launch_state(struct gh_launch *l, struct gh_launch_state *out);
/* Kill what is left, remove socket and cgroups, free. NULL is fine. */
void gh_launch_close(struct gh_launch *l);
/* "the engine ended with status 3", "segment 17 of file 0: …": one line for a person. Returns buf. */
char *gh_launch_end_line(const struct gh_launch_event *e, char *buf, size_t cap);
#endif
