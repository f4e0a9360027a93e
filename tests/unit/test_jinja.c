/* Templates: tokens and white space, the tree, rendering of values, and that every template ends. What jinja2 makes of
 * the same is compared by tests/diff/jinja_diff.py; here stand the rows that must hold wherever it is not installed. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"
#include "wire/jinja/jinja_run.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

/* messages = [{role: user, content: " Hi "}, {role: assistant, content: "Yes"}], n = 3 */
static struct gh_jdict *context(struct gh_arena *a)
{
	struct gh_jv d = gh_jv_dict(a), list = gh_jv_list(a);
	static const char *const said[][2] = { { "user", " Hi " }, { "assistant", "Yes" } };
	for (size_t i = 0; i < GH_ROWS(said); i++) {
		struct gh_jv m = gh_jv_dict(a);
		assert_true(gh_jv_put(a, m.dict, gh_jv_str(GH_SPAN("role")), gh_jv_str(gh_span_str(said[i][0]))));
		assert_true(gh_jv_put(a, m.dict, gh_jv_str(GH_SPAN("content")), gh_jv_str(gh_span_str(said[i][1]))));
		assert_true(gh_jv_push(a, list.list, m));
	}
	assert_true(gh_jv_put(a, d.dict, gh_jv_str(GH_SPAN("messages")), list));
	assert_true(gh_jv_put(a, d.dict, gh_jv_str(GH_SPAN("n")), gh_jv_int(3)));
	return d.dict;
}

