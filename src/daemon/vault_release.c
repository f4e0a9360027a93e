/* Keys of blobs: made, wrapped again, and released, which is logged first. */
#include <stdlib.h>

#include "crypto/merkle.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"
#include "runtime/stub_proto.h"

static struct gh_wrap_for blob_for(const uint8_t tenant[GH_VP_ID], const uint8_t blob[GH_VP_ID], uint32_t generation)
{
	struct gh_wrap_for w = { .kind = GH_WRAP_BLOB, .generation = generation };
	memcpy(w.owner, tenant, sizeof w.owner);
	memcpy(w.object, blob, sizeof w.object);
	return w;
}

/* The tenant's keys, as far as they were needed: unwrapping one for each of ten thousand blobs would be waste. */
struct ring {
	const struct gh_vf_tenant *f;
	uint8_t *key; /* one, in locked memory */
	uint32_t generation;
};

static enum gh_vault_why turn(struct gh_vaultd *v, struct ring *r, uint32_t generation)
{
	if (r->generation == generation)
		return GH_VAULT_FINE;
	enum gh_vault_why why = gh_vd_tenant_key(v, r->f, generation, r->key);
	r->generation = why == GH_VAULT_FINE ? generation : 0;
	return why;
}

static enum gh_vault_why open_key(struct gh_vaultd *v, struct ring *r, const struct gh_vp_blob_key *k, uint8_t key[32],
				  uint32_t *generation)
{
	if (!gh_wrapped_generation(k->wrapped, GH_WRAP_BLOB, generation) || *generation == 0)
		return GH_VAULT_KEY_ALTERED;
	enum gh_vault_why why = turn(v, r, *generation);
	struct gh_wrap_for w = blob_for(r->f->tenant, k->id, *generation);
	if (why == GH_VAULT_FINE && !gh_unwrap(r->key, &w, k->wrapped, key))
		why = GH_VAULT_KEY_ALTERED;
	return why;
}

