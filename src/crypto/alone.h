/* alone.h - OpenSSL in a process that will not be able to open files: without its configuration file and its start-up of
 * everything. */
#ifndef GH_CRYPTO_ALONE_H
#define GH_CRYPTO_ALONE_H
#include <stdbool.h>

/* Call before any other function of this room, and before the process is locked down (struct gh_lockdown.crypto). False: OpenSSL
 * cannot be had. */
bool gh_crypto_alone(void);
#endif
