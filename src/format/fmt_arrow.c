/* Apache Arrow: IPC files ("ARROW1", also Feather version 2) and streams (Columnar.rst, "Serialization and Interprocess
 * Communication"; Message.fbs, Schema.fbs, File.fbs). Every message is verified as the FlatBuffer it is; the bodies are
 * buffers of numbers. What acts is in the metadata of the schema: types of pyarrow that are pickles. */
#include "format/formats.h"
#include "format/signs.h"
#include "wire/flatbuf.h"

#include <stdarg.h>
#include <stdio.h>

enum { SAY = 16, META_MAX = 64 << 20, VALUE = 64 << 10, FIELDS_MAX = 1 << 16, MESSAGES = 1 << 20 };

enum { A_FLATBUF, A_MESSAGE, A_BUFFER, A_NEW, A_PICKLE, A_CUT, A_SIGN, RULES = A_SIGN + GH_SIGNS };
static const struct gh_rule rules[] = {
	[A_FLATBUF] = { "GH-ARW-0001", GH_HIGH, GH_UNSAFE, "Arrow metadata with a wrong offset or length",
			"The reader uses the metadata where it lies: memory outside of the file is read.",
			"Do not load the file.", "CWE-125" },
	[A_MESSAGE] = { "GH-ARW-0002", GH_MEDIUM, GH_REVIEW, "Arrow message that is malformed",
			"Readers differ in what they make of it.", "Write the table again.", "CWE-20" },
	[A_BUFFER] = { "GH-ARW-0003", GH_HIGH, GH_UNSAFE, "Arrow buffer outside of its message",
		       "A reader that trusts the place reads memory that is not its own.", "Do not load the file.",
		       "CWE-125" },
	[A_NEW] = { "GH-ARW-0004", GH_LOW, GH_INCOMPLETE, "Arrow metadata of a newer version",
		    "A part of it is not checked.", "Use a newer version of this program.", "" },
	[A_PICKLE] = { "GH-ARW-0005", GH_CRITICAL, GH_UNSAFE, "Type of a column that is a pickle",
		       "pyarrow before 14.0.1 unpickles it when the file is opened: the author's code runs.",
		       "Do not load the file; use pyarrow 14.0.1 or newer.", "CVE-2023-47248 CWE-502" },
	[A_CUT] = { "GH-ARW-0006", GH_MEDIUM, GH_INCOMPLETE, "Arrow data without an end",
		    "What is missing was not seen.", "Get the file again.", "" },
	GH_SIGN_RULES("GH-ARW", A_SIGN),
	[RULES] = GH_RULES_END,
};

/* ---- the schema of the metadata ----------------------------------------------------------------------------------------- */

enum {
	T_MESSAGE,
	T_SCHEMA,
	T_FIELD,
	T_KEY_VALUE,
	T_DICTIONARY,
	T_RECORD,
	T_ENCODING,
	T_COMPRESSION,
	T_FOOTER,
	T_INT,
	T_NONE,
	T_BYTE2,
	T_DECIMAL,
	T_TIME,
	T_STAMP,
	T_UNION,
	T_WIDTH,
	T_BOOL1
};
enum { U_TYPE, U_HEADER };
static const uint8_t types[] = { T_NONE /* Null */,
				 T_INT,
				 T_BYTE2 /* FloatingPoint */,
				 T_NONE,
				 T_NONE,
				 T_NONE /* Bool */,
				 T_DECIMAL,
				 T_BYTE2 /* Date */,
				 T_TIME,
				 T_STAMP,
				 T_BYTE2 /* Interval */,
				 T_NONE /* List */,
				 T_NONE /* Struct */,
				 T_UNION,
				 T_WIDTH /* FixedSizeBinary */,
				 T_WIDTH,
				 T_BOOL1 /* Map */,
				 T_BYTE2 /* Duration */,
				 T_NONE,
				 T_NONE,
				 T_NONE /* Large… */,
				 T_NONE,
				 T_NONE,
				 T_NONE,
				 T_NONE,
				 T_NONE };
