/* machine.h - the inside of the pickle machine, shared by its files. pickle.h is what others use.
 *
 *	ops.c      the opcode table           operand.c  bytes, lines and frames of the stream
 *	atoms.c    numbers and strings        stack.c    stack, marks, memo, containers
 *	calls.c    imports, calls, mutation   nested.c   pickles inside strings
 *	array.c    joblib's inline arrays     compat.c   Python 2 names
 *	run.c      dialects, claims, results  probe.c    is this a pickle at all
 *
 * One run follows one dialect: a set of the flags below. The C unpickler of CPython 3.11 is the set of none. Where
 * another reader would behave otherwise, the run notes the difference (pkl_differs) and run.c runs that dialect too. */
#ifndef GH_FORMAT_PICKLE_MACHINE_H
#define GH_FORMAT_PICKLE_MACHINE_H
#include "format/pickle/heap.h"
#include "format/pickle/pickle.h"

enum pkl_dialect {
	PKL_PY = 1,	/* pickle.py, also under joblib: frames are enforced, any iterable is an argument list … */
	PKL_LAX = 2,	/* loaded with other options or another version: encoding, buffers, no limit on digits */
	PKL_ARRAYS = 4, /* joblib's unpickler: arrays stand inline after their wrapper */
	PKL_FILE =
		16, /* the C reader on a file that cannot peek, or with large frames: a read that crosses the end of a
			 * frame drops what is left of it and begins behind it */
	PKL_INERT = 8, /* what a call returns is an opaque object, never a str, tuple or type of consequence: the
			 * assumption of the differential test against CPython */
};

/* How readers part. The first place of each kind in a stream is kept. */
enum pkl_part {
	PKL_PART_C,	/* pickle.py raises here, the C reader goes on */
	PKL_PART_PY,	/* pickle.py goes on or does more: its reading has to be looked at as well */
	PKL_PART_LAX,	/* other options or versions go on */
	PKL_PART_FILE,	/* the C reader on memory goes on, on a file it goes on elsewhere, pickle.py raises */
	PKL_PART_PLAIN, /* a reader that does not know inline arrays goes on at the array's bytes */
	PKL_PARTS
};

struct pkl_place {
	uint64_t op;  /* ordinal of the opcode, from 1; 0: never happened */
	uint64_t off; /* where it starts */
	const char *why;
};

struct pkl_memo {
	gh_val *dense;
	size_t ndense;
	struct pkl_slot {
		uint64_t key; /* index + 1; 0: free */
		gh_val v;
	} *sparse; /* open addressing, power of two */
	size_t nsparse, msparse;
	uint64_t count; /* entries: what MEMOIZE numbers the next one with */
};

/* What the runs of one stream share. */
struct pkl_shared {
	uint64_t claimed; /* everything below is claimed or given up */
	uint64_t from_op; /* events of earlier opcodes were told by an earlier run */
	uint64_t *seen;	  /* fingerprints of events told after the first difference; open addressing */
	size_t nseen, mseen;
	bool seen_full;
	uint64_t steps; /* opcodes left */
	bool nested_spent;
	uint64_t nested; /* strings that may still be looked into by running a machine */
};

struct pkl {
	struct gh_walk *w;
	struct gh_src *src;
	struct gh_arena *arena;
	struct gh_heap *h;
	const struct gh_pickle_hooks *hooks;
	struct pkl_shared *sh;
	unsigned dialect;
	const char *reading; /* of the events */
	bool mute;	     /* probing: nothing is emitted */
	bool until_call;     /* probing: stop at the first call */

	/* The window: [win, end) holds the source from base on; p is the position; fast operands end before lim. */
	const uint8_t *win, *p, *lim, *end;
	uint64_t base;
	uint32_t epoch;
	uint64_t frame_end;	 /* of pickle.py's current frame; UINT64_MAX: none */
	uint64_t file_pos;	 /* where the file goes on once the frame is used up */
	uint64_t op_off, op_end; /* the opcode being executed; end: after its operands */
	uint64_t nop;
	uint64_t claim_from;

