/* programs.h - judges programs and source code by where they lie. See programs.c. */
#ifndef GH_CHECK_PROGRAMS_H
#define GH_CHECK_PROGRAMS_H
#include "check/check.h"

extern const struct gh_check gh_check_programs;
#endif
