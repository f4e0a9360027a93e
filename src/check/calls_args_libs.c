/* Constraints for Cython's generated constructors, pandas, joblib and SciPy. */
#include <stdio.h>

#include "check/calls_args.h"
#include "check/calls_numpy.h"

/* A factory calls __new__ of the class with what it is given, so the class must be one the factory is meant for: another
 * library's may open a file (numpy.memmap). */
static bool same_library(const struct gh_use_case *u, const struct gh_allow_row *cls)
{
	return strcmp(gh_allow_group(u->row)->framework, gh_allow_group(cls)->framework) == 0;
}

/* __pyx_unpickle_X(type, checksum, state): X.__new__(type), then the state's values by position, then a dictionary. */
const char *gh_args_cython(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	const struct gh_allow_row *r = n < 1 ? NULL : gh_row_of(u->heap, gh_arg(u, 0));
	int64_t sum;
	if (n != 3 || !(gh_row_uses(r, GH_USE_MAKE) || gh_row_uses(r, GH_USE_NEW)) || !same_library(u, r) ||
	    !gh_val_int(u->heap, gh_arg(u, 1), &sum))
		return "not (listed class, checksum, state)";
	gh_val state = gh_arg(u, 2);
	if (gh_val_kind(u->heap, state) == GH_V_NONE)
		return NULL;
	if (gh_val_kind(u->heap, state) != GH_V_TUPLE || gh_val_len(u->heap, state) > 64)
		return "the state is not a tuple";
	for (uint64_t i = 0; i < gh_val_len(u->heap, state); i++) {
		gh_val v = gh_val_item(u->heap, state, i);
		const char *bad = gh_val_kind(u->heap, v) == GH_V_DICT ? gh_attrs_bad(u, v, true) : gh_data_bad(u, v);
		if (bad != NULL)
			return bad;
	}
	return NULL;
}

static const char *data_from(const struct gh_use_case *u, unsigned first)
{
	for (unsigned i = first; i < gh_val_len(u->heap, u->args); i++)
		if (gh_data_bad(u, gh_arg(u, i)) != NULL)
			return "an argument that is not data";
	return NULL;
}

/* Constructors that look at their arguments as arrays, indexes or scalars. */
const char *gh_args_data_args(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	return n < 0 ? "unknown arguments" : data_from(u, 0);
}

/* f(cls, {name: data}): cls(**data) for listed classes. */
const char *gh_args_class_data(const struct gh_use_case *u)
{
	const struct gh_allow_row *r = gh_argc(u) < 1 ? NULL : gh_row_of(u->heap, gh_arg(u, 0));
	if (!gh_row_uses(r, GH_USE_MAKE) || !same_library(u, r))
		return "the class is not one that this function is meant for";
	return data_from(u, 1);
}

/* pandas sets every name of a table's state on the table: a property would run its code. */
const char *gh_args_pd_frame(const struct gh_use_case *u)
{
	static const char *const names[] = { "_mgr",	"_data",   "_typ",	    "_metadata",
					     "attrs",	"_attrs",  "_flags",	    "_name",
					     "name",	"_index",  "_item_cache",   "_is_copy",
					     "_subtyp", "_cacher", "_indexed_same", NULL };
	struct gh_heap *h = u->heap;
	gh_val v;
	const char *bad = gh_attrs_bad(u, u->args, true);
	for (uint64_t i = 0; bad == NULL && i < gh_val_len(h, u->args); i++)
		if (!gh_is_word(h, gh_val_key(h, u->args, i), names))
			bad = "a table's state sets a name that is none of its own";
	if (bad != NULL)
		return bad;
	if (gh_val_get(h, u->args, "_flags", &v) && !gh_is_plain(h, v))
		return "odd flags";
	if (gh_val_get(h, u->args, "_metadata", &v) && !gh_is_plain(h, v))
		return "odd metadata";
	if (gh_val_get(h, u->args, "_mgr", &v) || gh_val_get(h, u->args, "_data", &v)) {
		const struct gh_allow_row *r = gh_class_of(h, v);
		size_t n = r == NULL ? 0 : strlen(r->name);
		return n >= 7 && strcmp(r->name + n - 7, "Manager") == 0 ? NULL : "its content is not a block manager";
	}
	return NULL;
}

/* ---- joblib ---------------------------------------------------------------------------------------------------- */
static const char *wrapper_bad(const struct gh_use_case *u)
{
	gh_val v;
	if (gh_val_get(u->heap, u->args, "subclass", &v) && !gh_row_uses(gh_row_of(u->heap, v), GH_USE_MAKE))
		return "the array class is not on the allow list";
	return gh_attrs_bad(u, u->args, true);
}

const char *gh_args_jl_array(const struct gh_use_case *u)
{
	struct gh_np_element e;
	gh_val v;
	uint64_t n;
	const char *bad = wrapper_bad(u);
	if (bad != NULL)
		return bad;
	if (!gh_val_get(u->heap, u->args, "subclass", &v) || !gh_val_get(u->heap, u->args, "dtype", &v) ||
	    !gh_np_element_of(u->heap, v, &e))
		return "the array's type is not a dtype that this stream made";
	return gh_val_get(u->heap, u->args, "shape", &v) && gh_np_shape(u->heap, v, &n) ? NULL : "odd shape";
}

