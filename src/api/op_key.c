/* Keys: what there is, public halves, rotation. The vault does the work; here is who may ask, and what is logged. */
#include "api/ops.h"
#include "catalog/blobs.h"
#include "catalog/ledger.h"
#include "catalog/principals.h"
#include "catalog/tenants.h"
#include "catalog/vault.h"
#include "crypto/pubkey.h"

#include <stdlib.h>
#include <string.h>

enum { PUBLIC_MAX = GH_VP_PACKET / sizeof(struct gh_vp_public), STEP = GH_VP_KEYS_MAX, STEP_ARENA = 4 << 20 };

static enum gh_rc need_vault(const struct gh_op_run *r, struct gh_err *err)
{
	return r->cat->vault != NULL ? GH_OK
				     : gh_fail(err, GH_E_DENIED, "%s needs the keys, which are locked", r->op->name);
}

static void time_out(struct gh_jout *j, const char *key, int64_t t)
{
	char at[GH_ENTRY_TIME + 1];
	gh_jout_str(j, key, t != 0 && gh_entry_time(t, at) ? at : NULL);
}

static enum gh_vault_key key_named(const char *name)
{
	for (enum gh_vault_key k = GH_VAULT_ROOT; k < GH_VAULT_KEYS_END; k++)
		if (strcmp(gh_vault_key_name(k), name) == 0)
			return k;
	return 0;
}

/* ---- key.status --------------------------------------------------------------------------------------------------------- */
static enum gh_rc slots_out(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_vp_slot slot[GH_VP_SLOTS];
	size_t n;
	GH_TRY(gh_vault_slots(r->cat->vault, slot, &n, err), err, "keys");
	gh_jout_open(r->out, "slots", '[');
	for (size_t i = 0; i < n; i++) {
		gh_jout_open(r->out, NULL, '{');
		gh_jout_number(r->out, "number", slot[i].number);
		gh_jout_str(r->out, "method", gh_vault_method_name((enum gh_vault_method)slot[i].method));
		gh_jout_str(r->out, "label", slot[i].label);
		time_out(r->out, "created", slot[i].created);
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return GH_OK;
}

static bool public_out(struct gh_jout *j, const struct gh_vp_public *p, bool pem)
{
	char hint[65];
	uint8_t id[32];
	struct gh_key *k = NULL;
	gh_auto_buf text = gh_buf(4096);
	bool ok = gh_key_public((struct gh_span){ p->spki, p->spki_n }, &k, NULL) == GH_OK && gh_key_id(k, id) &&
		  gh_key_pem(k, &text);
	gh_key_free(k);
	if (!ok)
		return false;
	gh_hex_put(hint, id, sizeof id);
	gh_jout_str(j, "key", gh_vault_key_name((enum gh_vault_key)p->key));
	gh_jout_number(j, "generation", p->generation);
	gh_jout_str(j, "state", p->current == 1 ? "current" : "retired");
	gh_jout_str(j, "fingerprint", hint);
	time_out(j, "created", p->created);
	time_out(j, "retired", p->retired);
	if (pem)
		gh_jout_span(j, "pem", gh_buf_view(&text));
	return true;
}

static enum gh_rc publics(struct gh_op_run *r, struct gh_vp_public **out, size_t *n, struct gh_err *err)
{
	*out = GH_NEW(r->arena, struct gh_vp_public, PUBLIC_MAX);
	return *out == NULL ? gh_fail(err, GH_E_NOMEM, "no memory")
			    : gh_vault_public(r->cat->vault, *out, PUBLIC_MAX, n, err);
}

static enum gh_rc status(struct gh_op_run *r, struct gh_err *err)
{
	struct gh_vp_status s;
	struct gh_vp_public *p;
	size_t n;
	enum gh_rc rc = need_vault(r, err);
	if (rc == GH_OK)
		rc = gh_vault_status(r->cat->vault, &s, err);
	if (rc == GH_OK)
		rc = publics(r, &p, &n, err);
	if (rc != GH_OK)
		return rc;
	gh_jout_number(r->out, "root_generation", s.root_generation);
	gh_jout_number(r->out, "tenants", s.tenants);
	gh_jout_number(r->out, "log_size", s.log_size);
	GH_TRY(slots_out(r, err), err, "slots");
	gh_jout_open(r->out, "signing", '[');
	for (size_t i = 0; rc == GH_OK && i < n; i++) {
		gh_jout_open(r->out, NULL, '{');
		if (!public_out(r->out, &p[i], false))
			rc = gh_fail(err, GH_E_BUG, "a public key cannot be read");
		gh_jout_close(r->out, '}');
	}
	gh_jout_close(r->out, ']');
	return rc;
}

const struct gh_op gh_op_key_status = {
	.name = "key.status",
	.about = "Show the ways to open the root key, and the signing keys with their generations.",
	.in = (const struct gh_op_field[]){ { 0 } },
	.permission = "status.read",
	.scope = GH_AT_PLATFORM,
	.local = true,
	.run = status,
};

/* ---- key.public --------------------------------------------------------------------------------------------------------- */
static enum gh_rc public(struct gh_op_run *r, struct gh_err *err) {
	struct gh_vp_public *p; size_t n; const char *name = gh_in_text(r->in, "key", "badge");
	int64_t generation = gh_in_number(r->in, "generation", 0);
	enum gh_vault_key key = key_named(name);
	if (key <= GH_VAULT_ROOT) return gh_fail(err, GH_E_MALFORMED,
						 "the keys with a public half are badge, log and node");
	enum gh_rc rc = need_vault(r, err);
	if (rc == GH_OK) rc = publics(r, &p, &n, err);
	for (size_t i = 0; rc == GH_OK && i < n;
	     i++) if (p[i].key == key &&
		      (generation == 0 ? p[i].current == 1
				       : p[i].generation == generation)) return public_out(r->out, &p[i], true)
		? GH_OK
		: gh_fail(err, GH_E_BUG, "a public key cannot be read");
	return rc != GH_OK ? rc : gh_fail(err, GH_E_ABSENT, "there is no %s key of this generation", name);
}

static const struct gh_op_field public_in[] = {
	{ "key", GH_IN_WORD, false, "badge, log or node (badge)" },
	{ "generation", GH_IN_NUMBER, false, "an older one (the current)" },
	{ 0 },
};
const struct gh_op gh_op_key_public = {
	.name = "key.public",
	.about = "Give the public half of a signing key, to verify badges with.",
	.in = public_in,
	.permission = "model.read",
	.scope = GH_AT_ANY,
	.local = true,
	.run = public,
};

/* ---- key.rotate --------------------------------------------------------------------------------------------------------- */
struct noting {
	struct gh_op_run *r;
	const char *kind;
	const struct gh_entry_value *v;
	size_t n;
};
static enum gh_rc note_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct noting *x = arg;
	(void)db;
	return gh_ledger_put(x->r->cat, x->kind, gh_principal_actor(x->r->who), x->v, x->n, NULL, err);
}

