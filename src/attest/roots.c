#include "attest/roots.h"

/* The bytes of a file below rules/attest, as they stand: a new root is one line here and one in the table. */
#define ROOT(symbol, file) \
	__asm__(".pushsection .rodata\n.balign 16\n.globl gh_root_" #symbol "\ngh_root_" #symbol ":\n.incbin \"" file \
		"\"\n.globl gh_root_" #symbol "_end\ngh_root_" #symbol "_end:\n.byte 0\n.popsection\n"); \
	extern const uint8_t gh_root_##symbol[], gh_root_##symbol##_end[]

ROOT(amd_milan_ark, "amd-milan-ark.der");
ROOT(amd_milan_ask, "amd-milan-ask.der");
ROOT(amd_milan_asvk, "amd-milan-asvk.der");
ROOT(amd_genoa_ark, "amd-genoa-ark.der");
ROOT(amd_genoa_ask, "amd-genoa-ask.der");
ROOT(amd_genoa_asvk, "amd-genoa-asvk.der");
ROOT(amd_turin_ark, "amd-turin-ark.der");
ROOT(amd_turin_ask, "amd-turin-ask.der");
ROOT(amd_turin_asvk, "amd-turin-asvk.der");
ROOT(intel_sgx_root, "intel-sgx-root.der");
ROOT(aws_nitro_root, "aws-nitro-root.der");
ROOT(tpm_infineon_rsa, "tpm-infineon-rsa.der");
ROOT(tpm_infineon_ecc, "tpm-infineon-ecc.der");
ROOT(tpm_intel, "tpm-intel.der");
ROOT(tpm_nuvoton_1110, "tpm-nuvoton-1110.der");
ROOT(tpm_nuvoton_2110, "tpm-nuvoton-2110.der");
ROOT(tpm_globalsign, "tpm-globalsign.der");

#define ROW(name, symbol) { name, gh_root_##symbol, gh_root_##symbol##_end }
static const struct {
	const char *name;
	const uint8_t *from, *to;
} roots[] = {
	ROW("amd-milan-ark", amd_milan_ark),	   ROW("amd-milan-ask", amd_milan_ask),
	ROW("amd-milan-asvk", amd_milan_asvk),	   ROW("amd-genoa-ark", amd_genoa_ark),
	ROW("amd-genoa-ask", amd_genoa_ask),	   ROW("amd-genoa-asvk", amd_genoa_asvk),
	ROW("amd-turin-ark", amd_turin_ark),	   ROW("amd-turin-ask", amd_turin_ask),
	ROW("amd-turin-asvk", amd_turin_asvk),	   ROW("intel-sgx-root", intel_sgx_root),
	ROW("aws-nitro-root", aws_nitro_root),	   ROW("tpm-infineon-rsa", tpm_infineon_rsa),
	ROW("tpm-infineon-ecc", tpm_infineon_ecc), ROW("tpm-intel", tpm_intel),
	ROW("tpm-nuvoton-1110", tpm_nuvoton_1110), ROW("tpm-nuvoton-2110", tpm_nuvoton_2110),
	ROW("tpm-globalsign", tpm_globalsign),
};

#ifdef GH_TEST_HOOKS
enum { STAND_INS = 8 };
static struct {
	const char *name;
	struct gh_span der;
} stand_in[STAND_INS];

void gh_attest_root_for_test(const char *name, struct gh_span der)
{
	size_t i = 0;
	while (i < STAND_INS - 1 && stand_in[i].name != NULL && strcmp(stand_in[i].name, name) != 0)
		i++;
	stand_in[i].name = name;
	stand_in[i].der = der;
}

static struct gh_span instead(const char *name)
{
	for (size_t i = 0; i < STAND_INS; i++)
		if (stand_in[i].name != NULL && strcmp(stand_in[i].name, name) == 0)
			return stand_in[i].der;
	return (struct gh_span){ 0 };
}
#endif

struct gh_span gh_attest_root(const char *name)
{
#ifdef GH_TEST_HOOKS
	if (instead(name).n != 0)
		return instead(name);
#endif
	for (size_t i = 0; i < sizeof roots / sizeof roots[0]; i++)
		if (strcmp(roots[i].name, name) == 0)
			return (struct gh_span){ roots[i].from, (size_t)(roots[i].to - roots[i].from) };
	return (struct gh_span){ 0 };
}

struct gh_span gh_attest_root_at(const char *prefix, size_t i, const char **name)
{
	size_t k = strlen(prefix), seen = 0;
	for (size_t at = 0; at < sizeof roots / sizeof roots[0]; at++) {
		*name = roots[at].name;
		if (strncmp(roots[at].name, prefix, k) == 0 && seen++ == i)
			return gh_attest_root(roots[at].name);
	}
#ifdef GH_TEST_HOOKS
	for (size_t at = 0; at < STAND_INS; at++) {
		*name = stand_in[at].name;
		if (stand_in[at].der.n != 0 && strncmp(stand_in[at].name, prefix, k) == 0 && seen++ == i)
			return stand_in[at].der;
	}
#endif
	return (struct gh_span){ 0 };
}
