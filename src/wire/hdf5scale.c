/* The scale-offset filter of HDF5: each value less the smallest one, in as few bits as the largest needs; decimals of floats
 * are made integers first. Layout: 4 bytes number of bits, 1 byte length of the smallest value, that value, up to 21 bytes;
 * then the values, most significant bit first. Parameters as H5Zscaleoffset.c keeps them. */
#include "wire/hdf5.h"

enum { HEAD = 21, MIN_AT = 5 };
enum { P_SCALE, P_FACTOR, P_COUNT, P_CLASS, P_SIZE, P_SIGN, P_ORDER, P_FILL, P_VALUE };
enum { CLASS_FLOAT = 1, SCALE_DECIMAL = 0, SCALE_INT = 2, ORDER_BIG = 1, FACTOR_MAX = 400 };

struct bits {
	struct gh_span in;
	uint64_t at;
};

static uint64_t take(struct bits *b, unsigned n)
{
	uint64_t v = 0;
	for (unsigned left = n; left != 0;) {
		unsigned have = 8 - (unsigned)(b->at % 8), k = left < have ? left : have;
		unsigned byte = (unsigned)b->in.p[b->at / 8] >> (have - k) & ((1u << k) - 1);
		v = v << k | byte;
		b->at += k;
		left -= k;
	}
	return v;
}

/* 10 to the power of the factor; false for what no writer uses. */
static bool power(uint32_t factor, double *out)
{
	int32_t d = (int32_t)factor;
	*out = 1;
	if (d > FACTOR_MAX || d < -FACTOR_MAX)
		return false;
	for (int32_t i = 0; i < (d < 0 ? -d : d); i++)
		*out *= 10;
	if (d < 0)
		*out = 1 / *out;
	return true;
}

/* A float whose difference to the smallest one, times a power of ten, is v. */
static uint64_t real(uint64_t v, uint64_t least, size_t size, double scale)
{
	if (size == 4) {
		uint32_t raw = (uint32_t)least;
		float f;
		memcpy(&f, &raw, sizeof f);
		f += (float)((double)(int32_t)(uint32_t)v / scale);
		memcpy(&raw, &f, sizeof raw);
		return raw;
	}
	double d;
	memcpy(&d, &least, sizeof d);
	d += (double)(int64_t)v / scale;
	memcpy(&least, &d, sizeof d);
	return least;
}

static void store(uint8_t *out, uint64_t v, size_t size, bool big)
{
	for (size_t i = 0; i < size; i++)
		out[big ? size - 1 - i : i] = (uint8_t)(v >> 8 * i);
}

bool gh_hdf5_unscale(struct gh_span in, const struct gh_hdf5_filter *f, uint8_t *out, size_t cap, size_t *made)
{
	size_t count = f->param[P_COUNT], size = f->param[P_SIZE];
	bool floats = f->param[P_CLASS] == CLASS_FLOAT, big = f->param[P_ORDER] == ORDER_BIG;
	double scale = 1;
	if (f->nparam <= P_VALUE || in.n < HEAD || (size != 1 && size != 2 && size != 4 && size != 8) ||
	    count > cap / size || (floats && (size < 4 || f->param[P_SCALE] != SCALE_DECIMAL)) ||
	    (floats && !power(f->param[P_FACTOR], &scale)) || (!floats && f->param[P_SCALE] != SCALE_INT))
		return false;
	uint32_t bits = gh_le32(in.p), width = in.p[4];
	*made = count * size;
	if (bits == 8 * size) { /* stored as they are */
		if (in.n - HEAD < *made)
			return false;
		memcpy(out, in.p + HEAD, *made);
		return true;
	}
	if (bits > 8 * size || width > 8 || (uint64_t)count * bits > 8 * (uint64_t)(in.n - HEAD))
		return false;
	struct gh_rd r = gh_rd(gh_span_cut(in, MIN_AT, width));
	uint64_t least = gh_rd_le(&r, width),
		 none = f->param[P_FILL] != 0 && bits != 0 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX;
	uint64_t fill = f->param[P_VALUE] | (uint64_t)f->param[P_VALUE + 1] << 32;
	struct bits b = { { in.p + HEAD, in.n - HEAD }, 0 };
	for (size_t i = 0; i < count; i++) {
		uint64_t v = take(&b, bits);
		store(out + i * size, v == none ? fill : floats ? real(v, least, size, scale) : v + least, size, big);
	}
	return true;
}
