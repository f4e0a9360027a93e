#include "wire/quant.h"

/* Of types whose scales are 8-bit exponents or lie scattered (IQ1_M), only the codes are told apart. */
static const struct gh_quant quants[] = {
	{ "Q4_0", 18, 2, 16, 1, 0, false, false },     { "Q4_1", 20, 4, 16, 2, 0, false, false },
	{ "Q5_0", 22, 2, 20, 1, 0, false, false },     { "Q5_1", 24, 4, 20, 2, 0, false, false },
	{ "Q8_0", 34, 2, 32, 1, 0, false, true },      { "Q8_1", 36, 4, 32, 2, 0, false, true },
	{ "Q2_K", 84, 16, 64, 2, 80, false, false },   { "Q3_K", 110, 0, 96, 1, 108, false, false },
	{ "Q4_K", 144, 16, 128, 2, 0, false, false },  { "Q5_K", 176, 16, 160, 2, 0, false, false },
	{ "Q6_K", 210, 0, 192, 1, 208, false, false }, { "Q8_K", 292, 4, 256, 1, 0, true, true },
	{ "IQ2_XXS", 66, 2, 64, 1, 0, false, false },  { "IQ2_XS", 74, 2, 64, 1, 0, false, false },
	{ "IQ2_S", 82, 2, 64, 1, 0, false, false },    { "IQ3_XXS", 98, 2, 96, 1, 0, false, false },
	{ "IQ3_S", 110, 2, 104, 1, 0, false, false },  { "IQ1_S", 50, 2, 48, 1, 0, false, false },
	{ "IQ1_M", 56, 0, 48, 0, 0, false, false },    { "IQ4_NL", 18, 2, 16, 1, 0, false, false },
	{ "IQ4_XS", 136, 8, 128, 1, 0, false, false }, { "TQ1_0", 54, 0, 52, 1, 52, false, false },
	{ "TQ2_0", 66, 0, 64, 1, 64, false, false },   { "MXFP4", 17, 1, 16, 0, 0, false, false },
	{ "NVFP4", 36, 4, 32, 0, 0, false, false },    { "Q1_0", 18, 2, 16, 1, 0, false, false },
	{ "Q2_0", 18, 2, 16, 1, 0, false, false },
};

const struct gh_quant *gh_quant_named(const char *dtype)
{
	for (size_t i = 0; i < sizeof quants / sizeof quants[0]; i++)
		if (strcmp(quants[i].name, dtype) == 0)
			return &quants[i];
	return NULL;
}

static bool odd_scale(const struct gh_quant *q, const uint8_t *p)
{
	if (q->wide)
		return (gh_le32(p + q->scale) & 0x7f800000) == 0x7f800000;
	for (unsigned i = 0; i < q->scales; i++)
		if ((gh_le16(p + q->scale + 2 * i) & 0x7c00) == 0x7c00)
			return true;
	return false;
}

#ifdef __clang__
#define VECTORS /* by default */
#else
#define VECTORS __attribute__((optimize("O3")))
#endif

/* The largest code of a block, and whether there is a -128. */
VECTORS static uint8_t largest(const uint8_t *p, size_t n, bool *below)
{
	uint8_t most = 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t sign = (uint8_t)(p[i] >= 0x80 ? 0xff : 0), size = (uint8_t)((p[i] ^ sign) - sign);
		most = size > most ? size : most;
	}
	*below = most == 0x80;
	if (!*below)
		return most;
	uint8_t rest = 0;
	for (size_t i = 0; i < n; i++)
		rest = p[i] == 127 || p[i] == 129 ? 127 : rest;
	return rest != 0 ? rest : 1;
}

void gh_quant_blocks(const struct gh_quant *q, const uint8_t *p, size_t n, uint8_t *out, struct gh_quant_sum *sum)
{
	sum->blocks += n;
	for (size_t i = 0; i < n; i++, p += q->block, out += q->codes) {
		memcpy(out, p + q->code, q->codes);
		sum->odd += odd_scale(q, p);
		if (!q->bytes)
			continue;
		bool below;
		uint8_t most = largest(out, q->codes, &below);
		sum->used += most != 0;
		sum->full += most == 127;
		sum->below += below;
	}
}
