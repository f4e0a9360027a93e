/* checks.h - the rows that checks.c lists. */
#ifndef GH_CHECK_CHECKS_H
#define GH_CHECK_CHECKS_H
#include "check/check.h"

extern const struct gh_check gh_check_calls;
extern const struct gh_check gh_check_programs;
extern const struct gh_check gh_check_python_code;
extern const struct gh_check gh_check_shell;
extern const struct gh_check gh_check_source;
extern const struct gh_check gh_check_packages;
extern const struct gh_check gh_check_onnx;
extern const struct gh_check gh_check_graph_code;
extern const struct gh_check gh_check_tensorflow;
extern const struct gh_check gh_check_rcode;
extern const struct gh_check gh_check_references;
extern const struct gh_check gh_check_markup;
extern const struct gh_check gh_check_keras;
extern const struct gh_check gh_check_targets;
extern const struct gh_check gh_check_settings;
extern const struct gh_check gh_check_templates;
extern const struct gh_check gh_check_weights;
extern const struct gh_check gh_check_tensors;
extern const struct gh_check gh_check_malware;
extern const struct gh_check gh_check_vulnerabilities;
extern const struct gh_check gh_check_secrets;
extern const struct gh_check gh_check_network;
extern const struct gh_check gh_check_injection;
extern const struct gh_check gh_check_licences;
extern const struct gh_check gh_check_cells;

#endif
