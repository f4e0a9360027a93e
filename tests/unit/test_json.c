/* The JSON reader: the letter of RFC 8259, windows of any size, caps, duplicate keys, a second opinion (jansson). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/events.h"
#include "wire/json.h"
#ifdef GH_HAVE_JANSSON
#include <jansson.h>
#endif

/* A source that hands out at most `step` bytes at a time, each window in a heap block of its own. */
struct drip {
	struct gh_span all;
	size_t step;
	uint8_t *cur;
};

static struct gh_span drip_more(void *ctx, uint64_t off)
{
	struct drip *d = ctx;
	struct gh_span s = gh_span_cut(d->all, off, d->step);
	free(d->cur);
	d->cur = malloc(s.n + 1);
	assert_non_null(d->cur);
	if (s.n != 0)
		memcpy(d->cur, s.p, s.n);
	return (struct gh_span){ d->cur, s.n };
}

/* The tokens as text, so that a table row is a string: { k:a [ 1 2 ] } */
static void tokens(struct gh_json *j, struct gh_buf *out)
{
	while (gh_json_next(j) > GH_JSON_END) {
		switch (j->tok) {
		case GH_JSON_OBJECT: gh_buf_ch(out, '{'); break;
		case GH_JSON_OBJECT_END: gh_buf_str(out, j->duplicate ? "!}" : "}"); break;
		case GH_JSON_ARRAY: gh_buf_ch(out, '['); break;
		case GH_JSON_ARRAY_END: gh_buf_ch(out, ']'); break;
		case GH_JSON_KEY:
			gh_buf_str(out, "k:");
			gh_buf_span(out, j->text);
			break;
		case GH_JSON_STRING:
			gh_buf_str(out, "s:");
			gh_buf_span(out, j->text);
			break;
		case GH_JSON_NUMBER:
			gh_buf_str(out, "n:");
			gh_buf_span(out, j->text);
			break;
		case GH_JSON_TRUE: gh_buf_str(out, "true"); break;
		case GH_JSON_FALSE: gh_buf_str(out, "false"); break;
		case GH_JSON_NULL: gh_buf_str(out, "null"); break;
		case GH_JSON_BAD:
		case GH_JSON_END: break;
		}
		gh_buf_ch(out, ' ');
	}
	if (j->tok == GH_JSON_BAD)
		gh_buf_fmt(out, "BAD %llu %s", (unsigned long long)j->off, j->why);
	else if (gh_json_left(j))
		gh_buf_fmt(out, "LEFT %llu", (unsigned long long)gh_json_pos(j));
}

