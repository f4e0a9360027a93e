/* pymention.c - every node looked at once: what it mentions, and in which company. */
#include "check/pymention_int.h"

#include <stdio.h>

#include "format/format.h"

enum { WAYS = 4 };

void pyc_mention(struct look *l, enum gh_pycode_rule rule, uint32_t at, struct gh_span what, const char *why)
{
	char text[300];
	(void)snprintf(text, sizeof text, "%.80s: %s, %s", gh_safe(gh_span_cut(what, 0, 80)).s, why,
		       pyc_when(when(l, at)));
	pyc_say(l->c, rule, at, text);
}

/* ---- names that are built in --------------------------------------------------------------------------------------------- */
static void by_word(struct look *l, uint32_t at, struct gh_span name, bool text);

/* getattr(object, name) and its relatives. */
static void reaches(struct look *l, uint32_t at, uint32_t call, bool sets)
{
	uint32_t of = nth(l, call, 0), name = nth(l, call, 1);
	bool library = of != GH_PYN_NIL && imported_head(l, of);
	if (name != GH_PYN_NIL && known_text(l, name)) {
		struct gh_span s = gh_pyv_text(value(l, name));
		by_word(l, call, s, true);
		struct gh_pyv v = value(l, of);
		if (v.kind == GH_PYV_REF && !sets) {
			const struct gh_py_group *g = gh_py_find(gh_pyv_text(v));
			if (g != NULL && g->cap == GH_PYCAP_GUARDED)
				l->state[of] |= ST_SAID; /* pyrun follows it: a chain by other means */
		}
		return;
	}
	if (name == GH_PYN_NIL) {
		pyc_mention(l, GH_PYC_ODD, at, node(l, at)->text, "arguments cannot be seen");
		return;
	}
	const struct gh_pyn *o = node(l, of);
	bool twice = o->kind == GH_PYN_CALL && (calls_name(l, of, "getattr") || calls_name(l, of, "vars")) &&
		     !known_text(l, nth(l, of, 1));
	if (library && (l->scope[at] == 0 || sets) && when(l, at) == GH_PYW_IMPORT)
		pyc_mention(l, GH_PYC_ODD, at, node(l, at)->text,
			    "an attribute of a module by a name made at run time");
	else if (twice)
		pyc_mention(l, GH_PYC_ODD, at, node(l, at)->text, "attributes of attributes by names made at run time");
}

/* A module, or what was reached from one by a name made at run time. */
static bool of_library(const struct look *l, uint32_t i)
{
	return i < l->t->n && (l->reach[i] & (PYC_AT_MODULE | PYC_AT_HOP)) != 0;
}

static bool shows_table(struct look *l, uint32_t at, uint32_t call, bool locals)
{
	const struct gh_pyn *u = node(l, l->up[call]);
	if (nth(l, call, 0) != GH_PYN_NIL) /* vars(x) */
		return !imported_head(l, nth(l, call, 0)) && !of_library(l, nth(l, call, 0));
	if (locals && l->scope[at] != 0 && l->t->scope[l->scope[at]].kind != GH_PYS_CLASS)
		return true;
	if (u->kind == GH_PYN_COMPARE || u->kind == GH_PYN_DSTAR)
		return u->kind == GH_PYN_COMPARE || locals;
	if (u->kind == GH_PYN_ATTR && gh_span_is(u->text, "get")) {
		uint32_t get = l->up[l->up[call]];
		return node(l, get)->kind == GH_PYN_CALL && nth(l, get, 0) != GH_PYN_NIL &&
		       known_text(l, nth(l, get, 0)) && pyc_word(gh_pyv_text(value(l, nth(l, get, 0)))) == PYC_W_PLAIN;
	}
	if (u->kind != GH_PYN_SUBSCR)
		return false;
	return (l->state[l->up[call]] & ST_STORED) != 0 ||
	       (known_text(l, u->b) && pyc_word(gh_pyv_text(value(l, u->b))) == PYC_W_PLAIN);
}

