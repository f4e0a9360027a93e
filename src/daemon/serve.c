#include "daemon/serve.h"

#include "api/op.h"
#include "daemon/inform.h"
#include "daemon/keeper.h"
#include "daemon/service_int.h"
#include "daemon/task.h"
#include "os/call.h"
#include "wire/jcanon.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 64, IDLE_MS = 20000, ARENA = 64 << 20 };
#define SOCKET_NAME "gatehouse.sock"

struct server {
	struct gh_service *service;
	const struct gh_serve_options *opt;
	pthread_mutex_t lock;
	pthread_cond_t fewer;
	unsigned running, foreign; /* connections; of them those of other users */
	int stop;		   /* readable: end */
};

struct peer {
	struct server *server;
	int sock;
	bool local; /* owns the home */
};

static void say(struct server *s, const char *line)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->opt->say != NULL)
		s->opt->say(s->opt->arg, line);
	(void)pthread_mutex_unlock(&s->lock);
}

static void keeper_says(void *arg, const char *line) { say(arg, line); }

/* ---- one question ---------------------------------------------------------------------------------------------------------------- */

static void answer(struct gh_buf *out, enum gh_rc rc, const struct gh_err *err, struct gh_span members)
{
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	gh_buf_fmt(out, "{\"ok\":%s,\"code\":\"%s\"", rc == GH_OK ? "true" : "false", gh_op_code(rc));
	if (rc != GH_OK) {
		gh_buf_str(out, ",\"error\":");
		gh_buf_json(out, gh_span_str(gh_err_line(err, line, sizeof line)));
	}
	if (members.n > 0) {
		gh_buf_str(out, ",\"out\":");
		gh_buf_span(out, members);
	}
	gh_buf_ch(out, '}');
}

/* The bytes of a member's value as they were written. NULL: the request is none. */
static const struct gh_jval *request(struct gh_arena *a, struct gh_span text, struct gh_err *err)
{
	const struct gh_jval *v;
	if (gh_jdom_parse(a, text, &v, err) != GH_OK)
		return NULL;
	const struct gh_jval *op = gh_jget(v, "op"), *in = gh_jget(v, "in"), *key = gh_jget(v, "key");
	if (op != NULL && op->kind == GH_J_STRING && in != NULL && in->kind == GH_J_OBJECT &&
	    (key == NULL || (key->kind == GH_J_STRING && gh_jtext(key) != NULL)))
		return v;
	(void)!gh_fail(err, GH_E_MALFORMED, "a request has \"op\", \"in\" and perhaps \"key\"");
	return NULL;
}

static enum gh_rc run_task(struct peer *p, const struct gh_task *t, const struct gh_jval *v, struct gh_arena *a, int fd,
			   struct gh_buf *members, int *fd_out, struct gh_err *err)
{
	const char *key = gh_jstr(v, "key");
	gh_auto_buf in = gh_buf(GH_CALL_TEXT);
	if (key == NULL && !p->local)
		return gh_fail(err, GH_E_DENIED, "an API key is needed");
	if (!gh_jcanon_put(&in, gh_jget(v, "in"), a) || in.full)
		return gh_fail(err, GH_E_NOMEM, "no memory for the request");
	return gh_task_serve(p->server->service, t, key, gh_buf_view(&in), fd, members, fd_out, err);
}

static bool one_question(struct peer *p)
{
	struct gh_call_head h;
	struct gh_err err = { 0 };
	gh_auto_arena a = { .max = ARENA };
	gh_auto_buf text = gh_buf(GH_CALL_TEXT), out = gh_buf(GH_CALL_TEXT), members = gh_buf(GH_CALL_TEXT);
	int fd = -1, fd_out = -1;
	if (gh_call_recv(p->sock, &h, &text, &fd, IDLE_MS, &err) != GH_OK || h.kind != GH_SERVICE_ASK)
		return false; /* gone, idle, or against the rules */
	/* We would use a descriptor with our rights, not with those of who passed it on: only the owner of the home may. */
	if (fd >= 0 && !p->local) {
		(void)close(fd);
		fd = -1;
		(void)!gh_fail(&err, GH_E_DENIED,
			       "files are taken from the owner of the home only: run this as that user");
		answer(&out, GH_E_DENIED, &err, (struct gh_span){ 0 });
		h.code = GH_E_DENIED;
		return gh_call_send(p->sock, &h, gh_buf_view(&out), -1);
	}
	const struct gh_jval *v = request(&a, gh_buf_view(&text), &err);
	const struct gh_task *t = v == NULL ? NULL : gh_task_named(gh_jget(v, "op")->text);
	enum gh_rc rc = v == NULL ? err.rc : GH_OK;
	bool inform = v != NULL && gh_inform_wanted(gh_jget(v, "op")->text);
	if (t != NULL)
		rc = run_task(p, t, v, &a, fd, &members, &fd_out, &err);
	else if (rc == GH_OK) {
		rc = gh_service_forward(p->server->service, gh_buf_view(&text), p->local, fd, &out, &fd_out, &err);
		if (rc == GH_OK) {
			if (inform)
				gh_inform(p->server->service);
			goto send; /* the catalog's answer is passed on as it is */
		}
	}
	if (t != NULL && rc == GH_OK && inform)
		gh_inform(p->server->service);
	answer(&out, rc, &err, gh_buf_view(&members));
send:
	if (fd >= 0)
		(void)close(fd);
	h.code = (uint32_t)rc;
	bool ok = !out.full && gh_call_send(p->sock, &h, gh_buf_view(&out), fd_out);
	if (fd_out >= 0)
		(void)close(fd_out);
	return ok;
}

