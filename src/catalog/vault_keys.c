/* The client's side of tenants, blob keys, releases and signatures: see vault.h. */
#include "catalog/vault_ask.h"

#include <stdlib.h>

#include "crypto/secret.h"

/* ---- tenants ----------------------------------------------------------------------------------------------------------- */
static enum gh_rc tenant(const struct gh_id *id, const struct gh_id *requester, struct gh_vp_tenant *out,
			 struct gh_err *err)
{
	*out = (struct gh_vp_tenant){ { 0 }, { 0 } };
	if (!gh_hex_get(gh_span_str(id->s), out->tenant, sizeof out->tenant))
		return gh_fail(err, GH_E_MALFORMED, "a tenant's id is none");
	/* `local` is nobody: it has no id. */
	if (requester != NULL && !gh_id_none(requester) &&
	    !gh_hex_get(gh_span_str(requester->s), out->requester, sizeof out->requester))
		return gh_fail(err, GH_E_MALFORMED, "a requester's id is none");
	return GH_OK;
}

static enum gh_rc of_tenant(struct gh_vault *v, uint32_t kind, uint64_t arg, const struct gh_id *id,
			    const struct gh_id *requester, void *out, size_t want, uint64_t *answer, struct gh_err *err)
{
	struct gh_vp_tenant t;
	enum gh_rc rc = tenant(id, requester, &t, err);
	return rc != GH_OK ? rc : gh_vc_ask(v, kind, arg, &t, sizeof t, -1, out, want, answer, err);
}

enum gh_rc gh_vault_tenant_new(struct gh_vault *v, const struct gh_id *id, struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_NEW, 0, id, NULL, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_tenant_status(struct gh_vault *v, const struct gh_id *id, struct gh_vp_tenant_status *out,
				  struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_STATUS, 0, id, NULL, out, sizeof *out, NULL, err);
}

enum gh_rc gh_vault_tenant_rotate(struct gh_vault *v, const struct gh_id *id, uint32_t *generation, struct gh_err *err)
{
	uint64_t got = 0;
	enum gh_rc rc = of_tenant(v, GH_VP_TENANT_ROTATE, 0, id, NULL, NULL, 0, &got, err);
	if (rc == GH_OK && generation != NULL)
		*generation = (uint32_t)got;
	return rc;
}

enum gh_rc gh_vault_tenant_retire(struct gh_vault *v, const struct gh_id *id, uint32_t below, struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_RETIRE, below, id, NULL, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_tenant_shred(struct gh_vault *v, const struct gh_id *id, const struct gh_id *requester,
				 struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_SHRED, 0, id, requester, NULL, 0, NULL, err);
}

static enum gh_rc take_keys(const struct gh_vc_answer *a, size_t n, struct gh_id *id, struct gh_vault_wrapped *wrapped,
			    struct gh_err *err)
{
	const struct gh_vp_blob_key *k = (const struct gh_vp_blob_key *)a->body;
	if (a->h->n != n || a->n != n * sizeof *k)
		return gh_fail(err, GH_E_BUG, "the vault gave another number of keys than was asked for");
	for (size_t i = 0; i < n; i++) {
		if (id != NULL)
			gh_hex_put(id[i].s, k[i].id, GH_VP_ID);
		memcpy(wrapped[i].b, k[i].wrapped, GH_WRAPPED);
	}
	return GH_OK;
}

enum gh_rc gh_vault_new_keys(struct gh_vault *v, const struct gh_id *of, size_t n, struct gh_id *id,
			     struct gh_vault_wrapped *wrapped, struct gh_err *err)
{
	struct gh_vp_tenant t;
	struct gh_vc_answer a;
	enum gh_rc rc = tenant(of, NULL, &t, err);
	for (size_t i = 0; rc == GH_OK && i < n;) {
		size_t some = n - i < GH_VP_KEYS_MAX ? n - i : GH_VP_KEYS_MAX;
		rc = gh_vc_ask_all(v, GH_VP_NEW_KEYS, some, &t, sizeof t, NULL, 0, 0, -1, &a, err);
		if (rc == GH_OK)
			rc = take_keys(&a, some, id + i, wrapped + i, err);
		i += some;
	}
	return rc;
}

/* Some ids and wrapped keys as records. */
static enum gh_rc records(const struct gh_id *id, const struct gh_vault_wrapped *wrapped, size_t n,
			  struct gh_vp_blob_key *out, struct gh_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!gh_hex_get(gh_span_str(id[i].s), out[i].id, GH_VP_ID))
			return gh_fail(err, GH_E_MALFORMED, "a blob's id is none");
		memcpy(out[i].wrapped, wrapped[i].b, GH_WRAPPED);
	}
	return GH_OK;
}

