/* rsakey.h - RSA keys as hardware spells them, modulus and exponent as plain numbers, in the form that crypto/pubkey.h reads. */
#ifndef GH_ATTEST_RSAKEY_H
#define GH_ATTEST_RSAKEY_H
#include "base/span.h"

enum { GH_RSA_SPKI = 640, GH_RSA_MODULUS = 512 /* bytes, at most */ };
/* Big-endian numbers without leading zeros; 2048 to 4096 bits, an exponent of 1 to 4 bytes below 2^31. The
 * SubjectPublicKeyInfo (RFC 8017, appendix A.1.1) lies in buf; empty: they are not of that form. */
struct gh_span gh_attest_rsa(struct gh_span n, struct gh_span e, uint8_t buf[GH_RSA_SPKI]);
#endif
