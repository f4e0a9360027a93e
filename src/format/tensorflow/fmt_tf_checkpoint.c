/* Checkpoints of TensorFlow: tables in the form of LevelDB. The index of a checkpoint ("V2", .index) names each variable with its
 * element type, shape, and where it lies in which data file; an old checkpoint ("V1") holds the values themselves.
 * tensorflow/core/protobuf/tensor_bundle.proto, tensorflow/core/util/saved_tensor_slice.proto. */
#include <stdio.h>

#include "format/formats.h"
#include "format/tensorflow/tf.h"
#include "wire/crc32c.h"
#include "wire/snappy.h"
#include "wire/sstable.h"

enum {
	A_TABLE,
	A_SUM,
	A_SORT,
	A_LOOSE,
	A_FIELD,
	A_RANGE,
	A_SIZE,
	A_DTYPE,
	A_SHARD,
	A_OVERLAP,
	A_NAME,
	A_GAP,
	A_COMPRESSED
};
#define AGAIN "Do not load; get the checkpoint again from its author."
static const struct gh_rule rules[] = {
	[A_TABLE] = { "GH-TFC-0001", GH_HIGH, GH_UNSAFE, "Block of the table is broken",
		      "Readers that search and readers that walk see different entries, or memory outside of the "
		      "block.",
		      AGAIN, "CWE-125 CWE-436" },
	[A_SUM] = { "GH-TFC-0002", GH_MEDIUM, GH_REVIEW, "Checksum of a block is wrong",
		    "The block was changed after it was written; not all readers look.", AGAIN, "CWE-354" },
	[A_SORT] = { "GH-TFC-0003", GH_MEDIUM, GH_UNSAFE, "Keys do not ascend",
		     "A reader that searches finds other entries than one that reads them all.", AGAIN, "CWE-436" },
	[A_LOOSE] = { "GH-TFC-0004", GH_MEDIUM, GH_REVIEW, "Bytes of the footer that mean nothing",
		      "Room for data that no loader looks at.", AGAIN, "CWE-506" },
	[A_FIELD] = { "GH-TFC-0005", GH_MEDIUM, GH_REVIEW, "Entry with a field that no checkpoint has",
		      "Room for data that no loader looks at.", AGAIN, "CWE-506" },
	[A_RANGE] = { "GH-TFC-0006", GH_HIGH, GH_UNSAFE, "Variable at a place that no file has",
		      "Numbers that wrap around lead the loader outside of the data.", AGAIN, "CWE-190 CWE-125" },
	[A_SIZE] = { "GH-TFC-0007", GH_MEDIUM, GH_UNSAFE, "Size of a variable is not that of its shape",
		     "A loader that trusts one of them reads too much.", AGAIN, "CWE-131" },
	[A_DTYPE] = { "GH-TFC-0008", GH_LOW, GH_INCOMPLETE, "Element type that is not known",
		      "The extent of the variable cannot be checked.", "Use a newer version of this program.",
		      "CWE-20" },
	[A_SHARD] = { "GH-TFC-0009", GH_MEDIUM, GH_UNSAFE, "Variable in a data file beyond their number",
		      "Used as an index, or as part of the name of a file that is opened.", AGAIN, "CWE-129" },
	[A_OVERLAP] = { "GH-TFC-0010", GH_MEDIUM, GH_REVIEW, "Variables share bytes of a data file",
			"Bytes mean two things: what one check sees, another reader uses differently.", AGAIN,
			"CWE-436" },
	[A_NAME] = { "GH-TFC-0011", GH_LOW, GH_REVIEW, "Name of a variable that no graph can have",
		     "Names read differently from what they are.", AGAIN, "CWE-451" },
	[A_GAP] = { "GH-TFC-0012", GH_MEDIUM, GH_REVIEW, "Bytes between the blocks of the table",
		    "Room for data that no loader looks at.", AGAIN, "CWE-506" },
	[A_COMPRESSED] = { "GH-TFC-0013", GH_LOW, GH_INCOMPLETE, "Block compressed in a way that is not read here",
			   "Its entries are not seen.", "Have the checkpoint saved again.", "CWE-20" },
	GH_RULES_END
};

