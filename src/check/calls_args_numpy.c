/* Constraints for NumPy.
 *
 * A pickled dtype carries its own flags, item size and field offsets, and NumPy believes them: a dtype that calls
 * raw bytes objects makes NumPy follow pointers of the author's choosing. So a dtype's state is checked against the
 * element types it names. Source: numpy/core/src/multiarray/descriptor.c, arraydescr_setstate. */
#include "check/calls_args.h"
#include "check/calls_numpy.h"
#include "wire/sort.h"

enum { REFCOUNT = 0x01, LIST_PICKLE = 0x02, IS_POINTER = 0x04, DIMS = 64 };

static bool number(struct gh_span s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
		if (*out > UINT32_MAX)
			return false;
	}
	return true;
}

/* "f8", "<U5", "O", "M8[ns]" as numpy.dtype.__reduce__ and older writers spell types. */
static bool element_text(struct gh_span s, struct gh_np_element *e)
{
	if (s.n > 1 && strchr("<>=|", s.p[0]) != NULL)
		s = gh_span_cut(s, 1, s.n);
	if (s.n == 0 || s.p[0] == '\0' || strchr("?bBhHiIlLqQuefdgFDGSaUVOMmc", s.p[0]) == NULL)
		return false;
	uint8_t c = s.p[0];
	struct gh_span rest = gh_span_cut(s, 1, s.n);
	uint64_t n;
	if (c == 'M' || c == 'm') {
		*e = (struct gh_np_element){ .size = 8, .known = true };
		return rest.n == 0 || rest.p[0] == '8';
	}
	if (!number(rest, &n))
		return false;
	*e = (struct gh_np_element){ .objects = c == 'O', .flexible = strchr("SaUV", c) != NULL, .voidish = c == 'V' };
	if (e->objects && n != 0 && n != 4 && n != 8)
		return false;
	e->size = c == 'U' ? n * 4 : n;
	e->sized = rest.n != 0;
	e->known = e->sized || e->flexible;
	if (e->objects) {
		e->size = 8; /* also "O4" of a machine with smaller pointers: what counts is where it is loaded */
		e->known = true;
	}
	return true;
}

static bool element_args(struct gh_heap *h, gh_val args, struct gh_np_element *e)
{
	gh_val first = gh_val_item(h, args, 0);
	if (gh_val_kind(h, args) != GH_V_TUPLE || gh_val_len(h, args) < 1 || gh_val_len(h, args) > 3)
		return false;
	if (gh_val_kind(h, first) == GH_V_GLOBAL) {
		/* A scalar type: numpy.record and numpy.void are the ones that pickle writes this way. */
		const struct gh_allow_row *r = gh_row_of(h, first);
		if (r == NULL || (strcmp(r->module, "numpy") != 0 && strcmp(r->module, "builtins") != 0))
			return false;
		bool rec = strcmp(r->name, "record") == 0 || strcmp(r->name, "void") == 0;
		bool text = strncmp(r->name, "str", 3) == 0 || strncmp(r->name, "bytes", 5) == 0 ||
			    strcmp(r->name, "unicode_") == 0 || strcmp(r->name, "string_") == 0;
		*e = (struct gh_np_element){ .objects = strncmp(r->name, "object", 6) == 0,
					     .flexible = rec || text,
					     .voidish = rec,
					     .known = rec || text };
		return true;
	}
	if (gh_val_kind(h, first) == GH_V_OBJECT && gh_row_is(gh_maker_of(h, first), "_codecs", "encode"))
		first = gh_val_item(h, gh_val_args(h, first), 0);
	if (!gh_is_text(h, first) || gh_val_len(h, first) > 40)
		return false;
	struct gh_span s = gh_val_text(h, first, 40);
	return s.p != NULL && element_text(s, e);
}

static bool is_dtype(struct gh_heap *h, gh_val v) { return gh_row_is(gh_maker_of(h, v), "numpy", "dtype"); }

