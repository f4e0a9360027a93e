/* heap.h - how the abstract values of value.h are laid out. Private to value.c and to the readers that build values
 * (the pickle machine); everybody else uses value.h.
 *
 * A value is 64 bits: four bits of tag, the rest is the atom itself, a place in the source, or the address of a node
 * in the arena (nodes are 16-aligned, so that the tag fits). Strings and floats stay in the source. */
#ifndef GH_FORMAT_PICKLE_HEAP_H
#define GH_FORMAT_PICKLE_HEAP_H
#include "base/arena.h"
#include "format/src.h"
#include "format/value.h"

enum gh_tag {
	GH_TAG_CONST, /* one of the constants below */
	GH_TAG_INT,   /* 60 bits, signed */
	GH_TAG_STR,   /* UTF-8 in the source: 40 bits of offset, 20 bits of length */
	GH_TAG_BYTES, /* the same for bytes */
	GH_TAG_FLOAT, /* offset of eight big-endian bytes in the source */
	GH_TAG_NODE,
};

#define GH_ABSENT ((gh_val)0) /* no value at all: an empty slot */
#define GH_NONE ((gh_val)1 << 4)
#define GH_FALSE ((gh_val)2 << 4)
#define GH_TRUE ((gh_val)3 << 4)
#define GH_UNKNOWN ((gh_val)4 << 4)
#define GH_BUFFER ((gh_val)5 << 4)	/* what the caller of load() passes beside the stream */
#define GH_BUFFER_VIEW ((gh_val)6 << 4) /* read-only view of a bytearray: not hashable */

enum {
	GH_NF_UNHASHABLE = 1, /* list, dict, set, bytearray, and a tuple that holds one */
	GH_NF_INLINE = 2,     /* up to two items stand in the node itself */
	GH_NF_MEM = 4,	      /* bytes in memory; else in the source */
	GH_NF_ESCAPED = 8,    /* source bytes with the escapes of a Python string literal */
	GH_NF_RAWUNI = 16,    /* source bytes in raw-unicode-escape */
	GH_NF_GIVEN = 64,     /* handed to a call, directly or inside another container */
	GH_NF_MIXED = 128,    /* a container that holds something other than literals */
	GH_NF_DIGITS = 32,    /* BIGINT: decimal or prefixed digits as text; else little-endian two's complement */
};

struct gh_global {			   /* interned per heap: one for each spelling and mapping */
	struct gh_span module, name;	   /* as spelled */
	struct gh_span to_module, to_name; /* after the loader's mapping */
	uint64_t hash;
	struct gh_global *next;
};

struct gh_object { /* the result of a call */
	gh_val callee, args, kwargs;
	gh_val *item; /* states and elements given to it later */
	uint32_t n, cap;
	uint64_t seq; /* ordinal of its creation in the stream, from 1 */
};

struct gh_node {
	uint8_t kind : 6; /* enum gh_vkind */
	uint8_t more : 1; /* gh_val_more(); BYTEARRAY: changed since, its bytes are no longer those of the source */
	uint8_t flags;
	uint16_t depth;	 /* levels of containers below, saturating */
	uint32_t weight; /* size when every reference is written out, saturating */
	uint32_t n;	 /* true count of items or pairs, saturating; string: decoded length, low half */
	uint32_t cap;	 /* item slots; string: decoded length, high half */
	union {
		gh_val in[2];
		gh_val *item; /* a DICT keeps key, value, key, value */
		struct {
			uint64_t off, len;
		} at;
		struct gh_span mem;
		int64_t i;
		double f;
		const struct gh_global *global;
		struct gh_object *object;
	} u;
};

struct gh_heap {
	struct gh_arena *arena;
	struct gh_src *src;
	struct gh_global **intern; /* hash table, power of two */
	size_t nintern, mintern;
	uint8_t *page; /* small texts are packed here */
	size_t page_left;
	uint32_t worst_weight; /* of any container made so far */
	uint16_t worst_depth;
	uint64_t read; /* by readers */
	uint32_t keep; /* items that a container keeps; 0: GH_VAL_KEPT */
	bool full;     /* the arena is exhausted: sticky */
};

static inline enum gh_tag gh_val_tag(gh_val v) { return (enum gh_tag)(v & 15); }
static inline struct gh_node *gh_val_node(gh_val v)
{
	return gh_val_tag(v) == GH_TAG_NODE ? (struct gh_node *)(uintptr_t)(v & ~(gh_val)15) : NULL;
}

static inline size_t gh_heap_keeps(const struct gh_heap *h)
{
	return h == NULL || h->keep == 0 ? GH_VAL_KEPT : h->keep;
}

/* ---- making values. Any of them returns GH_UNKNOWN and sets h->full when the arena is exhausted. ---------------- */
gh_val gh_val_make_int(struct gh_heap *h, int64_t i);
gh_val gh_val_make_float(struct gh_heap *h, double f);
/* kind: GH_V_STR, GH_V_BYTES, GH_V_BYTEARRAY or GH_V_BIGINT. flags as above; decoded: length after escapes. */
gh_val gh_val_make_at(struct gh_heap *h, enum gh_vkind kind, uint8_t flags, uint64_t off, uint64_t len,
		      uint64_t decoded);
/* The bytes must live as long as the heap. */
gh_val gh_val_make_mem(struct gh_heap *h, enum gh_vkind kind, struct gh_span bytes);
/* A TUPLE, LIST, SET or FROZENSET of n items, a DICT of n / 2 pairs. */
gh_val gh_val_make_items(struct gh_heap *h, enum gh_vkind kind, const gh_val *item, size_t n);
gh_val gh_val_make_global(struct gh_heap *h, struct gh_span module, struct gh_span name, struct gh_span to_module,
			  struct gh_span to_name);
gh_val gh_val_make_object(struct gh_heap *h, gh_val callee, gh_val args, gh_val kwargs, uint64_t seq);
gh_val gh_val_make_persid(struct gh_heap *h, gh_val id);
/* Add items to a LIST or SET, key and value pairs to a DICT, later items to an OBJECT. */
void gh_val_add(struct gh_heap *h, gh_val to, const gh_val *item, size_t n);
/* list[i] = v, i < len. */
void gh_val_put(struct gh_heap *h, gh_val list, uint64_t i, gh_val v);

bool gh_val_hashable(gh_val v);
/* None, a number, a string, or a tuple or frozenset of such. */
bool gh_val_literal(gh_val v);
bool gh_val_given(gh_val v);
uint32_t gh_val_weight(gh_val v);
/* Both spellings of a GLOBAL; NULL for any other kind. */
const struct gh_global *gh_val_names(gh_val v);
/* Where the bytes of a string stand in the source; false when they were decoded or are in memory. */
bool gh_val_place(gh_val v, uint64_t *off, uint64_t *len);
/* Packed copy in the arena. */
struct gh_span gh_heap_keep(struct gh_heap *h, struct gh_span s);
#endif
