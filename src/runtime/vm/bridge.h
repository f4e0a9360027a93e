/* bridge.h - the host's side of a microVM's stream: what makes a guest look like a stub in a sandbox.
 *
 * A thread of its own reads and writes the stream (frame.h) and, on the other side, a SOCK_SEQPACKET socket on which the launcher
 * believes to talk to the stub (stub_proto.h). Descriptors cannot travel into the guest and are dropped: the machine has
 * the disks, and makes the engine's socket itself; connections to the listening socket outside are carried there. What the
 * guest prints goes into a pipe, of which a reader that is too slow loses the rest.
 *
 * The guest is hostile as soon as the engine runs: a frame that breaks the rules ends the bridge, and with it the machine. */
#ifndef GH_RUNTIME_VM_BRIDGE_H
#define GH_RUNTIME_VM_BRIDGE_H
#include "base/err.h"

struct gh_bridge;

/* listening: the socket that clients connect to. All descriptors are taken in any case. GH_E_NOMEM, GH_E_IO. */
enum gh_rc gh_bridge_start(int stream, int talk, int log, int listening, struct gh_bridge **out, struct gh_err *err);
/* Ends the thread, closes everything. NULL is fine. */
void gh_bridge_close(struct gh_bridge *b);
#endif
