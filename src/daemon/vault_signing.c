/* keys/signing/<kind>-<generation>: the keys that sign, their public halves, and who vouches for them. */
#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "crypto/pubkey.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"
#include "wire/b64.h"

#define MAGIC "GHKEYSIG"
static_assert(sizeof(struct gh_vf_signing) == 32 + 16 + 16 + 80 + 96 + 8 + 72 + 32,
	      "no padding: the structure is the file");
enum { GENERATIONS = 4096, NAME = 32, SCALAR = 32, TRIES = 16 };

static const struct {
	const char *name;
	const char *type; /* in endorsements */
	bool p256;
} kinds[GH_VAULT_KEYS_END] = {
	[GH_VAULT_BADGE] = { "badge", "ecdsa-p256", true },
	[GH_VAULT_LOG] = { "log", "ed25519", false },
	[GH_VAULT_NODE] = { "node", "ed25519", false },
};

static bool known(uint64_t key) { return key > GH_VAULT_ROOT && key < GH_VAULT_KEYS_END; }

static struct gh_wrap_for key_for(const struct gh_vf_signing *f)
{
	struct gh_wrap_for w = { .kind = GH_WRAP_SIGNING, .generation = f->head.root_generation };
	memcpy(w.owner, f->head.installation, sizeof w.owner);
	memcpy(w.object, &f->key, sizeof f->key);
	memcpy(w.object + 4, &f->generation, sizeof f->generation);
	return w;
}

/* The 32 bytes of a private key as an object that signs. P-256: a number, in the shortest form of RFC 5915 (the public half is
 * computed); Ed25519: a seed. NULL: it is none (a P-256 number out of range, once in 2^32). */
