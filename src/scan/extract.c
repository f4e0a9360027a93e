#include "scan/extract.h"

#include "base/buf.h"
#include "scan/child.h"
#include "scan/extract_side.h"
#include "scan/tool.h"

#include <string.h>
#include <sys/stat.h>

enum { MEMORY = 384 << 20, OUTPUT_MORE = 64 << 20 };

struct hear {
	const struct gh_extract_job *job;
	struct gh_extracted *x;
	struct gh_arena *a;
	uint64_t end; /* of what was written so far */
};

static bool known_formats(const struct hear *h, uint64_t set, unsigned use)
{
	bool any = false;
	for (size_t i = 0; i < 64; i++) {
		if ((set >> i & 1) == 0)
			continue;
		if (i >= h->job->nname)
			return false;
		any = any || (h->job->name[i].use & use) != 0;
	}
	return any;
}

static const char *on_member(struct hear *h, const struct gh_tool_record *r)
{
	uint64_t off = r->a[0], len = r->a[1];
	if (h->x->n == h->job->count || !known_formats(h, r->a[2], GH_EXTRACT_WRITE))
		return "a member beyond what was asked for";
	if (off % GH_EXTRACT_ALIGN != 0 || off < h->end || off > h->job->bytes + OUTPUT_MORE || len > h->job->each)
		return "a member at a place where none can be";
	h->end = off + len;
	h->x->v[h->x->n++] = (struct gh_extract_member){
		.path = gh_child_text(h->a, r->text), .off = off, .len = len, .formats = r->a[2]
	};
	return NULL;
}

static const char *on_left(struct hear *h, const struct gh_tool_record *r)
{
	struct gh_span path = r->text, text = { 0 };
	const uint8_t *nul = r->text.n == 0 ? NULL : memchr(r->text.p, 0, r->text.n);
	if (nul == NULL || r->a[0] >= GH_EXTRACT_WHYS)
		return "a reason that is none";
	if (r->a[0] != GH_EXTRACT_UNREAD && !known_formats(h, r->a[1], GH_EXTRACT_WRITE | GH_EXTRACT_MISSED))
		return "a format that was not asked for";
	if (h->x->nleft == GH_EXTRACT_LEFT) {
		h->x->more++;
		return NULL;
	}
	path.n = (size_t)(nul - r->text.p);
	text = gh_span_cut(r->text, path.n + 1, r->text.n);
	h->x->left[h->x->nleft++] = (struct gh_extract_left){ .why = (enum gh_extract_why)r->a[0],
							      .path = gh_child_text(h->a, path),
							      .text = gh_child_text(h->a, text),
							      .formats = r->a[1] };
	return NULL;
}

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	struct hear *h = arg;
	switch (r->kind) {
	case GH_EXTRACT_SAY_MEMBER: return on_member(h, r);
	case GH_EXTRACT_SAY_LEFT: return on_left(h, r);
	case GH_EXTRACT_SAY_INERT: h->x->inert++; return NULL;
	default: return "a record of unknown kind";
	}
}

static bool put_args(const struct gh_extract_job *job, struct gh_buf *b)
{
	const struct gh_extract_args args = {
		.each = job->each, .bytes = job->bytes, .count = job->count, .names = (uint32_t)job->nname
	};
	gh_buf_put(b, &args, sizeof args);
	for (size_t i = 0; i < job->nname; i++) {
		gh_buf_ch(b, (char)job->name[i].use);
		gh_buf_put(b, job->name[i].format, strlen(job->name[i].format) + 1);
	}
	return !b->full;
}

enum gh_rc gh_extract(int in, const char *name, const struct gh_extract_job *job, int out, struct gh_arena *a,
		      struct gh_extracted *x, struct gh_err *err)
{
	struct stat st;
	struct hear h = { .job = job, .x = x, .a = a };
	gh_auto_buf args = gh_buf(8192);
	*x = (struct gh_extracted){ 0 };
	if (job->nname > GH_EXTRACT_NAMES || job->count > GH_EXTRACT_COUNT || !put_args(job, &args))
		return gh_fail(err, GH_E_BUG, "too many formats or members");
	const struct gh_tool_input input = { .fd = in, .name = name };
	const struct gh_tool_job tool = { .mode = "extract",
					  .worker = job->worker,
					  .input = &input,
					  .ninput = 1,
					  .output = out,
					  .output_bytes = job->bytes + OUTPUT_MORE,
					  .args = gh_buf_view(&args),
					  .memory = MEMORY,
					  .seconds = job->seconds,
					  .records = GH_EXTRACT_SAID + GH_EXTRACT_COUNT + 1,
					  .on_record = on_record,
					  .arg = &h };
	enum gh_rc rc = gh_tool_run(&tool, err);
	if (rc != GH_OK)
		return gh_fail(err, rc, "the archive could not be taken apart");
	if (fstat(out, &st) != 0 || st.st_size < 0 || (uint64_t)st.st_size < h.end)
		return gh_fail(err, GH_E_BUG, "the worker wrote less than it said");
	return GH_OK;
}
