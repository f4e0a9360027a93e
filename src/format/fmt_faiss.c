/* fmt_faiss.c - indexes of faiss (vector search): four letters say which kind of index it is, then a header, its arrays, and
 * for most kinds another index inside. Nesting is a stack of what remains to be read.
 *
 * An index on disk names the file its lists lie in, which the loader maps, for writing too. Neighbours in a graph are used as
 * indexes without a check. Source: faiss/impl/index_read.cpp and invlists/OnDiskInvertedLists.cpp. */
#include "format/formats.h"
#include "format/seq.h"

enum { TASKS = 96, TRANSFORMS = 64, DIM_MAX = 1 << 20, NBITS_MAX = 24, METRICS = 64, CHUNK = 64 << 10 };

#define FOURCC(a, b, c, d) ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* What remains to be read, in the order of a program: `after` strings below, one letter each. */
static const struct kind {
	char id[5];
	const char *steps;
} kinds[] = {
	/* h header, b header of binary indexes, i inverted-file part of a header, f vectors, p product quantiser,
	 * s scalar quantiser, c codes, t transforms, v one transform, x index, m map of ids, g graph, l inverted lists,
	 * d direct map, digits: so many bytes, r refinement of a product quantiser if trained */
	{ "IxFI", "hf" },	 { "IxF2", "hf" },	  { "IxFl", "hf" },	  { "IxPQ", "hpc" },
	{ "IxPo", "hpc9" },	 { "IxPq", "hpc9" },	  { "IxSQ", "hsc" },	  { "IxHe", "h42n4vc" },
	{ "IwFl", "hixdl" },	 { "IwSQ", "hixds8l" },	  { "IwSq", "hixds81l" }, { "IwPQ", "hixd18pl" },
	{ "IwQR", "hixd18plr" }, { "IxPT", "htx" },	  { "IxMp", "hxm" },	  { "IxM2", "hxm" },
	{ "IxRF", "hxx4" },	 { "IHNf", "hgx" },	  { "IHNp", "hgx" },	  { "IHNs", "hgx" },
	{ "IHN2", "hgx" },	 { "IHNc", "h24gx" },	  { "IPfs", "hp44488k" }, { "IwPf", "hixd184848pl" },
	{ "Imiq", "hp" },	 { "IRMf", "hx" },	  { "IRMh", "hx" },	  { "IBxF", "bc" },
	{ "IBwF", "bixdl" },	 { "IBMp", "bxm" },	  { "IBM2", "bxm" },	  { "IBHf", "bgx" },
	{ "IBFf", "bx" },	 { "Ix2L", "hx81p888c" }, { "null", "" },
};

struct index {
	const char *step; /* what remains */
	uint64_t d, ntotal, nlist;
	uint32_t code_size; /* of binary indexes */
	bool trained;
};

struct faiss {
	struct gh_seq s;
	struct index v[TASKS];
	size_t n;
};

static const struct kind *kind_of(uint32_t h)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (h == gh_le32((const uint8_t *)kinds[i].id))
			return &kinds[i];
	return NULL;
}

/* Kinds that are known by their letters only. */
static bool other_kind(const uint8_t *p)
{
	static const char others[][5] = { "IxRQ", "IxRq", "IxLS", "IxPR", "IxPL", "ImRQ", "ILfs", "IRfs", "IPRf",
					  "IPLf", "IVLf", "IVRf", "NPLf", "NPRf", "IvFl", "IvFL", "IwFd", "IxLa",
					  "IvSQ", "IwLS", "IwRQ", "IwPL", "IwPR", "IwSh", "IvPQ", "IvQR", "IwIQ",
					  "INSf", "INSp", "INSs", "INNf", "IBHh", "IBHm", "IxHE" };
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		if (memcmp(p, others[i], 4) == 0)
			return true;
	return false;
}

/* The letters, then a header that is one: dimensions, a count, a flag. */
static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 37)
		return GH_NO;
	const struct kind *k = kind_of(gh_le32(p->head.p));
	if ((k == NULL || k->steps[0] == '\0') && !other_kind(p->head.p))
		return GH_NO;
	bool binary = p->head.p[1] == 'B';
	uint32_t d = gh_le32(p->head.p + 4);
	uint64_t n = gh_le64(p->head.p + (binary ? 12 : 8));
	uint8_t trained = p->head.p[binary ? 20 : 32];
	return d != 0 && d <= DIM_MAX && n <= INT64_MAX && trained <= 1 ? GH_STRONG : GH_WEAK;
}

