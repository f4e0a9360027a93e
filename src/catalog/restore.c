/* restore.c - from an archive to files in a new directory, each compared with the manifest. Runs in a process of its own. */
#include "base/arena.h"
#include "catalog/backup.h"
#include "catalog/backup_int.h"
#include "catalog/restore_int.h"
#include "crypto/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */

/* Read exactly n bytes. GH_E_MALFORMED: the archive ends before. */
static enum gh_rc take(struct gh_restoring *r, void *p, size_t n, struct gh_err *err)
{
	for (uint8_t *at = p; n > 0;) {
		ssize_t got = read(r->in, at, n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return gh_fail_sys(err, errno, "the backup cannot be read");
		if (got == 0)
			return gh_fail(err, GH_E_MALFORMED, "the backup is cut: it ends at byte %llu",
				       (unsigned long long)r->at);
		at += got;
		n -= (size_t)got;
		r->at += (uint64_t)got;
	}
	return GH_OK;
}

static enum gh_rc skip_pad(struct gh_restoring *r, uint64_t size, struct gh_err *err)
{
	uint8_t rest[GH_BAKTAR_BLOCK] = { 0 };
	unsigned n = gh_baktar_pad(size);
	GH_TRY(take(r, rest, n, err), err, "padding");
	for (unsigned i = 0; i < n; i++)
		if (rest[i] != 0)
			return gh_fail(err, GH_E_MALFORMED, "the backup was altered at byte %llu",
				       (unsigned long long)(r->at - n + i));
	return GH_OK;
}

static enum gh_rc take_bytes(struct gh_restoring *r, const struct gh_baktar_head *h, size_t most, struct gh_span *out,
			     struct gh_err *err)
{
	if (h->size > most)
		return gh_fail(err, GH_E_LIMIT, "%s is larger than any that this program writes", h->name);
	uint8_t *p = gh_alloc(&r->arena, (size_t)h->size + 1, 1);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "%s: no memory", h->name);
	GH_TRY(take(r, p, (size_t)h->size, err), err, "%s", h->name);
	*out = (struct gh_span){ p, (size_t)h->size };
	return skip_pad(r, h->size, err);
}

/* ---- one file into the new home ------------------------------------------------------------------------------------------------ */

