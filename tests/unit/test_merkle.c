/* Merkle trees: published roots, the definition of RFC 6962 written down again, proofs of every index and size, and what is none. */
#include "support/cm.h"

#include "crypto/merkle.h"

#include <stdio.h>
#include <string.h>

enum { MOST = 70 };
static struct gh_mhash leaves[MOST];

static void make_leaves(void)
{
	for (unsigned i = 0; i < MOST; i++) {
		uint8_t b[2] = { (uint8_t)i, 7 };
		leaves[i] = gh_merkle_leaf((struct gh_span){ b, sizeof b });
	}
}

/* MTH of RFC 6962, section 2.1, by the letter. */
static struct gh_mhash mth(const struct gh_mhash *h, size_t n)
{
	if (n == 0)
		return gh_merkle_empty();
	if (n == 1)
		return h[0];
	size_t k = 1;
	while (k * 2 < n)
		k *= 2;
	struct gh_mhash l = mth(h, k), r = mth(h + k, n - k);
	return gh_merkle_node(&l, &r);
}

static uint64_t limit; /* leaves that may be asked for */
static bool read_leaves(void *arg, unsigned level, uint64_t index, struct gh_mhash *out)
{
	(void)arg;
	assert_true((index + 1) << level <= limit); /* never a subtree beyond the tree */
	*out = mth(leaves + (index << level), (size_t)1 << level);
	return true;
}
static bool read_nothing(void *arg, unsigned level, uint64_t index, struct gh_mhash *out)
{
	(void)arg;
	(void)level;
	(void)index;
	(void)out;
	return false;
}

