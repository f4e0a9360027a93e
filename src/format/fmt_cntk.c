/* fmt_cntk.c - models of CNTK 2 (.model, .dnn): one protobuf message, a dictionary of dictionaries that describes the functions of
 * the graph and holds its parameters. A user's function names the Python module and the class that CNTK imports and makes
 * an object of when the model is loaded. Source: CNTK's Source/CNTKv2LibraryDll/proto/CNTK.proto and
 * bindings/python/cntk/internal/swig_helper.py. */
#include "format/formats.h"
#include "format/pb_schema.h"

enum { A_PYTHON = GH_PS_OWN, A_SIZE, RULES };
static const struct gh_rule rules[RULES + 1] = {
	GH_PS_RULES("GH-CNTK"),
	[A_PYTHON] = { "GH-CNTK-0001", GH_CRITICAL, GH_UNSAFE, "A function of the model is a Python class",
		       "Loading imports the module that the file names and makes an object of its class.",
		       "Do not load; have the model saved without user functions.", "CWE-502 CWE-470 AML.T0011" },
	[A_SIZE] = { "GH-CNTK-0002", GH_HIGH, GH_UNSAFE, "Data of a parameter do not match its shape",
		     "The loader copies as many numbers as the shape says: memory behind the data is read.",
		     "Do not load.", "CWE-125 CWE-131" },
	[RULES] = GH_RULES_END,
};

enum id { NONE, ENTRY, KEY, STRING, SHAPE, DIM, ARRAY, TYPE, FLOATS, DOUBLES, BYTES, INTS };
enum { DIMS = 16, KEY_MAX = 64 };

static const struct gh_ps_msg dictionary, value;

static const struct gh_ps_field f_shape[] = { { 1, GH_PS_INT, GH_PS_REPEATED, DIM, NULL }, { 0 } };
static const struct gh_ps_msg shape = { "NDShape", f_shape };
static const struct gh_ps_field f_axis[] = {
	{ 1, GH_PS_INT, 0, NONE, NULL }, { 2, GH_PS_NAME, 0, NONE, NULL }, { 3, GH_PS_INT, 0, NONE, NULL }, { 0 }
};
static const struct gh_ps_msg axis = { "Axis", f_axis };
static const struct gh_ps_field f_floats[] = { { 1, GH_PS_F32, GH_PS_REPEATED, FLOATS, NULL }, { 0 } };
static const struct gh_ps_msg floats = { "FloatValues", f_floats };
static const struct gh_ps_field f_doubles[] = { { 1, GH_PS_F64, GH_PS_REPEATED, DOUBLES, NULL }, { 0 } };
static const struct gh_ps_msg doubles = { "DoubleValues", f_doubles };
static const struct gh_ps_field f_bytes[] = { { 1, GH_PS_BYTES, 0, BYTES, NULL }, { 0 } };
static const struct gh_ps_msg bytes = { "BytesValue", f_bytes };
static const struct gh_ps_field f_ints[] = { { 1, GH_PS_INT, GH_PS_REPEATED, INTS, NULL }, { 0 } };
static const struct gh_ps_msg ints = { "IntValues", f_ints };
static const struct gh_ps_field f_array[] = {
	{ 1, GH_PS_INT, 0, TYPE, NULL },
	{ 2, GH_PS_INT, 0, NONE, NULL },
	{ 3, GH_PS_MSG, 0, SHAPE, &shape },
	{ 4, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &floats },
	{ 5, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &doubles },
	{ 6, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &bytes },
	{ 7, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &ints },
	{ 0 },
};
static const struct gh_ps_msg array = { "NDArrayView", f_array };
static const struct gh_ps_field f_vector[] = { { 1, GH_PS_MSG, GH_PS_REPEATED, NONE, &value }, { 0 } };
static const struct gh_ps_msg vector = { "Vector", f_vector };
static const struct gh_ps_field f_value[] = {
	{ 1, GH_PS_INT, 0, NONE, NULL },
	{ 2, GH_PS_INT, 0, NONE, NULL },
	{ 3, GH_PS_INT, GH_PS_ONEOF(1), NONE, NULL },
	{ 4, GH_PS_INT, GH_PS_ONEOF(1), NONE, NULL },
	{ 5, GH_PS_INT, GH_PS_ONEOF(1), NONE, NULL },
	{ 6, GH_PS_F32, GH_PS_ONEOF(1), NONE, NULL },
	{ 7, GH_PS_F64, GH_PS_ONEOF(1), NONE, NULL },
	{ 8, GH_PS_TEXT, GH_PS_ONEOF(1), STRING, NULL },
	{ 9, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &shape },
	{ 10, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &axis },
	{ 11, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &vector },
	{ 12, GH_PS_MSG, GH_PS_ONEOF(1), NONE, &dictionary },
	{ 13, GH_PS_MSG, GH_PS_ONEOF(1), ARRAY, &array },
	{ 0 },
};
static const struct gh_ps_msg value = { "DictionaryValue", f_value };
static const struct gh_ps_field f_entry[] = { { 1, GH_PS_NAME, 0, KEY, NULL },
					      { 2, GH_PS_MSG, 0, NONE, &value },
					      { 0 } };
