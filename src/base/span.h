/* span.h - a borrowed byte range, and a cursor over it.
 *
 * The only types through which untrusted bytes held in memory are read. A cursor that failed once stays
 * failed ("sticky"), so a parser may read a whole record and test once; it can never move past the end.
 * A span owns nothing: whoever hands it out says how long its bytes live. */
#ifndef GH_BASE_SPAN_H
#define GH_BASE_SPAN_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct gh_span {
	const uint8_t *p;
	size_t n;
};

/* A span over a string literal, without its NUL. */
#define GH_SPAN(lit) ((struct gh_span){ (const uint8_t *)("" lit), sizeof(lit) - 1 })

static inline struct gh_span gh_span_str(const char *s)
{
	return (struct gh_span){ (const uint8_t *)s, s == NULL ? 0 : strlen(s) };
}

static inline bool gh_span_eq(struct gh_span a, struct gh_span b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* The first byte first: texts are compared with lists of words, of which nearly all differ there. */
static inline bool gh_span_is(struct gh_span a, const char *s)
{
	if (a.n != 0 && s != NULL && a.p[0] != (uint8_t)*s && *s != '\0')
		return false;
	return gh_span_eq(a, gh_span_str(s));
}

static inline bool gh_span_starts(struct gh_span a, const char *s)
{
	if (a.n != 0 && *s != '\0' && a.p[0] != (uint8_t)*s)
		return false;
	size_t n = strlen(s);
	return a.n >= n && memcmp(a.p, s, n) == 0;
}
static inline bool gh_span_ends(struct gh_span a, const char *s)
{
	size_t n = strlen(s);
	return a.n >= n && memcmp(a.p + (a.n - n), s, n) == 0;
}

/* The part of `s` from `off`, at most `n` bytes: clipped to what is there, never out of range. */
static inline struct gh_span gh_span_cut(struct gh_span s, uint64_t off, uint64_t n)
{
	if (off >= s.n)
		return (struct gh_span){ 0 };
	uint64_t left = s.n - off;
	return (struct gh_span){ s.p + off, (size_t)(n < left ? n : left) };
}

struct gh_rd { /* invariant: off <= s.n */
	struct gh_span s;
	size_t off;
	bool bad;
};

static inline struct gh_rd gh_rd(struct gh_span s) { return (struct gh_rd){ .s = s }; }
static inline size_t gh_rd_left(const struct gh_rd *r) { return r->bad ? 0 : r->s.n - r->off; }

/* Take n bytes; an empty span and r->bad when fewer remain. */
static inline struct gh_span gh_rd_take(struct gh_rd *r, uint64_t n)
{
	if (r->bad || n > r->s.n - r->off) { /* the subtraction cannot wrap: invariant */
		r->bad = true;
		return (struct gh_span){ 0 };
	}
	if (n == 0) /* of an empty span, p may be NULL: no arithmetic on it */
		return (struct gh_span){ r->s.p, 0 };
	struct gh_span out = { r->s.p + r->off, (size_t)n };
	r->off += (size_t)n;
	return out;
}

static inline uint64_t gh_rd_le(struct gh_rd *r, unsigned width)
{
	struct gh_span b = gh_rd_take(r, width);
	uint64_t v = 0;
	for (size_t i = b.n; i > 0; i--)
		v = v << 8 | b.p[i - 1];
	return v; /* 0 when bad */
}
static inline uint64_t gh_rd_be(struct gh_rd *r, unsigned width)
{
	struct gh_span b = gh_rd_take(r, width);
	uint64_t v = 0;
	for (size_t i = 0; i < b.n; i++)
		v = v << 8 | b.p[i];
	return v;
}
static inline uint8_t gh_rd_u8(struct gh_rd *r) { return (uint8_t)gh_rd_le(r, 1); }
static inline uint16_t gh_rd_u16le(struct gh_rd *r) { return (uint16_t)gh_rd_le(r, 2); }
static inline uint32_t gh_rd_u32le(struct gh_rd *r) { return (uint32_t)gh_rd_le(r, 4); }
static inline uint64_t gh_rd_u64le(struct gh_rd *r) { return gh_rd_le(r, 8); }
static inline uint16_t gh_rd_u16be(struct gh_rd *r) { return (uint16_t)gh_rd_be(r, 2); }
static inline uint32_t gh_rd_u32be(struct gh_rd *r) { return (uint32_t)gh_rd_be(r, 4); }
static inline uint64_t gh_rd_u64be(struct gh_rd *r) { return gh_rd_be(r, 8); }

/* True only if everything was read and nothing went wrong: ask at the end of every record. */
static inline bool gh_rd_done(const struct gh_rd *r) { return !r->bad && r->off == r->s.n; }

/* Little-endian loads from memory that is known to be long enough. */
static inline uint16_t gh_le16(const uint8_t *p) { return (uint16_t)(p[0] | p[1] << 8); }
static inline uint32_t gh_le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}
static inline uint64_t gh_le64(const uint8_t *p) { return gh_le32(p) | (uint64_t)gh_le32(p + 4) << 32; }
static inline uint32_t gh_be32(const uint8_t *p)
{
	return (uint32_t)p[3] | (uint32_t)p[2] << 8 | (uint32_t)p[1] << 16 | (uint32_t)p[0] << 24;
}
#endif
