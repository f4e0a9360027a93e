#include "scan/repo_code.h"

#include "format/format.h"

#include <stdio.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

/* Of Python 3.11 itself, and what programs around models import. Sorted. */
/* clang-format off */
static const char *const libraries[] = {
	"IPython", "PIL", "abc", "absl", "accelerate", "aifc", "aiohttp", "albumentations", "anthropic", "argparse", "array",
	"ast", "asynchat", "asyncio", "asyncore", "atexit", "attr", "attrs", "audioop", "audioread", "auto_gptq", "av",
	"axolotl", "base64", "bdb", "binascii", "bisect", "bitsandbytes", "boto3", "botocore", "bs4", "builtins", "bz2",
	"cProfile", "catboost", "certifi", "cgi", "cgitb", "charset_normalizer", "chunk", "click", "cloudpickle", "cmath",
	"cmd", "codecs", "codeop", "collections", "colorsys", "colossalai", "compileall", "concurrent", "configparser",
	"contextlib", "contextvars", "copy", "copyreg", "coremltools", "crypt", "cryptography", "csv", "ctransformers",
	"ctranslate2", "ctypes", "cupy", "curses", "cv2", "cython", "dask", "dataclasses", "datetime", "dateutil", "dbm",
	"decimal", "deepspeed", "detectron2", "difflib", "diffusers", "dill", "dis", "distutils", "doctest", "einops", "email",
	"encodings", "ensurepip", "enum", "errno", "exllamav2", "faster_whisper", "faulthandler", "fcntl", "filecmp",
	"fileinput", "filelock", "flash_attn", "flax", "fnmatch", "fractions", "fsspec", "ftfy", "ftplib", "functools", "gc",
	"genericpath", "getopt", "getpass", "gettext", "glob", "google", "gptqmodel", "graphlib", "grp", "gzip", "h5py",
	"haiku", "hashlib", "heapq", "hf_transfer", "hmac", "html", "http", "httpx", "huggingface_hub", "hydra", "idna",
	"imageio", "imaplib", "imghdr", "imp", "importlib", "inspect", "io", "ipaddress", "ipykernel", "itertools", "jax",
	"jaxlib", "jinja2", "joblib", "json", "jupyter", "keras", "keyword", "kornia", "langchain_core", "librosa",
	"liger_kernel", "lightgbm", "lightning", "lightning_fabric", "linecache", "llama_cpp", "llama_index", "locale",
	"logging", "lxml", "lzma", "mailbox", "mailcap", "markupsafe", "marshal", "math", "matplotlib", "mimetypes", "mlflow",
	"mlx", "mlx_lm", "mmap", "mmcv", "mmengine", "modelscope", "modulefinder", "moviepy", "mpmath", "msgpack", "msvcrt",
	"multiprocessing", "mxnet", "netrc", "networkx", "nis", "nltk", "nntplib", "nose", "ntpath", "nturl2path", "numba",
	"numbers", "numpy", "omegaconf", "onnxruntime", "opcode", "open_clip", "openvino", "operator", "optax", "optimum",
	"optparse", "orbax", "orjson", "os", "ossaudiodev", "packaging", "paddle", "pandas", "pathlib", "pdb", "peft", "pickle",
	"pickletools", "pip", "pipes", "pkg_resources", "pkgutil", "platform", "plistlib", "plotly", "polars", "poplib",
	"posixpath", "pprint", "protobuf", "pstats", "psutil", "psycopg2", "pty", "pwd", "py_compile", "pyarrow", "pyclbr",
	"pycuda", "pydantic", "pydoc", "pydoc_data", "pyexpat", "pymongo", "pyspark", "pytest", "pytorch_lightning", "pytz",
	"queue", "quopri", "random", "ray", "re", "readline", "redis", "regex", "reprlib", "requests", "rlcompleter", "runpy",
	"safetensors", "sched", "scipy", "seaborn", "secrets", "select", "selectors", "sentence_transformers", "sentencepiece",
	"setuptools", "sglang", "shap", "shelve", "shlex", "shutil", "signal", "simplejson", "site", "six", "skimage",
	"sklearn", "skops", "smtpd", "smtplib", "sndhdr", "socket", "socketserver", "soundfile", "soxr", "spacy", "spwd",
	"sqlalchemy", "sqlite3", "sre_compile", "sre_constants", "sre_parse", "ssl", "starlette", "stat", "statsmodels",
	"string", "stringprep", "struct", "subprocess", "sunau", "sympy", "symtable", "sys", "sysconfig", "syslog", "tabnanny",
	"tarfile", "telnetlib", "tempfile", "tensorboard", "tensorboardX", "tensorflow", "tensorrt", "termios", "textwrap",
	"tf_keras", "threading", "tiktoken", "time", "timeit", "timm", "tkinter", "token", "tokenize", "tokenizers", "tomllib",
	"torch", "torch_geometric", "torchao", "torchaudio", "torchdata", "torchmetrics", "torchserve", "torchtext",
	"torchvision", "tqdm", "traceback", "tracemalloc", "transformer_engine", "transformers", "tritonclient", "trl", "tty",
	"turtle", "types", "typing", "ujson", "ultralytics", "unicodedata", "unittest", "unsloth", "urllib", "urllib3", "uu",
	"uuid", "uvicorn", "venv", "vllm", "wandb", "warnings", "wave", "weakref", "webbrowser", "werkzeug", "wheel", "winreg",
	"winsound", "wsgiref", "xdrlib", "xformers", "xgboost", "xml", "xmlrpc", "yaml", "zipapp", "zipfile", "zipimport",
	"zlib", "zmq", "zoneinfo",
};
/* Also of libraries, but what people call their own scripts and examples. */
static const char *const commons[] = {
	"apex", "awq", "calendar", "clip", "code", "datasets", "decord", "distributed", "evaluate", "fastapi", "ffmpeg", "fire",
	"flask", "gguf", "gradio", "hqq", "langchain", "megatron", "nemo", "notebook", "onnx", "openai", "parser", "profile",
	"quanto", "resource", "statistics", "streamlit", "tables", "test", "trace", "triton", "ts", "whisper",
};
/* clang-format on */

