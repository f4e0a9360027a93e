/* Constraints for SciPy's native code: it follows the indices of sparse matrices, and the sizes of splines and
 * interpolators, without looking at them again. Source: scipy/sparse/sparsetools, scipy/interpolate/_bspl.pyx,
 * _rgi_cython.pyx, fitpack, scipy/stats/_stats.pyx. */
#include "check/calls_native.h"

enum { DEGREE_MAX = 64 };

static const char unseen[] = "indices are written in a way that cannot be looked at";

/* ---- sparse matrices ----------------------------------------------------------------------------------------------- */
struct sparse {
	gh_val shape;
	uint64_t rows, cols;
	struct gh_view data;
};

/* indptr says where each row (column, block row) begins in indices. */
static const char *compressed_bad(const struct gh_use_case *u, uint64_t major, uint64_t minor, uint64_t values)
{
	struct gh_heap *h = u->heap;
	gh_val indptr, indices;
	uint64_t n;
	if (!gh_val_get(h, u->args, "indptr", &indptr) || !gh_val_get(h, u->args, "indices", &indices))
		return "a matrix without its arrays";
	if (!gh_length_of(h, indices, &n)) {
		gh_doubt(u, unseen);
		return NULL;
	}
	const char *bad = gh_range_bad(
		u, indptr,
		&(struct gh_range_rule){ .expect = major + 1, .below = (n < values ? n : values) + 1, .rising = true });
	return bad != NULL ? bad : gh_range_bad(u, indices, &(struct gh_range_rule){ .expect = n, .below = minor });
}

static const char *csr_bad(const struct gh_use_case *u, const struct sparse *m)
{
	return m->data.n != 1 ? "odd data" : compressed_bad(u, m->rows, m->cols, m->data.dim[0]);
}

static const char *csc_bad(const struct gh_use_case *u, const struct sparse *m)
{
	return m->data.n != 1 ? "odd data" : compressed_bad(u, m->cols, m->rows, m->data.dim[0]);
}

static const char *bsr_bad(const struct gh_use_case *u, const struct sparse *m)
{
	const uint64_t *d = m->data.dim;
	if (m->data.n != 3 || d[1] == 0 || d[2] == 0 || m->rows % d[1] != 0 || m->cols % d[2] != 0)
		return "blocks that do not fit the shape";
	return compressed_bad(u, m->rows / d[1], m->cols / d[2], d[0]);
}

static const char *coo_bad(const struct gh_use_case *u, const struct sparse *m)
{
	gh_val row, col, coords;
	if (gh_val_get(u->heap, u->args, "coords", &coords)) {
		row = gh_val_item(u->heap, coords, 0);
		col = gh_val_item(u->heap, coords, 1);
		if (gh_val_kind(u->heap, coords) != GH_V_TUPLE || gh_val_len(u->heap, coords) != 2)
			return "odd coordinates";
	} else if (!gh_val_get(u->heap, u->args, "row", &row) || !gh_val_get(u->heap, u->args, "col", &col)) {
		return "a matrix without its arrays";
	}
	if (m->data.n != 1)
		return "odd data";
	const char *bad = gh_range_bad(u, row, &(struct gh_range_rule){ .expect = m->data.dim[0], .below = m->rows });
	return bad != NULL
		       ? bad
		       : gh_range_bad(u, col, &(struct gh_range_rule){ .expect = m->data.dim[0], .below = m->cols });
}

static const char *dia_bad(const struct gh_use_case *u, const struct sparse *m)
{
	gh_val offsets;
	struct gh_view o;
	if (!gh_val_get(u->heap, u->args, "offsets", &offsets))
		return "a matrix without its arrays";
	if (!gh_view_of(u->heap, offsets, &o) || !o.seen) {
		gh_doubt(u, unseen);
		return NULL;
	}
	return m->data.n == 2 && o.n == 1 && o.dim[0] == m->data.dim[0] ? NULL : "not as many diagonals as offsets";
}

/* An array of objects: its list. */
static bool listed(struct gh_heap *h, gh_val array, gh_val *list)
{
	gh_val state = gh_val_item(h, array, 0);
	struct gh_view o;
	if (!gh_view_of(h, array, &o) || !o.seen || o.n != 1 || gh_val_kind(h, state) != GH_V_TUPLE)
		return false;
	*list = gh_val_item(h, state, gh_val_len(h, state) - 1);
	return gh_val_kind(h, *list) == GH_V_LIST && gh_val_len(h, *list) == o.dim[0] && o.dim[0] <= GH_VAL_KEPT;
}

