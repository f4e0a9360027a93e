#include "check/calls.h"

#include "check/calls_args.h"
#include "check/calls_torch.h"

enum { EXPRESSION = 300, NAME = 120, SHOWN_ARGS = 12 };

enum { CALLED, MISUSED, UNRESOLVED, NOT_FRESH, STATE, EXTENSION, IMPORTED, REVIEWED, PERSID, REFUSED, LATE, HASHED };

#define FIX_CALL \
	"Do not load this file. Ask the author for weights without code (safetensors), or load it in isolation."
static const struct gh_rule rules[] = {
	[CALLED] = { "GH-CALL-0001", GH_CRITICAL, GH_UNSAFE, "Loading calls something outside the allow list",
		     "Code of the author's choosing runs with the rights of whoever loads the file.", FIX_CALL,
		     "CWE-502 CWE-94 AML.T0011 AML.T0010" },
	[MISUSED] = { "GH-CALL-0002", GH_CRITICAL, GH_UNSAFE,
		      "Loading uses an allowed callable with arguments that make it dangerous",
		      "A harmless name is turned into a way to run code, read memory or exhaust the machine.", FIX_CALL,
		      "CWE-502 CWE-915 AML.T0011" },
	[UNRESOLVED] = { "GH-CALL-0003", GH_CRITICAL, GH_UNSAFE,
			 "Loading calls or imports something that cannot be known beforehand",
			 "What is called is computed while the file loads, so no inspection can tell what it is.",
			 FIX_CALL, "CWE-502 CWE-470 AML.T0011" },
	[NOT_FRESH] = { "GH-CALL-0004", GH_CRITICAL, GH_UNSAFE,
			"Loading changes an object that this stream did not create",
			"Modules, classes and functions of the running program are replaced or altered.", FIX_CALL,
			"CWE-502 CWE-915 AML.T0011" },
	[STATE] = { "GH-CALL-0005", GH_CRITICAL, GH_UNSAFE,
		    "Loading gives state or items to an object outside the allow list",
		    "The object's own code (__setstate__, __setitem__, append) runs on data of the author's choosing.",
		    FIX_CALL, "CWE-502 CWE-915 AML.T0011" },
	[EXTENSION] = { "GH-CALL-0006", GH_CRITICAL, GH_UNSAFE,
			"Loading resolves a name through the extension registry",
			"What is called depends on a table outside the file.", FIX_CALL, "CWE-502 CWE-470 AML.T0011" },
	[IMPORTED] = { "GH-CALL-0007", GH_MEDIUM, GH_REVIEW,
		       "Loading imports something outside the allow list without calling it",
		       "Importing runs the module, and whoever uses the loaded object may call the function.",
		       "Look at what the function does, and whether the model needs it.", "CWE-502 CWE-829 AML.T0010" },
	[REVIEWED] = { "GH-CALL-0008", GH_MEDIUM, GH_REVIEW,
		       "Loading calls something known that is not provably harmless",
		       "The library's own parser or code reads bytes of the author's choosing.",
		       "Load it only with a current version of the library and from an author you trust.",
		       "CWE-502 AML.T0010" },
	[PERSID] = { "GH-CALL-0009", GH_MEDIUM, GH_REVIEW, "A persistent id has a form that no known loader writes",
		     "The loader's persistent_load decides what it means; it may fetch or run anything.",
		     "Find out which program wrote the file and what it does with the id.", "CWE-502 AML.T0010" },
	[REFUSED] = { "GH-CALL-0010", GH_HIGH, GH_UNSAFE, "Loading hands out a function that runs commands or code",
		      "Whoever uses the loaded object runs it; no model has a reason to hold it.", FIX_CALL,
		      "CWE-502 CWE-829 AML.T0011" },
	[LATE] = { "GH-CALL-0011", GH_CRITICAL, GH_UNSAFE, "Loading changes a value after handing it to a call",
		   "What was harmless when it was looked at becomes something else: code, or memory of the author's "
		   "choosing.",
		   FIX_CALL, "CWE-502 CWE-367 AML.T0011" },
	[HASHED] = { "GH-CALL-0012", GH_CRITICAL, GH_UNSAFE,
		     "Loading hashes or compares an object whose own code decides how",
		     "A dictionary or a set calls __hash__ and __eq__ of its keys while the file loads.", FIX_CALL,
		     "CWE-502 AML.T0011" },
	GH_RULES_END,
};

