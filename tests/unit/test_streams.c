/* Compressed streams: one member with the content of all units, every byte claimed, damage and disagreement said. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/events.h"
#include "support/pack.h"

extern const struct gh_fmt gh_fmt_gzip, gh_fmt_bzip2, gh_fmt_xz, gh_fmt_lzma, gh_fmt_zlib, gh_fmt_zstd, gh_fmt_lz4,
	gh_fmt_joblib_zf;

static const struct kind {
	const struct gh_fmt *fmt;
	enum gh_codec codec;
	const char *tag;
	bool weak, damage_seen;
} kinds[] = {
	{ &gh_fmt_gzip, GH_CODEC_GZIP, "GZ", false, true }, { &gh_fmt_bzip2, GH_CODEC_BZIP2, "BZ", false, true },
	{ &gh_fmt_xz, GH_CODEC_XZ, "XZ", false, true },	    { &gh_fmt_lzma, GH_CODEC_LZMA, "LZMA", true, false },
	{ &gh_fmt_zlib, GH_CODEC_ZLIB, "ZL", true, true },  { &gh_fmt_zstd, GH_CODEC_ZSTD, "ZSTD", false, true },
	{ &gh_fmt_lz4, GH_CODEC_LZ4, "LZ4", false, true },
};
enum { NKINDS = sizeof kinds / sizeof kinds[0] };

static uint8_t content[40000];
static struct gh_span all(void) { return (struct gh_span){ content, sizeof content }; }

static struct gh_probe probe_of(struct gh_span in)
{
	struct gh_span head = gh_span_cut(in, 0, GH_PROBE_BYTES);
	return (struct gh_probe){ head, head, in.n };
}

/* Walks both kinds of source; the second one's result stays. */
static void walk(struct gh_events *ev, const struct gh_fmt *fmt, struct gh_span in, const char *name)
{
	gh_events_walk(ev, fmt, in, name, false);
	gh_auto_buf first = gh_buf(1 << 20);
	gh_buf_span(&first, gh_buf_view(&ev->log));
	gh_events_free(ev);
	gh_events_walk(ev, fmt, in, name, true);
	assert_string_equal(gh_buf_cstr(&first), gh_buf_cstr(&ev->log));
}

static void has(struct gh_events *ev, const char *tag, const char *rule)
{
	char id[32];
	(void)snprintf(id, sizeof id, "anomaly GH-%s-%s", tag, rule);
	if (!gh_events_has(ev, id))
		fail_msg("no %s in:\n%s", id, gh_buf_cstr(&ev->log));
}

static void whole_and_several(void **state)
{
	(void)state;
	for (size_t k = 0; k < NKINDS; k++) {
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, kinds[k].codec, all());
		for (unsigned units = 1; units <= 2; units++) {
			struct gh_probe p = probe_of(gh_test_view(&z));
			assert_int_equal(kinds[k].fmt->probe(&p), kinds[k].weak ? GH_WEAK : GH_STRONG);
			struct gh_events ev;
			walk(&ev, kinds[k].fmt, gh_test_view(&z), "x");
			if (ev.rc != GH_OK || !ev.gapless || gh_events_has(&ev, "anomaly"))
				fail_msg("%s: rc %d %s\n%s", kinds[k].tag, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			assert_int_equal(ev.nmember, 1);
			assert_int_equal(ev.member[0].n, units == 1 ? sizeof content : GH_PROBE_BYTES);
			assert_memory_equal(ev.member[0].p, content, sizeof content);
			if (units == 2)
				assert_memory_equal(ev.member[0].p + sizeof content, content,
						    GH_PROBE_BYTES - sizeof content);
			assert_true(gh_events_has(&ev, "member \"\" stream 0+"));
			gh_events_free(&ev);
			gh_test_pack(&z, kinds[k].codec, all());
		}
		gh_test_free(&z);
	}
}

static void trailing_garbage_stays_unclaimed(void **state)
{
	(void)state;
	for (size_t k = 0; k < NKINDS; k++) {
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, kinds[k].codec, all());
		size_t packed = z.n;
		gh_test_put(&z, GH_SPAN("\xff trailing bytes"));
		struct gh_events ev;
		walk(&ev, kinds[k].fmt, gh_test_view(&z), "x");
		if (ev.rc != GH_OK || ev.claimed != packed || ev.nmember != 1)
			fail_msg("%s: rc %d %s\n%s", kinds[k].tag, ev.rc, ev.why, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		gh_test_free(&z);
	}
}

