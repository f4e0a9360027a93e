/* weights_values.h - NaN and infinities among the floating-point numbers of one tensor, and whether they are there by right.
 *
 * A model whose weights hold them answers with NaN, always or once a certain input reaches them. By right: a mask that is
 * added to attention scores (minus infinity above the diagonal, or beside one single other value), a vector that is nothing
 * but one infinity (a running minimum before the first value), a single number, and bits that are no floating-point weights
 * at all (uniformly random ones hold as many NaNs as chance gives them, beside numbers that no model has). Only values
 * and shape decide, never a name. Pure. */
#ifndef GH_CHECK_WEIGHTS_VALUES_H
#define GH_CHECK_WEIGHTS_VALUES_H
#include "format/event.h"
#include "wire/bits.h"

enum gh_float { GH_FLOAT_NONE, GH_FLOAT_16, GH_FLOAT_B16, GH_FLOAT_32, GH_FLOAT_64 };

struct gh_values { /* zero-initialised but for these two is the start */
	enum gh_float type;
	const struct gh_tensor *t;
	uint64_t n, odd;      /* elements so far; NaN or infinite ones */
	uint64_t first;	      /* index of the first of those */
	uint64_t nan, plus;   /* of those looked at one by one: NaN, plus infinity (the rest is minus infinity) */
	uint64_t above;	      /* minus infinities above the diagonal */
	uint64_t seen;	      /* elements whose size was looked at: */
	uint64_t large, tiny; /* beyond what weights are, in both directions */
	uint64_t seen_odd;    /* NaN or infinite among them */
	uint64_t value;	      /* the first finite one */
	uint64_t most;	      /* the largest finite one, as bits without the sign */
	bool any, varied;     /* there is a finite one, there are two different ones */
	bool below;	      /* a minus infinity that is not above the diagonal */
};

/* The next elements, in order. */
void gh_values_add(struct gh_values *v, const struct gh_words *w);
/* After the last one: are there any that should not be? */
bool gh_values_bad(const struct gh_values *v);
#endif
