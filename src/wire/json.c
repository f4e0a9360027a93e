#include "wire/json.h"

#include "base/utf8.h"

enum state { S_VALUE, S_FIRST_VALUE, S_FIRST_KEY, S_KEY, S_COLON, S_AFTER, S_DONE };
enum { ESCAPE = 12 }; /* longest escape: a surrogate pair */

struct gh_json gh_json(struct gh_span (*more)(void *ctx, uint64_t off), void *ctx, uint64_t start,
		       struct gh_arena *arena)
{
	return (struct gh_json){ .max_depth = GH_JSON_DEPTH,
				 .keep = arena != NULL ? GH_JSON_KEEP : GH_JSON_SMALL,
				 .tok = GH_JSON_NULL,
				 .more = more,
				 .ctx = ctx,
				 .arena = arena,
				 .base = start,
				 .start = start,
				 .keys = gh_recs(arena, GH_JSON_KEYS),
				 .state = S_VALUE };
}

struct gh_json gh_json_mem(struct gh_span s, struct gh_arena *arena)
{
	struct gh_json j = gh_json(NULL, NULL, 0, arena);
	j.w = s;
	return j;
}

static enum gh_json_tok bad(struct gh_json *j, const char *why)
{
	j->off = gh_json_pos(j);
	j->len = 0;
	j->why = why;
	return j->tok = GH_JSON_BAD;
}

/* Make the current position the start of a window. */
static bool refetch(struct gh_json *j)
{
	if (j->more == NULL)
		return j->at < j->w.n;
	j->base += j->at;
	j->at = 0;
	j->w = j->more(j->ctx, j->base);
	return j->w.n != 0;
}

static inline bool have(struct gh_json *j) { return j->at < j->w.n || refetch(j); }

/* At least n (<= 16) contiguous bytes, if the source still has them. */
static inline bool need(struct gh_json *j, size_t n)
{
	if (j->w.n - j->at < n)
		(void)refetch(j);
	return j->w.n - j->at >= n;
}

void gh_json_stale(struct gh_json *j)
{
	if (j->more == NULL)
		return;
	j->base += j->at;
	j->at = 0;
	j->w = (struct gh_span){ 0 };
}

/* ---- what lenient readers take --------------------------------------------------------------------------------- */

static void bend(struct gh_json *j, unsigned how)
{
	if (j->bent == 0)
		j->bent_off = gh_json_pos(j);
	j->bent |= how;
}

/* A comment at the position is passed over; one that does not end goes to the end of the source. */
static bool skip_comment(struct gh_json *j)
{
	uint8_t c = j->w.p[j->at], second = c == '/' && need(j, 2) ? j->w.p[j->at + 1] : 0;
	if (c != '#' && second != '/' && second != '*')
		return false;
	bend(j, GH_JSON_COMMENT);
	j->at += c == '#' ? 1 : 2;
	for (uint8_t before = 0; have(j); j->at++) {
		uint8_t now = j->w.p[j->at];
		if (second == '*' ? before == '*' && now == '/' : now == '\n' || now == '\r') {
			j->at += second == '*';
			return true;
		}
		before = now;
	}
	return true;
}

