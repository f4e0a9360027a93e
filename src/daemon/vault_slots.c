/* The slots of keys/root: which ways there are to open it. */
#include "crypto/secret.h"
#include "daemon/vault_int.h"

static struct gh_vf_slot *free_slot(struct gh_vf_root *f)
{
	for (size_t i = 0; i < GH_VP_SLOTS; i++)
		if (f->slot[i].number == 0)
			return &f->slot[i];
	return NULL;
}

size_t gh_vd_slot_count(const struct gh_vf_root *f)
{
	size_t n = 0;
	for (size_t i = 0; i < GH_VP_SLOTS; i++)
		n += f->slot[i].number != 0;
	return n;
}

bool gh_vd_slot_request(const struct gh_vp_slot_add *a)
{
	return a->method >= GH_VAULT_PASSPHRASE && a->method < GH_VAULT_METHODS_END &&
	       (a->pcrs == 0 || (a->method == GH_VAULT_TPM && a->pcrs < 1u << 24)) && a->label[GH_VP_LABEL - 1] == '\0';
}

enum gh_vault_why gh_vd_slot_put(struct gh_vaultd *v, struct gh_vf_root *f, const struct gh_vp_slot_add *a,
				 struct gh_span secret, uint32_t *number, uint64_t *sys)
{
	struct gh_vf_slot *to = free_slot(f), s = { .number = f->next_slot, .method = a->method, .pcrs = a->pcrs };
	if (to == NULL)
		return GH_VAULT_SLOTS_FULL;
	memcpy(s.label, a->label, strnlen(a->label, sizeof s.label - 1));
	s.created = v->now();
	enum gh_vault_why why = gh_vd_slot_make(v, &s, secret, sys);
	if (why == GH_VAULT_FINE) {
		*to = s;
		*number = f->next_slot++;
	}
	return why;
}

enum gh_vault_why gh_vd_slot_recovery(struct gh_vaultd *v, struct gh_vf_root *f, struct gh_vp_recovery *out,
				      uint64_t *sys)
{
	struct gh_vp_slot_add a = { .method = GH_VAULT_RECOVERY, .label = "recovery key" };
	uint8_t key[20];
	uint32_t number;
	if (!gh_random(key, sizeof key))
		return GH_VAULT_CRYPTO;
	enum gh_vault_why why = gh_vd_slot_put(v, f, &a, (struct gh_span){ key, sizeof key }, &number, sys);
	if (why == GH_VAULT_FINE)
		gh_vd_recovery_text(key, out->text);
	gh_wipe(key, sizeof key);
	return why;
}

/* Change the file of slots: read, do, write, under the lock. */
typedef enum gh_vault_why change(struct gh_vaultd *v, struct gh_vf_root *f, const struct gh_vd_in *in,
				 struct gh_vd_out *out);
static enum gh_vault_why changed(struct gh_vaultd *v, const struct gh_vd_in *in, struct gh_vd_out *out, change *how)
{
	struct gh_vf_root f;
	int lock;
	enum gh_vault_why why = gh_vf_lock(v, true, &lock, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	why = gh_vd_root_current(v, &f, &out->arg);
	if (why == GH_VAULT_FINE)
		why = how(v, &f, in, out);
	if (why == GH_VAULT_FINE) {
		uint64_t sys = 0;
		why = gh_vd_root_write(v, &f, v->s->root, &sys);
		out->arg = why == GH_VAULT_FINE ? out->arg : sys;
	}
	gh_vf_unlock(lock);
	gh_wipe(v->s->scratch, sizeof v->s->scratch);
	return why;
}

static enum gh_vault_why do_add(struct gh_vaultd *v, struct gh_vf_root *f, const struct gh_vd_in *in,
				struct gh_vd_out *out)
{
	const struct gh_vp_slot_add *a = (const struct gh_vp_slot_add *)in->body;
	struct gh_span secret;
	uint32_t number = 0;
	enum gh_vault_why why = gh_vd_read_secret(v, a->method, in->fd, &secret);
	if (why == GH_VAULT_FINE)
		why = gh_vd_slot_put(v, f, a, secret, &number, &out->arg);
	if (why == GH_VAULT_FINE)
		out->arg = number;
	return why;
}

enum gh_vault_why gh_vd_slot_add(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				 struct gh_vd_out *out)
{
	const struct gh_vp_slot_add *a = (const struct gh_vp_slot_add *)in->body;
	(void)c;
	out->broken = !gh_vd_slot_request(a) || a->method == GH_VAULT_RECOVERY;
	return out->broken ? GH_VAULT_FINE : changed(v, in, out, do_add);
}

static enum gh_vault_why do_remove(struct gh_vaultd *v, struct gh_vf_root *f, const struct gh_vd_in *in,
				   struct gh_vd_out *out)
{
	(void)v;
	(void)out;
	for (size_t i = 0; i < GH_VP_SLOTS; i++)
		if (f->slot[i].number != 0 && f->slot[i].number == in->h->arg) {
			if (gh_vd_slot_count(f) == 1)
				return GH_VAULT_LAST_SLOT;
			memset(&f->slot[i], 0, sizeof f->slot[i]);
			return GH_VAULT_FINE;
		}
	return GH_VAULT_NO_SUCH_SLOT;
}

enum gh_vault_why gh_vd_slot_remove(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				    struct gh_vd_out *out)
{
	(void)c;
	return changed(v, in, out, do_remove);
}

static enum gh_vault_why do_recovery(struct gh_vaultd *v, struct gh_vf_root *f, const struct gh_vd_in *in,
				     struct gh_vd_out *out)
{
	(void)in;
	for (size_t i = 0; i < GH_VP_SLOTS; i++)
		if (f->slot[i].method == GH_VAULT_RECOVERY)
			memset(&f->slot[i], 0, sizeof f->slot[i]);
	out->body_n = sizeof(struct gh_vp_recovery);
	return gh_vd_slot_recovery(v, f, (struct gh_vp_recovery *)out->body, &out->arg);
}

enum gh_vault_why gh_vd_recovery_new(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				     struct gh_vd_out *out)
{
	(void)c;
	return changed(v, in, out, do_recovery);
}

enum gh_vault_why gh_vd_slot_list(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				  struct gh_vd_out *out)
{
	struct gh_vf_root f;
	struct gh_vp_slot *to = (struct gh_vp_slot *)out->body;
	bool there;
	(void)c;
	(void)in;
	enum gh_vault_why why = gh_vd_root_look(v, &f, &there, &out->arg);
	if (why != GH_VAULT_FINE || !there)
		return why != GH_VAULT_FINE ? why : GH_VAULT_NO_KEYS;
	for (size_t i = 0; i < GH_VP_SLOTS; i++) {
		const struct gh_vf_slot *s = &f.slot[i];
		if (s->number == 0)
			continue;
		to[out->n] = (struct gh_vp_slot){ .number = s->number,
						  .method = s->method,
						  .created = s->created,
						  .pcrs = s->pcrs,
						  .memory_kib = s->memory_kib,
						  .passes = s->passes,
						  .lanes = s->lanes };
		memcpy(to[out->n++].label, s->label, sizeof s->label);
	}
	out->body_n = out->n * sizeof *to;
	return GH_VAULT_FINE;
}
