/* The work of the blob process: segments from one descriptor to another. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "daemon/blob_int.h"

enum { WRITE_BACK = 8 << 20 };

static struct gh_blob_end bad(enum gh_blobrun_why why, int sys, uint64_t segment)
{
	return (struct gh_blob_end){ .why = why, .sys = sys, .segment = segment };
}
static const struct gh_blob_end fine = { .why = GH_BLOB_FINE, .segment = UINT64_MAX };

static bool add(struct gh_sha256 *h, bool wanted, const uint8_t *p, size_t n)
{
	return !wanted || n == 0 || gh_sha256_add(h, (struct gh_span){ p, n });
}

static bool digests(struct gh_blobd *b)
{
	return ((b->job.flags & GH_BP_SHA_PLAIN) == 0 || gh_sha256_start(b->plain)) &&
	       ((b->job.flags & GH_BP_SHA_CIPHER) == 0 || gh_sha256_start(b->cipher));
}

/* ---- encrypting -------------------------------------------------------------------------------------------------------- */
struct sealing {
	struct gh_stream *s;
	uint64_t off;	  /* where the next ciphertext goes */
	uint64_t synced;  /* write-back was started up to here */
	uint64_t segment; /* next */
	uint64_t done;	  /* plaintext bytes */
};

static bool put(struct gh_blobd *b, struct sealing *w, const uint8_t *p, size_t n)
{
	if (!add(b->cipher, (b->job.flags & GH_BP_SHA_CIPHER) != 0, p, n)) {
		errno = EIO;
		return false;
	}
	while (n > 0) {
		ssize_t r = pwrite(b->fd_cipher, p, n, (off_t)w->off);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			errno = r == 0 ? ENOSPC : errno;
			return false;
		}
		p += r;
		w->off += (uint64_t)r;
		n -= (size_t)r;
	}
	/* The disk works while the next bytes are encrypted; the fsync at the end then finds little to do. */
	if (w->off - w->synced >= WRITE_BACK) {
		(void)sync_file_range(b->fd_cipher, (off_t)w->synced, (off_t)(w->off - w->synced),
				      SYNC_FILE_RANGE_WRITE);
		w->synced = w->off;
	}
	return true;
}

/* Some segments of the plaintext at p, n bytes: whole ones, or with the last one. */
static struct gh_blob_end seal(struct gh_blobd *b, struct sealing *w, const uint8_t *p, size_t n)
{
	uint8_t *to = b->batch;
	size_t left = n;
	do {
		size_t some = left < GH_STREAM_SEGMENT ? left : GH_STREAM_SEGMENT;
		bool last = w->done + (n - left) + some == b->job.size;
		if (!gh_stream_seal(w->s, w->segment++, last, p, some, to, to + some))
			return bad(GH_BLOB_CRYPTO, 0, w->segment - 1);
		to += some + GH_STREAM_TAG;
		p += some;
		left -= some;
	} while (left > 0);
	w->done += n;
	return put(b, w, b->batch, (size_t)(to - b->batch)) ? fine : bad(GH_BLOB_SINK, errno, UINT64_MAX);
}

/* The next bytes that lie in the ring, at most a batch of whole segments, without a turn of the ring in them. */
static size_t in_ring(const struct gh_blobd *b, const struct sealing *w)
{
	uint64_t n = b->head - w->done, turn = b->job.a - w->done % b->job.a;
	n = n < turn ? n : turn;
	n = n < (uint64_t)GH_BLOB_BATCH * GH_STREAM_SEGMENT ? n : (uint64_t)GH_BLOB_BATCH * GH_STREAM_SEGMENT;
	return (size_t)(w->done + n == b->job.size ? n : n / GH_STREAM_SEGMENT * GH_STREAM_SEGMENT);
}

