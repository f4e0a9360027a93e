/* NumPy's array files and archives. */
#include "support/cm.h"
#include "support/walked.h"
#include "support/zipmake.h"

extern const struct gh_fmt gh_fmt_npy, gh_fmt_npz;

#define LIT(lit) { (const uint8_t *)(lit), sizeof(lit) - 1 }
#define PLAIN "\x93NUMPY\1\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }          \n"
#define OBJECTS "\x93NUMPY\1\0\x46\0{'descr': '|O8', 'fortran_order': False, 'shape': (1,), }            \n"
#define SIXTEEN "0123456789abcdef"
#define RECONSTRUCT "\x80\2cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\1b\x87R."
#define EVIL "\x80\2cposix\nsystem\nU\2id\x85R."

static const struct {
	const char *what;
	struct gh_span in;
	const char *ids, *has;
	enum gh_rc rc;
	bool gapless;
} rows[] = {
	{ "plain", LIT(PLAIN SIXTEEN), "", "tensor \"x.npy\" F32 [2, 2] 80+16\n", GH_OK, true },
	{ "bytes behind", LIT(PLAIN SIXTEEN "evil"), "", "tensor", GH_OK, false },
	{ "texts of bytes",
	  LIT("\x93NUMPY\1\0\x46\0{'descr': '|S8', 'fortran_order': False, 'shape': (2,), }            \n"
	      "abc\0\0\0\0\0defghijk"),
	  "", "text data \"\" \"abc\\ndefghijk", GH_OK, true },
	{ "texts of characters, the other byte order",
	  LIT("\x93NUMPY\1\0\x46\0{'descr': '>U2', 'fortran_order': False, 'shape': (2,), }            \n"
	      "\0\0\0a\0\0\0\0\0\0\xd8\0\0\0 \xac"),
	  "", "text data \"\" \"a\\n", GH_OK, true },
	{ "version 2",
	  LIT("\x93NUMPY\2\0\x44\0\0\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 2), }        \n" SIXTEEN),
	  "", "tensor", GH_OK, true },
	{ "version 4", LIT("\x93NUMPY\4\0\x46\0{'descr'"), "GH-NPY-0001", NULL, GH_E_UNREAD, false },
	{ "version 1.1", LIT("\x93NUMPY\1\1\x46\0{'descr'"), "GH-NPY-0001", NULL, GH_E_UNREAD, false },
	{ "magic only", LIT("\x93NUMPY"), "GH-NPY-0002", NULL, GH_E_MALFORMED, false },
	{ "cut header", LIT("\x93NUMPY\1\0\x46\0{'descr'"), "GH-NPY-0002", NULL, GH_E_MALFORMED, false },
	{ "header of 4 GiB", LIT("\x93NUMPY\2\0\xff\xff\xff\xff{'descr'"), "GH-NPY-0002", NULL, GH_E_MALFORMED, false },
	{ "header is code", LIT("\x93NUMPY\1\0\x16\0__import__('os').x()  " SIXTEEN), "GH-NPY-0003", NULL,
	  GH_E_MALFORMED, false },
	{ "key twice", LIT("\x93NUMPY\1\0\x17\0{'descr':1,'descr':2}  " SIXTEEN), "GH-NPY-0004", NULL, GH_E_MALFORMED,
	  false },
	{ "unknown type",
	  LIT("\x93NUMPY\1\0\x46\0{'descr': 'Q,O', 'fortran_order': False, 'shape': (1,), }            \n" SIXTEEN),
	  "GH-NPY-0005", NULL, GH_E_UNREAD, false },
	{ "shape is a number",
	  LIT("\x93NUMPY\1\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': 4, }               \n" SIXTEEN),
	  "GH-NPY-0006", NULL, GH_E_MALFORMED, false },
	{ "overflow",
	  LIT("\x93NUMPY\1\0\x50\0{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }  "
	      "\n" SIXTEEN),
	  "GH-NPY-0007", NULL, GH_E_MALFORMED, false },
	{ "negative",
	  LIT("\x93NUMPY\1\0\x46\0{'descr': '<f4', 'fortran_order': False, 'shape': (-4,), }           \n" SIXTEEN),
	  "GH-NPY-0007", NULL, GH_E_MALFORMED, false },
	{ "too short", LIT(PLAIN "0123"), "GH-NPY-0008", NULL, GH_E_MALFORMED, true },
	{ "nested too deeply",
	  LIT("\x93NUMPY\1\0\x46\0((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((((" SIXTEEN),
	  "GH-NPY-0009", NULL, GH_E_LIMIT, false },
	{ "objects", LIT(OBJECTS RECONSTRUCT), "", "call reduce numpy.core.multiarray._reconstruct", GH_OK, true },
	{ "objects that run a command", LIT(OBJECTS EVIL), "", "call reduce posix.system args ('id',)", GH_OK, true },
	{ "objects that are a list", LIT(OBJECTS "\x80\2]."), "GH-NPY-0013", NULL, GH_OK, true },
	{ "a pickle behind an unknown type",
	  LIT("\x93NUMPY\1\0\x46\0{'descr': 'Q,O', 'fortran_order': False, 'shape': (1,), }            \n" EVIL),
	  "GH-NPY-0005 GH-NPY-0014", "call reduce posix.system", GH_E_UNREAD, false },
	{ "a pickle behind a broken shape",
	  LIT("\x93NUMPY\1\0\x46\0{'descr': '|O8', 'fortran_order': False, 'shape': 1, }               \n" EVIL),
	  "GH-NPY-0006", "call reduce posix.system", GH_E_MALFORMED, false },
};

