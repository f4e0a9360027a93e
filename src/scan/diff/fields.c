#include "scan/diff/fields.h"

#include "wire/sha1.h"

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
		return gh_diff_fields_json(f, src, file, err);
	if (gh_span_ends(file, ".jinja"))
		return whole(f, GH_DIFF_S_TEMPLATE, src,
			     gh_span_is(file, "chat_template.jinja") ? GH_SPAN("chat_template") : file, err);
	if (gh_span_ends(file, ".py"))
		return whole(f, GH_DIFF_S_CODE, src, name, err);
	if (gh_span_is(file, "tokenizer.model") || gh_span_is(file, "spiece.model"))
		return whole(f, GH_DIFF_S_TOKENIZER, src, file, err);
	bool merges = gh_span_is(file, "merges.txt") && !f->merges_done;
	if (!merges && (!gh_span_is(file, "vocab.txt") || f->vocab_done))
		return GH_OK;
	GH_TRY(load(f, src, &text, err), err, "%s", gh_safe(file).s);
	lines(f, merges ? &f->merges : &f->vocab, text);
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

static const struct gh_diff_field *same_key(const struct gh_diff_fields *f, const struct gh_diff_field *v)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->v[i].section == v->section && gh_span_eq(f->v[i].key, v->key) &&
		    (v->shared ? f->v[i].shared : f->v[i].gguf == v->gguf))
			return &f->v[i];
	return NULL;
}

/* Does the other side speak of such things at all, in the same words? */
static bool speaks(const struct gh_diff_fields *f, const struct gh_diff_field *v)
{
	if (v->section == GH_DIFF_S_CODE)
		return true;
	for (size_t i = 0; i < f->n; i++) {
		const struct gh_diff_field *o = &f->v[i];
		if (o->section == v->section && (o->gguf == v->gguf || (v->shared && o->shared)))
			return true;
		if (v->section == GH_DIFF_S_TEMPLATE && o->section == GH_DIFF_S_TOKENIZER)
			return true; /* a tokenizer without a template */
	}
	return false;
}

static void fields(const struct gh_diff_fields *base, const struct gh_diff_fields *cand, bool adapter,
		   const struct gh_diff_fields_out *out)
{
	for (size_t i = 0; i < cand->n; i++) {
		const struct gh_diff_field *c = &cand->v[i], *b = same_key(base, c);
		if (is_noise(c->key) || same_key(cand, c) != c)
			continue;
		if (b == NULL && speaks(base, c) && !(c->gguf && c->shared && c->section == GH_DIFF_S_CONFIG))
			out->field(out->arg, c->section, GH_DIFF_NEW, c->key, (struct gh_span){ 0 }, c->value);
		else if (b != NULL && (b->full != c->full || memcmp(b->digest, c->digest, sizeof b->digest) != 0))
			out->field(out->arg, c->section, GH_DIFF_CHANGED, c->key, b->value, c->value);
	}
	for (size_t i = 0; i < base->n && !adapter; i++) {
		const struct gh_diff_field *b = &base->v[i];
		if (!is_noise(b->key) && same_key(base, b) == b && same_key(cand, b) == NULL && speaks(cand, b) &&
		    !(b->shared && b->section == GH_DIFF_S_CONFIG && b->gguf))
			out->field(out->arg, b->section, GH_DIFF_GONE, b->key, b->value, (struct gh_span){ 0 });
	}
}

static void list(const struct gh_diff_list *b, const struct gh_diff_list *c, const char *what,
		 const struct gh_diff_fields_out *out)
{
	enum { NAMED = 20 };
	uint64_t n[5] = { b->n, c->n, 0, 0, 0 };
	if (b->n == 0 || c->n == 0)
		return; /* one side does not say: nothing to compare */
	for (size_t i = 0; i < b->n || i < c->n; i++) {
		struct gh_span x = i < b->n ? b->v[i] : (struct gh_span){ 0 },
			       y = i < c->n ? c->v[i] : (struct gh_span){ 0 };
		if (gh_span_eq(x, y))
			continue;
		enum gh_diff_change ch = x.p == NULL ? GH_DIFF_NEW : y.p == NULL ? GH_DIFF_GONE : GH_DIFF_CHANGED;
		n[ch == GH_DIFF_CHANGED ? 2 : ch == GH_DIFF_NEW ? 3 : 4]++;
		if (n[2] + n[3] + n[4] > NAMED)
			continue;
		gh_auto_buf key = gh_buf(64);
		gh_buf_fmt(&key, "%s %zu", what, i);
		out->field(out->arg, GH_DIFF_S_TOKENIZER, ch, gh_buf_view(&key), gh_span_cut(x, 0, GH_DIFF_SHOWN),
			   gh_span_cut(y, 0, GH_DIFF_SHOWN));
	}
	out->counts(out->arg, what, n);
}

void gh_diff_fields_compare(const struct gh_diff_fields *base, const struct gh_diff_fields *cand, bool adapter,
			    const struct gh_diff_fields_out *out)
{
	fields(base, cand, adapter, out);
	list(&base->vocab, &cand->vocab, "token", out);
	list(&base->merges, &cand->merges, "merge", out);
}