static void built_in(struct look *l, uint32_t at, struct gh_span name)
{
	static const char *const runs[] = { "eval", "exec", "compile", "execfile", "__import__" };
	static const char *const ways[] = { "__builtins__", "__loader__", "__spec__", "breakpoint" };
	static const char *const reach[] = { "getattr", "setattr", "delattr" };
	static const char *const table[] = { "globals", "locals", "vars" };
	uint32_t call = called(l, at) ? l->up[at] : GH_PYN_NIL;
	if ((l->state[at] & ST_STORED) != 0)
		return;
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
		if (gh_span_is(name, runs[i])) {
			l->runs_texts = l->runs_texts || (i != 2 && i != 4);
			if (call == GH_PYN_NIL)
				pyc_handed_on(l, at, name, GH_PYCAP_CODE);
			return;
		}
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		if (gh_span_is(name, ways[i])) {
			l->runs_texts = true;
			if (!only_looked_at(l, at))
				pyc_mention(l, GH_PYC_ODD, at, name, "leads to the interpreter's insides");
			return;
		}
	for (size_t i = 0; i < sizeof reach / sizeof reach[0]; i++)
		if (gh_span_is(name, reach[i])) {
			if (call == GH_PYN_NIL)
				pyc_mention(l, GH_PYC_LOST, at, name, "kept or handed on");
			else
				reaches(l, at, call, i != 0);
			return;
		}
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (gh_span_is(name, table[i])) {
			if (call == GH_PYN_NIL || !shows_table(l, at, call, i != 0))
				pyc_mention(l, GH_PYC_ODD, at, name, "names and what they stand for, as a table");
			return;
		}
	if (gh_span_is(name, "open")) {
		uint8_t u = node(l, l->up[at])->kind;
		if (call == GH_PYN_NIL && u != GH_PYN_COND && u != GH_PYN_BOOL && !only_looked_at(l, at))
			pyc_mention(l, GH_PYC_LOST, at, name, "kept or handed on");
	}
}

/* ---- words --------------------------------------------------------------------------------------------------------------------- */
static bool own_object(const struct look *l, uint32_t i)
{
	const struct gh_pyn *n = node(l, i);
	return n->kind == GH_PYN_NAME && (gh_span_is(n->text, "self") || gh_span_is(n->text, "cls"));
}

/* text: the word stands in a text that names an attribute. */
static void by_word(struct look *l, uint32_t at, struct gh_span name, bool text)
{
	const struct gh_pyn *n = node(l, at), *u = node(l, l->up[at]);
	bool attr = n->kind == GH_PYN_ATTR, own = attr && own_object(l, n->a);
	switch (pyc_word(name)) {
	case PYC_W_PLAIN: return;
	case PYC_W_WAY:
		l->runs_texts = true;
		pyc_mention(l, GH_PYC_ODD, at, name, "leads to the interpreter's insides");
		return;
	case PYC_W_CODE:
		if (u->kind == GH_PYN_ATTR && pyc_describes_code(u->text))
			return;
		l->runs_texts = true;
		pyc_mention(l, GH_PYC_ODD, at, name, "the code of a function is taken or replaced");
		return;
	case PYC_W_RUNS:
		if ((l->state[at] & ST_ANNOUNCED) != 0 && gh_span_is(name, "import_module"))
			return;
		l->runs_texts = l->resolves = true;
		if (!own)
			pyc_mention(l, GH_PYC_ODD, at, name, "makes code or functions of texts");
		return;
	case PYC_W_POWER:
		if (own || (attr && !called(l, at) && gh_span_is(name, "system")))
			return;
		if (n->kind == GH_PYN_KWARG || (l->state[at] & ST_ANNOUNCED) != 0)
			return;
		if (l->power_at == GH_PYN_NIL || when(l, at) > when(l, l->power_at))
			l->power_at = at;
		pyc_mention(l, GH_PYC_ODD, at, name, text ? "by its name" : "of something that was lost sight of");
		return;
	case PYC_W_MODULE:
		if (!own)
			pyc_mention(l, GH_PYC_ODD, at, name, "a module that something else holds");
		return;
	case PYC_W_WRITES:
		if (called(l, at) || gh_span_ends(name, "Handler"))
			l->write_at = l->write_at == GH_PYN_NIL || when(l, at) > when(l, l->write_at) ? at
												      : l->write_at;
		if (called(l, at) && when(l, at) == GH_PYW_IMPORT)
			pyc_mention(l, GH_PYC_WRITE, at, name, "a file or link is written");
		return;
	case PYC_W_SAVES:
		if (attr && called(l, at) && (l->save_at == GH_PYN_NIL || when(l, at) > when(l, l->save_at)))
			l->save_at = at;
		return;
	case PYC_W_NETWORK:
		if (attr && imported_head(l, n->a))
			pyc_mention(l, GH_PYC_ODD, at, name, "a module that something else holds");
		return;
	case PYC_W_SENDS:
		if (when(l, at) == GH_PYW_IMPORT || (called(l, at) && when(l, at) == GH_PYW_HOOK))
			pyc_mention(l, GH_PYC_NETWORK, at, name, "something is sent, or a connection opened");
		return;
	case PYC_W_DELETES:
		if (called(l, at))
			l->delete_at = at;
		if (called(l, at) && when(l, at) == GH_PYW_IMPORT)
			pyc_mention(l, GH_PYC_WRITE, at, name, "files are deleted");
		return;
	}
}

