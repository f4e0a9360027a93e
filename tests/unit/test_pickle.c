/* Table tests of the pickle row: bytes in, event-log lines out. Every row also runs with windows that die. */
#include "support/events.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

extern const struct gh_fmt gh_fmt_pickle;

#define B(s) { (const uint8_t *)("" s), sizeof(s) - 1 }
#define SYS "cos\nsystem\n"

static const struct row {
	const char *what;
	struct gh_span in;
	enum gh_rc rc;
	const char *has[5]; /* lines that must be there */
	const char *hasnt;  /* text that must not */
	bool gapless;
} rows[] = {
	/* ---- what is executed ---- */
	{ "protocol 0 call",
	  B(SYS "(S'id'\ntR."),
	  GH_OK,
	  { "call import os.system 0+11\n", "call reduce os.system args ('id',) 19+1\n", "claim 0+21 struct" },
	  "anomaly",
	  true },
	{ "STACK_GLOBAL through memo and POP",
	  B("\x80\4\x8c\2os\x94"
	    "0\x8c\6system\x94"
	    "0h\0h\1\x93\x8c\2id\x85R."),
	  GH_OK,
	  { "call reduce os.system args ('id',)" },
	  "? ",
	  true },
	{ "OBJ", B("(" SYS "S'id'\no."), GH_OK, { "call inst os.system args ('id',)" }, "anomaly", true },
	{ "INST",
	  B("(S'id'\nios\nsystem\n."),
	  GH_OK,
	  { "call import os.system", "call inst os.system args ('id',)" },
	  NULL,
	  true },
	{ "NEWOBJ",
	  B("\x80\2"
	    "ccollections\nOrderedDict\n)\x81."),
	  GH_OK,
	  { "call new collections.OrderedDict args ()" },
	  NULL,
	  true },
	{ "NEWOBJ_EX",
	  B("\x80\4\x8c\1m\x8c\1c\x93)}\x8c\1kK\1s\x92."),
	  GH_OK,
	  { "call new m.c args ()" },
	  "anomaly",
	  true },
	{ "BUILD of a fresh object",
	  B("\x80\2"
	    "cm\nc\n)\x81}U\1aK\1sb."),
	  GH_OK,
	  { "call build m.c args {'a': 1}" },
	  "? ",
	  true },
	{ "SETITEM on a fresh object",
	  B("\x80\2"
	    "cm\nc\n)RU\1aK\1s."),
	  GH_OK,
	  { "call setitem m.c args ('a', 1)" },
	  NULL,
	  true },
	{ "SETITEM on an import", B("cm\nc\nI1\nI2\ns."), GH_OK, { "call setitem m.c args (1, 2)" }, NULL, true },
	{ "APPENDS and ADDITEMS on objects",
	  B("\x80\4"
	    "cm\nc\n)R(K\1K\2e(K\3\x90."),
	  GH_OK,
	  { "call append m.c args (1, 2)", "call add m.c args (3,)" },
	  NULL,
	  true },
	{ "persistent ids",
	  B("Pone\n0(I1\ntQ."),
	  GH_OK,
	  { "call persid . args 'one'", "call persid . args (1,)" },
	  NULL,
	  true },
	{ "extension code", B("\x80\2\x82\1)R."), GH_OK, { "call ext ? .", "call reduce ? ." }, NULL, true },
	{ "call of a call",
	  B("cm\nf\n)R)R."),
	  GH_OK,
	  { "call reduce m.f args ()", "call reduce ? . args ()" },
	  NULL,
	  true },
	{ "name made by a call",
	  B("\x80\4"
	    "cm\nf\n)R\x8c\1x\x93)R."),
	  GH_OK,
	  { "call import ? .x", "call reduce ? ." },
	  NULL,
	  true },
	{ "arguments made by a call", B("\x80\4" SYS "cm\nf\n)RR."), GH_OK, { "call reduce ? os.system" }, NULL, true },
	{ "result thrown away", B(SYS "(S'id'\ntR0N."), GH_OK, { "call reduce os.system" }, "GH-PKL-0012", true },
	{ "left on the stack", B("NN."), GH_OK, { "GH-PKL-0012" }, NULL, true },
	/* ---- names ---- */
	{ "Python 2 name",
	  B("c__builtin__\neval\n(S'1'\ntR."),
	  GH_OK,
	  { "call reduce builtins.eval args ('1',)" },
	  "__builtin__",
	  true },
	{ "no mapping from protocol 3",
	  B("\x80\3"
	    "c__builtin__\neval\n)R."),
	  GH_OK,
	  { "call reduce __builtin__.eval" },
	  NULL,
	  true },
	{ "name mapping before module mapping",
	  B("\x80\2"
	    "c__builtin__\nreduce\n)R."),
	  GH_OK,
	  { "functools.reduce" },
	  NULL,
	  true },
	{ "commands is subprocess", B("ccommands\ngetoutput\n)R."), GH_OK, { "subprocess.getoutput" }, NULL, true },
	/* ---- breaks ---- */
	{ "no STOP",
	  B("\x80\2" SYS "U\2id\x85R"),
	  GH_E_MALFORMED,
	  { "call reduce os.system args ('id',)", "GH-PKL-0001 19+0" },
	  NULL,
	  true },
	{ "unknown opcode",
	  B("\x80\2" SYS ")R\xff."),
	  GH_E_MALFORMED,
	  { "call reduce os.system args ()", "GH-PKL-0001 15+1" },
	  NULL,
	  false },
	{ "length beyond the end",
	  B("\x80\4" SYS ")RX\xff\xff\xff\x7fx"),
	  GH_E_MALFORMED,
	  { "call reduce", "GH-PKL-0001 15+1" },
	  NULL,
	  false },
	{ "protocol 6", B("\x80\2\x80\6N."), GH_E_MALFORMED, { "GH-PKL-0001 2+1 protocol 6" }, NULL, false },
	{ "calling a string", B("\x80\4\x8c\1x)RN."), GH_E_MALFORMED, { "GH-PKL-0001" }, "call reduce", false },
	{ "argument list is a list",
	  B("\x80\4" SYS "]R."),
	  GH_OK,
	  { "call reduce os.system args () reading pure Python", "GH-PKL-0002" },
	  NULL,
	  true },
	{ "unhashable key", B("\x80\4}]K\1s" SYS ")R."), GH_E_MALFORMED, { "GH-PKL-0001" }, "call reduce", false },
	{ "hidden in a tuple",
	  B("\x80\4}]\x85K\1s" SYS ")R."),
	  GH_E_MALFORMED,
	  { "GH-PKL-0001" },
	  "call reduce",
	  false },
	{ "append to a tuple", B("\x80\4)K\1a" SYS ")R."), GH_E_MALFORMED, { "GH-PKL-0001" }, "call reduce", false },
	{ "list item by index",
	  B("\x80\4]K\1aK\0K\2s" SYS ")R."),
	  GH_OK,
	  { "call reduce os.system" },
	  "GH-PKL-0001",
	  true },
	{ "list index out of range",
	  B("\x80\4]K\1aK\1K\2s" SYS ")R."),
	  GH_E_MALFORMED,
	  { "GH-PKL-0001" },
	  "call reduce",
	  false },
	{ "bytearray extends",
	  B("\x80\5\x96\1\0\0\0\0\0\0\0x(K\1K\xff"
	    "e" SYS ")R."),
	  GH_OK,
	  { "call reduce os.system" },
	  NULL,
	  true },
	{ "memo miss", B("\x80\4h\7" SYS ")R."), GH_E_MALFORMED, { "GH-PKL-0001 2+1" }, "call reduce", false },
	{ "mark in the way", B("\x80\4N(0" SYS ")R."), GH_OK, { "call reduce os.system" }, NULL, true },
	{ "mark where a value is needed",
	  B("\x80\4N(\x85" SYS ")R."),
	  GH_E_MALFORMED,
	  { "GH-PKL-0001 4+1" },
	  "call reduce",
	  false },
	{ "broken UTF-8", B("\x80\4\x8c\1\xff" SYS ")R."), GH_E_MALFORMED, { "GH-PKL-0001" }, "call reduce", false },
	{ "lone surrogate", B("\x80\4\x8c\3\xed\xa0\x80" SYS ")R."), GH_OK, { "call reduce os.system" }, NULL, true },
	{ "BUILD on a dict", B("\x80\4}}b" SYS ")R."), GH_OK, { "reading pure Python", "GH-PKL-0002" }, NULL, true },
	{ "BUILD that says nothing",
	  B("\x80\4}Nb" SYS ")R."),
	  GH_OK,
	  { "call reduce os.system" },
	  "GH-PKL-0002",
	  true },
	/* ---- the readers part ---- */
	{ "INST without a mark",
	  B("\x80\2ios\nsystem\n."),
	  GH_E_MALFORMED,
	  { "call import os.system reading pure Python", "GH-PKL-0002" },
	  NULL,
	  false },
	{ "empty name",
	  B("\x80\2"
	    "cos\n\nN."),
	  GH_OK,
	  { "call import os. reading pure Python", "GH-PKL-0002" },
	  NULL,
	  true },
	{ "last line without its newline",
	  B("\x80\2"
	    "cantigravity\nxy"),
	  GH_E_MALFORMED,
	  { "call import antigravity.x reading pure Python" },
	  NULL,
	  true },
	{ "frame longer than the file",
	  B("\x80\4\x95\xff\0\0\0\0\0\0\0" SYS ")R."),
	  GH_OK,
	  { "call reduce os.system args () reading pure Python", "GH-PKL-0002" },
	  NULL,
	  true },
	{ "frame cut in two",
	  B("\x80\4\x95\4\0\0\0\0\0\0\0K\1M\0\0" SYS ")R."),
	  GH_OK,
	  { "call reduce os.system", "GH-PKL-0014" },
	  NULL,
	  true },
	{ "code behind a cut frame",
	  B("\x80\4\x95\4\0\0\0\0\0\0\0K\1M\0" SYS ")R."),
	  GH_E_MALFORMED,
	  { "GH-PKL-0014" },
	  NULL,
	  false },
	{ "octal INT", B("I010\n0" SYS ")R."), GH_OK, { "call reduce os.system", "GH-PKL-0002" }, NULL, true },
	{ "float that overflows",
	  B("\x80\2"
	    "F1e999\n0" SYS ")R."),
	  GH_OK,
	  { "reading pure Python", "GH-PKL-0002" },
	  NULL,
	  true },
	{ "huge PUT", B("\x80\2Np99999999999999999999\n" SYS ")R."), GH_OK, { "reading pure Python" }, NULL, true },
	{ "Python 2 string",
	  B("\x80\2U\1\xff" SYS ")R."),
	  GH_OK,
	  { "reading other options", "GH-PKL-0004" },
	  "GH-PKL-0001",
	  true },
	{ "buffer from outside",
	  B("\x80\5\x97" SYS ")R."),
	  GH_OK,
	  { "reading other options", "GH-PKL-0011" },
	  NULL,
	  true },
	{ "empty APPENDS on an object",
	  B("\x80\2"
	    "cm\nc\n(e."),
	  GH_OK,
	  { "call append m.c args () reading pure Python" },
	  NULL,
	  true },
	{ "odd SETITEMS on an object",
	  B("\x80\2"
	    "cm\nc\n(K\1K\2K\3u."),
	  GH_E_MALFORMED,
	  { "call setitem m.c args (1, 2) reading pure Python" },
	  NULL,
	  false },
	/* ---- resources ---- */
	{ "huge memo index",
	  B("\x80\2Nr\xff\xff\xff\xff"
	    "0j\xff\xff\xff\xff."),
	  GH_OK,
	  { "GH-PKL-0008" },
	  NULL,
	  true },
	/* ---- several streams ---- */
	{ "second stream",
	  B("\x80\2N."
	    "\x80\2" SYS ")R."),
	  GH_OK,
	  { "GH-PKL-0013", "call reduce os.system" },
	  NULL,
	  true },
	{ "second stream behind zeros",
	  B("\x80\2N.\0\0\0\x80\2" SYS ")R."),
	  GH_OK,
	  { "call reduce os.system" },
	  NULL,
	  false },
	{ "garbage behind the stream stays unclaimed",
	  B("\x80\2N.garbage"),
	  GH_OK,
	  { "claim 0+4 struct\n" },
	  "GH-PKL-0013",
	  false },
	/* ---- strings within ---- */
	{ "pickle in bytes",
	  B("\x80\4"
	    "C\x13\x80\2" SYS "U\1x\x85R.."),
	  GH_OK,
	  { "member \"\" nested 2+21\n" },
	  NULL,
	  true },
	{ "the same as protocol 2 writes it",
	  B("\x80\2X\x15\0\0\0\xc2\x80\2" SYS "U\1x\xc2\x85R.."),
	  GH_OK,
	  { "member \"\" nested" },
	  NULL,
	  true },
	{ "the same as protocol 0 writes it",
	  B("V\\u0080\2cos\\u000asystem\\u000aU\1x\x85R.\n."),
	  GH_OK,
	  { "member \"\" nested" },
	  NULL,
	  true },
	{ "pickle without PROTO in bytes",
	  B("\x80\4"
	    "C\x12" SYS "(U\1xtR.."),
	  GH_OK,
	  { "member \"\" nested" },
	  NULL,
	  true },
	{ "zip archive in bytes",
	  B("\x80\4"
	    "C\x10PK\3\4aaaaaaaaaaaa."),
	  GH_OK,
	  { "member \"\" nested" },
	  NULL,
	  true },
	{ "pickle in base64",
	  B("\x80\4\x8c\x1cgAJjb3MKc3lzdGVtClUBeIVSLg==."),
	  GH_OK,
	  { "member \"\" nested" },
	  NULL,
	  true },
	{ "pickle in hexadecimal",
	  B("\x80\4\x8c\x26"
	    "8002636f730a73797374656d0a55017885522e."),
	  GH_OK,
	  { "member \"\" nested" },
	  NULL,
	  true },
	{ "plain text is no pickle",
	  B("\x80\4\x8c\x1a"
	    "configuration of the model."),
	  GH_OK,
	  { NULL },
	  "member",
	  true },
	/* ---- no PROTO, and broken ---- */
	{ "import from the standard library",
	  B("cos\nsystem\nS'id'\x85R."),
	  GH_E_MALFORMED,
	  { "call import os.system", "GH-PKL-0001" },
	  NULL,
	  false },
	{ "import among binary bytes",
	  B("cevil\nmodule\n\xff\0\0"),
	  GH_E_MALFORMED,
	  { "call import evil.module" },
	  NULL,
	  false },
	/* ---- not a pickle ---- */
	{ "text", B("connected\ncomponents\nare few\n"), GH_E_NOTTHIS, { NULL }, "call reduce", false },
};

