/* take.c - one file in the hands of a worker: what it is given, what it may say, and what its answer means. */
#include "os/file.h"
#include "scan/child.h"
#include "scan/disarm/disarm_int.h"
#include "scan/disarm/hear.h"
#include "scan/disarm/side.h"
#include "scan/tool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORDS = 8 << 20, TIMES = 10 };
#define WORKER_MEMORY ((size_t)256 << 20)

const char *gh_disarm_word(struct gh_disarm *d, const char *s) { return gh_child_text(&d->arena, gh_span_str(s)); }

const char *gh_disarm_words(struct gh_disarm *d, const char *fmt, ...)
{
	char line[1024];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	return gh_disarm_word(d, line);
}

struct hearing {
	struct gh_disarm_hearing says; /* first: records come in by it */
	struct gh_disarm *d;
	struct gh_disarm_file *f;
	int fd;	       /* the output */
	uint64_t most; /* bytes that it may have */
	uint64_t written;
};

static const char *on_record(void *arg, const struct gh_tool_record *r)
{
	struct hearing *h = arg;
	return gh_disarm_hear(&h->says, r);
}

/* Let the disk begin early: by the time of the fsync most of it is there. */
static void on_tick(void *arg, uint64_t bytes)
{
	struct hearing *h = arg;
	if (bytes > h->written && bytes <= INT64_MAX)
		(void)sync_file_range(h->fd, (off_t)h->written, (off_t)(bytes - h->written), SYNC_FILE_RANGE_WRITE);
	h->written = bytes;
}

void gh_disarm_await(struct gh_disarm *d)
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
	gh_disarm_await(d);
	if (!d->opt->digest)
		return;
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
	f->why = gh_disarm_word(d, gh_err_line(err, why, sizeof why));
}

static enum gh_rc run_tool(struct gh_disarm *d, struct hearing *h, int in, int out, const char *name,
			   struct gh_err *err)
{
	const struct gh_scan_options *o = &d->opt->scan;
	struct gh_dis_args args = {
		.opt = d->opt->job, .expanded = o->limits.expanded, .steps = o->limits.steps, .ratio = o->limits.ratio
	};
	uint64_t twice = h->f->size * 2 + (1 << 20);
	/* A limit that was asked for holds; the one that is there anyway gives way to a large model. */
	bool asked = o->limits.expanded != gh_limits_default.expanded;
	args.opt.max_output = asked || twice < o->limits.expanded ? o->limits.expanded : twice;
	h->most = args.opt.max_output;
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
		.keep = &d->worker,
	};
	enum gh_rc rc = gh_tool_run(&job, err);
	return rc == GH_OK && !h->says.result ? gh_fail(err, GH_E_BUG, "the worker said nothing about the file") : rc;
}