static void opens(struct look *l, uint32_t at)
{
	const struct gh_pyn *n = node(l, at);
	bool writing = false;
	for (uint32_t k = 0; k < n->nkids && k < 4; k++) {
		uint32_t arg = l->t->kid[n->kids + k];
		struct gh_pyv v = value(l, node(l, arg)->kind == GH_PYN_KWARG ? node(l, arg)->a : arg);
		struct gh_span s = gh_pyv_text(v);
		writing = writing || (v.kind == GH_PYV_STR && s.n != 0 && s.n <= 4 && memchr("wax", s.p[0], 3) != NULL);
	}
	if (writing && (l->write_at == GH_PYN_NIL || when(l, at) > when(l, l->write_at)))
		l->write_at = at;
}

static void attribute(struct look *l, uint32_t at, const struct gh_pyn *n)
{
	if ((l->state[at] & ST_ANNOUNCED) == 0)
		by_word(l, at, n->text, false);
	if (gh_span_is(n->text, "home") || gh_span_is(n->text, "expanduser"))
		l->home_at = at;
	if (gh_span_is(n->text, "rglob") || gh_span_is(n->text, "iterdir") || gh_span_is(n->text, "glob") ||
	    gh_span_is(n->text, "walk") || gh_span_is(n->text, "listdir"))
		l->walk_at = at;
	if (gh_span_is(n->text, "open") && called(l, at))
		opens(l, l->up[at]);
	if (gh_span_is(n->text, "__file__") && imported_head(l, n->a) && node(l, n->a)->kind == GH_PYN_NAME)
		l->place_at = at;
	/* A module's table of names. */
	if ((l->state[at] & ST_STORED) != 0 &&
	    (gh_span_is(n->text, "__defaults__") || gh_span_is(n->text, "__kwdefaults__")))
		pyc_mention(l, GH_PYC_ODD, at, n->text, "the defaults of a function are replaced");
	if (gh_span_is(n->text, "__dict__") &&
	    ((imported_head(l, n->a) && node(l, n->a)->kind == GH_PYN_NAME) || of_library(l, n->a)))
		pyc_mention(l, GH_PYC_ODD, at, n->text, "the names of a module, as a table");
	if (gh_span_is(n->text, "__self__") && !own_object(l, n->a)) {
		const struct gh_pyn *o = node(l, n->a);
		struct gh_pyv v = value(l, n->a);
		if (v.kind == GH_PYV_REF || (o->kind == GH_PYN_NAME && imported_head(l, n->a)))
			pyc_mention(l, GH_PYC_ODD, at, n->text, "leads from a function to its module");
	}
	if (gh_span_is(n->text, "__getattribute__") && !called(l, at) && (l->state[at] & ST_STORED) == 0 &&
	    !only_looked_at(l, at))
		pyc_mention(l, GH_PYC_LOST, at, n->text, "kept or handed on");
	if ((gh_span_is(n->text, "__getattribute__") || gh_span_is(n->text, "__setattr__")) && called(l, at)) {
		uint32_t call = l->up[at], first = nth(l, call, 0), second = nth(l, call, 1);
		bool super = node(l, n->a)->kind == GH_PYN_CALL && calls_name(l, n->a, "super");
		if (first != GH_PYN_NIL && known_text(l, first))
			by_word(l, call, gh_pyv_text(value(l, first)), true);
		if (second != GH_PYN_NIL && known_text(l, second))
			by_word(l, call, gh_pyv_text(value(l, second)), true);
		if (!super && first != GH_PYN_NIL && !own_object(l, first) && imported_head(l, first))
			pyc_mention(l, GH_PYC_ODD, at, n->text, "an attribute of a module by a detour");
	}
}

