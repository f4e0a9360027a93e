/* The S3 store, against an S3 server of the tests' own that checks signatures and fails on command (tests/support/s3_server.py)
 * or, when GATEHOUSE_TEST_S3_ENDPOINT, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set, against a real one (script/test-s3):
 * then without the faults. */
#include "support/cm.h"

#include "catalog/http.h"
#include "catalog/store.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ID_SHOWN "00aaaaaaaaaa" /* the beginning of ID1: enough to find it */
#define T1 "00000000000000000000000000000001"
#define ID1 "00aaaaaaaaaaaaaaaaaaaaaaaaaaaaa1"
#define ID2 "ffaaaaaaaaaaaaaaaaaaaaaaaaaaaaa2"
#define MIB (1U << 20)

static struct {
	char dir[64], endpoint[128];
	pid_t pid;
	int in;
	bool real;
	struct gh_http *control;
} server;

/* Start a server; cert, key: NULL for plain HTTP. */
static bool start(const char *cert, const char *key, pid_t *pid, int *input, char endpoint[128])
{
	int in[2], out[2];
	char line[32] = "";
	if (pipe(in) != 0 || pipe(out) != 0)
		return false;
	*pid = fork();
	if (*pid == 0) {
		(void)dup2(in[0], 0);
		(void)dup2(out[1], 1);
		(void)close(in[1]);
		(void)close(out[0]);
		(void)execl("/usr/bin/python3", "python3", "tests/support/s3_server.py", cert == NULL ? NULL : "--tls",
			    cert, key, (char *)NULL);
		_exit(127);
	}
	(void)close(in[0]);
	(void)close(out[1]);
	*input = in[1];
	for (size_t n = 0; n < sizeof line - 1 && read(out[0], line + n, 1) == 1 && line[n] != '\n'; n++)
		;
	(void)close(out[0]);
	(void)snprintf(endpoint, 128, "%s://127.0.0.1:%d", cert == NULL ? "http" : "https", atoi(line));
	return atoi(line) > 0;
}

static void stop(pid_t pid, int input)
{
	(void)close(input);
	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, NULL, 0);
}

static int begin(void **state)
{
	(void)state;
	struct gh_err err = { 0 };
	struct gh_http_config c = { 0 };
	const char *real = getenv("GATEHOUSE_TEST_S3_ENDPOINT");
	(void)snprintf(server.dir, sizeof server.dir, "/tmp/gh-test-s3-XXXXXX");
	if (mkdtemp(server.dir) == NULL)
		return -1;
	if (real != NULL) {
		server.real = true;
		(void)snprintf(server.endpoint, sizeof server.endpoint, "%s", real);
	} else if (!start(NULL, NULL, &server.pid, &server.in, server.endpoint)) {
		return -1;
	} else {
		(void)setenv("AWS_ACCESS_KEY_ID", "test-access", 1);
		(void)setenv("AWS_SECRET_ACCESS_KEY", "test-secret", 1);
	}
	return gh_http_open(&c, &server.control, &err) == GH_OK ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	char cmd[128];
	gh_http_close(server.control);
	if (server.pid > 0)
		stop(server.pid, server.in);
	(void)snprintf(cmd, sizeof cmd, "rm -rf '%s'", server.dir);
	return system(cmd);
}

/* Order faults; "[]": none. */
static void order(const char *json)
{
	struct gh_http_answer a = { 0 };
	struct gh_err err = { 0 };
	char url[200];
	(void)snprintf(url, sizeof url, "%s/-/fault", server.endpoint);
	struct gh_http_request r = {
		.method = "POST", .url = url, .body = { .fd = -1, .p = json, .n = strlen(json) }, .max_body = 100
	};
	assert_int_equal(gh_http_do(server.control, &r, &a, &err), GH_OK);
	assert_int_equal(a.status, 200);
	gh_http_answer_free(&a);
}

