/* Chat templates: programs that run for every request. A template is parsed and evaluated with all that a request brings
 * left unknown (wire/jinja): names that are computed from constants come out as what they are, however they are spelt.
 *
 * Unsafe: whatever leads from the template's own data to the interpreter, that is attributes with underscores and those of
 * functions and frames, functions of the system, names of attributes that cannot be known.
 * For a person: text that is added only when a message says a certain thing, messages that are rewritten or sent along
 * in an address, functions that no engine has.
 * A template that cannot be parsed runs in no engine that keeps to the language, but engines differ, and what was not
 * understood is not clean: INCOMPLETE. */
#include "check/templates.h"
#include "base/utf8.h"
#include "check/checks.h"
#include "format/format.h"
#include "wire/jinja/jinja_run.h"

enum {
	MEMORY = 24 << 20,
	STEPS = 2000000,
	TEXT = 1 << 20,
	SAME_RULE = 4,
	PROSE = 3,
	PROSE_BESIDE_MARKUP = 5,
	OVERLAP = 512
};

enum {
	R_ESCAPE,
	R_HIDDEN,
	R_DYNAMIC,
	R_SYSTEM,
	R_ATTRIBUTE,
	R_CALL,
	R_ENGINE,
	R_LOAD,
	R_LOAD_BAD,
	R_FILTER,
	R_TRIGGER,
	R_REWRITE,
	R_OVERRIDE,
	R_ADDRESS,
	R_BOMB,
	R_LIMIT,
	R_SYNTAX,
	R_DECEPTIVE,
	R_SIZE,
	R_ORDERS,
	R_ROLES,
	RULES
};
static const struct gh_rule rules[] = {
	[R_ESCAPE] = { "GH-TPL-0001", GH_CRITICAL, GH_UNSAFE, "Template reaches into Python's internals",
		       "Rendering the first prompt runs the author's code on the server.",
		       "Do not load; report the source.", "CVE-2024-34359 CWE-1336 CWE-94 AML.T0011" },
	[R_HIDDEN] = { "GH-TPL-0002", GH_CRITICAL, GH_UNSAFE, "Template assembles the name of an internal attribute",
		       "Rendering the first prompt runs the author's code; the name is put together to pass filters.",
		       "Do not load; report the source.", "CVE-2024-34359 CWE-1336 CWE-506 AML.T0011 AML.T0015" },
	[R_DYNAMIC] = { "GH-TPL-0003", GH_HIGH, GH_UNSAFE, "Template accesses an attribute whose name cannot be known",
			"The name decides what is reached, and the author or a prompt chooses it when it is too late.",
			"Do not load; templates need no such access.", "CWE-1336 CWE-470 AML.T0015" },
	[R_SYSTEM] = { "GH-TPL-0004", GH_CRITICAL, GH_UNSAFE, "Template calls a function of Python or of the system",
		       "Where the engine lets it, rendering runs code, reads files or starts programs.",
		       "Do not load; report the source.", "CWE-1336 CWE-94 AML.T0011" },
	[R_ATTRIBUTE] = { "GH-TPL-0005", GH_MEDIUM, GH_REVIEW, "Template accesses a private attribute",
			  "Attributes with an underscore are not data; they can be a step on the way out of a sandbox.",
			  "Read the template.", "CWE-1336" },
	[R_CALL] = { "GH-TPL-0006", GH_MEDIUM, GH_REVIEW, "Template calls something that templates do not have",
		     "An engine that offers it gives the template more than text to work with.",
		     "Check what the engine offers under that name.", "CWE-1336" },
	[R_ENGINE] = { "GH-TPL-0007", GH_MEDIUM, GH_REVIEW,
		       "Template looks into the engine or the application around it",
		       "Functions of the engine and objects of a web application lead to its configuration and "
		       "secrets.",
		       "Read the template; chat templates need none of them.", "CWE-1336 CWE-200" },
	[R_LOAD] = { "GH-TPL-0008", GH_MEDIUM, GH_REVIEW, "Template loads another template",
		     "What is rendered is not what was inspected.", "Inspect the other template too.", "CWE-829" },
	[R_LOAD_BAD] = { "GH-TPL-0009", GH_HIGH, GH_UNSAFE, "Template loads a file from outside or of a computed name",
			 "Any file of the server can end up in a prompt or an answer.", "Do not load.",
			 "CWE-22 CWE-98" },
	[R_FILTER] = { "GH-TPL-0010", GH_LOW, GH_REVIEW, "Template uses a filter or test that Jinja does not have",
		       "What it does depends on the program that renders the template.",
		       "Check what the program offers under that name.", "CWE-1336" },
	[R_TRIGGER] = { "GH-TPL-0011", GH_HIGH, GH_REVIEW,
			"Template adds text only when a message says a certain thing",
			"A backdoor: the model gets other instructions than the user gave, for the inputs the author "
			"chose.",
			"Read the condition and the text.", "CWE-506 AML.T0051 AML.T0018" },
	[R_REWRITE] = { "GH-TPL-0012", GH_MEDIUM, GH_REVIEW, "Template rewrites what messages say",
			"The model answers another question than was asked.", "Read what is replaced.",
			"CWE-345 AML.T0051" },
	[R_OVERRIDE] = { "GH-TPL-0013", GH_HIGH, GH_REVIEW, "Template tells the model to disregard its instructions",
			 "Every conversation starts with the author's orders.", "Use a template of your own.",
			 "AML.T0051 CWE-506" },
	[R_ADDRESS] = { "GH-TPL-0014", GH_HIGH, GH_REVIEW, "Template puts messages into an address",
			"A client that shows or follows the address sends the conversation to the author.",
			"Use a template of your own.", "CWE-200 AML.T0024" },
	[R_BOMB] = { "GH-TPL-0015", GH_HIGH, GH_UNSAFE, "Template makes the engine use up memory or time",
		     "One request stops the server.", "Do not load.", "CWE-400 CWE-770 AML.T0029" },
	[R_LIMIT] = { "GH-TPL-0016", GH_MEDIUM, GH_INCOMPLETE,
		      "Template is too large or too long-running to be evaluated",
		      "What it does later is not known; a request may never end.", "Use a template of your own.",
		      "CWE-400 CWE-770" },
	[R_SYNTAX] = { "GH-TPL-0017", GH_MEDIUM, GH_INCOMPLETE, "Template cannot be parsed",
		       "Engines that are less strict render something that was not inspected.",
		       "Have the template repaired, or use one of your own.", "CWE-20 CWE-436" },
	[R_DECEPTIVE] = { "GH-TPL-0018", GH_MEDIUM, GH_REVIEW, "Template with characters that are not seen",
			  "A reviewer reads one text, the model another.",
			  "Look at the template in an editor that shows invisible characters.",
			  "CWE-1007 CVE-2021-42574 AML.T0051" },
	[R_SIZE] = { "GH-TPL-0019", GH_MEDIUM, GH_REVIEW, "A message decides how much memory or time the template uses",
		     "Whoever may send a message stops the server with one.",
		     "Bound the number in the template, or use a template of your own.",
		     "CWE-400 CWE-770 CWE-134 AML.T0029" },
	[R_ORDERS] = { "GH-TPL-0020", GH_HIGH, GH_REVIEW,
		       "Template tells the model to hide something, to add something to answers or to run commands",
		       "Every conversation follows orders of the author that no user gave or sees.",
		       "Read the text; use a template of your own.", "AML.T0051 CWE-506 AML.T0018" },
	[R_ROLES] = { "GH-TPL-0021", GH_HIGH, GH_REVIEW, "Template gives messages of users the rank of another role",
		      "What a user writes, or what a user quotes, is obeyed like the orders of the operator.",
		      "Compare the roles with those of the original template.", "CWE-863 AML.T0051" },
	GH_RULES_END
};

