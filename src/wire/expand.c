/* One driver per library; each is five lines of glue around "feed, drain, say whether the stream ended". A driver
 * reports what the library said; the common step() below owns the contract: sticky errors, exact consumption. */
#include "wire/expand.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { LZMA_HEAD = 13, LZMA_ZIP_HEAD = 9, ZSTD_WINDOW_LOG = 26 };

struct gh_expand {
	const struct driver *drv;
	enum gh_rc failed; /* sticky */
	bool ended;
	bool clamped;	 /* LZMA: the dictionary was made smaller than the header asks for */
	uint64_t expect; /* LZMA_ZIP: bytes to make, UINT64_MAX when an end marker must come */
	uint64_t made;
	unsigned nhead; /* bytes of head[]: a header that is checked or changed before the library sees it */
	uint8_t head[LZMA_HEAD];
	size_t hint; /* zstd, lz4: what the library wants next. After an error their counts mean nothing, so they
			    * get one block at a time and what came before the broken one is not lost. */
	union {
		z_stream z;
		bz_stream bz;
		lzma_stream lz;
		ZSTD_DStream *zs;
		LZ4F_dctx *l4;
	} u;
};

struct driver {
	const char *name;
	bool (*open)(struct gh_expand *x);
	/* Consume from *in, write to out[0..cap), set *made and *end. The caller made sure that cap > 0. */
	enum gh_rc (*step)(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end);
	void (*close)(struct gh_expand *x);
	int arg;
};

static void used(struct gh_span *in, size_t n)
{
	in->p += n;
	in->n -= n;
}

/* Gathers `need` header bytes over as many calls as it takes; true when they are all there. */
static bool gather(struct gh_expand *x, struct gh_span *in, unsigned need)
{
	while (x->nhead < need && in->n != 0) {
		x->head[x->nhead++] = *in->p;
		used(in, 1);
	}
	return x->nhead >= need;
}

/* ---- store ---------------------------------------------------------------------------------------------------- */
static bool store_open(struct gh_expand *x)
{
	(void)x;
	return true;
}

static enum gh_rc store_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	(void)x;
	(void)end;
	size_t n = in->n < cap ? in->n : cap;
	if (n != 0)
		memcpy(out, in->p, n);
	used(in, n);
	*made = n;
	return GH_OK;
}

static void store_close(struct gh_expand *x) { (void)x; }

/* ---- zlib: raw deflate, zlib, gzip; `arg` is the window bits ---------------------------------------------------- */
static bool z_open(struct gh_expand *x) { return inflateInit2(&x->u.z, x->drv->arg) == Z_OK; }

static enum gh_rc z_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	z_stream *z = &x->u.z;
	uInt given = in->n < 1u << 30 ? (uInt)in->n : 1u << 30;
	uInt room = cap < 1u << 30 ? (uInt)cap : 1u << 30;
	z->next_in = (Bytef *)(uintptr_t)in->p;
	z->avail_in = given;
	z->next_out = out;
	z->avail_out = room;
	int r = inflate(z, Z_NO_FLUSH);
	used(in, given - z->avail_in);
	*made = room - z->avail_out;
	*end = r == Z_STREAM_END;
	if (r == Z_MEM_ERROR)
		return GH_E_NOMEM;
	return r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR ? GH_OK : GH_E_MALFORMED;
}

static void z_close(struct gh_expand *x) { (void)inflateEnd(&x->u.z); }

/* ---- bzip2 ------------------------------------------------------------------------------------------------------ */
static bool bz_open(struct gh_expand *x) { return BZ2_bzDecompressInit(&x->u.bz, 0, 0) == BZ_OK; }

static enum gh_rc bz_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	bz_stream *bz = &x->u.bz;
	unsigned given = in->n < 1u << 30 ? (unsigned)in->n : 1u << 30;
	unsigned room = cap < 1u << 30 ? (unsigned)cap : 1u << 30;
	bz->next_in = (char *)(uintptr_t)in->p;
	bz->avail_in = given;
	bz->next_out = (char *)out;
	bz->avail_out = room;
	int r = BZ2_bzDecompress(bz);
	used(in, given - bz->avail_in);
	*made = room - bz->avail_out;
	*end = r == BZ_STREAM_END;
	if (r == BZ_MEM_ERROR)
		return GH_E_NOMEM;
	return r == BZ_OK || r == BZ_STREAM_END ? GH_OK : GH_E_MALFORMED;
}

static void bz_close(struct gh_expand *x) { (void)BZ2_bzDecompressEnd(&x->u.bz); }

