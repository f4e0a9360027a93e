/* 7z: the metadata comes from wire/sevenzip.h; packed streams are expanded by the codecs we have (copy, LZMA, LZMA2 with
 * delta and branch filters, deflate, bzip2, zstd, lz4). An own reader, because the library for it opens character set
 * modules and the worker has no files. What is encrypted or packed by other methods stays unclaimed and INCOMPLETE. */
#include "base/utf8.h"
#include "format/formats.h"
#include "format/path_rules.h"
#include "wire/expand.h"
#include "wire/sevenzip.h"

#include <libdeflate.h>

enum {
	IN = 64 << 10,
	OUT = 64 << 10,
	HEADER_MAX = 16 << 20,
	NAME_MAX16 = 8192,
	ROUNDS = 4,
	LINK_MAX = 4096,
	FILE_STEPS = 4096
};

enum { A_HEADER, A_START, A_ENCRYPTED, A_METHOD, A_STREAM, A_CRC, A_HUGE, A_PATH, A_COUNT = A_PATH + GH_PATH_FLAGS };
static const struct gh_rule rules[] = {
	[A_HEADER] = { "GH-7Z-0001", GH_MEDIUM, GH_INCOMPLETE, "7z header cannot be read",
		       "files that the scanner does not see.",
		       "get an undamaged copy, or have the model packed otherwise.", "CWE-20" },
	[A_START] = { "GH-7Z-0002", GH_MEDIUM, GH_REVIEW, "7z header does not match its checksum",
		      "careful readers refuse the archive, others show content.", "get an undamaged copy.", "CWE-354" },
	[A_ENCRYPTED] = { "GH-7Z-0003", GH_MEDIUM, GH_INCOMPLETE, "7z content is encrypted",
			  "whatever is inside, unseen by every scanner.", "get the model without encryption.",
			  "AML.T0015" },
	[A_METHOD] = { "GH-7Z-0004", GH_MEDIUM, GH_INCOMPLETE, "7z content is packed by a method that is not read here",
		       "files that the scanner does not see.", "pack the archive again with LZMA2.",
		       "CWE-20 AML.T0015" },
	[A_STREAM] = { "GH-7Z-0005", GH_MEDIUM, GH_INCOMPLETE, "damaged 7z stream",
		       "readers extract what comes before the damage; what comes after is not inspected.",
		       "get an undamaged copy and compare its digest.", "CWE-354" },
	[A_CRC] = { "GH-7Z-0006", GH_MEDIUM, GH_REVIEW, "7z member does not match its checksum",
		    "some readers extract it with a warning only.", "get an undamaged copy and compare its digest.",
		    "CWE-354" },
	[A_HUGE] = { "GH-7Z-0007", GH_MEDIUM, GH_INCOMPLETE, "7z stream needs more memory than the scanner allows",
		     "content that only a reader with more memory sees.",
		     "pack again with a dictionary of 64 MiB or less.", "CWE-409" },
	GH_PATH_RULES("GH-7Z", A_PATH),
	[A_COUNT] = GH_RULES_END,
};

/* ---- from coders to a decompressor ------------------------------------------------------------------------------- */
static const struct {
	uint64_t id;
	enum gh_filter_kind kind;
} filters[] = {
	{ 0x030101, GH_FILTER_LZMA },  { 0x21, GH_FILTER_LZMA2 },	{ 0x03, GH_FILTER_DELTA },
	{ 0x03030103, GH_FILTER_X86 }, { 0x04, GH_FILTER_X86 },		{ 0x03030205, GH_FILTER_POWERPC },
	{ 0x05, GH_FILTER_POWERPC },   { 0x03030401, GH_FILTER_IA64 },	{ 0x06, GH_FILTER_IA64 },
	{ 0x03030501, GH_FILTER_ARM }, { 0x07, GH_FILTER_ARM },		{ 0x03030701, GH_FILTER_ARMTHUMB },
	{ 0x08, GH_FILTER_ARMTHUMB },  { 0x03030805, GH_FILTER_SPARC }, { 0x09, GH_FILTER_SPARC },
	{ 0x0a, GH_FILTER_ARM64 },
};
static const struct {
	uint64_t id;
	enum gh_codec codec;
} codecs[] = {
	{ 0x00, GH_CODEC_STORE },      { 0x040108, GH_CODEC_DEFLATE }, { 0x040202, GH_CODEC_BZIP2 },
	{ 0x04f71101, GH_CODEC_ZSTD }, { 0x04f71104, GH_CODEC_LZ4 },
};

