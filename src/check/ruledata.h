/* ruledata.h - the shape of the tables that tools/rulec.c makes of rules/ at build time, and how to search them.
 * Nothing here is parsed at start-up. The language of the rule files is described in docs/howto/new-rule.md.
 *
 * The allow list is the security boundary: a callable is known by its exact module and its exact qualified name (both
 * byte for byte, never a prefix), and every way of using it is permitted separately. The explanations say what a
 * known gadget does; with them switched off everything malicious is still caught. */
#ifndef GH_CHECK_RULEDATA_H
#define GH_CHECK_RULEDATA_H
#include <stdint.h>

#include "base/span.h"

/* Ways of using a callable, as written in a rule file. An entry may always be imported. */
#define GH_USES(X) \
	X(REDUCE, "reduce")   /* called with positional arguments */ \
	X(NEW, "new")	      /* cls.__new__(cls, ...) */ \
	X(INST, "inst")	      /* class(...), by INST or OBJ */ \
	X(BUILD, "build")     /* state is given to an instance */ \
	X(SETITEM, "setitem") /* items are stored in an instance */ \
	X(APPEND, "append")   /* items are appended to an instance */ \
	X(ADD, "add")	      /* items are added to an instance */ \
	X(MAKE, "make")	      /* may be the class argument of a factory ("makes=N") */ \
	X(FACTORY, "factory") /* may be the default factory of a defaultdict: called later without arguments */

#define GH_USE_ENUM(id, word) GH_USE_##id,
enum gh_use { GH_USES(GH_USE_ENUM) GH_USES_N };
#undef GH_USE_ENUM

/* Constraints on arguments or state: gh_args_<name> in calls_args*.c, declared in calls_args.h. */
/* The formatter never agrees with itself about tables as long as this. */
/* clang-format off */
#define GH_CONSTRAINTS(X) \
	X(any) X(none) X(plain) X(seq) X(strings) X(number) X(bytes_new) X(bytearray) X(fraction) X(encode) \
	X(regex) X(zone) X(factory) X(dict_state) X(dict_data) X(slots_state) X(state) X(attr_items) X(rv_state) \
	X(reconstructor) X(newobj) X(newobj_ex) X(np_reconstruct) X(np_ma_reconstruct) X(np_dtype) \
	X(np_dtype_state) X(np_array_state) X(np_ma_state) X(np_scalar) X(np_frombuffer) X(np_random) \
	X(np_ufunc) X(np_record) X(type_of) X(attr_of) X(data_state) X(cython) X(data_args) X(class_data) \
	X(jl_array) X(jl_file) X(torch_tensor) X(torch_qtensor) X(torch_sparse) X(torch_param) \
	X(torch_param_state) X(torch_from_type) X(torch_meta) X(torch_mark) X(torch_from_numpy) \
	X(torch_module) X(keys) X(sk_criterion) X(sk_tree) X(sk_tree_state) X(np_random_state) X(pd_frame) \
	X(py_array) X(sp_matrix) X(sk_search_tree) X(sk_predictor) X(sk_svm) X(sk_estimator) \
	X(sp_bspline) X(sp_fitpack) X(sp_surface) X(sp_grid) X(sp_kde) X(pd_categorical) X(pd_index) X(pd_values)
/* clang-format on */

/* What an entry is besides, as bare words of a rule file. */
#define GH_ISS(X) \
	X(NAMED, "import")	  /* may be held as a value */ \
	X(TYPE, "type")		  /* a type or constant: harmless wherever it is held, also when it is called */ \
	X(CALLABLE, "callable")	  /* its instances can be called */ \
	X(KEY, "key")		  /* hashing and comparing its instances runs no code on what they hold */ \
	X(CONTAINER, "container") /* its instances hold what they are given, and are looked into */

#define GH_IS_BIT(id, word) GH_IS_BIT_##id,
enum gh_is_bit { GH_ISS(GH_IS_BIT) GH_IS_N };
#undef GH_IS_BIT
#define GH_IS_ENUM(id, word) GH_IS_##id = 1 << GH_IS_BIT_##id,
enum gh_is { GH_ISS(GH_IS_ENUM) };
#undef GH_IS_ENUM

#define GH_ARGS_ENUM(name) GH_ARGS_##name,
enum gh_args_id { GH_CONSTRAINTS(GH_ARGS_ENUM) GH_ARGS_N };
#undef GH_ARGS_ENUM

enum gh_tier {
	GH_TIER_ALLOW,	/* harmless with whatever its constraint admits */
	GH_TIER_REVIEW, /* known and plausible, not provably harmless: REVIEW when called */
};

struct gh_allow_group {
	const char *framework;
	const char *why; /* why every entry of the group is safe, or why it needs a look */
	uint16_t uses;	 /* set of 1u << enum gh_use */
	uint8_t tier;
	int8_t makes; /* index of the argument that names the class of what it returns; -1: the callable is the class */
	uint8_t arg[GH_USES_N]; /* enum gh_args_id for each way of using it */
	uint8_t is;		/* set of enum gh_is */
	const char *holds;	/* "name,name": attributes that may hold something callable; NULL: none */
};

struct gh_allow_row {
	const char *module, *name;
	uint16_t group;
};

struct gh_explain_group {
	const char *does; /* "executes commands" */
	const char *why;  /* one sentence: what it does */
	uint8_t refuse;	  /* has no honest place in a model: naming it is UNSAFE already (REVIEW without this list) */
};

struct gh_explain_row {
	const char *module;
	const char *name; /* "*": the module and everything below it */
	uint16_t group;
};

/* Generated. Rows are sorted by module, then name, bytewise. */
extern const struct gh_allow_group gh_allow_groups[];
extern const struct gh_allow_row gh_allow_rows[];
extern const size_t gh_allow_rows_n;
extern const struct gh_explain_group gh_explain_groups[];
extern const struct gh_explain_row gh_explain_rows[];
extern const size_t gh_explain_rows_n;
/* Latest date of the rule files and a digest of their content: "2026-11-22+0123456789abcdef". */
extern const char gh_rules_version[];

/* NULL when module.name is not listed exactly so. */
const struct gh_allow_row *gh_allow_find(struct gh_span module, struct gh_span name);
static inline const struct gh_allow_group *gh_allow_group(const struct gh_allow_row *r)
{
	return &gh_allow_groups[r->group];
}
/* What module.name is known to do: the exact entry, else that of the nearest listed enclosing object or module;
 * NULL when nothing is known. */
const struct gh_explain_group *gh_explain_find(struct gh_span module, struct gh_span name);
#endif
