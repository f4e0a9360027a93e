/* Constraints for native code that trusts what it is given: scikit-learn's trees and search trees, SciPy's compressed
 * matrices, NumPy's random generators. Sizes must agree with the arrays, and what they hold as indices must point into
 * them. Source: sklearn/tree/_tree.pyx, _criterion.pyx, neighbors/_binary_tree.pxi; scipy/sparse/sparsetools;
 * numpy/random/_mt19937.pyx. */
#include "check/calls_args.h"
#include "check/calls_numpy.h"

enum { OUTPUTS = 1 << 16, CLASSES = 1 << 24, VIEW_DIMS = 4, MT_WORDS = 624 };

struct view {
	bool seen; /* false: an array of objects in joblib's way, or one that stands in a file of its own */
	unsigned n;
	uint64_t dim[VIEW_DIMS];
	gh_val dtype, raw;
};

/* The shape of an array that this stream made. */
static bool view_of(struct gh_heap *h, gh_val v, struct view *o)
{
	const struct gh_allow_row *maker = gh_maker_of(h, v), *r = gh_class_of(h, v);
	gh_val shape, state = gh_val_item(h, v, 0), args = gh_val_args(h, v);
	*o = (struct view){ 0 };
	if (strcmp(maker == NULL ? "" : maker->name, "NDArrayWrapper") == 0 ||
	    strcmp(maker == NULL ? "" : maker->name, "ZNDArrayWrapper") == 0)
		return true;
	if (gh_row_is(maker, "numpy", "ndarray")) { /* joblib's: shape, dtype, bytes */
		shape = gh_val_item(h, args, 0);
		o->dtype = gh_val_item(h, args, 1);
		o->raw = gh_val_item(h, args, 2);
	} else if (maker != NULL && strcmp(maker->name, "_frombuffer") == 0) {
		o->raw = gh_val_item(h, args, 0);
		o->dtype = gh_val_item(h, args, 1);
		shape = gh_val_item(h, args, 2);
	} else if (gh_row_is(r, "numpy", "ndarray") && gh_val_kind(h, state) == GH_V_TUPLE) {
		unsigned at = gh_val_len(h, state) == 5;
		shape = gh_val_item(h, state, at);
		o->dtype = gh_val_item(h, state, at + 1);
		o->raw = gh_val_item(h, state, at + 3);
	} else {
		return false;
	}
	/* Bytes of old protocols come through a codec, bytearrays through their constructor. */
	while (gh_val_kind(h, o->raw) == GH_V_OBJECT && gh_val_kind(h, gh_val_args(h, o->raw)) == GH_V_TUPLE &&
	       gh_val_len(h, gh_val_args(h, o->raw)) != 0)
		o->raw = gh_val_item(h, gh_val_args(h, o->raw), 0);
	if (gh_val_kind(h, shape) != GH_V_TUPLE || gh_val_len(h, shape) > VIEW_DIMS)
		return false;
	o->seen = true;
	o->n = (unsigned)gh_val_len(h, shape);
	for (unsigned i = 0; i < o->n; i++)
		if (!gh_is_count(h, gh_val_item(h, shape, i), &o->dim[i]))
			return false;
	return true;
}

/* An array of `n` dimensions, the first of which is `first` long. */
static bool shaped(struct gh_heap *h, gh_val v, unsigned n, uint64_t first)
{
	struct view o;
	return view_of(h, v, &o) && (!o.seen || (o.n == n && o.dim[0] == first));
}

/* ---- trees --------------------------------------------------------------------------------------------------------- */
struct field {
	uint64_t off;
	unsigned size; /* 1, 4 or 8 */
};

static bool field_of(struct gh_heap *h, gh_val dtype, const char *name, uint64_t record, struct field *f)
{
	struct gh_np_element e;
	gh_val fields = gh_val_item(h, gh_val_item(h, dtype, 0), 4), v;
	if (gh_val_kind(h, fields) != GH_V_DICT || !gh_val_get(h, fields, name, &v) ||
	    !gh_np_element_of(h, gh_val_item(h, v, 0), &e) || !gh_is_count(h, gh_val_item(h, v, 1), &f->off))
		return false;
	struct gh_span order = gh_val_text(h, gh_val_item(h, gh_val_item(h, gh_val_item(h, v, 0), 0), 1), 1);
	f->size = (unsigned)e.size;
	return e.known && (e.size == 1 || e.size == 4 || e.size == 8) && f->off <= record &&
	       e.size <= record - f->off && !(order.n == 1 && order.p[0] == '>');
}

