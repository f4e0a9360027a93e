/* store.h - where the ciphertext of blobs lies: objects named by (tenant id, blob id), written once, read in ranges, on local
 * files or in an S3 store. Nothing here holds a key or looks into an object: what is stored was encrypted before.
 *
 * An object appears whole or not at all, and never over another one:
 *
 *	gh_store_stage()    a local staging file of the store's own, to be written by whoever encrypts (pwrite, any order)
 *	gh_store_commit()   checks size (and SHA-256 when known), makes it durable, and only then visible under its name
 *
 * A process that dies in between leaves a staging file behind. gh_store_stage_again() goes on with it; gh_store_left() lists
 * such leftovers (with unfinished uploads of an S3 store) and gh_store_drop() removes one. A staging file is locked (flock)
 * as long as anybody holds the descriptor that gh_store_stage() gave, in whatever process: what is locked is alive.
 *
 * File store: DIR/<tenant>/<first two digits of id>/<id>, mode 0600; staging in DIR/staging/<tenant>.<id>. A commit is fsync
 * of the file, rename that does not overwrite, fsync of both directories (and of parents that were made on the way).
 * S3 store: s3://BUCKET[/PREFIX]?endpoint=URL&region=NAME&style=path|host&ca=FILE&part=MIB&credentials=FILE; objects
 * PREFIX/<tenant>/<aa>/<id>, staging on the local disk all the same. docs/storage.md says what each part means.
 *
 * Errors: GH_E_ABSENT no such object (or staging file); GH_E_EXISTS there is another one of that name; GH_E_MALFORMED the URL or a
 * name is none, or the bytes are not what the caller said (size, digest); GH_E_LIMIT a bound of this interface or of time; GH_E_UNREAD libcurl is not there; GH_E_IO everything else, with the
 * errno in err->sys: EWOULDBLOCK somebody is writing it, EACCES the store refused the credentials or the request, ENOSPC, EIO … Every failure is one line: what, where, why.
 *
 * A gh_store belongs to one thread at a time; several of them, in several processes, may share one place. */
#ifndef GH_CATALOG_STORE_H
#define GH_CATALOG_STORE_H
#include "base/err.h"
#include "base/span.h"

enum {
	GH_STORE_ID = 32,	   /* hexadecimal digits of an id */
	GH_STORE_PAGE = 1000,	   /* rows of one gh_store_list() */
	GH_STORE_NAME = 256,	   /* longest name shown of what is no object */
	GH_STORE_URL = 1024,	   /* longest URL */
	GH_STORE_UPLOAD_ID = 1024, /* longest id of an unfinished upload */
};

struct gh_store;

/* The name of an object: two ids of 32 lower-case hexadecimal digits. */
struct gh_store_key {
	char tenant[GH_STORE_ID + 1];
	char id[GH_STORE_ID + 1];
};

/* What is known of an object, or what the caller says that it must be. */
struct gh_store_info {
	uint64_t size;	 /* bytes of ciphertext */
	int64_t at;	 /* last change, seconds since 1970; 0: not known */
	char sha256[65]; /* of the ciphertext, lower-case hexadecimal; "" when it is not known without reading it all */
};

/* Open a store. url: NULL, "" or "file:" for files in dir, "file:PATH" for files elsewhere, or "s3://…" (above). dir: the local
 * directory ($GATEHOUSE_HOME/blobs) that holds the staging files, made (0700) when it is not there. S3 credentials: the file the
 * URL names (lines "aws_access_key_id = …", "aws_secret_access_key = …", perhaps "aws_session_token = …"; nobody else may read
 * it), else AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN of the environment. No request is made yet: gh_store_check() does. */
enum gh_rc gh_store_open(const char *url, const char *dir, struct gh_store **out, struct gh_err *err);
void gh_store_close(struct gh_store *s);
/* Where it is, for messages: no credentials in it. Valid as long as the store. */
const char *gh_store_where(const struct gh_store *s);
/* True: objects are local files, gh_store_object_fd() costs nothing. */
bool gh_store_is_local(const struct gh_store *s);
/* Can objects be listed and the staging place be written? One request. */
enum gh_rc gh_store_check(struct gh_store *s, struct gh_err *err);

/* Both ids well-formed? Every function below refuses a key that is not (GH_E_MALFORMED). */
bool gh_store_key_ok(const struct gh_store_key *key);
/* Fill a key from two texts; false when they are no ids. */
bool gh_store_key_set(struct gh_store_key *key, const char *tenant, const char *id);

/* ---- writing ---- */

/* A new staging file, empty, for reading and writing, close-on-exec, locked; *fd is the caller's to close (and to pass on).
 * GH_E_EXISTS: a staging file of that name is left over: gh_store_stage_again() or gh_store_drop() it. */