/* operator.attrgetter, methodcaller: names in texts. */
static void by_operator(struct look *l, uint32_t call)
{
	struct gh_pyv f = value(l, node(l, call)->a);
	struct gh_span path = gh_pyv_text(f);
	if (f.kind != GH_PYV_REF ||
	    (!gh_span_is(path, "operator.attrgetter") && !gh_span_is(path, "operator.methodcaller")))
		return;
	uint32_t arg = nth(l, call, 0);
	if (arg == GH_PYN_NIL || !known_text(l, arg)) {
		if (l->scope[call] == 0 || when(l, call) == GH_PYW_IMPORT)
			pyc_mention(l, GH_PYC_ODD, call, path, "by a name made at run time");
		return;
	}
	struct gh_span s = gh_pyv_text(value(l, arg));
	for (size_t from = 0, i = 0; i <= s.n && s.n < 300; i++)
		if (i == s.n || s.p[i] == '.') {
			by_word(l, call, gh_span_cut(s, from, i - from), true);
			from = i + 1;
		}
}

/* All of a user's files, or of the system's: their top folder, with or without wildcards. */
static bool everything(struct gh_span s)
{
	static const char *const roots[] = {
		"/home", "/root", "/Users", "~", "/etc", "/usr", "/var", "C:\\Users", "C:"
	};
	size_t full = s.n;
	while (s.n != 0 && memchr("*/\\", s.p[s.n - 1], 3) != NULL)
		s.n--;
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
		if (gh_span_is(s, roots[i]))
			return true;
	return s.n == 0 && full > 1 && s.p[0] == '/';
}

/* ---- texts ------------------------------------------------------------------------------------------------------------------------ */
static void constant(struct look *l, uint32_t at, struct gh_span s)
{
	const struct gh_pyn *u = node(l, l->up[at]);
	if (u->kind == GH_PYN_EXPR)
		return;
	if (pyc_start_place(s))
		l->place_at = at;
	if (everything(s) && argument_of(l, at) != GH_PYN_NIL)
		l->home_at = at;
	if (pyc_secret_place(s) && u->kind != GH_PYN_COMPARE)
		pyc_mention(l, GH_PYC_SECRET, at, s, "a place where keys lie");
	if (u->kind == GH_PYN_LIST && s.n < 300 && s.n > 8 &&
	    (memmem(s.p, s.n, " @ http", 7) != NULL || memmem(s.p, s.n, "@ git+", 6) != NULL))
		pyc_mention(l, GH_PYC_INSTALL, at, s, "a package from an address");
	if (pyc_bare_address(s) && argument_of(l, at) != GH_PYN_NIL)
		pyc_mention(l, GH_PYC_NETWORK, at, s, "an address without a name");
	const struct gh_pyn *o = node(l, u->a);
	if (u->kind == GH_PYN_SUBSCR && (l->state[l->up[at]] & ST_STORED) != 0 && o->kind == GH_PYN_ATTR &&
	    gh_span_is(o->text, "environ") && pyc_loads_code(s))
		pyc_mention(l, GH_PYC_WRITE, at, s, "a variable that makes other programs load code");
	if (u->kind == GH_PYN_SUBSCR && u->b == at && pyc_word(s) == PYC_W_WAY)
		by_word(l, at, s, true);
	if (s.n >= 6 && s.n < 80 && memchr(s.p, '.', s.n) != NULL && memchr(s.p, ' ', s.n) == NULL) {
		struct gh_span p = gh_span_starts(s, "ext://") ? gh_span_cut(s, 6, s.n) : s;
		const struct gh_py_group *g = gh_py_find(p);
		if (g != NULL &&
		    (g->cap == GH_PYCAP_PROCESS || g->cap == GH_PYCAP_INTERACTIVE || g->cap == GH_PYCAP_CODE) &&
		    p.p[0] != '?')
			pyc_mention(l, l->resolves && when(l, at) >= GH_PYW_HOOK ? GH_PYC_HIDDEN : GH_PYC_ODD, at, s,
				    "a dangerous function, named in a text");
	}
}

