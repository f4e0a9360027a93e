/* data.h - struct gh_data on its way to a worker: one sealed memfd, filled once per scan, that every worker maps.
 *
 * Layout: GH_DATA_KINDS pairs of 64-bit offset and length (0, 0: none), then the sections, each at a multiple of 64. */
#ifndef GH_SCAN_DATA_H
#define GH_SCAN_DATA_H
#include "check/data.h"

/* Trusted side. Returns the descriptor (close-on-exec, sealed against every change) and its size, or -1 with errno. With
 * no section at all: -1 and *size 0; *size is not 0 when it failed. */
int gh_data_seal(const struct gh_data *d, uint64_t *size);
/* Worker's side, before it is locked down: maps descriptor fd and closes it. False: it is not as gh_data_seal() makes it. */
bool gh_data_map(int fd, uint64_t size, struct gh_data *out);
#endif
