/* coreml.h - what the parts of the Core ML reader share: the fields it acts on, the tables of coreml_schema.c. */
#ifndef GH_FORMAT_COREML_H
#define GH_FORMAT_COREML_H
#include "format/formats.h"
#include "format/pb_schema.h"

enum { COREML_A_NO_MODEL = GH_PS_OWN, COREML_A_NO_CLASS, COREML_RULES };
extern const struct gh_rule coreml_rules[COREML_RULES + 1];
extern const struct gh_ps_msg coreml_model;
extern const struct gh_pb_shape coreml_shape[]; /* of a model: version, description, isUpdatable, then the kinds */

enum coreml_id {
	COREML_NONE,
	COREML_MODEL, /* one of the kinds */
	COREML_TEXT,  /* for people */
	COREML_META,  /* an entry of key and value */
	COREML_KEY,
	COREML_VALUE,
	COREML_LAYER,
	COREML_LAYER_NAME,
	COREML_CUSTOM_MODEL,
	COREML_CUSTOM_LAYER,
	COREML_CLASS,
	COREML_LINKED,
	COREML_LINKED_FILE,
	COREML_FILE,
	COREML_BLOB,  /* weights of an ML program */
	COREML_BYTES, /* a model of another kind, serialised */
};
#endif
