#include "scan/disarm/lowbits.h"

static const struct form {
	const char *name;
	unsigned bytes, mantissa, bits; /* bits: of the whole number */
} forms[] = {
	{ "F64", 8, 52, 64 }, { "F32", 4, 23, 32 }, { "F16", 2, 10, 16 }, { "BF16", 2, 7, 16 }, { "C64", 4, 23, 32 },
};

static const struct form *form_of(const char *type)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (strcmp(forms[i].name, type) == 0)
			return &forms[i];
	return NULL;
}

unsigned gh_dis_mantissa(const char *type)
{
	const struct form *f = form_of(type);
	return f == NULL ? 0 : f->mantissa;
}

/* SplitMix64: one step from a counter, so that any place can be reached at once. */
static uint64_t mixed(uint64_t x)
{
	x += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

void gh_dis_low_bits(uint8_t *p, size_t n, const char *type, unsigned bits, uint64_t seed, uint64_t tensor,
		     uint64_t off)
{
	const struct form *f = form_of(type);
	if (f == NULL || bits == 0)
		return;
	if (bits > f->mantissa)
		bits = f->mantissa;
	const uint64_t low = ((uint64_t)1 << bits) - 1;
	const uint64_t magnitude = ((uint64_t)1 << (f->bits - 1)) - 1;
	const uint64_t exponent = magnitude & ~(((uint64_t)1 << f->mantissa) - 1);
	const uint64_t key = mixed(seed ^ mixed(tensor));
	for (size_t i = 0; i + f->bytes <= n; i += f->bytes) {
		uint64_t x = 0;
		memcpy(&x, p + i, f->bytes); /* little-endian, as the machines this runs on are */
		if ((x & exponent) == exponent || (x & magnitude) == 0)
			continue;
		x = (x & ~low) | (mixed(key + (off + i) / f->bytes) & low);
		memcpy(p + i, &x, f->bytes);
	}
}

bool gh_dis_low_bits_used(const uint8_t *p, size_t n, const char *type, unsigned bits)
{
	const struct form *f = form_of(type);
	if (f == NULL || bits == 0)
		return false;
	if (bits > f->mantissa)
		bits = f->mantissa;
	const uint64_t low = ((uint64_t)1 << bits) - 1, magnitude = ((uint64_t)1 << (f->bits - 1)) - 1;
	const uint64_t exponent = magnitude & ~(((uint64_t)1 << f->mantissa) - 1);
	for (size_t i = 0; i + f->bytes <= n; i += f->bytes) {
		uint64_t x = 0;
		memcpy(&x, p + i, f->bytes);
		if ((x & low) != 0 && (x & exponent) != exponent)
			return true;
	}
	return false;
}
