/* What hides in weights: programs, archives, pickles, scripts and text spread over the bits of elements, in every way to
 * take them and every type that has them; numbers that are none; and all the genuine weights that must stay quiet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "check/weights.h"
#include "check/weights_values.h"
#include "format/format.h"
#include "wire/bits.h"

static char found[4096];

static void note(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	(void)s;
	(void)at;
	size_t n = strlen(found);
	(void)snprintf(found + n, sizeof found - n, "%s %s\n", r->id, text);
}

/* ---- payloads: headers with valid fields, nothing that runs -------------------------------------------------------- */
#define ELF \
	"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\x3e\0\1\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" \
	"\x40\0\x38\0\x0d\0\x40\0\0\0\0\0"
#define ZEROS16 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define PE \
	"MZ\x90\0\3\0\0\0\4\0\0\0\xff\xff\0\0\xb8\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0" ZEROS16 \
	"\0\0\0\0\0\0\0\0\0\0\0\0\x40\0\0\0PE\0\0\x64\x86\2\0\0\0\0\0\0\0\0\0\0\0\0\0\xf0\0\x22\0\x0b\2\0\0\0\0\0\0"
#define MACHO "\xcf\xfa\xed\xfe\7\0\0\1\3\0\0\0\2\0\0\0\4\0\0\0\0\2\0\0\0\0\0\0\0\0\0\0"
#define ZIP "PK\3\4\x14\0\0\0\x08\0\0\0\x21\0\1\2\3\4\5\0\0\0\5\0\0\0\5\0\0\0a.txt\0\0\0\0\0"
#define GZIP "\x1f\x8b\x08\0\0\0\0\0\0\3\x4b\x4c\x4a\x06\0\xc2\x41\x24\x35\3\0\0\0\0\0\0"
#define XZ \
	"\xfd" \
	"7zXZ\0\0\4\xe6\xd6\xb4\x46\2\0\x21\1\x16\0\0\0"
#define SEVENZIP "7z\xbc\xaf\x27\x1c\0\4\x8d\x9b\xd5\x0f\1\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZSTD "\x28\xb5\x2f\xfd\x20\x05\x29\0\0hello\0\0\0\0\0\0\0\0\0\0\0\0"
#define BZIP2 "BZh91AY&SY\1\2\3\4\5\6\7\x08"
#define RAR "Rar!\x1a\7\1\0\x33\x92\xb5\xe5\x0a\1\5\6\0\5\1\1\x80\x80\0"
#define PICKLE2 "\x80\2cposix\nsystem\nq\0X\2\0\0\0idq\1\x85q\2Rq\3."
#define PICKLE4 "\x80\4\x95\x1b\0\0\0\0\0\0\0\x8c\5posix\x8c\6system\x93\x8c\2id\x85R."
#define PICKLE0 "cposix\nsystem\n(S'id'\ntR."
#define SCRIPT "#!/bin/sh\nid > /tmp/x\nexit 0\n\0"
#define PYTHON "import os\nimport sys\nif __name__ == '__main__':\n    os.system('id')\n    print(sys.argv)\n\0"
#define PROSE "The address of the place is written here, and a few more words follow it so that it is long enough.\0"
#define PYC "\xa7\x0d\r\n\0\0\0\0\x6b\x32\x9d\x65\x10\0\0\0\xe3\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\xf3\x06\0\0\0"
/* zlib.compress() of 80 different words */
#define ZLIB \
	"\x78\x9c\x35\x91\xc9\x6d\x05\x31\x0c\x43\x5b\x49\x09\xda\x2c\xdb\xfd\xe4\x1e\x20\x97\xdf\xfe\x1f" \
	"\x8c\x1e\x2f\x36\xb4\x51\x24\xf5\xf9\xfb\xff\xb5\x9f\xcf\xf3\xfa\xfb\xd6\xfb\xde\xc9\xf4\xfb\xc5" \
	"\x7a\xbf\x9c\xa8\xa6\xd6\xd3\x78\x66\xca\x0d\x8c\x20\xae\x02\x01\xa4\x0b\x14\x58\xb1\x88\xcf\xd4" \
	"\x33\x8a\x1d\xb0\x00\xaf\x8a\xf8\x4c\x7d\xc5\xf4\xaf\x3d\xf3\x0d\x5e\x13\x6f\xea\x9b\xfe\xc3\xfc" \
	"\x05\xef\xb6\xf8\xb2\xd0\x0d\x06\xee\x50\x72\x71\xf4\x80\xb4\xa7\x54\x94\x64\x2d\xe9\x6c\x09\x6f" \
	"\x39\xb1\x71\xc6\x4f\x49\x3b\xce\x85\x49\xbd\xcb\xd9\xb0\xe9\x89\xb4\x99\x8a\x32\xc7\x21\x90\xa3" \
	"\x95\xd9\xea\x39\x9a\xba\xe0\xa4\x90\xd3\xd9\xf5\x18\x8a\xb3\x09\x9f\x2c\x18\xa6\x38\xe7\x46\x45" \
	"\x1e\x74\xe5\x45\x69\x19\xda\x4b\x6e\x54\xe2\x4f\x15\x8e\x55\xe3\x61\x6d\x5d\x4d\x36\x2f\xc3\xf7" \
	"\xe5\x3a\x5c\xea\x72\xc5\xa9\x96\x6e\xb7\xb6\x32\x97\x9e\x36\xa6\x9e\x0d\xfe\x05\x7c\xca\xcc\x38"
