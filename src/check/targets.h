/* targets.h - judges what configurations have their loaders import and call: Hydra and its kind, skops, MLflow, YAML tags
 * for Python objects. See targets.c. */
#ifndef GH_CHECK_TARGETS_H
#define GH_CHECK_TARGETS_H
#include "check/check.h"

extern const struct gh_check gh_check_targets;
#endif