/* NULL with GH_E_UNREAD: a method or a combination we have no code for. */
static struct gh_expand *open_folder(const struct gh_7z_folder *f, enum gh_rc *rc)
{
	struct gh_filter chain[GH_FILTERS_MAX];
	*rc = GH_E_UNREAD;
	if (!f->linear)
		return NULL;
	for (size_t i = 0; f->ncoder == 1 && i < sizeof codecs / sizeof codecs[0]; i++)
		if (codecs[i].id == f->coder[0].id) {
			struct gh_expand *x = gh_expand_open(codecs[i].codec);
			*rc = x == NULL ? GH_E_NOMEM : GH_OK;
			return x;
		}
	for (uint32_t i = 0; i < f->ncoder; i++) {
		size_t k = 0, n = sizeof filters / sizeof filters[0];
		while (k < n && filters[k].id != f->coder[i].id)
			k++;
		/* Filters keep the size; a chain that claims otherwise is not one we can follow. */
		if (k == n || (i == 0) != (filters[k].kind <= GH_FILTER_LZMA2) || f->coder[i].size != f->size)
			return NULL;
		chain[i] = (struct gh_filter){ filters[k].kind, f->coder[i].props };
	}
	return gh_expand_open_chain(chain, f->ncoder, f->size, rc);
}

/* ---- reading a folder as a stream -------------------------------------------------------------------------------- */
struct flow {
	struct gh_src *src;
	uint64_t off, end; /* packed bytes not yet given */
	struct gh_expand *x;
	uint8_t *out;
	size_t have, at; /* bytes in out, and how many were taken */
	bool over;	 /* nothing more will come */
	bool ended;	 /* because the stream came to its own end */
	enum gh_rc rc;
};

/* Some unpacked bytes, at most max; empty at the end or when it broke (flow->rc). */
static struct gh_span flow_next(struct flow *f, uint64_t max)
{
	while (f->at == f->have && f->rc == GH_OK && !f->over) {
		uint64_t left = f->end - f->off;
		struct gh_span in = gh_src_window(f->src, f->off, left < IN ? (size_t)left : IN);
		size_t given = in.n;
		f->at = f->have = 0;
		f->rc = gh_expand_step(f->x, &in, f->out, OUT, &f->have, &f->ended);
		f->off += given - in.n;
		f->over = f->ended || (f->have == 0 && given == in.n);
	}
	struct gh_span s = gh_span_cut((struct gh_span){ f->out, f->have }, f->at, max);
	f->at += s.n;
	return s;
}

/* All content was taken: did the stream come to its end just there, and use all of its bytes? Copies have no end. */
static bool flow_done(struct flow *f, const struct gh_7z_folder *from)
{
	return flow_next(f, 1).n == 0 && f->rc == GH_OK && f->off == f->end && (f->ended || from->coder[0].id == 0);
}

struct reader {
	struct gh_walk *w;
	struct gh_7z z;
	uint64_t data;	   /* where packed streams start */
	uint64_t *pack_at; /* offset of each packed stream in the file */
	uint32_t seen[A_COUNT];
	uint64_t file; /* next one that has content */
	uint8_t *out;  /* OUT bytes, for the flow of the folder being read */
};

static bool open_flow(struct reader *r, const struct gh_7z_folder *f, struct flow *flow, const char **why,
		      unsigned *rule)
{
	enum gh_rc rc = GH_E_UNREAD;
	*flow = (struct flow){ .src = r->w->src, .out = r->out };
	*rule = f->encrypted ? A_ENCRYPTED : A_METHOD;
	*why = f->encrypted ? "AES" : "method";
	if (f->encrypted || (flow->x = open_folder(f, &rc)) == NULL) {
		*rule = rc == GH_E_LIMIT || rc == GH_E_NOMEM ? A_HUGE : rc == GH_E_MALFORMED ? A_STREAM : *rule;
		return false;
	}
	flow->off = r->pack_at[f->first_pack];
	flow->end = flow->off + r->z.pack[f->first_pack];
	return true;
}

