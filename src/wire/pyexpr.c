/* pyexpr.c - expressions by operator precedence, with a stack on the heap. */
#include "wire/pyident.h"
#include "wire/pyparse_int.h"

enum {
	P_LOW = 1,
	P_LAMBDA,
	P_COND,
	P_OR,
	P_AND,
	P_NOT,
	P_COMPARE,
	P_BOR,
	P_XOR,
	P_BAND,
	P_SHIFT,
	P_ADD,
	P_MUL,
	P_UNARY,
	P_POW,
	P_AWAIT,
	P_JOIN
};
enum state { WANT, HAVE, PIECES, STOP, BAD };

static bool bracket(const struct pyp_ent *e) { return e->what <= PYP_FOR; }
static struct pyp_ent *top(struct pyp *p) { return &p->ent[p->nent - 1]; }

static struct pyp_ent *nearest(struct pyp *p) { return &p->ent[top(p)->bracket]; }

static bool push(struct pyp *p, enum pyp_what what, uint8_t op, uint8_t prec)
{
	struct pyp_ent *e = p->nent >= PYP_PENDING_MAX
				    ? NULL
				    : gh_grow(p->t->arena, p->ent, &p->capent, p->nent + 1, sizeof *e);
	if (e == NULL) {
		p->t->full = true;
		return false;
	}
	p->ent = e;
	bool self = what <= PYP_FOR || p->nent == 0;
	p->ent[p->nent] = (struct pyp_ent){ .what = (uint8_t)what,
					    .op = op,
					    .prec = prec,
					    .base = (uint32_t)p->nopnd,
					    .item = (uint32_t)p->nopnd,
					    .start = (uint32_t)p->t->n,
					    .first_for = GH_PYN_NIL,
					    .bracket = self ? (uint32_t)p->nent : p->ent[p->nent - 1].bracket,
					    .off = p->tok.off };
	p->nent++;
	return true;
}

static void operand(struct pyp *p, uint32_t node, uint32_t start)
{
	struct pyp_opnd *o = gh_grow(p->t->arena, p->opnd, &p->capopnd, p->nopnd + 1, sizeof *o);
	if (o == NULL) {
		p->t->full = true;
		return;
	}
	p->opnd = o;
	p->opnd[p->nopnd++] = (struct pyp_opnd){ node, start };
}

/* The topmost operand of the nearest bracket; NIL if it has none. */
static struct pyp_opnd pop(struct pyp *p)
{
	if (p->nopnd <= nearest(p)->base)
		return (struct pyp_opnd){ GH_PYN_NIL, (uint32_t)p->t->n };
	return p->opnd[--p->nopnd];
}

static uint32_t leaf(struct pyp *p, enum gh_pyn_kind kind)
{
	uint32_t i = pyp_add(p, kind, p->tok.off);
	pyp_node(p, i)->end = p->tok.off + p->tok.len;
	operand(p, i, i);
	return i;
}

/* ---- reducing ------------------------------------------------------------------------------------------------------- */
static const uint8_t prefix_kind[] = {
	[PYP_UNARY] = GH_PYN_UNARY, [PYP_LAMBDA] = GH_PYN_LAMBDA, [PYP_KW] = GH_PYN_KWARG,
	[PYP_STAR] = GH_PYN_STAR,   [PYP_DSTAR] = GH_PYN_DSTAR,	  [PYP_WALRUS] = GH_PYN_WALRUS,
	[PYP_YIELD] = GH_PYN_YIELD, [PYP_AWAIT] = GH_PYN_AWAIT,
};

