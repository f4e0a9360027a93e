/* Short byte strings among bytes: the first half of the input names them, the second is searched, both ways and slowly. */
#include "wire/atoms.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool slowly(const struct gh_atom *list, size_t n, const uint8_t *p, size_t left)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].n <= left && memcmp(list[i].b, p, list[i].n) == 0)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum { MANY = 64 };
	struct gh_atom list[MANY] = { 0 };
	struct gh_arena arena = { .max = 8 << 20 };
	size_t n = size == 0 ? 0 : data[0] % (MANY + 1), at = 1;
	for (size_t i = 0; i < n; i++) {
		if (size - at < 5) {
			n = i;
			break;
		}
		list[i] = (struct gh_atom){ .n = (uint8_t)(2 + data[at] % 3), .reach = data[at] };
		memcpy(list[i].b, data + at + 1, list[i].n);
		at += 1u + list[i].n;
	}
	struct gh_span s = size <= at ? (struct gh_span){ 0 } : (struct gh_span){ data + at, size - at };
	struct gh_atoms *t = gh_atoms_new(&arena, list, n);
	struct gh_atom_hit a, b;
	for (size_t from = 0; t != NULL; from = a.at + 1) {
		bool x = gh_atoms_next(t, s, from, &a), y = gh_atoms_next_plain(t, s, from, &b);
		if (x != y || (x && (a.at != b.at || a.reach != b.reach)))
			abort();
		for (size_t i = from; i < (x ? a.at : s.n); i++)
			if (slowly(list, n, s.p + i, s.n - i))
				abort();
		if (!x)
			break;
		if (!slowly(list, n, s.p + a.at, s.n - a.at))
			abort();
	}
	gh_arena_free(&arena);
	return 0;
}
