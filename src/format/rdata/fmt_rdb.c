/* A lazy-load database of an R package (.rdb): objects one behind the other, each compressed by itself. R finds them by the
 * index beside it (.rdx); from the start to the end they can be read without it, and then nothing can hide between them.
 *
 * An entry (R's src/main/lazyload.c, R_compress1 to R_compress3 and their counterparts): the expanded size, four bytes, most
 * significant first; then either a zlib stream, or one letter and what it says: '1' zlib, '2' bzip2, 'Z' raw LZMA2, '0'
 * as it is. Each is one serialized object (fmt_rdata.c), in which environments are named by persistent references. */
#include "format/expand_member.h"
#include "format/formats.h"

enum { HEAD = 4, LETTER = 5, SIZE_MAX_ENTRY = 1 << 30, STEP = 64 << 10 };

enum { A_ENTRY, A_SIZE, A_BROKEN };
static const struct gh_rule rules[] = {
	[A_ENTRY] = { "GH-RDB-0001", GH_MEDIUM, GH_REVIEW, "Bytes in a lazy-load database that are no entry",
		      "Room for content that the index may still point to.",
		      "Install the package again from its source.", "CWE-20" },
	[A_SIZE] = { "GH-RDB-0002", GH_HIGH, GH_REVIEW, "An entry does not have the size it declares",
		     "R expands it into a buffer of the declared size and stops, or reads what was there before.",
		     "Install the package again from its source.", "CWE-131" },
	[A_BROKEN] = { "GH-RDB-0003", GH_MEDIUM, GH_INCOMPLETE, "A damaged entry in a lazy-load database",
		       "The object cannot be inspected.", "Install the package again from its source.", "CWE-354" },
	GH_RULES_END
};

/* How the entry at the start of s is packed; *head: bytes before the packed ones. */
enum packing { P_NONE, P_ZLIB, P_BZIP2, P_LZMA2, P_STORED };
static enum packing packing(struct gh_span s, size_t *head)
{
	*head = HEAD;
	if (s.n < LETTER + 3)
		return P_NONE;
	uint32_t size = gh_be32(s.p);
	if (size < 14 || size > SIZE_MAX_ENTRY)
		return P_NONE;
	const uint8_t *p = s.p + HEAD;
	if ((p[0] & 0x0f) == 8 && p[0] >> 4 <= 7 && (p[0] << 8 | p[1]) % 31 == 0 && (p[1] & 0x20) == 0)
		return P_ZLIB;
	*head = LETTER;
	switch (p[0]) {
	case '1': return (p[1] & 0x0f) == 8 && (p[1] << 8 | p[2]) % 31 == 0 ? P_ZLIB : P_NONE;
	case '2': return p[1] == 'B' && p[2] == 'Z' && p[3] == 'h' ? P_BZIP2 : P_NONE;
	case 'Z': return p[1] == 0x01 || p[1] >= 0xe0 ? P_LZMA2 : P_NONE; /* a first chunk resets the dictionary */
	case '0': return p[1] == 'X' && p[2] == '\n' ? P_STORED : P_NONE;
	default: return P_NONE;
	}
}

/* There is no magic: the first entry must really expand to the start of a serialized object. */
static bool expands(struct gh_span s, enum packing how, size_t head)
{
	static const enum gh_codec codec[] = { [P_ZLIB] = GH_CODEC_ZLIB, [P_BZIP2] = GH_CODEC_BZIP2 };
	static const uint8_t dictionary = 28;
	uint8_t out[16];
	size_t n = 0;
	bool end = false;
	enum gh_rc rc = GH_OK;
	struct gh_span in = gh_span_cut(s, head, s.n);
	if (how == P_STORED)
		return true; /* the letters were compared */
	struct gh_filter lzma2 = { GH_FILTER_LZMA2, { &dictionary, 1 } };
	struct gh_expand *x = how == P_LZMA2 ? gh_expand_open_chain(&lzma2, 1, gh_be32(s.p), &rc)
					     : gh_expand_open(codec[how]);
	while (x != NULL && rc == GH_OK && n < sizeof out && !end) {
		size_t made = 0, before = in.n;
		rc = gh_expand_step(x, &in, out + n, sizeof out - n, &made, &end);
		n += made;
		if (made == 0 && in.n == before)
			break;
	}
	gh_expand_close(x);
	return n >= 14 && (out[0] == 'X' || out[0] == 'A' || out[0] == 'B') && out[1] == '\n';
}

static enum gh_match probe(const struct gh_probe *p)
{
	size_t head;
	enum packing how = packing(p->head, &head);
	/* The first 64 KiB of a bzip2 entry may end before its first block does. */
	return how != P_NONE && expands(p->head, how, head) ? GH_STRONG : GH_NO;
}

