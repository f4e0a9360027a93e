/* Trees of estimators. A tree is walked with the input's columns as they are: the estimator looks only once whether there
 * are as many as it was fitted with, so that its trees must have been fitted with the same number.
 * Source: sklearn/tree/_classes.py, sklearn/ensemble/{_forest,_gb,_iforest}.py, _hist_gradient_boosting/. */
#include "check/calls_native.h"

enum { NODE_MAX = 128 };

static const char hidden[] = "its trees are written in a way that cannot be looked at";

/* The number of features that the estimator asks its input for. False: it does not say. */
static bool asked_for(struct gh_heap *h, gh_val state, uint64_t *n, bool *odd)
{
	static const char *const names[] = { "n_features_in_", "n_features_", "_n_features", "n_features" };
	gh_val v;
	uint64_t x;
	bool known = false;
	*n = UINT64_MAX;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (!gh_val_get(h, state, names[i], &v) || gh_val_kind(h, v) == GH_V_NONE)
			continue;
		if (!gh_is_count(h, v, &x))
			*odd = true;
		else if (x < *n)
			*n = x;
		known = known || !*odd;
	}
	return known;
}

/* Of Tree(features, class counts, outputs). */
static bool tree_features(struct gh_heap *h, gh_val tree, uint64_t *n)
{
	const struct gh_allow_row *r = gh_maker_of(h, tree);
	return r != NULL && gh_allow_group(r)->arg[GH_USE_REDUCE] == GH_ARGS_sk_tree &&
	       gh_is_count(h, gh_val_item(h, gh_val_args(h, tree), 0), n);
}

static const char *one_tree_bad(const struct gh_use_case *u, gh_val state, uint64_t features)
{
	gh_val tree;
	uint64_t n;
	if (!gh_val_get(u->heap, state, "tree_", &tree) || gh_val_kind(u->heap, tree) == GH_V_NONE)
		return NULL; /* not fitted */
	if (!tree_features(u->heap, tree, &n)) {
		gh_doubt(u, hidden);
		return NULL;
	}
	return n > features ? "a tree that asks for more features than its estimator does" : NULL;
}

/* A list, or an array of objects. */
static bool elements(struct gh_heap *h, gh_val v, gh_val *list)
{
	gh_val state = gh_val_item(h, v, 0);
	*list = v;
	if (gh_val_kind(h, v) == GH_V_OBJECT && gh_row_is(gh_class_of(h, v), "numpy", "ndarray") &&
	    gh_val_kind(h, state) == GH_V_TUPLE && gh_val_len(h, state) != 0)
		*list = gh_val_item(h, state, gh_val_len(h, state) - 1);
	return (gh_val_kind(h, *list) == GH_V_LIST || gh_val_kind(h, *list) == GH_V_TUPLE) &&
	       gh_val_len(h, *list) <= GH_VAL_KEPT;
}

/* Of an isolation forest's tree: its own choice of columns. */
static uint64_t columns_of(const struct gh_use_case *u, gh_val chosen, uint64_t i, uint64_t features)
{
	uint64_t n;
	gh_val list;
	if (!elements(u->heap, chosen, &list) || !gh_length_of(u->heap, gh_val_item(u->heap, list, i), &n)) {
		gh_doubt(u, hidden);
		return features;
	}
	return n < features ? n : features;
}

static const char *forest_bad(const struct gh_use_case *u, uint64_t features)
{
	struct gh_heap *h = u->heap;
	gh_val trees, chosen;
	const char *bad = NULL;
	if (!gh_val_get(h, u->args, "estimators_", &trees))
		return NULL; /* not fitted */
	bool some = gh_val_get(h, u->args, "estimators_features_", &chosen) &&
		    strcmp(u->row->name, "IsolationForest") == 0;
	if (!elements(h, trees, &trees)) {
		gh_doubt(u, hidden);
		return NULL;
	}
	for (uint64_t i = 0; i < gh_val_len(h, trees) && bad == NULL; i++) {
		gh_val state = gh_val_item(h, gh_val_item(h, trees, i), 0);
		if (gh_val_kind(h, state) != GH_V_DICT)
			gh_doubt(u, hidden);
		else
			bad = one_tree_bad(u, state, some ? columns_of(u, chosen, i, features) : features);
	}
	return bad;
}

static const char *tree_bad(const struct gh_use_case *u, uint64_t features)
{
	return one_tree_bad(u, u->args, features);
}