#define ROW(s) { (const uint8_t *)("" s), sizeof(s) - 1 }
static const struct {
	struct gh_span in;
	const char *want;
} rows[] = {
	{ ROW("{}"), "{ } " },
	{ ROW(" [ ] "), "[ ] " },
	{ ROW("{\"a\":[1,-0,2.5e+7,1E9],\"b\":{\"c\":null}}"),
	  "{ k:a [ n:1 n:-0 n:2.5e+7 n:1E9 ] k:b { k:c null } } " },
	{ ROW("[true,false,null,\"\"]"), "[ true false null s: ] " },
	{ ROW("[\"\\u0041\\n\\\"\\/\\\\\\ud83d\\ude00\"]"), "[ s:A\n\"/\\\xf0\x9f\x98\x80 ] " },
	{ ROW("[\"\\ud800\",\"\\udc00x\",\"\\ud800\\u0041\"]"), "[ s:\xef\xbf\xbd s:\xef\xbf\xbdx s:\xef\xbf\xbd"
								"A ] " },
	{ ROW("[\"h\xc3\xa9llo \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x98\x80 and more plain text after it\"]"),
	  "[ s:h\xc3\xa9llo \xe4\xb8\x96\xe7\x95\x8c \xf0\x9f\x98\x80 and more plain text after it ] " },
	{ ROW("\xef\xbb\xbf{}"), "{ } " },
	{ ROW("1"), "n:1 " },
	{ ROW("{\"a\":1,\"b\":2,\"a\":3}"), "{ k:a n:1 k:b n:2 k:a n:3 !} " },
	{ ROW("{\"a\":1,\"\\u0061\":3}"), "{ k:a n:1 k:a n:3 !} " },
	{ ROW("{\"a\":{\"a\":1},\"b\":{\"a\":2}}"), "{ k:a { k:a n:1 } k:b { k:a n:2 } } " },
	{ ROW("{} x"), "{ } LEFT 3" },
	{ ROW("{}\n{}"), "{ } LEFT 3" },
	{ ROW(""), "BAD 0 no value" },
	{ ROW("  "), "BAD 2 no value" },
	{ ROW("["), "[ BAD 1 ends inside a value" },
	{ ROW("[1"), "[ n:1 BAD 2 ends inside a value" },
	{ ROW("[1,]"), "[ n:1 BAD 3 no JSON value" },
	{ ROW("[,1]"), "[ BAD 1 no JSON value" },
	{ ROW("[1 2]"), "[ n:1 BAD 3 neither a comma nor the end of the array or object" },
	{ ROW("[1}"), "[ n:1 BAD 2 neither a comma nor the end of the array or object" },
	{ ROW("{\"a\":1,}"), "{ k:a n:1 BAD 7 no key where one must be" },
	{ ROW("{1:2}"), "{ BAD 1 no key where one must be" },
	{ ROW("{\"a\" 1}"), "{ k:a BAD 5 no colon after a key" },
	{ ROW("[01]"), "[ n:0 BAD 2 neither a comma nor the end of the array or object" },
	{ ROW("[-]"), "[ BAD 2 not a number" },
	{ ROW("[1.]"), "[ BAD 3 not a number" },
	{ ROW("[.5]"), "[ BAD 1 no JSON value" },
	{ ROW("[+1]"), "[ BAD 1 no JSON value" },
	{ ROW("[1e]"), "[ BAD 3 not a number" },
	{ ROW("[0x10]"), "[ n:0 BAD 2 neither a comma nor the end of the array or object" },
	{ ROW("[NaN]"), "[ BAD 1 no JSON value" },
	{ ROW("[-Infinity]"), "[ BAD 2 not a number" },
	{ ROW("[tru]"), "[ BAD 1 no JSON value" },
	{ ROW("['a']"), "[ BAD 1 no JSON value" },
	{ ROW("[\"a"), "[ BAD 3 the string does not end" },
	{ ROW("[\"a\tb\"]"), "[ BAD 3 a control character in a string" },
	{ ROW("[\"\\x41\"]"), "[ BAD 2 an escape that JSON does not have" },
	{ ROW("[\"\\u00g0\"]"), "[ BAD 2 an escape that JSON does not have" },
	{ ROW("[\"\\u00"), "[ BAD 2 an escape that JSON does not have" },
	{ ROW("[\"\xff\"]"), "[ BAD 2 a string is not valid UTF-8" },
	{ ROW("[\"\xc0\xaf\"]"), "[ BAD 2 a string is not valid UTF-8" },
	{ ROW("[\"\xed\xa0\x80\"]"), "[ BAD 2 a string is not valid UTF-8" },
	{ ROW("[\"\xe4\xb8"), "[ BAD 2 a string is not valid UTF-8" },
	{ ROW("[1]\0"), "[ n:1 ] LEFT 3" },
	{ ROW("// c\n[1]"), "BAD 0 no JSON value" },
};

static void reads_every_row(void **st)
{
	(void)st;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		gh_auto_arena a = { .max = 4 << 20 };
		struct gh_json j = gh_json_mem(rows[i].in, &a);
		gh_auto_buf out = gh_buf(1 << 16);
		tokens(&j, &out);
		assert_string_equal(gh_buf_cstr(&out), rows[i].want);
		for (size_t step = 16; step < 40; step++) { /* the answer does not depend on the windows */
			gh_auto_arena b = { .max = 4 << 20 };
			struct drip d = { rows[i].in, step, NULL };
			struct gh_json k = gh_json(drip_more, &d, 0, &b);
			gh_auto_buf other = gh_buf(1 << 16);
			tokens(&k, &other);
			assert_string_equal(gh_buf_cstr(&other), rows[i].want);
			free(d.cur);
		}
	}
}

