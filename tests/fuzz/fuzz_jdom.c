/* Any bytes give a tree or a reason, and what the tree holds can be walked. */
#include "wire/jdom.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	gh_auto_arena a = { .max = 4 << 20 };
	struct gh_err err = { 0 };
	const struct gh_jval *v, *stack[GH_JDOM_DEPTH + 2];
	if (gh_jdom_parse(&a, (struct gh_span){ p, n }, &v, &err) != GH_OK) {
		if (err.n == 0 || v != NULL)
			__builtin_trap();
		return 0;
	}
	size_t depth = 1, seen = 0;
	stack[0] = v;
	while (depth > 0) {
		const struct gh_jval *at = stack[depth - 1];
		if (at == NULL) {
			depth--;
			continue;
		}
		stack[depth - 1] = at->next;
		seen++;
		if (gh_jtext(at) != NULL && strlen(gh_jtext(at)) != at->text.n)
			__builtin_trap();
		if (gh_jfirst(at) != NULL)
			stack[depth++] = at->first;
	}
	if (seen > n)
		__builtin_trap();
	return 0;
}
