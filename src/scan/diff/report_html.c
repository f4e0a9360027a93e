/* One self-contained page, like the scan report's: the same style sheet, which is all that its policy admits, no scripts, and
 * a plot of the change by layer as inline SVG whose colours come from the style sheet too. */
#include "scan/diff/diff.h"
#include "scan/report_html_css.h"
#include "scan/report_parts.h"

#include <inttypes.h>
#include <math.h>

enum { WIDE = 900, HIGH = 260, LEFT = 60, BOTTOM = 30, POINTS = 4000, ROWS = 2000 };

static const char *class_of(const struct gh_diff_report *r)
{
	static const char *const names[] = { "clean", "unsafe", "incomplete" };
	return names[gh_diff_exit(r)];
}

static const char *row_class(const struct gh_diff_row *w)
{
	if (w->cls == GH_DIFF_UNREAD)
		return "incomplete";
	if (w->cls > GH_DIFF_TUNED)
		return "unsafe";
	return w->cls == GH_DIFF_TUNED ? "review" : "clean";
}

static void head(struct gh_buf *b, const struct gh_diff_report *r)
{
	gh_buf_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		      "'sha256-" GH_REPORT_CSS_SHA256 "'; base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" "
		      "content=\"noindex\">\n<title>");
	gh_plain_html(b, gh_diff_verdict_name(r->verdict));
	gh_buf_str(b, ": ");
	gh_path_html(b, r->path[1]);
	gh_buf_str(b, " – Gatehouse comparison</title>\n<style>" GH_REPORT_CSS "</style>\n</head>\n<body>\n<main>\n");
	gh_buf_fmt(b, "<header class=\"card banner %s\">\n<p class=\"soft\">Gatehouse comparison</p>\n<h1>",
		   class_of(r));
	gh_plain_html(b, gh_diff_verdict_name(r->verdict));
	gh_buf_str(b, "</h1>\n<p>");
	gh_plain_html(b, r->sentence);
	gh_buf_str(b, "</p>\n</header>\n<section class=\"card\">\n<dl>\n");
	for (unsigned i = 0; i < 2; i++) {
		gh_buf_fmt(b, "<dt>%s</dt><dd><code>", i == 0 ? "BASE" : "CANDIDATE");
		gh_path_html(b, r->path[i]);
		gh_buf_fmt(b, "</code> %" PRIu64 " tensors, ", r->tensors[i]);
		gh_size_text(b, r->bytes[i]);
		gh_buf_str(b, ", ");
		gh_plain_html(b, r->format[i]);
		gh_buf_str(b, "</dd>\n");
	}
	gh_buf_str(b, "<dt>Tensors</dt><dd>");
	bool more = false;
	for (size_t i = 0; i < GH_DIFF_CLASSES; i++)
		if (r->classes[i] != 0) {
			gh_buf_fmt(b, "%s%" PRIu64 " %s", more ? ", " : "", r->classes[i],
				   gh_diff_class_name((enum gh_diff_class)i));
			more = true;
		}
	gh_buf_str(b, "</dd>\n</dl>\n</section>\n");
}

static void marks(struct gh_buf *b, const struct gh_diff_report *r)
{
	for (size_t i = 0; i < GH_DIFF_MARKS; i++) {
		if (!r->mark[i])
			continue;
		const struct gh_diff_mark_row *m = &gh_diff_marks[i];
		gh_buf_fmt(b, "<article class=\"card %s\">\n<h3><span class=\"tag\">%s</span> ",
			   m->alarm ? "unsafe" : "none", m->alarm ? "mark" : "note");
		gh_plain_html(b, m->title);
		gh_buf_str(b, "</h3>\n<p><code>");
		gh_plain_html(b, r->why[i]);
		gh_buf_str(b, "</code></p>\n<dl><dt>What an attacker gains</dt><dd>");
		gh_plain_html(b, m->gain);
		gh_buf_str(b, "</dd><dt>What to do</dt><dd>");
		gh_plain_html(b, m->fix);
		gh_buf_str(b, "</dd></dl>\n</article>\n");
	}
	for (size_t i = 0; i < r->ntrouble; i++) {
		gh_buf_str(b, "<article class=\"card incomplete\"><h3><span class=\"tag\">not read</span> ");
		gh_plain_html(b, r->trouble[i].file);
		gh_buf_str(b, "</h3><p>");
		gh_plain_html(b, r->trouble[i].why);
		gh_buf_str(b, "</p></article>\n");
	}
}