/* ---- histogram gradient boosting ----------------------------------------------------------------------------------- */
struct nodes {
	struct gh_val_reader r;
	struct gh_member left, right, leaf, feature, categorical, bitset;
	size_t record;
	uint64_t n;
};

static bool nodes_of(struct gh_heap *h, gh_val state, struct nodes *o)
{
	struct gh_view v;
	struct gh_np_element e;
	gh_val nodes;
	if (!gh_val_get(h, state, "nodes", &nodes) || !gh_view_of(h, nodes, &v) || !v.seen || v.n != 1 ||
	    !gh_np_element_of(h, v.dtype, &e) || !e.known || e.size > NODE_MAX)
		return false;
	o->record = (size_t)e.size;
	o->n = v.dim[0];
	/* Categories came with release 0.24. */
	o->categorical = o->bitset = (struct gh_member){ .size = 0 };
	bool old = !gh_member_of(h, v.dtype, "is_categorical", e.size, &o->categorical);
	return gh_member_of(h, v.dtype, "left", e.size, &o->left) &&
	       gh_member_of(h, v.dtype, "right", e.size, &o->right) &&
	       gh_member_of(h, v.dtype, "is_leaf", e.size, &o->leaf) &&
	       gh_member_of(h, v.dtype, "feature_idx", e.size, &o->feature) &&
	       (old || gh_member_of(h, v.dtype, "bitset_idx", e.size, &o->bitset)) &&
	       (o->n == 0 || gh_val_reader(h, v.raw, &o->r));
}

/* Rows of eight words each. */
static bool bitsets(struct gh_heap *h, gh_val state, const char *name, uint64_t *n)
{
	struct gh_view o;
	gh_val v;
	*n = 0;
	if (!gh_val_get(h, state, name, &v))
		return true;
	if (!gh_view_of(h, v, &o) || !o.seen || o.n != 2 || (o.dim[0] != 0 && o.dim[1] != 8))
		return false;
	*n = o.dim[0];
	return true;
}

/* A tree of arrays: children come after their parents, categories stand in a row of bits that is there. */
const char *gh_args_sk_predictor(const struct gh_use_case *u)
{
	static const char unseen[] = "the nodes of the tree are written in a way that cannot be looked at";
	struct gh_heap *h = u->heap;
	struct nodes o;
	uint8_t b[NODE_MAX];
	uint64_t raw, binned;
	gh_val v;
	const char *bad = gh_attrs_bad(u, u->args, true);
	if (bad != NULL || !gh_val_get(h, u->args, "nodes", &v))
		return bad != NULL ? bad : "a tree without nodes";
	if (!nodes_of(h, u->args, &o) || !bitsets(h, u->args, "raw_left_cat_bitsets", &raw) ||
	    !bitsets(h, u->args, "binned_left_cat_bitsets", &binned)) {
		gh_doubt(u, unseen);
		return NULL;
	}
	if (o.n == 0)
		return "a tree without nodes";
	for (uint64_t i = 0; i < o.n; i++) {
		if (!gh_val_read(&o.r, b, o.record)) {
			gh_doubt(u, "not all nodes of the tree can be looked at");
			return NULL;
		}
		int64_t left = gh_member_get(b, &o.left), right = gh_member_get(b, &o.right);
		if (gh_member_get(b, &o.leaf) != 0)
			continue;
		if (left <= (int64_t)i || right <= (int64_t)i || (uint64_t)left >= o.n || (uint64_t)right >= o.n)
			return "a node of the tree has children outside of it";
		if (o.categorical.size == 0 || gh_member_get(b, &o.categorical) == 0)
			continue;
		int64_t bits = gh_member_get(b, &o.bitset);
		if (bits < 0 || (uint64_t)bits >= raw || (uint64_t)bits >= binned)
			return "a node of the tree asks for categories that are not there";
	}
	return NULL;
}

/* What the nodes of one tree ask for. False: not to be seen. */
static bool predictor_asks(struct gh_heap *h, gh_val predictor, uint64_t *features, bool *categorical)
{
	struct nodes o;
	uint8_t b[NODE_MAX];
	if (gh_val_kind(h, predictor) != GH_V_OBJECT || !nodes_of(h, gh_val_item(h, predictor, 0), &o))
		return false;
	for (uint64_t i = 0; i < o.n; i++) {
		if (!gh_val_read(&o.r, b, o.record))
			return false;
		if (gh_member_get(b, &o.leaf) != 0)
			continue;
		int64_t f = gh_member_get(b, &o.feature);
		if (f < 0 || (uint64_t)f >= *features)
			*features = f < 0 ? UINT64_MAX : (uint64_t)f + 1;
		*categorical = *categorical || (o.categorical.size != 0 && gh_member_get(b, &o.categorical) != 0);
	}
	return true;
}

