/* imports.h - between imports.c and calls.c. */
#ifndef GH_FORMAT_PICKLE_IMPORTS_H
#define GH_FORMAT_PICKLE_IMPORTS_H
#include "format/pickle/machine.h"

/* Ask find_class for a name; exact is false when the operands are not known. *out is what would be pushed. */
bool pkl_find_class(struct pkl *m, struct gh_span module, struct gh_span name, bool exact, gh_val *out);
/* class(*stack[args..]); the stack is cut at `at` and the result pushed. */
bool pkl_instantiate(struct pkl *m, gh_val cls, size_t args, size_t at);
#endif
