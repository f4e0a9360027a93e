/* A graph of known operators computes and can do nothing else. Any other operator is code that a runtime has to be given:
 * Python that the operator names, a library, a service, an engine's own binary. And weights outside of the file are wherever
 * the file says: anything but a plain name in the model's own directory reads what the author likes. Both are judged by
 * allow lists, for ONNX and for the other formats that keep weights beside the graph. */
#include "check/onnx.h"

#include <ctype.h>

#include "check/onnx_ops.h"
#include "format/format.h"
#include "wire/path.h"

enum { R_OUTSIDE, R_ODD_PATH, R_DOMAIN, R_OP, R_PYTHON, R_NETWORK, R_LATE, R_ENGINE, R_SHADOW };

static const struct gh_rule rules[] = {
	[R_OUTSIDE] = { "GH-OXG-0001", GH_CRITICAL, GH_UNSAFE,
			"Weights are to be read from outside the model's directory",
			"Loading reads any file of the author's choice, keys and passwords too; saving the model again "
			"overwrites it.",
			"Do not load or convert.",
			"CWE-22 CWE-73 CVE-2022-25882 CVE-2024-27318 CVE-2025-51480 AML.T0025" },
	[R_ODD_PATH] = { "GH-OXG-0002", GH_MEDIUM, GH_REVIEW,
			 "Name of a file with weights reads differently from what it is",
			 "The file that is opened is not the one that a person would look at.",
			 "Look at the name byte by byte.", "CWE-451 CWE-41" },
	[R_DOMAIN] = { "GH-OXG-0003", GH_MEDIUM, GH_REVIEW, "Operators of a domain that no standard defines",
		       "Running the model needs a library of custom operators, which is native code.",
		       "Find out where the operators come from; load such a library only from a source you trust.",
		       "CWE-829 AML.T0011" },
	[R_OP] = { "GH-OXG-0004", GH_MEDIUM, GH_REVIEW, "Operator that its domain does not have",
		   "Some runtime has it: what it does there is unknown.",
		   "Find out which runtime the model was made for, and what the operator does.", "CWE-829" },
	[R_PYTHON] = { "GH-OXG-0005", GH_CRITICAL, GH_UNSAFE, "Operator that runs Python",
		       "Running the model calls a function of the author's choice.", "Do not load.",
		       "CWE-94 CWE-470 AML.T0011" },
	[R_NETWORK] = { "GH-OXG-0006", GH_HIGH, GH_UNSAFE, "Operator that calls a service",
			"Inputs of the model leave for an address that the model names.", "Do not run the model.",
			"CWE-918 CWE-200 AML.T0025" },
	[R_LATE] = { "GH-OXG-0007", GH_MEDIUM, GH_REVIEW, "Operator whose function is chosen by an attribute",
		     "It runs any function of the library behind it, also such as read files.",
		     "Have the model exported without fallback operators.", "CWE-470" },
	[R_ENGINE] = { "GH-OXG-0008", GH_MEDIUM, GH_REVIEW, "Operator that hands an accelerator its own program",
		       "Compiled code that nobody can read runs on the accelerator, or beside it in its driver.",
		       "Compile the model for the accelerator yourself.", "CWE-829 AML.T0018" },
	[R_SHADOW] = { "GH-OXG-0009", GH_MEDIUM, GH_REVIEW, "The model defines a standard operator itself",
		       "What a node does is not what its name says.", "Compare the function with the standard one.",
		       "CWE-451 CWE-436" },
	GH_RULES_END
};

/* ---- operators ---------------------------------------------------------------------------------------------------- */

#define OPS(t) t, sizeof(t) / sizeof((t)[0])
static const struct domain {
	const char *name;
	const char *const *op;
	size_t n;
} domains[] = {
	{ "", OPS(ops_default) },
	{ "ai.onnx", OPS(ops_default) },
	{ "ai.onnx.preview", OPS(ops_default) },
	{ "ai.onnx.ml", OPS(ops_ml) },
	{ "ai.onnx.training", OPS(ops_training) },
	{ "ai.onnx.preview.training", OPS(ops_training) },
	{ "com.microsoft", OPS(ops_microsoft) },
	{ "com.microsoft.nchwc", OPS(ops_nchwc) },
	{ "com.ms.internal.nhwc", OPS(ops_default) },
	{ "com.microsoft.mlfeaturizers", OPS(ops_featurizers) },
	{ "ai.onnx.contrib", OPS(ops_extensions) },
	{ "com.microsoft.extensions", OPS(ops_extensions) },
};

static const struct domain *domain_of(struct gh_span name)
{
	for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++)
		if (gh_span_is(name, domains[i].name))
			return &domains[i];
	return NULL;
}

static int order(struct gh_span a, const char *b)
{
	size_t n = strlen(b), both = a.n < n ? a.n : n;
	int c = both == 0 ? 0 : memcmp(a.p, b, both);
	return c != 0 ? c : a.n < n ? -1 : a.n > n;
}

