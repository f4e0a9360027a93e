/* Signatures of S3 requests: the examples that Amazon publishes with the specification, and what must be refused. */
#include "support/cm.h"

#include "crypto/sigv4.h"

#include <string.h>

#define HOST "examplebucket.s3.amazonaws.com"
#define ACCESS "AKIAIOSFODNN7EXAMPLE"
#define SECRET "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
#define STAMP "20130524T000000Z"

struct row {
	const char *name, *method, *path;
	struct gh_sigv4_pair query[3];
	struct gh_sigv4_pair header[6];
	const char *payload, *signed_names, *signature;
};
#define PAIR(n, v) { n, GH_SPAN(v) }
#define BASE(hash) PAIR("host", HOST), PAIR("x-amz-content-sha256", hash), PAIR("x-amz-date", STAMP)
#define PUT_HASH "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"

static size_t pairs(const struct gh_sigv4_pair *p, size_t cap)
{
	size_t n = 0;
	while (n < cap && p[n].name != NULL)
		n++;
	return n;
}

/* Amazon S3 API Reference, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk". */
static const struct row published[] = {
	{ "get object",
	  "GET",
	  "/test.txt",
	  { 0 },
	  { PAIR("range", "bytes=0-9"), BASE(GH_SIGV4_EMPTY) },
	  GH_SIGV4_EMPTY,
	  "host;range;x-amz-content-sha256;x-amz-date",
	  "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41" },
	{ "put object",
	  "PUT",
	  "/test$file.text",
	  { 0 },
	  { PAIR("x-amz-storage-class", "REDUCED_REDUNDANCY"), PAIR("date", "Fri, 24 May 2013 00:00:00 GMT"),
	    BASE(PUT_HASH) },
	  PUT_HASH,
	  "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
	  "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd" },
	{ "get lifecycle",
	  "GET",
	  "/",
	  { PAIR("lifecycle", "") },
	  { BASE(GH_SIGV4_EMPTY) },
	  GH_SIGV4_EMPTY,
	  "host;x-amz-content-sha256;x-amz-date",
	  "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543" },
	{ "list",
	  "GET",
	  "/",
	  { PAIR("prefix", "J"), PAIR("max-keys", "2") },
	  { BASE(GH_SIGV4_EMPTY) },
	  GH_SIGV4_EMPTY,
	  "host;x-amz-content-sha256;x-amz-date",
	  "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7" },
};

static struct gh_sigv4_request request(const struct row *r)
{
	return (struct gh_sigv4_request){ .method = r->method,
					  .path = gh_span_str(r->path),
					  .query = r->query,
					  .nquery = pairs(r->query, 3),
					  .header = r->header,
					  .nheader = pairs(r->header, 6),
					  .stamp = STAMP,
					  .payload = r->payload,
					  .region = "us-east-1",
					  .service = "s3",
					  .access = ACCESS,
					  .secret = SECRET };
}

static void published_examples(void **state)
{
	(void)state;
	for (size_t i = 0; i < GH_ROWS(published); i++) {
		gh_auto_buf got = gh_buf(4096), want = gh_buf(4096);
		struct gh_sigv4_request r = request(&published[i]);
		gh_buf_fmt(&want,
			   "AWS4-HMAC-SHA256 Credential=" ACCESS
			   "/20130524/us-east-1/s3/aws4_request,SignedHeaders=%s,Signature=%s",
			   published[i].signed_names, published[i].signature);
		if (!gh_sigv4_authorize(&r, &got) || strcmp(gh_buf_cstr(&got), gh_buf_cstr(&want)) != 0)
			fail_msg("%s: got %s", published[i].name, gh_buf_cstr(&got));
	}
}