/* Raw LZMA2, which is no codec by itself: expand and emit. *packed: its bytes. */
static enum gh_rc lzma2_member(struct gh_walk *w, struct gh_member m, uint64_t off, uint32_t size,
			       struct gh_expanded *out)
{
	static const uint8_t dictionary = 28; /* 64 MiB: at least what any writer uses */
	struct gh_filter f = { GH_FILTER_LZMA2, { &dictionary, 1 } };
	const struct gh_sink_ops *ops = w->sink->ops;
	uint8_t *buf = GH_NEW(w->arena, uint8_t, STEP);
	*out = (struct gh_expanded){ .rc = GH_OK };
	struct gh_expand *x = gh_expand_open_chain(&f, 1, size, &out->rc);
	struct gh_spool *sp = ops->spool_open(w->sink, w->src->size - off);
	enum gh_rc rc = buf == NULL || sp == NULL || x == NULL ? GH_E_NOMEM : GH_OK;
	struct gh_cur c = gh_cur(w->src, off);
	while (rc == GH_OK && out->rc == GH_OK && !out->ended) {
		uint64_t left = gh_cur_left(&c);
		size_t n = left < STEP ? (size_t)left : STEP, made = 0;
		const uint8_t *p = gh_cur_peek(&c, n);
		struct gh_span in = { p, p == NULL ? 0 : n };
		out->rc = gh_expand_step(x, &in, buf, STEP, &made, &out->ended);
		gh_cur_skip(&c, n - in.n);
		out->size += made;
		if (made != 0)
			rc = ops->spool_put(sp, (struct gh_span){ buf, made });
		else if (in.n == n && !out->ended)
			break; /* nothing goes on */
		if (out->size > size)
			break;
	}
	out->packed = gh_cur_off(&c) - off;
	gh_expand_close(x);
	if (rc == GH_OK) {
		m.src = ops->spool_src(sp);
		rc = gh_emit(w, GH_EV_MEMBER, off, out->packed, &m);
	}
	if (sp != NULL)
		ops->spool_close(sp);
	return rc;
}

/* LZMA2 ends with a zero byte behind what makes `size` bytes; the decoder may have stopped before it. */
static uint64_t lzma2_end(struct gh_walk *w, uint64_t end)
{
	struct gh_span s = gh_src_window(w->src, end, 1);
	return s.n == 1 && s.p[0] == 0 ? end + 1 : end;
}

static enum gh_rc stored(struct gh_walk *w, struct gh_member m, uint64_t off, uint32_t size)
{
	gh_claim(w, off - LETTER, LETTER, GH_CLAIM_STRUCT);
	return gh_member_range(w, m, off, size);
}

static enum gh_rc entry(struct gh_walk *w, uint64_t *at, uint64_t number)
{
	size_t head;
	struct gh_span s = gh_src_window(w->src, *at, 16);
	enum packing how = packing(s, &head);
	uint32_t size = how == P_NONE ? 0 : gh_be32(s.p);
	uint64_t off = *at + head, left = w->src->size - *at;
	if (how == P_STORED && size > left - head) {
		gh_anomaly(w, &rules[A_BROKEN], *at, left, "entry %llu", (unsigned long long)number);
		return gh_fail(w->err, GH_E_MALFORMED, "entry %llu is cut short", (unsigned long long)number);
	}
	if (how == P_NONE) {
		gh_anomaly(w, &rules[A_ENTRY], *at, left, "at byte %llu", (unsigned long long)*at);
		return gh_fail(w->err, GH_E_MALFORMED, "no entry at byte %llu", (unsigned long long)*at);
	}
	struct gh_member m = { .how = GH_MEMBER_STREAM, .role = "lazy-load entry", .expect = "r-data" };
	struct gh_expanded out = { .rc = GH_OK, .ended = true, .size = size, .packed = size };
	enum gh_rc rc = GH_OK;
	switch (how) {
	case P_STORED: rc = stored(w, m, off, size); break;
	case P_LZMA2: rc = lzma2_member(w, m, off, size, &out); break;
	default:
		rc = gh_member_expand(w, m, how == P_BZIP2 ? GH_CODEC_BZIP2 : GH_CODEC_ZLIB, off, left - head, &out);
		break;
	}
	if (rc != GH_OK)
		return gh_fail(w->err, rc, "entry %llu", (unsigned long long)number);
	uint64_t end = off + out.packed;
	if (how == P_LZMA2 && !out.ended && out.size == size)
		end = lzma2_end(w, end), out.ended = true;
	if (out.rc != GH_OK || !out.ended) {
		gh_anomaly(w, &rules[A_BROKEN], *at, left, "entry %llu", (unsigned long long)number);
		return gh_fail(w->err, out.rc == GH_E_LIMIT ? GH_E_LIMIT : GH_E_MALFORMED, "entry %llu is damaged",
			       (unsigned long long)number);
	}
	if (out.size != size)
		gh_anomaly(w, &rules[A_SIZE], *at, end - *at, "entry %llu expands to %llu bytes, declares %u",
			   (unsigned long long)number, (unsigned long long)out.size, size);
	if (how != P_STORED)
		gh_claim(w, *at, end - *at, GH_CLAIM_STRUCT);
	*at = end;
	gh_src_advance(w->src, end);
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	uint64_t at = 0;
	for (uint64_t n = 0; at < w->src->size; n++) {
		enum gh_rc rc = entry(w, &at, n);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

const struct gh_fmt gh_fmt_rdb = {
	.name = "r-lazyload",
	.about = "Lazy-load database of an R package: its functions, data or help pages",
	.exts = "rdb",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