static struct gh_key *key_of(uint32_t kind, const uint8_t secret[SCALAR])
{
	static const uint8_t before[] = { 0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20 };
	static const uint8_t after[] = { 0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	uint8_t der[sizeof before + SCALAR + sizeof after];
	struct gh_key *k = NULL;
	if (!kinds[kind].p256)
		return gh_key_ed25519(secret);
	memcpy(der, before, sizeof before);
	memcpy(der + sizeof before, secret, SCALAR);
	memcpy(der + sizeof before + SCALAR, after, sizeof after);
	if (gh_key_private((struct gh_span){ der, sizeof der }, &k, NULL) != GH_OK)
		k = NULL;
	gh_wipe(der, sizeof der);
	return k;
}

enum gh_vault_why gh_vd_sign_with(const struct gh_key *k, struct gh_span msg, uint8_t *sig, uint32_t *sig_n)
{
	gh_auto_buf b = gh_buf(GH_VP_SIG);
	if (gh_key_sign(k, msg, &b, NULL) != GH_OK || b.full)
		return GH_VAULT_CRYPTO;
	memcpy(sig, b.p, b.n);
	*sig_n = (uint32_t)b.n;
	return GH_VAULT_FINE;
}

/* ---- files ------------------------------------------------------------------------------------------------------------- */
static const char *file_name(uint32_t key, uint32_t generation, char out[NAME])
{
	(void)snprintf(out, NAME, "%s-%u", kinds[key].name, generation);
	return out;
}

static enum gh_vault_why load_one(struct gh_vaultd *v, int dir, uint32_t key, uint32_t generation,
				  struct gh_vf_signing *f, bool *there, bool *previous, uint64_t *sys)
{
	char name[NAME];
	*previous = false;
	enum gh_vault_why why = gh_vf_read(dir, file_name(key, generation, name), f, sizeof *f, there,
					   GH_VAULT_SIGNING_ALTERED, sys);
	if (why != GH_VAULT_FINE || !*there)
		return why;
	why = gh_vf_check(v, &f->head, MAGIC, GH_VAULT_SIGNING_ALTERED, previous);
	if (why != GH_VAULT_FINE)
		return why;
	if (!gh_vf_sealed(*previous ? v->s->previous : v->s->root, f, sizeof *f) || f->key != key ||
	    f->generation != generation || f->spki_n > sizeof f->spki || f->sig_n > sizeof f->sig)
		return GH_VAULT_SIGNING_ALTERED;
	return GH_VAULT_FINE;
}

/* Which file it was is part of the answer. */
static enum gh_vault_why altered(uint32_t key, uint32_t generation, uint64_t *sys)
{
	*sys = GH_VP_WHICH(key, generation);
	return GH_VAULT_SIGNING_ALTERED;
}

static enum gh_vault_why load(struct gh_vaultd *v, int dir, uint32_t key, uint32_t generation, struct gh_vf_signing *f,
			      bool *there, bool *previous, uint64_t *sys)
{
	enum gh_vault_why why = load_one(v, dir, key, generation, f, there, previous, sys);
	return why == GH_VAULT_SIGNING_ALTERED ? altered(key, generation, sys) : why;
}

static enum gh_vault_why store(struct gh_vaultd *v, int dir, struct gh_vf_signing *f, uint64_t *sys)
{
	char name[NAME];
	if (!gh_vf_seal(v->s->root, f, sizeof *f))
		return GH_VAULT_CRYPTO;
	return gh_vf_write(dir, file_name(f->key, f->generation, name), f, sizeof *f, GH_VF_DESTROY, sys);
}

/* The highest generation there is. */
static enum gh_vault_why newest(struct gh_vaultd *v, int dir, uint32_t key, struct gh_vf_signing *f, uint64_t *sys)
{
	bool there = false, previous;
	uint32_t g = v->newest[key] > 0 ? v->newest[key] : 1;
	struct gh_vf_signing next;
	enum gh_vault_why why = load(v, dir, key, g, f, &there, &previous, sys);
	if (why == GH_VAULT_FINE && !there)
		why = altered(key, g, sys); /* made at init: it was removed */
	for (; why == GH_VAULT_FINE && g < GENERATIONS; g++) {
		why = load(v, dir, key, g + 1, &next, &there, &previous, sys);
		if (why != GH_VAULT_FINE || !there)
			break;
		*f = next;
	}
	v->newest[key] = f->generation;
	return why == GH_VAULT_FINE && f->current != 1 ? altered(key, f->generation + 1, sys) : why;
}

/* Work in the directory, under the lock. */
typedef enum gh_vault_why work(struct gh_vaultd *v, int dir, void *arg, uint64_t *sys);
static enum gh_vault_why locked(struct gh_vaultd *v, bool exclusive, work *fn, void *arg, uint64_t *sys)
{
	int lock, dir;
	enum gh_vault_why why = gh_vf_lock(v, exclusive, &lock, sys);
	if (why != GH_VAULT_FINE)
		return why;
	why = gh_vf_dir(v->dir, "signing", &dir, sys);
	if (why == GH_VAULT_FINE) {
		why = fn(v, dir, arg, sys);
		(void)close(dir);
	}
	gh_vf_unlock(lock);
	return why;
}

static enum gh_vault_why private_of(struct gh_vaultd *v, const struct gh_vf_signing *f, struct gh_key **out,
				    uint64_t *sys)
{
	const uint8_t *root = f->head.root_generation == v->generation ? v->s->root : v->s->previous;
	struct gh_wrap_for w = key_for(f);
	uint8_t *secret = v->s->scratch + 128; /* the beginning may be in use by the caller */
	*out = gh_unwrap(root, &w, f->wrapped, secret) ? key_of(f->key, secret) : NULL;
	gh_wipe(secret, SCALAR);
	return *out != NULL ? GH_VAULT_FINE : altered(f->key, f->generation, sys);
}

struct wanted {
	enum gh_vault_key key;
	struct gh_vf_signing *f;
	struct gh_key **out;
};
static enum gh_vault_why get_key(struct gh_vaultd *v, int dir, void *arg, uint64_t *sys)
{
	const struct wanted *w = arg;
	enum gh_vault_why why = newest(v, dir, w->key, w->f, sys);
	return why == GH_VAULT_FINE ? private_of(v, w->f, w->out, sys) : why;
}

enum gh_vault_why gh_vd_signing_key(struct gh_vaultd *v, enum gh_vault_key key, struct gh_vf_signing *f,
				    struct gh_key **out, uint64_t *sys)
{
	struct gh_vf_signing here;
	struct wanted w = { key, f != NULL ? f : &here, out };
	*out = NULL;
	return locked(v, false, get_key, &w, sys);
}

/* ---- making and rotating ------------------------------------------------------------------------------------------------- */
/* What a badge key says of a public key: JSON, members in order, no white space. */
static size_t endorsement(const struct gh_vf_signing *f, uint8_t out[GH_VP_ENDORSE])
{
	gh_auto_buf b = gh_buf(GH_VP_ENDORSE);
	gh_buf_fmt(&b, "{\"generation\":%u,\"key\":\"%s\",\"publicKey\":\"", f->generation, kinds[f->key].name);
	gh_b64_put(&b, (struct gh_span){ f->spki, f->spki_n });
	gh_buf_fmt(&b, "\",\"type\":\"%s\"}", kinds[f->key].type);
	if (b.full)
		return 0;
	memcpy(out, b.p, b.n);
	return b.n;
}

static enum gh_vault_why endorse(const struct gh_key *badge, const struct gh_vf_signing *f, uint8_t *sig,
				 uint32_t *sig_n)
{
	uint8_t msg[GH_VP_ENDORSE + 96], payload[GH_VP_ENDORSE];
	size_t n = endorsement(f, payload), at = gh_vd_pae_head(GH_VAULT_KEY_PAYLOAD, n, msg, sizeof msg);
	if (n == 0 || at == 0 || n > sizeof msg - at)
		return GH_VAULT_CRYPTO;
	memcpy(msg + at, payload, n);
	return gh_vd_sign_with(badge, (struct gh_span){ msg, at + n }, sig, sig_n);
}

/* A new key pair, written as current. before: the badge key that vouches for it, or NULL. */
static enum gh_vault_why make(struct gh_vaultd *v, int dir, uint32_t key, uint32_t generation,
			      const struct gh_key *before, uint64_t *sys)
{
	struct gh_vf_signing f;
	uint8_t *secret = v->s->scratch + 160;
	struct gh_key *k = NULL;
	memset(&f, 0, sizeof f);
	gh_vf_begin(v, &f.head, MAGIC);
	f.key = key;
	f.generation = generation;
	f.current = 1;
	f.created = v->now();
	for (unsigned i = 0; k == NULL && i < TRIES; i++)
		k = gh_random(secret, SCALAR) ? key_of(key, secret) : NULL;
	struct gh_wrap_for w = key_for(&f);
	gh_auto_buf spki = gh_buf(sizeof f.spki);
	enum gh_vault_why why = k != NULL && gh_key_spki(k, &spki) && !spki.full &&
						gh_wrap(v->s->root, &w, secret, f.wrapped)
					? GH_VAULT_FINE
					: GH_VAULT_CRYPTO;
	gh_wipe(secret, SCALAR);
	gh_key_free(k);
	if (why != GH_VAULT_FINE)
		return why;
	memcpy(f.spki, spki.p, spki.n);
	f.spki_n = (uint32_t)spki.n;
	if (before != NULL) {
		why = endorse(before, &f, f.sig, &f.sig_n);
		f.endorsed_by = generation - 1;
	}
	return why == GH_VAULT_FINE ? store(v, dir, &f, sys) : why;
}

static enum gh_vault_why init_all(struct gh_vaultd *v, int dir, void *arg, uint64_t *sys)
{
	enum gh_vault_why why = GH_VAULT_FINE;
	(void)arg;
	for (uint32_t key = GH_VAULT_BADGE; why == GH_VAULT_FINE && key < GH_VAULT_KEYS_END; key++)
		why = make(v, dir, key, 1, NULL, sys);
	return why;
}

/* The caller holds the lock. */
enum gh_vault_why gh_vd_signing_init(struct gh_vaultd *v, uint64_t *sys)
{
	int dir;
	enum gh_vault_why why = gh_vf_dir(v->dir, "signing", &dir, sys);
	if (why != GH_VAULT_FINE)
		return why;
	memset(v->newest, 0, sizeof v->newest);
	why = init_all(v, dir, NULL, sys);
	(void)close(dir);
	return why == GH_VAULT_FINE ? gh_vd_log_init(v, sys) : why;
}

/* The private half of an older generation is destroyed: it must sign nothing any more. */
static enum gh_vault_why retire(struct gh_vaultd *v, int dir, uint32_t key, uint32_t generation, uint64_t *sys)
{
	struct gh_vf_signing f;
	bool there = false, previous;
	enum gh_vault_why why = generation == 0 ? GH_VAULT_FINE
						: load(v, dir, key, generation, &f, &there, &previous, sys);
	if (why != GH_VAULT_FINE || !there || f.current == 0)
		return why;
	f.current = 0;
	f.retired = v->now();
	memset(f.wrapped, 0, sizeof f.wrapped);
	return store(v, dir, &f, sys);
}

/* Is there a generation before the newest whose private half a crash left? settle: end it. */
struct settling {
	bool settle, found;
};
static enum gh_vault_why leftovers(struct gh_vaultd *v, int dir, void *arg, uint64_t *sys)
{
	struct settling *s = arg;
	struct gh_vf_signing f;
	bool there = false, previous;
	enum gh_vault_why why = GH_VAULT_FINE;
	for (uint32_t key = GH_VAULT_BADGE; why == GH_VAULT_FINE && key < GH_VAULT_KEYS_END; key++) {
		why = newest(v, dir, key, &f, sys);
		uint32_t before = f.generation - 1;
		if (why != GH_VAULT_FINE || before == 0)
			continue;
		why = load(v, dir, key, before, &f, &there, &previous, sys);
		if (why != GH_VAULT_FINE || !there || f.current == 0)
			continue;
		s->found = true;
		if (s->settle)
			why = retire(v, dir, key, before, sys);
	}
	return why;
}

enum gh_vault_why gh_vd_signing_settle(struct gh_vaultd *v, uint64_t *sys)
{
	struct settling s = { false, false };
	enum gh_vault_why why = locked(v, false, leftovers, &s, sys);
	if (why != GH_VAULT_FINE || !s.found)
		return why;
	s.settle = true;
	return locked(v, true, leftovers, &s, sys);
}

struct rotated {
	uint32_t key, generation;
};
static enum gh_vault_why rotate(struct gh_vaultd *v, int dir, void *arg, uint64_t *sys)
{
	struct rotated *r = arg;
	struct gh_vf_signing f;
	struct gh_key *old = NULL;
	enum gh_vault_why why = newest(v, dir, r->key, &f, sys);
	if (why == GH_VAULT_FINE && f.generation == GENERATIONS)
		why = GH_VAULT_GENERATIONS;
	if (why == GH_VAULT_FINE && r->key == GH_VAULT_BADGE)
		why = private_of(v, &f, &old, sys);
	if (why == GH_VAULT_FINE)
		why = make(v, dir, r->key, f.generation + 1, old, sys);
	if (why == GH_VAULT_FINE) {
		r->generation = v->newest[r->key] = f.generation + 1;
		why = retire(v, dir, r->key, f.generation, sys);
	}
	gh_key_free(old);
	return why;
}

enum gh_vault_why gh_vd_rotate(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			       struct gh_vd_out *out)
{
	(void)c;
	if (in->h->arg == GH_VAULT_ROOT) {
		uint64_t generation = 0;
		enum gh_vault_why why = gh_vd_rotate_root(v, &generation, &out->arg);
		if (why == GH_VAULT_FINE)
			out->arg = generation;
		return why;
	}
	if (!known(in->h->arg))
		return GH_VAULT_NO_SUCH_KEY;
	struct rotated r = { (uint32_t)in->h->arg, 0 };
	enum gh_vault_why why = locked(v, true, rotate, &r, &out->arg);
	if (why == GH_VAULT_FINE)
		out->arg = r.generation;
	return why;
}

/* ---- under a new root key ------------------------------------------------------------------------------------------------ */
static enum gh_vault_why rewrap(struct gh_vaultd *v, int dir, struct gh_vf_signing *f, uint64_t *sys)
{
	struct gh_wrap_for from = key_for(f), to = from;
	uint8_t *secret = v->s->scratch + 160;
	enum gh_vault_why why = GH_VAULT_FINE;
	to.generation = v->generation;
	if (f->current != 0) {
		if (!gh_unwrap(v->s->previous, &from, f->wrapped, secret))
			why = altered(f->key, f->generation, sys);
		else if (!gh_wrap(v->s->root, &to, secret, f->wrapped))
			why = GH_VAULT_CRYPTO;
		gh_wipe(secret, SCALAR);
	}
	f->head.root_generation = v->generation;
	return why == GH_VAULT_FINE ? store(v, dir, f, sys) : why;
}

/* The caller holds the lock. */
enum gh_vault_why gh_vd_signing_rewrap(struct gh_vaultd *v, uint64_t *sys)
{
	struct gh_vf_signing f;
	int dir;
	enum gh_vault_why why = gh_vf_dir(v->dir, "signing", &dir, sys);
	if (why != GH_VAULT_FINE)
		return why;
	for (uint32_t key = GH_VAULT_BADGE; why == GH_VAULT_FINE && key < GH_VAULT_KEYS_END; key++) {
		bool there = true, previous;
		for (uint32_t g = 1; why == GH_VAULT_FINE && there && g <= GENERATIONS; g++) {
			why = load(v, dir, key, g, &f, &there, &previous, sys);
			if (why == GH_VAULT_FINE && there && previous)
				why = rewrap(v, dir, &f, sys);
		}
	}
	(void)close(dir);
	return why == GH_VAULT_FINE ? gh_vd_log_rewrap(v, sys) : why;
}

/* ---- public halves ------------------------------------------------------------------------------------------------------- */
struct listing {
	struct gh_vd_out *out;
	uint64_t only; /* enum gh_vault_key; 0: all */
};
static enum gh_vault_why list(struct gh_vaultd *v, int dir, void *arg, uint64_t *sys)
{
	const struct listing *l = arg;
	enum { ROOM = GH_VP_PACKET - sizeof(struct gh_vp_head) };
	struct gh_vd_out *out = l->out;
	struct gh_vp_public *to = (struct gh_vp_public *)out->body;
	struct gh_vf_signing f;
	enum gh_vault_why why = GH_VAULT_FINE;
	for (uint32_t key = GH_VAULT_BADGE; why == GH_VAULT_FINE && key < GH_VAULT_KEYS_END; key++) {
		bool there = true, previous;
		for (uint32_t g = 1; (l->only == 0 || l->only == key) && why == GH_VAULT_FINE && g <= GENERATIONS;
		     g++) {
			why = load(v, dir, key, g, &f, &there, &previous, sys);
			if (why != GH_VAULT_FINE || !there)
				break;
			if ((out->n + 1) * sizeof *to > ROOM)
				return GH_VAULT_TOO_MANY;
			struct gh_vp_public *p = &to[out->n++];
			*p = (struct gh_vp_public){ .key = key,
						    .generation = g,
						    .current = f.current,
						    .spki_n = f.spki_n,
						    .created = f.created,
						    .retired = f.retired };
			memcpy(p->spki, f.spki, sizeof p->spki);
		}
	}
	out->body_n = out->n * sizeof *to;
	return why;
}

enum gh_vault_why gh_vd_public(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			       struct gh_vd_out *out)
{
	struct listing l = { out, in->h->arg };
	(void)c;
	if (l.only != 0 && !known(l.only))
		return GH_VAULT_NO_SUCH_KEY;
	return locked(v, false, list, &l, &out->arg);
}

struct endorsing {
	const struct gh_vp_which *which;
	struct gh_vp_endorsement *out;
};
static enum gh_vault_why do_endorse(struct gh_vaultd *v, int dir, void *arg, uint64_t *sys)
{
	const struct endorsing *e = arg;
	struct gh_vf_signing f, badge;
	struct gh_key *k;
	bool there = false, previous;
	enum gh_vault_why why = load(v, dir, e->which->key, e->which->generation, &f, &there, &previous, sys);
	if (why != GH_VAULT_FINE || !there)
		return why != GH_VAULT_FINE ? why : GH_VAULT_NO_SUCH_KEY;
	e->out->payload_n = (uint32_t)endorsement(&f, e->out->payload);
	if (f.key == GH_VAULT_BADGE) { /* by the one before, which has signed it when it was made */
		e->out->by = f.endorsed_by;
		e->out->sig_n = f.sig_n;
		memcpy(e->out->sig, f.sig, sizeof f.sig);
		return f.sig_n == 0 ? GH_VAULT_NO_SUCH_KEY : GH_VAULT_FINE;
	}
	why = newest(v, dir, GH_VAULT_BADGE, &badge, sys);
	if (why == GH_VAULT_FINE)
		why = private_of(v, &badge, &k, sys);
	if (why != GH_VAULT_FINE)
		return why;
	e->out->by = badge.generation;
	why = endorse(k, &f, e->out->sig, &e->out->sig_n);
	gh_key_free(k);
	return why;
}

enum gh_vault_why gh_vd_endorse(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				struct gh_vd_out *out)
{
	struct endorsing e = { (const struct gh_vp_which *)in->body, (struct gh_vp_endorsement *)out->body };
	(void)c;
	if (!known(e.which->key) || e.which->generation == 0 || e.which->generation > GENERATIONS)
		return GH_VAULT_NO_SUCH_KEY;
	out->body_n = sizeof *e.out;
	return locked(v, false, do_endorse, &e, &out->arg);
}
