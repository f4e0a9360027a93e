#include "attest/dcap_pck.h"

#include "wire/b64.h"
#include "wire/der.h"

#include <stdlib.h>

enum { CHAIN = 3, CHAIN_MAX = 64 << 10 };
static const char oid_sgx[] = "1.2.840.113741.1.13.1";

void gh_dcap_pck_free(void *v)
{
	struct gh_dcap_pck *p = v;
	if (p == NULL)
		return;
	gh_certs_free(&p->certs);
	gh_key_free(p->key);
	free(p);
}

/* ---- the extension --------------------------------------------------------------------------------------------- */

/* The last number of an OID below `base`, which is that of the extension or of its TCB; 0: it is another one. */
static unsigned below(struct gh_span oid, struct gh_span base)
{
	return oid.n == base.n + 1 && memcmp(oid.p, base.p, base.n) == 0 && oid.p[base.n] < 0x80 ? oid.p[base.n] : 0;
}

/* 1.2.840.113741.1.13.1 and 1.2.840.113741.1.13.1.2, as DER writes them. */
static const uint8_t oid_ext[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01 };
static const uint8_t oid_tcb[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, 0x02 };
static const uint8_t oid_config[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, 0x07 };
#define OID(a) ((struct gh_span){ (a), sizeof(a) })

static void octets(struct gh_rd *r, uint8_t *out, size_t n)
{
	struct gh_span s = gh_der_take(r, GH_DER_OCTETS, NULL);
	if (s.n != n)
		r->bad = true;
	else
		memcpy(out, s.p, n);
}

static uint64_t at_most(struct gh_rd *r, uint64_t max)
{
	uint64_t v = gh_der_u64(r);
	if (v > max)
		r->bad = true;
	return r->bad ? 0 : v;
}

/* SEQUENCE { OID, value }: the number, and the cursor before the value. A number that came before is an error. */
static unsigned member(struct gh_rd *list, struct gh_span base, struct gh_rd *in, uint32_t *seen)
{
	*in = gh_der_enter(list, GH_DER_SEQUENCE);
	unsigned n = below(gh_der_take(in, GH_DER_OID, NULL), base);
	if (n > 31 || in->bad || (*seen & 1U << n) != 0)
		list->bad = true;
	else if (n != 0) /* what has no number here may come as often as it likes */
		*seen |= 1U << n;
	return n;
}

static void tcb(struct gh_rd *value, struct gh_dcap_platform *p)
{
	struct gh_rd list = gh_der_enter(value, GH_DER_SEQUENCE), in;
	uint32_t seen = 0;
	while (gh_rd_left(&list) != 0) {
		unsigned n = member(&list, OID(oid_tcb), &in, &seen);
		if (n >= 1 && n <= GH_DCAP_SVNS)
			p->svn[n - 1] = (uint8_t)at_most(&in, 255);
		else if (n == 17)
			p->pcesvn = (uint16_t)at_most(&in, 65535);
		else if (n == 18)
			octets(&in, p->cpusvn, sizeof p->cpusvn);
		else
			in.bad = true;
		if (!gh_der_done(&in))
			list.bad = true;
	}
	if (!gh_der_done(&list) || seen != 0x7fffe) /* 1 to 18, all of them */
		value->bad = true;
}

static void configuration(struct gh_rd *value, struct gh_dcap_platform *p)
{
	struct gh_rd list = gh_der_enter(value, GH_DER_SEQUENCE), in;
	bool *const flag[] = { NULL, &p->dynamic, &p->cached_keys, &p->smt };
	uint32_t seen = 0;
	while (gh_rd_left(&list) != 0) {
		unsigned n = member(&list, OID(oid_config), &in, &seen);
		struct gh_span v = gh_der_take(&in, GH_DER_BOOLEAN, NULL);
		if (n < 1 || n > 3 || v.n != 1 || !gh_der_done(&in))
			list.bad = true;
		else
			*flag[n] = v.p[0] != 0;
	}
	p->has_config = gh_der_done(&list);
	if (!p->has_config)
		value->bad = true;
}

enum gh_rc gh_dcap_platform_read(struct gh_span ext, struct gh_dcap_platform *p, struct gh_err *err)
{
	struct gh_rd r = gh_rd(ext), list = gh_der_enter(&r, GH_DER_SEQUENCE), in;
	uint32_t seen = 0;
	*p = (struct gh_dcap_platform){ 0 };
	while (gh_rd_left(&list) != 0) {
		unsigned n = member(&list, OID(oid_ext), &in, &seen), tag = 0;
		struct gh_span v;
		switch (n) {
		case 1: octets(&in, p->ppid, sizeof p->ppid); break;
		case 2: tcb(&in, p); break;
		case 3: octets(&in, p->pceid, sizeof p->pceid); break;
		case 4: octets(&in, p->fmspc, sizeof p->fmspc); break;
		case 5:
			v = gh_der_take(&in, 0x0a, NULL); /* ENUMERATED */
			if (v.n != 1)
				in.bad = true;
			else
				p->sgx_type = v.p[0];
			break;
		case 7: configuration(&in, p); break;
		default: (void)gh_der_any(&in, &tag, NULL); break; /* platform instance id; later ones */
		}
		if (!gh_der_done(&in))
			list.bad = true;
	}
	if (!gh_der_done(&list) || !gh_der_done(&r) || (seen & 0x3e) != 0x3e) /* 1 to 5 must be there */
		return gh_fail(err, GH_E_MALFORMED, "the PCK certificate's SGX extension is malformed or lacks a part");
	return GH_OK;
}

