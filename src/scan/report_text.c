/* The report for a person at a terminal: the verdict first, then why, where, what it means and what to do. It reads the
 * same without colour. Long lists are cut, and every cut says so; --verbose and the other formats have everything. */
#include "scan/detonation.h"
#include "scan/report_parts.h"
#include "scan/text_out.h"

#include <inttypes.h>

enum { UNLIMITED = 1 << 30, SEEN_MAX = 256, LABEL = 6 };

/* How much is shown before a list is cut: one file may use the whole screen, many share it. Of the files that are not
 * clean, the worst are told in full, the next ones in a line each, the rest is counted. */
struct caps {
	size_t files, lines, rules, places;
};
static const struct caps caps_one = { UNLIMITED, 0, 12, 5 };
static const struct caps caps_many = { 20, 100, 5, 3 };
static const struct caps caps_verbose = { UNLIMITED, 0, UNLIMITED, UNLIMITED };

struct pen {
	struct gh_pen ink;
	const struct gh_report_style *style;
	struct caps caps;
	const struct gh_rule *seen[SEEN_MAX]; /* rules already explained in this report */
	size_t nseen;
};

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
		gh_buf_fmt(&where, " (%" PRIu64 " byte%s)", f->len, f->len == 1 ? "" : "s");
	if (f->times > 1)
		gh_buf_fmt(&where, ", %u times", f->times);
	if (f->detail != NULL && f->detail[0] != '\0') {
		gh_pen_spaces(&p->ink, 4);
		gh_pen_put(&p->ink, GH_PLAIN, f->detail, 6);
		gh_pen_end(&p->ink);
	}
	gh_pen_line(&p->ink, GH_DIM, 6, gh_buf_cstr(&where));
}

/* All that one rule has to say about one file: findings[first] is its first. */
static void rule_group(struct pen *p, const struct gh_file_report *f, size_t first)
{
	const struct gh_rule *rule = f->finding[first].rule;
	gh_auto_buf tag = gh_buf(256);
	gh_buf_fmt(&tag, "%s, %s%s%s", rule->id, gh_severity_name(rule->severity), rule->effect == GH_CLEAN ? "" : ", ",
		   rule->effect == GH_CLEAN ? "" : gh_verdict_name(rule->effect));
	gh_pen_end(&p->ink);
	gh_pen_spaces(&p->ink, 2);
	gh_pen_put(&p->ink, GH_BOLD, rule->title, 4);
	gh_pen_put(&p->ink, GH_DIM, "  ", 4);
	gh_pen_put(&p->ink, GH_DIM, gh_buf_cstr(&tag), 4);
	gh_pen_end(&p->ink);

	size_t count = 0;
	for (size_t i = first; i < f->nfinding; i++)
		if (f->finding[i].rule == rule && count++ < p->caps.places)
			place(p, f, &f->finding[i]);
	if (count > p->caps.places) {
		gh_auto_buf more = gh_buf(128);
		gh_buf_fmt(&more, "… and %zu more of the same kind (-v shows all)", count - p->caps.places);
		gh_pen_line(&p->ink, GH_DIM, 4, gh_buf_cstr(&more));
	}
	if (explained(p, rule))
		return;
	gh_pen_label(&p->ink, 4, LABEL, "risk", rule->gain);
	gh_pen_label(&p->ink, 4, LABEL, "do", rule->fix);
	gh_pen_label(&p->ink, 4, LABEL, "see", rule->refs);
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
		gh_buf_fmt(&rest, "%s%" PRIu64 " more finding%s counted in the verdict but not listed",
			   rest.n > 0 ? "; " : "", f->dropped, f->dropped == 1 ? " is" : "s are");
	if (notes > 0)
		gh_buf_fmt(&rest, "%s%zu note%s without effect on the verdict (-v shows %s)", rest.n > 0 ? "; " : "",
			   notes, notes == 1 ? "" : "s", notes == 1 ? "it" : "them");
	if (rest.n == 0)
		return;
	if (groups > 0)
		gh_pen_end(&p->ink);
	gh_pen_line(&p->ink, GH_DIM, 2, gh_buf_cstr(&rest));
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
	gh_pen_put(&p->ink, gh_verdict_paint(v), gh_verdict_name(v), 2);
	gh_pen_spaces(&p->ink, 2);
	gh_pen_put(&p->ink, GH_BOLD, gh_buf_cstr(&name), 2);
	gh_pen_end(&p->ink);
}

