/* packages.h - dependencies that are pinned to versions in which loading a model runs code. */
#ifndef GH_CHECK_PACKAGES_H
#define GH_CHECK_PACKAGES_H
#include "check/check.h"

extern const struct gh_check gh_check_packages;
#endif
