/* http.c - libcurl behind http.h. */
#include "catalog/http.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEPT_ERROR = 64 << 10, STALL_BYTES = 64 };

/* ---- libcurl, when it is needed ---- */

static struct {
	void *lib;
	CURLcode (*global_init)(long);
	CURL *(*easy_init)(void);
	void (*easy_reset)(CURL *);
	CURLcode (*easy_setopt)(CURL *, CURLoption, ...);
	CURLcode (*easy_perform)(CURL *);
	CURLcode (*easy_getinfo)(CURL *, CURLINFO, ...);
	void (*easy_cleanup)(CURL *);
	const char *(*easy_strerror)(CURLcode);
	struct curl_slist *(*slist_append)(struct curl_slist *, const char *);
	void (*slist_free_all)(struct curl_slist *);
	char why[160];
} lc;

static void load(void)
{
	static const char *const names[] = { "libcurl.so.4", "libcurl-gnutls.so.4" };
	static const struct {
		const char *name;
		void *to;
	} rows[] = {
		{ "curl_global_init", &lc.global_init },   { "curl_easy_init", &lc.easy_init },
		{ "curl_easy_reset", &lc.easy_reset },	   { "curl_easy_setopt", &lc.easy_setopt },
		{ "curl_easy_perform", &lc.easy_perform }, { "curl_easy_getinfo", &lc.easy_getinfo },
		{ "curl_easy_cleanup", &lc.easy_cleanup }, { "curl_easy_strerror", &lc.easy_strerror },
		{ "curl_slist_append", &lc.slist_append }, { "curl_slist_free_all", &lc.slist_free_all },
	};
	void *lib = NULL;
	for (size_t i = 0; lib == NULL && i < sizeof names / sizeof names[0]; i++)
		lib = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	if (lib == NULL) {
		const char *e = dlerror();
		(void)snprintf(lc.why, sizeof lc.why, "%s", e == NULL ? "libcurl.so.4 is not there" : e);
		return;
	}
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		void *f = dlsym(lib, rows[i].name);
		if (f == NULL) {
			(void)snprintf(lc.why, sizeof lc.why, "libcurl has no %s", rows[i].name);
			(void)dlclose(lib);
			return;
		}
		memcpy(rows[i].to, &f, sizeof f);
	}
	if (lc.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		(void)snprintf(lc.why, sizeof lc.why, "libcurl does not start");
		return;
	}
	lc.lib = lib;
}

static bool loaded(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	return pthread_once(&once, load) == 0 && lc.lib != NULL;
}

/* ---- a client ---- */

struct gh_http {
	CURL *curl;
	char *ca, *proxy;
	struct gh_buf pem;
	long connect_s, stall_s;
	char why[CURL_ERROR_SIZE];
	/* of the request in hand */
	const struct gh_http_request *r;
	struct gh_http_answer *a;
	uint64_t sent, got;
	bool too_long;
	int sys; /* errno of the source or the sink */
};

enum gh_rc gh_http_open(const struct gh_http_config *c, struct gh_http **out, struct gh_err *err)
{
	*out = NULL;
	if (!loaded())
		return gh_fail(err, GH_E_UNREAD, "needs libcurl (Debian: libcurl4): %.100s", lc.why);
	struct gh_http *h = calloc(1, sizeof *h);
	if (h == NULL)
		return gh_fail(err, GH_E_NOMEM, "HTTP client");
	h->curl = lc.easy_init();
	h->ca = c->ca == NULL ? NULL : strdup(c->ca);
	h->proxy = strdup(c->proxy == NULL ? "" : c->proxy);
	h->pem = gh_buf(c->ca_pem.n + 1);
	gh_buf_span(&h->pem, c->ca_pem);
	h->connect_s = c->connect_s == 0 ? 10 : (long)c->connect_s;
	h->stall_s = c->stall_s == 0 ? 30 : (long)c->stall_s;
	if (h->curl == NULL || h->proxy == NULL || (c->ca != NULL && h->ca == NULL) || h->pem.full) {
		gh_http_close(h);
		return gh_fail(err, GH_E_NOMEM, "HTTP client");
	}
	*out = h;
	return GH_OK;
}

void gh_http_close(struct gh_http *h)
{
	if (h == NULL)
		return;
	if (h->curl != NULL)
		lc.easy_cleanup(h->curl);
	free(h->ca);
	gh_buf_free(&h->pem);
	free(h->proxy);
	free(h);
}

void gh_http_answer_free(struct gh_http_answer *a)
{
	gh_buf_free(&a->body);
	gh_buf_free(&a->headers);
	a->status = 0;
}

/* ---- the flow of bytes ---- */

