/* s3_put.c - from a staging file to an object: in one piece, or in parts when it is large. The store checks what arrives against
 * the SHA-256 that is signed with every request; what it holds in the end is asked for once more. */
#include "catalog/s3.h"
#include "crypto/digest.h"
#include "wire/s3xml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PARTS = 10000, ETAG = 136, SMALL_ANSWER = 64 << 10, SMALL_S = 60, COMPLETE_S = 600, BLOCK = 1 << 20 };
#define META_SHA "x-amz-meta-gatehouse-sha256"
#define META_FORMAT "x-amz-meta-gatehouse-format"

static struct gh_sigv4_pair pair(const char *name, const char *value)
{
	return (struct gh_sigv4_pair){ name, gh_span_str(value) };
}

/* The object that stands there: ours? */
static enum gh_rc is_ours(struct gh_store *s, const struct gh_store_key *key, uint64_t size, const char *sha256,
			  struct gh_err *err)
{
	struct gh_store_info have;
	char etag[ETAG];
	enum gh_rc rc = gh_s3_head(s, key, &have, etag, err);
	if (rc != GH_OK)
		return rc;
	if (have.size != size || strcmp(have.sha256, sha256) != 0)
		return gh_store_say(err, s, key, GH_E_EXISTS, "another object of that name is stored already");
	return GH_OK;
}

static enum gh_rc put_whole(struct gh_store *s, const struct gh_store_key *key, int fd, uint64_t size,
			    const char *sha256, struct gh_err *err)
{
	struct gh_http_answer a = { 0 };
	struct gh_s3_call c = { .what = "PUT",
				.method = "PUT",
				.key = key,
				.payload = sha256,
				.body = { .fd = fd, .n = size },
				.max_body = SMALL_ANSWER,
				.header = { pair("if-none-match", "*"),
					    pair("content-type", "application/octet-stream"), pair(META_SHA, sha256),
					    pair(META_FORMAT, "1") } };
	enum gh_rc rc = gh_s3_do(s, &c, &a, err);
	gh_http_answer_free(&a);
	return rc;
}

/* ---- in parts ---- */

struct parts {
	struct gh_store *s;
	const struct gh_store_key *key;
	char upload[GH_STORE_UPLOAD_ID];
	struct gh_buf list; /* the document that completes the upload */
	unsigned n;
};

static bool upload_leaf(void *arg, const char *path, struct gh_span text)
{
	struct parts *p = arg;
	if (text.p == NULL || strcmp(path, "InitiateMultipartUploadResult/UploadId") != 0)
		return true;
	if (text.n == 0 || text.n >= sizeof p->upload || memchr(text.p, '\0', text.n) != NULL)
		return false;
	memcpy(p->upload, text.p, text.n);
	p->upload[text.n] = '\0';
	return true;
}

static enum gh_rc begin(struct parts *p, const char *sha256, struct gh_err *err)
{
	struct gh_http_answer a = { 0 };
	struct gh_s3_call c = { .what = "beginning an upload",
				.method = "POST",
				.key = p->key,
				.query = { pair("uploads", "") },
				.body = { .fd = -1 },
				.max_body = SMALL_ANSWER,
				.total_s = SMALL_S,
				.header = { pair("content-type", "application/octet-stream"), pair(META_FORMAT, "1"),
					    pair(META_SHA, sha256) } };
	enum gh_rc rc = gh_s3_do(p->s, &c, &a, err);
	if (rc == GH_OK && (gh_s3xml_read(gh_buf_view(&a.body), upload_leaf, p) != GH_OK || p->upload[0] == '\0'))
		rc = gh_store_say(err, p->s, p->key, GH_E_IO, "beginning an upload: the answer names no upload");
	gh_http_answer_free(&a);
	return rc;
}

/* One part: its digest goes with it, its ETag comes back and into the list. */
static enum gh_rc put_part(struct parts *p, int fd, uint64_t off, uint64_t n, struct gh_err *err)
{
	char sha256[65], number[12];
	struct gh_http_answer a = { 0 };
	if (!gh_store_sha256_fd(fd, off, n, sha256))
		return gh_store_fail(err, p->s, p->key, errno, "its staging file cannot be read");
	(void)snprintf(number, sizeof number, "%u", ++p->n);
	struct gh_s3_call c = { .what = "uploading a part",
				.method = "PUT",
				.key = p->key,
				.payload = sha256,
				.body = { .fd = fd, .off = off, .n = n },
				.max_body = SMALL_ANSWER,
				.query = { pair("partNumber", number), pair("uploadId", p->upload) } };
	enum gh_rc rc = gh_s3_do(p->s, &c, &a, err);
	if (rc == GH_OK) {
		struct gh_span etag = gh_http_header(&a, "etag");
		bool good = etag.n > 0 && etag.n < ETAG;
		for (size_t i = 0; good && i < etag.n; i++)
			good = etag.p[i] > ' ' && etag.p[i] < 0x7f && etag.p[i] != '<' && etag.p[i] != '&' &&
			       etag.p[i] != '>';
		gh_buf_fmt(&p->list, "<Part><PartNumber>%s</PartNumber><ETag>%.*s</ETag></Part>", number, (int)etag.n,
			   (const char *)etag.p);
		if (!good)
			rc = gh_store_say(err, p->s, p->key, GH_E_IO, "uploading a part: the answer has no ETag");
	}
	gh_http_answer_free(&a);
	return rc;
}