enum { SAY = 16, EXPAND_MAX = 16 << 20, BLOCKS_MAX = 1 << 18, NAME_MAX_SEEN = 200 };

struct ck {
	struct gh_walk *w;
	struct gh_src *src; /* of the block being read: the file, or an expanded block */
	uint64_t shift;	    /* added to its offsets to say where something is in the file */
	bool expanded;
	uint8_t *key;
	bool any, v1;
	uint64_t shards;
	bool big_endian;
	struct gh_recs extents; /* of variables: shard << 48 | …: see add_extent() */
	unsigned said[sizeof rules / sizeof rules[0]];
};

#define say(c, a, off, len, ...) \
	do { \
		if ((c)->said[a]++ < SAY) \
			gh_anomaly((c)->w, &rules[a], off, len, __VA_ARGS__); \
	} while (0)

static struct gh_span window(void *ctx, uint64_t off, size_t len)
{
	struct ck *c = ctx;
	return gh_src_window(c->src, off, len);
}

/* ---- values ----------------------------------------------------------------------------------------------------------- */

struct entry {
	uint64_t dtype, shard, off, len, dim[GH_DIMS_MAX], elements;
	unsigned ndim;
	bool slices, bad_shape;
};

static void shape(struct ck *c, struct entry *e, struct gh_pb *p, const struct gh_pb_field *in)
{
	struct gh_pb_field f, d;
	if (!gh_pb_enter(p, in))
		return;
	while (gh_pb_next(p, &f) == GH_PB_FIELD) {
		uint64_t v = 0;
		if (f.number != 2 || f.wire != GH_PB_LEN) {
			if (f.number != 3)
				say(c, A_FIELD, c->shift + (c->expanded ? 0 : f.tag), 0, "field %u of a shape",
				    (unsigned)f.number);
			continue;
		}
		if (!gh_pb_enter(p, &f))
			break;
		while (gh_pb_next(p, &d) == GH_PB_FIELD)
			if (d.number == 1 && d.wire == GH_PB_VARINT)
				v = d.v;
		gh_pb_leave(p);
		if (e->ndim >= GH_DIMS_MAX || v > INT64_MAX || __builtin_mul_overflow(e->elements, v, &e->elements) ||
		    e->elements > INT64_MAX / 256)
			e->bad_shape = true;
		else
			e->dim[e->ndim++] = v;
	}
	gh_pb_leave(p);
}

/* The extents of one data file are compared at the end; the number of the file is kept in the upper bits. */
static void add_extent(struct ck *c, const struct entry *e)
{
	if (e->off < (uint64_t)1 << 44 && e->len < (uint64_t)1 << 44 && e->shard < 1 << 16)
		(void)gh_recs_add(&c->extents, (struct gh_rec){ e->shard << 48 | e->off, e->len, 0 });
}

static enum gh_rc refer(struct ck *c, struct gh_span key, const struct entry *e, uint64_t at)
{
	char target[400];
	struct gh_span name = c->w->name;
	for (size_t i = name.n; i > 0; i--)
		if (name.p[i - 1] == '/') {
			name = gh_span_cut(name, i, name.n);
			break;
		}
	if (!gh_span_ends(name, ".index") || name.n > 300)
		return GH_OK;
	(void)snprintf(target, sizeof target, "%.*s.data-%05llu-of-%05llu", (int)name.n - 6, (const char *)name.p,
		       (unsigned long long)e->shard, (unsigned long long)c->shards);
	struct gh_reference ev = {
		.kind = GH_REF_DATA, .target = gh_span_str(target), .from = key, .data = { e->off, e->len }
	};
	return gh_emit(c->w, GH_EV_REFERENCE, at, 0, &ev);
}

