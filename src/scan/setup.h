/* setup.h - what every scan works with that ships with the program: known vulnerabilities, digests of known bad files, rules.
 * What cannot be had is no error: its stage does not run, and the report says why. */
#ifndef GH_SCAN_SETUP_H
#define GH_SCAN_SETUP_H
#include "scan/advisories.h"
#include "scan/scan.h"

struct gh_scan_setup {
	struct gh_advisories advisories;
	struct gh_buf bad; /* section of the data for workers */
	char with[400], no_advisories[700], no_bad[800];
};
/* Fill the options' data and stage lines. *s must live as long as they are used. */
void gh_scan_setup(struct gh_scan_setup *s, struct gh_scan_options *opt);
void gh_scan_setup_free(struct gh_scan_setup *s);
#endif