static const struct gh_ps_msg entry = { "DataEntry", f_entry };
static const struct gh_ps_field f_dictionary[] = { { 1, GH_PS_INT, 0, NONE, NULL },
						   { 2, GH_PS_MSG, GH_PS_REPEATED, ENTRY, &entry },
						   { 0 } };
static const struct gh_ps_msg dictionary = { "Dictionary", f_dictionary };

struct cntk {
	struct gh_ps s;
	uint8_t key[KEY_MAX], text[KEY_MAX];
	size_t nkey, ntext; /* of the entry in hand; its parts may come in any order */
	uint64_t text_off;
	/* the array in hand */
	uint64_t dim[DIMS], elements, off, len, have;
	size_t ndim;
	const char *dtype;
	bool in_array, wide;
};

static const struct gh_pb_shape p_entry[] = { { 1, 1u << GH_PB_LEN, GH_PB_NAME, NULL, 0 },
					      { 2, 1u << GH_PB_LEN, 0, NULL, 0 },
					      { 0 } };
static const struct gh_pb_shape p_dictionary[] = { { 2, 1u << GH_PB_LEN, GH_PB_MSG, p_entry, 0 },
						   { 1, 1u << GH_PB_VARINT, 0, NULL, 16 },
						   { 0 } };

/* A version, entries, and one of the keys that a composite function has. */
static enum gh_match probe(const struct gh_probe *p)
{
	static const char *const keys[] = { "primitive_functions", "root_uid", "CompositeFunction" };
	struct gh_pb_fit fit = gh_pb_fit(p->head, p->size, p_dictionary, false);
	if (!fit.fits || (fit.seen & 1) == 0 || (fit.nested & 1) == 0)
		return GH_NO;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
		if (memmem(p->head.p, p->head.n, keys[i], strlen(keys[i])) != NULL ||
		    memmem(p->tail.p, p->tail.n, keys[i], strlen(keys[i])) != NULL)
			return GH_STRONG;
	return GH_NO;
}

static void keep(struct cntk *c, const struct gh_pb_field *f, uint8_t to[KEY_MAX], size_t *n)
{
	struct gh_span t = gh_ps_bytes(&c->s, f, KEY_MAX);
	*n = t.n;
	if (t.n != 0)
		memcpy(to, t.p, t.n);
}

/* An entry is complete: does it name what CNTK imports? */
static void entry_closed(struct cntk *c)
{
	struct gh_span key = { c->key, c->nkey }, text = { c->text, c->ntext };
	if (text.n != 0 && (gh_span_is(key, "module") || gh_span_is(key, "class") || gh_span_is(key, "deserialize")))
		gh_ps_say(&c->s, A_PYTHON, c->text_off, text.n, "%s \"%s\"", gh_safe(key).s, gh_safe(text).s);
	c->nkey = c->ntext = 0;
}

