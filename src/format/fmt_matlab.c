/* fmt_matlab.c - MATLAB files of level 5 (.mat, versions 5 to 7): a header of 128 bytes, then elements, each a variable; most
 * are compressed, each by itself. A variable is flags, dimensions, a name and what its class has: numbers, letters, other
 * variables. Level 7.3 is HDF5. Nesting is a stack.
 *
 * Objects of Java are streams of Java's own serialization, which MATLAB reads back: with the classes on its path that runs
 * code. Objects of MATLAB's classes run their loadobj() function.
 * Source: "MAT-File Format" (MathWorks, R2023a), SciPy's io/matlab/_mio5.py. */
#include "format/expand_member.h"
#include "format/formats.h"
#include "format/seq.h"

enum { HEADER = 128, TEXT = 116, SUBSYSTEM = 116, VERSION = 124, DIMS = 32, NEST = 64, FIELD_NAME_MAX = 64 };
enum { MI_INT8 = 1, MI_INT32 = 5, MI_UINT32 = 6, MI_DOUBLE = 9, MI_MATRIX = 14, MI_COMPRESSED = 15 };
enum {
	MX_CELL = 1,
	MX_STRUCT,
	MX_OBJECT,
	MX_CHAR,
	MX_SPARSE,
	MX_DOUBLE,
	MX_FUNCTION = 16,
	MX_OPAQUE = 17,
};

enum { A_JAVA, A_OBJECT, A_FUNCTION, FIELDS_MAX = 256 };
static const struct gh_rule rules[] = {
	[A_JAVA] = { "GH-MAT-0001", GH_CRITICAL, GH_UNSAFE, "A serialized Java object in a MATLAB file",
		     "MATLAB deserializes it when the variable is loaded: with suitable classes on its path that runs "
		     "the "
		     "author's code.",
		     "Do not load it; have the data saved as plain arrays.", "CWE-502 AML.T0011" },
	[A_OBJECT] = { "GH-MAT-0002", GH_MEDIUM, GH_REVIEW, "An object of a MATLAB class",
		       "Loading runs loadobj() and set methods of the class, on the author's data.",
		       "Find out which class it is and read its code; prefer plain arrays.", "CWE-502 CWE-470" },
	[A_FUNCTION] = { "GH-MAT-0003", GH_MEDIUM, GH_REVIEW, "A function in a MATLAB file",
			 "A program that calls the variable runs the author's code.",
			 "Read the function before the variable is used.", "CWE-94" },
	GH_RULES_END
};

/* What an element of a type is made of; NULL: no numbers. */
static const char *const types[] = { NULL, "I8", "U8",	"I16", "U16", "I32", "U32", "F32", NULL, "F64",
				     NULL, NULL, "I64", "U64", NULL,  NULL,  "U8",  "U16", "U32" };

struct tag {
	uint32_t type, len;
	uint64_t off, end; /* of the data; where the next element starts */
};
struct level {
	uint64_t left, end;
};
struct mat {
	struct gh_seq s;
	bool big;
	size_t depth;
	struct level v[NEST];
	bool told[3];
	struct gh_recs fields; /* names of those of the structure in hand */
};

static uint32_t u32(struct mat *m)
{
	const uint8_t *p = gh_cur_take(&m->s.c, 4);
	return p == NULL ? 0 : m->big ? gh_be32(p) : gh_le32(p);
}

static void tell(struct mat *m, unsigned rule, uint64_t off, uint64_t len, struct gh_span text)
{
	if (!m->told[rule])
		gh_anomaly(m->s.w, &rules[rule], off, len, "\"%s\"", gh_safe(text).s);
	m->told[rule] = true;
}

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < HEADER + 8)
		return GH_NO;
	bool little = memcmp(p->head.p + VERSION, "\0\1IM", 4) == 0,
	     big = memcmp(p->head.p + VERSION, "\1\0MI", 4) == 0;
	return little || big ? GH_STRONG : GH_NO;
}

/* ---- elements ---------------------------------------------------------------------------------------------------------- */

