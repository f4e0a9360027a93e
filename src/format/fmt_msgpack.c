/* fmt_msgpack.c - MessagePack as Flax and others keep weights in it: one map of names to maps, numbers, bytes and arrays.
 *
 * Flax (flax/serialization.py) packs arrays as ext types: 1 an ndarray and 3 a NumPy scalar, each again MessagePack: an
 * array of shape, dtype's name and bytes; 2 a complex number, an array of two floats. msgpack-numpy packs them as maps of
 * `nd`, `type`, `kind`, `shape` and `data`, and an array of objects as a pickle that its decoder loads. */
#include "base/utf8.h"
#include "format/dtype.h"
#include "format/formats.h"
#include "format/held.h"
#include "format/json_keys.h"
#include "wire/msgpack.h"
#include "wire/npyhdr.h"
#include "wire/recs.h"

enum { NEST_MAX = 1024, KEY_MAX = 96, PATH_MAX_TEXT = 240, SAY = 16, SMALL = 64 };
enum { EXT_NDARRAY = 1, EXT_COMPLEX = 2, EXT_SCALAR = 3, EXT_TIME = -1 };

enum {
	A_BAD,
	A_LENGTH,
	A_CUT,
	A_DEEP,
	A_KEY,
	A_TWICE,
	A_ACTS,
	A_EXT,
	A_ARRAY,
	A_OBJECTS,
	A_SIZE,
	A_SIGN,
	RULES = A_SIGN + GH_SIGNS
};

#define AGAIN "Get the file again from its author"
static const struct gh_rule rules[RULES + 1] = {
	[A_BAD] = { "GH-MP-0001", GH_MEDIUM, GH_REVIEW, "A byte that no MessagePack value starts with",
		    "Readers stop here, or skip it and read what follows differently.", AGAIN, "CWE-20" },
	[A_LENGTH] = { "GH-MP-0002", GH_HIGH, GH_REVIEW, "A length or count that does not fit the file",
		       "Readers that allocate what is declared exhaust memory.", AGAIN, "CWE-789 CWE-130" },
	[A_CUT] = { "GH-MP-0003", GH_MEDIUM, GH_REVIEW, "The file ends within a value", "Readers stop with an error.",
		    "Get the file again from its source.", "CWE-20" },
	[A_DEEP] = { "GH-MP-0004", GH_MEDIUM, GH_INCOMPLETE, "Values nested too deeply",
		     "Readers that recurse run out of stack.", AGAIN, "CWE-674" },
	[A_KEY] = { "GH-MP-0005", GH_LOW, GH_REVIEW, "A key that is an array, a map, an extension, or no text",
		    "Most readers refuse it, some call code to hash it.", AGAIN, "CWE-20" },
	[A_TWICE] = { "GH-MP-0006", GH_HIGH, GH_UNSAFE, "A key occurs twice in one map",
		      "Readers that keep the first and readers that keep the last load different weights: what was "
		      "checked is "
		      "not what runs.",
		      AGAIN, "CWE-694 CWE-436" },
	[A_ACTS] = { "GH-MP-0007", GH_HIGH, GH_REVIEW, "A key that makes some decoders import and call what it names",
		     "A decoder that rebuilds objects from such maps runs the author's choice of callable.",
		     "Load it only with a decoder that returns plain values.", "CWE-502 AML.T0011" },
	[A_EXT] = { "GH-MP-0008", GH_LOW, GH_REVIEW, "An extension type that is not known",
		    "What it becomes is up to the reader's hook; some hooks unpickle it.",
		    "Find out which program wrote it and what its reader does with this type.", "CWE-502" },
	[A_ARRAY] = { "GH-MP-0009", GH_MEDIUM, GH_REVIEW, "A packed array that is malformed",
		      "The reader fails, or builds an array from what it finds.", AGAIN, "CWE-20" },
	[A_OBJECTS] = { "GH-MP-0010", GH_CRITICAL, GH_UNSAFE, "An array of Python objects",
			"Its bytes are taken for pointers, or unpickled: either runs the author's code.",
			"Do not load it.", "CWE-502 CWE-822 AML.T0011" },
	[A_SIZE] = { "GH-MP-0011", GH_HIGH, GH_UNSAFE, "The bytes of a packed array do not have the size of its shape",
		     "A reader that trusts the shape reads beyond the bytes.", AGAIN, "CWE-125 CWE-131" },
	GH_SIGN_RULES("GH-MP", A_SIGN),
	[RULES] = GH_RULES_END,
};