static void *peer_main(void *arg)
{
	struct peer *p = arg;
	struct server *s = p->server;
	bool local = p->local;
	while (one_question(p))
		;
	(void)close(p->sock);
	free(p);
	(void)pthread_mutex_lock(&s->lock);
	s->running--;
	s->foreign -= !local;
	(void)pthread_cond_signal(&s->fewer);
	(void)pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* ---- listening --------------------------------------------------------------------------------------------------------------------- */

static void take(struct server *s, int listener)
{
	struct ucred who = { 0 };
	socklen_t n = sizeof who;
	pthread_t thread;
	pthread_attr_t attr;
	int sock = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct peer *p = sock < 0 ? NULL : malloc(sizeof *p);
	if (p == NULL || getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &who, &n) != 0) {
		if (sock >= 0)
			(void)close(sock);
		free(p);
		return;
	}
	*p = (struct peer){ s, sock, who.uid == geteuid() || who.uid == 0 };
	(void)pthread_mutex_lock(&s->lock);
	/* Strangers together get half of the places: they cannot keep the owner out. */
	bool room = p->local || s->foreign < (s->opt->connections + 1) / 2;
	s->running += room;
	s->foreign += room && !p->local;
	(void)pthread_mutex_unlock(&s->lock);
	if (!room) {
		(void)close(sock);
		free(p);
		return;
	}
	bool local = p->local; /* p is the thread's from now on */
	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attr, peer_main, p) != 0) {
		(void)close(sock);
		free(p);
		(void)pthread_mutex_lock(&s->lock);
		s->running--;
		s->foreign -= !local;
		(void)pthread_mutex_unlock(&s->lock);
	}
	(void)pthread_attr_destroy(&attr);
}

/* One daemon for each home: who has the lock listens. The socket of a dead one is removed. */
static enum gh_rc open_socket(struct gh_service *s, int *dir, int *lock, int *listener, struct gh_err *err)
{
	char run[GH_HOME_PATH + 8];
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	if (gh_home_path(gh_service_home(s), "run", run, sizeof run) == NULL)
		return gh_fail(err, GH_E_LIMIT, "the path of the home directory is too long");
	*dir = open(run, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*dir < 0)
		return gh_fail_sys(err, errno, "%s", run);
	*lock = openat(*dir, "serve.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (*lock < 0)
		return gh_fail_sys(err, errno, "%s/serve.lock", run);
	if (flock(*lock, LOCK_EX | LOCK_NB) != 0)
		return errno == EWOULDBLOCK ? gh_fail(err, GH_E_EXISTS, "another process serves this home already")
					    : gh_fail_sys(err, errno, "%s/serve.lock", run);
	(void)unlinkat(*dir, SOCKET_NAME, 0);
	(void)snprintf(a.sun_path, sizeof a.sun_path, "/proc/self/fd/%d/" SOCKET_NAME, *dir);
	*listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	mode_t was = umask(0177);
	bool ok = *listener >= 0 && bind(*listener, (const struct sockaddr *)&a, sizeof a) == 0 &&
		  listen(*listener, BACKLOG) == 0;
	int e = errno;
	(void)umask(was);
	return ok ? GH_OK : gh_fail_sys(err, e, "%s/" SOCKET_NAME, run);
}

static void accept_until_stopped(struct server *s, int listener)
{
	for (;;) {
		struct pollfd fd[2] = { { .fd = s->stop, .events = POLLIN }, { .fd = listener, .events = POLLIN } };
		if (poll(fd, 2, -1) < 0 && errno != EINTR)
			return;
		if (fd[0].revents != 0)
			return;
		if ((fd[1].revents & POLLIN) == 0)
			continue;
		(void)pthread_mutex_lock(&s->lock);
		while (s->running >= s->opt->connections)
			(void)pthread_cond_wait(&s->fewer, &s->lock);
		(void)pthread_mutex_unlock(&s->lock);
		take(s, listener);
	}
}

enum gh_rc gh_serve(struct gh_service *service, int stop, const struct gh_serve_options *opt, struct gh_err *err)
{
	struct server s = { .service = service,
			    .opt = opt,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .fewer = PTHREAD_COND_INITIALIZER,
			    .stop = stop };
	int dir = -1, lock = -1, listener = -1;
	enum gh_rc rc = open_socket(service, &dir, &lock, &listener, err);
	if (rc == GH_OK) {
		say(&s, "ready");
		struct gh_keeper *keeper = gh_keeper_start(service, keeper_says, &s);
		accept_until_stopped(&s, listener);
		gh_keeper_stop(keeper);
		(void)unlinkat(dir, SOCKET_NAME, 0);
		say(&s, "stopping");
		/* What was begun is finished; peers that only sit there are cut off with the process. */
		struct timespec until;
		(void)clock_gettime(CLOCK_REALTIME, &until);
		until.tv_sec += 10;
		(void)pthread_mutex_lock(&s.lock);
		while (s.running > 0 && pthread_cond_timedwait(&s.fewer, &s.lock, &until) == 0)
			;
		(void)pthread_mutex_unlock(&s.lock);
	}
	const int fds[] = { listener, lock, dir };
	for (size_t i = 0; i < 3; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
	return rc;
}
