/* tensorflow.h - what is known of TensorFlow's operations, for the check and its tests. */
#ifndef GH_CHECK_TENSORFLOW_H
#define GH_CHECK_TENSORFLOW_H
#include "base/span.h"

/* Does this operation only compute? tensorflow_ops.c */
bool gh_tf_plain_op(struct gh_span op);
/* Name i of that list, NULL behind its end. */
const char *gh_tf_plain_at(size_t i);

#endif
