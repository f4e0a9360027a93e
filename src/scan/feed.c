#include "scan/feed.h"

#include "os/file.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { MAC_SHIFT = 16, MAC_BLOCKS = 1 << 19 }; /* the table of tags stays below 4 MiB whatever the file's size */

static void *digest_thread(void *arg)
{
	struct gh_feed *f = arg;
	(void)pthread_mutex_lock(&f->lock);
	while (!f->stop && f->hashed < f->size) {
		uint64_t from = f->hashed, to = f->head;
		if (from == to) {
			(void)pthread_cond_wait(&f->more, &f->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&f->lock);
		size_t at = (size_t)(from % GH_RING);
		size_t n = (size_t)(to - from);
		if (n > GH_BLOCK)
			n = GH_BLOCK;
		if (n > GH_RING - at)
			n = GH_RING - at;
		if (!gh_sha256_add(f->sha, (struct gh_span){ f->ring + at, n }))
			f->digest_failed = true;
		(void)pthread_mutex_lock(&f->lock);
		f->hashed = from + n;
		uint64_t one = 1;
		(void)!write(f->progress, &one, sizeof one);
	}
	(void)pthread_mutex_unlock(&f->lock);
	return NULL;
}

bool gh_feed_open(struct gh_feed *f, int fd, const struct stat *st, uint8_t *shm, struct gh_sha256 *sha)
{
	*f = (struct gh_feed){ .fd = fd,
			       .before = *st,
			       .size = (uint64_t)st->st_size,
			       .ring = shm,
			       .sha = sha,
			       .progress = -1,
			       .also = UINT64_MAX };
	if (!gh_sha256_start(sha))
		return false;
	if (f->size <= GH_RING)
		return true;
	for (f->shift = MAC_SHIFT; f->size >> f->shift >= MAC_BLOCKS; f->shift++)
		;
	f->tag = calloc((size_t)(f->size >> f->shift) + 1, sizeof *f->tag);
	f->mac = gh_blockmac_new();
	f->progress = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (f->tag == NULL || f->mac == NULL || f->progress < 0 || pthread_mutex_init(&f->lock, NULL) != 0)
		goto fail;
	if (pthread_cond_init(&f->more, NULL) != 0 || pthread_create(&f->thread, NULL, digest_thread, f) != 0)
		goto fail;
	f->threaded = true;
	return true;
fail:
	free(f->tag);
	gh_blockmac_free(f->mac);
	if (f->progress >= 0)
		(void)close(f->progress);
	return false;
}

static void set_failed(struct gh_feed *f, int sys)
{
	if (f->state == GH_FEED_OK) {
		f->state = sys == ENODATA ? GH_FEED_CHANGED : GH_FEED_ERROR; /* shorter than it was: changed */
		f->sys = sys;
	}
}

static uint64_t hashed(struct gh_feed *f)
{
	if (!f->threaded)
		return f->head; /* small files are digested after they were read */
	(void)pthread_mutex_lock(&f->lock);
	uint64_t h = f->hashed;
	(void)pthread_mutex_unlock(&f->lock);
	return h;
}

static size_t next_block(const struct gh_feed *f)
{
	uint64_t left = f->size - f->head;
	return left < GH_BLOCK ? (size_t)left : GH_BLOCK;
}

bool gh_feed_room(struct gh_feed *f)
{
	if (f->state != GH_FEED_OK || f->head == f->size)
		return false;
	uint64_t low = hashed(f);
	if (f->hold < low)
		low = f->hold;
	if (f->also < low)
		low = f->also;
	return f->head + next_block(f) - low <= GH_RING;
}

/* Remember the tag of a block, or compare with what it was when it was read before. */
static void tagged(struct gh_feed *f, uint64_t block, uint64_t tag)
{
	if (f->tag[block] == 0)
		f->tag[block] = tag;
	else if (f->tag[block] != tag && f->state == GH_FEED_OK)
		f->state = GH_FEED_CHANGED;
}

/* Blocks of tags are multiples of 64 KiB, reads are multiples of it too: a read never ends within a small block. */
static void tag_read(struct gh_feed *f, const uint8_t *p, uint64_t off, size_t n)
{
	uint64_t each = (uint64_t)1 << f->shift, tag;
	while (n != 0) {
		uint64_t in = off & (each - 1);
		size_t part = n < each - in ? n : (size_t)(each - in);
		bool ok = in != 0 || gh_blockmac_start(f->mac, off >> f->shift);
		ok = ok && gh_blockmac_add(f->mac, (struct gh_span){ p, part });
		off += part;
		p += part;
		n -= part;
		if (ok && ((off & (each - 1)) == 0 || off == f->size)) {
			ok = gh_blockmac_tag(f->mac, &tag);
			if (ok)
				tagged(f, (off - 1) >> f->shift, tag);
		}
		if (!ok)
			set_failed(f, EIO);
	}
}

void gh_feed_block(struct gh_feed *f)
{
	size_t n = next_block(f);
	uint8_t *p = f->ring + f->head % GH_RING; /* blocks divide the ring: never wraps inside one */
	if (!gh_os_read_at(f->fd, p, n, f->head)) {
		set_failed(f, errno);
		return;
	}
	if (!f->threaded) {
		f->head += n;
		return;
	}
	(void)pthread_mutex_lock(&f->lock);
	f->head += n;
	(void)pthread_cond_signal(&f->more);
	(void)pthread_mutex_unlock(&f->lock);
	tag_read(f, p, f->head - n, n);
}

bool gh_feed_window(struct gh_feed *f, uint64_t off, size_t len, unsigned slot)
{
	uint8_t *out = f->ring + GH_RING + (size_t)slot * GH_WINDOW_MAX;
	if (f->mac == NULL) { /* lies in the ring as a whole */
		memcpy(out, f->ring + off, len);
		return true;
	}
	struct gh_blockmac *mac = gh_blockmac_again(f->mac); /* the sequential pass may be in the middle of a block */
	uint64_t each = (uint64_t)1 << f->shift;
	uint8_t *tmp = malloc((size_t)each);
	if (mac == NULL || tmp == NULL)
		set_failed(f, ENOMEM);
	/* Whole blocks are read, because tags are of whole blocks. */
	for (uint64_t b = off >> f->shift; f->state == GH_FEED_OK && b <= (off + len - 1) >> f->shift; b++) {
		uint64_t start = b << f->shift, tag = 0;
		size_t n = f->size - start < each ? (size_t)(f->size - start) : (size_t)each;
		if (!gh_os_read_at(f->fd, tmp, n, start)) {
			set_failed(f, errno);
			break;
		}
		if (!gh_blockmac_start(mac, b) || !gh_blockmac_add(mac, (struct gh_span){ tmp, n }) ||
		    !gh_blockmac_tag(mac, &tag)) {
			set_failed(f, EIO);
			break;
		}
		tagged(f, b, tag);
		uint64_t from = start > off ? start : off;
		uint64_t to = start + n < off + len ? start + n : off + len;
		memcpy(out + (from - off), tmp + (from - start), (size_t)(to - from));
	}
	free(tmp);
	gh_blockmac_free(mac);
	return f->state == GH_FEED_OK;
}

bool gh_feed_done(struct gh_feed *f) { return f->state != GH_FEED_OK || (f->head == f->size && hashed(f) == f->size); }

void gh_feed_digest_small(struct gh_feed *f)
{
	if (!f->threaded && f->state == GH_FEED_OK &&
	    !gh_sha256_add(f->sha, (struct gh_span){ f->ring, (size_t)f->size }))
		f->digest_failed = true;
}

void gh_feed_close(struct gh_feed *f, char hex[65])
{
	if (f->threaded) {
		(void)pthread_mutex_lock(&f->lock);
		f->stop = true;
		(void)pthread_cond_signal(&f->more);
		(void)pthread_mutex_unlock(&f->lock);
		(void)pthread_join(f->thread, NULL);
		(void)pthread_cond_destroy(&f->more);
		(void)pthread_mutex_destroy(&f->lock);
		(void)close(f->progress);
		free(f->tag);
		gh_blockmac_free(f->mac);
	}
	struct stat now;
	char more;
	/* Files of /proc and the like have content behind a size of 0; a file may also have grown. */
	if (f->state == GH_FEED_OK && f->head == f->size && pread(f->fd, &more, 1, (off_t)f->size) > 0)
		f->state = GH_FEED_CHANGED;
	if (f->state == GH_FEED_OK && (fstat(f->fd, &now) != 0 || !gh_os_same_file(&f->before, &now)))
		f->state = GH_FEED_CHANGED;
	hex[0] = '\0';
	bool whole = f->head == f->size && (!f->threaded || f->hashed == f->size);
	if (f->state == GH_FEED_OK && whole && !f->digest_failed)
		(void)gh_sha256_hex(f->sha, hex);
}
