/* Calls in R code: what is called by name, through pkg::name, through functions that take functions, and what cannot be
 * known. Text of a call is shortened: its function and its first arguments. */
#include "base/buf.h"
#include "format/rdata/rdata.h"

enum { CALL_TEXT = 2048 };

/* Functions that call, or hand out for calling, one of their arguments: its place and its usual name. */
static const struct {
	const char *name, *arg;
	unsigned at;
	bool lookup; /* by name: what it finds is what the call stands for */
} takers[] = {
	{ "do.call", "what", 0, false },
	{ "match.fun", "FUN", 0, true },
	{ "get", "x", 0, true },
	{ "get0", "x", 0, true },
	{ "dynGet", "x", 0, true },
	{ "mget", "x", 0, true },
	{ "getFunction", "name", 0, true },
	{ "getMethod", "f", 0, true },
	{ "getExportedValue", "name", 1, true },
	{ "getFromNamespace", "x", 0, true },
	{ "getAnywhere", "x", 0, true },
	{ "getElement", "name", 1, true },
	{ "as.name", "x", 0, true },
	{ "as.symbol", "x", 0, true },
	{ "call", "name", 0, false },
	{ "lapply", "FUN", 1, false },
	{ "sapply", "FUN", 1, false },
	{ "vapply", "FUN", 1, false },
	{ "eapply", "FUN", 1, false },
	{ "rapply", "f", 1, false },
	{ "apply", "FUN", 2, false },
	{ "tapply", "FUN", 2, false },
	{ "outer", "FUN", 2, false },
	{ "mapply", "FUN", 0, false },
	{ "Map", "f", 0, false },
	{ "Reduce", "f", 0, false },
	{ "Filter", "f", 0, false },
	{ "Find", "f", 0, false },
	{ "Position", "f", 0, false },
	{ "Vectorize", "FUN", 0, false },
	{ "mclapply", "FUN", 1, false },
	{ "parLapply", "fun", 2, false },
	{ "map", ".f", 1, false },
	{ "aggregate", "FUN", 2, false },
	{ "ave", "FUN", 2, false },
	{ "by", "FUN", 2, false },
	{ "sweep", "FUN", 3, false },
	{ "optimize", "f", 0, false },
	{ "optimise", "f", 0, false },
	{ "integrate", "f", 0, false },
	{ "uniroot", "f", 0, false },
	{ "nlm", "f", 0, false },
	{ "optim", "fn", 1, false },
	{ "nlminb", "objective", 1, false },
	{ "glm", "family", 1, false },
	{ "Negate", "f", 0, false },
	{ ".Call", ".NAME", 0, false },
	{ ".External", ".NAME", 0, false },
	{ ".External2", ".NAME", 0, false },
	{ ".C", ".NAME", 0, false },
	{ ".Fortran", ".NAME", 0, false },
};

/* Functions of text and numbers: of constants they make a constant, and so hide the name of a function. `plain`: people
 * write constants with them. */
static const struct {
	const char *name;
	bool plain;
} texts[] = {
	{ "paste0", false },
	{ "paste", false },
	{ "sprintf", false },
	{ "rawToChar", false },
	{ "intToUtf8", false },
	{ "chartr", false },
	{ "gsub", false },
	{ "sub", false },
	{ "substr", false },
	{ "substring", false },
	{ "Reduce", false },
	{ "casefold", false },
	{ "rev", false },
	{ "strsplit", false },
	{ "as.character", false },
	{ "unlist", false },
	{ "toupper", false },
	{ "tolower", false },
	{ "trimws", false },
	{ "strrep", false },
	{ "noquote", false },
	{ "do.call", false },
	{ "vapply", false },
	{ "sapply", false },
	{ "Map", false },
	{ "mapply", false },
	{ "[[", false },
	{ "[", false },
	{ "(", false },
	{ "strtoi", true },
	{ "as.raw", true },
	{ "charToRaw", true },
	{ "utf8ToInt", true },
	{ "as.integer", true },
	{ "as.numeric", true },
	{ "c", true },
	{ "list", true },
	{ "bitwXor", true },
	{ "xor", true },
	{ "+", true },
	{ "-", true },
	{ "*", true },
	{ ":", true },
	{ "seq", true },
	{ "iconv", false },
	{ "base64decode", false },
	{ "base64_dec", false },
	{ "formatC", false },
	{ "toString", false },
	{ "rawToBits", true },
	{ "format", false },
	{ "hex2bin", true },
};

