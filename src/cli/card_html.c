#include "cli/card.h"

#include "cli/verbs.h"
#include "scan/report_html_css.h"

#include <string.h>

/* Everything that is put into the page goes through here: texts of ours, of files, of publishers alike. */
static void esc(struct gh_buf *b, const char *s) /* NULL: nothing */
{
	for (; s != NULL && *s != '\0'; s++)
		switch (*s) {
		case '&': gh_buf_str(b, "&amp;"); break;
		case '<': gh_buf_str(b, "&lt;"); break;
		case '>': gh_buf_str(b, "&gt;"); break;
		case '"': gh_buf_str(b, "&quot;"); break;
		case '\'': gh_buf_str(b, "&#39;"); break;
		default: gh_buf_ch(b, *s);
		}
}

static bool set(const char *s) { return s != NULL && s[0] != '\0'; }

static const char *class_of(const char *word)
{
	static const char *const words[][2] = { { "UNSAFE", "unsafe" },		{ "INCOMPLETE", "incomplete" },
						{ "REVIEW", "review" },		{ "CLEAN", "clean" },
						{ "scan-complete", "clean" },	{ "ready", "clean" },
						{ "review-pending", "review" }, { "rejected", "unsafe" },
						{ "revoked", "unsafe" },	{ "expired", "review" },
						{ "allow", "clean" },		{ "warn", "review" },
						{ "pending", "review" },	{ "deny", "unsafe" } };
	for (size_t i = 0; word != NULL && i < sizeof words / sizeof *words; i++)
		if (strcmp(word, words[i][0]) == 0)
			return words[i][1];
	return "none";
}

static void row(struct gh_buf *b, const char *what, const char *value)
{
	if (!set(value))
		return;
	gh_buf_fmt(b, "<dt>%s</dt><dd>", what);
	esc(b, value);
	gh_buf_str(b, "</dd>\n");
}

static void head(const struct gh_jval *v, struct gh_buf *b)
{
	const char *badge = gh_jstr(v, "badge");
	gh_buf_str(b, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
		      "'sha256-" GH_REPORT_CSS_SHA256 "'; base-uri 'none'; form-action 'none'\">\n"
		      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"robots\" "
		      "content=\"noindex\">\n<title>");
	esc(b, gh_jstr(v, "model"));
	gh_buf_str(b, " – Gatehouse model card</title>\n<style>" GH_REPORT_CSS "</style>\n</head>\n<body>\n<main>\n");
	gh_buf_fmt(b, "<header class=\"card banner %s\">\n<p class=\"soft\">Model card</p>\n<h1>", class_of(badge));
	esc(b, gh_jstr(v, "model"));
	gh_buf_str(b, "</h1>\n<p>Badge: ");
	esc(b, badge);
	if (set(gh_jstr(v, "reason"))) {
		gh_buf_str(b, " (");
		esc(b, gh_jstr(v, "reason"));
		gh_buf_str(b, ")");
	}
	gh_buf_str(b, "</p>\n</header>\n");
}

static void security(const struct gh_jval *v, struct gh_buf *b)
{
	const struct gh_jval *report = gh_jget(v, "report"), *lineage = gh_jget(v, "lineage"),
			     *policy = gh_jget(v, "policy");
	gh_buf_str(b, "<section class=\"card\">\n<dl>\n");
	row(b, "Verdict", gh_jstr(v, "verdict"));
	row(b, "State", gh_jstr(v, "state"));
	row(b, "Risk tier", gh_jstr(v, "tier"));
	row(b, "Root digest (SHA-256)", gh_jstr(v, "root"));
	row(b, "Imported", gh_jstr(v, "imported"));
	row(b, "By", gh_jstr(v, "by"));
	row(b, "Publisher, by their word", gh_jstr(v, "publisher"));
	row(b, "Source, by their word", gh_jstr(v, "source"));
	if (lineage != NULL) {
		row(b, "Derives from", gh_jstr(lineage, "base"));
		row(b, "How", gh_jstr(lineage, "relation"));
		row(b, "Warning", gh_jstr(lineage, "warning"));
	}
	if (report != NULL) {
		row(b, "Scanned", gh_jstr(report, "at"));
		row(b, "Coverage, percent", gh_jstr(report, "coverage"));
		row(b, "Scanner", gh_jstr(report, "scanner"));
		row(b, "Rules", gh_jstr(report, "rules"));
		row(b, "Advisories", gh_jstr(report, "advisories"));
		row(b, "Report (SHA-256)", gh_jstr(report, "digest"));
	}
	if (policy != NULL) {
		row(b, "Policy", gh_jstr(policy, "from"));
		row(b, "May be deployed", gh_jstr(policy, "decision"));
	}
	gh_buf_str(b, "</dl>\n</section>\n");
}

