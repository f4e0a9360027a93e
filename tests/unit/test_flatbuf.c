/* FlatBuffers by themselves, with a schema that TFLite does not have: tables that hold themselves, unions, structs. */
#include "support/cm.h"

#include "base/buf.h"
#include "wire/flatbuf.h"

enum { NODE, LEAF };
static const struct gh_fb_table tables[] = {
	[NODE] = { "Node", "t4uUX", { NODE, 0, 12 } },
	[LEAF] = { "Leaf", "sL", { 0 } },
};
static const uint8_t members[] = { LEAF };
static const struct gh_fb_union unions[] = { { members, 1 } };
static const struct gh_fb_schema schema = { tables, unions, NODE };

struct bytes {
	struct gh_span in;
	unsigned faults[GH_FB_FAULTS];
};
static struct gh_span at(void *ctx, uint64_t off, size_t len)
{
	return gh_span_cut(((struct bytes *)ctx)->in, off, len);
}
static void fault(void *ctx, enum gh_fb_fault f, uint64_t off, const char *table)
{
	(void)off, (void)table;
	((struct bytes *)ctx)->faults[f]++;
}

static void u32(struct gh_buf *b, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		gh_buf_ch(b, (char)(v >> 8 * i & 0xff));
}
static void u16(struct gh_buf *b, unsigned v)
{
	gh_buf_ch(b, (char)(v & 0xff));
	gh_buf_ch(b, (char)(v >> 8));
}

/* A chain of n nodes that share one vtable, each behind the other. */
static void chain(struct gh_buf *b, unsigned n)
{
	u32(b, 16);
	u32(b, 0);
	u16(b, 8), u16(b, 12), u16(b, 4), u16(b, 8);
	for (unsigned i = 0; i < n; i++) {
		u32(b, 16 + 12 * i - 8);
		u32(b, i + 1 < n ? 8 : 0);
		u32(b, 7);
	}
}

static struct gh_fb reader(struct bytes *x, struct gh_arena *a, uint64_t steps)
{
	return (struct gh_fb){
		.at = at, .fault = fault, .ctx = x, .size = x->in.n, .schema = &schema, .arena = a, .steps = steps
	};
}

static void depth(void **st)
{
	(void)st;
	for (unsigned n = 62; n < 68; n++) {
		gh_auto_buf b = gh_buf(1 << 16);
		gh_auto_arena a = { .max = 1 << 20 };
		chain(&b, n);
		struct bytes x = { .in = gh_buf_view(&b) };
		struct gh_fb fb = reader(&x, &a, 1000);
		assert_true(gh_fb_verify(&fb));
		assert_int_equal(x.faults[GH_FB_DEEP], n > GH_FB_DEPTH);
		/* The last one points nowhere: an offset of zero. */
		assert_int_equal(x.faults[GH_FB_RANGE], n <= GH_FB_DEPTH);
		assert_false(fb.full);
	}
}

static void steps(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(1 << 16);
	gh_auto_arena a = { .max = 1 << 20 };
	chain(&b, 20);
	struct bytes x = { .in = gh_buf_view(&b) };
	struct gh_fb fb = reader(&x, &a, 5);
	(void)gh_fb_verify(&fb);
	assert_true(fb.full);
}

/* A node with a leaf in its union and a vector of structs; type: of the union. */
static void one(struct gh_buf *b, unsigned type, unsigned structs)
{
	u32(b, 24);
	u32(b, 0);
	u16(b, 14), u16(b, 16), u16(b, 0), u16(b, 0), u16(b, 12), u16(b, 4), u16(b, 8),
		u16(b, 0);					  /* vtable, 2 of padding */
	u32(b, 16), u32(b, 16 + 16 - 4), u32(b, 8), u32(b, type); /* node at 24: leaf at 56, vector at 40 */
	u32(b, structs), u32(b, 1), u32(b, 2), u32(b, 3);	  /* vector at 40: one struct of 12 bytes */
	u16(b, 4), u16(b, 4), u32(b, 0);			  /* not used: see below */
}

static void unions_and_structs(void **st)
{
	(void)st;
	static const struct {
		unsigned type, structs;
		enum gh_fb_fault f;
		unsigned n;
	} t[] = { { 0, 1, GH_FB_NEW, 1 },
		  { 9, 1, GH_FB_NEW, 1 },
		  { 9, 99, GH_FB_RANGE, 1 },
		  { 9, 0x15555556, GH_FB_RANGE, 1 } };
	for (size_t i = 0; i < GH_ROWS(t); i++) {
		gh_auto_buf b = gh_buf(1 << 16);
		gh_auto_arena a = { .max = 1 << 20 };
		one(&b, t[i].type, t[i].structs);
		struct bytes x = { .in = gh_buf_view(&b) };
		struct gh_fb fb = reader(&x, &a, 100);
		assert_true(gh_fb_verify(&fb));
		assert_int_equal(x.faults[t[i].f], t[i].n);
		assert_int_equal(x.faults[GH_FB_LOOSE] + x.faults[GH_FB_OVERLAP] + x.faults[GH_FB_VTABLE], 0);
	}
}

static void readers_check_again(void **st)
{
	(void)st;
	gh_auto_buf b = gh_buf(1 << 16);
	gh_auto_arena a = { .max = 1 << 20 };
	one(&b, 0, 1);
	struct bytes x = { .in = gh_buf_view(&b) };
	struct gh_fb fb = reader(&x, &a, 100);
	assert_true(gh_fb_verify(&fb));
	struct gh_fb_tab root = gh_fb_root(&fb);
	assert_int_equal(root.off, 24);
	assert_int_equal(gh_fb_scalar(&fb, &root, 1, 4, 42), 42); /* absent */
	struct gh_fb_vec v = gh_fb_vector(&fb, &root, 4, 12);
	assert_int_equal(v.off, 44);
	assert_int_equal(v.n, 1);
	assert_int_equal(gh_fb_elem(&fb, (struct gh_fb_vec){ v.off, 3 }, 2, 4), 3);
	assert_int_equal(gh_fb_elem(&fb, v, 5, 4), 0);
	assert_int_equal(gh_fb_vector(&fb, &root, 4, 1 << 20).n, 0); /* too wide to fit */
	assert_int_equal(gh_fb_sub(&fb, &root, 0).off, 0);
	assert_int_equal(gh_fb_open(&fb, 1 << 20).off, 0);
	assert_int_equal(gh_fb_bytes(&fb, (struct gh_fb_vec){ 1 << 20, 4 }, 4).n, 0);
	assert_int_equal(gh_fb_item(&fb, v, 9).off, 0);
	assert_int_equal(gh_fb_str_item(&fb, v, 9).n, 0);
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(depth), cmocka_unit_test(steps),
					cmocka_unit_test(unions_and_structs), cmocka_unit_test(readers_check_again) };
	return cmocka_run_group_tests_name("flatbuf", t, NULL, NULL);
}
