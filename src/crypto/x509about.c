/* Small questions about a certificate. */
#include "crypto/x509_int.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

struct gh_span gh_cert_common_name(const struct gh_cert *c)
{
	const X509_NAME *name = X509_get_subject_name(c->x);
	int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	if (at < 0 || X509_NAME_get_index_by_NID(name, NID_commonName, at) >= 0)
		return (struct gh_span){ 0 };
	const ASN1_STRING *s = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
	return (struct gh_span){ ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s) };
}

bool gh_cert_may_sign(const struct gh_cert *c) { return (X509_get_key_usage(c->x) & KU_DIGITAL_SIGNATURE) != 0; }
bool gh_cert_is_authority(const struct gh_cert *c) { return (X509_get_extension_flags(c->x) & EXFLAG_CA) != 0; }
