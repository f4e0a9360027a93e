/* The evaluator's state, and statements. */
#include "wire/jinja/jinja_int.h"

bool jj_step(struct gh_jj_run *r, uint64_t n)
{
	r->steps += n;
	if (r->steps <= r->max_steps)
		return r->err == NULL;
	(void)jj_limit(r, "more steps than the limit allows");
	return false;
}

struct gh_jv jj_limit(struct gh_jj_run *r, const char *why)
{
	if (r->err == NULL)
		r->err = why;
	r->limit = true;
	return jj_unknown(JU_OBSCURE);
}

struct gh_jv jj_error(struct gh_jj_run *r, const char *why)
{
	if (jj_watching(r))
		return jj_unknown(JU_OBSCURE);
	if (r->err == NULL)
		r->err = why;
	return gh_jv_none();
}

struct gh_jscope *jj_scope(struct gh_jj_run *r, struct gh_jscope *up)
{
	struct gh_jscope *s = GH_NEW(r->arena, struct gh_jscope, 1);
	if (s == NULL) {
		(void)jj_limit(r, "no memory");
		return NULL;
	}
	*s = (struct gh_jscope){ .up = up, .unsure = r->unsure };
	return s;
}

static struct gh_jvar *lookup(struct gh_jscope *s, struct gh_span name, bool upwards)
{
	for (; s != NULL; s = upwards ? s->up : NULL)
		for (size_t i = 0; i < s->n; i++)
			if (gh_span_eq(s->var[i].name, name))
				return &s->var[i];
	return NULL;
}

/* What is stored where a message was found to say a certain thing tells so later: {% set ns.seen = true %}. Of markup that
 * is how ordinary templates keep track of modes and calls. */
static struct gh_jv tainted(struct gh_jj_run *r, struct gh_jv v)
{
	unsigned tests = r->tests & (JU_WORD | JU_TIME | JU_TURN);
	if (tests == 0 || (v.kind != JV_UNKNOWN && v.kind >= JV_NAMESPACE))
		return v;
	bool number = v.kind == JV_BOOL || v.kind == JV_INT || v.kind == JV_FLOAT;
	return jj_mix(r, tests | (number ? JU_NUMBER : v.flags & JU_NUMBER), &v, 1);
}

void jj_assign(struct gh_jj_run *r, struct gh_span name, struct gh_jv v)
{
	struct gh_jscope *s = r->scope;
	if (s == NULL)
		return;
	struct gh_jvar *var = lookup(s, name, false), *seen = lookup(s, name, true);
	if (r->unsure > s->unsure && seen != NULL)
		v = jj_join(r, seen->v, v);
	if (var == NULL) {
		struct gh_jvar *p = gh_grow(r->arena, s->var, &s->cap, s->n + 1, sizeof *p);
		if (p == NULL) {
			(void)jj_limit(r, "no memory");
			return;
		}
		s->var = p;
		var = &s->var[s->n++];
		var->name = name;
	}
	var->v = v;
}

struct gh_jv jj_object(struct gh_jj_run *r, enum gh_jv_kind kind, struct gh_span name)
{
	struct gh_jobj *o = GH_NEW(r->arena, struct gh_jobj, 1);
	if (o == NULL)
		return jj_limit(r, "no memory");
	o->name = name;
	return (struct gh_jv){ .kind = (uint8_t)kind, .obj = o };
}

/* ---- output -------------------------------------------------------------------------------------------------------- */
static void emit(struct gh_jj_run *r, const struct gh_jj_node *at, struct gh_jv v)
{
	struct jj_capture *c = r->to;
	struct gh_jv s = jj_str(r, v);
	if (jj_watching(r)) {
		if (r->watch->output != NULL)
			r->watch->output(r->ctx, at, s);
		jj_only_if(r, at, r->tests, s);
		r->spent += s.kind == JV_STR ? s.s.n : 0;
		if (r->spent > JJ_OUTPUT_MAX)
			(void)jj_limit(r, "output beyond the limit");
		if (c->up == NULL)
			return; /* nobody looks at the whole */
	}
	if (s.kind == JV_STR && c->mixed.kind != JV_UNKNOWN && r->unsure <= c->unsure) {
		jj_put(&c->text, s.s);
		return;
	}
	struct gh_jv all[3] = { jj_text_value(&c->text), c->mixed, s };
	c->mixed = jj_mix(r, 0, all, 3);
	c->text.n = 0;
}

static void capture(struct gh_jj_run *r, struct jj_capture *c)
{
	*c = (struct jj_capture){ .text = { .r = r }, .mixed = gh_jv_none(), .unsure = r->unsure, .up = r->to };
	r->to = c;
}