/* Says everything that is wrong with a row; true when something is. */
static bool wrong(const struct row *r, bool unstable)
{
	struct gh_events ev;
	bool bad = false;
	gh_events_walk(&ev, &gh_fmt_pickle, r->in, "t.pkl", unstable);
	if (ev.rc != r->rc) {
		print_error("rc %d (%s), wanted %d\n", ev.rc, ev.why, r->rc);
		bad = true;
	}
	for (size_t i = 0; i < 5 && r->has[i] != NULL; i++)
		if (!gh_events_has(&ev, r->has[i])) {
			print_error("no '%s'\n", r->has[i]);
			bad = true;
		}
	if (r->hasnt != NULL && gh_events_has(&ev, r->hasnt)) {
		print_error("'%s' is there\n", r->hasnt);
		bad = true;
	}
	if (ev.gapless != r->gapless) {
		print_error("gapless is %d\n", ev.gapless);
		bad = true;
	}
	if (bad)
		print_error("in \"%s\", windows %s:\n%s\n", r->what, unstable ? "die" : "stay", gh_buf_cstr(&ev.log));
	gh_events_free(&ev);
	return bad;
}

static void check(const struct row *r, size_t n)
{
	bool bad = false;
	for (size_t i = 0; i < n; i++)
		for (int unstable = 0; unstable < 2; unstable++)
			bad = wrong(&r[i], unstable != 0) || bad;
	assert_false(bad);
}

