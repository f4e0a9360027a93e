/* proc.h - starting our own other executables, with nothing of ours but what they are given. */
#ifndef GH_OS_PROC_H
#define GH_OS_PROC_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gh_os_fd {
	int from, to; /* descriptor here, number there */
};
/* Execute path with an empty environment, the mapped descriptors and /dev/null as 0, 1 and 2; everything else of ours
 * is close-on-exec. Returns 0 and *pid, or an errno. */
int gh_os_spawn(const char *path, char *const argv[], const struct gh_os_fd *map, size_t n, pid_t *pid);
/* The program `name` beside the running executable, or in ../libexec/gatehouse. False when neither exists. */
bool gh_os_sibling(const char *name, char *out, size_t cap);
#endif
