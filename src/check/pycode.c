/* pycode.c - one text of Python: followed with pyrun, judged with pyjudge, then what it runs as text, and so on. */
#include "check/pycode.h"

#include <stdio.h>

#include "check/pymention.h"
#include "format/format.h"

enum { DEPTH_MAX = 5, NESTED_MEMORY = 16 << 20, MENTIONS_MEMORY = 48 << 20 };

static bool from(struct gh_span name, const char *module)
{
	size_t n = strlen(module);
	return gh_span_starts(name, module) && (name.n == n || name.p[n] == '.');
}

static bool allowed(struct gh_span module)
{
	const struct gh_py_group *g = gh_py_find(module);
	return g != NULL && (g->cap == GH_PYCAP_IMPORT || g->cap == GH_PYCAP_NONE || g->cap == GH_PYCAP_SAFE ||
			     g->cap == GH_PYCAP_INPUT || g->cap == GH_PYCAP_COMPUTING || g->cap == GH_PYCAP_GUARDED ||
			     g->cap == GH_PYCAP_PLAIN || g->cap == GH_PYCAP_TOUCHES);
}

static void note_import(struct pyc *c, struct gh_span module, uint32_t node)
{
	struct gh_span top = module;
	const uint8_t *dot = memchr(module.p, '.', module.n);
	bool is_new = !allowed(module);
	if (dot != NULL)
		top.n = (size_t)(dot - top.p);
	if (is_new)
		top = module;
	for (unsigned i = 0; i < c->nimport; i++)
		if (gh_span_eq(c->import[i], top))
			return;
	if (c->nimport == PYC_IMPORTS)
		return;
	c->import_new[c->nimport] = is_new;
	c->import_off[c->nimport] = node;
	c->import[c->nimport] = gh_keep(c->a, top);
	c->nimport += c->import[c->nimport].p != NULL;
}

static void on_import(void *a, struct gh_span module, struct gh_span name, uint32_t flags, uint32_t node,
		      enum gh_pywhere where)
{
	struct pyc *c = a;
	static const char *const risky[] = { "os",	 "posix", "nt",	     "subprocess", "socket", "ctypes",
					     "builtins", "pty",	  "marshal", "commands",   "runpy" };
	char text[160];
	if (module.n == 0) {
		bool bad = (flags & (GH_PYF_DECODED | GH_PYF_NET | GH_PYF_SOCKET)) != 0 &&
			   (flags & (GH_PYF_PARAM | GH_PYF_FORMAT)) == 0;
		(void)snprintf(text, sizeof text, "the module's name is made %s", pyc_when(where));
		pyc_say(c, bad ? GH_PYC_HIDDEN : GH_PYC_ODD, node, text);
		return;
	}
	if (module.p[0] == '.')
		return;
	bool danger = false;
	for (size_t i = 0; i < sizeof risky / sizeof risky[0]; i++)
		danger = danger || from(module, risky[i]);
	if ((flags & GH_PYF_HIDDEN) != 0 && danger) {
		(void)snprintf(text, sizeof text, "%.60s is imported by a name that is put together",
			       gh_safe(module).s);
		pyc_say(c, GH_PYC_HIDDEN, node, text);
	}
	(void)name;
	note_import(c, module, node);
}

static void on_lost(void *a, struct gh_span path, uint32_t node, enum gh_pywhere where)
{
	char text[200];
	(void)snprintf(text, sizeof text, "%s is stored %s", gh_safe(path).s, pyc_when(where));
	pyc_say(a, GH_PYC_LOST, node, text);
}

static void on_trick(void *a, uint32_t node, enum gh_pywhere where, const char *why, bool bad)
{
	char text[200];
	(void)snprintf(text, sizeof text, "%s, %s", why, pyc_when(where));
	pyc_say(a, bad ? GH_PYC_ESCAPE : GH_PYC_ODD, node, text);
}

