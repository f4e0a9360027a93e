/* fmt_torch_tar.c - PyTorch's oldest file format (0.1.1): a tar archive of the members sys_info, pickle, storages and
 * tensors, which torch.load() still reads. The tar walk reads the archive; here its members get their meaning, and
 * tensors are compared with the storages they lie in. */
#include "format/formats.h"
#include "format/tar_walk.h"
#include "format/torch_quiet.h"
#include "format/torch_tar_parts.h"
#include "wire/tar.h"

#include <inttypes.h>

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
	return gh_tar_header(gh_span_cut(p->head, 0, GH_TAR_BLOCK), &h) && part_of(h.name) != PARTS ? GH_STRONG : GH_NO;
}

/* ---- members --------------------------------------------------------------------------------------------------- */

struct old_file {
	struct gh_torch_parts parts;
	unsigned seen[PARTS];
	bool blind; /* storages or tensors were not read to their end */
};

static void on_member(void *ctx, struct gh_walk *w, const struct gh_tar_entry *e, struct gh_member *m)
{
	(void)ctx;
	(void)w;
	enum part which = part_of(e->name);
	if (e->hidden || which == PARTS)
		return;
	m->role = part[which].role;
	m->expect = part[which].expect;
}

/* Read storages and tensors for what they say, without events: the pipeline reads them as formats of their own. */
static enum gh_rc on_content(void *ctx, struct gh_walk *w, const struct gh_tar_entry *e, struct gh_src *src)
{
	struct old_file *f = ctx;
	enum part which = part_of(e->name);
	if (e->hidden)
		return GH_OK;
	if (which == PARTS) {
		gh_anomaly(w, &rules[A_STRANGER], e->data_off, e->size, "'%s'", gh_safe(e->name).s);
		return GH_OK;
	}
	if (f->seen[which]++ != 0) {
		gh_anomaly(w, &rules[A_TWICE], e->data_off, e->size, "'%s'", part[which].name);
		return GH_OK;
	}
	if (which != STORAGES && which != TENSORS)
		return GH_OK;
	struct gh_torch_quiet q;
	gh_torch_quiet_begin(&q, w, src);
	enum gh_rc rc = which == STORAGES ? gh_torch_read_storages(&q.walk, &f->parts)
					  : gh_torch_read_tensors(&q.walk, &f->parts);
	f->blind = f->blind || rc != GH_OK;
	gh_torch_quiet_end(&q);
	return GH_OK;
}

/* Tensors lie in storages that are there. */
static enum gh_rc on_done(void *ctx, struct gh_walk *w)
{
	const struct old_file *f = ctx;
	struct gh_torch_parts *p = &((struct old_file *)ctx)->parts;
	for (size_t i = 0; !f->blind && i < p->ntensor; i++) {
		const struct gh_torch_old_tensor *t = &p->tensor[i];
		const struct gh_torch_storage *s = gh_torch_find(&p->objects, "", t->storage);
		if (s == NULL || t->reach > s->numel)
			gh_anomaly(w, &rules[A_EXTENT], 0, 0,
				   "a tensor needs %" PRIu64 " elements of storage '%s', which %s", t->reach,
				   gh_safe(t->storage).s, s == NULL ? "is missing" : "is smaller");
	}
	return GH_OK;
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
	if (!has_parts(w))
		return GH_E_NOTTHIS;
	struct old_file f = { .parts.objects = gh_torch_objects(w->arena) };
	struct gh_tar_hooks hooks = { &f, on_member, on_content, on_done };
	return gh_tar_walk(w, &hooks);
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
