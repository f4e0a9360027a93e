#include <stdarg.h>
#include <stdio.h>

#include "format/hdf5/h5.h"

void h5_say(struct h5 *h, unsigned a, uint64_t addr, uint64_t len, const char *fmt, ...)
{
	char text[400];
	if (h->said[a]++ >= H5_SAY)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	uint64_t size = h->w->src->size, off = addr > size || h->base > size - addr ? size : h->base + addr;
	gh_anomaly(h->w, &h5_rules[a], off, len < size - off ? len : size - off, "%s", text);
}

enum gh_rc h5_bad(struct h5 *h, unsigned a, uint64_t addr, const char *fmt, ...)
{
	char text[300];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	h5_say(h, a, addr, 1, "%s", text);
	enum gh_rc rc = a == H5_A_UNKNOWN || a == H5_A_FILTER || a == H5_A_MULTI || a == H5_A_BIG ? GH_E_UNREAD
			: a == H5_A_MANY							  ? GH_E_LIMIT
												  : GH_E_MALFORMED;
	return gh_fail(h->w->err, rc, "%s", text);
}

bool h5_room(struct h5 *h, uint64_t addr, uint64_t len, const char *what)
{
	if (addr <= h->end && len <= h->end - addr)
		return true;
	/* What would lie in the missing part of a file that is cut off is missing, and no more. */
	bool cut = addr <= h->declared && len <= h->declared - addr;
	h5_say(h, cut ? H5_A_CUT : H5_A_PLACE, addr, len,
	       "%s: %llu bytes at address %llu, the file's space ends at %llu", what, (unsigned long long)len,
	       (unsigned long long)addr, (unsigned long long)h->end);
	return false;
}

const uint8_t *h5_at(struct h5 *h, uint64_t addr, size_t n, const char *what)
{
	if (!h5_room(h, addr, n, what))
		return NULL;
	struct gh_span w = gh_src_window(h->w->src, h->base + addr, n);
	return w.n == n ? w.p : NULL;
}

struct gh_span h5_copy(struct h5 *h, uint64_t addr, uint64_t n, const char *what)
{
	struct gh_span none = { 0 };
	if (!h5_room(h, addr, n, what))
		return none;
	/* Every byte belongs to one structure; a few are read again. Whoever refers to one place from many gets a limit. */
	h->copied += n;
	if (h->copied / 8 > h->w->src->size + ((uint64_t)32 << 20)) {
		(void)h5_bad(h, H5_A_MANY, addr, "%s: the same bytes are referred to again and again", what);
		return none;
	}
	uint8_t *p = n > H5_TMP ? NULL : gh_alloc(&h->tmp, (size_t)n + 1, 1);
	if (p == NULL) {
		(void)h5_bad(h, H5_A_MANY, addr, "%s: %llu bytes are more than can be held", what,
			     (unsigned long long)n);
		return none;
	}
	for (uint64_t at = 0; at < n;) {
		size_t part = n - at < GH_WINDOW_MAX ? (size_t)(n - at) : (size_t)GH_WINDOW_MAX;
		struct gh_span w = gh_src_window(h->w->src, h->base + addr + at, part);
		if (w.n != part)
			return none;
		memcpy(p + at, w.p, part);
		at += part;
	}
	return (struct gh_span){ p, (size_t)n };
}

enum gh_rc h5_why(struct h5 *h)
{
	if (h->w->src->fail != GH_OK)
		return gh_fail(h->w->err, h->w->src->fail, "the bytes could not be had");
	if (h->w->err != NULL && h->w->err->rc == GH_E_LIMIT)
		return GH_E_LIMIT;
	return gh_fail(h->w->err, GH_E_MALFORMED, "a structure does not lie within the file");
}

struct gh_span h5_string(struct h5 *h, uint64_t addr, uint64_t to, const char *what)
{
	enum { STEP = 256, MOST = 64 << 10 };
	for (uint64_t want = STEP; addr < to && want <= MOST; want *= 16) {
		size_t n = want < to - addr ? (size_t)want : (size_t)(to - addr);
		const uint8_t *p = h5_at(h, addr, n, what), *nul = p == NULL ? NULL : memchr(p, 0, n);
		if (p == NULL)
			return (struct gh_span){ 0 };
		if (nul != NULL)
			return gh_keep(&h->tmp, (struct gh_span){ p, (size_t)(nul - p) });
	}
	h5_say(h, H5_A_STRUCT, addr, 1, "%s: a text without an end", what);
	return (struct gh_span){ 0 };
}

