/* root.h - a trusted root of Sigstore (sigstore/protobuf-specs: sigstore_trustroot.proto, JSON form): the logs, authorities and
 * keys that a verifier believes, each for a period.
 *
 * A period without a start is malformed and so is the whole root: read as "always" it would widen what is trusted. Its end is
 * inclusive. A key of a kind that is not served here is passed over: what it signed is then signed by nobody known. */
#ifndef GH_CRYPTO_SIGSTORE_ROOT_H
#define GH_CRYPTO_SIGSTORE_ROOT_H
#include "crypto/x509chain.h"

enum { GH_ROOT_MAX = 4 << 20, GH_ROOT_ROWS = 32 };

struct gh_period {
	int64_t from, to; /* seconds since 1970, both included; to == INT64_MAX: open */
};
static inline bool gh_period_has(struct gh_period p, int64_t t) { return p.from <= t && t <= p.to; }

struct gh_root_log {
	struct gh_key *key;
	struct gh_span id;   /* keyId */
	struct gh_span name; /* host, port and path of its URL: what it calls itself in checkpoints */
	struct gh_period period;
};
struct gh_root_authority {
	struct gh_certs root;	/* one: the last of its chain */
	struct gh_certs others; /* the rest, leaf first */
	struct gh_period period;
};
struct gh_root {
	struct gh_root_log log[GH_ROOT_ROWS], ct[GH_ROOT_ROWS];
	size_t nlog, nct;
	struct gh_root_authority ca[GH_ROOT_ROWS], tsa[GH_ROOT_ROWS];
	size_t nca, ntsa;
};

/* Spans lie in the arena; gh_root_free() gives back keys and certificates, also after a failure. */
enum gh_rc gh_root_read(struct gh_arena *a, struct gh_span json, struct gh_root *out, struct gh_err *err);
void gh_root_free(struct gh_root *r);
#endif
