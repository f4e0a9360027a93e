/* pyparse.c - statements and blocks. */
#include "wire/pyident.h"
#include "wire/pyparse_int.h"

static const char *const keywords[] = {
	"and",	"as",	  "assert", "async",  "await",	"break",   "class",    "continue", "def",
	"del",	"elif",	  "else",   "except", "False",	"finally", "for",      "from",	   "global",
	"if",	"import", "in",	    "is",     "lambda", "None",	   "nonlocal", "not",	   "or",
	"pass", "raise",  "return", "True",   "try",	"while",   "with",     "yield",
};

bool pyp_keyword(struct gh_span s)
{
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (gh_span_is(s, keywords[i]))
			return true;
	return false;
}

void pyp_next(struct pyp *p)
{
	p->last = p->tok;
	(void)gh_pylex_next(&p->lx, &p->tok);
}

uint32_t pyp_add(struct pyp *p, enum gh_pyn_kind kind, uint32_t off)
{
	struct gh_pytree *t = p->t;
	struct gh_pyn *n = t->n >= GH_PY_NODES_MAX ? NULL : gh_grow(t->arena, t->node, &t->cap, t->n + 1, sizeof *n);
	if (n == NULL) {
		t->full = true;
		return 0;
	}
	t->node = n;
	n[t->n] = (struct gh_pyn){
		.kind = (uint8_t)kind, .off = off, .end = off, .a = GH_PYN_NIL, .b = GH_PYN_NIL, .scope = p->scope
	};
	return (uint32_t)t->n++;
}

void pyp_kid(struct pyp *p, uint32_t of, uint32_t kid)
{
	struct gh_pytree *t = p->t;
	uint32_t *k = gh_grow(t->arena, t->kid, &t->capkid, t->nkid + 1, sizeof *k);
	struct gh_pyn *n = pyp_node(p, of);
	if (k == NULL || of == 0) {
		t->full = true;
		return;
	}
	t->kid = k;
	if (n->nkids == 0)
		n->kids = (uint32_t)t->nkid;
	k[t->nkid++] = kid;
	n->nkids++;
}

uint32_t pyp_scope(struct pyp *p, enum gh_pys_kind kind, struct gh_span name)
{
	struct gh_pytree *t = p->t;
	struct gh_pyscope *s = gh_grow(t->arena, t->scope, &t->capscope, t->nscope + 1, sizeof *s);
	if (s == NULL) {
		t->full = true;
		return 0;
	}
	t->scope = s;
	s[t->nscope] = (struct gh_pyscope){ .kind = (uint8_t)kind, .up = p->scope, .name = name };
	return (uint32_t)t->nscope++;
}

struct gh_span pyp_text(struct pyp *p, const struct gh_pytok *tok)
{
	struct gh_span s = gh_span_cut(p->t->s, tok->off, tok->len);
	if ((tok->flags & GH_PYT_WIDE) == 0)
		return s;
	char *out = gh_alloc(p->t->arena, s.n, 4);
	if (out == NULL) {
		p->t->full = true;
		return s;
	}
	struct gh_span folded = { (const uint8_t *)out, gh_py_ident(s, out) };
	bool letters = folded.n > 200; /* x₁ is a name of mathematics; ｏｓ is a disguise */
	for (size_t i = 0; i < folded.n && !letters && !gh_span_eq(s, folded); i++)
		letters = letters ||
			  (folded.p[i] < 0x80 && folded.p[i] >= 'A' && memchr(s.p, folded.p[i], s.n) == NULL);
	if (letters && p->t->disguised++ == 0)
		p->t->disguised_at = tok->off;
	return folded;
}

bool pyp_word(const struct pyp *p, const struct gh_pytok *t, const char *word)
{
	return t->kind == GH_PYT_NAME && gh_span_is(gh_span_cut(p->t->s, t->off, t->len), word);
}
static bool is(const struct pyp *p, const char *word) { return pyp_word(p, &p->tok, word); }
bool pyp_op(const struct pyp *p, uint8_t op) { return p->tok.kind == GH_PYT_OP && p->tok.op == op; }

