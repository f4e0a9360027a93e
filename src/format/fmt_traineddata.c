/* fmt_traineddata.c - language models of Tesseract: a count, a table of offsets, and up to 24 components behind it.
 *
 * Source: Tesseract's ccutil/tessdatamanager (table, order of components), dict/dawg.cpp (word graphs), ccutil/unicharcompress.cpp
 * (recoder), ccutil/unicharset.cpp. A file of the other byte order is recognised by its count and read as such. */
#include "base/utf8.h"
#include "format/formats.h"
#include "format/held.h"

enum { ENTRIES_MAX = 24, ENTRIES_KNOWN = 24, TEXT_MAX = GH_WINDOW_MAX, SAY = 16 };

enum { A_TABLE, A_RANGE, A_TEXT, A_DAWG, A_RECODER, A_WRITES, A_READS, A_SIGN, RULES = A_SIGN + GH_SIGNS };

#define NATIVE "Native readers compute with this number: memory outside their buffers is read"
#define AGAIN "Get the file again from its source"
static const struct gh_rule rules[RULES + 1] = {
	[A_TABLE] = { "GH-TESS-0001", GH_HIGH, GH_UNSAFE, "The table of components is impossible", NATIVE, AGAIN,
		      "CWE-129 CWE-125" },
	[A_RANGE] = { "GH-TESS-0002", GH_HIGH, GH_UNSAFE, "A component lies outside the file, or out of order",
		      "The reader computes a negative size: it allocates or reads far too much.", AGAIN,
		      "CWE-191 CWE-125" },
	[A_TEXT] = { "GH-TESS-0003", GH_MEDIUM, GH_REVIEW, "A component that should be text is not",
		     "Room for content that no reader of texts looks at.", AGAIN, "CWE-20" },
	[A_DAWG] = { "GH-TESS-0004", GH_HIGH, GH_UNSAFE, "A word graph does not have the size it declares", NATIVE,
		     AGAIN, "CWE-131 CWE-125" },
	[A_RECODER] = { "GH-TESS-0005", GH_HIGH, GH_UNSAFE, "The recoder does not have the size it declares", NATIVE,
			AGAIN, "CWE-131 CWE-125" },
	[A_WRITES] = { "GH-TESS-0006", GH_HIGH, GH_UNSAFE, "The configuration names a file that the reader writes",
		       "Loading the model overwrites a file of the machine's user.", "Do not load it.",
		       "CWE-73 CWE-22" },
	[A_READS] = { "GH-TESS-0007", GH_MEDIUM, GH_REVIEW, "The configuration names a file that the reader opens",
		      "Another file of the machine becomes part of the model.",
		      "Read the configuration before loading.", "CWE-73" },
	GH_SIGN_RULES("GH-TESS", A_SIGN),
	[RULES] = GH_RULES_END,
};

enum kind { K_DATA, K_CONFIG, K_TEXT, K_DAWG, K_RECODER };
static const struct {
	const char *name;
	uint8_t kind;
} components[ENTRIES_KNOWN] = {
	{ "config", K_CONFIG },	       { "unicharset", K_TEXT },	 { "unicharambigs", K_TEXT },
	{ "inttemp", K_DATA },	       { "pffmtable", K_DATA },		 { "normproto", K_TEXT },
	{ "punc-dawg", K_DAWG },       { "word-dawg", K_DAWG },		 { "number-dawg", K_DAWG },
	{ "freq-dawg", K_DAWG },       { "fixed-length-dawgs", K_DATA }, { "cube-unicharset", K_TEXT },
	{ "cube-word-dawg", K_DAWG },  { "shapetable", K_DATA },	 { "bigram-dawg", K_DAWG },
	{ "unambig-dawg", K_DAWG },    { "params-model", K_TEXT },	 { "lstm", K_DATA },
	{ "lstm-punc-dawg", K_DAWG },  { "lstm-word-dawg", K_DAWG },	 { "lstm-number-dawg", K_DAWG },
	{ "lstm-unicharset", K_TEXT }, { "lstm-recoder", K_RECODER },	 { "version", K_TEXT },
};

struct td {
	struct gh_walk *w;
	struct gh_held held;
	bool swapped;
	uint32_t n;
	uint64_t off[ENTRIES_MAX];
};

static uint32_t u32(const struct td *t, const uint8_t *p) { return t->swapped ? gh_be32(p) : gh_le32(p); }

static uint64_t u64(const struct td *t, const uint8_t *p)
{
	return t->swapped ? __builtin_bswap64(gh_le64(p)) : gh_le64(p);
}

static const char *name_of(uint32_t i) { return i < ENTRIES_KNOWN ? components[i].name : "unknown"; }

/* ---- the table ------------------------------------------------------------------------------------------------------ */