static enum gh_rc judge(struct ck *c, struct gh_span key, const struct entry *e, uint64_t at)
{
	struct gh_safe name = gh_safe(key);
	unsigned bits;
	bool known;
	(void)tf_dtype(e->dtype, &bits, &known);
	if (!known)
		say(c, A_DTYPE, at, 0, "\"%s\": type %llu", name.s, (unsigned long long)e->dtype);
	if (e->shard >= (c->shards != 0 ? c->shards : 1))
		say(c, A_SHARD, at, 0, "\"%s\": file %llu of %llu", name.s, (unsigned long long)e->shard,
		    (unsigned long long)c->shards);
	if (e->off > INT64_MAX || e->len > INT64_MAX || e->off + e->len > INT64_MAX || e->bad_shape) {
		say(c, A_RANGE, at, 0, "\"%s\": %llu bytes at %llu", name.s, (unsigned long long)e->len,
		    (unsigned long long)e->off);
		return GH_OK;
	}
	if (known && bits != 0 && !e->slices && (e->elements * bits + 7) / 8 != e->len)
		say(c, A_SIZE, at, 0, "\"%s\": %llu bytes for %llu elements", name.s, (unsigned long long)e->len,
		    (unsigned long long)e->elements);
	if (e->len == 0)
		return GH_OK;
	add_extent(c, e);
	return refer(c, key, e, at);
}

static bool odd_name(struct gh_span key)
{
	for (size_t i = 0; i < key.n; i++)
		if (key.p[i] < 0x20 || key.p[i] == 0x7f)
			return true;
	return false;
}

static enum gh_rc bundle_entry(struct ck *c, struct gh_span key, uint64_t off, uint64_t len)
{
	struct gh_pb p = gh_pb_src(c->src, off, len);
	struct gh_pb_field f;
	struct entry e = { .elements = 1 };
	enum gh_pb_got got;
	uint64_t at = c->expanded ? c->shift : off;
	while ((got = gh_pb_next(&p, &f)) == GH_PB_FIELD) {
		switch (f.number << 3 | (unsigned)f.wire) {
		case 1 << 3 | GH_PB_VARINT: e.dtype = f.v; break;
		case 2 << 3 | GH_PB_LEN: shape(c, &e, &p, &f); break;
		case 3 << 3 | GH_PB_VARINT: e.shard = f.v; break;
		case 4 << 3 | GH_PB_VARINT: e.off = f.v; break;
		case 5 << 3 | GH_PB_VARINT: e.len = f.v; break;
		case 6 << 3 | GH_PB_I32: break;
		case 7 << 3 | GH_PB_LEN: e.slices = true; break;
		default: say(c, A_FIELD, at, 0, "field %u of \"%s\"", (unsigned)f.number, gh_safe(key).s); break;
		}
	}
	if (got == GH_PB_BAD)
		return gh_fail(c->w->err, GH_E_MALFORMED, "the entry of \"%s\": %s", gh_safe(key).s, p.why);
	/* Slices of partitioned variables have keys in a binary order-preserving form that begins with a zero. */
	if (key.n > 0 && key.p[0] != 0 && odd_name(key))
		say(c, A_NAME, at, 0, "\"%s\"", gh_safe(key).s);
	return judge(c, key, &e, at);
}

static enum gh_rc header(struct ck *c, uint64_t off, uint64_t len)
{
	struct gh_pb p = gh_pb_src(c->src, off, len);
	struct gh_pb_field f;
	enum gh_pb_got got;
	while ((got = gh_pb_next(&p, &f)) == GH_PB_FIELD) {
		if (f.number == 1 && f.wire == GH_PB_LEN)
			c->v1 = true;
		else if (f.number == 1)
			c->shards = f.v;
		else if (f.number == 2)
			c->big_endian = f.v == 1;
		else if (f.number != 3)
			say(c, A_FIELD, c->expanded ? c->shift : f.tag, 0, "field %u of the header",
			    (unsigned)f.number);
	}
	return got == GH_PB_END ? GH_OK : gh_fail(c->w->err, GH_E_MALFORMED, "the header: %s", p.why);
}