void pyp_error(struct pyp *p, const char *why)
{
	if (p->t->errors++ == 0) {
		p->t->error_at = p->tok.off;
		p->t->why = p->tok.kind == GH_PYT_ERROR ? p->tok.why : why;
	}
	uint32_t n = pyp_add(p, GH_PYN_ERROR, p->tok.off);
	pyp_node(p, n)->scope = p->scope;
	while (p->tok.kind != GH_PYT_NEWLINE && p->tok.kind != GH_PYT_ERROR && p->tok.kind != GH_PYT_END &&
	       p->tok.kind != GH_PYT_INDENT && p->tok.kind != GH_PYT_DEDENT)
		pyp_next(p);
	if (p->tok.kind == GH_PYT_ERROR)
		pyp_next(p);
}

/* ---- blocks --------------------------------------------------------------------------------------------------------- */
static void open_block(struct pyp *p, uint8_t kind, uint32_t node, uint32_t scope)
{
	struct pyp_block b = { .kind = kind, .scope = scope, .node = node };
	if (kind == GH_PYN_DEF || kind == GH_PYN_CLASS) {
		uint32_t list = pyp_add(p, GH_PYN_NOP, 0);
		for (unsigned i = 0; i < p->ndeco; i++)
			pyp_kid(p, list, p->deco[i]);
		b.deco = list;
		b.ndeco = p->ndeco;
		p->ndeco = 0;
		/* The body begins behind this. */
		p->t->scope[scope].begin = p->t->scope[scope].end = list;
		p->scope = scope;
	}
	if (p->nblock == PYP_BLOCKS) {
		pyp_error(p, "blocks nested too deeply");
		return;
	}
	if (!pyp_op(p, ':')) {
		p->block[p->nblock++] = b;
		p->block[p->nblock - 1].joined = true;
		pyp_error(p, "a ':' is missing");
		return;
	}
	pyp_next(p);
	b.joined = p->tok.kind != GH_PYT_NEWLINE;
	p->block[p->nblock++] = b;
	if (b.joined)
		return;
	pyp_next(p);
	if (p->tok.kind == GH_PYT_INDENT)
		pyp_next(p);
	else
		p->block[p->nblock - 1].joined = true; /* an empty block ends at once */
}

static void close_block(struct pyp *p)
{
	if (p->nblock == 0)
		return;
	struct pyp_block b = p->block[--p->nblock];
	if (b.kind == GH_PYN_DEF || b.kind == GH_PYN_CLASS) {
		uint32_t n = pyp_add(p, GH_PYN_END, p->tok.off);
		pyp_node(p, n)->scope = b.scope;
		p->t->scope[b.scope].end = n;
		p->scope = p->t->scope[b.scope].up;
		for (unsigned i = b.ndeco; i > 0; i--) {
			const struct gh_pyn *list = pyp_node(p, b.deco);
			uint32_t deco = list->nkids >= i ? p->t->kid[list->kids + i - 1] : GH_PYN_NIL;
			uint32_t d = pyp_add(p, GH_PYN_DECORATE, pyp_node(p, deco)->off);
			pyp_node(p, d)->a = deco;
			pyp_node(p, d)->b = b.node;
			pyp_node(p, d)->scope = b.scope;
		}
	} else if (b.kind == GH_PYN_FOR || b.kind == GH_PYN_MAIN) {
		uint32_t n = pyp_add(p, b.kind == GH_PYN_FOR ? GH_PYN_LOOP_END : GH_PYN_MAIN_END, p->tok.off);
		pyp_node(p, n)->lo = b.node;
		pyp_node(p, b.node)->hi = n;
	}
}

static void close_joined(struct pyp *p)
{
	while (p->nblock != 0 && p->block[p->nblock - 1].joined)
		close_block(p);
}