static void expect(enum gh_rc got, enum gh_rc want, const struct gh_err *err, const char *why)
{
	char line[900];
	(void)gh_err_line(err, line, sizeof line);
	if (got != want || (why != NULL && strstr(line, why) == NULL))
		fail_msg("got %d \"%s\", want %d \"%s\"", (int)got, line, (int)want, why == NULL ? "" : why);
	assert_null(strchr(line, '\n'));
}

/* A store with a prefix of its own, so that tests do not meet. */
static struct gh_store *open_store(const char *more)
{
	static unsigned n;
	struct gh_store *s;
	struct gh_err err = { 0 };
	char url[400];
	(void)snprintf(url, sizeof url, "s3://bucket/test-%ld-%u?endpoint=%s&part=5%s", (long)time(NULL), n++,
		       server.endpoint, more);
	expect(gh_store_open(url, server.dir, &s, &err), GH_OK, &err, NULL);
	return s;
}

static struct gh_store_key key(const char *id)
{
	struct gh_store_key k;
	assert_true(gh_store_key_set(&k, T1, id));
	return k;
}

/* Bytes that tell where they stand. */
static void fill(uint8_t *p, size_t n, uint64_t off)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t at = off + i;
		p[i] = (uint8_t)(at ^ at >> 8 ^ at >> 16 ^ 0x5a);
	}
}

static int stage(struct gh_store *s, const struct gh_store_key *k, size_t n)
{
	struct gh_err err = { 0 };
	uint8_t *p = malloc(n == 0 ? 1 : n);
	int fd;
	expect(gh_store_stage(s, k, &fd, &err), GH_OK, &err, NULL);
	fill(p, n, 0);
	assert_int_equal(write(fd, p, n), (ssize_t)n);
	free(p);
	return fd;
}

static enum gh_rc put(struct gh_store *s, const struct gh_store_key *k, size_t n, struct gh_err *err)
{
	struct gh_store_info want = { .size = n };
	int fd = stage(s, k, n);
	enum gh_rc rc = gh_store_commit(s, k, fd, &want, err);
	(void)close(fd);
	return rc;
}

static void check_range(struct gh_store_object *o, size_t n, uint64_t off)
{
	struct gh_err err = { 0 };
	uint8_t *got = malloc(n), *want = malloc(n);
	fill(want, n, off);
	expect(gh_store_read(o, got, n, off, &err), GH_OK, &err, NULL);
	assert_memory_equal(got, want, n);
	memset(got, 0, n);
	int fd;
	expect(gh_store_object_fd(o, off, n, &fd, &err), GH_OK, &err, NULL);
	assert_int_equal(pread(fd, got, n, (off_t)off), (ssize_t)n);
	assert_memory_equal(got, want, n);
	(void)close(fd);
	free(got);
	free(want);
}

static void round_trip(struct gh_store *s, const char *id, size_t n)
{
	struct gh_err err = { 0 };
	struct gh_store_key k = key(id);
	struct gh_store_info info;
	struct gh_store_object *o;
	expect(put(s, &k, n, &err), GH_OK, &err, NULL);
	expect(gh_store_get(s, &k, &o, &info, &err), GH_OK, &err, NULL);
	assert_int_equal(info.size, n);
	assert_int_equal(strlen(info.sha256), 64);
	assert_true(info.at > 1600000000);
	if (n > 0) {
		check_range(o, n, 0);
		check_range(o, 1, n - 1);
		check_range(o, n / 2 + 1, n / 3);
	}
	uint8_t b;
	expect(gh_store_read(o, &b, 1, n, &err), GH_E_MALFORMED, &err, "ends at byte");
	gh_store_put_back(o);
	/* The staging file is gone; the same once more is fine, something else is not. */
	memset(&err, 0, sizeof err);
	expect(put(s, &k, n, &err), GH_OK, &err, NULL);
	expect(put(s, &k, n + 1, &err), GH_E_EXISTS, &err, "already");
	memset(&err, 0, sizeof err);
	expect(gh_store_abandon(s, &k, &err), GH_OK, &err, NULL);
	expect(gh_store_stat(s, &k, &info, &err), GH_OK, &err, NULL);
	assert_int_equal(info.size, n);
}

