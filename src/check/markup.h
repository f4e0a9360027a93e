/* markup.h - judges models that are stored as XML. See markup.c. */
#ifndef GH_CHECK_MARKUP_H
#define GH_CHECK_MARKUP_H
#include "check/check.h"

extern const struct gh_check gh_check_markup;
#endif
