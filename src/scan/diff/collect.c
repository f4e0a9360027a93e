#include "scan/diff/collect.h"

#include "scan/identify.h"
#include "scan/spool.h"
#include "scan/tiles.h"
#include "scan/tool_side.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* One source being read. */
struct frame {
	struct gh_sink sink; /* first: events come in by it */
	struct gh_diff_model *m;
	struct gh_spool_budget *budget;
	struct gh_src *root;
	struct gh_tiles *tiles;
	struct gh_span name; /* of the file or member */
	const struct gh_fmt *fmt;
	uint32_t file;
	unsigned depth;
	size_t tensors; /* given by this frame and those below */
	bool said;	/* trouble was reported: one reason is enough */
	struct gh_err *err;
	enum gh_rc full; /* the side as a whole is too large */
};

static void read_source(struct frame *f, struct gh_src *src);

static void trouble(struct frame *f, const char *why)
{
	if (!f->said)
		f->m->trouble(f->m->arg, f->file, why);
	f->said = true;
}

/* ---- tensors -------------------------------------------------------------------------------------------------- */

/* Bytes that lie in no input as they are: keep a copy. */
static enum gh_rc copy_out(struct frame *f, struct gh_src *src, struct gh_range at, uint64_t *off)
{
	struct gh_diff_model *m = f->m;
	if (m->spool < 0)
		m->spool = m->spill(m->arg);
	if (m->spool < 0)
		return gh_fail_sys(f->err, errno, "a temporary file for compressed weights ($TMPDIR)");
	*off = m->spooled;
	for (uint64_t done = 0; done < at.len;) {
		size_t n = at.len - done < GH_WINDOW_MAX ? (size_t)(at.len - done) : (size_t)GH_WINDOW_MAX;
		struct gh_span w = gh_src_window(src, at.off + done, n);
		if (w.n == 0)
			return gh_fail(f->err, GH_E_IO, "a temporary file could not be read back");
		if (!gh_tool_write(m->spool, m->spooled, w))
			return gh_fail_sys(f->err, errno, "a temporary file for compressed weights ($TMPDIR)");
		m->spooled += w.n;
		done += w.n;
	}
	return GH_OK;
}

static void set_shape(struct gh_diff_tensor *t, const struct gh_tensor *ev)
{
	uint64_t all = 1;
	for (unsigned i = 0; i < ev->ndim; i++)
		all *= ev->dim[i]; /* fits: the contract of the event */
	t->elements = all;
	t->ndim = ev->ndim < GH_DIFF_DIMS ? ev->ndim : GH_DIFF_DIMS;
	for (unsigned i = 0; i < t->ndim; i++) {
		unsigned from = t->gguf ? ev->ndim - 1 - i : i;
		t->dim[i] = ev->dim[from];
	}
	if (ev->ndim > GH_DIFF_DIMS) { /* no framework has such: only the number of elements counts */
		t->ndim = 1;
		t->dim[0] = all;
	}
}

static struct gh_span name_of(const struct frame *f, const struct gh_tensor *ev)
{
	struct gh_span s = ev->name.n != 0 ? ev->name : f->name;
	if (gh_span_ends(s, ".npy"))
		s.n -= strlen(".npy");
	return s;
}

/* ev->src == NULL: its bytes lie in the temporary file. */
static enum gh_rc on_tensor(struct frame *f, const struct gh_tensor *ev, struct gh_range at)
{
	struct gh_diff_model *m = f->m;
	if (m->n >= GH_DIFF_TENSORS)
		return gh_fail(f->err, GH_E_LIMIT, "more than %d tensors", GH_DIFF_TENSORS);
	struct gh_diff_tensor *v = gh_grow(m->arena, m->v, &m->cap, m->n + 1, sizeof *v);
	if (v == NULL)
		return gh_fail(f->err, GH_E_NOMEM, "memory for the list of tensors (--limit-memory)");
	m->v = v;
	struct gh_diff_tensor *t = &v[m->n];
	*t = (struct gh_diff_tensor){ .dtype = ev->dtype,
				      .file = f->file,
				      .off = at.off,
				      .len = at.len,
				      .big_endian = ev->big_endian,
				      .gguf = strcmp(f->fmt->name, "gguf") == 0 };
	t->name = gh_keep(m->arena, name_of(f, ev));
	if (t->name.p == NULL)
		return gh_fail(f->err, GH_E_NOMEM, "memory for the list of tensors (--limit-memory)");
	set_shape(t, ev);
	uint64_t base = 0;
	if (ev->src == NULL)
		t->file = GH_DIFF_SPOOLED;
	else if (at.len != 0 && gh_src_within(ev->src, f->root, &base))
		t->off = base + at.off;
	else if (at.len != 0) {
		GH_TRY(copy_out(f, ev->src, at, &t->off), f->err, "tensor \"%s\"", gh_safe(t->name).s);
		t->file = GH_DIFF_SPOOLED;
	}
	gh_diff_name(t->name, &t->is);
	m->n++;
	f->tensors++;
	return GH_OK;
}

