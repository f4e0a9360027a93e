/* tenants.h - whose models they are. Every blob is encrypted under a key of its tenant; removing a tenant destroys that key.
 *
 * The name of a removed tenant stays taken: what the log says of it must not be understood of another. */
#ifndef GH_CATALOG_TENANTS_H
#define GH_CATALOG_TENANTS_H
#include "catalog/db.h"
#include "catalog/id.h"
#include "catalog/name.h"

struct gh_tenant {
	struct gh_id id, created_by; /* created_by: none for `local` */
	char name[GH_NAME_PART + 1];
	bool active;		  /* false: removed, its keys are destroyed */
	int64_t created, removed; /* removed: 0 while active */
};

/* The id is made by the caller (the vault makes its keys under it). GH_E_EXISTS: the name is taken, or was once. */
enum gh_rc gh_tenant_add(struct gh_db *db, const struct gh_id *id, const char *name, const struct gh_id *by,
			 int64_t now, struct gh_err *err);
/* GH_E_ABSENT: "there is no tenant acme". */
enum gh_rc gh_tenant_find(struct gh_db *db, const char *name, struct gh_tenant *out, struct gh_err *err);
enum gh_rc gh_tenant_get(struct gh_db *db, const struct gh_id *id, struct gh_tenant *out, struct gh_err *err);
/* The same, and GH_E_DENIED when it was removed. */
enum gh_rc gh_tenant_active(struct gh_db *db, const char *name, struct gh_tenant *out, struct gh_err *err);
/* In the order of their names. */
enum gh_rc gh_tenant_list(struct gh_db *db, struct gh_arena *a, bool removed, struct gh_tenant **out, size_t *n,
			  struct gh_err *err);
struct gh_tenant_left { /* what ended with it */
	int64_t versions, badges, blobs, grants, principals;
};
/* After its keys were destroyed (again: nothing more happens): its versions become deleted, its badges revoked ("tenant-removed"),
 * its open reviews void, grants in it go, principals that belong to it are disabled, shares with it and of its models end. Its
 * blobs are named by nothing afterwards: gh_blob_unused() finds them. What was logged stays. GH_E_EXISTS: an import runs. */
enum gh_rc gh_tenant_remove(struct gh_db *db, const struct gh_id *id, int64_t now, struct gh_tenant_left *left,
			    struct gh_err *err);
#endif
