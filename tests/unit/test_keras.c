/* Keras: configurations as they are written, by version 2 and 3, and as attackers write them; the archive; the check
 * "keras-config". */
#include "support/cm.h"

#include <stdio.h>
#include <stdlib.h>

#include "check/keras_names.h"
#include "format/formats.h"
#include "support/events.h"
#include "support/judged.h"
#include "support/zipmake.h"

/* ---- objects: what the reader says -------------------------------------------------------------------------------- */

static void objects(void **state)
{
	(void)state;
	static const struct {
		const char *what, *in, *has, *hasnot;
	} rows[] = {
		{ "a layer of Keras 3",
		  "{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {\"units\": 2}, "
		  "\"registered_name\": null}",
		  "call operation keras.layers.Dense 0+", "import" },
		{ "of Keras 2", "{\"class_name\": \"Dense\", \"config\": {\"units\": 2}}", "call operation .Dense 0+",
		  NULL },
		{ "keys in another order", "{\"config\": {}, \"class_name\": \"A\", \"module\": \"m\"}",
		  "call operation m.A", NULL },
		{ "nested", "{\"class_name\": \"A\", \"config\": {\"layer\": {\"class_name\": \"B\", \"config\": {}}}}",
		  "call operation .B", NULL },
		{ "in an array", "{\"x\": [[{\"class_name\": \"B\", \"config\": {}}]]}", "call operation .B 8+", NULL },
		{ "no configuration", "{\"class_name\": \"TensorShape\", \"items\": [1]}", NULL, "call" },
		{ "a function", "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"relu\"}",
		  "call import builtins.relu", "call operation" },
		{ "a Lambda of Keras 2 by name",
		  "{\"class_name\": \"Lambda\", \"config\": {\"function\": \"f\", \"function_type\": \"function\", "
		  "\"module\": "
		  "\"__main__\"}}",
		  "call import __main__.f", NULL },
		{ "bytecode in a list",
		  "{\"class_name\": \"Lambda\", \"config\": {\"function\": [\"4wEAAAAAAAAAAAAAAAAAAAA=\", null, "
		  "null]}}",
		  "code python-bytecode \"Lambda\" 49+", "import" },
		{ "bytecode of Keras 3",
		  "{\"class_name\": \"__lambda__\", \"config\": {\"code\": \"4wEAAAAAAAAAAAAAAAAAAAA=\"}}",
		  "code python-bytecode \"__lambda__\"", NULL },
		{ "operation by its path",
		  "{\"class_name\": \"TFOpLambda\", \"config\": {\"name\": \"x\", \"function\": \"math.add\"}}",
		  "call import tensorflow.math.add", NULL },
		{ "a vocabulary in a file",
		  "{\"class_name\": \"StringLookup\", \"config\": {\"vocabulary\": \"/etc/passwd\"}}",
		  "reference path \"/etc/passwd\" from \"StringLookup.vocabulary\"", NULL },
		{ "the worst of two",
		  "{\"class_name\": \"X\", \"config\": {\"path\": \"a.txt\", \"filepath\": \"../b\"}}",
		  "reference path \"../b\" from \"X.filepath\"", NULL },
		{ "an address", "{\"class_name\": \"KerasLayer\", \"config\": {\"handle\": \"https://x.example/m\"}}",
		  "reference url \"https://x.example/m\"", NULL },
		{ "a node of skops",
		  "{\"__class__\": \"dict\", \"__module__\": \"builtins\", \"__loader__\": \"DictNode\"}",
		  "call operation builtins.dict", NULL },
		{ "a function of skops",
		  "{\"__class__\": \"function\", \"__module__\": \"builtins\", \"__loader__\": \"FunctionNode\", "
		  "\"content\": "
		  "{\"module_path\": \"os\", \"function\": \"system\"}}",
		  "call import os.system", NULL },
		{ "a method of skops", "{\"content\": {\"func\": \"__call__\", \"obj\": {}}}", "call import .__call__",
		  NULL },
		{ "safe mode", "{\"class_name\": \"X\", \"config\": {\"a\": {\"safe_mode\": false}}}", "GH-JSON-0026",
		  NULL },
		{ "safe mode of somebody else", "{\"a\": {\"safe_mode\": false}}", NULL, "anomaly" },
		{ "a shape", "{\"class_name\": \"X\", \"config\": {\"batch_shape\": [null, 1000000, 1000000]}}",
		  "GH-JSON-0025", NULL },
		{ "shapes in a list",
		  "{\"class_name\": \"X\", \"build_config\": {\"input_shape\": [[null, 99999], [null, 99999]]}, "
		  "\"config\": {}}",
		  NULL, "anomaly" },
		{ "units", "{\"class_name\": \"X\", \"config\": {\"units\": 99999999999}}", "GH-JSON-0025", NULL },
		{ "a shape that overflows",
		  "{\"class_name\": \"X\", \"config\": {\"shape\": [18446744073709551615, 18446744073709551615]}}",
		  "GH-JSON-0025", NULL },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		for (int shaky = 0; shaky < 2; shaky++) {
			struct gh_events ev;
			gh_events_walk(&ev, &gh_fmt_json, gh_span_str(rows[i].in), "model.json", shaky != 0);
			bool ok = ev.rc == GH_OK && ev.gapless &&
				  (rows[i].has == NULL || gh_events_has(&ev, rows[i].has)) &&
				  (rows[i].hasnot == NULL || !gh_events_has(&ev, rows[i].hasnot));
			if (!ok)
				print_message("%s: rc %d\n%s", rows[i].what, ev.rc, gh_buf_cstr(&ev.log));
			wrong += !ok;
			gh_events_free(&ev);
		}
	assert_int_equal(wrong, 0);
}

/* ---- verdicts ------------------------------------------------------------------------------------------------------ */

static unsigned expect(const char *what, const char *json, enum gh_verdict verdict, const char *id)
{
	struct gh_test_judged j;
	gh_test_judge(&j, gh_span_str(json), "config.json");
	bool ok = j.verdict == verdict && (id == NULL ? j.ids[0] == '\0' : strstr(j.ids, id) != NULL);
	if (!ok)
		print_message("%s: verdict %d, %s wanted, got: %s\n%s%s\n", what, (int)j.verdict,
			      id == NULL ? "nothing" : id, j.ids, j.all, json);
	return !ok;
}

#define SEQ(layer) \
	"{\"module\": \"keras\", \"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [" layer \
	"]}, \"registered_name\": null}"
#define DENSE(activation) \
	"{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {\"units\": 4, " \
	"\"activation\": " activation "}}"
#define OBJ(m, c) "{\"module\": \"" m "\", \"class_name\": \"" c "\", \"config\": {}}"
#define FN(m, f) \
	"{\"module\": \"" m "\", \"class_name\": \"function\", \"config\": \"" f "\", \"registered_name\": \"" f "\"}"
#define LAMBDA(fn) "{\"module\": \"keras.layers\", \"class_name\": \"Lambda\", \"config\": {\"function\": " fn "}}"

static void judged(void **state)
{
	(void)state;
	static const struct {
		const char *what, *in;
		enum gh_verdict verdict;
		const char *id;
	} rows[] = {
		{ "an ordinary model", SEQ(DENSE("\"relu\"")), GH_CLEAN, NULL },
		{ "an activation as an object", SEQ(DENSE(FN("builtins", "relu"))), GH_CLEAN, NULL },
		{ "a function of Keras", SEQ(DENSE(FN("keras.activations", "softmax"))), GH_CLEAN, NULL },
		{ "bytecode",
		  SEQ(LAMBDA("{\"class_name\": \"__lambda__\", \"config\": {\"code\": \"4wEAAAAAAAAAAAAAAAAAAAA=\"}}")),
		  GH_UNSAFE, "GH-KRS-0001" },
		{ "bytecode of Keras 2", SEQ(LAMBDA("[\"4wEAAAAAAAAAAAAAAAAAAAA=\", null, null]")), GH_UNSAFE,
		  "GH-KRS-0001" },
		{ "program text", SEQ(LAMBDA("\"lambda x: x * 2\"")), GH_UNSAFE, "GH-KRS-0001" },
		{ "nothing to call", SEQ("{\"class_name\": \"Lambda\", \"config\": {}}"), GH_UNSAFE, "GH-KRS-0001" },
		{ "a function by name", SEQ(LAMBDA(FN("builtins", "relu"))), GH_REVIEW, "GH-KRS-0002" },
		{ "a module of Python", SEQ(OBJ("os", "system")), GH_UNSAFE, "GH-KRS-0003" },
		{ "a class of the standard library", SEQ(OBJ("subprocess", "Popen")), GH_UNSAFE, "GH-KRS-0003" },
		{ "a module of the author's", SEQ(OBJ("my_package.layers", "MyLayer")), GH_UNSAFE, "GH-KRS-0003" },
		{ "a module that only begins like Keras", SEQ(OBJ("keras_evil.layers", "Dense")), GH_UNSAFE,
		  "GH-KRS-0003" },
		{ "a module with odd letters", SEQ(OBJ("keras/layers", "Dense")), GH_UNSAFE, "GH-KRS-0003" },
		{ "eval as builtin", SEQ(DENSE(FN("builtins", "eval"))), GH_UNSAFE, "GH-KRS-0003" },
		{ "a function of os", SEQ(DENSE(FN("os", "system"))), GH_UNSAFE, "GH-KRS-0003" },
		{ "a dotted class", SEQ("{\"class_name\": \"os.system\", \"config\": {}}"), GH_UNSAFE, "GH-KRS-0003" },
		{ "a dotted registration",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {}, \"registered_name\": "
		      "\"os.system\"}"),
		  GH_UNSAFE, "GH-KRS-0003" },
		{ "a download", SEQ(LAMBDA(FN("keras.utils", "get_file"))), GH_UNSAFE, "GH-KRS-0004" },
		{ "a download in another spelling", SEQ(OBJ("keras.src.utils.file_utils", "get_file")), GH_UNSAFE,
		  "GH-KRS-0004" },
		{ "safe mode off", SEQ(FN("keras.config", "enable_unsafe_deserialization")), GH_UNSAFE, "GH-KRS-0004" },
		{ "a loader as function", SEQ(DENSE(FN("keras.saving", "load_model"))), GH_UNSAFE, "GH-KRS-0004" },
		{ "a loader as object", SEQ(OBJ("keras.models", "load_model")), GH_UNSAFE, "GH-KRS-0004" },
		{ "an operation of TensorFlow",
		  SEQ("{\"class_name\": \"TFOpLambda\", \"config\": {\"function\": \"math.reduce_sum\"}}"), GH_CLEAN,
		  NULL },
		{ "a file written by one",
		  SEQ("{\"class_name\": \"TFOpLambda\", \"config\": {\"function\": \"io.write_file\"}}"), GH_UNSAFE,
		  "GH-KRS-0004" },
		{ "an operation of tomorrow",
		  SEQ("{\"class_name\": \"TFOpLambda\", \"config\": {\"function\": \"hyper_sum\"}}"), GH_REVIEW,
		  "GH-KRS-0008" },
		{ "an optimizer of Keras 2.12",
		  "{\"loss\": \"mse\", \"optimizer_config\": {\"class_name\": \"Custom>Adam\", "
		  "\"config\": {\"learning_rate\": 0.1}}}",
		  GH_CLEAN, NULL },
		{ "a pickle", SEQ(OBJ("keras.src.utils.torch_utils", "TorchModuleWrapper")), GH_UNSAFE, "GH-KRS-0005" },
		{ "another model",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"TFSMLayer\", \"config\": {\"filepath\": "
		      "\"m\"}}"),
		  GH_UNSAFE, "GH-KRS-0005" },
		{ "a custom layer",
		  SEQ("{\"module\": null, \"class_name\": \"MyLayer\", \"config\": {}, \"registered_name\": "
		      "\"Custom>MyLayer\"}"),
		  GH_REVIEW, "GH-KRS-0006" },
		{ "a custom layer of Keras 2", SEQ("{\"class_name\": \"Custom>MyLayer\", \"config\": {}}"), GH_REVIEW,
		  "GH-KRS-0006" },
		{ "a custom loss", SEQ(DENSE(FN("builtins", "my_loss"))), GH_REVIEW, "GH-KRS-0007" },
		{ "a class of tomorrow", SEQ(OBJ("keras.layers", "HyperDense")), GH_REVIEW, "GH-KRS-0008" },
		{ "a library of layers", SEQ(OBJ("spektral.layers.convolutional", "GCNConv")), GH_REVIEW,
		  "GH-KRS-0009" },
		{ "of Keras' own people", SEQ(OBJ("keras_hub.src.layers.modeling", "TokenEmbedding")), GH_CLEAN, NULL },
		{ "their tools", SEQ(OBJ("keras_hub.src.utils.preset_utils", "Loader")), GH_REVIEW, "GH-KRS-0009" },
		{ "code in a tuple",
		  SEQ(LAMBDA("{\"class_name\": \"__tuple__\", \"items\": "
			     "[\"4wEAAAAAAAAAAAAAAAAAAAA=\", null, null]}")),
		  GH_UNSAFE, "GH-KRS-0001" },
		{ "a function of that library", SEQ(OBJ("keras_hub.src.utils", "download")), GH_UNSAFE, "GH-KRS-0003" },
		{ "registered as something else",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"Dense\", \"config\": {}, \"registered_name\": "
		      "\"Mine>Dense\"}"),
		  GH_REVIEW, "GH-KRS-0010" },
		{ "a file of the system",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"StringLookup\", \"config\": "
		      "{\"vocabulary\": \"/etc/passwd\"}}"),
		  GH_UNSAFE, "GH-KRS-0011" },
		{ "an address",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"TextVectorization\", \"config\": "
		      "{\"vocabulary\": \"http://x.example/v\"}}"),
		  GH_UNSAFE, "GH-KRS-0011" },
		{ "a file beside the model",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"IntegerLookup\", \"config\": "
		      "{\"vocabulary\": \"vocab.txt\"}}"),
		  GH_REVIEW, "GH-KRS-0012" },
		{ "a vocabulary",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"StringLookup\", \"config\": {\"vocabulary\": "
		      "[\"a\", \"/etc/passwd\"]}}"),
		  GH_CLEAN, NULL },
		{ "two classes in one",
		  SEQ("{\"module\": \"keras.layers\", \"class_name\": \"Dropout\", \"class_name\": \"Dense\", "
		      "\"config\": {}}"),
		  GH_REVIEW, "GH-KRS-0013" },
		{ "in a wrapper",
		  SEQ("{\"class_name\": \"TimeDistributed\", \"config\": {\"layer\": " LAMBDA("[\"4w==\"]") "}}"),
		  GH_UNSAFE, "GH-KRS-0001" },
		{ "in what was compiled",
		  "{\"module\": \"keras\", \"class_name\": \"Sequential\", \"config\": {\"layers\": []}, "
		  "\"compile_config\": {\"loss\": " FN("os", "system") "}}",
		  GH_UNSAFE, "GH-KRS-0003" },
		{ "TensorFlow.js",
		  "{\"format\": \"layers-model\", \"modelTopology\": {\"keras_version\": \"2.4\", "
		  "\"model_config\": " SEQ(DENSE("\"relu\"")) "}}",
		  GH_CLEAN, NULL },
	};
	unsigned wrong = 0;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		wrong += expect(rows[i].what, rows[i].in, rows[i].verdict, rows[i].id);
	assert_int_equal(wrong, 0);
}

