/* guard.h - answering the system calls of a deployment: the stub may start its engine, once; the engine may nothing of what is
 * asked about but read files that are there. What it tried is said, with its arguments. */
#ifndef GH_RUNTIME_GUARD_H
#define GH_RUNTIME_GUARD_H
#include "os/notify.h"

enum gh_guard_phase {
	GH_GUARD_BOOT, /* our own code, before anything was executed */
	GH_GUARD_STUB, /* the stub, measured */
	GH_GUARD_ENGINE,
};

enum { GH_GUARD_TEXT = 600 };

struct gh_guard {
	enum gh_guard_phase phase;
	bool single;  /* what is started first is all: a machine, in which stub and engine are the guest's business */
	pid_t stub;   /* as seen from here */
	pid_t engine; /* 0: not started yet */
	int engine_pidfd;
	bool (*ours)(const void *ctx, const char *path); /* is the path one of the image's? */
	const void *ctx;
	uint64_t attempts;		    /* refused, and told */
	char call[24], text[GH_GUARD_TEXT]; /* the last one; safe to print */
	int pid;			    /* inside; 0: unknown */
};

/* Answer it. True: it was an attempt, which call, text and pid describe. */
bool gh_guard_answer(struct gh_guard *g, struct gh_notice *n);
#endif
