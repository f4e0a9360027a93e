/* calls_numpy.h - what a pickled NumPy element type and shape say. */
#ifndef GH_CHECK_CALLS_NUMPY_H
#define GH_CHECK_CALLS_NUMPY_H
#include "format/value.h"

struct gh_np_element {
	uint64_t size; /* bytes */
	bool known;    /* of the size */
	bool sized;    /* the name itself gives the size: a state must agree */
	bool objects;  /* holds Python objects */
	bool flexible; /* S, U, V: the state's item size counts */
	bool voidish;  /* V: may have fields */
};

/* What a dtype object describes, from its arguments and its state (already judged when it was given). False when v is
 * not an object that numpy.dtype made from a name that is understood. */
bool gh_np_element_of(struct gh_heap *h, gh_val v, struct gh_np_element *e);
/* A tuple or list of at most 64 counts, or one count: their product. False when it is something else or overflows. */
bool gh_np_shape(struct gh_heap *h, gh_val shape, uint64_t *product);
#endif
