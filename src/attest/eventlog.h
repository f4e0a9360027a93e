/* eventlog.h - measurement logs of firmware, read to the last byte and replayed: TCG PC Client Platform Firmware Profile,
 * section 10 (crypto-agile and SHA-1 form), and the same form in a CCEL table (UEFI 2.10, section 38.4.1), where an index names a
 * measurement register: 1 to 4 are RTMR0 to RTMR3 of a TD. Pure; a log is never believed, only its replay is compared. */
#ifndef GH_ATTEST_EVENTLOG_H
#define GH_ATTEST_EVENTLOG_H
#include "base/span.h"

enum { GH_LOG_ALGS = 8, GH_LOG_PCRS = 24, GH_LOG_DIGEST = 64, GH_LOG_EVENTS = 1 << 16 };
enum { GH_TPM_SHA1 = 0x04, GH_TPM_SHA256 = 0x0b, GH_TPM_SHA384 = 0x0c, GH_TPM_SHA512 = 0x0d };

struct gh_eventlog {
	unsigned nalgs;
	struct {
		uint16_t id, size; /* TPM_ALG_ID, bytes of a digest */
		bool replayed;	   /* this program knows the algorithm */
		uint8_t pcr[GH_LOG_PCRS][GH_LOG_DIGEST];
	} alg[GH_LOG_ALGS];
	uint32_t touched;		 /* bit i: an event extended register i */
	uint32_t nevents;		 /* records behind the header that extend */
	uint8_t separators[GH_LOG_PCRS]; /* EV_SEPARATOR, at most 255 counted */
	int secure_boot;		 /* of a variable whose digest fits: 0, 1; -1: the log does not say */
	bool mismatch;			 /* an event whose data must be what was measured, and is not */
	size_t padding;			 /* bytes of 0xff or 0 behind the last record */
};

/* NULL: read. Else what is wrong. */
const char *gh_eventlog_read(struct gh_span log, struct gh_eventlog *out);
/* Looks like such a log: its first record is one of either form. */
bool gh_eventlog_is(struct gh_span s);
/* The register as replayed; empty: this log has no such algorithm, or it is not known here. */
struct gh_span gh_eventlog_pcr(const struct gh_eventlog *l, uint16_t alg, unsigned pcr);
/* Bytes of a digest of this TPM_ALG_ID; 0: not known here. */
size_t gh_tpm_digest_size(uint16_t alg);
bool gh_tpm_digest(uint16_t alg, struct gh_span s, uint8_t out[GH_LOG_DIGEST]);
#endif
