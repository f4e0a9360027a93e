/* Pictures beside a model: PNG, JPEG, GIF, WebP, BMP. Nothing is decoded: the chunks, segments and blocks are walked so
 * that each byte has its place, and what stands after the end of the picture stays unclaimed. Text fields and unknown
 * chunks are free content; sums are verified where the format has them. */
#include "base/utf8.h"
#include "format/formats.h"

#include <libdeflate.h>

enum { STEP = 64 << 10, TEXT_MAX = 4096 };

#define IMAGE_RULES(tag, what) \
	{ "GH-" tag "-0001", \
	  GH_LOW, \
	  GH_INCOMPLETE, \
	  what " picture is malformed", \
	  "a viewer with a weakness for such files, or data hidden in what is no picture", \
	  "get an undamaged copy, or remove the picture", \
	  "CWE-20" }, \
		GH_RULES_END
static const struct gh_rule png_rules[] = { IMAGE_RULES("PNG", "PNG") };
static const struct gh_rule jpeg_rules[] = { IMAGE_RULES("JPG", "JPEG") };
static const struct gh_rule gif_rules[] = { IMAGE_RULES("GIF", "GIF") };
static const struct gh_rule webp_rules[] = { IMAGE_RULES("WEBP", "WebP") };
static const struct gh_rule bmp_rules[] = { IMAGE_RULES("BMP", "BMP") };

static enum gh_rc bad(struct gh_walk *w, const struct gh_rule *rule, uint64_t off, const char *why)
{
	if (w->src->fail != GH_OK)
		return gh_fail(w->err, w->src->fail, "picture");
	gh_anomaly(w, rule, off, w->src->size - off, "%s", why);
	return gh_fail(w->err, GH_E_MALFORMED, "%s at %llu", why, (unsigned long long)off);
}

/* Text that a person wrote into the picture goes to the checks of text. */
static void comment(struct gh_walk *w, uint64_t off, uint64_t len)
{
	struct gh_text t = { .role = "comment",
			     .text = gh_src_window(w->src, off, len < TEXT_MAX ? (size_t)len : TEXT_MAX) };
	if (t.text.n != 0)
		(void)gh_emit(w, GH_EV_TEXT, off, t.text.n, &t);
}

/* Budget of small parts: each costs a step. */
static bool tick(struct gh_walk *w, uint64_t *n) { return ++*n <= w->lim->steps / 16; }

/* ---- PNG: W3C PNG, 5 ----------------------------------------------------------------------------------------------- */
static bool png_sum(struct gh_walk *w, uint64_t off, uint64_t len, uint32_t want)
{
	uint32_t crc = 0;
	for (uint64_t at = off; at < off + len;) {
		uint64_t left = off + len - at;
		struct gh_span s = gh_src_window(w->src, at, left < STEP ? (size_t)left : STEP);
		if (s.n == 0)
			return false;
		crc = libdeflate_crc32(crc, s.p, s.n);
		at += s.n;
		gh_src_advance(w->src, at);
	}
	return crc == want;
}

static bool one_of(struct gh_span type, const char *list)
{
	for (; *list != '\0'; list += 4)
		if (memcmp(type.p, list, 4) == 0)
			return true;
	return false;
}

