#include "daemon/docs.h"

#include "catalog/blobrun.h"
#include "crypto/digest.h"
#include "wire/jout.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { ANSWER = 1 << 20, FIRST = 8 };

enum gh_rc gh_docs_open(struct gh_docs *d, struct gh_service *s, const char *key, const struct gh_docs_owner *owner,
			enum gh_vault_purpose purpose, struct gh_err *err)
{
	*d = (struct gh_docs){ .service = s, .key = key, .owner = *owner, .purpose = purpose };
	return gh_service_blob(s, &d->process, err);
}

void gh_docs_close(struct gh_docs *d)
{
	if (d->service != NULL)
		gh_service_blob_end(&d->process);
	d->service = NULL;
}

/* Ask an internal operation whose input is what `j` wrote into `in`. */
static enum gh_rc step(struct gh_docs *d, const char *op, const struct gh_buf *in, struct gh_arena *a,
		       const struct gh_jval **out, int *fd, struct gh_err *err)
{
	return gh_service_step(d->service, d->key, op, gh_buf_view(in), -1, a, out, fd, err);
}

static void owner_members(const struct gh_docs *d, struct gh_jout *j)
{
	gh_jout_str(j, "tenant", d->owner.tenant.s);
	gh_jout_str(j, "version", d->owner.version.s);
	gh_jout_str(j, "session", d->process.session.s);
	gh_jout_str(j, "purpose", gh_vault_purpose_name(d->purpose));
}

/* ---- putting --------------------------------------------------------------------------------------------------------------- */

static enum gh_rc more_keys(struct gh_docs *d, struct gh_err *err)
{
	gh_auto_arena a = { .max = ANSWER };
	gh_auto_buf in = gh_buf(ANSWER);
	const struct gh_jval *out;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	owner_members(d, &j);
	/* Few at first: most models are some files; then as many as fit, since each release is an entry of the log. */
	gh_jout_number(&j, "n", d->asked == 0 ? FIRST : GH_DOCS_KEYS);
	gh_jout_close(&j, '}');
	GH_TRY(step(d, "blob.keys", &in, &a, &out, NULL, err), err, "keys for the tenant's data");
	for (const struct gh_jval *v = gh_jfirst(gh_jget(out, "ids")); v != NULL && d->have < GH_DOCS_KEYS; v = v->next)
		d->stock[d->have++] = gh_id(v->text);
	d->asked++;
	return d->have > 0 ? GH_OK : gh_fail(err, GH_E_BUG, "the catalog gave no keys");
}

enum gh_rc gh_docs_begin(struct gh_docs *d, struct gh_docs_put *p, struct gh_err *err)
{
	gh_auto_arena a = { .max = ANSWER };
	gh_auto_buf in = gh_buf(ANSWER);
	const struct gh_jval *out;
	*p = (struct gh_docs_put){ .fd = -1 };
	if (d->have == 0)
		GH_TRY(more_keys(d, err), err, "encryption");
	p->id = d->stock[--d->have];
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "tenant", d->owner.tenant.s);
	gh_jout_str(&j, "id", p->id.s);
	gh_jout_close(&j, '}');
	GH_TRY(step(d, "blob.stage", &in, &a, &out, &p->fd, err), err, "the store");
	return p->fd >= 0 ? GH_OK : gh_fail(err, GH_E_BUG, "the catalog gave no place to write to");
}

enum gh_rc gh_docs_commit(struct gh_docs *d, struct gh_docs_put *p, const char *kind, const char *sha256, uint64_t size,
			  struct gh_err *err)
{
	gh_auto_arena a = { .max = ANSWER };
	gh_auto_buf in = gh_buf(ANSWER);
	const struct gh_jval *out;
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "tenant", d->owner.tenant.s);
	gh_jout_str(&j, "id", p->id.s);
	gh_jout_str(&j, "kind", kind);
	gh_jout_str(&j, "digest", sha256);
	if (p->cipher[0] != '\0')
		gh_jout_str(&j, "cipher", p->cipher);
	gh_jout_number(&j, "size", size);
	gh_jout_number(&j, "stored", p->stored);
	gh_jout_close(&j, '}');
	/* The descriptor goes along: it holds the lock of the staging file. */
	GH_TRY(gh_service_step(d->service, d->key, "blob.commit", gh_buf_view(&in), p->fd, &a, &out, NULL, err), err,
	       "the store");
	const char *id = gh_jstr(out, "id");
	if (id == NULL || !gh_id_ok(gh_span_str(id)))
		return gh_fail(err, GH_E_BUG, "the catalog named no blob");
	p->id = gh_id(gh_span_str(id));
	gh_docs_drop(p);
	return GH_OK;
}

void gh_docs_drop(struct gh_docs_put *p)
{
	if (p->fd >= 0)
		(void)close(p->fd);
	p->fd = -1;
}

void gh_docs_undo(struct gh_service *s, const char *key, const struct gh_id *tenant, const struct gh_id *blob)
{
	gh_auto_arena a = { .max = ANSWER };
	gh_auto_buf in = gh_buf(4096);
	const struct gh_jval *out;
	struct gh_err ignored = { 0 };
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "tenant", tenant->s);
	gh_jout_str(&j, "id", blob->s);
	gh_jout_close(&j, '}');
	(void)gh_service_step(s, key, "blob.drop", gh_buf_view(&in), -1, &a, &out, NULL, &ignored);
}