enum gh_rc gh_vault_rewrap(struct gh_vault *v, const struct gh_id *of, size_t n, const struct gh_id *id,
			   struct gh_vault_wrapped *wrapped, struct gh_err *err)
{
	struct gh_vp_tenant t;
	struct gh_vc_answer a;
	struct gh_vp_blob_key *k = malloc(GH_VP_KEYS_MAX * sizeof *k);
	enum gh_rc rc = k == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : tenant(of, NULL, &t, err);
	for (size_t i = 0; rc == GH_OK && i < n;) {
		size_t some = n - i < GH_VP_KEYS_MAX ? n - i : GH_VP_KEYS_MAX;
		rc = records(id + i, wrapped + i, some, k, err);
		if (rc == GH_OK)
			rc = gh_vc_ask_all(v, GH_VP_REWRAP, 0, &t, sizeof t, k, sizeof *k, (uint32_t)some, -1, &a, err);
		if (rc == GH_OK)
			rc = take_keys(&a, some, NULL, wrapped + i, err);
		i += some;
	}
	free(k);
	return rc;
}

uint32_t gh_vault_wrapped_generation(const struct gh_vault_wrapped *w)
{
	uint32_t generation;
	return gh_wrapped_generation(w->b, GH_WRAP_BLOB, &generation) ? generation : 0;
}