/* What a dtype object describes, from its arguments and its state (already judged when it was given). */
bool gh_np_element_of(struct gh_heap *h, gh_val dtype, struct gh_np_element *e)
{
	if (!is_dtype(h, dtype) || !element_args(h, gh_val_args(h, dtype), e))
		return false;
	gh_val state = gh_val_item(h, dtype, 0);
	int64_t size;
	/* A size that only a later BUILD would set could still change. */
	if (e->flexible && e->size == 0)
		e->known = e->sized;
	uint64_t flags;
	if (gh_val_kind(h, state) != GH_V_TUPLE || gh_val_len(h, state) < 8)
		return true;
	if (e->flexible && gh_val_int(h, gh_val_item(h, state, 5), &size) && size >= 0) {
		e->size = (uint64_t)size;
		e->known = true;
	}
	if (gh_is_count(h, gh_val_item(h, state, 7), &flags) && (flags & LIST_PICKLE) != 0)
		e->objects = true;
	return true;
}

bool gh_np_shape(struct gh_heap *h, gh_val shape, uint64_t *product)
{
	uint64_t n = 1, d;
	if (gh_is_count(h, shape, &d)) {
		*product = d;
		return true;
	}
	if (gh_val_kind(h, shape) != GH_V_TUPLE && gh_val_kind(h, shape) != GH_V_LIST)
		return false;
	if (gh_val_len(h, shape) > DIMS)
		return false;
	for (uint64_t i = 0; i < gh_val_len(h, shape); i++)
		if (!gh_is_count(h, gh_val_item(h, shape, i), &d) || __builtin_mul_overflow(n, d, &n))
			return false;
	*product = n;
	return true;
}

const char *gh_args_np_dtype(const struct gh_use_case *u)
{
	struct gh_np_element e;
	int n = gh_argc(u);
	if (n < 1 || n > 3 || !element_args(u->heap, u->args, &e))
		return "not the name of an element type";
	for (int i = 1; i < n; i++) {
		uint64_t v;
		enum gh_vkind k = gh_val_kind(u->heap, gh_arg(u, (unsigned)i));
		if (k != GH_V_BOOL && !gh_is_count(u->heap, gh_arg(u, (unsigned)i), &v))
			return "not (type, align, copy)";
	}
	return NULL;
}

struct part { /* of a record */
	uint64_t from, to;
	bool objects;
};

struct record {
	struct part part[GH_VAL_KEPT];
	size_t n;
};

static int by_place(const void *ctx, uint32_t a, uint32_t b)
{
	const struct record *r = ctx;
	const struct part *x = &r->part[a], *y = &r->part[b];
	return x->from != y->from ? (x->from < y->from ? -1 : 1) : (x->to > y->to) - (x->to < y->to);
}

/* An object under other bytes: whoever writes those chooses the pointer that NumPy follows. */
static const char *overlaps_bad(const struct gh_use_case *u, const struct record *r)
{
	uint32_t idx[GH_VAL_KEPT], tmp[GH_VAL_KEPT];
	uint64_t all = 0, objects = 0; /* where the fields before end */
	for (uint32_t i = 0; i < r->n; i++)
		idx[i] = i;
	gh_sort_idx(idx, tmp, r->n, by_place, r);
	for (size_t i = 0; i < r->n; i++) {
		const struct part *p = &r->part[idx[i]];
		if (p->to == p->from)
			continue;
		if (p->from < (p->objects ? all : objects))
			return "a field that lies over an object";
		if (p->from < all)
			gh_doubt(u, "fields of a record that lie over each other");
		all = p->to > all ? p->to : all;
		objects = p->objects && p->to > objects ? p->to : objects;
	}
	return NULL;
}

/* A field with a title stands in the dictionary a second time, under the title. */
static bool is_title(struct gh_heap *h, gh_val key, gh_val f)
{
	struct gh_span title, name = gh_val_text(h, key, 4096);
	gh_val t = gh_val_item(h, f, 2);
	if (gh_val_len(h, f) != 3 || !gh_is_text(h, t) || gh_val_len(h, t) != gh_val_len(h, key))
		return false;
	title = gh_val_text(h, t, 4096);
	return t == key || (name.p != NULL && gh_span_eq(name, title) && name.n == gh_val_len(h, key));
}