static bool digest_of(struct gh_span bytes, char hex[65])
{
	struct gh_sha256 *h = gh_sha256_new();
	bool ok = h != NULL && gh_sha256_start(h) && gh_sha256_add(h, bytes) && gh_sha256_hex(h, hex);
	gh_sha256_free(h);
	return ok;
}

static int memory_with(struct gh_span bytes)
{
	int fd = memfd_create("gatehouse-document", MFD_CLOEXEC);
	for (size_t at = 0; fd >= 0 && at < bytes.n;) {
		ssize_t n = pwrite(fd, bytes.p + at, bytes.n - at, (off_t)at);
		if (n <= 0) {
			(void)close(fd);
			return -1;
		}
		at += (size_t)n;
	}
	return fd;
}

enum gh_rc gh_docs_put(struct gh_docs *d, const char *kind, struct gh_span bytes, struct gh_docs_made *out,
		       struct gh_err *err)
{
	struct gh_docs_put p;
	struct gh_blobrun_result result;
	if (bytes.n > GH_DOCS_MAX)
		return gh_fail(err, GH_E_LIMIT, "a document of more than %d MiB", GH_DOCS_MAX >> 20);
	if (!digest_of(bytes, out->sha256))
		return gh_fail(err, GH_E_BUG, "the digest could not be computed");
	int mem = memory_with(bytes);
	if (mem < 0)
		return gh_fail_sys(err, errno, "memory for a document");
	enum gh_rc rc = gh_docs_begin(d, &p, err);
	const struct gh_blobrun_job job = { .blob = p.id, .tenant = d->owner.tenant, .size = bytes.n };
	if (rc == GH_OK)
		rc = gh_blobrun_encrypt(d->process.blob, &job, mem, p.fd, err);
	if (rc == GH_OK)
		rc = gh_blobrun_end(d->process.blob, &result, err);
	(void)close(mem);
	if (rc == GH_OK) {
		p.stored = result.stored;
		rc = gh_docs_commit(d, &p, kind, out->sha256, bytes.n, err);
	}
	out->id = p.id;
	gh_docs_drop(&p);
	return rc;
}

/* ---- getting --------------------------------------------------------------------------------------------------------------- */

enum gh_rc gh_docs_get_to(struct gh_docs *d, const struct gh_id *blob, int to, bool verify, const char *sha256,
			  uint64_t *size, struct gh_err *err)
{
	gh_auto_arena a = { .max = ANSWER };
	gh_auto_buf in = gh_buf(ANSWER);
	const struct gh_jval *out;
	struct gh_blobrun_result result;
	uint64_t n = 0;
	int fd = -1;
	if (gh_id_none(blob)) /* what a removed tenant had keeps its row, and nothing else */
		return gh_fail(err, GH_E_DENIED,
			       "it is not stored any more: its tenant was removed, or the version deleted, and the "
			       "keys destroyed");
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	owner_members(d, &j);
	gh_jout_str(&j, "id", blob->s);
	gh_jout_close(&j, '}');
	GH_TRY(step(d, "blob.open", &in, &a, &out, &fd, err), err, "the store");
	const char *digest = gh_jstr(out, "digest"), *tenant = gh_jstr(out, "tenant");
	if (fd < 0 || !gh_ju64(gh_jget(out, "size"), &n) || tenant == NULL)
		return gh_fail(err, GH_E_BUG, "the catalog gave no blob");
	const struct gh_blobrun_job job = {
		.blob = *blob, .tenant = gh_id(gh_span_str(tenant)), .size = n, .digest_plain = verify || sha256 != NULL
	};
	enum gh_rc rc = gh_blobrun_decrypt(d->process.blob, &job, fd, 0, n, to, err);
	if (rc == GH_OK)
		rc = gh_blobrun_end(d->process.blob, &result, err);
	(void)close(fd);
	if (rc == GH_OK && verify && (digest == NULL || strcmp(digest, result.sha_plain) != 0))
		rc = gh_fail(err, GH_E_UNREAD, "blob %s: its content is not what the catalog says", blob->s);
	if (rc == GH_OK && sha256 != NULL && strcmp(sha256, result.sha_plain) != 0)
		rc = gh_fail(err, GH_E_UNREAD,
			     "blob %s is not what is named here, but another one: the database was altered; run "
			     "`gatehouse fsck --deep`, "
			     "and restore a backup",
			     blob->s);
	if (size != NULL)
		*size = n;
	return rc;
}

enum gh_rc gh_docs_get(struct gh_docs *d, const struct gh_id *blob, const char *sha256, struct gh_buf *out,
		       struct gh_err *err)
{
	uint64_t n;
	char block[16384];
	int mem = memfd_create("gatehouse-document", MFD_CLOEXEC);
	if (mem < 0)
		return gh_fail_sys(err, errno, "memory for a document");
	enum gh_rc rc = gh_docs_get_to(d, blob, mem, true, sha256, &n, err);
	if (rc == GH_OK && n > GH_DOCS_MAX)
		rc = gh_fail(err, GH_E_LIMIT, "a document of more than %d MiB", GH_DOCS_MAX >> 20);
	for (uint64_t at = 0; rc == GH_OK && at < n;) {
		ssize_t got = pread(mem, block, n - at < sizeof block ? (size_t)(n - at) : sizeof block, (off_t)at);
		if (got <= 0)
			rc = gh_fail_sys(err, errno, "a document");
		else
			gh_buf_put(out, block, (size_t)got);
		at += got > 0 ? (uint64_t)got : 0;
	}
	(void)close(mem);
	return rc == GH_OK && out->full ? gh_fail(err, GH_E_NOMEM, "no memory for a document") : rc;
}
