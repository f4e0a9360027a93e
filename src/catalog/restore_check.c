/* restore_check.c - what was read against the manifest, and the manifest against its signature. */
#include "catalog/backup_int.h"
#include "catalog/id.h"
#include "catalog/restore_int.h"
#include "catalog/schema.h"
#include "crypto/digest.h"
#include "crypto/dsse.h"
#include "crypto/pubkey.h"
#include "wire/jdom.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the manifest -------------------------------------------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct gh_restored *)a)->name, ((const struct gh_restored *)b)->name);
}

static enum gh_rc one_file(struct gh_restoring *r, const struct gh_jval *v, bool *seen, struct gh_err *err)
{
	const char *name = gh_jstr(v, "name"), *sha256 = gh_jstr(v, "sha256");
	uint64_t size;
	if (name == NULL || sha256 == NULL || !gh_ju64(gh_jget(v, "size"), &size))
		return gh_fail(err, GH_E_MALFORMED, "the manifest of the backup is none");
	const struct gh_restored want = { .name = name };
	const struct gh_restored *f = r->n == 0 ? NULL : bsearch(&want, r->file, r->n, sizeof want, by_name);
	if (f == NULL)
		return gh_fail(err, GH_E_MALFORMED, "%.80s is missing from the backup", name);
	if (seen[f - r->file])
		return gh_fail(err, GH_E_MALFORMED, "the manifest of the backup names %.80s twice", name);
	if (f->size != size || strcmp(f->sha256, sha256) != 0)
		return gh_fail(err, GH_E_MALFORMED, "%.80s was altered: it is not what the manifest says", name);
	seen[f - r->file] = true;
	return GH_OK;
}

static enum gh_rc head_of(struct gh_restoring *r, const struct gh_jval *m, struct gh_err *err)
{
	const char *type = gh_jstr(m, "type"), *catalog = gh_jstr(m, "catalog"), *made = gh_jstr(m, "made");
	uint64_t format, schema;
	if (type == NULL || strncmp(type, "gatehouse-backup/", 17) != 0 || !gh_ju64(gh_jget(m, "format"), &format))
		return gh_fail(err, GH_E_MALFORMED, "the manifest is not that of a backup");
	if (format > GH_BACKUP_VERSION || strcmp(type, GH_BACKUP_TYPE) != 0)
		return gh_fail(
			err, GH_E_UNREAD,
			"the backup has format %llu, which is newer than this program (%d): use a newer gatehouse",
			(unsigned long long)format, GH_BACKUP_VERSION);
	if (!gh_ju64(gh_jget(m, "schema"), &schema) || catalog == NULL || !gh_id_ok(gh_span_str(catalog)) ||
	    made == NULL || strlen(made) != 20)
		return gh_fail(err, GH_E_MALFORMED, "the manifest of the backup is none");
	if (schema > gh_schema_newest())
		return gh_fail(
			err, GH_E_UNREAD,
			"the database has version %llu of the schema, this program knows %u: use a newer gatehouse",
			(unsigned long long)schema, gh_schema_newest());
	(void)snprintf(r->done->catalog, sizeof r->done->catalog, "%s", catalog);
	(void)snprintf(r->done->made, sizeof r->done->made, "%s", made);
	r->done->blobs = gh_jtrue(gh_jget(m, "blobs"));
	return GH_OK;
}

/* The envelope must be by the key, and about this manifest. Without a key it is only looked at whether there is one. */
static enum gh_rc signature(struct gh_restoring *r, struct gh_err *err)
{
	struct gh_dsse d;
	gh_auto_key *k = NULL;
	const struct gh_jval *v;
	r->done->is_signed = r->envelope.p != NULL;
	if (r->how->key.n == 0)
		return GH_OK;
	if (r->envelope.p == NULL)
		return gh_fail(err, GH_E_DENIED, "the backup is not signed");
	GH_TRY(gh_key_public(r->how->key, &k, err), err, "the key");
	GH_TRY(gh_dsse_read(&r->arena, r->envelope, &d, err), err, "signature of the backup");
	if (!gh_span_is(d.type, "application/vnd.gatehouse.backup+json"))
		return gh_fail(err, GH_E_DENIED, "the backup's signature is one of something else");
	GH_TRY(gh_dsse_verify(&d, k, err), err, "the backup was not signed with this key");
	GH_TRY(gh_jdom_parse(&r->arena, d.payload, &v, err), err, "signature of the backup");
	const char *manifest = gh_jstr(v, "manifest"), *type = gh_jstr(v, "type");
	if (manifest == NULL || type == NULL || strcmp(type, GH_BACKUP_TYPE) != 0 ||
	    strcmp(manifest, r->done->manifest) != 0)
		return gh_fail(err, GH_E_DENIED, "the signature is that of another backup");
	r->done->key_checked = true;
	return GH_OK;
}

enum gh_rc gh_restore_compare(struct gh_restoring *r, struct gh_err *err)
{
	const struct gh_jval *m;
	if (!gh_sha256_start(r->hash) || !gh_sha256_add(r->hash, r->manifest) ||
	    !gh_sha256_hex(r->hash, r->done->manifest))
		return gh_fail(err, GH_E_BUG, "SHA-256");
	GH_TRY(signature(r, err), err, "backup");
	GH_TRY(gh_jdom_parse(&r->arena, r->manifest, &m, err), err, "the manifest of the backup");
	GH_TRY(head_of(r, m, err), err, "backup");
	bool *seen = GH_NEW(&r->arena, bool, r->n + 1);
	if (seen == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	if (r->n > 0)
		qsort(r->file, r->n, sizeof *r->file, by_name);
	for (const struct gh_jval *v = gh_jfirst(gh_jget(m, "files")); v != NULL; v = v->next)
		GH_TRY(one_file(r, v, seen, err), err, "backup");
	for (size_t i = 0; i < r->n; i++)
		if (!seen[i])
			return gh_fail(err, GH_E_MALFORMED, "%.80s is in the backup, but not in its manifest",
				       r->file[i].name);
	return GH_OK;
}