/* The tag at the cursor, which then stands at its data. Up to four bytes may lie in the tag itself. */
static enum gh_rc read_tag(struct mat *m, uint64_t limit, struct tag *t)
{
	struct gh_seq *s = &m->s;
	uint64_t start = gh_cur_off(&s->c);
	uint32_t first = u32(m);
	bool small = first >> 16 != 0;
	*t = (struct tag){ .type = small ? first & 0xffff : first, .len = small ? first >> 16 : 0 };
	if (!small)
		t->len = u32(m);
	t->off = gh_cur_off(&s->c);
	uint64_t pad = t->type == MI_COMPRESSED || t->type == MI_MATRIX ? 0 : (8 - t->len % 8) % 8;
	t->end = small ? start + 8 : t->off + t->len + pad;
	if (s->c.bad || (small && t->len > 4) || t->off > limit || t->len > limit - t->off)
		return gh_seq_fail(s, s->c.bad ? GH_SEQ_CUT : GH_SEQ_COUNT, "an element longer than what holds it");
	if (t->end > limit) /* some writers leave the last padding out */
		t->end = limit;
	return GH_OK;
}

/* Behind the data of an element: what fills it up must be zero. */
static void leave(struct mat *m, const struct tag *t)
{
	uint64_t from = t->off + t->len;
	gh_cur_seek(&m->s.c, from);
	if (t->end > from) {
		gh_held_claim(&m->s.held, from);
		gh_claim(m->s.w, from, t->end - from, GH_CLAIM_PAD);
		m->s.held.claimed = t->end;
	}
	gh_cur_seek(&m->s.c, t->end);
}

static enum gh_rc numbers(struct mat *m, uint64_t limit, const char *what, const struct gh_seq_name *name)
{
	struct gh_seq *s = &m->s;
	struct tag t;
	GH_TRY(read_tag(m, limit, &t), s->w->err, "%s", what);
	const char *type = t.type < sizeof types / sizeof types[0] ? types[t.type] : NULL;
	if (type == NULL)
		return gh_seq_fail(s, GH_SEQ_TYPE, "data of a type that is not known");
	const struct gh_dtype *d = gh_dtype_safetensors(gh_span_str(type));
	/* MATLAB writes truth values of sparse arrays as bytes and calls them doubles. */
	if (t.type == MI_DOUBLE && t.len % 8 != 0)
		d = gh_dtype_safetensors(GH_SPAN("U8"));
	uint64_t n = t.len / d->bytes;
	if (t.len % d->bytes != 0)
		return gh_seq_fail(s, GH_SEQ_VALUE, "data that are not whole numbers");
	struct gh_tensor ev = { .name = name->n != 0 ? gh_seq_name(name) : gh_span_str(what),
				.dtype = d->name,
				.bits = d->bits,
				.ndim = 1,
				.dim = &n,
				.src = s->w->src,
				.big_endian = m->big };
	GH_TRY(gh_held_tensor(&s->held, &ev, t.off, t.len), s->w->err, "%s", what);
	leave(m, &t);
	return GH_OK;
}

/* Letters: of one byte as they are, of two bytes as numbers. */
static enum gh_rc letters(struct mat *m, uint64_t limit, const struct gh_seq_name *name)
{
	struct gh_seq *s = &m->s;
	uint64_t at = gh_cur_off(&s->c);
	struct tag t;
	GH_TRY(read_tag(m, limit, &t), s->w->err, "letters");
	if (t.type == MI_INT8 || t.type == 2 || t.type == 16) {
		GH_TRY(gh_held_text(&s->held, gh_seq_name(name), t.off, t.len), s->w->err, "letters");
		leave(m, &t);
		return GH_OK;
	}
	gh_cur_seek(&s->c, at);
	return numbers(m, limit, "letters", name);
}

static enum gh_rc text_element(struct mat *m, uint64_t limit, struct gh_seq_name *out)
{
	struct tag t;
	GH_TRY(read_tag(m, limit, &t), m->s.w->err, "name");
	if (t.type != MI_INT8 && t.type != 16)
		return gh_seq_fail(&m->s, GH_SEQ_TYPE, "a name that is no text");
	out->n = 0;
	if (t.len != 0)
		GH_TRY(gh_seq_take_name(&m->s, t.len, false, out), m->s.w->err, "name");
	leave(m, &t);
	return GH_OK;
}

