/* What was judged is what was digested: bytes read twice must be the same bytes, or the file counts as changed. */
#include "support/cm.h"

#include "scan/feed.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BIG = GH_RING * 2 + 12345, SMALL = 1000 };
static uint8_t shm[GH_SHM], content[BIG];
static char path[] = "/tmp/gh-test-feed-XXXXXX";
static struct gh_sha256 *sha;

static int open_with(size_t n, struct gh_feed *f)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_TRUNC);
	assert_true(fd >= 0);
	for (size_t i = 0; i < n; i++)
		content[i] = (uint8_t)(i * 2654435761u >> 13);
	assert_int_equal(write(fd, content, n), n);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(gh_feed_open(f, fd, &st, shm, sha));
	return fd;
}

static void finish(struct gh_feed *f)
{
	while (!gh_feed_done(f)) {
		f->hold = f->head; /* as a worker that needs nothing */
		if (gh_feed_room(f))
			gh_feed_block(f);
		else
			(void)poll(&(struct pollfd){ .fd = f->progress, .events = POLLIN }, 1, 20);
	}
}

static void change(int fd, uint64_t off, char byte)
{
	assert_int_equal(pwrite(fd, &byte, 1, (off_t)off), 1);
	/* A clever writer puts the times back; what cannot be put back is the content. */
}

static void expect_digest(size_t n, const char *hex)
{
	char want[65];
	struct gh_sha256 *h = gh_sha256_new();
	assert_true(gh_sha256_start(h) && gh_sha256_add(h, (struct gh_span){ content, n }) && gh_sha256_hex(h, want));
	assert_string_equal(hex, want);
	gh_sha256_free(h);
}

static void reads_and_digests(void **st)
{
	(void)st;
	static const size_t size[] = { 0, 1, SMALL, GH_BLOCK, GH_RING, GH_RING + 1, BIG };
	for (size_t i = 0; i < GH_ROWS(size); i++) {
		struct gh_feed f;
		char hex[65];
		int fd = open_with(size[i], &f);
		while (f.size <= GH_RING && f.head < f.size)
			gh_feed_block(&f);
		gh_feed_digest_small(&f);
		finish(&f);
		gh_feed_close(&f, hex);
		assert_int_equal(f.state, GH_FEED_OK);
		expect_digest(size[i], hex);
		(void)close(fd);
	}
}

static void windows_show_the_files_bytes(void **st)
{
	(void)st;
	static const struct {
		uint64_t off;
		size_t len;
	} w[] = { { 0, 1 }, { BIG - 1, 1 }, { 65535, 2 }, { BIG - 70000, 70000 }, { 123456, GH_WINDOW_MAX } };
	struct gh_feed f;
	char hex[65];
	int fd = open_with(BIG, &f);
	for (size_t i = 0; i < GH_ROWS(w); i++) {
		assert_true(gh_feed_window(&f, w[i].off, w[i].len, i & 1));
		assert_memory_equal(shm + GH_RING + (i & 1) * GH_WINDOW_MAX, content + w[i].off, w[i].len);
	}
	finish(&f);
	for (size_t i = 0; i < GH_ROWS(w); i++) /* behind the digest as well */
		assert_true(gh_feed_window(&f, w[i].off, w[i].len, 0));
	gh_feed_close(&f, hex);
	assert_int_equal(f.state, GH_FEED_OK);
	expect_digest(BIG, hex);
	(void)close(fd);
}

static void a_window_that_differs_from_what_is_digested_later_is_caught(void **st)
{
	(void)st;
	struct gh_feed f;
	char hex[65];
	int fd = open_with(BIG, &f);
	assert_true(gh_feed_window(&f, BIG - 100, 100, 0));
	change(fd, BIG - 50, 'X');
	fstat(fd, &f.before); /* a file system that hides the change: only the tags can tell */
	finish(&f);
	gh_feed_close(&f, hex);
	assert_int_equal(f.state, GH_FEED_CHANGED);
	assert_string_equal(hex, "");
	(void)close(fd);
}

static void a_window_that_differs_from_what_was_digested_before_is_caught(void **st)
{
	(void)st;
	struct gh_feed f;
	char hex[65];
	int fd = open_with(BIG, &f);
	finish(&f);
	change(fd, 77, 'X');
	fstat(fd, &f.before);
	assert_false(gh_feed_window(&f, 0, 1000, 0));
	assert_int_equal(f.state, GH_FEED_CHANGED);
	gh_feed_close(&f, hex);
	assert_string_equal(hex, "");
	(void)close(fd);
}

static void a_file_that_shrinks_grows_or_is_touched_has_changed(void **st)
{
	(void)st;
	static const off_t to[] = { 10, SMALL + 1, SMALL };
	for (size_t i = 0; i < GH_ROWS(to); i++) {
		struct gh_feed f;
		char hex[65];
		int fd = open_with(SMALL, &f);
		assert_int_equal(ftruncate(fd, to[i]), 0);
		if (to[i] == SMALL)
			change(fd, 5, 'X');
		while (f.state == GH_FEED_OK && f.head < f.size)
			gh_feed_block(&f);
		gh_feed_digest_small(&f);
		gh_feed_close(&f, hex);
		assert_int_equal(f.state, GH_FEED_CHANGED);
		assert_string_equal(hex, "");
		(void)close(fd);
	}
}

static int set_up(void **st)
{
	(void)st;
	int fd = mkstemp(path);
	sha = gh_sha256_new();
	return fd < 0 || sha == NULL ? -1 : close(fd);
}
static int tear_down(void **st)
{
	(void)st;
	gh_sha256_free(sha);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest t[] = {
		cmocka_unit_test(reads_and_digests),
		cmocka_unit_test(windows_show_the_files_bytes),
		cmocka_unit_test(a_window_that_differs_from_what_is_digested_later_is_caught),
		cmocka_unit_test(a_window_that_differs_from_what_was_digested_before_is_caught),
		cmocka_unit_test(a_file_that_shrinks_grows_or_is_touched_has_changed),
	};
	return cmocka_run_group_tests_name("feed", t, set_up, tear_down);
}
