#include "scan/clamd.h"

#include "base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { CHUNK = 256 << 10 };

/* libclamav works with signed 32-bit sizes: of a larger file it says OK without having looked at it. */
#define SIZE_MAX_CLAMD (((uint64_t)1 << 31) - 1)

/* ---- connecting ---------------------------------------------------------------------------------------------------- */

static bool wait_until(int fd, short events)
{
	struct pollfd p = { .fd = fd, .events = events };
	int n;
	do
		n = poll(&p, 1, GH_CLAMD_SECONDS * 1000);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		errno = ETIMEDOUT;
	return n > 0;
}

static int open_to(int family, const struct sockaddr *sa, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), e = 0;
	socklen_t n = sizeof e;
	if (fd < 0)
		return -1;
	bool ok = connect(fd, sa, len) == 0;
	if (!ok && (errno == EINPROGRESS || errno == EAGAIN)) {
		ok = wait_until(fd, POLLOUT) && getsockopt(fd, SOL_SOCKET, SO_ERROR, &e, &n) == 0;
		if (ok && e != 0) {
			errno = e;
			ok = false;
		}
	}
	if (ok)
		return fd;
	e = errno;
	(void)close(fd);
	errno = e;
	return -1;
}

static enum gh_rc connect_path(const char *path, int *fd, struct gh_err *err)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	if (n >= sizeof sa.sun_path)
		return gh_fail(err, GH_E_MALFORMED, "the path of the socket is longer than %zu bytes",
			       sizeof sa.sun_path - 1);
	memcpy(sa.sun_path, path, n);
	*fd = open_to(AF_UNIX, (const struct sockaddr *)&sa, sizeof sa);
	return *fd >= 0 ? GH_OK : gh_fail_sys(err, errno, "no connection to clamd");
}

static enum gh_rc connect_host(const char *address, int *fd, struct gh_err *err)
{
	char host[260];
	const char *colon = strrchr(address, ':');
	size_t n = colon == NULL ? 0 : (size_t)(colon - address);
	if (colon == NULL || n == 0 || n >= sizeof host || colon[1] == '\0')
		return gh_fail(err, GH_E_MALFORMED, "neither the path of a socket nor HOST:PORT");
	if (n > 2 && address[0] == '[' && address[n - 1] == ']') { /* [::1]:3310 */
		address++;
		n -= 2;
	}
	memcpy(host, address, n);
	host[n] = '\0';
	const struct addrinfo want = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *all = NULL;
	int rc = getaddrinfo(host, colon + 1, &want, &all);
	if (rc != 0)
		return gh_fail(err, GH_E_IO, "%s", gai_strerror(rc));
	for (const struct addrinfo *a = all; a != NULL && *fd < 0; a = a->ai_next)
		*fd = open_to(a->ai_family, a->ai_addr, a->ai_addrlen);
	int e = errno;
	freeaddrinfo(all);
	return *fd >= 0 ? GH_OK : gh_fail_sys(err, e, "no connection to clamd");
}

enum gh_rc gh_clamd_connect(const char *address, int *fd, struct gh_err *err)
{
	*fd = -1;
	return strchr(address, '/') != NULL ? connect_path(address, fd, err) : connect_host(address, fd, err);
}

enum gh_rc gh_clamd_version(const char *address, char *out, size_t cap, struct gh_err *err)
{
	static const char ask[] = "zVERSION"; /* with its NUL */
	char answer[GH_CLAMD_ANSWER];
	size_t n = 0;
	ssize_t got = 1;
	int fd;
	enum gh_rc rc = gh_clamd_connect(address, &fd, err);
	if (rc != GH_OK)
		return rc;
	bool ok = wait_until(fd, POLLOUT) && send(fd, ask, sizeof ask, MSG_NOSIGNAL) == (ssize_t)sizeof ask;
	while (ok && got > 0 && n < sizeof answer && memchr(answer, '\0', n) == NULL) {
		ok = wait_until(fd, POLLIN);
		got = ok ? recv(fd, answer + n, sizeof answer - n, 0) : -1;
		n += got > 0 ? (size_t)got : 0;
	}
	(void)close(fd);
	const char *end = memchr(answer, '\0', n);
	if (end == NULL || strncmp(answer, "ClamAV ", 7) != 0)
		return gh_fail(err, GH_E_IO, "what answers there is not clamd");
	gh_auto_buf b = gh_buf(cap);
	gh_buf_safe(&b, gh_span_str(answer), cap - 1);
	(void)snprintf(out, cap, "%s", gh_buf_cstr(&b));
	return GH_OK;
}

/* ---- one file ------------------------------------------------------------------------------------------------------- */

static void finish(struct gh_clamd *c, enum gh_clamd_state state, struct gh_span text)
{
	gh_auto_buf b = gh_buf(sizeof c->text);
	if (c->fd >= 0)
		(void)close(c->fd);
	c->fd = -1;
	c->state = state;
	gh_buf_safe(&b, text, 200);
	(void)snprintf(c->text, sizeof c->text, "%s", gh_buf_cstr(&b));
}

static void lose(struct gh_clamd *c, const char *why) { finish(c, GH_CLAMD_LOST, gh_span_str(why)); }