static int64_t get(const uint8_t *record, const struct field *f)
{
	return f->size == 8   ? (int64_t)gh_le64(record + f->off)
	       : f->size == 4 ? (int32_t)gh_le32(record + f->off)
			      : record[f->off];
}

/* Children come after their parents, so that walking down ends; a split asks for a feature that is there. */
static const char *nodes_bad(const struct gh_use_case *u, const struct view *o, uint64_t n, uint64_t features)
{
	enum { RECORD = 128 };
	struct gh_heap *h = u->heap;
	struct field left, right, feature;
	struct gh_np_element e;
	struct gh_val_reader r;
	uint8_t record[RECORD];
	if (!gh_np_element_of(h, o->dtype, &e) || !e.known || e.size > RECORD ||
	    !field_of(h, o->dtype, "left_child", e.size, &left) ||
	    !field_of(h, o->dtype, "right_child", e.size, &right) ||
	    !field_of(h, o->dtype, "feature", e.size, &feature) || !gh_val_reader(h, o->raw, &r)) {
		gh_doubt(u, "the nodes of the tree are written in a way that cannot be looked at");
		return NULL;
	}
	for (uint64_t i = 0; i < n; i++) {
		if (!gh_val_read(&r, record, (size_t)e.size)) {
			gh_doubt(u, "not all nodes of the tree can be looked at");
			return NULL;
		}
		int64_t a = get(record, &left), b = get(record, &right), f = get(record, &feature);
		if (a == -1)
			continue; /* a leaf */
		if (a <= (int64_t)i || b <= (int64_t)i || (uint64_t)a >= n || (uint64_t)b >= n)
			return "a node of the tree has children outside of it";
		if (f < 0 || (uint64_t)f >= features)
			return "a node of the tree asks for a feature that is not there";
	}
	return NULL;
}

/* ---- arrays of indices ---------------------------------------------------------------------------------------- */
/* A one-dimensional array of little-endian integers, ready to be read one by one. */
static bool numbers(struct gh_heap *h, gh_val v, struct gh_val_reader *r, unsigned *size, uint64_t *n)
{
	struct view o;
	struct gh_np_element e;
	if (!view_of(h, v, &o) || !o.seen || o.n != 1 || !gh_np_element_of(h, o.dtype, &e) || e.objects)
		return false;
	struct gh_span name = gh_val_text(h, gh_val_item(h, gh_val_args(h, o.dtype), 0), 3);
	struct gh_span order = gh_val_text(h, gh_val_item(h, gh_val_item(h, o.dtype, 0), 1), 1);
	if (name.n != 2 || (name.p[0] != 'i' && name.p[0] != 'u') || (name.p[1] != '4' && name.p[1] != '8') ||
	    (order.n == 1 && order.p[0] == '>'))
		return false;
	*size = name.p[1] == '4' ? 4 : 8;
	*n = o.dim[0];
	return gh_val_reader(h, o.raw, r);
}

static bool next(struct gh_val_reader *r, unsigned size, int64_t *out)
{
	uint8_t b[8];
	if (!gh_val_read(r, b, size))
		return false;
	*out = size == 8 ? (int64_t)gh_le64(b) : (int32_t)gh_le32(b);
	return true;
}

/* All of `expect` numbers (UINT64_MAX: any) in [0, below); rising: none smaller than the one before. */
static const char *range_bad(const struct gh_use_case *u, gh_val v, uint64_t expect, uint64_t below, bool rising)
{
	struct gh_val_reader r;
	unsigned size;
	uint64_t n;
	int64_t x, last = 0;
	if (!numbers(u->heap, v, &r, &size, &n)) {
		gh_doubt(u, "indices are written in a way that cannot be looked at");
		return NULL;
	}
	if (expect != UINT64_MAX && n != expect)
		return "not as many indices as the shape asks for";
	for (uint64_t i = 0; i < n; i++) {
		if (!next(&r, size, &x)) {
			gh_doubt(u, "not all indices can be looked at");
			return NULL;
		}
		if (x < 0 || (uint64_t)x >= below || (rising && (x < last || (i == 0 && x != 0))))
			return "an index that points outside";
		last = x;
	}
	return NULL;
}

