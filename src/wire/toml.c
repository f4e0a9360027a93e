#include "wire/toml.h"

#include "base/utf8.h"

void gh_toml(struct gh_toml *t, struct gh_span text, uint8_t *room, size_t cap)
{
	*t = (struct gh_toml){ .in = text, .room = room, .cap = cap };
	if (gh_span_starts(text, "\xef\xbb\xbf"))
		t->at = 3;
}

static bool fail(struct gh_toml *t, const char *why)
{
	t->bad = true;
	t->why = why;
	t->off = t->at;
	return false;
}

static uint8_t here(const struct gh_toml *t, size_t k) { return k < t->in.n - t->at ? t->in.p[t->at + k] : 0; }
static bool end(const struct gh_toml *t) { return t->at >= t->in.n; }

static void blanks(struct gh_toml *t, bool lines)
{
	while (!end(t)) {
		uint8_t c = here(t, 0);
		if (c == '#') {
			const uint8_t *nl = memchr(t->in.p + t->at, '\n', t->in.n - t->at);
			t->at = nl == NULL ? t->in.n : (size_t)(nl - t->in.p);
		} else if (c == ' ' || c == '\t' || (lines && (c == '\n' || c == '\r'))) {
			t->at++;
		} else {
			break;
		}
	}
}

/* ---- strings ------------------------------------------------------------------------------------------------------------ */
static bool escape(struct gh_toml *t, size_t *n)
{
	static const char names[] = "btnfre\"\\", codes[] = "\b\t\n\f\r\x1b\"\\";
	uint8_t c = here(t, 1);
	const char *at = c == 0 ? NULL : memchr(names, c, sizeof names - 1);
	if (at != NULL) {
		t->room[(*n)++] = (uint8_t)codes[at - names];
		t->at += 2;
		return true;
	}
	size_t digits = c == 'u' ? 4 : c == 'U' ? 8 : 0;
	uint32_t v = 0;
	for (size_t k = 0; k < digits; k++) {
		uint8_t h = here(t, 2 + k);
		uint8_t low = h | 0x20;
		if (!(h >= '0' && h <= '9') && !(low >= 'a' && low <= 'f'))
			return fail(t, "an escape of other than hexadecimal digits");
		v = v << 4 | (h <= '9' ? (uint32_t)(h - '0') : (uint32_t)(low - 'a' + 10));
	}
	if (digits == 0 || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return fail(t, "an escape that does not exist");
	uint8_t out[4];
	unsigned k = gh_utf8_put(v, out);
	memcpy(t->room + *n, out, k);
	*n += k;
	t->at += 2 + digits;
	return true;
}

/* A backslash at the end of a line of a multi-line string: white space up to the next character goes. */
static bool line_escape(struct gh_toml *t)
{
	size_t k = 1;
	while (here(t, k) == ' ' || here(t, k) == '\t' || here(t, k) == '\r')
		k++;
	if (here(t, k) != '\n')
		return false;
	while (t->at + k < t->in.n && memchr(" \t\r\n", here(t, k), 4) != NULL)
		k++;
	t->at += k;
	return true;
}

/* A string at `at`; its decoded text is never longer than it was spelt. */
static bool string(struct gh_toml *t)
{
	uint8_t q = here(t, 0);
	bool many = here(t, 1) == q && here(t, 2) == q;
	size_t n = 0;
	t->at += many ? 3 : 1;
	if (many && here(t, 0) == '\r' && here(t, 1) == '\n')
		t->at += 2;
	else if (many && here(t, 0) == '\n')
		t->at++;
	for (;;) {
		if (end(t))
			return fail(t, "a string without an end");
		uint8_t c = here(t, 0);
		if (c == q && (!many || (here(t, 1) == q && here(t, 2) == q))) {
			t->at += many ? 3 : 1;
			while (many && here(t, 0) == q && n < t->cap) { /* up to two quotes may stand before the end */
				t->room[n++] = q;
				t->at++;
			}
			t->text = (struct gh_span){ t->room, n };
			return true;
		}
		if (c == '\n' && !many)
			return fail(t, "a line break in a string");
		if (c == '\\' && q == '"') {
			if (many && line_escape(t))
				continue;
			if (!escape(t, &n))
				return false;
			continue;
		}
		if (n >= t->cap)
			return fail(t, "no room for a string");
		t->room[n++] = c;
		t->at++;
	}
}

/* ---- keys ---------------------------------------------------------------------------------------------------------------- */
static bool bare(uint8_t c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-' || c >= 0x80;
}

static void append(struct gh_toml *t, struct gh_span part)
{
	size_t left = sizeof t->buf - t->npath;
	if (t->npath != 0 && left > 1) {
		t->buf[t->npath++] = '.';
		left--;
	}
	t->nkey = t->npath;
	size_t n = part.n < left ? part.n : left;
	if (n != 0)
		memcpy(t->buf + t->npath, part.p, n);
	t->npath = (uint16_t)(t->npath + n);
}

/* a.b."c d" appended to the path, which has `base` bytes before. */
static bool keys(struct gh_toml *t, uint16_t base)
{
	t->npath = base;
	for (;;) {
		blanks(t, false);
		size_t from = t->at;
		if (here(t, 0) == '"' || here(t, 0) == '\'') {
			if (!string(t))
				return false;
			append(t, t->text);
		} else {
			while (!end(t) && bare(here(t, 0)))
				t->at++;
			if (t->at == from)
				return fail(t, "no key where one must be");
			append(t, gh_span_cut(t->in, from, t->at - from));
		}
		blanks(t, false);
		if (here(t, 0) != '.')
			return true;
		t->at++;
	}
}

static bool header(struct gh_toml *t)
{
	t->off = t->at;
	bool many = here(t, 1) == '[';
	t->at += many ? 2 : 1;
	if (!keys(t, 0))
		return false;
	if (here(t, 0) != ']' || (many && here(t, 1) != ']'))
		return fail(t, "a table header without an end");
	t->at += many ? 2 : 1;
	t->table = t->npath;
	t->kind = GH_TOML_TABLE;
	t->text = (struct gh_span){ 0 };
	t->len = t->at - t->off;
	return true;
}

/* ---- values -------------------------------------------------------------------------------------------------------------- */
static bool push(struct gh_toml *t, bool array)
{
	if (t->depth == GH_TOML_DEPTH)
		return fail(t, "nested too deeply");
	t->stack[t->depth].array = array;
	t->stack[t->depth++].path = t->npath;
	t->at++;
	return true;
}

static void tell(struct gh_toml *t)
{
	t->path = (struct gh_span){ (const uint8_t *)t->buf, t->npath };
	t->key = gh_span_cut(t->path, t->nkey, t->npath);
	t->element = t->depth != 0 && t->stack[t->depth - 1].array;
	t->len = t->at - t->off;
}

/* Reads one scalar, or opens a container. 1: a value to be told, 0: a container was opened, -1: bad. */
static int value(struct gh_toml *t)
{
	uint8_t c = here(t, 0);
	t->off = t->at;
	if (c == '[' || c == '{')
		return push(t, c == '[') ? 0 : -1;
	if (c == '"' || c == '\'') {
		if (!string(t))
			return -1;
		t->kind = GH_TOML_STRING;
	} else {
		while (!end(t) && (bare(here(t, 0)) || memchr("+.:", here(t, 0), 3) != NULL))
			t->at++;
		if (here(t, 0) == ' ' && here(t, 1) >= '0' && here(t, 1) <= '9' && t->at - t->off == 10) /* date time */
			for (t->at++; !end(t) && (bare(here(t, 0)) || memchr("+.:", here(t, 0), 3) != NULL);)
				t->at++;
		if (t->at == t->off) {
			(void)fail(t, "no value where one must be");
			return -1;
		}
		t->kind = GH_TOML_OTHER;
		t->text = gh_span_cut(t->in, t->off, t->at - t->off);
	}
	tell(t);
	return 1;
}

/* After a value: closes what ends here. False: bad. */
static bool after(struct gh_toml *t)
{
	while (t->depth != 0) {
		bool array = t->stack[t->depth - 1].array;
		blanks(t, array);
		if (here(t, 0) == ',') {
			t->at++;
			blanks(t, array);
			if (here(t, 0) != ']' && here(t, 0) != '}')
				return true;
		}
		if (here(t, 0) != (array ? ']' : '}'))
			return fail(t, array ? "an array without an end" : "an inline table without an end");
		t->at++;
		t->depth--;
	}
	blanks(t, false);
	if (!end(t) && here(t, 0) != '\n' && !(here(t, 0) == '\r' && here(t, 1) == '\n'))
		return fail(t, "something behind a value");
	return true;
}

bool gh_toml_next(struct gh_toml *t)
{
	if (t->bad)
		return false;
	if (t->in_value) {
		t->in_value = false;
		if (!after(t))
			return false;
	}
	for (;;) {
		if (t->depth == 0) {
			blanks(t, true);
			if (end(t))
				return false;
			if (here(t, 0) == '[') {
				if (!header(t))
					return false;
				tell(t);
				blanks(t, false);
				if (!end(t) && here(t, 0) != '\n' && here(t, 0) != '\r')
					return fail(t, "something behind a table header");
				return true;
			}
		}
		bool array = t->depth != 0 && t->stack[t->depth - 1].array;
		blanks(t, array);
		if (t->depth != 0 && here(t, 0) == (array ? ']' : '}')) { /* empty */
			t->at++;
			t->depth--;
			if (!after(t))
				return false;
			continue;
		}
		if (array) {
			t->npath = t->stack[t->depth - 1].path;
		} else {
			if (!keys(t, t->depth != 0 ? t->stack[t->depth - 1].path : t->table))
				return false;
			if (here(t, 0) != '=')
				return fail(t, "a key without a value");
			t->at++;
			blanks(t, false);
		}
		int got = value(t);
		if (got < 0)
			return false;
		if (got > 0) {
			t->in_value = true;
			return true;
		}
	}
}