static bool listed(const char *const *list, size_t n, const char *name, size_t len)
{
	for (size_t i = 0; i < n; i++)
		if (strncmp(list[i], name, len) == 0 && list[i][len] == '\0')
			return true;
	return false;
}

static size_t dir_len(const char *name)
{
	const char *slash = strrchr(name, '/');
	return slash == NULL ? 0 : (size_t)(slash - name) + 1;
}

static bool ends(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);
	return n >= m && strcmp(s + n - m, end) == 0;
}

/* Of "mod.py", "mod.cpython-311-x86_64-linux-gnu.so": the length of "mod"; 0: no file that Python imports. */
static size_t stem(const char *base)
{
	static const char *const kinds[] = { ".py", ".pyc", ".pyw", ".so", ".pyd" };
	const char *dot = strchr(base, '.');
	if (dot == NULL || dot == base)
		return 0;
	for (size_t i = 0; i < ROWS(kinds); i++)
		if (strcmp(dot, kinds[i]) == 0 || (i >= 3 && ends(base, kinds[i]) &&
						   (strncmp(dot, ".cpython-", 9) == 0 ||
						    strncmp(dot, ".abi3.", 6) == 0 || strncmp(dot, ".cp3", 4) == 0)))
			return (size_t)(dot - base);
	return 0;
}

static bool at(const struct gh_repo_file *f, const char *dir, size_t n, const char *base)
{
	return strncmp(f->name, dir, n) == 0 && strcmp(f->name + n, base) == 0;
}

/* May n more names be compared? */
static bool pay(struct gh_repo_work *work, size_t n)
{
	work->spent = work->spent || n > work->left;
	work->left -= work->spent ? 0 : n;
	return !work->spent;
}

static size_t find(const struct gh_repo_file *file, size_t n, const char *name, struct gh_repo_work *work)
{
	if (!pay(work, n))
		return n;
	for (size_t k = 0; k < n; k++)
		if (strcmp(file[k].name, name) == 0)
			return k;
	return n;
}

/* ---- modules ----------------------------------------------------------------------------------------------------------- */

