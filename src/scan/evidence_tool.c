#include "scan/evidence_tool.h"

#include "scan/child.h"
#include "scan/evidence_side.h"
#include "scan/tool.h"

#include <string.h>

enum { MEMORY = 768 << 20, SECONDS = 30, RECORDS = GH_EVIDENCE_FINDINGS + 8 };

static const char *on_form(struct gh_evidence_hear *h, const struct gh_tool_record *r)
{
	struct gh_evidence_seen *o = h->out;
	if (h->form || r->a[0] >= GH_EF_FORMS || r->a[2] > GH_CRITICAL || (r->a[0] != GH_EF_SARIF && r->a[1] != 0) ||
	    r->text.n > GH_EVIDENCE_TEXT)
		return "a form that is none";
	h->form = true;
	o->form = (enum gh_evidence_form)r->a[0];
	o->found = r->a[1];
	o->more = (enum gh_severity)r->a[2];
	o->predicate = gh_child_text(h->a, r->text);
	size_t n = o->found < GH_EVIDENCE_FINDINGS ? (size_t)o->found : GH_EVIDENCE_FINDINGS;
	o->finding = gh_alloc(h->a, (n + 1) * sizeof *o->finding, _Alignof(max_align_t));
	return o->finding == NULL ? "more findings than there is memory for" : NULL;
}

static const char *on_finding(struct gh_evidence_hear *h, const struct gh_tool_record *r)
{
	struct gh_evidence_seen *o = h->out;
	if (o->n >= o->found || o->n >= GH_EVIDENCE_FINDINGS || r->a[0] > GH_CRITICAL || r->text.n == 0 ||
	    r->text.n > 3 * GH_EVIDENCE_TEXT + 2)
		return "a finding that is none";
	const uint8_t *end = r->text.p + r->text.n, *one = memchr(r->text.p, 0, r->text.n);
	const uint8_t *two = one == NULL ? NULL : memchr(one + 1, 0, (size_t)(end - one - 1));
	if (one == NULL || two == NULL || one == r->text.p)
		return "a finding without its parts";
	o->finding[o->n].severity = (enum gh_severity)r->a[0];
	o->finding[o->n].id = gh_child_text(h->a, (struct gh_span){ r->text.p, (size_t)(one - r->text.p) });
	o->finding[o->n].file = gh_child_text(h->a, (struct gh_span){ one + 1, (size_t)(two - one - 1) });
	o->finding[o->n].tool = gh_child_text(h->a, (struct gh_span){ two + 1, (size_t)(end - two - 1) });
	o->n++;
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
	if (!h.form || out->n != want)
		return gh_fail(err, GH_E_BUG, "the worker sent less than it said");
	return GH_OK;
}
