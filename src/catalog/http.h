/* http.h - a client for HTTP/1.1 with everything bounded: time, headers, body. On libcurl, which is loaded when the first
 * client is opened and not before. What the other side answers is not believed here: status, headers and body are handed out.
 *
 * Redirects are not followed, cookies not kept, no proxy is taken from the environment, only http and https are spoken;
 * TLS 1.2 or newer, certificates and names always checked. One client belongs to one thread; it keeps its connections. */
#ifndef GH_CATALOG_HTTP_H
#define GH_CATALOG_HTTP_H
#include "base/buf.h"
#include "base/err.h"

struct gh_http;

struct gh_http_config {
	const char *ca; /* file of certificates to trust, PEM; NULL: those of the system */
	struct gh_span
		ca_pem;	    /* the same as its content, for a process that cannot open the file by then; n == 0: ca */
	const char *proxy;  /* "http://host:port"; NULL: none */
	unsigned connect_s; /* seconds to get a connection; 0: 10 */
	unsigned stall_s;   /* seconds in which nothing moved: give up; 0: 30 */
};

enum {
	GH_HTTP_HEADERS = 32 << 10, /* bytes of the headers of an answer that are kept; more end the request */
	GH_HTTP_SENT = 32,	    /* headers of a request */
};

struct gh_http_body { /* what is sent: n bytes of a descriptor from off on, or of memory; n == 0: nothing */
	int fd;	      /* -1: memory */
	const void *p;
	uint64_t off, n;
};

struct gh_http_request {
	const char *method;	   /* GET, HEAD, PUT, POST, DELETE */
	const char *url;	   /* complete, encoded */
	const char *const *header; /* "name: value", no line breaks */
	size_t nheader;
	struct gh_http_body body;
	unsigned total_s;  /* seconds for the whole of it; 0: no bound but stall_s */
	uint64_t max_body; /* of the answer; more ends the request with GH_E_LIMIT */
	/* Takes the body of an answer with status 200 or 206 as it arrives; NULL: it is kept in answer->body. Any other answer is kept
	 * (64 KiB of it). False ends the request with GH_E_IO and the errno. */
	bool (*sink)(void *arg, struct gh_span s);
	void *arg;
};

struct gh_http_answer {
	long status;
	struct gh_buf body;
	struct gh_buf headers; /* lines "name: value\n", names in lower case */
};

/* GH_E_UNREAD: libcurl is not installed. */
enum gh_rc gh_http_open(const struct gh_http_config *c, struct gh_http **out, struct gh_err *err);
void gh_http_close(struct gh_http *h);

/* One request and its answer, whatever status it has. Set *answer to zeros before the first use; gh_http_answer_free() it.
 * GH_E_IO: no answer (no connection, TLS, reset; err->sys ETIMEDOUT when it took too long): may be tried again. GH_E_LIMIT: too
 * large an answer. GH_E_MALFORMED: no HTTP, or a URL or header of ours that is none. */
enum gh_rc gh_http_do(struct gh_http *h, const struct gh_http_request *r, struct gh_http_answer *answer,
		      struct gh_err *err);
/* A header of the answer, by its name in lower case; the last one of several. Empty span: none. */
struct gh_span gh_http_header(const struct gh_http_answer *a, const char *name);
void gh_http_answer_free(struct gh_http_answer *a);
#endif
