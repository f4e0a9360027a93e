/* versions_int.h - what versions.c and versions_import.c share. */
#ifndef GH_CATALOG_VERSIONS_INT_H
#define GH_CATALOG_VERSIONS_INT_H
#include "catalog/versions.h"

/* Whatever its state; not being there is no failure. */
enum gh_rc gh_version_look(struct gh_db *db, const struct gh_name *name, struct gh_version *out, bool *there,
			   struct gh_err *err);
#endif
