/* One self-contained page for the person who decides: it loads nothing, runs nothing, and can be mailed, archived and
 * printed. Its content security policy forbids everything but its own style sheet, should any escaping ever fail. */
#include "scan/detonation.h"
#include "scan/report_html_css.h"
#include "scan/report_parts.h"

#include <inttypes.h>

static const char *const class_of[GH_VERDICTS] = {
	[GH_CLEAN] = "clean", [GH_REVIEW] = "review", [GH_INCOMPLETE] = "incomplete", [GH_UNSAFE] = "unsafe"
};
/* Colour of a finding: one without effect must not look like a promise that all is clean. */
static const char *effect_class(const struct gh_rule *rule)
{
	return rule->effect == GH_CLEAN ? "none" : class_of[rule->effect];
}
static const char *effect_name(const struct gh_rule *rule)
{
	return rule->effect == GH_CLEAN ? "note" : gh_verdict_name(rule->effect);
}

static void tag(struct gh_buf *b, enum gh_verdict v)
{
	gh_buf_fmt(b, "<span class=\"tag %s\">%s</span>", class_of[v], gh_verdict_name(v));
}

/* ---- head ----------------------------------------------------------------------------------------------------- */

static void head(struct gh_buf *b, const struct gh_scan_report *r)
{
	gh_buf_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		      "'sha256-" GH_REPORT_CSS_SHA256 "'; base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" content=\"noindex\">\n");
	gh_buf_fmt(b, "<title>%s: ", gh_verdict_name(r->verdict));
	gh_path_html(b, r->target);
	gh_buf_str(b, " – Gatehouse scan report</title>\n<style>" GH_REPORT_CSS "</style>\n</head>\n<body>\n<main>\n");
	gh_buf_fmt(b,
		   "<header class=\"card banner %s\">\n<p class=\"soft\">Gatehouse scan report</p>\n"
		   "<h1>%s</h1>\n<p>%s</p>\n"
		   "</header>\n",
		   class_of[r->verdict], gh_verdict_name(r->verdict), gh_verdict_means(r->verdict));
}

static void summary(struct gh_buf *b, const struct gh_scan_report *r)
{
	struct gh_totals t = gh_report_totals(r);
	gh_buf_str(b, "<ul class=\"tiles\">\n");
	for (int v = GH_UNSAFE; v >= GH_CLEAN; v--)
		gh_buf_fmt(b, "<li class=\"%s%s\"><b>%zu</b>%s</li>\n", class_of[v], t.files[v] == 0 ? " zero" : "",
			   t.files[v], gh_verdict_word((enum gh_verdict)v));
	gh_buf_str(b, "</ul>\n<section class=\"card\">\n<dl>\n<dt>Target</dt><dd><code>");
	gh_path_html(b, r->target);
	gh_buf_fmt(b, "</code></dd>\n<dt>Scanned</dt><dd>%zu file%s, ", r->nfile, r->nfile == 1 ? "" : "s");
	gh_size_text(b, r->bytes);
	if (t.members > 0) {
		gh_buf_fmt(b, ", and %" PRIu64 " member%s inside", t.members, t.members == 1 ? "" : "s");
		if (t.expanded > 0) {
			gh_buf_str(b, " (");
			gh_size_text(b, t.expanded);
			gh_buf_str(b, " expanded)");
		}
	}
	gh_buf_str(b, "</dd>\n<dt>Scanner</dt><dd>gatehouse ");
	gh_plain_html(b, r->scanner);
	gh_buf_str(b, "</dd>\n<dt>Rules</dt><dd>");
	gh_plain_html(b, r->rules);
	gh_buf_str(b, "</dd>\n</dl>\n</section>\n");
}

/* ---- findings ------------------------------------------------------------------------------------------------- */

static void place(struct gh_buf *b, const struct gh_file_report *file, const struct gh_finding *f)
{
	gh_buf_fmt(b, "<li class=\"%s\"><code>", effect_class(f->rule));
	gh_plain_html(b, f->detail == NULL || f->detail[0] == '\0' ? f->rule->title : f->detail);
	gh_buf_str(b, "</code>\n<div class=\"soft\">");
	gh_path_html(b, file->path);
	if (f->member != NULL && f->member[0] != '\0') {
		gh_buf_str(b, " › ");
		gh_plain_html(b, f->member);
	}
	if (f->ranged)
		gh_buf_fmt(b, " › byte %" PRIu64 " (%" PRIu64 " byte%s)", f->off, f->len, f->len == 1 ? "" : "s");
	if (f->times > 1)
		gh_buf_fmt(b, " · %u times, the first is shown", f->times);
	gh_buf_str(b, "</div></li>\n");
}

