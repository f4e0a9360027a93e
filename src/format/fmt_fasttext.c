/* fmt_fasttext.c - models of fastText (.bin, and .ftz where matrices are quantised): a magic, a version, the arguments of
 * the training, the dictionary, the matrix of inputs and the matrix of outputs.
 *
 * Source: fastText's src/fasttext.cc (loadModel), args.cc, dictionary.cc, densematrix.cc, quantmatrix.cc and
 * productquantizer.cc. */
#include "format/formats.h"
#include "format/seq.h"

#define MAGIC 793712314u

enum { HEAD = 8, INTS = 12, ENTRY_REST = 9, WORD_MAX = 1 << 16, KSUB = 256 };
enum { A_DIM, A_NGRAMS = 5, A_LOSS, A_MODEL, A_BUCKET, A_MAXN = 10 };

struct fasttext {
	struct gh_seq s;
	uint32_t arg[INTS];
	uint32_t version, words, labels;
	int64_t pruned;
};

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < HEAD + 4 * INTS + 8 || gh_le32(p->head.p) != MAGIC)
		return GH_NO;
	uint32_t version = gh_le32(p->head.p + 4);
	return version != 0 && version < 1000 ? GH_STRONG : GH_NO;
}

/* A word of the dictionary ends with a NUL; its count and its kind (0 a word, 1 a label) follow. */
static enum gh_rc entry(struct gh_seq *s)
{
	uint64_t off = gh_cur_off(&s->c), left = gh_cur_left(&s->c);
	size_t n = left < WORD_MAX ? (size_t)left : WORD_MAX;
	const uint8_t *p = n == 0 ? NULL : gh_cur_peek(&s->c, n < 64 ? n : 64);
	const uint8_t *end = p == NULL ? NULL : memchr(p, 0, n < 64 ? n : 64);
	if (end == NULL && n > 64 && (p = gh_cur_peek(&s->c, n)) != NULL)
		end = memchr(p, 0, n);
	if (end == NULL)
		return gh_seq_fail(s, GH_SEQ_COUNT, "a word without its end");
	uint64_t len = (uint64_t)(end - p);
	if (len >= 32)
		GH_TRY(gh_held_text(&s->held, GH_SPAN("dictionary"), off, len), s->w->err, "word");
	gh_cur_seek(&s->c, off + len + 1);
	p = gh_cur_take(&s->c, ENTRY_REST);
	if (p == NULL)
		return gh_seq_fail(s, GH_SEQ_CUT, "the dictionary is cut off");
	if (p[8] > 1)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a kind of word that does not exist");
	return GH_OK;
}

static enum gh_rc dictionary(struct fasttext *f)
{
	struct gh_seq *s = &f->s;
	uint32_t n = gh_cur_u32le(&s->c);
	f->words = gh_cur_u32le(&s->c);
	f->labels = gh_cur_u32le(&s->c);
	gh_cur_skip(&s->c, 8); /* tokens seen in training */
	f->pruned = (int64_t)gh_cur_u64le(&s->c);
	if (!gh_seq_fits(s, n, 1 + ENTRY_REST))
		return gh_seq_fail(s, GH_SEQ_COUNT, "more words than the file holds");
	if (f->words > n || f->labels > n || f->words + f->labels != n)
		return gh_seq_fail(s, GH_SEQ_VALUE, "words and labels do not add up");
	for (uint32_t i = 0; i < n; i++) {
		if (!gh_seq_step(s))
			return gh_seq_fail(s, GH_SEQ_COUNT, "words");
		GH_TRY(entry(s), s->w->err, "word %u", i);
	}
	if (f->pruned > 0 && !gh_seq_fits(s, (uint64_t)f->pruned, 8))
		return gh_seq_fail(s, GH_SEQ_COUNT, "more pruned words than the file holds");
	for (int64_t i = 0; i < f->pruned; i++) {
		gh_cur_skip(&s->c, 4);
		int32_t to = (int32_t)gh_cur_u32le(&s->c);
		if (to < 0 || to >= f->pruned)
			return gh_seq_fail(s, GH_SEQ_VALUE, "a pruned word leads to a row that does not exist");
	}
	return s->c.bad ? gh_seq_fail(s, GH_SEQ_CUT, "the dictionary is cut off") : GH_OK;
}

/* Centroids of a product quantiser, for vectors of `dim`. */
static enum gh_rc centroids(struct gh_seq *s, uint64_t dim, uint64_t *nsub)
{
	uint32_t d = gh_cur_u32le(&s->c), n = gh_cur_u32le(&s->c), sub = gh_cur_u32le(&s->c),
		 last = gh_cur_u32le(&s->c);
	uint64_t covered = n == 0 ? 0 : (uint64_t)(n - 1) * sub + last;
	if (s->c.bad || d == 0 || d != dim || sub == 0 || last == 0 || last > sub || covered != d)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a quantiser that does not fit its matrix");
	*nsub = n;
	return gh_seq_row(s, "centroids", "F32", (uint64_t)d * KSUB);
}

