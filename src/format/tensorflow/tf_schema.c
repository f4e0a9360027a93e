/* The messages of TensorFlow's files, field by field: see tf.h for where they are defined. */
#include "format/tensorflow/tf.h"

#define INT(n) { n, GH_PS_INT, 0, TF_ANY, NULL }
#define INTS(n) { n, GH_PS_INT, GH_PS_REPEATED, TF_ANY, NULL }
#define F32(n) { n, GH_PS_F32, 0, TF_ANY, NULL }
#define F64(n) { n, GH_PS_F64, 0, TF_ANY, NULL }
#define NAME(n) { n, GH_PS_NAME, 0, TF_ANY, NULL }
#define NAMES(n) { n, GH_PS_NAME, GH_PS_REPEATED, TF_ANY, NULL }
#define MSG(n, m) { n, GH_PS_MSG, 0, TF_ANY, &m }
#define MSGS(n, m) { n, GH_PS_MSG, GH_PS_REPEATED, TF_ANY, &m }
#define ONE GH_PS_ONEOF(1)
#define FIELDS(...) \
	.field = (const struct gh_ps_field[]) { __VA_ARGS__, { 0 } }
#define MESSAGE(id, title, ...) static const struct gh_ps_msg id = { title, FIELDS(__VA_ARGS__) }
#define MAP(id, title, value) MESSAGE(id, title, NAME(1), MSG(2, value))

static const struct gh_ps_msg attr_value, tensor, full_type, structured, tensor_info, variable;

/* ---- framework ---------------------------------------------------------------------------------------------------- */

MESSAGE(versions, "VersionDef", INT(1), INT(2), INTS(3));
MESSAGE(dim, "TensorShapeProto.Dim", { 1, GH_PS_INT, 0, TF_TENSOR_DIM, NULL }, NAME(2));
MESSAGE(shape, "TensorShapeProto", MSGS(2, dim), INT(3));
MESSAGE(dtype_and_shape, "ResourceHandleProto.DtypeAndShape", INT(1), MSG(2, shape));
MESSAGE(resource_handle, "ResourceHandleProto", NAME(1), NAME(2), NAME(3), INT(4), NAME(5), MSGS(6, dtype_and_shape));
MESSAGE(variant, "VariantTensorDataProto", NAME(1), { 2, GH_PS_BYTES, 0, TF_BLOB, NULL },
	{ 3, GH_PS_MSG, GH_PS_REPEATED, TF_TENSOR, &tensor });
static const struct gh_ps_msg tensor = {
	"TensorProto",
	FIELDS({ 1, GH_PS_INT, 0, TF_TENSOR_DTYPE, NULL }, MSG(2, shape), INT(3),
	       { 4, GH_PS_BYTES, 0, TF_TENSOR_CONTENT, NULL }, { 5, GH_PS_F32, GH_PS_REPEATED, TF_TENSOR_F32, NULL },
	       { 6, GH_PS_F64, GH_PS_REPEATED, TF_TENSOR_F64, NULL }, INTS(7),
	       { 8, GH_PS_BYTES, GH_PS_REPEATED, TF_TENSOR_STRING, NULL },
	       { 9, GH_PS_F32, GH_PS_REPEATED, TF_TENSOR_F32, NULL }, INTS(10), INTS(11),
	       { 12, GH_PS_F64, GH_PS_REPEATED, TF_TENSOR_F64, NULL }, INTS(13), MSGS(14, resource_handle),
	       MSGS(15, variant), INTS(16), INTS(17), { 18, GH_PS_BYTES, 0, TF_BLOB, NULL })
};
static const struct gh_ps_msg full_type = { "FullTypeDef",
					    FIELDS(INT(1), MSGS(2, full_type), { 3, GH_PS_NAME, ONE, TF_ANY, NULL },
						   { 4, GH_PS_INT, ONE, TF_ANY, NULL }) };
MESSAGE(attr_entry, "an attribute", { 1, GH_PS_NAME, 0, TF_ATTR_KEY, NULL }, MSG(2, attr_value));
MESSAGE(func, "NameAttrList", { 1, GH_PS_NAME, 0, TF_FUNC_NAME, NULL },
	{ 2, GH_PS_MSG, GH_PS_REPEATED, TF_ATTR, &attr_entry });
