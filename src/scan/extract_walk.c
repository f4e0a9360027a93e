/* Walk an archive by the readers of its formats, and hand on the members that are asked for. Runs in the worker; in tests on memory. */
#include "scan/extract_walk.h"

#include "base/buf.h"
#include "scan/identify.h"
#include "scan/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 4096, PATH = 400, TEXT = 300 };

struct extraction {
	const struct gh_extract_walk *w;
	const struct gh_extract_host *host;
	struct gh_spool_budget budget;
	uint64_t end, written; /* of the output: where it ends; bytes of members */
	uint64_t members;
	unsigned n;
	struct gh_err *err;
	enum gh_rc rc; /* of the whole: the output, memory */
};

/* One source being read. */
struct frame {
	struct gh_sink sink; /* first: events come in by it */
	struct extraction *x;
	const struct gh_fmt *fmt;
	struct gh_buf *path; /* of the members above and of this one */
	unsigned depth;
	bool trial; /* only to see whether it is of this format at all */
	bool told;  /* that it cannot be read: one reason is enough */
};

/* ---- saying ------------------------------------------------------------------------------------------------------- */

static void say_left(struct frame *f, enum gh_extract_why why, uint64_t formats, const char *text)
{
	f->x->host->left(f->x->host->arg, why, formats, gh_buf_view(f->path), text);
}

static void unread(struct frame *f, const char *why)
{
	if (!f->told && !f->trial)
		say_left(f, GH_EXTRACT_UNREAD, 0, why);
	f->told = true;
}

/* ---- writing ------------------------------------------------------------------------------------------------------ */

static bool copy(struct frame *f, struct gh_src *src, uint64_t off)
{
	struct extraction *x = f->x;
	for (uint64_t at = 0; at < src->size;) {
		uint64_t left = src->size - at;
		struct gh_span w = gh_src_window(src, at, left < GH_WINDOW_MAX ? (size_t)left : (size_t)GH_WINDOW_MAX);
		if (w.n == 0) {
			unread(f, "its bytes could not be had");
			return false;
		}
		x->rc = x->host->write(x->host->arg, off + at, w, x->err);
		if (x->rc != GH_OK)
			return false;
		at += w.n;
	}
	return true;
}