/* "dir/" and "a.b": dir/a/b.py, dir/a/b/__init__.py, or, when it is run, dir/a/b/__main__.py. */
static size_t in_dir(const struct gh_repo_file *file, size_t n, const char *dir, size_t ndir, const char *module,
		     bool run, struct gh_repo_work *work)
{
	static const char *const forms[] = { "/__main__.py", ".py", "/__init__.py", ".pyc", "/__init__.pyc" };
	char name[2 * GH_FACT_TARGET];
	size_t len = strlen(module);
	if (len == 0 || ndir + len + 16 > sizeof name)
		return n;
	memcpy(name, dir, ndir);
	for (size_t i = 0; i < len; i++) {
		if (module[i] == '/' || (module[i] == '.' && (i == 0 || module[i - 1] == '.')))
			return n;
		name[ndir + i] = module[i] == '.' ? '/' : module[i];
	}
	for (size_t i = run ? 0 : 1; i < ROWS(forms); i++) {
		(void)snprintf(name + ndir + len, sizeof name - ndir - len, "%s", forms[i]);
		size_t k = find(file, n, name, work);
		if (k != n)
			return k;
	}
	return n;
}

/* The directory that a relative name starts from; false: above the artifact. */
static bool climb(const char *from, const char **module, size_t *dir)
{
	*dir = dir_len(from);
	for ((*module)++; **module == '.'; (*module)++) {
		if (*dir == 0)
			return false;
		for ((*dir)--; *dir > 0 && from[*dir - 1] != '/'; (*dir)--)
			;
	}
	return true;
}

size_t gh_repo_module(const struct gh_repo_file *file, size_t n, size_t i, const char *module, bool top,
		      struct gh_repo_work *work)
{
	const char *from = file[i].name;
	size_t dir = dir_len(from);
	if (module[0] == '.')
		return climb(from, &module, &dir) ? in_dir(file, n, from, dir, module, top, work) : n;
	size_t k = in_dir(file, n, from, dir, module, top, work);
	return k != n || dir == 0 || !top ? k : in_dir(file, n, from, 0, module, top, work);
}

static void reached(struct gh_repo_reach *r, size_t k)
{
	for (size_t i = 0; i < r->n; i++)
		if (r->file[i] == k)
			return;
	if (r->n == GH_REACH_FILES)
		r->lost = true;
	else
		r->file[r->n++] = k;
}

/* `from .a import b` names a, `from . import b` may mean something in the package itself. */
static bool surely(const struct gh_repo_file *file, size_t n, size_t i, const char *module, struct gh_repo_work *work)
{
	size_t dir;
	const char *rest = module;
	if (!climb(file[i].name, &rest, &dir) || rest[0] == '\0')
		return rest[0] != '\0'; /* above the artifact: nobody can have it */
	char init[GH_FACT_TARGET + 16];
	if (dir + 12 > sizeof init)
		return false;
	memcpy(init, file[i].name, dir);
	(void)snprintf(init + dir, sizeof init - dir, "__init__.py");
	return find(file, n, init, work) == n || strchr(rest, '.') != NULL;
}

void gh_repo_reach(const struct gh_repo_file *file, size_t n, size_t start, struct gh_repo_work *work,
		   struct gh_repo_reach *r)
{
	*r = (struct gh_repo_reach){ .file = { start }, .n = 1 };
	for (size_t at_file = 0; at_file < r->n; at_file++) {
		size_t i = r->file[at_file];
		for (size_t j = 0; j < file[i].nfact; j++) {
			const struct gh_fact *f = &file[i].fact[j];
			if (f->kind != GH_FACT_MODULE || f->a != 0 || f->target[0] != '.')
				continue;
			size_t k = gh_repo_module(file, n, i, f->target, false, work);
			if (k != n)
				reached(r, k);
			else if (!work->spent && surely(file, n, i, f->target, work) && r->nabsent < GH_REACH_ABSENT) {
				r->absent[r->nabsent].module = f->target;
				r->absent[r->nabsent++].from = i;
			}
		}
	}
}

/* ---- names --------------------------------------------------------------------------------------------------------------- */

static bool holds_weights(const struct gh_repo_file *file, size_t n, const char *dir, size_t ndir)
{
	for (size_t k = 0; k < n; k++) {
		if (dir_len(file[k].name) != ndir || strncmp(file[k].name, dir, ndir) != 0)
			continue;
		for (size_t j = 0; j < file[k].nfact; j++)
			if (file[k].fact[j].kind == GH_FACT_TENSORS)
				return true;
	}
	return false;
}

