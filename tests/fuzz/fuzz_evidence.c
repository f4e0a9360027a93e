/* Any bytes as somebody's statement about a model: an answer, in bounds, worst findings first; and any bytes as records of the worker
 * that read one: what is taken of them is whole and safe to print. The first byte chooses. */
#include "scan/evidence_side.h"
#include "scan/evidence_tool.h"
#include "scan/tool.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static void document(struct gh_span doc)
{
	gh_auto_arena a = { .max = 64 << 20 };
	struct gh_evidence_doc d;
	struct gh_err err = { 0 };
	if (gh_evidence_read(&a, doc, &d, &err) != GH_OK)
		return;
	if (d.form >= GH_EF_FORMS || d.predicate.n > GH_EVIDENCE_TEXT || d.n > GH_EVIDENCE_FINDINGS || d.n > d.found ||
	    (d.n < d.found && d.n != GH_EVIDENCE_FINDINGS))
		abort();
	for (size_t i = 0; i < d.n; i++) {
		const struct gh_evidence_finding *f = &d.finding[i];
		if (f->id.n == 0 || f->id.n > GH_EVIDENCE_TEXT || f->file.n > GH_EVIDENCE_TEXT ||
		    f->tool.n > GH_EVIDENCE_TEXT || f->severity > GH_CRITICAL ||
		    (i > 0 && f->severity > d.finding[i - 1].severity))
			abort();
	}
	if (d.nclaim > GH_EVIDENCE_CLAIMS || d.result >= GH_ER_RESULTS || d.issued < 0 ||
	    (!d.read && (d.nclaim > 0 || d.found > 0 || d.result != GH_ER_NONE)))
		abort();
	for (size_t i = 0; i < d.nclaim; i++) {
		const struct gh_evidence_claim *c = &d.claim[i];
		if (c->id.n == 0 || c->id.n > GH_EVIDENCE_TEXT || c->about.n > GH_EVIDENCE_ABOUT ||
		    c->why.n > GH_EVIDENCE_TEXT || c->word >= GH_EW_WORDS || c->at < 0)
			abort();
		if (c->word == GH_EW_FAIL && d.result != GH_ER_FAIL)
			abort(); /* better as a whole than in its parts */
	}
}

static void printable(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			abort();
}

/* Each record: kind, seven numbers, length, so many bytes of text. */
static void records(struct gh_span s)
{
	gh_auto_arena a = { .max = 8 << 20 };
	struct gh_evidence_seen seen = { .predicate = "", .tool = "" };
	struct gh_evidence_hear h = { .a = &a, .out = &seen };
	enum { HEAD = 2 + GH_EVIDENCE_NUMBERS };
	while (s.n >= HEAD) {
		uint64_t v[GH_TOOL_NUMBERS] = { 0 };
		for (unsigned i = 0; i < GH_EVIDENCE_NUMBERS; i++)
			v[i] = s.p[1 + i];
		struct gh_tool_record r = { .kind = s.p[0], .a = v, .text = gh_span_cut(s, HEAD, s.p[HEAD - 1]) };
		if (gh_evidence_on_record(&h, &r) != NULL)
			break;
		s = gh_span_cut(s, HEAD + r.text.n, s.n);
	}
	printable(seen.predicate);
	printable(seen.tool);
	for (size_t i = 0; i < seen.n; i++) {
		printable(seen.finding[i].id);
		printable(seen.finding[i].file);
		printable(seen.finding[i].tool);
	}
	for (size_t i = 0; i < seen.nclaim; i++) {
		printable(seen.claim[i].id);
		printable(seen.claim[i].about);
		printable(seen.claim[i].why);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0)
		return 0;
	if (p[0] == 1)
		records((struct gh_span){ p + 1, n - 1 });
	else
		document((struct gh_span){ p + 1, n - 1 });
	return 0;
}