MESSAGE(attr_list, "AttrValue.ListValue", { 2, GH_PS_BYTES, GH_PS_REPEATED, TF_ATTR_S, NULL }, INTS(3),
	{ 4, GH_PS_F32, GH_PS_REPEATED, TF_ANY, NULL }, INTS(5), INTS(6), MSGS(7, shape),
	{ 8, GH_PS_MSG, GH_PS_REPEATED, TF_TENSOR, &tensor }, MSGS(9, func));
static const struct gh_ps_msg attr_value = {
	"AttrValue", FIELDS({ 1, GH_PS_MSG, ONE, TF_ANY, &attr_list }, { 2, GH_PS_BYTES, ONE, TF_ATTR_S, NULL },
			    { 3, GH_PS_INT, ONE, TF_ANY, NULL }, { 4, GH_PS_F32, ONE, TF_ANY, NULL },
			    { 5, GH_PS_INT, ONE, TF_ANY, NULL }, { 6, GH_PS_INT, ONE, TF_ANY, NULL },
			    { 7, GH_PS_MSG, ONE, TF_ANY, &shape }, { 8, GH_PS_MSG, ONE, TF_TENSOR, &tensor },
			    { 9, GH_PS_NAME, ONE, TF_ANY, NULL }, { 10, GH_PS_MSG, ONE, TF_ANY, &func })
};
MESSAGE(node_debug, "NodeDef.ExperimentalDebugInfo", NAMES(1), NAMES(2));
const struct gh_ps_msg tf_node = {
	"NodeDef", FIELDS({ 1, GH_PS_NAME, 0, TF_NODE_NAME, NULL }, { 2, GH_PS_NAME, 0, TF_NODE_OP, NULL },
			  { 3, GH_PS_NAME, GH_PS_REPEATED, TF_NODE_INPUT, NULL }, NAME(4),
			  { 5, GH_PS_MSG, GH_PS_REPEATED, TF_ATTR, &attr_entry }, MSG(6, node_debug), MSG(7, full_type))
};
#define NODES(n) { n, GH_PS_MSG, GH_PS_REPEATED, TF_NODE, &tf_node }

MESSAGE(handle_data, "OpDef.ArgDef handle data", INT(1), MSG(2, shape));
MESSAGE(arg_def, "OpDef.ArgDef", NAME(1), { 2, GH_PS_TEXT, 0, TF_TEXT, NULL }, INT(3), NAME(4), NAME(5), NAME(6),
	MSGS(7, handle_data), INT(16), MSG(17, full_type));
MESSAGE(attr_def, "OpDef.AttrDef", NAME(1), NAME(2), MSG(3, attr_value), { 4, GH_PS_TEXT, 0, TF_TEXT, NULL }, INT(5),
	INT(6), MSG(7, attr_value));
MESSAGE(deprecation, "OpDeprecation", INT(1), NAME(2));
MESSAGE(op_def, "OpDef", { 1, GH_PS_NAME, 0, TF_OP_NAME, NULL }, MSGS(2, arg_def), MSGS(3, arg_def), MSGS(4, attr_def),
	{ 5, GH_PS_TEXT, 0, TF_TEXT, NULL }, { 6, GH_PS_TEXT, 0, TF_TEXT, NULL }, MSG(8, deprecation), INT(16), INT(17),
	INT(18), INT(19), NAMES(20), INT(21));
MESSAGE(op_list, "OpList", MSGS(1, op_def));

MAP(name_to_attr, "an attribute of an argument", attr_value);
MESSAGE(arg_attrs, "FunctionDef.ArgAttrs", MSGS(1, name_to_attr));
MESSAGE(arg_attr_entry, "attributes of an argument", INT(1), MSG(2, arg_attrs));
MESSAGE(name_to_name, "a pair of names", NAME(1), NAME(2));
MESSAGE(int_to_int, "a pair of numbers", INT(1), INT(2));
MESSAGE(function, "FunctionDef", { 1, GH_PS_MSG, 0, TF_FUNCTION_OP, &op_def }, NODES(3), MSGS(4, name_to_name),
	{ 5, GH_PS_MSG, GH_PS_REPEATED, TF_ATTR, &attr_entry }, MSGS(6, name_to_name), MSGS(7, arg_attr_entry),
	MSGS(8, int_to_int));
