/* The low-level functions of OpenSSL's SHA-256: they keep their state on the stack and cannot fail, and hashing a node takes
 * 0.1 microseconds, where EVP spends more than that on finding the algorithm. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "crypto/merkle.h"

#include <openssl/sha.h>

enum { LEVELS = 64 };

struct gh_mhash gh_merkle_sha256(struct gh_span bytes)
{
	struct gh_mhash out;
	SHA256_CTX c;
	SHA256_Init(&c);
	SHA256_Update(&c, bytes.p, bytes.n);
	SHA256_Final(out.b, &c);
	return out;
}

struct gh_mhash gh_merkle_empty(void) { return gh_merkle_sha256((struct gh_span){ 0 }); }

struct gh_mhash gh_merkle_leaf(struct gh_span entry)
{
	struct gh_mhash out;
	SHA256_CTX c;
	SHA256_Init(&c);
	SHA256_Update(&c, "\0", 1);
	SHA256_Update(&c, entry.p, entry.n);
	SHA256_Final(out.b, &c);
	return out;
}

struct gh_mhash gh_merkle_node(const struct gh_mhash *left, const struct gh_mhash *right)
{
	struct gh_mhash out;
	SHA256_CTX c;
	SHA256_Init(&c);
	SHA256_Update(&c, "\1", 1);
	SHA256_Update(&c, left->b, sizeof left->b);
	SHA256_Update(&c, right->b, sizeof right->b);
	SHA256_Final(out.b, &c);
	return out;
}

/* ---- roots and proofs ---------------------------------------------------------------------------------------------------- */

/* MTH of the n > 0 leaves from `start` on, where start is a multiple of the smallest power of two that is not below n: a row
 * of full subtrees, largest first, folded from the right. */
static bool range_root(gh_merkle_read *read, void *arg, uint64_t start, uint64_t n, struct gh_mhash *out)
{
	bool have = false;
	uint64_t end = start + n;
	for (unsigned l = 0; l < LEVELS && n >> l != 0; l++) {
		struct gh_mhash h;
		if ((n >> l & 1) == 0)
			continue;
		end -= (uint64_t)1 << l;
		if (!read(arg, l, end >> l, &h))
			return false;
		*out = have ? gh_merkle_node(&h, out) : h;
		have = true;
	}
	return have;
}

bool gh_merkle_root(gh_merkle_read *read, void *arg, uint64_t size, struct gh_mhash *root)
{
	if (size > GH_MERKLE_SIZE_MAX)
		return false;
	if (size == 0) {
		*root = gh_merkle_empty();
		return true;
	}
	return range_root(read, arg, 0, size, root);
}

/* The largest power of two below n; n >= 2. */
static uint64_t split(uint64_t n) { return (uint64_t)1 << (63 - __builtin_clzll(n - 1)); }

static void reverse(struct gh_merkle_proof *p)
{
	for (unsigned i = 0, j = p->n; i + 1 < j; i++) {
		struct gh_mhash h = p->h[i];
		p->h[i] = p->h[--j];
		p->h[j] = h;
	}
}

/* Appends the root of a range; the proof has room for every level of the largest tree and one more. */
static bool put_range(gh_merkle_read *read, void *arg, uint64_t start, uint64_t n, struct gh_merkle_proof *p)
{
	return p->n < GH_MERKLE_PROOF && range_root(read, arg, start, n, &p->h[p->n++]);
}

/* PATH(m, D[n]) of RFC 6962, from the root downward, then turned round. */
bool gh_merkle_prove_inclusion(gh_merkle_read *read, void *arg, uint64_t index, uint64_t size,
			       struct gh_merkle_proof *out)
{
	uint64_t start = 0, n = size, m = index;
	out->n = 0;
	if (size > GH_MERKLE_SIZE_MAX || index >= size)
		return false;
	while (n > 1) {
		uint64_t k = split(n);
		if (!(m < k ? put_range(read, arg, start + k, n - k, out) : put_range(read, arg, start, k, out)))
			return false;
		if (m < k) {
			n = k;
		} else {
			m -= k;
			start += k;
			n -= k;
		}
	}
	reverse(out);
	return true;
}

