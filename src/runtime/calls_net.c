/* Sockets of a watched program. No socket of a network exists in the jail: instead of one, it gets an unconnected local
 * socket, so that it goes on and says where it wanted to go, to which name, and what it wanted to send. */
#include "runtime/calls.h"
#include "runtime/watch_int.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

enum { ADDRESS = 128, PAYLOAD = 512, SHOWN = 120, DNS_PORT = 53 };

static const char *family_name(int f)
{
	static const struct {
		int family;
		const char *name;
	} names[] = { { AF_INET, "internet" },	    { AF_INET6, "internet (IPv6)" }, { AF_NETLINK, "netlink" },
		      { AF_PACKET, "packet" },	    { AF_VSOCK, "vsock" },	     { AF_ALG, "kernel crypto" },
		      { AF_BLUETOOTH, "bluetooth" } };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].family == f)
			return names[i].name;
	return "unusual";
}

static void on_socket(struct gh_watcher *w, struct gh_notice *n)
{
	int family = (int)n->arg[0], type = (int)n->arg[1] & 0xf;
	bool inet = family == AF_INET || family == AF_INET6;
	if (family == AF_NETLINK) { /* how the C library asks which addresses the machine has */
		gh_notice_refuse(n, EAFNOSUPPORT);
		return;
	}
	if ((!inet && family != AF_UNIX) || (type != SOCK_STREAM && type != SOCK_DGRAM)) {
		gh_watch_note(w, GH_DET_NET, "would have opened a%s %s socket",
			      family_name(family)[0] == 'i' ? "n" : "",
			      type == SOCK_RAW && inet ? "raw internet" : family_name(family));
		gh_watch_refuse(w, n, EPERM);
		return;
	}
	struct stat st;
	/* Of a kind that sends to no address, whatever is asked of it. */
	int kind = type == SOCK_STREAM ? SOCK_STREAM : SOCK_SEQPACKET;
	int fd = socket(AF_UNIX, kind | SOCK_CLOEXEC | ((int)n->arg[1] & SOCK_NONBLOCK), 0);
	if (fd < 0 || fstat(fd, &st) != 0 || w->nstand_in >= GH_STAND_INS) {
		gh_watch_note(w, GH_DET_NET, "would have opened more and more sockets");
		gh_watch_refuse(w, n, EMFILE);
	} else {
		w->stand_in[w->nstand_in++] = (uint64_t)st.st_ino;
		if (inet)
			gh_watch_note(w, GH_DET_NET, "opened an %s socket (%s)", family_name(family),
				      type == SOCK_STREAM ? "stream" : "datagram");
		gh_notice_give(n, fd, ((int)n->arg[1] & SOCK_CLOEXEC) != 0);
	}
	if (fd >= 0)
		(void)close(fd);
}

/* Is it one of ours, or a pair that the program made for itself? Not knowing counts as ours. */
static bool stands_in(struct gh_watcher *w, struct gh_notice *n)
{
	char what[32], link[100];
	(void)snprintf(what, sizeof what, "fd/%d", (int)n->arg[0]);
	if (!gh_notice_link(n, what, link, sizeof link) || strncmp(link, "socket:[", 8) != 0)
		return true;
	uint64_t inode = strtoull(link + 8, NULL, 10);
	for (size_t i = 0; i < w->nstand_in; i++)
		if (w->stand_in[i] == inode)
			return true;
	return false;
}

/* The resolver of the C library: its address in the jail's resolv.conf, and the cache daemon it tries first. */
static bool resolver(const uint8_t *a, size_t n)
{
	struct sockaddr_in in;
	if (n < sizeof in)
		return false;
	memcpy(&in, a, sizeof in);
	return in.sin_family == AF_INET && ntohs(in.sin_port) == DNS_PORT &&
	       ntohl(in.sin_addr.s_addr) == INADDR_LOOPBACK;
}
static bool name_cache(const uint8_t *a, size_t n)
{
	static const char path[] = "/var/run/nscd/socket";
	sa_family_t family = 0;
	if (n >= sizeof family)
		memcpy(&family, a, sizeof family);
	size_t at = offsetof(struct sockaddr_un, sun_path);
	return family == AF_UNIX && n >= at + sizeof path - 1 && memcmp(a + at, path, sizeof path - 1) == 0;
}

