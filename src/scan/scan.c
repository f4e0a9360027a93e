#include "scan/scan.h"

#include "os/file.h"
#include "os/tree.h"
#include "check/ruledata.h"
#include "scan/data.h"
#include "scan/detonation.h"
#include "scan/parts.h"
#include "scan/rules.h"
#include "scan/stages.h"
#include "scan/stdin.h"
#include "scan/verdict.h"
#include "scan/vex.h"
#include "scan/whole.h"
#include "scan/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { FILE_ARENA = 8 << 20, REPORT_ARENA = 512 << 20 };

const struct gh_scan_options gh_scan_options_default = {
	.limits = { .expanded = (uint64_t)16 << 30,
		    .members = 1 << 20,
		    .steps = (uint64_t)1 << 33,
		    .depth = 16,
		    .ratio = 1000 },
	.jobs = 2,
	.seconds = 60,
	.memory = (size_t)128 << 20,
	.stage_off = { [GH_STAGE_DETONATION] = "not asked for (--detonate)" },
};

struct gh_scan {
	struct gh_arena arena;	     /* the report's own texts */
	struct gh_arena *file_arena; /* one per file, owned by the thread that scans it */
	size_t nfile, cap;
	struct gh_file_report *file;
	struct gh_scan_report report;
	struct gh_stage_sums stages;
	struct gh_parts parts;
	struct gh_detonation *detonation;
	size_t ndetonation;
};

/* The files of one artifact and the threads that work on them. */
struct pool {
	struct gh_scan *scan;
	const struct gh_scan_options *opt;
	struct gh_os_tree tree;
	size_t first; /* of this artifact in scan->file */
	pthread_mutex_t lock;
	size_t *order;		    /* of the files in tree: see rank() */
	size_t next;		    /* in order */
	struct gh_repo_file *known; /* per file, what was found out so far; guarded by lock */
	bool *told;		    /* per file, whether its worker knew what others say about it */
	bool refers;		    /* some file says something about raw weights in another one */
	size_t *again, nagain;	    /* files that a worker had cleared before it died */
	struct gh_err *err;
	enum gh_rc rc; /* why no file could be scanned */
	uint64_t files_done, files, bytes_done, bytes;
};

struct lane { /* one thread with its worker */
	struct pool *pool;
	struct gh_worker worker;
	size_t cleared[GH_WORKER_JOBS], ncleared;
	pthread_t thread;
};

static void advance(struct pool *p, uint64_t files, uint64_t bytes)
{
	if (p->opt->progress == NULL)
		return;
	(void)pthread_mutex_lock(&p->lock);
	p->files_done += files;
	p->bytes_done += bytes;
	p->opt->progress(p->opt->progress_arg, p->files_done, p->files, p->bytes_done, p->bytes);
	(void)pthread_mutex_unlock(&p->lock);
}
static void on_bytes(void *arg, uint64_t n) { advance(arg, 0, n); }

/* What a file said about others no longer counts: it is scanned again. */
static void forget(struct pool *p, size_t i)
{
	(void)pthread_mutex_lock(&p->lock);
	p->known[i].report = NULL;
	p->known[i].nfact = 0;
	(void)pthread_mutex_unlock(&p->lock);
}

static void remember(struct pool *p, size_t i, const struct gh_outcome *o)
{
	(void)pthread_mutex_lock(&p->lock);
	p->known[i].report = &p->scan->file[p->first + i];
	p->known[i].fact = o->fact;
	p->known[i].nfact = o->nfact;
	for (size_t k = 0; k < o->nfact; k++)
		p->refers = p->refers || o->fact[k].kind == GH_FACT_DATA;
	(void)pthread_mutex_unlock(&p->lock);
}

/* What the files scanned so far say about raw weights in file i. Too many ranges are as good as none: the file is then
 * not understood. */
static struct gh_ranges declared(struct pool *p, size_t i, struct gh_range v[GH_RANGES_MAX])
{
	struct gh_ranges r = { v, 0 };
	(void)pthread_mutex_lock(&p->lock);
	if (p->refers)
		r.n = gh_repo_declared(p->known, p->tree.n, i, v, GH_RANGES_MAX);
	(void)pthread_mutex_unlock(&p->lock);
	if (r.n == SIZE_MAX)
		r.n = 0;
	return r;
}

