/* snappy.h - the raw Snappy format (google/snappy, format_description.txt): a length, then literals and copies. */
#ifndef GH_WIRE_SNAPPY_H
#define GH_WIRE_SNAPPY_H
#include "base/span.h"

/* The length that the packed bytes claim to have when expanded. It is at most about 22 times theirs; a greater one is refused. */
bool gh_snappy_length(struct gh_span in, uint64_t *len);
/* Expand to out[0..len). False: broken, or not exactly len bytes. */
bool gh_snappy(struct gh_span in, uint8_t *out, size_t len);
#endif
