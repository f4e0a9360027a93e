#include "scan/tool.h"

#include "base/arena.h"
#include "os/file.h"
#include "os/ipc.h"
#include "scan/child.h"
#include "scan/proto.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* One job in the hands of its worker. */
struct run {
	const struct gh_tool_job *job;
	struct stat *was; /* of each input, at the start */
	pid_t pid;
	int sock;
	int64_t deadline;
	uint64_t records, opens, spills;
	bool done;	    /* the last message came */
	enum gh_rc failed;  /* and was a failure */
	char why[400];	    /* for this reason, safe to print */
	const char *broken; /* how it broke the protocol */
};

/* Sleep until the socket is ready for `events`. False: the deadline passed. */
static bool wait_for(struct run *r, short events)
{
	for (;;) {
		int64_t left = r->deadline - gh_child_now_ms();
		if (left <= 0)
			return false;
		struct pollfd fd = { .fd = r->sock, .events = events };
		int n = poll(&fd, 1, (int)(left < 60000 ? left : 60000));
		if (n > 0 || (n < 0 && errno != EINTR))
			return true;
	}
}

/* Never wait longer than the deadline for a worker that does not read. */
static bool send_one(struct run *r, const struct gh_tool_packet *p, int fd)
{
	while (!gh_ipc_send(r->sock, p, sizeof p->m + p->m.len, fd, MSG_DONTWAIT)) {
		if (errno != EAGAIN || !wait_for(r, POLLOUT))
			return false;
	}
	return true;
}

static bool introduce(struct run *r)
{
	const struct gh_tool_job *j = r->job;
	for (size_t i = 0; i < j->ninput; i++) {
		struct gh_tool_packet p = { .m = { .kind = GH_TOOL_TO_FILE,
						   .a = { i, (uint64_t)r->was[i].st_size, j->input[i].tag } } };
		p.m.len = (uint32_t)strnlen(j->input[i].name, GH_TOOL_NAME);
		memcpy(p.text, j->input[i].name, p.m.len);
		if (!send_one(r, &p, -1))
			return false;
	}
	for (size_t at = 0; at < j->args.n;) {
		struct gh_span part = gh_span_cut(j->args, at, GH_TOOL_TEXT);
		struct gh_tool_packet p = { .m = { .kind = GH_TOOL_TO_ARGS, .len = (uint32_t)part.n } };
		memcpy(p.text, part.p, part.n);
		if (!send_one(r, &p, -1))
			return false;
		at += part.n;
	}
	struct gh_tool_packet go = { .m = { .kind = GH_TOOL_TO_GO, .a = { j->output >= 0 } } };
	return send_one(r, &go, -1);
}

/* ---- what a worker may say ------------------------------------------------------------------------------------ */

static const char *answer(struct run *r, int fd, int sys)
{
	struct gh_tool_packet p = { .m = { .kind = GH_TOOL_TO_FD, .a = { fd < 0 ? (uint64_t)sys : 0 } } };
	(void)send_one(r, &p, fd); /* when it is gone, the next read says so */
	return NULL;
}

/* An input that is not kept open. -1 with errno; ESTALE when it is another one now. */
static int open_again(struct run *r, size_t i)
{
	struct stat now;
	int fd = gh_os_open_regular(r->job->path[i], &now);
	if (fd >= 0 && !gh_os_same_file(&r->was[i], &now)) {
		(void)close(fd);
		errno = ESTALE;
		return -1;
	}
	return fd;
}

static const char *on_open(struct run *r, uint64_t number)
{
	if (++r->opens > GH_TOOL_OPENS)
		return "too many requests for files";
	if (number == GH_TOOL_OUTPUT && r->job->output >= 0)
		return answer(r, r->job->output, 0);
	if (number >= r->job->ninput)
		return "a request for a file that it was not given";
	if (r->job->input[number].fd >= 0)
		return answer(r, r->job->input[number].fd, 0);
	int fd = open_again(r, (size_t)number);
	const char *broken = answer(r, fd, errno);
	if (fd >= 0)
		(void)close(fd);
	return broken;
}

