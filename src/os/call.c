#include "os/call.h"

#include "os/ipc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { INLINE = 48 << 10, SEALS = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE, SEND_MS = 30000 };

struct packet {
	struct gh_call_head h;
	uint64_t len;	/* of the text */
	uint64_t apart; /* 1: the text lies in the descriptor */
	char text[INLINE];
};

static int sealed_copy(struct gh_span text)
{
	int fd = memfd_create("gatehouse-call", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0)
		return -1;
	for (size_t at = 0; at < text.n;) {
		ssize_t n = pwrite(fd, text.p + at, text.n - at, (off_t)at);
		if (n <= 0) {
			(void)close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS, SEALS) != 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

static bool send_packet(int sock, const struct packet *p, size_t n, int fd)
{
	while (!gh_ipc_send(sock, p, n, fd, MSG_DONTWAIT)) {
		struct pollfd w = { .fd = sock, .events = POLLOUT };
		if (errno != EAGAIN || poll(&w, 1, SEND_MS) <= 0 || (w.revents & (POLLERR | POLLHUP)) != 0)
			return false;
	}
	return true;
}

bool gh_call_send(int sock, const struct gh_call_head *h, struct gh_span text, int fd)
{
	struct packet p;
	p.h = *h;
	p.len = text.n;
	p.apart = text.n > INLINE;
	if (p.apart == 0) {
		if (text.n > 0)
			memcpy(p.text, text.p, text.n);
		return send_packet(sock, &p, offsetof(struct packet, text) + text.n, fd);
	}
	if (fd >= 0 || text.n > GH_CALL_TEXT)
		return false;
	int mem = sealed_copy(text);
	if (mem < 0)
		return false;
	bool ok = send_packet(sock, &p, offsetof(struct packet, text), mem);
	(void)close(mem);
	return ok;
}

static enum gh_rc apart(const struct packet *p, int fd, struct gh_buf *text, struct gh_err *err)
{
	struct stat st;
	if (fd < 0 || p->len > GH_CALL_TEXT || p->len <= INLINE || fstat(fd, &st) != 0 || st.st_size < 0 ||
	    (uint64_t)st.st_size != p->len || (fcntl(fd, F_GET_SEALS) & SEALS) != SEALS)
		return gh_fail(err, GH_E_BUG, "a text that is not what its head says");
	char block[16384];
	for (uint64_t at = 0; at < p->len;) {
		size_t want = p->len - at < sizeof block ? (size_t)(p->len - at) : sizeof block;
		ssize_t n = pread(fd, block, want, (off_t)at);
		if (n <= 0)
			return gh_fail_sys(err, errno, "a text cannot be read");
		gh_buf_put(text, block, (size_t)n);
		at += (uint64_t)n;
	}
	return text->full ? gh_fail(err, GH_E_NOMEM, "no memory for a text of %llu bytes", (unsigned long long)p->len)
			  : GH_OK;
}

static enum gh_rc take(const struct packet *p, size_t n, int fd, struct gh_call_head *h, struct gh_buf *text,
		       struct gh_err *err)
{
	if (n < offsetof(struct packet, text))
		return gh_fail(err, GH_E_BUG, "a packet that is too short");
	*h = p->h;
	if (p->apart == 1)
		return n == offsetof(struct packet, text) ? apart(p, fd, text, err)
							  : gh_fail(err, GH_E_BUG, "a packet that is too long");
	if (p->apart != 0 || p->len != n - offsetof(struct packet, text))
		return gh_fail(err, GH_E_BUG, "a packet whose length is wrong");
	gh_buf_put(text, p->text, (size_t)p->len);
	return text->full ? gh_fail(err, GH_E_NOMEM, "no memory for a text") : GH_OK;
}

enum gh_rc gh_call_recv(int sock, struct gh_call_head *h, struct gh_buf *text, int *fd, int wait_ms, struct gh_err *err)
{
	struct packet p;
	int got = -1;
	if (fd != NULL)
		*fd = -1;
	text->n = 0;
	struct pollfd w = { .fd = sock, .events = POLLIN };
	int r;
	while ((r = poll(&w, 1, wait_ms)) < 0 && errno == EINTR)
		;
	if (r == 0)
		return gh_fail(err, GH_E_LIMIT, "no answer within %d s", wait_ms / 1000);
	ssize_t n = gh_ipc_recv(sock, &p, sizeof p, &got, 0);
	if (n == 0 || (n < 0 && errno == ECONNRESET)) {
		if (got >= 0)
			(void)close(got);
		return gh_fail(err, GH_E_ABSENT, "the other process has ended");
	}
	if (n < 0)
		return errno == EMSGSIZE ? gh_fail(err, GH_E_BUG, "a packet that is too long")
					 : gh_fail_sys(err, errno, "a socket");
	enum gh_rc rc = take(&p, (size_t)n, got, h, text, err);
	if (got >= 0 && (rc != GH_OK || p.apart == 1 || fd == NULL))
		(void)close(got);
	else if (fd != NULL)
		*fd = got;
	return rc;
}