/* ---- variables --------------------------------------------------------------------------------------------------------- */

static enum gh_rc dimensions(struct mat *m, uint64_t limit, uint64_t *elements)
{
	struct tag t;
	GH_TRY(read_tag(m, limit, &t), m->s.w->err, "dimensions");
	/* Some writers call them unsigned. */
	if ((t.type != MI_INT32 && t.type != MI_UINT32) || t.len % 4 != 0 || t.len < 8 || t.len / 4 > DIMS)
		return gh_seq_fail(&m->s, GH_SEQ_VALUE, "dimensions that no array has");
	*elements = 1;
	for (uint32_t i = 0; i < t.len / 4; i++) {
		uint32_t n = u32(m);
		if (n > INT32_MAX || __builtin_mul_overflow(*elements, n, elements))
			return gh_seq_fail(&m->s, GH_SEQ_VALUE, "dimensions that overflow");
	}
	leave(m, &t);
	return GH_OK;
}

/* The content of this variable is n others. */
static enum gh_rc children(struct mat *m, uint64_t n, uint64_t end)
{
	if (n > (end - gh_cur_off(&m->s.c)) / 8)
		return gh_seq_fail(&m->s, GH_SEQ_COUNT, "more variables than their container holds");
	if (m->depth == NEST)
		return gh_fail(m->s.w->err, GH_E_LIMIT, "variables nested too deeply");
	m->v[m->depth++] = (struct level){ n, end };
	return GH_OK;
}

/* Of two fields of one name, readers see the first or the last. */
static void field_names(struct mat *m, const struct tag *t, uint32_t each)
{
	struct gh_recs *names = &m->fields; /* one table for all: its room is used again */
	gh_recs_cut(names, 0);
	for (uint64_t at = 0; at + each <= t->len && names->n < FIELDS_MAX; at += each) {
		struct gh_span s = gh_src_window(m->s.w->src, t->off + at, each);
		const uint8_t *zero = s.n == 0 ? NULL : memchr(s.p, 0, s.n);
		s.n = zero == NULL ? s.n : (size_t)(zero - s.p);
		if (!gh_recs_add(names, (struct gh_rec){ gh_hash_end(gh_hash(GH_HASH_START, s)), t->off + at, 0 }))
			return;
	}
	gh_recs_sort(names, 0);
	for (size_t i = 1; i < names->n; i++)
		if (gh_recs_at(names, i)->a == gh_recs_at(names, i - 1)->a)
			gh_seq_say(&m->s, GH_SEQ_ODD, gh_recs_at(names, i)->b, "two fields of one name");
}

static enum gh_rc fields(struct mat *m, uint64_t end, bool object, uint64_t elements, uint64_t *n)
{
	struct gh_seq_name name;
	struct tag t;
	if (object) {
		uint64_t off = gh_cur_off(&m->s.c);
		GH_TRY(text_element(m, end, &name), m->s.w->err, "class");
		tell(m, A_OBJECT, off, name.n, gh_seq_name(&name));
	}
	GH_TRY(read_tag(m, end, &t), m->s.w->err, "fields");
	uint32_t each = t.len == 4 ? u32(m) : 0;
	if (t.type != MI_INT32 || each == 0 || each > FIELD_NAME_MAX)
		return gh_seq_fail(&m->s, GH_SEQ_VALUE, "names of fields of an impossible length");
	leave(m, &t);
	GH_TRY(read_tag(m, end, &t), m->s.w->err, "names of fields");
	if (t.type != MI_INT8 || t.len % each != 0)
		return gh_seq_fail(&m->s, GH_SEQ_VALUE, "names of fields that do not add up");
	uint64_t count = t.len / each;
	field_names(m, &t, each);
	leave(m, &t);
	return __builtin_mul_overflow(elements, count, n) ? gh_seq_fail(&m->s, GH_SEQ_COUNT, "fields") : GH_OK;
}

