/* The messages of onnx/onnx.proto with every field that a released version ever had, deprecated ones of version 1
 * included; and the outline of a model by which it is recognised. */
#include "format/onnx/onnx.h"

#define INT(n, id) { n, GH_PS_INT, 0, id, NULL }
#define INTS(n, id) { n, GH_PS_INT, GH_PS_REPEATED, id, NULL }
#define NAME(n, id) { n, GH_PS_NAME, 0, id, NULL }
#define NAMES(n, id) { n, GH_PS_NAME, GH_PS_REPEATED, id, NULL }
#define TEXT(n, id) { n, GH_PS_TEXT, 0, id, NULL }
#define MSG(n, id, m) { n, GH_PS_MSG, 0, id, &m }
#define MSGS(n, id, m) { n, GH_PS_MSG, GH_PS_REPEATED, id, &m }
#define ONE(n, id, m) { n, GH_PS_MSG, GH_PS_ONEOF(1), id, &m }
#define END { 0 }

static const struct gh_ps_msg graph, node, attribute, type;

static const struct gh_ps_field f_entry[] = { NAME(1, ONNX_KEY), TEXT(2, ONNX_VALUE), END };
static const struct gh_ps_msg entry = { "StringStringEntryProto", f_entry };

static const struct gh_ps_field f_opset[] = { NAME(1, ONNX_NONE), INT(2, ONNX_NONE), END };
static const struct gh_ps_msg opset = { "OperatorSetIdProto", f_opset };

static const struct gh_ps_field f_segment[] = { INT(1, ONNX_NONE), INT(2, ONNX_NONE), END };
static const struct gh_ps_msg segment = { "TensorProto.Segment", f_segment };

static const struct gh_ps_field f_tensor[] = {
	INTS(1, ONNX_DIMS),
	INT(2, ONNX_TYPE),
	MSG(3, ONNX_SEGMENT, segment),
	{ 4, GH_PS_F32, GH_PS_REPEATED, ONNX_FLOATS, NULL },
	INTS(5, ONNX_INT32S),
	{ 6, GH_PS_BYTES, GH_PS_REPEATED, ONNX_STRINGS, NULL },
	INTS(7, ONNX_INT64S),
	NAME(8, ONNX_TENSOR_NAME),
	{ 9, GH_PS_BYTES, 0, ONNX_RAW, NULL },
	{ 10, GH_PS_F64, GH_PS_REPEATED, ONNX_DOUBLES, NULL },
	INTS(11, ONNX_UINT64S),
	TEXT(12, ONNX_NOTE),
	MSGS(13, ONNX_EXTERNAL, entry),
	INT(14, ONNX_LOCATION),
	MSGS(16, ONNX_META_NOTE, entry),
	END,
};
static const struct gh_ps_msg tensor = { "TensorProto", f_tensor };
const struct gh_ps_msg onnx_tensor_proto = { "TensorProto", f_tensor };

static const struct gh_ps_field f_sparse[] = {
	MSG(1, ONNX_INITIALIZER, tensor),
	MSG(2, ONNX_TENSOR, tensor),
	INTS(3, ONNX_NONE),
	END,
};
static const struct gh_ps_msg sparse = { "SparseTensorProto", f_sparse };

/* ---- types ---- */

static const struct gh_ps_field f_dim[] = {
	{ 1, GH_PS_INT, GH_PS_ONEOF(1), ONNX_NONE, NULL },
	{ 2, GH_PS_NAME, GH_PS_ONEOF(1), ONNX_NONE, NULL },
	NAME(3, ONNX_NONE),
	END,
};
static const struct gh_ps_msg dim = { "TensorShapeProto.Dimension", f_dim };
static const struct gh_ps_field f_shape[] = { MSGS(1, ONNX_NONE, dim), END };
static const struct gh_ps_msg shape = { "TensorShapeProto", f_shape };
static const struct gh_ps_field f_type_tensor[] = { INT(1, ONNX_NONE), MSG(2, ONNX_NONE, shape), END };
static const struct gh_ps_msg type_tensor = { "TypeProto.Tensor", f_type_tensor };
static const struct gh_ps_field f_type_of[] = { MSG(1, ONNX_NONE, type), END };
static const struct gh_ps_msg type_of = { "TypeProto.Sequence", f_type_of };
static const struct gh_ps_field f_type_map[] = { INT(1, ONNX_NONE), MSG(2, ONNX_NONE, type), END };
static const struct gh_ps_msg type_map = { "TypeProto.Map", f_type_map };
static const struct gh_ps_field f_type_opaque[] = { NAME(1, ONNX_NONE), NAME(2, ONNX_NONE), END };
static const struct gh_ps_msg type_opaque = { "TypeProto.Opaque", f_type_opaque };
static const struct gh_ps_field f_type[] = {
	ONE(1, ONNX_NONE, type_tensor), ONE(4, ONNX_NONE, type_of),	ONE(5, ONNX_NONE, type_map), NAME(6, ONNX_NONE),
	ONE(7, ONNX_NONE, type_opaque), ONE(8, ONNX_NONE, type_tensor), ONE(9, ONNX_NONE, type_of),  END,
};
static const struct gh_ps_msg type = { "TypeProto", f_type };

