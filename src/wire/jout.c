#include "wire/jout.h"

#include "base/utf8.h"

#include <math.h>

static void line(struct gh_jout *j)
{
	if (j->compact)
		return;
	static const char indent[] = "\n                                "; /* 16 levels in one piece */
	unsigned n = 2 * j->depth, first = n < sizeof indent - 2 ? n : sizeof indent - 2;
	gh_buf_put(j->out, indent, first + 1);
	for (; first < n; first += 2)
		gh_buf_str(j->out, "  ");
}

/* Without lines what stands before a value is put together first: a member of a long list costs one append, not five. */
static void lead_compact(struct gh_jout *j, const char *key)
{
	char piece[64];
	size_t n = 0, len = key == NULL ? 0 : strlen(key);
	bool fits = len <= sizeof piece - 4;
	if (j->more)
		piece[n++] = ',';
	if (key != NULL) {
		piece[n++] = '"';
		if (fits) {
			memcpy(piece + n, key, len);
			n += len;
		} else {
			gh_buf_put(j->out, piece, n);
			gh_buf_put(j->out, key, len);
			n = 0;
		}
		piece[n++] = '"';
		piece[n++] = ':';
	}
	gh_buf_put(j->out, piece, n);
	j->more = true;
}

static void lead(struct gh_jout *j, const char *key)
{
	if (j->compact) {
		lead_compact(j, key);
		return;
	}
	if (j->more)
		gh_buf_ch(j->out, ',');
	if (j->depth > 0)
		line(j);
	if (key != NULL) {
		gh_buf_ch(j->out, '"');
		gh_buf_str(j->out, key);
		gh_buf_str(j->out, "\": ");
	}
	j->more = true;
}

void gh_jout_open(struct gh_jout *j, const char *key, char bracket)
{
	lead(j, key);
	gh_buf_ch(j->out, bracket);
	j->depth++;
	j->more = false;
}

void gh_jout_close(struct gh_jout *j, char bracket)
{
	j->depth--;
	if (j->more)
		line(j);
	gh_buf_ch(j->out, bracket);
	j->more = true;
	if (j->depth == 0)
		gh_buf_ch(j->out, '\n');
}

/* A report is also looked at in a terminal: what could mislead there is written as an escape, which loses nothing. */
static void put_char(struct gh_buf *out, uint32_t cp, struct gh_span raw)
{
	if (cp == '"' || cp == '\\')
		gh_buf_fmt(out, "\\%c", (char)cp);
	else if (cp == '\n')
		gh_buf_str(out, "\\n");
	else if (cp == '\t')
		gh_buf_str(out, "\\t");
	else if (!gh_utf8_deceptive(cp))
		gh_buf_span(out, raw);
	else if (cp <= 0xffff)
		gh_buf_fmt(out, "\\u%04x", cp);
	else
		gh_buf_fmt(out, "\\u%04x\\u%04x", 0xd800 + ((cp - 0x10000) >> 10), 0xdc00 + (cp & 0x3ff));
}

/* How many bytes from here are printable ASCII that needs no escape: most texts are nothing else. */
static size_t plain(struct gh_span s)
{
	size_t n = 0;
	while (n < s.n && s.p[n] >= ' ' && s.p[n] < 0x7f && s.p[n] != '"' && s.p[n] != '\\')
		n++;
	return n;
}

void gh_jout_span(struct gh_jout *j, const char *key, struct gh_span s)
{
	lead(j, key);
	gh_buf_ch(j->out, '"');
	while (s.n > 0 && !j->out->full) {
		uint32_t cp = 0;
		size_t run = plain(s);
		if (run > 0) {
			gh_buf_put(j->out, s.p, run);
			s = gh_span_cut(s, run, s.n);
			continue;
		}
		unsigned n = gh_utf8_next(s, &cp);
		if (n == 0)
			gh_buf_str(j->out, "\\ufffd");
		else
			put_char(j->out, cp, gh_span_cut(s, 0, n));
		s = gh_span_cut(s, n == 0 ? 1 : n, s.n);
	}
	gh_buf_ch(j->out, '"');
}

void gh_jout_str(struct gh_jout *j, const char *key, const char *s)
{
	if (s == NULL)
		gh_jout_null(j, key);
	else
		gh_jout_span(j, key, gh_span_str(s));
}

void gh_jout_number(struct gh_jout *j, const char *key, uint64_t v)
{
	char digits[20];
	size_t at = sizeof digits;
	lead(j, key);
	do
		digits[--at] = (char)('0' + v % 10);
	while ((v /= 10) != 0);
	gh_buf_put(j->out, digits + at, sizeof digits - at);
}

void gh_jout_raw(struct gh_jout *j, const char *key, const char *number)
{
	lead(j, key);
	gh_buf_str(j->out, number);
}

void gh_jout_real(struct gh_jout *j, const char *key, double v)
{
	lead(j, key);
	if (isfinite(v))
		gh_buf_fmt(j->out, "%.9g", v);
	else
		gh_buf_str(j->out, "null");
}

void gh_jout_bool(struct gh_jout *j, const char *key, bool v)
{
	lead(j, key);
	gh_buf_str(j->out, v ? "true" : "false");
}

void gh_jout_null(struct gh_jout *j, const char *key)
{
	lead(j, key);
	gh_buf_str(j->out, "null");
}

void gh_jout_words(struct gh_jout *j, const char *key, const char *s)
{
	gh_jout_open(j, key, '[');
	for (const char *p = s == NULL ? "" : s; *(p += strspn(p, " ")) != '\0';) {
		size_t n = strcspn(p, " ");
		gh_jout_span(j, NULL, (struct gh_span){ (const uint8_t *)p, n });
		p += n;
	}
	gh_jout_close(j, ']');
}
