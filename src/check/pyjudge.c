/* pyjudge.c - what a call in Python source means: by the capability of what is called, the marks on its arguments, and when it
 * runs. */
#include "check/pycode_int.h"

enum { LOOKS = 400 };
enum { BORN_ELSEWHERE = GH_PYF_DECODED | GH_PYF_NET | GH_PYF_SOCKET | GH_PYF_PROC };

static struct gh_pyv likely(struct gh_pyv v)
{
	uint32_t flags = v.flags;
	if (v.kind != GH_PYV_ALT || v.n == 0)
		return v;
	v = v.v[0];
	v.flags |= flags;
	return v;
}

static uint32_t flags_of(struct gh_pyv v)
{
	uint32_t flags = v.flags;
	bool holds = v.kind == GH_PYV_SEQ || v.kind == GH_PYV_DICT || v.kind == GH_PYV_ALT || v.kind == GH_PYV_PARTIAL;
	uint32_t n = !holds ? 0 : v.kind == GH_PYV_DICT ? 2 * v.n : v.n;
	for (uint32_t i = 0; i < n && i < 24; i++) {
		struct gh_pyv w = v.v[i];
		bool more = w.kind == GH_PYV_SEQ || w.kind == GH_PYV_ALT || w.kind == GH_PYV_DICT;
		flags |= w.flags;
		for (uint32_t k = 0; more && k < w.n * (w.kind == GH_PYV_DICT ? 2 : 1) && k < 8; k++)
			flags |= w.v[k].flags;
	}
	return flags;
}

static struct gh_pyv arg(const struct gh_pycall *c, unsigned i, const char *name)
{
	for (unsigned k = 0; name != NULL && k < c->nkw; k++)
		if (gh_span_is(c->kw[k].name, name))
			return likely(c->kw[k].v);
	return i < c->narg ? likely(c->arg[i]) : (struct gh_pyv){ .kind = GH_PYV_NONE };
}
static bool text(struct gh_pyv v) { return v.kind == GH_PYV_STR || v.kind == GH_PYV_BYTES; }

static bool given(const struct gh_pycall *c, const char *name)
{
	for (unsigned k = 0; k < c->nkw; k++)
		if (gh_span_is(c->kw[k].name, name))
			return true;
	return false;
}

static uint32_t all_flags(const struct gh_pycall *c, bool but_headers)
{
	static const char *const usual[] = { "headers", "auth", "token",	  "api_key",
					     "cookies", "cert", "use_auth_token", "env" };
	uint32_t flags = 0;
	for (unsigned i = 0; i < c->narg; i++) {
		/* Telegram takes the token of a bot in the path: to whom it belongs it may be sent. */
		bool own = but_headers && gh_span_starts(gh_pyv_text(c->arg[i]), "https://api.telegram.org/bot");
		flags |= flags_of(c->arg[i]) & (own ? ~(uint32_t)(GH_PYF_SECRET | GH_PYF_ENV) : ~(uint32_t)0);
	}
	for (unsigned k = 0; k < c->nkw; k++) {
		uint32_t more = flags_of(c->kw[k].v);
		for (size_t u = 0; but_headers && u < sizeof usual / sizeof usual[0]; u++)
			if (gh_span_is(c->kw[k].name, usual[u]))
				more &= GH_PYF_ENVALL;
		flags |= more;
	}
	return flags;
}

static const struct gh_py_group *group_of(struct gh_span path) { return gh_py_find(path); }
static enum gh_pycap cap_of(struct gh_span path)
{
	const struct gh_py_group *g = group_of(path);
	return g == NULL ? GH_PYCAP_NONE : (enum gh_pycap)g->cap;
}

bool pyc_heavy(void *a, struct gh_span path)
{
	(void)a;
	switch (cap_of(path)) {
	case GH_PYCAP_PROCESS:
	case GH_PYCAP_INTERACTIVE:
	case GH_PYCAP_CODE:
	case GH_PYCAP_MEMORY: return true;
	default: return gh_span_is(path, "builtins.__import__");
	}
}

uint32_t pyc_load(void *a, struct gh_span path)
{
	(void)a;
	switch (cap_of(path)) {
	case GH_PYCAP_ENVALL: return GH_PYF_ENVALL;
	case GH_PYCAP_ENV: return gh_span_is(path, "os.environ[]") ? GH_PYF_ENV : 0;
	case GH_PYCAP_INPUT: return gh_span_is(path, "sys.argv") ? GH_PYF_INPUT : 0;
	default: return 0;
	}
}

