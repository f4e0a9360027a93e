#include "scan/disarm/hear.h"

#include "scan/child.h"
#include "scan/disarm/side.h"

#include <string.h>

enum { TENSORS_MAX = 4 << 20 };

/* The three texts of a record. */
static bool split(struct gh_span s, struct gh_span part[3])
{
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *end = i == 2 ? NULL : memchr(s.p, 0, s.n);
		if (i != 2 && end == NULL)
			return false;
		size_t n = i == 2 ? s.n : (size_t)(end - s.p);
		part[i] = (struct gh_span){ s.p, n };
		s = gh_span_cut(s, n + 1, s.n);
		if (s.p == NULL)
			s.p = (const uint8_t *)"";
	}
	return true;
}

static const char *on_note(struct gh_disarm_hearing *h, const struct gh_tool_record *r, const struct gh_span part[3])
{
	struct gh_disarm_file *f = h->f;
	if (r->a[0] >= GH_DIS_ACTS)
		return "a note of unknown kind";
	f->count[r->a[0]]++;
	if (f->nnote == GH_DISARM_NOTES)
		return NULL;
	struct gh_disarm_note *v = gh_grow(h->arena, h->note, &h->cap, f->nnote + 1, sizeof *v);
	if (v == NULL)
		return NULL; /* counted, not shown */
	h->note = v;
	v[f->nnote++] = (struct gh_disarm_note){ .act = (enum gh_dis_act)r->a[0],
						 .size = r->a[1],
						 .what = gh_child_text(h->arena, part[0]),
						 .path = gh_child_text(h->arena, part[1]),
						 .text = gh_child_text(h->arena, part[2]) };
	f->note = v;
	return NULL;
}

/* An answer that stands for something says what: a format for what was written, a reason for what was not. */
static const char *on_result(struct gh_disarm_hearing *h, const struct gh_tool_record *r, const struct gh_span part[3])
{
	struct gh_disarm_file *f = h->f;
	if (r->a[0] >= GH_DIS_OUTCOMES)
		return "an outcome of unknown kind";
	h->outcome = (enum gh_dis_outcome)r->a[0];
	bool wrote = h->outcome == GH_DIS_CONVERTED || h->outcome == GH_DIS_REWRITTEN;
	if (wrote && (part[0].n == 0 || part[1].n == 0))
		return "a result without its format";
	if ((h->outcome == GH_DIS_REFUSED || h->outcome == GH_DIS_DROPPED) && part[2].n == 0)
		return "a refusal without its reason";
	if (r->a[1] > TENSORS_MAX || (!wrote && r->a[1] != 0 && h->outcome != GH_DIS_REFUSED))
		return "a number of tensors that cannot be";
	if (r->a[2] > INT64_MAX)
		return "a number of bytes that cannot be";
	h->result = true;
	h->bytes = r->a[2];
	f->tensors = wrote ? r->a[1] : 0;
	f->format = gh_child_text(h->arena, part[0]);
	f->written = part[1].n == 0 ? NULL : gh_child_text(h->arena, part[1]);
	f->why = gh_child_text(h->arena, part[2]);
	return NULL;
}

const char *gh_disarm_hear(struct gh_disarm_hearing *h, const struct gh_tool_record *r)
{
	struct gh_span part[3];
	if (h->result)
		return "a record behind its result";
	if (!split(r->text, part))
		return "a record of another form";
	switch (r->kind) {
	case GH_DIS_NOTE: return on_note(h, r, part);
	case GH_DIS_RESULT: return on_result(h, r, part);
	default: return "a record of unknown kind";
	}
}
