/* bzip2: one or more streams, each with its own checksums, which the codec verifies. */
#include "format/formats.h"
#include "format/stream.h"

static const struct gh_rule rules[] = { GH_STREAM_RULES("BZ", "bzip2"), GH_RULES_END };

/* "BZh", the level, and the magic of a first block or, in an empty stream, of the end (digits of pi and of its root). */
static bool starts(struct gh_span h)
{
	return h.n >= 10 && gh_span_starts(h, "BZh") && h.p[3] >= '1' && h.p[3] <= '9' &&
	       (memcmp(h.p + 4, "\x31\x41\x59\x26\x53\x59", 6) == 0 ||
		memcmp(h.p + 4, "\x17\x72\x45\x38\x50\x90", 6) == 0);
}

static struct gh_unit unit(struct gh_walk *w, uint64_t off)
{
	bool yes = starts(gh_src_window(w->src, off, 10));
	return (struct gh_unit){ .kind = yes ? GH_UNIT_DATA : GH_UNIT_NONE };
}

static const struct gh_stream stream = {
	.codec = GH_CODEC_BZIP2,
	.exts = "bz2 bz tbz2",
	.rules = rules,
	.unit = unit,
};

static enum gh_match probe(const struct gh_probe *p) { return starts(p->head) ? GH_STRONG : GH_NO; }
static enum gh_rc walk(struct gh_walk *w) { return gh_stream_walk(w, &stream); }

const struct gh_fmt gh_fmt_bzip2 = {
	.name = "bzip2",
	.about = "bzip2 streams, one or several",
	.exts = "bz2 bz tbz2 joblib pkl dump rds rda rdata rdx",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