static enum gh_rc on_enter(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct cntk *c = s->ctx;
	(void)f;
	if (row->id == ENTRY)
		c->nkey = c->ntext = 0;
	if (row->id == ARRAY) {
		c->ndim = 0;
		c->elements = 1;
		c->len = c->have = 0;
		c->dtype = NULL;
		c->in_array = true;
		c->wide = false;
	}
	return GH_OK;
}

static enum gh_rc data(struct cntk *c, const char *dtype, unsigned each, const struct gh_pb_field *f)
{
	c->have += c->s.count;
	if (f->wire != GH_PB_LEN || c->len != 0)
		return GH_OK;
	c->dtype = dtype;
	c->off = f->off;
	c->len = f->len;
	c->have = f->len / each;
	gh_ps_data(&c->s, f->off, f->len, GH_CLAIM_DATA);
	return GH_OK;
}

static enum gh_rc on_field(struct gh_ps *s, const struct gh_ps_field *row, const struct gh_pb_field *f)
{
	struct cntk *c = s->ctx;
	struct gh_span key = { c->key, c->nkey };
	uint64_t v[DIMS];
	switch ((enum id)row->id) {
	case KEY: keep(c, f, c->key, &c->nkey); break;
	case STRING:
		keep(c, f, c->text, &c->ntext);
		c->text_off = f->off;
		return gh_ps_describe(s, "metadata", key, f, GH_PS_ALL_SIGNS);
	case DIM: {
		size_t n = gh_ps_ints(s, f, v, DIMS);
		for (size_t i = 0; c->in_array && i < n && c->ndim < DIMS; i++) {
			c->dim[c->ndim++] = v[i];
			c->wide = c->wide || __builtin_mul_overflow(c->elements, v[i], &c->elements);
		}
		break;
	}
	case FLOATS: return data(c, "F32", 4, f);
	case DOUBLES: return data(c, "F64", 8, f);
	case BYTES: return data(c, "U8", 1, f);
	case INTS: c->have += s->count; break;
	case NONE:
	case ENTRY:
	case SHAPE:
	case ARRAY:
	case TYPE: break;
	}
	return GH_OK;
}

static enum gh_rc on_leave(struct gh_ps *s, const struct gh_ps_field *row)
{
	struct cntk *c = s->ctx;
	if (row != NULL && row->id == ENTRY)
		entry_closed(c);
	if (row == NULL || row->id != ARRAY)
		return GH_OK;
	c->in_array = false;
	bool numbers = c->dtype != NULL && c->dtype[0] == 'F';
	if (c->wide || (numbers && c->have != c->elements))
		gh_ps_say(s, A_SIZE, c->off, c->len, "%llu numbers for a shape of %llu", (unsigned long long)c->have,
			  (unsigned long long)c->elements);
	if (c->len == 0)
		return GH_OK;
	uint64_t n = c->have;
	struct gh_tensor t = { .name = { c->key, c->nkey },
			       .dtype = c->dtype,
			       .bits = c->dtype[1] == '3'   ? 32
				       : c->dtype[1] == '6' ? 64
							    : 8,
			       .ndim = 1,
			       .dim = &n,
			       .src = s->w->src };
	return gh_emit(s->w, GH_EV_TENSOR, c->off, c->len, &t);
}

static const struct gh_ps_ops ops = { on_enter, on_leave, on_field };

static enum gh_rc walk(struct gh_walk *w)
{
	struct cntk *c = GH_NEW(w->arena, struct cntk, 1);
	if (c == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	c->s = (struct gh_ps){ .w = w, .ops = &ops, .rules = rules, .ctx = c };
	return gh_ps_walk(&c->s, &dictionary);
}

const struct gh_fmt gh_fmt_cntk = {
	.name = "cntk",
	.about = "Model of CNTK 2: a dictionary of functions and parameters",
	.exts = "model dnn cntk cmf",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
