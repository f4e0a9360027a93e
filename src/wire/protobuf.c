#include "wire/protobuf.h"

#include "base/utf8.h"

enum { VARINT_MAX = 10, FIT_DEPTH = 16 };

/* ---- bytes ------------------------------------------------------------------------------------------------------- */

struct gh_pb gh_pb(struct gh_span (*more)(void *ctx, uint64_t off), void *ctx, const uint32_t *epoch, uint64_t off,
		   uint64_t len)
{
	struct gh_pb p = { .more = more, .ctx = ctx, .epoch = epoch, .off = off };
	p.end = len > UINT64_MAX - off ? UINT64_MAX : off + len;
	return p;
}

static struct gh_span mem_more(void *ctx, uint64_t off)
{
	const struct gh_pb_mem *m = ctx;
	return gh_span_cut(m->mem, off, m->mem.n);
}

struct gh_pb *gh_pb_mem(struct gh_pb_mem *m, struct gh_span s, uint64_t all)
{
	m->mem = s;
	m->p = gh_pb(mem_more, m, NULL, 0, all);
	return &m->p;
}

static enum gh_pb_got bad(struct gh_pb *p, uint64_t at, const char *why)
{
	if (p->why == NULL) {
		p->why = why;
		p->off = at;
	}
	return GH_PB_BAD;
}

/* The bytes at p->off, at most to the end of the message: 16 of them unless the message or the source ends before. */
static struct gh_span here(struct gh_pb *p)
{
	uint64_t left = p->end - p->off;
	bool stale = p->epoch != NULL && p->seen != *p->epoch;
	size_t at = 0, have = 0;
	if (!stale && p->off >= p->base && p->off - p->base < p->w.n) {
		at = (size_t)(p->off - p->base);
		have = p->w.n - at;
	}
	if (have < 16 && have < left) {
		p->w = p->more(p->ctx, p->off);
		p->base = p->off;
		p->seen = p->epoch != NULL ? *p->epoch : 0;
		at = 0;
	}
	return gh_span_cut(p->w, at, left);
}

/* One varint at p->off, and past it. False: BAD. */
static bool varint(struct gh_pb *p, uint64_t *v, unsigned *odd)
{
	struct gh_span s = here(p);
	uint64_t out = 0;
	for (unsigned i = 0; i < s.n && i < VARINT_MAX; i++) {
		uint8_t b = s.p[i];
		out |= (uint64_t)(b & 0x7f) << 7 * i; /* of the tenth byte one bit is left */
		if (b >= 0x80)
			continue;
		if (b == 0 && i > 0)
			*odd |= GH_PB_OVERLONG;
		if (i == VARINT_MAX - 1 && b > 1)
			*odd |= GH_PB_DROPPED;
		p->off += i + 1;
		*v = out;
		return true;
	}
	if (s.n >= VARINT_MAX)
		(void)bad(p, p->off, "a varint of more than 10 bytes");
	else {
		p->cut = s.n < p->end - p->off;
		(void)bad(p, p->off, "the message ends within a number");
	}
	return false;
}

static bool fixed(struct gh_pb *p, unsigned width, uint64_t *v)
{
	struct gh_span s = here(p);
	if (s.n < width) {
		p->cut = s.n < p->end - p->off;
		(void)bad(p, p->off, "the message ends within a number");
		return false;
	}
	*v = width == 4 ? gh_le32(s.p) : gh_le64(s.p);
	p->off += width;
	return true;
}

/* ---- fields ------------------------------------------------------------------------------------------------------- */

enum { WIRE_GROUP_END = 4 };

/* Tag and payload of whatever is at p->off; of a start of a group only the tag. *wire: as encoded. */
static bool element(struct gh_pb *p, struct gh_pb_field *f, unsigned *wire)
{
	uint64_t tag = 0, len = 0;
	*f = (struct gh_pb_field){ .tag = p->off };
	if (!varint(p, &tag, &f->odd))
		return false;
	*wire = (unsigned)(tag & 7);
	f->number = (uint32_t)(tag >> 3);
	if (tag >> 3 == 0 || tag >> 3 > GH_PB_NUMBER_MAX) {
		(void)bad(p, f->tag, "a field number that does not exist");
		return false;
	}
	f->wire = (enum gh_pb_wire) * wire;
	f->off = p->off;
	switch (*wire) {
	case GH_PB_VARINT:
		if (!varint(p, &f->v, &f->odd))
			return false;
		break;
	case GH_PB_I64:
	case GH_PB_I32:
		if (!fixed(p, *wire == GH_PB_I64 ? 8 : 4, &f->v))
			return false;
		break;
	case GH_PB_LEN:
		if (!varint(p, &len, &f->odd))
			return false;
		f->off = p->off;
		if (len > p->end - p->off) {
			(void)bad(p, f->tag, "a field that is longer than its message");
			return false;
		}
		f->odd |= len > INT32_MAX ? GH_PB_HUGE : 0;
		p->off += len;
		break;
	case GH_PB_GROUP:
	case WIRE_GROUP_END: break;
	default: (void)bad(p, f->tag, "a wire type that does not exist"); return false;
	}
	f->len = p->off - f->off;
	f->end = p->off;
	return true;
}