/* Turn an outcome into a row of the report. */
static void settle(struct gh_file_report *r, struct gh_outcome *o)
{
	gh_findings_sort(o->finding, o->nfinding);
	r->format = o->format;
	r->understood = o->understood;
	r->members = o->members;
	r->expanded = o->expanded;
	r->finding = o->finding;
	r->nfinding = o->nfinding;
	r->dropped = o->dropped;
	memcpy(r->sha256, o->sha256, sizeof r->sha256);
	r->verdict = gh_file_verdict(r);
}

static void settle_unread(struct gh_arena *a, struct gh_file_report *r, enum gh_scan_rule rule, const char *why)
{
	struct gh_outcome o = { .format = "unknown" };
	gh_outcome_add(a, &o, &gh_scan_rules[rule], why);
	settle(r, &o);
}

struct fate {
	bool died;  /* the worker is gone: what it had cleared does not stand */
	bool again; /* nor was this file looked at */
};

static int open_entry(struct pool *p, size_t i, struct stat *st)
{
	const struct gh_scan_source *s = p->opt->source;
	if (s == NULL)
		return gh_os_open_regular(p->tree.v[i].path, st);
	int fd = s->open(s->arg, i);
	if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode))
		return fd;
	int e = errno;
	if (fd >= 0)
		(void)close(fd);
	errno = e;
	return -1;
}

/* Scan one file with the lane's worker, starting one if needed. False: no worker is to be had. */
static bool scan_file(struct lane *l, size_t i, struct fate *fate)
{
	struct pool *p = l->pool;
	struct gh_os_entry *e = &p->tree.v[i];
	struct gh_file_report *r = &p->scan->file[p->first + i];
	struct gh_arena *a = &p->scan->file_arena[p->first + i];
	struct stat st;
	struct gh_range ranges[GH_RANGES_MAX];
	forget(p, i);
	gh_arena_free(a);
	*a = (struct gh_arena){ .max = FILE_ARENA };
	*fate = (struct fate){ 0 };
	int fd = open_entry(p, i, &st);
	if (fd < 0) {
		if (errno == EINVAL)
			settle_unread(a, r, GH_S_SPECIAL, "it is neither a file nor a directory");
		else
			settle_unread(a, r, GH_S_IO, strerror(errno));
		return true;
	}
	struct gh_err err = { 0 };
	struct gh_outcome o;
	enum gh_rc rc = GH_OK;
	if (l->worker.pid == 0) {
		l->ncleared = 0;
		rc = gh_worker_start(&l->worker, p->opt, &err);
	}
	struct gh_ranges weights = declared(p, i, ranges);
	p->told[i] = weights.n != 0;
	if (rc == GH_OK)
		rc = gh_worker_scan(&l->worker, p->opt, fd, &st, e->name, weights, a, &o, on_bytes, p, &err);
	(void)close(fd);
	if (rc != GH_OK) {
		(void)pthread_mutex_lock(&p->lock);
		if (p->rc == GH_OK) {
			p->rc = rc;
			if (p->err != NULL)
				*p->err = err;
		}
		(void)pthread_mutex_unlock(&p->lock);
		return false;
	}
	r->size = (uint64_t)st.st_size;
	if (e->kind == GH_OS_LINK_FILE && e->outside)
		gh_outcome_add(a, &o, &gh_scan_rules[e->cached ? GH_S_LINK_CACHE : GH_S_LINK_OUT],
			       "its target was scanned in its place");
	settle(r, &o);
	remember(p, i, &o);
	*fate = (struct fate){ o.worker_died, o.again };
	return true;
}