struct judge {
	struct gh_scene *s;
	struct gh_range at;
	struct gh_span text; /* of the template */
	struct gh_arena *arena;
	bool lenient; /* text that may be no template at all: only what is unsafe counts */
	unsigned said[RULES];
	struct { /* the last findings: a place is evaluated again and again */
		unsigned rule;
		const struct gh_jj_node *at;
	} last[64];
	unsigned nlast;
	struct gh_span tail; /* the output before, if it is constant */
	uint8_t heard[4096]; /* the constant part of the output, its end */
	size_t nheard, budget;
	const struct gh_jj_node *said_at[64]; /* where it came from */
	unsigned nsaid;
};

static void say(struct judge *j, unsigned rule, const struct gh_jj_node *at, const char *what, struct gh_span detail)
{
	size_t recent = sizeof j->last / sizeof j->last[0];
	if (j->lenient && rule != R_ESCAPE && rule != R_HIDDEN)
		return;
	for (size_t i = 0; at != NULL && i < recent; i++)
		if (j->last[i].at == at && j->last[i].rule == rule)
			return;
	j->last[j->nlast % recent].rule = rule;
	j->last[j->nlast++ % recent].at = at;
	if (j->said[rule]++ >= SAME_RULE)
		return;
	struct gh_span where = at == NULL ? (struct gh_span){ 0 }
					  : gh_span_cut(j->text, at->off, at->len != 0 ? at->len : 60);
	gh_find(j->s, &rules[rule], j->at, "%s%s%s%s%s", what, detail.n != 0 ? ": " : "", gh_safe(detail).s,
		where.n != 0 ? " in " : "", gh_safe(where).s);
}

