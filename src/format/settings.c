#include "format/settings.h"

#include "format/json_keys.h"
#include "format/shell_code.h"
#include "wire/path.h"

enum { PATH_LONGEST = 4096, NAME_LONGEST = 256 };

enum kind {
	NOTHING,
	FILE_NAME,
	IMPORT,
	KERNEL,
	CODEC,
	START,
	EVALUATED,
	SYMPY,
	GUARD,
	SHELL,
	DOWNLOAD,
	TARGET,
	OUTSIDE,
	PROGRAM
};

/* Who acts on it stands behind each row. holder, top: NULL: any; "": at the top of the document. `*` at the end of a key: any
 * ending; at its start: any beginning. */
static const struct row {
	const char *key, *holder, *top;
	enum kind kind;
} rows[] = {
	/* transformers, tokenization_utils_base.py: the file named here wins over the one beside the configuration */
	{ "vocab_file", NULL, NULL, FILE_NAME },
	{ "tokenizer_file", NULL, NULL, FILE_NAME },
	{ "merges_file", NULL, NULL, FILE_NAME },
	{ "spm_file", NULL, NULL, FILE_NAME },
	{ "sentencepiece_model_file", NULL, NULL, FILE_NAME },
	{ "source_spm", NULL, NULL, FILE_NAME },
	{ "target_spm", NULL, NULL, FILE_NAME },
	{ "index_path", NULL, "", FILE_NAME }, /* RAG */
	{ "passages_path", NULL, "", FILE_NAME },
	/* timm, models/_builder.py */
	{ "file", "pretrained_cfg", NULL, FILE_NAME },
	{ "url", "pretrained_cfg", NULL, FILE_NAME },
	{ "file", "default_cfg", NULL, FILE_NAME },
	{ "url", "default_cfg", NULL, FILE_NAME },
	/* onnxruntime-genai, config.cpp */
	{ "filename", NULL, "model", FILE_NAME },
	{ "config_filename", NULL, "model", FILE_NAME },
	{ "adapter_filename", NULL, "model", FILE_NAME },
	/* MLflow, pyfunc/__init__.py and models/model.py */
	{ "model_path", NULL, "flavors", FILE_NAME },
	{ "data", NULL, "flavors", FILE_NAME },
	{ "code", NULL, "flavors", FILE_NAME },
	{ "pickled_model", NULL, "flavors", FILE_NAME },
	{ "model_data", NULL, "flavors", FILE_NAME },
	{ "model_code_path", NULL, "flavors", FILE_NAME },
	/* datasets, load.py: the card of a data set says which files it consists of */
	{ "data_files", NULL, "configs", FILE_NAME },
	{ "data_dir", NULL, "configs", FILE_NAME },
	{ "path", NULL, "configs", FILE_NAME },
	{ "path", "data_files", NULL, FILE_NAME },
	{ "*", "data_files", "configs", FILE_NAME },
	/* Triton */
	{ "EXECUTION_ENV_PATH", NULL, NULL, FILE_NAME },
	{ "default_model_filename", NULL, NULL, FILE_NAME },
	/* sentence-transformers, util.py: import_from_string() */
	{ "tokenizer_class", NULL, NULL, IMPORT },
	{ "activation_function", NULL, NULL, IMPORT },
	{ "activation_fn", NULL, NULL, IMPORT },
	{ "activation_fct", NULL, NULL, IMPORT },
	{ "sbert_ce_default_activation_function", NULL, NULL, IMPORT },
	{ "*", "types", "types", IMPORT },
	/* PEFT, tuners/lora/tp_layer.py */
	{ "megatron_core", NULL, NULL, IMPORT },
	/* pyannote.audio, core/pipeline.py */
	{ "name", "pipeline", "pipeline", IMPORT },
	{ "name", NULL, "preprocessors", IMPORT },
	/* programs of many kinds */
	{ "model_class", NULL, NULL, IMPORT },
	{ "processor_class", NULL, NULL, IMPORT },
	{ "feature_extractor_class", NULL, NULL, IMPORT },
	{ "image_processor_class", NULL, NULL, IMPORT },
	{ "pipeline_class", NULL, NULL, IMPORT },
	{ "module_class", NULL, NULL, IMPORT },
	{ "wrapper_class", NULL, NULL, IMPORT },
	{ "loader_module", NULL, NULL, IMPORT },
	/* transformers, integrations/hub_kernels.py */
	{ "_attn_implementation*", NULL, NULL, KERNEL },
	{ "attn_implementation", NULL, NULL, KERNEL },
	{ "experts_implementation", NULL, NULL, KERNEL },
	{ "_experts_implementation*", NULL, NULL, KERNEL },
	{ "*", "attn_implementation", NULL, KERNEL },
	{ "*", "_attn_implementation", NULL, KERNEL },
	/* numcodecs, registry.py; zarr */
	{ "id", "filters", NULL, CODEC },
	{ "id", "compressor", NULL, CODEC },
	{ "id", "object_codec", NULL, CODEC },
	{ "name", "codecs", NULL, CODEC },
	{ "name", "filters", NULL, CODEC },
	{ "name", "compressors", NULL, CODEC },
	/* Ultralytics, nn/autobackend.py and nn/tasks.py; YOLOv5 and 7, models/common.py and models/yolo.py */
	{ "names", "", "", EVALUATED },
	{ "imgsz", "", "", EVALUATED },
	{ "kpt_shape", "", "", EVALUATED },
	{ "kpt_names", "", "", EVALUATED },
	{ "stride", "", "", EVALUATED },
	{ "channels", "", "", EVALUATED },
	{ "end2end", "", "", EVALUATED },
	{ "anchors", "", "", EVALUATED },
	{ "activation", "", "", EVALUATED },
	{ "backbone", "", "", EVALUATED },
	{ "head", "", "", EVALUATED },
	{ "download", "", "", DOWNLOAD }, /* data/utils.py: check_det_dataset() */
	/* torch, _export/serde/serialize.py and fx/experimental/symbolic_shapes.py */
	{ "expr_str", NULL, NULL, SYMPY },
	{ "guards_code", NULL, NULL, GUARD },
	{ "target", NULL, NULL, TARGET },
	/* MLproject, compose files */
	{ "command", NULL, "entry_points", SHELL },
	{ "command", NULL, "services", SHELL },
	{ "entrypoint", NULL, "services", SHELL },
	/* development containers, tasks of editors; the first runs on the user's own machine */
	{ "initializeCommand", NULL, NULL, START },
	{ "*", "initializeCommand", "initializeCommand", START },
	{ "onCreateCommand", NULL, NULL, SHELL },
	{ "updateContentCommand", NULL, NULL, SHELL },
	{ "postCreateCommand", NULL, NULL, SHELL },
	{ "postStartCommand", NULL, NULL, SHELL },
	{ "postAttachCommand", NULL, NULL, SHELL },
	{ "*", "onCreateCommand", "onCreateCommand", SHELL },
	{ "*", "updateContentCommand", "updateContentCommand", SHELL },
	{ "*", "postCreateCommand", "postCreateCommand", SHELL },
	{ "*", "postStartCommand", "postStartCommand", SHELL },
	{ "*", "postAttachCommand", "postAttachCommand", SHELL },
	{ "command", "tasks", "tasks", SHELL },
	{ "command", NULL, "tasks", SHELL },
	{ "runOn", "runOptions", NULL, START },
	/* PaddleDetection, deploy/python/infer.py: the class of each step is evaluated */
	{ "type", NULL, "Preprocess", EVALUATED },
	/* LangChain, prompts/loading.py */
	{ "template_path", NULL, NULL, FILE_NAME },
	{ "example_prompt_path", NULL, NULL, FILE_NAME },
	/* fairseq, utils.py: import_user_module() */
	{ "user_dir", NULL, NULL, FILE_NAME },
	/* Triton: the server joins its folder of backends and this name, and loads the library there */
	{ "backend", NULL, "", OUTSIDE },
	/* Cargo runs these in the place of the compiler, the linker, the program */
	{ "rustc-wrapper", NULL, "build", PROGRAM },
	{ "rustc-workspace-wrapper", NULL, "build", PROGRAM },
	{ "rustc", NULL, "build", PROGRAM },
	{ "linker", NULL, "target", PROGRAM },
	{ "runner", NULL, "target", PROGRAM },
};

