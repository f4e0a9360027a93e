/* The rule by which keys leave the vault. */
#include "attest/release.h"

#include <string.h>

static const struct {
	const char *check, *text;
} whys[] = {
#define GH_X(name, check, text) { check, text },
	GH_RELEASE_WHYS(GH_X)
#undef GH_X
};

const char *gh_release_check(enum gh_release_why w)
{
	return (unsigned)w < GH_RELEASE_WHY_END ? whys[w].check : "release";
}

const char *gh_release_text(enum gh_release_why w)
{
	return (unsigned)w < GH_RELEASE_WHY_END ? whys[w].text : "no such reason";
}

enum gh_release_class gh_release_class_named(const char *word)
{
	static const struct {
		const char *word;
		enum gh_release_class cls;
	} words[] = { { "software", GH_RELEASE_SOFTWARE },
		      { "tpm", GH_RELEASE_TPM },
		      { "enclave", GH_RELEASE_HARDWARE },
		      { "vm-tee", GH_RELEASE_HARDWARE } };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].cls;
	return GH_RELEASE_NOTHING;
}

static bool allowed(const struct gh_release_terms *t, const uint8_t measurement[GH_RELEASE_DIGEST])
{
	for (size_t i = 0; i < t->nmeasurement && i < GH_RELEASE_MEASUREMENTS; i++)
		if (memcmp(t->measurement[i], measurement, GH_RELEASE_DIGEST) == 0)
			return true;
	return false;
}

/* Terms without a least class, and claims without one, are mistakes: nothing passes. */
static bool good_enough(enum gh_release_class have, enum gh_release_class least)
{
	return have >= GH_RELEASE_SOFTWARE && have <= GH_RELEASE_HARDWARE && least >= GH_RELEASE_SOFTWARE &&
	       least <= GH_RELEASE_HARDWARE && have >= least;
}

enum gh_release_why gh_release_decide(const struct gh_release_terms *t, const struct gh_release_claims *c)
{
	const struct {
		bool ok;
		enum gh_release_why why;
	} checks[] = {
		{ t->nonce == GH_NONCE_FRESH || t->nonce == GH_NONCE_USED, GH_RELEASE_NONCE_UNKNOWN },
		{ t->nonce != GH_NONCE_USED, GH_RELEASE_NONCE_USED },
		{ c->now < t->expires, GH_RELEASE_NONCE_LATE },
		{ memcmp(t->deployment, c->deployment, GH_RELEASE_ID) == 0, GH_RELEASE_DEPLOYMENT },
		{ memcmp(t->tenant, c->tenant, GH_RELEASE_ID) == 0, GH_RELEASE_TENANT },
		{ memcmp(t->version, c->version, GH_RELEASE_ID) == 0, GH_RELEASE_MODEL },
		{ memcmp(t->report_data, c->report_data, GH_RELEASE_DATA) == 0, GH_RELEASE_REPORT_DATA },
		{ good_enough(c->cls, t->least), GH_RELEASE_CLASS },
		{ allowed(t, c->measurement), GH_RELEASE_MEASUREMENT },
	};
	for (size_t i = 0; i < sizeof checks / sizeof *checks; i++)
		if (!checks[i].ok)
			return checks[i].why;
	return GH_RELEASE_FINE;
}