/* ---- what ordinary models are made of ------------------------------------------------------------------------------ */

/* As Keras writes them: every layer that users use, under the names that its module had over the years. */
static void every_layer(void **state)
{
	(void)state;
	static const char layers[] =
		"Activation ActivityRegularization Add AdditiveAttention AlphaDropout Attention Average "
		"AveragePooling1D "
		"AveragePooling2D AveragePooling3D BatchNormalization Bidirectional CategoryEncoding CenterCrop "
		"Concatenate Conv1D "
		"Conv1DTranspose Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM1D ConvLSTM2D ConvLSTM3D "
		"Cropping1D "
		"Cropping2D Cropping3D Dense DepthwiseConv1D DepthwiseConv2D Discretization Dot Dropout ELU "
		"EinsumDense Embedding "
		"Flatten GRU GRUCell GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D "
		"GlobalAveragePooling3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GroupNormalization "
		"GroupQueryAttention HashedCrossing Hashing Identity InputLayer IntegerLookup LSTM LSTMCell "
		"LayerNormalization "
		"LeakyReLU Masking MaxPooling1D MaxPooling2D MaxPooling3D Maximum MelSpectrogram Minimum "
		"MultiHeadAttention Multiply "
		"Normalization PReLU Permute RandomBrightness RandomContrast RandomCrop RandomFlip RandomRotation "
		"RandomTranslation "
		"RandomZoom ReLU RepeatVector Rescaling Reshape Resizing SeparableConv1D SeparableConv2D SimpleRNN "
		"SimpleRNNCell "
		"Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D SpectralNormalization StackedRNNCells "
		"StringLookup "
		"Subtract TextVectorization ThresholdedReLU TimeDistributed UnitNormalization UpSampling1D "
		"UpSampling2D UpSampling3D "
		"ZeroPadding1D ZeroPadding2D ZeroPadding3D";
	static const char *const modules[] = { "\"keras.layers\"",
					       "\"keras.src.layers.core.x\"",
					       "\"tensorflow.python.keras.layers.core\"",
					       "\"tensorflow.keras.layers\"",
					       "\"tf_keras.src.layers.x\"",
					       "\"keras.api._v2.keras.layers\"",
					       "\"keras.layers.core.x\"",
					       "null" };
	unsigned wrong = 0, n = 0;
	char name[64], json[2048];
	for (const char *p = layers; *p != '\0'; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");
		(void)snprintf(name, sizeof name, "%.*s", (int)len, p);
		p += len;
		for (size_t m = 0; m < GH_ROWS(modules); m++, n++) {
			(void)snprintf(
				json, sizeof json,
				"{\"module\": %s, \"class_name\": \"%s\", \"config\": {\"name\": \"x_1\", "
				"\"trainable\": true, "
				"\"dtype\": {\"module\": \"keras\", \"class_name\": \"DTypePolicy\", \"config\": "
				"{\"name\": \"float32\"}, "
				"\"registered_name\": null}, \"units\": 64, \"activation\": \"linear\", \"use_bias\": "
				"true, "
				"\"batch_input_shape\": [null, 224, 224, 3], \"kernel_initializer\": {\"module\": "
				"\"keras.initializers\", \"class_name\": \"GlorotUniform\", \"config\": {\"seed\": "
				"null}, "
				"\"registered_name\": null}, \"kernel_regularizer\": {\"class_name\": \"L2\", "
				"\"config\": {\"l2\": "
				"0.01}}, \"kernel_constraint\": {\"class_name\": \"MaxNorm\", \"config\": "
				"{\"max_value\": 2}}}, "
				"\"registered_name\": null, \"build_config\": {\"input_shape\": [null, 10]}}",
				modules[m], name);
			wrong += expect(name, json, GH_CLEAN, NULL);
		}
	}
	assert_int_equal(wrong, 0);
	assert_true(n > 800);
}

