/* dep.h - one line of a list of Python dependencies: PEP 508 requirements and the options of pip's requirements files.
 * Pure functions of text; spans point into the line. */
#ifndef GH_WIRE_DEP_H
#define GH_WIRE_DEP_H
#include "base/span.h"

enum gh_dep_kind {
	GH_DEP_NONE,	/* blank, or a comment */
	GH_DEP_PACKAGE, /* name and version */
	GH_DEP_URL,	/* from an address: git+https://…, name @ https://… */
	GH_DEP_PATH,	/* a folder or file: ./x, -e . */
	GH_DEP_FILE,	/* -r, -c: another list */
	GH_DEP_INDEX,	/* where packages come from: --index-url, --extra-index-url, --find-links, --trusted-host */
	GH_DEP_OPTION,	/* changes nothing about what is installed from where */
	GH_DEP_UNKNOWN,
};

struct gh_dep {
	enum gh_dep_kind kind;
	char name[80];		/* PACKAGE and named URL: normalised (PEP 503), cut at 79 bytes */
	struct gh_span version; /* PACKAGE: the specifiers as spelt, "==1.0" */
	struct gh_span target;	/* URL, PATH, FILE, INDEX: what it names */
	bool trusted_host;	/* INDEX: switches the check of certificates off */
};

/* line: without its newline, continuation lines already joined. */
struct gh_dep gh_dep_line(struct gh_span line);
/* Letters small, runs of . - _ one hyphen (PEP 503). */
void gh_dep_normalise(struct gh_span name, char out[80]);
/* An index, encrypted, of those who everybody gets packages from? */
bool gh_dep_known_index(struct gh_span url);
/* -1, 0, 1 for release numbers as in "1.13.0" (PEP 440: release segment only). */
int gh_dep_compare(struct gh_span a, const char *b);
#endif
