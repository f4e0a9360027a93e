/* AWS Nitro Enclaves: did Amazon's Nitro Security Module sign this document, of which enclave, when? */
#include "attest/nitro.h"

#include "attest/cose.h"
#include "attest/kinds.h"
#include "attest/nitro_doc.h"
#include "attest/roots.h"
#include "crypto/ecraw.h"
#include "crypto/x509chain.h"
#include "wire/datetime.h"

#include <stdio.h>

enum { MESSAGE = GH_ATTEST_FILE_MAX + 128, SKEW = 300 };

static const struct gh_attest_key keys[] = {
	{ "pcr0", GH_AT_HEX, 48, "measurements of the enclave's image that are allowed (any)" },
	{ "pcr1", GH_AT_HEX, 48, "measurements of kernel and boot ramdisk that are allowed (any)" },
	{ "pcr2", GH_AT_HEX, 48, "measurements of the application that are allowed (any)" },
	{ "pcr3", GH_AT_HEX, 48, "digests of the parent's IAM role that are allowed (any)" },
	{ "pcr4", GH_AT_HEX, 48, "digests of the parent's instance id that are allowed (any)" },
	{ "pcr8", GH_AT_HEX, 48, "digests of the image's signing certificate that are allowed (any)" },
	{ "user_data", GH_AT_HEX, 0, "contents of user_data that are allowed (any)" },
	{ "public_key", GH_AT_HEX, 0, "public keys that are allowed (any)" },
	{ "max_age", GH_AT_NUMBER, 0, "how old the document may be, in seconds (as long as its certificate is valid)" },
	{ "allow_debug", GH_AT_FLAG, 0, "accept enclaves in debug mode, which have no measurements (false)" },
	{ 0 },
};

static void claims(const struct gh_nitro_doc *d, struct gh_attest_result *r)
{
	char name[16], time[GH_DATETIME_TEXT];
	gh_attest_claim(r, "module_id", "%s", gh_attest_safe(r, d->module_id, 256));
	if (gh_datetime_write((int64_t)(d->timestamp / 1000), time))
		gh_attest_claim(r, "timestamp", "%s", time);
	for (unsigned i = 0; i < GH_NITRO_PCRS; i++) {
		(void)snprintf(name, sizeof name, "pcr%u", i);
		if (d->pcr[i].n != 0 && (i < 16 || !gh_attest_zero(d->pcr[i])))
			gh_attest_claim_hex(r, name, d->pcr[i]);
	}
	gh_attest_claim_hex(r, "user_data", d->user_data);
	gh_attest_claim_hex(r, "nonce", d->nonce);
	gh_attest_claim_hex(r, "public_key", d->public_key);
}

/* The bundle begins with the pinned root and goes down to the issuer of the certificate. */
static bool chain(const struct gh_nitro_doc *d, struct gh_span root, int64_t at, struct gh_certs *leaf,
		  struct gh_attest_result *r)
{
	gh_auto_certs roots = { 0 }, others = { 0 };
	const struct gh_cert *issuer = NULL;
	struct gh_err e = { 0 };
	char line[256];
	if (!gh_span_eq(d->bundle[0], root))
		return gh_attest_check(r, "chain", GH_AT_FAIL, "the bundle does not begin with Amazon's pinned root");
	enum gh_rc rc = gh_certs_add(&roots, root, &e);
	if (rc == GH_OK)
		rc = gh_certs_add(leaf, d->certificate, &e);
	for (size_t i = 1; i < d->nbundle && rc == GH_OK; i++)
		rc = gh_certs_add(&others, d->bundle[i], &e);
	if (rc == GH_OK)
		rc = gh_cert_chain(leaf->v[0], &others, &roots, at, &issuer, &e);
	if (rc != GH_OK)
		return gh_attest_check(r, "chain", GH_AT_FAIL, "%s", gh_err_line(&e, line, sizeof line));
	/* Every certificate of the bundle has its place: nothing rides along. */
	const struct gh_cert *last = others.n != 0 ? others.v[others.n - 1] : roots.v[0];
	bool straight = issuer != NULL && gh_cert_same(issuer, last) && gh_cert_may_sign(leaf->v[0]) &&
			!gh_cert_is_authority(leaf->v[0]);
	for (size_t i = 0; i < others.n && straight; i++)
		straight = gh_cert_issued(i == 0 ? roots.v[0] : others.v[i - 1], others.v[i]);
	return gh_attest_test(r, "chain", straight, "from the module's certificate to Amazon's pinned root: valid",
			      "the bundle is no chain from the root to the certificate's issuer, or that may not sign");
}

static bool signature(const struct gh_cose_sign1 *c, const struct gh_cert *leaf, struct gh_attest_result *r)
{
	gh_auto_key *key = NULL;
	gh_auto_buf m = gh_buf(MESSAGE);
	gh_cose_sign1_message(c, &m);
	bool ok = !m.full && gh_cert_key(leaf, &key, NULL) == GH_OK && gh_key_kind(key) == GH_KEY_P384 &&
		  gh_ec_verify(key, gh_buf_view(&m), c->signature, NULL) == GH_OK;
	return gh_attest_test(r, "signature", ok, "the module's certificate signed the document",
			      "the module's certificate did not sign this document");
}

