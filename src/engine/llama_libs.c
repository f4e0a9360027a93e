#include "engine/llama_libs.h"

#include "base/buf.h"
#include "crypto/digest.h"
#include "engine/llama_pins.h"
#include "os/file.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct gh_llama gh_ll;

/* Best first. __builtin_cpu_supports() only leaves out what cannot work: each back end says itself whether it runs here. */
static const char *const cpus[] = { "sapphirerapids", "zen4",	     "cooperlake", "icelake", "cascadelake",
				    "cannonlake",     "skylakex",    "alderlake",  "haswell", "piledriver",
				    "ivybridge",      "sandybridge", "sse42",	   "x64" };
enum { AVX512_FIRST = 7, AVX2_FIRST = 9, AVX_FIRST = 12 };

static bool worth_trying(size_t i)
{
	__builtin_cpu_init();
	if (i < AVX512_FIRST)
		return __builtin_cpu_supports("avx512f");
	if (i < AVX2_FIRST)
		return __builtin_cpu_supports("avx2");
	return i >= AVX_FIRST || __builtin_cpu_supports("avx");
}

static const char *pinned(const char *file)
{
	for (size_t i = 0; gh_llama_pins[i].file != NULL; i++)
		if (strcmp(gh_llama_pins[i].file, file) == 0)
			return gh_llama_pins[i].sha256;
	return NULL;
}

/* Is this open file the one that was pinned? */
static enum gh_rc verify(int fd, size_t n, const char *file, const char *want, struct gh_err *err)
{
	char hex[65] = "";
	struct gh_sha256 *h = gh_sha256_new();
	void *p = mmap(NULL, n, PROT_READ, MAP_PRIVATE, fd, 0);
	bool ok = h != NULL && p != MAP_FAILED && gh_sha256_start(h) && gh_sha256_add(h, (struct gh_span){ p, n }) &&
		  gh_sha256_hex(h, hex);
	gh_sha256_free(h);
	if (p != MAP_FAILED)
		(void)munmap(p, n);
	if (!ok)
		return gh_fail(err, GH_E_IO, "%s: cannot be digested", file);
	if (strcmp(hex, want) != 0)
		return gh_fail(err, GH_E_MALFORMED,
			       "%s is not the library that was pinned (SHA-256 %.16s…, expected %.16s…): run "
			       "script/engine-libs",
			       file, hex, want);
	return GH_OK;
}

struct loading {
	const char *dir;
	struct gh_llama_files *files;
	/* Open until all are loaded: the loader takes two libraries that had the same name, "/proc/self/fd/5", for the same. */
	int fd[32];
	size_t nfd;
	struct gh_err *err;
};

/* Open and verify. name: "/proc/self/fd/N" of the open file; where there is no /proc, its path: whoever could put another file there
 * now could have changed this program as well. */
static enum gh_rc open_lib(struct loading *l, const char *file, char *name, size_t cap, struct gh_err *err)
{
	const char *dir = l->dir;
	char path[4096];
	const char *want = pinned(file);
	struct stat st;
	if (want == NULL)
		return gh_fail(err, GH_E_ABSENT, "%s: no library of that name is pinned", file);
	if ((size_t)snprintf(path, sizeof path, "%s/%s", dir, file) >= sizeof path)
		return gh_fail(err, GH_E_LIMIT, "%s: the path is too long", file);
	if (l->nfd == sizeof l->fd / sizeof *l->fd)
		return gh_fail(err, GH_E_BUG, "%s: too many libraries", file);
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == ENOENT
			       ? gh_fail(err, GH_E_ABSENT,
					 "%s is not in %s: script/engine-libs fetches it, --libs says where it is",
					 file, dir)
			       : gh_fail_sys(err, errno, "%s", path);
	l->fd[l->nfd++] = fd;
	GH_TRY(verify(fd, (size_t)st.st_size, file, want, err), err, "%s", dir);
	(void)snprintf(name, cap, "/proc/self/fd/%d", fd);
	if (access(name, R_OK) != 0)
		(void)snprintf(name, cap, "%s", path);
	return GH_OK;
}

static void note(struct gh_llama_files *files, const char *file)
{
	if (files->n == GH_LLAMA_FILES)
		return;
	(void)snprintf(files->file[files->n].name, sizeof files->file->name, "%s", file);
	(void)snprintf(files->file[files->n++].sha256, sizeof files->file->sha256, "%s", pinned(file));
}