static void words_of_python(void **st)
{
	(void)st;
	struct gh_json j = gh_json_mem(GH_SPAN("[NaN, Infinity, -Infinity, -1]"), NULL);
	j.accept_nan = true;
	gh_auto_buf out = gh_buf(256);
	tokens(&j, &out);
	assert_string_equal(gh_buf_cstr(&out), "[ n:NaN n:Infinity n:-Infinity n:-1 ] ");
}

static void caps_hold(void **st)
{
	(void)st;
	static char deep[200001];
	memset(deep, '[', sizeof deep - 1);
	struct gh_json j = gh_json_mem((struct gh_span){ (uint8_t *)deep, sizeof deep - 1 }, NULL);
	while (gh_json_next(&j) > GH_JSON_END)
		;
	assert_int_equal(j.tok, GH_JSON_BAD);
	assert_true(j.limit);
	assert_int_equal(j.off, GH_JSON_DEPTH);

	/* a long string is cut at the cap, between characters; its length and the hash of a key are of all of it */
	gh_auto_buf b = gh_buf(1 << 20);
	gh_buf_str(&b, "{\"k\":\"");
	for (int i = 0; i < 100000; i++)
		gh_buf_str(&b, "\xc3\xa9");
	gh_buf_str(&b, "\"}");
	for (size_t step = 16; step < 1 << 20; step = step * 7 + 1) {
		gh_auto_arena a = { .max = 1 << 20 };
		struct drip d = { gh_buf_view(&b), step, NULL };
		j = gh_json(drip_more, &d, 0, &a);
		j.keep = 1001;
		assert_int_equal(gh_json_next(&j), GH_JSON_OBJECT);
		assert_int_equal(gh_json_next(&j), GH_JSON_KEY);
		assert_int_equal(gh_json_next(&j), GH_JSON_STRING);
		assert_int_equal(j.full, 200000);
		assert_int_equal(j.text.n, 1000);
		assert_int_equal(gh_json_next(&j), GH_JSON_OBJECT_END);
		free(d.cur);
	}
}

static void pieces_of_a_long_string(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(1 << 20), want = gh_buf(1 << 20), got = gh_buf(1 << 20);
	gh_buf_str(&b, "[\"");
	for (int i = 0; i < 5000; i++) {
		gh_buf_fmt(&b, "line %d\\n\\u00e9\xc3\xa9", i);
		gh_buf_fmt(&want, "line %d\n\xc3\xa9\xc3\xa9", i);
	}
	gh_buf_str(&b, "\"]");
	struct drip d = { gh_buf_view(&b), 61, NULL };
	struct gh_json j = gh_json(drip_more, &d, 1, NULL);
	gh_json_string_open(&j);
	for (struct gh_span s; gh_json_string_piece(&j, &s);)
		gh_buf_span(&got, s);
	assert_int_equal(j.tok, GH_JSON_END);
	assert_true(gh_span_eq(gh_buf_view(&got), gh_buf_view(&want)));
	free(d.cur);
}

static void many_keys(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(16 << 20);
	gh_buf_ch(&b, '{');
	for (int i = 0; i < 100000; i++)
		gh_buf_fmt(&b, "\"key%d\":%d,", i, i);
	size_t at = b.n;
	gh_buf_str(&b, "\"key77\":0}");
	gh_auto_arena a = { .max = 32 << 20 };
	struct gh_json j = gh_json_mem(gh_buf_view(&b), &a);
	while (gh_json_next(&j) > GH_JSON_END)
		if (j.tok == GH_JSON_OBJECT_END) {
			assert_true(j.duplicate);
			assert_int_equal(j.dup_off, at);
		}
	assert_int_equal(j.tok, GH_JSON_END);
	assert_int_equal(j.unwatched, 0);
	/* no room for the keys: said, not silently passed over */
	gh_auto_arena tiny = { .max = 64 << 10 };
	j = gh_json_mem(gh_buf_view(&b), &tiny);
	while (gh_json_next(&j) > GH_JSON_END)
		;
	assert_true(j.unwatched > 0);
}