/* ---- names -------------------------------------------------------------------------------------------------------------- */
static bool of_engine(struct gh_jv v)
{
	return (v.kind >= JV_FUNCTION && v.kind <= JV_SELF && v.kind != JV_CYCLER) ||
	       (v.kind == JV_UNKNOWN && (v.flags & JU_OBJECT) != 0);
}

static void known_name(struct judge *j, const struct gh_jj_node *at, enum gh_jj_access how, struct gh_jv obj,
		       struct gh_span name)
{
	bool spelt = how == GH_JJ_DOT || (at->kind == JJ_ITEM && at->kid->next->kind == JJ_STRING);
	enum gh_tpl_name k = gh_tpl_attribute(name);
	if (k == GH_TPL_BAD) {
		say(j, spelt ? R_ESCAPE : R_HIDDEN, at, "attribute", name);
		return;
	}
	if (how == GH_JJ_BY_FILTER && at->kind == JJ_FILTER && gh_span_is(at->text, "attr"))
		say(j, R_ATTRIBUTE, at, "by |attr", name);
	else if (k == GH_TPL_ODD)
		say(j, R_ATTRIBUTE, at, "attribute", name);
	bool own = obj.kind == JV_MACRO || obj.kind == JV_METHOD || obj.kind == JV_SELF || obj.kind == JV_UNKNOWN;
	if (of_engine(obj) && !own)
		say(j, R_ENGINE, at, "attribute of a function", name);
	const struct gh_jj_node *root = at->kid;
	bool secrets = gh_span_is(name, "items") || gh_span_is(name, "values") || gh_span_is(name, "SECRET_KEY");
	if (obj.kind == JV_UNKNOWN && root != NULL && root->kind == JJ_NAME && how != GH_JJ_BY_FORMAT &&
	    (gh_tpl_web(root->text) || (gh_span_is(root->text, "config") && secrets)))
		say(j, R_ENGINE, at, "attribute", name);
}

static void on_access(void *ctx, const struct gh_jj_node *at, enum gh_jj_access how, struct gh_jv obj,
		      struct gh_jv name)
{
	struct judge *j = ctx;
	if (name.kind == JV_STR) {
		known_name(j, at, how, obj, name.s);
		return;
	}
	if (name.kind != JV_UNKNOWN || ((name.flags & JU_NUMBER) != 0 && how == GH_JJ_SUBSCRIPT))
		return;
	enum gh_tpl_name k = gh_tpl_hint(name.s);
	if (k == GH_TPL_BAD)
		say(j, R_HIDDEN, at, "a name made of", name.s);
	else if ((name.flags & JU_OBSCURE) != 0 || how != GH_JJ_SUBSCRIPT || of_engine(obj))
		say(j, R_DYNAMIC, at, "a name that cannot be known", name.s);
	else if (k == GH_TPL_ODD || obj.kind == JV_STR || obj.kind == JV_LIST || obj.kind == JV_TUPLE)
		say(j, R_ATTRIBUTE, at, "a computed name", name.s);
}