/* ---- files that were fetched or written ------------------------------------------------------------------------------- */
static void drop(struct pyc *c, struct gh_pyv path, bool written)
{
	if (c->ndrop == PYC_DROPPED)
		return;
	c->drop[c->ndrop].origin = text(path) ? 0 : path.origin;
	c->drop[c->ndrop].path = text(path) ? gh_keep(c->a, gh_pyv_text(path)) : (struct gh_span){ 0 };
	c->drop[c->ndrop++].written = written;
}

static bool names_drop(const struct pyc *c, struct gh_pyv v)
{
	v = likely(v);
	for (unsigned i = 0; i < c->ndrop; i++) {
		if (c->drop[i].written)
			continue;
		if (v.origin != 0 && v.origin == c->drop[i].origin)
			return true;
		struct gh_span p = c->drop[i].path, s = gh_span_cut(gh_pyv_text(v), 0, 4096);
		if (text(v) && p.n >= 3 && s.n >= p.n && memmem(s.p, s.n, p.p, p.n) != NULL)
			return true;
	}
	if (v.kind == GH_PYV_SEQ)
		for (uint32_t i = 0; i < v.n && i < 32; i++)
			if (v.v[i].kind != GH_PYV_SEQ && names_drop(c, v.v[i]))
				return true;
	return false;
}

static bool runs_drop(const struct pyc *c, const struct gh_pycall *call)
{
	for (unsigned i = 0; i < call->narg; i++)
		if (names_drop(c, call->arg[i]))
			return true;
	return false;
}

/* ---- commands ----------------------------------------------------------------------------------------------------------- */
/* The command line that the arguments spell: unknown parts are `{}`. */
static bool command_line(const struct gh_pycall *c, struct gh_buf *b)
{
	struct gh_pyv v = arg(c, 0, "args");
	if (v.kind == GH_PYV_NONE)
		v = arg(c, 0, "cmd");
	if (text(v)) {
		gh_buf_span(b, gh_pyv_text(v));
		for (unsigned i = 1; i < c->narg; i++) { /* execl and the like */
			struct gh_pyv w = likely(c->arg[i]);
			gh_buf_ch(b, ' ');
			if (text(w))
				gh_buf_span(b, gh_pyv_text(w));
		}
		return true;
	}
	bool known = false;
	for (uint32_t i = 0; v.kind == GH_PYV_SEQ && i < v.n && i < 200; i++) {
		struct gh_pyv w = likely(v.v[i]);
		gh_buf_str(b, i == 0 ? "" : " ");
		if (text(w))
			gh_buf_span(b, gh_pyv_text(w));
		else
			gh_buf_str(b, "{}");
		known = known || text(w);
	}
	return known;
}

/* Is it what a connection returned, or something that such a value only had a part in? */
static bool received(struct gh_pyv v)
{
	struct gh_span p = gh_pyv_text(v);
	enum gh_pycap cap = v.kind == GH_PYV_REF ? cap_of(p) : GH_PYCAP_NONE;
	return cap == GH_PYCAP_NETWORK || cap == GH_PYCAP_RECEIVE ||
	       (v.kind == GH_PYV_REF && p.n != 0 && memmem(p.p, p.n, "recv", 4) != NULL);
}

