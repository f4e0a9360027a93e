/* json_objects.h - objects that a loader makes from JSON: Keras layers and whatever else `class_name` and `config` name,
 * and the nodes of a skops schema. Sees the tokens of a document that somebody else reads, wherever such objects stand
 * in it (config.json of a .keras archive, model_config of an HDF5 file, modelTopology of TensorFlow.js).
 *
 * Per object, when it is complete:
 *	call operation, system "keras": module, name = class_name, as_name = registered_name. `resolved` is false when
 *		what it calls cannot be known from names: bytecode, program text, names that were cut
 *	call import, system "keras": a function it names ({"class_name": "function", "config": "relu"}; the function of a
 *		Lambda or a TFOpLambda layer)
 *	call operation, system "skops": module, name = __class__, as_name = __loader__
 *	call import, system "skops": a function that a FunctionNode names; module "" is the name of a method
 *	reference, system "keras": a file or address that a layer reads when it is made
 *	code: bytecode of a Lambda, taken out of its base64
 *
 * Source: keras/src/saving/serialization_lib.py (Keras 3), keras/saving/legacy/serialization.py (Keras 2),
 * skops/io/_utils.py. */
#ifndef GH_FORMAT_KERAS_JSON_OBJECTS_H
#define GH_FORMAT_KERAS_JSON_OBJECTS_H
#include "format/json_text.h"

enum { GH_OBJECT_CODES = 32 };

struct gh_object_frame;
struct gh_objects {
	struct gh_walk *w;
	struct gh_json_src *x;
	const struct gh_rule *huge, *unsafe; /* raised for sizes that no machine holds; for `safe_mode: false` */
	bool keras;			     /* the document is known to be a Keras configuration */
	unsigned calls;			     /* emitted so far */
	/* inside */
	struct gh_object_frame *frame;
	size_t cap;
	struct {
		struct gh_span bytes; /* in the arena */
		uint64_t off, len;
	} code[GH_OBJECT_CODES];
	unsigned ncode;
};

/* Look at the token that x stands at. STRING and KEY: nothing is emitted, so that the text stays valid for others.
 * GH_E_LIMIT: a budget ran out. */
enum gh_rc gh_objects_token(struct gh_objects *o);
#endif
