#include "format/src.h"

static const uint32_t epoch_never; /* of stable sources: never changes */

struct gh_span gh_src_window(struct gh_src *s, uint64_t off, size_t len)
{
	if (s->fail != GH_OK || off >= s->size || len > GH_WINDOW_MAX)
		return (struct gh_span){ 0 };
	uint64_t left = s->size - off;
	return s->window(s, off, len < left ? len : (size_t)left);
}

void gh_src_advance(struct gh_src *s, uint64_t off)
{
	if (s->advance != NULL && s->fail == GH_OK)
		s->advance(s, off < s->size ? off : s->size);
}

struct gh_span gh_src_peek(struct gh_src *s, uint64_t off, size_t len)
{
	if (s->fail != GH_OK || s->peek == NULL || off > s->size || len > s->size - off)
		return (struct gh_span){ 0 };
	return s->peek(s, off, len);
}

static struct gh_span mem_window(struct gh_src *s, uint64_t off, size_t len)
{
	return gh_span_cut(((struct gh_src_mem *)s)->mem, off, len);
}

struct gh_src *gh_src_mem(struct gh_src_mem *m, struct gh_span mem)
{
	*m = (struct gh_src_mem){
		.src = { .size = mem.n,
			 .window = mem_window,
			 .peek = mem_window,
			 .epoch = &epoch_never,
			 .stable = true },
		.mem = mem,
	};
	return &m->src;
}

static struct gh_span sub_window(struct gh_src *s, uint64_t off, size_t len)
{
	struct gh_src_sub *u = (struct gh_src_sub *)s;
	struct gh_span w = gh_src_window(u->parent, u->base + off, len);
	s->fail = u->parent->fail;
	return w;
}

static void sub_advance(struct gh_src *s, uint64_t off)
{
	struct gh_src_sub *u = (struct gh_src_sub *)s;
	gh_src_advance(u->parent, u->base + off);
}

static struct gh_span sub_peek(struct gh_src *s, uint64_t off, size_t len)
{
	struct gh_src_sub *u = (struct gh_src_sub *)s;
	return gh_src_peek(u->parent, u->base + off, len);
}

struct gh_src *gh_src_sub(struct gh_src_sub *u, struct gh_src *parent, uint64_t off, uint64_t len)
{
	if (off > parent->size)
		off = parent->size;
	if (len > parent->size - off)
		len = parent->size - off;
	*u = (struct gh_src_sub){
		.src = { .size = len,
			 .window = sub_window,
			 .advance = sub_advance,
			 .peek = sub_peek,
			 .epoch = parent->epoch,
			 .stable = parent->stable,
			 .fail = parent->fail },
		.parent = parent,
		.base = off,
	};
	return &u->src;
}

bool gh_src_within(const struct gh_src *s, const struct gh_src *whole, uint64_t *off)
{
	*off = 0;
	while (s != whole) {
		if (s->window != sub_window)
			return false;
		const struct gh_src_sub *u = (const struct gh_src_sub *)s;
		*off += u->base;
		s = u->parent;
	}
	return true;
}

struct gh_cur gh_cur(struct gh_src *src, uint64_t off)
{
	struct gh_cur c = { .src = src, .base = off, .epoch = *src->epoch, .bad = off > src->size };
	return c;
}

const uint8_t *gh_cur_fill(struct gh_cur *c, size_t n)
{
	uint64_t off = gh_cur_off(c);
	if (c->bad || n > GH_WINDOW_MAX || off > c->src->size || n > c->src->size - off) {
		c->bad = true;
		return NULL;
	}
	c->w = gh_src_window(c->src, off, n > GH_CUR_WINDOW ? n : GH_CUR_WINDOW);
	c->base = off;
	c->at = 0;
	c->epoch = *c->src->epoch;
	if (c->w.n < n || (n == 0 && c->w.p == NULL && off < c->src->size)) {
		c->bad = true; /* the source failed: its `fail` says why */
		return NULL;
	}
	static const uint8_t nothing[1];
	return n == 0 && c->w.p == NULL ? nothing : c->w.p;
}

void gh_cur_skip(struct gh_cur *c, uint64_t n)
{
	if (n > gh_cur_left(c)) {
		c->bad = true;
		return;
	}
	if (n <= c->w.n - c->at) {
		c->at += (size_t)n;
		return;
	}
	uint64_t to = gh_cur_off(c) + n;
	gh_src_advance(c->src, to);
	c->base = to;
	c->w.n = c->at = 0;
}

void gh_cur_seek(struct gh_cur *c, uint64_t off)
{
	if (c->bad || off > c->src->size) {
		c->bad = true;
		return;
	}
	if (off >= c->base && off - c->base <= c->w.n) {
		c->at = (size_t)(off - c->base);
		return;
	}
	c->base = off;
	c->w.n = c->at = 0;
}

struct gh_span gh_cur_line(struct gh_cur *c, size_t max)
{
	uint64_t left = gh_cur_left(c);
	size_t all = max < left ? max : (size_t)left;
	for (size_t n = all < 256 ? all : 256; n != 0; n = all < n * 16 ? all : n * 16) {
		const uint8_t *p = gh_cur_peek(c, n);
		if (p == NULL)
			break;
		const uint8_t *nl = memchr(p, '\n', n);
		if (nl != NULL) {
			size_t len = (size_t)(nl - p) + 1;
			c->at += len;
			return (struct gh_span){ p, len };
		}
		if (n == all)
			break;
	}
	return (struct gh_span){ 0 };
}
