/* One encrypted blob becomes one file that nobody can change: segments are verified in order, and nothing is used before all
 * have been. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "catalog/blobfmt.h"
#include "crypto/mdstream.h"
#include "crypto/secret.h"
#include "runtime/stub/stub.h"

enum { AT_ONCE = 4 };
#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif
#ifndef F_SEAL_EXEC
#define F_SEAL_EXEC 0x20
#endif

static uint8_t sealed[AT_ONCE * GH_STREAM_SEALED], plain[AT_ONCE * GH_STREAM_SEGMENT];

static enum gh_stub_why failed(struct gh_stub_at *at, enum gh_stub_why why)
{
	at->sys = errno;
	return why;
}

/* Exactly n bytes at off. */
static enum gh_stub_why take(int fd, uint8_t *p, size_t n, uint64_t off, struct gh_stub_at *at)
{
	while (n > 0) {
		ssize_t got = pread(fd, p, n, (off_t)off);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return failed(at, GH_STUB_WHY_SOURCE);
		if (got == 0)
			return GH_STUB_WHY_CUT;
		p += got;
		off += (uint64_t)got;
		n -= (size_t)got;
	}
	return GH_STUB_WHY_FINE;
}

static enum gh_stub_why put(int fd, const uint8_t *p, size_t n, struct gh_stub_at *at)
{
	while (n > 0) {
		ssize_t w = write(fd, p, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return failed(at, GH_STUB_WHY_NOMEM);
		p += w;
		n -= (size_t)w;
	}
	return GH_STUB_WHY_FINE;
}

/* ---- where the plaintext goes ---------------------------------------------------------------------------------------------- */

#define ROOT "/model/"

/* The directories above a name, which was checked. */
static bool make_above(const char *name, char path[sizeof ROOT + GH_STUB_NAME])
{
	(void)snprintf(path, sizeof ROOT + GH_STUB_NAME, ROOT "%.*s", GH_STUB_NAME - 1, name);
	for (char *p = path + sizeof ROOT - 1; (p = strchr(p, '/')) != NULL; p++) {
		*p = '\0';
		int r = mkdir(path, 0700);
		*p = '/';
		if (r != 0 && errno != EEXIST)
			return false;
	}
	return true;
}

static int make(const struct gh_stub_input *in, enum gh_stub_model how)
{
	char path[sizeof ROOT + GH_STUB_NAME];
	if (how == GH_STUB_DIRECTORY)
		return make_above(in->file.name, path)
			       ? open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)
			       : -1;
	int fd = memfd_create("model", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL) /* kernels before 6.3 */
		fd = memfd_create("model", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	return fd;
}

/* From here on nobody changes it, not even we. */
static bool freeze(int fd, enum gh_stub_model how)
{
	if (how == GH_STUB_DIRECTORY)
		return fchmod(fd, 0400) == 0;
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_EXEC) == 0)
		return true;
	return fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0;
}

/* Kept in memory as long as this process lives, so that it is never written to swap: as far as the limit goes. */
static uint64_t lock(int fd, uint64_t size)
{
	if (size == 0 || size > SIZE_MAX)
		return 0;
	void *p = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		return 0;
	(void)madvise(p, (size_t)size, MADV_DONTDUMP);
	if (mlock(p, (size_t)size) == 0)
		return size;
	(void)munmap(p, (size_t)size);
	return 0;
}

/* ---- the blob -------------------------------------------------------------------------------------------------------------- */

struct run {
	struct gh_stub_input *in;
	struct gh_stream *stream;
	struct gh_mdstream *md; /* NULL: the file's digest is not asked for */
	struct gh_stub_at *at;
};

/* Up to AT_ONCE segments from `first` on. */
static enum gh_stub_why some(const struct run *r, uint64_t first, uint64_t n)
{
	const uint64_t size = r->in->file.size, all = gh_stream_segments(size);
	uint64_t off, last_off;
	size_t len, last_len, got = 0;
	r->at->segment = first;
	if (!gh_blobfmt_segment(size, first, &off, &len) ||
	    !gh_blobfmt_segment(size, first + n - 1, &last_off, &last_len))
		return GH_STUB_WHY_HEAD;
	enum gh_stub_why why = take(r->in->cipher, sealed, (size_t)(last_off - off) + last_len + GH_STREAM_TAG, off,
				    r->at);
	for (uint64_t i = 0; why == GH_STUB_WHY_FINE && i < n; i++) {
		const uint8_t *s = sealed + i * GH_STREAM_SEALED;
		len = i + 1 < n ? GH_STREAM_SEGMENT : last_len;
		r->at->segment = first + i;
		if (!gh_stream_open(r->stream, first + i, first + i + 1 == all, s, len, s + len, plain + got))
			why = GH_STUB_WHY_ALTERED;
		got += len;
	}
	if (why == GH_STUB_WHY_FINE && r->md != NULL && !gh_mdstream_add(r->md, (struct gh_span){ plain, got }))
		why = GH_STUB_WHY_CRYPTO;
	return why == GH_STUB_WHY_FINE ? put(r->in->plain, plain, got, r->at) : why;
}

