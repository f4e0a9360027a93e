/* The file store: an object appears whole or not at all, never over another one; what is left over is found; what is listed is
 * all there is. */
#include "support/cm.h"

#include "catalog/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ID_SHOWN "00aaaaaaaaaa" /* the beginning of ID1: enough to find it */
#define T1 "00000000000000000000000000000001"
#define T2 "ffffffffffffffffffffffffffffff02"
#define ID1 "00aaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"
#define ID2 "ffaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2"
#define SHA_ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SHA_ABD "a52d159f262b2c6ddb724a61840befc36eb30c88877a4030b65cbe86298449c9"

struct fixture {
	char dir[64];
	struct gh_store *s;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	struct gh_err err = { 0 };
	(void)snprintf(f->dir, sizeof f->dir, "/tmp/gh-test-store-XXXXXX");
	if (mkdtemp(f->dir) == NULL || gh_store_open(NULL, f->dir, &f->s, &err) != GH_OK)
		return -1;
	*state = f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	char cmd[128];
	gh_store_close(f->s);
	(void)snprintf(cmd, sizeof cmd, "rm -rf '%s'", f->dir);
	(void)!system(cmd);
	free(f);
	return 0;
}

static struct gh_store_key key(const char *tenant, const char *id)
{
	struct gh_store_key k;
	assert_true(gh_store_key_set(&k, tenant, id));
	return k;
}

static void expect(enum gh_rc got, enum gh_rc want, const struct gh_err *err, const char *why)
{
	char line[600];
	(void)gh_err_line(err, line, sizeof line);
	if (got != want || (why != NULL && strstr(line, why) == NULL))
		fail_msg("got %d \"%s\", want %d \"%s\"", (int)got, line, (int)want, why == NULL ? "" : why);
}

static enum gh_rc commit(struct gh_store *s, const struct gh_store_key *k, const char *text, const char *sha,
			 struct gh_err *err)
{
	int fd = -1;
	struct gh_store_info want = { .size = strlen(text) };
	if (sha != NULL)
		(void)snprintf(want.sha256, sizeof want.sha256, "%s", sha);
	enum gh_rc rc = gh_store_stage(s, k, &fd, err);
	if (rc != GH_OK)
		return rc;
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	rc = gh_store_commit(s, k, fd, &want, err);
	(void)close(fd);
	return rc;
}

static void put_and_get(void **state)
{
	struct fixture *f = *state;
	struct gh_err err = { 0 };
	struct gh_store_key k = key(T1, ID1);
	struct gh_store_info info;
	struct gh_store_object *o;
	struct stat st;
	char path[256], got[8] = "";
	expect(gh_store_check(f->s, &err), GH_OK, &err, NULL);
	expect(commit(f->s, &k, "abc", SHA_ABC, &err), GH_OK, &err, NULL);
	(void)snprintf(path, sizeof path, "%s/%s/00/%s", f->dir, T1, ID1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)snprintf(path, sizeof path, "%s/%s/00", f->dir, T1);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);

	expect(gh_store_stat(f->s, &k, &info, &err), GH_OK, &err, NULL);
	assert_int_equal(info.size, 3);
	expect(gh_store_get(f->s, &k, &o, &info, &err), GH_OK, &err, NULL);
	expect(gh_store_read(o, got, 2, 1, &err), GH_OK, &err, NULL);
	assert_string_equal(got, "bc");
	expect(gh_store_read(o, got, 0, 3, &err), GH_OK, &err, NULL);
	expect(gh_store_read(o, got, 2, 2, &err), GH_E_MALFORMED, &err, "ends at byte 3");
	memset(&err, 0, sizeof err);
	expect(gh_store_read(o, got, 1, UINT64_MAX, &err), GH_E_MALFORMED, &err, "ends at byte 3");
	int fd;
	expect(gh_store_object_fd(o, 1, UINT64_MAX, &fd, &err), GH_OK, &err, NULL);
	assert_int_equal(pread(fd, got, 8, 1), 2);
	assert_int_equal(write(fd, "x", 1), -1); /* nobody who reads can change it */
	(void)close(fd);
	gh_store_put_back(o);

	memset(&err, 0, sizeof err);
	expect(gh_store_delete(f->s, &k, &err), GH_OK, &err, NULL);
	expect(gh_store_delete(f->s, &k, &err), GH_E_ABSENT, &err, ID_SHOWN);
	memset(&err, 0, sizeof err);
	expect(gh_store_stat(f->s, &k, &info, &err), GH_E_ABSENT, &err, "No such file");
	memset(&err, 0, sizeof err);
	expect(gh_store_get(f->s, &k, &o, &info, &err), GH_E_ABSENT, &err, f->dir);
	assert_null(o);
}

