/* Tensors, wherever they stand: the shape against the type and the data, in each of the three places where data can be;
 * and what points to other files. */
#include "format/onnx/onnx.h"

/* TensorProto.DataType. */
static const struct onnx_dtype {
	const char *name;
	uint16_t bits;
	uint8_t field;	/* enum onnx_typed that holds it */
	uint8_t values; /* in that field, per element */
} dtypes[] = {
	[1] = { "F32", 32, ONNX_D_FLOAT, 1 },	  [2] = { "U8", 8, ONNX_D_INT32, 1 },
	[3] = { "I8", 8, ONNX_D_INT32, 1 },	  [4] = { "U16", 16, ONNX_D_INT32, 1 },
	[5] = { "I16", 16, ONNX_D_INT32, 1 },	  [6] = { "I32", 32, ONNX_D_INT32, 1 },
	[7] = { "I64", 64, ONNX_D_INT64, 1 },	  [8] = { "STRING", 0, ONNX_D_STRING, 1 },
	[9] = { "BOOL", 8, ONNX_D_INT32, 1 },	  [10] = { "F16", 16, ONNX_D_INT32, 1 },
	[11] = { "F64", 64, ONNX_D_DOUBLE, 1 },	  [12] = { "U32", 32, ONNX_D_UINT64, 1 },
	[13] = { "U64", 64, ONNX_D_UINT64, 1 },	  [14] = { "C64", 64, ONNX_D_FLOAT, 2 },
	[15] = { "C128", 128, ONNX_D_DOUBLE, 2 }, [16] = { "BF16", 16, ONNX_D_INT32, 1 },
	[17] = { "F8_E4M3", 8, ONNX_D_INT32, 1 }, [18] = { "F8_E4M3FNUZ", 8, ONNX_D_INT32, 1 },
	[19] = { "F8_E5M2", 8, ONNX_D_INT32, 1 }, [20] = { "F8_E5M2FNUZ", 8, ONNX_D_INT32, 1 },
	[21] = { "U4", 4, ONNX_D_INT32, 1 },	  [22] = { "I4", 4, ONNX_D_INT32, 1 },
	[23] = { "F4", 4, ONNX_D_INT32, 1 },	  [24] = { "F8_E8M0", 8, ONNX_D_INT32, 1 },
	[25] = { "U2", 2, ONNX_D_INT32, 1 },	  [26] = { "I2", 2, ONNX_D_INT32, 1 },
};
enum { DTYPES = sizeof dtypes / sizeof dtypes[0], TYPE_PLAUSIBLE = 255, LONG_STRING = 256 };

#define ULL(v) ((unsigned long long)(v))

void onnx_tensor_open(struct onnx *x, const struct gh_pb_field *f)
{
	struct onnx_tensor *t = &x->t; /* the path's room need not be cleared */
	memset(t, 0, offsetof(struct onnx_tensor, path));
	t->off = f->off;
	t->end = f->end;
}

static void add_dims(struct onnx *x, const struct gh_pb_field *f)
{
	struct onnx_tensor *t = &x->t;
	size_t room = t->ndim < GH_DIMS_MAX ? GH_DIMS_MAX - t->ndim : 0;
	(void)gh_ps_ints(&x->s, f, t->dim + (GH_DIMS_MAX - room), room);
	t->ndim += x->s.count;
}

static enum gh_rc typed(struct onnx *x, unsigned which, const struct gh_pb_field *f)
{
	struct onnx_tensor *t = &x->t;
	t->count[which] += x->s.count;
	if (which == ONNX_D_STRING) {
		if (f->len >= LONG_STRING)
			return gh_ps_blob(&x->s, "tensor", onnx_name(&t->name), f, NULL);
		gh_ps_data(&x->s, f->off, f->len, GH_CLAIM_DATA);
		return GH_OK;
	}
	t->pieces++;
	if (f->wire == GH_PB_LEN && (which == ONNX_D_FLOAT || which == ONNX_D_DOUBLE)) {
		t->data_off = f->off; /* little-endian numbers, one after the other: as good as raw */
		t->data_len = f->len;
		gh_ps_data(&x->s, f->off, f->len, GH_CLAIM_DATA);
	}
	return GH_OK;
}

