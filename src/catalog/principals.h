/* principals.h - who acts: persons and robots, their grants, their signing keys; and the one place that says what they may do.
 *
 * `local` is nobody in the database: whoever holds the home and its passphrase, working without a key of a person. It has the
 * permissions of the role `local`, may never decide a review, and makes no principals. */
#ifndef GH_CATALOG_PRINCIPALS_H
#define GH_CATALOG_PRINCIPALS_H
#include "catalog/db.h"
#include "catalog/id.h"
#include "catalog/name.h"
#include "catalog/people_roles.h"

enum gh_principal_kind { GH_PRINCIPAL_LOCAL, GH_PRINCIPAL_PERSON, GH_PRINCIPAL_ROBOT };
const char *gh_principal_kind_name(enum gh_principal_kind k);

struct gh_grant {
	struct gh_id id, principal, tenant; /* tenant: none for the platform */
	char role[GH_ROLE_WORD];
	struct gh_name scope; /* tenant and project; both "" for the platform */
	int64_t created;
};

struct gh_principal {
	enum gh_principal_kind kind;
	struct gh_id id, tenant; /* none for `local`; tenant: where it belongs, none: the platform */
	char name[GH_NAME_PART + 1];
	bool active;
	int64_t created, disabled;
	const struct gh_grant *grants; /* set by gh_principal_load() only */
	size_t ngrants;
};

/* The principal `local`. */
struct gh_principal gh_principal_local(void);
/* For entries of the audit log: its id, or "local". */
const char *gh_principal_actor(const struct gh_principal *p);

/* May p do this here? scope: tenant and project count (others are ignored); NULL or both empty: the platform itself. No side
 * effects, no database: what does not exist is answered like what is not permitted. A disabled principal may nothing. */
bool gh_may(const struct gh_principal *p, const char *permission, const struct gh_name *scope);
/* Somewhere, in whatever scope? For lists that show what the asker may see. */
bool gh_may_somewhere(const struct gh_principal *p, const char *permission);
/* The role that grants it in that scope (of several the first of the table): stands in approvals. NULL: none does. */
const char *gh_may_by_role(const struct gh_principal *p, const char *permission, const struct gh_name *scope);

/* ---- principals ---- */
/* GH_E_EXISTS: the name is taken. tenant: none for one of the platform. by: none for `local`. */
enum gh_rc gh_principal_add(struct gh_db *db, enum gh_principal_kind kind, const char *name, const struct gh_id *tenant,
			    const struct gh_id *by, int64_t now, struct gh_principal *out, struct gh_err *err);
/* By name or by id, without grants. GH_E_ABSENT. */
enum gh_rc gh_principal_find(struct gh_db *db, const char *name, struct gh_principal *out, struct gh_err *err);
enum gh_rc gh_principal_get(struct gh_db *db, const struct gh_id *id, struct gh_principal *out, struct gh_err *err);
/* GH_E_ABSENT, in the words that gh_principal_find() has for it. */
enum gh_rc gh_principal_unknown(const char *name, struct gh_err *err);
/* With grants (in the arena): what gh_may() needs. */
enum gh_rc gh_principal_load(struct gh_db *db, struct gh_arena *a, const struct gh_id *id, struct gh_principal *out,
			     struct gh_err *err);
/* All, in the order of their names, with grants. */
enum gh_rc gh_principal_list(struct gh_db *db, struct gh_arena *a, struct gh_principal **out, size_t *n,
			     struct gh_err *err);
/* It may nothing any more; its API keys are revoked, its signing keys too (what they signed stays valid). GH_E_EXISTS: it is
 * disabled already; GH_E_DENIED: it is the last active person with people.manage on the platform. */
enum gh_rc gh_principal_disable(struct gh_db *db, const struct gh_id *id, int64_t now, struct gh_err *err);

/* ---- signing keys ---- */
struct gh_principal_key {
	struct gh_id id, principal;
	char alg[24];			     /* "ed25519", "ecdsa-p256" */
	char fingerprint[GH_DIGEST_HEX + 1]; /* SHA-256 of the SPKI */
	struct gh_span spki;		     /* DER */
	int64_t created, revoked;	     /* revoked: 0 while it counts */
};
/* GH_E_EXISTS: the key is registered already (for whomever). GH_E_DENIED: its owner is disabled, or no person. */
enum gh_rc gh_principal_key_add(struct gh_db *db, const struct gh_principal_key *k, struct gh_err *err);
enum gh_rc gh_principal_keys(struct gh_db *db, struct gh_arena *a, const struct gh_id *principal,
			     struct gh_principal_key **out, size_t *n, struct gh_err *err);
enum gh_rc gh_principal_key_get(struct gh_db *db, struct gh_arena *a, const struct gh_id *id,
				struct gh_principal_key *out, struct gh_err *err);
enum gh_rc gh_principal_key_revoke(struct gh_db *db, const struct gh_id *id, int64_t now, struct gh_err *err);

/* ---- grants ---- */
/* scope: platform, tenant or project; the tenant must exist and be active. GH_E_EXISTS: it has this grant. GH_E_ABSENT: no such
 * tenant. GH_E_MALFORMED: no such role, or it cannot be granted in that scope (the text says where it can). */
enum gh_rc gh_grant_add(struct gh_db *db, const struct gh_id *principal, const char *role, const struct gh_name *scope,
			const struct gh_id *by, int64_t now, struct gh_grant *out, struct gh_err *err);
/* GH_E_ABSENT: there is no such grant. GH_E_DENIED: the last active person with people.manage on the platform would go. */
enum gh_rc gh_grant_remove(struct gh_db *db, const struct gh_id *principal, const char *role,
			   const struct gh_name *scope, struct gh_grant *out, struct gh_err *err);
/* Those of one principal, or of all (NULL). */
enum gh_rc gh_grant_list(struct gh_db *db, struct gh_arena *a, const struct gh_id *principal, struct gh_grant **out,
			 size_t *n, struct gh_err *err);
#endif
