/* calls_native.h - looking into pickled arrays, for the constraints on what native code trusts: sizes, indices, nodes.
 *
 * Arrays come in several forms (NumPy's own, out-of-band buffers, joblib's); a view is what all of them say. What cannot
 * be looked at is never fine: the constraint calls gh_doubt(). Reading is bounded by the heap (value.h). */
#ifndef GH_CHECK_CALLS_NATIVE_H
#define GH_CHECK_CALLS_NATIVE_H
#include "check/calls_args.h"
#include "check/calls_numpy.h"

enum { GH_VIEW_DIMS = 4 };

struct gh_view {
	bool seen;	/* false: an array that stands in a file of its own */
	bool by_column; /* in Fortran order, or in an order that is not known */
	unsigned n;
	uint64_t dim[GH_VIEW_DIMS];
	uint64_t count; /* elements */
	gh_val dtype, raw;
};

/* The shape of an array that this stream made. False: v is something else, or has more dimensions. */
bool gh_view_of(struct gh_heap *h, gh_val v, struct gh_view *o);
/* An array of `n` dimensions, the first of which is `first` long; true also for one that is not seen. */
bool gh_shaped(struct gh_heap *h, gh_val v, unsigned n, uint64_t first);
/* The length of an array of at least one dimension. False when it cannot be seen. */
bool gh_length_of(struct gh_heap *h, gh_val v, uint64_t *n);

/* A member of a record, by its name. */
struct gh_member {
	uint64_t off;
	unsigned size; /* 1, 4 or 8 */
	bool is_signed;
};
bool gh_member_of(struct gh_heap *h, gh_val dtype, const char *name, uint64_t record, struct gh_member *f);
int64_t gh_member_get(const uint8_t *record, const struct gh_member *f);

/* The integers of an array of one dimension, little-endian, one by one. */
struct gh_ints {
	struct gh_val_reader r;
	unsigned size;
	bool is_signed;
	uint64_t n; /* how many there are */
};
bool gh_ints(struct gh_heap *h, gh_val v, struct gh_ints *in);
/* The same of an array of any number of dimensions. */
bool gh_ints_flat(struct gh_heap *h, gh_val v, struct gh_ints *in);
bool gh_ints_next(struct gh_ints *in, int64_t *out);

/* What is asked of the integers of an array. */
struct gh_range_rule {
	uint64_t expect; /* how many; UINT64_MAX: any number */
	int64_t from;
	uint64_t below;
	bool rising; /* from 0, none smaller than the one before */
	bool flat;   /* of any number of dimensions */
};
/* NULL, or what is wrong; a doubt when they cannot be looked at. */
const char *gh_range_bad(const struct gh_use_case *u, gh_val v, const struct gh_range_rule *rule);

/* An array of one dimension of finite float64, none smaller than the one before. NULL, or what is wrong; a doubt when it
 * cannot be looked at. *n: how many; UINT64_MAX: not known. */
const char *gh_rising_bad(const struct gh_use_case *u, gh_val v, uint64_t *n);

/* Trees that an estimator hands its input to without looking at it again. */
const char *gh_trees_bad(const struct gh_use_case *u);
#endif
