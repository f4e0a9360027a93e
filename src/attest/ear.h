/* ear.h - an appraisal as an EAT Attestation Result (draft-ietf-rats-ear), with the tiers of AR4SI (draft-ietf-rats-ar4si, section 2.3): what
 * a relying party reads that does not know this program. JSON claims have the names that deployed verifiers use ("ear.status"); the
 * profile says so ("tag:github.com,2023:veraison/ear").
 *
 * The tier follows from the verdict and can only be lowered by the vector: rejected is contraindicated, incomplete is none, accepted is
 * affirming, or warning when something was accepted that AR4SI warns of (a debuggable guest, a platform that is not up to date).
 * Claims of the evidence go in only when they are believed (gh_attest_trusted()). */
#ifndef GH_ATTEST_EAR_H
#define GH_ATTEST_EAR_H
#include "attest/attest.h"
#include "base/buf.h"

#define GH_EAR_PROFILE "tag:github.com,2023:veraison/ear"
#define GH_EAR_TYPE "JWT"
enum { GH_EAR_SECONDS = 300 /* how long a result may be relied on: exp - iat */, GH_EAR_MAX = 1 << 20 };

enum gh_ear_claim {
	GH_EAR_INSTANCE,
	GH_EAR_CONFIG,
	GH_EAR_EXEC,
	GH_EAR_FILES,
	GH_EAR_HARDWARE,
	GH_EAR_RUNTIME,
	GH_EAR_STORAGE,
	GH_EAR_SOURCED,
	GH_EAR_CLAIMS
};
/* 0: none; 2 to 31 affirming, 32 to 95 warning, 96 to 127 contraindicated. */
void gh_ear_vector(const struct gh_attest_result *r, uint8_t out[GH_EAR_CLAIMS]);
/* "none" "affirming" "warning" "contraindicated" */
const char *gh_ear_status(const struct gh_attest_result *r);

struct gh_ear_context {
	int64_t now;	      /* iat, seconds since 1970 */
	int64_t at;	      /* what moment was judged */
	struct gh_span nonce; /* what the evidence had to answer: nonce or report data; empty: nothing was asked */
	const char *build;    /* of this program */
};
/* Append the claims as one JSON object. */
void gh_ear_write(const struct gh_attest_result *r, const struct gh_ear_context *c, struct gh_buf *out);
#endif
