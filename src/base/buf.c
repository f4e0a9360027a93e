#include "base/buf.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void gh_buf_free(struct gh_buf *b)
{
	free(b->p);
	*b = (struct gh_buf){ .max = b->max };
}

/* Room for n more bytes and a NUL; false (and full) when the maximum or the memory does not allow it. */
static bool room(struct gh_buf *b, size_t n)
{
	if (b->full || n > b->max - b->n) {
		b->full = true;
		return false;
	}
	size_t need = b->n + n + 1;
	if (need <= b->cap)
		return true;
	size_t cap = b->cap < 128 ? 128 : b->cap;
	while (cap < need)
		cap *= 2; /* need <= max + 1, far from wrapping for any sane maximum */
	uint8_t *p = realloc(b->p, cap);
	if (p == NULL) {
		b->full = true;
		return false;
	}
	b->p = p;
	b->cap = cap;
	return true;
}

void gh_buf_put(struct gh_buf *b, const void *p, size_t n)
{
	if (n == 0 || !room(b, n))
		return;
	memcpy(b->p + b->n, p, n);
	b->n += n;
}

void gh_buf_str(struct gh_buf *b, const char *s) { gh_buf_put(b, s, strlen(s)); }
void gh_buf_ch(struct gh_buf *b, char c) { gh_buf_put(b, &c, 1); }

void gh_buf_fmt(struct gh_buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;
	va_start(ap, fmt);
	va_copy(again, ap);
	int n = vsnprintf(small, sizeof small, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof small)
		gh_buf_put(b, small, (size_t)n);
	else if (n >= 0 && room(b, (size_t)n)) {
		(void)vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, again);
		b->n += (size_t)n;
	}
	va_end(again);
}

const char *gh_buf_cstr(struct gh_buf *b)
{
	if (b->p == NULL)
		return "";
	b->p[b->n] = '\0'; /* room() keeps one byte for it */
	return (const char *)b->p;
}

void gh_buf_safe(struct gh_buf *b, struct gh_span s, size_t max)
{
	size_t start = b->n;
	for (size_t i = 0; i < s.n && !b->full;) {
		uint32_t cp = 0;
		unsigned n = gh_utf8_next((struct gh_span){ s.p + i, s.n - i }, &cp);
		char out[16];
		int len;
		if (n == 0)
			len = snprintf(out, sizeof out, "\\x%02x", s.p[i]);
		else if (cp == '\n')
			len = snprintf(out, sizeof out, "\\n");
		else if (cp == '\t')
			len = snprintf(out, sizeof out, "\\t");
		else if (cp == '\r')
			len = snprintf(out, sizeof out, "\\r");
		else if (cp == '\\')
			len = snprintf(out, sizeof out, "\\\\");
		else if (cp < 0x80 && gh_utf8_deceptive(cp))
			len = snprintf(out, sizeof out, "\\x%02x", cp);
		else if (gh_utf8_deceptive(cp))
			len = snprintf(out, sizeof out, cp > 0xffff ? "\\U%08x" : "\\u%04x", cp);
		else {
			memcpy(out, s.p + i, n);
			len = (int)n;
		}
		if (b->n - start + (size_t)len > max) {
			gh_buf_str(b, "\xe2\x80\xa6");
			return;
		}
		gh_buf_put(b, out, (size_t)len);
		i += n == 0 ? 1 : n;
	}
}

void gh_buf_json(struct gh_buf *b, struct gh_span s)
{
	gh_buf_ch(b, '"');
	for (size_t i = 0; i < s.n && !b->full;) {
		uint32_t cp;
		unsigned n = gh_utf8_next((struct gh_span){ s.p + i, s.n - i }, &cp);
		if (n == 0) {
			gh_buf_str(b, "\\ufffd");
			i++;
			continue;
		}
		if (cp == '"' || cp == '\\')
			gh_buf_fmt(b, "\\%c", (char)cp);
		else if (cp == '\n')
			gh_buf_str(b, "\\n");
		else if (cp == '\t')
			gh_buf_str(b, "\\t");
		else if (cp < 0x20 || cp == 0x7f)
			gh_buf_fmt(b, "\\u%04x", cp);
		else
			gh_buf_put(b, s.p + i, n);
		i += n;
	}
	gh_buf_ch(b, '"');
}
