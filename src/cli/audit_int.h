/* audit_int.h - what the files of `gatehouse audit` share: cmd_audit.c (options, dispatch, small verbs), audit_verify.c,
 * audit_show.c, audit_pack.c, audit_cosign.c. */
#ifndef GH_CLI_AUDIT_INT_H
#define GH_CLI_AUDIT_INT_H
#include "audit/quorum.h"
#include "audit/tiles.h"
#include "cli/cli.h"
#include "crypto/note.h"

struct gh_audit_args {
	unsigned format;
	const char *home, *log, *key, *since, *save, *policy, *out, *kind, *entry;
	uint64_t limit;
};

/* A log that is read: its directory and its key. */
struct gh_audit_place {
	char path[4096];
	int dir;
	struct gh_note_key key;
	bool own_key; /* the key lies in the log's own directory: nobody vouches for it */
	struct gh_buf checkpoint;
	struct gh_note note;
	struct gh_checkpoint head;
	struct gh_tiles tiles; /* of that size */
};

/* Find the directory (--log, or log/ of the home) and the key (--key, or key.pub in it), and open them. */
enum gh_rc gh_audit_place(const struct gh_audit_args *a, struct gh_audit_place *p, struct gh_err *err);
/* Read and verify the checkpoint; fills note, head and tiles. */
enum gh_rc gh_audit_place_head(struct gh_audit_place *p, struct gh_err *err);
void gh_audit_place_free(struct gh_audit_place *p);
/* A small file as it is. */
enum gh_rc gh_audit_file(const char *path, size_t max, struct gh_buf *out, struct gh_err *err);
enum gh_rc gh_audit_key_file(const char *path, struct gh_note_key *out, struct gh_err *err);
/* One line on the error stream; FOUND for what is wrong with the log, UNFINISHED for what could not be done. */
int gh_audit_complain(struct gh_cli *cli, const struct gh_err *err);
/* "12" or the 32 digits of an id, as the index of an entry. */
enum gh_rc gh_audit_index(struct gh_audit_place *p, const char *text, uint64_t *index, struct gh_err *err);
/* One entry and its proof. */
enum gh_rc gh_audit_prove(struct gh_audit_place *p, uint64_t index, struct gh_buf *proof, struct gh_err *err);

/* ---- verbs: argv[0] is the first argument behind the verb ------------------------------------------------------------- */
int gh_audit_verify(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv);
int gh_audit_consistency(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv);
int gh_audit_show(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv);
int gh_audit_export(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv);
int gh_audit_cosign(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv);
int gh_audit_check_proof(struct gh_cli *cli, const struct gh_audit_args *a, size_t n, char **argv);

/* Which entries `show` and `export` mean: --kind and --since. */
struct gh_audit_filter {
	const char *kind;
	uint64_t from;	 /* index */
	int64_t seconds; /* not before that time */
};
enum gh_rc gh_audit_filter(const struct gh_audit_args *a, struct gh_audit_filter *out, struct gh_err *err);
/* Calls each() with every entry that passes, in order; stops when it returns false. */
enum gh_rc gh_audit_each(struct gh_audit_place *p, const struct gh_audit_filter *f,
			 bool (*each)(void *arg, uint64_t index, struct gh_span entry), void *arg, struct gh_err *err);
#endif
