/* pychain.c - what is done with modules and what is in them: called plainly, looked at, kept, handed on, replaced. */
#include "check/pymention_int.h"

enum { CHAIN = 12 };

static bool process(enum gh_pycap cap) { return cap == GH_PYCAP_PROCESS || cap == GH_PYCAP_INTERACTIVE; }

/* A function with powers, anything but called by its name. `path` ends at node `at`. */
void pyc_handed_on(struct look *l, uint32_t at, struct gh_span path, enum gh_pycap cap)
{
	bool system = process(cap) &&
		      (gh_span_starts(path, "os.") || gh_span_starts(path, "posix.") || gh_span_starts(path, "pty."));
	if (only_looked_at(l, at))
		return;
	if (system && when(l, at) >= GH_PYW_HOOK && node(l, l->up[at])->kind != GH_PYN_COND)
		pyc_mention(l, GH_PYC_HIDDEN, at, path, "kept or handed on, to be called under another name");
	else
		pyc_mention(l, GH_PYC_LOST, at, path, "kept or handed on");
}

static void lost_module(struct look *l, uint32_t at, struct gh_span path)
{
	static const char *const powers[] = { "os",	     "posix", "nt",	   "subprocess", "builtins",
					      "__builtin__", "pty",   "importlib", "sys" };
	if (only_looked_at(l, at))
		return;
	for (size_t i = 0; i < sizeof powers / sizeof powers[0]; i++)
		if (gh_span_is(path, powers[i])) {
			l->power_lost = true;
			if (l->lost_at == GH_PYN_NIL || when(l, at) > when(l, l->lost_at))
				l->lost_at = at;
		}
	pyc_mention(l, GH_PYC_LOST, at, path, "the module is used as a value");
}

/* sys.modules: of the text's own module, of libraries, or in a place where something is put. */
static void loaded_modules(struct look *l, uint32_t at, struct gh_span path)
{
	uint32_t up = l->up[at];
	const struct gh_pyn *u = node(l, up);
	struct gh_pyv k = value(l, u->b);
	const struct gh_py_group *g = k.kind == GH_PYV_STR ? gh_py_find(gh_pyv_text(k)) : NULL;
	bool library = k.kind == GH_PYV_STR && (g == NULL || g->cap == GH_PYCAP_IMPORT);
	if (u->kind == GH_PYN_SUBSCR && (own_module(l, up) || library || (l->state[up] & ST_STORED) != 0))
		return;
	if (!only_looked_at(l, at))
		pyc_mention(l, GH_PYC_ODD, at, path, "modules by names");
}

/* What only matters by its arguments, if it is called. */
static void touched(struct look *l, uint32_t at, struct gh_span path, enum gh_pycap cap)
{
	l->state[at] |= ST_ANNOUNCED;
	if (cap == GH_PYCAP_WRITE || gh_span_ends(path, "FileHandler"))
		l->write_at = worse(l, l->write_at, at);
	if (cap == GH_PYCAP_DELETE && called(l, at))
		l->delete_at = worse(l, l->delete_at, at);
	if (gh_span_is(path, "sys.modules")) {
		loaded_modules(l, at, path);
		return;
	}
	if (gh_span_is(path, "inspect.getmembers") && called(l, at)) {
		uint32_t of = nth(l, l->up[at], 0);
		struct gh_pyv v = value(l, of);
		if (of != GH_PYN_NIL && (imported_head(l, of) || v.kind == GH_PYV_REF) && !own_module(l, of))
			pyc_mention(l, GH_PYC_ODD, at, path, "the names of a module, as a table");
	}
	if (gh_span_is(path, "importlib.import_module") || gh_span_is(path, "importlib.__import__"))
		l->resolves = true;
	if (gh_span_starts(path, "site.") || gh_span_starts(path, "sysconfig."))
		l->home_at = l->place_at = at;
	if (!called(l, at) && !only_looked_at(l, at) && node(l, l->up[at])->kind != GH_PYN_COND)
		pyc_mention(l, GH_PYC_LOST, at, path, "kept or handed on");
	if ((l->state[at] & ST_STORED) != 0)
		pyc_mention(l, GH_PYC_ODD, at, path, "a function of Python's own library is replaced");
}

/* What pyjudge.c judges where it is called, and nobody elsewhere. Deriving a class from it, or catching its errors, is neither. */
static void reaching_out(struct look *l, uint32_t at, struct gh_span path)
{
	uint8_t u = node(l, l->up[at])->kind;
	bool taken_up = u == GH_PYN_CLASS || u == GH_PYN_ATTR || u == GH_PYN_NOP;
	l->state[at] |= ST_ANNOUNCED;
	if (!called(l, at) && !taken_up && l->up[at] != GH_PYN_NIL && !only_looked_at(l, at))
		pyc_mention(l, GH_PYC_LOST, at, path, "kept or handed on");
}

