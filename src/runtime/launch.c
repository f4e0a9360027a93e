/* A launch: one state after the other, nothing that waits but gh_launch_open(). */
#include "runtime/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/pubkey.h"
#include "os/ipc.h"
#include "runtime/launch_int.h"

enum { HELLO_US = 20000000, HELLO_VM_US = 240000000, SEND_SECONDS = 20, LOG_PERIOD = 1000000 };

uint64_t gh_launch_now(void)
{
	struct timespec t = { 0, 0 };
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* ---- what the end was ------------------------------------------------------------------------------------------------------ */

static void over(struct gh_launch *l, enum gh_launch_end end, int code)
{
	if (l->have_end)
		return;
	l->have_end = true;
	l->end = (struct gh_launch_event){ .what = GH_LAUNCH_ENDED, .end = end, .code = code };
}

static void failed(struct gh_launch *l, enum gh_stub_why why, uint32_t file, uint64_t segment, int sys)
{
	over(l, GH_END_FAILED, sys);
	l->end.why = why;
	l->end.file = file;
	l->end.segment = segment;
}

static void status_of(struct gh_launch *l, int status)
{
	if (WIFSIGNALED(status))
		over(l, GH_END_SIGNAL, WTERMSIG(status));
	else
		over(l, GH_END_EXIT, WEXITSTATUS(status));
	if (l->stopping)
		l->end.end = GH_END_STOPPED;
}

/* ---- the stub's words ------------------------------------------------------------------------------------------------------ */

static enum gh_launch_what on_prove(struct gh_launch *l, const uint8_t *p, size_t n)
{
	struct gh_stub_prove m;
	if (n != sizeof m || l->at != GH_AT_HELLO)
		return GH_LAUNCH_ENDED;
	memcpy(&m, p, sizeof m);
	if (!gh_launch_evidence(l, &m))
		return GH_LAUNCH_ENDED;
	l->at = GH_AT_PROVED;
	l->t_evidence = gh_launch_now();
	return GH_LAUNCH_EVIDENCE;
}

/* What a word means in the present state; ENDED: it may not be said now. */
static enum gh_launch_what on_word(struct gh_launch *l, const struct gh_stub_word *w, struct gh_launch_event *e)
{
	switch (w->head.kind) {
	case GH_SP_HELLO:
		if (l->at != GH_AT_START)
			return GH_LAUNCH_ENDED;
		l->at = GH_AT_HELLO;
		if (l->spec.vm != NULL) /* QEMU looked for devices; until now only what was measured has run */
			l->guard.attempts = 0;
		l->t_hello = gh_launch_now();
		return GH_LAUNCH_NOTHING;
	case GH_SP_LOADED:
		if (l->at != GH_AT_KEYS)
			return GH_LAUNCH_ENDED;
		l->at = GH_AT_LOADED;
		l->t_loaded = gh_launch_now();
		e->bytes = w->at;
		e->locked = w->locked;
		e->us = w->us;
		return GH_LAUNCH_LOADED;
	case GH_SP_STARTED:
		if (l->at != GH_AT_LOADED)
			return GH_LAUNCH_ENDED;
		l->at = GH_AT_STARTED;
		l->ready_by = gh_launch_now() + (uint64_t)l->spec.image->profile->ready_seconds * 1000000;
		return GH_LAUNCH_STARTED;
	case GH_SP_ENDED:
		if (l->at != GH_AT_STARTED)
			return GH_LAUNCH_ENDED;
		l->at = GH_AT_OVER;
		status_of(l, (int)w->sys);
		return GH_LAUNCH_NOTHING;
	case GH_SP_FAILED:
		l->at = GH_AT_OVER;
		failed(l, w->why < GH_STUB_WHY_END && w->why != 0 ? (enum gh_stub_why)w->why : GH_STUB_WHY_PROTOCOL,
		       w->file, w->at, (int)w->sys);
		return GH_LAUNCH_NOTHING;
	default: return GH_LAUNCH_ENDED;
	}
}

/* One packet. True: there was one, or the stub is gone. */
static bool hear(struct gh_launch *l, struct gh_launch_event *e)
{
	_Alignas(8) uint8_t p[sizeof(struct gh_stub_prove) + 64];
	struct gh_stub_head h;
	enum gh_launch_what what = GH_LAUNCH_ENDED;
	if (l->talk < 0 || l->at == GH_AT_OVER)
		return false;
	ssize_t n = gh_ipc_recv(l->talk, p, sizeof p, NULL, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n == 0 || (n < 0 && errno == ECONNRESET)) { /* why, the jail's end tells */
		shut(&l->talk);
		gh_jail_kill(&l->jail);
		return false;
	}
	if (n >= (ssize_t)sizeof h) {
		memcpy(&h, p, sizeof h);
		if (h.size == (size_t)n && h.kind == GH_SP_PROVE)
			what = on_prove(l, p, (size_t)n);
		else if (h.size == (size_t)n && n == (ssize_t)sizeof(struct gh_stub_word)) {
			struct gh_stub_word w;
			memcpy(&w, p, sizeof w);
			what = on_word(l, &w, e);
		}
	}
	if (what == GH_LAUNCH_ENDED) { /* who says what it may not is not talked to any more */
		failed(l, GH_STUB_WHY_PROTOCOL, 0, 0, 0);
		gh_jail_kill(&l->jail);
		return false;
	}
	e->what = what;
	if (what == GH_LAUNCH_EVIDENCE) {
		uint8_t md[GH_MD_MAX] = { 0 };
		e->evidence = (struct gh_span){ l->evidence, sizeof l->evidence };
		(void)gh_md(GH_MD_SHA256, e->evidence, md);
		memcpy(e->evidence_sha256, md, sizeof e->evidence_sha256);
		e->bind = l->bind;
		(void)gh_stub_report_data(&l->bind, e->report_data);
	}
	return true;
}

/* ---- the other descriptors ------------------------------------------------------------------------------------------------- */

/* True: an attempt, which *e tells. */
static bool guard(struct gh_launch *l, struct gh_launch_event *e, bool *more)
{
	struct gh_notice n;
	*more = false;
	if (l->jail.listen < 0)
		return false;
	struct pollfd p = { .fd = l->jail.listen, .events = POLLIN };
	if (poll(&p, 1, 0) <= 0)
		return false;
	if ((p.revents & POLLIN) == 0 || gh_notice_next(l->jail.listen, &n) == GH_NOTICE_GONE) {
		shut(&l->jail.listen);
		return false;
	}
	if (n.nr < 0)
		return false;
	*more = true;
	if (!gh_guard_answer(&l->guard, &n))
		return false;
	*e = (struct gh_launch_event){
		.what = GH_LAUNCH_ATTEMPT, .call = l->guard.call, .text = l->guard.text, .pid = l->guard.pid
	};
	return true;
}

/* May more of what it prints be taken now? Over the rate it has to wait: so it fills no disk, and costs nobody else time. */
static bool log_may(struct gh_launch *l)
{
	const uint64_t now = gh_launch_now();
	if (now - l->log_since >= LOG_PERIOD) {
		l->log_since = now;
		l->log_room = GH_LAUNCH_LOG_BURST;
	}
	return l->log_room != 0;
}

static bool log_from(struct gh_launch *l, int *fd, struct gh_launch_event *e)
{
	if (*fd < 0 || !log_may(l))
		return false;
	ssize_t n = read(*fd, l->log, sizeof l->log < l->log_room ? sizeof l->log : l->log_room);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		shut(fd);
		return false;
	}
	l->log_room -= (uint64_t)n;
	*e = (struct gh_launch_event){ .what = GH_LAUNCH_LOG, .log = { l->log, (size_t)n } };
	return true;
}

