/* Names and texts of templates: what is fine, what is not. */
#include "check/templates.h"
#include "wire/jinja/jinja_run.h"

static bool one_of(struct gh_span s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(s, list[i]))
			return true;
	return false;
}
#define ONE_OF(s, list) one_of((s), (list), sizeof(list) / sizeof((list)[0]))

static bool has(struct gh_span s, const char *what) { return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL; }

/* Attributes of functions, generators, coroutines, frames and code objects: jinja2/sandbox.py forbids them, other engines
 * and other sandboxes do not. */
static const char *const internals[] = {
	"mro",
	"func_closure",
	"func_code",
	"func_dict",
	"func_defaults",
	"func_globals",
	"func_name",
	"im_class",
	"im_func",
	"im_self",
	"gi_frame",
	"gi_code",
	"gi_yieldfrom",
	"cr_frame",
	"cr_code",
	"cr_await",
	"ag_frame",
	"ag_code",
	"ag_await",
	"f_globals",
	"f_locals",
	"f_builtins",
	"f_code",
	"f_back",
	"tb_frame",
	"tb_next",
	"co_code",
	"co_consts",
	"co_names",
	"tb_lasti",
	"f_trace",
	"f_lineno",
	/* the same in engines that are written in JavaScript */
	"constructor",
	"prototype",
};

/* Modules and functions on the way out. As methods they are no business of a template. */
static const char *const system_names[] = {
	"system",
	"popen",
	"Popen",
	"eval",
	"exec",
	"execfile",
	"spawn",
	"spawnl",
	"spawnv",
	"fork",
	"execv",
	"execve",
	"execl",
	"check_output",
	"check_call",
	"getoutput",
	"getstatusoutput",
	"import_module",
	"load_module",
	"exec_module",
	"import_string",
	"run_path",
	"run_module",
	"subprocess",
	"os",
	"posix",
	"builtins",
	"importlib",
	"ctypes",
	"socket",
	"pty",
	"marshal",
	"pickle",
	"getattr",
	"setattr",
	"delattr",
	"globals",
	"locals",
	"unlink",
	"rmtree",
	"listdir",
	"chmod",
	"urlopen",
	"from_pyfile",
	"from_object",
	"from_envvar",
	"render_template_string",
	"getenv",
	"breakpoint",
};

enum gh_tpl_name gh_tpl_attribute(struct gh_span name)
{
	if (gh_span_starts(name, "__") || (gh_span_starts(name, "_") && has(name, "__")) || ONE_OF(name, internals))
		return GH_TPL_BAD;
	return gh_span_starts(name, "_") ? GH_TPL_ODD : GH_TPL_FINE;
}

enum gh_tpl_name gh_tpl_hint(struct gh_span hint)
{
	static const char *const words[] = { "mro",	"subclass", "globals", "builtin", "import", "popen",
					     "getitem", "gi_frame", "func_",   "f_back",  "f_code", "getattr",
					     "class__", "init__",   "base__",  "bases__", "dict__", "__" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (has(hint, words[i]))
			return GH_TPL_BAD;
	/* The same backwards, as it is put in front of |reverse and [::-1]. */
	static const char *const backwards[] = { "ssalc", "slabolg", "nitliub", "tropmi", "nepop", "metitegt" };
	for (size_t i = 0; i < sizeof backwards / sizeof backwards[0]; i++)
		if (has(hint, backwards[i]))
			return GH_TPL_BAD;
	/* An underscore that does not stand between letters is the begin or the end of something. */
	for (size_t i = 0; i < hint.n; i++) {
		bool before = i > 0 && (hint.p[i - 1] | 0x20) >= 'a' && (hint.p[i - 1] | 0x20) <= 'z';
		bool after = i + 1 < hint.n && (hint.p[i + 1] | 0x20) >= 'a' && (hint.p[i + 1] | 0x20) <= 'z';
		if (hint.p[i] == '_' && (!before || !after))
			return GH_TPL_ODD;
	}
	return GH_TPL_FINE;
}

enum gh_tpl_name gh_tpl_method(struct gh_span name)
{
	if (gh_tpl_attribute(name) == GH_TPL_BAD || ONE_OF(name, system_names))
		return GH_TPL_BAD;
	/* next, reset: of cyclers; cycle, changed: of loops; strftime, isoformat: of dates that a server hands in */
	static const char *const more[] = { "next", "reset", "cycle", "changed", "strftime", "isoformat", "date",
					    "now",  "today", "sum",   "max",	 "min",	     "tolist",	  "item" };
	return gh_jj_is_method(name) || ONE_OF(name, more) ? GH_TPL_FINE : GH_TPL_ODD;
}

enum gh_tpl_name gh_tpl_function(struct gh_span name)
{
	static const char *const bad[] = { "open", "compile",	 "vars",	"type",	      "object", "input", "dir",
					   "help", "memoryview", "classmethod", "__import__", "exit",	"quit" };
	static const char *const fine[] = {
		/* of Jinja and of those who render chat templates */
		"range", "dict", "cycler", "joiner", "namespace", "lipsum", "raise_exception", "strftime_now", "caller",
		"loop", "super", "varargs", "kwargs", "tojson",
		/* of Python, harmless where an engine has them at all */
		"len", "str", "int", "float", "bool", "list", "tuple", "set", "enumerate", "zip", "sorted", "reversed",
		"min", "max", "sum", "abs", "round", "isinstance", "any", "all", "print", "map", "filter",
		/* of pages */
		"url_for", "get_flashed_messages", "_", "gettext", "ngettext", "static", "csrf_token", "now"
	};
	if (gh_tpl_attribute(name) == GH_TPL_BAD || ONE_OF(name, bad) || ONE_OF(name, system_names))
		return GH_TPL_BAD;
	return ONE_OF(name, fine) ? GH_TPL_FINE : GH_TPL_ODD;
}

bool gh_tpl_web(struct gh_span name)
{
	static const char *const web[] = { "request",	  "session", "g",
					   "current_app", "url_for", "get_flashed_messages",
					   "app",	  "handler", "context",
					   "environment" };
	return ONE_OF(name, web);
}

/* ---- texts ------------------------------------------------------------------------------------------------------------ */
static bool letter(uint8_t c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '\''; }

unsigned gh_tpl_prose(struct gh_span s)
{
	unsigned best = 0, run = 0;
	for (size_t i = 0; i < s.n;) {
		size_t n = 0, wide = 0;
		while (i + n < s.n && (letter(s.p[i + n]) || s.p[i + n] >= 0x80)) {
			wide += s.p[i + n] >= 0xc0;
			n++;
		}
		if (n > 0) { /* scripts without spaces: about two characters make a word */
			run += wide > 2 ? (unsigned)(wide / 2) : 1;
			best = run > best ? run : best;
			i += n;
			continue;
		}
		bool between = s.p[i] == ' ' || s.p[i] == '-' || (s.p[i] >= '0' && s.p[i] <= '9');
		bool mark = memchr(",.;:!?\"()/\n", s.p[i], 11) != NULL && s.p[i] != '\0';
		if (!between && !mark)
			run = 0;
		i++;
	}
	return best;
}

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c; }