static const char *lil_bad(const struct gh_use_case *u, const struct sparse *m)
{
	struct gh_heap *h = u->heap;
	gh_val rows, values, r, v;
	if (!gh_val_get(h, u->args, "rows", &rows) || !gh_val_get(h, u->args, "data", &values) ||
	    !listed(h, rows, &rows) || !listed(h, values, &values)) {
		gh_doubt(u, unseen);
		return NULL;
	}
	if (gh_val_len(h, rows) != m->rows || gh_val_len(h, values) != m->rows)
		return "not as many rows as the shape asks for";
	for (uint64_t i = 0; i < m->rows; i++) {
		r = gh_val_item(h, rows, i);
		v = gh_val_item(h, values, i);
		if (gh_val_kind(h, r) != GH_V_LIST || gh_val_kind(h, v) != GH_V_LIST ||
		    gh_val_len(h, r) != gh_val_len(h, v))
			return "a row that is no list of columns and values";
		for (uint64_t k = 0; k < gh_val_len(h, r); k++) {
			uint64_t x;
			if (k == GH_VAL_KEPT) {
				gh_doubt(u, "not all indices can be looked at");
				break;
			}
			if (!gh_is_count(h, gh_val_item(h, r, k), &x) || x >= m->cols)
				return "an index that points outside";
		}
	}
	return NULL;
}

const char *gh_args_sp_matrix(const struct gh_use_case *u)
{
	static const struct {
		const char *kind;
		const char *(*bad)(const struct gh_use_case *u, const struct sparse *m);
	} kinds[] = { { "csr_", csr_bad }, { "csc_", csc_bad }, { "bsr_", bsr_bad },
		      { "coo_", coo_bad }, { "dia_", dia_bad }, { "lil_", lil_bad } };
	struct gh_heap *h = u->heap;
	struct sparse m = { .rows = 0 };
	gh_val data;
	const char *bad = gh_attrs_bad(u, u->args, true);
	if (bad != NULL)
		return bad;
	if (!gh_val_get(h, u->args, "_shape", &m.shape))
		return "a matrix without a shape";
	if (gh_val_kind(h, m.shape) != GH_V_TUPLE || gh_val_len(h, m.shape) != 2 ||
	    !gh_is_count(h, gh_val_item(h, m.shape, 0), &m.rows) ||
	    !gh_is_count(h, gh_val_item(h, m.shape, 1), &m.cols) || m.rows > INT64_MAX / 2)
		return "odd shape";
	if (!gh_val_get(h, u->args, "data", &data) && strncmp(u->row->name, "lil_", 4) != 0)
		return "a matrix without its arrays";
	if (strncmp(u->row->name, "lil_", 4) != 0 && (!gh_view_of(h, data, &m.data) || !m.data.seen)) {
		gh_doubt(u, unseen);
		return NULL;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(u->row->name, kinds[i].kind, 4) == 0)
			return kinds[i].bad(u, &m);
	return "a kind of matrix that is not known";
}

/* ---- splines ------------------------------------------------------------------------------------------------------- */
/* Knots, coefficients, degree: as many coefficients as there are splines between the knots. */
static const char *spline_bad(const struct gh_use_case *u, gh_val t, gh_val c, gh_val k)
{
	uint64_t degree, knots, n;
	if (!gh_is_count(u->heap, k, &degree) || degree > DEGREE_MAX)
		return "odd degree";
	if (!gh_length_of(u->heap, c, &n)) {
		gh_doubt(u, "coefficients are written in a way that cannot be looked at");
		return NULL;
	}
	const char *bad = gh_rising_bad(u, t, &knots);
	if (bad != NULL || knots == UINT64_MAX)
		return bad;
	return knots < 2 * (degree + 1) || n < knots - degree - 1
		       ? "fewer coefficients or knots than the degree asks for"
		       : NULL;
}

const char *gh_args_sp_bspline(const struct gh_use_case *u)
{
	gh_val t, c, k;
	const char *bad = gh_args_dict_data(u);
	if (bad != NULL)
		return bad;
	if (!gh_val_get(u->heap, u->args, "t", &t) || !gh_val_get(u->heap, u->args, "c", &c) ||
	    !gh_val_get(u->heap, u->args, "k", &k))
		return "a spline without knots, coefficients or degree";
	return spline_bad(u, t, c, k);
}

/* UnivariateSpline: (t, c, k) in _eval_args; what fitting again would work on stands in _data. */
const char *gh_args_sp_fitpack(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val tck;
	const char *bad = gh_args_slots_state(u);
	if (bad != NULL)
		return bad;
	if (gh_val_kind(h, u->args) != GH_V_DICT || !gh_val_get(h, u->args, "_eval_args", &tck))
		return "a spline without knots, coefficients or degree";
	if (gh_val_kind(h, tck) != GH_V_TUPLE || gh_val_len(h, tck) != 3)
		return "not (knots, coefficients, degree)";
	return spline_bad(u, gh_val_item(h, tck, 0), gh_val_item(h, tck, 1), gh_val_item(h, tck, 2));
}

