#include "daemon/blob.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "catalog/id.h"
#include "crypto/secret.h"
#include "daemon/blob_int.h"
#include "daemon/roles.h"
#include "os/ipc.h"
#include "os/role.h"

/* ---- keys -------------------------------------------------------------------------------------------------------------- */
/* Room in locked memory, doubled; the old place is wiped. */
static bool room(struct gh_blobd *b, size_t need)
{
	size_t cap = b->cap == 0 ? 64 : b->cap;
	if (need <= b->cap)
		return true;
	while (cap < need)
		cap *= 2;
	if (cap > GH_BLOB_KEYS_MAX)
		return false;
	void *key = gh_secret_new(cap * sizeof *b->key), *tenant = gh_secret_new(cap * sizeof *b->tenant);
	if (key == NULL || tenant == NULL) {
		gh_secret_free(key);
		gh_secret_free(tenant);
		return false;
	}
	if (b->nkeys > 0) {
		memcpy(key, b->key, b->nkeys * sizeof *b->key);
		memcpy(tenant, b->tenant, b->nkeys * sizeof *b->tenant);
	}
	gh_secret_free(b->key);
	gh_secret_free(b->tenant);
	b->key = key;
	b->tenant = tenant;
	b->cap = cap;
	return true;
}

/* A packet of the vault's. False: it is none, or there is no room: no keys from it. */
static bool take_keys(struct gh_blobd *b, size_t n)
{
	const struct gh_vp_head *h = (const struct gh_vp_head *)b->packet;
	const struct gh_vp_tenant *t = (const struct gh_vp_tenant *)(h + 1);
	const struct gh_vp_plain_key *k = (const struct gh_vp_plain_key *)(t + 1);
	if (n < sizeof *h + sizeof *t || h->kind != GH_VP_KEYS || h->size != n || h->n > GH_VP_KEYS_MAX ||
	    n != sizeof *h + sizeof *t + h->n * sizeof *k || !room(b, b->nkeys + h->n))
		return false;
	for (uint32_t i = 0; i < h->n; i++) {
		b->key[b->nkeys] = k[i];
		memcpy(b->tenant[b->nkeys++], t->tenant, GH_BLOB_ID);
	}
	return true;
}