	gh_val first[16]; /* the stack until it grows: small streams need no memory */
	gh_val *stack;
	size_t n, cap, fence;
	size_t *mark;
	size_t nmark, mcap;
	struct pkl_memo memo;
	unsigned proto;
	gh_val *todo; /* of pkl_give() */
	size_t mtodo;
	uint64_t seq; /* calls that made an object */
	bool stop;
	enum gh_rc rc; /* GH_OK, or what ended the run: MALFORMED broken, LIMIT, or the sink's own */
	bool sink_stop;
	struct pkl_place part[PKL_PARTS];
	bool big_text, sparse_memo, heavy_key;
	uint64_t big_off, sparse_off, heavy_off;
	bool arrays;	/* at least one inline array was met */
	bool raw_first; /* the first inline array holds numbers; one of objects is a pickle anyway, judged as such */
	bool buffers;	/* a buffer from outside is wanted */
	bool at_end;	/* broken because the source ended */
	uint64_t told;	/* events emitted */
	bool imports_stdlib;
	struct gh_pickle_result out;
};

/* ---- ending ------------------------------------------------------------------------------------------------------ */
/* The unpickler would raise here. Returns false, so that an operation can `return pkl_break(...)`. */
bool pkl_break(struct pkl *m, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));
bool pkl_limit(struct pkl *m, const char *fmt, ...) __attribute__((format(printf, 2, 3), cold));
void pkl_differs(struct pkl *m, enum pkl_part how, const char *why);

/* ---- operand.c ----------------------------------------------------------------------------------------------- */
static inline uint64_t pkl_off(const struct pkl *m) { return m->base + (uint64_t)(m->p - m->win); }
void pkl_seek(struct pkl *m, uint64_t off);
/* Load the window again if the source took it away. */
void pkl_sync(struct pkl *m);
/* n <= GH_WINDOW_MAX contiguous bytes, and move past them; NULL: the run has ended. Valid until the next call. */
const uint8_t *pkl_bytes(struct pkl *m, size_t n);
/* May n bytes be read here as far as frames are concerned? Moves, in some dialects. into: a copy of bytes. */
bool pkl_frame_holds(struct pkl *m, uint64_t n, bool into);
/* Move past n bytes of a counted operand without looking at them. */
bool pkl_skip(struct pkl *m, uint64_t n);

struct pkl_line {
	uint64_t off, len; /* without the newline */
	const uint8_t *p;  /* NULL when longer than GH_WINDOW_MAX */
	bool cut;	   /* pickle.py at the end of the file: no newline, its last byte dropped */
};
bool pkl_line(struct pkl *m, struct pkl_line *l, bool short_only);

/* ---- stack.c ------------------------------------------------------------------------------------------------- */
bool pkl_push_slow(struct pkl *m, gh_val v);
static inline bool pkl_push(struct pkl *m, gh_val v)
{
	if (__builtin_expect(m->n == m->cap, 0))
		return pkl_push_slow(m, v);
	m->stack[m->n++] = v;
	return true;
}
bool pkl_underflow(struct pkl *m);
static inline bool pkl_pop(struct pkl *m, gh_val *v)
{
	*v = GH_ABSENT;
	if (m->n <= m->fence)
		return pkl_underflow(m);
	*v = m->stack[--m->n];
	return true;
}
/* Pop the topmost mark; *at is where its items start on the stack. */
bool pkl_marker(struct pkl *m, size_t *at);
/* A value made by the heap: pushes it, or ends the run when memory is spent. */
bool pkl_push_made(struct pkl *m, gh_val v);
/* How a value takes part in operations whose outcome depends on its type. */
bool pkl_opaque(const struct pkl *m, gh_val v); /* could be anything: an import, what a call returned … */
static inline enum gh_vkind pkl_kind(const struct pkl *m, gh_val v) { return gh_val_kind(m->h, v); }
bool pkl_key_ok(struct pkl *m, gh_val key);

