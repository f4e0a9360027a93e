/* PyTorch archives: each way in which the pickle, the records and the directory can disagree has its finding. */
#include "support/cm.h"
#include "support/walked.h"
#include "support/zipmake.h"

extern const struct gh_fmt gh_fmt_torch_zip;

/* Pickle fragments, protocol 2. KEY one character, NUMEL one byte. */
#define STORAGE(type, key, numel) "(X\7\0\0\0storagectorch\n" type "\nX\1\0\0\0" key "X\3\0\0\0cpuK" numel "tQ"
#define HOOKS \
	"\x89" \
	"ccollections\nOrderedDict\n)R"
#define TENSOR(storage, offset, size, stride) \
	"ctorch._utils\n_rebuild_tensor_v2\n(" storage offset "(" size "t(" stride "t" HOOKS "tR"
#define PKL(body) "\x80\2" body "."
#define DICT(...) "}(" __VA_ARGS__ "u"
#define NAME(one) "X\1\0\0\0" one
#define K(n) "K" n
#define T4 TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), K("\4"), K("\1"))
#define GOOD PKL(DICT(NAME("w") T4))
#define SIXTEEN "0123456789abcdef"

struct member {
	const char *name, *data;
	size_t n;
	bool deflate;
};
#define M(name, lit) { name, lit, sizeof(lit) - 1, false }
#define D(name, lit) { name, lit, sizeof(lit) - 1, true }