static struct gh_blob_end from_ring(struct gh_blobd *b, struct sealing *w)
{
	struct gh_blob_end e = fine;
	struct gh_bp_msg taken = { .kind = GH_BP_TAKEN };
	uint64_t ring = b->job.a;
	if (ring < GH_STREAM_SEGMENT || ring > 1u << 30 || (ring & (ring - 1)) != 0)
		return bad(GH_BLOB_SOURCE, EINVAL, UINT64_MAX);
	const uint8_t *p = mmap(NULL, ring, PROT_READ, MAP_SHARED, b->fd_plain, 0);
	if (p == MAP_FAILED)
		return bad(GH_BLOB_SOURCE, errno, UINT64_MAX);
	while (e.why == GH_BLOB_FINE && w->done < b->job.size) {
		size_t n = in_ring(b, w);
		if (n == 0 || b->cancelled) {
			if (b->cancelled || b->gone)
				e = bad(GH_BLOB_CANCELLED, 0, UINT64_MAX);
			else
				gh_blob_hear(b, true);
			continue;
		}
		const uint8_t *at = p + w->done % ring;
		if (!add(b->plain, (b->job.flags & GH_BP_SHA_PLAIN) != 0, at, n))
			e = bad(GH_BLOB_CRYPTO, 0, UINT64_MAX);
		else
			e = seal(b, w, at, n);
		taken.a = w->done;
		(void)gh_blob_tell(b, &taken);
		gh_blob_hear(b, false);
		if (b->gone)
			e = bad(GH_BLOB_CANCELLED, 0, UINT64_MAX);
	}
	(void)munmap((void *)(uintptr_t)p, ring);
	return e;
}

