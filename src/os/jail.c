#include "os/jail_int.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SETUP_MS = 20000 };

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

static unsigned left_out(const struct gh_jail *j)
{
#ifdef GH_TEST_HOOKS
	return j->without;
#else
	(void)j;
	return 0;
#endif
}

static bool put(pid_t pid, const char *file, const char *text)
{
	char path[64];
	(void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	size_t n = strlen(text);
	bool ok = write(fd, text, n) == (ssize_t)n;
	int e = errno;
	(void)close(fd);
	errno = e;
	return ok;
}

/* Inside, the caller is user 1000 and nobody else exists. */
static bool map_users(pid_t pid)
{
	char uid[64], gid[64];
	(void)snprintf(uid, sizeof uid, "1000 %u 1\n", (unsigned)geteuid());
	(void)snprintf(gid, sizeof gid, "1000 %u 1\n", (unsigned)getegid());
	return (geteuid() == 0 || put(pid, "setgroups", "deny")) && put(pid, "uid_map", uid) &&
	       put(pid, "gid_map", gid);
}

/* The next packet, and who sent it as seen from here (0: unknown). False: none came. */
static bool hear(int ctl, struct gh_jail_msg *m, pid_t *from)
{
	union {
		struct cmsghdr head;
		char space[CMSG_SPACE(sizeof(struct ucred))];
	} c = { 0 };
	struct iovec iov = { m, sizeof *m };
	struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &c, .msg_controllen = sizeof c };
	struct pollfd p = { .fd = ctl, .events = POLLIN };
	int r;
	do
		r = poll(&p, 1, SETUP_MS);
	while (r < 0 && errno == EINTR);
	if (r <= 0) {
		errno = r == 0 ? ETIMEDOUT : errno;
		return false;
	}
	ssize_t n = recvmsg(ctl, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n != (ssize_t)sizeof *m) {
		errno = ECHILD;
		return false;
	}
	*from = 0;
	for (struct cmsghdr *k = CMSG_FIRSTHDR(&h); k != NULL; k = CMSG_NXTHDR(&h, k))
		if (k->cmsg_level == SOL_SOCKET && k->cmsg_type == SCM_CREDENTIALS) {
			struct ucred u;
			memcpy(&u, CMSG_DATA(k), sizeof u);
			*from = u.pid;
		}
	m->what[sizeof m->what - 1] = '\0';
	return true;
}

static enum gh_rc refused(struct gh_err *err, int sys, const char *what)
{
	enum gh_rc rc = gh_fail_sys(err, sys, "the sandbox could not %s", what);
	return rc == GH_E_IO ? GH_E_DENIED : rc;
}

/* What the two processes inside report until the program is ready to begin. */
static enum gh_rc until_ready(const struct gh_jail *j, struct gh_jailed *out, struct gh_err *err)
{
	struct gh_jail_msg m;
	pid_t from = 0;
	int listener = -1;
	bool ready = false, guarded = false;
	while (!ready || !guarded) {
		if (!hear(out->ctl, &m, &from))
			return refused(err, errno, "be set up: its first process died");
		if (m.word == GH_JW_FAILED)
			return refused(err, m.value, m.what);
		if (m.word == GH_JW_HELLO)
			out->pid = from;
		else if (m.word == GH_JW_GUARDED)
			guarded = true;
		else if (m.word == GH_JW_READY) {
			ready = true;
			listener = m.value;
			out->landlock = m.landlock;
			out->proc = m.proc;
		} else
			return refused(err, EPROTO, "be set up");
	}
	if (!j->listen || (left_out(j) & GH_JAIL_SECCOMP) != 0)
		return GH_OK;
	int pidfd = (int)syscall(SYS_pidfd_open, out->pid, 0);
	if (pidfd < 0)
		return refused(err, errno, "be watched (pidfd_open)");
	out->listen = (int)syscall(SYS_pidfd_getfd, pidfd, listener, 0);
	int e = errno;
	(void)close(pidfd);
	return out->listen < 0 ? refused(err, e, "be watched (pidfd_getfd)") : GH_OK;
}

