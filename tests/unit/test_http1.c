/* Requests of HTTP/1.1: what is understood, what is refused and with which status, whatever pieces they arrive in. */
#include "support/cm.h"
#include "wire/http1.h"

#include <stdio.h>
#include <stdlib.h>

#define H "Host: x\r\n"

static const struct {
	const char *text;
	int status;
	const char *why; /* a part of it */
} heads[] = {
	{ "GET / HTTP/1.1\r\n" H "\r\n", 200, NULL },
	{ "GET / HTTP/1.0\r\n\r\n", 200, NULL },
	{ "\r\nGET / HTTP/1.1\r\n" H "\r\n", 200, NULL },
	{ "GET http://host:1/a HTTP/1.1\r\n" H "\r\n", 200, NULL },
	{ "POST /a HTTP/1.1\r\n" H "Content-Length: 12\r\n\r\n", 200, NULL },
	{ "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: Chunked\r\n\r\n", 200, NULL },
	{ "GET / HTTP/1.1\r\nHost:x\r\nX:\r\n\r\n", 200, NULL },
	{ "GET / HTTP/1.1\r\n" H "X: caf\xc3\xa9\tz\r\n\r\n", 200, NULL },
	/* the request line */
	{ "GET  / HTTP/1.1\r\n" H "\r\n", 400, "METHOD TARGET" },
	{ "GET / HTTP/1.1 \r\n" H "\r\n", 400, "METHOD TARGET" },
	{ "GET /\r\n" H "\r\n", 400, "METHOD TARGET" },
	{ " GET / HTTP/1.1\r\n" H "\r\n", 400, "METHOD TARGET" },
	{ "G\x01T / HTTP/1.1\r\n" H "\r\n", 400, "METHOD TARGET" },
	{ "GET / HTTP/2.0\r\n" H "\r\n", 505, "HTTP/1.1" },
	{ "GET / HTTP/1.2\r\n" H "\r\n", 505, "HTTP/1.1" },
	{ "GET / http/1.1\r\n" H "\r\n", 400, "METHOD TARGET" },
	{ "GET / HTTP/1.1x\r\n" H "\r\n", 400, "METHOD TARGET" },
	{ "AVERYLONGMETHODNAME / HTTP/1.1\r\n" H "\r\n", 501, "method" },
	{ "GET a HTTP/1.1\r\n" H "\r\n", 400, "begin with" },
	{ "GET * HTTP/1.1\r\n" H "\r\n", 400, "begin with" },
	{ "GET http:///a HTTP/1.1\r\n" H "\r\n", 400, "no path" },
	{ "GET http://host HTTP/1.1\r\n" H "\r\n", 400, "no path" },
	{ "GET /#x HTTP/1.1\r\n" H "\r\n", 400, "does not belong" },
	{ "GET /\x7f HTTP/1.1\r\n" H "\r\n", 400, "does not belong" },
	{ "GET /\xc3\xa9 HTTP/1.1\r\n" H "\r\n", 400, "does not belong" },
	{ "\r\n\r\nGET / HTTP/1.1\r\n" H "\r\n", 400, "METHOD TARGET" },
	/* header lines */
	{ "GET / HTTP/1.1\r\n" H "X : y\r\n\r\n", 400, "NAME: VALUE" },
	{ "GET / HTTP/1.1\r\n" H " X: y\r\n\r\n", 400, "blank" },
	{ "GET / HTTP/1.1\r\n" H "X: y\r\n z\r\n\r\n", 400, "blank" },
	{ "GET / HTTP/1.1\r\n" H "X y\r\n\r\n", 400, "NAME: VALUE" },
	{ "GET / HTTP/1.1\r\n" H ": y\r\n\r\n", 400, "NAME: VALUE" },
	{ "GET / HTTP/1.1\r\n" H "X: \x01\r\n\r\n", 400, "control" },
	{ "GET / HTTP/1.1\n" H "\r\n\r\n", 400, "METHOD TARGET" },
	{ "GET / HTTP/1.1\r\nHost: x\n\r\n\r\n", 400, "CR LF" },
	{ "GET / HTTP/1.1\r\nHost: x\rY: z\r\n\r\n", 400, "CR LF" },
	{ "GET / HTTP/1.1\r\n\r\n", 400, "Host" },
	{ "GET / HTTP/1.1\r\n" H H "\r\n", 400, "Host" },
	/* how long the body is */
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "more than once" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n\r\n", 400, "more than once" },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
	  "more than once" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n\r\n", 400, "not a number" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\n", 400, "not a number" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400, "not a number" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 0x3\r\n\r\n", 400, "not a number" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400, "not a number" },
	{ "POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n\r\n", 413, NULL },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "chunked" },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked, identity\r\n\r\n", 501, "chunked" },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501, "chunked" },
	{ "POST / HTTP/1.1\r\n" H "Transfer-Encoding : chunked\r\n\r\n", 400, "NAME: VALUE" },
	{ "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "HTTP/1.0" },
	{ "POST / HTTP/1.1\r\n" H "Expect: tea\r\n\r\n", 417, "expectation" },
};