static const struct {
	const char *what, *in, *out; /* NULL: not rendered, for the reason */
	const char *why;
} rows[] = {
	{ "nothing", "", "", NULL },
	{ "text", "a { b } c", "a { b } c", NULL },
	{ "the last newline goes", "a\n", "a", NULL },
	{ "newlines are one kind", "a\r\nb\rc", "a\nb\nc", NULL },
	{ "a minus eats space", "a  {{- 'b' -}}  c", "abc", NULL },
	{ "a block takes its newline and its indentation", "x\n  {% if true %}\ny\n  {% endif %}\nz", "x\ny\nz", NULL },
	{ "an output does not", "x\n  {{ 1 }}\ny", "x\n  1\ny", NULL },
	{ "a plus keeps both", "x\n  {%+ if true +%}\ny{% endif %}", "x\n  \ny", NULL },
	{ "comments", "a{# {{ b }} #}c\n{#- d -#}\ne", "ace", NULL },
	{ "raw", "{% raw %}{{ a }}{% endraw %}{%- raw -%} {% b %} {%- endraw %}", "{{ a }}{% b %}", NULL },
	{ "a brace within", "{{ {'a': {'b': 1}}['a']['b'] }}", "1", NULL },
	{ "escapes", "{{ '\\x41\\u0042\\103\\n\\q\\N{LOW LINE}' }}", "ABC\n\\q_", NULL },
	{ "adjacent literals", "{{ 'a' \"b\" 'c' }}", "abc", NULL },
	{ "precedence", "{{ 1 + 2 * 3 }}{{ 'a' ~ 2 * 3 }} {{ -2 ** 2 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ -7 % 3 }}",
	  "7a6 4 3 -4 2", NULL },
	{ "comparisons in a row", "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 2 not in [1] }} {{ not 1 == 2 }}",
	  "True False True True", NULL },
	{ "a condition", "{{ 'a' if n > 2 else 'b' }}{{ 'c' if false }}", "a", NULL },
	{ "tests", "{{ n is odd }} {{ x is defined }} {{ n is divisibleby 3 }} {{ n is not none }}",
	  "True False True True", NULL },
	{ "filters", "{{ ' a '|trim|upper }} {{ [3,1]|sort|join('-') }} {{ x|default('d') }}", "A 1-3 d", NULL },
	{ "slices", "{{ 'abcd'[1:3] }}{{ 'abcd'[::-1] }}{{ [1,2,3][-2:] }}", "bcdcba[2, 3]", NULL },
	{ "numbers", "{{ 1.0 }} {{ 1e20 }} {{ 10 / 4 }} {{ 0.1 + 0.2 }} {{ 5e-5 }}",
	  "1.0 1e+20 2.5 0.30000000000000004 5e-05", NULL },
	{ "representations", "{{ ['a\\'b', none, true, {'k': (1,)}] }}", "[\"a'b\", None, True, {'k': (1,)}]", NULL },
	{ "JSON", "{{ {'a': [1, 'x\\n', none]}|tojson }}", "{\"a\": [1, \"x\\n\", null]}", NULL },
	{ "JSON, indented", "{{ {'a': [1]}|tojson(indent=2) }}", "{\n  \"a\": [\n    1\n  ]\n}", NULL },
	{ "messages", "{% for m in messages %}{{ loop.index }}{{ m.role }}:{{ m['content']|trim }};{% endfor %}",
	  "1user:Hi;2assistant:Yes;", NULL },
	{ "a loop with a condition",
	  "{% for m in messages if m.role != 'user' %}{{ loop.length }}{{ m.content }}{% endfor %}", "1Yes", NULL },
	{ "else of a loop", "{% for m in [] %}a{% else %}b{% endfor %}", "b", NULL },
	{ "break and continue",
	  "{% for i in range(9) %}{% if i == 1 %}{% continue %}{% endif %}{% if i > 3 %}{% break %}{% endif %}{{ i "
	  "}}{% endfor %}",
	  "023", NULL },
	{ "a recursive loop",
	  "{% for x in [[1, []], [2, [[3, []]]]] recursive %}{{ x[0] }}{{ loop(x[1]) }}{% endfor %}", "123", NULL },
	{ "scopes", "{% set x = 1 %}{% for i in [1] %}{% set x = 2 %}{% endfor %}{{ x }}", "1", NULL },
	{ "a namespace", "{% set ns = namespace(x=1) %}{% for i in [1] %}{% set ns.x = 2 %}{% endfor %}{{ ns.x }}", "2",
	  NULL },
	{ "unpacking", "{% for a, b in {'k': 1}|items %}{{ a }}{{ b }}{% endfor %}{% set c, d = 1, 2 %}{{ d }}", "k12",
	  NULL },
	{ "a macro", "{% macro m(a, b='z') %}<{{ a }}{{ b }}>{% endmacro %}{{ m(1) }}{{ m(1, b=2) }}", "<1z><12>",
	  NULL },
	{ "a call block", "{% macro m() %}[{{ caller(1) }}]{% endmacro %}{% call(x) m() %}c{{ x }}{% endcall %}",
	  "[c1]", NULL },
	{ "set and filter blocks", "{% set x %}a{{ n }}{% endset %}{{ x }}{% filter upper %}b{% endfilter %}", "a3B",
	  NULL },
	{ "with", "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}", "3", NULL },
	{ "generation", "{% generation %}x{% endgeneration %}", "x", NULL },
	{ "percent", "{{ '%s %05.2f %x %c %%' % ('a', 1.5, 255, 65) }}", "a 01.50 ff A %", NULL },
	{ "format", "{{ '{:>4}|{0:<3}|{a}'.format('x', 'x', a=1) if false else '{:>4}|{a}'.format('x', a=1) }}",
	  "   x|1", NULL },
	{ "cycler and joiner",
	  "{% set c = cycler('a', 'b') %}{% set j = joiner('-') %}{% for i in [1,2,3] %}{{ j() }}{{ c.next() }}{% "
	  "endfor %}",
	  "a-b-a", NULL },
	{ "an undefined value is empty", "{{ x }}", "", NULL },
	{ "its attributes are an error", "{{ x.y }}", NULL, "attributes" },
	{ "an exception", "{{ raise_exception('no') }}", NULL, "exception" },
	{ "internals have no value", "{{ ''.__class__ }}{{ lipsum.__globals__ }}", "", NULL },
	{ "lists cannot be changed", "{{ [].append(1) }}", NULL, "changed" },
	{ "a range without end", "{{ range(10 ** 9) }}", NULL, "range" },
	{ "a text without end", "{{ 'a' * 10 ** 12 }}", NULL, "limit" },
	{ "work without end", "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}",
	  NULL, "" },
	{ "recursion without end", "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", NULL, "deep" },
	{ "growth without end",
	  "{% set ns = namespace(x='aaaaaaaaaaaaaaaa') %}{% for i in range(99) %}{% set ns.x = ns.x + ns.x %}{% endfor "
	  "%}",
	  NULL, "limit" },
	/* not parsed */
	{ "an open tag", "{{ a", NULL, "does not end" },
	{ "an open comment", "{# a", NULL, "does not end" },
	{ "an open string", "{{ 'a }}", NULL, "does not end" },
	{ "an open block", "{% if a %}", NULL, "closing tag" },
	{ "an open raw", "{% raw %}", NULL, "endraw" },
	{ "an end alone", "{% endif %}", NULL, "unknown statement" },
	{ "an unknown statement", "{% load static %}", NULL, "unknown statement" },
	{ "a wrong bracket", "{{ (a] }}", NULL, "bracket" },
	{ "a broken escape", "{{ '\\x4' }}", NULL, "escape" },
	{ "no operand", "{{ a + }}", NULL, "expression" },
	{ "break outside", "{% break %}", NULL, "outside" },
	{ "a character of no use", "{{ a ? b }}", NULL, "character" },
};

