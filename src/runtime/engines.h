/* engines.h - engine profiles: how an engine is started, and what it may. Shipped ones are rules/engines/NAME.yaml, compiled in;
 * an operator's own one is a file of the same form. docs/isolation.md describes the form. */
#ifndef GH_RUNTIME_ENGINES_H
#define GH_RUNTIME_ENGINES_H
#include "base/arena.h"
#include "base/err.h"
#include "runtime/measure.h"
#include "runtime/stub_proto.h"

enum gh_engine_socket {
	GH_ENGINE_INHERIT = 1, /* the listening Unix socket is an inherited descriptor: "{socket}" becomes its number */
	GH_ENGINE_BIND,	       /* the engine makes it itself: "{socket}" becomes /run/gatehouse/engine.sock */
};

enum { GH_ENGINE_FILES = 256 }; /* files and directories that a profile may name, and that may be shown inside */

struct gh_engine_bind {
	const char *
		host; /* absolute, or "{engine}/…": the engine's own directory; one that ends in a slash and a star: all files of that directory */
	const char *inside; /* absolute; of all files of a directory: a directory */
	bool optional;
	bool tree; /* a directory, shown from where it lies; else a file, which is copied */
};

struct gh_engine_profile {
	const char *name, *about;
	const char *directory; /* absolute: "{engine}" where nobody says otherwise; NULL: beside gatehouse-engine */
	const char *program;   /* host path of argv[0], as in gh_engine_bind */
	/* Words with {model}, {file:NAME}, {socket}, {context}, {threads}, {parallel}, {alias}, {lock}; argv[0]: path inside */
	const char *const *argv, *const *envp;
	size_t nargv, nenv;
	const char *const *adapter; /* words added for each adapter, {adapter} being its file; none: it takes none */
	size_t nadapter;
	const struct gh_engine_bind *bind;
	size_t nbind;
	bool libraries;	      /* find what programs and libraries need as ld.so would, and show it inside */
	const char *syscalls; /* row of os/jail_serve.h: "engine", "python" */
	enum gh_engine_socket socket;
	enum gh_stub_model model;
	const char *ready;	/* path that answers 200 when it serves: "/health" */
	unsigned ready_seconds; /* at most so long until then */
	uint64_t memory;	/* bytes beside the model itself */
	uint64_t disk;		/* bytes of /tmp, in memory */
	unsigned processes;	/* with threads */
	struct gh_span text;	/* as it was read: part `config` of the measurement */
};

/* Read a profile; everything lies in the arena. Pure. GH_E_MALFORMED with the line and what is wrong there. */
enum gh_rc gh_engine_read(struct gh_arena *a, const char *name, struct gh_span text, struct gh_engine_profile *out,
			  struct gh_err *err);
/* A shipped one, read; GH_E_ABSENT: there is none of this name (the line lists them). */
enum gh_rc gh_engine_profile(struct gh_arena *a, const char *name, struct gh_engine_profile *out, struct gh_err *err);
/* The same, or one of the operator's own when there is a '/' in it: the path of a file. Its name then is that of the file, without
 * directory and ".yaml". It is configuration like gatehouse.yaml: whoever may write it may choose what is executed. */
enum gh_rc gh_engine_named(struct gh_arena *a, const char *name, struct gh_engine_profile *out, struct gh_err *err);
/* Name of the i-th shipped one; NULL behind the last. The first is the default. */
const char *gh_engine_name_at(size_t i);

/* Everything that will be executed, read once from opened descriptors into private memory, and digested. */
struct gh_engine_image;
/* where: directory of the engine ("{engine}"); NULL: the profile's, else where gatehouse-engine or else gatehouse-stub lies. p must live as long.
 * GH_E_ABSENT: something is not there (the line says what); GH_E_UNREAD: it is no program of this machine. */
enum gh_rc gh_engine_load(const struct gh_engine_profile *p, const char *where, struct gh_engine_image **out,
			  struct gh_err *err);
void gh_engine_free(struct gh_engine_image *i);
const struct gh_measurement *gh_engine_measurement(const struct gh_engine_image *i);
const struct gh_engine_profile *gh_engine_of(const struct gh_engine_image *i);
/* Are the files on disk still those that were loaded? For supervision: reads them again. GH_E_DENIED with the difference. */
enum gh_rc gh_engine_check(const struct gh_engine_image *i, struct gh_err *err);
#endif