static const char functional[] = "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", "
				 "\"config\": {\"name\": \"f\", \"trainable\": "
				 "true, \"layers\": [{\"module\": \"keras.layers\", \"class_name\": \"InputLayer\", "
				 "\"config\": {\"batch_shape\": [null, 28, 28], "
				 "\"dtype\": \"float32\", \"sparse\": false, \"name\": \"in\"}, \"registered_name\": "
				 "null, \"name\": \"in\", \"inbound_nodes\": []}, "
				 "{\"module\": \"keras.src.ops.numpy\", \"class_name\": \"Mean\", \"config\": "
				 "{\"name\": \"mean\"}, \"registered_name\": "
				 "\"Mean\", \"name\": \"mean\", \"inbound_nodes\": [{\"args\": [{\"class_name\": "
				 "\"__keras_tensor__\", \"config\": {\"shape\": "
				 "[null, 28, 28], \"dtype\": \"float32\", \"keras_history\": [\"in\", 0, 0]}}], "
				 "\"kwargs\": {\"axis\": 1}}]}], \"input_layers\": "
				 "[[\"in\", 0, 0]], \"output_layers\": [[\"mean\", 0, 0]]}, \"registered_name\": "
				 "\"Functional\", \"build_config\": "
				 "{\"input_shape\": null}, \"compile_config\": {\"optimizer\": {\"module\": "
				 "\"keras.optimizers\", \"class_name\": \"Adam\", "
				 "\"config\": {\"name\": \"adam\", \"learning_rate\": {\"module\": "
				 "\"keras.optimizers.schedules\", \"class_name\": "
				 "\"ExponentialDecay\", \"config\": {\"initial_learning_rate\": 0.01}, "
				 "\"registered_name\": null}}, \"registered_name\": null}, "
				 "\"loss\": {\"module\": \"keras.losses\", \"class_name\": "
				 "\"SparseCategoricalCrossentropy\", \"config\": {\"from_logits\": true, "
				 "\"fn\": {\"module\": \"builtins\", \"class_name\": \"function\", \"config\": "
				 "\"sparse_categorical_crossentropy\", "
				 "\"registered_name\": \"function\"}}, \"registered_name\": null}, \"metrics\": "
				 "[\"accuracy\", {\"module\": \"keras.metrics\", "
				 "\"class_name\": \"MeanMetricWrapper\", \"config\": {\"name\": \"a\", \"fn\": "
				 "{\"module\": \"builtins\", \"class_name\": "
				 "\"function\", \"config\": \"binary_accuracy\", \"registered_name\": "
				 "\"binary_accuracy\"}}, \"registered_name\": null}]}}";