static const struct gh_ps_field f_value[] = {
	NAME(1, ONNX_NONE), MSG(2, ONNX_NONE, type), TEXT(3, ONNX_NOTE), MSGS(4, ONNX_META_NOTE, entry), END,
};
static const struct gh_ps_msg value = { "ValueInfoProto", f_value };

/* ---- nodes ---- */

static const struct gh_ps_field f_attribute[] = {
	NAME(1, ONNX_ATTR_NAME),
	{ 2, GH_PS_F32, 0, ONNX_ATTR_F, NULL },
	INT(3, ONNX_ATTR_I),
	{ 4, GH_PS_BYTES, 0, ONNX_ATTR_S, NULL },
	MSG(5, ONNX_ATTR_T, tensor),
	MSG(6, ONNX_ATTR_G, graph),
	{ 7, GH_PS_F32, GH_PS_REPEATED, ONNX_ATTR_FLOATS, NULL },
	INTS(8, ONNX_ATTR_INTS),
	{ 9, GH_PS_BYTES, GH_PS_REPEATED, ONNX_ATTR_STRINGS, NULL },
	MSGS(10, ONNX_ATTR_TENSORS, tensor),
	MSGS(11, ONNX_ATTR_GRAPHS, graph),
	TEXT(13, ONNX_NOTE),
	MSG(14, ONNX_ATTR_TP, type),
	MSGS(15, ONNX_ATTR_TPS, type),
	INT(20, ONNX_ATTR_TYPE),
	NAME(21, ONNX_ATTR_REF),
	MSG(22, ONNX_ATTR_SPARSE, sparse),
	MSGS(23, ONNX_ATTR_SPARSES, sparse),
	END,
};
static const struct gh_ps_msg attribute = { "AttributeProto", f_attribute };

static const struct gh_ps_field f_simple_sharded[] = { INT(1, ONNX_NONE), NAME(2, ONNX_NONE), INT(3, ONNX_NONE), END };
static const struct gh_ps_msg simple_sharded = { "SimpleShardedDimProto", f_simple_sharded };
static const struct gh_ps_field f_sharded[] = { INT(1, ONNX_NONE), MSGS(2, ONNX_NONE, simple_sharded), END };
static const struct gh_ps_msg sharded = { "ShardedDimProto", f_sharded };
static const struct gh_ps_field f_int_map[] = { INT(1, ONNX_NONE), INTS(2, ONNX_NONE), END };
static const struct gh_ps_msg int_map = { "IntIntListEntryProto", f_int_map };
static const struct gh_ps_field f_sharding[] = {
	NAME(1, ONNX_NONE), INTS(2, ONNX_NONE), MSGS(3, ONNX_NONE, int_map), MSGS(4, ONNX_NONE, sharded), END,
};
static const struct gh_ps_msg sharding = { "ShardingSpecProto", f_sharding };
static const struct gh_ps_field f_node_device[] = { NAME(1, ONNX_NONE), MSGS(2, ONNX_NONE, sharding), INT(3, ONNX_NONE),
						    END };
static const struct gh_ps_msg node_device = { "NodeDeviceConfigurationProto", f_node_device };

