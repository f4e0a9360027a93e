/* `import`: scan, digest and encrypt in one read of the bytes, then let the catalog decide what the model may be used for.
 *
 * The scan reads each file once into its ring (scan/feed.h). A blob process maps the ring and encrypts what the worker judges and
 * the digest sees (struct gh_along). What it wrote becomes a blob of the tenant when the digest of the whole file is known and the
 * bytes are on the disk. Nothing refers to any of it before import.finish, which is one transaction. */
#include "api/check.h"
#include "catalog/blobrun.h"
#include "daemon/docs.h"
#include "daemon/import.h"
#include "daemon/lease.h"
#include "daemon/task.h"
#include "scan/proto.h"
#include "scan/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct lane { /* a blob process and whether it has a file in hand */
	struct gh_docs docs;
	bool busy;
};

struct stored { /* a file of the artifact */
	char *name;
	struct gh_docs_put put;
	char sha256[65];
	uint64_t size;
};

struct import {
	struct gh_task_run *run;
	struct gh_docs_owner owner;
	int held;	      /* the lock that says that this import lives; -1: none */
	pthread_mutex_t lock; /* of all below */
	struct lane *lane;
	unsigned nlane;
	struct stored *file;
	size_t nfile, cap;
	struct gh_import_scan setup; /* the report points into it */
	struct gh_span facts;	     /* of the scan, for the policy; in the task's arena */
	struct gh_err err;	     /* the first thing that went wrong while scanning */
};

struct beside { /* one file while it is read */
	struct import *im;
	struct lane *lane;
	size_t file;
	bool failed;
};

/* ---- reading along ------------------------------------------------------------------------------------------------------- */

static void failed(struct import *im, const struct gh_err *err)
{
	(void)pthread_mutex_lock(&im->lock);
	if (im->err.rc == GH_OK)
		im->err = *err;
	(void)pthread_mutex_unlock(&im->lock);
}

/* Room for a file that is not known yet; SIZE_MAX when it is (it is scanned again) or there is no memory. */
static size_t new_file(struct import *im, const char *name)
{
	for (size_t i = 0; i < im->nfile; i++)
		if (strcmp(im->file[i].name, name) == 0)
			return SIZE_MAX;
	if (im->nfile == im->cap) {
		size_t cap = im->cap == 0 ? 64 : 2 * im->cap;
		struct stored *v = realloc(im->file, cap * sizeof *v);
		if (v == NULL)
			return SIZE_MAX;
		im->file = v;
		im->cap = cap;
	}
	char *own = strdup(name);
	if (own == NULL)
		return SIZE_MAX;
	im->file[im->nfile] = (struct stored){ .name = own, .put = { .fd = -1 } };
	return im->nfile++;
}

static struct lane *free_lane(struct import *im)
{
	for (unsigned i = 0; i < im->nlane; i++)
		if (!im->lane[i].busy)
			return &im->lane[i];
	return NULL;
}

static void *begin(void *arg, const char *name, uint64_t size, int ring)
{
	struct import *im = arg;
	struct gh_err err = { 0 };
	struct beside *b = calloc(1, sizeof *b);
	(void)pthread_mutex_lock(&im->lock);
	size_t i = b == NULL || im->err.rc != GH_OK ? SIZE_MAX : new_file(im, name);
	struct lane *l = i == SIZE_MAX ? NULL : free_lane(im);
	if (l != NULL)
		l->busy = true;
	struct gh_docs_put put = { .fd = -1 };
	(void)pthread_mutex_unlock(&im->lock);
	if (l == NULL) {
		free(b);
		return NULL;
	}
	enum gh_rc rc = gh_docs_begin(&l->docs, &put, &err);
	if (rc == GH_OK) {
		const struct gh_blobrun_job job = { .blob = put.id, .tenant = im->owner.tenant, .size = size };
		rc = gh_blobrun_encrypt_ring(l->docs.process.blob, &job, ring, GH_RING, put.fd, &err);
	}
	(void)pthread_mutex_lock(&im->lock);
	im->file[i].put = put;
	im->file[i].size = size;
	if (rc != GH_OK)
		l->busy = false;
	(void)pthread_mutex_unlock(&im->lock);
	if (rc != GH_OK) {
		failed(im, &err);
		free(b);
		return NULL;
	}
	*b = (struct beside){ im, l, i, false };
	return b;
}