static enum gh_stub_why segments(const struct run *r)
{
	const uint64_t all = gh_stream_segments(r->in->file.size);
	enum gh_stub_why why = GH_STUB_WHY_FINE;
	for (uint64_t i = 0; why == GH_STUB_WHY_FINE && i < all; i += AT_ONCE)
		why = some(r, i, all - i < AT_ONCE ? all - i : AT_ONCE);
	gh_wipe(plain, sizeof plain);
	return why;
}

static enum gh_stub_why digest_matches(const struct run *r)
{
	uint8_t md[GH_MD_MAX];
	if (r->md == NULL)
		return GH_STUB_WHY_FINE;
	if (!gh_mdstream_end(r->md, md))
		return GH_STUB_WHY_CRYPTO;
	return gh_same_bytes(md, r->in->file.sha256, GH_STUB_DIGEST) ? GH_STUB_WHY_FINE : GH_STUB_WHY_DIGEST;
}

static enum gh_stub_why check_head(const struct gh_stub_input *in, uint8_t head[GH_BLOB_HEAD], struct gh_blobfmt *h,
				   struct gh_stub_at *at)
{
	struct stat st;
	enum gh_stub_why why = take(in->cipher, head, GH_BLOB_HEAD, 0, at);
	if (why != GH_STUB_WHY_FINE)
		return why;
	if (gh_blobfmt_read((struct gh_span){ head, GH_BLOB_HEAD }, h, NULL) != GH_OK ||
	    memcmp(h->id, in->file.blob, GH_STUB_ID) != 0 || memcmp(h->tenant, in->file.tenant, GH_STUB_ID) != 0 ||
	    h->size != in->file.size)
		return GH_STUB_WHY_HEAD;
	if (fstat(in->cipher, &st) != 0)
		return failed(at, GH_STUB_WHY_SOURCE);
	const uint64_t stored = gh_blobfmt_stored(h->size);
	if (S_ISREG(st.st_mode) && (uint64_t)st.st_size != stored)
		return (uint64_t)st.st_size < stored ? GH_STUB_WHY_CUT : GH_STUB_WHY_LONGER;
	return GH_STUB_WHY_FINE;
}

enum gh_stub_why gh_stub_load(struct gh_stub_input *in, enum gh_stub_model how, const uint8_t key[GH_STUB_KEY],
			      uint64_t *locked, struct gh_stub_at *at)
{
	static const uint8_t none[GH_STUB_DIGEST];
	uint8_t head[GH_BLOB_HEAD];
	struct gh_blobfmt h;
	struct run r = { .in = in, .at = at };
	enum gh_stub_why why = check_head(in, head, &h, at);
	if (why != GH_STUB_WHY_FINE)
		return why;
	in->plain = make(in, how);
	if (in->plain < 0)
		return failed(at, GH_STUB_WHY_NOMEM);
	const bool digest = memcmp(in->file.sha256, none, sizeof none) != 0;
	r.stream = gh_stream_new(key, h.salt, (struct gh_span){ head, sizeof head });
	r.md = digest ? gh_mdstream_new(GH_MD_SHA256) : NULL;
	if (r.stream == NULL || (digest && (r.md == NULL || !gh_mdstream_start(r.md))))
		why = GH_STUB_WHY_CRYPTO;
	if (why == GH_STUB_WHY_FINE)
		why = segments(&r);
	if (why == GH_STUB_WHY_FINE)
		why = digest_matches(&r);
	gh_stream_free(r.stream);
	gh_mdstream_free(r.md);
	if (why == GH_STUB_WHY_FINE && !freeze(in->plain, how))
		why = failed(at, GH_STUB_WHY_SEAL);
	(void)close(in->cipher);
	in->cipher = -1;
	if (why == GH_STUB_WHY_FINE)
		*locked += lock(in->plain, in->file.size);
	if (how == GH_STUB_DIRECTORY) { /* it has a name; only sealed memory lives by its descriptor */
		(void)close(in->plain);
		in->plain = -1;
	}
	return why;
}

enum gh_stub_why gh_stub_close_directory(const struct gh_stub_told *t, struct gh_stub_at *at)
{
	char path[sizeof ROOT + GH_STUB_NAME];
	if (t->start.model != GH_STUB_DIRECTORY)
		return GH_STUB_WHY_FINE;
	/* Each directory above each file, the deepest first; said twice it stays the same. */
	for (uint32_t i = 0; i < t->ninput; i++) {
		(void)snprintf(path, sizeof path, ROOT "%.*s", GH_STUB_NAME - 1, t->input[i].file.name);
		for (char *slash; (slash = strrchr(path, '/')) != NULL && slash != path;) {
			*slash = '\0';
			if (chmod(path, 0500) != 0)
				return failed(at, GH_STUB_WHY_SEAL);
		}
	}
	return GH_STUB_WHY_FINE;
}
