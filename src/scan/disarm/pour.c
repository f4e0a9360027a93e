/* pour.c - from where bytes lie to where they go: ranges as they are, views of storages element by element.
 *
 * A tensor in C order flows through in windows. A view (transposed, expanded, sliced) is put together in blocks of
 * BLOCK bytes: for each block the part of the store that it needs is read in the order of the store, so that a file is
 * read forward, and every element is put where it belongs. */
#include "format/expand_member.h"
#include "scan/disarm/job.h"
#include "scan/disarm/lowbits.h"
#include "scan/spool.h"

#include <libdeflate.h>
#include <stdlib.h>

enum { BLOCK = 8 << 20, CHUNK = GH_WINDOW_MAX };

enum gh_rc gh_dis_write(struct gh_dis_job *j, const void *p, size_t n)
{
	if (n == 0)
		return GH_OK;
	if (n > j->opt->max_output || j->out->bytes > j->opt->max_output - n)
		return gh_fail(j->err, GH_E_LIMIT, "the result takes more than %llu bytes (--limit-expanded)",
			       (unsigned long long)j->opt->max_output);
	j->out->bytes += n;
	return j->host->write(j->host->arg, (struct gh_span){ p, n });
}

static enum gh_rc unread(struct gh_dis_job *j, const struct gh_src *src)
{
	return gh_fail(j->err, src->fail != GH_OK ? src->fail : GH_E_IO, "the file could not be read to its end");
}

enum gh_rc gh_dis_pass(struct gh_dis_job *j, struct gh_src *src, uint64_t off, uint64_t len)
{
	while (len != 0) {
		struct gh_span w = gh_src_window(src, off, len < CHUNK ? (size_t)len : CHUNK);
		if (w.n == 0)
			return unread(j, src);
		enum gh_rc rc = gh_dis_write(j, w.p, w.n);
		if (rc != GH_OK)
			return rc;
		off += w.n;
		len -= w.n;
	}
	return GH_OK;
}

/* ---- stores -------------------------------------------------------------------------------------------------- */

static enum gh_rc expand(struct gh_dis_job *j, const struct gh_dis_store *s)
{
	struct gh_expand *x = gh_expand_open(GH_CODEC_DEFLATE);
	uint8_t *out = malloc(64 << 10);
	uint64_t off = 0;
	bool end = false;
	enum gh_rc rc = x == NULL || out == NULL ? gh_fail(j->err, GH_E_NOMEM, "no memory to expand a member") : GH_OK;
	while (rc == GH_OK && !end && off < s->len) {
		struct gh_span in = gh_src_window(s->src, s->off + off,
						  s->len - off < CHUNK ? (size_t)(s->len - off) : CHUNK);
		size_t had = in.n, made = 0;
		if (had == 0)
			rc = unread(j, s->src);
		do { /* the window stays as it is: the spool reads another file */
			if (rc == GH_OK)
				rc = gh_expand_step(x, &in, out, 64 << 10, &made, &end);
			if (rc == GH_OK && made != 0)
				rc = gh_spool_put(j->spool, (struct gh_span){ out, made });
		} while (rc == GH_OK && !end && (in.n != 0 || made != 0));
		off += had - in.n;
		if (rc == GH_OK && !end && off == s->len)
			rc = GH_E_MALFORMED;
	}
	gh_expand_close(x);
	free(out);
	if (rc == GH_E_LIMIT)
		return gh_fail(j->err, rc, "'%s' cannot be expanded: %s", gh_safe(s->name).s,
			       j->spool->budget->hit == NULL ? "memory" : j->spool->budget->hit);
	return rc == GH_OK ? GH_OK : gh_fail(j->err, rc, "'%s': the compressed bytes are broken", gh_safe(s->name).s);
}

static enum gh_rc check_crc(struct gh_dis_job *j, struct gh_dis_store *s, struct gh_src *src, uint64_t base)
{
	uint32_t crc = 0;
	if (!s->has_crc || s->crc_seen)
		return GH_OK;
	enum gh_rc rc = gh_range_crc32(src, base, s->size, &crc);
	if (rc == GH_OK && crc != s->crc)
		return gh_fail(j->err, GH_E_MALFORMED, "'%s': its bytes do not match their check sum",
			       gh_safe(s->name).s);
	s->crc_seen = true;
	return rc == GH_OK ? GH_OK : gh_fail(j->err, rc, "'%s'", gh_safe(s->name).s);
}

