/* The JSON reader on any bytes: no crash, no over-read, ends; the answer does not depend on how the bytes are cut into
 * windows, and the pieces of every string add up to its stated length. */
#include <stdlib.h>

#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

struct drip {
	struct gh_span all;
	size_t step;
	uint8_t *cur;
};

static struct gh_span more(void *ctx, uint64_t off)
{
	struct drip *d = ctx;
	struct gh_span s = gh_span_cut(d->all, off, d->step);
	free(d->cur);
	d->cur = malloc(s.n + 1);
	if (d->cur == NULL)
		abort();
	if (s.n != 0)
		memcpy(d->cur, s.p, s.n);
	return (struct gh_span){ d->cur, s.n };
}

static void check_pieces(const struct gh_json *of, struct gh_span all)
{
	struct drip d = { all, 17, NULL };
	struct gh_json k = gh_json(more, &d, of->off, NULL);
	uint64_t sum = 0;
	k.lenient = of->lenient;
	gh_json_string_open(&k);
	for (struct gh_span s; gh_json_string_piece(&k, &s);)
		sum += s.n;
	if (k.tok != GH_JSON_END || sum != of->full)
		__builtin_trap();
	free(d.cur);
}

static void read_both(struct gh_span all, bool lenient)
{
	const uint8_t *data = all.p;
	size_t n = all.n;
	gh_auto_arena a = { .max = 8 << 20 }, b = { .max = 8 << 20 };
	struct drip d = { all, n == 0 ? 16 : 16 + data[0] % 64, NULL };
	struct gh_json x = gh_json_mem(all, &a), y = gh_json(more, &d, 0, &b);
	unsigned strings = 0;
	x.lenient = y.lenient = lenient;
	do {
		enum gh_json_tok p = gh_json_next(&x), q = gh_json_next(&y);
		if (p != q || x.off != y.off || x.len != y.len || x.full != y.full || x.off > n || x.len > n - x.off ||
		    x.duplicate != y.duplicate || x.depth != y.depth)
			__builtin_trap();
		if ((p == GH_JSON_STRING || p == GH_JSON_KEY) && !gh_span_eq(x.text, y.text))
			__builtin_trap();
		bool quoted = p == GH_JSON_STRING || (p == GH_JSON_KEY && (data[x.off] == '"' || data[x.off] == '\''));
		if (quoted && strings++ < 64)
			check_pieces(&x, all);
	} while (x.tok > GH_JSON_END);
	if (x.tok == GH_JSON_BAD && x.why == NULL)
		__builtin_trap();
	if (x.bent != y.bent || (x.bent != 0 && !lenient))
		__builtin_trap();
	free(d.cur);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	read_both((struct gh_span){ data, n }, false);
	read_both((struct gh_span){ data, n }, true);
	return 0;
}
