/* keys/root: the root key and the ways to open it. */
#include "crypto/merkle.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"

#include <assert.h>
#include <stddef.h>

#define MAGIC "GHKEYROO"
static_assert(sizeof(struct gh_vf_slot) == 856 && sizeof(struct gh_vf_root) == 128 + 8 * 856 + 32 + 32,
	      "no padding: the structures are the file");
enum { CONTEXT = offsetof(struct gh_vf_slot, box) + GH_VP_ID + 4 };

static struct gh_mhash sum_of(const struct gh_vf_root *f)
{
	return gh_merkle_sha256((struct gh_span){ (const uint8_t *)f, offsetof(struct gh_vf_root, sum) });
}

enum gh_vault_why gh_vd_read_root(struct gh_vaultd *v, struct gh_vf_root *f, bool *there, uint64_t *sys)
{
	enum gh_vault_why why = gh_vf_read(v->dir, "root", f, sizeof *f, there, GH_VAULT_ROOT_DAMAGED, sys);
	if (why != GH_VAULT_FINE || !*there)
		return why;
	if (memcmp(f->head.magic, MAGIC, sizeof f->head.magic) != 0)
		return GH_VAULT_ROOT_DAMAGED;
	if (f->head.version != GH_VF_VERSION)
		return f->head.version > GH_VF_VERSION ? GH_VAULT_NEWER : GH_VAULT_ROOT_DAMAGED;
	struct gh_mhash sum = sum_of(f);
	return memcmp(sum.b, f->sum, sizeof f->sum) == 0 ? GH_VAULT_FINE : GH_VAULT_SLOT_ALTERED;
}

/* What a box is for: everything its slot says, in this installation, for this generation of the root key. */
static struct gh_span context(const struct gh_vf_root *f, const struct gh_vf_slot *s, uint8_t room[CONTEXT])
{
	size_t n = offsetof(struct gh_vf_slot, box);
	memcpy(room, s, n);
	memcpy(room + n, f->head.installation, GH_VP_ID);
	memcpy(room + n + GH_VP_ID, &f->head.root_generation, 4);
	return (struct gh_span){ room, CONTEXT };
}

static enum gh_vault_why boxes(struct gh_vf_root *f, const uint8_t root[32])
{
	uint8_t room[CONTEXT];
	for (size_t i = 0; i < GH_VP_SLOTS; i++) {
		struct gh_vf_slot *s = &f->slot[i];
		if (s->number != 0 && !gh_box_seal(s->public_key, context(f, s, room), root, s->box))
			return GH_VAULT_CRYPTO;
	}
	return GH_VAULT_FINE;
}

enum gh_vault_why gh_vd_root_write(struct gh_vaultd *v, struct gh_vf_root *f, const uint8_t root[32], uint64_t *sys)
{
	enum gh_vault_why why = boxes(f, root);
	struct gh_mhash sum = sum_of(f);
	memcpy(f->sum, sum.b, sizeof f->sum);
	if (why == GH_VAULT_FINE && !gh_vf_seal(root, f, sizeof *f))
		why = GH_VAULT_CRYPTO;
	return why != GH_VAULT_FINE ? why : gh_vf_write(v->dir, "root", f, sizeof *f, GH_VF_DESTROY, sys);
}

/* The file as it is now, while the root key is open. The caller holds the lock. */
enum gh_vault_why gh_vd_root_current(struct gh_vaultd *v, struct gh_vf_root *f, uint64_t *sys)
{
	bool there, previous;
	enum gh_vault_why why = gh_vd_read_root(v, f, &there, sys);
	if (why == GH_VAULT_FINE && !there)
		why = GH_VAULT_ROOT_DAMAGED;
	if (why == GH_VAULT_FINE)
		why = gh_vf_check(v, &f->head, MAGIC, GH_VAULT_SLOT_ALTERED, &previous);
	if (why == GH_VAULT_FINE && (previous || !gh_vf_sealed(v->s->root, f, sizeof *f)))
		why = GH_VAULT_SLOT_ALTERED;
	return why;
}