/* ---- members ----------------------------------------------------------------------------------------------------- */
static struct gh_span utf8_name(struct reader *r, struct gh_span wide)
{
	wide = gh_span_cut(wide, 0, 2 * NAME_MAX16);
	uint8_t *p = gh_alloc(r->w->arena, 1, wide.n / 2 * 3 + 4);
	size_t n = 0;
	for (size_t i = 0; p != NULL && i + 1 < wide.n; i += 2) {
		uint32_t c = gh_le16(wide.p + i);
		if (c >= 0xd800 && c < 0xdc00 && i + 3 < wide.n && (gh_le16(wide.p + i + 2) & 0xfc00) == 0xdc00) {
			c = 0x10000 + ((c - 0xd800) << 10) + (gh_le16(wide.p + i + 2) & 0x3ffu);
			i += 2;
		}
		n += gh_utf8_put(c >= 0xd800 && c <= 0xdfff ? 0xfffd : c, p + n);
	}
	return (struct gh_span){ p, p == NULL ? 0 : n };
}

static const struct gh_7z_file *next_file(struct reader *r)
{
	while (r->file < r->z.nfile && !r->z.file[r->file].has_stream)
		r->file++;
	return r->file < r->z.nfile ? &r->z.file[r->file++] : NULL;
}

/* 7-Zip keeps the Unix mode in the high half of the attributes when bit 15 is set. */
static bool is_link(const struct gh_7z_file *f)
{
	return f != NULL && f->has_attr &&
	       (((f->attr & 0x8000) && (f->attr >> 16 & 0170000) == 0120000) || (f->attr & 0x400));
}

/* A step upwards anywhere: what it leads to depends on the archive's other links. */
static bool goes_up(struct gh_span target)
{
	for (size_t i = 0; i + 2 <= target.n; i++) {
		bool start = i == 0 || target.p[i - 1] == '/' || target.p[i - 1] == '\\';
		bool end = i + 2 == target.n || target.p[i + 2] == '/' || target.p[i + 2] == '\\';
		if (start && end && target.p[i] == '.' && target.p[i + 1] == '.')
			return true;
	}
	return false;
}

static void tell_link(struct reader *r, struct gh_src *src, struct gh_span name, uint64_t off, uint64_t len)
{
	struct gh_reference ref = { .kind = GH_REF_SYMLINK, .target = gh_src_window(src, 0, LINK_MAX), .from = name };
	(void)gh_emit(r->w, GH_EV_REFERENCE, off, len, &ref);
	if (gh_path_link_escapes(name, ref.target) || goes_up(ref.target))
		gh_anomaly(r->w, &rules[A_PATH], off, len, "link %s leads to %s", gh_safe(name).s,
			   gh_safe(ref.target).s);
}

/* One content out of the flow. */
static enum gh_rc member(struct reader *r, struct flow *flow, const struct gh_7z_sub *sub, uint64_t off, uint64_t len)
{
	struct gh_walk *w = r->w;
	const struct gh_7z_file *f = next_file(r);
	struct gh_span name = f == NULL ? (struct gh_span){ 0 } : utf8_name(r, f->name);
	if (f != NULL)
		(void)gh_path_report(w, rules, A_PATH, r->seen, name, 0, off, len);
	struct gh_spool *spool = w->sink->ops->spool_open(w->sink, len);
	if (spool == NULL)
		return gh_fail(w->err, GH_E_NOMEM, "no room for a member");
	uint64_t left = sub->size;
	uint32_t crc = 0;
	enum gh_rc rc = GH_OK;
	while (left != 0 && rc == GH_OK) {
		struct gh_span s = flow_next(flow, left);
		if (s.n == 0)
			break;
		crc = libdeflate_crc32(crc, s.p, s.n);
		left -= s.n;
		rc = w->sink->ops->spool_put(spool, s);
	}
	struct gh_member m = { .how = GH_MEMBER_FILE, .name = name, .src = w->sink->ops->spool_src(spool) };
	if (m.src != NULL) {
		enum gh_rc said = gh_emit(w, GH_EV_MEMBER, off, len, &m);
		rc = rc != GH_OK ? rc : said;
		if (is_link(f))
			tell_link(r, m.src, name, off, len);
	}
	w->sink->ops->spool_close(spool);
	if (rc == GH_OK && left == 0 && sub->has_crc && crc != sub->crc)
		gh_anomaly(w, &rules[A_CRC], off, len, "%s: header says %08x, content has %08x", gh_safe(name).s,
			   sub->crc, crc);
	return rc != GH_OK ? gh_fail(w->err, rc, "7z member %s", gh_safe(name).s) : left != 0 ? GH_E_MALFORMED : GH_OK;
}

