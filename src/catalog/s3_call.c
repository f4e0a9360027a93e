/* s3_call.c - one signed request; what to try again, how long to wait, how to say what went wrong. */
#include "catalog/id.h"
#include "catalog/s3.h"
#include "wire/s3xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum { LINE = 5 << 10, PAUSE_MS = 100, PAUSE_MOST_MS = 8000, RETRY_AFTER_MOST = 30 };

void gh_s3_name(const struct gh_s3 *s3, const char *tenant, const char *id, char out[GH_S3_KEY])
{
	const char *slash = s3->prefix[0] == '\0' ? "" : "/";
	if (tenant == NULL)
		(void)snprintf(out, GH_S3_KEY, "%s%s", s3->prefix, slash);
	else if (id == NULL)
		(void)snprintf(out, GH_S3_KEY, "%s%s%s/", s3->prefix, slash, tenant);
	else
		(void)snprintf(out, GH_S3_KEY, "%s%s%s/%.2s/%s", s3->prefix, slash, tenant, id, id);
}

bool gh_s3_key_of(const struct gh_s3 *s3, struct gh_span name, struct gh_store_key *key)
{
	char want[GH_S3_KEY], tenant[GH_STORE_ID + 1], id[GH_STORE_ID + 1];
	size_t tail = 2 * GH_STORE_ID + 4;
	if (name.n < tail)
		return false;
	struct gh_span t = gh_span_cut(name, name.n - tail, GH_STORE_ID),
		       i = gh_span_cut(name, name.n - GH_STORE_ID, GH_STORE_ID);
	memcpy(tenant, t.p, GH_STORE_ID);
	memcpy(id, i.p, GH_STORE_ID);
	tenant[GH_STORE_ID] = id[GH_STORE_ID] = '\0';
	if (!gh_store_key_set(key, tenant, id))
		return false;
	gh_s3_name(s3, tenant, id, want);
	return gh_span_is(name, want);
}

/* ---- the request ---- */

struct made { /* what goes to the HTTP client */
	struct gh_buf url;
	char *header[GH_HTTP_SENT];
	size_t n;
};

static void made_free(struct made *m)
{
	gh_buf_free(&m->url);
	for (size_t i = 0; i < m->n; i++)
		free(m->header[i]);
	m->n = 0;
}

static bool add_header(struct made *m, const char *name, struct gh_span value)
{
	if (m->n == GH_HTTP_SENT || value.n > LINE)
		return false;
	char *h = NULL;
	if (asprintf(&h, "%s: %.*s", name, (int)value.n, (const char *)value.p) < 0)
		return false;
	m->header[m->n++] = h;
	return true;
}

static size_t pairs(const struct gh_sigv4_pair *p, size_t cap)
{
	size_t n = 0;
	while (n < cap && p[n].name != NULL)
		n++;
	return n;
}

/* Sign what c asks for, at this moment. */
static bool make(const struct gh_s3 *s3, const struct gh_s3_call *c, struct made *m)
{
	char name[GH_S3_KEY] = "", path[GH_S3_KEY + 80], host[GH_S3_NAME + 80], stamp[GH_SIGV4_STAMP + 1];
	struct gh_sigv4_pair signed_[GH_SIGV4_PAIRS];
	size_t n = 0, nquery = pairs(c->query, GH_S3_QUERY), nheader = pairs(c->header, GH_S3_HEADERS);
	const char *payload = c->payload == NULL ? GH_SIGV4_EMPTY : c->payload;
	gh_auto_buf auth = gh_buf(4096);
	if (c->key != NULL)
		gh_s3_name(s3, c->key->tenant, c->key->id, name);
	(void)snprintf(path, sizeof path, "%s%s/%s", s3->by_host ? "" : "/", s3->by_host ? "" : s3->bucket, name);
	if (!s3->by_host && name[0] == '\0')
		path[strlen(path) - 1] = '\0';
	(void)snprintf(host, sizeof host, "%s%s%s", s3->by_host ? s3->bucket : "", s3->by_host ? "." : "", s3->host);
	if (!gh_sigv4_stamp((int64_t)time(NULL), stamp))
		return false;
	signed_[n++] = (struct gh_sigv4_pair){ "host", gh_span_str(host) };
	signed_[n++] = (struct gh_sigv4_pair){ "x-amz-date", gh_span_str(stamp) };
	signed_[n++] = (struct gh_sigv4_pair){ "x-amz-content-sha256", gh_span_str(payload) };
	if (s3->token[0] != '\0')
		signed_[n++] = (struct gh_sigv4_pair){ "x-amz-security-token", gh_span_str(s3->token) };
	for (size_t i = 0; i < nheader; i++)
		signed_[n++] = c->header[i];
	struct gh_sigv4_request r = { .method = c->method,
				      .path = gh_span_str(path),
				      .query = c->query,
				      .nquery = nquery,
				      .header = signed_,
				      .nheader = n,
				      .stamp = stamp,
				      .payload = payload,
				      .region = s3->region,
				      .service = "s3",
				      .access = s3->access,
				      .secret = s3->secret };
	bool good = gh_sigv4_authorize(&r, &auth) && add_header(m, "authorization", gh_buf_view(&auth));
	for (size_t i = 0; good && i < n; i++)
		good = add_header(m, signed_[i].name, signed_[i].value);
	m->url = gh_buf(2 * GH_SIGV4_TEXT);
	gh_buf_fmt(&m->url, "%s://%s", s3->scheme, host);
	gh_sigv4_path(gh_span_str(path), &m->url);
	if (nquery > 0)
		gh_buf_ch(&m->url, '?');
	return good && gh_sigv4_query(c->query, nquery, &m->url) && !m->url.full;
}

