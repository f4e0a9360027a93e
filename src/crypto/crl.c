#include "crypto/crl.h"

#include "crypto/x509_int.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

struct gh_crl {
	X509_CRL *x;
};

void gh_crl_free(struct gh_crl *c)
{
	if (c == NULL)
		return;
	X509_CRL_free(c->x);
	free(c);
}

/* A full list: neither the difference to another one nor those of some reasons or some kinds of certificates. */
static bool is_full(const X509_CRL *x)
{
	for (int i = 0; i < X509_CRL_get_ext_count(x); i++) {
		X509_EXTENSION *e = X509_CRL_get_ext(x, i);
		int nid = OBJ_obj2nid(X509_EXTENSION_get_object(e));
		if (nid == NID_delta_crl || nid == NID_issuing_distribution_point)
			return false;
		if (X509_EXTENSION_get_critical(e) != 0 && nid != NID_crl_number && nid != NID_authority_key_identifier)
			return false;
	}
	return true;
}

enum gh_rc gh_crl_read(struct gh_span der, struct gh_crl **out, struct gh_err *err)
{
	*out = NULL;
	if (der.n == 0 || der.n > GH_CRL_MAX)
		return gh_fail(err, GH_E_LIMIT, "a revocation list of %zu bytes", der.n);
	struct gh_crl *c = calloc(1, sizeof *c);
	if (c == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a revocation list");
	const uint8_t *p = der.p;
	c->x = d2i_X509_CRL(NULL, &p, (long)der.n);
	bool read = c->x != NULL && p == der.p + der.n;
	if (!read || !is_full(c->x)) {
		gh_crl_free(c);
		ERR_clear_error();
		return read ? gh_fail(err, GH_E_UNREAD,
				      "a revocation list that holds only a part, or says more than is known")
			    : gh_fail(err, GH_E_MALFORMED, "not a revocation list (X.509)");
	}
	*out = c;
	return GH_OK;
}

bool gh_crl_names(const struct gh_crl *c, const struct gh_cert *issuer)
{
	return X509_NAME_cmp(X509_CRL_get_issuer(c->x), X509_get_subject_name(issuer->x)) == 0;
}

bool gh_crl_signed(const struct gh_crl *c, const struct gh_cert *issuer)
{
	EVP_PKEY *key = X509_get0_pubkey(issuer->x);
	uint32_t usage = X509_get_key_usage(issuer->x); /* all bits, when it has no such extension */
	bool yes = key != NULL && (usage & KU_CRL_SIGN) != 0 && gh_crl_names(c, issuer) &&
		   X509_CRL_verify(c->x, key) == 1;
	ERR_clear_error();
	return yes;
}

bool gh_crl_window(const struct gh_crl *c, int64_t *from, int64_t *to)
{
	const ASN1_TIME *next = X509_CRL_get0_nextUpdate(c->x);
	return next != NULL && gh_x509_seconds(X509_CRL_get0_lastUpdate(c->x), from) && gh_x509_seconds(next, to);
}

bool gh_crl_revokes(const struct gh_crl *c, const struct gh_cert *cert)
{
	X509_REVOKED *entry = NULL;
	/* Any entry counts: "remove from the list" (2) stands in delta lists only, which are not read. */
	return X509_CRL_get0_by_serial(c->x, &entry, X509_get_serialNumber(cert->x)) != 0;
}
