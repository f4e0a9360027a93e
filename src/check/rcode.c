#include "check/rcode.h"

#include "check/source.h"
#include "format/format.h"
#include "wire/recs.h"

enum { NAMES = 1 << 10 };

enum { R_RUNS, R_UNKNOWN, R_HOLDS, R_PACKAGE, R_HOOK, R_FETCHES, R_LINKED, R_COMPUTED, R_START, R_BODY, R_ODD };
static const struct gh_rule rules[] = {
	[R_RUNS] = { "GH-RC-0001", GH_CRITICAL, GH_UNSAFE,
		     "R code that runs when the object is looked at reaches the system",
		     "Loading the object and printing, listing or using it runs the author's command: no function has "
		     "to "
		     "be called.",
		     "Do not load it.", "CVE-2024-27322 CWE-502 AML.T0011" },
	[R_UNKNOWN] = { "GH-RC-0002", GH_MEDIUM, GH_REVIEW,
			"R code that runs when the object is looked at calls a function that is not known",
			"Whatever that function does in the session that loads the object.",
			"Read the code (in a container: substitute() shows a promise without running it).",
			"CVE-2024-27322 CWE-502" },
	[R_HOLDS] = { "GH-RC-0003", GH_MEDIUM, GH_REVIEW, "R code kept in the data reaches the system",
		      "Whoever calls the function, or a method of the package that evaluates the call, runs it.",
		      "Read the function before using the object.", "CWE-502 CWE-506 AML.T0011" },
	[R_PACKAGE] = { "GH-RC-0004", GH_INFO, GH_CLEAN,
			"Code of an R package calls functions that reach the system or are not known",
			"Nothing by itself: a package is a program, and its functions do what they are called for.",
			"Use packages of sources you trust.", "" },
	[R_HOOK] = { "GH-RC-0005", GH_HIGH, GH_REVIEW, "The load hook of an R package reaches the system",
		     "library() runs it, and so does loading any object that refers to the package.",
		     "Read the hook before installing the package.", "CWE-829 AML.T0010" },
	[R_FETCHES] = { "GH-RC-0006", GH_CRITICAL, GH_UNSAFE,
			"R code holds a command that fetches something and runs it",
			"Whoever controls the address runs any code, and may change it at any time.", "Do not load it.",
			"CWE-494 CWE-506 AML.T0011" },
	[R_LINKED] = { "GH-RC-0007", GH_CRITICAL, GH_UNSAFE,
		       "R code that runs when the object is looked at calls a function of the object that reaches the "
		       "system",
		       "The harmless name hides what runs: the function of that name is kept in the same file.",
		       "Do not load it.", "CVE-2024-27322 CWE-502 AML.T0011" },
	[R_COMPUTED] = { "GH-RC-0008", GH_MEDIUM, GH_REVIEW,
			 "R code calls a function whose name is put together from pieces",
			 "Which function runs cannot be read; constants need no computing unless something is hidden.",
			 "Work the name out before using the object.", "CWE-506 CWE-470 AML.T0015" },
	[R_START] = { "GH-RC-0009", GH_CRITICAL, GH_UNSAFE,
		      "A function that R calls by itself when it reads a workspace reaches the system",
		      "R reads .RData of its folder when it starts and calls .First, at the end .Last.",
		      "Do not start R in this folder.", "CWE-502 CWE-506 AML.T0011" },
	[R_BODY] = { "GH-RC-0010", GH_CRITICAL, GH_UNSAFE,
		     "A function that is part of the object reaches the system, files or the network",
		     "Methods like predict() and print() call functions of their objects: using the model runs it.",
		     "Do not load it.", "CWE-502 CWE-506 AML.T0011" },
	[R_ODD] = { "GH-RC-0011", GH_MEDIUM, GH_REVIEW, "A function that is part of the object does more than compute",
		    "Methods like predict() and print() call functions of their objects; what this one calls is not on "
		    "the "
		    "list of functions that only compute.",
		    "Read the function before using the object.", "CWE-502 AML.T0011" },
	GH_RULES_END
};

/* Names, by hash: of the functions that code without a caller calls, and of the variables whose functions reach the
 * system. Where they meet, the one runs the other. */