MESSAGE(gradient, "GradientDef", NAME(1), { 2, GH_PS_NAME, 0, TF_GRADIENT, NULL });
MESSAGE(registered_gradient, "RegisteredGradient", { 1, GH_PS_NAME, 0, TF_GRADIENT, NULL }, NAME(2));
MESSAGE(library, "FunctionDefLibrary", { 1, GH_PS_MSG, GH_PS_REPEATED, TF_FUNCTION, &function }, MSGS(2, gradient),
	MSGS(3, registered_gradient));

MESSAGE(file_line, "GraphDebugInfo.FileLineCol", INT(1), INT(2), INT(3), { 4, GH_PS_TEXT, 0, TF_ANY, NULL },
	{ 5, GH_PS_TEXT, 0, TF_ANY, NULL });
MESSAGE(stack_trace, "GraphDebugInfo.StackTrace", MSGS(1, file_line), { 2, GH_PS_F64, GH_PS_REPEATED, TF_ANY, NULL });
MAP(name_to_trace, "a stack trace", stack_trace);
MESSAGE(id_to_line, "a stack frame", F64(1), MSG(2, file_line));
MESSAGE(name_to_id, "the number of a trace", NAME(1), F64(2));
MESSAGE(id_to_trace, "a stack trace", F64(1), MSG(2, stack_trace));
MESSAGE(debug_info, "GraphDebugInfo", NAMES(1), MSGS(2, name_to_trace), MSGS(4, id_to_line), MSGS(5, name_to_id),
	MSGS(6, id_to_trace));
const struct gh_ps_msg tf_graph = { "GraphDef",
				    FIELDS(NODES(1), MSG(2, library), INT(3), MSG(4, versions), MSG(5, debug_info)) };

/* ---- saved models ------------------------------------------------------------------------------------------------- */

MESSAGE(any, "Any", NAME(1), { 2, GH_PS_BYTES, 0, TF_BLOB, NULL });
MESSAGE(meta_info, "MetaGraphDef.MetaInfoDef", NAME(1), MSG(2, op_list), MSG(3, any), NAMES(4),
	{ 5, GH_PS_NAME, 0, TF_VERSION, NULL }, NAME(6), INT(7), MSGS(8, name_to_name));
MESSAGE(saver, "SaverDef", NAME(1), NAME(2), NAME(3), INT(4), INT(5), F32(6), INT(7));
MESSAGE(name_list, "CollectionDef.NodeList", NAMES(1));
MESSAGE(bytes_list, "CollectionDef.BytesList", { 1, GH_PS_BYTES, GH_PS_REPEATED, TF_BLOB, NULL });
MESSAGE(int_list, "CollectionDef.Int64List", INTS(1));
MESSAGE(float_list, "CollectionDef.FloatList", { 1, GH_PS_F32, GH_PS_REPEATED, TF_ANY, NULL });
MESSAGE(any_list, "CollectionDef.AnyList", MSGS(1, any));
MESSAGE(collection, "CollectionDef", { 1, GH_PS_MSG, ONE, TF_ANY, &name_list },
	{ 2, GH_PS_MSG, ONE, TF_ANY, &bytes_list }, { 3, GH_PS_MSG, ONE, TF_ANY, &int_list },
	{ 4, GH_PS_MSG, ONE, TF_ANY, &float_list }, { 5, GH_PS_MSG, ONE, TF_ANY, &any_list });