static void reduce(struct pyp *p)
{
	struct pyp_ent e = *top(p);
	struct pyp_opnd c = { 0 }, b = pop(p), a = b;
	uint32_t n;
	p->nent--;
	switch (e.what) {
	case PYP_BIN:
		a = pop(p);
		n = pyp_add(p,
			    e.prec == P_OR || e.prec == P_AND ? GH_PYN_BOOL
			    : e.prec == P_COMPARE	      ? GH_PYN_COMPARE
							      : GH_PYN_BIN,
			    e.off);
		pyp_node(p, n)->b = b.node;
		break;
	case PYP_AS:
		a = pop(p);
		n = pyp_add(p, GH_PYN_AS, e.off);
		pyp_node(p, n)->b = b.node;
		break;
	case PYP_IF: /* without else: a comprehension's condition is no ternary */
	case PYP_ELSE:
		c = pop(p);
		a = e.what == PYP_ELSE ? pop(p) : c;
		n = pyp_add(p, GH_PYN_COND, e.off);
		pyp_node(p, n)->b = b.node;
		pyp_kid(p, n, c.node);
		break;
	case PYP_ANN: /* evaluated, then dropped */
		p->opnd[p->nopnd++] = a;
		if (p->nopnd - nearest(p)->base > 1)
			p->nopnd--;
		return;
	default:
		n = pyp_add(p, (enum gh_pyn_kind)prefix_kind[e.what], e.off);
		pyp_node(p, n)->text = e.text;
		pyp_node(p, n)->scope = e.scope;
		a.start = e.start < a.start ? e.start : a.start;
		if (e.what == PYP_LAMBDA) {
			p->t->scope[e.scope].end = n;
			p->scope = p->t->scope[e.scope].up;
		}
		break;
	}
	pyp_node(p, n)->op = e.op;
	pyp_node(p, n)->a = a.node;
	operand(p, n, a.start);
}

static void reduce_to_bracket(struct pyp *p)
{
	while (!bracket(top(p)))
		reduce(p);
}

static void reduce_for(struct pyp *p, unsigned prec, bool right)
{
	while (!bracket(top(p)) && (top(p)->prec > prec || (top(p)->prec == prec && !right)))
		reduce(p);
}

/* ---- brackets ------------------------------------------------------------------------------------------------------- */
/* The operands of the innermost bracket become the kids of n. */
static void adopt(struct pyp *p, uint32_t n, uint32_t base)
{
	for (size_t i = base; i < p->nopnd; i++)
		pyp_kid(p, n, p->opnd[i].node);
	p->nopnd = base;
}

static void end_slice(struct pyp *p, struct pyp_ent *e)
{
	if (e->colons == 0)
		return;
	if (p->nopnd < (size_t)e->item + e->colons + 1u)
		operand(p, GH_PYN_NIL, (uint32_t)p->t->n);
	uint32_t n = pyp_add(p, GH_PYN_SLICE, e->off);
	adopt(p, n, e->item);
	operand(p, n, e->start);
	e->colons = 0;
}

static void end_clause(struct pyp *p, struct pyp_ent *e)
{
	struct pyp_opnd b = pop(p);
	if (e->pend == 1) {
		struct pyp_opnd a = pop(p);
		uint32_t n = pyp_add(p, GH_PYN_COMP_FOR, e->off);
		pyp_node(p, n)->a = a.node;
		pyp_node(p, n)->b = b.node;
		if (e->first_for == GH_PYN_NIL)
			e->first_for = n;
	}
	e->pend = 0;
}

static void comprehension(struct pyp *p, struct pyp_ent *e, uint8_t op)
{
	if (e->pend != 0)
		end_clause(p, e);
	struct pyp_opnd b = e->dict ? pop(p) : (struct pyp_opnd){ GH_PYN_NIL, 0 }, a = pop(p);
	uint32_t n = pyp_add(p, GH_PYN_COMP, e->off);
	struct gh_pyn *c = pyp_node(p, n);
	c->op = op;
	c->a = a.node;
	c->b = b.node;
	c->lo = e->lo;
	c->hi = e->hi;
	pyp_kid(p, n, e->first_for);
	e->comp = false;
	operand(p, n, e->start);
}

static const uint8_t closers[] = { [PYP_ARGS] = ')', [PYP_DEF] = ')',	[PYP_PAREN] = ')',  [PYP_CALL] = ')',
				   [PYP_LIST] = ']', [PYP_BRACE] = '}', [PYP_SUBSCR] = ']', [PYP_FIELD] = '}' };

