/* atoms.h - where any of some thousand byte strings of 2 to 4 bytes stands in a stretch of bytes: a first look before a search for
 * patterns that is ten times slower (scan/yara.h). Every place is found; what is found at a place is exact.
 *
 * At the speed of memory in numbers and random bytes, slower in words, whose letters are those of atoms. Vector code chosen at run
 * time, tested against the plain one. Pure; memory from an arena. */
#ifndef GH_WIRE_ATOMS_H
#define GH_WIRE_ATOMS_H
#include "base/arena.h"

enum { GH_ATOM_MIN = 2, GH_ATOM_MAX = 4, GH_ATOMS_MAX = 32768, GH_ATOM_SETS = 4 };

struct gh_atom {
	uint8_t b[GH_ATOM_MAX];
	uint8_t n;	       /* bytes of it, GH_ATOM_MIN to GH_ATOM_MAX */
	uint32_t reach, words; /* see gh_atom_hit */
	uint64_t of[GH_ATOM_SETS];
};

struct gh_atoms;
/* Take over n atoms, in any order; the list is copied. NULL: one is shorter than GH_ATOM_MIN, there are more than GH_ATOMS_MAX, or
 * there is no memory: then everything has to be searched. */
struct gh_atoms *gh_atoms_new(struct gh_arena *a, const struct gh_atom *list, size_t n);

struct gh_atom_hit {
	size_t at;
	uint32_t
		reach; /* the farthest that a pattern with one of these atoms reaches from its first byte, in bytes; 0: none does */
	uint32_t words; /* … of patterns that may hold any amount of white space besides, which is not counted */
	uint64_t of[GH_ATOM_SETS]; /* what the caller marked any of these atoms with */
};
/* The first place at or behind `from` where a whole atom stands; false: there is none. */
bool gh_atoms_next(const struct gh_atoms *t, struct gh_span s, size_t from, struct gh_atom_hit *out);
/* The same without special instructions. */
bool gh_atoms_next_plain(const struct gh_atoms *t, struct gh_span s, size_t from, struct gh_atom_hit *out);
#endif
