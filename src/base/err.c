#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void add(struct gh_err *e, enum gh_rc rc, const char *fmt, va_list ap)
{
	if (e == NULL)
		return;
	e->rc = rc;
	if (e->n < GH_ERR_LINKS)
		(void)vsnprintf(e->text[e->n++], sizeof e->text[0], fmt, ap);
}

enum gh_rc gh_fail(struct gh_err *e, enum gh_rc rc, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	add(e, rc, fmt, ap);
	va_end(ap);
	return rc;
}

enum gh_rc gh_fail_sys(struct gh_err *e, int sys, const char *fmt, ...)
{
	char text[GH_ERR_TEXT];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (e != NULL)
		e->sys = sys;
	return gh_fail(e, GH_E_IO, "%.100s: %s", text, strerror(sys));
}

enum gh_rc gh_fail_line(struct gh_err *e, enum gh_rc rc, const char *line)
{
	enum { OURS = 2 }; /* links that are left for what we say about it */
	size_t end = strlen(line);
	for (unsigned i = 0; end > 0 && i < GH_ERR_LINKS - OURS; i++) {
		size_t from = end; /* the earliest part from which on it still fits */
		for (size_t at = end; at-- > 0 && end - at < GH_ERR_TEXT;)
			if (at == 0 || (at >= 2 && line[at - 2] == ':' && line[at - 1] == ' '))
				from = at;
		if (from == end) /* no part is that short: its beginning says more than its end */
			for (from = end; from > 0 && (from < 2 || line[from - 2] != ':' || line[from - 1] != ' ');
			     from--)
				;
		rc = gh_fail(e, rc, "%.*s", (int)(end - from), line + from);
		end = from < 2 ? 0 : from - 2;
	}
	return rc;
}

char *gh_err_line(const struct gh_err *e, char *buf, size_t cap)
{
	size_t at = 0;
	if (cap == 0)
		return buf;
	buf[0] = '\0';
	for (unsigned i = e->n; i > 0 && at < cap - 1; i--) {
		int n = snprintf(buf + at, cap - at, "%s%s", e->text[i - 1], i > 1 ? ": " : "");
		if (n < 0)
			break;
		at += (size_t)n < cap - at ? (size_t)n : cap - at - 1;
	}
	return buf;
}