void gh_clamd_begin(struct gh_clamd *c, int fd, uint64_t size, const char *why)
{
	static const char command[] = "zINSTREAM"; /* with its NUL */
	*c = (struct gh_clamd){ .state = GH_CLAMD_TALK, .fd = fd, .size = size };
	memcpy(c->head, command, sizeof command);
	c->nhead = sizeof command;
	if (fd < 0)
		lose(c, why);
	else if (size > SIZE_MAX_CLAMD)
		lose(c, "ClamAV does not look at files of 2 GiB and more");
}

void gh_clamd_end(struct gh_clamd *c, const char *why)
{
	if (c->state == GH_CLAMD_TALK)
		lose(c, why);
}

short gh_clamd_wants(const struct gh_clamd *c, uint64_t head)
{
	if (c->state != GH_CLAMD_TALK)
		return 0;
	bool more = c->at < c->nhead || c->chunk != 0 || c->sent < head || (c->sent == c->size && !c->ended);
	return (short)(POLLIN | (more ? POLLOUT : 0)); /* it may refuse in the middle */
}

static bool plain_name(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] <= ' ' || s.p[i] >= 0x7f)
			return false;
	return s.n != 0;
}

static bool ends(struct gh_span s, const char *end, struct gh_span *before)
{
	size_t n = strlen(end);
	if (s.n < n || memcmp(s.p + s.n - n, end, n) != 0)
		return false;
	*before = gh_span_cut(s, 0, s.n - n);
	return true;
}

void gh_clamd_judge(struct gh_clamd *c, const char *answer, size_t n)
{
	static const char stream[] = "stream: ", limits[] = "Heuristics.Limits.Exceeded";
	struct gh_span s = { (const uint8_t *)answer, n }, name;
	bool of_stream = n > sizeof stream - 1 && memcmp(answer, stream, sizeof stream - 1) == 0;
	struct gh_span rest = of_stream ? gh_span_cut(s, sizeof stream - 1, n) : s;
	char why[300];
	if (of_stream && gh_span_is(rest, "OK")) {
		/* Before all bytes were there, it cannot know. */
		if (c->ended && c->sent == c->size)
			finish(c, GH_CLAMD_CLEAN, (struct gh_span){ 0 });
		else
			lose(c, "clamd said OK before it had the whole file");
	} else if (of_stream && ends(rest, " FOUND", &name) && plain_name(name)) {
		bool limit = name.n >= sizeof limits - 1 && memcmp(name.p, limits, sizeof limits - 1) == 0;
		finish(c, limit ? GH_CLAMD_LOST : GH_CLAMD_FOUND, name);
	} else if (ends(s, " ERROR", &name)) {
		(void)snprintf(why, sizeof why, "clamd: %.*s", (int)(name.n < 200 ? name.n : 200),
			       (const char *)name.p);
		lose(c, why);
	} else
		lose(c, "clamd gave an answer that is none");
}

/* True: a whole answer, or the end, was there. */
static bool receive(struct gh_clamd *c)
{
	if (c->nanswer == sizeof c->answer) {
		lose(c, "clamd gave an answer that is none");
		return true;
	}
	ssize_t n = recv(c->fd, c->answer + c->nanswer, sizeof c->answer - c->nanswer, 0);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		lose(c, "the connection to clamd was lost");
		return true;
	}
	c->nanswer += (size_t)n;
	const char *end = memchr(c->answer, '\0', c->nanswer);
	if (end == NULL)
		return false;
	gh_clamd_judge(c, c->answer, (size_t)(end - c->answer));
	return true;
}

/* The next bytes to send; none when the file's are not there yet. */
static struct gh_span next_bytes(struct gh_clamd *c, const uint8_t *ring, size_t ring_size, uint64_t head)
{
	if (c->at == c->nhead && c->chunk == 0 && !c->ended && (c->sent < head || c->sent == c->size)) {
		uint64_t n = head - c->sent < CHUNK ? head - c->sent : CHUNK;
		c->chunk = (uint32_t)n;
		c->ended = n == 0; /* the empty chunk says that this was all */
		for (unsigned i = 0; i < 4; i++)
			c->head[i] = (uint8_t)(n >> (24 - 8 * i));
		c->nhead = 4;
		c->at = 0;
	}
	if (c->at < c->nhead)
		return (struct gh_span){ c->head + c->at, c->nhead - c->at };
	size_t at = (size_t)(c->sent % ring_size), room = ring_size - at;
	return (struct gh_span){ ring + at, c->chunk < room ? c->chunk : room };
}

void gh_clamd_step(struct gh_clamd *c, const uint8_t *ring, size_t ring_size, uint64_t head)
{
	while (c->state == GH_CLAMD_TALK) {
		struct gh_span s = next_bytes(c, ring, ring_size, head);
		if (s.n == 0)
			break;
		ssize_t n = send(c->fd, s.p, s.n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) /* it may have answered and closed: the answer says more than EPIPE */
			break;
		if (c->at < c->nhead)
			c->at += (unsigned)n;
		else {
			c->sent += (uint64_t)n;
			c->chunk -= (uint32_t)n;
		}
	}
	while (c->state == GH_CLAMD_TALK) {
		size_t was = c->nanswer;
		if (receive(c) || c->nanswer == was)
			break;
	}
}
