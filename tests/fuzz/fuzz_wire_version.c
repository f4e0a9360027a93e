/* Versions: three lines. The order of each ecosystem is an order (antisymmetric, transitive), a normal form is its own normal
 * form and equal to what it came from, sets end. */
#include "wire/pep440.h"
#include "wire/version.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

static void normal(struct gh_span s)
{
	struct gh_pep440 v, w;
	if (!gh_pep440(s, &v))
		return;
	struct gh_buf a = gh_buf(1 << 16), b = gh_buf(1 << 16);
	gh_pep440_text(&v, &a);
	if (a.full || !gh_pep440(gh_buf_view(&a), &w) || gh_pep440_cmp(&v, &w) != 0)
		abort();
	gh_pep440_text(&w, &b);
	if (!gh_span_eq(gh_buf_view(&a), gh_buf_view(&b)))
		abort();
	gh_buf_free(&a);
	gh_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span line[3] = { 0 }, rest = { d, n < 2048 ? n : 2048 };
	for (size_t i = 0; i < 3; i++) {
		const uint8_t *nl = rest.n == 0 ? NULL : memchr(rest.p, '\n', rest.n);
		line[i] = nl == NULL ? rest : gh_span_cut(rest, 0, (uint64_t)(nl - rest.p));
		rest = nl == NULL ? (struct gh_span){ 0 } : gh_span_cut(rest, line[i].n + 1, rest.n);
		normal(line[i]);
	}
	for (int r = GH_VERSION_PEP440; r <= GH_VERSION_CONDA; r++) {
		enum gh_version_rule rule = (enum gh_version_rule)r;
		struct gh_version_set set;
		int ab = gh_version_cmp(rule, line[0], line[1]), ba = gh_version_cmp(rule, line[1], line[0]);
		int bc = gh_version_cmp(rule, line[1], line[2]), ac = gh_version_cmp(rule, line[0], line[2]);
		if ((ab == GH_VERSION_APART) != (ba == GH_VERSION_APART) || (ab != GH_VERSION_APART && ab != -ba))
			abort();
		/* conda's own order is none: "1.1_" and the like run in circles there too */
		if (rule != GH_VERSION_CONDA && ab != GH_VERSION_APART && bc != GH_VERSION_APART && ab <= 0 &&
		    bc <= 0 && (ac > 0 || (ac == 0 && (ab < 0 || bc < 0))))
			abort();
		if (gh_version_set(rule, line[2], &set) && (set.n == 0 || set.n > GH_SET_SPANS))
			abort();
	}
	(void)gh_pep440_allows(line[2], line[0]);
	return 0;
}