/* `!pip install torch` is how notebooks begin. */
static void on_shell(void *a, struct gh_span line, bool magic, uint32_t node, enum gh_pywhere where)
{
	struct pyc *c = a;
	char text[200];
	(void)where;
	size_t n = 0;
	while (n < line.n && line.p[n] > ' ')
		n++;
	struct gh_span word = gh_span_cut(line, 0, n), rest = gh_span_cut(line, n, line.n);
	static const char *const shells[] = { "bash", "sh",	 "script",  "system", "sx",  "%bash",
					      "%sh",  "%script", "%system", "%sx",    "cmd", "%cmd" };
	static const char *const runs[] = { "pip", "conda", "mamba", "uv" };
	bool shell = !magic;
	for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++)
		if (magic && gh_span_is(word, shells[i])) {
			shell = true;
			line = rest;
		}
	for (size_t i = 0; i < sizeof runs / sizeof runs[0]; i++)
		shell = shell || gh_span_is(word, runs[i]);
	(void)snprintf(text, sizeof text, "%s%s", magic ? "%" : "!", gh_safe(line).s);
	if (magic && (gh_span_is(word, "run") || gh_span_is(word, "load_ext") || gh_span_is(word, "loadpy") ||
		      gh_span_is(word, "load"))) {
		bool known = memmem(rest.p == NULL ? (const uint8_t *)"" : rest.p, rest.n, "://", 3) == NULL;
		if (!gh_span_is(word, "load_ext") || !known)
			pyc_say(c, known ? GH_PYC_CODE : GH_PYC_FOREIGN_RUN, node, text);
		return;
	}
	if (!shell)
		return;
	switch (gh_pycommand(line)) {
	case GH_PYCMD_HARMLESS: return;
	case GH_PYCMD_INSTALL:
		if (!gh_pycommand_installs_known(line))
			pyc_say(c, GH_PYC_INSTALL, node, text);
		return;
	case GH_PYCMD_HARMFUL: pyc_say(c, GH_PYC_RUNS, node, text); return;
	case GH_PYCMD_DOUBTFUL: pyc_say(c, GH_PYC_NETWORK, node, text); return;
	case GH_PYCMD_SCRIPT:
	case GH_PYCMD_OTHER: pyc_say(c, GH_PYC_PROCESS, node, text); return;
	}
}

void pyc_snippet(struct pyc *c, struct gh_span text, enum gh_pywhere where, uint32_t node)
{
	/* Without a call, an import, a decorator or an item nothing happens. */
	static const char *const acts[] = { "(", "import", "@", "[" };
	bool any = false;
	for (size_t i = 0; i < sizeof acts / sizeof acts[0]; i++)
		any = any || (text.n != 0 && memmem(text.p, text.n, acts[i], strlen(acts[i])) != NULL);
	if (!any)
		return;
	for (unsigned i = 0; i < c->nsnippet; i++)
		if (gh_span_eq(c->snippet[i].text, text))
			return;
	if (c->nsnippet == GH_PYCODE_NESTED || c->depth == DEPTH_MAX) {
		pyc_say(c, GH_PYC_LIMIT, node, "code within code, nested too deeply or too often");
		return;
	}
	const struct gh_pyn *n = &c->t->node[node < c->t->n ? node : 0];
	struct gh_span kept = gh_keep(c->a, text);
	if (kept.p == NULL) {
		pyc_say(c, GH_PYC_LIMIT, node, "memory for code within code");
		return;
	}
	c->snippet[c->nsnippet++] = (struct pyc_snippet){ .text = kept,
							  .where = (uint8_t)where,
							  .depth = (uint8_t)(c->depth + 1),
							  .off = c->nested ? c->off : n->off,
							  .len = c->nested	   ? c->len
								 : n->end > n->off ? n->end - n->off
										   : 0 };
}

bool gh_pycode_plausible(const struct gh_pytree *t) { return t->statements > 0 && t->errors <= t->statements / 8; }

/* a: for the tree and the values; what is told of them is kept in c->a. */
static void one_text(struct pyc *c, struct gh_span text, bool ipython, enum gh_pywhere start, struct gh_arena *a)
{
	struct gh_pytree *t = GH_NEW(a, struct gh_pytree, 1);
	const struct gh_pyhost host = { .arg = c,
					.call = pyc_judge,
					.import = on_import,
					.load = pyc_load,
					.heavy = pyc_heavy,
					.lost = on_lost,
					.trick = on_trick,
					.shell = on_shell };
	if (t == NULL) {
		c->starved = true;
		return;
	}
	enum gh_rc rc = gh_py_tree(t, text, ipython, a);
	c->t = t;
	struct gh_pyseen seen;
	gh_auto_arena room = { .max = c->nested ? NESTED_MEMORY : MENTIONS_MEMORY };
	enum gh_rc ran = gh_py_run(t, &host, start, a, &seen), looked = pyc_mentions(c, &seen, &room);
	if (rc != GH_OK || ran != GH_OK || looked != GH_OK)
		pyc_say(c, GH_PYC_LIMIT, 0, "work or memory ran out while following it");
	if (t->errors != 0 && !ipython && !c->nested) {
		char why[160];
		unsigned line = 1;
		for (uint32_t i = 0; i < t->error_at && i < text.n; i++)
			line += text.p[i] == '\n';
		(void)snprintf(why, sizeof why, "line %u: %s", line, t->why);
		if (c->nfound < GH_PYCODE_FINDINGS)
			c->found[c->nfound++] = (struct pyc_found){ GH_PYC_BROKEN, t->error_at, 0,
								    (const char *)gh_keep(c->a, gh_span_str(why)).p };
	}
	if (t->disguised != 0 && c->nfound < GH_PYCODE_FINDINGS)
		c->found[c->nfound++] = (struct pyc_found){ GH_PYC_DISGUISE, c->nested ? c->off : t->disguised_at, 0,
							    "mathematical, full-width or similar letters in names" };
}

