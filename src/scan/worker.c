#include "scan/worker.h"

#include "check/badhash.h"
#include "check/malware.h"
#include "os/file.h"
#include "os/ipc.h"
#include "scan/child.h"
#include "scan/clamd.h"
#include "scan/rules.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	SPILLS_MAX = 1 << 16, /* descriptors handed out for one file */
	DRAIN = 64,	      /* packets taken in one go */
};

/* One file in the hands of one worker. */
struct job {
	struct gh_worker *w;
	struct gh_feed *feed;
	struct gh_arena *arena;
	struct gh_outcome *out;
	bool done, told_failed;
	unsigned spills;
	struct gh_clamd clamd;
	const struct gh_along *along;
	void *beside;	    /* its file; NULL: nobody reads along */
	const char *broken; /* how the worker broke the protocol */
	bool stale;	    /* … by speaking of an earlier file */
};

bool gh_worker_open(struct gh_worker *w)
{
	*w = (struct gh_worker){ .sock = -1,
				 .data = -1,
				 .memfd = memfd_create("gatehouse", MFD_CLOEXEC | MFD_ALLOW_SEALING) };
	if (w->memfd < 0 || ftruncate(w->memfd, GH_SHM) != 0)
		return false;
	w->shm = mmap(NULL, GH_SHM, PROT_READ | PROT_WRITE, MAP_SHARED, w->memfd, 0);
	w->sha = gh_sha256_new();
	/* From here on nobody can map it writable, or change its size: the worker only reads. */
	return w->shm != MAP_FAILED && w->sha != NULL &&
	       fcntl(w->memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) == 0;
}

enum gh_rc gh_worker_start(struct gh_worker *w, const struct gh_scan_options *opt, struct gh_err *err)
{
	char depth[24], members[24], expanded[24], ratio[24], steps[24], memory[24], seconds[24], data[24];
	const struct gh_limits *l = &opt->limits;
	(void)snprintf(depth, sizeof depth, "%u", l->depth);
	(void)snprintf(members, sizeof members, "%llu", (unsigned long long)l->members);
	(void)snprintf(expanded, sizeof expanded, "%llu", (unsigned long long)l->expanded);
	(void)snprintf(ratio, sizeof ratio, "%u", l->ratio);
	(void)snprintf(steps, sizeof steps, "%llu", (unsigned long long)l->steps);
	(void)snprintf(memory, sizeof memory, "%zu", opt->memory);
	(void)snprintf(seconds, sizeof seconds, "%u", opt->seconds);
	(void)snprintf(data, sizeof data, "%llu", (unsigned long long)w->data_size);
	char *argv[] = {
		(char *)"gatehouse-worker", depth, members, expanded, ratio, steps, memory, seconds, data, NULL
	};
	const struct gh_os_fd more[] = { { w->memfd, GH_WORKER_SHM }, { w->data, GH_WORKER_DATA } };
	enum gh_rc rc = gh_child_start(opt->worker, argv, more, w->data_size != 0 ? 2 : 1, &w->pid, &w->sock, err);
	if (rc != GH_OK)
		return rc;
	w->ready = false;
	w->jobs = 0;
	return GH_OK;
}

void gh_worker_stop(struct gh_worker *w) { gh_child_stop(&w->pid, &w->sock); }

bool gh_worker_out_of_turn(struct gh_worker *w)
{
	struct pollfd fd = { .fd = w->sock, .events = POLLIN };
	return w->pid != 0 && w->ready && poll(&fd, 1, 0) != 0;
}

void gh_worker_close(struct gh_worker *w)
{
	gh_worker_stop(w);
	if (w->shm != NULL && w->shm != MAP_FAILED)
		(void)munmap(w->shm, GH_SHM);
	if (w->memfd >= 0)
		(void)close(w->memfd);
	gh_sha256_free(w->sha);
}

/* ---- what a worker may say --------------------------------------------------------------------------------- */

