/* The text format of protobuf, whatever the schema: Triton's config.pbtxt, label maps, graphs of pipelines. The syntax is read in
 * full (protobuf.dev/reference/protobuf/textformat-spec); values are judged by the names they stand under, as in other
 * configurations. TensorFlow's own messages have a reader that knows their schema (tensorflow/fmt_tf_text.c). */
#include "format/encoded.h"
#include "format/formats.h"
#include "format/settings.h"
#include "format/shell_code.h"
#include "format/signs.h"

enum {
	FILE_MAX = 8 << 20,
	UNNAMED_MAX = 1 << 20,
	DEPTH = 64,
	IDENT = 64,
	STRING = 64 << 10,
	SHOWN = 2000,
	LONG_TEXT = 64
};
enum { A_SYNTAX, A_DEEP, A_SIGN };
static const struct gh_rule rules[] = {
	[A_SYNTAX] = { "GH-PBT-0001", GH_MEDIUM, GH_INCOMPLETE, "Text that is not of the text format of protobuf",
		       "Some parser may make sense of it; what comes after it is not checked.",
		       "Get the file again; check what reads it.", "CWE-20" },
	[A_DEEP] = { "GH-PBT-0002", GH_MEDIUM, GH_INCOMPLETE, "Messages nested deeper than any configuration needs",
		     "Parsers that recurse run out of stack.", "Do not load.", "CWE-674" },
	GH_SIGN_RULES("GH-PBT", A_SIGN),
	[A_SIGN + GH_SIGNS] = GH_RULES_END,
};

enum tok { T_END, T_BAD, T_WORD, T_STRING, T_MARK };

struct doc {
	struct gh_walk *w; /* NULL: only looking */
	struct gh_span s;
	size_t i;
	enum tok tok;
	uint8_t mark;
	size_t off;
	struct gh_span word; /* T_WORD: names, numbers, words */
	uint8_t *str;	     /* STRING bytes; NULL: only looking */
	size_t str_n;
	bool str_cut;
	/* the messages around */
	struct gh_span frame[DEPTH];
	uint8_t closer[DEPTH];
	unsigned depth;
	unsigned messages, fields, triton,
		others;	    /* at the top: messages; fields that Triton has, and that it has not */
	bool tensorflow;    /* a field of its messages */
	struct gh_span key; /* of `key: "…"`, for the `value` beside it, in the arena */
	unsigned shown, signs, members_left;
	struct gh_settings settings;
};

static bool word_byte(uint8_t c)
{
	return c == '_' || c == '-' || c == '+' || c == '.' || c == '/' || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

static void put(struct doc *d, uint8_t c)
{
	if (d->str == NULL)
		return;
	if (d->str_n < STRING)
		d->str[d->str_n++] = c;
	else
		d->str_cut = true;
}

static int digit_of(uint8_t c)
{
	return c >= '0' && c <= '9' ? c - '0' : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10 : 16;
}

/* What follows a backslash: a letter, three octal digits, x and two hexadecimal ones. */
static void escape(struct doc *d)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	uint8_t c = d->s.p[d->i++];
	const char *simple = c == 0 ? NULL : memchr(from, c, sizeof from - 1);
	unsigned base = c == 'x' || c == 'X' ? 16 : 8, most = base == 16 ? 2 : 3, v = 0, n = 0;
	if (simple != NULL)
		return put(d, (uint8_t)to[simple - from]);
	if (base == 8 && digit_of(c) >= 8)
		return put(d, c);
	if (base == 8)
		d->i--;
	for (; n < most && d->i < d->s.n && digit_of(d->s.p[d->i]) < (int)base; n++)
		v = v * base + (unsigned)digit_of(d->s.p[d->i++]);
	put(d, (uint8_t)v);
}

