/* Constraints for estimators of scikit-learn and its kin: plain objects whose state is their dictionary. What they are
 * made of is called by the names of methods, and some of these names stand in the state: both must be the known ones.
 * Source: sklearn/ensemble/_stacking.py, sklearn/pipeline.py, sklearn/compose, sklearn/metrics/_scorer.py. */
#include "check/calls_args.h"
#include "check/calls_native.h"

enum { DEPTH = 6 };

/* ---- methods by name --------------------------------------------------------------------------------------------- */
static const char *method_bad(const struct gh_use_case *u, gh_val v)
{
	static const char *const known[] = { "auto",  "default",	   "predict",	    "predict_proba",
					     "score", "decision_function", "transform",	    "predict_log_proba",
					     "apply", "score_samples",	   "fit_transform", "fit_predict" };
	uint8_t room[GH_NAME_MAX];
	struct gh_span name;
	if (gh_val_kind(u->heap, v) == GH_V_NONE)
		return NULL;
	if (gh_key_text(u->heap, v, room, &name) == GH_KEY_TEXT)
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (gh_span_is(name, known[i]))
				return NULL;
	return "it would call a method that no estimator is asked for";
}

static const char *methods_bad(const struct gh_use_case *u, gh_val v)
{
	enum gh_vkind k = gh_val_kind(u->heap, v);
	const char *bad = NULL;
	if (k != GH_V_LIST && k != GH_V_TUPLE)
		return method_bad(u, v);
	if (gh_val_len(u->heap, v) > GH_VAL_KEPT)
		return "more names of methods than can be looked at";
	for (uint64_t i = 0; i < gh_val_len(u->heap, v) && bad == NULL; i++)
		bad = method_bad(u, gh_val_item(u->heap, v, i));
	return bad;
}

/* attrgetter(text)(estimator): nothing below the surface. */
static const char *path_bad(const struct gh_use_case *u, gh_val v)
{
	uint8_t room[GH_NAME_MAX];
	struct gh_span path;
	enum gh_key k = gh_key_text(u->heap, v, room, &path);
	for (size_t i = 0; k == GH_KEY_TEXT && i + 1 < path.n; i++)
		if (path.p[i] == '_' && path.p[i + 1] == '_')
			k = GH_KEY_UNKNOWN;
	/* A function is judged as every attribute is. */
	return k == GH_KEY_UNKNOWN && gh_val_kind(u->heap, v) != GH_V_GLOBAL ? "it would reach into the estimator"
									     : NULL;
}

/* ---- parts ------------------------------------------------------------------------------------------------------- */
bool gh_row_is_estimator(const struct gh_allow_row *r)
{
	static const char *const others[] = { "CatBoost", "UMAP", "gensim", "statsmodels", NULL };
	if (!gh_row_uses(r, GH_USE_BUILD))
		return false;
	uint8_t build = gh_allow_group(r)->arg[GH_USE_BUILD];
	for (size_t i = 0; others[i] != NULL; i++)
		if (strcmp(gh_allow_group(r)->framework, others[i]) == 0)
			return true;
	return build == GH_ARGS_sk_estimator || build == GH_ARGS_sk_svm ||
	       (build == GH_ARGS_data_state && strcmp(r->module, "sklearn.isotonic") == 0);
}

static const char *part_bad(const struct gh_use_case *u, gh_val v, unsigned depth);

static const char *each_bad(const struct gh_use_case *u, gh_val v, unsigned depth)
{
	struct gh_heap *h = u->heap;
	enum gh_vkind k = gh_val_kind(h, v);
	uint64_t n = gh_val_len(h, v);
	const char *bad = NULL;
	if (depth == 0 || gh_val_more(h, v)) {
		gh_doubt(u, "more estimators than can be looked at");
		return NULL;
	}
	/* (name, estimator, columns): the columns may be anything. */
	if (k == GH_V_TUPLE && n == 3 && gh_val_kind(h, gh_val_item(h, v, 0)) == GH_V_STR)
		return part_bad(u, gh_val_item(h, v, 1), depth - 1);
	for (uint64_t i = 0; i < n && i < GH_VAL_KEPT && bad == NULL; i++)
		bad = part_bad(u, k == GH_V_DICT ? gh_val_at(h, v, i) : gh_val_item(h, v, i), depth - 1);
	return bad;
}

