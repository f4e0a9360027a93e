/* text_out.h - text for a terminal: wrapped with hanging indents, colours only where they are wanted. Every text passes
 * gh_plain() on its way, so nothing that enters can move the cursor or reorder what is read. */
#ifndef GH_SCAN_TEXT_OUT_H
#define GH_SCAN_TEXT_OUT_H
#include "base/buf.h"
#include "format/rule.h"

enum gh_paint { GH_PLAIN, GH_BOLD, GH_DIM, GH_RED, GH_MAGENTA, GH_YELLOW, GH_GREEN };
enum gh_paint gh_verdict_paint(enum gh_verdict v);

struct gh_pen {
	struct gh_buf *b;
	bool colour;
	unsigned width; /* columns; 0: do not wrap. Less than 40 counts as 40 */
	unsigned col;	/* where the pen stands */
};

/* Put text where the pen stands; lines that follow start at column `indent`. Spaces inside are kept, except where a
 * line is broken; a word longer than a line is broken too. */
void gh_pen_put(struct gh_pen *p, enum gh_paint paint, const char *text, unsigned indent);
void gh_pen_spaces(struct gh_pen *p, unsigned n);
void gh_pen_end(struct gh_pen *p); /* ends the line */
/* A whole paragraph of its own, indented. */
void gh_pen_line(struct gh_pen *p, enum gh_paint paint, unsigned indent, const char *text);
/* "    label  text", text aligned at indent + wide. Nothing at all when text is NULL or empty. */
void gh_pen_label(struct gh_pen *p, unsigned indent, unsigned wide, const char *label, const char *text);
#endif
