/* fmt_torchscript.c - TorchScript source: the code/ .py records of a TorchScript archive.
 *
 * It looks like Python but is read by PyTorch's own compiler, which knows no modules, no files and no built-in
 * functions beyond its operators. So what PyTorch wrote has a narrow shape: classes and functions at the top level,
 * calls of torch.*, ops.*, and of what the archive itself defines. Anything else is Python that somebody put there, and
 * operators that reach files or other processes are named. The scan is a tokenizer with a few words of context:
 * linear time, constant memory.
 *
 * Only a PyTorch archive can send bytes here (gh_member.expect): a Python file on its own is never this.
 *
 * Source: torch/csrc/jit/serialization/python_print.cpp, torch/csrc/jit/frontend/parser.cpp. */
#include "format/formats.h"

enum { A_IMPORT, A_BUILTIN, A_TOPLEVEL, A_FILE, A_LIBRARY, A_PYTHONOP, A_ODD };

static const struct gh_rule rules[] = {
	[A_IMPORT] = { "GH-TS-0001", GH_CRITICAL, GH_UNSAFE, "Python import in TorchScript source",
		       "The source is a Python program, run by whoever unpacks the archive and imports it.",
		       "Do not load or unpack the archive.", "CWE-94 AML.T0011" },
	[A_BUILTIN] = { "GH-TS-0002", GH_CRITICAL, GH_UNSAFE, "TorchScript source uses what only Python has",
			"Code, files or other modules are reached as soon as the source is run as Python.",
			"Do not load or unpack the archive.", "CWE-94 CWE-95 AML.T0011" },
	[A_TOPLEVEL] = { "GH-TS-0003", GH_HIGH, GH_UNSAFE, "TorchScript source has statements outside of functions",
			 "PyTorch never writes them: they run as soon as the source is imported as Python.",
			 "Do not load or unpack the archive.", "CWE-94 AML.T0011" },
	[A_FILE] = { "GH-TS-0004", GH_CRITICAL, GH_UNSAFE, "TorchScript operator that reaches files or other machines",
		     "Running the model reads or writes files of its user, or calls procedures elsewhere.",
		     "Do not run the model.", "CWE-73 AML.T0011" },
	[A_LIBRARY] = { "GH-TS-0005", GH_MEDIUM, GH_REVIEW, "TorchScript uses operators of a library outside PyTorch",
			"What they do depends on a library that must be loaded first: native code of somebody else.",
			"Find out which library it is and whether you trust it.", "CWE-829" },
	[A_PYTHONOP] = { "GH-TS-0006", GH_CRITICAL, GH_UNSAFE, "TorchScript calls a Python function",
			 "Arbitrary Python runs within the model.", "Do not run the model.", "CWE-94 AML.T0011" },
	[A_ODD] = { "GH-TS-0007", GH_MEDIUM, GH_REVIEW, "TorchScript source is not written as PyTorch writes it",
		    "The source was edited or made by hand; the scan did not understand it to the end.",
		    "Export the module again with torch.jit.save().", "CWE-1286" },
	GH_RULES_END
};

/* ---- words ------------------------------------------------------------------------------------------------- */

enum when { ANYWHERE = 1, CALLED = 2 };

/* Names of Python's that TorchScript does not have. CALLED: also common as names of variables. */
static const struct word {
	const char *name;
	enum when when;
} python[] = {
	{ "exec", ANYWHERE },	      { "eval", ANYWHERE },	  { "compile", ANYWHERE },  { "__import__", ANYWHERE },
	{ "globals", ANYWHERE },      { "locals", ANYWHERE },	  { "vars", CALLED },	    { "breakpoint", CALLED },
	{ "setattr", ANYWHERE },      { "delattr", ANYWHERE },	  { "open", CALLED },	    { "input", CALLED },
	{ "type", CALLED },	      { "help", CALLED },	  { "memoryview", CALLED }, { "exit", CALLED },
	{ "lambda", ANYWHERE },	      { "yield", ANYWHERE },	  { "async", ANYWHERE },    { "await", ANYWHERE },
	{ "global", ANYWHERE },	      { "nonlocal", ANYWHERE },	  { "try", ANYWHERE },	    { "except", ANYWHERE },
	{ "__builtins__", ANYWHERE }, { "__loader__", ANYWHERE }, { "__file__", ANYWHERE }, { "__spec__", ANYWHERE },
};

