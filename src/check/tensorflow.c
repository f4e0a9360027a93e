/* Graphs of TensorFlow and TFLite: what a node may do is decided by its operation. Operations that only compute are listed
 * (tensorflow_ops.c); those that reach files, the network, Python or native code are judged one by one; any other name is an
 * operation of some library that must be loaded first, and a matter for a person. */
#include "check/tensorflow.h"

#include "check/checks.h"
#include "format/format.h"

#include <ctype.h>

enum { R_CODE, R_FILES, R_NETWORK, R_NATIVE, R_DEVICE, R_UNKNOWN, R_PROMISE, R_PATH, R_PLACE, R_CUSTOM, R_LIMIT };
static const struct gh_rule rules[] = {
	[R_CODE] = { "GH-TFO-0001", GH_CRITICAL, GH_UNSAFE, "The graph calls Python code",
		     "A function that the process has registered runs with data of the author's choice: the model acts "
		     "outside of the graph.",
		     "Do not load this model.", "CWE-94 CWE-502 AML.T0011" },
	[R_FILES] = { "GH-TFO-0002", GH_CRITICAL, GH_UNSAFE, "The graph reads or writes files",
		      "Running the model reads files of the user into its outputs, or writes files: keys leak, "
		      "programs "
		      "are planted.",
		      "Do not run this model.", "CWE-73 CWE-22 AML.T0011 AML.T0024" },
	[R_NETWORK] = { "GH-TFO-0003", GH_CRITICAL, GH_UNSAFE, "The graph contacts other machines",
			"Running the model sends data to an address of the author's choice, or takes it from there.",
			"Do not run this model.", "CWE-918 AML.T0024" },
	[R_NATIVE] = { "GH-TFO-0004", GH_HIGH, GH_REVIEW, "The graph loads or calls native code",
		       "A library or a compiled program that the graph names runs with the rights of the user.",
		       "Find out which library it is and where it comes from.", "CWE-114 CWE-829 AML.T0011" },
	[R_DEVICE] = { "GH-TFO-0005", GH_MEDIUM, GH_REVIEW, "The graph uses an operation that reaches beyond it",
		       "It acts on other devices, other programs or the process itself.",
		       "Find out why the model needs it.", "CWE-829" },
	[R_UNKNOWN] = { "GH-TFO-0006", GH_MEDIUM, GH_REVIEW, "Operation that TensorFlow does not have",
			"A library that must be loaded first defines it: it can do anything.",
			"Find out which library defines it; do not load libraries that come with the model.",
			"CWE-829 AML.T0011" },
	[R_PROMISE] = { "GH-TFO-0007", GH_HIGH, GH_UNSAFE, "Unknown operation whose name says that it runs something",
			"The library that defines it runs commands, code or downloads for the graph.",
			"Do not load this model.", "CWE-829 CWE-78 AML.T0011" },
	[R_PATH] = { "GH-TFO-0008", GH_MEDIUM, GH_REVIEW, "The graph names a file outside of the model",
		     "Loading or running the model opens a path of the author's choice.",
		     "Have the model exported with paths inside of its folder.", "CWE-73 CWE-22" },
	[R_PLACE] = { "GH-TFO-0009", GH_CRITICAL, GH_UNSAFE, "The graph sends its data to a file or an address",
		      "Inputs and results of the model are written where the author wants them.",
		      "Do not run this model.", "CWE-200 CWE-918 AML.T0024" },
	[R_CUSTOM] = { "GH-TFO-0010", GH_MEDIUM, GH_REVIEW, "Custom operator that is not known",
		       "Whoever runs the model must add native code for it: what it does is not in the model.",
		       "Find out which library defines it.", "CWE-829" },
	[R_LIMIT] = { "GH-TFO-0011", GH_LOW, GH_INCOMPLETE, "More unknown operations than can be kept",
		      "Some of them are not told.", "Do not load this model.", "CWE-770" },
	GH_RULES_END
};