/* ---- liblzma: xz, .lzma, zip method 14 -------------------------------------------------------------------------- */
static enum gh_rc lz_run(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	lzma_stream *lz = &x->u.lz;
	lz->next_in = in->p;
	lz->avail_in = in->n;
	lz->next_out = out;
	lz->avail_out = cap;
	lzma_ret r = lzma_code(lz, LZMA_RUN);
	used(in, in->n - lz->avail_in);
	*made = cap - lz->avail_out;
	*end = r == LZMA_STREAM_END;
	switch (r) {
	case LZMA_OK:
	case LZMA_STREAM_END:
	case LZMA_BUF_ERROR: return GH_OK;
	case LZMA_MEM_ERROR: return GH_E_NOMEM;
	case LZMA_MEMLIMIT_ERROR: return GH_E_LIMIT;
	/* A match that reaches behind the smaller dictionary we gave it is our limit, not the stream's fault. */
	default: return x->clamped && x->made >= GH_EXPAND_WINDOW ? GH_E_LIMIT : GH_E_MALFORMED;
	}
}

static bool xz_open(struct gh_expand *x)
{
	x->u.lz = (lzma_stream)LZMA_STREAM_INIT;
	return lzma_stream_decoder(&x->u.lz, GH_EXPAND_MEMORY, 0) == LZMA_OK;
}

static bool lz_open(struct gh_expand *x)
{
	x->u.lz = (lzma_stream)LZMA_STREAM_INIT;
	return true; /* the decoder is made once the header is there */
}

/* A dictionary larger than all output so far is never reached into, so what a header claims above the cap can be
 * cut down: small content with an absurd claim is read all the same. */
static void clamp_dict(struct gh_expand *x, uint8_t *dict)
{
	if (gh_le32(dict) <= GH_EXPAND_WINDOW)
		return;
	x->clamped = true;
	dict[0] = dict[1] = dict[2] = 0;
	dict[3] = GH_EXPAND_WINDOW >> 24;
}

static enum gh_rc lz_start_alone(struct gh_expand *x)
{
	clamp_dict(x, x->head + 1);
	lzma_ret r = lzma_alone_decoder(&x->u.lz, GH_EXPAND_MEMORY);
	if (r != LZMA_OK)
		return r == LZMA_MEM_ERROR ? GH_E_NOMEM : GH_E_MALFORMED;
	struct gh_span head = { x->head, LZMA_HEAD };
	uint8_t nothing[1];
	size_t made;
	bool end = false;
	/* With no room at all the library does not even look; a header alone makes nothing. */
	enum gh_rc rc = lz_run(x, &head, nothing, sizeof nothing, &made, &end);
	return rc == GH_OK && (head.n != 0 || made != 0) ? GH_E_MALFORMED : rc;
}

static enum gh_rc alone_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	if (x->nhead < LZMA_HEAD) {
		if (!gather(x, in, LZMA_HEAD))
			return GH_OK;
		enum gh_rc rc = lz_start_alone(x);
		if (rc != GH_OK)
			return rc;
	}
	return lz_run(x, in, out, cap, made, end);
}

/* APPNOTE.TXT 5.8.8: two bytes version, two bytes size of the properties (5), the properties, raw LZMA data. */
static enum gh_rc lz_start_zip(struct gh_expand *x)
{
	if (gh_le16(x->head + 2) != 5)
		return GH_E_MALFORMED;
	clamp_dict(x, x->head + 5);
	lzma_filter f[2] = { { .id = LZMA_FILTER_LZMA1 }, { .id = LZMA_VLI_UNKNOWN } };
	lzma_ret r = lzma_properties_decode(&f[0], NULL, x->head + 4, 5);
	if (r == LZMA_OK)
		r = lzma_raw_decoder(&x->u.lz, f);
	free(f[0].options);
	return r == LZMA_OK ? GH_OK : r == LZMA_MEM_ERROR ? GH_E_NOMEM : GH_E_MALFORMED;
}

static enum gh_rc lzzip_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	if (x->nhead < LZMA_ZIP_HEAD) {
		if (!gather(x, in, LZMA_ZIP_HEAD))
			return GH_OK;
		enum gh_rc rc = lz_start_zip(x);
		if (rc != GH_OK)
			return rc;
	}
	uint64_t left = x->expect - x->made;
	enum gh_rc rc = lz_run(x, in, out, cap < left ? cap : (size_t)left, made, end);
	if (x->expect != UINT64_MAX && *made == left)
		*end = true; /* bytes that are left belong to an end marker or the range coder's tail */
	return rc;
}

/* 7z keeps the size of LZMA data beside it instead of an end marker; liblzma's filters hold back a few bytes until the
 * end is known, so they must be told. The dictionary need not be larger than the content. */