/* Read n bytes, or up to the end. */
static ssize_t fill(int fd, uint8_t *p, size_t n)
{
	size_t got = 0;
	while (got < n) {
		ssize_t r = read(fd, p + got, n - got);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

static struct gh_blob_end from_stream(struct gh_blobd *b, struct sealing *w)
{
	enum { ROOM = GH_BLOB_BATCH * GH_STREAM_SEGMENT };
	struct gh_blob_end e = fine;
	uint8_t *p = malloc(ROOM), more;
	if (p == NULL)
		return bad(GH_BLOB_NOMEM, 0, UINT64_MAX);
	while (e.why == GH_BLOB_FINE && w->done < b->job.size) {
		uint64_t left = b->job.size - w->done;
		size_t want = left < ROOM ? (size_t)left : ROOM;
		ssize_t n = fill(b->fd_plain, p, want);
		gh_blob_hear(b, false);
		if (b->cancelled || b->gone)
			e = bad(GH_BLOB_CANCELLED, 0, UINT64_MAX);
		else if (n < 0)
			e = bad(GH_BLOB_SOURCE, errno, UINT64_MAX);
		else if ((size_t)n < want)
			e = bad(GH_BLOB_SOURCE_SHORT, 0, UINT64_MAX);
		else if (!add(b->plain, (b->job.flags & GH_BP_SHA_PLAIN) != 0, p, want))
			e = bad(GH_BLOB_CRYPTO, 0, UINT64_MAX);
		else
			e = seal(b, w, p, want);
	}
	gh_wipe(p, ROOM); /* reports and comments are as secret as weights */
	free(p);
	if (e.why == GH_BLOB_FINE) {
		ssize_t n = fill(b->fd_plain, &more, 1);
		e = n == 0  ? fine
		    : n > 0 ? bad(GH_BLOB_SOURCE_LONG, 0, UINT64_MAX)
			    : bad(GH_BLOB_SOURCE, errno, UINT64_MAX);
	}
	return e;
}

struct gh_blob_end gh_blob_encrypt_job(struct gh_blobd *b)
{
	const struct gh_vp_plain_key *k = gh_blob_key(b, b->job.id, b->job.tenant);
	struct gh_blobfmt h = { .size = b->job.size };
	uint8_t head[GH_BLOB_HEAD];
	struct sealing w = { 0 };
	if (k == NULL)
		return bad(GH_BLOB_NO_KEY, 0, UINT64_MAX);
	if (b->job.size > GH_STREAM_MAX)
		return bad(GH_BLOB_TOO_LONG, 0, UINT64_MAX);
	memcpy(h.id, b->job.id, sizeof h.id);
	memcpy(h.tenant, b->job.tenant, sizeof h.tenant);
	h.generation = k->generation;
	if (!gh_random(h.salt, sizeof h.salt) || !digests(b))
		return bad(GH_BLOB_CRYPTO, 0, UINT64_MAX);
	gh_blobfmt_write(&h, head);
	w.s = gh_stream_new(k->key, h.salt, (struct gh_span){ head, sizeof head });
	if (w.s == NULL)
		return bad(GH_BLOB_NOMEM, 0, UINT64_MAX);
	struct gh_blob_end e = put(b, &w, head, sizeof head) ? fine : bad(GH_BLOB_SINK, errno, UINT64_MAX);
	if (e.why == GH_BLOB_FINE && b->job.size == 0)
		e = seal(b, &w, head, 0);
	if (e.why == GH_BLOB_FINE)
		e = (b->job.flags & GH_BP_RING) != 0 ? from_ring(b, &w) : from_stream(b, &w);
	gh_stream_free(w.s);
	e.stored = w.off;
	return e;
}

/* ---- decrypting -------------------------------------------------------------------------------------------------------- */
static ssize_t fetch(int fd, uint8_t *p, size_t n, uint64_t off)
{
	size_t got = 0;
	while (got < n) {
		ssize_t r = pread(fd, p + got, n - got, (off_t)(off + got));
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -1;
		if (r == 0)
			break;
		got += (size_t)r;
	}
	return (ssize_t)got;
}

/* The head says what the catalog knows, or it is another blob. */
static struct gh_blob_end check_head(struct gh_blobd *b, uint8_t head[GH_BLOB_HEAD], struct gh_blobfmt *h)
{
	ssize_t n = fetch(b->fd_cipher, head, GH_BLOB_HEAD, 0);
	if (n < 0)
		return bad(GH_BLOB_SOURCE, errno, UINT64_MAX);
	enum gh_rc rc = gh_blobfmt_read((struct gh_span){ head, (size_t)n }, h, NULL);
	if (rc != GH_OK)
		return bad(rc == GH_E_UNREAD ? GH_BLOB_NEWER : GH_BLOB_NOT_A_BLOB, 0, UINT64_MAX);
	if (memcmp(h->id, b->job.id, sizeof h->id) != 0 || memcmp(h->tenant, b->job.tenant, sizeof h->tenant) != 0 ||
	    h->size != b->job.size)
		return bad(GH_BLOB_OTHER_BLOB, 0, UINT64_MAX);
	return fine;
}

/* All of it; the list is used up. */
static bool write_all(int fd, struct iovec *v, size_t n)
{
	while (n > 0) {
		ssize_t r = writev(fd, v, (int)n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			errno = r == 0 ? ENOSPC : errno;
			return false;
		}
		size_t took = (size_t)r;
		for (; n > 0 && took >= v->iov_len; n--)
			took -= v++->iov_len;
		if (n > 0) {
			v->iov_base = (uint8_t *)v->iov_base + took;
			v->iov_len -= took;
		}
	}
	return true;
}

/* `count` sealed segments into the batch, at once. */
static struct gh_blob_end fetch_some(struct gh_blobd *b, uint64_t first, size_t count)
{
	uint64_t at;
	size_t plain, all;
	(void)gh_blobfmt_segment(b->job.size, first + count - 1, &at, &plain);
	all = (count - 1) * GH_STREAM_SEALED + plain + GH_STREAM_TAG;
	(void)gh_blobfmt_segment(b->job.size, first, &at, &plain);
	ssize_t got = fetch(b->fd_cipher, b->batch, all, at);
	if (got < 0)
		return bad(GH_BLOB_SOURCE, errno, UINT64_MAX);
	if ((size_t)got < all)
		return bad(GH_BLOB_CUT, 0, first + (uint64_t)got / GH_STREAM_SEALED);
	return add(b->cipher, (b->job.flags & GH_BP_SHA_CIPHER) != 0, b->batch, all)
		       ? fine
		       : bad(GH_BLOB_CRYPTO, 0, UINT64_MAX);
}

/* Some segments, opened where they lie. What of them lies in [off, end) of the text goes out, after all were checked. */
static struct gh_blob_end open_some(struct gh_blobd *b, struct gh_stream *s, uint64_t first, size_t count, uint64_t off,
				    uint64_t end)
{
	struct iovec out[GH_BLOB_BATCH];
	size_t n = 0, plain;
	uint64_t at, segments = gh_stream_segments(b->job.size);
	struct gh_blob_end e = fetch_some(b, first, count);
	if (e.why != GH_BLOB_FINE)
		return e;
	for (size_t i = 0; i < count; i++) {
		uint8_t *p = b->batch + i * GH_STREAM_SEALED;
		uint64_t begin = (first + i) * GH_STREAM_SEGMENT;
		(void)gh_blobfmt_segment(b->job.size, first + i, &at, &plain);
		if (!gh_stream_open(s, first + i, first + i + 1 == segments, p, plain, p + plain, p))
			return bad(GH_BLOB_ALTERED, 0, first + i);
		size_t from = off > begin ? (size_t)(off - begin) : 0;
		size_t to = end < begin + plain ? (size_t)(end - begin) : plain;
		if (to <= from)
			continue;
		if (!add(b->plain, (b->job.flags & GH_BP_SHA_PLAIN) != 0, p + from, to - from))
			return bad(GH_BLOB_CRYPTO, 0, UINT64_MAX);
		out[n++] = (struct iovec){ p + from, to - from };
	}
	return b->job.kind == GH_BP_VERIFY || write_all(b->fd_plain, out, n) ? fine
									     : bad(GH_BLOB_SINK, errno, UINT64_MAX);
}

static struct gh_blob_end open_range(struct gh_blobd *b, struct gh_stream *s, uint64_t off, uint64_t len)
{
	uint64_t first, count;
	struct gh_blob_end e = fine;
	if (!gh_blobfmt_range(b->job.size, off, len, &first, &count))
		return bad(GH_BLOB_RANGE, 0, UINT64_MAX);
	while (e.why == GH_BLOB_FINE && count > 0) {
		size_t some = count < GH_BLOB_BATCH ? (size_t)count : GH_BLOB_BATCH;
		e = open_some(b, s, first, some, off, off + len);
		first += some;
		count -= some;
		gh_blob_hear(b, false);
		if (b->cancelled || b->gone)
			e = bad(GH_BLOB_CANCELLED, 0, UINT64_MAX);
	}
	return e;
}

struct gh_blob_end gh_blob_decrypt_job(struct gh_blobd *b)
{
	const struct gh_vp_plain_key *k = gh_blob_key(b, b->job.id, b->job.tenant);
	struct gh_blobfmt h;
	uint8_t head[GH_BLOB_HEAD];
	struct stat st;
	bool verify = b->job.kind == GH_BP_VERIFY;
	uint64_t off = verify ? 0 : b->job.off, len = verify ? b->job.size : b->job.len;
	if (k == NULL)
		return bad(GH_BLOB_NO_KEY, 0, UINT64_MAX);
	if (b->job.size > GH_STREAM_MAX)
		return bad(GH_BLOB_TOO_LONG, 0, UINT64_MAX);
	struct gh_blob_end e = check_head(b, head, &h);
	uint64_t stored = gh_blobfmt_stored(b->job.size);
	if (e.why != GH_BLOB_FINE)
		return e;
	if (!digests(b) || !add(b->cipher, (b->job.flags & GH_BP_SHA_CIPHER) != 0, head, sizeof head))
		return bad(GH_BLOB_CRYPTO, 0, UINT64_MAX);
	/* Whoever asks for all of it learns also that nothing follows; a cut is found where it is. */
	bool whole = off == 0 && len == b->job.size;
	if (whole && fstat(b->fd_cipher, &st) == 0 && S_ISREG(st.st_mode) && (uint64_t)st.st_size > stored)
		return bad(GH_BLOB_LONGER, 0, UINT64_MAX);
	struct gh_stream *s = gh_stream_new(k->key, h.salt, (struct gh_span){ head, sizeof head });
	if (s == NULL)
		return bad(GH_BLOB_NOMEM, 0, UINT64_MAX);
	e = open_range(b, s, off, len);
	gh_stream_free(s);
	gh_wipe(b->batch, (size_t)GH_BLOB_BATCH * GH_STREAM_SEALED);
	e.stored = stored;
	return e;
}
