/* sandbox.h - giving up, for good, everything a process that parses hostile bytes does not need. */
#ifndef GH_OS_SANDBOX_H
#define GH_OS_SANDBOX_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gh_lockdown {
	size_t memory;	      /* RLIMIT_AS, bytes */
	uint64_t file_bytes;  /* RLIMIT_FSIZE: how much a spill file may hold */
	unsigned cpu_seconds; /* RLIMIT_CPU: a backstop behind the supervisor's clock */
	bool crypto;	      /* also what OpenSSL calls: getpid, getrandom, time, and futex for waking alone */
};

/* After this the process can read and write the descriptors it has, receive descriptors on its socket, map anonymous
 * memory that is never executable, and end. No files by name, no sockets, no exec, no new processes or threads, no
 * signals to others, no ptrace. Layers: no-new-privs, not dumpable, rlimits, Landlock (all access denied; where the
 * kernel has it), seccomp allow-list (anything else kills the process).
 * NULL on success, else which layer could not be had: the caller must not go on. */
const char *gh_lock_down(const struct gh_lockdown *l);

/* The Landlock layer alone: every right this kernel knows of is handled and none granted, for good. False: it could not be had; a kernel
 * without Landlock is fine, since seccomp must refuse what takes a path anyway. */
bool gh_landlock_nothing(void);
#endif