static void head(void *file, uint64_t at)
{
	struct beside *b = file;
	struct gh_err err = { 0 };
	if (!b->failed && gh_blobrun_head(b->lane->docs.process.blob, at, &err) != GH_OK) {
		b->failed = true;
		failed(b->im, &err);
	}
}

static uint64_t taken(void *file)
{
	struct beside *b = file;
	struct gh_err err = { 0 };
	uint64_t at = 0;
	if (b->failed)
		return UINT64_MAX;
	if (gh_blobrun_taken(b->lane->docs.process.blob, &at, &err) == GH_OK)
		return at;
	b->failed = true;
	failed(b->im, &err);
	return UINT64_MAX;
}

static int wake(void *file)
{
	const struct beside *b = file;
	return b->failed ? -1 : gh_blobrun_fd(b->lane->docs.process.blob);
}

static void end(void *file, const char *sha256)
{
	struct beside *b = file;
	struct import *im = b->im;
	struct gh_err err = { 0 };
	struct gh_blobrun_result result;
	if (sha256[0] == '\0' && !b->failed)
		gh_blobrun_cancel(b->lane->docs.process.blob);
	enum gh_rc rc = b->failed ? GH_E_IO : gh_blobrun_end(b->lane->docs.process.blob, &result, &err);
	(void)pthread_mutex_lock(&im->lock);
	struct stored *f = &im->file[b->file];
	if (rc == GH_OK && sha256[0] != '\0') {
		(void)snprintf(f->sha256, sizeof f->sha256, "%s", sha256);
		f->put.stored = result.stored;
		(void)snprintf(f->put.cipher, sizeof f->put.cipher, "%s", result.sha_cipher);
	}
	b->lane->busy = false;
	(void)pthread_mutex_unlock(&im->lock);
	if (rc != GH_OK && sha256[0] != '\0' && !b->failed)
		failed(im, &err);
	free(b);
}

static bool over(void *arg)
{
	struct import *im = arg;
	(void)pthread_mutex_lock(&im->lock);
	bool yes = im->err.rc != GH_OK;
	(void)pthread_mutex_unlock(&im->lock);
	return yes;
}

/* ---- the parts of an import ------------------------------------------------------------------------------------------------ */

static enum gh_rc open_lanes(struct import *im, unsigned n, struct gh_err *err)
{
	im->lane = calloc(n, sizeof *im->lane);
	if (im->lane == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	for (; im->nlane < n; im->nlane++)
		GH_TRY(gh_docs_open(&im->lane[im->nlane].docs, im->run->service, im->run->key, &im->owner,
				    GH_VAULT_IMPORT, err),
		       err, "a process that encrypts");
	return GH_OK;
}

static void close_lanes(struct import *im)
{
	for (unsigned i = 0; i < im->nlane; i++)
		gh_docs_close(&im->lane[i].docs);
	free(im->lane);
	im->lane = NULL;
	im->nlane = 0;
}

static void close_import(struct import *im)
{
	close_lanes(im);
	for (size_t i = 0; i < im->nfile; i++) {
		free(im->file[i].name);
		gh_docs_drop(&im->file[i].put);
	}
	free(im->file);
	gh_import_scan_close(&im->setup);
	if (im->held >= 0)
		(void)close(im->held);
	(void)pthread_mutex_destroy(&im->lock);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct stored *)a)->name, ((const struct stored *)b)->name);
}

/* The digests of the report are those of the bytes that were stored, for each file that could be read. */
static enum gh_rc agree(struct import *im, const struct gh_scan_report *r, struct gh_err *err)
{
	qsort(im->file, im->nfile, sizeof *im->file, by_name);
	for (size_t i = 0; i < r->nfile; i++) {
		struct stored key = { .name = (char *)(size_t)r->file[i].path };
		const struct stored *f = bsearch(&key, im->file, im->nfile, sizeof *im->file, by_name);
		if (r->file[i].sha256[0] == '\0' && f != NULL)
			return gh_fail(err, GH_E_IO,
				       "'%s' could not be read to its end, or changed meanwhile: nothing was imported",
				       gh_safe(gh_span_str(r->file[i].path)).s);
		if (f != NULL && strcmp(f->sha256, r->file[i].sha256) != 0)
			return gh_fail(err, GH_E_IO, "'%s' changed while it was imported: nothing was imported",
				       gh_safe(gh_span_str(r->file[i].path)).s);
	}
	return GH_OK;
}

