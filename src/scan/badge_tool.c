#include "scan/badge_tool.h"

#include "scan/badge_side.h"
#include "scan/child.h"
#include "scan/tool.h"

#include <string.h>

enum { MEMORY = 192 << 20, SECONDS = 10 };

struct hear {
	struct gh_arena *a;
	struct gh_badge_seen *out;
	unsigned checks;
};

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	struct hear *h = arg;
	struct gh_badge_seen *o = h->out;
	if (r->kind == GH_BADGE_SAY_CHECK) {
		if (r->a[0] != h->checks || r->a[0] >= GH_BC_CHECKS || r->a[1] > GH_BO_UNKNOWN)
			return "a check that does not exist, or out of order";
		o->check[h->checks].outcome = (enum gh_badge_outcome)r->a[1];
		o->check[h->checks++].detail = gh_child_text(h->a, r->text);
		return NULL;
	}
	if (r->kind == GH_BADGE_SAY_LOG) {
		o->log_index = r->a[0];
		o->log_size = r->a[1];
		return NULL;
	}
	const uint8_t *nul = r->kind == GH_BADGE_SAY_CLAIM ? memchr(r->text.p, 0, r->text.n) : NULL;
	if (nul == NULL || o->nclaim == GH_BADGE_CLAIMS)
		return "a claim that is none";
	size_t n = (size_t)(nul - r->text.p);
	o->claim[o->nclaim].name = gh_child_text(h->a, gh_span_cut(r->text, 0, n));
	o->claim[o->nclaim++].value = gh_child_text(h->a, gh_span_cut(r->text, n + 1, r->text.n));
	return NULL;
}

/* The same rule as gh_badge_verdict(), over what was heard. */
static int verdict(const struct gh_badge_seen *s)
{
	bool unknown = false;
	for (unsigned i = 0; i < GH_BC_CHECKS; i++) {
		if (s->check[i].outcome == GH_BO_FAIL)
			return 1;
		unknown = unknown || s->check[i].outcome == GH_BO_UNKNOWN || s->check[i].outcome == GH_BO_NOT_REACHED;
	}
	return unknown ? 2 : 0;
}

enum gh_rc gh_badge_see(const struct gh_badge_files *f, struct gh_arena *a, struct gh_badge_seen *out,
			struct gh_err *err)
{
	struct gh_tool_input in[3] = { { .fd = f->badge, .name = "the badge", .tag = GH_BADGE_TAG_FILE },
				       { .fd = f->keys, .name = "the key", .tag = GH_BADGE_TAG_KEYS },
				       { .fd = f->status, .name = "the status list", .tag = GH_BADGE_TAG_STATUS } };
	struct gh_badge_args args = { .at = f->at, .status_min = f->status_min };
	*out = (struct gh_badge_seen){ .verdict = 2 };
	struct hear h = { a, out, 0 };
	if (f->root != NULL) {
		args.has_root = 1;
		memcpy(args.root, f->root, strnlen(f->root, sizeof args.root));
	}
	const struct gh_tool_job job = { .mode = "badge",
					 .worker = f->worker,
					 .input = in,
					 .ninput = f->status >= 0 ? 3 : 2,
					 .output = -1,
					 .args = { (const uint8_t *)&args, sizeof args },
					 .memory = MEMORY,
					 .seconds = SECONDS,
					 .records = GH_BC_CHECKS + GH_BADGE_CLAIMS + 1,
					 .on_record = on_record,
					 .arg = &h };
	GH_TRY(gh_tool_run(&job, err), err, "the badge could not be looked at");
	if (h.checks != GH_BC_CHECKS)
		return gh_fail(err, GH_E_BUG, "the worker did not say everything");
	out->verdict = verdict(out);
	return GH_OK;
}