static void hear_vault(struct gh_blobd *b)
{
	while (b->vault >= 0) {
		ssize_t n = gh_ipc_recv(b->vault, b->packet, GH_VP_PACKET, NULL, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		bool ok = n > 0 && take_keys(b, (size_t)n);
		gh_wipe(b->packet, n > 0 ? (size_t)n : 0);
		if (!ok) {
			(void)close(b->vault);
			b->vault = -1;
		}
	}
}

const struct gh_vp_plain_key *gh_blob_key(const struct gh_blobd *b, const uint8_t id[GH_BLOB_ID],
					  const uint8_t tenant[GH_BLOB_ID])
{
	for (size_t i = b->nkeys; i > 0; i--)
		if (memcmp(b->key[i - 1].id, id, GH_BLOB_ID) == 0 && memcmp(b->tenant[i - 1], tenant, GH_BLOB_ID) == 0)
			return &b->key[i - 1];
	return NULL;
}

/* ---- main -------------------------------------------------------------------------------------------------------------- */
bool gh_blob_tell(struct gh_blobd *b, const struct gh_bp_msg *m)
{
	bool ok = gh_ipc_send(b->control, m, sizeof *m, -1, 0);
	b->gone = b->gone || !ok;
	return ok;
}

static void shut(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

/* What main may say in which state: idle (no job), waiting for the second descriptor, at work. */
enum state { IDLE = 1, WANTS = 2, WORKS = 4 };
static enum state state_of(const struct gh_blobd *b)
{
	if (b->fd_cipher < 0)
		return IDLE;
	return b->fd_plain < 0 && b->job.kind != GH_BP_VERIFY ? WANTS : WORKS;
}
static const struct {
	uint32_t kind;
	unsigned when;
	bool fd;
} fits[] = {
	{ GH_BP_ENCRYPT, IDLE, true },	       { GH_BP_DECRYPT, IDLE, true },
	{ GH_BP_VERIFY, IDLE, true },	       { GH_BP_FD, WANTS, true },
	{ GH_BP_HEAD, IDLE | WORKS, false }, /* idle: the job failed while it was on its way */
	{ GH_BP_CANCEL, IDLE | WORKS, false },
};

static bool obey(struct gh_blobd *b, const struct gh_bp_msg *m, int fd)
{
	bool ok = false;
	for (size_t i = 0; i < sizeof fits / sizeof *fits; i++)
		ok = ok || (fits[i].kind == m->kind && (fits[i].when & state_of(b)) != 0 && fits[i].fd == (fd >= 0));
	if (!ok || (m->flags & ~(uint32_t)GH_BP_FLAGS) != 0)
		return false;
	bool works = state_of(b) == WORKS;
	switch (m->kind) {
	case GH_BP_FD: b->fd_plain = fd; return true;
	case GH_BP_HEAD: /* it grows, and never over the end or further ahead of us than the ring is long */
		if (works && (m->a < b->head || m->a > b->job.size))
			return false;
		b->head = works ? m->a : b->head;
		return true;
	case GH_BP_CANCEL: b->cancelled = works; return true;
	default:
		b->job = *m;
		b->fd_cipher = fd;
		b->head = 0;
		b->cancelled = false;
		return true;
	}
}

static void hear_main(struct gh_blobd *b)
{
	struct gh_bp_msg m;
	int fd = -1;
	ssize_t n = gh_ipc_recv(b->control, &m, sizeof m, &fd, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return;
	if (n != (ssize_t)sizeof m || !obey(b, &m, fd)) {
		if (fd >= 0)
			(void)close(fd);
		b->gone = true;
	}
}

void gh_blob_hear(struct gh_blobd *b, bool wait)
{
	struct pollfd p[] = { { .fd = b->control, .events = POLLIN }, { .fd = b->vault, .events = POLLIN } };
	int n = poll(p, 2, wait ? -1 : 0);
	if (n < 0 && errno != EINTR)
		b->gone = true;
	if (n <= 0)
		return;
	if (p[1].revents != 0)
		hear_vault(b);
	if (p[0].revents != 0)
		hear_main(b);
}

static bool digest(const struct gh_blobd *b, uint32_t flag, struct gh_sha256 *h, uint8_t out[32])
{
	char hex[65];
	return (b->job.flags & flag) == 0 || (gh_sha256_hex(h, hex) && gh_hex_get(gh_span_str(hex), out, 32));
}

static void work(struct gh_blobd *b)
{
	hear_vault(b); /* keys of the release that was answered before this job was asked for */
	struct gh_bp_msg m = { .kind = GH_BP_DONE, .flags = b->job.flags };
	struct gh_blob_end e = b->job.kind == GH_BP_ENCRYPT ? gh_blob_encrypt_job(b) : gh_blob_decrypt_job(b);
	memcpy(m.id, b->job.id, sizeof m.id);
	shut(&b->fd_cipher);
	shut(&b->fd_plain);
	if (e.why != GH_BLOB_FINE) {
		m.kind = GH_BP_FAILED;
		m.why = e.why;
		m.sys = (uint32_t)e.sys;
		m.off = e.segment;
	} else {
		m.a = e.stored;
		m.size = b->job.size;
		if (!digest(b, GH_BP_SHA_PLAIN, b->plain, m.sha_plain) ||
		    !digest(b, GH_BP_SHA_CIPHER, b->cipher, m.sha_cipher)) {
			m.kind = GH_BP_FAILED;
			m.why = GH_BLOB_CRYPTO;
			m.off = UINT64_MAX;
		}
	}
	(void)gh_blob_tell(b, &m);
}

static bool begin(struct gh_blobd *b, int control, int vault)
{
	uint8_t once[1];
	*b = (struct gh_blobd){ .control = control, .vault = vault, .fd_cipher = -1, .fd_plain = -1 };
	b->packet = gh_secret_new(GH_VP_PACKET);
	b->batch = malloc((size_t)GH_BLOB_BATCH * GH_STREAM_SEALED + GH_BLOB_HEAD);
	b->plain = gh_sha256_new();
	b->cipher = gh_sha256_new();
	/* Keys that arrive, and the library's settings: before anything is out of reach. */
	return b->packet != NULL && b->batch != NULL && b->plain != NULL && b->cipher != NULL && room(b, 1) &&
	       gh_random(once, sizeof once);
}

static void end(struct gh_blobd *b)
{
	gh_secret_free(b->key);
	gh_secret_free(b->tenant);
	gh_secret_free(b->packet);
	gh_sha256_free(b->plain);
	gh_sha256_free(b->cipher);
	free(b->batch);
	shut(&b->control);
	shut(&b->vault);
	shut(&b->fd_cipher);
	shut(&b->fd_plain);
}

int gh_blob_serve(int control, int vault, bool lock)
{
	const struct gh_role_lock l = { .may = 0 };
	struct gh_blobd b;
	struct gh_bp_msg ready = { .kind = GH_BP_READY };
	if (!begin(&b, control, vault))
		ready.why = GH_BLOB_NOMEM;
	else if (lock && gh_role_lock(&l) != NULL)
		ready.why = GH_BLOB_LOCKDOWN;
	bool ok = gh_blob_tell(&b, &ready) && ready.why == GH_BLOB_FINE;
	while (ok && !b.gone) {
		gh_blob_hear(&b, true);
		if (!b.gone && state_of(&b) == WORKS)
			work(&b);
	}
	end(&b);
	return ok ? 0 : 2;
}

int gh_role_blob(int argc, char **argv)
{
	(void)argv;
	return argc != 0 ? 64 : gh_blob_serve(GH_ROLE_SOCK, GH_BLOB_VAULT, true);
}
