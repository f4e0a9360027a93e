/* Arrays in tiles, put together: every element where it belongs, whatever the grid; and what a hostile reader may say. */
#include "support/cm.h"
#include "scan/tiles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALL_MAX = 4096 };

static int spill(void *arg)
{
	char name[] = "/tmp/gh-tiles-XXXXXX";
	int fd = *(bool *)arg ? mkstemp(name) : -1;
	if (fd >= 0)
		(void)unlink(name);
	return fd;
}

struct fixture {
	struct gh_tiles x;
	int fd;
	uint64_t used;
	bool room;
	struct gh_err err;
	char why[400];
};

static void open_tiles(struct fixture *f)
{
	*f = (struct fixture){ .fd = -1, .room = true };
	f->x = (struct gh_tiles){ .spill = spill, .arg = &f->room, .fd = &f->fd, .used = &f->used, .most = 1 << 30 };
}

static void close_tiles(struct fixture *f)
{
	gh_tiles_end(&f->x);
	if (f->fd >= 0)
		(void)close(f->fd);
}

static enum gh_rc take(struct fixture *f, const struct gh_tile *t, bool *whole, uint64_t *off)
{
	f->err = (struct gh_err){ 0 };
	enum gh_rc rc = gh_tiles_take(&f->x, t, 2, whole, off, &f->err);
	(void)gh_err_line(&f->err, f->why, sizeof f->why);
	return rc;
}

/* The tile at `place` of an array whose element number i is i + 1; filling is 0xffff. */
static size_t cut(const struct gh_tile *t, uint16_t *out)
{
	uint64_t low[8], n = 1, place = t->place;
	for (unsigned i = t->ndim; i-- > 0;) {
		uint64_t many = (t->dim[i] + t->side[i] - 1) / t->side[i];
		low[i] = place % many * t->side[i];
		place /= many;
		n *= t->side[i];
	}
	for (uint64_t k = 0; k < n; k++) {
		uint64_t rest = k, at = 0, step = 1;
		bool inside = true;
		for (unsigned i = t->ndim; i-- > 0;) {
			uint64_t x = low[i] + rest % t->side[i];
			rest /= t->side[i];
			inside = inside && x < t->dim[i];
			at += x * step;
			step *= t->dim[i];
		}
		out[k] = inside ? (uint16_t)(at + 1) : 0xffff;
	}
	return (size_t)n * 2;
}

static const struct grid {
	unsigned ndim;
	uint64_t dim[4], side[4], tiles;
} grids[] = {
	{ 1, { 10 }, { 3 }, 4 },
	{ 1, { 8 }, { 8 }, 1 },
	{ 1, { 3 }, { 9 }, 1 },
	{ 2, { 4, 6 }, { 2, 3 }, 4 },
	{ 2, { 5, 7 }, { 2, 3 }, 9 },
	{ 2, { 5, 7 }, { 1, 7 }, 5 },
	{ 2, { 5, 7 }, { 5, 1 }, 7 },
	{ 2, { 5, 7 }, { 8, 9 }, 1 },
	{ 3, { 3, 4, 5 }, { 2, 4, 5 }, 2 },
	{ 3, { 3, 4, 5 }, { 2, 3, 2 }, 12 },
	{ 4, { 2, 3, 2, 5 }, { 1, 2, 2, 4 }, 8 },
};

static void every_grid(void **state)
{
	struct fixture f;
	(void)state;
	open_tiles(&f);
	for (size_t g = 0; g < sizeof grids / sizeof grids[0]; g++) {
		uint16_t piece[ALL_MAX], back[ALL_MAX];
		struct gh_tile t = { .name = GH_SPAN("w"),
				     .dtype = "U16",
				     .ndim = grids[g].ndim,
				     .dim = grids[g].dim,
				     .side = grids[g].side,
				     .stored = grids[g].tiles };
		bool whole = false;
		uint64_t off = 0, all = 1;
		for (unsigned i = 0; i < t.ndim; i++)
			all *= t.dim[i];
		for (; t.index < t.stored; t.index++) {
			t.place = t.index;
			t.bytes = (struct gh_span){ (uint8_t *)piece, cut(&t, piece) };
			assert_false(whole);
			assert_int_equal(take(&f, &t, &whole, &off), GH_OK);
		}
		assert_true(whole);
		assert_int_equal(f.x.bytes, all * 2);
		assert_int_equal(pread(f.fd, back, (size_t)all * 2, (off_t)off), all * 2);
		for (uint64_t i = 0; i < all; i++)
			assert_int_equal(back[i], i + 1);
	}
	close_tiles(&f);
}

