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

static bool before(const struct gh_claimed *a, const struct gh_claimed *b)
{
	return a->off != b->off ? a->off < b->off : a->end < b->end;
}

static void sift(struct gh_claimed *v, size_t root, size_t n)
{
	struct gh_claimed x = v[root];
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		if (child + 1 < n && before(&v[child], &v[child + 1]))
			child++;
		if (!before(&x, &v[child]))
			break;
		v[root] = v[child];
	}
	v[root] = x;
}

/* Heap sort: in place and n log n whatever the input. The C library's qsort allocates, and asks the system for its
 * memory size, which the worker may not. */
static void sort(struct gh_claimed *v, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(v, i, n);
	for (size_t i = n; i-- > 1;) {
		struct gh_claimed x = v[0];
		v[0] = v[i];
		v[i] = x;
		sift(v, 0, i);
	}
}

uint64_t gh_cover_finish(struct gh_cover *c, void (*found)(void *arg, bool overlap, uint64_t off, uint64_t len),
			 void *arg)
{
	uint64_t at = 0, missing = 0;
	bool sorted = true;
	for (size_t i = 1; i < c->n && sorted; i++)
		sorted = !before(&c->v[i], &c->v[i - 1]);
	if (!sorted)
		sort(c->v, c->n);
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