/* Behind the start of the group f: find its end. Groups nest; their numbers are kept on a stack. */
static bool group(struct gh_pb *p, struct gh_pb_field *f)
{
	uint32_t open[GH_PB_GROUPS];
	unsigned n = 0, wire = 0;
	open[n++] = f->number;
	f->off = p->off;
	while (n > 0) {
		struct gh_pb_field in;
		if (p->off == p->end) {
			(void)bad(p, f->tag, "a group without its end");
			return false;
		}
		if (!element(p, &in, &wire))
			return false;
		f->odd |= in.odd;
		f->len = in.tag - f->off;
		if (wire == WIRE_GROUP_END) {
			if (open[--n] != in.number) {
				(void)bad(p, in.tag, "the end of a group that was not opened");
				return false;
			}
		} else if (wire == GH_PB_GROUP) {
			if (n == GH_PB_GROUPS) {
				p->limit = true;
				(void)bad(p, in.tag, "groups nested too deep");
				return false;
			}
			open[n++] = in.number;
		}
	}
	f->end = p->off;
	return true;
}

enum gh_pb_got gh_pb_next(struct gh_pb *p, struct gh_pb_field *f)
{
	unsigned wire = 0;
	*f = (struct gh_pb_field){ 0 };
	if (p->why != NULL)
		return GH_PB_BAD;
	if (p->off == p->end)
		return GH_PB_END;
	if (!element(p, f, &wire))
		return GH_PB_BAD;
	if (wire == WIRE_GROUP_END)
		return bad(p, f->tag, "the end of a group that was not opened");
	if (wire == GH_PB_GROUP && !group(p, f))
		return GH_PB_BAD;
	return GH_PB_FIELD;
}

bool gh_pb_enter(struct gh_pb *p, const struct gh_pb_field *f)
{
	if (p->why != NULL)
		return false;
	if (p->depth == GH_PB_DEPTH) {
		p->limit = true;
		(void)bad(p, f->tag, "messages nested too deep");
		return false;
	}
	p->up[p->depth].off = f->end; /* of a group: behind its end */
	p->up[p->depth++].end = p->end;
	p->end = f->off + f->len;
	p->off = f->off;
	return true;
}

void gh_pb_leave(struct gh_pb *p)
{
	if (p->why != NULL || p->depth == 0)
		return;
	p->off = p->up[--p->depth].off;
	p->end = p->up[p->depth].end;
}

enum gh_pb_got gh_pb_packed(struct gh_pb *p, enum gh_pb_wire wire, uint64_t *v, unsigned *odd)
{
	unsigned unused = 0;
	if (p->why != NULL)
		return GH_PB_BAD;
	if (p->off == p->end)
		return GH_PB_END;
	bool ok = wire == GH_PB_VARINT ? varint(p, v, odd != NULL ? odd : &unused)
				       : fixed(p, wire == GH_PB_I32 ? 4 : 8, v);
	return ok ? GH_PB_FIELD : GH_PB_BAD;
}

/* ---- shapes -------------------------------------------------------------------------------------------------------- */

static bool is_text(struct gh_span s, bool whole)
{
	while (s.n != 0) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(s, &cp);
		if (n == 0)
			return !whole && s.n < 4; /* a character that goes on out of sight */
		if ((cp < 0x20 && cp != '\n' && cp != '\t' && cp != '\r') || cp == 0x7f)
			return false;
		s.p += n;
		s.n -= n;
	}
	return true;
}

static const struct gh_pb_shape *row_of(const struct gh_pb_shape *shape, uint32_t number)
{
	for (; shape->number != 0; shape++)
		if (shape->number == number)
			return shape;
	return NULL;
}

/* Does the field have the form that its row wants? */
static bool form(const struct gh_pb_shape *row, const struct gh_pb_field *f, struct gh_span head, bool lenient)
{
	if ((row->wires & 1u << f->wire) == 0 || (!lenient && (f->odd & (GH_PB_OVERLONG | GH_PB_DROPPED)) != 0))
		return false;
	if (f->wire == GH_PB_VARINT && row->max != 0 && f->v > row->max)
		return false;
	if (f->wire != GH_PB_LEN || (row->is & (GH_PB_TEXT | GH_PB_NAME)) == 0)
		return true;
	struct gh_span s = gh_span_cut(head, f->off, f->len);
	return ((row->is & GH_PB_NAME) == 0 || f->len != 0) && is_text(s, s.n == f->len);
}

struct gh_pb_fit gh_pb_fit(struct gh_span head, uint64_t size, const struct gh_pb_shape *shape, bool lenient)
{
	struct gh_pb_fit out = { 0 };
	struct gh_pb_mem m;
	struct gh_pb *p = gh_pb_mem(&m, head, size);
	struct gh_pb_field f;
	const struct gh_pb_shape *at[FIT_DEPTH] = { shape };
	uint64_t total = 0, outer = 0;
	for (;;) {
		enum gh_pb_got got = gh_pb_next(p, &f);
		if (got == GH_PB_END && p->depth == 0) {
			out.whole = true;
			break;
		}
		if (got == GH_PB_END) {
			gh_pb_leave(p);
			continue;
		}
		if (got == GH_PB_BAD) {
			if (!p->cut)
				return out;
			break;
		}
		const struct gh_pb_shape *row = row_of(at[p->depth], f.number);
		total++;
		if (row == NULL) {
			out.strange++;
			if (!lenient)
				return out;
		} else if (!form(row, &f, head, lenient)) {
			return out;
		}
		if (p->depth == 0) {
			out.fields++;
			outer = row == NULL || row - shape >= 64 ? 0 : (uint64_t)1 << (row - shape);
			out.seen |= outer;
		} else {
			out.nested |= outer;
		}
		bool inside = row != NULL && (row->is & GH_PB_MSG) != 0 && row->sub != NULL && f.wire == GH_PB_LEN;
		if (inside && p->depth + 1 < FIT_DEPTH && gh_pb_enter(p, &f))
			at[p->depth] = row->sub;
		else if (f.end >= head.n && f.end < size)
			break; /* the rest is out of sight */
	}
	out.fits = out.strange * 8 <= total && total != 0;
	return out;
}
