#include "check/tensor_family.h"

#include "format/format.h"
#include "wire/recs.h"
#include "wire/sort.h"

#include <math.h>

/* Numbers in a name are the layer's: all that stand alone between dots, slashes or underscores count as one. */
static uint64_t family_of(const struct gh_tensor *t)
{
	uint64_t h = GH_HASH_START;
	bool any = false;
	for (size_t i = 0; i < t->name.n;) {
		bool digit = t->name.p[i] >= '0' && t->name.p[i] <= '9';
		bool alone = digit && (i == 0 || strchr("./_:", t->name.p[i - 1]) != NULL);
		size_t end = i + 1;
		while (alone && end < t->name.n && t->name.p[end] >= '0' && t->name.p[end] <= '9')
			end++;
		alone = alone && (end == t->name.n || strchr("./_:", t->name.p[end]) != NULL);
		h = gh_hash(h, alone ? gh_span_str("#") : gh_span_cut(t->name, i, 1));
		any = any || alone;
		i = alone ? end : i + 1;
	}
	h = gh_hash(h, gh_span_str(t->dtype));
	for (unsigned i = 0; i < t->ndim; i++)
		h = gh_hash(h, (struct gh_span){ (const uint8_t *)&t->dim[i], sizeof t->dim[i] });
	return any ? gh_hash_end(h) | 1 : 0;
}

void gh_family_add(struct gh_family *f, struct gh_arena *arena, const struct gh_tstat *ts, struct gh_range at)
{
	const struct gh_tensor *t = ts->t;
	uint64_t family = family_of(t);
	struct gh_fsum sum = gh_fstat_sum(ts->kind, ts->key, ts->low);
	if (family == 0 || f->n == GH_FAMILY_MAX)
		return;
	struct gh_member_stat *v = gh_grow(arena, f->v, &f->room, f->n + 1, sizeof *v);
	if (v == NULL)
		return;
	f->v = v;
	struct gh_span name = gh_keep(arena, gh_span_str(gh_safe(t->name).s));
	unsigned keys = 0;
	for (size_t i = 0; i < GH_FSTAT_KEYS; i++)
		keys += ts->key[i] != 0;
	bool matrix = t->ndim >= 2 && t->dim[0] >= 32 && t->dim[1] >= 32;
	f->v[f->n++] = (struct gh_member_stat){
		.family = family,
		.at = at,
		.name = (char *)(uintptr_t)name.p,
		.spread = sum.dev > 0 ? (float)gh_log2(sum.dev) : -300,
		.kurtosis = sum.kurtosis > 0 ? (float)gh_log2(sum.kurtosis) : 0,
		.flat = keys <= 1 || (ts->rows >= 4 && ts->same_rows * 2 > ts->rows),
		.matrix = matrix,
	};
}

static int by_family(const void *ctx, uint32_t a, uint32_t b)
{
	const struct gh_member_stat *v = ctx;
	return v[a].family < v[b].family ? -1 : v[a].family > v[b].family;
}

static int by_size(const void *ctx, uint32_t a, uint32_t b)
{
	const float *v = ctx;
	return v[a] < v[b] ? -1 : v[a] > v[b];
}

struct middle {
	float median, mad, least, most;
};

/* val, idx, tmp: room for n. */
static struct middle middle(float *val, uint32_t *idx, uint32_t *tmp, size_t n)
{
	struct middle m;
	for (uint32_t i = 0; i < n; i++)
		idx[i] = i;
	gh_sort_idx(idx, tmp, n, by_size, val);
	m.median = val[idx[n / 2]];
	m.least = val[idx[0]];
	m.most = val[idx[n - 1]];
	for (uint32_t i = 0; i < n; i++) {
		val[i] = fabsf(val[i] - m.median);
		idx[i] = i;
	}
	gh_sort_idx(idx, tmp, n, by_size, val);
	m.mad = val[idx[n / 2]];
	return m;
}

struct room {
	float *val;
	uint32_t *idx, *tmp;
};

static void one_family(struct gh_scene *s, const struct gh_member_stat *v, const uint32_t *at, size_t n, struct room r)
{
	size_t flat = 0;
	for (size_t i = 0; i < n; i++)
		flat += v[at[i]].flat;
	for (size_t i = 0; i < n && flat != 0 && flat * 3 <= n; i++)
		if (v[at[i]].flat)
			gh_find(s, &gh_tensor_rules[GH_T_CONSTANT], v[at[i]].at,
				"tensor \"%s\": one value or repeated rows, unlike %zu of its kind", v[at[i]].name,
				n - flat);
	size_t k = 0;
	for (size_t i = 0; i < n; i++)
		if (!v[at[i]].flat)
			r.val[k++] = v[at[i]].spread;
	if (k < GH_FAMILY_LEAST)
		return;
	struct middle spread = middle(r.val, r.idx, r.tmp, k);
	k = 0;
	for (size_t i = 0; i < n; i++)
		if (!v[at[i]].flat)
			r.val[k++] = v[at[i]].kurtosis;
	struct middle kurtosis = middle(r.val, r.idx, r.tmp, k);
	for (size_t i = 0; i < n; i++) {
		const struct gh_member_stat *m = &v[at[i]];
		float off = fabsf(m->spread - spread.median), tail = fabsf(m->kurtosis - kurtosis.median);
		bool far = m->matrix && off >= 10 && off >= 20 * spread.mad && m->spread > spread.median;
		if (m->flat)
			continue;
		if (off >= 3 && off >= 12 * spread.mad)
			gh_find(s, &gh_tensor_rules[far ? GH_T_FAR : GH_T_OUTLIER], m->at,
				"tensor \"%s\": its numbers are 2^%.1f times as %s as in the %zu others of its kind",
				m->name, (double)off, m->spread > spread.median ? "large" : "small", n - 1);
		else if (tail >= 5 && tail >= 15 * kurtosis.mad)
			gh_find(s, &gh_tensor_rules[GH_T_OUTLIER], m->at,
				"tensor \"%s\": the tails of its distribution differ from the %zu others of its kind",
				m->name, n - 1);
	}
}

void gh_family_judge(struct gh_scene *s, struct gh_family *f)
{
	uint32_t *at = f->n < GH_FAMILY_LEAST ? NULL : GH_NEW(s->arena, uint32_t, f->n * 3);
	float *val = at == NULL ? NULL : GH_NEW(s->arena, float, f->n);
	if (val == NULL)
		return;
	struct room r = { val, at + f->n, at + 2 * f->n };
	for (size_t i = 0; i < f->n; i++)
		at[i] = (uint32_t)i;
	gh_sort_idx(at, r.tmp, f->n, by_family, f->v);
	for (size_t i = 0; i < f->n;) {
		size_t end = i + 1;
		while (end < f->n && f->v[at[end]].family == f->v[at[i]].family)
			end++;
		if (end - i >= GH_FAMILY_LEAST)
			one_family(s, f->v, at + i, end - i, r);
		i = end;
	}
}