/* Data in tiles are put together in the temporary file. An array that cannot be is not known; the others are. */
static enum gh_rc on_tile(struct gh_sink *s, const struct gh_tile *t)
{
	struct frame *f = (struct frame *)s;
	const struct gh_dtype *type = gh_dtype_safetensors(gh_span_str(t->dtype));
	bool whole = false;
	uint64_t off = 0;
	struct gh_err err = { 0 };
	char why[GH_ERR_TEXT];
	if (type == NULL)
		return GH_OK; /* no numbers */
	enum gh_rc rc = gh_tiles_take(f->tiles, t, type->bytes, &whole, &off, &err);
	if (rc != GH_OK) {
		trouble(f, gh_err_line(&err, why, sizeof why));
		return rc == GH_E_UNREAD ? GH_OK : rc;
	}
	if (!whole)
		return GH_OK;
	const struct gh_tensor ev = {
		.name = t->name, .dtype = type->name, .ndim = t->ndim, .dim = t->dim, .big_endian = t->big_endian
	};
	f->full = on_tensor(f, &ev, (struct gh_range){ off, f->tiles->bytes });
	return f->full;
}

/* ---- members -------------------------------------------------------------------------------------------------- */

static enum gh_rc on_member(struct frame *f, const struct gh_member *mem)
{
	if (mem->raw || mem->how == GH_MEMBER_HIDDEN || mem->how == GH_MEMBER_NESTED || f->depth >= GH_DIFF_DEPTH)
		return GH_OK;
	if (f->m->members++ >= f->m->lim->members) {
		f->full = gh_fail(f->err, GH_E_LIMIT, "number of members (--limit-members)");
		return f->full;
	}
	struct frame *in = calloc(1, sizeof *in);
	if (in == NULL)
		return gh_fail(f->err, GH_E_NOMEM, "memory (--limit-memory)");
	*in = *f;
	in->name = mem->name;
	in->depth++;
	in->tensors = 0;
	read_source(in, mem->src);
	f->tensors += in->tensors;
	f->said = in->said;
	f->full = in->full;
	free(in);
	return f->full;
}

static enum gh_rc on_event(struct gh_sink *s, const struct gh_event *ev)
{
	struct frame *f = (struct frame *)s;
	char text[300];
	switch (ev->kind) {
	case GH_EV_TENSOR: f->full = on_tensor(f, ev->u.tensor, ev->at); return f->full;
	case GH_EV_MEMBER: return on_member(f, ev->u.member);
	case GH_EV_REFERENCE:
		if (ev->u.reference->kind == GH_REF_SHARD || ev->u.reference->kind == GH_REF_DATA)
			f->m->shard(f->m->arg, f->file, ev->u.reference->target);
		return GH_OK;
	case GH_EV_ANOMALY:
		if (ev->u.anomaly.rule->effect != GH_UNSAFE && ev->u.anomaly.rule->effect != GH_INCOMPLETE)
			return GH_OK;
		/* A setting that is dangerous was read all the same: fields.h compares it with BASE's. */
		if (ev->u.anomaly.rule->effect == GH_UNSAFE && strcmp(f->fmt->name, "json") == 0)
			return GH_OK;
		(void)snprintf(text, sizeof text, "%s: %s: %s", f->fmt->name, ev->u.anomaly.rule->title,
			       ev->u.anomaly.text);
		trouble(f, text);
		return GH_OK;
	default: return GH_OK;
	}
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	return gh_spool_new(((struct frame *)s)->budget, packed);
}
static void spool_close(struct gh_spool *sp) { gh_spool_free(sp); }
static const struct gh_fmt *handed(struct gh_sink *s, const struct gh_fmt *fmt)
{
	struct frame *f = (struct frame *)s;
	const struct gh_fmt *was = f->fmt;
	f->fmt = fmt;
	return was;
}
static void no_sweep(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off)
{
	(void)arg, (void)sp, (void)block, (void)off;
}

