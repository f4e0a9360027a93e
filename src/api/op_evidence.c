/* Statements of others about a version: which there are, and steps of adding one. */
#include "api/ops.h"
#include "catalog/evidence.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/versions.h"
#include "wire/datetime.h"

#include <stdio.h>

static const char *text(const struct gh_op_run *r, const char *name) { return gh_in_text(r->in, name, ""); }

static enum gh_rc find(struct gh_op_run *r, struct gh_version *v, struct gh_err *err)
{
	struct gh_name name;
	GH_TRY(gh_name_parse(gh_span_str(text(r, "model")), GH_NAME_VERSION, &name, err), err, "the model");
	return gh_version_find(r->cat->db, &name, v, err);
}

/* ---- evidence.list --------------------------------------------------------------------------------------------------------- */

static void put(struct gh_op_run *r, const struct gh_evidence *e)
{
	char at[GH_DATETIME_TEXT];
	struct gh_principal by;
	struct gh_err none = { 0 };
	bool person = !gh_id_none(&e->by) && gh_principal_get(r->cat->db, &e->by, &by, &none) == GH_OK;
	gh_jout_open(r->out, NULL, '{');
	gh_jout_str(r->out, "id", e->id.s);
	gh_jout_str(r->out, "kind", e->kind);
	gh_jout_str(r->out, "signer", e->signer);
	gh_jout_bool(r->out, "verified", e->trusted);
	gh_jout_str(r->out, "digest", e->digest);
	gh_jout_str(r->out, "blob", e->blob.s);
	gh_jout_str(r->out, "by", person ? by.name : gh_id_none(&e->by) ? "local" : e->by.s);
	gh_jout_str(r->out, "added", gh_datetime_write(e->created, at) ? at : "");
	gh_jout_close(r->out, '}');
}

static enum gh_rc list(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	struct gh_evidence *e;
	size_t n;
	GH_TRY(find(r, &v, err), err, "evidence");
	GH_TRY(gh_evidence_list(r->cat->db, r->arena, &v.id, NULL, &e, &n, err), err, "evidence");
	gh_jout_str(r->out, "tenant", v.tenant.s);
	gh_jout_str(r->out, "version", v.id.s);
	gh_jout_open(r->out, "evidence", '[');
	for (size_t i = 0; i < n; i++)
		if (gh_in_flag(r->in, "all") || !gh_evidence_internal(e[i].kind))
			put(r, &e[i]);
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static const struct gh_op_field list_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "all", GH_IN_BOOL, false, "documents that only the program reads, too" },
	{ 0 },
};
const struct gh_op gh_op_evidence_list = { .name = "evidence.list",
					   .about = "List statements about a version, and who stands for each.",
					   .in = list_in,
					   .permission = "model.read",
					   .scope = GH_AT_FIELD,
					   .asks = true,
					   .local = true,
					   .run = list };

/* ---- steps of evidence.add ------------------------------------------------------------------------------------------------- */

static enum gh_rc begin(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_version v;
	GH_TRY(find(r, &v, err), err, "evidence");
	if (v.state == GH_V_IMPORTING || v.state == GH_V_DELETED)
		return gh_fail(err, GH_E_DENIED, "the version is %s", gh_vstate_name(v.state));
	gh_jout_str(r->out, "tenant", v.tenant.s);
	gh_jout_str(r->out, "version", v.id.s);
	gh_jout_str(r->out, "root", v.root);
	gh_jout_str(r->out, "manifest", v.manifest.s);
	return GH_OK;
}

static const struct gh_op_field begin_in[] = { { "model", GH_IN_VERSION, true, "the version" }, { 0 } };
const struct gh_op gh_op_evidence_begin = {
	.name = "evidence.begin",
	.about = "May a statement about a version be added, and what must it be about?",
	.in = begin_in,
	.permission = "evidence.add",
	.scope = GH_AT_FIELD,
	.asks = true,
	.local = true,
	.internal = true,
	.run = begin
};

struct store {
	struct gh_op_run *r;
	struct gh_version v;
	struct gh_evidence e;
};

