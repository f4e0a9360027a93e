#include "wire/sh_int.h"

enum { STEPS_PER_BYTE = 64, STEPS_LEAST = 1 << 20, RUNS = 100000 };

struct gh_sh_name {
	struct gh_sh_name *next;
	enum gh_sh_kind kind;
	struct gh_span name;
	struct gh_sh_val v;
};

bool sh_name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

uint64_t sh_off(const struct gh_sh_frame *f, size_t at) { return f->mapped ? f->base + at : f->base; }

/* ---- values --------------------------------------------------------------------------------------------------------- */
struct gh_sh_val gh_sh_any(unsigned marks)
{
	static const uint8_t any[1] = { GH_SH_ANY };
	return (struct gh_sh_val){ { any, 1 }, marks };
}

struct gh_sh_val gh_sh_join(struct gh_sh *sh, const struct gh_sh_val *v, size_t n, char sep)
{
	struct gh_sh_val out = { 0 };
	size_t len = 0;
	for (size_t i = 0; i < n; i++) {
		len += v[i].text.n + 1;
		out.marks |= v[i].marks;
	}
	uint8_t *p = len > GH_SH_VALUE ? NULL : gh_alloc(sh->arena, len + 1, 1);
	if (p == NULL) {
		sh->limit = sh->limit || len <= GH_SH_VALUE;
		return gh_sh_any(out.marks);
	}
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		if (i != 0 && sep != 0)
			p[k++] = (uint8_t)sep;
		if (v[i].text.n != 0)
			memcpy(p + k, v[i].text.p, v[i].text.n);
		k += v[i].text.n;
	}
	out.text = (struct gh_span){ p, k };
	return out;
}

bool sh_vals_add(struct gh_sh *sh, struct sh_vals *v, struct gh_sh_val x)
{
	if (v->n >= v->cap) {
		struct gh_sh_val *p = v->n >= GH_SH_WORDS ? NULL
							  : gh_grow(sh->arena, v->v, &v->cap, v->n + 1, sizeof x);
		if (p == NULL) {
			sh->limit = true;
			return false;
		}
		v->v = p;
	}
	v->v[v->n++] = x;
	return true;
}

bool sh_put(struct gh_sh *sh, struct gh_sh_frame *f, const void *p, size_t n)
{
	f->word = true;
	if (n > GH_SH_VALUE - (f->n < GH_SH_VALUE ? f->n : GH_SH_VALUE)) {
		sh->limit = true;
		return false;
	}
	if (f->n + n > f->cap) {
		uint8_t *q = gh_grow(sh->arena, f->buf, &f->cap, f->n + n, 1);
		if (q == NULL) {
			sh->limit = true;
			return false;
		}
		f->buf = q;
	}
	if (n != 0)
		memcpy(f->buf + f->n, p, n);
	f->n += n;
	return true;
}

bool sh_byte(struct gh_sh *sh, struct gh_sh_frame *f, uint8_t c) { return sh_put(sh, f, &c, 1); }

/* ---- what the script knows ------------------------------------------------------------------------------------------ */
static unsigned slot(enum gh_sh_kind kind, struct gh_span name)
{
	unsigned h = 2166136261u + (unsigned)kind;
	for (size_t i = 0; i < name.n; i++)
		h = (h ^ name.p[i]) * 16777619u;
	return (h ^ h >> 16) & 255;
}

static struct gh_span plain_path(struct gh_span name)
{
	while (name.n > 2 && gh_span_starts(name, "./"))
		name = gh_span_cut(name, 2, name.n);
	return name;
}

static struct gh_sh_name *lookup(const struct gh_sh *sh, enum gh_sh_kind kind, struct gh_span name)
{
	for (struct gh_sh_name *e = sh->names[slot(kind, name)]; e != NULL; e = e->next)
		if (e->kind == kind && gh_span_eq(e->name, name))
			return e;
	return NULL;
}

const struct gh_sh_val *gh_sh_get(const struct gh_sh *sh, enum gh_sh_kind kind, struct gh_span name)
{
	struct gh_sh_name *e = lookup(sh, kind, kind == GH_SH_FILE ? plain_path(name) : name);
	return e == NULL ? NULL : &e->v;
}