static int text_function(struct gh_span name)
{
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		if (gh_span_is(name, texts[i].name))
			return (int)i;
	return -1;
}

bool rd_constant(const struct rd_res *v)
{
	switch (v->type) {
	case R_STR:
	case R_CHAR:
	case R_INT:
	case R_REAL:
	case R_LGL:
	case R_RAW:
	case R_NIL:
	case R_NILVALUE: return true;
	case R_LANG: return v->constant;
	case R_SYM:
		return text_function(v->name) >= 0 || gh_span_is(v->name, "letters") || gh_span_is(v->name, "LETTERS");
	default: return false;
	}
}

/* The text that the call makes, when it is a matter of joining; p == NULL: not known. */
static struct gh_span joined(struct rdata *r, const struct rd_frame *f)
{
	bool paste = gh_span_is(f->fun.name, "paste"),
	     one = gh_span_is(f->fun.name, "(") || gh_span_is(f->fun.name, "c");
	one = one || gh_span_is(f->fun.name, "as.character") || gh_span_is(f->fun.name, "noquote");
	struct gh_span none = { 0 }, sep = paste ? GH_SPAN(" ") : (struct gh_span){ (const uint8_t *)"", 0 };
	gh_auto_buf b = gh_buf(RD_TEXT);
	if (f->more || f->variable || f->nargs == 0 || (one && f->nargs != 1) ||
	    (!one && !paste && !gh_span_is(f->fun.name, "paste0")))
		return none;
	for (unsigned i = 0; i < f->nargs; i++)
		if (gh_span_is(f->argname[i], "sep"))
			sep = f->arg[i].name;
	bool first = true;
	for (unsigned i = 0; i < f->nargs; i++) {
		if (gh_span_is(f->argname[i], "sep") || gh_span_is(f->argname[i], "collapse"))
			continue;
		if (f->arg[i].type != R_STR || f->arg[i].name.n == 0)
			return none;
		if (!first)
			gh_buf_span(&b, sep);
		gh_buf_span(&b, f->arg[i].name);
		first = false;
	}
	return gh_keep(r->w->arena, gh_buf_view(&b));
}

static const char *const colons[] = { "::", ":::" };

static bool is_colons(struct gh_span s) { return gh_span_is(s, colons[0]) || gh_span_is(s, colons[1]); }

static bool named(const struct rd_res *v) { return v->name.n != 0 && v->type != R_LANG; }

static void render_arg(struct gh_buf *b, const struct rd_res *v)
{
	if (v->name.n == 0) {
		gh_buf_str(b, "…");
	} else if (v->type == R_STR || v->type == R_CHAR) {
		gh_buf_ch(b, '"');
		gh_buf_span(b, v->name);
		gh_buf_ch(b, '"');
	} else {
		gh_buf_span(b, v->name);
		if (v->type == R_LANG)
			gh_buf_str(b, "(…)");
	}
}

static void render(struct gh_buf *b, const struct rd_frame *f)
{
	if (f->fun.name.n != 0)
		gh_buf_span(b, f->fun.name);
	else
		gh_buf_str(b, "(…)");
	gh_buf_ch(b, '(');
	for (unsigned i = 0; i < f->nargs; i++) {
		gh_buf_str(b, i > 0 ? ", " : "");
		if (f->argname[i].n != 0) {
			gh_buf_span(b, f->argname[i]);
			gh_buf_str(b, " = ");
		}
		render_arg(b, &f->arg[i]);
	}
	gh_buf_str(b, f->more ? ", …)" : ")");
}

