#include "scan/facts.h"

#include "scan/shapes.h"
#include "wire/purl.h"
#include "wire/recs.h"
#include "wire/sort.h"
#include "wire/version.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum {
	TARGETS_BACK = 4, /* how far back the same target is looked for before it is kept once more */
	SAME_BACK = 96,	  /* and the same fact: the tensors of some layers */
	SETTING = 128,	  /* bytes of a setting that is a word, its name included */
};

static const char *target_of(struct gh_facts *f, struct gh_span s)
{
	if (s.n == 0)
		return "";
	if (s.n > GH_FACT_TARGET || memchr(s.p, '\0', s.n) != NULL)
		return "/"; /* no file of an artifact: the reader says what is wrong with the name */
	for (size_t i = 0; i < TARGETS_BACK && i < f->n; i++) {
		const char *t = f->v[f->n - 1 - i].target;
		if (gh_span_is(s, t))
			return t;
	}
	return (const char *)gh_keep(&f->arena, s).p;
}

static void add(struct gh_facts *f, enum gh_fact_kind kind, struct gh_span target, uint64_t a, uint64_t b, uint64_t c)
{
	const char *t = f->n < GH_FACTS_MAX ? target_of(f, target) : NULL;
	struct gh_fact *v = t == NULL ? NULL : gh_grow(&f->arena, f->v, &f->cap, f->n + 1, sizeof *v);
	if (v == NULL) {
		f->lost = true;
		return;
	}
	f->v = v;
	f->v[f->n++] = (struct gh_fact){ kind, t, a, b, c };
}

/* Sums of it compare two sets of names; nothing but a hint for people rests on it. */
static uint64_t hash(struct gh_span s) { return gh_hash_end(gh_hash(GH_HASH_START, s)); }

/* "model.layers.17.mlp…", "h.3.attn…", "blk.8.ffn…": 18, 4, 9; 0 when the name has no such part. */
static uint64_t layer(struct gh_span name)
{
	static const char *const parts[] = { "layers.", "layer.", "h.", "blk.", "block.", "blocks." };
	for (size_t p = 0; p < ROWS(parts); p++) {
		size_t n = strlen(parts[p]);
		for (size_t i = 0; i + n < name.n; i++) {
			if ((i != 0 && name.p[i - 1] != '.') || memcmp(name.p + i, parts[p], n) != 0)
				continue;
			uint64_t v = 0;
			size_t at = i + n, digits = 0;
			while (at < name.n && digits < 6 && name.p[at] >= '0' && name.p[at] <= '9') {
				v = v * 10 + (uint64_t)(name.p[at++] - '0');
				digits++;
			}
			if (digits != 0 && at < name.n && name.p[at] == '.')
				return v + 1;
		}
	}
	return 0;
}

static bool is_embedding(struct gh_span name)
{
	static const char *const ends[] = { "embed_tokens.weight", "wte.weight", "word_embeddings.weight",
					    "tok_embeddings.weight", "embed_in.weight" };
	for (size_t i = 0; i < ROWS(ends); i++)
		if (gh_span_ends(name, ends[i]))
			return true;
	return false;
}

/* What many tensors say alike. */
static void add_once(struct gh_facts *f, enum gh_fact_kind kind, const char *target, uint64_t a, uint64_t b)
{
	for (size_t i = 0; i < SAME_BACK && i < f->n; i++) {
		const struct gh_fact *v = &f->v[f->n - 1 - i];
		if (v->kind == kind && v->a == a && v->b == b && strcmp(v->target, target) == 0)
			return;
	}
	add(f, kind, gh_span_str(target), a, b, 0);
}

static void on_shape(struct gh_facts *f, const struct gh_tensor *t)
{
	bool numbers = gh_shape_numbers(t->dtype);
	if (gh_shape_is_head(t->name))
		add_once(f, GH_FACT_SHAPE, "head", 0, 0);
	if (!numbers)
		return;
	const char *place = t->ndim == 2 ? gh_shape_place(t->name) : NULL;
	if (place != NULL)
		add_once(f, GH_FACT_SHAPE, place, t->dim[0], t->dim[1]);
	if (t->ndim == 2 && gh_span_ends(t->name, "lm_head.weight"))
		add_once(f, GH_FACT_SHAPE, "lm_head", t->dim[0], t->dim[1]);
	if (t->ndim >= 2)
		add_once(f, GH_FACT_DTYPE, t->dtype, 0, 0);
	if (t->ndim == 2 && is_embedding(t->name))
		add(f, GH_FACT_EMBED, (struct gh_span){ 0 }, t->dim[0], t->dim[1], 0);
}