/* ---- the plot ------------------------------------------------------------------------------------------------- */

/* A change of 0.001 % stands at the bottom, one of 100 % and more at the top. */
static double height(double relative)
{
	double v = relative <= 1e-5 ? 0 : (log10(relative) + 5) / 5;
	return v > 1 ? 1 : v;
}

static void axes(struct gh_buf *b, uint32_t layers, double step)
{
	static const char *const share[] = { "0.001 %", "0.01 %", "0.1 %", "1 %", "10 %", "100 %" };
	for (int i = 0; i < 6; i++) {
		int y = HIGH - BOTTOM - i * (HIGH - BOTTOM - 12) / 5;
		gh_buf_fmt(
			b,
			"<line x1=\"%d\" x2=\"%d\" y1=\"%d\" y2=\"%d\" stroke=\"var(--line)\"/>"
			"<text x=\"%d\" y=\"%d\" font-size=\"11\" text-anchor=\"end\" fill=\"var(--soft)\">%s</text>\n",
			LEFT, WIDE, y, y, LEFT - 6, y + 4, share[i]);
	}
	uint32_t every = layers > 20 ? (layers + 19) / 20 : 1;
	for (uint32_t l = 0; l <= layers; l += l == 0 ? 1 : every) {
		gh_buf_fmt(b, "<text x=\"%.1f\" y=\"%d\" font-size=\"11\" text-anchor=\"middle\" fill=\"var(--soft)\">",
			   (double)LEFT + step * ((double)l + 0.5), HIGH - 10);
		if (l == 0)
			gh_buf_str(b, "none");
		else
			gh_buf_fmt(b, "%u", l - 1);
		gh_buf_str(b, "</text>\n");
	}
}