static bool contains(struct gh_span s, const char *what)
{
	return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static bool place(struct gh_span s, const char *want)
{
	return want == NULL || (*want == '\0' ? s.n == 0 : gh_span_is(s, want));
}

static bool key_is(struct gh_span key, const char *want)
{
	if (want[0] != '*' && want[0] != '\0' && want[1] != '\0' && (key.n == 0 || key.p[0] != (uint8_t)want[0]))
		return false;
	size_t n = strlen(want);
	if (want[0] == '*')
		return n == 1 || (key.n > n - 1 && gh_span_ends(key, want + 1));
	if (want[n - 1] != '*')
		return gh_span_is(key, want);
	return key.n >= n - 1 && memcmp(key.p, want, n - 1) == 0;
}

static enum kind kind_of(const struct gh_setting *v)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (key_is(v->key, rows[i].key) && place(v->holder, rows[i].holder) && place(v->top, rows[i].top))
			return rows[i].kind;
	return NOTHING;
}

/* ---- what values look like --------------------------------------------------------------------------------------- */

static bool ends_in(struct gh_span s, const char *end)
{
	size_t n = strlen(end);
	if (s.n <= n)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint8_t c = s.p[s.n - n + i];
		if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != (uint8_t)end[i])
			return false;
	}
	return true;
}

