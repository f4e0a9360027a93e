#include "daemon/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "daemon/roles.h"
#include "daemon/vault_int.h"
#include "os/ipc.h"
#include "os/role.h"

static int64_t seconds(void)
{
	struct timespec t;
	return clock_gettime(CLOCK_REALTIME, &t) == 0 ? (int64_t)t.tv_sec : 0;
}

void gh_vd_forget(struct gh_vd_chan *c)
{
	if (c->sign != NULL)
		gh_wipe(c->sign, c->sign_n);
	free(c->sign);
	free(c->key);
	c->sign = NULL;
	c->key = NULL;
	c->sign_n = c->nkeys = c->nown = 0;
	gh_wipe(c->other, sizeof c->other);
	c->when = GH_VD_IDLE;
}

void gh_vd_close(struct gh_vd_chan *c)
{
	gh_vd_forget(c);
	if (c->fd >= 0)
		(void)close(c->fd);
	*c = (struct gh_vd_chan){ .fd = -1 };
}

/* A peer that does not take its answers is given up: nobody else waits for it longer than this. */
bool gh_vd_send(int sock, const void *p, size_t n)
{
	for (unsigned i = 0; i < GH_VD_ANSWER_WAIT; i++) {
		if (gh_ipc_send(sock, p, n, -1, MSG_DONTWAIT))
			return true;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return false;
		struct pollfd f = { .fd = sock, .events = POLLOUT };
		if (poll(&f, 1, 1000) < 0 && errno != EINTR)
			return false;
	}
	return false;
}

bool gh_vd_take(struct gh_vaultd *v, struct gh_vd_chan *c, const uint8_t *packet, size_t n, int fd)
{
	struct gh_vd_in in;
	enum gh_vd_when when = v->open ? c->when : GH_VD_LOCKED;
	const struct gh_vd_row *row = gh_vd_check(packet, n, c->who, when, fd, &in);
	if (row == NULL) { /* nothing that this peer may say: an attack, or a mistake that looks like one */
		gh_vd_close(c);
		return false;
	}
	struct gh_vp_head *h = (struct gh_vp_head *)v->out;
	struct gh_vd_out out = { .body = v->out + sizeof *h };
	memset(v->out, 0, GH_VP_PACKET);
	enum gh_vault_why why = row->run(v, c, &in, &out);
	if (out.broken) {
		gh_vd_close(c);
		return false;
	}
	if (out.later)
		return true;
	/* The answer to LOGGED is that of what was waiting for it. */
	uint32_t seq = row->kind == GH_VP_LOGGED || row->kind == GH_VP_SIGN_MORE ? c->seq : in.h->seq;
	uint32_t kind = row->kind == GH_VP_LOGGED      ? c->log.what == GH_VP_LOG_SHRED	   ? GH_VP_TENANT_SHRED
							 : c->log.what == GH_VP_LOG_DEPLOY ? GH_VP_RELEASE_SEAL
											   : GH_VP_RELEASE_GO
			: row->kind == GH_VP_SIGN_MORE ? GH_VP_SIGN
						       : row->kind;
	if (why != GH_VAULT_FINE)
		out.body_n = out.n = 0;
	*h = (struct gh_vp_head){ .kind = kind | GH_VP_ANSWER,
				  .size = (uint32_t)(sizeof *h + out.body_n),
				  .seq = seq,
				  .why = why,
				  .arg = out.arg,
				  .n = out.n };
	bool sent = gh_vd_send(c->fd, v->out, sizeof *h + out.body_n);
	gh_wipe(v->out, sizeof *h + out.body_n);
	if (!sent)
		gh_vd_close(c);
	return sent;
}

