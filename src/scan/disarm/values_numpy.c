/* values_numpy.c - arrays of NumPy as pickles hold them: by _reconstruct and a state, by _frombuffer (protocol 5), or
 * inline behind joblib's wrapper. Sources: numpy/core/src/multiarray/methods.c (array_setstate), numpy/core/numeric.py,
 * descriptor.c (arraydescr_setstate), joblib/numpy_pickle.py. */
#include "format/pickle/heap.h"
#include "scan/disarm/values.h"
#include "wire/npyhdr.h"

enum { DECODED_MAX = 32 << 20 };

static bool module_is_numpy(struct gh_span m) { return gh_span_is(m, "numpy") || gh_span_starts(m, "numpy."); }

static bool calls(struct gh_heap *h, gh_val v, const char *name)
{
	struct gh_span m, n;
	return gh_val_kind(h, v) == GH_V_OBJECT && gh_val_global(h, gh_val_callee(h, v), &m, &n) &&
	       module_is_numpy(m) && gh_span_is(n, name);
}

/* numpy.dtype('f8', …) with a state that gives the byte order; or one of its scalar types by name. False: not known, or no
 * plain number. */
static bool dtype(struct gh_heap *h, gh_val v, struct gh_dis_tensor *t)
{
	struct gh_npy_type type;
	struct gh_span s = gh_val_text(h, gh_val_item(h, gh_val_args(h, v), 0), 64);
	if (!calls(h, v, "dtype") || s.p == NULL || !gh_npy_type_parse(s, &type) || type.fields || type.subarray)
		return false;
	t->dtype = gh_dtype_numpy(type.kind, type.size);
	t->big_endian = type.order == '>';
	for (uint64_t i = 0; i < gh_val_len(h, v); i++) {
		gh_val order = gh_val_item(h, gh_val_item(h, v, i), 1);
		if (gh_val_is(h, order, ">") || gh_val_is(h, order, "<"))
			t->big_endian = gh_val_is(h, order, ">");
	}
	return t->dtype != NULL;
}

static bool shape(struct gh_dis_job *j, struct gh_heap *h, gh_val v, struct gh_dis_tensor *t, bool fortran)
{
	enum gh_vkind k = gh_val_kind(h, v);
	int64_t one;
	bool scalar = k == GH_V_INT;
	uint64_t n = scalar ? 1 : gh_val_len(h, v), step = 1;
	if ((k != GH_V_TUPLE && k != GH_V_LIST && !scalar) || n > GH_DIMS_MAX)
		return false;
	uint64_t *room = GH_NEW(j->arena, uint64_t, 2 * n + 1);
	if (room == NULL)
		return false;
	for (uint64_t i = 0; i < n; i++) {
		if (!gh_val_int(h, scalar ? v : gh_val_item(h, v, i), &one) || one < 0)
			return false;
		room[i] = (uint64_t)one;
		room[n + i] = step;
		if (one != 0 && __builtin_mul_overflow(step, (uint64_t)one, &step))
			return false;
	}
	t->ndim = (unsigned)n;
	t->dim = room;
	t->stride = fortran ? room + n : NULL;
	return true;
}

/* _codecs.encode(text, 'latin1'): how protocols before 3 spell bytes. */
static gh_val unwrapped(struct gh_heap *h, gh_val v)
{
	struct gh_span m, n;
	if (gh_val_kind(h, v) == GH_V_OBJECT && gh_val_global(h, gh_val_callee(h, v), &m, &n) &&
	    (gh_span_is(n, "encode") || gh_span_is(n, "bytearray") || gh_span_is(n, "bytes")))
		return gh_val_item(h, gh_val_args(h, v), 0);
	return v;
}

