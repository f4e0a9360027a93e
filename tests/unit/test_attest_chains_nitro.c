/* Nitro documents under an Amazon of our own: signed all the way up, and wrong in one thing. Each is refused by the check that is there
 * for it, and the list of checks that did not pass is asserted whole. */
#include "support/cm.h"

#include "attest/roots.h"
#include "support/attested.h"
#include "support/pki.h"

#include <string.h>

#ifndef GH_TEST_HOOKS
int main(void)
{
	puts("skipped: built without GH_TEST_HOOKS, roots cannot be stood in for");
	return 0;
}
#else
enum node { ROOT, ZONE, INSTANCE, LEAF, STRANGER, NODES };
struct world {
	struct pki_spec spec[NODES];
	enum node by[NODES];
	enum node bundle[NODES]; /* ends with NODES */
	uint64_t ms;
	uint8_t pcr[3][48], nonce[8];
	const char *digest;
	int alg; /* of the protected header: -1 - alg */
	bool other_key, tagged, twice, extra, behind_payload;
	size_t cut;
};

static struct pki_node node[NODES];
static EVP_PKEY *thief;
static uint8_t doc[1 << 16], payload[1 << 15], der[NODES][4096], message[1 << 16];

/* ---- bending ------------------------------------------------------------------------------------------------------------------ */
static void leaf_expired(struct world *w) { w->spec[LEAF].to = PKI_NOW - 1; }
static void leaf_early(struct world *w) { w->spec[LEAF].from = PKI_NOW + 1; }
static void leaf_usage(struct world *w) { w->spec[LEAF].usage = "critical,keyAgreement"; }
static void leaf_is_ca(struct world *w)
{
	w->spec[LEAF].basic = "critical,CA:TRUE";
	w->spec[LEAF].usage = "critical,digitalSignature,keyCertSign";
}
static void leaf_curve(struct world *w) { w->spec[LEAF].key = "P-256"; }
static void zone_is_none(struct world *w)
{
	w->spec[ZONE].basic = "critical,CA:FALSE";
	w->spec[ZONE].usage = "critical,digitalSignature";
}
static void zone_usage(struct world *w) { w->spec[ZONE].usage = "critical,cRLSign"; }
static void zone_expired(struct world *w) { w->spec[ZONE].to = PKI_NOW - 1; }
static void path_length(struct world *w) { w->spec[ZONE].basic = "critical,CA:TRUE,pathlen:0"; }
static void other_root(struct world *w)
{
	w->by[ZONE] = STRANGER;
	w->bundle[0] = STRANGER;
}
static void same_name_root(struct world *w) { w->by[ZONE] = STRANGER; }
static void missing_link(struct world *w)
{
	w->bundle[1] = INSTANCE;
	w->bundle[2] = NODES;
}
static void rides_along(struct world *w)
{
	w->bundle[3] = STRANGER;
	w->bundle[4] = NODES;
}
static void other_order(struct world *w)
{
	w->bundle[1] = INSTANCE;
	w->bundle[2] = ZONE;
}
static void by_zone(struct world *w) { w->by[LEAF] = ZONE; }
static void signed_by_other(struct world *w) { w->other_key = true; }
static void algorithm(struct world *w) { w->alg = 6; } /* -7, ES256 */
static void digest(struct world *w) { w->digest = "SHA256"; }
static void debug(struct world *w) { memset(w->pcr, 0, sizeof w->pcr); }
static void one_zero(struct world *w) { memset(w->pcr[1], 0, 48); }
static void later(struct world *w) { w->ms += 3600u * 1000; }
static void old(struct world *w) { w->ms -= 3600u * 1000; }
static void tagged(struct world *w) { w->tagged = true; }
static void twice(struct world *w) { w->twice = true; }
static void extra(struct world *w) { w->extra = true; }
static void behind_payload(struct world *w) { w->behind_payload = true; }
static void cut_off(struct world *w) { w->cut = 1; }
static void other_nonce(struct world *w) { w->nonce[0] ^= 1; }