static struct gh_finding *new_finding(struct gh_arena *a, struct gh_outcome *out)
{
	struct gh_finding *v = gh_grow(a, out->finding, &out->cap, out->nfinding + 1, sizeof *v);
	if (v == NULL)
		return NULL;
	out->finding = v;
	return &v[out->nfinding++];
}

void gh_outcome_add(struct gh_arena *arena, struct gh_outcome *out, const struct gh_rule *rule, const char *detail)
{
	struct gh_finding *f = new_finding(arena, out);
	if (f == NULL) {
		out->dropped++;
		out->understood = 0; /* never CLEAN */
		out->sha256[0] = '\0';
	} else
		*f = (struct gh_finding){
			.rule = rule, .detail = gh_child_text(arena, gh_span_str(detail)), .member = "", .times = 1
		};
}

static const char *on_finding(struct job *j, const struct gh_msg *m, const char *text)
{
	size_t id_len = strnlen(text, m->len);
	if (id_len == m->len || m->a[3] > m->len - id_len - 1)
		return "a finding that does not fit its packet";
	const struct gh_rule *rule = gh_rule_by_id(text);
	if (rule == NULL)
		return "a finding of an unknown rule";
	if (j->out->nfinding >= GH_FINDINGS_MAX)
		return "too many findings";
	struct gh_finding *f = new_finding(j->arena, j->out);
	if (f == NULL)
		return "findings beyond the memory set aside for them";
	struct gh_span rest = { (const uint8_t *)text + id_len + 1, m->len - id_len - 1 };
	*f = (struct gh_finding){
		.rule = rule,
		.member = gh_child_text(j->arena, gh_span_cut(rest, 0, m->a[3])),
		.detail = gh_child_text(j->arena, gh_span_cut(rest, m->a[3], rest.n)),
		.off = m->a[0],
		.len = m->a[1],
		.ranged = m->a[2] == 1,
		.times = 1,
	};
	return NULL;
}

/* Most files are of one known format: no memory of their own for its name. */
static const char *format_name(struct gh_arena *a, struct gh_span s)
{
	static const char *const none[] = { "unknown", "empty" };
	for (size_t i = 0; i < 2; i++)
		if (gh_span_is(s, none[i]))
			return none[i];
	for (size_t i = 0; i < gh_fmts_n; i++)
		if (gh_span_is(s, gh_fmts[i]->name))
			return gh_fmts[i]->name;
	return gh_child_text(a, s);
}

