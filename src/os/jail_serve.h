/* jail_serve.h - the seccomp filters of services: what an engine needs to serve a socket that it has, and nothing else.
 *
 * Unlike jail_filter.h, whose list is made for loaders that nobody knows, these are rows, one for each kind of engine. What is on a
 * row works without a word; what is refused is asked of a listener, which denies and records it. Where there is no listener any
 * more, the kernel answers ENOSYS. Never allowed by a filter: making sockets (but Unix sockets where the engine has to make its
 * own), connecting, executing, tracing, opening files (the listener lets those go on that the mounts hold), new name spaces. */
#ifndef GH_OS_JAIL_SERVE_H
#define GH_OS_JAIL_SERVE_H
#include "os/jail_filter.h"

struct gh_serve_filter {
	const char *
		row; /* "engine": a program in C or C++; "python": an interpreter, with processes of its own; "machine": QEMU */
	bool unix_socket; /* it makes its listening socket itself: AF_UNIX only, and it cannot connect one */
};

/* Write the filter; out->filter points into ins. False: there is no such row, or it does not fit (a bug). */
bool gh_serve_filter(const struct gh_serve_filter *f, struct sock_filter ins[GH_JAIL_FILTER_MAX],
		     struct sock_fprog *out);
bool gh_serve_row(const char *name);
/* The name of a system call of this architecture: "connect"; "call 999" in buf for what is unknown. */
const char *gh_call_name(int nr, char buf[24]);
#endif