/* ---- simple statements ------------------------------------------------------------------------------------------------ */
/* a.b.c, with leading dots when `relative`. As one text: blanks around the dots are folded away. */
static struct gh_span dotted(struct pyp *p, bool relative)
{
	char buf[400];
	size_t n = 0;
	for (;;) {
		if (relative && p->tok.kind == GH_PYT_OP && (p->tok.op == '.' || p->tok.op == GH_PYO_ELLIPSIS)) {
			for (unsigned k = p->tok.op == '.' ? 1 : 3; k > 0 && n < sizeof buf; k--)
				buf[n++] = '.';
			pyp_next(p);
			continue;
		}
		if (p->tok.kind != GH_PYT_NAME || is(p, "import"))
			break;
		relative = false;
		struct gh_span s = pyp_text(p, &p->tok);
		if (s.n > sizeof buf - n)
			s.n = sizeof buf - n;
		memcpy(buf + n, s.p, s.n);
		n += s.n;
		pyp_next(p);
		if (!pyp_op(p, '.') || n == sizeof buf)
			break;
		buf[n++] = '.';
		pyp_next(p);
	}
	struct gh_span out = gh_keep(p->t->arena, (struct gh_span){ (const uint8_t *)buf, n });
	if (out.p == NULL)
		p->t->full = true;
	return out.p == NULL ? (struct gh_span){ 0 } : out;
}

static struct gh_span alias(struct pyp *p)
{
	struct gh_span s = { 0 };
	if (!is(p, "as"))
		return s;
	pyp_next(p);
	if (p->tok.kind == GH_PYT_NAME) {
		s = pyp_text(p, &p->tok);
		pyp_next(p);
	}
	return s;
}

static bool import_names(struct pyp *p, uint32_t from, bool dots)
{
	bool paren = from != 0 && pyp_op(p, '(');
	if (paren)
		pyp_next(p);
	for (;;) {
		uint32_t off = p->tok.off;
		struct gh_span name = dots ? dotted(p, false) : (struct gh_span){ 0 };
		if (!dots && pyp_op(p, '*')) {
			name = GH_SPAN("*");
			pyp_next(p);
		} else if (!dots && p->tok.kind == GH_PYT_NAME) {
			name = pyp_text(p, &p->tok);
			pyp_next(p);
		}
		if (name.n == 0)
			return paren && pyp_op(p, ')') ? (pyp_next(p), true) : false;
		struct gh_span as = alias(p);
		uint32_t n = pyp_add(p, from != 0 ? GH_PYN_NOP : GH_PYN_IMPORT, off);
		pyp_node(p, n)->text = name;
		pyp_node(p, n)->as = as;
		pyp_node(p, n)->end = p->last.off + p->last.len;
		if (from != 0)
			pyp_kid(p, from, n);
		if (pyp_op(p, ',')) {
			pyp_next(p);
			continue;
		}
		if (paren && pyp_op(p, ')'))
			pyp_next(p);
		return true;
	}
}

static bool from_import(struct pyp *p)
{
	uint32_t off = p->tok.off;
	pyp_next(p);
	struct gh_span module = dotted(p, true);
	if (!is(p, "import") || module.n == 0)
		return false;
	pyp_next(p);
	uint32_t list = pyp_add(p, GH_PYN_NOP, off);
	bool ok = import_names(p, list, false);
	uint32_t n = pyp_add(p, GH_PYN_FROM, off);
	pyp_node(p, n)->text = module;
	pyp_node(p, n)->kids = pyp_node(p, list)->kids;
	pyp_node(p, n)->nkids = pyp_node(p, list)->nkids;
	pyp_node(p, n)->end = p->last.off + p->last.len;
	return ok;
}

static bool names(struct pyp *p, uint8_t op)
{
	do {
		pyp_next(p);
		if (p->tok.kind != GH_PYT_NAME)
			return false;
		uint32_t n = pyp_add(p, GH_PYN_GLOBAL, p->tok.off);
		pyp_node(p, n)->text = pyp_text(p, &p->tok);
		pyp_node(p, n)->op = op;
		pyp_next(p);
	} while (pyp_op(p, ','));
	return true;
}

static uint32_t stated(struct pyp *p, enum gh_pyn_kind kind, uint32_t off, uint32_t a, uint32_t b)
{
	uint32_t n = pyp_add(p, kind, off);
	struct gh_pyn *s = pyp_node(p, n);
	s->a = a;
	s->b = b;
	s->flags = GH_PYN_STATED;
	s->end = p->last.off + p->last.len;
	return n;
}

enum { CHAIN = 32, AHEAD = 300 };

