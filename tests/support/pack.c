#include "support/pack.h"

#include <bzlib.h>
#include <lz4frame.h>
#include <lzma.h>
#include <stdlib.h>
#include <zlib.h>
#include <zstd.h>

void gh_test_put(struct gh_test_bytes *b, struct gh_span s)
{
	if (s.n > b->cap - b->n) {
		b->cap = (b->n + s.n) * 2 + 64;
		b->p = realloc(b->p, b->cap);
		if (b->p == NULL)
			abort();
	}
	if (s.n != 0)
		memcpy(b->p + b->n, s.p, s.n);
	b->n += s.n;
}

void gh_test_le(struct gh_test_bytes *b, uint64_t v, unsigned width)
{
	for (unsigned i = 0; i < width; i++) {
		uint8_t c = (uint8_t)(v >> (8 * i));
		gh_test_put(b, (struct gh_span){ &c, 1 });
	}
}

void gh_test_free(struct gh_test_bytes *b)
{
	free(b->p);
	*b = (struct gh_test_bytes){ 0 };
}

static size_t pack_zlib(uint8_t *out, size_t cap, struct gh_span in, int bits)
{
	z_stream z = { 0 };
	if (deflateInit2(&z, 6, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		abort();
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	z.next_out = out;
	z.avail_out = (uInt)cap;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		abort();
	size_t n = cap - z.avail_out;
	(void)deflateEnd(&z);
	return n;
}

static size_t pack_lzma(uint8_t *out, size_t cap, struct gh_span in, enum gh_codec codec)
{
	lzma_options_lzma opt;
	if (lzma_lzma_preset(&opt, 1))
		abort();
	lzma_filter f[2] = { { LZMA_FILTER_LZMA1, &opt }, { LZMA_VLI_UNKNOWN, NULL } };
	lzma_stream lz = LZMA_STREAM_INIT;
	size_t head = 0;
	lzma_ret r;
	if (codec == GH_CODEC_XZ) {
		r = lzma_easy_encoder(&lz, 1, LZMA_CHECK_CRC64);
	} else if (codec == GH_CODEC_LZMA) {
		r = lzma_alone_encoder(&lz, &opt);
	} else {
		memcpy(out, "\x09\x14\x05\x00", 4);
		if (lzma_properties_encode(f, out + 4) != LZMA_OK)
			abort();
		head = 9;
		r = lzma_raw_encoder(&lz, f);
	}
	if (r != LZMA_OK)
		abort();
	lz.next_in = in.p;
	lz.avail_in = in.n;
	lz.next_out = out + head;
	lz.avail_out = cap - head;
	if (lzma_code(&lz, LZMA_FINISH) != LZMA_STREAM_END)
		abort();
	size_t n = cap - lz.avail_out;
	lzma_end(&lz);
	return n;
}

static size_t pack_lz4(uint8_t *out, size_t cap, struct gh_span in)
{
	LZ4F_preferences_t p = { .frameInfo = { .blockSizeID = LZ4F_max64KB,
						.contentChecksumFlag = LZ4F_contentChecksumEnabled,
						.blockChecksumFlag = LZ4F_blockChecksumEnabled } };
	size_t n = LZ4F_compressFrame(out, cap, in.p, in.n, &p);
	if (LZ4F_isError(n))
		abort();
	return n;
}

static size_t pack_zstd(uint8_t *out, size_t cap, struct gh_span in)
{
	ZSTD_CCtx *c = ZSTD_createCCtx();
	if (c == NULL || ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1)))
		abort();
	size_t n = ZSTD_compress2(c, out, cap, in.p, in.n);
	if (ZSTD_isError(n))
		abort();
	(void)ZSTD_freeCCtx(c);
	return n;
}

void gh_test_pack(struct gh_test_bytes *b, enum gh_codec codec, struct gh_span content)
{
	size_t cap = content.n + content.n / 4 + 70000;
	uint8_t *out = malloc(cap);
	static const uint8_t nothing[1];
	if (out == NULL)
		abort();
	if (content.p == NULL)
		content.p = nothing;
	size_t n = 0;
	switch (codec) {
	case GH_CODEC_STORE: abort();
	case GH_CODEC_DEFLATE: n = pack_zlib(out, cap, content, -MAX_WBITS); break;
	case GH_CODEC_ZLIB: n = pack_zlib(out, cap, content, MAX_WBITS); break;
	case GH_CODEC_GZIP: n = pack_zlib(out, cap, content, MAX_WBITS + 16); break;
	case GH_CODEC_BZIP2: {
		unsigned made = (unsigned)cap;
		if (BZ2_bzBuffToBuffCompress((char *)out, &made, (char *)(uintptr_t)content.p, (unsigned)content.n, 1,
					     0, 0) != BZ_OK)
			abort();
		n = made;
		break;
	}
	case GH_CODEC_XZ:
	case GH_CODEC_LZMA:
	case GH_CODEC_LZMA_ZIP: n = pack_lzma(out, cap, content, codec); break;
	case GH_CODEC_ZSTD: n = pack_zstd(out, cap, content); break;
	case GH_CODEC_LZ4: n = pack_lz4(out, cap, content); break;
	}
	gh_test_put(b, (struct gh_span){ out, n });
	free(out);
}
