#include "scan/spool.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct gh_spool *gh_spool_new(struct gh_spool_budget *b, uint64_t packed)
{
	struct gh_spool *sp = calloc(1, sizeof *sp);
	if (sp != NULL)
		*sp = (struct gh_spool){ .budget = b, .packed = packed, .fd = -1 };
	return sp;
}

static bool put_all(int fd, const uint8_t *p, size_t n, uint64_t off)
{
	while (n != 0) {
		ssize_t r = pwrite(fd, p, n, (off_t)off);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			return false;
		p += r;
		off += (uint64_t)r;
		n -= (size_t)r;
	}
	return true;
}

/* The stage holds `carry` bytes that were swept already, then new ones. */
static bool flush(struct gh_spool *sp)
{
	size_t carry = sp->written < GH_SWEEP_OVERLAP ? (size_t)sp->written : GH_SWEEP_OVERLAP;
	size_t fresh = sp->n - carry;
	sp->budget->sweep(sp->budget->arg, sp, (struct gh_span){ sp->mem, sp->n }, sp->written - carry);
	if (!put_all(sp->fd, sp->mem + carry, fresh, sp->written))
		return false;
	sp->written += fresh;
	size_t keep = sp->written < GH_SWEEP_OVERLAP ? (size_t)sp->written : GH_SWEEP_OVERLAP;
	memmove(sp->mem, sp->mem + sp->n - keep, keep);
	sp->n = keep;
	return true;
}

/* From memory to file: everything so far is written out, the buffer becomes the stage. */
static bool to_file(struct gh_spool *sp)
{
	sp->fd = sp->budget->spill(sp->budget->arg);
	return sp->fd >= 0 && flush(sp);
}

static bool grow(struct gh_spool *sp, size_t need)
{
	if (need <= sp->cap)
		return true;
	size_t cap = sp->cap == 0 ? 8192 : sp->cap;
	while (cap < need)
		cap *= 2;
	uint8_t *p = realloc(sp->mem, cap);
	if (p == NULL)
		return false;
	sp->mem = p;
	sp->cap = cap;
	return true;
}

static enum gh_rc out_of(struct gh_spool *sp, const char *what)
{
	sp->failed = true;
	if (sp->budget->hit == NULL)
		sp->budget->hit = what;
	return GH_E_LIMIT;
}

enum gh_rc gh_spool_put(struct gh_spool *sp, struct gh_span s)
{
	struct gh_spool_budget *b = sp->budget;
	if (sp->failed)
		return GH_E_LIMIT;
	if (s.n > b->expanded_left)
		return out_of(sp, "expanded bytes of all members together (--limit-expanded)");
	b->expanded_left -= s.n;
	b->expanded += s.n;
	sp->size += s.n;
	if (sp->size > 1 << 20 && sp->size / (sp->packed == 0 ? 1 : sp->packed) > b->ratio)
		return out_of(sp, "expansion ratio (--limit-ratio)");
	while (s.n != 0) {
		size_t cap = sp->fd < 0 ? GH_SPOOL_MEMORY : GH_SPOOL_STAGE + GH_SWEEP_OVERLAP;
		size_t n = sp->n >= cap ? 0 : cap - sp->n < s.n ? cap - sp->n : s.n;
		if (n == 0) {
			if (sp->fd < 0 ? !to_file(sp) : !flush(sp))
				return out_of(sp, "space for temporary files ($TMPDIR)");
			continue;
		}
		if (!grow(sp, sp->n + n))
			return out_of(sp, "memory (--limit-memory)");
		memcpy(sp->mem + sp->n, s.p, n);
		sp->n += n;
		s = gh_span_cut(s, n, s.n);
	}
	return GH_OK;
}

static struct gh_span memory_window(struct gh_src *s, uint64_t off, size_t len)
{
	struct gh_spool *sp = (struct gh_spool *)((char *)s - offsetof(struct gh_spool, src));
	return gh_span_cut((struct gh_span){ sp->mem, sp->n }, off, len);
}

static struct gh_span file_peek(struct gh_src *s, uint64_t off, size_t len)
{
	struct gh_spool *sp = (struct gh_spool *)((char *)s - offsetof(struct gh_spool, src));
	if (off < sp->win_off || off - sp->win_off > sp->win_n || len > sp->win_n - (off - sp->win_off))
		return (struct gh_span){ 0 };
	return (struct gh_span){ sp->win + (off - sp->win_off), len };
}

static struct gh_span file_window(struct gh_src *s, uint64_t off, size_t len)
{
	struct gh_spool *sp = (struct gh_spool *)((char *)s - offsetof(struct gh_spool, src));
	struct gh_span hit = file_peek(s, off, len);
	if (hit.p != NULL)
		return hit;
	size_t n = len < GH_CUR_WINDOW ? GH_CUR_WINDOW : len, got = 0;
	if (n > sp->size - off)
		n = (size_t)(sp->size - off);
	sp->epoch++;
	sp->win_off = off;
	sp->win_n = 0;
	while (got < n) {
		ssize_t r = pread(sp->fd, sp->win + got, n - got, (off_t)(off + got));
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0) {
			s->fail = GH_E_IO;
			return (struct gh_span){ 0 };
		}
		got += (size_t)r;
	}
	sp->win_n = n;
	return (struct gh_span){ sp->win, len };
}

struct gh_src *gh_spool_src(struct gh_spool *sp)
{
	if (sp->fd < 0) {
		uint64_t have = sp->n; /* a member that ran into a limit holds less than its size */
		if (!sp->swept)
			sp->budget->sweep(sp->budget->arg, sp, (struct gh_span){ sp->mem, sp->n }, 0);
		sp->src = (struct gh_src){ .size = have,
					   .window = memory_window,
					   .peek = memory_window,
					   .epoch = &sp->epoch,
					   .stable = true };
	} else {
		bool ok = sp->win != NULL || (sp->win = malloc(GH_WINDOW_MAX)) != NULL;
		ok = ok && flush(sp);
		sp->src = (struct gh_src){ .size = sp->written,
					   .window = file_window,
					   .peek = file_peek,
					   .epoch = &sp->epoch,
					   .fail = ok ? GH_OK : GH_E_NOMEM };
		sp->size = sp->written;
	}
	sp->swept = true;
	return &sp->src;
}

void gh_spool_free(struct gh_spool *sp)
{
	if (sp == NULL)
		return;
	if (sp->fd >= 0)
		(void)close(sp->fd);
	free(sp->mem);
	free(sp->win);
	free(sp);
}
