/* secrets.h - credentials in texts: tokens of providers, private keys, passwords. See secrets.c.
 *
 * gh_secrets_look() is the check without its events, for tests and for the fuzz target: each credential that starts in
 * [from, to) of the window s is handed to found() with its place in the window. */
#ifndef GH_CHECK_SECRETS_H
#define GH_CHECK_SECRETS_H
#include "check/check.h"
#include "wire/keywords.h"

extern const struct gh_check gh_check_secrets;

struct gh_secret;
void gh_secrets_look(const struct gh_kw *k, struct gh_span s, size_t from, size_t to,
		     void (*found)(void *arg, const struct gh_secret *, size_t at), void *arg);
#endif
