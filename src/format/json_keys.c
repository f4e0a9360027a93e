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
	KEY("class_name", GH_JZ_PLAIN, GH_JM_CLASS_NAME),
	KEY("config", GH_JZ_PLAIN, GH_JM_CONFIG),
	KEY("nbformat", GH_JZ_PLAIN, GH_JM_NBFORMAT),
	KEY("cells", GH_JZ_CELLS, GH_JM_CELLS),
	KEY("mcpServers", GH_JZ_SERVERS, 0),
	KEY("scripts", GH_JZ_SCRIPTS, 0),
	KEY("preinstall", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("install", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("postinstall", GH_JZ_PLAIN, GH_JM_HOOK),
	KEY("prepare", GH_JZ_PLAIN, GH_JM_HOOK),
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
	KEY("type", GH_JZ_PLAIN, GH_JM_TYPE),
	KEY("__loader__", GH_JZ_PLAIN, GH_JM_LOADER),
	KEY("__class__", GH_JZ_PLAIN, GH_JM_CLASS),
	KEY("__module__", GH_JZ_PLAIN, GH_JM_MODULE),
	KEY("__reduce__", GH_JZ_PLAIN, GH_JM_PY_CALL),
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