static void plot(struct gh_buf *b, const struct gh_diff_report *r)
{
	uint32_t layers = 0;
	size_t points = 0;
	for (size_t i = 0; i < r->nrow; i++)
		layers = r->row[i].layer > layers ? r->row[i].layer : layers;
	if (r->nrow == 0 || r->adapter || layers > 100000)
		return;
	double step = (double)(WIDE - LEFT) / ((double)layers + 1);
	gh_buf_fmt(b,
		   "<h2>Change by layer</h2>\n<section class=\"card\">\n"
		   "<svg viewBox=\"0 0 %d %d\" width=\"100%%\" role=\"img\" aria-label=\"Relative change of each "
		   "tensor, by "
		   "layer\">\n",
		   WIDE, HIGH);
	axes(b, layers, step);
	for (size_t i = 0; i < r->nrow && points < POINTS; i++) {
		const struct gh_diff_row *w = &r->row[i];
		if (w->match >= GH_DIFF_ADDED || w->compared == 0)
			continue;
		double x = (double)LEFT + step * ((double)w->layer + 0.2 + 0.1 * (double)w->part);
		double y = (double)(HIGH - BOTTOM) -
			   (double)(HIGH - BOTTOM - 12) * height(w->relative < 0 ? 1 : w->relative);
		gh_buf_fmt(b, "<g class=\"%s\"><circle cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\" fill=\"var(--v)\"><title>",
			   row_class(w), x, y);
		gh_plain_html(b, w->text[GH_DIFF_T_NAME]);
		gh_buf_fmt(b, ": %.4f %%</title></circle></g>\n", 100 * (w->relative < 0 ? 1 : w->relative));
		points++;
	}
	gh_buf_str(b, "</svg>\n<p class=\"soft\">Each point is a tensor: the norm of its difference over the norm of "
		      "the tensor of "
		      "BASE. \"none\": outside of the layers.</p>\n</section>\n");
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

static void cell(struct gh_buf *b, const char *cls, const char *text)
{
	gh_buf_fmt(b, "<td class=\"%s\">", cls);
	gh_plain_html(b, text);
	gh_buf_str(b, "</td>");
}

static void row(struct gh_buf *b, const struct gh_diff_row *w)
{
	gh_buf_fmt(b, "<tr class=\"%s\"><td><span class=\"tag\">%s</span></td>", row_class(w),
		   gh_diff_class_name(w->cls));
	gh_buf_str(b, "<td class=\"path\"><code>");
	gh_plain_html(b, w->text[GH_DIFF_T_NAME]);
	gh_buf_str(b, "</code>");
	if (w->match != GH_DIFF_BY_NAME && w->match < GH_DIFF_ADDED) {
		gh_buf_str(b, " <span class=\"soft\">= ");
		gh_plain_html(b, w->text[GH_DIFF_T_BASE_NAME]);
		gh_buf_str(b, "</span>");
	}
	gh_buf_str(b, "</td>");
	bool numbers = w->match < GH_DIFF_ADDED && w->compared != 0;
	if (numbers)
		gh_buf_fmt(b, "<td class=\"num\">%.4f %%</td><td class=\"num\">%.5f</td>",
			   100 * (w->relative < 0 ? 1 : w->relative), w->cosine);
	else
		gh_buf_str(b, "<td></td><td></td>");
	if (w->rank != 0)
		gh_buf_fmt(b, "<td class=\"num\">%s%u</td>", w->rank > 24 ? "&gt; " : "", w->rank > 24 ? 24 : w->rank);
	else
		gh_buf_str(b, "<td></td>");
	cell(b, "num", w->text[w->match == GH_DIFF_REMOVED ? GH_DIFF_T_BASE_DTYPE : GH_DIFF_T_DTYPE]);
	cell(b, "num", w->text[w->match == GH_DIFF_REMOVED ? GH_DIFF_T_BASE_SHAPE : GH_DIFF_T_SHAPE]);
	gh_buf_str(b, "</tr>\n");
}

static void tensors(struct gh_buf *b, const struct gh_diff_report *r)
{
	gh_buf_str(
		b,
		"<h2>Tensors</h2>\n<section class=\"card scroll\">\n<table>\n<thead><tr><th>Became</th><th>Tensor</th>"
		"<th>Change</th><th>Cosine</th><th>Rank</th><th>Type</th><th>Shape</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->nrow && i < ROWS; i++)
		row(b, &r->row[i]);
	gh_buf_str(b, "</tbody>\n</table>\n");
	if (r->nrow > ROWS)
		gh_buf_fmt(b, "<p class=\"soft\">… and %zu more; the JSON report lists all.</p>\n", r->nrow - ROWS);
	gh_buf_str(b, "</section>\n");
}

static void settings(struct gh_buf *b, const struct gh_diff_report *r)
{
	if (r->nchange == 0)
		return;
	gh_buf_str(b, "<h2>Settings, tokenizer, template, code</h2>\n<section class=\"card "
		      "scroll\">\n<table>\n<thead><tr><th>Section"
		      "</th><th>Key</th><th>BASE</th><th>CANDIDATE</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->nchange && i < ROWS; i++) {
		const struct gh_diff_change_row *c = &r->change[i];
		gh_buf_fmt(b, "<tr><td>%s</td>", gh_diff_section_name(c->section));
		cell(b, "path", c->key);
		cell(b, "path", c->before);
		cell(b, "path", c->after);
		gh_buf_str(b, "</tr>\n");
	}
	gh_buf_str(b, "</tbody>\n</table>\n</section>\n");
}

static void modules(struct gh_buf *b, const struct gh_diff_report *r)
{
	if (r->nfit == 0)
		return;
	gh_buf_str(b, "<h2>Modules of the adapter</h2>\n<section class=\"card "
		      "scroll\">\n<table>\n<thead><tr><th>Module</th><th>Rank</th>"
		      "<th>Fit</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->nfit && i < ROWS; i++) {
		gh_buf_str(b, "<tr>");
		cell(b, "path", r->fit[i].module);
		gh_buf_fmt(b, "<td class=\"num\">%" PRIu64 "</td>", r->fit[i].rank);
		cell(b, "", r->fit[i].why[0] == '\0' ? "fits" : r->fit[i].why);
		gh_buf_str(b, "</tr>\n");
	}
	gh_buf_str(b, "</tbody>\n</table>\n</section>\n");
}

void gh_diff_html(const struct gh_diff_report *r, struct gh_buf *out)
{
	head(out, r);
	marks(out, r);
	plot(out, r);
	modules(out, r);
	tensors(out, r);
	settings(out, r);
	gh_buf_str(out, "<footer>Written by gatehouse. A comparison says where a model comes from, not that it is "
			"safe: scan both."
			"</footer>\n</main>\n</body>\n</html>\n");
}
