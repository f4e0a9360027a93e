#include "wire/hdf5.h"

/* ---- lookup3 (Bob Jenkins, 2006, public domain), hashlittle() with the initial value 0 ------------------------- */

static inline uint32_t rot(uint32_t x, unsigned k) { return x << k | x >> (32 - k); }

static void mix(struct gh_hdf5_sum *s)
{
	uint32_t a = s->a, b = s->b, c = s->c;
	a -= c, a ^= rot(c, 4), c += b;
	b -= a, b ^= rot(a, 6), a += c;
	c -= b, c ^= rot(b, 8), b += a;
	a -= c, a ^= rot(c, 16), c += b;
	b -= a, b ^= rot(a, 19), a += c;
	c -= b, c ^= rot(b, 4), b += a;
	s->a = a, s->b = b, s->c = c;
}

void gh_hdf5_sum_start(struct gh_hdf5_sum *s, uint64_t total)
{
	s->a = s->b = s->c = 0xdeadbeefu + (uint32_t)total;
	s->left = total;
}

void gh_hdf5_sum_put(struct gh_hdf5_sum *s, struct gh_span in)
{
	size_t at = 0;
	for (; s->left > 12 && in.n - at >= 12; at += 12, s->left -= 12) {
		s->a += gh_le32(in.p + at);
		s->b += gh_le32(in.p + at + 4);
		s->c += gh_le32(in.p + at + 8);
		mix(s);
	}
	if (s->left > 12 || at == in.n || in.n - at < s->left)
		return;
	uint8_t tail[12] = { 0 };
	memcpy(tail, in.p + at, (size_t)s->left);
	s->a += gh_le32(tail);
	s->b += gh_le32(tail + 4);
	s->c += gh_le32(tail + 8);
	uint32_t a = s->a, b = s->b, c = s->c;
	c ^= b, c -= rot(b, 14);
	a ^= c, a -= rot(c, 11);
	b ^= a, b -= rot(a, 25);
	c ^= b, c -= rot(b, 16);
	a ^= c, a -= rot(c, 4);
	b ^= a, b -= rot(a, 14);
	c ^= b, c -= rot(b, 24);
	s->a = a, s->b = b, s->c = c;
	s->left = 0;
}

uint32_t gh_hdf5_sum_end(const struct gh_hdf5_sum *s) { return s->c; }

uint32_t gh_hdf5_lookup3(struct gh_span in)
{
	struct gh_hdf5_sum s;
	gh_hdf5_sum_start(&s, in.n);
	gh_hdf5_sum_put(&s, in);
	return gh_hdf5_sum_end(&s);
}

/* ---- filters ---------------------------------------------------------------------------------------------------- */

uint32_t gh_hdf5_fletcher32(struct gh_span in)
{
	enum { BLOCK = 360 }; /* words after which the sums are folded: no overflow of 32 bits before */
	uint32_t one = 0, two = 0;
	size_t at = 0, words = in.n / 2;
	while (words != 0) {
		size_t n = words < BLOCK ? words : BLOCK;
		words -= n;
		for (; n != 0; n--, at += 2) {
			one += (uint32_t)in.p[at] << 8 | in.p[at + 1];
			two += one;
		}
		one = (one & 0xffff) + (one >> 16);
		two = (two & 0xffff) + (two >> 16);
	}
	if (in.n % 2 != 0) {
		one += (uint32_t)in.p[at] << 8;
		two += one;
		one = (one & 0xffff) + (one >> 16);
		two = (two & 0xffff) + (two >> 16);
	}
	one = (one & 0xffff) + (one >> 16);
	two = (two & 0xffff) + (two >> 16);
	return two << 16 | one;
}

void gh_hdf5_unshuffle(uint8_t *out, struct gh_span in, size_t element)
{
	if (in.n == 0)
		return;
	size_t n = element == 0 ? 0 : in.n / element;
	if (element <= 1 || n <= 1) {
		memcpy(out, in.p, in.n);
		return;
	}
	for (size_t j = 0; j < element; j++) {
		const uint8_t *plane = in.p + j * n;
		uint8_t *to = out + j;
		for (size_t i = 0; i < n; i++, to += element)
			*to = plane[i];
	}
	memcpy(out + n * element, in.p + n * element, in.n - n * element);
}

