/* h5.h - what the parts of the HDF5 reader share. One walk has two passes:
 *
 *	objects	from the root group on, every object header that a link leads to, lowest address first: its messages, links,
 *		attributes, the indices of its chunks. Nothing of the raw data is read (h5_objects.c)
 *	data	every dataset in the order of its place: contiguous ones are announced as tensors, chunks are decoded, strings
 *		and embedded files are found (h5_data.c)
 *
 * What a structure occupies is noted as an extent; at the end the extents are sorted and claimed, and what lies between them
 * is space that nothing refers to (h5_extent.c). Addresses in the file are relative to the superblock: h->base is added by
 * the functions here and nowhere else.
 *
 * Structure numbers in comments refer to the HDF5 File Format Specification, version 3.0. */
#ifndef GH_FORMAT_HDF5_H5_H
#define GH_FORMAT_HDF5_H5_H
#include "format/dtype.h"
#include "format/hdf5/hdf5.h"
#include "format/signs.h"
#include "wire/hdf5.h"
#include "wire/hdf5type.h"
#include "wire/recs.h"

enum {
	H5_A_SUPER,
	H5_A_CUT,
	H5_A_PLACE,
	H5_A_COUNT,
	H5_A_TWICE,
	H5_A_SUM,
	H5_A_STRUCT,
	H5_A_UNKNOWN,
	H5_A_FILTER,
	H5_A_CHUNK,
	H5_A_BIG,
	H5_A_OUTSIDE,
	H5_A_BESIDE,
	H5_A_USERLINK,
	H5_A_CACHE,
	H5_A_DUPLICATE,
	H5_A_NAME,
	H5_A_TYPE,
	H5_A_SLACK,
	H5_A_UNUSED,
	H5_A_MULTI,
	H5_A_MANY,
	H5_A_SHAPE,
	H5_A_HUGE,
	H5_A_LARGE,
	H5_A_PROGRAM,
	H5_A_PICKLE,
	H5_A_SIGN,
	H5_RULES = H5_A_SIGN + GH_SIGNS
};
extern const struct gh_rule h5_rules[H5_RULES + 1];

enum {
	H5_SAY = 16,	    /* findings of one kind */
	H5_NAME_MAX = 200,  /* bytes kept of a path */
	H5_LOOKS = 1 << 14, /* members made of values in one file */
	H5_TMP = 32 << 20,
};
#define H5_UNDEF UINT64_MAX

/* Raw storage of a dataset. */
struct h5_layout {
	enum { H5_COMPACT, H5_CONTIGUOUS, H5_CHUNKED, H5_VIRTUAL, H5_NOWHERE } kind;
	unsigned version;
	uint64_t addr, size; /* contiguous data; or the index; virtual: the heap */
	uint32_t heap_index;
	unsigned ndim; /* chunked: without the element's size */
	uint64_t chunk[GH_HDF5_DIMS + 1];
	unsigned index; /* chunked: enum h5_index */
	uint32_t flags;
	uint64_t single_size;
	uint32_t single_mask;
	struct gh_span compact; /* in tmp */
	uint64_t compact_addr;
};
enum h5_index { H5_IX_BTREE1, H5_IX_SINGLE, H5_IX_IMPLICIT, H5_IX_FIXED, H5_IX_EXTENSIBLE, H5_IX_BTREE2 };

/* A dataset between the two passes. */
struct h5_dataset {
	struct gh_span path;
	struct gh_hdf5_type type;
	struct gh_hdf5_space space;
	struct h5_layout layout;
	struct gh_hdf5_pipeline filters;
	size_t chunk_from, chunk_to; /* in h->chunks */
	uint64_t chunk_bytes;
	uint64_t first; /* lowest address of its data */
	bool filled;	/* what was never written has a value that is not zero */
	struct h5_dataset *next;
};

struct h5_work {
	uint64_t addr;
	struct gh_span path;
	uint64_t btree, heap; /* what the link's owner says about the group; H5_UNDEF: nothing */
	bool cached;
};

struct h5_set {		/* of addresses that were visited */
	uint64_t *slot; /* address + 1; 0: free */
	size_t cap, n;
};

