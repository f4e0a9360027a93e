#include "wire/flatbuf.h"

/* What is waiting to be read: ordered by place, so that the buffer is read in one sweep, and what several offsets lead to
 * comes out of the queue in a row and is read once. */
struct gh_fb_todo {
	uint64_t off;
	uint16_t kind; /* a letter of a schema: t s B H I L X T S */
	uint16_t ref;
	uint32_t depth;
};

enum { INLINE_MAX = 1024, CHUNK = 32 << 10, PARTS_MAX = GH_RECS_MAX };

static bool before(const struct gh_fb_todo *a, const struct gh_fb_todo *b)
{
	if (a->off != b->off)
		return a->off < b->off;
	if (a->kind != b->kind)
		return a->kind < b->kind;
	if (a->ref != b->ref)
		return a->ref < b->ref;
	return a->depth > b->depth; /* the longest way counts */
}

static void push(struct gh_fb *fb, struct gh_fb_todo x)
{
	if (fb->n == GH_FB_OBJECTS) {
		fb->full = true;
		return;
	}
	if (fb->n == fb->cap) {
		struct gh_fb_todo *p = gh_grow(fb->arena, fb->heap, &fb->cap, fb->n + 1, sizeof *p);
		if (p == NULL) {
			fb->full = true;
			return;
		}
		fb->heap = p;
	}
	size_t i = fb->n++;
	for (; i > 0 && before(&x, &fb->heap[(i - 1) / 2]); i = (i - 1) / 2)
		fb->heap[i] = fb->heap[(i - 1) / 2];
	fb->heap[i] = x;
}

static struct gh_fb_todo pop(struct gh_fb *fb)
{
	struct gh_fb_todo top = fb->heap[0], x = fb->heap[--fb->n];
	size_t i = 0;
	for (size_t k; (k = 2 * i + 1) < fb->n; i = k) {
		if (k + 1 < fb->n && before(&fb->heap[k + 1], &fb->heap[k]))
			k++;
		if (!before(&fb->heap[k], &x))
			break;
		fb->heap[i] = fb->heap[k];
	}
	fb->heap[i] = x;
	return top;
}

static void note(struct gh_fb *fb, uint64_t off, uint64_t len, enum gh_fb_part part)
{
	if (len != 0 && !gh_recs_add(&fb->parts, (struct gh_rec){ off, off + len, part }))
		fb->full = true;
}

static bool get(struct gh_fb *fb, uint64_t off, size_t len, struct gh_span *out)
{
	if (off > fb->size || len > fb->size - off)
		return false;
	*out = fb->at(fb->ctx, off, len);
	return out->n == len;
}

/* Bytes that a field of this letter takes in its table; 0: no such letter. */
static unsigned width_of(char letter)
{
	switch (letter) {
	case '1':
	case 'u': return 1;
	case '2': return 2;
	case '4': return 4;
	case '8': return 8;
	case '\0': return 0;
	default: return 4; /* an offset */
	}
}

static bool has_ref(char letter) { return letter == 't' || letter == 'T' || letter == 'U' || letter == 'X'; }

/* The vtable of the table at off: its fields' places, and whether any beyond `known` is in use. */
static bool open_table(struct gh_fb *fb, uint64_t off, struct gh_fb_tab *t, uint64_t *vt, uint16_t *vsize, size_t known,
		       bool *more)
{
	struct gh_span s;
	*t = (struct gh_fb_tab){ 0 };
	if (!get(fb, off, 4, &s))
		return false;
	int64_t back = (int32_t)gh_le32(s.p);
	if ((back > 0 && (uint64_t)back > off) || (back < 0 && (uint64_t)-back > fb->size - off))
		return false;
	*vt = back >= 0 ? off - (uint64_t)back : off + (uint64_t)-back;
	if (*vt % 2 != 0 || !get(fb, *vt, 4, &s))
		return false;
	*vsize = gh_le16(s.p);
	t->size = gh_le16(s.p + 2);
	if (*vsize < 4 || *vsize % 2 != 0 || t->size < 4 || t->size > fb->size - off || !get(fb, *vt, *vsize, &s))
		return false;
	size_t n = (*vsize - 4u) / 2;
	for (size_t i = 0; i < n; i++) {
		uint16_t slot = gh_le16(s.p + 4 + 2 * i);
		if (i < GH_FB_FIELDS)
			t->slot[i] = slot;
		if (i >= known && slot != 0)
			*more = true;
	}
	t->n = (uint16_t)(n < GH_FB_FIELDS ? n : GH_FB_FIELDS);
	t->off = off;
	return true;
}

