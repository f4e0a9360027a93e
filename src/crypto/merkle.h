/* merkle.h - the Merkle tree of RFC 6962: hashes, roots, proofs of inclusion and of consistency.
 *
 * Pure: functions of their arguments, no files, no allocation, nothing that can fail but the caller's reader. Proofs that a
 * stranger wrote may be of any length and content: they are counted before they are used.
 *
 *	leaf  = SHA-256(00 || entry)
 *	node  = SHA-256(01 || left || right)
 *	empty = SHA-256("")
 *
 * Specification: RFC 6962 section 2.1 (trees, audit paths, consistency proofs); verification as in RFC 9162 sections
 * 2.1.3.2 and 2.1.4.2. Tree sizes are at most GH_MERKLE_SIZE_MAX, so that no sum of two of them overflows. */
#ifndef GH_CRYPTO_MERKLE_H
#define GH_CRYPTO_MERKLE_H
#include "base/span.h"

enum {
	GH_MERKLE_HASH = 32,  /* bytes of a hash */
	GH_MERKLE_PROOF = 64, /* hashes that a proof can hold at most (inclusion: 63, consistency: 64) */
};
#define GH_MERKLE_SIZE_MAX (UINT64_MAX >> 2)

struct gh_mhash {
	uint8_t b[GH_MERKLE_HASH];
};

static inline bool gh_mhash_eq(const struct gh_mhash *a, const struct gh_mhash *b)
{
	return memcmp(a->b, b->b, sizeof a->b) == 0;
}

struct gh_mhash gh_merkle_empty(void);
struct gh_mhash gh_merkle_leaf(struct gh_span entry);
struct gh_mhash gh_merkle_node(const struct gh_mhash *left, const struct gh_mhash *right);
/* SHA-256 of the bytes, without any prefix. */
struct gh_mhash gh_merkle_sha256(struct gh_span bytes);

/* Gives the root of the full subtree over the leaves [index << level, (index + 1) << level). Only subtrees that lie within
 * the tree asked about are wanted. False: it cannot be had, and so can not what was asked for. */
typedef bool gh_merkle_read(void *arg, unsigned level, uint64_t index, struct gh_mhash *out);

/* The root of the tree over the first `size` leaves. False: `read` said so, or the size is too large. */
bool gh_merkle_root(gh_merkle_read *read, void *arg, uint64_t size, struct gh_mhash *root);

/* A proof: hashes in the order of RFC 6962, from the leaf's sibling upward. */
struct gh_merkle_proof {
	struct gh_mhash h[GH_MERKLE_PROOF];
	unsigned n;
};

/* Leaf `index` stands in the tree of `size` leaves. False: index >= size, size too large, or `read` said so. */
bool gh_merkle_prove_inclusion(gh_merkle_read *read, void *arg, uint64_t index, uint64_t size,
			       struct gh_merkle_proof *out);
/* The tree of `old` leaves is the beginning of the one of `size`. No hashes when old is 0 or equal to size. */
bool gh_merkle_prove_consistency(gh_merkle_read *read, void *arg, uint64_t old, uint64_t size,
				 struct gh_merkle_proof *out);

/* Do the n hashes prove it? False for whatever is no proof, of any kind. */
bool gh_merkle_check_inclusion(const struct gh_mhash *leaf, uint64_t index, uint64_t size, const struct gh_mhash *proof,
			       size_t n, const struct gh_mhash *root);
/* old == 0: only with no hashes, and old_root must be that of the empty tree. old == size: only with no hashes, and the roots
 * must be equal. */
bool gh_merkle_check_consistency(uint64_t old, const struct gh_mhash *old_root, uint64_t size,
				 const struct gh_mhash *root, const struct gh_mhash *proof, size_t n);

/* The rule of whoever signs checkpoints and remembers the last one (size and root; size 0 and the root of the empty tree at
 * the beginning): may this one be signed after it? Only when the proof shows that it extends the last one; the same size only
 * with the same root (signing that again is harmless, whatever the proof). NULL: yes; else why not, a static text. */
const char *gh_merkle_may_sign(uint64_t last_size, const struct gh_mhash *last_root, uint64_t size,
			       const struct gh_mhash *root, const struct gh_mhash *proof, size_t n);

/* A tree that is built leaf by leaf and keeps only the roots of its full subtrees. */
struct gh_merkle_edge {
	uint64_t size; /* leaves so far */
	/* [l] is valid when bit l of size is set: the root of a full subtree of 2^l leaves; the largest stands leftmost. */
	struct gh_mhash h[64];
};

/* One more leaf. done: called with every full subtree that it completes, levels 1 upward (may be NULL). */
void gh_merkle_push(struct gh_merkle_edge *e, const struct gh_mhash *leaf,
		    void (*done)(void *arg, unsigned level, uint64_t index, const struct gh_mhash *root), void *arg);
struct gh_mhash gh_merkle_edge_root(const struct gh_merkle_edge *e);
#endif