static void emit_as(struct rdata *r, const struct rd_frame *f, const struct rd_res *fun, struct gh_span text,
		    bool taken, bool bytecode)
{
	static const enum gh_call_how how[] = {
		[RD_DATA] = GH_CALL_IMPORT, [RD_LANG] = GH_CALL_IMPORT,	 [RD_CODE] = GH_CALL_OPERATION,
		[RD_HOOK] = GH_CALL_INST,   [RD_ACTIVE] = GH_CALL_BUILD, [RD_RUN] = GH_CALL_REDUCE
	};
	struct gh_call c = { .how = how[f->place],
			     .system = "r",
			     .module = fun->pkg,
			     .name = fun->name,
			     .as_module = f->bound,
			     .as_name = text,
			     .resolved = fun->name.n != 0,
			     .fresh = taken,
			     .late = bytecode };
	uint64_t end = gh_cur_off(&r->c);
	enum gh_rc rc = gh_emit(r->w, GH_EV_CALL, f->off, end - f->off, &c);
	if (rc != GH_OK)
		rd_stop(r, rc, "a call");
}

static void emit(struct rdata *r, const struct rd_frame *f, const struct rd_res *fun, struct gh_span text)
{
	emit_as(r, f, fun, text, false, false);
}

static void tell(struct rdata *r, const struct rd_frame *f, const char *what, struct gh_span name, struct gh_span text)
{
	struct rd_res v = { .pkg = gh_span_str(what), .name = name };
	if (name.n != 0)
		emit(r, f, &v, text);
}

void rd_bound(struct rdata *r, const struct rd_frame *f)
{
	if (!r->failed && !r->package)
		tell(r, f, "function", f->bound, f->bound);
}

/* The first argument of an assignment is set, not handed on. */
static bool sets(const struct rd_frame *f)
{
	static const char *const names[] = { "<-", "<<-", "=", "for" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(f->fun.name, names[i]))
			return f->fun.type == R_SYM && f->nargs == 0;
	return false;
}

void rd_part(struct rdata *r, const struct rd_frame *f, const struct rd_res *v)
{
	static const char *const places[] = { "file", "con", "command", "editor", "browser", "pager" };
	if (r->failed || r->package || f->place < RD_CODE)
		return;
	if (f->type == R_LIST) { /* parameters of a function, whose values are what they are by default */
		tell(r, f, "function", f->label, f->label);
		if (v->type == R_SYM)
			tell(r, f, "=", v->name, v->name);
		return;
	}
	if (f->type != R_LANG || !f->started)
		return;
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
		if (gh_span_is(f->label, places[i]))
			tell(r, f, "to", f->fun.name, f->fun.name);
	tell(r, f, "member", f->label, f->label);
	bool member = (gh_span_is(f->fun.name, "$") || gh_span_is(f->fun.name, "@")) && f->nargs == 1;
	if (v->type == R_SYM && member)
		tell(r, f, "member", v->name, v->name);
	else if (v->type == R_SYM && sets(f))
		tell(r, f, "local", v->name, v->name);
	else if (v->type == R_SYM && !is_colons(f->fun.name))
		tell(r, f, "=", v->name, f->fun.name);
	else if (v->type == R_STR || v->type == R_CHAR)
		tell(r, f, "text", v->name, f->fun.type == R_LANG ? (struct gh_span){ 0 } : f->fun.name);
	else if (v->type == R_LANG && gh_span_is(v->name, "function") && f->nargs == 1 &&
		 (gh_span_is(f->fun.name, "<-") || gh_span_is(f->fun.name, "<<-") || gh_span_is(f->fun.name, "=")) &&
		 f->arg[0].type == R_SYM)
		tell(r, f, "function", f->arg[0].name, f->arg[0].name);
}