static void test_rows(void **state)
{
	(void)state;
	check(rows, sizeof rows / sizeof rows[0]);
}

static void test_probe(void **state)
{
	static const struct {
		const char *what;
		struct gh_span in;
		enum gh_match want;
	} p[] = {
		{ "PROTO", B("\x80\4N."), GH_STRONG },
		{ "PROTO of the future", B("\x80\x09N."), GH_NO },
		{ "call without PROTO", B(SYS ")R"), GH_STRONG },
		{ "value without PROTO", B("(lp0\nI1\na."), GH_STRONG },
		{ "STOP in the middle", B("N.B. this is text"), GH_WEAK },
		{ "prose", B("It is a truth universally acknowledged"), GH_NO },
		{ "a list of files", B("cfg/a.py,sha256=00,1\nc/b.py\n(S'x'\ntR"), GH_NO },
		{ "csv", B("col1,col2\n1,2\n3,4\n"), GH_WEAK },
		{ "readme", B("# A model\n\nSome words.\n"), GH_NO },
		{ "code", B("import os\nos.system('id')\n"), GH_WEAK },
		{ "json", B("{\"a\": 1}"), GH_NO },
		{ "list in json", B("[1, 2]"), GH_NO },
		{ "empty", B(""), GH_NO },
	};
	(void)state;
	for (size_t i = 0; i < sizeof p / sizeof p[0]; i++) {
		struct gh_probe probe = { p[i].in, p[i].in, p[i].in.n };
		if (gh_fmt_pickle.probe(&probe) != p[i].want)
			fail_msg("%s: %d, wanted %d", p[i].what, gh_fmt_pickle.probe(&probe), p[i].want);
	}
}

