/* `rescan`: look at a stored version again, with today's rules and advisories. A new report takes the place of the old one; the badge
 * follows it: a new one, or none any more.
 *
 * Each file is decrypted into a memory of its own when its turn comes, and never lies on a disk in the open. Its digest is compared
 * with the manifest's: what was stored is what is scanned. */
#include "catalog/blobrun.h"
#include "daemon/import.h"
#include "daemon/found.h"
#include "daemon/known.h"
#include "daemon/task.h"
#include "format/format.h"
#include "scan/scan.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

struct rescan {
	struct gh_task_run *run;
	const char *model;
	const struct gh_jval *shown;
	struct gh_docs_owner owner;
	struct gh_docs docs;  /* documents, and the files one after the other */
	pthread_mutex_t lock; /* of docs */
	struct gh_import_scan setup;
	const char **name;
	const char **digest;
	uint64_t *size;
	struct gh_id *blob;
	size_t n;
	struct gh_span found; /* what others say, as facts; in the task's arena */
	struct gh_err err;    /* the first thing that went wrong while decrypting */
};

static enum gh_rc step(struct rescan *s, const char *op, struct gh_buf *in, const struct gh_jval **out,
		       struct gh_err *err)
{
	return gh_service_step(s->run->service, s->run->key, op, gh_buf_view(in), -1, s->run->arena, out, NULL, err);
}

/* ---- what is stored ---------------------------------------------------------------------------------------------------------- */