/* The first component begins where the table ends: with that the count cannot be an accident. */
static enum gh_match probe(const struct gh_probe *p)
{
	if (p->head.n < 4)
		return GH_NO;
	for (int swapped = 0; swapped < 2; swapped++) {
		struct td t = { .swapped = swapped != 0 };
		uint64_t n = u32(&t, p->head.p), first = UINT64_MAX;
		if (n == 0 || n > ENTRIES_MAX || p->head.n < 4 + 8 * n)
			continue;
		for (uint64_t i = 0; i < n; i++) {
			uint64_t off = u64(&t, p->head.p + 4 + 8 * i);
			if (off != UINT64_MAX && off < first)
				first = off;
		}
		if (first == 4 + 8 * n && first < p->size)
			return GH_STRONG;
	}
	return GH_NO;
}

static enum gh_rc read_table(struct td *t)
{
	struct gh_cur c = gh_cur(t->w->src, 0);
	const uint8_t *p = gh_cur_take(&c, 4);
	if (p == NULL)
		return gh_fail(t->w->err, GH_E_MALFORMED, "no table");
	t->swapped = gh_le32(p) == 0 || gh_le32(p) > ENTRIES_MAX;
	t->n = u32(t, p);
	p = t->n > ENTRIES_MAX ? NULL : gh_cur_take(&c, 8 * (size_t)t->n);
	if (t->n == 0 || p == NULL) {
		gh_anomaly(t->w, &rules[A_TABLE], 0, 4, "%u components", t->n);
		return gh_fail(t->w->err, GH_E_MALFORMED, "a table of %u components", t->n);
	}
	uint64_t before = 4 + 8 * (uint64_t)t->n;
	for (uint32_t i = 0; i < t->n; i++) {
		t->off[i] = u64(t, p + 8 * i);
		if (t->off[i] == UINT64_MAX)
			continue;
		if (t->off[i] < before || t->off[i] > t->w->src->size) {
			gh_anomaly(t->w, &rules[A_RANGE], 4 + 8 * (uint64_t)i, 8, "%s at %llu", name_of(i),
				   (unsigned long long)t->off[i]);
			return gh_fail(t->w->err, GH_E_MALFORMED, "component %s at %llu", name_of(i),
				       (unsigned long long)t->off[i]);
		}
		before = t->off[i];
	}
	gh_held_claim(&t->held, 4 + 8 * (uint64_t)t->n);
	return GH_OK;
}

/* ---- components ----------------------------------------------------------------------------------------------------- */

/* Settings that name files. Those of the second kind are written to. */
static const struct {
	const char *name;
	bool written;
} files[] = {
	{ "debug_file", true },
	{ "classify_learned_templates", true },
	{ "user_words_file", false },
	{ "user_patterns_file", false },
	{ "user_words_suffix", false },
	{ "user_patterns_suffix", false },
	{ "output_ambig_words_file", true },
	{ "dawg_debug_file", true },
	{ "unrecognised_char_file", true },
	{ "fonts_dir", false },
	{ "load_fixed_length_dawgs_file", false },
};

static enum gh_rc setting(struct td *t, struct gh_span line, uint64_t off)
{
	size_t n = 0;
	while (n < line.n && line.p[n] != ' ' && line.p[n] != '\t')
		n++;
	struct gh_span name = gh_span_cut(line, 0, n), value = gh_span_cut(line, n, line.n);
	while (value.n > 0 && (value.p[0] == ' ' || value.p[0] == '\t'))
		value = gh_span_cut(value, 1, value.n);
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		if (!gh_span_is(name, files[i].name) || value.n == 0)
			continue;
		gh_anomaly(t->w, &rules[files[i].written ? A_WRITES : A_READS], off, line.n, "%s", gh_safe(line).s);
		struct gh_span keep = gh_keep(t->w->arena, value), from = gh_span_str(files[i].name);
		struct gh_reference ref = { .kind = GH_REF_PATH, .target = keep, .from = from };
		return keep.p == NULL ? gh_fail(t->w->err, GH_E_LIMIT, "no memory")
				      : gh_emit(t->w, GH_EV_REFERENCE, off, line.n, &ref);
	}
	return GH_OK;
}

static enum gh_rc config(struct td *t, uint64_t off, uint64_t len)
{
	for (uint64_t at = off; at < off + len;) {
		struct gh_span w = gh_src_window(t->w->src, at,
						 off + len - at < 8192 ? (size_t)(off + len - at) : 8192);
		const uint8_t *nl = w.n == 0 ? NULL : memchr(w.p, '\n', w.n);
		size_t n = nl == NULL ? w.n : (size_t)(nl - w.p);
		if (w.n == 0)
			return gh_fail(t->w->err, GH_E_IO, "the configuration");
		enum gh_rc rc = setting(t, gh_span_cut(w, 0, n), at);
		if (rc != GH_OK)
			return rc;
		at += n + 1;
	}
	return gh_held_text(&t->held, GH_SPAN("config"), off, len);
}

/* UTF-8 without control characters, all of it. */
static bool all_text(struct td *t, uint64_t off, uint64_t len)
{
	for (uint64_t at = 0; at < len;) {
		struct gh_span w = gh_src_window(t->w->src, off + at,
						 len - at < TEXT_MAX ? (size_t)(len - at) : TEXT_MAX);
		uint64_t took = 0;
		if (w.n == 0)
			return false;
		while (took < w.n) {
			uint32_t cp = 0;
			unsigned n = gh_utf8_next(gh_span_cut(w, took, 4), &cp);
			if (n == 0 && w.n - took < 4 && at + w.n < len)
				break; /* cut by the window */
			if (n == 0 || (cp < 0x20 && cp != '\n' && cp != '\r' && cp != '\t'))
				return false;
			took += n;
		}
		at += took;
	}
	return true;
}