static void on_tensor(struct gh_facts *f, const struct gh_tensor *t)
{
	uint64_t elements = 1;
	for (unsigned i = 0; i < t->ndim; i++)
		elements *= t->dim[i]; /* the product fits: gh_tensor */
	add(f, GH_FACT_TENSORS, (struct gh_span){ 0 }, 1, hash(t->name), elements);
	uint64_t l = layer(t->name);
	if (l != 0)
		add(f, GH_FACT_LAYERS, (struct gh_span){ 0 }, l, 0, 0);
	on_shape(f, t);
}

/* Numbers, true and false as what they are; other words beside their name. */
static void on_setting(struct gh_facts *f, const struct gh_text *t)
{
	char word[SETTING];
	uint64_t v = 0;
	size_t digits = 0, n = t->key.n + 1 + t->text.n;
	while (digits < t->text.n && digits < 15 && t->text.p[digits] >= '0' && t->text.p[digits] <= '9')
		v = v * 10 + (uint64_t)(t->text.p[digits++] - '0');
	bool letter = t->text.n != 0 && ((t->text.p[0] | 0x20) >= 'a' && (t->text.p[0] | 0x20) <= 'z');
	if (gh_span_is(t->text, "true") || gh_span_is(t->text, "false")) {
		add(f, GH_FACT_SETTING, t->key, t->text.n == 4, 0, 0);
	} else if (digits != 0 && digits == t->text.n) {
		add(f, GH_FACT_SETTING, t->key, v, 0, 0);
	} else if (letter && t->key.n != 0 && n < sizeof word) {
		memcpy(word, t->key.p, t->key.n);
		word[t->key.n] = '=';
		memcpy(word + t->key.n + 1, t->text.p, t->text.n);
		add(f, GH_FACT_SETTING, (struct gh_span){ (const uint8_t *)word, n }, 1, 0, 0);
	}
}

/* A requirement's version only when it is one ("==1.2.3", "1.2.3"). */
static void on_package(struct gh_facts *f, const struct gh_package *p)
{
	struct gh_version_set set;
	char purl[GH_PURL];
	enum gh_version_rule rule = gh_version_rule(gh_span_str(p->ecosystem));
	bool one = rule == GH_VERSION_NONE || (gh_version_set(rule, p->version, &set) && set.exact);
	struct gh_span version = !one			   ? (struct gh_span){ 0 }
				 : rule == GH_VERSION_NONE ? p->version
							   : gh_bound(&set.v[0].lo);
	size_t n = gh_purl(gh_span_str(p->ecosystem), p->name, version, purl);
	add(f, GH_FACT_PACKAGE, (struct gh_span){ (const uint8_t *)purl, n }, p->producer, 0, 0);
}

void gh_facts_on(struct gh_facts *f, const struct gh_event *ev)
{
	if (ev->kind == GH_EV_TENSOR)
		on_tensor(f, ev->u.tensor);
	else if (ev->kind == GH_EV_TEXT && strcmp(ev->u.text->role, "setting") == 0)
		on_setting(f, ev->u.text);
	else if (ev->kind == GH_EV_PACKAGE)
		on_package(f, ev->u.package);
	if (ev->kind != GH_EV_REFERENCE)
		return;
	const struct gh_reference *r = ev->u.reference;
	switch (r->kind) {
	case GH_REF_DATA: add(f, GH_FACT_DATA, r->target, r->data.off, r->data.len, 0); break;
	case GH_REF_SHARD: add(f, GH_FACT_SHARD, r->target, 1, hash(r->from), 0); break;
	case GH_REF_CODE: add(f, GH_FACT_CODE, r->target, 0, 0, 0); break;
	case GH_REF_MODULE: add(f, GH_FACT_MODULE, r->target, r->from.n != 0, 0, 0); break;
	case GH_REF_SCRIPT: add(f, GH_FACT_SCRIPT, r->target, 0, 0, 0); break;
	case GH_REF_BLOB: add(f, GH_FACT_BLOB, r->target, 0, 0, 0); break;
	case GH_REF_PATH:
	case GH_REF_SYMLINK:
	case GH_REF_HARDLINK:
	case GH_REF_URL:
	case GH_REF_DEVICE: break;
	}
}

