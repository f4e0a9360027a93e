/* `export`: a decrypted copy of a version, for those the policy lets have one; and single documents of it (report, manifest, a
 * file) for the card and other readers. */
#include "api/check.h"
#include "daemon/docs.h"
#include "daemon/known.h"
#include "daemon/task.h"
#include "format/format.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MANIFEST = 256 << 20, PATH = 4096 };

static enum gh_rc step(struct gh_task_run *r, const char *op, struct gh_buf *in, const struct gh_jval **out,
		       struct gh_err *err)
{
	return gh_service_step(r->service, r->key, op, gh_buf_view(in), -1, r->arena, out, NULL, err);
}

struct export
{
	struct gh_task_run *r;
	struct gh_docs_owner owner;
	struct gh_docs docs;
	int dir;
	uint64_t done, all;
};

/* Names come from a manifest that we made, and were checked when it was: they are checked again, since they become paths. */
static bool safe_name(const char *name)
{
	if (name[0] == '\0' || name[0] == '/' || strlen(name) >= PATH)
		return false;
	for (const char *p = name; *p != '\0';) {
		size_t n = strcspn(p, "/");
		if (n == 0 || n > 255 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		p += n;
		if (*p == '/' && *++p == '\0')
			return false;
	}
	return true;
}

/* Open dir/name for writing, making directories on the way; never through a link. */
static int make_file(int dir, const char *name)
{
	char part[256];
	int at = dup(dir);
	while (at >= 0) {
		size_t n = strcspn(name, "/");
		memcpy(part, name, n);
		part[n] = '\0';
		if (name[n] == '\0') {
			int fd = openat(at, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
			(void)close(at);
			return fd;
		}
		(void)mkdirat(at, part, 0755);
		int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		(void)close(at);
		at = next;
		name += n + 1;
	}
	return -1;
}

static enum gh_rc one_file(struct export *e, const struct gh_jval *f, const struct gh_id *blob, struct gh_err *err)
{
	const char *name = gh_jstr(f, "path"), *sha256 = gh_jstr(f, "sha256");
	uint64_t size = 0;
	if (name == NULL || sha256 == NULL || !safe_name(name))
		return gh_fail(err, GH_E_UNREAD, "the manifest holds a name that is no path below a directory");
	int fd = make_file(e->dir, name);
	if (fd < 0)
		return gh_fail_sys(err, errno, "'%s'", gh_safe(gh_span_str(name)).s);
	enum gh_rc rc = gh_docs_get_to(&e->docs, blob, fd, true, sha256, &size, err);
	if (rc == GH_OK && fsync(fd) != 0)
		rc = gh_fail_sys(err, errno, "it cannot be written");
	(void)close(fd);
	e->done += size;
	gh_service_progress(e->r->service, e->done, e->all);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "'%s'", gh_safe(gh_span_str(name)).s);
}

static enum gh_rc all_files(struct export *e, const struct gh_jval *manifest, const struct gh_jval *blobs,
			    struct gh_err *err)
{
	const struct gh_jval *b = gh_jfirst(blobs);
	for (const struct gh_jval *f = gh_jfirst(gh_jget(manifest, "files")); f != NULL; f = f->next, b = b->next) {
		if (b == NULL)
			return gh_fail(err, GH_E_UNREAD, "the catalog knows fewer files than the manifest");
		struct gh_id id = gh_id(b->text);
		GH_TRY(one_file(e, f, &id, err), err, "nothing was exported");
	}
	return b == NULL ? GH_OK : gh_fail(err, GH_E_UNREAD, "the catalog knows more files than the manifest");
}

static enum gh_rc decide(struct export *e, const char *model, struct gh_span facts, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(16 << 20);
	const struct gh_jval *out;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_str(&j, "action", "export");
	if (facts.n > 0)
		gh_jout_span(&j, "known", facts);
	gh_jout_close(&j, '}');
	return step(e->r, "export.allow", &in, &out, err);
}

static enum gh_rc export(struct export *e, const char *model, const struct gh_jval *shown, struct gh_err *err) {
	gh_auto_arena a = { .max = 2 * (size_t)MANIFEST }; gh_auto_buf in = gh_buf(4096);
	const struct gh_jval * manifest, *files;
	struct gh_span facts;
	GH_TRY(gh_known_facts(&e->docs, shown, e->r->arena, &facts, err), err, "the policy");
	GH_TRY(decide(e, model, facts, err), err, "it may not be exported");
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", e->owner.version.s);
	gh_jout_str(&j, "for", "model.export");
	gh_jout_close(&j, '}');
	GH_TRY(step(e->r, "version.files", &in, &files, err), err, "its files");
	GH_TRY(gh_known_manifest(&e->docs, gh_in_text(shown, "manifest", ""), gh_in_text(shown, "root", ""), &a, NULL,
				 &manifest, err),
	       err, "nothing was exported");
	return all_files(e, manifest, gh_jget(files, "blobs"), err);
}

static enum gh_rc run(struct gh_task_run *r, struct gh_err *err)
{
	struct export e = { .r = r, .dir = r->fd };
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *shown;
	const char *model = gh_in_text(r->in, "model", "");
	if (r->fd < 0)
		return gh_fail(err, GH_E_MALFORMED, "an open directory must go along");
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_close(&j, '}');
	GH_TRY(step(r, "model.show", &in, &shown, err), err, "%s", model);
	e.owner = (struct gh_docs_owner){ .tenant = gh_id(gh_span_str(gh_in_text(shown, "tenant", ""))),
					  .version = gh_id(gh_span_str(gh_in_text(shown, "id", ""))) };
	(void)gh_ju64(gh_jget(shown, "bytes"), &e.all);
	GH_TRY(gh_docs_open(&e.docs, r->service, r->key, &e.owner, GH_VAULT_EXPORT, err), err, "%s", model);
	enum gh_rc rc = export(&e, model, shown, err);
	gh_docs_close(&e.docs);
	if (rc != GH_OK)
		return gh_fail(err, rc, "%s", model);
	gh_jout_str(r->out, "model", model);
	gh_jout_str(r->out, "root", gh_in_text(shown, "root", ""));
	gh_jout_number(r->out, "bytes", e.done);
	return GH_OK;
}

static const struct gh_op_field in[] = { { "model", GH_IN_VERSION, true, "the version" }, { 0 } };
const struct gh_task gh_task_export = {
	.name = "export",
	.about = "Write a decrypted copy of a version into a directory, if the policy lets it.",
	.in = in,
	.run = run,
};
