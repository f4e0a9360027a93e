/* store_int.h - what the kinds of stores share: a table of functions, and the staging place. Included by store*.c alone. */
#ifndef GH_CATALOG_STORE_INT_H
#define GH_CATALOG_STORE_INT_H
#include "catalog/store.h"

struct gh_store_ops {
	enum gh_rc (*check)(struct gh_store *s, struct gh_err *err);
	enum gh_rc (*commit)(struct gh_store *s, const struct gh_store_key *key, int fd,
			     const struct gh_store_info *want, struct gh_err *err);
	/* Fill o->size and what else is needed to read. */
	enum gh_rc (*get)(struct gh_store *s, const struct gh_store_key *key, struct gh_store_object *o,
			  struct gh_store_info *info, struct gh_err *err);
	enum gh_rc (*read)(struct gh_store_object *o, void *p, size_t n, uint64_t off, struct gh_err *err);
	enum gh_rc (*object_fd)(struct gh_store_object *o, uint64_t off, uint64_t n, int *fd, struct gh_err *err);
	enum gh_rc (*stat)(struct gh_store *s, const struct gh_store_key *key, struct gh_store_info *info,
			   struct gh_err *err);
	enum gh_rc (*remove)(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err);
	enum gh_rc (*list)(struct gh_store *s, const char *tenant, const struct gh_store_key *after,
			   struct gh_store_page *page, struct gh_err *err);
	/* Leftovers other than staging files; NULL: there are none of this kind. */
	enum gh_rc (*uploads)(struct gh_store *s, struct gh_store_left *rows, size_t cap, size_t *n, bool *more,
			      struct gh_err *err);
	enum gh_rc (*drop_upload)(struct gh_store *s, const struct gh_store_left *left, struct gh_err *err);
	void (*close)(struct gh_store *s);
};

struct gh_s3;
struct gh_store {
	const struct gh_store_ops *ops;
	char where[GH_STORE_URL];
	int root;    /* the directory of objects; -1: not local */
	int staging; /* the directory of staging files */
	/* The last directory of objects whose way from the root is known to be durable, and which of its parts. */
	char known_tenant[GH_STORE_ID + 1];
	bool known[256];
	struct gh_s3 *s3;
};

struct gh_store_object {
	struct gh_store *store;
	struct gh_store_key key;
	uint64_t size;
	int fd;		/* of a file store, else -1 */
	char etag[136]; /* of an S3 store: what is read later must still be the same */
};

extern const struct gh_store_ops gh_store_file_ops, gh_store_s3_ops;

/* Take a URL "s3://…" apart and keep what it says in s->s3. */
enum gh_rc gh_store_s3_setup(struct gh_store *s, const char *url, struct gh_err *err);

/* ---- staging (store_stage.c) ---- */
/* "<tenant>.<id>" */
enum { GH_STORE_STAGED = GH_STORE_ID * 2 + 2 };
void gh_store_staged_name(const struct gh_store_key *key, char out[GH_STORE_STAGED]);
/* Is fd the staging file of that name, a regular file of want->size bytes? ENOENT, EILSEQ. */
enum gh_rc gh_store_staged_check(struct gh_store *s, const struct gh_store_key *key, int fd,
				 const struct gh_store_info *want, struct gh_err *err);
/* Remove the staging file and make that durable. */
enum gh_rc gh_store_unstage(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err);
/* An unlinked file in the staging place. */
int gh_store_scratch(struct gh_store *s);

/* SHA-256 of n bytes of a descriptor from off on. false: errno. */
bool gh_store_sha256_fd(int fd, uint64_t off, uint64_t n, char out[65]);
/* A directory of that name under dir, made when it is not there (0700); -1 with errno. No symbolic link is followed. */
int gh_store_dir(int dir, const char *name, bool make);
/* Say what failed: "blob store WHERE: blob TENANT/ID: TEXT: reason". key may be NULL. sys: an errno, from which the code follows;
 * EILSEQ (wrong bytes) and EWOULDBLOCK stand for the text alone. */
enum gh_rc gh_store_fail(struct gh_err *err, const struct gh_store *s, const struct gh_store_key *key, int sys,
			 const char *fmt, ...) __attribute__((format(printf, 5, 6), cold, warn_unused_result));
/* With a code instead, and nothing behind the text. */
enum gh_rc gh_store_say(struct gh_err *err, const struct gh_store *s, const struct gh_store_key *key, enum gh_rc rc,
			const char *fmt, ...) __attribute__((format(printf, 5, 6), cold, warn_unused_result));
enum gh_rc gh_store_no_key(struct gh_err *err, const struct gh_store *s) __attribute__((cold, warn_unused_result));
#endif