/* ---- the chain ------------------------------------------------------------------------------------------------- */

/* Is the text what writing these certificates gives? */
static bool canonical(const struct gh_certs *c, struct gh_span text)
{
	gh_auto_buf b = gh_buf(CHAIN_MAX);
	for (size_t i = 0; i < c->n; i++)
		gh_pem_put(&b, "CERTIFICATE", gh_cert_der(c->v[i]));
	if (b.full)
		return false;
	if (text.n != 0 && text.p[text.n - 1] == 0)
		text.n--;
	size_t at = 0;
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\r' && i + 1 < text.n && text.p[i + 1] == '\n')
			continue;
		if (at == b.n || b.p[at++] != text.p[i])
			return false;
	}
	return at == b.n || at + 1 == b.n; /* the last newline may be missing */
}

static enum gh_rc judge(struct gh_dcap_pck *p, struct gh_span text, struct gh_span root, int64_t at, struct gh_err *err)
{
	const struct gh_cert *issuer = NULL;
	if (p->certs.n != CHAIN)
		return gh_fail(err, GH_E_MALFORMED, "the chain has %zu certificates (3: PCK, intermediate, root)",
			       p->certs.n);
	if (!canonical(&p->certs, text))
		return gh_fail(err, GH_E_MALFORMED, "the chain's PEM text is not spelt as such texts are written");
	if (!gh_span_eq(gh_cert_der(p->certs.v[2]), root))
		return gh_fail(err, GH_E_DENIED, "the chain does not end in the pinned root of Intel");
	struct gh_span leaf = gh_cert_common_name(p->certs.v[0]), mid = gh_cert_common_name(p->certs.v[1]);
	if (!gh_span_is(leaf, "Intel SGX PCK Certificate"))
		return gh_fail(err, GH_E_DENIED, "the first certificate of the chain is no PCK certificate");
	if (!gh_span_is(mid, "Intel SGX PCK Processor CA") && !gh_span_is(mid, "Intel SGX PCK Platform CA"))
		return gh_fail(err, GH_E_DENIED,
			       "the PCK certificate's issuer is neither of Intel's authorities for them");
	struct gh_certs others = { .v = { p->certs.v[1] }, .n = 1 }, pinned = { .v = { p->certs.v[2] }, .n = 1 };
	GH_TRY(gh_cert_chain(p->certs.v[0], &others, &pinned, at, &issuer, err), err, "PCK chain");
	if (issuer == NULL || !gh_cert_same(issuer, p->certs.v[1]) || !gh_cert_may_sign(p->certs.v[0]) ||
	    gh_cert_is_authority(p->certs.v[0]))
		return gh_fail(err, GH_E_DENIED,
			       "the PCK certificate was not issued by the one behind it, or may not sign");
	p->from = 0;
	p->until = INT64_MAX;
	for (size_t i = 0; i < CHAIN; i++) {
		int64_t a = 0, b = 0;
		if (!gh_cert_valid(p->certs.v[i], &a, &b))
			return gh_fail(err, GH_E_MALFORMED, "a certificate whose dates cannot be read");
		p->from = a > p->from ? a : p->from;
		p->until = b < p->until ? b : p->until;
	}
	if (at < p->from || at > p->until)
		return gh_fail(err, GH_E_DENIED, "the chain is not valid at that time");
	GH_TRY(gh_cert_key(p->certs.v[0], &p->key, err), err, "PCK certificate");
	if (gh_key_kind(p->key) != GH_KEY_P256)
		return gh_fail(err, GH_E_DENIED, "the PCK certificate's key is not of P-256");
	return gh_dcap_platform_read(gh_cert_extension(p->certs.v[0], oid_sgx), &p->platform, err);
}

enum gh_rc gh_dcap_pck_read(struct gh_span text, struct gh_span root, int64_t at, struct gh_dcap_pck **out,
			    struct gh_err *err)
{
	*out = NULL;
	if (text.n > CHAIN_MAX)
		return gh_fail(err, GH_E_LIMIT, "a PCK chain of %zu bytes", text.n);
	struct gh_dcap_pck *p = calloc(1, sizeof *p);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a chain");
	enum gh_rc rc = text.n != 0 && text.p[0] == '-' ? gh_certs_read(&p->certs, text, err)
							: gh_fail(err, GH_E_MALFORMED, "the PCK chain is not PEM");
	if (rc == GH_OK)
		rc = judge(p, text, root, at, err);
	if (rc != GH_OK) {
		gh_dcap_pck_free(p);
		return rc;
	}
	*out = p;
	return GH_OK;
}