static const struct gh_sink_ops ops = { .event = on_event,
					.spool_open = spool_open,
					.spool_put = gh_spool_put,
					.spool_src = gh_spool_src,
					.spool_close = spool_close,
					.handed = handed,
					.tile = on_tile };

/* ---- reading -------------------------------------------------------------------------------------------------- */

static void note_format(struct frame *f)
{
	char *list = f->m->formats;
	const char *name = f->fmt->name;
	size_t n = strlen(list), k = strlen(name);
	for (const char *at = list; (at = strstr(at, name)) != NULL; at += k)
		if ((at == list || at[-1] == '+') && (at[k] == '\0' || at[k] == '+'))
			return;
	if (n + k + 2 < sizeof f->m->formats)
		(void)snprintf(list + n, sizeof f->m->formats - n, "%s%s", n != 0 ? "+" : "", name);
}

/* True: the bytes are of this format, whatever came of it. */
static bool read_as(struct frame *f, struct gh_src *src, const struct gh_fmt *fmt, bool weak)
{
	struct gh_arena arena = { .max = f->m->lim->arena };
	struct gh_err err = { 0 };
	struct gh_walk w = { .src = src,
			     .arena = &arena,
			     .sink = &f->sink,
			     .lim = f->m->lim,
			     .name = f->name,
			     .weak = weak,
			     .err = &err };
	size_t before = f->m->n;
	f->fmt = fmt;
	enum gh_rc rc = fmt->walk(&w);
	gh_arena_free(&arena);
	if (rc == GH_E_NOTTHIS && f->m->n == before)
		return false;
	if (f->m->n != before)
		note_format(f);
	if (rc != GH_OK && f->full == GH_OK) {
		char text[500], why[400];
		(void)snprintf(text, sizeof text, "%s: %s", fmt->name, gh_err_line(&err, why, sizeof why));
		trouble(f, text);
	}
	return true;
}

static void read_source(struct frame *f, struct gh_src *src)
{
	struct gh_arena arena = { .max = f->m->lim->arena };
	struct gh_ident id = { 0 };
	enum gh_rc rc = src->size == 0 ? GH_OK : gh_identify(src, &arena, &id);
	gh_arena_free(&arena);
	if (rc != GH_OK) {
		trouble(f, "it could not be read");
		return;
	}
	for (size_t i = 0; i < id.n; i++) {
		/* Text holds no weights, and is compared as text; but an index names the files that do. */
		bool text = id.v[i].match == GH_TEXT && !gh_span_ends(f->name, ".index.json");
		if (text || id.v[i].fmt->walk == NULL)
			continue;
		if (read_as(f, src, id.v[i].fmt, id.v[i].match == GH_WEAK))
			return;
	}
}

enum gh_rc gh_diff_collect(struct gh_diff_model *m, uint32_t file, struct gh_src *src, struct gh_span name,
			   struct gh_err *err)
{
	static const char *const weights[] = { ".safetensors", ".gguf", ".bin",	  ".pt",  ".pth",  ".npz",
					       ".h5",	       ".onnx", ".keras", ".npy", ".ckpt", ".tflite" };
	struct gh_spool_budget budget = { .expanded_left = m->lim->expanded - m->expanded,
					  .ratio = m->lim->ratio,
					  .spill = m->spill,
					  .arg = m->arg,
					  .sweep = no_sweep };
	struct gh_tiles tiles = {
		.spill = m->spill, .arg = m->arg, .fd = &m->spool, .used = &m->spooled, .most = m->lim->expanded
	};
	struct frame *f = calloc(1, sizeof *f);
	if (f == NULL)
		return gh_fail(err, GH_E_NOMEM, "memory (--limit-memory)");
	*f = (struct frame){ .sink.ops = &ops,
			     .m = m,
			     .budget = &budget,
			     .root = src,
			     .tiles = &tiles,
			     .name = name,
			     .file = file,
			     .err = err };
	read_source(f, src);
	gh_tiles_end(&tiles);
	m->expanded += budget.expanded;
	if (budget.hit != NULL)
		trouble(f, budget.hit);
	if (src->fail != GH_OK)
		trouble(f, "it could not be read to its end");
	for (size_t i = 0; i < sizeof weights / sizeof weights[0] && f->tensors == 0; i++)
		if (gh_span_ends(name, weights[i]) && !gh_span_ends(name, "training_args.bin"))
			trouble(f, src->size == 0 ? "it is empty" : "it holds no weights that could be read");
	enum gh_rc rc = f->full;
	free(f);
	return rc;
}
