/* backup_int.h - shared by backup*.c and restore*.c alone. */
#ifndef GH_CATALOG_BACKUP_INT_H
#define GH_CATALOG_BACKUP_INT_H
#include "catalog/baktar.h"
#include "catalog/db.h"

#define GH_BACKUP_MANIFEST_NAME "manifest.json"
#define GH_BACKUP_ENVELOPE_NAME "manifest.sig"
#define GH_BACKUP_DATABASE_NAME "database.db"
#define GH_BACKUP_SETTINGS_NAME "gatehouse.yaml"
enum { GH_BACKUP_BLOCK = 1 << 20, GH_BACKUP_FILES = 8 << 20, GH_BACKUP_ENVELOPE = 64 << 10 };

/* All rows of one database into an empty other one of either engine, both at the newest schema. GH_E_EXISTS: it is not empty. */
enum gh_rc gh_backup_transfer(struct gh_db *from, struct gh_db *to, int64_t now, struct gh_err *err);
/* Write all of it. false: errno. */
bool gh_backup_put(int fd, const void *p, size_t n);
/* "2026-11-22T12:00:00Z" */
void gh_backup_time(int64_t at, char out[24]);
#endif
