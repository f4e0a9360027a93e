/* Facts of any bytes: an error, or a set that is written as JSON which reads as the same set. */
#include "policy/facts.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	gh_auto_arena arena = { .max = 128 << 20 };
	gh_auto_buf once = gh_buf(64 << 20), twice = gh_buf(64 << 20);
	struct gh_err err = { 0 };
	char why[GH_ERR_TEXT];
	struct gh_facts *f = gh_facts_new(&arena), *g = gh_facts_new(&arena);
	if (f == NULL || g == NULL)
		return 0;
	enum gh_rc rc = gh_facts_read(f, (struct gh_span){ d, n }, &err);
	if (rc != GH_OK) {
		if (err.n == 0)
			__builtin_trap();
		return 0;
	}
	(void)gh_facts_whole(f, why);
	gh_facts_json(f, GH_FACTS_STATED, &once);
	if (once.full || gh_facts_read(g, gh_buf_view(&once), &err) != GH_OK)
		__builtin_trap();
	gh_facts_json(g, GH_FACTS_STATED, &twice);
	if (!gh_span_eq(gh_buf_view(&once), gh_buf_view(&twice)))
		__builtin_trap();
	gh_facts_json(f, 1795305600, &once);
	return 0;
}
