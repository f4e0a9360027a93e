/* dsse.h - Dead Simple Signing Envelopes, version 1 (secure-systems-lab/dsse, envelope.md and protocol.md): a payload, its type
 * and signatures over both.
 *
 * What is signed is not the JSON but the pre-authentication encoding, "DSSEv1 SP LEN(type) SP type SP LEN(payload) SP
 * payload". A payload must not be parsed before a signature over it was verified. keyid is a hint and proves nothing. */
#ifndef GH_CRYPTO_DSSE_H
#define GH_CRYPTO_DSSE_H
#include "crypto/pubkey.h"
#include "wire/jdom.h"

#define GH_DSSE_INTOTO "application/vnd.in-toto+json"
enum { GH_DSSE_SIGS = 16 }; /* signatures of one envelope */

/* Append the bytes that are signed. */
void gh_dsse_pae(struct gh_buf *out, struct gh_span type, struct gh_span payload);

struct gh_dsse_sig {
	struct gh_span sig;   /* raw bytes */
	struct gh_span keyid; /* empty: none */
};
struct gh_dsse {
	struct gh_span type, payload;
	struct gh_dsse_sig sig[GH_DSSE_SIGS];
	size_t n; /* signatures, at least 1 */
};

/* Sign payload with k: appends the raw signature. */
enum gh_rc gh_dsse_sign(const struct gh_key *k, struct gh_span type, struct gh_span payload, struct gh_buf *sig,
			struct gh_err *err);
/* Append the envelope as one line of JSON, without newline, in the order payload, payloadType, signatures. */
void gh_dsse_write(struct gh_buf *out, struct gh_span type, struct gh_span payload, const struct gh_dsse_sig *sig,
		   size_t n);

/* Take an envelope apart: of a JSON text, or of a value that was parsed already (a member of a bundle). Bytes lie in the
 * arena. Unknown members, missing ones, base64 in another than the one spelling: GH_E_MALFORMED. */
enum gh_rc gh_dsse_read(struct gh_arena *a, struct gh_span json, struct gh_dsse *out, struct gh_err *err);
enum gh_rc gh_dsse_read_value(struct gh_arena *a, const struct gh_jval *v, struct gh_dsse *out, struct gh_err *err);
/* Does any of its signatures verify with k? GH_OK, GH_E_DENIED, GH_E_NOMEM. */
enum gh_rc gh_dsse_verify(const struct gh_dsse *d, const struct gh_key *k, struct gh_err *err);
#endif
