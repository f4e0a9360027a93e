/* Values of configurations by which a loader reads files, loads libraries, imports, evaluates or runs: see format/settings.h for
 * what is emitted. Paths beside the model are what configurations are for; what leads elsewhere is not, and the more so where no
 * program writes such a path itself. */
#include "check/expressions.h"
#include "check/checks.h"
#include "format/format.h"
#include "format/settings.h"
#include "wire/path.h"

#include <string.h>

enum {
	R_LIBRARY_OUT,
	R_LIBRARY,
	R_FILE_OUT,
	R_FILE,
	R_KERNEL,
	R_KERNEL_OWN,
	R_CODEC,
	R_START,
	R_EVALUATED,
	R_OPERATOR_BAD,
	R_OPERATOR,
	R_ENVIRONMENT,
};
static const struct gh_rule rules[] = {
	[R_LIBRARY_OUT] = { "GH-SET-0001", GH_CRITICAL, GH_UNSAFE,
			    "The configuration loads a native library from outside of the model",
			    "Loading the model runs the library's code: a file that lies there already, or comes from "
			    "an address.",
			    "Do not load; report the source.", "CWE-114 CWE-427 CWE-22 AML.T0011" },
	[R_LIBRARY] = { "GH-SET-0002", GH_HIGH, GH_REVIEW, "The configuration names a native library to load",
			"Loading the model runs the library's code.",
			"Find out where the library comes from; load such a library only from a source you trust.",
			"CWE-114 CWE-829 AML.T0011" },
	[R_FILE_OUT] = { "GH-SET-0003", GH_HIGH, GH_UNSAFE, "The configuration names a file outside of the model",
			 "The loader opens a file of the author's choice: a planted pickle, a user's secret, a share "
			 "that "
			 "receives the user's credentials.",
			 "Do not load.", "CWE-22 CWE-73 CWE-918 AML.T0025" },
	[R_FILE] = { "GH-SET-0004", GH_MEDIUM, GH_REVIEW,
		     "The configuration names a file by an absolute path or an address",
		     "What is loaded depends on the machine, or on who answers at the address.",
		     "Have the file shipped with the model and the path removed.", "CWE-73 CWE-494" },
	[R_KERNEL] = { "GH-SET-0005", GH_CRITICAL, GH_UNSAFE, "The configuration fetches a kernel from a repository",
		       "The library downloads the repository and imports it, whatever was said about remote code.",
		       "Remove the setting; use an attention that the library has itself.",
		       "CWE-829 CWE-494 AML.T0010 AML.T0011" },
	[R_KERNEL_OWN] = { "GH-SET-0006", GH_HIGH, GH_REVIEW,
			   "The configuration fetches a kernel from the library's own organisation",
			   "The library downloads the repository and imports it.",
			   "Pin a revision, or use an attention that the library has itself.", "CWE-829 AML.T0010" },
	[R_CODEC] = { "GH-SET-0007", GH_HIGH, GH_REVIEW, "The chunks of an array are pickles",
		      "Reading the array unpickles what is in its chunks.",
		      "Read the array without this filter; have every chunk scanned.", "CWE-502 AML.T0011" },
	[R_START] = { "GH-SET-0008", GH_HIGH, GH_REVIEW, "A tool runs this command on the user's machine by itself",
		      "Opening the folder, or preparing the data, runs the author's command.",
		      "Read the command before the tool does.", "CWE-829 AML.T0011" },
	[R_EVALUATED] = { "GH-SET-0009", GH_CRITICAL, GH_UNSAFE, "A value that its loader evaluates holds code",
			  "Loading the model evaluates the text as Python.", "Do not load; report the source.",
			  "CWE-95 CWE-94 CVE-2025-1716 AML.T0011" },
	[R_OPERATOR_BAD] = { "GH-SET-0010", GH_CRITICAL, GH_UNSAFE, "A node of the graph calls what no graph needs",
			     "Running the program opens files, loads libraries or calls into Python.",
			     "Do not load; report the source.", "CWE-470 CWE-94 AML.T0011" },
	[R_OPERATOR] = { "GH-SET-0011", GH_MEDIUM, GH_REVIEW,
			 "A node of the graph calls an operator that is not PyTorch's own",
			 "Running the program needs a library of custom operators, which is native code.",
			 "Find out where the operator comes from.", "CWE-829 AML.T0011" },
	[R_ENVIRONMENT] = { "GH-SET-0012", GH_HIGH, GH_REVIEW, "The configuration brings a Python environment",
			    "The server unpacks it and runs its interpreter.", "Build the environment yourself.",
			    "CWE-829 AML.T0011" },
	GH_RULES_END
};

static bool listed(const char *list, struct gh_span word)
{
	for (const char *p = list; word.n != 0 && *p != '\0'; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");
		if (n == word.n && memcmp(p, word.p, n) == 0)
			return true;
		p += n;
	}
	return false;
}