/* Operations that do more than compute, and what they do. */
static const struct act {
	const char *op;
	uint8_t rule;
	const char *does;
} acts[] = {
	{ "Abort", R_DEVICE, "ends the process" },
	{ "BigQueryReader", R_NETWORK, "reads from a service" },
	{ "CSVDataset", R_FILES, "reads files" },
	{ "CSVDatasetV2", R_FILES, "reads files" },
	{ "CreateSummaryDbWriter", R_FILES, "writes a database file" },
	{ "CreateSummaryFileWriter", R_FILES, "writes files" },
	{ "CreateTRTResourceHandle", R_NATIVE, "runs a compiled engine" },
	{ "DataServiceDataset", R_NETWORK, "reads from another machine" },
	{ "DataServiceDatasetV2", R_NETWORK, "reads from another machine" },
	{ "DataServiceDatasetV3", R_NETWORK, "reads from another machine" },
	{ "DataServiceDatasetV4", R_NETWORK, "reads from another machine" },
	{ "DatasetFromGraph", R_DEVICE, "runs a graph that is in a string" },
	{ "DatasetToTFRecord", R_FILES, "writes a file" },
	{ "DebugIdentity", R_DEVICE, "hands data to a debugger" },
	{ "DebugIdentityV2", R_DEVICE, "hands data to a debugger" },
	{ "DebugIdentityV3", R_DEVICE, "hands data to a debugger" },
	{ "DebugNanCount", R_DEVICE, "hands data to a debugger" },
	{ "DebugNumericSummary", R_DEVICE, "hands data to a debugger" },
	{ "DistributedSave", R_FILES, "writes files" },
	{ "EagerPyFunc", R_CODE, "calls a Python function" },
	{ "ExperimentalCSVDataset", R_FILES, "reads files" },
	{ "ExperimentalDatasetToTFRecord", R_FILES, "writes a file" },
	{ "ExperimentalLMDBDataset", R_FILES, "reads files" },
	{ "ExperimentalMatchingFilesDataset", R_FILES, "lists files" },
	{ "ExperimentalSqlDataset", R_FILES, "queries a database" },
	{ "FileSystemSetConfiguration", R_DEVICE, "changes how files are reached" },
	{ "FixedLengthRecordDataset", R_FILES, "reads files" },
	{ "FixedLengthRecordDatasetV2", R_FILES, "reads files" },
	{ "FixedLengthRecordReader", R_FILES, "reads files" },
	{ "FixedLengthRecordReaderV2", R_FILES, "reads files" },
	{ "GenerateVocabRemapping", R_DEVICE, "reads vocabulary files" },
	{ "GeneratorDataset", R_DEVICE, "takes its data from a function of the process" },
	{ "ImmutableConst", R_FILES, "maps a file into memory" },
	{ "ImportEvent", R_FILES, "writes records of the graph's choice" },
	{ "InitializeTRTResource", R_NATIVE, "loads a compiled engine from a file" },
	{ "LMDBDataset", R_FILES, "reads files" },
	{ "LMDBReader", R_FILES, "reads files" },
	{ "ListSnapshotChunksDataset", R_FILES, "lists files" },
	{ "LoadAndRemapMatrix", R_DEVICE, "reads a checkpoint file" },
	{ "LoadDataset", R_FILES, "reads files" },
	{ "LoadLibrary", R_NATIVE, "loads a shared library" },
	{ "MatchingFiles", R_FILES, "lists files" },
	{ "MatchingFilesDataset", R_FILES, "lists files" },
	{ "NumpyFunction", R_CODE, "calls a Python function" },
	{ "PyFunc", R_CODE, "calls a Python function" },
	{ "PyFuncStateless", R_CODE, "calls a Python function" },
	{ "ReadFile", R_FILES, "reads a file" },
	{ "RecordInput", R_FILES, "reads files" },
	{ "Recv", R_DEVICE, "receives data from another device" },
	{ "RegisterDataset", R_NETWORK, "hands a graph to another machine" },
	{ "RegisterDatasetV2", R_NETWORK, "hands a graph to another machine" },
	{ "RemoteCall", R_DEVICE, "runs a function on another device" },
	{ "Rpc", R_NETWORK, "calls another machine" },
	{ "RpcCall", R_NETWORK, "calls another machine" },
	{ "RpcClient", R_NETWORK, "calls another machine" },
	{ "RpcServer", R_NETWORK, "opens a server" },
	{ "RpcServerRegister", R_NETWORK, "opens a server" },
	{ "RpcServerStart", R_NETWORK, "opens a server" },
	{ "SaveDataset", R_FILES, "writes files" },
	{ "SaveDatasetV2", R_FILES, "writes files" },
	{ "Send", R_DEVICE, "sends data to another device" },
	{ "SerializeTRTResource", R_FILES, "writes a file" },
	{ "SnapshotChunkDataset", R_FILES, "reads files" },
	{ "SnapshotDataset", R_FILES, "writes and reads files" },
	{ "SnapshotDatasetReader", R_FILES, "reads files" },
	{ "SnapshotDatasetV2", R_FILES, "writes and reads files" },
	{ "SnapshotNestedDatasetReader", R_FILES, "reads files" },
	{ "SqlDataset", R_FILES, "queries a database" },
	{ "TFRecordDataset", R_FILES, "reads files" },
	{ "TFRecordDatasetV2", R_FILES, "reads files" },
	{ "TFRecordReader", R_FILES, "reads files" },
	{ "TFRecordReaderV2", R_FILES, "reads files" },
	{ "TRTEngineOp", R_NATIVE, "runs a compiled engine" },
	{ "TextLineDataset", R_FILES, "reads files" },
	{ "TextLineReader", R_FILES, "reads files" },
	{ "TextLineReaderV2", R_FILES, "reads files" },
	{ "TryRpc", R_NETWORK, "calls another machine" },
	{ "WholeFileReader", R_FILES, "reads files" },
	{ "WholeFileReaderV2", R_FILES, "reads files" },
	{ "WorkerHeartbeat", R_DEVICE, "controls a worker process" },
	{ "WriteFile", R_FILES, "writes a file" },
	{ "WriteGraphSummary", R_FILES, "writes records of the graph's choice" },
	{ "WriteRawProtoSummary", R_FILES, "writes records of the graph's choice" },
	{ "XlaCallModule", R_NATIVE, "runs a compiled program that is in a string" },
	{ "XlaCustomCall", R_NATIVE, "calls a registered native function" },
	{ "XlaCustomCallV2", R_NATIVE, "calls a registered native function" },
	{ "XlaLaunch", R_NATIVE, "compiles and runs a function" },
	{ "XlaLaunchV2", R_NATIVE, "compiles and runs a function" },
	{ "_EagerPyFunc", R_CODE, "calls a Python function" },
	{ "_HostRecv", R_DEVICE, "receives data from another device" },
	{ "_HostSend", R_DEVICE, "sends data to another device" },
	{ "_Recv", R_DEVICE, "receives data from another device" },
	{ "_Send", R_DEVICE, "sends data to another device" },
};