/* Repetition of a piece: hostile sizes are made here, not stored. */
static struct gh_span repeat(const char *head, struct gh_span piece, size_t n, struct gh_span tail)
{
	size_t h = strlen(head), at = h;
	uint8_t *p = malloc(h + piece.n * n + tail.n);
	assert_non_null(p);
	memcpy(p, head, h);
	for (size_t i = 0; i < n; i++, at += piece.n)
		memcpy(p + at, piece.p, piece.n);
	memcpy(p + at, tail.p, tail.n);
	return (struct gh_span){ p, at + tail.n };
}

static void test_resources(void **state)
{
	static const struct {
		const char *what;
		const char *head;
		struct gh_span piece;
		size_t n;
		struct gh_span tail;
		const char *has;
	} t[] = {
		{ "references that multiply", "\x80\4]", B("\x94h\0h\0\x86"), 1, B("."), NULL },
		{ "doubled tuples", "\x80\2)", B("2\x86"), 200, B("."), "GH-PKL-0006" },
		{ "doubled tuple as a key", "\x80\2})", B("2\x86"), 40, B("Ns."), "GH-PKL-0006" },
		{ "deep nesting", "\x80\2)", B("\x85"), 100000, B("."), "GH-PKL-0007" },
		{ "marks without end", "\x80\2", B("("), 5000000, B("."), "GH-PKL-00" },
		{ "million digits", "\x80\2L", B("9"), 900000, B("L\n0cos\nsystem\n)R."), "GH-PKL-0005" },
		{ "line longer than a window", "\x80\2c", B("m"), 3 << 20, B("\nx\n."), "GH-PKL-0003" },
		{ "escapes longer than a window", "\x80\2S'", B("\\x41"), 1 << 20, B("'\n0cos\nsystem\n)R."),
		  "call reduce os.system" },
		{ "many opcodes before the payload", "\x80\2", B("N0"), 1 << 20, B("cos\nsystem\n)R."),
		  "call reduce os.system" },
		{ "one memo for all", "\x80\2N", B("q\1"), 1 << 20, B("."), NULL },
	};
	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct gh_span in = repeat(t[i].head, t[i].piece, t[i].n, t[i].tail);
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_pickle, in, "t.pkl", false);
		if (t[i].has != NULL && !gh_events_has(&ev, t[i].has))
			fail_msg("%s: no %s in\n%.2000s", t[i].what, t[i].has, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		free((void *)(uintptr_t)in.p);
	}
}

