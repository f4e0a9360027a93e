/* skops and TorchServe: archives whose schema or manifest names what a loader makes or runs. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"
#include "support/judged.h"
#include "support/zipmake.h"

#define NODE(m, c, l) \
	"{\"__class__\": \"" c "\", \"__module__\": \"" m "\", \"__loader__\": \"" l "\", \"content\": {}}"
#define SCHEMA(node) \
	{ "schema.json", GH_SPAN("{\"protocol\": 2, \"_skops_version\": \"0.11\", \"root\": " node "}"), true }
#define MANIFEST(model) { "MAR-INF/MANIFEST.json", GH_SPAN("{\"runtime\": \"python\", \"model\": {" model "}}"), true }

static const struct row {
	const char *what;
	const struct gh_fmt *fmt;
	struct gh_test_member file[3];
	size_t n;
	enum gh_rc rc;
	const char *has, *hasnot;
	enum gh_verdict verdict;
} rows[] = {
	{ "an estimator",
	  &gh_fmt_skops,
	  { SCHEMA(NODE("sklearn.linear_model._logistic", "LogisticRegression", "ObjectNode")) },
	  1,
	  GH_OK,
	  "member \"schema.json\"",
	  "anomaly",
	  GH_CLEAN },
	{ "a type of the system",
	  &gh_fmt_skops,
	  { SCHEMA(NODE("os", "system", "ObjectNode")) },
	  1,
	  GH_OK,
	  NULL,
	  "anomaly",
	  GH_UNSAFE },
	{ "a script inside",
	  &gh_fmt_skops,
	  { SCHEMA(NODE("builtins", "dict", "DictNode")), { "x.txt", GH_SPAN("a note\n"), false } },
	  2,
	  GH_OK,
	  "GH-SKO-0001",
	  NULL,
	  GH_REVIEW },
	{ "a data set",
	  &gh_fmt_skops,
	  { SCHEMA("1"), { "a.csv", GH_SPAN("a,b\n"), false }, { "b.csv", GH_SPAN("a,b\n"), false } },
	  3,
	  GH_E_NOTTHIS,
	  NULL,
	  "member",
	  GH_CLEAN },
	{ "a handler of the server",
	  &gh_fmt_torchserve,
	  { MANIFEST("\"handler\": \"image_classifier\"") },
	  1,
	  GH_OK,
	  NULL,
	  "reference",
	  GH_CLEAN },
	{ "a handler outside",
	  &gh_fmt_torchserve,
	  { MANIFEST("\"handler\": \"../../x.py\"") },
	  1,
	  GH_OK,
	  "GH-MAR-0002",
	  "reference",
	  GH_UNSAFE },
	{ "a handler that is not there",
	  &gh_fmt_torchserve,
	  { MANIFEST("\"handler\": \"h.py:run\"") },
	  1,
	  GH_OK,
	  "reference code \"h.py\" from \"handler\"",
	  NULL,
	  GH_REVIEW },
	{ "a handler that the archive brings",
	  &gh_fmt_torchserve,
	  { MANIFEST("\"handler\": \"h.py:run\""), { "h.py", GH_SPAN("import torch\n"), true } },
	  2,
	  GH_OK,
	  "GH-MAR-0004",
	  "reference",
	  GH_CLEAN },
	{ "missing, in the words of its rule",
	  &gh_fmt_torchserve,
	  { MANIFEST("\"modelFile\": \"m\"") },
	  1,
	  GH_OK,
	  "GH-MAR-0003",
	  NULL,
	  GH_REVIEW },
	{ "a broken manifest",
	  &gh_fmt_torchserve,
	  { { "MAR-INF/MANIFEST.json", GH_SPAN("{\"model\": "), false } },
	  1,
	  GH_OK,
	  "GH-MAR-0001",
	  NULL,
	  GH_INCOMPLETE },
	{ "no manifest",
	  &gh_fmt_torchserve,
	  { { "a.txt", GH_SPAN("a"), false } },
	  1,
	  GH_E_NOTTHIS,
	  NULL,
	  "member",
	  GH_CLEAN },
};

static void archives(void **state)
{
	(void)state;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct row *r = &rows[i];
		struct gh_test_bytes b = { 0 };
		struct gh_test_judged j;
		gh_test_zip(&b, r->file, r->n);
		gh_test_judge(&j, gh_test_view(&b), "m.zip");
		for (int shaky = 0; shaky < 2; shaky++) {
			struct gh_events ev;
			gh_events_walk(&ev, r->fmt, gh_test_view(&b), "m.zip", shaky != 0);
			bool ok = ev.rc == r->rc && (r->has == NULL || gh_events_has(&ev, r->has)) &&
				  (r->hasnot == NULL || !gh_events_has(&ev, r->hasnot)) &&
				  (r->rc != GH_OK || j.verdict == r->verdict);
			if (!ok)
				print_message("%s: rc %d verdict %d\n%s%s", r->what, ev.rc, (int)j.verdict,
					      gh_buf_cstr(&ev.log), j.all);
			wrong += !ok;
			gh_events_free(&ev);
		}
		gh_test_free(&b);
	}
	assert_int_equal(wrong, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(archives) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
