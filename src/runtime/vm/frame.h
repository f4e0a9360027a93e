/* frame.h - what a launcher and the guest of a microVM say over the one byte stream that connects them (virtio-serial).
 *
 * A frame is a head of eight bytes, little-endian, and its payload:
 *
 *	0  uint16  channel: 0 is the guest itself, 1 to GH_FRAME_CHANNELS - 1 are connections to the engine's socket
 *	2  uint8   kind (enum gh_frame_kind)
 *	3  uint8   zero
 *	4  uint32  bytes of payload, at most GH_FRAME_MAX
 *
 * Channel 0 carries the packets of runtime/stub_proto.h (PACKET; one frame a packet) and what the guest prints (LOG). Connections
 * are opened by the host only. Whoever sends DATA has GH_FRAME_WINDOW bytes to begin with, and more as the other side gives
 * CREDIT for what it has passed on: so no connection holds up another, and nobody has to keep more than a window for each.
 * A frame that breaks these rules comes from an attacker: the reader ends the connection to the other side, not only the channel.
 *
 * Pure: bytes in, values out. */
#ifndef GH_RUNTIME_VM_FRAME_H
#define GH_RUNTIME_VM_FRAME_H
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	GH_FRAME_HEAD = 8,
	GH_FRAME_MAX = 65536, /* of a payload: the longest packet of the stub's protocol */
	GH_FRAME_CHANNELS = 65,
	GH_FRAME_WINDOW = 65536,
};

enum gh_frame_kind {
	GH_FRAME_PACKET = 1, /* channel 0: a packet of the stub's protocol */
	GH_FRAME_LOG,	     /* channel 0, from the guest: what was printed */
	GH_FRAME_OPEN,	     /* from the host, empty: connect to the engine */
	GH_FRAME_DATA,	     /* 1 to GH_FRAME_WINDOW bytes, within what the receiver gave credit for */
	GH_FRAME_END,	     /* empty: no DATA follows in this direction */
	GH_FRAME_CLOSE, /* empty: the channel is over in both directions; answered by CLOSE, then its number is free again */
	GH_FRAME_CREDIT, /* uint32: so many bytes more */
	GH_FRAME_KINDS
};

struct gh_frame {
	uint16_t channel;
	uint8_t kind;
	struct gh_span body; /* in the bytes that were given */
};

enum gh_frame_rc {
	GH_FRAME_OK,
	GH_FRAME_MORE, /* not a whole frame yet */
	GH_FRAME_BAD,
};

/* The frame at the beginning of `in`. *used: bytes of it, when OK. Which kinds may come now is the caller's question; that lengths
 * and channels fit the kind is answered here. */
enum gh_frame_rc gh_frame_read(struct gh_span in, struct gh_frame *f, size_t *used);
void gh_frame_head(uint16_t channel, uint8_t kind, uint32_t n, uint8_t out[GH_FRAME_HEAD]);
/* The number in CREDIT. */
uint32_t gh_frame_credit(struct gh_span body);

/* What one side of a connection may still send, and what it still may get. Both begin with GH_FRAME_WINDOW. */
struct gh_frame_window {
	uint32_t send, get;
};
/* False: the other side broke the rule. */
bool gh_frame_got(struct gh_frame_window *w, size_t n);	    /* DATA arrived */
bool gh_frame_given(struct gh_frame_window *w, uint32_t n); /* CREDIT arrived */
#endif