static void table(struct gh_buf *b, const char *title, const struct gh_jval *list, const char *const *columns)
{
	if (gh_jfirst(list) == NULL)
		return;
	gh_buf_fmt(b, "<h2>%s</h2>\n<div class=\"card scroll\"><table>\n<thead><tr>", title);
	for (const char *const *c = columns; *c != NULL; c += 2)
		gh_buf_fmt(b, "<th>%s</th>", c[0]);
	gh_buf_str(b, "</tr></thead>\n<tbody>\n");
	for (const struct gh_jval *r = gh_jfirst(list); r != NULL; r = r->next) {
		if (gh_card_internal(r))
			continue;
		gh_buf_str(b, "<tr>");
		for (const char *const *c = columns; *c != NULL; c += 2) {
			const char *cell = gh_verbs_cell(r, c[1]);
			gh_buf_fmt(b, "<td class=\"path %s\">", class_of(cell));
			esc(b, cell);
			gh_buf_str(b, "</td>");
		}
		gh_buf_str(b, "</tr>\n");
	}
	gh_buf_str(b, "</tbody></table></div>\n");
}

static void publisher(const struct gh_jval *v, struct gh_buf *b)
{
	const struct gh_jval *card = gh_jget(v, "card");
	static const char *const columns[] = { "Field", "name", "Value", "value", NULL };
	gh_buf_str(b, "<h2>What the publisher says</h2>\n<p class=\"soft\">Not verified: the words of whoever made the "
		      "files.</p>\n");
	if (card == NULL) {
		gh_buf_str(b, "<p>There is no README.md.</p>\n");
		return;
	}
	if (set(gh_jstr(card, "wrong"))) {
		gh_buf_str(b, "<p>Its front matter cannot be read: ");
		esc(b, gh_jstr(card, "wrong"));
		gh_buf_str(b, "</p>\n");
	}
	table(b, "Front matter", gh_jget(card, "fields"), columns);
	if (set(gh_jstr(card, "text"))) {
		gh_buf_str(b, "<h2>Text</h2>\n<section class=\"card\"><code>");
		gh_auto_buf text = gh_buf((size_t)64 << 20);
		gh_client_lines(&text, gh_jstr(card, "text"));
		gh_buf_ch(&text, '\0');
		esc(b, text.full ? "it is too large" : (const char *)text.p);
		gh_buf_str(b, "</code></section>\n");
	}
}

