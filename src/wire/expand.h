/* expand.h - one streaming interface over the decompressors (zlib, liblzma, libbz2, libzstd, liblz4). Bytes in, bytes
 * out, bounded memory; nothing is allocated from sizes the input claims beyond each codec's cap. */
#ifndef GH_WIRE_EXPAND_H
#define GH_WIRE_EXPAND_H
#include "base/err.h"
#include "base/span.h"

enum gh_codec {
	GH_CODEC_STORE,	   /* copies */
	GH_CODEC_DEFLATE,  /* raw, RFC 1951 */
	GH_CODEC_ZLIB,	   /* RFC 1950 */
	GH_CODEC_GZIP,	   /* RFC 1952, one member: the caller loops over members */
	GH_CODEC_BZIP2,	   /* one stream */
	GH_CODEC_XZ,	   /* one stream; checks verified */
	GH_CODEC_LZMA,	   /* "alone" format, .lzma */
	GH_CODEC_ZSTD,	   /* one frame, window <= GH_EXPAND_WINDOW (RFC 8878 asks decoders for 8 MiB at least) */
	GH_CODEC_LZ4,	   /* one frame */
	GH_CODEC_LZMA_ZIP, /* zip method 14; see gh_expand_expect */
};

/* Largest history window, bytes: what `xz -9` and joblib's highest level write. The libraries allocate it without
 * touching it, so the memory really used is bounded by the bytes expanded too. Close a decompressor before what came
 * out of it is walked: then one window exists at a time, however deep the nesting. */
enum { GH_EXPAND_WINDOW = 64 << 20, GH_EXPAND_MEMORY = 72 << 20 };

struct gh_expand;

/* NULL when memory does not allow it. */
struct gh_expand *gh_expand_open(enum gh_codec codec);
/* GH_CODEC_LZMA_ZIP, before the first step: the size the container gives. Such a stream need not have an end marker;
 * *end then becomes true when this many bytes were made. Has no effect on the other codecs. */
void gh_expand_expect(struct gh_expand *x, uint64_t size);

/* A chain of filters over LZMA or LZMA2 as one decompressor, as 7z keeps them: in the order of decoding, so the first
 * one is GH_FILTER_LZMA or _LZMA2. props: the filter's own properties as stored. size: what comes out, which is also
 * where it ends. NULL: properties are wrong, the chain is not possible, or no memory. *rc says which (GH_E_MALFORMED,
 * GH_E_LIMIT, GH_E_NOMEM). */
enum gh_filter_kind {
	GH_FILTER_LZMA,
	GH_FILTER_LZMA2,
	GH_FILTER_DELTA,
	GH_FILTER_X86,
	GH_FILTER_POWERPC,
	GH_FILTER_IA64,
	GH_FILTER_ARM,
	GH_FILTER_ARMTHUMB,
	GH_FILTER_SPARC,
	GH_FILTER_ARM64,
};
struct gh_filter {
	enum gh_filter_kind kind;
	struct gh_span props;
};
enum { GH_FILTERS_MAX = 4 };
struct gh_expand *gh_expand_open_chain(const struct gh_filter *f, size_t n, uint64_t size, enum gh_rc *rc);

/* Feed in->p (consumed bytes are cut off the front of *in) and fill out[0..cap); *made bytes were written.
 * *end becomes true when the compressed stream ended: in->p then stands at the first byte after it.
 * GH_E_MALFORMED: broken stream (what was made before stands). GH_E_LIMIT: needs more memory than GH_EXPAND_MEMORY.
 * With in->n == 0 and nothing made and !*end: more input is needed. */
enum gh_rc gh_expand_step(struct gh_expand *x, struct gh_span *in, uint8_t *out, size_t cap, size_t *made, bool *end);
void gh_expand_close(struct gh_expand *x);
const char *gh_codec_name(enum gh_codec codec);
#endif