static void power(struct look *l, uint32_t at, struct gh_span path, enum gh_pycap cap)
{
	bool type = gh_span_starts(path, "types.");
	l->state[at] |= ST_ANNOUNCED;
	l->runs_texts = l->runs_texts || (cap == GH_PYCAP_CODE && !type);
	/* types.FunctionType makes nothing without code, and that has to be taken from somewhere. */
	if (!called(l, at) && !type)
		pyc_handed_on(l, at, path, cap);
}

static void environment(struct look *l, uint32_t at, struct gh_span path)
{
	const struct gh_pyn *u = node(l, l->up[at]);
	bool env = u->kind == GH_PYN_KWARG && gh_span_is(u->text, "env");
	if (gh_span_is(path, "os.environ") && argument_of(l, at) != GH_PYN_NIL && !env && !only_looked_at(l, at))
		pyc_mention(l, GH_PYC_SECRET, at, path, "the whole environment, handed on");
}

/* A chain that no rule names, of a module of Python's own. */
static void unnamed(struct look *l, uint32_t at, struct gh_span path, bool guarded, bool module)
{
	/* getattr(math, name): reaches() judges it. */
	bool named = argument_of(l, at) != GH_PYN_NIL && calls_name(l, argument_of(l, at), "getattr");
	if (guarded)
		l->state[at] |= ST_ANNOUNCED;
	if (guarded && module)
		lost_module(l, at, path);
	else if (guarded && !only_looked_at(l, at))
		pyc_mention(l, GH_PYC_ODD, at, path, "not known to be harmless");
	else if (module && !named && !only_looked_at(l, at))
		pyc_mention(l, GH_PYC_LOST, at, path, "the module is used as a value");
	else if (!module && (l->state[at] & ST_STORED) != 0 && node(l, l->up[at])->kind == GH_PYN_ASSIGN)
		pyc_mention(l, GH_PYC_ODD, at, path, "a function of Python's own library is replaced");
}

/* What may stand in a chain of attributes that begins with a module: judged up to the first name that a rule speaks of. */
void pyc_chain(struct look *l, uint32_t head, struct gh_span base)
{
	uint8_t room[PYC_IMPORTS * 8];
	struct gh_span path = { room, base.n };
	uint32_t at = head;
	enum gh_pycap cap = GH_PYCAP_NONE;
	unsigned len = 0;
	if (base.n > sizeof room)
		return; /* longer than any module's name */
	memcpy(room, base.p, base.n);
	for (;; len++) {
		const struct gh_py_group *g = gh_py_find(path);
		cap = g == NULL ? GH_PYCAP_IMPORT : (enum gh_pycap)g->cap;
		bool open = cap == GH_PYCAP_GUARDED || cap == GH_PYCAP_COMPUTING || cap == GH_PYCAP_IMPORT;
		uint32_t u = l->up[at];
		struct gh_span name = node(l, u)->text;
		if (!open || node(l, u)->kind != GH_PYN_ATTR || len == CHAIN || path.n + 1 + name.n > sizeof room)
			break;
		room[path.n] = '.';
		memcpy(room + path.n + 1, name.p, name.n);
		path.n += 1 + name.n;
		at = u;
		if (cap == GH_PYCAP_COMPUTING && len < 2 && name.n > 1 && name.p[0] == '_' && name.p[1] != '_')
			pyc_mention(l, GH_PYC_ODD, at, path, "a private name of a library");
	}
	switch (cap) {
	case GH_PYCAP_GUARDED:
	case GH_PYCAP_COMPUTING:
		unnamed(l, at, path, cap == GH_PYCAP_GUARDED, len == 0 && memchr(base.p, '.', base.n) == NULL);
		return;
	case GH_PYCAP_IMPORT: return;
	case GH_PYCAP_PROCESS:
	case GH_PYCAP_INTERACTIVE:
	case GH_PYCAP_CODE:
	case GH_PYCAP_MEMORY: power(l, at, path, cap); return;
	case GH_PYCAP_ENVALL: environment(l, at, path); return;
	case GH_PYCAP_SECRET: pyc_mention(l, GH_PYC_SECRET, at, path, "reads passwords or keys"); return;
	case GH_PYCAP_TRACE:
		pyc_mention(l, GH_PYC_ODD, at, path, "changes or shows how the interpreter runs code");
		return;
	case GH_PYCAP_DESERIALISE:
	case GH_PYCAP_LOADS:
	case GH_PYCAP_NETWORK:
	case GH_PYCAP_FETCH:
	case GH_PYCAP_NATIVE:
	case GH_PYCAP_INSTALL:
	case GH_PYCAP_FOREIGN:
	case GH_PYCAP_PERSIST:
	case GH_PYCAP_DUP: reaching_out(l, at, path); return;
	case GH_PYCAP_TOUCHES:
	case GH_PYCAP_OPEN:
	case GH_PYCAP_WRITE:
	case GH_PYCAP_DELETE:
	case GH_PYCAP_CHMOD: touched(l, at, path, cap); return;
	default:
		if ((l->state[at] & ST_STORED) != 0 && at != head && gh_span_starts(path, "os."))
			pyc_mention(l, GH_PYC_ODD, at, path, "a function of Python's own library is replaced");
		return;
	}
}
