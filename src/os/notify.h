/* notify.h - answering a jailed program's system calls (seccomp user notification).
 *
 * What is read of a program's memory may change right after: it serves to record and to refuse. A call goes on only when
 * its answer rests on values that the kernel has already taken (numbers in registers), or when other layers of the jail
 * decide about it (mounts, Landlock). A program that dies while it is looked at is an ordinary case: reads fail, answers are
 * dropped. */
#ifndef GH_OS_NOTIFY_H
#define GH_OS_NOTIFY_H
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct gh_notice {
	int listen;
	uint64_t id;
	pid_t tid; /* the calling thread, as seen from here */
	int nr;	   /* system call of this architecture */
	uint64_t arg[6];
	int mem;  /* its memory, opened when first needed */
	int seen; /* 0: not asked yet; 1: still the same caller; -1: gone */
};

enum gh_notice_got { GH_NOTICE_NONE, GH_NOTICE_CALL, GH_NOTICE_GONE };

/* Take the next notice; call when the descriptor is readable. GONE: nobody is left who could call. */
enum gh_notice_got gh_notice_next(int listen, struct gh_notice *n);
/* Read up to cap bytes at addr: how many there were, 0 when none could be read or the caller is gone. */
size_t gh_notice_read(struct gh_notice *n, uint64_t addr, void *buf, size_t cap);
/* A string, cut off at cap - 1 bytes, always terminated. False: unreadable. *cut: it goes on. */
bool gh_notice_string(struct gh_notice *n, uint64_t addr, char *buf, size_t cap, bool *cut);
/* Where one of its links leads: "cwd", "fd/3", "exe". False: cannot be known. */
bool gh_notice_link(const struct gh_notice *n, const char *what, char *buf, size_t cap);
/* Its process id inside the jail (the thread group), 0 when it cannot be known. */
pid_t gh_notice_inner_pid(const struct gh_notice *n);

/* Whose code makes the call: the file of the machine code that called the C library, or made the call by itself. "": memory that
 * is no file. Found by the top of the stack: it serves to tell libraries that compile from programs that were told to; who
 * already runs machine code of his own can forge it. False: cannot be known. */
bool gh_notice_caller(const struct gh_notice *n, char *buf, size_t cap);

/* One answer for each notice; all release what the notice holds. Answers to callers that are gone do nothing. */
void gh_notice_allow(struct gh_notice *n);	       /* the kernel carries the call out */
void gh_notice_refuse(struct gh_notice *n, int error); /* errno */
void gh_notice_return(struct gh_notice *n, int64_t value);
/* Give it a copy of fd as the result, close-on-exec if asked; refuses with EMFILE when that fails. */
void gh_notice_give(struct gh_notice *n, int fd, bool cloexec);
#endif
