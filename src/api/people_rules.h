/* people_rules.h - who may change what of whom: the rules behind the operations on people, in one place.
 *
 * Whoever can change a principal's grants or make keys for it can act as it. So: managing a principal needs people.manage where
 * it belongs and in every scope in which it holds a role; roles that the platform appoints (reviewers) need it on the platform;
 * nobody changes their own grants. */
#ifndef GH_API_PEOPLE_RULES_H
#define GH_API_PEOPLE_RULES_H
#include "catalog/principals.h"
#include "catalog/tenants.h"

/* The scope a principal belongs to. */
enum gh_rc gh_people_home(struct gh_db *db, const struct gh_principal *p, struct gh_name *out, struct gh_err *err);
/* May `who` see p? home: gh_people_home(). */
bool gh_people_visible(const struct gh_principal *who, const struct gh_principal *p, const struct gh_name *home);
/* A principal by its name, with grants, if `who` may see it. GH_E_ABSENT otherwise: what is not there and what is not for these eyes
 * are answered alike. */
enum gh_rc gh_people_find(struct gh_db *db, struct gh_arena *a, const struct gh_principal *who, const char *name,
			  struct gh_principal *out, struct gh_err *err);
/* May `who` disable p, make keys for it and revoke them? p NULL: anybody at all (asked before p is looked up, so that the answer
 * tells nobody who exists). */
enum gh_rc gh_people_may_manage(struct gh_db *db, const struct gh_principal *who, const struct gh_principal *p,
				struct gh_err *err);
/* May `who` grant this role there (add), or take it back? */
enum gh_rc gh_people_may_grant(const struct gh_principal *who, const struct gh_principal *p, const char *role,
			       const struct gh_name *scope, bool add, struct gh_err *err);
/* May `who` take every right from p? */
enum gh_rc gh_people_may_disable(struct gh_db *db, const struct gh_principal *who, const struct gh_principal *p,
				 struct gh_err *err);
#endif
