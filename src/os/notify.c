#include "os/notify.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PAGE = 4096 };

enum gh_notice_got gh_notice_next(int listen, struct gh_notice *n)
{
	union { /* a newer kernel's structure may be longer */
		struct seccomp_notif req;
		char room[512];
	} u;
	memset(&u, 0, sizeof u);
	if (ioctl(listen, SECCOMP_IOCTL_NOTIF_RECV, &u.req) != 0)
		return errno == ENOENT || errno == EINTR || errno == EAGAIN ? GH_NOTICE_NONE : GH_NOTICE_GONE;
	*n = (struct gh_notice){
		.listen = listen, .id = u.req.id, .tid = (pid_t)u.req.pid, .nr = u.req.data.nr, .mem = -1
	};
	for (int i = 0; i < 6; i++)
		n->arg[i] = u.req.data.args[i];
	return GH_NOTICE_CALL;
}

/* Process ids are used again: only an answer that comes after the opening says that what was opened is the caller's. */
static bool still_there(const struct gh_notice *n)
{
	uint64_t id = n->id;
	return ioctl(n->listen, SECCOMP_IOCTL_NOTIF_ID_VALID, &id) == 0;
}

size_t gh_notice_read(struct gh_notice *n, uint64_t addr, void *buf, size_t cap)
{
	if (n->seen == 0) {
		char path[64];
		(void)snprintf(path, sizeof path, "/proc/%d/mem", (int)n->tid);
		n->mem = open(path, O_RDONLY | O_CLOEXEC);
		n->seen = n->mem >= 0 && still_there(n) ? 1 : -1;
	}
	if (n->seen < 0 || addr == 0 || addr > (uint64_t)INT64_MAX)
		return 0;
	uint8_t *p = buf;
	size_t got = 0;
	while (got < cap) { /* page by page: the next one may not be there */
		uint64_t at = addr + got;
		size_t want = PAGE - (size_t)(at % PAGE);
		if (at > (uint64_t)INT64_MAX)
			break;
		if (want > cap - got)
			want = cap - got;
		ssize_t r = pread(n->mem, p + got, want, (off_t)at);
		if (r <= 0)
			break;
		got += (size_t)r;
	}
	return got;
}

bool gh_notice_string(struct gh_notice *n, uint64_t addr, char *buf, size_t cap, bool *cut)
{
	size_t got = 0;
	*cut = false;
	buf[0] = '\0';
	while (got < cap - 1) {
		uint64_t at = addr + got;
		size_t want = 256 - (size_t)(at % 256);
		if (want > cap - 1 - got)
			want = cap - 1 - got;
		size_t r = gh_notice_read(n, at, buf + got, want);
		if (r == 0)
			break;
		const char *end = memchr(buf + got, '\0', r);
		if (end != NULL)
			return true;
		got += r;
	}
	buf[got] = '\0';
	*cut = got != 0;
	return got != 0;
}

bool gh_notice_link(const struct gh_notice *n, const char *what, char *buf, size_t cap)
{
	char path[96];
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)n->tid, what);
	ssize_t r = readlink(path, buf, cap - 1);
	if (r <= 0 || !still_there(n))
		return false;
	buf[r] = '\0';
	return true;
}