/* ---- the reconstructed expression ------------------------------------------------------------------------------- */
static void put_name(struct gh_buf *b, struct gh_span module, struct gh_span name)
{
	gh_buf_safe(b, module, NAME);
	if (module.n != 0)
		gh_buf_ch(b, '.');
	gh_buf_safe(b, name, NAME);
}

static void put_args(struct gh_buf *b, const struct gh_call *c)
{
	gh_buf_ch(b, '(');
	if (c->heap == NULL) {
		gh_buf_str(b, "…)");
		return;
	}
	if (gh_val_kind(c->heap, c->args) != GH_V_TUPLE) {
		gh_buf_ch(b, '*');
		gh_val_render(c->heap, c->args, b, EXPRESSION / 2);
	} else {
		uint64_t n = gh_val_len(c->heap, c->args);
		size_t start = b->n;
		for (uint64_t i = 0; i < n; i++) {
			if (i == SHOWN_ARGS || b->n - start > EXPRESSION) {
				gh_buf_str(b, ", …");
				break;
			}
			if (i != 0)
				gh_buf_str(b, ", ");
			gh_val_render(c->heap, gh_val_item(c->heap, c->args, i), b, EXPRESSION / 2);
		}
	}
	if (gh_val_kind(c->heap, c->kwargs) != GH_V_NONE) {
		gh_buf_str(b, ", **");
		gh_val_render(c->heap, c->kwargs, b, EXPRESSION / 2);
	}
	gh_buf_ch(b, ')');
}

static void put_given(struct gh_buf *b, const struct gh_call *c, const char *before, const char *after)
{
	gh_buf_str(b, before);
	if (c->heap != NULL)
		gh_val_render(c->heap, c->args, b, EXPRESSION / 2);
	gh_buf_str(b, after);
}

static bool on_instance(enum gh_call_how how)
{
	return how == GH_CALL_BUILD || how == GH_CALL_SETITEM || how == GH_CALL_APPEND || how == GH_CALL_ADD;
}

static void put_callee(struct gh_buf *b, const struct gh_call *c)
{
	/* Of an object that copyreg or another factory made, its class tells more than the factory. */
	const struct gh_allow_row *r = c->heap != NULL && on_instance(c->how) ? gh_class_of(c->heap, c->callee) : NULL;
	if (r != NULL)
		gh_buf_fmt(b, "%s.%s", r->module, r->name);
	else if (c->resolved || c->heap == NULL)
		put_name(b, c->module, c->name);
	else
		gh_val_render(c->heap, c->callee, b, EXPRESSION / 2);
}

static void expression(struct gh_buf *b, const struct gh_call *c)
{
	switch (c->how) {
	case GH_CALL_IMPORT:
	case GH_CALL_OPERATION: put_name(b, c->module, c->name); break;
	case GH_CALL_REDUCE:
	case GH_CALL_INST:
		put_callee(b, c);
		put_args(b, c);
		break;
	case GH_CALL_NEW:
		put_callee(b, c);
		gh_buf_str(b, ".__new__");
		put_args(b, c);
		break;
	case GH_CALL_BUILD:
		put_callee(b, c);
		put_given(b, c, "(…).__setstate__(", ")");
		break;
	case GH_CALL_SETITEM:
		put_callee(b, c);
		put_given(b, c, "(…)[…] = ", "");
		break;
	case GH_CALL_APPEND:
		put_callee(b, c);
		put_given(b, c, "(…).extend", "");
		break;
	case GH_CALL_ADD:
		put_callee(b, c);
		put_given(b, c, "(…).update", "");
		break;
	case GH_CALL_PERSID: put_given(b, c, "persistent_load(", ")"); break;
	case GH_CALL_EXT: put_given(b, c, "extension code ", ""); break;
	case GH_CALL_HASH: put_given(b, c, "hash of each of ", ""); break;
	case GH_CALL_LATE: put_given(b, c, "late change: ", ""); break;
	}
	if (c->resolved && c->how != GH_CALL_PERSID && c->how != GH_CALL_EXT && !on_instance(c->how) &&
	    (!gh_span_eq(c->module, c->as_module) || !gh_span_eq(c->name, c->as_name)) && c->as_name.n != 0) {
		gh_buf_str(b, " (spelled ");
		put_name(b, c->as_module, c->as_name);
		gh_buf_ch(b, ')');
	}
	if (c->reading != NULL)
		gh_buf_fmt(b, " (only by the %s unpickler)", c->reading);
}

