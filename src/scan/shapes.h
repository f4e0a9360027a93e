/* shapes.h - which places of a language model the names of tensors make certain, and what shape a configuration gives them.
 *
 * Only names and model types whose code is known are in the tables (Transformers: models/<type>/modeling_<type>.py); a type
 * that is not listed, and a name that is not whole (an adapter, a quantised pack, an expert, a vision tower), says nothing.
 * Pure. */
#ifndef GH_SCAN_SHAPES_H
#define GH_SCAN_SHAPES_H
#include "scan/facts.h"

/* Numbers as models store them: shapes of packed codes are another matter. */
bool gh_shape_numbers(const char *dtype);

/* The place that a tensor of this name has: "llama self_attn.q_proj.weight"; NULL: none that is known. A constant. */
const char *gh_shape_place(struct gh_span name);

/* The output layer of a model, whatever its type, dtype and shape. */
bool gh_shape_is_head(struct gh_span name);

/* A configuration's numbers; 0: not given, and no default is certain. */
struct gh_shape_sizes {
	const char *scheme; /* how tensors of this type are named; NULL: the type is not known */
	uint64_t hidden, ffn, layers, vocab;
	uint64_t q, k; /* what the projections of queries and of keys yield */
	bool ties;     /* the type has an output layer of its own unless the configuration ties it to the embeddings */
};
/* setting(arg, name): the number under this name, 0 when there is none. model_type: "" when it is not given. */
struct gh_shape_sizes gh_shape_sizes(const char *model_type, uint64_t (*setting)(void *arg, const char *name),
				     void *arg);

/* What the place has to be. Returns false when the place is not one of this configuration's scheme, or a size is not known. */
bool gh_shape_expected(const struct gh_shape_sizes *s, const char *place, uint64_t *rows, uint64_t *cols);
#endif
