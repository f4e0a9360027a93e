/* seedrows.h - for tests of readers: a seed of a format, changed in one place or not, and what its reading must come to. */
#ifndef GH_TEST_SEEDROWS_H
#define GH_TEST_SEEDROWS_H
#include "format/format.h"

struct gh_seed_row {
	const struct gh_fmt *fmt;
	const char *what, *seed;   /* of tests/fuzz/seeds/<format>; NULL: `with` is the whole file */
	struct gh_span find, with; /* of one length; find empty: with is appended */
	int cut;		   /* bytes off the end */
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot; /* lines of the event log; NULL: not asked */
};

/* The bytes of a row, which the caller frees; NULL, and said, when the row itself is wrong. */
uint8_t *gh_seed_row_bytes(const struct gh_seed_row *row, size_t *n);
/* Walk every row twice, with windows that stay and with windows that die. Returns how many failed, each said. */
unsigned gh_seed_rows_wrong(const struct gh_seed_row *row, size_t n);
#endif
