/* proc.h - starting our own other executables, with nothing of ours but what they are given. */
#ifndef GH_OS_PROC_H
#define GH_OS_PROC_H
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct gh_os_fd {
	int from, to; /* descriptor here, number there */
};
/* Execute path with an empty environment, the mapped descriptors and /dev/null as 0, 1 and 2, and no other descriptor: neither
 * of ours nor of whoever started us. Returns 0 and *pid, or an errno. */
int gh_os_spawn(const char *path, char *const argv[], const struct gh_os_fd *map, size_t n, pid_t *pid);
/* What makes it so, for other callers of posix_spawn(): adds to `act`, which has no descriptors in it yet. keep_stderr: 2 stays
 * ours. Returns 0 or an errno. */
int gh_os_spawn_fds(posix_spawn_file_actions_t *act, const struct gh_os_fd *map, size_t n, bool keep_stderr);
/* The program `name` beside the running executable, or in ../libexec/gatehouse. False when neither exists. */
bool gh_os_sibling(const char *name, char *out, size_t cap);
#endif
