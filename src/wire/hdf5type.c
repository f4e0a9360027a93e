#include "wire/hdf5type.h"

#include "wire/hdf5.h"

/* A type whose inner types are still to be read. */
struct frame {
	enum gh_hdf5_class cls;
	unsigned version;
	uint32_t size;
	uint64_t base;	 /* place of this type's element in the outermost one */
	uint32_t left;	 /* members still to come */
	uint64_t repeat; /* ARRAY: how often the base comes */
	uint64_t used;	 /* COMPOUND: bytes of members so far */
	size_t spot;	 /* first spot of what is inside */
	bool text;
	uint32_t nvalues; /* ENUM */
	uint32_t member_off, member_size;
};

struct state {
	struct gh_rd r;
	unsigned width;
	struct gh_arena *arena;
	struct gh_hdf5_type *t;
	size_t cap;
	struct frame f[GH_HDF5_DEPTH];
	unsigned depth;
	enum gh_rc rc;
	unsigned vlens; /* frames on the stack that are sequences: what they hold is not part of the element */
	bool first;
};

static bool wrong(struct state *s, enum gh_rc rc)
{
	if (s->rc == GH_OK)
		s->rc = rc;
	return false;
}

static bool add_spot(struct state *s, struct gh_hdf5_spot spot)
{
	if (s->vlens != 0)
		return true;
	if (s->t->nspot >= GH_HDF5_SPOTS) {
		s->t->many = true;
		return true;
	}
	struct gh_hdf5_spot *v = gh_grow(s->arena, s->t->spot, &s->cap, s->t->nspot + 1, sizeof *v);
	if (v == NULL)
		return wrong(s, GH_E_LIMIT);
	s->t->spot = v;
	v[s->t->nspot++] = spot;
	return true;
}

/* A NUL-terminated name; padded: to a multiple of 8 bytes. */
static bool skip_name(struct gh_rd *r, bool padded)
{
	struct gh_span rest = gh_span_cut(r->s, r->off, r->s.n);
	const uint8_t *nul = rest.n == 0 ? NULL : memchr(rest.p, 0, rest.n);
	if (nul == NULL) {
		r->bad = true;
		return false;
	}
	size_t n = (size_t)(nul - rest.p) + 1;
	(void)gh_rd_take(r, padded ? (n + 7) & ~(size_t)7 : n);
	return !r->bad;
}

struct head {
	enum gh_hdf5_class cls;
	unsigned version;
	uint32_t bits, size;
};

static bool note_float(struct state *s, const struct head *h)
{
	const struct {
		uint8_t size, prec, epos, ebits, mbits;
	} known[] = {
		{ 2, 16, 10, 5, 10 },
		{ 4, 32, 23, 8, 23 },
		{ 8, 64, 52, 11, 52 },
		{ 2, 16, 7, 8, 7 },
	};
	unsigned off = gh_rd_u16le(&s->r), prec = gh_rd_u16le(&s->r), epos = gh_rd_u8(&s->r), ebits = gh_rd_u8(&s->r);
	unsigned mpos = gh_rd_u8(&s->r), mbits = gh_rd_u8(&s->r);
	(void)gh_rd_u32le(&s->r); /* bias */
	if (off + prec > 8 * (uint64_t)h->size || epos + ebits > 8 * (uint64_t)h->size ||
	    mpos + mbits > 8 * (uint64_t)h->size)
		return wrong(s, GH_E_MALFORMED);
	for (size_t i = 0; s->first && i < sizeof known / sizeof known[0]; i++)
		if (h->size == known[i].size && prec == known[i].prec && epos == known[i].epos &&
		    ebits == known[i].ebits && mbits == known[i].mbits) {
			s->t->ieee = true;
			s->t->bf16 = i == 3;
		}
	return true;
}

/* Types without others inside. */
static bool atom(struct state *s, const struct head *h, uint64_t base)
{
	switch (h->cls) {
	case GH_HDF5_INT:
	case GH_HDF5_BITFIELD: {
		unsigned off = gh_rd_u16le(&s->r), prec = gh_rd_u16le(&s->r);
		return off + prec <= 8 * (uint64_t)h->size || wrong(s, GH_E_MALFORMED);
	}
	case GH_HDF5_FLOAT: return note_float(s, h);
	case GH_HDF5_TIME: (void)gh_rd_u16le(&s->r); return true;
	case GH_HDF5_OPAQUE: (void)gh_rd_take(&s->r, h->bits & 0xff); return true;
	case GH_HDF5_REFERENCE:
		if ((h->bits & 15) > 4)
			return wrong(s, GH_E_UNREAD);
		/* A region reference, of the old kind: a heap address and an index. */
		if ((h->bits & 15) == 1 && h->size >= s->width + 4)
			return base > UINT32_MAX ||
			       add_spot(s,
					(struct gh_hdf5_spot){ .off = (uint32_t)base, .element = 1, .region = true });
		return true;
	default: return true; /* strings have no properties */
	}
}