static void make(struct pyp *p, enum gh_pyn_kind kind, const struct pyp_ent *e)
{
	if (e->rest) {
		uint32_t more = pyp_add(p, GH_PYN_REST, e->off);
		if (e->dict)
			operand(p, GH_PYN_NIL, more);
		operand(p, more, more);
	}
	uint32_t n = pyp_add(p, kind, e->off);
	adopt(p, n, e->base);
	pyp_node(p, n)->end = p->tok.off + p->tok.len;
	operand(p, n, e->start);
}

/* A bracket that follows an operand: the call or subscription of what stands before it. */
static void postfix(struct pyp *p, const struct pyp_ent *e)
{
	if (e->what == PYP_SUBSCR && (p->nopnd - e->base != 1 || e->comma))
		make(p, GH_PYN_TUPLE, e);
	uint32_t n = pyp_add(p, e->what == PYP_CALL ? GH_PYN_CALL : GH_PYN_SUBSCR, e->off);
	struct gh_pyn *c = pyp_node(p, n);
	c->end = p->tok.off + p->tok.len;
	if (e->what == PYP_CALL)
		adopt(p, n, e->base);
	else
		pyp_node(p, n)->b = p->opnd[--p->nopnd].node;
	struct pyp_opnd a = p->opnd[--p->nopnd];
	pyp_node(p, n)->a = a.node;
	pyp_node(p, n)->off = pyp_node(p, a.node)->off;
	operand(p, n, a.start);
}

static enum state after_bracket(struct pyp *p)
{
	if (p->nent == 0)
		return STOP;
	bool text = top(p)->what == PYP_FSTR || (top(p)->what == PYP_FIELD && top(p)->spec);
	return text ? PIECES : HAVE;
}

static enum state close(struct pyp *p, uint8_t c)
{
	reduce_to_bracket(p);
	struct pyp_ent *e = top(p);
	if (e->what >= sizeof closers || closers[e->what] != c)
		return e->what == PYP_TOP ? STOP : BAD;
	end_slice(p, e);
	if (e->comp)
		comprehension(p, e, e->what == PYP_LIST ? '[' : e->what == PYP_BRACE ? (e->dict ? ':' : '{') : '(');
	struct pyp_ent was = *e;
	bool comp = p->nopnd - was.base == 1 && pyp_node(p, p->opnd[p->nopnd - 1].node)->kind == GH_PYN_COMP &&
		    was.first_for != GH_PYN_NIL;
	p->nent--;
	switch (was.what) {
	case PYP_CALL:
	case PYP_SUBSCR: postfix(p, &was); break;
	case PYP_FIELD: /* the value; what formats it is dropped */
		if (p->nopnd == was.base)
			return BAD;
		p->nopnd = was.base + 1;
		break;
	case PYP_PAREN:
		if (p->nopnd - was.base == 1 && !was.comma)
			p->opnd[p->nopnd - 1].start = was.start;
		else
			make(p, GH_PYN_TUPLE, &was);
		break;
	case PYP_LIST:
		if (!comp)
			make(p, GH_PYN_LIST, &was);
		break;
	case PYP_BRACE:
		if (!comp)
			make(p, was.dict || p->nopnd == was.base ? GH_PYN_DICT : GH_PYN_SET, &was);
		break;
	default: make(p, GH_PYN_TUPLE, &was); break;
	}
	return after_bracket(p);
}

/* ---- lambdas and parameters ----------------------------------------------------------------------------------------- */
static void one_param(struct pyp *p, uint32_t i, uint32_t of)
{
	struct gh_pyn n = *pyp_node(p, i);
	uint8_t op = n.kind == GH_PYN_STAR ? '*' : n.kind == GH_PYN_DSTAR ? 'P' : 0;
	uint32_t dflt = GH_PYN_NIL;
	if (op != 0) {
		i = n.a;
		n = *pyp_node(p, i);
	} else if (n.kind == GH_PYN_KWARG) {
		dflt = n.a;
	}
	if (n.kind != GH_PYN_NAME && n.kind != GH_PYN_KWARG)
		return;
	if (n.kind == GH_PYN_NAME)
		pyp_node(p, i)->kind = GH_PYN_NOP;
	uint32_t k = pyp_add(p, GH_PYN_PARAM, n.off);
	pyp_node(p, k)->text = n.text;
	pyp_node(p, k)->a = dflt;
	pyp_node(p, k)->op = op;
	pyp_kid(p, of, k);
}