struct fields {
	const struct gh_fb_table *desc;
	struct gh_span in; /* the table's own bytes */
	uint8_t used[INLINE_MAX];
	bool overlap;
};

static bool take_field(struct gh_fb *fb, struct fields *f, uint64_t off, uint16_t slot, unsigned width)
{
	if (slot < 4 || slot + width > f->in.n) {
		fb->fault(fb->ctx, GH_FB_VTABLE, off, f->desc->name);
		return false;
	}
	if ((off + slot) % width != 0) {
		fb->fault(fb->ctx, GH_FB_ALIGN, off + slot, f->desc->name);
		return false;
	}
	for (unsigned i = slot; i < slot + width && i < INLINE_MAX; i++) {
		f->overlap = f->overlap || f->used[i] != 0;
		f->used[i] = 1;
	}
	return true;
}

/* What stands in the table beyond its fields; more: some of it is of fields that are not known, which was said. */
static void judge_inline(struct gh_fb *fb, const struct fields *f, uint64_t off, bool more)
{
	if (f->overlap)
		fb->fault(fb->ctx, GH_FB_OVERLAP, off, f->desc->name);
	for (size_t i = 4; i < f->in.n && !more; i++)
		if (f->in.p[i] != 0 && (i >= INLINE_MAX || f->used[i] == 0)) {
			fb->fault(fb->ctx, GH_FB_LOOSE, off + i, f->desc->name);
			return;
		}
}

static void follow(struct gh_fb *fb, uint64_t from, uint32_t rel, char kind, uint16_t ref, uint32_t depth,
		   const char *name)
{
	if (rel == 0 || rel > fb->size - from) {
		fb->fault(fb->ctx, GH_FB_RANGE, from, name);
		return;
	}
	push(fb, (struct gh_fb_todo){ from + rel, (uint16_t)kind, ref, depth });
}

static void read_table(struct gh_fb *fb, const struct gh_fb_todo *x)
{
	const struct gh_fb_table *desc = &fb->schema->table[x->ref];
	struct fields f = { .desc = desc };
	struct gh_fb_tab t;
	uint64_t vt;
	uint16_t vsize;
	bool more = false;
	size_t known = strlen(desc->fields);
	if (x->off % 4 != 0) {
		fb->fault(fb->ctx, GH_FB_ALIGN, x->off, desc->name);
		return;
	}
	if (!open_table(fb, x->off, &t, &vt, &vsize, known, &more) || !get(fb, x->off, t.size, &f.in)) {
		fb->fault(fb->ctx, GH_FB_VTABLE, x->off, desc->name);
		return;
	}
	note(fb, vt, vsize, GH_FB_STRUCT);
	note(fb, x->off, t.size, GH_FB_STRUCT);
	if (more)
		fb->fault(fb->ctx, GH_FB_NEW, x->off, desc->name);
	const uint8_t *ref = desc->ref;
	unsigned type = 0; /* of the union whose value comes next */
	for (size_t i = 0; i < known && i < t.n; i++) {
		char c = desc->fields[i];
		uint16_t r = has_ref(c) ? *ref++ : 0, slot = t.slot[i];
		unsigned width = width_of(c), was = type;
		type = 0;
		if (slot == 0 || !take_field(fb, &f, x->off, slot, width))
			continue;
		if (c == 'u')
			type = f.in.p[slot];
		if (c == 'u' || (c >= '1' && c <= '8'))
			continue;
		if (c == 'U') {
			const struct gh_fb_union *u = &fb->schema->un[r];
			if (was == 0 || was > u->n) {
				fb->fault(fb->ctx, GH_FB_NEW, x->off + slot, desc->name);
				continue;
			}
			c = 't';
			r = u->table[was - 1];
		}
		follow(fb, x->off + slot, gh_le32(f.in.p + slot), c, r, x->depth + 1, desc->name);
	}
	judge_inline(fb, &f, x->off, more);
}

