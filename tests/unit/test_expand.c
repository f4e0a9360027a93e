/* Every codec: what its own library packs comes back, byte by byte or in one go; what is broken, cut short or asks
 * for too much memory says so, and what was made before stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/pack.h"
#include "wire/expand.h"

enum { TEXT = 300000 };
static uint8_t text[TEXT];

struct result {
	uint8_t *p;
	size_t n, left;
	enum gh_rc rc;
	bool end;
};

/* Runs to the end of the stream, of the input, or to an error, in steps of the given sizes. */
static struct result run(enum gh_codec codec, struct gh_span in, size_t in_step, size_t out_step, uint64_t expect)
{
	struct result r = { .p = malloc(TEXT * 2) };
	struct gh_expand *x = gh_expand_open(codec);
	assert_non_null(x);
	assert_non_null(r.p);
	if (expect != 0)
		gh_expand_expect(x, expect);
	size_t at = 0;
	while (r.rc == GH_OK && !r.end && r.n < TEXT * 2) {
		struct gh_span part = gh_span_cut(in, at, in_step);
		size_t given = part.n, made, cap = TEXT * 2 - r.n < out_step ? TEXT * 2 - r.n : out_step;
		r.rc = gh_expand_step(x, &part, r.p + r.n, cap, &made, &r.end);
		r.n += made;
		at += given - part.n;
		if (given == part.n && made == 0 && !r.end)
			break;
	}
	r.left = in.n - at;
	size_t made = 1;
	bool end = !r.end;
	struct gh_span more = gh_span_cut(in, at, 1);
	assert_int_equal(gh_expand_step(x, &more, text, 0, &made, &end), r.rc); /* sticky */
	assert_int_equal(made, 0);
	assert_int_equal(end, r.end);
	gh_expand_close(x);
	return r;
}

static void same_text(const struct result *r, size_t n)
{
	assert_int_equal(r->n, n);
	assert_memory_equal(r->p, text, n);
}

static const enum gh_codec all[] = { GH_CODEC_DEFLATE, GH_CODEC_ZLIB, GH_CODEC_GZIP, GH_CODEC_BZIP2,   GH_CODEC_XZ,
				     GH_CODEC_LZMA,    GH_CODEC_ZSTD, GH_CODEC_LZ4,  GH_CODEC_LZMA_ZIP };
enum { NALL = sizeof all / sizeof all[0] };

static void round_trips(void **state)
{
	(void)state;
	static const size_t step[][2] = { { 1 << 20, 1 << 20 }, { 1, 1 << 16 }, { 1 << 16, 7 }, { 13, 13 } };
	for (size_t c = 0; c < NALL; c++) {
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, all[c], (struct gh_span){ text, TEXT });
		size_t packed = z.n;
		gh_test_put(&z, GH_SPAN("more"));
		for (size_t i = 0; i < 4; i++) {
			struct result r = run(all[c], gh_test_view(&z), step[i][0], step[i][1], 0);
			assert_int_equal(r.rc, GH_OK);
			assert_true(r.end);
			assert_int_equal(r.left, z.n - packed);
			same_text(&r, TEXT);
			free(r.p);
		}
		gh_test_free(&z);
	}
}

static void cut_short(void **state)
{
	(void)state;
	for (size_t c = 0; c < NALL; c++) {
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, all[c], (struct gh_span){ text, TEXT });
		static const size_t keep[] = { 0, 1, 3, 9, 14, 1000 };
		for (size_t i = 0; i < sizeof keep / sizeof keep[0]; i++) {
			struct result r = run(all[c], gh_span_cut(gh_test_view(&z), 0, keep[i]), 64, 4096, 0);
			assert_int_equal(r.rc, GH_OK);
			assert_false(r.end);
			assert_int_equal(r.left, 0);
			same_text(&r, r.n);
			free(r.p);
		}
		gh_test_free(&z);
	}
}

/* One bit flipped in the middle: either noticed, or (raw deflate and lzma have no checksum) the output differs. */
static void damaged(void **state)
{
	(void)state;
	for (size_t c = 0; c < NALL; c++) {
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, all[c], (struct gh_span){ text, TEXT });
		z.p[z.n / 2] ^= 0x10;
		struct result r = run(all[c], gh_test_view(&z), 4096, 4096, 0);
		bool plain = all[c] == GH_CODEC_DEFLATE || all[c] == GH_CODEC_LZMA || all[c] == GH_CODEC_LZMA_ZIP;
		if (!plain)
			assert_int_equal(r.rc, GH_E_MALFORMED);
		else
			assert_true(r.rc == GH_E_MALFORMED || r.n != TEXT || memcmp(r.p, text, TEXT) != 0);
		free(r.p);
		gh_test_free(&z);
	}
}

