/* The trusted half of `gatehouse diff`: opens the files, runs the worker, checks every number it sends. */
#include "os/file.h"
#include "os/tree.h"
#include "scan/child.h"
#include "scan/diff/diff.h"
#include "scan/tool.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	FILES_MAX = 20000, /* of both sides */
	ROWS_MAX = 1 << 20,
	CHANGES_MAX = 1 << 16,
	SECONDS = 120, /* and one more for each SLOWEST bytes */
	SLOWEST = 16 << 20,
};

const struct gh_diff_options gh_diff_options_default = { .memory = (size_t)512 << 20 };

struct run {
	struct gh_diff_report *r;
	const struct gh_diff_options *opt;
	struct gh_tool_input *in;
	char **name, **path; /* malloced, one for each input */
	size_t n, cap;
	bool nomem;
};

/* ---- files ---------------------------------------------------------------------------------------------------- */

static enum gh_rc add_file(struct run *u, enum gh_diff_side side, const char *path, const char *name,
			   struct gh_err *err)
{
	struct stat st;
	if (u->n >= FILES_MAX)
		return gh_fail(err, GH_E_LIMIT, "more than %d files", FILES_MAX);
	if (u->n == u->cap) {
		size_t cap = u->cap == 0 ? 64 : 2 * u->cap;
		struct gh_tool_input *in = realloc(u->in, cap * sizeof *in);
		u->in = in != NULL ? in : u->in;
		char **names = in == NULL ? NULL : realloc(u->name, cap * sizeof *names);
		if (names == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory for a list of files");
		u->name = names;
		char **paths = realloc(u->path, cap * sizeof *paths);
		if (paths == NULL)
			return gh_fail(err, GH_E_NOMEM, "no memory for a list of files");
		u->path = paths;
		u->cap = cap;
	}
	int fd = gh_os_open_regular(path, &st);
	if (fd < 0)
		return errno == EINVAL ? gh_fail(err, GH_E_IO, "'%s' is no regular file", gh_safe(gh_span_str(path)).s)
				       : gh_fail_sys(err, errno, "'%s'", gh_safe(gh_span_str(path)).s);
	(void)close(fd); /* opened again when its turn comes: a model may have more files than a process descriptors */
	u->name[u->n] = strdup(name);
	char *again = u->name[u->n] == NULL ? NULL : strdup(path);
	if (again == NULL) {
		free(u->name[u->n]);
		return gh_fail(err, GH_E_NOMEM, "no memory for a list of files");
	}
	u->path[u->n] = again;
	u->in[u->n] = (struct gh_tool_input){ .fd = -1, .name = u->name[u->n], .tag = side };
	u->n++;
	u->r->files[side]++;
	u->r->bytes[side] += (uint64_t)st.st_size;
	return GH_OK;
}

/* Histories, caches and the marks of downloads belong to no model. */
static bool hidden(const char *name) { return name[0] == '.' || strstr(name, "/.") != NULL; }

static enum gh_rc add_side(struct run *u, enum gh_diff_side side, const char *path, struct gh_err *err)
{
	struct gh_os_tree tree = { 0 };
	const char *what = side == GH_DIFF_BASE ? "BASE" : "CANDIDATE";
	enum gh_rc rc = GH_OK;
	if (!gh_os_tree(path, &tree)) {
		rc = gh_fail_sys(err, errno, "%s '%s'", what, gh_safe(gh_span_str(path)).s);
		gh_os_tree_free(&tree);
		return rc;
	}
	for (size_t i = 0; i < tree.n && rc == GH_OK; i++) {
		const struct gh_os_entry *e = &tree.v[i];
		if (!tree.alone && hidden(e->name))
			continue;
		if (e->kind == GH_OS_UNREADABLE)
			rc = gh_fail_sys(err, e->sys, "'%s'", gh_safe(gh_span_str(e->path)).s);
		else if (e->kind == GH_OS_FILE ||
			 (e->kind == GH_OS_LINK_FILE && (!e->outside || e->cached || tree.alone)))
			rc = add_file(u, side, e->path, e->name, err);
		else if (e->kind == GH_OS_LINK_FILE)
			rc = gh_fail(err, GH_E_IO, "'%s' leads out of the directory", gh_safe(gh_span_str(e->path)).s);
	}
	gh_os_tree_free(&tree);
	if (rc == GH_OK && u->r->files[side] == 0)
		rc = gh_fail(err, GH_E_MALFORMED, "'%s' holds no files", gh_safe(gh_span_str(path)).s);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", what);
}

/* ---- records -------------------------------------------------------------------------------------------------- */

/* The next of the record's texts, safe to print. NULL: there is none. */
static const char *next(struct run *u, struct gh_span *text)
{
	const uint8_t *end = text->n == 0 ? NULL : memchr(text->p, '\0', text->n);
	if (end == NULL)
		return NULL;
	struct gh_span s = { text->p, (size_t)(end - text->p) };
	*text = gh_span_cut(*text, s.n + 1, text->n);
	return s.n == 0 ? "" : gh_child_text(&u->r->arena, s);
}

static void *grow(struct run *u, const void *old, size_t *cap, size_t need, size_t each, size_t max)
{
	void *v = need > max ? NULL : gh_grow(&u->r->arena, old, cap, need, each);
	u->nomem = u->nomem || v == NULL;
	return v;
}

static bool sane(double d) { return isfinite(d) && d >= 0; }

static const char *numbers(struct gh_diff_row *w, const uint64_t *a)
{
	double bb = gh_diff_double(a[GH_DIFF_N_BB]), cc = gh_diff_double(a[GH_DIFF_N_CC]),
	       bc = gh_diff_double(a[GH_DIFF_N_BC]);
	double dd = gh_diff_double(a[GH_DIFF_N_DD]), max = gh_diff_double(a[GH_DIFF_N_MAX]),
	       top = gh_diff_double(a[GH_DIFF_N_TOP]);
	if (a[GH_DIFF_N_MATCH] >= GH_DIFF_MATCHES || a[GH_DIFF_N_FLAGS] >= GH_DIFF_FLAGS ||
	    a[GH_DIFF_N_LAYER] >> 32 >= GH_DIFF_PARTS)
		return "a tensor of unknown kind";
	if (!sane(bb) || !sane(cc) || !isfinite(bc) || !sane(dd) || !sane(max) || !sane(top) || top > 1.0001)
		return "numbers that cannot be sums of squares";
	if (fabs(bc) > 1.001 * sqrt(bb) * sqrt(cc) + 1e-30 || fabs(bb + cc - 2 * bc - dd) > 0.02 * (bb + cc) + 1e-30)
		return "numbers that contradict each other";
	w->match = (enum gh_diff_match)a[GH_DIFF_N_MATCH];
	w->flags = (unsigned)a[GH_DIFF_N_FLAGS];
	w->rows = a[GH_DIFF_N_ROWS];
	w->cols = a[GH_DIFF_N_COLS];
	w->base = a[GH_DIFF_N_BASE];
	w->cand = a[GH_DIFF_N_CAND];
	w->same = a[GH_DIFF_N_SAME];
	w->outside = a[GH_DIFF_N_OUTSIDE];
	w->rank = (uint32_t)a[GH_DIFF_N_RANK];
	w->width = (unsigned)(a[GH_DIFF_N_RANK] >> 32);
	w->layer = (uint32_t)a[GH_DIFF_N_LAYER];
	w->part = (enum gh_diff_part)(a[GH_DIFF_N_LAYER] >> 32);
	w->top = top > 1 ? 1 : top;
	w->max = max;
	w->energy = dd;
	w->relative = bb > 0 ? sqrt(dd / bb) : dd > 0 ? -1 : 0;
	w->scale = bb > 0 ? sqrt(cc) / sqrt(bb) : 0;
	if (!isfinite(w->scale))
		w->scale = 0;
	double n = sqrt(bb) * sqrt(cc), cos = n > 0 ? bc / n : 0;
	w->cosine = cos > 1 ? 1 : cos < -1 ? -1 : cos;
	if (!isfinite(w->relative))
		w->relative = -1;
	if (__builtin_mul_overflow(w->rows, w->cols, &w->compared) || w->same > w->compared ||
	    w->outside > w->compared || w->rank > w->width || w->width > 64 ||
	    (w->compared > w->base && w->match < GH_DIFF_ADDED) || (w->compared > w->cand && w->match < GH_DIFF_ADDED))
		return "more elements than the tensors have";
	return NULL;
}

static const char *on_tensor(struct run *u, const struct gh_tool_record *rec)
{
	struct gh_diff_report *r = u->r;
	struct gh_span text = rec->text;
	struct gh_diff_row *v = grow(u, r->row, &r->row_cap, r->nrow + 1, sizeof *v, ROWS_MAX);
	if (v == NULL)
		return "more tensors than there is memory for";
	r->row = v;
	v = &v[r->nrow];
	*v = (struct gh_diff_row){ 0 };
	for (size_t i = 0; i < GH_DIFF_TEXTS; i++)
		if ((v->text[i] = next(u, &text)) == NULL)
			return "a tensor without its names";
	const char *broken = numbers(v, rec->a);
	r->nrow += broken == NULL;
	return broken;
}

static const char *on_field(struct run *u, const struct gh_tool_record *rec)
{
	struct gh_diff_report *r = u->r;
	struct gh_span text = rec->text;
	struct gh_diff_change_row *v = grow(u, r->change, &r->change_cap, r->nchange + 1, sizeof *v, CHANGES_MAX);
	if (v == NULL || rec->a[0] >= GH_DIFF_SECTIONS || rec->a[1] >= GH_DIFF_CHANGES)
		return "too many changes, or of unknown kind";
	r->change = v;
	v = &v[r->nchange];
	*v = (struct gh_diff_change_row){ .section = (enum gh_diff_section)rec->a[0],
					  .change = (enum gh_diff_change)rec->a[1],
					  .key = next(u, &text),
					  .before = next(u, &text),
					  .after = next(u, &text) };
	if (v->key == NULL || v->before == NULL || v->after == NULL)
		return "a change without its texts";
	r->nchange++;
	return NULL;
}

static const char *on_counts(struct run *u, const struct gh_tool_record *rec)
{
	struct gh_diff_report *r = u->r;
	struct gh_diff_count_row *v = grow(u, r->count, &r->count_cap, r->ncount + 1, sizeof *v, 16);
	if (v == NULL)
		return "too many counts";
	r->count = v;
	v[r->ncount++] = (struct gh_diff_count_row){
		gh_child_text(&r->arena, rec->text), rec->a[1], rec->a[2], rec->a[3], rec->a[4], rec->a[5]
	};
	return NULL;
}

static const char *on_trouble(struct run *u, const struct gh_tool_record *rec)
{
	struct gh_diff_report *r = u->r;
	struct gh_span text = rec->text;
	struct gh_diff_trouble_row *v = grow(u, r->trouble, &r->trouble_cap, r->ntrouble + 1, sizeof *v, 1024);
	if (v == NULL || rec->a[0] > GH_DIFF_CANDIDATE)
		return "too many troubles";
	r->trouble = v;
	v = &v[r->ntrouble];
	*v = (struct gh_diff_trouble_row){ (enum gh_diff_side)rec->a[0], next(u, &text), next(u, &text) };
	if (v->file == NULL || v->why == NULL)
		return "trouble without its texts";
	r->ntrouble++;
	return NULL;
}

static const char *on_adapter(struct run *u, const struct gh_tool_record *rec)
{
	struct gh_diff_report *r = u->r;
	struct gh_span text = rec->text;
	struct gh_diff_adapter_row *v = grow(u, r->fit, &r->fit_cap, r->nfit + 1, sizeof *v, CHANGES_MAX);
	if (v == NULL || rec->a[0] >= GH_DIFF_FIT_KINDS)
		return "too many modules, or of unknown kind";
	r->fit = v;
	v = &v[r->nfit];
	double share = gh_diff_double(rec->a[4]);
	if (!sane(share))
		return "a norm that cannot be";
	*v = (struct gh_diff_adapter_row){ .fit = (enum gh_diff_fit)rec->a[0],
					   .rank = rec->a[1],
					   .wanted = rec->a[2],
					   .module = next(u, &text),
					   .why = next(u, &text),
					   .odd = rec->a[3],
					   .share = share };
	if (v->module == NULL || v->why == NULL)
		return "a module without its texts";
	r->nfit++;
	return NULL;
}

static const char *on_record(void *arg, const struct gh_tool_record *rec)
{
	struct run *u = arg;
	struct gh_span text = rec->text;
	switch (rec->kind) {
	case GH_DIFF_R_SIDE:
		if (rec->a[0] > GH_DIFF_CANDIDATE)
			return "a side that there is not";
		u->r->tensors[rec->a[0]] = rec->a[1];
		u->r->elements[rec->a[0]] = rec->a[2];
		u->r->adapter = u->r->adapter || rec->a[3] == 1;
		u->r->adapters = u->r->adapters || rec->a[3] == 2;
		u->r->format[rec->a[0]] = next(u, &text);
		const char *base = next(u, &text);
		if (u->r->format[rec->a[0]] == NULL || base == NULL)
			return "a side without its texts";
		if (rec->a[0] == GH_DIFF_CANDIDATE)
			u->r->adapter_base = base;
		return NULL;
	case GH_DIFF_R_TENSOR: return on_tensor(u, rec);
	case GH_DIFF_R_FIELD: return on_field(u, rec);
	case GH_DIFF_R_COUNTS: return on_counts(u, rec);
	case GH_DIFF_R_TROUBLE: return on_trouble(u, rec);
	case GH_DIFF_R_ADAPTER: return on_adapter(u, rec);
	default: return "a result of unknown kind";
	}
}

static void on_tick(void *arg, uint64_t bytes)
{
	struct run *u = arg;
	if (u->opt->progress != NULL)
		u->opt->progress(u->opt->arg, bytes, u->r->bytes[0] + u->r->bytes[1]);
}

/* ---- all of it ------------------------------------------------------------------------------------------------ */

static enum gh_rc work(struct run *u, struct gh_err *err)
{
	struct gh_diff_report *r = u->r;
	const struct gh_limits *l = &u->opt->limits;
	const struct gh_diff_args args = { .expanded = l->expanded, .members = l->members, .ratio = l->ratio };
	for (unsigned i = 0; i < 2; i++)
		GH_TRY(add_side(u, (enum gh_diff_side)i, r->path[i], err), err, "nothing was compared");
	uint64_t seconds = SECONDS + (r->bytes[0] + r->bytes[1]) / SLOWEST;
	const struct gh_tool_job job = { .mode = "diff",
					 .worker = u->opt->worker,
					 .input = u->in,
					 .ninput = u->n,
					 .path = (const char *const *)u->path,
					 .output = -1,
					 .output_bytes = l->expanded,
					 .args = { (const uint8_t *)&args, sizeof args },
					 .memory = u->opt->memory,
					 .seconds = u->opt->seconds != 0 ? u->opt->seconds
						    : seconds > 86400	 ? 86400
									 : (unsigned)seconds,
					 .records = 4 * (uint64_t)ROWS_MAX,
					 .on_record = on_record,
					 .tick = on_tick,
					 .arg = u };
	GH_TRY(gh_tool_run(&job, err), err, "nothing is known");
	/* No weights at all on one side is no comparison. */
	for (unsigned i = 0; i < 2; i++)
		if (r->tensors[i] == 0 && r->ntrouble == 0)
			return gh_fail(err, GH_E_MALFORMED, "%s '%s' holds no weights that can be read",
				       i == 0 ? "BASE" : "CANDIDATE", gh_safe(gh_span_str(r->path[i])).s);
	return GH_OK;
}

enum gh_rc gh_diff_run(const char *base, const char *cand, const struct gh_diff_options *opt, struct gh_diff_report *r,
		       struct gh_err *err)
{
	struct run u = { .r = r, .opt = opt };
	*r = (struct gh_diff_report){ .path = { base, cand }, .format = { "", "" }, .adapter_base = "" };
	r->arena.max = (size_t)1 << 30;
	enum gh_rc rc = work(&u, err);
	if (rc == GH_OK)
		gh_diff_judge(r);
	else { /* for a document that says so: what came before the failure is no result */
		char why[GH_ERR_LINKS * GH_ERR_TEXT];
		r->nrow = r->nchange = r->ncount = r->nfit = 0;
		r->verdict = GH_DIFF_V_UNFINISHED;
		(void)snprintf(r->sentence, sizeof r->sentence, "could not be finished: %s",
			       gh_err_line(err, why, sizeof why));
	}
	for (size_t i = 0; i < u.n; i++) {
		free(u.path[i]);
		free(u.name[i]);
	}
	free(u.in);
	free(u.name);
	free(u.path);
	return rc;
}

void gh_diff_free(struct gh_diff_report *r) { gh_arena_free(&r->arena); }