/* An old checkpoint's value: SavedTensorSlices{data{name, slice, TensorProto}}. What carries bytes of a fixed width is a tensor. */
static enum gh_rc old_value(struct ck *c, uint64_t off, uint64_t len)
{
	struct gh_pb p = gh_pb_src(c->src, off, len);
	struct gh_pb_field f;
	uint8_t name[NAME_MAX_SEEN];
	size_t n = 0;
	unsigned depth = 0;
	for (;;) {
		enum gh_pb_got got = gh_pb_next(&p, &f);
		if (got == GH_PB_BAD)
			return gh_fail(c->w->err, GH_E_MALFORMED, "a saved tensor: %s", p.why);
		if (got == GH_PB_END) {
			if (depth-- == 0)
				return GH_OK;
			gh_pb_leave(&p);
			continue;
		}
		if (f.wire != GH_PB_LEN)
			continue;
		if ((depth == 0 && f.number == 2) || (depth == 1 && f.number == 3)) {
			if (gh_pb_enter(&p, &f))
				depth++;
		} else if (depth == 1 && f.number == 1) {
			struct gh_span s = gh_src_window(c->src, f.off,
							 f.len < sizeof name ? (size_t)f.len : sizeof name);
			n = s.n;
			if (n != 0)
				memcpy(name, s.p, n);
		} else if (depth == 2 && f.len >= 16 && (f.number == 4 || f.number == 5 || f.number == 6)) {
			unsigned bits = f.number == 4 ? 8 : f.number == 5 ? 32 : 64;
			uint64_t dim = f.len / (bits / 8);
			struct gh_tensor ev = { .name = { name, n },
						.dtype = f.number == 4	 ? "U8"
							 : f.number == 5 ? "F32"
									 : "F64",
						.bits = bits,
						.ndim = 1,
						.dim = &dim,
						.src = c->src };
			enum gh_rc rc = c->expanded ? GH_OK : gh_emit(c->w, GH_EV_TENSOR, f.off, f.len, &ev);
			if (rc != GH_OK)
				return rc;
		}
	}
}

/* ---- blocks ------------------------------------------------------------------------------------------------------------ */

/* The checksum is of the contents and the type byte after them. */
static bool sum_is_right(struct ck *c, const struct gh_sst_handle *h, uint8_t *type)
{
	uint32_t crc = 0;
	for (uint64_t at = 0; at < h->len + 1;) {
		uint64_t left = h->len + 1 - at;
		struct gh_span s = gh_src_window(c->w->src, h->off + at,
						 left < GH_CUR_WINDOW ? (size_t)left : GH_CUR_WINDOW);
		if (s.n == 0)
			return false;
		crc = gh_crc32c(crc, s);
		at += s.n;
		*type = s.p[s.n - 1];
	}
	struct gh_span sum = gh_src_window(c->w->src, h->off + h->len + 1, 4);
	return sum.n == 4 && gh_le32(sum.p) == gh_crc32c_mask(crc);
}

/* A snappy block, expanded into the arena. */
static enum gh_rc expand(struct ck *c, const struct gh_sst_handle *h, struct gh_src_mem *mem)
{
	uint64_t n = 0;
	struct gh_span in = { 0 };
	if (h->len <= GH_WINDOW_MAX)
		in = gh_src_window(c->w->src, h->off, (size_t)h->len);
	if (in.n != h->len || (gh_snappy_length(in, &n) && n > EXPAND_MAX)) {
		say(c, A_COMPRESSED, h->off, h->len, "%llu bytes expand to %llu", (unsigned long long)h->len,
		    (unsigned long long)n);
		return gh_fail(c->w->err, GH_E_UNREAD, "a compressed block that is too large");
	}
	uint8_t *out = gh_alloc(c->w->arena, (size_t)n + 1, 1);
	if (out == NULL)
		return gh_fail(c->w->err, GH_E_LIMIT, "no memory to expand a block");
	if (!gh_snappy(in, out, (size_t)n)) {
		say(c, A_TABLE, h->off, h->len, "the compressed block at %llu is broken", (unsigned long long)h->off);
		return gh_fail(c->w->err, GH_E_MALFORMED, "a compressed block is broken");
	}
	c->src = gh_src_mem(mem, (struct gh_span){ out, (size_t)n });
	c->expanded = true;
	c->shift = h->off;
	return GH_OK;
}