static void age(const struct gh_attest_question *q, uint64_t ms, struct gh_attest_result *r)
{
	uint64_t at = (uint64_t)q->at, then = ms / 1000, most = gh_attest_number(q->policy, "max_age", UINT64_MAX);
	if (then > at && then - at > SKEW)
		gh_attest_check(r, "timestamp", GH_AT_FAIL, "the document is of a later time than it is judged at");
	else if (at > then && at - then > most)
		gh_attest_check(r, "timestamp", GH_AT_FAIL, "the document is %llu s old, the policy allows %llu s",
				(unsigned long long)(at - then), (unsigned long long)most);
	else
		gh_attest_check(r, "timestamp", GH_AT_PASS, "%llu s old",
				(unsigned long long)(at > then ? at - then : 0));
}

static void freshness(const struct gh_attest_question *q, const struct gh_nitro_doc *d, struct gh_attest_result *r)
{
	if (q->nonce.n == 0)
		gh_attest_check(r, "nonce", GH_AT_SKIPPED, "no nonce was asked for");
	else
		gh_attest_test(r, "nonce", d->nonce.n == q->nonce.n && gh_attest_bound(d->nonce, q->nonce),
			       "the document holds the nonce",
			       "the document does not hold the nonce that was asked for");
	if (q->report_data.n != 0) /* what others bind in 64 bytes stands here in the user data */
		gh_attest_test(r, "report_data",
			       d->user_data.n >= q->report_data.n && gh_attest_bound(d->user_data, q->report_data),
			       "user_data is what was asked for", "user_data is not what was asked for");
}

static void judge(const struct gh_attest_question *q, const struct gh_nitro_doc *d, struct gh_attest_result *r)
{
	static const struct {
		const char *name;
		unsigned pcr;
	} lists[] = { { "pcr0", 0 }, { "pcr1", 1 }, { "pcr2", 2 }, { "pcr3", 3 }, { "pcr4", 4 }, { "pcr8", 8 } };
	bool measured = true;
	for (unsigned i = 0; i < 3; i++)
		measured = measured && d->pcr[i].n != 0 && !gh_attest_zero(d->pcr[i]);
	gh_attest_claim_bool(r, "debug", !measured);
	if (!measured && gh_attest_flag(q->policy, "allow_debug", false))
		gh_attest_check(r, "debug", GH_AT_PASS, "debug mode: nothing was measured, and the policy allows it");
	else
		gh_attest_test(r, "debug", measured, "PCR 0 to 2 hold measurements: not in debug mode",
			       "PCR 0, 1 or 2 is zero or missing: the enclave runs in debug mode");
	for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
		gh_attest_allowed(q->policy, lists[i].name, d->pcr[lists[i].pcr], r);
	gh_attest_allowed(q->policy, "user_data", d->user_data, r);
	gh_attest_allowed(q->policy, "public_key", d->public_key, r);
	age(q, d->timestamp, r);
	freshness(q, d, r);
}

void gh_nitro_appraise(const struct gh_attest_question *q, struct gh_span root, struct gh_attest_result *r)
{
	struct gh_cose_sign1 c;
	struct gh_nitro_doc d;
	gh_auto_certs leaf = { 0 };
	struct gh_err e = { 0 };
	char line[256];
	enum gh_rc rc = gh_cose_sign1_read(q->evidence, &c, &e);
	if (rc == GH_OK && c.alg != GH_COSE_ES384)
		rc = gh_fail(&e, GH_E_UNREAD, "signed by algorithm %lld (-35, ES384, is known)", (long long)c.alg);
	if (rc == GH_OK)
		rc = gh_nitro_doc_read(c.payload, &d, &e);
	if (rc != GH_OK) {
		gh_attest_check(r, "format", GH_AT_FAIL, "%s", gh_err_line(&e, line, sizeof line));
		return;
	}
	gh_attest_check(r, "format", GH_AT_PASS, "COSE_Sign1 with an attestation document");
	claims(&d, r);
	if (chain(&d, root, q->at, &leaf, r))
		signature(&c, leaf.v[0], r);
	judge(q, &d, r);
}

static void appraise(const struct gh_attest_question *q, struct gh_attest_result *r)
{
	gh_nitro_appraise(q, gh_attest_root("aws-nitro-root"), r);
}

static const char *const signatures[] = { "chain", "signature", NULL };
static const char *const musts[] = { "format", "chain", "signature", "debug", "timestamp", NULL };

const struct gh_attest_kind gh_attest_nitro = {
	.name = "nitro",
	.about = "an AWS Nitro enclave: attestation documents of the Nitro Security Module (COSE_Sign1, ES384)",
	.files = "none: the document carries its chain",
	.cls = GH_AC_ENCLAVE,
	.keys = keys,
	.signatures = signatures,
	.musts = musts,
	.appraise = appraise,
};