static bool length_of(struct gh_heap *h, gh_val v, uint64_t *n)
{
	struct view o;
	*n = UINT64_MAX;
	if (!view_of(h, v, &o))
		return false;
	if (o.seen)
		*n = o.n == 0 ? 0 : o.dim[0];
	return o.seen;
}

/* Rows (columns) of a compressed matrix: indptr says where each begins in indices and data. */
static const char *compressed_bad(const struct gh_use_case *u, gh_val shape, bool columns)
{
	struct gh_heap *h = u->heap;
	gh_val indptr, indices, data;
	uint64_t major, minor, n, values;
	if (!gh_is_count(h, gh_val_item(h, shape, columns), &major) ||
	    !gh_is_count(h, gh_val_item(h, shape, !columns), &minor) || major > INT64_MAX / 2)
		return "odd shape";
	if (!gh_val_get(h, u->args, "indptr", &indptr) || !gh_val_get(h, u->args, "indices", &indices) ||
	    !gh_val_get(h, u->args, "data", &data))
		return "a matrix without its arrays";
	if (!length_of(h, indices, &n) || !length_of(h, data, &values)) {
		gh_doubt(u, "indices are written in a way that cannot be looked at");
		return NULL;
	}
	const char *bad = range_bad(u, indptr, major + 1, (n < values ? n : values) + 1, true);
	return bad != NULL ? bad : range_bad(u, indices, n, minor, false);
}

const char *gh_args_sp_matrix(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val shape, row, col;
	uint64_t rows, cols, n;
	const char *bad = gh_attrs_bad(u, u->args, true);
	if (bad != NULL)
		return bad;
	bool csr = strncmp(u->row->name, "csr_", 4) == 0, csc = strncmp(u->row->name, "csc_", 4) == 0;
	if (!gh_val_get(h, u->args, "_shape", &shape))
		return csr || csc ? "a matrix without a shape" : NULL;
	if (csr || csc)
		return compressed_bad(u, shape, csc);
	if (strncmp(u->row->name, "coo_", 4) != 0 || !gh_val_get(h, u->args, "row", &row) ||
	    !gh_val_get(h, u->args, "col", &col))
		return NULL;
	if (!gh_is_count(h, gh_val_item(h, shape, 0), &rows) || !gh_is_count(h, gh_val_item(h, shape, 1), &cols))
		return "odd shape";
	(void)length_of(h, row, &n);
	bad = range_bad(u, row, UINT64_MAX, rows, false);
	return bad != NULL ? bad : range_bad(u, col, n, cols, false);
}

/* A KD or ball tree: (data, order of the points, nodes, …). Nodes are ranges of points, children of i are 2i+1, 2i+2. */
const char *gh_args_sk_search_tree(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	struct view nodes;
	struct field from, to, leaf;
	struct gh_np_element e;
	struct gh_val_reader r;
	uint8_t record[64];
	uint64_t points;
	const char *bad = gh_args_state(u);
	if (bad != NULL || gh_argc(u) < 3)
		return bad != NULL ? bad : "not the state of a search tree";
	(void)length_of(h, gh_arg(u, 0), &points);
	bad = range_bad(u, gh_arg(u, 1), points, points, false);
	if (bad != NULL)
		return bad;
	if (!view_of(h, gh_arg(u, 2), &nodes) || !nodes.seen || nodes.n != 1 || !gh_np_element_of(h, nodes.dtype, &e) ||
	    !e.known || e.size > sizeof record || !field_of(h, nodes.dtype, "idx_start", e.size, &from) ||
	    !field_of(h, nodes.dtype, "idx_end", e.size, &to) || !field_of(h, nodes.dtype, "is_leaf", e.size, &leaf) ||
	    !gh_val_reader(h, nodes.raw, &r)) {
		gh_doubt(u, "the nodes of the tree are written in a way that cannot be looked at");
		return NULL;
	}
	for (uint64_t i = 0; i < nodes.dim[0]; i++) {
		if (!gh_val_read(&r, record, (size_t)e.size)) {
			gh_doubt(u, "not all nodes of the tree can be looked at");
			return NULL;
		}
		if (get(record, &from) < 0 || get(record, &to) < get(record, &from) ||
		    (uint64_t)get(record, &to) > points || (get(record, &leaf) == 0 && 2 * i + 2 >= nodes.dim[0]))
			return "a node of the tree has points or children outside of it";
	}
	return NULL;
}

