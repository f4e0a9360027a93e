/* Streamed answers of a server that is not trusted: whole, cut into every pair of pieces, and broken ones. */
#include "support/cm.h"

#include "wire/reply.h"

#include <stdio.h>
#include <string.h>

#define OK "HTTP/1.1 200 OK\r\n"
#define EVENTS "Content-Type: text/event-stream\r\n"

static bool note(void *arg, struct gh_span data)
{
	struct gh_buf *all = arg;
	gh_buf_ch(all, '<');
	gh_buf_span(all, data);
	gh_buf_ch(all, '>');
	return !gh_span_is(data, "[DONE]");
}

/* "status|events", and "!" when it was broken. */
static void read_at(const char *text, size_t cut, char out[256])
{
	struct gh_reply r;
	gh_auto_buf all = gh_buf(1 << 20);
	size_t n = strlen(text);
	gh_reply_begin(&r, note, &all);
	bool more = gh_reply_feed(&r, (struct gh_span){ (const uint8_t *)text, cut });
	if (more)
		more = gh_reply_feed(&r, (struct gh_span){ (const uint8_t *)text + cut, n - cut });
	bool good = gh_reply_end(&r);
	snprintf(out, 256, "%u|%s%s", r.status, gh_buf_cstr(&all), good ? "" : "!");
	gh_reply_free(&r);
}

static const struct {
	const char *text, *is;
} rows[] = {
	{ OK EVENTS "\r\ndata: a\n\ndata: b\n\ndata: [DONE]\n\n", "200|<a><b><[DONE]>" },
	{ OK EVENTS "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\n3\r\nda\x74\r\n6\r\na: b\n\n\r\n0\r\n\r\n",
	  "200|<a><b>" },
	{ OK EVENTS "Transfer-Encoding: chunked\r\n\r\n9;x=y\r\ndata: a\n\n\r\n0\r\nTrailer: 1\r\n\r\n", "200|<a>" },
	{ OK EVENTS "\r\n: comment\r\nevent: x\r\ndata: a\r\ndata: b\r\n\r\n", "200|<a\nb>" },
	{ "HTTP/1.1 429 Slow\r\nContent-Length: 4\r\n\r\n{ } trailing", "429|<{ } >" },
	{ "HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "500|" },
	{ "HTTP/1.1 404 No\r\n\r\nuntil the end", "404|<until the end>" },
	/* broken ones */
	{ OK EVENTS "Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n", "200|<a>!" },
	{ OK "Content-Length: 9\r\n\r\nshort", "200|!" },
	{ OK "Content-Length: 1\r\nContent-Length: 1\r\n\r\na", "200|!" },
	{ OK "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\na", "200|!" },
	{ OK "Transfer-Encoding: gzip\r\n\r\na", "200|!" },
	{ OK "Transfer-Encoding: chunked\r\n\r\nzz\r\n", "200|!" },
	{ OK "Transfer-Encoding: chunked\r\n\r\n\r\n", "200|!" },
	{ OK "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n", "200|!" },
	{ OK "Content-Length: 99999999999999999999999\r\n\r\na", "200|!" },
	{ OK "no colon\r\n\r\n", "200|!" },
	{ "HTTP/2 200\r\n\r\n", "0|!" },
	{ "HTTP/1.1 100 Continue\r\n\r\n", "0|!" },
	{ "garbage\r\n\r\n", "0|!" },
	{ "", "0|!" },
};

static void table(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t cut = 0; cut <= strlen(rows[i].text); cut++) {
			char got[256];
			read_at(rows[i].text, cut, got);
			if (strcmp(got, rows[i].is) != 0)
				fail_msg("row %zu, cut at %zu: '%s' instead of '%s'", i, cut, got, rows[i].is);
		}
}

/* Whatever never ends is ended. */
static void bounded(void **state)
{
	static const char *const starts[] = { "",
					      OK "X: ",
					      OK EVENTS "\r\ndata: ",
					      OK EVENTS "\r\ndata: a\n",
					      OK "\r\n",
					      OK "Transfer-Encoding: chunked\r\n\r\n1;" };
	(void)state;
	for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
		struct gh_reply r;
		gh_auto_buf all = gh_buf(8 << 20);
		bool more = true;
		gh_reply_begin(&r, note, &all);
		(void)gh_reply_feed(&r, gh_span_str(starts[i]));
		for (unsigned k = 0; more && k < 8 * GH_REPLY_EVENT; k++)
			more = gh_reply_feed(&r, gh_span_str(i == 3 ? "data: a\n" : "a"));
		if (more || !r.bad)
			fail_msg("start %zu goes on for ever", i);
		gh_reply_free(&r);
	}
}

static void safe(void **state)
{
	static const struct {
		const char *in, *out;
	} texts[] = {
		{ "a \"b\" \\ c\n\td", "a \"b\" \\ c\n\td" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
		{ "\x1b[31mred", "\\x1b[31mred" },
		{ "a\rb\x07", "ab\\x07" },
		{ "\xe2\x80\xae"
		  "evil",
		  "\\u202eevil" },
		{ "\xff", "\\xff" },
	};
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		gh_auto_buf out = gh_buf(1000);
		gh_reply_safe(&out, gh_span_str(texts[i].in));
		assert_string_equal(gh_buf_cstr(&out), texts[i].out);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = { cmocka_unit_test(table), cmocka_unit_test(bounded),
						   cmocka_unit_test(safe) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
