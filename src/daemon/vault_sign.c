/* What the vault signs: payloads in DSSE form, and checkpoints of the one log. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/note.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"

#define MAGIC "GHKEYLOG"
static_assert(sizeof(struct gh_vf_log) == 32 + 16 + 32 + 8 + 512 + 72 + 32, "no padding: the structure is the file");
enum { RECORDS = 2, APART = 4096, PAE_ROOM = 160 };

/* ---- DSSE -------------------------------------------------------------------------------------------------------------- */
static const char *const types[GH_SIGN_END] = {
#define GH_X(name, type) [GH_SIGN_##name] = type,
	GH_VAULT_SIGNS(GH_X)
#undef GH_X
};

size_t gh_vd_pae_head(const char *type, size_t total, uint8_t *out, size_t cap)
{
	int n = snprintf((char *)out, cap, "DSSEv1 %zu %s %zu ", strlen(type), type, total);
	return n > 0 && (size_t)n < cap ? (size_t)n : 0;
}

static enum gh_vault_why sign_now(struct gh_vaultd *v, enum gh_vault_key key, struct gh_span msg, struct gh_vd_out *out)
{
	struct gh_vp_signature *s = (struct gh_vp_signature *)out->body;
	struct gh_vf_signing f;
	struct gh_key *k;
	enum gh_vault_why why = gh_vd_signing_key(v, key, &f, &k, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	s->key = key;
	s->generation = f.generation;
	why = gh_key_id(k, s->key_id) ? gh_vd_sign_with(k, msg, s->sig, &s->sig_n) : GH_VAULT_CRYPTO;
	gh_key_free(k);
	out->body_n = sizeof *s;
	return why;
}

/* Some more of the payload; signed when it is complete. */
static enum gh_vault_why take(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			      struct gh_vd_out *out)
{
	size_t all = c->sign_head + c->sign_total;
	if (in->h->n > all - c->sign_n) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	if (in->h->n > 0)
		memcpy(c->sign + c->sign_n, in->record, in->h->n);
	c->sign_n += in->h->n;
	if (c->sign_n < all) {
		c->when = GH_VD_SIGNING;
		out->later = true;
		out->broken = in->h->n == 0; /* nothing is no progress */
		return GH_VAULT_FINE;
	}
	enum gh_vault_why why = sign_now(v, GH_VAULT_BADGE, (struct gh_span){ c->sign, all }, out);
	gh_vd_forget(c);
	return why;
}

enum gh_vault_why gh_vd_sign(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			     struct gh_vd_out *out)
{
	const struct gh_vp_sign *s = (const struct gh_vp_sign *)in->body;
	uint8_t head[PAE_ROOM];
	if (s->what == 0 || s->what >= GH_SIGN_END || s->total == 0 || s->total > GH_VP_SIGN_MAX) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	size_t n = gh_vd_pae_head(types[s->what], s->total, head, sizeof head);
	c->sign = n > 0 ? malloc(n + s->total) : NULL;
	if (c->sign == NULL)
		return GH_VAULT_NOMEM;
	memcpy(c->sign, head, n);
	c->sign_head = c->sign_n = n;
	c->sign_total = s->total;
	c->sign_what = s->what;
	c->seq = in->h->seq;
	return take(v, c, in, out);
}

enum gh_vault_why gh_vd_sign_more(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				  struct gh_vd_out *out)
{
	return take(v, c, in, out);
}

/* ---- what was signed of the log -------------------------------------------------------------------------------------------- */
struct memory {
	union {
		struct gh_vf_log log;
		uint8_t room[APART]; /* so that the two never share a block of the disk */
	} record[RECORDS];
};

static bool valid(struct gh_vaultd *v, const struct gh_vf_log *l, bool *previous)
{
	return gh_vf_check(v, &l->head, MAGIC, GH_VAULT_SIGNING_ALTERED, previous) == GH_VAULT_FINE &&
	       gh_vf_sealed(*previous ? v->s->previous : v->s->root, l, sizeof *l) && l->note_n <= sizeof l->note;
}

/* The later of the two records that are whole. The caller holds the lock. */
static enum gh_vault_why remembered(struct gh_vaultd *v, struct gh_vf_log *out, bool *previous, uint64_t *sys)
{
	struct memory *m = malloc(sizeof *m);
	bool there, old, found = false;
	if (m == NULL)
		return GH_VAULT_NOMEM;
	enum gh_vault_why why = gh_vf_read(v->dir, "log", m, sizeof *m, &there, GH_VAULT_SIGNING_ALTERED, sys);
	for (size_t i = 0; why == GH_VAULT_FINE && there && i < RECORDS; i++) {
		const struct gh_vf_log *l = &m->record[i].log;
		if (l->head.root_generation > v->generation && memcmp(l->head.magic, MAGIC, 8) == 0)
			why = GH_VAULT_ROOT_CHANGED;
		else if (valid(v, l, &old) && (!found || l->turn > out->turn)) {
			*out = *l;
			*previous = old;
			found = true;
		}
	}
	free(m);
	if (why == GH_VAULT_FINE && !found)
		why = GH_VAULT_SIGNING_ALTERED;
	if (why == GH_VAULT_SIGNING_ALTERED)
		*sys = UINT64_MAX; /* keys/log */
	return why;
}

/* Both records anew. */
static enum gh_vault_why write_both(struct gh_vaultd *v, struct gh_vf_log *l, uint64_t *sys)
{
	struct memory *m = calloc(1, sizeof *m);
	if (m == NULL)
		return GH_VAULT_NOMEM;
	enum gh_vault_why why = gh_vf_seal(v->s->root, l, sizeof *l) ? GH_VAULT_FINE : GH_VAULT_CRYPTO;
	for (size_t i = 0; i < RECORDS; i++)
		m->record[i].log = *l;
	if (why == GH_VAULT_FINE)
		why = gh_vf_write(v->dir, "log", m, sizeof *m, 0, sys);
	free(m);
	return why;
}

enum gh_vault_why gh_vd_log_init(struct gh_vaultd *v, uint64_t *sys)
{
	struct gh_vf_log l;
	struct gh_mhash empty = gh_merkle_empty();
	memset(&l, 0, sizeof l);
	gh_vf_begin(v, &l.head, MAGIC);
	memcpy(l.root, empty.b, sizeof l.root);
	return write_both(v, &l, sys);
}

enum gh_vault_why gh_vd_log_rewrap(struct gh_vaultd *v, uint64_t *sys)
{
	struct gh_vf_log l;
	bool previous;
	enum gh_vault_why why = remembered(v, &l, &previous, sys);
	if (why != GH_VAULT_FINE || !previous)
		return why;
	l.head.root_generation = v->generation;
	return write_both(v, &l, sys);
}

/* Over the older of the two, in place: one flush, and a torn write leaves the other. */
static enum gh_vault_why remember(struct gh_vaultd *v, struct gh_vf_log *l, uint64_t *sys)
{
	l->turn++;
	if (!gh_vf_seal(v->s->root, l, sizeof *l))
		return GH_VAULT_CRYPTO;
	int fd = openat(v->dir, "log", O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	bool ok = fd >= 0 && pwrite(fd, l, sizeof *l, (off_t)(l->turn % RECORDS * APART)) == (ssize_t)sizeof *l &&
		  fdatasync(fd) == 0;
	*sys = ok ? *sys : (uint64_t)errno;
	if (fd >= 0)
		(void)close(fd);
	return ok ? GH_VAULT_FINE : GH_VAULT_IO;
}

enum gh_vault_why gh_vd_log_signed(struct gh_vaultd *v, uint64_t *size, uint8_t root[32], uint64_t *sys)
{
	struct gh_vf_log l;
	bool previous;
	int lock;
	enum gh_vault_why why = gh_vf_lock(v, false, &lock, sys);
	if (why != GH_VAULT_FINE)
		return why;
	why = remembered(v, &l, &previous, sys);
	gh_vf_unlock(lock);
	if (why != GH_VAULT_FINE)
		return why;
	*size = l.size;
	if (root != NULL)
		memcpy(root, l.root, sizeof l.root);
	return GH_VAULT_FINE;
}

/* ---- checkpoints ------------------------------------------------------------------------------------------------------- */
static enum gh_vault_why may_sign(const struct gh_vf_log *last, const struct gh_checkpoint *now,
				  const struct gh_vp_checkpoint *asked)
{
	struct gh_checkpoint before;
	struct gh_mhash root, proof[64];
	if (last->note_n > 0 &&
	    (gh_checkpoint_read((struct gh_span){ last->note, last->note_n }, &before, NULL) != GH_OK ||
	     !gh_span_eq(before.origin, now->origin)))
		return GH_VAULT_OTHER_LOG;
	if (now->size < last->size)
		return GH_VAULT_LOG_BACK;
	memcpy(root.b, last->root, sizeof root.b);
	memcpy(proof, asked->proof, sizeof proof);
	/* The same head once more needs no proof: its asker may have had an older one in mind. */
	size_t n = now->size == last->size || last->size == 0 ? 0 : asked->proof_n;
	return gh_merkle_may_sign(last->size, &root, now->size, &now->root, proof, n) == NULL ? GH_VAULT_FINE
											      : GH_VAULT_LOG_FORK;
}

static enum gh_vault_why checkpoint(struct gh_vaultd *v, const struct gh_vp_checkpoint *asked,
				    const struct gh_checkpoint *now, const struct gh_key *k, uint32_t generation,
				    struct gh_vp_signature *s, uint64_t *sys)
{
	struct gh_vf_log l;
	bool previous;
	struct gh_span note = { asked->note, asked->note_n };
	enum gh_vault_why why = remembered(v, &l, &previous, sys);
	if (why == GH_VAULT_FINE && previous)
		why = GH_VAULT_BUSY;
	if (why == GH_VAULT_FINE)
		why = may_sign(&l, now, asked);
	if (why == GH_VAULT_FINE)
		why = gh_vd_sign_with(k, note, s->sig, &s->sig_n);
	if (why != GH_VAULT_FINE || s->sig_n != GH_ED25519_SIG)
		return why != GH_VAULT_FINE ? why : GH_VAULT_CRYPTO;
	if (l.size == now->size && l.key_generation == generation && l.note_n == note.n &&
	    memcmp(l.note, note.p, note.n) == 0)
		return GH_VAULT_FINE; /* it is known already */
	l.size = now->size;
	l.note_n = asked->note_n;
	l.key_generation = generation;
	memset(l.note, 0, sizeof l.note);
	memcpy(l.root, now->root.b, sizeof l.root);
	memcpy(l.note, note.p, note.n);
	memset(l.sig, 0, sizeof l.sig);
	memcpy(l.sig, s->sig, GH_ED25519_SIG);
	return remember(v, &l, sys);
}

enum gh_vault_why gh_vd_checkpoint(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
				   struct gh_vd_out *out)
{
	const struct gh_vp_checkpoint *asked = (const struct gh_vp_checkpoint *)in->body;
	struct gh_vp_signature *s = (struct gh_vp_signature *)out->body;
	struct gh_checkpoint now;
	struct gh_vf_signing f;
	struct gh_key *k;
	int lock;
	(void)c;
	if (asked->note_n > GH_VP_NOTE || asked->proof_n > 64) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	if (gh_checkpoint_read((struct gh_span){ asked->note, asked->note_n }, &now, NULL) != GH_OK ||
	    now.extension.n != 0)
		return GH_VAULT_BAD_CHECKPOINT;
	enum gh_vault_why why = gh_vd_signing_key(v, GH_VAULT_LOG, &f, &k, &out->arg);
	if (why == GH_VAULT_FINE)
		why = gh_vf_lock(v, true, &lock, &out->arg);
	if (why == GH_VAULT_FINE) {
		s->key = GH_VAULT_LOG;
		s->generation = f.generation;
		why = gh_key_id(k, s->key_id) ? checkpoint(v, asked, &now, k, f.generation, s, &out->arg)
					      : GH_VAULT_CRYPTO;
		gh_vf_unlock(lock);
	}
	gh_key_free(k);
	out->body_n = sizeof *s;
	return why;
}

enum gh_vault_why gh_vd_last_checkpoint(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
					struct gh_vd_out *out)
{
	struct gh_vp_last *last = (struct gh_vp_last *)out->body;
	struct gh_vf_log l;
	bool previous;
	int lock;
	(void)c;
	(void)in;
	enum gh_vault_why why = gh_vf_lock(v, false, &lock, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	why = remembered(v, &l, &previous, &out->arg);
	gh_vf_unlock(lock);
	if (why != GH_VAULT_FINE)
		return why;
	last->note_n = l.note_n;
	last->key_generation = l.key_generation;
	memcpy(last->note, l.note, sizeof last->note);
	memcpy(last->sig, l.sig, sizeof last->sig);
	out->body_n = sizeof *last;
	return GH_VAULT_FINE;
}

/* A checkpoint that carries our own signature and is larger than what is remembered: keys/ and log/ of a backup were copied one
 * after the other. It was signed when its predecessors were remembered, so it extends them; to remember it is to forget nothing. */
static enum gh_vault_why adopt(struct gh_vaultd *v, const struct gh_vp_last *a, const struct gh_checkpoint *c,
			       uint64_t *sys)
{
	struct gh_vf_log l;
	struct gh_checkpoint before;
	bool previous;
	enum gh_vault_why why = remembered(v, &l, &previous, sys);
	if (why != GH_VAULT_FINE || c->size <= l.size)
		return why;
	if (l.note_n > 0 && (gh_checkpoint_read((struct gh_span){ l.note, l.note_n }, &before, NULL) != GH_OK ||
			     !gh_span_eq(before.origin, c->origin)))
		return GH_VAULT_OTHER_LOG;
	l.size = c->size;
	l.note_n = a->note_n;
	memcpy(l.root, c->root.b, sizeof l.root);
	memcpy(l.note, a->note, sizeof l.note);
	memcpy(l.sig, a->sig, sizeof l.sig);
	return previous ? GH_VAULT_BUSY : remember(v, &l, sys);
}

enum gh_vault_why gh_vd_adopt(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			      struct gh_vd_out *out)
{
	const struct gh_vp_last *a = (const struct gh_vp_last *)in->body;
	struct gh_checkpoint now;
	struct gh_key *k;
	int lock;
	(void)c;
	if (a->note_n > GH_VP_NOTE) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	struct gh_span note = { a->note, a->note_n };
	if (gh_checkpoint_read(note, &now, NULL) != GH_OK || now.extension.n != 0)
		return GH_VAULT_BAD_CHECKPOINT;
	enum gh_vault_why why = gh_vd_signing_key(v, GH_VAULT_LOG, NULL, &k, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	if (gh_key_verify(k, note, (struct gh_span){ a->sig, GH_ED25519_SIG }, NULL) != GH_OK)
		why = GH_VAULT_OTHER_LOG;
	gh_key_free(k);
	if (why == GH_VAULT_FINE)
		why = gh_vf_lock(v, true, &lock, &out->arg);
	if (why != GH_VAULT_FINE)
		return why;
	why = adopt(v, a, &now, &out->arg);
	gh_vf_unlock(lock);
	return why;
}
