#include "format/dtype.h"

#define PLAIN(n, c, w) { n, c, w, 1, (w) / 8 }

static const struct gh_dtype boolean = PLAIN("BOOL", GH_DT_BOOL, 8);
static const struct gh_dtype u8 = PLAIN("U8", GH_DT_UINT, 8), u16 = PLAIN("U16", GH_DT_UINT, 16),
			     u32 = PLAIN("U32", GH_DT_UINT, 32), u64 = PLAIN("U64", GH_DT_UINT, 64);
static const struct gh_dtype i8 = PLAIN("I8", GH_DT_INT, 8), i16 = PLAIN("I16", GH_DT_INT, 16),
			     i32 = PLAIN("I32", GH_DT_INT, 32), i64 = PLAIN("I64", GH_DT_INT, 64);
static const struct gh_dtype f16 = PLAIN("F16", GH_DT_FLOAT, 16), bf16 = PLAIN("BF16", GH_DT_FLOAT, 16),
			     f32 = PLAIN("F32", GH_DT_FLOAT, 32), f64 = PLAIN("F64", GH_DT_FLOAT, 64),
			     f96 = PLAIN("F96", GH_DT_FLOAT, 96), f128 = PLAIN("F128", GH_DT_FLOAT, 128);
static const struct gh_dtype c32 = PLAIN("C32", GH_DT_COMPLEX, 32), c64 = PLAIN("C64", GH_DT_COMPLEX, 64),
			     c128 = PLAIN("C128", GH_DT_COMPLEX, 128), c192 = PLAIN("C192", GH_DT_COMPLEX, 192),
			     c256 = PLAIN("C256", GH_DT_COMPLEX, 256);
static const struct gh_dtype f8_e5m2 = PLAIN("F8_E5M2", GH_DT_FLOAT, 8), f8_e4m3 = PLAIN("F8_E4M3", GH_DT_FLOAT, 8),
			     f8_e8m0 = PLAIN("F8_E8M0", GH_DT_FLOAT, 8),
			     f8_e4m3fnuz = PLAIN("F8_E4M3FNUZ", GH_DT_FLOAT, 8),
			     f8_e5m2fnuz = PLAIN("F8_E5M2FNUZ", GH_DT_FLOAT, 8);
static const struct gh_dtype f4 = { "F4", GH_DT_FLOAT, 4, 2, 1 }, f6_e2m3 = { "F6_E2M3", GH_DT_FLOAT, 6, 4, 3 },
			     f6_e3m2 = { "F6_E3M2", GH_DT_FLOAT, 6, 4, 3 };
static const struct gh_dtype qint8 = PLAIN("QINT8", GH_DT_QUANT, 8), quint8 = PLAIN("QUINT8", GH_DT_QUANT, 8),
			     qint32 = PLAIN("QINT32", GH_DT_QUANT, 32), quint4x2 = { "QUINT4X2", GH_DT_QUANT, 4, 2, 1 },
			     quint2x4 = { "QUINT2X4", GH_DT_QUANT, 2, 4, 1 };

struct named {
	const char *name;
	const struct gh_dtype *type;
};

static const struct gh_dtype *find(const struct named *t, size_t n, struct gh_span name)
{
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(name, t[i].name))
			return t[i].type;
	return NULL;
}
#define FIND(table, name) find((table), sizeof(table) / sizeof((table)[0]), (name))