/* Texts beside something that makes code of texts: what they would do. */
static void texts(struct look *l)
{
	for (uint32_t i = 0; i < l->t->n; i++) {
		const struct gh_pyn *n = &l->t->node[i];
		bool maker = n->kind == GH_PYN_CALL || n->kind == GH_PYN_BIN || n->kind == GH_PYN_FSTR;
		if ((n->kind != GH_PYN_STR && !maker) || node(l, l->up[i])->kind == GH_PYN_EXPR || !known_text(l, i))
			continue;
		struct gh_span s = gh_pyv_text(value(l, i));
		if (pyc_reads_like_code(s))
			pyc_snippet(l->c, s, when(l, i), i);
	}
}

/* ---- company ------------------------------------------------------------------------------------------------------------------- */
static void company(struct look *l)
{
	if (l->power_lost && l->power_at != GH_PYN_NIL && when(l, l->power_at) >= GH_PYW_HOOK)
		pyc_mention(l, GH_PYC_HIDDEN, l->power_at, node(l, l->power_at)->text,
			    "of a module that was handed around first");
	/* Saving is ordinary; a place that the text itself names is not. */
	bool named = l->place_at != GH_PYN_NIL && known_text(l, l->place_at);
	if (named && l->save_at != GH_PYN_NIL &&
	    (l->write_at == GH_PYN_NIL || when(l, l->save_at) > when(l, l->write_at)))
		l->write_at = l->save_at;
	if (l->place_at != GH_PYN_NIL && l->write_at != GH_PYN_NIL && when(l, l->write_at) >= GH_PYW_MAIN)
		pyc_mention(l, when(l, l->write_at) == GH_PYW_IMPORT ? GH_PYC_HARMS : GH_PYC_WRITE, l->write_at,
			    node(l, l->place_at)->text,
			    "a place from where things are run by themselves, and something is written");
	if (l->home_at != GH_PYN_NIL && l->walk_at != GH_PYN_NIL && l->delete_at != GH_PYN_NIL &&
	    when(l, l->delete_at) == GH_PYW_IMPORT)
		pyc_mention(l, GH_PYC_HARMS, l->delete_at, node(l, l->delete_at)->text,
			    "files of the user are deleted");
	if (l->runs_texts || (l->write_at != GH_PYN_NIL && when(l, l->write_at) == GH_PYW_IMPORT))
		texts(l);
}