/* Make what was written durable, and known to the catalog as blobs of the tenant. */
static enum gh_rc commit_files(struct import *im, struct gh_err *err)
{
	for (size_t i = 0; i < im->nfile; i++) {
		struct stored *f = &im->file[i];
		enum gh_rc rc = gh_docs_commit(&im->lane[0].docs, &f->put, "file", f->sha256, f->size, err);
		if (rc != GH_OK)
			return gh_fail(err, rc, "'%s'", gh_safe(gh_span_str(f->name)).s);
	}
	return GH_OK;
}

static enum gh_rc scan(struct import *im, const char *path, const char *name, struct gh_scan **out,
		       const struct gh_scan_report **report, struct gh_err *err)
{
	const struct gh_along along = { im, begin, head, taken, wake, end, over };
	gh_import_scan_open(&im->setup, im->run->service, gh_in_number(im->run->in, "jobs", 0));
	im->setup.options.along = &along;
	im->setup.options.known_as = name;
	enum gh_rc rc = open_lanes(im, im->setup.options.jobs, err);
	if (rc == GH_OK)
		rc = gh_import_scan_run(&im->setup, path, out, report, err);
	if (im->err.rc != GH_OK) { /* why the scan was given up, if it was */
		*err = im->err;
		rc = im->err.rc;
	}
	return rc;
}

static void manifest(const struct import *im, const struct gh_scan_report *r, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_number(&j, "format", 1);
	gh_jout_open(&j, "files", '[');
	for (size_t i = 0; i < im->nfile; i++) {
		gh_jout_open(&j, NULL, '{');
		gh_jout_str(&j, "path", im->file[i].name);
		gh_jout_number(&j, "size", im->file[i].size);
		gh_jout_str(&j, "sha256", im->file[i].sha256);
		gh_jout_close(&j, '}');
	}
	gh_jout_close(&j, ']');
	gh_jout_open(&j, "not_stored", '[');
	for (size_t i = 0; i < r->nfile; i++) {
		struct stored key = { .name = (char *)(size_t)r->file[i].path };
		if (bsearch(&key, im->file, im->nfile, sizeof *im->file, by_name) == NULL)
			gh_jout_str(&j, NULL, r->file[i].path);
	}
	gh_jout_close(&j, ']');
	gh_jout_close(&j, '}');
}

static enum gh_rc documents(struct import *im, const struct gh_scan_report *r, struct gh_import_docs *d,
			    struct gh_err *err)
{
	gh_auto_buf text = gh_buf((size_t)1 << 30);
	struct gh_docs *docs = &im->lane[0].docs;
	manifest(im, r, &text);
	GH_TRY(gh_docs_put(docs, "manifest", gh_buf_view(&text), &d->manifest, err), err, "the manifest");
	text.n = 0;
	gh_report_json(r, &text);
	GH_TRY(gh_docs_put(docs, "report", gh_buf_view(&text), &d->report, err), err, "the report");
	text.n = 0;
	struct gh_jout j = gh_jout(&text);
	gh_jout_open(&j, NULL, '{');
	gh_import_facts(r, im->setup.started, &j);
	gh_jout_close(&j, '}');
	im->facts = gh_keep(im->run->arena, gh_buf_view(&text));
	GH_TRY(gh_docs_put(docs, "facts", gh_buf_view(&text), &d->facts, err), err, "the facts");
	return gh_import_bom(docs, &im->setup, r, &d->bom, err);
}

static void finish_text(const struct import *im, const struct gh_scan_report *r, const struct gh_import_docs *d,
			const char *root, struct gh_buf *out)
{
	struct gh_jout j = gh_jout(out);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", im->owner.version.s);
	gh_jout_str(&j, "owner", im->owner.lease.s);
	gh_jout_str(&j, "root", root);
	gh_import_summary(r, &j);
	gh_jout_str(&j, "manifest", d->manifest.id.s);
	gh_jout_str(&j, "manifest_digest", d->manifest.sha256);
	gh_jout_str(&j, "report", d->report.id.s);
	gh_jout_str(&j, "report_digest", d->report.sha256);
	gh_jout_str(&j, "facts", d->facts.id.s);
	gh_jout_str(&j, "facts_digest", d->facts.sha256);
	gh_jout_str(&j, "bom", d->bom.id.s);
	gh_jout_str(&j, "bom_digest", d->bom.sha256);
	gh_jout_open(&j, "blobs", '[');
	for (size_t i = 0; i < im->nfile; i++)
		gh_jout_str(&j, NULL, im->file[i].put.id.s);
	gh_jout_close(&j, ']');
	gh_jout_open(&j, "known", '{');
	gh_import_facts(r, im->setup.started, &j);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
}

