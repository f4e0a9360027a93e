/* TFLite: every structure of a FlatBuffer that can be wrong, every number of a model that must fit another. The models are the
 * seeds, which tests/fuzz/make_tf_seeds.py writes. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/formats.h"
#include "support/events.h"

static const struct row {
	const char *seed;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ "clean", GH_OK, true, "tensor \"w\" F32 [2, 2]", "anomaly" },
	{ "clean", GH_OK, true, "call operation .FULLY_CONNECTED", NULL },
	{ "clean", GH_OK, true, "text metadata \"description\" \"converted\"", NULL },
	{ "clean", GH_OK, true, "text metadata \"min_runtime_version\"", NULL },
	{ "clean-custom", GH_OK, true, "call operation .TFLite_Detection_PostProcess", "anomaly" },
	{ "clean-custom", GH_OK, true, "member \"TFLite_Detection_PostProcess\" nested", NULL },
	{ "clean-files", GH_OK, true, "member \"labels.txt\" file", "anomaly" },
	{ "clean-strings", GH_OK, true, "tensor \"w\" STRING [16]", "anomaly" },
	{ "clean-large", GH_OK, true, "tensor \"w\" F32 [2, 2]", "anomaly" },
	{ "range", GH_OK, false, "GH-TFL-0001", NULL },
	{ "cut", GH_OK, false, "GH-TFL-0001", NULL },
	{ "align", GH_OK, false, "GH-TFL-0002", NULL },
	{ "vtable", GH_E_MALFORMED, false, "GH-TFL-0003", NULL },
	{ "string", GH_OK, true, "GH-TFL-0004", NULL },
	{ "overlap", GH_OK, false, "GH-TFL-0005", NULL },
	{ "loose", GH_OK, true, "GH-TFL-0006", NULL },
	{ "new-field", GH_OK, true, "GH-TFL-0007", "GH-TFL-0006" },
	{ "version", GH_OK, true, "GH-TFL-0009", NULL },
	{ "index", GH_OK, true, "GH-TFL-0010", NULL },
	{ "subgraph", GH_OK, true, "GH-TFL-0010 ", NULL },
	{ "short", GH_OK, true, "GH-TFL-0011", NULL },
	{ "size", GH_OK, true, "GH-TFL-0012", NULL },
	{ "type", GH_OK, true, "GH-TFL-0013", NULL },
	{ "dims", GH_OK, true, "GH-TFL-0014", NULL },
	{ "strings", GH_OK, true, "GH-TFL-0015", NULL },
	{ "options", GH_OK, true, "GH-TFL-0016", NULL },
	{ "large", GH_OK, true, "GH-TFL-0017", NULL },
	{ "code", GH_OK, true, "GH-TFL-0018", NULL },
	{ "flex-readfile", GH_OK, true, "call operation .ReadFile", "anomaly" },
	{ "flex-hidden", GH_OK, true, "call operation .ReadFile", "anomaly" },
	{ "flex-hidden", GH_OK, true, "call operation .Relu", NULL },
	{ "unknown", GH_OK, true, "call operation .RunShell", "anomaly" },
};

static struct gh_span seed(const char *name)
{
	char path[200];
	(void)snprintf(path, sizeof path, "tests/fuzz/seeds/tflite/%s", name);
	struct gh_span in = gh_test_file(path);
	if (in.p == NULL)
		fail_msg("no seed %s", path);
	return in;
}

static void every_row(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int unstable = 0; unstable < 2; unstable++) {
			const struct row *r = &rows[i];
			struct gh_span in = seed(r->seed);
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_tflite, in, "m.tflite", unstable != 0);
			bool ok = ev.rc == r->rc && (ev.gapless || !r->gapless) && gh_events_has(&ev, r->has) &&
				  (r->hasnot == NULL || !gh_events_has(&ev, r->hasnot));
			if (!ok)
				print_message("%s: %d %s, gapless %d\n%s", r->seed, (int)ev.rc, ev.why, ev.gapless,
					      gh_buf_cstr(&ev.log));
			wrong += !ok;
			gh_events_free(&ev);
			free((void *)(uintptr_t)in.p);
		}
	assert_int_equal(wrong, 0);
}

/* Whatever a byte of a model becomes: an answer, and the same one from any source. */
static void damage(void **st)
{
	(void)st;
	struct gh_span in = seed("clean-files");
	uint8_t *b = malloc(in.n);
	assert_non_null(b);
	for (size_t at = 0; at < in.n; at++)
		for (unsigned v = 0; v < 3; v++) {
			memcpy(b, in.p, in.n);
			b[at] = (uint8_t)(v == 0 ? 0xff : v == 1 ? b[at] + 1 : b[at] ^ 0x80);
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_tflite, (struct gh_span){ b, in.n }, "m.tflite", false);
			assert_true(ev.rc == GH_OK || ev.why[0] != '\0' || ev.rc == GH_E_NOTTHIS);
			gh_events_free(&ev);
		}
	free(b);
	free((void *)(uintptr_t)in.p);
}

static void cuts(void **st)
{
	(void)st;
	struct gh_span in = seed("clean");
	for (size_t n = 0; n < in.n; n++) {
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_tflite, gh_span_cut(in, 0, n), "m.tflite", false);
		assert_true(ev.rc != GH_OK || gh_events_has(&ev, "anomaly") || !ev.gapless);
		gh_events_free(&ev);
	}
	free((void *)(uintptr_t)in.p);
}

static void samples(void **st)
{
	(void)st;
	for (unsigned i = 1; i <= 5; i++) {
		char path[100];
		(void)snprintf(path, sizeof path, "../shared/corpus/benign/tflite/tflite-%03u.tflite", i);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			print_message("skipped: %s is absent\n", path);
			skip();
		}
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_tflite, in, path, i % 2 != 0);
		assert_int_equal(ev.rc, GH_OK);
		assert_true(ev.gapless);
		assert_false(gh_events_has(&ev, "anomaly"));
		assert_true(gh_events_has(&ev, "operation .CONV_2D"));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(every_row), cmocka_unit_test(damage), cmocka_unit_test(cuts),
					cmocka_unit_test(samples) };
	return cmocka_run_group_tests_name("tflite", t, NULL, NULL);
}
