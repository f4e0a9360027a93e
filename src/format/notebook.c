#include "format/notebook.h"

#include "format/notebook_int.h"
#include "format/shell_code.h"

enum { CODE_MAX = 8 << 20 };

struct gh_notebook *gh_notebook(struct gh_walk *w, const struct gh_rule *rules)
{
	struct gh_notebook *nb = GH_NEW(w->arena, struct gh_notebook, 1);
	if (nb != NULL)
		*nb = (struct gh_notebook){ .w = w, .rules = rules };
	return nb;
}

void nb_put(struct gh_notebook *nb, struct nb_text *t, struct gh_span s)
{
	if (s.n > CODE_MAX - t->n) {
		nb->full = true;
		return;
	}
	if (t->n + s.n > t->cap) {
		uint8_t *p = gh_grow(nb->w->arena, t->p, &t->cap, t->n + s.n + 1, 1);
		if (p == NULL) {
			nb->full = true;
			return;
		}
		t->p = p;
	}
	if (s.n != 0)
		memcpy(t->p + t->n, s.p, s.n);
	t->n += s.n;
}

bool nb_has(struct gh_span s, const char *w)
{
	size_t n = strlen(w);
	for (size_t i = 0; i + n <= s.n; i++) {
		size_t k = 0;
		while (k < n && (s.p[i + k] | 0x20) == ((uint8_t)w[k] | 0x20))
			k++;
		if (k == n)
			return true;
	}
	return false;
}

void gh_notebook_string(struct gh_notebook *nb, struct gh_span key, struct gh_span text, bool cut, unsigned depth,
			uint64_t off, uint64_t len)
{
	static const char *const active[] = { "<script", "javascript:", " onerror=", " onload=", "<iframe", "srcdoc=" };
	if (gh_span_is(key, "source") || gh_span_is(key, "input")) {
		nb->open = true;
		nb->depth = depth;
		nb->full = nb->full || cut;
		nb_put(nb, &nb->cell, text);
	} else if (gh_span_is(key, "cell_type")) {
		nb->prose = !gh_span_is(text, "code");
	} else if (gh_span_is(key, "text/html") || gh_span_is(key, "html") || gh_span_is(key, "image/svg+xml")) {
		for (size_t i = 0; i < sizeof active / sizeof active[0]; i++)
			if (nb_has(text, active[i]) && nb->said++ < NB_SAY) {
				gh_anomaly(nb->w, &nb->rules[GH_NB_ACTIVE], off, len, "%s in an output", active[i]);
				break;
			}
	} else if ((gh_span_is(key, "application/javascript") || gh_span_is(key, "javascript")) && text.n != 0 &&
		   nb->said++ < NB_SAY) {
		gh_anomaly(nb->w, &nb->rules[GH_NB_ACTIVE], off, len, "%s", gh_safe(text).s);
	}
}