static size_t address(struct gh_notice *n, uint64_t at, uint64_t len, uint8_t out[ADDRESS])
{
	return at == 0 ? 0 : gh_notice_read(n, at, out, len > ADDRESS ? ADDRESS : (size_t)len);
}

static void on_address(struct gh_watcher *w, struct gh_notice *n, const char *verb)
{
	uint8_t a[ADDRESS];
	size_t len = address(n, n->arg[1], n->arg[2] & 0xffffffff, a);
	if (name_cache(a, len)) {
		gh_notice_refuse(n, ENOENT);
		return;
	}
	if (n->nr == SYS_connect && resolver(a, len)) {
		gh_notice_return(n, 0); /* what it asks is seen when it sends */
		return;
	}
	gh_auto_buf b = gh_buf(400);
	(void)gh_address_text(&b, a, len);
	gh_watch_note(w, GH_DET_NET, "would have %s %s", verb, gh_buf_cstr(&b));
	gh_watch_refuse(w, n, ENETUNREACH);
}

static void sent(struct gh_watcher *w, const uint8_t *a, size_t alen, const uint8_t *data, size_t n)
{
	gh_auto_buf to = gh_buf(400), what = gh_buf(800);
	if (gh_dns_name(&what, data, n)) {
		gh_watch_note(w, GH_DET_NET, "asked for the address of %s", gh_buf_cstr(&what));
		return;
	}
	if (alen != 0)
		(void)gh_address_text(&to, a, alen);
	gh_buf_safe(&what, (struct gh_span){ data, n }, SHOWN);
	gh_watch_note(w, GH_DET_NET, "would have sent%s%s: %s", alen != 0 ? " to " : "", gh_buf_cstr(&to),
		      gh_buf_cstr(&what));
}

/* The first buffer of a message: enough to say what it was. */
static void sent_message(struct gh_watcher *w, struct gh_notice *n)
{
	uint64_t head[4] = { 0 }, iov[2] = { 0 }; /* struct msghdr: name, its length, buffers, their number */
	uint8_t a[ADDRESS], data[PAYLOAD];
	(void)gh_notice_read(n, n->arg[1], head, sizeof head);
	(void)gh_notice_read(n, head[2], iov, sizeof iov);
	size_t alen = address(n, head[0], head[1] & 0xffffffff, a);
	size_t len = gh_notice_read(n, iov[0], data, iov[1] > PAYLOAD ? PAYLOAD : (size_t)iov[1]);
	sent(w, a, alen, data, len);
}

static void on_send(struct gh_watcher *w, struct gh_notice *n)
{
	if (!stands_in(w, n)) { /* a pair that it made for itself */
		if (n->nr == SYS_sendto && n->arg[4] == 0)
			gh_notice_allow(n);
		else /* the address of a message lies in memory, where it can be changed */
			gh_watch_refuse(w, n, EPERM);
		return;
	}
	if (n->nr == SYS_sendto) {
		uint8_t a[ADDRESS], data[PAYLOAD];
		size_t len = gh_notice_read(n, n->arg[1], data, n->arg[2] > PAYLOAD ? PAYLOAD : (size_t)n->arg[2]);
		size_t alen = address(n, n->arg[4], n->arg[5] & 0xffffffff, a);
		sent(w, a, alen, data, len);
	} else
		sent_message(w, n);
	gh_watch_refuse(w, n, ECONNREFUSED);
}

/* Settings of an internet socket that the stand-in does not have: taken, so that the program goes on. */
static void on_option(struct gh_watcher *w, struct gh_notice *n)
{
	if ((int)n->arg[1] != SOL_SOCKET && stands_in(w, n))
		gh_notice_return(n, 0);
	else
		gh_notice_allow(n);
}

void gh_watch_socket_call(struct gh_watcher *w, struct gh_notice *n)
{
	switch (n->nr) {
	case SYS_socket: on_socket(w, n); break;
	case SYS_connect: on_address(w, n, "connected to"); break;
	case SYS_bind: on_address(w, n, "bound to"); break;
	case SYS_setsockopt: on_option(w, n); break;
	case SYS_sendto:
	case SYS_sendmsg:
	case SYS_sendmmsg: on_send(w, n); break;
	default: gh_watch_note(w, GH_DET_NET, "would have waited for connections"); gh_watch_refuse(w, n, EPERM);
	}
}