enum gh_rc onnx_tensor_field(struct onnx *x, unsigned id, const struct gh_pb_field *f)
{
	struct onnx_tensor *t = &x->t;
	if (id >= ONNX_FLOATS && id <= ONNX_UINT64S)
		return typed(x, id - ONNX_FLOATS, f);
	switch (id) {
	case ONNX_DIMS: add_dims(x, f); break;
	case ONNX_TYPE: t->type = f->v; break;
	case ONNX_TENSOR_NAME: onnx_keep(x, &t->name, f); break;
	case ONNX_LOCATION: t->location = f->v; break;
	case ONNX_RAW:
		t->raw_off = f->off;
		t->raw_len = f->len;
		gh_ps_data(&x->s, f->off, f->len, GH_CLAIM_DATA);
		break;
	default: break;
	}
	return GH_OK;
}

/* ---- external data ------------------------------------------------------------------------------------------------ */

/* Decimal digits and nothing else, of a value that fits a file. */
static bool decimal(struct gh_span s, uint64_t *v)
{
	*v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || *v > (INT64_MAX - 9) / 10)
			return false;
		*v = *v * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n != 0;
}

static unsigned ext_key(struct gh_span key)
{
	static const char *const names[ONNX_X_N] = { "location", "offset", "length", "checksum", "basepath" };
	for (unsigned i = 0; i < ONNX_X_N; i++)
		if (gh_span_is(key, names[i]))
			return i;
	return ONNX_X_N;
}

static enum gh_rc refer(struct onnx *x, struct gh_span path, uint64_t off, uint64_t len)
{
	struct gh_reference ref = {
		.kind = GH_REF_DATA, .target = path, .from = onnx_name(&x->t.name), .data = { off, len }
	};
	return gh_emit(x->w, GH_EV_REFERENCE, x->t.off, x->t.end - x->t.off, &ref);
}

void onnx_external(struct onnx *x)
{
	struct onnx_tensor *t = &x->t;
	const struct gh_pb_field *f = &x->value;
	unsigned k = ext_key(onnx_name(&x->key));
	struct gh_span v = gh_ps_bytes(&x->s, f, ONNX_PATH);
	uint64_t number = 0;
	/* "prepacked_0" …: where ONNX Runtime keeps the same weights in another order, in the same file. */
	if (k == ONNX_X_N && gh_span_starts(onnx_name(&x->key), "prepacked_"))
		return;
	if (k == ONNX_X_N) {
		gh_ps_say(&x->s, gh_span_starts(onnx_name(&x->key), "__") ? ONNX_A_EXT_ATTR : ONNX_A_EXT_KEY, f->tag,
			  f->end - f->tag, "tensor \"%s\": key \"%s\"", gh_safe(onnx_name(&t->name)).s,
			  gh_safe(onnx_name(&x->key)).s);
		return;
	}
	if ((t->ext & 1u << k) != 0)
		gh_ps_say(&x->s, ONNX_A_EXT_TWICE, f->tag, f->end - f->tag, "tensor \"%s\": \"%s\"",
			  gh_safe(onnx_name(&t->name)).s, gh_safe(onnx_name(&x->key)).s);
	t->ext |= 1u << k;
	if (k == ONNX_X_OFFSET || k == ONNX_X_LENGTH) {
		if (f->len > 32 || !decimal(v, &number)) {
			gh_ps_say(&x->s, ONNX_A_EXT_NUMBER, f->tag, f->end - f->tag, "tensor \"%s\": %s \"%s\"",
				  gh_safe(onnx_name(&t->name)).s, gh_safe(onnx_name(&x->key)).s, gh_safe(v).s);
			t->ext_bad = true;
		}
		*(k == ONNX_X_OFFSET ? &t->ext_off : &t->ext_len) = number;
	} else if (k == ONNX_X_LOCATION) {
		if (f->len > ONNX_PATH)
			gh_ps_say(&x->s, ONNX_A_EXT_NOWHERE, f->tag, f->end - f->tag,
				  "tensor \"%s\": a location of %llu bytes", gh_safe(onnx_name(&t->name)).s,
				  ULL(f->len));
		t->path_n = v.n;
		if (v.n != 0)
			memcpy(t->path, v.p, v.n);
	}
}

/* ---- the tensor as a whole ----------------------------------------------------------------------------------------- */

