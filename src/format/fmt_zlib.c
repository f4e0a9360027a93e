/* zlib: RFC 1950, which joblib writes as a file of its own; and the older joblib files, where such a stream follows
 * "ZF" and the content's length. */
#include "format/formats.h"
#include "format/stream.h"

enum { ZF_HEAD = 21 /* "ZF" and as many digits as hex(2**64) has in Python 3 */, DIGITS = 19 };

static const struct gh_rule rules[] = { GH_STREAM_RULES("ZL", "zlib"), GH_RULES_END };

/* Deflate, a window of at most 32 KiB, no preset dictionary, and the header's own check. */
static bool starts(struct gh_span h)
{
	return h.n >= 2 && (h.p[0] & 0x0f) == 8 && h.p[0] >> 4 <= 7 && (h.p[1] & 0x20) == 0 &&
	       (h.p[0] * 256 + h.p[1]) % 31 == 0;
}

static struct gh_unit unit(struct gh_walk *w, uint64_t off)
{
	bool yes = starts(gh_src_window(w->src, off, 2));
	return (struct gh_unit){ .kind = yes ? GH_UNIT_DATA : GH_UNIT_NONE };
}

static const struct gh_stream stream = {
	.codec = GH_CODEC_ZLIB,
	.exts = "z zlib",
	.rules = rules,
	.unit = unit,
	.weak_magic = true,
	.checked = true,
};

static enum gh_match probe(const struct gh_probe *p) { return starts(p->head) ? GH_WEAK : GH_NO; }

static enum gh_rc walk(struct gh_walk *w)
{
	if (!starts(gh_src_window(w->src, 0, 2))) {
		if (w->weak)
			return GH_E_NOTTHIS;
		gh_anomaly(w, &rules[GH_STREAM_BROKEN], 0, w->src->size, "no header");
		return gh_fail(w->err, GH_E_MALFORMED, "no zlib header");
	}
	return gh_stream_walk(w, &stream);
}

const struct gh_fmt gh_fmt_zlib = {
	.name = "zlib",
	.about = "zlib streams (RFC 1950), as joblib writes them",
	.exts = "z zlib joblib pkl gz gzip dump",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};

/* ---- joblib's first file format ------------------------------------------------------------------------------- */
enum { Z_LENGTH = GH_STREAM_OWN };
static const struct gh_rule zf_rules[] = {
	GH_STREAM_RULES("ZF", "joblib z-file"),
	[Z_LENGTH] = { "GH-ZF-0004", GH_MEDIUM, GH_REVIEW,
		       "Joblib z-file content has another length than its header says",
		       "Joblib refuses the file or reads it, depending on its release.",
		       "Get an undamaged copy and compare its digest.", "CWE-354" },
	GH_RULES_END
};

/* "ZF", "0x…" padded with spaces on the right; Python 2 wrote one space more. Length of it, 0 when it is none. */
static unsigned zf_header(struct gh_span h, uint64_t *size)
{
	if (h.n < ZF_HEAD + 2 || !gh_span_starts(h, "ZF0x"))
		return 0;
	uint64_t v = 0;
	size_t i = 4;
	for (; i < ZF_HEAD && h.p[i] != ' ' && h.p[i] != 'L'; i++) {
		uint8_t c = h.p[i];
		unsigned d = c >= '0' && c <= '9' ? c - (unsigned)'0' : c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
		if (d == 16 || v >> 60 != 0)
			return 0;
		v = v << 4 | d;
	}
	if (i == 4)
		return 0;
	for (i += i < ZF_HEAD && h.p[i] == 'L'; i < ZF_HEAD; i++)
		if (h.p[i] != ' ')
			return 0;
	*size = v;
	return ZF_HEAD + (h.p[ZF_HEAD] == ' ');
}

static struct gh_unit zf_unit(struct gh_walk *w, uint64_t off)
{
	uint64_t size;
	unsigned head = off == 0 ? zf_header(gh_src_window(w->src, 0, ZF_HEAD + 2), &size) : 0;
	return (struct gh_unit){ .kind = head != 0 ? GH_UNIT_DATA : GH_UNIT_NONE, .head = head };
}

static bool zf_trailer(struct gh_walk *w, uint64_t off, const struct gh_unit_sum *sum, uint64_t *len)
{
	uint64_t size = 0;
	(void)off;
	*len = 0;
	(void)zf_header(gh_src_window(w->src, 0, ZF_HEAD + 2), &size);
	if (size != sum->size)
		gh_anomaly(w, &zf_rules[Z_LENGTH], 0, ZF_HEAD, "header says %llu, content has %llu",
			   (unsigned long long)size, (unsigned long long)sum->size);
	return true;
}

static const struct gh_stream zf_stream = {
	.codec = GH_CODEC_ZLIB,
	.exts = "z gz",
	.rules = zf_rules,
	.unit = zf_unit,
	.trailer = zf_trailer,
};

static enum gh_match zf_probe(const struct gh_probe *p)
{
	uint64_t size;
	return zf_header(p->head, &size) != 0 ? GH_STRONG : GH_NO;
}

static enum gh_rc zf_walk(struct gh_walk *w)
{
	uint64_t size;
	if (zf_header(gh_src_window(w->src, 0, ZF_HEAD + 2), &size) == 0) {
		gh_anomaly(w, &zf_rules[GH_STREAM_BROKEN], 0, w->src->size, "no header");
		return gh_fail(w->err, GH_E_MALFORMED, "no joblib z-file header");
	}
	return gh_stream_walk(w, &zf_stream);
}

const struct gh_fmt gh_fmt_joblib_zf = {
	.name = "joblib-zfile",
	.about = "joblib files of releases before 0.10 (\"ZF\", length, zlib)",
	.exts = "joblib pkl gz gzip z npy dump",
	.probe = zf_probe,
	.walk = zf_walk,
	.rules = zf_rules,
};