static bool assignment(struct pyp *p, uint32_t off, uint32_t first)
{
	uint32_t v[CHAIN] = { first };
	unsigned n = 1;
	bool ok = true;
	while (ok && pyp_op(p, '=') && n < CHAIN) {
		pyp_next(p);
		v[n] = pyp_expr(p, PYP_TOP, &ok);
		ok = ok && v[n++] != GH_PYN_NIL;
	}
	for (unsigned i = 0; i + 1 < n; i++)
		(void)stated(p, GH_PYN_ASSIGN, off, v[i], v[n - 1]);
	return ok && n < CHAIN;
}

static bool expression(struct pyp *p)
{
	uint32_t off = p->tok.off;
	bool ok;
	uint32_t e = pyp_expr(p, PYP_TOP, &ok);
	if (!ok || e == GH_PYN_NIL)
		return false;
	if (pyp_op(p, ':')) { /* annotation */
		pyp_next(p);
		(void)pyp_expr(p, PYP_TOP, &ok);
		if (!pyp_op(p, '='))
			return ok;
	}
	if (pyp_op(p, '='))
		return ok && assignment(p, off, e);
	if (pyp_op(p, GH_PYO_AUG)) {
		struct gh_span o = gh_span_cut(p->t->s, p->tok.body, p->tok.nbody);
		uint8_t op = o.n == 1	     ? o.p[0]
			     : o.p[0] == '*' ? GH_PYO_POW
			     : o.p[0] == '/' ? GH_PYO_FLOORDIV
			     : o.p[0] == '<' ? GH_PYO_SHL
					     : GH_PYO_SHR;
		pyp_next(p);
		uint32_t v = pyp_expr(p, PYP_TOP, &ok);
		pyp_node(p, stated(p, GH_PYN_AUG, off, e, v))->op = op;
		return ok;
	}
	(void)stated(p, GH_PYN_EXPR, off, e, GH_PYN_NIL);
	return ok;
}

/* Python 2: `print x, y` and `exec code in names`. */
static bool old_statement(struct pyp *p)
{
	if (!is(p, "print") && !is(p, "exec"))
		return false;
	struct gh_pylex ahead = p->lx;
	struct gh_pytok t;
	(void)gh_pylex_next(&ahead, &t);
	bool word = t.kind == GH_PYT_NAME && !pyp_word(p, &t, "in") && !pyp_word(p, &t, "is") &&
		    !pyp_word(p, &t, "if") && !pyp_word(p, &t, "and") && !pyp_word(p, &t, "or") &&
		    !pyp_word(p, &t, "as") && !pyp_word(p, &t, "for") && !pyp_word(p, &t, "not");
	return word || t.kind == GH_PYT_STRING || t.kind == GH_PYT_NUMBER || t.kind == GH_PYT_FSTART;
}

static bool old_call(struct pyp *p)
{
	bool ok;
	uint32_t off = p->tok.off, callee = pyp_add(p, GH_PYN_NAME, off);
	pyp_node(p, callee)->text = pyp_text(p, &p->tok);
	pyp_next(p);
	uint32_t arg = pyp_expr(p, PYP_TOP, &ok);
	const struct gh_pyn *a = pyp_node(p, arg);
	if (a->kind == GH_PYN_COMPARE && a->op == 'i' && arg != GH_PYN_NIL)
		arg = a->a;
	uint32_t call = pyp_add(p, GH_PYN_CALL, off);
	pyp_node(p, call)->a = callee;
	pyp_node(p, call)->end = p->last.off + p->last.len;
	if (arg != GH_PYN_NIL)
		pyp_kid(p, call, arg);
	(void)stated(p, GH_PYN_EXPR, off, call, GH_PYN_NIL);
	return ok;
}

static bool simple(struct pyp *p)
{
	uint32_t off = p->tok.off, e;
	bool ok = true;
	if (is(p, "import")) {
		pyp_next(p);
		return import_names(p, 0, true);
	}
	if (is(p, "from"))
		return from_import(p);
	if (is(p, "global") || is(p, "nonlocal"))
		return names(p, is(p, "global") ? 'g' : 'n');
	if (is(p, "pass") || is(p, "break") || is(p, "continue")) {
		pyp_next(p);
		return true;
	}
	if (is(p, "return") || is(p, "del") || is(p, "raise") || is(p, "assert")) {
		enum gh_pyn_kind kind = is(p, "return") ? GH_PYN_RETURN : is(p, "del") ? GH_PYN_DEL : GH_PYN_EXPR;
		pyp_next(p);
		e = pyp_expr(p, PYP_TOP, &ok);
		(void)stated(p, kind, off, e, GH_PYN_NIL);
		if (is(p, "from")) {
			pyp_next(p);
			(void)pyp_expr(p, PYP_TOP, &ok);
		}
		return ok;
	}
	return old_statement(p) ? old_call(p) : expression(p);
}

