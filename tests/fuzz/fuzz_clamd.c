/* What clamd answers is untrusted: one of four outcomes, and a text that is safe to print. */
#include "scan/clamd.h"

#include "base/utf8.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct gh_clamd c = { .state = GH_CLAMD_TALK, .fd = -1, .size = 10, .sent = 10, .ended = n % 2 == 0 };
	if (n > GH_CLAMD_ANSWER)
		return 0;
	gh_clamd_judge(&c, (const char *)p, n);
	if (c.state == GH_CLAMD_TALK || c.state == GH_CLAMD_OFF || (c.state == GH_CLAMD_CLEAN && !c.ended))
		abort();
	if (!gh_utf8_valid(gh_span_str(c.text)))
		abort();
	return 0;
}
