/* Signatures: whatever bundle, trusted root, key, certificates and timestamp a stranger sends, there is an answer, and never
 * VALID: nothing here was signed by the key or identity that is asked for.
 *
 * The first byte chooses the reader, so that one corpus holds seeds of all: k bundle with a key, c with an authority, r trusted
 * root (two bytes length) and bundle, t timestamp, m statement of a model, p PEM and DER of keys and certificates. */
#include "crypto/oms/model.h"
#include "crypto/sigstore/sct.h"
#include "crypto/sigstore/tst.h"
#include "crypto/sigstore/verify.h"
#include "wire/jcanon.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n);

enum { NOW = 1800000000 };

/* A key that nobody has, and an authority without certificates. */
static struct gh_key *stranger(void)
{
	static const uint8_t raw[32] = { 1, 2, 3 };
	static struct gh_key *k;
	if (k == NULL)
		k = gh_key_ed25519_public(raw);
	return k;
}

static void judge(struct gh_span json, const struct gh_vpolicy *p)
{
	gh_auto_arena a = { .max = (size_t)64 << 20 };
	struct gh_bundle *b = calloc(1, sizeof *b);
	struct gh_vresult *r = calloc(1, sizeof *r);
	struct gh_err err = { 0 };
	struct gh_oms m;
	if (b == NULL || r == NULL)
		abort();
	if (gh_vresult(&r->checks, GH_VC_BUNDLE, gh_bundle_read(&a, json, b, &err), &err)) {
		gh_bundle_verify(&a, b, p, r);
		if (p->key != NULL && r->checks.v[GH_VC_SIGNATURE].outcome == GH_VC_PASS)
			abort();
		if (p->root != NULL && r->checks.v[GH_VC_IDENTITY].outcome == GH_VC_PASS &&
		    r->checks.v[GH_VC_CHAIN].outcome == GH_VC_PASS)
			abort();
		if (b->has_envelope)
			(void)gh_oms_read(&a, b->envelope.payload, &m, &err);
	} else if (r->checks.v[GH_VC_BUNDLE].detail[0] == '\0') {
		abort();
	}
	gh_bundle_free(b);
	free(b);
	free(r);
}

static void with_root(struct gh_span in)
{
	gh_auto_arena a = { .max = (size_t)64 << 20 };
	struct gh_rd rd = gh_rd(in);
	struct gh_span json = gh_rd_take(&rd, gh_rd_u16le(&rd)), bundle = gh_rd_take(&rd, gh_rd_left(&rd));
	struct gh_root *root = calloc(1, sizeof *root);
	struct gh_err err = { 0 };
	if (root == NULL)
		abort();
	enum gh_rc rc = gh_root_read(&a, json, root, &err);
	if (rc != GH_OK && err.n == 0)
		abort();
	const struct gh_vpolicy p = { .root = root,
				      .identity = GH_SPAN("nobody@example.org"),
				      .issuer = GH_SPAN("https://example.org"),
				      .now = NOW,
				      .has_artifact = true };
	if (rc == GH_OK)
		judge(bundle, &p);
	gh_root_free(root);
	free(root);
}

/* The timestamp's own certificates are what is trusted: the way to its signature is open. */
static void timestamp(struct gh_span in)
{
	struct gh_root *root = calloc(1, sizeof *root);
	int64_t t = 0;
	struct gh_err err = { 0 };
	if (root == NULL)
		abort();
	struct gh_rd rd = gh_rd(in);
	struct gh_span der = gh_rd_take(&rd, gh_rd_u16le(&rd)), resp = gh_rd_take(&rd, gh_rd_left(&rd));
	root->ntsa = 1;
	root->tsa[0].period = (struct gh_period){ 0, INT64_MAX };
	(void)gh_certs_add(&root->tsa[0].root, der, NULL);
	enum gh_rc rc = gh_tst_verify(resp, GH_SPAN("signature"), root, &t, &err);
	if (rc != GH_OK && err.n == 0)
		abort();
	gh_root_free(root);
	free(root);
}

static void statement(struct gh_span in)
{
	gh_auto_arena a = { .max = (size_t)64 << 20 };
	gh_auto_buf one = gh_buf(1 << 20), two = gh_buf(1 << 20);
	struct gh_oms m;
	struct gh_err err = { 0 };
	uint8_t root[32];
	enum gh_rc rc = gh_oms_read(&a, in, &m, &err);
	if (rc != GH_OK && err.n == 0)
		abort();
	if (rc == GH_OK && (!gh_oms_root(&m, root) || m.n > GH_OMS_RESOURCES))
		abort();
	for (size_t i = 0; rc == GH_OK && i < m.n; i++)
		if (!gh_span_is(m.resource[i].name, ".") && gh_oms_name_wrong(m.resource[i].name) != NULL)
			abort();
	/* What is canonical stays as it is. */
	if (gh_jcanon(&one, in, &a, NULL) == GH_OK &&
	    (gh_jcanon(&two, gh_buf_view(&one), &a, &err) == GH_OK || err.rc != GH_E_NOMEM) && !one.full &&
	    !gh_span_eq(gh_buf_view(&one), gh_buf_view(&two)))
		abort();
}

static void keys(struct gh_span in)
{
	gh_auto_arena a = { .max = (size_t)1 << 20 };
	gh_auto_key *k = NULL, *p = NULL;
	gh_auto_certs c = { .n = 0 };
	struct gh_cert_names names;
	gh_auto_buf b = gh_buf(1 << 20);
	char hint[65];
	if (gh_key_public(in, &k, NULL) == GH_OK && !gh_key_hint(k, hint))
		abort();
	(void)gh_key_private(in, &p, NULL);
	if (gh_certs_read(&c, in, NULL) != GH_OK)
		return;
	for (size_t i = 0; i < c.n; i++) {
		(void)gh_cert_names(c.v[i], &a, &names, NULL);
		(void)gh_cert_misused(c.v[i], GH_USE_TIMESTAMP);
		(void)gh_cert_misused(c.v[i], GH_USE_SIGNING);
		(void)gh_cert_self_signed(c.v[i]);
		(void)gh_cert_precert(c.v[i], &b);
		gh_cert_subject(c.v[i], &b);
		(void)gh_cert_chain(c.v[i], &c, &c, NOW, NULL, NULL);
		struct gh_root *root = calloc(1, sizeof *root);
		if (root == NULL)
			abort();
		(void)gh_sct_verify(c.v[i], c.v[0], root, NULL);
		free(root);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *d, size_t n)
{
	struct gh_span in = { d, n }, rest = gh_span_cut(in, 1, n);
	struct gh_certs none = { .n = 0 };
	const struct gh_vpolicy key = { .key = stranger(), .now = NOW, .model = true, .has_artifact = true };
	const struct gh_vpolicy ca = { .ca = &none, .now = NOW, .model = true };
	switch (n == 0 ? 0 : d[0]) {
	case 'k': judge(rest, &key); break;
	case 'c': judge(rest, &ca); break;
	case 'r': with_root(rest); break;
	case 't': timestamp(rest); break;
	case 'm': statement(rest); break;
	case 'p': keys(rest); break;
	default: break;
	}
	return 0;
}
