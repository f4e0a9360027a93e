#include "attest/ear.h"

#include "crypto/jws.h"
#include "wire/datetime.h"
#include "wire/jout.h"

/* AR4SI, section 2.3: values that are said here. */
enum {
	NONE = 0,
	GOOD = 2,	   /* recognised instance; approved configuration; genuine hardware; encrypted memory */
	GOOD_BOOT = 3,	   /* executables: only approved ones were loaded while it started */
	WARN = 32,	   /* unsafe configuration, hardware with known weaknesses, memory that others may see */
	UNRECOGNISED = 33, /* executables */
	BAD = 96,	   /* contraindicated */
	BAD_INSTANCE = 97, /* not a recognised instance */
	BROKEN = 99,	   /* a cryptographic check failed */
};

static const char *const names[GH_EAR_CLAIMS] = {
	[GH_EAR_INSTANCE] = "instance-identity", [GH_EAR_CONFIG] = "configuration", [GH_EAR_EXEC] = "executables",
	[GH_EAR_FILES] = "file-system",		 [GH_EAR_HARDWARE] = "hardware",    [GH_EAR_RUNTIME] = "runtime-opaque",
	[GH_EAR_STORAGE] = "storage-opaque",	 [GH_EAR_SOURCED] = "sourced-data",
};

/* Which checks speak about which of the claims, by the name behind a prefix; the last letter '*' stands for any end. Passing makes
 * the claim `pass`, failing `fail`, whatever is worse. */
static const struct rule {
	const char *check;
	enum gh_ear_claim claim;
	uint8_t pass, fail;
} rules[] = {
	{ "chip", GH_EAR_INSTANCE, GOOD, BAD_INSTANCE },
	{ "chip_id", GH_EAR_INSTANCE, GOOD, BAD_INSTANCE },
	{ "ppid", GH_EAR_INSTANCE, GOOD, BAD_INSTANCE },
	{ "fmspc", GH_EAR_INSTANCE, GOOD, BAD_INSTANCE },
	{ "ak_name", GH_EAR_INSTANCE, GOOD, BAD_INSTANCE },
	{ "enrolment", GH_EAR_INSTANCE, GOOD, BAD_INSTANCE },
	{ "report_data", GH_EAR_INSTANCE, NONE, BAD_INSTANCE },
	{ "nonce", GH_EAR_INSTANCE, NONE, BAD_INSTANCE },
	{ "debug", GH_EAR_CONFIG, GOOD, BAD },
	{ "debug", GH_EAR_RUNTIME, GOOD, BAD },
	{ "migration", GH_EAR_CONFIG, GOOD, BAD },
	{ "attributes", GH_EAR_CONFIG, GOOD, BAD },
	{ "sept_ve_disable", GH_EAR_CONFIG, GOOD, BAD },
	{ "smt", GH_EAR_CONFIG, GOOD, BAD },
	{ "single_socket", GH_EAR_CONFIG, GOOD, BAD },
	{ "ciphertext_hiding", GH_EAR_CONFIG, GOOD, BAD },
	{ "alias_check", GH_EAR_CONFIG, GOOD, BAD },
	{ "vmpl", GH_EAR_CONFIG, GOOD, BAD },
	{ "require_secure_boot", GH_EAR_CONFIG, GOOD, BAD },
	{ "vm_secure_boot", GH_EAR_CONFIG, GOOD, BAD },
	{ "ccel_secure_boot", GH_EAR_CONFIG, GOOD, BAD },
	{ "measurement", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "mrtd", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "rtmr*", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "mrenclave", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "mrsigner", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr_digest", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr0", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr1*", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr2*", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr3", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr4", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr5", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr6", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr7", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr8", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "pcr9", GH_EAR_EXEC, GOOD_BOOT, UNRECOGNISED },
	{ "event_log", GH_EAR_EXEC, NONE, UNRECOGNISED },
	{ "ccel*", GH_EAR_EXEC, NONE, UNRECOGNISED },
	{ "tcb_minimum", GH_EAR_HARDWARE, NONE, WARN },
	{ "tcb_launch", GH_EAR_HARDWARE, NONE, WARN },
	{ "tcb_rollback", GH_EAR_HARDWARE, NONE, WARN },
	{ "tcb_status", GH_EAR_HARDWARE, NONE, WARN },
	{ "firmware", GH_EAR_HARDWARE, NONE, WARN },
	{ "advisories", GH_EAR_HARDWARE, NONE, WARN },
	{ "crl", GH_EAR_HARDWARE, NONE, BAD },
	{ "root_crl", GH_EAR_HARDWARE, NONE, BAD },
	{ "pck_crl", GH_EAR_HARDWARE, NONE, BAD },
	{ "tdx_module", GH_EAR_HARDWARE, NONE, BAD },
	{ "hardware", GH_EAR_HARDWARE, NONE, BAD },
};