static void objects_go_and_come(void **state)
{
	(void)state;
	struct gh_store *s = open_store("");
	struct gh_err err = { 0 };
	struct gh_store_key k = key(ID1);
	struct gh_store_info info;
	struct gh_store_object *o;
	expect(gh_store_check(s, &err), GH_OK, &err, NULL);
	expect(gh_store_stat(s, &k, &info, &err), GH_E_ABSENT, &err, "answer 404");
	memset(&err, 0, sizeof err);
	expect(gh_store_get(s, &k, &o, NULL, &err), GH_E_ABSENT, &err, ID_SHOWN);
	memset(&err, 0, sizeof err);
	expect(gh_store_delete(s, &k, &err), GH_E_ABSENT, &err, NULL);
	memset(&err, 0, sizeof err);
	round_trip(s, ID1, 0);
	round_trip(s, ID2, 100001);
	round_trip(s, "11aaaaaaaaaaaaaaaaaaaaaaaaaaaaa2", 5 * MIB);	     /* the largest in one piece */
	round_trip(s, "11aaaaaaaaaaaaaaaaaaaaaaaaaaaaa3", 5 * MIB + 1);	     /* the smallest in two */
	round_trip(s, "11aaaaaaaaaaaaaaaaaaaaaaaaaaaaa4", 12 * MIB + 12345); /* three */
	expect(gh_store_delete(s, &k, &err), GH_OK, &err, NULL);
	expect(gh_store_delete(s, &k, &err), GH_E_ABSENT, &err, NULL);
	gh_store_close(s);
}

static void listed_in_pages(void **state)
{
	(void)state;
	struct gh_store *s = open_store("");
	struct gh_err err = { 0 };
	static struct gh_store_page page;
	size_t want = server.real ? 1030 : 2050, seen = 0;
	for (size_t i = 0; i < want; i++) {
		char id[33];
		(void)snprintf(id, sizeof id, "%02zx%030zx", i * 37 % 256, i);
		struct gh_store_key k = key(id);
		expect(put(s, &k, 1, &err), GH_OK, &err, NULL);
	}
	struct gh_store_key last, *after = NULL;
	for (int round = 0; round < 5; round++) {
		expect(gh_store_list(s, round % 2 == 0 ? T1 : NULL, after, &page, &err), GH_OK, &err, NULL);
		for (size_t i = 0; i < page.n; i++, seen++) {
			assert_true(seen == 0 || strcmp(last.id, page.row[i].key.id) < 0);
			assert_int_equal(page.row[i].size, 1);
			assert_true(page.row[i].at > 1600000000);
			last = page.row[i].key;
		}
		after = &last;
		if (!page.more)
			break;
	}
	assert_int_equal(seen, want);
	assert_int_equal(page.strays, 0);
	expect(gh_store_list(s, ID1, NULL, &page, &err), GH_OK, &err, NULL);
	assert_int_equal(page.n, 0);
	gh_store_close(s);
}

