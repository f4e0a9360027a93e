/* badge_side.h - what the two sides of mode "badge" say to each other. */
#ifndef GH_SCAN_BADGE_SIDE_H
#define GH_SCAN_BADGE_SIDE_H
#include <stdint.h>

enum { GH_BADGE_TAG_FILE = 1, GH_BADGE_TAG_KEYS, GH_BADGE_TAG_STATUS }; /* of inputs */
enum {
	GH_BADGE_SAY_CHECK = 1, /* a[0] enum gh_badge_check, a[1] enum gh_badge_outcome; text: detail */
	GH_BADGE_SAY_CLAIM,	/* text: name, NUL, value */
	GH_BADGE_SAY_LOG,	/* a[0] index, a[1] size */
};
struct gh_badge_args {
	int64_t at;
	uint64_t status_min;
	uint32_t has_root, zero;
	char root[64];
};
#endif
