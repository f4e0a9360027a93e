#include "wire/cbor.h"

#include "base/utf8.h"

enum { INFO_1 = 24, INFO_8 = 27 };

enum gh_cbor_kind gh_cbor_peek(const struct gh_rd *r)
{
	return gh_rd_left(r) == 0 ? GH_CBOR_NONE : (enum gh_cbor_kind)(r->s.p[r->off] >> 5);
}

static struct gh_cbor bad(struct gh_rd *r)
{
	r->bad = true;
	return (struct gh_cbor){ .kind = GH_CBOR_NONE };
}

/* The number of a head: in the head itself below 24, else in 1, 2, 4 or 8 bytes, as few as do. */
static uint64_t number(struct gh_rd *r, unsigned info)
{
	if (info < INFO_1)
		return info;
	if (info > INFO_8) { /* reserved, or of indefinite length */
		r->bad = true;
		return 0;
	}
	unsigned width = 1U << (info - INFO_1);
	uint64_t v = gh_rd_be(r, width), below = width == 1 ? INFO_1 : (uint64_t)1 << (4 * width);
	if (v < below)
		r->bad = true;
	return v;
}

struct gh_cbor gh_cbor_next(struct gh_rd *r)
{
	if (gh_rd_left(r) == 0)
		return bad(r);
	uint8_t head = gh_rd_u8(r);
	unsigned info = head & 31U;
	struct gh_cbor v = { .kind = (enum gh_cbor_kind)(head >> 5), .value = number(r, info) };
	if (r->bad)
		return bad(r);
	switch (v.kind) {
	case GH_CBOR_BYTES: v.text = gh_rd_take(r, v.value); break;
	case GH_CBOR_TEXT:
		v.text = gh_rd_take(r, v.value);
		if (!r->bad && !gh_utf8_valid(v.text))
			return bad(r);
		break;
	case GH_CBOR_ARRAY: /* each item takes a byte, each pair two */
		if (v.value > gh_rd_left(r))
			return bad(r);
		break;
	case GH_CBOR_MAP:
		if (v.value > gh_rd_left(r) / 2)
			return bad(r);
		break;
	case GH_CBOR_SIMPLE: /* 24 and more: floating-point numbers, break, and values nobody gave a meaning */
		if (info >= INFO_1)
			return bad(r);
		break;
	case GH_CBOR_UINT:
	case GH_CBOR_NINT:
	case GH_CBOR_TAG:
	case GH_CBOR_NONE: break;
	}
	return r->bad ? bad(r) : v;
}

struct gh_span gh_cbor_string(struct gh_rd *r, enum gh_cbor_kind kind)
{
	if (gh_cbor_peek(r) != kind)
		r->bad = true;
	struct gh_cbor v = gh_cbor_next(r);
	return r->bad ? (struct gh_span){ 0 } : v.text;
}

uint64_t gh_cbor_count(struct gh_rd *r, enum gh_cbor_kind kind)
{
	if (gh_cbor_peek(r) != kind)
		r->bad = true;
	return gh_cbor_next(r).value;
}

bool gh_cbor_null(struct gh_rd *r)
{
	if (gh_rd_left(r) == 0 || r->s.p[r->off] != (GH_CBOR_SIMPLE << 5 | GH_CBOR_NULL))
		return false;
	r->off++;
	return true;
}

void gh_cbor_skip(struct gh_rd *r)
{
	uint64_t open[GH_CBOR_DEPTH + 1] = { 1 }; /* values still to come, per level */
	size_t depth = 0;
	while (!r->bad) {
		if (open[depth] == 0) {
			if (depth-- == 0)
				return;
			continue;
		}
		open[depth]--;
		struct gh_cbor v = gh_cbor_next(r);
		uint64_t in = v.kind == GH_CBOR_ARRAY ? v.value
			      : v.kind == GH_CBOR_MAP ? 2 * v.value /* at most the bytes left: it cannot wrap */
			      : v.kind == GH_CBOR_TAG ? 1
						      : 0;
		if (in == 0)
			continue;
		if (depth == GH_CBOR_DEPTH)
			r->bad = true;
		else
			open[++depth] = in;
	}
}