static enum gh_rc header(struct faiss *f, struct index *x, bool binary)
{
	struct gh_seq *s = &f->s;
	x->d = gh_cur_u32le(&s->c);
	if (binary)
		x->code_size = gh_cur_u32le(&s->c);
	x->ntotal = gh_cur_u64le(&s->c);
	gh_cur_skip(&s->c, binary ? 0 : 16);
	uint8_t trained = gh_cur_u8(&s->c);
	uint32_t metric = gh_cur_u32le(&s->c);
	if (s->c.bad)
		return gh_seq_fail(s, GH_SEQ_CUT, "an index is cut off");
	x->trained = trained != 0;
	if (x->d == 0 || x->d > DIM_MAX || x->ntotal > INT64_MAX || trained > 1 || metric > METRICS ||
	    (binary && x->code_size != x->d / 8))
		return gh_seq_fail(s, GH_SEQ_VALUE, "a header that no index has");
	gh_cur_skip(&s->c, !binary && metric > 1 ? 4 : 0);
	return GH_OK;
}

/* A count, and an array of so many elements. */
static enum gh_rc row(struct faiss *f, const char *name, const char *type, uint64_t *n)
{
	*n = gh_cur_u64le(&f->s.c);
	if (f->s.c.bad)
		return gh_seq_fail(&f->s, GH_SEQ_CUT, "an array is cut off");
	return gh_seq_row(&f->s, name, type, *n);
}

/* An array of numbers that are used as indexes: each at least `low` and below `high`, as 32 or 64 bits. */
static enum gh_rc indexes(struct faiss *f, unsigned width, int64_t low, uint64_t high, const char *what, uint64_t *n)
{
	struct gh_seq *s = &f->s;
	*n = gh_cur_u64le(&s->c);
	if (!gh_seq_fits(s, *n, width))
		return gh_seq_fail(s, GH_SEQ_COUNT, what);
	for (uint64_t done = 0; done < *n;) {
		uint64_t most = *n - done < CHUNK / width ? *n - done : CHUNK / width;
		const uint8_t *p = gh_cur_take(&s->c, (size_t)most * width);
		if (p == NULL)
			return gh_seq_fail(s, GH_SEQ_CUT, what);
		for (uint64_t i = 0; i < most; i++) {
			int64_t v = width == 4 ? (int32_t)gh_le32(p + 4 * i) : (int64_t)gh_le64(p + 8 * i);
			if (v < low || (v >= 0 && (uint64_t)v >= high))
				return gh_seq_fail(s, GH_SEQ_VALUE, what);
		}
		done += most;
	}
	return GH_OK;
}

static enum gh_rc product(struct faiss *f, uint64_t *code_size)
{
	uint64_t d = gh_cur_u64le(&f->s.c), m = gh_cur_u64le(&f->s.c), nbits = gh_cur_u64le(&f->s.c), n = 0;
	if (f->s.c.bad || d == 0 || d > DIM_MAX || m == 0 || m > d || d % m != 0 || nbits == 0 || nbits > NBITS_MAX)
		return gh_seq_fail(&f->s, GH_SEQ_VALUE, "a product quantiser that cannot be one");
	*code_size = (m * nbits + 7) / 8;
	GH_TRY(row(f, "centroids", "F32", &n), f->s.w->err, "centroids");
	return n == d << nbits ? GH_OK : gh_seq_fail(&f->s, GH_SEQ_VALUE, "centroids that do not fit their quantiser");
}

static enum gh_rc scalar(struct faiss *f)
{
	uint64_t n = 0;
	uint32_t type = gh_cur_u32le(&f->s.c);
	gh_cur_skip(&f->s.c, 8);
	uint64_t d = gh_cur_u64le(&f->s.c), size = gh_cur_u64le(&f->s.c);
	if (f->s.c.bad || type > 16 || d == 0 || d > DIM_MAX || size == 0 || size > 4 * d)
		return gh_seq_fail(&f->s, GH_SEQ_VALUE, "a scalar quantiser that cannot be one");
	return row(f, "trained", "F32", &n);
}