struct level {
	uint64_t left; /* values */
	uint64_t id;
	bool map;
	bool numpy; /* a map that msgpack-numpy reads as an array */
	size_t nkey;
	uint8_t key[KEY_MAX];
};

struct mp {
	struct gh_walk *w;
	struct gh_cur c;
	struct gh_held held;
	struct level *v;
	size_t depth, cap;
	uint64_t ids, steps;
	struct gh_recs keys;
	unsigned said[RULES];
	uint8_t path[PATH_MAX_TEXT];
};

static void say(struct mp *m, unsigned a, uint64_t off, uint64_t len, const char *what, struct gh_span text)
{
	if (m->said[a]++ < SAY)
		gh_anomaly(m->w, &rules[a], off, len, "%s%s%s", what, text.n != 0 ? ": " : "", gh_safe(text).s);
}

/* An empty map or array is the whole of a file: spaCy writes such for tables that hold nothing. */
static bool empty(const struct gh_probe *p)
{
	return p->size == 1 && p->head.n == 1 && (p->head.p[0] == 0x80 || p->head.p[0] == 0x90);
}

static enum gh_match probe(const struct gh_probe *p)
{
	return gh_mp_plausible(p->head, p->size) ? GH_STRONG : empty(p) ? GH_WEAK : GH_NO;
}

/* The keys down to the present value: "params/Dense_0/kernel". */
static struct gh_span path(struct mp *m)
{
	size_t n = 0;
	for (size_t i = 0; i < m->depth; i++) {
		struct level *l = &m->v[i];
		size_t take = l->nkey < sizeof m->path - n ? l->nkey : sizeof m->path - n;
		if (l->nkey == 0)
			continue;
		if (n > 0 && n < sizeof m->path)
			m->path[n++] = '/';
		take = l->nkey < sizeof m->path - n ? l->nkey : sizeof m->path - n;
		memcpy(m->path + n, l->key, take);
		n += take;
	}
	return (struct gh_span){ m->path, n };
}

static enum gh_rc cut(struct mp *m)
{
	if (m->w->src->fail != GH_OK)
		return gh_fail(m->w->err, m->w->src->fail, "the bytes could not be read");
	say(m, A_CUT, m->w->src->size, 0, "within a value", (struct gh_span){ 0 });
	return gh_fail(m->w->err, GH_E_MALFORMED, "the file ends within a value");
}

/* ---- packed arrays ------------------------------------------------------------------------------------------------- */

/* Bytes of one element, *name for people; 0: no plain number. */
static uint64_t element(struct gh_span dtype, const char **name)
{
	const struct gh_dtype *d = gh_dtype_torch(dtype);
	struct gh_npy_type t;
	if (d != NULL && d->block == 1) {
		*name = d->name;
		return d->bytes;
	}
	if (!gh_npy_type_parse(dtype, &t) || t.objects || t.fields || t.subarray)
		return 0;
	d = gh_dtype_numpy(t.kind, t.size);
	*name = d != NULL ? d->name : "VOID";
	return t.size;
}

struct packed {
	unsigned ndim;
	uint64_t dim[GH_DIMS_MAX], count;
	uint8_t dtype[48];
	size_t ndtype;
	uint64_t data, len; /* in the source */
};

static struct gh_mp token(struct gh_cur *c)
{
	size_t n = gh_cur_left(c) < GH_MP_HEAD ? (size_t)gh_cur_left(c) : GH_MP_HEAD;
	const uint8_t *p = n == 0 ? NULL : gh_cur_peek(c, n);
	struct gh_mp t = p == NULL ? (struct gh_mp){ .kind = GH_MP_SHORT } : gh_mp_head((struct gh_span){ p, n });
	gh_cur_skip(c, t.head);
	return t;
}

