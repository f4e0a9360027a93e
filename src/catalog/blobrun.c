#include "catalog/blobrun.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "os/ipc.h"

enum { READY_MS = 10000 };

struct gh_blobrun {
	int sock;
	uint64_t taken;
	bool ended; /* DONE or FAILED is in `end` */
	struct gh_bp_msg end;
};

static const struct {
	enum gh_rc rc;
	const char *text;
} whys[] = {
#define GH_X(name, rc, text) { rc, text },
	GH_BLOB_WHYS(GH_X)
#undef GH_X
};

static enum gh_rc gone(struct gh_blobrun *b, struct gh_err *err)
{
	(void)shutdown(b->sock, SHUT_RDWR);
	return gh_fail(err, GH_E_IO, "the blob process has ended");
}

static enum gh_rc because(const struct gh_bp_msg *m, struct gh_err *err)
{
	if (m->why >= GH_BLOB_WHY_END || m->why == GH_BLOB_FINE)
		return gh_fail(err, GH_E_BUG, "the blob process gave an answer that there is not");
	if (whys[m->why].rc == GH_E_IO)
		return gh_fail_sys(err, (int)(m->sys & INT32_MAX), "%s", whys[m->why].text);
	if (m->off != UINT64_MAX)
		return gh_fail(err, whys[m->why].rc, "segment %llu: %s", (unsigned long long)m->off, whys[m->why].text);
	return gh_fail(err, whys[m->why].rc, "%s", whys[m->why].text);
}

struct gh_blobrun *gh_blobrun_new(int sock, struct gh_err *err)
{
	struct gh_bp_msg m;
	struct pollfd p = { .fd = sock, .events = POLLIN };
	struct gh_blobrun *b = calloc(1, sizeof *b);
	if (b == NULL) {
		(void)close(sock);
		(void)!gh_fail(err, GH_E_NOMEM, "no memory");
		return NULL;
	}
	b->sock = sock;
	enum gh_rc rc = GH_OK;
	if (poll(&p, 1, READY_MS) != 1 || gh_ipc_recv(sock, &m, sizeof m, NULL, 0) != (ssize_t)sizeof m ||
	    m.kind != GH_BP_READY)
		rc = gh_fail(err, GH_E_IO, "the blob process did not start");
	else if (m.why != GH_BLOB_FINE) {
		m.off = UINT64_MAX;
		rc = because(&m, err);
	}
	if (rc == GH_OK)
		return b;
	gh_blobrun_free(b);
	return NULL;
}

void gh_blobrun_free(struct gh_blobrun *b)
{
	if (b == NULL)
		return;
	(void)close(b->sock);
	free(b);
}

int gh_blobrun_fd(const struct gh_blobrun *b) { return b->sock; }

/* ---- jobs -------------------------------------------------------------------------------------------------------------- */
static enum gh_rc start(struct gh_blobrun *b, uint32_t kind, const struct gh_blobrun_job *job, uint32_t flags,
			uint64_t off, uint64_t len, uint64_t a, int cipher, int plain, struct gh_err *err)
{
	struct gh_bp_msg m = { .kind = kind, .size = job->size, .off = off, .len = len, .a = a },
			 fd = { .kind = GH_BP_FD };
	m.flags = flags | (job->digest_plain ? GH_BP_SHA_PLAIN : 0) | (job->digest_cipher ? GH_BP_SHA_CIPHER : 0);
	if (!gh_hex_get(gh_span_str(job->blob.s), m.id, sizeof m.id) ||
	    !gh_hex_get(gh_span_str(job->tenant.s), m.tenant, sizeof m.tenant))
		return gh_fail(err, GH_E_MALFORMED, "the id of a blob or of its tenant is none");
	b->taken = 0;
	b->ended = false;
	if (!gh_ipc_send(b->sock, &m, sizeof m, cipher, 0) ||
	    (kind != GH_BP_VERIFY && !gh_ipc_send(b->sock, &fd, sizeof fd, plain, 0)))
		return gone(b, err);
	return GH_OK;
}

enum gh_rc gh_blobrun_encrypt_ring(struct gh_blobrun *b, const struct gh_blobrun_job *job, int shm, uint64_t ring,
				   int out, struct gh_err *err)
{
	return start(b, GH_BP_ENCRYPT, job, GH_BP_RING, 0, 0, ring, out, shm, err);
}

