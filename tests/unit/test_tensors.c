/* Tensors that are no weights, replaced bits, families with a stranger in them, quantised blocks; and all the genuine weights
 * that must stay quiet. The check is "tensors", raised by gh_check_weights. */
#include "support/cm.h"

#include "check/tensor_stat.h"
#include "check/weights.h"
#include "format/format.h"
#include "wire/quant.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static char found[8192];

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s;
	(void)at;
	size_t n = strlen(found);
	(void)snprintf(found + n, sizeof found - n, "%s %s\n", r->id, text);
}

static uint64_t seed;
static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}
static double evenly(void) { return (double)(chance() >> 11) / 9007199254740992.0; }
static double normal(void)
{
	double u = evenly() + 1e-18;
	return sqrt(-2 * log(u)) * cos(6.283185307179586 * evenly());
}

/* ---- a file of tensors ----------------------------------------------------------------------------------------------- */
struct file {
	struct gh_arena arena;
	void *state;
	struct gh_scene scene;
};

static void start(struct file *f, const char *format)
{
	*f = (struct file){ .arena = { .max = (size_t)64 << 20 } };
	f->scene = (struct gh_scene){ .format = format, .arena = &f->arena, .state = &f->state, .find = note };
	found[0] = '\0';
}

static void tensor(struct file *f, const char *name, const char *dtype, const void *p, size_t bytes, uint64_t rows,
		   uint64_t cols)
{
	struct gh_src_mem mem;
	uint64_t dim[2] = { rows, cols };
	struct gh_tensor t = { .name = gh_span_str(name),
			       .dtype = dtype,
			       .ndim = 2,
			       .dim = dim,
			       .src = gh_src_mem(&mem, (struct gh_span){ p, bytes }) };
	struct gh_event ev = { .kind = GH_EV_TENSOR, .at = { 0, bytes }, .u.tensor = &t };
	gh_check_weights.on(&f->scene, &ev);
}

static void finish(struct file *f)
{
	gh_check_weights.end(&f->scene);
	gh_arena_free(&f->arena);
}

/* ---- numbers --------------------------------------------------------------------------------------------------------- */
enum { SIDE = 512, N = SIDE * SIDE };
enum what { NORMAL, EVEN, PRUNED, TINY, ONES, TABLE, WIDENED };

static float number(enum what what, size_t i)
{
	double x = what == EVEN	   ? (evenly() - 0.5) / 4
		   : what == ONES  ? 1
		   : what == TINY  ? 1e-9 * normal() * normal()
		   : what == TABLE ? sin((double)(i % 64) * (double)(i / 64 % 64) * 0.0981747704)
				   : normal() * 0.02;
	float v = (float)(what == PRUNED && fabs(x) < 0.02 ? 0 : x);
	if (what == WIDENED) {
		uint32_t u;
		memcpy(&u, &v, 4);
		u &= 0xffff0000;
		memcpy(&v, &u, 4);
	}
	return v;
}

static uint32_t *numbers(enum what what)
{
	uint32_t *x = malloc(N * sizeof *x);
	seed = 88172645463325252u;
	for (size_t i = 0; i < N; i++) {
		float v = number(what, i);
		memcpy(&x[i], &v, 4);
	}
	return x;
}

/* Make 16-bit numbers of them, in place. */
static void narrow(uint32_t *x, bool brain)
{
	uint16_t *to = (uint16_t *)x;
	for (size_t i = 0; i < N; i++) {
		uint32_t v = x[i];
		int e = (int)(v >> 23 & 0xff) - 112;
		uint16_t half = (uint16_t)(v >> 16 & 0x8000);
		if (e > 0)
			half = (uint16_t)(half | (uint32_t)e << 10 | (v >> 13 & 0x3ff));
		to[i] = brain ? (uint16_t)(v >> 16) : half;
	}
}

static const char words[] =
	"the address of the server is kept here and a few more words follow, so that nobody sees it; ";

static void judge(const char *what, const char *dtype, const void *p, size_t bytes, const char *id)
{
	struct file f;
	start(&f, "safetensors");
	tensor(&f, "w", dtype, p, bytes, SIDE, SIDE);
	finish(&f);
	if (id == NULL ? strstr(found, "GH-TNS") != NULL : strstr(found, id) == NULL)
		fail_msg("%s, %s: %s", what, dtype, found);
}

static void quiet(void **state)
{
	(void)state;
	static const enum what all[] = { NORMAL, EVEN, PRUNED, TINY, ONES, TABLE, WIDENED };
	for (size_t i = 0; i < GH_ROWS(all); i++) {
		char what[24];
		(void)snprintf(what, sizeof what, "kind %zu", i);
		uint32_t *x = numbers(all[i]);
		judge(what, "F32", x, N * 4, NULL);
		narrow(x, true);
		judge(what, "BF16", x, N * 2, NULL);
		free(x);
		x = numbers(all[i]);
		narrow(x, false);
		judge(what, "F16", x, N * 2, NULL);
		free(x);
	}
}

