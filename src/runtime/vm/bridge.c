#include "runtime/vm/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/ipc.h"
#include "runtime/stub_proto.h"
#include "runtime/vm/channel.h"

enum {
	STREAM,
	TALK,
	LISTEN,
	STOP,
	FIXED,
	/* A window for each channel and direction, credits, and packets of the stub's protocol, of which few are under way. */
	OUT_MAX = GH_FRAME_CHANNELS * (GH_FRAME_WINDOW + 4096) + (4 << 20),
};

struct gh_bridge {
	pthread_t thread;
	bool started, broken;
	int stream, talk, log, listen;
	int stop[2];
	uint8_t *out; /* OUT_MAX: what waits for the stream */
	size_t at, n;
	uint8_t in[2 * (GH_FRAME_HEAD + GH_FRAME_MAX)];
	size_t nin;
	struct gh_channel channel[GH_FRAME_CHANNELS];
};

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static void flush(struct gh_bridge *b)
{
	while (b->n > 0) {
		ssize_t w = send(b->stream, b->out + b->at, b->n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0 && errno == EAGAIN)
			return;
		if (w <= 0) {
			b->broken = true;
			return;
		}
		b->at += (size_t)w;
		b->n -= (size_t)w;
	}
	b->at = 0;
}

static bool say(void *ctx, uint16_t channel, uint8_t kind, const void *p, size_t n)
{
	struct gh_bridge *b = ctx;
	if (OUT_MAX - b->at - b->n < GH_FRAME_HEAD + n) {
		memmove(b->out, b->out + b->at, b->n);
		b->at = 0;
	}
	if (OUT_MAX - b->n < GH_FRAME_HEAD + n) { /* more than the windows allow: cannot be, so it ends */
		b->broken = true;
		return false;
	}
	gh_frame_head(channel, kind, (uint32_t)n, b->out + b->at + b->n);
	if (n > 0)
		memcpy(b->out + b->at + b->n + GH_FRAME_HEAD, p, n);
	b->n += GH_FRAME_HEAD + n;
	return true;
}

/* ---- from the guest --------------------------------------------------------------------------------------------------------- */

static void on_frame(struct gh_bridge *b, const struct gh_frame *f)
{
	if (f->kind == GH_FRAME_PACKET)
		b->broken = b->broken || !gh_ipc_send(b->talk, f->body.p, f->body.n, -1, MSG_DONTWAIT);
	else if (f->kind == GH_FRAME_LOG) {
		ssize_t ignored = write(b->log, f->body.p, f->body.n);
		(void)ignored;
	} else if (f->kind == GH_FRAME_OPEN || !gh_channel_frame(&b->channel[f->channel], f, say, b))
		b->broken = true;
}

static void from_guest(struct gh_bridge *b)
{
	ssize_t n = recv(b->stream, b->in + b->nin, sizeof b->in - b->nin, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		b->broken = true;
		return;
	}
	b->nin += (size_t)n;
	struct gh_frame f;
	size_t used, at = 0;
	enum gh_frame_rc rc = GH_FRAME_MORE;
	while (!b->broken &&
	       (rc = gh_frame_read((struct gh_span){ b->in + at, b->nin - at }, &f, &used)) == GH_FRAME_OK) {
		on_frame(b, &f);
		at += used;
	}
	b->broken = b->broken || rc == GH_FRAME_BAD;
	memmove(b->in, b->in + at, b->nin - at);
	b->nin -= at;
}

/* ---- from the launcher, and from who connects -------------------------------------------------------------------------------- */

static void from_launcher(struct gh_bridge *b)
{
	static _Thread_local uint8_t packet[GH_FRAME_MAX];
	ssize_t n = gh_ipc_recv(b->talk, packet, sizeof packet, NULL, MSG_DONTWAIT);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < (ssize_t)sizeof(struct gh_stub_head)) {
		b->broken = true;
		return;
	}
	(void)say(b, 0, GH_FRAME_PACKET, packet, (size_t)n);
}

static struct gh_channel *free_channel(struct gh_bridge *b)
{
	for (unsigned i = 1; i < GH_FRAME_CHANNELS; i++)
		if (!b->channel[i].used) {
			b->channel[i].number = (uint16_t)i;
			return &b->channel[i];
		}
	return NULL;
}

