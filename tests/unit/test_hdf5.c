/* HDF5: the small encodings by themselves; and the seeds of the reader (tests/fuzz/make_hdf5_seeds.py), as they are and with
 * single fields changed. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"
#include "support/walked.h"
#include "wire/hdf5.h"
#include "wire/hdf5type.h"

#define SEEDS "tests/fuzz/seeds/hdf5/"

/* ---- whole files -------------------------------------------------------------------------------------------------------- */

/* A field: the nth place of these bytes (from 1; 0: the start of the file), and what is put `at` behind it. */
struct patch {
	struct gh_span sign;
	unsigned nth;
	int at;
	struct gh_span put;
};
#define P(sign, nth, at, put) { GH_SPAN(sign), nth, at, GH_SPAN(put) }
#define NONE { { 0 }, 0, 0, { 0 } }
#define FF8 "\xff\xff\xff\xff\xff\xff\xff\xff"

static const struct {
	const char *what, *seed;
	struct patch patch;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	/* what must be read, and come without an effect on the verdict */
	{ "all types, old", "clean_types_earliest.h5", NONE, GH_OK, true, "tensor \"/g/be\" I16 [4]", "anomaly" },
	{ "all types, new", "clean_types_latest.h5", NONE, GH_OK, true, "tensor \"/bool\" I8 [2]", "anomaly" },
	{ "texts of a dataset", "clean_types_latest.h5", NONE, GH_OK, true, "text value \"/v\" \"a\\nbb\"", NULL },
	{ "text of an attribute", "clean_types_earliest.h5", NONE, GH_OK, true, "text attribute \"/a@unit\" \"m\"",
	  NULL },
	{ "a shared type", "clean_types_earliest.h5", NONE, GH_OK, true, "tensor \"/cmp\" RECORD [1]", NULL },
	{ "chunks, old", "clean_chunks_earliest.h5", NONE, GH_OK, true, "text value \"/text\" \"three\"", "anomaly" },
	{ "filtered chunks as one tensor", "clean_chunks_latest.h5", NONE, GH_OK, true,
	  "tensor \"/gz\" F32 [6, 5] 0+120", "tensor \"/both\" F32 [6, 5]" },
	{ "filtered chunks that are filled up, each of its own", "clean_chunks_latest.h5", NONE, GH_OK, true,
	  "tensor \"/both\" F32 [9] 0+36", NULL },
	{ "chunks, new", "clean_chunks_latest.h5", NONE, GH_OK, true, "text value \"/text\" \"one\\ntwo\"", "anomaly" },
	{ "links and attributes in heaps", "clean_dense.h5", NONE, GH_OK, true,
	  "text attribute \"/many@k11\" \"value 11\"", "anomaly" },
	{ "a link in a heap", "clean_dense.h5", NONE, GH_OK, true, "tensor \"/d11\" I8 []", NULL },
	{ "an attribute of its own in a heap", "clean_dense.h5", NONE, GH_OK, true,
	  "text attribute \"/many@long\" \"yyy", NULL },
	{ "arrays with pages", "clean_pages.h5", NONE, GH_OK, true, NULL, "anomaly" },
	{ "a user block", "clean_userblock.h5", NONE, GH_OK, true, "claim 0+512 free", "anomaly" },
	{ "sizes of four bytes", "clean_four.h5", NONE, GH_OK, true, "text attribute \"/@names\" \"a\\nb\"",
	  "anomaly" },
	{ "lists of free space", "clean_free.h5", NONE, GH_OK, true, "GH-H5-0020", "GH-H5-0019" },
	{ "other layouts", "clean_layouts.h5", NONE, GH_OK, true, "tensor \"/compact\" I32 [5]", "anomaly" },
	{ "Keras: configuration", "clean_keras.h5", NONE, GH_OK, true, "member \"model_config\" file", "anomaly" },
	{ "Keras: version", "clean_keras.h5", NONE, GH_OK, true, "package PyPI \"keras\" \"2.15.0\"", NULL },
	{ "Keras: weights", "clean_keras.h5", NONE, GH_OK, true, "tensor \"/model_weights/d/kernel:0\" F32 [6, 5]",
	  NULL },
	/* what leads out */
	{ "a link to a file of the machine", "links_out.h5", NONE, GH_OK, true,
	  "anomaly GH-H5-0012 856+1 external link of \"/abs\": \"/etc/passwd\"", NULL },
	{ "the reference too", "links_out.h5", NONE, GH_OK, true, "reference path \"/etc/passwd\" from \"/abs\"",
	  NULL },
	{ "a link to a file beside it", "links_out.h5", NONE, GH_OK, true,
	  "anomaly GH-H5-0013 896+1 external link of \"/beside\"", NULL },
	{ "data in another file", "links_out.h5", NONE, GH_OK, true, "external storage of \"/raw\": \"../../x\"",
	  NULL },
	{ "a virtual dataset", "virtual_out.h5", NONE, GH_OK, true, "virtual dataset of \"/v\": \"/tmp/x.h5\"", NULL },
	{ "a link of a program's own class", "links_out.h5", P("\x01\x08\x40\x03", 1, 2, "\x41"), GH_OK, true,
	  "anomaly GH-H5-0014", NULL },
	/* what hides */
	{ "a pickle as bytes", "pickles.h5", NONE, GH_OK, true, "member \"/bytes\" nested", NULL },
	{ "a pickle in compressed chunks", "pickles.h5", NONE, GH_OK, true, "member \"/packed\" nested", NULL },
	{ "a pickle as numbers", "pickles.h5", NONE, GH_OK, true, "member \"/numbers\" file", NULL },
	{ "a pickled attribute", "pickles.h5", NONE, GH_OK, true, "anomaly GH-H5-0027", NULL },
	{ "a pickle in base64", "pickles.h5", NONE, GH_OK, true, "member \"/@base64\" nested", NULL },
	{ "a pickle in the global heap", "pickles.h5", NONE, GH_OK, true, "member \"value in the global heap\" nested",
	  NULL },
	{ "a program in compressed numbers", "program.h5", NONE, GH_OK, true, "anomaly GH-H5-0026", NULL },
	{ "what was deleted", "clean_slack.h5", NONE, GH_OK, true, "anomaly GH-H5-0020", "GH-H5-0019" },
	{ "texts that begin like a pickle", "clean_four.h5", NONE, GH_OK, true,
	  "text attribute \"/@long_name\" \"(in metres)", "member" },
	{ "code", "signs.h5", NONE, GH_OK, true, "anomaly GH-H5-0201", NULL },
	{ "commands", "signs.h5", NONE, GH_OK, true, "anomaly GH-H5-0202", NULL },
	{ "a script", "signs.h5", NONE, GH_OK, true, "anomaly GH-H5-0203", NULL },
	{ "escapes", "signs.h5", NONE, GH_OK, true, "anomaly GH-H5-0204", NULL },
	{ "an address", "signs.h5", NONE, GH_OK, true, "anomaly GH-H5-0205", NULL },
	{ "a credential", "signs.h5", NONE, GH_OK, true, "anomaly GH-H5-0206", NULL },
	/* sizes */
	{ "terabytes of nothing", "huge.h5", NONE, GH_OK, true, "anomaly GH-H5-0024", NULL },
	{ "gigabytes of nothing", "huge.h5", NONE, GH_OK, true, "anomaly GH-H5-0025", NULL },
	{ "a chunk that is too large", "chunk_big.h5", NONE, GH_E_UNREAD, true, "anomaly GH-H5-0011", NULL },
	{ "scale and offset", "clean_scale.h5", NONE, GH_OK, true, NULL, "anomaly" },
	{ "a pickle by scale and offset", "pickle_scale.h5", NONE, GH_OK, true, "member \"/p\" nested", NULL },
	{ "a large chunk goes through a spool", "clean_chunk_large.h5", NONE, GH_OK, true, "member \"/z\" file",
	  "anomaly" },
	{ "a damaged large chunk", "clean_chunk_large.h5", P("\x78\x5e", 1, 2, FF8), GH_E_MALFORMED, true,
	  "anomaly GH-H5-0010", NULL },
	{ "filters that are not known", "filters.h5", NONE, GH_E_UNREAD, true, "anomaly GH-H5-0009", NULL },
	{ "more pointers than are followed", "pointers.h5", NONE, GH_E_LIMIT, false, "anomaly GH-H5-0022", NULL },
	/* structure */
	{ "addresses of three bytes", "clean_old.h5", P("", 0, 13, "\3"), GH_E_MALFORMED, false, "anomaly GH-H5-0001",
	  NULL },
	{ "superblock of version 9", "clean_old.h5", P("", 0, 8, "\x09"), GH_E_UNREAD, false, "anomaly GH-H5-0008",
	  NULL },
	{ "a driver's file", "clean_old.h5", P("", 0, 48, "\xe0\1\0\0\0\0\0\0"), GH_E_UNREAD, false,
	  "anomaly GH-H5-0021", NULL },
	{ "cut off", "cut.h5", NONE, GH_E_MALFORMED, true, "anomaly GH-H5-0002", "GH-H5-0003" },
	{ "an object beyond the end", "clean_old.h5", P("SNOD", 1, 16, "\0\0\xff"), GH_E_MALFORMED, true,
	  "anomaly GH-H5-0003", NULL },
	{ "data beyond the end", "clean_old.h5", P("\x03\x01", 1, 2, "\0\0\xff"), GH_E_MALFORMED, true,
	  "anomaly GH-H5-0003", NULL },
	{ "more symbols than fit", "clean_old.h5", P("SNOD", 1, 6, "\xff\x7f"), GH_E_MALFORMED, true,
	  "anomaly GH-H5-0004", NULL },
	{ "more entries than fit", "clean_old.h5", P("TREE", 1, 6, "\xff\x7f"), GH_E_MALFORMED, true,
	  "anomaly GH-H5-0004", NULL },
	{ "a tree that leads to itself", "clean_old.h5", P("TREE", 1, 5, "\1\1\0" FF8 FF8 "\0\0\0\0\0\0\0\0\x88\0"),
	  GH_E_MALFORMED, true, "anomaly GH-H5-0005", NULL },
	{ "a group within itself", "clean_old.h5", P("SNOD", 1, 16, "\x60\0"), GH_OK, true, NULL, "GH-H5-0005" },
	{ "a checksum", "clean_small.h5", P("OHDR", 1, 6, "\1\2\3\4"), GH_OK, true, "anomaly GH-H5-0006", NULL },
	{ "no symbols there", "clean_old.h5", P("SNOD", 1, 0, "X"), GH_E_MALFORMED, true, "anomaly GH-H5-0007", NULL },
	{ "a damaged chunk", "clean_chunks_earliest.h5", P("\x78\x5e", 1, 2, FF8), GH_E_MALFORMED, true,
	  "anomaly GH-H5-0010", NULL },
	{ "two tables of one group", "clean_old.h5", P("", 0, 80, "\0\x10"), GH_E_MALFORMED, true, "anomaly GH-H5-0015",
	  NULL },
	{ "one name twice", "clean_old.h5", P("SNOD", 1, 48, "\x10"), GH_OK, true, "anomaly GH-H5-0016", NULL },
	{ "a slash in a name", "clean_old.h5", P("w\0\0\0\0\0\0\0", 1, 0, "/"), GH_OK, true, "anomaly GH-H5-0017",
	  NULL },
	{ "a member outside its compound", "clean_types_earliest.h5", P("i\0\0\0\0\0\0\0", 1, 8, "\xff\x0f"),
	  GH_E_MALFORMED, true, "anomaly GH-H5-0018", NULL },
	{ "less storage than the shape needs", "clean_old.h5", P("\x78\0\0\0\0\0\0\0", 1, 0, "\x3c"), GH_OK, true,
	  "anomaly GH-H5-0023", NULL },
	{ "a message that is too long", "clean_old.h5", P("", 0, 96 + 16 + 2, "\xff\xff"), GH_E_MALFORMED, true,
	  "anomaly GH-H5-0004", NULL },
};