/* What a loader could have read before the end is inspected, and the end is reported. */
static void truncated(void **state)
{
	(void)state;
	for (size_t k = 0; k < NKINDS; k++) {
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, kinds[k].codec, all());
		struct gh_events ev;
		walk(&ev, kinds[k].fmt, gh_span_cut(gh_test_view(&z), 0, z.n - 1), "x");
		assert_int_equal(ev.rc, GH_E_MALFORMED);
		has(&ev, kinds[k].tag, "0002");
		assert_int_equal(ev.nmember, 1);
		assert_memory_equal(ev.member[0].p, content, ev.member[0].n);
		assert_true(ev.member[0].n > 0);
		gh_events_free(&ev);
		gh_test_free(&z);
	}
}

static void damaged(void **state)
{
	(void)state;
	for (size_t k = 0; k < NKINDS; k++) {
		if (!kinds[k].damage_seen || kinds[k].codec == GH_CODEC_BZIP2) /* bzip2: one block, nothing comes out */
			continue;
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, kinds[k].codec, all());
		z.p[z.n - (kinds[k].codec == GH_CODEC_XZ ? 30 : 3)] ^= 1;
		struct gh_events ev;
		walk(&ev, kinds[k].fmt, gh_test_view(&z), "x");
		bool gz = kinds[k].codec == GH_CODEC_GZIP;
		has(&ev, kinds[k].tag, gz ? "0004" : "0001");
		assert_int_equal(ev.rc, gz ? GH_OK : GH_E_MALFORMED);
		assert_int_equal(ev.nmember, 1);
		gh_events_free(&ev);
		gh_test_free(&z);
	}
}

static void budget_stops_a_bomb(void **state)
{
	(void)state;
	static uint8_t zeros[1 << 20];
	struct gh_test_bytes z = { 0 };
	for (unsigned i = 0; i < 70; i++)
		gh_test_pack(&z, GH_CODEC_GZIP, (struct gh_span){ zeros, sizeof zeros });
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_gzip, gh_test_view(&z), "x", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_int_equal(ev.nmember, 1);
	gh_events_free(&ev);
	gh_test_free(&z);
}

static void too_many_units(void **state)
{
	(void)state;
	struct gh_test_bytes z = { 0 };
	for (unsigned i = 0; i < 6000; i++)
		gh_test_pack(&z, GH_CODEC_LZ4, GH_SPAN(""));
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_lz4, gh_test_view(&z), "x", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	gh_events_free(&ev);
	gh_test_free(&z);
}

/* ---- rows of bytes: what each reader says, exactly -------------------------------------------------------------- */
static void gzip_headers(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_span head;
		const char *say[3];
		bool gapless;
	} rows[] = {
		{ "plain", GH_SPAN("\x1f\x8b\x08\0\0\0\0\0\0\xff"), { "claim 0+10 struct", "member" }, true },
		{ "name and comment",
		  GH_SPAN("\x1f\x8b\x08\x18\0\0\0\0\0\xff"
			  "a.csv\0hello\0"),
		  { "claim 10+12 free", "text name \"gzip header\" \"a.csv\" 10+5",
		    "text comment \"gzip header\" \"hello\" 16+5" },
		  true },
		{ "name with a path",
		  GH_SPAN("\x1f\x8b\x08\x08\0\0\0\0\0\xff"
			  "../x\0"),
		  { "anomaly GH-GZ-0007 10+4 \"../x\"", "member" },
		  true },
		{ "extra field",
		  GH_SPAN("\x1f\x8b\x08\x04\0\0\0\0\0\xff\x04\0"
			  "ABCD"),
		  { "claim 0+12 struct", "claim 12+4 free", "member" },
		  true },
		{ "reserved flag",
		  GH_SPAN("\x1f\x8b\x08\x40\0\0\0\0\0\xff"),
		  { "anomaly GH-GZ-0005 3+1 flags 0x40", "member" },
		  true },
		{ "header checksum wrong",
		  GH_SPAN("\x1f\x8b\x08\x02\0\0\0\0\0\xff\x01\x02"),
		  { "anomaly GH-GZ-0006 0+12 header says 0201", "member" },
		  true },
	};
	struct gh_test_bytes gz = { 0 };
	gh_test_pack(&gz, GH_CODEC_GZIP, GH_SPAN("aaaaaaaaaa"));
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_test_bytes z = { 0 };
		gh_test_put(&z, rows[i].head);
		gh_test_put(&z, gh_span_cut(gh_test_view(&gz), 10, gz.n));
		gh_test_put(&z, GH_SPAN("\0\0\0\0\0")); /* padding of a tape or a sector */
		struct gh_events ev;
		walk(&ev, &gh_fmt_gzip, gh_test_view(&z), "x.gz");
		for (size_t s = 0; s < 3 && rows[i].say[s] != NULL; s++)
			if (!gh_events_has(&ev, rows[i].say[s]))
				fail_msg("%s: no \"%s\" in:\n%s", rows[i].what, rows[i].say[s], gh_buf_cstr(&ev.log));
		assert_true(gh_events_has(&ev, "+5 pad"));
		assert_true(gh_events_has(&ev, "member \"x\" stream"));
		assert_int_equal(ev.gapless, rows[i].gapless);
		assert_int_equal(ev.rc, GH_OK);
		gh_events_free(&ev);
		gh_test_free(&z);
	}
	gh_test_free(&gz);
}