static void process(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	static const enum gh_pycode_rule by_kind[] = {
		[GH_PYCMD_HARMLESS] = GH_PYC_PROCESS, [GH_PYCMD_OTHER] = GH_PYC_PROCESS,
		[GH_PYCMD_SCRIPT] = GH_PYC_PROCESS,   [GH_PYCMD_INSTALL] = GH_PYC_INSTALL,
		[GH_PYCMD_DOUBTFUL] = GH_PYC_PROCESS, [GH_PYCMD_HARMFUL] = GH_PYC_RUNS,
	};
	/* The first thousands in full length; no honest file has as many. */
	gh_auto_buf b = gh_buf(c->looks++ < LOOKS ? 8192 : 100);
	uint32_t flags = all_flags(call, true);
	bool loaded = call->where >= GH_PYW_HOOK, unknown = !command_line(call, &b);
	bool receiver = call->path.p[0] == '?';
	if (call->how != GH_PYH_CALL || (call->flags & GH_PYF_HIDDEN) != 0) {
		bool mild = call->how == GH_PYH_GIVEN || receiver;
		if (mild && !unknown)
			mild = gh_pycommand(gh_buf_view(&b)) < GH_PYCMD_HARMFUL;
		if (call->how == GH_PYH_GIVEN && call->where >= GH_PYW_HOOK && (call->flags & GH_PYF_HIDDEN) != 0)
			mild = false;
		pyc_say_call(c, mild ? GH_PYC_LOST : GH_PYC_HIDDEN, call, why);
		return;
	}
	if (given(call, "stdin") && (flags_of(arg(call, 99, "stdin")) & GH_PYF_SOCKET) != 0) {
		pyc_say_call(c, GH_PYC_SHELL, call, "a connection is its input");
		return;
	}
	if (runs_drop(c, call) && call->where > GH_PYW_FUNC) {
		pyc_say_call(c, GH_PYC_DROPS, call, "a file that was fetched or written before");
		return;
	}
	/* Decoded in full: with other parts in it, it may be a line of an ordinary tool. */
	bool decoded = (flags & GH_PYF_DECODED) != 0 &&
		       (flags & (GH_PYF_PARAM | GH_PYF_FORMAT | GH_PYF_FILE | GH_PYF_INPUT)) == 0;
	bool mixed = call->where == GH_PYW_FUNC && !received(arg(call, 0, "args"));
	if (decoded || ((flags & (GH_PYF_NET | GH_PYF_SOCKET)) != 0 && !mixed)) {
		pyc_say_call(c, GH_PYC_RUNS, call, "the command was decoded or came over the network");
		return;
	}
	if (unknown) {
		bool bad = (flags & GH_PYF_FILE) != 0 && loaded;
		pyc_say_call(c, bad ? GH_PYC_RUNS : GH_PYC_PROCESS, call, why);
		return;
	}
	enum gh_pycommand kind = gh_pycommand(gh_buf_view(&b));
	enum gh_pycode_rule rule = by_kind[kind];
	if (loaded && kind == GH_PYCMD_INSTALL)
		rule = GH_PYC_INSTALLS;
	else if (loaded && kind >= GH_PYCMD_OTHER && kind != GH_PYCMD_INSTALL)
		rule = GH_PYC_RUNS;
	/* `{} …`: which program is not known; `{} -m pip` was seen above. A bare name with its arguments in a list is how tools
	 * start tools; a line for the shell, a path, a script of the author's own are another matter. */
	struct gh_span line = gh_buf_view(&b);
	size_t first = 0;
	while (first < line.n && line.p[first] != ' ')
		first++;
	bool bare = arg(call, 0, "args").kind == GH_PYV_SEQ && (first == 0 || memchr(line.p, '/', first) == NULL) &&
		    !gh_span_starts(line, "python");
	if (rule == GH_PYC_RUNS && kind == GH_PYCMD_OTHER &&
	    (gh_span_starts(line, "{}") || call->where == GH_PYW_HOOK || receiver || bare))
		rule = GH_PYC_PROCESS;
	if (rule == GH_PYC_RUNS && kind == GH_PYCMD_HARMFUL && call->where == GH_PYW_FUNC &&
	    (flags & GH_PYF_PARAM) != 0 && arg(call, 0, "args").kind == GH_PYV_SEQ)
		rule = GH_PYC_PROCESS;
	pyc_say_call(c, rule, call, why);
}

/* ---- code ----------------------------------------------------------------------------------------------------------------- */
static void code(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	struct gh_pyv v = arg(call, 0, "source");
	uint32_t flags = flags_of(v) | (call->narg > 1 ? flags_of(call->arg[1]) & BORN_ELSEWHERE : 0);
	bool receiver = call->path.p[0] == '?';
	if (text(v))
		pyc_snippet(c, gh_pyv_text(v), call->where, call->node);
	if (call->how != GH_PYH_CALL || (call->flags & GH_PYF_HIDDEN) != 0) {
		bool mild = (call->how == GH_PYH_GIVEN && (call->flags & GH_PYF_HIDDEN) == 0) || receiver;
		pyc_say_call(c, mild ? GH_PYC_LOST : GH_PYC_HIDDEN, call, why);
		return;
	}
	bool pieces = (flags & GH_PYF_DECODED) != 0 &&
		      ((flags & (GH_PYF_PARAM | GH_PYF_FORMAT | GH_PYF_FILE)) == 0 || call->where == GH_PYW_IMPORT);
	bool mixed = call->where == GH_PYW_FUNC && (flags & (GH_PYF_FORMAT | GH_PYF_JOINED)) != 0;
	bool foreign = (flags & (GH_PYF_NET | GH_PYF_SOCKET | GH_PYF_PROC)) != 0 && !mixed;
	if (((flags & BORN_ELSEWHERE) != 0 && (pieces || foreign)) || (flags & GH_PYF_SECRET) != 0)
		pyc_say_call(c, GH_PYC_EXEC, call, "what runs was decoded, put together or fetched");
	else if (names_drop(c, v) && call->where > GH_PYW_FUNC)
		pyc_say_call(c, GH_PYC_DROPS, call, "a file that was fetched or written before");
	else if (gh_span_is(call->path, "marshal.loads") && call->where >= GH_PYW_HOOK && (flags & GH_PYF_PARAM) == 0)
		pyc_say_call(c, GH_PYC_EXEC, call, "bytecode that nobody can read");
	else
		pyc_say_call(c, GH_PYC_CODE, call, why);
}

