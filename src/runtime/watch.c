#include "runtime/watch.h"

#include "runtime/watch_int.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	TAIL = 8 << 10,	     /* of what it prints */
	SAY = 64 << 10,	     /* of what it says */
	CALLS_MAX = 1000000, /* notices of one run: importing PyTorch takes some thousands */
	REFUSED_MAX = 20000,
	DECOYS = 32,
};

static uint64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void gh_watched_free(struct gh_watched *w)
{
	gh_buf_free(&w->out);
	gh_buf_free(&w->say);
}

void gh_watch_note(struct gh_watcher *w, enum gh_detonation_kind kind, const char *fmt, ...)
{
	char text[GH_EVENT_TEXT];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	/* A cut may fall into a character. */
	gh_auto_buf b = gh_buf(2 * GH_EVENT_TEXT);
	size_t n = strlen(text);
	while (n >= sizeof text - 4 && ((uint8_t)text[n - 1] & 0x80) != 0)
		n--;
	gh_buf_put(&b, text, n);
	gh_event_add(&w->w->events, kind, gh_buf_cstr(&b));
}

void gh_watch_refuse(struct gh_watcher *w, struct gh_notice *n, int error)
{
	w->w->refused++;
	gh_notice_refuse(n, error);
}

/* Keep the end of a stream whose length the program decides. False: it is closed. */
static bool drain(int fd, struct gh_buf *b, size_t keep, bool tail)
{
	char text[4096];
	for (int turn = 0; turn < 16; turn++) {
		ssize_t n = read(fd, text, sizeof text);
		if (n == 0)
			return false;
		if (n < 0)
			return errno == EAGAIN || errno == EINTR;
		if (tail && b->n + (size_t)n > keep && b->n != 0) {
			size_t drop = b->n + (size_t)n - keep;
			drop = drop > b->n ? b->n : drop;
			memmove(b->p, b->p + drop, b->n - drop);
			b->n -= drop;
		}
		gh_buf_put(b, text, (size_t)n);
	}
	return true;
}

/* Decoys are watched where they lie: what reaches them by a detour, or under a name that changed after it was looked at,
 * is seen as well. */
struct decoys {
	int fd;
	int wd[DECOYS];
};

static struct decoys watch_decoys(const struct gh_watch_options *opt, pid_t pid)
{
	struct decoys d = { .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC) };
	for (size_t i = 0; d.fd >= 0 && i < opt->ndecoy && i < DECOYS; i++) {
		char path[300];
		(void)snprintf(path, sizeof path, "/proc/%d/root%s", (int)pid, opt->decoy[i]);
		d.wd[i] = inotify_add_watch(d.fd, path, IN_OPEN);
	}
	return d;
}

/* Most often the call itself was seen already: then this is the same event, not one more. */
static void decoy_opened(struct gh_watcher *w, const char *path)
{
	char text[300];
	(void)snprintf(text, sizeof text, "reads %s", path);
	for (size_t i = 0; i < w->w->events.n; i++)
		if (strcmp(w->w->events.v[i].text, text) == 0)
			return;
	gh_watch_note(w, GH_DET_SECRET, "%s", text);
}

static void hear_decoys(struct gh_watcher *w, struct decoys *d)
{
	union {
		struct inotify_event e;
		char room[4096];
	} u;
	ssize_t n = d->fd < 0 ? -1 : read(d->fd, &u, sizeof u);
	for (ssize_t off = 0; n > 0 && off + (ssize_t)sizeof u.e <= n;) {
		struct inotify_event e;
		memcpy(&e, u.room + off, sizeof e);
		off += (ssize_t)sizeof e + (ssize_t)e.len;
		for (size_t i = 0; i < w->opt->ndecoy && i < DECOYS; i++)
			if (d->wd[i] == e.wd && (e.mask & IN_OPEN) != 0) /* not: the file system is gone */
				decoy_opened(w, w->opt->decoy[i]);
	}
}

/* Signals that would end this program and leave the jail's traces behind: heard while a jail is there. */
struct interrupts {
	int fd;
	sigset_t before;
	int got; /* number of the signal; 0: none */
};

static void interrupts_hear(struct interrupts *in)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t set;
	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		struct sigaction a;
		if (sigaction(ends[i], NULL, &a) == 0 && a.sa_handler == SIG_DFL)
			(void)sigaddset(&set, ends[i]);
	}
	(void)pthread_sigmask(SIG_BLOCK, &set, &in->before);
	in->fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static bool interrupted(struct interrupts *in)
{
	struct signalfd_siginfo s;
	if (in->got == 0 && in->fd >= 0 && read(in->fd, &s, sizeof s) == (ssize_t)sizeof s)
		in->got = (int)s.ssi_signo;
	return in->got != 0;
}