static bool bare_byte(uint8_t c)
{
	return c == '_' || c == '$' || c == '-' || c == '+' || c == '.' || (c >= '0' && c <= '9') ||
	       ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* A word without quotes, at most as long as `small`: its length, 0 when there is none or it is longer. */
static size_t bare_word(struct gh_json *j)
{
	size_t n = 0;
	while (have(j) && bare_byte(j->w.p[j->at]) && n < sizeof j->small) {
		j->small[n++] = j->w.p[j->at];
		j->at++;
	}
	if (n == sizeof j->small)
		n = 0;
	j->text = (struct gh_span){ j->small, n };
	j->full = j->len = n;
	return n;
}

static bool skip_space(struct gh_json *j)
{
	while (have(j)) {
		uint8_t c = j->w.p[j->at];
		if (j->lenient && (c == '/' || c == '#') && skip_comment(j))
			continue;
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return true;
		j->newline = j->newline || c == '\n' || c == '\r';
		j->at++;
	}
	return false;
}

/* ---- strings -------------------------------------------------------------------------------------------------- */

/* How many of the bytes stand for themselves inside a string; `other` ends it as well as a quote. A character cut by the end of the
 * span is not counted. */
static inline size_t plain_run(const uint8_t *p, size_t n, uint8_t other)
{
	const uint64_t ones = 0x0101010101010101u, high = ones << 7;
	size_t i = 0;
	for (;;) {
		for (; n - i >= 8; i += 8) {
			uint64_t v;
			memcpy(&v, p + i, 8);
			uint64_t quote = v ^ ones * '"', back = v ^ ones * '\\', more = v ^ ones * other;
			/* a byte with its top bit set, below 0x20, equal to a quote or to a backslash */
			if ((v | (v - ones * 0x20) | (quote - ones) | (back - ones) | (more - ones)) & high)
				break;
		}
		while (i < n && p[i] >= 0x20 && p[i] < 0x80 && p[i] != '"' && p[i] != '\\' && p[i] != other)
			if (++i % 8 == 0)
				break;
		if (i >= n || p[i] < 0x20 || p[i] == '"' || p[i] == '\\' || p[i] == other)
			return i;
		if (p[i] < 0x80)
			continue;
		uint32_t cp;
		unsigned len = gh_utf8_next((struct gh_span){ p + i, n - i }, &cp);
		if (len == 0)
			return i;
		i += len;
	}
}

static int hex4(const uint8_t *p)
{
	int v = 0;
	for (int i = 0; i < 4; i++) {
		uint8_t c = p[i];
		int d = c >= '0' && c <= '9'   ? c - '0'
			: c >= 'a' && c <= 'f' ? c - 'a' + 10
			: c >= 'A' && c <= 'F' ? c - 'A' + 10
					       : -1;
		if (d < 0)
			return -1;
		v = v << 4 | d;
	}
	return v;
}

/* Escapes of JavaScript: \\xHH is a character, anything else stands for itself. */
static unsigned lenient_escape(struct gh_json *j, uint8_t out[4])
{
	const uint8_t *p = j->w.p + j->at;
	uint32_t c = p[1];
	size_t take = 2;
	uint8_t digits[4] = { '0', '0' };
	if (c >= 0x80)
		return 0;
	if (c == 'x' && j->w.n - j->at >= 4) {
		memcpy(digits + 2, p + 2, 2);
		int v = hex4(digits);
		c = v < 0 ? c : (uint32_t)v;
		take = v < 0 ? 2 : 4;
	}
	bend(j, GH_JSON_QUOTE);
	j->at += take;
	return gh_utf8_put(c, out);
}

/* The escape at the position -> out[4]; its decoded length, 0 when it is none. */
static unsigned escape(struct gh_json *j, uint8_t out[4])
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	(void)need(j, ESCAPE);
	const uint8_t *p = j->w.p + j->at;
	size_t n = j->w.n - j->at;
	if (n < 2)
		return 0;
	const char *simple = memchr(from, p[1], sizeof from - 1);
	if (simple == NULL && j->lenient && p[1] != 'u')
		return lenient_escape(j, out);
	if (simple != NULL) {
		out[0] = (uint8_t)to[simple - from];
		j->at += 2;
		return 1;
	}
	int v = p[1] == 'u' && n >= 6 ? hex4(p + 2) : -1;
	if (v < 0)
		return 0;
	j->at += 6;
	uint32_t cp = (uint32_t)v;
	if (cp >= 0xd800 && cp < 0xdc00 && n >= 12 && p[6] == '\\' && p[7] == 'u') {
		int low = hex4(p + 8);
		if (low >= 0xdc00 && low < 0xe000) {
			cp = 0x10000 + ((cp - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
			j->at += 6;
		}
	}
	if (cp >= 0xd800 && cp < 0xe000) {
		j->lone++;
		cp = 0xfffd;
	}
	return gh_utf8_put(cp, out);
}

enum piece { P_BROKEN, P_BYTES, P_ESCAPE, P_END };

/* The next piece of the string we are in. out: a run of the window, or the bytes of an escape in esc. */
static enum piece next_piece(struct gh_json *j, uint8_t esc[4], struct gh_span *out)
{
	if (!have(j)) {
		(void)bad(j, "the string does not end");
		return P_BROKEN;
	}
	size_t run = plain_run(j->w.p + j->at, j->w.n - j->at, j->quote);
	if (run == 0 && j->w.p[j->at] >= 0x80) { /* perhaps only cut by the window */
		(void)need(j, 4);
		run = plain_run(j->w.p + j->at, j->w.n - j->at, j->quote);
	}
	if (j->at >= j->w.n) { /* the source failed */
		(void)bad(j, "the bytes could not be read");
		return P_BROKEN;
	}
	uint8_t c = j->w.p[j->at];
	if (run == 0 && c == j->quote) {
		j->at++;
		return P_END;
	}
	if (run == 0 && j->lenient && c != '\\' && c != 0 && c < 0x80) { /* a control character, or the other quote */
		bend(j, GH_JSON_QUOTE);
		run = 1;
	}
	if (run != 0) {
		*out = (struct gh_span){ j->w.p + j->at, run };
		j->at += run;
		return P_BYTES;
	}
	switch (c) {
	case '\\': {
		unsigned n = escape(j, esc);
		*out = (struct gh_span){ esc, n };
		if (n != 0)
			return P_ESCAPE;
		(void)bad(j, "an escape that JSON does not have");
		return P_BROKEN;
	}
	default:
		(void)bad(j, j->w.p[j->at] < 0x20 ? "a control character in a string" : "a string is not valid UTF-8");
		return P_BROKEN;
	}
}

/* Everything but the simple case: escapes, several windows. The first piece was taken already. */
static bool string_slow(struct gh_json *j, struct gh_span first, uint64_t *hash)
{
	uint8_t *room = j->small;
	size_t cap = j->keep < sizeof j->small ? j->keep : sizeof j->small;
	if (j->keep > cap && j->arena != NULL) {
		if (j->room == NULL)
			j->room = gh_alloc(j->arena, j->keep, 1);
		if (j->room != NULL) {
			room = j->room;
			cap = j->keep;
		}
	}
	uint64_t h = GH_HASH_START, full = 0;
	size_t n = 0;
	uint8_t esc[4];
	enum piece what = P_BYTES;
	for (struct gh_span s = first; what != P_END; what = next_piece(j, esc, &s)) {
		if (what == P_BROKEN)
			return false;
		j->plain = j->plain && what != P_ESCAPE;
		size_t fit = s.n < cap - n ? s.n : cap - n;
		if (fit < s.n && n < cap) /* cut between characters, not inside one */
			while (fit > 0 && (s.p[fit] & 0xc0) == 0x80)
				fit--;
		if (fit != 0)
			memcpy(room + n, s.p, fit);
		if (fit < s.n)
			cap = n + fit;
		n += fit;
		full += s.n;
		h = hash != NULL ? gh_hash(h, s) : h;
	}
	j->text = (struct gh_span){ room, n };
	j->full = full;
	if (hash != NULL)
		*hash = h;
	return true;
}

static enum gh_json_tok string(struct gh_json *j, enum gh_json_tok tok, uint64_t *hash)
{
	j->quote = j->w.p[j->at];
	j->at++; /* the quote */
	j->plain = true;
	struct gh_span s = { 0 };
	if (j->quote != '"')
		bend(j, GH_JSON_QUOTE);
	else if (have(j)) {
		s = (struct gh_span){ j->w.p + j->at, plain_run(j->w.p + j->at, j->w.n - j->at, '"') };
		j->at += s.n;
	}
	if (s.p != NULL && j->at < j->w.n && j->w.p[j->at] == '"') {
		j->at++;
		j->text = s;
		j->full = s.n;
		if (j->text.n > j->keep) {
			j->text.n = j->keep;
			while (j->text.n > 0 && (s.p[j->text.n] & 0xc0) == 0x80)
				j->text.n--;
		}
		if (hash != NULL)
			*hash = gh_hash(GH_HASH_START, s);
	} else if (!string_slow(j, s, hash)) {
		return GH_JSON_BAD;
	}
	j->len = gh_json_pos(j) - j->off;
	return j->tok = tok;
}

void gh_json_string_open(struct gh_json *j)
{
	j->quote = '"';
	if (have(j) && (j->w.p[j->at] == '"' || (j->lenient && j->w.p[j->at] == '\''))) {
		j->quote = j->w.p[j->at];
		j->at++;
	} else
		(void)bad(j, "no string here");
}

bool gh_json_string_piece(struct gh_json *j, struct gh_span *piece)
{
	if (j->tok == GH_JSON_BAD || j->tok == GH_JSON_END)
		return false;
	enum piece what = next_piece(j, j->small, piece);
	if (what == P_END)
		j->tok = GH_JSON_END;
	return what == P_BYTES || what == P_ESCAPE;
}

/* ---- numbers and words ----------------------------------------------------------------------------------------- */

enum num { N_START, N_MINUS, N_ZERO, N_INT, N_DOT, N_FRAC, N_E, N_SIGN, N_EXP, N_STOP };

static enum num num_step(enum num st, uint8_t c)
{
	bool digit = c >= '0' && c <= '9', e = c == 'e' || c == 'E';
	switch (st) {
	case N_START:
		if (c == '-')
			return N_MINUS;
		/* fall through */
	case N_MINUS: return c == '0' ? N_ZERO : digit ? N_INT : N_STOP;
	case N_INT:
		if (digit)
			return N_INT;
		/* fall through */
	case N_ZERO: return c == '.' ? N_DOT : e ? N_E : N_STOP;
	case N_DOT: return digit ? N_FRAC : N_STOP;
	case N_FRAC: return digit ? N_FRAC : e ? N_E : N_STOP;
	case N_E:
		if (c == '+' || c == '-')
			return N_SIGN;
		/* fall through */
	case N_SIGN:
	case N_EXP: return digit ? N_EXP : N_STOP;
	case N_STOP: break;
	}
	return N_STOP;
}

static enum gh_json_tok number(struct gh_json *j)
{
	enum num st = N_START, to;
	size_t kept = 0;
	uint64_t n = 0;
	const size_t from = j->at;
	const uint64_t window = j->base;
	while (have(j) && (to = num_step(st, j->w.p[j->at])) != N_STOP) {
		if (kept < sizeof j->small)
			j->small[kept++] = j->w.p[j->at];
		n++;
		j->at++;
		st = to;
	}
	if (st != N_ZERO && st != N_INT && st != N_FRAC && st != N_EXP)
		return bad(j, "not a number");
	if (j->base == window && j->more == NULL)
		j->text = (struct gh_span){ j->w.p + from, (size_t)n };
	else
		j->text = (struct gh_span){ j->small, kept };
	j->full = j->len = n;
	return j->tok = GH_JSON_NUMBER;
}

static enum gh_json_tok word(struct gh_json *j)
{
	static const struct {
		const char *text;
		enum gh_json_tok tok;
		bool odd;
	} words[] = {
		{ "true", GH_JSON_TRUE, false },      { "false", GH_JSON_FALSE, false },
		{ "null", GH_JSON_NULL, false },      { "NaN", GH_JSON_NUMBER, true },
		{ "Infinity", GH_JSON_NUMBER, true }, { "-Infinity", GH_JSON_NUMBER, true },
	};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
		size_t n = strlen(words[i].text);
		if ((words[i].odd && !j->accept_nan) || !need(j, n) || memcmp(j->w.p + j->at, words[i].text, n) != 0)
			continue;
		j->at += n;
		j->text = gh_span_str(words[i].text);
		j->full = j->len = n;
		j->odd = words[i].odd;
		return j->tok = words[i].tok;
	}
	return have(j) && j->w.p[j->at] == '-' ? number(j) : bad(j, "no JSON value");
}

/* Words of Python and JavaScript; numbers with a sign, a bare point or in hexadecimal. */
static enum gh_json_tok bent_word(struct gh_json *j)
{
	static const struct {
		const char *text;
		enum gh_json_tok tok;
	} words[] = { { "True", GH_JSON_TRUE },	     { "False", GH_JSON_FALSE },      { "None", GH_JSON_NULL },
		      { "undefined", GH_JSON_NULL }, { "+Infinity", GH_JSON_NUMBER }, { "nan", GH_JSON_NUMBER },
		      { "inf", GH_JSON_NUMBER } };
	uint8_t c = j->w.p[j->at];
	bool digits = need(j, 2) && (c == '+' || c == '.' || c == '-' || (j->w.p[j->at + 1] | 0x20) == 'x');
	bend(j, GH_JSON_BARE);
	if (bare_word(j) == 0)
		return bad(j, "no JSON value");
	j->odd = true;
	if (digits)
		return j->tok = GH_JSON_NUMBER;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gh_span_is(j->text, words[i].text))
			return j->tok = words[i].tok;
	return bad(j, "no JSON value");
}