static const char *on_done(struct job *j, const struct gh_msg *m, const char *text)
{
	struct gh_outcome *o = j->out;
	if (m->a[0] > j->feed->size)
		return "more bytes understood than there are";
	for (uint32_t i = 0; i < m->len; i++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-+", text[i]) == NULL || text[i] == '\0')
			return "a format name with strange characters";
	o->understood = m->a[0];
	o->members = m->a[1];
	o->expanded = m->a[2];
	o->dropped += m->a[3];
	o->format = format_name(j->arena, (struct gh_span){ (const uint8_t *)text, m->len });
	j->done = true;
	j->feed->hold = j->feed->size; /* the digest alone goes on */
	return NULL;
}

static const char *on_fact(struct job *j, const struct gh_msg *m, const char *text)
{
	struct gh_outcome *o = j->out;
	if (m->a[0] == 0 || m->a[0] >= GH_FACT_KINDS || m->len > GH_FACT_TARGET || memchr(text, '\0', m->len) != NULL)
		return "a fact of unknown kind";
	if (o->nfact > GH_FACTS_SENT + GH_STAGES)
		return "too many facts";
	struct gh_fact *v = gh_grow(j->arena, o->fact, &o->fact_cap, o->nfact + 1, sizeof *v);
	const char *last = o->nfact == 0 ? "" : o->fact[o->nfact - 1].target;
	struct gh_span s = { (const uint8_t *)text, m->len };
	const char *target = gh_span_is(s, last) ? last : (const char *)gh_keep(j->arena, s).p;
	if (v == NULL || target == NULL)
		return "facts beyond the memory set aside for them";
	o->fact = v;
	o->fact[o->nfact++] = (struct gh_fact){ (enum gh_fact_kind)m->a[0], target, m->a[1], m->a[2], m->a[3] };
	return NULL;
}

static bool say(struct job *j, uint32_t kind, uint64_t a, uint64_t b, uint64_t c, int fd)
{
	struct gh_msg m = { .kind = kind, .job = j->w->jobs, .a = { a, b, c } };
	return gh_ipc_send(j->w->sock, &m, sizeof m, fd, MSG_DONTWAIT); /* never wait for a worker that does not read */
}

static const char *on_window(struct job *j, const struct gh_msg *m)
{
	uint64_t off = m->a[0], len = m->a[1], slot = m->a[2];
	if (off >= j->feed->size || len == 0 || len > GH_WINDOW_MAX || len > j->feed->size - off || slot >= GH_SLOTS)
		return "a window outside the file";
	if (j->feed->state == GH_FEED_OK && gh_feed_window(j->feed, off, (size_t)len, (unsigned)slot))
		(void)say(j, GH_TO_WINDOW, off, len, slot, -1);
	else if (!j->told_failed)
		j->told_failed = say(j, GH_TO_FAILED, 0, 0, 0, -1);
	return NULL;
}

static const char *on_spill(struct job *j)
{
	if (++j->spills > SPILLS_MAX)
		return "too many spill files";
	int fd = gh_os_unlinked_file();
	(void)say(j, GH_TO_SPILL, fd < 0 ? (uint64_t)errno : 0, 0, 0, fd);
	if (fd >= 0)
		(void)close(fd);
	return NULL;
}

/* One packet from the worker; NULL, or how it broke the protocol. */
static const char *on_packet(struct job *j, const struct gh_packet *p, size_t n)
{
	const struct gh_msg *m = &p->m;
	if (n < sizeof *m || m->len != n - sizeof *m)
		return "a packet of the wrong length";
	if (m->job != j->w->jobs) {
		j->stale = m->job < j->w->jobs;
		return "a message about another file";
	}
	if (j->done)
		return "a message after the last one";
	switch (m->kind) {
	case GH_FROM_HOLD:
		if (m->len != 0 || m->a[0] < j->feed->hold || m->a[0] > j->feed->head)
			return "a release of bytes that it does not hold";
		j->feed->hold = m->a[0];
		return NULL;
	case GH_FROM_WINDOW: return m->len != 0 ? "text where none belongs" : on_window(j, m);
	case GH_FROM_SPILL: return m->len != 0 ? "text where none belongs" : on_spill(j);
	case GH_FROM_FINDING: return on_finding(j, m, p->text);
	case GH_FROM_TIMES:
		if (m->len != 0 || m->a[0] >= j->out->nfinding)
			return "a count for a finding that it did not send";
		j->out->finding[m->a[0]].times = m->a[1] > UINT32_MAX ? UINT32_MAX : (unsigned)m->a[1];
		return NULL;
	case GH_FROM_FACT: return on_fact(j, m, p->text);
	case GH_FROM_DONE: return on_done(j, m, p->text);
	default: return "a message of unknown kind";
	}
}

/* ---- one file ------------------------------------------------------------------------------------------------ */

/* What the worker has said so far; only so much of it at a time, so that a flood does not stop the clock. False: it is
 * gone or out of order. */
static bool drain(struct job *j)
{
	struct gh_packet p;
	for (unsigned i = 0; i < DRAIN; i++) {
		ssize_t n = gh_ipc_recv(j->w->sock, &p, sizeof p, NULL, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			return true;
		if (n <= 0)
			return false;
		j->broken = on_packet(j, &p, (size_t)n);
		if (j->broken != NULL)
			return false;
		if (j->done)
			return true;
	}
	return true;
}

/* ---- the virus scanner ------------------------------------------------------------------------------------------- */

static bool given_up(const struct gh_along *a) { return a != NULL && a->over != NULL && a->over(a->arg); }

static void read_along(struct job *j)
{
	if (j->feed->state == GH_FEED_OK && given_up(j->along)) {
		j->feed->state = GH_FEED_ERROR;
		j->feed->sys = ECANCELED;
	}
	gh_clamd_step(&j->clamd, j->feed->ring, GH_RING, j->feed->head);
	j->feed->also = j->clamd.state == GH_CLAMD_TALK ? j->clamd.sent : UINT64_MAX;
	uint64_t taken = j->beside == NULL ? UINT64_MAX : j->along->taken(j->beside);
	if (taken < j->feed->also)
		j->feed->also = taken;
}

/* Does somebody still read along? */
static bool read_by_others(const struct job *j)
{
	if (j->feed->state != GH_FEED_OK)
		return false;
	return j->clamd.state == GH_CLAMD_TALK || (j->beside != NULL && j->feed->also < j->feed->size);
}

static void begin_along(struct job *j, const struct gh_scan_options *opt, const char *name)
{
	if (opt->along == NULL || j->feed->state != GH_FEED_OK)
		return;
	j->along = opt->along;
	j->beside = j->along->begin(j->along->arg, name, j->feed->size, j->w->memfd);
	if (j->beside != NULL)
		j->along->head(j->beside, j->feed->head);
}

/* The rest of the file, for the digest and for who reads along, when the worker is not there any more. */
static void read_on(struct job *j, bool small)
{
	struct gh_feed *f = j->feed;
	f->hold = f->size;
	for (;;) {
		read_along(j);
		if (f->state != GH_FEED_OK || ((small || gh_feed_done(f)) && !read_by_others(j)))
			return;
		if (gh_feed_room(f)) {
			gh_feed_block(f);
			if (j->beside != NULL)
				j->along->head(j->beside, f->head);
			continue;
		}
		struct pollfd fd[2] = { { .fd = f->progress, .events = POLLIN },
					{ .fd = j->beside == NULL ? -1 : j->along->wake(j->beside),
					  .events = POLLIN } };
		(void)poll(fd, 2, 100);
	}
}

static void ask_clamd(struct job *j, const char *address)
{
	struct gh_err err = { 0 };
	char why[300] = "";
	if (address == NULL || j->feed->size == 0)
		return;
	int fd;
	if (gh_clamd_connect(address, &fd, &err) != GH_OK)
		(void)gh_err_line(&err, why, sizeof why);
	gh_clamd_begin(&j->clamd, fd, j->feed->size, why);
	read_along(j);
}

/* What it said becomes a finding; when it did not say anything to the end, that too. */
static void hear_clamd(struct job *j)
{
	gh_clamd_end(&j->clamd, "the file could not be read to its end in time");
	if (j->clamd.state == GH_CLAMD_FOUND)
		gh_outcome_add(j->arena, j->out, gh_malware_rule(GH_MALWARE_CLAMD), j->clamd.text);
	else if (j->clamd.state == GH_CLAMD_LOST)
		gh_outcome_add(j->arena, j->out, gh_malware_rule(GH_MALWARE_CLAMD_LOST), j->clamd.text);
}

/* The digest of the file itself; those of its members are compared in the worker. */
static void known_bad(struct job *j, const struct gh_scan_options *opt)
{
	struct gh_badlist list = gh_badlist(opt->data.section[GH_DATA_BADHASH]);
	uint8_t digest[GH_SHA256_BYTES];
	const char *hex = j->out->sha256, *name;
	if (list.n == 0 || hex[0] == '\0')
		return;
	for (unsigned i = 0; i < GH_SHA256_BYTES; i++) {
		unsigned hi = (unsigned char)hex[2 * i], lo = (unsigned char)hex[2 * i + 1];
		digest[i] = (uint8_t)((hi > '9' ? hi - 'a' + 10 : hi - '0') << 4 |
				      (lo > '9' ? lo - 'a' + 10 : lo - '0'));
	}
	name = gh_badlist_find(&list, digest);
	if (name != NULL)
		gh_outcome_add(j->arena, j->out, gh_malware_rule(GH_MALWARE_KNOWN), name);
}

enum wait { WAIT_OK, WAIT_GONE, WAIT_TIME };

/* Sleep until the worker speaks, the digest moves on, or the deadline passes. */
static enum wait wait_for(struct job *j, int64_t deadline, bool busy)
{
	short virus = gh_clamd_wants(&j->clamd, j->feed->head);
	struct pollfd fd[4] = { { .fd = j->done ? -1 : j->w->sock, .events = POLLIN },
				{ .fd = j->feed->progress, .events = POLLIN },
				{ .fd = virus == 0 ? -1 : j->clamd.fd, .events = virus },
				{ .fd = j->beside == NULL ? -1 : j->along->wake(j->beside), .events = POLLIN } };
	int64_t left = deadline - gh_child_now_ms();
	if (left <= 0)
		return WAIT_TIME;
	/* Who reads along may give up without a sign that can be waited for. */
	int most = j->beside == NULL ? 60000 : 200;
	int n = poll(fd, 4, busy ? 0 : left < most ? (int)left : most);
	if (j->beside != NULL || (n > 0 && fd[2].revents != 0))
		read_along(j);
	if (n > 0 && fd[1].revents != 0) {
		uint64_t x;
		(void)!read(j->feed->progress, &x, sizeof x);
	}
	if (n > 0 && fd[0].revents != 0 && !drain(j))
		return WAIT_GONE;
	return WAIT_OK;
}

static void close_outcome(struct job *j, enum wait how, unsigned seconds)
{
	char text[200], why[120];
	if (j->stale && j->w->jobs > 1) {
		gh_worker_stop(j->w); /* no fault of this file: it gets a worker of its own */
		j->out->again = true;
	} else if (j->broken != NULL) {
		gh_worker_stop(j->w);
		(void)snprintf(text, sizeof text, "the worker sent %s", j->broken);
		gh_outcome_add(j->arena, j->out, &gh_scan_rules[GH_S_PROTOCOL], text);
	} else if (how == WAIT_TIME) {
		gh_worker_stop(j->w);
		(void)snprintf(text, sizeof text, "stopped after %u s (--limit-time)", seconds);
		gh_outcome_add(j->arena, j->out, &gh_scan_rules[GH_S_TIME], text);
	} else if (how == WAIT_GONE) {
		(void)snprintf(text, sizeof text, "worker: %s",
			       gh_child_obituary(&j->w->pid, &j->w->sock, why, sizeof why));
		gh_outcome_add(j->arena, j->out, &gh_scan_rules[GH_S_CRASH], text);
	}
	j->out->worker_died = j->w->pid == 0;
	if (j->out->worker_died)
		j->out->understood = j->out->nfact = 0;
}

/* Send the job itself. False: the worker is not there any more. */
static bool hand_over(struct job *j, const char *name, struct gh_ranges declared)
{
	struct gh_worker *w = j->w;
	struct gh_packet p = { .m = { .kind = GH_TO_RANGES, .job = w->jobs } };
	for (size_t i = 0; i < declared.n;) {
		for (p.m.len = 0; i < declared.n && p.m.len + sizeof declared.v[i] <= sizeof p.text; i++) {
			memcpy(p.text + p.m.len, &declared.v[i], sizeof declared.v[i]);
			p.m.len += (uint32_t)sizeof declared.v[i];
		}
		if (!gh_ipc_send(w->sock, &p, sizeof p.m + p.m.len, -1, MSG_DONTWAIT))
			return false;
	}
	p.m = (struct gh_msg){ .kind = GH_TO_JOB, .job = w->jobs, .a = { j->feed->size, j->feed->head } };
	p.m.len = (uint32_t)strnlen(name, 1024);
	memcpy(p.text, name, p.m.len);
	return gh_ipc_send(w->sock, &p, sizeof p.m + p.m.len, -1, MSG_DONTWAIT);
}

enum gh_rc gh_worker_scan(struct gh_worker *w, const struct gh_scan_options *opt, int fd, const struct stat *st,
			  const char *name, struct gh_ranges declared, struct gh_arena *arena, struct gh_outcome *out,
			  void (*tick)(void *arg, uint64_t bytes), void *arg, struct gh_err *err)
{
	struct gh_feed feed;
	struct job j = { .w = w, .feed = &feed, .arena = arena, .out = out };
	*out = (struct gh_outcome){ .format = "unknown" };
	if (given_up(opt->along))
		return gh_fail(err, GH_E_IO, "the scan was given up");
	if (!gh_feed_open(&feed, fd, st, w->shm, w->sha))
		return gh_fail(err, GH_E_NOMEM, "no memory to read %s", name);
	int64_t deadline = gh_child_now_ms() + (int64_t)opt->seconds * 1000;
	while (feed.size <= GH_RING ? feed.head < feed.size && feed.state == GH_FEED_OK : feed.head == 0)
		gh_feed_block(&feed);
	if (!w->ready) {
		enum gh_rc rc = gh_child_ready(w->sock, opt->seconds, err);
		if (rc != GH_OK) {
			gh_feed_close(&feed, out->sha256);
			return rc;
		}
		w->ready = true;
	}
	w->jobs++;
	enum wait how = feed.state != GH_FEED_OK || hand_over(&j, name, declared) ? WAIT_OK : WAIT_GONE;
	bool small = feed.size <= GH_RING;
	if (small) {
		gh_feed_digest_small(&feed);
		if (tick != NULL)
			tick(arg, feed.size);
	}
	if (feed.state != GH_FEED_OK)
		j.done = true; /* unreadable from the start: the worker was not asked, and will not answer */
	begin_along(&j, opt, name);
	if (feed.state == GH_FEED_OK)
		ask_clamd(&j, opt->clamd);
	read_along(&j);
	while (how == WAIT_OK && !(j.done && (small || gh_feed_done(&feed)) && !read_by_others(&j))) {
		if (gh_feed_room(&feed)) {
			uint64_t was = feed.head;
			gh_feed_block(&feed);
			if (feed.state == GH_FEED_OK && !j.done && !say(&j, GH_TO_HEAD, feed.head, 0, 0, -1))
				how = WAIT_GONE;
			if (j.beside != NULL && feed.state == GH_FEED_OK)
				j.along->head(j.beside, feed.head);
			if (tick != NULL)
				tick(arg, feed.head - was);
		}
		if (feed.state != GH_FEED_OK && !j.done && !j.told_failed)
			j.told_failed = say(&j, GH_TO_FAILED, 0, 0, 0, -1);
		if (how == WAIT_OK)
			how = wait_for(&j, deadline, gh_feed_room(&feed));
	}
	close_outcome(&j, how, opt->seconds);
	hear_clamd(&j);
	/* The digest is wanted even when the worker is gone; after the time limit only for who stores what it belongs to. */
	if (how != WAIT_TIME || j.beside != NULL)
		read_on(&j, small);
	gh_feed_close(&feed, out->sha256);
	if (j.beside != NULL)
		j.along->end(j.beside, out->sha256);
	known_bad(&j, opt);
	if (feed.state == GH_FEED_CHANGED)
		gh_outcome_add(arena, out, &gh_scan_rules[GH_S_CHANGED],
			       "size, time or content differ from what was read first");
	else if (feed.state == GH_FEED_ERROR)
		gh_outcome_add(arena, out, &gh_scan_rules[GH_S_IO], strerror(feed.sys));
	return GH_OK;
}