/* Families by the beginning of their names. */
static const struct {
	const char *prefix;
	uint8_t rule; /* R_LIMIT: only computes */
	const char *does;
} families[] = {
	{ "TFText>", R_LIMIT, NULL },
	{ "Addons>", R_LIMIT, NULL },
	{ "_Mkl", R_LIMIT, NULL },
	{ "_Fused", R_LIMIT, NULL },
	{ "Collective", R_DEVICE, "exchanges data with other devices" },
	{ "_TPU", R_DEVICE, "acts on an accelerator" },
	{ "TPU", R_DEVICE, "acts on an accelerator" },
	{ "Infeed", R_DEVICE, "acts on an accelerator" },
	{ "Outfeed", R_DEVICE, "acts on an accelerator" },
	{ "EnqueueTPU", R_DEVICE, "acts on an accelerator" },
	{ "DynamicEnqueueTPU", R_DEVICE, "acts on an accelerator" },
	{ "LoadTPU", R_DEVICE, "acts on an accelerator" },
	{ "RetrieveTPU", R_DEVICE, "acts on an accelerator" },
	{ "RecvTPU", R_DEVICE, "acts on an accelerator" },
	{ "SendTPU", R_DEVICE, "acts on an accelerator" },
	{ "Xla", R_DEVICE, "acts on compiled programs" },
	{ "_Xla", R_DEVICE, "acts on compiled programs" },
	{ "IO>", R_FILES, "reads files or services" },
	{ "Kafka", R_NETWORK, "reads from a service" },
	{ "Horovod", R_DEVICE, "exchanges data with other processes" },
	{ "Rpc", R_NETWORK, "calls another machine" },
	{ "DataService", R_NETWORK, "reads from another machine" },
};