static bool is_true(const struct gh_pycall *c, unsigned i, const char *name)
{
	struct gh_pyv v = arg(c, i, name);
	return v.kind == GH_PYV_INT && v.i != 0;
}

static void deserialise(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	uint32_t flags = call->narg != 0 ? flags_of(call->arg[0]) : 0;
	if ((gh_span_is(call->path, "torch.load") || gh_span_is(call->path, "torch.serialization.load")) &&
	    is_true(call, 99, "weights_only"))
		return;
	if (gh_span_starts(call->path, "numpy.") && !is_true(call, 2, "allow_pickle"))
		return;
	if (gh_span_starts(call->path, "keras.") && is_true(call, 99, "safe_mode"))
		return;
	if (gh_span_starts(call->path, "yaml.") || gh_span_starts(call->path, "ruamel.")) {
		struct gh_pyv l = arg(call, 1, "Loader");
		struct gh_span name = gh_pyv_text(l);
		if (l.kind == GH_PYV_REF && name.n != 0 && memmem(name.p, name.n, "Safe", 4) != NULL)
			return;
	}
	bool foreign = (flags & (GH_PYF_NET | GH_PYF_SOCKET)) != 0 ||
		       ((flags & GH_PYF_DECODED) != 0 && (flags & (GH_PYF_PARAM | GH_PYF_FILE)) == 0 &&
			call->arg[0].kind != GH_PYV_REF);
	bool hidden = (call->flags & GH_PYF_HIDDEN) != 0 && call->how == GH_PYH_CALL;
	bool literal = call->narg != 0 && text(likely(call->arg[0])) && likely(call->arg[0]).kind == GH_PYV_BYTES;
	pyc_say_call(c,
		     (foreign || literal) && call->where > GH_PYW_FUNC ? GH_PYC_DESERIALISES
		     : hidden					       ? GH_PYC_ODD
								       : GH_PYC_DESERIALISE,
		     call, why);
}

/* ---- network ---------------------------------------------------------------------------------------------------------------- */
static void network(struct pyc *c, const struct gh_pycall *call, const char *why, enum gh_pycap cap)
{
	uint32_t flags = all_flags(call, true);
	bool loaded = call->where >= GH_PYW_HOOK, bad = (flags & (GH_PYF_ENVALL | GH_PYF_SECRET | GH_PYF_PROC)) != 0;
	bool put_together = (flags & (GH_PYF_FORMAT | GH_PYF_JOINED)) != 0;
	if (cap == GH_PYCAP_DNS)
		bad = bad || ((flags & (GH_PYF_HOST | GH_PYF_ENV | GH_PYF_FILE)) != 0 && put_together);
	else
		bad = bad || ((flags & GH_PYF_HOST) != 0 && loaded);
	if (cap == GH_PYCAP_SINK && call->path.p[0] == '?') {
		/* Which object sends is not known: only what has no business there is a matter. */
		if ((flags & (GH_PYF_ENVALL | GH_PYF_SECRET)) != 0 ||
		    ((flags & GH_PYF_PROC) != 0 && (flags & GH_PYF_SOCKET) != 0))
			pyc_say_call(c, GH_PYC_STEALS, call, "what it sends are secrets or the output of programs");
		return;
	}
	for (unsigned i = 0; i < call->narg && i < 3; i++)
		if (text(likely(call->arg[i])) &&
		    gh_pyurl_collector(gh_span_cut(gh_pyv_text(likely(call->arg[i])), 0, 300)))
			bad = bad || loaded || (flags & (GH_PYF_HOST | GH_PYF_ENV | GH_PYF_FILE)) != 0;
	c->fetched = c->fetched || cap == GH_PYCAP_NETWORK || cap == GH_PYCAP_FETCH;
	if (gh_span_starts(call->path, "webbrowser."))
		bad = false;
	if (bad || (c->secret_read && cap != GH_PYCAP_DNS && loaded))
		pyc_say_call(c, GH_PYC_STEALS, call,
			     "secrets, output of programs or facts about this machine leave it");
	else if (cap != GH_PYCAP_DNS || put_together)
		pyc_say_call(c, GH_PYC_NETWORK, call, why);
	if (cap == GH_PYCAP_FETCH)
		drop(c, arg(call, 1, "filename"), false);
}