static size_t give(char *to, size_t each, size_t n, void *arg)
{
	struct gh_http *h = arg;
	const struct gh_http_body *b = &h->r->body;
	uint64_t left = b->n - h->sent, room = (uint64_t)each * n;
	size_t want = (size_t)(left < room ? left : room);
	if (want == 0)
		return 0;
	if (b->fd < 0) {
		memcpy(to, (const uint8_t *)b->p + b->off + h->sent, want);
		h->sent += want;
		return want;
	}
	ssize_t got;
	do
		got = pread(b->fd, to, want, (off_t)(b->off + h->sent));
	while (got < 0 && errno == EINTR);
	if (got <= 0) {
		h->sys = got < 0 ? errno : EILSEQ;
		return CURL_READFUNC_ABORT;
	}
	h->sent += (uint64_t)got;
	return (size_t)got;
}

static int seek(void *arg, curl_off_t off, int whence)
{
	struct gh_http *h = arg;
	if (whence != SEEK_SET || off < 0 || (uint64_t)off > h->r->body.n)
		return CURL_SEEKFUNC_FAIL;
	h->sent = (uint64_t)off;
	return CURL_SEEKFUNC_OK;
}

static size_t take(char *p, size_t each, size_t n, void *arg)
{
	struct gh_http *h = arg;
	size_t len = each * n;
	long status = 0;
	(void)lc.easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 && status != 206) { /* an error message: keep its beginning */
		size_t room = h->a->body.n < KEPT_ERROR ? KEPT_ERROR - h->a->body.n : 0;
		gh_buf_put(&h->a->body, p, len < room ? len : room);
		h->got += len;
		return h->got > KEPT_ERROR ? 0 : len;
	}
	if (len > h->r->max_body - h->got) {
		h->too_long = true;
		return 0;
	}
	h->got += len;
	if (h->r->sink == NULL) {
		gh_buf_put(&h->a->body, p, len);
		return h->a->body.full ? 0 : len;
	}
	errno = 0;
	if (h->r->sink(h->r->arg, (struct gh_span){ (const uint8_t *)p, len }))
		return len;
	h->sys = errno == 0 ? EIO : errno;
	return 0;
}

/* One header line. A status line begins a new answer (100 Continue, then the real one). */
static size_t header(char *p, size_t each, size_t n, void *arg)
{
	struct gh_http *h = arg;
	size_t len = each * n;
	struct gh_span s = { (const uint8_t *)p, len };
	while (s.n > 0 && (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	if (gh_span_starts(s, "HTTP/")) {
		h->a->headers.n = 0;
		return len;
	}
	if (h->a->headers.n + s.n + 2 > GH_HTTP_HEADERS) {
		h->too_long = true;
		return 0;
	}
	bool name = true;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		name = name && c != ':';
		gh_buf_ch(&h->a->headers, (char)(name && c >= 'A' && c <= 'Z' ? c + 32 : c));
	}
	gh_buf_ch(&h->a->headers, '\n');
	return h->a->headers.full ? 0 : len;
}

struct gh_span gh_http_header(const struct gh_http_answer *a, const char *name)
{
	struct gh_span found = { 0 };
	size_t n = strlen(name);
	for (size_t at = 0; at < a->headers.n;) {
		struct gh_span rest = { a->headers.p + at, a->headers.n - at };
		const uint8_t *end = memchr(rest.p, '\n', rest.n);
		struct gh_span line = { rest.p, end == NULL ? rest.n : (size_t)(end - rest.p) };
		at += line.n + 1;
		if (line.n <= n || line.p[n] != ':' || memcmp(line.p, name, n) != 0)
			continue;
		found = gh_span_cut(line, n + 1, line.n);
		while (found.n > 0 && (found.p[0] == ' ' || found.p[0] == '\t'))
			found = gh_span_cut(found, 1, found.n);
		while (found.n > 0 && (found.p[found.n - 1] == ' ' || found.p[found.n - 1] == '\t'))
			found.n--;
	}
	return found;
}

/* ---- a request ---- */

static bool set(struct gh_http *h, struct curl_slist *headers)
{
	const struct gh_http_request *r = h->r;
	CURL *c = h->curl;
	bool sends = r->body.n > 0 || strcmp(r->method, "PUT") == 0 || strcmp(r->method, "POST") == 0;
	CURLcode bad = CURLE_OK;
#define SET(opt, value) \
	do { \
		if (bad == CURLE_OK) \
			bad = lc.easy_setopt(c, (opt), (value)); \
	} while (0)
	SET(CURLOPT_URL, r->url);
	SET(CURLOPT_ERRORBUFFER, h->why);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, h->proxy);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	struct curl_blob pem = { .data = h->pem.p, .len = h->pem.n, .flags = CURL_BLOB_COPY };
	if (h->pem.n > 0)
		SET(CURLOPT_CAINFO_BLOB, &pem);
	else if (h->ca != NULL)
		SET(CURLOPT_CAINFO, h->ca);
	SET(CURLOPT_CONNECTTIMEOUT, h->connect_s);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)STALL_BYTES);
	SET(CURLOPT_LOW_SPEED_TIME, h->stall_s);
	SET(CURLOPT_TIMEOUT, (long)r->total_s);
	SET(CURLOPT_BUFFERSIZE, 256L << 10);
	SET(CURLOPT_UPLOAD_BUFFERSIZE, 512L << 10);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_HEADERFUNCTION, header);
	SET(CURLOPT_HEADERDATA, h);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, h);
	if (sends) {
		SET(CURLOPT_UPLOAD, 1L);
		SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->body.n);
		SET(CURLOPT_READFUNCTION, give);
		SET(CURLOPT_READDATA, h);
		SET(CURLOPT_SEEKFUNCTION, seek);
		SET(CURLOPT_SEEKDATA, h);
	}
	if (strcmp(r->method, "HEAD") == 0)
		SET(CURLOPT_NOBODY, 1L);
	else
		SET(CURLOPT_CUSTOMREQUEST, r->method);
