/* walked.h - for tests: the anomalies of a walk as one line, "GH-PT-0007 GH-PT-0010", without those that have no effect. */
#ifndef GH_TEST_WALKED_H
#define GH_TEST_WALKED_H
#include "support/events.h"

/* Walk in with fmt over a stable and over a shaky source, which must agree; fill ids (space separated, in order, only
 * rules with an effect on the verdict) and ev (of the stable one, to be freed). */
void gh_test_walked(struct gh_events *ev, const struct gh_fmt *fmt, struct gh_span in, const char *name, char *ids,
		    size_t cap);
#endif
