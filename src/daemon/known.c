#include "daemon/known.h"

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

enum gh_rc gh_known_document(struct gh_docs *docs, const char *blob, struct gh_arena *a, struct gh_span *out,
			     struct gh_err *err)
{
	gh_auto_buf text = gh_buf(GH_KNOWN_MAX);
	struct gh_id id = gh_id(gh_span_str(blob));
	GH_TRY(gh_docs_get(docs, &id, &text, err), err, "a document");
	*out = gh_keep(a, gh_buf_view(&text));
	return out->p != NULL ? GH_OK : gh_fail(err, GH_E_NOMEM, "no memory for a document");
}

enum gh_rc gh_known_facts(struct gh_docs *docs, const struct gh_jval *shown, struct gh_arena *a, struct gh_span *out,
			  struct gh_err *err)
{
	*out = (struct gh_span){ 0 };
	for (const struct gh_jval *v = gh_jfirst(gh_jget(shown, "evidence")); v != NULL; v = v->next) {
		const char *kind = gh_jstr(v, "kind"), *blob = gh_jstr(v, "blob");
		if (kind != NULL && blob != NULL && strcmp(kind, "scan-facts") == 0) /* newest first */
			return gh_known_document(docs, blob, a, out, err);
	}
	return GH_OK;
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
