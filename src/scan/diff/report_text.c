#include "scan/diff/diff.h"
#include "scan/report_parts.h"
#include "scan/text_out.h"

#include <inttypes.h>
#include <stdio.h>

static enum gh_paint paint(const struct gh_diff_report *r)
{
	int e = gh_diff_exit(r);
	return e == 2 ? GH_MAGENTA : e == 1 ? GH_RED : GH_GREEN;
}

static void header(struct gh_pen *p, const struct gh_diff_report *r)
{
	for (unsigned i = 0; i < 2; i++) {
		gh_auto_buf b = gh_buf(8192);
		gh_plain_path(&b, r->path[i]);
		gh_buf_fmt(&b, "  (%s%s%" PRIu64 " tensor%s, %" PRIu64 " file%s, ", r->format[i],
			   r->format[i][0] != '\0' ? ", " : "", r->tensors[i], r->tensors[i] == 1 ? "" : "s",
			   r->files[i], r->files[i] == 1 ? "" : "s");
		gh_size_text(&b, r->bytes[i]);
		gh_buf_ch(&b, ')');
		gh_pen_label(p, 0, 11, i == 0 ? "BASE" : "CANDIDATE", gh_buf_cstr(&b));
	}
	gh_pen_end(p);
	gh_pen_line(p, paint(r), 0, r->sentence);
}

static bool any_mark(const struct gh_diff_report *r)
{
	for (size_t i = 0; i < GH_DIFF_MARKS; i++)
		if (r->mark[i])
			return true;
	return r->ntrouble != 0;
}

static void marks(struct gh_pen *p, const struct gh_diff_report *r)
{
	if (any_mark(r))
		gh_pen_end(p);
	for (size_t i = 0; i < GH_DIFF_MARKS; i++) {
		if (!r->mark[i])
			continue;
		const struct gh_diff_mark_row *m = &gh_diff_marks[i];
		gh_auto_buf b = gh_buf(1024);
		gh_buf_fmt(&b, "%s %s: %s", m->alarm ? "!" : "-", m->title, r->why[i]);
		gh_pen_line(p, m->alarm ? GH_RED : GH_PLAIN, 0, gh_buf_cstr(&b));
		if (m->alarm) {
			gh_pen_line(p, GH_DIM, 4, m->gain);
			gh_pen_line(p, GH_DIM, 4, m->fix);
		}
	}
	for (size_t i = 0; i < r->ntrouble; i++) {
		gh_auto_buf b = gh_buf(2048);
		gh_buf_fmt(&b, "! not read: %s: %s: %s", r->trouble[i].side == GH_DIFF_BASE ? "BASE" : "CANDIDATE",
			   r->trouble[i].file, r->trouble[i].why);
		gh_pen_line(p, GH_MAGENTA, 0, gh_buf_cstr(&b));
	}
}

static void one_row(struct gh_pen *p, const struct gh_diff_row *w)
{
	char numbers[120] = "", rank[40] = "";
	if (w->rank != 0)
		(void)snprintf(rank, sizeof rank, "%s%u", w->rank > 24 ? ">" : "", w->rank > 24 ? 24 : w->rank);
	if (w->match < GH_DIFF_ADDED && w->cls > GH_DIFF_CONVERTED && w->cls != GH_DIFF_UNREAD &&
	    w->cls != GH_DIFF_RESHAPED)
		(void)snprintf(numbers, sizeof numbers, "%8.4f %%  %7.4f  %5s",
			       w->relative < 0 ? 100.0 : 100 * w->relative, w->cosine, rank);
	gh_auto_buf b = gh_buf(4096);
	gh_buf_fmt(&b, "%-10s  %-28s  %s", gh_diff_class_name(w->cls), numbers, w->text[GH_DIFF_T_NAME]);
	if (w->match == GH_DIFF_BY_RULE || w->match == GH_DIFF_BY_CONTENT || w->match == GH_DIFF_COPY)
		gh_buf_fmt(&b, " = %s", w->text[GH_DIFF_T_BASE_NAME]);
	if (strcmp(w->text[GH_DIFF_T_DTYPE], w->text[GH_DIFF_T_BASE_DTYPE]) != 0 && w->match < GH_DIFF_ADDED)
		gh_buf_fmt(&b, "  %s from %s", w->text[GH_DIFF_T_DTYPE], w->text[GH_DIFF_T_BASE_DTYPE]);
	if (strcmp(w->text[GH_DIFF_T_SHAPE], w->text[GH_DIFF_T_BASE_SHAPE]) != 0 && w->match < GH_DIFF_ADDED)
		gh_buf_fmt(&b, "  %s from %s", w->text[GH_DIFF_T_SHAPE], w->text[GH_DIFF_T_BASE_SHAPE]);
	gh_pen_line(p, w->cls > GH_DIFF_TUNED ? GH_RED : GH_PLAIN, 2, gh_buf_cstr(&b));
}