static const char keras2[] = "{\"class_name\": \"Functional\", \"keras_version\": \"2.9.0\", \"backend\": "
			     "\"tensorflow\", \"config\": {\"name\": \"m\", "
			     "\"layers\": [{\"class_name\": \"InputLayer\", \"config\": {\"batch_input_shape\": [null, "
			     "4], \"name\": \"i\"}, \"name\": \"i\", "
			     "\"inbound_nodes\": []}, {\"class_name\": \"TFOpLambda\", \"config\": {\"name\": "
			     "\"tf.cast\", \"function\": \"cast\"}, \"name\": "
			     "\"tf.cast\", \"inbound_nodes\": [[\"i\", 0, 0, {\"dtype\": \"float32\"}]]}, "
			     "{\"class_name\": \"SlicingOpLambda\", \"config\": "
			     "{\"function\": \"__operators__.getitem\"}, \"name\": \"s\", \"inbound_nodes\": []}, "
			     "{\"class_name\": \"Bidirectional\", "
			     "\"config\": {\"layer\": {\"class_name\": \"LSTM\", \"config\": {\"units\": 8, "
			     "\"activation\": \"tanh\", \"kernel_initializer\": "
			     "{\"class_name\": \"GlorotUniform\", \"config\": {\"seed\": null}, \"shared_object_id\": "
			     "3}}}, \"merge_mode\": \"concat\"}, "
			     "\"inbound_nodes\": []}], \"input_layers\": [[\"i\", 0, 0]]}}";

