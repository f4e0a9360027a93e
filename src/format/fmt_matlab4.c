/* fmt_matlab4.c - MATLAB files of level 4 (.mat, before version 5): arrays one behind the other, no header of the file. Each has five
 * numbers (type, rows, columns, whether there is an imaginary part, length of the name), its name with a NUL, its values.
 *
 * The type is a decimal number MOPT: M the machine (0 little-endian, 1 big-endian), O zero, P the kind of number, T what it is
 * used for (0 numbers, 1 text, 2 sparse). Source: "MAT-File Format" (MathWorks), chapter on level 4; SciPy's io/matlab/_mio4.py. */
#include "format/formats.h"
#include "format/seq.h"

enum { HEAD = 20, NAME_LAST = 63, BIG = 1000, TEXT = 1 };

static const char *const types[] = { "F64", "F32", "I32", "I16", "U16", "U8" };

struct array {
	bool big, imaginary;
	unsigned kind, use;
	uint32_t rows, cols, name;
};

static uint32_t number(const uint8_t *p, bool big) { return big ? gh_be32(p) : gh_le32(p); }

/* The five numbers, in the byte order that they themselves give. */
static bool read_head(const uint8_t *p, struct array *a)
{
	for (unsigned big = 0; big < 2; big++) {
		uint32_t mopt = number(p, big != 0), imaginary = number(p + 12, big != 0);
		*a = (struct array){ .big = big != 0,
				     .imaginary = imaginary == 1,
				     .kind = mopt / 10 % 10,
				     .use = mopt % 10,
				     .rows = number(p + 4, big != 0),
				     .cols = number(p + 8, big != 0),
				     .name = number(p + 16, big != 0) };
		if (mopt / 100 == (big != 0 ? BIG / 100 : 0) && a->kind < sizeof types / sizeof types[0] &&
		    a->use <= 2 && imaginary <= 1 && a->name >= 2 && a->name <= NAME_LAST + 1 && a->rows <= INT32_MAX &&
		    a->cols <= INT32_MAX)
			return true;
	}
	return false;
}

/* A letter, then letters, digits and underscores, then the NUL. */
static bool is_name(struct gh_span s)
{
	for (size_t i = 0; i + 1 < s.n; i++) {
		bool letter = (s.p[i] | 0x20) >= 'a' && (s.p[i] | 0x20) <= 'z';
		if (!letter && (i == 0 || !((s.p[i] >= '0' && s.p[i] <= '9') || s.p[i] == '_')))
			return false;
	}
	return s.n >= 2 && s.p[s.n - 1] == 0;
}

static bool sized(const struct array *a, uint64_t *bytes)
{
	uint64_t n = (uint64_t)a->rows * a->cols * (a->imaginary ? 2 : 1); /* below 2^63 */
	return !__builtin_mul_overflow(n, gh_dtype_safetensors(gh_span_str(types[a->kind]))->bytes, bytes);
}

static enum gh_match probe(const struct gh_probe *p)
{
	struct array a;
	uint64_t bytes = 0;
	if (p->head.n < HEAD + 2 || !read_head(p->head.p, &a) || !is_name(gh_span_cut(p->head, HEAD, a.name)) ||
	    gh_span_cut(p->head, HEAD, a.name).n != a.name || !sized(&a, &bytes) || bytes > p->size - HEAD - a.name)
		return GH_NO;
	uint64_t next = HEAD + a.name + bytes;
	struct gh_span more = gh_span_cut(p->head, next, HEAD);
	/* The whole file, or an array behind this one that is one too. */
	return next == p->size || (more.n == HEAD && read_head(more.p, &a)) ? GH_STRONG : GH_WEAK;
}

static enum gh_rc one(struct gh_seq *s)
{
	struct array a;
	struct gh_seq_name name;
	uint64_t bytes = 0;
	const uint8_t *p = gh_cur_take(&s->c, HEAD);
	if (p == NULL || !read_head(p, &a))
		return gh_seq_fail(s, GH_SEQ_VALUE, "an array that cannot be one");
	GH_TRY(gh_seq_take_name(s, a.name - 1, true, &name), s->w->err, "name");
	if (gh_cur_u8(&s->c) != 0 || s->c.bad || !sized(&a, &bytes))
		return gh_seq_fail(s, GH_SEQ_VALUE, "a name without its end, or a size that overflows");
	if (!gh_seq_fits(s, bytes, 1))
		return gh_seq_fail(s, GH_SEQ_COUNT, "an array longer than the file");
	if (a.use == TEXT && a.kind == 5 && bytes != 0)
		return gh_seq_text(s, gh_seq_name(&name), bytes);
	const struct gh_dtype *t = gh_dtype_safetensors(gh_span_str(types[a.kind]));
	uint64_t off = gh_cur_off(&s->c), n = bytes / t->bytes;
	struct gh_tensor ev = { .name = gh_seq_name(&name),
				.dtype = t->name,
				.bits = t->bits,
				.ndim = 1,
				.dim = &n,
				.src = s->w->src,
				.big_endian = a.big };
	enum gh_rc rc = gh_held_tensor(&s->held, &ev, off, bytes);
	gh_cur_seek(&s->c, off + bytes);
	return rc;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_seq *s = GH_NEW(w->arena, struct gh_seq, 1);
	enum gh_rc rc = GH_OK;
	if (s == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(s, w);
	while (rc == GH_OK && gh_cur_left(&s->c) > 0)
		rc = gh_seq_step(s) ? one(s) : gh_seq_fail(s, GH_SEQ_COUNT, "arrays");
	if (rc == GH_E_MALFORMED && w->weak)
		return GH_E_NOTTHIS;
	return gh_seq_end(s, rc);
}

const struct gh_fmt gh_fmt_matlab4 = {
	.name = "matlab-4",
	.about = "MATLAB file of level 4: plain arrays",
	.exts = "mat",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
