#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"
#include "format/formats.h"
#include "format/tflite/tflite.h"
#include "format/zip_walk.h"

#define WILD "The interpreter uses the file where it lies: memory outside of it is read, or written in place"
#define AGAIN "Do not load; get the model again from its author, or convert it again"
const struct gh_rule tfl_rules[TFL_RULES + 1] = {
	[TFL_A_RANGE] = { "GH-TFL-0001", GH_HIGH, GH_UNSAFE, "Offset or length leads out of the model", WILD, AGAIN,
			  "CWE-125 CWE-787" },
	[TFL_A_ALIGN] = { "GH-TFL-0002", GH_MEDIUM, GH_UNSAFE, "Structure at an address that it must not have",
			  "Loaders that verify refuse it, others fault or read shifted values.", AGAIN, "CWE-188" },
	[TFL_A_VTABLE] = { "GH-TFL-0003", GH_HIGH, GH_UNSAFE, "Table without a valid description of its fields", WILD,
			   AGAIN, "CWE-125 CWE-843" },
	[TFL_A_STRING] = { "GH-TFL-0004", GH_MEDIUM, GH_UNSAFE, "String without its end",
			   "Code that takes it for a C string reads on into what follows.", AGAIN, "CWE-170" },
	[TFL_A_OVERLAP] = { "GH-TFL-0005", GH_HIGH, GH_UNSAFE, "Fields of a table share bytes",
			    "The same bytes mean two things: what one reader checks, another uses differently.", AGAIN,
			    "CWE-436" },
	[TFL_A_LOOSE] = { "GH-TFL-0006", GH_MEDIUM, GH_REVIEW, "Bytes in a table that belong to no field",
			  "Room for data that no loader looks at.", "Have the model converted again.", "CWE-506" },
	[TFL_A_NEW] = { "GH-TFL-0007", GH_LOW, GH_INCOMPLETE, "Field or option of a newer schema",
			"A part of the model is not checked.", "Use a newer version of this program.", "CWE-20" },
	[TFL_A_VERSION] = { "GH-TFL-0009", GH_LOW, GH_REVIEW, "Schema version that no interpreter accepts",
			    "What the fields mean is not certain.", "Convert the model again.", "CWE-20" },
	[TFL_A_INDEX] = { "GH-TFL-0010", GH_HIGH, GH_UNSAFE,
			  "Index of a tensor, buffer, operator or subgraph that does not exist",
			  "Used to index arrays of the interpreter: memory outside of them is read or written.", AGAIN,
			  "CWE-129 CVE-2020-15211 CVE-2022-23560" },
	[TFL_A_SHORT] = { "GH-TFL-0011", GH_HIGH, GH_UNSAFE, "Buffer smaller than its tensor",
			  "Kernels compute with the shape and read beyond the buffer.", AGAIN,
			  "CWE-125 CVE-2020-15209 CVE-2022-23557" },
	[TFL_A_SIZE] = { "GH-TFL-0012", GH_MEDIUM, GH_REVIEW, "Buffer larger than its tensor",
			 "Room behind the weights that no kernel looks at.", "Have the model converted again.",
			 "CWE-506 CWE-131" },
	[TFL_A_TYPE] = { "GH-TFL-0013", GH_LOW, GH_INCOMPLETE, "Element type that is not known",
			 "The extent of the tensor cannot be checked.", "Use a newer version of this program.",
			 "CWE-20" },
	[TFL_A_DIMS] = { "GH-TFL-0014", GH_HIGH, GH_UNSAFE, "Dimensions that no tensor can have",
			 "A negative dimension or a product that wraps around makes buffers too small.", AGAIN,
			 "CWE-190 CWE-369 CVE-2022-23558" },
	[TFL_A_STRINGS] = { "GH-TFL-0015", GH_HIGH, GH_UNSAFE, "Tensor of strings whose offsets lead out of its buffer",
			    "Kernels copy from there: memory outside of the model.", AGAIN, "CWE-125" },
	[TFL_A_OPTIONS] = { "GH-TFL-0016", GH_MEDIUM, GH_REVIEW, "TensorFlow operation whose definition cannot be read",
			    "What the operation really does is only known at run time.",
			    "Have the model converted again.", "CWE-20" },
	[TFL_A_LARGE] = { "GH-TFL-0017", GH_HIGH, GH_UNSAFE, "Data behind the model at a place that is not in the file",
			  WILD, AGAIN, "CWE-125 CWE-190" },
	[TFL_A_CODE] = { "GH-TFL-0018", GH_LOW, GH_INCOMPLETE, "Built-in operator that is not known",
			 "What it does is not known here.", "Use a newer version of this program.", "CWE-20" },
	[TFL_RULES] = GH_RULES_END,
};

