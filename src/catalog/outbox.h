/* outbox.h - audit entries on their way into the log.
 *
 * Every change of state writes its audit entry into table `outbox` in the same transaction; whoever owns the log appends what
 * stands there in order and marks it with the index it got. Only then the change is acknowledged. After a crash the entries
 * without index are appended (again): the log skips an entry id it has. Entries hold ids and digests only. */
#ifndef GH_CATALOG_OUTBOX_H
#define GH_CATALOG_OUTBOX_H
#include "catalog/db.h"
#include "catalog/id.h"

struct gh_outbox_entry {
	int64_t seq; /* grows; order of appending */
	struct gh_id id;
	int64_t at;
	struct gh_span kind, entry; /* kind: of audit/entry.h; entry: its JSON, as it goes into the log */
	int64_t log_index;	    /* -1: not appended yet */
};

/* Inside the transaction of the change. GH_E_EXISTS: an entry of this id stands there. */
enum gh_rc gh_outbox_put(struct gh_db *db, const struct gh_id *id, int64_t at, const char *kind, struct gh_span entry,
			 struct gh_err *err);
/* The oldest entries that are not in the log yet, at most `max`. */
enum gh_rc gh_outbox_pending(struct gh_db *db, struct gh_arena *a, size_t max, struct gh_outbox_entry **out, size_t *n,
			     struct gh_err *err);
/* v[i] stands at first + i in the log, durably. One transaction. GH_E_EXISTS: one is marked with another index already. */
enum gh_rc gh_outbox_mark(struct gh_db *db, const struct gh_outbox_entry *v, size_t n, int64_t first,
			  struct gh_err *err);
/* The log index of an entry; -1 when it is not appended yet. GH_E_ABSENT: no such entry. */
enum gh_rc gh_outbox_index(struct gh_db *db, const struct gh_id *id, int64_t *index, struct gh_err *err);
/* Entries from seq `after` on, in order, marked or not: for fsck, which compares them with the log. */
enum gh_rc gh_outbox_list(struct gh_db *db, struct gh_arena *a, int64_t after, size_t max, struct gh_outbox_entry **out,
			  size_t *n, struct gh_err *err);
#endif
