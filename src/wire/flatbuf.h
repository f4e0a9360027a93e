/* flatbuf.h - a verifier and reader for FlatBuffers (flatbuffers.dev/internals), driven by tables that describe a schema.
 *
 * A FlatBuffer is a graph of tables, vectors and strings that point at each other with 32-bit offsets; programs use it where
 * it lies, so a wrong offset is memory outside of the file. gh_fb_verify() follows every offset that the schema knows,
 * in ascending order of place (offsets only lead forward, but for those of vtables), and notes what each byte is:
 * afterwards `parts` says which ranges are structures and which are data, and what no offset leads to is known as well.
 * It asks for everything that the verifier of the reference implementation asks for (range, alignment, the final NUL,
 * at most 64 levels) and for more: fields of a table must not share bytes, and bytes of a table that are no field must be
 * zero.
 *
 *	static const struct gh_fb_table tables[] = { [MODEL] = { "Model", "4Ts", { ITEM } }, [ITEM] = { "Item", "s8B" } };
 *
 * Letters of `fields`, one for each field in the order of its id:
 *	1 2 4 8	scalar of so many bytes		s	string			S	vector of strings
 *	t	table (ref)			T	vector of tables (ref)
 *	u U	type and value of a union: two ids; (ref of U: the union)
 *	B H I L	vector of scalars of 1, 2, 4, 8 bytes
 *	X	vector of structs, aligned to 4 (ref: bytes of one)
 * Those with a ref take the next one of `ref`. */
#ifndef GH_WIRE_FLATBUF_H
#define GH_WIRE_FLATBUF_H
#include "wire/recs.h"

enum {
	GH_FB_DEPTH = 64,	 /* levels, as the reference verifier has it */
	GH_FB_FIELDS = 32,	 /* of one table; above those of any schema here */
	GH_FB_OBJECTS = 1 << 20, /* tables, vectors, strings waiting to be read at one time */
};

struct gh_fb_table {
	const char *name;
	const char *fields;
	uint8_t ref[10];
};
/* Type t of the union, from 1 on, is table[t - 1]. */
struct gh_fb_union {
	const uint8_t *table;
	size_t n;
};
struct gh_fb_schema {
	const struct gh_fb_table *table;
	const struct gh_fb_union *un;
	uint8_t root; /* index into table */
};

/* What is wrong, or not understood. */
enum gh_fb_fault {
	GH_FB_RANGE,   /* an offset or a length leads out of the buffer */
	GH_FB_ALIGN,   /* misaligned */
	GH_FB_VTABLE,  /* a vtable that cannot be one, or a field outside its table */
	GH_FB_STRING,  /* no NUL after a string */
	GH_FB_OVERLAP, /* two fields of a table share bytes */
	GH_FB_LOOSE,   /* bytes of a table that belong to no field and are not zero */
	GH_FB_NEW,     /* a field or a member of a union that the schema here does not know */
	GH_FB_DEEP,    /* more than GH_FB_DEPTH levels */
	GH_FB_FAULTS
};

enum gh_fb_part { GH_FB_STRUCT, GH_FB_DATA }; /* DATA: the elements of a vector of bytes */

struct gh_fb {
	/* ---- set by the caller ---- */
	struct gh_span (*at)(void *ctx, uint64_t off,
			     size_t len); /* those bytes, valid until the next call; len <= 64 KiB */
	void (*fault)(void *ctx, enum gh_fb_fault f, uint64_t off, const char *table);
	void *ctx;
	uint64_t size; /* of the buffer; offsets beyond do not exist */
	const struct gh_fb_schema *schema;
	struct gh_arena *arena;
	uint64_t steps; /* objects that may be read altogether */
	bool bare;	/* no file identifier stands behind the root's offset */

	/* ---- after gh_fb_verify() ---- */
	struct gh_recs
		parts; /* a, b: begin and end; ref: enum gh_fb_part. Sorted, nothing twice; may overlap if broken */
	uint64_t end;  /* end of the last part */
	bool full;     /* too many objects, or no memory: not all was followed */

	/* ---- inside ---- */
	struct gh_fb_todo *heap;
	size_t n, cap;
};

/* Follow everything from the root on. False when there is no root to begin with. Faults were told. */
bool gh_fb_verify(struct gh_fb *fb);

/* ---- reading what was verified: every function checks its ranges again, and gives nothing where they are wrong --- */

struct gh_fb_tab {
	uint64_t off; /* of the table; 0: there is none */
	uint16_t size, n;
	uint16_t slot[GH_FB_FIELDS]; /* of field i within the table; 0: absent */
};
struct gh_fb_vec {
	uint64_t off; /* of the first element; of a string: of its first byte */
	uint64_t n;
};

/* The table at off, or an empty one. */
struct gh_fb_tab gh_fb_open(struct gh_fb *fb, uint64_t off);
struct gh_fb_tab gh_fb_root(struct gh_fb *fb);
/* A scalar of `width` bytes, zero-extended; def when the field is absent. */
uint64_t gh_fb_scalar(struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field, unsigned width, uint64_t def);
static inline int32_t gh_fb_i32(struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field, int32_t def)
{
	return (int32_t)(uint32_t)gh_fb_scalar(fb, t, field, 4, (uint32_t)def);
}
/* A vector whose elements have `width` bytes, or a string (width 1); n == 0 when absent. */
struct gh_fb_vec gh_fb_vector(struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field, unsigned width);
/* The table that a field holds (`t`, or the value of a union). */
struct gh_fb_tab gh_fb_sub(struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field);
/* Element i of a vector of scalars, zero-extended; 0 beyond its end. */
uint64_t gh_fb_elem(struct gh_fb *fb, struct gh_fb_vec v, uint64_t i, unsigned width);
/* Element i of a vector of tables. */
struct gh_fb_tab gh_fb_item(struct gh_fb *fb, struct gh_fb_vec v, uint64_t i);
/* Element i of a vector of strings. */
struct gh_fb_vec gh_fb_str_item(struct gh_fb *fb, struct gh_fb_vec v, uint64_t i);
/* The first `max` bytes (<= 64 KiB) of a string or of a vector of bytes: valid until the next call. */
struct gh_span gh_fb_bytes(struct gh_fb *fb, struct gh_fb_vec v, size_t max);
#endif
