#include "format/json_keys.h"

#define KEY(text, ...) \
	{ \
		text, sizeof(text) - 1, { __VA_ARGS__ } \
	}
static const struct {
	const char *name;
	size_t n;
	struct gh_json_key key;
} keys[] = {
	KEY("chat_template", GH_JZ_TEMPLATE, 0),
	KEY("default_chat_template", GH_JZ_TEMPLATE, 0),
	KEY("auto_map", GH_JZ_REMOTE, 0),
	KEY("hidden_size", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("n_embd", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("d_model", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("vocab_size", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("num_hidden_layers", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("n_layer", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("embedding_size", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("word_embed_proj_dim", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("intermediate_size", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("num_attention_heads", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("num_key_value_heads", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("head_dim", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("n_inner", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("n_head", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("n_heads", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("n_layers", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("dim", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("hidden_dim", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("d_ff", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("d_kv", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("num_heads", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("tie_word_embeddings", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("model_type", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("torch_dtype", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("dtype", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("architectures", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("quantization_config", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("quantization", GH_JZ_PLAIN, GH_JM_SIZE),
	KEY("custom_pipelines", GH_JZ_REMOTE, 0),
	KEY("trust_remote_code", GH_JZ_PLAIN, GH_JM_TRUST),
	KEY("allow_remote_code", GH_JZ_PLAIN, GH_JM_TRUST),
	KEY("_target_", GH_JZ_TARGET, 0),
	KEY("__target__", GH_JZ_TARGET, 0),
	KEY("_component_", GH_JZ_TARGET, 0),
	KEY("class_path", GH_JZ_TARGET, 0),
	KEY("@class", GH_JZ_TARGET, 0),
	KEY("$type", GH_JZ_TARGET, 0),
	KEY("parent_library", GH_JZ_TARGET, 0),
	KEY("weight_map", GH_JZ_SHARDS, 0),
	KEY("vocab", GH_JZ_VOCAB, 0),
	KEY("merges", GH_JZ_VOCAB, 0),
	KEY("class_name", GH_JZ_PLAIN, GH_JM_CLASS_NAME | GH_JM_ACTS),
	KEY("config", GH_JZ_PLAIN, GH_JM_CONFIG),
	KEY("nbformat", GH_JZ_PLAIN, GH_JM_NBFORMAT),
	KEY("cells", GH_JZ_CELLS, GH_JM_CELLS),
	KEY("worksheets", GH_JZ_CELLS, GH_JM_CELLS),
	KEY("mcpServers", GH_JZ_SERVERS, 0),
	KEY("scripts", GH_JZ_SCRIPTS, 0),
	KEY("preinstall", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("install", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("postinstall", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("prepare", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("pre-install-cmd", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("post-install-cmd", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("pre-update-cmd", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("post-update-cmd", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("pre-autoload-dump", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("post-autoload-dump", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("py/object", GH_JZ_PLAIN, GH_JM_PY),
	KEY("py/type", GH_JZ_PLAIN, GH_JM_PY),
	KEY("py/class", GH_JZ_PLAIN, GH_JM_PY),
	KEY("py/function", GH_JZ_PLAIN, GH_JM_PY),
	KEY("py/module", GH_JZ_PLAIN, GH_JM_PY),
	KEY("py/newobj", GH_JZ_PLAIN, GH_JM_PY_CALL),
	KEY("py/newargs", GH_JZ_PLAIN, GH_JM_PY_CALL),
	KEY("py/newargsex", GH_JZ_PLAIN, GH_JM_PY_CALL),
	KEY("py/initargs", GH_JZ_PLAIN, GH_JM_PY_CALL),
	KEY("py/reduce", GH_JZ_PLAIN, GH_JM_PY_CALL),
	KEY("py/repr", GH_JZ_PLAIN, GH_JM_PY_CALL),
	KEY("py/property", GH_JZ_PLAIN, GH_JM_PY),
	KEY("lc", GH_JZ_PLAIN, GH_JM_LC),
	KEY("type", GH_JZ_PLAIN, GH_JM_TYPE | GH_JM_ACTS),
	KEY("chat_templates", GH_JZ_TEMPLATE, 0),
	KEY("()", GH_JZ_TARGET, 0), /* logging.config.dictConfig */
	KEY("target", GH_JZ_PLAIN, GH_JM_TARGET | GH_JM_ACTS),
	KEY("params", GH_JZ_PLAIN, GH_JM_PARAMS),
	KEY("idx", GH_JZ_PLAIN, GH_JM_IDX),
	KEY("path", GH_JZ_PLAIN, GH_JM_PATH),
	KEY("_class_name", GH_JZ_PLAIN, GH_JM_PIPELINE),
	KEY("_diffusers_version", GH_JZ_PLAIN, GH_JM_PIPELINE),
	KEY("loader_module", GH_JZ_PLAIN, GH_JM_LOADER_MOD | GH_JM_ACTS),
	KEY("_type", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("class", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("cls", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("class_type", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("func", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("fn", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("function", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("callable", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("callback", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("factory", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("handler", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("impl", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("load_fn", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("entry_point", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("import_path", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("_fn_", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("__name__", GH_JZ_PLAIN, GH_JM_ACTS),
	KEY("__loader__", GH_JZ_PLAIN, GH_JM_LOADER),
	KEY("__class__", GH_JZ_PLAIN, GH_JM_CLASS),
	KEY("__module__", GH_JZ_PLAIN, GH_JM_MODULE),
	KEY("__reduce__", GH_JZ_PLAIN, GH_JM_REDUCE),
};

struct gh_json_key gh_json_key(struct gh_span name)
{
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (name.n == keys[i].n && memcmp(name.p, keys[i].name, name.n) == 0)
			return keys[i].key;
	return (struct gh_json_key){ GH_JZ_PLAIN, 0 };
}

bool gh_json_shown(struct gh_span name)
{
	static const char *const parts[] = { "url",	 "uri",	       "path",	  "key",      "secret",	  "token",
					     "password", "credential", "code",	  "command",  "template", "prompt",
					     "script",	 "descri",     "license", "endpoint", "host",	  "module",
					     "import",	 "function",   "expr",	  "hook",     "exec" };
	for (size_t i = 0; name.n != 0 && i < sizeof parts / sizeof parts[0]; i++)
		if (memmem(name.p, name.n, parts[i], strlen(parts[i])) != NULL)
			return true;
	return false;
}

static bool listed(const char *const *list, struct gh_span s)
{
	for (; *list != NULL; list++)
		if (gh_span_is(s, *list))
			return true;
	return false;
}

static bool name_byte(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool gh_json_names_system(struct gh_span text)
{
	enum { LONGEST = 128 };
	static const char *const modules[] = { "os",
					       "posix",
					       "nt",
					       "subprocess",
					       "builtins",
					       "__builtin__",
					       "__builtins__",
					       "pty",
					       "shutil",
					       "importlib",
					       "runpy",
					       "ctypes",
					       "pickle",
					       "_pickle",
					       "cPickle",
					       "dill",
					       "cloudpickle",
					       "marshal",
					       "codeop",
					       "popen2",
					       "commands",
					       "webbrowser",
					       "pdb",
					       "pydoc",
					       "pkgutil",
					       "sys",
					       "socket",
					       "timeit",
					       "_posixsubprocess",
					       "zipimport",
					       "multiprocessing",
					       NULL };
	/* Modules of which only a part loads or runs anything. */
	static const char *const functions[] = { "torch.load",
						 "torch.hub.load",
						 "torch.jit.load",
						 "joblib.load",
						 "numpy.load",
						 "pandas.read_pickle",
						 "pandas.eval",
						 "yaml.load",
						 "yaml.unsafe_load",
						 "numpy.f2py.compile",
						 "torch.utils.cpp_extension.load",
						 "torch.utils.cpp_extension.load_inline",
						 "hydra.utils.get_method",
						 "hydra.utils.get_object",
						 "hydra.utils.get_class",
						 "asyncio.run",
						 "asyncio.create_subprocess_shell",
						 "urllib.request.urlopen",
						 "urllib.request.urlretrieve",
						 "code.interact",
						 "code.InteractiveInterpreter",
						 "operator.attrgetter",
						 "operator.methodcaller",
						 "functools.reduce",
						 "types.FunctionType",
						 "types.CodeType",
						 NULL };
	/* Last parts of names that are files, hosts, versions, settings; os.path computes and does nothing. */
	static const char *const others[] = {
		"py",	    "pyc",	   "pyi",	"json", "txt",	"md",	"rst",	   "html",  "css",    "js",
		"mjs",	    "ts",	   "c",		"h",	"cc",	"cpp",	"hpp",	   "rs",    "go",     "java",
		"yaml",	    "yml",	   "toml",	"ini",	"cfg",	"conf", "log",	   "xml",   "svg",    "png",
		"pkl",	    "so",	   "dll",	"exe",	"sh",	"zip",	"gz",	   "tar",   "io",     "com",
		"org",	    "net",	   "dev",	"name", "type", "arch", "version", "build", "family", "kernel",
		"platform", "description", "hostname",	"id",	"d",	"in",	"po",	   "path",  "sep",    "linesep",
		"maxsize",  "byteorder",   "cpu_count", NULL
	};
	if (text.n > LONGEST)
		return false;
	size_t root = text.n, last = 0;
	for (size_t i = 0; i < text.n; i++) {
		bool dot = text.p[i] == '.' || text.p[i] == ':';
		if (!dot && !name_byte(text.p[i]))
			return false;
		if (!dot)
			continue;
		if (i == last || i + 1 == text.n)
			return false;
		root = root == text.n ? i : root;
		last = i + 1;
	}
	if (last == 0)
		return false;
	bool whole = listed(functions, text);
	bool path = gh_span_starts(text, "os.path.") || gh_span_starts(text, "os.environ") ||
		    gh_span_starts(text, "os.constants."); /* of Node.js */
	return whole || (!path && listed(modules, gh_span_cut(text, 0, root)) &&
			 !listed(others, gh_span_cut(text, last, text.n)));
}

bool gh_json_pipeline_library(struct gh_span name)
{
	static const char *const known[] = { "diffusers", "transformers", "onnxruntime", "onnxruntime.training",
					     "optimum", "optimum.onnxruntime", "flax",
					     /* modules of diffusers.pipelines that published pipelines name */
					     "stable_diffusion", "stable_diffusion_xl", "stable_diffusion_3",
					     "stable_cascade", "latent_diffusion", "paint_by_example", "deepfloyd_if",
					     "kandinsky", "kandinsky2_2", "wuerstchen", "shap_e", "unidiffuser",
					     "audioldm", "audioldm2", "musicldm", "controlnet", "flux", "pixart_alpha",
					     "hunyuandit", "semantic_stable_diffusion", "stable_diffusion_safe",
					     "spectrogram_diffusion", "blip_diffusion", "versatile_diffusion",
					     "alt_diffusion", "score_sde_ve", "vq_diffusion", "dance_diffusion",
					     "stable_audio", "ledits_pp", NULL };
	return listed(known, name);
}

bool gh_json_target_dangerous(struct gh_span dotted)
{
	static const char *const roots[] = {
		"os",
		"sys",
		"posix",
		"nt",
		"subprocess",
		"builtins",
		"__builtin__",
		"__builtins__",
		"pty",
		"socket",
		"shutil",
		"importlib",
		"runpy",
		"ctypes",
		"pickle",
		"_pickle",
		"cPickle",
		"dill",
		"cloudpickle",
		"marshal",
		"code",
		"codeop",
		"commands",
		"popen2",
		"webbrowser",
		"timeit",
		"pdb",
		"bdb",
		"cProfile",
		"profile",
		"trace",
		"asyncio",
		"multiprocessing",
		"concurrent",
		"urllib",
		"http",
		"ftplib",
		"smtplib",
		"requests",
		"httpx",
		"aiohttp",
		"pip",
		"setuptools",
		"pkgutil",
		"pydoc",
		"operator",
		"functools",
		"types",
		"inspect",
		"gc",
		"signal",
		"tempfile",
		"io",
		"pathlib",
		"zipimport",
		"site",
		"eval",
		"exec",
		"compile",
		"open",
		"__import__",
		"getattr",
		"joblib.load",
		"torch.load",
		"torch.hub",
		"torch.jit.load",
		"torch.utils.cpp_extension",
		"numpy.load",
		"numpy.f2py",
		"numpy.distutils",
		"pandas.read_pickle",
		"pandas.eval",
		"hydra.utils.get_method",
		"hydra.utils.get_class",
		"hydra.utils.get_object",
		"yaml.load",
		"yaml.unsafe_load",
	};
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++) {
		size_t n = strlen(roots[i]);
		if (gh_span_starts(dotted, roots[i]) && (dotted.n == n || dotted.p[n] == '.'))
			return true;
	}
	return false;
}
