/* tar.h - one 512-byte header of a tar archive (POSIX.1-2017 pax, ustar; GNU tar "Basic Tar Format"; v7), and the
 * records of a pax extended header. Pure. */
#ifndef GH_WIRE_TAR_H
#define GH_WIRE_TAR_H
#include "base/span.h"

enum { GH_TAR_BLOCK = 512 };

enum gh_tar_dialect { GH_TAR_V7, GH_TAR_USTAR, GH_TAR_GNU };

struct gh_tar_header { /* spans point into the block */
	enum gh_tar_dialect dialect;
	struct gh_span name, prefix, link;     /* without trailing NULs; prefix: ustar only */
	struct gh_span after_name, after_link; /* bytes of those fields behind the first NUL */
	uint64_t mode, size, devmajor, devminor;
	uint8_t type;	 /* '\0' is given as '0' */
	bool bad_size;	 /* the size field is no number this reader (or any) agrees about */
	bool signed_sum; /* the checksum fits only when bytes are taken as signed, as old tars did */
	bool odd_number; /* some other number field has bytes that are no octal digits, blanks or base-256 */
};

/* in: at least one block. False: the checksum does not fit (or the block is all zero). */
bool gh_tar_header(struct gh_span in, struct gh_tar_header *out);
/* A number field: octal with blanks and NULs around it, or base-256 (GNU) when the first bit is set. */
bool gh_tar_number(struct gh_span field, uint64_t *out);
/* Do these first bytes of a source begin with a tar header? */
bool gh_tar_probe(struct gh_span head);

/* The next record "LEN KEY=VALUE\n" of a pax extended header, cut off the front of *in.
 * 1: there was one, 0: end, -1: malformed. */
int gh_tar_pax_next(struct gh_span *in, struct gh_span *key, struct gh_span *value);

/* One sparse extent pair list, GNU formats 0.1 and 1.0 keep decimal numbers: read one up to `stop` (',' or '\n').
 * False: malformed or does not fit 64 bits. */
bool gh_tar_decimal(struct gh_span *in, uint8_t stop, uint64_t *out);
#endif
