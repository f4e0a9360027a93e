/* Landlock for jails: the kernel's own list of what may be read, run and written, beneath the mounts. */
#include "os/jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel's struct landlock_ruleset_attr as of ABI 6; Debian 12's header ends at ABI 2. */
struct landlock_attr {
	uint64_t fs, net, scoped;
};

enum {
	EXECUTE = 1 << 0,
	WRITE_FILE = 1 << 1,
	READ_FILE = 1 << 2,
	READ_DIR = 1 << 3,
	REMOVE_FILE = 1 << 5,
	MAKE_CHAR = 1 << 6,
	MAKE_SOCK = 1 << 9,
	MAKE_BLOCK = 1 << 11,
	TRUNCATE = 1 << 14,
	IOCTL_DEV = 1 << 15,
	ON_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV, /* rights that a file can have */
};

static bool allow(int ruleset, const char *path, uint64_t rights, uint64_t known)
{
	struct stat st;
	int fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT;
	struct landlock_path_beneath_attr a = { .allowed_access = rights & known, .parent_fd = fd };
	bool ok = fstat(fd, &st) == 0;
	if (ok && !S_ISDIR(st.st_mode))
		a.allowed_access &= ON_FILES;
	ok = ok && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &a, 0) == 0;
	int e = errno;
	(void)close(fd);
	errno = e;
	return ok;
}

int gh_jail_landlock(const struct gh_jail *j)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	if (abi < 1)
		return errno == ENOSYS || errno == EOPNOTSUPP ? 0 : -1;
	static const unsigned fs_rights[] = { 0, 13, 14, 15, 15, 16 }; /* rights known at each ABI */
	struct landlock_attr attr = { .fs = (1ull << fs_rights[abi < 6 ? abi : 5]) - 1 };
	size_t size = sizeof attr.fs;
	if (abi >= 4) { /* TCP bind and connect: handled, none granted */
		attr.net = 3;
		size = offsetof(struct landlock_attr, scoped);
	}
	if (abi >= 6) { /* abstract Unix sockets, signals to processes outside */
		attr.scoped = 3;
		size = sizeof attr;
	}
	int fd = (int)syscall(SYS_landlock_create_ruleset, &attr, size, 0);
	if (fd < 0)
		return -1;
	const uint64_t all = attr.fs & ~(uint64_t)(EXECUTE | MAKE_CHAR | MAKE_BLOCK);
	bool ok = allow(fd, "/", READ_FILE | READ_DIR, attr.fs) && allow(fd, "/tmp", all, attr.fs) &&
		  allow(fd, "/dev/shm", all, attr.fs) && allow(fd, "/dev/null", READ_FILE | WRITE_FILE, attr.fs) &&
		  allow(fd, "/dev/zero", READ_FILE | WRITE_FILE, attr.fs);
	if (ok && j->model != 0)
		ok = allow(fd, "/model", all, attr.fs);
	for (size_t i = 0; ok && i < j->nbind; i++) {
		const struct gh_jail_bind *b = &j->bind[i];
		if (b->run)
			ok = allow(fd, b->inside, EXECUTE | READ_FILE | READ_DIR, attr.fs);
		if (ok && b->device)
			ok = allow(fd, b->inside, READ_FILE | WRITE_FILE | IOCTL_DEV, attr.fs);
		if (ok && b->write)
			ok = allow(fd, b->inside, READ_FILE | READ_DIR | MAKE_SOCK | REMOVE_FILE, attr.fs);
	}
	for (size_t i = 0; ok && i < j->ntext; i++)
		if (j->text[i].run)
			ok = allow(fd, j->text[i].path, EXECUTE | READ_FILE, attr.fs);
	ok = ok && syscall(SYS_landlock_restrict_self, fd, 0) == 0;
	int e = errno;
	(void)close(fd);
	errno = e;
	return ok ? (int)abi : -1;
}
