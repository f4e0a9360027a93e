/* launchlog.h - which measurements a launcher put into this machine's TPM since it was started: the log that explains PCR 13.
 *
 * A launcher extends PCR 13 (SHA-256 bank) with the measurement of what it is going to start, once for each measurement, before it is
 * started; the log has them in that order. Replayed from 32 zero bytes it has to lead to the value in the quote: so a quote names
 * everything that was launched, and a launch cannot be taken back before the machine is started anew.
 *
 * Why 13: 16 and 23 can be reset by anybody, so that they prove nothing; 0 to 7 belong to the firmware; 8, 9 and 14 are extended by GRUB and
 * shim, 10 by IMA, 11, 12 and 15 by systemd and its stub. 13 is set aside for system extensions (UAPI group, "Linux TPM PCR
 * Registry"), which a host of ours does not boot with. A host that does is refused, since its log does not lead to the register.
 *
 * Little-endian, not a byte longer:
 *
 *	off  size
 *	0    8     magic: 47 48 4c 4e 4c 47 0d 0a ("GHLNLG\r\n")
 *	8    4     version of this format: 1
 *	12   4     n, 0 to 128
 *	16   32 n  measurements (runtime/measure.h), each of them once
 *
 * The log is hostile, and nothing of it is believed but what its replay proves. */
#ifndef GH_ATTEST_LAUNCHLOG_H
#define GH_ATTEST_LAUNCHLOG_H
#include "attest/attest.h"
#include "attest/tpm_quote.h"

enum {
	GH_LAUNCHLOG_PCR = 13,
	GH_LAUNCHLOG_MAX = 128,
	GH_LAUNCHLOG_DIGEST = 32,
	GH_LAUNCHLOG_HEAD = 16,
	GH_LAUNCHLOG_SIZE = GH_LAUNCHLOG_HEAD + GH_LAUNCHLOG_MAX * GH_LAUNCHLOG_DIGEST,
};

struct gh_launchlog {
	uint32_t n;
	uint8_t digest[GH_LAUNCHLOG_MAX][GH_LAUNCHLOG_DIGEST];
};

bool gh_launchlog_is(struct gh_span s); /* begins like one */
/* NULL: read. Else what is wrong. */
const char *gh_launchlog_read(struct gh_span s, struct gh_launchlog *out);
/* The log's bytes; returns how many. */
size_t gh_launchlog_write(const struct gh_launchlog *l, uint8_t out[GH_LAUNCHLOG_SIZE]);
bool gh_launchlog_has(const struct gh_launchlog *l, const uint8_t digest[GH_LAUNCHLOG_DIGEST]);
/* The register after the first n of them (TPM 2.0 Library, part 1, section 17.3). False: no digest can be made. */
bool gh_launchlog_replay(const struct gh_launchlog *l, uint32_t n, uint8_t out[GH_LAUNCHLOG_DIGEST]);

/* Judge a log beside a quote whose registers are judged elsewhere: checks "launch_log" (it leads to PCR 13 of the quote) and "launched" (the
 * policy's measurements stand in it: every one), claims "launched_N". s empty: no log was given, which is UNKNOWN where the policy
 * asks what was launched. */
void gh_launchlog_judge(const struct gh_attest_question *q, const struct gh_tpm_quote *quote,
			const struct gh_tpm_pcrs *pcrs, struct gh_span s, struct gh_attest_result *r);

/* Row of a policy. */
#define GH_LAUNCHLOG_KEYS \
	{ "launched", GH_AT_HEX, 32, "measurements that the launch log has to name, all of them (none)" }
#endif