/* Elements, or false when the shape is none (said). */
static bool elements_of(struct onnx *x, uint64_t *n)
{
	struct onnx_tensor *t = &x->t;
	*n = 1;
	if (t->ndim > GH_DIMS_MAX) {
		gh_ps_say(&x->s, ONNX_A_RANK, t->off, t->end - t->off, "tensor \"%s\": %llu dimensions",
			  gh_safe(onnx_name(&t->name)).s, ULL(t->ndim));
		return false;
	}
	bool bad = false, zero = false;
	for (uint64_t i = 0; i < t->ndim; i++) {
		zero = zero || t->dim[i] == 0;
		bad = bad || t->dim[i] > INT64_MAX;
		bad = bad || (t->dim[i] != 0 && __builtin_mul_overflow(*n, t->dim[i], n)) || *n > INT64_MAX / 16;
		if (bad) {
			gh_ps_say(&x->s, ONNX_A_DIMS, t->off, t->end - t->off,
				  "tensor \"%s\": dimension %llu is %lld, the size leaves 63 bits or is negative",
				  gh_safe(onnx_name(&t->name)).s, ULL(i), (long long)t->dim[i]);
			return false;
		}
	}
	if (zero)
		*n = 0;
	return true;
}

static const struct onnx_dtype *type_of(struct onnx *x, bool anything)
{
	struct onnx_tensor *t = &x->t;
	if (t->type != 0 && t->type < DTYPES)
		return &dtypes[t->type];
	if (t->type == 0 && !anything)
		return NULL; /* an empty message: no tensor at all */
	gh_ps_say(&x->s, t->type > TYPE_PLAUSIBLE ? ONNX_A_TYPE_BAD : ONNX_A_TYPE, t->off, t->end - t->off,
		  "tensor \"%s\": type %lld", gh_safe(onnx_name(&t->name)).s, (long long)t->type);
	return NULL;
}

static void mismatch(struct onnx *x, const char *where, uint64_t got, uint64_t want)
{
	gh_ps_say(&x->s, ONNX_A_SIZE, x->t.off, x->t.end - x->t.off, "tensor \"%s\": %llu %s, the shape needs %llu",
		  gh_safe(onnx_name(&x->t.name)).s, ULL(got), where, ULL(want));
}

static void wrong_field(struct onnx *x, const char *what)
{
	gh_ps_say(&x->s, ONNX_A_FIELD, x->t.off, x->t.end - x->t.off, "tensor \"%s\": %s",
		  gh_safe(onnx_name(&x->t.name)).s, what);
}

/* The data in the file against the shape. True: they are there and they fit. */
static bool inline_fits(struct onnx *x, const struct onnx_dtype *d, uint64_t elements, uint64_t bytes)
{
	struct onnx_tensor *t = &x->t;
	unsigned fields = 0;
	for (unsigned i = 0; i < ONNX_D_N; i++)
		fields += t->count[i] != 0;
	if (fields + (t->raw_len != 0) > 1) {
		wrong_field(x, "data in more than one field");
		return false;
	}
	if (t->raw_len != 0) {
		if (d->bits == 0)
			wrong_field(x, "strings as raw data");
		else if (t->raw_len != bytes)
			mismatch(x, "bytes of raw data", t->raw_len, bytes);
		return d->bits != 0 && t->raw_len == bytes;
	}
	if (fields != 0 && t->count[d->field] == 0) {
		wrong_field(x, "data in a field that its type does not use");
		return false;
	}
	/* Narrow integers come two or four to a value; early writers put each into one of its own. */
	uint64_t want = d->bits >= 8 || d->bits == 0 ? elements * d->values : bytes, got = t->count[d->field];
	if (got != want && (d->bits == 0 || d->bits >= 8 || got != elements))
		mismatch(x, "values", got, want);
	return got == want;
}

static enum gh_rc announce(struct onnx *x, const struct onnx_dtype *d)
{
	struct onnx_tensor *t = &x->t;
	bool raw = t->raw_len != 0;
	if (!raw && (t->pieces != 1 || t->data_len == 0))
		return GH_OK; /* values of their own each: checked one by one, and no bytes of a tensor */
	struct gh_tensor ev = { .name = onnx_name(&t->name),
				.dtype = d->name,
				.bits = d->bits,
				.ndim = (unsigned)t->ndim,
				.dim = t->dim,
				.src = x->w->src };
	return gh_emit(x->w, GH_EV_TENSOR, raw ? t->raw_off : t->data_off, raw ? t->raw_len : t->data_len, &ev);
}