/* An argument that is called too: its place, or -1. *lookup: the call itself stands for it. */
static int taken(const struct rd_frame *f, bool *lookup)
{
	for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++) {
		if (!gh_span_is(f->fun.name, takers[i].name))
			continue;
		*lookup = takers[i].lookup;
		for (unsigned k = 0; k < f->nargs; k++)
			if (f->argname[k].n != 0 && gh_span_is(f->argname[k], takers[i].arg))
				return (int)k;
		return takers[i].at < f->nargs ? (int)takers[i].at : RD_ARGS;
	}
	return -1;
}

/* pkg::name and x$name stand for what is called, or handed on, around them. */
static bool operand(struct rdata *r, const struct rd_frame *f)
{
	struct gh_span op = f->fun.name;
	if (!named(&f->fun) || f->nargs != 2 || f->more)
		return false;
	const struct rd_res *of = &f->arg[0], *what = &f->arg[1];
	if (is_colons(op) && named(of) && named(what)) {
		r->res = (struct rd_res){ .type = R_LANG, .pkg = of->name, .name = what->name };
		return true;
	}
	if (!gh_span_is(op, "$") && !gh_span_is(op, "@") && !gh_span_is(op, "[["))
		return false;
	/* What the member holds is not known, but what it is called; x[[i]] not even that. */
	bool known = named(what) && (what->type != R_SYM || !gh_span_is(op, "[["));
	r->res = (struct rd_res){ .type = R_LANG, .pkg = GH_SPAN("$"), .name = known ? what->name : GH_SPAN("[[") };
	return true;
}

void rd_call(struct rdata *r, const struct rd_frame *f)
{
	struct rd_res self = { .type = R_LANG, .name = f->fun.name };
	bool lookup = false;
	if (r->failed)
		return;
	gh_auto_buf b = gh_buf(CALL_TEXT);
	struct rd_res fun = f->fun;
	if (fun.type == R_LANG && fun.pkg.n == 0)
		fun.name = (struct gh_span){ 0 }; /* what a call returns */
	render(&b, f);
	emit(r, f, &fun, gh_buf_view(&b));
	if (operand(r, f))
		return;
	int text = f->fun.type == R_SYM ? text_function(f->fun.name) : -1;
	if (text >= 0 && !f->variable && f->nargs != 0) {
		struct gh_span made = joined(r, f);
		self.constant = true;
		if (made.n != 0)
			self = (struct rd_res){ .type = R_STR, .name = made };
	}
	int k = taken(f, &lookup);
	struct rd_res arg = k >= 0 && k < RD_ARGS ? f->arg[k] : (struct rd_res){ 0 };
	int hidden = k >= 0 && arg.type == R_LANG && arg.constant ? text_function(arg.name) : -1;
	if (hidden >= 0 && !texts[hidden].plain)
		arg.pkg = GH_SPAN("()");
	else if (arg.type == R_LANG && arg.pkg.n == 0 && !gh_span_is(arg.name, "function"))
		arg.name = (struct gh_span){ 0 };
	/* What a variable holds is not known; that it bears the name of a function is. */
	if (k >= 0 && (arg.name.n != 0 || f->place == RD_RUN))
		emit_as(r, f, &arg, gh_buf_view(&b), true, false);
	if (lookup && arg.name.n != 0 && !gh_span_is(arg.pkg, "()"))
		self = (struct rd_res){ .type = R_LANG,
					.pkg = arg.pkg.n != 0 ? arg.pkg : GH_SPAN("$"),
					.name = arg.name };
	r->res = self;
}

void rd_bc_call(struct rdata *r, const struct rd_frame *f, const struct rd_res *fun)
{
	if (r->failed || fun->type != R_SYM || fun->name.n == 0)
		return;
	gh_auto_buf b = gh_buf(CALL_TEXT);
	gh_buf_span(&b, fun->name);
	gh_buf_str(&b, "(…)");
	emit_as(r, f, fun, gh_buf_view(&b), false, true);
}
