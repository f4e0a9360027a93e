/* disarmed.h - for table tests and the fuzz target: take a file in memory apart and see what comes out. Windows of the
 * source die with the next one, so that stale spans are found under the address sanitizer. */
#ifndef GH_TEST_DISARMED_H
#define GH_TEST_DISARMED_H
#include "scan/disarm/job.h"

struct gh_disarmed {
	enum gh_rc rc;
	char why[400];
	struct gh_dis_result result;
	struct gh_buf out; /* what was written */
	struct gh_buf log; /* one line per note: "dropped epoch: int, size 0: 3" */
};
void gh_disarmed_run(struct gh_disarmed *d, struct gh_span in, const char *name, const struct gh_dis_options *opt);
void gh_disarmed_free(struct gh_disarmed *d);
bool gh_disarmed_says(struct gh_disarmed *d, const char *text);
#endif
