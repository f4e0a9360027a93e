/* Key-value pairs: every type, every length, arrays of arrays; texts go to the checks, blobs become members. */
#include "base/utf8.h"
#include "format/encoded.h"
#include "format/gguf/gguf.h"

enum value_type {
	T_U8,
	T_I8,
	T_U16,
	T_I16,
	T_U32,
	T_I32,
	T_F32,
	T_BOOL,
	T_STRING,
	T_ARRAY,
	T_U64,
	T_I64,
	T_F64,
	T_COUNT
};
static const uint8_t width[T_COUNT] = { 1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8 };

enum {
	KEY_MAX = 65535,     /* gguf.md: at most 2^16-1 bytes */
	NEST_MAX = 8,	     /* arrays within arrays */
	BLOB = 4096,	     /* numeric arrays from this size on are searched like weights */
	LONG_ELEMENT = 4096, /* strings of token lists are short */
	FEW = 256,	     /* elements of a list of strings that is text rather than a vocabulary */
};

static enum gh_rc cut_short(struct gguf *g, const char *what)
{
	uint64_t at = gh_cur_off(&g->c) < g->w->src->size ? gh_cur_off(&g->c) : g->w->src->size;
	gguf_say(g, GGUF_A_CUT, at, 0, "%s", what);
	return gh_fail(g->w->err, GH_E_MALFORMED, "the file ends within %s", what);
}

static enum gh_rc too_long(struct gguf *g, const char *what, uint64_t n)
{
	uint64_t at = gh_cur_off(&g->c);
	gguf_say(g, GGUF_A_LENGTH, at, 0, "key \"%s\": %s of %llu with %llu bytes left",
		 gh_safe(gh_json_name(&g->key)).s, what, (unsigned long long)n, (unsigned long long)gh_cur_left(&g->c));
	return gh_fail(g->w->err, GH_E_MALFORMED, "%s of %llu", what, (unsigned long long)n);
}

static bool ascii_key(struct gh_span k)
{
	for (size_t i = 0; i < k.n; i++)
		if (k.p[i] <= ' ' || k.p[i] >= 0x7f || k.p[i] == '"' || k.p[i] == '\\')
			return false;
	return k.n != 0;
}

static enum gh_rc read_key(struct gguf *g)
{
	g->key.n = 0;
	g->key_off = gh_cur_off(&g->c);
	uint64_t n = gguf_len(g);
	if (g->c.bad)
		return cut_short(g, "a key");
	if (n > gh_cur_left(&g->c))
		return too_long(g, "a key", n);
	g->key_len = gguf_len_width(g) + n;
	if (n > KEY_MAX) {
		gguf_say(g, GGUF_A_KEY, g->key_off, g->key_len, "%llu bytes long", (unsigned long long)n);
		gh_cur_skip(&g->c, n);
		return GH_OK;
	}
	const uint8_t *p = gh_cur_take(&g->c, (size_t)n);
	if (p == NULL)
		return cut_short(g, "a key");
	struct gh_span key = { p, (size_t)n };
	gh_json_name_set(&g->key, key);
	if (!ascii_key(key))
		gguf_say(g, GGUF_A_KEY, g->key_off, g->key_len, "\"%s\"", gh_safe(key).s);
	if (!gh_recs_add(&g->names, (struct gh_rec){ gh_hash_end(gh_hash(GH_HASH_START, key)), g->key_off, 0 }))
		return gh_fail(g->w->err, GH_E_LIMIT, "too many keys");
	return GH_OK;
}

static bool contains(struct gh_span s, const char *what)
{
	return s.n != 0 && memmem(s.p, s.n, what, strlen(what)) != NULL;
}

static bool is_template(struct gh_span key, struct gh_span text)
{
	if (contains(key, "chat_template"))
		return text.n != 0;
	return contains(key, "template") && (contains(text, "{%") || contains(text, "{{"));
}

/* A range of the file as a member of its own: blobs, and texts too long for an event. */
static enum gh_rc as_member(struct gguf *g, uint64_t off, uint64_t len, bool raw)
{
	gguf_claim(g, off);
	g->claimed = off + len;
	if (g->blobs_left == 0) {
		gh_claim(g->w, off, len, GH_CLAIM_FREE); /* searched as a whole instead */
		return GH_OK;
	}
	g->blobs_left--;
	struct gh_member m = { .how = GH_MEMBER_NESTED, .name = gh_json_name(&g->key), .role = "metadata", .raw = raw };
	return gh_member_range(g->w, m, off, len);
}