struct row {
	void (*bend)(struct world *w);
	const char *policy;
	enum gh_attest_verdict want;
	const char *bad;
};
#define NO GH_ATTEST_REJECTED
#define YES GH_ATTEST_ACCEPTED
static const struct row rows[] = {
	{ NULL, NULL, YES, "" },
	{ tagged, NULL, YES, "" },
	{ leaf_expired, NULL, NO, "chain" },
	{ leaf_early, NULL, NO, "chain" },
	{ leaf_usage, NULL, NO, "chain" },
	{ leaf_is_ca, NULL, NO, "chain" },
	{ leaf_curve, NULL, NO, "signature" },
	{ zone_is_none, NULL, NO, "chain" },
	{ zone_usage, NULL, NO, "chain" },
	{ zone_expired, NULL, NO, "chain" },
	{ path_length, NULL, NO, "chain" },
	{ other_root, NULL, NO, "chain" },
	{ same_name_root, NULL, NO, "chain" },
	{ missing_link, NULL, NO, "chain" },
	{ rides_along, NULL, NO, "chain" },
	{ other_order, NULL, NO, "chain" },
	{ by_zone, NULL, NO, "chain" },
	{ signed_by_other, NULL, NO, "signature" },
	{ algorithm, NULL, NO, "format" },
	{ digest, NULL, NO, "format" },
	{ debug, NULL, NO, "debug" },
	{ one_zero, NULL, NO, "debug" },
	{ debug, "allow_debug: true\n", YES, "" },
	{ later, NULL, NO, "timestamp" },
	{ old, NULL, YES, "" },
	{ old, "max_age: 600\n", NO, "timestamp" },
	{ twice, NULL, NO, "format" },
	{ extra, NULL, NO, "format" },
	{ behind_payload, NULL, NO, "format" },
	{ cut_off, NULL, NO, "format" },
	{ other_nonce, NULL, NO, "nonce" },
	{ NULL,
	  "pcr0: ["
	  "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "]\n",
	  NO, "pcr0" },
};

/* ---- CBOR --------------------------------------------------------------------------------------------------------------------- */
static void head(uint8_t *to, size_t *n, uint8_t major, uint64_t v)
{
	unsigned bytes = v < 24 ? 0 : v < 0x100 ? 1 : v < 0x10000 ? 2 : v <= UINT32_MAX ? 4 : 8;
	static const uint8_t code[] = { 0, 24, 25, 0, 26, 0, 0, 0, 27 };
	to[(*n)++] = (uint8_t)((unsigned)major << 5 | (bytes == 0 ? (unsigned)v : code[bytes]));
	for (unsigned i = 0; i < bytes; i++)
		to[(*n)++] = (uint8_t)(v >> 8 * (bytes - 1 - i));
}

static void bytes(uint8_t *to, size_t *n, const uint8_t *p, size_t len)
{
	head(to, n, 2, len);
	memcpy(to + *n, p, len);
	*n += len;
}

static void text(uint8_t *to, size_t *n, const char *s)
{
	head(to, n, 3, strlen(s));
	memcpy(to + *n, s, strlen(s));
	*n += strlen(s);
}

static size_t make_payload(const struct world *w)
{
	size_t n = 0, certs = 0;
	struct gh_span leaf = pki_der(&node[LEAF], der[LEAF], sizeof der[LEAF]);
	head(payload, &n, 5, w->extra || w->twice ? 8 : 7);
	text(payload, &n, "module_id");
	text(payload, &n, "i-0123-enc4567");
	text(payload, &n, "digest");
	text(payload, &n, w->digest);
	text(payload, &n, "timestamp");
	head(payload, &n, 0, w->ms);
	text(payload, &n, "pcrs");
	head(payload, &n, 5, 3);
	for (unsigned i = 0; i < 3; i++) {
		head(payload, &n, 0, i);
		bytes(payload, &n, w->pcr[i], 48);
	}
	text(payload, &n, "certificate");
	bytes(payload, &n, leaf.p, leaf.n);
	text(payload, &n, "cabundle");
	while (w->bundle[certs] != NODES)
		certs++;
	head(payload, &n, 4, certs);
	for (size_t i = 0; i < certs; i++) {
		struct gh_span c = pki_der(&node[w->bundle[i]], der[ROOT], sizeof der[ROOT]);
		bytes(payload, &n, c.p, c.n);
	}
	text(payload, &n, "nonce");
	bytes(payload, &n, w->nonce, sizeof w->nonce);
	if (w->extra || w->twice) {
		text(payload, &n, w->twice ? "digest" : "more");
		text(payload, &n, "SHA384");
	}
	if (w->behind_payload)
		payload[n++] = 0;
	return n;
}

