/* fmt_engine.c - compiled models with a frame that is known around a content that is not: TensorRT engines, RKNN models, NEFF
 * packages of AWS Neuron. What the frame shows is read and told (names of plugins, JSON, an archive); the rest stays not
 * read, and the file INCOMPLETE.
 *
 * TensorRT: "ptrt" or "ftrt"; Ultralytics puts the length of a JSON text and the text before it. Plugins are named in the
 * engine, and their creators, native code, are given the author's bytes when the engine is loaded.
 * RKNN: "RKNN", version and length of the model in 64 bits each, 40 bytes reserved from version 2 on, the model, length and
 * text of a JSON description. NEFF: a header that says its own size and that of the gzipped tar behind it. */
#include "format/formats.h"
#include "format/seq.h"

enum { A_PLUGIN, A_LOCKED, A_LENGTH };
static const struct gh_rule rules[] = {
	[A_PLUGIN] = { "GH-ENG-0001", GH_MEDIUM, GH_REVIEW, "An engine that needs plugins",
		       "Loading gives bytes of the author's choice to native code of the plugin; the plugin's library "
		       "has "
		       "to be loaded as well.",
		       "Build the engine yourself from the model it was made of.", "CWE-829 CWE-502 AML.T0011" },
	[A_LOCKED] = { "GH-ENG-0002", GH_MEDIUM, GH_INCOMPLETE, "An encrypted compiled model",
		       "Nothing of it can be looked at.", "Ask for the model it was compiled from.", "CWE-506" },
	[A_LENGTH] = { "GH-ENG-0003", GH_HIGH, GH_UNSAFE, "A length in a compiled model that does not fit the file",
		       "The runtime reads beyond the memory of the file.", "Do not load.", "CWE-125" },
	GH_RULES_END
};

enum { PREFIX_MAX = 1 << 20, NAME_MAX_BYTES = 64, NAMES = 64, NEFF_HEADER = 1024 };

/* ---- TensorRT --------------------------------------------------------------------------------------------------------- */

static bool engine_at(struct gh_span s, uint64_t at)
{
	struct gh_span m = gh_span_cut(s, at, 4);
	return gh_span_is(m, "ptrt") || gh_span_is(m, "ftrt");
}

/* Bytes of JSON before the engine, with their length; 0: none. */
static uint64_t prefix(struct gh_span s)
{
	uint32_t n = s.n < 6 ? 0 : gh_le32(s.p);
	return n >= 2 && n < PREFIX_MAX && s.p[4] == '{' ? 4 + (uint64_t)n : 0;
}

static enum gh_match probe_tensorrt(const struct gh_probe *p)
{
	uint64_t at = prefix(p->head);
	if (p->size < 24 || p->head.n < 24)
		return GH_NO;
	if (engine_at(p->head, 0))
		return GH_STRONG;
	if (at == 0)
		return GH_NO;
	return at + 4 <= p->head.n ? (engine_at(p->head, at) ? GH_STRONG : GH_NO) : GH_NO;
}

static bool name_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == ':' ||
	       c == '.';
}

/* Names of plugins end in "_TRT" or "Plugin", with letters before it. */
static bool names_plugin(struct gh_span s)
{
	return s.n > 6 && s.n <= NAME_MAX_BYTES &&
	       (gh_span_ends(s, "_TRT") || gh_span_ends(s, "Plugin") || gh_span_ends(s, "PluginDynamic") ||
		gh_span_ends(s, "_PLUGIN"));
}

/* Runs of letters in the engine. A run that a window cuts is looked at again with the next one. */
static void plugins(struct gh_walk *w, uint64_t off)
{
	struct gh_recs seen = gh_recs(w->arena, NAMES);
	while (off < w->src->size) {
		struct gh_span s = gh_src_window(w->src, off, GH_CUR_WINDOW);
		size_t i = 0, from = 0;
		bool last = s.n == 0 || off + s.n == w->src->size;
		for (; i < s.n; from = ++i) {
			while (i < s.n && name_char(s.p[i]))
				i++;
			struct gh_span name = { s.p + from, i - from };
			uint64_t h = gh_hash_end(gh_hash(GH_HASH_START, name));
			bool known = !names_plugin(name);
			for (size_t k = 0; k < seen.n && !known; k++)
				known = gh_recs_at(&seen, k)->a == h;
			if (!known && (i < s.n || last) && gh_recs_add(&seen, (struct gh_rec){ h, 0, 0 }))
				gh_anomaly(w, &rules[A_PLUGIN], off + from, name.n, "\"%s\"", gh_safe(name).s);
			if (i == s.n)
				break;
		}
		if (last)
			return;
		/* The next window starts where the run began that this one cut, if it can be a name at all. */
		size_t back = i == s.n && i > from && i - from <= NAME_MAX_BYTES ? i - from : 0;
		off += s.n - back;
		gh_src_advance(w->src, off);
	}
}