/* RectBivariateSpline and its kin: tck = (tx, ty, c), degrees = (kx, ky). */
const char *gh_args_sp_surface(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val tck, degrees;
	uint64_t n[2], k[2], c, need;
	const char *bad = gh_args_slots_state(u);
	if (bad != NULL)
		return bad;
	if (gh_val_kind(h, u->args) != GH_V_DICT || !gh_val_get(h, u->args, "tck", &tck) ||
	    !gh_val_get(h, u->args, "degrees", &degrees) || gh_val_len(h, tck) != 3 || gh_val_len(h, degrees) != 2)
		return "a spline without knots, coefficients or degrees";
	for (unsigned i = 0; i < 2; i++) {
		if (!gh_is_count(h, gh_val_item(h, degrees, i), &k[i]) || k[i] > DEGREE_MAX)
			return "odd degree";
		bad = gh_rising_bad(u, gh_val_item(h, tck, i), &n[i]);
		if (bad != NULL || n[i] == UINT64_MAX)
			return bad;
		if (n[i] < 2 * (k[i] + 1))
			return "fewer knots than the degree asks for";
	}
	if (!gh_length_of(h, gh_val_item(h, tck, 2), &c)) {
		gh_doubt(u, "coefficients are written in a way that cannot be looked at");
		return NULL;
	}
	return __builtin_mul_overflow(n[0] - k[0] - 1, n[1] - k[1] - 1, &need) || c < need
		       ? "fewer coefficients than the knots ask for"
		       : NULL;
}

/* ---- interpolators and densities ------------------------------------------------------------------------------------ */
/* One row of places per dimension of the values. */
const char *gh_args_sp_grid(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val grid, values;
	struct gh_view o;
	uint64_t n;
	const char *bad = gh_args_slots_state(u);
	if (bad != NULL)
		return bad;
	if (gh_val_kind(h, u->args) != GH_V_DICT || !gh_val_get(h, u->args, "grid", &grid) ||
	    !gh_val_get(h, u->args, "values", &values))
		return "an interpolator without grid or values";
	if (gh_val_kind(h, grid) != GH_V_TUPLE || !gh_view_of(h, values, &o) || !o.seen) {
		gh_doubt(u, "grid or values are written in a way that cannot be looked at");
		return NULL;
	}
	if (gh_val_len(h, grid) > o.n || gh_val_len(h, grid) == 0)
		return "more dimensions of the grid than of the values";
	for (uint64_t i = 0; i < gh_val_len(h, grid); i++) {
		bad = gh_rising_bad(u, gh_val_item(h, grid, i), &n);
		if (bad != NULL)
			return bad;
		if (n == UINT64_MAX)
			continue;
		if (n != o.dim[i] || n == 0)
			return "a grid that does not fit the values";
	}
	return NULL;
}

/* A square of d by d. */
static bool square(struct gh_heap *h, gh_val v, uint64_t d)
{
	struct gh_view o;
	return gh_view_of(h, v, &o) && o.seen && o.n == 2 && o.dim[0] == d && o.dim[1] == d;
}

/* Points as columns of a dataset, a weight for each, matrices of as many rows as there are dimensions. */
const char *gh_args_sp_kde(const struct gh_use_case *u)
{
	static const char *const matrices[] = { "covariance",	    "cho_cov",	     "inv_cov",
						"_data_covariance", "_data_cho_cov", "_data_inv_cov" };
	struct gh_heap *h = u->heap;
	gh_val v;
	struct gh_view points;
	const char *bad = gh_args_dict_data(u);
	if (bad != NULL)
		return bad;
	if (gh_val_kind(h, u->args) != GH_V_DICT || !gh_val_get(h, u->args, "dataset", &v))
		return "a density without points";
	if (!gh_view_of(h, v, &points) || !points.seen) {
		gh_doubt(u, "points are written in a way that cannot be looked at");
		return NULL;
	}
	uint64_t n;
	if (points.n != 2 || (gh_val_get(h, u->args, "d", &v) && (!gh_is_count(h, v, &n) || n != points.dim[0])) ||
	    (gh_val_get(h, u->args, "n", &v) && (!gh_is_count(h, v, &n) || n != points.dim[1])))
		return "points that contradict their number";
	if ((gh_val_get(h, u->args, "_weights", &v) || gh_val_get(h, u->args, "weights", &v)) &&
	    !gh_shaped(h, v, 1, points.dim[1]))
		return "not as many weights as points";
	for (size_t i = 0; i < sizeof matrices / sizeof matrices[0]; i++)
		if (gh_val_get(h, u->args, matrices[i], &v) && !square(h, v, points.dim[0]))
			return "a covariance that does not fit the points";
	return NULL;
}
