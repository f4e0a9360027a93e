/* sign.h - `gatehouse sign`: digest the files of a model and write an OpenSSF Model Signing bundle. The key is the caller's own,
 * and nothing of the model is parsed. */
#ifndef GH_SCAN_VERIFY_SIGN_H
#define GH_SCAN_VERIFY_SIGN_H
#include "base/buf.h"
#include "crypto/oms/model.h"
#include "crypto/x509chain.h"

struct gh_sign_options {
	const char *model;	     /* file or directory */
	const struct gh_key *key;    /* that signs */
	const struct gh_certs *cert; /* its certificates, leaf first; NULL: none, the bundle names the key */
	enum gh_oms_method method;
	uint64_t shard_size; /* bytes */
	bool allow_links;
	const char *const *ignore; /* names below the model */
	size_t nignore;
	const char *output; /* where the bundle will be: left out when it lies in the model; may not exist yet */
	void (*progress)(void *arg, uint64_t done, uint64_t all);
	void *arg;
};
struct gh_sign_result {
	char root[65];
	uint64_t files, bytes;
};

/* Append the bundle. The same files, options and Ed25519 key give the same bytes; ECDSA signatures differ each time.
 * GH_E_DENIED: the model holds what cannot be signed (a link, a device, a name that is not UTF-8), or a file changed; the
 * certificate does not belong to the key. GH_E_IO, GH_E_LIMIT, GH_E_NOMEM. */
enum gh_rc gh_sign_model(const struct gh_sign_options *opt, struct gh_sign_result *res, struct gh_buf *bundle,
			 struct gh_err *err);
/* The certificate is the key's, each one issued the one before it, and the last is no root: what verifiers expect. A root at the
 * end is left out (*n counts what remains). */
enum gh_rc gh_sign_chain(const struct gh_key *key, const struct gh_certs *cert, size_t *n, struct gh_err *err);
#endif