void h5_sum_of(struct h5 *h, struct gh_span whole, uint64_t addr, const char *what)
{
	if (whole.n < 4)
		return;
	uint32_t is = gh_hdf5_lookup3((struct gh_span){ whole.p, whole.n - 4 }), said = gh_le32(whole.p + whole.n - 4);
	if (is != said)
		h5_say(h, H5_A_SUM, addr, whole.n, "%s: %08x is stored, %08x would be right", what, said, is);
}

void h5_check_sum(struct h5 *h, uint64_t addr, uint64_t len, const char *what)
{
	enum { STEP = 12 << 13 };
	struct gh_hdf5_sum s;
	if (len < 4 || !h5_room(h, addr, len, what))
		return;
	gh_hdf5_sum_start(&s, len - 4);
	for (uint64_t at = 0; at < len - 4;) {
		size_t n = len - 4 - at < STEP ? (size_t)(len - 4 - at) : (size_t)STEP;
		const uint8_t *p = h5_at(h, addr + at, n, what);
		if (p == NULL)
			return;
		gh_hdf5_sum_put(&s, (struct gh_span){ p, n });
		at += n;
	}
	const uint8_t *p = h5_at(h, addr + len - 4, 4, what);
	if (p != NULL && gh_le32(p) != gh_hdf5_sum_end(&s))
		h5_say(h, H5_A_SUM, addr, len, "%s: %08x is stored, %08x would be right", what, gh_le32(p),
		       gh_hdf5_sum_end(&s));
}

enum gh_rc h5_step(struct h5 *h)
{
	if (h->steps >= h->w->lim->steps / 128) /* a step here is dearer than an opcode */
		return h5_bad(h, H5_A_MANY, 0, "more structures than are followed");
	h->steps++;
	return GH_OK;
}

/* ---- addresses that were visited ------------------------------------------------------------------------------------
 * Open addressing with a bound on the distance: an author who makes addresses collide gets a limit, not a delay. */

enum { FAR = 128 };

static uint64_t *find_slot(uint64_t *slot, size_t cap, uint64_t key)
{
	uint64_t x = key * 0x9e3779b97f4a7c15u;
	size_t i = (size_t)(x ^ x >> 29) & (cap - 1);
	for (unsigned k = 0; k < FAR; k++, i = (i + 1) & (cap - 1))
		if (slot[i] == 0 || slot[i] == key)
			return &slot[i];
	return NULL;
}

static bool rehash(struct h5 *h, size_t cap)
{
	uint64_t *v = GH_NEW(h->w->arena, uint64_t, cap);
	if (v == NULL)
		return false;
	for (size_t i = 0; i < h->seen.cap; i++) {
		uint64_t *to = h->seen.slot[i] == 0 ? NULL : find_slot(v, cap, h->seen.slot[i]);
		if (h->seen.slot[i] != 0 && to == NULL)
			return false;
		if (to != NULL)
			*to = h->seen.slot[i];
	}
	h->seen.slot = v;
	h->seen.cap = cap;
	return true;
}

enum gh_rc h5_visit(struct h5 *h, uint64_t addr, bool *fresh)
{
	uint64_t key = addr + 1, *at = NULL;
	GH_TRY(h5_step(h), h->w->err, "hdf5");
	if (h->seen.cap == 0 || h->seen.n >= h->seen.cap / 2)
		if (!rehash(h, h->seen.cap == 0 ? 256 : 2 * h->seen.cap))
			return h5_bad(h, H5_A_MANY, addr, "more structures than can be kept");
	at = find_slot(h->seen.slot, h->seen.cap, key);
	if (at == NULL) {
		if (!rehash(h, 2 * h->seen.cap) || (at = find_slot(h->seen.slot, h->seen.cap, key)) == NULL)
			return h5_bad(h, H5_A_MANY, addr, "more structures than can be kept");
	}
	*fresh = *at == 0;
	h->seen.n += *at == 0;
	*at = key;
	return GH_OK;
}

void h5_drop(struct h5 *h)
{
	if (h->hold == 0)
		gh_arena_free(&h->tmp);
}
