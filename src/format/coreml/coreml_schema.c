/* The messages of Core ML that matter here; see fmt_coreml.c. Specification: coremltools, mlmodel/format/ (Model.proto,
 * NeuralNetwork.proto, MIL.proto, CustomModel.proto, LinkedModel.proto). */
#include "format/coreml/coreml.h"

#define INT(n) { n, GH_PS_INT, 0, COREML_NONE, NULL }
#define NAME(n, id) { n, GH_PS_NAME, 0, id, NULL }
#define NAMES(n) { n, GH_PS_NAME, GH_PS_REPEATED, COREML_NONE, NULL }
#define TEXT(n, id) { n, GH_PS_TEXT, 0, id, NULL }
#define ANY(n) { n, GH_PS_ANY, GH_PS_REPEATED, COREML_NONE, NULL }
#define MSG(n, id, m) { n, GH_PS_MSG, 0, id, &m }
#define MSGS(n, id, m) { n, GH_PS_MSG, GH_PS_REPEATED, id, &m }
#define KIND(n, id, m) { n, GH_PS_MSG, GH_PS_ONEOF(1), id, &m }
#define PLAIN(n) { n, GH_PS_ANY, GH_PS_ONEOF(1), COREML_MODEL, NULL }
#define END { 0 }

static const struct gh_ps_msg network, block, mil_value, mil_type;

static const struct gh_ps_field f_entry[] = { NAME(1, COREML_KEY), TEXT(2, COREML_VALUE), END };
static const struct gh_ps_msg entry = { "Metadata.userDefined", f_entry };
static const struct gh_ps_field f_metadata[] = {
	TEXT(1, COREML_TEXT), TEXT(2, COREML_TEXT),	     TEXT(3, COREML_TEXT),
	TEXT(4, COREML_TEXT), MSGS(100, COREML_META, entry), END,
};
static const struct gh_ps_msg metadata = { "Metadata", f_metadata };
static const struct gh_ps_field f_feature[] = { NAME(1, COREML_NONE), TEXT(2, COREML_TEXT), ANY(3), END };
static const struct gh_ps_msg feature = { "FeatureDescription", f_feature };
static const struct gh_ps_field f_function[] = {
	NAME(1, COREML_NONE),
	MSGS(2, COREML_NONE, feature),
	MSGS(3, COREML_NONE, feature),
	NAME(4, COREML_NONE),
	NAME(5, COREML_NONE),
	MSGS(6, COREML_NONE, feature),
	END,
};
static const struct gh_ps_msg function_description = { "FunctionDescription", f_function };
static const struct gh_ps_field f_description[] = {
	MSGS(1, COREML_NONE, feature),
	MSGS(10, COREML_NONE, feature),
	NAME(11, COREML_NONE),
	NAME(12, COREML_NONE),
	MSGS(13, COREML_NONE, feature), /* state */
	MSGS(20, COREML_NONE, function_description),
	NAME(21, COREML_NONE),
	MSGS(50, COREML_NONE, feature),
	MSG(100, COREML_NONE, metadata),
	END,
};
static const struct gh_ps_msg description = { "ModelDescription", f_description };

/* ---- networks ---- */

static const struct gh_ps_field f_custom_layer[] = { NAME(10, COREML_CLASS), ANY(20), ANY(30), TEXT(40, COREML_TEXT),
						     END };
static const struct gh_ps_msg custom_layer = { "CustomLayerParams", f_custom_layer };
static const struct gh_ps_field f_branch[] = { MSG(1, COREML_NONE, network), MSG(2, COREML_NONE, network), END };
static const struct gh_ps_msg branch = { "BranchLayerParams", f_branch };
static const struct gh_ps_field f_loop[] = {
	INT(1), NAME(2, COREML_NONE), MSG(3, COREML_NONE, network), MSG(4, COREML_NONE, network), END,
};
static const struct gh_ps_msg loop = { "LoopLayerParams", f_loop };
static const struct gh_ps_field f_layer[] = {
	NAME(1, COREML_LAYER_NAME),
	NAMES(2),
	NAMES(3),
	ANY(4),
	ANY(5),
	INT(10),
	KIND(500, COREML_CUSTOM_LAYER, custom_layer),
	KIND(605, COREML_NONE, branch),
	KIND(615, COREML_NONE, loop),
	{ GH_PS_OTHER, GH_PS_ANY, GH_PS_ONEOF(1), COREML_NONE, NULL },
	END,
};
static const struct gh_ps_msg layer = { "NeuralNetworkLayer", f_layer };
static const struct gh_ps_field f_network[] = {
	MSGS(1, COREML_LAYER, layer), ANY(2), INT(5), INT(6), ANY(10), ANY(100), ANY(101), NAME(200, COREML_NONE), END,
};
static const struct gh_ps_msg network = { "NeuralNetwork", f_network };