static bool complete_leaf(void *arg, const char *path, struct gh_span text)
{
	bool *done = arg;
	if (text.p != NULL && strcmp(path, "CompleteMultipartUploadResult/ETag") == 0)
		*done = true;
	return true;
}

/* The answer may say 200 first and tell of a failure only in its body. */
static enum gh_rc complete(struct parts *p, struct gh_err *err)
{
	char sha256[65];
	struct gh_http_answer a = { 0 };
	struct gh_sha256 *h = gh_sha256_new();
	gh_buf_str(&p->list, "</CompleteMultipartUpload>");
	bool hashed = h != NULL && gh_sha256_start(h) && gh_sha256_add(h, gh_buf_view(&p->list)) &&
		      gh_sha256_hex(h, sha256);
	gh_sha256_free(h);
	if (!hashed || p->list.full)
		return gh_store_say(err, p->s, p->key, GH_E_NOMEM, "completing an upload: no memory");
	struct gh_s3_call c = { .what = "completing an upload",
				.method = "POST",
				.key = p->key,
				.payload = sha256,
				.body = { .fd = -1, .p = p->list.p, .n = p->list.n },
				.max_body = SMALL_ANSWER,
				.total_s = COMPLETE_S,
				.query = { pair("uploadId", p->upload) },
				.header = { pair("if-none-match", "*"), pair("content-type", "application/xml") } };
	enum gh_rc rc = gh_s3_do(p->s, &c, &a, err);
	bool done = false;
	if (rc == GH_OK && (gh_s3xml_read(gh_buf_view(&a.body), complete_leaf, &done) != GH_OK || !done)) {
		struct gh_s3xml_error x;
		bool told = gh_s3xml_error(gh_buf_view(&a.body), &x);
		rc = gh_store_say(err, p->s, p->key, GH_E_IO, "completing an upload: %s %.60s",
				  told ? x.code : "no clear answer", told ? x.message : "");
	}
	gh_http_answer_free(&a);
	return rc;
}

enum gh_rc gh_s3_abort(struct gh_store *s, const struct gh_store_key *key, const char *upload_id, struct gh_err *err)
{
	struct gh_http_answer a = { 0 };
	struct gh_s3_call c = { .what = "ending an upload",
				.method = "DELETE",
				.key = key,
				.query = { pair("uploadId", upload_id) },
				.body = { .fd = -1 },
				.max_body = SMALL_ANSWER,
				.total_s = SMALL_S };
	enum gh_rc rc = gh_s3_do(s, &c, &a, err);
	gh_http_answer_free(&a);
	return rc;
}

static enum gh_rc put_parts(struct gh_store *s, const struct gh_store_key *key, int fd, uint64_t size,
			    const char *sha256, struct gh_err *err)
{
	struct parts p = { .s = s, .key = key, .list = gh_buf((size_t)PARTS * (ETAG + 64) + 256) };
	uint64_t part = s->s3->part, least = size / PARTS + 1;
	part = part < least ? (least + BLOCK - 1) / BLOCK * BLOCK : part;
	struct gh_store_info there;
	char etag[ETAG];
	struct gh_err ignored = { 0 };
	/* Not every store knows If-None-Match where an upload is completed: look first. */
	enum gh_rc rc = gh_s3_head(s, key, &there, etag, &ignored);
	if (rc != GH_E_ABSENT)
		return rc == GH_OK ? gh_store_say(err, s, key, GH_E_EXISTS, "an object of that name is stored already")
				   : gh_s3_head(s, key, &there, etag, err);
	rc = begin(&p, sha256, err);
	gh_buf_str(&p.list, "<CompleteMultipartUpload xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
	for (uint64_t off = 0; rc == GH_OK && off < size; off += part)
		rc = put_part(&p, fd, off, size - off < part ? size - off : part, err);
	if (rc == GH_OK)
		rc = complete(&p, err);
	if (rc != GH_OK && p.upload[0] != '\0') {
		struct gh_err dropped = { 0 };
		(void)gh_s3_abort(s, key, p.upload, &dropped); /* what stays after all, fsck finds */
	}
	gh_buf_free(&p.list);
	return rc;
}

enum gh_rc gh_s3_commit(struct gh_store *s, const struct gh_store_key *key, int fd, const struct gh_store_info *want,
			struct gh_err *err)
{
	char sha256[65];
	struct gh_err first = { 0 };
	if (!gh_store_sha256_fd(fd, 0, want->size, sha256))
		return gh_store_fail(err, s, key, errno, "its staging file cannot be read");
	if (want->sha256[0] != '\0' && strcmp(want->sha256, sha256) != 0)
		return gh_store_fail(err, s, key, EILSEQ, "its staging file holds other bytes than were written");
	enum gh_rc rc = want->size <= s->s3->part ? put_whole(s, key, fd, want->size, sha256, &first)
						  : put_parts(s, key, fd, want->size, sha256, &first);
	/* A failure of which the outcome is not known, or "exists": an earlier try may have gone through. */
	struct gh_err second = { 0 };
	if (rc == GH_OK || rc == GH_E_EXISTS || rc == GH_E_IO || rc == GH_E_ABSENT) {
		enum gh_rc look = is_ours(s, key, want->size, sha256, &second);
		if (rc != GH_OK && look != GH_OK && look != GH_E_EXISTS) {
			if (err != NULL)
				*err = first;
			return rc;
		}
		rc = look;
		first = second;
	}
	if (rc != GH_OK) {
		if (err != NULL)
			*err = first;
		return rc;
	}
	return gh_store_unstage(s, key, err);
}
