/* The client's side of releases to deployments: challenges, sealed keys, the node's signature. See vault.h. */
#include "catalog/vault_ask.h"

#include <stdlib.h>

enum { SEALED_KEY = 48, SEALED_TAG = 16 }; /* runtime/stub_proto.h: struct gh_stub_blob_key, GH_HPKE_TAG */

enum gh_rc gh_vault_challenge(struct gh_vault *v, const struct gh_vp_challenge *c, struct gh_vp_nonce *out,
			      struct gh_err *err)
{
	return gh_vc_ask(v, GH_VP_CHALLENGE, 0, c, sizeof *c, -1, out, sizeof *out, NULL, err);
}

static enum gh_rc begin(struct gh_vault *v, const struct gh_vault_deploy *d, struct gh_err *err)
{
	struct gh_vp_release m = { .purpose = GH_VAULT_DEPLOY };
	if (!gh_hex_get(gh_span_str(d->tenant.s), m.tenant, GH_VP_ID) ||
	    !gh_hex_get(gh_span_str(d->version.s), m.version, GH_VP_ID) ||
	    (!gh_id_none(&d->requester) && !gh_hex_get(gh_span_str(d->requester.s), m.requester, GH_VP_ID)))
		return gh_fail(err, GH_E_MALFORMED, "an id of a release is none");
	return gh_vc_ask(v, GH_VP_RELEASE, 0, &m, sizeof m, -1, NULL, 0, NULL, err);
}

/* The keys of one tenant in one packet. */
static enum gh_rc give(struct gh_vault *v, const struct gh_vault_deploy *d, const struct gh_id *tenant, size_t from,
		       size_t to, struct gh_err *err)
{
	struct gh_vp_tenant t = { { 0 }, { 0 } };
	struct gh_vc_answer a;
	if (from == to)
		return GH_OK;
	if (!gh_hex_get(gh_span_str(tenant->s), t.tenant, sizeof t.tenant))
		return gh_fail(err, GH_E_MALFORMED, "a tenant's id is none");
	struct gh_vp_blob_key *k = calloc(to - from, sizeof *k);
	if (k == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = GH_OK;
	for (size_t i = from; rc == GH_OK && i < to; i++) {
		if (!gh_hex_get(gh_span_str(d->id[i].s), k[i - from].id, GH_VP_ID))
			rc = gh_fail(err, GH_E_MALFORMED, "a blob's id is none");
		memcpy(k[i - from].wrapped, d->wrapped[i].b, GH_WRAPPED);
	}
	if (rc == GH_OK)
		rc = gh_vc_ask_all(v, GH_VP_RELEASE_KEYS, 0, &t, sizeof t, k, sizeof *k, (uint32_t)(to - from), -1, &a,
				   err);
	free(k);
	return rc;
}

enum gh_rc gh_vault_release_sealed(struct gh_vault *v, const struct gh_vault_deploy *d,
				   const struct gh_vp_attested *attested, uint8_t enc[32], struct gh_buf *sealed,
				   struct gh_err *err)
{
	struct gh_vc_answer a;
	if (d->n == 0 || d->n > GH_VP_KEYS_MAX || d->nown > d->n)
		return gh_fail(err, GH_E_LIMIT, "a deployment has 1 to %d files", GH_VP_KEYS_MAX);
	enum gh_rc rc = begin(v, d, err);
	if (rc == GH_OK)
		rc = give(v, d, &d->tenant, 0, d->nown, err);
	if (rc == GH_OK)
		rc = give(v, d, &d->other, d->nown, d->n, err);
	if (rc == GH_OK)
		rc = gh_vc_ask_all(v, GH_VP_RELEASE_SEAL, 0, attested, sizeof *attested, NULL, 0, 0, -1, &a, err);
	if (rc != GH_OK)
		return rc;
	if (a.h->n != d->n || a.n != 32 + d->n * SEALED_KEY + SEALED_TAG)
		return gh_fail(err, GH_E_BUG, "the vault's answer has another length than it should");
	memcpy(enc, a.body, 32);
	gh_buf_put(sealed, a.body + 32, a.n - 32);
	return sealed->full ? gh_fail(err, GH_E_NOMEM, "no memory for the sealed keys") : GH_OK;
}

enum gh_rc gh_vault_node_sign(struct gh_vault *v, struct gh_span tbs, struct gh_vp_signature *out, struct gh_err *err)
{
	struct gh_vp_node_tbs m = { .n = (uint32_t)tbs.n };
	if (tbs.n == 0 || tbs.n > sizeof m.tbs)
		return gh_fail(err, GH_E_LIMIT, "no evidence is of this length");
	memcpy(m.tbs, tbs.p, tbs.n);
	enum gh_rc rc = gh_vc_ask(v, GH_VP_NODE_SIGN, 0, &m, sizeof m, -1, out, sizeof *out, NULL, err);
	return rc == GH_OK && out->sig_n > sizeof out->sig
		       ? gh_fail(err, GH_E_BUG, "the vault gave a signature that is too long")
		       : rc;
}
