#include "scan/diff/measure.h"

#include "scan/diff/decode.h"

#include <math.h>
#include <stdlib.h>

enum { RANK_MIN = 8, TICK = 64 << 20 };
static const double ALIKE =
	0.995; /* two rows exchanged among a thousand leave it above: that is told as a change in them */

/* One comparison. */
struct job {
	struct gh_diff_bench *b;
	const struct gh_diff_tensor *t[2];
	const struct gh_diff_dtype *type[2];
	struct gh_src *src[2];
	uint64_t rows, cols, head;
	bool inverse;  /* BASE has llama.cpp's order, not CANDIDATE */
	bool tolerant; /* the types differ: differences within what conversion does are counted apart */
	float *turned; /* all of BASE, transposed */
	struct gh_diff_measure *out;
};

double gh_diff_cosine(const struct gh_diff_sums *s)
{
	double n = sqrt(s->bb) * sqrt(s->cc);
	double c = n > 0 && isfinite(n) ? s->bc / n : 0;
	return c > 1 ? 1 : c < -1 ? -1 : c;
}

/* ---- elements ------------------------------------------------------------------------------------------------- */

static bool fetch(struct gh_diff_bench *b, struct gh_src *src, const struct gh_diff_tensor *t,
		  const struct gh_diff_dtype *d, uint64_t at, size_t n, float *out)
{
	uint64_t first = at / d->block * d->bytes;
	size_t blocks = (n + d->block - 1) / d->block, bytes = blocks * d->bytes;
	if (first > t->len || bytes > t->len - first)
		return false;
	struct gh_span w = gh_src_window(src, t->off + first, bytes);
	if (w.n != bytes)
		return false;
	if (t->big_endian && d->block == 1 && d->bytes > 1) {
		memcpy(b->swapped, w.p, bytes);
		gh_diff_swap(b->swapped, n, d->bytes);
		w.p = b->swapped;
	}
	d->to(w.p, blocks, out);
	return true;
}

bool gh_diff_elements(struct gh_diff_bench *b, enum gh_diff_side side, const struct gh_diff_tensor *t, uint64_t at,
		      size_t n, float *out)
{
	const struct gh_diff_dtype *d = gh_diff_dtype(t->dtype);
	struct gh_src *src = d == NULL ? NULL : b->side[side].open(b->side[side].arg, t->file);
	return src != NULL && at % d->block == 0 && n % d->block == 0 && n <= GH_DIFF_PIECE &&
	       fetch(b, src, t, d, at, n, out);
}

/* ---- shapes --------------------------------------------------------------------------------------------------- */

/* Dimensions of 1 mean nothing. */
static unsigned squeeze(const struct gh_diff_tensor *t, uint64_t dim[GH_DIFF_DIMS])
{
	unsigned n = 0;
	for (unsigned i = 0; i < t->ndim; i++)
		if (t->dim[i] != 1)
			dim[n++] = t->dim[i];
	return n;
}

static void as_matrix(struct job *j, const uint64_t *dim, unsigned n, uint64_t elements)
{
	j->rows = n < 2 ? 1 : dim[0];
	if (n == 3 && dim[2] >= 32) /* experts, or heads: a stack of matrices */
		j->rows = dim[0] * dim[1];
	j->cols = elements / j->rows;
	bool blocks = true;
	for (unsigned i = 0; i < 2; i++)
		blocks = blocks && j->cols % j->type[i]->block == 0;
	if (!blocks || j->cols < RANK_MIN) {
		j->rows = 1;
		j->cols = elements;
	}
}

/* What can be compared with what. False: nothing. */
static bool shapes(struct job *j)
{
	const struct gh_diff_tensor *b = j->t[GH_DIFF_BASE], *c = j->t[GH_DIFF_CANDIDATE];
	uint64_t db[GH_DIFF_DIMS], dc[GH_DIFF_DIMS];
	unsigned nb = squeeze(b, db), nc = squeeze(c, dc);
	bool equal = nb == nc && memcmp(db, dc, nb * sizeof db[0]) == 0;
	as_matrix(j, dc, nc, c->elements);
	if (equal)
		return true;
	if (b->elements == c->elements) {
		bool turned = nb == 2 && nc == 2 && db[0] == dc[1];
		j->out->flags |= turned ? GH_DIFF_F_TRANSPOSED : GH_DIFF_F_RESHAPED;
		return true;
	}
	if (nb == nc && nb > 0 && memcmp(db + 1, dc + 1, (nb - 1) * sizeof db[0]) == 0) {
		j->out->flags |= GH_DIFF_F_RESIZED;
		uint64_t less = b->elements < c->elements ? b->elements : c->elements;
		if (nb < 2 || j->rows == 1)
			j->cols = less;
		else
			j->rows = less / j->cols;
		return j->cols % j->type[0]->block == 0 && j->cols % j->type[1]->block == 0;
	}
	j->out->flags |= GH_DIFF_F_SHAPE;
	return false;
}

