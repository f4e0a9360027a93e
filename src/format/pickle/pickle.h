/* pickle.h - the abstract machine of Python's unpickler (protocols 0-5), for the readers whose files hold pickle
 * streams: pickle itself, joblib, PyTorch, NumPy. It executes nothing: it keeps the stack, the memo and the marks
 * that CPython would keep and emits an event for every import and call at the moment it would happen, also in a
 * stream that breaks later.
 *
 * Source: CPython Lib/pickle.py, Modules/_pickle.c, Lib/pickletools.py. */
#ifndef GH_FORMAT_PICKLE_PICKLE_H
#define GH_FORMAT_PICKLE_PICKLE_H
#include "format/format.h"

enum gh_pickle_end {
	GH_PICKLE_STOP,	  /* STOP was reached */
	GH_PICKLE_BROKEN, /* the unpickler would raise here; imports and calls before it have happened */
	GH_PICKLE_LIMIT,  /* a budget ran out */
};

struct gh_pickle_result {
	enum gh_pickle_end end;
	uint64_t off;	/* one past the last byte the unpickler consumed; of BROKEN: where the failing opcode starts */
	unsigned proto; /* highest protocol announced; 0 when none was */
	uint64_t opcodes; /* executed */
	uint64_t imports; /* names asked of find_class */
	uint64_t calls;	  /* calls made, of any kind */
	struct gh_heap *heap;
	gh_val value;  /* what load() returns; UNKNOWN unless STOP */
	char why[120]; /* of BROKEN and LIMIT: the reason, safe to print */
};

struct gh_pickle_hooks {
	void *arg;
	/* Every call and import, before it goes to the sink. May be NULL. */
	void (*call)(void *arg, const struct gh_call *c, struct gh_range at);
	uint32_t keep; /* items of a container that its value keeps; 0: GH_VAL_KEPT */
};

/* Run one stream that starts at off in w->src. Claims the bytes it understands, emits GH_EV_CALL for each import and
 * call, GH_EV_ANOMALY for what is malformed or differs between the C and the pure-Python unpickler, GH_EV_MEMBER for
 * pickles nested in strings, GH_EV_TENSOR for arrays stored inline (joblib). hooks may be NULL.
 * GH_OK whatever the stream's end (see out->end); GH_E_LIMIT when the sink or a budget says stop. */
enum gh_rc gh_pickle_run(struct gh_walk *w, uint64_t off, const struct gh_pickle_hooks *hooks,
			 struct gh_pickle_result *out);

/* Could these first bytes of a source be a pickle stream? GH_STRONG: a PROTO opcode, or a stream without one that
 * runs to a call or a STOP, or on to the end of `head`; GH_WEAK: starts like one; GH_NO. Runs the machine on head. */
enum gh_match gh_pickle_probe(struct gh_span head, uint64_t size);
#endif
