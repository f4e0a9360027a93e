/* tpm_quote.h - what a TPM 2.0 signs (TPM 2.0 Library, part 2, sections 10.12 and 11.3), big-endian, read to the last byte; and the
 * values of the registers that go with it. */
#ifndef GH_ATTEST_TPM_QUOTE_H
#define GH_ATTEST_TPM_QUOTE_H
#include "attest/attest.h"
#include "attest/eventlog.h"
#include "crypto/pubkey.h"

enum { GH_TPM_BANKS = 8 };
struct gh_tpm_quote {
	struct gh_span signer, nonce, digest; /* qualifiedSigner, extraData, pcrDigest */
	uint64_t clock, firmware;
	uint32_t resets, restarts;
	bool safe;
	unsigned nbanks;
	struct {
		uint16_t alg;
		uint32_t selected; /* bit i: PCR i */
	} bank[GH_TPM_BANKS];
};
/* NULL: read. Else what is wrong. */
const char *gh_tpm_quote_read(struct gh_span bytes, struct gh_tpm_quote *out);

/* Values of registers, in the order of a selection. */
struct gh_tpm_pcrs {
	struct gh_span v[GH_TPM_BANKS][GH_LOG_PCRS];
	bool has; /* somebody gave some */
};
/* The file that `tpm2_quote -o` writes (host byte order of a little-endian machine): must select what the quote selects. */
const char *gh_tpm_pcrs_read(struct gh_span bytes, const struct gh_tpm_quote *q, struct gh_tpm_pcrs *out);
bool gh_tpm_pcrs_is(struct gh_span bytes);

/* A signature over msg by the key: TPMT_SIGNATURE (RSASSA, RSAPSS, ECDSA), or plain (DER of ECDSA, bytes of RSASSA or RSAPSS). `hash`:
 * TPM_ALG_ID that it must be of. `scheme`: TPM_ALG_ID that the key itself is bound to, 0 when it is to none: then a plain signature of
 * RSA is RSASSA. GH_AT_UNKNOWN: of a kind that is not served. */
enum gh_attest_outcome gh_tpm_verify(const struct gh_key *key, uint16_t scheme, uint16_t hash, struct gh_span msg,
				     struct gh_span sig);

/* Checks "nonce", "pcr_digest", "event_log", "pcrN", and claims, of a quote whose signature is judged elsewhere. log empty: none. */
void gh_tpm_judge(const struct gh_attest_question *q, const struct gh_tpm_quote *quote, const struct gh_tpm_pcrs *pcrs,
		  struct gh_span log, struct gh_attest_result *r);
uint16_t gh_tpm_hash_of(const struct gh_tpm_quote *q); /* TPM_ALG_ID of the quote's own digest, by its length; 0 */
/* Rows of a policy that gh_tpm_judge() understands; put into a kind's table. */
#define GH_TPM_KEY(i) { "pcr" #i, GH_AT_HEX, 0, "values of PCR " #i " that are allowed (any)" }
#define GH_TPM_KEYS \
	GH_TPM_KEY(0), GH_TPM_KEY(1), GH_TPM_KEY(2), GH_TPM_KEY(3), GH_TPM_KEY(4), GH_TPM_KEY(5), GH_TPM_KEY(6), \
		GH_TPM_KEY(7), GH_TPM_KEY(8), GH_TPM_KEY(9), GH_TPM_KEY(10), GH_TPM_KEY(11), GH_TPM_KEY(12), \
		GH_TPM_KEY(13), GH_TPM_KEY(14), GH_TPM_KEY(15), GH_TPM_KEY(16), GH_TPM_KEY(17), GH_TPM_KEY(18), \
		GH_TPM_KEY(19), GH_TPM_KEY(20), GH_TPM_KEY(21), GH_TPM_KEY(22), GH_TPM_KEY(23), \
		{ "pcr_digest", GH_AT_HEX, 0, "digests over the quoted registers that are allowed (any)" }, \
		{ "require_secure_boot", GH_AT_FLAG, 0, \
		  "demand an event log that says that secure boot was on (false)" }, \
		{ "min_resets", GH_AT_NUMBER, 0, "lowest reset count, the last one seen (0)" }, \
		{ "min_restarts", GH_AT_NUMBER, 0, "lowest restart count at min_resets (0)" }
#endif