static struct gh_span seed(const char *name, const struct patch *p)
{
	char path[200];
	(void)snprintf(path, sizeof path, SEEDS "%s", name);
	struct gh_span in = gh_test_file(path);
	assert_non_null(in.p);
	const uint8_t *at = in.p;
	for (unsigned i = 0; i < p->nth; i++) {
		at = memmem(at + (i != 0), (size_t)(in.p + in.n - at) - (i != 0), p->sign.p, p->sign.n);
		assert_non_null(at);
	}
	if (p->put.n != 0) {
		assert_true((size_t)(at - in.p) + (size_t)p->at + p->put.n <= in.n);
		memcpy((uint8_t *)(uintptr_t)at + p->at, p->put.p, p->put.n);
	}
	return in;
}

static void every_row(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_span in = seed(rows[i].seed, &rows[i].patch);
		struct gh_events ev;
		char ids[400];
		gh_test_walked(&ev, &gh_fmt_hdf5, in, "x.h5", ids, sizeof ids);
		bool ok = ev.rc == rows[i].rc && ev.gapless == rows[i].gapless &&
			  (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
			  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
		if (!ok)
			print_message("row \"%s\": rc %d (%s) gapless %d\n%s\n", rows[i].what, ev.rc, ev.why,
				      ev.gapless, gh_buf_cstr(&ev.log));
		wrong += !ok;
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
	assert_int_equal(wrong, 0);
}

/* A large part of the file's own space that nothing refers to: the superblock's end of the file is moved behind it. */
static void much_slack(void **st)
{
	(void)st;
	static const struct patch none = NONE;
	struct gh_span in = seed("clean_old.h5", &none);
	size_t more = (size_t)1 << 20, n = in.n + more;
	uint8_t *b = malloc(n);
	assert_non_null(b);
	memcpy(b, in.p, in.n);
	for (int value = 0; value < 2; value++) {
		memset(b + in.n, value == 0 ? 0 : 0xa5, more);
		for (unsigned i = 0; i < 8; i++)
			b[40 + i] = (uint8_t)((uint64_t)n >> 8 * i);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_hdf5, (struct gh_span){ b, n }, "x.h5", true);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_int_equal(gh_events_has(&ev, "anomaly GH-H5-0019"), value != 0);
		gh_events_free(&ev);
	}
	free(b);
	free((void *)(uintptr_t)in.p);
}

