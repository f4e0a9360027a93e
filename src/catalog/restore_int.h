/* restore_int.h - the stages of a restore. Included by restore*.c alone. */
#ifndef GH_CATALOG_RESTORE_INT_H
#define GH_CATALOG_RESTORE_INT_H
#include "base/arena.h"
#include "catalog/backup.h"

struct gh_sha256;
struct gh_restored { /* a file that was written */
	const char *name;
	uint64_t size;
	char sha256[65];
};

struct gh_restoring {
	const struct gh_restore_how *how;
	struct gh_restore_done *done;
	int in;
	uint64_t at; /* bytes of the archive that were read */
	int dir;     /* the new home while it has no name */
	struct gh_arena arena;
	struct gh_restored *file;
	size_t n, cap;
	struct gh_span manifest, envelope; /* p == NULL: not there */
	struct gh_sha256 *hash;
	uint8_t *block;
};

/* Every file against the manifest, and the manifest against its signature. */
enum gh_rc gh_restore_compare(struct gh_restoring *r, struct gh_err *err);
#endif