static enum gh_rc transform(struct faiss *f)
{
	uint32_t h = gh_cur_u32le(&f->s.c);
	uint64_t n = 0;
	if (h == FOURCC('P', 'c', 'A', 'm') || h == FOURCC('P', 'c', 'a', 'm') || h == FOURCC('P', 'C', 'A', 'm')) {
		gh_cur_skip(&f->s.c, h == FOURCC('P', 'c', 'a', 'm') ? 9 : 5);
		gh_cur_skip(&f->s.c, h != FOURCC('P', 'C', 'A', 'm') ? 4 : 0);
		GH_TRY(row(f, "mean", "F32", &n), f->s.w->err, "mean");
		GH_TRY(row(f, "eigenvalues", "F32", &n), f->s.w->err, "eigenvalues");
		GH_TRY(row(f, "PCA", "F32", &n), f->s.w->err, "matrix");
	} else if (h == FOURCC('V', 'i', 'q', 'm'))
		gh_cur_skip(&f->s.c, 8);
	bool linear = true;
	if (h == FOURCC('R', 'm', 'D', 'T')) {
		GH_TRY(indexes(f, 4, -1, DIM_MAX, "a map of dimensions", &n), f->s.w->err, "map");
		linear = false;
	} else if (h == FOURCC('V', 'N', 'r', 'm')) {
		gh_cur_skip(&f->s.c, 4);
		linear = false;
	} else if (h == FOURCC('V', 'C', 'n', 't')) {
		GH_TRY(row(f, "mean", "F32", &n), f->s.w->err, "mean");
		linear = false;
	} else if (h != FOURCC('r', 'r', 'o', 't') && h != FOURCC('L', 'T', 'r', 'a') &&
		   h != FOURCC('P', 'C', 'A', 'm') && h != FOURCC('P', 'c', 'A', 'm') &&
		   h != FOURCC('P', 'c', 'a', 'm') && h != FOURCC('V', 'i', 'q', 'm'))
		return gh_seq_fail(&f->s, GH_SEQ_TYPE, "a transform that is not known");
	uint64_t a = 0, b = 0;
	bool bias = false;
	if (linear) {
		bias = gh_cur_u8(&f->s.c) != 0;
		GH_TRY(row(f, "A", "F32", &a), f->s.w->err, "matrix");
		GH_TRY(row(f, "b", "F32", &b), f->s.w->err, "bias");
	}
	uint32_t in = gh_cur_u32le(&f->s.c), out = gh_cur_u32le(&f->s.c);
	gh_cur_skip(&f->s.c, 1);
	if (f->s.c.bad || in == 0 || in > DIM_MAX || out == 0 || out > DIM_MAX ||
	    (linear && (a < (uint64_t)in * out || (bias && b < out))))
		return gh_seq_fail(&f->s, GH_SEQ_VALUE, "a transform whose matrix is too small");
	return GH_OK;
}

static enum gh_rc transforms(struct faiss *f)
{
	uint32_t n = gh_cur_u32le(&f->s.c);
	if (f->s.c.bad || n > TRANSFORMS)
		return gh_seq_fail(&f->s, GH_SEQ_COUNT, "more transforms than an index can have");
	for (uint32_t i = 0; i < n; i++)
		GH_TRY(transform(f), f->s.w->err, "transform %u", i);
	return GH_OK;
}

static enum gh_rc graph(struct faiss *f)
{
	uint64_t n = 0, nodes = 0, offsets = 0, edges = 0;
	GH_TRY(row(f, "probabilities", "F64", &n), f->s.w->err, "graph");
	GH_TRY(indexes(f, 4, 0, INT32_MAX, "numbers of neighbours", &n), f->s.w->err, "graph");
	GH_TRY(indexes(f, 4, 1, n + 1, "a level that does not exist", &nodes), f->s.w->err, "levels");
	/* Offsets lead into the neighbours, which come behind them: each is checked against what the file has left. */
	GH_TRY(indexes(f, 8, 0, gh_cur_left(&f->s.c) / 4 + 1, "an offset of neighbours beyond the file", &offsets),
	       f->s.w->err, "offsets");
	GH_TRY(indexes(f, 4, -1, nodes, "a neighbour that does not exist", &edges), f->s.w->err, "neighbours");
	if (offsets != nodes + 1 && !(offsets == 0 && nodes == 0))
		return gh_seq_fail(&f->s, GH_SEQ_VALUE, "levels and offsets of a graph disagree");
	int32_t entry = (int32_t)gh_cur_u32le(&f->s.c);
	gh_cur_skip(&f->s.c, 16);
	if (f->s.c.bad || entry < -1 || (entry >= 0 && (uint64_t)entry >= nodes))
		return gh_seq_fail(&f->s, GH_SEQ_VALUE, "a graph that starts at a node that does not exist");
	return GH_OK;
}