/* (shape, dtype, bytes) from the cursor to `end`. NULL, or what is wrong. */
static const char *read_packed(struct gh_cur *c, uint64_t end, struct packed *a)
{
	struct gh_mp t = token(c);
	if (t.kind != GH_MP_ARRAY || t.size != 3)
		return "not an array of shape, type and bytes";
	t = token(c);
	if (t.kind != GH_MP_ARRAY || t.size > GH_DIMS_MAX)
		return "the shape is no array";
	a->count = 1;
	a->ndim = t.size;
	for (unsigned i = 0; i < a->ndim; i++) {
		t = token(c);
		if (t.kind != GH_MP_INT || t.value < 0)
			return "a dimension is no size";
		a->dim[i] = (uint64_t)t.value;
		if (__builtin_mul_overflow(a->count, a->dim[i], &a->count))
			return "the shape's product overflows";
	}
	t = token(c);
	if ((t.kind != GH_MP_STR && t.kind != GH_MP_BIN) || t.size == 0 || t.size > sizeof a->dtype)
		return "the type has no name";
	const uint8_t *p = gh_cur_take(c, t.size);
	if (p == NULL)
		return "cut short";
	memcpy(a->dtype, p, t.size);
	a->ndtype = t.size;
	t = token(c);
	if (t.kind != GH_MP_BIN && t.kind != GH_MP_STR)
		return "no bytes";
	a->data = gh_cur_off(c);
	a->len = t.size;
	return c->bad || a->data + a->len != end ? "the bytes do not end with the value" : NULL;
}

static enum gh_rc packed_array(struct mp *m, uint64_t off, uint64_t end)
{
	struct packed a = { 0 };
	struct gh_cur c = gh_cur(m->w->src, off);
	const char *why = read_packed(&c, end, &a);
	struct gh_span dtype = { a.dtype, a.ndtype };
	if (why != NULL) {
		say(m, A_ARRAY, off, end - off, why, path(m));
		return gh_held_bytes(&m->held, path(m), off, end - off);
	}
	const char *name = NULL;
	uint64_t each = element(dtype, &name), bytes = 0;
	struct gh_npy_type t;
	if (gh_span_is(dtype, "object") || (gh_npy_type_parse(dtype, &t) && t.objects)) {
		say(m, A_OBJECTS, off, end - off, "at", path(m));
		return gh_held_bytes(&m->held, path(m), a.data, a.len);
	}
	if (each == 0) {
		say(m, A_ARRAY, off, end - off, "a type that is not known", dtype);
		return gh_held_bytes(&m->held, path(m), a.data, a.len);
	}
	if (__builtin_mul_overflow(each, a.count, &bytes) || bytes != a.len) {
		say(m, A_SIZE, off, end - off, "at", path(m));
		return gh_held_bytes(&m->held, path(m), a.data, a.len);
	}
	struct gh_tensor tensor = { .name = path(m),
				    .dtype = name,
				    .bits = each <= 64 ? (unsigned)each * 8 : 0,
				    .ndim = a.ndim,
				    .dim = a.dim,
				    .src = m->w->src };
	return gh_held_tensor(&m->held, &tensor, a.data, a.len);
}

static enum gh_rc extension(struct mp *m, const struct gh_mp *t, uint64_t off)
{
	uint64_t end = off + t->size;
	struct gh_cur c = gh_cur(m->w->src, off);
	switch (t->ext) {
	case EXT_NDARRAY:
	case EXT_SCALAR: return packed_array(m, off, end);
	case EXT_COMPLEX: {
		struct gh_mp pair = token(&c), re = token(&c), im = token(&c);
		bool fine = pair.kind == GH_MP_ARRAY && pair.size == 2 && re.kind >= GH_MP_INT &&
			    re.kind <= GH_MP_FLOAT && im.kind >= GH_MP_INT && im.kind <= GH_MP_FLOAT &&
			    gh_cur_off(&c) == end;
		if (!fine)
			say(m, A_ARRAY, off, t->size, "a complex number", path(m));
		return fine ? GH_OK : gh_held_bytes(&m->held, path(m), off, t->size);
	}
	case EXT_TIME:
		if (t->size == 4 || t->size == 8 || t->size == 12)
			return GH_OK;
		break;
	default: break;
	}
	if (m->said[A_EXT]++ < SAY)
		gh_anomaly(m->w, &rules[A_EXT], off, t->size, "type %d, %u bytes, at \"%s\"", t->ext, t->size,
			   gh_safe(path(m)).s);
	return gh_held_bytes(&m->held, path(m), off, t->size);
}