static bool contains(struct gh_span s, const char *what)
{
	return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

/* ---- files and libraries ------------------------------------------------------------------------------------------ */

/* Paths of the machine on which a tokenizer was saved stay behind in genuine configurations. */
static const char left_behind[] =
	"vocab_file tokenizer_file merges_file spm_file sentencepiece_model_file source_spm target_spm "
	"index_path passages_path from adapter template_path example_prompt_path user_dir";

/* Where secrets and devices are, shares, homes, and other schemes than the web's: nobody's vocabulary. */
static bool never(struct gh_span s)
{
	static const char *const starts[] = { "/etc/", "/proc/", "/dev/", "/sys/", "/var/run/",
					      "/run/", "~",	 "\\\\",  "//",	   "file:" };
	for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++)
		if (gh_span_starts(s, starts[i]))
			return true;
	bool web = gh_span_starts(s, "http://") || gh_span_starts(s, "https://");
	return contains(s, "/.ssh/") || contains(s, "/.aws/") ||
	       (contains(s, "://") && !web && !contains(s, "hf://")) || (gh_path_flags(s) & GH_PATH_NUL) != 0;
}

static void on_library(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_reference *r = ev->u.reference;
	/* Part of the runtime for Qualcomm's accelerators: every model for them names it. */
	static const char own[] = "QnnHtp.dll QnnCpu.dll QnnGpu.dll libQnnHtp.so libQnnCpu.so libQnnGpu.so";
	if (listed(own, r->target))
		return;
	gh_find(s, &rules[gh_leads_outside(r->target) ? R_LIBRARY_OUT : R_LIBRARY], ev->at, "\"%s\": \"%s\"",
		gh_safe(r->from).s, gh_safe(r->target).s);
}

/* Where timm's own configurations say that the weights came from; it looks there only when there are none beside them. */
static bool release_of_timm(struct gh_span url)
{
	static const char *const hosts[] = { "https://github.com/rwightman/pytorch-image-models/releases/download/",
					     "https://github.com/huggingface/pytorch-image-models/releases/download/",
					     "https://github.com/rwightman/pytorch-dpn-pretrained/releases/download/",
					     "https://github.com/SwinTransformer/storage/releases/download/",
					     "https://github.com/facebookresearch/",
					     "https://dl.fbaipublicfiles.com/",
					     "https://download.pytorch.org/models/",
					     "https://storage.googleapis.com/vit_models/" };
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++)
		if (gh_span_starts(url, hosts[i]))
			return !contains(url, "..") && !contains(url, "@");
	return false;
}

static void on_file(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_reference *r = ev->u.reference;
	bool soft = listed(left_behind, r->from), json = strncmp(s->format, "yaml", 4) != 0;
	bool climbs = (gh_path_flags(r->target) & GH_PATH_ESCAPES) != 0;
	bool environment = gh_span_is(r->from, "EXECUTION_ENV_PATH"), near = r->kind != GH_REF_URL && !climbs;
	bool cached = contains(r->target, "/.cache/") || contains(r->target, "/huggingface/");
	if (!environment && !gh_leads_outside(r->target))
		return;
	if (gh_span_is(r->from, "url") && release_of_timm(r->target))
		return;
	bool out = never(r->target) || (climbs && (!soft || json)) || (near && !soft);
	if (!environment && !out && near && (!json || cached))
		return; /* where the author's own copy lay */
	unsigned rule = environment ? R_ENVIRONMENT : out ? R_FILE_OUT : R_FILE;
	gh_find(s, &rules[rule], ev->at, "\"%s\": \"%s\"", gh_safe(r->from).s, gh_safe(r->target).s);
}

/* ---- names --------------------------------------------------------------------------------------------------------- */

static void on_setting(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	unsigned rule = R_START;
	if (gh_span_is(c->as_name, "kernel"))
		rule = gh_span_starts(c->name, "kernels-community/") ? R_KERNEL_OWN : R_KERNEL;
	else if (gh_span_is(c->as_name, "codec"))
		rule = R_CODEC;
	gh_find(s, &rules[rule], ev->at, "\"%s\": \"%s\"", gh_safe(c->as_module).s, gh_safe(c->name).s);
}

/* The part of a dotted name in front of its first dot; *rest: what is behind. */
static struct gh_span first(struct gh_span s, struct gh_span *rest)
{
	const uint8_t *dot = s.n == 0 ? NULL : memchr(s.p, '.', s.n);
	size_t n = dot == NULL ? s.n : (size_t)(dot - s.p);
	*rest = gh_span_cut(s, n + 1, s.n);
	return gh_span_cut(s, 0, n);
}

