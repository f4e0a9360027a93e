/* s3_get.c - objects of an S3 store: what they are, ranges of them, and their end. */
#include "catalog/s3.h"
#include "catalog/id.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { SMALL_ANSWER = 64 << 10, SMALL_S = 60 };

static struct gh_sigv4_pair pair(const char *name, const char *value)
{
	return (struct gh_sigv4_pair){ name, gh_span_str(value) };
}

static bool number(struct gh_span s, uint64_t *out)
{
	uint64_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || v > (UINT64_MAX - 9) / 10)
			return false;
		v = v * 10 + (uint64_t)(s.p[i] - '0');
	}
	*out = v;
	return s.n > 0;
}

/* "Wed, 21 Oct 2015 07:28:00 GMT"; 0 when it is none. */
static int64_t http_date(struct gh_span s)
{
	char text[40];
	struct tm tm = { 0 };
	if (s.n == 0 || s.n >= sizeof text)
		return 0;
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&tm);
}

enum gh_rc gh_s3_head(struct gh_store *s, const struct gh_store_key *key, struct gh_store_info *info, char etag[136],
		      struct gh_err *err)
{
	struct gh_http_answer a = { 0 };
	struct gh_s3_call c = { .what = "HEAD",
				.method = "HEAD",
				.key = key,
				.body = { .fd = -1 },
				.max_body = SMALL_ANSWER,
				.total_s = SMALL_S };
	*info = (struct gh_store_info){ 0 };
	etag[0] = '\0';
	enum gh_rc rc = gh_s3_do(s, &c, &a, err);
	if (rc == GH_OK) {
		struct gh_span e = gh_http_header(&a, "etag"), d = gh_http_header(&a, "x-amz-meta-gatehouse-sha256");
		struct gh_span f = gh_http_header(&a, "x-amz-meta-gatehouse-format");
		info->at = http_date(gh_http_header(&a, "last-modified"));
		if (gh_digest_ok(d))
			memcpy(info->sha256, d.p, d.n);
		if (e.n > 0 && e.n < 136) {
			memcpy(etag, e.p, e.n);
			etag[e.n] = '\0';
		}
		if (!number(gh_http_header(&a, "content-length"), &info->size))
			rc = gh_store_say(err, s, key, GH_E_IO, "HEAD: the answer has no length");
		else if (f.n > 0 && !gh_span_is(f, "1"))
			rc = gh_store_say(err, s, key, GH_E_UNREAD,
					  "written by a newer version of this program (format %.*s)",
					  (int)(f.n < 8 ? f.n : 8), (const char *)f.p);
	}
	gh_http_answer_free(&a);
	return rc;
}

static enum gh_rc s3_stat(struct gh_store *s, const struct gh_store_key *key, struct gh_store_info *info,
			  struct gh_err *err)
{
	char etag[136];
	return gh_s3_head(s, key, info, etag, err);
}

static enum gh_rc s3_get(struct gh_store *s, const struct gh_store_key *key, struct gh_store_object *o,
			 struct gh_store_info *info, struct gh_err *err)
{
	enum gh_rc rc = gh_s3_head(s, key, info, o->etag, err);
	o->size = info->size;
	return rc;
}

/* ---- ranges ---- */

struct range { /* where the bytes go: to memory, or to a descriptor at their own offsets */
	uint8_t *p;
	int fd;
	uint64_t off, n; /* what was asked for */
	uint64_t at;	 /* how much of it has come */
};

static bool start_over(void *arg)
{
	((struct range *)arg)->at = 0;
	return true;
}

static bool put(void *arg, struct gh_span s)
{
	struct range *r = arg;
	if (s.n > r->n - r->at) {
		errno = EILSEQ;
		return false;
	}
	if (r->p != NULL) {
		memcpy(r->p + r->at, s.p, s.n);
		r->at += s.n;
		return true;
	}
	while (s.n > 0) {
		ssize_t w = pwrite(r->fd, s.p, s.n, (off_t)(r->off + r->at));
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return false;
		r->at += (uint64_t)w;
		s = gh_span_cut(s, (uint64_t)w, s.n);
	}
	return true;
}

