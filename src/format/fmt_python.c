/* Python source. The text reader hands it over (see src/wire/language.h); what the code does is judged by the check
 * "python-code". Here it is settled that the bytes are Python at all: read as a whole, nearly every line a statement. */
#include "format/formats.h"
#include "format/packages.h"
#include "wire/language.h"
#include "wire/pyparse.h"

enum { MEMORY = 72 << 20, MODULES = 200, MODULE_NAME = 200 };

enum { A_LARGE, A_OPEN };
static const struct gh_rule rules[] = {
	[A_LARGE] = { "GH-PYS-0001", GH_MEDIUM, GH_INCOMPLETE, "Python source too large to be read",
		      "The part that was not read runs all the same.", "Read it yourself, or leave it out.",
		      "CWE-400" },
	[A_OPEN] = { "GH-PYS-0002", GH_MEDIUM, GH_REVIEW,
		     "Python source that ends in the middle of a bracket or string",
		     "Nothing by itself: Python refuses the file. It may be one half of something.",
		     "Get the file again.", "CWE-20" },
	GH_RULES_END
};

static enum gh_match probe(const struct gh_probe *p)
{
	(void)p;
	return GH_NO; /* only a look at the whole text can tell: see fmt_text.c */
}

/* The text in memory of the arena; an empty span when there is no room. */
static struct gh_span whole(struct gh_walk *w, struct gh_arena *a)
{
	size_t n = 0;
	uint8_t *p = w->src->size > GH_PY_SOURCE_MAX ? NULL : gh_alloc(a, (size_t)w->src->size + 1, 1);
	while (p != NULL && n < w->src->size) {
		struct gh_span win = gh_src_window(w->src, n, GH_WINDOW_MAX);
		if (win.n == 0)
			return (struct gh_span){ 0 };
		memcpy(p + n, win.p, win.n);
		n += win.n;
	}
	return (struct gh_span){ p, n };
}

static enum gh_rc emit_module(struct gh_walk *w, const struct gh_pyn *n, struct gh_span name)
{
	struct gh_reference r = { .kind = GH_REF_MODULE, .target = name };
	return gh_emit(w, GH_EV_REFERENCE, n->off, n->end > n->off ? n->end - n->off : 0, &r);
}

/* What a source imports, as it is spelled: of `from .a import b`, ".a"; of `from . import b`, ".b". */
static enum gh_rc modules(struct gh_walk *w, const struct gh_pytree *t)
{
	char name[2 * MODULE_NAME];
	unsigned left = MODULES;
	enum gh_rc rc = GH_OK;
	for (size_t i = 0; i < t->n && left != 0 && rc == GH_OK; i++) {
		const struct gh_pyn *n = &t->node[i];
		if ((n->kind != GH_PYN_IMPORT && n->kind != GH_PYN_FROM) || n->text.n == 0 || n->text.n > MODULE_NAME)
			continue;
		bool dots = n->kind == GH_PYN_FROM && n->text.p[n->text.n - 1] == '.';
		for (uint32_t k = 0; dots && k < n->nkids && left != 0 && rc == GH_OK; k++) {
			struct gh_span kid = t->node[t->kid[n->kids + k]].text;
			if (kid.n == 0 || kid.n > MODULE_NAME || kid.p[0] == '*')
				continue;
			memcpy(name, n->text.p, n->text.n);
			memcpy(name + n->text.n, kid.p, kid.n);
			rc = emit_module(w, n, (struct gh_span){ (const uint8_t *)name, n->text.n + kid.n });
			left--;
		}
		if (!dots) {
			rc = emit_module(w, n, n->text);
			left--;
		}
	}
	return rc;
}

/* ---- what setup() installs ------------------------------------------------------------------------------------------ */

enum { SETUP_TODO = 256, SETUP_LINES = 512 };

static const struct gh_pyn *at_node(const struct gh_pytree *t, uint32_t i)
{
	static const struct gh_pyn none = { .kind = GH_PYN_NOP };
	return i < t->n ? &t->node[i] : &none;
}

/* The value that a name of the module was given last before node `before`; NIL: none that is seen. */
static uint32_t given(const struct gh_pytree *t, struct gh_span name, uint32_t before)
{
	for (uint32_t i = before; i-- > 0;) {
		const struct gh_pyn *n = &t->node[i];
		if (n->kind == GH_PYN_ASSIGN && at_node(t, n->a)->kind == GH_PYN_NAME &&
		    gh_span_eq(at_node(t, n->a)->text, name))
			return n->b;
	}
	return GH_PYN_NIL;
}