/* Is what stands here a word or a number that only lenient readers take? */
static bool bent_value(struct gh_json *j, uint8_t c)
{
	if (!j->lenient || !need(j, 2))
		return false;
	uint8_t next = j->w.p[j->at + 1];
	if (c == 'T' || c == 'F' || c == 'u' || c == '+' || c == '.' || (c == '0' && (next | 0x20) == 'x'))
		return true;
	return (c == '-' && (next == '.' || next == '0') && need(j, 3) && (j->w.p[j->at + 2] | 0x20) == 'x') ||
	       (c == '-' && next == '.') || (c == 'N' && next == 'o') || (c == 'n' && next == 'a') ||
	       (c == 'i' && next == 'n');
}

bool gh_json_u64(const struct gh_json *j, uint64_t *out)
{
	if (j->tok != GH_JSON_NUMBER || j->text.n == 0 || j->text.n != j->full || j->text.n > 20)
		return false;
	uint64_t v = 0;
	for (size_t i = 0; i < j->text.n; i++) {
		unsigned d = (unsigned)j->text.p[i] - '0';
		if (d > 9 || __builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, d, &v))
			return false;
	}
	*out = v;
	return true;
}

/* ---- structure --------------------------------------------------------------------------------------------------- */

static bool in_object(const struct gh_json *j)
{
	unsigned top = j->level - 1;
	return (j->is_object[top / 8] >> top % 8 & 1) != 0;
}

