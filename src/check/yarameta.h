/* yarameta.h - what a YARA rule of the user's says about itself in its `meta`: how bad a match is and what it does to the verdict.
 *
 *	gatehouse_severity, severity		info, low, medium, high, critical
 *	gatehouse_effect, effect, verdict	none (or info), review, unsafe
 *
 * Words are read without regard to case. Names that begin with gatehouse_ count before the others; of two entries that count alike the
 * worse one holds. A number as bare `severity` is left alone: public packs use scales of their own (1 to 5, 1 to 100). Everything else is an
 * error: a word that is none would silently mean something else than its author meant. Pure. */
#ifndef GH_CHECK_YARAMETA_H
#define GH_CHECK_YARAMETA_H
#include "format/rule.h"

#include <stdbool.h>

struct gh_yarameta {
	enum gh_severity severity;
	enum gh_verdict effect;
	unsigned char severity_rank, effect_rank; /* 0: nothing was said */
};

/* One entry; text is NULL when it is a number or a truth value. NULL: understood, or none of ours; else what may stand there. */
const char *gh_yarameta_put(struct gh_yarameta *m, const char *key, const char *text);

/* What holds for a match. Nothing said: REVIEW, or no effect where the severity is info; severity by the effect: high, medium, info. */
struct gh_yarameta gh_yarameta_settle(struct gh_yarameta m);
#endif