static bool chain_filter(const struct gh_filter *f, uint64_t size, lzma_filter *out)
{
	static const lzma_vli id[] = {
		LZMA_FILTER_LZMA1, LZMA_FILTER_LZMA2, LZMA_FILTER_DELTA,    LZMA_FILTER_X86,   LZMA_FILTER_POWERPC,
		LZMA_FILTER_IA64,  LZMA_FILTER_ARM,   LZMA_FILTER_ARMTHUMB, LZMA_FILTER_SPARC, LZMA_FILTER_ARM64,
	};
	*out = (lzma_filter){ .id = id[f->kind] };
	if (lzma_properties_decode(out, NULL, f->props.p, f->props.n) != LZMA_OK)
		return false;
	if (f->kind > GH_FILTER_LZMA2)
		return true;
	lzma_options_lzma *o = out->options;
	if (o->dict_size > size)
		o->dict_size = size < LZMA_DICT_SIZE_MIN ? LZMA_DICT_SIZE_MIN : (uint32_t)size;
	if (f->kind == GH_FILTER_LZMA) {
		out->id = LZMA_FILTER_LZMA1EXT;
		o->ext_flags = LZMA_LZMA1EXT_ALLOW_EOPM;
		lzma_set_ext_size(*o, size);
	}
	return true;
}

static enum gh_rc chain_start(struct gh_expand *x, const struct gh_filter *f, size_t n, uint64_t size)
{
	lzma_filter chain[GH_FILTERS_MAX + 1];
	size_t made = 0; /* liblzma wants them in the order of encoding */
	enum gh_rc rc = GH_OK;
	chain[n] = (lzma_filter){ .id = LZMA_VLI_UNKNOWN };
	for (; made < n && rc == GH_OK; made++)
		if (!chain_filter(&f[made], size, &chain[n - 1 - made]))
			rc = GH_E_MALFORMED;
	if (rc == GH_OK && lzma_raw_decoder_memusage(chain) > GH_EXPAND_MEMORY)
		rc = lzma_raw_decoder_memusage(chain) == UINT64_MAX ? GH_E_MALFORMED : GH_E_LIMIT;
	if (rc == GH_OK) {
		lzma_ret r = lzma_raw_decoder(&x->u.lz, chain);
		rc = r == LZMA_OK ? GH_OK : r == LZMA_MEM_ERROR ? GH_E_NOMEM : GH_E_MALFORMED;
	}
	for (size_t i = 0; i < made; i++)
		free(chain[n - 1 - i].options);
	return rc;
}

static void lz_close(struct gh_expand *x) { lzma_end(&x->u.lz); }

/* ---- zstd ------------------------------------------------------------------------------------------------------- */
static bool zs_open(struct gh_expand *x)
{
	x->u.zs = ZSTD_createDStream();
	return x->u.zs != NULL && !ZSTD_isError(ZSTD_DCtx_setParameter(x->u.zs, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG));
}

static enum gh_rc zs_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	ZSTD_outBuffer ob = { out, cap, 0 };
	if (x->nhead < 4) { /* the library also has decoders for the unfinished formats of its first years: keep out */
		if (!gather(x, in, 4))
			return GH_OK;
		uint32_t magic = gh_le32(x->head);
		if (magic != ZSTD_MAGICNUMBER && (magic & ZSTD_MAGIC_SKIPPABLE_MASK) != ZSTD_MAGIC_SKIPPABLE_START)
			return GH_E_MALFORMED;
		ZSTD_inBuffer first = { x->head, 4, 0 };
		x->hint = ZSTD_decompressStream(x->u.zs, &ob, &first);
		if (ZSTD_isError(x->hint) || first.pos != 4)
			return GH_E_MALFORMED;
	}
	size_t r = x->hint;
	while (!*end && ob.pos < cap) {
		ZSTD_inBuffer ib = { in->p, in->n < x->hint ? in->n : x->hint, 0 };
		size_t before = ob.pos;
		r = ZSTD_decompressStream(x->u.zs, &ob, &ib);
		if (ZSTD_isError(r))
			break;
		x->hint = r;
		used(in, ib.pos);
		*end = r == 0;
		if (ib.pos == 0 && ob.pos == before)
			break;
	}
	*made = ob.pos;
	if (!ZSTD_isError(r))
		return GH_OK;
	switch (ZSTD_getErrorCode(r)) {
	case ZSTD_error_frameParameter_windowTooLarge: return GH_E_LIMIT;
	case ZSTD_error_memory_allocation: return GH_E_NOMEM;
	default: return GH_E_MALFORMED;
	}
}

static void zs_close(struct gh_expand *x) { (void)ZSTD_freeDStream(x->u.zs); }