const char *gh_disarm_base(const char *name)
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
	const char *dot = strrchr(gh_disarm_base(d->place.root), '.');
	if (converted && d->alone && (dot == NULL || strcmp(dot, ".safetensors") != 0)) {
		f->action = GH_DISARM_REFUSED;
		f->why = "the result is a safetensors file, and OUT is not named so: end it in .safetensors";
		return;
	}
	bool suits = d->alone && f->written != NULL && f->action == GH_DISARM_REWRITTEN && dot != NULL;
	bool st_out = suits && strcmp(dot, ".safetensors") == 0, gg_out = suits && strcmp(dot, ".gguf") == 0;
	bool st_is = suits && strcmp(f->written, "safetensors") == 0, gg_is = suits && strcmp(f->written, "gguf") == 0;
	if (suits && (st_out != st_is || gg_out != gg_is)) {
		f->action = GH_DISARM_REFUSED;
		f->why = gh_disarm_words(d, "the result is of format '%s', and OUT is not named so: end it in %s",
					 f->written,
					 gg_is	 ? ".gguf"
					 : st_is ? ".safetensors"
						 : "what PATH ends in");
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
		f->why = gh_disarm_words(d, "'%s' is there already, so it is not converted a second time",
					 gh_safe(gh_span_str(rel)).s);
		return;
	}
	if (fd < 0 || fstat(out, &st) != 0 || rename(part, path) != 0) {
		f->action = GH_DISARM_FAILED;
		f->why = gh_disarm_words(d, "its new file: %s", strerror(errno));
	} else {
		f->place = (const char *)gh_keep(&d->arena, gh_span_str(rel)).p;
		f->out = d->alone ? "" : gh_disarm_word(d, rel);
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
	struct stat st;
	bool wrote = h->says.outcome == GH_DIS_CONVERTED || h->says.outcome == GH_DIS_REWRITTEN;
	if (wrote && (fstat(out, &st) != 0 || (uint64_t)st.st_size != h->says.bytes)) {
		f->action = GH_DISARM_FAILED;
		f->why = "the worker wrote another number of bytes than it says";
		return;
	}
	f->action = actions[h->says.outcome];
	if (h->says.outcome == GH_DIS_REFUSED && d->opt->partial && !d->alone)
		f->action = GH_DISARM_DROPPED;
	if (h->says.outcome == GH_DIS_COPY && f->size > h->most) {
		f->action = GH_DISARM_FAILED;
		f->why = gh_disarm_words(d, "a copy takes more than %llu bytes (--limit-expanded)",
					 (unsigned long long)h->most);
	} else if (h->says.outcome == GH_DIS_COPY &&
		   (ftruncate(out, 0) != 0 || lseek(out, 0, SEEK_SET) != 0 || !gh_place_copy(in, out, f->size))) {
		f->action = GH_DISARM_FAILED;
		f->why = gh_disarm_words(d, "copying: %s", strerror(errno));
	}
	if (d->alone && d->opt->job.only[0] != '\0' && f->action != GH_DISARM_CONVERTED &&
	    f->action <= GH_DISARM_KEPT) {
		f->action = GH_DISARM_REFUSED;
		f->why = "--only names a key of a pickle, and this is none";
	}
	if (f->action <= GH_DISARM_KEPT)
		place(d, f, e, part, out);
}

void gh_disarm_take(struct gh_disarm *d, struct gh_disarm_file *f, const struct gh_os_entry *e)
{
	char part[GH_PLACE_MAX + 8];
	struct stat st = { 0 };
	struct gh_err err = { 0 };
	f->in = gh_disarm_word(d, e->name);
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
		f->why = gh_disarm_words(d, "cannot be read: %s",
					 strerror(e->kind == GH_OS_UNREADABLE ? e->sys : errno));
		return;
	}
	f->size = (uint64_t)st.st_size;
	if (d->alone && f->size == 0) {
		f->action = GH_DISARM_REFUSED;
		f->why = "the file is empty";
		(void)close(in);
		return;
	}
	(void)snprintf(part, sizeof part, "%s/.part", d->place.dir);
	int out = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	struct hearing h = { .says = { .arena = &d->arena, .f = f }, .d = d, .f = f, .fd = out };
	if (out < 0) {
		f->action = GH_DISARM_FAILED;
		f->why = gh_disarm_words(d, "a file beside OUT: %s", strerror(errno));
	} else {
		begin_digest(d, f, in);
		enum gh_rc rc = run_tool(d, &h, in, out, gh_disarm_base(e->name), &err);
		if (rc != GH_OK && d->worker.jobs > 1 && ftruncate(out, 0) == 0) {
			/* Whatever a file before it has done to the worker: it gets one of its own. */
			d->worker.jobs = 0;
			err = (struct gh_err){ 0 };
			*f = (struct gh_disarm_file){ .in = f->in, .format = "", .why = "", .size = f->size };
			h = (struct hearing){ .says = { .arena = &d->arena, .f = f }, .d = d, .f = f, .fd = out };
			rc = run_tool(d, &h, in, out, gh_disarm_base(e->name), &err);
		}
		if (rc == GH_OK)
			settle(d, f, e, &h, part, in, out);
		else
			failed(d, f, &err);
		(void)close(out);
	}
	(void)unlink(part);
	(void)close(in);
}