/* ---- files ------------------------------------------------------------------------------------------------------------------- */
static void writes(struct pyc *c, const struct gh_pycall *call, struct gh_pyv path, const char *why)
{
	struct gh_span p = gh_span_cut(gh_pyv_text(path), 0, c->looks++ < LOOKS ? 4096 : 200);
	bool absolute = p.n != 0 && (p.p[0] == '/' || p.p[0] == '~' || (p.n > 1 && p.p[1] == ':'));
	if (text(path) && (gh_pypath_persistent(p) || (gh_pypath_system(p) && call->where == GH_PYW_IMPORT)))
		pyc_say_call(c, GH_PYC_HARMS, call, "a place from where things are run or configured");
	else if (text(path) && (gh_pypath_system(p) ||
				(call->where >= GH_PYW_HOOK && (absolute || (p.n > 2 && memcmp(p.p, "../", 3) == 0)))))
		pyc_say_call(c, GH_PYC_WRITE, call, why);
}

/* What an archive holds is written into this folder. Data sets go where a script says; nobody's go to these. */
static void unpacks(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	bool all = gh_span_ends(call->path, ".extractall");
	struct gh_pyv path = arg(call, all ? 0 : 1, "path");
	struct gh_span p = gh_span_cut(gh_pyv_text(path), 0, 4096);
	if (!text(path) || (!all && !gh_span_ends(call->path, ".extract")))
		return;
	if (gh_span_is(p, "/") || gh_span_is(p, "~") || gh_span_is(p, "C:\\") || gh_span_is(p, "C:/"))
		pyc_say_call(c, GH_PYC_WRITE, call, why);
	else if (gh_pypath_system(p) || gh_pypath_persistent(p))
		writes(c, call, path, why);
}

static uint32_t reads(struct pyc *c, const struct gh_pycall *call, struct gh_pyv path)
{
	if (!text(path) || !gh_pypath_secret(gh_span_cut(gh_pyv_text(path), 0, c->looks++ < LOOKS ? 4096 : 200)))
		return GH_PYF_FILE;
	c->secret_read = true;
	pyc_say_call(c, GH_PYC_SECRET, call, "keys, passwords or private files");
	return GH_PYF_FILE | GH_PYF_SECRET;
}

static uint32_t opens(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	struct gh_pyv path = arg(call, 0, "file"), mode = arg(call, 1, "mode");
	struct gh_span m = gh_pyv_text(mode);
	bool writing = text(mode) && m.n != 0 &&
		       (memchr(m.p, 'w', m.n) != NULL || memchr(m.p, 'a', m.n) != NULL ||
			memchr(m.p, 'x', m.n) != NULL || memchr(m.p, '+', m.n) != NULL);
	if (!writing)
		return reads(c, call, path);
	writes(c, call, path, why);
	drop(c, path, true);
	return 0;
}

/* Something is written to a file that is open. */
static void wrote(struct pyc *c, const struct gh_pycall *call)
{
	uint32_t flags = all_flags(call, false);
	if ((flags & (GH_PYF_NET | GH_PYF_SOCKET)) == 0)
		return;
	for (unsigned i = 0; i < c->ndrop; i++)
		c->drop[i].written = false;
}