static void each_row(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 32 << 20 };
		struct gh_jj_tree t = gh_jj_parse(&a, gh_span_str(rows[i].in), &gh_jj_chat);
		struct gh_jj_run run = {
			.arena = &a, .context = context(&a), .max_steps = 1000000, .max_out = 1 << 20, .err = t.why
		};
		bool ok = t.root != NULL && gh_jj_run(&run, t.root);
		if (ok != (rows[i].out != NULL))
			fail_msg("%s: %s", rows[i].what, ok ? "rendered" : run.err);
		if (ok && !gh_span_is(run.out, rows[i].out))
			fail_msg("%s: \"%.*s\"", rows[i].what, (int)run.out.n, (const char *)run.out.p);
		if (!ok && strstr(run.err, rows[i].why) == NULL)
			fail_msg("%s: %s", rows[i].what, run.err);
	}
}

/* Nested brackets, blocks, signs, chains: whatever the depth, an answer; long lists cost no depth. */
static void depth(void **state)
{
	(void)state;
	static const struct {
		const char *open, *middle, *close;
		bool flat;
	} t[] = { { "(", "1", ")", false },
		  { "[", "1", "]", false },
		  { "-", "1", "", false },
		  { "not ", "1", "", false },
		  { "1+", "1", "", true },
		  { "a|f|", "f", "", false },
		  { "1 if 1 else ", "1", "", false },
		  { "'a'~", "'a'", "", true },
		  { "{%if 1%}", "", "{%endif%}", false },
		  { "{%if 1%}a{%endif%}", "", "", true },
		  { "a.", "b", "", false },
		  { "1 and ", "1", "", true },
		  { "1<", "2", "", true },
		  { "a[", "1", "]", false },
		  { "f(", "1", ")", false } };
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		gh_auto_arena a = { .max = 64 << 20 };
		gh_auto_buf b = gh_buf(1 << 20);
		bool tags = t[i].open[0] == '{';
		gh_buf_str(&b, tags ? "" : "{{ ");
		for (unsigned k = 0; k < 5000; k++)
			gh_buf_str(&b, t[i].open);
		gh_buf_str(&b, t[i].middle);
		for (unsigned k = 0; k < 5000; k++)
			gh_buf_str(&b, t[i].close);
		gh_buf_str(&b, tags ? "" : " }}");
		struct gh_jj_tree tree = gh_jj_parse(&a, gh_buf_view(&b), &gh_jj_chat);
		if (t[i].flat ? tree.root == NULL : tree.root != NULL || !tree.limit)
			fail_msg("%s: %s", t[i].open, tree.why);
	}
}

