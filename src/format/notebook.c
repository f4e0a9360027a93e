#include "format/notebook.h"

#include "format/packages.h"
#include "format/shell_code.h"

enum { CODE_MAX = 8 << 20, SAY = 8 };
struct text {
	uint8_t *p;
	size_t n, cap;
};

struct gh_notebook {
	struct gh_walk *w;
	struct text cell, code, shell;
	bool open, prose, full;
	unsigned depth, cells, said;
	enum gh_rc rc;
	const struct gh_rule *active, *too_long;
};

struct gh_notebook *gh_notebook(struct gh_walk *w, const struct gh_rule *active, const struct gh_rule *too_long)
{
	struct gh_notebook *nb = GH_NEW(w->arena, struct gh_notebook, 1);
	if (nb != NULL)
		*nb = (struct gh_notebook){ .w = w, .active = active, .too_long = too_long };
	return nb;
}

static void put(struct gh_notebook *nb, struct text *t, struct gh_span s)
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

static bool has(struct gh_span s, const char *w)
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
		put(nb, &nb->cell, text);
	} else if (gh_span_is(key, "cell_type")) {
		nb->prose = !gh_span_is(text, "code");
	} else if (gh_span_is(key, "text/html") || gh_span_is(key, "html") || gh_span_is(key, "image/svg+xml")) {
		for (size_t i = 0; i < sizeof active / sizeof active[0]; i++)
			if (has(text, active[i]) && nb->said++ < SAY) {
				gh_anomaly(nb->w, nb->active, off, len, "%s in an output", active[i]);
				break;
			}
	} else if ((gh_span_is(key, "application/javascript") || gh_span_is(key, "javascript")) && text.n != 0 &&
		   nb->said++ < SAY) {
		gh_anomaly(nb->w, nb->active, off, len, "%s", gh_safe(text).s);
	}
}