/* Does a source in this directory, other than file i, import the module by its plain name? */
static bool imported_here(const struct gh_repo_file *file, size_t n, size_t i, const char *dir, size_t ndir,
			  const char *name, size_t len, struct gh_repo_work *work)
{
	for (size_t k = 0; k < n; k++) {
		if (k == i || dir_len(file[k].name) != ndir || strncmp(file[k].name, dir, ndir) != 0 ||
		    !pay(work, file[k].nfact))
			continue;
		for (size_t j = 0; j < file[k].nfact; j++) {
			const struct gh_fact *f = &file[k].fact[j];
			if (f->kind == GH_FACT_MODULE && strncmp(f->target, name, len) == 0 &&
			    (f->target[len] == '\0' || f->target[len] == '.'))
				return true;
		}
	}
	return false;
}

static bool package(const struct gh_repo_file *file, size_t n, const char *dir, size_t ndir)
{
	for (size_t k = 0; k < n; k++)
		if (at(&file[k], dir, ndir, "__init__.py"))
			return true;
	return false;
}

static bool text_of_site(const char *format)
{
	return strcmp(format, "text") == 0 || strcmp(format, "python") == 0 || strcmp(format, "ini") == 0 ||
	       strcmp(format, "source-code") == 0 || strcmp(format, "yaml") == 0;
}

/* The module that a file is: its name, and the directory that must be searched for it. False: none. */
static bool module_of(const char *path, size_t *ndir, size_t *from, size_t *len)
{
	size_t dir = dir_len(path), n = stem(path + dir);
	if (n == 8 && strncmp(path + dir, "__init__", 8) == 0) {
		if (dir == 0)
			return false;
		size_t start = dir - 1;
		while (start > 0 && path[start - 1] != '/')
			start--;
		*ndir = *from = start;
		*len = dir - 1 - start;
		return true;
	}
	*ndir = *from = dir;
	*len = n;
	return n != 0;
}

enum gh_repo_name gh_repo_name(const struct gh_repo_file *file, size_t n, size_t i, struct gh_repo_work *work,
			       char *why, size_t max)
{
	static const char *const starts[] = { "sitecustomize", "usercustomize" };
	static const char *const tools[] = { "conftest.py", "setup.py",	  "noxfile.py",	      "fabfile.py", "dodo.py",
					     "tasks.py",    "hubconf.py", "gunicorn.conf.py", "pavement.py" };
	const char *path = file[i].name, *base = path + dir_len(path);
	size_t ndir, from, len;
	if (ends(base, ".pth") && text_of_site(file[i].report->format) && file[i].size != 0) {
		(void)snprintf(why, max, "a list of places for modules, and of lines to be run");
		return GH_NAME_STARTS;
	}
	if (listed(tools, ROWS(tools), base, strlen(base))) {
		(void)snprintf(why, max, "%.60s", gh_safe(gh_span_str(base)).s);
		return GH_NAME_TOOLS;
	}
	if (!module_of(path, &ndir, &from, &len))
		return GH_NAME_PLAIN;
	char module[64];
	(void)snprintf(module, sizeof module, "%.*s", (int)(len < 60 ? len : 60), path + from);
	if (listed(starts, ROWS(starts), path + from, len)) {
		(void)snprintf(why, max, "%s: Python imports it by itself", module);
		return GH_NAME_STARTS;
	}
	bool known = listed(libraries, ROWS(libraries), path + from, len),
	     common = listed(commons, ROWS(commons), path + from, len);
	enum { LOOKS = 3 }; /* at a directory: its package, its imports, its weights */
	if ((!known && !common) || !pay(work, (size_t)LOOKS * n) || package(file, n, path, ndir))
		return GH_NAME_PLAIN;
	bool used = imported_here(file, n, i, path, ndir, path + from, len, work);
	if (ndir != 0 && !used && !holds_weights(file, n, path, ndir))
		return GH_NAME_PLAIN; /* nothing is run there */
	(void)snprintf(why, max, "%s%s", module, used ? ", which sources beside it import" : "");
	return known ? GH_NAME_SHADOWS : GH_NAME_COMMON;
}
