/* secret.h - memory for keys: locked (never swapped), between two guard pages, left out of core dumps, empty in a forked child,
 * and wiped when it is given back.
 *
 * One secret per mapping: small programs hold few of them. RLIMIT_MEMLOCK bounds how much may be locked; each takes whole
 * pages. */
#ifndef GH_CRYPTO_SECRET_H
#define GH_CRYPTO_SECRET_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* n zeroed bytes, or NULL with errno: ENOMEM or EPERM when so much may not be locked (RLIMIT_MEMLOCK). The bytes end at the
 * upper guard page, so that a write past their end traps. */
void *gh_secret_new(size_t n);
/* Wipe and unmap; NULL: nothing. */
void gh_secret_free(void *p);
/* Read-only until the next call. False with errno. */
bool gh_secret_seal(void *p, bool read_only);

/* Let OpenSSL keep private keys in locked memory too (64 KiB, once per process). False: it may not be locked. */
bool gh_secret_heap(void);

/* Overwrite in a way the compiler keeps. */
void gh_wipe(void *p, size_t n);
/* Are the n bytes equal? The time does not depend on where they differ. */
bool gh_same_bytes(const void *a, const void *b, size_t n);
/* Random bytes for keys, from OpenSSL's generator. False: it failed; nothing may be made with what is in p. */
bool gh_random(void *p, size_t n);
#endif
