#include "wire/snappy.h"

enum { RATIO = 22 }; /* a copy of 64 bytes takes 3 */

static bool varint(struct gh_rd *r, uint64_t *v)
{
	*v = 0;
	for (unsigned i = 0; i < 5; i++) {
		uint8_t b = gh_rd_u8(r);
		*v |= (uint64_t)(b & 0x7f) << 7 * i;
		if (b < 0x80)
			return !r->bad && *v <= UINT32_MAX;
	}
	return false;
}

bool gh_snappy_length(struct gh_span in, uint64_t *len)
{
	struct gh_rd r = gh_rd(in);
	return varint(&r, len) && *len / RATIO <= in.n;
}

/* One element: a literal (kind 0) or a copy of what came `back` bytes before. */
static bool element(struct gh_rd *r, uint8_t *out, size_t len, size_t *at)
{
	uint8_t tag = gh_rd_u8(r);
	uint64_t n = tag >> 2, back;
	switch (tag & 3) {
	case 0: {
		if (n >= 60)
			n = gh_rd_le(r, (unsigned)n - 59);
		struct gh_span s = gh_rd_take(r, n + 1);
		if (r->bad || s.n > len - *at)
			return false;
		memcpy(out + *at, s.p, s.n);
		*at += s.n;
		return true;
	}
	case 1:
		n = (n & 7) + 4;
		back = (uint64_t)(tag >> 5) << 8 | gh_rd_u8(r);
		break;
	case 2:
		n++;
		back = gh_rd_u16le(r);
		break;
	default:
		n++;
		back = gh_rd_u32le(r);
		break;
	}
	if (r->bad || back == 0 || back > *at || n > len - *at)
		return false;
	for (; n > 0; n--, (*at)++) /* may overlap: byte by byte is what it means */
		out[*at] = out[*at - (size_t)back];
	return true;
}

bool gh_snappy(struct gh_span in, uint8_t *out, size_t len)
{
	struct gh_rd r = gh_rd(in);
	uint64_t claimed;
	size_t at = 0;
	if (!varint(&r, &claimed) || claimed != len)
		return false;
	while (gh_rd_left(&r) > 0)
		if (!element(&r, out, len, &at))
			return false;
	return !r.bad && at == len;
}