/* The bytes of the array: where they stand in the source, or decoded into memory. */
static enum gh_rc bytes(struct gh_dis_job *j, struct gh_heap *h, gh_val v, struct gh_dis_tensor *t, const char **why)
{
	v = unwrapped(h, v);
	enum gh_vkind k = gh_val_kind(h, v);
	struct gh_val_reader r;
	*why = "an array whose bytes are not in the file";
	if ((k != GH_V_BYTES && k != GH_V_BYTEARRAY && k != GH_V_STR) || !gh_val_reader(h, v, &r))
		return GH_E_UNREAD;
	if (k != GH_V_STR) {
		t->store = gh_dis_range(j, h->src, gh_cur_off(&r.cur), r.left);
		return t->store == NULL ? GH_E_LIMIT : GH_OK;
	}
	/* Text is at most twice as long as the bytes it stands for. */
	uint64_t n = 1;
	for (unsigned i = 0; i < t->ndim; i++)
		if (__builtin_mul_overflow(n, t->dim[i], &n))
			return GH_E_MALFORMED;
	if (__builtin_mul_overflow(n, (uint64_t)t->dtype->bytes, &n) || n > r.left)
		return gh_fail(j->err, GH_E_MALFORMED, "an array needs more bytes than the file holds for it");
	*why = "an array of more than 32 MiB that is spelt as text: save it again with pickle protocol 3 or later";
	if (n > DECODED_MAX)
		return GH_E_UNREAD;
	uint8_t *p = gh_alloc(j->arena, n + 1, 1);
	struct gh_src_mem *mem = GH_NEW(j->arena, struct gh_src_mem, 1);
	if (p == NULL || mem == NULL)
		return gh_fail(j->err, GH_E_LIMIT, "memory (--limit-memory)");
	if (!gh_val_read(&r, p, (size_t)n))
		return gh_fail(j->err, GH_E_MALFORMED, "the bytes of an array, spelt as text, are broken");
	t->store = gh_dis_range(j, gh_src_mem(mem, (struct gh_span){ p, (size_t)n }), 0, n);
	return t->store == NULL ? GH_E_LIMIT : GH_OK;
}

static enum gh_rc array(struct gh_dis_job *j, struct gh_heap *h, gh_val type, gh_val dims, gh_val data, bool fortran,
			struct gh_dis_tensor *t, const char **why)
{
	*why = "an array of something else than plain numbers";
	if (!dtype(h, type, t))
		return GH_E_UNREAD;
	*why = "an array whose shape is not understood";
	if (!shape(j, h, dims, t, fortran))
		return GH_E_UNREAD;
	for (unsigned i = 0; i < t->ndim; i++)
		if (t->dim[i] == 0)
			return GH_OK;
	return bytes(j, h, data, t, why);
}

/* _reconstruct(ndarray, (0,), b'b') and its state (version, shape, dtype, Fortran order, bytes). */
static enum gh_rc reconstructed(struct gh_dis_job *j, struct gh_heap *h, gh_val v, struct gh_dis_tensor *t,
				const char **why)
{
	struct gh_span m, n;
	int64_t fortran = 0;
	gh_val state = gh_val_item(h, v, gh_val_len(h, v) - 1), cls = gh_val_item(h, gh_val_args(h, v), 0);
	*why = "an array of a class of its own";
	if (!gh_val_global(h, cls, &m, &n) || !module_is_numpy(m) ||
	    (!gh_span_is(n, "ndarray") && !gh_span_is(n, "memmap") && !gh_span_is(n, "matrix")))
		return GH_E_UNREAD;
	*why = "an array without its state";
	uint64_t k = gh_val_len(h, state);
	if (gh_val_len(h, v) == 0 || gh_val_kind(h, state) != GH_V_TUPLE || (k != 5 && k != 4))
		return GH_E_UNREAD;
	uint64_t at = k - 4; /* the first versions had no version */
	if (!gh_val_int(h, gh_val_item(h, state, at + 2), &fortran))
		return GH_E_UNREAD;
	return array(j, h, gh_val_item(h, state, at + 1), gh_val_item(h, state, at), gh_val_item(h, state, at + 3),
		     fortran != 0, t, why);
}

enum gh_rc gh_dis_ndarray(struct gh_dis_job *j, struct gh_heap *h, gh_val v, struct gh_dis_tensor *t, const char **why)
{
	struct gh_span m, n;
	if (gh_val_kind(h, v) != GH_V_OBJECT)
		return GH_E_NOTTHIS;
	gh_val args = gh_val_args(h, v);
	*t = (struct gh_dis_tensor){ 0 };
	if (calls(h, v, "_reconstruct"))
		return reconstructed(j, h, v, t, why);
	if (calls(h, v, "_frombuffer") && gh_val_len(h, args) == 4) {
		gh_val order = gh_val_item(h, args, 3);
		return array(j, h, gh_val_item(h, args, 1), gh_val_item(h, args, 2), gh_val_item(h, args, 0),
			     gh_val_is(h, order, "F"), t, why);
	}
	/* As the machine shows joblib's inline arrays: class(shape, dtype, bytes). */
	if (gh_val_global(h, gh_val_callee(h, v), &m, &n) && module_is_numpy(m) &&
	    (gh_span_is(n, "ndarray") || gh_span_is(n, "memmap") || gh_span_is(n, "matrix")) &&
	    gh_val_len(h, args) == 3)
		return array(j, h, gh_val_item(h, args, 1), gh_val_item(h, args, 0), gh_val_item(h, args, 2),
			     gh_val_is(h, gh_val_kwargs(h, v), "F"), t, why);
	return GH_E_NOTTHIS;
}