static const struct gh_ps_field f_node[] = {
	NAMES(1, ONNX_IN),
	NAMES(2, ONNX_OUT),
	NAME(3, ONNX_NONE),
	NAME(4, ONNX_OP),
	MSGS(5, ONNX_ATTR, attribute),
	TEXT(6, ONNX_NOTE),
	NAME(7, ONNX_DOMAIN),
	NAME(8, ONNX_OVERLOAD),
	MSGS(9, ONNX_META_NOTE, entry),
	MSGS(10, ONNX_NONE, node_device),
	END,
};
static const struct gh_ps_msg node = { "NodeProto", f_node };

/* ---- graphs and models ---- */

static const struct gh_ps_field f_annotation[] = { NAME(1, ONNX_NONE), MSGS(2, ONNX_PAIR, entry), END };
static const struct gh_ps_msg annotation = { "TensorAnnotation", f_annotation };

static const struct gh_ps_field f_graph[] = {
	MSGS(1, ONNX_NODE, node),
	NAME(2, ONNX_NONE),
	NAMES(3, ONNX_NONE), /* inputs and outputs of IR version 1 */
	NAMES(4, ONNX_NONE),
	MSGS(5, ONNX_INITIALIZER, tensor),
	TEXT(10, ONNX_DOC),
	MSGS(11, ONNX_NONE, value),
	MSGS(12, ONNX_NONE, value),
	MSGS(13, ONNX_NONE, value),
	MSGS(14, ONNX_NONE, annotation),
	MSGS(15, ONNX_NONE, sparse),
	MSGS(16, ONNX_META, entry),
	END,
};
static const struct gh_ps_msg graph = { "GraphProto", f_graph };

static const struct gh_ps_field f_function[] = {
	NAME(1, ONNX_FUNC_NAME),
	INT(2, ONNX_NONE), /* since_version and status of IR version 7 */
	INT(3, ONNX_NONE),
	NAMES(4, ONNX_NONE),
	NAMES(5, ONNX_NONE),
	NAMES(6, ONNX_NONE),
	MSGS(7, ONNX_NODE, node),
	TEXT(8, ONNX_DOC),
	MSGS(9, ONNX_NONE, opset),
	NAME(10, ONNX_FUNC_DOMAIN),
	MSGS(11, ONNX_ATTR, attribute),
	MSGS(12, ONNX_NONE, value),
	NAME(13, ONNX_FUNC_OVERLOAD),
	MSGS(14, ONNX_META, entry),
	END,
};
static const struct gh_ps_msg function = { "FunctionProto", f_function };

static const struct gh_ps_field f_training[] = {
	MSG(1, ONNX_GRAPH, graph), MSG(2, ONNX_GRAPH, graph), MSGS(3, ONNX_PAIR, entry), MSGS(4, ONNX_PAIR, entry), END,
};
static const struct gh_ps_msg training = { "TrainingInfoProto", f_training };

static const struct gh_ps_field f_device[] = { NAME(1, ONNX_NONE), INT(2, ONNX_NONE), NAMES(3, ONNX_NONE), END };
static const struct gh_ps_msg device = { "DeviceConfigurationProto", f_device };

static const struct gh_ps_field f_model[] = {
	INT(1, ONNX_NONE),
	NAME(2, ONNX_PRODUCER),
	NAME(3, ONNX_PRODUCER_VERSION),
	NAME(4, ONNX_NONE),
	INT(5, ONNX_NONE),
	TEXT(6, ONNX_DOC),
	MSG(7, ONNX_GRAPH, graph),
	MSGS(8, ONNX_NONE, opset),
	MSGS(14, ONNX_META, entry),
	MSGS(20, ONNX_NONE, training),
	MSGS(25, ONNX_FUNCTION, function),
	MSGS(26, ONNX_NONE, device),
	NAMES(30, ONNX_NONE), /* global_mutable_initializer_name of drafts */
	END,
};
const struct gh_ps_msg onnx_model = { "ModelProto", f_model };

/* ---- the outline of a model ---- */

