#include "scan/diff/fields.h"

#include "wire/sha1.h"

#include <math.h>
#include <stdlib.h>

/* ---- keeping -------------------------------------------------------------------------------------------------- */

static uint64_t number_of(struct gh_span s)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || s.n > 15)
			return 0;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	return v;
}

/* BASE is what it is; for a value of CANDIDATE to pass as the same it would need a second preimage, which SHA-1 withstands. */
static void digest(struct gh_diff_field *v, struct gh_span s)
{
	struct gh_sha1 h = gh_sha1();
	gh_sha1_put(&h, s);
	gh_sha1_end(&h, v->digest);
}

void gh_diff_field_add(struct gh_diff_fields *f, enum gh_diff_section s, struct gh_span key, struct gh_span value,
		       bool gguf, bool shared)
{
	struct gh_diff_field *v = f->n >= GH_DIFF_FIELDS ? NULL : gh_grow(f->arena, f->v, &f->cap, f->n + 1, sizeof *v);
	if (v == NULL) {
		f->full = true;
		return;
	}
	f->v = v;
	v += f->n;
	*v = (struct gh_diff_field){
		.section = s, .full = value.n, .gguf = gguf, .shared = shared, .number = number_of(value)
	};
	v->key = gh_keep(f->arena, gh_span_cut(key, 0, 200));
	v->value = gh_keep(f->arena, gh_span_cut(value, 0, GH_DIFF_SHOWN));
	digest(v, value);
	f->full = f->full || v->key.p == NULL || v->value.p == NULL;
	f->n += v->key.p != NULL && v->value.p != NULL;
}

struct gh_diff_list *gh_diff_list(struct gh_diff_fields *f, enum gh_diff_list_kind kind, struct gh_span file, bool gguf)
{
	for (size_t i = 0; i < f->nlist; i++)
		if (f->list[i].kind == kind && f->list[i].gguf == gguf && gh_span_eq(f->list[i].file, file))
			return &f->list[i];
	struct gh_span kept = gh_keep(f->arena, file);
	if (f->nlist == GH_DIFF_LISTS || kept.p == NULL) {
		f->full = true;
		return NULL;
	}
	f->list[f->nlist] = (struct gh_diff_list){ .kind = kind, .file = kept, .gguf = gguf };
	return &f->list[f->nlist++];
}

void gh_diff_list_put(struct gh_diff_fields *f, struct gh_diff_list *l, uint64_t at, struct gh_span text)
{
	if (at >= GH_DIFF_VOCAB) {
		l->full = true;
		return;
	}
	struct gh_span *v = gh_grow(f->arena, l->v, &l->cap, (size_t)at + 1, sizeof *v), kept = gh_keep(f->arena, text);
	if (v == NULL || kept.p == NULL) {
		l->full = true;
		return;
	}
	l->v = v;
	/* Two texts for one token: only one of them can be compared. */
	l->full = l->full || (l->kind == GH_DIFF_L_TOKENS && v[at].p != NULL && !gh_span_eq(v[at], kept));
	v[at] = kept;
	l->n = l->n > at ? l->n : (size_t)at + 1;
}

uint64_t gh_diff_number(const struct gh_diff_fields *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].shared && gh_span_is(f->v[i].key, key))
			return f->v[i].number;
	return 0;
}

/* ---- files ---------------------------------------------------------------------------------------------------- */

static struct gh_span last_part(struct gh_span name)
{
	for (size_t i = name.n; i > 0; i--)
		if (name.p[i - 1] == '/')
			return gh_span_cut(name, i, name.n);
	return name;
}

/* A whole text in memory. */
static enum gh_rc load(struct gh_diff_fields *f, struct gh_src *src, struct gh_span *out, struct gh_err *err)
{
	if (src->size > GH_DIFF_FILE_MAX)
		return gh_fail(err, GH_E_LIMIT, "a text of %llu bytes is too large to be compared",
			       (unsigned long long)src->size);
	uint8_t *p = GH_NEW(f->arena, uint8_t, (size_t)src->size + 1);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "memory (--limit-memory)");
	for (uint64_t at = 0; at < src->size;) {
		struct gh_span w = gh_src_window(src, at, GH_CUR_WINDOW);
		if (w.n == 0)
			return gh_fail(err, GH_E_IO, "it could not be read to its end");
		memcpy(p + at, w.p, w.n);
		at += w.n;
	}
	*out = (struct gh_span){ p, (size_t)src->size };
	return GH_OK;
}