static enum gh_rc encoded(struct gguf *g, uint64_t off, uint64_t len)
{
	struct gh_encoded e;
	gh_encoded_open(&e, g->w, gh_json_name(&g->key), off, len, &g->members_left);
	for (uint64_t at = 0; at < len;) {
		struct gh_span s = gh_src_window(g->w->src, off + at,
						 len - at < GH_CUR_WINDOW ? (size_t)(len - at) : GH_CUR_WINDOW);
		if (s.n == 0)
			break;
		gh_encoded_put(&e, s);
		at += s.n;
	}
	enum gh_rc rc = gh_encoded_close(&e);
	if (e.code)
		gguf_say(g, GGUF_A_SIGN + GH_SIGN_ENCODED, off, len, "in \"%s\": program text in base64 or hex",
			 gh_safe(gh_json_name(&g->key)).s);
	return rc;
}

static enum gh_rc template_text(struct gguf *g, struct gh_span text, uint64_t off, uint64_t len)
{
	struct gh_text ev = { .role = "chat-template", .key = gh_json_name(&g->key), .text = text };
	return gh_emit(g->w, GH_EV_TEXT, off, len, &ev);
}

/* A string value at the cursor, its length known to fit. Moves past it. */
static enum gh_rc text_value(struct gguf *g, uint64_t len)
{
	uint64_t off = gh_cur_off(&g->c);
	struct gh_span key = gh_json_name(&g->key);
	enum gh_rc rc = GH_OK;
	if (len >= GH_ENCODED_LEAST)
		rc = encoded(g, off, len);
	if (rc != GH_OK)
		return rc;
	gh_cur_seek(&g->c, off);
	size_t n = len < GH_WINDOW_MAX ? (size_t)len : GH_WINDOW_MAX;
	const uint8_t *p = gh_cur_peek(&g->c, n);
	if (p == NULL)
		return cut_short(g, "a string");
	struct gh_span text = { p, n };
	gguf_sizes_text(&g->sizes, key, text);
	bool utf8 = gh_utf8_valid(gh_span_cut(text, 0, n == len ? n : n - 4));
	bool tmpl = is_template(key, text);
	if (!utf8)
		gguf_say(g, GGUF_A_UTF8, off, len, "value of \"%s\"", gh_safe(key).s);
	if (!tmpl && g->signs_left > 0 && gh_signs_report(g->w, gguf_rules, GGUF_A_SIGN, key, text, off, len) != 0)
		g->signs_left--;
	if (tmpl && len <= GH_WINDOW_MAX) {
		rc = template_text(g, text, off, len);
	} else if (len > GH_WINDOW_MAX || (!utf8 && len >= 16) || (gh_span_ends(key, ".json") && len != 0)) {
		if (tmpl)
			gguf_say(g, GGUF_A_TEMPLATE, off, len, "%llu bytes", (unsigned long long)len);
		rc = as_member(g, off, len, !utf8);
	} else if (len != 0 && g->texts_left > 0) {
		g->texts_left--;
		if (gh_span_starts(text, "http://") || gh_span_starts(text, "https://")) {
			struct gh_reference ref = { .kind = GH_REF_URL, .target = text, .from = key };
			rc = gh_emit(g->w, GH_EV_REFERENCE, off, len, &ref);
			p = rc == GH_OK ? gh_cur_peek(&g->c, n) : NULL;
			if (p == NULL)
				return rc;
			text.p = p;
		}
		struct gh_text ev = { .role = "metadata", .key = key, .text = text };
		rc = gh_emit(g->w, GH_EV_TEXT, off, len, &ev);
	}
	gh_cur_skip(&g->c, len);
	return rc;
}

static enum gh_rc read_string(struct gguf *g)
{
	uint64_t n = gguf_len(g);
	if (g->c.bad)
		return cut_short(g, "a string");
	if (n > gh_cur_left(&g->c))
		return too_long(g, "a string", n);
	return text_value(g, n);
}

/* The fast path of vocabularies: lengths are checked, contents passed over. */
static enum gh_rc read_strings(struct gguf *g, uint64_t count)
{
	bool few = count <= FEW && !gh_span_starts(gh_json_name(&g->key), "tokenizer.ggml.");
	unsigned wide = gguf_len_width(g);
	if (count > gh_cur_left(&g->c) / wide)
		return too_long(g, "a list of strings", count);
	if (gh_span_is(gh_json_name(&g->key), "tokenizer.ggml.tokens"))
		g->sizes.tokens = count;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t n = gguf_len(g);
		if (g->c.bad)
			return cut_short(g, "a list of strings");
		if (n > gh_cur_left(&g->c))
			return too_long(g, "a string", n);
		if (few || n >= LONG_ELEMENT)
			GH_TRY(text_value(g, n), g->w->err, "element %llu", (unsigned long long)i);
		else
			gh_cur_skip(&g->c, n);
	}
	return GH_OK;
}