static enum gh_rc folder(struct reader *r, const struct gh_7z_folder *f)
{
	struct gh_walk *w = r->w;
	struct flow flow;
	const char *why;
	unsigned rule;
	uint64_t off = f->npack != 0 ? r->pack_at[f->first_pack] : r->data,
		 len = f->npack != 0 ? r->z.pack[f->first_pack] : 0;
	if (!open_flow(r, f, &flow, &why, &rule)) {
		for (uint64_t i = 0; i < f->nsub; i++)
			(void)next_file(r);
		gh_anomaly(w, &rules[rule], off, len, "%s %llx, %llu members", why,
			   (unsigned long long)(f->linear ? f->coder[0].id : 0), (unsigned long long)f->nsub);
		return gh_fail(w->err, GH_E_UNREAD, "7z content that cannot be read here");
	}
	gh_claim(w, off, len, GH_CLAIM_MEMBER);
	enum gh_rc rc = GH_OK;
	for (uint64_t i = 0; i < f->nsub && rc == GH_OK; i++)
		rc = member(r, &flow, &r->z.sub[f->first_sub + i], off, len);
	/* Bytes that the coder did not take, or more content than the header knows of, are hidden from every reader. */
	if (rc == GH_OK && !flow_done(&flow, f))
		rc = GH_E_MALFORMED;
	gh_expand_close(flow.x);
	if (rc == GH_E_MALFORMED) {
		gh_anomaly(w, &rules[A_STREAM], off, len, "content does not end where the header says");
		return gh_fail(w->err, rc, "7z stream at %llu", (unsigned long long)off);
	}
	return rc;
}

/* ---- headers ----------------------------------------------------------------------------------------------------- */
static struct gh_span load(struct reader *r, uint64_t off, uint64_t len)
{
	uint8_t *p = len > HEADER_MAX ? NULL : gh_alloc(r->w->arena, 1, (size_t)len + 1);
	for (uint64_t at = 0; p != NULL && at < len;) {
		struct gh_span s = gh_src_window(r->w->src, off + at, len - at < IN ? (size_t)(len - at) : IN);
		if (s.n == 0)
			return (struct gh_span){ 0 };
		memcpy(p + at, s.p, s.n);
		at += s.n;
	}
	return (struct gh_span){ p, p == NULL ? 0 : (size_t)len };
}

/* Where each packed stream lies; false when one does not fit in the file. */
static bool place(struct reader *r)
{
	uint64_t size = r->w->src->size, at = r->z.pack_off;
	r->pack_at = gh_alloc(r->w->arena, (size_t)r->z.npack + 1, sizeof *r->pack_at);
	if (r->pack_at == NULL || at > size - GH_7Z_HEAD)
		return false;
	at += GH_7Z_HEAD;
	for (uint64_t i = 0; i < r->z.npack; i++) {
		if (r->z.pack[i] > size - at)
			return false;
		r->pack_at[i] = at;
		at += r->z.pack[i];
	}
	return true;
}

/* The header was packed: its folder unpacked. Empty when that fails. */
static struct gh_span unpack_header(struct reader *r)
{
	struct gh_walk *w = r->w;
	const struct gh_7z_folder *f = r->z.folder; /* NULL when there are none */
	struct flow flow;
	const char *why = "malformed";
	unsigned rule = A_HEADER;
	if (r->z.nfolder != 1 || f->nsub != 1 || f->size > HEADER_MAX || !open_flow(r, f, &flow, &why, &rule)) {
		gh_anomaly(w, &rules[rule], 0, w->src->size, "the packed header: %s", why);
		return (struct gh_span){ 0 };
	}
	uint8_t *p = gh_alloc(w->arena, 1, (size_t)f->size + 1);
	size_t n = 0;
	while (p != NULL && n < f->size) {
		struct gh_span s = flow_next(&flow, f->size - n);
		if (s.n == 0)
			break;
		memcpy(p + n, s.p, s.n);
		n += s.n;
	}
	bool sum_ok = n == f->size && flow_done(&flow, f) &&
		      (!r->z.sub[0].has_crc || libdeflate_crc32(0, p, n) == r->z.sub[0].crc);
	gh_expand_close(flow.x);
	if (p == NULL || n == 0 || !sum_ok) {
		gh_anomaly(w, &rules[A_HEADER], 0, w->src->size, "the packed header is damaged");
		return (struct gh_span){ 0 };
	}
	gh_claim(w, r->pack_at[0], r->z.pack[0], GH_CLAIM_STRUCT);
	return (struct gh_span){ p, n };
}

