/* Pictures: every byte has its place, what follows the end stays unclaimed, damage is said. The small pictures are the
 * fuzz seeds of each format. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "support/events.h"

extern const struct gh_fmt gh_fmt_png, gh_fmt_jpeg, gh_fmt_gif, gh_fmt_webp, gh_fmt_bmp;

static const struct {
	const struct gh_fmt *fmt;
	const char *file;
	enum gh_rc rc;
	bool gapless;
	const char *say; /* NULL: nothing in particular */
} rows[] = {
	{ &gh_fmt_png, "small", GH_OK, true, "text comment \"\" \"Comment\\x00hello\"" },
	{ &gh_fmt_png, "trailing", GH_OK, false, NULL },
	{ &gh_fmt_png, "cut", GH_E_MALFORMED, false, "anomaly GH-PNG-0001" },
	{ &gh_fmt_png, "sum", GH_E_MALFORMED, false, "anomaly GH-PNG-0001 8+" },
	{ &gh_fmt_jpeg, "small", GH_OK, true, "text comment \"\" \"hello\"" },
	{ &gh_fmt_jpeg, "trailing", GH_OK, false, NULL },
	{ &gh_fmt_jpeg, "cut", GH_E_MALFORMED, false, "anomaly GH-JPG-0001" },
	{ &gh_fmt_jpeg, "segment", GH_E_MALFORMED, false, "anomaly GH-JPG-0001 2+" },
	{ &gh_fmt_gif, "small", GH_OK, true, "text comment" },
	{ &gh_fmt_gif, "trailing", GH_OK, false, NULL },
	{ &gh_fmt_gif, "cut", GH_E_MALFORMED, true, "anomaly GH-GIF-0001" },
	{ &gh_fmt_gif, "block", GH_E_MALFORMED, false, "anomaly GH-GIF-0001" },
	{ &gh_fmt_webp, "small", GH_OK, true, "+1 pad" },
	{ &gh_fmt_webp, "trailing", GH_OK, false, NULL },
	{ &gh_fmt_webp, "cut", GH_E_MALFORMED, false, "anomaly GH-WEBP-0001 0+" },
	{ &gh_fmt_webp, "chunk", GH_E_MALFORMED, false, "anomaly GH-WEBP-0001 12+" },
	{ &gh_fmt_bmp, "small", GH_OK, true, "claim 54+16 data" },
	{ &gh_fmt_bmp, "trailing", GH_OK, false, NULL },
	{ &gh_fmt_bmp, "cut", GH_E_MALFORMED, false, "anomaly GH-BMP-0001" },
	{ &gh_fmt_bmp, "palette", GH_OK, true, "claim 54+6 data" },
};

static void pictures(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s/%s", rows[i].fmt->name, rows[i].file);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("%s is missing: run from the top of the source tree", path);
		struct gh_probe p = { in, in, in.n };
		assert_int_equal(rows[i].fmt->probe(&p), GH_STRONG);
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, rows[i].fmt, in, "x", unstable != 0);
			if (ev.rc != rows[i].rc || ev.gapless != rows[i].gapless ||
			    (rows[i].say != NULL && !gh_events_has(&ev, rows[i].say)) ||
			    gh_events_has(&ev, "anomaly") != (rows[i].rc != GH_OK))
				fail_msg("%s: rc %d %s\n%s", path, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
}

/* Every prefix of every whole picture is malformed, and says so. */
static void prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i += 4) {
		char path[128];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s/%s", rows[i].fmt->name, rows[i].file);
		struct gh_span in = gh_test_file(path);
		assert_non_null(in.p);
		for (size_t n = 0; n < in.n; n++) {
			struct gh_events ev;
			gh_events_walk(&ev, rows[i].fmt, gh_span_cut(in, 0, n), "x", true);
			if (ev.rc != GH_E_MALFORMED || !gh_events_has(&ev, "anomaly"))
				fail_msg("%s: %zu bytes: rc %d", path, n, ev.rc);
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(pictures), cmocka_unit_test(prefixes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
