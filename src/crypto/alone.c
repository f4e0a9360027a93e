#include "crypto/alone.h"

#include <openssl/crypto.h>
#include <time.h>

bool gh_crypto_alone(void)
{
	tzset(); /* OpenSSL calls gmtime_r(), and the C library then looks for the file of the time zone, once */
	return OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_NO_ATEXIT |
					   OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS,
				   NULL) == 1;
}