static void heads_are_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++) {
		struct gh_span all = gh_span_str(heads[i].text);
		struct gh_h1_request r;
		for (size_t step = 1; step <= all.n; step = step * 7 + 3) { /* in pieces, the answer is the same */
			size_t seen = 0;
			const char *why = NULL;
			int got = GH_H1_MORE;
			for (size_t n = step; got == GH_H1_MORE && n < all.n + step; n += step)
				got = gh_h1_head(gh_span_cut(all, 0, n), &seen, &r, &why);
			if (got != heads[i].status ||
			    (heads[i].why != NULL && (why == NULL || strstr(why, heads[i].why) == NULL)))
				fail_msg("'%s' in pieces of %zu: %d %s", heads[i].text, step, got,
					 why == NULL ? "" : why);
			if (got == GH_H1_DONE)
				assert_int_equal(r.head, all.n);
		}
	}
}

static void a_request_is_taken_apart(void **state)
{
	(void)state;
	static const char text[] = "POST /v1/x?a=b&c HTTP/1.1\r\nHost: h\r\nX-One:  two \t\r\nCONTENT-length: "
				   "5\r\nConnection: foo, Close\r\n"
				   "Expect: 100-Continue\r\n\r\nhello";
	struct gh_h1_request r;
	size_t seen = 0;
	const char *why;
	assert_int_equal(gh_h1_head(gh_span_str(text), &seen, &r, &why), 200);
	assert_true(gh_span_is(r.method, "POST") && gh_span_is(r.path, "/v1/x") && gh_span_is(r.query, "a=b&c"));
	assert_true(gh_span_is(gh_h1_get(&r, "x-one"), "two"));
	assert_null(gh_h1_get(&r, "x-two").p);
	assert_int_equal(r.body, 5);
	assert_true(r.expect && !r.keep && !r.chunked && r.minor == 1);
	assert_string_equal(text + r.head, "hello");

	static const struct {
		const char *text;
		bool keep;
	} keeps[] = {
		{ "GET / HTTP/1.1\r\n" H "\r\n", true },
		{ "GET / HTTP/1.1\r\n" H "Connection: close\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\n\r\n", false },
		{ "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true },
		{ "GET / HTTP/1.0\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n", false },
	};
	for (size_t i = 0; i < sizeof keeps / sizeof *keeps; i++) {
		seen = 0;
		assert_int_equal(gh_h1_head(gh_span_str(keeps[i].text), &seen, &r, &why), 200);
		assert_int_equal(r.keep, keeps[i].keep);
	}
}

static void heads_have_limits(void **state)
{
	(void)state;
	struct gh_h1_request r;
	const char *why;
	gh_auto_buf b = gh_buf(1 << 20);
	gh_buf_str(&b, "GET /");
	for (size_t i = 0; i < GH_H1_TARGET; i++)
		gh_buf_ch(&b, 'a');
	gh_buf_str(&b, " HTTP/1.1\r\n" H "\r\n");
	size_t seen = 0;
	assert_int_equal(gh_h1_head(gh_buf_view(&b), &seen, &r, &why), 414);

	b.n = seen = 0;
	gh_buf_str(&b, "GET / HTTP/1.1\r\n" H);
	for (size_t i = 0; i < GH_H1_HEADERS; i++)
		gh_buf_str(&b, "A: b\r\n");
	gh_buf_str(&b, "\r\n");
	assert_int_equal(gh_h1_head(gh_buf_view(&b), &seen, &r, &why), 431);

	b.n = seen = 0; /* no end comes: neither of the line nor of the head */
	while (b.n < GH_H1_HEAD)
		gh_buf_ch(&b, 'a');
	assert_int_equal(gh_h1_head(gh_buf_view(&b), &seen, &r, &why), 414);
	b.n = seen = 0;
	gh_buf_str(&b, "GET / HTTP/1.1\r\n");
	while (b.n < GH_H1_HEAD)
		gh_buf_str(&b, "A: bbbbbbbbbb\r\n");
	assert_int_equal(gh_h1_head(gh_buf_view(&b), &seen, &r, &why), 431);
	seen = 0; /* just below: more may come */
	assert_int_equal(gh_h1_head(gh_span_cut(gh_buf_view(&b), 0, GH_H1_HEAD - 1), &seen, &r, &why), GH_H1_MORE);
}

static const struct {
	const char *text; /* of a chunked body, and what stands behind it */
	int status;
	const char *body, *rest;
} bodies[] = {
	{ "5\r\nhello\r\n0\r\n\r\nGET", 200, "hello", "GET" },
	{ "1\r\na\r\n01\r\nb\r\n000\r\n\r\n", 200, "ab", "" },
	{ "A\r\n0123456789\r\n0\r\n\r\n", 200, "0123456789", "" },
	{ "1;x=y\r\na\r\n0;z\r\n\r\n", 200, "a", "" },
	{ "1 ;x\r\na\r\n0\r\nTrailer: y\r\nB: c\r\n\r\n", 200, "a", "" },
	{ "0\r\n\r\n", 200, "", "" },
	{ "5\r\nhel", 0, "hel", "" },
	{ "0\r\n", 0, "", "" },
	{ "\r\n", 400, NULL, NULL },
	{ "g\r\n", 400, NULL, NULL },
	{ "-1\r\n", 400, NULL, NULL },
	{ "0x1\r\na\r\n0\r\n\r\n", 400, NULL, NULL },
	{ "1\na\n0\n\n", 400, NULL, NULL },
	{ "1\r\nab\r\n0\r\n\r\n", 400, NULL, NULL },
	{ "1\r\na0\r\n\r\n", 400, NULL, NULL },
	{ "1\r\na\r\n0\r\n:x\r\n\r\n", 400, NULL, NULL },
	{ "1\r\na\r\n0\r\nX: \x01\r\n\r\n", 400, NULL, NULL },
	{ "1;\x01\r\na\r\n0\r\n\r\n", 400, NULL, NULL },
	{ "1\r\na\r\n0\r\n\rx", 400, NULL, NULL },
	{ "21\r\n", 413, NULL, NULL },
	{ "ffffffffffffffff1\r\n", 413, NULL, NULL },
	{ "fffffffffffffff\r\n", 413, NULL, NULL },
	{ "10\r\n0123456789abcdef\r\n10\r\n0123456789abcdef\r\n1\r\n", 413, NULL, NULL },
};

static void chunks_are_joined(void **state)
{
	(void)state;
	struct gh_h1_request r = { .chunked = true };
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++)
		for (size_t step = 1; step < 40; step += 13) {
			struct gh_span all = gh_span_str(bodies[i].text), in = { 0 };
			struct gh_h1_body b = gh_h1_body(&r, 32);
			gh_auto_buf out = gh_buf(32);
			const char *why = NULL;
			int got = GH_H1_MORE;
			size_t at = 0;
			while (got == GH_H1_MORE && at < all.n) {
				in = gh_span_cut(all, at, step);
				at += in.n;
				got = gh_h1_body_take(&b, &in, &out, &why);
			}
			if (got != bodies[i].status)
				fail_msg("'%s' in pieces of %zu: %d %s", bodies[i].text, step, got,
					 why == NULL ? "" : why);
			if (bodies[i].body != NULL)
				assert_string_equal(gh_buf_cstr(&out), bodies[i].body);
			else
				assert_non_null(why);
			if (got == GH_H1_DONE)
				assert_string_equal((const char *)all.p + at - in.n, bodies[i].rest);
		}
}

