/* jail_filter.h - the seccomp filter of a jail: a list of what is harmless, everything else is asked about.
 *
 * Harmless is what works on memory, on descriptors the program has, on itself and on time. Calls that reach for something
 * (files, sockets, programs, other processes, the kernel's settings) and all that this list does not know, also calls of
 * kernels to come, go to the listener, which answers each one. clone3 and openat2 keep their flags in memory, where they
 * can be changed after a look: they do not exist here (ENOSYS), and libraries fall back to clone and openat. */
#ifndef GH_OS_JAIL_FILTER_H
#define GH_OS_JAIL_FILTER_H
#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>

enum { GH_JAIL_FILTER_MAX = 1024 };

/* Write the filter; out->filter points into ins. listen: unknown calls go to a listener, else they fail with EPERM.
 * False: it does not fit (a bug). */
bool gh_jail_filter(struct sock_filter ins[GH_JAIL_FILTER_MAX], bool listen, struct sock_fprog *out);
#endif