typedef enum gh_rc entry_fn(struct ck *c, struct gh_span key, uint64_t off, uint64_t len);

static enum gh_rc read_block(struct ck *c, const struct gh_sst_handle *h, entry_fn *fn)
{
	struct gh_src_mem mem;
	struct gh_sst b = { .at = window, .ctx = c, .key = c->key };
	uint8_t type = 0;
	uint64_t size = c->w->src->size;
	if (h->off > size || h->len > size - h->off || size - h->off - h->len < GH_SST_TRAILER) {
		say(c, A_TABLE, 0, 0, "a block of %llu bytes at %llu", (unsigned long long)h->len,
		    (unsigned long long)h->off);
		return gh_fail(c->w->err, GH_E_MALFORMED, "a block outside of the file");
	}
	if (!sum_is_right(c, h, &type))
		say(c, A_SUM, h->off, h->len, "of the block at %llu", (unsigned long long)h->off);
	c->src = c->w->src;
	c->expanded = false;
	c->shift = 0;
	if (type == 1) {
		enum gh_rc rc = expand(c, h, &mem);
		if (rc != GH_OK)
			return rc;
	} else if (type != 0) {
		say(c, A_COMPRESSED, h->off, h->len, "type %u", type);
		return gh_fail(c->w->err, GH_E_UNREAD, "a block of type %u", type);
	}
	uint64_t len = c->expanded ? c->src->size : h->len;
	enum gh_sst_got got = GH_SST_BAD;
	if (gh_sst_open(&b, c->expanded ? 0 : h->off, len))
		while ((got = gh_sst_next(&b)) == GH_SST_ENTRY) {
			enum gh_rc rc = fn(c, (struct gh_span){ c->key, b.key_n }, b.value_off, b.value_len);
			if (rc != GH_OK)
				return rc;
		}
	if (b.unsorted)
		say(c, A_SORT, h->off, h->len, "in the block at %llu", (unsigned long long)h->off);
	if (got == GH_SST_BAD) {
		say(c, A_TABLE, h->off, h->len, "%s", b.why);
		return gh_fail(c->w->err, GH_E_MALFORMED, "%s", b.why);
	}
	gh_claim(c->w, h->off, h->len + GH_SST_TRAILER, GH_CLAIM_STRUCT);
	return GH_OK;
}

static enum gh_rc on_entry(struct ck *c, struct gh_span key, uint64_t off, uint64_t len)
{
	bool first = !c->any;
	c->any = true;
	if (first && key.n != 0) {
		say(c, A_FIELD, 0, 0, "the first entry is no header");
		return gh_fail(c->w->err, GH_E_UNREAD, "a table that is no checkpoint");
	}
	if (first)
		return header(c, off, len);
	return c->v1 ? old_value(c, off, len) : bundle_entry(c, key, off, len);
}

static enum gh_rc on_meta(struct ck *c, struct gh_span key, uint64_t off, uint64_t len)
{
	(void)off, (void)len;
	say(c, A_FIELD, 0, 0, "an entry \"%s\" of the metaindex", gh_safe(key).s);
	return GH_OK;
}

struct blocks {
	struct ck c; /* must be first: it is what callbacks are handed */
	struct gh_sst_handle *v;
	size_t n, cap;
};

