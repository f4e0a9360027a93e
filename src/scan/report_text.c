/* The report for a person at a terminal: the verdict first, then why, where, what it means and what to do. It reads the
 * same without colour. Long lists are cut, and every cut says so; --verbose and the other formats have everything. */
#include "base/utf8.h"
#include "scan/report_parts.h"

#include <inttypes.h>
#include <stdlib.h>

enum { UNLIMITED = 1 << 30, SEEN_MAX = 256, LEAST_WIDTH = 40, LABEL = 6 };

/* How much is shown before a list is cut: one file may use the whole screen, many share it. */
struct caps {
	size_t files, rules, places;
};
static const struct caps caps_one = { UNLIMITED, 12, 5 };
static const struct caps caps_many = { 20, 5, 3 };
static const struct caps caps_verbose = { UNLIMITED, UNLIMITED, UNLIMITED };

enum paint { PLAIN, BOLD, DIM, RED, MAGENTA, YELLOW, GREEN };
static const char *const ansi[] = {
	[PLAIN] = "\033[0m",	    [BOLD] = "\033[1m",	       [DIM] = "\033[2m",	 [RED] = "\033[1;31m",
	[MAGENTA] = "\033[1;35m",   [YELLOW] = "\033[1;33m",   [GREEN] = "\033[1;32m",
};
static const enum paint verdict_paint[GH_VERDICTS] = {
	[GH_CLEAN] = GREEN, [GH_REVIEW] = YELLOW, [GH_INCOMPLETE] = MAGENTA, [GH_UNSAFE] = RED
};

struct pen {
	struct gh_buf *b;
	const struct gh_report_style *style;
	struct caps caps;
	unsigned col;
	const struct gh_rule *seen[SEEN_MAX]; /* rules already explained in this report */
	size_t nseen;
};

/* ---- ink ------------------------------------------------------------------------------------------------------ */

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

static void newline(struct pen *p, unsigned indent)
{
	gh_buf_ch(p->b, '\n');
	for (unsigned i = 0; i < indent; i++)
		gh_buf_ch(p->b, ' ');
	p->col = indent;
}

/* One word: moved to the next line when it does not fit here, broken when it fits on no line. */
static void word(struct pen *p, struct gh_span w, unsigned indent)
{
	unsigned limit = p->style->width < LEAST_WIDTH ? LEAST_WIDTH : p->style->width;
	while (w.n > 0) {
		unsigned cols, n = next_char(w, &cols);
		if (p->style->width > 0 && p->col + cols > limit)
			newline(p, indent);
		gh_buf_span(p->b, gh_span_cut(w, 0, n));
		p->col += cols;
		w = gh_span_cut(w, n, w.n);
	}
}

/* Text that is safe to print, wrapped with a hanging indent. */
static void flow(struct pen *p, struct gh_span text, unsigned indent)
{
	while (text.n > 0) {
		size_t gap = 0, end;
		while (gap < text.n && text.p[gap] == ' ')
			gap++;
		for (end = gap; end < text.n && text.p[end] != ' ';)
			end++;
		struct gh_span w = gh_span_cut(text, gap, end - gap);
		unsigned cols = width_of(w), room = p->style->width > indent ? p->style->width - indent : 0;
		if (p->style->width > 0 && gap > 0 && cols <= room && p->col + gap + cols > p->style->width)
			newline(p, indent);
		else
			word(p, gh_span_cut(text, 0, gap), indent);
		word(p, w, indent);
		text = gh_span_cut(text, end, text.n);
	}
}

static void put(struct pen *p, enum paint paint, const char *text, unsigned indent)
{
	gh_auto_buf safe = gh_buf(1 << 20);
	gh_plain(&safe, text);
	if (p->style->colour && paint != PLAIN)
		gh_buf_str(p->b, ansi[paint]);
	flow(p, gh_buf_view(&safe), indent);
	if (p->style->colour && paint != PLAIN)
		gh_buf_str(p->b, ansi[PLAIN]);
}