static void credentials(void **state)
{
	(void)state;
	struct gh_err err = { 0 };
	char path[128], more[200];
	char *secret = strdup(getenv("AWS_SECRET_ACCESS_KEY")), *access = strdup(getenv("AWS_ACCESS_KEY_ID"));
	struct gh_store_key k = key(ID1);
	struct gh_store_info info;
	(void)setenv("AWS_SECRET_ACCESS_KEY", "wrong", 1);
	struct gh_store *s = open_store("");
	expect(gh_store_check(s, &err), GH_E_IO, &err, "403 SignatureDoesNotMatch");
	gh_store_close(s);
	memset(&err, 0, sizeof err);
	s = open_store("");
	expect(put(s, &k, 10, &err), GH_E_IO, &err, "403 SignatureDoesNotMatch");
	expect(gh_store_abandon(s, &k, &err), GH_OK, &err, NULL);
	gh_store_close(s);
	memset(&err, 0, sizeof err);
	(void)setenv("AWS_ACCESS_KEY_ID", "nobody", 1);
	s = open_store("");
	expect(gh_store_check(s, &err), GH_E_IO, &err, "403 InvalidAccessKeyId");
	gh_store_close(s);
	memset(&err, 0, sizeof err);
	(void)unsetenv("AWS_ACCESS_KEY_ID");
	s = open_store("");
	expect(gh_store_check(s, &err), GH_E_IO, &err, "set AWS_ACCESS_KEY_ID");
	gh_store_close(s);

	/* From a file, of a profile; others must not read it. */
	(void)snprintf(path, sizeof path, "%s/credentials", server.dir);
	FILE *f = fopen(path, "w");
	(void)fprintf(f,
		      "# ours\n[other]\naws_access_key_id=nobody\naws_secret_access_key=x\n\n[ mine ]\n"
		      "aws_access_key_id = %s\r\naws_secret_access_key =%s\nregion = x\n",
		      access, secret);
	(void)fclose(f);
	(void)snprintf(more, sizeof more, "&credentials=%s&profile=mine", path);
	s = open_store(more);
	memset(&err, 0, sizeof err);
	expect(gh_store_check(s, &err), GH_E_IO, &err, "chmod 600");
	gh_store_close(s);
	assert_int_equal(chmod(path, 0600), 0);
	s = open_store(more);
	assert_int_equal(unlink(path), 0); /* it was read already: what is locked down later needs it no more */
	memset(&err, 0, sizeof err);
	expect(gh_store_check(s, &err), GH_OK, &err, NULL);
	expect(gh_store_stat(s, &k, &info, &err), GH_E_ABSENT, &err, NULL);
	gh_store_close(s);
	(void)setenv("AWS_SECRET_ACCESS_KEY", secret, 1);
	(void)setenv("AWS_ACCESS_KEY_ID", access, 1);
	free(secret);
	free(access);
	memset(&err, 0, sizeof err);
	char url[300];
	(void)snprintf(url, sizeof url, "s3://no-such-bucket?endpoint=%s", server.endpoint);
	expect(gh_store_open(url, server.dir, &s, &err), GH_OK, &err, NULL);
	expect(gh_store_check(s, &err), GH_E_IO, &err, "make the bucket first");
	gh_store_close(s);
	memset(&err, 0, sizeof err);
	expect(gh_store_open("s3://bucket?endpoint=http://127.0.0.1:1", server.dir, &s, &err), GH_OK, &err, NULL);
	expect(gh_store_check(s, &err), GH_E_IO, &err, "tried again in vain");
	gh_store_close(s);
}

static void by_host(void **state)
{
	(void)state;
	struct gh_err err = { 0 };
	struct gh_store *s;
	char url[300];
	(void)snprintf(url, sizeof url, "s3://bucket/by-host-%ld?style=host&endpoint=http://localhost%s",
		       (long)time(NULL), strrchr(server.endpoint, ':'));
	expect(gh_store_open(url, server.dir, &s, &err), GH_OK, &err, NULL);
	round_trip(s, ID1, 1000);
	round_trip(s, ID2, 6 * MIB);
	gh_store_close(s);
}

/* ---- faults: only where they can be ordered ---- */

#define FAULT(what, more) "{\"what\":\"" what "\"" more "}"
#define SLOW FAULT("status", ",\"status\":503,\"code\":\"SlowDown\",\"times\":2")