static enum gh_rc note(struct gh_op_run *r, const char *kind, const struct gh_entry_value *v, size_t n,
		       struct gh_err *err)
{
	struct noting x = { r, kind, v, n };
	return gh_db_tx(r->cat->db, note_tx, &x, err);
}

/* Wrap what is behind, packet by packet. Each is stored before the next is asked for: whoever dies goes on later. */
struct pass {
	struct gh_op_run *r;
	struct gh_blob *blob;
	struct gh_vault_wrapped *wrapped;
	size_t n;
	uint32_t generation;
};
static enum gh_rc pass_tx(struct gh_db *db, void *arg, struct gh_err *err)
{
	const struct pass *p = arg;
	enum gh_rc rc = GH_OK;
	for (size_t i = 0; rc == GH_OK && i < p->n; i++)
		rc = gh_blob_rewrap(db, &p->blob[i].id, p->blob[i].generation, p->generation,
				    (struct gh_span){ p->wrapped[i].b, GH_WRAPPED }, err);
	return rc;
}

static enum gh_rc rewrap_some(struct gh_op_run *r, const struct gh_tenant *t, uint32_t generation, size_t *n,
			      struct gh_err *err)
{
	gh_auto_arena a = { .max = STEP_ARENA };
	struct pass p = { .r = r, .generation = generation };
	GH_TRY(gh_blob_behind(r->cat->db, &a, &t->id, generation, STEP, &p.blob, &p.n, err), err, "blobs");
	*n = p.n;
	if (p.n == 0)
		return GH_OK;
	struct gh_id *id = GH_NEW(&a, struct gh_id, p.n);
	p.wrapped = GH_NEW(&a, struct gh_vault_wrapped, p.n);
	if (id == NULL || p.wrapped == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	for (size_t i = 0; i < p.n; i++) {
		id[i] = p.blob[i].id;
		if (p.blob[i].wrapped_n != GH_WRAPPED)
			return gh_fail(err, GH_E_UNREAD, "blob %s: its wrapped key is damaged", id[i].s);
		memcpy(p.wrapped[i].b, p.blob[i].wrapped, GH_WRAPPED);
	}
	GH_TRY(gh_vault_rewrap(r->cat->vault, &t->id, p.n, id, p.wrapped, err), err, "blob keys of %s", t->name);
	return gh_db_tx(r->cat->db, pass_tx, &p, err);
}

/* A pass that was cut is finished before another generation is begun. */
static enum gh_rc rotate_tenant(struct gh_op_run *r, const struct gh_tenant *t, uint32_t *generation, uint64_t *keys,
				struct gh_err *err)
{
	struct gh_vp_tenant_status s;
	size_t n = 1;
	GH_TRY(gh_vault_tenant_status(r->cat->vault, &t->id, &s, err), err, "keys of %s", t->name);
	*generation = s.current;
	enum gh_rc rc = s.state != 1 ? gh_fail(err, GH_E_ABSENT, "the tenant %s has no keys (any more)", t->name)
				     : GH_OK;
	if (rc == GH_OK && s.oldest == s.current)
		rc = gh_vault_tenant_rotate(r->cat->vault, &t->id, generation, err);
	for (*keys = 0; rc == GH_OK && n > 0; *keys += n)
		rc = rewrap_some(r, t, *generation, &n, err);
	return rc;
}

static enum gh_rc rotate(struct gh_op_run *r, struct gh_err *err)
{
	const char *name = gh_in_text(r->in, "key", ""), *tenant = gh_in_text(r->in, "tenant", NULL);
	enum gh_vault_key key = key_named(name);
	bool of_tenant = strcmp(name, "tenant") == 0;
	struct gh_tenant t = { .name = "" };
	uint32_t generation = 0;
	uint64_t keys = 0;
	enum gh_rc rc = need_vault(r, err);
	if (rc != GH_OK)
		return rc;
	if (!of_tenant && (key == 0 || tenant != NULL))
		return gh_fail(err, GH_E_MALFORMED, "what is rotated is root, badge, node, or tenant NAME");
	if (key == GH_VAULT_LOG)
		return gh_fail(
			err, GH_E_DENIED,
			"the log's key is what makes it this log: everybody who verifies it has that key. Begin a new "
			"home when it was compromised");
	if (of_tenant) {
		rc = tenant == NULL ? gh_fail(err, GH_E_MALFORMED, "of which tenant?")
				    : gh_tenant_active(r->cat->db, tenant, &t, err);
		if (rc == GH_OK)
			rc = rotate_tenant(r, &t, &generation, &keys, err);
	} else {
		rc = gh_vault_rotate(r->cat->vault, key, &generation, err);
	}
	if (rc != GH_OK)
		return rc;
	const struct gh_entry_value v[] = { { .name = "key", .text = name },
					    { .name = "generation", .number = generation },
					    { .name = "tenant", .text = t.id.s } };
	rc = note(r, "key-rotation", v, of_tenant ? 3 : 2, err);
	/* Only when every key is wrapped again, durably, are the old generations destroyed. */
	if (rc == GH_OK && of_tenant)
		rc = gh_vault_tenant_retire(r->cat->vault, &t.id, generation, err);
	gh_jout_str(r->out, "key", name);
	gh_jout_number(r->out, "generation", generation);
	if (of_tenant)
		gh_jout_number(r->out, "rewrapped", keys);
	return rc;
}

static const struct gh_op_field rotate_in[] = {
	{ "key", GH_IN_WORD, true, "root, badge, node or tenant" },
	{ "tenant", GH_IN_TENANT, false, "whose" },
	{ 0 },
};
const struct gh_op gh_op_key_rotate = {
	.name = "key.rotate",
	.about = "Replace a key by a new one; no model is encrypted again.",
	.in = rotate_in,
	.permission = "key.manage",
	.scope = GH_AT_PLATFORM,
	.local = true,
	.run = rotate,
};

/* ---- key.slot ----------------------------------------------------------------------------------------------------------- */
/* main changes slots itself, over its own channel to the vault; it asks here before, so that no change is without an entry. */
static enum gh_rc slot(struct gh_op_run *r, struct gh_err *err)
{
	const struct gh_entry_value v[] = { { .name = "slot", .text = gh_in_text(r->in, "slot", "") },
					    { .name = "action", .text = gh_in_text(r->in, "action", "") } };
	return note(r, "key-slot", v, 2, err);
}

static const struct gh_op_field slot_in[] = {
	{ "slot", GH_IN_WORD, true, "passphrase, key-file, credential, tpm or recovery" },
	{ "action", GH_IN_WORD, true, "add or remove" },
	{ 0 },
};
const struct gh_op gh_op_key_slot = {
	.name = "key.slot",
	.about = "Log that a way to open the root key is being added or removed.",
	.in = slot_in,
	.permission = "key.manage",
	.scope = GH_AT_PLATFORM,
	.local = true,
	.internal = true,
	.run = slot,
};