/* Both spellings: a Python 2 loader would follow the other one. */
static const struct gh_explain_group *explained(const struct gh_call *c)
{
	if (!c->resolved)
		return NULL;
	const struct gh_explain_group *g = gh_explain_find(c->module, c->name), *old;
	if (gh_span_eq(c->module, c->as_module) && gh_span_eq(c->name, c->as_name))
		return g;
	old = gh_explain_find(c->as_module, c->as_name);
	return g == NULL || (old != NULL && old->refuse) ? old : g;
}

static void describe(struct gh_buf *b, const struct gh_rule *r, const struct gh_call *c, const char *why)
{
	expression(b, c);
	if (why != NULL)
		gh_buf_fmt(b, ": %s", why);
	const struct gh_explain_group *g = explained(c);
	if (g != NULL && r != &rules[REVIEWED])
		gh_buf_fmt(b, " [%s: %s]", g->does, g->why);
}

static void report(struct gh_scene *s, const struct gh_rule *r, const struct gh_event *e, const char *why)
{
	gh_auto_buf b = gh_buf(4096);
	describe(&b, r, e->u.call, why);
	s->find(s, r, e->at, gh_buf_cstr(&b));
}

/* ---- imports: worth a finding of their own only when no call of the same name follows ---------------------------- */
enum { IMPORTS_MAX = 256 };
struct imported {
	struct imported *next;
	const struct gh_rule *rule;
	struct gh_span module, name, text;
	struct gh_range at;
	bool called;
};
struct imports {
	struct imported *first, **end;
	unsigned n;
};

static void remember(struct gh_scene *s, const struct gh_rule *r, const struct gh_event *e)
{
	struct imports *l = *s->state != NULL ? *s->state : GH_NEW(s->arena, struct imports, 1);
	struct imported *i = l == NULL || l->n == IMPORTS_MAX ? NULL : GH_NEW(s->arena, struct imported, 1);
	gh_auto_buf b = gh_buf(4096);
	describe(&b, r, e->u.call, NULL);
	if (i != NULL)
		*i = (struct imported){ .rule = r,
					.module = gh_keep(s->arena, e->u.call->module),
					.at = e->at,
					.name = gh_keep(s->arena, e->u.call->name),
					.text = gh_keep(s->arena, gh_buf_view(&b)) };
	if (i == NULL || i->module.p == NULL || i->name.p == NULL || i->text.p == NULL) {
		s->find(s, r, e->at, gh_buf_cstr(&b)); /* too many to wait for */
		return;
	}
	if (*s->state == NULL) {
		l->end = &l->first;
		*s->state = l;
	}
	*l->end = i;
	l->end = &i->next;
	l->n++;
}

static void mark_called(struct gh_scene *s, const struct gh_call *c)
{
	const struct imports *l = *s->state;
	for (struct imported *i = l == NULL || !c->resolved ? NULL : l->first; i != NULL; i = i->next)
		if (gh_span_eq(i->name, c->name) && gh_span_eq(i->module, c->module))
			i->called = true;
}

static void end(struct gh_scene *s)
{
	const struct imports *l = *s->state;
	for (const struct imported *i = l == NULL ? NULL : l->first; i != NULL; i = i->next)
		if (!i->called)
			s->find(s, i->rule, i->at, (const char *)i->text.p);
}

/* ---- judging ----------------------------------------------------------------------------------------------------- */
static const enum gh_use use_of[] = {
	[GH_CALL_REDUCE] = GH_USE_REDUCE, [GH_CALL_NEW] = GH_USE_NEW,	      [GH_CALL_INST] = GH_USE_INST,
	[GH_CALL_BUILD] = GH_USE_BUILD,	  [GH_CALL_SETITEM] = GH_USE_SETITEM, [GH_CALL_APPEND] = GH_USE_APPEND,
	[GH_CALL_ADD] = GH_USE_ADD,
};

