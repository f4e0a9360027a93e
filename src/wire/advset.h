/* advset.h - the databases that one scan matches against, in one section of memory: the shipped one first, then what the
 * user imported.
 *
 *	0  8  "GHADVSET"	8  4  how many (1 to GH_ADVSET_MAX)	12  4  zero
 *	16 …  per database: 64-bit offset and length; then the databases */
#ifndef GH_WIRE_ADVSET_H
#define GH_WIRE_ADVSET_H
#include "wire/advdb.h"

enum { GH_ADVSET_MAX = 2 };
struct gh_advset {
	struct gh_advdb db[GH_ADVSET_MAX];
	unsigned n;
};
/* False: not such a section; *out is then empty. */
bool gh_advset(struct gh_span s, struct gh_advset *out);
void gh_advset_write(const struct gh_span *db, unsigned n, struct gh_buf *out);
/* Does a later database hold the same record, modified later (or withdrawn since)? Then this one does not count. */
bool gh_advset_replaced(const struct gh_advset *s, unsigned db, const struct gh_adv_record *r);
#endif