/* The phrase, in words with any white space between them, at s[i]; its length. */
static size_t phrase(struct gh_span s, size_t i, const char *words)
{
	size_t from = i;
	for (const char *p = words; *p != '\0'; p++) {
		if (*p != ' ') {
			if (i >= s.n || lower(s.p[i++]) != (uint8_t)*p)
				return 0;
			continue;
		}
		if (i >= s.n || (s.p[i] != ' ' && s.p[i] != '\n' && s.p[i] != '\t'))
			return 0;
		while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\n' || s.p[i] == '\t'))
			i++;
	}
	return i - from;
}

/* Does an order begin at s[i]: behind the end of a sentence, a mark, or a word that introduces it? */
static bool begins(struct gh_span s, size_t i)
{
	static const char *const before[] = { "please", "must", "now", "then", "and", "should", "always" };
	while (i > 0 && (s.p[i - 1] == ' ' || s.p[i - 1] == '\t'))
		i--;
	if (i == 0 || !(letter(s.p[i - 1]) || s.p[i - 1] == ','))
		return true;
	if (s.p[i - 1] == ',')
		i--;
	for (size_t k = 0; k < sizeof before / sizeof before[0]; k++) {
		size_t n = strlen(before[k]);
		if (i >= n && phrase(s, i - n, before[k]) == n && (i == n || !letter(s.p[i - n - 1])))
			return true;
	}
	return false;
}

bool gh_tpl_overrides(struct gh_span s)
{
	static const char *const verbs[] = { "ignore ", "disregard ", "forget ", "override ", "bypass " };
	static const char *const what[] = { "previous instruction", "prior instruction",  "previous prompt",
					    "earlier instruction",  "instructions above", "above instruction",
					    "your instruction",	    "your system prompt", "the system prompt",
					    "the system message",   "your guidelines",	  "your rules",
					    "previous rules",	    "your safety",	  "all instruction",
					    "previous message" };
	for (size_t i = 0; i < s.n; i++) {
		if (i > 0 && letter(s.p[i - 1]))
			continue;
		for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
			size_t n = phrase(s, i, verbs[v]);
			if (n == 0 || !begins(s, i))
				continue;
			for (size_t k = i + n; k < s.n && k < i + n + 24; k++)
				for (size_t w = 0; w < sizeof what / sizeof what[0]; w++)
					if (phrase(s, k, what[w]) != 0)
						return true;
		}
	}
	return false;
}

bool gh_tpl_open_address(struct gh_span s)
{
	size_t i = s.n;
	while (i > 0 && s.p[i - 1] > ' ' && memchr("\"'<>()", s.p[i - 1], 6) == NULL)
		i--;
	struct gh_span last = gh_span_cut(s, i, s.n);
	struct gh_span rest = gh_span_cut(last, gh_span_starts(last, "https://") ? 8 : 7, last.n);
	return (gh_span_starts(last, "http://") || gh_span_starts(last, "https://")) && rest.n != 0 &&
	       memchr(rest.p, '.', rest.n) != NULL && memchr("/=?&#", last.p[last.n - 1], 5) != NULL;
}
