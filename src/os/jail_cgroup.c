/* Limits on the jail as a group: memory and processes, in version 2 of cgroups or in version 1, whichever has the controller. */
#include "os/jail_int.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { TRIES = 40, PAUSE_US = 5000 };

static bool put(const char *dir, const char *file, const char *text)
{
	char path[400];
	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size_t n = strlen(text);
	bool ok = write(fd, text, n) == (ssize_t)n;
	return close(fd) == 0 && ok;
}

static bool put_number(const char *dir, const char *file, uint64_t v)
{
	char text[32];
	(void)snprintf(text, sizeof text, "%llu", (unsigned long long)v);
	return put(dir, file, text);
}

static size_t slurp(const char *path, char *buf, size_t cap)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	while (fd >= 0 && n + 1 < cap) {
		ssize_t got = read(fd, buf + n, cap - 1 - n);
		if (got <= 0)
			break;
		n += (size_t)got;
	}
	if (fd >= 0)
		(void)close(fd);
	buf[n] = '\0';
	return n;
}

/* Our own group for a version 1 controller ("memory"), or with "" of version 2: its path, relative to the mount. */
static bool own_group(const char *controller, char out[200])
{
	char text[4096];
	char *save = NULL;
	(void)slurp("/proc/self/cgroup", text, sizeof text);
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		char *list = strchr(line, ':');
		char *path = list == NULL ? NULL : strchr(list + 1, ':');
		if (path == NULL)
			continue;
		*path++ = '\0';
		if (strcmp(list + 1, controller) != 0)
			continue;
		(void)snprintf(out, 200, "%s", strcmp(path, "/") == 0 ? "" : path);
		return true;
	}
	return false;
}

#define NAME "gatehouse-jail-"

/* Gone, or dead and not yet waited for. */
static bool over(pid_t pid)
{
	struct pollfd p = { .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN };
	if (p.fd < 0)
		return errno == ESRCH;
	bool dead = poll(&p, 1, 0) == 1;
	(void)close(p.fd);
	return dead;
}

/* What a program that was killed left behind: groups whose process is gone. One that holds a process cannot be removed. */
static void sweep(const char *base, const char *group)
{
	char path[300];
	int n = snprintf(path, sizeof path, "%s%s", base, group);
	DIR *d = n > 0 && n < 300 ? opendir(path) : NULL;
	for (const struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		char *end;
		if (strncmp(e->d_name, NAME, sizeof NAME - 1) != 0)
			continue;
		long pid = strtol(e->d_name + sizeof NAME - 1, &end, 10);
		if (*end == '\0' && pid > 0 && pid <= INT32_MAX && over((pid_t)pid))
			(void)unlinkat(dirfd(d), e->d_name, AT_REMOVEDIR);
	}
	if (d != NULL)
		(void)closedir(d);
}

static bool make(const char *base, const char *group, pid_t init, char out[300])
{
	sweep(base, group);
	int n = snprintf(out, 300, "%s%s/" NAME "%d", base, group, (int)init);
	if (n > 0 && n < 300 && mkdir(out, 0755) == 0)
		return true;
	out[0] = '\0';
	return false;
}

static bool version2(const struct gh_jail *j, struct gh_jailed *out)
{
	char group[200], have[400], file[500];
	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) != 0 || !own_group("", group))
		return false;
	if (!make("/sys/fs/cgroup", group, out->init, out->cgroup[0]))
		return false;
	(void)snprintf(file, sizeof file, "%s/cgroup.controllers", out->cgroup[0]);
	(void)slurp(file, have, sizeof have);
	out->cgroup_memory = strstr(have, "memory") != NULL && put_number(out->cgroup[0], "memory.max", j->memory) &&
			     (put(out->cgroup[0], "memory.swap.max", "0") || errno == ENOENT);
	out->cgroup_pids = strstr(have, "pids") != NULL && put_number(out->cgroup[0], "pids.max", j->processes);
	(void)snprintf(file, sizeof file, "%u 100000", j->cpu * 1000);
	out->cgroup_cpu = j->cpu != 0 && strstr(have, "cpu") != NULL && put(out->cgroup[0], "cpu.max", file);
	if ((out->cgroup_memory || out->cgroup_pids || out->cgroup_cpu) &&
	    put_number(out->cgroup[0], "cgroup.procs", (uint64_t)out->init))
		return true;
	(void)rmdir(out->cgroup[0]);
	out->cgroup[0][0] = '\0';
	out->cgroup_memory = out->cgroup_pids = out->cgroup_cpu = false;
	return false;
}