/* The row that speaks for this call: of the callable, or of the class of the instance. */
static const struct gh_allow_row *row_for(const struct gh_call *c)
{
	if (!c->resolved)
		return on_instance(c->how) ? gh_class_of(c->heap, c->callee) : gh_callable_of(c->heap, c->callee);
	const struct gh_allow_row *r = gh_allow_find(c->module, c->name);
	if (r == NULL || !on_instance(c->how) || gh_allow_group(r)->makes < 0)
		return r;
	return c->heap == NULL ? NULL : gh_class_of(c->heap, c->callee);
}

/* Names that a stream spells as a call (getattr) or a persistent id, and that stand for one entry of the list. */
static bool knowable(const struct gh_call *c)
{
	if (c->resolved)
		return true;
	if (c->heap == NULL || c->how == GH_CALL_IMPORT || gh_val_kind(c->heap, c->callee) == GH_V_UNKNOWN)
		return false;
	if (!on_instance(c->how) && gh_val_kind(c->heap, c->args) != GH_V_TUPLE)
		return false;
	return row_for(c) != NULL;
}

/* Objects that refer to each other get their state after others were given them. What is a value to others (an element
 * type, an array, a container) is complete before. */
static bool unlike_an_instance(const struct gh_allow_row *r, enum gh_use use)
{
	uint8_t build = gh_allow_group(r)->arg[GH_USE_BUILD];
	return use != GH_USE_BUILD || build == GH_ARGS_np_dtype_state || build == GH_ARGS_np_array_state ||
	       build == GH_ARGS_np_ma_state || build == GH_ARGS_pd_values || build == GH_ARGS_pd_categorical;
}

/* A class whose state is checked as a whole gets one state: a second one would replace a part of what was checked. */
static bool second_state(const struct gh_call *c, const struct gh_allow_row *r)
{
	static const uint8_t whole[] = { GH_ARGS_np_array_state, GH_ARGS_np_ma_state,	 GH_ARGS_sk_tree_state,
					 GH_ARGS_sp_matrix,	 GH_ARGS_sk_search_tree, GH_ARGS_sk_predictor,
					 GH_ARGS_sk_svm,	 GH_ARGS_pd_frame,	 GH_ARGS_np_random_state,
					 GH_ARGS_sk_estimator,	 GH_ARGS_sp_bspline,	 GH_ARGS_sp_fitpack,
					 GH_ARGS_sp_surface,	 GH_ARGS_sp_grid,	 GH_ARGS_sp_kde,
					 GH_ARGS_pd_categorical, GH_ARGS_pd_values };
	if (c->how != GH_CALL_BUILD || memchr(whole, gh_allow_group(r)->arg[GH_USE_BUILD], sizeof whole) == NULL)
		return false;
	return gh_val_kind(c->heap, gh_val_item(c->heap, c->callee, 0)) != GH_V_UNKNOWN ||
	       gh_row_is(gh_maker_of(c->heap, c->callee), "numpy", "ndarray");
}

static void judge_keys(struct gh_scene *s, const struct gh_event *e)
{
	const struct gh_call *c = e->u.call;
	const char *doubt = NULL, *bad = NULL;
	struct gh_use_case u = {
		.heap = c->heap, .target = c->callee, .args = c->args, .kwargs = c->kwargs, .doubt = &doubt
	};
	for (uint64_t i = 0; i < gh_val_len(c->heap, c->args) && bad == NULL; i++)
		bad = gh_key_bad(&u, gh_arg(&u, (unsigned)i));
	if (bad != NULL)
		report(s, &rules[HASHED], e, bad);
	else if (doubt != NULL)
		report(s, &rules[REVIEWED], e, doubt);
}

