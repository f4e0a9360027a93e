#include "wire/xml.h"

#include "base/utf8.h"
#include "wire/recs.h"

enum { CHUNK = 16 << 10, REFERENCE = 64 };

void gh_xml_open(struct gh_xml *x, struct gh_span (*more)(void *ctx, uint64_t off, size_t want), void *ctx)
{
	*x = (struct gh_xml){ .more = more, .ctx = ctx, .tok = GH_XML_END };
}

static enum gh_xml_tok bad(struct gh_xml *x, uint64_t off, const char *why)
{
	x->off = off;
	x->len = 0;
	x->why = why;
	return x->tok = GH_XML_BAD;
}

static enum gh_xml_tok give(struct gh_xml *x, enum gh_xml_tok tok, size_t len)
{
	x->off = x->pos;
	x->len = len;
	x->pos += len;
	return x->tok = tok;
}

static bool blank(uint8_t c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
static bool name_start(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || c >= 0x80;
}
static bool name_char(uint8_t c) { return name_start(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; }

static size_t skip_blank(struct gh_span s, size_t i)
{
	while (i < s.n && blank(s.p[i]))
		i++;
	return i;
}

/* The name at s[*i]; moves behind it. Empty: there is none. */
static struct gh_span take_name(struct gh_span s, size_t *i)
{
	size_t from = *i;
	if (from >= s.n || !name_start(s.p[from]))
		return (struct gh_span){ 0 };
	while (*i < s.n && name_char(s.p[*i]))
		(*i)++;
	return gh_span_cut(s, from, *i - from);
}

/* The quoted literal at s[*i]; moves behind it. p == NULL: there is none. */
static struct gh_span take_literal(struct gh_span s, size_t *i)
{
	if (*i >= s.n || (s.p[*i] != '"' && s.p[*i] != '\''))
		return (struct gh_span){ 0 };
	const uint8_t *end = memchr(s.p + *i + 1, s.p[*i], s.n - *i - 1);
	if (end == NULL)
		return (struct gh_span){ 0 };
	struct gh_span v = { s.p + *i + 1, (size_t)(end - s.p) - *i - 1 };
	*i = (size_t)(end - s.p) + 1;
	return v;
}

static uint64_t hash(struct gh_span s) { return gh_hash_end(gh_hash(GH_HASH_START, s)); }

/* From x->pos to the `>` that is not in quotes, or, of a document type, to `[` or `>`. Empty: there is no end. */
static struct gh_span markup(struct gh_xml *x, bool doctype)
{
	size_t at = 0;
	uint8_t quote = 0;
	for (size_t want = CHUNK;; want *= 4) {
		if (want > GH_XML_TAG)
			want = GH_XML_TAG;
		struct gh_span w = x->more(x->ctx, x->pos, want);
		for (; at < w.n; at++) {
			uint8_t c = w.p[at];
			if (quote != 0)
				quote = c == quote ? 0 : quote;
			else if (c == '"' || c == '\'')
				quote = c;
			else if (c == '>' || (doctype && c == '['))
				return gh_span_cut(w, 0, at + 1);
		}
		if (w.n < want || want == GH_XML_TAG) {
			x->limit = w.n == GH_XML_TAG;
			return (struct gh_span){ 0 };
		}
	}
}

/* ---- elements ------------------------------------------------------------------------------------------------------ */

static bool attrs_are_fine(struct gh_span s)
{
	size_t at = 0, n = 0;
	uint64_t seen[GH_XML_ATTRS];
	for (;;) {
		size_t from = at;
		at = skip_blank(s, at);
		if (at == s.n)
			return true;
		struct gh_span name = take_name(s, &at);
		if (name.n == 0 || from == skip_blank(s, from))
			return false; /* no name, or no blank before it */
		at = skip_blank(s, at);
		if (at >= s.n || s.p[at] != '=')
			return false;
		at = skip_blank(s, at + 1);
		struct gh_span v = take_literal(s, &at);
		if (v.p == NULL || (v.n != 0 && memchr(v.p, '<', v.n) != NULL) || ++n > GH_XML_ATTRS)
			return false;
		uint64_t h = hash(name);
		for (size_t i = 0; i < n - 1; i++)
			if (seen[i] == h)
				return false;
		seen[n - 1] = h;
	}
}

static enum gh_xml_tok end_tag(struct gh_xml *x, struct gh_span m)
{
	size_t at = 2;
	x->name = take_name(m, &at);
	if (x->name.n == 0 || skip_blank(m, at) != m.n - 1)
		return bad(x, x->pos, "an end tag that is none");
	if (x->depth == 0 || x->open[x->depth - 1] != hash(x->name))
		return bad(x, x->pos, "an end tag that matches no start tag");
	x->depth--;
	return give(x, GH_XML_END_TAG, m.n);
}

static enum gh_xml_tok start_tag(struct gh_xml *x, struct gh_span m)
{
	size_t at = 1;
	x->name = take_name(m, &at);
	if (x->name.n == 0)
		return bad(x, x->pos, "a < that starts no tag");
	x->empty = m.p[m.n - 2] == '/';
	x->attrs = gh_span_cut(m, at, m.n - at - 1 - x->empty);
	if (at > m.n - 1 - x->empty || !attrs_are_fine(x->attrs))
		return bad(x, x->pos, "a tag whose attributes are malformed");
	if (x->depth == 0 && x->rooted)
		return bad(x, x->pos, "a second root element");
	if (x->depth == GH_XML_DEPTH) {
		x->limit = true;
		return bad(x, x->pos, "elements nested too deeply");
	}
	x->rooted = true;
	x->open[x->depth] = hash(x->name);
	x->closes = x->empty;
	x->opens = !x->empty;
	return give(x, GH_XML_START, m.n);
}

bool gh_xml_attr(const struct gh_xml *x, size_t *at, struct gh_span *name, struct gh_span *value)
{
	*at = skip_blank(x->attrs, *at);
	*name = take_name(x->attrs, at);
	if (name->n == 0)
		return false;
	*at = skip_blank(x->attrs, *at);
	*at = skip_blank(x->attrs, *at + 1);
	*value = take_literal(x->attrs, at);
	return value->p != NULL;
}

/* ---- what comes in pieces -------------------------------------------------------------------------------------------- */

/* A piece of a comment, CDATA section or instruction, whose content starts at x->pos and ends with `end`. */
static enum gh_xml_tok piece(struct gh_xml *x, enum gh_xml_tok tok, const char *end, bool *open, size_t lead)
{
	size_t n = strlen(end);
	struct gh_span w = x->more(x->ctx, x->pos, GH_XML_PIECE + 64);
	struct gh_span in = gh_span_cut(w, lead, w.n);
	const uint8_t *stop = in.n < n ? NULL : memmem(in.p, in.n, end, n);
	if (stop == NULL && w.n < GH_XML_PIECE + 64)
		return bad(x, x->pos, "a comment, section or instruction without an end");
	*open = stop == NULL;
	size_t len = stop == NULL ? in.n - 8 : (size_t)(stop - in.p); /* the end may be cut */
	x->value = gh_span_cut(in, 0, len);
	return give(x, tok, lead + len + (stop == NULL ? 0 : n));
}

static enum gh_xml_tok text(struct gh_xml *x, struct gh_span w, bool last)
{
	const uint8_t *lt = memchr(w.p, '<', w.n);
	size_t n = lt == NULL ? w.n : (size_t)(lt - w.p);
	if (lt == NULL && !last) { /* do not cut a reference or a character */
		const uint8_t *amp = n > REFERENCE ? memrchr(w.p + n - REFERENCE, '&', REFERENCE) : NULL;
		if (amp != NULL && memchr(amp, ';', (size_t)(w.p + n - amp)) == NULL)
			n = (size_t)(amp - w.p);
		while (n > 1 && (w.p[n - 1] & 0xc0) == 0x80)
			n--;
		n -= n > 1 && w.p[n - 1] >= 0xc0;
	}
	x->value = gh_span_cut(w, 0, n);
	if (x->depth == 0 && skip_blank(x->value, 0) != n)
		return bad(x, x->pos, "text outside of the root element");
	return give(x, GH_XML_TEXT, n);
}

/* ---- document type ----------------------------------------------------------------------------------------------------- */

/* SYSTEM "x" or PUBLIC "p" "x" at m[*at], if any; false when it is malformed. */
static bool external_id(struct gh_xml *x, struct gh_span m, size_t *at)
{
	struct gh_span rest = gh_span_cut(m, *at, m.n);
	bool public = gh_span_starts(rest, "PUBLIC");
	x->external = public || gh_span_starts(rest, "SYSTEM");
	if (!x->external)
		return true;
	*at = skip_blank(m, *at + 6);
	x->value = take_literal(m, at);
	if (x->value.p == NULL)
		return false;
	size_t next = skip_blank(m, *at);
	struct gh_span second = public ? take_literal(m, &next) : (struct gh_span){ 0 };
	if (second.p != NULL) { /* HTML leaves it out */
		x->value = second;
		*at = next;
	}
	return true;
}

static enum gh_xml_tok doctype(struct gh_xml *x)
{
	struct gh_span m = markup(x, true);
	size_t at = skip_blank(m, 9);
	x->name = take_name(m, &at);
	at = skip_blank(m, at);
	if (m.n == 0 || x->name.n == 0 || x->rooted || !external_id(x, m, &at) || skip_blank(m, at) != m.n - 1)
		return bad(x, x->pos, "a document type that is malformed");
	x->subset = m.p[m.n - 1] == '[';
	return give(x, GH_XML_DOCTYPE, m.n);
}

static enum gh_xml_tok entity(struct gh_xml *x, struct gh_span m)
{
	size_t at = skip_blank(m, 8);
	x->parameter = at < m.n && m.p[at] == '%';
	if (x->parameter)
		at = skip_blank(m, at + 1);
	x->name = take_name(m, &at);
	at = skip_blank(m, at);
	if (x->name.n == 0 || !external_id(x, m, &at))
		return bad(x, x->pos, "an entity declaration that is malformed");
	if (!x->external) {
		x->value = take_literal(m, &at);
		if (x->value.p == NULL || skip_blank(m, at) != m.n - 1)
			return bad(x, x->pos, "an entity declaration that is malformed");
	}
	return give(x, GH_XML_ENTITY, m.n); /* NDATA may follow an external one: it does not matter */
}

static enum gh_xml_tok in_subset(struct gh_xml *x)
{
	struct gh_span w = x->more(x->ctx, x->pos, CHUNK);
	size_t n = skip_blank(w, 0);
	if (n == w.n && n == CHUNK)
		return bad(x, x->pos, "a long blank in the document type");
	x->pos += n;
	w = gh_span_cut(w, n, w.n);
	if (w.n == 0)
		return bad(x, x->pos, "a document type without an end");
	if (w.p[0] == ']') {
		n = skip_blank(w, 1);
		if (n >= w.n || w.p[n] != '>')
			return bad(x, x->pos, "a document type without an end");
		x->subset = false;
		x->pos += n + 1;
		return gh_xml_next(x);
	}
	if (w.p[0] == '%') {
		size_t at = 1;
		x->name = take_name(w, &at);
		if (x->name.n == 0 || at >= w.n || w.p[at] != ';')
			return bad(x, x->pos, "a parameter reference that is malformed");
		return give(x, GH_XML_PE_REFERENCE, at + 1);
	}
	if (gh_span_starts(w, "<!--"))
		return piece(x, GH_XML_COMMENT, "-->", &x->piece_comment, 4);
	if (gh_span_starts(w, "<?"))
		return piece(x, GH_XML_PI, "?>", &x->piece_pi, 2);
	if (!gh_span_starts(w, "<!"))
		return bad(x, x->pos, "something in the document type that is no declaration");
	struct gh_span m = markup(x, false);
	if (m.n == 0)
		return bad(x, x->pos, "a declaration without an end");
	if (gh_span_starts(m, "<!ENTITY"))
		return entity(x, m);
	x->external = memmem(m.p, m.n, "SYSTEM", 6) != NULL || memmem(m.p, m.n, "PUBLIC", 6) != NULL;
	x->value = m;
	return give(x, GH_XML_DECLARATION, m.n);
}

/* ---- the next token ---------------------------------------------------------------------------------------------------- */

static enum gh_xml_tok instruction(struct gh_xml *x, struct gh_span w)
{
	size_t at = 2;
	struct gh_span target = take_name(w, &at);
	if (target.n == 0)
		return bad(x, x->pos, "a processing instruction without a name");
	bool decl = gh_span_is(target, "xml");
	if (decl && x->pos > 3)
		return bad(x, x->pos, "an XML declaration that is not at the start");
	enum gh_xml_tok t = piece(x, decl ? GH_XML_DECL : GH_XML_PI, "?>", &x->piece_pi, 2);
	at = 0;
	if (t != GH_XML_BAD) {
		x->name = take_name(x->value, &at);
		x->value = gh_span_cut(x->value, at, x->value.n);
	}
	return t;
}

static enum gh_xml_tok markup_at(struct gh_xml *x, struct gh_span w)
{
	if (gh_span_starts(w, "<?"))
		return instruction(x, w);
	if (gh_span_starts(w, "<!--"))
		return piece(x, GH_XML_COMMENT, "-->", &x->piece_comment, 4);
	if (gh_span_starts(w, "<![CDATA[")) {
		if (x->depth == 0)
			return bad(x, x->pos, "text outside of the root element");
		return piece(x, GH_XML_CDATA, "]]>", &x->piece_cdata, 9);
	}
	if (gh_span_starts(w, "<!DOCTYPE"))
		return doctype(x);
	struct gh_span m = markup(x, false);
	if (m.n < 3)
		return bad(x, x->pos, x->limit ? "a tag that is too long" : "a tag without an end");
	return m.p[1] == '/' ? end_tag(x, m) : start_tag(x, m);
}

enum gh_xml_tok gh_xml_next(struct gh_xml *x)
{
	if (x->tok == GH_XML_BAD)
		return GH_XML_BAD;
	x->name = x->value = (struct gh_span){ 0 };
	x->external = x->parameter = false;
	x->depth += x->opens;
	x->opens = false;
	if (x->closes) { /* of <name/> */
		x->closes = false;
		return give(x, GH_XML_END_TAG, 0);
	}
	if (x->piece_comment)
		return piece(x, GH_XML_COMMENT, "-->", &x->piece_comment, 0);
	if (x->piece_cdata)
		return piece(x, GH_XML_CDATA, "]]>", &x->piece_cdata, 0);
	if (x->piece_pi)
		return piece(x, GH_XML_PI, "?>", &x->piece_pi, 0);
	if (x->subset)
		return in_subset(x);
	struct gh_span w = x->more(x->ctx, x->pos, CHUNK);
	if (x->pos == 0 && gh_span_starts(w, "\xef\xbb\xbf")) {
		x->pos = 3;
		w = gh_span_cut(w, 3, w.n);
	}
	if (w.n == 0) {
		if (x->depth != 0 || !x->rooted)
			return bad(x, x->pos, x->rooted ? "it ends inside an element" : "no root element");
		return give(x, GH_XML_END, 0);
	}
	return w.p[0] == '<' ? markup_at(x, w) : text(x, w, w.n < CHUNK);
}

/* ---- values -------------------------------------------------------------------------------------------------------------- */

/* `&#65;` `&#x41;` `&lt;` at s: the length, and what it stands for; 0: something else. */
static size_t known_reference(struct gh_span s, uint8_t out[4], unsigned *n)
{
	static const struct {
		const char *name;
		uint8_t c;
	} five[] = { { "&lt;", '<' }, { "&gt;", '>' }, { "&amp;", '&' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	for (size_t i = 0; i < sizeof five / sizeof five[0]; i++)
		if (gh_span_starts(s, five[i].name)) {
			out[0] = five[i].c;
			*n = 1;
			return strlen(five[i].name);
		}
	if (!gh_span_starts(s, "&#"))
		return 0;
	bool hex = s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
	size_t at = hex ? 3 : 2, from = at;
	uint32_t cp = 0;
	for (; at < s.n && at - from < 8; at++) {
		uint8_t c = s.p[at], lower = c | 0x20;
		uint32_t d = c >= '0' && c <= '9'		   ? c - (uint32_t)'0'
			     : hex && lower >= 'a' && lower <= 'f' ? lower - 'a' + 10u
								   : 99;
		if (d == 99)
			break;
		cp = cp * (hex ? 16 : 10) + d;
	}
	if (at == from || at >= s.n || s.p[at] != ';' || cp > 0x10ffff || (cp >= 0xd800 && cp < 0xe000))
		return 0;
	*n = gh_utf8_put(cp, out);
	return at + 1;
}

size_t gh_xml_decode(struct gh_span s, uint8_t *out, size_t cap)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n;) {
		uint8_t c[4] = { s.p[i] };
		unsigned m = 1;
		size_t len = c[0] == '&' ? known_reference(gh_span_cut(s, i, 16), c, &m) : 0;
		if (n + m > cap)
			break;
		memcpy(out + n, c, m);
		n += m;
		i += len == 0 ? 1 : len;
	}
	return n;
}

bool gh_xml_reference(struct gh_span s, size_t *at, struct gh_span *name)
{
	while (*at < s.n) {
		const uint8_t *amp = memchr(s.p + *at, '&', s.n - *at);
		uint8_t c[4];
		unsigned m;
		if (amp == NULL)
			break;
		*at = (size_t)(amp - s.p);
		size_t len = known_reference(gh_span_cut(s, *at, 16), c, &m);
		if (len != 0) {
			*at += len;
			continue;
		}
		(*at)++;
		*name = take_name(s, at);
		if (name->n != 0 && *at < s.n && s.p[*at] == ';')
			return true;
	}
	return false;
}

struct gh_span gh_xml_local(struct gh_span name)
{
	const uint8_t *colon = name.n == 0 ? NULL : memrchr(name.p, ':', name.n);
	return colon == NULL ? name : gh_span_cut(name, (size_t)(colon - name.p) + 1, name.n);
}
