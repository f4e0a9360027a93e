/* keys/tenants/<id>: the generations of a tenant's key. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "catalog/id.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"

#define MAGIC "GHKEYTEN"
static_assert(sizeof(struct gh_vf_tenant) == 32 + 16 + 8 + 16 + 16 * 96 + 32, "no padding: the structure is the file");
enum { KEYS_HERE = 1, DESTROYED = 2 };

static struct gh_wrap_for key_for(const struct gh_vf_tenant *f, uint32_t generation)
{
	struct gh_wrap_for w = { .kind = GH_WRAP_TENANT, .generation = f->head.root_generation };
	memcpy(w.owner, f->tenant, sizeof w.owner);
	memcpy(w.object, &generation, sizeof generation);
	return w;
}

static enum gh_vault_why directory(struct gh_vaultd *v, int *dir, uint64_t *sys)
{
	return gh_vf_dir(v->dir, "tenants", dir, sys);
}

/* Is it the file of this tenant, sealed under a root key that is open? */
static enum gh_vault_why verified(struct gh_vaultd *v, const uint8_t id[GH_VP_ID], const struct gh_vf_tenant *f,
				  bool *previous)
{
	enum gh_vault_why why = gh_vf_check(v, &f->head, MAGIC, GH_VAULT_TENANT_ALTERED, previous);
	if (why != GH_VAULT_FINE)
		return why;
	if (!gh_vf_sealed(*previous ? v->s->previous : v->s->root, f, sizeof *f) ||
	    memcmp(f->tenant, id, GH_VP_ID) != 0 || f->n > GH_VD_GENERATIONS)
		return GH_VAULT_TENANT_ALTERED;
	return GH_VAULT_FINE;
}

static enum gh_vault_why load(struct gh_vaultd *v, int dir, const uint8_t id[GH_VP_ID], struct gh_vf_tenant *f,
			      bool *there, bool *previous, uint64_t *sys)
{
	char name[GH_ID_HEX + 1];
	*previous = false;
	gh_hex_put(name, id, GH_VP_ID);
	enum gh_vault_why why = gh_vf_read(dir, name, f, sizeof *f, there, GH_VAULT_TENANT_ALTERED, sys);
	return why == GH_VAULT_FINE && *there ? verified(v, id, f, previous) : why;
}

static enum gh_vault_why store(struct gh_vaultd *v, int dir, struct gh_vf_tenant *f, unsigned how, uint64_t *sys)
{
	char name[GH_ID_HEX + 1];
	gh_hex_put(name, f->tenant, GH_VP_ID);
	return gh_vf_seal(v->s->root, f, sizeof *f) ? gh_vf_write(dir, name, f, sizeof *f, how, sys) : GH_VAULT_CRYPTO;
}

enum gh_vault_why gh_vd_tenant_read(struct gh_vaultd *v, const uint8_t id[GH_VP_ID], struct gh_vf_tenant *f,
				    uint64_t *sys)
{
	bool there = false, previous;
	int lock, dir;
	enum gh_vault_why why = gh_vf_lock(v, false, &lock, sys);
	if (why != GH_VAULT_FINE)
		return why;
	why = directory(v, &dir, sys);
	if (why == GH_VAULT_FINE) {
		why = load(v, dir, id, f, &there, &previous, sys);
		(void)close(dir);
	}
	gh_vf_unlock(lock);
	if (why == GH_VAULT_FINE)
		why = !there ? GH_VAULT_NO_TENANT : f->state != KEYS_HERE ? GH_VAULT_SHREDDED : GH_VAULT_FINE;
	return why;
}

enum gh_vault_why gh_vd_tenant_key(struct gh_vaultd *v, const struct gh_vf_tenant *f, uint32_t generation,
				   uint8_t key[32])
{
	const uint8_t *root = v->has_previous && f->head.root_generation != v->generation ? v->s->previous : v->s->root;
	for (uint32_t i = 0; i < f->n; i++) {
		if (f->key[i].generation != generation)
			continue;
		struct gh_wrap_for w = key_for(f, generation);
		return gh_unwrap(root, &w, f->key[i].wrapped, key) ? GH_VAULT_FINE : GH_VAULT_TENANT_ALTERED;
	}
	return GH_VAULT_KEY_RETIRED;
}

/* One more generation at the end of the list. */
static enum gh_vault_why grow(struct gh_vaultd *v, struct gh_vf_tenant *f)
{
	if (f->n == GH_VD_GENERATIONS)
		return GH_VAULT_GENERATIONS;
	uint8_t *key = v->s->scratch;
	struct gh_vf_generation *g = &f->key[f->n];
	g->generation = f->n == 0 ? 1 : f->key[f->n - 1].generation + 1;
	g->created = v->now();
	struct gh_wrap_for w = key_for(f, g->generation);
	bool ok = gh_random(key, 32) && gh_wrap(v->s->root, &w, key, g->wrapped);
	gh_wipe(key, 32);
	f->n++;
	return ok ? GH_VAULT_FINE : GH_VAULT_CRYPTO;
}