MAP(name_to_collection, "a collection", collection);
MESSAGE(coo_sparse, "TensorInfo.CooSparse", NAME(1), NAME(2), NAME(3));
MESSAGE(type_spec, "TypeSpecProto", INT(1), MSG(2, structured), NAME(3), INT(4));
MESSAGE(composite, "TensorInfo.CompositeTensor", MSG(1, type_spec), MSGS(2, tensor_info));
static const struct gh_ps_msg tensor_info = {
	"TensorInfo", FIELDS({ 1, GH_PS_NAME, ONE, TF_ANY, NULL }, INT(2), MSG(3, shape),
			     { 4, GH_PS_MSG, ONE, TF_ANY, &coo_sparse }, { 5, GH_PS_MSG, ONE, TF_ANY, &composite })
};
MAP(name_to_info, "a tensor of a signature", tensor_info);
MESSAGE(name_to_tensor, "a default of a signature", NAME(1), { 2, GH_PS_MSG, 0, TF_TENSOR, &tensor });
MESSAGE(signature, "SignatureDef", MSGS(1, name_to_info), MSGS(2, name_to_info), NAME(3), MSGS(4, name_to_tensor));
MAP(name_to_signature, "a signature", signature);
MESSAGE(asset, "AssetFileDef", MSG(1, tensor_info), { 2, GH_PS_NAME, 0, TF_ASSET, NULL });

/* ---- objects of a saved model --------------------------------------------------------------------------------------- */

static const struct gh_ps_msg none = { "NoneValue", .field = (const struct gh_ps_field[]){ { 0 } } };
MESSAGE(value_list, "ListValue", MSGS(1, structured));
MAP(name_to_value, "a field of a dictionary", structured);
MESSAGE(dict_value, "DictValue", MSGS(1, name_to_value));
MESSAGE(pair_value, "PairValue", NAME(1), MSG(2, structured));
MESSAGE(named_tuple, "NamedTupleValue", NAME(1), MSGS(2, pair_value));
MESSAGE(tensor_spec, "TensorSpecProto", NAME(1), MSG(2, shape), INT(3));
MESSAGE(bounded_spec, "BoundedTensorSpecProto", NAME(1), MSG(2, shape), INT(3), { 4, GH_PS_MSG, 0, TF_TENSOR, &tensor },
	{ 5, GH_PS_MSG, 0, TF_TENSOR, &tensor });
#define VALUE(n, m) { n, GH_PS_MSG, ONE, TF_ANY, &m }
static const struct gh_ps_msg structured = {
	"StructuredValue",
	FIELDS(VALUE(1, none), { 11, GH_PS_F64, ONE, TF_ANY, NULL }, { 12, GH_PS_INT, ONE, TF_ANY, NULL },
	       { 13, GH_PS_NAME, ONE, TF_ANY, NULL }, { 14, GH_PS_INT, ONE, TF_ANY, NULL }, VALUE(31, shape),
	       { 32, GH_PS_INT, ONE, TF_ANY, NULL }, VALUE(33, tensor_spec), VALUE(34, type_spec),
	       VALUE(35, bounded_spec), VALUE(51, value_list), VALUE(52, value_list), VALUE(53, dict_value),
	       VALUE(54, named_tuple), { 55, GH_PS_MSG, ONE, TF_TENSOR, &tensor },
	       { 56, GH_PS_MSG, ONE, TF_TENSOR, &tensor })
};
MESSAGE(reference, "ObjectReference", INT(1), NAME(2));
MESSAGE(slot_variable, "SlotVariableReference", INT(1), NAME(2), INT(3));
MESSAGE(user_object, "SavedUserObject", { 1, GH_PS_NAME, 0, TF_IDENTIFIER, NULL }, MSG(2, versions),
	{ 3, GH_PS_BYTES, 0, TF_METADATA, NULL });
MESSAGE(saved_asset, "SavedAsset", INT(1));
MESSAGE(function_spec, "FunctionSpec", MSG(1, structured), INT(2), INT(3), INT(4), MSG(5, structured), INT(6));
MESSAGE(saved_function, "SavedFunction", NAMES(1), MSG(2, function_spec));
static const struct gh_ps_msg variable = { "SavedVariable", FIELDS(INT(1), MSG(2, shape), INT(3), INT(4), INT(5),
								   NAME(6), NAME(7), MSGS(8, variable)) };
