/* s3.h - one request to an S3 store: signed, tried again when that helps, its failure told in one line. Internals of the S3
 * store; the rest of the catalog sees store.h. */
#ifndef GH_CATALOG_S3_H
#define GH_CATALOG_S3_H
#include "catalog/http.h"
#include "catalog/store_int.h"
#include "crypto/sigv4.h"

enum {
	GH_S3_NAME = 256, /* bucket, prefix, region, host, path of a file */
	GH_S3_SECRET = 256,
	GH_S3_TOKEN = 4096,
	GH_S3_KEY = 640, /* "/bucket/prefix/tenant/aa/id" */
	GH_S3_TRIES = 6,
	GH_S3_PATIENCE = 120, /* seconds after which nothing is tried again */
	GH_S3_QUERY = 6,
	GH_S3_HEADERS = 6,
};

struct gh_s3 {
	char bucket[64], prefix[GH_S3_NAME]; /* prefix: "" or "a/b", no slash at its ends */
	char scheme[8], host[GH_S3_NAME];    /* "https", "s3.example:9000" */
	char region[64];
	bool by_host; /* bucket.host instead of host/bucket */
	char ca[GH_S3_NAME], proxy[GH_S3_NAME], credentials[GH_S3_NAME], profile[64];
	uint64_t part; /* bytes of one part of an upload, and largest object sent in one piece */
	char access[GH_S3_SECRET], secret[GH_S3_SECRET], token[GH_S3_TOKEN];
	/* Files are read when the store is opened: the process may lose its way to them before the first request is made, and
	 * tells only then what was wrong with them. */
	enum gh_rc told;
	struct gh_err why;
	struct gh_buf ca_pem;
	struct gh_http *http; /* opened with the first request */
};

struct gh_s3_call {
	const char *what; /* for messages: "PUT" */
	const char *method;
	const struct gh_store_key *key; /* NULL: the bucket itself */
	struct gh_sigv4_pair query[GH_S3_QUERY];
	struct gh_sigv4_pair header[GH_S3_HEADERS]; /* names in lower case; both end with a NULL name */
	struct gh_http_body body;
	const char *payload; /* SHA-256 of the body; NULL: there is none */
	unsigned total_s;
	uint64_t max_body;
	bool (*begin)(void *arg); /* called before every try, when a sink has to start over; may be NULL */
	bool (*sink)(void *arg, struct gh_span s);
	void *arg;
};

/* Make the request; GH_OK: status 2xx, the answer in *a (to be freed in any case). Everything else is a failure with one line:
 * 404 GH_E_ABSENT; 412 GH_E_EXISTS; 401, 403 GH_E_IO with EACCES; a digest the server did not find GH_E_MALFORMED; 5xx, 429, a broken
 * connection: tried again with growing pauses, then GH_E_IO. */
enum gh_rc gh_s3_do(struct gh_store *s, const struct gh_s3_call *c, struct gh_http_answer *a, struct gh_err *err);

/* "prefix/tenant/aa/id": the name within the bucket. id NULL: "prefix/tenant/"; tenant NULL as well: "prefix/". */
void gh_s3_name(const struct gh_s3 *s3, const char *tenant, const char *id, char out[GH_S3_KEY]);
/* The other way round; false: no object of ours. */
bool gh_s3_key_of(const struct gh_s3 *s3, struct gh_span name, struct gh_store_key *key);

/* Credentials of the file or of the environment, and the certificates to trust. */
enum gh_rc gh_s3_credentials(struct gh_s3 *s3, struct gh_err *err);

/* Upload the staging file (s3_put.c): in one piece or in parts. */
enum gh_rc gh_s3_commit(struct gh_store *s, const struct gh_store_key *key, int fd, const struct gh_store_info *want,
			struct gh_err *err);
enum gh_rc gh_s3_abort(struct gh_store *s, const struct gh_store_key *key, const char *upload_id, struct gh_err *err);
/* Size, date, digest, etag (s3_get.c). */
enum gh_rc gh_s3_head(struct gh_store *s, const struct gh_store_key *key, struct gh_store_info *info, char etag[136],
		      struct gh_err *err);
/* Listings (s3_list.c). */
enum gh_rc gh_s3_list(struct gh_store *s, const char *tenant, const struct gh_store_key *after,
		      struct gh_store_page *page, struct gh_err *err);
enum gh_rc gh_s3_uploads(struct gh_store *s, struct gh_store_left *rows, size_t cap, size_t *n, bool *more,
			 struct gh_err *err);
#endif
