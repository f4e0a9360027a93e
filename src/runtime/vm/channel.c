#include "runtime/vm/channel.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum { CREDIT_STEP = GH_FRAME_WINDOW / 4 }; /* not a frame for each byte */

void gh_channel_open(struct gh_channel *c, uint16_t number, int fd)
{
	c->fd = fd;
	c->number = number;
	c->used = true;
	c->closing = c->got_end = c->sent_end = c->shut = false;
	c->w = (struct gh_frame_window){ GH_FRAME_WINDOW, GH_FRAME_WINDOW };
	c->owed = 0;
	c->at = c->n = 0;
}

short gh_channel_events(const struct gh_channel *c)
{
	if (!c->used || c->fd < 0)
		return 0;
	return (short)((!c->sent_end && c->w.send > 0 ? POLLIN : 0) | (c->n > 0 ? POLLOUT : 0));
}

static void drop(struct gh_channel *c)
{
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->n = 0;
}

void gh_channel_close(struct gh_channel *c, gh_channel_say say, void *ctx)
{
	drop(c);
	if (c->used && !c->closing) {
		c->closing = true;
		(void)say(ctx, c->number, GH_FRAME_CLOSE, NULL, 0);
	}
}

/* Both directions have ended, and all was passed on. */
static void maybe_over(struct gh_channel *c, gh_channel_say say, void *ctx)
{
	if (c->got_end && c->n == 0 && !c->shut && c->fd >= 0) {
		c->shut = true;
		(void)shutdown(c->fd, SHUT_WR);
	}
	if (c->sent_end && c->shut)
		gh_channel_close(c, say, ctx);
}

static void pass_on(struct gh_channel *c, gh_channel_say say, void *ctx)
{
	while (c->n > 0) {
		const size_t first = c->n < sizeof c->buf - c->at ? c->n : sizeof c->buf - c->at;
		ssize_t w = send(c->fd, c->buf + c->at, first, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN)
			break;
		if (w <= 0) {
			gh_channel_close(c, say, ctx);
			return;
		}
		c->at = (c->at + (size_t)w) % sizeof c->buf;
		c->n -= (size_t)w;
		c->owed += (uint32_t)w;
	}
	if (c->owed >= CREDIT_STEP || (c->n == 0 && c->owed > 0)) {
		uint8_t credit[4];
		for (int i = 0; i < 4; i++)
			credit[i] = (uint8_t)(c->owed >> (8 * i));
		c->w.get += c->owed;
		c->owed = 0;
		if (!c->got_end)
			(void)say(ctx, c->number, GH_FRAME_CREDIT, credit, sizeof credit);
	}
}

static void take(struct gh_channel *c, gh_channel_say say, void *ctx)
{
	uint8_t data[16384];
	const size_t room = c->w.send < sizeof data ? c->w.send : sizeof data;
	ssize_t n = recv(c->fd, data, room, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0) {
		gh_channel_close(c, say, ctx);
		return;
	}
	if (n == 0) {
		c->sent_end = true;
		(void)say(ctx, c->number, GH_FRAME_END, NULL, 0);
		return;
	}
	c->w.send -= (uint32_t)n;
	(void)say(ctx, c->number, GH_FRAME_DATA, data, (size_t)n);
}

void gh_channel_step(struct gh_channel *c, short revents, gh_channel_say say, void *ctx)
{
	if (!c->used || c->fd < 0 || revents == 0)
		return;
	if ((revents & POLLERR) != 0) {
		gh_channel_close(c, say, ctx);
		return;
	}
	if ((revents & POLLOUT) != 0 && c->n > 0)
		pass_on(c, say, ctx);
	if ((revents & (POLLIN | POLLHUP)) != 0 && c->fd >= 0 && !c->sent_end && c->w.send > 0)
		take(c, say, ctx);
	/* Hung up, and there is nothing left to read: nobody will take what is still to be passed on. */
	if ((revents & POLLHUP) != 0 && c->fd >= 0 && c->sent_end)
		gh_channel_close(c, say, ctx);
	if (c->used && !c->closing)
		maybe_over(c, say, ctx);
}

static bool data(struct gh_channel *c, struct gh_span s, gh_channel_say say, void *ctx)
{
	if (c->got_end || !gh_frame_got(&c->w, s.n) || s.n > sizeof c->buf - c->n)
		return false;
	for (size_t done = 0; done < s.n;) {
		const size_t to = (c->at + c->n) % sizeof c->buf;
		const size_t k = s.n - done < sizeof c->buf - to ? s.n - done : sizeof c->buf - to;
		memcpy(c->buf + to, s.p + done, k);
		c->n += k;
		done += k;
	}
	pass_on(c, say, ctx);
	return true;
}

bool gh_channel_frame(struct gh_channel *c, const struct gh_frame *f, gh_channel_say say, void *ctx)
{
	if (!c->used)
		return false;
	if (f->kind == GH_FRAME_CLOSE) {
		drop(c);
		if (!c->closing)
			(void)say(ctx, c->number, GH_FRAME_CLOSE, NULL, 0);
		c->used = c->closing = false;
		return true;
	}
	if (f->kind == GH_FRAME_CREDIT)
		return gh_frame_given(&c->w, gh_frame_credit(f->body));
	if (c->closing) /* it had not heard of it when it said this */
		return f->kind == GH_FRAME_DATA ? !c->got_end && gh_frame_got(&c->w, f->body.n)
						: f->kind == GH_FRAME_END;
	if (f->kind == GH_FRAME_END) {
		if (c->got_end)
			return false;
		c->got_end = true;
		maybe_over(c, say, ctx);
		return true;
	}
	return f->kind == GH_FRAME_DATA && data(c, f->body, say, ctx);
}