enum { MEMBERS = 256, TEXTS = 1024, BLOB = 32, GAP_MAX = 63, BUFFERS_MAX = 1 << 20 };

void tfl_say(struct tfl *t, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[400];
	if (t->said[a]++ >= TFL_SAY)
		return;
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(t->w, &tfl_rules[a], off, len, "%s", text);
}

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->size < 16 || p->head.n < 8 || memcmp(p->head.p + 4, "TFL3", 4) != 0)
		return GH_NO;
	uint32_t root = gh_le32(p->head.p);
	return root >= 8 && root <= p->size - 4 ? GH_STRONG : GH_WEAK;
}

static struct gh_span at(void *ctx, uint64_t off, size_t len)
{
	struct tfl *t = ctx;
	return gh_src_window(t->w->src, off, len);
}

static void fault(void *ctx, enum gh_fb_fault f, uint64_t off, const char *table)
{
	/* The schema has no circles: its tables cannot be nested too deep. */
	static const uint8_t rule_of[GH_FB_FAULTS] = {
		[GH_FB_RANGE] = TFL_A_RANGE,   [GH_FB_ALIGN] = TFL_A_ALIGN,	[GH_FB_VTABLE] = TFL_A_VTABLE,
		[GH_FB_STRING] = TFL_A_STRING, [GH_FB_OVERLAP] = TFL_A_OVERLAP, [GH_FB_LOOSE] = TFL_A_LOOSE,
		[GH_FB_NEW] = TFL_A_NEW,       [GH_FB_DEEP] = TFL_A_RANGE,
	};
	struct tfl *t = ctx;
	tfl_say(t, rule_of[f], off < t->w->src->size ? off : 0, 0, "%s at byte %llu", table, (unsigned long long)off);
}

static bool is_text(struct gh_span s)
{
	while (s.n > 0 && s.p[s.n - 1] == 0)
		s.n--;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < 0x20 && s.p[i] != '\n' && s.p[i] != '\r' && s.p[i] != '\t')
			return false;
	return s.n != 0 && gh_utf8_valid(s);
}

enum gh_rc tfl_blob(struct tfl *t, const char *role, struct gh_span name, uint64_t off, uint64_t len)
{
	if (len == 0)
		return GH_OK;
	struct gh_span s = gh_src_window(t->w->src, off, len < 64 << 10 ? (size_t)len : 64 << 10);
	if (s.n == len && is_text(s)) {
		if (t->texts_left == 0)
			return GH_OK;
		t->texts_left--;
		struct gh_text ev = { .role = "metadata", .key = name, .text = s };
		return gh_emit(t->w, GH_EV_TEXT, off, len, &ev);
	}
	if (len < BLOB || t->members_left == 0)
		return GH_OK;
	t->members_left--;
	struct gh_src_sub sub;
	struct gh_member m = {
		.how = GH_MEMBER_NESTED, .name = name, .role = role, .src = gh_src_sub(&sub, t->w->src, off, len)
	};
	return gh_emit(t->w, GH_EV_MEMBER, off, len, &m);
}

/* ---- buffers and metadata -------------------------------------------------------------------------------------------- */

static enum gh_rc read_buffers(struct tfl *t)
{
	struct gh_fb_vec v = gh_fb_vector(&t->fb, &t->model, M_BUFFERS, 4);
	if (v.n > BUFFERS_MAX)
		return gh_fail(t->w->err, GH_E_LIMIT, "%llu buffers", (unsigned long long)v.n);
	t->buffer = GH_NEW(t->w->arena, struct tfl_buffer, v.n + 1);
	if (t->buffer == NULL)
		return gh_fail(t->w->err, GH_E_LIMIT, "no memory for %llu buffers", (unsigned long long)v.n);
	t->nbuffers = v.n;
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab b = gh_fb_item(&t->fb, v, i);
		struct gh_fb_vec data = gh_fb_vector(&t->fb, &b, B_DATA, 1);
		uint64_t off = gh_fb_scalar(&t->fb, &b, B_OFFSET, 8, 0), len = gh_fb_scalar(&t->fb, &b, B_SIZE, 8, 0);
		t->buffer[i] = (struct tfl_buffer){ data.off, data.n, false };
		if (off <= 1 || data.n != 0) /* offsets from 2 on are meant, as the interpreter has it */
			continue;
		if (off > t->w->src->size || len > t->w->src->size - off || off < t->fb.end) {
			tfl_say(t, TFL_A_LARGE, b.off, 0, "buffer %llu: %llu bytes at %llu", (unsigned long long)i,
				(unsigned long long)len, (unsigned long long)off);
			continue;
		}
		t->buffer[i] = (struct tfl_buffer){ off, len, false };
		if (len != 0 && !gh_recs_add(&t->outside, (struct gh_rec){ off, off + len, 0 }))
			return gh_fail(t->w->err, GH_E_LIMIT, "too many buffers");
	}
	return GH_OK;
}

