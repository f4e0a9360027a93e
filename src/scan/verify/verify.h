/* verify.h - `gatehouse verify`, from the trusted side: is the signature good, whose is it, and are the files the ones it is
 * about?
 *
 * Bundle, key, certificates and trusted root are strangers' bytes: a worker parses and verifies them (scan/tool.h), locked down
 * as for a scan, and says how each check came out. Here the files are digested and compared with the list it sends; the verdict
 * is a function of the checks and of what was asked for (gh_verify_verdict()), never something that the worker says. */
#ifndef GH_SCAN_VERIFY_VERIFY_H
#define GH_SCAN_VERIFY_VERIFY_H
#include "base/arena.h"
#include "crypto/sigstore/verify.h"
#include "scan/verify/proto.h"

/* A file whose digest was taken when its bytes were read, long ago: of a model in the catalog. */
struct gh_verify_file {
	const char *name; /* below the model */
	uint64_t size;
	const char *sha256; /* 64 digits */
};

struct gh_verify_options {
	const char *bundle; /* path of the signature */
	/* What to trust: key (with or without root), ca, or root. Paths; NULL: not given. */
	const char *key, *ca, *root;
	const char *identity, *issuer; /* NULL: any, where that is allowed */
	/* What was signed: one of them. NULL, NULL: the envelope alone is verified. */
	const char *model, *artifact;
	/* Or what is known of it without its bytes. known: all files of a model, by name; digests that need the bytes (BLAKE2b, shards
	 * that are parts of files) cannot be compared, which is said. digest: SHA-256 of an artifact, 64 digits. */
	const struct gh_verify_file *known;
	size_t nknown;
	const char
		*own; /* with known: SHA-256 of the signature itself, which may lie among the files; NULL: not asked */
	const char *digest;
	const char *const *ignore; /* files of the model that need not be signed: names below it */
	size_t nignore;
	bool allow_unsigned; /* files that the signature does not list are no failure */
	int64_t now;	     /* seconds since 1970 */
	const char *worker;  /* NULL: as usual */
	size_t memory;	     /* of the worker, bytes; 0: default */
	unsigned seconds;    /* for the worker; 0: default */
	void (*progress)(void *arg, uint64_t done, uint64_t all); /* bytes of the model; may be NULL */
	void *arg;
};

enum gh_verify_verdict { GH_VERIFY_VALID, GH_VERIFY_INVALID, GH_VERIFY_UNKNOWN };

enum { GH_VERIFY_PROBLEMS = 200, GH_VERIFY_TIMES = GH_VC_TIMES };
struct gh_verify_report {
	enum gh_vmode mode;
	enum gh_verify_verdict verdict;
	const char
		*why; /* one line: the first reason against VALID; "" when valid. Safe to print, as everything here */
	struct gh_vchecks checks;	   /* details are safe to print */
	const char *text[GH_VERIFY_TEXTS]; /* by enum gh_verify_text; "" when there is none */
	int64_t time[GH_VERIFY_TIMES];
	size_t ntimes;
	bool has_log_index;
	uint64_t log_index;
	/* of a model */
	bool has_model;
	enum gh_oms_method method;
	enum gh_md md;
	uint64_t shard_size;
	const char *name; /* as signed */
	char root[65];
	uint64_t files, parts, bytes; /* compared */
	uint64_t extra;		      /* files that are not signed */
	struct {
		enum gh_vcheck check;
		const char *file, *why;
	} problem[GH_VERIFY_PROBLEMS];
	uint64_t problems; /* all of them; the list holds the first */
	struct gh_arena arena;
};

/* Verify. GH_OK: the report holds a verdict. Otherwise nothing could be judged (a file that is not there, a key that is none, a
 * worker that cannot be started): err says why, and the verdict is UNKNOWN. The report is to be freed in every case. */
enum gh_rc gh_verify_run(const struct gh_verify_options *opt, struct gh_verify_report *out, struct gh_err *err);
void gh_verify_free(struct gh_verify_report *r);
/* The checks that this request needs, and what they say. */
enum gh_verify_verdict gh_verify_verdict(const struct gh_vchecks *c, enum gh_vmode mode, bool model, bool artifact);

void gh_verify_text(const struct gh_verify_report *r, bool colour, bool verbose, struct gh_buf *out);
void gh_verify_json(const struct gh_verify_report *r, struct gh_buf *out);
#endif