static enum gh_rc begin_release(struct gh_vault *v, const struct gh_vault_release *r, struct gh_err *err)
{
	struct gh_vp_release m = { .purpose = r->purpose };
	if (r->purpose < GH_VAULT_IMPORT || r->purpose >= GH_VAULT_PURPOSES_END || r->n == 0 ||
	    r->n > GH_VP_RELEASE_MAX)
		return gh_fail(err, GH_E_LIMIT, "a release is of 1 to %d keys, for a known purpose", GH_VP_RELEASE_MAX);
	if (!gh_hex_get(gh_span_str(r->tenant.s), m.tenant, GH_VP_ID) ||
	    !gh_hex_get(gh_span_str(r->session.s), m.session, GH_VP_ID) ||
	    (!gh_id_none(&r->version) && !gh_hex_get(gh_span_str(r->version.s), m.version, GH_VP_ID)) ||
	    (!gh_id_none(&r->requester) && !gh_hex_get(gh_span_str(r->requester.s), m.requester, GH_VP_ID)))
		return gh_fail(err, GH_E_MALFORMED, "an id of a release is none");
	return gh_vc_ask(v, GH_VP_RELEASE, 0, &m, sizeof m, -1, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_release(struct gh_vault *v, const struct gh_vault_release *r, uint64_t *index, struct gh_err *err)
{
	struct gh_vp_tenant t;
	struct gh_vc_answer a;
	struct gh_vp_blob_key *k = malloc(GH_VP_KEYS_MAX * sizeof *k);
	enum gh_rc rc = k == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : begin_release(v, r, err);
	if (rc == GH_OK)
		rc = tenant(&r->tenant, NULL, &t, err);
	for (size_t i = 0; rc == GH_OK && i < r->n;) {
		size_t some = r->n - i < GH_VP_KEYS_MAX ? r->n - i : GH_VP_KEYS_MAX;
		rc = records(r->id + i, r->wrapped + i, some, k, err);
		if (rc == GH_OK)
			rc = gh_vc_ask_all(v, GH_VP_RELEASE_KEYS, 0, &t, sizeof t, k, sizeof *k, (uint32_t)some, -1, &a,
					   err);
		i += some;
	}
	free(k);
	if (rc == GH_OK)
		rc = gh_vc_ask(v, GH_VP_RELEASE_GO, 0, NULL, 0, -1, NULL, 0, index, err);
	return rc;
}

/* ---- signatures -------------------------------------------------------------------------------------------------------- */
const char *gh_vault_payload_type(enum gh_vault_sign what)
{
	static const char *const types[] = {
#define GH_X(name, type) [GH_SIGN_##name] = type,
		GH_VAULT_SIGNS(GH_X)
#undef GH_X
	};
	return gh_vc_word(types, sizeof types / sizeof *types, what);
}

static enum gh_rc signature(const struct gh_vc_answer *a, struct gh_vp_signature *out, struct gh_err *err)
{
	if (a->n != sizeof *out)
		return gh_fail(err, GH_E_BUG, "the vault's answer has another length than it should");
	memcpy(out, a->body, sizeof *out);
	return out->sig_n <= sizeof out->sig ? GH_OK
					     : gh_fail(err, GH_E_BUG, "the vault gave a signature that is too long");
}

enum gh_rc gh_vault_sign(struct gh_vault *v, enum gh_vault_sign what, struct gh_span payload,
			 struct gh_vp_signature *out, struct gh_err *err)
{
	struct gh_vc_answer a;
	if (what < GH_SIGN_STATEMENT || what >= GH_SIGN_END || payload.n == 0 || payload.n > GH_VP_SIGN_MAX)
		return gh_fail(err, GH_E_LIMIT, "what is signed has 1 byte to %d MiB", GH_VP_SIGN_MAX >> 20);
	if (v->logging)
		return gh_fail(err, GH_E_BUG, "only a checkpoint may be asked for while a release is being logged");
	struct gh_vp_sign m = { what, (uint32_t)payload.n };
	uint32_t seq = gh_vc_next(v);
	size_t some = payload.n < GH_VP_PAYLOAD ? payload.n : GH_VP_PAYLOAD;
	gh_vc_put(v, GH_VP_SIGN, 0, &m, sizeof m, payload.p, some, (uint32_t)some);
	if (!gh_vc_emit(v, -1))
		return gh_vc_lost(v, err);
	for (size_t at = some; at < payload.n; at += some) {
		some = payload.n - at < GH_VP_PAYLOAD ? payload.n - at : GH_VP_PAYLOAD;
		gh_vc_put(v, GH_VP_SIGN_MORE, 0, NULL, 0, payload.p + at, some, (uint32_t)some);
		if (!gh_vc_emit(v, -1))
			return gh_vc_lost(v, err);
	}
	enum gh_rc rc = gh_vc_await(v, GH_VP_SIGN, seq, &a, err);
	return rc == GH_OK ? signature(&a, out, err) : rc;
}

enum gh_rc gh_vault_checkpoint(struct gh_vault *v, struct gh_span note, const struct gh_merkle_proof *proof,
			       uint8_t sig[64], struct gh_err *err)
{
	struct gh_vp_checkpoint m = { 0 };
	struct gh_vp_signature s = { 0 };
	struct gh_vc_answer a;
	if (note.n == 0 || note.n > sizeof m.note)
		return gh_fail(err, GH_E_LIMIT, "a checkpoint has at most %zu bytes", sizeof m.note);
	m.note_n = (uint32_t)note.n;
	memcpy(m.note, note.p, note.n);
	m.proof_n = proof == NULL ? 0 : proof->n;
	if (m.proof_n > sizeof m.proof / sizeof *m.proof)
		return gh_fail(err, GH_E_LIMIT, "a proof of consistency has at most 64 hashes");
	for (uint32_t i = 0; i < m.proof_n; i++)
		memcpy(m.proof[i], proof->h[i].b, sizeof m.proof[i]);
	enum gh_rc rc = gh_vc_ask_all(v, GH_VP_CHECKPOINT, 0, &m, sizeof m, NULL, 0, 0, -1, &a, err);
	if (rc == GH_OK)
		rc = signature(&a, &s, err);
	if (rc == GH_OK && s.sig_n != 64)
		rc = gh_fail(err, GH_E_BUG, "the vault gave a signature of another kind");
	if (rc == GH_OK)
		memcpy(sig, s.sig, 64);
	return rc;
}

enum gh_rc gh_vault_last_checkpoint(struct gh_vault *v, struct gh_vp_last *out, struct gh_err *err)
{
	enum gh_rc rc = gh_vc_ask(v, GH_VP_LAST_CHECKPOINT, 0, NULL, 0, -1, out, sizeof *out, NULL, err);
	if (rc == GH_OK && out->note_n > sizeof out->note)
		return gh_fail(err, GH_E_BUG, "the vault gave a checkpoint that is too long");
	if (rc == GH_OK && out->note_n == 0)
		return gh_fail(err, GH_E_ABSENT, "no checkpoint was signed yet");
	return rc;
}

enum gh_rc gh_vault_adopt(struct gh_vault *v, struct gh_span note, const uint8_t sig[64], struct gh_err *err)
{
	struct gh_vp_last m = { 0 };
	if (note.n == 0 || note.n > sizeof m.note)
		return gh_fail(err, GH_E_LIMIT, "a checkpoint has at most %zu bytes", sizeof m.note);
	m.note_n = (uint32_t)note.n;
	memcpy(m.note, note.p, note.n);
	memcpy(m.sig, sig, 64);
	return gh_vc_ask(v, GH_VP_ADOPT, 0, &m, sizeof m, -1, NULL, 0, NULL, err);
}