/* Nothing of the jail is left: go the way that the signal wanted. */
static void interrupts_end(struct interrupts *in)
{
	bool end = interrupted(in);
	if (in->fd >= 0)
		(void)close(in->fd);
	if (end) {
		(void)fprintf(
			stderr,
			"gatehouse: interrupted (SIG%s) while a model was loaded: the sandbox was ended, nothing was "
			"reported\n",
			sigabbrev_np(in->got));
		(void)fflush(stderr);
		(void)raise(in->got); /* blocked: it comes with the mask */
	}
	(void)pthread_sigmask(SIG_SETMASK, &in->before, NULL);
}

static void loop(struct gh_watcher *w, struct gh_jailed *j, struct interrupts *in)
{
	struct gh_watched *out = w->w;
	struct decoys decoys = watch_decoys(w->opt, j->pid);
	uint64_t start = now_ms(), limit = (uint64_t)w->opt->seconds * 1000;
	struct pollfd p[] = { { .fd = j->listen, .events = POLLIN }, { .fd = j->ctl, .events = POLLIN },
			      { .fd = j->out, .events = POLLIN },    { .fd = j->say, .events = POLLIN },
			      { .fd = decoys.fd, .events = POLLIN }, { .fd = in->fd, .events = POLLIN } };
	int status = SIGKILL;
	bool ended = !gh_jail_go(j);
	out->end = GH_WATCH_EXIT;
	while (!ended && !interrupted(in)) {
		uint64_t gone = now_ms() - start;
		if (gone >= limit) {
			out->end = GH_WATCH_TIME;
			break;
		}
		if (out->calls > CALLS_MAX || out->refused > REFUSED_MAX) {
			out->end = GH_WATCH_FLOOD;
			break;
		}
		if (poll(p, sizeof p / sizeof *p, limit - gone > 1000 ? 1000 : (int)(limit - gone)) < 0 &&
		    errno != EINTR)
			break;
		if ((p[0].revents & POLLIN) != 0) {
			struct gh_notice n;
			if (gh_notice_next(j->listen, &n) == GH_NOTICE_CALL) {
				out->calls++;
				gh_watch_call(w, &n);
			}
		} else if (p[0].revents != 0)
			p[0].fd = -1;
		if (p[2].revents != 0 && !drain(j->out, &out->out, TAIL, true))
			p[2].fd = -1;
		if (p[3].revents != 0 && !drain(j->say, &out->say, SAY, false))
			p[3].fd = -1;
		if (p[4].revents != 0)
			hear_decoys(w, &decoys);
		if (p[1].revents != 0)
			ended = gh_jail_ended(j, &status);
	}
	out->ms = now_ms() - start;
	gh_jail_kill(j);
	(void)drain(j->out, &out->out, TAIL, true);
	(void)drain(j->say, &out->say, SAY, false);
	hear_decoys(w, &decoys);
	if (decoys.fd >= 0)
		(void)close(decoys.fd);
	if (ended && WIFSIGNALED(status))
		out->end = GH_WATCH_SIGNAL;
	out->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
	if (out->end == GH_WATCH_SIGNAL && out->code == SIGXCPU)
		out->end = GH_WATCH_TIME;
	if (out->end == GH_WATCH_SIGNAL && out->code == SIGSYS) /* the filter's last word, or a pretence of it */
		gh_watch_note(w, GH_DET_KERNEL, "made a system call of another architecture, past what is watched");
}

enum gh_rc gh_watch(const struct gh_jail *j, const struct gh_watch_options *opt, struct gh_watched *out,
		    struct gh_err *err)
{
	struct gh_jailed jailed;
	struct interrupts in = { .fd = -1 };
	bool oom = false;
	out->out = gh_buf(2 * TAIL);
	out->say = gh_buf(SAY);
	interrupts_hear(&in);
	enum gh_rc rc = gh_jail_open(j, &jailed, err);
	if (rc != GH_OK) {
		interrupts_end(&in);
		return rc;
	}
	struct gh_watcher w = { .opt = opt,
				.w = out,
				.main = jailed.pid,
				.forks_max = jailed.cgroup_memory ? GH_FORKS_MAX : GH_FORKS_BARE };
	out->landlock = jailed.landlock;
	out->cgroup_memory = jailed.cgroup_memory;
	out->cgroup_pids = jailed.cgroup_pids;
	loop(&w, &jailed, &in);
	gh_jail_close(&jailed, &oom);
	interrupts_end(&in);
	if (oom && out->end == GH_WATCH_SIGNAL)
		out->end = GH_WATCH_MEMORY;
	return GH_OK;
}