static void broken_bytes(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		const struct gh_fmt *fmt;
		struct gh_span in;
		enum gh_rc rc;
		const char *say; /* NULL: no event at all */
	} rows[] = {
		{ "gzip name without an end", &gh_fmt_gzip,
		  GH_SPAN("\x1f\x8b\x08\x08\0\0\0\0\0\xff"
			  "abcdef"),
		  GH_E_MALFORMED, "anomaly GH-GZ-0002 0+16 within the header" },
		{ "gzip of nothing", &gh_fmt_gzip, GH_SPAN("\x1f\x8b\x08\0\0\0\0\0\0\xff"), GH_E_MALFORMED,
		  "anomaly GH-GZ-0002 0+10 after 0 bytes" },
		{ "gzip with a block of type 3", &gh_fmt_gzip, GH_SPAN("\x1f\x8b\x08\0\0\0\0\0\0\xff\xff\xff\xff\xff"),
		  GH_E_MALFORMED, "anomaly GH-GZ-0001 0+" },
		{ "prose that starts like zlib", &gh_fmt_zlib,
		  GH_SPAN("x^2 + y^2 = z^2 has no solutions in the table below"), GH_E_NOTTHIS, NULL },
		{ "a registry key", &gh_fmt_zlib, GH_SPAN("HKEY_LOCAL_MACHINE\\Software"), GH_E_NOTTHIS, NULL },
		{ "zeros with a content size are no lzma", &gh_fmt_lzma,
		  GH_SPAN("\0\0\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), GH_E_NOTTHIS, NULL },
		{ "a skippable frame of lz4 or zstd only", &gh_fmt_zstd, GH_SPAN("\x50\x2a\x4d\x18\x04\0\0\0abcd"),
		  GH_E_NOTTHIS, NULL },
		{ "a skippable frame that is cut", &gh_fmt_lz4, GH_SPAN("\x50\x2a\x4d\x18\xff\0\0\0abcd"), GH_E_NOTTHIS,
		  NULL },
		{ "zstd window of 512 MiB", &gh_fmt_zstd, GH_SPAN("\x28\xb5\x2f\xfd\x00\x98\x01\x00\x00"), GH_E_LIMIT,
		  "anomaly GH-ZSTD-0003 0+" },
		{ "xz header damaged", &gh_fmt_xz,
		  GH_SPAN("\xfd"
			  "7zXZ\0\0\4\xff\xff\xff\xff"),
		  GH_E_MALFORMED, "anomaly GH-XZ-0001" },
		{ "bzip2 block damaged", &gh_fmt_bzip2,
		  GH_SPAN("BZh9\x31\x41\x59\x26\x53\x59\xff\xff\xff\xff\xff\xff\xff\xff"), GH_E_MALFORMED,
		  "anomaly GH-BZ-000" },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_events ev;
		walk(&ev, rows[i].fmt, rows[i].in, "x");
		if (ev.rc != rows[i].rc || (rows[i].say == NULL && ev.events != 0) ||
		    (rows[i].say != NULL && !gh_events_has(&ev, rows[i].say)))
			fail_msg("%s: rc %d %s\n%s", rows[i].what, ev.rc, ev.why, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
	}
}

/* The first real frame decides whose a file with skippable frames is; their content is free. */
static void skippable_frames(void **state)
{
	(void)state;
	static const enum gh_codec codec[] = { GH_CODEC_ZSTD, GH_CODEC_LZ4 };
	static const struct gh_fmt *const fmt[] = { &gh_fmt_zstd, &gh_fmt_lz4 };
	for (size_t k = 0; k < 2; k++) {
		struct gh_test_bytes z = { 0 };
		gh_test_put(&z, GH_SPAN("\x5f\x2a\x4d\x18\x04\0\0\0abcd"));
		gh_test_pack(&z, codec[k], GH_SPAN("one"));
		gh_test_put(&z, GH_SPAN("\x50\x2a\x4d\x18\x02\0\0\0ef"));
		gh_test_pack(&z, codec[k], GH_SPAN("two"));
		struct gh_events ev;
		walk(&ev, fmt[k], gh_test_view(&z), "x");
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_true(gh_events_has(&ev, "claim 0+8 struct\nclaim 8+4 free"));
		assert_int_equal(ev.member[0].n, 6);
		assert_memory_equal(ev.member[0].p, "onetwo", 6);
		gh_events_free(&ev);
		walk(&ev, fmt[1 - k], gh_test_view(&z), "x");
		assert_int_equal(ev.rc, GH_E_NOTTHIS);
		assert_int_equal(ev.events, 0);
		gh_events_free(&ev);
		gh_test_free(&z);
	}
}

static void joblib_zfile(void **state)
{
	(void)state;
	static const struct {
		const char *head;
		enum gh_match match;
		bool length_ok;
	} rows[] = {
		{ "ZF0xa                ", GH_STRONG, true }, { "ZF0xa                 ", GH_STRONG, true },
		{ "ZF0xaL               ", GH_STRONG, true }, { "ZF0xb                ", GH_STRONG, false },
		{ "ZF0x                 ", GH_NO, true },     { "ZF0xa x              ", GH_NO, true },
		{ "ZF0xaaaaaaaaaaaaaaaaa", GH_NO, true },
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct gh_test_bytes z = { 0 };
		gh_test_put(&z, gh_span_str(rows[i].head));
		gh_test_pack(&z, GH_CODEC_ZLIB, GH_SPAN("aaaaaaaaaa"));
		struct gh_probe p = probe_of(gh_test_view(&z));
		assert_int_equal(gh_fmt_joblib_zf.probe(&p), rows[i].match);
		if (rows[i].match == GH_STRONG) {
			struct gh_events ev;
			walk(&ev, &gh_fmt_joblib_zf, gh_test_view(&z), "x");
			assert_int_equal(ev.rc, GH_OK);
			assert_true(ev.gapless);
			assert_int_equal(ev.member[0].n, 10);
			assert_int_equal(gh_events_has(&ev, "anomaly GH-ZF-0004"), !rows[i].length_ok);
			gh_events_free(&ev);
		}
		gh_test_free(&z);
	}
}

/* A pickle in a weak stream counts even when the stream breaks right after it: joblib would have loaded it. */
static void cut_pickle_behind_weak_magic(void **state)
{
	(void)state;
	static const enum gh_codec codec[] = { GH_CODEC_ZLIB, GH_CODEC_LZMA };
	static const struct gh_fmt *const fmt[] = { &gh_fmt_zlib, &gh_fmt_lzma };
	for (size_t k = 0; k < 2; k++) {
		struct gh_test_bytes z = { 0 };
		gh_test_pack(&z, codec[k],
			     GH_SPAN("\x80\x04\x8c\x02os\x94\x8c\x06system\x94\x93\x94\x8c\x02id\x94\x85\x94R\x94."));
		struct gh_events ev;
		walk(&ev, fmt[k], gh_span_cut(gh_test_view(&z), 0, z.n - 2), "x");
		if (ev.rc != GH_E_MALFORMED || ev.nmember != 1)
			fail_msg("%s: rc %d", fmt[k]->name, ev.rc);
		gh_events_free(&ev);
		gh_test_free(&z);
	}
}

int main(void)
{
	uint32_t x = 1;
	for (size_t i = 0; i < sizeof content; i++) {
		x = x * 1664525u + 1013904223u;
		content[i] = i % 3 == 0 ? (uint8_t)(x >> 24) : (uint8_t)("model weights "[i % 14]);
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_and_several),
		cmocka_unit_test(trailing_garbage_stays_unclaimed),
		cmocka_unit_test(truncated),
		cmocka_unit_test(damaged),
		cmocka_unit_test(budget_stops_a_bomb),
		cmocka_unit_test(too_many_units),
		cmocka_unit_test(gzip_headers),
		cmocka_unit_test(broken_bytes),
		cmocka_unit_test(skippable_frames),
		cmocka_unit_test(joblib_zfile),
		cmocka_unit_test(cut_pickle_behind_weak_magic),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