struct names {
	struct name {
		uint64_t hash;
		struct gh_range at;
		struct gh_span text; /* where it is needed for saying */
	} *v;
	size_t n, cap;
	bool full;
};
struct state {
	struct names called, reaching;
	/* Functions of the object itself, by name: what their bodies call is judged where it stands. */
	struct names local, own; /* variables that are set; parameters, and variables that are set to functions */
	struct names odd, taken; /* called although nothing is known of them; by name handed to what calls them */
	/* Bytecode is read without knowing where an instruction ends, so that a member of a list may look called. */
	struct names member_names, bytecode; /* members, labels and variables */
	bool member;			     /* a member of a variable is called, whatever it holds */
	bool nameless;			     /* a function that is in no variable reaches the system */
	struct gh_range at[2];		     /* of these two */
};

static struct state *state_of(struct gh_scene *s)
{
	if (*s->state == NULL)
		*s->state = GH_NEW(s->arena, struct state, 1);
	return *s->state;
}

static bool has(const struct names *t, uint64_t hash)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->v[i].hash == hash)
			return true;
	return false;
}

static void note(struct gh_scene *s, struct names *t, struct gh_span name, struct gh_range at)
{
	uint64_t hash = gh_hash_end(gh_hash(GH_HASH_START, name));
	if (name.n == 0)
		return;
	if (has(t, hash))
		return;
	struct name *v = t->n < t->cap	 ? t->v
			 : t->n >= NAMES ? NULL
					 : gh_grow(s->arena, t->v, &t->cap, t->n + 1, sizeof *v);
	if (v == NULL) {
		t->full = true;
		return;
	}
	t->v = v;
	t->v[t->n++] = (struct name){ .hash = hash, .at = at };
}

static void say(struct gh_scene *s, const struct gh_event *ev, int rule)
{
	const struct gh_call *c = ev->u.call;
	struct gh_safe in = gh_safe(c->as_module);
	gh_find(s, &rules[rule], ev->at, "%s%s%s%s", gh_safe(c->as_name).s, in.s[0] != '\0' ? " in \"" : "", in.s,
		in.s[0] != '\0' ? "\"" : "");
}

/* A package calls such functions in a hundred places: each function is named once. */
static void say_package(struct gh_scene *s, const struct gh_event *ev)
{
	gh_find(s, &rules[R_PACKAGE], ev->at, "%s()", gh_safe(ev->u.call->name).s);
}

/* An entry of a package's database, as the container says. */
static bool packaged(const struct gh_scene *s) { return s->role != NULL && strcmp(s->role, "lazy-load entry") == 0; }

static bool fetches(const struct gh_call *c)
{
	struct gh_source state = { 0 };
	return gh_source_runs_foreign(&state, c->as_name);
}

static bool member_call(const struct gh_call *c) { return gh_span_is(c->module, "$"); }

static void note_call(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct state *st = state_of(s);
	if (st == NULL || (c->module.n != 0 && !member_call(c)))
		return;
	note(s, &st->called, c->name, ev->at);
	if (member_call(c) && !st->member)
		st->member = true, st->at[0] = ev->at;
}

static void note_reaching(struct gh_scene *s, const struct gh_event *ev)
{
	struct gh_span in = ev->u.call->as_module;
	struct state *st = state_of(s);
	if (st == NULL)
		return;
	note(s, &st->reaching, in, ev->at);
	if (in.n == 0 && !st->nameless)
		st->nameless = true, st->at[1] = ev->at;
}

/* Code that nobody has to call. */
static void runs(struct gh_scene *s, const struct gh_event *ev, enum gh_r_reach reach)
{
	const struct gh_call *c = ev->u.call;
	note_call(s, ev);
	if (member_call(c)) {
		if (reach >= GH_R_CONTACT)
			say(s, ev, R_RUNS);
	} else if (reach > (packaged(s) ? GH_R_CHANGE : GH_R_HARMLESS) || !c->resolved) {
		say(s, ev, R_RUNS);
	} else if (reach == GH_R_CHANGE) { /* a package's own data, made when it is first used */
		say(s, ev, R_UNKNOWN);
	} else if (reach == GH_R_UNKNOWN) {
		if (packaged(s))
			say_package(s, ev);
		else
			say(s, ev, R_UNKNOWN);
	}
}

static bool makes_code(struct gh_span name)
{
	return gh_span_is(name, "parse") || gh_span_is(name, "str2lang") || gh_span_is(name, "str2expression") ||
	       gh_span_is(name, "parse_expr") || gh_span_is(name, "parse_exprs");
}

/* The function of an active binding: whoever reads the variable calls it. */
static void on_read(struct gh_scene *s, const struct gh_event *ev, enum gh_r_reach reach)
{
	const struct gh_call *c = ev->u.call;
	note_call(s, ev);
	if (reach >= (member_call(c) ? GH_R_CONTACT : GH_R_DELETE) || makes_code(c->name))
		say(s, ev, R_RUNS);
	else if (reach == GH_R_WRITE && !member_call(c))
		say(s, ev, R_HOLDS);
}

