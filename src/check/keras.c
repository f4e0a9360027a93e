/* What a Keras configuration would make, judged by an allow list of (part of Keras, class) and of functions. Loading such
 * a configuration imports what `module` names and calls what `class_name` names; a version or a `safe_mode` that the file
 * states about itself changes nothing here: older loaders and model files in HDF5 do not have the checks of newer ones. */
#include "check/keras.h"

#include <string.h>

#include "check/keras_names.h"
#include "format/format.h"
#include "wire/path.h"

enum {
	R_LAMBDA,
	R_LAMBDA_NAME,
	R_MODULE,
	R_FUNCTION,
	R_LOADER,
	R_CUSTOM,
	R_CUSTOM_FUNCTION,
	R_UNKNOWN,
	R_LIBRARY,
	R_REGISTERED,
	R_PATH_OUT,
	R_PATH,
	R_UNRESOLVED,
};
static const struct gh_rule rules[] = {
	[R_LAMBDA] = { "GH-KRS-0001", GH_CRITICAL, GH_UNSAFE, "A layer carries Python code",
		       "Loading or calling the model runs the author's code; the safe mode of newer versions does not "
		       "exist in older ones and can be switched off.",
		       "Do not load; have the layer replaced by an ordinary one.",
		       "CVE-2024-3660 CVE-2025-1550 CVE-2025-9905 CWE-502 CWE-94 AML.T0011" },
	[R_LAMBDA_NAME] = { "GH-KRS-0002", GH_HIGH, GH_REVIEW, "A layer calls a function that its configuration names",
			    "The function runs with arguments of the author's choice when the model is called.",
			    "Check which function it is; have the layer replaced by an ordinary one.",
			    "CVE-2025-8747 CWE-470 AML.T0011" },
	[R_MODULE] = { "GH-KRS-0003", GH_CRITICAL, GH_UNSAFE, "The configuration names something outside of Keras",
		       "Loading imports that module and calls what is named in it: commands, downloads, code.",
		       "Do not load; report the source.", "CVE-2025-1550 CWE-470 CWE-502 CWE-94 AML.T0011" },
	[R_FUNCTION] = { "GH-KRS-0004", GH_CRITICAL, GH_UNSAFE,
			 "The configuration names a function of Keras or TensorFlow that no layer needs",
			 "Helpers that download, load, write or switch off checks do so when the model is loaded or "
			 "called.",
			 "Do not load; report the source.", "CVE-2025-8747 CVE-2025-9906 CWE-470 CWE-502 AML.T0011" },
	[R_LOADER] = { "GH-KRS-0005", GH_CRITICAL, GH_UNSAFE, "A layer that loads another model or a pickle",
		       "What it loads is code: a pickled PyTorch module, a SavedModel of the author's choice.",
		       "Do not load; have the layer replaced by an ordinary one.",
		       "CVE-2025-49655 CWE-502 CWE-829 AML.T0011" },
	[R_CUSTOM] = { "GH-KRS-0006", GH_MEDIUM, GH_REVIEW, "A class that Keras does not have",
		       "The model only loads with the author's code.", "Read that code before loading the model.",
		       "CWE-829 AML.T0011" },
	[R_CUSTOM_FUNCTION] = { "GH-KRS-0007", GH_MEDIUM, GH_REVIEW, "A function that Keras does not have",
				"The model only loads with the author's code.",
				"Read that code before loading the model.", "CWE-829 AML.T0011" },
	[R_UNKNOWN] = { "GH-KRS-0008", GH_MEDIUM, GH_REVIEW, "A class of Keras that is not on the list",
			"What making it does was not assessed.", "Check what the class does with its configuration.",
			"CWE-470" },
	[R_LIBRARY] = { "GH-KRS-0009", GH_MEDIUM, GH_REVIEW, "A layer of another library",
			"Loading imports that library, in whatever version is installed.",
			"Check the library and the class.", "CWE-829 AML.T0010" },
	[R_REGISTERED] = { "GH-KRS-0010", GH_MEDIUM, GH_REVIEW, "Registered under another name than its class has",
			   "What is registered under that name takes the place of the class that is written there.",
			   "Check what registers this name.", "CWE-436 CWE-470" },
	[R_PATH_OUT] = { "GH-KRS-0011", GH_HIGH, GH_UNSAFE, "A layer reads a file outside of the model or an address",
			 "Loading reads any file of the user, or fetches from an address of the author's choice, and "
			 "the "
			 "content ends up in the model.",
			 "Do not load; have the vocabulary stored in the model.",
			 "CVE-2025-12058 CVE-2025-12060 CWE-22 CWE-73 CWE-918" },
	[R_PATH] = { "GH-KRS-0012", GH_MEDIUM, GH_REVIEW, "A layer reads a file by name",
		     "What it reads depends on where the model is loaded.", "Have the vocabulary stored in the model.",
		     "CVE-2025-12058 CWE-73" },
	[R_UNRESOLVED] = { "GH-KRS-0013", GH_MEDIUM, GH_REVIEW, "An object whose names cannot be told for sure",
			   "Two readers see different classes: names given twice, or longer than any real one.",
			   "Do not load.", "CWE-436" },
	GH_RULES_END
};