static bool log_out(struct gh_launch *l, struct gh_launch_event *e)
{
	return log_from(l, &l->jail.out, e) || log_from(l, &l->inner_log, e);
}

static bool timers(struct gh_launch *l, struct gh_launch_event *e)
{
	const uint64_t now = gh_launch_now();
	if (l->kill_at != 0 && now >= l->kill_at) {
		l->kill_at = 0;
		over(l, GH_END_STOPPED, 0);
		gh_jail_kill(&l->jail);
	}
	if (l->at != GH_AT_STARTED || l->ready)
		return false;
	if (gh_launch_probe(l)) {
		l->ready = true;
		l->t_ready = gh_launch_now();
		e->what = GH_LAUNCH_READY;
		return true;
	}
	if (now >= l->ready_by) {
		over(l, GH_END_TIME, 0);
		gh_jail_kill(&l->jail);
	}
	return false;
}

/* Everything is gone: say how, once. */
static void finish(struct gh_launch *l, int status, struct gh_launch_event *e)
{
	bool oom = false;
	gh_jail_close(&l->jail, &oom);
	gh_bridge_close(l->bridge);
	l->bridge = NULL;
	shut(&l->inner_log);
	shut(&l->talk);
	shut(&l->probe);
	shut(&l->guard.engine_pidfd);
	gh_launch_unlink(l);
	if (!l->have_end)
		over(l, l->stopping ? GH_END_STOPPED : GH_END_KILLED, WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	if (oom && (l->end.end == GH_END_SIGNAL || l->end.end == GH_END_KILLED ||
		    (l->end.end == GH_END_FAILED && l->end.why == GH_STUB_WHY_NOMEM)))
		l->end.end = GH_END_MEMORY;
	l->ended = true;
	*e = l->end;
}

void gh_launch_step(struct gh_launch *l, struct gh_launch_event *e)
{
	int status = 0;
	bool more = true;
	*e = (struct gh_launch_event){ .what = GH_LAUNCH_NOTHING };
	if (l->ended)
		return;
	while (more)
		if (guard(l, e, &more))
			return;
	while (hear(l, e))
		if (e->what != GH_LAUNCH_NOTHING)
			return;
	if (log_out(l, e) || timers(l, e))
		return;
	if (gh_jail_ended(&l->jail, &status)) {
		/* what the stub said, and what was printed, before its end counts first */
		while (hear(l, e))
			if (e->what != GH_LAUNCH_NOTHING)
				return;
		if (log_out(l, e))
			return;
		finish(l, status, e);
	}
}

size_t gh_launch_poll(struct gh_launch *l, struct pollfd p[GH_LAUNCH_FDS], int *wait_ms)
{
	const bool log = log_may(l);
	const int fds[] = { l->jail.listen,	     l->talk,	  log ? l->jail.out : -1,
			    log ? l->inner_log : -1, l->jail.ctl, l->probe };
	size_t n = 0;
	uint64_t at = UINT64_MAX;
	*wait_ms = -1;
	if (l->ended)
		return 0;
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			p[n++] = (struct pollfd){ .fd = fds[i], .events = POLLIN };
	if (l->kill_at != 0)
		at = l->kill_at;
	if (!log && l->log_since + LOG_PERIOD < at)
		at = l->log_since + LOG_PERIOD;
	if (l->at == GH_AT_STARTED && !l->ready) {
		at = l->ready_by < at ? l->ready_by : at;
		at = l->probe < 0 && l->probe_next < at ? l->probe_next : at;
	}
	const uint64_t now = gh_launch_now();
	if (at != UINT64_MAX)
		*wait_ms = at <= now ? 0 : at - now > 60000000 ? 60000 : (int)((at - now + 999) / 1000);
	return n;
}

void gh_launch_wait(struct gh_launch *l, unsigned ms, struct gh_launch_event *e)
{
	const uint64_t until = gh_launch_now() + (uint64_t)ms * 1000;
	for (;;) {
		struct pollfd p[GH_LAUNCH_FDS];
		int wait;
		gh_launch_step(l, e);
		const uint64_t now = gh_launch_now();
		if (e->what != GH_LAUNCH_NOTHING || l->ended || now >= until)
			return;
		const size_t n = gh_launch_poll(l, p, &wait);
		const int left = (int)((until - now + 999) / 1000);
		(void)poll(p, n, wait < 0 || wait > left ? left : wait);
	}
}

/* ---- beginning and end ----------------------------------------------------------------------------------------------------- */

static bool ours(const void *ctx, const char *path)
{
	const struct gh_engine_image *im = ctx;
	static const char *const mine[] = { "/model/", "/run/gatehouse/" };
	for (size_t i = 0; i < sizeof mine / sizeof *mine; i++)
		if (strncmp(path, mine[i], strlen(mine[i])) == 0 || strncmp(path, mine[i], strlen(mine[i]) - 1) == 0)
			return true;
	for (size_t i = 0; i < im->nfile; i++) {
		const size_t n = strlen(im->file[i].inside);
		const char *slash = strrchr(im->file[i].inside, '/');
		const size_t dir = slash == NULL ? 0 : (size_t)(slash - im->file[i].inside);
		if (strncmp(path, im->file[i].inside, n) == 0 &&
		    (path[n] == '\0' || (im->file[i].bytes == NULL && path[n] == '/')))
			return true;
		/* beside a file of the image: names that are tried, and the directory itself */
		if (im->file[i].bytes != NULL && dir > 1 && strncmp(path, im->file[i].inside, dir) == 0 &&
		    (path[dir] == '\0' || path[dir] == '/'))
			return true;
	}
	return false;
}

static enum gh_rc check(const struct gh_launch_spec *s, struct gh_err *err)
{
	if (s->image == NULL || s->nfile == 0 || s->nfile > GH_STUB_FILES || s->sign == NULL || s->socket_dir == NULL)
		return gh_fail(err, GH_E_MALFORMED, "a launch needs an engine, 1 to %d files, a directory and a signer",
			       GH_STUB_FILES);
	if (s->nadapter >= s->nfile || (s->nadapter != 0 && s->image->profile->nadapter == 0))
		return gh_fail(err, GH_E_MALFORMED,
			       "the engine %s takes no adapters, or there is no model to put them on",
			       s->image->profile->name);
	for (size_t i = 0; i < s->nfile; i++)
		if (!gh_stub_name_ok(s->file[i].file.name))
			return gh_fail(err, GH_E_DENIED, "file %zu of the model has a name that leaves its directory",
				       i);
	return GH_OK;
}

static enum gh_rc prepare(struct gh_launch *l, struct gh_err *err)
{
	const struct gh_launch_spec *s = &l->spec;
	struct stat st;
	if ((size_t)snprintf(l->dir, sizeof l->dir, "%s", s->socket_dir) >= sizeof l->dir)
		return gh_fail(err, GH_E_LIMIT, "%.60s…: the path is too long", s->socket_dir);
	l->dir_fd = open(s->socket_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (l->dir_fd < 0 || fstat(l->dir_fd, &st) != 0)
		return gh_fail_sys(err, errno, "the socket's directory %s", s->socket_dir);
	if (st.st_uid != geteuid() || (st.st_mode & 077) != 0)
		return gh_fail(err, GH_E_DENIED,
			       "%s: the socket's directory must be ours and closed to others (chmod 700)",
			       s->socket_dir);
	l->file = calloc(s->nfile, sizeof *l->file);
	if (l->file == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a launch");
	for (size_t i = 0; i < s->nfile; i++)
		l->file[i] = s->file[i].file;
	gh_launch_unlink(l); /* of one that was killed */
	return GH_OK;
}

/* Until the stub has said HELLO. */
static enum gh_rc until_hello(struct gh_launch *l, struct gh_err *err)
{
	const uint64_t by = gh_launch_now() + (l->spec.vm != NULL ? HELLO_VM_US : HELLO_US);
	struct gh_launch_event e = { 0 };
	char line[256];
	gh_auto_buf said = gh_buf(1000);
	while (l->at == GH_AT_START && !l->ended && gh_launch_now() < by) {
		gh_launch_wait(l, 20, &e);
		if (e.what == GH_LAUNCH_LOG && !said.full) /* a machine that does not start says why here only */
			gh_buf_safe(&said, e.log, 400);
	}
	const bool spoke = said.n != 0;
	if (l->at != GH_AT_START)
		return GH_OK;
	if (l->ended)
		return gh_fail(err, l->end.end == GH_END_FAILED ? gh_stub_why_rc(l->end.why) : GH_E_DENIED,
			       "the stub did not start: %s%s%s", gh_launch_end_line(&l->end, line, sizeof line),
			       spoke ? "; it printed: " : "", gh_buf_cstr(&said));
	return gh_fail(err, GH_E_IO, "the stub did not start in time");
}

static enum gh_rc begin(struct gh_launch *l, struct gh_err *err)
{
	int pair[2], listening = -1;
	const struct timeval patience = { .tv_sec = SEND_SECONDS };
	enum gh_rc rc = prepare(l, err);
	if (rc != GH_OK)
		return rc;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return gh_fail_sys(err, errno, "a socket to the stub");
	l->talk = pair[0];
	(void)setsockopt(l->talk, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	rc = l->spec.vm != NULL ? gh_launch_vm(l, pair[1], err) : gh_launch_jail(l, pair[1], err);
	(void)close(pair[1]); /* else its end would never show */
	if (rc != GH_OK)
		return rc;
	l->guard = (struct gh_guard){ .stub = l->jail.pid, .engine_pidfd = -1, .ours = ours, .ctx = l->spec.image };
	if (l->spec.vm != NULL) {
		l->guard.single = true;
		l->guard.ours = gh_launch_vm_ours;
		l->guard.ctx = l->spec.vm;
	}
	if (!gh_jail_go(&l->jail))
		return gh_fail(err, GH_E_DENIED, "the sandbox ended before the stub could start");
	rc = until_hello(l, err);
	if (rc == GH_OK && l->spec.image->profile->socket == GH_ENGINE_INHERIT && l->spec.vm == NULL &&
	    (listening = gh_launch_listen(l, err)) < 0)
		return err == NULL ? GH_E_IO : err->rc;
	if (rc == GH_OK && l->spec.image->profile->socket == GH_ENGINE_INHERIT && l->spec.vm != NULL)
		listening = fcntl(l->dir_fd, F_DUPFD_CLOEXEC, 3); /* any descriptor: the machine makes its own */
	if (rc == GH_OK && !gh_launch_tell(l, listening))
		rc = gh_fail(err, GH_E_IO, "the stub does not listen");
	shut(&listening);
	return rc;
}

enum gh_rc gh_launch_open(const struct gh_launch_spec *s, struct gh_launch **out, struct gh_err *err)
{
	*out = NULL;
	enum gh_rc rc = check(s, err);
	if (rc != GH_OK)
		return rc;
	struct gh_launch *l = calloc(1, sizeof *l);
	if (l == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a launch");
	l->spec = *s;
	l->t_open = l->log_since = gh_launch_now();
	l->log_room = GH_LAUNCH_LOG_BURST;
	l->talk = l->probe = l->dir_fd = l->inner_log = l->guard.engine_pidfd = -1;
	l->jail = (struct gh_jailed){ .pidfd = -1, .ctl = -1, .listen = -1, .out = -1, .say = -1 };
	rc = begin(l, err);
	if (rc != GH_OK) {
		gh_launch_close(l);
		return rc;
	}
	*out = l;
	return GH_OK;
}

void gh_launch_stop(struct gh_launch *l, unsigned grace_ms)
{
	if (l->ended || l->stopping)
		return;
	l->stopping = true;
	if (l->guard.engine_pidfd >= 0 && grace_ms != 0 &&
	    syscall(SYS_pidfd_send_signal, l->guard.engine_pidfd, SIGTERM, NULL, 0) == 0) {
		l->kill_at = gh_launch_now() + (uint64_t)grace_ms * 1000;
		return;
	}
	over(l, GH_END_STOPPED, 0);
	gh_jail_kill(&l->jail);
}

void gh_launch_close(struct gh_launch *l)
{
	if (l == NULL)
		return;
	gh_jail_close(&l->jail, NULL);
	gh_bridge_close(l->bridge);
	shut(&l->inner_log);
	shut(&l->talk);
	shut(&l->probe);
	shut(&l->guard.engine_pidfd);
	gh_launch_unlink(l);
	shut(&l->dir_fd);
	free(l->file);
	free(l);
}
