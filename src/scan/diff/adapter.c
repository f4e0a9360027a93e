#include "scan/diff/adapter.h"

#include <inttypes.h>
#include <stdio.h>

bool gh_diff_is_adapter(const struct gh_diff_model *m)
{
	size_t halves = 0;
	for (size_t i = 0; i < m->n; i++)
		halves += m->v[i].is.lora != 0;
	return halves != 0 && halves * 2 > m->n;
}

static const struct gh_diff_field *field(const struct gh_diff_fields *f, const char *key)
{
	for (size_t i = 0; i < f->n; i++)
		if (gh_span_is(f->v[i].key, key))
			return &f->v[i];
	return NULL;
}

struct gh_span gh_diff_adapter_base(const struct gh_diff_fields *f)
{
	const struct gh_diff_field *v = field(f, "adapter_config.json: base_model_name_or_path");
	return v == NULL || gh_span_is(v->value, "null") ? (struct gh_span){ 0 } : v->value;
}

/* Adapters have hundreds of tensors; a list that is gone through for each is good enough for some thousands. */
static const struct gh_diff_tensor *named(const struct gh_diff_model *m, const char *key, int lora)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->v[i].is.lora == lora && !m->v[i].is.truncated && strcmp(m->v[i].is.key, key) == 0)
			return &m->v[i];
	return NULL;
}

static enum gh_diff_fit judge(const struct gh_diff_tensor *w, const struct gh_diff_tensor *a,
			      const struct gh_diff_tensor *b, uint64_t rank, uint64_t wanted, char *why, size_t cap)
{
	why[0] = '\0';
	if (a == NULL || b == NULL) {
		(void)snprintf(why, cap, "half %c of the pair is missing", a == NULL ? 'A' : 'B');
		return GH_DIFF_HALF;
	}
	if (w == NULL) {
		(void)snprintf(why, cap, "BASE has no such weight");
		return GH_DIFF_NO_PLACE;
	}
	if (a->ndim != 2 || b->ndim != 2 || w->ndim != 2) {
		(void)snprintf(why, cap, "not a pair of matrices for a matrix");
		return GH_DIFF_MISFIT;
	}
	bool fits = b->dim[1] == rank && a->dim[1] == w->dim[1] && b->dim[0] == w->dim[0];
	bool turned = b->dim[1] == rank && a->dim[1] == w->dim[0] && b->dim[0] == w->dim[1]; /* Conv1D of GPT-2 */
	if (!fits && !turned)
		(void)snprintf(why, cap,
			       "A is %" PRIu64 "x%" PRIu64 " and B %" PRIu64 "x%" PRIu64 ", but the weight is %" PRIu64
			       "x%" PRIu64,
			       a->dim[0], a->dim[1], b->dim[0], b->dim[1], w->dim[0], w->dim[1]);
	else if (wanted != 0 && wanted != rank)
		(void)snprintf(why, cap, "its rank is %" PRIu64 ", the configuration says %" PRIu64, rank, wanted);
	return why[0] == '\0' ? GH_DIFF_FITS : GH_DIFF_MISFIT;
}

void gh_diff_adapter(const struct gh_diff_model *base, const struct gh_diff_model *cand, const struct gh_diff_fields *f,
		     void (*on)(void *arg, enum gh_diff_fit fit, uint64_t rank, uint64_t wanted, struct gh_span module,
				const char *why),
		     void *arg)
{
	enum { PAIRS = 8192 };
	const struct gh_diff_field *r = field(f, "adapter_config.json: r");
	uint64_t wanted = r == NULL ? 0 : r->number;
	char why[200];
	size_t n = 0;
	for (size_t i = 0; i < f->n; i++) /* ranks of single modules: the one number does not hold */
		if (gh_span_starts(f->v[i].key, "adapter_config.json: rank_pattern."))
			wanted = 0;
	for (size_t i = 0; i < cand->n && n < PAIRS; i++) {
		const struct gh_diff_tensor *t = &cand->v[i], *a, *b;
		if (t->is.lora == 0 || t->partner != NULL)
			continue;
		a = t->is.lora == 'a' ? t : named(cand, t->is.key, 'a');
		b = t->is.lora == 'b' ? t : named(cand, t->is.key, 'b');
		if (t->is.lora == 'b' && a != NULL)
			continue; /* said with its A */
		uint64_t rank = a != NULL && a->ndim == 2 ? a->dim[0] : b != NULL && b->ndim == 2 ? b->dim[1] : 0;
		enum gh_diff_fit fit = judge(named(base, t->is.key, 0), a, b, rank, wanted, why, sizeof why);
		on(arg, fit, rank, wanted, gh_span_str(t->is.key), why);
		n++;
	}
}
