/* Signatures of models, without files: what is written verifies, and nothing that differs in a single bit does. */
#include "support/certmake.h"
#include "support/cm.h"

#include "crypto/bundle.h"
#include "crypto/oms/model.h"
#include "crypto/sigstore/verify.h"
#include "scan/verify/verify.h"

#include <stdio.h>
#include <stdlib.h>

enum { NOW = 1800000000, YEAR = 365 * 86400 };

/* As the worker does it, and as the verdict is made from it: without files, which other tests have. */
static enum gh_verify_verdict verdict(struct gh_span bundle, const struct gh_vpolicy *p, struct gh_vresult *r)
{
	gh_auto_arena a = { .max = (size_t)64 << 20 };
	struct gh_bundle *b = calloc(1, sizeof *b);
	struct gh_err err = { 0 };
	struct gh_oms m;
	uint8_t root[32];
	assert_non_null(b);
	memset(r, 0, sizeof *r);
	if (gh_vresult(&r->checks, GH_VC_BUNDLE, gh_bundle_read(&a, bundle, b, &err), &err)) {
		gh_bundle_verify(&a, b, p, r);
		if (r->checks.v[GH_VC_SIGNATURE].outcome == GH_VC_PASS && b->has_envelope) {
			err = (struct gh_err){ 0 };
			if (gh_vresult(&r->checks, GH_VC_STATEMENT, gh_oms_read(&a, b->envelope.payload, &m, &err),
				       &err) &&
			    gh_oms_root(&m, root))
				gh_vnote(&r->checks, GH_VC_MODEL,
					 memcmp(root, m.root, 32) == 0 ? GH_VC_PASS : GH_VC_FAIL, "%s", "");
			gh_vnote(&r->checks, GH_VC_SERIAL, GH_VC_PASS, "%s", "");
		}
		gh_vnote(&r->checks, GH_VC_FILES, GH_VC_PASS, "%s", "");
		gh_vnote(&r->checks, GH_VC_UNSIGNED, GH_VC_PASS, "%s", "");
	}
	gh_bundle_free(b);
	free(b);
	return gh_verify_verdict(&r->checks, p->key != NULL ? GH_VM_KEY : GH_VM_CA, p->model, false);
}

static void bundle_of(const struct gh_key *k, const struct gh_span *cert, size_t ncert, const char *payload,
		      struct gh_buf *out)
{
	gh_auto_buf sig = gh_buf(GH_SIG_MAX);
	char hint[65];
	struct gh_span type = gh_span_str(GH_DSSE_INTOTO);
	assert_true(gh_key_hint(k, hint));
	assert_int_equal(gh_dsse_sign(k, type, gh_span_str(payload), &sig, NULL), GH_OK);
	const struct gh_dsse_sig one = { .sig = gh_buf_view(&sig) };
	const struct gh_bundle_out b = { .hint = ncert == 0 ? hint : NULL,
					 .cert = cert,
					 .ncert = ncert,
					 .type = type,
					 .payload = gh_span_str(payload),
					 .sig = &one,
					 .nsig = 1 };
	gh_bundle_write(out, &b);
	assert_false(out->full);
}

/* A model of two files; `method` as in the predicate. */
static void model(enum gh_oms_method method, struct gh_buf *payload)
{
	struct gh_oms_resource r[2] = { { .name = GH_SPAN("b/w.bin"), .end = 7 },
					{ .name = GH_SPAN("a \"x\".txt"), .end = 9 } };
	struct gh_span ignore[] = { GH_SPAN(".git") };
	struct gh_oms m = { .method = method,
			    .shard_size = 100,
			    .model = GH_SPAN("m"),
			    .ignore = ignore,
			    .nignore = 1,
			    .resource = r,
			    .n = 2 };
	if (method == GH_OMS_FILES)
		r[0].end = r[1].end = 0;
	r[0].digest[0] = 7;
	assert_true(gh_oms_finish(&m));
	assert_true(gh_span_is(r[0].name, "a \"x\".txt"));
	assert_int_equal(gh_oms_write(&m, payload, NULL), GH_OK);
}

/* Every bit of every byte. Our bundles have no white space but the newline at the end, which is no exception: no single bit
 * makes another white space of it. */