static void deletes(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	static const char *const all[] = {
		"/", "~", "/home", "C:\\", "C:/", "/etc", "/usr", "/var", "~/", "/root", "."
	};
	struct gh_pyv path = arg(call, 0, "path");
	bool harm = false;
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		harm = harm || (text(path) && gh_span_is(gh_pyv_text(path), all[i]));
	if (harm)
		pyc_say_call(c, GH_PYC_HARMS, call, "everything in it is lost");
	else if (call->where == GH_PYW_IMPORT && text(path) && gh_pyv_text(path).n != 0 &&
		 gh_pyv_text(path).p[0] == '/')
		pyc_say_call(c, GH_PYC_WRITE, call, why);
}

/* ---- the rest ------------------------------------------------------------------------------------------------------------------ */
static void native(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	uint32_t flags = all_flags(call, false);
	bool bad = (flags & (GH_PYF_NET | GH_PYF_DECODED | GH_PYF_SOCKET)) != 0;
	if (runs_drop(c, call) && call->where > GH_PYW_FUNC)
		pyc_say_call(c, GH_PYC_DROPS, call, "a file that was fetched or written before");
	else
		pyc_say_call(c, bad ? GH_PYC_MEMORY : GH_PYC_NATIVE, call, why);
}

static bool injects(struct gh_span path)
{
	static const char *const sure[] = { "VirtualAlloc",	      "VirtualAllocEx", "RtlMoveMemory",
					    "CreateThread",	      "memfd_create",	"CreateRemoteThread",
					    "WriteProcessMemory",     "mprotect",	"VirtualProtect",
					    "NtAllocateVirtualMemory" };
	for (size_t i = 0; i < sizeof sure / sizeof sure[0]; i++)
		if (gh_span_ends(path, sure[i]))
			return true;
	return false;
}

static void memory(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	bool bad = (all_flags(call, false) & (GH_PYF_DECODED | GH_PYF_NET)) != 0 ||
		   (call->flags & GH_PYF_HIDDEN) != 0 || injects(call->path);
	/* A prototype that is given a number calls that address; given a function, it makes a callback. */
	if (gh_span_ends(call->path, "()") && call->where >= GH_PYW_HOOK && call->narg != 0)
		bad = bad || likely(call->arg[0]).kind == GH_PYV_INT || likely(call->arg[0]).kind == GH_PYV_UNKNOWN;
	pyc_say_call(c, bad ? GH_PYC_MEMORY : GH_PYC_NATIVE, call, why);
}

static void foreign(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	static const char *const known[] = {
		"pytorch/",	      "facebookresearch/", "huggingface/", "ultralytics/", "intel-isl/",
		"isl-org/",	      "snakers4/",	   "NVIDIA/",	   "rwightman/",   "mateuszbuda/",
		"https://tfhub.dev/", "openai/",	   "tensorflow/",  "google/"
	};
	struct gh_pyv repo = arg(call, 0, "repo_or_dir"), source = arg(call, 99, "source");
	if (text(source) && gh_span_is(gh_pyv_text(source), "local"))
		return;
	/* A bare name is one of the library's own measures. */
	if (gh_span_starts(call->path, "evaluate.") &&
	    (!text(arg(call, 0, "path")) || gh_pyv_text(arg(call, 0, "path")).n == 0 ||
	     memchr(gh_pyv_text(arg(call, 0, "path")).p, '/', gh_pyv_text(arg(call, 0, "path")).n) == NULL))
		return;
	bool ok = !text(repo);
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		ok = ok || (text(repo) && gh_span_starts(gh_pyv_text(repo), known[i]));
	bool dir = text(repo) && gh_pyv_text(repo).n != 0 && memchr("./", gh_pyv_text(repo).p[0], 2) != NULL;
	pyc_say_call(c, ok || dir || call->where < GH_PYW_HOOK ? GH_PYC_FOREIGN : GH_PYC_FOREIGN_RUN, call, why);
}

static void loads(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	uint32_t flags = all_flags(call, false);
	if (runs_drop(c, call) && call->where > GH_PYW_FUNC)
		pyc_say_call(c, GH_PYC_DROPS, call, "a file that was fetched or written before");
	else
		pyc_say_call(c,
			     (flags & (GH_PYF_NET | GH_PYF_DECODED)) != 0 && (flags & GH_PYF_PARAM) == 0 ? GH_PYC_EXEC
													 : GH_PYC_CODE,
			     call, why);
}