static void end_line(struct pen *p)
{
	gh_buf_ch(p->b, '\n');
	p->col = 0;
}

static void spaces(struct pen *p, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gh_buf_ch(p->b, ' ');
	p->col += n;
}

/* A whole line or paragraph of its own. */
static void line(struct pen *p, enum paint paint, unsigned indent, const char *text)
{
	spaces(p, indent);
	put(p, paint, text, indent);
	end_line(p);
}

static void labelled(struct pen *p, const char *label, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	spaces(p, 4);
	put(p, DIM, label, 4);
	spaces(p, (unsigned)(LABEL - strlen(label)));
	put(p, PLAIN, text, 4 + LABEL);
	end_line(p);
}

/* ---- one file ------------------------------------------------------------------------------------------------- */

static bool shown(const struct pen *p, const struct gh_finding *f)
{
	return f->rule->effect != GH_CLEAN || p->style->verbose;
}

/* The first time a rule is shown it is explained; after that its name is enough. */
static bool explained(struct pen *p, const struct gh_rule *rule)
{
	for (size_t i = 0; i < p->nseen; i++)
		if (p->seen[i] == rule)
			return true;
	if (p->nseen < SEEN_MAX)
		p->seen[p->nseen++] = rule;
	return false;
}

static void place(struct pen *p, const struct gh_file_report *file, const struct gh_finding *f)
{
	gh_auto_buf where = gh_buf(64 << 10);
	gh_plain_path(&where, file->path);
	if (f->member != NULL && f->member[0] != '\0') {
		gh_buf_str(&where, " › ");
		gh_plain(&where, f->member);
	}
	if (f->ranged)
		gh_buf_fmt(&where, " › byte %" PRIu64, f->off);
	if (f->ranged && f->len > 0)
		gh_buf_fmt(&where, " (%" PRIu64 " bytes)", f->len);
	if (f->times > 1)
		gh_buf_fmt(&where, ", %u times", f->times);
	if (f->detail != NULL && f->detail[0] != '\0') {
		spaces(p, 4);
		put(p, PLAIN, f->detail, 6);
		end_line(p);
	}
	line(p, DIM, 6, gh_buf_cstr(&where));
}

/* All that one rule has to say about one file: findings[first] is its first. */
static void rule_group(struct pen *p, const struct gh_file_report *f, size_t first)
{
	const struct gh_rule *rule = f->finding[first].rule;
	gh_auto_buf tag = gh_buf(256);
	gh_buf_fmt(&tag, "%s, %s%s%s", rule->id, gh_severity_name(rule->severity), rule->effect == GH_CLEAN ? "" : ", ",
		   rule->effect == GH_CLEAN ? "" : gh_verdict_name(rule->effect));
	end_line(p);
	spaces(p, 2);
	put(p, BOLD, rule->title, 4);
	put(p, DIM, "  ", 4);
	put(p, DIM, gh_buf_cstr(&tag), 4);
	end_line(p);

	size_t count = 0;
	for (size_t i = first; i < f->nfinding; i++)
		if (f->finding[i].rule == rule && count++ < p->caps.places)
			place(p, f, &f->finding[i]);
	if (count > p->caps.places) {
		gh_auto_buf more = gh_buf(128);
		gh_buf_fmt(&more, "… and %zu more of the same kind (-v shows all)", count - p->caps.places);
		line(p, DIM, 4, gh_buf_cstr(&more));
	}
	if (explained(p, rule))
		return;
	labelled(p, "risk", rule->gain);
	labelled(p, "do", rule->fix);
	labelled(p, "see", rule->refs);
}

static bool first_of_rule(const struct gh_file_report *f, size_t i)
{
	for (size_t k = i; k > 0; k--)
		if (f->finding[k - 1].rule == f->finding[i].rule)
			return false;
	return true;
}