#define DIGEST \
	"\x40\0\0\0" \
	"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

/* ---- making tensors -------------------------------------------------------------------------------------------------- */
static uint64_t seed;
static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* An ordinary weight of this type: small, of either sign, all of its mantissa used. */
static uint64_t ordinary(const char *dtype)
{
	double d = ((double)(int64_t)chance() / 9.3e18) * ((double)(chance() % 1000) / 1e4);
	float f = (float)d;
	uint64_t wide;
	uint32_t narrow;
	memcpy(&wide, &d, 8);
	memcpy(&narrow, &f, 4);
	if (strcmp(dtype, "F64") == 0)
		return wide;
	if (strcmp(dtype, "F32") == 0)
		return narrow;
	if (strcmp(dtype, "BF16") == 0)
		return narrow >> 16;
	if (strcmp(dtype, "F16") == 0)
		return (narrow >> 16 & 0x8000) |
		       ((narrow >> 23 & 0xff) <= 112 ? 0 : (narrow - (112u << 23)) >> 13 & 0x7fff);
	return chance();
}

struct tensor {
	const char *dtype;
	unsigned width;
	bool big;
	size_t n;
	uint64_t *value;
	uint8_t *bytes;
};

static struct tensor tensor(const char *dtype, size_t n)
{
	struct tensor t = { .dtype = dtype, .n = n };
	const char *digits = dtype + strcspn(dtype, "123468");
	t.width = (unsigned)strtoul(digits, NULL, 10) / 8;
	t.value = calloc(n + 1, sizeof *t.value);
	t.bytes = calloc(n + 1, t.width);
	seed = 88172645463325252u;
	for (size_t i = 0; i < n; i++)
		t.value[i] = ordinary(dtype);
	return t;
}

/* Bit by bit, the slow and obvious way. */
static void embed(struct tensor *t, size_t from, const struct gh_bits *how, struct gh_span payload)
{
	for (size_t bit = 0; bit < payload.n * 8; bit++) {
		size_t element = from + bit / how->take, k = bit % how->take, in = bit % 8;
		unsigned set = (unsigned)payload.p[bit / 8] >> (how->msb_first ? 7 - in : in) & 1u;
		unsigned place = how->from + (unsigned)(how->high_first ? how->take - 1u - k : k);
		assert_true(element < t->n);
		t->value[element] &= ~(UINT64_C(1) << place);
		t->value[element] |= (uint64_t)set << place;
	}
}

static struct gh_span stored(struct tensor *t)
{
	for (size_t i = 0; i < t->n; i++)
		for (unsigned k = 0; k < t->width; k++)
			t->bytes[i * t->width + k] = (uint8_t)(t->value[i] >> (8 * (t->big ? t->width - 1 - k : k)));
	return (struct gh_span){ t->bytes, t->n * t->width };
}

static void drop(struct tensor *t)
{
	free(t->value);
	free(t->bytes);
}

/* Tensors of one file, in order; what the check says stands in found[]. */
static void judge_as(const char *format, struct tensor *t, size_t count, unsigned ndim, const uint64_t *dim)
{
	gh_auto_arena arena = { .max = (size_t)64 << 20 };
	void *state = NULL;
	struct gh_scene s = { .format = format, .arena = &arena, .state = &state, .find = note };
	found[0] = '\0';
	for (size_t i = 0; i < count; i++) {
		struct gh_src_mem mem;
		struct gh_span in = stored(&t[i]);
		uint64_t flat = t[i].n;
		struct gh_tensor e = { .name = GH_SPAN("w"),
				       .dtype = t[i].dtype,
				       .bits = t[i].width * 8,
				       .ndim = ndim != 0 ? ndim : 1,
				       .dim = ndim != 0 ? dim : &flat,
				       .src = gh_src_mem(&mem, in),
				       .big_endian = t[i].big };
		struct gh_event ev = { .kind = GH_EV_TENSOR, .at = { 0, in.n }, .u.tensor = &e };
		gh_check_weights.on(&s, &ev);
	}
	gh_check_weights.end(&s);
}
static void judge(struct tensor *t, size_t count) { judge_as("safetensors", t, count, 0, NULL); }