/* A node of categories looks its feature up in the mapper's rows of known categories: there must be one. */
static const char *mapper_bad(const struct gh_use_case *u, uint64_t features)
{
	struct gh_heap *h = u->heap;
	struct gh_view o;
	struct gh_val_reader r;
	gh_val mapper, flags;
	uint8_t b;
	if (!gh_val_get(h, u->args, "_bin_mapper", &mapper) ||
	    !gh_val_get(h, gh_val_item(h, mapper, 0), "is_categorical_", &flags) || !gh_view_of(h, flags, &o) ||
	    !o.seen || !gh_val_reader(h, o.raw, &r)) {
		gh_doubt(u, "its categories are written in a way that cannot be looked at");
		return NULL;
	}
	if (o.n != 1 || o.dim[0] < features)
		return "fewer features with categories than the trees ask for";
	for (uint64_t i = 0; i < o.dim[0]; i++)
		if (gh_val_read(&r, &b, 1) && b != 0)
			return NULL;
	return "trees ask for categories and there are none";
}

static const char *boosting_bad(const struct gh_use_case *u, uint64_t features)
{
	struct gh_heap *h = u->heap;
	gh_val rounds;
	uint64_t most = 0;
	bool categorical = false;
	if (!gh_val_get(h, u->args, "_predictors", &rounds))
		return NULL; /* not fitted */
	if (!elements(h, rounds, &rounds)) {
		gh_doubt(u, hidden);
		return NULL;
	}
	for (uint64_t i = 0; i < gh_val_len(h, rounds); i++) {
		gh_val trees;
		if (!elements(h, gh_val_item(h, rounds, i), &trees)) {
			gh_doubt(u, hidden);
			return NULL;
		}
		for (uint64_t k = 0; k < gh_val_len(h, trees); k++)
			if (!predictor_asks(h, gh_val_item(h, trees, k), &most, &categorical)) {
				gh_doubt(u, hidden);
				return NULL;
			}
	}
	if (most > features)
		return "a tree that asks for more features than its estimator does";
	return categorical ? mapper_bad(u, most) : NULL;
}

/* ---- which estimators have trees ------------------------------------------------------------------------------------ */
const char *gh_trees_bad(const struct gh_use_case *u)
{
	static const struct {
		const char *module, *start; /* of the module's and the class's name */
		const char *(*bad)(const struct gh_use_case *u, uint64_t features);
	} kinds[] = {
		{ "sklearn.tree.", "", tree_bad },
		{ "sklearn.ensemble.", "RandomForest", forest_bad },
		{ "sklearn.ensemble.", "ExtraTrees", forest_bad },
		{ "sklearn.ensemble.", "Forest", forest_bad },
		{ "sklearn.ensemble.", "BaseForest", forest_bad },
		{ "sklearn.ensemble.", "RandomTrees", forest_bad },
		{ "sklearn.ensemble.", "GradientBoosting", forest_bad },
		{ "sklearn.ensemble.", "BaseGradientBoosting", forest_bad },
		{ "sklearn.ensemble.", "IsolationForest", forest_bad },
		{ "imblearn.ensemble.", "BalancedRandomForest", forest_bad },
		{ "sklearn.ensemble.", "HistGradientBoosting", boosting_bad },
		{ "sklearn.ensemble.", "BaseHistGradientBoosting", boosting_bad },
	};
	uint64_t features;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (strncmp(u->row->module, kinds[i].module, strlen(kinds[i].module)) != 0 ||
		    strncmp(u->row->name, kinds[i].start, strlen(kinds[i].start)) != 0)
			continue;
		bool odd = false;
		if (!asked_for(u->heap, u->args, &features, &odd) || odd) {
			gh_val v;
			if (gh_val_get(u->heap, u->args, "tree_", &v) ||
			    gh_val_get(u->heap, u->args, "estimators_", &v) ||
			    gh_val_get(u->heap, u->args, "_predictors", &v))
				gh_doubt(u, "it does not say how many features it asks for");
		}
		return kinds[i].bad(u, features);
	}
	return NULL;
}
