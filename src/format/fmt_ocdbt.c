/* fmt_ocdbt.c - manifests of OCDBT, the store in which Orbax keeps checkpoints of JAX (manifest.ocdbt): a header with its own length,
 * a body that may be compressed, a CRC-32C. The body says in which files the trees of keys begin; those files ("d/…") hold
 * values and nodes without a mark of their own and are not read here.
 *
 * Source: "ocdbt Key-Value Store driver" (TensorStore), tensorstore/kvstore/ocdbt/format/{manifest,config,data_file_id_codec,
 * version_tree_codec}.cc. Writers before 2024 leave the kind of manifest out of the configuration. */
#include "format/expand_member.h"
#include "format/formats.h"
#include "format/seq.h"
#include "wire/crc32c.h"

enum { HEAD = 14, FOOT = 4, UUID = 16, PATHS_MAX = 4096, FILES_MAX = 1 << 16, HELD = GH_WINDOW_MAX };
#define MANIFEST 0x0cdb3a2au
#define VERSION_NODE 0x0cdb1234u
#define TREE_NODE 0x0cdb20deu

enum { A_SUM };
static const struct gh_rule rules[] = {
	[A_SUM] = { "GH-OCD-0001", GH_HIGH, GH_REVIEW, "The checksum of an OCDBT manifest is wrong",
		    "Readers that check refuse the file; readers that do not use what somebody changed.",
		    "Get the checkpoint again and compare its digest.", "CWE-354" },
	GH_RULES_END
};

static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < HEAD + FOOT)
		return GH_NO;
	uint32_t magic = gh_be32(p->head.p);
	uint64_t len = gh_le64(p->head.p + 4);
	bool known = magic == MANIFEST || magic == VERSION_NODE || magic == TREE_NODE;
	return known && len >= HEAD + FOOT && len <= p->size && p->head.p[12] == 0 && p->head.p[13] <= 1 ? GH_STRONG
													 : GH_NO;
}

/* ---- the body, in memory ---------------------------------------------------------------------------------------------------- */

static uint64_t varint(struct gh_rd *r)
{
	uint64_t v = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t b = gh_rd_u8(r);
		if (shift == 63 && b > 1)
			r->bad = true;
		v |= (uint64_t)(b & 127) << shift;
		if ((b & 128) == 0)
			return v;
	}
	r->bad = true;
	return 0;
}

/* n numbers, each below `limit`. */
static bool numbers(struct gh_rd *r, uint64_t n, uint64_t limit)
{
	bool fine = true;
	for (uint64_t i = 0; i < n && !r->bad; i++)
		fine = varint(r) < limit && fine;
	return fine && !r->bad;
}

struct table {
	uint64_t n;
	struct gh_span prefixes, suffixes, names; /* lengths as they stand; the bytes */
};

static bool file_table(struct gh_rd *r, struct table *t)
{
	t->n = varint(r);
	if (r->bad || t->n > FILES_MAX || t->n > gh_rd_left(r))
		return false;
	size_t at = r->off;
	(void)numbers(r, t->n == 0 ? 0 : t->n - 1, UINT64_MAX);
	t->prefixes = gh_span_cut(r->s, at, r->off - at);
	at = r->off;
	uint64_t sum = 0;
	for (uint64_t i = 0; i < t->n && !r->bad; i++)
		if (__builtin_add_overflow(sum, varint(r), &sum))
			r->bad = true;
	t->suffixes = gh_span_cut(r->s, at, r->off - at);
	(void)numbers(r, t->n, PATHS_MAX);
	t->names = gh_rd_take(r, sum);
	return !r->bad;
}

/* Roots of the most recent versions. */
static bool versions(struct gh_rd *r, uint64_t files)
{
	uint64_t n = varint(r);
	if (r->bad || n > gh_rd_left(r) / 8)
		return false;
	bool fine = numbers(r, n, UINT64_MAX);
	(void)gh_rd_take(r, n);
	fine = numbers(r, n, files) && fine;
	for (unsigned i = 0; i < 5; i++)
		(void)numbers(r, n, UINT64_MAX);
	(void)gh_rd_take(r, 8 * n);
	return fine && !r->bad;
}

static bool older(struct gh_rd *r, uint64_t files)
{
	uint64_t n = varint(r);
	if (r->bad || n > gh_rd_left(r) / 8)
		return false;
	bool fine = numbers(r, n, UINT64_MAX) && numbers(r, n, files);
	for (unsigned i = 0; i < 3; i++)
		(void)numbers(r, n, UINT64_MAX);
	(void)gh_rd_take(r, 8 * n);
	(void)gh_rd_take(r, n);
	return fine && !r->bad;
}