/* ---- ML programs ---- */

static const struct gh_ps_field f_named_type[] = { NAME(1, COREML_NONE), MSG(2, COREML_NONE, mil_type), END };
static const struct gh_ps_msg named_type = { "NamedValueType", f_named_type };
static const struct gh_ps_field f_mil_type[] = { ANY(1), ANY(2), ANY(3), ANY(4), ANY(5), END };
static const struct gh_ps_msg mil_type = { "ValueType", f_mil_type };
static const struct gh_ps_field f_blob[] = { NAME(1, COREML_FILE), INT(2), END };
static const struct gh_ps_msg blob = { "BlobFileValue", f_blob };
static const struct gh_ps_field f_values[] = { MSGS(1, COREML_NONE, mil_value), END };
static const struct gh_ps_msg values = { "TupleValue", f_values };
static const struct gh_ps_field f_pair[] = { MSG(1, COREML_NONE, mil_value), MSG(2, COREML_NONE, mil_value), END };
static const struct gh_ps_msg pair = { "KeyValuePair", f_pair };
static const struct gh_ps_field f_dictionary[] = { MSGS(1, COREML_NONE, pair), END };
static const struct gh_ps_msg dictionary = { "DictionaryValue", f_dictionary };
static const struct gh_ps_field f_immediate[] = {
	{ 1, GH_PS_ANY, GH_PS_ONEOF(1), COREML_NONE, NULL },
	KIND(2, COREML_NONE, values),
	KIND(3, COREML_NONE, values),
	KIND(4, COREML_NONE, dictionary),
	END,
};
static const struct gh_ps_msg immediate = { "ImmediateValue", f_immediate };
static const struct gh_ps_field f_mil_value[] = {
	TEXT(1, COREML_TEXT),
	MSG(2, COREML_NONE, mil_type),
	KIND(3, COREML_NONE, immediate),
	KIND(5, COREML_BLOB, blob),
	END,
};
static const struct gh_ps_msg mil_value = { "Value", f_mil_value };
static const struct gh_ps_field f_attribute[] = { NAME(1, COREML_NONE), MSG(2, COREML_NONE, mil_value), END };
static const struct gh_ps_msg attribute = { "attributes", f_attribute };
static const struct gh_ps_field f_binding[] = {
	{ 1, GH_PS_NAME, GH_PS_ONEOF(1), COREML_NONE, NULL },
	KIND(2, COREML_NONE, mil_value),
	END,
};
static const struct gh_ps_msg binding = { "Argument.Binding", f_binding };
static const struct gh_ps_field f_argument[] = { MSGS(1, COREML_NONE, binding), END };
static const struct gh_ps_msg argument = { "Argument", f_argument };
static const struct gh_ps_field f_input[] = { NAME(1, COREML_NONE), MSG(2, COREML_NONE, argument), END };
static const struct gh_ps_msg input = { "Operation.inputs", f_input };
static const struct gh_ps_field f_operation[] = {
	NAME(1, COREML_LAYER_NAME),  MSGS(2, COREML_NONE, input),     MSGS(3, COREML_NONE, named_type),
	MSGS(4, COREML_NONE, block), MSGS(5, COREML_NONE, attribute), END,
};
static const struct gh_ps_msg operation = { "Operation", f_operation };
static const struct gh_ps_field f_block[] = {
	MSGS(1, COREML_NONE, named_type), NAMES(2), MSGS(3, COREML_LAYER, operation),
	MSGS(4, COREML_NONE, attribute),  END,
};
static const struct gh_ps_msg block = { "Block", f_block };
static const struct gh_ps_field f_special[] = { NAME(1, COREML_NONE), MSG(2, COREML_NONE, block), END };
static const struct gh_ps_msg specialization = { "Function.block_specializations", f_special };
static const struct gh_ps_field f_mil_function[] = {
	MSGS(1, COREML_NONE, named_type),
	NAME(2, COREML_NONE),
	MSGS(3, COREML_NONE, specialization),
	MSGS(4, COREML_NONE, attribute),
	END,
};
static const struct gh_ps_msg mil_function = { "Function", f_mil_function };
static const struct gh_ps_field f_functions[] = { NAME(1, COREML_NONE), MSG(2, COREML_NONE, mil_function), END };
static const struct gh_ps_msg functions = { "Program.functions", f_functions };
static const struct gh_ps_field f_program[] = {
	INT(1), MSGS(2, COREML_NONE, functions), TEXT(3, COREML_TEXT), MSGS(4, COREML_NONE, attribute), END,
};
static const struct gh_ps_msg program = { "Program", f_program };

/* ---- models ---- */