static void lines(struct gh_diff_fields *f, struct gh_diff_list *l, struct gh_span s)
{
	for (uint64_t n = 0; s.n != 0;) {
		const uint8_t *nl = memchr(s.p, '\n', s.n);
		struct gh_span line = { s.p, nl == NULL ? s.n : (size_t)(nl - s.p) };
		s = gh_span_cut(s, line.n + 1, s.n);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (line.n != 0 && !gh_span_starts(line, "#version"))
			gh_diff_list_put(f, l, n++, line);
	}
}

static enum gh_rc whole(struct gh_diff_fields *f, enum gh_diff_section s, struct gh_src *src, struct gh_span key,
			struct gh_err *err)
{
	struct gh_span text = { 0 };
	GH_TRY(load(f, src, &text, err), err, "%s", gh_safe(key).s);
	gh_diff_field_add(f, s, key, text, false, s == GH_DIFF_S_TEMPLATE);
	return GH_OK;
}

enum gh_rc gh_diff_fields(struct gh_diff_fields *f, struct gh_src *src, struct gh_span name, struct gh_err *err)
{
	struct gh_span file = last_part(name), text = { 0 };
	struct gh_span head = gh_src_window(src, 0, 4);
	if (gh_span_is(head, "GGUF"))
		return gh_diff_fields_gguf(f, src, err);
	if (gh_span_ends(file, ".json") && !gh_span_ends(file, ".index.json"))
		return gh_diff_fields_json(f, src, name, file, err);
	if (gh_span_ends(file, ".jinja"))
		return whole(f, GH_DIFF_S_TEMPLATE, src,
			     gh_span_is(name, "chat_template.jinja") ? GH_SPAN("chat_template") : name, err);
	if (gh_span_ends(file, ".py"))
		return whole(f, GH_DIFF_S_CODE, src, name, err);
	if (gh_span_ends(file, ".model") || gh_span_ends(file, ".tiktoken") || gh_span_ends(file, ".bpe"))
		return whole(f, GH_DIFF_S_TOKENIZER, src, name, err);
	bool merges = gh_span_is(file, "merges.txt");
	if (!merges && !gh_span_is(file, "vocab.txt"))
		return GH_OK;
	GH_TRY(load(f, src, &text, err), err, "%s", gh_safe(name).s);
	struct gh_diff_list *l = gh_diff_list(f, merges ? GH_DIFF_L_MERGES : GH_DIFF_L_TOKENS, name, false);
	if (l != NULL)
		lines(f, l, text);
	return GH_OK;
}

/* ---- comparing ------------------------------------------------------------------------------------------------ */

/* Keys that change with every export and say nothing. */
static const char *const noise[] = { "config.json: transformers_version", "config.json: _name_or_path",
				     "generation_config.json: transformers_version",
				     "tokenizer_config.json: name_or_path", "adapter_config.json: peft_version" };

static bool is_noise(struct gh_span key)
{
	for (size_t i = 0; i < sizeof noise / sizeof noise[0]; i++)
		if (gh_span_is(key, noise[i]))
			return true;
	return false;
}

static bool same_place(const struct gh_diff_field *a, const struct gh_diff_field *v)
{
	return a->section == v->section && gh_span_eq(a->key, v->key) && (v->shared ? a->shared : a->gguf == v->gguf);
}

static const struct gh_diff_field *same_key(const struct gh_diff_fields *f, const struct gh_diff_field *v)
{
	for (size_t i = 0; i < f->n; i++)
		if (same_place(&f->v[i], v))
			return &f->v[i];
	return NULL;
}