static void refused(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		enum gh_codec codec;
		const char *bytes;
		size_t n;
		enum gh_rc rc;
	} rows[] = {
		{ "noise is no gzip", GH_CODEC_GZIP, "noise noise noise", 17, GH_E_MALFORMED },
		{ "noise is no bzip2", GH_CODEC_BZIP2, "noise noise noise", 17, GH_E_MALFORMED },
		{ "noise is no xz", GH_CODEC_XZ, "noise noise noise", 17, GH_E_MALFORMED },
		{ "noise is no lzma", GH_CODEC_LZMA, "\xff\xff\xff noise noise noise", 21, GH_E_MALFORMED },
		{ "noise is no zstd", GH_CODEC_ZSTD, "noise noise noise", 17, GH_E_MALFORMED },
		{ "zstd 0.7 is not read", GH_CODEC_ZSTD, "\x27\xb5\x2f\xfd noise noise", 16, GH_E_MALFORMED },
		{ "noise is no lz4", GH_CODEC_LZ4, "noise noise noise", 17, GH_E_MALFORMED },
		{ "zlib with a preset dictionary", GH_CODEC_ZLIB, "\x78\xbb\1\2\3\4 noise", 12, GH_E_MALFORMED },
		{ "zip lzma with 6 property bytes", GH_CODEC_LZMA_ZIP, "\x09\x14\x06\0\x5d\0\0\0\1 noise", 15,
		  GH_E_MALFORMED },
		/* window descriptor 0x98: 2^29 bytes */
		{ "zstd window of 512 MiB", GH_CODEC_ZSTD, "\x28\xb5\x2f\xfd\x00\x98\x01\x00\x00", 9, GH_E_LIMIT },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_span in = { (const uint8_t *)rows[i].bytes, rows[i].n };
		struct result r = run(rows[i].codec, in, 1 << 16, 1 << 16, 0);
		if (r.rc != rows[i].rc || r.n != 0)
			fail_msg("%s: rc %d, %zu bytes", rows[i].what, (int)r.rc, r.n);
		free(r.p);
	}
}

/* A .lzma header may claim a dictionary of 4 GiB for a few bytes: loaders read it, so must we, without the memory. */
static void absurd_dictionary(void **state)
{
	(void)state;
	struct gh_test_bytes z = { 0 };
	gh_test_pack(&z, GH_CODEC_LZMA, (struct gh_span){ text, 5000 });
	memset(z.p + 1, 0xff, 4);
	struct result r = run(GH_CODEC_LZMA, gh_test_view(&z), 1 << 16, 1 << 16, 0);
	assert_int_equal(r.rc, GH_OK);
	assert_true(r.end);
	same_text(&r, 5000);
	free(r.p);
	gh_test_free(&z);
}

/* Zip's LZMA without an end marker ends where the directory says. */
static void expected_size(void **state)
{
	(void)state;
	struct gh_test_bytes z = { 0 };
	gh_test_pack(&z, GH_CODEC_LZMA_ZIP, (struct gh_span){ text, 5000 });
	struct result r = run(GH_CODEC_LZMA_ZIP, gh_test_view(&z), 1 << 16, 1 << 16, 4000);
	assert_int_equal(r.rc, GH_OK);
	assert_true(r.end);
	same_text(&r, 4000);
	free(r.p);
	gh_test_free(&z);
}

static void store_copies(void **state)
{
	(void)state;
	struct result r = run(GH_CODEC_STORE, (struct gh_span){ text, 5000 }, 77, 13, 0);
	assert_int_equal(r.rc, GH_OK);
	assert_false(r.end);
	same_text(&r, 5000);
	free(r.p);
}

static void unknown_codec(void **state)
{
	(void)state;
	assert_null(gh_expand_open((enum gh_codec)99));
	assert_string_equal(gh_codec_name((enum gh_codec)99), "?");
	assert_string_equal(gh_codec_name(GH_CODEC_XZ), "xz");
	gh_expand_close(NULL);
}

int main(void)
{
	uint32_t x = 1;
	for (size_t i = 0; i < TEXT; i++) {
		x = x * 1664525u + 1013904223u;
		text[i] = i % 3 == 0 ? (uint8_t)(x >> 24) : (uint8_t)("model weights "[i % 14]);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trips),	cmocka_unit_test(cut_short),	     cmocka_unit_test(damaged),
		cmocka_unit_test(refused),	cmocka_unit_test(absurd_dictionary), cmocka_unit_test(expected_size),
		cmocka_unit_test(store_copies), cmocka_unit_test(unknown_codec),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
