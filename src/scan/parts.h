/* parts.h - the packages that the files of a scan ask for or were written by, for the bill of materials. Facts of workers:
 * bounded, checked for what a package URL may look like, each once. */
#ifndef GH_SCAN_PARTS_H
#define GH_SCAN_PARTS_H
#include "base/arena.h"
#include "scan/facts.h"

enum { GH_PARTS_MAX = 20000 };

struct gh_part {
	const char *purl;
	const char *path; /* the first file that names it; the path lives as long as the report */
	bool producer;
};
struct gh_parts { /* zeroed is the start */
	struct gh_part *v;
	size_t n, cap;
	bool lost; /* there were more */
};

void gh_parts_add(struct gh_parts *p, struct gh_arena *arena, const char *path, const struct gh_fact *fact,
		  size_t nfact);
/* Sort by package URL, then path; each URL once. */
void gh_parts_close(struct gh_parts *p);
#endif