/* Does the other side speak of such things at all, in the same words? */
static bool speaks(const struct gh_diff_fields *f, const struct gh_diff_field *v)
{
	if (v->section == GH_DIFF_S_CODE || v->section == GH_DIFF_S_ADAPTER)
		return true;
	for (size_t i = 0; i < f->n; i++) {
		const struct gh_diff_field *o = &f->v[i];
		bool words = o->gguf == v->gguf || (v->shared && o->shared && v->section != GH_DIFF_S_CONFIG);
		if (o->section == v->section && words)
			return true;
		if (v->section == GH_DIFF_S_TEMPLATE && o->section == GH_DIFF_S_TOKENIZER)
			return true; /* a tokenizer without a template */
	}
	return false;
}

/* 1e-05 and 0.00001 are one number, and so is what is left of it in 32 bits. */
static bool same_value(const struct gh_diff_field *b, const struct gh_diff_field *c)
{
	char text[2][48], *end[2];
	double v[2];
	if (b->full == c->full && memcmp(b->digest, c->digest, sizeof b->digest) == 0)
		return true;
	if (b->full == 0 || c->full == 0 || b->full >= sizeof text[0] || c->full >= sizeof text[0])
		return false;
	for (unsigned i = 0; i < 2; i++) {
		struct gh_span s = i == 0 ? b->value : c->value;
		bool word = s.p[0] > '9'; /* nan, inf: texts like any other */
		memcpy(text[i], s.p, s.n);
		text[i][s.n] = '\0';
		v[i] = strtod(text[i], &end[i]);
		if (word || end[i] != text[i] + s.n || !isfinite(v[i]))
			return false;
	}
	double size = fabs(v[0]) > fabs(v[1]) ? fabs(v[0]) : fabs(v[1]);
	return fabs(v[0] - v[1]) <= (b->gguf != c->gguf ? 1e-6 : 1e-12) * size;
}

/* Does it have this key with this value? */
static bool said(const struct gh_diff_fields *f, const struct gh_diff_field *v)
{
	for (size_t i = 0; i < f->n; i++)
		if (same_place(&f->v[i], v) && same_value(&f->v[i], v))
			return true;
	return false;
}

static void fields(const struct gh_diff_fields *base, const struct gh_diff_fields *cand, bool adapter,
		   const struct gh_diff_fields_out *out)
{
	for (size_t i = 0; i < cand->n; i++) {
		const struct gh_diff_field *c = &cand->v[i], *b = same_key(base, c);
		if (is_noise(c->key))
			continue;
		if (b == NULL && speaks(base, c) && !(adapter && c->section == GH_DIFF_S_ADAPTER))
			out->field(out->arg, c->section, GH_DIFF_NEW, c->key, (struct gh_span){ 0 }, c->value);
		else if (b != NULL && !said(base, c)) /* a key may be there twice: a loader takes either */
			out->field(out->arg, c->section, GH_DIFF_CHANGED, c->key, b->value, c->value);
	}
	for (size_t i = 0; i < base->n && !adapter; i++) {
		const struct gh_diff_field *b = &base->v[i];
		if (!is_noise(b->key) && same_key(base, b) == b && same_key(cand, b) == NULL && speaks(cand, b))
			out->field(out->arg, b->section, GH_DIFF_GONE, b->key, b->value, (struct gh_span){ 0 });
	}
}

static const char *const words[] = {
	[GH_DIFF_L_TOKENS] = "token", [GH_DIFF_L_MERGES] = "merge", [GH_DIFF_L_SPECIAL] = "kind of token"
};

/* What one side pads its vocabulary with, the other one has not. */
static bool padding(struct gh_span s) { return gh_span_starts(s, "[PAD") || gh_span_starts(s, "<pad_"); }
static bool looks_special(struct gh_span s)
{
	return s.n > 2 && (s.p[0] == '<' || s.p[0] == '[') && (s.p[s.n - 1] == '>' || s.p[s.n - 1] == ']');
}

/* The kinds that GGUF gives to tokens, and what tokenizer.json says: NULL-terminated words for what cannot both hold. */
static bool kinds_agree(struct gh_span gguf, struct gh_span json, struct gh_span token)
{
	if (gh_span_is(json, "special"))
		return gh_span_is(gguf, "control") || gh_span_is(gguf, "unknown");
	return !gh_span_is(gguf, "control") || looks_special(token);
}

