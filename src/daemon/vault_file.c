/* Files of keys/: fixed size, replaced as a whole, under a lock of the directory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "daemon/vault_int.h"

enum { LOCK_TRIES = 600, LOCK_PAUSE_MS = 50, BLOCK = 4096 };

static enum gh_vault_why io(uint64_t *sys)
{
	*sys = (uint64_t)errno;
	return GH_VAULT_IO;
}

enum gh_vault_why gh_vf_lock(struct gh_vaultd *v, bool exclusive, int *lock, uint64_t *sys)
{
	int fd = openat(v->dir, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return io(sys);
	for (unsigned i = 0; flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0; i++) {
		if ((errno != EWOULDBLOCK && errno != EINTR) || i == LOCK_TRIES) {
			enum gh_vault_why why = errno == EWOULDBLOCK ? GH_VAULT_BUSY : io(sys);
			(void)close(fd);
			return why;
		}
		(void)nanosleep(&(struct timespec){ .tv_nsec = LOCK_PAUSE_MS * 1000000L }, NULL);
	}
	*lock = fd;
	return GH_VAULT_FINE;
}

void gh_vf_unlock(int lock) { (void)close(lock); }

static bool read_all(int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t r = read(fd, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			errno = r == 0 ? ENODATA : errno;
			return false;
		}
		p += r;
		n -= (size_t)r;
	}
	return true;
}

static bool write_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t r = write(fd, p, n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			errno = r == 0 ? ENOSPC : errno;
			return false;
		}
		p += r;
		n -= (size_t)r;
	}
	return true;
}

enum gh_vault_why gh_vf_read(int dir, const char *name, void *p, size_t n, bool *there, enum gh_vault_why damaged,
			     uint64_t *sys)
{
	struct stat st;
	*there = false;
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? GH_VAULT_FINE : io(sys);
	enum gh_vault_why why = GH_VAULT_FINE;
	*there = true;
	if (fstat(fd, &st) != 0)
		why = io(sys);
	else if (!S_ISREG(st.st_mode) || (uint64_t)st.st_size != n)
		why = damaged;
	else if (!read_all(fd, p, n))
		why = errno == ENODATA ? damaged : io(sys);
	(void)close(fd);
	return why;
}

/* Overwrite what a file held, in place, on its way out. What a file system or a flash disk keeps elsewhere is beyond reach:
 * docs/keys.md says what to do about that. */
static bool overwrite(int fd)
{
	uint8_t noise[BLOCK];
	struct stat st;
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
		return false;
	for (off_t off = 0; off < st.st_size; off += BLOCK) {
		size_t n = st.st_size - off < BLOCK ? (size_t)(st.st_size - off) : BLOCK;
		if (!gh_random(noise, n) || pwrite(fd, noise, n, off) != (ssize_t)n)
			return false;
	}
	return fsync(fd) == 0;
}

enum gh_vault_why gh_vf_write(int dir, const char *name, const void *p, size_t n, unsigned how, uint64_t *sys)
{
	char temporary[96];
	int old = -1;
	if ((size_t)snprintf(temporary, sizeof temporary, ".%s.new", name) >= sizeof temporary) {
		*sys = ENAMETOOLONG;
		return GH_VAULT_IO;
	}
	(void)unlinkat(dir, temporary, 0); /* of a run that died; the directory is locked */
	int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return io(sys);
	if ((how & GH_VF_DESTROY) != 0)
		old = openat(dir, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	enum gh_vault_why why = GH_VAULT_FINE;
	if (!write_all(fd, p, n) || fsync(fd) != 0 || renameat(dir, temporary, dir, name) != 0) {
		why = io(sys);
		(void)unlinkat(dir, temporary, 0);
	} else if (((how & GH_VF_MANY) == 0 && fsync(dir) != 0) || (old >= 0 && !overwrite(old))) {
		why = io(sys);
	}
	(void)close(fd);
	if (old >= 0)
		(void)close(old);
	return why;
}

enum gh_vault_why gh_vf_flush(int dir, uint64_t *sys) { return fsync(dir) == 0 ? GH_VAULT_FINE : io(sys); }

enum gh_vault_why gh_vf_dir(int dir, const char *name, int *out, uint64_t *sys)
{
	if (mkdirat(dir, name, 0700) == 0) {
		if (fsync(dir) != 0)
			return io(sys);
	} else if (errno != EEXIST) {
		return io(sys);
	}
	*out = openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return *out >= 0 ? GH_VAULT_FINE : io(sys);
}