/* Functions by which Python itself is reached, whoever is said to have registered them. */
static bool dangerous_builtin(struct gh_span name)
{
	static const char *const names[] = {
		"eval",	      "exec",  "compile", "open",   "__import__", "getattr",	"setattr",
		"delattr",    "input", "globals", "locals", "vars",	  "breakpoint", "__build_class__",
		"memoryview", "help",  "exit",	  "quit"
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(name, names[i]))
			return true;
	return false;
}

static bool small_letter(struct gh_span s) { return s.n != 0 && s.p[0] >= 'a' && s.p[0] <= 'z'; }

/* "Package>Name", as keras.saving.register_keras_serializable() has it; else the name itself. */
static struct gh_span behind_package(struct gh_span s)
{
	const uint8_t *gt = s.n == 0 ? NULL : memrchr(s.p, '>', s.n);
	return gt == NULL ? s : gh_span_cut(s, (uint64_t)(gt - s.p) + 1, s.n);
}

/* Keras 2.11 to 2.15 registered its own optimizers as if they were the user's: "Custom>Adam". */
static bool own_optimizer(struct gh_span s)
{
	return gh_span_starts(s, "Custom>") && gh_keras_class(GH_SPAN("optimizers"), behind_package(s));
}

static bool dotted(struct gh_span s) { return s.n != 0 && memchr(s.p, '.', s.n) != NULL; }

static void say(struct gh_scene *s, const struct gh_event *ev, unsigned rule, const char *as)
{
	const struct gh_call *c = ev->u.call;
	if (c->module.n != 0)
		gh_find(s, &rules[rule], ev->at, "%s %s.%s", as, gh_safe(c->module).s, gh_safe(c->name).s);
	else
		gh_find(s, &rules[rule], ev->at, "%s %s", as, gh_safe(c->name).s);
}

/* ---- functions -------------------------------------------------------------------------------------------------- */

static void on_function(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct gh_span area;
	enum gh_keras_place place = gh_keras_place(c->module, &area);
	if (gh_span_is(c->module, "tensorflow")) { /* of a TFOpLambda */
		if (!gh_keras_tf_operation(c->name))
			say(s, ev, gh_keras_tf_harmful(c->name) ? R_FUNCTION : R_UNKNOWN, "function");
		return;
	}
	if (!c->resolved) {
		say(s, ev, R_UNRESOLVED, "function");
		return;
	}
	bool known = gh_keras_function(c->name);
	switch (place) {
	case GH_KERAS_OWN:
		if (!known || gh_span_is(area, "utils") || gh_span_is(area, "saving") || gh_span_is(area, "config"))
			say(s, ev, R_FUNCTION, "function");
		return;
	case GH_KERAS_FRIEND:
	case GH_KERAS_ELSEWHERE: say(s, ev, R_MODULE, "function"); return;
	case GH_KERAS_NONE:
	case GH_KERAS_USER: break;
	}
	if (known)
		return;
	if (dangerous_builtin(c->name) || dotted(c->name))
		say(s, ev, R_MODULE, "function");
	else
		say(s, ev, R_CUSTOM_FUNCTION, "function");
}

/* ---- classes ---------------------------------------------------------------------------------------------------- */

static void on_registered(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	if (c->as_name.n == 0 || gh_span_eq(c->as_name, c->name))
		return;
	if (own_optimizer(c->as_name) && gh_span_eq(behind_package(c->as_name), c->name))
		return;
	if (dotted(c->as_name) || dangerous_builtin(c->as_name))
		gh_find(s, &rules[R_MODULE], ev->at, "%s, registered as %s", gh_safe(c->name).s, gh_safe(c->as_name).s);
	else
		gh_find(s, &rules[R_REGISTERED], ev->at, "%s, registered as %s", gh_safe(c->name).s,
			gh_safe(c->as_name).s);
}

