#include "runtime/loaders.h"

#include "os/proc.h"
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/* The loader scripts, byte for byte (GH_LOADER_DIR is given by the build). */
#define SCRIPT(symbol, file) \
	__asm__(".pushsection .rodata\n.balign 16\n.globl " symbol "\n" symbol ":\n.incbin \"" GH_LOADER_DIR "/" file \
		"\"\n.globl " symbol "_end\n" symbol "_end:\n.byte 0\n.popsection\n")
SCRIPT("gh_load_py", "load.py");
SCRIPT("gh_load_r", "load.R");

#define PICKLES "joblib"
#define PYTHON(format_, kind_, modules_, needs_) \
	.format = (format_), .host = GH_LOADER_PYTHON, .kind = (kind_), .modules = (modules_), .needs = (needs_)
#define STREAM(format_) { PYTHON(format_, "packed", PICKLES, "python3-joblib"), .perhaps = true }
#define NOBODY(format_, needs_) \
	{ .format = (format_), .host = GH_LOADER_NONE, .kind = "", .modules = "", .needs = (needs_) }
#define ARCHIVE(format_) \
	{ .format = (format_), .host = GH_LOADER_NONE, .kind = "", .modules = "", .needs = "", .archive = true }
const struct gh_loader gh_loaders[] = {
	{ PYTHON("pytorch-zip", "torch", "torch", "python3-torch"), .as = "model.pt" },
	{ PYTHON("pytorch-legacy", "torch", "torch", "python3-torch"), .as = "model.pt" },
	{ PYTHON("pytorch-tar", "torch", "torch", "python3-torch"), .as = "model.pt" },
	{ PYTHON("pytorch-export", "export", "torch", "torch 2.1 or later"), .as = "model.pt2" },
	{ PYTHON("pickle", "pickle", "", "python3"), .as = "model.pkl" },
	{ PYTHON("joblib-zfile", "pickle", PICKLES, "python3-joblib"), .as = "model.joblib" },
	{ PYTHON("skops", "skops", "skops", "skops"), .as = "model.skops" },
	{ PYTHON("npz", "numpy", "numpy", "python3-numpy"), .as = "model.npz" },
	{ PYTHON("npy", "numpy", "numpy", "python3-numpy"), .as = "model.npy" },
	{ PYTHON("keras", "keras", "keras tensorflow", "keras"), .as = "model.keras" },
	{ PYTHON("hdf5", "hdf5", "h5py", "python3-h5py"), .as = "model.h5" },
	{ PYTHON("safetensors", "safetensors", "safetensors", "safetensors"), .inert = true,
	  .as = "model.safetensors" },
	{ PYTHON("onnx", "onnx", "onnxruntime cv2", "onnxruntime or python3-opencv"), .as = "model.onnx" },
	{ PYTHON("gguf", "gguf", "", "node-llama-cpp (see --detonate-engine)"), .engine = true, .as = "model.gguf" },
	{ .format = "r-data",
	  .host = GH_LOADER_R,
	  .kind = "",
	  .modules = "",
	  .needs = "r-base-core",
	  .as = "model.rds" },
	/* what runs code when it is loaded, by programs that are not for a sandbox of this kind, or not in Debian */
	NOBODY("tf-savedmodel", "TensorFlow"),
	NOBODY("tf-metagraph", "TensorFlow"),
	NOBODY("tf-graphdef", "TensorFlow"),
	{ .format = "torchserve",
	  .host = GH_LOADER_NONE,
	  .kind = "",
	  .modules = "",
	  .needs = "TorchServe",
	  .open = true },
	NOBODY("torch7", "Torch"),
	NOBODY("caffe", "Caffe"),
	NOBODY("r-lazyload", "an R package around it"),
	NOBODY("llamafile", "the file itself: it is a program"),
	/* compressed streams, as joblib writes pickles into them */
	STREAM("gzip"),
	STREAM("zlib"),
	STREAM("bzip2"),
	STREAM("xz"),
	STREAM("lzma"),
	STREAM("lz4"),
	/* what may hold models: last, for a format that refines one of these is named first */
	ARCHIVE("zip"),
	ARCHIVE("tar"),
	ARCHIVE("7z"),
	ARCHIVE("zstd"),
};
const size_t gh_nloaders = sizeof gh_loaders / sizeof *gh_loaders;

static bool word_in(const char *list, const char *word, size_t n)
{
	for (const char *p = list; *p != '\0';) {
		size_t len = strcspn(p, "+ ");
		if (len == n && memcmp(p, word, n) == 0)
			return true;
		p += len + (p[len] != '\0');
	}
	return false;
}

const struct gh_loader *gh_loader_for(const char *format)
{
	for (size_t i = 0; i < gh_nloaders; i++)
		if (word_in(format, gh_loaders[i].format, strlen(gh_loaders[i].format)))
			return &gh_loaders[i];
	return NULL;
}

const struct gh_loader *gh_loader_named(const char *format)
{
	for (size_t i = 0; i < gh_nloaders; i++)
		if (strcmp(gh_loaders[i].format, format) == 0)
			return &gh_loaders[i];
	return NULL;
}

/* ---- asking programs of the host about themselves ------------------------------------------------------------------- */

enum { ASK_MS = 20000 };