static void flip_all(struct gh_buf *bundle, const struct gh_vpolicy *p, unsigned step)
{
	static struct gh_vresult r;
	assert_int_equal(verdict(gh_buf_view(bundle), p, &r), GH_VERIFY_VALID);
	for (size_t i = 0; i < bundle->n; i++)
		for (unsigned bit = 0; bit < 8; bit += step) {
			bundle->p[i] ^= (uint8_t)(1 << bit);
			if (verdict(gh_buf_view(bundle), p, &r) == GH_VERIFY_VALID)
				fail_msg("byte %zu, bit %u: still valid", i, bit);
			bundle->p[i] ^= (uint8_t)(1 << bit);
		}
	for (size_t n = 0; n + 1 < bundle->n; n++) /* cut off; without the newline it is whole */
		assert_int_not_equal(verdict(gh_span_cut(gh_buf_view(bundle), 0, n), p, &r), GH_VERIFY_VALID);
}

static void every_bit_counts_with_keys(void **state)
{
	static const enum gh_key_kind kinds[] = { GH_KEY_P256, GH_KEY_P384, GH_KEY_P521, GH_KEY_ED25519 };
	(void)state;
	for (size_t i = 0; i < GH_ROWS(kinds); i++) {
		gh_auto_key *k = gh_key_new(kinds[i]);
		gh_auto_buf payload = gh_buf(1 << 20), bundle = gh_buf(1 << 20);
		const struct gh_vpolicy p = { .key = k, .now = NOW, .model = true };
		model(i % 2 == 0 ? GH_OMS_FILES : GH_OMS_SHARDS, &payload);
		bundle_of(k, NULL, 0, gh_buf_cstr(&payload), &bundle);
		/* All bits where it is cheap: elsewhere the arithmetic of large curves is slow under sanitizers. */
		flip_all(&bundle, &p, kinds[i] == GH_KEY_P256 ? 1 : kinds[i] == GH_KEY_ED25519 ? 2 : 8);
	}
}

/* ---- certificates -------------------------------------------------------------------------------------------------- */

struct pki {
	struct gh_key *root, *mid, *leaf;
	struct gh_buf der[3]; /* leaf, mid, root */
};

static void pki_make(struct pki *p, const struct certmake *leaf, const struct certmake *mid)
{
	p->root = gh_key_new(GH_KEY_P256);
	p->mid = gh_key_new(GH_KEY_P384);
	p->leaf = gh_key_new(GH_KEY_P256);
	for (unsigned i = 0; i < 3; i++)
		p->der[i] = gh_buf(1 << 16);
	struct certmake r = {
		"root", "root", p->root, p->root, NOW - YEAR, NOW + YEAR, "critical,CA:TRUE", "critical,keyCertSign",
		NULL,	NULL
	};
	struct certmake m = *mid, l = *leaf;
	m.subject = "mid";
	m.issuer = "root";
	m.key = p->mid;
	m.signer = p->root;
	l.subject = "leaf";
	l.issuer = "mid";
	l.key = p->leaf;
	l.signer = p->mid;
	assert_true(certmake(&l, &p->der[0]) && certmake(&m, &p->der[1]) && certmake(&r, &p->der[2]));
}

static void pki_free(struct pki *p)
{
	gh_key_free(p->root);
	gh_key_free(p->mid);
	gh_key_free(p->leaf);
	for (unsigned i = 0; i < 3; i++)
		gh_buf_free(&p->der[i]);
}

#define VALID .from = NOW - YEAR, .to = NOW + YEAR
#define MID { VALID, .basic = "critical,CA:TRUE", .usage = "critical,keyCertSign" }

static void every_bit_counts_with_certificates(void **state)
{
	struct pki k;
	const struct certmake leaf = { VALID, .usage = "critical,digitalSignature", .eku = "codeSigning" }, mid = MID;
	(void)state;
	pki_make(&k, &leaf, &mid);
	gh_auto_certs ca = { .n = 0 };
	gh_auto_buf payload = gh_buf(1 << 20), bundle = gh_buf(1 << 20);
	const struct gh_span cert[] = { gh_buf_view(&k.der[0]), gh_buf_view(&k.der[1]) };
	assert_int_equal(gh_certs_add(&ca, gh_buf_view(&k.der[2]), NULL), GH_OK);
	model(GH_OMS_FILES, &payload);
	bundle_of(k.leaf, cert, 2, gh_buf_cstr(&payload), &bundle);
	const struct gh_vpolicy p = { .ca = &ca, .now = NOW, .model = true };
	flip_all(&bundle, &p, 4);
	pki_free(&k);
}

