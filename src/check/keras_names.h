/* keras_names.h - the classes and functions of Keras that a configuration may name, as versioned data: Keras 2.0 to 2.15
 * (also as tf.keras and tf_keras) and Keras 3.0 to 3.12. A name that is not here is never taken for harmless. */
#ifndef GH_CHECK_KERAS_NAMES_H
#define GH_CHECK_KERAS_NAMES_H
#include "base/span.h"

#define GH_KERAS_NAMES_VERSION "2026-11-22"

enum gh_keras_place {
	GH_KERAS_ELSEWHERE, /* a module that has nothing to do with Keras */
	GH_KERAS_NONE,	    /* no module at all: the name alone, as Keras 2 wrote it */
	GH_KERAS_OWN,	    /* keras itself, by any of the names it goes by */
	GH_KERAS_FRIEND,    /* a published library of layers, which its loader must import */
	GH_KERAS_USER,	    /* "__main__", "builtins": whatever the user registered */
};
/* Where a module belongs. *area: for GH_KERAS_OWN the part of Keras, "layers" of keras.src.layers.core.dense. */
enum gh_keras_place gh_keras_place(struct gh_span module, struct gh_span *area);

/* Is this a listed class of that area? An empty area or none: of any. */
bool gh_keras_class(struct gh_span area, struct gh_span name);
/* A listed function: activation, loss, metric, operation on tensors. */
bool gh_keras_function(struct gh_span name);
/* An operation that a TFOpLambda layer may name below tensorflow: "math.add". */
bool gh_keras_tf_operation(struct gh_span name);
/* One that reads, writes, loads or runs something; what is in neither list is unknown. */
bool gh_keras_tf_harmful(struct gh_span name);
/* Classes that run or load what is in their configuration. */
/* A module of the libraries that Keras' own people publish: keras_hub and its kind, where the classes of models and layers are. */
bool gh_keras_sister(struct gh_span module);
bool gh_keras_loader(struct gh_span name);
#endif