static enum gh_rc walk_tensorrt(struct gh_walk *w)
{
	uint64_t at = prefix(gh_src_window(w->src, 0, 8));
	if (engine_at(gh_src_window(w->src, 0, 4), 0))
		at = 0;
	if (at > w->src->size) {
		gh_anomaly(w, &rules[A_LENGTH], 0, 4, "a description longer than the file");
		return gh_fail(w->err, GH_E_MALFORMED, "description");
	}
	if (at != 0) {
		struct gh_member m = { .how = GH_MEMBER_FILE, .name = GH_SPAN("description.json"), .expect = "json" };
		gh_claim(w, 0, 4, GH_CLAIM_STRUCT);
		GH_TRY(gh_member_range(w, m, 4, at - 4), w->err, "description");
	}
	plugins(w, at);
	return gh_fail(w->err, GH_E_UNREAD, "identified, not read: a TensorRT engine");
}

const struct gh_fmt gh_fmt_tensorrt = {
	.name = "tensorrt",
	.about = "Engine compiled by TensorRT: the names of its plugins",
	.exts = "engine plan trt",
	.probe = probe_tensorrt,
	.walk = walk_tensorrt,
	.rules = rules,
};

/* ---- RKNN --------------------------------------------------------------------------------------------------------------- */

static enum gh_match probe_rknn(const struct gh_probe *p)
{
	if (p->head.n < 64)
		return GH_NO;
	if (gh_span_starts(p->head, "CYPTRKNN"))
		return GH_STRONG;
	return memcmp(p->head.p, "RKNN\0\0\0\0", 8) == 0 && gh_le64(p->head.p + 8) < 256 ? GH_STRONG : GH_NO;
}

static enum gh_rc walk_rknn(struct gh_walk *w)
{
	struct gh_cur c = gh_cur(w->src, 0);
	const uint8_t *p = gh_cur_take(&c, 8);
	if (p != NULL && p[0] == 'C') {
		gh_anomaly(w, &rules[A_LOCKED], 0, 8, "RKNN");
		return gh_fail(w->err, GH_E_UNREAD, "identified, not read: an encrypted RKNN model");
	}
	uint64_t version = gh_cur_u64le(&c), len = gh_cur_u64le(&c);
	gh_cur_skip(&c, version > 1 ? 40 : 0);
	uint64_t at = gh_cur_off(&c);
	if (c.bad || len > gh_cur_left(&c)) {
		gh_anomaly(w, &rules[A_LENGTH], 16, 8, "a model of %llu bytes", (unsigned long long)len);
		return gh_fail(w->err, GH_E_MALFORMED, "a model longer than the file");
	}
	gh_cur_seek(&c, at + len);
	uint64_t text = gh_cur_left(&c) >= 8 ? gh_cur_u64le(&c) : 0;
	if (text > gh_cur_left(&c)) {
		gh_anomaly(w, &rules[A_LENGTH], at + len, 8, "a description of %llu bytes", (unsigned long long)text);
		return gh_fail(w->err, GH_E_MALFORMED, "a description longer than the file");
	}
	gh_claim(w, 0, at, GH_CLAIM_STRUCT);
	if (text != 0) {
		struct gh_member m = { .how = GH_MEMBER_FILE, .name = GH_SPAN("description.json"), .expect = "json" };
		gh_claim(w, at + len, 8, GH_CLAIM_STRUCT);
		GH_TRY(gh_member_range(w, m, at + len + 8, text), w->err, "description");
	}
	return gh_fail(w->err, GH_E_UNREAD, "identified, not read: a model compiled for Rockchip accelerators");
}

const struct gh_fmt gh_fmt_rknn = {
	.name = "rknn",
	.about = "Model compiled for Rockchip accelerators: its description",
	.exts = "rknn",
	.probe = probe_rknn,
	.walk = walk_rknn,
	.rules = rules,
};

/* ---- NEFF --------------------------------------------------------------------------------------------------------------- */

static enum gh_match probe_neff(const struct gh_probe *p)
{
	if (p->head.n < NEFF_HEADER + 2)
		return GH_NO;
	bool header = gh_le64(p->head.p) < 256 && gh_le64(p->head.p + 8) == NEFF_HEADER;
	return header && p->head.p[NEFF_HEADER] == 0x1f && p->head.p[NEFF_HEADER + 1] == 0x8b ? GH_STRONG : GH_NO;
}

static enum gh_rc walk_neff(struct gh_walk *w)
{
	struct gh_span h = gh_src_window(w->src, 0, 24);
	uint64_t len = h.n < 24 ? 0 : gh_le64(h.p + 16);
	if (len == 0 || w->src->size < NEFF_HEADER || len > w->src->size - NEFF_HEADER) {
		gh_anomaly(w, &rules[A_LENGTH], 16, 8, "an archive of %llu bytes", (unsigned long long)len);
		return gh_fail(w->err, GH_E_MALFORMED, "an archive longer than the file");
	}
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = GH_SPAN("neff.tar.gz"), .expect = "gzip" };
	GH_TRY(gh_member_range(w, m, NEFF_HEADER, len), w->err, "archive");
	return gh_fail(w->err, GH_E_UNREAD, "identified, not read: a program compiled for AWS Neuron");
}

const struct gh_fmt gh_fmt_neff = {
	.name = "neff",
	.about = "Program compiled for AWS Neuron: the archive in it",
	.exts = "neff",
	.probe = probe_neff,
	.walk = walk_neff,
	.rules = rules,
};
