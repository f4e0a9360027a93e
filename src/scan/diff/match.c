#include "scan/diff/match.h"

#include "scan/diff/decode.h"
#include "scan/diff/renames.h"

#include <math.h>

enum {
	PLACES = 4, /* of a tensor that are looked at to compare contents */
	EACH = 256,
	SAMPLE = PLACES * EACH,
	SAMPLED = 8192,	    /* tensors of one side */
	COMPARED = 4 << 20, /* pairs */
};
static const double alike = 0.9, equal = 0.99999;

/* ---- by name -------------------------------------------------------------------------------------------------- */

struct table {
	struct gh_diff_tensor **slot;
	size_t mask;
	bool by_key;
};

static uint64_t hash(struct gh_span s)
{
	uint64_t h = 0xcbf29ce484222325u;
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ s.p[i]) * 0x100000001b3u;
	return h ^ h >> 29;
}

static struct gh_span text_of(const struct table *tb, const struct gh_diff_tensor *t)
{
	return tb->by_key ? gh_span_str(t->is.key) : t->name;
}

static struct gh_diff_tensor **find(const struct table *tb, struct gh_span s)
{
	size_t at = (size_t)hash(s) & tb->mask;
	while (tb->slot[at] != NULL && !gh_span_eq(text_of(tb, tb->slot[at]), s))
		at = (at + 1) & tb->mask;
	return &tb->slot[at];
}

/* The first of several with one name is the one that a loader takes: files come in the order of preference. */
static bool fill(struct table *tb, struct gh_diff_model *m)
{
	size_t cap = 16;
	while (cap < 2 * m->n)
		cap *= 2;
	tb->slot = GH_NEW(m->arena, struct gh_diff_tensor *, cap);
	tb->mask = cap - 1;
	if (tb->slot == NULL)
		return false;
	for (size_t i = 0; i < m->n; i++) {
		if (tb->by_key && m->v[i].is.truncated)
			continue;
		struct gh_diff_tensor **at = find(tb, text_of(tb, &m->v[i]));
		if (*at == NULL)
			*at = &m->v[i];
	}
	return true;
}

static void pair_up(struct gh_diff_tensor *c, struct gh_diff_tensor *b, enum gh_diff_match how)
{
	c->partner = b;
	c->how = how;
	c->taken = true;
	if (how != GH_DIFF_COPY)
		b->taken = true;
}

static void by_names(const struct table *name, const struct table *key, struct gh_diff_model *cand)
{
	for (size_t i = 0; i < cand->n; i++) {
		struct gh_diff_tensor *c = &cand->v[i], *b = *find(name, c->name);
		if (b != NULL)
			pair_up(c, b, GH_DIFF_BY_NAME);
		else if (!c->is.truncated && (b = *find(key, gh_span_str(c->is.key))) != NULL &&
			 b->is.lora == c->is.lora)
			pair_up(c, b, GH_DIFF_BY_RULE);
	}
}

/* ---- by content ----------------------------------------------------------------------------------------------- */

static size_t sample_size(const struct gh_diff_tensor *t)
{
	return t->elements >= SAMPLE ? SAMPLE : (size_t)t->elements;
}

static bool take_sample(struct gh_diff_bench *b, enum gh_diff_side side, struct gh_diff_model *m,
			struct gh_diff_tensor *t)
{
	if (t->sample != NULL)
		return true;
	const struct gh_diff_dtype *d = gh_diff_dtype(t->dtype);
	size_t n = sample_size(t);
	if (d == NULL || n == 0 || (n < SAMPLE && d->block != 1))
		return false;
	float *v = GH_NEW(m->arena, float, SAMPLE);
	if (v == NULL)
		return false;
	size_t places = n < SAMPLE ? 1 : PLACES, each = n < SAMPLE ? n : EACH;
	for (size_t i = 0; i < places; i++) {
		uint64_t at = t->elements / PLACES * i / EACH * EACH;
		if (!gh_diff_elements(b, side, t, places == 1 ? 0 : at, each, v + i * EACH))
			return false;
	}
	t->sample = v;
	return true;
}

/* Correlation of two samples; of constant ones, whether they are the same. */
static double correlation(const float *x, const float *y, size_t n)
{
	double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
	for (size_t i = 0; i < n; i++) {
		mx += (double)x[i];
		my += (double)y[i];
	}
	mx /= (double)n;
	my /= (double)n;
	for (size_t i = 0; i < n; i++) {
		double a = (double)x[i] - mx, b = (double)y[i] - my;
		xx += a * a;
		yy += b * b;
		xy += a * b;
	}
	double norm = sqrt(xx) * sqrt(yy);
	if (isfinite(norm) && norm > 1e-30)
		return xy / norm;
	return memcmp(x, y, n * sizeof *x) == 0 ? 1 : 0;
}