static void changes_mode(struct pyc *c, const struct gh_pycall *call)
{
	struct gh_pyv mode = arg(call, 1, "mode");
	bool run = mode.kind == GH_PYV_INT && (mode.i & 0111) != 0, unknown = mode.kind != GH_PYV_INT;
	bool loaded = call->where >= GH_PYW_HOOK;
	bool dropped = (run || unknown) && runs_drop(c, call) && call->where > GH_PYW_FUNC;
	if (dropped || (run && c->fetched && loaded))
		pyc_say_call(c, GH_PYC_DROPS, call, "what was fetched or written is made a program");
	else if (run && loaded)
		pyc_say_call(c, GH_PYC_WRITE, call, "a file is made a program");
}

static uint32_t secret_variable(const struct gh_pycall *call)
{
	struct gh_pyv name = arg(call, 0, NULL);
	return text(name) && gh_pyname_secret(gh_pyv_text(name)) ? GH_PYF_ENV | GH_PYF_SECRET : GH_PYF_ENV;
}

static void interactive(struct pyc *c, const struct gh_pycall *call, const char *why)
{
	static const char *const shells[] = { "sh", "bash", "/bin/sh", "/bin/bash", "zsh", "cmd.exe", "powershell" };
	struct gh_pyv v = arg(call, 0, NULL);
	if (v.kind == GH_PYV_SEQ && v.n != 0)
		v = likely(v.v[0]);
	bool shell = false;
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		shell = shell || (text(v) && gh_span_is(gh_pyv_text(v), shells[i]));
	bool bad = call->where >= GH_PYW_HOOK
			   ? !gh_span_starts(call->path, "code.") || (all_flags(call, false) & GH_PYF_SOCKET) != 0
			   : shell;
	pyc_say_call(c, bad ? GH_PYC_SHELL : GH_PYC_CODE, call, why);
}

/* What a capability adds to what comes back. */
static uint32_t by_capability(struct pyc *c, const struct gh_pycall *call, const struct gh_py_group *g)
{
	switch ((enum gh_pycap)g->cap) {
	case GH_PYCAP_PROCESS: process(c, call, g->why); return GH_PYF_PROC;
	case GH_PYCAP_INTERACTIVE: interactive(c, call, g->why); return 0;
	case GH_PYCAP_CODE: code(c, call, g->why); return 0;
	case GH_PYCAP_LOADS: loads(c, call, g->why); return 0;
	case GH_PYCAP_DESERIALISE: deserialise(c, call, g->why); return GH_PYF_OBJECT;
	case GH_PYCAP_NETWORK:
	case GH_PYCAP_FETCH:
		network(c, call, g->why, (enum gh_pycap)g->cap);
		return GH_PYF_NET | (gh_span_starts(call->path, "socket.") ? GH_PYF_SOCKET : 0);
	case GH_PYCAP_SINK:
	case GH_PYCAP_DNS: network(c, call, g->why, (enum gh_pycap)g->cap); return 0;
	case GH_PYCAP_RECEIVE: return GH_PYF_NET | GH_PYF_SOCKET;
	case GH_PYCAP_WRITE:
		if (gh_span_starts(call->path, "builtins.open()")) {
			wrote(c, call);
			return 0;
		}
		if (gh_span_starts(call->path, "shutil.") || gh_span_starts(call->path, "os."))
			writes(c, call, arg(call, 1, "dst"), g->why);
		unpacks(c, call, g->why);
		wrote(c, call);
		return 0;
	case GH_PYCAP_DELETE: deletes(c, call, g->why); return 0;
	case GH_PYCAP_OPEN: return opens(c, call, g->why);
	case GH_PYCAP_CHMOD: changes_mode(c, call); return 0;
	case GH_PYCAP_READ: return reads(c, call, arg(call, 0, "path"));
	case GH_PYCAP_PATH:
		return text(arg(call, 0, NULL)) &&
				       gh_pypath_secret(gh_span_cut(gh_pyv_text(arg(call, 0, NULL)), 0, 4096))
			       ? GH_PYF_SECRET
			       : 0;
	case GH_PYCAP_ENV: return secret_variable(call);
	case GH_PYCAP_ENVALL: return GH_PYF_ENVALL;
	case GH_PYCAP_HOST: return GH_PYF_HOST;
	case GH_PYCAP_SECRET: return GH_PYF_SECRET;
	case GH_PYCAP_INPUT: return GH_PYF_INPUT;
	case GH_PYCAP_NATIVE:
		if (injects(call->path))
			memory(c, call, g->why);
		else
			native(c, call, g->why);
		return 0;
	case GH_PYCAP_MEMORY: memory(c, call, g->why); return 0;
	case GH_PYCAP_INSTALL:
		pyc_say_call(c, call->where >= GH_PYW_HOOK ? GH_PYC_INSTALLS : GH_PYC_INSTALL, call, g->why);
		return 0;
	case GH_PYCAP_FOREIGN: foreign(c, call, g->why); return 0;
	case GH_PYCAP_PERSIST: pyc_say_call(c, GH_PYC_HARMS, call, g->why); return 0;
	case GH_PYCAP_DUP:
		pyc_say_call(c, (all_flags(call, false) & GH_PYF_SOCKET) != 0 ? GH_PYC_SHELL : GH_PYC_PROCESS, call,
			     g->why);
		return 0;
	case GH_PYCAP_TRACE:
	case GH_PYCAP_SAFE:
	case GH_PYCAP_NONE:
	case GH_PYCAP_IMPORT:
	case GH_PYCAP_COMPUTING:
	case GH_PYCAP_GUARDED:
	case GH_PYCAP_PLAIN:
	case GH_PYCAP_TOUCHES:
	case GH_PYCAPS_N: return 0;
	}
	return 0;
}

