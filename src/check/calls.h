/* calls.h - the check that judges what loading a file would import and call (row "calls").
 *
 * Allow list first: every callable by its exact module and name, every way of using it, and a constraint on what it is
 * given (rules/pickle, docs/howto/new-rule.md). Anything called outside it is UNSAFE, anything merely imported outside
 * it is REVIEW. Explanations of known gadgets add a sentence to a finding and never change it.
 *
 * Only events of the "python" name space are judged here. An import is reported at the end of the
 * reading, and only when nothing of that name was called. */
#ifndef GH_CHECK_CALLS_H
#define GH_CHECK_CALLS_H
#include "check/check.h"

extern const struct gh_check gh_check_calls;

#endif