/* ---- carriers -------------------------------------------------------------------------------------------------------- */
static void payloads(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_span in;
		const char *id, *text;
	} rows[] = {
		{ "ELF", GH_SPAN(ELF), "GH-WGT-0002", "ELF for x86-64" },
		{ "PE", GH_SPAN(PE), "GH-WGT-0002", "PE for x86-64" },
		{ "Mach-O", GH_SPAN(MACHO), "GH-WGT-0002", "Mach-O for x86-64" },
		{ "zip", GH_SPAN(ZIP), "GH-WGT-0003", "zip archive" },
		{ "gzip", GH_SPAN(GZIP), "GH-WGT-0003", "gzip stream" },
		{ "xz", GH_SPAN(XZ), "GH-WGT-0003", "xz stream" },
		{ "7z", GH_SPAN(SEVENZIP), "GH-WGT-0003", "7z archive" },
		{ "zstd", GH_SPAN(ZSTD), "GH-WGT-0003", "zstd stream" },
		{ "bzip2", GH_SPAN(BZIP2), "GH-WGT-0003", "bzip2 stream" },
		{ "rar", GH_SPAN(RAR), "GH-WGT-0003", "rar archive" },
		{ "a pickle", GH_SPAN(PICKLE2), "GH-WGT-0003", "pickle" },
		{ "a framed pickle", GH_SPAN(PICKLE4), "GH-WGT-0003", "pickle" },
		{ "a text pickle", GH_SPAN(PICKLE0), "GH-WGT-0003", "pickle" },
		{ "a shell script", GH_SPAN(SCRIPT), "GH-WGT-0003", "script" },
		{ "Python", GH_SPAN(PYTHON), "GH-WGT-0003", "Python" },
		{ "words", GH_SPAN(PROSE), "GH-WGT-0004", "text" },
		{ "a digest, then something unreadable", GH_SPAN(DIGEST), "GH-WGT-0004", "text" },
		{ "a length, a digest, a program", GH_SPAN(DIGEST ELF), "GH-WGT-0002", "ELF" },
		{ "a length, then a program", GH_SPAN("\0\0\0\x40" ELF), "GH-WGT-0002", "ELF" },
	};
	static const struct gh_bits ways[] = {
		{ 0, 1, false, true },	 { 0, 1, false, false },  { 0, 3, false, true },
		{ 0, 8, false, false },	 { 0, 16, false, false }, /* of which the low byte alone is a text */
		{ 0, 24, false, false },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
			struct tensor t = tensor("F32", 20000);
			embed(&t, 0, &ways[k], rows[i].in);
			judge(&t, 1);
			if (strncmp(found, rows[i].id, 11) != 0 || strstr(found, rows[i].text) == NULL)
				fail_msg("%s, way %zu: %s", rows[i].what, k, found);
			drop(&t);
		}
}

/* Every number of bits in all four ways, in every type that has so many and more. */
static void every_way(void **state)
{
	(void)state;
	static const char *const dtypes[] = { "F32", "F64", "F16", "BF16", "I8", "U8", "I16", "U32", "I64" };
	static const uint8_t takes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 16, 24, 32, 40, 48 };
	for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++)
		for (size_t k = 0; k < sizeof takes; k++)
			for (unsigned way = 0; way < 4; way++) {
				struct gh_bits how = { 0, takes[k], (way & 1) != 0, (way & 2) != 0 };
				struct tensor t = tensor(dtypes[d], 9000);
				if (how.take >= t.width * 8) {
					drop(&t);
					continue;
				}
				t.big = way == 2;
				embed(&t, 0, &how, GH_SPAN(ELF));
				judge(&t, 1);
				if (strncmp(found, "GH-WGT-0002", 11) != 0)
					fail_msg("%s, %u bits, way %u: %s", dtypes[d], how.take, way, found);
				drop(&t);
			}
}