static const char *on_spill(struct run *r)
{
	if (++r->spills > GH_TOOL_SPILLS)
		return "too many requests for temporary files";
	int fd = gh_os_unlinked_file();
	const char *broken = answer(r, fd, errno);
	if (fd >= 0)
		(void)close(fd);
	return broken;
}

static const char *on_record(struct run *r, const struct gh_tool_packet *p)
{
	if (++r->records > r->job->records)
		return "more results than there can be";
	const struct gh_tool_record rec = { p->m.record, p->m.a, { (const uint8_t *)p->text, p->m.len } };
	return r->job->on_record(r->job->arg, &rec);
}

static const char *on_fail(struct run *r, const struct gh_tool_packet *p)
{
	gh_auto_arena arena = { .max = 64 << 10 };
	if (p->m.a[0] == GH_OK || p->m.a[0] > GH_E_BUG)
		return "a failure of unknown kind";
	(void)snprintf(r->why, sizeof r->why, "%s",
		       gh_child_text(&arena, (struct gh_span){ (const uint8_t *)p->text, p->m.len }));
	r->failed = (enum gh_rc)p->m.a[0];
	r->done = true;
	return NULL;
}

static const char *on_packet(struct run *r, const struct gh_tool_packet *p, size_t n)
{
	if (n < sizeof p->m || p->m.len != n - sizeof p->m)
		return "a packet of the wrong length";
	switch (p->m.kind) {
	case GH_TOOL_FROM_OPEN: return p->m.len != 0 ? "text where none belongs" : on_open(r, p->m.a[0]);
	case GH_TOOL_FROM_SPILL: return p->m.len != 0 ? "text where none belongs" : on_spill(r);
	case GH_TOOL_FROM_RECORD: return on_record(r, p);
	case GH_TOOL_FROM_TICK:
		if (r->job->tick != NULL)
			r->job->tick(r->job->arg, p->m.a[0]);
		return NULL;
	case GH_TOOL_FROM_FAIL: return on_fail(r, p);
	case GH_TOOL_FROM_DONE: r->done = true; return NULL;
	default: return "a message of unknown kind";
	}
}

/* ---- the job -------------------------------------------------------------------------------------------------- */

