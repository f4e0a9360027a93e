/* Any text as Python: tokens lie inside the text and move forward, nodes refer to what stands before them, and the judge comes
 * to an end in bounded work. The first byte chooses the kind of text. */
#include "check/pycode.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void find(void *arg, enum gh_pycode_rule rule, uint32_t off, uint32_t len, const char *text)
{
	size_t n = *(const size_t *)arg;
	if (rule >= GH_PYC_RULES || off > n || len > n - off || text == NULL)
		abort();
}

static void tokens(struct gh_span s)
{
	struct gh_pylex l = gh_pylex(s);
	struct gh_pytok t;
	uint32_t last = 0;
	for (size_t i = 0; gh_pylex_next(&l, &t) != GH_PYT_END; i++) {
		if (t.off < last || t.off > s.n || t.len > s.n - t.off || i > 4 * s.n + 1000)
			abort();
		last = t.off;
	}
}

static void tree(struct gh_span s, bool ipython)
{
	gh_auto_arena a = { .max = 16 << 20 };
	struct gh_pytree t;
	(void)gh_py_tree(&t, s, ipython, &a);
	for (size_t i = 0; i < t.n; i++) {
		const struct gh_pyn *n = &t.node[i];
		if (n->scope >= t.nscope || (n->nkids != 0 && (n->kids > t.nkid || n->nkids > t.nkid - n->kids)))
			abort();
		if (n->kind < GH_PYN_EXPR && ((n->a != GH_PYN_NIL && n->a >= i) || (n->b != GH_PYN_NIL && n->b >= i)))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n == 0 || n > 20000)
		return 0;
	enum gh_pycode_kind kind = (enum gh_pycode_kind)(d[0] % 3);
	struct gh_span s = { d + 1, n - 1 };
	gh_auto_arena a = { .max = 64 << 20 };
	size_t size = s.n;
	struct gh_pycode_sink sink = { find, &size };
	tokens(s);
	tree(s, kind == GH_PYCODE_CELL);
	gh_pycode_source(s, kind, &sink, &a);
	return 0;
}
