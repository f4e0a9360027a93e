/* report_licences.h - licences of a bill of materials: what the check "licences" found, in the words of SPDX. */
#ifndef GH_SCAN_REPORT_LICENCES_H
#define GH_SCAN_REPORT_LICENCES_H
#include "scan/report.h"
#include "wire/jout.h"

/* A member "licenses" (CycloneDX 1.6, licenseChoice) with what these files declare, and the texts that lie among them, each licence
 * once; nothing when there is none. n: files. */
void gh_report_licences(struct gh_jout *j, const struct gh_file_report *file, size_t n);
/* A member `key`, an array of texts: every licence that these files claim or carry, each once, by the name of SPDX or of model hubs; one that
 * is not on our list by the words that stand in the file, cut and safe to print, so that a list of what is allowed does not let it
 * pass. Nothing at all when it is not known in full, because findings were left out. */
void gh_report_licence_names(struct gh_jout *j, const char *key, const struct gh_file_report *file, size_t n);
/* The id of SPDX's list for an id of check/licences.h; NULL: the list has none. */
const char *gh_licence_spdx(const char *id);
#endif