/* Random bits in place of numbers; of the whole and of a part. Arrays of data may hold what they like. */
static void no_weights(void **state)
{
	(void)state;
	static const char *const types[] = { "F32", "F16", "BF16", "F64", "F8_E4M3" };
	uint8_t *p = malloc(N * 8);
	seed = 7;
	for (size_t i = 0; i < N * 8; i++)
		p[i] = (uint8_t)chance();
	for (size_t i = 0; i < GH_ROWS(types); i++)
		judge("random bits", types[i], p, N * 2, "GH-TNS-0001");
	uint32_t *x = numbers(NORMAL);
	memcpy(x, p, N);
	judge("a quarter of random bits", "F32", x, N * 4,
	      "GH-TNS-0001 tensor \"w\" (F32): every exponent is as frequent as "
	      "any other, as in random bytes, in numbers 0 to");
	struct file f;
	start(&f, "npy");
	tensor(&f, "w", "F32", p, N * 4, SIDE, SIDE);
	finish(&f);
	assert_non_null(strstr(found, "GH-TNS-0001")); /* no data are that either */
	start(&f, "npy");
	tensor(&f, "w", "F32", (uint8_t *)x, N * 4, SIDE, SIDE); /* some of it may be anything */
	finish(&f);
	assert_null(strstr(found, "GH-TNS"));
	free(x);
	free(p);
}

/* One number of impossible size; masks and second moments have large ones by nature. */
static void absurd(void **state)
{
	(void)state;
	uint32_t *x = numbers(NORMAL);
	x[4711] = 0x7149f2ca; /* 1e30 */
	judge("1e30 among weights", "F32", x, N * 4, "GH-TNS-0011");
	x[4711] = 0xf149f2ca;
	judge("minus 1e30", "F32", x, N * 4, "GH-TNS-0011");
	x[4711] = 0x501502f9; /* 1e10 */
	judge("1e10 is large", "F32", x, N * 4, NULL);
	for (size_t i = 0; i < N; i++)
		x[i] = i % 3 == 0 ? 0xff7fffff : 0; /* a mask of the smallest number */
	judge("a mask", "F32", x, N * 4, NULL);
	for (size_t i = 0; i < N; i++)
		x[i] = i % 3 != 0 ? 0xff7fffff : 0;
	judge("a mask of mostly the smallest number", "F32", x, N * 4, NULL);
	free(x);
}

/* Low bits: text, and bytes that are too much alike. */
static void low_bits(void **state)
{
	(void)state;
	uint32_t *x = numbers(NORMAL);
	for (size_t i = 5000; i < 15000; i++)
		x[i] = (x[i] & ~255u) | (uint8_t)words[i % (sizeof words - 1)];
	judge("text in low bytes", "F32", x, N * 4, "GH-TNS-0002");
	free(x);
	x = numbers(NORMAL);
	for (size_t i = 0; i < N; i++)
		x[i] = (x[i] & ~255u) | (uint8_t)(chance() % 8 * 37 + 129); /* not printable, few values */
	judge("code in low bytes", "F32", x, N * 4, "GH-TNS-0002");
	free(x);
	x = numbers(NORMAL);
	narrow(x, false);
	for (size_t i = 0; i < N; i++)
		((uint16_t *)x)[i] = (uint16_t)((((uint16_t *)x)[i] & ~255u) | (uint8_t)words[i % (sizeof words - 1)]);
	judge("text in low bytes", "F16", x, N * 2, "GH-TNS-0002");
	free(x);
}

/* Encrypted content in place of mantissas. */
static void mantissas(void **state)
{
	(void)state;
	static const struct {
		unsigned bits;
		bool seen;
	} rows[] = { { 23, true }, { 22, true }, { 8, false } };
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		uint32_t *x = numbers(NORMAL), mask = (1u << rows[i].bits) - 1;
		for (size_t k = 0; k < N; k++)
			x[k] = (x[k] & ~mask) | ((uint32_t)chance() & mask);
		judge("replaced mantissas", "F32", x, N * 4, rows[i].seen ? "GH-TNS-0003" : NULL);
		free(x);
	}
	uint32_t *x = numbers(NORMAL);
	narrow(x, true);
	for (size_t k = 0; k < N; k++)
		((uint16_t *)x)[k] = (uint16_t)((((uint16_t *)x)[k] & 0xff00) | (chance() & 0xff));
	judge("replaced mantissas", "BF16", x, N * 2, "GH-TNS-0003");
	free(x);
	x = numbers(WIDENED);
	for (size_t k = 0; k < 70001; k++)
		x[k] |= (uint32_t)chance() & 0xffff;
	judge("zeros that end in the middle of a row", "F32", x, N * 4, "GH-TNS-0004");
	for (size_t k = 70001; k < 70144; k++) /* rows that were trained further are whole rows */
		x[k] |= (uint32_t)chance() & 0xffff;
	judge("zeros that end with a row", "F32", x, N * 4, NULL);
	free(x);
}

