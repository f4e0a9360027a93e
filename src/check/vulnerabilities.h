/* vulnerabilities.h - known vulnerabilities of the packages that a file asks for, of the programs that wrote it, and of the
 * loaders that read its format. Works on the advisories of GH_DATA_ADVISORIES; without them its stage does not run.
 *
 * A detail of a finding about one advisory starts with its id, a blank and the package URL ("CVE-2024-3660
 * pkg:pypi/keras@2.12.0 …"): VEX statements and the bill of materials go by these two words. */
#ifndef GH_CHECK_VULNERABILITIES_H
#define GH_CHECK_VULNERABILITIES_H
#include "check/check.h"

extern const struct gh_check gh_check_vulnerabilities;
#endif