#undef SET
	return bad == CURLE_OK;
}

/* curl says "HTTP response code said error", "Couldn't connect to server" …: one line, what it knows. */
static enum gh_rc failed(struct gh_http *h, CURLcode c, struct gh_err *err)
{
	const char *why = h->why[0] != '\0' ? h->why : lc.easy_strerror(c);
	long sys = 0; /* libcurl writes a long */
	(void)lc.easy_getinfo(h->curl, CURLINFO_OS_ERRNO, &sys);
	if (h->too_long)
		return gh_fail(err, GH_E_LIMIT, "the answer is larger than was asked for");
	if (h->a->body.full || h->a->headers.full || c == CURLE_OUT_OF_MEMORY)
		return gh_fail(err, GH_E_NOMEM, "no memory for the answer");
	if (h->sys == EILSEQ)
		return gh_fail(err, GH_E_MALFORMED, "the file that is sent became shorter");
	if (h->sys != 0)
		return gh_fail_sys(err, h->sys, "while the bytes were passed on");
	if (err != NULL)
		err->sys = c == CURLE_OPERATION_TIMEDOUT ? ETIMEDOUT : sys == 0 ? EIO : (int)sys;
	switch (c) {
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY: return gh_fail(err, GH_E_MALFORMED, "%.140s", why);
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR: return gh_fail(err, GH_E_DENIED, "TLS: %.140s", why);
	default: return gh_fail(err, GH_E_IO, "%.140s", why);
	}
}

enum gh_rc gh_http_do(struct gh_http *h, const struct gh_http_request *r, struct gh_http_answer *a, struct gh_err *err)
{
	struct curl_slist *headers = NULL;
	bool good = r->nheader <= GH_HTTP_SENT;
	gh_http_answer_free(a);
	a->body = gh_buf((size_t)(r->sink != NULL || r->max_body < KEPT_ERROR ? KEPT_ERROR : r->max_body));
	a->headers = gh_buf(GH_HTTP_HEADERS);
	for (size_t i = 0; good && i < r->nheader; i++) {
		good = strpbrk(r->header[i], "\r\n") == NULL;
		struct curl_slist *more = good ? lc.slist_append(headers, r->header[i]) : NULL;
		good = more != NULL;
		headers = good ? more : headers;
	}
	h->r = r;
	h->a = a;
	h->sent = h->got = 0;
	h->too_long = false;
	h->sys = 0;
	h->why[0] = '\0';
	lc.easy_reset(h->curl);
	if (!good || !set(h, headers)) {
		lc.slist_free_all(headers);
		return gh_fail(err, GH_E_MALFORMED, "a request of ours that cannot be sent");
	}
	CURLcode c = lc.easy_perform(h->curl);
	(void)lc.easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &a->status);
	lc.slist_free_all(headers);
	/* The end of an error message that is too long does not matter. */
	bool error_cut = c == CURLE_WRITE_ERROR && a->status >= 300 && h->got > KEPT_ERROR;
	/* A server that refuses an upload early answers before it has taken all of it. */
	bool early = a->status >= 300 && (c == CURLE_SEND_ERROR || c == CURLE_RECV_ERROR || c == CURLE_PARTIAL_FILE);
	return c == CURLE_OK || error_cut || early ? GH_OK : failed(h, c, err);
}
