/* channel.h - one connection of a machine's stream (frame.h) and the socket that it stands for: the same on both sides.
 *
 * The owner reads frames and hands over those of this channel; polls the socket for gh_channel_events(); calls
 * gh_channel_step() when it is ready. What is to be said goes out by `say`. */
#ifndef GH_RUNTIME_VM_CHANNEL_H
#define GH_RUNTIME_VM_CHANNEL_H
#include "runtime/vm/frame.h"

struct gh_channel {
	int fd; /* not blocking; -1: none */
	uint16_t number;
	bool used;    /* between OPEN and the second CLOSE */
	bool closing; /* CLOSE was sent, the other side's is awaited */
	bool got_end; /* no DATA will come */
	bool sent_end;
	bool shut; /* the socket was told */
	struct gh_frame_window w;
	uint32_t owed;		      /* passed on, CREDIT not yet given */
	size_t at, n;		      /* of buf: what was not passed on yet */
	uint8_t buf[GH_FRAME_WINDOW]; /* a ring */
};

/* Says one frame, whole. False: the stream is gone, and the owner knows. */
typedef bool (*gh_channel_say)(void *ctx, uint16_t channel, uint8_t kind, const void *p, size_t n);

/* It begins: OPEN was sent or has come. Takes the descriptor. */
void gh_channel_open(struct gh_channel *c, uint16_t number, int fd);
/* Poll the socket for: POLLIN, POLLOUT, both or none. */
short gh_channel_events(const struct gh_channel *c);
/* The socket is ready, or failed. */
void gh_channel_step(struct gh_channel *c, short revents, gh_channel_say say, void *ctx);
/* DATA, END, CLOSE or CREDIT came for it. False: the other side broke a rule. */
bool gh_channel_frame(struct gh_channel *c, const struct gh_frame *f, gh_channel_say say, void *ctx);
/* Give up: close the socket, tell the other side. */
void gh_channel_close(struct gh_channel *c, gh_channel_say say, void *ctx);
#endif
