#include "wire/npyhdr.h"

#include "wire/pyliteral.h"

#include <stdio.h>

static enum gh_rc fault(struct gh_npyhdr *h, enum gh_npy_fault f, uint32_t where, const char *why)
{
	h->fault = f;
	h->where = where;
	(void)snprintf(h->why, sizeof h->why, "%s", why);
	return f == GH_NPY_LIMIT ? GH_E_LIMIT : GH_E_MALFORMED;
}

/* ---- type strings ------------------------------------------------------------------------------------------ */

/* Kinds with a size in bytes behind them; sizes is a set of allowed sizes, bit n for 1 << n bytes; any: as it says. */
static const struct sized {
	char code, kind;
	bool any;	/* any size, none means 0 */
	uint8_t scale;	/* bytes per unit of the size */
	uint32_t sizes; /* set of sizes, 1u << size */
} sized[] = {
	{ 'b', 'b', false, 1, 1u << 1 },
	{ 'i', 'i', false, 1, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 },
	{ 'u', 'u', false, 1, 1u << 1 | 1u << 2 | 1u << 4 | 1u << 8 },
	{ 'f', 'f', false, 1, 1u << 2 | 1u << 4 | 1u << 8 | 1u << 12 | 1u << 16 },
	{ 'c', 'c', false, 1, 1u << 8 | 1u << 16 | 1u << 24 | 1u << 31 }, /* 31 stands for 32 */
	{ 'O', 'O', false, 1, 1u << 4 | 1u << 8 },
	{ 'S', 'S', true, 1, 0 },
	{ 'a', 'S', true, 1, 0 },
	{ 'U', 'U', true, 4, 0 },
	{ 'V', 'V', true, 1, 0 },
};

/* Spellings without a size: single letters (sizes as on 64-bit Unix) and type names. */
static const struct named {
	const char *name;
	char kind;
	uint8_t size;
} named[] = {
	{ "?", 'b', 1 },	 { "b", 'i', 1 },	    { "B", 'u', 1 },	   { "h", 'i', 2 },
	{ "H", 'u', 2 },	 { "i", 'i', 4 },	    { "I", 'u', 4 },	   { "l", 'i', 8 },
	{ "L", 'u', 8 },	 { "q", 'i', 8 },	    { "Q", 'u', 8 },	   { "p", 'i', 8 },
	{ "P", 'u', 8 },	 { "e", 'f', 2 },	    { "f", 'f', 4 },	   { "d", 'f', 8 },
	{ "g", 'f', 16 },	 { "F", 'c', 8 },	    { "D", 'c', 16 },	   { "G", 'c', 32 },
	{ "O", 'O', 8 },	 { "M", 'M', 8 },	    { "m", 'm', 8 },	   { "S", 'S', 0 },
	{ "U", 'U', 0 },	 { "V", 'V', 0 },	    { "a", 'S', 0 },	   { "c", 'S', 1 },
	{ "bool", 'b', 1 },	 { "int8", 'i', 1 },	    { "int16", 'i', 2 },   { "int32", 'i', 4 },
	{ "int64", 'i', 8 },	 { "uint8", 'u', 1 },	    { "uint16", 'u', 2 },  { "uint32", 'u', 4 },
	{ "uint64", 'u', 8 },	 { "float16", 'f', 2 },	    { "float32", 'f', 4 }, { "float64", 'f', 8 },
	{ "complex64", 'c', 8 }, { "complex128", 'c', 16 }, { "object", 'O', 8 },  { "int", 'i', 8 },
	{ "float", 'f', 8 },	 { "complex", 'c', 16 },
};

static const char *const time_units[] = { "Y",	"M",  "W",  "D",  "h",	"m",  "s",
					  "ms", "us", "ns", "ps", "fs", "as", "generic" };

/* Digits at the start of s, at most ten of them: their value; *used is 0 when there are none. */
static uint64_t decimal(struct gh_span s, size_t *used)
{
	uint64_t v = 0;
	for (*used = 0; *used < s.n && *used < 10 && s.p[*used] >= '0' && s.p[*used] <= '9'; ++*used)
		v = v * 10 + (uint64_t)(s.p[*used] - '0');
	return v;
}

/* "8", "8[ns]", "8[25s]", "8[D/100]" behind M or m. */
static bool time_suffix(struct gh_span s)
{
	if (s.n == 0 || s.p[0] != '8')
		return false;
	if (s.n == 1)
		return true;
	if (s.n < 4 || s.p[1] != '[' || s.p[s.n - 1] != ']')
		return false;
	s = gh_span_cut(s, 2, s.n - 3);
	size_t k;
	(void)decimal(s, &k);
	s = gh_span_cut(s, k, s.n);
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] == '/') {
			struct gh_span below = gh_span_cut(s, i + 1, s.n);
			if (decimal(below, &k) == 0 || k != below.n)
				return false;
			s = gh_span_cut(s, 0, i);
			break;
		}
	for (size_t i = 0; i < sizeof time_units / sizeof time_units[0]; i++)
		if (gh_span_is(s, time_units[i]))
			return true;
	return false;
}

