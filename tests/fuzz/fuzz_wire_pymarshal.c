/* Any bytes as marshal: objects refer to objects, texts lie inside the input, and judging what they name comes to an end. The
 * first byte chooses the layout. */
#include "check/pybytes.h"
#include "wire/pymarshal.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void find(void *arg, enum gh_pycode_rule rule, uint32_t off, uint32_t len, const char *text)
{
	(void)arg;
	(void)off;
	(void)len;
	if (rule >= GH_PYC_RULES || text == NULL)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	if (n == 0)
		return 0;
	struct gh_span s = { d + 1, n - 1 };
	gh_auto_arena a = { .max = 32 << 20 }, b = { .max = 32 << 20 };
	struct gh_pym m;
	if (gh_pym_read(&m, s, (enum gh_pym_layout)(d[0] % GH_PYM_LAYOUTS), &a) == GH_OK) {
		if (m.used > s.n)
			abort();
		for (size_t i = 0; i < m.n; i++) {
			const struct gh_pym_obj *o = &m.obj[i];
			for (uint32_t k = 0; k < o->nkids; k++)
				if (m.kid[o->kids + k] >= m.n)
					abort();
			if (o->text.n != 0 && (o->text.p < s.p || o->text.p + o->text.n > s.p + s.n))
				abort();
		}
	}
	struct gh_pycode_sink sink = { find, NULL };
	gh_pybytes_judge(s, &sink, &b);
	return 0;
}