/* ---- what is made of numbers ----------------------------------------------------------------------------------- */
static const char *counts_bad(const struct gh_use_case *u, gh_val counts, uint64_t outputs)
{
	if (!shaped(u->heap, counts, 1, outputs))
		return "not as many class counts as outputs";
	return range_bad(u, counts, outputs, CLASSES, false) == NULL ? NULL : "more classes than there can be";
}

/* Classification: (outputs, array of as many class counts); regression: (outputs, samples). */
const char *gh_args_sk_criterion(const struct gh_use_case *u)
{
	uint64_t outputs, samples;
	if (gh_argc(u) != 2 || !gh_is_count(u->heap, gh_arg(u, 0), &outputs) || outputs == 0 || outputs > OUTPUTS)
		return "not (number of outputs, classes or samples)";
	static const char *const classes[] = { "Gini", "Entropy", "LogLoss", "ClassificationCriterion" };
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strcmp(u->row->name, classes[i]) == 0)
			return counts_bad(u, gh_arg(u, 1), outputs);
	return gh_is_count(u->heap, gh_arg(u, 1), &samples) && samples <= UINT32_MAX ? NULL : "odd number of samples";
}

/* Tree(features, class counts, outputs) */
const char *gh_args_sk_tree(const struct gh_use_case *u)
{
	uint64_t features, outputs;
	if (gh_argc(u) != 3 || !gh_is_count(u->heap, gh_arg(u, 0), &features) || features > INT32_MAX ||
	    !gh_is_count(u->heap, gh_arg(u, 2), &outputs) || outputs == 0 || outputs > OUTPUTS)
		return "not (features, class counts, outputs)";
	return counts_bad(u, gh_arg(u, 1), outputs);
}

const char *gh_args_sk_tree_state(const struct gh_use_case *u)
{
	gh_val nodes, values, v;
	uint64_t n;
	const char *bad = gh_attrs_bad(u, u->args, true);
	if (bad != NULL)
		return bad;
	if (!gh_val_get(u->heap, u->args, "nodes", &nodes) || !gh_val_get(u->heap, u->args, "values", &values) ||
	    !gh_val_get(u->heap, u->args, "node_count", &v) || !gh_is_count(u->heap, v, &n))
		return "a tree without nodes, values or their number";
	if (!shaped(u->heap, nodes, 1, n) || !shaped(u->heap, values, 3, n))
		return "the number of nodes contradicts the arrays";
	struct view o;
	uint64_t features;
	if (!view_of(u->heap, nodes, &o) || !o.seen)
		return NULL;
	return gh_is_count(u->heap, gh_val_item(u->heap, gh_val_args(u->heap, u->target), 0), &features)
		       ? nodes_bad(u, &o, n, features)
		       : "the tree's number of features is not known";
}

/* The generator reads its next number from key[pos]. */
static bool position_ok(struct gh_heap *h, gh_val key, gh_val pos)
{
	uint64_t n;
	struct view o;
	bool list = gh_val_kind(h, key) == GH_V_LIST && gh_val_len(h, key) == MT_WORDS;
	return gh_is_count(h, pos, &n) && n <= MT_WORDS &&
	       (list || (view_of(h, key, &o) && (!o.seen || (o.n == 1 && o.dim[0] == MT_WORDS))));
}

/* A generator's state: a dictionary that may hold the Mersenne twister's under "state", or RandomState's old tuple
 * (name, key, position, …). */
const char *gh_args_np_random_state(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	const char *bad = gh_args_state(u);
	gh_val in, key, pos;
	if (bad != NULL)
		return bad;
	if (gh_argc(u) >= 3 && gh_val_is(h, gh_arg(u, 0), "MT19937"))
		return position_ok(h, gh_arg(u, 1), gh_arg(u, 2)) ? NULL : "a position outside the generator's state";
	gh_val dict = gh_argc(u) > 0 ? gh_arg(u, 0) : u->args; /* NumPy 2: (state, seed sequence) */
	if (gh_val_kind(h, dict) != GH_V_DICT)
		return NULL;
	static const char odd[] = "a state whose names are not texts";
	if (!gh_keys_are_text(h, dict))
		return odd;
	if (gh_val_get(h, dict, "bit_generator", &in) && gh_val_kind(h, in) == GH_V_DICT)
		dict = in;
	if (!gh_keys_are_text(h, dict))
		return odd;
	if (!gh_val_get(h, dict, "state", &in))
		return NULL;
	if (gh_val_kind(h, in) == GH_V_DICT && !gh_keys_are_text(h, in))
		return odd;
	if (gh_val_kind(h, in) == GH_V_DICT && gh_val_get(h, in, "key", &key) && gh_val_get(h, in, "pos", &pos) &&
	    !position_ok(h, key, pos))
		return "a position outside the generator's state";
	/* Philox keeps four numbers in a buffer and the index of the next one. */
	uint64_t n;
	if (gh_val_get(h, dict, "buffer_pos", &pos) && (!gh_is_count(h, pos, &n) || n > 4))
		return "a position outside the generator's buffer";
	return NULL;
}