/* Objects of later kinds: a name, the system it belongs to, a class, then a variable with its data. */
static enum gh_rc opaque(struct mat *m, uint64_t end)
{
	struct gh_seq_name name, system, class;
	uint64_t off = gh_cur_off(&m->s.c);
	GH_TRY(text_element(m, end, &name), m->s.w->err, "name");
	GH_TRY(text_element(m, end, &system), m->s.w->err, "system");
	GH_TRY(text_element(m, end, &class), m->s.w->err, "class");
	bool java = gh_span_is(gh_seq_name(&system), "java");
	tell(m, java ? A_JAVA : A_OBJECT, off, 0, gh_seq_name(&class));
	return children(m, 1, end);
}

static enum gh_rc content(struct mat *m, unsigned class, bool complex, uint64_t elements, uint64_t end,
			  const struct gh_seq_name *name)
{
	uint64_t n = 0;
	switch (class) {
	case MX_CELL: return children(m, elements, end);
	case MX_STRUCT:
	case MX_OBJECT:
		GH_TRY(fields(m, end, class == MX_OBJECT, elements, &n), m->s.w->err, "fields");
		return children(m, n, end);
	case MX_FUNCTION: tell(m, A_FUNCTION, gh_cur_off(&m->s.c), 0, gh_seq_name(name)); return children(m, 1, end);
	case MX_CHAR: return gh_cur_off(&m->s.c) == end ? GH_OK : letters(m, end, name);
	case MX_SPARSE:
		GH_TRY(numbers(m, end, "rows", name), m->s.w->err, "sparse");
		GH_TRY(numbers(m, end, "columns", name), m->s.w->err, "sparse");
		break;
	default: break;
	}
	if (class < MX_SPARSE || class > 15)
		return gh_seq_fail(&m->s, GH_SEQ_TYPE, "a class of variables that is not known");
	if (gh_cur_off(&m->s.c) < end)
		GH_TRY(numbers(m, end, "real part", name), m->s.w->err, "values");
	return complex && gh_cur_off(&m->s.c) < end ? numbers(m, end, "imaginary part", name) : GH_OK;
}

/* The variable at the cursor, within what ends at `limit`. */
static enum gh_rc variable(struct mat *m, uint64_t limit)
{
	struct gh_seq *s = &m->s;
	struct tag t, f;
	struct gh_seq_name name = { .n = 0 };
	uint64_t elements = 0;
	GH_TRY(read_tag(m, limit, &t), s->w->err, "variable");
	if (t.type != MI_MATRIX)
		return gh_seq_fail(s, GH_SEQ_TYPE, "an element that is no variable");
	uint64_t end = t.off + t.len;
	if (t.len == 0)
		return GH_OK;
	GH_TRY(read_tag(m, end, &f), s->w->err, "flags");
	uint32_t flags = u32(m);
	if (f.type != MI_UINT32 || f.len != 8)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a variable without flags");
	gh_cur_skip(&s->c, 4);
	unsigned class = flags & 0xff;
	if (class == MX_OPAQUE)
		return opaque(m, end);
	GH_TRY(dimensions(m, end, &elements), s->w->err, "dimensions");
	GH_TRY(text_element(m, end, &name), s->w->err, "name");
	GH_TRY(content(m, class, (flags & 0x800) != 0, elements, end, &name), s->w->err, "\"%s\"",
	       gh_safe(gh_seq_name(&name)).s);
	return GH_OK;
}

/* One variable with everything inside it. */
static enum gh_rc variables(struct mat *m, uint64_t limit)
{
	struct gh_seq *s = &m->s;
	enum gh_rc rc = variable(m, limit);
	while (rc == GH_OK && m->depth > 0) {
		struct level *l = &m->v[m->depth - 1];
		uint64_t end = l->end;
		if (l->left == 0)
			m->depth--;
		else if (!gh_seq_step(s))
			rc = gh_seq_fail(s, GH_SEQ_COUNT, "variables");
		else {
			l->left--;
			rc = variable(m, end);
		}
	}
	return rc;
}