void gh_facts_rewind(struct gh_facts *f, size_t n)
{
	if (n < f->n)
		f->n = n;
}

/* By kind, then target, then place: what can be summed up stands together. */
static int order(const struct gh_fact *x, const struct gh_fact *y)
{
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	int c = x->target == y->target ? 0 : strcmp(x->target, y->target);
	if (c != 0 || x->a != y->a)
		return c != 0 ? c : x->a < y->a ? -1 : 1;
	return x->kind != GH_FACT_SHAPE || x->b == y->b ? 0 : x->b < y->b ? -1 : 1;
}

static int by_kind(const void *ctx, uint32_t i, uint32_t j)
{
	const struct gh_fact *v = ctx;
	return order(&v[i], &v[j]);
}

/* Can y be added to x, which stands before it? */
static bool merge(struct gh_fact *x, const struct gh_fact *y)
{
	if (x->kind != y->kind || strcmp(x->target, y->target) != 0)
		return false;
	switch (x->kind) {
	case GH_FACT_DATA:
		if (x->b == UINT64_MAX || y->a > x->a + x->b || x->a + x->b < x->a)
			return x->b == UINT64_MAX;
		if (y->b == UINT64_MAX || y->a + y->b < y->a)
			x->b = y->b == UINT64_MAX ? UINT64_MAX : x->b;
		else if (y->a + y->b > x->a + x->b)
			x->b = y->a + y->b - x->a;
		return true;
	case GH_FACT_SHARD:
	case GH_FACT_TENSORS:
		x->a += y->a;
		x->b += y->b;
		x->c = x->c + y->c < x->c ? UINT64_MAX : x->c + y->c;
		return true;
	case GH_FACT_LAYERS: x->a = y->a > x->a ? y->a : x->a; return true;
	case GH_FACT_CODE:
	case GH_FACT_BLOB:
	case GH_FACT_SCRIPT: return true;
	case GH_FACT_MODULE:
	case GH_FACT_PACKAGE: return x->a == y->a;
	case GH_FACT_SHAPE: return x->a == y->a && x->b == y->b;
	case GH_FACT_DTYPE: return true;
	case GH_FACT_EMBED:
	case GH_FACT_SETTING:
	case GH_FACT_LOST:
	case GH_FACT_STAGE:
	case GH_FACT_KINDS: break;
	}
	return false;
}

void gh_facts_close(struct gh_facts *f, void (*put)(void *arg, const struct gh_fact *), void *arg)
{
	size_t sent = 0;
	uint32_t *at = f->n == 0 ? NULL : GH_NEW(&f->arena, uint32_t, f->n);
	uint32_t *room = at == NULL ? NULL : GH_NEW(&f->arena, uint32_t, f->n);
	if (f->n != 0 && room == NULL)
		f->lost = true;
	else if (f->n != 0) {
		for (size_t i = 0; i < f->n; i++)
			at[i] = (uint32_t)i;
		gh_sort_idx(at, room, f->n, by_kind, f->v);
		for (size_t i = 0; i < f->n && sent < GH_FACTS_SENT; sent++) {
			struct gh_fact x = f->v[at[i++]];
			while (i < f->n && merge(&x, &f->v[at[i]]))
				i++;
			put(arg, &x);
		}
		f->lost = f->lost || sent == GH_FACTS_SENT;
	}
	if (f->lost)
		put(arg, &(struct gh_fact){ .kind = GH_FACT_LOST, .target = "" });
}

void gh_facts_free(struct gh_facts *f) { gh_arena_free(&f->arena); }
