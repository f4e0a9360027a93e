/* spki.h - public keys of persons, without reading ASN.1: only the two encodings that everybody writes are taken, byte for byte
 * (RFC 8410 section 4: Ed25519; RFC 5480 section 2.1.1: P-256 by name, uncompressed point). Pure. */
#ifndef GH_CATALOG_SPKI_H
#define GH_CATALOG_SPKI_H
#include "base/span.h"

enum { GH_SPKI_MAX = 96 };
/* "ed25519", "ecdsa-p256", or NULL. */
const char *gh_spki_alg(struct gh_span der);
#endif
