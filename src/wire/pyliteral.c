#include "wire/pyliteral.h"

#include "base/utf8.h"

#include <stdio.h>

/* What may come next in a container. */
enum want { WANT_VALUE, WANT_COMMA, WANT_COLON };

struct frame {
	uint32_t node, last;
	uint32_t commas;
	enum want want;
};

struct parser {
	struct gh_py *py;
	struct gh_span t;
	size_t at;
	struct gh_arena *arena;
	struct frame open[GH_PY_DEPTH];
	unsigned depth;
};

static enum gh_rc refuse(struct parser *p, const char *why)
{
	(void)snprintf(p->py->why, sizeof p->py->why, "%s", why);
	p->py->where = (uint32_t)p->at;
	return GH_E_MALFORMED;
}

static int look(const struct parser *p) { return p->at < p->t.n ? p->t.p[p->at] : -1; }

static void blank(struct parser *p)
{
	while (p->at < p->t.n &&
	       (p->t.p[p->at] == ' ' || (p->t.p[p->at] >= '\t' && p->t.p[p->at] <= '\r' && p->t.p[p->at] != '\v')))
		p->at++;
}

static struct gh_py_node *fresh(struct parser *p, enum gh_py_kind kind, uint32_t *index)
{
	struct gh_py *py = p->py;
	struct gh_py_node *grown = gh_grow(p->arena, py->node, &py->cap, py->n + 1, sizeof *grown);
	if (grown == NULL)
		return NULL;
	py->node = grown;
	*index = (uint32_t)py->n++;
	py->node[*index] =
		(struct gh_py_node){ .kind = kind, .off = (uint32_t)p->at, .next = GH_PY_NIL, .child = GH_PY_NIL };
	return &py->node[*index];
}

static int digit(int c, unsigned base)
{
	int v = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
	return v < (int)base ? v : -1;
}

static enum gh_rc number(struct parser *p, uint32_t *out)
{
	struct gh_py_node *n = fresh(p, GH_PY_INT, out);
	if (n == NULL)
		return GH_E_NOMEM;
	if (look(p) == '-' || look(p) == '+') {
		n->neg = look(p) == '-';
		p->at++;
		blank(p);
	}
	unsigned base = 10;
	size_t first = p->at;
	if (look(p) == '0' && p->at + 1 < p->t.n && (p->t.p[p->at + 1] | 32) == 'x') {
		base = 16;
		p->at += 2;
		first = p->at;
	}
	for (int d; (d = digit(look(p), base)) >= 0; p->at++)
		if (__builtin_mul_overflow(n->num, (uint64_t)base, &n->num) ||
		    __builtin_add_overflow(n->num, (uint64_t)d, &n->num) || n->big) {
			n->big = true;
			n->num = UINT64_MAX;
		}
	if (p->at == first)
		return refuse(p, "a number has no digits");
	if (base == 10 && p->t.p[first] == '0' && p->at - first > 1 && n->num != 0)
		return refuse(p, "a number starts with 0");
	if (look(p) == 'L')
		p->at++;
	int c = look(p);
	if (c == '.' || c == '_' || c >= 0x80 || digit(c, 10) >= 0 || ((c | 32) >= 'a' && (c | 32) <= 'z'))
		return refuse(p, "a number is not an integer");
	if (n->num == 0)
		n->neg = false;
	return GH_OK;
}

/* \xNN, \uNNNN or \ooo at p->at (after the backslash) into out; the bytes written, 0 when it is something else. */
static unsigned escape_code(struct parser *p, bool bytes, uint8_t out[4])
{
	int c = look(p);
	unsigned width = c == 'x' ? 2 : c == 'u' && !bytes ? 4 : 0;
	uint32_t v = 0;
	if (width != 0) {
		p->at++;
		for (unsigned i = 0; i < width; i++, p->at++) {
			int d = digit(look(p), 16);
			if (d < 0)
				return 0;
			v = v << 4 | (uint32_t)d;
		}
	} else {
		for (; width < 3 && digit(look(p), 8) >= 0; width++, p->at++)
			v = v << 3 | (uint32_t)digit(look(p), 8);
		if (width == 0 || v > 255)
			return 0;
	}
	if (bytes) {
		out[0] = (uint8_t)v;
		return 1;
	}
	return v >= 0xd800 && v <= 0xdfff ? 0 : gh_utf8_put(v, out);
}

