/* `fsck.tags`: every segment of every stored blob opens with its key. A blob process reads the ciphertext and says yes or no; its key
 * reaches it by a release that stands in the audit log, as every other. Works in steps of a few seconds. */
#include "api/check.h"
#include "catalog/blobrun.h"
#include "daemon/task.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { STEP_MS = 3000 };

static int64_t now_ms(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static enum gh_rc list(struct gh_task_run *r, const struct gh_jval **out, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(256);
	const char *cursor = gh_in_text(r->in, "cursor", "");
	gh_buf_fmt(&in, cursor[0] == '\0' ? "{}" : "{\"cursor\":\"%s\"}", cursor);
	return gh_service_step(r->service, r->key, "fsck.list", gh_buf_view(&in), -1, r->arena, out, NULL, err);
}

static void problem(struct gh_task_run *r, const struct gh_jval *b, const struct gh_err *why)
{
	char line[GH_ERR_LINKS * GH_ERR_TEXT], what[sizeof line + 200];
	(void)snprintf(what, sizeof what, "blob %s (%s) of tenant %s does not open: %s", gh_jstr(b, "id"),
		       gh_jstr(b, "kind"), gh_jstr(b, "tenant"), gh_err_line(why, line, sizeof line));
	gh_jout_open(r->out, NULL, '{');
	gh_jout_str(r->out, "part", "tags");
	gh_jout_str(r->out, "subject", gh_jstr(b, "id"));
	gh_jout_str(r->out, "what", what);
	gh_jout_str(r->out, "todo", "restore it from a backup; until then what uses it cannot be exported or deployed");
	gh_jout_bool(r->out, "repaired", false);
	gh_jout_bool(r->out, "leftover", false);
	gh_jout_close(r->out, '}');
}

/* Open the ciphertext and have its key released. */
static enum gh_rc opened(struct gh_task_run *r, const struct gh_service_blob *p, const struct gh_jval *b, int *fd,
			 struct gh_err *err)
{
	gh_auto_buf in = gh_buf(1024);
	const struct gh_jval *out = NULL;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "tenant", gh_jstr(b, "tenant"));
	gh_jout_str(&j, "version", gh_jstr(b, "version"));
	gh_jout_str(&j, "session", p->session.s);
	gh_jout_str(&j, "purpose", "fsck");
	gh_jout_str(&j, "id", gh_jstr(b, "id"));
	gh_jout_close(&j, '}');
	return gh_service_step(r->service, r->key, "blob.open", gh_buf_view(&in), -1, r->arena, &out, fd, err);
}

static enum gh_rc tell(struct gh_task_run *r, uint64_t problems, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(64);
	const struct gh_jval *out = NULL;
	gh_buf_fmt(&in, "{\"problems\":%llu}", (unsigned long long)problems);
	return problems == 0 ? GH_OK
			     : gh_service_step(r->service, r->key, "fsck.tally", gh_buf_view(&in), -1, r->arena, &out,
					       NULL, err);
}

/* GH_OK also when the blob is not what it should be: that was told. */
static enum gh_rc one(struct gh_task_run *r, const struct gh_jval *b, uint64_t *problems, struct gh_err *err)
{
	struct gh_service_blob p;
	struct gh_err why = { 0 };
	uint64_t size = 0;
	int fd = -1;
	const char *id = gh_jstr(b, "id"), *tenant = gh_jstr(b, "tenant");
	if (id == NULL || tenant == NULL || !gh_ju64(gh_jget(b, "size"), &size))
		return gh_fail(err, GH_E_BUG, "a row that is none");
	/* A process handles the keys of one version: a fresh one each time, which costs a millisecond or two. */
	GH_TRY(gh_service_blob(r->service, &p, err), err, "a blob process");
	enum gh_rc rc = opened(r, &p, b, &fd, &why);
	if (rc == GH_OK) {
		const struct gh_blobrun_job job = { .blob = gh_id(gh_span_str(id)),
						    .tenant = gh_id(gh_span_str(tenant)),
						    .size = size };
		struct gh_blobrun_result done;
		rc = gh_blobrun_verify(p.blob, &job, fd, &why);
		if (rc == GH_OK)
			rc = gh_blobrun_end(p.blob, &done, &why);
	}
	if (fd >= 0)
		(void)close(fd);
	gh_service_blob_end(&p);
	if (rc == GH_E_NOMEM || rc == GH_E_BUG) {
		*err = why;
		return rc;
	}
	if (rc != GH_OK) {
		problem(r, b, &why);
		++*problems;
	}
	return GH_OK;
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *out = NULL;
	int64_t start = now_ms();
	uint64_t looked = 0, bytes = 0, problems = 0, size;
	char cursor[40] = "";
	GH_TRY(list(r, &out, err), err, "fsck");
	enum gh_rc rc = GH_OK;
	gh_jout_open(r->out, "problems", '[');
	for (const struct gh_jval *b = gh_jfirst(gh_jget(out, "blobs")); rc == GH_OK && b != NULL; b = b->next) {
		rc = one(r, b, &problems, err);
		looked++;
		bytes += gh_ju64(gh_jget(b, "size"), &size) ? size : 0;
		/* Go on behind this one, unless it was the last of all. */
		const char *id = gh_jstr(b, "id");
		(void)snprintf(cursor, sizeof cursor, "%s", id == NULL ? "" : id);
		if (now_ms() - start > STEP_MS)
			break;
	}
	gh_jout_close(r->out, ']');
	if (rc == GH_OK)
		rc = tell(r, problems, err);
	gh_jout_str(r->out, "cursor", cursor);
	gh_jout_number(r->out, "looked", looked);
	gh_jout_number(r->out, "bytes", bytes);
	return rc;
}

static const struct gh_op_field in[] = {
	{ "cursor", GH_IN_ID, false, "where to go on: what the last step answered" },
	{ 0 },
};
extern const struct gh_task gh_task_fsck_tags;
const struct gh_task gh_task_fsck_tags = {
	.name = "fsck.tags", .about = "Check the tag of every stored segment, for a few seconds.", .in = in, .run = run
};