/* A vector of offsets: each is followed from where it stands. */
static void read_offsets(struct gh_fb *fb, const struct gh_fb_todo *x, uint64_t n)
{
	char kind = x->kind == 'T' ? 't' : 's';
	struct gh_span s;
	for (uint64_t i = 0; i < n && !fb->full;) {
		uint64_t at = x->off + 4 + 4 * i, k = n - i < CHUNK / 4 ? n - i : CHUNK / 4;
		if (!get(fb, at, (size_t)(4 * k), &s))
			return;
		for (uint64_t j = 0; j < k; j++)
			follow(fb, at + 4 * j, gh_le32(s.p + 4 * j), kind, x->ref, x->depth + 1, "a vector of offsets");
		i += k;
	}
}

static void read_vector(struct gh_fb *fb, const struct gh_fb_todo *x)
{
	static const struct {
		char kind;
		uint8_t width, align;
	} rows[] = { { 's', 1, 1 }, { 'B', 1, 1 }, { 'H', 2, 2 }, { 'I', 4, 4 },
		     { 'L', 8, 8 }, { 'T', 4, 4 }, { 'S', 4, 4 } };
	uint64_t width = x->ref;
	unsigned align = 4;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if ((uint16_t)rows[i].kind == x->kind) {
			width = rows[i].width;
			align = rows[i].align;
		}
	struct gh_span s;
	if (x->off % 4 != 0) {
		fb->fault(fb->ctx, GH_FB_ALIGN, x->off, x->kind == 's' ? "a string" : "a vector");
		return;
	}
	if (!get(fb, x->off, 4, &s)) {
		fb->fault(fb->ctx, GH_FB_RANGE, x->off, "a vector");
		return;
	}
	uint64_t n = gh_le32(s.p), left = fb->size - x->off - 4;
	if (n > left / width || (x->kind == 's' && n == left)) {
		fb->fault(fb->ctx, GH_FB_RANGE, x->off, x->kind == 's' ? "a string" : "a vector");
		return;
	}
	if (n != 0 && (x->off + 4) % align != 0) {
		fb->fault(fb->ctx, GH_FB_ALIGN, x->off, x->kind == 's' ? "a string" : "a vector");
		return;
	}
	bool data = x->kind == 'B';
	note(fb, x->off, 4 + (data ? 0 : n * width) + (x->kind == 's'), GH_FB_STRUCT);
	if (data)
		note(fb, x->off + 4, n, GH_FB_DATA);
	if (x->kind == 's' && (!get(fb, x->off + 4 + n, 1, &s) || s.p[0] != 0))
		fb->fault(fb->ctx, GH_FB_STRING, x->off, "a string");
	if (x->kind == 'T' || x->kind == 'S')
		read_offsets(fb, x, n);
}

/* Sort the parts, drop what is there twice, find the end. */
static void finish(struct gh_fb *fb)
{
	size_t n = 0;
	gh_recs_sort(&fb->parts, 0);
	for (size_t i = 0; i < fb->parts.n; i++) {
		struct gh_rec r = *gh_recs_at(&fb->parts, i);
		if (n > 0 && gh_recs_at(&fb->parts, n - 1)->a == r.a && gh_recs_at(&fb->parts, n - 1)->b == r.b)
			continue;
		*gh_recs_at(&fb->parts, n++) = r;
		if (r.b > fb->end)
			fb->end = r.b;
	}
	gh_recs_cut(&fb->parts, n);
}

bool gh_fb_verify(struct gh_fb *fb)
{
	struct gh_span s;
	struct gh_fb_todo last = { 0 };
	fb->parts = gh_recs(fb->arena, PARTS_MAX);
	fb->heap = NULL;
	fb->n = fb->cap = 0;
	fb->end = 0;
	if (!get(fb, 0, 8, &s))
		return false;
	note(fb, 0, fb->bare ? 4 : 8, GH_FB_STRUCT);
	follow(fb, 0, gh_le32(s.p), 't', fb->schema->root, 1, "the root");
	for (uint64_t steps = 0; fb->n != 0 && !fb->full; steps++) {
		struct gh_fb_todo x = pop(fb);
		if (x.off == last.off && x.kind == last.kind && x.ref == last.ref)
			continue;
		last = x;
		if (x.depth > GH_FB_DEPTH) {
			fb->fault(fb->ctx, GH_FB_DEEP, x.off, "a table");
			break;
		}
		if (steps >= fb->steps)
			fb->full = true;
		else if (x.kind == 't')
			read_table(fb, &x);
		else
			read_vector(fb, &x);
	}
	finish(fb);
	return fb->parts.n > 1;
}

