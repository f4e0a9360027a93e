/* Any bytes give a request, a refusal or a wish for more; what they give does not depend on the pieces they arrive in. */
#include "wire/http1.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static int head(struct gh_span all, size_t step, struct gh_h1_request *r)
{
	size_t seen = 0;
	const char *why = NULL;
	for (size_t have = step < all.n ? step : all.n;; have = all.n - have > step ? have + step : all.n) {
		int got = gh_h1_head(gh_span_cut(all, 0, have), &seen, r, &why);
		if (got != GH_H1_MORE && (got == GH_H1_DONE) == (why != NULL))
			__builtin_trap();
		if (got != GH_H1_MORE || have == all.n)
			return got;
	}
}

static int body(const struct gh_h1_request *r, struct gh_span all, size_t step, struct gh_buf *out)
{
	struct gh_h1_body b = gh_h1_body(r, 1024);
	const char *why = NULL;
	for (size_t at = 0;;) {
		struct gh_span in = gh_span_cut(all, at, step);
		size_t n = in.n;
		int got = gh_h1_body_take(&b, &in, out, &why);
		at += n - in.n;
		if (got == GH_H1_MORE && in.n > 0)
			__builtin_trap();
		if (got != GH_H1_MORE || n == 0)
			return got;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct gh_h1_request a, b;
	struct gh_span all = { p, n };
	size_t step = n > 0 ? (p[0] & 15) + 1u : 1;
	int one = head(all, n + 1, &a), two = head(all, step, &b);
	/* A head that is too long is noticed at different bytes, and never taken. */
	if (one != two && !(one >= 400 && two >= 400))
		__builtin_trap();
	if (one != GH_H1_DONE)
		return 0;
	if (a.head != b.head || a.head > n || a.nheader != b.nheader || (a.chunked && a.body > 0) || a.path.n == 0)
		__builtin_trap();
	gh_auto_buf x = gh_buf(1024), y = gh_buf(1024);
	struct gh_span rest = gh_span_cut(all, a.head, n);
	one = body(&a, rest, n + 1, &x);
	two = body(&b, rest, step, &y);
	if (one != two || (one < 400 && !gh_span_eq(gh_buf_view(&x), gh_buf_view(&y))))
		__builtin_trap();
	return 0;
}
