/* store_stage.c - staging files: where ciphertext is written before it becomes an object. */
#include "catalog/id.h"
#include "catalog/store_int.h"
#include "crypto/digest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

void gh_store_staged_name(const struct gh_store_key *key, char out[GH_STORE_STAGED])
{
	memcpy(out, key->tenant, GH_STORE_ID);
	out[GH_STORE_ID] = '.';
	memcpy(out + GH_STORE_ID + 1, key->id, GH_STORE_ID + 1);
}

static bool staged_key(const char *name, struct gh_store_key *key)
{
	struct gh_span s = gh_span_str(name);
	if (s.n != GH_STORE_STAGED - 1 || s.p[GH_STORE_ID] != '.' || !gh_id_ok(gh_span_cut(s, 0, GH_STORE_ID)) ||
	    !gh_id_ok(gh_span_cut(s, GH_STORE_ID + 1, s.n)))
		return false;
	memcpy(key->tenant, name, GH_STORE_ID);
	key->tenant[GH_STORE_ID] = '\0';
	memcpy(key->id, name + GH_STORE_ID + 1, GH_STORE_ID + 1);
	return true;
}

int gh_store_dir(int dir, const char *name, bool make)
{
	if (make && mkdirat(dir, name, 0700) != 0 && errno != EEXIST)
		return -1;
	return openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

bool gh_store_sha256_fd(int fd, uint64_t off, uint64_t n, char out[65])
{
	struct gh_sha256 *h = gh_sha256_new();
	uint8_t *p = malloc(BLOCK);
	bool good = h != NULL && p != NULL && gh_sha256_start(h);
	if (!good)
		errno = ENOMEM;
	while (good && n > 0) {
		ssize_t got = pread(fd, p, n < BLOCK ? (size_t)n : BLOCK, (off_t)off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EILSEQ;
		good = got > 0 && gh_sha256_add(h, (struct gh_span){ p, (size_t)got });
		off += good ? (uint64_t)got : 0;
		n -= good ? (uint64_t)got : 0;
	}
	good = good && gh_sha256_hex(h, out);
	free(p);
	gh_sha256_free(h);
	return good;
}

/* Lock what was opened, and make sure that it is still what the name leads to: whoever removes a staging file holds its lock. */
static enum gh_rc lock(struct gh_store *s, const struct gh_store_key *key, const char *name, int fd, struct stat *st,
		       struct gh_err *err)
{
	struct stat now;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return gh_store_fail(err, s, key, errno,
				     errno == EWOULDBLOCK ? "somebody is writing it" : "cannot lock its staging file");
	if (fstat(fd, st) != 0)
		return gh_store_fail(err, s, key, errno, "staging file");
	if (!S_ISREG(st->st_mode))
		return gh_store_fail(err, s, key, EILSEQ, "its staging file is no file");
	if (fstatat(s->staging, name, &now, AT_SYMLINK_NOFOLLOW) != 0 || now.st_ino != st->st_ino ||
	    now.st_dev != st->st_dev)
		return gh_store_fail(err, s, key, ENOENT, "its staging file was removed");
	return GH_OK;
}

enum gh_rc gh_store_stage(struct gh_store *s, const struct gh_store_key *key, int *fd, struct gh_err *err)
{
	char name[GH_STORE_STAGED];
	struct stat st;
	*fd = -1;
	if (!gh_store_key_ok(key))
		return gh_store_no_key(err, s);
	gh_store_staged_name(key, name);
	int f = openat(s->staging, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (f < 0)
		return gh_store_fail(err, s, key, errno, "cannot begin a staging file");
	enum gh_rc rc = lock(s, key, name, f, &st, err);
	if (rc != GH_OK) {
		(void)close(f);
		return rc;
	}
	*fd = f;
	return GH_OK;
}

enum gh_rc gh_store_stage_again(struct gh_store *s, const struct gh_store_key *key, int *fd, uint64_t *size,
				struct gh_err *err)
{
	char name[GH_STORE_STAGED];
	struct stat st;
	*fd = -1;
	*size = 0;
	if (!gh_store_key_ok(key))
		return gh_store_no_key(err, s);
	gh_store_staged_name(key, name);
	int f = openat(s->staging, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (f < 0)
		return gh_store_fail(err, s, key, errno, "cannot go on with its staging file");
	enum gh_rc rc = lock(s, key, name, f, &st, err);
	if (rc != GH_OK) {
		(void)close(f);
		return rc;
	}
	*fd = f;
	*size = (uint64_t)st.st_size;
	return GH_OK;
}

enum gh_rc gh_store_staged_check(struct gh_store *s, const struct gh_store_key *key, int fd,
				 const struct gh_store_info *want, struct gh_err *err)
{
	char name[GH_STORE_STAGED];
	struct stat st, now;
	gh_store_staged_name(key, name);
	if (fstat(fd, &st) != 0)
		return gh_store_fail(err, s, key, errno, "staging file");
	if (fstatat(s->staging, name, &now, AT_SYMLINK_NOFOLLOW) != 0)
		return gh_store_fail(err, s, key, errno, "staging file");
	if (!S_ISREG(st.st_mode) || st.st_ino != now.st_ino || st.st_dev != now.st_dev)
		return gh_store_fail(err, s, key, EILSEQ, "its staging file is not the one that was written");
	if ((uint64_t)st.st_size != want->size)
		return gh_store_fail(err, s, key, EILSEQ,
				     "its staging file holds %llu bytes where %llu were to be stored",
				     (unsigned long long)st.st_size, (unsigned long long)want->size);
	return GH_OK;
}

enum gh_rc gh_store_unstage(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err)
{
	char name[GH_STORE_STAGED];
	gh_store_staged_name(key, name);
	if (unlinkat(s->staging, name, 0) != 0 && errno != ENOENT)
		return gh_store_fail(err, s, key, errno, "cannot remove its staging file");
	if (fsync(s->staging) != 0)
		return gh_store_fail(err, s, NULL, errno, "staging directory");
	return GH_OK;
}

enum gh_rc gh_store_abandon(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err)
{
	if (!gh_store_key_ok(key))
		return gh_store_no_key(err, s);
	return gh_store_unstage(s, key, err);
}

int gh_store_scratch(struct gh_store *s)
{
	int fd = openat(s->staging, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	/* A file system without O_TMPFILE: a name for a moment. */
	for (unsigned i = 0; i < 100; i++) {
		char name[64];
		(void)snprintf(name, sizeof name, ".scratch-%ld-%u", (long)getpid(), i);
		fd = openat(s->staging, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		if (fd >= 0)
			(void)unlinkat(s->staging, name, 0);
		if (fd >= 0 || errno != EEXIST)
			return fd;
	}
	return -1;
}

/* One leftover; false: it went away meanwhile. Whether it is alive shows in whether it can be locked. */
static bool leftover(struct gh_store *s, const char *name, struct gh_store_left *row)
{
	struct stat st;
	int fd = openat(s->staging, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		if (fd >= 0)
			(void)close(fd);
		return false;
	}
	/* A shared lock, so that two that look around do not take each other for writers. */
	row->alive = flock(fd, LOCK_SH | LOCK_NB) != 0;
	row->size = (uint64_t)st.st_size;
	row->at = (int64_t)st.st_mtime;
	(void)close(fd);
	return true;
}

enum gh_rc gh_store_left(struct gh_store *s, struct gh_store_left *rows, size_t cap, size_t *n, bool *more,
			 struct gh_err *err)
{
	*n = 0;
	*more = false;
	int fd = openat(s->staging, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	if (d == NULL) {
		int sys = errno;
		if (fd >= 0)
			(void)close(fd);
		return gh_store_fail(err, s, NULL, sys, "staging directory");
	}
	int sys = 0;
	for (;;) {
		errno = 0;
		const struct dirent *e = readdir(d);
		if (e == NULL) {
			sys = errno;
			break;
		}
		struct gh_store_left row = { 0 };
		if (!staged_key(e->d_name, &row.key))
			continue;
		if (*n == cap) {
			*more = true;
			break;
		}
		if (leftover(s, e->d_name, &row))
			rows[(*n)++] = row;
	}
	(void)closedir(d);
	if (sys != 0)
		return gh_store_fail(err, s, NULL, sys, "staging directory");
	return *more || s->ops->uploads == NULL ? GH_OK : s->ops->uploads(s, rows, cap, n, more, err);
}

enum gh_rc gh_store_drop(struct gh_store *s, const struct gh_store_left *left, struct gh_err *err)
{
	uint64_t size;
	int fd;
	if (!gh_store_key_ok(&left->key))
		return gh_store_no_key(err, s);
	if (left->upload)
		return s->ops->drop_upload == NULL ? gh_fail(err, GH_E_BUG, "no uploads here")
						   : s->ops->drop_upload(s, left, err);
	enum gh_rc rc = gh_store_stage_again(s, &left->key, &fd, &size, err);
	if (rc != GH_OK)
		return rc;
	rc = gh_store_unstage(s, &left->key, err);
	(void)close(fd);
	return rc;
}