static void on_own(struct gh_scene *s, const struct gh_event *ev, struct gh_span area)
{
	struct gh_span name = ev->u.call->name;
	bool function = small_letter(name) || (name.n > 1 && name.p[0] == '_' && small_letter(gh_span_cut(name, 1, 2)));
	if (gh_keras_class(area, name) && !gh_span_is(area, "utils") && !gh_span_is(area, "saving")) {
		on_registered(s, ev);
		return;
	}
	if (function || dotted(name)) /* a class name that is none: the function itself is what the loader gets */
		function &&gh_keras_function(name) && area.n != 0 ? on_registered(s, ev)
								  : say(s, ev, R_FUNCTION, "object");
	else
		say(s, ev, R_UNKNOWN, "class");
}

/* A name alone, or one that the user is said to have registered. */
static void on_named(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct gh_span name = behind_package(c->name), none = { 0 };
	if (name.n == c->name.n && c->module.n == 0 && (gh_keras_class(none, name) || gh_keras_function(name)))
		on_registered(s, ev);
	else if ((name.n == c->name.n && gh_keras_class(GH_SPAN("*"), name)) ||
		 (own_optimizer(c->name) && c->module.n == 0))
		return; /* values that the serialiser writes: arrays, slices, bytes */
	else if (dotted(c->name) || dangerous_builtin(name) || dotted(c->as_name) || dangerous_builtin(c->as_name))
		say(s, ev, R_MODULE, "class");
	else
		say(s, ev, R_CUSTOM, "class");
}

static void on_object(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct gh_span name = behind_package(c->name), area;
	enum gh_keras_place place = gh_keras_place(c->module, &area);
	if (gh_span_is(name, "__lambda__")) {
		say(s, ev, R_LAMBDA, "bytecode in");
		return;
	}
	if (gh_span_is(name, "Lambda")) {
		say(s, ev, c->resolved ? R_LAMBDA_NAME : R_LAMBDA, "layer");
		if (place == GH_KERAS_ELSEWHERE)
			say(s, ev, R_MODULE, "layer");
		return;
	}
	if (gh_keras_loader(name)) {
		say(s, ev, R_LOADER, "layer");
		return;
	}
	if (gh_span_is(name, "TFOpLambda")) {
		if (!c->resolved)
			say(s, ev, R_LAMBDA, "layer");
		return; /* its function is judged by its own name */
	}
	if (!c->resolved)
		say(s, ev, R_UNRESOLVED, "class");
	switch (place) {
	case GH_KERAS_OWN: on_own(s, ev, area); break;
	case GH_KERAS_FRIEND:
		if (small_letter(c->name) || dotted(c->name))
			say(s, ev, R_MODULE, "class");
		else if (!gh_keras_sister(c->module) || !c->resolved)
			say(s, ev, R_LIBRARY, "class");
		break;
	case GH_KERAS_ELSEWHERE:
		if (!gh_keras_class(GH_SPAN("*"), c->name) || !gh_span_starts(c->module, "tensorflow"))
			say(s, ev, R_MODULE, "class");
		break;
	case GH_KERAS_NONE:
	case GH_KERAS_USER: on_named(s, ev); break;
	}
}

static void on_reference(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_reference *r = ev->u.reference;
	unsigned odd = GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL | GH_PATH_DOTDOT;
	bool out = r->kind == GH_REF_URL || (gh_path_flags(r->target) & odd) != 0 || gh_span_starts(r->target, "~");
	gh_find(s, &rules[out ? R_PATH_OUT : R_PATH], ev->at, "%s: %s", gh_safe(r->from).s, gh_safe(r->target).s);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	if (ev->kind == GH_EV_REFERENCE) {
		if (ev->u.reference->system != NULL && strcmp(ev->u.reference->system, "keras") == 0)
			on_reference(s, ev);
		return;
	}
	if (ev->kind != GH_EV_CALL || strcmp(ev->u.call->system, "keras") != 0)
		return;
	if (ev->u.call->how == GH_CALL_IMPORT)
		on_function(s, ev);
	else
		on_object(s, ev);
}

const struct gh_check gh_check_keras = {
	.name = "keras-config",
	.about = "layers, functions and files that loading a Keras model would use, by allow list",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CALL | 1u << GH_EV_REFERENCE,
	.on = on,
	.rules = rules,
};
