/* tensors.c - the list of tensors that will be written: names that are taken, types that safetensors has, places that
 * lie inside their store. What does not fit is dropped with a note, never bent until it does. */
#include "base/utf8.h"
#include "scan/disarm/job.h"
#include "wire/recs.h"

#include <stdarg.h>
#include <stdio.h>

enum { NIL = UINT32_MAX, NAME_MAX_BYTES = 1024, MAX_TENSORS = 4 << 20 };

const char *const gh_dis_acts[GH_DIS_ACTS] = { "kept", "changed", "replaced", "dropped", "alias" };

void gh_dis_say(struct gh_dis_job *j, enum gh_dis_act act, struct gh_span path, const char *what, uint64_t size,
		const char *fmt, ...)
{
	char text[GH_DIS_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	const struct gh_dis_note n = { act, path, what, size, text };
	j->host->say(j->host->arg, &n);
}

void gh_dis_shape(const struct gh_dis_tensor *t, char *out, size_t cap)
{
	gh_auto_buf b = gh_buf(cap);
	gh_buf_fmt(&b, "%s [", t->dtype->name);
	for (unsigned i = 0; i < t->ndim && b.n + 40 < cap; i++)
		gh_buf_fmt(&b, "%s%llu", i == 0 ? "" : ", ", (unsigned long long)t->dim[i]);
	gh_buf_str(&b, "]");
	(void)snprintf(out, cap, "%s", gh_buf_cstr(&b));
}

/* ---- names --------------------------------------------------------------------------------------------------- */

/* A name that tools and people can handle: text without controls and look-alikes of nothing, no path that leads out,
 * not the one key that safetensors keeps for itself. Other bytes are spelt as \xNN. */
static bool plain_name(struct gh_span in, struct gh_buf *out)
{
	bool same = in.n <= NAME_MAX_BYTES;
	for (size_t i = 0; i < in.n && i < NAME_MAX_BYTES;) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next(gh_span_cut(in, i, 4), &cp);
		bool bad = n == 0 || gh_utf8_deceptive(cp) || cp == '\\';
		/* "/" at the start and ".." anywhere make a path of a name */
		bad = bad || (cp == '/' && i == 0) || (cp == '.' && i + 1 < in.n && in.p[i + 1] == '.');
		if (bad) {
			for (unsigned k = 0; k < (n == 0 ? 1 : n); k++)
				gh_buf_fmt(out, "%%%02x", in.p[i + k]);
			same = false;
		} else {
			gh_buf_put(out, in.p + i, n);
		}
		i += n == 0 ? 1 : n;
	}
	if (in.n == 0 || gh_span_is(in, "__metadata__")) {
		gh_buf_str(out, in.n == 0 ? "tensor" : "~");
		same = same && in.n == 0;
	}
	return same;
}

static uint64_t hash_name(struct gh_span s) { return gh_hash_end(gh_hash(GH_HASH_START, s)); }

static bool taken(const struct gh_dis_job *j, struct gh_span name)
{
	if (j->nbucket == 0)
		return false;
	unsigned steps = 0;
	for (uint32_t i = j->bucket[hash_name(name) & (j->nbucket - 1)]; i != NIL && steps < 4096;
	     i = j->chain[i], steps++)
		if (gh_span_eq(j->tensor[i].name, name))
			return true;
	return steps == 4096; /* names made to collide: no shorter chain than this is honest */
}

static bool widen(struct gh_dis_job *j)
{
	size_t want = j->nbucket == 0 ? 256 : j->nbucket * 4;
	uint32_t *b = GH_NEW(j->arena, uint32_t, want);
	if (b == NULL)
		return false;
	memset(b, 0xff, want * sizeof *b);
	for (size_t i = 0; i < j->n; i++) {
		uint32_t *head = &b[hash_name(j->tensor[i].name) & (want - 1)];
		j->chain[i] = *head;
		*head = (uint32_t)i;
	}
	j->bucket = b;
	j->nbucket = want;
	return true;
}

static enum gh_rc no_memory(struct gh_dis_job *j)
{
	return gh_fail(j->err, GH_E_LIMIT, "more tensors than memory allows (--limit-memory)");
}

static enum gh_rc append(struct gh_dis_job *j, const struct gh_dis_tensor *t)
{
	struct gh_dis_tensor *v = j->n < MAX_TENSORS ? gh_grow(j->arena, j->tensor, &j->cap, j->n + 1, sizeof *v)
						     : NULL;
	if (v == NULL)
		return no_memory(j);
	j->tensor = v;
	uint32_t *c = gh_grow(j->arena, j->chain, &j->chain_cap, j->n + 1, sizeof *c);
	if (c == NULL)
		return no_memory(j);
	j->chain = c;
	if (j->n >= j->nbucket * 2 && !widen(j))
		return no_memory(j);
	uint32_t *head = &j->bucket[hash_name(t->name) & (j->nbucket - 1)];
	v[j->n] = *t;
	c[j->n] = *head;
	*head = (uint32_t)j->n++;
	return GH_OK;
}

/* The name under which t goes: its own, or one beside it. */
static enum gh_rc settle_name(struct gh_dis_job *j, struct gh_dis_tensor *t, struct gh_span was)
{
	gh_auto_buf b = gh_buf(4 * NAME_MAX_BYTES + 64);
	bool same = plain_name(was, &b);
	size_t stem = b.n;
	for (unsigned i = 2; taken(j, gh_buf_view(&b)); i++) {
		if (i > 10000)
			return gh_fail(j->err, GH_E_MALFORMED, "thousands of tensors of one name");
		b.n = stem;
		gh_buf_fmt(&b, "~%u", i);
		same = false;
	}
	t->name = gh_keep(j->arena, gh_buf_view(&b));
	if (t->name.p == NULL || b.full)
		return no_memory(j);
	if (!same)
		gh_dis_say(j, GH_DIS_ACT_CHANGED, was, "name", was.n, "written as '%s'", gh_safe(t->name).s);
	return GH_OK;
}

