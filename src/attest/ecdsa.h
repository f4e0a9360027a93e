/* ecdsa.h - signatures as hardware spells them, r and s as plain numbers, in the form that crypto/pubkey.h verifies. */
#ifndef GH_ATTEST_ECDSA_H
#define GH_ATTEST_ECDSA_H
#include "base/span.h"

enum { GH_ECDSA_DER = 160 };
/* r and s big-endian, at most 66 bytes each. The DER (RFC 3279, section 2.2.3) lies in buf; empty: too long, or zero. */
struct gh_span gh_attest_ecdsa(struct gh_span r, struct gh_span s, uint8_t buf[GH_ECDSA_DER]);
#endif
