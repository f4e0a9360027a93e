/* Tensor infos and the data section: every extent is computed, checked against the file and against its neighbours
 * before a single tensor is announced. */
#include "base/utf8.h"
#include "format/gguf/gguf.h"

enum {
	NAME_LOADER = 64,    /* GGML_MAX_NAME: the buffer of llama.cpp */
	NAME_MAX_SEEN = 128, /* what builds for image models are compiled with */
	DIMS_MAX = 4,	     /* GGML_MAX_DIMS */
};

struct tensor {
	const struct gh_dtype *dtype;
	struct gh_span name;
	uint64_t dim[DIMS_MAX];
	unsigned ndim;
};

struct infos {
	struct gguf *g;
	struct gh_recs extents; /* begin, end in the data section, (uintptr_t)struct tensor * */
	uint64_t expected;	/* where the reference reader wants the next tensor to start */
	bool disorder;
};

static enum gh_rc info_cut(struct gguf *g, uint64_t i)
{
	gguf_say(g, GGUF_A_CUT, g->claimed < g->w->src->size ? g->claimed : g->w->src->size, 0, "tensor info %llu",
		 (unsigned long long)i);
	return gh_fail(g->w->err, GH_E_MALFORMED, "tensor info %llu is cut short", (unsigned long long)i);
}

static bool deceptive(struct gh_span s)
{
	for (size_t i = 0; i < s.n;) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(gh_span_cut(s, i, 4), &cp);
		if (n == 0 || gh_utf8_deceptive(cp))
			return true;
		i += n;
	}
	return s.n == 0;
}

static enum gh_rc read_name(struct gguf *g, uint64_t off, struct gh_span *name)
{
	uint64_t n = gguf_len(g);
	if (g->c.bad || n > gh_cur_left(&g->c)) {
		gguf_say(g, GGUF_A_LENGTH, off, 0, "a tensor name of %llu bytes", (unsigned long long)n);
		return gh_fail(g->w->err, GH_E_MALFORMED, "a tensor name of %llu bytes", (unsigned long long)n);
	}
	if (n >= GH_WINDOW_MAX) {
		gguf_say(g, GGUF_A_NAME, off, n, "a tensor name of %llu bytes", (unsigned long long)n);
		return gh_fail(g->w->err, GH_E_MALFORMED, "a tensor name of %llu bytes", (unsigned long long)n);
	}
	const uint8_t *p = gh_cur_take(&g->c, (size_t)n);
	if (p == NULL)
		return gh_fail(g->w->err, GH_E_MALFORMED, "a tensor name could not be read");
	struct gh_span all = { p, (size_t)n };
	if (n >= NAME_MAX_SEEN || deceptive(all))
		gguf_say(g, GGUF_A_NAME, off, n, "\"%s\", %llu bytes", gh_safe(all).s, (unsigned long long)n);
	else if (n >= NAME_LOADER)
		gguf_say(g, GGUF_A_LONG, off, n, "\"%s\", %llu bytes", gh_safe(all).s, (unsigned long long)n);
	if (!gh_recs_add(&g->names, (struct gh_rec){ gh_hash_end(gh_hash(GH_HASH_START, all)), off, 0 }))
		return gh_fail(g->w->err, GH_E_LIMIT, "too many tensors");
	*name = gh_keep(g->w->arena, gh_span_cut(all, 0, 256));
	return name->p == NULL ? gh_fail(g->w->err, GH_E_LIMIT, "too many tensors") : GH_OK;
}

