#include "format/fb_read.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAY = 16, GAP_MAX = 64 << 10, TEXTS = 4096, DIMS = 16, WORD = 16 };

#define AGAIN "Do not load; have the model exported again by its author"
const struct gh_rule gh_fbr_rules[GH_FBR_RULES + 1] = {
	[GH_FBR_BROKEN] = { "GH-FB-0001", GH_HIGH, GH_UNSAFE, "An offset, table or text of the model cannot be right",
			    "The model is used where it lies in memory: memory outside of it is read.", AGAIN,
			    "CWE-125 CWE-823 CWE-843" },
	[GH_FBR_LOOSE] = { "GH-FB-0002", GH_MEDIUM, GH_REVIEW, "Bytes in a table that belong to no field",
			   "Room for content that no loader looks at.", AGAIN, "CWE-506" },
	[GH_FBR_NEW] = { "GH-FB-0003", GH_LOW, GH_INCOMPLETE, "A field or value of a newer schema",
			 "A newer loader acts on content that this scan did not look at.",
			 "Use a newer version of this program.", "CWE-20" },
	[GH_FBR_INDEX] = { "GH-FB-0004", GH_HIGH, GH_UNSAFE, "A number that leads to nothing",
			   "Runtimes index their arrays with it: memory outside of them is read or written.", AGAIN,
			   "CWE-129 CWE-787" },
	[GH_FBR_SIZE] = { "GH-FB-0005", GH_HIGH, GH_UNSAFE, "Data that do not fit their shape, or the file",
			  "Kernels compute with the shape and read beyond the data.", AGAIN, "CWE-125 CWE-131" },
	[GH_FBR_OPAQUE] = { "GH-FB-0006", GH_MEDIUM, GH_INCOMPLETE, "A part that only its own backend can read",
			    "A program or graph for an accelerator or library, which nobody looked at.",
			    "Export the model without this backend, or compile it yourself.", "CWE-829 AML.T0018" },
	[GH_FBR_AWAY] = { "GH-FB-0007", GH_LOW, GH_INCOMPLETE, "Weights that lie in another file",
			  "What the program gives the loader in their place was not inspected.",
			  "Scan the file with the weights as well, and keep the two together.", "CWE-829" },
	[GH_FBR_RULES] = GH_RULES_END,
};

struct weights {
	struct gh_span name;
	const char *dtype;
	unsigned bits, ndim;
	uint64_t dim[DIMS];
};

void gh_fbr_say(struct gh_fbr *r, enum gh_fbr_rule rule, uint64_t off, const char *fmt, ...)
{
	char text[400];
	if (r->said[rule]++ >= SAY)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(r->w, &gh_fbr_rules[rule], off < r->w->src->size ? off : 0, 0, "%s", text);
}

static struct gh_span at(void *ctx, uint64_t off, size_t len)
{
	struct gh_fbr *r = ctx;
	if (off >= r->fb.size)
		return (struct gh_span){ 0 };
	return gh_src_window(r->w->src, off, len < r->fb.size - off ? len : (size_t)(r->fb.size - off));
}

static void fault(void *ctx, enum gh_fb_fault f, uint64_t off, const char *table)
{
	static const char *const what[GH_FB_FAULTS] = {
		[GH_FB_RANGE] = "an offset or length out of range", [GH_FB_ALIGN] = "misaligned",
		[GH_FB_VTABLE] = "an impossible table of fields",   [GH_FB_STRING] = "a text without its end",
		[GH_FB_OVERLAP] = "fields that share bytes",	    [GH_FB_LOOSE] = "bytes of no field",
		[GH_FB_NEW] = "a field or value that is not known", [GH_FB_DEEP] = "nested too deeply",
	};
	enum gh_fbr_rule rule = f == GH_FB_LOOSE ? GH_FBR_LOOSE : f == GH_FB_NEW ? GH_FBR_NEW : GH_FBR_BROKEN;
	gh_fbr_say(ctx, rule, off, "%s: %s", table, what[f]);
}

enum gh_rc gh_fbr_open(struct gh_fbr *r, struct gh_walk *w, const struct gh_fb_schema *schema, uint64_t size)
{
	*r = (struct gh_fbr){ .w = w, .texts_left = TEXTS };
	r->tensors = gh_recs(w->arena, GH_RECS_MAX);
	r->data = gh_recs(w->arena, GH_RECS_MAX);
	r->fb = (struct gh_fb){ .at = at,
				.fault = fault,
				.ctx = r,
				.size = size < UINT32_MAX ? size : UINT32_MAX,
				.schema = schema,
				.arena = w->arena,
				.steps = w->lim->steps };
	if (!gh_fb_verify(&r->fb))
		return gh_fail(w->err, GH_E_MALFORMED, "no table to begin with");
	return r->fb.full ? gh_fail(w->err, GH_E_LIMIT, "too many tables") : GH_OK;
}

