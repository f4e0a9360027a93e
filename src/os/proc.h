/* proc.h - starting our own other executables, with nothing of ours but what they are given. */
#ifndef GH_OS_PROC_H
#define GH_OS_PROC_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gh_os_fd {
	int from, to; /* descriptor here, number there */
};
/* Execute path in a process group of its own, with no blocked signals, the mapped descriptors and /dev/null as 0, 1 and 2, and
 * no other descriptor: neither of ours nor of whoever started us. env: NULL: an empty environment. keep_stderr: 2 stays ours.
 * Returns 0 and *pid, or an errno. */
int gh_os_spawn(const char *path, char *const argv[], char *const env[], const struct gh_os_fd *map, size_t n,
		bool keep_stderr, pid_t *pid);
/* The program `name` beside the running executable, or in ../libexec/gatehouse. False when neither exists. */
bool gh_os_sibling(const char *name, char *out, size_t cap);
#endif