/* Strings that stand beside each other are one. */
static bool string(struct doc *d)
{
	uint8_t quote = d->s.p[d->i++];
	while (d->i < d->s.n && d->s.p[d->i] != quote && d->s.p[d->i] != '\n') {
		if (d->s.p[d->i] != '\\') {
			put(d, d->s.p[d->i++]);
		} else {
			d->i++;
			if (d->i < d->s.n)
				escape(d);
		}
	}
	if (d->i >= d->s.n || d->s.p[d->i] != quote)
		return false;
	d->i++;
	return true;
}

static void skip_space(struct doc *d)
{
	for (; d->i < d->s.n; d->i++) {
		uint8_t c = d->s.p[d->i];
		if (c == '#')
			while (d->i + 1 < d->s.n && d->s.p[d->i + 1] != '\n')
				d->i++;
		else if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			break;
	}
}

static enum tok next(struct doc *d)
{
	skip_space(d);
	d->off = d->i;
	d->str_n = 0;
	d->str_cut = false;
	if (d->i >= d->s.n)
		return d->tok = T_END;
	uint8_t c = d->s.p[d->i];
	if (c == '"' || c == '\'') {
		do {
			if (!string(d))
				return d->tok = T_BAD;
			skip_space(d);
		} while (d->i < d->s.n && (d->s.p[d->i] == '"' || d->s.p[d->i] == '\''));
		return d->tok = T_STRING;
	}
	if (word_byte(c)) {
		while (d->i < d->s.n && word_byte(d->s.p[d->i]))
			d->i++;
		d->word = gh_span_cut(d->s, d->off, d->i - d->off);
		return d->tok = T_WORD;
	}
	if (memchr("{}<>[]:,;", c, 9) == NULL)
		return d->tok = T_BAD;
	d->i++;
	d->mark = c;
	return d->tok = T_MARK;
}

static bool is(const struct doc *d, uint8_t mark) { return d->tok == T_MARK && d->mark == mark; }

/* ---- values ------------------------------------------------------------------------------------------------------ */

static enum gh_rc encoded(struct doc *d, struct gh_span key, struct gh_span text)
{
	struct gh_encoded e;
	gh_encoded_open(&e, d->w, key, d->off, d->i - d->off, &d->members_left);
	gh_encoded_put(&e, text);
	enum gh_rc rc = gh_encoded_close(&e);
	if (e.code && d->signs++ < 16)
		gh_anomaly(d->w, &rules[A_SIGN + GH_SIGN_ENCODED], d->off, d->i - d->off,
			   "in \"%s\": program text in base64 or hex", gh_safe(key).s);
	return rc;
}

static enum gh_rc on_string(struct doc *d, struct gh_span field, bool item)
{
	struct gh_span text = { d->str, d->str_n },
		       holder = d->depth > 0 ? d->frame[d->depth - 1] : (struct gh_span){ 0 };
	uint64_t len = d->i - d->off;
	if (d->w == NULL)
		return GH_OK;
	if (d->str_cut) /* longer than any path or name */
		return gh_fail(d->w->err, GH_E_LIMIT, "a string of more than %d bytes", (int)STRING);
	if (gh_span_is(field, "key")) { /* of a map: the name of the value that comes */
		d->key = gh_keep(d->w->arena, text);
		return GH_OK;
	}
	struct gh_span name = gh_span_is(field, "string_value") || gh_span_is(field, "value") ? d->key : field;
	struct gh_setting v = { .key = name,
				.holder = holder,
				.top = d->depth > 0 ? d->frame[0] : holder,
				.text = text,
				.item = item,
				.off = d->off,
				.len = len };
	enum gh_rc rc = gh_setting(&d->settings, &v);
	if (rc != GH_OK || text.n < 8 || d->shown++ >= SHOWN)
		return rc;
	if (d->signs < 16 && gh_signs_report(d->w, rules, A_SIGN, name, text, d->off, len) != 0)
		d->signs++;
	if (text.n >= LONG_TEXT)
		GH_TRY(encoded(d, name, text), d->w->err, "text");
	struct gh_text t = { .role = "configuration", .key = name, .text = text };
	return gh_emit(d->w, GH_EV_TEXT, d->off, len, &t);
}