enum gh_vault_why gh_vd_new_keys(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				 struct gh_vd_out *out)
{
	const struct gh_vp_tenant *t = (const struct gh_vp_tenant *)in->body;
	struct gh_vp_blob_key *to = (struct gh_vp_blob_key *)out->body;
	struct gh_vf_tenant f;
	uint8_t *key = v->s->scratch, *blob = key + 32;
	(void)c;
	if (in->h->arg == 0 || in->h->arg > GH_VP_KEYS_MAX) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	enum gh_vault_why why = gh_vd_tenant_read(v, t->tenant, &f, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	uint32_t generation = f.key[f.n - 1].generation;
	why = gh_vd_tenant_key(v, &f, generation, key);
	for (uint32_t i = 0; why == GH_VAULT_FINE && i < in->h->arg; i++) {
		if (!gh_random(to[i].id, GH_VP_ID) || !gh_random(blob, 32)) {
			why = GH_VAULT_CRYPTO;
			break;
		}
		struct gh_wrap_for w = blob_for(t->tenant, to[i].id, generation);
		why = gh_wrap(key, &w, blob, to[i].wrapped) ? GH_VAULT_FINE : GH_VAULT_CRYPTO;
	}
	gh_wipe(key, 64);
	out->n = (uint32_t)in->h->arg;
	out->body_n = out->n * sizeof *to;
	return why;
}

enum gh_vault_why gh_vd_rewrap(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			       struct gh_vd_out *out)
{
	const struct gh_vp_tenant *t = (const struct gh_vp_tenant *)in->body;
	const struct gh_vp_blob_key *from = (const struct gh_vp_blob_key *)in->record;
	struct gh_vp_blob_key *to = (struct gh_vp_blob_key *)out->body;
	struct gh_vf_tenant f;
	struct ring r = { &f, v->s->scratch, 0 };
	uint8_t *current = r.key + 32, *blob = r.key + 64;
	(void)c;
	enum gh_vault_why why = gh_vd_tenant_read(v, t->tenant, &f, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	uint32_t newest = f.key[f.n - 1].generation, generation;
	why = gh_vd_tenant_key(v, &f, newest, current);
	for (uint32_t i = 0; why == GH_VAULT_FINE && i < in->h->n; i++) {
		to[i] = from[i];
		why = open_key(v, &r, &from[i], blob, &generation);
		struct gh_wrap_for w = blob_for(t->tenant, from[i].id, newest);
		if (why == GH_VAULT_FINE && generation != newest && !gh_wrap(current, &w, blob, to[i].wrapped))
			why = GH_VAULT_CRYPTO;
	}
	gh_wipe(r.key, 96);
	out->n = in->h->n;
	out->body_n = out->n * sizeof *to;
	return why;
}

/* ---- releasing --------------------------------------------------------------------------------------------------------- */
static struct gh_vd_chan *session(struct gh_vaultd *v, const uint8_t id[GH_VP_ID])
{
	for (size_t i = 0; i < GH_VD_CHANNELS; i++)
		if (v->chan[i].fd >= 0 && v->chan[i].who == GH_VD_BLOB && memcmp(v->chan[i].session, id, GH_VP_ID) == 0)
			return &v->chan[i];
	return NULL;
}

enum gh_vault_why gh_vd_release(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				struct gh_vd_out *out)
{
	const struct gh_vp_release *r = (const struct gh_vp_release *)in->body;
	struct gh_vf_tenant f;
	if (r->purpose == 0 || r->purpose >= GH_VAULT_PURPOSES_END || r->zero != 0) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	/* A deployment's keys are sealed to what proved itself: no process of ours sees them (RELEASE_SEAL). */
	static const uint8_t nobody[GH_VP_ID];
	bool deploy = r->purpose == GH_VAULT_DEPLOY;
	const struct gh_vd_chan *blob = deploy ? NULL : session(v, r->session);
	if (deploy && memcmp(r->session, nobody, GH_VP_ID) != 0) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	if (blob == NULL && !deploy)
		return GH_VAULT_NO_SESSION;
	if (blob != NULL && blob->bound &&
	    (memcmp(blob->tenant, r->tenant, GH_VP_ID) != 0 || memcmp(blob->version, r->version, GH_VP_ID) != 0))
		return GH_VAULT_OTHER_MODEL;
	enum gh_vault_why why = gh_vd_tenant_read(v, r->tenant, &f, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	c->key = malloc(GH_VP_RELEASE_MAX * sizeof *c->key);
	if (c->key == NULL)
		return GH_VAULT_NOMEM;
	c->nkeys = 0;
	c->release = *r;
	c->when = GH_VD_RELEASING;
	return GH_VAULT_FINE;
}

/* Each is opened once before anything is logged: a release that could not take place is no release. */
static enum gh_vault_why try_keys(struct gh_vaultd *v, const uint8_t tenant[GH_VP_ID], const struct gh_vp_blob_key *k,
				  size_t n, uint64_t *sys)
{
	struct gh_vf_tenant f;
	struct ring r = { &f, v->s->scratch, 0 };
	uint32_t generation;
	enum gh_vault_why why = gh_vd_tenant_read(v, tenant, &f, sys);
	for (size_t i = 0; why == GH_VAULT_FINE && i < n; i++)
		why = open_key(v, &r, &k[i], r.key + 32, &generation);
	gh_wipe(r.key, 64);
	return why;
}

enum gh_vault_why gh_vd_open_keys(struct gh_vaultd *v, const uint8_t tenant[GH_VP_ID], const struct gh_vp_blob_key *k,
				  size_t n, struct gh_stub_blob_key *out, uint64_t *sys)
{
	struct gh_vf_tenant f;
	struct ring r = { &f, v->s->scratch, 0 };
	uint32_t generation;
	enum gh_vault_why why = n == 0 ? GH_VAULT_FINE : gh_vd_tenant_read(v, tenant, &f, sys);
	for (size_t i = 0; why == GH_VAULT_FINE && i < n; i++) {
		memcpy(out[i].blob, k[i].id, GH_VP_ID);
		why = open_key(v, &r, &k[i], out[i].key, &generation);
	}
	gh_wipe(r.key, 64);
	return why;
}

enum gh_vault_why gh_vd_release_keys(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				     struct gh_vd_out *out)
{
	const struct gh_vp_tenant *t = (const struct gh_vp_tenant *)in->body;
	const struct gh_vp_blob_key *k = (const struct gh_vp_blob_key *)in->record;
	enum gh_vault_why why = GH_VAULT_FINE;
	static const uint8_t none[GH_VP_ID];
	/* Of a deployment, the keys of one other tenant's shared base may follow: which one, the challenge says. */
	bool own = memcmp(t->tenant, c->release.tenant, GH_VP_ID) == 0 && memcmp(c->other, none, GH_VP_ID) == 0;
	bool first = memcmp(c->other, none, GH_VP_ID) == 0, deploy = c->release.purpose == GH_VAULT_DEPLOY;
	bool other = deploy && !own && (first || memcmp(t->tenant, c->other, GH_VP_ID) == 0);
	size_t most = deploy ? GH_VP_KEYS_MAX : GH_VP_RELEASE_MAX;
	if ((!own && !other) || in->h->n == 0) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	if (other)
		memcpy(c->other, t->tenant, GH_VP_ID);
	if (in->h->n > most - c->nkeys)
		why = GH_VAULT_TOO_MANY;
	else
		why = try_keys(v, t->tenant, k, in->h->n, &out->arg);
	if (why != GH_VAULT_FINE) {
		gh_vd_forget(c);
		return why;
	}
	memcpy(&c->key[c->nkeys], k, in->h->n * sizeof *k);
	c->nkeys += in->h->n;
	c->nown = own ? c->nkeys : c->nown;
	return GH_VAULT_FINE;
}

/* Ask this channel to log; nothing happens before it has. */
enum gh_vault_why gh_vd_ask_to_log(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				   struct gh_vd_out *out)
{
	struct {
		struct gh_vp_head head;
		struct gh_vp_log log;
	} m = { { .kind = GH_VP_LOG, .size = sizeof m }, c->log };
	enum gh_vault_why why = gh_vd_log_signed(v, &c->log_from, NULL, &out->arg);
	if (why != GH_VAULT_FINE) {
		gh_vd_forget(c);
		return why;
	}
	c->seq = in->h->seq;
	c->when = GH_VD_AWAITING;
	out->later = true;
	if (!gh_vd_send(c->fd, &m, sizeof m)) {
		out->later = false;
		out->broken = true;
	}
	return GH_VAULT_FINE;
}

static bool digest_of_ids(const struct gh_vp_blob_key *k, size_t n, uint8_t out[32])
{
	uint8_t *ids = malloc(n * GH_VP_ID);
	if (ids == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		memcpy(ids + i * GH_VP_ID, k[i].id, GH_VP_ID);
	struct gh_mhash h = gh_merkle_sha256((struct gh_span){ ids, n * GH_VP_ID });
	memcpy(out, h.b, 32);
	free(ids);
	return true;
}

enum gh_vault_why gh_vd_log_begin(struct gh_vaultd *v, struct gh_vd_chan *c, enum gh_vp_logs what,
				  struct gh_vd_out *out)
{
	struct gh_vf_tenant f;
	enum gh_vault_why why = c->nkeys == 0 ? GH_VAULT_KEY_ALTERED
					      : gh_vd_tenant_read(v, c->release.tenant, &f, &out->arg);
	const struct gh_vp_release *r = &c->release;
	c->log = (struct gh_vp_log){ .what = what, .purpose = r->purpose, .keys = (uint32_t)c->nkeys };
	if (why == GH_VAULT_FINE &&
	    (!gh_random(c->log.entry, GH_VP_ID) || !digest_of_ids(c->key, c->nkeys, c->log.blobs)))
		why = GH_VAULT_NOMEM;
	if (why != GH_VAULT_FINE) {
		gh_vd_forget(c);
		return why;
	}
	memcpy(c->log.tenant, r->tenant, GH_VP_ID);
	memcpy(c->log.version, r->version, GH_VP_ID);
	memcpy(c->log.requester, r->requester, GH_VP_ID);
	memcpy(c->log.session, r->session, GH_VP_ID);
	c->log.generation = f.key[f.n - 1].generation;
	return GH_VAULT_FINE;
}

enum gh_vault_why gh_vd_release_go(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				   struct gh_vd_out *out)
{
	if (c->release.purpose == GH_VAULT_DEPLOY) { /* law 6: not without evidence */
		out->broken = true;
		return GH_VAULT_FINE;
	}
	enum gh_vault_why why = gh_vd_log_begin(v, c, GH_VP_LOG_RELEASE, out);
	return why == GH_VAULT_FINE ? gh_vd_ask_to_log(v, c, in, out) : why;
}

enum gh_vault_why gh_vd_shred(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			      struct gh_vd_out *out)
{
	const struct gh_vp_tenant *t = (const struct gh_vp_tenant *)in->body;
	struct gh_vf_tenant f;
	enum gh_vault_why why = gh_vd_tenant_read(v, t->tenant, &f, &out->arg);
	if (why != GH_VAULT_FINE) /* destroyed and logged already: who died before hearing so may ask again */
		return why == GH_VAULT_SHREDDED ? GH_VAULT_FINE : why;
	c->log = (struct gh_vp_log){ .what = GH_VP_LOG_SHRED, .generation = f.key[f.n - 1].generation, .keys = f.n };
	if (!gh_random(c->log.entry, GH_VP_ID))
		return GH_VAULT_CRYPTO;
	memcpy(c->log.tenant, t->tenant, GH_VP_ID);
	memcpy(c->log.requester, t->requester, GH_VP_ID);
	return gh_vd_ask_to_log(v, c, in, out);
}

/* One packet of open keys to the blob process. */
static enum gh_vault_why deliver(struct gh_vaultd *v, struct ring *r, struct gh_vd_chan *to,
				 const struct gh_vp_blob_key *k, uint32_t n)
{
	struct {
		struct gh_vp_head head;
		struct gh_vp_tenant tenant;
	} *m = (void *)v->plain;
	struct gh_vp_plain_key *rec = (void *)(m + 1);
	size_t size = sizeof *m + n * sizeof *rec;
	enum gh_vault_why why = GH_VAULT_FINE;
	*m = (typeof(*m)){ { .kind = GH_VP_KEYS, .size = (uint32_t)size, .n = n }, { { 0 }, { 0 } } };
	memcpy(m->tenant.tenant, r->f->tenant, GH_VP_ID);
	for (uint32_t i = 0; why == GH_VAULT_FINE && i < n; i++) {
		memcpy(rec[i].id, k[i].id, GH_VP_ID);
		rec[i].zero = 0;
		why = open_key(v, r, &k[i], rec[i].key, &rec[i].generation);
	}
	if (why == GH_VAULT_FINE && !gh_vd_send(to->fd, m, size))
		why = GH_VAULT_SESSION_GONE;
	gh_wipe(m, size);
	return why;
}

static enum gh_vault_why hand_over(struct gh_vaultd *v, const struct gh_vd_chan *c, uint64_t *sys)
{
	struct gh_vf_tenant f;
	struct ring r = { &f, v->s->scratch, 0 };
	struct gh_vd_chan *to = session(v, c->release.session);
	if (to == NULL)
		return GH_VAULT_SESSION_GONE;
	enum gh_vault_why why = gh_vd_tenant_read(v, c->release.tenant, &f, sys);
	if (why != GH_VAULT_FINE)
		return why;
	to->bound = true; /* also when not all arrive */
	memcpy(to->tenant, c->release.tenant, GH_VP_ID);
	memcpy(to->version, c->release.version, GH_VP_ID);
	for (size_t i = 0; why == GH_VAULT_FINE && i < c->nkeys; i += GH_VP_KEYS_MAX) {
		size_t left = c->nkeys - i;
		why = deliver(v, &r, to, &c->key[i], (uint32_t)(left < GH_VP_KEYS_MAX ? left : GH_VP_KEYS_MAX));
	}
	gh_wipe(r.key, 32);
	return why;
}

/* It stands in the log, or does not: now, and not before, it takes effect. */
enum gh_vault_why gh_vd_logged(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			       struct gh_vd_out *out)
{
	const struct gh_vp_tenant *entry = (const struct gh_vp_tenant *)in->body;
	enum gh_vault_why why = GH_VAULT_NOT_LOGGED;
	if (memcmp(entry->tenant, c->log.entry, GH_VP_ID) != 0) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	uint64_t sys = 0, size = 0;
	/* The entry is new, so it stands behind what was signed when it was asked for, and under a checkpoint signed since. */
	if (in->h->why == GH_VAULT_FINE && gh_vd_log_signed(v, &size, NULL, &sys) == GH_VAULT_FINE &&
	    in->h->arg >= c->log_from && in->h->arg < size) {
		why = c->log.what == GH_VP_LOG_SHRED	? gh_vd_tenant_destroy(v, c->log.tenant, &sys)
		      : c->log.what == GH_VP_LOG_DEPLOY ? gh_vd_seal_keys(v, c, out)
							: hand_over(v, c, &sys);
		out->arg = why == GH_VAULT_FINE ? in->h->arg : sys;
	}
	gh_vd_forget(c);
	return why;
}
