/* sigv4.h - AWS Signature Version 4 for requests to an S3 store, in the Authorization header (not in the query). A function of
 * its arguments: clock and random numbers are the caller's.
 *
 * Specification: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)", Amazon S3 API Reference.
 * As S3 has it, a path is encoded once and never normalised. */
#ifndef GH_CRYPTO_SIGV4_H
#define GH_CRYPTO_SIGV4_H
#include "base/buf.h"
#include "base/span.h"

enum {
	GH_SIGV4_PAIRS = 24,	 /* most headers, and most query parameters, of a request */
	GH_SIGV4_TEXT = 8 << 10, /* longest path, query or list of headers, encoded */
	GH_SIGV4_STAMP = 16,	 /* length of a date: "20130524T000000Z" */
};
#define GH_SIGV4_EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct gh_sigv4_pair {
	const char *name;     /* of a header: lower case; of a parameter: as it is, not encoded */
	struct gh_span value; /* not encoded; of a header: printable ASCII */
};

struct gh_sigv4_request {
	const char *method;
	struct gh_span path;		   /* "/bucket/key", not encoded */
	const struct gh_sigv4_pair *query; /* in any order */
	size_t nquery;
	const struct gh_sigv4_pair *header; /* all that are signed, in any order; "host" must be one */
	size_t nheader;
	const char *stamp;	      /* GH_SIGV4_STAMP characters, UTC; what the x-amz-date header says */
	const char *payload;	      /* SHA-256 of the body, 64 digits, or "UNSIGNED-PAYLOAD" */
	const char *region, *service; /* "us-east-1", "s3" */
	const char *access, *secret;  /* the key's id and the key */
};

/* Write seconds since 1970 as "20130524T000000Z"; false outside of years 1970 to 9999. */
bool gh_sigv4_stamp(int64_t seconds, char out[GH_SIGV4_STAMP + 1]);

/* Append the value of the Authorization header. False: too many or too long parts, a header with control characters or twice,
 * no host, or OpenSSL failed; out is then to be thrown away. */
bool gh_sigv4_authorize(const struct gh_sigv4_request *r, struct gh_buf *out);

/* Append the path as it goes on the wire (RFC 3986 unreserved characters and '/' stay). */
void gh_sigv4_path(struct gh_span path, struct gh_buf *out);
/* Append the query as it goes on the wire and as it is signed: sorted, encoded, without "?". False: too many pairs. */
bool gh_sigv4_query(const struct gh_sigv4_pair *query, size_t n, struct gh_buf *out);
#endif