static void chains(void **state)
{
	static const struct {
		const char *what;
		struct certmake leaf, mid;
		size_t ncert; /* that come along */
		int64_t now;
		const char *identity;
		enum gh_verify_verdict verdict;
		enum gh_vcheck failed;
	} rows[] = {
#define LEAF { VALID, .usage = "critical,digitalSignature", .eku = "codeSigning", .san = "email:a@b.c" }
		{ "good", LEAF, MID, 2, NOW, NULL, GH_VERIFY_VALID, 0 },
		{ "good, by name", LEAF, MID, 2, NOW, "a@b.c", GH_VERIFY_VALID, 0 },
		{ "somebody else", LEAF, MID, 2, NOW, "a@b.cc", GH_VERIFY_INVALID, GH_VC_IDENTITY },
		{ "no intermediate", LEAF, MID, 1, NOW, NULL, GH_VERIFY_INVALID, GH_VC_CHAIN },
		{ "too late", LEAF, MID, 2, NOW + 2 * YEAR, NULL, GH_VERIFY_INVALID, GH_VC_CHAIN },
		{ "too early", LEAF, MID, 2, NOW - 2 * YEAR, NULL, GH_VERIFY_INVALID, GH_VC_CHAIN },
		{ "leaf expired",
		  { .from = NOW - YEAR, .to = NOW - 1, .usage = "critical,digitalSignature", .eku = "codeSigning" },
		  MID,
		  2,
		  NOW,
		  NULL,
		  GH_VERIFY_INVALID,
		  GH_VC_CHAIN },
		{ "the last second",
		  { .from = NOW - YEAR, .to = NOW + 1, .usage = "critical,digitalSignature", .eku = "codeSigning" },
		  MID,
		  2,
		  NOW,
		  NULL,
		  GH_VERIFY_VALID,
		  0 },
		{ "intermediate is no authority",
		  LEAF,
		  { VALID, .basic = "critical,CA:FALSE" },
		  2,
		  NOW,
		  NULL,
		  GH_VERIFY_INVALID,
		  GH_VC_CHAIN },
		{ "intermediate may not sign",
		  LEAF,
		  { VALID, .basic = "critical,CA:TRUE", .usage = "critical,digitalSignature" },
		  2,
		  NOW,
		  NULL,
		  GH_VERIFY_INVALID,
		  GH_VC_CHAIN },
		{ "not for signatures",
		  { VALID, .usage = "critical,keyEncipherment", .eku = "codeSigning" },
		  MID,
		  2,
		  NOW,
		  NULL,
		  GH_VERIFY_INVALID,
		  GH_VC_USE },
		{ "not for code",
		  { VALID, .usage = "critical,digitalSignature", .eku = "serverAuth" },
		  MID,
		  2,
		  NOW,
		  NULL,
		  GH_VERIFY_INVALID,
		  GH_VC_USE },
		{ "for nothing in particular", { VALID }, MID, 2, NOW, NULL, GH_VERIFY_INVALID, GH_VC_USE },
		{ "usage alone",
		  { VALID, .usage = "critical,digitalSignature" },
		  MID,
		  2,
		  NOW,
		  NULL,
		  GH_VERIFY_VALID,
		  0 },
	};
	static struct gh_vresult r;
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		struct pki k;
		pki_make(&k, &rows[i].leaf, &rows[i].mid);
		gh_auto_certs ca = { .n = 0 };
		gh_auto_buf payload = gh_buf(1 << 20), bundle = gh_buf(1 << 20);
		const struct gh_span cert[] = { gh_buf_view(&k.der[0]), gh_buf_view(&k.der[1]) };
		assert_int_equal(gh_certs_add(&ca, gh_buf_view(&k.der[2]), NULL), GH_OK);
		model(GH_OMS_FILES, &payload);
		bundle_of(k.leaf, cert, rows[i].ncert, gh_buf_cstr(&payload), &bundle);
		const struct gh_vpolicy p = {
			.ca = &ca, .now = rows[i].now, .model = true, .identity = gh_span_str(rows[i].identity)
		};
		enum gh_verify_verdict v = verdict(gh_buf_view(&bundle), &p, &r);
		if (v != rows[i].verdict || (v != GH_VERIFY_VALID && r.checks.v[rows[i].failed].outcome != GH_VC_FAIL))
			fail_msg("%s: %d (%s)", rows[i].what, v, r.checks.v[GH_VC_CHAIN].detail);
		pki_free(&k);
	}
}