/* ---- changes ----------------------------------------------------------------------------------------------------------- */
typedef enum gh_vault_why change(struct gh_vaultd *v, struct gh_vf_tenant *f, bool there, uint64_t arg,
				 uint64_t *answer);

/* Read, do, write, under the lock; only while everything is under the present root key. */
static enum gh_vault_why changed(struct gh_vaultd *v, const uint8_t id[GH_VP_ID], change *how, uint64_t arg,
				 uint64_t *answer)
{
	struct gh_vf_tenant f;
	bool there, previous;
	int lock, dir;
	uint64_t sys = 0;
	enum gh_vault_why why = gh_vf_lock(v, true, &lock, &sys);
	if (why == GH_VAULT_FINE) {
		why = directory(v, &dir, &sys);
		if (why == GH_VAULT_FINE) {
			why = load(v, dir, id, &f, &there, &previous, &sys);
			if (why == GH_VAULT_FINE && previous)
				why = GH_VAULT_BUSY;
			if (why == GH_VAULT_FINE)
				why = how(v, &f, there, arg, answer);
			if (why == GH_VAULT_FINE)
				why = store(v, dir, &f, GH_VF_DESTROY, &sys);
			(void)close(dir);
		}
		gh_vf_unlock(lock);
	}
	if (why == GH_VAULT_IO)
		*answer = sys;
	return why;
}

static enum gh_vault_why state_of(const struct gh_vf_tenant *f, bool there)
{
	return !there ? GH_VAULT_NO_TENANT : f->state == KEYS_HERE ? GH_VAULT_FINE : GH_VAULT_SHREDDED;
}

static enum gh_vault_why do_rotate(struct gh_vaultd *v, struct gh_vf_tenant *f, bool there, uint64_t arg,
				   uint64_t *answer)
{
	(void)arg;
	enum gh_vault_why why = state_of(f, there);
	if (why == GH_VAULT_FINE)
		why = grow(v, f);
	if (why == GH_VAULT_FINE)
		*answer = f->key[f->n - 1].generation;
	return why;
}

static enum gh_vault_why do_retire(struct gh_vaultd *v, struct gh_vf_tenant *f, bool there, uint64_t below,
				   uint64_t *answer)
{
	(void)v;
	(void)answer;
	enum gh_vault_why why = state_of(f, there);
	if (why != GH_VAULT_FINE)
		return why;
	uint32_t kept = 0;
	for (uint32_t i = 0; i < f->n; i++) /* the current one always stays */
		if (f->key[i].generation >= below || i + 1 == f->n)
			f->key[kept++] = f->key[i];
	memset(&f->key[kept], 0, (GH_VD_GENERATIONS - kept) * sizeof f->key[0]);
	f->n = kept;
	return GH_VAULT_FINE;
}

static enum gh_vault_why do_destroy(struct gh_vaultd *v, struct gh_vf_tenant *f, bool there, uint64_t arg,
				    uint64_t *answer)
{
	(void)arg;
	(void)answer;
	enum gh_vault_why why = state_of(f, there);
	if (why != GH_VAULT_FINE)
		return why;
	memset(f->key, 0, sizeof f->key);
	f->n = 0;
	f->state = DESTROYED;
	f->shredded = v->now();
	return GH_VAULT_FINE;
}

enum gh_vault_why gh_vd_tenant_destroy(struct gh_vaultd *v, const uint8_t id[GH_VP_ID], uint64_t *sys)
{
	struct gh_vf_tenant f;
	enum gh_vault_why why = changed(v, id, do_destroy, 0, sys);
	if (why != GH_VAULT_FINE)
		return why;
	/* Not believed, but looked at: what stands there now holds no key of any generation. */
	why = gh_vd_tenant_read(v, id, &f, sys);
	bool none = why == GH_VAULT_SHREDDED && f.n == 0;
	for (uint32_t i = 0; none && i < GH_VD_GENERATIONS; i++)
		none = f.key[i].generation == 0;
	return none ? GH_VAULT_FINE : why == GH_VAULT_SHREDDED || why == GH_VAULT_FINE ? GH_VAULT_TENANT_ALTERED : why;
}

static const uint8_t *id_of(const struct gh_vd_in *in) { return ((const struct gh_vp_tenant *)in->body)->tenant; }

