/* gguf.c - a GGUF file written again: version 3, little-endian, known metadata of the documented types in the order of their
 * keys, a vetted chat template, tensors as they are at the default alignment. The reader of the format has judged the
 * structure before (listen.c); what it calls unsafe or cannot read is refused. */
#include "format/formats.h"
#include "scan/disarm/gguf_keys.h"
#include "scan/disarm/listen.h"
#include "scan/disarm/template.h"
#include "wire/sort.h"

#include <stdio.h>

enum { ALIGN = 32, KEYS_MAX = 1 << 16, KEY_MAX = 1024, WORD_MAX_BYTES = 96, TYPES = 13, STRING = 8, ARRAY = 9 };

/* Bytes of each type of metadata (gguf.md, gguf_metadata_value_type); 0: string and array. */
static const uint8_t type_size[TYPES] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

struct pair {
	struct gh_span key;
	uint32_t type, of; /* of: element type of an array */
	uint64_t off, len; /* of the value, behind its type */
	uint64_t n;	   /* elements, or bytes of a string */
	bool kept;
};

struct gguf_tensor {
	struct gh_span name;
	uint32_t type;
	unsigned ndim;
	const uint64_t *dim;
	struct gh_src *src;
	uint64_t off, len;
};

struct file {
	struct gh_dis_job *j;
	struct pair *kv;
	size_t nkv, kv_cap;
	struct gguf_tensor *t;
	size_t nt, t_cap;
	struct gh_span architecture, tpl;
	const char *family;
	struct gh_dis_marks marks;
	bool had_template;
};

static enum gh_rc memory(struct gh_dis_job *j) { return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)"); }

/* ---- reading ------------------------------------------------------------------------------------------------------ */

static enum gh_rc on_tensor(struct file *f, const struct gh_event *e)
{
	const struct gh_tensor *in = e->u.tensor;
	struct gguf_tensor *v = gh_grow(f->j->arena, f->t, &f->t_cap, f->nt + 1, sizeof *v);
	uint64_t *dim = GH_NEW(f->j->arena, uint64_t, in->ndim + 1);
	struct gh_span name = gh_keep(f->j->arena, in->name);
	const struct gh_dtype *d;
	uint32_t type = 0;
	uint64_t base = 0;
	if (!gh_src_within(in->src, f->j->src, &base))
		return gh_fail(f->j->err, GH_E_BUG, "a tensor outside of the file");
	if (v == NULL || dim == NULL || name.p == NULL)
		return memory(f->j);
	while (type < 256 && ((d = gh_dtype_ggml(type, NULL)) == NULL || strcmp(d->name, in->dtype) != 0))
		type++;
	if (type == 256)
		return gh_fail(f->j->err, GH_E_UNREAD, "tensor '%s' is of a type that is not known", gh_safe(name).s);
	if (in->ndim != 0)
		memcpy(dim, in->dim, in->ndim * sizeof *dim);
	f->t = v;
	v[f->nt++] = (struct gguf_tensor){ name, type, in->ndim, dim, f->j->src, base + e->at.off, e->at.len };
	return GH_OK;
}

static enum gh_rc on_event(void *ctx, const struct gh_event *e)
{
	struct file *f = ctx;
	if (e->kind == GH_EV_TENSOR)
		return on_tensor(f, e);
	if (e->kind == GH_EV_ANOMALY && e->u.anomaly.rule->effect == GH_INCOMPLETE)
		return gh_fail(f->j->err, GH_E_UNREAD, "%s (%s)", e->u.anomaly.rule->title, e->u.anomaly.text);
	return GH_OK;
}

/* Move past a value; strings of arrays are looked at for markers. */
static bool skip_value(struct file *f, struct gh_cur *c, struct pair *p)
{
	p->off = gh_cur_off(c);
	if (p->type < TYPES && type_size[p->type] != 0) {
		gh_cur_skip(c, type_size[p->type]);
	} else if (p->type == STRING) {
		p->n = gh_cur_u64le(c);
		gh_cur_skip(c, p->n);
	} else if (p->type == ARRAY) {
		p->of = gh_cur_u32le(c);
		p->n = gh_cur_u64le(c);
		uint64_t bytes;
		if (p->of >= TYPES || p->of == ARRAY)
			return false;
		if (p->of != STRING &&
		    (__builtin_mul_overflow(p->n, (uint64_t)type_size[p->of], &bytes) || bytes > gh_cur_left(c)))
			return false;
		if (p->of != STRING)
			gh_cur_skip(c, bytes);
		for (uint64_t i = 0; p->of == STRING && i < p->n && !c->bad; i++) {
			uint64_t n = gh_cur_u64le(c);
			const uint8_t *s = n <= 64 ? gh_cur_peek(c, (size_t)n) : NULL;
			if (s != NULL)
				gh_dis_mark_token(&f->marks, (struct gh_span){ s, (size_t)n });
			gh_cur_skip(c, n);
		}
	} else {
		return false;
	}
	p->len = gh_cur_off(c) - p->off;
	return !c->bad;
}