static struct gh_jv captured(struct gh_jj_run *r, struct jj_capture *c)
{
	r->to = c->up;
	return c->mixed.kind == JV_UNKNOWN ? c->mixed : jj_text_value(&c->text);
}

/* ---- statements ---------------------------------------------------------------------------------------------------- */
static void run_body(struct gh_jj_run *r, const struct gh_jj_node *body);

/* A branch that may or may not be taken, as a condition with these flags says. */
static void maybe(struct gh_jj_run *r, const struct gh_jj_node *body, unsigned flags)
{
	unsigned tests = r->tests;
	r->unsure++;
	r->tests |= flags & JU_TESTS;
	run_body(r, body);
	r->unsure--;
	r->tests = tests;
	if (r->flow != JR_ON) { /* what follows in the loop happens only if this did not */
		r->flow = JR_ON;
		r->tests |= flags & JU_TESTS;
	}
}

static void run_if(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	unsigned all = 0;
	for (const struct gh_jj_node *k = n->kid; k != NULL && r->err == NULL; k = k->next->next) {
		if (k->kind == JJ_BODY) { /* of else: what most messages get when the condition is about markup */
			if (all == 0)
				run_body(r, k);
			else
				maybe(r, k, all & (JU_WORD | JU_TIME));
			return;
		}
		unsigned flags = 0;
		int c = jj_condition(r, jj_eval(r, k), &flags);
		if (c < 0) {
			all |= flags | 1u << 16;
			maybe(r, k->next, flags);
		} else if (c > 0) {
			if (all == 0)
				run_body(r, k->next);
			else
				maybe(r, k->next, all & (JU_WORD | JU_TIME));
			return;
		}
		if (k->next->next == NULL)
			return;
	}
}

static void bind(struct gh_jj_run *r, const struct gh_jj_node *target, struct gh_jv v);

/* a, b = v */
static void unpack(struct gh_jj_run *r, const struct gh_jj_node *target, struct gh_jv v)
{
	struct gh_jlist items = { 0 };
	size_t want = 0, i = 0;
	for (const struct gh_jj_node *k = target->kid; k != NULL; k = k->next)
		want++;
	bool known = v.kind != JV_UNKNOWN && jj_items(r, v, &items);
	if (v.kind != JV_UNKNOWN && (!known || items.n != want))
		v = jj_error(r, "values to unpack do not match the names");
	for (const struct gh_jj_node *k = target->kid; k != NULL && r->err == NULL; k = k->next, i++)
		bind(r, k, known && items.n == want ? items.v[i] : v);
}

static void bind(struct gh_jj_run *r, const struct gh_jj_node *target, struct gh_jv v)
{
	if (r->err != NULL)
		return;
	if (target->kind == JJ_NAME) {
		jj_assign(r, target->text, tainted(r, v));
	} else if (target->kind == JJ_TUPLE) {
		unpack(r, target, v);
	} else if (target->kind == JJ_ATTR) {
		struct gh_jv ns = jj_eval(r, target->kid), name = gh_jv_str(target->text);
		if (ns.kind != JV_NAMESPACE) {
			(void)jj_error(r, "only a namespace takes attributes");
			return;
		}
		v = tainted(r, v);
		const struct gh_jv *old = r->unsure > ns.dict->unsure ? gh_jv_get(ns.dict, name) : NULL;
		if (!gh_jv_put(r->arena, ns.dict, name, old == NULL ? v : jj_join(r, *old, v)))
			(void)jj_limit(r, "no memory");
	}
}

static void assign(struct gh_jj_run *r, const struct gh_jj_node *n, struct gh_jv v)
{
	jj_only_if(r, n, r->tests, v);
	bind(r, n->kid, v);
}

/* What a set block or a filter block does with its body's output: the filters around JJ_HOLE. */
static struct gh_jv filtered(struct gh_jj_run *r, const struct gh_jj_node *chain, struct gh_jv v)
{
	struct gh_jscope *s = r->scope;
	r->scope = jj_scope(r, s);
	jj_assign(r, GH_SPAN("\1hole"), v); /* no name in a template can be this */
	v = jj_eval(r, chain);
	r->scope = s;
	return v;
}

static struct gh_jv block_value(struct gh_jj_run *r, const struct gh_jj_node *chain, const struct gh_jj_node *body)
{
	struct jj_capture c;
	struct gh_jscope *s = r->scope;
	capture(r, &c);
	r->scope = jj_scope(r, s);
	run_body(r, body);
	r->scope = s;
	return filtered(r, chain, captured(r, &c));
}