enum gh_rc gh_store_stage(struct gh_store *s, const struct gh_store_key *key, int *fd, struct gh_err *err);
/* The staging file that an import which died left behind; *size: the bytes it holds now (of which only those count that the
 * caller can verify). GH_E_ABSENT: there is none; EWOULDBLOCK: it is being written. */
enum gh_rc gh_store_stage_again(struct gh_store *s, const struct gh_store_key *key, int *fd, uint64_t *size,
				struct gh_err *err);
/* Make the staging file the object. want->size must be its size; want->sha256, unless "", its digest: an S3 store makes the
 * server check it; a file store takes the caller's word for it unless it has to compare (below). fd: the descriptor of the
 * staging file (not closed; the lock goes with it).
 * When GH_OK is returned, the object is durable and visible. When an object of that name is there already: the same size and
 * digest is GH_OK too (an earlier commit whose answer was lost), anything else GH_E_EXISTS and both stay as they are. After any
 * other error the staging file stays and the commit may be tried again, except when fsync failed (the kernel may have dropped
 * what it could not write): then the staging file is gone and the bytes must be written anew. */
enum gh_rc gh_store_commit(struct gh_store *s, const struct gh_store_key *key, int fd, const struct gh_store_info *want,
			   struct gh_err *err);
/* Give up: remove the staging file (none is fine). */
enum gh_rc gh_store_abandon(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err);

/* ---- reading ---- */

struct gh_store_object;
/* Open an object for reading; info (may be NULL): its size, and what else is known. */
enum gh_rc gh_store_get(struct gh_store *s, const struct gh_store_key *key, struct gh_store_object **out,
			struct gh_store_info *info, struct gh_err *err);
/* Read exactly n bytes at off. GH_E_MALFORMED: the object ends before, or was replaced since it was opened. */
enum gh_rc gh_store_read(struct gh_store_object *o, void *p, size_t n, uint64_t off, struct gh_err *err);
/* A read-only descriptor in which at least [off, off + n) of the object lies at its own offsets, for the blob role: of a file
 * store the file itself; of an S3 store an unlinked temporary file into which that range was fetched (the rest is a hole; the
 * length is the object's). n == UINT64_MAX: up to the end. The caller closes it. */
enum gh_rc gh_store_object_fd(struct gh_store_object *o, uint64_t off, uint64_t n, int *fd, struct gh_err *err);
void gh_store_put_back(struct gh_store_object *o);

/* Size, date and, of an S3 store, digest of an object without opening it. GH_E_ABSENT: there is none. */
enum gh_rc gh_store_stat(struct gh_store *s, const struct gh_store_key *key, struct gh_store_info *info,
			 struct gh_err *err);

/* Remove an object; durable when it returns. GH_E_ABSENT: there is none. */
enum gh_rc gh_store_delete(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err);

/* ---- looking around (fsck) ---- */

struct gh_store_row {
	struct gh_store_key key;
	uint64_t size;
	int64_t at; /* seconds since 1970 */
};
struct gh_store_page {
	struct gh_store_row row[GH_STORE_PAGE]; /* in the order of (tenant, id) */
	size_t n;
	bool more;		   /* there may be objects behind the last row */
	uint64_t strays;	   /* names found on the way that are no objects of ours */
	char stray[GH_STORE_NAME]; /* one of them, made printable; "" when strays is 0 */
};
/* The objects of one tenant (NULL: of all) that come after `after` (NULL: from the start). Bounded memory whatever lies in the
 * store. Objects that come or go meanwhile may or may not be in it; every other one is, once. */
enum gh_rc gh_store_list(struct gh_store *s, const char *tenant, const struct gh_store_key *after,
			 struct gh_store_page *page, struct gh_err *err);

struct gh_store_left { /* what an import that died left behind */
	struct gh_store_key key;
	bool upload; /* an unfinished multipart upload, else a staging file */
	bool alive;  /* a staging file that somebody is writing now; of uploads it is not known: go by their age */
	uint64_t size;
	int64_t at;			    /* last change, or when the upload was begun */
	char upload_id[GH_STORE_UPLOAD_ID]; /* the store's own; "" for a staging file */
};
/* At most cap leftovers; *more: there are others: call again after dropping some. */
enum gh_rc gh_store_left(struct gh_store *s, struct gh_store_left *rows, size_t cap, size_t *n, bool *more,
			 struct gh_err *err);
/* Remove a leftover. EWOULDBLOCK: it is alive after all. */
enum gh_rc gh_store_drop(struct gh_store *s, const struct gh_store_left *left, struct gh_err *err);
#endif
