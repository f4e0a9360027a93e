/* fmt_darknet.c - weights of Darknet (.weights): three version numbers, how many pictures were seen, floats to the end. What the
 * floats belong to stands in the .cfg beside, so the weights are told and the file stays not fully read.
 * Source: darknet's src/parser.c (save_weights_upto, load_weights_upto). */
#include "format/formats.h"
#include "format/seq.h"

enum { MINOR_MAX = 2, REVISION_MAX = 5, LEAST = 64 };

static size_t head_of(struct gh_span s)
{
	if (s.n < 20)
		return 0;
	uint32_t major = gh_le32(s.p), minor = gh_le32(s.p + 4), revision = gh_le32(s.p + 8);
	if (major != 0 || minor == 0 || minor > MINOR_MAX || revision > REVISION_MAX)
		return 0;
	return minor >= 2 ? 20 : 16; /* the count has 64 bits from version 0.2 on */
}

static enum gh_match probe(const struct gh_probe *p)
{
	size_t n = head_of(p->head);
	if (n == 0 || p->size < LEAST || (p->size - n) % 4 != 0)
		return GH_NO;
	/* Weights of a first layer: plain numbers, none of them huge or infinite. */
	struct gh_span s = gh_span_cut(p->head, n, 4096);
	for (size_t i = 0; i + 4 <= s.n; i += 4)
		if ((gh_le32(s.p + i) >> 23 & 0xff) > 127 + 32)
			return GH_NO;
	return GH_WEAK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_seq *s = GH_NEW(w->arena, struct gh_seq, 1);
	if (s == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	gh_seq_open(s, w);
	size_t n = head_of(gh_src_window(w->src, 0, 20));
	if (n == 0)
		return GH_E_NOTTHIS;
	gh_cur_skip(&s->c, n);
	enum gh_rc rc = gh_seq_row(s, "weights", "F32", gh_cur_left(&s->c) / 4);
	if (rc == GH_OK)
		rc = gh_fail(w->err, GH_E_UNREAD, "which layers the weights belong to stands in another file");
	return gh_seq_end(s, rc);
}

const struct gh_fmt gh_fmt_darknet = {
	.name = "darknet",
	.about = "Weights of Darknet (YOLO): floats whose layers a .cfg file names",
	.exts = "weights backup",
	.probe = probe,
	.walk = walk,
	.rules = gh_seq_rules,
};
