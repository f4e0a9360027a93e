/* Texts as they stand in a source, shown to the checks that search all of it: each source that reads as text once, in order,
 * and small ones of any other kind; of containers the members only. What a reader decodes reaches checks as events; they
 * share one state with the bytes, so that the same thing is not said twice. */
#include "scan/pipe_int.h"

enum { HEAD = 4096, SMALL = 1 << 20 };

/* Readable from the start: hardly a control character, and no zero. */
static bool texty(struct gh_span head)
{
	size_t odd = 0;
	head = gh_span_cut(head, 0, HEAD);
	for (size_t i = 0; i < head.n; i++) {
		if (head.p[i] == 0)
			return false;
		odd += head.p[i] < ' ' && head.p[i] != '\n' && head.p[i] != '\r' && head.p[i] != '\t';
	}
	return odd * 32 <= head.n;
}

static void show(struct gh_frame *f, struct gh_span block, uint64_t off, bool last)
{
	for (size_t i = 0; i < gh_checks_n; i++)
		if (gh_checks[i]->bytes != NULL) {
			f->scene.decoded = f->of_shown;
			f->scene.state = &f->state[i];
			f->scene.common = &f->p->common[i];
			f->scene.stage = gh_checks[i]->stage;
			gh_checks[i]->bytes(&f->scene, block, off, last);
		}
}

/* Bytes [off, end) at hand; returns how far it came. */
static uint64_t show_range(struct gh_frame *f, uint64_t off, uint64_t end)
{
	while (off < end) {
		uint64_t left = end - off;
		struct gh_span w = gh_src_window(f->src, off,
						 left < GH_WINDOW_MAX ? (size_t)left : (size_t)GH_WINDOW_MAX);
		if (w.n == 0)
			break; /* somebody else says why */
		off += w.n;
		show(f, w, off - w.n, off == f->src->size);
	}
	return off;
}

/* Bytes that are shown as something else already, or that nobody should search. */
static bool left_out(const struct gh_frame *f, const struct gh_member *m)
{
	return m->raw || (m->how == GH_MEMBER_HIDDEN && f->placed) || f->src->size == 0 ||
	       (f->up == NULL && f->p->ndeclared != 0);
}

void gh_pipe_show_ahead(struct gh_frame *f, const struct gh_member *m)
{
	f->of_shown = m->how == GH_MEMBER_NESTED && f->up != NULL && (f->up->shown || f->up->of_shown);
	if (m->how == GH_MEMBER_NESTED && f->up != NULL && f->up->src->stable)
		gh_pipe_show_keep(f, f->up);	  /* a part of what was shown */
	bool once = f->placed && !f->src->stable; /* flows by, and is at hand for a moment */
	if (left_out(f, m) || (once && f->up != NULL && f->src->size > SMALL))
		return;
	bool root = once && f->up == NULL;
	bool text = texty(gh_src_window(f->src, 0, once && !root ? (size_t)SMALL : (size_t)HEAD));
	uint64_t done = 0;
	if (text && !root)
		(void)show_range(f, 0, f->src->size);
	else if (text) /* of the file itself, what came before now; a look at it may bring more */
		for (uint64_t was = 1; done != was && done < f->p->swept;) {
			was = done;
			done = show_range(f, done, f->p->swept);
		}
	f->shown = text; /* from here on it is shown as it flows by */
}

void gh_pipe_show_rest(struct gh_frame *f, const struct gh_member *m)
{
	if (left_out(f, m) || f->shown || f->container || (f->placed && !f->src->stable) || f->src->size > SMALL)
		return;
	(void)show_range(f, 0, f->src->size);
}

void gh_pipe_show_flow(struct gh_pipe *p, struct gh_span fresh, uint64_t off)
{
	struct gh_frame *f = p->root;
	if (f == NULL || p->ndeclared != 0 || f->src->stable)
		return;
	if (f->shown && fresh.n != 0)
		show(f, fresh, off, off + fresh.n == f->src->size);
}

void gh_pipe_show_keep(struct gh_frame *to, const struct gh_frame *from)
{
	for (size_t i = 0; i < gh_checks_n; i++)
		if (gh_checks[i]->bytes != NULL)
			to->state[i] = from->state[i];
}
