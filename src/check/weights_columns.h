/* weights_columns.h - the beginning of a matrix taken column by column: how a payload lies in it that was written into the
 * transposed one, or into an array that is stored the other way round (Fortran order).
 *
 * While a tensor flows by, the first numbers of each row are kept: as many columns as GH_BITS_AHEAD numbers need. Pure; memory
 * from the arena, bounded. */
#ifndef GH_CHECK_WEIGHTS_COLUMNS_H
#define GH_CHECK_WEIGHTS_COLUMNS_H
#include "base/arena.h"
#include "wire/bits.h"

struct gh_columns {
	uint64_t row, rows; /* numbers in a row; rows that are kept */
	uint64_t cols;	    /* columns that are kept; 0: nothing is */
	uint8_t width;
	bool big;
	uint8_t *kept; /* cols x rows numbers */
	size_t room;   /* bytes of it, kept from one tensor to the next */
};

/* A matrix of n numbers in rows of `row`. Where there are no columns or no memory nothing is kept. */
void gh_columns_start(struct gh_columns *c, struct gh_arena *arena, uint64_t n, uint64_t row, uint8_t width, bool big);
/* The numbers from `first` on. */
void gh_columns_add(struct gh_columns *c, const struct gh_words *w, uint64_t first);
/* What was kept, one column behind the other; no bytes: nothing. */
struct gh_words gh_columns_words(const struct gh_columns *c);
#endif
