#include "engine/server_int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { EVENTS = 64, SWEEP_MS = 250 };

uint64_t gh_server_now(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void close_conn(struct gh_conn *c)
{
	gh_conn_reset(c);
	(void)close(c->fd);
	c->fd = -1;
	c->state = GH_CONN_CLOSED; /* freed by sweep(): events of this round may still name it */
	c->server->nconn--;
}

static void want(struct gh_conn *c)
{
	uint32_t e = c->sent < c->out.n ? EPOLLOUT : 0;
	if (c->state == GH_CONN_HEAD || c->state == GH_CONN_BODY || c->state == GH_CONN_LINGER)
		e |= EPOLLIN;
	if (e == c->events)
		return;
	struct epoll_event ev = { .events = e, .data.ptr = c };
	if (epoll_ctl(c->server->epoll, EPOLL_CTL_MOD, c->fd, &ev) != 0)
		close_conn(c);
	else
		c->events = e;
}

static void refuse_request(struct gh_conn *c, int status, const char *why)
{
	struct gh_refusal r;
	(void)gh_refuse(&r, status, NULL, NULL, "%s", why);
	gh_conn_last(c);
	gh_conn_refuse(c, &r);
}

static void consume(struct gh_buf *b, size_t n)
{
	memmove(b->p, b->p + n, b->n - n);
	b->n -= n;
}

static void take_head(struct gh_conn *c)
{
	struct gh_h1_request r;
	const char *why = NULL;
	int status = gh_h1_head(gh_buf_view(&c->in), &c->seen, &r, &why);
	if (status == GH_H1_MORE)
		return;
	c->http10 = false;
	c->keep = true;
	if (status != GH_H1_DONE) {
		refuse_request(c, status, why);
		return;
	}
	c->http10 = r.minor == 0;
	c->keep = r.keep;
	c->body = gh_h1_body(&r, c->server->o->body);
	c->content = gh_buf(c->server->o->body);
	c->waits = r.expect;
	c->route = gh_route_find(c, &r);
	if (c->route == NULL) {
		if (r.chunked || r.body > 0) /* a body that nobody reads must not be taken for the next request */
			gh_conn_last(c);
		consume(&c->in, r.head);
		return;
	}
	if (!r.chunked && r.body > c->server->o->body) {
		refuse_request(c, 413, "the body is too large");
		return;
	}
	consume(&c->in, r.head);
	c->state = GH_CONN_BODY;
	c->deadline = gh_server_now() + 1000ull * c->server->o->stall;
}

static void take_body(struct gh_conn *c)
{
	const char *why = NULL;
	struct gh_span in = gh_buf_view(&c->in);
	if (c->waits && in.n == 0 && c->content.n == 0)
		gh_buf_str(&c->out, "HTTP/1.1 100 Continue\r\n\r\n");
	c->waits = false;
	int status = gh_h1_body_take(&c->body, &in, &c->content, &why);
	consume(&c->in, c->in.n - in.n);
	if (status == GH_H1_DONE)
		gh_request_begin(c);
	else if (status != GH_H1_MORE)
		refuse_request(c, status, why);
}

/* Hand the client what it takes. */
static void flush(struct gh_conn *c)
{
	while (c->sent < c->out.n) {
		ssize_t n = send(c->fd, c->out.p + c->sent, c->out.n - c->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) {
			close_conn(c);
			return;
		}
		c->sent += (size_t)n;
		if (c->state == GH_CONN_FLUSH)
			c->deadline = gh_server_now() + 1000ull * c->server->o->stall;
	}
	if (c->sent == c->out.n) {
		c->sent = c->out.n = 0;
	} else if (c->sent > c->out.n / 2) { /* not more than twice what waits is kept */
		consume(&c->out, c->sent);
		c->sent = 0;
	}
	if (c->job.paused && c->out.n - c->sent < GH_CONN_OUT / 2) {
		c->job.paused = false;
		c->deadline = UINT64_MAX;
	}
}

static void ended(struct gh_conn *c)
{
	if (c->keep) {
		gh_conn_reset(c);
		return;
	}
	(void)shutdown(c->fd, SHUT_WR);
	c->state = GH_CONN_LINGER;
	c->deadline = gh_server_now() + GH_CONN_LINGER_MS;
}

/* Go as far as what is there allows. */
static void drive(struct gh_conn *c)
{
	enum gh_conn_state before;
	size_t unread;
	do {
		before = c->state;
		unread = c->in.n;
		if (c->state == GH_CONN_HEAD && c->in.n > 0)
			take_head(c);
		if (c->state == GH_CONN_BODY)
			take_body(c);
		if (c->state != GH_CONN_CLOSED)
			flush(c);
		if (c->state == GH_CONN_FLUSH && c->out.n == 0)
			ended(c);
	} while (c->state != GH_CONN_CLOSED && (c->state != before || c->in.n != unread));
	if (c->state != GH_CONN_CLOSED && c->out.full) /* more than can be kept: nobody takes it */
		close_conn(c);
	if (c->state != GH_CONN_CLOSED)
		want(c);
}

static void readable(struct gh_conn *c)
{
	uint8_t b[32 << 10];
	size_t room = GH_CONN_IN - c->in.n;
	if (c->state == GH_CONN_LINGER)
		room = sizeof b;
	ssize_t n = room == 0 ? 0 : recv(c->fd, b, room < sizeof b ? room : sizeof b, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) { /* the end of a request that is not whole, or of the connection */
		close_conn(c);
		return;
	}
	if (c->state == GH_CONN_LINGER)
		return;
	if (c->state == GH_CONN_HEAD && c->in.n == 0)
		c->deadline = gh_server_now() + 1000ull * c->server->o->stall;
	gh_buf_put(&c->in, b, (size_t)n);
	drive(c);
}

static void crowded(int fd)
{
	static const char answer[] =
		"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n"
		"Connection: close\r\nContent-Length: 101\r\n\r\n"
		"{\"error\":{\"message\":\"too many connections\",\"type\":\"server_error\",\"param\":null,"
		"\"code\":\"connections\"}}\n";
	(void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)close(fd);
}

static void accept_all(struct gh_server *s)
{
	for (unsigned i = 0; i < EVENTS; i++) {
		int fd = accept4(s->listen, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		struct gh_conn *c = s->nconn < s->o->connections ? calloc(1, sizeof *c) : NULL;
		if (c == NULL) {
			crowded(fd);
			continue;
		}
		*c = (struct gh_conn){ .server = s,
				       .fd = fd,
				       .next = s->conns,
				       .in = gh_buf(GH_CONN_IN),
				       .out = gh_buf(2 * GH_CONN_ANSWER) };
		struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };
		c->events = EPOLLIN;
		s->conns = c;
		s->nconn++;
		gh_conn_reset(c);
		if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
			close_conn(c);
	}
}

static void happened(struct gh_conn *c, uint32_t e)
{
	if (c->state == GH_CONN_CLOSED)
		return;
	/* Both directions are shut: nobody is there to take an answer. A client that only ended its own direction still waits for one. */
	if ((e & EPOLLERR) || ((e & EPOLLHUP) && !(e & EPOLLIN)))
		close_conn(c);
	else if (e & EPOLLIN)
		readable(c);
	else if (e & EPOLLOUT)
		drive(c);
}

/* End what took too long, free what is closed. */
static void sweep(struct gh_server *s, uint64_t now)
{
	for (struct gh_conn **p = &s->conns; *p != NULL;) {
		struct gh_conn *c = *p;
		if (c->state != GH_CONN_CLOSED && now >= c->deadline) {
			bool started = (c->state == GH_CONN_HEAD && c->in.n > 0) || c->state == GH_CONN_BODY;
			if (started) {
				refuse_request(c, 408, "the request did not arrive in time");
				drive(c);
			} else {
				close_conn(c);
			}
		}
		if (c->state != GH_CONN_CLOSED) {
			p = &c->next;
			continue;
		}
		*p = c->next;
		gh_buf_free(&c->in);
		gh_buf_free(&c->out);
		free(c);
	}
}

enum gh_rc gh_server_open(const struct gh_engine_options *o, int listen, struct gh_work *w,
			  const struct gh_chat_template *tmpl, struct gh_server **out, struct gh_err *err)
{
	struct gh_server *s = calloc(1, sizeof *s);
	if (s == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	*s = (struct gh_server){ .o = o, .work = w, .tmpl = tmpl, .listen = listen, .started = (uint64_t)time(NULL) };
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = NULL };
	if (s->epoll < 0 || epoll_ctl(s->epoll, EPOLL_CTL_ADD, listen, &ev) != 0) {
		enum gh_rc rc = gh_fail_sys(err, errno, "listening socket");
		gh_server_close(s);
		return rc;
	}
	*out = s;
	return GH_OK;
}

/* After a step: everything that was decoded goes out, requests that stood behind an answer begin. */
static void drive_all(struct gh_server *s)
{
	for (struct gh_conn *c = s->conns; c != NULL; c = c->next)
		if (c->state != GH_CONN_CLOSED && (c->sent < c->out.n || c->state == GH_CONN_FLUSH))
			drive(c);
}

enum gh_rc gh_server_run(struct gh_server *s, const volatile sig_atomic_t *stop, struct gh_err *err)
{
	struct epoll_event ev[EVENTS];
	uint64_t swept = 0;
	bool busy = false;
	while (!*stop) {
		int n = epoll_wait(s->epoll, ev, EVENTS, busy ? 0 : SWEEP_MS);
		if (n < 0 && errno != EINTR)
			return gh_fail_sys(err, errno, "epoll_wait");
		for (int i = 0; i < n; i++) {
			if (ev[i].data.ptr == NULL)
				accept_all(s);
			else
				happened(ev[i].data.ptr, ev[i].events);
		}
		busy = gh_work_step(s->work);
		drive_all(s);
		busy = busy || (gh_work_waiting(s->work) > 0 && gh_work_running(s->work) < s->o->sequences);
		uint64_t now = gh_server_now();
		if (now - swept >= SWEEP_MS || (!busy && n > 0)) {
			sweep(s, now);
			swept = now;
		}
	}
	return GH_OK;
}

void gh_server_close(struct gh_server *s)
{
	if (s == NULL)
		return;
	for (struct gh_conn *c = s->conns; c != NULL; c = c->next)
		if (c->state != GH_CONN_CLOSED)
			close_conn(c);
	sweep(s, 0);
	(void)close(s->listen);
	if (s->epoll >= 0)
		(void)close(s->epoll);
	free(s);
}
