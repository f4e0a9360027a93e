/* FlatBuffers on any bytes, by a schema with every kind of field: parts stay inside, reading gives what verifying saw. */
#include "wire/flatbuf.h"

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

enum { ALL, LEAF };
static const struct gh_fb_table tables[] = {
	[ALL] = { "All", "1248stTuUSBHILX", { LEAF, ALL, 0, 12 } },
	[LEAF] = { "Leaf", "t4B", { ALL } },
};
static const uint8_t members[] = { LEAF, ALL };
static const struct gh_fb_union unions[] = { { members, 2 } };
static const struct gh_fb_schema schema = { tables, unions, ALL };

static struct gh_span at(void *ctx, uint64_t off, size_t len)
{
	if (len > 64 << 10)
		__builtin_trap();
	return gh_span_cut(*(struct gh_span *)ctx, off, len);
}
static void fault(void *ctx, enum gh_fb_fault f, uint64_t off, const char *table)
{
	struct gh_span *in = ctx;
	if (f >= GH_FB_FAULTS || off > in->n || table == NULL)
		__builtin_trap();
}

static void look(struct gh_fb *fb, struct gh_fb_tab t)
{
	for (unsigned i = 0; i < 16; i++) {
		(void)gh_fb_scalar(fb, &t, i, 8, 1);
		struct gh_fb_vec v = gh_fb_vector(fb, &t, i, 4);
		if (v.n > fb->size || gh_fb_bytes(fb, v, 100).n > 100)
			__builtin_trap();
		(void)gh_fb_elem(fb, v, v.n / 2, 4);
		(void)gh_fb_str_item(fb, v, 0);
		(void)gh_fb_item(fb, v, 0);
		(void)gh_fb_sub(fb, &t, i);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span in = { d, n };
	gh_auto_arena a = { .max = 8 << 20 };
	struct gh_fb fb = {
		.at = at, .fault = fault, .ctx = &in, .size = n, .schema = &schema, .arena = &a, .steps = 1 << 16
	};
	(void)gh_fb_verify(&fb);
	for (size_t i = 0; i < fb.parts.n; i++) {
		const struct gh_rec *r = gh_recs_at(&fb.parts, i);
		if (r->a >= r->b || r->b > n || (i > 0 && gh_recs_at(&fb.parts, i - 1)->a > r->a))
			__builtin_trap();
	}
	struct gh_fb_tab root = gh_fb_root(&fb);
	look(&fb, root);
	look(&fb, gh_fb_item(&fb, gh_fb_vector(&fb, &root, 6, 4), 0));
	return 0;
}