/* os.system as an argument of something: it will be called with what is not known, or stands beside it. */
static void handed_on(struct pyc *c, const struct gh_pycall *call, struct gh_pyv v)
{
	v = likely(v);
	if (v.kind != GH_PYV_REF || !pyc_heavy(c, gh_pyv_text(v)) || gh_span_ends(gh_pyv_text(v), "()"))
		return;
	const struct gh_py_group *g = group_of(gh_pyv_text(v));
	struct gh_pycall again = *call;
	struct gh_pyv rest[8];
	unsigned n = 0;
	for (unsigned i = 0; i < call->narg + call->nkw && n < 8; i++) {
		struct gh_pyv w = likely(i < call->narg ? call->arg[i] : call->kw[i - call->narg].v);
		if (text(w))
			rest[n++] = w;
		for (uint32_t k = 0; w.kind == GH_PYV_SEQ && k < w.n && n < 8; k++)
			if (text(likely(w.v[k])))
				rest[n++] = likely(w.v[k]);
	}
	again.path = gh_pyv_text(v);
	again.flags = v.flags;
	again.how = n != 0 && call->where >= GH_PYW_HOOK ? GH_PYH_CALL : GH_PYH_GIVEN;
	again.arg = rest;
	again.narg = n;
	again.nkw = 0;
	if (g != NULL)
		(void)by_capability(c, &again, g);
	if (again.how == GH_PYH_CALL && n != 0)
		pyc_say_call(c, g != NULL && g->cap == GH_PYCAP_CODE ? GH_PYC_EXEC : GH_PYC_RUNS, &again,
			     "handed to something that calls it");
}

uint32_t pyc_judge(void *a, const struct gh_pycall *call)
{
	struct pyc *c = a;
	const struct gh_py_group *g = group_of(call->path);
	uint32_t out = 0;
	if (g != NULL)
		out = by_capability(c, call, g);
	bool look = g == NULL || g->cap != GH_PYCAP_SAFE;
	for (unsigned i = 0; look && i < call->narg; i++)
		handed_on(c, call, call->arg[i]);
	for (unsigned k = 0; look && k < call->nkw; k++) {
		handed_on(c, call, call->kw[k].v);
		if (gh_span_is(call->kw[k].name, "trust_remote_code") && is_true(call, 99, "trust_remote_code"))
			pyc_say_call(c, GH_PYC_FOREIGN, call,
				     "trust_remote_code=True runs the code of that repository");
	}
	struct gh_span p = call->path;
	if (p.n > 2 && memcmp(p.p + p.n - 2, ".?", 2) == 0 && p.p[0] != '?' && call->how == GH_PYH_CALL) {
		struct gh_span module = gh_span_cut(p, 0, p.n - 2);
		static const char *const open_ended[] = { "os",	    "subprocess", "builtins", "importlib", "sys",
							  "socket", "ctypes",	  "shutil",   "pty",	   "pickle" };
		for (size_t i = 0; i < sizeof open_ended / sizeof open_ended[0]; i++)
			if (gh_span_is(module, open_ended[i]))
				pyc_say_call(c,
					     (call->flags & (GH_PYF_DECODED | GH_PYF_JOINED)) != 0 ? GH_PYC_HIDDEN
												   : GH_PYC_ODD,
					     call, "which function it is shows only at run time");
	}
	return out;
}
