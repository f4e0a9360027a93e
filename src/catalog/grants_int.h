/* grants_int.h - a rule that principals.c and grants.c share. */
#ifndef GH_CATALOG_GRANTS_INT_H
#define GH_CATALOG_GRANTS_INT_H
#include "catalog/principals.h"

/* Is there still an active person that administers the platform? GH_E_DENIED: no. */
enum gh_rc gh_people_managed(struct gh_db *db, struct gh_err *err);
#endif
