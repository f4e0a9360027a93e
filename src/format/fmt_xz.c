/* xz: streams with index and checks (xz file format 1.1.0), which the codec verifies, and padding between them. */
#include "format/formats.h"
#include "format/stream.h"

static const struct gh_rule rules[] = { GH_STREAM_RULES("XZ", "xz"), GH_RULES_END };

static bool starts(struct gh_span h)
{
	return h.n >= 6 && memcmp(h.p,
				  "\xfd"
				  "7zXZ\0",
				  6) == 0;
}

static struct gh_unit unit(struct gh_walk *w, uint64_t off)
{
	bool yes = starts(gh_src_window(w->src, off, 6));
	return (struct gh_unit){ .kind = yes ? GH_UNIT_DATA : GH_UNIT_NONE };
}

static const struct gh_stream stream = {
	.codec = GH_CODEC_XZ,
	.exts = "xz txz",
	.rules = rules,
	.unit = unit,
	.padded = true,
};

static enum gh_match probe(const struct gh_probe *p) { return starts(p->head) ? GH_STRONG : GH_NO; }
static enum gh_rc walk(struct gh_walk *w) { return gh_stream_walk(w, &stream); }

const struct gh_fmt gh_fmt_xz = {
	.name = "xz",
	.about = "xz streams, one or several, with padding",
	.exts = "xz txz joblib pkl dump rds rda rdata rdx",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
