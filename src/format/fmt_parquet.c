/* Parquet (parquet-format, README.md and parquet.thrift): the footer with schema, row groups and key-value metadata, and
 * the headers of all pages. Values are not decoded: no reader of tables runs them. What acts is in the metadata (types of
 * pyarrow that are pickles) and in columns that lie in other files. */
#include "format/formats.h"
#include "format/signs.h"
#include "format/thrift.h"
#include "wire/digits.h"
#include "wire/recs.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAY = 16, CHUNKS = 1 << 20, VALUE = 64 << 10, FOOTER_MAX = 64 << 20 };

enum { A_FOOTER, A_RANGE, A_PAGE, A_ELSEWHERE, A_ENCRYPTED, A_MANY, A_SIGN, RULES = A_SIGN + GH_SIGNS };
static const struct gh_rule rules[] = {
	[A_FOOTER] = { "GH-PQ-0001", GH_MEDIUM, GH_REVIEW, "Parquet footer that is malformed",
		       "Readers differ in what they make of it.", "Get the file again.", "CWE-20" },
	[A_RANGE] = { "GH-PQ-0002", GH_HIGH, GH_UNSAFE, "Column that is said to lie outside of the file",
		      "A reader that trusts the place reads memory that is not its own.", "Do not load the file.",
		      "CWE-125" },
	[A_PAGE] = { "GH-PQ-0003", GH_MEDIUM, GH_REVIEW, "Page that does not fit its column",
		     "Sizes that disagree overflow the buffers of readers.", "Write the table again.", "CWE-131" },
	[A_ELSEWHERE] = { "GH-PQ-0004", GH_MEDIUM, GH_REVIEW, "Column that lies in another file",
			  "A reader opens the file that the table names.", "Write the table into one file.",
			  "CWE-610" },
	[A_ENCRYPTED] = { "GH-PQ-0005", GH_MEDIUM, GH_INCOMPLETE, "Parquet file that is encrypted",
			  "What is inside was not seen.", "Have it without encryption.", "" },
	[A_MANY] = { "GH-PQ-0006", GH_LOW, GH_INCOMPLETE, "More columns than can be followed",
		     "The rest was not checked.", "Split the table.", "CWE-770" },
	GH_SIGN_RULES("GH-PQ", A_SIGN),
	[RULES] = GH_RULES_END,
};

struct table {
	struct gh_walk *w;
	struct gh_cur c;
	struct gh_thrift t;
	uint64_t footer;       /* where it begins */
	struct gh_recs chunks; /* begin, end; ref: 1 when it holds pages */
	unsigned said[RULES];
	bool encrypted;
};