static enum gh_rc data(struct td *t, uint32_t i, uint64_t off, uint64_t len)
{
	struct gh_member m = {
		.how = GH_MEMBER_FILE, .name = gh_span_str(name_of(i)), .role = "component", .raw = true
	};
	gh_held_claim(&t->held, off);
	t->held.claimed = off + len;
	return gh_member_range(t->w, m, off, len);
}

/* A number of characters of a set, then that many lines of it: enough to know that nothing else is in it. */
static enum gh_rc text(struct td *t, uint32_t i, uint64_t off, uint64_t len)
{
	if (all_text(t, off, len)) {
		if (len <= 4096) /* a version; long ones are tables of characters */
			return gh_held_text(&t->held, gh_span_str(name_of(i)), off, len);
		return GH_OK;
	}
	gh_anomaly(t->w, &rules[A_TEXT], off, len, "%s", name_of(i));
	return data(t, i, off, len);
}

/* A magic number of 16 bits (42), two counts, eight bytes for each edge. */
static enum gh_rc dawg(struct td *t, uint32_t i, uint64_t off, uint64_t len)
{
	struct gh_span h = gh_src_window(t->w->src, off, 10);
	bool fine = h.n == 10 && len >= 10;
	if (fine) {
		bool swapped = h.p[0] == 0 && h.p[1] == 42;
		uint32_t edges = swapped ? gh_be32(h.p + 6) : gh_le32(h.p + 6);
		fine = (swapped || (h.p[0] == 42 && h.p[1] == 0)) && (len - 10) % 8 == 0 && (len - 10) / 8 == edges;
	}
	if (!fine) {
		gh_anomaly(t->w, &rules[A_DAWG], off, len, "%s", name_of(i));
		return data(t, i, off, len);
	}
	gh_held_claim(&t->held, off + 10);
	gh_claim(t->w, off + 10, len - 10, GH_CLAIM_DATA);
	t->held.claimed = off + len;
	return GH_OK;
}

/* A count, and for each code a flag, a length of up to nine and its numbers. */
static enum gh_rc recoder(struct td *t, uint32_t i, uint64_t off, uint64_t len)
{
	struct gh_src_sub sub;
	struct gh_cur c = gh_cur(gh_src_sub(&sub, t->w->src, off, len), 0);
	const uint8_t *p = gh_cur_take(&c, 4);
	uint32_t n = p == NULL ? 0 : u32(t, p);
	bool fine = p != NULL && n <= gh_cur_left(&c) / 5;
	for (uint32_t k = 0; fine && k < n; k++) {
		p = gh_cur_take(&c, 5);
		uint32_t codes = p == NULL ? UINT32_MAX : u32(t, p + 1);
		fine = p != NULL && p[0] <= 1 && codes <= 9;
		if (fine)
			gh_cur_skip(&c, 4 * (uint64_t)codes);
	}
	if (fine && !c.bad && gh_cur_left(&c) == 0) {
		gh_held_claim(&t->held, off + len);
		return GH_OK;
	}
	gh_anomaly(t->w, &rules[A_RECODER], off, len, "%u codes", n);
	return data(t, i, off, len);
}

static enum gh_rc component(struct td *t, uint32_t i, uint64_t off, uint64_t len)
{
	enum gh_rc rc = GH_OK;
	if (len == 0)
		return GH_OK;
	switch ((enum kind)components[i].kind) {
	case K_CONFIG: rc = config(t, off, len); break;
	case K_TEXT: rc = text(t, i, off, len); break;
	case K_DAWG: return dawg(t, i, off, len);
	case K_RECODER: return recoder(t, i, off, len);
	case K_DATA: return data(t, i, off, len);
	}
	gh_held_claim(&t->held, off + len);
	return rc;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct td *t = GH_NEW(w->arena, struct td, 1);
	if (t == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	t->w = w;
	t->held = gh_held(w, rules, A_SIGN);
	enum gh_rc rc = read_table(t);
	for (uint32_t i = 0; i < t->n && rc == GH_OK; i++) {
		uint64_t end = w->src->size;
		if (t->off[i] == UINT64_MAX)
			continue;
		for (uint32_t k = i + 1; k < t->n; k++)
			if (t->off[k] != UINT64_MAX) {
				end = t->off[k];
				break;
			}
		rc = component(t, i, t->off[i], end - t->off[i]);
		if (rc != GH_OK)
			rc = gh_fail(w->err, rc, "component %s", name_of(i));
	}
	return rc;
}

const struct gh_fmt gh_fmt_traineddata = {
	.name = "traineddata",
	.about = "Language model of the Tesseract text recogniser",
	.exts = "traineddata lstm",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