static const char *object_bad(const struct gh_use_case *u, gh_val v, unsigned depth)
{
	static const char none[] = "a part of the estimator is no estimator";
	struct gh_heap *h = u->heap;
	const struct gh_allow_row *r = gh_class_of(h, v);
	gh_val state = gh_val_item(h, v, 0);
	if (gh_row_is_estimator(r))
		return NULL;
	if (r != NULL && (strcmp(r->name, "NDArrayWrapper") == 0 || strcmp(r->name, "ZNDArrayWrapper") == 0)) {
		gh_doubt(u, "estimators in a file of their own");
		return NULL;
	}
	if (!gh_row_is(r, "numpy", "ndarray") || gh_val_kind(h, state) != GH_V_TUPLE || gh_val_len(h, state) == 0)
		return none;
	gh_val content = gh_val_item(h, state, gh_val_len(h, state) - 1);
	return gh_val_kind(h, content) == GH_V_LIST ? each_bad(u, content, depth) : none;
}

static const char *part_bad(const struct gh_use_case *u, gh_val v, unsigned depth)
{
	switch (gh_val_kind(u->heap, v)) {
	case GH_V_NONE:
	case GH_V_BOOL:
	case GH_V_INT:
	case GH_V_BIGINT:
	case GH_V_FLOAT:
	case GH_V_STR: return NULL;
	case GH_V_LIST:
	case GH_V_TUPLE:
	case GH_V_DICT: return each_bad(u, v, depth);
	case GH_V_OBJECT: return object_bad(u, v, depth);
	default: return "a part of the estimator is no estimator";
	}
}

static const char *parts_bad(const struct gh_use_case *u, gh_val v) { return part_bad(u, v, DEPTH); }

/* ---- the state --------------------------------------------------------------------------------------------------- */
static const struct {
	const char *name;
	const char *(*bad)(const struct gh_use_case *u, gh_val v);
} attributes[] = {
	{ "stack_method", methods_bad },
	{ "stack_method_", methods_bad },
	{ "response_method", methods_bad },
	{ "_response_method", methods_bad },
	{ "importance_getter", path_bad },
	{ "base_estimator", parts_bad },
	{ "base_estimator_", parts_bad },
	{ "best_estimator_", parts_bad },
	{ "calibrated_classifiers_", parts_bad },
	{ "calibrators", parts_bad },
	{ "classifier", parts_bad },
	{ "classifiers_", parts_bad },
	{ "clusterer", parts_bad },
	{ "clusterer_", parts_bad },
	{ "estimator", parts_bad },
	{ "estimator_", parts_bad },
	{ "estimators", parts_bad },
	{ "estimators_", parts_bad },
	{ "final_estimator", parts_bad },
	{ "final_estimator_", parts_bad },
	{ "init_", parts_bad },
	{ "initial_imputer_", parts_bad },
	{ "label_binarizer_", parts_bad },
	{ "regressor", parts_bad },
	{ "regressor_", parts_bad },
	{ "steps", parts_bad },
	{ "transformer", parts_bad },
	{ "transformer_", parts_bad },
	{ "transformer_list", parts_bad },
	{ "transformers", parts_bad },
	{ "transformers_", parts_bad },
	{ "_encoder", parts_bad },
	{ "_label_binarizer", parts_bad },
	{ "_label_encoder", parts_bad },
	{ "_tfidf", parts_bad },
};

const char *gh_args_sk_estimator(const struct gh_use_case *u)
{
	gh_val v;
	const char *bad = gh_args_dict_state(u);
	if (bad != NULL || gh_val_kind(u->heap, u->args) != GH_V_DICT)
		return bad;
	for (size_t i = 0; i < sizeof attributes / sizeof attributes[0] && bad == NULL; i++)
		if (gh_val_get(u->heap, u->args, attributes[i].name, &v))
			bad = attributes[i].bad(u, v);
	return bad != NULL ? bad : gh_trees_bad(u);
}