/* ---- what bundles and keys do not fit ------------------------------------------------------------------------------- */

static void wrong_trust(void **state)
{
	static struct gh_vresult r;
	(void)state;
	gh_auto_key *k = gh_key_new(GH_KEY_P256), *other = gh_key_new(GH_KEY_P256);
	gh_auto_certs none = { .n = 0 };
	gh_auto_buf payload = gh_buf(1 << 20), bundle = gh_buf(1 << 20);
	model(GH_OMS_FILES, &payload);
	bundle_of(k, NULL, 0, gh_buf_cstr(&payload), &bundle);
	const struct gh_vpolicy wrong = { .key = other, .now = NOW, .model = true };
	assert_int_equal(verdict(gh_buf_view(&bundle), &wrong, &r), GH_VERIFY_INVALID);
	assert_int_equal(r.checks.v[GH_VC_SIGNATURE].outcome, GH_VC_FAIL);
	assert_int_equal(r.checks.v[GH_VC_KEY].outcome, GH_VC_FAIL);
	assert_int_equal(r.checks.v[GH_VC_STATEMENT].outcome, GH_VC_NOT_REACHED); /* not parsed */
	const struct gh_vpolicy ca = { .ca = &none, .now = NOW, .model = true };
	assert_int_equal(verdict(gh_buf_view(&bundle), &ca, &r), GH_VERIFY_INVALID);
}

static void no_check_no_verdict(void **state)
{
	static const enum gh_vmode modes[] = { GH_VM_KEY, GH_VM_KEY_ROOT, GH_VM_CA, GH_VM_ROOT };
	(void)state;
	struct gh_vchecks c = { 0 };
	for (size_t m = 0; m < GH_ROWS(modes); m++) {
		assert_int_equal(gh_verify_verdict(&c, modes[m], true, false), GH_VERIFY_UNKNOWN);
		/* All passed: valid. Any one that is needed missing, unknown or skipped: not valid. Any failed: invalid. */
		struct gh_vchecks all;
		for (unsigned i = 0; i < GH_VC_CHECKS; i++)
			all.v[i].outcome = GH_VC_PASS;
		assert_int_equal(gh_verify_verdict(&all, modes[m], true, true), GH_VERIFY_VALID);
		for (unsigned i = 0; i < GH_VC_CHECKS; i++) {
			all.v[i].outcome = GH_VC_FAIL;
			assert_int_equal(gh_verify_verdict(&all, modes[m], true, true), GH_VERIFY_INVALID);
			all.v[i].outcome = GH_VC_UNKNOWN;
			assert_int_equal(gh_verify_verdict(&all, modes[m], true, true), GH_VERIFY_UNKNOWN);
			all.v[i].outcome = GH_VC_NOT_REACHED;
			if (gh_vrequired(modes[m], true, true, (enum gh_vcheck)i))
				assert_int_equal(gh_verify_verdict(&all, modes[m], true, true), GH_VERIFY_UNKNOWN);
			all.v[i].outcome = GH_VC_PASS;
		}
		/* Where a log counts, neither promise nor proof is no proof. */
		all.v[GH_VC_PROMISE].outcome = all.v[GH_VC_CHECKPOINT].outcome = GH_VC_SKIPPED;
		assert_int_equal(gh_verify_verdict(&all, modes[m], true, true),
				 modes[m] == GH_VM_ROOT || modes[m] == GH_VM_KEY_ROOT ? GH_VERIFY_UNKNOWN
										      : GH_VERIFY_VALID);
	}
}