static void sign_bits_and_second_byte(void **state)
{
	(void)state;
	static const struct gh_bits ways[] = { { 31, 1, false, true },
					       { 31, 1, false, false },
					       { 8, 8, false, false } };
	static const char *const say[] = { "the sign bits", "the sign bits", "bits 8 to 15" };
	for (size_t k = 0; k < 3; k++) {
		struct tensor t = tensor("F32", 9000);
		embed(&t, 0, &ways[k], GH_SPAN(ZIP));
		judge(&t, 1);
		if (strncmp(found, "GH-WGT-0003", 11) != 0 || strstr(found, say[k]) == NULL)
			fail_msg("way %zu: %s", k, found);
		drop(&t);
	}
}

/* Widths that tools offer besides whole bytes, single bytes of the mantissa, and matrices that are read by columns. */
static void other_layouts(void **state)
{
	(void)state;
	static const struct {
		const char *what, *dtype;
		struct gh_bits how;
		struct gh_span in;
		const char *id;
	} rows[] = {
		{ "23 bits", "F32", { 0, 23, false, true }, GH_SPAN(ELF), "GH-WGT-0002" },
		{ "20 bits", "F32", { 0, 20, false, false }, GH_SPAN(ELF), "GH-WGT-0002" },
		{ "12 bits", "F32", { 0, 12, false, true }, GH_SPAN(ZIP), "GH-WGT-0003" },
		{ "10 bits of F16", "F16", { 0, 10, true, true }, GH_SPAN(ELF), "GH-WGT-0002" },
		{ "bits 16 to 23", "F32", { 16, 8, false, false }, GH_SPAN(PICKLE2), "GH-WGT-0003" },
		{ "bits 24 to 31", "F64", { 24, 8, false, false }, GH_SPAN(PE), "GH-WGT-0002" },
		{ "bytecode", "F32", { 0, 8, false, false }, GH_SPAN(PYC), "GH-WGT-0003" },
		{ "zlib", "F32", { 0, 8, false, false }, GH_SPAN(ZLIB), "GH-WGT-0003" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tensor t = tensor(rows[i].dtype, 20000);
		embed(&t, 0, &rows[i].how, rows[i].in);
		judge(&t, 1);
		if (strncmp(found, rows[i].id, 11) != 0)
			fail_msg("%s: %s", rows[i].what, found);
		drop(&t);
	}
}

static void by_columns(void **state)
{
	(void)state;
	static const struct gh_bits ways[] = { { 0, 8, false, false }, { 0, 1, false, true } };
	static const uint64_t shapes[][2] = { { 300, 200 }, { 200, 300 }, { 256, 256 }, { 20000, 16 }, { 16, 20000 } };
	for (size_t k = 0; k < 2; k++)
		for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
			for (unsigned by = 0; by < 2; by++) { /* also by the other dimension: stored in Fortran order */
				size_t n = (size_t)(shapes[i][0] * shapes[i][1]), row = (size_t)shapes[i][by];
				struct tensor t = tensor("F32", n), turned = tensor("F32", n);
				embed(&t, 0, &ways[k], GH_SPAN(ELF));
				for (size_t e = 0; e < n; e++)
					turned.value[e % (n / row) * row + e / (n / row)] = t.value[e];
				judge_as("safetensors", &turned, 1, 2, shapes[i]);
				if (strncmp(found, "GH-WGT-0002", 11) != 0 || strstr(found, "column by column") == NULL)
					fail_msg("shape %zu, way %zu, by %u: %s", i, k, by, found);
				drop(&t);
				drop(&turned);
			}
}

/* Programs are found wherever they start, beyond windows and blocks, too. */
static void anywhere(void **state)
{
	(void)state;
	static const struct gh_bits ways[] = {
		{ 0, 1, false, false }, { 0, 1, false, true },	 { 0, 2, false, false }, { 0, 2, true, true },
		{ 0, 4, false, false }, { 0, 4, true, true },	 { 0, 8, false, false }, { 0, 16, false, false },
		{ 0, 16, true, true },	{ 0, 24, false, false }, { 0, 2, false, true },	 { 0, 4, true, false },
	};
	static const struct gh_span programs[] = { GH_SPAN(ELF), GH_SPAN(PE), GH_SPAN(MACHO) };
	static const size_t places[] = { 1, 2047, 2048, 12345, 131071, 131072, 130000, 122881, 199000 };
	struct tensor t = tensor("F32", 200000);
	for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++)
		for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
			struct tensor c = t;
			struct gh_span in = programs[(k + p) % 3];
			size_t need = in.n * 8 / ways[k].take + 1;
			size_t at = places[p] + need < c.n ? places[p] : c.n - need;
			uint64_t *keep = malloc(need * sizeof *keep);
			memcpy(keep, c.value + at, need * sizeof *keep);
			embed(&c, at, &ways[k], in);
			char say[64];
			(void)snprintf(say, sizeof say, "elements from %zu on hold", at);
			judge(&c, 1);
			if (strncmp(found, "GH-WGT-0002", 11) != 0 || strstr(found, say) == NULL)
				fail_msg("way %zu, place %zu: %s", k, at, found);
			memcpy(c.value + at, keep, need * sizeof *keep);
			free(keep);
		}
	drop(&t);
}

