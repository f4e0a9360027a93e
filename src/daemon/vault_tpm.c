/* The TPM as a way to open the root key. */
#include "daemon/vault_int.h"

bool gh_vd_tpm_open(struct gh_vaultd *v) { return v->tpm == NULL; }
void gh_vd_tpm_close(struct gh_vaultd *v) { (void)v; }
enum gh_vault_why gh_vd_tpm_seal(struct gh_vaultd *v, struct gh_vf_slot *s, const uint8_t secret[32], uint64_t *sys)
{
	(void)v, (void)s, (void)secret, (void)sys;
	return GH_VAULT_NO_TPM;
}
enum gh_vault_why gh_vd_tpm_unseal(struct gh_vaultd *v, const struct gh_vf_slot *s, uint8_t secret[32], uint64_t *sys)
{
	(void)v, (void)s, (void)secret, (void)sys;
	return GH_VAULT_NO_TPM;
}