static void findings(struct pen *p, const struct gh_file_report *f)
{
	size_t groups = 0, notes = 0;
	for (size_t i = 0; i < f->nfinding; i++) {
		if (!shown(p, &f->finding[i]))
			notes++;
		else if (first_of_rule(f, i) && groups++ < p->caps.rules)
			rule_group(p, f, i);
	}
	gh_auto_buf rest = gh_buf(256);
	if (groups > p->caps.rules)
		gh_buf_fmt(&rest, "… and findings of %zu more kinds (-v shows all)", groups - p->caps.rules);
	if (f->dropped > 0)
		gh_buf_fmt(&rest, "%s%" PRIu64 " more finding%s counted in the verdict but not listed", rest.n > 0 ? "; " : "",
			   f->dropped, f->dropped == 1 ? " is" : "s are");
	if (notes > 0)
		gh_buf_fmt(&rest, "%s%zu note%s without effect on the verdict (-v shows %s)", rest.n > 0 ? "; " : "", notes,
			   notes == 1 ? "" : "s", notes == 1 ? "it" : "them");
	if (rest.n == 0)
		return;
	if (groups > 0)
		end_line(p);
	line(p, DIM, 2, gh_buf_cstr(&rest));
}

static void facts_text(const struct gh_file_report *f, struct gh_buf *b)
{
	gh_plain(b, f->format);
	gh_buf_str(b, " · ");
	gh_size_text(b, f->size);
	if (gh_covered(f))
		gh_buf_str(b, " · every byte accounted for");
	else if (f->sha256[0] == '\0')
		gh_buf_str(b, " · not read to its end");
	else {
		gh_buf_str(b, " · ");
		gh_size_text(b, f->size - f->understood);
		gh_buf_str(b, " not accounted for");
	}
	if (f->members > 0)
		gh_buf_fmt(b, " · %" PRIu64 " member%s", f->members, f->members == 1 ? "" : "s");
}

static void headline(struct pen *p, enum gh_verdict v, const char *path)
{
	gh_auto_buf name = gh_buf(64 << 10);
	gh_plain_path(&name, path);
	put(p, verdict_paint[v], gh_verdict_name(v), 2);
	spaces(p, 2);
	put(p, BOLD, gh_buf_cstr(&name), 2);
	end_line(p);
}

static void file_block(struct pen *p, const struct gh_file_report *f, bool alone)
{
	gh_auto_buf facts = gh_buf(4096);
	facts_text(f, &facts);
	headline(p, f->verdict, f->path);
	if (alone && f->verdict != GH_CLEAN)
		line(p, PLAIN, 2, gh_verdict_means(f->verdict));
	line(p, DIM, 2, gh_buf_cstr(&facts));
	if (f->sha256[0] != '\0' && (alone || p->style->verbose)) {
		gh_auto_buf sum = gh_buf(128);
		gh_buf_fmt(&sum, "sha256 %s", f->sha256);
		line(p, DIM, 2, gh_buf_cstr(&sum));
	}
	findings(p, f);
}

/* The whole of a small clean file: what it is, that nothing was left out, and its digest to compare. */
static void clean_line(struct pen *p, const struct gh_file_report *f, bool alone)
{
	gh_auto_buf b = gh_buf(64 << 10);
	gh_plain_path(&b, f->path);
	gh_buf_str(&b, " · ");
	facts_text(f, &b);
	put(p, verdict_paint[f->verdict], gh_verdict_name(f->verdict), 0);
	spaces(p, 2);
	put(p, PLAIN, gh_buf_cstr(&b), 7);
	end_line(p);
	if (!alone || f->sha256[0] == '\0')
		return;
	gh_auto_buf sum = gh_buf(128);
	gh_buf_fmt(&sum, "sha256 %s", f->sha256);
	line(p, DIM, 7, gh_buf_cstr(&sum));
}

/* ---- many files ----------------------------------------------------------------------------------------------- */

