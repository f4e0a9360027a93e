/* The jail's file system: a root in memory, bind mounts of what is listed, and a few files that exist only there. */
#include "os/jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH = 4096, ROOT_BYTES = 16 << 20 };

/* Debian 12's headers have no AT_RECURSIVE beside <fcntl.h> of glibc 2.36. */
#ifndef AT_RECURSIVE
#define AT_RECURSIVE 0x8000
#endif

/* mkdir -p of what stands above the last part of path. */
static bool make_above(char *path)
{
	for (char *p = path + 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		int r = mkdir(path, 0755);
		*p = '/';
		if (r != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static bool under(char out[PATH], const char *root, const char *path)
{
	int n = snprintf(out, PATH, "%s%s", root, path);
	if (n < 0 || n >= PATH) {
		errno = ENAMETOOLONG;
		return false;
	}
	return true;
}

static bool make_file(const char *root, const struct gh_jail_text *t)
{
	char at[PATH];
	if (!under(at, root, t->path) || !make_above(at))
		return false;
	int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, t->run ? 0755 : 0644);
	if (fd < 0)
		return false;
	const char *p = t->text;
	bool ok = true;
	for (size_t off = 0; ok && off < t->n;) {
		ssize_t w = write(fd, p + off, t->n - off);
		ok = w > 0;
		off += ok ? (size_t)w : 0;
	}
	return close(fd) == 0 && ok;
}

/* A copy of a mount with everything below it, not attached yet. Opened by path in this namespace, then compared with the
 * file the caller looked at: what lies at the path may have changed in between. */
static int copy_of(const struct gh_jail_bind *b, struct stat *st)
{
	int fd = (int)syscall(SYS_open_tree, AT_FDCWD, b->host, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);
	if (fd < 0)
		return -1;
	if (fstat(fd, st) != 0 || ((b->ino != 0 || b->dev != 0) && (st->st_ino != b->ino || st->st_dev != b->dev))) {
		(void)close(fd);
		errno = ESTALE;
		return -1;
	}
	return fd;
}

static bool seal(int fd, bool device, bool write)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_NOSUID | (device ? 0u : MOUNT_ATTR_NODEV) };
	if (!device)
		a.attr_set |= write ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_RDONLY;
	return syscall(SYS_mount_setattr, fd, "", AT_EMPTY_PATH | AT_RECURSIVE, &a, sizeof a) == 0;
}

/* Put a copied mount where it belongs; takes fd. */
static bool attach(const char *root, const struct gh_jail_bind *b, int fd, const struct stat *st)
{
	struct stat there;
	char at[PATH];
	bool ok = under(at, root, b->inside) && make_above(at);
	if (ok && lstat(at, &there) != 0)
		ok = S_ISDIR(st->st_mode) ? mkdir(at, 0755) == 0 : mknod(at, S_IFREG | 0600, 0) == 0;
	ok = ok && seal(fd, S_ISCHR(st->st_mode), b->write) &&
	     syscall(SYS_move_mount, fd, "", AT_FDCWD, at, MOVE_MOUNT_F_EMPTY_PATH) == 0;
	int e = errno;
	(void)close(fd);
	errno = e;
	return ok;
}

/* A file system in memory that holds at most this much. */
static bool memory_fs(const char *root, const char *path, uint64_t bytes, unsigned long flags)
{
	char at[PATH], opts[100];
	(void)snprintf(opts, sizeof opts, "size=%llu,nr_inodes=8192,mode=0755", (unsigned long long)bytes);
	if (!under(at, root, path) || !make_above(at))
		return false;
	if (mkdir(at, 0755) != 0 && errno != EEXIST)
		return false;
	return mount("tmpfs", at, "tmpfs", MS_NOSUID | flags, opts) == 0;
}

static const struct gh_jail_bind devices[] = {
	{ .host = "/dev/null", .inside = "/dev/null" },
	{ .host = "/dev/zero", .inside = "/dev/zero" },
	{ .host = "/dev/full", .inside = "/dev/full", .optional = true },
	{ .host = "/dev/random", .inside = "/dev/random" },
	{ .host = "/dev/urandom", .inside = "/dev/urandom" },
};
enum { DEVICES = sizeof devices / sizeof *devices };