static void write_member(struct frame *f, struct gh_src *src, uint64_t formats)
{
	struct extraction *x = f->x;
	if (x->n == x->w->count) {
		say_left(f, GH_EXTRACT_TOO_MANY, formats, "");
		return;
	}
	if (src->size > x->w->each || src->size > x->w->bytes - x->written) {
		say_left(f, GH_EXTRACT_TOO_LARGE, formats, "");
		return;
	}
	uint64_t off = (x->end + ALIGN - 1) / ALIGN * ALIGN;
	if (!copy(f, src, off))
		return;
	x->end = off + src->size;
	x->written += src->size;
	x->n++;
	x->host->member(x->host->arg, off, src->size, formats, gh_buf_view(f->path));
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static void on_source(struct frame *up, const struct gh_member *m);

static enum gh_rc on_event(struct gh_sink *s, const struct gh_event *ev)
{
	struct frame *f = (struct frame *)s;
	char text[TEXT];
	if (f->x->rc != GH_OK || f->x->budget.hit != NULL)
		return GH_E_LIMIT;
	if (f->trial)
		return GH_OK;
	if (ev->kind == GH_EV_MEMBER)
		on_source(f, ev->u.member);
	else if (ev->kind == GH_EV_ANOMALY && ev->u.anomaly.rule->effect == GH_INCOMPLETE) {
		(void)snprintf(text, sizeof text, "%s: %s", ev->u.anomaly.rule->title, ev->u.anomaly.text);
		unread(f, text);
	}
	return f->x->rc == GH_OK ? GH_OK : GH_E_LIMIT;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	return gh_spool_new(&((struct frame *)s)->x->budget, packed);
}

static void no_sweep(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off)
{
	(void)arg, (void)sp, (void)block, (void)off;
}

static const struct gh_sink_ops ops = { .event = on_event,
					.spool_open = spool_open,
					.spool_put = gh_spool_put,
					.spool_src = gh_spool_src,
					.spool_close = gh_spool_free };

static enum gh_rc walk(struct frame *f, struct gh_src *src, const struct gh_fmt *fmt, bool weak, struct gh_err *err)
{
	struct gh_arena arena = { .max = f->x->w->lim->arena };
	struct gh_walk w = { .src = src,
			     .arena = &arena,
			     .sink = &f->sink,
			     .lim = f->x->w->lim,
			     .name = gh_buf_view(f->path),
			     .weak = weak,
			     .err = err };
	f->fmt = fmt;
	enum gh_rc rc = fmt->walk(&w);
	gh_arena_free(&arena);
	return rc;
}

/* What was probed with doubt, and what refines a more general format, is read once in silence: the reader says whether it is its
 * format after all. */
static bool is_it(struct frame *f, struct gh_src *src, const struct gh_fmt *fmt, enum gh_match match)
{
	struct frame trial = { .sink.ops = &ops, .x = f->x, .path = f->path, .depth = f->depth, .trial = true };
	struct gh_err err = { 0 };
	if (fmt->walk == NULL || match == GH_TEXT)
		return false;
	if (match != GH_WEAK && fmt->over == NULL)
		return true;
	return walk(&trial, src, fmt, match == GH_WEAK, &err) != GH_E_NOTTHIS;
}

/* The formats of the job that the bytes are of; *open: the container among them to be looked into. */
static uint64_t formats_of(struct frame *f, struct gh_src *src, const struct gh_ident *id, unsigned *uses,
			   const struct gh_fmt **open)
{
	const struct extraction *x = f->x;
	uint64_t set = 0;
	*uses = 0;
	*open = NULL;
	for (size_t i = 0; i < id->n; i++)
		for (size_t k = 0; k < x->w->nname; k++) {
			const struct gh_fmt *fmt = id->v[i].fmt;
			if (strcmp(fmt->name, x->w->name[k].format) != 0 || !is_it(f, src, fmt, id->v[i].match))
				continue;
			set |= UINT64_C(1) << k;
			*uses |= x->w->name[k].use;
			if ((x->w->name[k].use & GH_EXTRACT_OPEN) != 0 && *open == NULL)
				*open = fmt;
		}
	return set;
}

static void look_into(struct frame *f, struct gh_src *src, const struct gh_fmt *fmt)
{
	struct gh_err err = { 0 };
	char why[GH_ERR_TEXT];
	if (f->depth >= GH_EXTRACT_DEPTH) {
		unread(f, "containers within containers, too deep");
		return;
	}
	enum gh_rc rc = walk(f, src, fmt, false, &err);
	if (f->x->rc != GH_OK)
		return;
	if (f->x->budget.hit != NULL)
		unread(f, f->x->budget.hit);
	else if (rc != GH_OK && rc != GH_E_NOTTHIS)
		unread(f, gh_err_line(&err, why, sizeof why));
}

static void take(struct frame *f, struct gh_src *src, bool top)
{
	struct gh_arena arena = { .max = f->x->w->lim->arena };
	struct gh_ident id = { 0 };
	const struct gh_fmt *open = NULL;
	unsigned uses = 0;
	enum gh_rc rc = src->size == 0 ? GH_OK : gh_identify(src, &arena, &id);
	gh_arena_free(&arena);
	if (rc != GH_OK) {
		unread(f, "its bytes could not be had");
		return;
	}
	uint64_t formats = formats_of(f, src, &id, &uses, &open);
	if (!top && (uses & GH_EXTRACT_WRITE) != 0) {
		write_member(f, src, formats);
		return;
	}
	if (!top && (uses & GH_EXTRACT_MISSED) != 0)
		say_left(f, GH_EXTRACT_NO_LOADER, formats, "");
	if (!top && (uses & GH_EXTRACT_INERT) != 0)
		f->x->host->inert(f->x->host->arg);
	else if (open != NULL)
		look_into(f, src, open);
}

static void on_source(struct frame *up, const struct gh_member *m)
{
	struct extraction *x = up->x;
	if (m->raw || m->how == GH_MEMBER_NESTED)
		return;
	if (x->members++ >= x->w->lim->members) {
		unread(up, "number of members");
		return;
	}
	struct frame *f = calloc(1, sizeof *f);
	gh_auto_buf path = gh_buf(4 * PATH);
	if (f == NULL) {
		x->rc = gh_fail(x->err, GH_E_NOMEM, "memory for a member");
		return;
	}
	gh_buf_span(&path, gh_buf_view(up->path));
	if (m->how != GH_MEMBER_STREAM && m->name.n != 0) {
		if (path.n != 0)
			gh_buf_str(&path, " > ");
		gh_buf_span(&path, gh_span_cut(m->name, 0, PATH));
	}
	*f = (struct frame){ .sink.ops = &ops, .x = x, .path = &path, .depth = up->depth + 1 };
	take(f, m->src, false);
	free(f);
}

enum gh_rc gh_extract_walk(struct gh_src *src, const struct gh_extract_walk *w, const struct gh_extract_host *host,
			   struct gh_err *err)
{
	struct extraction x = { .w = w, .host = host, .err = err };
	gh_auto_buf path = gh_buf(16);
	x.budget = (struct gh_spool_budget){ .expanded_left = w->lim->expanded,
					     .ratio = w->lim->ratio,
					     .spill = host->spill,
					     .arg = host->arg,
					     .sweep = no_sweep };
	struct frame f = { .sink.ops = &ops, .x = &x, .path = &path };
	take(&f, src, true);
	if (x.rc == GH_OK && src->fail != GH_OK)
		return gh_fail(err, GH_E_IO, "the archive cannot be read to its end");
	return x.rc;
}
