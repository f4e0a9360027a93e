/* disarm.c - from all files to one result: what stands in its way, its scan, its name. */
#include "scan/disarm/disarm_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOOPS = 8, MANY = 64 };
#define REPORT_ARENA ((size_t)1 << 30)

const char *const gh_disarm_actions[GH_DISARM_ACTIONS] = { "converted", "rewritten", "kept",
							   "dropped",	"refused",   "failed" };

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
			    d->alone ? f->why : gh_disarm_words(d, "'%s': %s", f->in, f->why));
			return true;
		}
	return false;
}

static void drop_written(struct gh_disarm *d, struct gh_disarm_file *f, const char *why)
{
	char path[GH_PLACE_MAX * 2];
	(void)snprintf(path, sizeof path, "%s%s%s", d->place.root, f->place[0] == '\0' ? "" : "/", f->place);
	(void)unlink(path);
	f->action = GH_DISARM_DROPPED;
	f->out = NULL;
	f->new_size = 0;
	f->why = why;
}

static struct gh_disarm_file *by_place(struct gh_disarm *d, const char *place)
{
	for (size_t i = 0; i < d->nfile; i++)
		if (d->file[i].out != NULL && strcmp(d->file[i].place, place) == 0)
			return &d->file[i];
	return NULL;
}

/* "GH-X-0001 title (detail)" of a file that is not CLEAN. */
static const char *first_finding(struct gh_disarm *d, const struct gh_file_report *r)
{
	for (size_t i = 0; i < r->nfinding; i++)
		if (r->finding[i].rule->effect != GH_CLEAN)
			return gh_disarm_words(d, "%s: %s: %s%s%.200s", gh_verdict_name(r->verdict),
					       r->finding[i].rule->id, r->finding[i].rule->title,
					       r->finding[i].detail == NULL ? "" : ": ",
					       r->finding[i].detail == NULL ? "" : r->finding[i].detail);
	return gh_verdict_name(r->verdict);
}

/* Name of a scanned file below OUT. */
static const char *below_root(const struct gh_disarm *d, const char *path)
{
	size_t n = strlen(d->place.root);
	return strncmp(path, d->place.root, n) == 0 ? path + n + (path[n] == '/') : gh_disarm_base(path);
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
		    gh_disarm_words(d, "the result could not be scanned: %s", gh_err_line(&err, why, sizeof why)));
		return false;
	}
	d->report.rescan = r;
	for (size_t i = 0; i < r->nfile; i++) {
		struct gh_disarm_file *f = by_place(d, d->alone ? "" : below_root(d, r->file[i].path));
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
					 ? gh_disarm_words(
						   d, "it cannot be taken apart, and as it is it is not CLEAN: %s", why)
					 : gh_disarm_words(d, "the result is not CLEAN: %s", why);
			f->action = GH_DISARM_REFUSED;
		}
	}
	if (again || r->verdict == GH_CLEAN || blocked(d))
		return again && !blocked(d);
	end(d, GH_DISARM_NOTHING, gh_disarm_words(d, "the result as a whole is %s", gh_verdict_name(r->verdict)));
	return false;
}

static bool anything_written(const struct gh_disarm *d)
{
	for (size_t i = 0; i < d->nfile; i++)
		if (d->file[i].out != NULL)
			return true;
	return false;
}

/* Many small files: one flush of the file system is faster than one of each. */
static bool sync_together(struct gh_disarm *d)
{
	int fd = open(d->place.dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok = fd >= 0 && syncfs(fd) == 0;
	if (fd >= 0)
		(void)close(fd);
	return ok;
}

static bool sync_all(struct gh_disarm *d)
{
	if (d->nfile > MANY && sync_together(d))
		return true;
	for (size_t i = 0; i < d->nfile; i++) {
		char path[GH_PLACE_MAX * 2];
		const struct gh_disarm_file *f = &d->file[i];
		if (f->out == NULL)
			continue;
		(void)snprintf(path, sizeof path, "%s%s%s", d->place.root, f->place[0] == '\0' ? "" : "/", f->place);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		bool ok = fd >= 0 && fsync(fd) == 0;
		if (fd >= 0)
			(void)close(fd);
		if (!ok) {
			end(d, GH_DISARM_UNFINISHED,
			    gh_disarm_words(d, "'%s': writing to the disk: %s", f->in, strerror(errno)));
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
	enum gh_rc rc = gh_place_commit(&d->place, &err);
	if (rc != GH_OK) {
		char why[GH_ERR_LINKS * GH_ERR_TEXT];
		end(d, rc == GH_E_DENIED ? GH_DISARM_NOTHING : GH_DISARM_UNFINISHED,
		    gh_disarm_word(d, gh_err_line(&err, why, sizeof why)));
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
	enum gh_rc rc = d->file == NULL ? gh_fail(err, GH_E_NOMEM, "no memory for the report")
					: gh_place_check(&d->place, d->alone, err);
	for (size_t i = 0; rc == GH_OK && i < tree.n; i++)
		gh_disarm_take(d, &d->file[d->nfile++], &tree.v[i]);
	gh_tool_end(&d->worker); /* from here on nobody can write to the result */
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
	gh_tool_end(&d->worker);
	gh_disarm_await(d);
	gh_place_close(&d->place);
	if (rc != GH_OK)
		return rc;
	totals(d);
	d->report.in = gh_disarm_word(d, in);
	d->report.out = gh_disarm_word(d, out);
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