static enum gh_rc png_walk(struct gh_walk *w)
{
	/* Chunks whose content decoders read as numbers and pixels; the rest is text, profiles and what anybody adds. */
	static const char known[] = "IHDRPLTEIDATIENDtRNScHRMgAMAsBITsRGBbKGDhISTpHYstIMEacTLfcTLfdATsPLTcICP";
	uint64_t off = 8, n = 0;
	if (w->src->size < 8)
		return bad(w, &png_rules[0], 0, "no signature");
	gh_claim(w, 0, 8, GH_CLAIM_STRUCT);
	for (bool end = false; !end;) {
		struct gh_span h = gh_src_window(w->src, off, 8);
		uint64_t left = w->src->size - off;
		if (h.n < 8 || left < 12 || gh_be32(h.p) > left - 12 || !tick(w, &n))
			return bad(w, &png_rules[0], off, "chunk does not fit");
		uint64_t len = gh_be32(h.p);
		uint8_t type[4];
		memcpy(type, h.p + 4, 4);
		struct gh_span t = { type, 4 };
		struct gh_span sum = gh_src_window(w->src, off + 8 + len, 4);
		if (sum.n < 4 || !png_sum(w, off + 4, len + 4, gh_be32(sum.p)))
			return bad(w, &png_rules[0], off, "chunk does not match its checksum");
		bool plain = one_of(t, known);
		if ((n == 1) != (memcmp(type, "IHDR", 4) == 0) || (n == 1 && len != 13))
			return bad(w, &png_rules[0], off, "header chunk is not first");
		end = memcmp(type, "IEND", 4) == 0;
		gh_claim(w, off, 8, GH_CLAIM_STRUCT);
		gh_claim(w, off + 8, len,
			 end || !plain			? GH_CLAIM_FREE
			 : memcmp(type, "IDAT", 4) == 0 ? GH_CLAIM_DATA
							: GH_CLAIM_STRUCT);
		gh_claim(w, off + 8 + len, 4, GH_CLAIM_STRUCT);
		if (one_of(t, "tEXtiTXt"))
			comment(w, off + 8, len);
		off += 12 + len;
	}
	return GH_OK;
}

static enum gh_match png_probe(const struct gh_probe *p)
{
	return gh_span_starts(p->head, "\x89PNG\r\n\x1a\n") ? GH_STRONG : GH_NO;
}

/* ---- JPEG: ITU-T T.81, B.1 ------------------------------------------------------------------------------------------ */
/* The entropy-coded data from off up to the next marker that is neither stuffing nor a restart; 0 when none comes. */
static uint64_t jpeg_scan(struct gh_walk *w, uint64_t off)
{
	while (off + 1 < w->src->size) {
		struct gh_span s = gh_src_window(w->src, off, STEP);
		size_t i = 0;
		while (i + 1 < s.n) {
			const uint8_t *ff = memchr(s.p + i, 0xff, s.n - 1 - i);
			if (ff == NULL) {
				i = s.n - 1;
				break;
			}
			i = (size_t)(ff - s.p);
			uint8_t m = s.p[i + 1];
			if (m != 0 && m != 0xff && !(m >= 0xd0 && m <= 0xd7))
				return off + i;
			i += m == 0xff ? 1 : 2;
		}
		if (i == 0)
			break;
		off += i < s.n ? i : s.n;
		gh_src_advance(w->src, off);
	}
	return 0;
}

static enum gh_rc jpeg_walk(struct gh_walk *w)
{
	uint64_t off = 2, n = 0;
	if (w->src->size < 2)
		return bad(w, &jpeg_rules[0], 0, "no start");
	gh_claim(w, 0, 2, GH_CLAIM_STRUCT);
	for (;;) {
		struct gh_span h = gh_src_window(w->src, off, 4);
		if (h.n < 2 || h.p[0] != 0xff || !tick(w, &n))
			return bad(w, &jpeg_rules[0], off, "no marker");
		uint8_t m = h.p[1];
		if (m == 0xd9 || m == 0xff || m == 0x01) { /* end, fill byte, TEM */
			gh_claim(w, off, m == 0xff ? 1 : 2, GH_CLAIM_STRUCT);
			off += m == 0xff ? 1 : 2;
			if (m == 0xd9)
				return GH_OK;
			continue;
		}
		uint64_t len = h.n == 4 ? (uint64_t)h.p[2] << 8 | h.p[3] : 0;
		if (m < 0xc0 || len < 2 || len > w->src->size - off - 2)
			return bad(w, &jpeg_rules[0], off, "segment does not fit");
		bool free = m >= 0xe0; /* application data and comments: EXIF, profiles, anything */
		gh_claim(w, off, 4, GH_CLAIM_STRUCT);
		gh_claim(w, off + 4, len - 2, free ? GH_CLAIM_FREE : GH_CLAIM_STRUCT);
		if (m == 0xfe)
			comment(w, off + 4, len - 2);
		off += 2 + len;
		if (m != 0xda)
			continue;
		uint64_t end = jpeg_scan(w, off);
		if (end == 0)
			return bad(w, &jpeg_rules[0], off, "no end of the picture");
		gh_claim(w, off, end - off, GH_CLAIM_DATA);
		off = end;
	}
}

