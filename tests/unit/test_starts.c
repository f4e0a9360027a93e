/* Where archives, pickles and texts may start: the vector code and the plain one give the same places, in the same order. */
#include "support/cm.h"

#include "wire/starts.h"

#include <stdlib.h>
#include <string.h>

static uint64_t seed = 88172645463325252u;
static uint64_t chance(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	return seed ^= seed << 17;
}

/* All places of a stretch, one behind the other; returns how many. */
static size_t compare(struct gh_span s)
{
	size_t n = 0;
	for (size_t from = 0, a = 0, b = 0;; from = a + 1, n++) {
		enum gh_start x = gh_starts_next(s, from, &a), y = gh_starts_next_plain(s, from, &b);
		assert_int_equal(x, y);
		if (x == GH_START_NONE)
			return n;
		assert_int_equal(a, b);
		assert_true(a >= from && a < s.n);
	}
}

static void same(void **state)
{
	(void)state;
	enum { ROOM = 3000 };
	static const uint8_t few[] = { 'P', 'K', 0x80, 2,   5,	 6,   0x1f, 0x8b, 0xfd,
				       '7', 'z', 'R',  'a', 'B', 'Z', 0x28, 0xb5, 1 };
	uint8_t *p = malloc(ROOM);
	size_t places = 0, texts = 0;
	for (unsigned round = 0; round < 400; round++) {
		size_t n = (size_t)(chance() % ROOM), text = (size_t)(chance() % 200);
		for (size_t i = 0; i < n; i++)
			p[i] = round % 2 == 0 ? few[chance() % sizeof few] : (uint8_t)chance();
		if (n > text + 100)
			memset(p + chance() % (n - text), 'a' + (int)(round % 20), text);
		uint8_t *exact = malloc(n + 1); /* whoever reads behind the end is seen */
		memcpy(exact, p, n);
		exact = realloc(exact, n == 0 ? 1 : n);
		struct gh_span s = { exact, n };
		places += compare(s);
		size_t at;
		for (size_t from = 0; gh_starts_next(s, from, &at) != GH_START_NONE; from = at + 1)
			texts += gh_starts_next(s, from, &at) == GH_START_TEXT;
		free(exact);
	}
	assert_true(places > 1000 && texts > 50);
	free(p);
}

static void kinds(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_span in;
		enum gh_start kind;
		size_t at;
	} rows[] = {
		{ "nothing", GH_SPAN("\1\2\3"), GH_START_NONE, 0 },
		{ "zip", GH_SPAN("\1PK\3\4"), GH_START_PAIR, 1 },
		{ "the last byte is half a pair", GH_SPAN("\1P"), GH_START_NONE, 0 },
		{ "a pickle of protocol 5", GH_SPAN("\1\2\x80\5"), GH_START_PAIR, 2 },
		{ "protocols that do not exist", GH_SPAN("\x80\1\x80\6"), GH_START_NONE, 0 },
		{ "text", GH_SPAN("0123456789012345678901234567890123456789012345678901234567890\n\t\r"), GH_START_TEXT,
		  0 },
		{ "too short a text", GH_SPAN("0123456789012345678901234567890123456789"), GH_START_NONE, 0 },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		size_t at = 0;
		assert_int_equal(gh_starts_next(rows[i].in, 0, &at), rows[i].kind);
		assert_int_equal(gh_starts_next_plain(rows[i].in, 0, &at), rows[i].kind);
		assert_true(rows[i].kind == GH_START_NONE || at == rows[i].at);
		assert_int_equal(gh_starts_next(rows[i].in, rows[i].in.n, &at), GH_START_NONE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(same), cmocka_unit_test(kinds) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