/* SUBPROOF(m, D[n], b) of RFC 6962, likewise. */
bool gh_merkle_prove_consistency(gh_merkle_read *read, void *arg, uint64_t old, uint64_t size,
				 struct gh_merkle_proof *out)
{
	uint64_t start = 0, n = size, m = old;
	bool whole = true; /* the old tree is a subtree of the new one: its root is known to whoever asks */
	out->n = 0;
	if (size > GH_MERKLE_SIZE_MAX || old > size)
		return false;
	if (old == 0)
		return true;
	while (m != n) {
		uint64_t k = split(n);
		if (!(m <= k ? put_range(read, arg, start + k, n - k, out) : put_range(read, arg, start, k, out)))
			return false;
		if (m <= k) {
			n = k;
		} else {
			m -= k;
			start += k;
			n -= k;
			whole = false;
		}
	}
	if (!whole && !put_range(read, arg, start, n, out))
		return false;
	reverse(out);
	return true;
}

/* ---- checking ------------------------------------------------------------------------------------------------------------- */
bool gh_merkle_check_inclusion(const struct gh_mhash *leaf, uint64_t index, uint64_t size, const struct gh_mhash *proof,
			       size_t n, const struct gh_mhash *root)
{
	if (size > GH_MERKLE_SIZE_MAX || index >= size || n > GH_MERKLE_PROOF)
		return false;
	uint64_t fn = index, sn = size - 1;
	struct gh_mhash r = *leaf;
	for (size_t i = 0; i < n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			r = gh_merkle_node(&proof[i], &r);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			r = gh_merkle_node(&r, &proof[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && gh_mhash_eq(&r, root);
}

bool gh_merkle_check_consistency(uint64_t old, const struct gh_mhash *old_root, uint64_t size,
				 const struct gh_mhash *root, const struct gh_mhash *proof, size_t n)
{
	struct gh_mhash none = gh_merkle_empty();
	if (size > GH_MERKLE_SIZE_MAX || old > size || n > GH_MERKLE_PROOF)
		return false;
	if ((old == 0 && !gh_mhash_eq(old_root, &none)) || (size == 0 && !gh_mhash_eq(root, &none)))
		return false;
	if (old == 0 || old == size)
		return n == 0 && (old == 0 || gh_mhash_eq(old_root, root));
	uint64_t fn = old - 1, sn = size - 1;
	size_t i = 0;
	while ((fn & 1) != 0) {
		fn >>= 1;
		sn >>= 1;
	}
	struct gh_mhash fr = *old_root, sr = *old_root;
	if ((old & (old - 1)) != 0) { /* not a full subtree: the proof starts with the one that both trees share */
		if (n == 0)
			return false;
		fr = sr = proof[i++];
	}
	for (; i < n; i++) {
		if (sn == 0)
			return false;
		if ((fn & 1) != 0 || fn == sn) {
			fr = gh_merkle_node(&proof[i], &fr);
			sr = gh_merkle_node(&proof[i], &sr);
			while ((fn & 1) == 0 && fn != 0) {
				fn >>= 1;
				sn >>= 1;
			}
		} else {
			sr = gh_merkle_node(&sr, &proof[i]);
		}
		fn >>= 1;
		sn >>= 1;
	}
	return sn == 0 && gh_mhash_eq(&fr, old_root) && gh_mhash_eq(&sr, root);
}

const char *gh_merkle_may_sign(uint64_t last_size, const struct gh_mhash *last_root, uint64_t size,
			       const struct gh_mhash *root, const struct gh_mhash *proof, size_t n)
{
	if (size < last_size)
		return "it is shorter than the log that was signed last";
	if (size == last_size)
		return gh_mhash_eq(last_root, root) ? NULL : "a log of this size was signed with another root";
	if (!gh_merkle_check_consistency(last_size, last_root, size, root, proof, n))
		return "nothing proves that it extends the log that was signed last";
	return NULL;
}

/* ---- growing --------------------------------------------------------------------------------------------------------------- */
void gh_merkle_push(struct gh_merkle_edge *e, const struct gh_mhash *leaf,
		    void (*done)(void *arg, unsigned level, uint64_t index, const struct gh_mhash *root), void *arg)
{
	struct gh_mhash h = *leaf;
	unsigned l = 0;
	for (; (e->size >> l & 1) != 0; l++) {
		h = gh_merkle_node(&e->h[l], &h);
		if (done != NULL)
			done(arg, l + 1, e->size >> (l + 1), &h);
	}
	e->h[l] = h;
	e->size++;
}

struct gh_mhash gh_merkle_edge_root(const struct gh_merkle_edge *e)
{
	struct gh_mhash r = gh_merkle_empty();
	bool have = false;
	for (unsigned l = 0; l < LEVELS; l++)
		if ((e->size >> l & 1) != 0) {
			r = have ? gh_merkle_node(&e->h[l], &r) : e->h[l];
			have = true;
		}
	return r;
}