void pyp_params(struct pyp *p, const struct gh_pyn *from, uint32_t of)
{
	uint32_t kids = from->kids, n = from->nkids;
	for (uint32_t i = 0; i < n && kids + i < p->t->nkid; i++)
		if (p->t->kid[kids + i] != GH_PYN_NIL)
			one_param(p, p->t->kid[kids + i], of);
}

static enum state lambda_body(struct pyp *p)
{
	struct pyp_ent *e = top(p);
	uint32_t start = e->start, n = pyp_add(p, GH_PYN_TUPLE, e->off);
	adopt(p, n, e->base);
	struct gh_pyn list = *pyp_node(p, n);
	p->nent--;
	uint32_t scope = pyp_scope(p, GH_PYS_LAMBDA, GH_SPAN("<lambda>"));
	/* PARAM nodes first, so that the body begins behind LAMBDA_BEGIN. */
	uint32_t params = pyp_add(p, GH_PYN_NOP, e->off);
	pyp_params(p, &list, params);
	uint32_t begin = pyp_add(p, GH_PYN_LAMBDA_BEGIN, e->off);
	pyp_node(p, begin)->kids = pyp_node(p, params)->kids;
	pyp_node(p, begin)->nkids = pyp_node(p, params)->nkids;
	pyp_node(p, begin)->scope = scope;
	p->t->scope[scope].begin = begin;
	p->t->scope[scope].up = p->scope;
	p->scope = scope;
	if (!push(p, PYP_LAMBDA, 0, P_LAMBDA))
		return BAD;
	top(p)->scope = scope;
	top(p)->start = start;
	return WANT;
}

/* ---- operands ------------------------------------------------------------------------------------------------------- */
static void string(struct pyp *p)
{
	uint32_t n = leaf(p, GH_PYN_STR);
	struct gh_span body = gh_span_cut(p->t->s, p->tok.body, p->tok.nbody);
	bool plain = memchr(body.p == NULL ? (const uint8_t *)"" : body.p, '\\', body.n) == NULL;
	struct gh_pyn *s = pyp_node(p, n);
	s->flags = (p->tok.flags & GH_PYT_BYTES) != 0 ? GH_PYN_BYTES : 0;
	s->text = body;
	if (plain || (p->tok.flags & GH_PYT_RAW) != 0)
		return;
	uint8_t *out = gh_alloc(p->t->arena, GH_PYSTR_ROOM(body.n), 1);
	if (out == NULL) {
		p->t->full = true;
		return;
	}
	s->text = (struct gh_span){ out, gh_pystr_decode(body, p->tok.flags, false, out) };
}

static void ftext(struct pyp *p)
{
	uint32_t n = leaf(p, GH_PYN_STR);
	struct gh_span body = gh_span_cut(p->t->s, p->tok.off, p->tok.len);
	uint8_t *out = gh_alloc(p->t->arena, GH_PYSTR_ROOM(body.n), 1);
	if (out == NULL) {
		p->t->full = true;
		return;
	}
	pyp_node(p, n)->text = (struct gh_span){ out, gh_pystr_decode(body, p->tok.flags, true, out) };
}

static void number(struct pyp *p)
{
	uint32_t n = leaf(p, GH_PYN_NUM);
	struct gh_span s = gh_span_cut(p->t->s, p->tok.off, p->tok.len);
	unsigned base = 10;
	size_t i = 0;
	uint64_t v = 0;
	if (s.n > 1 && s.p[0] == '0') {
		uint8_t c = s.p[1] | 0x20;
		base = c == 'x' ? 16 : c == 'b' ? 2 : 8;
		i = c == 'x' || c == 'b' || c == 'o' ? 2 : 1;
	}
	bool exact = true;
	for (; i < s.n && exact; i++) {
		uint8_t c = s.p[i];
		unsigned d = c >= '0' && c <= '9'		  ? c - 48u
			     : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32u) - 87u
								  : 99u;
		if (c == '_' || ((c == 'l' || c == 'L') && i + 1 == s.n))
			continue;
		exact = d < base && v < (UINT64_C(1) << 58);
		v = v * base + d;
	}
	if (exact) {
		pyp_node(p, n)->flags = GH_PYN_EXACT;
		pyp_node(p, n)->num = (int64_t)v;
	}
}