static enum gh_rc list_files(struct rescan *s, struct gh_err *err)
{
	struct gh_arena *a = s->run->arena;
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *files, *manifest;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", s->owner.version.s);
	gh_jout_str(&j, "for", "rescan.run");
	gh_jout_close(&j, '}');
	GH_TRY(step(s, "version.files", &in, &files, err), err, "its files");
	GH_TRY(gh_known_manifest(&s->docs, gh_in_text(s->shown, "manifest", ""), gh_in_text(s->shown, "root", ""), a,
				 NULL, &manifest, err),
	       err, "its files");
	GH_TRY(gh_found_facts(&s->docs, s->shown, a, &s->found, err), err, "what others say");
	const struct gh_jval *list = gh_jget(manifest, "files"), *blobs = gh_jget(files, "blobs");
	if (list == NULL || blobs == NULL || list->n != blobs->n || list->n == 0)
		return gh_fail(err, GH_E_UNREAD, "manifest and catalog name different files");
	s->name = GH_NEW(a, const char *, list->n);
	s->digest = GH_NEW(a, const char *, list->n);
	s->size = GH_NEW(a, uint64_t, list->n);
	s->blob = GH_NEW(a, struct gh_id, list->n);
	if (s->name == NULL || s->digest == NULL || s->size == NULL || s->blob == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for a list of files");
	const struct gh_jval *b = blobs->first;
	for (const struct gh_jval *f = list->first; f != NULL; f = f->next, b = b->next) {
		s->name[s->n] = gh_jstr(f, "path");
		s->digest[s->n] = gh_jstr(f, "sha256");
		s->blob[s->n] = gh_id(b->text);
		if (s->name[s->n] == NULL || s->digest[s->n] == NULL || !gh_ju64(gh_jget(f, "size"), &s->size[s->n]))
			return gh_fail(err, GH_E_UNREAD, "its manifest is malformed");
		s->n++;
	}
	return GH_OK;
}

static bool fits(uint64_t size)
{
	struct sysinfo m;
	return sysinfo(&m) == 0 && size < (uint64_t)m.totalram * m.mem_unit / 4 * 3;
}

static int open_file(void *arg, size_t i)
{
	struct rescan *s = arg;
	struct gh_err err = { 0 };
	if (!fits(s->size[i])) {
		errno = ENOMEM;
		return -1;
	}
	int fd = memfd_create("gatehouse-rescan", MFD_CLOEXEC);
	if (fd < 0)
		return -1;
	(void)pthread_mutex_lock(&s->lock);
	enum gh_rc rc = gh_docs_get_to(&s->docs, &s->blob[i], fd, false, NULL, NULL, &err);
	if (rc != GH_OK && s->err.rc == GH_OK) {
		s->err = err;
		(void)!gh_fail(&s->err, rc, "'%s'", gh_safe(gh_span_str(s->name[i])).s);
	}
	(void)pthread_mutex_unlock(&s->lock);
	if (rc == GH_OK)
		return fd;
	(void)close(fd);
	errno = EIO;
	return -1;
}

/* ---- the new report ------------------------------------------------------------------------------------------------------------ */

static enum gh_rc unchanged(const struct rescan *s, const struct gh_scan_report *r, struct gh_err *err)
{
	for (size_t i = 0; i < r->nfile; i++)
		if (i >= s->n || (r->file[i].sha256[0] != '\0' && strcmp(r->file[i].sha256, s->digest[i]) != 0))
			return gh_fail(err, GH_E_UNREAD, "'%s' is not what was imported: run `gatehouse fsck --deep`",
				       gh_safe(gh_span_str(r->file[i].path)).s);
	return GH_OK;
}

static enum gh_rc store(struct rescan *s, const struct gh_scan_report *r, struct gh_import_docs *d,
			struct gh_span *facts, struct gh_err *err)
{
	gh_auto_buf text = gh_buf((size_t)1 << 30);
	struct gh_docs docs = { 0 };
	gh_report_json(r, &text);
	enum gh_rc rc = gh_docs_open(&docs, s->run->service, s->run->key, &s->owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_docs_put(&docs, "report", gh_buf_view(&text), &d->report, err);
	text.n = 0;
	struct gh_jout j = gh_jout(&text);
	gh_jout_open(&j, NULL, '{');
	gh_import_facts(r, s->setup.started, &j);
	gh_jout_close(&j, '}');
	*facts = gh_keep(s->run->arena, gh_buf_view(&text));
	if (rc == GH_OK)
		rc = gh_docs_put(&docs, "facts", gh_buf_view(&text), &d->facts, err);
	if (rc == GH_OK)
		rc = gh_import_bom(&docs, &s->setup, r, &d->bom, err);
	gh_docs_close(&docs);
	return rc;
}

static enum gh_rc finish(struct rescan *s, const struct gh_scan_report *r, const struct gh_import_docs *d,
			 const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(8 << 20);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", s->model);
	gh_import_summary(r, &j);
	gh_jout_str(&j, "report", d->report.id.s);
	gh_jout_str(&j, "report_digest", d->report.sha256);
	gh_jout_str(&j, "facts", d->facts.id.s);
	gh_jout_str(&j, "facts_digest", d->facts.sha256);
	gh_jout_str(&j, "bom", d->bom.id.s);
	gh_jout_str(&j, "bom_digest", d->bom.sha256);
	gh_jout_open(&j, "known", '{');
	gh_import_facts(r, s->setup.started, &j);
	if (s->found.n > 0)
		gh_jout_raw(&j, "evidence", (const char *)s->found.p);
	gh_jout_close(&j, '}');
	gh_jout_close(&j, '}');
	return step(s, "rescan.finish", &in, out, err);
}

static enum gh_rc scan(struct rescan *s, struct gh_scan **out, const struct gh_scan_report **r, struct gh_err *err)
{
	const struct gh_scan_source source = { s, s->name, s->size, s->n, open_file };
	gh_import_scan_open(&s->setup, s->run->service, gh_in_number(s->run->in, "jobs", 0));
	s->setup.options.source = &source;
	s->setup.options.known_as = s->n == 1 ? s->name[0] : "model";
	enum gh_rc rc = gh_import_scan_run(&s->setup, s->model, out, r, err);
	if (rc == GH_OK && s->err.rc != GH_OK) {
		*err = s->err;
		rc = s->err.rc;
	}
	return rc;
}

static enum gh_rc rescan(struct rescan *s, struct gh_err *err)
{
	struct gh_scan *scanned = NULL;
	const struct gh_scan_report *r;
	const struct gh_jval *done, *badge = NULL;
	struct gh_import_docs d = { 0 };
	struct gh_span facts;
	GH_TRY(gh_docs_open(&s->docs, s->run->service, s->run->key, &s->owner, GH_VAULT_RESCAN, err), err, "rescan");
	enum gh_rc rc = list_files(s, err);
	if (rc == GH_OK)
		rc = scan(s, &scanned, &r, err);
	gh_docs_close(&s->docs);
	if (rc == GH_OK)
		rc = unchanged(s, r, err);
	if (rc == GH_OK)
		rc = store(s, r, &d, &facts, err);
	if (rc == GH_OK)
		rc = finish(s, r, &d, &done, err);
	if (rc == GH_OK)
		rc = gh_import_badge(s->run->service, s->run->key, &s->owner, facts, s->run->arena, &badge, err);
	if (rc == GH_OK) {
		struct gh_jout *j = s->run->out;
		gh_jout_str(j, "model", s->model);
		gh_import_summary(r, j);
		gh_import_lacking(&s->setup, j);
		gh_jout_str(j, "before", gh_in_text(done, "before", ""));
		gh_jout_str(j, "state", gh_in_text(done, "state", ""));
		gh_jout_str(j, "reason", gh_in_text(done, "reason", ""));
		gh_jout_str(j, "badge", gh_in_text(badge, "state", "none"));
		gh_jout_str(j, "badge_reason", gh_in_text(badge, "reason", ""));
	}
	gh_scan_free(scanned);
	return rc;
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	struct rescan s = { .run = r, .model = gh_in_text(r->in, "model", ""), .lock = PTHREAD_MUTEX_INITIALIZER };
	GH_TRY(gh_known_version(r, s.model, &s.shown, &s.owner, err), err, "%s", s.model);
	enum gh_rc rc = rescan(&s, err);
	gh_docs_close(&s.docs);
	if (s.setup.options.source != NULL)
		gh_import_scan_close(&s.setup);
	(void)pthread_mutex_destroy(&s.lock);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", s.model);
}

static const struct gh_op_field in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "jobs", GH_IN_NUMBER, false, "workers at a time" },
	{ 0 },
};
const struct gh_task gh_task_rescan = {
	.name = "rescan",
	.about = "Scan a stored version again, with today's rules and advisories.",
	.in = in,
	.run = run,
};
