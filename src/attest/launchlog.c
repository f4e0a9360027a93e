/* The log of what was launched since the machine was started, and what its replay proves. */
#include "attest/launchlog.h"

#include "crypto/pubkey.h"

#include <stdio.h>

enum { VERSION = 1, AT_VERSION = 8, AT_N = 12 };
static const uint8_t magic[AT_VERSION] = { 'G', 'H', 'L', 'N', 'L', 'G', '\r', '\n' };

/* ---- the structure --------------------------------------------------------------------------------------------------------- */
static uint32_t le32(const uint8_t *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static void put32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

bool gh_launchlog_is(struct gh_span s) { return s.n >= sizeof magic && memcmp(s.p, magic, sizeof magic) == 0; }

bool gh_launchlog_has(const struct gh_launchlog *l, const uint8_t digest[GH_LAUNCHLOG_DIGEST])
{
	for (uint32_t i = 0; i < l->n; i++)
		if (memcmp(l->digest[i], digest, GH_LAUNCHLOG_DIGEST) == 0)
			return true;
	return false;
}

const char *gh_launchlog_read(struct gh_span s, struct gh_launchlog *out)
{
	out->n = 0;
	if (!gh_launchlog_is(s) || s.n < GH_LAUNCHLOG_HEAD || le32(s.p + AT_VERSION) != VERSION)
		return "it is no launch log of version 1";
	uint32_t n = le32(s.p + AT_N);
	if (n > GH_LAUNCHLOG_MAX)
		return "it names more measurements than a launch log holds";
	if (s.n != GH_LAUNCHLOG_HEAD + (size_t)n * GH_LAUNCHLOG_DIGEST)
		return "it is longer or shorter than it says";
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *d = s.p + GH_LAUNCHLOG_HEAD + (size_t)i * GH_LAUNCHLOG_DIGEST;
		if (gh_launchlog_has(out, d))
			return "it names a measurement twice";
		memcpy(out->digest[out->n++], d, GH_LAUNCHLOG_DIGEST);
	}
	return NULL;
}

size_t gh_launchlog_write(const struct gh_launchlog *l, uint8_t out[GH_LAUNCHLOG_SIZE])
{
	memcpy(out, magic, sizeof magic);
	put32(out + AT_VERSION, VERSION);
	put32(out + AT_N, l->n);
	memcpy(out + GH_LAUNCHLOG_HEAD, l->digest, (size_t)l->n * GH_LAUNCHLOG_DIGEST);
	return GH_LAUNCHLOG_HEAD + (size_t)l->n * GH_LAUNCHLOG_DIGEST;
}

bool gh_launchlog_replay(const struct gh_launchlog *l, uint32_t n, uint8_t out[GH_LAUNCHLOG_DIGEST])
{
	uint8_t m[2 * GH_LAUNCHLOG_DIGEST] = { 0 }, md[GH_MD_MAX];
	for (uint32_t i = 0; i < n && i < l->n; i++) {
		memcpy(m + GH_LAUNCHLOG_DIGEST, l->digest[i], GH_LAUNCHLOG_DIGEST);
		if (!gh_md(GH_MD_SHA256, (struct gh_span){ m, sizeof m }, md))
			return false;
		memcpy(m, md, GH_LAUNCHLOG_DIGEST);
	}
	memcpy(out, m, GH_LAUNCHLOG_DIGEST);
	return true;
}

/* ---- judging ---------------------------------------------------------------------------------------------------------------- */
/* NULL: every SHA-256 bank of the quote holds the register, and the log leads to it. */
static const char *leads(const struct gh_launchlog *l, const struct gh_tpm_quote *quote, const struct gh_tpm_pcrs *pcrs)
{
	uint8_t want[GH_LAUNCHLOG_DIGEST];
	unsigned seen = 0;
	if (!gh_launchlog_replay(l, l->n, want))
		return "no digest can be made";
	for (unsigned b = 0; b < quote->nbanks; b++) {
		struct gh_span have = pcrs->v[b][GH_LAUNCHLOG_PCR];
		if (quote->bank[b].alg != GH_TPM_SHA256 || have.p == NULL)
			continue;
		if (!gh_span_eq(have, (struct gh_span){ want, sizeof want }))
			return "its measurements do not lead to PCR 13 of the quote";
		seen++;
	}
	return seen != 0 ? NULL : "the quote does not hold PCR 13 of the SHA-256 bank";
}

static void launched(const struct gh_attest_question *q, const struct gh_launchlog *l, struct gh_attest_result *r)
{
	size_t n = 0;
	const struct gh_span *want = gh_attest_list(q->policy, "launched", &n);
	for (size_t i = 0; i < n; i++)
		if (!gh_launchlog_has(l, want[i].p)) {
			gh_attest_check(r, "launched", GH_AT_FAIL,
					"the TPM was never told of a measurement that the policy asks for");
			return;
		}
	gh_attest_check(r, "launched", n == 0 ? GH_AT_SKIPPED : GH_AT_PASS, "%s",
			n == 0 ? "the policy asks for no measurement"
			       : "what the policy asks for was launched since the machine was started");
}

void gh_launchlog_judge(const struct gh_attest_question *q, const struct gh_tpm_quote *quote,
			const struct gh_tpm_pcrs *pcrs, struct gh_span s, struct gh_attest_result *r)
{
	struct gh_launchlog l;
	char name[32];
	if (s.n == 0) {
		if (gh_attest_wants(q->policy, "launched"))
			gh_attest_check(r, "launch_log", GH_AT_UNKNOWN,
					"none was given: what was launched cannot be told");
		return;
	}
	const char *wrong = gh_launchlog_read(s, &l);
	if (wrong == NULL && !pcrs->has) {
		gh_attest_check(r, "launch_log", GH_AT_UNKNOWN,
				"without the registers there is nothing to compare it with");
		return;
	}
	if (wrong == NULL)
		wrong = leads(&l, quote, pcrs);
	if (!gh_attest_test(r, "launch_log", wrong == NULL, "its measurements lead to PCR 13 of the quote", wrong))
		return;
	for (uint32_t i = 0; i < l.n; i++) {
		(void)snprintf(name, sizeof name, "launched_%u", i);
		gh_attest_claim_hex(r, name, (struct gh_span){ l.digest[i], GH_LAUNCHLOG_DIGEST });
	}
	launched(q, &l, r);
}