/* Whatever happens on the way, a commit that says yes has stored the bytes, and one that says no can be made good. */
static void commits_survive(void **state)
{
	(void)state;
	static const struct {
		const char *faults;
		size_t n;
	} rows[] = {
		{ "[" SLOW "]", 1000 },
		{ "[" FAULT("reset", ",\"method\":\"PUT\",\"times\":2") "]", 1000 },
		{ "[" FAULT("lost", ",\"method\":\"PUT\"") "]", 1000 }, /* done, but the answer never came */
		{ "[" FAULT("status", ",\"status\":409,\"code\":\"ConditionalRequestConflict\",\"method\":\"PUT\"") "]",
		  1000 },
		{ "[" FAULT("status", ",\"status\":400,\"code\":\"RequestTimeout\",\"method\":\"PUT\"") "]", 1000 },
		{ "[" FAULT("reset", ",\"method\":\"PUT\",\"contains\":\"partNumber=2\"") "]", 6 * MIB },
		{ "[" FAULT("lost", ",\"method\":\"POST\",\"contains\":\"uploadId=\"") "]", 6 * MIB },
		{ "[" FAULT("status", ",\"status\":500,\"method\":\"HEAD\",\"times\":2") "]", 6 * MIB },
	};
	if (server.real)
		skip();
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_err err = { 0 };
		struct gh_store *s = open_store("");
		struct gh_store_key k = key(ID1);
		struct gh_store_object *o;
		order(rows[i].faults);
		expect(put(s, &k, rows[i].n, &err), GH_OK, &err, NULL);
		order("[]");
		expect(gh_store_get(s, &k, &o, NULL, &err), GH_OK, &err, NULL);
		check_range(o, rows[i].n, 0);
		gh_store_put_back(o);
		gh_store_close(s);
	}
}

static void commits_fail_clean(void **state)
{
	(void)state;
	static const struct {
		const char *faults;
		size_t n;
		enum gh_rc rc;
		const char *why;
	} rows[] = {
		{ "[" FAULT("status", ",\"status\":503,\"times\":99,\"method\":\"PUT\"") "]", 1000, GH_E_IO,
		  "answer 503" },
		{ "[" FAULT("status", ",\"status\":507,\"code\":\"QuotaExceeded\",\"method\":\"PUT\"") "]", 1000,
		  GH_E_IO, "raise the quota" },
		{ "[" FAULT("skew", ",\"method\":\"PUT\"") "]", 1000, GH_E_IO, "set this machine's clock" },
		{ "[" FAULT("status", ",\"status\":307,\"code\":\"TemporaryRedirect\",\"method\":\"PUT\"") "]", 1000,
		  GH_E_MALFORMED, "endpoint= or region=" },
		{ "[" FAULT("status", ",\"status\":400,\"code\":\"BadDigest\",\"method\":\"PUT\"") "]", 1000,
		  GH_E_MALFORMED, "not what the caller said" },
		{ "[" FAULT("status", ",\"status\":403,\"code\":\"x\\u001b[31m\",\"method\":\"PUT\"") "]", 1000,
		  GH_E_IO, "may not do this" },
		{ "[" FAULT("status", ",\"status\":403,\"code\":\"AccessDenied\",\"method\":\"PUT\",\"contains\":"
				      "\"partNumber=2\"") "]",
		  6 * MIB, GH_E_IO, "uploading a part: answer 403 AccessDenied" },
		{ "[" FAULT("xml", ",\"method\":\"POST\",\"contains\":\"uploads=\",\"text\":\"<a></a>\"") "]", 6 * MIB,
		  GH_E_IO, "names no upload" },
		{ "[" FAULT("xml", ",\"method\":\"POST\",\"contains\":\"uploadId=\",\"text\":\"<Error><Code>"
				   "InternalError</Code></Error>\"") "]",
		  6 * MIB, GH_E_IO, "completing an upload: InternalError" },
		{ "[" FAULT("xml", ",\"method\":\"POST\",\"contains\":\"uploadId=\",\"text\":\"<!DOCTYPE a [<!ENTITY b "
				   "SYSTEM 'file:///etc/passwd'>]><a>&b;</a>\"") "]",
		  6 * MIB, GH_E_IO, "no clear answer" },
	};
	if (server.real)
		skip();
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_err err = { 0 };
		struct gh_store *s = open_store("");
		struct gh_store_key k = key(ID1);
		struct gh_store_info want = { .size = rows[i].n };
		struct gh_store_left left[2];
		size_t n;
		bool more;
		int fd = stage(s, &k, rows[i].n);
		order(rows[i].faults);
		expect(gh_store_commit(s, &k, fd, &want, &err), rows[i].rc, &err, rows[i].why);
		order("[]");
		/* Nothing half-made, and the staging file is still there: once more, and it works. */
		memset(&err, 0, sizeof err);
		expect(gh_store_left(s, left, 2, &n, &more, &err), GH_OK, &err, NULL);
		assert_int_equal(n, 1);
		assert_false(left[0].upload);
		expect(gh_store_commit(s, &k, fd, &want, &err), GH_OK, &err, NULL);
		(void)close(fd);
		gh_store_close(s);
	}
}