/* A matrix whose rows are the other one's columns: in memory, if there is room. */
static enum gh_rc turn(struct job *j)
{
	uint64_t n = j->t[GH_DIFF_BASE]->elements, rows = j->cols, cols = j->rows; /* of BASE */
	if (n > j->b->memory / sizeof(float) || (j->turned = malloc(n * sizeof(float))) == NULL) {
		j->out->flags |= GH_DIFF_F_UNREAD;
		return GH_E_LIMIT;
	}
	for (uint64_t r = 0; r < rows; r++)
		for (uint64_t at = 0; at < cols; at += GH_DIFF_PIECE) {
			size_t k = cols - at < GH_DIFF_PIECE ? (size_t)(cols - at) : (size_t)GH_DIFF_PIECE;
			float *p = j->b->piece[0];
			if (!fetch(j->b, j->src[0], j->t[0], j->type[0], r * cols + at, k, p))
				return GH_E_IO;
			for (size_t i = 0; i < k; i++)
				j->turned[(at + i) * rows + r] = p[i];
		}
	return GH_OK;
}

/* ---- rows ----------------------------------------------------------------------------------------------------- */

/* llama.cpp keeps the two halves of each rotary pair together: within a head, row (half, i) becomes row (i, half). */
static uint64_t base_row(const struct job *j, uint64_t r)
{
	if (j->head == 0)
		return r;
	uint64_t h = j->head, w = r % h, start = r - w;
	return start + (j->inverse ? w % (h / 2) * 2 + w / (h / 2) : w % 2 * (h / 2) + w / 2);
}

/* How many elements differ by more than storing one side's numbers in the other's type explains? */
static uint64_t beyond(const struct job *j, const float *b, const float *c, size_t n)
{
	const struct gh_diff_dtype *tb = j->type[0], *tc = j->type[1];
	float rel = tb->rel + tc->rel, abs = tb->abs + tc->abs;
	size_t group = tb->group > tc->group ? tb->group : tc->group;
	const float *fine = tb->group != 0 && tc->group == 0 ? c : b;
	uint64_t out = 0;
	for (size_t at = 0; at < n; at += group == 0 ? n : group) {
		size_t end = group == 0 || n - at < group ? n : at + group;
		float top = 0;
		if (group != 0)
			for (size_t i = at; i < end; i++)
				top = fabsf(fine[i]) > top ? fabsf(fine[i]) : top;
		float bound = rel * top + abs;
		if (group != 0)
			for (size_t i = at; i < end; i++)
				out += fabsf(b[i] - c[i]) > bound;
		else
			for (size_t i = at; i < end; i++)
				out += fabsf(b[i] - c[i]) > rel * fabsf(b[i]) + abs;
	}
	return out;
}

static void add(struct gh_diff_sums *to, const struct gh_diff_sums *s, size_t padding)
{
	to->bb += s->bb;
	to->cc += s->cc;
	to->bc += s->bc;
	to->dd += s->dd;
	to->max = s->max > to->max ? s->max : to->max;
	to->same += s->same - padding;
}

static bool one_piece(struct job *j, uint64_t row, uint64_t at, size_t n, struct gh_diff_sketch *sk)
{
	struct gh_diff_bench *m = j->b;
	float *b = m->piece[0], *c = m->piece[1];
	if (j->turned != NULL)
		memcpy(b, j->turned + row * j->cols + at, n * sizeof *b);
	else if (!fetch(m, j->src[0], j->t[0], j->type[0], base_row(j, row) * j->cols + at, n, b))
		return false;
	if (!fetch(m, j->src[1], j->t[1], j->type[1], row * j->cols + at, n, c))
		return false;
	size_t whole = (n + GH_DIFF_SKETCH - 1) / GH_DIFF_SKETCH * GH_DIFF_SKETCH;
	memset(b + n, 0, (whole - n) * sizeof *b);
	memset(c + n, 0, (whole - n) * sizeof *c);
	struct gh_diff_sums s = { 0 };
	float kept[GH_DIFF_FOLDS][GH_DIFF_SKETCH];
	if (sk != NULL)
		memcpy(kept, sk->row, sizeof kept);
	gh_diff_piece(b, c, whole, at, &s, sk);
	if (!isfinite(s.bb + s.cc + s.dd)) {
		struct gh_diff_sums ignored = { 0 };
		s = (struct gh_diff_sums){ 0 };
		gh_diff_careful(b, c, whole, &s, &j->out->odd);
		if (sk != NULL) {
			memcpy(sk->row, kept, sizeof kept);
			gh_diff_piece(b, c, whole, at, &ignored, sk);
		}
	}
	add(&j->out->sum, &s, whole - n);
	if (j->tolerant)
		j->out->outside += beyond(j, b, c, n);
	return true;
}