/* Custom operators of TFLite that its own libraries and MediaPipe define, all of them computations. */
static const char *const custom[] = {
	"AudioSpectrogram",
	"BroadcastTo",
	"BroadcastGradientArgs",
	"Convolution2DTransposeBias",
	"Mfcc",
	"MaxPoolingWithArgmax2D",
	"MaxUnpooling2D",
	"TFLite_Detection_PostProcess",
	"Resampler",
	"TransformTensorBilinear",
	"TransformTensor",
	"TransformLandmarks",
	"Landmarks2TransformMatrix",
	"HashtableLookup",
	"HashtableFind",
	"HashtableImport",
	"HashtableSize",
	"Hashtable",
	"Multinomial",
	"RandomStandardNormal",
	"RandomUniform",
	"Roll",
	"Rfft2d",
	"Irfft2d",
	"Rfft",
	"Irfft",
	"Unique",
	"Atan2",
	"Sign",
	"Cumsum",
	"Complex64",
	"ComplexAbs",
	"Real",
	"Imag",
	"Bucketize",
	"Gelu",
	"CallOnce",
	"Conv3D",
	"Conv3DTranspose",
	"RandomInt",
	"Relu1",
	"TableLookup",
	"UnidirectionalSequenceGru",
	"ngrams",
	"tftext:WhitespaceTokenizer",
	"tftext:Ngrams",
	"tftext:custom:SgnnProjection",
	"RaggedTensorToTensor",
	"RaggedRange",
	"RaggedTensorFromVariant",
	"SentencepieceTokenizer",
	"SentencepieceDetokenizer",
	"FastWordpieceTokenizeWithOffsets",
	"FastBertNormalize",
	"FastSentencepieceTokenizer",
	"FastSentencepieceDetokenizer",
	"WhitespaceTokenizeWithOffsetsV2",
	"StringNGrams",
	"RoundRobinTrim",
	"TFSentencepieceTokenizeOp",
	"NormalizeString",
	"PREDICT",
	"EXTRACT_FEATURES",
	"NORMALIZE",
	"PREDICTSMARTREPLY",
	"QUANTIZE_EMBEDDING",
	"ReadVariable",
	"AssignVariable",
	"VarHandle",
	"Densify",
	"DecodeJPEG",
	"custom_call.GroupNorm",
	"odml.scaled_dot_product_attention",
	"odml.rms_norm",
	"odml.update_kv_cache",
	"odml.rope",
	"odml.embedding_lookup",
	"odml.runtime_bmm",
	"odml.update_external_kv_cache",
	"ethos-u",
	"edgetpu-custom-op",
	"DISPATCH_OP",
	"ETHOSU",
};

/* What a program or a download is called, in the name of an operation that nobody knows. */
static bool promises(struct gh_span op)
{
	static const char *const words[] = { "shell",	 "exec",   "subprocess", "popen",    "system",
					     "command",	 "python", "pycall",	 "pyfunc",   "eval",
					     "download", "http",   "socket",	 "fetchurl", "payload",
					     "spawn",	 "dlopen", "runcode",	 "script",   "backdoor" };
	static const char *const not[] = { "filesystem", "coordinatesystem" };
	char low[128];
	size_t n = op.n < sizeof low - 1 ? op.n : sizeof low - 1;
	for (size_t i = 0; i < n; i++)
		low[i] = (char)tolower(op.p[i]);
	low[n] = '\0';
	for (size_t i = 0; i < sizeof not/ sizeof not[0]; i++)
		if (strstr(low, not[i]) != NULL)
			return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strstr(low, words[i]) != NULL)
			return true;
	return false;
}