static enum gh_rc direct_map(struct faiss *f)
{
	uint64_t n = 0;
	uint8_t type = gh_cur_u8(&f->s.c);
	if (f->s.c.bad || type > 2)
		return gh_seq_fail(&f->s, GH_SEQ_VALUE, "a direct map of a kind that does not exist");
	GH_TRY(row(f, "direct map", "I64", &n), f->s.w->err, "direct map");
	if (type != 2)
		return GH_OK;
	n = gh_cur_u64le(&f->s.c);
	return n > INT64_MAX ? gh_seq_fail(&f->s, GH_SEQ_COUNT, "a direct map longer than the file")
			     : gh_seq_row(&f->s, "direct map", "I64", 2 * n);
}

/* The sizes of lists: their sum. "full": one for each; "sprs": pairs of a number and a size. */
static enum gh_rc list_sizes(struct faiss *f, uint64_t nlist, uint64_t *sum)
{
	struct gh_seq *s = &f->s;
	uint32_t type = gh_cur_u32le(&s->c);
	uint64_t n = gh_cur_u64le(&s->c), left = gh_cur_left(&s->c);
	bool full = type == FOURCC('f', 'u', 'l', 'l');
	if (!full && type != FOURCC('s', 'p', 'r', 's'))
		return gh_seq_fail(s, GH_SEQ_TYPE, "sizes of lists of a kind that is not known");
	if (!gh_seq_fits(s, n, 8) || (full ? n != nlist : n % 2 != 0))
		return gh_seq_fail(s, GH_SEQ_COUNT, "sizes of lists that do not fit the file");
	for (uint64_t i = 0; i < n; i++) {
		uint64_t v = gh_cur_u64le(&s->c);
		bool number = !full && i % 2 == 0;
		if (s->c.bad || (number ? v >= nlist : v > left - *sum))
			return gh_seq_fail(s, GH_SEQ_VALUE, "a list that does not exist, or is longer than the file");
		*sum += number ? 0 : v;
	}
	return GH_OK;
}

/* Lists that lie in a file of their own. */
static enum gh_rc on_disk(struct faiss *f)
{
	struct gh_seq *s = &f->s;
	gh_cur_skip(&s->c, 16);
	for (unsigned each = 24; each >= 16; each -= 8) {
		uint64_t n = gh_cur_u64le(&s->c);
		if (!gh_seq_fits(s, n, each))
			return gh_seq_fail(s, GH_SEQ_COUNT, "more lists than the file holds");
		gh_cur_skip(&s->c, n * each);
	}
	uint64_t len = gh_cur_u64le(&s->c), off = gh_cur_off(&s->c);
	struct gh_seq_name name;
	GH_TRY(gh_seq_take_name(s, s->c.bad ? UINT64_MAX : len, false, &name), s->w->err, "file of the lists");
	struct gh_reference ref = {
		.kind = GH_REF_PATH, .system = "file", .target = gh_seq_name(&name), .from = GH_SPAN("inverted lists")
	};
	enum gh_rc rc = gh_emit(s->w, GH_EV_REFERENCE, off, len, &ref);
	gh_cur_skip(&s->c, 8);
	return rc;
}

static enum gh_rc lists(struct faiss *f)
{
	struct gh_seq *s = &f->s;
	uint32_t h = gh_cur_u32le(&s->c);
	if (h == FOURCC('i', 'l', '0', '0'))
		return GH_OK;
	if (h == FOURCC('i', 'l', 'o', 'd'))
		return on_disk(f);
	if (h != FOURCC('i', 'l', 'a', 'r'))
		return gh_seq_fail(s, GH_SEQ_TYPE, "inverted lists of a kind that is not known");
	uint64_t nlist = gh_cur_u64le(&s->c), size = gh_cur_u64le(&s->c), sum = 0;
	if (s->c.bad || size > INT32_MAX)
		return gh_seq_fail(s, GH_SEQ_VALUE, "codes of an impossible size");
	GH_TRY(list_sizes(f, nlist, &sum), s->w->err, "lists");
	if (!gh_seq_fits(s, sum, size + 8))
		return gh_seq_fail(s, GH_SEQ_COUNT, "lists longer than the file");
	return gh_seq_row(s, "inverted lists", "U8", sum * (size + 8));
}