/* ---- lz4 -------------------------------------------------------------------------------------------------------- */
static bool l4_open(struct gh_expand *x)
{
	x->hint = 7; /* the shortest frame header */
	return !LZ4F_isError(LZ4F_createDecompressionContext(&x->u.l4, LZ4F_VERSION));
}

static enum gh_rc l4_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	while (!*end && *made < cap) {
		size_t given = in->n < x->hint ? in->n : x->hint, room = cap - *made;
		size_t r = LZ4F_decompress(x->u.l4, out + *made, &room, in->p, &given, NULL);
		if (LZ4F_isError(r))
			return strstr(LZ4F_getErrorName(r), "allocation") != NULL ? GH_E_NOMEM : GH_E_MALFORMED;
		x->hint = r;
		used(in, given);
		*made += room;
		*end = r == 0;
		if (given == 0 && room == 0)
			break;
	}
	return GH_OK;
}

static void l4_close(struct gh_expand *x) { (void)LZ4F_freeDecompressionContext(x->u.l4); }

/* ---- the list --------------------------------------------------------------------------------------------------- */
static const struct driver drivers[] = {
	[GH_CODEC_STORE] = { "store", store_open, store_step, store_close, 0 },
	[GH_CODEC_DEFLATE] = { "deflate", z_open, z_step, z_close, -MAX_WBITS },
	[GH_CODEC_ZLIB] = { "zlib", z_open, z_step, z_close, MAX_WBITS },
	[GH_CODEC_GZIP] = { "gzip", z_open, z_step, z_close, MAX_WBITS + 16 },
	[GH_CODEC_BZIP2] = { "bzip2", bz_open, bz_step, bz_close, 0 },
	[GH_CODEC_XZ] = { "xz", xz_open, lz_run, lz_close, 0 },
	[GH_CODEC_LZMA] = { "lzma", lz_open, alone_step, lz_close, 0 },
	[GH_CODEC_ZSTD] = { "zstd", zs_open, zs_step, zs_close, 0 },
	[GH_CODEC_LZ4] = { "lz4", l4_open, l4_step, l4_close, 0 },
	[GH_CODEC_LZMA_ZIP] = { "lzma (zip)", lz_open, lzzip_step, lz_close, 0 },
};
static const struct driver chain_driver = { "lzma chain", lz_open, lz_run, lz_close, 0 };

static struct gh_expand *open_driver(const struct driver *drv)
{
	struct gh_expand *x = calloc(1, sizeof *x);
	if (x == NULL)
		return NULL;
	x->drv = drv;
	x->expect = UINT64_MAX;
	if (x->drv->open(x))
		return x;
	x->drv->close(x); /* every library's close takes a zeroed object */
	free(x);
	return NULL;
}

struct gh_expand *gh_expand_open(enum gh_codec codec)
{
	return (size_t)codec < sizeof drivers / sizeof drivers[0] ? open_driver(&drivers[codec]) : NULL;
}

struct gh_expand *gh_expand_open_chain(const struct gh_filter *f, size_t n, uint64_t size, enum gh_rc *rc)
{
	*rc = n >= 1 && n <= GH_FILTERS_MAX && f[0].kind <= GH_FILTER_LZMA2 ? GH_OK : GH_E_MALFORMED;
	struct gh_expand *x = *rc == GH_OK ? open_driver(&chain_driver) : NULL;
	if (x == NULL) {
		*rc = *rc == GH_OK ? GH_E_NOMEM : *rc;
		return NULL;
	}
	*rc = chain_start(x, f, n, size);
	if (*rc == GH_OK)
		return x;
	gh_expand_close(x);
	return NULL;
}

void gh_expand_expect(struct gh_expand *x, uint64_t size) { x->expect = size; }

enum gh_rc gh_expand_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end)
{
	static const uint8_t nothing[1];
	*made = 0;
	*end = x->ended;
	if (x->failed != GH_OK || x->ended || cap == 0)
		return x->failed;
	struct gh_span s = { in->n == 0 ? nothing : in->p, in->n }; /* the libraries may not be given NULL */
	x->failed = x->drv->step(x, &s, out, cap, made, end);
	in->p = in->n == 0 ? in->p : s.p;
	in->n = s.n;
	x->made += *made;
	if (x->failed != GH_OK)
		*end = false;
	x->ended = *end;
	return x->failed;
}

void gh_expand_close(struct gh_expand *x)
{
	if (x == NULL)
		return;
	x->drv->close(x);
	free(x);
}

const char *gh_codec_name(enum gh_codec codec)
{
	return (size_t)codec < sizeof drivers / sizeof drivers[0] ? drivers[codec].name : "?";
}
