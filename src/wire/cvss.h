/* cvss.h - the base score of a CVSS v3.0 or v3.1 vector (https://www.first.org/cvss/v3.1/specification-document, section 7.1). */
#ifndef GH_WIRE_CVSS_H
#define GH_WIRE_CVSS_H
#include "base/span.h"

/* Ten times the base score, 0 to 100; -1: not a complete v3 vector (v2 and v4 vectors are shown, not computed). */
int gh_cvss3(struct gh_span vector);
#endif
