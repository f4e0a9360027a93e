/* vex_int.h - what reading (vex.c) and silencing (vex_apply.c) share. */
#ifndef GH_SCAN_VEX_INT_H
#define GH_SCAN_VEX_INT_H
#include "scan/vex.h"

enum { GH_VEX_DAY = 10 };
enum gh_vex_status { GH_VEX_NONE, GH_VEX_AFFECTED, GH_VEX_NOT_AFFECTED, GH_VEX_FIXED, GH_VEX_OPEN };

struct gh_vex_product {
	struct gh_vex_product *next;
	struct gh_span purl, sha256;
};
struct gh_vex_statement {
	struct gh_vex_statement *next;
	struct gh_span names; /* of the vulnerability: id and aliases, separated by blanks */
	struct gh_vex_product *product;
	enum gh_vex_status status;
	struct gh_span reason;
	char until[GH_VEX_DAY + 1];
	int64_t changed;     /* seconds since 1970, as the newest statement about something counts */
	bool expired, early; /* early: its date is after that of the scan */
};
struct gh_vex {
	struct gh_arena arena;
	struct gh_vex_statement *first, *last;
};

#endif