/* get-vanilla of the Signature Version 4 test suite: another service, another day. */
static void test_suite(void **state)
{
	(void)state;
	struct gh_sigv4_pair h[] = { PAIR("x-amz-date", "20150830T123600Z"), PAIR("host", "example.amazonaws.com") };
	struct gh_sigv4_request r = { .method = "GET",
				      .path = GH_SPAN("/"),
				      .header = h,
				      .nheader = 2,
				      .stamp = "20150830T123600Z",
				      .payload = GH_SIGV4_EMPTY,
				      .region = "us-east-1",
				      .service = "service",
				      .access = "AKIDEXAMPLE",
				      .secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
	gh_auto_buf got = gh_buf(4096);
	assert_true(gh_sigv4_authorize(&r, &got));
	assert_non_null(strstr(gh_buf_cstr(&got),
			       "Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"));
}

static void encoding(void **state)
{
	(void)state;
	gh_auto_buf path = gh_buf(200), query = gh_buf(400);
	gh_sigv4_path(GH_SPAN("/a b/\xc3\xa4+~%/x.y"), &path);
	assert_string_equal(gh_buf_cstr(&path), "/a%20b/%C3%A4%2B~%25/x.y");
	/* Sorted by name, then by value; a name that begins another one comes first, whatever the values are. */
	struct gh_sigv4_pair q[] = { PAIR("b", "2"), PAIR("a-", "1"), PAIR("b", "/1"), PAIR("a", "~"), PAIR("B", "") };
	assert_true(gh_sigv4_query(q, GH_ROWS(q), &query));
	assert_string_equal(gh_buf_cstr(&query), "B=&a=~&a-=1&b=%2F1&b=2");
}

static void refused(void **state)
{
	(void)state;
	struct gh_sigv4_pair h[GH_SIGV4_PAIRS + 1] = { BASE(GH_SIGV4_EMPTY), PAIR("x-amz-meta-a", "a\nhost: b") };
	struct gh_sigv4_request r = request(&published[0]);
	gh_auto_buf out = gh_buf(4096);
	r.header = h;
	r.nheader = 4; /* a line break in a header would be a second header */
	assert_false(gh_sigv4_authorize(&r, &out));
	r.nheader = 3;
	assert_true(gh_sigv4_authorize(&r, &out));
	h[3] = (struct gh_sigv4_pair)PAIR("host", "other");
	r.nheader = 4; /* twice */
	assert_false(gh_sigv4_authorize(&r, &out));
	r.header = h + 1;
	r.nheader = 2; /* no host */
	assert_false(gh_sigv4_authorize(&r, &out));
	r.header = h;
	r.nheader = GH_SIGV4_PAIRS + 1;
	assert_false(gh_sigv4_authorize(&r, &out));
	r.nheader = 3;
	r.stamp = "20130524";
	assert_false(gh_sigv4_authorize(&r, &out));
	r.stamp = STAMP;
	char secret[300];
	memset(secret, 'x', sizeof secret - 1);
	secret[sizeof secret - 1] = '\0';
	r.secret = secret;
	assert_false(gh_sigv4_authorize(&r, &out));
}

static void stamps(void **state)
{
	(void)state;
	static const struct {
		int64_t at;
		const char *text;
	} rows[] = { { 0, "19700101T000000Z" },		  { 1369353600, "20130524T000000Z" },
		     { 951782399, "20000228T235959Z" },	  { 951782400, "20000229T000000Z" },
		     { 4107542399, "21000228T235959Z" },  { 4107542400, "21000301T000000Z" },
		     { 253402300799, "99991231T235959Z" } };
	char out[GH_SIGV4_STAMP + 1];
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		assert_true(gh_sigv4_stamp(rows[i].at, out));
		assert_string_equal(out, rows[i].text);
	}
	assert_false(gh_sigv4_stamp(-1, out));
	assert_false(gh_sigv4_stamp(253402300800, out));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_examples),
		cmocka_unit_test(test_suite),
		cmocka_unit_test(encoding),
		cmocka_unit_test(refused),
		cmocka_unit_test(stamps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