enum gh_rc gh_blobrun_encrypt(struct gh_blobrun *b, const struct gh_blobrun_job *job, int in, int out,
			      struct gh_err *err)
{
	return start(b, GH_BP_ENCRYPT, job, 0, 0, 0, 0, out, in, err);
}

enum gh_rc gh_blobrun_decrypt(struct gh_blobrun *b, const struct gh_blobrun_job *job, int in, uint64_t off,
			      uint64_t len, int out, struct gh_err *err)
{
	return start(b, GH_BP_DECRYPT, job, 0, off, len, 0, in, out, err);
}

enum gh_rc gh_blobrun_verify(struct gh_blobrun *b, const struct gh_blobrun_job *job, int in, struct gh_err *err)
{
	return start(b, GH_BP_VERIFY, job, 0, 0, 0, 0, in, -1, err);
}

/* One message, if there is one. */
static enum gh_rc hear(struct gh_blobrun *b, bool wait, bool *more, struct gh_err *err)
{
	struct gh_bp_msg m;
	*more = false;
	ssize_t n = gh_ipc_recv(b->sock, &m, sizeof m, NULL, wait ? 0 : MSG_DONTWAIT);
	if (n < 0 && !wait && (errno == EAGAIN || errno == EWOULDBLOCK))
		return GH_OK;
	if (n != (ssize_t)sizeof m)
		return gone(b, err);
	*more = true;
	if (m.kind == GH_BP_TAKEN && m.a >= b->taken) {
		b->taken = m.a;
	} else if (m.kind == GH_BP_DONE || m.kind == GH_BP_FAILED) {
		b->ended = true;
		b->end = m;
	} else {
		return gh_fail(err, GH_E_BUG, "the blob process said something that it may not say now");
	}
	return GH_OK;
}

enum gh_rc gh_blobrun_taken(struct gh_blobrun *b, uint64_t *taken, struct gh_err *err)
{
	enum gh_rc rc = GH_OK;
	for (bool more = true; rc == GH_OK && more && !b->ended;)
		rc = hear(b, false, &more, err);
	/* Nobody needs to wait for a job that is over: one that failed never takes the rest. */
	*taken = b->ended ? UINT64_MAX : b->taken;
	return rc;
}

enum gh_rc gh_blobrun_head(struct gh_blobrun *b, uint64_t head, struct gh_err *err)
{
	struct gh_bp_msg m = { .kind = GH_BP_HEAD, .a = head };
	uint64_t taken;
	/* Neither side waits for the other to read: what came is taken first, so that its answers always find room. */
	for (;;) {
		if (b->ended)
			return GH_OK; /* why: gh_blobrun_end() */
		if (gh_ipc_send(b->sock, &m, sizeof m, -1, MSG_DONTWAIT))
			return GH_OK;
		if (errno != EAGAIN && errno != EWOULDBLOCK)
			return gone(b, err);
		struct pollfd p = { .fd = b->sock, .events = POLLIN | POLLOUT };
		(void)poll(&p, 1, 1000);
		enum gh_rc rc = gh_blobrun_taken(b, &taken, err);
		if (rc != GH_OK)
			return rc;
	}
}

void gh_blobrun_cancel(struct gh_blobrun *b)
{
	struct gh_bp_msg m = { .kind = GH_BP_CANCEL };
	struct gh_err none = { 0 };
	bool more;
	if (!b->ended)
		(void)gh_ipc_send(b->sock, &m, sizeof m, -1, 0);
	while (!b->ended && hear(b, true, &more, &none) == GH_OK)
		;
}

enum gh_rc gh_blobrun_end(struct gh_blobrun *b, struct gh_blobrun_result *out, struct gh_err *err)
{
	enum gh_rc rc = GH_OK;
	bool more;
	*out = (struct gh_blobrun_result){ 0 };
	while (rc == GH_OK && !b->ended)
		rc = hear(b, true, &more, err);
	if (rc != GH_OK)
		return rc;
	if (b->end.kind == GH_BP_FAILED)
		return because(&b->end, err);
	out->stored = b->end.a;
	if ((b->end.flags & GH_BP_SHA_PLAIN) != 0)
		gh_hex_put(out->sha_plain, b->end.sha_plain, 32);
	if ((b->end.flags & GH_BP_SHA_CIPHER) != 0)
		gh_hex_put(out->sha_cipher, b->end.sha_cipher, 32);
	return GH_OK;
}