static enum gh_rc quantised(struct gh_seq *s, const char *name, uint64_t *rows, uint64_t *cols)
{
	uint64_t nsub = 0;
	uint8_t norm = gh_cur_u8(&s->c);
	*rows = gh_cur_u64le(&s->c);
	*cols = gh_cur_u64le(&s->c);
	uint32_t size = gh_cur_u32le(&s->c);
	if (s->c.bad || norm > 1)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a quantised matrix that cannot be one");
	GH_TRY(gh_seq_row(s, name, "U8", size), s->w->err, "codes");
	GH_TRY(centroids(s, *cols, &nsub), s->w->err, "quantiser");
	if (nsub == 0 || *rows > size / nsub || *rows * nsub != size)
		return gh_seq_fail(s, GH_SEQ_VALUE, "more rows than codes");
	if (norm == 0)
		return GH_OK;
	GH_TRY(gh_seq_row(s, "codes of norms", "U8", *rows), s->w->err, "norms");
	return centroids(s, 1, &nsub);
}

static enum gh_rc matrix(struct gh_seq *s, const char *name, bool quant, uint64_t *rows, uint64_t *cols)
{
	if (quant)
		return quantised(s, name, rows, cols);
	uint64_t dim[2] = { gh_cur_u64le(&s->c), gh_cur_u64le(&s->c) };
	*rows = dim[0];
	*cols = dim[1];
	if (s->c.bad || dim[0] > INT64_MAX || dim[1] > INT64_MAX)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a matrix of a negative size");
	return gh_seq_tensor(s, gh_span_str(name), gh_dtype_safetensors(GH_SPAN("F32")), 2, dim);
}

static enum gh_rc read_all(struct fasttext *f)
{
	struct gh_seq *s = &f->s;
	gh_cur_skip(&s->c, 4);
	f->version = gh_cur_u32le(&s->c);
	if (f->version != 11 && f->version != 12)
		return gh_seq_fail(s, GH_SEQ_VERSION, "a version that is not known");
	for (unsigned i = 0; i < INTS; i++)
		f->arg[i] = gh_cur_u32le(&s->c);
	gh_cur_skip(&s->c, 8);
	if (s->c.bad || f->arg[A_DIM] == 0 || f->arg[A_DIM] > INT32_MAX || f->arg[A_LOSS] == 0 || f->arg[A_LOSS] > 4 ||
	    f->arg[A_MODEL] == 0 || f->arg[A_MODEL] > 3)
		return gh_seq_fail(s, GH_SEQ_VALUE, "arguments that no training has");
	GH_TRY(dictionary(f), s->w->err, "dictionary");
	uint64_t rows = 0, cols = 0, out_rows = 0, out_cols = 0;
	uint8_t quant = gh_cur_u8(&s->c);
	if (quant > 1)
		return gh_seq_fail(s, GH_SEQ_VALUE, "neither quantised nor not");
	GH_TRY(matrix(s, "input", quant != 0, &rows, &cols), s->w->err, "input");
	/* Rows of words, then of buckets: the prediction adds up rows by number, unchecked, the number being a remainder. */
	bool hashed = f->arg[A_NGRAMS] > 1 || (f->arg[A_MAXN] > 0 && !(f->version == 11 && f->arg[A_MODEL] == 3));
	uint64_t buckets = f->pruned >= 0 ? (uint64_t)f->pruned : hashed ? f->arg[A_BUCKET] : 0;
	if (rows < f->words + buckets || (hashed && f->arg[A_BUCKET] == 0))
		return gh_seq_fail(s, GH_SEQ_VALUE, "fewer rows than words and buckets");
	uint8_t qout = gh_cur_u8(&s->c);
	if (qout > 1)
		return gh_seq_fail(s, GH_SEQ_VALUE, "neither quantised nor not");
	GH_TRY(matrix(s, "output", quant != 0 && qout != 0, &out_rows, &out_cols), s->w->err, "output");
	uint64_t classes = f->arg[A_MODEL] == 3 ? f->labels : f->words;
	if (cols != f->arg[A_DIM] || out_cols != f->arg[A_DIM] || out_rows < classes)
		return gh_seq_fail(s, GH_SEQ_VALUE, "matrices that do not fit each other");
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct fasttext *f = GH_NEW(w->arena, struct fasttext, 1);
	if (f == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(&f->s, w);
	return gh_seq_end(&f->s, read_all(f));
}

const struct gh_fmt gh_fmt_fasttext = {
	.name = "fasttext",
	.about = "Model of fastText, plain or quantised",
	.exts = "bin ftz",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