const struct gh_dtype *gh_dtype_safetensors(struct gh_span name)
{
	static const struct gh_dtype *const all[] = {
		&f32, &f16, &bf16, &i64,     &u8,      &i8,	 &i32,	       &boolean,     &f64, &u16,     &i16,
		&u32, &u64, &c64,  &f8_e4m3, &f8_e5m2, &f8_e8m0, &f8_e4m3fnuz, &f8_e5m2fnuz, &f4,  &f6_e2m3, &f6_e3m2,
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (gh_span_is(name, all[i]->name))
			return all[i];
	return NULL;
}

/* ggml/include/ggml.h (enum ggml_type) and ggml/src/ggml-common.h (block layouts). */
static const struct gh_dtype ggml[] = {
	[0] = PLAIN("F32", GH_DT_FLOAT, 32),
	[1] = PLAIN("F16", GH_DT_FLOAT, 16),
	[2] = { "Q4_0", GH_DT_QUANT, 0, 32, 18 },
	[3] = { "Q4_1", GH_DT_QUANT, 0, 32, 20 },
	[6] = { "Q5_0", GH_DT_QUANT, 0, 32, 22 },
	[7] = { "Q5_1", GH_DT_QUANT, 0, 32, 24 },
	[8] = { "Q8_0", GH_DT_QUANT, 0, 32, 34 },
	[9] = { "Q8_1", GH_DT_QUANT, 0, 32, 36 },
	[10] = { "Q2_K", GH_DT_QUANT, 0, 256, 84 },
	[11] = { "Q3_K", GH_DT_QUANT, 0, 256, 110 },
	[12] = { "Q4_K", GH_DT_QUANT, 0, 256, 144 },
	[13] = { "Q5_K", GH_DT_QUANT, 0, 256, 176 },
	[14] = { "Q6_K", GH_DT_QUANT, 0, 256, 210 },
	[15] = { "Q8_K", GH_DT_QUANT, 0, 256, 292 },
	[16] = { "IQ2_XXS", GH_DT_QUANT, 0, 256, 66 },
	[17] = { "IQ2_XS", GH_DT_QUANT, 0, 256, 74 },
	[18] = { "IQ3_XXS", GH_DT_QUANT, 0, 256, 98 },
	[19] = { "IQ1_S", GH_DT_QUANT, 0, 256, 50 },
	[20] = { "IQ4_NL", GH_DT_QUANT, 0, 32, 18 },
	[21] = { "IQ3_S", GH_DT_QUANT, 0, 256, 110 },
	[22] = { "IQ2_S", GH_DT_QUANT, 0, 256, 82 },
	[23] = { "IQ4_XS", GH_DT_QUANT, 0, 256, 136 },
	[24] = PLAIN("I8", GH_DT_INT, 8),
	[25] = PLAIN("I16", GH_DT_INT, 16),
	[26] = PLAIN("I32", GH_DT_INT, 32),
	[27] = PLAIN("I64", GH_DT_INT, 64),
	[28] = PLAIN("F64", GH_DT_FLOAT, 64),
	[29] = { "IQ1_M", GH_DT_QUANT, 0, 256, 56 },
	[30] = PLAIN("BF16", GH_DT_FLOAT, 16),
	[34] = { "TQ1_0", GH_DT_QUANT, 0, 256, 54 },
	[35] = { "TQ2_0", GH_DT_QUANT, 0, 256, 66 },
	[39] = { "MXFP4", GH_DT_QUANT, 0, 32, 17 },
	[40] = { "NVFP4", GH_DT_QUANT, 0, 64, 36 },
	[41] = { "Q1_0", GH_DT_QUANT, 0, 128, 18 },
	[42] = { "Q2_0", GH_DT_QUANT, 0, 64, 18 },
};

const struct gh_dtype *gh_dtype_ggml(uint32_t type, bool *removed)
{
	bool known = type < sizeof ggml / sizeof ggml[0];
	if (removed != NULL)
		*removed = known && ggml[type].name == NULL; /* every hole of the table was once a type */
	return known && ggml[type].name != NULL ? &ggml[type] : NULL;
}

const struct gh_dtype *gh_dtype_numpy(char kind, uint64_t itemsize)
{
	static const struct {
		char kind;
		uint8_t size;
		const struct gh_dtype *type;
	} t[] = {
		{ 'f', 2, &f16 },   { 'f', 4, &f32 },	{ 'f', 8, &f64 },   { 'f', 12, &f96 },	  { 'f', 16, &f128 },
		{ 'i', 1, &i8 },    { 'i', 2, &i16 },	{ 'i', 4, &i32 },   { 'i', 8, &i64 },	  { 'u', 1, &u8 },
		{ 'u', 2, &u16 },   { 'u', 4, &u32 },	{ 'u', 8, &u64 },   { 'b', 1, &boolean }, { 'c', 8, &c64 },
		{ 'c', 16, &c128 }, { 'c', 24, &c192 }, { 'c', 32, &c256 },
	};
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (t[i].kind == kind && t[i].size == itemsize)
			return t[i].type;
	return NULL;
}

const struct gh_dtype *gh_dtype_torch(struct gh_span name)
{
	static const struct named t[] = {
		{ "float32", &f32 },
		{ "float", &f32 },
		{ "float64", &f64 },
		{ "double", &f64 },
		{ "float16", &f16 },
		{ "half", &f16 },
		{ "bfloat16", &bf16 },
		{ "uint8", &u8 },
		{ "int8", &i8 },
		{ "int16", &i16 },
		{ "short", &i16 },
		{ "int32", &i32 },
		{ "int", &i32 },
		{ "int64", &i64 },
		{ "long", &i64 },
		{ "uint16", &u16 },
		{ "uint32", &u32 },
		{ "uint64", &u64 },
		{ "bool", &boolean },
		{ "complex32", &c32 },
		{ "chalf", &c32 },
		{ "complex64", &c64 },
		{ "cfloat", &c64 },
		{ "complex128", &c128 },
		{ "cdouble", &c128 },
		{ "float8_e4m3fn", &f8_e4m3 },
		{ "float8_e5m2", &f8_e5m2 },
		{ "float8_e8m0fnu", &f8_e8m0 },
		{ "float8_e4m3fnuz", &f8_e4m3fnuz },
		{ "float8_e5m2fnuz", &f8_e5m2fnuz },
		{ "qint8", &qint8 },
		{ "quint8", &quint8 },
		{ "qint32", &qint32 },
		{ "quint4x2", &quint4x2 },
		{ "quint2x4", &quint2x4 },
	};
	if (gh_span_starts(name, "torch."))
		name = gh_span_cut(name, 6, name.n);
	return FIND(t, name);
}

const struct gh_dtype *gh_dtype_torch_storage(struct gh_span name)
{
	static const struct named t[] = {
		{ "FloatStorage", &f32 },	  { "DoubleStorage", &f64 },	    { "HalfStorage", &f16 },
		{ "BFloat16Storage", &bf16 },	  { "ByteStorage", &u8 },	    { "CharStorage", &i8 },
		{ "ShortStorage", &i16 },	  { "IntStorage", &i32 },	    { "LongStorage", &i64 },
		{ "BoolStorage", &boolean },	  { "ComplexFloatStorage", &c64 },  { "ComplexDoubleStorage", &c128 },
		{ "QInt8Storage", &qint8 },	  { "QUInt8Storage", &quint8 },	    { "QInt32Storage", &qint32 },
		{ "QUInt4x2Storage", &quint4x2 }, { "QUInt2x4Storage", &quint2x4 },
	};
	return FIND(t, name);
}

bool gh_dtype_size(const struct gh_dtype *t, unsigned ndim, const uint64_t *dim, uint64_t row, uint64_t *elements,
		   uint64_t *bytes)
{
	uint64_t n = 1, b;
	bool none = false;
	/* A zero anywhere makes the tensor empty, but must not hide an overflow of the other dimensions: loaders
	 * multiply in different orders. */
	for (unsigned i = 0; i < ndim; i++) {
		none = none || dim[i] == 0;
		if (dim[i] != 0 && __builtin_mul_overflow(n, dim[i], &n))
			return false;
	}
	if (n % t->block != 0 || row % t->block != 0 || __builtin_mul_overflow(n / t->block, t->bytes, &b))
		return false;
	*elements = none ? 0 : n;
	*bytes = none ? 0 : b;
	return true;
}
