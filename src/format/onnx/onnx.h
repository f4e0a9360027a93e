/* onnx.h - what the parts of the ONNX reader share: the fields it acts on, the state of one walk, the anomalies.
 *
 * An .onnx file is one protobuf message, ModelProto of onnx/onnx.proto (IR versions 1 to 13): a graph of nodes with
 * attributes, tensors as initializers and in attributes, functions, training graphs, metadata. Tensors hold their data in a
 * raw field, in a field of their type, or in another file ("external data", docs/ExternalData.md); attributes hold
 * graphs, so everything nests. The tables are in onnx_schema.c; loaders whose refusals are anomalies here are
 * onnx/checker.cc and ONNX Runtime. */
#ifndef GH_FORMAT_ONNX_H
#define GH_FORMAT_ONNX_H
#include "format/formats.h"
#include "format/pb_schema.h"
#include "wire/recs.h"

enum {
	ONNX_A_DIMS = GH_PS_OWN,
	ONNX_A_SIZE,
	ONNX_A_NODATA,
	ONNX_A_TYPE,
	ONNX_A_TYPE_BAD,
	ONNX_A_FIELD,
	ONNX_A_BOTH,
	ONNX_A_EXT_NUMBER,
	ONNX_A_EXT_NOWHERE,
	ONNX_A_EXT_TWICE,
	ONNX_A_EXT_KEY,
	ONNX_A_EXT_UNUSED,
	ONNX_A_SEGMENT,
	ONNX_A_NAME_TWICE,
	ONNX_A_ATTR,
	ONNX_A_NODE,
	ONNX_A_RANK,
	ONNX_A_NO_GRAPH,
	ONNX_A_MANY,
	ONNX_A_EXT_ATTR,
	ONNX_A_VALUE_TWICE,
	ONNX_A_CIRCLE,
	ONNX_A_RECURSION,
	ONNX_RULES
};
extern const struct gh_rule onnx_rules[ONNX_RULES + 1];
extern const struct gh_ps_msg onnx_model;
extern const struct gh_ps_msg onnx_tensor_proto;
extern const struct gh_pb_shape onnx_shape[]; /* of a model, for the probe */
extern const struct gh_pb_shape onnx_tensor_shape[];

/* What the reader does with a field. ONNX_NONE: checked by the schema, and no more. */
enum onnx_id {
	ONNX_NONE,
	/* ModelProto */
	ONNX_PRODUCER,
	ONNX_PRODUCER_VERSION,
	ONNX_GRAPH, /* of the model, of an attribute, of a training step */
	ONNX_FUNCTION,
	ONNX_DOC,  /* description of a model, graph or function */
	ONNX_NOTE, /* description of a node, value or tensor: exporters put lines of source there */
	/* entries of key and value, by where they stand */
	ONNX_META,
	ONNX_META_NOTE,
	ONNX_EXTERNAL,
	ONNX_PAIR,
	ONNX_KEY,
	ONNX_VALUE,
	/* NodeProto and FunctionProto */
	ONNX_NODE,
	ONNX_IN,
	ONNX_OUT,
	ONNX_OP,
	ONNX_DOMAIN,
	ONNX_OVERLOAD,
	ONNX_FUNC_NAME,
	ONNX_FUNC_DOMAIN,
	ONNX_FUNC_OVERLOAD,
	/* AttributeProto */
	ONNX_ATTR,
	ONNX_ATTR_NAME,
	ONNX_ATTR_TYPE,
	ONNX_ATTR_REF,
	ONNX_ATTR_F, /* from here on in the order of enum AttributeType */
	ONNX_ATTR_I,
	ONNX_ATTR_S,
	ONNX_ATTR_T,
	ONNX_ATTR_G,
	ONNX_ATTR_FLOATS,
	ONNX_ATTR_INTS,
	ONNX_ATTR_STRINGS,
	ONNX_ATTR_TENSORS,
	ONNX_ATTR_GRAPHS,
	ONNX_ATTR_SPARSE,
	ONNX_ATTR_SPARSES,
	ONNX_ATTR_TP,
	ONNX_ATTR_TPS,
	/* TensorProto */
	ONNX_INITIALIZER,
	ONNX_TENSOR, /* anywhere else */
	ONNX_DIMS,
	ONNX_TYPE,
	ONNX_SEGMENT,
	ONNX_TENSOR_NAME,
	ONNX_RAW,
	ONNX_LOCATION,
	ONNX_FLOATS, /* from here on in the order of enum onnx_typed */
	ONNX_INT32S,
	ONNX_STRINGS,
	ONNX_INT64S,
	ONNX_DOUBLES,
	ONNX_UINT64S,
};

/* The typed data fields of a tensor. */
enum onnx_typed { ONNX_D_FLOAT, ONNX_D_INT32, ONNX_D_STRING, ONNX_D_INT64, ONNX_D_DOUBLE, ONNX_D_UINT64, ONNX_D_N };