static enum gh_json_tok open_level(struct gh_json *j, bool object)
{
	if (j->level >= j->max_depth || j->level >= GH_JSON_DEPTH) {
		j->limit = true;
		return bad(j, "nested too deeply");
	}
	uint8_t bit = (uint8_t)(1u << j->level % 8);
	uint8_t *byte = &j->is_object[j->level / 8];
	*byte = (uint8_t)(object ? *byte | bit : *byte & ~bit);
	j->key_base[j->level] = (uint32_t)j->keys.n; /* <= GH_JSON_KEYS */
	j->level++;
	j->at++;
	j->len = 1;
	j->state = object ? S_FIRST_KEY : S_FIRST_VALUE;
	return j->tok = object ? GH_JSON_OBJECT : GH_JSON_ARRAY;
}

static void find_duplicates(struct gh_json *j)
{
	size_t from = j->key_base[j->level - 1];
	gh_recs_sort(&j->keys, from);
	for (size_t i = from + 1; i < j->keys.n; i++) {
		const struct gh_rec *r = gh_recs_at(&j->keys, i);
		if (r->a != gh_recs_at(&j->keys, i - 1)->a)
			continue;
		if (!j->duplicate || r->b < j->dup_off)
			j->dup_off = r->b;
		j->duplicate = true;
	}
	j->duplicates += j->duplicate;
	gh_recs_cut(&j->keys, from);
}

