/* detonate.h - load a model with its real loader in a jail and say what it attempted. See docs/detonation.md.
 *
 * Which loader is chosen by the format that the scan identified. Events that the same loader causes without the model on
 * this machine are taken away. The file must be the one that was scanned: its digest is compared before, its identity
 * after the run. */
#ifndef GH_RUNTIME_DETONATE_H
#define GH_RUNTIME_DETONATE_H
#include "base/err.h"
#include "os/tree.h"
#include "scan/detonation.h"

struct gh_detonate_options {
	const char *
		python; /* interpreter; NULL: the first python3 of PATH, /usr/bin, /usr/local/bin that has what is needed */
	const char *engine;  /* folder with libllama; NULL: where npm puts it, and beside the program */
	const char *command; /* own loader for every file, "{path}" stands for the file; NULL: none */
	unsigned seconds;    /* for each run */
	uint64_t memory;     /* bytes, for each run */
	uint64_t disk;	     /* bytes that may be written, in memory */
};
extern const struct gh_detonate_options gh_detonate_options_default;

struct gh_detonator;
/* Options are kept as pointers. Fails (GH_E_MALFORMED) when the own command cannot be understood or its program is not
 * there, and when the interpreter that was asked for does not answer. */
enum gh_rc gh_detonator_new(const struct gh_detonate_options *opt, struct gh_detonator **out, struct gh_err *err);
void gh_detonator_free(struct gh_detonator *d);

/* What is to be loaded: the path of the file, and of the directory it is part of (NULL: it is the whole artifact); name is
 * its path below that directory. */
struct gh_detonate_file {
	const char *path, *dir, *name;
	const struct gh_file_report *report;
};
/* False: no loader is for this format, and *out says nothing. Texts of *out are made in the arena. */
/* The same, in the shape that the scanner calls (struct gh_scan_options). */
bool gh_detonate_entry(void *detonator, const struct gh_os_entry *e, const char *dir, const struct gh_file_report *r,
		       struct gh_arena *a, struct gh_detonation *out);
bool gh_detonate(struct gh_detonator *d, const struct gh_detonate_file *f, struct gh_arena *a,
		 struct gh_detonation *out);
#endif
