/* vault.h - the role `vault` (roles.h): the process that holds root, tenant and signing keys, and parses nothing but the fixed
 * structures of catalog/vault_proto.h. It has one directory, $GATEHOUSE_HOME/keys, and no network. docs/keys.md says what lies
 * there. `gatehouse --role vault KEYSDIR [TCTI]`; its socket to main is GH_ROLE_SOCK. TCTI says how the TPM is reached
 * ("device:/dev/tpmrm0") and is given only when it is used: the library is loaded, and the device opened, before the process is
 * locked down. It ends when main closes its socket. */
#ifndef GH_DAEMON_VAULT_H
#define GH_DAEMON_VAULT_H
#include <stdbool.h>

/* The role's work in this process; `lock`: give up everything else first (tests run it without, in a forked child). sock is
 * closed at the end. Returns an exit status. */
int gh_vault_serve(const char *keys, const char *tcti, int sock, bool lock);
#endif