static bool constant(struct pyp *p)
{
	static const char *const words[] = { "None", "True", "False" };
	for (size_t i = 0; i < 3; i++)
		if (pyp_word(p, &p->tok, words[i])) {
			uint32_t n = leaf(p, GH_PYN_CONST);
			pyp_node(p, n)->op = (uint8_t)words[i][0];
			return true;
		}
	return false;
}

static enum state in_targets(struct pyp *p)
{
	reduce_to_bracket(p);
	struct pyp_ent e = *top(p);
	if (p->nopnd == e.base)
		return BAD;
	if (p->nopnd - e.base != 1 || e.comma)
		make(p, GH_PYN_TUPLE, &e);
	p->nent--;
	if (p->nent == 0 || !bracket(top(p)) || !top(p)->comp)
		return STOP;
	top(p)->pend = 1;
	return WANT;
}

static enum state end_or(struct pyp *p, enum state other) { return nearest(p)->what == PYP_TOP ? STOP : other; }

static enum state want_name(struct pyp *p)
{
	enum pyp_what what = PYP_UNARY;
	uint8_t op = 0, prec = P_LOW;
	if (constant(p))
		return HAVE;
	if (pyp_word(p, &p->tok, "lambda")) {
		what = PYP_LAMBDA_PARAMS;
	} else if (pyp_word(p, &p->tok, "not")) {
		op = '!';
		prec = P_NOT;
	} else if (pyp_word(p, &p->tok, "await")) {
		what = PYP_AWAIT;
		prec = P_AWAIT;
	} else if (pyp_word(p, &p->tok, "yield")) {
		what = PYP_YIELD;
	} else if (pyp_word(p, &p->tok, "from") && top(p)->what == PYP_YIELD) {
		return WANT;
	} else if (pyp_word(p, &p->tok, "in") && top(p)->what == PYP_FOR && top(p)->comma) {
		return in_targets(p); /* `for a, in x` */
	} else if (pyp_keyword(pyp_text(p, &p->tok))) {
		return end_or(p, BAD);
	} else {
		uint32_t n = leaf(p, GH_PYN_NAME);
		pyp_node(p, n)->text = pyp_text(p, &p->tok);
		bool wide = (p->tok.flags & GH_PYT_WIDE) != 0 &&
			    !gh_span_eq(pyp_node(p, n)->text, gh_span_cut(p->t->s, p->tok.off, p->tok.len));
		pyp_node(p, n)->flags = wide ? GH_PYN_WIDE : 0;
		return HAVE;
	}
	return push(p, what, op, prec) ? WANT : BAD;
}

static enum state want_op(struct pyp *p)
{
	uint8_t c = p->tok.op;
	struct pyp_ent *e = top(p);
	switch (c) {
	case '(': return push(p, PYP_PAREN, 0, 0) ? WANT : BAD;
	case '[': return push(p, PYP_LIST, 0, 0) ? WANT : BAD;
	case '{': return push(p, PYP_BRACE, 0, 0) ? WANT : BAD;
	case '-':
	case '+':
	case '~': return push(p, PYP_UNARY, c, P_UNARY) ? WANT : BAD;
	case '*': return push(p, PYP_STAR, 0, P_LOW) ? WANT : BAD;
	case GH_PYO_POW:
		if (e->what == PYP_BRACE) {
			operand(p, GH_PYN_NIL, (uint32_t)p->t->n);
			e->dict = true;
		}
		return push(p, PYP_DSTAR, 0, P_LOW) ? WANT : BAD;
	case GH_PYO_ELLIPSIS: pyp_node(p, leaf(p, GH_PYN_CONST))->op = '.'; return HAVE;
	case '`': return WANT;
	case '/': /* positional-only parameters end here */
		if (e->what != PYP_DEF && e->what != PYP_LAMBDA_PARAMS)
			return BAD;
		operand(p, GH_PYN_NIL, (uint32_t)p->t->n);
		return HAVE;
	case ',':
		if (e->what == PYP_STAR) { /* `*,` in parameters */
			p->nent--;
			operand(p, GH_PYN_NIL, (uint32_t)p->t->n);
			top(p)->comma = true;
			return bracket(top(p)) ? WANT : BAD;
		}
		if (e->what == PYP_SUBSCR && e->colons != 0) {
			end_slice(p, e);
			e->item = (uint32_t)p->nopnd;
			e->comma = true;
			return WANT;
		}
		return BAD;
	case ':':
		if (e->what == PYP_SUBSCR) {
			operand(p, GH_PYN_NIL, (uint32_t)p->t->n);
			e->colons++;
			return e->colons > 2 ? BAD : WANT;
		}
		return e->what == PYP_LAMBDA_PARAMS ? lambda_body(p) : end_or(p, BAD);
	case ')':
	case ']':
	case '}':
		while (top(p)->what == PYP_YIELD)
			reduce(p);
		return bracket(top(p)) ? close(p, c) : BAD;
	default: return end_or(p, BAD);
	}
}

