/* injection.h - orders to readers who are programs, hidden in texts that people take for something else. See injection.c. */
#ifndef GH_CHECK_INJECTION_H
#define GH_CHECK_INJECTION_H
#include "check/check.h"

extern const struct gh_check gh_check_injection;
#endif