static enum gh_rc listen_to(struct run *r, struct gh_err *err)
{
	struct gh_tool_packet p;
	char why[120];
	while (!r->done) {
		if (!wait_for(r, POLLIN))
			return gh_fail(err, GH_E_LIMIT, "stopped after %u s (--limit-time)", r->job->seconds);
		ssize_t n = gh_ipc_recv(r->sock, &p, sizeof p, NULL, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			continue;
		r->broken = n < 0 && errno == EMSGSIZE ? "a packet of the wrong length" : NULL;
		if (n <= 0 && r->broken == NULL)
			return gh_fail(err, GH_E_BUG, "the worker ended early: %s",
				       gh_child_obituary(&r->pid, &r->sock, why, sizeof why));
		if (r->broken == NULL)
			r->broken = on_packet(r, &p, (size_t)n);
		if (r->broken != NULL)
			return gh_fail(err, GH_E_BUG, "the worker sent %s", r->broken);
	}
	return r->failed == GH_OK ? GH_OK : gh_fail(err, r->failed, "%s", r->why);
}

/* What the input is now. False with errno. */
static bool status(const struct gh_tool_job *job, size_t i, struct stat *st)
{
	if (job->input[i].fd >= 0 || job->path == NULL)
		return fstat(job->input[i].fd, st) == 0;
	int fd = gh_os_open_regular(job->path[i], st);
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0;
}

static enum gh_rc unchanged(const struct run *r, struct gh_err *err)
{
	for (size_t i = 0; i < r->job->ninput; i++) {
		struct stat now;
		if (!status(r->job, i, &now) || !gh_os_same_file(&r->was[i], &now))
			return gh_fail(err, GH_E_IO, "a file changed while it was read: input %zu", i + 1);
	}
	return GH_OK;
}

static enum gh_rc converse(struct run *r, bool anew, struct gh_err *err)
{
	enum gh_rc rc = anew ? gh_child_ready(r->sock, r->job->seconds, err) : GH_OK;
	if (rc != GH_OK)
		return rc;
	(void)introduce(r); /* when that failed, listening says why: the worker is gone, or time is up */
	rc = listen_to(r, err);
	return rc == GH_OK ? unchanged(r, err) : rc;
}

void gh_tool_end(struct gh_tool_keep *k)
{
	gh_child_stop(&k->pid, &k->sock);
	*k = (struct gh_tool_keep){ 0 };
}

/* Take over the worker that is kept, if it suits this job. */
static bool take_kept(struct run *r, struct gh_tool_keep *k)
{
	const struct gh_tool_job *j = r->job;
	if (k->pid == 0 || k->jobs >= GH_TOOL_JOBS || k->memory != j->memory || k->output_bytes != j->output_bytes ||
	    k->seconds != j->seconds) {
		gh_tool_end(k);
		return false;
	}
	r->pid = k->pid;
	r->sock = k->sock;
	return true;
}

static enum gh_rc start(struct run *r, struct gh_err *err)
{
	const struct gh_tool_job *job = r->job;
	char memory[24], bytes[24], seconds[24];
	unsigned jobs = job->keep == NULL
				? 1
				: GH_TOOL_JOBS; /* the processor's time is of all of them, the clock of each */
	(void)snprintf(memory, sizeof memory, "%zu", job->memory);
	(void)snprintf(bytes, sizeof bytes, "%llu", (unsigned long long)job->output_bytes);
	(void)snprintf(seconds, sizeof seconds, "%llu", (unsigned long long)job->seconds * jobs);
	char *argv[] = { (char *)"gatehouse-worker", (char *)(size_t)job->mode, memory, bytes, seconds, NULL };
	return gh_child_start(job->worker, argv, NULL, 0, &r->pid, &r->sock, err);
}

/* The run is over: keep the worker, or end it. */
static void leave(struct run *r, bool well)
{
	struct gh_tool_keep *k = r->job->keep;
	if (k == NULL || !well) {
		gh_child_stop(&r->pid, &r->sock);
		if (k != NULL)
			*k = (struct gh_tool_keep){ .jobs = k->jobs };
		return;
	}
	*k = (struct gh_tool_keep){ r->pid, r->sock, k->jobs, r->job->memory, r->job->output_bytes, r->job->seconds };
}

enum gh_rc gh_tool_run(const struct gh_tool_job *job, struct gh_err *err)
{
	struct run r = { .job = job, .sock = -1, .deadline = gh_child_now_ms() + (int64_t)job->seconds * 1000 };
	if (job->ninput > GH_TOOL_FILES || job->args.n > GH_TOOL_ARGS)
		return gh_fail(err, GH_E_LIMIT, "more than %d files, or too many arguments", GH_TOOL_FILES);
	r.was = calloc(job->ninput + 1, sizeof *r.was);
	if (r.was == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a list of %zu files", job->ninput);
	for (size_t i = 0; i < job->ninput; i++)
		if (!status(job, i, &r.was[i])) {
			enum gh_rc rc = gh_fail_sys(err, errno, "input %zu", i + 1);
			free(r.was);
			return rc;
		}
	bool kept = job->keep != NULL && take_kept(&r, job->keep);
	enum gh_rc rc = kept ? GH_OK : start(&r, err);
	if (job->keep != NULL)
		job->keep->jobs++;
	if (rc == GH_OK)
		rc = converse(&r, !kept, err);
	leave(&r, rc == GH_OK);
	free(r.was);
	return rc;
}
