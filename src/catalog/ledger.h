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
/* The size in the log's checkpoint, as it lies there: its signature is the log's business. False: there is none. */
bool gh_ledger_log_size(const struct gh_catalog *c, uint64_t *size);
/* Are database and log of one home and one time? Every entry of the log was in the outbox first: a log that has more entries than the
 * database knows of tells that the database was lost, put back from an older copy, or is another home's; marks beyond the log, that
 * the log was. GH_E_MALFORMED says which, and what to do. Waits a little for another process that is in the middle of a flush. */
enum gh_rc gh_ledger_agrees(struct gh_catalog *c, struct gh_err *err);
/* Where an entry stands, after a flush. */
enum gh_rc gh_ledger_index(struct gh_catalog *c, const struct gh_id *id, uint64_t *index, struct gh_err *err);
#endif
