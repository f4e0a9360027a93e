/* op.h - operations: everything that can be asked of the catalog, one row each. The command line and `/api/v1` are two faces of
 * the same rows: what an operation is called, what it takes, who may run it and what it does is said once.
 *
 * An operation runs in the catalog process. Its input is a JSON object that was checked against the row's fields before the
 * handler sees it (unknown members, missing ones and wrong types are refused); the answer is a JSON object.
 *
 * Adding one: a row in a file op_<noun>.c, its declaration and a line in ops.c, and a row in tests/unit/test_ops.c. */
#ifndef GH_API_OP_H
#define GH_API_OP_H
#include "catalog/catalog.h"
#include "wire/jdom.h"
#include "wire/jout.h"

enum gh_op_kind {
	GH_IN_TEXT,    /* any text without control characters but newline and tab, at most 64 KiB */
	GH_IN_LONG,    /* the same, up to what a request can hold */
	GH_IN_WORD,    /* [A-Za-z0-9._:+/@-]{1,200} */
	GH_IN_TENANT,  /* name of a tenant */
	GH_IN_SCOPE,   /* "platform", TENANT or TENANT/PROJECT */
	GH_IN_VERSION, /* TENANT/[PROJECT/]NAME:VERSION */
	GH_IN_MODEL,   /* TENANT/[PROJECT/]NAME */
	GH_IN_ID,      /* 32 hexadecimal digits */
	GH_IN_DIGEST,  /* 64 */
	GH_IN_NUMBER,  /* int64 >= 0 */
	GH_IN_TIME,    /* RFC 3339 in UTC */
	GH_IN_BOOL,
	GH_IN_OBJECT, /* checked by the handler */
	GH_IN_LIST,   /* array; checked by the handler */
};

struct gh_op_field {
	const char *name; /* NULL ends the table */
	enum gh_op_kind kind;
	bool required;
	const char *about;
};

struct gh_op;
struct gh_principal;

/* One run. Memory of the arena lives until the answer was sent. */
struct gh_op_run {
	const struct gh_op *op;
	struct gh_catalog *cat;
	const struct gh_jval *in;	/* object, checked */
	const struct gh_principal *who; /* who asks, checked; see catalog/principals.h */
	int64_t now;
	struct gh_arena *arena;
	struct gh_jout *out; /* the object is open: add members */
	int fd_in;	     /* a descriptor that came along, or -1; closed afterwards */
	int fd_out;	     /* set it: goes along with the answer and is closed */
};

enum gh_op_scope {		   /* where the permission is needed */
		   GH_AT_PLATFORM, /* everywhere */
		   GH_AT_FIELD,	   /* in the scope that the first field of kind TENANT, SCOPE, VERSION or MODEL names */
		   GH_AT_ANY,	   /* anywhere: the handler shows only what the asker may see */
		   GH_AT_HANDLER,  /* the handler asks gh_may() itself, since the scope is known only after a look-up */
};

struct gh_op {
	const char *name;  /* "tenant.add" */
	const char *about; /* one line, starts with a verb */
	const struct gh_op_field *in;
	const char *permission; /* "tenant.manage": what a role must grant; see docs/people.md */
	enum gh_op_scope scope;
	bool asks;  /* only looks: changes nothing, logs nothing, works while the keys are locked */
	bool local; /* may be run by `local`, who holds the home and its passphrase but is no person */
	bool when_full; /* also while the disk is full (catalog/reserve.h): takes away, or writes no more than an entry of the log */
	bool internal; /* a step of a command, for `main` only: not shown, not served */
	enum gh_rc (*run)(struct gh_op_run *r, struct gh_err *err);
};

/* The list: ops.c. */
extern const struct gh_op *const gh_ops[];
extern const size_t gh_ops_n;
const struct gh_op *gh_op_named(struct gh_span name);

/* Check input against the row, find out who asks, ask whether they may, run, and give the answer. request: JSON
 * {"op": NAME, "in": {…}, "key": API-KEY or absent}. local: the peer may act as `local` (it owns the home). The answer is
 * {"ok": true, "out": {…}} or {"ok": false, "code": "denied", "error": "one line", "out": {…} when there is something to show}.
 * Returns the code that the answer carries. fd: see struct gh_op_run; *fd_out is the caller's. */
enum gh_rc gh_op_serve(struct gh_catalog *cat, struct gh_span request, bool local, bool internal, int fd,
		       struct gh_buf *answer, int *fd_out);
/* "denied" …; as in answers. */
const char *gh_op_code(enum gh_rc rc);
enum gh_rc gh_op_code_named(const char *code);
#endif