/* ---- the walk ------------------------------------------------------------------------------------------------------------------- */
static void link_kids(struct look *l)
{
	const struct gh_pytree *t = l->t;
	uint32_t scope = 0;
	for (uint32_t i = 0; i < t->n; i++)
		l->up[i] = GH_PYN_NIL;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct gh_pyn *n = &t->node[i];
		l->scope[i] = scope;
		bool two = n->kind != GH_PYN_IMPORT && n->kind != GH_PYN_FROM && n->kind != GH_PYN_GLOBAL;
		if (two && n->a < i)
			l->up[n->a] = l->up[n->a] == GH_PYN_NIL ? i : l->up[n->a];
		if (two && n->b < i)
			l->up[n->b] = l->up[n->b] == GH_PYN_NIL ? i : l->up[n->b];
		for (uint32_t k = 0; k < n->nkids; k++)
			if (t->kid[n->kids + k] < i)
				l->up[t->kid[n->kids + k]] = i;
		if (n->kind == GH_PYN_DEF || n->kind == GH_PYN_CLASS || n->kind == GH_PYN_LAMBDA_BEGIN)
			scope = n->scope;
		else if (n->kind == GH_PYN_END || n->kind == GH_PYN_LAMBDA)
			scope = t->scope[n->scope].up;
	}
	for (uint32_t i = (uint32_t)t->n; i-- > 0;) {
		const struct gh_pyn *n = &t->node[i];
		uint32_t to = n->kind == GH_PYN_ASSIGN || n->kind == GH_PYN_FOR || n->kind == GH_PYN_AUG ? n->a
			      : n->kind == GH_PYN_AS							 ? n->b
													 : GH_PYN_NIL;
		bool many = (n->kind == GH_PYN_TUPLE || n->kind == GH_PYN_LIST) && (l->state[i] & ST_STORED) != 0;
		if (n->kind == GH_PYN_STAR && (l->state[i] & ST_STORED) != 0)
			to = n->a;
		if (to < t->n)
			l->state[to] |= ST_STORED;
		for (uint32_t k = 0; many && k < n->nkids; k++)
			if (t->kid[n->kids + k] < t->n)
				l->state[t->kid[n->kids + k]] |= ST_STORED;
	}
}

/* Names first: what they announce, the words of their chains need not repeat. */
static void names(struct look *l)
{
	for (uint32_t i = 0; i < l->t->n; i++) {
		const struct gh_pyn *n = &l->t->node[i];
		if (n->kind == GH_PYN_CALL || n->kind == GH_PYN_SUBSCR) {
			struct gh_pyv v = value(l, i);
			struct gh_span p = gh_pyv_text(v);
			const struct gh_py_group *g = v.kind == GH_PYV_REF && p.n != 0 && p.n < 40 ? gh_py_find(p)
												   : NULL;
			if (g != NULL && g->cap == GH_PYCAP_GUARDED && memchr(p.p, '.', p.n) == NULL &&
			    memchr(p.p, '(', p.n) == NULL)
				pyc_chain(l, i, p);
		}
		if (n->kind != GH_PYN_NAME || (l->state[i] & ST_SAID) != 0)
			continue;
		if (pyc_own_name(l->names, l->scope[i], n->text))
			continue;
		struct gh_span path = pyc_imported(l->names, n->text, 0);
		if (path.n == 0)
			built_in(l, i, n->text);
		for (unsigned k = 0; path.n != 0 && k < WAYS; path = pyc_imported(l->names, n->text, ++k))
			if ((l->state[i] & ST_STORED) == 0)
				pyc_chain(l, i, path);
	}
}

