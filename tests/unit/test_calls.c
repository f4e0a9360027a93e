/* The check "calls": streams by hand against the findings they must and must not raise. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "check/calls.h"
#include "check/ruledata.h"
#include "format/formats.h"
#include "support/events.h"

#ifdef GH_TEST_HOOKS
extern bool gh_explain_off;
#endif

/* ---- a sink that judges calls ----------------------------------------------------------------------------------- */
struct judge {
	struct gh_sink sink;
	struct gh_scene scene;
	struct gh_buf log;
	enum gh_verdict worst;
	unsigned depth;
};
struct gh_spool {
	struct gh_buf b;
	struct gh_src_mem mem;
};

static void found(struct gh_scene *s, const struct gh_rule *r, struct gh_range at, const char *text)
{
	struct judge *j = (struct judge *)(void *)((char *)s - offsetof(struct judge, scene));
	(void)at;
	if (r->effect > j->worst)
		j->worst = r->effect;
	gh_buf_fmt(&j->log, "%s %s\n", r->id, text);
}

static void walk(struct judge *j, struct gh_src *src);

static enum gh_rc on_event(struct gh_sink *s, const struct gh_event *e)
{
	struct judge *j = (struct judge *)(void *)s;
	if (e->kind == GH_EV_CALL)
		gh_check_calls.on(&j->scene, e);
	if (e->kind == GH_EV_MEMBER && j->depth < 4)
		walk(j, e->u.member->src);
	return GH_OK;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	(void)s;
	(void)packed;
	struct gh_spool *sp = calloc(1, sizeof *sp);
	if (sp != NULL)
		sp->b = gh_buf(64 << 20);
	return sp;
}
static enum gh_rc spool_put(struct gh_spool *sp, struct gh_span b)
{
	gh_buf_span(&sp->b, b);
	return sp->b.full ? GH_E_LIMIT : GH_OK;
}
static struct gh_src *spool_src(struct gh_spool *sp) { return gh_src_mem(&sp->mem, gh_buf_view(&sp->b)); }
static void spool_close(struct gh_spool *sp)
{
	if (sp != NULL)
		gh_buf_free(&sp->b);
	free(sp);
}
static const struct gh_sink_ops ops = { .event = on_event,
					.spool_open = spool_open,
					.spool_put = spool_put,
					.spool_src = spool_src,
					.spool_close = spool_close };

static void walk(struct judge *j, struct gh_src *src)
{
	gh_auto_arena arena = { .max = 64 << 20 };
	struct gh_err err = { 0 };
	struct gh_limits lim = gh_limits_default;
	lim.steps = 20 << 20;
	struct gh_walk w = { .src = src, .arena = &arena, .sink = &j->sink, .lim = &lim, .err = &err };
	j->depth++;
	/* A nested stream is looked at as the pipeline does: only if it could be one. */
	struct gh_span head = gh_src_window(src, 0, src->size < GH_PROBE_BYTES ? (size_t)src->size : GH_PROBE_BYTES);
	struct gh_probe probe = { head, head, src->size };
	enum gh_match m = gh_fmt_pickle.probe(&probe);
	w.weak = m == GH_WEAK;
	void *state = NULL, **outer = j->scene.state;
	struct gh_arena *outer_arena = j->scene.arena;
	j->scene.state = &state;
	j->scene.arena = &arena;
	if (m != GH_NO || j->depth == 1)
		(void)gh_fmt_pickle.walk(&w);
	gh_check_calls.end(&j->scene);
	j->scene.state = outer;
	j->scene.arena = outer_arena;
	j->depth--;
}

static struct judge judged(struct gh_span in)
{
	struct gh_src_mem mem;
	struct judge j = { .sink = { &ops }, .scene = { .format = "pickle", .find = found }, .log = gh_buf(1 << 20) };
	walk(&j, gh_src_mem(&mem, in));
	return j;
}

/* ---- rows -------------------------------------------------------------------------------------------------------- */
#define F8 "cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
#define OBJ "cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI63\ntb"
#define EMPTY "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR"
#define STORAGE(n) "(S'storage'\nctorch\nFloatStorage\nS'0'\nS'cpu'\nI" n "\ntQ"
#define TENSOR(n, off, size, stride, hooks) \
	"ctorch._utils\n_rebuild_tensor_v2\n(" STORAGE(n) "I" off "\n(" size "t(" stride "tI00\n" hooks "tR"
#define NOHOOKS "ccollections\nOrderedDict\n(tR"
#define NAMESPACE "ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nobject\nNtR"
#define WRAPPER(cls) "ccopy_reg\n_reconstructor\n(cjoblib.numpy_pickle\n" cls "\nc__builtin__\nobject\nNtR"
#define RV "ccopy_reg\n_reconstructor\n(cscipy.stats._continuous_distns\nnorm_gen\nc__builtin__\nobject\nNtR"
#define RV_FROZEN \
	"ccopy_reg\n_reconstructor\n(cscipy.stats._distn_infrastructure\nrv_continuous_frozen\nc__builtin__" \
	"\nobject\nNtR"
#define PARSE(first) \
	"\\n" first \
	"def _parse_args(self,  loc=0, scale=1):\\n    return (), loc, scale\\n\\ndef _parse_args_rvs(self,  " \
	"loc=0, scale=1, size=None):\\n    return self._argcheck_rvs( loc, scale, size=size)\\n\\n" \
	"def _parse_args_stats(self,  loc=0, scale=1, moments=\\'mv\\'):\\n    return (), loc, scale, moments\\n"

#define RECONSTRUCT(module, cls) "ccopy_reg\n_reconstructor\n(c" module "\n" cls "\nc__builtin__\nobject\nNtR"
#define Linear_LAYER RECONSTRUCT("torch.nn.modules.linear", "Linear")
#define ReLU_LAYER RECONSTRUCT("torch.nn.modules.activation", "ReLU")
#define Sequential_LAYER RECONSTRUCT("torch.nn.modules.container", "Sequential")
#define ISOTONIC RECONSTRUCT("sklearn.isotonic", "IsotonicRegression")
#define I8 "cnumpy\ndtype\n(S'i8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI0\ntb"
#define NUMBER(digit) "\\u000" digit "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000\\u0000"
#define LEAF "\xff\xff\xff\xff\xff\xff\xff\xff" NUMBER("0") NUMBER("0")
#define LATIN(text) "c_codecs\nencode\n(V" text "\nVlatin1\ntR"
#define NUMBERS(n, text) EMPTY "(I1\n(I" n "\nt" I8 "I00\n" LATIN(text) "tb"
#define COUNTS NUMBERS("1", NUMBER("2"))
#define SVC_OF(n, impl) \
	RECONSTRUCT("sklearn.svm._classes", "SVC") \
	"}S'support_vectors_'\n" EMPTY "(I1\n(I2\nI1\nt" F8 "I00\n" LATIN(NUMBER("0") NUMBER( \
		"0")) "tbsS'_dual_coef_'\n" EMPTY "(I1\n(I1\nI2\nt" F8 \
		      "I00\n" LATIN(NUMBER("0") NUMBER("0")) "tbsS'_intercept_'\n" NUMBERS( \
			      "1", NUMBER("0")) "sS'_n_support'\n" NUMBERS("1", NUMBER(n)) "s" impl "b."
