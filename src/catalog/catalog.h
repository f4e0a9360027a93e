/* catalog.h - the catalog process' own state: what every operation works with.
 *
 * Owned by the role `catalog` (src/daemon/catalog.c), which holds no keys: what has to be signed or released is asked from the
 * vault over a channel that only this process has. */
#ifndef GH_CATALOG_CATALOG_H
#define GH_CATALOG_CATALOG_H
#include "catalog/db.h"
#include "catalog/home.h"
#include "catalog/id.h"

struct gh_store;
struct gh_log;
struct gh_vault;

enum { GH_CATALOG_CHECKS = 4 };
/* What a check that repairs has found so far, and which parts it has been through: what is logged at its end. */
struct gh_catalog_check {
	struct gh_id who;
	bool used;
	uint32_t parts; /* bit i: part i was looked at to its end */
	uint64_t problems, repaired;
};

struct gh_catalog {
	struct gh_home home;
	struct gh_db *db;
	struct gh_store *store; /* ciphertext objects */
	struct gh_log *log;	/* the audit log; NULL before `init` is through */
	struct gh_vault *vault; /* client; NULL: operations that need it say so */
	int64_t (*now)(void);	/* seconds since 1970 */
	bool tight;		/* the disk is full, and the reserve is used up: nothing is let in (reserve.h) */
	struct gh_catalog_check check[GH_CATALOG_CHECKS];
};
#endif
