#include "cli/card.h"

#include "cli/verbs.h"

#include <string.h>

static bool set(const char *s) { return s != NULL && s[0] != '\0' && strcmp(s, "-") != 0; }

static void line(struct gh_buf *b, const char *what, const char *value)
{
	if (set(value))
		gh_buf_fmt(b, "  %-12s %s\n", what, value);
}

/* The kinds of catalog/evidence.h; no other row of a card has one of them. */
bool gh_card_internal(const struct gh_jval *row)
{
	const char *kind = gh_verbs_cell(row, "kind");
	return strcmp(kind, "scan-facts") == 0 || strcmp(kind, "found") == 0;
}

static void security(const struct gh_jval *v, struct gh_buf *b)
{
	const struct gh_jval *report = gh_jget(v, "report"), *review = gh_jget(v, "review"),
			     *lineage = gh_jget(v, "lineage");
	gh_buf_fmt(b, "%s\n", gh_verbs_cell(v, "model"));
	gh_buf_fmt(b, "  %-12s %s (%s%s%s)\n", "badge", gh_verbs_cell(v, "badge"), gh_verbs_cell(v, "state"),
		   set(gh_jstr(v, "reason")) ? ": " : "", set(gh_jstr(v, "reason")) ? gh_jstr(v, "reason") : "");
	line(b, "verdict", gh_jstr(v, "verdict"));
	gh_buf_fmt(b, "  %-12s sha256:%s\n", "root digest", gh_verbs_cell(v, "root"));
	line(b, "risk tier", gh_jstr(v, "tier"));
	gh_buf_fmt(b, "  %-12s %s by %s\n", "imported", gh_verbs_cell(v, "imported"), gh_verbs_cell(v, "by"));
	line(b, "publisher", gh_jstr(v, "publisher"));
	line(b, "source", gh_jstr(v, "source"));
	if (lineage != NULL)
		gh_buf_fmt(b, "  %-12s %s of %s\n", "lineage", gh_verbs_cell(lineage, "relation"),
			   gh_verbs_cell(lineage, "base"));
	for (const struct gh_jval *x = gh_jfirst(gh_jget(v, "ancestors")); x != NULL; x = x->next)
		gh_buf_fmt(b, "  %-12s which is %s of %s\n", "", gh_verbs_cell(x, "relation"),
			   set(gh_jstr(x, "base")) ? gh_jstr(x, "base") : "a version of another tenant");
	if (lineage != NULL && set(gh_jstr(lineage, "warning")))
		gh_buf_fmt(b, "  %-12s WARNING: %s\n", "", gh_jstr(lineage, "warning"));
	for (const struct gh_jval *x = gh_jfirst(gh_jget(v, "derived")); x != NULL; x = x->next)
		gh_buf_fmt(b, "  %-12s %s, %s of it (%s, badge %s)\n",
			   x == gh_jfirst(gh_jget(v, "derived")) ? "derived" : "", gh_verbs_cell(x, "model"),
			   gh_verbs_cell(x, "relation"), gh_verbs_cell(x, "state"), gh_verbs_cell(x, "badge"));
	for (const struct gh_jval *e = gh_jfirst(gh_jget(v, "evidence")); e != NULL; e = e->next)
		if (!gh_card_internal(e))
			gh_buf_fmt(b, "  %-12s %s, %s%s\n", "evidence", gh_verbs_cell(e, "kind"),
				   gh_jtrue(gh_jget(e, "verified")) ? "by " : "not verified",
				   gh_jtrue(gh_jget(e, "verified")) ? gh_verbs_cell(e, "signer") : "");
	if (report != NULL) {
		gh_buf_fmt(b, "  %-12s %s, coverage %s %%\n", "scan", gh_verbs_cell(report, "at"),
			   gh_verbs_cell(report, "coverage"));
		gh_buf_fmt(b, "  %-12s gatehouse %s, rules %s\n", "", gh_verbs_cell(report, "scanner"),
			   gh_verbs_cell(report, "rules"));
		line(b, "", gh_jstr(report, "advisories"));
	}
	if (gh_jget(v, "policy") != NULL) /* it was asked about deploying; see policy explain */
		gh_buf_fmt(b, "  %-12s deploy: %s (%s)\n", "policy", gh_verbs_cell(gh_jget(v, "policy"), "decision"),
			   gh_verbs_cell(gh_jget(v, "policy"), "from"));
	if (review != NULL)
		gh_buf_fmt(b, "  %-12s %s, %s of %s approvals\n", "review", gh_verbs_cell(review, "state"),
			   gh_verbs_cell(review, "approvals"), gh_verbs_cell(review, "needed"));
	for (const struct gh_jval *e = gh_jfirst(gh_jget(review, "events")); e != NULL; e = e->next)
		gh_buf_fmt(b, "  %-12s %s: %s (%s, signed: %s) %s\n", "", gh_verbs_cell(e, "by"),
			   gh_verbs_cell(e, "act"), gh_verbs_cell(e, "role"), gh_verbs_cell(e, "signed"),
			   gh_verbs_cell(e, "at"));
}