static bool all_rows(struct job *j, uint64_t rows, struct gh_diff_sketch *sk)
{
	uint64_t bytes = 0;
	for (uint64_t r = 0; r < rows; r++) {
		for (uint64_t at = 0; at < j->cols; at += GH_DIFF_PIECE) {
			size_t n = j->cols - at < GH_DIFF_PIECE ? (size_t)(j->cols - at) : (size_t)GH_DIFF_PIECE;
			if (!one_piece(j, r, at, n, sk))
				return false;
			for (unsigned i = 0; i < 2; i++)
				bytes += n / j->type[i]->block * j->type[i]->bytes;
		}
		if (sk != NULL)
			gh_diff_row(sk);
		if (bytes - j->b->ticked >= TICK && j->b->tick != NULL) {
			j->b->tick(j->b->tick_arg, bytes - j->b->ticked);
			j->b->ticked = bytes;
		}
	}
	if (j->b->tick != NULL)
		j->b->tick(j->b->tick_arg, bytes - j->b->ticked);
	j->b->ticked = 0;
	return true;
}

static enum gh_rc compare(struct job *j, uint64_t max_rows)
{
	struct gh_diff_measure *out = j->out;
	if (!shapes(j))
		return GH_OK;
	if ((out->flags & GH_DIFF_F_TRANSPOSED) != 0) {
		enum gh_rc rc = turn(j);
		if (rc != GH_OK)
			return rc == GH_E_LIMIT ? GH_OK : rc;
	}
	uint64_t rows = max_rows != 0 && max_rows < j->rows ? max_rows : j->rows;
	struct gh_diff_sketch *sk = j->rows >= RANK_MIN && j->cols >= RANK_MIN && max_rows == 0 ? &j->b->sketch : NULL;
	if (sk != NULL)
		memset(sk, 0, sizeof *sk);
	out->rows = rows;
	out->cols = j->cols;
	if (!all_rows(j, rows, sk))
		return GH_E_IO;
	out->flags |= out->odd != 0 ? GH_DIFF_F_ODD : 0;
	/* Where little is alike, the neurons may stand in another order. */
	const unsigned odd = GH_DIFF_F_TRANSPOSED | GH_DIFF_F_RESHAPED | GH_DIFF_F_RESIZED | GH_DIFF_F_ODD;
	bool plain = j->type[0]->group == 0 && j->type[1]->group == 0 && j->head == 0 && max_rows == 0;
	if (plain && (out->flags & odd) == 0 && out->sum.dd > 0 && gh_diff_cosine(&out->sum) < ALIKE &&
	    gh_diff_reordered(j->b, j->t[0], j->t[1], j->rows, j->cols))
		out->flags |= GH_DIFF_F_REORDERED;
	if (sk != NULL && out->sum.dd > 0) {
		double value[GH_DIFF_SKETCH];
		gh_diff_eigen(sk, value);
		out->rank = gh_diff_rank(value, 0.95, &out->top);
	}
	return GH_OK;
}

enum gh_rc gh_diff_measure(struct gh_diff_bench *b, const struct gh_diff_tensor *base,
			   const struct gh_diff_tensor *cand, uint64_t head, uint64_t max_rows,
			   struct gh_diff_measure *out)
{
	struct job j = { .b = b, .t = { base, cand }, .head = head, .inverse = base->gguf && !cand->gguf, .out = out };
	*out = (struct gh_diff_measure){ 0 };
	for (unsigned i = 0; i < 2; i++)
		j.type[i] = gh_diff_dtype(j.t[i]->dtype);
	if (j.type[0] == NULL || j.type[1] == NULL) {
		out->flags |= GH_DIFF_F_UNREAD;
		return GH_OK;
	}
	if (base->elements == 0 || cand->elements == 0) {
		out->flags |= base->elements == cand->elements ? 0 : GH_DIFF_F_SHAPE;
		return GH_OK;
	}
	j.tolerant = j.type[0] != j.type[1];
	if (j.type[0]->group != 0 || j.type[1]->group != 0)
		out->flags |= GH_DIFF_F_COARSE;
	if (head != 0)
		out->flags |= GH_DIFF_F_PERMUTED;
	for (unsigned i = 0; i < 2; i++) {
		j.src[i] = b->side[i].open(b->side[i].arg, j.t[i]->file);
		if (j.src[i] == NULL)
			return GH_E_IO;
	}
	enum gh_rc rc = compare(&j, max_rows);
	free(j.turned);
	return rc;
}
