/* What a guest says on its stream: frames, and what they do to a connection. Nothing passes a window, nothing overruns. */
#include "runtime/vm/channel.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static bool count(void *ctx, uint16_t channel, uint8_t kind, const void *q, size_t k)
{
	(void)q;
	size_t *said = ctx;
	if (channel == 0 || channel >= GH_FRAME_CHANNELS || kind == 0 || kind >= GH_FRAME_KINDS || k > GH_FRAME_MAX)
		abort();
	*said += 1;
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct gh_channel c[GH_FRAME_CHANNELS];
	int pair[2];
	size_t said = 0, used, at = 0;
	struct gh_frame f;
	for (size_t i = 0; i < GH_FRAME_CHANNELS; i++)
		c[i] = (struct gh_channel){ .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0)
		return 0;
	gh_channel_open(&c[1], 1, pair[0]);
	while (gh_frame_read((struct gh_span){ p + at, n - at }, &f, &used) == GH_FRAME_OK) {
		if (used > n - at || f.body.n > GH_FRAME_MAX || (f.channel == 0) != (f.kind <= GH_FRAME_LOG))
			abort();
		if (f.channel != 0 && f.kind != GH_FRAME_OPEN && !gh_channel_frame(&c[f.channel], &f, count, &said))
			break;
		if (c[1].n > GH_FRAME_WINDOW || c[1].w.send > GH_FRAME_WINDOW || c[1].w.get > GH_FRAME_WINDOW)
			abort();
		at += used;
	}
	gh_channel_close(&c[1], count, &said);
	(void)close(pair[1]);
	return 0;
}