static enum gh_rc store_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	struct store *s = arg;
	struct gh_op_run *r = s->r;
	struct gh_version now;
	GH_TRY(gh_version_get(db, &s->v.id, &now, err), err, "the version");
	if (now.state == GH_V_DELETED || strcmp(now.root, text(r, "root")) != 0)
		return gh_fail(err, GH_E_EXISTS, "the version was changed meanwhile");
	GH_TRY(gh_evidence_add(db, &s->e, err), err, "evidence");
	if (gh_jget(r->in, "findings") != NULL) {
		struct gh_evidence f = s->e;
		GH_TRY(gh_id_new(&f.id, err), err, "evidence");
		f.blob = gh_id(gh_span_str(text(r, "findings")));
		(void)snprintf(f.kind, sizeof f.kind, "%s", GH_EVIDENCE_FOUND);
		(void)snprintf(f.digest, sizeof f.digest, "%s", text(r, "findings_digest"));
		GH_TRY(gh_evidence_add(db, &f, err), err, "what it found");
	}
	char says[GH_DIGEST_HEX + 1];
	if (!gh_evidence_says(&s->e, says))
		return gh_fail(err, GH_E_NOMEM, "no memory");
	const struct gh_entry_value v[] = { { .name = "tenant", .text = s->v.tenant.s },
					    { .name = "version", .text = s->v.id.s },
					    { .name = "statement", .text = s->e.digest },
					    { .name = "form", .text = text(r, "form") },
					    { .name = "says", .text = says },
					    { .name = "signer", .text = text(r, "key") } };
	size_t n = sizeof v / sizeof *v - (gh_jget(r->in, "key") == NULL);
	return gh_ledger_put(r->cat, "evidence", gh_principal_actor(r->who), v, n, NULL, err);
}

static enum gh_rc store(struct gh_op_run *r, struct gh_err *err)
{
	struct store s = { .r = r };
	struct gh_evidence *e;
	size_t n;
	GH_TRY(find(r, &s.v, err), err, "evidence");
	s.e = (struct gh_evidence){ .version = s.v.id,
				    .blob = gh_id(gh_span_str(text(r, "blob"))),
				    .by = r->who->id,
				    .trusted = gh_in_flag(r->in, "verified"),
				    .created = r->now };
	(void)snprintf(s.e.kind, sizeof s.e.kind, "%s", text(r, "kind"));
	(void)snprintf(s.e.signer, sizeof s.e.signer, "%s", text(r, "signer"));
	(void)snprintf(s.e.digest, sizeof s.e.digest, "%s", text(r, "digest"));
	if (!gh_evidence_foreign(s.e.kind))
		return gh_fail(err, GH_E_MALFORMED, "there is no kind of evidence '%.40s'", s.e.kind);
	if (s.e.trusted && s.e.signer[0] == '\0')
		return gh_fail(err, GH_E_BUG, "evidence was verified, and nobody stands for it");
	GH_TRY(gh_evidence_list(r->cat->db, r->arena, &s.v.id, s.e.kind, &e, &n, err), err, "evidence");
	for (size_t i = 0; i < n; i++)
		if (strcmp(e[i].digest, s.e.digest) == 0 && e[i].trusted == s.e.trusted &&
		    strcmp(e[i].signer, s.e.signer) == 0)
			return gh_fail(err, GH_E_EXISTS, "the same document is there already (%s)", e[i].id.s);
	GH_TRY(gh_id_new(&s.e.id, err), err, "evidence");
	GH_TRY(gh_db_tx(r->cat->db, store_tx, &s, err), err, "evidence");
	gh_jout_str(r->out, "id", s.e.id.s);
	return GH_OK;
}

static const struct gh_op_field store_in[] = {
	{ "model", GH_IN_VERSION, true, "the version" },
	{ "root", GH_IN_DIGEST, true, "that it was compared with" },
	{ "kind", GH_IN_WORD, true, "signature, attestation, provenance, sbom, vex, sarif, test-result, other" },
	{ "form", GH_IN_WORD, true, "of the document" },
	{ "signer", GH_IN_TEXT, true, "who stands for it; empty: nobody" },
	{ "key", GH_IN_DIGEST, false, "fingerprint of the key that signed it, verified" },
	{ "verified", GH_IN_BOOL, true, "its signature is valid, its signer trusted, and it is about these files" },
	{ "blob", GH_IN_ID, true, "the document" },
	{ "digest", GH_IN_DIGEST, true, "of the document" },
	{ "findings", GH_IN_ID, false, "blob: what it found, in our words" },
	{ "findings_digest", GH_IN_DIGEST, false, "of that" },
	{ 0 },
};
const struct gh_op gh_op_evidence_store = { .name = "evidence.store",
					    .about = "Keep a statement of others about a version.",
					    .in = store_in,
					    .permission = "evidence.add",
					    .scope = GH_AT_FIELD,
					    .local = true,
					    .internal = true,
					    .run = store };
