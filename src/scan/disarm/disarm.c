#include "scan/disarm/disarm.h"

#include "os/file.h"
#include "os/tree.h"
#include "scan/child.h"
#include "scan/disarm/place.h"
#include "scan/disarm/side.h"
#include "scan/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOTES_KEPT = 1 << 16, RECORDS = 8 << 20, TIMES = 10, LOOPS = 8 };
#define REPORT_ARENA ((size_t)1 << 30)
#define WORKER_MEMORY ((size_t)256 << 20)

const char *const gh_disarm_actions[GH_DISARM_ACTIONS] = { "converted", "rewritten", "kept",
							   "dropped",	"refused",   "failed" };

struct gh_disarm {
	struct gh_arena arena;
	struct gh_place place;
	struct gh_disarm_report report;
	struct gh_disarm_file *file;
	size_t nfile;
	struct gh_scan *scan; /* of the rescan */
	const struct gh_disarm_options *opt;
	bool alone; /* IN is one file */
	const struct gh_os_tree *tree;
	/* The digest of the file before, which may still be read while the next one is taken apart, or the result scanned. */
	struct {
		struct gh_digest digest;
		struct gh_disarm_file *f; /* NULL: none */
		int fd;
	} late;
};

static const char *text(struct gh_disarm *d, const char *s) { return gh_child_text(&d->arena, gh_span_str(s)); }

static const char *__attribute__((format(printf, 2, 3))) textf(struct gh_disarm *d, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	return text(d, line);
}

/* ---- what the worker says ---------------------------------------------------------------------------------------- */

struct hearing {
	struct gh_disarm *d;
	struct gh_disarm_file *f;
	struct gh_disarm_note *note;
	size_t cap;
	enum gh_dis_outcome outcome;
	bool result;
	int fd; /* the output */
	uint64_t written;
};

/* The three texts of a record. */
static bool split(struct gh_span s, struct gh_span part[3])
{
	for (unsigned i = 0; i < 3; i++) {
		const uint8_t *end = i == 2 ? NULL : memchr(s.p, 0, s.n);
		if (i != 2 && end == NULL)
			return false;
		size_t n = i == 2 ? s.n : (size_t)(end - s.p);
		part[i] = (struct gh_span){ s.p, n };
		s = gh_span_cut(s, n + 1, s.n);
		if (s.p == NULL)
			s.p = (const uint8_t *)"";
	}
	return true;
}

static const char *on_note(struct hearing *h, const struct gh_tool_record *r, const struct gh_span part[3])
{
	struct gh_disarm_file *f = h->f;
	if (r->a[0] >= GH_DIS_ACTS)
		return "a note of unknown kind";
	f->count[r->a[0]]++;
	if (f->nnote == NOTES_KEPT)
		return NULL;
	struct gh_disarm_note *v = gh_grow(&h->d->arena, h->note, &h->cap, f->nnote + 1, sizeof *v);
	if (v == NULL)
		return NULL; /* counted, not shown */
	h->note = v;
	v[f->nnote++] = (struct gh_disarm_note){ .act = (enum gh_dis_act)r->a[0],
						 .size = r->a[1],
						 .what = gh_child_text(&h->d->arena, part[0]),
						 .path = gh_child_text(&h->d->arena, part[1]),
						 .text = gh_child_text(&h->d->arena, part[2]) };
	f->note = v;
	return NULL;
}

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	struct hearing *h = arg;
	struct gh_span part[3];
	if (h->result || !split(r->text, part))
		return "a record of another form";
	if (r->kind == GH_DIS_NOTE)
		return on_note(h, r, part);
	if (r->kind != GH_DIS_RESULT || r->a[0] >= GH_DIS_OUTCOMES)
		return "a record of unknown kind";
	h->result = true;
	h->outcome = (enum gh_dis_outcome)r->a[0];
	h->f->tensors = r->a[1];
	h->f->format = gh_child_text(&h->d->arena, part[0]);
	h->f->written = part[1].n == 0 ? NULL : gh_child_text(&h->d->arena, part[1]);
	h->f->why = gh_child_text(&h->d->arena, part[2]);
	return NULL;
}

/* Let the disk begin early: by the time of the fsync most of it is there. */
static void on_tick(void *arg, uint64_t bytes)
{
	struct hearing *h = arg;
	if (bytes > h->written && bytes <= INT64_MAX)
		(void)sync_file_range(h->fd, (off_t)h->written, (off_t)(bytes - h->written), SYNC_FILE_RANGE_WRITE);
	h->written = bytes;
}