/* The size of the tensor in bytes; false when it has none that makes sense (said). */
static bool size_of(struct gguf *g, const struct tensor *t, uint64_t off, uint64_t *bytes)
{
	const struct gh_safe safe = gh_safe(t->name);
	const char *name = safe.s;
	uint64_t n = 1, elements;
	for (unsigned i = 0; i < t->ndim; i++) {
		if (t->dim[i] == 0) {
			gguf_say(g, GGUF_A_DIMS, off, 0, "tensor \"%s\": a dimension is zero", name);
			return false;
		}
		if (t->dim[i] > INT64_MAX || __builtin_mul_overflow(n, t->dim[i], &n) || n > INT64_MAX) {
			gguf_say(g, GGUF_A_OVERFLOW, off, 0, "tensor \"%s\": the dimensions' product exceeds 63 bits",
				 name);
			return false;
		}
	}
	if (t->dtype == NULL)
		return false;
	if (t->ndim > 0 && t->dim[0] % t->dtype->block != 0) {
		gguf_say(g, GGUF_A_ROW, off, 0, "tensor \"%s\": rows of %llu, blocks of %u", name,
			 (unsigned long long)t->dim[0], t->dtype->block);
		return false;
	}
	if (!gh_dtype_size(t->dtype, t->ndim, t->dim, t->ndim > 0 ? t->dim[0] : 0, &elements, bytes)) {
		gguf_say(g, GGUF_A_OVERFLOW, off, 0, "tensor \"%s\": more than 2^64 bytes", name);
		return false;
	}
	return true;
}

static const struct gh_dtype *type_of(struct gguf *g, uint32_t type, uint64_t off, struct gh_span name)
{
	bool removed;
	const struct gh_dtype *t = gh_dtype_ggml(type, &removed);
	if (t == NULL)
		gguf_say(g, removed ? GGUF_A_REMOVED : GGUF_A_DTYPE, off, 0, "tensor \"%s\" has type %u",
			 gh_safe(name).s, type);
	return t;
}

static enum gh_rc read_info(struct infos *s, uint64_t i)
{
	struct gguf *g = s->g;
	uint64_t at = gh_cur_off(&g->c);
	struct tensor *t = GH_NEW(g->w->arena, struct tensor, 1);
	if (t == NULL)
		return gh_fail(g->w->err, GH_E_LIMIT, "too many tensors");
	GH_TRY(read_name(g, at, &t->name), g->w->err, "tensor %llu", (unsigned long long)i);
	t->ndim = gguf_u32(g);
	if (g->c.bad)
		return info_cut(g, i);
	if (t->ndim > DIMS_MAX) {
		gguf_say(g, GGUF_A_DIMS, at, gh_cur_off(&g->c) - at, "tensor \"%s\": %u dimensions", gh_safe(t->name).s,
			 t->ndim);
		return gh_fail(g->w->err, GH_E_MALFORMED, "tensor %llu has %u dimensions", (unsigned long long)i,
			       t->ndim);
	}
	for (unsigned k = 0; k < t->ndim; k++)
		t->dim[k] = gguf_len(g);
	uint32_t type = gguf_u32(g);
	uint64_t begin = gguf_u64(g), bytes = 0, end;
	if (g->c.bad)
		return info_cut(g, i);
	t->dtype = type_of(g, type, at, t->name);
	bool sized = size_of(g, t, at, &bytes);
	gguf_sizes_tensor(g, t->name, t->dtype == NULL ? NULL : t->dtype->name, t->ndim, t->dim);
	if (begin != s->expected)
		s->disorder = true;
	if (begin % g->align != 0)
		gguf_say(g, GGUF_A_ORDER, at, 0, "tensor \"%s\" starts at %llu, not aligned to %u", gh_safe(t->name).s,
			 (unsigned long long)begin, g->align);
	if (__builtin_add_overflow(begin, bytes, &end) || end > UINT64_MAX - g->align) {
		gguf_say(g, GGUF_A_RANGE, at, 0, "tensor \"%s\": %llu bytes at %llu", gh_safe(t->name).s,
			 (unsigned long long)bytes, (unsigned long long)begin);
		return GH_OK;
	}
	s->expected = (end + g->align - 1) & ~(uint64_t)(g->align - 1);
	if (!gh_recs_add(&s->extents, (struct gh_rec){ begin, end, sized ? (uintptr_t)t : 0 }))
		return gh_fail(g->w->err, GH_E_LIMIT, "too many tensors");
	return GH_OK;
}