static void integers(void **st)
{
	(void)st;
	static const struct {
		const char *in;
		bool ok;
		uint64_t v;
	} t[] = { { "0", true, 0 },
		  { "18446744073709551615", true, UINT64_MAX },
		  { "18446744073709551616", false, 0 },
		  { "-1", false, 0 },
		  { "1.0", false, 0 },
		  { "1e3", false, 0 } };
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct gh_json j = gh_json_mem(gh_span_str(t[i].in), NULL);
		uint64_t v = 7;
		assert_int_equal(gh_json_next(&j), GH_JSON_NUMBER);
		assert_int_equal(gh_json_u64(&j, &v), t[i].ok);
		assert_int_equal(v, t[i].ok ? t[i].v : 7);
	}
}

static void lines(void **st)
{
	(void)st;
	struct gh_json j = gh_json_mem(GH_SPAN("{\"a\":1}\n[2]\n"), NULL);
	unsigned values = 0;
	for (;;) {
		while (gh_json_next(&j) > GH_JSON_END)
			;
		assert_int_equal(j.tok, GH_JSON_END);
		values++;
		if (!gh_json_left(&j))
			break;
		assert_true(j.newline);
		gh_json_again(&j);
	}
	assert_int_equal(values, 2);
}

static bool accepts(struct gh_span in, size_t step)
{
	gh_auto_arena a = { .max = 8 << 20 };
	struct drip d = { in, step, NULL };
	struct gh_json j = step == 0 ? gh_json_mem(in, &a) : gh_json(drip_more, &d, 0, &a);
	while (gh_json_next(&j) > GH_JSON_END)
		;
	bool ok = j.tok == GH_JSON_END && !gh_json_left(&j);
	free(d.cur);
	return ok;
}

static void the_public_suite(void **st)
{
	(void)st;
	const char *root = "../shared/vectors/json/test_parsing";
	DIR *dir = opendir(root);
	if (dir == NULL) {
		print_message("skipped: %s is absent\n", root);
		skip();
	}
	unsigned seen = 0, wrong = 0;
	for (struct dirent *e; (e = readdir(dir)) != NULL;) {
		char path[512];
		(void)snprintf(path, sizeof path, "%s/%s", root, e->d_name);
		if (e->d_name[0] != 'y' && e->d_name[0] != 'n' && e->d_name[0] != 'i')
			continue;
		struct gh_span in = gh_test_file(path);
		assert_non_null(in.p);
		bool whole = accepts(in, 0), drip = accepts(in, 16);
		if (whole != drip || (e->d_name[0] == 'y' && !whole) || (e->d_name[0] == 'n' && whole)) {
			print_message("wrong: %s\n", e->d_name);
			wrong++;
		}
		seen++;
		free((void *)(uintptr_t)in.p);
	}
	(void)closedir(dir);
	assert_int_equal(wrong, 0);
	assert_true(seen > 300);
}