static bool by_itself(struct gh_span name)
{
	static const char *const names[] = { ".First", ".Last", ".First.sys", ".Last.sys", ".OptRequireMethods" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(name, names[i]))
			return true;
	return false;
}

/* ---- functions that are part of an object ---------------------------------------------------------------------------- */

/* Evaluating what is at hand is how models work (a formula, a call that was kept): the call itself is judged where it stands.
 * Making code of text is not. */
static bool evaluates_kept(struct gh_span name)
{
	static const char *const names[] = { "eval",	  "evalq",	 "eval.parent",	  "withVisible",
					     "body<-",	  "formals<-",	 "environment<-", "eval_tidy",
					     "eval_bare", "sys.on.exit", "cat",		  "print" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(name, names[i]))
			return true;
	return false;
}

/* A name that the list of harmless functions does not have; whether it is a function of the object is known at the end. */
static void note_odd(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct state *st = state_of(s);
	struct names *t = st == NULL ? NULL : c->fresh ? &st->taken : c->late ? &st->bytecode : &st->odd;
	size_t before = t == NULL ? 0 : t->n;
	if (c->module.n != 0 || t == NULL) {
		say(s, ev, R_ODD);
		return;
	}
	note(s, t, c->name, ev->at);
	if (t->n > before)
		t->v[before].text = gh_keep(s->arena, gh_span_cut(c->name, 0, 64));
}

static void body_call(struct gh_scene *s, const struct gh_event *ev, enum gh_r_reach reach)
{
	const struct gh_call *c = ev->u.call;
	if (member_call(c)) { /* a method of something; of an environment it is the function itself */
		if (reach == GH_R_EXECUTE)
			say(s, ev, R_BODY);
		return;
	}
	if (reach >= GH_R_WRITE) {
		note_reaching(s, ev);
		say(s, ev,
		    reach == GH_R_EXECUTE && fetches(c) ? R_FETCHES
		    : by_itself(c->as_module)		? R_START
							: R_BODY);
	} else if (reach == GH_R_CHANGE || (reach == GH_R_EVALUATE && !evaluates_kept(c->name))) {
		if (!evaluates_kept(c->name))
			say(s, ev, R_ODD);
	} else if (reach == GH_R_UNKNOWN && c->resolved) {
		note_odd(s, ev);
	}
}

/* A string that a function in a body is given: the name of a function, an address, a command, code. */
static void body_text(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	struct gh_span text = c->name, to = c->as_name;
	enum gh_r_reach by = gh_r_reach((struct gh_span){ 0 }, to), is = gh_r_reach((struct gh_span){ 0 }, text);
	bool url = memmem(text.p, text.n, "://", 3) != NULL;
	bool pipe = text.n > 1 && text.p[0] == '|' && by != GH_R_HARMLESS;
	bool run = is == GH_R_EXECUTE && gh_r_takes_function(to);
	if (gh_span_is(to, "requireNamespace") && !gh_r_own_package(text))
		say(s, ev, R_ODD);
	bool code = gh_r_takes_code(to) && gh_r_text_reach(text) >= GH_R_WRITE;
	if (run || pipe || code || (url && (by == GH_R_CHANGE || by >= GH_R_WRITE)))
		say(s, ev, R_BODY);
}

/* A variable that is handed on, and is a function unless something else has its name. */
static void body_mention(struct gh_scene *s, const struct gh_event *ev, enum gh_r_reach reach)
{
	if (reach == GH_R_EXECUTE)
		say(s, ev, R_BODY);
	else if (gh_r_environment(ev->u.call->name) || gh_span_is(ev->u.call->as_name, "requireNamespace"))
		say(s, ev, R_ODD);
}

static bool body_told(struct gh_scene *s, const struct gh_event *ev, enum gh_r_reach reach)
{
	const struct gh_call *c = ev->u.call;
	struct state *st;
	if (gh_span_is(c->module, "=")) {
		if ((st = state_of(s)) != NULL)
			note(s, &st->member_names, c->name, ev->at);
		body_mention(s, ev, reach);
	} else if (gh_span_is(c->module, "text")) {
		body_text(s, ev);
	} else if (gh_span_is(c->module, "to")) {
		if (gh_span_is(c->name, "cat") || gh_span_is(c->name, "print") || reach == GH_R_UNKNOWN)
			say(s, ev, gh_span_is(c->name, "cat") ? R_BODY : R_ODD);
	} else if (gh_span_is(c->module, "member")) {
		st = state_of(s);
		if (st != NULL)
			note(s, &st->member_names, c->name, ev->at);
	} else if (gh_span_is(c->module, "local") || gh_span_is(c->module, "function")) {
		st = state_of(s);
		if (st != NULL)
			note(s, gh_span_is(c->module, "local") ? &st->local : &st->own, c->name, ev->at);
	} else {
		return false;
	}
	return true;
}