/* ---- loops ----------------------------------------------------------------------------------------------------------- */
struct loop {
	const struct gh_jj_node *target, *cond, *body;
	struct gh_jv object, items;
	struct gh_jscope *outer;
};

/* One turn; false: the loop ends. Unknown items: the condition is part of what is not known. */
static bool turn(struct gh_jj_run *r, struct loop *l, struct gh_jv item)
{
	unsigned tests = r->tests;
	r->scope = jj_scope(r, l->outer);
	if (r->scope == NULL || !jj_step(r, 1))
		return false;
	jj_assign(r, GH_SPAN("loop"), l->object);
	bind(r, l->target, item);
	unsigned flags = 0;
	int c = l->cond->kind == JJ_ABSENT || l->object.obj->known ? 1 : jj_condition(r, jj_eval(r, l->cond), &flags);
	if (c < 0)
		maybe(r, l->body, flags);
	else if (c > 0)
		run_body(r, l->body);
	bool go_on = r->flow != JR_BREAK && r->err == NULL;
	r->flow = JR_ON;
	r->tests = tests;
	return go_on;
}

/* The condition of a loop chooses the items before the first turn: loop.length counts only those. */
static struct gh_jv chosen(struct gh_jj_run *r, struct loop *l, const struct gh_jlist *all, bool *known)
{
	struct gh_jv out = jj_list_of(r, JV_LIST, NULL, 0);
	for (size_t i = 0; i < all->n && r->err == NULL; i++) {
		unsigned flags = 0;
		r->scope = jj_scope(r, l->outer);
		if (r->scope == NULL)
			break;
		bind(r, l->target, all->v[i]);
		int c = jj_condition(r, jj_eval(r, l->cond), &flags);
		*known = *known && c >= 0;
		if (c != 0 && !gh_jv_push(r->arena, out.list, all->v[i]))
			(void)jj_limit(r, "no memory");
	}
	r->scope = l->outer;
	return out;
}

static void unknown_loop(struct gh_jj_run *r, struct loop *l, struct gh_jv over)
{
	unsigned tests = r->tests;
	r->tests |= over.flags & JU_TESTS;
	r->unsure++;
	for (unsigned i = 0; i < 2 && turn(r, l, over); i++) /* the items of a range are numbers as well */
		;
	r->unsure--;
	r->tests = tests;
}

static bool known_loop(struct gh_jj_run *r, struct loop *l, struct gh_jlist *items)
{
	struct gh_jobj *o = l->object.obj;
	bool known = true;
	if (l->cond->kind != JJ_ABSENT) {
		l->items = chosen(r, l, items, &known);
		if (r->err != NULL)
			return false;
		*items = *l->items.list;
	} else {
		l->items = jj_list_of(r, JV_LIST, items->v, items->n);
		if (r->err != NULL)
			return false;
	}
	o->known = true;
	o->around = &l->items;
	o->length = items->n;
	uint64_t turns = r->turns == 0 ? 1 : r->turns; /* the limits of loops keep the product within 64 bits */
	if (items->n > JJ_TURNS_MAX / turns) {
		(void)jj_limit(r, "loops in loops with turns beyond the limit");
		return true;
	}
	r->unsure += !known;
	r->turns = turns * (items->n != 0 ? items->n : 1);
	for (size_t i = 0; i < items->n; i++) {
		o->index = i;
		if (!turn(r, l, items->v[i]))
			break;
	}
	r->unsure -= !known;
	r->turns = turns;
	return items->n != 0;
}

static void run_for(struct gh_jj_run *r, const struct gh_jj_node *n, const struct gh_jv *over)
{
	const struct gh_jj_node *iter = n->kid->next;
	struct loop l = { .target = n->kid, .cond = iter->next, .body = iter->next->next, .outer = r->scope };
	const struct gh_jj_node *otherwise = l.body->next;
	struct gh_jv v = over != NULL ? *over : jj_eval(r, iter);
	struct gh_jlist items;
	l.object = jj_object(r, JV_LOOP, (struct gh_span){ 0 });
	if (r->err != NULL)
		return;
	l.object.obj->node = n->op ? n : NULL;
	l.object.obj->scope = r->scope;
	bool any = true;
	if (v.kind == JV_UNKNOWN)
		unknown_loop(r, &l, v);
	else if (r->distrust && jj_items(r, v, &items) && items.n == 0)
		unknown_loop(r, &l, jj_unknown(0));
	else if (jj_items(r, v, &items))
		any = known_loop(r, &l, &items);
	else if (jj_watching(r))
		unknown_loop(r, &l, jj_mix(r, JU_OBSCURE, &v, 1));
	else
		(void)jj_error(r, "not iterable");
	r->scope = l.outer;
	if (r->err != NULL || otherwise->kind != JJ_BODY)
		return;
	r->scope = jj_scope(r, l.outer);
	if (v.kind == JV_UNKNOWN)
		maybe(r, otherwise, v.flags);
	else if (!any)
		run_body(r, otherwise);
	r->scope = l.outer;
}

