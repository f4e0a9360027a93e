/* program.h - recognise native programs and scripts in bytes. A match means validated structure of 64 bits and more
 * (magic and the header fields that an operating system's loader insists on), so that weights and other random bytes
 * never look like one; fields that loaders ignore may hold anything. Pure functions, no allocation.
 *
 * ELF: System V gABI ch. 4 and Linux fs/binfmt_elf.c; PE: Microsoft PE/COFF 2-3; Mach-O: <mach-o/loader.h>, <fat.h>. */
#ifndef GH_WIRE_PROGRAM_H
#define GH_WIRE_PROGRAM_H
#include "base/span.h"

enum gh_program_kind { GH_PROGRAM_ELF, GH_PROGRAM_PE, GH_PROGRAM_MACHO, GH_PROGRAM_SCRIPT };

struct gh_program {
	enum gh_program_kind kind;
	const char *name;	    /* "ELF", "PE", "Mach-O", "universal Mach-O", "script" */
	const char *machine;	    /* "x86-64", …; "" for a script */
	size_t at;		    /* offset in the bytes given */
	struct gh_span interpreter; /* script: the path after "#!", within the bytes given */
};

/* Bytes that are enough for every kind unless a PE header lies farther back than usual (loaders allow it anywhere). */
enum { GH_PROGRAM_HEAD = 4096 };

/* Is there a program at the very start? head: as many bytes as there are, GH_PROGRAM_HEAD do. Of an ELF file the magic and a
 * valid identification are enough here (machine is "" then). */
bool gh_program_at(struct gh_span head, struct gh_program *out);

/* Native programs at any offset of the block, in order, at most max of them; returns how many. A header that the
 * block's end cuts is not found: let blocks overlap by GH_PROGRAM_HEAD. Scripts are not looked for: two bytes and a
 * path mean something at the start of a file only. */
size_t gh_program_find(struct gh_span block, struct gh_program *out, size_t max);
#endif
