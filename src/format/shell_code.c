#include "format/shell_code.h"

#include "wire/sh.h"

enum { PIECES = 64, RUNS = 128, RUN_NAME = 512, ROOM = 16 << 20 };

struct embedded {
	struct gh_walk *w;
	uint64_t off, len;
	unsigned left, runs; /* pieces of code, and names of modules and files, that may still be told */
	enum gh_rc rc;
};

static void emit_python(struct embedded *e, struct gh_span text)
{
	struct gh_src_mem mem;
	struct gh_code code = { .language = "python",
				.name = GH_SPAN("code in a shell script"),
				.src = gh_src_mem(&mem, text) };
	if (e->left == 0 || text.n == 0 || !gh_sh_known(text) || e->rc != GH_OK)
		return;
	e->left--;
	e->rc = gh_emit(e->w, GH_EV_CODE, e->off, e->len, &code);
}

/* What the interpreter is to run: `-m module`, or a file. */
static void emit_run(struct embedded *e, enum gh_ref_kind kind, struct gh_span target, const char *from)
{
	struct gh_reference r = { .kind = kind, .target = target, .from = gh_span_str(from) };
	if (e->runs == 0 || target.n == 0 || target.n > RUN_NAME || !gh_sh_known(target) || e->rc != GH_OK)
		return;
	e->runs--;
	e->rc = gh_emit(e->w, GH_EV_REFERENCE, e->off, e->len, &r);
}

/* Options of Python that have a value of their own, and are no end of the options. */
static bool with_value(struct gh_span w) { return gh_span_is(w, "-W") || gh_span_is(w, "-X") || gh_span_is(w, "-Q"); }

/* `torchrun --nproc 8 train.py`, `accelerate launch -m pkg.train`: the first word that is a source of Python. */
static void launched(struct embedded *e, const struct gh_sh_cmd *x)
{
	for (size_t i = 1; i < x->n; i++) {
		struct gh_span w = x->word[i].text;
		bool module = gh_span_is(w, "-m") || gh_span_is(w, "--module");
		if (module && i + 1 < x->n)
			emit_run(e, GH_REF_MODULE, x->word[i + 1].text, "-m");
		else if (gh_span_ends(w, ".py"))
			emit_run(e, GH_REF_SCRIPT, w, "python");
		else
			continue;
		return;
	}
}

static void runs(struct embedded *e, const struct gh_sh_cmd *x, const char *base)
{
	static const char *const launchers[] = { "torchrun",   "accelerate", "deepspeed", "mpirun",
						 "streamlit",  "uv",	     "poetry",	  "pipenv",
						 "horovodrun", "composer",   "jurigged",  "xvfb-run" };
	for (size_t i = 0; i < sizeof launchers / sizeof launchers[0]; i++)
		if (strcmp(base, launchers[i]) == 0)
			launched(e, x);
	bool python = strncmp(base, "python", 6) == 0 || strncmp(base, "pypy", 4) == 0 || strcmp(base, "py") == 0;
	for (size_t i = 1; python && i < x->n; i++) {
		struct gh_span w = x->word[i].text;
		if (w.n != 0 && w.p[0] != '-') {
			emit_run(e, GH_REF_SCRIPT, w, "python");
			return;
		}
		bool flags = w.n > 1 && w.p[1] != '-'; /* -um: several in one */
		if (flags && w.p[w.n - 1] == 'm' && i + 1 < x->n) {
			emit_run(e, GH_REF_MODULE, x->word[i + 1].text, "-m");
			return;
		}
		if (gh_span_starts(w, "-m") && w.n > 2) {
			emit_run(e, GH_REF_MODULE, gh_span_cut(w, 2, w.n), "-m");
			return;
		}
		if (flags && memchr(w.p, 'c', w.n) != NULL)
			return;
		i += with_value(w);
	}
}

static void on_command(struct gh_sh *sh, struct gh_sh_cmd *c)
{
	struct gh_sh_cmd x = *c;
	char base[32];
	(void)gh_sh_strip(&x);
	if (x.n != 0) {
		gh_sh_base(x.word[0].text, base, sizeof base);
		runs(sh->ctx, &x, base);
		bool operand = false, told = false;
		for (size_t i = 1; i < x.n && strncmp(base, "python", 6) == 0 && !operand && !told; i++) {
			struct gh_span w = x.word[i].text;
			if (gh_span_is(w, "-c") && i + 1 < x.n) {
				emit_python(sh->ctx, x.word[i + 1].text);
				told = true;
			}
			operand = w.n != 0 && w.p[0] != '-';
		}
		if (strncmp(base, "python", 6) == 0 && !operand && !told && x.fed)
			emit_python(sh->ctx, x.in.text);
	}
	gh_sh_default(sh, c);
}

enum gh_rc gh_shell_code(struct gh_walk *w, struct gh_span script, uint64_t off, uint64_t len, bool *broken)
{
	struct gh_src_mem mem;
	struct gh_code code = { .language = "shell", .name = w->name, .src = gh_src_mem(&mem, script) };
	enum gh_rc rc = gh_emit(w, GH_EV_CODE, off, len, &code);
	if (rc != GH_OK)
		return rc;
	gh_auto_arena arena = { .max = ROOM };
	struct embedded e = { .w = w, .off = off, .len = len, .left = PIECES, .runs = RUNS };
	struct gh_sh sh = { .arena = &arena, .ctx = &e, .command = on_command };
	rc = gh_sh_run(&sh, script);
	if (broken != NULL)
		*broken = sh.broken;
	if (rc != GH_OK)
		return gh_fail(w->err, rc, "the script is too involved to be read to its end");
	return e.rc;
}

struct gh_span gh_text_whole(struct gh_walk *w, size_t max)
{
	uint64_t size = w->src->size < max ? w->src->size : max;
	uint8_t *p = gh_alloc(w->arena, (size_t)size + 1, 1);
	size_t n = 0;
	while (p != NULL && n < size) {
		size_t want = (size_t)size - n;
		struct gh_span s = gh_src_window(w->src, n, want < GH_WINDOW_MAX ? want : GH_WINDOW_MAX);
		if (s.n == 0)
			return (struct gh_span){ 0 };
		memcpy(p + n, s.p, s.n);
		n += s.n;
	}
	return (struct gh_span){ p, n };
}