static void test_npy(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_events ev;
		char ids[400];
		gh_test_walked(&ev, &gh_fmt_npy, rows[i].in, "x.npy", ids, sizeof ids);
		if (ev.rc != rows[i].rc || strcmp(ids, rows[i].ids) != 0 || ev.gapless != rows[i].gapless ||
		    (rows[i].has != NULL && !gh_events_has(&ev, rows[i].has)))
			fail_msg("%s: rc %d %s gapless %d '%s'\n%s", rows[i].what, (int)ev.rc, ev.why, (int)ev.gapless,
				 ids, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
	}
}

static const struct {
	const char *what;
	struct gh_test_member m[4];
	const char *ids; /* NULL: the reader declines */
} zips[] = {
	{ "two arrays", { { "a.npy", LIT(PLAIN SIXTEEN), false }, { "b/c.npy", LIT(PLAIN SIXTEEN), true } }, "" },
	{ "no suffix", { { "a.npy", LIT(PLAIN SIXTEEN), false }, { "b", LIT(OBJECTS EVIL), false } }, "GH-NPZ-0002" },
	{ "a stranger",
	  { { "a.npy", LIT(PLAIN SIXTEEN), false }, { "run.py", LIT("import os"), false } },
	  "GH-NPZ-0001" },
	{ "array in name only", { { "a.npy", LIT(EVIL), false } }, "GH-NPZ-0001" },
	{ "empty array", { { "a.npy", LIT(""), false } }, "GH-NPZ-0001" },
	{ "one key twice",
	  { { "a.npy", LIT(PLAIN SIXTEEN), false },
	    { "b.npy", LIT(PLAIN SIXTEEN), false },
	    { "a", LIT(PLAIN SIXTEEN), false } },
	  "GH-NPZ-0002 GH-NPZ-0003" },
	{ "mostly other files",
	  { { "a.npy", LIT(PLAIN SIXTEEN), false }, { "b.txt", LIT("b"), false }, { "c.txt", LIT("c"), false } },
	  NULL },
	{ "skops", { { "schema.json", LIT("{}"), false }, { "1.npy", LIT(PLAIN SIXTEEN), false } }, NULL },
	{ "torch", { { "a/data.pkl", LIT("N."), false }, { "a/x.npy", LIT(PLAIN SIXTEEN), false } }, NULL },
};

static void test_npz(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(zips); i++) {
		struct gh_test_bytes b = { 0 };
		struct gh_events ev;
		char ids[400];
		size_t n = 0;
		while (n < 4 && zips[i].m[n].name != NULL)
			n++;
		gh_test_zip(&b, zips[i].m, n);
		gh_test_walked(&ev, &gh_fmt_npz, gh_test_view(&b), "x.npz", ids, sizeof ids);
		if (zips[i].ids == NULL ? ev.rc != GH_E_NOTTHIS || ev.events != 0
					: ev.rc != GH_OK || !ev.gapless || strcmp(ids, zips[i].ids) != 0)
			fail_msg("%s: rc %d %s '%s'\n%s", zips[i].what, (int)ev.rc, ev.why, ids, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		gh_test_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_npy), cmocka_unit_test(test_npz) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