static const uint8_t headers[] = { T_SCHEMA, T_DICTIONARY, T_RECORD };
static const struct gh_fb_union unions[] = {
	[U_TYPE] = { types, sizeof types }, [U_HEADER] = { headers, sizeof headers }
};
static const struct gh_fb_table tables[] = {
	[T_MESSAGE] = { "Message", "2uU8T", { U_HEADER, T_KEY_VALUE } },
	[T_SCHEMA] = { "Schema", "2TTL", { T_FIELD, T_KEY_VALUE } },
	[T_FIELD] = { "Field", "s1uUtTT", { U_TYPE, T_ENCODING, T_FIELD, T_KEY_VALUE } },
	[T_KEY_VALUE] = { "KeyValue", "ss", { 0 } },
	[T_DICTIONARY] = { "DictionaryBatch", "8t1", { T_RECORD } },
	[T_RECORD] = { "RecordBatch", "8XXtL", { 16, 16, T_COMPRESSION } },
	[T_ENCODING] = { "DictionaryEncoding", "8t12", { T_INT } },
	[T_COMPRESSION] = { "BodyCompression", "11", { 0 } },
	[T_FOOTER] = { "Footer", "2tXXT", { T_SCHEMA, 24, 24, T_KEY_VALUE } },
	[T_INT] = { "Int", "41", { 0 } },
	[T_NONE] = { "a type without parameters", "", { 0 } },
	[T_BYTE2] = { "a type with a unit", "2", { 0 } },
	[T_DECIMAL] = { "Decimal", "444", { 0 } },
	[T_TIME] = { "Time", "24", { 0 } },
	[T_STAMP] = { "Timestamp", "2s", { 0 } },
	[T_UNION] = { "Union", "2I", { 0 } },
	[T_WIDTH] = { "a type of a fixed size", "4", { 0 } },
	[T_BOOL1] = { "Map", "1", { 0 } },
};
static const struct gh_fb_schema message_schema = { tables, unions, T_MESSAGE },
				 footer_schema = { tables, unions, T_FOOTER };

enum { M_VERSION, M_HEADER_TYPE, M_HEADER, M_BODY, M_METADATA };
enum { S_ENDIAN, S_FIELDS, S_METADATA };
enum { F_NAME, F_NULLABLE, F_TYPE_TYPE, F_TYPE, F_DICTIONARY, F_CHILDREN, F_METADATA };
enum { R_LENGTH, R_NODES, R_BUFFERS };
enum { H_SCHEMA = 1, H_DICTIONARY, H_RECORD };

struct arrow {
	struct gh_walk *w;
	uint64_t base; /* of the FlatBuffer in hand */
	struct gh_arena arena;
	unsigned said[RULES];
	unsigned fields, texts;
};

