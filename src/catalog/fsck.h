/* fsck.h - does everything fit together? The database against itself, the blobs it names against the store, the store against the
 * database, the audit log against the outbox, badges and reviews against what they rest on.
 *
 * The work is cut into parts and each part into steps that take about a second, so that others are served in between: the caller
 * goes through gh_fsck_parts in order and calls gh_fsck_step() until the cursor is empty. Every problem is told once, as what is
 * wrong and what to do about it. With `repair`, what nobody names is removed after a grace period, and nothing else: never a
 * row that something refers to, never an object of a blob that is known.
 *
 * What else may run meanwhile: everything. An import under way is known by its lease and by the lock on its staging files. */
#ifndef GH_CATALOG_FSCK_H
#define GH_CATALOG_FSCK_H
#include "catalog/catalog.h"

enum {
	GH_FSCK_CURSOR = 80,
	GH_FSCK_GRACE = 24 * 3600, /* seconds that something without an owner is left alone, unless said otherwise */
};

struct gh_fsck_part {
	const char *name, *about;
};
/* NULL at the end. */
const struct gh_fsck_part *gh_fsck_part_at(size_t i);

struct gh_fsck_problem {
	const char *part;
	const char *subject; /* an id, or "" */
	const char *what;    /* "blob 12… of tenant 34…: is missing from the store" */
	const char *todo;    /* "restore it from a backup, or import acme/llama:1.0 again" */
	bool repaired;
	bool harmless; /* nothing is lost or wrong by it: leftovers; no reason for exit status 1 once repaired */
};

struct gh_fsck {
	const char *part;
	bool deep; /* read every stored byte and compare its digest */
	bool repair;
	int64_t grace; /* seconds */
	int64_t now;
	char cursor[GH_FSCK_CURSOR]; /* "": start, and afterwards: finished */
	uint64_t looked, bytes;	     /* added up: things looked at, bytes read */
	void (*say)(void *arg, const struct gh_fsck_problem *p);
	void *arg;
};

/* One step. GH_OK: it could be looked at, and f->cursor says where to go on. GH_E_MALFORMED: no such part or cursor; anything else:
 * it could not be looked at. c->vault may be NULL: receipts of reviews are then not checked. */
enum gh_rc gh_fsck_step(struct gh_catalog *c, struct gh_fsck *f, struct gh_err *err);
#endif