static void never_written(void **state)
{
	static const uint64_t dim[] = { 2, 3 }, side[] = { 1, 3 };
	static const uint16_t row[] = { 7, 8, 9 };
	uint16_t back[6];
	struct fixture f;
	bool whole = false;
	uint64_t off = 99;
	struct gh_tile t = { .name = GH_SPAN("w"), .dtype = "U16", .ndim = 2, .dim = dim, .side = side, .zeros = true };
	(void)state;
	open_tiles(&f);
	assert_int_equal(take(&f, &t, &whole, &off), GH_OK);
	assert_true(whole && f.used == 12 && off == 0);
	t.stored = 1;
	t.place = 1;
	t.bytes = (struct gh_span){ (const uint8_t *)row, sizeof row };
	assert_int_equal(take(&f, &t, &whole, &off), GH_OK);
	assert_true(whole && off == 12);
	assert_int_equal(pread(f.fd, back, sizeof back, 12), sizeof back);
	static const uint16_t want[] = { 0, 0, 0, 7, 8, 9 };
	assert_memory_equal(back, want, sizeof want);
	t.zeros = false;
	assert_int_equal(take(&f, &t, &whole, &off), GH_E_UNREAD);
	assert_non_null(strstr(f.why, "never written, and stand for a fill value"));
	t.index = 1; /* of an array that was given up: no further word */
	assert_int_equal(take(&f, &t, &whole, &off), GH_E_UNREAD);
	assert_int_equal(f.err.n, 0);
	assert_int_equal(f.used, 24);
	close_tiles(&f);
}

static void hostile(void **state)
{
	static const uint8_t bytes[64];
	static const struct {
		uint64_t dim[2], side[2], index, stored, place;
		size_t n;
		enum gh_rc rc;
		const char *why;
	} t[] = {
		{ { 4, 4 }, { 2, 0 }, 0, 1, 0, 8, GH_E_MALFORMED, "do not fit" },
		{ { 4, 4 }, { 2, 2 }, 0, 5, 0, 8, GH_E_MALFORMED, "more chunks than places" },
		{ { 4, 4 }, { 2, 2 }, 0, 4, 4, 8, GH_E_MALFORMED, "another size" },
		{ { 4, 4 }, { 2, 2 }, 0, 4, UINT64_MAX, 8, GH_E_MALFORMED, "another size" },
		{ { 4, 4 }, { 2, 2 }, 0, 4, 0, 7, GH_E_MALFORMED, "another size" },
		{ { 4, 4 }, { 2, 2 }, 0, 4, 0, 9, GH_E_MALFORMED, "another size" },
		{ { 4, 4 }, { 2, UINT64_MAX }, 0, 2, 0, 8, GH_E_MALFORMED, "another size" },
		{ { UINT64_MAX, 4 }, { 1, 1 }, 0, 1, 0, 2, GH_E_MALFORMED, "do not fit" },
		{ { (uint64_t)1 << 40, 1 }, { 1, 1 }, 0, 1, 0, 2, GH_E_UNREAD, "too large to be filled up" },
		{ { (uint64_t)1 << 40, 1 }, { (uint64_t)1 << 40, 1 }, 0, 1, 0, 2, GH_E_LIMIT, "--limit-expanded" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct fixture f;
		bool whole = false;
		uint64_t off = 0;
		const struct gh_tile x = { .name = GH_SPAN("w"),
					   .dtype = "U16",
					   .ndim = 2,
					   .dim = t[i].dim,
					   .side = t[i].side,
					   .index = t[i].index,
					   .stored = t[i].stored,
					   .place = t[i].place,
					   .zeros = true,
					   .bytes = { bytes, t[i].n } };
		open_tiles(&f);
		assert_int_equal(take(&f, &x, &whole, &off), t[i].rc);
		assert_false(whole);
		assert_non_null(strstr(f.why, t[i].why));
		close_tiles(&f);
	}
}

/* A tile that comes twice, out of order, or without its first one. */
static void out_of_turn(void **state)
{
	static const uint64_t dim[] = { 4 }, side[] = { 2 };
	static const uint8_t bytes[4];
	static const struct {
		uint64_t index, place;
	} second[] = { { 1, 0 }, { 2, 1 }, { 1, 2 } };
	(void)state;
	for (size_t i = 0; i < sizeof second / sizeof second[0]; i++) {
		struct fixture f;
		bool whole = false;
		uint64_t off = 0;
		struct gh_tile t = { .name = GH_SPAN("w"),
				     .dtype = "U16",
				     .ndim = 1,
				     .dim = dim,
				     .side = side,
				     .stored = 2,
				     .bytes = { bytes, 4 } };
		open_tiles(&f);
		assert_int_equal(take(&f, &t, &whole, &off), GH_OK);
		t.index = second[i].index;
		t.place = second[i].place;
		assert_int_equal(take(&f, &t, &whole, &off), GH_E_MALFORMED);
		assert_false(whole);
		close_tiles(&f);
		open_tiles(&f);
		assert_int_equal(take(&f, &t, &whole, &off), GH_E_MALFORMED); /* nothing began */
		f.room = false;
		t.index = t.place = 0;
		assert_int_equal(take(&f, &t, &whole, &off), GH_E_IO);
		assert_non_null(strstr(f.why, "$TMPDIR"));
		close_tiles(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_grid),
		cmocka_unit_test(never_written),
		cmocka_unit_test(hostile),
		cmocka_unit_test(out_of_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
