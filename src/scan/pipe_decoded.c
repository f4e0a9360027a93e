#include "scan/pipe_decoded.h"

#include "check/malware.h"
#include "scan/pipe_int.h"

#include <stdlib.h>

enum {
	AROUND = 64, /* a range may hold so much besides the text itself: quotes, a key */
	FIRST = 4096,
};

/* ---- collecting --------------------------------------------------------------------------------------------------- */

static void lose(struct gh_frame *f, const char *why)
{
	struct gh_decoded *d = &f->p->decoded;
	enum gh_stage was = f->scene.stage;
	if (d->told)
		return;
	d->told = true;
	f->scene.stage = GH_STAGE_MALWARE;
	gh_not_looked(&f->scene, why);
	gh_find(&f->scene, gh_malware_unlooked_rule, (struct gh_range){ 0, f->src->size }, "%s", why);
	f->scene.stage = was;
}

static bool grow(void **v, size_t *cap, size_t need, size_t row, size_t first)
{
	size_t n = *cap == 0 ? first : *cap;
	while (n < need)
		n *= 2; /* need is bounded by GH_DECODED_ROOM and a window */
	void *q = n == *cap ? *v : realloc(*v, n * row);
	if (q == NULL)
		return false;
	*v = q;
	*cap = n;
	return true;
}

/* Do these bytes stand in the source as they are? Then the patterns have seen them. */
static bool stands_there(struct gh_src *src, struct gh_range at, struct gh_span text)
{
	if (at.len < text.n || at.len > text.n + AROUND || at.off > src->size || at.len > src->size - at.off)
		return false;
	struct gh_span raw = gh_src_peek(src, at.off, (size_t)at.len);
	return raw.n == at.len && memmem(raw.p, raw.n, text.p, text.n) != NULL;
}

/* Documentation by its role, in a file that is something else. Of a text the name decides: every text has that role. */
static bool described(const struct gh_frame *f, const char *role)
{
	return role != NULL && strcmp(role, "documentation") == 0 && strcmp(f->scene.format, "text") != 0;
}

static void collect(struct gh_frame *f, struct gh_span text, struct gh_range from, const char *role)
{
	struct gh_decoded *d = &f->p->decoded;
	if (f->first_text < d->npiece && d->n - d->piece[f->first_text].at + text.n + 1 > GH_DECODED_ROOM)
		gh_decoded_close(f);
	if (d->total + text.n > GH_DECODED_MAX) {
		lose(f, "more than 256 MiB of decoded text");
		return;
	}
	void *p = d->p, *piece = d->piece;
	bool fits = grow(&p, &d->cap, d->n + text.n + 1, 1, FIRST);
	d->p = p;
	fits = fits && grow(&piece, &d->cpiece, d->npiece + 1, sizeof *d->piece, FIRST / sizeof *d->piece);
	d->piece = piece;
	if (!fits) {
		lose(f, "memory for decoded text (--limit-memory)");
		return;
	}
	d->piece[d->npiece++] = (struct gh_decoded_piece){
		.at = d->n, .from = from, .code = role == NULL, .prose = described(f, role)
	};
	memcpy(d->p + d->n, text.p, text.n);
	d->n += text.n;
	d->p[d->n++] = '\n';
	d->total += text.n;
}

/* Code that the bytes of the source, or of what holds it, do not show. */
static void take_code(struct gh_frame *f, struct gh_src *src, struct gh_range from)
{
	uint64_t off;
	for (const struct gh_frame *t = f; t != NULL; t = t->up)
		if (gh_src_within(src, t->src, &off))
			return;
	for (uint64_t at = 0; at < src->size;) {
		uint64_t left = src->size - at;
		struct gh_span w = gh_src_window(src, at,
						 left < GH_DECODED_ROOM / 2 ? (size_t)left : GH_DECODED_ROOM / 2);
		if (w.n == 0)
			return; /* whoever reads the code says why it could not be read */
		collect(f, w, from, NULL);
		at += w.n;
	}
}

void gh_decoded_take(struct gh_frame *f, const struct gh_event *ev)
{
	if (f->p->host->yara == NULL || f->bytes == NULL)
		return;
	if (ev->kind == GH_EV_CODE)
		take_code(f, ev->u.code->src, ev->at);
	else if (ev->u.text->text.n != 0 && !stands_there(f->src, ev->at, ev->u.text->text))
		collect(f, ev->u.text->text, ev->at, ev->u.text->role == NULL ? "" : ev->u.text->role);
}

/* ---- searching ---------------------------------------------------------------------------------------------------- */

struct found {
	struct gh_frame *f;
	size_t first; /* byte of the collection that is the first of these texts */
};

static void on_hit(void *arg, const struct gh_yara_hit *h)
{
	const struct found *w = arg;
	const struct gh_decoded *d = &w->f->p->decoded;
	const struct gh_scene *s = &w->f->scene;
	struct gh_decoded_piece piece = { .from = { 0, w->f->src->size } };
	for (size_t i = w->f->first_text; h->len != 0 && i < d->npiece && d->piece[i].at <= w->first + h->off; i++)
		piece = d->piece[i];
	struct gh_span text = { d->p + w->first, d->n - w->first };
	enum gh_prose prose = piece.code    ? GH_PROSE_NO
			      : piece.prose ? gh_prose_quoted(h->kind, text, (size_t)h->off)
					    : gh_prose_at(s->format, s->name, h->kind, text, (size_t)h->off);
	gh_malware_hit(w->f, h, piece.from, "in decoded text: ", prose);
}

void gh_decoded_open(struct gh_frame *sf) { sf->first_text = sf->p->decoded.npiece; }

void gh_decoded_forget(struct gh_frame *f, size_t pieces)
{
	struct gh_decoded *d = &f->p->decoded;
	if (pieces >= d->npiece)
		return;
	d->n = d->piece[pieces].at;
	d->npiece = pieces;
}

void gh_decoded_close(struct gh_frame *sf)
{
	struct gh_decoded *d = &sf->p->decoded;
	struct gh_yara *y = sf->p->host->yara;
	if (y == NULL || sf->first_text >= d->npiece)
		return;
	struct found w = { sf, d->piece[sf->first_text].at };
	struct gh_span all = { d->p + w.first, d->n - w.first };
	gh_yara_begin(y, GH_YARA_HERE, all.n, sf->scene.name);
	gh_yara_put(y, GH_YARA_HERE, all, 0, true);
	const char *why = gh_yara_end(y, GH_YARA_HERE, on_hit, &w);
	sf->bytes->looked += all.n;
	if (why != NULL)
		lose(sf, why);
	gh_decoded_forget(sf, sf->first_text);
}

void gh_decoded_free(struct gh_decoded *d)
{
	free(d->p);
	free(d->piece);
	*d = (struct gh_decoded){ 0 };
}