enum gh_rc gh_dis_open(struct gh_dis_job *j, struct gh_dis_store *s, struct gh_src **src, uint64_t *base)
{
	if (!s->packed) {
		*src = s->src;
		*base = s->off;
		return GH_OK;
	}
	if (j->open != s) {
		gh_spool_free(j->spool);
		j->open = NULL;
		j->spool = gh_spool_new(j->budget, s->len);
		if (j->spool == NULL)
			return gh_fail(j->err, GH_E_NOMEM, "no memory to expand a member");
		enum gh_rc rc = expand(j, s);
		if (rc != GH_OK)
			return rc;
		j->open = s;
		if (gh_spool_src(j->spool)->size != s->size)
			return gh_fail(j->err, GH_E_MALFORMED, "'%s' expands to %llu bytes instead of %llu",
				       gh_safe(s->name).s, (unsigned long long)j->spool->src.size,
				       (unsigned long long)s->size);
	}
	*src = &j->spool->src;
	*base = 0;
	return GH_OK;
}

/* ---- numbers ------------------------------------------------------------------------------------------------- */

static void swap(uint8_t *p, size_t n, unsigned unit)
{
	for (size_t i = 0; i + unit <= n; i += unit)
		for (unsigned a = 0, b = unit - 1; a < b; a++, b--) {
			uint8_t x = p[i + a];
			p[i + a] = p[i + b];
			p[i + b] = x;
		}
}

struct pouring {
	struct gh_dis_job *j;
	const struct gh_dis_tensor *t;
	struct gh_src *src;
	uint64_t base;	 /* of the first element in src */
	uint64_t number; /* of the tensor: which random bits it gets */
	uint64_t done;	 /* bytes written */
	bool bits;
	bool look; /* nothing is written: only whether there is anything in the low bits, */
	bool used; /* … and there is */
};

/* A block that stands in memory of our own: byte order, low bits, out. */
static enum gh_rc finish(struct pouring *p, uint8_t *block, size_t n)
{
	if (p->t->big_endian && p->t->unit > 1)
		swap(block, n, p->t->unit);
	if (p->look) {
		p->used = p->used || gh_dis_low_bits_used(block, n, p->t->as, p->j->opt->low_bits);
		p->done += n;
		return GH_OK;
	}
	if (p->bits)
		gh_dis_low_bits(block, n, p->t->as, p->j->opt->low_bits, p->j->opt->seed, p->number, p->done);
	p->done += n;
	return gh_dis_write(p->j, block, n);
}

static enum gh_rc pour_plain(struct pouring *p, struct gh_dis_store *s)
{
	bool edit = p->bits || (p->t->big_endian && p->t->unit > 1);
	bool whole = s->has_crc && !s->crc_seen && p->t->off == 0 && p->t->bytes == s->size;
	uint32_t crc = 0;
	while (p->done < p->t->bytes) {
		if (p->look && p->used)
			return GH_OK;
		uint64_t left = p->t->bytes - p->done;
		struct gh_span w = gh_src_window(p->src, p->base + p->done, left < CHUNK ? (size_t)left : CHUNK);
		if (w.n != (left < CHUNK ? left : CHUNK))
			return unread(p->j, p->src);
		if (whole)
			crc = libdeflate_crc32(crc, w.p, w.n);
		enum gh_rc rc;
		if (edit) {
			memcpy(p->j->block, w.p, w.n);
			rc = finish(p, p->j->block, w.n);
		} else {
			rc = gh_dis_write(p->j, w.p, w.n);
			p->done += w.n;
		}
		if (rc != GH_OK)
			return rc;
	}
	if (whole && crc != s->crc)
		return gh_fail(p->j->err, GH_E_MALFORMED, "'%s': its bytes do not match their check sum",
			       gh_safe(s->name).s);
	s->crc_seen = s->crc_seen || whole;
	return GH_OK;
}

/* ---- views --------------------------------------------------------------------------------------------------- */

/* A part of a view that fits a block: dimensions in the order of the store, largest step first. */
struct part {
	unsigned n;
	struct {
		uint64_t dim, from, to; /* steps in elements: of the store, of the block */
	} d[GH_DIMS_MAX];
};

static void order(struct part *b)
{
	for (unsigned i = 1; i < b->n; i++)
		for (unsigned k = i; k > 0 && b->d[k - 1].from < b->d[k].from; k--) {
			__typeof__(b->d[0]) x = b->d[k];
			b->d[k] = b->d[k - 1];
			b->d[k - 1] = x;
		}
}

/* One run along the smallest step: n elements, `from` apart in the store, `to` apart in the block. */
static enum gh_rc run(struct pouring *p, struct gh_span *w, uint64_t *woff, uint64_t at, uint64_t n, uint64_t from,
		      uint64_t to, uint8_t *out)
{
	const size_t size = p->t->dtype->bytes;
	for (uint64_t i = 0; i < n;) {
		if (at < *woff || at - *woff > w->n || w->n - (at - *woff) < size) {
			uint64_t left = p->src->size - at;
			*w = gh_src_window(p->src, at, left < GH_CUR_WINDOW ? (size_t)left : GH_CUR_WINDOW);
			*woff = at;
			if (w->n < size)
				return unread(p->j, p->src);
		}
		const uint8_t *q = w->p + (at - *woff);
		uint64_t have = w->n - (at - *woff);
		/* Of a single element the step means nothing, and need not fit any number. */
		uint64_t fit = from == 0 || n - i == 1 ? n - i : (have - size) / (from * size) + 1;
		if (fit > n - i)
			fit = n - i;
		if (from == 1 && to == 1)
			memcpy(out + i * size, q, (size_t)fit * size);
		else
			for (uint64_t k = 0; k < fit; k++)
				memcpy(out + (i + k) * to * size, q + k * from * size, size);
		i += fit;
		at += fit * from * size;
	}
	return GH_OK;
}

