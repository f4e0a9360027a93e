/* references.h - judges references to files beside the one that holds them. See references.c. */
#ifndef GH_CHECK_REFERENCES_H
#define GH_CHECK_REFERENCES_H
#include "check/check.h"

extern const struct gh_check gh_check_references;
#endif
