/* repo_code.h - a directory as Python sees it: which file a module is, what a source reaches from beside it, and which files are
 * imported or run for their names alone. Pure: facts and reports in (see repo.h), indices of files out.
 *
 * Python looks for a module first where the program stands, then among the installed libraries (Python Library Reference,
 * "sys.path"); a package's own modules are found by relative names ("The import system", 5.7). `site` runs sitecustomize and
 * usercustomize, and obeys .pth files. */
#ifndef GH_SCAN_REPO_CODE_H
#define GH_SCAN_REPO_CODE_H
#include "scan/repo.h"

enum gh_repo_name {
	GH_NAME_PLAIN,
	GH_NAME_SHADOWS, /* stands where a library is imported from */
	GH_NAME_COMMON,	 /* the same, but people call their own files so */
	GH_NAME_STARTS,	 /* Python obeys it at every start */
	GH_NAME_TOOLS,	 /* tests, builds or installers run it by its name */
};

/* How many names may still be compared: directories can have any number of files. A question that cannot be paid any more is
 * answered as if nothing was found, and `spent` says so. */
struct gh_repo_work {
	uint64_t left;
	bool spent;
};
enum { GH_REPO_WORK = 300 << 20 };

/* What the name of file i, which has a report, says; why: for a report, one line, safe to print; untouched when it is PLAIN. */
enum gh_repo_name gh_repo_name(const struct gh_repo_file *file, size_t n, size_t i, struct gh_repo_work *work,
			       char *why, size_t max);

/* The file that a module named in file i is: "..pkg.mod" beside it, "pkg.mod" from the directory of file i, then (top: and)
 * from the root of the artifact. With `top`, a package stands for its __main__. n: none. */
size_t gh_repo_module(const struct gh_repo_file *file, size_t n, size_t i, const char *module, bool top,
		      struct gh_repo_work *work);

enum { GH_REACH_FILES = 128, GH_REACH_ABSENT = 8 };
struct gh_repo_reach {
	size_t file[GH_REACH_FILES], n; /* the start first, each once */
	struct {
		const char *module;
		size_t from; /* the file that imports it */
	} absent[GH_REACH_ABSENT];
	size_t nabsent;
	bool lost; /* there are more files */
};
/* What a source imports by relative names, directly or not. A name that is no module is absent only where nothing else can be
 * meant: `from .a import b` without an a. */
void gh_repo_reach(const struct gh_repo_file *file, size_t n, size_t start, struct gh_repo_work *work,
		   struct gh_repo_reach *r);
#endif
