#include "scan/text_out.h"

#include "base/utf8.h"
#include "scan/report_parts.h"

enum { LEAST_WIDTH = 40 };

static const char *const ansi[] = {
	[GH_PLAIN] = "\033[0m",	     [GH_BOLD] = "\033[1m",	 [GH_DIM] = "\033[2m",	    [GH_RED] = "\033[1;31m",
	[GH_MAGENTA] = "\033[1;35m", [GH_YELLOW] = "\033[1;33m", [GH_GREEN] = "\033[1;32m",
};

enum gh_paint gh_verdict_paint(enum gh_verdict v)
{
	static const enum gh_paint paint[GH_VERDICTS] = {
		[GH_CLEAN] = GH_GREEN, [GH_REVIEW] = GH_YELLOW, [GH_INCOMPLETE] = GH_MAGENTA, [GH_UNSAFE] = GH_RED
	};
	return (unsigned)v < GH_VERDICTS ? paint[v] : GH_RED;
}

static unsigned limit(const struct gh_pen *p) { return p->width < LEAST_WIDTH ? LEAST_WIDTH : p->width; }

/* Columns of a character on a terminal: the wide blocks of East Asian scripts and pictographs take two. */
static unsigned columns(uint32_t cp)
{
	return (cp >= 0x1100 && cp <= 0x115f) || (cp >= 0x2e80 && cp <= 0xa4cf) || (cp >= 0xac00 && cp <= 0xd7a3) ||
			       (cp >= 0xf900 && cp <= 0xfaff) || (cp >= 0xfe30 && cp <= 0xfe6f) ||
			       (cp >= 0xff00 && cp <= 0xff60) || (cp >= 0xffe0 && cp <= 0xffe6) ||
			       (cp >= 0x1f300 && cp <= 0x1faff) || (cp >= 0x20000 && cp <= 0x3fffd)
		       ? 2
		       : 1;
}

static unsigned next_char(struct gh_span s, unsigned *cols)
{
	uint32_t cp = 0;
	unsigned n = gh_utf8_next(s, &cp);
	*cols = n == 0 ? 1 : columns(cp);
	return n == 0 ? 1 : n;
}

static unsigned width_of(struct gh_span s)
{
	unsigned total = 0, cols;
	while (s.n > 0) {
		s = gh_span_cut(s, next_char(s, &cols), s.n);
		total += cols;
	}
	return total;
}

static void newline(struct gh_pen *p, unsigned indent)
{
	gh_buf_ch(p->b, '\n');
	for (unsigned i = 0; i < indent; i++)
		gh_buf_ch(p->b, ' ');
	p->col = indent;
}

/* One word: moved to the next line when it does not fit here, broken when it fits on no line. */
static void word(struct gh_pen *p, struct gh_span w, unsigned indent)
{
	while (w.n > 0) {
		unsigned cols, n = next_char(w, &cols);
		if (p->width > 0 && p->col + cols > limit(p))
			newline(p, indent);
		gh_buf_span(p->b, gh_span_cut(w, 0, n));
		p->col += cols;
		w = gh_span_cut(w, n, w.n);
	}
}

/* Text that is safe to print, wrapped with a hanging indent. */
static void flow(struct gh_pen *p, struct gh_span text, unsigned indent)
{
	while (text.n > 0) {
		size_t gap = 0, end;
		while (gap < text.n && text.p[gap] == ' ')
			gap++;
		for (end = gap; end < text.n && text.p[end] != ' ';)
			end++;
		struct gh_span w = gh_span_cut(text, gap, end - gap);
		unsigned cols = width_of(w), room = limit(p) > indent ? limit(p) - indent : 0;
		if (p->width > 0 && gap > 0 && cols <= room && p->col + gap + cols > limit(p))
			newline(p, indent);
		else
			word(p, gh_span_cut(text, 0, gap), indent);
		word(p, w, indent);
		text = gh_span_cut(text, end, text.n);
	}
}

void gh_pen_put(struct gh_pen *p, enum gh_paint paint, const char *text, unsigned indent)
{
	gh_auto_buf safe = gh_buf(1 << 20);
	gh_plain(&safe, text);
	if (p->colour && paint != GH_PLAIN)
		gh_buf_str(p->b, ansi[paint]);
	flow(p, gh_buf_view(&safe), indent);
	if (p->colour && paint != GH_PLAIN)
		gh_buf_str(p->b, ansi[GH_PLAIN]);
}

void gh_pen_end(struct gh_pen *p)
{
	gh_buf_ch(p->b, '\n');
	p->col = 0;
}

void gh_pen_spaces(struct gh_pen *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gh_buf_ch(p->b, ' ');
	p->col += n;
}

void gh_pen_line(struct gh_pen *p, enum gh_paint paint, unsigned indent, const char *text)
{
	gh_pen_spaces(p, indent);
	gh_pen_put(p, paint, text, indent);
	gh_pen_end(p);
}

void gh_pen_label(struct gh_pen *p, unsigned indent, unsigned wide, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	gh_pen_spaces(p, indent);
	gh_pen_put(p, GH_DIM, label, indent);
	gh_pen_spaces(p, p->col < indent + wide ? indent + wide - p->col : 1);
	gh_pen_put(p, GH_PLAIN, text, indent + wide);
	gh_pen_end(p);
}