MESSAGE(bare_function, "SavedBareConcreteFunction", NAME(1), NAMES(2), INT(3), MSG(4, function_spec));
MESSAGE(constant, "SavedConstant", NAME(1));
MESSAGE(resource, "SavedResource", NAME(1));
MESSAGE(saveable, "SaveableObject", INT(2), INT(3));
MAP(name_to_saveable, "a saveable object", saveable);
MESSAGE(captured, "CapturedTensor", NAME(1), NAME(2));
MESSAGE(saved_object, "SavedObject", MSGS(1, reference), MSGS(3, slot_variable), VALUE(4, user_object),
	VALUE(5, saved_asset), VALUE(6, saved_function), VALUE(7, variable), VALUE(8, bare_function),
	VALUE(9, constant), VALUE(10, resource), MSGS(11, name_to_saveable), VALUE(12, captured), NAME(13),
	MSG(14, any), MSGS(15, reference), NAME(16));
MESSAGE(concrete_function, "SavedConcreteFunction", INTS(2), MSG(3, structured), MSG(4, structured));
MAP(name_to_concrete, "a concrete function", concrete_function);
MESSAGE(object_graph, "SavedObjectGraph", MSGS(1, saved_object), MSGS(2, name_to_concrete));

const struct gh_ps_msg tf_meta_graph = { "MetaGraphDef",
					 FIELDS(MSG(1, meta_info), { 2, GH_PS_MSG, 0, TF_GRAPH, &tf_graph },
						MSG(3, saver), MSGS(4, name_to_collection), MSGS(5, name_to_signature),
						MSGS(6, asset), MSG(7, object_graph)) };
const struct gh_ps_msg tf_saved_model = { "SavedModel", FIELDS(INT(1), MSGS(2, tf_meta_graph)) };

MESSAGE(keras_object, "SavedObject of Keras", INT(2), { 3, GH_PS_NAME, 0, TF_KERAS_PATH, NULL },
	{ 4, GH_PS_NAME, 0, TF_IDENTIFIER, NULL }, { 5, GH_PS_BYTES, 0, TF_KERAS_JSON, NULL }, MSG(6, versions));
const struct gh_ps_msg tf_keras_metadata = { "SavedMetadata", FIELDS(MSGS(1, keras_object)) };
const struct gh_ps_msg tf_fingerprint = { "FingerprintDef",
					  FIELDS(INT(1), INT(2), INT(3), INT(4), INT(5), MSG(6, versions), NAME(7)) };

/* ---- checkpoints ---------------------------------------------------------------------------------------------------- */

const struct gh_ps_msg tf_bundle_header = { "BundleHeaderProto", FIELDS(INT(1), INT(2), MSG(3, versions)) };
MESSAGE(extent, "TensorSliceProto.Extent", INT(1), INT(2));
MESSAGE(slice, "TensorSliceProto", MSGS(1, extent));
const struct gh_ps_msg tf_bundle_entry = { "BundleEntryProto", FIELDS(INT(1), MSG(2, shape), INT(3), INT(4), INT(5),
								      F32(6), MSGS(7, slice)) };
MESSAGE(slice_meta, "SavedSliceMeta", NAME(1), MSG(2, shape), INT(3), MSGS(4, slice));
MESSAGE(slices_meta, "SavedTensorSliceMeta", MSGS(1, slice_meta), MSG(2, versions));
MESSAGE(saved_slice, "SavedSlice", { 1, GH_PS_NAME, 0, TF_NODE_NAME, NULL }, MSG(2, slice),
	{ 3, GH_PS_MSG, 0, TF_TENSOR, &tensor });
const struct gh_ps_msg tf_tensor_slices = { "SavedTensorSlices", FIELDS(MSG(1, slices_meta), MSG(2, saved_slice)) };
MESSAGE(serialized_tensor, "SerializedTensor", NAME(1), NAME(2), NAME(3), INT(4));
MESSAGE(registered_saver, "RegisteredSaver", NAME(1), NAME(2));
MESSAGE(bool_value, "BoolValue", INT(1));
MESSAGE(trackable, "TrackableObject", MSGS(1, reference), MSGS(2, serialized_tensor), MSGS(3, slot_variable),
	MSG(4, registered_saver), MSG(5, bool_value));
const struct gh_ps_msg tf_object_graph = { "TrackableObjectGraph", FIELDS(MSGS(1, trackable)) };