/* ---- compound statements ------------------------------------------------------------------------------------------------ */
static void function(struct pyp *p, bool async)
{
	uint32_t off = p->tok.off;
	bool ok = true;
	pyp_next(p);
	if (p->tok.kind != GH_PYT_NAME) {
		pyp_error(p, "a function without a name");
		return;
	}
	struct gh_span name = pyp_text(p, &p->tok);
	pyp_next(p);
	if (pyp_op(p, '[')) { /* type parameters */
		struct gh_pytok skip;
		for (unsigned depth = 0;;) {
			skip = p->tok;
			depth += skip.kind == GH_PYT_OP && skip.op == '[';
			depth -= skip.kind == GH_PYT_OP && skip.op == ']';
			if (skip.kind == GH_PYT_END || skip.kind == GH_PYT_NEWLINE || skip.kind == GH_PYT_ERROR)
				break;
			pyp_next(p);
			if (depth == 0)
				break;
		}
	}
	uint32_t list = GH_PYN_NIL;
	if (pyp_op(p, '(')) {
		pyp_next(p);
		list = pyp_expr(p, PYP_DEF, &ok);
	}
	if (!ok || list == GH_PYN_NIL) {
		pyp_error(p, "parameters of a function");
		return;
	}
	if (pyp_op(p, GH_PYO_ARROW)) {
		pyp_next(p);
		(void)pyp_expr(p, PYP_TOP, &ok);
	}
	uint32_t params = pyp_add(p, GH_PYN_NOP, off), scope = pyp_scope(p, GH_PYS_DEF, name);
	struct gh_pyn was = *pyp_node(p, list);
	pyp_params(p, &was, params);
	p->t->scope[scope].async = async;
	uint32_t n = pyp_add(p, GH_PYN_DEF, off);
	struct gh_pyn *d = pyp_node(p, n);
	d->text = name;
	d->scope = scope;
	d->kids = pyp_node(p, params)->kids;
	d->nkids = pyp_node(p, params)->nkids;
	d->end = p->last.off + p->last.len;
	open_block(p, GH_PYN_DEF, n, scope);
}

static void class(struct pyp *p)
{
	uint32_t off = p->tok.off, list = GH_PYN_NIL;
	bool ok = true;
	pyp_next(p);
	if (p->tok.kind != GH_PYT_NAME) {
		pyp_error(p, "a class without a name");
		return;
	}
	struct gh_span name = pyp_text(p, &p->tok);
	pyp_next(p);
	if (pyp_op(p, '[')) {
		(void)0;
		while (!pyp_op(p, '(') && !pyp_op(p, ':') && p->tok.kind != GH_PYT_NEWLINE &&
		       p->tok.kind != GH_PYT_END && p->tok.kind != GH_PYT_ERROR)
			pyp_next(p);
	}
	if (pyp_op(p, '(')) {
		pyp_next(p);
		list = pyp_expr(p, PYP_ARGS, &ok);
	}
	if (!ok) {
		pyp_error(p, "bases of a class");
		return;
	}
	uint32_t scope = pyp_scope(p, GH_PYS_CLASS, name), n = pyp_add(p, GH_PYN_CLASS, off);
	struct gh_pyn *c = pyp_node(p, n);
	c->text = name;
	c->scope = scope;
	c->kids = list == GH_PYN_NIL ? 0 : pyp_node(p, list)->kids;
	c->nkids = list == GH_PYN_NIL ? 0 : pyp_node(p, list)->nkids;
	c->end = p->last.off + p->last.len;
	open_block(p, GH_PYN_CLASS, n, scope);
}