static void await_digest(struct gh_disarm *d)
{
	if (d->late.f == NULL)
		return;
	if (gh_digest_end(&d->late.digest))
		memcpy(d->late.f->sha256, d->late.digest.hex, sizeof d->late.f->sha256);
	(void)close(d->late.fd);
	d->late.f = NULL;
}

static void begin_digest(struct gh_disarm *d, struct gh_disarm_file *f, int fd)
{
	await_digest(d);
	d->late.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (d->late.fd < 0)
		return;
	d->late.f = f;
	gh_digest_begin(&d->late.digest, d->late.fd);
}

/* ---- one file -------------------------------------------------------------------------------------------------------- */

static void failed(struct gh_disarm *d, struct gh_disarm_file *f, const struct gh_err *err)
{
	char why[GH_ERR_LINKS * GH_ERR_TEXT];
	f->action = GH_DISARM_FAILED;
	f->why = text(d, gh_err_line(err, why, sizeof why));
}

static enum gh_rc run_tool(struct gh_disarm *d, struct hearing *h, int in, int out, const char *name,
			   struct gh_err *err)
{
	const struct gh_scan_options *o = &d->opt->scan;
	struct gh_dis_args args = {
		.opt = d->opt->job, .expanded = o->limits.expanded, .steps = o->limits.steps, .ratio = o->limits.ratio
	};
	uint64_t twice = h->f->size * 2 + (1 << 20);
	args.opt.max_output = twice > o->limits.expanded ? twice : o->limits.expanded;
	const struct gh_tool_input input = { in, name, 0 };
	const struct gh_tool_job job = {
		.mode = "disarm",
		.worker = o->worker,
		.input = &input,
		.ninput = 1,
		.output = out,
		.output_bytes = args.opt.max_output + (256 << 20),
		.args = { (const uint8_t *)&args, sizeof args },
		.memory = o->memory > WORKER_MEMORY ? o->memory : WORKER_MEMORY,
		.seconds = o->seconds * TIMES,
		.records = RECORDS,
		.on_record = on_record,
		.tick = on_tick,
		.arg = h,
	};
	enum gh_rc rc = gh_tool_run(&job, err);
	return rc == GH_OK && !h->result ? gh_fail(err, GH_E_BUG, "the worker said nothing about the file") : rc;
}

static const char *base_of(const char *name)
{
	const char *s = strrchr(name, '/');
	return s == NULL ? name : s + 1;
}

/* The place of a file's result below OUT: "" when OUT itself is it. */
static bool result_name(struct gh_disarm *d, const struct gh_os_entry *e, enum gh_disarm_action action, char *out,
			size_t cap)
{
	if (d->alone) {
		out[0] = '\0';
		return true;
	}
	bool rewritten = action == GH_DISARM_REWRITTEN;
	if (action == GH_DISARM_CONVERTED)
		return gh_dis_converted_name(e->name, out, cap);
	int n = snprintf(out, cap, "%s", e->name);
	/* The index of shards goes by the name of what it is an index of. */
	static const char index[] = ".index.json";
	size_t len = strlen(e->name), tail = sizeof index - 1;
	if (rewritten && len > tail + 4 && strcmp(e->name + len - tail, index) == 0 &&
	    memcmp(e->name + len - tail - 4, ".bin", 4) == 0 && len < cap) {
		char was[GH_PLACE_MAX];
		memcpy(was, e->name, len - tail);
		was[len - tail] = '\0';
		if (!gh_dis_converted_name(was, out, cap) || strlen(out) + tail >= cap)
			return false;
		memcpy(out + strlen(out), index, sizeof index);
	}
	return n >= 0 && (size_t)n < cap;
}

static bool in_tree(const struct gh_os_tree *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->v[i].name, name) == 0)
			return true;
	return false;
}