static void say(struct table *t, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
static void say(struct table *t, unsigned a, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[200];
	va_list ap;
	if (t->said[a]++ >= SAY)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(t->w, &rules[a], off, len, "%s", text);
}

static void add(struct table *t, int64_t off, int64_t len, bool pages)
{
	if (len == 0)
		return;
	if (off < 4 || len < 0 || (uint64_t)off > t->footer || (uint64_t)len > t->footer - (uint64_t)off)
		say(t, A_RANGE, t->footer, 0, "%lld bytes from %lld on", (long long)len, (long long)off);
	else if (!gh_recs_add(&t->chunks, (struct gh_rec){ (uint64_t)off, (uint64_t)(off + len), pages }))
		say(t, A_MANY, t->footer, 0, "the first %zu were followed", t->chunks.n);
}

/* ---- the footer ------------------------------------------------------------------------------------------------------ */

/* A text of at most VALUE bytes; the rest is passed over. */
static struct gh_span text(struct table *t)
{
	uint64_t n = gh_thrift_binary(&t->t);
	size_t take = n < VALUE ? (size_t)n : VALUE;
	const uint8_t *p = gh_cur_take(&t->c, take);
	struct gh_span kept = p == NULL ? (struct gh_span){ 0 } : gh_keep(t->w->arena, (struct gh_span){ p, take });
	gh_cur_skip(&t->c, n - take);
	return kept;
}

/* The schema of Arrow in base64: a message of its own. */
static enum gh_rc arrow_schema(struct table *t, struct gh_span v, uint64_t off)
{
	uint8_t *out = gh_alloc(t->w->arena, 1, v.n);
	size_t n = 0;
	uint32_t bits = 0;
	unsigned have = 0;
	for (size_t i = 0; out != NULL && i < v.n; i++) {
		int d = gh_base64_digit(v.p[i]);
		if (d < 0)
			continue;
		bits = bits << 6 | (uint32_t)d;
		have += 6;
		if (have >= 8)
			out[n++] = (uint8_t)(bits >> (have -= 8));
	}
	struct gh_src_mem mem;
	struct gh_member m = { .how = GH_MEMBER_FILE,
			       .name = GH_SPAN("ARROW:schema"),
			       .src = gh_src_mem(&mem, (struct gh_span){ out, n }),
			       .role = "Arrow schema",
			       .expect = "arrow" };
	return n == 0 ? GH_OK : gh_emit(t->w, GH_EV_MEMBER, off, v.n, &m);
}

static enum gh_rc key_value(struct table *t)
{
	struct gh_span key = { 0 }, value = { 0 };
	uint64_t off = gh_cur_off(&t->c);
	int id;
	enum gh_thrift_type type;
	gh_thrift_enter(&t->t);
	while (gh_thrift_field(&t->t, &id, &type)) {
		if (id == 1 && type == GH_TT_BINARY)
			key = text(t);
		else if (id == 2 && type == GH_TT_BINARY) {
			uint64_t at = gh_cur_off(&t->c);
			value = text(t);
			off = at;
		} else
			gh_thrift_skip(&t->t, type);
	}
	if (t->c.bad || off >= t->w->src->size)
		return GH_OK;
	uint64_t len = gh_cur_off(&t->c) - off;
	if (gh_span_is(key, "ARROW:schema"))
		return arrow_schema(t, value, off);
	(void)gh_signs_report(t->w, rules, A_SIGN, key, value, off, len);
	struct gh_text ev = { .role = "metadata", .key = key, .text = value };
	return gh_emit(t->w, GH_EV_TEXT, off, len, &ev);
}

static void column_metadata(struct table *t)
{
	int64_t total = 0, data = 0, dictionary = 0, bloom = 0, bloom_len = 0;
	int id;
	enum gh_thrift_type type;
	gh_thrift_enter(&t->t);
	while (gh_thrift_field(&t->t, &id, &type))
		switch (type == GH_TT_I64 || type == GH_TT_I32 ? id : 0) {
		case 7: total = gh_thrift_int(&t->t); break;
		case 9: data = gh_thrift_int(&t->t); break;
		case 11: dictionary = gh_thrift_int(&t->t); break;
		case 14: bloom = gh_thrift_int(&t->t); break;
		case 15: bloom_len = gh_thrift_int(&t->t); break;
		default: gh_thrift_skip(&t->t, type);
		}
	add(t, dictionary > 0 && dictionary < data ? dictionary : data, total, true);
	add(t, bloom, bloom_len, false);
}

static enum gh_rc column(struct table *t)
{
	int64_t v[4] = { 0 }; /* offset index, column index: offset and length of each */
	enum gh_rc rc = GH_OK;
	int id;
	enum gh_thrift_type type;
	gh_thrift_enter(&t->t);
	while (rc == GH_OK && gh_thrift_field(&t->t, &id, &type))
		if (id == 1 && type == GH_TT_BINARY) {
			uint64_t off = gh_cur_off(&t->c);
			struct gh_span file = text(t);
			struct gh_reference r = { .kind = GH_REF_PATH, .target = file, .from = GH_SPAN("column") };
			say(t, A_ELSEWHERE, off, 0, "%s", gh_safe(file).s);
			rc = gh_emit(t->w, GH_EV_REFERENCE, off, 0, &r);
		} else if (id == 3 && type == GH_TT_STRUCT)
			column_metadata(t);
		else if (id >= 4 && id <= 7 && (type == GH_TT_I64 || type == GH_TT_I32))
			v[id - 4] = gh_thrift_int(&t->t);
		else {
			t->encrypted = t->encrypted || id == 8 || id == 9;
			gh_thrift_skip(&t->t, type);
		}
	add(t, v[0], v[1], false);
	add(t, v[2], v[3], false);
	return rc;
}

/* Each element of the list at the cursor, by `one`; what is no list of structs is passed over. */
static enum gh_rc each(struct table *t, enum gh_thrift_type type, enum gh_rc (*one)(struct table *))
{
	enum gh_thrift_type of;
	enum gh_rc rc = GH_OK;
	if (type != GH_TT_LIST) {
		gh_thrift_skip(&t->t, type);
		return GH_OK;
	}
	uint64_t n = gh_thrift_list(&t->t, &of);
	if (n != 0 && of != GH_TT_STRUCT)
		t->c.bad = true;
	while (n-- > 0 && rc == GH_OK && !t->c.bad)
		rc = one(t);
	return rc;
}

static enum gh_rc row_group(struct table *t)
{
	enum gh_rc rc = GH_OK;
	int id;
	enum gh_thrift_type type;
	gh_thrift_enter(&t->t);
	while (rc == GH_OK && gh_thrift_field(&t->t, &id, &type))
		if (id == 1)
			rc = each(t, type, column);
		else
			gh_thrift_skip(&t->t, type);
	return rc;
}

static enum gh_rc footer(struct table *t)
{
	enum gh_rc rc = GH_OK;
	int id;
	enum gh_thrift_type type;
	gh_thrift_enter(&t->t);
	while (rc == GH_OK && gh_thrift_field(&t->t, &id, &type))
		if (id == 4)
			rc = each(t, type, row_group);
		else if (id == 5)
			rc = each(t, type, key_value);
		else if (id == 6 && type == GH_TT_BINARY) {
			uint64_t off = gh_cur_off(&t->c);
			struct gh_package p = { .ecosystem = "Parquet", .name = text(t), .producer = true };
			rc = gh_emit(t->w, GH_EV_PACKAGE, off, 0, &p);
		} else {
			t->encrypted = t->encrypted || id == 8;
			gh_thrift_skip(&t->t, type);
		}
	return rc;
}

/* ---- pages ------------------------------------------------------------------------------------------------------------- */

/* The pages of a column chunk, one behind the other. */
static void pages(struct table *t, uint64_t off, uint64_t end)
{
	t->c = gh_cur(t->w->src, off);
	while (off < end) {
		int64_t size = -1;
		int id;
		enum gh_thrift_type type;
		t->t = gh_thrift(&t->c);
		gh_thrift_enter(&t->t);
		while (gh_thrift_field(&t->t, &id, &type))
			if (id == 3 && type == GH_TT_I32)
				size = gh_thrift_int(&t->t);
			else
				gh_thrift_skip(&t->t, type);
		uint64_t at = gh_cur_off(&t->c);
		if (t->c.bad || size < 0 || at > end || (uint64_t)size > end - at) {
			say(t, A_PAGE, off, 0, "at byte %llu", (unsigned long long)off);
			return; /* what is left is claimed by nobody */
		}
		gh_claim(t->w, off, at - off, GH_CLAIM_STRUCT);
		gh_claim(t->w, at, (uint64_t)size, GH_CLAIM_DATA);
		off = at + (uint64_t)size;
		gh_cur_skip(&t->c, (uint64_t)size);
		gh_src_advance(t->w->src, off);
	}
}

/* What lies between two columns: nothing, or the metadata of the column once more (Arrow before version 14 wrote it
 * there). */
static void between(struct table *t, uint64_t off, uint64_t end)
{
	if (off >= end)
		return;
	t->c = gh_cur(t->w->src, off);
	t->t = gh_thrift(&t->c);
	gh_thrift_skip(&t->t, GH_TT_STRUCT);
	uint64_t at = gh_cur_off(&t->c);
	if (!t->c.bad && at <= end && at > off + 1)
		gh_claim(t->w, off, at - off, GH_CLAIM_STRUCT);
}

static void chunks(struct table *t)
{
	uint64_t at = 4;
	gh_recs_sort(&t->chunks, 0);
	for (size_t i = 0; i < t->chunks.n; i++) {
		struct gh_rec r = *gh_recs_at(&t->chunks, i);
		if (r.a < at) {
			say(t, A_PAGE, r.a, r.b - r.a, "two columns share bytes");
			continue;
		}
		between(t, at, r.a);
		if (r.ref != 0)
			pages(t, r.a, r.b);
		else
			gh_claim(t->w, r.a, r.b - r.a, GH_CLAIM_DATA);
		at = r.b;
	}
	between(t, at, t->footer);
}

static enum gh_rc walk(struct gh_walk *w)
{
	uint64_t size = w->src->size;
	struct gh_span tail = gh_src_window(w->src, size - 8, 8);
	struct table *t = GH_NEW(w->arena, struct table, 1);
	if (t == NULL || size < 12 || tail.n != 8)
		return gh_fail(w->err, GH_E_MALFORMED, "too short for a footer");
	uint32_t n = gh_le32(tail.p);
	t->w = w;
	t->encrypted = gh_span_ends(tail, "PARE");
	t->chunks = gh_recs(w->arena, CHUNKS);
	if (n > size - 12 || n > FOOTER_MAX || !(t->encrypted || gh_span_ends(tail, "PAR1"))) {
		say(t, A_FOOTER, size - 8, 8, "its length or its mark");
		return gh_fail(w->err, GH_E_MALFORMED, "no footer");
	}
	t->footer = size - 8 - n;
	t->c = gh_cur(w->src, t->footer);
	t->t = gh_thrift(&t->c);
	enum gh_rc rc = t->encrypted ? GH_OK : footer(t);
	if (rc != GH_OK)
		return rc;
	if (t->encrypted) {
		say(t, A_ENCRYPTED, t->footer, n, "its metadata or its columns");
		return gh_fail(w->err, GH_E_UNREAD, "encrypted");
	}
	if (t->c.bad || gh_cur_off(&t->c) != size - 8) {
		say(t, A_FOOTER, t->footer, n, t->t.deep ? "nested too deeply" : "its length");
		return gh_fail(w->err, t->t.deep ? GH_E_LIMIT : GH_E_MALFORMED, "the footer");
	}
	gh_claim(w, 0, 4, GH_CLAIM_STRUCT);
	chunks(t);
	gh_claim(w, t->footer, size - t->footer, GH_CLAIM_STRUCT);
	return w->src->fail;
}

static enum gh_match probe(const struct gh_probe *p)
{
	bool head = gh_span_starts(p->head, "PAR1") || gh_span_starts(p->head, "PARE");
	return !head ? GH_NO : gh_span_ends(p->tail, "PAR1") || gh_span_ends(p->tail, "PARE") ? GH_STRONG : GH_WEAK;
}

const struct gh_fmt gh_fmt_parquet = {
	.name = "parquet",
	.about = "Apache Parquet tables: footer, columns, pages, metadata",
	.exts = "parquet pq",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