/* Without a kind's prefix: "snp.debug" is "debug". */
static const char *bare(const char *name)
{
	const char *dot = strrchr(name, '.');
	return dot == NULL ? name : dot + 1;
}

static bool is(const char *name, const char *pattern)
{
	size_t n = strlen(pattern);
	return pattern[n - 1] == '*' ? strncmp(name, pattern, n - 1) == 0 : strcmp(name, pattern) == 0;
}

static void worse(uint8_t *v, uint8_t than)
{
	if (than > *v)
		*v = than;
}

/* A check failed that makes the evidence what it claims to be. */
static bool forged(const struct gh_attest_result *r)
{
	for (size_t i = 0; i < r->nchecks; i++)
		for (const char *const *s = r->kind->signatures; r->check[i].outcome == GH_AT_FAIL && *s != NULL; s++)
			if (strcmp(bare(r->check[i].name), *s) == 0)
				return true;
	return false;
}

static bool claimed(const struct gh_attest_result *r, const char *name, const char *value)
{
	for (size_t i = 0; i < r->nclaims; i++)
		if (strcmp(bare(r->claim[i].name), name) == 0 && strcmp(r->claim[i].value, value) == 0)
			return true;
	return false;
}

static bool claimed_other(const struct gh_attest_result *r, const char *name, const char *value)
{
	for (size_t i = 0; i < r->nclaims; i++)
		if (strcmp(bare(r->claim[i].name), name) == 0 && strcmp(r->claim[i].value, value) != 0)
			return true;
	return false;
}

void gh_ear_vector(const struct gh_attest_result *r, uint8_t out[GH_EAR_CLAIMS])
{
	memset(out, NONE, GH_EAR_CLAIMS);
	if (r->kind == NULL)
		return;
	if (forged(r)) {
		out[GH_EAR_INSTANCE] = out[GH_EAR_HARDWARE] = BROKEN;
		return;
	}
	if (!gh_attest_trusted(r)) /* nothing is known, for better or worse */
		return;
	bool tee = r->cls == GH_AC_VM_TEE || r->cls == GH_AC_ENCLAVE;
	out[GH_EAR_HARDWARE] = r->cls == GH_AC_SOFTWARE ? NONE : GOOD;
	for (size_t i = 0; i < r->nchecks; i++)
		for (size_t k = 0; k < sizeof rules / sizeof rules[0]; k++) {
			if (!is(bare(r->check[i].name), rules[k].check) || (rules[k].claim == GH_EAR_RUNTIME && !tee))
				continue;
			if (r->check[i].outcome == GH_AT_PASS)
				worse(&out[rules[k].claim], rules[k].pass);
			else if (r->check[i].outcome == GH_AT_FAIL)
				worse(&out[rules[k].claim], rules[k].fail);
		}
	/* What a policy may let pass is said all the same. */
	if (claimed(r, "debug", "true") || claimed(r, "policy_debug", "true")) {
		worse(&out[GH_EAR_CONFIG], WARN);
		worse(&out[GH_EAR_RUNTIME], WARN);
	}
	if (claimed_other(r, "tcb_status", "UpToDate"))
		worse(&out[GH_EAR_HARDWARE], WARN);
}

