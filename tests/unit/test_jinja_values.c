/* What methods, filters, tests and operators of templates give: each row is what jinja2 3.1 makes of the expression. The
 * same is compared at large by tests/diff/jinja_diff.py; these rows hold wherever jinja2 is not installed. */
#include "support/cm.h"

#include "wire/jinja/jinja_run.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *in, *out;
} rows[] = {
	{ "'aBc'.upper()", "ABC" },
	{ "'aBc'.lower()", "abc" },
	{ "'abc def'.title()", "Abc Def" },
	{ "'abc def'.capitalize()", "Abc def" },
	{ "'aBc'.swapcase()", "AbC" },
	{ "'  a '.strip()", "a" },
	{ "'  a '.lstrip()", "a " },
	{ "'  a '.rstrip()", "  a" },
	{ "'xxaxx'.strip('x')", "a" },
	{ "'xxaxx'.lstrip('x')", "axx" },
	{ "'xxaxx'.rstrip('x')", "xxa" },
	{ "'a,b,c'.split(',')", "['a', 'b', 'c']" },
	{ "'a b  c'.split()", "['a', 'b', 'c']" },
	{ "'a,b,c'.split(',',1)", "['a', 'b,c']" },
	{ "'a,b,c'.rsplit(',',1)", "['a,b', 'c']" },
	{ "'a\\nb\\r\\nc'.splitlines()", "['a', 'b', 'c']" },
	{ "'a\\nb'.splitlines(true)", "['a\\n', 'b']" },
	{ "'abcabc'.replace('b','X')", "aXcaXc" },
	{ "'abcabc'.replace('b','X',1)", "aXcabc" },
	{ "'abcabc'.find('c')", "2" },
	{ "'abcabc'.rfind('c')", "5" },
	{ "'abcabc'.find('z')", "-1" },
	{ "'abcabc'.index('c')", "2" },
	{ "'abcabc'.rindex('a')", "3" },
	{ "'abcabc'.count('bc')", "2" },
	{ "'abc'.startswith('ab')", "True" },
	{ "'abc'.endswith('bc')", "True" },
	{ "'abc'.startswith(('x','a'))", "True" },
	{ "'abc'.endswith(('x','c'))", "True" },
	{ "'a'.join(['x','y'])", "xay" },
	{ "'abc'.center(9)", "   abc   " },
	{ "'abc'.center(9,'*')", "***abc***" },
	{ "'abc'.ljust(6)~'|'", "abc   |" },
	{ "'abc'.rjust(6,'.')", "...abc" },
	{ "'42'.zfill(5)", "00042" },
	{ "'-42'.zfill(5)", "-0042" },
	{ "'abc'.isalpha()", "True" },
	{ "'123'.isdigit()", "True" },
	{ "'12a'.isalnum()", "True" },
	{ "' '.isspace()", "True" },
	{ "'ABC'.isupper()", "True" },
	{ "'abc'.islower()", "True" },
	{ "'12'.isdecimal()", "True" },
	{ "'ab_1'.isidentifier()", "True" },
	{ "'a-b-c'.partition('-')", "('a', '-', 'b-c')" },
	{ "'a-b-c'.rpartition('-')", "('a-b', '-', 'c')" },
	{ "'abc'.partition('-')", "('abc', '', '')" },
	{ "'TestHook'.removeprefix('Test')", "Hook" },
	{ "'MiscTests'.removesuffix('Tests')", "Misc" },
	{ "'abc'.encode('utf-8')|string", "b'abc'" },
	{ "'{} {}'.format(1,'a')", "1 a" },
	{ "'{1} {0}'.format(1,'a')", "a 1" },
	{ "'{x}'.format(x=3)", "3" },
	{ "'{:>5}|{:<5}|{:^5}'.format(1,2,3)", "    1|2    |  3  " },
	{ "'{:05d}'.format(42)", "00042" },
	{ "'{:.2f}'.format(3.14159)", "3.14" },
	{ "'{:,}'.format(1234567)", "1,234,567" },
	{ "'{:+d}'.format(3)", "+3" },
	{ "'{:e}'.format(12345.678)", "1.234568e+04" },
	{ "'{:%}'.format(0.25)", "25.000000%" },
	{ "'{!r}'.format('a')", "'a'" },
	{ "'{0[a]}'.format({'a':1})", "1" },
	{ "'{{}}'.format()", "{}" },
	{ "'%s %d %r'%('a',3,'b')", "a 3 'b'" },
	{ "'%5.1f|'%2.25", "  2.2|" },
	{ "'%-5s|'%'a'", "a    |" },
	{ "'%05d'%42", "00042" },
	{ "'%x'%255", "ff" },
	{ "'%%'", "%%" },
	{ "'a%sb'%1", "a1b" },
	{ "'%(k)s'%{'k':'v'}", "v" },
	{ "'%c'%65", "A" },
	{ "'%e'%1234.5", "1.234500e+03" },
	{ "'%g'%0.0001", "0.0001" },
	{ "[1,2,3]|sum", "6" },
	{ "[3,1,2]|sort", "[1, 2, 3]" },
	{ "[3,1,2]|sort(reverse=true)", "[3, 2, 1]" },
	{ "['b','A','c']|sort", "['A', 'b', 'c']" },
	{ "['b','A','c']|sort(case_sensitive=true)", "['A', 'b', 'c']" },
	{ "[{'a':2},{'a':1}]|sort(attribute='a')", "[{'a': 1}, {'a': 2}]" },
	{ "[1,2,3]|reverse|list", "[3, 2, 1]" },
	{ "'abc'|reverse", "cba" },
	{ "[1,2,3]|first", "1" },
	{ "[1,2,3]|last", "3" },
	{ "[]|first|default('none')", "none" },
	{ "[1,1,2]|unique|list", "[1, 2]" },
	{ "['a','A']|unique|list", "['a']" },
	{ "[1,2,3]|max", "3" },
	{ "[1,2,3]|min", "1" },
	{ "[{'a':3},{'a':5}]|max(attribute='a')", "{'a': 5}" },
	{ "[1,2,3,4,5]|batch(2)|list", "[[1, 2], [3, 4], [5]]" },
	{ "[1,2,3,4,5]|batch(2,'x')|list", "[[1, 2], [3, 4], [5, 'x']]" },
	{ "[1,2,3,4,5]|slice(2)|list", "[[1, 2, 3], [4, 5]]" },
	{ "[1,2,3]|join('-')", "1-2-3" },
	{ "[{'n':1},{'n':2}]|join(',',attribute='n')", "1,2" },
	{ "[1,2,3]|map('string')|list", "['1', '2', '3']" },
	{ "['a','b']|map('upper')|list", "['A', 'B']" },
	{ "[{'a':1}]|map(attribute='a')|list", "[1]" },
	{ "[{'a':1},{}]|map(attribute='a',default=0)|list", "[1, 0]" },
	{ "[1,2,3,4]|select('odd')|list", "[1, 3]" },
	{ "[1,2,3,4]|reject('odd')|list", "[2, 4]" },
	{ "[0,1,2]|select|list", "[1, 2]" },
	{ "[{'a':1,'b':2},{'a':0}]|selectattr('a')|list", "[{'a': 1, 'b': 2}]" },
	{ "[{'a':1},{'a':2}]|selectattr('a','equalto',2)|list", "[{'a': 2}]" },
	{ "[{'a':1},{'a':2}]|rejectattr('a','gt',1)|list", "[{'a': 1}]" },
	{ "[{'k':1,'v':2},{'k':1,'v':3}]|groupby('k')|list|length", "1" },
	{ "{'b':1,'a':2}|dictsort", "[('a', 2), ('b', 1)]" },
	{ "{'b':1,'a':2}|dictsort(by='value')", "[('b', 1), ('a', 2)]" },
	{ "{'b':1,'a':2}|dictsort(reverse=true)", "[('b', 1), ('a', 2)]" },
	{ "{'a':1}|items|list", "[('a', 1)]" },
	{ "{'a':1,'b':2}|list", "['a', 'b']" },
	{ "{'a':1}|length", "1" },
	{ "'abc'|length", "3" },
	{ "'a b c'|wordcount", "3" },
	{ "'hello world'|title", "Hello World" },
	{ "'hello'|capitalize", "Hello" },
	{ "'HELLO'|lower", "hello" },
	{ "'hello'|upper", "HELLO" },
	{ "'  x '|trim", "x" },
	{ "'xxaxx'|trim('x')", "a" },
	{ "'hello world foo'|truncate(9)", "hello..." },
	{ "'hello world foo'|truncate(9,true)", "hello ..." },
	{ "'hello world foo'|truncate(11,true,'..')", "hello world foo" },
	{ "'hello'|center(11)", "   hello   " },
	{ "'a\\nb'|indent(2)", "a\n  b" },
	{ "'a\\nb'|indent(2,true)", "  a\n  b" },
	{ "'a\\n\\nb'|indent(2,blank=true)", "a\n  \n  b" },
	{ "'<a href=\"x\">&</a>'|escape", "&lt;a href=&#34;x&#34;&gt;&amp;&lt;/a&gt;" },
	{ "'a&b'|forceescape", "a&amp;b" },
	{ "'x'|e", "x" },
	{ "'abc'|replace('b','x')", "axc" },
	{ "'aaa'|replace('a','b',2)", "bba" },
	{ "'abc'|list", "['a', 'b', 'c']" },
	{ "'3'|int", "3" },
	{ "'x'|int", "0" },
	{ "'x'|int(7)", "7" },
	{ "'0x1f'|int(0,16)", "31" },
	{ "'3.5'|float", "3.5" },
	{ "'x'|float(1.5)", "1.5" },
	{ "3.7|int", "3" },
	{ "3.14159|round(2)", "3.14" },
	{ "3.5|round", "4.0" },
	{ "2.5|round", "2.0" },
	{ "3.2|round(0,'ceil')", "4.0" },
	{ "3.7|round(0,'floor')", "3.0" },
	{ "-3|abs", "3" },
	{ "'a b&c'|urlencode", "a%20b%26c" },
	{ "[1,2]|string", "[1, 2]" },
	{ "42|string", "42" },
	{ "none|string", "None" },
	{ "'abc'|format", "abc" },
	{ "'%s-%s'|format('a','b')", "a-b" },
	{ "x|default('d')", "d" },
	{ "x|d('d')", "d" },
	{ "''|default('d',true)", "d" },
	{ "'a'|default('d',true)", "a" },
	{ "[1,2]|tojson", "[1, 2]" },
	{ "'abc'|pprint", "'abc'" },
	{ "[1,2,3]|count", "3" },
	{ "'hello'|first", "h" },
	{ "'hello'|last", "o" },
	{ "1 is odd", "True" },
	{ "2 is even", "True" },
	{ "2", "2" },
	{ "4 is divisibleby(3)", "False" },
	{ "x is defined", "False" },
	{ "x is undefined", "True" },
	{ "none is none", "True" },
	{ "'a' is string", "True" },
	{ "1 is number", "True" },
	{ "1 is integer", "True" },
	{ "1.5 is float", "True" },
	{ "true is boolean", "True" },
	{ "true is true", "True" },
	{ "false is false", "True" },
	{ "{} is mapping", "True" },
	{ "[] is iterable", "True" },
	{ "[] is sequence", "True" },
	{ "'a' is lower", "True" },
	{ "'A' is upper", "True" },
	{ "1", "1" },
	{ "[1]", "[1]" },
	{ "'upper' is filter", "True" },
	{ "'nope' is filter", "False" },
	{ "'odd' is test", "True" },
	{ "range is callable", "True" },
	{ "'x' is escaped", "False" },
	{ "range(5)|list", "[0, 1, 2, 3, 4]" },
	{ "range(2,8,3)|list", "[2, 5]" },
	{ "range(5,0,-2)|list", "[5, 3, 1]" },
	{ "dict(a=1,b=2)", "{'a': 1, 'b': 2}" },
	{ "namespace(a=1).a", "1" },
	{ "{'a':1}.get('a')", "1" },
	{ "{'a':1}.get('z',3)", "3" },
	{ "{'a':1}.keys()|list", "['a']" },
	{ "{'a':1}.values()|list", "[1]" },
	{ "{'a':1}.items()|list", "[('a', 1)]" },
	{ "[1,2,3].index(2)", "1" },
	{ "[1,2,2].count(2)", "2" },
	{ "(1,2)[0]", "1" },
	{ "(1,2)+(3,)", "(1, 2, 3)" },
	{ "[1]+[2]", "[1, 2]" },
	{ "[1]*3", "[1, 1, 1]" },
	{ "'ab'*2", "abab" },
	{ "[1,2,3][1:]", "[2, 3]" },
	{ "[1,2,3][::-1]", "[3, 2, 1]" },
	{ "[1,2,3][-1]", "3" },
	{ "'abc'[0]", "a" },
	{ "'abcdef'[1:5:2]", "bd" },
	{ "7//2", "3" },
	{ "-7//2", "-4" },
	{ "7%3", "1" },
	{ "-7%3", "2" },
	{ "2**10", "1024" },
	{ "2**-1", "0.5" },
	{ "7/2", "3.5" },
	{ "1<2<3", "True" },
	{ "3 in [1,2,3]", "True" },
	{ "'b' in 'abc'", "True" },
	{ "'k' in {'k':1}", "True" },
	{ "not 1", "False" },
	{ "1 and 0", "0" },
	{ "0 or 'x'", "x" },
	{ "1 if 0 else 2", "2" },
	{ "'a'~1~none", "a1None" },
	{ "10|string~'px'", "10px" },
	{ "1e3", "1000.0" },
	{ "1_000", "1000" },
	{ "0x1f", "31" },
	{ "0b11", "3" },
	{ "0o17", "15" },
	{ "'a'", "a" },
	{ "'b'", "b" },
	{ "'c'", "c" },
	{ "true", "True" },
	{ "none", "None" },
	{ "[1,[2,{'a':(3,)}]]", "[1, [2, {'a': (3,)}]]" },
	{ "{'a':{'b':1}}.a.b", "1" },
};

