/* ipc.h - packets over a Unix SOCK_SEQPACKET socket, with at most one descriptor along. */
#ifndef GH_OS_IPC_H
#define GH_OS_IPC_H
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Send one packet; pass_fd >= 0 goes along. flags: 0, or MSG_DONTWAIT for a peer that may not be read from on purpose.
 * False when the peer is gone or does not take it (errno tells). */
bool gh_ipc_send(int sock, const void *p, size_t n, int pass_fd, int flags);
/* Receive one packet of at most cap bytes: its length, 0 when the peer has closed, -1 with errno (EMSGSIZE when the
 * packet was longer). A descriptor that came along is stored in *got_fd (else -1); with got_fd == NULL it is closed. */
ssize_t gh_ipc_recv(int sock, void *p, size_t cap, int *got_fd, int flags);
#endif
