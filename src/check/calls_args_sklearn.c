/* Constraints for native code that trusts the sizes it is given: scikit-learn's trees, NumPy's random generators. What
 * the arrays contain (indices of children, of features) is not looked at: scikit-learn follows them when the model is
 * used. Source: sklearn/tree/_tree.pyx, _criterion.pyx; numpy/random/_mt19937.pyx. */
#include "check/calls_args.h"
#include "check/calls_numpy.h"

enum { OUTPUTS = 1 << 16, VIEW_DIMS = 4, MT_WORDS = 624 };

struct view {
	bool seen; /* false: joblib's array, whose shape stands beside the stream */
	unsigned n;
	uint64_t dim[VIEW_DIMS];
};

/* The shape of an array that this stream made. */
static bool view_of(struct gh_heap *h, gh_val v, struct view *o)
{
	const struct gh_allow_row *maker = gh_maker_of(h, v), *r = gh_class_of(h, v);
	gh_val shape, state = gh_val_item(h, v, 0);
	*o = (struct view){ 0 };
	if (gh_row_is(maker, "numpy", "ndarray"))
		return true;
	if (maker != NULL && strcmp(maker->name, "_frombuffer") == 0)
		shape = gh_val_item(h, gh_val_args(h, v), 2);
	else if (gh_row_is(r, "numpy", "ndarray") && gh_val_kind(h, state) == GH_V_TUPLE)
		shape = gh_val_item(h, state, gh_val_len(h, state) == 5);
	else
		return false;
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

/* Classification: (outputs, array of as many class counts); regression: (outputs, samples). */
const char *gh_args_sk_criterion(const struct gh_use_case *u)
{
	uint64_t outputs, samples;
	if (gh_argc(u) != 2 || !gh_is_count(u->heap, gh_arg(u, 0), &outputs) || outputs == 0 || outputs > OUTPUTS)
		return "not (number of outputs, classes or samples)";
	static const char *const classes[] = { "Gini", "Entropy", "LogLoss", "ClassificationCriterion" };
	for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++)
		if (strcmp(u->row->name, classes[i]) == 0)
			return shaped(u->heap, gh_arg(u, 1), 1, outputs) ? NULL : "not as many class counts as outputs";
	return gh_is_count(u->heap, gh_arg(u, 1), &samples) && samples <= UINT32_MAX ? NULL : "odd number of samples";
}

/* Tree(features, class counts, outputs) */
const char *gh_args_sk_tree(const struct gh_use_case *u)
{
	uint64_t features, outputs;
	if (gh_argc(u) != 3 || !gh_is_count(u->heap, gh_arg(u, 0), &features) || features > INT32_MAX ||
	    !gh_is_count(u->heap, gh_arg(u, 2), &outputs) || outputs == 0 || outputs > OUTPUTS)
		return "not (features, class counts, outputs)";
	return shaped(u->heap, gh_arg(u, 1), 1, outputs) ? NULL : "not as many class counts as outputs";
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
	return NULL;
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
	if (gh_val_get(h, dict, "bit_generator", &in) && gh_val_kind(h, in) == GH_V_DICT)
		dict = in;
	if (!gh_val_get(h, dict, "state", &in))
		return NULL;
	if (gh_val_kind(h, in) == GH_V_DICT && gh_val_get(h, in, "key", &key) && gh_val_get(h, in, "pos", &pos) &&
	    !position_ok(h, key, pos))
		return "a position outside the generator's state";
	/* Philox keeps four numbers in a buffer and the index of the next one. */
	uint64_t n;
	if (gh_val_get(h, dict, "buffer_pos", &pos) && (!gh_is_count(h, pos, &n) || n > 4))
		return "a position outside the generator's buffer";
	return NULL;
}
