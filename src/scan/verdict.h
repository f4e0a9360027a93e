/* verdict.h - from findings to verdicts: pure functions of the report's data. */
#ifndef GH_SCAN_VERDICT_H
#define GH_SCAN_VERDICT_H
#include "scan/report.h"

/* Worst first, then where they stand: makes the report independent of who scanned when. */
void gh_findings_sort(struct gh_finding *v, size_t n);
/* The worst effect of its findings; INCOMPLETE at least when bytes are not accounted for or the digest is missing
 * (law 1). */
enum gh_verdict gh_file_verdict(const struct gh_file_report *f);
enum gh_verdict gh_scan_verdict(const struct gh_file_report *f, size_t n);
#endif