/* A stream that goes on from one small tensor to the next; tensors of counts between them are passed over. */
static void across_tensors(void **state)
{
	(void)state;
	static const struct gh_bits how = { 0, 1, false, true };
	for (unsigned tail = 0; tail < 2; tail++) {
		struct tensor all = tensor("F32", 20000), part[12];
		embed(&all, 900, &how, GH_SPAN(DIGEST ELF));
		size_t at = 0;
		for (size_t i = 0; i < 12; i++) {
			bool counts = i % 3 == 2;
			size_t n = tail != 0 && i == 10 ? 10000 : 300;
			part[i] = tensor(counts ? "I64" : "F32", counts ? 1 : n);
			if (!counts) {
				memcpy(part[i].value, all.value + at, n * sizeof all.value[0]);
				at += n;
			}
		}
		judge(part, 12);
		assert_non_null(strstr(found, "GH-WGT-0002"));
		assert_non_null(strstr(found, "the low 1 bit of the elements from 544 on hold ELF for x86-64"));
		for (size_t i = 0; i < 12; i++)
			drop(&part[i]);
		drop(&all);
	}
}

static void bytes_of_a_tensor(void **state)
{
	(void)state;
	static const struct {
		const char *dtype;
		struct gh_span in;
		const char *say;
	} rows[] = {
		{ "F32", GH_SPAN(ZIP), "GH-WGT-0005 tensor \"w\" is a zip archive\n" },
		{ "F16", GH_SPAN(PICKLE4 "\0\0\0"), "GH-WGT-0005 tensor \"w\" is a pickle\n" },
		{ "U8", GH_SPAN(PICKLE2), "GH-WGT-0006 tensor \"w\" is a pickle\n" },
		{ "U8", GH_SPAN(SEVENZIP), "GH-WGT-0006 tensor \"w\" is a 7z archive\n" },
		{ "U8", GH_SPAN(PROSE), "" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct tensor t = tensor(rows[i].dtype, rows[i].in.n);
		t.n = rows[i].in.n / t.width;
		for (size_t k = 0; k < t.n; k++) {
			t.value[k] = 0;
			memcpy(&t.value[k], rows[i].in.p + k * t.width, t.width);
		}
		judge(&t, 1);
		assert_string_equal(found, rows[i].say);
		drop(&t);
	}
}

/* Numbers of one byte: whole files and texts anywhere among them, once each tensor; also across the windows they are read in. */
static void inside_of_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *what, *format, *dtype;
		struct gh_span in;
		const char *id, *kind; /* NULL: nothing */
	} rows[] = {
		{ "zip", "safetensors", "I8", GH_SPAN(ZIP), "GH-WGT-0006", "a zip archive" },
		{ "7z", "tflite", "U8", GH_SPAN(SEVENZIP), "GH-WGT-0006", "a 7z archive" },
		{ "gzip", "onnx", "I8", GH_SPAN(GZIP), "GH-WGT-0006", "a gzip stream" },
		{ "zstd", "onnx", "I8", GH_SPAN(ZSTD), "GH-WGT-0006", "a zstd stream" },
		{ "pickle", "safetensors", "I8", GH_SPAN(PICKLE2), "GH-WGT-0006", "a pickle" },
		{ "framed", "safetensors", "I8", GH_SPAN(PICKLE4), "GH-WGT-0006", "a pickle" },
		{ "words", "safetensors", "I8", GH_SPAN(PROSE PROSE), "GH-WGT-0004", "text" },
		{ "code", "safetensors", "I8", GH_SPAN(PYTHON PYTHON), "GH-WGT-0004", "text" },
		{ "words in bytes", "safetensors", "U8", GH_SPAN(PROSE), "", NULL },
		{ "an array of data", "npy", "I8", GH_SPAN(ZIP), "", NULL },
		{ "no archive", "safetensors", "I8", GH_SPAN("PK\3\4PK\3\4PK\3\4PK\3\4PK\3\4PK\3\4PK\3\4PK\3\4PK\3\4"),
		  "", NULL },
		{ "a pickle without names", "safetensors", "I8", GH_SPAN("\x80\4\x95\1\0\0\0\0\0\0\0K\1."), "", NULL },
	};
	static const size_t places[] = { 1, 4095, (512 << 10) - 8192 - 3, (512 << 10) - 10, 600000 };
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t p = 0; p < sizeof places / sizeof places[0]; p++) {
			struct tensor t = tensor(rows[i].dtype, 700000);
			char say[128];
			for (size_t k = 0; k < rows[i].in.n; k++)
				t.value[places[p] + k] = rows[i].in.p[k];
			judge_as(rows[i].format, &t, 1, 0, NULL);
			if (rows[i].kind == NULL)
				say[0] = '\0';
			else
				(void)snprintf(say, sizeof say, "%s tensor \"w\": its bytes from %zu on are %s\n",
					       rows[i].id, places[p], rows[i].kind);
			bool text = strcmp(rows[i].id, "GH-WGT-0004") == 0; /* from a multiple of 32 on */
			if (text ? strncmp(found, say, 38) != 0 : strcmp(found, say) != 0)
				fail_msg("%s at %zu: %s", rows[i].what, places[p], found);
			drop(&t);
		}
}

