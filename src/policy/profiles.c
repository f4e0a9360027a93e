#include "policy/policy.h"

/* The texts lie in rules/policy, where they can be read as what they are; the assembler puts them in here. */
#define TEXT(symbol, file) \
	__asm__(".section .rodata\n.global gh_policy_" #symbol "\n.global gh_policy_" #symbol "_end\n" \
		"gh_policy_" #symbol ":\n.incbin \"" file "\"\ngh_policy_" #symbol "_end:\n.byte 0\n.previous\n"); \
	extern const uint8_t gh_policy_##symbol[], gh_policy_##symbol##_end[]
TEXT(lenient, "lenient.yaml");
TEXT(enterprise, "enterprise.yaml");
TEXT(high_risk, "high-risk.yaml");

static const struct {
	const char *name, *about;
	const uint8_t *from, *to;
} profiles[] = {
	{ "lenient", "Keeps out what is dangerous, warns about the rest.", gh_policy_lenient, gh_policy_lenient_end },
	{ "enterprise", "Complete, recent scans, valid badges, a second person where something was found.",
	  gh_policy_enterprise, gh_policy_enterprise_end },
	{ "high-risk", "Enterprise, and signatures, detonation, red team, hardware evidence, two persons always.",
	  gh_policy_high_risk, gh_policy_high_risk_end },
};
enum { PROFILES = sizeof profiles / sizeof profiles[0] };

size_t gh_policy_profiles(void) { return PROFILES; }

struct gh_policy_profile_row gh_policy_profile_at(size_t i)
{
	return (struct gh_policy_profile_row){ .name = profiles[i].name,
					       .about = profiles[i].about,
					       .text = { profiles[i].from,
							 (size_t)(profiles[i].to - profiles[i].from) } };
}

bool gh_policy_profile(void *ctx, struct gh_span name, struct gh_span *text)
{
	(void)ctx;
	for (size_t i = 0; i < PROFILES; i++)
		if (gh_span_is(name, profiles[i].name)) {
			*text = gh_policy_profile_at(i).text;
			return true;
		}
	return false;
}