static enum state want(struct pyp *p)
{
	switch (p->tok.kind) {
	case GH_PYT_NAME: return want_name(p);
	case GH_PYT_NUMBER: number(p); return HAVE;
	case GH_PYT_STRING: string(p); return HAVE;
	case GH_PYT_FSTART: return push(p, PYP_FSTR, 0, 0) ? PIECES : BAD;
	case GH_PYT_OP: return want_op(p);
	case GH_PYT_SHELL: {
		uint32_t n = leaf(p, GH_PYN_SHELL);
		pyp_node(p, n)->text = gh_span_cut(p->t->s, p->tok.body, p->tok.nbody);
		return HAVE;
	}
	default: return end_or(p, BAD);
	}
}

/* Within an f-string: text, fields, the end. */
static enum state pieces(struct pyp *p)
{
	struct pyp_ent e = *top(p);
	if (p->tok.kind == GH_PYT_FTEXT) {
		ftext(p);
		return PIECES;
	}
	if (p->tok.kind == GH_PYT_FEND && e.what == PYP_FSTR) {
		p->nent--;
		make(p, GH_PYN_FSTR, &e);
		return after_bracket(p);
	}
	if (p->tok.kind != GH_PYT_OP)
		return BAD;
	if (p->tok.op == '{')
		return push(p, PYP_FIELD, 0, 0) ? WANT : BAD;
	return p->tok.op == '}' && e.what == PYP_FIELD ? close(p, '}') : BAD;
}

/* ---- behind an operand ------------------------------------------------------------------------------------------------ */
static const struct {
	uint8_t op, prec;
} binary[] = {
	{ '|', P_BOR },		  { '^', P_XOR },	    { '&', P_BAND },	      { GH_PYO_SHL, P_SHIFT },
	{ GH_PYO_SHR, P_SHIFT },  { '+', P_ADD },	    { '-', P_ADD },	      { '*', P_MUL },
	{ '/', P_MUL },		  { '%', P_MUL },	    { '@', P_MUL },	      { GH_PYO_FLOORDIV, P_MUL },
	{ GH_PYO_POW, P_POW },	  { '<', P_COMPARE },	    { '>', P_COMPARE },	      { GH_PYO_LE, P_COMPARE },
	{ GH_PYO_GE, P_COMPARE }, { GH_PYO_EQ, P_COMPARE }, { GH_PYO_NE, P_COMPARE },
};

static enum state infix(struct pyp *p, uint8_t op, uint8_t prec)
{
	reduce_for(p, prec, prec == P_POW);
	return push(p, PYP_BIN, op, prec) ? WANT : BAD;
}

static enum state comp_for(struct pyp *p)
{
	struct pyp_ent *e = nearest(p);
	if (e->what != PYP_PAREN && e->what != PYP_CALL && e->what != PYP_LIST && e->what != PYP_BRACE &&
	    e->what != PYP_ARGS)
		return end_or(p, BAD);
	reduce_to_bracket(p);
	e = top(p);
	size_t have = p->nopnd - e->base, need = e->dict ? 2 : 1;
	if (e->comp) {
		end_clause(p, e);
	} else {
		if (have < need)
			return BAD;
		e->lo = p->opnd[p->nopnd - need].start;
		e->hi = (uint32_t)p->t->n;
		e->comp = true;
	}
	return push(p, PYP_FOR, 0, 0) ? WANT : BAD;
}

