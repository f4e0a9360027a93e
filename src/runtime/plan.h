/* plan.h - what a jail shows and starts for one run of a loader: the host's programs and libraries, the model, a made-up home,
 * the loader's script, its command line and environment. Only puts together; src/runtime/watch.h runs it. */
#ifndef GH_RUNTIME_PLAN_H
#define GH_RUNTIME_PLAN_H
#include "base/arena.h"
#include "os/jail.h"
#include "runtime/loaders.h"

#include <sys/stat.h>

enum { GH_PLAN_WORDS = 64 };

struct gh_plan {
	struct gh_jail_bind bind[GH_JAIL_BINDS];
	size_t nbind;
	struct gh_jail_link link[8];
	size_t nlink;
	struct gh_jail_text text[40];
	size_t ntext;
	const char *ordinary[8]; /* directories that may be read */
	size_t nordinary;
	const char *argv[GH_PLAN_WORDS + 2];
	const char *env[32];
	char r_home[420], r_libs[440], lib_path[520];
	const char *inside; /* where the file is, in the jail */
};

/* What this machine has for it. What the loader does not need may be NULL. */
struct gh_plan_with {
	const struct gh_python *python;
	const char *engine, *r; /* folder of llama.cpp's libraries; R's home */
	const char **command;	/* own loader, at most GH_PLAN_WORDS words, the first its program's path; NULL: none */
	size_t ncommand;
};

/* Show the model: the file `path`, whose status is st, alone, or as `name` in the directory dir (NULL: alone). Sets p->inside.
 * p is zeroed before. NULL, or why it cannot be shown. Texts are made in the arena or kept as pointers. */
const char *gh_plan_model(struct gh_plan *p, const char *path, const char *dir, const char *name, const struct stat *st,
			  struct gh_arena *a);
/* The same for a model that is no file of the host: its bytes, which stay the caller's until it was run, under this name alone. */
const char *gh_plan_bytes(struct gh_plan *p, struct gh_span bytes, const char *name, struct gh_arena *a);
/* Everything else. modules: NULL for a run with the model; else a run without it, which imports these instead ("" for none),
 * with an empty file where the model would be. NULL, or why it cannot be run. */
const char *gh_plan_run(struct gh_plan *p, const struct gh_plan_with *with, const struct gh_loader *l,
			const char *modules, struct gh_arena *a);
#endif
