/* Parquet and Arrow: genuine files of writers for both (the seeds named clean*), and what is wrong with others. */
#include "support/cm.h"

#include "format/formats.h"
#include "format/thrift.h"
#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const struct gh_fmt *fmt;
	const char *file;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ &gh_fmt_parquet, "parquet/clean-plain", GH_OK, true, "text metadata \"note\" \"a small table\"", "anomaly" },
	{ &gh_fmt_parquet, "parquet/clean-snappy", GH_OK, true, "package Parquet", "anomaly" },
	{ &gh_fmt_parquet, "parquet/cut", GH_E_MALFORMED, false, "anomaly GH-PQ-0001", NULL },
	{ &gh_fmt_parquet, "parquet/encrypted", GH_E_UNREAD, false, "anomaly GH-PQ-0005", NULL },
	{ &gh_fmt_parquet, "parquet/outside", GH_OK, true, "anomaly GH-PQ-0002", NULL },
	{ &gh_fmt_parquet, "parquet/elsewhere", GH_OK, true, "anomaly GH-PQ-0004", NULL },
	{ &gh_fmt_parquet, "parquet/elsewhere", GH_OK, true, "reference path \"../other.parquet\" from \"column\"",
	  NULL },
	{ &gh_fmt_parquet, "parquet/page", GH_OK, false, "anomaly GH-PQ-0003", NULL },
	{ &gh_fmt_parquet, "parquet/signs", GH_OK, true, "anomaly GH-PQ-0201", NULL },
	{ &gh_fmt_parquet, "parquet/signs", GH_OK, true, "anomaly GH-PQ-0202", NULL },
	{ &gh_fmt_parquet, "parquet/signs", GH_OK, true, "anomaly GH-PQ-0203", NULL },
	{ &gh_fmt_parquet, "parquet/signs", GH_OK, true, "anomaly GH-PQ-0204", NULL },
	{ &gh_fmt_parquet, "parquet/signs", GH_OK, true, "anomaly GH-PQ-0205", NULL },
	{ &gh_fmt_parquet, "parquet/signs", GH_OK, true, "anomaly GH-PQ-0206", NULL },
	{ &gh_fmt_arrow, "arrow/signs", GH_OK, true, "anomaly GH-ARW-0201", NULL },
	{ &gh_fmt_arrow, "arrow/signs", GH_OK, true, "anomaly GH-ARW-0202", NULL },
	{ &gh_fmt_arrow, "arrow/signs", GH_OK, true, "anomaly GH-ARW-0203", NULL },
	{ &gh_fmt_arrow, "arrow/signs", GH_OK, true, "anomaly GH-ARW-0204", NULL },
	{ &gh_fmt_arrow, "arrow/signs", GH_OK, true, "anomaly GH-ARW-0205", NULL },
	{ &gh_fmt_arrow, "arrow/signs", GH_OK, true, "anomaly GH-ARW-0206", NULL },
	{ &gh_fmt_arrow, "arrow/clean-file", GH_OK, true, "claim 0+6 struct", "anomaly" },
	{ &gh_fmt_arrow, "arrow/clean-stream", GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_arrow, "arrow/pickle-type", GH_OK, true, "anomaly GH-ARW-0005", "GH-ARW-0001" },
	{ &gh_fmt_arrow, "arrow/cut", GH_E_MALFORMED, false, "anomaly GH-ARW-0006", NULL },
	{ &gh_fmt_arrow, "arrow/offset", GH_E_MALFORMED, false, "anomaly GH-ARW-0001", NULL },
};

static void tables(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s", rows[i].file);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("%s is missing: run from the top of the source tree", path);
		struct gh_probe p = { in, in, in.n };
		assert_int_not_equal(rows[i].fmt->probe(&p), GH_NO);
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, rows[i].fmt, in, "x", unstable != 0);
			if (ev.rc != rows[i].rc || ev.gapless != rows[i].gapless ||
			    (rows[i].has != NULL && !gh_events_has(&ev, rows[i].has)) ||
			    (rows[i].hasnot != NULL && gh_events_has(&ev, rows[i].hasnot)))
				fail_msg("%s: rc %d %s\n%s", path, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
}