/* What was written to the temporary name gets its own, if nothing has it. */
static void place(struct gh_disarm *d, struct gh_disarm_file *f, const struct gh_os_entry *e, const char *part, int out)
{
	char rel[GH_PLACE_MAX], path[GH_PLACE_MAX];
	struct stat st;
	bool converted = f->action == GH_DISARM_CONVERTED;
	const char *dot = strrchr(base_of(d->place.root), '.');
	if (converted && d->alone && (dot == NULL || strcmp(dot, ".safetensors") != 0)) {
		f->action = GH_DISARM_REFUSED;
		f->why = "the result is a safetensors file, and OUT is not named so: end it in .safetensors";
		return;
	}
	if (!result_name(d, e, f->action, rel, sizeof rel)) {
		f->action = GH_DISARM_FAILED;
		f->why = "its new name is too long";
		return;
	}
	/* A converted file never takes the place of one that comes with the model. */
	bool there = converted && !d->alone && in_tree(d->tree, rel);
	int fd = there ? -1 : gh_place_create(&d->place, rel, path, sizeof path);
	if (there || (fd < 0 && errno == EEXIST && converted)) {
		f->action = GH_DISARM_DROPPED;
		f->why = textf(d, "'%s' is there already, so it is not converted a second time",
			       gh_safe(gh_span_str(rel)).s);
		return;
	}
	if (fd < 0 || fstat(out, &st) != 0 || rename(part, path) != 0) {
		f->action = GH_DISARM_FAILED;
		f->why = textf(d, "its new file: %s", strerror(errno));
	} else {
		f->out = d->alone ? "" : text(d, rel);
		f->new_size = (uint64_t)st.st_size;
	}
	if (fd >= 0)
		(void)close(fd);
}

/* What the worker's answer means for the file. */
static void settle(struct gh_disarm *d, struct gh_disarm_file *f, const struct gh_os_entry *e, const struct hearing *h,
		   const char *part, int in, int out)
{
	static const enum gh_disarm_action actions[GH_DIS_OUTCOMES] = {
		[GH_DIS_CONVERTED] = GH_DISARM_CONVERTED, [GH_DIS_REWRITTEN] = GH_DISARM_REWRITTEN,
		[GH_DIS_COPY] = GH_DISARM_KEPT,		  [GH_DIS_DROPPED] = GH_DISARM_DROPPED,
		[GH_DIS_REFUSED] = GH_DISARM_REFUSED,
	};
	f->action = actions[h->outcome];
	if (h->outcome == GH_DIS_REFUSED && d->opt->partial && !d->alone)
		f->action = GH_DISARM_DROPPED;
	if (h->outcome == GH_DIS_COPY &&
	    (ftruncate(out, 0) != 0 || lseek(out, 0, SEEK_SET) != 0 || !gh_place_copy(in, out, f->size))) {
		f->action = GH_DISARM_FAILED;
		f->why = textf(d, "copying: %s", strerror(errno));
	}
	if (f->action <= GH_DISARM_KEPT)
		place(d, f, e, part, out);
}

