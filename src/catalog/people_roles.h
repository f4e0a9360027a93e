/* people_roles.h - roles and what they permit: one table (people_roles.c). Pure.
 *
 * A permission is a word "noun.verb"; an operation names the one it needs. A role is a set of permissions, granted to a principal
 * in a scope: platform > tenant > project. A grant counts in its scope and everything below. There is no other source of
 * rights: gh_may() (principals.h) is the one place that answers. */
#ifndef GH_CATALOG_PEOPLE_ROLES_H
#define GH_CATALOG_PEOPLE_ROLES_H
#include "base/span.h"

enum { GH_ROLE_WORD = 24 };

struct gh_permission {
	const char *name, *about;
};
/* NULL behind the last. */
const struct gh_permission *gh_permission_at(size_t i);
const struct gh_permission *gh_permission_named(const char *name);

struct gh_people_role {
	const char *name, *about;
	bool only_platform;	 /* granted for the platform only, not in a tenant */
	bool by_platform;	 /* granted by those only who manage people on the platform */
	bool grantable;		 /* false: `local`, which nobody holds but whoever holds the home */
	const char *permissions; /* separated by ' ' */
};
const struct gh_people_role *gh_people_role_at(size_t i);
const struct gh_people_role *gh_people_role_named(const char *name);
bool gh_people_role_permits(const struct gh_people_role *r, const char *permission);
#endif
