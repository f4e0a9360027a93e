/* Mode "evidence", inside the worker. */
#include "scan/evidence_read.h"
#include "scan/evidence_side.h"
#include "scan/tool_side.h"

#include <string.h>

static enum gh_rc whole(struct gh_tool *t, struct gh_span *out, struct gh_err *err)
{
	struct gh_src_fd s;
	if (t->nfile != 1 || t->file[0].size > GH_EVIDENCE_FILE)
		return gh_fail(err, GH_E_LIMIT, "it is larger than %d MiB", GH_EVIDENCE_FILE >> 20);
	size_t n = (size_t)t->file[0].size, at = 0;
	uint8_t *p = gh_alloc(&t->arena, n + 1, 1);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	GH_TRY(gh_tool_open(t, 0, &s, err), err, "the document");
	while (at < n) {
		struct gh_span w = gh_src_window(&s.src, at, n - at);
		if (w.n == 0)
			break;
		memcpy(p + at, w.p, w.n);
		at += w.n;
	}
	gh_src_fd_close(&s);
	*out = (struct gh_span){ p, at };
	return at == n ? GH_OK : gh_fail(err, GH_E_IO, "it cannot be read");
}

static size_t put(char *text, size_t at, struct gh_span s)
{
	if (s.n > 0)
		memcpy(text + at, s.p, s.n);
	return at + s.n;
}

/* Three texts in one; the room is that of the longest. */
static void say_three(struct gh_tool *t, uint32_t kind, const uint64_t a[2], struct gh_span x, struct gh_span y,
		      struct gh_span z)
{
	char text[2 * GH_EVIDENCE_TEXT + GH_EVIDENCE_ABOUT + 2];
	size_t n = put(text, 0, x);
	text[n++] = '\0';
	n = put(text, n, y);
	text[n++] = '\0';
	n = put(text, n, z);
	gh_tool_say(t, kind, a, 2, (struct gh_span){ (const uint8_t *)text, n });
}

static void say_finding(struct gh_tool *t, const struct gh_evidence_finding *f)
{
	const uint64_t a[] = { f->severity, 0 };
	say_three(t, GH_EVIDENCE_SAY_FINDING, a, f->id, f->file, f->tool);
}

static void say_claim(struct gh_tool *t, const struct gh_evidence_claim *c)
{
	const uint64_t a[] = { c->word, (uint64_t)c->at };
	say_three(t, GH_EVIDENCE_SAY_CLAIM, a, c->id, c->about, c->why);
}

enum gh_rc gh_evidence_main(struct gh_tool *t, struct gh_err *err)
{
	struct gh_span doc;
	struct gh_evidence_doc d;
	GH_TRY(whole(t, &doc, err), err, "the document");
	enum gh_rc rc = gh_evidence_read(&t->arena, doc, &d, err);
	if (rc != GH_OK)
		return rc;
	const uint64_t a[GH_EVIDENCE_NUMBERS] = {
		[GH_EVIDENCE_N_FORM] = d.form,	   [GH_EVIDENCE_N_FOUND] = d.found,
		[GH_EVIDENCE_N_MORE] = d.more,	   [GH_EVIDENCE_N_READ] = d.read,
		[GH_EVIDENCE_N_RESULT] = d.result, [GH_EVIDENCE_N_ISSUED] = (uint64_t)d.issued,
		[GH_EVIDENCE_N_CLAIMS] = d.nclaim,
	};
	gh_tool_say(t, GH_EVIDENCE_SAY_FORM, a, GH_EVIDENCE_NUMBERS, d.predicate);
	if (d.tool.n > 0)
		gh_tool_say(t, GH_EVIDENCE_SAY_TOOL, NULL, 0, d.tool);
	for (size_t i = 0; i < d.n; i++)
		say_finding(t, &d.finding[i]);
	for (size_t i = 0; i < d.nclaim; i++)
		say_claim(t, &d.claim[i]);
	return GH_OK;
}