static enum gh_rc root_of(const struct import *im, char root[65], struct gh_err *err)
{
	struct gh_import_root *h = gh_import_root_new();
	if (h == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	for (size_t i = 0; i < im->nfile; i++) /* sorted by name already: bytes of UTF-8 sort as code points do */
		gh_import_root_add(h, im->file[i].name, im->file[i].sha256);
	return gh_import_root_end(h, root) ? GH_OK : gh_fail(err, GH_E_BUG, "the root digest could not be computed");
}

/* What the person who asked is told: the verdict and the worst findings, each rule once with how often it was raised; the rest
 * stands in the report. */
struct worst {
	const struct gh_finding *f;
	const char *path;
	uint64_t times;
};

static size_t collect(const struct gh_scan_report *r, struct worst *w, size_t cap)
{
	size_t n = 0;
	for (int effect = GH_UNSAFE; effect > GH_CLEAN; effect--)
		for (size_t i = 0; i < r->nfile; i++)
			for (size_t k = 0; k < r->file[i].nfinding; k++) {
				const struct gh_finding *f = &r->file[i].finding[k];
				size_t at = 0;
				if ((int)f->rule->effect != effect)
					continue;
				while (at < n && w[at].f->rule != f->rule)
					at++;
				if (at < n)
					w[at].times += f->times;
				else if (n < cap)
					w[n++] = (struct worst){ f, r->file[i].path, f->times };
			}
	return n;
}

static void answer(const struct import *im, const struct gh_scan_report *r, const char *root,
		   const struct gh_jval *finished)
{
	enum { SHOWN = 20 };
	struct worst w[SHOWN];
	struct gh_jout *j = im->run->out;
	gh_jout_str(j, "model", gh_in_text(im->run->in, "as", ""));
	gh_jout_str(j, "version", im->owner.version.s);
	gh_jout_str(j, "root", root);
	gh_import_summary(r, j);
	gh_import_lacking(&im->setup, j);
	gh_jout_str(j, "state", gh_in_text(finished, "state", ""));
	gh_jout_str(j, "reason", gh_in_text(finished, "reason", ""));
	gh_jout_str(j, "policy", gh_in_text(finished, "policy", ""));
	gh_jout_open(j, "worst", '[');
	for (size_t i = 0, n = collect(r, w, SHOWN); i < n; i++) {
		gh_jout_open(j, NULL, '{');
		gh_jout_str(j, "id", w[i].f->rule->id);
		gh_jout_str(j, "effect", gh_verdict_name((enum gh_verdict)w[i].f->rule->effect));
		gh_jout_str(j, "file", w[i].path);
		gh_jout_str(j, "title", w[i].f->rule->title);
		gh_jout_str(j, "detail", w[i].f->detail);
		gh_jout_number(j, "times", w[i].times);
		gh_jout_close(j, '}');
	}
	gh_jout_close(j, ']');
}

static enum gh_rc import(struct import *im, const char *path, const char *name, struct gh_err *err)
{
	struct gh_scan *s = NULL;
	const struct gh_scan_report *r;
	struct gh_import_docs d = { 0 };
	char root[65];
	gh_auto_buf finish = gh_buf(8 << 20);
	const struct gh_jval *out = NULL;
	enum gh_rc rc = scan(im, path, name, &s, &r, err);
	if (rc == GH_OK)
		rc = agree(im, r, err);
	if (rc == GH_OK && im->nfile == 0)
		rc = gh_fail(err, GH_E_ABSENT, "there is no file to be imported");
	if (rc == GH_OK)
		rc = commit_files(im, err);
	if (rc == GH_OK)
		rc = documents(im, r, &d, err);
	if (rc == GH_OK)
		rc = root_of(im, root, err);
	if (rc == GH_OK) {
		finish_text(im, r, &d, root, &finish);
		rc = gh_service_step(im->run->service, im->run->key, "import.finish", gh_buf_view(&finish), -1,
				     im->run->arena, &out, NULL, err);
	}
	if (rc == GH_OK)
		answer(im, r, root, out);
	gh_scan_free(s);
	return rc;
}

/* ---- the task -------------------------------------------------------------------------------------------------------------- */

static enum gh_rc reserve(struct import *im, struct gh_err *err)
{
	static const char *const copied[] = { "base", "lineage", "tier", "publisher", "source" };
	gh_auto_buf in = gh_buf(64 << 10);
	const struct gh_jval *out;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "as", gh_in_text(im->run->in, "as", ""));
	for (size_t i = 0; i < sizeof copied / sizeof *copied; i++)
		if (gh_jget(im->run->in, copied[i]) != NULL)
			gh_jout_str(&j, copied[i], gh_in_text(im->run->in, copied[i], ""));
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(im->run->service, im->run->key, "import.begin", gh_buf_view(&in), -1, im->run->arena,
			       &out, &im->held, err),
	       err, "nothing was imported");
	im->owner = (struct gh_docs_owner){ .tenant = gh_id(gh_jget(out, "tenant")->text),
					    .version = gh_id(gh_jget(out, "version")->text),
					    .lease = gh_id(gh_jget(out, "owner")->text) };
	return GH_OK;
}