/* The tensor of m that t resembles most. free_only: of those without a partner. */
static struct gh_diff_tensor *nearest(struct gh_diff_bench *b, enum gh_diff_side side, struct gh_diff_model *m,
				      const struct gh_diff_tensor *t, bool free_only, double least, size_t *left)
{
	struct gh_diff_tensor *best = NULL;
	for (size_t i = 0; i < m->n && *left > 0; i++) {
		struct gh_diff_tensor *x = &m->v[i];
		if (x == t || x->elements != t->elements || x->taken == free_only || !take_sample(b, side, m, x))
			continue;
		(*left)--;
		double r = correlation(x->sample, t->sample, sample_size(t));
		if (r >= least) {
			least = r;
			best = x;
			if (r > equal)
				break;
		}
	}
	return best;
}

/* The tensor of m whose name is s, or ends s after a dot: a prefix was put before it. */
static struct gh_diff_tensor *suffix(const struct table *name, struct gh_span s)
{
	for (size_t at = 0; at < s.n; at++)
		if (at == 0 || s.p[at - 1] == '.') {
			struct gh_diff_tensor *t = *find(name, gh_span_cut(s, at, s.n));
			if (t != NULL)
				return t;
		}
	return NULL;
}

/* A prefix that no library is known for, on either side. Names say which of several equal tensors is meant; contents, that
 * it is one and the same model. */
static void by_suffix(struct gh_diff_bench *b, const struct table *name, struct gh_diff_model *base,
		      struct gh_diff_model *cand)
{
	static const double related = 0.5;
	struct table mine = { .by_key = false };
	if (!fill(&mine, cand))
		return;
	for (size_t i = 0; i < cand->n + base->n; i++) {
		bool of_cand = i < cand->n;
		struct gh_diff_tensor *t = of_cand ? &cand->v[i] : &base->v[i - cand->n];
		struct gh_diff_tensor *x = t->taken ? NULL : suffix(of_cand ? name : &mine, t->name);
		struct gh_diff_tensor *c = of_cand ? t : x, *o = of_cand ? x : t;
		if (x == NULL || x->taken || c->elements != o->elements || c->is.lora != o->is.lora ||
		    !take_sample(b, GH_DIFF_CANDIDATE, cand, c) || !take_sample(b, GH_DIFF_BASE, base, o))
			continue;
		if (correlation(c->sample, o->sample, sample_size(c)) >= (c->ndim < 2 ? related : alike))
			pair_up(c, o, GH_DIFF_BY_CONTENT);
	}
}

static void by_content(struct gh_diff_bench *b, struct gh_diff_model *base, struct gh_diff_model *cand)
{
	size_t left = COMPARED, sampled = 0;
	for (size_t i = 0; i < cand->n && sampled < SAMPLED; i++) {
		struct gh_diff_tensor *c = &cand->v[i], *x;
		if (c->taken || c->is.lora != 0 || c->is.buffer || !take_sample(b, GH_DIFF_CANDIDATE, cand, c))
			continue;
		sampled++;
		/* Vectors resemble each other too easily: scales near 1 everywhere. */
		x = nearest(b, GH_DIFF_BASE, base, c, true, c->ndim < 2 ? equal : alike, &left);
		if (x != NULL)
			pair_up(c, x, GH_DIFF_BY_CONTENT);
		else if (c->ndim >= 2 && (x = nearest(b, GH_DIFF_BASE, base, c, false, equal, &left)) != NULL)
			pair_up(c, x, GH_DIFF_COPY);
	}
	/* What BASE has twice need be in CANDIDATE only once. */
	for (size_t i = 0; i < base->n && sampled < 2 * (size_t)SAMPLED; i++) {
		struct gh_diff_tensor *x = &base->v[i];
		if (x->taken || x->ndim < 2 || x->is.lora != 0 || !take_sample(b, GH_DIFF_BASE, base, x))
			continue;
		sampled++;
		if (nearest(b, GH_DIFF_BASE, base, x, false, equal, &left) != NULL)
			x->taken = true;
	}
}

enum gh_rc gh_diff_match(struct gh_diff_bench *b, struct gh_diff_model *base, struct gh_diff_model *cand,
			 struct gh_err *err)
{
	struct table name = { .by_key = false }, key = { .by_key = true };
	if (!fill(&name, base) || !fill(&key, base))
		return gh_fail(err, GH_E_NOMEM, "memory for matching names (--limit-memory)");
	by_names(&name, &key, cand);
	for (size_t i = 0; i < base->n; i++) { /* the same tensor in a second file */
		struct gh_diff_tensor *first = *find(&name, base->v[i].name);
		if (first != NULL && first != &base->v[i])
			base->v[i].taken = true;
	}
	by_suffix(b, &name, base, cand);
	by_content(b, base, cand);
	return gh_diff_renames(cand, err);
}
