/* zstd: frames one after the other, with skippable frames anywhere between; checksums are verified by the codec. */
#include "format/formats.h"
#include "format/stream.h"

#define MAGIC 0xfd2fb528u

static const struct gh_rule rules[] = { GH_STREAM_RULES("ZSTD", "zstd"), GH_RULES_END };

static struct gh_unit unit(struct gh_walk *w, uint64_t off)
{
	struct gh_span h = gh_src_window(w->src, off, 4);
	if (h.n == 4 && gh_le32(h.p) == MAGIC)
		return (struct gh_unit){ .kind = GH_UNIT_DATA };
	return gh_unit_skippable(w, off);
}

static const struct gh_stream stream = {
	.codec = GH_CODEC_ZSTD, .exts = "zst zstd tzst", .rules = rules, .unit = unit
};

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 4)
		return GH_NO;
	uint32_t magic = gh_le32(p->head.p);
	return magic == MAGIC ? GH_STRONG : gh_unit_is_skippable(magic) ? GH_WEAK : GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (!gh_unit_first_is(w, MAGIC)) {
		if (w->weak)
			return GH_E_NOTTHIS;
		gh_anomaly(w, &rules[GH_STREAM_BROKEN], 0, w->src->size, "no frame");
		return gh_fail(w->err, GH_E_MALFORMED, "no zstd frame");
	}
	return gh_stream_walk(w, &stream);
}

const struct gh_fmt gh_fmt_zstd = {
	.name = "zstd",
	.about = "zstd frames (RFC 8878), one or several, skippable frames",
	.exts = "zst zstd tzst joblib pkl dump",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