static enum gh_json_tok close_level(struct gh_json *j)
{
	bool object = in_object(j);
	if (object)
		find_duplicates(j);
	j->level--;
	j->depth = j->level;
	j->at++;
	j->len = 1;
	j->state = j->level == 0 ? S_DONE : S_AFTER;
	return j->tok = object ? GH_JSON_OBJECT_END : GH_JSON_ARRAY_END;
}

static enum gh_json_tok value(struct gh_json *j, uint8_t c)
{
	if (c == '{' || c == '[')
		return open_level(j, c == '{');
	j->state = j->level == 0 ? S_DONE : S_AFTER;
	if (c == '"' || (c == '\'' && j->lenient))
		return string(j, GH_JSON_STRING, NULL);
	if (bent_value(j, c))
		return bent_word(j);
	if (c >= '0' && c <= '9')
		return number(j);
	return word(j);
}

static enum gh_json_tok key(struct gh_json *j)
{
	uint64_t hash = 0;
	uint8_t c = j->w.p[j->at];
	if (c == '"' || c == '\'') {
		if (string(j, GH_JSON_KEY, &hash) == GH_JSON_BAD)
			return GH_JSON_BAD;
	} else {
		bend(j, GH_JSON_BARE);
		if (bare_word(j) == 0)
			return bad(j, "no key where one must be");
		hash = gh_hash(GH_HASH_START, j->text);
		j->tok = GH_JSON_KEY;
	}
	if (j->arena != NULL && !gh_recs_add(&j->keys, (struct gh_rec){ gh_hash_end(hash), j->off, 0 }))
		j->unwatched++;
	j->state = S_COLON;
	return j->tok;
}