static void judge(struct gh_scene *s, const struct gh_event *e)
{
	const struct gh_call *c = e->u.call;
	const struct gh_allow_row *r = row_for(c);
	const char *doubt = NULL;
	if (r == NULL) {
		report(s, &rules[on_instance(c->how) ? STATE : CALLED], e, "not on the allow list");
		return;
	}
	if (c->heap == NULL) {
		report(s, &rules[MISUSED], e, "its arguments are not known");
		return;
	}
	struct gh_use_case u = { .heap = c->heap,
				 .target = c->callee,
				 .args = c->args,
				 .kwargs = c->kwargs,
				 .use = use_of[c->how],
				 .row = r,
				 .doubt = &doubt };
	const char *bad = gh_use_permitted(&u);
	if (bad != NULL)
		report(s, &rules[on_instance(c->how) && !gh_row_uses(r, u.use) ? STATE : MISUSED], e, bad);
	else if (second_state(c, r))
		report(s, &rules[MISUSED], e, "a second state, after the first one was judged");
	else if (c->late && unlike_an_instance(r, u.use))
		report(s, &rules[LATE], e, "other calls relied on what it was");
	else if (doubt != NULL)
		report(s, &rules[REVIEWED], e, doubt);
	else if (gh_allow_group(r)->tier == GH_TIER_REVIEW)
		report(s, &rules[REVIEWED], e, gh_allow_group(r)->why);
}

static void judge_persid(struct gh_scene *s, const struct gh_event *e)
{
	const struct gh_call *c = e->u.call;
	uint64_t count;
	if (c->heap == NULL ||
	    (!gh_torch_storage_id(c->heap, c->args, &count) && gh_torch_module_id(c->heap, c->args) == NULL))
		report(s, &rules[PERSID], e, NULL);
}

/* A class that the archive's own code/ compiles to, in a pickle that PyTorch's C++ reader loads: an instance gets its
 * attributes, nothing is called. The code itself is judged where it stands. For a Python loader the name leads nowhere. */
static bool torchscript_class(const struct gh_scene *s, const struct gh_call *c)
{
	bool record = s->role != NULL && (strcmp(s->role, "object") == 0 || strcmp(s->role, "torchscript object") == 0);
	bool use = c->how == GH_CALL_IMPORT || c->how == GH_CALL_NEW || (c->how == GH_CALL_BUILD && c->fresh);
	return record && use && c->resolved && gh_span_starts(c->module, "__torch__") &&
	       (c->module.n == 9 || c->module.p[9] == '.');
}

/* f.__globals__, Class.__reduce__: from there everything can be reached. */
static bool inner_dunder(struct gh_span name)
{
	for (size_t i = 0; i + 2 < name.n; i++)
		if (name.p[i] == '.' && name.p[i + 1] == '_' && name.p[i + 2] == '_')
			return true;
	return false;
}

/* Is naming it enough? What runs commands or code needs only one caller, and many a library calls what it holds. */
static bool refused(const struct gh_call *c)
{
	const struct gh_explain_group *g = explained(c);
	return inner_dunder(c->name) || (g != NULL && (g->refuse || strcmp(g->does, "executes commands") == 0 ||
						       strcmp(g->does, "runs Python code") == 0));
}

static void on_call(struct gh_scene *s, const struct gh_event *e)
{
	const struct gh_call *c = e->u.call;
	if (e->kind != GH_EV_CALL || strcmp(c->system, "python") != 0)
		return;
	if (c->how != GH_CALL_IMPORT && c->how != GH_CALL_HASH && c->how != GH_CALL_LATE)
		mark_called(s, c);
	if (torchscript_class(s, c))
		return;
	if (c->how == GH_CALL_HASH)
		judge_keys(s, e);
	else if (c->how == GH_CALL_LATE)
		report(s, &rules[LATE], e, "calls that were given it relied on what it was");
	else if (c->how == GH_CALL_EXT)
		report(s, &rules[EXTENSION], e, NULL);
	else if (c->how == GH_CALL_PERSID)
		judge_persid(s, e);
	else if (on_instance(c->how) && !c->fresh && !(!c->resolved && knowable(c)))
		report(s, &rules[NOT_FRESH], e, NULL);
	else if (!knowable(c))
		report(s, &rules[UNRESOLVED], e, NULL);
	else if (c->how == GH_CALL_OPERATION)
		report(s, &rules[CALLED], e, "not a way in which Python objects are loaded");
	else if (c->how != GH_CALL_IMPORT)
		judge(s, e);
	else if (gh_allow_find(c->module, c->name) == NULL)
		remember(s, &rules[refused(c) ? REFUSED : IMPORTED], e);
}

const struct gh_check gh_check_calls = {
	.name = "calls",
	.about = "what loading would import and call, against the allow list of callables and their arguments",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CALL,
	.on = on_call,
	.end = end,
	.rules = rules,
};