/* ---- the kernel ------------------------------------------------------------------------------------------------------- */
/* Jupyter starts the kernel of that name, editors go by the language; where they disagree the cells are read as each. */
enum { K_PYTHON, K_SHELL, K_OTHER, K_PROSE, K_UNKNOWN };
static const struct {
	const char *name; /* `*` at the end: any ending */
	int kind;
	const char *language; /* K_OTHER: as gh_lang_of() names it */
} kernels[] = {
	{ "python*", K_PYTHON, NULL },
	{ "ipython*", K_PYTHON, NULL },
	{ "xpython*", K_PYTHON, NULL },
	{ "xeus-python*", K_PYTHON, NULL },
	{ "pyspark*", K_PYTHON, NULL },
	{ "sagemath*", K_PYTHON, NULL },
	{ "bash*", K_SHELL, NULL },
	{ "sh", K_SHELL, NULL },
	{ "shell*", K_SHELL, NULL },
	{ "zsh*", K_SHELL, NULL },
	{ "ksh", K_SHELL, NULL },
	{ "calysto_bash", K_SHELL, NULL },
	{ "r", K_OTHER, "R source" },
	{ "ir", K_OTHER, "R source" },
	{ "xr", K_OTHER, "R source" },
	{ "julia*", K_OTHER, "script" },
	{ "javascript*", K_OTHER, "JavaScript source" },
	{ "typescript*", K_OTHER, "JavaScript source" },
	{ "jslab", K_OTHER, "JavaScript source" },
	{ "tslab", K_OTHER, "JavaScript source" },
	{ "deno", K_OTHER, "JavaScript source" },
	{ "node*", K_OTHER, "JavaScript source" },
	{ "ruby*", K_OTHER, "Ruby source" },
	{ "perl*", K_OTHER, "Perl source" },
	{ "iperl*", K_OTHER, "Perl source" },
	{ "php*", K_OTHER, "PHP source" },
	{ "jupyter-php*", K_OTHER, "PHP source" },
	{ "lua*", K_OTHER, "Lua source" },
	{ "ilua*", K_OTHER, "Lua source" },
	{ "pwsh*", K_OTHER, "PowerShell script" },
	{ "powershell*", K_OTHER, "PowerShell script" },
	{ ".net-powershell", K_OTHER, "PowerShell script" },
	{ ".net*", K_OTHER, "source code" },
	{ "java", K_OTHER, "Java source" },
	{ "kotlin*", K_OTHER, "Java source" },
	{ "scala*", K_OTHER, "Java source" },
	{ "spark", K_OTHER, "Java source" },
	{ "go*", K_OTHER, "Go or Rust source" },
	{ "rust", K_OTHER, "Go or Rust source" },
	{ "c", K_OTHER, "C source" },
	{ "c++*", K_OTHER, "C source" },
	{ "xcpp*", K_OTHER, "C source" },
	{ "markdown", K_PROSE, NULL },
};

static int kind_of(struct gh_span name, const char **language)
{
	uint8_t low[32];
	size_t n = name.n < sizeof low ? name.n : sizeof low;
	for (size_t i = 0; i < n; i++)
		low[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i];
	struct gh_span s = { low, n };
	for (size_t i = 0; i < sizeof kernels / sizeof kernels[0]; i++) {
		size_t k = strlen(kernels[i].name);
		bool any = kernels[i].name[k - 1] == '*';
		bool ok = any ? s.n >= k - 1 && memcmp(s.p, kernels[i].name, k - 1) == 0
			      : gh_span_is(s, kernels[i].name);
		if (ok) {
			*language = kernels[i].language;
			return kernels[i].kind;
		}
	}
	return K_UNKNOWN;
}

void gh_notebook_key(struct gh_notebook *nb, struct gh_span key, unsigned depth)
{
	if (depth == 2)
		nb->about = gh_span_is(key, "kernelspec") ? 1 : gh_span_is(key, "language_info") ? 2 : 0;
}

void gh_notebook_kernel(struct gh_notebook *nb, struct gh_span key, struct gh_span text, unsigned depth)
{
	const char *language = NULL;
	bool name = gh_span_is(key, "name"), stated = gh_span_is(key, "language") || nb->about == 2;
	if (depth != 3 || nb->about == 0 || (!name && !gh_span_is(key, "language")) || text.n == 0)
		return;
	int kind = kind_of(text, &language);
	nb->stated = nb->stated || stated;
	if (kind == K_UNKNOWN && !stated) {
		nb->odd_name = true; /* people name their environments */
		return;
	}
	if (kind == K_UNKNOWN)
		nb->unknown = gh_safe(text);
	nb->kinds |= 1u << kind;
	if (kind == K_OTHER)
		for (unsigned i = 0; i < sizeof nb->other / sizeof nb->other[0]; i++)
			if (nb->other[i] == NULL || nb->other[i] == language) {
				nb->other[i] = language;
				break;
			}
}

/* ---- the end ------------------------------------------------------------------------------------------------------------ */
void gh_notebook_end(struct gh_notebook *nb, unsigned depth)
{
	if (!nb->open && depth <= 2)
		nb->prose = false;
	if (!nb->open || depth >= nb->depth)
		return;
	if (!nb->prose && nb->cell.n != nb->begin) {
		size_t *end = nb->ncells < nb->ccells
				      ? nb->ends
				      : gh_grow(nb->w->arena, nb->ends, &nb->ccells, nb->ncells + 1, sizeof *end);
		if (end == NULL) {
			nb->full = true;
		} else {
			nb->ends = end;
			nb->ends[nb->ncells++] = nb->cell.n;
			nb->begin = nb->cell.n;
		}
	}
	nb->open = nb->prose = false;
	nb->cell.n = nb->begin;
}

