#include "scan/diff/adapter.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

/* Sum of squares of a tensor. places != 0: estimated from so many pieces. Values that are no numbers are counted apart. */
static double energy(struct gh_diff_bench *b, enum gh_diff_side side, const struct gh_diff_tensor *t, uint64_t places,
		     uint64_t *odd)
{
	uint64_t pieces = t->elements / GH_DIFF_PIECE + (t->elements % GH_DIFF_PIECE != 0), seen = 0;
	uint64_t step = places == 0 || pieces <= places ? 1 : pieces / places;
	double sum = 0;
	for (uint64_t i = 0; i < pieces; i += step) {
		uint64_t at = i * GH_DIFF_PIECE, left = t->elements - at;
		size_t n = left < GH_DIFF_PIECE ? (size_t)left : (size_t)GH_DIFF_PIECE;
		if (!gh_diff_elements(b, side, t, at, n, b->piece[0]))
			break;
		for (size_t k = 0; k < n; k++) {
			double v = (double)b->piece[0][k];
			if (isfinite(v))
				sum += v * v;
			else
				*odd += 1;
		}
		seen += n;
	}
	return seen == 0 ? 0 : sum * ((double)t->elements / (double)seen);
}

/* Factor that the configuration puts before the update; 1 when it does not say. */
static double factor(const struct gh_diff_fields *f, uint64_t rank)
{
	const struct gh_diff_field *v = field(f, "adapter_config.json: lora_alpha");
	char text[40] = "";
	if (v == NULL)
		v = field(f, "adapter.lora.alpha");
	if (v == NULL || rank == 0 || v->value.n >= sizeof text)
		return 1;
	memcpy(text, v->value.p, v->value.n);
	double alpha = strtod(text, NULL);
	return isfinite(alpha) && alpha != 0 ? fabs(alpha) / (double)rank : 1;
}

static void weigh(struct gh_diff_bench *bench, const struct gh_diff_tensor *w, const struct gh_diff_tensor *a,
		  const struct gh_diff_tensor *b, double scale, struct gh_diff_module *m)
{
	enum { PLACES = 64 };
	uint64_t ignored = 0;
	double ea = a != NULL ? energy(bench, GH_DIFF_CANDIDATE, a, 0, &m->odd) : 0;
	double eb = b != NULL ? energy(bench, GH_DIFF_CANDIDATE, b, 0, &m->odd) : 0;
	double ew = w != NULL ? energy(bench, GH_DIFF_BASE, w, PLACES, &ignored) : 0;
	/* The norm of a product of matrices whose directions have nothing to do with each other. */
	double norm = scale * sqrt(ea) * sqrt(eb) / sqrt(m->rank != 0 ? (double)m->rank : 1);
	m->share = ew > 0 && isfinite(norm / sqrt(ew)) ? norm / sqrt(ew) : 0;
}

void gh_diff_adapter(struct gh_diff_bench *bench, const struct gh_diff_model *base, const struct gh_diff_model *cand,
		     const struct gh_diff_fields *f, void (*on)(void *arg, const struct gh_diff_module *m), void *arg)
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
		const struct gh_diff_tensor *t = &cand->v[i], *a, *b, *w;
		if (t->is.lora == 0 || t->partner != NULL)
			continue;
		a = t->is.lora == 'a' ? t : named(cand, t->is.key, 'a');
		b = t->is.lora == 'b' ? t : named(cand, t->is.key, 'b');
		if (t->is.lora == 'b' && a != NULL)
			continue; /* said with its A */
		w = named(base, t->is.key, 0);
		uint64_t rank = a != NULL && a->ndim == 2 ? a->dim[0] : b != NULL && b->ndim == 2 ? b->dim[1] : 0;
		struct gh_diff_module m = {
			.rank = rank, .wanted = wanted, .name = gh_span_str(t->is.key), .why = why
		};
		m.fit = judge(w, a, b, rank, wanted, why, sizeof why);
		weigh(bench, w, a, b, factor(f, rank), &m);
		on(arg, &m);
		n++;
	}
}