#ifdef GH_HAVE_JANSSON
/* Rebuild a jansson value from our tokens, without recursion. */
static json_t *build(struct gh_span in, bool *ok)
{
	gh_auto_arena a = { .max = 8 << 20 };
	struct gh_json j = gh_json_mem(in, &a);
	json_t *stack[64] = { 0 }, *root = NULL;
	char *keys[64] = { 0 };
	unsigned n = 0;
	while (gh_json_next(&j) > GH_JSON_END) {
		json_t *v = NULL;
		char num[64];
		switch (j.tok) {
		case GH_JSON_KEY:
			free(keys[n - 1]);
			keys[n - 1] = strndup((const char *)j.text.p, j.text.n);
			continue;
		case GH_JSON_OBJECT_END:
		case GH_JSON_ARRAY_END:
			n--;
			free(keys[n]);
			keys[n] = NULL;
			continue;
		case GH_JSON_OBJECT: v = json_object(); break;
		case GH_JSON_ARRAY: v = json_array(); break;
		case GH_JSON_STRING: v = json_stringn((const char *)j.text.p, j.text.n); break;
		case GH_JSON_TRUE: v = json_true(); break;
		case GH_JSON_FALSE: v = json_false(); break;
		case GH_JSON_NULL: v = json_null(); break;
		case GH_JSON_NUMBER:
			(void)snprintf(num, sizeof num, "%.*s", (int)j.text.n, (const char *)j.text.p);
			v = strpbrk(num, ".eE") != NULL ? json_real(strtod(num, NULL))
							: json_integer(strtoll(num, NULL, 10));
			break;
		case GH_JSON_BAD:
		case GH_JSON_END: break;
		}
		if (n == 0)
			root = v;
		else if (json_is_array(stack[n - 1]))
			(void)json_array_append_new(stack[n - 1], v);
		else
			(void)json_object_set_new_nocheck(stack[n - 1], keys[n - 1], v);
		if (j.tok == GH_JSON_OBJECT || j.tok == GH_JSON_ARRAY) {
			assert_true(n < 64);
			stack[n++] = v;
		}
	}
	for (unsigned i = 0; i < 64; i++)
		free(keys[i]);
	*ok = j.tok == GH_JSON_END && !gh_json_left(&j);
	return root;
}

static void agrees_with_jansson(void **st)
{
	(void)st;
	/* Mutations of a few documents, deterministic. Known differences, left out by the alphabet: jansson refuses
	 * \u0000, numbers beyond a double or an int64, and lone surrogates. */
	static const char *const seeds[] = { "{\"a\":[1,2,{\"b\":null}],\"c\":\"x\\u00e9\\n\"}",
					     "[true,false,-1.5e3,\"\"]", "{\"x\":{\"y\":{\"z\":[[],{}]}}}",
					     "[\"\xc3\xa9\xe4\xb8\x96\",0.25,12]" };
	static const char alphabet[] = "{}[]\",:\\ntrue 019.e-+\x01\xc3\xa9/u";
	uint64_t x = 88172645463325252u;
	unsigned accepted = 0;
	for (int round = 0; round < 60000; round++) {
		char doc[96];
		const char *seed = seeds[round % 4];
		size_t n = strlen(seed);
		memcpy(doc, seed, n);
		for (int k = 0; k < round % 3; k++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			doc[x % n] = alphabet[(x >> 32) % (sizeof alphabet - 1)];
		}
		bool ok;
		json_t *mine = build((struct gh_span){ (uint8_t *)doc, n }, &ok);
		json_error_t err;
		json_t *theirs = json_loadb(doc, n, JSON_DECODE_ANY, &err);
		bool known = theirs == NULL &&
			     (strstr(err.text, "\\u0000") != NULL || strstr(err.text, "too big") != NULL ||
			      strstr(err.text, "overflow") != NULL || strstr(err.text, "surrogate") != NULL ||
			      strstr(err.text, "invalid Unicode") != NULL || strstr(err.text, "NUL byte") != NULL);
		if (!known) {
			if (ok != (theirs != NULL))
				print_message("differs: %.*s (%s)\n", (int)n, doc, err.text);
			assert_int_equal(ok, theirs != NULL);
			if (ok)
				assert_true(json_equal(mine, theirs));
			accepted += ok;
		}
		json_decref(mine);
		json_decref(theirs);
	}
	assert_true(accepted > 20000);
}
#endif

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(reads_every_row),
		cmocka_unit_test(words_of_python),
		cmocka_unit_test(caps_hold),
		cmocka_unit_test(pieces_of_a_long_string),
		cmocka_unit_test(many_keys),
		cmocka_unit_test(integers),
		cmocka_unit_test(lines),
		cmocka_unit_test(the_public_suite),
#ifdef GH_HAVE_JANSSON
		cmocka_unit_test(agrees_with_jansson),
#endif
	};
	return cmocka_run_group_tests_name("json", t, NULL, NULL);
}
