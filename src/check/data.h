/* data.h - what checks need beyond the events: databases that the trusted process loads once and every worker maps
 * read-only. The trusted process has verified them; a check still reads them with bounds. */
#ifndef GH_CHECK_DATA_H
#define GH_CHECK_DATA_H
#include "base/span.h"

enum gh_data_kind {
	GH_DATA_ADVISORIES, /* known vulnerabilities of packages */
	GH_DATA_YARA,	    /* compiled rules beyond the built-in ones */
	GH_DATA_BADHASH,    /* digests of known-bad files */
	GH_DATA_KINDS
};

struct gh_data {
	struct gh_span section[GH_DATA_KINDS]; /* p == NULL: there is none; starts at a multiple of 64 bytes */
};
#endif
