#include "runtime/vm/frame.h"

/* How long a payload may be, and on which channels a kind may come. */
static const struct {
	uint32_t min, max;
	bool control, connection;
} kinds[GH_FRAME_KINDS] = {
	[GH_FRAME_PACKET] = { .min = 8, .max = GH_FRAME_MAX, .control = true },
	[GH_FRAME_LOG] = { .min = 1, .max = GH_FRAME_MAX, .control = true },
	[GH_FRAME_OPEN] = { .connection = true },
	[GH_FRAME_DATA] = { .min = 1, .max = GH_FRAME_WINDOW, .connection = true },
	[GH_FRAME_END] = { .connection = true },
	[GH_FRAME_CLOSE] = { .connection = true },
	[GH_FRAME_CREDIT] = { .min = 4, .max = 4, .connection = true },
};

enum gh_frame_rc gh_frame_read(struct gh_span in, struct gh_frame *f, size_t *used)
{
	if (in.n < GH_FRAME_HEAD)
		return GH_FRAME_MORE;
	const uint16_t channel = gh_le16(in.p);
	const uint8_t kind = in.p[2];
	const uint32_t n = gh_le32(in.p + 4);
	if (kind >= GH_FRAME_KINDS || channel >= GH_FRAME_CHANNELS || in.p[3] != 0)
		return GH_FRAME_BAD;
	if (!(channel == 0 ? kinds[kind].control : kinds[kind].connection) || n < kinds[kind].min ||
	    n > kinds[kind].max)
		return GH_FRAME_BAD;
	if (in.n - GH_FRAME_HEAD < n)
		return GH_FRAME_MORE;
	*f = (struct gh_frame){ .channel = channel, .kind = kind, .body = { in.p + GH_FRAME_HEAD, n } };
	*used = GH_FRAME_HEAD + n;
	return GH_FRAME_OK;
}

void gh_frame_head(uint16_t channel, uint8_t kind, uint32_t n, uint8_t out[GH_FRAME_HEAD])
{
	out[0] = (uint8_t)channel;
	out[1] = (uint8_t)(channel >> 8);
	out[2] = kind;
	out[3] = 0;
	for (int i = 0; i < 4; i++)
		out[4 + i] = (uint8_t)(n >> (8 * i));
}

uint32_t gh_frame_credit(struct gh_span body) { return gh_le32(body.p); }

bool gh_frame_got(struct gh_frame_window *w, size_t n)
{
	if (n > w->get)
		return false;
	w->get -= (uint32_t)n;
	return true;
}

bool gh_frame_given(struct gh_frame_window *w, uint32_t n)
{
	if (n > GH_FRAME_WINDOW - w->send)
		return false;
	w->send += n;
	return true;
}