pid_t gh_notice_inner_pid(const struct gh_notice *n)
{
	char path[64], text[2048];
	(void)snprintf(path, sizeof path, "/proc/%d/status", (int)n->tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t r = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (r <= 0 || !still_there(n))
		return 0;
	text[r] = '\0';
	char *line = strstr(text, "\nNStgid:");
	if (line == NULL)
		return 0;
	line += 8;
	char *end = strchr(line, '\n');
	if (end != NULL)
		*end = '\0';
	char *last = strrchr(line, '\t'); /* the innermost name space stands last */
	return last == NULL ? 0 : (pid_t)strtol(last + 1, NULL, 10);
}

static void drop(struct gh_notice *n)
{
	if (n->mem >= 0)
		(void)close(n->mem);
	n->mem = -1;
}

enum { WORDS = 8 }; /* how deep a wrapper of the C library may bury its return address */

/* "nr a b c d e f SP PC", in hexadecimal but for the first. */
static bool stack_of(const struct gh_notice *n, uint64_t *sp, uint64_t *pc)
{
	char path[64], text[300];
	(void)snprintf(path, sizeof path, "/proc/%d/syscall", (int)n->tid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	ssize_t r = read(fd, text, sizeof text - 1);
	(void)close(fd);
	if (r <= 0 || !still_there(n))
		return false;
	text[r] = '\0';
	char *at = text;
	for (int i = 0; i < 7 && at != NULL; i++)
		at = strchr(at + (i != 0), ' ');
	if (at == NULL)
		return false;
	*sp = strtoull(at, &at, 16);
	*pc = strtoull(at, NULL, 16);
	return *pc != 0;
}

static bool c_library(const char *path)
{
	const char *name = strrchr(path, '/');
	name = name == NULL ? path : name + 1;
	return strncmp(name, "libc.", 5) == 0 || strncmp(name, "libc-", 5) == 0;
}

bool gh_notice_caller(const struct gh_notice *n, char *buf, size_t cap)
{
	uint64_t at[1 + WORDS] = { 0 }, sp;
	char name[64], line[PAGE + 200], file[1 + WORDS][512];
	bool found[1 + WORDS] = { false };
	struct gh_notice look = *n; /* its own view of the memory, closed here */
	look.mem = -1;
	look.seen = 0;
	if (!stack_of(n, &sp, &at[0]))
		return false;
	(void)gh_notice_read(&look, sp, at + 1, WORDS * sizeof *at);
	drop(&look);
	(void)snprintf(name, sizeof name, "/proc/%d/maps", (int)n->tid);
	FILE *f = fopen(name, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		char *p, *path = strchr(line, '/');
		uint64_t from = strtoull(line, &p, 16), to = *p == '-' ? strtoull(p + 1, &p, 16) : 0;
		if (*p != ' ' || strlen(p) < 5 || p[3] != 'x')
			continue;
		for (size_t i = 0; i <= WORDS; i++)
			if (at[i] >= from && at[i] < to) {
				found[i] = true;
				(void)snprintf(file[i], sizeof file[i], "%.500s", path == NULL ? "" : path);
				file[i][strcspn(file[i], "\n")] = '\0';
			}
	}
	if (f != NULL)
		(void)fclose(f);
	size_t i = 0;
	while (i <= WORDS && (!found[i] || c_library(file[i])))
		i++;
	if (i > WORDS || !found[0] || !still_there(n))
		return false;
	(void)snprintf(buf, cap, "%s", file[i]);
	return true;
}

static void respond(struct gh_notice *n, int64_t value, int error, uint32_t flags)
{
	union {
		struct seccomp_notif_resp resp;
		char room[512];
	} u;
	memset(&u, 0, sizeof u);
	u.resp.id = n->id;
	u.resp.val = value;
	u.resp.error = error;
	u.resp.flags = flags;
	(void)ioctl(n->listen, SECCOMP_IOCTL_NOTIF_SEND,
		    &u.resp); /* fails when the caller is gone: then nobody waits */
	drop(n);
}

void gh_notice_allow(struct gh_notice *n) { respond(n, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE); }
void gh_notice_refuse(struct gh_notice *n, int error) { respond(n, 0, -error, 0); }
void gh_notice_return(struct gh_notice *n, int64_t value) { respond(n, value, 0, 0); }

void gh_notice_give(struct gh_notice *n, int fd, bool cloexec)
{
	struct seccomp_notif_addfd a = {
		.id = n->id,
		.flags = SECCOMP_ADDFD_FLAG_SEND,
		.srcfd = (uint32_t)fd,
		.newfd_flags = cloexec ? O_CLOEXEC : 0,
	};
	if (ioctl(n->listen, SECCOMP_IOCTL_NOTIF_ADDFD, &a) < 0) {
		gh_notice_refuse(n, EMFILE);
		return;
	}
	drop(n);
}
