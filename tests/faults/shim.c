/* shim.c - put between the program and the C library by LD_PRELOAD: makes the disk fail on command, and records what was written
 * and what was made durable. For script/test-faults; no part of the product.
 *
 * Everything is said through one shared file, `state`, beside this library (the roles of the program start with an empty
 * environment and lose their files, so there is no other way in): a struct control, and behind it the record. Only files on the
 * file system of the home count, and only those below it: the home is given as a path, known by device and inode.
 *
 *	fail	the call number `at` (counted over all processes) fails with `error`; sticky: and every one after it
 *	shift	seconds by which the clock is wrong
 *	record	every call that changes something is appended to the record, with its data */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct control {
	uint64_t magic, size; /* of the file */
	uint64_t dev;	      /* of the home */
	int64_t at;	      /* this call fails; 0: none */
	int32_t error, sticky, record, pad;
	_Atomic uint64_t calls; /* so far */
	_Atomic uint64_t used;	/* bytes of the record */
	int64_t shift;		/* seconds added to the clock */
	char home[256];
};
enum { MAGIC = 0x46415554, RECORD = 4096 };
static struct control *ctl;

enum kind { CREATE = 1, MKDIR, WRITE, TRUNCATE, SYNC, SYNCDIR, RENAME, LINK, UNLINK, SYNCFS };
struct record {
	uint32_t kind, len; /* bytes that follow, padded to 8 */
	uint64_t a, b, c;
};

__attribute__((constructor)) static void begin(void)
{
	Dl_info me;
	char path[4096];
	struct stat st;
	if (dladdr((void *)(uintptr_t)begin, &me) == 0 || me.dli_fname == NULL ||
	    strlen(me.dli_fname) > sizeof path - 8)
		return;
	strcpy(path, me.dli_fname);
	char *slash = strrchr(path, '/');
	if (slash == NULL)
		return;
	strcpy(slash + 1, "state");
	int (*real_open)(const char *, int, ...) = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open64");
	int fd = real_open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0)
		return;
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)close(fd);
	if (p != MAP_FAILED && ((struct control *)p)->magic == MAGIC)
		ctl = p;
}

static bool of_home_fd(int fd, struct stat *st) { return ctl != NULL && fstat(fd, st) == 0 && st->st_dev == ctl->dev; }

/* Is a path one of the home's? dir: AT_FDCWD or a descriptor. */
static bool of_home_path(int dir, const char *path)
{
	struct stat st;
	if (ctl == NULL || path == NULL)
		return false;
	if (path[0] == '/')
		return strncmp(path, ctl->home, strlen(ctl->home)) == 0;
	return dir != AT_FDCWD && of_home_fd(dir, &st);
}

/* Count a call; true: it is to fail, errno is set. */
static bool fails(void)
{
	uint64_t n = atomic_fetch_add(&ctl->calls, 1) + 1;
	if (ctl->at <= 0 || (ctl->sticky ? n < (uint64_t)ctl->at : n != (uint64_t)ctl->at))
		return false;
	errno = ctl->error;
	return true;
}

static void note(enum kind kind, uint64_t a, uint64_t b, uint64_t c, const void *p, size_t n)
{
	if (ctl == NULL || !ctl->record)
		return;
	size_t all = sizeof(struct record) + ((n + 7) & ~(size_t)7);
	uint64_t at = atomic_fetch_add(&ctl->used, all);
	if (RECORD + at + all > ctl->size)
		_exit(99); /* the record is full: the test is too large */
	struct record *r = (struct record *)((char *)ctl + RECORD + at);
	*r = (struct record){ .len = (uint32_t)n, .a = a, .b = b, .c = c };
	if (n > 0)
		memcpy(r + 1, p, n);
	__atomic_store_n(&r->kind, (uint32_t)kind, __ATOMIC_RELEASE);
}

/* The directory that holds a path, and the last part of it. */
static uint64_t parent_of(int dir, const char *path, const char **name)
{
	char up[4096];
	struct stat st;
	const char *slash = strrchr(path, '/');
	*name = slash == NULL ? path : slash + 1;
	if (slash == NULL)
		return dir == AT_FDCWD ? 0 : fstat(dir, &st) == 0 ? st.st_ino : 0;
	size_t n = (size_t)(slash - path);
	memcpy(up, path, n);
	up[n] = '\0';
	return fstatat(dir, n == 0 ? "/" : up, &st, 0) == 0 ? st.st_ino : 0;
}