static void row(struct gh_buf *b, const char *name, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	gh_buf_fmt(b, "<dt>%s</dt><dd>", name);
	gh_plain_html(b, text);
	gh_buf_str(b, "</dd>\n");
}

static void rule_group(struct gh_buf *b, const struct gh_file_report *f, size_t first)
{
	const struct gh_rule *rule = f->finding[first].rule;
	gh_buf_str(b, "<section class=\"finding\">\n<h4>");
	gh_plain_html(b, rule->title);
	gh_buf_fmt(b,
		   "</h4>\n<p class=\"soft\"><span class=\"tag %s\">%s</span> %s · severity %s</p>\n"
		   "<ul class=\"places\">\n",
		   effect_class(rule), effect_name(rule), rule->id, gh_severity_name(rule->severity));
	for (size_t i = first; i < f->nfinding; i++)
		if (f->finding[i].rule == rule)
			place(b, f, &f->finding[i]);
	gh_buf_str(b, "</ul>\n<dl>\n");
	row(b, "What an attacker gains", rule->gain);
	row(b, "What to do", rule->fix);
	row(b, "References", rule->refs);
	gh_buf_str(b, "</dl>\n</section>\n");
}

static bool first_of_rule(const struct gh_file_report *f, size_t i)
{
	for (size_t k = i; k > 0; k--)
		if (f->finding[k - 1].rule == f->finding[i].rule)
			return false;
	return true;
}

static void coverage(struct gh_buf *b, const struct gh_file_report *f)
{
	if (gh_covered(f)) {
		gh_buf_str(b, "complete");
		return;
	}
	if (f->sha256[0] == '\0') {
		gh_buf_str(b, "not read to its end");
		return;
	}
	gh_size_text(b, f->size - f->understood);
	gh_buf_str(b, " not accounted for");
}

static void file_article(struct gh_buf *b, const struct gh_file_report *f, size_t index)
{
	gh_buf_fmt(b, "<article class=\"card\" id=\"f%zu\">\n<h3>", index);
	tag(b, f->verdict);
	gh_buf_ch(b, ' ');
	gh_path_html(b, f->path);
	gh_buf_str(b, "</h3>\n<p class=\"soft\">");
	gh_plain_html(b, f->format);
	gh_buf_str(b, " · ");
	gh_size_text(b, f->size);
	gh_buf_str(b, " · coverage: ");
	coverage(b, f);
	gh_buf_str(b, "</p>\n");
	for (size_t i = 0; i < f->nfinding; i++)
		if (first_of_rule(f, i))
			rule_group(b, f, i);
	if (f->dropped > 0)
		gh_buf_fmt(b, "<p>%" PRIu64 " more finding%s counted in the verdict but not listed.</p>\n", f->dropped,
			   f->dropped == 1 ? " is" : "s are");
	gh_buf_str(b, "</article>\n");
}

/* Worst first; clean files only when something was noted about them. */
static void findings(struct gh_buf *b, const struct gh_scan_report *r)
{
	gh_buf_str(b, "<h2>Findings</h2>\n");
	bool any = false;
	for (int v = GH_UNSAFE; v >= GH_CLEAN; v--)
		for (size_t i = 0; i < r->nfile; i++) {
			const struct gh_file_report *f = &r->file[i];
			if (f->verdict != (enum gh_verdict)v || (v == GH_CLEAN && f->nfinding == 0))
				continue;
			file_article(b, f, i);
			any = true;
		}
	if (!any)
		gh_buf_str(b, "<p class=\"card\">None.</p>\n");
}

/* ---- tables --------------------------------------------------------------------------------------------------- */

static void file_row(struct gh_buf *b, const struct gh_file_report *f, size_t index)
{
	bool linked = f->verdict != GH_CLEAN || f->nfinding > 0;
	gh_buf_str(b, "<tr><td>");
	tag(b, f->verdict);
	gh_buf_str(b, "</td><td class=\"path\">");
	if (linked)
		gh_buf_fmt(b, "<a href=\"#f%zu\">", index);
	gh_path_html(b, f->path);
	if (linked)
		gh_buf_str(b, "</a>");
	if (f->sha256[0] != '\0')
		gh_buf_fmt(b, "<span class=\"sum\">sha256 %s</span>", f->sha256);
	gh_buf_str(b, "</td><td>");
	gh_plain_html(b, f->format);
	gh_buf_str(b, "</td><td class=\"num\">");
	gh_size_text(b, f->size);
	gh_buf_str(b, "</td><td>");
	coverage(b, f);
	gh_buf_str(b, "</td></tr>\n");
}

