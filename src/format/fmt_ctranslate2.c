/* fmt_ctranslate2.c - models of CTranslate2 and OpenNMT (model.bin): a version, the name of a specification and its revision,
 * then variables: name, shape, type, bytes; from version 3 on, aliases of variables.
 *
 * Texts have a length of 16 bits that counts a NUL at their end. Until version 3 a variable gives the size of an element and
 * their number, since version 4 a type and the number of bytes. Source: CTranslate2's python/ctranslate2/specs/model_spec.py
 * and src/models/model.cc. */
#include "format/formats.h"
#include "format/seq.h"

enum { OLDEST = 2, NEWEST = 6, DIMS = 16, NAME_LEAST = 3 };

static const char *const types[] = { "F32", "I8", "I16", "I32", "F16", "BF16" };

/* A length, a text that ends with a NUL, all of it letters, digits and what names of classes and variables have. 0: none. */
static size_t text_at(struct gh_span s)
{
	size_t n = s.n < 2 ? 0 : gh_le16(s.p);
	if (n < NAME_LEAST || n > 128 || n > s.n - 2 || s.p[1 + n] != 0)
		return 0;
	for (size_t i = 0; i + 1 < n; i++) {
		uint8_t c = s.p[2 + i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    memchr("_/.-", c, 4) == NULL)
			return 0;
	}
	return 2 + n;
}

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 16)
		return GH_NO;
	uint32_t version = gh_le32(p->head.p);
	size_t n = version < OLDEST || version > 64 ? 0 : text_at(gh_span_cut(p->head, 4, p->head.n));
	if (n == 0 || p->head.n < 4 + n + 10)
		return GH_NO;
	struct gh_span first = gh_span_cut(p->head, 4 + n + 8, p->head.n);
	return gh_le32(p->head.p + 4 + n) < 256 && text_at(first) != 0 ? GH_STRONG : GH_NO;
}

/* A text with its length, without the NUL that must end it. */
static enum gh_rc name(struct gh_seq *s, bool once, struct gh_seq_name *out)
{
	uint16_t len = gh_cur_u16le(&s->c);
	if (s->c.bad || len == 0)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a name without a length");
	GH_TRY(gh_seq_take_name(s, len - 1u, once, out), s->w->err, "name");
	if (gh_cur_u8(&s->c) != 0 || s->c.bad)
		return gh_seq_fail(s, GH_SEQ_VALUE, "a name without its end");
	return GH_OK;
}

static const struct gh_dtype *type_of_size(uint8_t size)
{
	return gh_dtype_safetensors(size == 4 ? GH_SPAN("F32") : size == 2 ? GH_SPAN("I16") : GH_SPAN("I8"));
}

static enum gh_rc variable(struct gh_seq *s, uint32_t version)
{
	struct gh_seq_name key;
	uint64_t dim[DIMS], elements = 0, bytes = 0;
	GH_TRY(name(s, true, &key), s->w->err, "variable");
	uint8_t ndim = gh_cur_u8(&s->c);
	if (ndim > DIMS)
		return gh_seq_fail(s, GH_SEQ_VALUE, "more dimensions than an array can have");
	for (unsigned i = 0; i < ndim; i++)
		dim[i] = gh_cur_u32le(&s->c);
	uint8_t type = gh_cur_u8(&s->c);
	uint64_t size = gh_cur_u32le(&s->c);
	if (s->c.bad)
		return gh_seq_fail(s, GH_SEQ_CUT, "a variable is cut off");
	bool known = version >= 4 ? type < sizeof types / sizeof types[0] : type == 1 || type == 2 || type == 4;
	if (!known)
		return gh_seq_fail(s, GH_SEQ_TYPE, "a type of element that is not known");
	const struct gh_dtype *t = version >= 4 ? gh_dtype_safetensors(gh_span_str(types[type])) : type_of_size(type);
	if (version < 4)
		size *= type;
	if (!gh_dtype_size(t, ndim, dim, 0, &elements, &bytes) || bytes != size)
		return gh_seq_fail(s, GH_SEQ_VALUE, "shape and size of a variable disagree");
	return gh_seq_tensor(s, gh_seq_name(&key), t, ndim, dim);
}

static enum gh_rc read_all(struct gh_seq *s)
{
	struct gh_seq_name key, other;
	uint32_t version = gh_cur_u32le(&s->c);
	if (version < OLDEST || version > NEWEST)
		return gh_seq_fail(s, GH_SEQ_VERSION, "a version that is not known");
	GH_TRY(name(s, false, &key), s->w->err, "specification");
	gh_cur_skip(&s->c, 4); /* its revision */
	uint32_t n = gh_cur_u32le(&s->c);
	if (!gh_seq_fits(s, n, 8))
		return gh_seq_fail(s, GH_SEQ_COUNT, "more variables than the file holds");
	for (uint32_t i = 0; i < n; i++)
		GH_TRY(variable(s, version), s->w->err, "variable %u", i);
	if (version < 3)
		return GH_OK;
	n = gh_cur_u32le(&s->c);
	if (!gh_seq_fits(s, n, 6))
		return gh_seq_fail(s, GH_SEQ_COUNT, "more aliases than the file holds");
	for (uint32_t i = 0; i < n; i++) {
		GH_TRY(name(s, true, &key), s->w->err, "alias %u", i);
		GH_TRY(name(s, false, &other), s->w->err, "alias %u", i);
	}
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_seq *s = GH_NEW(w->arena, struct gh_seq, 1);
	if (s == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(s, w);
	return gh_seq_end(s, read_all(s));
}

const struct gh_fmt gh_fmt_ctranslate2 = {
	.name = "ctranslate2",
	.about = "Model of CTranslate2 and OpenNMT (model.bin)",
	.exts = "bin",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