static void never_over_another(void **state)
{
	struct fixture *f = *state;
	struct gh_err err = { 0 };
	struct gh_store_key k = key(T1, ID1);
	struct gh_store_info info;
	expect(commit(f->s, &k, "abc", SHA_ABC, &err), GH_OK, &err, NULL);
	/* The same again: an earlier commit whose answer was lost. With and without a digest. */
	expect(commit(f->s, &k, "abc", SHA_ABC, &err), GH_OK, &err, NULL);
	expect(commit(f->s, &k, "abc", NULL, &err), GH_OK, &err, NULL);
	/* Another content, another length: refused, and what stood there stands. */
	expect(commit(f->s, &k, "abd", SHA_ABD, &err), GH_E_EXISTS, &err, "another object");
	memset(&err, 0, sizeof err);
	expect(gh_store_abandon(f->s, &k, &err), GH_OK, &err, NULL);
	expect(commit(f->s, &k, "abcd", NULL, &err), GH_E_EXISTS, &err, "another object");
	memset(&err, 0, sizeof err);
	expect(gh_store_abandon(f->s, &k, &err), GH_OK, &err, NULL);
	expect(gh_store_stat(f->s, &k, &info, &err), GH_OK, &err, NULL);
	assert_int_equal(info.size, 3);
}

