/* extract.h - the members of an archive that a loader would open, written to a file one behind the other: what detonation needs to
 * load them. Taking the archive apart is the work of a tool worker (mode "extract" of tool.h); the trusted process parses nothing of it.
 *
 * The caller says which formats are to be written, which are containers to be looked into, and which are only to be named. What was not
 * written although it should have been is said, with the reason: nothing is left out in silence. */
#ifndef GH_SCAN_EXTRACT_H
#define GH_SCAN_EXTRACT_H
#include "base/arena.h"
#include "base/err.h"

enum {
	GH_EXTRACT_NAMES = 60, /* formats of one job */
	GH_EXTRACT_COUNT = 64, /* members of one job at most */
	GH_EXTRACT_LEFT = 40,  /* reasons that are kept; the others are counted */
	GH_EXTRACT_DEPTH = 6,  /* containers within containers */
};

enum gh_extract_use {
	GH_EXTRACT_WRITE = 1,  /* a loader opens it */
	GH_EXTRACT_INERT = 2,  /* a loader opens it, and nothing in it runs: counted */
	GH_EXTRACT_OPEN = 4,   /* a container: its members are looked at */
	GH_EXTRACT_MISSED = 8, /* loading it can run code, and no loader is here: named */
};
struct gh_extract_name {
	const char *format; /* as the reader's row names it */
	unsigned use;	    /* of enum gh_extract_use */
};

struct gh_extract_job {
	const char *worker;		    /* path of gatehouse-worker, or NULL (see tool.h) */
	const struct gh_extract_name *name; /* at most GH_EXTRACT_NAMES */
	size_t nname;
	unsigned count; /* members to be written, at most GH_EXTRACT_COUNT */
	uint64_t each;	/* bytes of one of them */
	uint64_t bytes; /* … and of all */
	unsigned seconds;
};

struct gh_extract_member {
	const char *path;  /* in the archive, nested ones with " > "; safe to print */
	uint64_t off, len; /* in the output; off is a multiple of 4096 */
	uint64_t formats;  /* bit i: it is of job.name[i] */
};

enum gh_extract_why {
	GH_EXTRACT_TOO_MANY, /* members */
	GH_EXTRACT_TOO_LARGE,
	GH_EXTRACT_NO_LOADER,
	GH_EXTRACT_UNREAD, /* a container could not be read to its end: text says why */
	GH_EXTRACT_WHYS
};
struct gh_extract_left {
	enum gh_extract_why why;
	const char *path; /* of the member, or of the container; safe to print */
	const char *text; /* of the worker; safe to print, may be "" */
	uint64_t formats;
};

struct gh_extracted {
	struct gh_extract_member v[GH_EXTRACT_COUNT];
	size_t n;
	struct gh_extract_left left[GH_EXTRACT_LEFT];
	size_t nleft;
	uint64_t more;	/* reasons beyond these */
	uint64_t inert; /* members in which nothing runs */
};

/* in: the archive, open for reading; name: for messages. out: an empty file, open for reading and writing, into which the members go.
 * Texts of *x lie in the arena. Fails as gh_tool_run() does; then *x is of no use. */
enum gh_rc gh_extract(int in, const char *name, const struct gh_extract_job *job, int out, struct gh_arena *a,
		      struct gh_extracted *x, struct gh_err *err);
#endif