static void families(void **state)
{
	(void)state;
	enum { LAYERS = 8, SMALL = 64 };
	static const struct {
		const char *what, *id;
		float factor; /* of layer 3; 0: one value */
	} rows[] = {
		{ "all alike", NULL, 1 },
		{ "last layers differ", NULL, 4 },
		{ "larger", "GH-TNS-0005", 40 },
		{ "smaller", "GH-TNS-0005", 0.0001f },
		{ "far larger", "GH-TNS-0006", 1e6f },
		{ "constant", "GH-TNS-0007", 0 },
	};
	float *x = malloc(SMALL * SMALL * sizeof *x);
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct file f;
		start(&f, "safetensors");
		seed = 3;
		for (unsigned layer = 0; layer < LAYERS; layer++) {
			char name[64];
			for (size_t k = 0; k < SMALL * SMALL; k++) {
				float v = (float)(normal() * 0.02);
				x[k] = layer != 3 ? v : rows[i].factor > 0 ? v * rows[i].factor : 0.5f;
			}
			(void)snprintf(name, sizeof name, "model.layers.%u.mlp.weight", layer);
			tensor(&f, name, "F32", x, SMALL * SMALL * sizeof *x, SMALL, SMALL);
		}
		finish(&f);
		if (rows[i].id == NULL ? found[0] != '\0'
				       : strncmp(found, rows[i].id, 11) != 0 || strstr(found, "layers.3.") == NULL)
			fail_msg("%s: %s", rows[i].what, found);
	}
	free(x);
}

/* ---- quantised blocks ------------------------------------------------------------------------------------------------ */
enum { BLOCKS = 8192 };
static uint8_t *quantised(void)
{
	uint8_t *p = calloc(BLOCKS, 34);
	seed = 11;
	for (size_t i = 0; i < BLOCKS; i++) {
		double v[32], most = 0;
		for (size_t k = 0; k < 32; k++) {
			v[k] = normal();
			most = fabs(v[k]) > most ? fabs(v[k]) : most;
		}
		p[34 * i + 1] = 0x20;
		for (size_t k = 0; k < 32; k++)
			p[34 * i + 2 + k] = (uint8_t)(int8_t)lround(v[k] / most * 127);
	}
	return p;
}

static void quants(void **state)
{
	(void)state;
	static const uint8_t elf[] =
		"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		"\0\0\0\0\x40\0\x38\0\x0d\0\x40\0\0\0\0\0";
	uint8_t *p = quantised();
	judge("as quantisers write it", "Q8_0", p, BLOCKS * 34, NULL);
	p[34 * 100 + 1] = 0x7e;
	judge("a scale that is no number", "Q8_0", p, BLOCKS * 34, "GH-TNS-0008");
	free(p);
	p = quantised();
	for (size_t i = 4000; i < 8000; i++)
		for (size_t k = 0; k < 32; k++)
			p[34 * i + 2 + k] = (uint8_t)chance();
	judge("encrypted codes", "Q8_0", p, BLOCKS * 34, "GH-TNS-0009");
	free(p);
	p = quantised();
	for (size_t k = 0; k < sizeof elf - 1; k++)
		p[34 * (5000 + k / 32) + 2 + k % 32] = elf[k];
	judge("a program cut by scales", "Q8_0", p, BLOCKS * 34, "GH-TNS-0010");
	free(p);
}

/* Whole vectors count and copy as one byte after the other does. */
static void blocks_fast(void **state)
{
	(void)state;
	static const char *const names[] = { "Q8_0", "Q8_1", "Q8_K", "Q4_0", "Q4_K", "Q6_K" };
	enum { MANY = 300, ROOM = MANY * 300 };
	uint8_t *p = malloc(ROOM), *a = malloc(ROOM), *b = malloc(ROOM);
	for (size_t i = 0; i < GH_ROWS(names) * 8; i++) {
		const struct gh_quant *q = gh_quant_named(names[i % GH_ROWS(names)]);
		struct gh_quant_sum x = { 0 }, y = { 0 };
		unsigned few = (unsigned)(i / GH_ROWS(names));
		for (size_t k = 0; k < ROOM; k++)
			p[k] = few < 4 ? (uint8_t)(chance() % 3 * 127 + (chance() % 40 == 0 ? 1 : 0))
				       : (uint8_t)chance();
		for (size_t k = 0; few % 2 == 0 && k < ROOM / 2; k++)
			p[k] = 0;
		memset(a, 1, ROOM);
		memset(b, 1, ROOM);
		gh_quant_blocks(q, p, MANY, a, &x);
		gh_quant_blocks_plain(q, p, MANY, b, &y);
		assert_memory_equal(&x, &y, sizeof x);
		assert_memory_equal(a, b, ROOM);
		assert_int_equal(x.blocks, MANY);
		assert_true(!q->bytes || few % 2 != 0 || x.used < MANY);
	}
	free(p);
	free(a);
	free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet),    cmocka_unit_test(no_weights),  cmocka_unit_test(absurd),
		cmocka_unit_test(low_bits), cmocka_unit_test(mantissas),   cmocka_unit_test(families),
		cmocka_unit_test(quants),   cmocka_unit_test(blocks_fast),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