static void on_call(void *ctx, const struct gh_jj_node *at, struct gh_jv callee, const struct gh_jv *arg, size_t n)
{
	struct judge *j = ctx;
	(void)arg;
	(void)n;
	enum gh_tpl_name k = GH_TPL_FINE;
	struct gh_span name = { 0 };
	if (callee.kind == JV_METHOD) {
		name = callee.obj->name;
		k = callee.obj->self.kind == JV_SELF && gh_tpl_method(name) != GH_TPL_BAD ? GH_TPL_FINE
											  : gh_tpl_method(name);
	} else if (callee.kind == JV_FUNCTION) {
		name = callee.obj->name;
		k = gh_tpl_function(name);
	} else if (callee.kind == JV_UNKNOWN || callee.kind < JV_FUNCTION) {
		bool named = at->kid != NULL && at->kid->kind == JJ_NAME;
		name = named ? at->kid->text : (struct gh_span){ 0 };
		k = named ? gh_tpl_function(name) : GH_TPL_ODD;
	}
	if (k != GH_TPL_FINE)
		say(j, k == GH_TPL_BAD ? R_SYSTEM : R_CALL, at, "call", name);
}

static void on_filter(void *ctx, const struct gh_jj_node *at, struct gh_span name, bool known)
{
	struct judge *j = ctx;
	if (!known)
		say(j, name.n == 0 ? R_DYNAMIC : R_FILTER, at, name.n == 0 ? "a filter of a computed name" : "filter",
		    name);
}

/* ---- orders: what the template says, one piece after the other, as the model reads it -------------------------------- */
static void orders(struct judge *j)
{
	struct gh_span s = { j->heard, j->nheard };
	if (gh_tpl_steers(s) >= 2)
		say(j, R_ORDERS, NULL, "text", gh_span_cut(s, gh_tpl_steers_at(s), 80));
}

static void heard(struct judge *j, const struct gh_jj_node *at, struct gh_span s)
{
	size_t recent = sizeof j->said_at / sizeof j->said_at[0];
	for (size_t i = 0; i < recent; i++)
		if (j->said_at[i] == at) /* in a loop */
			return;
	j->said_at[j->nsaid++ % recent] = at;
	for (size_t i = 0; i < s.n && j->budget > 0; j->budget--) {
		j->heard[j->nheard++] = s.p[i++];
		if (j->nheard < sizeof j->heard)
			continue;
		orders(j);
		memmove(j->heard, j->heard + sizeof j->heard - OVERLAP, OVERLAP);
		j->nheard = OVERLAP;
	}
}

/* ---- texts --------------------------------------------------------------------------------------------------------------- */
static void on_output(void *ctx, const struct gh_jj_node *at, struct gh_jv v)
{
	struct judge *j = ctx;
	if (gh_tpl_overrides(v.s))
		say(j, R_OVERRIDE, at, "text", (struct gh_span){ 0 });
	bool said = v.kind == JV_UNKNOWN && (v.flags & (JU_NUMBER | JU_CONTENT)) == JU_CONTENT;
	if (said && (gh_tpl_open_address(j->tail) || gh_tpl_open_address(v.s)))
		say(j, R_ADDRESS, at, "behind", j->tail);
	heard(j, at, v.s);
	j->tail = v.kind == JV_STR ? v.s : (struct gh_span){ 0 };
}

static void on_only_if(void *ctx, const struct gh_jj_node *at, unsigned flags, struct gh_jv v)
{
	struct judge *j = ctx;
	if (v.kind != JV_STR && v.kind != JV_UNKNOWN)
		return;
	unsigned least = (flags & (JU_WORD | JU_TIME)) != 0 ? PROSE : PROSE_BESIDE_MARKUP;
	bool text = (flags & ~(unsigned)JU_NAMED) != 0 && gh_tpl_prose(v.s) >= least;
	if (text || ((flags & ~(unsigned)JU_MARK) != 0 && gh_tpl_steers(v.s) >= 1))
		say(j, R_TRIGGER, at,
		    (flags & JU_WORD) != 0   ? "text"
		    : (flags & JU_TIME) != 0 ? "by the clock"
		    : (flags & JU_TURN) != 0 ? "at a certain turn"
					     : "text",
		    v.s);
}

