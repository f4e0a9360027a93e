/* launch_tpm.h - this host's TPM vouches for a launch: PCR 13 is extended with the measurement before anything of it runs, and a quote of it is
 * bound to the launcher's software evidence. Done by who launches, never by what is launched: the stub has no device.
 *
 *	gh_launch_tpm_measure()	before gh_launch_open()
 *	gh_launch_tpm_quote()	when the software evidence is there
 *
 * A register is shared by every launch on the machine, so what was put into it is written down (attest/launchlog.h) in a file of the home.
 * Several launches at once take turns (flock of the file "LOG.lock"). The log is written and flushed before the TPM is told, so that a crash in
 * between leaves one measurement too many in it, which the next launch puts right; a register of zeros means that the
 * machine was started anew, and so does the log. One home at a time can use a TPM in this way: another home's log does not lead to the
 * register, nor does any when another program extended it; both are said (GH_E_DENIED). */
#ifndef GH_RUNTIME_LAUNCH_TPM_H
#define GH_RUNTIME_LAUNCH_TPM_H
#include "attest/launchlog.h"
#include "base/arena.h"
#include "base/err.h"

struct gh_launch_tpm_where {
	const char *tcti; /* as tpm2-tss writes it; NULL: the kernel's (runtime/tss.h) */
	const char *log;  /* path of the log; its directory is there and is the caller's own */
};
/* Bytes as `gatehouse attest verify --kind tpm` takes them. */
struct gh_launch_tpm {
	struct gh_span quote, signature, registers, log;
};
enum { GH_LAUNCH_TPM_ARENA = 4 << 20, GH_LAUNCH_TPM_NONCE = 32 };

/* GH_E_ABSENT: no TPM, or no tpm2-tss. GH_E_DENIED: the register holds something else than the log says, or the log was altered.
 * GH_E_LIMIT: the log is full until the machine is started anew. GH_E_IO. */
enum gh_rc gh_launch_tpm_measure(const struct gh_launch_tpm_where *w, const uint8_t measurement[GH_LAUNCHLOG_DIGEST],
				 struct gh_err *err);
/* The same errors; and GH_E_DENIED when the measurement does not stand in the log (any more). Everything lies in the arena. */
enum gh_rc gh_launch_tpm_quote(const struct gh_launch_tpm_where *w, const uint8_t measurement[GH_LAUNCHLOG_DIGEST],
			       const uint8_t report_data[64], struct gh_span software, struct gh_arena *a,
			       struct gh_launch_tpm *out, struct gh_err *err);
/* What such a quote has to answer: SHA-256(SHA-256(report data), SHA-256(software evidence)). False: no digest can be made. */
bool gh_launch_tpm_nonce(const uint8_t report_data[64], struct gh_span software, uint8_t nonce[GH_LAUNCH_TPM_NONCE]);
#endif
