#include "catalog/vault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "catalog/vault_ask.h"
#include "os/ipc.h"

struct gh_vault *gh_vault_new(int sock, gh_vault_log_fn *log, void *arg)
{
	const struct timeval wait = { .tv_sec = GH_VAULT_WAIT_S };
	struct gh_vault *v = calloc(1, sizeof *v);
	if (v != NULL) {
		*v = (struct gh_vault){ sock, 0, log, arg, false, malloc(GH_VP_PACKET), malloc(GH_VP_PACKET) };
		if (v->out != NULL && v->in != NULL &&
		    setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait) == 0 &&
		    setsockopt(sock, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait) == 0)
			return v;
	} else if (sock >= 0) {
		(void)close(sock);
	}
	gh_vault_free(v);
	return NULL;
}

void gh_vault_free(struct gh_vault *v)
{
	if (v == NULL)
		return;
	if (v->sock >= 0)
		(void)close(v->sock);
	free(v->out);
	free(v->in);
	free(v);
}

int gh_vault_fd(const struct gh_vault *v) { return v->sock; }

/* ---- words ------------------------------------------------------------------------------------------------------------- */
static const struct {
	enum gh_rc rc;
	const char *text;
} whys[] = {
#define GH_X(name, rc, text) { rc, text },
	GH_VAULT_WHYS(GH_X)
#undef GH_X
};

static enum gh_rc altered(uint64_t which, struct gh_err *err)
{
	char file[48] = "log";
	if (which != UINT64_MAX)
		(void)snprintf(file, sizeof file, "signing/%s-%u", gh_vault_key_name((enum gh_vault_key)(which >> 32)),
			       (unsigned)(which & UINT32_MAX));
	return gh_fail(err, GH_E_UNREAD, "keys/%s was altered or is missing; restore keys/ from a backup", file);
}

/* The line that belongs to a code. Some of them say a number, a file or what errno means; the rest are words. */
static enum gh_rc because(uint32_t why, uint64_t arg, struct gh_err *err)
{
	if (why == GH_VAULT_FINE)
		return GH_OK;
	if (why >= GH_VAULT_WHY_END)
		return gh_fail(err, GH_E_BUG, "the vault gave an answer that there is not");
	if (why == GH_VAULT_IO)
		return gh_fail_sys(err, (int)(arg & INT32_MAX), "the files of keys/");
	if (why == GH_VAULT_TPM_SAYS)
		return gh_fail(
			err, GH_E_DENIED,
			"the TPM refused: response code 0x%x (it was cleared, is another one, or its PCRs changed)",
			(unsigned)arg);
	if (why == GH_VAULT_SIGNING_ALTERED)
		return altered(arg, err);
	return gh_fail(err, whys[why].rc, "%s", whys[why].text);
}

const char *gh_vc_word(const char *const *list, size_t n, unsigned i)
{
	return i < n && list[i] != NULL ? list[i] : "unknown";
}

const char *gh_vault_class_name(uint32_t cls)
{
	static const char *const names[] = { NULL, "software", "tpm", "hardware" };
	return gh_vc_word(names, sizeof names / sizeof *names, cls);
}

const char *gh_vault_key_name(enum gh_vault_key key)
{
	static const char *const names[] = { NULL, "root", "badge", "log", "node" };
	return gh_vc_word(names, sizeof names / sizeof *names, key);
}

const char *gh_vault_method_name(enum gh_vault_method m)
{
	static const char *const names[] = { NULL, "passphrase", "key-file", "credential", "tpm", "recovery" };
	return gh_vc_word(names, sizeof names / sizeof *names, m);
}

