/* op_lineage.h - parts of `model.show` that stand in files of their own. */
#ifndef GH_API_OP_LINEAGE_H
#define GH_API_OP_LINEAGE_H
#include "api/op.h"
#include "catalog/badges.h"
#include "catalog/versions.h"

/* Member `lineage`, what the version was made from, when it was made from something; and member `derived`, what was made from it, as
 * far as whoever asks may read it. */
void op_lineage_put(struct gh_op_run *r, const struct gh_version *v);
/* State of a badge in a word, as of now; state GH_BADGE_STATES: there is none. */
const char *op_badge_word(int64_t now, enum gh_vstate version, enum gh_badge_state state, int64_t expires);
#endif
