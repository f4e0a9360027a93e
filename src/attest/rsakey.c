#include "attest/rsakey.h"

#include <string.h>

/* Tag, length in the form 82 xx xx, content: written backwards before `end`. */
static uint8_t *wrap(uint8_t tag, uint8_t *end, size_t n)
{
	end[-1] = (uint8_t)n;
	end[-2] = (uint8_t)(n >> 8);
	end[-3] = 0x82;
	end[-4] = tag;
	return end - 4;
}

struct gh_span gh_attest_rsa(struct gh_span n, struct gh_span e, uint8_t buf[GH_RSA_SPKI])
{
	static const uint8_t alg[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
	if (n.n < 256 || n.n > GH_RSA_MODULUS || n.p[0] == 0 || e.n == 0 || e.n > 4 || e.p[0] == 0 || e.p[0] >= 0x80)
		return (struct gh_span){ 0 };
	uint8_t *end = buf + GH_RSA_SPKI, *p = end;
	p -= e.n;
	memcpy(p, e.p, e.n);
	*--p = (uint8_t)e.n;
	*--p = 0x02;
	p -= n.n;
	memcpy(p, n.p, n.n);
	if (n.p[0] >= 0x80)
		*--p = 0;
	p = wrap(0x02, p, n.n + (n.p[0] >= 0x80)); /* a modulus of 256 bytes or more: this length is minimal */
	p = wrap(0x30, p, (size_t)(end - p));
	*--p = 0;
	p = wrap(0x03, p, (size_t)(end - p));
	p -= sizeof alg;
	memcpy(p, alg, sizeof alg);
	p = wrap(0x30, p, (size_t)(end - p));
	return (struct gh_span){ p, (size_t)(end - p) };
}