static enum gh_rc read_pairs(struct file *f)
{
	struct gh_dis_job *j = f->j;
	struct gh_cur c = gh_cur(j->src, 4);
	uint32_t version = gh_cur_u32le(&c);
	(void)gh_cur_u64le(&c);
	uint64_t n = gh_cur_u64le(&c);
	if ((version & 0xffff) == 0)
		return gh_fail(j->err, GH_E_UNREAD,
			       "GGUF in the byte order of big-endian machines: turn it round first, with "
			       "gguf-convert-endian of the gguf package");
	if (version != 2 && version != 3)
		return gh_fail(j->err, GH_E_UNREAD,
			       "GGUF of version %u, which current engines refuse as well: convert the original "
			       "model again",
			       version);
	if (c.bad || n > KEYS_MAX)
		return gh_fail(j->err, GH_E_LIMIT, "more than %d keys of metadata", KEYS_MAX);
	for (uint64_t i = 0; i < n; i++) {
		struct pair p = { 0 };
		uint64_t len = gh_cur_u64le(&c);
		const uint8_t *k = len <= KEY_MAX ? gh_cur_take(&c, (size_t)len) : NULL;
		p.key = k == NULL ? (struct gh_span){ 0 } : gh_keep(j->arena, (struct gh_span){ k, (size_t)len });
		p.type = gh_cur_u32le(&c);
		struct pair *v = gh_grow(j->arena, f->kv, &f->kv_cap, f->nkv + 1, sizeof *v);
		if (v == NULL)
			return memory(j);
		if (p.key.p == NULL || !skip_value(f, &c, &p))
			return gh_fail(j->err, GH_E_MALFORMED,
				       "the metadata break off, or a key is longer than %d bytes", KEY_MAX);
		f->kv = v;
		v[f->nkv++] = p;
	}
	return GH_OK;
}

/* ---- judging -------------------------------------------------------------------------------------------------------- */

static bool word(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t x = s.p[i];
		bool letter = (x | 0x20) >= 'a' && (x | 0x20) <= 'z', digit = x >= '0' && x <= '9';
		if (!letter && !digit && strchr("-_.:/+ ", x) == NULL)
			return false;
	}
	return s.n != 0 && s.n <= WORD_MAX_BYTES;
}

static bool whole(uint32_t type) { return type <= 5 || type == 10 || type == 11; }

static struct gh_span string_of(struct file *f, const struct pair *p)
{
	return gh_src_window(f->j->src, p->off + 8, p->n <= WORD_MAX_BYTES + 1 ? (size_t)p->n : WORD_MAX_BYTES + 1);
}

static bool fits(struct file *f, const struct pair *p, enum gh_gguf_want want)
{
	bool array = p->type == ARRAY;
	switch (want) {
	case GH_GGUF_INT: return whole(p->type);
	case GH_GGUF_FLOAT: return p->type == 6 || p->type == 12;
	case GH_GGUF_BOOL: return p->type == 7;
	case GH_GGUF_WORD: return p->type == STRING && word(string_of(f, p));
	case GH_GGUF_INTS: return whole(p->type) || p->type == 7 || (array && (whole(p->of) || p->of == 7));
	case GH_GGUF_FLOATS: return array && (p->of == 6 || p->of == 12);
	case GH_GGUF_STRS: return array && p->of == STRING;
	default: return false;
	}
}

/* Keys of an architecture ("llama.block_count") in a file that names none: no engine knows what they are for, and without
 * them it is no model. */
