#include "scan/evidence_tool.h"

#include "scan/child.h"
#include "scan/evidence_side.h"
#include "scan/tool.h"

#include <string.h>

enum { MEMORY = 768 << 20, SECONDS = 30, RECORDS = GH_EVIDENCE_FINDINGS + GH_EVIDENCE_CLAIMS + 8 };
#define TIME_MAX ((uint64_t)253402300799) /* the end of year 9999 */

/* Where the numbers of the first record may lie; what is not read says nothing. */
static bool numbers_fit(const uint64_t *a)
{
	bool sized = a[GH_EVIDENCE_N_FORM] < GH_EF_FORMS && a[GH_EVIDENCE_N_MORE] <= GH_CRITICAL &&
		     a[GH_EVIDENCE_N_READ] <= 1 && a[GH_EVIDENCE_N_RESULT] < GH_ER_RESULTS &&
		     a[GH_EVIDENCE_N_ISSUED] <= TIME_MAX && a[GH_EVIDENCE_N_CLAIMS] <= GH_EVIDENCE_CLAIMS;
	bool silent = a[GH_EVIDENCE_N_FOUND] == 0 && a[GH_EVIDENCE_N_CLAIMS] == 0 &&
		      a[GH_EVIDENCE_N_RESULT] == GH_ER_NONE && a[GH_EVIDENCE_N_ISSUED] == 0;
	return sized && (a[GH_EVIDENCE_N_READ] == 1 || silent);
}

static const char *on_form(struct gh_evidence_hear *h, const struct gh_tool_record *r)
{
	struct gh_evidence_seen *o = h->out;
	if (h->form || !numbers_fit(r->a) || r->text.n > GH_EVIDENCE_TEXT)
		return "a form that is none";
	h->form = true;
	h->claims = (size_t)r->a[GH_EVIDENCE_N_CLAIMS];
	o->form = (enum gh_evidence_form)r->a[GH_EVIDENCE_N_FORM];
	o->found = r->a[GH_EVIDENCE_N_FOUND];
	o->more = (enum gh_severity)r->a[GH_EVIDENCE_N_MORE];
	o->read = r->a[GH_EVIDENCE_N_READ] == 1;
	o->result = (enum gh_evidence_result)r->a[GH_EVIDENCE_N_RESULT];
	o->issued = (int64_t)r->a[GH_EVIDENCE_N_ISSUED];
	o->predicate = gh_child_text(h->a, r->text);
	size_t n = o->found < GH_EVIDENCE_FINDINGS ? (size_t)o->found : GH_EVIDENCE_FINDINGS;
	o->finding = gh_alloc(h->a, (n + 1) * sizeof *o->finding, _Alignof(max_align_t));
	o->claim = gh_alloc(h->a, (h->claims + 1) * sizeof *o->claim, _Alignof(max_align_t));
	return o->finding == NULL || o->claim == NULL ? "more than there is memory for" : NULL;
}

/* Three texts of which the first is not empty, each of at most so many bytes. */
static bool three(struct gh_evidence_hear *h, struct gh_span s, size_t middle, const char *out[3])
{
	if (s.n == 0)
		return false;
	const uint8_t *end = s.p + s.n, *one = memchr(s.p, 0, s.n);
	const uint8_t *two = one == NULL ? NULL : memchr(one + 1, 0, (size_t)(end - one - 1));
	if (two == NULL || one == s.p)
		return false;
	const struct gh_span part[] = { { s.p, (size_t)(one - s.p) },
					{ one + 1, (size_t)(two - one - 1) },
					{ two + 1, (size_t)(end - two - 1) } };
	if (part[0].n > GH_EVIDENCE_TEXT || part[1].n > middle || part[2].n > GH_EVIDENCE_TEXT)
		return false;
	for (size_t i = 0; i < 3; i++)
		out[i] = gh_child_text(h->a, part[i]);
	return true;
}

static const char *on_finding(struct gh_evidence_hear *h, const struct gh_tool_record *r)
{
	struct gh_evidence_seen *o = h->out;
	const char *text[3];
	if (o->n >= o->found || o->n >= GH_EVIDENCE_FINDINGS || r->a[0] > GH_CRITICAL)
		return "a finding that is none";
	if (!three(h, r->text, GH_EVIDENCE_TEXT, text))
		return "a finding without its parts";
	o->finding[o->n].severity = (enum gh_severity)r->a[0];
	o->finding[o->n].id = text[0];
	o->finding[o->n].file = text[1];
	o->finding[o->n].tool = text[2];
	o->n++;
	return NULL;
}

static const char *on_claim(struct gh_evidence_hear *h, const struct gh_tool_record *r)
{
	struct gh_evidence_seen *o = h->out;
	const char *text[3];
	if (o->nclaim >= h->claims || r->a[0] >= GH_EW_WORDS || r->a[1] > TIME_MAX)
		return "a claim that is none";
	if (!three(h, r->text, GH_EVIDENCE_ABOUT, text))
		return "a claim without its parts";
	o->claim[o->nclaim].word = (enum gh_evidence_word)r->a[0];
	o->claim[o->nclaim].at = (int64_t)r->a[1];
	o->claim[o->nclaim].id = text[0];
	o->claim[o->nclaim].about = text[1];
	o->claim[o->nclaim].why = text[2];
	o->nclaim++;
	return NULL;
}

const char *gh_evidence_on_record(void *arg, const struct gh_tool_record *r)
{
	struct gh_evidence_hear *h = arg;
	if (r->kind == GH_EVIDENCE_SAY_FORM)
		return on_form(h, r);
	if (!h->form)
		return "something before the form";
	if (r->kind == GH_EVIDENCE_SAY_TOOL && !h->tool && r->text.n <= GH_EVIDENCE_TEXT) {
		h->tool = true;
		h->out->tool = gh_child_text(h->a, r->text);
		return NULL;
	}
	if (r->kind == GH_EVIDENCE_SAY_CLAIM)
		return on_claim(h, r);
	return r->kind == GH_EVIDENCE_SAY_FINDING ? on_finding(h, r) : "a record of unknown kind";
}

enum gh_rc gh_evidence_see(int fd, const char *worker, struct gh_arena *a, struct gh_evidence_seen *out,
			   struct gh_err *err)
{
	const struct gh_tool_input in = { .fd = fd, .name = "the document" };
	*out = (struct gh_evidence_seen){ .predicate = "", .tool = "" };
	struct gh_evidence_hear h = { .a = a, .out = out };
	const struct gh_tool_job job = { .mode = "evidence",
					 .worker = worker,
					 .input = &in,
					 .ninput = 1,
					 .output = -1,
					 .memory = MEMORY,
					 .seconds = SECONDS,
					 .records = RECORDS,
					 .on_record = gh_evidence_on_record,
					 .arg = &h };
	GH_TRY(gh_tool_run(&job, err), err, "the document");
	size_t want = out->found < GH_EVIDENCE_FINDINGS ? (size_t)out->found : GH_EVIDENCE_FINDINGS;
	if (!h.form || out->n != want || out->nclaim != h.claims)
		return gh_fail(err, GH_E_BUG, "the worker sent less than it said");
	return GH_OK;
}