static bool open_compound(struct state *s, const struct head *h, struct frame *f)
{
	f->left = h->bits & 0xffff;
	return f->left <= gh_rd_left(&s->r) / 2 || wrong(s, GH_E_MALFORMED);
}

static bool open_array(struct state *s, const struct head *h, struct frame *f)
{
	unsigned n = gh_rd_u8(&s->r);
	if (h->version < 3)
		(void)gh_rd_take(&s->r, 3);
	if (n > GH_HDF5_DIMS)
		return wrong(s, GH_E_MALFORMED);
	for (unsigned i = 0; i < n; i++)
		if (__builtin_mul_overflow(f->repeat, gh_rd_u32le(&s->r), &f->repeat))
			return wrong(s, GH_E_MALFORMED);
	if (h->version < 3)
		(void)gh_rd_take(&s->r, 4 * n);
	f->left = 1;
	return true;
}

static bool push(struct state *s, const struct head *h, uint64_t base)
{
	if (s->depth == GH_HDF5_DEPTH)
		return wrong(s, GH_E_LIMIT);
	struct frame *f = &s->f[s->depth];
	*f = (struct frame){ .cls = h->cls,
			     .version = h->version,
			     .size = h->size,
			     .base = base,
			     .left = 1,
			     .repeat = 1,
			     .spot = s->t->nspot };
	switch (h->cls) {
	case GH_HDF5_COMPOUND:
		if (!open_compound(s, h, f))
			return false;
		break;
	case GH_HDF5_ARRAY:
		if (!open_array(s, h, f))
			return false;
		break;
	case GH_HDF5_ENUM: f->nvalues = h->bits & 0xffff; break;
	case GH_HDF5_VLEN:
		f->text = (h->bits & 15) == 1;
		if ((h->bits & 15) > 1 || h->size < 4 + s->width + 4)
			return wrong(s, GH_E_MALFORMED);
		s->vlens++;
		break;
	default: break;
	}
	s->depth++;
	return true;
}

/* One type begins: an atom is read, anything else opens a frame. */
static bool begin(struct state *s, uint64_t base, uint32_t *size)
{
	struct head h;
	unsigned cv = gh_rd_u8(&s->r);
	h.bits = (uint32_t)gh_rd_le(&s->r, 3);
	h.size = gh_rd_u32le(&s->r);
	h.version = cv >> 4;
	if (s->r.bad || h.size == 0 || h.version == 0)
		return wrong(s, GH_E_MALFORMED);
	if ((cv & 15) >= GH_HDF5_CLASSES || h.version > 5)
		return wrong(s, GH_E_UNREAD);
	h.cls = (enum gh_hdf5_class)(cv & 15);
	*size = h.size;
	if (s->first) {
		struct gh_hdf5_type *t = s->t;
		t->cls = t->base = h.cls;
		t->version = h.version;
		t->size = t->base_size = h.size;
		t->big_endian = (h.cls == GH_HDF5_INT || h.cls == GH_HDF5_FLOAT || h.cls == GH_HDF5_BITFIELD) &&
				(h.bits & 1) != 0;
		t->is_signed = t->base_signed = h.cls == GH_HDF5_INT && (h.bits & 8) != 0;
		t->pad = h.cls == GH_HDF5_STRING ? h.bits & 15 : 0;
		t->text = h.cls == GH_HDF5_VLEN && (h.bits & 15) == 1;
	} else if (s->depth != 0 && s->t->cls != GH_HDF5_COMPOUND) {
		s->t->base = h.cls;
		s->t->base_size = h.size;
		s->t->base_signed = h.cls == GH_HDF5_INT && (h.bits & 8) != 0;
	}
	bool inner = h.cls == GH_HDF5_COMPOUND || h.cls == GH_HDF5_ARRAY || h.cls == GH_HDF5_ENUM ||
		     h.cls == GH_HDF5_VLEN || h.cls == GH_HDF5_COMPLEX;
	bool fine = inner ? push(s, &h, base) : atom(s, &h, base);
	s->first = false;
	return fine && (!s->r.bad || wrong(s, GH_E_MALFORMED));
}