struct h5 {
	struct gh_walk *w;
	struct gh_arena tmp; /* for one message or record: see h5_drop() */
	struct gh_arena obj; /* for one object */
	unsigned within;     /* shared messages being looked up */
	unsigned hold;	     /* tmp is in use further out */
	uint64_t base;	     /* of all addresses */
	uint64_t end;	     /* first byte behind the file's own space, relative to base */
	uint64_t declared;   /* the same, as the superblock has it */
	unsigned so, sl;     /* bytes of an offset and of a length */
	unsigned leaf_k, group_k, chunk_k;
	bool broken; /* something could not be read: the end is not GH_OK */
	bool unread;
	uint64_t steps;
	uint64_t copied;       /* bytes */
	uint64_t decoded;      /* bytes that chunks expanded to */
	struct h5_work *queue; /* a heap, lowest address first */
	size_t nqueue, queue_cap;
	struct h5_set seen;
	struct gh_recs extents; /* absolute begin, end, kind */
	struct gh_recs chunks;	/* order, address, size << 16 | mask of filters that were left out */
	struct h5_dataset *sets;
	size_t nsets;
	unsigned looks, encoded_left, signs_left;
	unsigned said[H5_RULES];
	struct h5_sohm *sohm; /* shared messages of the file, or NULL */
	unsigned heaps_left;
	uint64_t heap_addr, heap_size, heap_at; /* where reading the global heap goes on */
	uint32_t heap_index;
};