static void uploads_left_over(void **state)
{
	(void)state;
	struct gh_err err = { 0 };
	struct gh_store_key k = key(ID1);
	struct gh_store_left left[4];
	size_t n;
	bool more;
	if (server.real)
		skip();
	struct gh_store *s = open_store("");
	/* The part fails, and so does ending the upload. */
	order("[" FAULT("status", ",\"status\":403,\"code\":\"AccessDenied\",\"method\":\"PUT\"") "," FAULT(
		"status", ",\"status\":403,\"code\":\"AccessDenied\",\"method\":\"DELETE\"") "]");
	expect(put(s, &k, 6 * MIB, &err), GH_E_IO, &err, NULL);
	order("[]");
	memset(&err, 0, sizeof err);
	expect(gh_store_abandon(s, &k, &err), GH_OK, &err, NULL);
	expect(gh_store_left(s, left, 4, &n, &more, &err), GH_OK, &err, NULL);
	assert_int_equal(n, 1);
	assert_true(left[0].upload && left[0].upload_id[0] != '\0' && left[0].at > 1600000000);
	assert_string_equal(left[0].key.id, ID1);
	expect(gh_store_drop(s, &left[0], &err), GH_OK, &err, NULL);
	expect(gh_store_left(s, left, 4, &n, &more, &err), GH_OK, &err, NULL);
	assert_int_equal(n, 0);
	gh_store_close(s);
}

/* A store that lies, or a line that breaks, is noticed. */
static void reads_that_go_wrong(void **state)
{
	(void)state;
	static const struct {
		const char *faults;
		enum gh_rc rc;
		const char *why;
	} rows[] = {
		{ "[" SLOW "]", GH_OK, NULL },
		{ "[" FAULT("reset", ",\"times\":3") "]", GH_OK, NULL },
		{ "[" FAULT("cut", ",\"times\":2") "]", GH_OK, NULL },
		{ "[" FAULT("cut", ",\"times\":99") "]", GH_E_IO, "tried again in vain" },
		{ "[" FAULT("wrongrange", "") "]", GH_E_MALFORMED, "another range" },
		{ "[" FAULT("xml", ",\"text\":\"surprise\"") "]", GH_E_MALFORMED, "another range" },
		{ "[" FAULT("huge", "") "]", GH_E_LIMIT, "larger than was asked for" },
		{ "[" FAULT("junk", ",\"times\":9") "]", GH_E_MALFORMED, "GET:" },
		{ "[" FAULT("status", ",\"status\":412,\"code\":\"PreconditionFailed\"") "]", GH_E_MALFORMED,
		  "was replaced" },
		{ "[" FAULT("status", ",\"status\":404,\"code\":\"NoSuchKey\"") "]", GH_E_ABSENT, "404 NoSuchKey" },
	};
	if (server.real)
		skip();
	struct gh_store *s = open_store("");
	struct gh_err err = { 0 };
	struct gh_store_key k = key(ID1);
	struct gh_store_object *o;
	static uint8_t got[70000], want[70000];
	expect(put(s, &k, 200000, &err), GH_OK, &err, NULL);
	expect(gh_store_get(s, &k, &o, NULL, &err), GH_OK, &err, NULL);
	fill(want, sizeof want, 1234);
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		memset(&err, 0, sizeof err);
		memset(got, 0, sizeof got);
		order(rows[i].faults);
		expect(gh_store_read(o, got, sizeof got, 1234, &err), rows[i].rc, &err, rows[i].why);
		if (rows[i].rc == GH_OK)
			assert_memory_equal(got, want, sizeof got);
	}
	order("[]");
	gh_store_put_back(o);
	gh_store_close(s);
}

