/* .lzma ("LZMA alone"): properties, dictionary size, content size, data. There is no magic: loaders (joblib) take the
 * two bytes 5d 00 for one, Python's own reader takes anything that decodes. So the header must be plausible, and the
 * content must decode before the match is believed. */
#include "format/formats.h"
#include "format/stream.h"

enum { HEADER = 13, PROPS = 225 /* (pb * 5 + lp) * 9 + lc */ };

static const struct gh_rule rules[] = { GH_STREAM_RULES("LZMA", "lzma"), GH_RULES_END };

static bool starts(struct gh_span h)
{
	if (h.n < HEADER + 1 || h.p[0] >= PROPS || h.p[0] % 9 + h.p[0] / 9 % 5 > 4)
		return false;
	uint64_t size = gh_le64(h.p + 5);
	/* The first byte of range coded data is always 0. No content, or an exabyte of it, is not worth believing. */
	return h.p[HEADER] == 0 && size != 0 && (size == UINT64_MAX || size < (uint64_t)1 << 48);
}

static struct gh_unit unit(struct gh_walk *w, uint64_t off)
{
	bool yes = starts(gh_src_window(w->src, off, HEADER + 1));
	return (struct gh_unit){ .kind = yes ? GH_UNIT_DATA : GH_UNIT_NONE };
}

static const struct gh_stream stream = {
	.codec = GH_CODEC_LZMA,
	.exts = "lzma tlz",
	.rules = rules,
	.unit = unit,
	.weak_magic = true,
};

static enum gh_match probe(const struct gh_probe *p) { return starts(p->head) ? GH_WEAK : GH_NO; }

static enum gh_rc walk(struct gh_walk *w)
{
	/* A container may have promised lzma: then a header that is none is damage, not a wrong guess. */
	if (!starts(gh_src_window(w->src, 0, HEADER + 1))) {
		if (w->weak)
			return GH_E_NOTTHIS;
		gh_anomaly(w, &rules[GH_STREAM_BROKEN], 0, w->src->size, "no header");
		return gh_fail(w->err, GH_E_MALFORMED, "no lzma header");
	}
	return gh_stream_walk(w, &stream);
}

const struct gh_fmt gh_fmt_lzma = {
	.name = "lzma",
	.about = "lzma streams of the old, headerless kind",
	.exts = "lzma tlz joblib pkl dump",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