static bool sized_type(struct gh_span s, struct gh_npy_type *t)
{
	size_t k;
	struct gh_span rest = gh_span_cut(s, 1, s.n);
	uint64_t size = decimal(rest, &k);
	if (k == 0 || k != rest.n || size > INT32_MAX)
		return false;
	for (size_t i = 0; i < sizeof sized / sizeof sized[0]; i++) {
		const struct sized *z = &sized[i];
		if (z->code != (char)s.p[0])
			continue;
		if (!z->any && !(size == 32 ? z->sizes >> 31 : size < 31 && (z->sizes >> size & 1)))
			return false;
		t->kind = z->kind;
		t->size = z->kind == 'O' ? 8 : size * z->scale; /* O4: a pointer of its writer's */
		return true;
	}
	return false;
}

bool gh_npy_type_parse(struct gh_span s, struct gh_npy_type *out)
{
	*out = (struct gh_npy_type){ .kind = 'V', .order = '|' };
	char order = '|';
	if (s.n > 1 && (s.p[0] == '<' || s.p[0] == '>' || s.p[0] == '=' || s.p[0] == '|')) {
		order = (char)s.p[0];
		s = gh_span_cut(s, 1, s.n);
	}
	bool ok = false;
	for (size_t i = 0; i < sizeof named / sizeof named[0] && !ok; i++)
		if (gh_span_is(s, named[i].name)) {
			out->kind = named[i].kind;
			out->size = named[i].size;
			ok = true;
		}
	if (!ok && s.n > 1 && (s.p[0] == 'M' || s.p[0] == 'm') && time_suffix(gh_span_cut(s, 1, s.n))) {
		out->kind = (char)s.p[0];
		out->size = 8;
		ok = true;
	}
	if (!ok && !(s.n > 1 && sized_type(s, out)))
		return false;
	out->objects = out->kind == 'O';
	if (out->size > 1 && strchr("iufcmMU", out->kind) != NULL)
		out->order = order == '>' ? '>' : '<';
	return true;
}

/* ---- nested types ------------------------------------------------------------------------------------------ */

struct build {
	const struct gh_py *py;
	struct gh_npyhdr *h;
	struct gh_arena *arena;
	/* What is being put together, outermost first: a list of fields or a sub-array. */
	struct level {
		uint32_t field;		/* of a list: the field whose type is awaited, else GH_PY_NIL */
		uint64_t times;		/* elements of the sub-array that the awaited type is put into */
		struct gh_npy_type sum; /* of a list: the fields before */
	} level[GH_PY_DEPTH];
	unsigned depth;
};

/* A shape inside a type: an int or a tuple of ints >= 0; their product. */
static bool inner_shape(const struct gh_py *py, uint32_t i, uint64_t *product)
{
	const struct gh_py_node *n = &py->node[i];
	uint32_t at = i;
	*product = 1;
	if (n->kind == GH_PY_TUPLE) {
		if (n->count > GH_NPY_DIMS)
			return false;
		at = n->child;
	} else if (n->kind != GH_PY_INT) {
		return false;
	}
	for (; at != GH_PY_NIL; at = py->node[at].next) {
		const struct gh_py_node *d = &py->node[at];
		if (d->kind != GH_PY_INT || d->neg || d->big || __builtin_mul_overflow(*product, d->num, product) ||
		    *product > INT32_MAX)
			return false;
		if (n->kind == GH_PY_INT)
			break;
	}
	return true;
}

static bool field_name(const struct gh_py *py, uint32_t i, struct gh_span *name)
{
	const struct gh_py_node *n = &py->node[i];
	if (n->kind == GH_PY_TUPLE && n->count == 2) /* (title, name) */
		n = &py->node[py->node[n->child].next];
	if (n->kind != GH_PY_STR && n->kind != GH_PY_BYTES)
		return false;
	*name = n->text;
	return true;
}