static enum gh_rc as_other(struct gh_notebook *nb, const char *language, uint64_t size)
{
	struct gh_src_mem mem;
	struct gh_code c = { .language = language,
			     .name = nb->w->name,
			     .src = gh_src_mem(&mem, (struct gh_span){ nb->cell.p, nb->cell.n }) };
	gh_anomaly(nb->w, &nb->rules[GH_NB_KERNEL], 0, size, "%s", language);
	return gh_emit(nb->w, GH_EV_CODE, 0, size, &c);
}

static enum gh_rc as_shell(struct gh_notebook *nb, uint64_t size)
{
	struct nb_text all = { 0 };
	for (size_t i = 0, at = 0; i < nb->ncells; at = nb->ends[i++]) {
		nb_put(nb, &all, gh_span_cut((struct gh_span){ nb->cell.p, nb->cell.n }, at, nb->ends[i] - at));
		nb_put(nb, &all, GH_SPAN("\n"));
	}
	return gh_shell_code(nb->w, (struct gh_span){ all.p, all.n }, 0, size, NULL);
}

static enum gh_rc as_python(struct gh_notebook *nb, uint64_t size)
{
	struct gh_walk *w = nb->w;
	nb->size = size;
	for (size_t i = 0, at = 0; i < nb->ncells && nb->rc == GH_OK; at = nb->ends[i++])
		nb_cell(nb, gh_span_cut((struct gh_span){ nb->cell.p, nb->cell.n }, at, nb->ends[i] - at));
	if (nb->full)
		return GH_OK;
	if (nb->rc != GH_OK)
		return nb->rc;
	nb_python(nb, (struct gh_span){ nb->code.p, nb->code.n });
	if (nb->rc == GH_OK && nb->shell.n != 0)
		nb->rc = gh_shell_code(w, (struct gh_span){ nb->shell.p, nb->shell.n }, 0, size, NULL);
	return nb->rc;
}

void nb_python(struct gh_notebook *nb, struct gh_span code)
{
	struct gh_src_mem mem;
	struct gh_code c = { .language = "ipython", .name = nb->w->name, .src = gh_src_mem(&mem, code) };
	if (nb->rc == GH_OK && code.n != 0)
		nb->rc = gh_emit(nb->w, GH_EV_CODE, 0, nb->size, &c);
}

enum gh_rc gh_notebook_done(struct gh_notebook *nb, uint64_t size)
{
	struct gh_walk *w = nb->w;
	enum gh_rc rc = GH_OK;
	gh_notebook_end(nb, 0);
	if ((nb->kinds & 1u << K_UNKNOWN) != 0)
		gh_anomaly(w, &nb->rules[GH_NB_KERNEL], 0, size, "%s", nb->unknown.s);
	if (nb->odd_name && !nb->stated)
		gh_anomaly(w, &nb->rules[GH_NB_KERNEL], 0, size, "only by a name of its own");
	unsigned plain = 1u << K_PYTHON | 1u << K_UNKNOWN;
	if (!nb->full && nb->ncells != 0) {
		if (nb->kinds == 0 || (nb->kinds & plain) != 0)
			rc = as_python(nb, size);
		if (rc == GH_OK && (nb->kinds & (1u << K_SHELL | 1u << K_UNKNOWN)) != 0)
			rc = as_shell(nb, size);
		for (unsigned i = 0; i < sizeof nb->other / sizeof nb->other[0] && rc == GH_OK; i++)
			if (nb->other[i] != NULL)
				rc = as_other(nb, nb->other[i], size);
	}
	if (nb->full) {
		gh_anomaly(w, &nb->rules[GH_NB_LONG], 0, size, "the rest was not looked at");
		return gh_fail(w->err, GH_E_LIMIT, "more code in cells than is read");
	}
	return rc;
}