static enum gh_rc announce(struct gguf *g, const struct tensor *t, uint64_t off, uint64_t len)
{
	struct gh_tensor ev = { .name = t->name,
				.dtype = t->dtype->name,
				.bits = t->dtype->bits,
				.ndim = t->ndim,
				.dim = t->dim,
				.src = g->w->src,
				.big_endian = g->big };
	gh_src_advance(g->w->src, off); /* whoever looks at the tensor finds its bytes at hand */
	return gh_emit(g->w, GH_EV_TENSOR, off, len, &ev);
}

/* Padding from at to the next multiple of the alignment, but not beyond `to`. */
static uint64_t pad(struct gguf *g, uint64_t data, uint64_t at, uint64_t to)
{
	uint64_t up = (at + g->align - 1) & ~(uint64_t)(g->align - 1);
	up = up < to ? up : to;
	if (up > at)
		gh_claim(g->w, data + at, up - at, GH_CLAIM_PAD);
	return up > at ? up : at;
}

static enum gh_rc read_data(struct infos *s, uint64_t data)
{
	struct gguf *g = s->g;
	uint64_t room = g->w->src->size - data, at = 0;
	gh_recs_sort(&s->extents, 0);
	for (size_t i = 0; i < s->extents.n; i++) {
		const struct gh_rec *r = gh_recs_at(&s->extents, i);
		const struct tensor *t = (const struct tensor *)(uintptr_t)r->ref;
		if (r->b > room) {
			gguf_say(g, GGUF_A_RANGE, 0, 0, "tensor \"%s\": bytes %llu to %llu of a data section of %llu",
				 t != NULL ? gh_safe(t->name).s : "?", (unsigned long long)r->a,
				 (unsigned long long)r->b, (unsigned long long)room);
			continue;
		}
		if (r->a < at)
			gguf_say(g, GGUF_A_OVERLAP, data + r->a, 0,
				 "tensor \"%s\" starts at %llu, the one before ends at %llu",
				 t != NULL ? gh_safe(t->name).s : "?", (unsigned long long)r->a,
				 (unsigned long long)at);
		if (r->a > at)
			at = pad(g, data, at, r->a);
		uint64_t from = r->a > at ? r->a : at;
		if (t != NULL) {
			if (r->b > from)
				gh_claim(g->w, data + from, r->b - from, GH_CLAIM_DATA);
			GH_TRY(announce(g, t, data + r->a, r->b - r->a), g->w->err, "tensor %zu", i);
		}
		at = r->b > at ? r->b : at;
	}
	at = pad(g, data, at, room);
	if (at < room)
		gguf_say(g, GGUF_A_TRAILING, data + at, room - at, "the data section ends before the file does");
	return GH_OK;
}

enum gh_rc gguf_tensors(struct gguf *g, uint64_t n)
{
	struct infos s = { .g = g, .extents = gh_recs(g->w->arena, GH_RECS_MAX) };
	if (g->align == 0)
		return gh_fail(g->w->err, GH_E_MALFORMED, "no valid alignment: the data section cannot be found");
	for (uint64_t i = 0; i < n; i++)
		GH_TRY(read_info(&s, i), g->w->err, "gguf");
	gguf_duplicates(g, "tensor");
	gguf_sizes_end(g);
	uint64_t end = gh_cur_off(&g->c), size = g->w->src->size;
	gguf_claim(g, end);
	uint64_t data = (end + g->align - 1) & ~(uint64_t)(g->align - 1);
	if (data > size) {
		if (n != 0)
			gguf_say(g, GGUF_A_RANGE, end, 0, "the file ends before its data section starts");
		data = size;
	}
	if (data > end)
		gh_claim(g->w, end, data - end, GH_CLAIM_PAD);
	if (s.disorder)
		gguf_say(g, GGUF_A_ORDER, end, 0,
			 "tensors are not stored one after the other in the order of their infos");
	return read_data(&s, data);
}