/* The requirements in the value of an option: a text with lines, a list of texts, a table of lists, names of such. */
static enum gh_rc requirements(struct gh_walk *w, const struct gh_pytree *t, uint32_t value, unsigned *left)
{
	uint32_t todo[SETUP_TODO];
	unsigned n = 0, names = 8;
	todo[n++] = value;
	while (n != 0 && *left != 0) {
		uint32_t i = todo[--n];
		const struct gh_pyn *x = at_node(t, i);
		uint32_t name = x->kind == GH_PYN_NAME && names != 0 ? given(t, x->text, i) : GH_PYN_NIL;
		bool dict = x->kind == GH_PYN_DICT;
		if (name != GH_PYN_NIL) {
			names--;
			todo[n++] = name;
		}
		if (x->kind == GH_PYN_BIN && n + 2 <= SETUP_TODO) {
			todo[n++] = x->b;
			todo[n++] = x->a;
		}
		bool list = dict || x->kind == GH_PYN_LIST || x->kind == GH_PYN_TUPLE || x->kind == GH_PYN_SET;
		for (uint32_t k = x->nkids; list && k-- > 0 && n < SETUP_TODO;)
			if (!dict || (k & 1) != 0) /* of a table, the values */
				todo[n++] = t->kid[x->kids + k];
		if (x->kind != GH_PYN_STR)
			continue;
		for (size_t at = 0; at < x->text.n && *left != 0;) {
			const uint8_t *nl = memchr(x->text.p + at, '\n', x->text.n - at);
			size_t len = nl == NULL ? x->text.n - at : (size_t)(nl - (x->text.p + at));
			struct gh_span line = gh_span_cut(x->text, at, len);
			at += len + 1;
			--*left;
			if (gh_dep_line(line).kind == GH_DEP_UNKNOWN || gh_dep_line(line).kind == GH_DEP_NONE)
				continue;
			GH_TRY(gh_package_line(w, line, x->off, x->end > x->off ? x->end - x->off : 0), w->err,
			       "setup()");
		}
	}
	return GH_OK;
}

/* Options of setuptools.setup(), also where they are collected in a table first. */
static enum gh_rc installs(struct gh_walk *w, const struct gh_pytree *t)
{
	static const char *const options[] = { "install_requires", "extras_require", "setup_requires",
					       "tests_require" };
	unsigned left = SETUP_LINES;
	for (uint32_t i = 0; i < t->n; i++) {
		const struct gh_pyn *n = &t->node[i];
		for (uint32_t k = 0; k < sizeof options / sizeof options[0]; k++) {
			if (n->kind == GH_PYN_KWARG && gh_span_is(n->text, options[k]))
				GH_TRY(requirements(w, t, n->a, &left), w->err, "setup()");
			for (uint32_t d = 0; n->kind == GH_PYN_DICT && d + 1 < n->nkids; d += 2)
				if (at_node(t, t->kid[n->kids + d])->kind == GH_PYN_STR &&
				    gh_span_is(at_node(t, t->kid[n->kids + d])->text, options[k]))
					GH_TRY(requirements(w, t, t->kid[n->kids + d + 1], &left), w->err, "setup()");
		}
	}
	return GH_OK;
}

/* GH_OK, GH_E_NOTTHIS, GH_E_LIMIT. *open_end: the last line is not complete. */
static enum gh_rc look(struct gh_walk *w, bool *open_end)
{
	gh_auto_arena scratch = { .max = MEMORY };
	struct gh_pytree t;
	struct gh_span s = whole(w, &scratch);
	if (s.p == NULL)
		return w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT;
	const char *named = gh_lang_by_name(w->name);
	bool by_name = named != NULL && strcmp(named, "Python source") == 0;
	enum gh_rc rc = gh_py_tree(&t, s, false, &scratch);
	if (rc != GH_OK)
		return rc;
	/* Prose in which some line looks like an import is no program; a file that Python imports by its name is one. */
	if (!by_name && (t.statements == 0 || t.errors > t.statements / 4))
		return GH_E_NOTTHIS;
	*open_end = t.errors != 0 && t.error_at >= s.n;
	rc = modules(w, &t);
	bool setup = gh_span_is(w->name, "setup.py") || gh_span_ends(w->name, "/setup.py");
	return rc == GH_OK && setup ? installs(w, &t) : rc;
}

static enum gh_rc walk(struct gh_walk *w)
{
	bool open_end = false;
	enum gh_rc rc = look(w, &open_end);
	if (rc == GH_E_NOTTHIS)
		return gh_fail(w->err, rc, "no Python");
	if (rc != GH_OK && rc != GH_E_LIMIT)
		return gh_fail(w->err, rc, "Python source");
	if (rc == GH_E_LIMIT)
		gh_anomaly(w, &rules[A_LARGE], 0, w->src->size, "%llu bytes", (unsigned long long)w->src->size);
	else
		gh_claim(w, 0, w->src->size, GH_CLAIM_STRUCT);
	if (open_end)
		gh_anomaly(w, &rules[A_OPEN], w->src->size, 0, "the end of the file");
	struct gh_code code = { .language = "python", .name = w->name, .src = w->src };
	enum gh_rc sent = gh_emit(w, GH_EV_CODE, 0, w->src->size, &code);
	return sent != GH_OK ? sent : rc == GH_OK ? GH_OK : gh_fail(w->err, rc, "Python source");
}

const struct gh_fmt gh_fmt_python = {
	.name = "python",
	.about = "Python source: followed and judged, from imports to what strings decode to",
	.exts = "py pyw pyi pth txt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