static void one_file(struct gh_disarm *d, struct gh_disarm_file *f, const struct gh_os_entry *e)
{
	char part[GH_PLACE_MAX + 8];
	struct stat st = { 0 };
	struct gh_err err = { 0 };
	f->in = text(d, e->name);
	f->format = f->why = "";
	if (e->kind == GH_OS_LINK_OTHER || e->kind == GH_OS_SPECIAL ||
	    (e->kind == GH_OS_LINK_FILE && e->outside && !e->cached)) {
		f->action = GH_DISARM_DROPPED;
		f->why = e->kind == GH_OS_SPECIAL ? "no regular file"
						  : "a link that leads out of the directory, or nowhere";
		return;
	}
	if (strncmp(e->name, ".git/", 5) == 0 || strstr(e->name, "/.git/") != NULL) {
		f->action = GH_DISARM_DROPPED;
		f->why = "a repository's history is not needed to run a model";
		return;
	}
	int in = e->kind == GH_OS_UNREADABLE ? -1 : gh_os_open_regular(e->path, &st);
	if (in < 0) {
		f->action = GH_DISARM_FAILED;
		f->why = textf(d, "cannot be read: %s", strerror(e->kind == GH_OS_UNREADABLE ? e->sys : errno));
		return;
	}
	f->size = (uint64_t)st.st_size;
	(void)snprintf(part, sizeof part, "%s/.part", d->place.dir);
	int out = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	struct hearing h = { .d = d, .f = f, .fd = out };
	if (out < 0) {
		f->action = GH_DISARM_FAILED;
		f->why = textf(d, "a file beside OUT: %s", strerror(errno));
	} else {
		begin_digest(d, f, in);
		enum gh_rc rc = run_tool(d, &h, in, out, base_of(e->name), &err);
		if (rc == GH_OK)
			settle(d, f, e, &h, part, in, out);
		else
			failed(d, f, &err);
		(void)close(out);
	}
	(void)unlink(part);
	(void)close(in);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static void end(struct gh_disarm *d, enum gh_disarm_end how, const char *why)
{
	d->report.end = how;
	d->report.why = why;
}

/* The first file that stands in the way of a result. False: none does. */
static bool blocked(struct gh_disarm *d)
{
	for (int action = GH_DISARM_FAILED; action >= GH_DISARM_REFUSED; action--)
		for (size_t i = 0; i < d->nfile; i++) {
			const struct gh_disarm_file *f = &d->file[i];
			if ((int)f->action != action)
				continue;
			end(d, action == GH_DISARM_FAILED ? GH_DISARM_UNFINISHED : GH_DISARM_NOTHING,
			    d->alone ? f->why : textf(d, "'%s': %s", f->in, f->why));
			return true;
		}
	return false;
}

static void drop_written(struct gh_disarm *d, struct gh_disarm_file *f, const char *why)
{
	char path[GH_PLACE_MAX * 2];
	(void)snprintf(path, sizeof path, "%s%s%s", d->place.root, f->out[0] == '\0' ? "" : "/", f->out);
	(void)unlink(path);
	f->action = GH_DISARM_DROPPED;
	f->out = NULL;
	f->new_size = 0;
	f->why = why;
}

static struct gh_disarm_file *by_out(struct gh_disarm *d, const char *out)
{
	for (size_t i = 0; i < d->nfile; i++)
		if (d->file[i].out != NULL && strcmp(d->file[i].out, out) == 0)
			return &d->file[i];
	return NULL;
}

/* "GH-X-0001 title (detail)" of a file that is not CLEAN. */
static const char *first_finding(struct gh_disarm *d, const struct gh_file_report *r)
{
	for (size_t i = 0; i < r->nfinding; i++)
		if (r->finding[i].rule->effect != GH_CLEAN)
			return textf(d, "%s: %s: %s%s%.200s", gh_verdict_name(r->verdict), r->finding[i].rule->id,
				     r->finding[i].rule->title, r->finding[i].detail == NULL ? "" : ": ",
				     r->finding[i].detail == NULL ? "" : r->finding[i].detail);
	return gh_verdict_name(r->verdict);
}

/* Name of a scanned file below OUT. */
static const char *below_root(const struct gh_disarm *d, const char *path)
{
	size_t n = strlen(d->place.root);
	return strncmp(path, d->place.root, n) == 0 ? path + n + (path[n] == '/') : base_of(path);
}

/* Copies that a model can do without: texts, pictures, data beside it. Without one that is none of these (a graph, weights, a
 * tokenizer) the result would be another model. */
static bool beside_the_model(const struct gh_disarm_file *f)
{
	static const char *const formats[] = { "",     "text", "json",	"yaml",	   "toml",  "ini",
					       "xml",  "html", "pdf",	"png",	   "jpeg",  "gif",
					       "webp", "bmp",  "jinja", "parquet", "arrow", "pbtxt" };
	for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
		if (strcmp(f->format, formats[i]) == 0)
			return true;
	return false;
}

/* Scan the result. True: another round is needed, because files that were copied did not come out CLEAN and are dropped. */
static bool rescan(struct gh_disarm *d)
{
	struct gh_err err = { 0 };
	const char *root = d->place.root;
	bool again = false;
	gh_scan_free(d->scan);
	d->scan = NULL;
	d->report.rescan = NULL;
	const struct gh_scan_report *r = NULL;
	if (gh_scan_run(&root, 1, &d->opt->scan, &d->scan, &r, &err) != GH_OK) {
		char why[400];
		end(d, GH_DISARM_UNFINISHED,
		    textf(d, "the result could not be scanned: %s", gh_err_line(&err, why, sizeof why)));
		return false;
	}
	d->report.rescan = r;
	for (size_t i = 0; i < r->nfile; i++) {
		struct gh_disarm_file *f = by_out(d, d->alone ? "" : below_root(d, r->file[i].path));
		if (f == NULL)
			continue;
		memcpy(f->new_sha256, r->file[i].sha256, sizeof f->new_sha256);
		if (r->file[i].verdict == GH_CLEAN)
			continue;
		const char *why = first_finding(d, &r->file[i]);
		if (f->action == GH_DISARM_KEPT && !d->alone && (beside_the_model(f) || d->opt->partial)) {
			drop_written(d, f, why);
			again = true;
		} else {
			f->why = f->action == GH_DISARM_KEPT
					 ? textf(d, "it cannot be taken apart, and as it is it is not CLEAN: %s", why)
					 : textf(d, "the result is not CLEAN: %s", why);
			f->action = GH_DISARM_REFUSED;
		}
	}
	if (again || r->verdict == GH_CLEAN || blocked(d))
		return again && !blocked(d);
	end(d, GH_DISARM_NOTHING, textf(d, "the result as a whole is %s", gh_verdict_name(r->verdict)));
	return false;
}

static bool anything_written(const struct gh_disarm *d)
{
	for (size_t i = 0; i < d->nfile; i++)
		if (d->file[i].out != NULL)
			return true;
	return false;
}

static bool sync_all(struct gh_disarm *d)
{
	for (size_t i = 0; i < d->nfile; i++) {
		char path[GH_PLACE_MAX * 2];
		const struct gh_disarm_file *f = &d->file[i];
		if (f->out == NULL)
			continue;
		(void)snprintf(path, sizeof path, "%s%s%s", d->place.root, f->out[0] == '\0' ? "" : "/", f->out);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		bool ok = fd >= 0 && fsync(fd) == 0;
		if (fd >= 0)
			(void)close(fd);
		if (!ok) {
			end(d, GH_DISARM_UNFINISHED, textf(d, "writing to the disk: %s", strerror(errno)));
			return false;
		}
	}
	return true;
}

static void finish(struct gh_disarm *d)
{
	struct gh_err err = { 0 };
	if (blocked(d))
		return;
	unsigned rounds = 0;
	do {
		if (!anything_written(d)) {
			end(d, GH_DISARM_NOTHING, d->alone ? d->file[0].why : "nothing is left that could be kept");
			return;
		}
	} while (rescan(d) && ++rounds < LOOPS);
	if (d->report.why != NULL)
		return;
	if (d->report.rescan->verdict != GH_CLEAN) {
		end(d, GH_DISARM_NOTHING, "the result does not come out CLEAN");
		return;
	}
	if (!sync_all(d))
		return;
	if (gh_place_commit(&d->place, &err) != GH_OK) {
		char why[400];
		end(d, GH_DISARM_UNFINISHED, text(d, gh_err_line(&err, why, sizeof why)));
		return;
	}
	end(d, GH_DISARM_WRITTEN, "");
}

static void totals(struct gh_disarm *d)
{
	bool written = d->report.end == GH_DISARM_WRITTEN;
	for (size_t i = 0; i < d->nfile; i++) {
		d->report.bytes += d->file[i].size;
		if (!written) { /* there is no such file */
			d->file[i].out = NULL;
			d->file[i].new_size = 0;
			d->file[i].new_sha256[0] = '\0';
		}
		d->report.new_bytes += d->file[i].new_size;
	}
}

static enum gh_rc fill(struct gh_disarm *d, const char *in, struct gh_err *err)
{
	struct gh_os_tree tree = { 0 };
	if (!gh_os_tree(in, &tree))
		return gh_fail_sys(err, errno, "'%s'", gh_safe(gh_span_str(in)).s);
	d->file = GH_NEW(&d->arena, struct gh_disarm_file, tree.n + 1);
	d->alone = tree.alone;
	d->tree = &tree;
	enum gh_rc rc = d->file == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for the report") : GH_OK;
	for (size_t i = 0; rc == GH_OK && i < tree.n; i++)
		one_file(d, &d->file[d->nfile++], &tree.v[i]);
	if (rc == GH_OK && tree.n == 0)
		end(d, GH_DISARM_NOTHING, "the directory holds no files");
	else if (rc == GH_OK)
		finish(d);
	gh_os_tree_free(&tree);
	return rc;
}

enum gh_rc gh_disarm_run(const char *in, const char *out, const struct gh_disarm_options *opt, struct gh_disarm **state,
			 const struct gh_disarm_report **report, struct gh_err *err)
{
	struct gh_disarm *d = calloc(1, sizeof *d);
	*state = d;
	if (d == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	d->opt = opt;
	d->arena.max = REPORT_ARENA;
	enum gh_rc rc = gh_place_open(&d->place, out, opt->force, err);
	if (rc == GH_OK)
		rc = fill(d, in, err);
	await_digest(d);
	gh_place_close(&d->place);
	if (rc != GH_OK)
		return rc;
	totals(d);
	d->report.in = text(d, in);
	d->report.out = text(d, out);
	d->report.file = d->file;
	d->report.nfile = d->nfile;
	d->report.low_bits = opt->job.low_bits;
	d->report.seed = opt->job.seed;
	*report = &d->report;
	return GH_OK;
}

void gh_disarm_free(struct gh_disarm *d)
{
	if (d == NULL)
		return;
	gh_scan_free(d->scan);
	gh_arena_free(&d->arena);
	free(d);
}