static void say(struct arrow *a, unsigned rule, uint64_t off, uint64_t len, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
static void say(struct arrow *a, unsigned rule, uint64_t off, uint64_t len, const char *fmt, ...)
{
	char text[200];
	va_list ap;
	if (a->said[rule]++ >= SAY)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	gh_anomaly(a->w, &rules[rule], off, len, "%s", text);
}

static struct gh_span at(void *ctx, uint64_t off, size_t len)
{
	struct arrow *a = ctx;
	return gh_src_window(a->w->src, a->base + off, len);
}

static void fault(void *ctx, enum gh_fb_fault f, uint64_t off, const char *table)
{
	static const char *const what[GH_FB_FAULTS] = { "range",   "alignment",	  "vtable",	   "string",
							"overlap", "loose bytes", "unknown field", "depth" };
	struct arrow *a = ctx;
	unsigned rule = f == GH_FB_NEW ? A_NEW : f == GH_FB_LOOSE || f == GH_FB_ALIGN ? A_MESSAGE : A_FLATBUF;
	uint64_t place = a->base + off < a->w->src->size ? a->base + off : 0;
	say(a, rule, place, 0, "%s of %s", what[f], table);
}

/* ---- metadata -------------------------------------------------------------------------------------------------------------- */

static struct gh_span kept(struct arrow *a, struct gh_fb *fb, struct gh_fb_vec v)
{
	return gh_keep(&a->arena, gh_fb_bytes(fb, v, VALUE));
}

static enum gh_rc key_values(struct arrow *a, struct gh_fb *fb, const struct gh_fb_tab *t, unsigned field)
{
	struct gh_fb_vec v = gh_fb_vector(fb, t, field, 4);
	bool pickle = false;
	for (uint64_t i = 0; i < v.n && a->texts < FIELDS_MAX; i++, a->texts++) {
		struct gh_fb_tab kv = gh_fb_item(fb, v, i);
		struct gh_fb_vec raw = gh_fb_vector(fb, &kv, 1, 1);
		struct gh_span key = kept(a, fb, gh_fb_vector(fb, &kv, 0, 1)), value = kept(a, fb, raw);
		uint64_t off = a->base + raw.off, len = raw.n;
		if (key.p == NULL || off + len > a->w->src->size)
			continue;
		if (gh_span_is(key, "ARROW:extension:name") && gh_span_is(value, "arrow.py_extension_type"))
			pickle = true;
		if (gh_span_is(key, "ARROW:extension:metadata") || gh_span_is(key, "ARROW:extension:name"))
			;
		else
			(void)gh_signs_report(a->w, rules, A_SIGN, key, value, off, len);
		if (gh_span_is(key, "ARROW:extension:metadata") && value.n > 1 && value.p[0] == 0x80) {
			struct gh_src_sub sub;
			struct gh_member m = { .how = GH_MEMBER_NESTED,
					       .name = key,
					       .src = gh_src_sub(&sub, a->w->src, off, len),
					       .role = "extension type" };
			enum gh_rc rc = gh_emit(a->w, GH_EV_MEMBER, off, len, &m);
			if (rc != GH_OK)
				return rc;
		}
		struct gh_text ev = { .role = "metadata", .key = key, .text = value };
		enum gh_rc rc = gh_emit(a->w, GH_EV_TEXT, off, len, &ev);
		if (rc != GH_OK)
			return rc;
	}
	if (pickle)
		say(a, A_PICKLE, a->base, 0, "arrow.py_extension_type");
	return GH_OK;
}

/* All fields of a schema, children included: a list of our own, for they nest. */
static enum gh_rc schema(struct arrow *a, struct gh_fb *fb, const struct gh_fb_tab *s)
{
	struct gh_fb_tab *todo = GH_NEW(&a->arena, struct gh_fb_tab, 256);
	unsigned n = 0;
	enum gh_rc rc = key_values(a, fb, s, S_METADATA);
	if (todo == NULL)
		return gh_fail(a->w->err, GH_E_LIMIT, "no memory");
	struct gh_fb_vec v = gh_fb_vector(fb, s, S_FIELDS, 4);
	for (uint64_t i = 0; rc == GH_OK && i < v.n; i++) {
		todo[n++] = gh_fb_item(fb, v, i);
		while (n > 0 && rc == GH_OK) {
			struct gh_fb_tab f = todo[--n];
			if (++a->fields > FIELDS_MAX)
				return gh_fail(a->w->err, GH_E_LIMIT, "more than %u fields", (unsigned)FIELDS_MAX);
			rc = key_values(a, fb, &f, F_METADATA);
			struct gh_fb_vec c = gh_fb_vector(fb, &f, F_CHILDREN, 4);
			if (c.n > 256 - n)
				return gh_fail(a->w->err, GH_E_LIMIT, "fields nested too widely");
			for (uint64_t k = 0; k < c.n; k++)
				todo[n++] = gh_fb_item(fb, c, k);
		}
	}
	return rc;
}

/* The buffers of a batch: claims what they hold and the zeros between them. */
static void buffers(struct arrow *a, struct gh_fb *fb, const struct gh_fb_tab *batch, uint64_t body, uint64_t len)
{
	struct gh_fb_vec v = gh_fb_vector(fb, batch, R_BUFFERS, 16);
	uint64_t done = 0;
	for (uint64_t i = 0; i < v.n; i++) {
		struct gh_fb_vec words = { v.off + 16 * i, 2 };
		uint64_t off = gh_fb_elem(fb, words, 0, 8), n = gh_fb_elem(fb, words, 1, 8);
		if (off > len || n > len - off) {
			say(a, A_BUFFER, body, 0, "%llu bytes from %llu of a body of %llu", (unsigned long long)n,
			    (unsigned long long)off, (unsigned long long)len);
			continue;
		}
		if (n == 0 || off < done) /* an empty one, or the same data once more */
			continue;
		gh_claim(a->w, body + done, off - done, GH_CLAIM_PAD);
		gh_claim(a->w, body + off, n, GH_CLAIM_DATA);
		done = off + n;
	}
	gh_claim(a->w, body + done, len - done, GH_CLAIM_PAD);
}

static struct gh_fb open_fb(struct arrow *a, uint64_t off, uint64_t size, const struct gh_fb_schema *s)
{
	a->base = off;
	return (struct gh_fb){ .at = at,
			       .fault = fault,
			       .ctx = a,
			       .size = size,
			       .schema = s,
			       .arena = &a->arena,
			       .steps = a->w->lim->steps };
}

/* The message whose metadata stand at off; *end: behind its body. */
static enum gh_rc message(struct arrow *a, uint64_t off, uint64_t meta, uint64_t limit, uint64_t *end)
{
	struct gh_walk *w = a->w;
	if (meta > META_MAX || meta > limit - off) {
		say(a, A_MESSAGE, off, 0, "its metadata would have %llu bytes", (unsigned long long)meta);
		return gh_fail(w->err, GH_E_MALFORMED, "a message longer than the file at byte %llu",
			       (unsigned long long)off);
	}
	struct gh_fb fb = open_fb(a, off, meta, &message_schema);
	if (!gh_fb_verify(&fb)) {
		say(a, A_FLATBUF, off, meta, "no metadata in a message");
		return gh_fail(w->err, GH_E_MALFORMED, "metadata at byte %llu", (unsigned long long)off);
	}
	if (fb.full)
		return gh_fail(w->err, GH_E_LIMIT, "metadata with too many parts");
	struct gh_fb_tab root = gh_fb_root(&fb), head = gh_fb_sub(&fb, &root, M_HEADER);
	uint64_t kind = gh_fb_scalar(&fb, &root, M_HEADER_TYPE, 1, 0), len = gh_fb_scalar(&fb, &root, M_BODY, 8, 0);
	uint64_t body = off + meta;
	if (len > limit - body) {
		say(a, A_BUFFER, off, meta, "a body of %llu bytes", (unsigned long long)len);
		return gh_fail(w->err, GH_E_MALFORMED, "a body that the file does not hold");
	}
	gh_claim(w, off, meta, GH_CLAIM_STRUCT);
	enum gh_rc rc = key_values(a, &fb, &root, M_METADATA);
	if (rc != GH_OK)
		return rc;
	struct gh_fb_tab batch = kind == H_DICTIONARY ? gh_fb_sub(&fb, &head, 1) : head;
	if (kind == H_SCHEMA)
		rc = schema(a, &fb, &head);
	else if (kind == H_DICTIONARY || kind == H_RECORD)
		buffers(a, &fb, &batch, body, len);
	else
		say(a, A_NEW, off, meta, "a message of kind %llu", (unsigned long long)kind);
	*end = body + len;
	gh_src_advance(w->src, *end);
	return rc;
}

/* Messages from off on, up to the mark of their end or to limit. *end: behind it. */
static enum gh_rc messages(struct arrow *a, uint64_t off, uint64_t limit, bool must_end, uint64_t *end)
{
	for (unsigned n = 0; n < MESSAGES; n++) {
		struct gh_span h = gh_src_window(a->w->src, off, 8);
		h = gh_span_cut(h, 0, limit - off);
		if (h.n == 0 && !must_end) { /* a stream may end with its bytes */
			*end = off;
			return GH_OK;
		}
		bool marked = h.n >= 8 && gh_le32(h.p) == UINT32_MAX;
		if (h.n < (marked ? 8u : 4u)) {
			say(a, A_CUT, off < a->w->src->size ? off : 0, 0, "no mark of the end");
			return gh_fail(a->w->err, GH_E_MALFORMED, "no end of the stream");
		}
		uint32_t meta = gh_le32(h.p + (marked ? 4 : 0));
		unsigned lead = marked ? 8 : 4;
		gh_claim(a->w, off, lead, GH_CLAIM_STRUCT);
		if (meta == 0) {
			*end = off + lead;
			return GH_OK;
		}
		enum gh_rc rc = message(a, off + lead, meta, limit, &off);
		gh_arena_free(&a->arena);
		if (rc != GH_OK)
			return rc;
	}
	return gh_fail(a->w->err, GH_E_LIMIT, "more than %u messages", (unsigned)MESSAGES);
}

static enum gh_rc file(struct arrow *a)
{
	struct gh_walk *w = a->w;
	uint64_t size = w->src->size, end = 0;
	struct gh_span tail = gh_src_window(w->src, size - 10, 10);
	uint32_t n = tail.n == 10 ? gh_le32(tail.p) : 0;
	if (tail.n != 10 || memcmp(tail.p + 4, "ARROW1", 6) != 0 || n > META_MAX || n > size - 18) {
		say(a, A_CUT, 0, 8, "no footer");
		return gh_fail(w->err, GH_E_MALFORMED, "no footer");
	}
	uint64_t foot = size - 10 - n;
	gh_claim(w, 0, 6, GH_CLAIM_STRUCT);
	gh_claim(w, 6, 2, GH_CLAIM_PAD);
	enum gh_rc rc = messages(a, 8, foot, true, &end);
	if (rc != GH_OK)
		return rc;
	struct gh_fb fb = open_fb(a, foot, n, &footer_schema);
	if (!gh_fb_verify(&fb) || fb.full)
		return gh_fail(w->err, GH_E_MALFORMED, "the footer");
	gh_claim(w, foot, n + 10, GH_CLAIM_STRUCT);
	struct gh_fb_tab root = gh_fb_root(&fb), s = gh_fb_sub(&fb, &root, 1);
	rc = key_values(a, &fb, &root, 4);
	return rc == GH_OK ? schema(a, &fb, &s) : rc;
}

static enum gh_rc walk(struct gh_walk *w)
{
	struct arrow a = { .w = w, .arena = { .max = w->lim->arena / 2 } };
	struct gh_span head = gh_src_window(w->src, 0, 8);
	uint64_t end;
	enum gh_rc rc = gh_span_starts(head, "ARROW1") ? file(&a) : messages(&a, 0, w->src->size, false, &end);
	gh_arena_free(&a.arena);
	return rc != GH_OK ? rc : w->src->fail;
}

/* A stream has no magic but the mark of a message, which must be a schema: its metadata begin with the root's offset. */
static enum gh_match probe(const struct gh_probe *p)
{
	if (gh_span_starts(p->head, "ARROW1") && p->size > 18)
		return p->head.p[6] == 0 && p->head.p[7] == 0 ? GH_STRONG : GH_NO;
	if (p->head.n < 32 || gh_le32(p->head.p) != UINT32_MAX)
		return GH_NO;
	uint32_t meta = gh_le32(p->head.p + 4), root = gh_le32(p->head.p + 8);
	return meta >= 16 && meta <= p->size - 8 && meta % 8 == 0 && root >= 4 && root < meta && root % 4 == 0
		       ? GH_STRONG
		       : GH_NO;
}

const struct gh_fmt gh_fmt_arrow = {
	.name = "arrow",
	.about = "Apache Arrow files and streams, Feather",
	.exts = "arrow feather arrows ipc",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