static void roots_are_those_that_were_published(void **st)
{
	(void)st;
	static const struct {
		const char *leaf;
		size_t n;
		const char *root;
	} rows[] = {
		{ "", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d" },
		{ "\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125" },
		{ "\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77" },
		{ "\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7" },
		{ "\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4" },
		{ "\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef" },
		{ "\x50\x51\x52\x53\x54\x55\x56\x57", 8,
		  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c" },
		{ "\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
		  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328" },
	};
	struct gh_merkle_edge e = { 0 };
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char hex[65];
		struct gh_mhash leaf = gh_merkle_leaf((struct gh_span){ (const uint8_t *)rows[i].leaf, rows[i].n });
		gh_merkle_push(&e, &leaf, NULL, NULL);
		struct gh_mhash root = gh_merkle_edge_root(&e);
		for (unsigned k = 0; k < 32; k++)
			(void)snprintf(hex + 2 * k, 3, "%02x", root.b[k]);
		assert_string_equal(hex, rows[i].root);
	}
}

static unsigned completed;
static void count_done(void *arg, unsigned level, uint64_t index, const struct gh_mhash *root)
{
	(void)arg;
	struct gh_mhash want = mth(leaves + (index << level), (size_t)1 << level);
	assert_true(level >= 1 && gh_mhash_eq(&want, root));
	completed++;
}

static void growing_and_reading_give_the_root_of_the_definition(void **st)
{
	(void)st;
	struct gh_merkle_edge e = { 0 };
	make_leaves();
	for (size_t n = 0; n <= MOST; n++) {
		struct gh_mhash want = mth(leaves, n), read, edge = gh_merkle_edge_root(&e);
		limit = n;
		assert_true(gh_merkle_root(read_leaves, NULL, n, &read));
		assert_true(gh_mhash_eq(&want, &read) && gh_mhash_eq(&want, &edge) && e.size == n);
		if (n < MOST)
			gh_merkle_push(&e, &leaves[n], count_done, NULL);
	}
	assert_int_equal(completed, 35 + 17 + 8 + 4 + 2 + 1);
	struct gh_mhash h;
	assert_false(gh_merkle_root(read_nothing, NULL, 5, &h));
	assert_false(gh_merkle_root(read_leaves, NULL, GH_MERKLE_SIZE_MAX + 1, &h));
}

/* A proof that was changed in any way proves nothing. */
static void refuse_changed_inclusion(const struct gh_mhash *leaf, size_t i, size_t n, const struct gh_merkle_proof *p,
				     const struct gh_mhash *root)
{
	struct gh_merkle_proof q = *p;
	for (unsigned k = 0; k < p->n; k++) {
		q.h[k].b[k % 32] ^= 1;
		assert_false(gh_merkle_check_inclusion(leaf, i, n, q.h, q.n, root));
		q = *p;
	}
	if (p->n > 0)
		assert_false(gh_merkle_check_inclusion(leaf, i, n, p->h, p->n - 1, root));
	q.h[p->n] = *leaf;
	assert_false(gh_merkle_check_inclusion(leaf, i, n, q.h, p->n + 1u, root));
	assert_false(gh_merkle_check_inclusion(leaf, n, n, p->h, p->n, root));
	if (n > 1) {
		assert_false(gh_merkle_check_inclusion(leaf, (i + 1) % n, n, p->h, p->n, root));
		assert_false(gh_merkle_check_inclusion(&leaves[(i + 1) % n], i, n, p->h, p->n, root));
	}
}

static void every_leaf_is_proved_and_nothing_else(void **st)
{
	(void)st;
	make_leaves();
	for (size_t n = 1; n <= MOST; n++) {
		struct gh_mhash root = mth(leaves, n);
		limit = n;
		for (size_t i = 0; i < n; i++) {
			struct gh_merkle_proof p;
			assert_true(gh_merkle_prove_inclusion(read_leaves, NULL, i, n, &p));
			assert_true(gh_merkle_check_inclusion(&leaves[i], i, n, p.h, p.n, &root));
			refuse_changed_inclusion(&leaves[i], i, n, &p, &root);
		}
	}
	struct gh_merkle_proof p;
	assert_false(gh_merkle_prove_inclusion(read_leaves, NULL, 5, 5, &p));
	assert_false(gh_merkle_prove_inclusion(read_leaves, NULL, 0, 0, &p));
	assert_false(gh_merkle_prove_inclusion(read_nothing, NULL, 1, 5, &p));
	assert_false(gh_merkle_prove_inclusion(read_leaves, NULL, 0, UINT64_MAX, &p));
	assert_false(gh_merkle_check_inclusion(&leaves[0], 0, UINT64_MAX, p.h, 64, &leaves[0]));
	assert_false(gh_merkle_check_inclusion(&leaves[0], 0, 4, p.h, SIZE_MAX, &leaves[0])); /* no read beyond */
}

static void every_beginning_is_proved_and_nothing_else(void **st)
{
	(void)st;
	make_leaves();
	for (size_t n = 0; n <= MOST; n++) {
		struct gh_mhash root = mth(leaves, n), other = leaves[0];
		limit = n;
		other.b[0] ^= 1;
		for (size_t m = 0; m <= n; m++) {
			struct gh_merkle_proof p, q;
			struct gh_mhash old = mth(leaves, m);
			assert_true(gh_merkle_prove_consistency(read_leaves, NULL, m, n, &p));
			assert_true(gh_merkle_check_consistency(m, &old, n, &root, p.h, p.n));
			assert_false(gh_merkle_check_consistency(m, &other, n, &root, p.h, p.n));
			if (m != 0) /* the empty log is the beginning of any */
				assert_false(gh_merkle_check_consistency(m, &old, n, &other, p.h, p.n));
			for (unsigned k = 0; k < p.n; k++) {
				q = p;
				q.h[k].b[31] ^= 0x80;
				assert_false(gh_merkle_check_consistency(m, &old, n, &root, q.h, q.n));
			}
			q = p;
			q.h[p.n] = root;
			assert_false(gh_merkle_check_consistency(m, &old, n, &root, q.h, q.n + 1u));
			if (p.n > 0)
				assert_false(gh_merkle_check_consistency(m, &old, n, &root, p.h, p.n - 1));
			assert_false(gh_merkle_check_consistency(n + 1, &old, n, &root, p.h, p.n));
		}
	}
	struct gh_merkle_proof p;
	assert_false(gh_merkle_prove_consistency(read_leaves, NULL, 6, 5, &p));
	assert_false(gh_merkle_prove_consistency(read_nothing, NULL, 3, 5, &p));
	assert_false(gh_merkle_check_consistency(0, &leaves[0], 3, &leaves[1], NULL, 0));
}

static void who_signs_refuses_another_history(void **st)
{
	(void)st;
	make_leaves();
	limit = 40;
	struct gh_merkle_proof p;
	struct gh_mhash none = gh_merkle_empty(), old = mth(leaves, 23), now = mth(leaves, 40),
			fork = mth(leaves + 1, 40);
	assert_true(gh_merkle_prove_consistency(read_leaves, NULL, 23, 40, &p));
	assert_null(gh_merkle_may_sign(0, &none, 40, &now, NULL, 0));
	assert_null(gh_merkle_may_sign(23, &old, 40, &now, p.h, p.n));
	assert_null(gh_merkle_may_sign(40, &now, 40, &now, p.h, p.n)); /* again */
	assert_string_equal(gh_merkle_may_sign(40, &now, 23, &old, p.h, p.n),
			    "it is shorter than the log that was signed last");
	assert_string_equal(gh_merkle_may_sign(40, &now, 40, &fork, NULL, 0),
			    "a log of this size was signed with another root");
	assert_string_equal(gh_merkle_may_sign(23, &old, 40, &fork, p.h, p.n),
			    "nothing proves that it extends the log that was signed last");
	assert_non_null(gh_merkle_may_sign(23, &old, 40, &now, NULL, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(roots_are_those_that_were_published),
		cmocka_unit_test(growing_and_reading_give_the_root_of_the_definition),
		cmocka_unit_test(every_leaf_is_proved_and_nothing_else),
		cmocka_unit_test(every_beginning_is_proved_and_nothing_else),
		cmocka_unit_test(who_signs_refuses_another_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
