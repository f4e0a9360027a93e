/* PDF: objects wherever they stand, actions under whatever spelling, files that ride along. The documents are the fuzz seeds. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *file;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ "clean-page", GH_OK, true, "member \"\" file", "anomaly" },
	{ "clean-packed", GH_OK, true, "member \"\" file", "anomaly" },
	{ "inside", GH_OK, true, "anomaly GH-PDF-0002", "GH-PDF-0003" },
	{ "launch", GH_OK, true, "anomaly GH-PDF-0003", "GH-PDF-0002" },
	{ "attached", GH_OK, true, "anomaly GH-PDF-0004", "GH-PDF-0009" },
	{ "escaped", GH_OK, true, "anomaly GH-PDF-0010", NULL },
	{ "escaped", GH_OK, true, "anomaly GH-PDF-0002", NULL },
	{ "external", GH_OK, true, "anomaly GH-PDF-0009", NULL },
	{ "encrypted", GH_E_UNREAD, false, "anomaly GH-PDF-0008", NULL },
	{ "form", GH_OK, true, "anomaly GH-PDF-0005", NULL },
	{ "form", GH_OK, true, "anomaly GH-PDF-0006", NULL },
	{ "form", GH_OK, true, "anomaly GH-PDF-0007", NULL },
	{ "cut", GH_E_MALFORMED, false, "GH-PDF-0001", NULL },
	{ "junk", GH_E_MALFORMED, false, "brackets that do not match", NULL },
};

static void documents(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/pdf/%s", rows[i].file);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("%s is missing: run from the top of the source tree", path);
		struct gh_probe p = { in, in, in.n };
		assert_int_equal(gh_fmt_pdf.probe(&p), GH_STRONG);
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_pdf, in, "x.pdf", unstable != 0);
			if (ev.rc != rows[i].rc || ev.gapless != rows[i].gapless ||
			    (rows[i].has != NULL && !gh_events_has(&ev, rows[i].has)) ||
			    (rows[i].hasnot != NULL && gh_events_has(&ev, rows[i].hasnot)))
				fail_msg("%s: rc %d %s\n%s", path, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
}

/* Every prefix of a whole document is malformed or lacks something; none is read as whole. */
static void prefixes(void **state)
{
	(void)state;
	struct gh_span in = gh_test_file("tests/fuzz/seeds/pdf/clean-page");
	assert_non_null(in.p);
	for (size_t n = 9; n + 1 < in.n; n++) {
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_pdf, gh_span_cut(in, 0, n), "x.pdf", true);
		if (ev.rc == GH_OK)
			fail_msg("%zu bytes are taken for a document", n);
		gh_events_free(&ev);
	}
	free((void *)(uintptr_t)in.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(documents), cmocka_unit_test(prefixes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