/* Make the directories that lead to it. */
static bool make_way(int top, const char *name)
{
	char path[GH_BAKTAR_NAME + 1];
	for (const char *p = strchr(name, '/'); p != NULL; p = strchr(p + 1, '/')) {
		memcpy(path, name, (size_t)(p - name));
		path[p - name] = '\0';
		if (mkdirat(top, path, 0700) != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static enum gh_rc copy_out(struct gh_restoring *r, const struct gh_baktar_head *h, int fd, char sha256[65],
			   struct gh_err *err)
{
	if (!gh_sha256_start(r->hash))
		return gh_fail(err, GH_E_BUG, "SHA-256");
	for (uint64_t left = h->size; left > 0;) {
		size_t n = left < GH_BACKUP_BLOCK ? (size_t)left : GH_BACKUP_BLOCK;
		GH_TRY(take(r, r->block, n, err), err, "%s", h->name);
		if (!gh_sha256_add(r->hash, (struct gh_span){ r->block, n }))
			return gh_fail(err, GH_E_BUG, "SHA-256");
		if (!gh_backup_put(fd, r->block, n))
			return gh_fail_sys(err, errno, "%s cannot be written", h->name);
		left -= n;
	}
	if (!gh_sha256_hex(r->hash, sha256))
		return gh_fail(err, GH_E_BUG, "SHA-256");
	return skip_pad(r, h->size, err);
}

/* A file of the home: into place, its digest remembered. */
static enum gh_rc take_file(struct gh_restoring *r, const struct gh_baktar_head *h, struct gh_err *err)
{
	struct gh_restored *f = gh_grow(&r->arena, r->file, &r->cap, r->n + 1, sizeof *f);
	if (f == NULL || r->n == GH_BACKUP_FILES)
		return gh_fail(err, GH_E_LIMIT, "too many files");
	r->file = f;
	f = &r->file[r->n];
	if (!make_way(r->dir, h->name))
		return gh_fail_sys(err, errno, "%s", h->name);
	int fd = openat(r->dir, h->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno == EEXIST ? gh_fail(err, GH_E_MALFORMED, "%s stands twice in the backup", h->name)
				       : gh_fail_sys(err, errno, "%s", h->name);
	struct gh_span name = gh_keep(&r->arena, gh_span_str(h->name));
	enum gh_rc rc = name.p == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : copy_out(r, h, fd, f->sha256, err);
	(void)close(fd); /* what the disk says to it, syncfs() tells at the end */
	f->name = (const char *)name.p;
	f->size = h->size;
	r->n++;
	r->done->bytes += h->size;
	if (r->how->progress != NULL)
		r->how->progress(r->how->arg, r->done->bytes);
	return rc;
}

/* Which files a home has; whatever else is in an archive was not put there by us. */
static bool of_a_home(const char *name)
{
	struct gh_span s = gh_span_str(name);
	return gh_span_is(s, GH_BACKUP_SETTINGS_NAME) || gh_span_is(s, GH_BACKUP_DATABASE_NAME) ||
	       gh_span_starts(s, "keys/") || gh_span_starts(s, "log/") || gh_span_starts(s, "blobs/");
}

static enum gh_rc one_entry(struct gh_restoring *r, const struct gh_baktar_head *h, struct gh_err *err)
{
	struct gh_span name = gh_span_str(h->name);
	if (gh_span_is(name, GH_BACKUP_MANIFEST_NAME) && r->manifest.p == NULL)
		return take_bytes(r, h, GH_BACKUP_MANIFEST, &r->manifest, err);
	if (gh_span_is(name, GH_BACKUP_ENVELOPE_NAME) && r->manifest.p != NULL && r->envelope.p == NULL)
		return take_bytes(r, h, GH_BACKUP_ENVELOPE, &r->envelope, err);
	if (r->manifest.p != NULL || !of_a_home(h->name))
		return gh_fail(err, GH_E_MALFORMED, "%s has no place in a backup", h->name);
	return take_file(r, h, err);
}

static enum gh_rc take_all(struct gh_restoring *r, struct gh_err *err)
{
	uint8_t block[GH_BAKTAR_BLOCK];
	struct gh_baktar_head h;
	for (;;) {
		GH_TRY(take(r, block, sizeof block, err), err, "backup");
		enum gh_baktar_is is = gh_baktar_read(block, &h);
		if (is == GH_BAKTAR_BAD)
			return r->at == sizeof block
				       ? gh_fail(err, GH_E_MALFORMED, "this is no backup of a gatehouse home")
				       : gh_fail(err, GH_E_MALFORMED, "the backup was altered at byte %llu",
						 (unsigned long long)(r->at - sizeof block));
		if (is == GH_BAKTAR_END)
			break;
		GH_TRY(one_entry(r, &h, err), err, "backup");
	}
	GH_TRY(take(r, block, sizeof block, err), err, "backup");
	if (gh_baktar_read(block, &h) != GH_BAKTAR_END)
		return gh_fail(err, GH_E_MALFORMED, "the backup does not end as it should");
	uint8_t more;
	ssize_t n = read(r->in, &more, 1);
	if (n > 0)
		return gh_fail(err, GH_E_MALFORMED, "something follows the end of the backup");
	return r->manifest.p != NULL ? GH_OK : gh_fail(err, GH_E_MALFORMED, "the backup has no manifest");
}

enum gh_rc gh_restore_read(const struct gh_restore_how *how, int dir, int in, struct gh_restore_done *done,
			   struct gh_err *err)
{
	*done = (struct gh_restore_done){ 0 };
	struct gh_restoring r = { .how = how,
				  .done = done,
				  .in = in,
				  .dir = dir,
				  .arena = { .max = (size_t)4 << 30 },
				  .hash = gh_sha256_new(),
				  .block = malloc(GH_BACKUP_BLOCK) };
	enum gh_rc rc = r.hash == NULL || r.block == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : GH_OK;
	if (rc == GH_OK)
		rc = take_all(&r, err);
	if (rc == GH_OK)
		rc = gh_restore_compare(&r, err);
	done->files = r.n;
	gh_arena_free(&r.arena);
	gh_sha256_free(r.hash);
	free(r.block);
	return rc;
}