/* torch/_export/serde/serialize.py resolves what begins with torch, _operator or math by getattr(), part by part. */
static void on_node(struct gh_scene *s, const struct gh_event *ev)
{
	static const char spaces[] =
		"aten prim prims higher_order quantized quantized_decomposed _quantized c10d_functional "
		"_c10d_functional _c10d_functional_autograd sym fsdp torchvision torchaudio inductor "
		"rngprims prepacked mkldnn mkl mkldnn_prepacked onednn xnnpack torchao profiler symm_mem "
		"export dim_order_ops flash_attn image vision";
	static const char bad[] = "from_file load_library _load save _save load open system eval exec compile import_ "
				  "attrgetter methodcaller call fopen classes hub";
	static const char operators[] =
		"add sub mul floordiv truediv mod pow neg pos eq ne lt le gt ge and_ or_ xor getitem "
		"lshift rshift abs invert not_ matmul index is_ is_not contains iadd isub imul";
	static const char direct[] =
		"sym_int sym_float sym_max sym_min sym_not sym_ite sym_sqrt sym_sum _sym_sqrt _sym_log2 "
		"_check _check_is_size";
	const struct gh_call *c = ev->u.call;
	uint8_t room[512];
	if (c->module.n + c->name.n + 1 > sizeof room)
		return gh_find(s, &rules[R_OPERATOR_BAD], ev->at, "%s.%s", gh_safe(c->module).s, gh_safe(c->name).s);
	if (c->module.n != 0)
		memcpy(room, c->module.p, c->module.n);
	room[c->module.n] = '.';
	if (c->name.n != 0)
		memcpy(room + c->module.n + 1, c->name.p, c->name.n);
	struct gh_span rest = { room, c->module.n + 1 + c->name.n }, root = first(rest, &rest),
		       part = first(rest, &rest);
	bool known = false, odd = contains((struct gh_span){ room, c->module.n + 1 + c->name.n }, "__") ||
				  listed(bad, c->name) || listed(bad, part);
	if (gh_span_is(root, "torch") && gh_span_is(part, "ops")) {
		known = listed(spaces, first(rest, &rest));
		struct gh_span op = first(rest, &rest);
		odd = listed(bad, op) ||
		      gh_span_starts(op, "__"); /* operators of tensors are spelt __and__, see below */
		static const char dunder[] = "__and__ __or__ __xor__ __lshift__ __rshift__ __iand__ __ior__ __ixor__ "
					     "__ilshift__ __irshift__";
		odd = odd && !listed(dunder, op);
	} else if (gh_span_is(root, "torch")) {
		known = listed(direct, part) && rest.n == 0;
		static const char parts[] =
			"os sys load package serialization utils jit multiprocessing distributed classes";
		odd = odd || listed(parts, part);
	} else if (gh_span_is(root, "_operator") || gh_span_is(root, "operator")) {
		known = listed(operators, part) && rest.n == 0;
		odd = odd || !known;
	} else if (gh_span_is(root, "math")) {
		known = rest.n == 0;
	}
	if (odd || !known)
		gh_find(s, &rules[odd ? R_OPERATOR_BAD : R_OPERATOR], ev->at, "%s.%s", gh_safe(c->module).s,
			gh_safe(c->name).s);
}

/* ---- texts --------------------------------------------------------------------------------------------------------- */

static void on_text(struct gh_scene *s, const struct gh_event *ev)
{
	static const char formats[] = "onnx ort coreml tflite safetensors gguf paddle"; /* with metadata by key */
	static const char metadata[] = "names imgsz kpt_shape kpt_names stride channels end2end";
	const struct gh_text *t = ev->u.text;
	enum gh_expr kind;
	if (strcmp(t->role, "evaluated") == 0)
		kind = gh_span_is(t->key, "activation") ? GH_EXPR_ACTIVATION : GH_EXPR_LITERAL;
	else if (strcmp(t->role, "metadata") == 0 && listed(formats, gh_span_str(s->format)) &&
		 listed(metadata, t->key))
		kind = GH_EXPR_LITERAL;
	else if (strcmp(t->role, "sympy") == 0)
		kind = GH_EXPR_SYMPY;
	else if (strcmp(t->role, "guard") == 0)
		kind = GH_EXPR_GUARD;
	else
		return;
	const char *why = gh_expr_hazard(t->text, kind);
	if (why != NULL)
		gh_find(s, &rules[R_EVALUATED], ev->at, "\"%s\": %s: %s", gh_safe(t->key).s, why, gh_safe(t->text).s);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const char *system = ev->kind == GH_EV_CALL	   ? ev->u.call->system
			     : ev->kind == GH_EV_REFERENCE ? ev->u.reference->system
							   : "";
	if (ev->kind == GH_EV_TEXT)
		on_text(s, ev);
	else if (system == NULL)
		return;
	else if (ev->kind == GH_EV_REFERENCE && strcmp(system, "library") == 0)
		on_library(s, ev);
	else if (ev->kind == GH_EV_REFERENCE && strcmp(system, "file") == 0)
		on_file(s, ev);
	else if (ev->kind == GH_EV_CALL && strcmp(system, "setting") == 0)
		on_setting(s, ev);
	else if (ev->kind == GH_EV_CALL && strcmp(system, "torch-export") == 0)
		on_node(s, ev);
}

const struct gh_check gh_check_settings = {
	.name = "settings",
	.about = "files, libraries, names, expressions and commands that configurations give to loaders and tools",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CALL | 1u << GH_EV_REFERENCE | 1u << GH_EV_TEXT,
	.on = on,
	.rules = rules,
};
