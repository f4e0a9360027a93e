/* The rows of TensorFlow's protobuf files. */
#include "format/formats.h"
#include "format/tensorflow/tf.h"

#define PROBE(kind) \
	static enum gh_match probe_##kind(const struct gh_probe *p) \
	{ \
		return tf_kind_of(p) == TF_K_##kind ? GH_STRONG : GH_NO; \
	}
PROBE(SAVED_MODEL)
PROBE(META_GRAPH)
PROBE(GRAPH)
PROBE(KERAS)
PROBE(FINGERPRINT)

static enum gh_rc walk_saved_model(struct gh_walk *w) { return tf_read(w, &tf_saved_model); }
static enum gh_rc walk_meta_graph(struct gh_walk *w) { return tf_read(w, &tf_meta_graph); }
static enum gh_rc walk_graph(struct gh_walk *w) { return tf_read(w, &tf_graph); }
static enum gh_rc walk_keras(struct gh_walk *w) { return tf_read(w, &tf_keras_metadata); }
static enum gh_rc walk_fingerprint(struct gh_walk *w) { return tf_read(w, &tf_fingerprint); }

const struct gh_fmt gh_fmt_tf_savedmodel = {
	.name = "tf-savedmodel",
	.about = "TensorFlow SavedModel (saved_model.pb): graphs, functions, assets, objects",
	.exts = "pb",
	.probe = probe_SAVED_MODEL,
	.walk = walk_saved_model,
	.rules = tf_rules,
};
const struct gh_fmt gh_fmt_tf_metagraph = {
	.name = "tf-metagraph",
	.about = "TensorFlow MetaGraph (.meta of a checkpoint)",
	.exts = "meta pb",
	.probe = probe_META_GRAPH,
	.walk = walk_meta_graph,
	.rules = tf_rules,
};
const struct gh_fmt gh_fmt_tf_graphdef = {
	.name = "tf-graphdef",
	.about = "TensorFlow graph (frozen model)",
	.exts = "pb graphdef",
	.probe = probe_GRAPH,
	.walk = walk_graph,
	.rules = tf_rules,
};
const struct gh_fmt gh_fmt_tf_keras_metadata = {
	.name = "tf-keras-metadata",
	.about = "Configurations of Keras layers beside a SavedModel (keras_metadata.pb)",
	.exts = "pb",
	.probe = probe_KERAS,
	.walk = walk_keras,
	.rules = tf_rules,
};
const struct gh_fmt gh_fmt_tf_fingerprint = {
	.name = "tf-fingerprint",
	.about = "Fingerprint of a SavedModel (fingerprint.pb)",
	.exts = "pb",
	.probe = probe_FINGERPRINT,
	.walk = walk_fingerprint,
	.rules = tf_rules,
};