static void what_stands_around_chunks_is_bounded(void **state)
{
	(void)state;
	struct gh_h1_request r = { .chunked = true };
	static const struct {
		const char *begin, *more;
		int status;
	} rows[] = { { "1;", "x", 400 }, { "0\r\nA: ", "x", 431 }, { "0\r\n", "A:\r\n", 431 } };
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		gh_auto_buf text = gh_buf(1 << 20), out = gh_buf(32);
		gh_buf_str(&text, rows[i].begin);
		while (text.n < 3 * GH_H1_TRAILER)
			gh_buf_str(&text, rows[i].more);
		struct gh_h1_body b = gh_h1_body(&r, 32);
		struct gh_span in = gh_buf_view(&text);
		const char *why;
		assert_int_equal(gh_h1_body_take(&b, &in, &out, &why), rows[i].status);
		assert_true(in.n > 0);
	}
}

static void a_length_is_a_length(void **state)
{
	(void)state;
	struct gh_h1_request r = { .body = 5 };
	struct gh_h1_body b = gh_h1_body(&r, 5);
	gh_auto_buf out = gh_buf(5);
	const char *why;
	struct gh_span in = GH_SPAN("hel");
	assert_int_equal(gh_h1_body_take(&b, &in, &out, &why), GH_H1_MORE);
	in = GH_SPAN("loGET /");
	assert_int_equal(gh_h1_body_take(&b, &in, &out, &why), GH_H1_DONE);
	assert_string_equal(gh_buf_cstr(&out), "hello");
	assert_true(gh_span_is(in, "GET /"));
	b = gh_h1_body(&r, 4);
	in = GH_SPAN("");
	assert_int_equal(gh_h1_body_take(&b, &in, &out, &why), 413);
	r.body = 0;
	b = gh_h1_body(&r, 4);
	assert_int_equal(gh_h1_body_take(&b, &in, &out, &why), GH_H1_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(heads_are_judged),
		cmocka_unit_test(a_request_is_taken_apart),
		cmocka_unit_test(heads_have_limits),
		cmocka_unit_test(chunks_are_joined),
		cmocka_unit_test(what_stands_around_chunks_is_bounded),
		cmocka_unit_test(a_length_is_a_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