/* All names of a list of fields differ (padding is named ''): as numpy demands. */
static bool names_differ(struct build *b, const struct gh_py_node *list, bool *memory)
{
	size_t cap = 16;
	while (cap < (size_t)list->count * 2)
		cap *= 2;
	struct gh_span *slot = GH_NEW(b->arena, struct gh_span, cap);
	if (slot == NULL) {
		*memory = false;
		return true;
	}
	for (uint32_t f = list->child; f != GH_PY_NIL; f = b->py->node[f].next) {
		struct gh_span name;
		uint32_t first = b->py->node[f].child;
		if (first == GH_PY_NIL || !field_name(b->py, first, &name) || name.n == 0)
			continue; /* not a field: said when its turn comes */
		uint64_t hash = 0xcbf29ce484222325u;
		for (size_t i = 0; i < name.n; i++)
			hash = (hash ^ name.p[i]) * 0x100000001b3u;
		size_t at = (size_t)(hash ^ hash >> 32) & (cap - 1);
		for (; slot[at].p != NULL; at = (at + 1) & (cap - 1))
			if (gh_span_eq(slot[at], name))
				return false;
		slot[at] = name;
	}
	return true;
}

static enum gh_rc bad_type(struct build *b, uint32_t i, const char *why)
{
	return fault(b->h, GH_NPY_DTYPE, b->py->node[i].off, why);
}

/* The type in a field (name, descr[, shape]); its shape goes to the level. */
static enum gh_rc enter_field(struct build *b, struct level *l, uint32_t *descr)
{
	const struct gh_py_node *f = &b->py->node[l->field];
	struct gh_span name;
	if (f->kind != GH_PY_TUPLE || (f->count != 2 && f->count != 3) || !field_name(b->py, f->child, &name))
		return bad_type(b, l->field, "a field is not a tuple of name, type and shape");
	*descr = b->py->node[f->child].next;
	l->times = 1;
	if (f->count == 3 && !inner_shape(b->py, b->py->node[*descr].next, &l->times))
		return bad_type(b, l->field, "the shape of a field is not a tuple of sizes");
	return GH_OK;
}

/* Start on the type at node i. *ready: it was simple, *t is it; otherwise a level was opened and *i is the next. */
static enum gh_rc enter(struct build *b, uint32_t *i, struct gh_npy_type *t, bool *ready)
{
	const struct gh_py_node *n = &b->py->node[*i];
	*ready = false;
	if (n->kind == GH_PY_STR || n->kind == GH_PY_BYTES) {
		*ready = gh_npy_type_parse(n->text, t);
		return *ready ? GH_OK : bad_type(b, *i, "an element type is not known");
	}
	if (b->depth == GH_PY_DEPTH)
		return fault(b->h, GH_NPY_LIMIT, n->off, "element types are nested too deeply");
	struct level *l = &b->level[b->depth];
	*l = (struct level){ .field = GH_PY_NIL, .times = 1 };
	if (n->kind == GH_PY_TUPLE && n->count == 2) {
		if (!inner_shape(b->py, b->py->node[n->child].next, &l->times))
			return bad_type(b, *i, "the shape of a sub-array is not a tuple of sizes");
		b->depth++;
		*i = n->child;
		return GH_OK;
	}
	if (n->kind != GH_PY_LIST)
		return bad_type(b, *i, "an element type is neither a string nor a list of fields");
	l->sum = (struct gh_npy_type){ .kind = 'V', .order = '|', .fields = true };
	if (n->count == 0) {
		*t = l->sum;
		*ready = true;
		return GH_OK;
	}
	l->field = n->child;
	enum gh_rc rc = enter_field(b, l, i);
	if (rc != GH_OK)
		return rc;
	bool memory = true;
	if (!names_differ(b, n, &memory))
		return bad_type(b, l->field, "two fields have the same name");
	b->depth++;
	return memory ? GH_OK : GH_E_NOMEM;
}

/* *t is complete: put it where it belongs. *i becomes the next type to enter, GH_PY_NIL when the level closed. */
static enum gh_rc leave(struct build *b, uint32_t *i, struct gh_npy_type *t)
{
	struct level *l = &b->level[b->depth - 1];
	uint64_t size;
	if (__builtin_mul_overflow(t->size, l->times, &size) || __builtin_add_overflow(size, l->sum.size, &size) ||
	    size > INT32_MAX)
		return fault(b->h, GH_NPY_OVERFLOW, 0, "an element is larger than 2 GiB");
	*i = GH_PY_NIL;
	if (l->field == GH_PY_NIL) {
		t->size = size;
		t->subarray = true;
		b->depth--;
		return GH_OK;
	}
	l->sum.size = size;
	l->sum.objects = l->sum.objects || t->objects;
	l->field = b->py->node[l->field].next;
	if (l->field != GH_PY_NIL)
		return enter_field(b, l, i);
	*t = l->sum;
	b->depth--;
	return GH_OK;
}