/* ---- joblib ---- */

#define WRAP \
	"\x80\3" \
	"cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\5\0\0\0shapeK\2\x85X\5\0\0\0dtype" \
	"cnumpy\ndtype\n(X\2\0\0\0i4K\0K\1tR(K\3X\1\0\0\0<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"

static const struct row joblib_rows[] = {
	{ "array without padding",
	  B(WRAP "ub\1\2\3\4\5\6\7\x08."),
	  GH_OK,
	  { "tensor \"\" I32 [2]", "8 data" },
	  "anomaly",
	  true },
	{ "array with padding",
	  B(WRAP "X\x1b\0\0\0numpy_array_alignment_bytesK\x10ub\2\xff\xff\1\2\3\4\5\6\7\x08."),
	  GH_OK,
	  { "tensor \"\" I32 [2]" },
	  "anomaly",
	  true },
	{ "array beyond the end", B(WRAP "ub\1\2\3\4."), GH_E_MALFORMED, { "GH-PKL-0009" }, "tensor", false },
	{ "code in the array",
	  B(WRAP "ub"
		 "0c\n\n\x00\x00\x00\x00" SYS ")R."),
	  GH_OK,
	  { "tensor", "call reduce os.system" },
	  NULL,
	  true },
	{ "array that pickle.load would run",
	  B(WRAP "ub"
		 "cm\nf\n)R0N."),
	  GH_OK,
	  { "tensor", "call reduce m.f args () reading plain pickle", "GH-PKL-0010" },
	  NULL,
	  true },
	{ "joblib before 0.10",
	  B("\x80\3"
	    "cjoblib.numpy_pickle\nNDArrayWrapper\n)\x81}X\x08\0\0\0filenameX\4\0\0\0/etcsb."),
	  GH_OK,
	  { "reference path \"/etc\"" },
	  NULL,
	  true },
};

static void test_joblib(void **state)
{
	(void)state;
	check(joblib_rows, sizeof joblib_rows / sizeof joblib_rows[0]);
}

/* Samples that only exist beside the project. */
static void test_corpus(void **state)
{
	(void)state;
	struct gh_span in = gh_test_file("../shared/corpus/benign/joblib/joblib-002.joblib");
	if (in.p == NULL) {
		print_message("skipped: no ../shared/corpus\n");
		skip();
	}
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_pickle, in, "joblib-002.joblib", true);
	assert_int_equal(ev.rc, GH_OK);
	assert_true(ev.gapless);
	assert_false(gh_events_has(&ev, "anomaly"));
	gh_events_free(&ev);
	free((void *)(uintptr_t)in.p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),   cmocka_unit_test(test_probe),  cmocka_unit_test(test_resources),
		cmocka_unit_test(test_joblib), cmocka_unit_test(test_corpus),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