static enum gh_rc external(struct onnx *x, const struct onnx_dtype *d, bool sized, uint64_t bytes, bool data)
{
	struct onnx_tensor *t = &x->t;
	struct gh_safe safe = gh_safe(onnx_name(&t->name));
	const char *name = safe.s;
	if (t->location == 1 && data)
		gh_ps_say(&x->s, ONNX_A_BOTH, t->off, t->end - t->off, "tensor \"%s\"", name);
	if (t->location != 1)
		gh_ps_say(&x->s, ONNX_A_EXT_UNUSED, t->off, t->end - t->off, "tensor \"%s\"", name);
	if (t->location == 1 && (t->ext & 1u << ONNX_X_LOCATION) == 0)
		gh_ps_say(&x->s, ONNX_A_EXT_NOWHERE, t->off, t->end - t->off, "tensor \"%s\": no location", name);
	uint64_t len = t->ext_len != 0 ? t->ext_len : sized && d != NULL && d->bits != 0 ? bytes : UINT64_MAX;
	if (len != UINT64_MAX && t->ext_off > INT64_MAX - len && !t->ext_bad)
		gh_ps_say(&x->s, ONNX_A_EXT_NUMBER, t->off, t->end - t->off,
			  "tensor \"%s\": %llu bytes at %llu leave 63 bits", name, ULL(len), ULL(t->ext_off));
	else if (t->ext_len != 0 && sized && d != NULL && d->bits != 0 && t->ext_len != bytes)
		mismatch(x, "bytes of external data", t->ext_len, bytes);
	if ((t->ext & 1u << ONNX_X_LOCATION) == 0)
		return GH_OK;
	return refer(x, (struct gh_span){ t->path, t->path_n }, t->ext_off, len);
}

static void remember_name(struct onnx *x)
{
	uint64_t number = x->open_graphs != 0 ? x->graph[x->open_graphs - 1] : 0;
	if (x->t.name.n == 0)
		return;
	struct gh_span id = { (const uint8_t *)&number, sizeof number };
	if (!gh_recs_add(&x->names, (struct gh_rec){ gh_hash_end(gh_hash(x->t.name.hash, id)), x->t.off, 0 }))
		x->many = true;
}

enum gh_rc onnx_tensor_close(struct onnx *x, bool initializer)
{
	struct onnx_tensor *t = &x->t;
	uint64_t elements = 0, bytes = 0;
	bool data = t->raw_len != 0, ext = t->ext != 0 || t->location == 1;
	for (unsigned i = 0; i < ONNX_D_N; i++)
		data = data || t->count[i] != 0;
	if (t->location > 1)
		wrong_field(x, "a data location that does not exist");
	if (initializer)
		remember_name(x);
	bool shaped = elements_of(x, &elements);
	const struct onnx_dtype *d = type_of(x, data || ext || t->ndim != 0);
	bool sized = shaped && d != NULL;
	if (sized) /* elements are below 2^59: no overflow */
		bytes = d->bits >= 8 ? elements * (d->bits / 8) : (elements * d->bits + 7) / 8;
	enum gh_rc rc = GH_OK;
	if (t->segment)
		gh_ps_say(&x->s, ONNX_A_SEGMENT, t->off, t->end - t->off, "tensor \"%s\"",
			  gh_safe(onnx_name(&t->name)).s);
	else if (sized && data && inline_fits(x, d, elements, bytes))
		rc = announce(x, d);
	if (rc == GH_OK && ext)
		rc = external(x, d, sized, bytes, data);
	if (!data && !ext && (!shaped || elements != 0) && d != NULL)
		gh_ps_say(&x->s, ONNX_A_NODATA, t->off, t->end - t->off, "tensor \"%s\" of %llu elements",
			  gh_safe(onnx_name(&t->name)).s, ULL(elements));
	if (t->end - t->off >= 64 << 10)
		gh_src_advance(x->w->src, t->end);
	return rc;
}
