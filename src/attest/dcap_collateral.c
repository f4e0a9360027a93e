#include "attest/dcap_collateral.h"

#include "crypto/ecraw.h"
#include "wire/datetime.h"

#include <stdio.h>
#include <stdlib.h>

enum { SIGNERS = 8, DIGEST = 32 };

void gh_dcap_collateral_free(void *v)
{
	struct gh_dcap_collateral *c = v;
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->ncrl; i++)
		gh_crl_free(c->crl[i]);
	gh_key_free(c->signer.key);
	gh_certs_free(&c->certs);
	gh_certs_free(&c->root);
	gh_arena_free(&c->arena);
	free(c);
}

/* ---- signed JSON ----------------------------------------------------------------------------------------------- */

static bool within(int64_t at, int64_t from, int64_t to) { return at >= from && at <= to; }

/* May this certificate sign TCB information at that time? Its key is remembered then. */
static bool signer(struct gh_dcap_collateral *c, const struct gh_cert *s, int64_t at, struct gh_err *why)
{
	const struct gh_cert *issuer = NULL;
	struct gh_certs none = { 0 };
	struct gh_key *key = NULL;
	int64_t from = 0, until = 0;
	if (c->signer.cert == s && within(at, c->signer.from, c->signer.until))
		return true;
	if (gh_cert_chain(s, &none, &c->root, at, &issuer, why) != GH_OK || gh_cert_key(s, &key, why) != GH_OK)
		return false;
	if (gh_key_kind(key) != GH_KEY_P256 || !gh_cert_may_sign(s) || gh_cert_is_authority(s) ||
	    !gh_cert_valid(s, &from, &until) || !within(at, from, until)) {
		gh_key_free(key);
		(void)!gh_fail(why, GH_E_DENIED, "its signer's certificate may not sign");
		return false;
	}
	gh_key_free(c->signer.key);
	c->signer.cert = s;
	c->signer.key = key;
	c->signer.from = from;
	c->signer.until = until;
	return true;
}

/* Signed by a certificate that Intel's root issued for this, and by nothing else. */
static bool verify(struct gh_dcap_collateral *c, struct gh_dcap_item *it, int64_t at, struct gh_err *why)
{
	unsigned tried = 0;
	if (it->verified && within(at, it->from, it->until))
		return true;
	for (size_t i = 0; i < c->certs.n && tried < SIGNERS; i++) {
		const struct gh_cert *s = c->certs.v[i];
		if (!gh_span_is(gh_cert_common_name(s), "Intel SGX TCB Signing"))
			continue;
		tried++;
		*why = (struct gh_err){ 0 };
		if (!signer(c, s, at, why) || gh_ec_verify(c->signer.key, it->signed_, it->signature, why) != GH_OK)
			continue;
		it->verified = true;
		it->signer = s;
		it->from = c->signer.from;
		it->until = c->signer.until;
		return true;
	}
	if (tried == 0)
		(void)!gh_fail(why, GH_E_ABSENT, "the certificate of its signer (Intel SGX TCB Signing) was not given");
	return false;
}

/* Dates first: a person who gave last month's file should read that. */
static enum gh_dcap_found judge(struct gh_dcap_collateral *c, struct gh_dcap_item *it, int64_t at, struct gh_err *why)
{
	char t[GH_DATETIME_TEXT];
	int64_t issued = it->identity ? it->id.issued : it->tcb.issued,
		next = it->identity ? it->id.next : it->tcb.next;
	*why = (struct gh_err){ 0 };
	if (at < issued) {
		(void)gh_datetime_write(issued, t);
		(void)!gh_fail(why, GH_E_DENIED, "issued only later, %s", t);
		return GH_DF_BAD;
	}
	if (at > next) {
		(void)gh_datetime_write(next, t);
		(void)!gh_fail(why, GH_E_DENIED, "expired: the next was due %s", t);
		return GH_DF_BAD;
	}
	if (verify(c, it, at, why))
		return GH_DF_GOOD;
	return why->rc == GH_E_ABSENT ? GH_DF_NONE : GH_DF_BAD;
}

static bool later(const struct gh_dcap_item *a, const struct gh_dcap_item *b)
{
	return (a->identity ? a->id.issued : a->tcb.issued) > (b->identity ? b->id.issued : b->tcb.issued);
}

