/* ccel.h - the firmware's event log of a trust domain (CCEL, UEFI 2.10 section 38.4.1; Intel TDX Virtual Firmware Design Guide,
 * section 8), replayed into the registers of its quote.
 *
 * An index of the log names a register: 0 MRTD (nothing may extend it), 1 to 4 RTMR0 to RTMR3, SHA-384. The log is believed in
 * nothing: what counts is whether its events lead to the registers that the hardware signed, and whether the data of separators
 * and secure boot variables are what was measured. */
#ifndef GH_ATTEST_CCEL_H
#define GH_ATTEST_CCEL_H
#include "attest/attest.h"

enum { GH_CCEL_RTMRS = 4 };

/* Checks of the log among the endorsements against these registers:
 *
 *	ccel		it can be read to its last byte, extends no register that there is not, and its data fit
 *	ccel_rtmr0 … 3	its events lead to the register. RTMR3 is extended at run time, which the firmware does not log: when the log
 *			says nothing of it, that is SKIPPED unless the policy demands the whole ("require_ccel")
 *	ccel_separators	one separator per register; more are real (PCRs that share a register) and are reported; FAIL only by the
 *			policy's "ccel_single_separators"
 *	ccel_secure_boot	by the policy only
 *
 * and claims ("ccel_events", "ccel_secure_boot"). No log: SKIPPED, or UNKNOWN when the policy demands one. */
void gh_ccel(const struct gh_attest_question *q, const struct gh_span rtmr[GH_CCEL_RTMRS], struct gh_attest_result *r);

/* Rows of a policy. */
#define GH_CCEL_KEYS \
	{ "require_ccel", GH_AT_FLAG, 0, \
	  "demand the firmware's event log among the endorsements, and that it explains all four RTMRs (false)" }, \
		{ "ccel_single_separators", GH_AT_FLAG, 0, "refuse logs with two separators of a register (false)" }, \
		{ "ccel_secure_boot", GH_AT_FLAG, 0, "demand a log that says that secure boot was on (false)" }
#endif