static enum gh_rc once(struct gh_store *s, const struct gh_s3_call *c, struct gh_http_answer *a, struct gh_err *err)
{
	struct made m = { 0 };
	enum gh_rc rc;
	if (!make(s->s3, c, &m)) {
		rc = gh_fail(err, GH_E_BUG, "a request that cannot be signed");
	} else if (c->begin != NULL && !c->begin(c->arg)) {
		rc = gh_fail_sys(err, errno, "%s", c->what);
	} else {
		struct gh_http_request r = { .method = c->method,
					     .url = gh_buf_cstr(&m.url),
					     .header = (const char *const *)m.header,
					     .nheader = m.n,
					     .body = c->body,
					     .total_s = c->total_s,
					     .max_body = c->max_body,
					     .sink = c->sink,
					     .arg = c->arg };
		rc = gh_http_do(s->s3->http, &r, a, err);
	}
	made_free(&m);
	return rc;
}

/* ---- what the answer means ---- */

enum again { NO, YES };
/* By the code of the error where there is one, else by the status; the first row that fits. */
static const struct meaning {
	const char *code; /* NULL: any */
	long from, to;	  /* status; 0: any */
	enum gh_rc rc;
	enum again again;
	int sys;
	const char *hint;
} meanings[] = {
	{ "RequestTimeTooSkewed", 0, 0, GH_E_DENIED, NO, 0, "set this machine's clock" },
	{ "SignatureDoesNotMatch", 0, 0, GH_E_DENIED, NO, 0, "the secret key is wrong, or a proxy changes requests" },
	{ "InvalidAccessKeyId", 0, 0, GH_E_DENIED, NO, 0, "the access key is not known there" },
	{ "ExpiredToken", 0, 0, GH_E_DENIED, NO, 0, "the session token has expired" },
	{ "AuthorizationHeaderMalformed", 0, 0, GH_E_DENIED, NO, 0, "region= of the URL may be wrong" },
	{ "NoSuchBucket", 0, 0, GH_E_IO, NO, EIO, "make the bucket first" },
	{ "XAmzContentSHA256Mismatch", 0, 0, GH_E_MALFORMED, NO, EILSEQ, "the bytes are not what the caller said" },
	{ "BadDigest", 0, 0, GH_E_MALFORMED, NO, EILSEQ, "the bytes are not what the caller said" },
	{ "QuotaExceeded", 0, 0, GH_E_IO, NO, ENOSPC, "make room, or raise the quota" },
	{ "EntityTooLarge", 0, 0, GH_E_LIMIT, NO, EFBIG, "a smaller part= in the URL may help" },
	{ "RequestTimeout", 0, 0, GH_E_IO, YES, ETIMEDOUT, NULL },
	{ "ConditionalRequestConflict", 0, 0, GH_E_IO, YES, EAGAIN, NULL },
	{ "OperationAborted", 0, 0, GH_E_IO, YES, EAGAIN, NULL },
	{ NULL, 300, 399, GH_E_MALFORMED, NO, 0, "endpoint= or region= of the URL is wrong" },
	{ NULL, 401, 401, GH_E_DENIED, NO, 0, "these credentials may not do this" },
	{ NULL, 403, 403, GH_E_DENIED, NO, 0, "these credentials may not do this" },
	{ NULL, 404, 404, GH_E_ABSENT, NO, ENOENT, NULL },
	{ NULL, 408, 408, GH_E_IO, YES, ETIMEDOUT, NULL },
	{ NULL, 412, 412, GH_E_EXISTS, NO, EEXIST, NULL },
	{ NULL, 416, 416, GH_E_MALFORMED, NO, EILSEQ, NULL },
	{ NULL, 429, 429, GH_E_IO, YES, EAGAIN, NULL },
	{ NULL, 507, 507, GH_E_IO, NO, ENOSPC, "make room" },
	{ NULL, 501, 501, GH_E_UNREAD, NO, ENOSYS, "that store does not offer what is needed" },
	{ NULL, 500, 599, GH_E_IO, YES, EIO, NULL },
	{ NULL, 0, 0, GH_E_IO, NO, EIO, NULL },
};