/* ---- what is no carrier -------------------------------------------------------------------------------------------- */
enum filling { ORDINARY, RANDOM, CONSTANT, RAMP, DENORMAL, FEW_VALUES, DIGITS, CHARACTERS };

static void quiet(void **state)
{
	(void)state;
	static const char *const dtypes[] = { "F32", "F64", "F16", "BF16", "I8", "U8", "I16", "U16", "I32", "I64" };
	for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++)
		for (unsigned how = ORDINARY; how <= CHARACTERS; how++) {
			struct tensor t = tensor(dtypes[d], 100000);
			for (size_t i = 0; i < t.n; i++) {
				uint64_t v = t.value[i];
				double decimal = (double)(chance() % 1000) / 100;
				switch (how) {
				case RANDOM: v = chance(); break;
				case CONSTANT: v = 0x2323232323232323; break;
				case RAMP: v = 0x3c00 + i % 0x3000; break;
				case DENORMAL: v = chance() & 0x7f; break;
				case FEW_VALUES: v = t.value[i % 7]; break;
				case DIGITS: memcpy(&v, &decimal, 8); break;
				case CHARACTERS: v = (uint8_t)PROSE[i % (sizeof PROSE - 2)]; break;
				default: break;
				}
				if (dtypes[d][0] == 'F' && how == DIGITS && t.width < 8)
					v = t.value[i] & ~(uint64_t)0xff;
				t.value[i] = v & (t.width == 8 ? UINT64_MAX : (UINT64_C(1) << t.width * 8) - 1);
			}
			bool characters = how == CHARACTERS &&
					  (dtypes[d][0] == 'F' || dtypes[d][0] == 'B' || strcmp(dtypes[d], "I8") == 0);
			judge(&t, 1);
			if ((how == RANDOM || how == DIGITS) &&
			    strncmp(found, "GH-TNS-0001", 11) == 0) /* no weights, but nothing else either */
				found[0] = '\0';
			if (!characters && found[0] != '\0')
				fail_msg("%s, filling %u: %s", dtypes[d], how, found);
			drop(&t);
		}
}

/* ---- numbers that are none ------------------------------------------------------------------------------------------ */
static const struct {
	const char *dtype;
	uint64_t nan, inf, minus, one, zero;
} specials[] = {
	{ "F32", 0x7fc00000, 0x7f800000, 0xff800000, 0x3f800000, 0 },
	{ "F64", 0x7ff8000000000000, 0x7ff0000000000000, 0xfff0000000000000, 0x3ff0000000000000, 0 },
	{ "F16", 0x7e00, 0x7c00, 0xfc00, 0x3c00, 0 },
	{ "BF16", 0x7fc0, 0x7f80, 0xff80, 0x3f80, 0 },
};

static void expect_values(struct tensor *t, unsigned ndim, const uint64_t *dim, const char *say, const char *what)
{
	for (int big = 0; big < 2; big++) {
		t->big = big != 0;
		judge_as("pytorch-zip", t, 1, ndim, dim);
		if (say[0] == '\0' ? found[0] != '\0' : strstr(found, say) == NULL)
			fail_msg("%s, %s: %s", t->dtype, what, found);
	}
	judge_as("npy", t, 1, ndim, dim); /* an array of data */
	assert_string_equal(found, "");
}

