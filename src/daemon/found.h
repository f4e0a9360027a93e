/* found.h - what statements of others say, in our words: written beside each document when it is added, and put together as facts for
 * the policy when it is asked.
 *
 * Who signed a document, and whether that was verified, stands in the row of the catalog and nowhere else; what is in it stands in a
 * companion of kind "found" under the tenant's key, which names the document by its digest. A document whose content was not read
 * (CSAF, a form that says "vex" and is none) leaves the facts unknown that it might have changed: rules that need them fail closed. */
#ifndef GH_DAEMON_FOUND_H
#define GH_DAEMON_FOUND_H
#include "daemon/docs.h"
#include "scan/evidence_tool.h"
#include "wire/jdom.h"

/* The companion of a document. digest: SHA-256 of the document. issuer, why: "" when there is none. */
void gh_found_write(const struct gh_evidence_seen *s, const char *digest, const char *issuer, const char *why,
		    struct gh_buf *out);
/* What stands in all of them: a JSON object, as the facts under `evidence` have it, in the arena. shown: what `model.show` answered.
 * Lists that are not known are not in it. */
enum gh_rc gh_found_facts(struct gh_docs *docs, const struct gh_jval *shown, struct gh_arena *a, struct gh_span *out,
			  struct gh_err *err);
#endif
