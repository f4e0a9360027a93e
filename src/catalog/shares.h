/* shares.h - base models that a tenant publishes to others, read-only: who may use it as a base for models of their own.
 *
 * A share is a row, not a copy: the weights stay the owner's, under its keys. A derived model belongs to the tenant that made it and
 * names its base (lineage); nothing of it ever enters the shared one. */
#ifndef GH_CATALOG_SHARES_H
#define GH_CATALOG_SHARES_H
#include "catalog/principals.h"
#include "catalog/versions.h"

struct gh_share {
	struct gh_id version, tenant, by; /* by: none for `local` */
	struct gh_name model;		  /* of the version */
	char with[GH_NAME_PART + 1];	  /* name of the tenant */
	int64_t created;
};
/* Only what is ready is shared. GH_E_EXISTS: it is shared already, or the tenant owns it. GH_E_DENIED: the version is in another
 * state, or the tenant was removed. GH_E_ABSENT: no such tenant. */
enum gh_rc gh_share_add(struct gh_db *db, const struct gh_version *v, const char *tenant, const struct gh_id *by,
			int64_t now, struct gh_share *out, struct gh_err *err);
/* GH_E_ABSENT: it is not shared with that tenant. Models that were derived meanwhile stay. */
enum gh_rc gh_share_remove(struct gh_db *db, const struct gh_version *v, const char *tenant, struct gh_share *out,
			   struct gh_err *err);
/* By model, then tenant. All of them: the caller leaves out what the asker may not see. */
enum gh_rc gh_share_list(struct gh_db *db, struct gh_arena *a, struct gh_share **out, size_t *n, struct gh_err *err);
/* May people who see `derived` be told the name of one of its bases? Of its own base, of versions of their tenant and of what is shared
 * with it. Of others, that a shared base was made from, how they stand is theirs to know, and the name is the owner's. */
bool gh_share_names(struct gh_db *db, const struct gh_version *derived, const struct gh_version *base);
/* May this tenant use the version as a base: its own, or one that is shared with it and is ready? GH_E_ABSENT in the words of
 * gh_version_find() when not: what is not shared is not there. */
enum gh_rc gh_share_usable(struct gh_db *db, const struct gh_version *v, const char *tenant, struct gh_err *err);
/* May who do this with somebody else's version, because it is ready, shared with a tenant, and a role grants it there? Only for what
 * a share gives: reading card and badge (model.read, policy.read) and a decrypted copy (model.export). *as (may be NULL): that
 * tenant. What cannot be told is no. */
bool gh_share_lets(struct gh_db *db, const struct gh_principal *who, const char *permission,
		   const struct gh_name *version, struct gh_id *as);
#endif
