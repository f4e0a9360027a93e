/* Every kind of evidence, one line each. */
#include "attest/kinds.h"

const struct gh_attest_kind *const gh_attest_kinds[] = {
	&gh_attest_snp, &gh_attest_tpm,	  &gh_attest_azure,    &gh_attest_tdx,
	&gh_attest_sgx, &gh_attest_nitro, &gh_attest_software,
};
const size_t gh_attest_kinds_n = sizeof gh_attest_kinds / sizeof gh_attest_kinds[0];

const struct gh_attest_kind *gh_attest_kind(const char *name)
{
	for (size_t i = 0; i < gh_attest_kinds_n; i++)
		if (strcmp(gh_attest_kinds[i]->name, name) == 0)
			return gh_attest_kinds[i];
	return NULL;
}
