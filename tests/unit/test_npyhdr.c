/* Headers of NumPy arrays: what numpy.load() accepts is understood, everything else is refused for the right reason. */
#include "support/cm.h"

#include <stdio.h>

#include "wire/npyhdr.h"
#include "wire/pyliteral.h"

#define HDR(descr, shape) "{'descr': " descr ", 'fortran_order': False, 'shape': " shape ", }          \n"

static const struct {
	const char *what, *text;
	enum gh_npy_fault fault;
	uint64_t size, count; /* of an element; elements */
	char kind, order;
	bool objects, fields;
} rows[] = {
	{ "plain", HDR("'<f4'", "(2, 3)"), GH_NPY_FINE, 4, 6, 'f', '<', false, false },
	{ "scalar", HDR("'>i8'", "()"), GH_NPY_FINE, 8, 1, 'i', '>', false, false },
	{ "one dimension", HDR("'|u1'", "(7,)"), GH_NPY_FINE, 1, 7, 'u', '|', false, false },
	{ "empty", HDR("'<c16'", "(0, 5)"), GH_NPY_FINE, 16, 0, 'c', '<', false, false },
	{ "Python 2 long", HDR("'<f8'", "(10L, 3L)"), GH_NPY_FINE, 8, 30, 'f', '<', false, false },
	{ "unicode keys", "{u'descr': u'<f8', u'fortran_order': True, u'shape': (1,)}", GH_NPY_FINE, 8, 1, 'f', '<',
	  false, false },
	{ "double quotes, no spaces", "{\"shape\":(4,),\"descr\":\"<i2\",\"fortran_order\":False}", GH_NPY_FINE, 2, 4,
	  'i', '<', false, false },
	{ "objects", HDR("'|O'", "(3,)"), GH_NPY_FINE, 8, 3, 'O', '|', true, false },
	{ "old objects", HDR("'|O8'", "(3,)"), GH_NPY_FINE, 8, 3, 'O', '|', true, false },
	{ "objects spelled out", HDR("'object'", "(3,)"), GH_NPY_FINE, 8, 3, 'O', '|', true, false },
	{ "objects by escape", HDR("'\\x4f'", "(3,)"), GH_NPY_FINE, 8, 3, 'O', '|', true, false },
	{ "text", HDR("'<U10'", "(2,)"), GH_NPY_FINE, 40, 2, 'U', '<', false, false },
	{ "bytes", HDR("'|S3'", "()"), GH_NPY_FINE, 3, 1, 'S', '|', false, false },
	{ "empty bytes", HDR("'|S0'", "(5,)"), GH_NPY_FINE, 0, 5, 'S', '|', false, false },
	{ "void", HDR("'|V12'", "(5,)"), GH_NPY_FINE, 12, 5, 'V', '|', false, false },
	{ "time", HDR("'<M8[ns]'", "(5,)"), GH_NPY_FINE, 8, 5, 'M', '<', false, false },
	{ "time in steps", HDR("'<m8[25s]'", "(5,)"), GH_NPY_FINE, 8, 5, 'm', '<', false, false },
	{ "bool", HDR("'|b1'", "(5,)"), GH_NPY_FINE, 1, 5, 'b', '|', false, false },
	{ "long double", HDR("'<f16'", "(5,)"), GH_NPY_FINE, 16, 5, 'f', '<', false, false },
	{ "fields", HDR("[('a', '<i4'), ('b', '<f8', (2, 3)), ('', '|V4')]", "(2,)"), GH_NPY_FINE, 4 + 48 + 4, 2, 'V',
	  '|', false, true },
	{ "titles", HDR("[(('long title', 'a'), '<i4')]", "(2,)"), GH_NPY_FINE, 4, 2, 'V', '|', false, true },
	{ "nested fields", HDR("[('a', [('x', '|O'), ('y', '<f4')]), ('b', '|u1')]", "(2,)"), GH_NPY_FINE, 13, 2, 'V',
	  '|', true, true },
	{ "sub-array", HDR("('<i4', (2, 2))", "(3,)"), GH_NPY_FINE, 16, 3, 'i', '<', false, false },
	{ "sub-array of objects", HDR("('O', 2)", "(3,)"), GH_NPY_FINE, 16, 3, 'O', '|', true, false },
	{ "no fields", HDR("[]", "(3,)"), GH_NPY_FINE, 0, 3, 'V', '|', false, true },

	{ "negative", HDR("'<f4'", "(-1,)"), GH_NPY_NEGATIVE, 4, 0, 'f', '<', false, false },
	{ "elements overflow", HDR("'<f4'", "(4611686018427387904, 4)"), GH_NPY_OVERFLOW, 4, 0, 'f', '<', false,
	  false },
	{ "overflow hidden by a zero", HDR("'<f4'", "(4611686018427387904, 4, 0)"), GH_NPY_OVERFLOW, 4, 0, 'f', '<',
	  false, false },
	{ "bytes overflow", HDR("'<f8'", "(4611686018427387904,)"), GH_NPY_OVERFLOW, 8, 0, 'f', '<', false, false },
	{ "more than 64 bits", HDR("'<f8'", "(99999999999999999999999,)"), GH_NPY_OVERFLOW, 8, 0, 'f', '<', false,
	  false },
	{ "element overflow", HDR("('|V2147483647', (2147483647,))", "(1,)"), GH_NPY_OVERFLOW, 0, 0, 0, 0, false,
	  false },
	{ "shape is a number", HDR("'<f4'", "(5)"), GH_NPY_SHAPE, 4, 0, 'f', '<', false, false },
	{ "shape is a list", HDR("'<f4'", "[5]"), GH_NPY_SHAPE, 4, 0, 'f', '<', false, false },
	{ "bool dimension", HDR("'<f4'", "(True,)"), GH_NPY_SHAPE, 4, 0, 'f', '<', false, false },
	{ "float dimension", HDR("'<f4'", "(2.0,)"), GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "call", HDR("__import__('os')", "(2,)"), GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "concatenation", HDR("'<' 'f4'", "(2,)"), GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "comment", "{'descr': '<f4', # hi\n 'fortran_order': False, 'shape': (1,)}", GH_NPY_SYNTAX, 0, 0, 0, 0, false,
	  false },
	{ "leading zero", HDR("'<f4'", "(010,)"), GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "set", "{'descr', 'fortran_order', 'shape'}", GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "list", "['descr']", GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "empty text", "", GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "text behind", HDR("'<f4'", "(2,)") "x", GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "cut", "{'descr': '<f4', 'fortran_order': Fal", GH_NPY_SYNTAX, 0, 0, 0, 0, false, false },
	{ "unclosed", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)", GH_NPY_SYNTAX, 0, 0, 0, 0, false,
	  false },
	{ "key twice", "{'descr': '<f4', 'descr': '|O', 'fortran_order': False, 'shape': (1,)}", GH_NPY_KEYS, 0, 0, 0,
	  0, false, false },
	{ "key missing", "{'descr': '<f4', 'shape': (1,)}", GH_NPY_KEYS, 0, 0, 0, 0, false, false },
	{ "key of its own", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}", GH_NPY_KEYS, 0, 0, 0, 0,
	  false, false },
	{ "order is a number", "{'descr': '<f4', 'fortran_order': 0, 'shape': (1,)}", GH_NPY_KEYS, 0, 0, 0, 0, false,
	  false },
	{ "comma type", HDR("'f4,O'", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
	{ "no such size", HDR("'<f3'", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
	{ "no such kind", HDR("'<z4'", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
	{ "no such unit", HDR("'<M8[xx]'", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
	{ "type is a dict", HDR("{'names': ['a'], 'formats': ['O']}", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
	{ "field is a string", HDR("['a', 'b']", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
	{ "a later field is a number", HDR("[('a', '<i4'), 5]", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
	{ "fields of one name", HDR("[('a', '<i4'), ('b', '<i4'), ('a', '|O')]", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0,
	  false, false },
	{ "view of another type", HDR("('<i8', 'O')", "(1,)"), GH_NPY_DTYPE, 0, 0, 0, 0, false, false },
};

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = 1 << 20 };
		struct gh_npyhdr h;
		enum gh_rc rc = gh_npyhdr_parse(gh_span_str(rows[i].text), &a, &h);
		if (h.fault != rows[i].fault || (rc == GH_OK) != (rows[i].fault == GH_NPY_FINE))
			fail_msg("%s: fault %d (%s), expected %d", rows[i].what, (int)h.fault, h.why,
				 (int)rows[i].fault);
		if (rc != GH_OK) {
			assert_true(h.why[0] != 0 && h.where <= strlen(rows[i].text));
			continue;
		}
		if (h.type.size != rows[i].size || h.count != rows[i].count || h.type.kind != rows[i].kind ||
		    h.type.order != rows[i].order || h.type.objects != rows[i].objects ||
		    h.type.fields != rows[i].fields || h.bytes != h.count * h.type.size)
			fail_msg("%s: %c%c size %llu count %llu", rows[i].what, h.type.order, h.type.kind,
				 (unsigned long long)h.type.size, (unsigned long long)h.count);
	}
}

/* Nesting and size are bounded, whatever the brackets. */
static void test_limits(void **state)
{
	(void)state;
	static const char open[] = "([{", *const what[] = { "(((", "[[[", "{1:{1:" };
	static char deep[GH_PY_TEXT_MAX + 2];
	for (size_t k = 0; k < sizeof open - 1; k++) {
		size_t n = strlen(what[k]);
		for (size_t i = 0; i < 100000; i++)
			deep[i] = what[k][i % n];
		gh_auto_arena a = { .max = 1 << 20 };
		struct gh_py py;
		assert_int_equal(gh_py_parse(&py, (struct gh_span){ (uint8_t *)deep, 100000 }, &a), GH_E_LIMIT);
		assert_string_equal(py.why, "nested too deeply");
	}
	memset(deep, ' ', sizeof deep);
	gh_auto_arena a = { .max = 64 << 20 };
	struct gh_py py;
	assert_int_equal(gh_py_parse(&py, (struct gh_span){ (uint8_t *)deep, sizeof deep }, &a), GH_E_LIMIT);
	memset(deep, '1', GH_PY_TEXT_MAX);
	for (size_t i = 1; i < GH_PY_TEXT_MAX; i += 2)
		deep[i] = ',';
	deep[0] = '[';
	deep[GH_PY_TEXT_MAX - 1] = ']';
	deep[1] = '1';
	deep[2] = ',';
	deep[3] = '1';
	struct gh_npyhdr h;
	assert_int_equal(gh_npyhdr_parse((struct gh_span){ (uint8_t *)deep, GH_PY_TEXT_MAX }, &a, &h), GH_E_MALFORMED);
	gh_auto_arena tiny = { .max = 8 << 10 };
	assert_int_equal(gh_npyhdr_parse((struct gh_span){ (uint8_t *)deep, GH_PY_TEXT_MAX }, &tiny, &h), GH_E_NOMEM);
}

static void test_literals(void **state)
{
	(void)state;
	static const struct {
		const char *text, *value; /* value NULL: refused */
	} s[] = {
		{ "'a\\n\\t\\\\\\'\\\"'", "a\n\t\\'\"" },
		{ "'\\x41\\u00e9\\101'", "A\xc3\xa9"
					 "A" },
		{ "b'\\xff'", "\xff" },
		{ "'\\q'", NULL },
		{ "'\\x4'", NULL },
		{ "'\\ud800'", NULL },
		{ "'''a'''", NULL },
		{ "r'a'", NULL },
		{ "f'a'", NULL },
		{ "'a\nb'", NULL },
		{ "\"it's\"", "it's" },
		{ "''", "" },
		{ "('x')", "x" },
	};
	for (size_t i = 0; i < GH_ROWS(s); i++) {
		gh_auto_arena a = { .max = 1 << 16 };
		struct gh_py py;
		enum gh_rc rc = gh_py_parse(&py, gh_span_str(s[i].text), &a);
		if ((rc == GH_OK) != (s[i].value != NULL))
			fail_msg("%s: %d %s", s[i].text, (int)rc, py.why);
		if (rc == GH_OK && !gh_span_is(py.node[py.root].text, s[i].value))
			fail_msg("%s: another text", s[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_limits),
					    cmocka_unit_test(test_literals) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