/* ---- types and places ---------------------------------------------------------------------------------------- */

/* How safetensors writes a type; complex ones that it does not have are pairs of floats. */
static bool settle_type(struct gh_dis_tensor *t)
{
	const struct gh_dtype *d = t->dtype;
	t->unit = d->cls == GH_DT_COMPLEX ? d->bytes / 2 : d->bytes;
	t->as = d->name;
	if (d->block != 1 || d->cls == GH_DT_QUANT)
		return false;
	if (gh_dtype_safetensors(gh_span_str(d->name)) != NULL)
		return true;
	t->pairs = d->cls == GH_DT_COMPLEX && (t->unit == 2 || t->unit == 8);
	t->as = t->unit == 2 ? "F16" : "F64";
	return t->pairs;
}

/* Elements, bytes, and one past the last byte of the store that is touched. False: does not fit 64 bits. */
static bool settle_size(struct gh_dis_tensor *t, uint64_t *reach)
{
	uint64_t last = 0, span;
	t->count = 1;
	for (unsigned i = 0; i < t->ndim; i++)
		if (t->dim[i] == 0)
			t->count = 0;
	for (unsigned i = 0; t->count != 0 && i < t->ndim; i++) {
		if (__builtin_mul_overflow(t->count, t->dim[i], &t->count))
			return false;
		if (t->stride != NULL && (__builtin_mul_overflow(t->dim[i] - 1, t->stride[i], &span) ||
					  __builtin_add_overflow(last, span, &last)))
			return false;
	}
	if (__builtin_mul_overflow(t->count, (uint64_t)t->dtype->bytes, &t->bytes) || t->bytes > INT64_MAX)
		return false;
	*reach = 0;
	if (t->count == 0)
		return true;
	if (t->stride == NULL)
		last = t->count - 1;
	return !__builtin_add_overflow(last, 1, &last) &&
	       !__builtin_mul_overflow(last, (uint64_t)t->dtype->bytes, &last) &&
	       !__builtin_add_overflow(last, t->off, reach);
}

/* Strides that say no more than C order does. */
static bool dense(const struct gh_dis_tensor *t)
{
	uint64_t want = 1;
	for (unsigned i = t->ndim; i-- > 0;) {
		if (t->dim[i] != 1 && t->stride[i] != want)
			return false;
		want *= t->dim[i]; /* <= count, which fits */
	}
	return true;
}

static enum gh_rc copy_numbers(struct gh_dis_job *j, struct gh_dis_tensor *t)
{
	uint64_t *room = GH_NEW(j->arena, uint64_t, t->ndim * 2 + 1);
	if (room == NULL)
		return no_memory(j);
	if (t->ndim != 0)
		memcpy(room, t->dim, t->ndim * sizeof *room);
	t->dim = room;
	if (t->count == 0 || (t->stride != NULL && dense(t)))
		t->stride = NULL;
	if (t->stride != NULL) {
		memcpy(room + t->ndim, t->stride, t->ndim * sizeof *room);
		t->stride = room + t->ndim;
	}
	return GH_OK;
}

enum gh_rc gh_dis_add(struct gh_dis_job *j, const struct gh_dis_tensor *in)
{
	struct gh_dis_tensor t = *in;
	char shape[160], what[200];
	uint64_t reach = 0;
	gh_dis_shape(&t, shape, sizeof shape);
	(void)snprintf(what, sizeof what, "tensor %s", shape);
	if (!settle_type(&t)) {
		gh_dis_say(j, GH_DIS_ACT_DROPPED, in->name, what, 0, "safetensors has no type for %s", t.dtype->name);
		return GH_OK;
	}
	if (t.ndim + (t.pairs ? 1 : 0) > GH_DIMS_MAX || !settle_size(&t, &reach))
		return gh_fail(j->err, GH_E_MALFORMED, "tensor '%s': its sizes do not fit 64 bits",
			       gh_safe(in->name).s);
	if (t.count != 0 && (t.store == NULL || reach > t.store->size))
		return gh_fail(j->err, GH_E_MALFORMED, "tensor '%s' needs %llu bytes of a storage that has %llu",
			       gh_safe(in->name).s, (unsigned long long)reach,
			       (unsigned long long)(t.store == NULL ? 0 : t.store->size));
	if (t.bytes > j->opt->max_output || j->out->bytes > j->opt->max_output - t.bytes)
		return gh_fail(j->err, GH_E_LIMIT,
			       "tensor '%s': written out, the tensors take more than %llu bytes "
			       "(--limit-expanded)",
			       gh_safe(in->name).s, (unsigned long long)j->opt->max_output);
	enum gh_rc rc = copy_numbers(j, &t);
	if (rc == GH_OK)
		rc = settle_name(j, &t, in->name);
	if (rc == GH_OK && t.pairs)
		gh_dis_say(j, GH_DIS_ACT_CHANGED, t.name, what, t.bytes,
			   "complex numbers are written as pairs of %s in a last dimension of 2", t.as);
	if (rc == GH_OK)
		rc = append(j, &t);
	j->out->bytes += t.bytes; /* planned; counted again while writing */
	return rc;
}