static void stages(const struct gh_jval *v, struct gh_buf *b)
{
	gh_buf_str(b, "\nStages\n");
	for (const struct gh_jval *s = gh_jfirst(gh_jget(v, "stages")); s != NULL; s = s->next)
		gh_buf_fmt(b, "  %-16s %-10s %s\n", gh_verbs_cell(s, "name"), gh_verbs_cell(s, "state"),
			   set(gh_jstr(s, "reason")) ? gh_jstr(s, "reason") : "");
}

static void findings(const struct gh_jval *v, bool verbose, struct gh_buf *b)
{
	size_t shown = 0, notes = 0;
	gh_buf_str(b, "\nFindings\n");
	for (const struct gh_jval *f = gh_jfirst(gh_jget(v, "findings")); f != NULL; f = f->next) {
		bool note = strcmp(gh_verbs_cell(f, "effect"), "none") == 0;
		notes += note;
		if ((note && !verbose) || shown++ >= (verbose ? SIZE_MAX : 25))
			continue;
		gh_buf_fmt(b, "  %-10s %-9s %s  %s: %s\n", note ? "note" : gh_verbs_cell(f, "effect"),
			   gh_verbs_cell(f, "severity"), gh_verbs_cell(f, "id"), gh_verbs_cell(f, "file"),
			   gh_verbs_cell(f, "title"));
	}
	if (shown == 0)
		gh_buf_str(b, "  none with an effect\n");
	if (notes > 0 && !verbose)
		gh_buf_fmt(b, "  %zu note%s (--verbose)\n", notes, notes == 1 ? "" : "s");
}

static void exceptions(const struct gh_jval *v, struct gh_buf *b)
{
	const struct gh_jval *x = gh_jfirst(gh_jget(v, "exceptions"));
	if (x != NULL)
		gh_buf_str(b, "\nExceptions from policies\n");
	for (; x != NULL; x = x->next)
		gh_buf_fmt(b, "  %-8s  %s takes out rule %s, %s %s\n            owner %s: %s (%s)\n",
			   gh_verbs_cell(x, "state"), gh_verbs_cell(x, "id"), gh_verbs_cell(x, "rule"),
			   strcmp(gh_verbs_cell(x, "state"), "ended") == 0 ? "ended" : "until",
			   gh_verbs_cell(x, "expires"), gh_verbs_cell(x, "owner"), gh_verbs_cell(x, "reason"),
			   gh_verbs_cell(x, "policy"));
}

/* Statements of others: what they tested, what they say of vulnerabilities, what they found. */
static void of_others(const struct gh_jval *v, struct gh_buf *b)
{
	enum { SHOWN = 25 };
	static const struct {
		const char *list, *title, *first, *second, *third;
	} parts[] = {
		{ "evaluations", "Evaluations by others (verified)", "result", "name", "signer" },
		{ "vex", "Vulnerabilities, as others see them (verified)", "status", "vulnerability", "signer" },
		{ "others_found", "Findings of others", "severity", "id", "tool" },
	};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const struct gh_jval *x = gh_jfirst(gh_jget(v, parts[i].list));
		size_t n = 0;
		if (x != NULL)
			gh_buf_fmt(b, "\n%s\n", parts[i].title);
		for (; x != NULL; x = x->next)
			if (n++ < SHOWN)
				gh_buf_fmt(b, "  %-10s %s  (%s)\n", gh_verbs_cell(x, parts[i].first),
					   gh_verbs_cell(x, parts[i].second), gh_verbs_cell(x, parts[i].third));
		if (n > SHOWN)
			gh_buf_fmt(b, "  and %zu more (--format json)\n", n - SHOWN);
	}
}

static void publisher(const struct gh_jval *v, bool verbose, struct gh_buf *b)
{
	const struct gh_jval *card = gh_jget(v, "card");
	gh_buf_str(b, "\nWhat the publisher says (not verified)\n");
	if (card == NULL) {
		gh_buf_str(b, "  there is no README.md\n");
		return;
	}
	if (set(gh_jstr(card, "wrong")))
		gh_buf_fmt(b, "  its front matter cannot be read: %s\n", gh_jstr(card, "wrong"));
	for (const struct gh_jval *f = gh_jfirst(gh_jget(card, "fields")); f != NULL; f = f->next)
		gh_buf_fmt(b, "  %-22s %s\n", gh_verbs_cell(f, "name"), gh_verbs_cell(f, "value"));
	if (verbose && set(gh_jstr(card, "text"))) {
		gh_buf_ch(b, '\n');
		gh_client_lines(b, gh_jstr(card, "text"));
		gh_buf_ch(b, '\n');
	}
}

void gh_card_text(const struct gh_jval *v, bool verbose, struct gh_buf *b)
{
	security(v, b);
	stages(v, b);
	findings(v, verbose, b);
	exceptions(v, b);
	of_others(v, b);
	gh_buf_fmt(b, "\nFiles\n");
	size_t n = 0;
	for (const struct gh_jval *f = gh_jfirst(gh_jget(v, "content")); f != NULL; f = f->next) {
		uint64_t size = 0;
		char text[24];
		if (n++ >= (verbose ? SIZE_MAX : 12))
			continue;
		(void)gh_ju64(gh_jget(f, "size"), &size);
		gh_buf_fmt(b, "  %-40s %10s\n", gh_verbs_cell(f, "path"), gh_client_size(size, text));
	}
	if (n > 12 && !verbose)
		gh_buf_fmt(b, "  and %zu more (--verbose)\n", n - 12);
	publisher(v, verbose, b);
}
