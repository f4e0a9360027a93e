#include "check/checks.h"

/* The whole list. Adding a check: one file <name>.c, its declaration in checks.h and one line here. */
const struct gh_check *const gh_checks[] = {
	&gh_check_calls,      &gh_check_programs,   &gh_check_python_code,     &gh_check_shell,
	&gh_check_source,     &gh_check_packages,   &gh_check_vulnerabilities, &gh_check_onnx,
	&gh_check_graph_code, &gh_check_tensorflow, &gh_check_rcode,	       &gh_check_references,
	&gh_check_markup,     &gh_check_keras,	    &gh_check_targets,	       &gh_check_settings,
	&gh_check_templates,  &gh_check_weights,    &gh_check_tensors,	       &gh_check_malware,
	&gh_check_secrets,    &gh_check_network,    &gh_check_injection,       &gh_check_licences,
	&gh_check_cells,
};
const size_t gh_checks_n = sizeof gh_checks / sizeof gh_checks[0];
