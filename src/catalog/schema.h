/* schema.h - the tables of the catalog, and how an old database becomes a new one.
 *
 * One list of numbered steps (schema_steps.c) serves both engines. A database says in table `meta` how many it has seen; opening
 * runs the missing ones in one exclusive transaction. A database that has seen more than this program knows is refused. A step
 * that was released is never changed: another one follows. What each table and column means stands in docs/database.md. */
#ifndef GH_CATALOG_SCHEMA_H
#define GH_CATALOG_SCHEMA_H
#include "catalog/db.h"
#include "catalog/id.h"

/* The newest version this program knows. */
unsigned gh_schema_newest(void);

/* Make the tables of a new database, or bring an older one up to date; nothing to do is GH_OK too. *from (may be NULL): the
 * version found, 0 for an empty database.
 * GH_E_DENIED: newer than this program, or the tables of something else stand there. GH_E_MALFORMED: damaged. */
enum gh_rc gh_schema_migrate(struct gh_db *db, int64_t now, unsigned *from, struct gh_err *err);
/* Only look: 0 when there are no tables of ours. */
enum gh_rc gh_schema_version(struct gh_db *db, unsigned *version, struct gh_err *err);
/* The catalog's own id, made with its first table: a backup and a log say by it what they belong to. */
enum gh_rc gh_schema_catalog_id(struct gh_db *db, struct gh_id *out, struct gh_err *err);

/* The tables in an order in which rows can be written without breaking a foreign key (backup, restore, fsck), with their
 * columns ("id, name, …") and the columns that order their rows. NULL behind the last. */
struct gh_schema_table {
	const char *name, *columns, *order;
};
const struct gh_schema_table *gh_schema_table(size_t i);

/* The parts, for tests of upgrades: bring an empty database to `version` only. */
enum gh_rc gh_schema_migrate_to(struct gh_db *db, unsigned version, int64_t now, unsigned *from, struct gh_err *err);
#endif