static size_t ask(const char *path, char *const *argv, char *out, size_t cap)
{
	int p[2];
	size_t n = 0;
	pid_t pid;
	out[0] = '\0';
	if (pipe2(p, O_CLOEXEC) != 0)
		return 0;
	struct gh_os_fd map = { p[1], 1 };
	int e = gh_os_spawn(path, argv, NULL, &map, 1, false, &pid);
	(void)close(p[1]);
	if (e == 0) {
		struct pollfd w = { .fd = p[0], .events = POLLIN };
		while (n + 1 < cap && poll(&w, 1, ASK_MS) > 0) {
			ssize_t got = read(p[0], out + n, cap - 1 - n);
			if (got <= 0)
				break;
			n += (size_t)got;
		}
		(void)kill(pid, SIGKILL);
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	(void)close(p[0]);
	out[n] = '\0';
	return n;
}

static bool line(char **text, char *out, size_t cap)
{
	char *end = strchr(*text, '\n');
	if (end == NULL)
		return false;
	*end = '\0';
	bool ok = (size_t)snprintf(out, cap, "%s", *text) < cap;
	*text = end + 1;
	return ok;
}

bool gh_python_ask(const char *path, struct gh_python *out)
{
	static char question[] = "import sys,os,importlib.util as u\n"
				 "print(os.path.realpath(sys.executable)); print(sys.prefix); print(sys.base_prefix)\n"
				 "print('', *[m for m in 'torch numpy joblib skops keras tensorflow h5py safetensors "
				 "onnxruntime cv2'.split() "
				 "if u.find_spec(m)], '')\n";
	char *argv[] = { (char *)(size_t)path, (char[]){ "-I" }, (char[]){ "-B" }, (char[]){ "-c" }, question, NULL };
	char text[2000], real[400];
	char *at = text;
	*out = (struct gh_python){ 0 };
	if (ask(path, argv, text, sizeof text) == 0)
		return false;
	bool ok = line(&at, real, sizeof real) && line(&at, out->prefix, sizeof out->prefix) &&
		  line(&at, out->base, sizeof out->base) && line(&at, out->found, sizeof out->found);
	/* Of a virtual environment, the name it was called by says which one it is. */
	bool venv = strcmp(out->prefix, out->base) != 0;
	ok = ok && (size_t)snprintf(out->path, sizeof out->path, "%s", venv ? path : real) < sizeof out->path;
	return ok && out->path[0] == '/' && out->prefix[0] == '/' && out->base[0] == '/';
}

static bool on_path(const char *name, size_t i, char out[400])
{
	const char *path = getenv("PATH");
	for (const char *p = path == NULL ? "" : path; *p != '\0';) {
		size_t len = strcspn(p, ":");
		if (i-- == 0)
			return p[0] == '/' && snprintf(out, 400, "%.*s/%s", (int)len, p, name) < 400;
		p += len + (p[len] == ':');
	}
	out[0] = '\0';
	return false;
}

enum { PATHS = 64 };

size_t gh_python_all(struct gh_python *v, size_t max)
{
	static const char *const usual[] = { "/usr/bin/python3", "/usr/local/bin/python3" };
	size_t n = 0;
	char path[400];
	for (size_t i = 0; i < PATHS && n < max; i++) {
		bool there = true;
		if (i < PATHS - 2)
			there = on_path("python3", i, path);
		else
			(void)snprintf(path, sizeof path, "%s", usual[i - (PATHS - 2)]);
		if (!there || access(path, X_OK) != 0 || !gh_python_ask(path, &v[n]))
			continue;
		bool known = false;
		for (size_t k = 0; k < n && !known; k++)
			known = strcmp(v[k].path, v[n].path) == 0 && strcmp(v[k].prefix, v[n].prefix) == 0;
		n += !known;
	}
	return n;
}

bool gh_python_has(const struct gh_python *p, const char *modules)
{
	if (modules[0] == '\0')
		return true;
	for (const char *m = modules; *m != '\0';) {
		size_t len = strcspn(m, " ");
		if (word_in(p->found, m, len))
			return true;
		m += len + (m[len] == ' ');
	}
	return false;
}

static bool holds_engine(const char *dir)
{
	char path[500];
	(void)snprintf(path, sizeof path, "%s/libggml-base.so", dir);
	return dir[0] == '/' && access(path, R_OK) == 0;
}

bool gh_engine_find(const char *asked, char out[400])
{
	static const char *const usual[] = {
		"/usr/lib/gatehouse/engine",
		"/usr/local/lib/gatehouse/engine",
		"/usr/local/lib/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64",
		"/usr/lib/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64",
		"/usr/local/lib/node_modules/node-llama-cpp/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64",
		"/usr/lib/node_modules/node-llama-cpp/node_modules/@node-llama-cpp/linux-x64/bins/linux-x64",
	};
	if (asked != NULL) {
		char *real = realpath(asked, NULL);
		bool ok = real != NULL && snprintf(out, 400, "%s", real) < 400 && holds_engine(out);
		free(real);
		return ok;
	}
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (holds_engine(usual[i])) {
			(void)snprintf(out, 400, "%s", usual[i]);
			return true;
		}
	return false;
}

bool gh_r_home(char out[400])
{
	static const char *const usual[] = { "/usr/lib/R", "/usr/lib64/R", "/usr/local/lib/R", "/opt/R/lib/R" };
	char path[500];
	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++) {
		(void)snprintf(path, sizeof path, "%s/bin/exec/R", usual[i]);
		if (access(path, X_OK) == 0) {
			(void)snprintf(out, 400, "%s", usual[i]);
			return true;
		}
	}
	return false;
}
