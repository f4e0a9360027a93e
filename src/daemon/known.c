#include "daemon/known.h"

#include "catalog/evidence.h"
#include "daemon/found.h"
#include "daemon/import.h"

#include <string.h>

enum gh_rc gh_known_version(struct gh_task_run *r, const char *model, const struct gh_jval **shown,
			    struct gh_docs_owner *owner, struct gh_err *err)
{
	gh_auto_buf in = gh_buf(4096);
	struct gh_jout j = gh_jout(&in);
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "model", model);
	gh_jout_close(&j, '}');
	enum gh_rc rc = gh_service_step(r->service, r->key, "model.show", gh_buf_view(&in), -1, r->arena, shown, NULL,
					err);
	if (rc != GH_OK)
		return rc;
	*owner = (struct gh_docs_owner){ .tenant = gh_id(gh_span_str(gh_in_text(*shown, "tenant", ""))),
					 .version = gh_id(gh_span_str(gh_in_text(*shown, "id", ""))) };
	return GH_OK;
}

enum gh_rc gh_known_document(struct gh_docs *docs, const char *blob, const char *sha256, struct gh_arena *a,
			     struct gh_span *out, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_KNOWN_MAX);
	struct gh_id id = gh_id(gh_span_str(blob));
	GH_TRY(gh_docs_get(docs, &id, sha256, &text, err), err, "a document");
	*out = gh_keep(a, gh_buf_view(&text));
	return out->p != NULL ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory for a document");
}

enum gh_rc gh_known_manifest(struct gh_docs *docs, const char *blob, const char *root, struct gh_arena *a,
			     struct gh_span *text, const struct gh_jval **out, struct gh_err *err)
{
	struct gh_span bytes;
	char is[65];
	bool whole = true;
	GH_TRY(gh_known_document(docs, blob, NULL, a, &bytes, err), err, "its manifest");
	GH_TRY(gh_jdom_parse(a, bytes, out, err), err, "its manifest");
	struct gh_import_root *h = gh_import_root_new();
	if (h == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for the manifest");
	for (const struct gh_jval *f = gh_jfirst(gh_jget(*out, "files")); f != NULL; f = f->next) {
		const char *path = gh_jstr(f, "path"), *sha256 = gh_jstr(f, "sha256");
		whole = whole && path != NULL && sha256 != NULL && strlen(sha256) == 64;
		if (whole)
			gh_import_root_add(h, path, sha256);
	}
	if (!gh_import_root_end(h, is) || !whole)
		return gh_fail(err, GH_E_UNREAD, "its manifest is malformed");
	if (strcmp(is, root) != 0)
		return gh_fail(err, GH_E_UNREAD,
			       "its manifest is that of another model (root digest %.16s, not %.16s): the database was "
			       "altered; run "
			       "`gatehouse fsck`, and restore a backup",
			       is, root);
	if (text != NULL)
		*text = bytes;
	return GH_OK;
}

/* The facts are an object of ours: one more member goes in before its last brace. */
static enum gh_rc with_found(struct gh_span *facts, struct gh_span found, struct gh_arena *a, struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_KNOWN_MAX);
	size_t n = facts->n;
	while (n > 0 && facts->p[n - 1] != '}')
		n--;
	if (n == 0)
		return gh_fail(err, GH_E_MALFORMED, "the facts of the scan are no object");
	gh_buf_span(&text, gh_span_cut(*facts, 0, n - 1));
	gh_buf_str(&text, ",\"evidence\":");
	gh_buf_span(&text, found);
	gh_buf_str(&text, "}");
	*facts = gh_keep(a, gh_buf_view(&text));
	return facts->p != NULL ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory for facts");
}

enum gh_rc gh_known_facts(struct gh_docs *docs, const struct gh_jval *shown, struct gh_arena *a, struct gh_span *out,
			  struct gh_err *err)
{
	struct gh_span found;
	const char *blob = NULL, *digest = NULL;
	*out = (struct gh_span){ 0 };
	for (const struct gh_jval *v = gh_jfirst(gh_jget(shown, "evidence")); v != NULL && blob == NULL; v = v->next)
		if (strcmp(gh_in_text(v, "kind", ""), GH_EVIDENCE_FACTS) == 0) /* newest first */
			blob = gh_jstr(v, "blob"), digest = gh_jstr(v, "digest");
	if (blob == NULL)
		return GH_OK;
	GH_TRY(gh_known_document(docs, blob, digest, a, out, err), err, "the facts of its scan");
	GH_TRY(gh_found_facts(docs, shown, a, &found, err), err, "what others say");
	return with_found(out, found, a, err);
}

/* The catalog issues it, whoever brought it about: the person who approved needs no right to do so. */
enum gh_rc gh_known_badge(struct gh_task_run *r, const char *model, const struct gh_jval **made, struct gh_err *err)
{
	const struct gh_jval *shown;
	struct gh_docs_owner owner;
	struct gh_docs docs = { 0 };
	struct gh_span facts;
	GH_TRY(gh_known_version(r, model, &shown, &owner, err), err, "the badge");
	enum gh_rc rc = gh_docs_open(&docs, r->service, NULL, &owner, GH_VAULT_DOCUMENT, err);
	if (rc == GH_OK)
		rc = gh_known_facts(&docs, shown, r->arena, &facts, err);
	gh_docs_close(&docs);
	if (rc != GH_OK)
		return gh_fail(err, rc, "the badge");
	return gh_import_badge(r->service, NULL, &owner, facts, r->arena, made, err);
}
