/* renames.h - do the names of CANDIDATE lead a loader to the same tensors as those of BASE? A loader goes by names alone: equal
 * contents under exchanged names are another model, and a tensor under a name that it does not know stays random.
 *
 * Explained are: the same names; one prefix put before all of them, or taken away; the spelling of another library, when
 * most tensors have it. The number of a layer is never explained away. */
#ifndef GH_SCAN_DIFF_RENAMES_H
#define GH_SCAN_DIFF_RENAMES_H
#include "scan/diff/collect.h"

/* Sets `renamed` of each tensor that has a partner under a name that no rule for all of them explains. Call after matching.
 * GH_E_NOMEM: err says so. */
enum gh_rc gh_diff_renames(struct gh_diff_model *cand, struct gh_err *err);
#endif
