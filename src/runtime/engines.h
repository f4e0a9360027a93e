/* engines.h - engine profiles: how an engine is started, and what it may. Shipped ones are rules/engines/NAME.yaml, compiled in;
 * a user's own one is a file of the same form, read in the worker. docs/isolation.md describes the form. */
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

struct gh_engine_bind {
	const char *host,
		*inside; /* host: absolute, or "{engine}/…": the engine's own directory. inside: NULL: the same */
	bool optional;
	bool tree; /* a directory; else a file, which is copied */
};

struct gh_engine_profile {
	const char *name, *about;
	const char *const *argv,
		*const *envp; /* words with {model}, {file:NAME}, {socket}, {context}, {threads}, {parallel},
						{alias}; end with NULL. argv[0]: path inside */
	size_t nargv, nenv;
	const struct gh_engine_bind *bind;
	size_t nbind;
	bool libraries;	      /* find what argv[0] and `load` need as ld.so would, and show it inside */
	const char *syscalls; /* row of the seccomp lists: "engine", "python" */
	enum gh_engine_socket socket;
	enum gh_stub_model model;
	const char *ready;	/* path that answers 200 when it serves: "/health" */
	unsigned ready_seconds; /* at most so long until then */
	uint64_t memory;	/* bytes beside the model itself */
	uint64_t disk;		/* bytes of /tmp, in memory */
	unsigned processes;	/* with threads */
	struct gh_span text;	/* the canonical form: part `config` of the measurement */
};

/* A shipped one. NULL: there is none of this name. */
const struct gh_engine_profile *gh_engine_profile(const char *name);
/* The i-th shipped one; NULL behind the last. The first is the default. */
const struct gh_engine_profile *gh_engine_profile_at(size_t i);

/* Everything that will be executed, read once from opened descriptors into private memory, and digested. */
struct gh_engine_image;
/* where: directory of the engine ("{engine}"); NULL: beside the program, or where the build put it. GH_E_ABSENT: something is not
 * there (the line says what, and how to get it). */
enum gh_rc gh_engine_load(const struct gh_engine_profile *p, const char *where, struct gh_engine_image **out,
			  struct gh_err *err);
void gh_engine_free(struct gh_engine_image *i);
const struct gh_measurement *gh_engine_measurement(const struct gh_engine_image *i);
const struct gh_engine_profile *gh_engine_of(const struct gh_engine_image *i);
/* Are the files on disk still those that were loaded? For supervision: reads them again. GH_E_DENIED with the difference. */
enum gh_rc gh_engine_check(const struct gh_engine_image *i, struct gh_err *err);
#endif