static void byte_order_mark(struct gh_json *j)
{
	if (need(j, 3) && memcmp(j->w.p + j->at, "\xef\xbb\xbf", 3) == 0) {
		j->at += 3;
		j->bom = true;
	}
}

enum gh_json_tok gh_json_next(struct gh_json *j)
{
	if (j->tok == GH_JSON_BAD)
		return GH_JSON_BAD;
	if (j->tokens == 0 && gh_json_pos(j) == j->start)
		byte_order_mark(j);
	j->newline = j->duplicate = j->odd = false;
	j->text = (struct gh_span){ 0 };
	j->full = 0;
	for (;;) {
		bool some = skip_space(j);
		j->off = gh_json_pos(j);
		j->depth = j->level;
		if (j->state == S_DONE) {
			j->len = 0;
			return j->tok = GH_JSON_END;
		}
		if (!some)
			return bad(j, j->level == 0 ? "no value" : "ends inside a value");
		uint8_t c = j->w.p[j->at];
		j->tokens++;
		switch ((enum state)j->state) {
		case S_FIRST_VALUE:
			if (c == ']')
				return close_level(j);
			return value(j, c);
		case S_VALUE: return value(j, c);
		case S_FIRST_KEY:
			if (c == '}')
				return close_level(j);
			/* fall through */
		case S_KEY:
			return c == '"' || (j->lenient && (c == '\'' || bare_byte(c)))
				       ? key(j)
				       : bad(j, "no key where one must be");
		case S_COLON:
			if (c != ':')
				return bad(j, "no colon after a key");
			j->at++;
			j->tokens--;
			j->state = S_VALUE;
			continue;
		case S_AFTER:
			if (c == (in_object(j) ? '}' : ']'))
				return close_level(j);
			if (c != ',' && !(j->lenient && (c == '"' || c == '\'' || c == '{' || c == '[')))
				return bad(j, "neither a comma nor the end of the array or object");
			j->state = in_object(j) ? S_KEY : S_VALUE;
			if (c != ',')
				bend(j, GH_JSON_COMMA);
			else
				j->at++;
			j->tokens--;
			if (c == ',' && j->lenient && skip_space(j) && j->w.p[j->at] == (in_object(j) ? '}' : ']')) {
				bend(j, GH_JSON_COMMA);
				j->state = S_AFTER;
			}
			continue;
		case S_DONE: return j->tok = GH_JSON_END;
		}
	}
}

bool gh_json_left(struct gh_json *j) { return have(j); }

void gh_json_again(struct gh_json *j)
{
	if (j->tok == GH_JSON_END)
		j->state = S_VALUE;
}

enum gh_json_tok gh_json_skip(struct gh_json *j)
{
	unsigned level = j->level;
	if (j->tok != GH_JSON_OBJECT && j->tok != GH_JSON_ARRAY)
		return j->tok;
	while (gh_json_next(j) != GH_JSON_BAD && j->level >= level)
		;
	return j->tok;
}
