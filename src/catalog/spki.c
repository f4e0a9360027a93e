#include "catalog/spki.h"

static const uint8_t ed25519[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
static const uint8_t p256[] = { 0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06,
				0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04 };

static const struct {
	const char *name;
	const uint8_t *head;
	size_t head_n, n; /* of the head; of the whole */
} forms[] = {
	{ "ed25519", ed25519, sizeof ed25519, sizeof ed25519 + 32 },
	{ "ecdsa-p256", p256, sizeof p256, sizeof p256 + 64 },
};

const char *gh_spki_alg(struct gh_span der)
{
	for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
		if (der.n == forms[i].n && memcmp(der.p, forms[i].head, forms[i].head_n) == 0)
			return forms[i].name;
	return NULL;
}