static const char *fields_bad(const struct gh_use_case *u, gh_val names, gh_val fields, uint64_t size, bool *objects)
{
	struct gh_heap *h = u->heap;
	struct record r = { .n = 0 };
	/* Everything is found by name, now and later. */
	if (!gh_keys_are_text(h, fields) || gh_val_kind(h, names) != GH_V_TUPLE)
		return "fields that are not a dictionary of names";
	for (uint64_t i = 0; i < gh_val_len(h, fields); i++) {
		gh_val f = gh_val_at(h, fields, i);
		struct gh_np_element e;
		uint64_t off;
		if (gh_val_kind(h, f) != GH_V_TUPLE || gh_val_len(h, f) < 2 || gh_val_len(h, f) > 3 ||
		    !gh_np_element_of(h, gh_val_item(h, f, 0), &e) || !gh_is_count(h, gh_val_item(h, f, 1), &off))
			return "a field that is not (dtype, offset)";
		if (!e.known || off > size || e.size > size - off)
			return "a field that reaches outside its record, or whose size is not known";
		*objects = *objects || e.objects;
		if (!is_title(h, gh_val_key(h, fields, i), f))
			r.part[r.n++] = (struct part){ off, off + e.size, e.objects };
	}
	if (r.n != gh_val_len(h, names))
		return "not as many names as fields";
	return overlaps_bad(u, &r);
}

static const char *inner_bad(const struct gh_use_case *u, struct gh_np_element *e, uint64_t size)
{
	struct gh_heap *h = u->heap;
	gh_val state = u->args;
	gh_val sub = gh_val_item(h, state, 2), names = gh_val_item(h, state, 3), fields = gh_val_item(h, state, 4);
	if (gh_val_kind(h, sub) != GH_V_NONE) {
		struct gh_np_element in;
		uint64_t n, bytes;
		if (!e->voidish || gh_val_kind(h, sub) != GH_V_TUPLE || gh_val_len(h, sub) != 2 ||
		    !gh_np_element_of(h, gh_val_item(h, sub, 0), &in) || !gh_np_shape(h, gh_val_item(h, sub, 1), &n))
			return "a sub-array that is not (dtype, shape)";
		if (!in.known || __builtin_mul_overflow(in.size, n, &bytes) || bytes > size)
			return "a sub-array that reaches outside its element";
		e->objects = e->objects || in.objects;
	}
	if (gh_val_kind(h, fields) == GH_V_NONE && gh_val_kind(h, names) == GH_V_NONE)
		return NULL;
	if (!e->voidish || gh_val_kind(h, sub) != GH_V_NONE)
		return "fields of a type that has none";
	return fields_bad(u, names, fields, size, &e->objects);
}

/* (version, byte order, sub-array, names, fields, item size, alignment, flags[, metadata]) */
const char *gh_args_np_dtype_state(const struct gh_use_case *u)
{
	struct gh_heap *h = u->heap;
	struct gh_np_element e;
	int n = gh_argc(u);
	int64_t version, size, align, flags;
	if (n < 8 || n > 9 || !gh_val_int(h, gh_arg(u, 0), &version) || version < 2 || version > 4)
		return "not a dtype state";
	if (!element_args(h, gh_val_args(h, u->target), &e))
		return "the dtype it is given to is not understood";
	if (!gh_is_text(h, gh_arg(u, 1)) || gh_val_len(h, gh_arg(u, 1)) != 1)
		return "odd byte order";
	if (!gh_val_int(h, gh_arg(u, 5), &size) || !gh_val_int(h, gh_arg(u, 6), &align) ||
	    !gh_val_int(h, gh_arg(u, 7), &flags) || size < -1 || align < -1 || size > UINT32_MAX)
		return "odd item size, alignment or flags";
	gh_val before = gh_val_item(h, u->target, 0);
	if (gh_val_kind(h, before) != GH_V_UNKNOWN && gh_val_kind(h, before) != GH_V_NONE && before != u->args)
		return "a second state for the same dtype, after others relied on the first";
	if (size != -1 && (!e.flexible || e.sized) && e.known && (uint64_t)size != e.size)
		return "an item size that contradicts the type";
	const char *bad = inner_bad(u, &e, size < 0 ? e.size : (uint64_t)size);
	if (bad != NULL)
		return bad;
	unsigned held = (unsigned)flags & (REFCOUNT | LIST_PICKLE);
	/* A choice of a record's fields keeps the flags of the whole record. NumPy looks for pointers field by field. */
	if (!e.objects && held == (REFCOUNT | LIST_PICKLE) && gh_val_kind(h, gh_arg(u, 4)) == GH_V_DICT) {
		gh_doubt(u, "a record that says it holds objects and has no field for them");
		e.objects = true;
	}
	if (e.objects ? held != (REFCOUNT | LIST_PICKLE) : (held != 0 || ((unsigned)flags & IS_POINTER) != 0))
		return "flags that make NumPy take plain bytes for object pointers";
	if (n == 9 && gh_val_kind(h, gh_arg(u, 8)) != GH_V_NONE && !gh_is_plain(h, gh_arg(u, 8)))
		return "metadata that is not plain";
	return NULL;
}