static bool version1(const char *controller, const char *file, uint64_t v, pid_t init, char out[300])
{
	char base[64], group[200];
	(void)snprintf(base, sizeof base, "/sys/fs/cgroup/%s", controller);
	if (!own_group(controller, group) || !make(base, group, init, out))
		return false;
	if (put_number(out, file, v)) /* it joins by itself: gh_jail_join() */
		return true;
	(void)rmdir(out);
	out[0] = '\0';
	return false;
}

/* A thread that moves itself, and itself alone, waits for nobody; to be moved by another one, the whole machine's forks are held up
 * for a while (milliseconds, until all processors have been seen idle once). */
bool gh_jail_join(char (*group)[300], size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char path[400];
		if (group[i][0] == '\0')
			continue;
		(void)snprintf(path, sizeof path, "%s/tasks", group[i]);
		int fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT) /* version 2: it was put there */
			continue;
		bool ok = fd >= 0 && write(fd, "0", 1) == 1;
		int e = errno;
		if (fd >= 0)
			(void)close(fd);
		errno = e;
		if (!ok)
			return false;
	}
	return true;
}

/* Version 1's hierarchies carry names of one or two controllers. */
static bool first_of(const char *a, const char *b, const char *file, uint64_t v, pid_t init, char out[300])
{
	return version1(a, file, v, init, out) || version1(b, file, v, init, out);
}

void gh_jail_cgroups(const struct gh_jail *j, struct gh_jailed *out)
{
	if (version2(j, out))
		return;
	if (j->cpu != 0) { /* a period of a tenth of a second is the kernel's default */
		out->cgroup_cpu = first_of("cpu", "cpu,cpuacct", "cpu.cfs_quota_us", (uint64_t)j->cpu * 1000, out->init,
					   out->cgroup[2]);
		(void)version1("cpuacct", "cpuacct.usage", 0, out->init, out->cgroup[3]);
	}
	out->cgroup_memory = version1("memory", "memory.limit_in_bytes", j->memory, out->init, out->cgroup[0]);
	if (out->cgroup_memory) /* what it decrypted shall not be written out, as far as the kernel listens */
		(void)put_number(out->cgroup[0], "memory.swappiness", 0);
	out->cgroup_pids = version1("pids", "pids.max", j->processes, out->init, out->cgroup[1]);
}

/* The value after a word in a file of the group: "oom_kill 1". */
static unsigned long counted(const char *dir, const char *file, const char *word)
{
	char path[400], text[1000];
	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	(void)slurp(path, text, sizeof text);
	const char *at = strstr(text, word);
	return at == NULL ? 0 : strtoul(at + strlen(word), NULL, 10);
}

bool gh_jail_cgroup_oom(const struct gh_jailed *out)
{
	if (!out->cgroup_memory)
		return false;
	return counted(out->cgroup[0], "memory.events", "oom_kill ") != 0 ||
	       counted(out->cgroup[0], "memory.oom_control", "oom_kill ") != 0;
}

static uint64_t number(const char *dir, const char *file)
{
	char path[400], text[64];
	(void)snprintf(path, sizeof path, "%s/%s", dir, file);
	return slurp(path, text, sizeof text) == 0 ? 0 : strtoull(text, NULL, 10);
}

void gh_jail_usage(const struct gh_jailed *j, uint64_t *memory, uint64_t *cpu_us)
{
	*memory = *cpu_us = 0;
	if (j->cgroup_memory && (*memory = number(j->cgroup[0], "memory.current")) == 0)
		*memory = number(j->cgroup[0], "memory.usage_in_bytes");
	if (j->cgroup[0][0] != '\0')
		*cpu_us = counted(j->cgroup[0], "cpu.stat", "usage_usec ");
	for (size_t i = 2; *cpu_us == 0 && i < 4; i++)
		if (j->cgroup[i][0] != '\0')
			*cpu_us = number(j->cgroup[i], "cpuacct.usage") / 1000;
}

void gh_jail_cgroups_remove(struct gh_jailed *out)
{
	for (size_t i = 0; i < sizeof out->cgroup / sizeof *out->cgroup; i++) {
		/* A group empties a moment after its last process was reaped. */
		for (int t = 0; out->cgroup[i][0] != '\0' && t < TRIES && rmdir(out->cgroup[i]) != 0 && errno == EBUSY;
		     t++)
			(void)usleep(PAUSE_US);
		out->cgroup[i][0] = '\0';
	}
}
