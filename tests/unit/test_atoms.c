/* Short byte strings among bytes: both ways against a search of every place. */
#include "support/cm.h"

#include "wire/atoms.h"

#include <stdlib.h>
#include <string.h>

static uint64_t seed = 88172645463325252u;
static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* What stands at p, one atom after the other. */
static bool slowly(const struct gh_atom *list, size_t n, const uint8_t *p, size_t left, struct gh_atom_hit *h)
{
	bool any = false;
	h->reach = h->words = 0;
	for (size_t i = 0; i < n; i++) {
		if (list[i].n > left || memcmp(list[i].b, p, list[i].n) != 0)
			continue;
		any = true;
		h->reach = list[i].reach > h->reach ? list[i].reach : h->reach;
		h->words = list[i].words > h->words ? list[i].words : h->words;
	}
	return any;
}

static size_t compare(const struct gh_atoms *t, const struct gh_atom *list, size_t n, struct gh_span s)
{
	struct gh_atom_hit a = { 0 }, b = { 0 }, c = { 0 };
	size_t found = 0;
	for (size_t from = 0;; from = a.at + 1, found++) {
		bool x = gh_atoms_next(t, s, from, &a), y = gh_atoms_next_plain(t, s, from, &b);
		assert_int_equal(x, y);
		size_t end = x ? a.at : s.n;
		for (size_t i = from; i < end; i++)
			assert_false(slowly(list, n, s.p + i, s.n - i, &c));
		if (!x)
			return found;
		assert_true(slowly(list, n, s.p + a.at, s.n - a.at, &c));
		assert_int_equal(a.at, b.at);
		assert_int_equal(a.reach, c.reach);
		assert_int_equal(a.words, c.words);
		assert_int_equal(b.reach, c.reach);
		assert_int_equal(b.words, c.words);
	}
}

static void same(void **state)
{
	(void)state;
	enum { ROOM = 1200, MANY = 60 };
	static const char letters[] = "curlWGET0123.:/<?~ \n";
	uint8_t *p = malloc(ROOM);
	size_t found = 0;
	for (unsigned round = 0; round < 300; round++) {
		struct gh_atom list[MANY] = { 0 };
		struct gh_arena arena = { .max = 8 << 20 };
		size_t n = 1 + (size_t)(chance() % MANY), len = (size_t)(chance() % ROOM);
		for (size_t i = 0; i < n; i++) {
			list[i].n = (uint8_t)(2 + chance() % 3);
			list[i].reach = (uint32_t)(chance() % 5000);
			list[i].words = (uint32_t)(chance() % 3 * 100);
			for (unsigned k = 0; k < list[i].n; k++)
				list[i].b[k] = round % 3 == 0 ? (uint8_t)(chance() % 4 * 85)
							      : (uint8_t)letters[chance() % (sizeof letters - 1)];
		}
		for (size_t i = 0; i < len; i++)
			p[i] = round % 3 == 0 ? (uint8_t)(chance() % 4 * 85)
					      : (uint8_t)letters[chance() % (sizeof letters - 1)];
		uint8_t *exact = malloc(len + 1); /* whoever reads behind the end is seen */
		memcpy(exact, p, len);
		exact = realloc(exact, len == 0 ? 1 : len);
		struct gh_atoms *t = gh_atoms_new(&arena, list, n);
		assert_non_null(t);
		found += compare(t, list, n, (struct gh_span){ exact, len });
		free(exact);
		gh_arena_free(&arena);
	}
	assert_true(found > 10000);
	free(p);
}

static void refused(void **state)
{
	(void)state;
	struct gh_arena arena = { .max = 8 << 20 }, small = { .max = 1024 };
	struct gh_atom one = { .b = { 'a' }, .n = 1, .reach = 5 }, good = { .b = { 'a', 'b' }, .n = 2, .reach = 5 };
	struct gh_atom_hit h;
	assert_null(gh_atoms_new(&arena, &one, 1));
	assert_null(gh_atoms_new(&small, &good, 1));
	struct gh_atoms *none = gh_atoms_new(&arena, NULL, 0);
	assert_non_null(none);
	assert_false(gh_atoms_next(
		none, gh_span_str("abababababababababababababababababababababababababababababababababababab"), 0, &h));
	struct gh_atoms *t = gh_atoms_new(&arena, &good, 1);
	assert_true(gh_atoms_next(t, gh_span_str("..ab"), 0, &h)); /* at the very end */
	assert_int_equal(h.at, 2);
	assert_false(gh_atoms_next(t, gh_span_str("..ab"), 3, &h));
	assert_false(gh_atoms_next(t, gh_span_str("..a"), 0, &h));
	assert_false(gh_atoms_next(t, gh_span_str(""), 0, &h));
	gh_arena_free(&arena);
	gh_arena_free(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same), cmocka_unit_test(refused) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