static void what_is_not_as_it_was_said(void **state)
{
	struct fixture *f = *state;
	struct gh_err err = { 0 };
	struct gh_store_key k = key(T1, ID2);
	struct gh_store_info want = { .size = 4 }, info;
	int fd, other;
	expect(gh_store_stage(f->s, &k, &fd, &err), GH_OK, &err, NULL);
	assert_int_equal(write(fd, "abc", 3), 3);
	expect(gh_store_commit(f->s, &k, fd, &want, &err), GH_E_MALFORMED, &err,
	       "holds 3 bytes where 4 were to be stored");
	memset(&err, 0, sizeof err);
	/* A descriptor of something else. */
	other = open("/tmp", O_TMPFILE | O_RDWR, 0600);
	if (other >= 0) {
		assert_int_equal(write(other, "abcd", 4), 4);
		expect(gh_store_commit(f->s, &k, other, &want, &err), GH_E_MALFORMED, &err,
		       "not the one that was written");
		(void)close(other);
	}
	memset(&err, 0, sizeof err);
	/* It was taken away meanwhile. */
	expect(gh_store_abandon(f->s, &k, &err), GH_OK, &err, NULL);
	want.size = 3;
	expect(gh_store_commit(f->s, &k, fd, &want, &err), GH_E_ABSENT, &err, "staging file");
	memset(&err, 0, sizeof err);
	expect(gh_store_stat(f->s, &k, &info, &err), GH_E_ABSENT, &err, NULL);
	(void)close(fd);

	struct gh_store_key bad = { .tenant = T1, .id = "../../../etc/passwd" };
	memset(&err, 0, sizeof err);
	expect(gh_store_stage(f->s, &bad, &fd, &err), GH_E_MALFORMED, &err, "two ids");
	assert_int_equal(fd, -1);
	assert_false(gh_store_key_set(&bad, T1, "AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"));
	assert_false(gh_store_key_set(&bad, T1, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void links_are_not_followed(void **state)
{
	struct fixture *f = *state;
	struct gh_err err = { 0 };
	struct gh_store_key k = key(T1, ID1), k2 = key(T1, ID2);
	struct gh_store_info info;
	struct gh_store_object *o;
	char path[256];
	expect(commit(f->s, &k, "abc", NULL, &err), GH_OK, &err, NULL);
	(void)snprintf(path, sizeof path, "%s/%s/ff", f->dir, T1);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/%s/ff/%s", f->dir, T1, ID2);
	assert_int_equal(symlink("/etc/passwd", path), 0);
	expect(gh_store_get(f->s, &k2, &o, &info, &err), GH_E_IO, &err, "ffaaaaaaaaaa");
	memset(&err, 0, sizeof err);
	expect(gh_store_stat(f->s, &k2, &info, &err), GH_E_MALFORMED, &err, "no regular file");
	memset(&err, 0, sizeof err);
	expect(commit(f->s, &k2, "abc", NULL, &err), GH_E_IO, &err, "ffaaaaaaaaaa"); /* neither followed nor replaced */
}

static void leftovers(void **state)
{
	struct fixture *f = *state;
	struct gh_err err = { 0 };
	struct gh_store_key k = key(T1, ID1);
	struct gh_store_left left[4];
	size_t n;
	bool more;
	uint64_t size;
	int fd, again, status;
	/* A process that died: its lock went with it. */
	pid_t pid = fork();
	if (pid == 0) {
		_exit(gh_store_stage(f->s, &k, &fd, &err) == GH_OK && write(fd, "abc", 3) == 3 ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	expect(gh_store_left(f->s, left, 4, &n, &more, &err), GH_OK, &err, NULL);
	assert_int_equal(n, 1);
	assert_false(more);
	assert_false(left[0].alive);
	assert_false(left[0].upload);
	assert_int_equal(left[0].size, 3);
	assert_string_equal(left[0].key.id, ID1);
	expect(gh_store_stage(f->s, &k, &fd, &err), GH_E_EXISTS, &err, ID_SHOWN);
	memset(&err, 0, sizeof err);
	/* It is gone on with; now it is alive, and nobody else may. */
	expect(gh_store_stage_again(f->s, &k, &fd, &size, &err), GH_OK, &err, NULL);
	assert_int_equal(size, 3);
	expect(gh_store_stage_again(f->s, &k, &again, &size, &err), GH_E_IO, &err, "somebody is writing it");
	assert_int_equal(err.sys, EWOULDBLOCK);
	memset(&err, 0, sizeof err);
	expect(gh_store_left(f->s, left, 4, &n, &more, &err), GH_OK, &err, NULL);
	assert_true(n == 1 && left[0].alive);
	expect(gh_store_drop(f->s, &left[0], &err), GH_E_IO, &err, "somebody is writing it");
	memset(&err, 0, sizeof err);
	/* Also while only a process it was passed on to holds it. */
	int held = dup(fd);
	(void)close(fd);
	expect(gh_store_drop(f->s, &left[0], &err), GH_E_IO, &err, "somebody is writing it");
	memset(&err, 0, sizeof err);
	(void)close(held);
	expect(gh_store_drop(f->s, &left[0], &err), GH_OK, &err, NULL);
	expect(gh_store_left(f->s, left, 4, &n, &more, &err), GH_OK, &err, NULL);
	assert_int_equal(n, 0);
	expect(gh_store_stage_again(f->s, &k, &fd, &size, &err), GH_E_ABSENT, &err, NULL);
	memset(&err, 0, sizeof err);
	/* More than asked for. */
	for (int i = 0; i < 3; i++) {
		char id[33];
		(void)snprintf(id, sizeof id, "%032x", i);
		struct gh_store_key ki = key(T1, id);
		expect(gh_store_stage(f->s, &ki, &fd, &err), GH_OK, &err, NULL);
		(void)close(fd);
	}
	expect(gh_store_left(f->s, left, 2, &n, &more, &err), GH_OK, &err, NULL);
	assert_true(n == 2 && more);
}

/* Everything once, in order, in pages; strays are counted once. */
static void listing(void **state)
{
	struct fixture *f = *state;
	struct gh_err err = { 0 };
	static struct gh_store_page page;
	enum { N = 2300 };
	char path[256];
	for (int i = 0; i < N; i++) {
		char id[33];
		/* many in one directory, and some in others */
		(void)snprintf(id, sizeof id, "%02x%030x", i % 3 == 0 ? i % 256 : 0x77, i * 7919 % N);
		struct gh_store_key k = key(i % 2 == 0 ? T1 : T2, id);
		expect(commit(f->s, &k, "x", NULL, &err), GH_OK, &err, NULL);
	}
	static const char *const strays[] = { "hello", T1 "/zz", T1 "/77/readme", T2 "/77/" ID1 };
	for (size_t i = 0; i < GH_ROWS(strays); i++) {
		(void)snprintf(path, sizeof path, "%s/%s", f->dir, strays[i]);
		int fd = open(path, O_CREAT | O_WRONLY, 0600);
		assert_true(fd >= 0);
		(void)close(fd);
	}
	size_t seen = 0;
	uint64_t found = 0;
	struct gh_store_key last, *after = NULL;
	for (int round = 0; round < 20; round++) {
		expect(gh_store_list(f->s, NULL, after, &page, &err), GH_OK, &err, NULL);
		for (size_t i = 0; i < page.n; i++) {
			int c = seen == 0 ? -1 : strcmp(last.tenant, page.row[i].key.tenant);
			assert_true(c < 0 || (c == 0 && strcmp(last.id, page.row[i].key.id) < 0));
			assert_int_equal(page.row[i].size, 1);
			last = page.row[i].key;
			seen++;
		}
		found += page.strays;
		if (!page.more)
			break;
		after = &last;
	}
	assert_int_equal(seen, N);
	assert_int_equal(found, GH_ROWS(strays));
	expect(gh_store_list(f->s, T2, NULL, &page, &err), GH_OK, &err, NULL);
	assert_string_equal(page.row[0].key.tenant, T2);
	expect(gh_store_list(f->s, "0123456789abcdef0123456789abcdef", NULL, &page, &err), GH_OK, &err, NULL);
	assert_true(page.n == 0 && !page.more);
}

static void opening(void **state)
{
	struct fixture *f = *state;
	char path[200], url[300];
	struct gh_store *s;
	static const struct {
		const char *url, *why;
	} bad[] = {
		{ "ftp://x", "not file:PATH and not s3://BUCKET" },
		{ "s3://", "names no bucket" },
		{ "s3://Bucket", "names no bucket" },
		{ "s3://a..b", "names no bucket" },
		{ "s3://bucket/a//b", "prefix may hold" },
		{ "s3://bucket/../x", "prefix may hold" },
		{ "s3://bucket?endpoint=minio:9000", "endpoint= must be http[s]://HOST" },
		{ "s3://bucket?endpoint=https://user:pw@host", "endpoint= must be http[s]://HOST" },
		{ "s3://bucket?style=virtual", "style= must be path or host" },
		{ "s3://bucket?part=1", "part= must be MiB of one part" },
		{ "s3://bucket?part=-7", "part= must be MiB of one part" },
		{ "s3://bucket?region=a%0ab", "region= must be a name" },
		{ "s3://bucket?ca=%zz", "ca= must be a PEM file" },
		{ "s3://bucket?colour=red", "unknown option \"colour\"" },
	};
	for (size_t i = 0; i < GH_ROWS(bad); i++) {
		struct gh_err err = { 0 };
		expect(gh_store_open(bad[i].url, f->dir, &s, &err), GH_E_MALFORMED, &err, bad[i].why);
		assert_null(s);
	}
	struct gh_err err = { 0 };
	expect(gh_store_open("s3://bucket/a/b?region=eu-x-1", f->dir, &s, &err), GH_OK, &err, NULL);
	assert_string_equal(gh_store_where(s), "s3://bucket/a/b at s3.eu-x-1.amazonaws.com");
	assert_false(gh_store_is_local(s));
	gh_store_close(s);
	(void)snprintf(url, sizeof url, "file:%s/nothing/here", f->dir);
	expect(gh_store_open(url, f->dir, &s, &err), GH_E_IO, &err, "cannot use directory");
	memset(&err, 0, sizeof err);
	(void)snprintf(path, sizeof path, "%s/plain", f->dir);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	(void)close(fd);
	(void)snprintf(url, sizeof url, "file://%s", path);
	expect(gh_store_open(url, f->dir, &s, &err), GH_E_IO, &err, "Not a directory");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		T(put_and_get),
		T(never_over_another),
		T(what_is_not_as_it_was_said),
		T(links_are_not_followed),
		T(leftovers),
		T(listing),
		T(opening),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