/* Behind the first 65,536 numbers, which are looked at more closely, vectors count: with the same answer at every place. */
static void values_far_behind(void **state)
{
	(void)state;
	static const size_t at[] = { 65536, 65537, 100000, 131071, 150000, 199998, 199999 };
	for (size_t k = 0; k < sizeof specials / sizeof specials[0]; k++)
		for (size_t i = 0; i < sizeof at / sizeof at[0]; i++) {
			struct tensor t = tensor(specials[k].dtype, 200000);
			const uint64_t odd[] = { specials[k].nan, specials[k].inf, specials[k].minus };
			char say[96];
			t.value[at[i]] = odd[i % 3];
			(void)snprintf(say, sizeof say,
				       "1 of 200000 numbers are NaN or infinite, the first is number %zu", at[i]);
			judge(&t, 1);
			if (strstr(found, say) == NULL)
				fail_msg("%s at %zu: %s", specials[k].dtype, at[i], found);
			drop(&t);
		}
}

static void values(void **state)
{
	(void)state;
	static const uint64_t square[] = { 2, 50, 50 }, flat[] = { 5000 }, oblong[] = { 100, 50 };
	for (size_t k = 0; k < sizeof specials / sizeof specials[0]; k++) {
		const uint64_t n = 5000;
		struct tensor t = tensor(specials[k].dtype, n), o = tensor(specials[k].dtype, n);
		expect_values(&t, 1, flat, "", "ordinary weights");
		t.value[4321] = specials[k].nan;
		expect_values(
			&t, 1, flat,
			"GH-WGT-0001 tensor \"w\": 1 of 5000 numbers are NaN or infinite, the first is number 4321",
			"one NaN");
		t.value[4321] = specials[k].inf;
		expect_values(&t, 2, oblong, "GH-WGT-0001", "one infinity");
		t.value[4321] = specials[k].minus;
		expect_values(&t, 2, oblong, "GH-WGT-0001", "one minus infinity among weights");
		for (size_t i = 0; i < n; i++)
			t.value[i] = specials[k].nan;
		expect_values(&t, 1, flat, "GH-WGT-0001 tensor \"w\": 5000 of 5000", "nothing but NaN");
		for (size_t i = 0; i < n; i++)
			t.value[i] = specials[k].inf;
		expect_values(&t, 1, flat, "", "a running minimum that has seen nothing");
		expect_values(&t, 2, oblong, "GH-WGT-0001", "a matrix of infinities");
		t.value[17] = specials[k].minus;
		expect_values(&t, 1, flat, "GH-WGT-0001", "both infinities");
		for (size_t i = 0; i < n; i++)
			t.value[i] = i % 50 > i / 50 % 50 ? specials[k].minus : specials[k].zero;
		expect_values(&t, 3, square, "", "causal masks");
		t.value[2500 + 3] = specials[k].nan;
		expect_values(&t, 3, square, "GH-WGT-0001", "a mask with a NaN");
		for (size_t i = 0; i < n; i++)
			t.value[i] = i % 50 > i / 50 % 50 ? specials[k].minus : o.value[i];
		expect_values(&t, 3, square, "", "biases under a causal mask");
		t.value[1] = o.value[1];
		expect_values(&t, 3, square, "GH-WGT-0001", "a mask with a hole, and weights");
		for (size_t i = 0; i < n; i++)
			t.value[i] = i % 3 == 0 ? specials[k].minus : specials[k].one;
		expect_values(&t, 1, flat, "", "a mask of any shape: one other value");
		t.value[4900] = specials[k].zero;
		expect_values(&t, 1, flat, "GH-WGT-0001", "two other values");
		drop(&t);
		drop(&o);
		t = tensor(specials[k].dtype, 1);
		t.value[0] = specials[k].minus;
		expect_values(&t, 0, NULL, "", "a single number");
		drop(&t);
	}
}