static void values(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char text[600];
		struct gh_arena arena = { .max = (size_t)16 << 20 };
		(void)snprintf(text, sizeof text, "{{ %s }}", rows[i].in);
		struct gh_jj_tree t = gh_jj_parse(&arena, gh_span_str(text), &gh_jj_chat);
		if (t.root == NULL)
			fail_msg("%s: %s", rows[i].in, t.why);
		struct gh_jv none = gh_jv_dict(&arena);
		struct gh_jj_run run = {
			.arena = &arena, .context = none.dict, .max_steps = 1000000, .max_out = 1 << 16
		};
		if (!gh_jj_run(&run, t.root))
			fail_msg("%s: %s", rows[i].in, run.err);
		if (!gh_span_is(run.out, rows[i].out))
			fail_msg("%s: \"%.*s\" instead of \"%s\"", rows[i].in, (int)run.out.n, (const char *)run.out.p,
				 rows[i].out);
		gh_arena_free(&arena);
	}
}

/* Every row again, with each prefix of the expression: an answer or a reason, never more. */
static void prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (size_t n = strlen(rows[i].in); n > 0; n--) {
			char text[600];
			struct gh_arena arena = { .max = (size_t)16 << 20 };
			(void)snprintf(text, sizeof text, "{{ %.*s }}", (int)n, rows[i].in);
			struct gh_jj_tree t = gh_jj_parse(&arena, gh_span_str(text), &gh_jj_chat);
			struct gh_jv none = gh_jv_dict(&arena);
			struct gh_jj_run run = {
				.arena = &arena, .context = none.dict, .max_steps = 100000, .max_out = 1 << 16
			};
			assert_true(t.root != NULL || t.why != NULL);
			if (t.root != NULL && !gh_jj_run(&run, t.root))
				assert_true(run.err[0] != '\0');
			gh_arena_free(&arena);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(values), cmocka_unit_test(prefixes) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