static const struct meaning *meaning(long status, const char *code)
{
	for (size_t i = 0;; i++) {
		const struct meaning *m = &meanings[i];
		if (m->code != NULL ? strcmp(m->code, code) == 0 : m->to == 0 || (status >= m->from && status <= m->to))
			return m;
	}
}

static enum gh_rc explain(struct gh_store *s, const struct gh_s3_call *c, const struct gh_http_answer *a,
			  const struct meaning *m, const struct gh_s3xml_error *x, struct gh_err *err)
{
	if (err != NULL)
		err->sys = m->sys;
	return gh_store_say(err, s, c->key, m->rc, "%s: answer %ld%s%s%s%.60s%s%s", c->what, a->status,
			    x->code[0] == '\0' ? "" : " ", x->code, x->message[0] == '\0' ? "" : ": ", x->message,
			    m->hint == NULL ? "" : "; ", m->hint == NULL ? "" : m->hint);
}

/* ---- trying again ---- */

static int64_t monotonic_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Between half of and a whole growing pause; longer when the server asks for it. */
static void pause_before(unsigned attempt, const struct gh_http_answer *a)
{
	uint64_t ms = (uint64_t)PAUSE_MS << attempt;
	uint32_t r = 0;
	ms = ms > PAUSE_MOST_MS ? PAUSE_MOST_MS : ms;
	if (getrandom(&r, sizeof r, 0) == (ssize_t)sizeof r)
		ms = ms / 2 + r % (ms / 2 + 1);
	struct gh_span after = gh_http_header(a, "retry-after");
	uint64_t seconds = 0;
	for (size_t i = 0; i < after.n && i < 4 && after.p[i] >= '0' && after.p[i] <= '9'; i++)
		seconds = seconds * 10 + (uint64_t)(after.p[i] - '0');
	if (seconds > RETRY_AFTER_MOST)
		seconds = RETRY_AFTER_MOST;
	if (seconds * 1000 > ms)
		ms = seconds * 1000;
	struct timespec t = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000) * 1000000 };
	(void)nanosleep(&t, NULL);
}

static enum gh_rc client(struct gh_store *s, struct gh_err *err)
{
	struct gh_s3 *s3 = s->s3;
	if (s3->http != NULL)
		return GH_OK;
	const struct gh_http_config c = { .ca_pem = gh_buf_view(&s3->ca_pem),
					  .proxy = s3->proxy[0] == '\0' ? NULL : s3->proxy };
	enum gh_rc rc = s3->told;
	if (rc != GH_OK && err != NULL)
		*err = s3->why;
	if (rc == GH_OK)
		rc = gh_http_open(&c, &s3->http, err);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "blob store %s", s->where);
}

static enum gh_rc attempts(struct gh_store *s, const struct gh_s3_call *c, struct gh_http_answer *a, struct gh_err *err)
{
	int64_t start = monotonic_ms();
	enum gh_rc rc = client(s, err);
	if (rc != GH_OK)
		return rc;
	for (unsigned attempt = 0;; attempt++) {
		struct gh_err one = { 0 };
		char line[GH_ERR_TEXT];
		bool last = attempt + 1 >= GH_S3_TRIES || monotonic_ms() - start > GH_S3_PATIENCE * 1000;
		rc = once(s, c, a, &one);
		if (rc == GH_OK && a->status >= 200 && a->status <= 299)
			return GH_OK;
		if (rc != GH_OK) {
			if (rc != GH_E_IO || last) {
				if (err != NULL)
					err->sys = one.sys;
				return gh_store_say(err, s, c->key, rc, "%s: %.110s%s", c->what,
						    gh_err_line(&one, line, sizeof line),
						    attempt > 0 ? " (tried again in vain)" : "");
			}
		} else {
			struct gh_s3xml_error x;
			(void)gh_s3xml_error(gh_buf_view(&a->body), &x);
			const struct meaning *m = meaning(a->status, x.code);
			if (m->again == NO || last)
				return explain(s, c, a, m, &x, err);
		}
		pause_before(attempt, a);
	}
}

/* What the store refuses is no decision of ours: to whoever asked for something, it could not be done. */
enum gh_rc gh_s3_do(struct gh_store *s, const struct gh_s3_call *c, struct gh_http_answer *a, struct gh_err *err)
{
	enum gh_rc rc = attempts(s, c, a, err);
	if (rc != GH_E_DENIED)
		return rc;
	if (err != NULL) {
		err->rc = GH_E_IO;
		err->sys = EACCES;
	}
	return GH_E_IO;
}
