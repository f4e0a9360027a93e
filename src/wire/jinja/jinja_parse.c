/* Statements. */
#include "wire/jinja/jinja_parse.h"

static struct gh_jj_node *body(struct jj_parse *p, const char *const *ends);
static void end_tag(struct jj_parse *p)
{
	if (p->why == NULL && p->l.tok != T_BLOCK_END)
		jj_wrong(p, "the end of the tag was expected");
	jj_next(p);
}

/* The rest of the opening tag, a body, and at its end the closing tag's name, not yet taken. */
#define BODY(p, ...) (end_tag(p), body((p), (const char *const[]){ __VA_ARGS__, NULL }))

static void take(struct jj_parse *p, const char *name)
{
	if (!jj_skip_name(p, name))
		jj_wrong(p, "a closing tag is missing");
}

static void set_name(struct jj_parse *p, struct gh_jj_node *n)
{
	if (p->why != NULL)
		return;
	if (p->l.tok != T_NAME) {
		jj_wrong(p, "a name was expected");
		return;
	}
	n->text = p->l.text;
	jj_next(p);
}

static void absent(struct jj_parse *p, struct gh_jj_node *n) { jj_add(p, n, jj_new(p, JJ_ABSENT)); }

static void parse_if(struct jj_parse *p, struct gh_jj_node *n)
{
	for (;;) {
		jj_add(p, n, jj_tuple(p, true));
		jj_add(p, n, BODY(p, "elif", "else", "endif"));
		if (jj_skip_name(p, "elif"))
			continue;
		if (jj_skip_name(p, "else"))
			jj_add(p, n, BODY(p, "endif"));
		take(p, "endif");
		return;
	}
}

static void parse_for(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, jj_target(p, true, false));
	take(p, "in");
	jj_add(p, n, jj_tuple(p, false));
	if (jj_skip_name(p, "if"))
		jj_add(p, n, jj_expr(p, true));
	else
		absent(p, n);
	if (jj_skip_name(p, "recursive") && p->why == NULL)
		n->op = 1;
	p->loops++;
	jj_add(p, n, BODY(p, "else", "endfor"));
	p->loops--;
	if (jj_skip_name(p, "else"))
		jj_add(p, n, BODY(p, "endfor"));
	else
		absent(p, n);
	take(p, "endfor");
}

static void parse_set(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, jj_target(p, true, true));
	if (jj_skip_op(p, '=')) {
		jj_add(p, n, jj_tuple(p, true));
		return;
	}
	if (p->why == NULL)
		n->kind = JJ_SET_BLOCK;
	jj_add(p, n, jj_filters(p, jj_new(p, JJ_HOLE), false));
	jj_add(p, n, BODY(p, "endset"));
	take(p, "endset");
}

static void parameters(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_expect_op(p, '(', "parameters were expected");
	bool any = false;
	while (p->why == NULL && !jj_is_op(&p->l, ')')) {
		if (any)
			jj_expect_op(p, ',', "a comma was expected");
		any = true;
		struct gh_jj_node *param = jj_new(p, JJ_PARAM);
		set_name(p, param);
		if (jj_skip_op(p, '='))
			jj_add(p, param, jj_expr(p, true));
		jj_add(p, n, param);
	}
	jj_next(p);
}

static void parse_macro(struct jj_parse *p, struct gh_jj_node *n)
{
	unsigned loops = p->loops;
	p->loops = 0;
	set_name(p, n);
	parameters(p, n);
	jj_add(p, n, BODY(p, "endmacro"));
	take(p, "endmacro");
	if (p->l.tok == T_NAME)
		jj_next(p);
	p->loops = loops;
}

static void parse_call(struct jj_parse *p, struct gh_jj_node *n)
{
	struct gh_jj_node *m = jj_new(p, JJ_MACRO);
	if (p->why == NULL) {
		m->text = GH_SPAN("caller");
		if (jj_is_op(&p->l, '('))
			parameters(p, m);
	}
	struct gh_jj_node *call = jj_expr(p, true);
	if (p->why == NULL && call->kind != JJ_CALL)
		jj_wrong(p, "a call was expected");
	jj_add(p, m, BODY(p, "endcall"));
	take(p, "endcall");
	jj_add(p, n, m);
	jj_add(p, n, call);
}

static void parse_filter(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, jj_filters(p, jj_new(p, JJ_HOLE), true));
	jj_add(p, n, BODY(p, "endfilter"));
	take(p, "endfilter");
}

static void parse_with(struct jj_parse *p, struct gh_jj_node *n)
{
	while (p->why == NULL && p->l.tok != T_BLOCK_END) {
		if (n->kid != NULL)
			jj_expect_op(p, ',', "a comma was expected");
		struct gh_jj_node *s = jj_new(p, JJ_SET);
		jj_add(p, s, jj_target(p, false, false));
		jj_expect_op(p, '=', "an equals sign was expected");
		jj_add(p, s, jj_expr(p, true));
		jj_add(p, n, s);
	}
	jj_add(p, n, BODY(p, "endwith"));
	take(p, "endwith");
}

static void parse_block(struct jj_parse *p, struct gh_jj_node *n)
{
	set_name(p, n);
	while (jj_skip_name(p, "scoped") || jj_skip_name(p, "required"))
		;
	jj_add(p, n, BODY(p, "endblock"));
	take(p, "endblock");
	if (p->l.tok == T_NAME)
		jj_next(p);
}

static void parse_autoescape(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, jj_expr(p, true));
	jj_add(p, n, BODY(p, "endautoescape"));
	take(p, "endautoescape");
}