static struct gh_span at(const struct gh_diff_list *l, size_t i)
{
	return l != NULL && i < l->n ? l->v[i] : (struct gh_span){ 0 };
}

struct pair {
	const struct gh_diff_list *b, *c, *tokens; /* tokens: of CANDIDATE, to know them by name */
};

static bool agree(const struct pair *p, size_t i)
{
	struct gh_span x = at(p->b, i), y = at(p->c, i);
	bool mixed = p->b->gguf != p->c->gguf;
	if (x.p != NULL && y.p != NULL && gh_span_eq(x, y))
		return true;
	if (p->b->kind == GH_DIFF_L_SPECIAL) {
		struct gh_span token = at(p->tokens, i);
		return !mixed ? (x.p == NULL && y.p == NULL) ||
					(!gh_span_is(x, "special") && !gh_span_is(y, "special") && !p->b->gguf)
			      : kinds_agree(p->b->gguf ? x : y, p->b->gguf ? y : x, token);
	}
	return (x.p == NULL && y.p == NULL) || (mixed && (padding(x) || padding(y)) && (x.p == NULL || y.p == NULL));
}

static void list(const struct pair *p, const struct gh_diff_fields_out *out)
{
	enum { NAMED = 20 };
	const struct gh_diff_list *b = p->b, *c = p->c;
	const char *what = words[b->kind];
	uint64_t n[5] = { b->n, c->n, 0, 0, 0 };
	for (size_t i = 0; i < b->n || i < c->n; i++) {
		struct gh_span x = at(b, i), y = at(c, i);
		if (agree(p, i))
			continue;
		enum gh_diff_change ch = x.p == NULL ? GH_DIFF_NEW : y.p == NULL ? GH_DIFF_GONE : GH_DIFF_CHANGED;
		n[ch == GH_DIFF_CHANGED ? 2 : ch == GH_DIFF_NEW ? 3 : 4]++;
		if (n[2] + n[3] + n[4] > NAMED)
			continue;
		gh_auto_buf key = gh_buf(300);
		if (!c->gguf) {
			gh_buf_span(&key, gh_span_cut(c->file, 0, 200));
			gh_buf_str(&key, ": ");
		}
		gh_buf_fmt(&key, "%s %zu", what, i);
		out->field(out->arg, GH_DIFF_S_TOKENIZER, ch, gh_buf_view(&key), gh_span_cut(x, 0, GH_DIFF_SHOWN),
			   gh_span_cut(y, 0, GH_DIFF_SHOWN));
	}
	out->counts(out->arg, what, n);
}

/* The list of BASE that this one of CANDIDATE has to agree with: of the same file, or the first of BASE when CANDIDATE has
 * another set of files; loaders take either. */
static const struct gh_diff_list *of_base(const struct gh_diff_fields *base, const struct gh_diff_list *c)
{
	const struct gh_diff_list *first = NULL;
	bool root = memchr(c->file.p, '/', c->file.n) == NULL;
	for (size_t i = 0; i < base->nlist; i++) {
		const struct gh_diff_list *b = &base->list[i];
		if (b->kind != c->kind || b->n == 0)
			continue;
		if (b->gguf == c->gguf && gh_span_eq(b->file, c->file))
			return b;
		if (first == NULL && root && memchr(b->file.p, '/', b->file.n) == NULL)
			first = b;
	}
	return first;
}

static const struct gh_diff_list *tokens_of(const struct gh_diff_fields *f)
{
	for (size_t i = 0; i < f->nlist; i++)
		if (f->list[i].kind == GH_DIFF_L_TOKENS && f->list[i].n != 0)
			return &f->list[i];
	return NULL;
}

void gh_diff_fields_compare(const struct gh_diff_fields *base, const struct gh_diff_fields *cand, bool adapter,
			    const struct gh_diff_fields_out *out)
{
	fields(base, cand, adapter, out);
	for (size_t i = 0; i < cand->nlist; i++) {
		const struct gh_diff_list *c = &cand->list[i], *b = of_base(base, c);
		if (c->n == 0 || b == NULL)
			continue; /* one side does not say: nothing to compare */
		const struct pair p = { b, c, tokens_of(cand) };
		list(&p, out);
	}
}