/* ---- the pure parts --------------------------------------------------------------------------------------------------- */
static void bits_come_back(void **state)
{
	(void)state;
	static const char *const dtypes[] = { "U8", "U16", "U32", "U64" };
	for (size_t d = 0; d < 4; d++)
		for (unsigned take = 1; take <= 48; take++)
			for (unsigned way = 0; way < 8; way++) {
				struct tensor t = tensor(dtypes[d], 600);
				uint8_t out[64];
				struct gh_bits how = { (uint8_t)(way & 1), (uint8_t)take, (way & 2) != 0,
						       (way & 4) != 0 };
				if (how.from + take > t.width * 8) {
					drop(&t);
					continue;
				}
				t.big = (way & 3) == 1;
				embed(&t, 0, &how, GH_SPAN(ELF));
				struct gh_words w = { stored(&t), (uint8_t)t.width, t.big };
				assert_int_equal(gh_bits_take(&w, &how, 0, out, 64), 64);
				assert_memory_equal(out, ELF, 64);
				assert_int_equal(gh_bits_take(&w, &how, 7, out, 50), 50);
				assert_memory_equal(out, ELF + 7, 50);
				assert_int_equal(gh_bits_take(&w, &how, 600u * take / 8 - 3, out, 50), 3);
				assert_int_equal(gh_bits_take(&w, &how, 100000, out, 50), 0);
				drop(&t);
			}
	struct gh_words none = { { 0 }, 4, false };
	struct gh_bits how = { 0, 1, false, false }, bad = { 0, 49, false, false };
	uint8_t out[4];
	assert_int_equal(gh_bits_take(&none, &how, 0, out, 4), 0);
	assert_int_equal(gh_bits_take(&none, &bad, 0, out, 4), 0);
}

/* The fast way finds what the plain one does, at every length. */
static void fast_is_plain(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		static const char *const dtypes[] = { "U8", "U16", "U32", "U64" };
		struct tensor t = tensor(dtypes[i % 4], 40 + i * 13);
		static const uint8_t takes[] = { 1, 2, 4, 8, 16, 24 };
		struct gh_bits how = { 0, takes[i % 6], (i & 8) != 0, (i & 16) != 0 };
		size_t need = sizeof ELF * 8 / how.take + 1;
		if (t.n > need && how.take < t.width * 8)
			embed(&t, (size_t)i * 7 % (t.n - need), &how, GH_SPAN(ELF));
		t.big = i % 5 == 0;
		struct gh_words w = { stored(&t), (uint8_t)t.width, t.big };
		struct gh_bits_found a = { 0 }, b = { 0 };
		bool fast = gh_bits_program(&w, t.n, &a), plain = gh_bits_program_plain(&w, t.n, &b);
		assert_int_equal(fast, plain);
		assert_int_equal(a.at, b.at);
		assert_int_equal(a.how.take, b.how.take);
		assert_int_equal(a.how.msb_first, b.how.msb_first);
		drop(&t);
	}
}

/* Bytes that are named over and over are not looked at over and over: the same finding comes at most four times. */
static void again_and_again(void **state)
{
	(void)state;
	struct tensor t = tensor("F32", 10000);
	gh_auto_arena arena = { .max = (size_t)64 << 20 };
	void *own = NULL;
	struct gh_scene s = { .format = "safetensors", .arena = &arena, .state = &own, .find = note };
	struct gh_src_mem mem;
	t.value[5] = specials[0].nan;
	struct gh_span in = stored(&t);
	uint64_t n = t.n;
	struct gh_tensor e = {
		.name = GH_SPAN("w"), .dtype = "F32", .bits = 32, .ndim = 1, .dim = &n, .src = gh_src_mem(&mem, in)
	};
	struct gh_event ev = { .kind = GH_EV_TENSOR, .at = { 0, in.n }, .u.tensor = &e };
	s.src = e.src;
	found[0] = '\0';
	for (unsigned i = 0; i < 10; i++)
		gh_check_weights.on(&s, &ev);
	size_t times = 0;
	for (const char *p = found; (p = strstr(p, "GH-WGT-0001")) != NULL; p++)
		times++;
	assert_int_equal(times, 4);
	ev.at.len = 1; /* less than a number, and a type that has no bits */
	gh_check_weights.on(&s, &ev);
	e.dtype = "Q4_0";
	ev.at.len = in.n;
	gh_check_weights.on(&s, &ev);
	e.src = NULL;
	gh_check_weights.on(&s, &ev);
	drop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(payloads),
		cmocka_unit_test(every_way),
		cmocka_unit_test(sign_bits_and_second_byte),
		cmocka_unit_test(anywhere),
		cmocka_unit_test(across_tensors),
		cmocka_unit_test(bytes_of_a_tensor),
		cmocka_unit_test(inside_of_bytes),
		cmocka_unit_test(other_layouts),
		cmocka_unit_test(by_columns),
		cmocka_unit_test(quiet),
		cmocka_unit_test(values),
		cmocka_unit_test(values_far_behind),
		cmocka_unit_test(bits_come_back),
		cmocka_unit_test(fast_is_plain),
		cmocka_unit_test(again_and_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
