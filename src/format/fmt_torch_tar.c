/* fmt_torch_tar.c - PyTorch's oldest file format (0.1.1): a tar archive of the members sys_info, pickle, storages and
 * tensors, which torch.load() still reads. The tar reader does the walking; here its members get their meaning, and
 * tensors are compared with the storages they lie in. */
#include "format/formats.h"
#include "format/torch_tar_parts.h"
#include "wire/tar.h"

#include <inttypes.h>

extern const struct gh_fmt gh_fmt_tar;

enum { A_STRANGER, A_TWICE, A_EXTENT };

static const struct gh_rule rules[] = {
	[A_STRANGER] = { "GH-PTT-0006", GH_MEDIUM, GH_REVIEW, "File in an old PyTorch tar that PyTorch does not use",
			 "Code or data hidden in a checkpoint reaches every machine that it is copied to.",
			 "Look at the file, or save the checkpoint again.", "CWE-506 AML.T0018" },
	[A_TWICE] = { "GH-PTT-0007", GH_MEDIUM, GH_REVIEW, "Old PyTorch tar has a member twice",
		      "PyTorch takes the last one, other readers the first.", "Save the checkpoint again.", "CWE-436" },
	[A_EXTENT] = { "GH-PTT-0008", GH_HIGH, GH_UNSAFE, "Old PyTorch tensor reaches outside its storage, or has none",
		       "A loader that does not check reads or writes memory that is not its own.",
		       "Do not load it; get the file again from a source you trust.", "CWE-125 CWE-787" },
	GH_RULES_END
};

enum part { SYS_INFO, PICKLE, STORAGES, TENSORS, PARTS };
static const struct {
	const char *name, *role, *expect;
} part[PARTS] = {
	[SYS_INFO] = { "sys_info", "marker", "pickle" },
	[PICKLE] = { "pickle", "object", "pickle" },
	[STORAGES] = { "storages", "tensor storages", "pytorch-tar-storages" },
	[TENSORS] = { "tensors", "tensors", "pytorch-tar-tensors" },
};

static enum part part_of(struct gh_span name)
{
	int i = 0;
	while (i < PARTS && !gh_span_is(name, part[i].name))
		i++;
	return (enum part)i;
}

static enum gh_match probe(const struct gh_probe *p)
{
	struct gh_tar_header h;
	return gh_tar_header(gh_span_cut(p->head, 0, GH_TAR_BLOCK), &h) && part_of(h.name) != PARTS ? GH_WEAK : GH_NO;
}

/* ---- a sink between the tar reader and the pipeline ------------------------------------------------------------ */

struct between {
	struct gh_sink sink;
	struct gh_walk *w;
	struct gh_torch_parts parts;
	unsigned seen[PARTS];
	bool blind; /* storages or tensors were not read to their end */
};

static enum gh_rc hear_nothing(struct gh_sink *s, const struct gh_event *e)
{
	(void)s;
	(void)e;
	return GH_OK;
}

static struct gh_spool *spool_open(struct gh_sink *s, uint64_t packed)
{
	struct gh_sink *real = ((struct between *)s)->w->sink;
	return real->ops->spool_open(real, packed);
}

/* Read a member for what it says, without events: the pipeline reads it again as its own format. */
static void look_into(struct between *b, enum part which, struct gh_src *src)
{
	struct gh_sink_ops ops = *b->w->sink->ops;
	ops.event = hear_nothing;
	ops.spool_open = spool_open;
	struct between quiet = { .sink = { &ops }, .w = b->w };
	gh_auto_arena arena = { .max = b->w->lim->arena };
	struct gh_err err = { 0 };
	struct gh_walk inner = *b->w;
	inner.src = src;
	inner.arena = &arena;
	inner.sink = &quiet.sink;
	inner.err = &err;
	enum gh_rc rc = which == STORAGES ? gh_torch_read_storages(&inner, &b->parts) :
					    gh_torch_read_tensors(&inner, &b->parts);
	b->blind = b->blind || rc != GH_OK;
}

static enum gh_rc pass_on(struct gh_sink *s, const struct gh_event *e)
{
	struct between *b = (struct between *)s;
	struct gh_sink *real = b->w->sink;
	if (e->kind != GH_EV_MEMBER || e->u.member->how != GH_MEMBER_FILE)
		return real->ops->event(real, e);
	struct gh_member m = *e->u.member;
	enum part which = part_of(m.name);
	if (which == PARTS) {
		gh_anomaly(b->w, &rules[A_STRANGER], e->at.off, e->at.len, "'%s'", gh_safe(m.name).s);
		return real->ops->event(real, e);
	}
	if (b->seen[which]++ != 0)
		gh_anomaly(b->w, &rules[A_TWICE], e->at.off, e->at.len, "'%s'", part[which].name);
	m.role = part[which].role;
	m.expect = part[which].expect;
	struct gh_event ev = *e;
	ev.u.member = &m;
	enum gh_rc rc = real->ops->event(real, &ev);
	if (rc == GH_OK && (which == STORAGES || which == TENSORS) && b->seen[which] == 1)
		look_into(b, which, m.src);
	return rc;
}

static void compare(struct between *b)
{
	struct gh_torch_parts *p = &b->parts;
	for (size_t i = 0; !b->blind && i < p->ntensor; i++) {
		const struct gh_torch_old_tensor *t = &p->tensor[i];
		const struct gh_torch_storage *s = gh_torch_find(&p->objects, "", t->storage);
		if (s == NULL || t->reach > s->numel)
			gh_anomaly(b->w, &rules[A_EXTENT], 0, 0, "a tensor needs %" PRIu64 " elements of storage '%s', which %s",
				   t->reach, gh_safe(t->storage).s, s == NULL ? "is missing" : "is smaller");
	}
}

/* Are the members there that make it PyTorch's? Follows the headers only. */
static bool has_parts(struct gh_walk *w)
{
	bool seen[PARTS] = { false };
	struct gh_tar_header h;
	uint64_t off = 0;
	for (unsigned n = 0; n < 64 && off < w->src->size; n++) {
		struct gh_span block = gh_src_window(w->src, off, GH_TAR_BLOCK);
		if (block.n < GH_TAR_BLOCK || !gh_tar_header(block, &h) || h.bad_size)
			break;
		enum part which = part_of(h.name);
		if (which != PARTS)
			seen[which] = true;
		if (h.size > w->src->size - off)
			break;
		off += GH_TAR_BLOCK + (h.size + GH_TAR_BLOCK - 1) / GH_TAR_BLOCK * GH_TAR_BLOCK;
	}
	return seen[PICKLE] && seen[STORAGES];
}

static enum gh_rc walk(struct gh_walk *w)
{
	if (gh_fmt_tar.walk == NULL || !has_parts(w))
		return GH_E_NOTTHIS;
	struct gh_sink_ops ops = *w->sink->ops;
	ops.event = pass_on;
	ops.spool_open = spool_open;
	struct between b = { .sink = { &ops }, .w = w, .parts.objects = gh_torch_objects(w->arena) };
	struct gh_walk inner = *w;
	inner.sink = &b.sink;
	enum gh_rc rc = gh_fmt_tar.walk(&inner);
	if (rc == GH_OK)
		compare(&b);
	return rc;
}

const struct gh_fmt gh_fmt_torch_tar = {
	.name = "pytorch-tar",
	.about = "PyTorch checkpoint of the tar format of 0.1",
	.exts = "pt pth tar bin ckpt model th",
	.over = "tar",
	.probe = probe,
	.walk = walk,
	.rules = rules,
};