static bool of_triton(struct gh_span s)
{
	static const char *const fields[] = { "name",
					      "platform",
					      "backend",
					      "version_policy",
					      "max_batch_size",
					      "input",
					      "output",
					      "batch_input",
					      "batch_output",
					      "optimization",
					      "dynamic_batching",
					      "sequence_batching",
					      "ensemble_scheduling",
					      "instance_group",
					      "default_model_filename",
					      "cc_model_filenames",
					      "metric_tags",
					      "parameters",
					      "model_warmup",
					      "model_operations",
					      "model_transaction_policy",
					      "model_repository_agents",
					      "response_cache",
					      "model_metrics",
					      "runtime" };
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (gh_span_is(s, fields[i]))
			return true;
	return false;
}

/* The fields of TensorFlow's messages may stand in any order: where these are, its reader knows better. */
static bool of_tensorflow(struct gh_span s)
{
	static const char *const fields[] = {
		"node", "node_def", "meta_graphs", "graph_def", "library", "meta_info_def"
	};
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (gh_span_is(s, fields[i]))
			return true;
	return false;
}

static void count(struct doc *d, struct gh_span field, bool message)
{
	if (d->depth != 0)
		return;
	d->fields++;
	d->messages += message;
	d->triton += of_triton(field);
	d->others += !of_triton(field);
	d->tensorflow = d->tensorflow || of_tensorflow(field);
}

/* `{` or `<` was read. */
static bool open_message(struct doc *d, struct gh_span field)
{
	if (d->depth == DEPTH)
		return false;
	d->closer[d->depth] = d->mark == '{' ? '}' : '>';
	d->frame[d->depth++] = field;
	return true;
}

/* The values of `field: [ … ]`. Lists of messages are entered like messages: their bracket is on the stack as well. */
static enum gh_rc list(struct doc *d, struct gh_span field, bool *bad)
{
	enum gh_rc rc = GH_OK;
	while (rc == GH_OK && next(d) != T_END && d->tok != T_BAD && !is(d, ']')) {
		if (d->tok == T_STRING)
			rc = on_string(d, field, true);
		else if (is(d, '{') || is(d, '<')) {
			*bad = d->depth + 1 >= DEPTH;
			if (*bad)
				return GH_OK;
			d->closer[d->depth] = ']';
			d->frame[d->depth++] = field;
			(void)open_message(d, field);
			return GH_OK;
		} else if (d->tok == T_MARK && d->mark != ',') {
			*bad = true;
			return GH_OK;
		}
	}
	*bad = !is(d, ']');
	return rc != GH_OK || d->w == NULL ? rc : gh_setting_list_end(&d->settings, d->i);
}

/* A bracket or brace ends. Behind a message of a list another one may come. */
static bool close(struct doc *d)
{
	if (d->depth == 0 || d->closer[d->depth - 1] != d->mark)
		return false;
	struct gh_span field = d->frame[--d->depth];
	if (d->mark == ']' || d->depth == 0 || d->closer[d->depth - 1] != ']')
		return true;
	(void)next(d);
	if (is(d, ','))
		(void)next(d);
	if (is(d, '{') || is(d, '<'))
		return open_message(d, field);
	return is(d, ']') && close(d);
}

/* "[type.googleapis.com/x.Y]" in the place of a name. */
static bool extension(struct doc *d)
{
	if (next(d) != T_WORD)
		return false;
	struct gh_span name = d->word;
	bool ok = next(d) == T_MARK && d->mark == ']';
	d->word = name;
	return ok;
}