static void say_imports(struct pyc *c, const struct gh_pycode_sink *sink)
{
	gh_auto_buf known = gh_buf(700), other = gh_buf(700);
	uint32_t at = 0;
	for (unsigned i = 0; i < c->nimport; i++) {
		struct gh_buf *b = c->import_new[i] ? &other : &known;
		if (b->n != 0)
			gh_buf_str(b, ", ");
		gh_buf_safe(b, c->import[i], 60);
		if (c->import_new[i] && at == 0)
			at = c->import_off[i];
	}
	if (other.n != 0)
		sink->find(sink->arg, GH_PYC_IMPORT, at, 0, gh_buf_cstr(&other));
	if (known.n != 0)
		sink->find(sink->arg, GH_PYC_IMPORTS, 0, 0, gh_buf_cstr(&known));
}

/* Of a .pth file, the lines that are executed; the others are blanked, so that places stay true. */
static struct gh_span pth_lines(struct gh_span s, struct gh_arena *a)
{
	uint8_t *out = gh_alloc(a, s.n + 1, 1);
	for (size_t at = 0, n; out != NULL && at < s.n; at += n + 1) {
		const uint8_t *nl = memchr(s.p + at, '\n', s.n - at);
		n = nl == NULL ? s.n - at : (size_t)(nl - s.p) - at;
		struct gh_span line = { s.p + at, n };
		bool code = gh_span_starts(line, "import ") || gh_span_starts(line, "import\t");
		for (size_t i = 0; i < n; i++)
			out[at + i] = code ? s.p[at + i] : ' ';
		if (nl != NULL)
			out[at + n] = '\n';
	}
	return (struct gh_span){ out, out == NULL ? 0 : s.n };
}

void gh_pycode_source(struct gh_span text, enum gh_pycode_kind kind, const struct gh_pycode_sink *sink,
		      struct gh_arena *scratch)
{
	struct pyc *c = GH_NEW(scratch, struct pyc, 1);
	if (c == NULL) {
		sink->find(sink->arg, GH_PYC_LIMIT, 0, 0, "no memory");
		return;
	}
	c->a = scratch;
	c->kind = kind;
	struct gh_span cookie = gh_py_cookie(text);
	if (cookie.n != 0 && !gh_py_cookie_plain(cookie))
		sink->find(sink->arg, GH_PYC_COOKIE, 0, 0, gh_safe(cookie).s);
	if (kind == GH_PYCODE_PTH)
		text = pth_lines(text, scratch);
	one_text(c, text, kind == GH_PYCODE_CELL, GH_PYW_IMPORT, scratch);
	uint32_t import_at = c->nimport != 0 && c->t != NULL && c->import_off[0] < c->t->n
				     ? c->t->node[c->import_off[0]].off
				     : 0;
	for (unsigned i = 0; i < c->nimport; i++) /* nodes to places, while their tree is at hand */
		c->import_off[i] = c->import_off[i] < c->t->n ? c->t->node[c->import_off[i]].off : import_at;
	for (unsigned i = 0; i < c->nsnippet; i++) {
		unsigned before = c->nimport;
		c->nested = true;
		c->off = c->snippet[i].off;
		c->len = c->snippet[i].len;
		c->depth = c->snippet[i].depth;
		gh_auto_arena own = { .max = NESTED_MEMORY };
		one_text(c, c->snippet[i].text, false, (enum gh_pywhere)c->snippet[i].where, &own);
		for (unsigned k = before; k < c->nimport; k++)
			c->import_off[k] = c->off;
	}
	for (unsigned i = 0; i < c->nfound; i++)
		sink->find(sink->arg, (enum gh_pycode_rule)c->found[i].rule, c->found[i].off, c->found[i].len,
			   c->found[i].text);
	if (c->starved)
		sink->find(sink->arg, GH_PYC_LIMIT, 0, 0, "memory for code within code");
	say_imports(c, sink);
}
