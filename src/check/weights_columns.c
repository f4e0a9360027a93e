#include "check/weights_columns.h"

enum { LEAST = 16 }; /* rows and columns: in smaller matrices both orders are near each other */

void gh_columns_start(struct gh_columns *c, struct gh_arena *arena, uint64_t n, uint64_t row, uint8_t width, bool big)
{
	uint64_t rows = row == 0 ? 0 : n / row;
	c->cols = 0;
	if (row < LEAST || rows < LEAST)
		return;
	c->row = row;
	c->rows = rows < GH_BITS_AHEAD ? rows : GH_BITS_AHEAD;
	c->width = width;
	c->big = big;
	uint64_t cols = (GH_BITS_AHEAD + c->rows - 1) / c->rows;
	cols = cols < row ? cols : row;
	uint8_t *kept = gh_grow(arena, c->kept, &c->room, (size_t)(cols * c->rows), 8);
	if (kept == NULL)
		return;
	c->kept = kept;
	c->cols = cols;
	memset(c->kept, 0, (size_t)(cols * c->rows) * width);
}

void gh_columns_add(struct gh_columns *c, const struct gh_words *w, uint64_t first)
{
	uint64_t n = gh_words_n(w), end = first + n;
	for (uint64_t r = first / (c->cols == 0 ? 1 : c->row); c->cols != 0 && r < c->rows && r * c->row < end; r++)
		for (uint64_t k = 0; k < c->cols; k++) {
			uint64_t at = r * c->row + k;
			if (at >= first && at < end)
				memcpy(c->kept + (k * c->rows + r) * c->width, w->bytes.p + (at - first) * c->width,
				       c->width);
		}
}

struct gh_words gh_columns_words(const struct gh_columns *c)
{
	return (struct gh_words){ { c->kept, (size_t)(c->cols * c->rows) * c->width },
				  c->width == 0 ? 1 : c->width,
				  c->big };
}