static struct gh_span make_document(const struct world *w)
{
	const uint8_t protected[] = { 0xa1, 0x01, w->alg < 24 ? (uint8_t)(0x20 | w->alg) : 0x38, (uint8_t)w->alg };
	size_t np = w->alg < 24 ? 3 : 4, n = 0, m = 0, pay = make_payload(w);
	uint8_t sig[96];
	head(message, &m, 4, 4);
	text(message, &m, "Signature1");
	bytes(message, &m, protected, np);
	head(message, &m, 2, 0);
	bytes(message, &m, payload, pay);
	EVP_PKEY *by = w->other_key || EVP_PKEY_get_bits(node[LEAF].key) != 384 ? thief : node[LEAF].key;
	pki_sign_raw(by, EVP_sha384(), (struct gh_span){ message, m }, 48, sig);
	if (w->tagged)
		head(doc, &n, 6, 18);
	head(doc, &n, 4, 4);
	bytes(doc, &n, protected, np);
	head(doc, &n, 5, 0);
	bytes(doc, &n, payload, pay);
	bytes(doc, &n, sig, sizeof sig);
	return (struct gh_span){ doc, n - w->cut };
}

static void straight(struct world *w)
{
	*w = (struct world){ .by = { ROOT, ROOT, ZONE, INSTANCE, STRANGER },
			     .bundle = { ROOT, ZONE, INSTANCE, NODES },
			     .ms = (uint64_t)PKI_NOW * 1000,
			     .digest = "SHA384",
			     .alg = 34, /* -35, ES384 */
			     .nonce = "nonce-1" };
	static const char *const cn[] = { "aws.nitro-enclaves", "zone", "instance", "module", "aws.nitro-enclaves" };
	for (unsigned i = 0; i < NODES; i++)
		w->spec[i] = (struct pki_spec){ .cn = cn[i], PKI_CA, .md = EVP_sha384() };
	w->spec[LEAF].basic = "critical,CA:FALSE";
	w->spec[LEAF].usage = "critical,digitalSignature";
	memset(w->pcr, 0xab, sizeof w->pcr);
}

static enum gh_attest_verdict ask(struct world *w, const char *policy, char *bad, size_t cap, bool pinned)
{
	static uint8_t root[4096];
	static const enum node order[] = { ROOT, STRANGER, ZONE, INSTANCE, LEAF };
	gh_auto_arena a = { .max = 1 << 20 };
	for (size_t i = 0; i < NODES; i++) {
		enum node k = order[i];
		if (w->spec[k].key == NULL && (node[k].key == NULL || EVP_PKEY_get_bits(node[k].key) != 384))
			w->spec[k].key = "P-384";
		pki_make(&node[k], &w->spec[k], w->by[k] == k ? NULL : &node[w->by[k]]);
	}
	struct gh_attest_question q = { .evidence = make_document(w),
					.nonce = { (const uint8_t *)"nonce-1", 8 },
					.at = PKI_NOW };
	gh_attest_root_for_test("aws-nitro-root",
				pinned ? pki_der(&node[ROOT], root, sizeof root) : (struct gh_span){ 0 });
	if (policy != NULL)
		assert_int_equal(
			gh_attest_policy_read(&a, gh_span_str(policy), gh_attest_kind("nitro"), &q.policy, NULL),
			GH_OK);
	return attested("nitro", &q, bad, cap);
}

static void each_is_refused_for_its_reason(void **state)
{
	static struct world w;
	char bad[400];
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		straight(&w);
		if (rows[i].bend != NULL)
			rows[i].bend(&w);
		enum gh_attest_verdict v = ask(&w, rows[i].policy, bad, sizeof bad, true);
		if (v != rows[i].want || strcmp(bad, rows[i].bad) != 0)
			fail_msg("row %zu: %s, not passed: '%s' instead of '%s'", i, gh_attest_verdict_word(v), bad,
				 rows[i].bad);
	}
}

static void our_authority_is_nobodys(void **state)
{
	static struct world w;
	char bad[400];
	(void)state;
	straight(&w);
	assert_int_equal(ask(&w, NULL, bad, sizeof bad, false), NO);
	assert_string_equal(bad, "chain");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_is_refused_for_its_reason),
		cmocka_unit_test(our_authority_is_nobodys),
	};
	thief = pki_key("P-384");
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (size_t i = 0; i < NODES; i++)
		pki_free(&node[i]);
	EVP_PKEY_free(thief);
	return failed;
}
#endif