bool gh_hdf5_unlzf(struct gh_span in, uint8_t *out, size_t cap, size_t *made)
{
	size_t at = 0, n = 0;
	while (at < in.n) {
		size_t c = in.p[at++];
		if (c < 32) { /* c + 1 literal bytes */
			c++;
			if (c > in.n - at || c > cap - n)
				return false;
			memcpy(out + n, in.p + at, c);
			at += c;
			n += c;
			continue;
		}
		size_t len = c >> 5, back = (c & 31) << 8;
		if (len == 7) {
			if (at == in.n)
				return false;
			len += in.p[at++];
		}
		if (at == in.n)
			return false;
		back += (size_t)in.p[at++] + 1;
		len += 2;
		if (back > n || len > cap - n)
			return false;
		for (; len != 0; len--, n++) /* ranges may overlap: that repeats */
			out[n] = out[n - back];
	}
	*made = n;
	return true;
}

/* Format version 1 pads names and odd numbers of parameters to 8 bytes; version 2 has names for foreign filters only. */
static bool one_filter(struct gh_rd *r, unsigned version, struct gh_hdf5_filter *f)
{
	f->id = gh_rd_u16le(r);
	size_t name = version == 1 || f->id >= 256 ? gh_rd_u16le(r) : 0;
	f->flags = gh_rd_u16le(r);
	f->nparam = gh_rd_u16le(r);
	(void)gh_rd_take(r, version == 1 ? (name + 7) & ~(size_t)7 : name);
	for (unsigned i = 0; i < f->nparam && !r->bad; i++) {
		uint32_t v = gh_rd_u32le(r);
		if (i < GH_HDF5_PARAMS)
			f->param[i] = v;
	}
	if (version == 1 && f->nparam % 2 != 0)
		(void)gh_rd_take(r, 4);
	return !r->bad;
}

static size_t read_pipeline(struct gh_span in, struct gh_hdf5_pipeline *out)
{
	struct gh_rd r = gh_rd(in);
	*out = (struct gh_hdf5_pipeline){ 0 };
	unsigned version = gh_rd_u8(&r), n = gh_rd_u8(&r);
	if (version == 1)
		(void)gh_rd_take(&r, 6);
	if (r.bad || (version != 1 && version != 2) || n > GH_HDF5_FILTERS)
		return 0;
	for (; out->n < n; out->n++)
		if (!one_filter(&r, version, &out->f[out->n]))
			return 0;
	return r.off;
}

size_t gh_hdf5_pipeline(struct gh_span in, struct gh_hdf5_pipeline *out)
{
	size_t n = read_pipeline(in, out);
	if (n == 0)
		*out = (struct gh_hdf5_pipeline){ 0 };
	return n;
}

/* ---- dataspaces ------------------------------------------------------------------------------------------------- */

static size_t read_space(struct gh_span in, unsigned width, struct gh_hdf5_space *out)
{
	struct gh_rd r = gh_rd(in);
	*out = (struct gh_hdf5_space){ .count = 1 };
	unsigned version = gh_rd_u8(&r);
	out->ndim = gh_rd_u8(&r);
	unsigned flags = gh_rd_u8(&r), type = gh_rd_u8(&r);
	if (version == 1)
		(void)gh_rd_take(&r, 4);
	if (r.bad || (version != 1 && version != 2) || out->ndim > GH_HDF5_DIMS || (version == 2 && type > 2))
		return 0;
	out->null = version == 2 && type == 2;
	if (version == 2 && type != 1 && out->ndim != 0)
		return 0;
	for (unsigned i = 0; i < out->ndim; i++)
		out->dim[i] = out->max[i] = gh_rd_le(&r, width);
	for (unsigned i = 0; (flags & 1) != 0 && i < out->ndim; i++) {
		out->max[i] = gh_rd_le(&r, width);
		out->resizable = out->resizable || out->max[i] != out->dim[i];
		if (out->max[i] < out->dim[i])
			return 0;
	}
	if (version == 1 && (flags & 2) != 0)
		(void)gh_rd_take(&r, (uint64_t)width * out->ndim);
	for (unsigned i = 0; i < out->ndim; i++)
		if (__builtin_mul_overflow(out->count, out->dim[i], &out->count))
			return 0;
	if (out->null)
		out->count = 0;
	return r.bad ? 0 : r.off;
}

size_t gh_hdf5_space(struct gh_span in, unsigned width, struct gh_hdf5_space *out)
{
	size_t n = read_space(in, width, out);
	if (n == 0)
		*out = (struct gh_hdf5_space){ 0 };
	return n;
}

unsigned gh_hdf5_log2(uint64_t v) { return v == 0 ? 0 : 63 - (unsigned)__builtin_clzll(v); }
unsigned gh_hdf5_width(uint64_t max) { return gh_hdf5_log2(max) / 8 + 1; }