static struct gh_fbr_name copy(struct gh_fbr *r, struct gh_fb_vec v)
{
	struct gh_fbr_name out = { .n = 0 };
	struct gh_span s = gh_fb_bytes(&r->fb, v, sizeof out.p);
	if (s.n != 0)
		memcpy(out.p, s.p, s.n);
	out.n = s.n;
	return out;
}

struct gh_fbr_name gh_fbr_text(struct gh_fbr *r, const struct gh_fb_tab *t, unsigned field)
{
	return copy(r, gh_fb_vector(&r->fb, t, field, 1));
}

struct gh_fbr_name gh_fbr_item(struct gh_fbr *r, struct gh_fb_vec v, uint64_t i)
{
	return copy(r, gh_fb_str_item(&r->fb, v, i));
}

enum gh_rc gh_fbr_tell(struct gh_fbr *r, const char *role, struct gh_span key, struct gh_fb_vec text)
{
	struct gh_text ev = { .role = role, .key = key, .text = gh_fb_bytes(&r->fb, text, GH_FBR_TEXT_MAX) };
	if (ev.text.n == 0 || r->texts_left == 0)
		return GH_OK;
	r->texts_left--;
	return gh_emit(r->w, GH_EV_TEXT, text.off, ev.text.n, &ev);
}

bool gh_fbr_weights(struct gh_fbr *r, struct gh_span name, const struct gh_dtype *t, unsigned ndim, const uint64_t *dim,
		    uint64_t off, uint64_t len)
{
	struct weights *x = GH_NEW(r->w->arena, struct weights, 1);
	if (x == NULL)
		return false;
	*x = (struct weights){ gh_keep(r->w->arena, name), "U8", 8, 1, { len } };
	if (t != NULL && ndim <= DIMS) {
		x->dtype = t->name;
		x->bits = t->bits;
		x->ndim = ndim;
		for (unsigned i = 0; i < ndim; i++)
			x->dim[i] = dim[i];
	}
	return x->name.p != NULL && gh_recs_add(&r->tensors, (struct gh_rec){ off, off + len, (uintptr_t)x });
}

static void claim(struct gh_fbr *r, uint64_t *done, uint64_t begin, uint64_t end, enum gh_claim kind)
{
	if (begin > *done && begin - *done <= GAP_MAX)
		gh_claim(r->w, *done, begin - *done, GH_CLAIM_PAD);
	if (end > begin)
		gh_claim(r->w, begin, end - begin, kind);
	if (end > *done)
		*done = end;
}

enum gh_rc gh_fbr_finish(struct gh_fbr *r)
{
	uint64_t done = 0;
	for (size_t i = 0; i < r->fb.parts.n;) {
		struct gh_rec p = *gh_recs_at(&r->fb.parts, i++);
		while (p.ref == GH_FB_STRUCT && i < r->fb.parts.n && gh_recs_at(&r->fb.parts, i)->a == p.b &&
		       gh_recs_at(&r->fb.parts, i)->ref == p.ref)
			p.b = gh_recs_at(&r->fb.parts, i++)->b;
		claim(r, &done, p.a, p.b, p.ref == GH_FB_DATA ? GH_CLAIM_DATA : GH_CLAIM_STRUCT);
	}
	gh_recs_sort(&r->data, 0);
	for (size_t i = 0; i < r->data.n; i++)
		claim(r, &done, gh_recs_at(&r->data, i)->a, gh_recs_at(&r->data, i)->b, GH_CLAIM_DATA);
	/* A writer may fill up to whole words, and to nothing else. */
	if (done < r->w->src->size && r->w->src->size - done < WORD && r->w->src->size % 4 == 0)
		gh_claim(r->w, done, r->w->src->size - done, GH_CLAIM_PAD);
	gh_recs_sort(&r->tensors, 0);
	for (size_t i = 0; i < r->tensors.n; i++) {
		struct gh_rec t = *gh_recs_at(&r->tensors, i);
		const struct weights *x = (const struct weights *)(uintptr_t)t.ref;
		struct gh_tensor ev = { .name = x->name,
					.dtype = x->dtype,
					.bits = x->bits,
					.ndim = x->ndim,
					.dim = x->dim,
					.src = r->w->src };
		const struct gh_rec *last = i == 0 ? NULL : gh_recs_at(&r->tensors, i - 1);
		if (last != NULL && last->a == t.a && last->b == t.b)
			continue; /* one buffer, named twice */
		gh_src_advance(r->w->src, t.a);
		enum gh_rc rc = t.b == t.a ? GH_OK : gh_emit(r->w, GH_EV_TENSOR, t.a, t.b - t.a, &ev);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}