/* Attributes through which Python objects lead to everything else. */
static const char *const dunders[] = { "__class__",	   "__globals__", "__builtins__", "__subclasses__",
				       "__bases__",	   "__base__",	  "__mro__",	  "__code__",
				       "__getattribute__", "__dict__",	  "__import__",	  "__closure__",
				       "__self__",	   "__func__",	  "__reduce__",	  "__reduce_ex__" };

/* Python modules: a call through one of these names is no TorchScript. */
static const char *const modules[] = {
	"os",	    "sys",     "subprocess", "socket", "shutil", "builtins", "posix",	"nt",	      "importlib",
	"ctypes",   "pickle",  "requests",   "urllib", "pty",	 "base64",   "codecs",	"threading",  "multiprocessing",
	"http",	    "ftplib",  "marshal",    "runpy",  "signal", "tempfile", "pathlib", "webbrowser", "asyncio",
	"platform", "inspect", "numpy",	     "types"
};

/* Last words of operators that reach outside: torch.from_file, ops.aten.save, ops.image.read_file, … */
static const char *const outward[] = { "from_file",
				       "save",
				       "load",
				       "read_file",
				       "write_file",
				       "rpc_async",
				       "rpc_sync",
				       "rpc_remote",
				       "decode_video",
				       "read_video_from_file",
				       "probe_video_from_file",
				       "sox_io_load_audio_file",
				       "sox_io_save_audio_file",
				       "sox_effects_apply_effects_file",
				       "sox_io_get_info",
				       "load_library",
				       "_load_from_file",
				       "_save_to_file" };

/* Libraries of operators and native classes that come with PyTorch or its domain libraries. */
static const char *const libraries[] = { "prim",	 "aten",
					 "prims",	 "quantized",
					 "_quantized",	 "quantized_decomposed",
					 "torchvision",	 "prepacked",
					 "xnnpack",	 "mkldnn_prepacked",
					 "mkldnn",	 "onednn",
					 "sparse",	 "cuda",
					 "profiler",	 "static_runtime",
					 "tensorexpr",	 "image",
					 "video",	 "torchaudio",
					 "rnn",		 "_nnapi",
					 "metal",	 "metal_prepacked",
					 "vulkan",	 "vulkan_prepacked",
					 "higher_order", "inductor",
					 "quantization", "onnx",
					 "nvprims" };

static const char *const bases[] = { "Module", "NamedTuple", "Enum", "Interface", "ModuleInterface", "object" };

static bool listed(struct gh_span s, const char *const *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(s, list[i]))
			return true;
	return false;
}
#define LISTED(s, list) listed((s), (list), sizeof(list) / sizeof((list)[0]))

/* ---- tokens ------------------------------------------------------------------------------------------------ */

enum tok { T_END, T_PATH, T_NUMBER, T_STRING, T_OP, T_LINE, T_BAD };
enum { PATH_MAX_BYTES = 2048 };

struct lexer {
	struct gh_cur c;
	uint64_t at;	/* where the token starts */
	unsigned depth; /* of brackets: a line ends only outside of them */
	bool fresh;	/* at the start of a line */
	unsigned indent;
	char op;
	size_t n; /* of the path */
	uint8_t path[PATH_MAX_BYTES];
	const char *bad;
};

static int peek(struct lexer *l)
{
	if (gh_cur_left(&l->c) == 0)
		return -1;
	const uint8_t *p = gh_cur_peek(&l->c, 1);
	return p == NULL ? -1 : *p;
}

static void next(struct lexer *l) { (void)gh_cur_u8(&l->c); }

static enum tok bad(struct lexer *l, const char *why)
{
	l->bad = why;
	return T_BAD;
}