void gh_sh_set(struct gh_sh *sh, enum gh_sh_kind kind, struct gh_span name, struct gh_sh_val v)
{
	if (kind == GH_SH_FILE)
		name = plain_path(name);
	struct gh_sh_name *e = lookup(sh, kind, name);
	bool maybe = sh->depth != 0 && sh->frame[sh->depth - 1].maybe;
	v.text = gh_keep(sh->arena, v.text);
	if (v.text.p == NULL) {
		sh->limit = true;
		return;
	}
	if (e != NULL) { /* a condition decides which of two values it has */
		bool both = maybe && kind == GH_SH_VAR && e->v.text.n != 0 && !gh_span_eq(e->v.text, v.text);
		e->v = both ? gh_sh_any(e->v.marks | v.marks) : v;
		if (maybe && kind == GH_SH_FILE)
			e->v.marks |= v.marks;
		return;
	}
	e = GH_NEW(sh->arena, struct gh_sh_name, 1);
	struct gh_span kept = gh_keep(sh->arena, name);
	if (e == NULL || kept.p == NULL) {
		sh->limit = true;
		return;
	}
	struct gh_sh_name **at = &sh->names[slot(kind, name)];
	*e = (struct gh_sh_name){ .next = *at, .kind = kind, .name = kept, .v = v };
	*at = e;
}

struct gh_sh_val gh_sh_file(struct gh_sh *sh, struct gh_span name)
{
	const struct gh_sh_val *v = gh_sh_get(sh, GH_SH_FILE, name);
	return v != NULL ? *v : gh_sh_any(sh->reads == NULL ? 0 : sh->reads(sh, name));
}

void gh_sh_base(struct gh_span word, char *out, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < word.n; i++) {
		if (word.p[i] == '/') {
			n = 0;
			continue;
		}
		if (word.p[i] > ' ' && n + 1 < cap)
			out[n++] = (char)word.p[i];
	}
	out[n] = '\0';
}

/* ---- frames --------------------------------------------------------------------------------------------------------- */
struct gh_sh_frame *sh_push(struct gh_sh *sh, enum sh_kind kind, enum sh_deliver deliver, struct gh_span in, bool same)
{
	if (sh->depth == GH_SH_FRAMES || ++sh->runs > RUNS) {
		sh->limit = true;
		return NULL;
	}
	struct gh_sh_frame *f = &sh->frame[sh->depth], *up = sh->depth == 0 ? NULL : f - 1;
	*f = (struct gh_sh_frame){ .kind = kind, .deliver = deliver, .in = in, .same = same };
	if (up != NULL) {
		f->args = up->args;
		f->called = up->called;
		f->maybe = up->maybe;
		f->mapped = same && up->mapped;
		f->base = same ? up->base : sh_off(up, up->begun ? up->start : up->at);
		f->at = f->from = same ? up->at : 0;
		f->in_val = up->piped ? up->pipe : up->in_val;
		f->fed = up->piped || up->fed;
	}
	sh->depth++;
	return f;
}

static struct gh_sh_val trimmed(struct gh_sh_val v)
{
	while (v.text.n != 0 && v.text.p[v.text.n - 1] == '\n')
		v.text.n--;
	return v;
}

static void deliver_proc(struct gh_sh *sh, struct gh_sh_frame *up, struct gh_sh_val out)
{
	char name[] = "/dev/fd/p000000";
	unsigned n = sh->nsubst++ % 1000000;
	for (size_t i = sizeof name - 2; n != 0; n /= 10)
		name[i--] = (char)('0' + n % 10);
	gh_sh_set(sh, GH_SH_FILE, gh_span_str(name), out);
	(void)sh_put(sh, up, name, sizeof name - 1);
	up->marks |= out.marks;
}

