/* `backup`: main reads the files of the home and writes the archive; the catalog gives a copy of its database, signs the manifest
 * and logs that there was a backup. Nobody is stopped meanwhile. */
#include "api/check.h"
#include "catalog/backup.h"
#include "daemon/task.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void progress(void *arg, uint64_t bytes) { gh_service_progress(arg, bytes, 0); }

static enum gh_rc sealed(struct gh_task_run *r, const struct gh_backup_how *how, const struct gh_backup_done *done,
			 struct gh_err *err)
{
	gh_auto_buf in = gh_buf(1024);
	const struct gh_jval *out = NULL;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "manifest", done->manifest);
	gh_jout_number(&j, "now", (uint64_t)how->now);
	gh_jout_close(&j, '}');
	GH_TRY(gh_service_step(r->service, r->key, "backup.seal", gh_buf_view(&in), -1, r->arena, &out, NULL, err), err,
	       "backup");
	const char *envelope = gh_jstr(out, "envelope");
	if (envelope == NULL)
		return gh_fail(err, GH_E_BUG, "no signature of the backup");
	return gh_backup_seal(r->fd, gh_span_str(envelope), err);
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	const struct gh_jval *out = NULL;
	struct gh_backup_done done;
	uint64_t schema = 0;
	int64_t now = 0;
	int fd = -1;
	if (r->fd < 0)
		return gh_fail(err, GH_E_MALFORMED, "a backup needs a file to be written to");
	GH_TRY(gh_service_step(r->service, r->key, "backup.database", GH_SPAN("{}"), -1, r->arena, &out, &fd, err), err,
	       "backup");
	const char *catalog = gh_jstr(out, "catalog");
	bool good = fd >= 0 && catalog != NULL && gh_ju64(gh_jget(out, "schema"), &schema) &&
		    gh_ji64(gh_jget(out, "now"), &now);
	const struct gh_backup_how how = { .home = gh_service_home(r->service),
					   .database = fd,
					   .blobs = gh_in_flag(r->in, "blobs"),
					   .now = now,
					   .catalog = catalog,
					   .schema = (unsigned)schema,
					   .progress = progress,
					   .arg = r->service };
	enum gh_rc rc = good ? gh_backup_write(&how, r->fd, &done, err)
			     : gh_fail(err, GH_E_BUG, "no copy of the database");
	if (fd >= 0)
		(void)close(fd);
	if (rc == GH_OK)
		rc = sealed(r, &how, &done, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_str(r->out, "manifest", done.manifest);
	gh_jout_number(r->out, "files", done.files);
	gh_jout_number(r->out, "bytes", done.bytes);
	gh_jout_bool(r->out, "blobs", how.blobs);
	/* Its address only: a query may say where credentials lie. */
	const char *store = how.home->blobs;
	if (strncmp(store, "s3:", 3) == 0)
		gh_jout_span(r->out, "store", (struct gh_span){ (const uint8_t *)store, strcspn(store, "?") });
	return GH_OK;
}

static const struct gh_op_field in[] = {
	{ "blobs", GH_IN_BOOL, false, "with the ciphertext of models" },
	{ 0 },
};
extern const struct gh_task gh_task_backup;
const struct gh_task gh_task_backup = {
	.name = "backup", .about = "Write a backup to the file that comes along.", .in = in, .run = run
};
