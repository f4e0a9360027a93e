/* gzip: RFC 1952. The header and the trailer are read here, the deflate data between them by the codec. */
#include "format/formats.h"
#include "format/stream.h"
#include "wire/path.h"

#include <libdeflate.h>

enum { FHCRC = 2, FEXTRA = 4, FNAME = 8, FCOMMENT = 16, RESERVED = 0xe0, FIXED = 10, TRAILER = 8, TEXT_MAX = 4096 };

enum { A_CHECK = GH_STREAM_OWN, A_FLAGS, A_HCRC, A_NAME };
static const struct gh_rule rules[] = {
	GH_STREAM_RULES("GZ", "gzip"),
	[A_CHECK] = { "GH-GZ-0004", GH_MEDIUM, GH_REVIEW, "Gzip content does not match its checksum or length",
		      "A streaming loader has acted on the content before it notices, a careful one refuses it.",
		      "Get an undamaged copy and compare its digest.", "CWE-354" },
	[A_FLAGS] = { "GH-GZ-0005", GH_MEDIUM, GH_REVIEW, "Reserved flags set in a gzip header",
		      "Some readers refuse such a file, others read it: tools disagree on what it holds.",
		      "Compress the file again.", "CWE-436" },
	[A_HCRC] = { "GH-GZ-0006", GH_LOW, GH_REVIEW, "Gzip header does not match its checksum",
		     "Some readers refuse such a file, others read it.", "Compress the file again.", "CWE-354" },
	[A_NAME] = { "GH-GZ-0007", GH_MEDIUM, GH_REVIEW, "Gzip header names a file with a path",
		     "A program that restores the stored name writes to a place of the author's choice.",
		     "Expand it to a name of your own (gzip -cd FILE > NAME).", "CWE-22 CVE-2005-1228" },
	GH_RULES_END
};

/* End of the zero-terminated field at off: the offset behind its NUL, 0 when it has none. */
static uint64_t field_end(struct gh_walk *w, uint64_t off)
{
	for (;;) {
		struct gh_span in = gh_src_window(w->src, off, 4096);
		if (in.n == 0)
			return 0;
		const uint8_t *nul = memchr(in.p, 0, in.n);
		if (nul != NULL)
			return off + (uint64_t)(nul - in.p) + 1;
		off += in.n;
	}
}

struct header {
	uint8_t flags;
	uint64_t extra, name, comment, end; /* where each field starts; an absent one is empty */
};

static bool read_header(struct gh_walk *w, uint64_t off, struct header *h)
{
	struct gh_span in = gh_src_window(w->src, off, FIXED + 2);
	if (in.n < FIXED || in.p[0] != 0x1f || in.p[1] != 0x8b || in.p[2] != 8)
		return false;
	h->flags = in.p[3];
	uint64_t at = off + FIXED;
	h->extra = at;
	if (h->flags & FEXTRA) {
		if (in.n < FIXED + 2)
			return false;
		at += 2 + (uint64_t)gh_le16(in.p + FIXED);
	}
	h->name = at;
	if ((h->flags & FNAME) && (at = field_end(w, at)) == 0)
		return false;
	h->comment = at;
	if ((h->flags & FCOMMENT) && (at = field_end(w, at)) == 0)
		return false;
	h->end = at + (h->flags & FHCRC ? 2 : 0);
	return h->end <= w->src->size;
}

static void text_field(struct gh_walk *w, uint64_t from, uint64_t end, const char *role)
{
	if (end - from < 2)
		return;
	struct gh_text t = { .role = role, .key = GH_SPAN("gzip header") };
	t.text = gh_src_window(w->src, from, end - 1 - from < TEXT_MAX ? (size_t)(end - 1 - from) : TEXT_MAX);
	(void)gh_emit(w, GH_EV_TEXT, from, t.text.n, &t);
}

/* RFC 1952 2.3.1: the name has no directory in it. */
static void check_name(struct gh_walk *w, uint64_t from, uint64_t end)
{
	if (end - from < 2)
		return;
	uint64_t n = end - 1 - from;
	struct gh_span name = gh_src_window(w->src, from, n < TEXT_MAX ? (size_t)n : TEXT_MAX);
	unsigned flags = gh_path_flags(name);
	bool parts = name.n != 0 && (memchr(name.p, '/', name.n) != NULL || memchr(name.p, '\\', name.n) != NULL);
	if (parts || (flags & (GH_PATH_ESCAPES | GH_PATH_DRIVE | GH_PATH_CONTROL | GH_PATH_DECEPTIVE)) != 0)
		gh_anomaly(w, &rules[A_NAME], from, n, "\"%s\"", gh_safe(name).s);
}