static enum gh_match jpeg_probe(const struct gh_probe *p)
{
	bool yes = p->head.n >= 4 && memcmp(p->head.p, "\xff\xd8\xff", 3) == 0 && p->head.p[3] >= 0xc0;
	return yes ? GH_STRONG : GH_NO;
}

/* ---- GIF: GIF89a, 18 ------------------------------------------------------------------------------------------------ */
/* Sub-blocks from off to their terminator: the offset behind it, 0 when they do not end. */
static uint64_t gif_blocks(struct gh_walk *w, uint64_t off, uint64_t *n)
{
	struct gh_cur c = gh_cur(w->src, off);
	for (;;) {
		uint8_t len = gh_cur_u8(&c);
		if (c.bad || !tick(w, n))
			return 0;
		if (len == 0)
			return gh_cur_off(&c);
		gh_cur_skip(&c, len);
	}
}

static uint64_t gif_table(uint8_t flags) { return flags & 0x80 ? (uint64_t)3 << ((flags & 7) + 1) : 0; }

static enum gh_rc gif_walk(struct gh_walk *w)
{
	uint64_t n = 0;
	struct gh_span h = gh_src_window(w->src, 0, 13);
	uint64_t off = h.n < 13 ? 0 : 13 + gif_table(h.p[10]);
	if (off == 0 || off > w->src->size)
		return bad(w, &gif_rules[0], 0, "header does not fit");
	gh_claim(w, 0, off, GH_CLAIM_STRUCT);
	for (;;) {
		h = gh_src_window(w->src, off, 10);
		uint8_t kind = h.n == 0 ? 0 : h.p[0];
		uint8_t label = h.n < 2 ? 0 : h.p[1];
		if (kind == 0x3b) {
			gh_claim(w, off, 1, GH_CLAIM_STRUCT);
			return GH_OK;
		}
		uint64_t head = kind == 0x21 ? 2 : kind == 0x2c && h.n == 10 ? 10 + gif_table(h.p[9]) + 1 : 0;
		uint64_t end = head == 0 || head > w->src->size - off ? 0 : gif_blocks(w, off + head, &n);
		if (end == 0)
			return bad(w, &gif_rules[0], off, "block does not fit");
		gh_claim(w, off, head, GH_CLAIM_STRUCT);
		bool free = kind == 0x21 && label != 0xf9;
		gh_claim(w, off + head, end - off - head, free ? GH_CLAIM_FREE : GH_CLAIM_DATA);
		if (free && label == 0xfe)
			comment(w, off + head, end - off - head);
		off = end;
		gh_src_advance(w->src, off);
	}
}

static enum gh_match gif_probe(const struct gh_probe *p)
{
	return gh_span_starts(p->head, "GIF87a") || gh_span_starts(p->head, "GIF89a") ? GH_STRONG : GH_NO;
}

/* ---- WebP: RFC 9649, 2 ---------------------------------------------------------------------------------------------- */
static enum gh_rc webp_walk(struct gh_walk *w)
{
	struct gh_span h = gh_src_window(w->src, 0, 12);
	uint64_t n = 0, off = 12, end = h.n < 12 ? 0 : (uint64_t)gh_le32(h.p + 4) + 8;
	if (end < 12 || end > w->src->size)
		return bad(w, &webp_rules[0], 0, "size of the file is wrong");
	gh_claim(w, 0, 12, GH_CLAIM_STRUCT);
	while (off < end) {
		struct gh_span c = gh_src_window(w->src, off, 8);
		uint64_t len = c.n < 8 ? 0 : gh_le32(c.p + 4), pad = len & 1;
		if (c.n < 8 || end - off < 8 || len + pad > end - off - 8 || !tick(w, &n))
			return bad(w, &webp_rules[0], off, "chunk does not fit");
		bool pixels = one_of(c, "VP8 VP8LALPHANMF");
		bool known = one_of(c, "VP8XANIM");
		gh_claim(w, off, 8, GH_CLAIM_STRUCT);
		gh_claim(w, off + 8, len, pixels ? GH_CLAIM_DATA : known ? GH_CLAIM_STRUCT : GH_CLAIM_FREE);
		gh_claim(w, off + 8 + len, pad, GH_CLAIM_PAD);
		off += 8 + len + pad;
	}
	return GH_OK;
}

