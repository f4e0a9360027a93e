/* scan.h - scan files and directories with a pool of sandboxed workers and give a report.
 *
 * Each path is one artifact: its files share a pool of workers, and no worker ever serves two artifacts. The calling
 * process reads the files (read(2), never mmap) and digests them; only workers parse. */
#ifndef GH_SCAN_SCAN_H
#define GH_SCAN_SCAN_H
#include "base/err.h"
#include "check/data.h"
#include "format/format.h"
#include "scan/report.h"

struct gh_detonation;
struct gh_os_entry;

struct gh_vex;
struct gh_advset;

/* Somebody who reads along what the scan reads, from the same memory: an import encrypts the very bytes that were judged and
 * digested. All calls about one file come from one thread, those about different files from different ones. A file may come
 * more than once (its worker died, or another file explained what it is): the last digest counts. */
struct gh_along {
	void *arg;
	/* A file of `size` bytes begins. ring: a memory whose byte x % GH_RING (scan/proto.h) is byte x of the file; others can
	 * map it for reading only. NULL: nobody reads along. */
	void *(*begin)(void *arg, const char *name, uint64_t size, int ring);
	void (*head)(void *file, uint64_t head); /* the bytes below are there now */
	uint64_t (*taken)(void *file); /* bytes below are not needed any more; UINT64_MAX: none are. Does not wait */
	int (*wake)(void *file);       /* descriptor that is readable when taken() has moved */
	void (*end)(void *file, const char *sha256); /* over; "": it could not be read to its end */
	/* NULL, or: is the whole of no use any more? Then no more is read: the file at hand ends with "", and gh_scan_run() with it
	 * or with an error that says no more than that. From any thread, often. */
	bool (*over)(void *arg);
};

/* An artifact that is no path: a list of files, each opened when its turn comes (a stored model whose files are decrypted into
 * memory one by one). Calls come from several threads. */
struct gh_scan_source {
	void *arg;
	const char *const *name; /* below the artifact: "tokenizer/vocab.json"; sorted bytewise */
	const uint64_t *size;	 /* bytes */
	size_t n;
	int (*open)(void *arg, size_t i); /* a descriptor for reading that the scan closes, or -1 with errno */
};

struct gh_scan_options {
	struct gh_limits limits;
	unsigned jobs;	  /* workers at a time, >= 1 */
	unsigned seconds; /* clock per file, the backstop behind the work budgets */
	size_t memory;	  /* address space of one worker, bytes */
	/* For the checks, by kind; p == NULL: none. Verified by the caller, and its own as long as the scan runs. */
	struct gh_data data;
	/* By stage: why it does not run (NULL: it does), and what it works with (NULL: only what is built in). */
	const char *stage_off[GH_STAGES], *stage_with[GH_STAGES];
	const char
		*stage_lacks[GH_STAGES]; /* why a stage works with less than it was given: it is incomplete; or NULL */
	/* The last stage: called for each file that was read, when all files of its artifact were read and compared; NULL: not
	 * asked for. dir: the artifact's directory, NULL when it is one file. False: nothing is to be done with this file.
	 * Texts of *out are made in the arena. */
	bool (*detonate)(void *arg, const struct gh_os_entry *e, const char *dir, const struct gh_file_report *r,
			 struct gh_arena *a, struct gh_detonation *out);
	void *detonate_arg;
	const struct gh_vex *vex;	     /* statements that silence known vulnerabilities (scan/vex.h), or NULL */
	const struct gh_advset *advisories;  /* whose aliases they may use, or NULL */
	const char *clamd;		     /* where the virus scanner listens (scan/clamd.h); NULL: not asked for */
	const struct gh_along *along;	     /* NULL: nobody reads along */
	const struct gh_scan_source *source; /* NULL: paths are scanned; else this, once, for the one path given */
	/* Not NULL: names in the report count from the artifact ("tokenizer/vocab.json"), wherever it lies; an artifact that is one
	 * file has this name. So the same model has the same report on every machine. */
	const char *known_as;
	const char *worker; /* path of gatehouse-worker; NULL: beside the running program, or in ../libexec/gatehouse */
	/* Called now and then, from several threads but never at the same time. May be NULL. */
	void (*progress)(void *arg, uint64_t files_done, uint64_t files, uint64_t bytes_done, uint64_t bytes);
	void *progress_arg;
};
extern const struct gh_scan_options gh_scan_options_default;

struct gh_scan; /* owns the memory of a report */

/* Scan the paths ("-": standard input). The report lives until gh_scan_free(). A path that cannot be read is a row
 * with an INCOMPLETE finding, not an error; failure means that nothing could be scanned at all (no worker). */
enum gh_rc gh_scan_run(const char *const *path, size_t n, const struct gh_scan_options *opt, struct gh_scan **out,
		       const struct gh_scan_report **report, struct gh_err *err);
void gh_scan_free(struct gh_scan *s);
#endif