static void file_block(struct pen *p, const struct gh_file_report *f, bool alone)
{
	gh_auto_buf facts = gh_buf(4096);
	facts_text(f, &facts);
	headline(p, f->verdict, f->path);
	if (alone && f->verdict != GH_CLEAN)
		gh_pen_line(&p->ink, GH_PLAIN, 2, gh_verdict_means(f->verdict));
	gh_pen_line(&p->ink, GH_DIM, 2, gh_buf_cstr(&facts));
	if (f->sha256[0] != '\0' && (alone || p->style->verbose)) {
		gh_auto_buf sum = gh_buf(128);
		gh_buf_fmt(&sum, "sha256 %s", f->sha256);
		gh_pen_line(&p->ink, GH_DIM, 2, gh_buf_cstr(&sum));
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
	gh_pen_put(&p->ink, gh_verdict_paint(f->verdict), gh_verdict_name(f->verdict), 0);
	gh_pen_spaces(&p->ink, 2);
	gh_pen_put(&p->ink, GH_PLAIN, gh_buf_cstr(&b), 7);
	gh_pen_end(&p->ink);
	if (!alone || f->sha256[0] == '\0')
		return;
	gh_auto_buf sum = gh_buf(128);
	gh_buf_fmt(&sum, "sha256 %s", f->sha256);
	gh_pen_line(&p->ink, GH_DIM, 7, gh_buf_cstr(&sum));
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
	gh_pen_spaces(&p->ink, 2);
	gh_pen_put(&p->ink, GH_PLAIN, gh_buf_cstr(&head), 2);
	bool first = true;
	for (int v = GH_UNSAFE; v >= GH_CLEAN; v--) {
		if (t.files[v] == 0)
			continue;
		gh_auto_buf n = gh_buf(64);
		gh_buf_fmt(&n, "%zu %s", t.files[v], gh_verdict_word((enum gh_verdict)v));
		if (!first)
			gh_pen_put(&p->ink, GH_PLAIN, ", ", 2);
		gh_pen_put(&p->ink, gh_verdict_paint((enum gh_verdict)v), gh_buf_cstr(&n), 2);
		first = false;
	}
	gh_pen_end(&p->ink);
}

/* " (reason; 12 tensors; with 64 YARA rules)" */
static void stage_notes(const struct pen *p, const struct gh_stage_report *s, const char *unit, struct gh_buf *b)
{
	size_t start = b->n;
	if (s->reason != NULL) {
		gh_buf_str(b, " (");
		gh_plain(b, s->reason);
	}
	if (p->style->verbose && s->units != 0)
		gh_buf_fmt(b, "%s%" PRIu64 " %s", b->n == start ? " (" : "; ", s->units, unit);
	if (p->style->verbose && s->with != NULL) {
		gh_buf_str(b, b->n == start ? " (with " : "; with ");
		gh_plain(b, s->with);
	}
	if (b->n != start)
		gh_buf_ch(b, ')');
}

static bool same_notes(const struct pen *p, const struct gh_stage_report *x, const struct gh_stage_report *y)
{
	return x->state == y->state && !p->style->verbose && x->reason != NULL && y->reason != NULL &&
	       strcmp(x->reason, y->reason) == 0;
}

/* "stages run: integrity, malware, code", "incomplete: tensors (…)": a line for each state, a reason that several share
 * only once. */
static void stages(struct pen *p, const struct gh_scan_report *r)
{
	static const struct {
		enum gh_stage_state state;
		const char *label;
	} part[] = { { GH_STAGE_RUN, "stages run: " },
		     { GH_STAGE_INCOMPLETE, "incomplete: " },
		     { GH_STAGE_NOT_RUN, "not run: " } };
	for (size_t k = 0; k < sizeof part / sizeof part[0]; k++) {
		gh_auto_buf b = gh_buf(16 << 10);
		for (unsigned i = 0; i < GH_STAGES; i++) {
			if (r->stage[i].state != part[k].state)
				continue;
			gh_buf_fmt(&b, "%s%s", b.n == 0 ? part[k].label : ", ", gh_stage_rows[i].name);
			if (i + 1 == GH_STAGES || !same_notes(p, &r->stage[i], &r->stage[i + 1]))
				stage_notes(p, &r->stage[i], gh_stage_rows[i].unit, &b);
		}
		if (b.n != 0)
			gh_pen_line(&p->ink, part[k].state == GH_STAGE_INCOMPLETE ? GH_PLAIN : GH_DIM, 2,
				    gh_buf_cstr(&b));
	}
}

enum { DETONATIONS = 10 }; /* shown, unless everything is to be shown */

/* What was loaded, and what of it was exercised: no event means little without it. */
static void detonations(struct pen *p, const struct gh_scan_report *r)
{
	size_t n = p->style->verbose || r->ndetonation <= DETONATIONS ? r->ndetonation : DETONATIONS;
	for (size_t i = 0; i < n; i++) {
		gh_auto_buf b = gh_buf(16 << 10);
		gh_detonation_line(&b, &r->detonation[i]);
		gh_pen_line(&p->ink, GH_DIM, 2, gh_buf_cstr(&b));
	}
	if (n < r->ndetonation) {
		gh_auto_buf b = gh_buf(100);
		gh_buf_fmt(&b, "… and %zu more files (-v shows all)", r->ndetonation - n);
		gh_pen_line(&p->ink, GH_DIM, 2, gh_buf_cstr(&b));
	}
}

/* "UNSAFE  path: its worst finding" */
static void bad_line(struct pen *p, const struct gh_file_report *f)
{
	gh_auto_buf b = gh_buf(64 << 10);
	gh_plain_path(&b, f->path);
	if (f->nfinding > 0)
		gh_buf_fmt(&b, ": %s", f->finding[0].rule->title);
	gh_pen_put(&p->ink, gh_verdict_paint(f->verdict), gh_verdict_name(f->verdict), 0);
	gh_pen_spaces(&p->ink, 12 - (unsigned)strlen(gh_verdict_name(f->verdict)));
	gh_pen_put(&p->ink, GH_PLAIN, gh_buf_cstr(&b), 12);
	gh_pen_end(&p->ink);
}

static void files_by_verdict(struct pen *p, const struct gh_scan_report *r)
{
	size_t bad = 0;
	for (int v = GH_UNSAFE; v > GH_CLEAN; v--)
		for (size_t i = 0; i < r->nfile; i++) {
			if (r->file[i].verdict != (enum gh_verdict)v)
				continue;
			size_t nth = bad++;
			if (nth <= p->caps.files)
				gh_pen_end(&p->ink);
			if (nth < p->caps.files)
				file_block(p, &r->file[i], false);
			else if (nth < p->caps.files + p->caps.lines)
				bad_line(p, &r->file[i]);
		}
	if (bad > p->caps.files + p->caps.lines) {
		gh_auto_buf more = gh_buf(160);
		gh_buf_fmt(&more, "… and %zu more files that are not clean (-v or another --format shows all)",
			   bad - p->caps.files - p->caps.lines);
		gh_pen_end(&p->ink);
		gh_pen_line(&p->ink, GH_PLAIN, 0, gh_buf_cstr(&more));
	}
	if (!p->style->verbose)
		return;
	bool first = true;
	for (size_t i = 0; i < r->nfile; i++) {
		const struct gh_file_report *f = &r->file[i];
		if (f->verdict != GH_CLEAN)
			continue;
		if (first || f->nfinding > 0)
			gh_pen_end(&p->ink);
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
	gh_pen_end(&p->ink);
	gh_pen_line(&p->ink, GH_DIM, 0, gh_buf_cstr(&text));
}

static const struct caps *caps_for(const struct gh_scan_report *r, const struct gh_report_style *style)
{
	if (style->verbose)
		return &caps_verbose;
	return r->nfile == 1 ? &caps_one : &caps_many;
}

void gh_report_text(const struct gh_scan_report *r, const struct gh_report_style *style, struct gh_buf *out)
{
	struct pen p = { .ink = { .b = out, .colour = style->colour, .width = style->width },
			 .style = style,
			 .caps = *caps_for(r, style) };
	/* The verdict of the whole may be worse than that of its one file: then the whole is what counts. */
	if (r->nfile == 1 && r->file[0].verdict == r->verdict) {
		const struct gh_file_report *f = &r->file[0];
		bool quiet = f->verdict == GH_CLEAN && (f->nfinding == 0 || !style->verbose);
		if (quiet)
			clean_line(&p, f, true);
		else
			file_block(&p, f, true);
		if (!quiet || style->verbose || r->detonated) {
			gh_pen_end(&p.ink);
			stages(&p, r);
			detonations(&p, r);
			footer(&p, r);
		}
		return;
	}
	headline(&p, r->verdict, r->target);
	if (r->verdict != GH_CLEAN)
		gh_pen_line(&p.ink, GH_PLAIN, 2, gh_verdict_means(r->verdict));
	totals(&p, r);
	stages(&p, r);
	detonations(&p, r);
	files_by_verdict(&p, r);
	if (r->verdict != GH_CLEAN || style->verbose)
		footer(&p, r);
}