static const struct act *act_of(struct gh_span op)
{
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		if (gh_span_is(op, acts[i].op))
			return &acts[i];
	return NULL;
}

/* ---- names that are not known yet: functions of the library may follow the nodes that call them ------------------------ */

enum { UNKNOWN_MAX = 1024, DEFINED_MAX = 1 << 16 };
struct name {
	struct name *next;
	struct gh_span op, node;
	struct gh_range at;
	bool call; /* a node's operation, not a function that an attribute names */
};
struct state {
	struct name *unknown, **unknown_end;
	struct name *defined[256];
	size_t nunknown, ndefined;
	bool full;
};

static struct state *state_of(struct gh_scene *s)
{
	if (*s->state == NULL) {
		struct state *st = GH_NEW(s->arena, struct state, 1);
		if (st != NULL)
			st->unknown_end = &st->unknown;
		*s->state = st;
	}
	return *s->state;
}

static unsigned bucket(struct gh_span s)
{
	unsigned h = 0;
	for (size_t i = 0; i < s.n; i++)
		h = h * 31 + s.p[i];
	return h & 255;
}

static bool defined(const struct state *st, struct gh_span op)
{
	for (const struct name *n = st->defined[bucket(op)]; n != NULL; n = n->next)
		if (gh_span_eq(n->op, op))
			return true;
	return false;
}

static void define(struct gh_scene *s, struct gh_span op)
{
	struct state *st = state_of(s);
	struct name *n = st == NULL || st->ndefined == DEFINED_MAX ? NULL : GH_NEW(s->arena, struct name, 1);
	if (n == NULL)
		return; /* then what calls it is told as unknown */
	n->op = gh_keep(s->arena, op);
	n->next = st->defined[bucket(op)];
	st->defined[bucket(op)] = n;
	st->ndefined++;
}

static void postpone(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct state *st = state_of(s);
	if (st == NULL)
		return;
	for (const struct name *n = st->unknown; n != NULL; n = n->next)
		if (gh_span_eq(n->op, c->name))
			return; /* once is enough: it is the same operation */
	struct name *n = st->nunknown == UNKNOWN_MAX ? NULL : GH_NEW(s->arena, struct name, 1);
	if (n == NULL) {
		st->full = true;
		return;
	}
	*n = (struct name){ .op = gh_keep(s->arena, c->name),
			    .node = gh_keep(s->arena, gh_span_cut(c->as_name, 0, 80)),
			    .at = ev->at,
			    .call = c->how == GH_CALL_OPERATION };
	*st->unknown_end = n;
	st->unknown_end = &n->next;
	st->nunknown++;
}

static void end(struct gh_scene *s)
{
	const struct state *st = *s->state;
	if (st == NULL)
		return;
	for (const struct name *n = st->unknown; n != NULL; n = n->next)
		if (!defined(st, n->op))
			gh_find(s, &rules[promises(n->op) ? R_PROMISE : R_UNKNOWN], n->at, "%s \"%s\" of node \"%s\"",
				n->call ? "operation" : "function", gh_safe(n->op).s, gh_safe(n->node).s);
	if (st->full)
		gh_find(s, &rules[R_LIMIT], (struct gh_range){ 0 }, "more than %d", (int)UNKNOWN_MAX);
}

/* ---- events ---------------------------------------------------------------------------------------------------------- */

static void on_operation(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	const struct act *a = act_of(c->name);
	if (a != NULL) {
		gh_find(s, &rules[a->rule], ev->at, "node \"%s\": %s %s", gh_safe(c->as_name).s, a->op, a->does);
		return;
	}
	if (gh_tf_plain_op(c->name))
		return;
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (gh_span_starts(c->name, families[i].prefix)) {
			if (families[i].rule != R_LIMIT)
				gh_find(s, &rules[families[i].rule], ev->at, "node \"%s\": %s %s",
					gh_safe(c->as_name).s, gh_safe(c->name).s, families[i].does);
			return;
		}
	postpone(s, ev);
}