#define SVC(n) SVC_OF(n, "")
#define FIELD(name, at) "S'" name "'\n(" I8 "I" at "\nts"
#define PREDICTOR(root) \
	RECONSTRUCT("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor") \
	"}S'nodes'\n" EMPTY \
	"(I1\n(I3\ntcnumpy\ndtype\n(S'V32'\nI0\nI1\ntR(I3\nS'|'\nN(S'left'\nS'right'\nS'is_leaf'\n" \
	"S'feature_idx'\nt}" FIELD("left", "0") FIELD("right", "8") FIELD("is_leaf", "16") \
		FIELD("feature_idx", "24") "I32\nI1\nI0\ntbI00\n" LATIN(root NUMBER("0") NUMBER("0") NUMBER( \
			"0") NUMBER("1") NUMBER("0") NUMBER("0") NUMBER("0") NUMBER("1") NUMBER("0")) "tbsb."
#define RECORD(a, b, c) \
	"cnumpy\ndtype\n(S'V24'\nI0\nI1\ntR(I3\nS'|'\nN(S'" a "'\nS'" b "'\nS'" c "'\nt}S'" a "'\n(" I8 "I0\ntsS'" b \
	"'\n(" I8 "I8\ntsS'" c "'\n(" I8 "I16\ntsI24\nI1\nI0\ntb"
#define NODE RECORD("left_child", "right_child", "feature")
/* Three nodes, the first as given. */
#define TREE(root) \
	"csklearn.tree._tree\nTree\n(I2\n" COUNTS "I1\ntR}S'node_count'\nI3\nsS'nodes'\n" EMPTY "(I1\n(I3\nt" NODE \
	"I00\n" LATIN(root LEAF LEAF) "tbsS'values'\n" EMPTY "(I1\n(I3\nI1\nI1\nt" I8 \
				      "I00\n" LATIN(NUMBER("0") NUMBER("0") NUMBER("0")) "tbsb."
#define CSR(shape, indptr, n, indices, m) \
	RECONSTRUCT("scipy.sparse._csr", "csr_matrix") \
	"}S'_shape'\n(" shape \
	"tsS'indptr'\n" NUMBERS(n, indptr) "sS'indices'\n" NUMBERS(m, indices) "sS'data'\n" NUMBERS(m, indices) "sb."
/* numpy.str_ of as many characters as digit; W() is one of them. */
#define W(c) c "\\u0000\\u0000\\u0000"
#define NPSTR(digit, bytes, text) \
	"cnumpy.core.multiarray\nscalar\n(cnumpy\ndtype\n(S'U" digit "'\nI0\nI1\ntR(I3\nS'<'\nNNNI" bytes \
	"\nI4\nI8\ntb" LATIN(text) "tR"
#define BUNCH "csklearn.utils\nBunch\n(tR"
/* A record of two fields, each with its type and place. */
#define PAIR(size, a, at, b, bt, flags) \
	"cnumpy\ndtype\n(S'V" size "'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nS'b'\nt}S'a'\n(" a "I" at "\ntsS'b'\n(" b "I" bt \
	"\ntsI" size "\nI1\nI" flags "\ntb"
#define ZONED "cpandas.core.dtypes.dtypes\nDatetimeTZDtype\n)\x81"