static void table(struct gh_pen *p, const struct gh_diff_report *r, size_t rows, bool verbose)
{
	size_t worth = 0, shown = 0;
	char more[80];
	for (size_t i = 0; i < r->nrow; i++)
		worth += verbose || r->row[i].cls > GH_DIFF_CONVERTED;
	if (worth == 0)
		return;
	gh_pen_end(p);
	gh_pen_line(p, GH_BOLD, 2, "became        change    cosine    rank  tensor");
	for (size_t i = 0; i < r->nrow && (rows == 0 || shown < rows); i++)
		if (verbose || r->row[i].cls > GH_DIFF_CONVERTED) {
			one_row(p, &r->row[i]);
			shown++;
		}
	if (shown < worth) {
		(void)snprintf(more, sizeof more, "… and %zu more (--all)", worth - shown);
		gh_pen_line(p, GH_DIM, 2, more);
	}
}

static void changes(struct gh_pen *p, const struct gh_diff_report *r, size_t rows)
{
	static const char *const sign[GH_DIFF_CHANGES] = { "~", "+", "-" };
	char more[80];
	if (r->nchange != 0) {
		gh_pen_end(p);
		gh_pen_line(p, GH_BOLD, 2, "settings, tokenizer, template, code");
	}
	for (size_t i = 0; i < r->nchange && (rows == 0 || i < rows); i++) {
		const struct gh_diff_change_row *c = &r->change[i];
		gh_auto_buf b = gh_buf(4096);
		gh_buf_fmt(&b, "%s %s: %s", sign[c->change], gh_diff_section_name(c->section), c->key);
		if (c->change != GH_DIFF_NEW)
			gh_buf_fmt(&b, "  '%.160s'", c->before);
		if (c->change != GH_DIFF_GONE)
			gh_buf_fmt(&b, "%s'%.160s'", c->change == GH_DIFF_CHANGED ? " is now " : "  ", c->after);
		gh_pen_line(p, GH_PLAIN, 2, gh_buf_cstr(&b));
	}
	if (rows != 0 && r->nchange > rows) {
		(void)snprintf(more, sizeof more, "… and %zu more (--all)", r->nchange - rows);
		gh_pen_line(p, GH_DIM, 2, more);
	}
}

static void adapter(struct gh_pen *p, const struct gh_diff_report *r, size_t rows)
{
	if (!r->adapter)
		return;
	if (r->adapter_base[0] != '\0') {
		gh_auto_buf b = gh_buf(1024);
		gh_buf_fmt(&b, "- its configuration names the base '%s'", r->adapter_base);
		gh_pen_line(p, GH_PLAIN, 0, gh_buf_cstr(&b));
	}
	size_t shown = 0;
	for (size_t i = 0; i < r->nfit; i++)
		if (r->fit[i].fit != GH_DIFF_FITS && (rows == 0 || shown++ < rows)) {
			gh_auto_buf b = gh_buf(2048);
			gh_buf_fmt(&b, "%s: %s", r->fit[i].module, r->fit[i].why);
			gh_pen_line(p, GH_RED, 2, gh_buf_cstr(&b));
		}
}

void gh_diff_text(const struct gh_diff_report *r, const struct gh_report_style *style, size_t rows, struct gh_buf *out)
{
	struct gh_pen p = { .b = out, .colour = style->colour, .width = style->width };
	header(&p, r);
	marks(&p, r);
	adapter(&p, r, rows);
	table(&p, r, rows, style->verbose);
	changes(&p, r, rows);
	gh_auto_buf b = gh_buf(400);
	for (size_t i = 0; i < GH_DIFF_CLASSES; i++)
		if (r->classes[i] != 0)
			gh_buf_fmt(&b, "%s%" PRIu64 " %s", b.n != 0 ? ", " : "", r->classes[i],
				   gh_diff_class_name((enum gh_diff_class)i));
	gh_pen_end(&p);
	gh_pen_label(&p, 0, 11, "tensors", gh_buf_cstr(&b));
}