/* loop(items) of a recursive loop: its output. */
static struct gh_jv recurse(struct gh_jj_run *r, struct gh_jv loop, struct jj_args *a)
{
	struct gh_jobj *o = loop.obj;
	if (o->node == NULL)
		return jj_error(r, "the loop is not recursive");
	if (r->depth > JJ_EVAL_DEPTH || (jj_watching(r) && o->active >= 2))
		return jj_watching(r) ? jj_unknown(0) : jj_limit(r, "loops nested too deep");
	struct jj_capture c;
	struct gh_jscope *s = r->scope;
	struct gh_jv over = jj_arg(a, 0, "iterable", gh_jv_none());
	capture(r, &c);
	r->scope = o->scope;
	o->active++;
	r->depth += 8;
	run_for(r, o->node, &over);
	r->depth -= 8;
	o->active--;
	r->scope = s;
	return captured(r, &c);
}

/* ---- macros ---------------------------------------------------------------------------------------------------------- */
static void bind_parameters(struct gh_jj_run *r, const struct gh_jj_node *m, struct jj_args *a)
{
	size_t i = 0;
	for (const struct gh_jj_node *k = m->kid; k != NULL && k->kind == JJ_PARAM; k = k->next, i++) {
		const struct gh_jv *kw = gh_jv_get(a->kw, gh_jv_str(k->text));
		struct gh_jv v = { .kind = JV_UNDEFINED };
		if (i < a->n)
			v = a->v[i];
		else if (kw != NULL)
			v = *kw;
		else if (k->kid != NULL)
			v = jj_eval(r, k->kid);
		jj_assign(r, k->text, v);
	}
	struct gh_jv rest = jj_list_of(r, JV_TUPLE, a->v + (i < a->n ? i : a->n), i < a->n ? a->n - i : 0);
	jj_assign(r, GH_SPAN("varargs"), rest);
	struct gh_jv kwargs = gh_jv_dict(r->arena);
	const struct gh_jv *caller = gh_jv_get(a->kw, gh_jv_str(GH_SPAN("caller")));
	for (size_t k = 0; a->kw != NULL && kwargs.kind == JV_DICT && k < a->kw->n; k++)
		(void)gh_jv_put(r->arena, kwargs.dict, a->kw->key[k], a->kw->val[k]);
	jj_assign(r, GH_SPAN("kwargs"), kwargs);
	if (caller != NULL)
		jj_assign(r, GH_SPAN("caller"), *caller);
}

static const struct gh_jj_node *macro_body(const struct gh_jj_node *m) { return m->last; }

struct gh_jv jj_call_macro(struct gh_jj_run *r, struct gh_jv macro, struct jj_args *a)
{
	struct gh_jobj *o = macro.obj;
	if (macro.kind == JV_LOOP)
		return recurse(r, macro, a);
	/* A recursion that only constants drive ends as they say; of any other one two rounds are enough. */
	if (o->active == 0)
		o->unsure = r->unsure;
	if (jj_watching(r) && o->active >= 2 && (r->unsure > o->unsure || r->distrust || jj_any_unknown(a)))
		return jj_mix_args(r, 0, gh_jv_none(), a);
	if (r->depth > JJ_EVAL_DEPTH)
		return jj_limit(r, "calls nested too deep");
	struct jj_capture c;
	struct gh_jscope *s = r->scope;
	unsigned flow = r->flow;
	capture(r, &c);
	r->scope = jj_scope(r, o->scope);
	o->active++;
	r->depth += 8;
	bind_parameters(r, o->node, a);
	if (r->err == NULL)
		run_body(r, macro_body(o->node));
	r->depth -= 8;
	o->active--;
	r->flow = flow;
	r->scope = s;
	return captured(r, &c);
}

static struct gh_jv define(struct gh_jj_run *r, const struct gh_jj_node *m)
{
	struct gh_jv v = jj_object(r, JV_MACRO, m->text);
	if (v.kind != JV_MACRO)
		return v;
	v.obj->node = m;
	v.obj->scope = r->scope;
	return v;
}

