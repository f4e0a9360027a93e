/* Byte sources and cursors: windows over memory, over ranges of others, over spools in memory and in a file; and what
 * spools refuse. */
#include "support/cm.h"

#include "format/src.h"
#include "scan/spool.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { N = 5 << 20 };
static uint8_t *bytes;

static void cursor_reads_what_is_there(void **st)
{
	(void)st;
	struct gh_src_mem m;
	struct gh_src *s = gh_src_mem(&m, GH_SPAN("line one\nx\0\1\2\3tail"));
	struct gh_cur c = gh_cur(s, 0);
	assert_true(gh_span_is(gh_cur_line(&c, 100), "line one\n"));
	assert_int_equal(gh_cur_u8(&c), 'x');
	assert_int_equal(gh_cur_u32le(&c), 0x03020100);
	assert_null(gh_cur_line(&c, 100).p); /* no newline: nothing moves, nothing breaks */
	assert_false(c.bad);
	assert_int_equal(gh_cur_left(&c), 4);
	gh_cur_skip(&c, 4);
	assert_int_equal(gh_cur_left(&c), 0);
	assert_non_null(gh_cur_peek(&c, 0));
	assert_null(gh_cur_take(&c, 1));
	assert_true(c.bad);
	struct gh_cur d = gh_cur(s, 99);
	assert_true(d.bad);
	struct gh_cur e = gh_cur(s, 0);
	gh_cur_skip(&e, UINT64_MAX);
	assert_true(e.bad);
	struct gh_cur f = gh_cur(s, 0);
	assert_null(gh_cur_take(&f, GH_WINDOW_MAX + 1));
}

static void ranges_are_clipped_and_found_again(void **st)
{
	(void)st;
	struct gh_src_mem m, other;
	struct gh_src_sub a, b;
	struct gh_src *s = gh_src_mem(&m, GH_SPAN("0123456789"));
	struct gh_src *mid = gh_src_sub(&a, s, 2, 6), *in = gh_src_sub(&b, mid, 1, 100);
	uint64_t off;
	assert_int_equal(in->size, 5);
	assert_true(gh_span_is(gh_src_window(in, 1, 2), "45"));
	assert_int_equal(gh_src_window(in, 5, 1).n, 0);
	assert_true(gh_src_within(in, s, &off));
	assert_int_equal(off, 3);
	assert_false(gh_src_within(gh_src_mem(&other, GH_SPAN("x")), s, &off));
	assert_int_equal(gh_src_sub(&a, s, 99, 5)->size, 0);
	assert_int_equal(gh_src_sub(&a, s, 9, UINT64_MAX)->size, 1);
}

static int spill(void *arg)
{
	(void)arg;
	FILE *f = tmpfile();
	int fd = f == NULL ? -1 : dup(fileno(f));
	if (f != NULL)
		(void)fclose(f);
	return fd;
}
static int no_spill(void *arg)
{
	(void)arg;
	return -1;
}
static uint64_t swept, swept_sum;
static void sweep(void *arg, struct gh_spool *sp, struct gh_span block, uint64_t off)
{
	(void)arg;
	(void)sp;
	assert_true(off <= swept); /* blocks overlap, never leave a hole */
	for (uint64_t i = swept; i < off + block.n; i++)
		swept_sum += block.p[i - off];
	if (off + block.n > swept)
		swept = off + block.n;
}

static void spools_give_back_what_was_put(void **st)
{
	(void)st;
	static const size_t size[] = { 0, 1, 4096, GH_SPOOL_MEMORY, GH_SPOOL_MEMORY + 1, N };
	for (size_t i = 0; i < GH_ROWS(size); i++) {
		struct gh_spool_budget b = { .expanded_left = N, .ratio = 1000, .spill = spill, .sweep = sweep };
		struct gh_spool *sp = gh_spool_new(&b, N);
		swept = swept_sum = 0;
		for (size_t at = 0; at < size[i];) {
			size_t n = 1 + (at * 7919) % 70000;
			n = n < size[i] - at ? n : size[i] - at;
			assert_int_equal(gh_spool_put(sp, (struct gh_span){ bytes + at, n }), GH_OK);
			at += n;
		}
		struct gh_src *s = gh_spool_src(sp);
		assert_int_equal(s->size, size[i]);
		uint64_t sum = 0;
		for (size_t k = 0; k < size[i]; k++)
			sum += bytes[k];
		assert_int_equal(swept, size[i]);
		assert_int_equal(swept_sum, sum);
		for (unsigned k = 0; k < 300 && size[i] != 0; k++) {
			uint64_t off = (k * 2654435761u) % size[i];
			struct gh_span w = gh_src_window(s, off, 1 + (k * 7907) % GH_WINDOW_MAX);
			assert_true(w.n != 0);
			assert_memory_equal(w.p, bytes + off, w.n);
		}
		gh_spool_free(sp);
	}
}

static void spools_keep_to_their_budget(void **st)
{
	(void)st;
	struct gh_spool_budget all = { .expanded_left = 1000, .ratio = 1000, .spill = spill, .sweep = sweep };
	struct gh_spool *sp = gh_spool_new(&all, 1 << 20);
	assert_int_equal(gh_spool_put(sp, (struct gh_span){ bytes, 1000 }), GH_OK);
	assert_int_equal(gh_spool_put(sp, (struct gh_span){ bytes, 1 }), GH_E_LIMIT);
	assert_non_null(strstr(all.hit, "--limit-expanded"));
	swept = swept_sum = 0;
	assert_int_equal(gh_spool_src(sp)->size, 1000); /* what came before the limit can still be inspected */
	gh_spool_free(sp);

	struct gh_spool_budget ratio = { .expanded_left = N, .ratio = 10, .spill = spill, .sweep = sweep };
	sp = gh_spool_new(&ratio, 1000);
	enum gh_rc rc = GH_OK;
	size_t put = 0;
	swept = swept_sum = 0;
	while (rc == GH_OK && put < N) {
		rc = gh_spool_put(sp, (struct gh_span){ bytes, 10000 });
		put += 10000;
	}
	assert_int_equal(rc, GH_E_LIMIT);
	assert_in_range(put, 1 << 20, (1 << 20) + 20000);
	assert_non_null(strstr(ratio.hit, "--limit-ratio"));
	gh_spool_free(sp);

	struct gh_spool_budget disk = { .expanded_left = N, .ratio = 1000, .spill = no_spill, .sweep = sweep };
	sp = gh_spool_new(&disk, N);
	swept = swept_sum = 0;
	assert_int_equal(gh_spool_put(sp, (struct gh_span){ bytes, N }), GH_E_LIMIT);
	assert_non_null(strstr(disk.hit, "temporary files"));
	gh_spool_free(sp);
}

static int set_up(void **st)
{
	(void)st;
	bytes = malloc(N);
	for (size_t i = 0; bytes != NULL && i < N; i++)
		bytes[i] = (uint8_t)(i * 2654435761u >> 11);
	return bytes == NULL;
}
static int tear_down(void **st)
{
	(void)st;
	free(bytes);
	return 0;
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(cursor_reads_what_is_there),
		cmocka_unit_test(ranges_are_clipped_and_found_again),
		cmocka_unit_test(spools_give_back_what_was_put),
		cmocka_unit_test(spools_keep_to_their_budget),
	};
	return cmocka_run_group_tests_name("src", t, set_up, tear_down);
}
