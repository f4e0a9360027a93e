#include "scan/tiles.h"

#include "format/format.h"
#include "scan/tool_side.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Arrays up to MEM_MAX are put together in memory and written once; of larger ones every run of elements is written to its
 * place. SPARSE_MAX: bytes of an array of which parts were never written. */
enum { MEM_MAX = 32 << 20, SPARSE_MAX = 64 << 20 };

void gh_tiles_end(struct gh_tiles *x)
{
	free(x->mem);
	x->mem = NULL;
}

static uint64_t across(const struct gh_tile *t, unsigned i)
{
	return t->dim[i] / t->side[i] + (t->dim[i] % t->side[i] != 0);
}

/* Sizes of the array as a whole; false: they do not fit. */
static bool measure(struct gh_tiles *x, const struct gh_tile *t, unsigned unit)
{
	x->bytes = unit;
	x->tiles = 1;
	for (unsigned i = 0; i < t->ndim; i++) {
		if (t->side[i] == 0 || __builtin_mul_overflow(x->tiles, across(t, i), &x->tiles))
			return false;
		if (__builtin_mul_overflow(x->bytes, t->dim[i], &x->bytes))
			return false;
	}
	return x->bytes <= INT64_MAX;
}

static enum gh_rc begin(struct gh_tiles *x, const struct gh_tile *t, unsigned unit, struct gh_err *err)
{
	gh_tiles_end(x);
	x->next = 0;
	if (!measure(x, t, unit))
		return gh_fail(err, GH_E_MALFORMED, "'%s': its sizes do not fit 64 bits", gh_safe(t->name).s);
	if (t->stored > x->tiles)
		return gh_fail(err, GH_E_MALFORMED, "'%s' has more chunks than places for them", gh_safe(t->name).s);
	bool sparse = t->stored < x->tiles;
	if (sparse && (!t->zeros || x->bytes > SPARSE_MAX))
		return gh_fail(err, GH_E_UNREAD, "'%s': parts of it were never written%s", gh_safe(t->name).s,
			       t->zeros ? ", and it is too large to be filled up" : ", and stand for a fill value");
	if (x->bytes > x->most || *x->used > x->most - x->bytes)
		return gh_fail(err, GH_E_LIMIT, "'%s': more data in chunks than %llu bytes (--limit-expanded)",
			       gh_safe(t->name).s, (unsigned long long)x->most);
	if (*x->fd < 0 && (*x->fd = x->spill(x->arg)) < 0)
		return gh_fail_sys(err, errno, "a temporary file for data in chunks ($TMPDIR)");
	x->at = *x->used;
	if (x->bytes <= MEM_MAX || sparse) {
		x->mem = calloc(1, x->bytes == 0 ? 1 : (size_t)x->bytes);
		if (x->mem == NULL)
			return gh_fail(err, GH_E_NOMEM, "memory for data in chunks (--limit-memory)");
	}
	return GH_OK;
}

/* Elements to their place, counted in bytes of the array. False with errno. */
static bool put(struct gh_tiles *x, uint64_t to, const uint8_t *p, size_t n)
{
	if (x->mem == NULL)
		return gh_tool_write(*x->fd, x->at + to, (struct gh_span){ p, n });
	memcpy(x->mem + to, p, n);
	return true;
}

/* The part of a tile that lies inside of the array, run by run along the last dimensions. */
static bool scatter(struct gh_tiles *x, const struct gh_tile *t, unsigned unit)
{
	uint64_t low[GH_DIMS_MAX], n[GH_DIMS_MAX], idx[GH_DIMS_MAX] = { 0 }, place = t->place;
	for (unsigned i = t->ndim; i-- > 0;) {
		uint64_t many = across(t, i);
		low[i] = place % many * t->side[i];
		place /= many;
		n[i] = t->dim[i] - low[i] < t->side[i] ? t->dim[i] - low[i] : t->side[i];
	}
	uint64_t run = unit; /* bytes that stand together in both */
	unsigned outer = t->ndim;
	while (outer > 0) {
		outer--;
		run *= n[outer];
		if (n[outer] != t->dim[outer] || n[outer] != t->side[outer])
			break;
	}
	for (;;) {
		uint64_t to = 0, from = 0;
		for (unsigned i = 0; i < t->ndim; i++) {
			to = to * t->dim[i] + low[i] + idx[i];
			from = from * t->side[i] + idx[i];
		}
		if (!put(x, to * unit, t->bytes.p + from * unit, (size_t)run))
			return false;
		unsigned i = outer;
		for (;;) {
			if (i == 0)
				return true;
			i--;
			if (++idx[i] < n[i])
				break;
			idx[i] = 0;
		}
	}
}

/* Is it a tile of the array in hand, the next one, and as long as it must be? */
static bool fits(const struct gh_tiles *x, const struct gh_tile *t, unsigned unit)
{
	uint64_t want = unit;
	for (unsigned i = 0; i < t->ndim; i++)
		if (__builtin_mul_overflow(want, t->side[i], &want))
			return false;
	return t->index == x->next && t->bytes.n == want && t->place < x->tiles &&
	       (t->index == 0 || t->place > x->last);
}

enum gh_rc gh_tiles_take(struct gh_tiles *x, const struct gh_tile *t, unsigned unit, bool *whole, uint64_t *off,
			 struct gh_err *err)
{
	*whole = false;
	if (t->index != 0 && x->given_up)
		return GH_E_UNREAD;
	enum gh_rc rc = t->index == 0 ? begin(x, t, unit, err) : GH_OK;
	x->given_up = false;
	if (rc == GH_OK && t->stored != 0 && !fits(x, t, unit))
		rc = gh_fail(err, GH_E_MALFORMED, "'%s': chunk %llu is of another size, or there twice",
			     gh_safe(t->name).s, (unsigned long long)t->index);
	if (rc == GH_OK && t->stored != 0 && x->bytes != 0 && !scatter(x, t, unit))
		rc = gh_fail_sys(err, errno, "a temporary file for data in chunks ($TMPDIR)");
	if (rc != GH_OK) {
		gh_tiles_end(x);
		x->given_up = true;
		return rc;
	}
	x->last = t->place;
	if (t->stored != 0 && ++x->next < t->stored)
		return GH_OK;
	bool ok = x->mem == NULL || gh_tool_write(*x->fd, x->at, (struct gh_span){ x->mem, (size_t)x->bytes });
	gh_tiles_end(x);
	if (!ok)
		return gh_fail_sys(err, errno, "a temporary file for data in chunks ($TMPDIR)");
	*off = x->at;
	*x->used += x->bytes;
	*whole = true;
	return GH_OK;
}
