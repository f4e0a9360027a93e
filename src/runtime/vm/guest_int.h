/* guest_int.h - what the parts of the guest's first process share. */
#ifndef GH_RUNTIME_VM_GUEST_INT_H
#define GH_RUNTIME_VM_GUEST_INT_H
#include "runtime/vm/frame.h"

#include <sys/types.h>

enum { GH_GUEST_NOBODY = 65534 };

/* Print one line to the console and switch off. */
_Noreturn void gh_guest_dead(const char *what);
/* Mounts, drivers, the port: its descriptor. */
int gh_guest_set_up(void);
/* Start the stub. *log: what it and the engine print. *sock: the packets. */
pid_t gh_guest_start(int *sock, int *log);
/* A block device of the model, read-only. */
int gh_guest_disk(unsigned i);
/* The engine's listening socket, which the stub inherits. */
int gh_guest_listen(void);
/* A connection to it; not blocking. -1: errno. */
int gh_guest_connect(void);

/* Write one frame to the port, whole; the host reads always. */
void gh_guest_send(int port, uint16_t channel, uint8_t kind, const void *p, size_t n);
#endif