static unsigned escape(struct parser *p, bool bytes, uint8_t out[4])
{
	static const char from[] = "\\'\"ntr", to[] = "\\'\"\n\t\r";
	int c = look(p);
	const char *hit = c > 0 ? strchr(from, c) : NULL;
	if (hit == NULL)
		return escape_code(p, bytes, out);
	out[0] = (uint8_t)to[hit - from];
	p->at++;
	return 1;
}

static enum gh_rc unescape(struct parser *p, struct gh_py_node *n, size_t from, size_t to)
{
	uint8_t *buf = gh_alloc(p->arena, to - from + 4, 1);
	if (buf == NULL)
		return GH_E_NOMEM;
	size_t made = 0;
	for (p->at = from; p->at < to;) {
		if (p->t.p[p->at] != '\\') {
			buf[made++] = p->t.p[p->at++];
			continue;
		}
		p->at++;
		unsigned k = escape(p, n->kind == GH_PY_BYTES, buf + made);
		if (k == 0)
			return refuse(p, "an escape sequence is unknown or broken");
		made += k; /* never longer than its source: \u07ff gives 2 bytes of 6, \377 gives 2 of 4 */
	}
	n->text = (struct gh_span){ buf, made };
	return GH_OK;
}

static enum gh_rc string(struct parser *p, uint32_t *out)
{
	enum gh_py_kind kind = (look(p) | 32) == 'b' ? GH_PY_BYTES : GH_PY_STR;
	struct gh_py_node *n = fresh(p, kind, out);
	if (n == NULL)
		return GH_E_NOMEM;
	if (look(p) != '\'' && look(p) != '"')
		p->at++;
	uint8_t quote = p->t.p[p->at++];
	size_t from = p->at;
	bool escapes = false;
	for (;; p->at++) {
		int c = look(p);
		if (c < 0 || c == '\n' || c == '\r' || c == 0)
			return refuse(p, "a string is not closed");
		if (c == quote)
			break;
		if (c == '\\') {
			escapes = true;
			p->at++;
			if (look(p) < 0)
				return refuse(p, "a string is not closed");
		}
	}
	size_t to = p->at;
	if (escapes) {
		enum gh_rc rc = unescape(p, n, from, to);
		if (rc != GH_OK)
			return rc;
	} else {
		n->text = (struct gh_span){ p->t.p + from, to - from };
	}
	p->at = to + 1;
	blank(p);
	int c = look(p);
	if (c == '\'' || c == '"')
		return refuse(p, "a string is triple-quoted or in several parts");
	return GH_OK;
}

static const struct {
	const char *word;
	enum gh_py_kind kind;
	uint64_t num;
} words[] = { { "None", GH_PY_NONE, 0 }, { "True", GH_PY_BOOL, 1 }, { "False", GH_PY_BOOL, 0 } };

static bool name_byte(int c)
{
	return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z');
}

static enum gh_rc word(struct parser *p, uint32_t *out)
{
	size_t end = p->at;
	while (end < p->t.n && name_byte(p->t.p[end]))
		end++;
	struct gh_span w = { p->t.p + p->at, end - p->at };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gh_span_is(w, words[i].word)) {
			struct gh_py_node *n = fresh(p, words[i].kind, out);
			if (n == NULL)
				return GH_E_NOMEM;
			n->num = words[i].num;
			p->at = end;
			return GH_OK;
		}
	return refuse(p, "something is neither a constant nor a container");
}

static enum gh_rc atom(struct parser *p, uint32_t *out)
{
	int c = look(p), c2 = p->at + 1 < p->t.n ? p->t.p[p->at + 1] : -1;
	if (c == '\'' || c == '"' || (((c | 32) == 'u' || (c | 32) == 'b') && (c2 == '\'' || c2 == '"')))
		return string(p, out);
	if (c == '-' || c == '+' || digit(c, 10) >= 0)
		return number(p, out);
	return word(p, out);
}