/* ---- reading ------------------------------------------------------------------------------------------------------ */

struct gh_fb_tab gh_fb_open(struct gh_fb *fb, uint64_t off)
{
	struct gh_fb_tab t;
	uint64_t vt;
	uint16_t vsize;
	bool more = false;
	if (off == 0 || !open_table(fb, off, &t, &vt, &vsize, GH_FB_FIELDS, &more))
		return (struct gh_fb_tab){ 0 };
	return t;
}

struct gh_fb_tab gh_fb_root(struct gh_fb *fb)
{
	struct gh_span s;
	return gh_fb_open(fb, get(fb, 0, 4, &s) ? gh_le32(s.p) : 0);
}

/* Where a field stands, if it is there with so many bytes; 0: it is not. */
static uint64_t place(const struct gh_fb_tab *t, unsigned field, unsigned width)
{
	if (t->off == 0 || field >= t->n || t->slot[field] < 4 || t->slot[field] + width > t->size)
		return 0;
	return t->off + t->slot[field];
}

uint64_t gh_fb_scalar(struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field, unsigned width, uint64_t def)
{
	struct gh_span s;
	uint64_t at = place(t, field, width), v = 0;
	if (at == 0 || width > 8 || !get(fb, at, width, &s))
		return def;
	for (unsigned i = width; i > 0; i--)
		v = v << 8 | s.p[i - 1];
	return v;
}

/* Where the offset that stands at `at` leads to. */
static uint64_t target(struct gh_fb *fb, uint64_t at)
{
	struct gh_span s;
	if (at == 0 || !get(fb, at, 4, &s))
		return 0;
	uint32_t rel = gh_le32(s.p);
	return rel == 0 || rel > fb->size - at ? 0 : at + rel;
}

static struct gh_fb_vec vector_at(struct gh_fb *fb, uint64_t off, unsigned width)
{
	struct gh_span s;
	if (off == 0 || width == 0 || !get(fb, off, 4, &s))
		return (struct gh_fb_vec){ 0 };
	uint64_t n = gh_le32(s.p);
	return n > (fb->size - off - 4) / width ? (struct gh_fb_vec){ 0 } : (struct gh_fb_vec){ off + 4, n };
}

struct gh_fb_vec gh_fb_vector(struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field, unsigned width)
{
	return vector_at(fb, target(fb, place(t, field, 4)), width);
}

struct gh_fb_tab gh_fb_sub(struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field)
{
	return gh_fb_open(fb, target(fb, place(t, field, 4)));
}

uint64_t gh_fb_elem(struct gh_fb *fb, struct gh_fb_vec v, uint64_t i, unsigned width)
{
	struct gh_span s;
	uint64_t out = 0;
	if (i >= v.n || width > 8 || !get(fb, v.off + i * width, width, &s))
		return 0;
	for (unsigned k = width; k > 0; k--)
		out = out << 8 | s.p[k - 1];
	return out;
}

struct gh_fb_tab gh_fb_item(struct gh_fb *fb, struct gh_fb_vec v, uint64_t i)
{
	return gh_fb_open(fb, i < v.n ? target(fb, v.off + 4 * i) : 0);
}

struct gh_fb_vec gh_fb_str_item(struct gh_fb *fb, struct gh_fb_vec v, uint64_t i)
{
	return vector_at(fb, i < v.n ? target(fb, v.off + 4 * i) : 0, 1);
}

struct gh_span gh_fb_bytes(struct gh_fb *fb, struct gh_fb_vec v, size_t max)
{
	struct gh_span s;
	size_t n = v.n < max ? (size_t)v.n : max;
	if (n == 0 || n > 64 << 10 || !get(fb, v.off, n, &s))
		return (struct gh_span){ 0 };
	return s;
}