static bool letter(int c) { return c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z'); }
static bool digit(int c) { return c >= '0' && c <= '9'; }

static enum tok lex_string(struct lexer *l, int quote)
{
	next(l);
	if (peek(l) == quote) {
		next(l);
		return peek(l) == quote ? bad(l, "a triple-quoted string") : T_STRING;
	}
	for (;;) {
		int c = peek(l);
		if (c < 0 || c == '\n')
			return bad(l, "a string is not closed");
		next(l);
		if (c == quote)
			return T_STRING;
		if (c == '\\') {
			if (peek(l) < 0 || peek(l) == '\n')
				return bad(l, "a string is not closed");
			next(l);
		}
	}
}

static enum tok lex_number(struct lexer *l)
{
	int last = 0;
	for (int c = peek(l); letter(c) || digit(c) || c == '.' || ((c == '-' || c == '+') && (last | 32) == 'e');
	     c = peek(l)) {
		last = c;
		next(l);
	}
	return T_NUMBER;
}

/* name(.name)*, also .name after a bracket: the path then starts with a dot. */
static enum tok lex_path(struct lexer *l)
{
	l->n = 0;
	for (int c = peek(l); letter(c) || digit(c) || c == '.'; c = peek(l)) {
		if (l->n == sizeof l->path)
			return bad(l, "a name of more than 2048 bytes");
		l->path[l->n++] = (uint8_t)c;
		next(l);
	}
	int c = peek(l);
	if (c == '"' || c == '\'')
		return bad(l, "a string with a prefix");
	return c >= 0x80 ? bad(l, "a name with characters beyond ASCII") : T_PATH;
}

static enum tok lex_op(struct lexer *l, int c)
{
	next(l);
	l->op = (char)c;
	if (c == '(' || c == '[' || c == '{')
		l->depth++;
	else if ((c == ')' || c == ']' || c == '}') && l->depth-- == 0)
		return bad(l, "brackets do not match");
	return strchr("()[]{},:=-+*/%<>&|~!^", c) != NULL ? T_OP : bad(l, "a character that TorchScript does not use");
}

static enum tok lex(struct lexer *l)
{
	for (;;) {
		int c = peek(l);
		if (c == '#')
			while ((c = peek(l)) >= 0 && c != '\n')
				next(l);
		l->at = gh_cur_off(&l->c);
		if (c < 0)
			return T_END;
		if (c == '\n') {
			next(l);
			if (l->depth != 0)
				continue;
			l->fresh = true;
			l->indent = 0;
			return T_LINE;
		}
		if (c == ' ' || c == '\r' || c == '\t') {
			next(l);
			l->indent += l->fresh;
			continue;
		}
		if (c == '"' || c == '\'')
			return lex_string(l, c);
		if (digit(c))
			return lex_number(l);
		if (letter(c) || c == '.')
			return lex_path(l);
		return c > ' ' && c < 0x7f ? lex_op(l, c) : bad(l, "a byte that is no text");
	}
}

/* ---- meaning ----------------------------------------------------------------------------------------------- */

struct script {
	struct gh_walk *w;
	struct lexer l;
	bool import;	      /* in an import statement */
	unsigned class_words; /* 1: its name is next, 2: its base */
};

static void say(struct script *s, int rule, struct gh_span what)
{
	gh_anomaly(s->w, &rules[rule], s->l.at, gh_cur_off(&s->l.c) - s->l.at, "%s", gh_safe(what).s);
}

static struct gh_span part(struct gh_span path, unsigned i)
{
	for (;; i--) {
		const uint8_t *dot = path.n == 0 ? NULL : memchr(path.p, '.', path.n);
		size_t n = dot == NULL ? path.n : (size_t)(dot - path.p);
		if (i == 0)
			return gh_span_cut(path, 0, n);
		path = gh_span_cut(path, n + 1, path.n);
	}
}

static struct gh_span last_part(struct gh_span path)
{
	size_t from = path.n;
	while (from > 0 && path.p[from - 1] != '.')
		from--;
	return gh_span_cut(path, from, path.n);
}

static void judge_operator(struct script *s, struct gh_span path)
{
	bool ops = gh_span_starts(path, "ops.");
	if (LISTED(last_part(path), outward))
		say(s, A_FILE, path);
	else if (ops && gh_span_is(part(path, 1), "prim") &&
		 (gh_span_ends(part(path, 2), "PythonOp") || gh_span_is(part(path, 2), "CallPythonFunction")))
		say(s, A_PYTHONOP, path);
	else if (ops && !LISTED(part(path, 1), libraries))
		say(s, A_LIBRARY, path);
}

/* A dotted name, wherever it stands; called: an opening bracket follows. */
static void judge_path(struct script *s, struct gh_span path, bool called)
{
	struct gh_span root = part(path, 0);
	for (size_t i = 0; i < sizeof python / sizeof python[0]; i++)
		if (path.n == root.n && gh_span_is(root, python[i].name) && (called || python[i].when == ANYWHERE)) {
			say(s, A_BUILTIN, path);
			return;
		}
	struct gh_span rest = path;
	while (rest.n != 0) {
		struct gh_span p = part(rest, 0);
		if (LISTED(p, dunders)) {
			say(s, A_BUILTIN, path);
			return;
		}
		rest = gh_span_cut(rest, p.n + 1, rest.n);
	}
	if (path.n != root.n && LISTED(root, modules) && called)
		say(s, A_BUILTIN, path);
	else if (path.n == root.n && (gh_span_is(root, "torch") || gh_span_is(root, "ops")))
		say(s, A_ODD, path); /* a name space is no value */
	else if (path.n == root.n && gh_span_starts(root, "rpc_") && LISTED(root, outward))
		say(s, A_FILE, path);
	else if (gh_span_is(root, "torch") || gh_span_is(root, "ops"))
		judge_operator(s, path);
	else if (gh_span_starts(path, "__torch__.torch.classes.") && !LISTED(part(path, 3), libraries))
		say(s, A_LIBRARY, path);
}

/* First words of the statements that stand at the top level. */
static bool top_level_word(struct gh_span path)
{
	static const char *const words[] = { "class", "def", "import", "op_version_set" };
	return LISTED(path, words);
}

static void on_path(struct script *s, struct gh_span path, bool starts, bool called)
{
	if (starts && s->l.indent == 0 && !top_level_word(path))
		say(s, A_TOPLEVEL, path);
	if (s->import) { /* import __torch__.…: what old versions wrote; the archive's own code */
		if (!gh_span_starts(path, "__torch__."))
			say(s, A_IMPORT, path);
		return;
	}
	if (gh_span_is(path, "from") || (gh_span_is(path, "import") && !(starts && s->l.indent == 0))) {
		say(s, A_IMPORT, path);
		return;
	}
	if (gh_span_is(path, "import")) {
		s->import = true;
		return;
	}
	if (starts && gh_span_is(path, "class")) {
		s->class_words = 1;
		return;
	}
	if (s->class_words == 2 && !LISTED(path, bases) && !gh_span_starts(path, "__torch__."))
		say(s, A_ODD, path);
	if (s->class_words != 0)
		s->class_words = s->class_words == 1 ? 2 : 0;
	else
		judge_path(s, path, called);
}

/* Blanks may stand between a name and its bracket. */
static bool bracket_follows(struct lexer *l)
{
	int c;
	while ((c = peek(l)) == ' ' || c == '\t')
		next(l);
	return c == '(';
}

static enum gh_rc scan(struct script *s)
{
	struct lexer *l = &s->l;
	uint64_t steps = 0;
	for (enum tok t = lex(l); t != T_END; t = lex(l)) {
		if (++steps > s->w->lim->steps)
			return gh_fail(s->w->err, GH_E_LIMIT, "TorchScript source of %llu tokens",
				       (unsigned long long)steps);
		if (t == T_BAD) {
			gh_anomaly(s->w, &rules[A_ODD], l->at, s->w->src->size - l->at, "%s", l->bad);
			return gh_fail(s->w->err, GH_E_MALFORMED, "TorchScript source: %s", l->bad);
		}
		bool starts = l->fresh;
		if (t != T_LINE)
			l->fresh = false;
		if (t == T_PATH) {
			bool called = bracket_follows(l);
			on_path(s, (struct gh_span){ l->path, l->n }, starts, called);
			continue;
		}
		if (t == T_OP && l->op == '^')
			say(s, A_PYTHONOP, GH_SPAN("^"));
		if (starts && t != T_LINE && l->indent == 0 && !(t == T_OP && strchr(")]}", l->op) != NULL))
			say(s, A_TOPLEVEL, GH_SPAN("an expression"));
		if (t == T_LINE || (t == T_OP && l->op == ':'))
			s->class_words = 0;
		if (t == T_LINE)
			s->import = false;
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_code code = { .language = "torchscript", .name = w->name, .src = w->src };
	enum gh_rc rc = gh_emit(w, GH_EV_CODE, 0, w->src->size, &code);
	if (rc != GH_OK)
		return gh_fail(w->err, rc, "TorchScript source");
	struct script *s = GH_NEW(w->arena, struct script, 1);
	if (s == NULL)
		return gh_fail(w->err, GH_E_NOMEM, "TorchScript source");
	s->w = w;
	s->l.c = gh_cur(w->src, 0);
	s->l.fresh = true;
	rc = scan(s);
	gh_claim(w, 0, rc == GH_OK ? w->src->size : s->l.at, GH_CLAIM_STRUCT);
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "TorchScript source");
	return rc;
}

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p;
	return GH_NO;
}

const struct gh_fmt gh_fmt_torchscript = {
	.name = "torchscript",
	.about = "TorchScript source inside a PyTorch archive",
	.exts = "py",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
