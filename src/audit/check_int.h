/* check_int.h - the inside of check.h: check.c (entries, tree, checkpoint), check_tiles.c (the files of tiles). */
#ifndef GH_AUDIT_CHECK_INT_H
#define GH_AUDIT_CHECK_INT_H
#include "audit/check.h"
#include "audit/tiles.h"

struct gh_audit_expect {
	uint64_t size;
	struct gh_mhash root;
	const char *what;
};

struct gh_audit_walk {
	struct gh_audit_report *r;
	struct gh_tiles tiles;
	struct gh_merkle_edge edge; /* of the entries */
	struct gh_audit_row {	    /* what the tile that is being filled must hold */
		struct gh_mhash h[GH_TILE];
		uint64_t index;
		size_t n;
	} row[GH_TILE_LEVELS];
	struct gh_buf bundle;
	int64_t seconds; /* of the entry before */
	struct gh_audit_expect expect[2];
	unsigned nexpect, again;
	uint64_t *ids;
	uint64_t ids_mask;
	unsigned ids_shift;
};

void gh_audit_problem_err(struct gh_audit_report *r, const struct gh_err *err);
/* Compare the tile on the disk with the first `width` hashes of its row. */
void gh_audit_check_tile(struct gh_audit_walk *w, unsigned level, unsigned width);
/* Every file under tile/: does it belong there, and are partial tiles of earlier checkpoints beginnings of what follows? */
void gh_audit_check_files(struct gh_audit_walk *w);
#endif