static enum gh_rc field(struct doc *d, bool *bad)
{
	*bad = d->tok != T_WORD && !(is(d, '[') && extension(d));
	if (*bad)
		return GH_OK;
	struct gh_span name = d->word;
	bool colon = next(d) == T_MARK && d->mark == ':';
	if (colon)
		(void)next(d);
	if (is(d, '{') || is(d, '<')) {
		count(d, name, !colon);
		*bad = !open_message(d, name);
		return GH_OK;
	}
	count(d, name, is(d, '[') && !colon);
	if (is(d, '['))
		return list(d, name, bad);
	*bad = !colon || (d->tok != T_STRING && d->tok != T_WORD);
	return *bad || d->tok != T_STRING ? GH_OK : on_string(d, name, false);
}

/* To the end, or to what is no text format: then false. */
static enum gh_rc read_all(struct doc *d, bool *bad)
{
	*bad = false;
	while (next(d) != T_END) {
		if (d->tok == T_MARK && (d->mark == ',' || d->mark == ';'))
			continue;
		if (d->tok == T_MARK && d->mark != '[') {
			*bad = !close(d);
		} else {
			enum gh_rc rc = field(d, bad);
			if (rc != GH_OK)
				return rc;
		}
		if (*bad)
			return GH_OK;
	}
	*bad = d->depth != 0;
	return GH_OK;
}

/* ---- the row ----------------------------------------------------------------------------------------------------- */

static bool named(struct gh_span name)
{
	return gh_span_ends(name, ".pbtxt") || gh_span_ends(name, ".textproto") || gh_span_ends(name, ".txtpb");
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (w->src->size > (named(w->name) ? FILE_MAX : UNNAMED_MAX))
		return named(w->name) ? gh_fail(w->err, GH_E_LIMIT, "more than %u MiB", (unsigned)FILE_MAX >> 20)
				      : GH_E_NOTTHIS;
	struct gh_span text = gh_text_whole(w, FILE_MAX);
	struct doc *look = GH_NEW(w->arena, struct doc, 1), *d = GH_NEW(w->arena, struct doc, 1);
	bool bad;
	if (text.p == NULL || look == NULL || d == NULL)
		return gh_fail(w->err, w->src->fail != GH_OK ? w->src->fail : GH_E_LIMIT, "no room for the document");
	look->s = text;
	(void)read_all(look, &bad);
	bool triton = look->triton >= 2 && look->others == 0 && look->messages != 0;
	if (look->tensorflow && (named(w->name) || !bad))
		return gh_walk_as(w, &gh_fmt_tf_text);
	if (!named(w->name) ? bad || !triton : bad && look->fields + look->depth < 2)
		return GH_E_NOTTHIS;
	d->w = d->settings.w = w;
	d->members_left = 32;
	d->str = gh_alloc(w->arena, 1, STRING);
	if (d->str == NULL)
		return gh_fail(w->err, GH_E_LIMIT, "no memory");
	d->s = text;
	enum gh_rc rc = read_all(d, &bad);
	gh_claim(w, 0, bad || rc != GH_OK ? d->off : text.n, GH_CLAIM_STRUCT);
	if (rc != GH_OK || !bad)
		return rc;
	unsigned what = d->depth >= DEPTH - 1 ? A_DEEP : A_SYNTAX;
	gh_anomaly(w, &rules[what], d->off, 0, "at byte %zu", d->off);
	return gh_fail(w->err, GH_E_MALFORMED, "no text format at byte %zu", d->off);
}

/* A name and what may follow it; the walk reads all of it before it says anything. */
static enum gh_match probe(const struct gh_probe *p)
{
	struct doc d = { .s = p->head };
	/* Names of fields are those of C: "Content-Type: x" is a line of something else. */
	if (next(&d) != T_WORD || d.word.p[0] == '/' || memchr(d.word.p, '-', d.word.n) != NULL || d.word.p[0] == '.')
		return GH_NO;
	(void)next(&d);
	return is(&d, ':') || is(&d, '{') || is(&d, '[') || is(&d, '<') ? GH_TEXT : GH_NO;
}

const struct gh_fmt gh_fmt_pbtxt = {
	.name = "pbtxt",
	.about = "The text format of protobuf: Triton's configurations, label maps, pipelines",
	.exts = "pbtxt textproto txtpb",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
