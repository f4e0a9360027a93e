/* elfneed.h - what a program or shared library wants loaded beside it: interpreter, needed libraries, where to look.
 *
 * ELF of 64 bits, little-endian (System V gABI, chapters 4 and 5). Only what ld.so reads is read: program headers, the dynamic
 * section, its string table. Pure, bounded, allocates nothing; names point into the bytes. */
#ifndef GH_WIRE_ELFNEED_H
#define GH_WIRE_ELFNEED_H
#include "base/span.h"

enum { GH_ELF_NEEDED = 64, GH_ELF_NAME = 256 };

struct gh_elf_need {
	struct gh_span interpreter; /* empty: a library, or a static program */
	struct gh_span runpath;	    /* "dir:dir", "$ORIGIN/lib"; empty: none */
	struct gh_span needed[GH_ELF_NEEDED];
	size_t nneeded;
};

/* False: no such ELF file, one that contradicts itself, or more names than there is room for. A static program needs nothing. */
bool gh_elf_need(struct gh_span file, struct gh_elf_need *out);
#endif