/* Watching, each macro is looked at once even if nobody calls it: other engines and templates that import it do. */
static void run_macro(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jv m = define(r, n);
	if (r->err != NULL)
		return;
	jj_assign(r, n->text, m);
	if (!jj_watching(r))
		return;
	struct jj_args *a = GH_NEW(r->arena, struct jj_args, 1);
	if (a == NULL) {
		(void)jj_limit(r, "no memory");
		return;
	}
	for (const struct gh_jj_node *k = n->kid; k != NULL && k->kind == JJ_PARAM && a->n < JJ_ARGS; k = k->next)
		a->v[a->n++] = jj_unknown(0);
	r->unsure++;
	(void)jj_call_macro(r, m, a);
	r->unsure--;
}

static void run_call_block(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	r->caller = define(r, n->kid);
	r->call_block = n->kid->next;
	struct gh_jv v = jj_eval(r, n->kid->next);
	if (r->err == NULL)
		emit(r, n, v);
}

static void run_with(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	struct gh_jscope *s = r->scope, *inner = jj_scope(r, s);
	for (const struct gh_jj_node *k = n->kid; k != NULL && r->err == NULL; k = k->next) {
		if (k->kind == JJ_SET) {
			struct gh_jv v = jj_eval(r, k->kid->next);
			r->scope = inner;
			bind(r, k->kid, v);
			r->scope = s;
			continue;
		}
		r->scope = inner;
		run_body(r, k);
		r->scope = s;
	}
}

/* include, import, extends: nothing is loaded here. */
static void run_load(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	(void)jj_eval(r, n->kid);
	if (n->kind == JJ_IMPORT)
		jj_assign(r, n->text, jj_unknown(JU_OBJECT));
	for (const struct gh_jj_node *k = n->kid->next; k != NULL; k = k->next)
		jj_assign(r, k->text, jj_unknown(JU_OBJECT));
	(void)jj_error(r, "templates are not loaded from within templates");
}

static void run_scoped(struct gh_jj_run *r, const struct gh_jj_node *body)
{
	struct gh_jscope *s = r->scope;
	r->scope = jj_scope(r, s);
	run_body(r, body);
	r->scope = s;
}

static void statement(struct gh_jj_run *r, const struct gh_jj_node *n)
{
	switch (n->kind) {
	case JJ_DATA: emit(r, n, gh_jv_str(n->text)); return;
	case JJ_OUTPUT: {
		struct gh_jv v = jj_eval(r, n->kid);
		if (r->err == NULL)
			emit(r, n, v);
		return;
	}
	case JJ_IF: run_if(r, n); return;
	case JJ_FOR: run_for(r, n, NULL); return;
	case JJ_SET: assign(r, n, jj_eval(r, n->kid->next)); return;
	case JJ_SET_BLOCK: assign(r, n, block_value(r, n->kid->next, n->kid->next->next)); return;
	case JJ_FILTER_BLOCK: {
		struct gh_jv v = block_value(r, n->kid, n->kid->next);
		if (r->err == NULL)
			emit(r, n, v);
		return;
	}
	case JJ_MACRO: run_macro(r, n); return;
	case JJ_CALL_BLOCK: run_call_block(r, n); return;
	case JJ_WITH: run_with(r, n); return;
	case JJ_BLOCK:
	case JJ_GENERATION: run_scoped(r, n->kid); return;
	case JJ_AUTOESCAPE: (void)jj_eval(r, n->kid), run_scoped(r, n->kid->next); return;
	case JJ_INCLUDE:
	case JJ_IMPORT:
	case JJ_FROM:
	case JJ_EXTENDS: run_load(r, n); return;
	case JJ_DO: (void)jj_eval(r, n->kid); return;
	case JJ_BREAK: r->flow = JR_BREAK; return;
	case JJ_CONTINUE: r->flow = JR_CONTINUE; return;
	default: return;
	}
}

static void run_body(struct gh_jj_run *r, const struct gh_jj_node *body)
{
	if (r->depth > JJ_EVAL_DEPTH) {
		(void)jj_limit(r, "nested too deep");
		return;
	}
	r->depth++;
	for (const struct gh_jj_node *n = body->kid; n != NULL && r->flow == JR_ON && jj_step(r, 1); n = n->next) {
		r->err_off = n->off;
		statement(r, n);
	}
	r->depth--;
}

bool gh_jj_run(struct gh_jj_run *r, const struct gh_jj_node *root)
{
	struct jj_capture c;
	r->scope = jj_scope(r, NULL);
	capture(r, &c);
	if (r->err == NULL)
		run_body(r, root);
	r->to = NULL;
	r->out = (struct gh_span){ c.text.p, c.text.n };
	return r->err == NULL;
}