enum {
	ONNX_NAME = 200,  /* bytes of a name that are kept */
	ONNX_NEST = 44,	  /* nodes within nodes: what GH_PB_DEPTH allows */
	ONNX_PATH = 4096, /* bytes of a location */
	ONNX_CALLS = 1 << 16,
};

struct onnx_name {
	uint8_t p[ONNX_NAME];
	size_t n;
	uint64_t hash; /* of all of it */
};
static inline struct gh_span onnx_name(const struct onnx_name *n) { return (struct gh_span){ n->p, n->n }; }

/* Keys of external_data. */
enum onnx_ext { ONNX_X_LOCATION, ONNX_X_OFFSET, ONNX_X_LENGTH, ONNX_X_CHECKSUM, ONNX_X_BASE, ONNX_X_N };

struct onnx_tensor {
	uint64_t off, end;
	struct onnx_name name;
	uint64_t dim[GH_DIMS_MAX], ndim;
	uint64_t type;
	uint64_t raw_off, raw_len, count[ONNX_D_N]; /* values in each typed field */
	uint64_t data_off, data_len;		    /* the one packed field of floats or doubles */
	unsigned pieces;			    /* of typed data */
	uint64_t location;			    /* 1: the data are external */
	unsigned ext;				    /* keys seen: 1u << enum onnx_ext */
	uint64_t ext_off, ext_len;
	size_t path_n;
	bool ext_bad, segment;
	uint8_t path[ONNX_PATH];
};

struct onnx_node {
	uint64_t off, len, index;
	struct onnx_name op, domain, overload;
	struct onnx_name cache;	      /* of an engine's own node: the attribute "ep_cache_context" … */
	bool outside;		      /* … which is the name of a file */
	struct onnx_name module, cls; /* what the string attributes "module" and "class_name" say */
	/* The attribute that is being read. */
	struct onnx_name attr, text; /* its name; its string */
	uint64_t number;
	bool numbered;
	uint64_t type;
	unsigned has; /* kinds of values, 1u << enum AttributeType */
	bool ref;
	uint64_t attr_off;
};

struct onnx_call {
	struct gh_span domain, op, module, cls;
	uint64_t off, len;
};

struct onnx {
	struct gh_ps s;
	struct gh_walk *w;
	struct onnx_name producer, producer_version;
	uint64_t producer_off;
	struct onnx_name key; /* of the entry that is being read */
	struct gh_pb_field value;
	struct onnx_tensor t;
	struct onnx_node node[ONNX_NEST + 1];
	unsigned nodes; /* open */
	struct onnx_name func_name, func_domain, func_overload;
	bool in_function;
	uint64_t functions; /* read so far */
	struct gh_recs inner,
		defined; /* calls within functions, and functions: hash of the name, number of the function */
	uint64_t func_off;
	bool has_graph, many;
	uint64_t graphs, graph[ONNX_NEST + 2]; /* numbers of the open ones */
	unsigned open_graphs;
	uint64_t node_count;
	struct gh_recs outs, ins; /* of nodes: name and graph, number of the node, offset */
	struct gh_recs names;	  /* of initializers: hash mixed with the graph's number, offset */
	/* Operators outside of the default domain, told when the model's own functions are known. */
	struct onnx_call *call;
	size_t ncall, call_cap;
	struct onnx_call *func; /* domain and op */
	size_t nfunc, func_cap;
};

/* Copy a name out of the source. */
void onnx_keep(struct onnx *x, struct onnx_name *to, const struct gh_pb_field *f);

/* onnx_tensor.c */
void onnx_tensor_open(struct onnx *x, const struct gh_pb_field *f);
enum gh_rc onnx_tensor_field(struct onnx *x, unsigned id, const struct gh_pb_field *f);
void onnx_external(struct onnx *x); /* the entry that was read belongs to the open tensor */
enum gh_rc onnx_tensor_close(struct onnx *x, bool initializer);

/* onnx_order.c */
void onnx_edge(struct onnx *x, bool output, const struct gh_pb_field *f);
void onnx_order(struct onnx *x); /* at the end */

/* onnx_calls.c */
void onnx_call_seen(struct onnx *x, const struct onnx_node *n);
void onnx_function_seen(struct onnx *x); /* at its end */
void onnx_recursion(struct onnx *x);	 /* at the end of all */

/* onnx_graph.c */
void onnx_node_open(struct onnx *x, const struct gh_pb_field *f);
enum gh_rc onnx_attr_field(struct onnx *x, unsigned id, const struct gh_pb_field *f);
void onnx_attr_close(struct onnx *x);
enum gh_rc onnx_node_close(struct onnx *x);
void onnx_function_close(struct onnx *x, uint64_t len);
/* At the end, however it came: the calls that were put off, and names that occur twice. */
enum gh_rc onnx_finish(struct onnx *x);
#endif