const char *gh_vault_purpose_name(enum gh_vault_purpose p)
{
	static const char *const names[] = { NULL, "import", "export", "rescan", "deploy", "fsck", "document" };
	return gh_vc_word(names, sizeof names / sizeof *names, p);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

enum gh_rc gh_vc_lost(struct gh_vault *v, struct gh_err *err)
{
	int e = errno;
	(void)shutdown(v->sock, SHUT_RDWR); /* what comes late must not be taken for the answer to another question */
	if (e == EAGAIN || e == EWOULDBLOCK)
		return gh_fail(err, GH_E_IO, "the vault did not answer within %d seconds", GH_VAULT_WAIT_S);
	if (err != NULL)
		err->sys = EPIPE;
	return gh_fail(err, GH_E_IO, "the vault has ended");
}

/* One packet. A vault that ended with a question unread leaves an error in front of what it said before. */
static ssize_t hear(struct gh_vault *v, int flags)
{
	ssize_t n = gh_ipc_recv(v->sock, v->in, GH_VP_PACKET, NULL, flags);
	return n < 0 && errno == ECONNRESET ? gh_ipc_recv(v->sock, v->in, GH_VP_PACKET, NULL, flags) : n;
}

/* It may have said why before it went. */
enum gh_rc gh_vc_unsent(struct gh_vault *v, struct gh_err *err)
{
	int e = errno;
	ssize_t n = hear(v, MSG_DONTWAIT);
	const struct gh_vp_head *h = (const struct gh_vp_head *)v->in;
	if (n == (ssize_t)sizeof *h && h->kind == GH_VP_CANNOT && h->why != GH_VAULT_FINE)
		return because(h->why, h->arg, err);
	errno = e;
	return gh_vc_lost(v, err);
}

void gh_vc_put(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n, const void *records,
	       size_t records_n, uint32_t n)
{
	struct gh_vp_head h = {
		.kind = kind, .size = (uint32_t)(sizeof h + body_n + records_n), .seq = v->seq, .arg = arg, .n = n
	};
	memcpy(v->out, &h, sizeof h);
	if (body_n > 0)
		memcpy(v->out + sizeof h, body, body_n);
	if (records_n > 0)
		memcpy(v->out + sizeof h + body_n, records, records_n);
}

bool gh_vc_emit(struct gh_vault *v, int fd)
{
	const struct gh_vp_head *h = (const struct gh_vp_head *)v->out;
	return gh_ipc_send(v->sock, v->out, h->size, fd, 0);
}

/* The vault wants an entry in the log before it goes on. */
static enum gh_rc serve_log(struct gh_vault *v, const struct gh_vp_log *entry, enum gh_rc *said, struct gh_err *err)
{
	struct gh_vp_tenant t = { { 0 }, { 0 } };
	struct gh_vp_log copy = *entry;
	uint64_t index = 0;
	if (v->log == NULL || v->logging)
		return gh_fail(err, GH_E_BUG, "the vault asks to log where nobody logs");
	uint32_t seq = v->seq;
	v->logging = true;
	*said = v->log(v->arg, &copy, &index, err);
	v->logging = false;
	memcpy(t.tenant, copy.entry, sizeof t.tenant);
	v->seq++;
	gh_vc_put(v, GH_VP_LOGGED, index, &t, sizeof t, NULL, 0, 0);
	if (*said != GH_OK)
		((struct gh_vp_head *)v->out)->why = GH_VAULT_NOT_LOGGED;
	if (!gh_vc_emit(v, -1))
		return gh_vc_lost(v, err);
	v->seq = seq; /* what is still waited for */
	return GH_OK;
}

/* The answer to the question with this number. What the vault asks in between is served. */
enum gh_rc gh_vc_await(struct gh_vault *v, uint32_t kind, uint32_t seq, struct gh_vc_answer *a, struct gh_err *err)
{
	enum gh_rc said = GH_OK;
	for (;;) {
		ssize_t n = hear(v, 0);
		const struct gh_vp_head *h = (const struct gh_vp_head *)v->in;
		if (n <= 0) {
			errno = n == 0 ? EPIPE : errno;
			return gh_vc_lost(v, err);
		}
		if ((size_t)n < sizeof *h || h->size != (size_t)n)
			return gh_fail(err, GH_E_BUG, "the vault sent something that is no answer");
		if (h->kind == GH_VP_CANNOT)
			return because(h->why, h->arg, err);
		if (h->kind == GH_VP_LOG && (size_t)n == sizeof *h + sizeof(struct gh_vp_log)) {
			uint32_t mine = v->seq;
			enum gh_rc rc = serve_log(v, (const struct gh_vp_log *)(v->in + sizeof *h), &said, err);
			v->seq = mine;
			if (rc != GH_OK)
				return rc;
			continue;
		}
		if (h->kind != (kind | GH_VP_ANSWER) || h->seq != seq)
			return gh_fail(err, GH_E_BUG, "the vault answered another question");
		if (h->why == GH_VAULT_NOT_LOGGED && said != GH_OK) /* why not stands in err already */
			return gh_fail(err, said, "%s", whys[GH_VAULT_NOT_LOGGED].text);
		if (h->why != GH_VAULT_FINE)
			return because(h->why, h->arg, err);
		*a = (struct gh_vc_answer){ h, v->in + sizeof *h, (size_t)n - sizeof *h };
		return GH_OK;
	}
}

uint32_t gh_vc_next(struct gh_vault *v)
{
	/* Inside log() the number of the outer question must stay apart from those of the inner ones. */
	v->seq = v->seq >= UINT32_MAX / 2 ? 1 : v->seq + 1;
	return v->seq;
}

/* Ask with a body; want: bytes of the answer, SIZE_MAX: n records of `record` bytes. */
enum gh_rc gh_vc_ask_all(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n,
			 const void *records, size_t record, uint32_t n, int fd, struct gh_vc_answer *a,
			 struct gh_err *err)
{
	if (v->logging && kind != GH_VP_CHECKPOINT)
		return gh_fail(err, GH_E_BUG, "only a checkpoint may be asked for while a release is being logged");
	uint32_t seq = gh_vc_next(v);
	gh_vc_put(v, kind, arg, body, body_n, records, record * n, n);
	if (!gh_vc_emit(v, fd))
		return gh_vc_unsent(v, err);
	return gh_vc_await(v, kind, seq, a, err);
}

enum gh_rc gh_vc_ask(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n, int fd,
		     void *out, size_t want, uint64_t *answer, struct gh_err *err)
{
	struct gh_vc_answer a;
	enum gh_rc rc = gh_vc_ask_all(v, kind, arg, body, body_n, NULL, 0, 0, fd, &a, err);
	if (rc != GH_OK)
		return rc;
	if (a.n != want || a.h->n != 0)
		return gh_fail(err, GH_E_BUG, "the vault's answer has another length than it should");
	if (want > 0)
		memcpy(out, a.body, want);
	if (answer != NULL)
		*answer = a.h->arg;
	gh_wipe(v->in, sizeof *a.h + a.n);
	return GH_OK;
}

static enum gh_rc listed(struct gh_vault *v, uint32_t kind, uint64_t arg, void *out, size_t record, size_t cap,
			 size_t *n, struct gh_err *err)
{
	struct gh_vc_answer a;
	enum gh_rc rc = gh_vc_ask_all(v, kind, arg, NULL, 0, NULL, 0, 0, -1, &a, err);
	if (rc != GH_OK)
		return rc;
	if (a.n != (uint64_t)a.h->n * record)
		return gh_fail(err, GH_E_BUG, "the vault's answer has another length than it should");
	*n = a.h->n;
	memcpy(out, a.body, record * (*n < cap ? *n : cap));
	return *n <= cap ? GH_OK : gh_fail(err, GH_E_LIMIT, "there are %zu keys, more than was asked for", *n);
}

/* ---- opening ----------------------------------------------------------------------------------------------------------- */
static enum gh_rc slot(const struct gh_vault_secret *s, struct gh_vp_slot_add *out, struct gh_err *err)
{
	*out = (struct gh_vp_slot_add){ .method = s->method, .pcrs = s->method == GH_VAULT_TPM ? s->pcrs : 0 };
	if (s->method < GH_VAULT_PASSPHRASE || s->method >= GH_VAULT_METHODS_END || out->pcrs >= 1u << 24)
		return gh_fail(err, GH_E_MALFORMED, "there is no such way to open keys, or no such PCR (0 to 23)");
	const char *label = s->label != NULL ? s->label : gh_vault_method_name(s->method);
	if ((size_t)snprintf(out->label, sizeof out->label, "%s", label) >= sizeof out->label)
		return gh_fail(err, GH_E_LIMIT, "a label has at most %d bytes", GH_VP_LABEL - 1);
	return GH_OK;
}

enum gh_rc gh_vault_init(struct gh_vault *v, const struct gh_vault_secret *s, char recovery[GH_VP_RECOVERY],
			 struct gh_err *err)
{
	struct gh_vp_slot_add a;
	struct gh_vp_recovery r;
	enum gh_rc rc = slot(s, &a, err);
	if (rc == GH_OK)
		rc = gh_vc_ask(v, GH_VP_INIT, 0, &a, sizeof a, s->fd, &r, sizeof r, NULL, err);
	if (rc == GH_OK) {
		memcpy(recovery, r.text, sizeof r.text);
		recovery[GH_VP_RECOVERY - 1] = '\0';
		gh_wipe(&r, sizeof r);
	}
	return rc;
}

enum gh_rc gh_vault_unlock(struct gh_vault *v, const struct gh_vault_secret *s, struct gh_err *err)
{
	struct gh_vp_slot_add a;
	enum gh_rc rc = slot(s, &a, err);
	a.pcrs = 0;
	return rc != GH_OK ? rc : gh_vc_ask(v, GH_VP_UNLOCK, 0, &a, sizeof a, s->fd, NULL, 0, NULL, err);
}

static enum gh_rc attach(struct gh_vault *v, uint32_t who, int fd, const struct gh_id *session, struct gh_err *err)
{
	struct gh_vp_attach a = { .who = who };
	if (session != NULL && !gh_hex_get(gh_span_str(session->s), a.session, sizeof a.session))
		return gh_fail(err, GH_E_MALFORMED, "a session's id is none");
	return gh_vc_ask(v, GH_VP_ATTACH, 0, &a, sizeof a, fd, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_attach_catalog(struct gh_vault *v, int fd, struct gh_err *err)
{
	return attach(v, 1, fd, NULL, err);
}

enum gh_rc gh_vault_attach_blob(struct gh_vault *v, int fd, const struct gh_id *session, struct gh_err *err)
{
	return attach(v, 2, fd, session, err);
}

enum gh_rc gh_vault_slot_add(struct gh_vault *v, const struct gh_vault_secret *s, unsigned *number, struct gh_err *err)
{
	struct gh_vp_slot_add a;
	uint64_t got = 0;
	enum gh_rc rc = slot(s, &a, err);
	if (rc == GH_OK && s->method == GH_VAULT_RECOVERY)
		rc = gh_fail(err, GH_E_MALFORMED, "a recovery key is made by 'gatehouse key recover --new'");
	if (rc == GH_OK)
		rc = gh_vc_ask(v, GH_VP_SLOT_ADD, 0, &a, sizeof a, s->fd, NULL, 0, &got, err);
	if (rc == GH_OK && number != NULL)
		*number = (unsigned)got;
	return rc;
}

enum gh_rc gh_vault_slot_remove(struct gh_vault *v, unsigned number, struct gh_err *err)
{
	return gh_vc_ask(v, GH_VP_SLOT_REMOVE, number, NULL, 0, -1, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_slots(struct gh_vault *v, struct gh_vp_slot out[GH_VP_SLOTS], size_t *n, struct gh_err *err)
{
	enum gh_rc rc = listed(v, GH_VP_SLOT_LIST, 0, out, sizeof *out, GH_VP_SLOTS, n, err);
	for (size_t i = 0; rc == GH_OK && i < *n; i++)
		out[i].label[GH_VP_LABEL - 1] = '\0';
	return rc;
}

enum gh_rc gh_vault_recovery_new(struct gh_vault *v, char recovery[GH_VP_RECOVERY], struct gh_err *err)
{
	struct gh_vp_recovery r;
	enum gh_rc rc = gh_vc_ask(v, GH_VP_RECOVERY_NEW, 0, NULL, 0, -1, &r, sizeof r, NULL, err);
	if (rc == GH_OK) {
		memcpy(recovery, r.text, sizeof r.text);
		recovery[GH_VP_RECOVERY - 1] = '\0';
		gh_wipe(&r, sizeof r);
	}
	return rc;
}

/* ---- keys -------------------------------------------------------------------------------------------------------------- */
enum gh_rc gh_vault_status(struct gh_vault *v, struct gh_vp_status *out, struct gh_err *err)
{
	return gh_vc_ask(v, GH_VP_STATUS, 0, NULL, 0, -1, out, sizeof *out, NULL, err);
}

enum gh_rc gh_vault_public_kind(struct gh_vault *v, enum gh_vault_key key, struct gh_vp_public *out, size_t cap,
				size_t *n, struct gh_err *err)
{
	enum gh_rc rc = listed(v, GH_VP_PUBLIC, key, out, sizeof *out, cap, n, err);
	for (size_t i = 0; rc == GH_OK && i < *n; i++)
		if (out[i].spki_n > sizeof out[i].spki)
			return gh_fail(err, GH_E_BUG, "the vault gave a public key that is too long");
	return rc;
}

enum gh_rc gh_vault_public(struct gh_vault *v, struct gh_vp_public *out, size_t cap, size_t *n, struct gh_err *err)
{
	return gh_vault_public_kind(v, GH_VAULT_EVERY, out, cap, n, err);
}

enum gh_rc gh_vault_public_of(struct gh_vault *v, enum gh_vault_key key, struct gh_vp_public *out, struct gh_err *err)
{
	enum { CAP = GH_VP_PACKET / sizeof(struct gh_vp_public) };
	struct gh_vp_public *all = malloc(CAP * sizeof *all);
	size_t n = 0;
	if (all == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = gh_vault_public_kind(v, key, all, CAP, &n, err);
	bool found = false;
	for (size_t i = 0; rc == GH_OK && i < n; i++)
		if (all[i].key == key && all[i].current == 1) {
			*out = all[i];
			found = true;
		}
	free(all);
	if (rc == GH_OK && !found)
		return gh_fail(err, GH_E_ABSENT,
			       "there is no %s key: a file of keys/signing is missing; restore keys/ from a backup",
			       gh_vault_key_name(key));
	return rc;
}

enum gh_rc gh_vault_rotate(struct gh_vault *v, enum gh_vault_key key, uint32_t *generation, struct gh_err *err)
{
	uint64_t got = 0;
	enum gh_rc rc = gh_vc_ask(v, GH_VP_ROTATE, key, NULL, 0, -1, NULL, 0, &got, err);
	if (rc == GH_OK && generation != NULL)
		*generation = (uint32_t)got;
	return rc;
}

enum gh_rc gh_vault_endorsement(struct gh_vault *v, enum gh_vault_key key, uint32_t generation,
				struct gh_vp_endorsement *out, struct gh_err *err)
{
	struct gh_vp_which w = { key, generation };
	enum gh_rc rc = gh_vc_ask(v, GH_VP_ENDORSE_KEY, 0, &w, sizeof w, -1, out, sizeof *out, NULL, err);
	if (rc == GH_OK && (out->payload_n > sizeof out->payload || out->sig_n > sizeof out->sig))
		return gh_fail(err, GH_E_BUG, "the vault gave an endorsement that is too long");
	return rc;
}
