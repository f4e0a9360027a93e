/* model.h - what an OpenSSF Model Signing signature says about a model (model-signing-spec, version 1.0): the predicate of its
 * statement, read and written. Digesting files is the business of whoever has them.
 *
 * A resource is a file ("files"), or a part of one ("shards": name:start:end). The statement's one subject is the model, by its
 * root digest: SHA-256 over the digests of all resources, raw, in the order of the list. */
#ifndef GH_CRYPTO_OMS_MODEL_H
#define GH_CRYPTO_OMS_MODEL_H
#include "crypto/pubkey.h"
#include "crypto/statement.h"

#define GH_OMS_PREDICATE "https://model_signing/signature/v1.0"
#define GH_OMS_SHARD_SIZE UINT64_C(1000000000) /* default */

enum gh_oms_method { GH_OMS_FILES, GH_OMS_SHARDS };
enum { GH_OMS_RESOURCES = 1 << 18, GH_OMS_IGNORES = 4096, GH_OMS_NAME = 3500 };

struct gh_oms_resource {
	struct gh_span name; /* of the file: relative, UTF-8, '/' between parts; "." for a model that is one file */
	uint64_t start, end; /* of the shard; files: 0 and 0 */
	uint8_t digest[GH_MD_MAX];
};

struct gh_oms {
	enum gh_oms_method method;
	enum gh_md md; /* GH_MD_SHA256, GH_MD_BLAKE2B or GH_MD_BLAKE3 */
	uint64_t shard_size;
	bool allow_symlinks;
	struct gh_span model; /* the subject's name */
	struct gh_span *ignore;
	size_t nignore;
	struct gh_oms_resource *resource;
	size_t n;
	uint8_t root[32];
};

/* Take the payload of a verified envelope apart. Everything lies in the arena.
 * GH_E_MALFORMED: no statement of this kind; names that lead out of the model or occur twice; shards that are no pieces of
 * shard_size. GH_E_UNREAD: a method or digest that is not known here. GH_E_LIMIT, GH_E_NOMEM. The root digest is not compared:
 * see gh_oms_root(). */
enum gh_rc gh_oms_read(struct gh_arena *a, struct gh_span payload, struct gh_oms *out, struct gh_err *err);
/* The root digest of the resources. False: OpenSSL failed. */
bool gh_oms_root(const struct gh_oms *m, uint8_t out[32]);

/* Sort resources as the specification wants it (code points of the name as written) and fill in the root digest. False: no
 * memory, OpenSSL. */
bool gh_oms_finish(struct gh_oms *m);
/* Append the statement; canonical: the same model and options give the same bytes. */
enum gh_rc gh_oms_write(const struct gh_oms *m, struct gh_buf *out, struct gh_err *err);

/* May this be the name of a file in a model: UTF-8, relative, no empty, "." or ".." parts, no NUL, not longer than GH_OMS_NAME?
 * NULL: yes, else why not. */
const char *gh_oms_name_wrong(struct gh_span name);
const char *gh_oms_md_name(enum gh_md md);
#endif