/* ---- calls.c ------------------------------------------------------------------------------------------------- */
bool pkl_emit_call(struct pkl *m, struct gh_call *c);
/* This value is in the hands of a call from now on, and all that it holds: whoever changes a container in it changes
 * what was judged. False: the run has ended. */
bool pkl_give(struct pkl *m, gh_val v);
/* Items [at, n) of the stack are added to the container `to`: tell it when that was given before. */
bool pkl_late(struct pkl *m, gh_val to, size_t at);
/* Every step-th of n items is hashed: tell those that a call made. */
bool pkl_hash(struct pkl *m, const gh_val *item, size_t n, size_t step);
bool pkl_append_to(struct pkl *m, gh_val target, size_t at, bool one);
bool pkl_setitems_on(struct pkl *m, gh_val target, size_t at);
bool pkl_additems_to(struct pkl *m, gh_val target, size_t at);

/* ---- others -------------------------------------------------------------------------------------------------- */
struct pkl_op {
	const char *name;
	bool (*run)(struct pkl *m, uint64_t arg); /* false: the run has ended */
	uint8_t fixed;				  /* operand bytes that are one little-endian number */
};
extern const struct pkl_op pkl_ops[256];

/* names after CPython's Python 2 mapping; false when nothing changes. Spans are static or the arguments'. */
bool pkl_compat(struct gh_span module, struct gh_span name, struct gh_span *to_module, struct gh_span *to_name);
/* Is the first part of this dotted path a module of the standard library? */
bool pkl_stdlib(struct gh_span module);
/* A string or bytes value was made: look for a pickle in it. */
void pkl_nested(struct pkl *m, gh_val v);
/* After BUILD: is this one of joblib's array wrappers? Consumes the array and replaces the value. */
bool pkl_array(struct pkl *m, gh_val *v);
/* An object that was just called or given a state: if it is an array of numpy, GH_EV_TENSOR with its bytes. */
bool pkl_ndarray(struct pkl *m, gh_val v);

/* One stream with every dialect that is needed. `arena` is where values live. */
enum gh_rc pkl_run(struct gh_walk *w, uint64_t off, const struct gh_pickle_hooks *hooks, struct gh_arena *arena,
		   struct gh_heap *heap, unsigned dialect, struct gh_pickle_result *out);
/* Run a stream without emitting anything, in the C reader's dialect and pickle.py's where they part. Stops at the
 * first call. */
struct pkl_peek {
	uint64_t calls, imports, opcodes;
	bool stop;	/* STOP was reached */
	bool truncated; /* broken only because the bytes end */
	bool stdlib;	/* a module of the standard library was imported */
	uint64_t off;	/* as in gh_pickle_result */
};
struct pkl_peek pkl_peek(struct gh_src *src, uint64_t off, uint64_t steps, size_t memory);
void pkl_loop(struct pkl *m);
/* Everything since the last claim is understood, up to data_from; [data_from, upto) is opaque data. */
void pkl_flush_claims(struct pkl *m, uint64_t upto, uint64_t data_from);
void pkl_start(struct pkl *m, struct gh_walk *w, uint64_t off, struct gh_arena *arena, struct gh_heap *heap,
	       struct pkl_shared *sh, unsigned dialect);

/* rules.c */
enum pkl_rule {
	PKL_MALFORMED,
	PKL_READERS,
	PKL_FRAMES,
	PKL_LIMIT,
	PKL_OPTIONS,
	PKL_DIGITS,
	PKL_EXPANSION,
	PKL_DEEP,
	PKL_MEMO,
	PKL_ARRAY,
	PKL_ARRAY_CODE,
	PKL_BUFFERS,
	PKL_LEFTOVER,
	PKL_STREAMS,
	PKL_RULES
};
extern const struct gh_rule pkl_rules[];
#endif