/* Where the root is put together: the directory is covered in this namespace only. */
static const char *staging(void)
{
	static const char *const where[] = { "/tmp", "/var/tmp", "/mnt", "/run" };
	for (size_t i = 0; i < sizeof where / sizeof *where; i++)
		if (mount("tmpfs", where[i], "tmpfs", MS_NOSUID | MS_NODEV, "size=16m,nr_inodes=16384,mode=0755") == 0)
			return where[i];
	return NULL;
}

static const char *fill(struct gh_jail_inside *in, const char *root)
{
	const struct gh_jail *j = in->j;
	char at[PATH];
	const unsigned long plain = MS_NODEV | (j->noexec ? MS_NOEXEC : 0ul);
	if (!memory_fs(root, "/tmp", j->disk, plain) || !memory_fs(root, "/dev/shm", j->disk, MS_NODEV | MS_NOEXEC))
		return "mount a bounded /tmp";
	if (j->model != 0 && !memory_fs(root, "/model", j->model, MS_NODEV | MS_NOEXEC))
		return "mount a file system for the model";
	for (size_t i = 0; i < j->nlink; i++)
		if (!under(at, root, j->link[i].path) || !make_above(at) || symlink(j->link[i].target, at) != 0)
			return "make a link in the new root";
	for (size_t i = 0; i < j->ntext; i++)
		if (!make_file(root, &j->text[i]))
			return "make a file in the new root";
	/* A container that hides parts of /proc lets nobody mount a whole one: then the program does without. */
	if (!under(at, root, "/proc") || mkdir(at, 0755) != 0)
		return "make /proc";
	in->proc = (in->without & GH_JAIL_PID) == 0 &&
		   mount("proc", at, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, NULL) == 0;
	return NULL;
}

/* Leave the old root for good: nothing of it stays reachable. */
static const char *enter(const char *root)
{
	if (chdir(root) != 0 || syscall(SYS_pivot_root, ".", ".") != 0)
		return "change the root";
	if (umount2(".", MNT_DETACH) != 0 || chdir("/") != 0)
		return "leave the old root";
	struct mount_attr a = { .attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV };
	if (syscall(SYS_mount_setattr, AT_FDCWD, "/", 0, &a, sizeof a) != 0)
		return "make the new root read-only";
	return NULL;
}

const char *gh_jail_mounts(struct gh_jail_inside *in)
{
	const struct gh_jail *j = in->j;
	int fd[GH_JAIL_BINDS + DEVICES];
	struct stat st[GH_JAIL_BINDS + DEVICES];
	size_t n = j->nbind + DEVICES;
	if (j->nbind > GH_JAIL_BINDS) {
		errno = E2BIG;
		return "show so many files inside";
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return "make the mounts private";
	/* All copies are made before the staging place covers anything. */
	for (size_t i = 0; i < n; i++) {
		const struct gh_jail_bind *b = i < j->nbind ? &j->bind[i] : &devices[i - j->nbind];
		fd[i] = copy_of(b, &st[i]);
		if (fd[i] < 0 && !(b->optional && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))) {
			(void)snprintf(in->failed, sizeof in->failed, "show %.90s inside", b->host);
			return in->failed;
		}
	}
	const char *base = staging();
	if (base == NULL)
		return "mount a file system in memory";
	char root[64], opts[100];
	(void)snprintf(root, sizeof root, "%s/root", base);
	uint64_t bytes = ROOT_BYTES;
	for (size_t i = 0; i < j->ntext; i++)
		bytes += (j->text[i].n + 4095) & ~(uint64_t)4095;
	(void)snprintf(opts, sizeof opts, "size=%llu,nr_inodes=16384,mode=0755", (unsigned long long)bytes);
	if (mkdir(root, 0755) != 0 || mount("tmpfs", root, "tmpfs", 0, opts) != 0)
		return "make the new root";
	const char *why = fill(in, root);
	for (size_t i = 0; why == NULL && i < n; i++) {
		const struct gh_jail_bind *b = i < j->nbind ? &j->bind[i] : &devices[i - j->nbind];
		if (fd[i] >= 0 && !attach(root, b, fd[i], &st[i])) {
			(void)snprintf(in->failed, sizeof in->failed, "mount %.90s inside", b->inside);
			why = in->failed;
		}
	}
	return why == NULL ? enter(root) : why;
}