/* ---- handlers ---------------------------------------------------------------------------------------------------------- */
static void shut(struct gh_vaultd *v)
{
	gh_wipe(v->s, sizeof *v->s);
	v->open = v->has_previous = false;
	v->generation = 0;
}

/* Root and signing keys; the file `root` comes last: without it there are no keys, and init can be repeated. */
static enum gh_vault_why make(struct gh_vaultd *v, struct gh_vf_root *f, const struct gh_vp_slot_add *a,
			      struct gh_span secret, struct gh_vd_out *out)
{
	bool there;
	uint32_t number;
	enum gh_vault_why why = gh_vd_read_root(v, f, &there, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	if (there || gh_vd_tenants_count(v) > 0)
		return GH_VAULT_HAVE_KEYS;
	memset(f, 0, sizeof *f);
	v->generation = 1;
	if (!gh_random(v->s->root, sizeof v->s->root) || !gh_random(v->installation, sizeof v->installation))
		return GH_VAULT_CRYPTO;
	gh_vf_begin(v, &f->head, MAGIC);
	f->created = v->now();
	f->next_slot = 1;
	why = gh_vd_slot_put(v, f, a, secret, &number, &out->arg);
	if (why == GH_VAULT_FINE)
		why = gh_vd_slot_recovery(v, f, (struct gh_vp_recovery *)out->body, &out->arg);
	if (why == GH_VAULT_FINE)
		why = gh_vd_signing_init(v, &out->arg);
	return why != GH_VAULT_FINE ? why : gh_vd_root_write(v, f, v->s->root, &out->arg);
}

enum gh_vault_why gh_vd_init(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			     struct gh_vd_out *out)
{
	const struct gh_vp_slot_add *a = (const struct gh_vp_slot_add *)in->body;
	struct gh_vf_root f;
	struct gh_span secret;
	int lock;
	(void)c;
	if (!gh_vd_slot_request(a) || a->method == GH_VAULT_RECOVERY) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	enum gh_vault_why why = gh_vf_lock(v, true, &lock, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	why = gh_vd_read_secret(v, a->method, in->fd, &secret);
	if (why == GH_VAULT_FINE)
		why = make(v, &f, a, secret, out);
	gh_vf_unlock(lock);
	if (why == GH_VAULT_FINE) {
		v->open = true;
		out->body_n = sizeof(struct gh_vp_recovery);
	} else {
		shut(v);
	}
	gh_wipe(v->s->scratch, sizeof v->s->scratch);
	return why;
}

static const enum gh_vault_why wrong[GH_VAULT_METHODS_END] = {
	[GH_VAULT_PASSPHRASE] = GH_VAULT_WRONG_PASSPHRASE, [GH_VAULT_KEYFILE] = GH_VAULT_WRONG_KEYFILE,
	[GH_VAULT_CREDENTIAL] = GH_VAULT_WRONG_CREDENTIAL, [GH_VAULT_TPM] = GH_VAULT_SLOT_ALTERED,
	[GH_VAULT_RECOVERY] = GH_VAULT_WRONG_RECOVERY,
};

/* Try the slots of a method, one after the other. A private key that fits its slot but does not open its box says that
 * somebody changed the file; the best answer of several slots is kept. */
static enum gh_vault_why open_slots(struct gh_vaultd *v, const struct gh_vf_root *f, uint32_t method,
				    struct gh_span secret, uint64_t *sys)
{
	uint8_t key[32], public_key[32], room[CONTEXT];
	enum gh_vault_why best = GH_VAULT_NO_SLOT;
	for (size_t i = 0; i < GH_VP_SLOTS; i++) {
		const struct gh_vf_slot *s = &f->slot[i];
		if (s->number == 0 || s->method != method)
			continue;
		enum gh_vault_why why = gh_vd_slot_key(v, s, secret, key, sys);
		if (why == GH_VAULT_FINE && !gh_box_public(key, public_key))
			why = GH_VAULT_CRYPTO;
		if (why == GH_VAULT_FINE && !gh_same_bytes(public_key, s->public_key, sizeof public_key))
			why = wrong[method];
		if (why == GH_VAULT_FINE && !gh_box_open(key, context(f, s, room), s->box, v->s->root))
			why = GH_VAULT_SLOT_ALTERED;
		gh_wipe(key, sizeof key);
		if (why == GH_VAULT_FINE)
			return why;
		best = best == GH_VAULT_NO_SLOT || best == wrong[method] ? why : best;
	}
	return best;
}

/* Everything is wrapped under the new root key; the old one ends. */
static enum gh_vault_why finish(struct gh_vaultd *v, struct gh_vf_root *f, uint64_t *sys)
{
	enum gh_vault_why why = gh_vd_tenants_rewrap(v, sys);
	if (why == GH_VAULT_FINE)
		why = gh_vd_signing_rewrap(v, sys);
	if (why != GH_VAULT_FINE)
		return why;
	f->has_previous = 0;
	memset(f->previous, 0, sizeof f->previous);
	why = gh_vd_root_write(v, f, v->s->root, sys);
	if (why == GH_VAULT_FINE) {
		v->has_previous = false;
		gh_wipe(v->s->previous, sizeof v->s->previous);
	}
	return why;
}

static struct gh_wrap_for previous_for(const struct gh_vf_root *f)
{
	struct gh_wrap_for w = { .kind = GH_WRAP_ROOT, .generation = f->head.root_generation };
	memcpy(w.owner, f->head.installation, sizeof w.owner);
	return w;
}

/* A rotation that did not come to its end is finished now. */
static enum gh_vault_why resume(struct gh_vaultd *v, uint64_t *sys)
{
	struct gh_vf_root f;
	int lock;
	enum gh_vault_why why = gh_vf_lock(v, true, &lock, sys);
	if (why != GH_VAULT_FINE)
		return why;
	why = gh_vd_root_current(v, &f, sys);
	struct gh_wrap_for w = previous_for(&f);
	if (why == GH_VAULT_FINE && f.has_previous != 0) {
		if (gh_unwrap(v->s->root, &w, f.previous, v->s->previous)) {
			v->has_previous = true;
			why = finish(v, &f, sys);
		} else {
			why = GH_VAULT_SLOT_ALTERED;
		}
	}
	gh_vf_unlock(lock);
	return why;
}

enum gh_vault_why gh_vd_unlock(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			       struct gh_vd_out *out)
{
	const struct gh_vp_slot_add *a = (const struct gh_vp_slot_add *)in->body;
	struct gh_vf_root f;
	struct gh_span secret;
	bool there;
	int lock;
	(void)c;
	if (!gh_vd_slot_request(a)) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	if (v->open)
		return GH_VAULT_OPEN_ALREADY;
	enum gh_vault_why why = gh_vf_lock(v, false, &lock, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	why = gh_vd_read_root(v, &f, &there, &out->arg);
	gh_vf_unlock(lock); /* not while a passphrase is stretched */
	if (why == GH_VAULT_FINE && !there)
		why = GH_VAULT_NO_KEYS;
	if (why == GH_VAULT_FINE)
		why = gh_vd_read_secret(v, a->method, in->fd, &secret);
	if (why == GH_VAULT_FINE)
		why = open_slots(v, &f, a->method, secret, &out->arg);
	gh_wipe(v->s->scratch, sizeof v->s->scratch);
	if (why == GH_VAULT_FINE && !gh_vf_sealed(v->s->root, &f, sizeof f))
		why = GH_VAULT_SLOT_ALTERED;
	if (why == GH_VAULT_FINE) {
		v->generation = f.head.root_generation;
		memcpy(v->installation, f.head.installation, sizeof v->installation);
		v->open = true;
		why = f.has_previous != 0 ? resume(v, &out->arg) : GH_VAULT_FINE;
		/* An altered signing key is said when it is used, not to somebody who wants to read a model. */
		uint64_t ignored = 0;
		if (why == GH_VAULT_FINE)
			(void)gh_vd_signing_settle(v, &ignored);
	}
	if (why != GH_VAULT_FINE)
		shut(v);
	return why;
}

/* As the file says, also while it is locked: what is shown then is not verified. */
enum gh_vault_why gh_vd_root_look(struct gh_vaultd *v, struct gh_vf_root *f, bool *there, uint64_t *sys)
{
	int lock;
	enum gh_vault_why why = gh_vf_lock(v, false, &lock, sys);
	if (why != GH_VAULT_FINE)
		return why;
	why = gh_vd_read_root(v, f, there, sys);
	if (why == GH_VAULT_FINE && *there && v->open)
		why = gh_vd_root_current(v, f, sys);
	gh_vf_unlock(lock);
	return why;
}

enum gh_vault_why gh_vd_status(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			       struct gh_vd_out *out)
{
	struct gh_vf_root f;
	struct gh_vp_status *s = (struct gh_vp_status *)out->body;
	bool there;
	(void)c;
	(void)in;
	enum gh_vault_why why = gh_vd_root_look(v, &f, &there, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	out->body_n = sizeof *s;
	if (!there)
		return GH_VAULT_FINE;
	s->state = v->open ? 2 : 1;
	s->root_generation = f.head.root_generation;
	s->slots = (uint32_t)gh_vd_slot_count(&f);
	memcpy(s->installation, f.head.installation, sizeof s->installation);
	for (size_t i = 0; i < GH_VD_CHANNELS; i++)
		s->sessions += v->chan[i].fd >= 0 && v->chan[i].who == GH_VD_BLOB;
	s->tenants = gh_vd_tenants_count(v);
	uint64_t ignored;
	if (v->open) /* a damaged memory of the log is said when something is to be signed */
		(void)gh_vd_log_signed(v, &s->log_size, s->log_root, &ignored);
	return GH_VAULT_FINE;
}

/* ---- rotation ---------------------------------------------------------------------------------------------------------- */
/* 1. A file that holds the new key in every slot's box, and the old one wrapped by the new. 2. Everything is wrapped again.
 * 3. The same file without the old key. After a crash in between the next unlock goes on with 2. */
enum gh_vault_why gh_vd_rotate_root(struct gh_vaultd *v, uint64_t *generation, uint64_t *sys)
{
	struct gh_vf_root f;
	uint8_t *fresh = v->s->scratch;
	int lock;
	enum gh_vault_why why = gh_vf_lock(v, true, &lock, sys);
	if (why != GH_VAULT_FINE)
		return why;
	why = gh_vd_root_current(v, &f, sys);
	if (why == GH_VAULT_FINE && !gh_random(fresh, 32))
		why = GH_VAULT_CRYPTO;
	f.head.root_generation++;
	f.has_previous = 1;
	struct gh_wrap_for w = previous_for(&f);
	if (why == GH_VAULT_FINE && !gh_wrap(fresh, &w, v->s->root, f.previous))
		why = GH_VAULT_CRYPTO;
	if (why == GH_VAULT_FINE)
		why = gh_vd_root_write(v, &f, fresh, sys);
	if (why == GH_VAULT_FINE) {
		memcpy(v->s->previous, v->s->root, 32);
		memcpy(v->s->root, fresh, 32);
		v->has_previous = true;
		v->generation = f.head.root_generation;
		*generation = v->generation;
		why = finish(v, &f, sys);
	}
	gh_wipe(fresh, 32);
	gh_vf_unlock(lock);
	return why;
}