/* ---- h5_base.c: reading, findings */
/* A finding about [addr, addr + len), relative to the base; text must be safe to print. */
void h5_say(struct h5 *h, unsigned a, uint64_t addr, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* The same, and GH_E_MALFORMED (or GH_E_UNREAD, GH_E_LIMIT for the rows that mean this). */
enum gh_rc h5_bad(struct h5 *h, unsigned a, uint64_t addr, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* Is [addr, addr + len) inside the file's space? Says so when not. */
bool h5_room(struct h5 *h, uint64_t addr, uint64_t len, const char *what);
/* n <= GH_WINDOW_MAX bytes there, valid until the next read; NULL when outside (said) or unreadable. */
const uint8_t *h5_at(struct h5 *h, uint64_t addr, size_t n, const char *what);
/* A copy in tmp, of any size that fits there. p == NULL: as above, or no memory (*limit). */
struct gh_span h5_copy(struct h5 *h, uint64_t addr, uint64_t n, const char *what);
/* Why a read gave nothing. */
enum gh_rc h5_why(struct h5 *h);
/* The NUL-terminated text at addr, at most max bytes before `to`; copied to tmp. */
struct gh_span h5_string(struct h5 *h, uint64_t addr, uint64_t to, const char *what);
/* Compare the checksum in the last 4 bytes of [addr, addr + len). */
void h5_check_sum(struct h5 *h, uint64_t addr, uint64_t len, const char *what);
void h5_sum_of(struct h5 *h, struct gh_span whole, uint64_t addr, const char *what);
/* Mark an address as visited: false when it was before, or no room is left (h->w->err says so with GH_E_LIMIT). */
enum gh_rc h5_visit(struct h5 *h, uint64_t addr, bool *fresh);
/* One more unit of work: GH_E_LIMIT when there were too many. */
enum gh_rc h5_step(struct h5 *h);
static inline uint64_t h5_rd_addr(const struct h5 *h, struct gh_rd *r)
{
	uint64_t v = gh_rd_le(r, h->so);
	return h->so < 8 && v == ((uint64_t)1 << 8 * h->so) - 1 ? H5_UNDEF : v;
}
static inline uint64_t h5_rd_len(const struct h5 *h, struct gh_rd *r) { return gh_rd_le(r, h->sl); }

/* ---- h5_extent.c */
/* [addr, addr + len) belongs to a structure. GH_E_LIMIT when no more can be kept. */
enum gh_rc h5_extent(struct h5 *h, uint64_t addr, uint64_t len, enum gh_claim kind);
/* Claim everything, and what lies between as free. */
enum gh_rc h5_claim_all(struct h5 *h);

/* ---- h5_super.c */
struct h5_root {
	uint64_t addr; /* of the root's object header */
	uint64_t ext;  /* superblock extension or H5_UNDEF */
	struct h5_work work;
};
enum gh_rc h5_superblock(struct h5 *h, struct h5_root *root);
/* Where the superblock starts in these first bytes; UINT64_MAX: nowhere. */
uint64_t h5_find(struct gh_span head, uint64_t size);

/* ---- h5_objects.c */
struct h5_msg {
	unsigned type;
	uint64_t addr;	     /* of the body */
	struct gh_span body; /* in tmp */
	size_t used;	     /* out: bytes of the body that were understood; the rest is claimed as free */
	bool shared;	     /* the body stood elsewhere */
};
/* One object header: calls each message. Extents are noted unless `again`. */
enum gh_rc h5_header(struct h5 *h, uint64_t addr, bool again, enum gh_rc (*each)(void *ctx, struct h5_msg *m),
		     void *ctx);
enum gh_rc h5_objects(struct h5 *h, const struct h5_root *root);
enum gh_rc h5_queue(struct h5 *h, struct h5_work work);
/* The body that a shared message stands for; r is at the reference. The object it stands in is queued. */
enum gh_rc h5_shared(struct h5 *h, unsigned type, struct gh_rd *r, struct gh_span *body, uint64_t *addr);
/* The same of a message in the heap of shared messages (h5_extension.c). */
enum gh_rc h5_shared_heap(struct h5 *h, unsigned type, struct gh_span id, struct gh_span *body, uint64_t *addr);
/* Give tmp back, unless somebody further out still uses it. */
void h5_drop(struct h5 *h);

/* ---- h5_extension.c */
enum gh_rc h5_extension(struct h5 *h, uint64_t addr);

/* ---- h5_group.c: groups with a table of symbols; h5_link.c: link messages */
enum gh_rc h5_group_old(struct h5 *h, struct gh_span path, uint64_t btree, uint64_t heap);
enum gh_rc h5_link(struct h5 *h, struct gh_span path, struct gh_recs *names, struct gh_span body, uint64_t addr,
		   size_t *used);
enum gh_rc h5_links_dense(struct h5 *h, struct gh_span path, struct gh_recs *names, uint64_t heap, uint64_t tree,
			  uint64_t order);
/* A local heap (III.D): names by their offset. What is asked for is accounted for; the rest is free. */
struct h5_names {
	uint64_t data, size;
	struct gh_recs texts;
};
enum gh_rc h5_names_open(struct h5 *h, uint64_t addr, struct h5_names *out);
struct gh_span h5_name(struct h5 *h, struct h5_names *g, uint64_t off); /* in tmp; p == NULL: none, said */
enum gh_rc h5_names_close(struct h5 *h, struct h5_names *g);
/* "/a" and "b": "/a/b", kept; of very long ones the end. */
struct gh_span h5_join(struct h5 *h, struct gh_span path, struct gh_span name);
/* A link's name: findings about it, and its hash into names. */
enum gh_rc h5_link_name(struct h5 *h, struct gh_span path, struct gh_recs *names, struct gh_span name, uint64_t addr);
void h5_names_twice(struct h5 *h, struct gh_span path, struct gh_recs *names);

/* ---- h5_heap.c: fractal heap */
struct h5_heap {
	uint64_t addr;
	unsigned id_len, off_width, len_width;
	uint64_t max_direct, start, max_managed;
	unsigned max_bits, table_width, filters;
	bool sums;
	uint64_t huge_tree;
	struct gh_hdf5_pipeline pipe;
	struct gh_recs blocks; /* offset in the heap, address, size */
	struct gh_recs huge;   /* id, address, length */
};
/* Read the heap's blocks and note them. */
enum gh_rc h5_heap_open(struct h5 *h, uint64_t addr, struct h5_heap *out);
/* The object of an id: copied to tmp. *addr: where it stands (0 for a tiny one). */
enum gh_rc h5_heap_object(struct h5 *h, const struct h5_heap *p, struct gh_span id, struct gh_span *out,
			  uint64_t *addr);
/* h5_free.c: the list of free space of a heap or of the file. */
enum gh_rc h5_free_list(struct h5 *h, uint64_t addr);

/* ---- h5_btree1.c */
struct h5_tree1 {
	unsigned type, k; /* 0: groups, 1: chunks; entries are 2 k at most */
	size_t key;	  /* bytes of a key */
	/* Every entry of the leaves, in order; the key lies in tmp. */
	enum gh_rc (*each)(void *ctx, struct gh_span key, uint64_t child);
	void *ctx;
};
enum gh_rc h5_tree1(struct h5 *h, uint64_t addr, const struct h5_tree1 *t);

/* ---- h5_btree2.c */
/* Every record of the tree, in order. */
enum gh_rc h5_tree2(struct h5 *h, uint64_t addr, int type_a, int type_b,
		    enum gh_rc (*each)(void *ctx, unsigned type, struct gh_span record), void *ctx);

/* ---- h5_index*.c: where the chunks are */
enum gh_rc h5_index(struct h5 *h, struct h5_dataset *d);
/* A chunk at scaled place `order`. */
enum gh_rc h5_chunk(struct h5 *h, struct h5_dataset *d, uint64_t order, uint64_t addr, uint64_t size, uint32_t mask);
/* Chunks along each dimension, and the number of the one at these scaled offsets. */
bool h5_chunk_order(const struct h5_dataset *d, const uint64_t *scaled, uint64_t *order);
enum gh_rc h5_index_fixed(struct h5 *h, struct h5_dataset *d);
enum gh_rc h5_index_extensible(struct h5 *h, struct h5_dataset *d);

/* ---- h5_attr.c */
enum gh_rc h5_attribute(struct h5 *h, struct gh_span path, struct gh_span body, uint64_t addr, size_t *used);
enum gh_rc h5_attrs_dense(struct h5 *h, struct gh_span path, uint64_t heap, uint64_t names, uint64_t order);

/* ---- h5_value.c: what values say */
struct h5_value {
	const struct gh_hdf5_type *type;
	struct gh_span key;  /* "/group@name" or "/dataset" */
	struct gh_span name; /* of the attribute or dataset alone */
	const char *role;
	uint64_t off, len; /* absolute place in the file */
	bool attribute;
	bool looked; /* the bytes as a whole were looked at before */
};
/* The elements in `bytes` (stable memory): texts, members, heap objects. */
enum gh_rc h5_values(struct h5 *h, const struct h5_value *v, struct gh_span bytes);
/* Bytes (or a source) that may be a file of their own. */
enum gh_rc h5_look(struct h5 *h, struct gh_src *src, struct gh_span name, uint64_t off, uint64_t len, bool raw);
/* Does it start like some format that is not plain text? */
bool h5_like_a_file(struct gh_span head, uint64_t size);

/* ---- h5_gheap.c: global heap */
/* The object `index` of the collection at addr; *out in tmp when out is not NULL. The whole collection is noted and looked
 * through once. */
enum gh_rc h5_global(struct h5 *h, uint64_t addr, uint32_t index, uint64_t expect, struct gh_span *out);
enum gh_rc h5_collection(struct h5 *h, uint64_t addr);

/* ---- h5_external.c */
enum gh_rc h5_external_link(struct h5 *h, struct gh_span path, struct gh_span value, uint64_t addr);
enum gh_rc h5_external_files(struct h5 *h, struct gh_span path, struct gh_span body, uint64_t addr, size_t *used);
enum gh_rc h5_virtual(struct h5 *h, const struct h5_dataset *d);

/* ---- h5_layout.c */
/* Sets m->used. */
enum gh_rc h5_layout(struct h5 *h, struct h5_msg *m, struct h5_layout *out);
/* Do shape, type and storage agree? addr: of the object. */
void h5_shape(struct h5 *h, struct h5_dataset *d, uint64_t addr);
/* The same when the chunks are known. */
void h5_stored(struct h5 *h, struct h5_dataset *d, uint64_t addr);

/* ---- h5_data.c, h5_chunks.c */
enum gh_rc h5_data(struct h5 *h);
enum gh_rc h5_chunked_data(struct h5 *h, const struct h5_dataset *d);
/* Tells the numbers of a dataset, which are [off, off+len) of src. */
enum gh_rc h5_tensor(struct h5 *h, const struct h5_dataset *d, struct gh_src *src, uint64_t off, uint64_t len);
/* One chunk of a dataset of numbers as a tensor of its own, in one dimension; of anything else nothing. */
enum gh_rc h5_tensor_part(struct h5 *h, const struct h5_dataset *d, struct gh_src *src, uint64_t off, uint64_t len);
/* The chunk's bytes as the program that wrote them had them; in tmp. */
enum gh_rc h5_decode(struct h5 *h, const struct h5_dataset *d, const struct gh_rec *c, struct gh_span *out);
/* h5_tiles.c: the same dataset for a sink that wants tiles; also one of which nothing was written. */
enum gh_rc h5_tiles(struct h5 *h, const struct h5_dataset *d);
/* h5_large.c: a chunk of numbers that does not fit into memory, looked at by way of a spool. */
enum gh_rc h5_large_chunk(struct h5 *h, const struct h5_dataset *d, const struct gh_rec *c);
const char *h5_dtype(const struct gh_hdf5_type *t, unsigned *bits);
/* Are its elements single bytes, or of no type that numbers have? */
bool h5_bytes_like(const struct gh_hdf5_type *t);
#endif