static bool has_op(const struct domain *d, struct gh_span op)
{
	size_t lo = 0, hi = d->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int c = order(op, d->op[mid]);
		if (c == 0)
			return true;
		if (c < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return false;
}

/* Does the name hold the word, in either case? */
static bool holds(struct gh_span s, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= s.n; i++) {
		size_t k = 0;
		while (k < n && tolower(s.p[i + k]) == word[k])
			k++;
		if (k == n)
			return true;
	}
	return false;
}

/* "PyOp", "PyCustomOp", "PyFunc": the word Py before a capital; "com.acme.py". */
static bool names_python(struct gh_span s)
{
	if (holds(s, "python") || holds(s, "pyop") || holds(s, "pyfunc"))
		return true;
	for (size_t i = 0; i + 2 <= s.n; i++) {
		bool word = i == 0 || !isalnum(s.p[i - 1]);
		bool ends = i + 2 == s.n || !islower(s.p[i + 2]);
		if (word && ends && tolower(s.p[i]) == 'p' && s.p[i + 1] == 'y')
			return true;
	}
	return false;
}

/* Operators beyond the allow list of which more is known. */
static int known_kind(const struct gh_call *c)
{
	static const struct {
		const char *word;
		int rule;
	} t[] = {
		{ "aten", R_LATE },	      { "azure", R_NETWORK },
		{ "httprequest", R_NETWORK }, { "triton", R_ENGINE },
		{ "epcontext", R_ENGINE },    { "snpe", R_ENGINE },
		{ "tensorrt", R_ENGINE },     { "trt_engine", R_ENGINE },
		{ "nvexecutable", R_ENGINE }, { "openvinocontext", R_ENGINE },
	};
	if (c->as_module.n != 0 || names_python(c->name) || names_python(c->module))
		return R_PYTHON;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (holds(c->name, t[i].word))
			return t[i].rule;
	return -1;
}

static void on_call(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	if (strcmp(c->system, "onnx") != 0)
		return;
	const struct domain *d = domain_of(c->module);
	bool standard = d != NULL && has_op(d, c->name);
	struct gh_safe domain = gh_safe(c->module), op = gh_safe(c->name);
	if (c->how == GH_CALL_IMPORT) { /* a function of the model's own */
		if (standard)
			gh_find(s, &rules[R_SHADOW], ev->at, "%s of domain \"%s\"", op.s, domain.s);
		return;
	}
	if (standard || (c->name.n == 0 && d != NULL))
		return;
	int kind = known_kind(c);
	if (kind == R_PYTHON && c->as_module.n != 0)
		gh_find(s, &rules[R_PYTHON], ev->at, "%s of domain \"%s\" calls %s%s%s", op.s, domain.s,
			gh_safe(c->as_module).s, c->as_name.n != 0 ? "." : "", gh_safe(c->as_name).s);
	else
		gh_find(s,
			&rules[kind >= 0   ? kind
			       : d == NULL ? R_DOMAIN
					   : R_OP],
			ev->at, "%s of domain \"%s\"", op.s, domain.s);
}

/* ---- references ---------------------------------------------------------------------------------------------------- */

static bool names_a_scheme(struct gh_span s) { return s.n > 2 && memmem(s.p, s.n, "://", 3) != NULL; }

/* Shells, homes, wildcards, and the names by which runtimes address their own memory. */
static bool special(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (strchr("*?<>|\"`", s.p[i]) != NULL && s.p[i] != '\0')
			return true;
	return s.n != 0 && (s.p[0] == '~' || s.p[0] == '$' || s.p[0] == '%');
}

static void on_reference(struct gh_scene *s, const struct gh_event *ev)
{
	static const char *const formats[] = { "onnx", "onnx-tensor", "ort", "coreml", "paddle" };
	enum {
		BAD = GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL | GH_PATH_DOTDOT |
		      GH_PATH_BACKSLASH | GH_PATH_CONTROL | GH_PATH_EMPTY,
		ODD = GH_PATH_DECEPTIVE | GH_PATH_RESERVED | GH_PATH_LONG | GH_PATH_NOT_UTF8,
	};
	const struct gh_reference *r = ev->u.reference;
	bool ours = false;
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		ours = ours || strcmp(s->format, formats[i]) == 0;
	if (!ours || (r->kind != GH_REF_DATA && r->kind != GH_REF_PATH))
		return;
	unsigned flags = gh_path_flags(r->target);
	struct gh_safe target = gh_safe(r->target), from = gh_safe(r->from);
	if ((flags & BAD) != 0 || names_a_scheme(r->target) || special(r->target))
		gh_find(s, &rules[R_OUTSIDE], ev->at, "\"%s\": \"%s\"", from.s, target.s);
	else if ((flags & ODD) != 0)
		gh_find(s, &rules[R_ODD_PATH], ev->at, "\"%s\": \"%s\"", from.s, target.s);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	if (ev->kind == GH_EV_CALL)
		on_call(s, ev);
	else
		on_reference(s, ev);
}

const struct gh_check gh_check_onnx = {
	.name = "onnx-graph",
	.about = "operators of ONNX graphs by allow list; files with weights that lie outside of the model's directory",
	.events = 1u << GH_EV_CALL | 1u << GH_EV_REFERENCE,
	.on = on,
	.rules = rules,
};