/* Read headers until a plain one; false: an anomaly says why not. */
static bool headers(struct reader *r, enum gh_rc *rc)
{
	struct gh_walk *w = r->w;
	struct gh_7z_start st;
	uint64_t size = w->src->size;
	if (!gh_7z_start(gh_src_window(w->src, 0, GH_7Z_HEAD), &st) || st.off > size || st.size > size - st.off) {
		gh_anomaly(w, &rules[A_HEADER], 0, size, "the header lies outside of the file");
		*rc = gh_fail(w->err, GH_E_MALFORMED, "7z header lies outside of the file");
		return false;
	}
	gh_claim(w, 0, GH_7Z_HEAD, GH_CLAIM_STRUCT);
	struct gh_span h = load(r, st.off, st.size);
	bool sum_ok = st.crc_ok && libdeflate_crc32(0, h.p, h.n) == st.crc;
	if (!sum_ok)
		gh_anomaly(w, &rules[A_START], 0, GH_7Z_HEAD, "%s", st.crc_ok ? "header" : "signature header");
	*rc = st.size == 0 ? GH_OK : gh_7z_parse(h, w->arena, &r->z, w->err);
	for (unsigned i = 0; *rc == GH_OK && r->z.encoded; i++) {
		if (i == ROUNDS || !place(r))
			*rc = gh_fail(w->err, GH_E_MALFORMED, "7z packed header does not fit");
		else if ((h = unpack_header(r)).n == 0) {
			*rc = gh_fail(w->err, GH_E_UNREAD, "7z packed header cannot be read");
			return false;
		} else
			*rc = gh_7z_parse(h, w->arena, &r->z, w->err);
	}
	if (*rc == GH_OK && !place(r))
		*rc = gh_fail(w->err, GH_E_MALFORMED, "7z streams do not fit in the file");
	if (*rc != GH_OK) {
		gh_anomaly(w, &rules[A_HEADER], st.off, st.size, "malformed");
		return false;
	}
	gh_claim(w, st.off, st.size, GH_CLAIM_STRUCT);
	return true;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct reader *r = GH_NEW(w->arena, struct reader, 1);
	if (r == NULL || (r->out = gh_alloc(w->arena, 1, OUT)) == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no room for the reader");
	r->w = w;
	r->data = GH_7Z_HEAD;
	enum gh_rc rc, worst = GH_OK;
	if (!headers(r, &rc))
		return rc;
	uint64_t steps = (r->z.nsub + r->z.nfolder) * FILE_STEPS;
	if (steps > w->lim->steps)
		return gh_fail(w->err, GH_E_LIMIT, "7z archive with %llu members", (unsigned long long)r->z.nsub);
	for (uint64_t i = 0; i < r->z.nfolder; i++) {
		rc = folder(r, &r->z.folder[i]);
		if (rc == GH_E_LIMIT || rc == GH_E_NOMEM || rc == GH_E_IO)
			return rc;
		worst = worst == GH_OK ? rc : worst;
	}
	for (uint64_t i = 0; i < r->z.nfile; i++)
		if (!r->z.file[i].has_stream)
			(void)gh_path_report(w, rules, A_PATH, r->seen, utf8_name(r, r->z.file[i].name), 0, 0,
					     GH_7Z_HEAD);
	return worst;
}

static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_7z_start st;
	return gh_7z_start(p->head, &st) ? GH_STRONG : GH_NO;
}

const struct gh_fmt gh_fmt_sevenzip = {
	.name = "7z",
	.about = "7z archives (LZMA, LZMA2, filters, deflate, bzip2, zstd, lz4, copy)",
	.exts = "7z",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
