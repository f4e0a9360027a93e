/* extract_side.h - what the two sides of mode "extract" say to each other. The argument block: a struct gh_extract_args, then for each
 * format one byte (its use) and its name with the NUL. */
#ifndef GH_SCAN_EXTRACT_SIDE_H
#define GH_SCAN_EXTRACT_SIDE_H
#include <stdint.h>

struct gh_extract_args {
	uint64_t each, bytes;
	uint32_t count, names;
};

enum {
	GH_EXTRACT_SAY_MEMBER = 1, /* off, len, formats; text: path */
	GH_EXTRACT_SAY_LEFT,	   /* why, formats; text: path, NUL, why in words */
	GH_EXTRACT_SAY_INERT,	   /* a member in which nothing runs */
};
enum { GH_EXTRACT_PATH = 400, GH_EXTRACT_TEXT = 300, GH_EXTRACT_ALIGN = 4096, GH_EXTRACT_SAID = 4096 };
#endif