static const struct gh_ps_field f_custom_model[] = { NAME(10, COREML_CLASS), ANY(30), TEXT(40, COREML_TEXT), END };
static const struct gh_ps_msg custom_model = { "CustomModel", f_custom_model };
static const struct gh_ps_field f_string_parameter[] = { NAME(1, COREML_FILE), ANY(10), END };
static const struct gh_ps_msg string_parameter = { "StringParameter", f_string_parameter };
static const struct gh_ps_field f_linked_file[] = {
	MSG(1, COREML_LINKED_FILE, string_parameter),
	MSG(2, COREML_LINKED_FILE, string_parameter),
	END,
};
static const struct gh_ps_msg linked_file = { "LinkedModelFile", f_linked_file };
static const struct gh_ps_field f_linked[] = { MSG(1, COREML_NONE, linked_file), END };
static const struct gh_ps_msg linked = { "LinkedModel", f_linked };
static const struct gh_ps_field f_pipeline[] = { MSGS(1, COREML_NONE, coreml_model), NAMES(2), END };
static const struct gh_ps_msg pipeline = { "Pipeline", f_pipeline };
static const struct gh_ps_field f_pipeline_of[] = { MSG(1, COREML_NONE, pipeline), END };
static const struct gh_ps_msg pipeline_of = { "PipelineClassifier", f_pipeline_of };
static const struct gh_ps_field f_serialized[] = { NAME(1, COREML_NONE),
						   { 2, GH_PS_BYTES, 0, COREML_BYTES, NULL },
						   END };
static const struct gh_ps_msg serialized = { "SerializedModel", f_serialized };

static const struct gh_ps_field f_model[] = {
	INT(1),
	MSG(2, COREML_NONE, description),
	INT(10),
	KIND(200, COREML_MODEL, pipeline_of),
	KIND(201, COREML_MODEL, pipeline_of),
	KIND(202, COREML_MODEL, pipeline),
	PLAIN(300),
	PLAIN(301),
	PLAIN(302),
	KIND(303, COREML_MODEL, network),
	PLAIN(304),
	PLAIN(400),
	PLAIN(401),
	PLAIN(402),
	KIND(403, COREML_MODEL, network),
	PLAIN(404),
	KIND(500, COREML_MODEL, network),
	PLAIN(501),
	KIND(502, COREML_MODEL, program),
	KIND(555, COREML_CUSTOM_MODEL, custom_model),
	KIND(556, COREML_LINKED, linked),
	PLAIN(560),
	PLAIN(600),
	PLAIN(601),
	PLAIN(602),
	PLAIN(603),
	PLAIN(604),
	PLAIN(606),
	PLAIN(607),
	PLAIN(609),
	PLAIN(610),
	PLAIN(900),
	PLAIN(2000),
	PLAIN(2001),
	PLAIN(2002),
	PLAIN(2003),
	PLAIN(2004),
	PLAIN(2005),
	PLAIN(2006),
	KIND(3000, COREML_MODEL, serialized),
	END,
};
const struct gh_ps_msg coreml_model = { "Model", f_model };

/* ---- the outline of a model ---- */

#define L (1u << GH_PB_LEN)
#define O(n) { n, L, 0, NULL, 0 }
static const struct gh_pb_shape o_feature[] = { { 1, L, GH_PB_TEXT, NULL, 0 }, O(2), O(3), { 0 } };
static const struct gh_pb_shape o_description[] = {
	{ 1, L, GH_PB_MSG, o_feature, 0 },
	{ 10, L, GH_PB_MSG, o_feature, 0 },
	{ 11, L, GH_PB_TEXT, NULL, 0 },
	{ 12, L, GH_PB_TEXT, NULL, 0 },
	{ 13, L, GH_PB_MSG, o_feature, 0 },
	O(20),
	O(21),
	{ 50, L, GH_PB_MSG, o_feature, 0 },
	O(100),
	{ 0 },
};
const struct gh_pb_shape coreml_shape[] = {
	{ 1, 1u << GH_PB_VARINT, 0, NULL, 255 },
	{ 2, L, GH_PB_MSG, o_description, 0 },
	{ 10, 1u << GH_PB_VARINT, 0, NULL, 1 },
	O(200),
	O(201),
	O(202),
	O(300),
	O(301),
	O(302),
	O(303),
	O(304),
	O(400),
	O(401),
	O(402),
	O(403),
	O(404),
	O(500),
	O(501),
	O(502),
	O(555),
	O(556),
	O(560),
	O(600),
	O(601),
	O(602),
	O(603),
	O(604),
	O(606),
	O(607),
	O(609),
	O(610),
	O(900),
	O(2000),
	O(2001),
	O(2002),
	O(2003),
	O(2004),
	O(2005),
	O(2006),
	O(3000),
	{ 0 },
};