static void rest(struct look *l)
{
	for (uint32_t i = 0; i < l->t->n; i++) {
		const struct gh_pyn *n = &l->t->node[i];
		switch (n->kind) {
		case GH_PYN_ATTR: attribute(l, i, n); break;
		case GH_PYN_KWARG:
			if (pyc_word(n->text) == PYC_W_WAY || pyc_word(n->text) == PYC_W_RUNS ||
			    ((n->flags & GH_PYN_PATTERN) != 0 && pyc_word(n->text) == PYC_W_MODULE))
				by_word(l, i, n->text, true);
			pyc_consent(l, i, n->text, n->a);
			if (gh_span_is(n->text, "dependency_links"))
				pyc_mention(l, GH_PYC_INSTALL, i, n->text, "packages from an address");
			if (pyc_loads_code(n->text) && n->text.n > 3 &&
			    gh_span_ends(node(l, node(l, l->up[i])->a)->text, "update"))
				pyc_mention(l, GH_PYC_WRITE, i, n->text,
					    "a variable that makes other programs load code");
			break;
		case GH_PYN_STR: constant(l, i, n->text); break;
		case GH_PYN_DICT:
			for (uint32_t k = 0; k + 1 < n->nkids; k += 2)
				if (known_text(l, l->t->kid[n->kids + k]))
					pyc_consent(l, i, gh_pyv_text(value(l, l->t->kid[n->kids + k])),
						    l->t->kid[n->kids + k + 1]);
			break;
		case GH_PYN_ASSIGN:
			if (node(l, n->a)->kind == GH_PYN_SUBSCR && known_text(l, node(l, n->a)->b))
				pyc_consent(l, i, gh_pyv_text(value(l, node(l, n->a)->b)), n->b);
			else if (node(l, n->a)->kind == GH_PYN_ATTR)
				pyc_option_place(l, i, node(l, n->a)->text, n->b);
			break;
		case GH_PYN_BIN:
		case GH_PYN_FSTR:
			if (known_text(l, i) && pyc_start_place(gh_pyv_text(value(l, i))))
				l->place_at = i;
			break;
		case GH_PYN_NAME:
			if ((l->state[i] & ST_STORED) != 0 &&
			    (gh_span_is(n->text, "__path__") || gh_span_is(n->text, "pytest_plugins")))
				pyc_mention(l, GH_PYC_ODD, i, n->text, "says where modules come from");
			break;
		case GH_PYN_CALL:
			by_operator(l, i);
			pyc_arguments(l, i);
			if (node(l, n->a)->kind == GH_PYN_NAME && gh_span_is(node(l, n->a)->text, "open"))
				opens(l, i);
			break;
		case GH_PYN_FROM:
			for (uint32_t k = 0; k < n->nkids; k++) {
				const struct gh_pyn *m = node(l, l->t->kid[n->kids + k]);
				const struct gh_py_group *g = gh_py_find(n->text);
				bool own = n->text.n == 0 || n->text.p[0] == '.' ||
					   (g != NULL && g->cap != GH_PYCAP_GUARDED && g->cap != GH_PYCAP_COMPUTING &&
					    pyc_word(m->text) == PYC_W_MODULE && gh_span_starts(n->text, "six"));
				if (gh_span_is(m->text, "*") && g != NULL && g->cap == GH_PYCAP_GUARDED)
					pyc_mention(l, GH_PYC_ODD, i, n->text, "all names of it are imported");
				else if (!own && (pyc_word(m->text) == PYC_W_MODULE ||
						  (pyc_word(m->text) == PYC_W_NETWORK && g != NULL &&
						   g->cap == GH_PYCAP_IMPORT)))
					pyc_mention(l, GH_PYC_ODD, i, m->text, "a module that something else holds");
				else if (!own && !gh_span_is(m->text, "import_module") &&
					 (pyc_word(m->text) == PYC_W_RUNS || pyc_word(m->text) == PYC_W_WAY))
					by_word(l, i, m->text, true);
			}
			break;
		default: break;
		}
	}
}

enum gh_rc pyc_mentions(struct pyc *c, const struct gh_pyseen *seen, struct gh_arena *a)
{
	struct look l = { .c = c, .t = c->t, .seen = seen, .lost_at = GH_PYN_NIL, .power_at = GH_PYN_NIL };
	l.write_at = l.save_at = l.delete_at = l.place_at = l.home_at = l.walk_at = GH_PYN_NIL;
	l.up = GH_NEW(a, uint32_t, c->t->n + 1);
	l.scope = GH_NEW(a, uint32_t, c->t->n + 1);
	l.state = GH_NEW(a, uint8_t, c->t->n + 1);
	if (l.up == NULL || l.scope == NULL || l.state == NULL)
		return GH_E_LIMIT;
	link_kids(&l);
	uint8_t *stored = GH_NEW(a, uint8_t, c->t->n + 1);
	if (stored == NULL)
		return GH_E_LIMIT;
	for (size_t i = 0; i < c->t->n; i++)
		stored[i] = (l.state[i] & ST_STORED) != 0;
	l.names = pyc_names(c->t, stored, a);
	if (l.names == NULL)
		return GH_E_LIMIT;
	enum gh_rc reached = pyc_reach(&l, a);
	if (l.reach == NULL)
		return GH_E_LIMIT;
	names(&l);
	rest(&l);
	company(&l);
	return pyc_names_full(l.names) || reached != GH_OK ? GH_E_LIMIT : GH_OK;
}