/* One more channel. */
enum gh_vault_why gh_vd_attach(struct gh_vaultd *v, struct gh_vd_chan *c, const struct gh_vd_in *in,
			       struct gh_vd_out *out)
{
	const struct gh_vp_attach *a = (const struct gh_vp_attach *)in->body;
	struct gh_vd_chan *slot = NULL;
	(void)c;
	if ((a->who != 1 && a->who != 2) || a->zero != 0) {
		out->broken = true;
		return GH_VAULT_FINE;
	}
	for (size_t i = 0; i < GH_VD_CHANNELS; i++) {
		struct gh_vd_chan *o = &v->chan[i];
		if (o->fd < 0)
			slot = slot != NULL ? slot : o;
		else if (a->who == 2 && o->who == GH_VD_BLOB && memcmp(o->session, a->session, GH_VP_ID) == 0)
			out->broken = true; /* two processes of one session */
	}
	int fd = slot != NULL ? fcntl(in->fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (fd < 0 || out->broken)
		return GH_VAULT_TOO_MANY;
	*slot = (struct gh_vd_chan){ .fd = fd, .who = a->who == 1 ? GH_VD_CATALOG : GH_VD_BLOB, .when = GH_VD_IDLE };
	memcpy(slot->session, a->session, GH_VP_ID);
	return GH_VAULT_FINE;
}

/* Whatever can be read from a channel. False: main is gone. */
static bool hear(struct gh_vaultd *v, struct gh_vd_chan *c)
{
	bool is_main = c->who == GH_VD_MAIN;
	int fd = -1;
	ssize_t n = gh_ipc_recv(c->fd, v->in, GH_VP_PACKET, &fd, MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return true;
	/* A blob process says nothing; its end is the session's end. */
	if (n <= 0 || c->who == GH_VD_BLOB)
		gh_vd_close(c);
	else
		(void)gh_vd_take(v, c, v->in, (size_t)n, fd);
	if (fd >= 0)
		(void)close(fd);
	return !(is_main && c->fd < 0);
}

static void loop(struct gh_vaultd *v)
{
	struct pollfd p[GH_VD_CHANNELS];
	size_t of[GH_VD_CHANNELS];
	for (;;) {
		size_t n = 0;
		for (size_t i = 0; i < GH_VD_CHANNELS; i++)
			if (v->chan[i].fd >= 0) {
				p[n] = (struct pollfd){ .fd = v->chan[i].fd, .events = POLLIN };
				of[n++] = i;
			}
		if (poll(p, n, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		for (size_t i = 0; i < n; i++) {
			struct gh_vd_chan *c = &v->chan[of[i]];
			/* A channel of this round may have been closed, and its number given to another, by one before it. */
			if (p[i].revents != 0 && c->fd == p[i].fd && !hear(v, c))
				return;
		}
	}
}

static enum gh_vault_why begin(struct gh_vaultd *v, const char *keys, int sock, uint64_t *sys)
{
	struct stat st;
	uint8_t once[1];
	for (size_t i = 0; i < GH_VD_CHANNELS; i++)
		v->chan[i].fd = -1;
	v->chan[0] = (struct gh_vd_chan){ .fd = sock, .who = GH_VD_MAIN, .when = GH_VD_IDLE };
	v->now = seconds;
	v->in = malloc(GH_VP_PACKET);
	v->out = malloc(GH_VP_PACKET);
	v->s = gh_secret_new(sizeof *v->s);
	v->plain = gh_secret_new(sizeof(struct gh_vp_head) + sizeof(struct gh_vp_tenant) +
				 GH_VP_KEYS_MAX * sizeof(struct gh_vp_plain_key));
	if (v->in == NULL || v->out == NULL || v->s == NULL || v->plain == NULL || !gh_secret_heap())
		return GH_VAULT_NOMEM;
	v->dir = open(keys, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (v->dir < 0 || fstat(v->dir, &st) != 0) {
		*sys = (uint64_t)errno;
		return GH_VAULT_IO;
	}
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return GH_VAULT_KEYS_OPEN;
	/* The library looks for its settings when it is first used: before files are out of reach. */
	return gh_random(once, sizeof once) ? GH_VAULT_FINE : GH_VAULT_CRYPTO;
}

static void end(struct gh_vaultd *v)
{
	for (size_t i = 0; i < GH_VD_CHANNELS; i++)
		gh_vd_close(&v->chan[i]);
	gh_vd_tpm_close(v);
	gh_secret_free(v->s);
	gh_secret_free(v->plain);
	free(v->in);
	free(v->out);
	if (v->dir >= 0)
		(void)close(v->dir);
	free(v);
}

int gh_vault_serve(const char *keys, const char *tcti, int sock, bool lock)
{
	const struct gh_role_path path[] = { { keys, GH_ROLE_WRITE } };
	/* A TPM that is a device is open before the lock; an emulator on a socket is connected to again and again. */
	bool socket = tcti != NULL && strncmp(tcti, "device:", 7) != 0;
	const struct gh_role_lock l = { .may = GH_MAY_FILES | (socket ? GH_MAY_NET : 0), .path = path, .npath = 1 };
	struct gh_vaultd *v = calloc(1, sizeof *v);
	if (v == NULL)
		return 2;
	v->tpm = tcti;
	v->dir = -1;
	uint64_t sys = 0;
	enum gh_vault_why why = begin(v, keys, sock, &sys);
	if (why == GH_VAULT_FINE && tcti != NULL)
		(void)gh_vd_tpm_open(v); /* missing: said when somebody asks for it */
	if (why == GH_VAULT_FINE && lock && gh_role_lock(&l) != NULL)
		why = GH_VAULT_LOCKDOWN;
	struct gh_vp_head cannot = { .kind = GH_VP_CANNOT, .size = sizeof cannot, .why = why, .arg = sys };
	if (why == GH_VAULT_FINE)
		loop(v);
	else
		(void)gh_vd_send(sock, &cannot, sizeof cannot);
	end(v);
	return why == GH_VAULT_FINE ? 0 : 2;
}

int gh_role_vault(int argc, char **argv)
{
	return argc < 1 || argc > 2 ? 64 : gh_vault_serve(argv[0], argc == 2 ? argv[1] : NULL, GH_ROLE_SOCK, true);
}
