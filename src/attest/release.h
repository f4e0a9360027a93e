/* release.h - may the key of a model leave the vault? The rule by itself: pure, a table of checks, the first that fails is named.
 *
 * Who says what:
 *	terms	the vault, when it made the nonce: for which deployment, model and policy, which class of evidence is the least, which
 *		measurements are allowed, until when
 *	claims	an accepted appraisal: what the evidence is worth, what was measured, and what it is bound to
 *
 * The vault computes report_data from its own nonce, the stub's key, the model and the policy: evidence about anything else does
 * not fit, whoever brings it. A class below the least never passes, whatever else is right. */
#ifndef GH_ATTEST_RELEASE_H
#define GH_ATTEST_RELEASE_H
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum { GH_RELEASE_DIGEST = 32, GH_RELEASE_DATA = 64, GH_RELEASE_ID = 16, GH_RELEASE_MEASUREMENTS = 16 };

/* Rank of a class of evidence: enclave and vm-tee are worth the same. */
enum gh_release_class { GH_RELEASE_NOTHING, GH_RELEASE_SOFTWARE, GH_RELEASE_TPM, GH_RELEASE_HARDWARE };
/* "software", "tpm", "enclave", "vm-tee"; anything else: NOTHING. */
enum gh_release_class gh_release_class_named(const char *word);

enum gh_release_nonce { GH_NONCE_UNKNOWN, GH_NONCE_FRESH, GH_NONCE_USED };

struct gh_release_terms {
	enum gh_release_nonce nonce;
	int64_t expires; /* seconds since 1970; from then on the nonce counts no more */
	uint8_t deployment[GH_RELEASE_ID], tenant[GH_RELEASE_ID], version[GH_RELEASE_ID];
	uint8_t report_data[GH_RELEASE_DATA]; /* computed by the vault */
	enum gh_release_class least;
	uint8_t measurement[GH_RELEASE_MEASUREMENTS][GH_RELEASE_DIGEST]; /* allowed */
	size_t nmeasurement;						 /* 0: none is: nothing passes */
};
struct gh_release_claims {
	uint8_t deployment[GH_RELEASE_ID], tenant[GH_RELEASE_ID],
		version[GH_RELEASE_ID];	      /* that the keys are asked for */
	uint8_t report_data[GH_RELEASE_DATA]; /* in the evidence */
	enum gh_release_class cls;
	uint8_t measurement[GH_RELEASE_DIGEST];
	int64_t now;
};

/* Code, name of the check, the line. */
#define GH_RELEASE_WHYS(X) \
	X(FINE, "", "") \
	X(NONCE_UNKNOWN, "nonce", "the evidence answers a challenge that the vault did not make") \
	X(NONCE_USED, "nonce", "the challenge was answered before: this is a replay") \
	X(NONCE_LATE, "nonce", "the challenge was answered too late") \
	X(DEPLOYMENT, "deployment", "the challenge was made for another deployment") \
	X(TENANT, "tenant", "the challenge was made for another tenant") \
	X(MODEL, "model", "the challenge was made for another model") \
	X(REPORT_DATA, "report_data", "the evidence is bound to another challenge, stub key, model or policy") \
	X(CLASS, "evidence_class", "the class of the evidence is lower than the one that is asked for") \
	X(MEASUREMENT, "measurement", "the code that runs is not the code that is allowed")
enum gh_release_why {
#define GH_X(name, check, text) GH_RELEASE_##name,
	GH_RELEASE_WHYS(GH_X)
#undef GH_X
		GH_RELEASE_WHY_END
};
const char *gh_release_check(enum gh_release_why w); /* "measurement"; "" for FINE */
const char *gh_release_text(enum gh_release_why w);
enum gh_release_why gh_release_decide(const struct gh_release_terms *t, const struct gh_release_claims *c);
#endif