enum gh_dcap_found gh_dcap_find_tcb(struct gh_dcap_collateral *c, bool tdx, const struct gh_dcap_platform *p,
				    int64_t at, const struct gh_dcap_item **out, struct gh_err *why)
{
	enum gh_dcap_found found = GH_DF_NONE;
	size_t others = 0, mine = 0;
	struct gh_err e;
	*out = NULL;
	for (size_t i = 0; i < c->nitems; i++) {
		struct gh_dcap_item *it = &c->item[i];
		if (it->identity || it->tcb.tdx != tdx)
			continue;
		if (memcmp(it->tcb.fmspc, p->fmspc, 6) != 0 || memcmp(it->tcb.pceid, p->pceid, 2) != 0) {
			others++;
			continue;
		}
		mine++;
		enum gh_dcap_found f = judge(c, it, at, &e);
		if (f == GH_DF_GOOD && (*out == NULL || later(it, *out)))
			*out = it;
		if (f != GH_DF_GOOD && found != GH_DF_BAD) {
			found = f;
			*why = e;
		}
	}
	if (*out != NULL)
		return GH_DF_GOOD;
	if (mine == 0 && others == 1) { /* one was chosen for this quote, and it is for another machine */
		(void)!gh_fail(why, GH_E_DENIED, "it is of another platform (FMSPC or PCEID differ)");
		return GH_DF_BAD;
	}
	if (mine == 0)
		(void)!gh_fail(why, GH_E_ABSENT, "%zu of other platforms were given, none of this one", others);
	return found;
}

enum gh_dcap_found gh_dcap_find_identity(struct gh_dcap_collateral *c, const char *id, int64_t at,
					 const struct gh_dcap_item **out, struct gh_err *why)
{
	enum gh_dcap_found found = GH_DF_NONE;
	struct gh_err e;
	size_t mine = 0;
	*out = NULL;
	for (size_t i = 0; i < c->nitems; i++) {
		struct gh_dcap_item *it = &c->item[i];
		if (!it->identity || !gh_span_is(it->id.id, id))
			continue;
		mine++;
		enum gh_dcap_found f = judge(c, it, at, &e);
		if (f == GH_DF_GOOD && (*out == NULL || later(it, *out)))
			*out = it;
		if (f != GH_DF_GOOD && found != GH_DF_BAD) {
			found = f;
			*why = e;
		}
	}
	if (*out != NULL)
		return GH_DF_GOOD;
	if (mine == 0)
		(void)!gh_fail(why, GH_E_ABSENT, "no identity with the id %s was given", id);
	return found;
}

/* ---- revocation ------------------------------------------------------------------------------------------------ */

static bool crl_signed(struct gh_dcap_collateral *c, size_t i, const struct gh_cert *issuer)
{
	uint8_t d[GH_MD_MAX];
	if (!gh_md(GH_MD_SHA256, gh_cert_der(issuer), d))
		return false;
	if (c->crl_of[i] != NULL && memcmp(c->crl_of[i], d, DIGEST) == 0)
		return true;
	if (!gh_crl_signed(c->crl[i], issuer))
		return false;
	c->crl_of[i] = gh_keep(&c->arena, (struct gh_span){ d, DIGEST }).p; /* NULL: verified again next time */
	return true;
}

enum gh_dcap_found gh_dcap_not_revoked(struct gh_dcap_collateral *c, const struct gh_cert *issuer,
				       const struct gh_cert *cert, int64_t at, struct gh_err *why)
{
	bool good = false, bad = false;
	for (size_t i = 0; i < c->ncrl; i++) {
		int64_t from = 0, to = 0;
		char t[GH_DATETIME_TEXT];
		if (!gh_crl_names(c->crl[i], issuer))
			continue;
		if (!crl_signed(c, i, issuer)) {
			bad = true;
			(void)!gh_fail(why, GH_E_DENIED, "the list is not signed by the issuer");
			continue;
		}
		/* What an old list revoked stays revoked: say so before its dates are looked at. */
		if (gh_crl_revokes(c->crl[i], cert)) {
			*why = (struct gh_err){ 0 };
			(void)!gh_fail(why, GH_E_DENIED, "the certificate is revoked");
			return GH_DF_BAD;
		}
		if (!gh_crl_window(c->crl[i], &from, &to) || !within(at, from, to)) {
			bad = true;
			(void)gh_datetime_write(at < from ? from : to, t);
			(void)!gh_fail(why, GH_E_DENIED,
				       at < from ? "the list was issued only later, %s" : "the list expired %s", t);
			continue;
		}
		good = true;
	}
	if (!good && !bad)
		(void)!gh_fail(why, GH_E_ABSENT, "no list of this issuer was given");
	return good ? GH_DF_GOOD : bad ? GH_DF_BAD : GH_DF_NONE;
}
