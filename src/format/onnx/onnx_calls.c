/* Functions that call functions. Runtimes put the body of a function in the place of its call, and go on until none is left:
 * one that calls itself, by whatever way, has no end. Names are compared as hashes of domain, name and overload. */
#include "format/onnx/onnx.h"

static uint64_t name_of(const struct onnx_name *domain, const struct onnx_name *name, const struct onnx_name *overload)
{
	/* "ai.onnx" is another spelling of the domain without a name. */
	bool standard = domain->n == 0 || gh_span_is(onnx_name(domain), "ai.onnx");
	uint64_t part[3] = { standard ? 0 : domain->hash, name->hash, overload->n == 0 ? 0 : overload->hash };
	return gh_hash_end(gh_hash(GH_HASH_START, (struct gh_span){ (const uint8_t *)part, sizeof part }));
}

void onnx_call_seen(struct onnx *x, const struct onnx_node *n)
{
	if (x->in_function &&
	    !gh_recs_add(&x->inner, (struct gh_rec){ name_of(&n->domain, &n->op, &n->overload), x->functions, n->off }))
		x->many = true;
}

void onnx_function_seen(struct onnx *x)
{
	uint64_t h = name_of(&x->func_domain, &x->func_name, &x->func_overload);
	if (!gh_recs_add(&x->defined, (struct gh_rec){ h, x->functions, x->func_off }))
		x->many = true;
	x->functions++;
}

/* The first record of this hash, or t->n. */
static size_t find(const struct gh_recs *t, uint64_t h)
{
	size_t lo = 0, hi = t->n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (gh_recs_at(t, mid)->a < h)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < t->n && gh_recs_at(t, lo)->a == h ? lo : t->n;
}

/* Take away functions that call nothing that is left, until there are none: what remains calls itself. */
void onnx_recursion(struct onnx *x)
{
	size_t n = x->defined.n;
	if (n == 0 || x->inner.n == 0)
		return;
	gh_recs_sort(&x->defined, 0);
	gh_recs_sort(&x->inner, 0);
	uint32_t *place = GH_NEW(x->w->arena, uint32_t, n); /* of function i in `defined` */
	uint32_t *calls = GH_NEW(x->w->arena, uint32_t, n); /* of those that are left; by place */
	uint32_t *ready = GH_NEW(x->w->arena, uint32_t, n);
	size_t done = 0, queued = 0;
	if (place == NULL || calls == NULL || ready == NULL) {
		x->many = true;
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (gh_recs_at(&x->defined, i)->b < n)
			place[gh_recs_at(&x->defined, i)->b] = (uint32_t)i;
	for (size_t i = 0; i < x->inner.n; i++)
		if (find(&x->defined, gh_recs_at(&x->inner, i)->a) != n && gh_recs_at(&x->inner, i)->b < n)
			calls[place[gh_recs_at(&x->inner, i)->b]]++;
	for (size_t i = 0; i < n; i++)
		if (calls[i] == 0)
			ready[queued++] = (uint32_t)i;
	while (done < queued) {
		size_t i = ready[done++];
		uint64_t h = gh_recs_at(&x->defined, i)->a;
		/* Two functions of one name: their callers wait for both, and are let go by the first. */
		if (find(&x->defined, h) != i)
			continue;
		for (size_t k = find(&x->inner, h); k < x->inner.n && gh_recs_at(&x->inner, k)->a == h; k++) {
			uint64_t caller = gh_recs_at(&x->inner, k)->b;
			if (caller < n && calls[place[caller]] > 0 && --calls[place[caller]] == 0)
				ready[queued++] = place[caller];
		}
	}
	for (size_t i = 0; i < n; i++)
		if (calls[i] != 0) {
			gh_ps_say(&x->s, ONNX_A_RECURSION, gh_recs_at(&x->defined, i)->ref, 0,
				  "%zu functions of the model call themselves or each other", n - queued);
			return;
		}
}