static void on_rewrites(void *ctx, const struct gh_jj_node *at, struct gh_jv from, struct gh_jv to)
{
	struct judge *j = ctx;
	bool pieces = from.kind == JV_UNKNOWN && (from.flags & JU_SPLIT) != 0;
	bool computed = from.kind == JV_UNKNOWN && (from.flags & (JU_COMPUTED | JU_CONTENT)) == JU_COMPUTED;
	bool command = gh_span_starts(from.s, "/") && to.kind == JV_STR && to.s.n == 0; /* "/think", for the template */
	bool token = command ||
		     (to.kind == JV_STR && gh_span_starts(to.s, "<") && gh_span_ends(to.s, ">") && to.s.n < 64);
	if (pieces ||
	    ((from.kind == JV_STR || computed) && gh_jj_wordy(from.s) && !token && !gh_tpl_spelling(from.s, to.s)))
		say(j, R_REWRITE, at, "replaced", pieces ? to.s : from.s);
}

static void on_costs(void *ctx, const struct gh_jj_node *at, struct gh_jv by)
{
	bool chosen = by.kind == JV_UNKNOWN && (by.flags & JU_HUGE) == 0;
	say(ctx, chosen ? R_SIZE : R_BOMB, at, chosen ? "a size taken from a message" : "a size",
	    (struct gh_span){ 0 });
}

static const struct gh_jj_watch watch = { .access = on_access,
					  .call = on_call,
					  .filter = on_filter,
					  .output = on_output,
					  .only_if = on_only_if,
					  .rewrites = on_rewrites,
					  .costs = on_costs };

/* ---- the tree as it is spelt: also what is never evaluated ------------------------------------------------------------ */
static void load(struct judge *j, const struct gh_jj_node *n)
{
	const struct gh_jj_node *e = n->kid;
	bool bad = e->kind != JJ_STRING && e->kind != JJ_LIST;
	for (const struct gh_jj_node *k = e->kind == JJ_LIST ? e->kid : e; k != NULL && e->kind != JJ_NAME;
	     k = e->kind == JJ_LIST ? k->next : NULL)
		bad = bad || k->kind != JJ_STRING || gh_span_starts(k->text, "/") || gh_span_starts(k->text, "\\") ||
		      (k->text.n > 1 && memmem(k->text.p, k->text.n, "..", 2) != NULL) ||
		      (k->text.n > 1 && memchr(k->text.p, ':', k->text.n) != NULL);
	say(j, bad ? R_LOAD_BAD : R_LOAD, n, "loads", e->text);
}

static void spelt(struct judge *j, const struct gh_jj_node *n)
{
	bool item = n->kind == JJ_ITEM && n->kid->next->kind == JJ_STRING;
	if (gh_tpl_promotes(n))
		say(j, R_ROLES, n, "role", (struct gh_span){ 0 });
	if (n->kind == JJ_ATTR || item || n->kind == JJ_NAME) {
		struct gh_span name = item ? n->kid->next->text : n->text;
		bool inner = name.n > 4 && gh_span_starts(name, "__") && gh_span_ends(name, "__");
		if (gh_tpl_attribute(name) == GH_TPL_BAD && (n->kind != JJ_NAME || inner))
			say(j, R_ESCAPE, n, n->kind == JJ_NAME ? "name" : "attribute", name);
	} else if (n->kind == JJ_CALL && (n->kid->kind == JJ_NAME || n->kid->kind == JJ_ATTR)) {
		struct gh_span name = n->kid->text;
		enum gh_tpl_name k = n->kid->kind == JJ_NAME ? gh_tpl_function(name) : gh_tpl_method(name);
		if (k == GH_TPL_BAD)
			say(j, R_SYSTEM, n, "call", name);
	} else if (n->kind == JJ_INCLUDE || n->kind == JJ_IMPORT || n->kind == JJ_FROM || n->kind == JJ_EXTENDS) {
		load(j, n);
	} else if (n->kind == JJ_DEBUG) {
		say(j, R_ENGINE, n, "{% debug %} shows all variables", (struct gh_span){ 0 });
	}
}

/* All nodes, parents first. The height of the tree is limited, so the stack is. */
static void each_node(struct judge *j, const struct gh_jj_node *root)
{
	const struct gh_jj_node *up[GH_JJ_HEIGHT + 1];
	unsigned depth = 0;
	for (const struct gh_jj_node *n = root; n != NULL;) {
		spelt(j, n);
		if (n->kid != NULL && depth < GH_JJ_HEIGHT) {
			up[depth++] = n;
			n = n->kid;
			continue;
		}
		while (n != NULL && n->next == NULL)
			n = depth > 0 ? up[--depth] : NULL;
		n = n != NULL ? n->next : NULL;
	}
}