static void check_hcrc(struct gh_walk *w, uint64_t off, const struct header *h)
{
	uint32_t crc = 0;
	for (uint64_t at = off; at < h->end - 2;) {
		uint64_t left = h->end - 2 - at;
		struct gh_span in = gh_src_window(w->src, at, left < 65536 ? (size_t)left : 65536);
		if (in.n == 0)
			return;
		crc = libdeflate_crc32(crc, in.p, in.n);
		at += in.n;
	}
	struct gh_span have = gh_src_window(w->src, h->end - 2, 2);
	if (have.n == 2 && gh_le16(have.p) != (crc & 0xffff))
		gh_anomaly(w, &rules[A_HCRC], off, h->end - off, "header says %04x, is %04x", gh_le16(have.p),
			   crc & 0xffff);
}

static struct gh_unit gzip_unit(struct gh_walk *w, uint64_t off)
{
	struct header h;
	if (!read_header(w, off, &h))
		return (struct gh_unit){ .kind = GH_UNIT_NONE };
	gh_claim(w, off, h.extra - off + (h.flags & FEXTRA ? 2 : 0), GH_CLAIM_STRUCT);
	if (h.flags & FEXTRA)
		gh_claim(w, h.extra + 2, h.name - h.extra - 2, GH_CLAIM_FREE);
	uint64_t text_end = h.end - (h.flags & FHCRC ? 2 : 0);
	gh_claim(w, h.name, text_end - h.name, GH_CLAIM_FREE);
	gh_claim(w, text_end, h.end - text_end, GH_CLAIM_STRUCT);
	text_field(w, h.name, h.comment, "name");
	text_field(w, h.comment, text_end, "comment");
	check_name(w, h.name, h.comment);
	if (h.flags & RESERVED)
		gh_anomaly(w, &rules[A_FLAGS], off + 3, 1, "flags 0x%02x", h.flags);
	if (h.flags & FHCRC)
		check_hcrc(w, off, &h);
	return (struct gh_unit){ .kind = GH_UNIT_DATA, .head = h.end - off, .claimed = true };
}

static bool gzip_trailer(struct gh_walk *w, uint64_t off, const struct gh_unit_sum *sum, uint64_t *len)
{
	struct gh_span t = gh_src_window(w->src, off, TRAILER);
	gh_claim(w, off, t.n, GH_CLAIM_STRUCT);
	*len = t.n;
	if (t.n < TRAILER)
		return false;
	uint32_t crc = gh_le32(t.p), size = gh_le32(t.p + 4);
	if (crc != sum->crc32 || size != (uint32_t)sum->size)
		gh_anomaly(w, &rules[A_CHECK], off, TRAILER,
			   "trailer says crc %08x length %u, content has %08x and %llu", crc, size, sum->crc32,
			   (unsigned long long)sum->size);
	return true;
}

static const struct gh_stream gzip_stream = {
	.codec = GH_CODEC_DEFLATE,
	.exts = "gz gzip tgz",
	.rules = rules,
	.unit = gzip_unit,
	.trailer = gzip_trailer,
	.padded = true,
};

static enum gh_match probe(const struct gh_probe *p)
{
	return p->head.n >= 3 && p->head.p[0] == 0x1f && p->head.p[1] == 0x8b && p->head.p[2] == 8 ? GH_STRONG : GH_NO;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct header h;
	if (!read_header(w, 0, &h)) {
		gh_anomaly(w, &rules[GH_STREAM_CUT], 0, w->src->size, "within the header");
		return gh_fail(w->err, GH_E_MALFORMED, "gzip header is not whole");
	}
	return gh_stream_walk(w, &gzip_stream);
}

const struct gh_fmt gh_fmt_gzip = {
	.name = "gzip",
	.about = "gzip streams (RFC 1952), several members, padding",
	.exts = "gz gzip tgz joblib pkl z dump svgz rds rda rdata rdx",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
