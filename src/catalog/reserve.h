/* reserve.h - some room that is kept for the day on which the disk is full: the database and the log need a few pages to be opened even for
 * reading. A file of a few megabytes in run/, made while there is plenty of room, is emptied then; whoever opened the home so reads, takes
 * away, and lets nothing else in (gh_catalog.tight), and makes it anew afterwards, as large as is possible. */
#ifndef GH_CATALOG_RESERVE_H
#define GH_CATALOG_RESERVE_H
#include "catalog/home.h"

enum { GH_RESERVE = 4 << 20 }; /* bytes */

/* Is the disk that the home lies on full? */
bool gh_reserve_needed(const struct gh_home *h);
/* Give the room back. False: there was none. */
bool gh_reserve_release(const struct gh_home *h);
/* Keep room: all of it when the disk has many times as much; `any`: as much of it as there is. What fails is tried again at the next time. */
void gh_reserve_hold(const struct gh_home *h, bool any);
#endif
