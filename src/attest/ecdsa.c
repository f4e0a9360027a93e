#include "attest/ecdsa.h"

/* A positive INTEGER of at most 66 bytes: lengths have one byte. */
static size_t integer(struct gh_span v, uint8_t *out)
{
	while (v.n != 0 && v.p[0] == 0) {
		v.p++;
		v.n--;
	}
	if (v.n == 0 || v.n > 66)
		return 0;
	size_t lead = v.p[0] >= 0x80, n = 0;
	out[n++] = 0x02;
	out[n++] = (uint8_t)(v.n + lead);
	if (lead != 0)
		out[n++] = 0;
	memcpy(out + n, v.p, v.n);
	return n + v.n;
}

struct gh_span gh_attest_ecdsa(struct gh_span r, struct gh_span s, uint8_t buf[GH_ECDSA_DER])
{
	uint8_t body[2 * 69];
	size_t a = integer(r, body), b = a == 0 ? 0 : integer(s, body + a), n = 0;
	if (b == 0)
		return (struct gh_span){ 0 };
	buf[n++] = 0x30;
	if (a + b >= 0x80)
		buf[n++] = 0x81;
	buf[n++] = (uint8_t)(a + b);
	memcpy(buf + n, body, a + b);
	return (struct gh_span){ buf, n + a + b };
}