/* Loaded in the order of who needs whom: the loader finds what is needed by its soname and never searches a directory. */
static enum gh_rc load(struct loading *l, const char *prefix, void **out)
{
	char name[4160];
	struct gh_err *err = l->err;
	for (size_t i = 0; gh_llama_pins[i].file != NULL; i++)
		if (strncmp(gh_llama_pins[i].file, prefix, strlen(prefix)) == 0) {
			enum gh_rc rc = open_lib(l, gh_llama_pins[i].file, name, sizeof name, err);
			if (rc != GH_OK)
				return rc;
			*out = dlopen(name, RTLD_NOW | RTLD_GLOBAL);
			if (*out == NULL)
				return gh_fail(err, GH_E_UNREAD, "%s cannot be loaded: %.100s", gh_llama_pins[i].file,
					       dlerror());
			note(l->files, gh_llama_pins[i].file);
			return GH_OK;
		}
	return gh_fail(err, GH_E_BUG, "%s…: no library is pinned", prefix);
}

/* It may quote the model: whoever made that must not reach somebody's terminal. */
static void print(const char *what, const char *text)
{
	struct gh_span s = gh_span_str(text);
	while (s.n > 0 && s.p[s.n - 1] == '\n')
		s.n--;
	gh_auto_buf b = gh_buf(2048);
	gh_buf_str(&b, what);
	gh_buf_safe(&b, s, 1024);
	gh_buf_ch(&b, '\n');
	(void)!write(STDERR_FILENO, b.p, b.n);
}

static void quiet(enum ggml_log_level level, const char *text, void *user)
{
	(void)user;
	if (level == GGML_LOG_LEVEL_ERROR)
		print("gatehouse-engine: llama.cpp: ", text);
}

/* An assertion of the library does not hold. */
static void gives_up(const char *text)
{
	print("gatehouse-engine: llama.cpp cannot go on: ", text);
	_exit(2);
}

static void silent(enum ggml_log_level level, const char *text, void *user) { (void)level, (void)text, (void)user; }

static enum gh_rc backend(struct loading *l, const char *cpu, void *ggml)
{
	struct gh_err *err = l->err;
	__typeof__(&ggml_backend_load) load_one;
	*(void **)&load_one = dlsym(ggml, "ggml_backend_load");
	if (load_one == NULL)
		return gh_fail(err, GH_E_UNREAD, "libggml has no ggml_backend_load");
	for (size_t i = 0; i < sizeof cpus / sizeof *cpus; i++) {
		char file[64], name[4160];
		if (cpu != NULL ? strcmp(cpu, cpus[i]) != 0 : !worth_trying(i))
			continue;
		(void)snprintf(file, sizeof file, "libggml-cpu-%s.so", cpus[i]);
		struct gh_err one = { 0 };
		enum gh_rc rc = open_lib(l, file, name, sizeof name, &one);
		if (rc == GH_E_ABSENT && cpu == NULL)
			continue; /* whoever made the directory chose the others */
		if (rc != GH_OK) {
			*err = one;
			return rc;
		}
		if (load_one(name) != NULL) {
			note(l->files, file);
			return GH_OK;
		}
	}
	return cpu != NULL ? gh_fail(err, GH_E_UNREAD,
				     "the CPU back end '%s' does not exist or does not run on this processor", cpu)
			   : gh_fail(err, GH_E_UNREAD,
				     "no CPU back end (libggml-cpu-*.so) in %s runs on this processor", l->dir);
}

static enum gh_rc load_all(struct loading *l, const char *cpu)
{
	void *base, *ggml, *llama;
	struct gh_err *err = l->err;
	enum gh_rc rc = load(l, "libggml-base.", &base);
	if (rc == GH_OK)
		rc = load(l, "libggml.", &ggml);
	if (rc == GH_OK)
		rc = load(l, "libllama.", &llama);
	if (rc != GH_OK)
		return rc;
#define X(call) \
	*(void **)&gh_ll.call = dlsym(llama, #call); \
	if (gh_ll.call == NULL) \
		return gh_fail(err, GH_E_UNREAD, "libllama has no %s", #call);
	GH_LLAMA_CALLS(X)
#undef X
	__typeof__(&ggml_set_abort_callback) on_abort;
	*(void **)&on_abort = dlsym(llama, "ggml_set_abort_callback");
	if (on_abort != NULL)
		(void)on_abort(gives_up);
	gh_ll.llama_log_set(silent, NULL); /* back ends that do not run here complain */
	rc = backend(l, cpu, ggml);
	if (rc != GH_OK)
		return rc;
	gh_ll.llama_log_set(quiet, NULL);
	gh_ll.llama_backend_init();
	return GH_OK;
}

enum gh_rc gh_llama_load(const char *dir, const char *cpu, struct gh_llama_files *files, struct gh_err *err)
{
	struct loading l = { .dir = dir, .files = files, .err = err };
	*files = (struct gh_llama_files){ 0 };
	enum gh_rc rc = load_all(&l, cpu);
	for (size_t i = 0; i < l.nfd; i++)
		(void)close(l.fd[i]);
	return rc;
}
