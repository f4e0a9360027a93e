/* Constraints for pandas: codes are indices that native code follows into categories and levels.
 * Source: pandas/core/arrays/categorical.py, pandas/core/indexes/{base,multi}.py, pandas/_libs/arrays.pyx. */
#include "check/calls_native.h"

enum { DEPTH = 4 };

/* ---- lengths ------------------------------------------------------------------------------------------------------- */
static bool values_length(struct gh_heap *h, gh_val v, unsigned depth, uint64_t *n);

/* The array in the state of an extension array: (type, array, attributes) in either order, or by name. */
static bool state_length(struct gh_heap *h, gh_val state, unsigned depth, uint64_t *n)
{
	static const char *const names[] = { "_ndarray", "_data", "_left", "_codes" };
	gh_val v;
	if (gh_val_kind(h, state) == GH_V_TUPLE && gh_val_len(h, state) == 3)
		return values_length(h, gh_val_item(h, state, 0), depth, n) ||
		       values_length(h, gh_val_item(h, state, 1), depth, n);
	for (size_t i = 0; gh_keys_are_text(h, state) && i < sizeof names / sizeof names[0]; i++)
		if (gh_val_get(h, state, names[i], &v))
			return values_length(h, v, depth, n);
	return false;
}

static bool range_length(struct gh_heap *h, gh_val from, gh_val to, gh_val by, uint64_t *n)
{
	int64_t a, b, step;
	if (!gh_val_int(h, from, &a) || !gh_val_int(h, to, &b) || !gh_val_int(h, by, &step) || step == 0 ||
	    a > INT32_MAX || a < INT32_MIN || b > INT32_MAX || b < INT32_MIN || step > INT32_MAX || step < INT32_MIN)
		return false;
	int64_t way = step > 0 ? b - a : a - b, each = step > 0 ? step : -step;
	*n = way <= 0 ? 0 : (uint64_t)((way + each - 1) / each);
	return true;
}

/* _new_Index(class, {name: value}) */
static bool index_length(struct gh_heap *h, gh_val args, unsigned depth, uint64_t *n)
{
	gh_val d = gh_val_item(h, args, 1), v, to, by;
	if (!gh_keys_are_text(h, d))
		return false;
	if (gh_val_get(h, d, "data", &v) || gh_val_get(h, d, "left", &v))
		return values_length(h, v, depth, n);
	return gh_val_get(h, d, "start", &v) && gh_val_get(h, d, "stop", &to) && gh_val_get(h, d, "step", &by) &&
	       range_length(h, v, to, by, n);
}

/* Of an array, an extension array or an index. */
static bool values_length(struct gh_heap *h, gh_val v, unsigned depth, uint64_t *n)
{
	const struct gh_allow_row *r = gh_maker_of(h, v);
	gh_val state = gh_val_item(h, v, 0);
	if (gh_length_of(h, v, n))
		return true;
	if (r != NULL && strcmp(r->module, "copyreg") == 0)
		r = gh_class_of(h, v);
	if (r == NULL || depth == 0 || strncmp(r->module, "pandas.", 7) != 0)
		return false;
	if (strncmp(r->name, "_new_", 5) == 0)
		return gh_val_kind(h, state) == GH_V_UNKNOWN && index_length(h, gh_val_args(h, v), depth - 1, n);
	return state_length(h, state, depth - 1, n);
}

/* ---- codes --------------------------------------------------------------------------------------------------------- */
static const char *codes_bad(const struct gh_use_case *u, gh_val codes, gh_val of)
{
	uint64_t n;
	if (!values_length(u->heap, of, DEPTH, &n)) {
		gh_doubt(u, "categories or levels are written in a way that cannot be counted");
		return NULL;
	}
	return gh_range_bad(u, codes,
			    &(struct gh_range_rule){ .expect = UINT64_MAX, .from = -1, .below = n, .flat = true });
}

/* What a categorical type says its categories are. */
static bool categories_of(struct gh_heap *h, gh_val dtype, gh_val *out)
{
	const struct gh_allow_row *r = gh_class_of(h, dtype);
	gh_val state = gh_val_item(h, dtype, 0);
	return r != NULL && strcmp(r->name, "CategoricalDtype") == 0 && gh_keys_are_text(h, state) &&
	       (gh_val_get(h, state, "categories", out) || gh_val_get(h, state, "_categories", out));
}

/* (type, codes, {}), the first two in either order, or a dictionary of them. */
const char *gh_args_pd_categorical(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	gh_val codes, type, of;
	struct gh_view o;
	const char *bad = gh_args_state(u);
	if (bad != NULL)
		return bad;
	if (gh_argc(u) == 3) {
		bool swapped = gh_view_of(h, gh_arg(u, 0), &o);
		codes = gh_arg(u, !swapped);
		type = gh_arg(u, swapped);
		if (gh_val_kind(h, gh_arg(u, 2)) != GH_V_DICT || gh_val_len(h, gh_arg(u, 2)) != 0)
			return "attributes that a categorical has none of";
	} else {
		gh_val d = gh_argc(u) == 1 ? gh_arg(u, 0) : u->args;
		if (!gh_keys_are_text(h, d) ||
		    (!gh_val_get(h, d, "_ndarray", &codes) && !gh_val_get(h, d, "_codes", &codes)))
			return "a categorical without codes";
		if (!gh_val_get(h, d, "_dtype", &type) && gh_val_get(h, d, "_categories", &of))
			return codes_bad(u, codes, of);
		if (!gh_val_get(h, d, "_dtype", &type))
			return "a categorical without a type";
	}
	if (!categories_of(h, type, &of)) {
		gh_doubt(u, "categories are written in a way that cannot be counted");
		return NULL;
	}
	return codes_bad(u, codes, of);
}

static const char *levels_bad(const struct gh_use_case *u, gh_val levels, gh_val codes)
{
	struct gh_heap *h = u->heap;
	const char *bad = NULL;
	if (gh_val_kind(h, levels) != GH_V_LIST || gh_val_kind(h, codes) != GH_V_LIST ||
	    gh_val_len(h, levels) > GH_VAL_KEPT) {
		gh_doubt(u, "levels are written in a way that cannot be looked at");
		return NULL;
	}
	if (gh_val_len(h, levels) != gh_val_len(h, codes))
		return "not as many rows of codes as levels";
	for (uint64_t i = 0; i < gh_val_len(h, levels) && bad == NULL; i++)
		bad = codes_bad(u, gh_val_item(h, codes, i), gh_val_item(h, levels, i));
	return bad;
}

/* f(class, {name: value}): as for other classes; the codes of an index must lie within its levels. */
const char *gh_args_pd_index(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	const struct gh_allow_row *r;
	gh_val d = gh_arg(u, 1), codes, of;
	const char *bad = gh_args_class_data(u);
	if (bad != NULL)
		return bad;
	r = gh_row_of(h, gh_arg(u, 0));
	bool multi = strcmp(r->name, "MultiIndex") == 0;
	if (gh_argc(u) != 2 || !gh_keys_are_text(h, d))
		return "not (class, attributes)";
	if (!gh_val_get(h, d, "codes", &codes) && !gh_val_get(h, d, "labels", &codes))
		return multi ? "an index without codes" : NULL;
	if (multi)
		return gh_val_get(h, d, "levels", &of) ? levels_bad(u, of, codes) : "an index without levels";
	return gh_val_get(h, d, "categories", &of) ? codes_bad(u, codes, of) : "codes without categories";
}

/* The state of an index, an extension array or its type. */
const char *gh_args_pd_values(const struct gh_use_case *u) { return gh_args_state(u); }