#define V (1u << GH_PB_VARINT)
#define L (1u << GH_PB_LEN)
static const struct gh_pb_shape o_opset[] = { { 1, L, 0, NULL, 0 }, { 2, V, 0, NULL, 0 }, { 0 } };
static const struct gh_pb_shape o_entry[] = { { 1, L, 0, NULL, 0 }, { 2, L, 0, NULL, 0 }, { 0 } };
static const struct gh_pb_shape o_value[] = {
	{ 1, L, 0, NULL, 0 }, { 2, L, 0, NULL, 0 }, { 3, L, 0, NULL, 0 }, { 4, L, 0, NULL, 0 }, { 0 },
};
static const struct gh_pb_shape o_tensor[] = {
	{ 1, V | L, 0, NULL, 0 },
	{ 2, V, 0, NULL, 0 },
	{ 3, L, 0, NULL, 0 },
	{ 4, L | 1u << GH_PB_I32, 0, NULL, 0 },
	{ 5, V | L, 0, NULL, 0 },
	{ 6, L, 0, NULL, 0 },
	{ 7, V | L, 0, NULL, 0 },
	{ 8, L, 0, NULL, 0 },
	{ 9, L, 0, NULL, 0 },
	{ 10, L | 1u << GH_PB_I64, 0, NULL, 0 },
	{ 11, V | L, 0, NULL, 0 },
	{ 12, L, 0, NULL, 0 },
	{ 13, L, GH_PB_MSG, o_entry, 0 },
	{ 14, V, 0, NULL, 0 },
	{ 16, L, GH_PB_MSG, o_entry, 0 },
	{ 0 },
};
static const struct gh_pb_shape o_node[] = {
	{ 1, L, 0, NULL, 0 },
	{ 2, L, 0, NULL, 0 },
	{ 3, L, 0, NULL, 0 },
	{ 4, L, 0, NULL, 0 },
	{ 5, L, 0, NULL, 0 },
	{ 6, L, 0, NULL, 0 },
	{ 7, L, 0, NULL, 0 },
	{ 8, L, 0, NULL, 0 },
	{ 9, L, 0, NULL, 0 },
	{ 10, L, 0, NULL, 0 },
	{ 0 },
};
static const struct gh_pb_shape o_graph[] = {
	{ 1, L, GH_PB_MSG, o_node, 0 },
	{ 2, L, 0, NULL, 0 },
	{ 3, L, 0, NULL, 0 },
	{ 4, L, 0, NULL, 0 },
	{ 5, L, GH_PB_MSG, o_tensor, 0 },
	{ 10, L, 0, NULL, 0 },
	{ 11, L, GH_PB_MSG, o_value, 0 },
	{ 12, L, GH_PB_MSG, o_value, 0 },
	{ 13, L, GH_PB_MSG, o_value, 0 },
	{ 14, L, 0, NULL, 0 },
	{ 15, L, 0, NULL, 0 },
	{ 16, L, GH_PB_MSG, o_entry, 0 },
	{ 0 },
};
const struct gh_pb_shape onnx_shape[] = {
	{ 7, L, GH_PB_MSG, o_graph, 0 }, /* the probe asks for the first three by their place */
	{ 1, V, 0, NULL, 1 << 16 },
	{ 8, L, GH_PB_MSG, o_opset, 0 },
	{ 2, L, 0, NULL, 0 },
	{ 3, L, 0, NULL, 0 },
	{ 4, L, 0, NULL, 0 },
	{ 5, V, 0, NULL, 0 },
	{ 6, L, 0, NULL, 0 },
	{ 14, L, GH_PB_MSG, o_entry, 0 },
	{ 20, L, 0, NULL, 0 },
	{ 25, L, 0, NULL, 0 },
	{ 26, L, 0, NULL, 0 },
	{ 30, L, 0, NULL, 0 },
	{ 0 },
};
/* A tensor by itself: the probe asks for the first six and the last by their place. */
const struct gh_pb_shape onnx_tensor_shape[] = {
	{ 2, V, 0, NULL, 64 },
	{ 9, L, 0, NULL, 0 },
	{ 4, L | 1u << GH_PB_I32, 0, NULL, 0 },
	{ 5, V | L, 0, NULL, 0 },
	{ 7, V | L, 0, NULL, 0 },
	{ 10, L | 1u << GH_PB_I64, 0, NULL, 0 },
	{ 1, V | L, 0, NULL, 0 },
	{ 6, L, 0, NULL, 0 },
	{ 8, L, GH_PB_NAME, NULL, 0 },
	{ 11, V | L, 0, NULL, 0 },
	{ 12, L, GH_PB_TEXT, NULL, 0 },
	{ 14, V, 0, NULL, 1 },
	{ 13, L, GH_PB_MSG, o_entry, 0 },
	{ 0 },
};
