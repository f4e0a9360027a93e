/* ledger.h - from a change in the database to an entry in the audit log, so that neither can be without the other.
 *
 * Inside the transaction of a change gh_ledger_put() writes its entry into table `outbox`. After the commit, and before anybody is
 * told that the change was made, gh_ledger_flush() appends what stands there to the log and marks it with its index. A crash in
 * between loses nothing: the next flush appends what is left, once (entries are known by their id). */
#ifndef GH_CATALOG_LEDGER_H
#define GH_CATALOG_LEDGER_H
#include "audit/entry.h"
#include "catalog/catalog.h"

/* actor: id of a principal, "local" or "system". *id (may be NULL): the entry's id, to find its index later. */
enum gh_rc gh_ledger_put(struct gh_catalog *c, const char *kind, const char *actor, const struct gh_entry_value *v,
			 size_t n, struct gh_id *id, struct gh_err *err);
/* GH_OK: nothing is left in the outbox. Failure: the changes stand, and will be logged by the next flush. */
enum gh_rc gh_ledger_flush(struct gh_catalog *c, struct gh_err *err);
/* Where an entry stands, after a flush. */
enum gh_rc gh_ledger_index(struct gh_catalog *c, const struct gh_id *id, uint64_t *index, struct gh_err *err);
#endif
