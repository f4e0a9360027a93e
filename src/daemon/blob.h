/* blob.h - the role `blob` (roles.h): encrypts and decrypts between descriptors it is handed, with keys that come from the vault
 * over a socket of their own; catalog/blob_proto.h is its protocol. GH_ROLE_SOCK is main's socket, GH_BLOB_VAULT the vault's.
 * It opens no file by name, makes no socket and no process, and ends when main closes its socket. */
#ifndef GH_DAEMON_BLOB_H
#define GH_DAEMON_BLOB_H
#include <stdbool.h>

enum { GH_BLOB_VAULT = 4 };

/* The role's work; `lock`: give up everything else first. Both sockets are closed at the end. Returns an exit status. */
int gh_blob_serve(int control, int vault, bool lock);
#endif