static enum gh_match webp_probe(const struct gh_probe *p)
{
	bool yes = p->head.n >= 16 && gh_span_starts(p->head, "RIFF") && memcmp(p->head.p + 8, "WEBPVP8", 7) == 0;
	return yes ? GH_STRONG : GH_NO;
}

/* ---- BMP: BITMAPFILEHEADER, BITMAPINFOHEADER and its successors ----------------------------------------------------- */
/* Bytes of pixels by the header's own numbers; 0 when they make no sense or the picture is compressed. */
static uint64_t bmp_pixels(const uint8_t *h)
{
	uint64_t width = gh_le32(h + 18), height = gh_le32(h + 22), bits = gh_le16(h + 28), packing = gh_le32(h + 30);
	if (height > INT32_MAX)
		height = (uint64_t)UINT32_MAX + 1 - height; /* negative: top to bottom */
	if (width == 0 || width > 1 << 20 || height == 0 || height > 1 << 20 || bits == 0 || bits > 32)
		return 0;
	if (packing != 0 && packing != 3 && packing != 6)
		return gh_le32(h + 34);
	return (width * bits + 31) / 32 * 4 * height;
}

static bool bmp_header(struct gh_span h, uint64_t size, uint64_t *pixels)
{
	if (h.n < 54 || h.p[0] != 'B' || h.p[1] != 'M' || gh_le32(h.p + 6) != 0 || gh_le16(h.p + 26) != 1)
		return false;
	uint32_t info = gh_le32(h.p + 14), at = gh_le32(h.p + 10);
	*pixels = bmp_pixels(h.p);
	return (info == 40 || info == 52 || info == 56 || info == 108 || info == 124) && *pixels != 0 &&
	       at >= 14 + info && at <= 14 + info + 12 + 1024 && (size == 0 || at <= size);
}

static enum gh_rc bmp_walk(struct gh_walk *w)
{
	uint64_t pixels, size = w->src->size;
	struct gh_span h = gh_src_window(w->src, 0, 54);
	if (!bmp_header(h, size, &pixels))
		return bad(w, &bmp_rules[0], 0, "header makes no sense");
	uint64_t file = gh_le32(h.p + 2), at = gh_le32(h.p + 10), info = 14 + (uint64_t)gh_le32(h.p + 14);
	gh_claim(w, 0, info, GH_CLAIM_STRUCT);
	gh_claim(w, info, at - info, GH_CLAIM_DATA); /* masks and palette */
	if (pixels > size - at)
		return bad(w, &bmp_rules[0], at, "pixels are missing");
	gh_claim(w, at, pixels, GH_CLAIM_DATA);
	uint64_t end = file < size ? file : size; /* what the header counts to the file, a profile for example */
	if (end > at + pixels)
		gh_claim(w, at + pixels, end - at - pixels, GH_CLAIM_FREE);
	return GH_OK;
}

static enum gh_match bmp_probe(const struct gh_probe *p)
{
	uint64_t pixels;
	return bmp_header(p->head, p->size, &pixels) ? GH_STRONG : GH_NO;
}

const struct gh_fmt gh_fmt_png = { .name = "png",
				   .about = "PNG pictures",
				   .exts = "png apng",
				   .probe = png_probe,
				   .walk = png_walk,
				   .rules = png_rules };
const struct gh_fmt gh_fmt_jpeg = { .name = "jpeg",
				    .about = "JPEG pictures",
				    .exts = "jpg jpeg jpe jfif",
				    .probe = jpeg_probe,
				    .walk = jpeg_walk,
				    .rules = jpeg_rules };
const struct gh_fmt gh_fmt_gif = {
	.name = "gif", .about = "GIF pictures", .exts = "gif", .probe = gif_probe, .walk = gif_walk, .rules = gif_rules
};
const struct gh_fmt gh_fmt_webp = { .name = "webp",
				    .about = "WebP pictures",
				    .exts = "webp",
				    .probe = webp_probe,
				    .walk = webp_walk,
				    .rules = webp_rules };
const struct gh_fmt gh_fmt_bmp = { .name = "bmp",
				   .about = "BMP pictures",
				   .exts = "bmp dib",
				   .probe = bmp_probe,
				   .walk = bmp_walk,
				   .rules = bmp_rules };