static void on_custom(struct gh_scene *s, const struct gh_event *ev)
{
	struct gh_span op = ev->u.call->name;
	for (size_t i = 0; i < sizeof custom / sizeof custom[0]; i++)
		if (gh_span_is(op, custom[i]))
			return;
	gh_find(s, &rules[promises(op) ? R_PROMISE : R_CUSTOM], ev->at, "\"%s\"", gh_safe(op).s);
}

static void on_builtin(struct gh_scene *s, const struct gh_event *ev)
{
	static const char *const odd[] = { "DELEGATE", "PLACEHOLDER_FOR_GREATER_OP_CODES", "STABLEHLO_CUSTOM_CALL" };
	for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
		if (gh_span_is(ev->u.call->name, odd[i]))
			gh_find(s, &rules[R_NATIVE], ev->at, "%s hands its inputs to code that is not in the model",
				odd[i]);
}

static void on_call(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	if (strcmp(c->system, "tensorflow") == 0)
		on_operation(s, ev);
	else if (strcmp(c->system, "tflite-custom") == 0)
		on_custom(s, ev);
	else if (strcmp(c->system, "tflite") == 0)
		on_builtin(s, ev);
}

/* Attributes by which an operation is told where to write or send. */
static bool is_sink(struct gh_span from)
{
	return gh_span_starts(from, "Debug") || gh_span_ends(from, ".debug_urls") ||
	       gh_span_ends(from, ".output_stream");
}

static void on_reference(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_reference *r = ev->u.reference;
	struct gh_span t = r->target;
	if (strncmp(s->format, "tf-", 3) != 0 || gh_span_is(r->from, "assets"))
		return;
	bool url = t.n > 3 && memmem(t.p, t.n, "://", 3) != NULL;
	bool out = url || (t.n > 0 && (t.p[0] == '/' || t.p[0] == '\\')) || (t.n > 2 && t.p[1] == ':') ||
		   gh_span_starts(t, "~/") || gh_span_starts(t, "../") ||
		   (t.n > 4 && memmem(t.p, t.n, "/../", 4) != NULL);
	bool source = gh_span_ends(r->from, ".descriptor_source") &&
		      (gh_span_starts(t, "local://") || gh_span_starts(t, "bytes://"));
	/* What only looks like a place (a pattern, a device, a type's name) stands in attributes that no operation opens. */
	bool opened = r->from.n == 0 || memchr(r->from.p, '.', r->from.n) == NULL ||
		      gh_span_ends(r->from, ".descriptor_source") || gh_span_ends(r->from, ".memory_region_name") ||
		      gh_span_ends(r->from, ".file_pattern") || gh_span_ends(r->from, ".vocab_file") ||
		      gh_span_ends(r->from, ".address");
	if (is_sink(r->from))
		gh_find(s, &rules[R_PLACE], ev->at, "%s: \"%s\"", gh_safe(r->from).s, gh_safe(t).s);
	else if (out && opened && !source)
		gh_find(s, &rules[R_PATH], ev->at, "%s: \"%s\"", gh_safe(r->from).s, gh_safe(t).s);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	switch (ev->kind) {
	case GH_EV_CALL: on_call(s, ev); break;
	case GH_EV_REFERENCE: on_reference(s, ev); break;
	case GH_EV_TEXT:
		if (strcmp(ev->u.text->role, "function") == 0 && gh_span_is(ev->u.text->key, "tensorflow"))
			define(s, ev->u.text->text);
		break;
	default: break;
	}
}

const struct gh_check gh_check_tensorflow = {
	.name = "tensorflow-graph",
	.about = "operations of TensorFlow and TFLite graphs that reach beyond the graph",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CALL | 1u << GH_EV_REFERENCE | 1u << GH_EV_TEXT,
	.on = on,
	.end = end,
	.rules = rules,
};
