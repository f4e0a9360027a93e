/* loaders.h - which program loads which format, and what it needs to see of this machine. */
#ifndef GH_RUNTIME_LOADERS_H
#define GH_RUNTIME_LOADERS_H
#include "base/arena.h"
#include "base/err.h"
#include "os/jail.h"

#include <stdbool.h>

enum gh_loader_host {
	GH_LOADER_PYTHON,
	GH_LOADER_R,
	GH_LOADER_NONE, /* loading it can run code, and nothing here does it: needs says what would */
};

struct gh_loader {
	const char *format; /* as the scan names it */
	enum gh_loader_host host;
	const char *kind;    /* argument of the loader script */
	const char *modules; /* Python: space separated; one of them must be installed; "": none is needed */
	const char *needs;   /* what a person would have to install */
	bool engine;	     /* needs the engine's folder */
	bool perhaps;	     /* the format may hold something else than a model: then failing proves nothing */
	bool inert;	     /* loading it runs nothing that the file brings along: no loader is missed */
	bool archive;	     /* holds other files: what they are loaded with follows from their formats */
	bool open;	     /* … and so does this one, which is more than that */
	const char *as;	     /* name for a file that has none of its own: some libraries go by the end of it */
};
/* All of them, in the order in which they are preferred. */
extern const struct gh_loader gh_loaders[];
extern const size_t gh_nloaders;
/* The loader for a format, or for the first of several joined by '+' that has one. NULL: none. */
const struct gh_loader *gh_loader_for(const char *format);
const struct gh_loader *gh_loader_named(const char *format);

/* A Python interpreter of this machine. */
struct gh_python {
	char path[400], prefix[400], base[400]; /* absolute */
	char found[400];			/* of the modules that loaders need: " torch numpy " */
};
/* Ask an interpreter about itself. False: it does not answer. */
bool gh_python_ask(const char *path, struct gh_python *out);
/* The candidates, each once, those of PATH first. Returns their number, at most max. */
size_t gh_python_all(struct gh_python *v, size_t max);
bool gh_python_has(const struct gh_python *p, const char *modules);

/* The folder of llama.cpp's libraries; false when none is here. */
bool gh_engine_find(const char *asked, char out[400]);
/* R's home ("/usr/lib/R"); false when R is not here. */
bool gh_r_home(char out[400]);

/* The scripts that run inside, part of this program. */
extern const char gh_load_py[], gh_load_py_end[], gh_load_r[], gh_load_r_end[];
#endif
