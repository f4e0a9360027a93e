#include "check/source.h"

enum { PIPES_MAX = 64, NAME_MAX_LEN = 256, TOGETHER = 100 };

static bool has(struct gh_span s, const char *what) { return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL; }

static bool name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The word on its own: "sh" but not "show", "flush", "x.sh" or "--sh". With `call`, "(" and an argument follow it. */
static bool has_word(struct gh_span s, const char *word, bool call)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= s.n; i++) {
		if (s.p[i] != (uint8_t)word[0] || memcmp(s.p + i, word, n) != 0)
			continue;
		uint8_t before = i == 0 ? ' ' : s.p[i - 1], after = i + n == s.n ? ' ' : s.p[i + n];
		bool left = !name_char(before) && before != '-' && before != '.';
		bool empty = i + n + 1 < s.n && s.p[i + n + 1] == ')';
		bool right = call ? after == '(' && !empty : !name_char(after) && after != '-' && after != '=';
		if (left && right)
			return true;
	}
	return false;
}

static bool any_word(struct gh_span s, const char *const *words, bool call)
{
	for (; *words != NULL; words++)
		if (has_word(s, *words, call))
			return true;
	return false;
}

static bool any(struct gh_span s, const char *const *what)
{
	for (; *what != NULL; what++)
		if (has(s, *what))
			return true;
	return false;
}

/* ---- shells ------------------------------------------------------------------------------------------------------- */
static const char *const fetchers[] = { "curl", "wget", "fetch",	  "aria2c", "Invoke-WebRequest",
					"iwr",	"irm",	"DownloadString", NULL };
static const char *const decoders[] = { "base64", "xxd", "openssl", NULL };
static const char *const runners[] = { "sh",   "bash", "dash", "zsh", "ksh",  "python", "python2", "python3",
				       "perl", "ruby", "node", "php", "eval", "iex",	"source",  NULL };

/* A fetcher or decoder whose output goes to an interpreter by a pipe or a substitution, or a connection with a shell
 * behind it. */
static bool shell_runs_foreign(struct gh_span line)
{
	if (has(line, "/dev/tcp/") || has(line, "/dev/udp/"))
		return true;
	size_t cut = 0;
	for (unsigned pipes = 0; pipes < PIPES_MAX && cut < line.n; pipes++, cut++) {
		const uint8_t *pipe = memchr(line.p + cut, '|', line.n - cut);
		if (pipe == NULL)
			break;
		cut = (size_t)(pipe - line.p);
		struct gh_span before = { line.p, cut };
		bool source = any_word(before, fetchers, false) || any_word(before, decoders, false);
		if (source && any_word(gh_span_cut(line, cut, line.n), runners, false))
			return true;
	}
	bool inner = has(line, "$(") || has(line, "`") || has(line, "<(");
	return inner && any_word(line, fetchers, false) && any_word(line, runners, false);
}

/* ---- Python ------------------------------------------------------------------------------------------------------- */
static const char *const py_sources[] = {
	"urlopen(",	  "requests.get(",  "requests.post(", "http.client", "socket.socket(",
	"urlretrieve(",	  "b64decode(",	    "bytes.fromhex(", "unhexlify(",  "zlib.decompress(",
	"marshal.loads(", "codecs.decode(", "httpx.get(",     NULL
};
static const char *const py_runners[] = { "exec", NULL };
static const char *const py_line_runners[] = { "exec",
					       "eval",
					       "__import__",
					       "os.system",
					       "os.popen",
					       "subprocess.run",
					       "subprocess.Popen",
					       "subprocess.call",
					       "subprocess.check_output",
					       "compile",
					       NULL };

static bool python_runs_foreign(struct gh_source *s, struct gh_span line)
{
	bool source = any(line, py_sources);
	if (source)
		s->fetches = s->line;
	if (any_word(line, py_runners, true))
		s->runs = s->line;
	bool both = s->fetches != 0 && s->runs != 0;
	uint64_t apart = s->fetches > s->runs ? s->fetches - s->runs : s->runs - s->fetches;
	return (source && any_word(line, py_line_runners, true)) || (both && (!s->quoting || apart <= TOGETHER));
}

bool gh_source_runs_foreign(struct gh_source *s, struct gh_span line)
{
	size_t i = 0;
	s->line++;
	while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'))
		i++;
	if (i == line.n || line.p[i] == '#')
		return false;
	if (s->python && python_runs_foreign(s, line))
		return true;
	return (!s->quoting || any_word(line, py_line_runners, true)) && shell_runs_foreign(line);
}

/* ---- configuration ------------------------------------------------------------------------------------------------ */
/* Modules whose functions act on the system or run and load code; the names of what a model is made of are others.
 * Only adds to the verdict: any configuration of this kind is not CLEAN without it. */
static const char *const system_modules[] = { "os",
					      "posix",
					      "nt",
					      "subprocess",
					      "builtins",
					      "__builtin__",
					      "sys",
					      "shutil",
					      "importlib",
					      "runpy",
					      "socket",
					      "ctypes",
					      "pty",
					      "code",
					      "marshal",
					      "pickle",
					      "dill",
					      "cloudpickle",
					      "joblib",
					      "urllib",
					      "requests",
					      "http",
					      "webbrowser",
					      "commands",
					      "pip",
					      "_posixsubprocess",
					      "timeit",
					      "cProfile",
					      "pdb",
					      "bdb",
					      "pydoc",
					      "pkgutil",
					      "operator",
					      "functools",
					      "types",
					      "asyncio",
					      "multiprocessing",
					      "platform",
					      "torch.load",
					      "torch.hub",
					      "torch.jit.load",
					      "numpy.load",
					      "hydra.utils.get_method",
					      "hydra.utils.get_object",
					      "hydra.utils.get_class",
					      NULL };

static bool names_system(struct gh_span s)
{
	size_t n = 0;
	while (n < s.n && n < NAME_MAX_LEN && (name_char(s.p[n]) || s.p[n] == '.'))
		n++;
	for (const char *const *m = system_modules; *m != NULL; m++) {
		size_t len = strlen(*m);
		if (n >= len && memcmp(s.p, *m, len) == 0 && (n == len || s.p[len] == '.'))
			return true;
	}
	return false;
}

bool gh_source_calls_system(struct gh_span text, size_t line)
{
	struct gh_span here = gh_span_cut(text, 0, line);
	static const char *const tags[] = { "!!python/object/apply:", "!!python/object/new:", "!!python/object:",
					    NULL };
	for (const char *const *t = tags; *t != NULL; t++) {
		const uint8_t *p = here.n == 0 ? NULL : memmem(here.p, here.n, *t, strlen(*t));
		if (p != NULL && names_system(gh_span_cut(text, (uint64_t)(p - text.p) + strlen(*t), text.n)))
			return true;
	}
	const uint8_t *p = here.n == 0 ? NULL : memmem(here.p, here.n, "_target_", 8);
	if (p == NULL)
		return false;
	size_t i = (size_t)(p - text.p) + 8;
	while (i < text.n && memchr(" \t\r\n\"':>|-", text.p[i], 10) != NULL)
		i++;
	return names_system(gh_span_cut(text, i, text.n));
}