static void whole_models(void **state)
{
	(void)state;
	assert_int_equal(expect("Keras 3", functional, GH_CLEAN, NULL) + expect("Keras 2", keras2, GH_CLEAN, NULL), 0);
}

static void places(void **state)
{
	(void)state;
	static const struct {
		const char *module;
		enum gh_keras_place place;
		const char *area;
	} rows[] = {
		{ "", GH_KERAS_NONE, "" },
		{ "keras", GH_KERAS_OWN, "" },
		{ "keras.layers", GH_KERAS_OWN, "layers" },
		{ "keras.src.layers.core.dense", GH_KERAS_OWN, "layers" },
		{ "tensorflow.python.keras.engine.sequential", GH_KERAS_OWN, "engine" },
		{ "tf_keras.src.utils", GH_KERAS_OWN, "utils" },
		{ "tensorflow", GH_KERAS_ELSEWHERE, "" },
		{ "tensorflow.io", GH_KERAS_ELSEWHERE, "" },
		{ "kerasx", GH_KERAS_ELSEWHERE, "" },
		{ "builtins", GH_KERAS_USER, "" },
		{ "keras_cv.layers", GH_KERAS_FRIEND, "" },
		{ "numpy", GH_KERAS_ELSEWHERE, "" },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_span area;
		assert_int_equal(gh_keras_place(gh_span_str(rows[i].module), &area), rows[i].place);
		assert_true(gh_span_is(area, rows[i].area));
	}
	assert_true(gh_keras_class(GH_SPAN("layers"), GH_SPAN("Dense")));
	assert_false(gh_keras_class(GH_SPAN("losses"), GH_SPAN("Dense")));
	assert_false(gh_keras_class(GH_SPAN("layers"), GH_SPAN("Lambda")));
	assert_false(gh_keras_function(GH_SPAN("get_file")));
	assert_true(gh_keras_tf_operation(GH_SPAN("nn.relu")));
	assert_true(gh_keras_tf_operation(GH_SPAN("compat.v1.nn.conv2d")));
	assert_true(gh_keras_tf_operation(GH_SPAN("io.decode_jpeg")));
	assert_false(gh_keras_tf_operation(GH_SPAN("io.read_file")));
	assert_true(gh_keras_tf_harmful(GH_SPAN("compat.v1.py_func")));
	assert_false(gh_keras_tf_harmful(GH_SPAN("hyper_sum")));
	assert_false(gh_keras_tf_operation(GH_SPAN("raw_ops.WriteFile")));
	assert_false(gh_keras_tf_operation(GH_SPAN("py_function")));
}