static void from_outside(struct gh_bridge *b)
{
	struct gh_channel *c = free_channel(b);
	int fd = c == NULL ? -1 : accept4(b->listen, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	gh_channel_open(c, c->number, fd);
	(void)say(b, c->number, GH_FRAME_OPEN, NULL, 0);
}

/* ---- the thread --------------------------------------------------------------------------------------------------------------- */

static bool step(struct gh_bridge *b)
{
	struct pollfd p[FIXED + GH_FRAME_CHANNELS] = {
		[STREAM] = { .fd = b->stream, .events = (short)(POLLIN | (b->n > 0 ? POLLOUT : 0)) },
		[TALK] = { .fd = b->talk, .events = POLLIN },
		/* All numbers taken: who connects now waits in the socket's queue. */
		[LISTEN] = { .fd = free_channel(b) != NULL ? b->listen : -1, .events = POLLIN },
		[STOP] = { .fd = b->stop[0], .events = POLLIN },
		[FIXED] = { .fd = -1 },
	};
	for (size_t i = 1; i < GH_FRAME_CHANNELS; i++) {
		p[FIXED + i].events = gh_channel_events(&b->channel[i]);
		p[FIXED + i].fd = p[FIXED + i].events != 0 ? b->channel[i].fd : -1;
	}
	if (poll(p, FIXED + GH_FRAME_CHANNELS, -1) < 0)
		return errno == EINTR;
	if (p[STOP].revents != 0)
		return false;
	if (p[STREAM].revents != 0)
		from_guest(b);
	if (p[TALK].revents != 0 && !b->broken)
		from_launcher(b);
	if (p[LISTEN].revents != 0)
		from_outside(b);
	for (unsigned i = 1; i < GH_FRAME_CHANNELS && !b->broken; i++)
		gh_channel_step(&b->channel[i], p[FIXED + i].revents, say, b);
	if (!b->broken)
		flush(b);
	return !b->broken;
}

static void *work(void *arg)
{
	struct gh_bridge *b = arg;
	while (step(b))
		;
	/* The launcher sees the end of its socket, and ends the machine. */
	(void)shutdown(b->talk, SHUT_RDWR);
	(void)shutdown(b->stream, SHUT_RDWR);
	for (size_t i = 1; i < GH_FRAME_CHANNELS; i++)
		if (b->channel[i].used)
			shut(&b->channel[i].fd);
	shut(&b->listen);
	return NULL;
}

enum gh_rc gh_bridge_start(int stream, int talk, int log, int listening, struct gh_bridge **out, struct gh_err *err)
{
	*out = NULL;
	struct gh_bridge *b = calloc(1, sizeof *b);
	uint8_t *queue = malloc(OUT_MAX);
	if (b == NULL || queue == NULL) {
		(void)close(stream);
		(void)close(talk);
		(void)close(log);
		(void)close(listening);
		free(queue);
		free(b);
		return gh_fail(err, GH_E_NOMEM, "no memory for a machine's stream");
	}
	b->stream = stream;
	b->talk = talk;
	b->log = log;
	b->out = queue;
	b->listen = listening;
	b->stop[0] = b->stop[1] = -1;
	for (size_t i = 0; i < GH_FRAME_CHANNELS; i++)
		b->channel[i].fd = -1;
	(void)fcntl(log, F_SETFL, O_NONBLOCK);
	(void)fcntl(listening, F_SETFL, O_NONBLOCK);
	int e = pipe2(b->stop, O_CLOEXEC) != 0 ? errno : pthread_create(&b->thread, NULL, work, b);
	b->started = e == 0;
	if (e != 0) {
		gh_bridge_close(b);
		return gh_fail_sys(err, e, "a thread for a machine's stream");
	}
	*out = b;
	return GH_OK;
}

void gh_bridge_close(struct gh_bridge *b)
{
	if (b == NULL)
		return;
	if (b->started) {
		shut(&b->stop[1]); /* a pipe without writers is ready */
		(void)pthread_join(b->thread, NULL);
	}
	int *fds[] = { &b->stop[0], &b->stop[1], &b->stream, &b->talk, &b->log, &b->listen };
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		shut(fds[i]);
	free(b->out);
	free(b);
}
