/* report_cyclonedx.h - the result of a scan as a bill of materials: CycloneDX 1.6 (ECMA-424), JSON, with machine-learning
 * components. The same report gives the same bytes: the serial number is made from the digests of the files, and a time stands
 * in it only when one is given. */
#ifndef GH_SCAN_REPORT_CYCLONEDX_H
#define GH_SCAN_REPORT_CYCLONEDX_H
#include "scan/report.h"
#include "wire/advset.h"

/* set: what ids of advisories are looked up in, or NULL. timestamp: "2026-11-22T00:00:00Z", or NULL. */
void gh_report_cyclonedx(const struct gh_scan_report *r, const struct gh_advset *set, const char *timestamp,
			 struct gh_buf *out);
#endif