#define REAL(ret, name, ...) \
	static ret (*real)(__VA_ARGS__); \
	if (real == NULL) \
	real = (ret(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

/* ---- files ---- */

static int opened(int dir, const char *path, int flags, int fd)
{
	struct stat st;
	const char *name;
	int sys = errno;
	if (fd >= 0 && (flags & (O_CREAT | O_TRUNC)) != 0 && (flags & O_TMPFILE) != O_TMPFILE &&
	    of_home_path(dir, path) && fstat(fd, &st) == 0) {
		uint64_t up = parent_of(dir, path, &name);
		if (flags & O_CREAT)
			note(CREATE, up, st.st_ino, 0, name, strlen(name));
		if (flags & O_TRUNC)
			note(TRUNCATE, st.st_ino, 0, 0, NULL, 0);
	}
	errno = sys;
	return fd;
}

static int open_any(int dir, const char *path, int flags, mode_t mode)
{
	REAL(int, openat64, int, const char *, int, ...);
	if ((flags & O_CREAT) != 0 && of_home_path(dir, path) && fails())
		return -1;
	return opened(dir, path, flags, real(dir, path, flags, mode));
}
static mode_t mode_of(int flags, va_list ap)
{
	return (flags & (O_CREAT | O_TMPFILE)) != 0 ? (mode_t)va_arg(ap, int) : 0;
}
#define OPEN(name) \
	int name(const char *path, int flags, ...) \
	{ \
		va_list ap; \
		va_start(ap, flags); \
		mode_t mode = mode_of(flags, ap); \
		va_end(ap); \
		return open_any(AT_FDCWD, path, flags, mode); \
	}
#define OPENAT(name) \
	int name(int dir, const char *path, int flags, ...) \
	{ \
		va_list ap; \
		va_start(ap, flags); \
		mode_t mode = mode_of(flags, ap); \
		va_end(ap); \
		return open_any(dir, path, flags, mode); \
	}
#undef open
#undef open64
#undef openat
#undef openat64
OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
/* What _FORTIFY_SOURCE makes of them. */
int __open64_2(const char *path, int flags);
int __open_2(const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __open64_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __open_2(const char *path, int flags) { return open_any(AT_FDCWD, path, flags, 0); }
int __openat64_2(int dir, const char *path, int flags) { return open_any(dir, path, flags, 0); }
int __openat_2(int dir, const char *path, int flags) { return open_any(dir, path, flags, 0); }

ssize_t write(int fd, const void *p, size_t n)
{
	REAL(ssize_t, write, int, const void *, size_t);
	struct stat st;
	if (!of_home_fd(fd, &st) || !S_ISREG(st.st_mode))
		return real(fd, p, n);
	if (fails())
		return -1;
	off_t at = lseek(fd, 0, SEEK_CUR);
	if (fcntl(fd, F_GETFL) & O_APPEND)
		at = st.st_size;
	ssize_t w = real(fd, p, n);
	if (w > 0)
		note(WRITE, st.st_ino, (uint64_t)at, 0, p, (size_t)w);
	return w;
}

#define PWRITE(name, off_type) \
	ssize_t name(int fd, const void *p, size_t n, off_type at) \
	{ \
		REAL(ssize_t, name, int, const void *, size_t, off_type); \
		struct stat st; \
		if (!of_home_fd(fd, &st) || !S_ISREG(st.st_mode)) \
			return real(fd, p, n, at); \
		if (fails()) \
			return -1; \
		ssize_t w = real(fd, p, n, at); \
		if (w > 0) \
			note(WRITE, st.st_ino, (uint64_t)at, 0, p, (size_t)w); \
		return w; \
	}
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

#define TRUNC(name, off_type) \
	int name(int fd, off_type size) \
	{ \
		REAL(int, name, int, off_type); \
		struct stat st; \
		if (!of_home_fd(fd, &st)) \
			return real(fd, size); \
		if (fails()) \
			return -1; \
		int rc = real(fd, size); \
		if (rc == 0) \
			note(TRUNCATE, st.st_ino, (uint64_t)size, 0, NULL, 0); \
		return rc; \
	}
TRUNC(ftruncate, off_t)
TRUNC(ftruncate64, off64_t)

#define SYNCS(name) \
	int name(int fd) \
	{ \
		REAL(int, name, int); \
		struct stat st; \
		if (!of_home_fd(fd, &st)) \
			return real(fd); \
		if (fails()) \
			return -1; \
		int rc = real(fd); \
		if (rc == 0) \
			note(S_ISDIR(st.st_mode) ? SYNCDIR : SYNC, st.st_ino, 0, 0, NULL, 0); \
		return rc; \
	}
SYNCS(fsync)
SYNCS(fdatasync)

int syncfs(int fd)
{
	REAL(int, syncfs, int);
	struct stat st;
	if (!of_home_fd(fd, &st))
		return real(fd);
	if (fails())
		return -1;
	int rc = real(fd);
	if (rc == 0)
		note(SYNCFS, 0, 0, 0, NULL, 0);
	return rc;
}

/* ---- names ---- */

static void renamed(enum kind kind, int from, const char *old, int to, const char *new)
{
	const char *a, *b;
	char both[1024];
	uint64_t up = parent_of(from, old, &a), in = parent_of(to, new, &b);
	size_t n = (size_t)snprintf(both, sizeof both, "%s", a) + 1;
	n += (size_t)snprintf(both + n, sizeof both - n, "%s", b) + 1;
	note(kind, up, in, 0, both, n);
}

int renameat2(int from, const char *old, int to, const char *new, unsigned flags)
{
	REAL(int, renameat2, int, const char *, int, const char *, unsigned);
	bool ours = of_home_path(to, new);
	if (ours && fails())
		return -1;
	int rc = real(from, old, to, new, flags);
	if (rc == 0 && ours)
		renamed(RENAME, from, old, to, new);
	return rc;
}
int renameat(int from, const char *old, int to, const char *new) { return renameat2(from, old, to, new, 0); }
int rename(const char *old, const char *new) { return renameat2(AT_FDCWD, old, AT_FDCWD, new, 0); }

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	REAL(int, linkat, int, const char *, int, const char *, int);
	bool ours = of_home_path(to, new);
	if (ours && fails())
		return -1;
	int rc = real(from, old, to, new, flags);
	if (rc == 0 && ours)
		renamed(LINK, from, old, to, new);
	return rc;
}

int unlinkat(int dir, const char *path, int flags)
{
	REAL(int, unlinkat, int, const char *, int);
	const char *name;
	bool ours = of_home_path(dir, path);
	uint64_t up = ours ? parent_of(dir, path, &name) : 0;
	if (ours && fails())
		return -1;
	int rc = real(dir, path, flags);
	if (rc == 0 && ours)
		note(UNLINK, up, 0, 0, name, strlen(name));
	return rc;
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }

int mkdirat(int dir, const char *path, mode_t mode)
{
	REAL(int, mkdirat, int, const char *, mode_t);
	const char *name;
	struct stat st;
	bool ours = of_home_path(dir, path);
	if (ours && fails())
		return -1;
	int rc = real(dir, path, mode), sys = errno;
	if (rc == 0 && ours && fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		uint64_t up = parent_of(dir, path, &name);
		note(MKDIR, up, st.st_ino, 0, name, strlen(name));
	}
	errno = sys;
	return rc;
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

/* ---- the clock ---- */

int clock_gettime(clockid_t which, struct timespec *t)
{
	REAL(int, clock_gettime, clockid_t, struct timespec *);
	int rc = real(which, t);
	if (rc == 0 && ctl != NULL && which == CLOCK_REALTIME)
		t->tv_sec += ctl->shift;
	return rc;
}
time_t time(time_t *out)
{
	struct timespec t;
	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return -1;
	if (out != NULL)
		*out = t.tv_sec;
	return t.tv_sec;
}
int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec t;
	(void)zone;
	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return -1;
	*tv = (struct timeval){ .tv_sec = t.tv_sec, .tv_usec = t.tv_nsec / 1000 };
	return 0;
}
