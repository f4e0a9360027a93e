/* The head and the HMAC that every file of keys/ carries. */
#include "crypto/kdf.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"

enum { MAGIC = 8 };

void gh_vf_begin(const struct gh_vaultd *v, struct gh_vf_head *h, const char *magic)
{
	memcpy(h->magic, magic, MAGIC);
	h->version = GH_VF_VERSION;
	h->root_generation = v->generation;
	memcpy(h->installation, v->installation, GH_VP_ID);
}

enum gh_vault_why gh_vf_check(const struct gh_vaultd *v, const struct gh_vf_head *h, const char *magic,
			      enum gh_vault_why other, bool *previous)
{
	*previous = false;
	if (memcmp(h->magic, magic, MAGIC) != 0)
		return other;
	if (h->version > GH_VF_VERSION)
		return GH_VAULT_NEWER;
	if (h->version != GH_VF_VERSION || memcmp(h->installation, v->installation, GH_VP_ID) != 0)
		return other;
	*previous = v->has_previous && h->root_generation + 1 == v->generation;
	if (h->root_generation > v->generation)
		return GH_VAULT_ROOT_CHANGED;
	return h->root_generation == v->generation || *previous ? GH_VAULT_FINE : other;
}

bool gh_vf_mac(const uint8_t root[32], const void *p, size_t n, uint8_t mac[GH_VF_MAC])
{
	static const char info[] = "gatehouse keys file v1";
	uint8_t key[32];
	bool ok = gh_hkdf((struct gh_span){ root, 32 }, (struct gh_span){ 0 }, gh_span_str(info), key, sizeof key) &&
		  gh_hmac_sha256(key, (struct gh_span){ p, n - GH_VF_MAC }, mac);
	gh_wipe(key, sizeof key);
	return ok;
}

bool gh_vf_sealed(const uint8_t root[32], const void *p, size_t n)
{
	uint8_t mac[GH_VF_MAC];
	return gh_vf_mac(root, p, n, mac) && gh_same_bytes(mac, (const uint8_t *)p + n - GH_VF_MAC, GH_VF_MAC);
}

bool gh_vf_seal(const uint8_t root[32], void *p, size_t n)
{
	return gh_vf_mac(root, p, n, (uint8_t *)p + n - GH_VF_MAC);
}
