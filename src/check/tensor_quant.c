#include "check/tensor_quant.h"

#include "check/tensor_stat.h"
#include "check/weights_hidden.h"
#include "format/format.h"
#include "wire/quant.h"

enum {
	WINDOW = 128 << 10, /* bytes at a time */
	STRETCH = 64,	    /* blocks that a statement about their codes needs */
};

struct look {
	const struct gh_quant *q;
	struct gh_quant_sum sum;
	struct gh_stretch strange; /* blocks */
	bool hidden;
	uint8_t codes[WINDOW];
};

static void say_hidden(struct gh_scene *s, const struct gh_event *ev, const char *what, const char *how, size_t at)
{
	gh_find(s, &gh_tensor_rules[GH_T_PAYLOAD], ev->at,
		"tensor \"%s\" (%s): the codes of its blocks, from byte %zu on, are %s%s",
		gh_safe(ev->u.tensor->name).s, ev->u.tensor->dtype, at, what, how);
}

/* Programs at any code, in bytes or in low bits of them; archives, pickles and scripts at the start. */
static void look_inside(struct gh_scene *s, const struct gh_event *ev, struct look *l, size_t n, size_t fresh,
			size_t before)
{
	struct gh_words w = { { l->codes, n }, 1, false };
	struct gh_bits_found found;
	struct gh_program p;
	if (before == 0) {
		struct gh_hidden h = gh_hidden_look(gh_span_cut(w.bytes, 0, GH_HIDDEN_LOOK));
		if (h.kind == GH_HIDDEN_ARCHIVE || h.kind == GH_HIDDEN_SCRIPT || h.kind == GH_HIDDEN_PROGRAM) {
			say_hidden(s, ev, h.name, "", h.at);
			l->hidden = true;
			return;
		}
	}
	if (gh_program_find(w.bytes, &p, 1) == 1) {
		say_hidden(s, ev, p.name, "", before + p.at);
		l->hidden = true;
	} else if (gh_bits_program(&w, fresh, &found)) {
		say_hidden(s, ev, found.program.name, " in their low bits", before + found.at);
		l->hidden = true;
	}
}

/* Blocks of signed bytes that do not reach 127, or go below -127: a stretch of them is not what a quantiser makes. */
static void judge_codes(struct look *l, const struct gh_quant_sum *part, uint64_t before)
{
	if (!l->q->bytes || part->used < STRETCH || part->below * 25 < part->used || part->full * 2 > part->used)
		return;
	if (l->strange.n == 0)
		l->strange.from = before;
	l->strange.to = before + part->blocks;
	l->strange.n += part->blocks;
}

static void add(struct gh_quant_sum *all, const struct gh_quant_sum *part)
{
	all->blocks += part->blocks;
	all->odd += part->odd;
	all->used += part->used;
	all->full += part->full;
	all->below += part->below;
}

static void report(struct gh_scene *s, const struct gh_event *ev, const struct look *l)
{
	struct gh_safe name = gh_safe(ev->u.tensor->name);
	if (l->sum.odd != 0)
		gh_find(s, &gh_tensor_rules[GH_T_SCALES], ev->at, "tensor \"%s\" (%s): %llu of %llu blocks", name.s,
			ev->u.tensor->dtype, (unsigned long long)l->sum.odd, (unsigned long long)l->sum.blocks);
	if (l->strange.n != 0)
		gh_find(s, &gh_tensor_rules[GH_T_CODES], ev->at,
			"tensor \"%s\" (%s): blocks %llu to %llu of %llu hold codes of -128 and lack the 127 that the "
			"largest "
			"number of a block gets",
			name.s, ev->u.tensor->dtype, (unsigned long long)l->strange.from,
			(unsigned long long)l->strange.to - 1, (unsigned long long)l->sum.blocks);
}

bool gh_tensor_quant(struct gh_scene *s, const struct gh_event *ev, bool *all)
{
	const struct gh_tensor *t = ev->u.tensor;
	struct look l __attribute__((uninitialized));
	const struct gh_quant *q = l.q = gh_quant_named(t->dtype);
	if (q == NULL)
		return false;
	l.sum = (struct gh_quant_sum){ 0 };
	l.strange = (struct gh_stretch){ 0 };
	l.hidden = false;
	uint64_t len = ev->at.len - ev->at.len % q->block, off = 0;
	/* Blocks at the end of a window are looked at once more with what follows, so that no header is cut. */
	size_t each = WINDOW / q->block, again = (size_t)GH_BITS_AHEAD / q->codes + 1;
	while (off < len) {
		uint64_t left = (len - off) / q->block;
		size_t n = left < each ? (size_t)left : each;
		struct gh_span w = gh_src_window(t->src, ev->at.off + off, n * q->block);
		if (w.n != n * q->block)
			break; /* the source says why */
		size_t fresh = n == left ? n : n - again;
		struct gh_quant_sum part = { 0 }, rest = { 0 };
		gh_quant_blocks(q, w.p, fresh, l.codes, &part);
		gh_quant_blocks(q, w.p + fresh * q->block, n - fresh, l.codes + fresh * q->codes, &rest);
		judge_codes(&l, &part, l.sum.blocks);
		if (!l.hidden)
			look_inside(s, ev, &l, n * q->codes, fresh * q->codes, (size_t)l.sum.blocks * q->codes);
		add(&l.sum, &part);
		off += (uint64_t)fresh * q->block;
	}
	report(s, ev, &l);
	*all = off == len;
	return true;
}
