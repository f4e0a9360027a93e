/* tf.h - what the readers of TensorFlow's protobuf files share: the schema, and the state of one reading.
 *
 * Schemas: tensorflow/core/protobuf/{saved_model,meta_graph,saver,saved_object_graph,struct,trackable_object_graph,fingerprint}.proto,
 * tensorflow/core/framework/{graph,node_def,attr_value,tensor,function,op_def,full_type,versions}.proto, and saved_metadata.proto
 * of Keras. A graph may stand in a saved model, in a meta graph, or alone ("frozen"); nodes stand in the graph and in each
 * function of its library. Whoever loads the model runs what its nodes name. */
#ifndef GH_FORMAT_TF_H
#define GH_FORMAT_TF_H
#include "format/pb_schema.h"
#include "wire/recs.h"

enum { TF_A_ASSET = GH_PS_OWN, TF_A_TENSOR, TF_A_SHAPE, TF_A_DTYPE, TF_A_MANY, TF_A_NODE, TF_RULES };
extern const struct gh_rule tf_rules[TF_RULES + 1];

/* Fields that the reader acts on. */
enum tf_id {
	TF_ANY,	  /* only claimed */
	TF_GRAPH, /* a GraphDef */
	TF_NODE,
	TF_NODE_NAME,
	TF_NODE_OP,
	TF_NODE_INPUT,
	TF_ATTR, /* an entry of a map of attributes */
	TF_ATTR_KEY,
	TF_ATTR_S,
	TF_FUNC_NAME, /* an attribute that names a function */
	TF_TENSOR,
	TF_TENSOR_DTYPE,
	TF_TENSOR_DIM,
	TF_TENSOR_CONTENT,
	TF_TENSOR_STRING,
	TF_TENSOR_F32,
	TF_TENSOR_F64,
	TF_FUNCTION,
	TF_FUNCTION_OP, /* its signature */
	TF_OP_NAME,
	TF_GRADIENT,
	TF_VERSION,
	TF_ASSET,
	TF_BLOB,
	TF_METADATA,
	TF_IDENTIFIER,
	TF_KERAS_JSON,
	TF_KERAS_PATH,
	TF_TEXT,
};

/* Outermost messages. */
extern const struct gh_ps_msg tf_saved_model, tf_meta_graph, tf_graph, tf_keras_metadata, tf_fingerprint,
	tf_bundle_header, tf_bundle_entry, tf_object_graph, tf_tensor_slices, tf_event, tf_node;

enum { TF_NAME = 200, TF_INPUTS = 4, TF_HELD = 64, TF_STRINGS = 4 };

struct tf_text {
	uint8_t p[TF_NAME];
	size_t n;
};

/* The graph part of a reading; made by tf_reader(). */
struct tf {
	struct gh_ps ps;
	/* of the node being read */
	struct tf_text name, op;
	uint64_t node_off, scope, graph; /* scope: where the graph or the function begins that the node is of */
	uint64_t input[TF_INPUTS];
	unsigned ninputs;
	struct {
		char key[40];
		uint64_t off, len;
	} held[TF_HELD]; /* strings of attributes that might be places */
	unsigned nheld;
	char key[40]; /* of the attribute being read */
	/* of the tensor being read */
	uint64_t dtype, dim[GH_DIMS_MAX], elements;
	unsigned ndim, nstrings;
	bool shape_bad;
	struct gh_pb_field content;
	bool has_content;
	uint64_t string_off, string_len; /* its first string */
	bool has_string;
	/* for the end: what constants say that operations take for files */
	struct gh_recs consts, aliases, paths;
	struct tf_text identifier, path;
	unsigned members_left, texts_left;
};

/* Read the whole source of w as this message. */
enum gh_rc tf_read(struct gh_walk *w, const struct gh_ps_msg *msg);

/* What the head of a file could be. */
enum tf_kind { TF_K_NONE, TF_K_SAVED_MODEL, TF_K_META_GRAPH, TF_K_GRAPH, TF_K_KERAS, TF_K_FINGERPRINT };
enum tf_kind tf_kind_of(const struct gh_probe *p);

/* Elements of a DataType by its number; NULL: no fixed size, or unknown (then *known is false). bits 0: none. */
const char *tf_dtype(uint64_t type, unsigned *bits, bool *known);

/* Places of inputs that an operation takes for file names: 1u << index. 0: none. */
unsigned tf_path_inputs(struct gh_span op);
#endif