/* Every truncation is noticed; every damaged byte gets an answer. */
static void damage(void **st)
{
	(void)st;
	static const char *const names[] = { "clean_small.h5", "clean_userblock.h5", "clean_four.h5",
					     "clean_layouts.h5" };
	static const struct patch none = NONE;
	for (size_t k = 0; k < GH_ROWS(names); k++) {
		struct gh_span in = seed(names[k], &none);
		uint8_t *b = (uint8_t *)(uintptr_t)in.p;
		for (size_t n = 600; n < in.n; n += 61) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_hdf5, (struct gh_span){ b, n }, "x.h5", true);
			assert_int_not_equal(ev.rc, GH_OK);
			gh_events_free(&ev);
		}
		for (size_t i = 0; i < in.n; i += i < 1200 ? 1 : 7) {
			struct gh_events ev;
			b[i] ^= (uint8_t)(1u << i % 8);
			gh_events_walk(&ev, &gh_fmt_hdf5, in, "x.h5", (i & 1) != 0);
			assert_true(ev.rc == GH_OK || ev.rc == GH_E_NOTTHIS || ev.why[0] != '\0');
			gh_events_free(&ev);
			b[i] ^= (uint8_t)(1u << i % 8);
		}
		free(b);
	}
}

static void probes(void **st)
{
	(void)st;
	static uint8_t b[5000];
	static const struct {
		size_t at;
		enum gh_match match;
	} t[] = { { 0, GH_STRONG },    { 1, GH_NO },	{ 512, GH_STRONG },
		  { 1024, GH_STRONG }, { 1536, GH_NO }, { 2048, GH_STRONG } };
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		memset(b, 0, sizeof b);
		memcpy(b + t[i].at, "\x89HDF\r\n\x1a\n", 8);
		struct gh_probe p = { { b, sizeof b }, { b, sizeof b }, sizeof b };
		assert_int_equal(gh_fmt_hdf5.probe(&p), t[i].match);
	}
}

