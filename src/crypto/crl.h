/* crl.h - certificate revocation lists (RFC 5280, section 5): full lists of one issuer. Lists that hold only a part (delta
 * lists, an issuing distribution point) and critical extensions nobody here knows are refused: what they leave out would pass
 * for not revoked.
 *
 * Lists are hostile: read them in a worker. */
#ifndef GH_CRYPTO_CRL_H
#define GH_CRYPTO_CRL_H
#include "crypto/x509chain.h"

enum { GH_CRL_MAX = 4 << 20 }; /* bytes of a list */

struct gh_crl;
/* From DER, to the last byte; *out is the caller's. GH_E_MALFORMED, GH_E_LIMIT, GH_E_UNREAD: it is only a part, or has a critical
 * extension that is not known. */
enum gh_rc gh_crl_read(struct gh_span der, struct gh_crl **out, struct gh_err *err);
void gh_crl_free(struct gh_crl *c); /* NULL is fine */

/* Is it a list of this certificate's subject, by name? By name and signature? */
bool gh_crl_names(const struct gh_crl *c, const struct gh_cert *issuer);
bool gh_crl_signed(const struct gh_crl *c, const struct gh_cert *issuer);
/* From when to when it may be used, seconds since 1970. False: a time cannot be read, or it does not say when the next comes. */
bool gh_crl_window(const struct gh_crl *c, int64_t *from, int64_t *to);
/* Does it list the certificate's serial number? To be asked for certificates of its issuer. */
bool gh_crl_revokes(const struct gh_crl *c, const struct gh_cert *cert);
#endif
