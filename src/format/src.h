/* src.h - where a reader's bytes come from: a file, a member of a container, an expanded stream. One interface for
 * all of them: bounded windows at any offset, cheapest when they move forward.
 *
 * Readers never see a file descriptor. Behind a source stands memory, the ring that the trusted process fills from
 * a large file, or an unlinked file that an expanded member was spilled to; only the pipeline knows. */
#ifndef GH_FORMAT_SRC_H
#define GH_FORMAT_SRC_H
#include "base/err.h"
#include "base/span.h"

enum {
	GH_WINDOW_MAX = 1 << 20,   /* largest window that may be asked for, bytes */
	GH_CUR_WINDOW = 128 << 10, /* what a cursor asks for at a time */
};

struct gh_src {
	uint64_t size; /* bytes; known before reading starts */
	/* Bytes [off, off+len) clipped to the size; shorter only at the end of the source or when `fail` is set.
	 * The span is valid until the next window() or advance() on this source or any source it shares bytes with
	 * (its parent, its siblings), unless `stable`. */
	struct gh_span (*window)(struct gh_src *, uint64_t off, size_t len);
	/* Everything below off will not be asked for soon: lets a large file flow on. Never an error. May be NULL. */
	void (*advance)(struct gh_src *, uint64_t off);
	/* The same bytes as window() if they happen to be at hand, without invalidating anything; else an empty span.
	 * For the pipeline's own bookkeeping; readers use window(). May be NULL. */
	struct gh_span (*peek)(struct gh_src *, uint64_t off, size_t len);
	const uint32_t *epoch; /* changes whenever earlier windows became invalid; shared with parent and siblings */
	bool stable;	       /* windows stay valid as long as the source lives */
	enum gh_rc fail;       /* sticky: the bytes could not be had (file shrank, read error, budget) */
};

struct gh_span gh_src_window(struct gh_src *s, uint64_t off, size_t len);
void gh_src_advance(struct gh_src *s, uint64_t off);
struct gh_span gh_src_peek(struct gh_src *s, uint64_t off, size_t len);

/* A source over memory that outlives it. */
struct gh_src_mem {
	struct gh_src src;
	struct gh_span mem;
};
struct gh_src *gh_src_mem(struct gh_src_mem *m, struct gh_span mem);

/* A source over a range of another one; the range is clipped to the parent. The parent must outlive it. */
struct gh_src_sub {
	struct gh_src src;
	struct gh_src *parent;
	uint64_t base;
};
struct gh_src *gh_src_sub(struct gh_src_sub *sub, struct gh_src *parent, uint64_t off, uint64_t len);

/* Is s a range of `whole` (through any number of sub-sources)? Then *off is where it starts there. */
bool gh_src_within(const struct gh_src *s, const struct gh_src *whole, uint64_t *off);

/* ---- cursor: sequential reading with a sticky error, like gh_rd but over a source of any size -------------- */
struct gh_cur {
	struct gh_src *src;
	uint64_t base; /* offset of w.p[0] in the source */
	struct gh_span w;
	size_t at; /* position within w; base + at is the position in the source */
	uint32_t epoch;
	bool bad; /* more was asked for than there is */
};

struct gh_cur gh_cur(struct gh_src *src, uint64_t off);
static inline uint64_t gh_cur_off(const struct gh_cur *c) { return c->base + c->at; }
static inline uint64_t gh_cur_left(const struct gh_cur *c) { return c->bad ? 0 : c->src->size - gh_cur_off(c); }

/* Slow path of the functions below. */
const uint8_t *gh_cur_fill(struct gh_cur *c, size_t n);

/* n contiguous bytes at the position, without moving; NULL and `bad` when fewer remain. n <= GH_WINDOW_MAX.
 * Valid until the next call on this cursor or on the source. */
static inline const uint8_t *gh_cur_peek(struct gh_cur *c, size_t n)
{
	if (!c->bad && c->epoch == *c->src->epoch && n <= c->w.n - c->at)
		return c->w.p + c->at;
	return gh_cur_fill(c, n);
}
/* The same, and move past them. */
static inline const uint8_t *gh_cur_take(struct gh_cur *c, size_t n)
{
	const uint8_t *p = gh_cur_peek(c, n);
	if (p != NULL)
		c->at += n;
	return p;
}
static inline uint8_t gh_cur_u8(struct gh_cur *c)
{
	const uint8_t *p = gh_cur_take(c, 1);
	return p == NULL ? 0 : *p;
}
static inline uint16_t gh_cur_u16le(struct gh_cur *c)
{
	const uint8_t *p = gh_cur_take(c, 2);
	return p == NULL ? 0 : gh_le16(p);
}
static inline uint32_t gh_cur_u32le(struct gh_cur *c)
{
	const uint8_t *p = gh_cur_take(c, 4);
	return p == NULL ? 0 : gh_le32(p);
}
static inline uint64_t gh_cur_u64le(struct gh_cur *c)
{
	const uint8_t *p = gh_cur_take(c, 8);
	return p == NULL ? 0 : gh_le64(p);
}
/* Move n bytes on without looking at them; `bad` when fewer remain. */
void gh_cur_skip(struct gh_cur *c, uint64_t n);
/* Move to an absolute offset <= size; `bad` otherwise. Clears nothing. */
void gh_cur_seek(struct gh_cur *c, uint64_t off);
/* The bytes up to and including the next newline, at most max (<= GH_WINDOW_MAX) of them, and move past them.
 * p == NULL when there is no newline within max or before the end: the position and `bad` stay as they were. */
struct gh_span gh_cur_line(struct gh_cur *c, size_t max);
#endif
