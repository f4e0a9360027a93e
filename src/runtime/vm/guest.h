/* guest.h - the first process of a microVM: gatehouse-stub when it is process 1.
 *
 * It mounts what programs expect, loads the drivers that the initramfs lists in /modules (one path a line, in order), opens the
 * virtio-serial port, and starts the stub proper by executing itself again as another process: as nobody, without rights, with a
 * socket as its descriptor 3, so that the stub is the same program in a sandbox and in a machine. Then it passes frames on
 * (frame.h): packets between host and stub, and connections to the engine's socket. The encrypted files of the model are the
 * block devices, in the order in which the launcher names the files.
 *
 * Whatever goes wrong ends the machine. It parses nothing of the model and holds no key. */
#ifndef GH_RUNTIME_VM_GUEST_H
#define GH_RUNTIME_VM_GUEST_H

/* Never returns: switches the machine off. */
_Noreturn void gh_guest_main(void);
#endif