/* No tree: its words at least. */
static void words(struct judge *j)
{
	struct gh_span word;
	bool text;
	unsigned n = 0;
	for (struct gh_jj_words w = { 0 }; n < 200000 && gh_jj_word(j->arena, j->text, &w, &word, &text); n++)
		if (word.n > 4 && gh_tpl_attribute(word) == GH_TPL_BAD && gh_span_starts(word, "__") &&
		    gh_span_ends(word, "__"))
			say(j, R_ESCAPE, NULL, text ? "text" : "name", word);
}

static void judge(struct judge *j)
{
	struct gh_jj_tree t = gh_jj_parse(j->arena, j->text, &gh_jj_chat);
	if (t.root == NULL) {
		if (!j->lenient)
			words(j);
		say(j, t.limit ? R_LIMIT : R_SYNTAX, NULL, t.why, gh_span_cut(j->text, t.off, 60));
		return;
	}
	each_node(j, t.root);
	j->budget = TEXT;
	struct gh_jj_run run = { .arena = j->arena, .watch = &watch, .ctx = j, .max_steps = STEPS, .max_out = TEXT };
	bool done = gh_jj_run(&run, t.root);
	orders(j);
	j->nheard = 0;
	/* Once more, and all branches: where that takes too long, the first time counts. */
	gh_auto_arena again = { .max = MEMORY };
	struct gh_jj_run all = {
		.arena = &again, .watch = &watch, .ctx = j, .max_steps = STEPS / 4, .max_out = TEXT, .distrust = true
	};
	j->tail = (struct gh_span){ 0 };
	(void)gh_jj_run(&all, t.root);
	orders(j);
	if (done)
		return;
	bool bomb = strstr(run.err, "beyond the limit") != NULL || strstr(run.err, "a range longer") != NULL ||
		    strstr(run.err, "a text longer") != NULL;
	say(j, bomb ? R_BOMB : R_LIMIT, NULL, run.err, gh_span_cut(j->text, run.err_off, 60));
}

/* Overrides of direction, characters without width, tag characters: what a reviewer sees is not what the model reads. */
static void look_for_hidden_text(struct gh_scene *s, const struct gh_event *ev)
{
	struct gh_span t = ev->u.text->text;
	for (size_t i = 0; i < t.n;) {
		uint32_t cp = t.p[i];
		unsigned n = cp < 0x80 ? 1 : gh_utf8_next(gh_span_cut(t, i, 4), &cp);
		bool bidi = (cp >= 0x202a && cp <= 0x202e) || (cp >= 0x2066 && cp <= 0x2069);
		bool thin = cp == 0x200b || cp == 0x2060 || cp == 0xfeff, tag = cp >= 0xe0000 && cp <= 0xe01ef;
		if (n != 0 && (bidi || thin || tag)) {
			gh_find(s, &rules[R_DECEPTIVE], ev->at, "U+%04X at byte %zu of the template", (unsigned)cp, i);
			return;
		}
		i += n == 0 ? 1 : n;
	}
}

static bool has_tags(struct gh_span s)
{
	return s.n >= 4 && (memmem(s.p, s.n, "{{", 2) != NULL || memmem(s.p, s.n, "{%", 2) != NULL);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_text *t = ev->u.text;
	bool is_template = strcmp(t->role, "chat-template") == 0;
	bool may_be = strcmp(t->role, "configuration") == 0 || strcmp(t->role, "metadata") == 0;
	if (!is_template && (!may_be || !has_tags(t->text)))
		return;
	gh_auto_arena arena = { .max = MEMORY };
	struct judge j = { .s = s, .at = ev->at, .text = t->text, .arena = &arena, .lenient = !is_template };
	judge(&j);
	if (is_template)
		look_for_hidden_text(s, ev);
}

const struct gh_check gh_check_templates = {
	.name = "templates",
	.about = "chat templates: ways out of the template language, and text that only some messages bring out",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_TEXT,
	.on = on,
	.rules = rules,
};