/* ---- cells ------------------------------------------------------------------------------------------------------------ */
static struct gh_span trim(struct gh_span s)
{
	while (s.n != 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
		s = gh_span_cut(s, 1, s.n);
	while (s.n != 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static struct gh_span word(struct gh_span *s)
{
	*s = trim(*s);
	size_t n = 0;
	while (n < s->n && s->p[n] != ' ' && s->p[n] != '\t')
		n++;
	struct gh_span w = gh_span_cut(*s, 0, n);
	*s = gh_span_cut(*s, n, s->n);
	while (w.n > 1 && (w.p[0] == '"' || w.p[0] == '\'') && w.p[w.n - 1] == w.p[0])
		w = gh_span_cut(w, 1, w.n - 2);
	return w;
}

/* pip install NAME…: packages by name, from where everybody gets them. False: something else, for the checks to judge. */
static bool installs(struct gh_notebook *nb, struct gh_span s, bool emit)
{
	struct gh_span w = word(&s);
	if (gh_span_is(w, "python") || gh_span_is(w, "python3")) {
		if (!gh_span_is(word(&s), "-m"))
			return false;
		w = word(&s);
	}
	if ((!gh_span_is(w, "pip") && !gh_span_is(w, "pip3")) || !gh_span_is(word(&s), "install"))
		return false;
	while ((s = trim(s)).n != 0) {
		w = word(&s);
		if (gh_span_starts(w, "-r") || gh_span_starts(w, "--requirement")) {
			if (w.n == 2 || gh_span_is(w, "--requirement"))
				(void)word(&s);
			continue;
		}
		if (w.n != 0 && w.p[0] == '-') {
			static const char *const plain[] = { "-q",
							     "-qq",
							     "-qqq",
							     "-U",
							     "-qU",
							     "-Uq",
							     "--upgrade",
							     "--quiet",
							     "--user",
							     "--pre",
							     "--no-deps",
							     "--no-cache-dir",
							     "--force-reinstall",
							     "--ignore-installed",
							     "-v",
							     "--progress-bar",
							     "off",
							     "--no-warn-script-location",
							     "--disable-pip-version-check" };
			bool ok = false;
			for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
				ok = ok || gh_span_is(w, plain[i]);
			if (!ok)
				return false;
			continue;
		}
		if (gh_span_starts(w, ">") || gh_span_starts(w, "&>") || gh_span_is(w, "2>&1") ||
		    gh_span_starts(w, "2>") || gh_span_is(w, "/dev/null") || gh_span_starts(w, "#"))
			return !has(s, ";") && !has(s, "|") && !has(s, "&&");
		struct gh_dep d = gh_dep_line(w);
		if (d.kind != GH_DEP_PACKAGE)
			return false;
		if (emit && nb->rc == GH_OK)
			nb->rc = gh_package_named(nb->w, "PyPI", gh_span_str(d.name), d.version, 0, 0);
	}
	return true;
}

static void shell_line(struct gh_notebook *nb, struct gh_span s)
{
	s = trim(s);
	if (installs(nb, s, false)) {
		(void)installs(nb, s, true);
		return;
	}
	put(nb, &nb->shell, s);
	put(nb, &nb->shell, GH_SPAN("\n"));
}

/* `%%name` on the first line: the whole cell is something else. True: dealt with. */
static bool cell_magic(struct gh_notebook *nb, struct gh_span cell)
{
	const uint8_t *nl = memchr(cell.p, '\n', cell.n);
	size_t n = nl == NULL ? cell.n : (size_t)(nl - cell.p);
	struct gh_span line = gh_span_cut(cell, 2, n - 2), body = gh_span_cut(cell, n + 1, cell.n), all = line,
		       name = word(&line);
	bool script = gh_span_is(name, "script") && (has(all, " sh") || has(all, "bash"));
	if (gh_span_is(name, "bash") || gh_span_is(name, "sh") || gh_span_is(name, "!") || gh_span_is(name, "system") ||
	    script || (gh_span_is(name, "writefile") && (has(all, ".sh") || has(all, ".bash")))) {
		put(nb, &nb->shell, body);
		put(nb, &nb->shell, GH_SPAN("\n"));
		return true;
	}
	static const char *const other[] = { "javascript", "js",       "perl", "ruby", "html", "svg",
					     "latex",	   "markdown", "sql",  "R",    "cpp",  "cu" };
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		if (!gh_span_is(name, other[i]))
			continue;
		struct gh_src_mem mem;
		struct gh_code c = { .language = i < 2	  ? "JavaScript source"
						 : i == 2 ? "Perl source"
						 : i == 3 ? "Ruby source"
						 : i > 9  ? "source code"
							  : "text of a cell",
				     .name = nb->w->name,
				     .src = gh_src_mem(&mem, body) };
		if (nb->rc == GH_OK && body.n != 0)
			nb->rc = gh_emit(nb->w, GH_EV_CODE, 0, nb->w->src->size, &c);
		if (i == 4 && has(body, "<script") && nb->said++ < SAY)
			gh_anomaly(nb->w, nb->active, 0, 0, "a cell that shows a script");
		return true;
	}
	return false;
}

static void code_cell(struct gh_notebook *nb, struct gh_span cell)
{
	nb->cells++;
	if (gh_span_starts(cell, "%%") && cell_magic(nb, cell))
		return;
	for (size_t at = 0; at < cell.n;) {
		const uint8_t *nl = memchr(cell.p + at, '\n', cell.n - at);
		size_t n = nl == NULL ? cell.n - at : (size_t)(nl - (cell.p + at));
		struct gh_span line = gh_span_cut(cell, at, n), s = trim(line);
		while (s.n != 0 && (s.p[0] == '!' || s.p[0] == '%') && nl != NULL && n != 0 &&
		       cell.p[at + n - 1] == '\\') {
			nl = at + n + 1 < cell.n ? memchr(cell.p + at + n + 1, '\n', cell.n - at - n - 1) : NULL;
			n = nl == NULL ? cell.n - at : (size_t)(nl - (cell.p + at));
			s = trim(gh_span_cut(cell, at, n));
		}
		at += n + 1;
		const uint8_t *assign = s.n < 4 ? NULL : memmem(s.p, s.n, "= !", 3);
		size_t indent = line.n == 0 ? 0 : (size_t)(trim(line).p - line.p);
		bool magic = s.n > 1 && (s.p[0] == '%' || s.p[0] == '!');
		if (gh_span_starts(s, "%pip ") || gh_span_starts(s, "%conda ") || gh_span_starts(s, "%sx ") ||
		    gh_span_starts(s, "%system "))
			shell_line(nb, gh_span_starts(s, "%s") ? gh_span_cut(s, 4 + 4 * (s.p[2] == 'y'), s.n)
							       : gh_span_cut(s, 1, s.n));
		else if (magic && s.p[0] == '!')
			shell_line(nb, gh_span_cut(s, s.p[1] == '!' ? 2 : 1, s.n));
		else if (assign != NULL && memchr(s.p, '"', (size_t)(assign - s.p)) == NULL)
			shell_line(nb, gh_span_cut(s, (uint64_t)(assign - s.p) + 3, s.n));
		else if (!magic) {
			put(nb, &nb->code, line);
			put(nb, &nb->code, GH_SPAN("\n"));
			continue;
		}
		put(nb, &nb->code, gh_span_cut(line, 0, indent));
		put(nb, &nb->code, GH_SPAN("pass\n")); /* keeps blocks whole */
	}
	put(nb, &nb->code, GH_SPAN("\n"));
}

void gh_notebook_end(struct gh_notebook *nb, unsigned depth)
{
	if (!nb->open && depth <= 2)
		nb->prose = false;
	if (!nb->open || depth >= nb->depth)
		return;
	struct gh_span cell = { nb->cell.p, nb->cell.n };
	if (!nb->prose && cell.n != 0)
		code_cell(nb, cell);
	nb->open = nb->prose = false;
	nb->cell.n = 0;
}

enum gh_rc gh_notebook_done(struct gh_notebook *nb, uint64_t size)
{
	struct gh_walk *w = nb->w;
	gh_notebook_end(nb, 0);
	if (nb->full) {
		gh_anomaly(w, nb->too_long, 0, size, "the rest was not looked at");
		return gh_fail(w->err, GH_E_LIMIT, "more code in cells than is read");
	}
	if (nb->rc != GH_OK)
		return nb->rc;
	struct gh_src_mem mem;
	struct gh_code c = { .language = "ipython",
			     .name = w->name,
			     .src = gh_src_mem(&mem, (struct gh_span){ nb->code.p, nb->code.n }) };
	enum gh_rc rc = nb->code.n == 0 ? GH_OK : gh_emit(w, GH_EV_CODE, 0, size, &c);
	if (rc == GH_OK && nb->shell.n != 0)
		rc = gh_shell_code(w, (struct gh_span){ nb->shell.p, nb->shell.n }, 0, size, NULL);
	return rc;
}