static enum gh_rc gather(struct pouring *p, struct part *b, uint64_t at, uint8_t *out)
{
	const size_t size = p->t->dtype->bytes;
	uint64_t idx[GH_DIMS_MAX] = { 0 }, woff = 0, put = 0;
	struct gh_span w = { 0 };
	order(b);
	while (b->n > 1 && b->d[b->n - 1].dim == 1)
		b->n--;
	unsigned in = b->n == 0 ? 0 : b->n - 1;
	for (;;) {
		enum gh_rc rc = b->n == 0 ? run(p, &w, &woff, at, 1, 1, 1, out)
					  : run(p, &w, &woff, at, b->d[in].dim, b->d[in].from, b->d[in].to,
						out + put * size);
		if (rc != GH_OK)
			return rc;
		unsigned i = in;
		for (;;) {
			if (i == 0)
				return GH_OK;
			i--;
			at += b->d[i].from * size;
			put += b->d[i].to;
			if (++idx[i] < b->d[i].dim)
				break;
			at -= b->d[i].from * size * b->d[i].dim;
			put -= b->d[i].to * b->d[i].dim;
			idx[i] = 0;
		}
	}
}

static enum gh_rc pour_view(struct pouring *p)
{
	const struct gh_dis_tensor *t = p->t;
	const size_t size = t->dtype->bytes;
	uint64_t inner = 1; /* elements of one index of dimension k */
	unsigned k = t->ndim;
	while (k > 0 && inner * t->dim[k - 1] <= BLOCK / size)
		inner *= t->dim[--k];
	/* Dimensions [k, ndim) fit a block as a whole; of dimension k - 1 as many indices as fit go together. */
	uint64_t rows = k == 0 ? 1 : BLOCK / size / inner, idx[GH_DIMS_MAX] = { 0 };
	for (;;) {
		uint64_t at = p->base, step = k == 0 ? 1 : t->dim[k - 1] - idx[k - 1];
		if (step > rows)
			step = rows;
		for (unsigned i = 0; i < k; i++)
			at += idx[i] * t->stride[i] * size;
		struct part b = { 0 };
		uint64_t to = inner * step;
		for (unsigned i = k == 0 ? 0 : k - 1; i < t->ndim; i++) {
			uint64_t dim = k != 0 && i == k - 1 ? step : t->dim[i];
			to /= dim;
			b.d[b.n].dim = dim;
			b.d[b.n].from = t->stride[i];
			b.d[b.n++].to = to;
		}
		enum gh_rc rc = gather(p, &b, at, p->j->block);
		if (rc == GH_OK)
			rc = finish(p, p->j->block, (size_t)(inner * step) * size);
		if (rc != GH_OK || k == 0)
			return rc;
		idx[k - 1] += step;
		for (unsigned i = k - 1; idx[i] == t->dim[i]; i--) {
			if (i == 0)
				return GH_OK;
			idx[i] = 0;
			idx[i - 1]++;
		}
	}
}

enum gh_rc gh_dis_pour(struct gh_dis_job *j, const struct gh_dis_tensor *t, uint64_t number)
{
	if (t->bytes == 0)
		return GH_OK;
	struct pouring p = { .j = j, .t = t, .number = number };
	enum gh_rc rc = gh_dis_open(j, t->store, &p.src, &p.base);
	if (rc != GH_OK)
		return rc;
	if (j->block == NULL && (j->block = malloc(BLOCK)) == NULL)
		return gh_fail(j->err, GH_E_NOMEM, "no memory for a block of weights (--limit-memory)");
	bool plain = t->stride == NULL;
	if (!plain || t->off != 0 || t->bytes != t->store->size) /* a part: the whole is checked on its own */
		rc = check_crc(j, t->store, p.src, p.base);
	if (rc != GH_OK)
		return rc;
	p.base += t->off;
	p.bits = j->opt->low_bits != 0 && gh_dis_mantissa(t->as) != 0;
	if (j->opt->low_bits != 0 && !p.bits)
		j->unchanged++;
	if (p.bits) {
		p.look = true;
		rc = plain ? pour_plain(&p, t->store) : pour_view(&p);
		if (rc != GH_OK)
			return rc;
		j->empty_bits += !p.used;
		p.bits = p.used;
		p.look = false;
		p.done = 0;
	}
	j->out->has_low_bits = j->out->has_low_bits || p.bits;
	return plain ? pour_plain(&p, t->store) : pour_view(&p);
}