bool gh_names_library(struct gh_span s)
{
	if (s.n == 0 || s.n > PATH_LONGEST || memchr(s.p, '\n', s.n) != NULL)
		return false;
	size_t end = s.n; /* without the version of "x.so.1.2" */
	while (end > 0 && ((s.p[end - 1] >= '0' && s.p[end - 1] <= '9') || s.p[end - 1] == '.'))
		end--;
	struct gh_span plain = end < s.n && s.p[end] == '.' ? gh_span_cut(s, 0, end) : s;
	return ends_in(plain, ".so") || ends_in(s, ".dll") || ends_in(s, ".dylib") || ends_in(s, ".pyd");
}

bool gh_leads_outside(struct gh_span s)
{
	unsigned out = GH_PATH_ESCAPES | GH_PATH_ABSOLUTE | GH_PATH_DRIVE | GH_PATH_NUL;
	return s.n != 0 && ((gh_path_flags(s) & out) != 0 || contains(s, "://") || s.p[0] == '~' || s.p[0] == '\\');
}

static bool dotted(struct gh_span s)
{
	bool dot = false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool digit = c >= '0' && c <= '9', word = c == '_' || digit || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
		bool inner = i > 0 && i + 1 < s.n && s.p[i - 1] != '.' && s.p[i - 1] != ':';
		if ((!word && ((c != '.' && c != ':') || !inner)) || (digit && i == 0))
			return false;
		dot = dot || !word;
	}
	return dot && s.n <= NAME_LONGEST;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static enum gh_rc refer(struct gh_settings *s, const struct gh_setting *v, const char *system)
{
	bool url = contains(v->text, "://");
	struct gh_reference r = {
		.kind = url ? GH_REF_URL : GH_REF_PATH, .system = system, .target = v->text, .from = v->key
	};
	return gh_emit(s->w, GH_EV_REFERENCE, v->off, v->len, &r);
}

static enum gh_rc call(struct gh_settings *s, const struct gh_setting *v, const char *system, enum gh_call_how how,
		       const char *as)
{
	struct gh_span name = v->text;
	size_t dot = name.n;
	while (as == NULL && dot > 0 && name.p[dot - 1] != '.' && name.p[dot - 1] != ':')
		dot--;
	dot = as == NULL ? dot : 0;
	struct gh_call c = { .how = how,
			     .system = system,
			     .module = gh_span_cut(name, 0, dot > 0 ? dot - 1 : 0),
			     .name = gh_span_cut(name, dot, name.n),
			     .resolved = true };
	c.as_module = as == NULL ? c.module : v->key;
	c.as_name = as == NULL ? c.name : gh_span_str(as);
	return gh_emit(s->w, GH_EV_CALL, v->off, v->len, &c);
}

static enum gh_rc text(struct gh_settings *s, const struct gh_setting *v, const char *role)
{
	struct gh_text t = { .role = role, .key = v->key, .text = v->text };
	return gh_emit(s->w, GH_EV_TEXT, v->off, v->len, &t);
}

/* A word of a list, quoted as a shell would want it. */
static void put_word(struct gh_settings *s, struct gh_span word)
{
	size_t worst = 4 * word.n + 3;
	if (word.n > sizeof s->command || worst > sizeof s->command - s->n)
		return;
	if (s->n != 0)
		s->command[s->n++] = ' ';
	s->command[s->n++] = '\'';
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '\'') {
			memcpy(s->command + s->n, "'\\'", 3);
			s->n += 3;
		}
		s->command[s->n++] = word.p[i];
	}
	s->command[s->n++] = '\'';
}

static enum gh_rc run(struct gh_settings *s, const struct gh_setting *v)
{
	if (!v->item)
		return v->text.n == 0 ? GH_OK : gh_shell_code(s->w, v->text, v->off, v->len, NULL);
	if (s->n == 0)
		s->off = v->off;
	put_word(s, v->text);
	return GH_OK;
}

