/* Reading what will be executed: each file once, into memory of our own. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/mdstream.h"
#include "os/file.h"
#include "os/tree.h"
#include "runtime/image_int.h"

enum { BLOCK = 1 << 18 };
#define FILE_MAX ((uint64_t)1 << 30)

enum gh_rc gh_image_read(const char *host, uint8_t **bytes, size_t *n, struct gh_err *err)
{
	struct stat st;
	*bytes = NULL;
	int fd = gh_os_open_regular(host, &st);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return gh_fail(err, GH_E_ABSENT, "%s is not there", host);
	if (fd < 0)
		return gh_fail_sys(err, errno, "%s", host);
	enum gh_rc rc = GH_OK;
	if ((uint64_t)st.st_size > FILE_MAX)
		rc = gh_fail(err, GH_E_LIMIT, "%s: larger than a program or library can be (1 GiB)", host);
	*n = (size_t)st.st_size;
	if (rc == GH_OK && (*bytes = malloc(*n + 1)) == NULL)
		rc = gh_fail(err, GH_E_NOMEM, "%s: no memory to read it", host);
	if (rc == GH_OK && !gh_os_read_at(fd, *bytes, *n, 0)) {
		rc = gh_fail_sys(err, errno, "reading %s", host);
		free(*bytes);
		*bytes = NULL;
	}
	(void)close(fd);
	return rc;
}

bool gh_image_has(const struct gh_engine_image *i, const char *inside)
{
	for (size_t k = 0; k < i->nfile; k++)
		if (strcmp(i->file[k].inside, inside) == 0)
			return true;
	return false;
}

enum gh_rc gh_image_add(struct gh_engine_image *i, enum gh_part_kind kind, const char *host, const char *inside,
			struct gh_err *err)
{
	struct gh_image_file *f = &i->file[i->nfile];
	uint8_t md[GH_MD_MAX];
	if (i->nfile == GH_ENGINE_FILES)
		return gh_fail(err, GH_E_LIMIT, "the engine needs more than %d files", GH_ENGINE_FILES);
	*f = (struct gh_image_file){ .kind = kind };
	f->host = (const char *)gh_keep(&i->arena, gh_span_str(host)).p;
	f->inside = (const char *)gh_keep(&i->arena, gh_span_str(inside)).p;
	if (f->host == NULL || f->inside == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for the engine's files");
	if (kind == GH_PART_TREE) {
		struct stat st;
		if (stat(host, &st) != 0 || !S_ISDIR(st.st_mode))
			return gh_fail(err, GH_E_ABSENT, "%s is not there, or no directory", host);
		f->dev = st.st_dev;
		f->ino = st.st_ino;
		i->nfile++;
		return gh_image_tree(host, f->sha256, &f->size, err);
	}
	enum gh_rc rc = gh_image_read(host, &f->bytes, &f->n, err);
	if (rc != GH_OK)
		return rc;
	i->nfile++; /* from here on it is freed with the image */
	f->size = f->n;
	i->total += f->n;
	if (i->total > 4 * FILE_MAX)
		return gh_fail(err, GH_E_LIMIT, "the engine's files are larger than 4 GiB");
	if (!gh_md(GH_MD_SHA256, (struct gh_span){ f->bytes, f->n }, md))
		return gh_fail(err, GH_E_BUG, "%s: it could not be digested", host);
	memcpy(f->sha256, md, sizeof f->sha256);
	return GH_OK;
}

/* ---- trees ----------------------------------------------------------------------------------------------------------------- */

static enum gh_rc digest_one(struct gh_mdstream *m, const struct gh_os_entry *e, uint8_t *block, uint64_t *size,
			     struct gh_err *err)
{
	struct stat st;
	ssize_t n = -1;
	uint8_t length[8];
	bool ok = gh_mdstream_add(m, (struct gh_span){ (const uint8_t *)e->name, strlen(e->name) + 1 });
	if (e->kind != GH_OS_FILE &&
	    e->kind != GH_OS_LINK_FILE) { /* nothing that could be run: that it is there counts */
		length[0] = (uint8_t)e->kind;
		return ok && gh_mdstream_add(m, (struct gh_span){ length, 1 })
			       ? GH_OK
			       : gh_fail(err, GH_E_BUG, "digesting %s", e->path);
	}
	int fd = gh_os_open_regular(e->path, &st);
	if (fd < 0)
		return gh_fail_sys(err, errno, "%s", e->path);
	for (unsigned i = 0; i < 8; i++)
		length[i] = (uint8_t)((uint64_t)st.st_size >> 8 * i);
	ok = ok && gh_mdstream_add(m, (struct gh_span){ length, sizeof length });
	uint64_t got = 0;
	while (ok && ((n = read(fd, block, BLOCK)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0) {
			got += (uint64_t)n;
			ok = gh_mdstream_add(m, (struct gh_span){ block, (size_t)n });
		}
	int e2 = errno;
	(void)close(fd);
	if (n < 0)
		return gh_fail_sys(err, e2, "reading %s", e->path);
	if (!ok)
		return gh_fail(err, GH_E_BUG, "digesting %s", e->path);
	if (got != (uint64_t)st.st_size)
		return gh_fail(err, GH_E_DENIED, "%s changed while it was read", e->path);
	*size += got;
	return GH_OK;
}

enum gh_rc gh_image_tree(const char *host, uint8_t sha256[32], uint64_t *size, struct gh_err *err)
{
	struct gh_os_tree t = { 0 };
	uint8_t md[GH_MD_MAX], *block = malloc(BLOCK);
	*size = 0;
	struct gh_mdstream *m = gh_mdstream_new(GH_MD_SHA256);
	enum gh_rc rc = GH_OK;
	if (block == NULL || m == NULL || !gh_mdstream_start(m) ||
	    !gh_mdstream_add(m, (struct gh_span){ (const uint8_t *)"gatehouse tree v1", 18 }))
		rc = gh_fail(err, GH_E_NOMEM, "no memory to digest %s", host);
	if (rc == GH_OK && !gh_os_tree(host, &t))
		rc = gh_fail_sys(err, errno, "%s", host);
	for (size_t i = 0; rc == GH_OK && i < t.n; i++)
		rc = digest_one(m, &t.v[i], block, size, err);
	if (rc == GH_OK && !gh_mdstream_end(m, md))
		rc = gh_fail(err, GH_E_BUG, "digesting %s", host);
	if (rc == GH_OK)
		memcpy(sha256, md, 32);
	gh_os_tree_free(&t);
	gh_mdstream_free(m);
	free(block);
	return rc;
}
