/* Support vector machines: libsvm walks through its arrays by the counts of support vectors per class, and believes that
 * there are as many coefficients and intercepts as there must be. Source: sklearn/svm/_base.py, _libsvm.pxi,
 * _libsvm_sparse.pyx, sklearn/svm/src/libsvm/{svm.cpp,libsvm_helper.c,libsvm_sparse_helper.c}. */
#include "check/calls_native.h"

static const char unseen[] = "support vectors are written in a way that cannot be looked at";

struct machine {
	uint64_t classes, vectors; /* rows and sum of the counts */
};

/* Under its name, or the one of older releases. */
static bool either(struct gh_heap *h, gh_val state, const char *name, const char *old, gh_val *v)
{
	return gh_val_get(h, state, name, v) || gh_val_get(h, state, old, v);
}

static bool classifies(const struct gh_use_case *u)
{
	return strcmp(u->row->name, "SVC") == 0 || strcmp(u->row->name, "NuSVC") == 0;
}

static const char *counts_bad(const struct gh_use_case *u, gh_val counts, struct machine *m)
{
	struct gh_ints in;
	int64_t x;
	bool several = classifies(u);
	*m = (struct machine){ .classes = UINT64_MAX };
	if (!gh_ints(u->heap, counts, &in)) {
		gh_doubt(u, "the numbers of support vectors are written in a way that cannot be looked at");
		return NULL;
	}
	/* One class and regression count in the first place only. */
	for (uint64_t i = 0; i < in.n; i++) {
		if (!gh_ints_next(&in, &x)) {
			gh_doubt(u, unseen);
			return NULL;
		}
		if (x < 0 || x > INT32_MAX)
			return "not as many support vectors as their counts say";
		m->vectors += several || i == 0 ? (uint64_t)x : 0;
	}
	m->classes = in.n;
	return in.n == 0 || in.n > INT32_MAX ? "a machine without classes" : NULL;
}

/* The length of an array in a sparse matrix. */
static bool inside(struct gh_heap *h, gh_val matrix, const char *name, uint64_t *n)
{
	gh_val v, state = gh_val_item(h, matrix, 0);
	return gh_val_kind(h, state) == GH_V_DICT && gh_val_get(h, state, name, &v) && gh_length_of(h, v, n);
}

static const char *sparse_bad(const struct gh_use_case *u, gh_val vectors, const struct machine *m)
{
	gh_val coef;
	uint64_t rows, n, need;
	if (!inside(u->heap, vectors, "indptr", &rows)) {
		gh_doubt(u, unseen);
		return NULL;
	}
	/* Fitted to a sparse input, the counts of the others are what was in memory; they are not used. */
	if (rows == 0 || (classifies(u) && rows != m->vectors + 1))
		return "not as many support vectors as their counts say";
	if (!either(u->heap, u->args, "_dual_coef_", "dual_coef_", &coef) || !inside(u->heap, coef, "data", &n)) {
		gh_doubt(u, unseen);
		return NULL;
	}
	return __builtin_mul_overflow(rows - 1, m->classes < 2 ? 1 : m->classes - 1, &need) || n < need
		       ? "not as many coefficients as support vectors"
		       : NULL;
}

/* A precomputed kernel keeps no vectors: their numbers are columns of the input. */
static const char *columns_bad(const struct gh_use_case *u, const struct machine *m)
{
	struct gh_heap *h = u->heap;
	gh_val kernel, support, shape;
	uint64_t rows;
	if (gh_val_get(h, u->args, "kernel", &kernel) && gh_val_kind(h, kernel) == GH_V_STR &&
	    !gh_val_is(h, kernel, "precomputed"))
		return "not as many support vectors as their counts say";
	if (!gh_val_get(h, u->args, "support_", &support) || !gh_val_get(h, u->args, "shape_fit_", &shape) ||
	    !gh_is_count(h, gh_val_item(h, shape, 0), &rows)) {
		gh_doubt(u, unseen);
		return NULL;
	}
	return gh_range_bad(u, support, &(struct gh_range_rule){ .expect = m->vectors, .below = rows });
}

static const char *dense_bad(const struct gh_use_case *u, const struct gh_view *vectors, const struct machine *m)
{
	struct gh_heap *h = u->heap;
	struct gh_view o;
	gh_val v;
	const char *bad = NULL;
	if (vectors->n != 2 || vectors->dim[0] != m->vectors)
		bad = vectors->count != 0 ? "not as many support vectors as their counts say" : columns_bad(u, m);
	if (bad != NULL)
		return bad;
	if (gh_val_get(h, u->args, "support_", &v) && !gh_shaped(h, v, 1, m->vectors))
		return "not as many numbers of support vectors as there are vectors";
	if (!either(h, u->args, "_dual_coef_", "dual_coef_", &v) || !gh_view_of(h, v, &o) || !o.seen) {
		gh_doubt(u, unseen);
		return NULL;
	}
	uint64_t rows = m->classes < 2 ? 1 : m->classes - 1;
	return o.n == 2 && o.dim[0] == rows && o.dim[1] == m->vectors ? NULL
								      : "not as many coefficients as support vectors";
}

/* One intercept for each pair of classes, and of the two numbers that make probabilities as many or none. */
static const char *pairs_bad(const struct gh_use_case *u, const struct machine *m)
{
	static const char *const names[][2] = { { "_intercept_", "intercept_" },
						{ "_probA", "probA_" },
						{ "_probB", "probB_" } };
	uint64_t pairs = m->classes < 2 ? 1 : m->classes * (m->classes - 1) / 2;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		gh_val v;
		uint64_t n;
		if (!either(u->heap, u->args, names[i][0], names[i][1], &v)) {
			if (i == 0)
				return "a machine without intercepts";
			continue;
		}
		if (!gh_length_of(u->heap, v, &n))
			gh_doubt(u, unseen);
		else if (n != pairs && !(i != 0 && (n == 0 || (n == 1 && m->classes <= 2))))
			return "not as many intercepts as pairs of classes";
	}
	return NULL;
}

const char *gh_args_sk_svm(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val v, counts, vectors;
	struct machine m;
	struct gh_view o;
	const char *bad = gh_args_dict_state(u);
	if (bad != NULL || gh_val_kind(h, u->args) != GH_V_DICT)
		return bad;
	if (gh_val_get(h, u->args, "_impl", &v))
		return "it says it is another kind of machine";
	if (!gh_val_get(h, u->args, "support_vectors_", &vectors) ||
	    !either(h, u->args, "_n_support", "n_support_", &counts))
		return NULL; /* not fitted */
	bad = counts_bad(u, counts, &m);
	if (bad != NULL || m.classes == UINT64_MAX)
		return bad;
	bad = pairs_bad(u, &m);
	if (bad != NULL)
		return bad;
	if (gh_view_of(h, vectors, &o) && o.seen)
		return dense_bad(u, &o, &m);
	return sparse_bad(u, vectors, &m);
}
