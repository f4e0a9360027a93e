/* zstd: frames one after the other, with skippable frames anywhere between; checksums are verified by the codec. */
#include "format/formats.h"
#include "format/stream.h"

#define MAGIC 0xfd2fb528u

static const struct gh_rule rules[] = { GH_STREAM_RULES("ZSTD", "zstd"), GH_RULES_END };

static struct gh_unit unit(struct gh_walk *w, uint64_t off) { return gh_frame_unit(w, off, MAGIC); }

static const struct gh_stream stream = {
	.codec = GH_CODEC_ZSTD, .exts = "zst zstd tzst", .rules = rules, .unit = unit
};

static enum gh_match probe(const struct gh_probe *p) { return gh_frame_probe(p, MAGIC); }
static enum gh_rc walk(struct gh_walk *w) { return gh_frame_walk(w, &stream, MAGIC); }

const struct gh_fmt gh_fmt_zstd = {
	.name = "zstd",
	.about = "zstd frames (RFC 8878), one or several, skippable frames",
	.exts = "zst zstd tzst joblib pkl dump",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