/* The next member's name and place; version 1 could make any member an array. */
static bool member(struct state *s, struct frame *f, uint64_t *base)
{
	if (!skip_name(&s->r, f->version < 3))
		return wrong(s, GH_E_MALFORMED);
	f->member_off = (uint32_t)gh_rd_le(&s->r, f->version < 3 ? 4 : gh_hdf5_width(f->size));
	if (f->version == 1) {
		unsigned n = gh_rd_u8(&s->r);
		(void)gh_rd_take(&s->r, 11);
		(void)gh_rd_take(&s->r, 16);
		if (n > 4)
			return wrong(s, GH_E_MALFORMED);
		if (n != 0 && f->left != 0)
			return wrong(s, GH_E_UNREAD); /* written by versions before 1.2 only */
	}
	if (s->r.bad || f->member_off >= f->size)
		return wrong(s, GH_E_MALFORMED);
	*base = f->base + f->member_off;
	return true;
}

/* A spot of an array's base comes as often as the base. */
static bool repeat_spots(struct state *s, const struct frame *f, uint32_t each)
{
	size_t to = s->t->nspot;
	for (uint64_t k = 1; k < f->repeat && f->spot < to && !s->t->many; k++)
		for (size_t i = f->spot; i < to; i++) {
			struct gh_hdf5_spot x = s->t->spot[i];
			x.off += (uint32_t)(k * each);
			if (!add_spot(s, x))
				return false;
		}
	return true;
}

/* All of the inner types of the innermost frame were read; each: bytes of the last one. */
static bool end_frame(struct state *s, uint32_t each)
{
	struct frame *f = &s->f[--s->depth];
	uint64_t total;
	switch (f->cls) {
	case GH_HDF5_ARRAY:
		if (__builtin_mul_overflow(f->repeat, each, &total) || total != f->size)
			return wrong(s, GH_E_MALFORMED);
		return repeat_spots(s, f, each);
	case GH_HDF5_ENUM:
		if (each != f->size)
			return wrong(s, GH_E_MALFORMED);
		for (uint32_t i = 0; i < f->nvalues; i++)
			if (!skip_name(&s->r, f->version < 3))
				return wrong(s, GH_E_MALFORMED);
		(void)gh_rd_take(&s->r, (uint64_t)f->nvalues * each);
		return !s->r.bad || wrong(s, GH_E_MALFORMED);
	case GH_HDF5_VLEN:
		s->vlens--;
		return f->base > UINT32_MAX ||
		       add_spot(s, (struct gh_hdf5_spot){
					   .off = (uint32_t)f->base, .element = f->text ? 1 : each, .text = f->text });
	case GH_HDF5_COMPLEX: return (uint64_t)each * 2 == f->size || wrong(s, GH_E_MALFORMED);
	default: return true;
	}
}

static bool inside(struct state *s, uint32_t *size)
{
	struct frame *f = &s->f[s->depth - 1];
	uint64_t base = f->base;
	if (f->left == 0) {
		uint32_t own = f->size;
		if (!end_frame(s, f->member_size))
			return false;
		*size = own;
		if (s->depth != 0) {
			struct frame *up = &s->f[s->depth - 1];
			up->member_size = own;
			if (up->cls == GH_HDF5_COMPOUND && own > up->size - up->member_off)
				return wrong(s, GH_E_MALFORMED);
		}
		return true;
	}
	f->left--;
	if (f->cls == GH_HDF5_COMPOUND && !member(s, f, &base))
		return false;
	unsigned depth = s->depth;
	if (!begin(s, base, size))
		return false;
	if (s->depth == depth) { /* an atom: complete */
		f->member_size = *size;
		if (f->cls == GH_HDF5_COMPOUND && *size > f->size - f->member_off)
			return wrong(s, GH_E_MALFORMED);
	}
	return true;
}

size_t gh_hdf5_type(struct gh_span in, unsigned width, struct gh_arena *arena, struct gh_hdf5_type *out, enum gh_rc *rc)
{
	struct state *s = GH_NEW(arena, struct state, 1);
	uint32_t size;
	*out = (struct gh_hdf5_type){ 0 };
	*rc = GH_E_LIMIT;
	if (s == NULL)
		return 0;
	s->r = gh_rd(in);
	s->width = width;
	s->arena = arena;
	s->t = out;
	s->first = true;
	bool fine = begin(s, 0, &size);
	while (fine && s->depth != 0)
		fine = inside(s, &size);
	if (fine && s->r.bad)
		fine = wrong(s, GH_E_MALFORMED);
	*rc = fine ? GH_OK : s->rc;
	if (!fine)
		*out = (struct gh_hdf5_type){ 0 };
	return fine ? s->r.off : 0;
}