static enum state have_if(struct pyp *p)
{
	struct pyp_ent *e = nearest(p);
	if (e->comp && e->pend != 0) {
		reduce_to_bracket(p);
		e = top(p);
		end_clause(p, e);
		e->pend = 2;
		return WANT;
	}
	reduce_for(p, P_COND, true);
	return push(p, PYP_IF, 0, P_COND) ? WANT : BAD;
}

static enum state have_else(struct pyp *p)
{
	while (!bracket(top(p)) && top(p)->what != PYP_IF)
		reduce(p);
	if (bracket(top(p)))
		return end_or(p, BAD);
	top(p)->what = PYP_ELSE;
	return WANT;
}

static enum state have_name(struct pyp *p)
{
	if (pyp_word(p, &p->tok, "and"))
		return infix(p, '&', P_AND);
	if (pyp_word(p, &p->tok, "or"))
		return infix(p, '|', P_OR);
	if (pyp_word(p, &p->tok, "in"))
		return nearest(p)->what == PYP_FOR ? in_targets(p) : infix(p, 'i', P_COMPARE);
	if (pyp_word(p, &p->tok, "is"))
		return infix(p, 's', P_COMPARE);
	if (pyp_word(p, &p->tok, "not")) /* `not in`; `is not` leaves its `not` to the operand */
		return HAVE;
	if (pyp_word(p, &p->tok, "if"))
		return have_if(p);
	if (pyp_word(p, &p->tok, "else"))
		return have_else(p);
	if (pyp_word(p, &p->tok, "for"))
		return comp_for(p);
	if (pyp_word(p, &p->tok, "async"))
		return HAVE;
	if (pyp_word(p, &p->tok, "as")) {
		reduce_for(p, 0, false);
		return push(p, PYP_AS, 0, 0) ? WANT : BAD;
	}
	return end_or(p, BAD);
}

static enum state attribute(struct pyp *p)
{
	pyp_next(p);
	if (p->tok.kind != GH_PYT_NAME)
		return BAD;
	struct pyp_opnd a = pop(p);
	if (a.node == GH_PYN_NIL)
		return BAD;
	uint32_t n = pyp_add(p, GH_PYN_ATTR, pyp_node(p, a.node)->off);
	struct gh_pyn *c = pyp_node(p, n);
	c->a = a.node;
	c->end = p->tok.off + p->tok.len;
	c->text = pyp_text(p, &p->tok);
	if ((p->tok.flags & GH_PYT_WIDE) != 0 && !gh_span_eq(c->text, gh_span_cut(p->t->s, p->tok.off, p->tok.len)))
		c->flags |= GH_PYN_WIDE;
	operand(p, n, a.start);
	return HAVE;
}

/* `name=` in arguments and parameters, `name :=`. */
static enum state named(struct pyp *p, enum pyp_what what)
{
	struct pyp_opnd a = p->nopnd > nearest(p)->base ? p->opnd[p->nopnd - 1] : (struct pyp_opnd){ GH_PYN_NIL, 0 };
	struct gh_pyn *n = a.node == GH_PYN_NIL ? NULL : pyp_node(p, a.node);
	if (n == NULL || n->kind != GH_PYN_NAME)
		return BAD;
	struct gh_span text = n->text;
	n->kind = GH_PYN_NOP;
	p->nopnd--;
	if (!push(p, what, 0, P_LOW))
		return BAD;
	top(p)->text = text;
	top(p)->start = a.start;
	return WANT;
}

static enum state have_equals(struct pyp *p)
{
	if (nearest(p)->what == PYP_DEF) /* behind an annotation */
		reduce_to_bracket(p);
	switch (top(p)->what) {
	case PYP_CALL:
	case PYP_ARGS:
	case PYP_DEF:
	case PYP_LAMBDA_PARAMS: return named(p, PYP_KW);
	default: return nearest(p)->what == PYP_FIELD ? HAVE : end_or(p, BAD);
	}
}