/* A value is complete: hang it into the container that is open, or make it the root. */
static void attach(struct parser *p, uint32_t v)
{
	if (p->depth == 0) {
		p->py->root = v;
		return;
	}
	struct frame *f = &p->open[p->depth - 1];
	struct gh_py_node *c = &p->py->node[f->node];
	if (f->last == GH_PY_NIL)
		c->child = v;
	else
		p->py->node[f->last].next = v;
	f->last = v;
	c->count++;
	f->want = c->kind == GH_PY_DICT && c->count % 2 == 1 ? WANT_COLON : WANT_COMMA;
}

static enum gh_rc open_one(struct parser *p)
{
	int c = look(p);
	if (p->depth == GH_PY_DEPTH) {
		(void)refuse(p, "nested too deeply");
		return GH_E_LIMIT;
	}
	uint32_t i;
	if (fresh(p, c == '(' ? GH_PY_TUPLE : c == '[' ? GH_PY_LIST : GH_PY_DICT, &i) == NULL)
		return GH_E_NOMEM;
	p->open[p->depth++] = (struct frame){ .node = i, .last = GH_PY_NIL, .want = WANT_VALUE };
	p->at++;
	return GH_OK;
}

static enum gh_rc close_one(struct parser *p)
{
	static const char closer[] = { [GH_PY_TUPLE] = ')', [GH_PY_LIST] = ']', [GH_PY_DICT] = '}' };
	if (p->depth == 0)
		return refuse(p, "a bracket closes nothing");
	struct frame *f = &p->open[p->depth - 1];
	struct gh_py_node *c = &p->py->node[f->node];
	if (look(p) != closer[c->kind])
		return refuse(p, "brackets do not match");
	if (f->want == WANT_COLON || (c->kind == GH_PY_DICT && c->count % 2 == 1))
		return refuse(p, "a key has no value");
	p->at++;
	p->depth--;
	/* (x) is x, not a tuple */
	attach(p, c->kind == GH_PY_TUPLE && c->count == 1 && f->commas == 0 ? c->child : f->node);
	return GH_OK;
}

static enum gh_rc step(struct parser *p)
{
	struct frame *f = p->depth == 0 ? NULL : &p->open[p->depth - 1];
	int c = look(p);
	if (f != NULL && f->want != WANT_VALUE && (c == ',' || c == ':')) {
		if ((c == ':') != (f->want == WANT_COLON))
			return refuse(p, c == ':' ? "a colon is out of place" : "a key has no value");
		if (c == ',')
			f->commas++;
		f->want = WANT_VALUE;
		p->at++;
		return GH_OK;
	}
	if (c == ')' || c == ']' || c == '}')
		return close_one(p);
	if (f != NULL && f->want != WANT_VALUE)
		return refuse(p, "a comma is missing");
	if (c == '(' || c == '[' || c == '{')
		return open_one(p);
	uint32_t v;
	enum gh_rc rc = atom(p, &v);
	if (rc == GH_OK)
		attach(p, v);
	return rc;
}

enum gh_rc gh_py_parse(struct gh_py *py, struct gh_span text, struct gh_arena *a)
{
	*py = (struct gh_py){ .root = GH_PY_NIL };
	struct parser p = { .py = py, .t = text, .arena = a };
	if (text.n > GH_PY_TEXT_MAX) {
		(void)refuse(&p, "longer than 1 MiB");
		return GH_E_LIMIT;
	}
	blank(&p);
	while (p.at < text.n && (py->root == GH_PY_NIL || p.depth != 0)) {
		enum gh_rc rc = step(&p);
		if (rc != GH_OK)
			return rc;
		blank(&p);
	}
	if (py->root == GH_PY_NIL || p.depth != 0)
		return refuse(&p, "the text ends too early");
	return p.at == text.n ? GH_OK : refuse(&p, "something follows the literal");
}

bool gh_py_is(const struct gh_py *py, uint32_t i, const char *s)
{
	return i < py->n && py->node[i].kind == GH_PY_STR && gh_span_is(py->node[i].text, s);
}