/* Old joblib kept arrays in files beside the pickle and joins this name to its directory. */
const char *gh_args_jl_file(const struct gh_use_case *u)
{
	gh_val v;
	const char *bad = wrapper_bad(u);
	if (bad != NULL)
		return bad;
	struct gh_span s = gh_val_get(u->heap, u->args, "filename", &v) ? gh_val_text(u->heap, v, 300)
									: (struct gh_span){ 0 };
	if (s.p == NULL || !gh_is_text(u->heap, v) || s.n == 0 || s.n > 255 || s.p[0] == '.')
		return "the array's file has no plain name";
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '/' || s.p[i] == '\\' || s.p[i] == ':' || s.p[i] < ' ')
			return "the array's file lies outside the pickle's directory";
	if (!gh_val_get(u->heap, u->args, "init_args", &v))
		return NULL;
	struct gh_use_case in = *u;
	in.args = v;
	return gh_args_np_reconstruct(&in);
}

/* ---- SciPy ----------------------------------------------------------------------------------------------------- */
/* A distribution's __setstate__ executes the text in its _parse_arg_template. Every distribution has the same text but
 * for the names of its shape parameters and, for discrete ones, the missing scale: it is written again from the
 * names, and must come out the same. Source: scipy/stats/_distn_infrastructure.py, parse_arg_template. */
static bool template_ok(const char *text)
{
	static const char head[] = "\ndef _parse_args(self, ";
	char shapes[200], again[2048];
	const char *end = strstr(text, " loc=0");
	if (strncmp(text, head, sizeof head - 1) != 0 || end == NULL || end < text + sizeof head - 1)
		return false;
	size_t n = (size_t)(end - text) - (sizeof head - 1);
	if (n >= sizeof shapes)
		return false;
	memcpy(shapes, text + sizeof head - 1, n);
	shapes[n] = '\0';
	if (strspn(shapes, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_, ") != n)
		return false;
	bool scale = strncmp(end, " loc=0, scale=1)", 16) == 0;
	const char *in = scale ? "loc=0, scale=1" : "loc=0", *out = scale ? "loc, scale" : "loc, 1";
	int m = snprintf(
		again, sizeof again,
		"%s%s %s):\n    return (%s), %s\n\n"
		"def _parse_args_rvs(self, %s %s, size=None):\n    return self._argcheck_rvs(%s %s, size=size)\n\n"
		"def _parse_args_stats(self, %s %s, moments='mv'):\n    return (%s), %s, moments\n",
		head, shapes, in, shapes, out, shapes, in, shapes, out, shapes, in, shapes, out);
	return m > 0 && (size_t)m < sizeof again && strcmp(again, text) == 0;
}

/* The names of the shape parameters become part of a text that is executed, now or when the distribution is copied. */
static bool shapes_ok(const struct gh_use_case *u, gh_val params)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_, ";
	gh_val v;
	if (gh_val_kind(u->heap, params) == GH_V_DICT && !gh_keys_are_text(u->heap, params))
		return false;
	if (!gh_val_get(u->heap, params, "shapes", &v) || gh_val_kind(u->heap, v) == GH_V_NONE)
		return true;
	struct gh_span s = gh_val_text(u->heap, v, 200);
	if (!gh_is_text(u->heap, v) || s.p == NULL || s.n != gh_val_len(u->heap, v))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '\0' || strchr(letters, s.p[i]) == NULL)
			return false;
	return true;
}

const char *gh_args_rv_state(const struct gh_use_case *u)
{
	static const char odd[] = "names of shape parameters that are Python code";
	gh_val v, params = gh_arg(u, 0);
	/* SciPy before 1.6: (constructor parameters, random state). */
	if (gh_argc(u) == 2 && gh_val_kind(u->heap, params) == GH_V_DICT) {
		const char *bad = gh_attrs_bad(u, params, true);
		return bad != NULL ? bad : !shapes_ok(u, params) ? odd : gh_data_bad(u, gh_arg(u, 1));
	}
	const char *bad = gh_attrs_bad(u, u->args, true);
	if (bad != NULL)
		return bad;
	if (!shapes_ok(u, u->args) || (gh_val_get(u->heap, u->args, "_ctor_param", &v) && !shapes_ok(u, v)))
		return odd;
	if (!gh_val_get(u->heap, u->args, "_parse_arg_template", &v))
		return NULL;
	struct gh_span s = gh_val_text(u->heap, v, 2000);
	char text[2048];
	if (gh_val_kind(u->heap, v) == GH_V_STR && s.p != NULL && s.n == gh_val_len(u->heap, v) && s.n < sizeof text &&
	    memchr(s.p, '\0', s.n) == NULL) {
		memcpy(text, s.p, s.n);
		text[s.n] = '\0';
		if (template_ok(text))
			return NULL;
	}
	return "its argument template is Python code that SciPy would run";
}
