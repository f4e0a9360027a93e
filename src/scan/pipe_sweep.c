#include "scan/pipe_int.h"
#include "wire/program.h"

#include <stdio.h>

enum { HITS_MAX = 64, PLACES_MAX = 1 << 18 };

void gh_pipe_place(struct gh_pipe *p, struct gh_places *l, uint64_t off, uint64_t len)
{
	bool full = l->n != 0 && l->n == l->cap && l->cap >= PLACES_MAX;
	struct gh_range *v = full ? NULL : gh_grow(&p->arena, l->v, &l->cap, l->n + 1, sizeof *v);
	if (v == NULL) {
		p->lost = true;
		return;
	}
	l->v = v;
	l->v[l->n++] = (struct gh_range){ off, len };
}

/* ---- padding ------------------------------------------------------------------------------------------------- */

size_t gh_pipe_nonzero(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] != 0)
			return i;
	return SIZE_MAX;
}

static void bad_padding(struct gh_frame *f, uint64_t off, uint64_t len, size_t at)
{
	char text[96];
	(void)snprintf(text, sizeof text, "%llu bytes of padding; byte %llu is not zero", (unsigned long long)len,
		       (unsigned long long)(off + at));
	gh_pipe_find(f, GH_S_PADDING, (struct gh_range){ off, len }, text);
}

/* Zeros can be looked at now, when they flow by, or afterwards: a window now could pull a span from under the reader
 * that is claiming. */
void gh_pipe_check_padding(struct gh_frame *f, uint64_t off, uint64_t len)
{
	struct gh_pipe *p = f->p;
	struct gh_span w = len <= GH_WINDOW_MAX ? gh_src_peek(f->src, off, (size_t)len) : (struct gh_span){ 0 };
	if (w.n == len) {
		size_t i = gh_pipe_nonzero(w);
		if (i != SIZE_MAX)
			bad_padding(f, off, len, i);
	} else if (f->up == p->root && off >= p->swept && (p->pads.n == 0 || off >= p->pads.v[p->pads.n - 1].off))
		gh_pipe_place(p, &p->pads, off, len);
	else
		gh_pipe_place(p, &f->late, off, len);
}

void gh_pipe_late_padding(struct gh_frame *f)
{
	for (size_t i = 0; i < f->late.n; i++) {
		struct gh_range r = f->late.v[i];
		for (uint64_t done = 0; done < r.len;) {
			struct gh_span w = gh_src_window(f->src, r.off + done,
							 GH_WINDOW_MAX < r.len - done ? (size_t)GH_WINDOW_MAX
										      : (size_t)(r.len - done));
			if (w.n == 0)
				break;
			size_t bad = gh_pipe_nonzero(w);
			if (bad != SIZE_MAX) {
				bad_padding(f, r.off, r.len, (size_t)done + bad);
				break;
			}
			done += w.n;
		}
	}
}

static void swept_padding(struct gh_pipe *p, struct gh_span block, uint64_t off, uint64_t fresh)
{
	uint64_t end = off + block.n;
	while (p->pad_next < p->pads.n && p->root != NULL) {
		struct gh_range r = p->pads.v[p->pad_next];
		uint64_t from = r.off > fresh ? r.off : fresh, to = r.off + r.len < end ? r.off + r.len : end;
		if (from < to) {
			size_t bad = gh_pipe_nonzero(gh_span_cut(block, from - off, to - from));
			if (bad != SIZE_MAX) {
				bad_padding(p->root, r.off, r.len, (size_t)(from - r.off) + bad);
				p->pad_next++;
				continue;
			}
		}
		if (r.off + r.len > end)
			return; /* goes on in the next block */
		p->pad_next++;
	}
}

/* ---- embedded programs --------------------------------------------------------------------------------------- */

void gh_pipe_swept(struct gh_pipe *p, struct gh_span block, uint64_t off, uint64_t fresh)
{
	struct gh_program found[HITS_MAX];
	size_t n = gh_program_find(block, found, HITS_MAX);
	for (size_t i = 0; i < n; i++) {
		if (p->hit.n != 0 && p->hit.v[p->hit.n - 1].off >= off + found[i].at)
			continue; /* the overlap shows places near the end of a block a second time */
		if (p->hit.n == HITS_MAX)
			p->lost = true;
		else
			gh_pipe_place(p, &p->hit, off + found[i].at, 1);
	}
	swept_padding(p, block, off, fresh);
	gh_pipe_show_flow(p, gh_span_cut(block, fresh - off, block.n), fresh);
	p->swept = off + block.n;
}

/* A source that lies in memory as a whole does not flow by: show it all the same. */
void gh_pipe_sweep_stable(struct gh_pipe *p, struct gh_src *src)
{
	for (uint64_t off = 0; off < src->size;) {
		uint64_t from = off < GH_SWEEP_OVERLAP ? 0 : off - GH_SWEEP_OVERLAP;
		struct gh_span w = gh_src_window(src, from, GH_WINDOW_MAX);
		if (w.n <= off - from)
			break;
		gh_pipe_swept(p, w, from, off);
		off = from + w.n;
	}
}

void gh_pipe_sweep_spool(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off)
{
	(void)arg;
	enum { MAX = sizeof sp->program / sizeof sp->program[0] };
	struct gh_program found[MAX];
	size_t n = gh_program_find(block, found, MAX);
	for (size_t i = 0; i < n && sp->nprogram < MAX; i++)
		if (sp->nprogram == 0 || sp->program[sp->nprogram - 1] < off + found[i].at)
			sp->program[sp->nprogram++] = off + found[i].at;
}

static void embedded(struct gh_frame *f, uint64_t off)
{
	char text[96];
	(void)snprintf(text, sizeof text, "a complete ELF, PE or Mach-O header stands at byte %llu",
		       (unsigned long long)off);
	gh_pipe_find(f, GH_S_EMBEDDED, (struct gh_range){ off, 1 }, text);
}

/* A program that is a member (or the file) of its own was identified there; any other is hidden in somebody's data. */
void gh_pipe_report_hits(struct gh_frame *root)
{
	struct gh_pipe *p = root->p;
	for (size_t i = 0; i < p->hit.n; i++) {
		bool own = false;
		for (size_t k = 0; k < p->known.n && !own; k++)
			own = p->hit.v[i].off >= p->known.v[k].off &&
			      p->hit.v[i].off < p->known.v[k].off + p->known.v[k].len;
		if (!own)
			embedded(root, p->hit.v[i].off);
	}
}

void gh_pipe_report_spool_hits(struct gh_frame *f)
{
	for (struct gh_spool *sp = f->p->spools; sp != NULL; sp = sp->next)
		if (&sp->src == f->src)
			for (unsigned i = 0; i < sp->nprogram; i++)
				embedded(f, sp->program[i]);
}