static void deliver(struct gh_sh *sh, const struct gh_sh_frame *f, struct gh_sh_val out)
{
	struct gh_sh_frame *up = &sh->frame[sh->depth - 1];
	if (f->same) {
		up->at = f->at;
		if (f->here_end > f->at)
			up->here_end = f->here_end;
	}
	switch (f->deliver) {
	case SH_TO_NONE: break;
	case SH_TO_WORD:
		out = trimmed(out);
		up->marks |= out.marks;
		up->word = true;
		if (up->dq || up->kind == SH_WORD || up->equals != 0)
			(void)sh_put(sh, up, out.text.p, out.text.n);
		else
			sh_append_split(sh, up, out);
		break;
	case SH_TO_PARAM: sh_param_done(sh, up, out); break;
	case SH_TO_ARITH: {
		bool digits = out.text.n != 0;
		for (size_t i = 0; i < out.text.n; i++)
			digits = digits && out.text.p[i] >= '0' && out.text.p[i] <= '9';
		if (digits)
			(void)sh_put(sh, up, out.text.p, out.text.n);
		else
			(void)sh_byte(sh, up, GH_SH_ANY);
		up->marks |= out.marks;
		break;
	}
	case SH_TO_HERE:
		if (up->nredir != 0)
			up->redirs[up->nredir - 1].to = out;
		break;
	case SH_TO_PROC: deliver_proc(sh, up, out); break;
	case SH_TO_COMPOUND:
		up->compound = true;
		up->compound_out = out;
		up->body = f->from;
		up->body_end = f->body_end > f->from ? f->body_end : f->at;
		sh_compound_done(sh, up);
		break;
	case SH_TO_COMMAND:
		out.marks |= up->cmd.out.marks;
		sh_finish(sh, up, out);
		break;
	case SH_TO_ARRAY: { /* items, apart by a byte that no text has */
		struct gh_sh_val v = gh_sh_join(sh, f->words.v, f->words.n, SH_SPLIT);
		(void)sh_put(sh, up, v.text.p, v.text.n);
		up->marks |= v.marks;
		break;
	}
	}
}

static void pop(struct gh_sh *sh)
{
	struct gh_sh_frame *f = &sh->frame[sh->depth - 1];
	struct gh_sh_val out = f->out;
	if (f->kind == SH_WORD)
		out = sh_take_word(sh, f);
	if (--sh->depth != 0)
		deliver(sh, f, out);
}

/* Does the frame end here? A list does at its closing character or word, which sets `at` behind it and in.n to it. */
static bool ends(const struct gh_sh_frame *f) { return f->at >= f->in.n; }

void sh_run_script(struct gh_sh *sh, struct gh_sh_frame *f, const struct gh_sh_cmd *c)
{
	struct gh_span text = gh_span_cut(c->script.text, 0, GH_SH_TEXT);
	struct gh_sh_frame *g = sh_push(sh, SH_LIST, SH_TO_COMMAND, text, false);
	if (g == NULL) {
		sh_finish(sh, f, gh_sh_any(c->script.marks));
		return;
	}
	g->base = sh_off(f, f->start);
	g->called = c->called != NULL ? c->called : f->called;
	if (c->fed || c->script_fed) {
		g->in_val = c->script_fed ? c->script_in : c->in;
		g->fed = true;
	}
	if (c->args.v != NULL) {
		g->args = GH_NEW(sh->arena, struct gh_sh_args, 1);
		if (g->args != NULL)
			*g->args = c->args;
	}
}

enum gh_rc gh_sh_run(struct gh_sh *sh, struct gh_span script)
{
	sh->frame = GH_NEW(sh->arena, struct gh_sh_frame, GH_SH_FRAMES);
	if (sh->frame == NULL || script.n > GH_SH_TEXT) {
		sh->limit = true;
		return GH_E_LIMIT;
	}
	if (sh->max_steps == 0)
		sh->max_steps = STEPS_LEAST + (uint64_t)script.n * STEPS_PER_BYTE;
	struct gh_sh_frame *f = sh_push(sh, SH_LIST, SH_TO_NONE, script, false);
	f->mapped = true;
	while (sh->depth != 0 && !sh->limit) {
		f = &sh->frame[sh->depth - 1];
		if (++sh->steps > sh->max_steps)
			sh->limit = true;
		else if (f->kind == SH_LIST)
			sh_step_list(sh, f);
		else if (!ends(f))
			sh_step_word(sh, f);
		if (f == &sh->frame[sh->depth - 1] && ends(f) && !sh->limit) {
			if (f->kind == SH_LIST && (f->word || f->begun || f->compound || f->dq)) {
				sh->broken = sh->broken || f->dq;
				f->dq = false;
				sh_end_command(sh, f, 0);
				if (f == &sh->frame[sh->depth - 1] && ends(f) && !f->begun && !f->compound)
					pop(sh);
			} else {
				pop(sh);
			}
		}
	}
	sh->depth = 0;
	return sh->limit ? GH_E_LIMIT : GH_OK;
}