/* ---- the archive --------------------------------------------------------------------------------------------------- */

#define META { "metadata.json", GH_SPAN("{\"keras_version\": \"3.5.0\", \"date_saved\": \"2026-01-01\"}"), false }
#define CONFIG { "config.json", GH_SPAN(SEQ(DENSE("\"relu\""))), true }

static void archives(void **state)
{
	(void)state;
	static const struct {
		const char *what;
		struct gh_test_member file[4];
		size_t n;
		const char *has, *hasnot;
	} rows[] = {
		{ "as it is written", { META, CONFIG }, 2, "package PyPI \"keras\" \"3.5.0\"", "anomaly" },
		{ "with assets",
		  { META, CONFIG, { "assets/layers/x/vocabulary.txt", GH_SPAN("a\nb\n"), false } },
		  3,
		  "member \"assets/layers/x/vocabulary.txt\"",
		  "anomaly" },
		{ "with a script",
		  { META, CONFIG, { "evil.py", GH_SPAN("import os\n"), false } },
		  3,
		  "GH-KER-0001",
		  NULL },
		{ "without a configuration",
		  { META, { "model.weights.h5", GH_SPAN("x"), false } },
		  2,
		  "GH-KER-0002",
		  NULL },
		{ "two configurations", { META, CONFIG, CONFIG }, 3, "GH-KER-0003", NULL },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_test_bytes b = { 0 };
		struct gh_events ev;
		gh_test_zip(&b, rows[i].file, rows[i].n);
		gh_events_walk(&ev, &gh_fmt_keras, gh_test_view(&b), "m.keras", true);
		if ((rows[i].has != NULL && !gh_events_has(&ev, rows[i].has)) ||
		    (rows[i].hasnot != NULL && gh_events_has(&ev, rows[i].hasnot)))
			fail_msg("%s: rc %d\n%s", rows[i].what, ev.rc, gh_buf_cstr(&ev.log));
		gh_events_free(&ev);
		gh_test_free(&b);
	}
	struct gh_test_bytes other = { 0 };
	struct gh_test_member plain[] = { { "config.json", GH_SPAN("{}"), false }, { "a.txt", GH_SPAN("a"), false } };
	struct gh_events ev;
	gh_test_zip(&other, plain, 2);
	gh_events_walk(&ev, &gh_fmt_keras, gh_test_view(&other), "m.zip", false);
	assert_int_equal(ev.rc, GH_E_NOTTHIS);
	gh_events_free(&ev);
	gh_test_free(&other);
}

static void samples(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		enum gh_verdict verdict;
	} rows[] = {
		{ "benign/keras/keras-002.keras", GH_CLEAN },	  { "malicious/keras/keras-001.keras", GH_UNSAFE },
		{ "malicious/keras/keras-002.keras", GH_UNSAFE }, { "malicious/keras/keras-003.keras", GH_UNSAFE },
		{ "malicious/keras/keras-004.keras", GH_UNSAFE }, { "malicious/keras/keras-005.keras", GH_UNSAFE },
	};
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		char path[200];
		struct gh_test_judged j;
		(void)snprintf(path, sizeof path, "../shared/corpus/%s", rows[i].path);
		struct gh_span in = gh_test_file(path);
		if (in.p == NULL) {
			print_message("skipped: %s is not here\n", path);
			skip();
		}
		gh_test_judge(&j, in, rows[i].path);
		if (j.verdict != rows[i].verdict)
			fail_msg("%s: %d\n%s", path, (int)j.verdict, j.all);
		free((void *)(uintptr_t)in.p);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects),	cmocka_unit_test(judged), cmocka_unit_test(every_layer),
		cmocka_unit_test(whole_models), cmocka_unit_test(places), cmocka_unit_test(archives),
		cmocka_unit_test(samples),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