static bool main_guard(struct pyp *p, uint32_t cond)
{
	const struct gh_pyn *c = pyp_node(p, cond);
	if (cond != GH_PYN_NIL && c->kind == GH_PYN_BOOL && c->op == '&') { /* `… and __name__ == "__main__"` */
		cond = pyp_node(p, c->b)->kind == GH_PYN_COMPARE ? c->b : c->a;
		c = pyp_node(p, cond);
	}
	if (cond == GH_PYN_NIL || c->kind != GH_PYN_COMPARE || c->op != GH_PYO_EQ)
		return false;
	const struct gh_pyn *a = pyp_node(p, c->a), *b = pyp_node(p, c->b);
	return a->kind == GH_PYN_NAME && gh_span_is(a->text, "__name__") && b->kind == GH_PYN_STR &&
	       gh_span_is(b->text, "__main__");
}

static void conditional(struct pyp *p)
{
	uint32_t off = p->tok.off, n = GH_PYN_NIL;
	bool ok, guard = is(p, "if");
	pyp_next(p);
	uint32_t cond = pyp_expr(p, PYP_TOP, &ok);
	if (!ok) {
		pyp_error(p, "a condition");
		return;
	}
	guard = guard && main_guard(p, cond);
	if (guard)
		n = pyp_add(p, GH_PYN_MAIN, off);
	open_block(p, guard ? GH_PYN_MAIN : 0, n, 0);
}

static void loop(struct pyp *p)
{
	uint32_t off = p->tok.off;
	bool ok, ok2 = true;
	pyp_next(p);
	uint32_t target = pyp_expr(p, PYP_FOR, &ok), iter = ok ? pyp_expr(p, PYP_TOP, &ok2) : GH_PYN_NIL;
	if (!ok || !ok2) {
		pyp_error(p, "a loop");
		return;
	}
	uint32_t n = pyp_add(p, GH_PYN_FOR, off);
	pyp_node(p, n)->a = target;
	pyp_node(p, n)->b = iter;
	open_block(p, GH_PYN_FOR, n, 0);
}

/* Headers that are a word and an expression, or the word alone. */
static bool header(struct pyp *p)
{
	static const char *const words[] = { "with", "except", "try", "finally", "else" };
	bool known = false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		known = known || is(p, words[i]);
	if (!known)
		return false;
	bool group = is(p, "except"), ok = true;
	pyp_next(p);
	if (group && pyp_op(p, '*'))
		pyp_next(p);
	if (!pyp_op(p, ':')) {
		uint32_t e = pyp_expr(p, PYP_TOP, &ok);
		if (e != GH_PYN_NIL)
			(void)stated(p, GH_PYN_EXPR, p->last.off, e, GH_PYN_NIL);
	}
	if (!ok)
		pyp_error(p, "the head of a block");
	else
		open_block(p, 0, GH_PYN_NIL, 0);
	return true;
}

/* `match x:`, `case y:`, `type X = y`: words with a meaning only where nothing else could be meant. */
static bool soft(struct pyp *p)
{
	bool match = is(p, "match") || is(p, "case"), type = is(p, "type");
	if (!match && !type)
		return false;
	struct gh_pylex ahead = p->lx;
	struct gh_pytok t, last = { 0 };
	(void)gh_pylex_next(&ahead, &t);
	if (type)
		match = t.kind == GH_PYT_NAME && !pyp_keyword(gh_span_cut(p->t->s, t.off, t.len));
	if (t.kind == GH_PYT_NEWLINE || t.kind == GH_PYT_END ||
	    (t.kind == GH_PYT_OP && memchr("=.,):", t.op, 5) != NULL && t.op != 0))
		return false;
	for (unsigned k = 0;
	     !type && k < AHEAD && t.kind != GH_PYT_NEWLINE && t.kind != GH_PYT_END && t.kind != GH_PYT_ERROR; k++) {
		last = t;
		(void)gh_pylex_next(&ahead, &t);
	}
	if (!type && !(last.kind == GH_PYT_OP && last.op == ':')) {
		/* `case x: y`, on one line, only among the cases of a match */
		if (!is(p, "case") || p->tok.off + 5 > p->t->s.n || p->t->s.p[p->tok.off + 4] != ' ')
			return false;
	}
	if (!match)
		return false;
	bool subject = is(p, "match");
	pyp_next(p);
	if (type)
		return false; /* the rest reads as an assignment */
	bool ok;
	size_t from = p->t->n;
	uint32_t e = pyp_expr(p, PYP_TOP, &ok);
	if (subject && e < p->t->n)
		p->t->node[e].flags |= GH_PYN_SUBJECT;
	for (size_t i = from; !subject && i < p->t->n; i++)
		p->t->node[i].flags |= GH_PYN_PATTERN;
	if (ok && is(p, "if")) {
		pyp_next(p);
		(void)pyp_expr(p, PYP_TOP, &ok);
	}
	if (!ok)
		pyp_error(p, "a pattern");
	else
		open_block(p, 0, GH_PYN_NIL, 0);
	return true;
}