static enum gh_rc check_architecture(struct file *f)
{
	static const char *const common[] = { "general.", "tokenizer.", "quantize.", "split.", "adapter.", "imatrix." };
	for (size_t i = 0; f->architecture.p == NULL && i < f->nkv; i++) {
		bool known = memchr(f->kv[i].key.p, '.', f->kv[i].key.n) == NULL;
		for (size_t k = 0; k < sizeof common / sizeof common[0]; k++)
			known = known || gh_span_starts(f->kv[i].key, common[k]);
		if (!known)
			return gh_fail(
				f->j->err, GH_E_MALFORMED,
				"it names no architecture (general.architecture), so that no engine loads it and "
				"keys like '%s' cannot be judged",
				gh_safe(f->kv[i].key).s);
	}
	return GH_OK;
}

static void judge(struct file *f)
{
	for (size_t i = 0; i < f->nkv; i++) {
		struct pair *p = &f->kv[i];
		enum gh_gguf_want want = gh_gguf_want(p->key, f->architecture);
		p->kept = want != GH_GGUF_DROP && want != GH_GGUF_TEMPLATE && fits(f, p, want);
		if (gh_span_is(p->key, "general.alignment")) {
			gh_dis_say(f->j, GH_DIS_ACT_CHANGED, p->key, "metadata", p->len,
				   "tensors are aligned to %d bytes", ALIGN);
		} else if (p->kept) {
			gh_dis_say(f->j, GH_DIS_ACT_KEPT, p->key, "metadata", p->len, "%s", "");
		} else if (want == GH_GGUF_TEMPLATE && f->tpl.p != NULL) {
			gh_dis_say(f->j, GH_DIS_ACT_REPLACED, p->key, "chat template", p->n, "by the vetted one for %s",
				   f->family);
		} else {
			gh_dis_say(f->j, GH_DIS_ACT_DROPPED, p->key,
				   want == GH_GGUF_TEMPLATE ? "chat template" : "metadata", p->len, "%s",
				   want == GH_GGUF_TEMPLATE
					   ? "its family is not known for sure: give one when you serve the model"
				   : want == GH_GGUF_DROP ? "not a key that loaders are documented to read"
							  : "not of the documented type, or free text");
		}
	}
}

static void look_around(struct file *f)
{
	for (size_t i = 0; i < f->nkv; i++) {
		const struct pair *p = &f->kv[i];
		if (p->type == STRING && gh_span_is(p->key, "general.architecture") && word(string_of(f, p)))
			f->architecture = gh_keep(f->j->arena, string_of(f, p));
		if (p->type == STRING && gh_span_is(p->key, "tokenizer.chat_template")) {
			f->had_template = true;
			gh_dis_mark_src(&f->marks, f->j->src, p->off + 8, p->n);
		}
	}
	if (f->had_template)
		f->tpl = gh_dis_template(&f->marks, f->architecture, &f->family);
}

/* ---- writing -------------------------------------------------------------------------------------------------------- */

static void u32(struct gh_buf *b, uint32_t v) { gh_buf_put(b, &v, sizeof v); }
static void u64(struct gh_buf *b, uint64_t v) { gh_buf_put(b, &v, sizeof v); }
static void text(struct gh_buf *b, struct gh_span s)
{
	u64(b, s.n);
	gh_buf_span(b, s);
}

static enum gh_rc flush(struct gh_dis_job *j, struct gh_buf *b)
{
	enum gh_rc rc = b->full ? memory(j) : gh_dis_write(j, b->p, b->n);
	b->n = 0;
	return rc;
}

static int by_key(const void *ctx, uint32_t a, uint32_t b)
{
	const struct pair *x = &((const struct pair *)ctx)[a], *y = &((const struct pair *)ctx)[b];
	size_t n = x->key.n < y->key.n ? x->key.n : y->key.n;
	int c = memcmp(x->key.p, y->key.p, n);
	return c != 0 ? c : x->key.n < y->key.n ? -1 : x->key.n > y->key.n;
}

static enum gh_rc write_pairs(struct file *f, struct gh_buf *b, const uint32_t *idx)
{
	enum gh_rc rc = GH_OK;
	for (size_t i = 0; rc == GH_OK && i < f->nkv; i++) {
		const struct pair *p = &f->kv[idx[i]];
		bool tpl = f->tpl.p != NULL && p->type == STRING && gh_span_is(p->key, "tokenizer.chat_template");
		if (!p->kept && !tpl)
			continue;
		text(b, p->key);
		u32(b, p->type);
		if (tpl)
			text(b, f->tpl);
		rc = flush(f->j, b);
		if (rc == GH_OK && !tpl)
			rc = gh_dis_pass(f->j, f->j->src, p->off, p->len);
	}
	return rc;
}