static void outcomes_get_worse(void **state)
{
	(void)state;
	struct gh_vchecks c = { 0 };
	gh_vnote(&c, GH_VC_TIME, GH_VC_SKIPPED, "a");
	gh_vnote(&c, GH_VC_TIME, GH_VC_PASS, "b");
	assert_string_equal(c.v[GH_VC_TIME].detail, "b");
	gh_vnote(&c, GH_VC_TIME, GH_VC_FAIL, "c");
	gh_vnote(&c, GH_VC_TIME, GH_VC_UNKNOWN, "d");
	gh_vnote(&c, GH_VC_TIME, GH_VC_PASS, "e");
	assert_int_equal(c.v[GH_VC_TIME].outcome, GH_VC_FAIL);
	assert_string_equal(c.v[GH_VC_TIME].detail, "c");
	assert_true(gh_vfailed(&c));
	for (unsigned i = 0; i < GH_VC_CHECKS; i++)
		assert_true(gh_vcheck_name((enum gh_vcheck)i)[0] != '\0' &&
			    gh_vcheck_about((enum gh_vcheck)i)[0] != '\0');
}

/* ---- predicates ---------------------------------------------------------------------------------------------------- */

static void names_of_files(void **state)
{
	static const struct {
		const char *name;
		bool good;
	} rows[] = {
		{ "a", true },	 { "a/b", true },   { "a..b/.c", true }, { "\xc3\xa9", true }, { "a b", true },
		{ "", false },	 { "/a", false },   { "a/", false },	 { "a//b", false },    { ".", false },
		{ "..", false }, { "a/..", false }, { "../a", false },	 { "a/./b", false },   { "\xff", false },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++)
		if ((gh_oms_name_wrong(gh_span_str(rows[i].name)) == NULL) != rows[i].good)
			fail_msg("'%s'", rows[i].name);
	assert_non_null(gh_oms_name_wrong((struct gh_span){ (const uint8_t *)"a\0b", 3 }));
}

#define D "aa00000000000000000000000000000000000000000000000000000000000000"
#define R(name) "{\"name\":\"" name "\",\"digest\":\"" D "\",\"algorithm\":\"sha256\"}"
#define SHARDS "\"method\":\"shards\",\"hash_type\":\"sha256\",\"shard_size\":10"
#define FILES "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":false"

