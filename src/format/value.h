/* value.h - abstract values: what a loader would hold in its hands after running a stream, without running it.
 * Built by the pickle machine (and later by other readers of object graphs), read by checks.
 *
 * A value is a 64-bit handle; its meaning belongs to the heap that made it and dies with it. Small atoms live in
 * the handle, long strings stay where they are in the source and are fetched on demand. Containers keep their first
 * GH_VAL_KEPT items (more when the maker of the heap wants them) and the true count. */
#ifndef GH_FORMAT_VALUE_H
#define GH_FORMAT_VALUE_H
#include "base/buf.h"
#include "base/span.h"
#include "format/src.h"

typedef uint64_t gh_val;
struct gh_heap;

enum { GH_VAL_KEPT = 1024 };

enum gh_vkind {
	GH_V_NONE,
	GH_V_BOOL,
	GH_V_INT, /* fits int64_t */
	GH_V_BIGINT,
	GH_V_FLOAT,
	GH_V_STR, /* text(): UTF-8, lone surrogates as three-byte sequences */
	GH_V_BYTES,
	GH_V_BYTEARRAY,
	GH_V_TUPLE,
	GH_V_LIST,
	GH_V_DICT,
	GH_V_SET,
	GH_V_FROZENSET,
	GH_V_GLOBAL, /* an imported object: module and name */
	GH_V_OBJECT, /* the result of a call: callee() and args() */
	GH_V_PERSID, /* what persistent_load would return for item(0) */
	GH_V_BUFFER, /* an out-of-band buffer */
	GH_V_UNKNOWN,
};

enum gh_vkind gh_val_kind(const struct gh_heap *h, gh_val v);
/* BOOL and INT. False for any other kind. */
bool gh_val_int(const struct gh_heap *h, gh_val v, int64_t *out);
bool gh_val_float(const struct gh_heap *h, gh_val v, double *out);
/* Items of a TUPLE, LIST, SET, FROZENSET; pairs of a DICT; bytes of STR, BYTES, BYTEARRAY, digits of a BIGINT. */
uint64_t gh_val_len(const struct gh_heap *h, gh_val v);
/* Item i of a TUPLE, LIST, SET or FROZENSET, i < min(len, GH_VAL_KEPT); UNKNOWN beyond that.
 * PERSID: item 0 is the id. OBJECT: the items (state, appended elements) given to it after its creation. */
gh_val gh_val_item(const struct gh_heap *h, gh_val v, uint64_t i);
/* Is there, beyond the kept items, anything that is neither a literal nor made by the same call as the kept ones? What
 * a check says about the kept items then says nothing about the rest. */
bool gh_val_more(const struct gh_heap *h, gh_val v);
/* Key and value of pair i of a DICT. */
gh_val gh_val_key(const struct gh_heap *h, gh_val v, uint64_t i);
gh_val gh_val_at(const struct gh_heap *h, gh_val v, uint64_t i);
/* The value for a string key of a DICT (the last one wins, as in the loader). False when absent. */
bool gh_val_get(const struct gh_heap *h, gh_val v, const char *key, gh_val *out);
/* The first `max` (<= 4096) bytes of STR, BYTES, BYTEARRAY, or the digits of a BIGINT, copied to the heap's arena;
 * p == NULL for any other kind or when the arena is full. */
struct gh_span gh_val_text(struct gh_heap *h, gh_val v, size_t max);
/* All bytes of a BYTES, BYTEARRAY or, character by character, of a STR in Latin-1, in order. False when they do not stand
 * in the source as they are. What all readers of a heap read together is bounded by a few times the source: after that
 * they read nothing. */
struct gh_val_reader {
	struct gh_heap *heap;
	struct gh_cur cur;
	uint64_t left; /* bytes of the source */
	bool text, escaped;
};
bool gh_val_reader(struct gh_heap *h, gh_val v, struct gh_val_reader *r);
/* False when there are fewer than n bytes, or none may be read any more. */
bool gh_val_read(struct gh_val_reader *r, uint8_t *to, size_t n);
/* A STR equal to s? */
bool gh_val_is(struct gh_heap *h, gh_val v, const char *s);
/* GLOBAL: its names as spelled in the stream. */
bool gh_val_global(const struct gh_heap *h, gh_val v, struct gh_span *module, struct gh_span *name);
/* OBJECT: what was called, and with which argument tuple (UNKNOWN when not a tuple). */
gh_val gh_val_callee(const struct gh_heap *h, gh_val v);
gh_val gh_val_args(const struct gh_heap *h, gh_val v);
/* OBJECT: keyword arguments, or NONE. Of an array that joblib stored inline: "F" when its first index runs fastest. */
gh_val gh_val_kwargs(const struct gh_heap *h, gh_val v);
/* Append a Python-like expression: os.system('curl … | sh'). Bounded by max bytes; hostile text made safe. */
void gh_val_render(struct gh_heap *h, gh_val v, struct gh_buf *out, size_t max);
#endif