#define B(s) s, sizeof(s) - 1
static const struct {
	const char *what;
	const char *bytes;
	size_t n;
	enum gh_verdict verdict;
	const char *say; /* must be in the findings */
} rows[] = {
	{ "a command", B("cos\nsystem\n(S'id'\ntR."), GH_UNSAFE,
	  "GH-CALL-0001 os.system('id'): not on the allow list [executes" },
	{ "a call whose result is dropped", B("cnobody\nknows\n(tR0N."), GH_UNSAFE, "GH-CALL-0001 nobody.knows()" },
	{ "a call before the stream breaks", B("cnobody\nknows\n(tR\xff"), GH_UNSAFE, "GH-CALL-0001" },
	{ "only named", B("cnobody\nknows\n."), GH_REVIEW, "GH-CALL-0007 nobody.knows" },
	{ "only named, a shell", B("cposix\nsystem\n."), GH_UNSAFE, "GH-CALL-0010 posix.system" },
	{ "Python 2 spelling", B("c__builtin__\neval\n(S'1'\ntR."), GH_UNSAFE,
	  "builtins.eval('1') (spelled __builtin__.eval)" },
	{ "instance by INST", B("(S'id'\nios\nsystem\n."), GH_UNSAFE, "GH-CALL-0001 os.system('id')" },
	{ "instance by OBJ", B("(cnobody\nKnows\nS'x'\no."), GH_UNSAFE, "GH-CALL-0001 nobody.Knows('x')" },
	{ "extension registry", B("\x80\x02\x82\x05)R."), GH_UNSAFE, "GH-CALL-0006" },
	{ "odd persistent id", B("Phttp://x/\n."), GH_REVIEW, "GH-CALL-0009" },
	{ "longer than a listed name", B("ccollections\nOrderedDictX\n(tR."), GH_UNSAFE, "GH-CALL-0001" },
	{ "below a listed name",
	  B("\x80\x04\x8c\x0b"
	    "collections\x8c\x16OrderedDict.__reduce__\x93)R."),
	  GH_UNSAFE, "GH-CALL-0001" },
	{ "below a listed module", B("ccollections.os\nsystem\n(S'id'\ntR."), GH_UNSAFE, "GH-CALL-0001" },
	{ "split elsewhere",
	  B("\x80\x04\x8c\x08"
	    "datetime\x8c\x0a"
	    "sys.stdout\x93)R."),
	  GH_UNSAFE, "GH-CALL-0001" },
	{ "a call of what a call returned", B("ccollections\nOrderedDict\n(tR(tR."), GH_UNSAFE, "GH-CALL-0003" },
	{ "arguments that are computed", B("cdatetime\ntimedelta\nccollections\nOrderedDict\n(tRR."), GH_UNSAFE,
	  "GH-CALL-0003" },
	{ "getattr reaches a module", B("c__builtin__\ngetattr\n(cos\npath\nS'os'\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "getattr on a listed class", B("c__builtin__\ngetattr\n(ccollections\nOrderedDict\nS'__init__'\ntR."),
	  GH_UNSAFE, "GH-CALL-0002" },
	{ "a class out of nothing", B("c__builtin__\ntype\n(S'X'\n(t}tR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a module changed", B("cargparse\nNamespace\n}S'x'\nI1\nsb."), GH_UNSAFE, "GH-CALL-0004" },
	{ "a listed class changed by items", B("ccollections\nOrderedDict\nS'x'\nI1\ns."), GH_UNSAFE, "GH-CALL-0004" },
	{ "items for an object that takes none", B(NAMESPACE "S'x'\nI1\ns."), GH_UNSAFE, "GH-CALL-0005" },
	{ "state for an object outside the list", B("cnobody\nKnows\n(tR}b."), GH_UNSAFE, "GH-CALL-0005" },
	{ "state that names the next call", B(NAMESPACE "}S'__setstate__'\ncnobody\nknows\nsb."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "state that changes the class", B(NAMESPACE "(N}S'__class__'\ncuuid\nUUID\nstb."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "state NumPy would call", B(NAMESPACE "}S'__array__'\nI1\nsb."), GH_UNSAFE, "GH-CALL-0002" },
	{ "item that names the next call", B("csklearn.utils\nBunch\n(tRS'__setstate__'\ncnobody\nknows\ns."),
	  GH_UNSAFE, "GH-CALL-0002" },
	{ "reconstructor of a foreign class",
	  B("ccopy_reg\n_reconstructor\n(cos\n_wrap_close\nc__builtin__\nobject\nNtR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "reconstructor with a foreign base",
	  B("ccopy_reg\n_reconstructor\n(cargparse\nNamespace\ncos\nsystem\nS'id'\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "reconstructor with arguments",
	  B("ccopy_reg\n_reconstructor\n(cargparse\nNamespace\nc__builtin__\nobject\nI1\ntR."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "keyword arguments",
	  B("\x80\x04\x8c\x08"
	    "argparse\x8c\x09Namespace\x93)}\x8c\x01xK\x01s\x92."),
	  GH_UNSAFE, "keyword arguments" },
	{ "default factory", B("ccollections\ndefaultdict\n(cnobody\nknows\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a codec that unpacks", B("c_codecs\nencode\n(S'x'\nS'zlib'\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a power of ten", B("cfractions\nFraction\n(S'1e999999999'\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a terabyte", B("c__builtin__\nbytearray\n(L1000000000000L\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a zone outside the directory", B("cpytz\n_p\n(S'../../etc/passwd'\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a memmap is called", B("cnumpy\nmemmap\n(S'/etc/passwd'\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a marked list", B("ctorch.jit._pickle\nbuild_intlist\n((lI1\naI2\natR."), GH_CLEAN, "" },
	{ "a tagged dictionary", B("ctorch.jit._pickle\nrestore_type_tag\n((dS'a'\nI1\nsS'Dict[str, int]'\ntR."),
	  GH_CLEAN, "" },
	{ "a function through a mark", B("ctorch.jit._pickle\nrestore_type_tag\n(cbuiltins\nlen\nS'x'\ntR."), GH_UNSAFE,
	  "hand back" },
	{ "an instance through a mark", B("ctorch.jit._pickle\nbuild_tensorlist\n((l" NAMESPACE "atR."), GH_UNSAFE,
	  "hand back" },
	{ "a generator made by a shell", B("cnumpy.random._pickle\n__randomstate_ctor\n(S'id'\ncos\nsystem\ntR."),
	  GH_UNSAFE, "NumPy's own generator" },
	{ "a ufunc from elsewhere", B("cnumpy.core\n_ufunc_reconstruct\n(S'os'\nS'system'\ntR."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "floats that claim to be objects", B("cnumpy\ndtype\n(S'f8'\nI0\nI1\ntR(I3\nS'<'\nNNNI-1\nI-1\nI63\ntb."),
	  GH_UNSAFE, "object pointers" },
	{ "objects that claim to be bytes", B("cnumpy\ndtype\n(S'O8'\nI0\nI1\ntR(I3\nS'|'\nNNNI-1\nI-1\nI0\ntb."),
	  GH_UNSAFE, "object pointers" },
	{ "a field outside its record",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}S'a'\n(" F8 "I8\ntsI8\nI1\nI0\ntb."), GH_UNSAFE,
	  "outside its record" },
	{ "a field that hides its objects",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}S'a'\n(" OBJ "I0\ntsI8\nI1\nI0\ntb."), GH_UNSAFE,
	  "object pointers" },
	{ "a sub-array larger than its element",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\n(" F8 "(I2\nttNNI8\nI1\nI0\ntb."), GH_UNSAFE,
	  "outside its element" },
	{ "a second state", B(F8 "(I3\nS'>'\nNNNI-1\nI-1\nI0\ntb."), GH_UNSAFE, "second state" },
	{ "an item size that lies", B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nNNNI800\nI1\nI0\ntb."), GH_UNSAFE,
	  "contradicts" },
	{ "bytes as objects", B(EMPTY "(I1\n(I1\nt" OBJ "I00\nS'AAAAAAAA'\ntb."), GH_UNSAFE, "raw bytes" },
	{ "an uninitialised array", B("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I4096\ntS'b'\ntR."),
	  GH_UNSAFE, "not empty" },
	{ "an array of a foreign class", B("cnumpy.core.multiarray\n_reconstruct\n(cos\nsystem\n(I0\ntS'b'\ntR."),
	  GH_UNSAFE, "array class" },
	{ "a tensor past its storage", B(TENSOR("4", "1", "I4\n", "I1\n", NOHOOKS) "."), GH_UNSAFE,
	  "outside its storage" },
	{ "a tensor by a huge stride", B(TENSOR("4", "0", "I2\n", "I9223372036854775807\n", NOHOOKS) "."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "a tensor with a negative offset", B(TENSOR("4", "-1", "I2\n", "I1\n", NOHOOKS) "."), GH_UNSAFE,
	  "odd offset" },
	{ "a tensor with hooks",
	  B(TENSOR("4", "0", "I2\n", "I1\n", "ccollections\nOrderedDict\n((lp1\n(I1\ncnobody\nknows\ntatR") "."),
	  GH_UNSAFE, "hooks" },
	{ "a tensor of something else", B("ctorch._utils\n_rebuild_tensor_v2\n(I1\nI0\n(I1\nt(I1\ntI00\nNtR."),
	  GH_UNSAFE, "storage" },
	{ "a function by way of a type",
	  B("ctorch._tensor\n_rebuild_from_type_v2\n(cos\nsystem\nctorch\nTensor\n(S'id'\nt}tR."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "a storage from bytes", B("ctorch.storage\n_load_from_bytes\n(S'x'\ntR."), GH_UNSAFE, "GH-CALL-0001" },
	{ "an array file elsewhere",
	  B(WRAPPER("NDArrayWrapper") "}S'filename'\nS'/etc/x.npy'\nsS'subclass'\ncnumpy\nndarray\nsb."), GH_UNSAFE,
	  "outside the pickle" },
	{ "an inline array of a foreign class",
	  B(WRAPPER("NumpyArrayWrapper") "}S'subclass'\ncnumpy\nmean\nsS'dtype'\n" F8 "sS'shape'\n(I0\ntsb."),
	  GH_UNSAFE, "array class" },
	{ "a distribution with code", B(RV "}S'_parse_arg_template'\nS'" PARSE("import os\\n") "'\nsb."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "a default argument with code",
	  B(RV "}S'_parse_arg_template'\nS'\\ndef _parse_args(self, x=exit() loc=0'\nsb."), GH_UNSAFE, "GH-CALL-0002" },
	{ "an index made by a class that opens files",
	  B("cpandas.core.indexes.base\n_new_Index\n(cnumpy\nmemmap\n}S'filename'\nS'/tmp/x'\nsS'mode'\nS'w+'\nstR."),
	  GH_UNSAFE, "not one that this function is meant for" },
	{ "a masked array of a class that opens files",
	  B("cnumpy.ma.core\n_mareconstruct\n(cnumpy\nmemmap\ncnumpy\nndarray\n(I0\ntS'b'\ntR."), GH_UNSAFE,
	  "array class" },
	{ "a tensor that is a bag of attributes", B("ctorch._utils\n_rebuild_parameter\n(" NAMESPACE "I01\nNtR."),
	  GH_UNSAFE, "GH-CALL-0002" },
	{ "an index over a bag of attributes",
	  B("cpandas.core.indexes.base\n_new_Index\n(cpandas.core.indexes.base\nIndex\n}S'data'\n" NAMESPACE "stR."),
	  GH_UNSAFE, "not data" },
	{ "a method replaced",
	  B("ccopy_reg\n_reconstructor\n(cpandas.core.frame\nDataFrame\nc__builtin__\nobject\nNtR}S'copy'\n"
	    "cnobody\nknows\nsb."),
	  GH_UNSAFE, "not on the allow list" },
	{ "nothing known of the arguments", B("ccollections\nCounter\n(ccollections\nOrderedDict\n(tRtR."), GH_UNSAFE,
	  "not a plain container" },
	{ "a booster",
	  B("ccopy_reg\n_reconstructor\n(cxgboost.core\nBooster\nc__builtin__\nobject\nNtR}S'handle'\nNsb."), GH_REVIEW,
	  "GH-CALL-0008 xgboost.core.Booster" },

	{ "a private method replaced", B(NAMESPACE "}S'_get_args'\ncnumpy\nmean\nsb."), GH_UNSAFE,
	  "replaces a method" },
	{ "a public method replaced", B(Linear_LAYER "}S'forward'\ncnumpy\nmean\nsb."), GH_UNSAFE,
	  "replaces a method" },
	{ "a method replaced by a layer", B(Linear_LAYER "}S'forward'\n" ReLU_LAYER "sb."), GH_UNSAFE,
	  "replaces a method" },
	{ "a function where none belongs", B(NAMESPACE "}S'lr'\ncnumpy\nmean\nsb."), GH_REVIEW, "GH-CALL-0008" },
	{ "a function deep in an attribute", B(NAMESPACE "}S'_a'\n(lp7\n(lp8\ncnumpy\nmean\naasb."), GH_UNSAFE,
	  "replaces a method" },
	{ "a function in an ordered dictionary in an attribute",
	  B(NAMESPACE "}S'_a'\nccollections\nOrderedDict\n(tRS'k'\ncnumpy\nmean\nssb."), GH_UNSAFE,
	  "replaces a method" },
	{ "a resolver held", B(NAMESPACE "}S'lr'\nc__builtin__\ngetattr\nsb."), GH_UNSAFE,
	  "only to be called by the loader" },
	{ "a class that opens files held", B(NAMESPACE "}S'lr'\ncnumpy\nmemmap\nsb."), GH_UNSAFE, "only to be called" },
	{ "distributions of a randomised search",
	  B(RECONSTRUCT("sklearn.model_selection._search",
			"RandomizedSearchCV") "}S'param_distributions'\n(dS'C'\n" RV_FROZEN "ssb."),
	  GH_CLEAN, "" },
	{ "a resolver among the distributions of a randomised search",
	  B(RECONSTRUCT("sklearn.model_selection._search", "RandomizedSearchCV") "}S'param_distributions'\n(dS'C'\nc"
										 "__builtin__\ngetattr\nssb."),
	  GH_UNSAFE, "only to be called" },
	{ "a vectorised resolver", B(RECONSTRUCT("numpy", "vectorize") "}S'pyfunc'\nc__builtin__\ngetattr\nsb."),
	  GH_UNSAFE, "only to be called" },
	{ "a kernel among data",
	  B(ISOTONIC "}S'X_thresholds_'\n" RECONSTRUCT("sklearn.gaussian_process.kernels", "RBF") "}bsb."), GH_UNSAFE,
	  "among data" },
	{ "a bag where a method is called", B(ISOTONIC "}S'X_thresholds_'\n" NAMESPACE "sb."), GH_UNSAFE, "pretend" },
	{ "a version that is printed",
	  B(RECONSTRUCT("sklearn.svm._classes", "SVC") "}S'_sklearn_version'\n" NAMESPACE "sb."), GH_UNSAFE,
	  "not a text" },
	{ "hooks of a layer", B(Linear_LAYER "}S'_forward_pre_hooks'\n}I0\ncoperator\nadd\nssb."), GH_UNSAFE,
	  "replaces a method" },
	{ "PyTorch's own hook",
	  B(Linear_LAYER
	    "}S'_forward_pre_hooks'\n}I0\n" RECONSTRUCT("torch.nn.utils.weight_norm", "WeightNorm") "}bssb."),
	  GH_REVIEW, "hooks that are called" },
	{ "a layer that is a function", B(Sequential_LAYER "}S'_modules'\n}S'0'\ncnumpy\nmean\nssb."), GH_UNSAFE,
	  "something else" },
	{ "layers that are a bag", B(Sequential_LAYER "}S'_modules'\n" NAMESPACE "sb."), GH_UNSAFE, "something else" },
	{ "a parameter that is a layer", B(Linear_LAYER "}S'_parameters'\n}S'w'\n" ReLU_LAYER "ssb."), GH_UNSAFE,
	  "GH-CALL-0002" },
	{ "an optimizer's hook", B(RECONSTRUCT("torch.optim.sgd", "SGD") "}S'_hook_for_profile'\ncnumpy\nmean\nsb."),
	  GH_UNSAFE, "GH-CALL-0002" },
	{ "shape parameters with code", B(RV "(}S'shapes'\nS'a=exit(),b'\nsNtb."), GH_UNSAFE, "Python code" },
	{ "shape parameters with code, later", B(RV "}S'shapes'\nS'a=exit(),b'\nsb."), GH_UNSAFE, "Python code" },
	{ "below a function", B("\x80\x04\x8c\x0astatistics\x8c\x10mean.__globals__\x93."), GH_UNSAFE, "GH-CALL-0010" },
	{ "a key of an unknown class", B("}cnobody\nKnows\n(tRNs."), GH_UNSAFE, "GH-CALL-0012" },
	{ "a key with a hash of its own", B("}" ZONED "Ns."), GH_REVIEW, "when it is hashed" },
	{ "a key deep in a tuple", B("}((" ZONED "ttNs."), GH_REVIEW, "when it is hashed" },
	{ "a member of a set", B("\x80\x04\x8f(" ZONED "\x90."), GH_REVIEW, "when it is hashed" },
	{ "a member of a frozen set", B("\x80\x04(" ZONED "\x91."), GH_REVIEW, "when it is hashed" },
	{ "a member of a set that is called", B("c__builtin__\nset\n((lp7\n" ZONED "atR."), GH_REVIEW,
	  "when it is hashed" },
	{ "a key of an ordered dictionary", B("ccollections\nOrderedDict\n(tR" ZONED "Ns."), GH_REVIEW,
	  "when it is hashed" },
	{ "a pair of an ordered dictionary", B("ccollections\nOrderedDict\n((lp7\n(lp8\n" ZONED "aNaatR."), GH_REVIEW,
	  "when it is hashed" },
	{ "a time whose zone is asked",
	  B("}cdatetime\ndatetime\n(S'0123456789'\ncdateutil.tz.tz\ntzlocal\n)\x81}btRNs."), GH_REVIEW,
	  "when it is hashed" },
	{ "a state changed after it was judged", B(NAMESPACE "}p7\nb0g7\nS'_a'\ncnumpy\nmean\ns."), GH_UNSAFE,
	  "GH-CALL-0011" },
	{ "a part of a state changed later", B(NAMESPACE "}S'a'\n((lp7\ntsb0g7\ncnumpy\nmean\na."), GH_UNSAFE,
	  "GH-CALL-0011" },
	{ "an argument changed later", B("ccollections\nOrderedDict\n((lp7\ntR0g7\nI1\na."), GH_UNSAFE,
	  "GH-CALL-0011" },
	{ "a list element replaced later", B(NAMESPACE "}S'a'\n(lp7\nI1\nasb0g7\nI0\ncnumpy\nmean\ns."), GH_UNSAFE,
	  "GH-CALL-0011" },
	{ "a set filled later", B("\x80\x04" NAMESPACE "}S'a'\n\x8fp7\nsb0g7\n(I1\n\x90."), GH_UNSAFE, "GH-CALL-0011" },
	{ "hooks filled after the tensor was made",
	  B(TENSOR("4", "0", "I2\n", "I1\n", NOHOOKS "p7\n") "0g7\nI1\nI2\ns."), GH_UNSAFE, "GH-CALL-0011" },
	{ "an element type changed after its array",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntRp7\n0" EMPTY
	    "(I1\n(I1\ntg7\nI00\nS'AAAAAAAA'\ntb0g7\n(I3\nS'|'\nNNNI8\nI1\nI0\ntb."),
	  GH_UNSAFE, "GH-CALL-0011" },
	{ "an array of functions", B(EMPTY "(I1\n(I1\nt" OBJ "I00\n(lp9\ncoperator\nadd\natb."), GH_REVIEW,
	  "GH-CALL-0008" },
	{ "fewer class counts than outputs", B("csklearn.tree._criterion\nGini\n(I5\n" COUNTS "tR."), GH_UNSAFE,
	  "class counts" },
	{ "class counts that are none", B("csklearn.tree._criterion\nGini\n(I3\nNtR."), GH_UNSAFE, "class counts" },
	{ "a negative number of samples", B("csklearn.tree._criterion\nMSE\n(I1\nI-7\ntR."), GH_UNSAFE, "samples" },
	{ "a criterion", B("csklearn.tree._criterion\nGini\n(I1\n" COUNTS "tR."), GH_REVIEW, "trust the sizes" },
	{ "a tree of no outputs", B("csklearn.tree._tree\nTree\n(I1\n" COUNTS "I-1\ntR."), GH_UNSAFE, "outputs" },
	{ "a tree with more nodes than there are",
	  B("csklearn.tree._tree\nTree\n(I1\n" COUNTS "I1\ntR}S'node_count'\nI9\nsS'nodes'\n" COUNTS
	    "sS'values'\n" COUNTS "sb."),
	  GH_UNSAFE, "contradicts" },
	{ "a generator that reads beyond its state",
	  B("cnumpy.random._pickle\n__randomstate_ctor\n(S'MT19937'\ntR(S'MT19937'\n" COUNTS "I100000000\ntb."),
	  GH_UNSAFE, "position" },
	{ "a child outside of the tree", B(TREE(NUMBER("1") NUMBER("9") NUMBER("0"))), GH_UNSAFE, "children outside" },
	{ "a child that is its own parent", B(TREE(NUMBER("0") NUMBER("1") NUMBER("0"))), GH_UNSAFE,
	  "children outside" },
	{ "a feature that is not there", B(TREE(NUMBER("1") NUMBER("2") NUMBER("7"))), GH_UNSAFE,
	  "feature that is not there" },
	{ "a column outside of a matrix", B(CSR("I1\nI1\n", NUMBER("0") NUMBER("1"), "2", NUMBER("5"), "1")), GH_UNSAFE,
	  "points outside" },
	{ "a row outside of a matrix", B(CSR("I1\nI1\n", NUMBER("0") NUMBER("9"), "2", NUMBER("0"), "1")), GH_UNSAFE,
	  "points outside" },
	{ "rows that go backwards", B(CSR("I2\nI1\n", NUMBER("0") NUMBER("1") NUMBER("0"), "3", NUMBER("0"), "1")),
	  GH_UNSAFE, "points outside" },
	{ "more rows than a matrix has", B(CSR("I9\nI1\n", NUMBER("0") NUMBER("1"), "2", NUMBER("0"), "1")), GH_UNSAFE,
	  "as many indices" },
	{ "a second state of an array", B(NUMBERS("1", NUMBER("2")) "(I1\n(I1\nt" I8 "I00\n" LATIN(NUMBER("3")) "tb."),
	  GH_UNSAFE, "second state" },
	{ "bytes changed before they are used",
	  B("\x80\x05\x96\x08\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0p7\nK\0K\x09s0csklearn.tree._criterion\nGini\n(K\1"
	    "cnumpy.core.numeric\n_frombuffer\n(g7\n" I8 "K\1\x85\x8c\1CtRtR."),
	  GH_REVIEW, "indices are written" },
	{ "bytes changed after they were used",
	  B("\x80\x05\x96\x08\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0p7\n0cnumpy.core.numeric\n_frombuffer\n(g7\n" I8
	    "K\1\x85\x8c\1CtR0"
	    "g7\nK\0K\x09s."),
	  GH_UNSAFE, "GH-CALL-0011" },
	{ "more classes than there can be",
	  B("csklearn.tree._tree\nTree\n(I1\n" NUMBERS(
		  "1", "\\u0000\\u0000\\u0000\\u0000\\u0000\\u0001\\u0000\\u0000") "I1\ntR."),
	  GH_UNSAFE, "more classes" },
	{ "a child outside of a predictor", B(PREDICTOR(NUMBER("1") NUMBER("9") NUMBER("0"))), GH_UNSAFE,
	  "children outside" },
	{ "more support vectors than there are", B(SVC("9")), GH_UNSAFE, "support vectors" },
	{ "an array module's array of another class",
	  B("carray\n_array_reconstructor\n(cos\nsystem\nS'd'\nI16\nS''\ntR."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a table that sets a property", B(RECONSTRUCT("pandas.core.frame", "DataFrame") "}S'index'\nI1\nsb."),
	  GH_UNSAFE, "none of its own" },
	{ "a table over something else", B(RECONSTRUCT("pandas.core.frame", "DataFrame") "}S'_mgr'\nI1\nsb."),
	  GH_UNSAFE, "block manager" },
	{ "items for a sparse matrix", B(RECONSTRUCT("scipy.sparse._csr", "csr_matrix") "I0\nI1\ns."), GH_UNSAFE,
	  "GH-CALL-0005" },
	{ "more channels than scales",
	  B("ctorch._utils\n_rebuild_qtensor\n(" STORAGE("4") "I0\n(I4\nt(I1\nt(ctorch\nper_channel_affine\n" TENSOR(
		  "4", "0", "I1\n", "I1\n", NOHOOKS) TENSOR("4", "0", "I1\n", "I1\n", NOHOOKS) "I0\ntI00\n" NOHOOKS
											       "tR."),
	  GH_UNSAFE, "channels" },
	{ "an axis that is none",
	  B("ctorch._utils\n_rebuild_qtensor\n(" STORAGE("4") "I0\n(I4\nt(I1\nt(ctorch\nper_channel_affine\n" TENSOR(
		  "4", "0", "I4\n", "I1\n", NOHOOKS) TENSOR("4", "0", "I4\n", "I1\n", NOHOOKS) "I100\ntI00\n" NOHOOKS
											       "tR."),
	  GH_UNSAFE, "odd quantizer" },

	{ "a NumPy text that names the next call", B(BUNCH NPSTR("3", "12", W("a") W("d") W("d")) "cmath\nsqrt\ns."),
	  GH_UNSAFE, "loader or a library would call" },
	{ "a NumPy text that names a method", B(BUNCH NPSTR("3", "12", W("f") W("i") W("t")) "cmath\nsqrt\ns."),
	  GH_UNSAFE, "replaces a method" },
	{ "a NumPy text that names a value", B(BUNCH NPSTR("3", "12", W("f") W("i") W("t")) "I1\ns."), GH_CLEAN, "" },
	{ "a made text that names the next call", B(BUNCH "c__builtin__\nstr\n(S'__setstate__'\ntRI1\ns."), GH_UNSAFE,
	  "loader or a library would call" },
	{ "a text in disguise that names the next call", B(BUNCH "ccollections\nUserString\n(S'extend'\ntRI1\ns."),
	  GH_UNSAFE, "loader or a library would call" },
	{ "a text inside an object scalar", B(BUNCH "cnumpy.core.multiarray\nscalar\n(" OBJ "S'extend'\ntRI1\ns."),
	  GH_UNSAFE, "name cannot be known" },
	{ "a name that is an unknown object", B(BUNCH "cuuid\nUUID\n)\x81I1\ns."), GH_UNSAFE, "name cannot be known" },
	{ "a number as a name", B(BUNCH "I7\nI1\ns."), GH_CLEAN, "" },
	{ "a function under a number", B(BUNCH "I7\ncmath\nsqrt\ns."), GH_REVIEW, "none belongs" },
	{ "a state with a name in disguise", B(NAMESPACE "}" NPSTR("1", "4", W("x")) "I1\nsb."), GH_UNSAFE,
	  "not a short text" },
	{ "a distribution whose parameters are named twice",
	  B(RV "(}S'shapes'\nS'a'\ns" NPSTR("1", "4", W("x")) "S'a'\nsNtb."), GH_UNSAFE, "GH-CALL-0002" },
	{ "a number over an object", B(PAIR("8", OBJ, "0", F8, "0", "27") "."), GH_UNSAFE, "lies over an object" },
	{ "an object over a number", B(PAIR("16", F8, "4", OBJ, "8", "27") "."), GH_UNSAFE, "lies over an object" },
	{ "an object over an object", B(PAIR("16", OBJ, "0", OBJ, "4", "27") "."), GH_UNSAFE, "lies over an object" },
	{ "the same object twice", B(PAIR("8", OBJ, "0", OBJ, "0", "27") "."), GH_UNSAFE, "lies over an object" },
	{ "a record over an object", B(PAIR("16", PAIR("16", OBJ, "0", F8, "8", "27"), "0", F8, "0", "27") "."),
	  GH_UNSAFE, "lies over an object" },
	{ "a small object",
	  B("cnumpy\ndtype\n(S'V12'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}S'a'\n(cnumpy\ndtype\n(S'O4'\nI0\nI1\ntR(I3\nS'|'\n"
	    "NNNI-1\nI-1\nI63\ntbI8\ntsI12\nI1\nI27\ntb."),
	  GH_UNSAFE, "outside its record" },
	{ "a number over a number", B(PAIR("8", F8, "0", I8, "0", "0") "."), GH_REVIEW, "over each other" },
	{ "an object beside a number", B(PAIR("16", OBJ, "8", F8, "0", "27") "."), GH_CLEAN, "" },
	{ "a field of a field", B(PAIR("24", PAIR("16", OBJ, "0", F8, "8", "27"), "0", F8, "16", "27") "."), GH_CLEAN,
	  "" },
	{ "a choice of fields of a record with objects", B(PAIR("24", I8, "0", F8, "16", "27") "."), GH_REVIEW,
	  "no field for them" },
	{ "a field with a title",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}S'a'\n(" OBJ
	    "I0\nS't'\ntp9\nsS't'\ng9\nsI8\nI1\nI27\ntb."),
	  GH_CLEAN, "" },
	{ "a second field called a title",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}S'a'\n(" OBJ
	    "I0\nS't'\ntp9\nsS'u'\ng9\nsI8\nI1\nI27\ntb."),
	  GH_UNSAFE, "as many names" },
	{ "fields by names in disguise",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}" NPSTR("1", "4", W("a")) "(" F8
											     "I0\ntsI8\nI1\nI0\ntb."),
	  GH_UNSAFE, "dictionary of names" },

	{ "a predictor", B(PREDICTOR(NUMBER("1") NUMBER("2") NUMBER("0"))), GH_CLEAN, "" },
	{ "a machine that says it is another", B(SVC_OF("2", "S'_impl'\nS'nu_svr'\ns")), GH_UNSAFE, "another kind" },
	{ "support vectors", B(SVC("2")), GH_CLEAN, "" },
	{ "a tree", B(TREE(NUMBER("1") NUMBER("2") NUMBER("0"))), GH_CLEAN, "" },
	{ "a sparse matrix", B(CSR("I1\nI1\n", NUMBER("0") NUMBER("1"), "2", NUMBER("0"), "1")), GH_CLEAN, "" },
	{ "scales for every channel",
	  B("ctorch._utils\n_rebuild_qtensor\n(" STORAGE("4") "I0\n(I4\nt(I1\nt(ctorch\nper_channel_affine\n" TENSOR(
		  "4", "0", "I4\n", "I1\n", NOHOOKS) TENSOR("4", "0", "I4\n", "I1\n", NOHOOKS) "I0\ntI00\n" NOHOOKS
											       "tR."),
	  GH_CLEAN, "" },
	{ "objects that refer to each other", B(NAMESPACE "p7\n}S'child'\n" NAMESPACE "}S'parent'\ng7\nsbsb."),
	  GH_CLEAN, "" },
	{ "a type held", B(NAMESPACE "}S'_dtype'\ncnumpy\nfloat64\nsb."), GH_CLEAN, "" },
	{ "a function where one belongs",
	  B(RECONSTRUCT("sklearn.preprocessing._function_transformer",
			"FunctionTransformer") "}S'func'\ncnumpy\nmean\nsb."),
	  GH_CLEAN, "" },
	{ "layers", B(Sequential_LAYER "}S'_modules'\nccollections\nOrderedDict\n(tRS'0'\n" ReLU_LAYER "}bssb."),
	  GH_CLEAN, "" },
	{ "keys that are values", B("}(cdatetime\ndate\n(S'0123'\ntRtNs(c__builtin__\nfrozenset\n((lp7\nI1\natRtNs."),
	  GH_CLEAN, "" },
	{ "an ordered dictionary", B("ccollections\nOrderedDict\n(tRS'a'\nI1\ns."), GH_CLEAN, "" },
	{ "an object with attributes", B(NAMESPACE "}S'lr'\nF0.1\nsb."), GH_CLEAN, "" },
	{ "a default dictionary", B("ccollections\ndefaultdict\n(c__builtin__\nlist\ntRS'a'\n(lp0\ns."), GH_CLEAN, "" },
	{ "bytes of old protocols", B("c_codecs\nencode\n(S'x'\nS'latin1'\ntR."), GH_CLEAN, "" },
	{ "an array", B(EMPTY "(I1\n(I1\nt" F8 "I00\nS'AAAAAAAA'\ntb."), GH_CLEAN, "" },
	{ "an array of objects", B(EMPTY "(I1\n(I1\nt" OBJ "I00\n(lp9\nNatb."), GH_CLEAN, "" },
	{ "a record type",
	  B("cnumpy\ndtype\n(S'V8'\nI0\nI1\ntR(I3\nS'|'\nN(S'a'\nt}S'a'\n(" F8 "I0\ntsI8\nI1\nI0\ntb."), GH_CLEAN, "" },
	{ "a tensor", B(TENSOR("4", "0", "I2\nI2\n", "I2\nI1\n", NOHOOKS) "."), GH_CLEAN, "" },
	{ "an expanded tensor", B(TENSOR("1", "0", "I9\n", "I0\n", NOHOOKS) "."), GH_CLEAN, "" },
	{ "a distribution", B(RV "}S'_parse_arg_template'\nS'" PARSE("") "'\nsb."), GH_CLEAN, "" },
	{ "a class of an old checkpoint",
	  B("(S'module'\nctorch.nn.modules.linear\nLinear\nS'linear.py'\nS'class "
	    "Linear'\ntQ)\x81}S'training'\nI01\nsb."),
	  GH_CLEAN, "" },
	{ "the type of None", B("c__builtin__\ntype\n(NtR."), GH_CLEAN, "" },
};

static void test_rows(void **state)
{
	(void)state;
	unsigned bad = 0;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct judge j = judged((struct gh_span){ (const uint8_t *)rows[i].bytes, rows[i].n });
		const char *log = gh_buf_cstr(&j.log);
		if (j.worst != rows[i].verdict || strstr(log, rows[i].say) == NULL) {
			print_error("%s: verdict %d, wanted %d and \"%s\"\n%s", rows[i].what, (int)j.worst,
				    (int)rows[i].verdict, rows[i].say, log);
			bad++;
		}
		gh_buf_free(&j.log);
	}
	assert_int_equal(bad, 0);
}

/* An evil attribute beyond what the machine keeps of a dictionary must not slip through. */
static void test_many_attributes(void **state)
{
	(void)state;
	gh_auto_buf b = gh_buf(1 << 20);
	gh_buf_str(&b, NAMESPACE "(");
	for (unsigned i = 0; i < GH_VAL_KEPT + 10; i++)
		gh_buf_fmt(&b, "S'attribute%u'\nI1\n", i);
	gh_buf_str(&b, "S'__setstate__'\nI1\ndb.");
	struct judge j = judged(gh_buf_view(&b));
	assert_int_equal(j.worst, GH_UNSAFE);
	gh_buf_free(&j.log);
}

/* The same beyond what it keeps of a list: of more of the same kind nothing is said, of anything else a person has to look. */
static void test_many_elements(void **state)
{
	static const struct {
		const char *first, *last;
		enum gh_verdict verdict;
	} row[] = { { "I1\n", "I2\n", GH_CLEAN },
		    { "I1\n", "cnumpy\nmean\n", GH_REVIEW },
		    { "cdatetime\ndate\n(S'0123'\ntR", "cdatetime\ndate\n(S'0123'\ntR", GH_CLEAN },
		    { "cdatetime\ndate\n(S'0123'\ntR", NAMESPACE, GH_REVIEW },
		    { "I1\n", "(lp1\n", GH_CLEAN },
		    { "I1\n", "(lp1\ncnumpy\nmean\na", GH_REVIEW } };
	(void)state;
	for (size_t i = 0; i < sizeof row / sizeof row[0]; i++) {
		gh_auto_buf b = gh_buf(1 << 20);
		gh_buf_str(&b, NAMESPACE "}S'items'\n((lp7\n");
		for (unsigned k = 0; k < GH_VAL_KEPT + 10; k++)
			gh_buf_fmt(&b, "%sa", row[i].first);
		gh_buf_fmt(&b, "%satsb.", row[i].last);
		struct judge j = judged(gh_buf_view(&b));
		assert_int_equal(j.worst, row[i].verdict);
		gh_buf_free(&j.log);
	}
}

/* What lies beyond must not change after it was handed over either. */
static void test_late_beyond(void **state)
{
	(void)state;
	gh_auto_buf b = gh_buf(1 << 20);
	gh_buf_str(&b, "ccollections\nOrderedDict\n(tR0(lp7\n");
	for (unsigned k = 0; k < GH_VAL_KEPT + 10; k++)
		gh_buf_str(&b, "I1\na");
	gh_buf_str(&b, "(lp8\na0g8\nI1\na.");
	struct judge j = judged(gh_buf_view(&b));
	assert_non_null(strstr(gh_buf_cstr(&j.log), "GH-CALL-0011"));
	gh_buf_free(&j.log);
}

/* ---- the list itself --------------------------------------------------------------------------------------------- */
static void test_tables(void **state)
{
	(void)state;
	assert_true(gh_allow_rows_n > 2000);
	for (size_t i = 0; i < gh_allow_rows_n; i++) {
		const struct gh_allow_row *r = &gh_allow_rows[i];
		assert_ptr_equal(gh_allow_find(gh_span_str(r->module), gh_span_str(r->name)), r);
		assert_true(strlen(gh_allow_group(r)->why) > 10);
		/* What has no honest place in a model cannot be on the list at the same time. */
		const struct gh_explain_group *g = gh_explain_find(gh_span_str(r->module), gh_span_str(r->name));
		assert_true(g == NULL || !g->refuse);
	}
	static const char *const never[][2] = {
		{ "builtins", "eval" },
		{ "builtins", "exec" },
		{ "builtins", "__import__" },
		{ "builtins", "open" },
		{ "builtins", "setattr" },
		{ "builtins", "compile" },
		{ "os", "system" },
		{ "operator", "attrgetter" },
		{ "operator", "methodcaller" },
		{ "functools", "partial" },
		{ "pkgutil", "resolve_name" },
		{ "importlib", "import_module" },
		{ "torch.storage", "_load_from_bytes" },
		{ "torch", "load" },
		{ "pickle", "loads" },
		{ "types", "FunctionType" },
		{ "codecs", "decode" },
		{ "_codecs", "decode" },
		{ "numpy", "load" },
		{ "joblib", "load" },
		{ "torch.fx.graph_module", "reduce_graph_module" },
	};
	for (size_t i = 0; i < sizeof never / sizeof never[0]; i++)
		assert_null(gh_allow_find(gh_span_str(never[i][0]), gh_span_str(never[i][1])));
	assert_null(gh_allow_find(GH_SPAN(""), GH_SPAN("")));
	assert_null(gh_allow_find(GH_SPAN("collections\0"), GH_SPAN("OrderedDict")));
	assert_true(strlen(gh_rules_version) == 27);
	assert_non_null(gh_explain_find(GH_SPAN("subprocess.deep.er"), GH_SPAN("x.y")));
	assert_null(gh_explain_find(GH_SPAN("subprocessx"), GH_SPAN("y")));
}

/* ---- files -------------------------------------------------------------------------------------------------------- */
static enum gh_verdict judge_file(const char *path, bool tell)
{
	struct gh_span in = gh_test_file(path);
	if (in.p == NULL)
		return GH_UNSAFE;
	struct judge j = judged(in);
	if (tell && j.worst != GH_CLEAN)
		print_error("%s\n%.600s", path, gh_buf_cstr(&j.log));
	gh_buf_free(&j.log);
	free((void *)(uintptr_t)in.p);
	return j.worst;
}

/* Rows of the corpus whose path starts with `prefix` and whose technique starts with `technique`. */
static unsigned corpus(const char *prefix, const char *technique, enum gh_verdict want, unsigned *wrong)
{
	unsigned n = 0;
	char line[1024], path[1100];
	FILE *f = fopen("../shared/corpus/labels.tsv", "r");
	if (f == NULL)
		return 0;
	while (fgets(line, sizeof line, f) != NULL) {
		char *tab = strchr(line, '\t'), *last = strrchr(line, '\t');
		if (tab == NULL || strncmp(line, prefix, strlen(prefix)) != 0 ||
		    strncmp(last + 1, technique, strlen(technique)) != 0)
			continue;
		*tab = '\0';
		(void)snprintf(path, sizeof path, "../shared/corpus/%s", line);
		n++;
		if (judge_file(path, want == GH_CLEAN) != want) {
			print_error("%s: not as expected\n", path);
			++*wrong;
		}
	}
	(void)fclose(f);
	return n;
}

static void test_corpus_benign(void **state)
{
	(void)state;
	unsigned wrong = 0, n = corpus("benign/pickle/", "", GH_CLEAN, &wrong);
	if (n == 0) {
		print_message("../shared/corpus is absent\n");
		skip();
	}
	assert_int_equal(wrong, 0);
}

/* The allow list alone must catch every known gadget. */
static void test_corpus_malicious_unexplained(void **state)
{
	(void)state;
#ifdef GH_TEST_HOOKS
	unsigned wrong = 0;
	gh_explain_off = true;
	unsigned n = corpus("malicious/pickle/", "calls ", GH_UNSAFE, &wrong);
	gh_explain_off = false;
	if (n == 0) {
		print_message("../shared/corpus is absent\n");
		skip();
	}
	assert_int_equal(wrong, 0);
#else
	print_message("built without GH_TEST_HOOKS\n");
	skip();
#endif
}

struct tally {
	unsigned n, unsafe, review, milder; /* milder: than the file's name demands */
};

/* The files that a generator writes, judged and removed. False: it did not run. */
static bool generated(const char *script, bool tell, struct tally *t)
{
	char dir[] = "/tmp/gh-genuine-XXXXXX", cmd[256], path[512];
	*t = (struct tally){ .n = 0 };
	if (access("/usr/bin/python3", X_OK) != 0 || mkdtemp(dir) == NULL)
		return false;
	(void)snprintf(cmd, sizeof cmd, "/usr/bin/python3 tests/benign/%s %s > /dev/null 2>&1", script, dir);
	int rc = system(cmd);
	DIR *d = opendir(dir);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		if (e->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
		/* Archives and compressed files are read by other formats. */
		bool plain = strstr(e->d_name, ".pkl") != NULL || strstr(e->d_name, "legacy.pt") != NULL ||
			     strstr(e->d_name, ".joblib") != NULL;
		for (const char *const *c =
			     (const char *const[]){ ".zlib.", ".gzip.", ".bz2.", ".xz.", ".lzma.", NULL };
		     *c != NULL; c++)
			plain = plain && strstr(e->d_name, *c) == NULL;
		if (plain) {
			enum gh_verdict v = judge_file(path, tell), want = GH_CLEAN;
			if (strncmp(e->d_name, "unsafe-", 7) == 0)
				want = GH_UNSAFE;
			else if (strncmp(e->d_name, "review-", 7) == 0)
				want = GH_REVIEW;
			if (v < want)
				print_error("%s: verdict %d, wanted %d\n", e->d_name, (int)v, (int)want);
			t->n++;
			t->unsafe += v == GH_UNSAFE;
			t->review += v == GH_REVIEW;
			t->milder += v < want;
		}
		(void)unlink(path);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(dir);
	return rc == 0 && t->n != 0;
}

/* Genuine objects, written by the libraries installed here. */
static void test_genuine(void **state)
{
	(void)state;
	struct tally t;
	if (!generated("make_pickles.py", true, &t)) {
		print_message("no Python here, or the generator did not run\n");
		skip();
	}
	print_message("%u genuine files: %u UNSAFE, %u REVIEW\n", t.n, t.unsafe, t.review);
	assert_int_equal(t.unsafe, 0);
	assert_true(t.review * 50 <= t.n);
}

/* The same objects, changed so that using them leaves their memory or calls what no model calls. */
static void test_broken(void **state)
{
	(void)state;
	struct tally t;
	if (!generated("make_broken.py", false, &t)) {
		print_message("no Python here, or the generator did not run\n");
		skip();
	}
	print_message("%u broken files: %u UNSAFE, %u REVIEW\n", t.n, t.unsafe, t.review);
	assert_int_equal(t.milder, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_many_attributes),
		cmocka_unit_test(test_many_elements),
		cmocka_unit_test(test_late_beyond),
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_corpus_benign),
		cmocka_unit_test(test_corpus_malicious_unexplained),
		cmocka_unit_test(test_genuine),
		cmocka_unit_test(test_broken),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