static enum gh_rc push(struct faiss *f)
{
	struct gh_seq *s = &f->s;
	const uint8_t *p = gh_cur_take(&s->c, 4);
	const struct kind *k = p == NULL ? NULL : kind_of(gh_le32(p));
	if (!gh_seq_step(s) || k == NULL)
		return gh_seq_fail(s, GH_SEQ_TYPE, "an index of a kind that is not read");
	if (f->n == TASKS)
		return gh_fail(s->w->err, GH_E_LIMIT, "indexes nested too deeply");
	f->v[f->n++] = (struct index){ .step = k->steps };
	return GH_OK;
}

static enum gh_rc step(struct faiss *f, struct index *x)
{
	struct gh_seq *s = &f->s;
	uint64_t n = 0;
	char c = *x->step++;
	if (c >= '1' && c <= '9') {
		gh_cur_skip(&s->c, (uint64_t)(c - '0'));
		return s->c.bad ? gh_seq_fail(s, GH_SEQ_CUT, "an index is cut off") : GH_OK;
	}
	switch (c) {
	case 'h': return header(f, x, false);
	case 'b': return header(f, x, true);
	case 'f':
		GH_TRY(row(f, "vectors", "F32", &n), s->w->err, "vectors");
		return n / x->d == x->ntotal && n % x->d == 0
			       ? GH_OK
			       : gh_seq_fail(s, GH_SEQ_VALUE, "vectors and their number disagree");
	case 'i':
		x->nlist = gh_cur_u64le(&s->c);
		gh_cur_skip(&s->c, 8);
		return s->c.bad ? gh_seq_fail(s, GH_SEQ_CUT, "an index is cut off") : GH_OK;
	case 'x': return push(f);
	case 'd': return direct_map(f);
	case 'l': return lists(f);
	case 'p': return product(f, &n);
	case 's': return scalar(f);
	case 'c':
		GH_TRY(row(f, "codes", "U8", &n), s->w->err, "codes");
		if (x->code_size != 0 && (n % x->code_size != 0 || n / x->code_size != x->ntotal))
			return gh_seq_fail(s, GH_SEQ_VALUE, "codes and their number disagree");
		return x->ntotal == 0 || n % x->ntotal == 0
			       ? GH_OK
			       : gh_seq_fail(s, GH_SEQ_VALUE, "codes and their number disagree");
	case 'k': return row(f, "codes", "U8", &n);
	case 'n': return row(f, "thresholds", "F32", &n);
	case 'm': return row(f, "ids", "I64", &n);
	case 'g': return graph(f);
	case 't': return transforms(f);
	case 'v': return transform(f);
	default: break;
	}
	if (!x->trained) /* 'r' */
		return GH_OK;
	GH_TRY(product(f, &n), s->w->err, "refinement");
	GH_TRY(row(f, "refined codes", "U8", &n), s->w->err, "refinement");
	gh_cur_skip(&s->c, 4);
	return s->c.bad ? gh_seq_fail(s, GH_SEQ_CUT, "an index is cut off") : GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct faiss *f = GH_NEW(w->arena, struct faiss, 1);
	if (f == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(&f->s, w);
	enum gh_rc rc = push(f);
	while (rc == GH_OK && f->n > 0) {
		struct index *x = &f->v[f->n - 1];
		if (*x->step == '\0')
			f->n--;
		else
			rc = step(f, x);
	}
	if (rc != GH_OK && w->weak && f->s.c.src->fail == GH_OK && gh_cur_off(&f->s.c) < 64)
		return GH_E_NOTTHIS;
	return gh_seq_end(&f->s, rc);
}

const struct gh_fmt gh_fmt_faiss = {
	.name = "faiss",
	.about = "Index of faiss for the search of vectors",
	.exts = "faiss index ivf",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
