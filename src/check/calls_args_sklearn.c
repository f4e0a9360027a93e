/* Constraints for native code that trusts what it is given: scikit-learn's trees and search trees, SciPy's compressed
 * matrices, NumPy's random generators. Sizes must agree with the arrays, and what they hold as indices must point into
 * them. Source: sklearn/tree/_tree.pyx, _criterion.pyx, neighbors/_binary_tree.pxi; scipy/sparse/sparsetools;
 * numpy/random/_mt19937.pyx. */
#include "check/calls_native.h"

enum { OUTPUTS = 1 << 16, CLASSES = 1 << 24, MT_WORDS = 624 };

/* Children come after their parents, so that walking down ends; a split asks for a feature that is there. */
static const char *nodes_bad(const struct gh_use_case *u, const struct gh_view *o, uint64_t n, uint64_t features)
{
	enum { RECORD = 128 };
	struct gh_heap *h = u->heap;
	struct gh_member left, right, feature;
	struct gh_np_element e;
	struct gh_val_reader r;
	uint8_t record[RECORD];
	if (!gh_np_element_of(h, o->dtype, &e) || !e.known || e.size > RECORD ||
	    !gh_member_of(h, o->dtype, "left_child", e.size, &left) ||
	    !gh_member_of(h, o->dtype, "right_child", e.size, &right) ||
	    !gh_member_of(h, o->dtype, "feature", e.size, &feature) || !gh_val_reader(h, o->raw, &r)) {
		gh_doubt(u, "the nodes of the tree are written in a way that cannot be looked at");
		return NULL;
	}
	for (uint64_t i = 0; i < n; i++) {
		if (!gh_val_read(&r, record, (size_t)e.size)) {
			gh_doubt(u, "not all nodes of the tree can be looked at");
			return NULL;
		}
		int64_t a = gh_member_get(record, &left), b = gh_member_get(record, &right),
			f = gh_member_get(record, &feature);
		if (a == -1)
			continue; /* a leaf */
		if (a <= (int64_t)i || b <= (int64_t)i || (uint64_t)a >= n || (uint64_t)b >= n)
			return "a node of the tree has children outside of it";
		if (f < 0 || (uint64_t)f >= features)
			return "a node of the tree asks for a feature that is not there";
	}
	return NULL;
}

/* (data, order, nodes, bounds, leaf size, levels, number of nodes, …, weights): queries trust that they fit. */
static const char *tree_sizes_bad(const struct gh_use_case *u, uint64_t points, uint64_t nodes)
{
	static const char odd[] = "sizes of the tree that contradict each other";
	struct gh_heap *h = u->heap;
	struct gh_view data, bounds;
	uint64_t levels, n;
	int argc = gh_argc(u);
	if (nodes == 0)
		return "a search tree without nodes";
	if (argc < 7 || !gh_is_count(h, gh_arg(u, 5), &levels) || !gh_is_count(h, gh_arg(u, 6), &n) || n != nodes ||
	    levels > 62 || (UINT64_C(1) << levels) - 1 != nodes)
		return odd;
	if (!gh_view_of(h, gh_arg(u, 0), &data) || !data.seen || !gh_view_of(h, gh_arg(u, 3), &bounds) ||
	    !bounds.seen) {
		gh_doubt(u, "points or bounds of the tree are written in a way that cannot be looked at");
		return NULL;
	}
	uint64_t sides = strncmp(u->row->name, "Ball", 4) == 0 ? 1 : 2;
	if (data.n != 2 || bounds.n != 3 || bounds.dim[0] < sides || bounds.dim[1] != nodes ||
	    bounds.dim[2] != data.dim[1])
		return odd;
	gh_val weights = gh_arg(u, (unsigned)argc - 1);
	return argc == 13 && gh_val_kind(h, weights) == GH_V_OBJECT && !gh_shaped(h, weights, 1, points) ? odd : NULL;
}

/* A KD or ball tree: (data, order of the points, nodes, …). Nodes are ranges of points, children of i are 2i+1, 2i+2. */
const char *gh_args_sk_search_tree(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	struct gh_view nodes;
	struct gh_member from, to, leaf;
	struct gh_np_element e;
	struct gh_val_reader r;
	uint8_t record[64];
	uint64_t points;
	const char *bad = gh_args_state(u);
	if (bad != NULL || gh_argc(u) < 3)
		return bad != NULL ? bad : "not the state of a search tree";
	(void)gh_length_of(h, gh_arg(u, 0), &points);
	bad = gh_range_bad(u, gh_arg(u, 1), &(struct gh_range_rule){ .expect = points, .below = points });
	if (bad != NULL)
		return bad;
	bool seen = gh_view_of(h, gh_arg(u, 2), &nodes) && nodes.seen && nodes.n == 1;
	bad = seen ? tree_sizes_bad(u, points, nodes.dim[0]) : NULL;
	if (bad != NULL)
		return bad;
	if (!seen || !gh_np_element_of(h, nodes.dtype, &e) || !e.known || e.size > sizeof record ||
	    !gh_member_of(h, nodes.dtype, "idx_start", e.size, &from) ||
	    !gh_member_of(h, nodes.dtype, "idx_end", e.size, &to) ||
	    !gh_member_of(h, nodes.dtype, "is_leaf", e.size, &leaf) || !gh_val_reader(h, nodes.raw, &r)) {
		gh_doubt(u, "the nodes of the tree are written in a way that cannot be looked at");
		return NULL;
	}
	for (uint64_t i = 0; i < nodes.dim[0]; i++) {
		if (!gh_val_read(&r, record, (size_t)e.size)) {
			gh_doubt(u, "not all nodes of the tree can be looked at");
			return NULL;
		}
		if (gh_member_get(record, &from) < 0 || gh_member_get(record, &to) < gh_member_get(record, &from) ||
		    (uint64_t)gh_member_get(record, &to) > points ||
		    (gh_member_get(record, &leaf) == 0 && 2 * i + 2 >= nodes.dim[0]))
			return "a node of the tree has points or children outside of it";
	}
	return NULL;
}

/* ---- what is made of numbers ----------------------------------------------------------------------------------- */
static const char *counts_bad(const struct gh_use_case *u, gh_val counts, uint64_t outputs)
{
	if (!gh_shaped(u->heap, counts, 1, outputs))
		return "not as many class counts as outputs";
	const struct gh_range_rule rule = { .expect = outputs, .below = CLASSES };
	return gh_range_bad(u, counts, &rule) == NULL ? NULL : "more classes than there can be";
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
	if (!gh_shaped(u->heap, nodes, 1, n) || !gh_shaped(u->heap, values, 3, n))
		return "the number of nodes contradicts the arrays";
	struct gh_view o;
	uint64_t features;
	if (!gh_view_of(u->heap, nodes, &o) || !o.seen)
		return NULL;
	return gh_is_count(u->heap, gh_val_item(u->heap, gh_val_args(u->heap, u->target), 0), &features)
		       ? nodes_bad(u, &o, n, features)
		       : "the tree's number of features is not known";
}

/* The generator reads its next number from key[pos]. */
static bool position_ok(struct gh_heap *h, gh_val key, gh_val pos)
{
	uint64_t n;
	struct gh_view o;
	bool list = gh_val_kind(h, key) == GH_V_LIST && gh_val_len(h, key) == MT_WORDS;
	return gh_is_count(h, pos, &n) && n <= MT_WORDS &&
	       (list || (gh_view_of(h, key, &o) && (!o.seen || (o.n == 1 && o.dim[0] == MT_WORDS))));
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
