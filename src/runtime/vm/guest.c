#include "runtime/vm/guest.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/ipc.h"
#include "runtime/stub_proto.h"
#include "runtime/vm/channel.h"
#include "runtime/vm/guest_int.h"

enum { PORT, STUB, LOG, FIXED };
enum { REST_MS = 2000, REST_STEP_MS = 20 };

static struct {
	int port, stub, log;
	unsigned disks; /* handed over so far */
	unsigned rest;	/* milliseconds that connections still have once the stub is gone; 0: it is not gone */
	uint8_t in[2 * (GH_FRAME_HEAD + GH_FRAME_MAX)];
	size_t n;
	struct gh_channel channel[GH_FRAME_CHANNELS];
} g;

static bool say(void *ctx, uint16_t channel, uint8_t kind, const void *p, size_t n)
{
	(void)ctx;
	gh_guest_send(g.port, channel, kind, p, n);
	return true;
}

/* What comes along with a packet in a sandbox is ours to give here: a disk for each file, the engine's socket. */
static void to_stub(struct gh_span packet)
{
	int fd = -1;
	const uint32_t kind = gh_le32(packet.p);
	if (kind == GH_SP_FILE && (fd = gh_guest_disk(g.disks++)) < 0)
		gh_guest_dead("a disk of the model");
	if (kind == GH_SP_SOCKET && (fd = gh_guest_listen()) < 0)
		gh_guest_dead("the engine's socket");
	if (g.stub >= 0)
		(void)gh_ipc_send(g.stub, packet.p, packet.n, fd,
				  0); /* when it is gone, its last words are still read */
	if (fd >= 0)
		(void)close(fd);
}

static void open_channel(struct gh_channel *c, uint16_t number)
{
	if (c->used)
		gh_guest_dead("the host broke the protocol");
	int fd = gh_guest_connect();
	gh_channel_open(c, number, fd);
	if (fd < 0)
		gh_channel_close(c, say, NULL);
}

static void on_frame(const struct gh_frame *f)
{
	struct gh_channel *c = &g.channel[f->channel];
	if (f->kind == GH_FRAME_PACKET)
		to_stub(f->body);
	else if (f->kind == GH_FRAME_OPEN)
		open_channel(c, f->channel);
	else if (f->kind == GH_FRAME_LOG || !gh_channel_frame(c, f, say, NULL))
		gh_guest_dead("the host broke the protocol");
}

static void from_host(void)
{
	ssize_t n = read(g.port, g.in + g.n, sizeof g.in - g.n);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		gh_guest_dead("the host is gone");
	g.n += (size_t)n;
	struct gh_frame f;
	size_t used, at = 0;
	enum gh_frame_rc rc;
	while ((rc = gh_frame_read((struct gh_span){ g.in + at, g.n - at }, &f, &used)) == GH_FRAME_OK) {
		on_frame(&f);
		at += used;
	}
	if (rc == GH_FRAME_BAD)
		gh_guest_dead("the host broke the protocol");
	memmove(g.in, g.in + at, g.n - at);
	g.n -= at;
}

/* False: there is nothing more. */
static bool from_log(void)
{
	uint8_t text[4096];
	ssize_t n = read(g.log, text, sizeof text);
	if (n > 0)
		gh_guest_send(g.port, 0, GH_FRAME_LOG, text, (size_t)n);
	return n > 0;
}

static bool from_stub(void)
{
	static uint8_t packet[GH_FRAME_MAX];
	ssize_t n = gh_ipc_recv(g.stub, packet, sizeof packet, NULL, 0);
	if (n >= (ssize_t)sizeof(struct gh_stub_head))
		gh_guest_send(g.port, 0, GH_FRAME_PACKET, packet, (size_t)n);
	return n >= (ssize_t)sizeof(struct gh_stub_head);
}

static bool any_open(void)
{
	for (size_t i = 1; i < GH_FRAME_CHANNELS; i++)
		if (g.channel[i].used)
			return true;
	return false;
}

static _Noreturn void over(void)
{
	if (g.log >= 0) {
		(void)fcntl(g.log, F_SETFL, O_NONBLOCK);
		while (from_log())
			;
	}
	(void)reboot(RB_POWER_OFF);
	_exit(0);
}

/* The stub has said its last word: nothing runs any more, but what the engine has answered still goes out. */
static void begin_rest(void)
{
	(void)kill(-1, SIGKILL);
	(void)close(g.stub);
	g.stub = -1;
	g.rest = REST_MS;
}

static void step(void)
{
	struct pollfd p[FIXED + GH_FRAME_CHANNELS] = { [PORT] = { .fd = g.port, .events = POLLIN },
						       [STUB] = { .fd = g.stub, .events = POLLIN },
						       [LOG] = { .fd = g.log, .events = POLLIN } };
	for (size_t i = 1; i < GH_FRAME_CHANNELS; i++) {
		p[FIXED + i].events = gh_channel_events(&g.channel[i]);
		p[FIXED + i].fd = p[FIXED + i].events != 0 ? g.channel[i].fd : -1;
	}
	p[FIXED].fd = -1;
	const int ready = poll(p, FIXED + GH_FRAME_CHANNELS, g.rest > 0 ? REST_STEP_MS : -1);
	if (g.rest > 0 && ready == 0)
		g.rest = g.rest > REST_STEP_MS ? g.rest - REST_STEP_MS : 0;
	if (g.stub < 0 && (g.rest == 0 || !any_open()))
		over();
	if (ready <= 0)
		return;
	if (p[STUB].revents != 0 && !from_stub())
		begin_rest();
	if (p[LOG].revents != 0 && !from_log())
		g.log = -1;
	for (unsigned i = 1; i < GH_FRAME_CHANNELS; i++)
		gh_channel_step(&g.channel[i], p[FIXED + i].revents, say, NULL);
	if (p[PORT].revents != 0)
		from_host();
	while (waitpid(-1, NULL, WNOHANG) > 0)
		; /* orphans are ours */
}

_Noreturn void gh_guest_main(void)
{
	g.port = gh_guest_set_up();
	(void)gh_guest_start(&g.stub, &g.log);
	for (;;)
		step();
}