static void totals(struct pen *p, const struct gh_scan_report *r)
{
	struct gh_totals t = gh_report_totals(r);
	gh_auto_buf size = gh_buf(64);
	gh_size_text(&size, r->bytes);
	gh_auto_buf head = gh_buf(128);
	gh_buf_fmt(&head, "%zu file%s, %s%s", r->nfile, r->nfile == 1 ? "" : "s", gh_buf_cstr(&size),
		   r->nfile == 0 ? "" : ": ");
	spaces(p, 2);
	put(p, PLAIN, gh_buf_cstr(&head), 2);
	bool first = true;
	for (int v = GH_UNSAFE; v >= GH_CLEAN; v--) {
		if (t.files[v] == 0)
			continue;
		gh_auto_buf n = gh_buf(64);
		gh_buf_fmt(&n, "%zu %s", t.files[v], gh_verdict_word((enum gh_verdict)v));
		if (!first)
			put(p, PLAIN, ", ", 2);
		put(p, verdict_paint[v], gh_buf_cstr(&n), 2);
		first = false;
	}
	end_line(p);
}

static void files_by_verdict(struct pen *p, const struct gh_scan_report *r)
{
	size_t bad = 0;
	for (int v = GH_UNSAFE; v > GH_CLEAN; v--)
		for (size_t i = 0; i < r->nfile; i++) {
			if (r->file[i].verdict != (enum gh_verdict)v || bad++ >= p->caps.files)
				continue;
			end_line(p);
			file_block(p, &r->file[i], false);
		}
	if (bad > p->caps.files) {
		gh_auto_buf more = gh_buf(160);
		gh_buf_fmt(&more, "… and %zu more files that are not clean (-v or another --format shows all)",
			   bad - p->caps.files);
		end_line(p);
		line(p, PLAIN, 0, gh_buf_cstr(&more));
	}
	if (!p->style->verbose)
		return;
	bool first = true;
	for (size_t i = 0; i < r->nfile; i++) {
		const struct gh_file_report *f = &r->file[i];
		if (f->verdict != GH_CLEAN)
			continue;
		if (first || f->nfinding > 0)
			end_line(p);
		first = false;
		if (f->nfinding > 0)
			file_block(p, f, false);
		else
			clean_line(p, f, false);
	}
}

/* Where to read on, and what judged: a report is only worth as much as its rules. */
static void footer(struct pen *p, const struct gh_scan_report *r)
{
	const struct gh_file_report *worst = NULL;
	for (size_t i = 0; i < r->nfile; i++)
		if (r->file[i].nfinding > 0 && (worst == NULL || r->file[i].verdict > worst->verdict))
			worst = &r->file[i];
	gh_auto_buf text = gh_buf(1024);
	gh_buf_fmt(&text, "gatehouse %s, rules %s", r->scanner, r->rules);
	if (worst != NULL && shown(p, &worst->finding[0]))
		gh_buf_fmt(&text, " · more on a finding: gatehouse explain %s", worst->finding[0].rule->id);
	end_line(p);
	line(p, DIM, 0, gh_buf_cstr(&text));
}

static const struct caps *caps_for(const struct gh_scan_report *r, const struct gh_report_style *style)
{
	if (style->verbose)
		return &caps_verbose;
	return r->nfile == 1 ? &caps_one : &caps_many;
}

void gh_report_text(const struct gh_scan_report *r, const struct gh_report_style *style, struct gh_buf *out)
{
	struct pen p = { .b = out, .style = style, .caps = *caps_for(r, style) };
	/* The verdict of the whole may be worse than that of its one file: then the whole is what counts. */
	if (r->nfile == 1 && r->file[0].verdict == r->verdict) {
		const struct gh_file_report *f = &r->file[0];
		bool quiet = f->verdict == GH_CLEAN && (f->nfinding == 0 || !style->verbose);
		if (quiet)
			clean_line(&p, f, true);
		else
			file_block(&p, f, true);
		if (!quiet || style->verbose)
			footer(&p, r);
		return;
	}
	headline(&p, r->verdict, r->target);
	if (r->verdict != GH_CLEAN)
		line(&p, PLAIN, 2, gh_verdict_means(r->verdict));
	totals(&p, r);
	files_by_verdict(&p, r);
	if (r->verdict != GH_CLEAN || style->verbose)
		footer(&p, r);
}