static enum gh_rc read_type(struct build *b, uint32_t i)
{
	struct gh_npy_type t;
	bool ready = false;
	for (;;) {
		enum gh_rc rc = enter(b, &i, &t, &ready);
		if (rc != GH_OK)
			return rc;
		if (!ready)
			continue;
		do {
			if (b->depth == 0) {
				b->h->type = t;
				return GH_OK;
			}
			rc = leave(b, &i, &t);
			if (rc != GH_OK)
				return rc;
		} while (i == GH_PY_NIL);
	}
}

/* ---- the header -------------------------------------------------------------------------------------------- */

static enum gh_rc read_shape(const struct gh_py *py, uint32_t i, struct gh_npyhdr *h)
{
	const struct gh_py_node *n = &py->node[i];
	if (n->kind != GH_PY_TUPLE)
		return fault(h, GH_NPY_SHAPE, n->off, "the shape is not a tuple");
	if (n->count > GH_NPY_DIMS)
		return fault(h, GH_NPY_SHAPE, n->off, "the shape has more than 64 dimensions");
	uint64_t product = 1; /* of the non-zero dimensions: what a reader multiplies must not wrap */
	bool empty = false;
	for (uint32_t at = n->child; at != GH_PY_NIL; at = py->node[at].next) {
		const struct gh_py_node *d = &py->node[at];
		if (d->kind != GH_PY_INT)
			return fault(h, GH_NPY_SHAPE, d->off, "a dimension is not an integer");
		if (d->neg)
			return fault(h, GH_NPY_NEGATIVE, d->off, "a dimension is negative");
		h->dim[h->ndim++] = d->num;
		empty = empty || d->num == 0;
		if (d->big || d->num > INT64_MAX ||
		    (d->num != 0 && __builtin_mul_overflow(product, d->num, &product)) || product > INT64_MAX)
			return fault(h, GH_NPY_OVERFLOW, d->off, "the number of elements does not fit 63 bits");
	}
	h->count = empty ? 0 : product;
	if (__builtin_mul_overflow(h->count, h->type.size, &h->bytes) || h->bytes > INT64_MAX)
		return fault(h, GH_NPY_OVERFLOW, n->off, "the number of bytes does not fit 63 bits");
	return GH_OK;
}

enum { DESCR, FORTRAN, SHAPE, KEYS };

static enum gh_rc find_keys(const struct gh_py *py, struct gh_npyhdr *h, uint32_t value[KEYS])
{
	static const char *const key[KEYS] = { "descr", "fortran_order", "shape" };
	const struct gh_py_node *d = &py->node[py->root];
	if (d->kind != GH_PY_DICT)
		return fault(h, GH_NPY_SYNTAX, d->off, "the header is not a dict");
	for (int k = 0; k < KEYS; k++)
		value[k] = GH_PY_NIL;
	for (uint32_t at = d->child; at != GH_PY_NIL; at = py->node[py->node[at].next].next) {
		int k = 0;
		while (k < KEYS && !gh_py_is(py, at, key[k]))
			k++;
		if (k == KEYS)
			return fault(h, GH_NPY_KEYS, py->node[at].off, "the header has a key of its own");
		if (value[k] != GH_PY_NIL)
			return fault(h, GH_NPY_KEYS, py->node[at].off, "the header gives a key twice");
		value[k] = py->node[at].next;
	}
	for (int k = 0; k < KEYS; k++)
		if (value[k] == GH_PY_NIL)
			return fault(h, GH_NPY_KEYS, d->off, "the header lacks a key");
	if (py->node[value[FORTRAN]].kind != GH_PY_BOOL)
		return fault(h, GH_NPY_KEYS, py->node[value[FORTRAN]].off, "fortran_order is not a bool");
	h->fortran = py->node[value[FORTRAN]].num != 0;
	return GH_OK;
}

enum gh_rc gh_npyhdr_parse(struct gh_span text, struct gh_arena *a, struct gh_npyhdr *out)
{
	*out = (struct gh_npyhdr){ .fault = GH_NPY_FINE };
	struct gh_py py;
	enum gh_rc rc = gh_py_parse(&py, text, a);
	if (rc == GH_E_MALFORMED || rc == GH_E_LIMIT)
		return fault(out, rc == GH_E_LIMIT ? GH_NPY_LIMIT : GH_NPY_SYNTAX, py.where, py.why);
	if (rc != GH_OK)
		return rc;
	uint32_t value[KEYS];
	rc = find_keys(&py, out, value);
	if (rc != GH_OK)
		return rc;
	struct build b = { .py = &py, .h = out, .arena = a };
	rc = read_type(&b, value[DESCR]);
	return rc != GH_OK ? rc : read_shape(&py, value[SHAPE], out);
}