/* _reconstruct(subtype, shape, dtype): makes an empty array that BUILD fills. */
const char *gh_args_np_reconstruct(const struct gh_use_case *u)
{
	uint64_t n;
	struct gh_np_element e;
	if (gh_argc(u) != 3)
		return "not (class, shape, type)";
	if (!gh_row_uses(gh_row_of(u->heap, gh_arg(u, 0)), GH_USE_MAKE))
		return "the array class is not on the allow list";
	if (!gh_np_shape(u->heap, gh_arg(u, 1), &n) || n > 1)
		return "an array that is not empty: its memory would be uninitialised";
	gh_val t = gh_arg(u, 2);
	if (gh_row_is(gh_maker_of(u->heap, t), "_codecs", "encode"))
		return NULL;
	if (gh_np_element_of(u->heap, t, &e))
		return NULL;
	struct gh_span s = gh_val_text(u->heap, t, 8);
	return gh_is_text(u->heap, t) && s.p != NULL && element_text(s, &e) ? NULL : "odd element type";
}

const char *gh_args_np_ma_reconstruct(const struct gh_use_case *u)
{
	uint64_t n;
	if (gh_argc(u) != 4 || !gh_np_shape(u->heap, gh_arg(u, 2), &n) || n > 1)
		return "not (class, base class, (0,), type)";
	/* The first class is called with an array and keywords, the second only decides the type of the data. */
	for (unsigned i = 0; i < 2; i++) {
		const struct gh_allow_row *r = gh_row_of(u->heap, gh_arg(u, i));
		uint8_t build = r == NULL ? GH_ARGS_any : gh_allow_group(r)->arg[GH_USE_BUILD];
		if (!gh_row_uses(r, GH_USE_MAKE) || build != (i == 0 ? GH_ARGS_np_ma_state : GH_ARGS_np_array_state))
			return "the array class is not on the allow list";
	}
	gh_val t = gh_arg(u, 3);
	return gh_is_text(u->heap, t) || is_dtype(u->heap, t) || gh_row_is(gh_maker_of(u->heap, t), "_codecs", "encode")
		       ? NULL
		       : "odd element type";
}

static bool raw_bytes(struct gh_heap *h, gh_val v)
{
	enum gh_vkind k = gh_val_kind(h, v);
	return k == GH_V_BYTES || k == GH_V_STR || k == GH_V_BYTEARRAY || k == GH_V_BUFFER ||
	       gh_row_is(gh_maker_of(h, v), "_codecs", "encode") || gh_row_is(gh_maker_of(h, v), "builtins", "bytes") ||
	       gh_row_is(gh_maker_of(h, v), "builtins", "bytearray");
}

static const char *array_state(const struct gh_use_case *u, gh_val t, unsigned at)
{
	struct gh_heap *h = u->heap;
	struct gh_np_element e;
	uint64_t n, bytes;
	gh_val raw = gh_val_item(h, t, at + 3);
	if (!gh_np_shape(h, gh_val_item(h, t, at), &n))
		return "odd shape";
	if (!gh_np_element_of(h, gh_val_item(h, t, at + 1), &e))
		return "the element type is not a dtype that this stream made";
	if (gh_val_kind(h, raw) == GH_V_LIST)
		return e.objects ? gh_elements_bad(u, raw) : "a list for an array without objects";
	if (!raw_bytes(h, raw))
		return "the content is neither bytes nor a list";
	if (e.objects)
		return "raw bytes for an array of objects";
	if (gh_val_kind(h, raw) == GH_V_BYTES && e.known &&
	    (__builtin_mul_overflow(n, e.size, &bytes) || bytes != gh_val_len(h, raw)))
		return "shape, type and number of bytes contradict each other";
	return NULL;
}

/* (version, shape, dtype, Fortran order, bytes or list); version 0 had no number. Subclasses of DataFrame-like
 * libraries and record arrays append nothing. */
const char *gh_args_np_array_state(const struct gh_use_case *u)
{
	int n = gh_argc(u);
	/* pandas' FrozenNDArray and some subclasses wrap it: (array state, own state). */
	if (n == 2 && gh_val_kind(u->heap, gh_arg(u, 0)) == GH_V_TUPLE) {
		uint64_t len = gh_val_len(u->heap, gh_arg(u, 0));
		if ((len != 4 && len != 5) || gh_data_bad(u, gh_arg(u, 1)) != NULL)
			return "not an array state";
		return array_state(u, gh_arg(u, 0), len == 5);
	}
	if (n != 4 && n != 5)
		return "not an array state";
	return array_state(u, u->args, n == 5);
}