/* Fetch a range that is known to lie within the object, of the very object that was opened. */
static enum gh_rc fetch(struct gh_store_object *o, struct range *r, struct gh_err *err)
{
	char range[64], want[80];
	struct gh_http_answer a = { 0 };
	struct gh_s3_call c = { .what = "GET",
				.method = "GET",
				.key = &o->key,
				.body = { .fd = -1 },
				.max_body = r->n,
				.begin = start_over,
				.sink = put,
				.arg = r };
	if (r->n == 0)
		return GH_OK;
	(void)snprintf(range, sizeof range, "bytes=%llu-%llu", (unsigned long long)r->off,
		       (unsigned long long)(r->off + r->n - 1));
	(void)snprintf(want, sizeof want, "bytes %llu-%llu/%llu", (unsigned long long)r->off,
		       (unsigned long long)(r->off + r->n - 1), (unsigned long long)o->size);
	c.header[0] = pair("range", range);
	if (o->etag[0] != '\0')
		c.header[1] = pair("if-match", o->etag);
	enum gh_rc rc = gh_s3_do(o->store, &c, &a, err);
	if (rc == GH_E_EXISTS) {
		if (err != NULL)
			*err = (struct gh_err){ 0 };
		rc = gh_store_fail(err, o->store, &o->key, EILSEQ, "was replaced while it was read");
	} else if (rc == GH_OK && (a.status == 206 ? !gh_span_is(gh_http_header(&a, "content-range"), want)
						   : r->off != 0 || r->n != o->size)) {
		rc = gh_store_fail(err, o->store, &o->key, EILSEQ, "GET: another range was sent than was asked for");
	} else if (rc == GH_OK && r->at != r->n) {
		rc = gh_store_fail(err, o->store, &o->key, EILSEQ,
				   "GET: %llu bytes were sent where %llu were asked for", (unsigned long long)r->at,
				   (unsigned long long)r->n);
	}
	gh_http_answer_free(&a);
	return rc;
}

static enum gh_rc s3_read(struct gh_store_object *o, void *p, size_t n, uint64_t off, struct gh_err *err)
{
	struct range r = { .p = p, .fd = -1, .off = off, .n = n };
	return fetch(o, &r, err);
}

static enum gh_rc s3_object_fd(struct gh_store_object *o, uint64_t off, uint64_t n, int *fd, struct gh_err *err)
{
	struct range r = { .off = off, .n = n };
	r.fd = gh_store_scratch(o->store);
	if (r.fd < 0 || ftruncate(r.fd, (off_t)o->size) != 0) {
		enum gh_rc rc = gh_store_fail(err, o->store, &o->key, errno, "no temporary file for it");
		if (r.fd >= 0)
			(void)close(r.fd);
		return rc;
	}
	enum gh_rc rc = fetch(o, &r, err);
	if (rc != GH_OK) {
		(void)close(r.fd);
		return rc;
	}
	*fd = r.fd;
	return GH_OK;
}

/* ---- the rest ---- */

/* DELETE says the same whether something was there or not. */
static enum gh_rc s3_remove(struct gh_store *s, const struct gh_store_key *key, struct gh_err *err)
{
	struct gh_store_info info;
	struct gh_http_answer a = { 0 };
	struct gh_s3_call c = { .what = "DELETE",
				.method = "DELETE",
				.key = key,
				.body = { .fd = -1 },
				.max_body = SMALL_ANSWER,
				.total_s = SMALL_S };
	enum gh_rc rc = s3_stat(s, key, &info, err);
	if (rc == GH_OK)
		rc = gh_s3_do(s, &c, &a, err);
	gh_http_answer_free(&a);
	return rc;
}

static enum gh_rc s3_check(struct gh_store *s, struct gh_err *err)
{
	char prefix[GH_S3_KEY];
	struct gh_http_answer a = { 0 };
	gh_s3_name(s->s3, NULL, NULL, prefix);
	struct gh_s3_call c = { .what = "listing",
				.method = "GET",
				.body = { .fd = -1 },
				.max_body = SMALL_ANSWER,
				.total_s = SMALL_S,
				.query = { pair("list-type", "2"), pair("max-keys", "1"), pair("prefix", prefix) } };
	enum gh_rc rc = gh_s3_do(s, &c, &a, err);
	gh_http_answer_free(&a);
	return rc;
}

static enum gh_rc s3_drop_upload(struct gh_store *s, const struct gh_store_left *left, struct gh_err *err)
{
	return gh_s3_abort(s, &left->key, left->upload_id, err);
}

static void s3_close(struct gh_store *s)
{
	if (s->s3 == NULL)
		return;
	gh_http_close(s->s3->http);
	gh_buf_free(&s->s3->ca_pem);
	explicit_bzero(s->s3, sizeof *s->s3);
	free(s->s3);
	s->s3 = NULL;
}

const struct gh_store_ops gh_store_s3_ops = {
	.check = s3_check,
	.commit = gh_s3_commit,
	.get = s3_get,
	.read = s3_read,
	.object_fd = s3_object_fd,
	.stat = s3_stat,
	.remove = s3_remove,
	.list = gh_s3_list,
	.uploads = gh_s3_uploads,
	.drop_upload = s3_drop_upload,
	.close = s3_close,
};
