/* match.h - which tensor of CANDIDATE is which of BASE: by name, by the same name in another library's spelling, by content.
 * Sets partner, how and taken of every tensor. Many candidates may have one partner: a second file with the same names. */
#ifndef GH_SCAN_DIFF_MATCH_H
#define GH_SCAN_DIFF_MATCH_H
#include "scan/diff/measure.h"

/* GH_E_NOMEM: err says so. A tensor of BASE without a partner has taken == false; one that only repeats another tensor of
 * BASE (a second file, tied weights) counts as taken. */
enum gh_rc gh_diff_match(struct gh_diff_bench *b, struct gh_diff_model *base, struct gh_diff_model *cand,
			 struct gh_err *err);
#endif