static void parse_generation(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, BODY(p, "endgeneration"));
	take(p, "endgeneration");
}

static void context(struct jj_parse *p)
{
	if (jj_skip_name(p, "ignore"))
		take(p, "missing");
	if (jj_skip_name(p, "with") || jj_skip_name(p, "without"))
		take(p, "context");
}

static void parse_include(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, jj_expr(p, true));
	context(p);
}

static void parse_import(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, jj_expr(p, true));
	take(p, "as");
	set_name(p, n);
	context(p);
}

static void parse_from(struct jj_parse *p, struct gh_jj_node *n)
{
	jj_add(p, n, jj_expr(p, true));
	take(p, "import");
	do {
		struct gh_jj_node *name = jj_new(p, JJ_PARAM);
		if (jj_is_name(&p->l, "with") || jj_is_name(&p->l, "without"))
			break;
		set_name(p, name);
		if (jj_skip_name(p, "as"))
			set_name(p, name);
		jj_add(p, n, name);
	} while (jj_skip_op(p, ','));
	context(p);
}

static void parse_value(struct jj_parse *p, struct gh_jj_node *n) { jj_add(p, n, jj_tuple(p, true)); }

static void parse_leave(struct jj_parse *p, struct gh_jj_node *n)
{
	(void)n;
	if (p->loops == 0)
		jj_wrong(p, "break or continue outside of a loop");
}

static void parse_nothing(struct jj_parse *p, struct gh_jj_node *n)
{
	(void)p;
	(void)n;
}

static const struct {
	const char *name;
	enum gh_jj_kind kind;
	void (*parse)(struct jj_parse *, struct gh_jj_node *);
} statements[] = {
	{ "if", JJ_IF, parse_if },
	{ "for", JJ_FOR, parse_for },
	{ "set", JJ_SET, parse_set },
	{ "macro", JJ_MACRO, parse_macro },
	{ "call", JJ_CALL_BLOCK, parse_call },
	{ "filter", JJ_FILTER_BLOCK, parse_filter },
	{ "with", JJ_WITH, parse_with },
	{ "block", JJ_BLOCK, parse_block },
	{ "include", JJ_INCLUDE, parse_include },
	{ "import", JJ_IMPORT, parse_import },
	{ "from", JJ_FROM, parse_from },
	{ "extends", JJ_EXTENDS, parse_value },
	{ "do", JJ_DO, parse_value },
	{ "print", JJ_OUTPUT, parse_value },
	{ "autoescape", JJ_AUTOESCAPE, parse_autoescape },
	{ "generation", JJ_GENERATION, parse_generation },
	{ "break", JJ_BREAK, parse_leave },
	{ "continue", JJ_CONTINUE, parse_leave },
	{ "debug", JJ_DEBUG, parse_nothing },
};

static struct gh_jj_node *statement(struct jj_parse *p)
{
	for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
		if (!jj_is_name(&p->l, statements[i].name))
			continue;
		struct gh_jj_node *n = jj_new(p, statements[i].kind);
		jj_next(p);
		statements[i].parse(p, n);
		jj_close(p, n);
		end_tag(p);
		return n;
	}
	jj_wrong(p, "an unknown statement");
	return NULL;
}

/* Statements up to a tag that begins with one of the names, which is left as the next token (NULL: to the end). */
static struct gh_jj_node *body(struct jj_parse *p, const char *const *ends)
{
	struct gh_jj_node *n = jj_new(p, JJ_BODY), *kid;
	bool go_on = jj_enter(p);
	while (go_on && p->why == NULL) {
		switch (p->l.tok) {
		case T_DATA:
			kid = jj_new(p, JJ_DATA);
			if (p->why != NULL)
				break;
			kid->text = p->l.text;
			kid->len = (uint32_t)p->l.text.n;
			jj_next(p);
			jj_add(p, n, kid);
			break;
		case T_OUTPUT_BEGIN:
			kid = jj_new(p, JJ_OUTPUT);
			p->tags++;
			jj_next(p);
			jj_add(p, kid, jj_tuple(p, true));
			if (p->why == NULL && p->l.tok != T_OUTPUT_END)
				jj_wrong(p, "the end of the expression was expected");
			jj_close(p, kid);
			jj_next(p);
			jj_add(p, n, kid);
			break;
		case T_BLOCK_BEGIN:
			p->tags++;
			jj_next(p);
			for (size_t i = 0; ends != NULL && ends[i] != NULL; i++)
				go_on = go_on && !jj_is_name(&p->l, ends[i]);
			if (go_on)
				jj_add(p, n, statement(p));
			break;
		default:
			if (ends != NULL || p->l.tok != T_EOF)
				jj_wrong(p, "a closing tag is missing");
			go_on = false;
		}
	}
	jj_leave(p);
	jj_close(p, n);
	return n;
}

struct gh_jj_tree gh_jj_parse(struct gh_arena *a, struct gh_span text, const struct gh_jj_options *o)
{
	if (text.n > GH_JJ_TEXT_MAX)
		return (struct gh_jj_tree){ .why = "too long", .limit = true };
	struct jj_parse p = { .arena = a };
	jj_lex_init(&p.l, a, text, o);
	jj_next(&p);
	struct gh_jj_node *root = body(&p, NULL);
	return (struct gh_jj_tree){
		.root = p.why == NULL ? root : NULL, .why = p.why, .off = p.why_off, .limit = p.limit, .tags = p.tags
	};
}
