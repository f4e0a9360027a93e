/* dcap.h - what SGX and TDX quotes have in common: who signed them, whether that platform is up to date, by Intel's word. The
 * order of work is that of Intel's quote verification library. sgx.c and tdx.c judge what the quote says of the enclave or the
 * trust domain. */
#ifndef GH_ATTEST_DCAP_H
#define GH_ATTEST_DCAP_H
#include "attest/dcap_collateral.h"

/* Rows of a kind's keys. */
#define GH_DCAP_KEYS \
	{ "tcb_statuses", GH_AT_WORDS, 0, \
	  "TCB statuses that are allowed, as Intel spells them (UpToDate); nothing else is ever out of the " \
	  "question" }, \
		{ "advisories", GH_AT_WORDS, 0, \
		  "advisories that may apply to the platform, INTEL-SA-… (any, as far as its status may)" }, \
		{ "tcb_grace_days", GH_AT_NUMBER, 0, \
		  "how long after its tcbDate a level that is not UpToDate is accepted, in days (for ever)" }, \
		{ "min_tcb_evaluation", GH_AT_NUMBER, 0, "lowest tcbEvaluationDataNumber of the collateral (0)" }, \
		{ "fmspc", GH_AT_HEX, 6, "platforms that are allowed (any)" }, \
		{ "ppid", GH_AT_HEX, 16, "processors that are allowed (any)" }, \
		{ "allow_missing_crl", GH_AT_FLAG, 0, "go on without revocation lists when none was given (false)" }, \
		{ "allow_debug", GH_AT_FLAG, 0, "accept what the host may debug (false)" }

/* Names of the checks that a kind lists as signatures. */
#define GH_DCAP_SIGNATURES \
	"pck_chain", "qe_signature", "qe_binding", "quote_signature", "tcb_info", "qe_identity", "qe_enclave"
#define GH_DCAP_MUSTS GH_DCAP_SIGNATURES, "format", "padding", "tcb_status", "debug"

/* Evidence in binary, or in lower-case hexadecimal digits (a newline may stand behind): read it, check "format", "padding". */
bool gh_dcap_open(const struct gh_attest_question *q, struct gh_attest_result *r, struct gh_dcap_quote *out);
/* Everything that does not depend on what is attested. root: the pinned certificate, DER. */
void gh_dcap_appraise(const struct gh_attest_question *q, const struct gh_dcap_quote *quote, struct gh_span root,
		      struct gh_attest_result *r);
/* The kinds with another root than the pinned one, for tests with authorities of their own. */
void gh_sgx_appraise(const struct gh_attest_question *q, struct gh_span root, struct gh_attest_result *r);
void gh_tdx_appraise(const struct gh_attest_question *q, struct gh_span root, struct gh_attest_result *r);
#endif