static const struct row {
	const char *what;
	struct member m[8];
	const char *ids; /* NULL: the reader declines */
	const char *has; /* a line that must be in the log, or NULL */
} rows[] = {
	{ "as torch.save writes it",
	  { M("a/data.pkl", GOOD), M("a/byteorder", "little"), M("a/data/0", SIXTEEN), M("a/version", "3\n") },
	  "",
	  "tensor \"w\" F32 [4] 0+16\n" },
	{ "deflated",
	  { D("a/data.pkl", GOOD), D("a/data/0", SIXTEEN), D("a/version", "3\n") },
	  "",
	  "tensor \"w\" F32 [4] 0+16\n" },
	{ "deflated object behind its storages",
	  { M("a/data/0", SIXTEEN), D("a/data.pkl", GOOD), M("a/version", "3") },
	  "",
	  "tensor \"w\" F32 [4] 38+16\n" },
	{ "storages first",
	  { M("a/data/0", SIXTEEN), M("a/data.pkl", GOOD), M("a/version", "3\n") },
	  "",
	  "tensor \"w\" F32 [4] 0+16\n" },
	{ "no top directory", { M("data.pkl", GOOD), M("data/0", SIXTEEN), M("version", "3") }, "", "tensor \"w\"" },
	{ "no version", { M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN) }, "", "anomaly GH-PT-0014" },
	{ "big endian",
	  { M("a/byteorder", "big"), M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "",
	  NULL },
	{ "an extra file",
	  { M("a/extra/notes.txt", "hi"), M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "",
	  NULL },
	{ "folders",
	  { M("a/", ""), M("a/data/", ""), M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "",
	  NULL },
	{ "untyped, with a type of its own",
	  { M("a/data.pkl", PKL("ctorch._utils\n_rebuild_tensor_v3\n(" STORAGE("UntypedStorage", "0", "\x10")
					K("\0") "(K\10t(K\1t" HOOKS "ctorch\nbfloat16\ntR")),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "",
	  "tensor \"data/0\" BF16 [8] 0+16\n" },
	{ "a view",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\2"), K("\2"), K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "",
	  "tensor \"data/0\" F32 [4]" },
	{ "expanded by stride 0",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\3"), "K\x7fK\x7f", "K\0K\0"))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "",
	  NULL },
	{ "no elements, wild offset",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\x40"), K("\0"), K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "",
	  NULL },

	{ "record too small",
	  { M("a/data.pkl", GOOD), M("a/data/0", "0123"), M("a/version", "3") },
	  "GH-PT-0007",
	  "4 elements need 16" },
	{ "record too large",
	  { M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN "!"), M("a/version", "3") },
	  "GH-PT-0008",
	  NULL },
	{ "record missing", { M("a/data.pkl", GOOD), M("a/version", "3") }, "GH-PT-0009", NULL },
	{ "record that nothing names",
	  { M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/data/1", "x"), M("a/version", "3") },
	  "GH-PT-0010",
	  "'a/data/1', 1 bytes" },
	{ "a stranger",
	  { M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/version", "3"), M("a/run.py", "import os") },
	  "GH-PT-0011",
	  "'a/run.py'" },
	{ "another top directory",
	  { M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/version", "3"), M("b/data/0", "x") },
	  "GH-PT-0011",
	  NULL },
	{ "two objects",
	  { M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/version", "3"), M("b/data.pkl", PKL("N")) },
	  "GH-PT-0012",
	  NULL },
	{ "byte order unknown",
	  { M("a/data.pkl", GOOD), M("a/byteorder", "middle"), M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0013",
	  NULL },
	{ "version is a pickle",
	  { M("a/data.pkl", GOOD), M("a/data/0", SIXTEEN), M("a/version", PKL("N")) },
	  "GH-PT-0013",
	  NULL },
	{ "package",
	  { M("a/.data/extern_modules", "torch\n"), M("a/m.py", "x = 1"), M("a/version", "6") },
	  "GH-PT-0015",
	  NULL },
	{ "broken object",
	  { M("a/data.pkl", "\x80\2}(X\1\0"), M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0016",
	  NULL },
	{ "empty object", { M("a/data.pkl", ""), M("a/data/0", SIXTEEN), M("a/version", "3") }, "GH-PT-0016", NULL },

	{ "strange persistent id",
	  { M("a/data.pkl", PKL("X\4\0\0\0evilQ")), M("a/version", "3") },
	  "GH-PT-0001",
	  NULL },
	{ "persistent id of another kind",
	  { M("a/data.pkl", PKL("(X\5\0\0\0otherX\1\0\0\0atQ")), M("a/version", "3") },
	  "GH-PT-0001",
	  NULL },
	{ "persistent id of a class with its source",
	  { M("a/data.pkl", PKL("(X\6\0\0\0modulectorch.nn\nLinear\nNNtQ")), M("a/version", "3") },
	  "",
	  NULL },
	{ "unknown storage",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FooStorage", "0", "\4"), K("\0"), K("\4"), K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0002",
	  NULL },
	{ "one key, two sizes",
	  { M("a/data.pkl", PKL("(" T4 TENSOR(STORAGE("FloatStorage", "0", "\x40"), K("\0"), K("\x40"), K("\1")) "t")),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0003 GH-PT-0004",
	  NULL },
	{ "one key, two types",
	  { M("a/data.pkl", PKL("(" T4 TENSOR(STORAGE("DoubleStorage", "0", "\4"), K("\0"), K("\4"), K("\1")) "t")),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0003",
	  NULL },
	{ "too many elements",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), K("\5"), K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0004",
	  "needs 5 elements, the storage has 4" },
	{ "offset outside",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\1"), K("\4"), K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0004",
	  NULL },
	{ "stride outside",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), "K\2K\2", "K\3K\1"))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0004",
	  NULL },
	{ "hidden behind a type",
	  { M("a/data.pkl", PKL("ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\n"
				"ctorch\nTensor\n(" STORAGE("FloatStorage", "0", "\4") "K\0(K\x50t(K\1t" HOOKS "tNtR")),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0004",
	  NULL },
	{ "untyped, outside by its own type",
	  { M("a/data.pkl", PKL("ctorch._utils\n_rebuild_tensor_v3\n(" STORAGE("UntypedStorage", "0", "\x10")
					K("\0") "(K\11t(K\1t" HOOKS "ctorch\nbfloat16\ntR")),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0004",
	  NULL },
	{ "negative size",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), "J\xff\xff\xff\xff", K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0005",
	  NULL },
	{ "negative stride",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), K("\4"), "J\xff\xff\xff\xff"))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0005",
	  NULL },
	{ "negative offset",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), "J\xff\xff\xff\xff", K("\4"), K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0005",
	  NULL },
	{ "sizes that overflow",
	  { M("a/data.pkl",
	      PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), "\x8a\10\0\0\0\0\0\0\0\x40K\4", "K\0K\0"))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0005",
	  NULL },
	{ "huge size",
	  { M("a/data.pkl",
	      PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), "\x8a\12\0\0\0\0\0\0\0\0\0\1", K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0005",
	  NULL },
	{ "more sizes than strides",
	  { M("a/data.pkl", PKL(TENSOR(STORAGE("FloatStorage", "0", "\4"), K("\0"), "K\2K\2", K("\1")))),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0005",
	  NULL },
	{ "storage is a list",
	  { M("a/data.pkl", PKL(TENSOR("]", K("\0"), K("\4"), K("\1")))), M("a/version", "3") },
	  "GH-PT-0006",
	  NULL },
	{ "size is a list",
	  { M("a/data.pkl", PKL("ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE("FloatStorage", "0",
									       "\4") "K\0](K\4e(K\1t" HOOKS "tR")),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0006",
	  NULL },

	{ "set on a storage, outside",
	  { M("a/data.pkl", PKL("ctorch\nTensor\n)R(" STORAGE("FloatStorage", "0", "\4") "K\0(K\x50t(K\1ttb")),
	    M("a/data/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0004",
	  NULL },
	{ "another case",
	  { M("a/Data.PKL", GOOD), M("A/DATA/0", SIXTEEN), M("a/version", "3") },
	  "GH-PT-0017 GH-PT-0017",
	  "tensor \"w\" F32 [4]" },
	{ "only a pickle", { M("a/data.pkl", GOOD), M("a/readme.txt", "x") }, NULL, NULL },
	{ "a folder called data", { M("a/data.pkl", GOOD), M("a/data/train.csv", "1,2") }, NULL, NULL },
	{ "TorchServe", { M("MAR-INF/MANIFEST.json", "{}"), M("a/data.pkl", GOOD), M("a/version", "3") }, NULL, NULL },
	{ "another zip", { M("word/document.xml", "<x/>") }, NULL, NULL },
};

static void build(struct gh_test_bytes *b, const struct row *r)
{
	struct gh_test_member m[8];
	size_t n = 0;
	for (; n < 8 && r->m[n].name != NULL; n++)
		m[n] = (struct gh_test_member){ r->m[n].name,
						{ (const uint8_t *)r->m[n].data, r->m[n].n },
						r->m[n].deflate };
	gh_test_zip(b, m, n);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_test_bytes b = { 0 };
		struct gh_events ev;
		char ids[400];
		build(&b, &rows[i]);
		gh_test_walked(&ev, &gh_fmt_torch_zip, gh_test_view(&b), "x.pt", ids, sizeof ids);
		if (rows[i].ids == NULL ? ev.rc != GH_E_NOTTHIS || ev.events != 0 : strcmp(ids, rows[i].ids) != 0)
			fail_msg("%s: rc %d, '%s'\n%s", rows[i].what, (int)ev.rc, ids, gh_buf_cstr(&ev.log));
		if (rows[i].has != NULL && !gh_events_has(&ev, rows[i].has))
			fail_msg("%s: lacks '%s'\n%s", rows[i].what, rows[i].has, gh_buf_cstr(&ev.log));
		if (rows[i].ids != NULL && (ev.rc != GH_OK || !ev.gapless))
			fail_msg("%s: rc %d %s, %llu of %zu bytes", rows[i].what, (int)ev.rc, ev.why,
				 (unsigned long long)ev.claimed, b.n);
		gh_events_free(&ev);
		gh_test_free(&b);
	}
}

/* Many faults stay bounded, and none is lost. */
static void test_many(void **state)
{
	(void)state;
	struct gh_test_bytes pkl = { 0 }, b = { 0 };
	gh_test_put(&pkl, GH_SPAN("\x80\2]("));
	for (int i = 0; i < 5000; i++)
		gh_test_put(&pkl, GH_SPAN("X\4\0\0\0evilQ"));
	gh_test_put(&pkl, GH_SPAN("e."));
	struct gh_test_member m[] = { { "a/data.pkl", gh_test_view(&pkl), false },
				      { "a/version", GH_SPAN("3"), false } };
	gh_test_zip(&b, m, 2);
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_torch_zip, gh_test_view(&b), "x.pt", false);
	assert_true(gh_events_has(&ev, "and 4936 more"));
	gh_events_free(&ev);
	gh_test_free(&b);
	gh_test_free(&pkl);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_many) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
