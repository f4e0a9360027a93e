#include "crypto/alone.h"

#include <openssl/crypto.h>

bool gh_crypto_alone(void)
{
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
					   OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
				   NULL) == 1;
}