/* ---- keys and values ----------------------------------------------------------------------------------------------- */

/* Keys by which decoders of objects (jsonpickle, Hydra and their kind) know a callable. */
static bool acts(struct gh_span key)
{
	static const char *const names[] = { "__reduce__", "__reduce_ex__", "__setstate__", "__class__", "__module__" };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (gh_span_is(key, names[i]))
			return true;
	return (gh_json_key(key).mark & (GH_JM_PY | GH_JM_PY_CALL | GH_JM_TARGET)) != 0;
}

static enum gh_rc key(struct mp *m, struct level *l, const struct gh_mp *t, uint64_t off)
{
	l->nkey = 0;
	if (t->kind == GH_MP_ARRAY || t->kind == GH_MP_MAP || t->kind == GH_MP_EXT)
		say(m, A_KEY, off, t->head, "in", path(m));
	uint64_t hash = gh_hash(GH_HASH_START, (struct gh_span){ (const uint8_t *)&l->id, sizeof l->id });
	if (t->kind == GH_MP_STR || t->kind == GH_MP_BIN) {
		uint64_t at = gh_cur_off(&m->c);
		for (uint64_t done = 0; done < t->size;) {
			size_t n = t->size - done < GH_CUR_WINDOW ? (size_t)(t->size - done) : GH_CUR_WINDOW;
			const uint8_t *p = gh_cur_take(&m->c, n);
			if (p == NULL)
				return cut(m);
			if (done == 0) {
				l->nkey = n < KEY_MAX ? n : KEY_MAX;
				memcpy(l->key, p, l->nkey);
			}
			hash = gh_hash(hash, (struct gh_span){ p, n });
			done += n;
		}
		struct gh_span k = { l->key, l->nkey };
		if (t->kind == GH_MP_STR && t->size <= KEY_MAX && !gh_utf8_valid(k))
			say(m, A_KEY, at, t->size, "not UTF-8", k);
		if (acts(k))
			say(m, A_ACTS, at, t->size, "key", k);
		if (gh_span_is(k, "nd"))
			l->numpy = true;
		if (t->size > KEY_MAX && gh_held_text(&m->held, k, at, t->size) == GH_E_LIMIT)
			return GH_E_LIMIT;
		gh_cur_seek(&m->c, at + t->size);
	} else if (t->kind == GH_MP_INT || t->kind == GH_MP_UINT) {
		hash = gh_hash(hash, (struct gh_span){ (const uint8_t *)&t->value, sizeof t->value }) ^ 1;
	} else {
		return GH_OK;
	}
	if (!gh_recs_add(&m->keys, (struct gh_rec){ gh_hash_end(hash), off, 0 }))
		return gh_fail(m->w->err, GH_E_LIMIT, "too many keys");
	return GH_OK;
}

/* The type string of an array that msgpack-numpy packed. */
static void numpy_type(struct mp *m, struct level *l, uint64_t off, uint64_t len)
{
	struct gh_span k = { l->key, l->nkey };
	struct gh_npy_type t;
	if (!l->numpy || len > SMALL || (!gh_span_is(k, "kind") && !gh_span_is(k, "type")))
		return;
	struct gh_span v = gh_src_window(m->w->src, off, (size_t)len);
	if (gh_span_is(v, "O") || (gh_npy_type_parse(v, &t) && t.objects))
		say(m, A_OBJECTS, off, len, "at", path(m));
}

static enum gh_rc body(struct mp *m, const struct gh_mp *t)
{
	uint64_t off = gh_cur_off(&m->c);
	enum gh_rc rc = GH_OK;
	if (m->depth > 0 && (t->kind == GH_MP_STR || t->kind == GH_MP_BIN))
		numpy_type(m, &m->v[m->depth - 1], off, t->size);
	switch (t->kind) {
	case GH_MP_STR: rc = gh_held_text(&m->held, path(m), off, t->size); break;
	case GH_MP_BIN: rc = gh_held_bytes(&m->held, path(m), off, t->size); break;
	default: rc = extension(m, t, off); break;
	}
	gh_cur_seek(&m->c, off + t->size);
	return rc;
}