const char *gh_args_np_ma_state(const struct gh_use_case *u)
{
	if (gh_argc(u) != 7 || !raw_bytes(u->heap, gh_arg(u, 5)) || gh_data_bad(u, gh_arg(u, 6)) != NULL)
		return "not the state of a masked array";
	return array_state(u, u->args, 1);
}

const char *gh_args_np_scalar(const struct gh_use_case *u)
{
	struct gh_np_element e;
	int n = gh_argc(u);
	if (n < 1 || n > 2 || !gh_np_element_of(u->heap, gh_arg(u, 0), &e))
		return "not (dtype, bytes)";
	if (n == 1)
		return NULL;
	gh_val v = gh_arg(u, 1);
	if (e.objects)
		return gh_is_plain(u->heap, v) || (gh_row_is(gh_class_of(u->heap, v), "numpy", "ndarray") &&
						   gh_data_bad(u, v) == NULL)
			       ? NULL
			       : "an object scalar of an unknown kind";
	if (!raw_bytes(u->heap, v))
		return "the value is not bytes";
	return gh_val_kind(u->heap, v) == GH_V_BYTES && e.known && gh_val_len(u->heap, v) < e.size
		       ? "fewer bytes than the type has"
		       : NULL;
}

const char *gh_args_np_frombuffer(const struct gh_use_case *u)
{
	struct gh_np_element e;
	uint64_t n;
	if (gh_argc(u) != 4 || !raw_bytes(u->heap, gh_arg(u, 0)) || !gh_np_element_of(u->heap, gh_arg(u, 1), &e) ||
	    !gh_np_shape(u->heap, gh_arg(u, 2), &n) || !gh_is_text(u->heap, gh_arg(u, 3)))
		return "not (buffer, dtype, shape, order)";
	return e.objects ? "raw bytes for an array of objects" : NULL;
}

/* The second argument is called with the first. */
const char *gh_args_np_random(const struct gh_use_case *u)
{
	static const char *const names[] = { "MT19937", "PCG64", "PCG64DXSM", "Philox", "SFC64", NULL };
	int n = gh_argc(u);
	if (n < 0 || n > 2)
		return "wrong number of arguments";
	for (int i = 0; i < n; i++) {
		gh_val v = gh_arg(u, (unsigned)i);
		const struct gh_allow_row *r = gh_row_of(u->heap, v), *m = gh_maker_of(u->heap, v);
		bool generator = r != NULL && strncmp(r->module, "numpy.random", 12) == 0;
		bool made = m != NULL && strncmp(m->module, "numpy.random", 12) == 0;
		if (!gh_is_word(u->heap, v, names) && !generator && !made)
			return "it would call something other than NumPy's own generator";
	}
	return NULL;
}

/* _ufunc_reconstruct(module, name) imports the module and takes the attribute. */
const char *gh_args_np_ufunc(const struct gh_use_case *u)
{
	static const char *const modules[] = { "numpy.core.umath",
					       "numpy.core._multiarray_umath",
					       "numpy",
					       "numpy._core._multiarray_umath",
					       "numpy._core.umath",
					       NULL };
	if (gh_argc(u) != 2 || !gh_is_word(u->heap, gh_arg(u, 0), modules))
		return "a name outside NumPy's own functions";
	struct gh_span name = gh_val_text(u->heap, gh_arg(u, 1), 40);
	const struct gh_allow_row *r = name.p == NULL || gh_val_kind(u->heap, gh_arg(u, 1)) != GH_V_STR
					       ? NULL
					       : gh_allow_find(GH_SPAN("numpy.core._multiarray_umath"), name);
	return r != NULL ? NULL : "a name outside NumPy's own functions";
}

/* numpy.record and numpy.void scalars. */
const char *gh_args_np_record(const struct gh_use_case *u)
{
	for (int i = 0; i < gh_argc(u); i++)
		if (gh_data_bad(u, gh_arg(u, (unsigned)i)) != NULL)
			return "arguments that are not data";
	return gh_argc(u) < 0 ? "unknown arguments" : NULL;
}