void gh_card_html(const struct gh_jval *v, struct gh_buf *b)
{
	static const char *const stages[] = { "Stage", "name", "State", "state", "Reason", "reason", NULL };
	static const char *const findings[] = { "Effect", "effect", "Severity", "severity", "Rule", "id",
						"File",	  "file",   "What",	"title",    NULL };
	static const char *const exceptions[] = { "State",  "state",  "Exception", "id",     "Rule",
						  "rule",   "Until",  "expires",   "Owner",  "owner",
						  "Reason", "reason", "Policy",	   "policy", NULL };
	static const char *const ancestors[] = { "How",	  "relation", "Model", "base",	"SHA-256", "root",
						 "State", "state",    "Badge", "badge", NULL };
	static const char *const derived[] = { "Model", "model", "How",	  "relation", "State",
					       "state", "Badge", "badge", NULL };
	static const char *const evaluations[] = { "Result", "result", "Test", "name", "Signer", "signer", NULL };
	static const char *const vex[] = { "Status",  "status", "Vulnerability", "vulnerability", "Product",
					   "product", "Why",	"justification", "Signer",	  "signer",
					   NULL };
	static const char *const others[] = { "Severity", "severity", "Finding", "id",	   "File", "file",
					      "Program",  "tool",     "Signer",	 "signer", NULL };
	static const char *const events[] = { "Who",	"by",	  "What", "act", "Role", "role",
					      "Signed", "signed", "When", "at",	 NULL };
	static const char *const files[] = { "File", "path", "Bytes", "size", "SHA-256", "sha256", NULL };
	static const char *const evidence[] = { "Kind",	    "kind",    "Signer", "signer", "Verified",
						"verified", "SHA-256", "digest", NULL };
	head(v, b);
	security(v, b);
	table(b, "Stages of the scan", gh_jget(v, "stages"), stages);
	table(b, "Findings", gh_jget(v, "findings"), findings);
	table(b, "Evaluations by others", gh_jget(v, "evaluations"), evaluations);
	table(b, "Vulnerabilities, as others see them", gh_jget(v, "vex"), vex);
	table(b, "Findings of others", gh_jget(v, "others_found"), others);
	table(b, "Exceptions from policies", gh_jget(v, "exceptions"), exceptions);
	table(b, "Its base was made from", gh_jget(v, "ancestors"), ancestors);
	table(b, "What was made from it", gh_jget(v, "derived"), derived);
	table(b, "Review", gh_jget(gh_jget(v, "review"), "events"), events);
	table(b, "Evidence", gh_jget(v, "evidence"), evidence);
	table(b, "Files", gh_jget(v, "content"), files);
	publisher(v, b);
	gh_buf_str(b, "<footer>Made by Gatehouse. This page proves nothing by itself: verify the badge with "
		      "<code>gatehouse badge verify</code>.</footer>\n</main>\n</body>\n</html>\n");
}

/* ---- the badge as a picture ------------------------------------------------------------------------------------------------------ */

void gh_badge_svg(const char *state, const char *model, struct gh_buf *b)
{
	static const char *const colours[][2] = { { "scan-complete", "#1a7340" },
						  { "review-pending", "#8a5a00" },
						  { "rejected", "#b3261e" },
						  { "revoked", "#b3261e" },
						  { "expired", "#5b6470" } };
	const char *colour = "#5b6470";
	for (size_t i = 0; i < sizeof colours / sizeof *colours; i++)
		if (strcmp(state, colours[i][0]) == 0)
			colour = colours[i][1];
	/* Widths from the number of letters: no font is measured here, so the texts are told how long to be. */
	size_t left = 78, right = strlen(state) * 7 + 20;
	gh_buf_fmt(b,
		   "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%zu\" height=\"22\" role=\"img\" "
		   "aria-label=\"gatehouse: %s\">\n<title>",
		   left + right, state);
	esc(b, model);
	gh_buf_fmt(b,
		   ": %s (a picture proves nothing: verify the badge)</title>\n"
		   "<rect width=\"%zu\" height=\"22\" rx=\"4\" fill=\"#2b3137\"/>\n"
		   "<path d=\"M%zu 0h%zua4 4 0 0 1 4 4v14a4 4 0 0 1-4 4H%zuz\" fill=\"%s\"/>\n"
		   "<g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,sans-serif\" font-size=\"11\">\n"
		   "<text x=\"9\" y=\"15\" textLength=\"60\">gatehouse</text>\n"
		   "<text x=\"%zu\" y=\"15\" textLength=\"%zu\">%s</text>\n</g>\n</svg>\n",
		   state, left + right, left, right - 4, left, colour, left + 10, right - 20, state);
}