/* ---- estimators ------------------------------------------------------------------------------------------------ */
/* A tree of histogram gradient boosting: children come after their parents here too. */
const char *gh_args_sk_predictor(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	struct view o;
	struct gh_np_element e;
	struct field left, right, leaf;
	struct gh_val_reader r;
	uint8_t record[128];
	gh_val v;
	const char *bad = gh_attrs_bad(u, u->args, true);
	if (bad != NULL || !gh_val_get(h, u->args, "nodes", &v))
		return bad != NULL ? bad : "a tree without nodes";
	if (!view_of(h, v, &o) || !o.seen || o.n != 1 || !gh_np_element_of(h, o.dtype, &e) || !e.known ||
	    e.size > sizeof record || !field_of(h, o.dtype, "left", e.size, &left) ||
	    !field_of(h, o.dtype, "right", e.size, &right) || !field_of(h, o.dtype, "is_leaf", e.size, &leaf) ||
	    !gh_val_reader(h, o.raw, &r)) {
		gh_doubt(u, "the nodes of the tree are written in a way that cannot be looked at");
		return NULL;
	}
	for (uint64_t i = 0; i < o.dim[0]; i++) {
		if (!gh_val_read(&r, record, (size_t)e.size)) {
			gh_doubt(u, "not all nodes of the tree can be looked at");
			return NULL;
		}
		int64_t a = get(record, &left), b = get(record, &right);
		if (get(record, &leaf) == 0 &&
		    (a <= (int64_t)i || b <= (int64_t)i || (uint64_t)a >= o.dim[0] || (uint64_t)b >= o.dim[0]))
			return "a node of the tree has children outside of it";
	}
	return NULL;
}

/* The sum of the numbers of support vectors per class; one class and regression count in the first place only. */
static bool support_count(struct gh_heap *h, gh_val v, bool classes, uint64_t *sum)
{
	struct gh_val_reader r;
	unsigned size;
	uint64_t n;
	int64_t x;
	*sum = 0;
	if (!numbers(h, v, &r, &size, &n) || n == 0)
		return false;
	for (uint64_t i = 0; i < (classes ? n : 1); i++) {
		if (!next(&r, size, &x))
			return false;
		*sum = x < 0 || x > INT32_MAX ? UINT64_MAX / 2 : *sum + (uint64_t)x;
	}
	return true;
}

/* libsvm walks through its support vectors by the counts per class. */
const char *gh_args_sk_svm(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val count, vectors, coef;
	uint64_t sum, n;
	struct view o;
	const char *bad = gh_args_dict_state(u);
	bool classes = strcmp(u->row->name, "SVC") == 0 || strcmp(u->row->name, "NuSVC") == 0;
	if (bad != NULL || gh_val_kind(h, u->args) != GH_V_DICT ||
	    !gh_val_get(h, u->args, "support_vectors_", &vectors) ||
	    (!gh_val_get(h, u->args, "_n_support", &count) && !gh_val_get(h, u->args, "n_support_", &count)))
		return bad;
	if (!length_of(h, vectors, &n))
		return NULL; /* a sparse matrix, judged by itself */
	if (!support_count(h, count, classes, &sum)) {
		gh_doubt(u, "the numbers of support vectors are written in a way that cannot be looked at");
		return NULL;
	}
	if (sum != n)
		return "not as many support vectors as their counts say";
	if ((gh_val_get(h, u->args, "_dual_coef_", &coef) || gh_val_get(h, u->args, "dual_coef_", &coef)) &&
	    view_of(h, coef, &o) && o.seen && (o.n != 2 || o.dim[1] != n))
		return "not as many coefficients as support vectors";
	return NULL;
}
