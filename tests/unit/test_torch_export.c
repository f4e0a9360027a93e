/* The archive of torch.export: which member is what, and what does not belong there. The archives are the fuzz seeds. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *file, *has, *hasnot;
} rows[] = {
	{ "clean-program", "member \"m/data/weights/weight_0\" file", "anomaly" },
	{ "clean-old", "member \"serialized_exported_program.json\" file", "anomaly" },
	{ "compiled", "anomaly GH-PT2-0001", "GH-PT2-0003" },
	{ "object", "anomaly GH-PT2-0002", "GH-PT2-0001" },
	{ "stranger", "anomaly GH-PT2-0003", "GH-PT2-0001" },
	{ "raw", "member \"m/data/weights/weight_0\" file", "anomaly" },
};

static void archives(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char path[128];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/pytorch-export/%s", rows[i].file);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("%s is missing: run from the top of the source tree", path);
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_torch_export, in, "x.pt2", unstable != 0);
			if (ev.rc != GH_OK || !ev.gapless || !gh_events_has(&ev, rows[i].has) ||
			    gh_events_has(&ev, rows[i].hasnot))
				fail_msg("%s: rc %d %s\n%s", path, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			gh_events_free(&ev);
		}
		free((void *)(uintptr_t)in.p);
	}
}

static void other_archives(void **state)
{
	(void)state;
	struct gh_span in = gh_test_file("tests/fuzz/seeds/npz/two");
	assert_non_null(in.p);
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_torch_export, in, "x.zip", false);
	assert_int_equal(ev.rc, GH_E_NOTTHIS);
	gh_events_free(&ev);
	free((void *)(uintptr_t)in.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(archives), cmocka_unit_test(other_archives) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