static enum gh_rc on_index(struct ck *c, struct gh_span key, uint64_t off, uint64_t len)
{
	struct blocks *k = (struct blocks *)c;
	struct gh_span s = gh_src_window(c->src, off, len < 32 ? (size_t)len : 32);
	struct gh_rd r = gh_rd(s);
	struct gh_sst_handle h;
	(void)key;
	if (!gh_sst_handle(&r, &h) || r.off != len)
		return gh_fail(c->w->err, GH_E_MALFORMED, "an entry of the index is no place");
	if (k->n == BLOCKS_MAX)
		return gh_fail(c->w->err, GH_E_LIMIT, "too many blocks");
	struct gh_sst_handle *v = k->v;
	if (k->n == k->cap)
		v = gh_grow(c->w->arena, k->v, &k->cap, k->n + 1, sizeof *v);
	if (v == NULL)
		return gh_fail(c->w->err, GH_E_LIMIT, "no memory for the index");
	k->v = v;
	k->v[k->n++] = h;
	return GH_OK;
}

static void overlaps(struct ck *c)
{
	gh_recs_sort(&c->extents, 0);
	for (size_t i = 1; i < c->extents.n; i++) {
		const struct gh_rec *a = gh_recs_at(&c->extents, i - 1), *b = gh_recs_at(&c->extents, i);
		if (a->a >> 48 == b->a >> 48 && a->a + a->b > b->a)
			say(c, A_OVERLAP, 0, 0, "file %llu, at byte %llu", (unsigned long long)(b->a >> 48),
			    (unsigned long long)(b->a & 0xffffffffffffu));
	}
}

/* ---- the row ------------------------------------------------------------------------------------------------------------ */

static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_sst_handle m, x;
	bool loose;
	if (p->size < GH_SST_FOOTER || p->tail.n < GH_SST_FOOTER)
		return GH_NO;
	struct gh_span foot = gh_span_cut(p->tail, p->tail.n - GH_SST_FOOTER, GH_SST_FOOTER);
	if (!gh_sst_footer(foot, &m, &x, &loose))
		return GH_NO;
	return x.off < p->size && x.len < p->size && m.off < p->size ? GH_STRONG : GH_WEAK;
}

static enum gh_rc read_table(struct blocks *k)
{
	struct ck *c = &k->c;
	struct gh_sst_handle meta, index;
	bool loose;
	uint64_t size = c->w->src->size, done = 0;
	struct gh_span foot = gh_src_window(c->w->src, size - GH_SST_FOOTER, GH_SST_FOOTER);
	if (!gh_sst_footer(foot, &meta, &index, &loose))
		return gh_fail(c->w->err, GH_E_MALFORMED, "no footer of a table");
	if (loose)
		say(c, A_LOOSE, size - GH_SST_FOOTER, GH_SST_FOOTER, "between its numbers and its magic");
	gh_claim(c->w, size - GH_SST_FOOTER, GH_SST_FOOTER, GH_CLAIM_STRUCT);
	GH_TRY(read_block(c, &index, on_index), c->w->err, "index of the table");
	for (size_t i = 0; i < k->n; i++) {
		if (k->v[i].off != done)
			say(c, A_GAP, done < size ? done : 0, 0, "block %zu begins at %llu", i,
			    (unsigned long long)k->v[i].off);
		done = k->v[i].off + k->v[i].len + GH_SST_TRAILER;
		GH_TRY(read_block(c, &k->v[i], on_entry), c->w->err, "block %zu", i);
	}
	GH_TRY(read_block(c, &meta, on_meta), c->w->err, "metaindex of the table");
	overlaps(c);
	return c->any ? GH_OK : gh_fail(c->w->err, GH_E_UNREAD, "a table without entries");
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct blocks *k = GH_NEW(w->arena, struct blocks, 1);
	if (k == NULL || w->src->size < GH_SST_FOOTER)
		return gh_fail(w->err, k == NULL ? GH_E_LIMIT : GH_E_MALFORMED, "no room for a table");
	k->c.w = w;
	k->c.key = gh_alloc(w->arena, GH_SST_KEY, 1);
	k->c.extents = gh_recs(w->arena, GH_RECS_MAX);
	if (k->c.key == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	return read_table(k);
}

const struct gh_fmt gh_fmt_tf_checkpoint = {
	.name = "tf-checkpoint",
	.about = "TensorFlow checkpoint: index of the data files, or an old one with its values",
	.exts = "index ckpt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
