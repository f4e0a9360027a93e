/* gguf.h - what the parts of the GGUF reader share: the state of one walk, the anomalies, reading in the file's byte
 * order.
 *
 * Layout (ggml/docs/gguf.md): "GGUF", u32 version, counts of tensors and of key-value pairs, the pairs, the tensor
 * infos, padding to the alignment, the data section. Version 1 has 32-bit counts and lengths, 2 and 3 have 64-bit ones;
 * a big-endian file is version 3 in big-endian order throughout. The reference reader is ggml/src/gguf.cpp. */
#ifndef GH_FORMAT_GGUF_H
#define GH_FORMAT_GGUF_H
#include "format/dtype.h"
#include "format/json_text.h" /* struct gh_json_name: a bounded copy of a key */
#include "format/signs.h"
#include "wire/recs.h"

enum {
	GGUF_A_VERSION,
	GGUF_A_COUNT,
	GGUF_A_LENGTH,
	GGUF_A_TYPE,
	GGUF_A_NESTED,
	GGUF_A_KEY,
	GGUF_A_DUPLICATE,
	GGUF_A_ALIGN,
	GGUF_A_VALUE,
	GGUF_A_UTF8,
	GGUF_A_TEMPLATE,
	GGUF_A_NAME,
	GGUF_A_LONG,
	GGUF_A_DIMS,
	GGUF_A_OVERFLOW,
	GGUF_A_DTYPE,
	GGUF_A_REMOVED,
	GGUF_A_ROW,
	GGUF_A_RANGE,
	GGUF_A_OVERLAP,
	GGUF_A_ORDER,
	GGUF_A_TRAILING,
	GGUF_A_MANY,
	GGUF_A_OLD,
	GGUF_A_CUT,
	GGUF_A_SIZES,
	GGUF_A_FTYPE,
	GGUF_A_SIGN,
	GGUF_RULES = GGUF_A_SIGN + GH_SIGNS
};
extern const struct gh_rule gguf_rules[GGUF_RULES + 1];

enum { GGUF_SAY = 16 }; /* findings of one kind */

/* Sizes of a language model: gguf_sizes.c. */
enum gguf_size { GGUF_BLOCKS, GGUF_EMBED, GGUF_FFN, GGUF_HEADS, GGUF_HEADS_KV, GGUF_KEY, GGUF_VALUE, GGUF_SIZES };
enum { GGUF_ARCH = 24 }; /* bytes of the name of an architecture */
struct gguf_sizes {
	char arch[GGUF_ARCH], of[GGUF_SIZES][GGUF_ARCH]; /* of the model; the prefix of each key */
	uint64_t v[GGUF_SIZES];				 /* 0: not given, or not one number for all blocks */
	uint64_t tokens, file_type;
	bool typed, split, other; /* it has a file type; it is a part; it is no model (an adapter, a projector) */
	/* of the tensors: */
	uint64_t highest, types, matrices; /* 1 + number of the last block; file types whose dtype occurs */
	bool embedded;
	unsigned told;
};

struct gguf {
	struct gh_walk *w;
	struct gh_cur c;
	uint32_t version;
	bool big;
	uint64_t claimed; /* everything below is claimed */
	uint32_t align;
	struct gh_json_name key; /* of the pair being read */
	uint64_t key_off, key_len;
	unsigned texts_left, members_left, signs_left, blobs_left;
	unsigned said[GGUF_RULES];
	struct gh_recs names; /* hash, offset: of the keys, then of the tensors */
	struct gguf_sizes sizes;
};

/* A finding about [off, off+len); text must be safe to print. */
void gguf_say(struct gguf *g, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Claim as structure everything between what was claimed before and off. */
void gguf_claim(struct gguf *g, uint64_t off);

static inline uint32_t gguf_u32(struct gguf *g)
{
	const uint8_t *p = gh_cur_take(&g->c, 4);
	return p == NULL ? 0 : g->big ? gh_be32(p) : gh_le32(p);
}
static inline uint64_t gguf_u64(struct gguf *g)
{
	const uint8_t *p = gh_cur_take(&g->c, 8);
	return p == NULL ? 0 : g->big ? __builtin_bswap64(gh_le64(p)) : gh_le64(p);
}
/* A count or a length: 32 bits in version 1, 64 since. */
static inline uint64_t gguf_len(struct gguf *g) { return g->version == 1 ? gguf_u32(g) : gguf_u64(g); }
static inline unsigned gguf_len_width(const struct gguf *g) { return g->version == 1 ? 4 : 8; }

/* The names seen so far: report those that occur twice, and forget them. */
void gguf_duplicates(struct gguf *g, const char *what);

/* A number, a text of the metadata: kept when it is a size, or says what the file is. */
void gguf_sizes_number(struct gguf_sizes *s, struct gh_span key, uint64_t v);
void gguf_sizes_text(struct gguf_sizes *s, struct gh_span key, struct gh_span text);
/* A tensor against them; dtype may be NULL. And what all tensors together are. */
void gguf_sizes_tensor(struct gguf *g, struct gh_span name, const char *dtype, unsigned ndim, const uint64_t *dim);
void gguf_sizes_end(struct gguf *g);

/* n key-value pairs at the cursor. GH_OK, or why it could not be read on. */
enum gh_rc gguf_metadata(struct gguf *g, uint64_t n);
/* n tensor infos at the cursor, and then the data section. */
enum gh_rc gguf_tensors(struct gguf *g, uint64_t n);
#endif