/* The next file to scan; *alone when it needs a worker of its own. False: none is left. */
static bool next_file(struct pool *p, size_t *i, bool *alone)
{
	bool got = false;
	(void)pthread_mutex_lock(&p->lock);
	if (p->rc == GH_OK && p->nagain != 0) {
		*i = p->again[--p->nagain];
		*alone = got = true;
	} else if (p->rc == GH_OK && p->next < p->tree.n) {
		*i = p->order[p->next++];
		*alone = false;
		got = true;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return got;
}

/* A worker that died may have been in an attacker's hands since any file before: none of its verdicts stand. */
static void scan_again(struct lane *l)
{
	struct pool *p = l->pool;
	(void)pthread_mutex_lock(&p->lock);
	for (size_t k = 0; k < l->ncleared; k++)
		p->again[p->nagain++] = l->cleared[k]; /* each file at most once: from then on it goes alone */
	(void)pthread_mutex_unlock(&p->lock);
	l->ncleared = 0;
}

static void *lane_main(void *arg)
{
	struct lane *l = arg;
	struct pool *p = l->pool;
	size_t i;
	bool alone;
	struct fate fate;
	while (next_file(p, &i, &alone)) {
		const struct gh_os_entry *e = &p->tree.v[i];
		struct gh_file_report *r = &p->scan->file[p->first + i];
		struct gh_arena *a = &p->scan->file_arena[p->first + i];
		if (e->kind == GH_OS_SPECIAL)
			settle_unread(a, r, GH_S_SPECIAL, "it is neither a file nor a directory");
		else if (e->kind == GH_OS_UNREADABLE)
			settle_unread(a, r, GH_S_IO, strerror(e->sys));
		else if (e->kind == GH_OS_LINK_OTHER)
			settle_unread(a, r, GH_S_LINK, "it leads to a directory, to nothing, or to no regular file");
		else {
			if (gh_worker_out_of_turn(&l->worker)) {
				gh_worker_stop(&l->worker);
				scan_again(l);
			}
			if (alone || l->worker.jobs >= GH_WORKER_JOBS)
				gh_worker_stop(&l->worker); /* scan_file() starts a fresh one, with nothing cleared */
			if (!scan_file(l, i, &fate))
				break;
			if (fate.again)
				l->cleared[l->ncleared++] = i; /* there is room: it is not among them yet */
			if (fate.died)
				scan_again(l);
			else if (!alone)
				l->cleared[l->ncleared++] = i;
			if (alone)
				gh_worker_stop(&l->worker);
		}
		advance(p, 1, 0);
	}
	if (gh_worker_out_of_turn(&l->worker))
		scan_again(l); /* run_lanes() looks once more */
	gh_worker_stop(&l->worker);
	return NULL;
}

static void run_lanes(struct pool *p, struct lane *lane, unsigned n)
{
	unsigned started = 0;
	for (unsigned i = 0; i < n; i++)
		lane[i].pool = p;
	for (unsigned i = 1; i < n; i++, started++)
		if (pthread_create(&lane[i].thread, NULL, lane_main, &lane[i]) != 0)
			break;
	(void)lane_main(&lane[0]);
	for (unsigned i = 1; i <= started; i++)
		(void)pthread_join(lane[i].thread, NULL);
	/* A lane may have ended while another one put files back: the first one sees to the rest. */
	(void)lane_main(&lane[0]);
}

/* In which order the files of an artifact are taken. Those that may say something about others come first, as far as
 * names tell, so that raw weights are read once; what is scanned too early is scanned again (explained_late()). Names
 * decide about nothing else. */
static unsigned rank(const struct gh_os_entry *e)
{
	static const char *const speak[] = { ".onnx", ".json", ".index", ".pb", ".xml", ".tflite" };
	if (e->size <= GH_RING)
		return 0;
	size_t n = strlen(e->name);
	for (size_t i = 0; i < sizeof speak / sizeof speak[0]; i++)
		if (n > strlen(speak[i]) && strcmp(e->name + n - strlen(speak[i]), speak[i]) == 0)
			return 1;
	return 2;
}

static void fill_order(struct pool *p)
{
	size_t n = 0;
	for (unsigned k = 0; k <= 2; k++)
		for (size_t i = 0; i < p->tree.n; i++)
			if (rank(&p->tree.v[i]) == k)
				p->order[n++] = i;
}

/* Files that were not understood, or misunderstood, before another one explained what they are: once more. */
static void explained_late(struct pool *p)
{
	struct gh_range ranges[GH_RANGES_MAX];
	for (size_t i = 0; i < p->tree.n; i++) {
		const struct gh_file_report *r = p->known[i].report;
		if (r != NULL && r->verdict != GH_CLEAN && !p->told[i] && declared(p, i, ranges).n != 0)
			p->again[p->nagain++] = i; /* there is room: it was emptied */
	}
}

static bool grow_rows(struct gh_scan *s, size_t more)
{
	if (more == 0)
		return true;
	struct gh_file_report *f = realloc(s->file, (s->nfile + more) * sizeof *f);
	if (f == NULL)
		return false;
	s->file = f;
	struct gh_arena *a = realloc(s->file_arena, (s->nfile + more) * sizeof *a);
	if (a == NULL)
		return false;
	s->file_arena = a;
	memset(f + s->nfile, 0, more * sizeof *f);
	for (size_t i = 0; i < more; i++)
		a[s->nfile + i] = (struct gh_arena){ .max = FILE_ARENA };
	s->nfile += more;
	return true;
}

static const char *safe_path(struct gh_scan *s, const char *prefix, const char *name)
{
	gh_auto_buf b = gh_buf(16 << 10);
	if (prefix != NULL)
		gh_buf_fmt(&b, "%s%s", prefix, prefix[strlen(prefix) - 1] == '/' ? "" : "/");
	gh_buf_str(&b, name);
	struct gh_span kept = gh_keep(&s->arena, gh_buf_view(&b));
	return kept.p == NULL ? "?" : (const char *)kept.p;
}

/* A row for a path of which nothing could be scanned. */
static enum gh_rc lone_row(struct gh_scan *s, const char *path, enum gh_scan_rule rule, const char *why,
			   struct gh_err *err)
{
	if (!grow_rows(s, 1))
		return gh_fail(err, GH_E_NOMEM, "no memory for the report");
	struct gh_file_report *r = &s->file[s->nfile - 1];
	r->path = safe_path(s, NULL, path);
	settle_unread(&s->file_arena[s->nfile - 1], r, rule, why);
	gh_stages_add(&s->stages, r, NULL, 0);
	return GH_OK;
}

/* Hand the files to the last stage, one after the other, and put what came of it into their rows. */
static bool detonate(struct pool *p, const char *path)
{
	struct gh_scan *s = p->scan;
	for (size_t i = 0; i < p->tree.n; i++) {
		const struct gh_os_entry *e = &p->tree.v[i];
		struct gh_file_report *r = &s->file[p->first + i];
		struct gh_detonation d;
		if ((e->kind != GH_OS_FILE && e->kind != GH_OS_LINK_FILE) ||
		    !p->opt->detonate(p->opt->detonate_arg, e, p->tree.alone ? NULL : path, r, &s->arena, &d))
			continue;
		struct gh_detonation *v = realloc(s->detonation, (s->ndetonation + 1 + d.npart) * sizeof *v);
		if (v == NULL)
			return false;
		s->detonation = v;
		v[s->ndetonation++] = d;
		for (size_t k = 0; k < d.npart; k++)
			v[s->ndetonation++] = d.part[k];
		for (size_t k = s->ndetonation - 1 - d.npart; k < s->ndetonation; k++)
			if (!gh_detonation_judge(&v[k], &p->scan->file_arena[p->first + i], r))
				return false;
	}
	return true;
}

/* The files of a source as a tree, in the order of their names, which is how the source must list them. False: no memory, or
 * another order. */
static bool source_tree(const struct gh_scan_source *src, struct pool *p)
{
	p->tree.v = calloc(src->n, sizeof *p->tree.v);
	if (p->tree.v == NULL)
		return false;
	for (size_t i = 0; i < src->n; i++) {
		char *own = strdup(src->name[i]);
		if (own == NULL || (i > 0 && strcmp(src->name[i - 1], own) >= 0)) {
			free(own);
			errno = own == NULL ? ENOMEM : EINVAL;
			return false;
		}
		p->tree.v[p->tree.n++] =
			(struct gh_os_entry){ .path = own, .name = own, .kind = GH_OS_FILE, .size = src->size[i] };
	}
	return true;
}

static enum gh_rc scan_artifact(struct gh_scan *s, const char *path, const struct gh_scan_options *opt,
				struct lane *lane, struct gh_err *err)
{
	struct pool p = { .scan = s, .opt = opt, .first = s->nfile, .err = err };
	char via[32], why[200];
	int in = -1;
	bool is_stdin = strcmp(path, "-") == 0;
	if (is_stdin) {
		in = gh_stdin_spool(opt->limits.expanded, why, sizeof why);
		if (in < 0)
			return lone_row(s, path, GH_S_IO, why, err);
		(void)snprintf(via, sizeof via, "/proc/self/fd/%d", in);
	}
	bool listed = opt->source != NULL ? source_tree(opt->source, &p) : gh_os_tree(is_stdin ? via : path, &p.tree);
	if (!listed || p.tree.n == 0) {
		bool empty = p.tree.v == NULL && p.tree.n == 0 && access(path, F_OK) == 0;
		(void)snprintf(why, sizeof why, "%s", empty ? "the directory holds no files" : strerror(errno));
		if (in >= 0)
			(void)close(in);
		return lone_row(s, path, empty ? GH_S_EMPTY : GH_S_IO, why, err);
	}
	p.again = calloc(p.tree.n + 1, sizeof *p.again);
	p.order = calloc(p.tree.n, sizeof *p.order);
	p.known = calloc(p.tree.n, sizeof *p.known);
	p.told = calloc(p.tree.n, sizeof *p.told);
	if (p.again == NULL || p.order == NULL || p.known == NULL || p.told == NULL || !grow_rows(s, p.tree.n) ||
	    pthread_mutex_init(&p.lock, NULL) != 0) {
		free(p.again);
		free(p.order);
		free(p.known);
		free(p.told);
		gh_os_tree_free(&p.tree);
		return gh_fail(err, GH_E_NOMEM, "no memory for the report");
	}
	for (size_t i = 0; i < p.tree.n; i++) {
		struct gh_os_entry *e = &p.tree.v[i];
		if (is_stdin)
			e->name = "-";
		else if (opt->known_as != NULL && p.tree.alone)
			e->name = opt->known_as;
		s->file[p.first + i].path = is_stdin		    ? "-"
					    : opt->known_as != NULL ? safe_path(s, NULL, e->name)
								    : safe_path(s, NULL, e->path);
		s->file[p.first + i].size = e->size;
		p.known[i] = (struct gh_repo_file){ .name = e->name, .size = e->size };
		p.bytes += e->size;
	}
	fill_order(&p);
	p.files = p.tree.n;
	run_lanes(&p, lane, opt->jobs < p.tree.n ? opt->jobs : (unsigned)p.tree.n);
	explained_late(&p);
	if (p.nagain != 0)
		run_lanes(&p, lane, 1);
	enum gh_rc rc = p.rc;
	if (rc == GH_OK &&
	    !gh_whole_judge(p.known, p.tree.n, p.tree.alone, &s->arena, s->file + p.first, s->file_arena + p.first))
		rc = gh_fail(err, GH_E_NOMEM, "no memory for findings about the files as a whole");
	if (rc == GH_OK && opt->detonate != NULL && !detonate(&p, path))
		rc = gh_fail(err, GH_E_NOMEM, "no memory for what was found by loading");
	for (size_t i = 0; i < p.tree.n; i++) {
		gh_stages_add(&s->stages, &s->file[p.first + i], p.known[i].fact, p.known[i].nfact);
		gh_parts_add(&s->parts, &s->arena, s->file[p.first + i].path, p.known[i].fact, p.known[i].nfact);
	}
	(void)pthread_mutex_destroy(&p.lock);
	free(p.again);
	free(p.order);
	free(p.known);
	free(p.told);
	gh_os_tree_free(&p.tree);
	if (in >= 0)
		(void)close(in);
	return rc;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct gh_file_report *)a)->path, ((const struct gh_file_report *)b)->path);
}