const char *gh_ear_status(const struct gh_attest_result *r)
{
	uint8_t v[GH_EAR_CLAIMS], worst = NONE;
	enum gh_attest_verdict verdict = gh_attest_verdict(r);
	gh_ear_vector(r, v);
	for (size_t i = 0; i < GH_EAR_CLAIMS; i++)
		worse(&worst, v[i]);
	if (verdict == GH_ATTEST_REJECTED || worst >= BAD)
		return "contraindicated";
	if (verdict == GH_ATTEST_INCOMPLETE)
		return "none";
	return worst >= WARN ? "warning" : "affirming";
}

static void annotated(const struct gh_attest_result *r, struct gh_jout *j)
{
	gh_jout_open(j, "ear.veraison.annotated-evidence", '{');
	for (size_t i = 0; i < r->nclaims && gh_attest_trusted(r); i++) {
		bool before = false; /* an object has each name once: the first counts */
		for (size_t k = 0; k < i && !before; k++)
			before = strcmp(r->claim[k].name, r->claim[i].name) == 0;
		if (!before)
			gh_jout_str(j, r->claim[i].name, r->claim[i].value);
	}
	gh_jout_close(j, '}');
}

static void checks(const struct gh_attest_result *r, struct gh_jout *j)
{
	gh_jout_open(j, "gatehouse.checks", '[');
	for (size_t i = 0; i < r->nchecks; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "name", r->check[i].name);
		gh_jout_str(j, "outcome", gh_attest_outcome_word(r->check[i].outcome));
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

static const char *policy_of(const struct gh_attest_result *r)
{
	for (size_t i = 0; i < r->nclaims; i++)
		if (strcmp(r->claim[i].name, "policy_sha256") == 0)
			return r->claim[i].value;
	return NULL;
}

static void submodule(const struct gh_attest_result *r, const struct gh_ear_context *c, struct gh_jout *j)
{
	uint8_t v[GH_EAR_CLAIMS];
	char at[GH_DATETIME_TEXT];
	gh_auto_buf policy = gh_buf(128);
	gh_ear_vector(r, v);
	gh_buf_fmt(&policy, "%s%s",
		   policy_of(r) == NULL ? "gatehouse:defaults" : "sha256:", policy_of(r) == NULL ? "" : policy_of(r));
	gh_jout_open(j, r->kind->name, '{');
	gh_jout_str(j, "ear.status", gh_ear_status(r));
	gh_jout_open(j, "ear.trustworthiness-vector", '{');
	for (size_t i = 0; i < GH_EAR_CLAIMS; i++)
		gh_jout_number(j, names[i], v[i]);
	gh_jout_close(j, '}');
	gh_jout_str(j, "ear.appraisal-policy-id", gh_buf_cstr(&policy));
	gh_jout_str(j, "gatehouse.verdict", gh_attest_verdict_word(gh_attest_verdict(r)));
	gh_jout_str(j, "gatehouse.class", gh_attest_class_word(r->cls));
	if (gh_datetime_write(c->at, at))
		gh_jout_str(j, "gatehouse.at", at);
	checks(r, j);
	annotated(r, j);
	gh_jout_close(j, '}');
}

void gh_ear_write(const struct gh_attest_result *r, const struct gh_ear_context *c, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_auto_buf nonce = gh_buf(4 * GH_ATTEST_NONCE);
	j.compact = true;
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "eat_profile", GH_EAR_PROFILE);
	gh_jout_number(&j, "iat", (uint64_t)c->now);
	gh_jout_number(&j, "exp", (uint64_t)c->now + GH_EAR_SECONDS);
	gh_jout_open(&j, "ear.verifier-id", '{');
	gh_jout_str(&j, "developer", "Gatehouse");
	gh_jout_str(&j, "build", c->build);
	gh_jout_close(&j, '}');
	gh_b64url_put(&nonce, c->nonce); /* RFC 9711, section 4.1: 64 bytes fit so, and not in hexadecimal */
	if (c->nonce.n != 0)
		gh_jout_str(&j, "eat_nonce", gh_buf_cstr(&nonce));
	gh_jout_open(&j, "submods", '{');
	submodule(r, c, &j);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
}
