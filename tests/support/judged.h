/* judged.h - for tests: bytes in memory through the whole pipeline, checks included, and what came out in one line. */
#ifndef GH_TEST_JUDGED_H
#define GH_TEST_JUDGED_H
#include "format/rule.h"
#include "format/format.h"

struct gh_test_judged {
	enum gh_verdict verdict; /* the worst effect; INCOMPLETE when a byte is not accounted for */
	char ids[1024];		 /* of the rules with an effect, space separated, each once, in order of appearance */
	char all[8192];		 /* one line per finding: id, effect, member, detail */
};

void gh_test_judge(struct gh_test_judged *j, struct gh_span in, const char *name);
#endif