/* Each number of a genuine Arrow file changed to something else: an answer, and the buffers never lead outside. */
static void changed(void **state)
{
	(void)state;
	struct gh_span in = gh_test_file("tests/fuzz/seeds/arrow/clean-file");
	assert_non_null(in.p);
	uint8_t *copy = malloc(in.n);
	unsigned said = 0;
	assert_non_null(copy);
	for (size_t i = 8; i + 8 <= in.n; i += 4)
		for (int k = 0; k < 3; k++) {
			static const uint8_t put[3][4] = { { 0xff, 0xff, 0xff, 0x7f },
							   { 0, 0, 1, 0 },
							   { 0xff, 0xff, 0xff, 0xff } };
			memcpy(copy, in.p, in.n);
			memcpy(copy + i, put[k], 4);
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_arrow, (struct gh_span){ copy, in.n }, "x", true);
			said += ev.rc != GH_OK || gh_events_has(&ev, "anomaly");
			assert_false(gh_events_has(&ev, "OUT-OF-RANGE"));
			gh_events_free(&ev);
		}
	assert_true(said > 100);
	free(copy);
	free((void *)(uintptr_t)in.p);
}

/* A buffer beyond its body; kinds of messages that are not known; version marks. */
static void one_number(void **state)
{
	(void)state;
	struct gh_span in = gh_test_file("tests/fuzz/seeds/arrow/clean-stream");
	assert_non_null(in.p);
	uint8_t *copy = malloc(in.n);
	unsigned buffer = 0, unknown = 0, message = 0;
	for (size_t i = 0; i < in.n; i++) {
		memcpy(copy, in.p, in.n);
		copy[i] ^= 0x40;
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_arrow, (struct gh_span){ copy, in.n }, "x", false);
		buffer += gh_events_has(&ev, "GH-ARW-0003");
		unknown += gh_events_has(&ev, "GH-ARW-0004");
		message += gh_events_has(&ev, "GH-ARW-0002");
		gh_events_free(&ev);
	}
	assert_true(buffer != 0 && unknown != 0 && message != 0);
	free(copy);
	free((void *)(uintptr_t)in.p);
}

static void thrift(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_span in;
		bool bad;
		uint64_t end;
	} in[] = {
		{ "an empty struct", GH_SPAN("\0"), false, 1 },
		{ "fields of every type",
		  GH_SPAN("\x11\x12\x13\x07\x15\x02\x17"
			  "12345678"
			  "\x18\x02"
			  "ab\0"),
		  false, 20 },
		{ "a list of structs", GH_SPAN("\x19\x2c\x15\x02\0\0\0"), false, 7 },
		{ "a map",
		  GH_SPAN("\x1b\x02\x85\x01"
			  "a\x02\x01"
			  "b\x04\0"),
		  false, 10 },
		{ "an empty map", GH_SPAN("\x1b\0\0"), false, 3 },
		{ "a list longer than the bytes", GH_SPAN("\x19\xf5\xff\x7f\0"), true, 0 },
		{ "a text longer than the bytes",
		  GH_SPAN("\x18\x7f"
			  "a\0"),
		  true, 0 },
		{ "a number without end", GH_SPAN("\x16\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0"), true, 0 },
		{ "no end", GH_SPAN("\x15\x02"), true, 0 },
		{ "a type that is none", GH_SPAN("\x1e\0"), true, 0 },
	};
	for (size_t i = 0; i < GH_ROWS(in); i++) {
		struct gh_src_mem mem;
		struct gh_cur c = gh_cur(gh_src_mem(&mem, in[i].in), 0);
		struct gh_thrift t = gh_thrift(&c);
		gh_thrift_skip(&t, GH_TT_STRUCT);
		if (c.bad != in[i].bad || (!c.bad && gh_cur_off(&c) != in[i].end))
			fail_msg("%s: bad %d at %llu", in[i].what, c.bad, (unsigned long long)gh_cur_off(&c));
	}
	uint8_t deep[100];
	memset(deep, 0x1c, sizeof deep);
	struct gh_src_mem mem;
	struct gh_cur c = gh_cur(gh_src_mem(&mem, (struct gh_span){ deep, sizeof deep }), 0);
	struct gh_thrift t = gh_thrift(&c);
	gh_thrift_skip(&t, GH_TT_STRUCT);
	assert_true(c.bad && t.deep);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(tables), cmocka_unit_test(changed),
					    cmocka_unit_test(one_number), cmocka_unit_test(thrift) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