/* Free the disk, which may be full, then the name. What became a blob already stays for the next try, until fsck removes it. */
static void abandon(struct import *im)
{
	close_lanes(im); /* nobody writes any more */
	for (size_t i = 0; i < im->nfile; i++)
		if (im->file[i].put.fd >= 0) {
			gh_docs_drop(&im->file[i].put);
			gh_docs_undo(im->run->service, im->run->key, &im->owner.tenant, &im->file[i].put.id);
		}
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *out;
	struct gh_err ignored = { 0 };
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", im->owner.version.s);
	gh_jout_str(&j, "owner", im->owner.lease.s);
	gh_jout_close(&j, '}');
	(void)gh_service_step(im->run->service, im->run->key, "import.abandon", gh_buf_view(&in), -1, im->run->arena,
			      &out, NULL, &ignored);
}

/* The version is in the catalog by now: that its badge cannot be made is said with the answer, and does not undo the import. */
static void badge(struct import *im)
{
	const struct gh_jval *out = NULL;
	struct gh_err err = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT];
	struct gh_jout *j = im->run->out;
	bool made = gh_import_badge(im->run->service, im->run->key, &im->owner, im->facts, im->run->arena, &out,
				    &err) == GH_OK;
	gh_jout_open(j, "badge", '{');
	gh_jout_str(j, "state", made ? gh_in_text(out, "state", "none") : "none");
	gh_jout_str(j, "id", made ? gh_in_text(out, "badge", "") : "");
	gh_jout_str(j, "reason", made ? gh_in_text(out, "reason", "") : gh_err_line(&err, line, sizeof line));
	gh_jout_bool(j, "failed", !made);
	gh_jout_close(j, '}');
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	struct import im = { .run = r, .held = -1, .lock = PTHREAD_MUTEX_INITIALIZER };
	char path[64];
	const char *as = gh_in_text(r->in, "as", "");
	if (r->fd < 0)
		return gh_fail(err, GH_E_MALFORMED, "what is to be imported must be given as an open descriptor");
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", r->fd);
	enum gh_rc rc = reserve(&im, err);
	if (rc == GH_OK) {
		struct gh_lease *lease = gh_lease_hold(r->service, r->key, &im.owner.version, &im.owner.lease);
		rc = import(&im, path, gh_in_text(r->in, "file", "model"), err);
		gh_lease_let_go(lease);
		if (rc != GH_OK)
			abandon(&im);
	}
	close_import(&im);
	if (rc == GH_OK)
		badge(&im);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", as);
}

static const struct gh_op_field in[] = {
	{ "as", GH_IN_VERSION, true, "the name the model gets: TENANT/[PROJECT/]NAME:VERSION" },
	{ "file", GH_IN_TEXT, false, "name of the file, when the model is a single one" },
	{ "base", GH_IN_VERSION, false, "the version it derives from" },
	{ "lineage", GH_IN_WORD, false, "how: adapter, fine-tune, quantized, merge, distilled" },
	{ "tier", GH_IN_WORD, false, "risk tier: standard, high" },
	{ "publisher", GH_IN_TEXT, false, "who publishes it, by the word of whoever imports it" },
	{ "source", GH_IN_TEXT, false, "where it was taken from, such as a URL" },
	{ "jobs", GH_IN_NUMBER, false, "workers at a time" },
	{ 0 },
};

const struct gh_task gh_task_import = {
	.name = "import",
	.about = "Scan, digest and encrypt a model in one read, and take it into the catalog.",
	.in = in,
	.run = run,
};