static void files(struct gh_buf *b, const struct gh_scan_report *r)
{
	gh_buf_str(b, "<h2>Files</h2>\n<section class=\"card scroll files\">\n<table>\n<thead><tr><th>Verdict</th>"
		      "<th>File and digest</th><th>Format</th><th>Size</th><th>Coverage</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < r->nfile; i++)
		file_row(b, &r->file[i], i);
	if (r->nfile == 0)
		gh_buf_str(b, "<tr><td colspan=\"5\">No file was scanned.</td></tr>\n");
	gh_buf_str(b, "</tbody>\n</table>\n</section>\n");
}

static void stages(struct gh_buf *b, const struct gh_scan_report *r)
{
	static const char *const words[] = { "not run", "incomplete", "run" };
	static const char *const classes[] = { "review", "incomplete", "clean" };
	gh_buf_str(b,
		   "<h2>Stages</h2>\n<section class=\"card scroll\">\n<table>\n<thead><tr><th>Stage</th><th>State</th>"
		   "<th>Looked at</th><th>What for</th></tr></thead>\n<tbody>\n");
	for (unsigned i = 0; i < GH_STAGES; i++) {
		const struct gh_stage_report *s = &r->stage[i];
		gh_buf_fmt(b, "<tr><td>%s</td><td><span class=\"tag %s\">%s</span>", gh_stage_rows[i].name,
			   classes[s->state], words[s->state]);
		if (s->reason != NULL) {
			gh_buf_ch(b, ' ');
			gh_plain_html(b, s->reason);
		}
		gh_buf_fmt(b, "</td><td class=\"num\">%" PRIu64 " %s</td><td>%s", s->units, gh_stage_rows[i].unit,
			   gh_stage_rows[i].about);
		if (s->with != NULL) {
			gh_buf_str(b, ", with ");
			gh_plain_html(b, s->with);
		}
		gh_buf_str(b, "</td></tr>\n");
	}
	gh_buf_str(b, "</tbody>\n</table>\n</section>\n");
}

static void detonations(struct gh_buf *b, const struct gh_scan_report *r)
{
	if (r->ndetonation == 0)
		return;
	gh_buf_str(b, "<h2>Loaded in the sandbox</h2>\n<section class=\"card\">\n<ul>\n");
	for (size_t i = 0; i < r->ndetonation; i++) {
		gh_auto_buf line = gh_buf(64 << 10);
		gh_detonation_line(&line, &r->detonation[i]);
		gh_buf_str(b, "<li>");
		gh_plain_html(b, gh_buf_cstr(&line));
		gh_buf_str(b, "</li>\n");
	}
	gh_buf_str(b, "</ul>\n<p class=\"soft\">That nothing was attempted proves little: code may wait, or act only "
		      "where it is "
		      "used.</p>\n</section>\n");
}

static void glossary(struct gh_buf *b)
{
	gh_buf_str(b, "<h2>What the verdicts mean</h2>\n<section class=\"card\">\n<dl>\n");
	for (int v = GH_UNSAFE; v >= GH_CLEAN; v--) {
		gh_buf_str(b, "<dt>");
		tag(b, (enum gh_verdict)v);
		gh_buf_fmt(b, "</dt><dd>%s</dd>\n", gh_verdict_means((enum gh_verdict)v));
	}
	gh_buf_str(
		b,
		"</dl>\n<p class=\"soft\">The verdict of a set is the worst of its files, in this order. Coverage is "
		"complete when a reader accounted for every byte of the file. What a file says about itself, such as a "
		"version or a safety flag, never improves its verdict.</p>\n</section>\n");
}

void gh_report_html(const struct gh_scan_report *r, struct gh_buf *out)
{
	head(out, r);
	summary(out, r);
	findings(out, r);
	files(out, r);
	stages(out, r);
	detonations(out, r);
	glossary(out);
	gh_buf_str(out,
		   "<footer>Written by gatehouse. The same files and the same rules give the same report.</footer>\n"
		   "</main>\n</body>\n</html>\n");
}
