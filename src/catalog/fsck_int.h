/* fsck_int.h - the parts of fsck. Included by fsck*.c and badge_log.c alone. */
#ifndef GH_CATALOG_FSCK_INT_H
#define GH_CATALOG_FSCK_INT_H
#include "audit/tiles.h"
#include "base/arena.h"
#include "catalog/fsck.h"

enum { GH_FSCK_ROWS = 256, GH_FSCK_ARENA = 64 << 20 };

/* Tell a problem. todo: what the user can do. */
void gh_fsck_say(struct gh_fsck *f, const char *subject, const char *todo, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* A leftover: repaired tells that it is gone now. */
void gh_fsck_left(struct gh_fsck *f, const char *subject, bool repaired, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* Old enough to be nobody's? */
bool gh_fsck_old(const struct gh_fsck *f, int64_t at);
/* Is about a second of this step gone? */
bool gh_fsck_enough(int64_t started_ms);
int64_t gh_fsck_ms(void);
/* What the vault answered: is a key missing or altered? Otherwise the vault could not be asked. */
static inline bool gh_fsck_key_bad(enum gh_rc rc)
{
	return rc == GH_E_DENIED || rc == GH_E_UNREAD || rc == GH_E_ABSENT;
}
/* The tiles of the log, of the size that its checkpoint says; t->dir is the caller's to close. GH_E_ABSENT, GH_E_MALFORMED: "log"
 * tells what is wrong. */
enum gh_rc gh_fsck_tiles(struct gh_catalog *c, struct gh_tiles *t, struct gh_err *err);

enum gh_rc gh_fsck_database(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_keys(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_blobs(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_objects(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_staging(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_unused(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_imports(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_log(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_outbox(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_ledger(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_badges(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
enum gh_rc gh_fsck_reviews(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
#endif
