#include "scan/coverage.h"

#include <stdlib.h>

enum { CLAIMS_MAX = 1 << 20 };

void gh_cover_add(struct gh_cover *c, uint64_t off, uint64_t len, enum gh_claim kind)
{
	if (off > c->size || len > c->size - off) {
		c->wild = true;
		off = off < c->size ? off : c->size;
		len = c->size - off;
	}
	if (len == 0)
		return;
	if (c->n != 0 && c->v[c->n - 1].end == off && c->v[c->n - 1].kind == kind) {
		c->v[c->n - 1].end += len; /* most readers go forward: long runs collapse */
		return;
	}
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 32 : c->cap * 2;
		struct gh_claimed *v = cap > CLAIMS_MAX ? NULL : realloc(c->v, cap * sizeof *v);
		if (v == NULL) {
			c->full = true;
			return;
		}
		c->v = v;
		c->cap = cap;
	}
	c->v[c->n++] = (struct gh_claimed){ off, off + len, kind };
}

static int by_offset(const void *a, const void *b)
{
	const struct gh_claimed *x = a, *y = b;
	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

uint64_t gh_cover_finish(struct gh_cover *c, void (*found)(void *arg, bool overlap, uint64_t off, uint64_t len), void *arg)
{
	uint64_t at = 0, missing = 0;
	bool sorted = true;
	for (size_t i = 1; i < c->n && sorted; i++)
		sorted = by_offset(&c->v[i - 1], &c->v[i]) <= 0;
	if (!sorted)
		qsort(c->v, c->n, sizeof *c->v, by_offset);
	for (size_t i = 0; i < c->n; i++) {
		const struct gh_claimed *k = &c->v[i];
		if (k->off > at) {
			missing += k->off - at;
			found(arg, false, at, k->off - at);
		} else if (k->off < at)
			found(arg, true, k->off, (k->end < at ? k->end : at) - k->off);
		if (k->end > at)
			at = k->end;
	}
	if (at < c->size) {
		missing += c->size - at;
		found(arg, false, at, c->size - at);
	}
	return missing;
}

void gh_cover_free(struct gh_cover *c)
{
	free(c->v);
	*c = (struct gh_cover){ .size = c->size };
}