/* The user's statements are a part of what the stage worked with. */
static void with_vex(struct gh_scan *s, const struct gh_vex *vex, size_t silenced)
{
	struct gh_stage_report *r = &s->report.stage[GH_STAGE_VULNERABILITIES];
	size_t live, expired;
	char text[400];
	gh_vex_count(vex, &live, &expired);
	(void)snprintf(text, sizeof text, "%s%s%zu VEX statements (%zu expired), %zu findings silenced by them",
		       r->with == NULL ? "" : r->with, r->with == NULL ? "" : "; ", live + expired, expired, silenced);
	struct gh_span kept = gh_keep(&s->arena, gh_span_str(text));
	if (kept.p != NULL)
		r->with = (const char *)kept.p;
}

enum gh_rc gh_scan_run(const char *const *path, size_t n, const struct gh_scan_options *opt, struct gh_scan **out,
		       const struct gh_scan_report **report, struct gh_err *err)
{
	struct gh_scan *s = calloc(1, sizeof *s);
	struct lane *lane = calloc(opt->jobs == 0 ? 1 : opt->jobs, sizeof *lane);
	enum gh_rc rc = s == NULL || lane == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : GH_OK;
	unsigned opened = 0;
	uint64_t data_size = 0;
	int data = rc == GH_OK ? gh_data_seal(&opt->data, &data_size) : -1;
	if (rc == GH_OK && data < 0 && data_size != 0)
		rc = gh_fail_sys(err, errno, "memory for the data of the checks");
	for (; rc == GH_OK && opened < opt->jobs; opened++)
		if (!gh_worker_open(&lane[opened].worker)) {
			rc = gh_fail_sys(err, errno, "memory to share with a worker");
			opened++;
			break;
		} else {
			lane[opened].worker.data = data;
			lane[opened].worker.data_size = data_size;
		}
	if (rc == GH_OK)
		s->arena.max = REPORT_ARENA;
	gh_auto_buf target = gh_buf(64 << 10);
	for (size_t i = 0; rc == GH_OK && i < n; i++) {
		gh_buf_fmt(&target, "%s%s", i ? " " : "", opt->known_as != NULL ? opt->known_as : path[i]);
		rc = scan_artifact(s, path[i], opt, lane, err);
	}
	for (unsigned i = 0; lane != NULL && i < opened; i++)
		gh_worker_close(&lane[i].worker);
	free(lane);
	if (data >= 0)
		(void)close(data);
	if (rc != GH_OK) {
		gh_scan_free(s);
		return rc;
	}
	qsort(s->file, s->nfile, sizeof *s->file, by_path);
	gh_parts_close(&s->parts);
	size_t silenced = opt->vex == NULL ? 0 : gh_vex_apply(opt->vex, opt->advisories, s->file, s->nfile, &s->arena);
	if (silenced == SIZE_MAX) {
		gh_scan_free(s);
		return gh_fail(err, GH_E_NOMEM, "no memory to apply VEX statements");
	}
	struct gh_span kept = gh_keep(&s->arena, gh_buf_view(&target));
	s->report = (struct gh_scan_report){
		.target = kept.p == NULL ? "" : (const char *)kept.p,
		.verdict = gh_scan_verdict(s->file, s->nfile),
		.file = s->file,
		.nfile = s->nfile,
		.scanner = GH_VERSION,
		.rules = gh_rules_version,
		.parts = &s->parts,
		.vex_silenced = silenced,
	};
	for (size_t i = 0; i < s->nfile; i++)
		s->report.bytes += s->file[i].size;
	gh_stages_close(&s->stages, opt->stage_off, opt->stage_with, opt->stage_lacks, &s->arena, s->report.stage);
	if (opt->vex != NULL)
		with_vex(s, opt->vex, silenced);
	if (opt->detonate != NULL) {
		s->report.detonated = true;
		s->report.detonation = s->detonation;
		s->report.ndetonation = s->ndetonation;
		s->report.stage[GH_STAGE_DETONATION] = gh_detonation_stage(s->detonation, s->ndetonation, &s->arena);
	}
	*out = s;
	*report = &s->report;
	return GH_OK;
}

void gh_scan_free(struct gh_scan *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->nfile; i++)
		gh_arena_free(&s->file_arena[i]);
	gh_arena_free(&s->arena);
	free(s->detonation);
	free(s->file_arena);
	free(s->file);
	free(s);
}