static enum gh_rc start(const struct gh_jail *j, struct gh_jailed *out, int inner_ctl, int inner_out, int inner_say,
			struct gh_err *err)
{
	struct gh_jail_inside in = { .j = j,
				     .ctl = inner_ctl,
				     .out = inner_out,
				     .say = inner_say,
				     .privileged = geteuid() == 0,
				     .without = left_out(j) };
	unsigned long flags = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP |
			      CLONE_PIDFD | SIGCHLD;
	flags |= (in.without & GH_JAIL_NET) != 0 ? 0ul : CLONE_NEWNET;
	flags |= (in.without & GH_JAIL_PID) != 0 ? 0ul : CLONE_NEWPID;
	pid_t pid = (pid_t)syscall(SYS_clone, flags, NULL, &out->pidfd, NULL, NULL);
	if (pid < 0)
		return refused(err, errno, "make namespaces");
	if (pid == 0)
		gh_jail_init(&in);
	out->init = pid;
	(void)fcntl(out->pidfd, F_SETFD, FD_CLOEXEC);
	if (!map_users(pid))
		return refused(err, errno, "map its user");
	if ((in.without & GH_JAIL_CGROUP) == 0)
		gh_jail_cgroups(j, out);
	struct gh_jail_msg go = { .word = GH_JW_GO };
	if (write(out->ctl, &go, sizeof go) != (ssize_t)sizeof go ||
	    write(out->ctl, out->cgroup, sizeof out->cgroup) != (ssize_t)sizeof out->cgroup)
		return refused(err, errno, "be started");
	return GH_OK;
}

enum gh_rc gh_jail_open(const struct gh_jail *j, struct gh_jailed *out, struct gh_err *err)
{
	int ctl[2] = { -1, -1 }, text[2] = { -1, -1 }, say[2] = { -1, -1 };
	static const int on = 1;
	*out = (struct gh_jailed){ .pidfd = -1, .ctl = -1, .listen = -1, .out = -1, .say = -1 };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ctl) != 0 ||
	    setsockopt(ctl[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof on) != 0 || pipe2(text, O_CLOEXEC) != 0 ||
	    (j->talk <= 0 && pipe2(say, O_CLOEXEC) != 0)) {
		enum gh_rc rc = gh_fail_sys(err, errno, "descriptors for a sandbox");
		for (int i = 0; i < 2; i++) {
			shut(&ctl[i]);
			shut(&text[i]);
			shut(&say[i]);
		}
		return rc;
	}
	(void)fcntl(text[0], F_SETFL, O_NONBLOCK);
	if (j->talk <= 0)
		(void)fcntl(say[0], F_SETFL, O_NONBLOCK);
	out->ctl = ctl[0];
	out->out = text[0];
	out->say = say[0];
	enum gh_rc rc = start(j, out, ctl[1], text[1], j->talk > 0 ? j->talk : say[1], err);
	/* Without these, the end of what is inside shows as the end of the stream. */
	shut(&ctl[1]);
	shut(&text[1]);
	shut(&say[1]);
	if (rc == GH_OK)
		rc = until_ready(j, out, err);
	if (rc != GH_OK)
		gh_jail_close(out, NULL);
	return rc;
}

bool gh_jail_go(struct gh_jailed *j)
{
	struct gh_jail_msg go = { .word = GH_JW_GO, .value = -1 };
	return send(j->ctl, &go, sizeof go, MSG_NOSIGNAL) == (ssize_t)sizeof go;
}

bool gh_jail_ended(struct gh_jailed *j, int *status)
{
	struct gh_jail_msg m;
	for (;;) {
		ssize_t n = recv(j->ctl, &m, sizeof m, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return false;
		if (n != (ssize_t)sizeof m) { /* nobody is left to say anything */
			*status = SIGKILL;
			return true;
		}
		if (m.word == GH_JW_FAILED || m.word == GH_JW_ENDED) {
			*status = m.word == GH_JW_ENDED ? m.value : 127 << 8;
			return true;
		}
	}
}

void gh_jail_kill(struct gh_jailed *j)
{
	if (j->pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, j->pidfd, SIGKILL, NULL, 0);
}

void gh_jail_close(struct gh_jailed *j, bool *oom)
{
	int status;
	gh_jail_kill(j);
	shut(&j->listen); /* a call that waits for an answer is refused by the kernel from here on */
	if (j->init > 0)
		while (waitpid(j->init, &status, 0) < 0 && errno == EINTR)
			;
	j->init = 0;
	if (oom != NULL)
		*oom = gh_jail_cgroup_oom(j);
	gh_jail_cgroups_remove(j);
	shut(&j->pidfd);
	shut(&j->ctl);
	shut(&j->out);
	shut(&j->say);
}