static enum gh_rc compressed(struct mat *m, const struct tag *t)
{
	struct gh_seq *s = &m->s;
	struct gh_expanded x;
	struct gh_member member = {
		.how = GH_MEMBER_FILE, .name = GH_SPAN("variable"), .role = "variable", .expect = "matlab-variable"
	};
	gh_held_claim(&s->held, t->off);
	GH_TRY(gh_member_expand(s->w, member, GH_CODEC_ZLIB, t->off, t->len, &x), s->w->err, "variable");
	gh_claim(s->w, t->off, x.packed, GH_CLAIM_STRUCT);
	s->held.claimed = t->off + x.packed;
	if (x.rc != GH_OK || !x.ended)
		return gh_seq_fail(s, GH_SEQ_CUT, "a compressed variable is broken");
	if (x.packed != t->len)
		return gh_seq_fail(s, GH_SEQ_VALUE, "bytes behind a compressed variable");
	return GH_OK;
}

static enum gh_rc read_all(struct mat *m)
{
	struct gh_seq *s = &m->s;
	uint64_t size = s->w->src->size;
	GH_TRY(gh_seq_text(s, GH_SPAN("header"), TEXT), s->w->err, "header");
	gh_cur_seek(&s->c, HEADER);
	while (gh_cur_left(&s->c) > 0) {
		uint64_t at = gh_cur_off(&s->c);
		struct tag t;
		GH_TRY(read_tag(m, size, &t), s->w->err, "element");
		if (t.type == MI_COMPRESSED) {
			GH_TRY(compressed(m, &t), s->w->err, "element at byte %llu", (unsigned long long)at);
			gh_cur_seek(&s->c, t.end);
			continue;
		}
		gh_cur_seek(&s->c, at);
		GH_TRY(variables(m, size), s->w->err, "element at byte %llu", (unsigned long long)at);
		if (gh_cur_off(&s->c) != t.end)
			return gh_seq_fail(s, GH_SEQ_VALUE, "a variable that does not end where it says");
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct mat *m = GH_NEW(w->arena, struct mat, 1);
	if (m == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(&m->s, w);
	m->fields = gh_recs(w->arena, FIELDS_MAX);
	struct gh_span h = gh_src_window(w->src, VERSION, 4);
	m->big = h.n == 4 && h.p[2] == 'M';
	return gh_seq_end(&m->s, read_all(m));
}

const struct gh_fmt gh_fmt_matlab = {
	.name = "matlab",
	.about = "MATLAB file of level 5: variables, compressed ones too",
	.exts = "mat",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};

/* ---- a variable that was compressed ----------------------------------------------------------------------------------------- */

static enum gh_match probe_variable(const struct gh_probe *p)
{
	if (p->head.n < 24)
		return GH_NO;
	for (unsigned big = 0; big < 2; big++) {
		uint32_t v[4];
		for (unsigned i = 0; i < 4; i++)
			v[i] = big ? gh_be32(p->head.p + 4 * i) : gh_le32(p->head.p + 4 * i);
		if (v[0] == MI_MATRIX && v[1] == p->size - 8 && v[2] == MI_UINT32 && v[3] == 8)
			return GH_STRONG;
	}
	return GH_NO;
}

static enum gh_rc walk_variable(struct gh_walk *w)
{
	struct mat *m = GH_NEW(w->arena, struct mat, 1);
	if (m == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(&m->s, w);
	m->fields = gh_recs(w->arena, FIELDS_MAX);
	struct gh_span h = gh_src_window(w->src, 0, 4);
	m->big = h.n == 4 && h.p[3] == MI_MATRIX;
	return gh_seq_end(&m->s, variables(m, w->src->size));
}

const struct gh_fmt gh_fmt_matlab_variable = {
	.name = "matlab-variable",
	.about = "One variable of a MATLAB file, as it was compressed there",
	.exts = "",
	.probe = probe_variable,
	.walk = walk_variable,
	.rules = rules,
};