static enum gh_rc pad(struct gh_dis_job *j, uint64_t from)
{
	static const uint8_t zero[ALIGN];
	return gh_dis_write(j, zero, (size_t)(-from % ALIGN));
}

static enum gh_rc write_tensors(struct file *f, struct gh_buf *b)
{
	uint64_t at = 0;
	char what[120];
	for (size_t i = 0; i < f->nt; i++) {
		const struct gguf_tensor *t = &f->t[i];
		text(b, t->name);
		u32(b, t->ndim);
		for (unsigned k = 0; k < t->ndim; k++)
			u64(b, t->dim[k]);
		u32(b, t->type);
		u64(b, at);
		at += t->len + (uint64_t)(-t->len % ALIGN);
		const struct gh_dis_tensor shown = { .dtype = gh_dtype_ggml(t->type, NULL),
						     .ndim = t->ndim,
						     .dim = t->dim };
		gh_dis_shape(&shown, what, sizeof what);
		gh_dis_say(f->j, GH_DIS_ACT_KEPT, t->name, what, t->len, "%s", "");
	}
	enum gh_rc rc = flush(f->j, b);
	if (rc == GH_OK)
		rc = pad(f->j, f->j->out->bytes);
	for (size_t i = 0; rc == GH_OK && i < f->nt; i++) {
		const struct gguf_tensor *t = &f->t[i];
		struct gh_dis_store store = { .src = t->src, .off = t->off, .len = t->len, .size = t->len };
		const struct gh_dtype *d = gh_dtype_ggml(t->type, NULL);
		struct gh_dis_tensor plain = {
			.dtype = d, .as = d->name, .store = &store, .bytes = t->len, .unit = 1, .ndim = 0
		};
		rc = gh_dis_pour(f->j, &plain, i);
		if (rc == GH_OK)
			rc = pad(f->j, t->len);
	}
	return rc;
}

/* Low bits of blocks of quantised numbers are their values. */
static enum gh_rc check_bits(struct file *f)
{
	for (size_t i = 0; f->j->opt->low_bits != 0 && i < f->nt; i++) {
		const struct gh_dtype *d = gh_dtype_ggml(f->t[i].type, NULL);
		if (d->cls == GH_DT_QUANT)
			return gh_fail(f->j->err, GH_E_DENIED,
				       "low bits cannot be filled anew in a quantised model: '%s' is %s",
				       gh_safe(f->t[i].name).s, d->name);
	}
	return GH_OK;
}

enum gh_rc gh_dis_gguf(struct gh_dis_job *j)
{
	struct file *f = GH_NEW(j->arena, struct file, 1);
	if (f == NULL)
		return memory(j);
	f->j = j;
	enum gh_rc rc = gh_dis_listen(j, j->src, &gh_fmt_gguf, on_event, NULL, f);
	if (rc == GH_OK)
		rc = read_pairs(f);
	if (rc == GH_OK)
		rc = check_bits(f);
	if (rc != GH_OK)
		return rc;
	look_around(f);
	rc = check_architecture(f);
	if (rc != GH_OK)
		return rc;
	judge(f);
	uint32_t *idx = GH_NEW(j->arena, uint32_t, f->nkv + 1), *tmp = GH_NEW(j->arena, uint32_t, f->nkv + 1);
	if (idx == NULL || tmp == NULL)
		return memory(j);
	uint64_t kept = f->tpl.p != NULL;
	for (size_t i = 0; i < f->nkv; i++) {
		idx[i] = (uint32_t)i;
		kept += f->kv[i].kept;
	}
	gh_sort_idx(idx, tmp, f->nkv, by_key, f->kv);
	gh_auto_buf b = gh_buf(64 << 20);
	gh_buf_str(&b, "GGUF");
	u32(&b, 3);
	u64(&b, f->nt);
	u64(&b, kept);
	j->out->bytes = 0;
	rc = write_pairs(f, &b, idx);
	if (rc == GH_OK)
		rc = write_tensors(f, &b);
	j->out->tensors = f->nt;
	return rc;
}
