/* http1.h - requests of HTTP/1.1 as a server reads them (RFC 9112, RFC 9110): the head of one request, and its body.
 *
 * Strict where two readers could understand a request differently, since that is how requests are smuggled past a proxy: lines
 * end with CR LF and nothing else, no folded lines, no blank before a colon, one Host, a length in digits once or "chunked" once and
 * never both. What is refused is refused with the status that the client should see.
 *
 * Pure and incremental: the caller hands over what has arrived so far. Nothing is copied by gh_h1_head(): names and values
 * point into its bytes. Limits are GH_H1_*. */
#ifndef GH_WIRE_HTTP1_H
#define GH_WIRE_HTTP1_H
#include "base/buf.h"

enum {
	GH_H1_HEAD = 16 << 10,	/* bytes of a head, empty line included; more: 431 */
	GH_H1_TARGET = 2 << 10, /* bytes of the target; more: 414 */
	GH_H1_HEADERS = 64,	/* header lines; more: 431 */
	GH_H1_METHOD = 16,	/* bytes of the method; more: 501 */
	GH_H1_EXTENSION = 256,	/* bytes that may stand behind the length of one chunk; more: 400 */
	GH_H1_TRAILER = 4 << 10 /* bytes of all lines behind the last chunk; more: 431. Read and dropped */
};

struct gh_h1_header {
	struct gh_span name, value; /* value: without white space around it */
};

struct gh_h1_request {
	struct gh_span method, path,
		query;	/* as sent, not decoded; path begins with '/'; query: behind '?', may be empty */
	unsigned minor; /* HTTP/1.minor: 0 or 1 */
	struct gh_h1_header header[GH_H1_HEADERS];
	size_t nheader;
	bool keep;     /* the client wants to send another request on this connection */
	bool expect;   /* it waits for "100 Continue" before it sends the body */
	bool chunked;  /* the body comes in chunks; else it has exactly: */
	uint64_t body; /* bytes */
	size_t head;   /* bytes of the head; the body begins behind it */
};

enum { GH_H1_MORE = 0, GH_H1_DONE = 200 };

/* The head that begins at bytes.p[0]; an empty line before it is skipped. *seen: 0 for a new request; kept between calls so that no byte is searched
 * twice. GH_H1_MORE: not all of it is there; GH_H1_DONE: *out is filled; else the status to refuse it with, and *why (static). */
int gh_h1_head(struct gh_span bytes, size_t *seen, struct gh_h1_request *out, const char **why);

/* Value of the header of that name (case does not matter); .p == NULL: there is none. Of several, the first. */
struct gh_span gh_h1_get(const struct gh_h1_request *r, const char *name);

struct gh_h1_body { /* gh_h1_body() makes it */
	uint64_t left, max, total;
	size_t line; /* bytes of the line in hand */
	size_t trailer;
	uint8_t state, digits;
};

/* For the request's body, of at most max bytes. */
struct gh_h1_body gh_h1_body(const struct gh_h1_request *r, uint64_t max);
/* Take bytes of the body from the front of *in and append them, decoded, to out (whose own maximum must be max at least). GH_H1_MORE: *in
 * is used up; GH_H1_DONE: the body is complete, *in is what stands behind it; else the status: 400 malformed, 413 larger than max, 431. */
int gh_h1_body_take(struct gh_h1_body *b, struct gh_span *in, struct gh_buf *out, const char **why);
#endif