enum gh_rc gh_setting_list_end(struct gh_settings *s, uint64_t off)
{
	struct gh_span command = { s->command, s->n };
	if (s->n == 0)
		return GH_OK;
	s->n = 0;
	return gh_shell_code(s->w, command, s->off, off > s->off ? off - s->off : 0, NULL);
}

/* "https://…zip" is fetched, "bash …" is a command, anything else is Python. */
static enum gh_rc download(struct gh_settings *s, const struct gh_setting *v)
{
	struct gh_src_mem mem;
	if (gh_span_starts(v->text, "http") && !contains(v->text, "\n"))
		return GH_OK;
	if (gh_span_starts(v->text, "bash ")) {
		enum gh_rc rc = call(s, v, "setting", GH_CALL_IMPORT, "start");
		return rc == GH_OK ? run(s, v) : rc;
	}
	if (!contains(v->text, "(") && !contains(v->text, "import"))
		return GH_OK;
	struct gh_code code = { .language = "python", .name = v->key, .src = gh_src_mem(&mem, v->text) };
	return gh_emit(s->w, GH_EV_CODE, v->off, v->len, &code);
}

/* Words of the key by which libraries are given, whatever the program. */
static bool library_key(struct gh_span key)
{
	static const char *const words[] = { "lib",	"plugin",   "backend", "custom_op",  "extension", "delegate",
					     "runtime", "provider", "driver",  "op_path",    "module",	  "so_path",
					     "dll",	"engine",   "binary",  "shared_obj", "kernel",	  "loader" };
	uint8_t small[64];
	size_t n = key.n < sizeof small ? key.n : sizeof small;
	for (size_t i = 0; i < n; i++)
		small[i] = key.p[i] >= 'A' && key.p[i] <= 'Z' ? key.p[i] | 0x20 : key.p[i];
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (contains((struct gh_span){ small, n }, words[i]))
			return true;
	return false;
}

enum gh_rc gh_setting(struct gh_settings *s, const struct gh_setting *v)
{
	bool slash = v->text.n != 0 && memchr(v->text.p, '/', v->text.n) != NULL;
	/* Drivers of the graphics system: its loader reads such manifests from its own directories only. */
	bool driver = gh_span_is(v->key, "library_path") && (gh_span_is(v->top, "ICD") || gh_span_is(v->top, "layer"));
	if (gh_names_library(v->text) && !driver && (library_key(v->key) || library_key(v->holder)))
		return refer(s, v, "library");
	switch (kind_of(v)) {
	case NOTHING: break;
	case FILE_NAME: return v->text.n == 0 || v->text.n > PATH_LONGEST ? GH_OK : refer(s, v, "file");
	case IMPORT:
		if (!dotted(v->text) || gh_span_is(v->text, "megatron.core") || gh_span_is(v->key, "loader_module"))
			return GH_OK; /* the second is the default; the third is judged as what it is */
		return call(s, v, "hydra", GH_CALL_INST, NULL);
	case KERNEL: return slash ? call(s, v, "setting", GH_CALL_IMPORT, "kernel") : GH_OK;
	case CODEC: return contains(v->text, "pickle") ? call(s, v, "setting", GH_CALL_IMPORT, "codec") : GH_OK;
	case START: {
		if (gh_span_is(v->key, "runOn") && !gh_span_is(v->text, "folderOpen"))
			return GH_OK;
		enum gh_rc rc = call(s, v, "setting", GH_CALL_IMPORT, "start");
		return rc != GH_OK || gh_span_is(v->key, "runOn") ? rc : run(s, v);
	}
	case EVALUATED: {
		bool list = gh_span_is(v->key, "backbone") || gh_span_is(v->key, "head");
		return v->item && !list ? GH_OK : text(s, v, "evaluated");
	}
	case SYMPY: return text(s, v, "sympy");
	case GUARD: return text(s, v, "guard");
	case SHELL: return run(s, v);
	case OUTSIDE:
		return slash && !contains(v->text, "://") && gh_leads_outside(v->text) ? refer(s, v, "library") : GH_OK;
	case PROGRAM: return slash && v->text.p[0] != '/' ? call(s, v, "setting", GH_CALL_IMPORT, "start") : GH_OK;
	case DOWNLOAD: return v->item ? GH_OK : download(s, v);
	case TARGET: {
		bool node = gh_span_starts(v->text, "torch.ops.") || gh_span_starts(v->text, "_operator.") ||
			    (s->w->role != NULL && strcmp(s->w->role, "program") == 0 && dotted(v->text));
		return node ? call(s, v, "torch-export", GH_CALL_OPERATION, NULL) : GH_OK;
	}
	}
	return GH_OK;
}
