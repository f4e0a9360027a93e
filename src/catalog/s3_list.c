/* s3_list.c - what lies in an S3 store: objects, and uploads that nobody completed. */
#include "base/buf.h"
#include "catalog/s3.h"
#include "wire/s3xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { ANSWER = 4 << 20, LIST_S = 120 };

static struct gh_sigv4_pair pair(const char *name, const char *value)
{
	return (struct gh_sigv4_pair){ name, gh_span_str(value) };
}

/* "2026-11-22T12:00:00.000Z"; 0 when it is none. */
static int64_t iso_date(struct gh_span s)
{
	char text[20];
	struct tm tm = { 0 };
	if (s.n < 19)
		return 0;
	memcpy(text, s.p, 19);
	text[19] = '\0';
	const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
	return end == NULL || *end != '\0' ? 0 : (int64_t)timegm(&tm);
}

static bool number(struct gh_span s, uint64_t *out)
{
	*out = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9' || *out > (UINT64_MAX - 9) / 10)
			return false;
		*out = *out * 10 + (uint64_t)(s.p[i] - '0');
	}
	return s.n > 0;
}

static void keep(struct gh_span s, char *to, size_t cap)
{
	size_t n = s.n < cap ? s.n : 0;
	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

/* ---- objects ---- */

struct objects {
	const struct gh_s3 *s3;
	struct gh_store_page *page;
	const struct gh_store_key *after;
	char name[1100]; /* of the entry in hand */
	uint64_t size;
	int64_t at;
	bool sized, truncated, complete, wrong;
};

static int key_order(const struct gh_store_key *a, const struct gh_store_key *b)
{
	int c = strcmp(a->tenant, b->tenant);
	return c != 0 ? c : strcmp(a->id, b->id);
}

static void entry(struct objects *o)
{
	struct gh_store_page *p = o->page;
	struct gh_store_key key;
	struct gh_span name = gh_span_str(o->name);
	if (!gh_s3_key_of(o->s3, name, &key)) {
		if (p->strays++ == 0) {
			struct gh_buf b = gh_buf(GH_STORE_NAME - 1);
			gh_buf_safe(&b, name, GH_STORE_NAME - 5);
			(void)snprintf(p->stray, sizeof p->stray, "%s", gh_buf_cstr(&b));
			gh_buf_free(&b);
		}
		return;
	}
	const struct gh_store_key *last = p->n > 0 ? &p->row[p->n - 1].key : o->after;
	if (!o->sized || (last != NULL && key_order(&key, last) <= 0) || p->n == GH_STORE_PAGE) {
		o->wrong = true; /* not in order, or more than was asked for: a caller that pages would go in circles */
		return;
	}
	p->row[p->n++] = (struct gh_store_row){ .key = key, .size = o->size, .at = o->at };
}

static bool object_leaf(void *arg, const char *path, struct gh_span text)
{
	struct objects *o = arg;
	if (strcmp(path, "ListBucketResult/Contents") == 0 && text.p == NULL) {
		entry(o);
		o->name[0] = '\0';
		o->sized = false;
		o->at = 0;
	} else if (text.p == NULL) {
		o->complete = o->complete || strcmp(path, "ListBucketResult") == 0;
	} else if (strcmp(path, "ListBucketResult/Contents/Key") == 0) {
		keep(text, o->name, sizeof o->name);
	} else if (strcmp(path, "ListBucketResult/Contents/Size") == 0) {
		o->sized = number(text, &o->size);
	} else if (strcmp(path, "ListBucketResult/Contents/LastModified") == 0) {
		o->at = iso_date(text);
	} else if (strcmp(path, "ListBucketResult/IsTruncated") == 0) {
		o->truncated = gh_span_is(text, "true");
	}
	return !o->wrong;
}

enum gh_rc gh_s3_list(struct gh_store *s, const char *tenant, const struct gh_store_key *after,
		      struct gh_store_page *page, struct gh_err *err)
{
	char prefix[GH_S3_KEY], start[GH_S3_KEY] = "";
	gh_s3_name(s->s3, tenant, NULL, prefix);
	if (after != NULL)
		gh_s3_name(s->s3, after->tenant, after->id, start);
	struct gh_http_answer a = { 0 };
	struct objects o = { .s3 = s->s3, .page = page, .after = after };
	struct gh_s3_call c = { .what = "listing",
				.method = "GET",
				.body = { .fd = -1 },
				.max_body = ANSWER,
				.total_s = LIST_S,
				.query = { pair("list-type", "2"), pair("max-keys", "1000"), pair("prefix", prefix) } };
	if (start[0] != '\0')
		c.query[3] = pair("start-after", start);
	enum gh_rc rc = gh_s3_do(s, &c, &a, err);
	if (rc == GH_OK && (gh_s3xml_read(gh_buf_view(&a.body), object_leaf, &o) != GH_OK || o.wrong || !o.complete))
		rc = gh_store_say(err, s, NULL, GH_E_IO, "listing: the answer is no listing that can be read");
	gh_http_answer_free(&a);
	page->more = o.truncated;
	if (rc == GH_OK && o.truncated && page->n == 0)
		return gh_store_say(err, s, NULL, GH_E_LIMIT,
				    "listing: a thousand names in a row are no blobs; give it a prefix of its own");
	return rc;
}

/* ---- uploads ---- */

struct uploads {
	const struct gh_s3 *s3;
	struct gh_store_left *rows, now;
	char name[1100];
	size_t cap, *n;
	bool more;
};

static bool upload_leaf(void *arg, const char *path, struct gh_span text)
{
	struct uploads *u = arg;
	if (strcmp(path, "ListMultipartUploadsResult/Upload") == 0 && text.p == NULL) {
		u->now.upload = true;
		if (gh_s3_key_of(u->s3, gh_span_str(u->name), &u->now.key) && u->now.upload_id[0] != '\0') {
			if (*u->n < u->cap)
				u->rows[(*u->n)++] = u->now;
			else
				u->more = true;
		}
		u->now = (struct gh_store_left){ 0 };
		u->name[0] = '\0';
	} else if (text.p == NULL) {
		return true;
	} else if (strcmp(path, "ListMultipartUploadsResult/Upload/Key") == 0) {
		keep(text, u->name, sizeof u->name);
	} else if (strcmp(path, "ListMultipartUploadsResult/Upload/UploadId") == 0) {
		keep(text, u->now.upload_id, sizeof u->now.upload_id);
	} else if (strcmp(path, "ListMultipartUploadsResult/Upload/Initiated") == 0) {
		u->now.at = iso_date(text);
	} else if (strcmp(path, "ListMultipartUploadsResult/IsTruncated") == 0) {
		u->more = u->more || gh_span_is(text, "true");
	}
	return true;
}

enum gh_rc gh_s3_uploads(struct gh_store *s, struct gh_store_left *rows, size_t cap, size_t *n, bool *more,
			 struct gh_err *err)
{
	char prefix[GH_S3_KEY];
	struct gh_http_answer a = { 0 };
	struct uploads u = { .s3 = s->s3, .rows = rows, .cap = cap, .n = n };
	gh_s3_name(s->s3, NULL, NULL, prefix);
	struct gh_s3_call c = { .what = "listing uploads",
				.method = "GET",
				.body = { .fd = -1 },
				.max_body = ANSWER,
				.total_s = LIST_S,
				.query = { pair("uploads", ""), pair("prefix", prefix), pair("max-uploads", "1000") } };
	enum gh_rc rc = gh_s3_do(s, &c, &a, err);
	if (rc == GH_OK && gh_s3xml_read(gh_buf_view(&a.body), upload_leaf, &u) != GH_OK)
		rc = gh_store_say(err, s, NULL, GH_E_IO, "listing uploads: the answer cannot be read");
	gh_http_answer_free(&a);
	*more = u.more;
	return rc;
}
