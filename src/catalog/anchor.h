/* anchor.h - a home that was put back as a whole (database, keys and log from one older copy) fits together, and nothing in it knows
 * better. A file outside of it does: it holds the last checkpoint of the audit log, and a home whose log does not contain that
 * is not opened.
 *
 *	anchor: /media/key/gatehouse.anchor	in gatehouse.yaml, or GATEHOUSE_ANCHOR in the environment (which wins)
 *
 * The file is text: a checkpoint as C2SP tlog-checkpoint has it, without signatures: name of the log, entries, root. An empty one means
 * "begin here" and is filled when the home is opened with its keys; that is how an anchor is made, and the way out after an older
 * backup was restored on purpose. One that is missing is refused like a wrong one: whoever can put back a home could remove it too.
 *
 * It is worth as much as the place where it lies: another disk, a share of another machine, a directory of root's. Written after each
 * group of entries, whole or not at all (temporary file beside it, fsync, rename, fsync of the directory). */
#ifndef GH_CATALOG_ANCHOR_H
#define GH_CATALOG_ANCHOR_H
#include "catalog/catalog.h"

/* Which file; NULL: none is wanted. For the role's rights: its directory is to be written to. */
const char *gh_anchor_path(const struct gh_home *h);
/* Does the log in the home continue what the anchor remembers? GH_OK also without an anchor. GH_E_DENIED: the home is older, has another
 * history, or the anchor is none, is missing, or lies within the home; says what to do. GH_E_IO: it cannot be read. */
enum gh_rc gh_anchor_check(struct gh_catalog *c, struct gh_err *err);
/* Remember the log as it is now, unless a later one is remembered. Needs an open log; GH_OK without an anchor. */
enum gh_rc gh_anchor_advance(struct gh_catalog *c, struct gh_err *err);
#endif