static enum gh_rc read_numbers(struct gguf *g, uint32_t type, uint64_t count)
{
	if (count > gh_cur_left(&g->c) / width[type])
		return too_long(g, "an array", count);
	uint64_t off = gh_cur_off(&g->c), bytes = count * width[type];
	gh_cur_skip(&g->c, bytes);
	return bytes >= BLOB ? as_member(g, off, bytes, true) : GH_OK;
}

static enum gh_rc bad_type(struct gguf *g, uint32_t type)
{
	gguf_say(g, GGUF_A_TYPE, g->key_off, g->key_len, "key \"%s\" has type %u", gh_safe(gh_json_name(&g->key)).s,
		 type);
	return gh_fail(g->w->err, GH_E_MALFORMED, "value type %u", type);
}

/* Type and count are still to be read: the value of an ARRAY. Arrays of arrays are kept on a small stack. */
static enum gh_rc read_array(struct gguf *g)
{
	uint64_t left[NEST_MAX] = { 1 }; /* arrays still to be read on each level */
	unsigned depth = 0;
	for (;;) {
		while (left[depth] == 0) {
			if (depth == 0)
				return GH_OK;
			depth--;
		}
		left[depth]--;
		uint32_t type = gguf_u32(g);
		uint64_t count = gguf_len(g);
		if (g->c.bad)
			return cut_short(g, "an array");
		if (type >= T_COUNT)
			return bad_type(g, type);
		if (type == T_STRING) {
			GH_TRY(read_strings(g, count), g->w->err, "strings");
		} else if (type != T_ARRAY) {
			GH_TRY(read_numbers(g, type, count), g->w->err, "numbers");
		} else {
			gguf_say(g, GGUF_A_NESTED, g->key_off, g->key_len, "key \"%s\"",
				 gh_safe(gh_json_name(&g->key)).s);
			if (count > gh_cur_left(&g->c) / (4 + gguf_len_width(g)))
				return too_long(g, "an array of arrays", count);
			if (++depth == NEST_MAX)
				return gh_fail(g->w->err, GH_E_LIMIT, "arrays nested more than %d deep", NEST_MAX);
			left[depth] = count;
		}
	}
}

static void alignment(struct gguf *g, uint32_t type, uint64_t off)
{
	const uint8_t *p = type == T_U32 ? gh_cur_peek(&g->c, 4) : NULL;
	if (p == NULL) {
		gguf_say(g, GGUF_A_ALIGN, g->key_off, g->key_len, "general.alignment has type %u instead of uint32",
			 type);
		g->align = 0;
		return;
	}
	g->align = g->big ? gh_be32(p) : gh_le32(p);
	if (g->align == 0 || (g->align & (g->align - 1)) != 0) {
		gguf_say(g, GGUF_A_ALIGN, off, 4, "%u is no power of two", g->align);
		g->align = 0;
	} else if (g->align > 1 << 16) {
		gguf_say(g, GGUF_A_VALUE, off, 4, "an alignment of %u bytes", g->align);
	}
}

/* In the byte order of the file. */
static uint64_t number(const struct gguf *g, const uint8_t *p, unsigned n)
{
	uint64_t v = 0;
	for (unsigned i = 0; i < n; i++)
		v = v << 8 | p[g->big ? i : n - 1 - i];
	return v;
}

static enum gh_rc read_pair(struct gguf *g)
{
	enum gh_rc rc = read_key(g);
	if (rc != GH_OK)
		return rc;
	uint32_t type = gguf_u32(g);
	if (g->c.bad)
		return cut_short(g, "a value");
	if (type >= T_COUNT)
		return bad_type(g, type);
	if (gh_span_is(gh_json_name(&g->key), "general.alignment"))
		alignment(g, type, gh_cur_off(&g->c));
	if (type == T_STRING)
		return read_string(g);
	if (type == T_ARRAY)
		return read_array(g);
	uint64_t off = gh_cur_off(&g->c);
	const uint8_t *p = gh_cur_take(&g->c, width[type]);
	if (p == NULL)
		return cut_short(g, "a value");
	if (type == T_U8 || type == T_U16 || type == T_U32 || type == T_U64 || type == T_I32 || type == T_I64)
		gguf_sizes_number(&g->sizes, gh_json_name(&g->key), number(g, p, width[type]));
	if (type == T_BOOL && *p > 1)
		gguf_say(g, GGUF_A_VALUE, off, 1, "\"%s\" is a boolean of value %u", gh_safe(gh_json_name(&g->key)).s,
			 *p);
	return GH_OK;
}

enum gh_rc gguf_metadata(struct gguf *g, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		GH_TRY(read_pair(g), g->w->err, "key-value pair %llu", (unsigned long long)i);
		if (i > g->w->lim->steps)
			return gh_fail(g->w->err, GH_E_LIMIT, "too many pairs");
	}
	gguf_duplicates(g, "key");
	return GH_OK;
}