static enum gh_rc open_level(struct mp *m, const struct gh_mp *t, uint64_t off)
{
	uint64_t values = t->kind == GH_MP_MAP ? 2 * (uint64_t)t->size : t->size;
	if (values > gh_cur_left(&m->c)) {
		say(m, A_LENGTH, off, t->head, "more values than bytes", path(m));
		return gh_fail(m->w->err, GH_E_MALFORMED, "%u values in %llu bytes", t->size,
			       (unsigned long long)gh_cur_left(&m->c));
	}
	if (values == 0)
		return GH_OK;
	if (m->depth == NEST_MAX) {
		say(m, A_DEEP, off, t->head, "more than 1024 levels", (struct gh_span){ 0 });
		return gh_fail(m->w->err, GH_E_LIMIT, "nested more than %d deep", NEST_MAX);
	}
	struct level *v = m->depth < m->cap ? m->v : gh_grow(m->w->arena, m->v, &m->cap, m->depth + 1, sizeof *v);
	if (v == NULL)
		return gh_fail(m->w->err, GH_E_LIMIT, "no memory for nested values");
	m->v = v;
	m->v[m->depth] = (struct level){ .left = values, .id = ++m->ids, .map = t->kind == GH_MP_MAP };
	m->depth++;
	return GH_OK;
}

/* One value's head and, unless it holds others, its body. */
static enum gh_rc value(struct mp *m)
{
	uint64_t off = gh_cur_off(&m->c);
	struct gh_mp t = token(&m->c);
	if (t.kind == GH_MP_SHORT)
		return cut(m);
	if (t.kind == GH_MP_BAD) {
		say(m, A_BAD, off, 1, "0xc1", (struct gh_span){ 0 });
		return gh_fail(m->w->err, GH_E_MALFORMED, "byte 0xc1 at %llu", (unsigned long long)off);
	}
	bool sized = t.kind == GH_MP_STR || t.kind == GH_MP_BIN || t.kind == GH_MP_EXT;
	if (sized && t.size > gh_cur_left(&m->c)) {
		say(m, A_LENGTH, off, t.head, "longer than the file", path(m));
		return gh_fail(m->w->err, GH_E_MALFORMED, "%u bytes where %llu are left", t.size,
			       (unsigned long long)gh_cur_left(&m->c));
	}
	struct level *l = m->depth > 0 ? &m->v[m->depth - 1] : NULL;
	bool is_key = l != NULL && l->map && l->left % 2 == 0;
	if (l != NULL)
		l->left--;
	if (is_key) {
		enum gh_rc rc = key(m, l, &t, off);
		if (rc != GH_OK || t.kind == GH_MP_STR || t.kind == GH_MP_BIN)
			return rc;
	}
	if (sized)
		return body(m, &t);
	return t.kind == GH_MP_ARRAY || t.kind == GH_MP_MAP ? open_level(m, &t, off) : GH_OK;
}

static void twice(struct mp *m)
{
	gh_recs_sort(&m->keys, 0);
	for (size_t i = 1; i < m->keys.n; i++)
		if (gh_recs_at(&m->keys, i)->a == gh_recs_at(&m->keys, i - 1)->a && m->said[A_TWICE]++ < SAY)
			gh_anomaly(m->w, &rules[A_TWICE], gh_recs_at(&m->keys, i)->b, 0, "first at byte %llu",
				   (unsigned long long)gh_recs_at(&m->keys, i - 1)->b);
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct mp *m = GH_NEW(w->arena, struct mp, 1);
	if (m == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	m->w = w;
	m->c = gh_cur(w->src, 0);
	m->held = gh_held(w, rules, A_SIGN);
	m->keys = gh_recs(w->arena, GH_RECS_MAX);
	enum gh_rc rc = value(m);
	while (rc == GH_OK && m->depth > 0) {
		if (m->v[m->depth - 1].left == 0)
			m->depth--;
		else if (++m->steps > w->lim->steps)
			rc = gh_fail(w->err, GH_E_LIMIT, "too many values");
		else
			rc = value(m);
	}
	gh_held_claim(&m->held, gh_cur_off(&m->c) < w->src->size ? gh_cur_off(&m->c) : w->src->size);
	twice(m);
	return rc;
}

const struct gh_fmt gh_fmt_msgpack = {
	.name = "msgpack",
	.about = "MessagePack with weights, as Flax writes them",
	.exts = "bin msgpack mpk",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