/* ---- encodings ---------------------------------------------------------------------------------------------------------- */

static void sums(void **st)
{
	(void)st;
	assert_int_equal(gh_hdf5_lookup3(GH_SPAN("")), 0xdeadbeef);
	assert_int_equal(gh_hdf5_lookup3(GH_SPAN("Four score and seven years ago")),
			 0x17770551); /* lookup3.c, driver5 */
	uint8_t b[200];
	for (size_t i = 0; i < sizeof b; i++)
		b[i] = (uint8_t)(i * 7);
	for (size_t n = 0; n <= sizeof b; n++) { /* in pieces as in one */
		struct gh_hdf5_sum s;
		gh_hdf5_sum_start(&s, n);
		for (size_t at = 0; at < n; at += 24)
			gh_hdf5_sum_put(&s, gh_span_cut((struct gh_span){ b, n }, at, 24));
		assert_int_equal(gh_hdf5_sum_end(&s), gh_hdf5_lookup3((struct gh_span){ b, n }));
	}
	assert_int_equal(gh_hdf5_fletcher32(GH_SPAN("\1\2\3\4")), 0x05080406);
}

static void filters(void **st)
{
	(void)st;
	uint8_t out[64];
	size_t made = 0;
	gh_hdf5_unshuffle(out, GH_SPAN("acebdfX"), 2);
	assert_memory_equal(out, "abcdefX", 7);
	static const struct {
		struct gh_span in, out;
		size_t cap;
		bool fine;
	} t[] = {
		{ GH_SPAN("\2abc"), GH_SPAN("abc"), 64, true },
		{ GH_SPAN("\2abc\x20\2"), GH_SPAN("abcabc"), 64, true },
		{ GH_SPAN("\0a\xe0\5\0"), GH_SPAN("aaaaaaaaaaaaaaa"), 64, true },
		{ GH_SPAN("\2abc"), GH_SPAN(""), 2, false },
		{ GH_SPAN("\2ab"), GH_SPAN(""), 64, false },
		{ GH_SPAN("\0a\x20\1"), GH_SPAN(""), 64, false },
		{ GH_SPAN("\0a\xe0"), GH_SPAN(""), 64, false },
		{ GH_SPAN("\0a\xe0\xff\0"), GH_SPAN(""), 64, false },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		assert_int_equal(gh_hdf5_unlzf(t[i].in, out, t[i].cap, &made), t[i].fine);
		if (t[i].fine) {
			assert_int_equal(made, t[i].out.n);
			assert_memory_equal(out, t[i].out.p, made);
		}
	}
	/* 3 values of 2 bits over 5, of 2 bytes each; the last one is "none", for which 9 is put */
	struct gh_hdf5_filter f = { .nparam = 20, .param = { 2, 0, 3, 0, 2, 0, 0, 1, 9 } };
	assert_true(gh_hdf5_unscale(GH_SPAN("\2\0\0\0\2\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x6c"), &f, out, 64, &made));
	assert_int_equal(made, 6);
	assert_memory_equal(out, "\6\0\7\0\x09\0", 6);
	assert_false(gh_hdf5_unscale(GH_SPAN("\2\0\0\0\2\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), &f, out, 64, &made));
	assert_false(gh_hdf5_unscale(GH_SPAN("\x11\0\0\0\2\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x6c"), &f, out, 64, &made));
	assert_false(gh_hdf5_unscale(GH_SPAN("\2\0\0\0\2\5\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x6c"), &f, out, 5, &made));
	struct gh_hdf5_pipeline p;
	assert_int_equal(gh_hdf5_pipeline(GH_SPAN("\2\1\1\0\0\0\1\0\6\0\0\0"), &p), 12);
	assert_int_equal(p.f[0].param[0], 6);
	assert_int_equal(gh_hdf5_pipeline(GH_SPAN("\2\1\1\0\0\0\1\0\6\0\0"), &p), 0);
	assert_int_equal(gh_hdf5_pipeline(GH_SPAN("\2\x21"), &p), 0);
}

static void shapes(void **st)
{
	(void)st;
	struct gh_hdf5_space s;
	assert_int_equal(gh_hdf5_space(GH_SPAN("\2\0\0\0"), 8, &s), 4);
	assert_int_equal(s.count, 1);
	assert_int_equal(gh_hdf5_space(GH_SPAN("\2\0\0\2"), 8, &s), 4);
	assert_int_equal(s.count, 0);
	assert_int_equal(gh_hdf5_space(GH_SPAN("\2\2\0\1\3\0\0\0\4\0\0\0"), 4, &s), 12);
	assert_int_equal(s.count, 12);
	assert_int_equal(gh_hdf5_space(GH_SPAN("\2\2\0\1" FF8 FF8), 8, &s), 0);
	assert_int_equal(gh_hdf5_space(GH_SPAN("\2\2\0\1\3\0\0\0"), 4, &s), 0);
	assert_int_equal(gh_hdf5_space(GH_SPAN("\2\1\1\1\3\0\0\0\2\0\0\0"), 4, &s),
			 0); /* larger than its greatest size */
	assert_int_equal(gh_hdf5_space(GH_SPAN("\2\x21\0\1"), 4, &s), 0);
}

static void types(void **st)
{
	(void)st;
	gh_auto_arena a = { .max = 1 << 20 };
	struct gh_hdf5_type t;
	enum gh_rc rc;
	uint8_t deep[40 * 8];
	assert_int_equal(gh_hdf5_type(GH_SPAN("\x10\x08\0\0\4\0\0\0\0\0\x20\0"), 8, &a, &t, &rc), 12);
	assert_true(t.cls == GH_HDF5_INT && t.is_signed && t.size == 4);
	assert_int_equal(gh_hdf5_type(GH_SPAN("\x10\x08\0\0\4\0\0\0\0\0\x21\0"), 8, &a, &t, &rc),
			 0); /* 33 bits in 4 bytes */
	assert_int_equal(rc, GH_E_MALFORMED);
	assert_int_equal(gh_hdf5_type(GH_SPAN("\x1f\0\0\0\4\0\0\0"), 8, &a, &t, &rc), 0);
	assert_int_equal(rc, GH_E_UNREAD);
	/* A sequence of strings: the pointer of the outer one counts, what is in the heap does not. */
	assert_int_equal(gh_hdf5_type(GH_SPAN("\x19\0\0\0\x10\0\0\0\x13\0\0\0\5\0\0\0"), 8, &a, &t, &rc), 16);
	assert_true(t.nspot == 1 && t.spot[0].element == 5 && !t.spot[0].text);
	/* An array of 3 variable-length strings in each element. */
	assert_int_equal(gh_hdf5_type(GH_SPAN("\x3a\0\0\0\x30\0\0\0\1\3\0\0\0\x19\1\0\0\x10\0\0\0\x13\0\0\0\1\0\0\0"),
				      8, &a, &t, &rc),
			 29);
	assert_true(t.nspot == 3 && t.spot[2].off == 32 && t.spot[2].text);
	/* An array whose elements do not fill it. */
	assert_int_equal(gh_hdf5_type(GH_SPAN("\x3a\0\0\0\x30\0\0\0\1\4\0\0\0\x19\1\0\0\x10\0\0\0\x13\0\0\0\1\0\0\0"),
				      8, &a, &t, &rc),
			 0);
	for (size_t i = 0; i < sizeof deep; i += 8)
		memcpy(deep + i, "\x19\0\0\0\x10\0\0\0", 8);
	assert_int_equal(gh_hdf5_type((struct gh_span){ deep, sizeof deep }, 8, &a, &t, &rc), 0);
	assert_int_equal(rc, GH_E_LIMIT);
	assert_int_equal(t.nspot, 0);
}

static void samples(void **st)
{
	(void)st;
	static const struct {
		const char *path, *has;
	} t[] = {
		{ "benign/hdf5/hdf5-001.h5", NULL },
		{ "benign/hdf5/hdf5-002.h5", "member \"model_config\"" },
		{ "benign/hdf5/hdf5-003.h5", NULL },
		{ "benign/hdf5/hdf5-004.h5", NULL },
		{ "malicious/hdf5/hdf5-001.h5", "member \"model_config\"" },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		char path[200];
		(void)snprintf(path, sizeof path, "../shared/corpus/%s", t[i].path);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			print_message("skipped: %s is absent\n", path);
			skip();
		}
		struct gh_events ev;
		char ids[400];
		gh_test_walked(&ev, &gh_fmt_hdf5, in, path, ids, sizeof ids);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_string_equal(ids, "");
		assert_true(t[i].has == NULL || gh_events_has(&ev, t[i].has));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_row), cmocka_unit_test(much_slack), cmocka_unit_test(damage),
		cmocka_unit_test(probes),    cmocka_unit_test(sums),	   cmocka_unit_test(filters),
		cmocka_unit_test(shapes),    cmocka_unit_test(types),	   cmocka_unit_test(samples),
	};
	return cmocka_run_group_tests_name("hdf5", t, NULL, NULL);
}