static void decorator(struct pyp *p)
{
	bool ok;
	pyp_next(p);
	uint32_t e = pyp_expr(p, PYP_TOP, &ok);
	if (!ok || e == GH_PYN_NIL) {
		pyp_error(p, "a decorator");
		return;
	}
	if (p->ndeco < PYP_DECOS)
		p->deco[p->ndeco++] = e;
	else
		pyp_error(p, "too many decorators");
	if (p->tok.kind == GH_PYT_NEWLINE)
		pyp_next(p);
}

static void statement(struct pyp *p)
{
	p->t->statements++;
	if (pyp_op(p, '@')) {
		decorator(p);
		return;
	}
	bool async = is(p, "async");
	if (async)
		pyp_next(p);
	if (is(p, "def")) {
		function(p, async);
		return;
	}
	if (is(p, "class")) {
		class(p);
		return;
	}
	if (is(p, "if") || is(p, "elif") || is(p, "while")) {
		conditional(p);
		return;
	}
	if (is(p, "for")) {
		loop(p);
		return;
	}
	if (header(p) || soft(p))
		return;
	bool ok = simple(p);
	if (ok && pyp_op(p, ';'))
		pyp_next(p);
	else if (!ok || (p->tok.kind != GH_PYT_NEWLINE && p->tok.kind != GH_PYT_END))
		pyp_error(p, "not a statement of Python");
}

enum gh_rc gh_py_tree(struct gh_pytree *t, struct gh_span s, bool ipython, struct gh_arena *a)
{
	*t = (struct gh_pytree){ .s = s, .arena = a };
	struct pyp *p = GH_NEW(a, struct pyp, 1);
	if (p == NULL || s.n > GH_PY_SOURCE_MAX) {
		t->full = true;
		return GH_E_LIMIT;
	}
	p->t = t;
	p->lx = gh_pylex(s);
	p->lx.ipython = ipython;
	/* About as many nodes as there will be: growing leaves the old ones behind. */
	t->node = gh_grow(a, NULL, &t->cap, s.n / 4 + 64, sizeof *t->node);
	(void)pyp_add(p, GH_PYN_NOP, 0);
	(void)pyp_scope(p, GH_PYS_MODULE, (struct gh_span){ 0 });
	pyp_next(p);
	while (!t->full && p->tok.kind != GH_PYT_END) {
		switch (p->tok.kind) {
		case GH_PYT_NEWLINE:
			pyp_next(p);
			close_joined(p);
			break;
		case GH_PYT_INDENT: /* where none belongs: an anonymous block keeps the count */
			p->t->errors += p->nblock == 0 && !ipython;
			if (p->nblock < PYP_BLOCKS)
				p->block[p->nblock++] = (struct pyp_block){ 0 };
			pyp_next(p);
			break;
		case GH_PYT_DEDENT:
			close_joined(p);
			close_block(p);
			pyp_next(p);
			break;
		case GH_PYT_ERROR: pyp_error(p, p->tok.why); break;
		case GH_PYT_SHELL: {
			uint32_t n = pyp_add(p, GH_PYN_SHELL, p->tok.off);
			pyp_node(p, n)->text = gh_span_cut(s, p->tok.body, p->tok.nbody);
			pyp_node(p, n)->flags = (p->tok.flags & GH_PYT_MAGIC) != 0 ? GH_PYN_MAGIC : 0;
			pyp_node(p, n)->end = p->tok.off + p->tok.len;
			pyp_next(p);
			break;
		}
		default: statement(p); break;
		}
	}
	while (p->nblock != 0)
		close_block(p);
	t->scope[0].end = (uint32_t)t->n;
	return t->full ? GH_E_LIMIT : GH_OK;
}