/* What was called without being known, when nothing in the object has that name. */
static void odd_end(struct gh_scene *s, struct state *st)
{
	const struct {
		const struct names *t, *but[2];
	} rows[] = { { &st->odd, { &st->own, &st->local } },
		     { &st->taken, { &st->own, &st->own } },
		     { &st->bytecode, { &st->own, &st->local } } };
	for (size_t k = 0; k < sizeof rows / sizeof rows[0]; k++) {
		const struct names *t = rows[k].t;
		for (size_t i = 0; i < t->n; i++)
			if (!has(rows[k].but[0], t->v[i].hash) && !has(rows[k].but[1], t->v[i].hash) &&
			    (t != &st->bytecode || !has(&st->member_names, t->v[i].hash)))
				gh_find(s, &rules[R_ODD], t->v[i].at, "%s()", gh_safe(t->v[i].text).s);
		if (t->full)
			gh_find(s, &rules[R_ODD], t->v[0].at, "more than %d names", (int)NAMES);
	}
}

/* Code that somebody has to call. */
static void held(struct gh_scene *s, const struct gh_event *ev, enum gh_r_reach reach)
{
	const struct gh_call *c = ev->u.call;
	if (reach < GH_R_DELETE || member_call(c))
		return;
	note_reaching(s, ev);
	if (reach == GH_R_EXECUTE && fetches(c))
		say(s, ev, R_FETCHES);
	else if (by_itself(c->as_module) && !packaged(s))
		say(s, ev, R_START);
	else if (!packaged(s))
		say(s, ev, R_HOLDS);
	else if (c->how == GH_CALL_INST && reach > GH_R_DELETE && !gh_span_is(c->name, "library.dynam"))
		say(s, ev, R_HOOK);
	else
		say_package(s, ev);
}

static void on(struct gh_scene *s, const struct gh_event *ev)
{
	const struct gh_call *c = ev->u.call;
	if (strcmp(c->system, "r") != 0)
		return;
	enum gh_r_reach reach = gh_r_reach(c->module, c->name);
	if (body_told(s, ev, reach))
		return;
	if (gh_span_is(c->module, "()")) {
		if (c->how == GH_CALL_REDUCE)
			say(s, ev, R_RUNS);
		else if (packaged(s))
			say_package(s, ev);
		else
			say(s, ev, R_COMPUTED);
		return;
	}
	if (c->how == GH_CALL_REDUCE)
		runs(s, ev, reach);
	else if (c->how == GH_CALL_BUILD)
		on_read(s, ev, reach);
	else if (!packaged(s) && (c->how == GH_CALL_OPERATION || c->how == GH_CALL_INST))
		body_call(s, ev, reach);
	else
		held(s, ev, reach);
}

static void end(struct gh_scene *s)
{
	struct state *st = *s->state;
	if (st == NULL)
		return;
	odd_end(s, st);
	if (st->member && st->nameless) {
		gh_find(s, &rules[R_LINKED], st->at[0],
			"calls a member of a variable; the function at byte %llu may be it",
			(unsigned long long)st->at[1].off);
		return;
	}
	for (size_t i = 0; i < st->called.n; i++)
		for (size_t k = 0; k < st->reaching.n; k++)
			if (st->called.v[i].hash == st->reaching.v[k].hash) {
				gh_find(s, &rules[R_LINKED], st->called.v[i].at, "calls the function at byte %llu",
					(unsigned long long)st->reaching.v[k].at.off);
				return;
			}
	if ((st->called.full && st->reaching.n != 0) ||
	    (st->reaching.full && st->called.n != 0)) /* what was not compared might meet */
		gh_find(s, &rules[R_LINKED], st->called.v[0].at, "more than %d names", (int)NAMES);
}

const struct gh_check gh_check_rcode = {
	.name = "r-code",
	.about = "R code in serialized objects: by when it runs and what it reaches",
	.stage = GH_STAGE_CODE,
	.events = 1u << GH_EV_CALL,
	.on = on,
	.end = end,
	.rules = rules,
};