/* The whole body; kind: the configuration has the kind of manifest. */
static bool body(struct gh_span s, bool kind, struct table *t)
{
	struct gh_rd r = gh_rd(s);
	(void)gh_rd_take(&r, UUID);
	if (kind && varint(&r) > 1)
		return false;
	(void)varint(&r);
	(void)varint(&r);
	if (gh_rd_u8(&r) > 63)
		return false;
	uint64_t method = varint(&r);
	if (method > 1)
		return false;
	(void)gh_rd_take(&r, method == 1 ? 4 : 0);
	return file_table(&r, t) && versions(&r, t->n) && older(&r, t->n) && gh_rd_done(&r);
}

/* Names of files share their beginning with the one before. */
static enum gh_rc tell_paths(struct gh_walk *w, const struct table *t)
{
	struct gh_rd pre = gh_rd(t->prefixes), suf = gh_rd(t->suffixes), names = gh_rd(t->names);
	uint8_t path[PATHS_MAX];
	size_t len = 0;
	for (uint64_t i = 0; i < t->n; i++) {
		uint64_t keep = i == 0 ? 0 : varint(&pre), more = varint(&suf);
		struct gh_span tail = gh_rd_take(&names, more);
		if (keep > len || tail.n > sizeof path - keep)
			return gh_fail(w->err, GH_E_MALFORMED, "name of a data file");
		if (tail.n != 0)
			memcpy(path + keep, tail.p, tail.n);
		len = (size_t)keep + tail.n;
		struct gh_reference ref = {
			.kind = GH_REF_PATH, .system = "file", .target = { path, len }, .from = GH_SPAN("data file")
		};
		GH_TRY(gh_emit(w, GH_EV_REFERENCE, 0, 0, &ref), w->err, "data file");
	}
	return GH_OK;
}

static enum gh_rc read_body(void *ctx, struct gh_src *src)
{
	struct gh_walk *w = ctx;
	struct table t;
	struct gh_span s = src->size > HELD ? (struct gh_span){ 0 } : gh_src_window(src, 0, (size_t)src->size);
	s = gh_keep(w->arena, s);
	if (s.p == NULL || src->size > HELD)
		return gh_fail(w->err, GH_E_LIMIT, "a manifest of more than 1 MiB");
	if (!body(s, true, &t) && !body(s, false, &t)) {
		gh_anomaly(w, &gh_seq_rules[GH_SEQ_VALUE], HEAD, 0, "a manifest that does not add up");
		return gh_fail(w->err, GH_E_MALFORMED, "the manifest");
	}
	return tell_paths(w, &t);
}

/* ---- the frame -------------------------------------------------------------------------------------------------------------- */

static enum gh_rc check_sum(struct gh_walk *w, uint64_t len)
{
	uint32_t crc = 0;
	for (uint64_t off = 0; off < len - FOOT;) {
		uint64_t left = len - FOOT - off;
		struct gh_span s = gh_src_window(w->src, off, left < GH_CUR_WINDOW ? (size_t)left : GH_CUR_WINDOW);
		if (s.n == 0)
			return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_IO, "manifest");
		crc = gh_crc32c(crc, s);
		off += s.n;
	}
	struct gh_span foot = gh_src_window(w->src, len - FOOT, FOOT);
	if (foot.n == FOOT && gh_le32(foot.p) != crc)
		gh_anomaly(w, &rules[A_SUM], len - FOOT, FOOT, "%08x, stored is %08x", crc, gh_le32(foot.p));
	return GH_OK;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct gh_span h = gh_src_window(w->src, 0, HEAD);
	uint64_t len = h.n < HEAD ? 0 : gh_le64(h.p + 4);
	if (len < HEAD + FOOT || len > w->src->size)
		return gh_fail(w->err, GH_E_MALFORMED, "a length that does not fit");
	uint32_t magic = gh_be32(h.p);
	bool packed = h.p[13] == 1;
	GH_TRY(check_sum(w, len), w->err, "ocdbt");
	if (magic != MANIFEST)
		return gh_fail(w->err, GH_E_UNREAD, "identified, not read: a node of a tree of keys");
	gh_claim(w, 0, HEAD, GH_CLAIM_STRUCT);
	gh_claim(w, len - FOOT, FOOT, GH_CLAIM_STRUCT);
	uint64_t size = len - HEAD - FOOT;
	gh_claim(w, HEAD, size, packed ? GH_CLAIM_DATA : GH_CLAIM_STRUCT);
	struct gh_src_sub sub;
	if (!packed)
		return read_body(w, gh_src_sub(&sub, w->src, HEAD, size));
	struct gh_expanded x;
	struct gh_member m = { .how = GH_MEMBER_NESTED, .name = GH_SPAN("manifest"), .role = "manifest", .raw = true };
	GH_TRY(gh_member_expand_with(w, m, GH_CODEC_ZSTD, HEAD, size, &x, read_body, w), w->err, "manifest");
	return x.rc == GH_OK && x.ended && x.packed == size ? GH_OK : gh_fail(w->err, GH_E_MALFORMED, "compression");
}

const struct gh_fmt gh_fmt_ocdbt = {
	.name = "ocdbt",
	.about = "Manifest of an OCDBT store: checkpoints of Orbax and JAX",
	.exts = "ocdbt",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
