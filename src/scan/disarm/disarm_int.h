/* disarm_int.h - what the two files of the trusted side share: take.c takes one file apart, disarm.c makes a whole of them. */
#ifndef GH_SCAN_DISARM_DISARM_INT_H
#define GH_SCAN_DISARM_DISARM_INT_H
#include "os/tree.h"
#include "scan/disarm/disarm.h"
#include "scan/disarm/place.h"
#include "scan/tool.h"

struct gh_disarm {
	struct gh_arena arena;
	struct gh_place place;
	struct gh_disarm_report report;
	struct gh_disarm_file *file;
	size_t nfile;
	struct gh_scan *scan; /* of the rescan */
	const struct gh_disarm_options *opt;
	bool alone; /* IN is one file */
	const struct gh_os_tree *tree;
	struct gh_tool_keep worker; /* for the next file; ended before the result is scanned */
	/* The digest of the file before, which may still be read while the next one is taken apart, or the result scanned. */
	struct {
		struct gh_digest digest;
		struct gh_disarm_file *f; /* NULL: none */
		int fd;
	} late;
};

/* Copies in the arena that are safe to print. */
const char *gh_disarm_word(struct gh_disarm *d, const char *s);
const char *gh_disarm_words(struct gh_disarm *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* The part of a path behind its last slash. */
const char *gh_disarm_base(const char *name);

/* Take e apart in a worker, write what comes of it below the place, and say so in *f. */
void gh_disarm_take(struct gh_disarm *d, struct gh_disarm_file *f, const struct gh_os_entry *e);
/* Wait for the digest of the file that was taken last. */
void gh_disarm_await(struct gh_disarm *d);
#endif