static void listings_that_lie(void **state)
{
	(void)state;
	static struct gh_store_page page;
	static const struct {
		const char *text, *why;
		enum gh_rc rc;
	} rows[] = {
		{ "", "no listing that can be read", GH_E_IO },
		{ "<ListBucketResult>", "no listing that can be read", GH_E_IO },
		{ "<Other></Other>", "no listing that can be read", GH_E_IO },
		{ "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>", "thousand names",
		  GH_E_LIMIT },
		{ "<ListBucketResult><Contents><Key>%s/00/00000000000000000000000000000002</Key><Size>1</Size></"
		  "Contents><Contents>"
		  "<Key>%s/00/00000000000000000000000000000001</Key><Size>1</Size></Contents></ListBucketResult>",
		  "no listing that can be read", GH_E_IO },
		{ "<ListBucketResult><Contents><Key>%s/00/00000000000000000000000000000002</Key><Size>-1</Size></"
		  "Contents>"
		  "</ListBucketResult>",
		  "no listing that can be read", GH_E_IO },
	};
	if (server.real)
		skip();
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct gh_err err = { 0 };
		struct gh_store *s = open_store("");
		char prefix[200], text[900], faults[1000];
		(void)snprintf(prefix, sizeof prefix, "%.*s/" T1, (int)strcspn(gh_store_where(s) + 12, " "),
			       gh_store_where(s) + 12);
		(void)snprintf(text, sizeof text, rows[i].text, prefix, prefix);
		(void)snprintf(faults, sizeof faults, "[{\"what\":\"xml\",\"text\":\"%s\"}]", text);
		order(faults);
		expect(gh_store_list(s, NULL, NULL, &page, &err), rows[i].rc, &err, rows[i].why);
		order("[]");
		gh_store_close(s);
	}
}

/* Only who can prove to be the server that was named gets a request. */
static void tls(void **state)
{
	(void)state;
	char cmd[600], cert[128], key_[128], endpoint[128], url[400];
	struct gh_err err = { 0 };
	struct gh_store *s;
	pid_t pid;
	int input;
	if (server.real)
		skip();
	(void)snprintf(cert, sizeof cert, "%s/cert.pem", server.dir);
	(void)snprintf(key_, sizeof key_, "%s/key.pem", server.dir);
	(void)snprintf(cmd, sizeof cmd,
		       "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test "
		       "-addext subjectAltName=IP:127.0.0.1 -keyout '%s' -out '%s' 2>/dev/null",
		       key_, cert);
	if (system(cmd) != 0)
		skip();
	assert_true(start(cert, key_, &pid, &input, endpoint));
	(void)snprintf(url, sizeof url, "s3://bucket/tls?endpoint=%s&ca=%s", endpoint, cert);
	expect(gh_store_open(url, server.dir, &s, &err), GH_OK, &err, NULL);
	round_trip(s, ID1, 70000);
	gh_store_close(s);
	(void)snprintf(url, sizeof url, "s3://bucket/tls?endpoint=%s",
		       endpoint); /* of the system's authorities none vouches */
	expect(gh_store_open(url, server.dir, &s, &err), GH_OK, &err, NULL);
	expect(gh_store_check(s, &err), GH_E_IO, &err, "TLS:");
	gh_store_close(s);
	memset(&err, 0, sizeof err);
	(void)snprintf(url, sizeof url, "s3://bucket/tls?endpoint=https://localhost%s&ca=%s", strrchr(endpoint, ':'),
		       cert);
	expect(gh_store_open(url, server.dir, &s, &err), GH_OK, &err, NULL);
	expect(gh_store_check(s, &err), GH_E_IO, &err, "TLS:"); /* another name than the certificate's */
	gh_store_close(s);
	stop(pid, input);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_go_and_come), cmocka_unit_test(listed_in_pages),
		cmocka_unit_test(credentials),	       cmocka_unit_test(by_host),
		cmocka_unit_test(commits_survive),     cmocka_unit_test(commits_fail_clean),
		cmocka_unit_test(uploads_left_over),   cmocka_unit_test(reads_that_go_wrong),
		cmocka_unit_test(listings_that_lie),   cmocka_unit_test(tls),
	};
	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, begin, end);
}
