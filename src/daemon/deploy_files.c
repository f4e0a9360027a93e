/* What a deployment runs: the files of a version and, of an adapter, those of its base. */
#include "daemon/deploy.h"
#include "daemon/known.h"
#include "format/format.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

/* A version that is stored: what is known of it, and its manifest. */
static enum gh_rc look(struct gh_deploy *d, const char *model, struct gh_deploy_part *p, struct gh_err *err)
{
	struct gh_docs docs = { 0 };
	const struct gh_jval *manifest;
	GH_TRY(gh_known_version(d->run, model, &p->shown, &p->owner, err), err, "%s", model);
	enum gh_rc rc = gh_docs_open(&docs, d->run->service, d->run->key, &p->owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_known_facts(&docs, p->shown, d->run->arena, &p->known, err);
	if (rc == GH_OK)
		rc = gh_known_manifest(&docs, gh_in_text(p->shown, "manifest", ""), gh_in_text(p->shown, "root", ""),
				       d->run->arena, &p->manifest, &manifest, err);
	gh_docs_close(&docs);
	return rc == GH_OK ? GH_OK : gh_fail(err, rc, "%s", model);
}

enum gh_rc gh_deploy_look(struct gh_deploy *d, struct gh_err *err)
{
	GH_TRY(look(d, d->model, &d->own, err), err, "the model");
	const struct gh_jval *lineage = gh_jget(d->own.shown, "lineage");
	const char *base = gh_jstr(lineage, "base"), *relation = gh_jstr(lineage, "relation");
	if (base == NULL || relation == NULL || strcmp(relation, "adapter") != 0)
		return GH_OK;
	return look(d, base, &d->base, err);
}

static enum gh_rc blobs(struct gh_deploy *d, const struct gh_deploy_part *p, const struct gh_jval **out,
			struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *files;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "version", p->owner.version.s);
	/* Who may deploy what runs on a shared base may read that base; its key is a matter of the release. */
	gh_jout_str(&j, "for", p == &d->base ? "model.read" : "deploy.run");
	gh_jout_close(&j, '}');
	GH_TRY(gh_deploy_step(d, "version.files", &in, &files, NULL, err), err, "its files");
	*out = gh_jget(files, "blobs");
	return GH_OK;
}

static bool is_gguf(const char *path)
{
	size_t n = strlen(path);
	return n > 5 && strcasecmp(path + n - 5, ".gguf") == 0;
}

/* Does the engine get this file? By its name alone: what it holds, the engine finds out where nothing can be done with it. */
static bool wanted(const struct gh_deploy *d, const struct gh_deploy_part *p, const char *path)
{
	if (d->directory)
		return true;
	return p == &d->own && d->file != NULL ? strcmp(path, d->file) == 0 : is_gguf(path);
}

static enum gh_rc take(struct gh_deploy *d, const struct gh_deploy_part *p, const struct gh_jval *f,
		       const struct gh_jval *blob, struct gh_err *err)
{
	const char *path = gh_jstr(f, "path"), *sha256 = gh_jstr(f, "sha256");
	if (d->nfile == GH_DEPLOY_FILES)
		return gh_fail(err, GH_E_LIMIT, "the model has more than %d files", GH_DEPLOY_FILES);
	struct gh_deploy_file *to = &d->files[d->nfile];
	*to = (struct gh_deploy_file){ .blob = gh_id(blob->text), .tenant = p->owner.tenant };
	if (path == NULL || strlen(path) >= sizeof to->file.name || !gh_ju64(gh_jget(f, "size"), &to->file.size) ||
	    !gh_hex_get(gh_span_str(to->blob.s), to->file.blob, sizeof to->file.blob) ||
	    !gh_hex_get(gh_span_str(to->tenant.s), to->file.tenant, sizeof to->file.tenant) || sha256 == NULL ||
	    !gh_hex_get(gh_span_str(sha256), to->file.sha256, sizeof to->file.sha256))
		return gh_fail(err, GH_E_UNREAD, "the manifest is not well formed, or holds too long a name");
	memcpy(to->file.name, path, strlen(path));
	if (!gh_stub_name_ok(to->file.name))
		return gh_fail(err, GH_E_UNREAD, "the manifest holds a name that is no path below a directory");
	d->nfile++;
	return GH_OK;
}

static enum gh_rc choose(struct gh_deploy *d, const struct gh_deploy_part *p, struct gh_err *err)
{
	const struct gh_jval *manifest, *b;
	size_t from = d->nfile, ggufs = 0;
	GH_TRY(gh_jdom_parse(d->run->arena, p->manifest, &manifest, err), err, "its manifest");
	GH_TRY(blobs(d, p, &b, err), err, "its files");
	b = gh_jfirst(b);
	for (const struct gh_jval *f = gh_jfirst(gh_jget(manifest, "files")); f != NULL; f = f->next, b = b->next) {
		const char *path = gh_jstr(f, "path");
		if (b == NULL)
			return gh_fail(err, GH_E_UNREAD, "the catalog knows fewer files than the manifest");
		ggufs += path != NULL && is_gguf(path);
		if (path == NULL || !wanted(d, p, path))
			continue;
		enum gh_rc rc = take(d, p, f, b, err);
		if (rc != GH_OK)
			return rc;
	}
	size_t n = d->nfile - from;
	const char *model = gh_in_text(p->shown, "model", "the model");
	if (d->directory)
		return n > 0 ? GH_OK : gh_fail(err, GH_E_ABSENT, "%s has no files", model);
	if (n == 0 && d->file != NULL && p == &d->own)
		return gh_fail(err, GH_E_ABSENT, "%s has no file '%s'", model, gh_safe(gh_span_str(d->file)).s);
	if (n == 0)
		return gh_fail(err, GH_E_ABSENT,
			       "%s has no GGUF file, which is what the engine '%s' runs; another --engine may run it",
			       model, d->engine);
	if (n > 1)
		return gh_fail(err, GH_E_MALFORMED, "%s has %zu GGUF files: say which one with --file", model, ggufs);
	return GH_OK;
}

enum gh_rc gh_deploy_choose(struct gh_deploy *d, struct gh_err *err)
{
	d->files = GH_NEW(d->run->arena, struct gh_deploy_file, GH_DEPLOY_FILES);
	if (d->files == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for the list of files");
	if (d->base.shown != NULL) {
		GH_TRY(choose(d, &d->base, err), err, "its base");
	}
	return choose(d, &d->own, err);
}
