#include "scan/verify/sign.h"

#include "crypto/bundle.h"
#include "crypto/sigstore/bundle_read.h"
#include "format/format.h"
#include "scan/verify/files.h"
#include "wire/b64.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

struct job {
	const struct gh_sign_options *opt;
	struct gh_mfiles files;
	struct gh_oms model;
	struct gh_arena arena;
	size_t cap;
	const struct gh_mfile *file; /* in hand */
	struct gh_err *err;
	uint64_t before, all;
};

enum gh_rc gh_sign_chain(const struct gh_key *key, const struct gh_certs *cert, size_t *n, struct gh_err *err)
{
	gh_auto_key *of = NULL;
	*n = cert->n;
	if (gh_cert_key(cert->v[0], &of, err) != GH_OK || !gh_key_same(of, key))
		return gh_fail(err, GH_E_DENIED, "the first certificate is not the key's");
	const char *why = gh_cert_misused(cert->v[0], GH_USE_SIGNING);
	if (why != NULL)
		return gh_fail(err, GH_E_DENIED, "%s", why);
	while (*n > 1 && gh_cert_self_signed(cert->v[*n - 1]))
		(*n)--;
	for (size_t i = 0; i + 1 < *n; i++)
		if (!gh_cert_issued(cert->v[i + 1], cert->v[i]))
			return gh_fail(err, GH_E_DENIED,
				       "certificate %zu did not issue certificate %zu: leaf first, then up", i + 2,
				       i + 1);
	return GH_OK;
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

static enum gh_rc on_part(void *arg, const struct gh_mpart *p)
{
	struct job *j = arg;
	if (j->model.n == GH_OMS_RESOURCES)
		return gh_fail(j->err, GH_E_LIMIT, "more than %d files or shards (see --shard-size)", GH_OMS_RESOURCES);
	struct gh_oms_resource *v = gh_grow(&j->arena, j->model.resource, &j->cap, j->model.n + 1, sizeof *v);
	if (v == NULL)
		return gh_fail(j->err, GH_E_NOMEM, "no memory for the list of files");
	j->model.resource = v;
	struct gh_oms_resource *r = &v[j->model.n++];
	*r = (struct gh_oms_resource){ .name = gh_span_str(j->file->name) };
	if (j->model.method == GH_OMS_SHARDS) {
		r->start = p->start;
		r->end = p->end;
	}
	memcpy(r->digest, p->digest, sizeof r->digest);
	return GH_OK;
}

static void on_tick(void *arg, uint64_t bytes)
{
	struct job *j = arg;
	if (j->opt->progress != NULL)
		j->opt->progress(j->opt->arg, j->before + bytes, j->all);
}

/* What cannot be signed must not be passed over: whoever verifies would find it unsigned, or not at all. */
static enum gh_rc refuse(const struct gh_mfile *m, struct gh_err *err)
{
	const struct gh_safe safe = gh_safe(gh_span_str(m->name));
	const char *name = safe.s;
	switch (m->state) {
	case GH_M_LINK:
		return gh_fail(err, GH_E_DENIED, "'%.60s' is %s (--allow-symlinks, or --ignore it)", name, m->why);
	case GH_M_SPECIAL: return gh_fail(err, GH_E_DENIED, "'%.60s' is neither a file nor a directory", name);
	case GH_M_BAD_NAME: return gh_fail(err, GH_E_DENIED, "'%.60s' has %s", name, m->why);
	case GH_M_UNREADABLE: return gh_fail_sys(err, m->sys, "'%.60s' cannot be read", name);
	case GH_M_FILE:
	case GH_M_DEFAULT:
	case GH_M_CHOSEN: break;
	}
	return GH_OK;
}

static enum gh_rc digest_all(struct job *j, struct gh_err *err)
{
	for (size_t i = 0; i < j->files.n; i++) {
		enum gh_rc rc = refuse(&j->files.v[i], err);
		if (rc != GH_OK)
			return rc;
		j->all += j->files.v[i].state == GH_M_FILE ? j->files.v[i].size : 0;
	}
	for (size_t i = 0; i < j->files.n; i++) {
		j->file = &j->files.v[i];
		if (j->file->state != GH_M_FILE)
			continue;
		GH_TRY(gh_mfile_digest(&j->files, j->file, j->model.md,
				       j->model.method == GH_OMS_SHARDS ? j->model.shard_size : 0, on_part, on_tick, j,
				       err),
		       err, "'%.80s'", gh_safe(gh_span_str(j->file->name)).s);
		j->before += j->file->size;
	}
	return GH_OK;
}

/* ---- what is left out ---------------------------------------------------------------------------------------------- */

static bool ignore(struct job *j, struct gh_span s)
{
	while (s.n != 0 && s.p[s.n - 1] == '/')
		s.n--;
	for (size_t i = 0; i < j->model.nignore; i++)
		if (gh_span_eq(j->model.ignore[i], s))
			return true;
	struct gh_span kept = gh_keep(&j->arena, s);
	if (kept.p == NULL)
		return false;
	j->model.ignore[j->model.nignore++] = kept;
	return true;
}

/* The name of the signature below the model, when it lies there. */
static struct gh_span inside(struct job *j)
{
	char dir[PATH_MAX], whole[PATH_MAX + 300];
	const char *slash = j->opt->output == NULL ? NULL : strrchr(j->opt->output, '/');
	char *root = realpath(j->opt->model, NULL), *parent = NULL;
	struct gh_span out = { 0 };
	if (root != NULL && !j->files.alone && j->opt->output != NULL && strcmp(j->opt->output, "-") != 0) {
		size_t n = slash == NULL ? 0 : (size_t)(slash - j->opt->output);
		(void)snprintf(dir, sizeof dir, "%.*s", (int)n, j->opt->output);
		parent = realpath(slash == NULL ? "." : n == 0 ? "/" : dir, NULL);
	}
	if (parent != NULL) {
		(void)snprintf(whole, sizeof whole, "%s/%.255s", parent, slash == NULL ? j->opt->output : slash + 1);
		size_t n = strlen(root);
		if (strncmp(whole, root, n) == 0 && whole[n] == '/')
			out = gh_keep(&j->arena, gh_span_str(whole + n + 1));
	}
	free(root);
	free(parent);
	return out;
}

static enum gh_rc left_out(struct job *j, struct gh_err *err)
{
	struct gh_span own = inside(j);
	j->model.ignore = GH_NEW(&j->arena, struct gh_span, j->opt->nignore + 8);
	bool ok = j->model.ignore != NULL;
	for (const char *const *d = gh_mfiles_default; ok && *d != NULL; d++)
		ok = ignore(j, gh_span_str(*d));
	for (size_t i = 0; ok && i < j->opt->nignore; i++) {
		const char *wrong = gh_oms_name_wrong(gh_span_str(j->opt->ignore[i]));
		if (wrong != NULL)
			return gh_fail(err, GH_E_DENIED, "--ignore: %s: give it as it is called below the model",
				       wrong);
		ok = ignore(j, gh_span_str(j->opt->ignore[i]));
	}
	if (ok && own.n != 0)
		ok = ignore(j, own);
	return ok ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory for what is left out");
}

/* ---- the job ------------------------------------------------------------------------------------------------------- */

static enum gh_rc seal(struct job *j, struct gh_sign_result *res, struct gh_buf *bundle, struct gh_err *err)
{
	gh_auto_buf payload = gh_buf(GH_STATEMENT_MAX), sig = gh_buf(GH_SIG_MAX);
	struct gh_span der[GH_CERTS_MAX], type = gh_span_str(GH_DSSE_INTOTO);
	char hint[65];
	size_t ncert = 0;
	if (!gh_oms_finish(&j->model))
		return gh_fail(err, GH_E_NOMEM, "no memory for the list of files");
	if (j->opt->cert != NULL)
		GH_TRY(gh_sign_chain(j->opt->key, j->opt->cert, &ncert, err), err, "--cert");
	for (size_t i = 0; i < ncert; i++)
		der[i] = gh_cert_der(j->opt->cert->v[i]);
	if (!gh_key_hint(j->opt->key, hint))
		return gh_fail(err, GH_E_BUG, "the key has no fingerprint");
	GH_TRY(gh_oms_write(&j->model, &payload, err), err, "statement");
	GH_TRY(gh_dsse_sign(j->opt->key, type, gh_buf_view(&payload), &sig, err), err, "signature");
	const struct gh_dsse_sig one = { .sig = gh_buf_view(&sig) };
	const struct gh_bundle_out out = { .hint = ncert == 0 ? hint : NULL,
					   .cert = der,
					   .ncert = ncert,
					   .type = type,
					   .payload = gh_buf_view(&payload),
					   .sig = &one,
					   .nsig = 1 };
	gh_bundle_write(bundle, &out);
	gh_b16(res->root, (struct gh_span){ j->model.root, sizeof j->model.root });
	/* What we could not verify we do not sign. */
	return bundle->full || bundle->n > GH_BUNDLE_MAX
		       ? gh_fail(err, GH_E_LIMIT, "the list of files is too long for one signature (%d MiB)",
				 GH_BUNDLE_MAX >> 20)
		       : GH_OK;
}

static enum gh_rc sign(struct job *j, struct gh_sign_result *res, struct gh_buf *bundle, struct gh_err *err)
{
	const struct gh_mopt opt = { .allow_links = j->opt->allow_links,
				     .ignore = j->opt->ignore,
				     .nignore = j->opt->nignore,
				     .signature = j->opt->output };
	GH_TRY(gh_mfiles_list(j->opt->model, &opt, &j->files, err), err, "the model");
	enum gh_rc rc = left_out(j, err);
	rc = rc == GH_OK ? digest_all(j, err) : rc;
	if (rc == GH_OK && j->model.n == 0)
		rc = gh_fail(err, GH_E_DENIED, "there is nothing to sign in it");
	if (rc != GH_OK)
		return rc;
	for (size_t i = 0; j->files.alone && i < j->model.n; i++)
		j->model.resource[i].name = gh_span_str(j->files.base);
	j->model.model = gh_span_str(j->files.base);
	res->bytes = j->all;
	for (size_t i = 0; i < j->files.n; i++)
		res->files += j->files.v[i].state == GH_M_FILE;
	return seal(j, res, bundle, err);
}

enum gh_rc gh_sign_model(const struct gh_sign_options *opt, struct gh_sign_result *res, struct gh_buf *bundle,
			 struct gh_err *err)
{
	struct job j = { .opt = opt, .err = err, .files = { .dir = -1 } };
	j.arena.max = (size_t)512 << 20;
	j.model = (struct gh_oms){ .method = opt->method,
				   .md = GH_MD_SHA256,
				   .shard_size = opt->shard_size,
				   .allow_symlinks = opt->allow_links };
	*res = (struct gh_sign_result){ 0 };
	enum gh_rc rc = sign(&j, res, bundle, err);
	gh_mfiles_free(&j.files);
	gh_arena_free(&j.arena);
	return rc;
}
