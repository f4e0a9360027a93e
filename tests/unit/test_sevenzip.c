/* 7z archives written by 7-Zip with every method, and broken by hand: see tests/fuzz/seeds/7z. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/events.h"

extern const struct gh_fmt gh_fmt_sevenzip;

static const struct {
	const char *file;
	enum gh_rc rc;
	bool gapless;
	size_t members;
	const char *say; /* NULL: no anomaly */
} rows[] = {
	{ "lzma", GH_OK, true, 3, NULL },
	{ "lzma2", GH_OK, true, 3, NULL },
	{ "copy", GH_OK, true, 3, NULL },
	{ "deflate", GH_OK, true, 3, NULL },
	{ "bzip2", GH_OK, true, 3, NULL },
	{ "bcj", GH_OK, true, 3, NULL },
	{ "delta", GH_OK, true, 3, NULL },
	{ "separate", GH_OK, true, 3, NULL },
	{ "nothing", GH_OK, true, 0, NULL },
	{ "trailing", GH_OK, false, 3, NULL },
	{ "ppmd", GH_E_UNREAD, false, 0, "anomaly GH-7Z-0004" },
	{ "bcj2", GH_E_UNREAD, false, 0, "anomaly GH-7Z-0004" },
	{ "encrypted", GH_E_UNREAD, false, 0, "anomaly GH-7Z-0003" },
	{ "hidden_names", GH_E_UNREAD, false, 0, "anomaly GH-7Z-0003 0+543 the packed header" },
	{ "cut", GH_E_MALFORMED, false, 0, "anomaly GH-7Z-0001" },
	{ "damaged", GH_E_MALFORMED, true, 2, "anomaly GH-7Z-0005" },
	{ "start_sum", GH_OK, true, 3, "anomaly GH-7Z-0002 0+32 signature header" },
	{ "crc", GH_OK, true, 3, "anomaly GH-7Z-0006" },
	{ "traversal", GH_OK, true, 3, "anomaly GH-7Z-0101" },
	{ "link", GH_OK, true, 1, "anomaly GH-7Z-0101 32+16 link in2 leads to ../../etc/passwd" },
	{ "counts", GH_E_MALFORMED, false, 0, "anomaly GH-7Z-0001" },
	{ "many_subs", GH_E_MALFORMED, false, 0, "anomaly GH-7Z-0001" },
};

static void archives(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/7z/%s.7z", rows[i].file);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("%s is missing: run from the top of the source tree", path);
		struct gh_probe p = { in, in, in.n };
		assert_int_equal(gh_fmt_sevenzip.probe(&p), GH_STRONG);
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_sevenzip, in, "x.7z", unstable != 0);
			bool said = rows[i].say == NULL ? !gh_events_has(&ev, "anomaly")
							: gh_events_has(&ev, rows[i].say);
			if (ev.rc != rows[i].rc || ev.gapless != rows[i].gapless || ev.nmember != rows[i].members ||
			    !said)
				fail_msg("%s: rc %d %s\n%s", rows[i].file, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
}

/* The content of each member, whatever the method. */
static void contents(void **state)
{
	(void)state;
	char want[1200] = "";
	size_t n = 0;
	for (unsigned i = 1; i <= 300; i++)
		n += (size_t)snprintf(want + n, sizeof want - n, "%u\n", i);
	for (size_t i = 0; i < 8; i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/7z/%s.7z", rows[i].file);
		struct gh_span in = gh_test_file(path);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_sevenzip, in, "x.7z", true);
		assert_int_equal(ev.nmember, 3);
		unsigned numbers = 0, pickles = 0;
		for (size_t k = 0; k < 3; k++) {
			bool text = strcmp(ev.member[k].name, "numbers.txt") == 0 ||
				    strcmp(ev.member[k].name, "dir/\xc3\xbcn\xc3\xaf.txt") == 0;
			numbers += text && ev.member[k].n == n && memcmp(ev.member[k].p, want, n) == 0;
			pickles += strcmp(ev.member[k].name, "a.pkl") == 0 && ev.member[k].n == 5 &&
				   memcmp(ev.member[k].p, "\x80\x04]\x94.", 5) == 0;
		}
		if (numbers != 2 || pickles != 1)
			fail_msg("%s: contents differ", rows[i].file);
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

/* Every prefix, and every byte changed: an answer, and never a member or claim out of nowhere. */
static void mutilated(void **state)
{
	(void)state;
	struct gh_span in = gh_test_file("tests/fuzz/seeds/7z/lzma2.7z");
	assert_non_null(in.p);
	uint8_t *p = malloc(in.n);
	assert_non_null(p);
	for (size_t i = 0; i < in.n; i++) {
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_sevenzip, gh_span_cut(in, 0, i), "x", true);
		assert_int_equal(ev.rc, GH_E_MALFORMED);
		gh_events_free(&ev);
		memcpy(p, in.p, in.n);
		p[i] ^= 0xff;
		gh_events_walk(&ev, &gh_fmt_sevenzip, (struct gh_span){ p, in.n }, "x", true);
		/* Bytes 6 and 7 are the version, which nobody depends on; the packed header (313+130) ends with the
		 * bytes that flush the range coder, whose values mean nothing. */
		bool idle = i == 6 || i == 7 || (i >= 438 && i < 443);
		if (ev.rc == GH_OK && ev.gapless && !gh_events_has(&ev, "anomaly") && !idle)
			fail_msg("byte %zu changed and nothing said", i);
		gh_events_free(&ev);
	}
	free(p);
	free((void *)(uintptr_t)in.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(archives), cmocka_unit_test(contents),
					    cmocka_unit_test(mutilated) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