/* Every prefix of every ordinary template gives an answer. */
static void prefixes(void **state)
{
	(void)state;
	glob_t g;
	assert_int_equal(glob("tests/templates/ordinary/*.jinja", 0, NULL, &g), 0);
	assert_true(g.gl_pathc >= 45);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		struct gh_span s = gh_test_file(g.gl_pathv[i]);
		for (size_t n = 0; n <= s.n; n += n + 64 < s.n ? 37 : 1) {
			gh_auto_arena a = { .max = 32 << 20 };
			struct gh_jj_tree t = gh_jj_parse(&a, gh_span_cut(s, 0, n), &gh_jj_chat);
			if (t.root == NULL ? t.why == NULL || t.off > n : n != 0 && t.root->kid == NULL && t.tags != 0)
				fail_msg("%s cut at %zu", g.gl_pathv[i], n);
			if (n == s.n && t.root == NULL)
				fail_msg("%s: %s at %u", g.gl_pathv[i], t.why, t.off);
		}
		free((void *)(uintptr_t)s.p);
	}
	globfree(&g);
}

/* The row "jinja", which the row "text" hands its bytes to. */
static void files(void **state)
{
	(void)state;
	static const struct {
		const char *what, *name, *in;
		enum gh_rc rc;
		const char *has;
	} t[] = {
		{ "a template", "chat_template.jinja", "{{ messages }}", GH_OK,
		  "claim 0+14 struct\ntext chat-template \"\" \"{{ messages }}\" 0+14\n" },
		{ "one without a name", "x", "{% if a %}b{% endif %}", GH_OK, "text chat-template" },
		{ "text under the name of one", "a.j2", "plain", GH_OK, "claim 0+5 struct\n" },
		{ "text", "x", "plain", GH_E_NOTTHIS, "" },
		{ "braces that are none", "readme", "use {{ and {% if", GH_E_NOTTHIS, "" },
		{ "a broken one by its name", "a.jinja", "{% if a %}", GH_E_MALFORMED, "text chat-template" },
		{ "one too deep", "x",
		  "{{ "
		  "((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((1)))))))))))))))))))))))))))))"
		  ")))))))))))))))))))))))))))))))))))))))) }}",
		  GH_E_LIMIT, "text chat-template" },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		for (int unstable = 0; unstable < 2; unstable++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_jinja, gh_span_str(t[i].in), t[i].name, unstable != 0);
			if (ev.rc != t[i].rc || !gh_events_has(&ev, t[i].has))
				fail_msg("%s: rc %d (%s)\n%s", t[i].what, ev.rc, ev.why, gh_buf_cstr(&ev.log));
			if (t[i].rc == GH_E_NOTTHIS)
				assert_int_equal(ev.events, 0);
			gh_events_free(&ev);
		}
	}
	size_t cap = (1 << 20) + 64;
	char *big = malloc(cap);
	assert_non_null(big);
	memset(big, 'x', cap);
	memcpy(big, "{{ a }}", 7);
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_jinja, (struct gh_span){ (uint8_t *)big, cap }, "a.jinja", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	gh_events_free(&ev);
	gh_events_walk(&ev, &gh_fmt_text, gh_span_str("{% for m in messages %}{{ m.content }}{% endfor %}"),
		       "chat_template.jinja", true);
	assert_true(gh_events_has(&ev, "text chat-template"));
	assert_true(ev.gapless);
	gh_events_free(&ev);
	free(big);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(each_row), cmocka_unit_test(depth), cmocka_unit_test(prefixes),
					cmocka_unit_test(files) };
	return cmocka_run_group_tests_name("jinja", t, NULL, NULL);
}