static void predicates(void **state)
{
	static const struct {
		const char *serialization, *resources;
		enum gh_rc rc;
	} rows[] = {
		{ FILES, R("a") "," R("b"), GH_OK },
		{ FILES, R("."), GH_OK },
		{ FILES, "", GH_OK },
		{ FILES ",\"ignore_paths\":[\"x\"]", R("a"), GH_OK },
		{ FILES ",\"ignore_paths\":\"x\"", R("a"), GH_E_MALFORMED },
		{ FILES ",\"ignore_paths\":[1]", R("a"), GH_E_MALFORMED },
		{ FILES, R("a") "," R("a"), GH_E_MALFORMED },
		{ FILES, R("../a"), GH_E_MALFORMED },
		{ FILES, R("/etc/passwd"), GH_E_MALFORMED },
		{ FILES, R("a\\u0000b"), GH_E_MALFORMED },
		{ FILES, "{\"name\":\"a\",\"digest\":\"aa\",\"algorithm\":\"sha256\"}", GH_E_MALFORMED },
		{ FILES, "{\"name\":\"a\",\"digest\":\"" D "\",\"algorithm\":\"blake2b\"}", GH_E_MALFORMED },
		{ FILES, "{\"name\":\"a\",\"digest\":\"" D "\"}", GH_E_MALFORMED },
		{ "\"method\":\"files\",\"hash_type\":\"blake3\"", "", GH_OK },
		{ "\"method\":\"files\",\"hash_type\":\"md5\"", "", GH_E_UNREAD },
		{ "\"method\":\"chunks\",\"hash_type\":\"sha256\"", "", GH_E_UNREAD },
		{ "\"hash_type\":\"sha256\"", "", GH_E_MALFORMED },
		{ "\"method\":\"files\",\"hash_type\":\"sha256\",\"allow_symlinks\":1", "", GH_E_MALFORMED },
		{ SHARDS, R("a:0:10") "," R("a:10:13") "," R("b:c:0:1"), GH_OK },
		{ SHARDS, R("a:10:13") "," R("a:0:10"), GH_OK }, /* any order: the digest is over the list as it is */
		{ SHARDS, R("a:0:10") "," R("a:20:23"), GH_E_MALFORMED },
		{ SHARDS, R("a:0:9") "," R("a:10:13"), GH_E_MALFORMED },
		{ SHARDS, R("a:0:11"), GH_E_MALFORMED },
		{ SHARDS, R("a:5:10"), GH_E_MALFORMED },
		{ SHARDS, R("a:0:0"), GH_E_MALFORMED },
		{ SHARDS, R("a:00:10"), GH_E_MALFORMED },
		{ SHARDS, R("a:-1:10"), GH_E_MALFORMED },
		{ SHARDS, R("a"), GH_E_MALFORMED },
		{ SHARDS, R(":0:10"), GH_E_MALFORMED },
		{ SHARDS, R("a:0:99999999999999999999"), GH_E_MALFORMED },
		{ "\"method\":\"shards\",\"hash_type\":\"sha256\",\"shard_size\":0", R("a:0:1"), GH_E_MALFORMED },
		{ "\"method\":\"shards\",\"hash_type\":\"sha256\"", R("a:0:1"), GH_E_MALFORMED },
		{ "\"method\":\"shards\",\"hash_type\":\"sha256-sharded-10\",\"shard_size\":10", R("a:0:1"), GH_OK },
		{ "\"method\":\"shards\",\"hash_type\":\"sha256-sharded-11\",\"shard_size\":10", R("a:0:1"),
		  GH_E_UNREAD },
	};
	(void)state;
	for (size_t i = 0; i < GH_ROWS(rows); i++) {
		gh_auto_arena a = { .max = (size_t)16 << 20 };
		gh_auto_buf b = gh_buf(1 << 16);
		struct gh_oms m;
		struct gh_err err = { 0 };
		gh_buf_fmt(&b,
			   "{\"_type\":\"https://in-toto.io/Statement/"
			   "v1\",\"subject\":[{\"name\":\"m\",\"digest\":{\"sha256\":\"" D
			   "\"}}],\"predicateType\":\"" GH_OMS_PREDICATE
			   "\",\"predicate\":{\"serialization\":{%s},\"resources\":[%s]}}",
			   rows[i].serialization, rows[i].resources);
		enum gh_rc rc = gh_oms_read(&a, gh_buf_view(&b), &m, &err);
		if (rc != rows[i].rc || (rc != GH_OK && err.n == 0))
			fail_msg("row %zu: %d", i, rc);
	}
}

static void a_model_goes_round(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		gh_auto_arena a = { .max = (size_t)16 << 20 };
		gh_auto_buf one = gh_buf(1 << 16), two = gh_buf(1 << 16);
		struct gh_oms m;
		model((enum gh_oms_method)i, &one);
		model((enum gh_oms_method)i, &two);
		assert_string_equal(gh_buf_cstr(&one), gh_buf_cstr(&two));
		assert_int_equal(gh_oms_read(&a, gh_buf_view(&one), &m, NULL), GH_OK);
		uint8_t root[32];
		assert_true(gh_oms_root(&m, root) && memcmp(root, m.root, 32) == 0);
		assert_int_equal(m.n, 2);
		assert_true(gh_span_is(m.resource[1].name, "b/w.bin") && m.resource[1].digest[0] == 7);
		assert_int_equal(m.method, i);
		assert_true(m.nignore == 1 && gh_span_is(m.ignore[0], ".git") && gh_span_is(m.model, "m"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_bit_counts_with_keys),
		cmocka_unit_test(every_bit_counts_with_certificates),
		cmocka_unit_test(chains),
		cmocka_unit_test(wrong_trust),
		cmocka_unit_test(no_check_no_verdict),
		cmocka_unit_test(outcomes_get_worse),
		cmocka_unit_test(names_of_files),
		cmocka_unit_test(predicates),
		cmocka_unit_test(a_model_goes_round),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