/* The file does not know its tenant before it exists, so a new one has a function of its own. */
enum gh_vault_why gh_vd_tenant_new(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				   struct gh_vd_out *out)
{
	struct gh_vf_tenant f;
	bool there, previous;
	int lock, dir;
	(void)c;
	enum gh_vault_why why = gh_vf_lock(v, true, &lock, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	why = directory(v, &dir, &out->arg);
	if (why == GH_VAULT_FINE) {
		why = load(v, dir, id_of(in), &f, &there, &previous, &out->arg);
		if (why == GH_VAULT_FINE && there)
			why = f.state == KEYS_HERE ? GH_VAULT_TENANT_EXISTS : GH_VAULT_SHREDDED;
		if (why == GH_VAULT_FINE) {
			memset(&f, 0, sizeof f);
			gh_vf_begin(v, &f.head, MAGIC);
			memcpy(f.tenant, id_of(in), GH_VP_ID);
			f.state = KEYS_HERE;
			f.created = v->now();
			why = grow(v, &f);
		}
		if (why == GH_VAULT_FINE)
			why = store(v, dir, &f, GH_VF_DESTROY, &out->arg);
		(void)close(dir);
	}
	gh_vf_unlock(lock);
	return why;
}

enum gh_vault_why gh_vd_tenant_status(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				      struct gh_vd_out *out)
{
	struct gh_vf_tenant f;
	struct gh_vp_tenant_status *s = (struct gh_vp_tenant_status *)out->body;
	(void)c;
	enum gh_vault_why why = gh_vd_tenant_read(v, id_of(in), &f, &out->arg);
	if (why != GH_VAULT_FINE && why != GH_VAULT_SHREDDED && why != GH_VAULT_NO_TENANT)
		return why;
	out->body_n = sizeof *s;
	if (why == GH_VAULT_NO_TENANT)
		return GH_VAULT_FINE;
	s->state = f.state;
	s->created = f.created;
	s->shredded = f.shredded;
	if (f.n > 0) {
		s->current = f.key[f.n - 1].generation;
		s->oldest = f.key[0].generation;
	}
	return GH_VAULT_FINE;
}

enum gh_vault_why gh_vd_tenant_rotate(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				      struct gh_vd_out *out)
{
	(void)c;
	return changed(v, id_of(in), do_rotate, 0, &out->arg);
}

enum gh_vault_why gh_vd_tenant_retire(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				      struct gh_vd_out *out)
{
	(void)c;
	return changed(v, id_of(in), do_retire, in->h->arg, &out->arg);
}

/* ---- all of them --------------------------------------------------------------------------------------------------------- */
/* Under the new root key, unless it is already. The caller holds the lock. */
static enum gh_vault_why rewrap_one(struct gh_vaultd *v, int dir, const uint8_t id[GH_VP_ID], uint64_t *sys)
{
	struct gh_vf_tenant f;
	bool there, previous;
	uint8_t *key = v->s->scratch + 32; /* the first bytes may hold the new root key */
	enum gh_vault_why why = load(v, dir, id, &f, &there, &previous, sys);
	if (why != GH_VAULT_FINE || !there || !previous)
		return why;
	for (uint32_t i = 0; why == GH_VAULT_FINE && i < f.n; i++) {
		struct gh_vf_generation *g = &f.key[i];
		struct gh_wrap_for from = key_for(&f, g->generation), to = from;
		to.generation = v->generation;
		if (!gh_unwrap(v->s->previous, &from, g->wrapped, key))
			why = GH_VAULT_TENANT_ALTERED;
		else if (!gh_wrap(v->s->root, &to, key, g->wrapped))
			why = GH_VAULT_CRYPTO;
	}
	gh_wipe(key, 32);
	f.head.root_generation = v->generation;
	/* What stood there was wrapped by the root key that ends now: nothing to be overwritten. */
	return why == GH_VAULT_FINE ? store(v, dir, &f, GH_VF_MANY, sys) : why;
}

/* Each file whose name is an id, in whatever order. False from fn ends it. */
static enum gh_vault_why each(struct gh_vaultd *v,
			      enum gh_vault_why (*fn)(struct gh_vaultd *v, int dir, const uint8_t *id, uint64_t *sys),
			      uint64_t *count, uint64_t *sys)
{
	int dir;
	uint8_t id[GH_VP_ID];
	enum gh_vault_why why = directory(v, &dir, sys);
	if (why != GH_VAULT_FINE)
		return why;
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy >= 0 ? fdopendir(copy) : NULL;
	if (d == NULL) {
		*sys = (uint64_t)errno;
		why = GH_VAULT_IO;
		if (copy >= 0)
			(void)close(copy);
	} else {
		rewinddir(d);
	}
	for (struct dirent *e; why == GH_VAULT_FINE && (e = readdir(d)) != NULL;) {
		struct gh_span name = gh_span_str(e->d_name);
		if (name.n != GH_ID_HEX || !gh_hex_get(name, id, sizeof id))
			continue;
		(*count)++;
		if (fn != NULL)
			why = fn(v, dir, id, sys);
	}
	if (d != NULL)
		(void)closedir(d);
	if (why == GH_VAULT_FINE && fn != NULL)
		why = gh_vf_flush(dir, sys);
	(void)close(dir);
	return why;
}

enum gh_vault_why gh_vd_tenants_rewrap(struct gh_vaultd *v, uint64_t *sys)
{
	uint64_t count = 0;
	return each(v, rewrap_one, &count, sys);
}

uint64_t gh_vd_tenants_count(struct gh_vaultd *v)
{
	uint64_t count = 0, sys;
	return each(v, NULL, &count, &sys) == GH_VAULT_FINE ? count : 0;
}