static enum gh_rc read_metadata(struct tfl *t)
{
	struct gh_fb_vec v = gh_fb_vector(&t->fb, &t->model, M_METADATA, 4);
	struct gh_fb_vec old = gh_fb_vector(&t->fb, &t->model, M_META_BUFFERS, 4);
	struct gh_span text = gh_fb_bytes(&t->fb, gh_fb_vector(&t->fb, &t->model, M_DESCRIPTION, 1), 64 << 10);
	if (text.n != 0) {
		struct gh_text ev = { .role = "metadata", .key = GH_SPAN("description"), .text = text };
		enum gh_rc rc = gh_emit(t->w, GH_EV_TEXT, 0, 0, &ev);
		if (rc != GH_OK)
			return rc;
	}
	for (uint64_t i = 0; i < old.n; i++) {
		uint64_t k = gh_fb_elem(&t->fb, old, i, 4);
		if (k < t->nbuffers)
			t->buffer[k].used = true;
	}
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_tab d = gh_fb_item(&t->fb, v, i);
		uint64_t k = gh_fb_scalar(&t->fb, &d, D_BUFFER, 4, 0);
		if (k >= t->nbuffers) {
			tfl_say(t, TFL_A_INDEX, d.off, 0, "metadata %llu: buffer %llu of %llu", (unsigned long long)i,
				(unsigned long long)k, (unsigned long long)t->nbuffers);
			continue;
		}
		struct {
			uint8_t p[64];
		} copy;
		struct gh_span s = gh_fb_bytes(&t->fb, gh_fb_vector(&t->fb, &d, D_NAME, 1), sizeof copy.p);
		if (s.n != 0)
			memcpy(copy.p, s.p, s.n);
		t->buffer[k].used = true;
		enum gh_rc rc = tfl_blob(t, "metadata", (struct gh_span){ copy.p, s.n }, t->buffer[k].off,
					 t->buffer[k].len);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- coverage ------------------------------------------------------------------------------------------------------ */

/* What lies between two structures is padding when it is no more than the widest alignment could ask for. */
static void claim_to(struct gh_walk *w, uint64_t *done, uint64_t begin, uint64_t end, enum gh_claim kind)
{
	if (begin > *done && begin - *done <= GAP_MAX)
		gh_claim(w, *done, begin - *done, GH_CLAIM_PAD);
	gh_claim(w, begin, end - begin, kind);
	if (end > *done)
		*done = end;
}

/* Everything the FlatBuffer consists of, then what stands behind it. Returns where all of that ends. */
static uint64_t claim_all(struct tfl *t)
{
	uint64_t done = 0;
	for (size_t i = 0; i < t->fb.parts.n;) {
		struct gh_rec r = *gh_recs_at(&t->fb.parts, i++);
		/* Neighbours of one kind are one claim. */
		while (r.ref == GH_FB_STRUCT && i < t->fb.parts.n && gh_recs_at(&t->fb.parts, i)->a == r.b &&
		       gh_recs_at(&t->fb.parts, i)->ref == r.ref)
			r.b = gh_recs_at(&t->fb.parts, i++)->b;
		claim_to(t->w, &done, r.a, r.b, r.ref == GH_FB_DATA ? GH_CLAIM_DATA : GH_CLAIM_STRUCT);
	}
	gh_recs_sort(&t->outside, 0);
	for (size_t i = 0; i < t->outside.n; i++) {
		struct gh_rec r = *gh_recs_at(&t->outside, i);
		if (i > 0 && gh_recs_at(&t->outside, i - 1)->a == r.a && gh_recs_at(&t->outside, i - 1)->b == r.b)
			continue; /* one buffer for two tensors */
		claim_to(t->w, &done, r.a, r.b, GH_CLAIM_DATA);
	}
	return done;
}

/* ---- weights ---------------------------------------------------------------------------------------------------- */

static enum gh_rc emit_tensors(struct tfl *t)
{
	gh_recs_sort(&t->tensors, 0);
	for (size_t i = 0; i < t->tensors.n; i++) {
		struct gh_rec r = *gh_recs_at(&t->tensors, i);
		const struct tfl_tensor *x = (const struct tfl_tensor *)(uintptr_t)r.ref;
		struct gh_tensor ev = { .name = x->name,
					.dtype = x->dtype,
					.bits = x->bits,
					.ndim = x->ndim,
					.dim = x->dim,
					.src = t->w->src };
		gh_src_advance(t->w->src, r.a);
		enum gh_rc rc = gh_emit(t->w, GH_EV_TENSOR, r.a, r.b, &ev);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* Buffers that nothing in the model refers to: no kernel reads them. */
static enum gh_rc unused_buffers(struct tfl *t)
{
	for (uint64_t i = 0; i < t->nbuffers; i++) {
		const struct tfl_buffer *b = &t->buffer[i];
		if (b->used || b->len < BLOB || t->members_left == 0)
			continue;
		char name[40];
		struct gh_src_sub sub;
		(void)snprintf(name, sizeof name, "unused buffer %llu", (unsigned long long)i);
		struct gh_member m = { .how = GH_MEMBER_NESTED,
				       .name = gh_span_str(name),
				       .role = "a buffer that no tensor uses",
				       .src = gh_src_sub(&sub, t->w->src, b->off, b->len) };
		t->members_left--;
		enum gh_rc rc = gh_emit(t->w, GH_EV_MEMBER, b->off, b->len, &m);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

/* ---- the walk --------------------------------------------------------------------------------------------------------- */

static enum gh_rc read_model(struct tfl *t)
{
	t->model = gh_fb_root(&t->fb);
	uint64_t version = gh_fb_scalar(&t->fb, &t->model, M_VERSION, 4, 0);
	if (version != 3)
		tfl_say(t, TFL_A_VERSION, t->model.off, 0, "version %llu", (unsigned long long)version);
	GH_TRY(read_buffers(t), t->w->err, "tflite buffers");
	GH_TRY(tfl_codes(t), t->w->err, "tflite operator codes");
	GH_TRY(read_metadata(t), t->w->err, "tflite metadata");
	GH_TRY(tfl_graphs(t), t->w->err, "tflite subgraphs");
	return GH_OK;
}

/* Files that the metadata tools append: an archive from the end of the model to the end of the file. */
static enum gh_rc trailing(struct tfl *t, uint64_t end)
{
	struct gh_span s = gh_src_window(t->w->src, end, 4);
	if (end >= t->w->src->size || s.n != 4 || memcmp(s.p, "PK\3\4", 4) != 0)
		return GH_OK;
	return gh_zip_walk_after(t->w, end, NULL);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct tfl *t = GH_NEW(w->arena, struct tfl, 1);
	struct gh_span head = gh_src_window(w->src, 0, 8);
	if (t == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	if (head.n < 8 || memcmp(head.p + 4, "TFL3", 4) != 0)
		return w->weak ? GH_E_NOTTHIS : gh_fail(w->err, GH_E_MALFORMED, "no identifier of a TFLite model");
	t->w = w;
	t->members_left = MEMBERS;
	t->texts_left = TEXTS;
	t->tensors = gh_recs(w->arena, GH_RECS_MAX);
	t->outside = gh_recs(w->arena, GH_RECS_MAX);
	t->fb = (struct gh_fb){ .at = at,
				.fault = fault,
				.ctx = t,
				.size = w->src->size < UINT32_MAX ? w->src->size : UINT32_MAX,
				.schema = &tfl_schema,
				.arena = w->arena,
				.steps = w->lim->steps };
	if (!gh_fb_verify(&t->fb))
		return gh_fail(w->err, GH_E_MALFORMED, "tflite: no model table");
	if (t->fb.full)
		return gh_fail(w->err, GH_E_LIMIT, "tflite: too many tables");
	enum gh_rc rc = read_model(t);
	uint64_t end = claim_all(t);
	if (rc != GH_OK)
		return rc;
	GH_TRY(emit_tensors(t), w->err, "tflite tensors");
	GH_TRY(unused_buffers(t), w->err, "tflite buffers");
	return trailing(t, end);
}

const struct gh_fmt gh_fmt_tflite = {
	.name = "tflite",
	.about = "TensorFlow Lite (LiteRT) model, with the files that metadata tools append",
	.exts = "tflite lite",
	.over = "zip",
	.probe = probe,
	.walk = walk,
	.rules = tfl_rules,
};