static enum state have_colon(struct pyp *p)
{
	reduce_to_bracket(p);
	struct pyp_ent *e = top(p);
	switch (e->what) {
	case PYP_SUBSCR:
		if (p->nopnd < (size_t)e->item + e->colons + 1u)
			return BAD;
		return ++e->colons > 2 ? BAD : WANT;
	case PYP_BRACE: e->dict = true; return WANT;
	case PYP_LAMBDA_PARAMS: return lambda_body(p);
	case PYP_DEF: return push(p, PYP_ANN, 0, 0) ? WANT : BAD;
	case PYP_FIELD: e->spec = true; return PIECES;
	default: return end_or(p, BAD);
	}
}

static enum state have_op(struct pyp *p)
{
	uint8_t c = p->tok.op;
	for (size_t i = 0; i < sizeof binary / sizeof binary[0]; i++)
		if (binary[i].op == c)
			return infix(p, c, binary[i].prec);
	switch (c) {
	case '.': return attribute(p);
	case '(': reduce_for(p, P_JOIN, false); return push(p, PYP_CALL, 0, 0) ? WANT : BAD;
	case '[': reduce_for(p, P_JOIN, false); return push(p, PYP_SUBSCR, 0, 0) ? WANT : BAD;
	case ')':
	case ']':
	case '}': return close(p, c);
	case ',': {
		reduce_to_bracket(p);
		struct pyp_ent *e = top(p);
		end_slice(p, e);
		if ((e->what == PYP_PAREN || e->what == PYP_LIST || e->what == PYP_BRACE) && !e->comp)
			pyp_table_item(p, e);
		e->item = (uint32_t)p->nopnd;
		e->comma = true;
		return WANT;
	}
	case ':': return have_colon(p);
	case '=': return have_equals(p);
	case GH_PYO_WALRUS: return named(p, PYP_WALRUS);
	case '`': return HAVE;
	case '!':
		if (nearest(p)->what != PYP_FIELD)
			return end_or(p, BAD);
		pyp_next(p); /* r, s or a */
		return HAVE;
	default: return end_or(p, BAD);
	}
}

static enum state have(struct pyp *p)
{
	switch (p->tok.kind) {
	case GH_PYT_NAME: return have_name(p);
	case GH_PYT_OP: return have_op(p);
	case GH_PYT_STRING:
	case GH_PYT_FSTART: /* literals side by side are one */
		if (p->last.kind != GH_PYT_STRING && p->last.kind != GH_PYT_FEND)
			return end_or(p, BAD);
		return push(p, PYP_BIN, '+', P_JOIN) ? want(p) : BAD;
	default: return end_or(p, BAD);
	}
}

uint32_t pyp_expr(struct pyp *p, enum pyp_what what, bool *ok)
{
	size_t ents = p->nent, opnds = p->nopnd;
	uint32_t scope = p->scope;
	enum state s = WANT;
	/* Entries below belong to nobody: an expression starts with empty stacks. */
	p->nent = p->nopnd = 0;
	if (!push(p, what, 0, 0))
		s = BAD;
	while (s != STOP && s != BAD) {
		s = s == WANT ? want(p) : s == HAVE ? have(p) : pieces(p);
		if (p->t->full)
			s = BAD;
		/* What ends the expression from outside is left to the caller. */
		if (s != BAD && (s != STOP || p->nent == 0))
			pyp_next(p);
	}
	uint32_t out = GH_PYN_NIL;
	if (s == STOP) {
		bool comma = false;
		if (p->nent != 0) {
			reduce_to_bracket(p);
			comma = top(p)->comma;
			if (p->nopnd > 1 || comma)
				make(p, GH_PYN_TUPLE, top(p));
		}
		out = p->nopnd != 0 ? p->opnd[p->nopnd - 1].node : GH_PYN_NIL;
	}
	*ok = s == STOP;
	p->scope = scope;
	p->nent = ents;
	p->nopnd = opnds;
	return out;
}
