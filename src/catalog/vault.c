#include "catalog/vault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "os/ipc.h"

struct gh_vault {
	int sock;
	uint32_t seq;
	gh_vault_log_fn *log;
	void *arg;
	bool logging;	   /* inside log(): only a checkpoint may be asked for */
	uint8_t *out, *in; /* GH_VP_PACKET each */
};

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

/* The line that belongs to a code. Two of them say a number or what errno means; the rest are words. */
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
	return gh_fail(err, whys[why].rc, "%s", whys[why].text);
}

static const char *word(const char *const *list, size_t n, unsigned i)
{
	return i < n && list[i] != NULL ? list[i] : "unknown";
}

const char *gh_vault_key_name(enum gh_vault_key key)
{
	static const char *const names[] = { NULL, "root", "badge", "log", "node" };
	return word(names, sizeof names / sizeof *names, key);
}

const char *gh_vault_method_name(enum gh_vault_method m)
{
	static const char *const names[] = { NULL, "passphrase", "key-file", "credential", "tpm", "recovery" };
	return word(names, sizeof names / sizeof *names, m);
}

const char *gh_vault_purpose_name(enum gh_vault_purpose p)
{
	static const char *const names[] = { NULL, "import", "export", "rescan", "deploy", "fsck", "document" };
	return word(names, sizeof names / sizeof *names, p);
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */
struct answer {
	const struct gh_vp_head *h;
	const uint8_t *body;
	size_t n; /* bytes of body and records */
};

static enum gh_rc lost(struct gh_vault *v, struct gh_err *err)
{
	int e = errno;
	(void)shutdown(v->sock, SHUT_RDWR); /* what comes late must not be taken for the answer to another question */
	if (e == EAGAIN || e == EWOULDBLOCK)
		return gh_fail(err, GH_E_IO, "the vault did not answer within %d seconds", GH_VAULT_WAIT_S);
	if (err != NULL)
		err->sys = EPIPE;
	return gh_fail(err, GH_E_IO, "the vault has ended");
}

/* It may have said why before it went. */
static enum gh_rc unsent(struct gh_vault *v, struct gh_err *err)
{
	int e = errno;
	ssize_t n = gh_ipc_recv(v->sock, v->in, GH_VP_PACKET, NULL, MSG_DONTWAIT);
	const struct gh_vp_head *h = (const struct gh_vp_head *)v->in;
	if (n == (ssize_t)sizeof *h && h->kind == GH_VP_CANNOT && h->why != GH_VAULT_FINE)
		return because(h->why, h->arg, err);
	errno = e;
	return lost(v, err);
}

static void put(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n, const void *records,
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

static bool emit(struct gh_vault *v, int fd)
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
	put(v, GH_VP_LOGGED, index, &t, sizeof t, NULL, 0, 0);
	if (*said != GH_OK)
		((struct gh_vp_head *)v->out)->why = GH_VAULT_NOT_LOGGED;
	if (!emit(v, -1))
		return lost(v, err);
	v->seq = seq; /* what is still waited for */
	return GH_OK;
}

/* The answer to the question with this number. What the vault asks in between is served. */
static enum gh_rc await(struct gh_vault *v, uint32_t kind, uint32_t seq, struct answer *a, struct gh_err *err)
{
	enum gh_rc said = GH_OK;
	for (;;) {
		ssize_t n = gh_ipc_recv(v->sock, v->in, GH_VP_PACKET, NULL, 0);
		const struct gh_vp_head *h = (const struct gh_vp_head *)v->in;
		if (n <= 0) {
			errno = n == 0 ? EPIPE : errno;
			return lost(v, err);
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
		*a = (struct answer){ h, v->in + sizeof *h, (size_t)n - sizeof *h };
		return GH_OK;
	}
}

static uint32_t next(struct gh_vault *v)
{
	/* Inside log() the number of the outer question must stay apart from those of the inner ones. */
	v->seq = v->seq >= UINT32_MAX / 2 ? 1 : v->seq + 1;
	return v->seq;
}

/* Ask with a body; want: bytes of the answer, SIZE_MAX: n records of `record` bytes. */
static enum gh_rc ask_all(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n,
			  const void *records, size_t record, uint32_t n, int fd, struct answer *a, struct gh_err *err)
{
	if (v->logging && kind != GH_VP_CHECKPOINT)
		return gh_fail(err, GH_E_BUG, "only a checkpoint may be asked for while a release is being logged");
	uint32_t seq = next(v);
	put(v, kind, arg, body, body_n, records, record * n, n);
	if (!emit(v, fd))
		return unsent(v, err);
	return await(v, kind, seq, a, err);
}

static enum gh_rc ask(struct gh_vault *v, uint32_t kind, uint64_t arg, const void *body, size_t body_n, int fd,
		      void *out, size_t want, uint64_t *answer, struct gh_err *err)
{
	struct answer a;
	enum gh_rc rc = ask_all(v, kind, arg, body, body_n, NULL, 0, 0, fd, &a, err);
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

static enum gh_rc listed(struct gh_vault *v, uint32_t kind, void *out, size_t record, size_t cap, size_t *n,
			 struct gh_err *err)
{
	struct answer a;
	enum gh_rc rc = ask_all(v, kind, 0, NULL, 0, NULL, 0, 0, -1, &a, err);
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
		rc = ask(v, GH_VP_INIT, 0, &a, sizeof a, s->fd, &r, sizeof r, NULL, err);
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
	return rc != GH_OK ? rc : ask(v, GH_VP_UNLOCK, 0, &a, sizeof a, s->fd, NULL, 0, NULL, err);
}

static enum gh_rc attach(struct gh_vault *v, uint32_t who, int fd, const struct gh_id *session, struct gh_err *err)
{
	struct gh_vp_attach a = { .who = who };
	if (session != NULL && !gh_hex_get(gh_span_str(session->s), a.session, sizeof a.session))
		return gh_fail(err, GH_E_MALFORMED, "a session's id is none");
	return ask(v, GH_VP_ATTACH, 0, &a, sizeof a, fd, NULL, 0, NULL, err);
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
		rc = ask(v, GH_VP_SLOT_ADD, 0, &a, sizeof a, s->fd, NULL, 0, &got, err);
	if (rc == GH_OK && number != NULL)
		*number = (unsigned)got;
	return rc;
}

enum gh_rc gh_vault_slot_remove(struct gh_vault *v, unsigned number, struct gh_err *err)
{
	return ask(v, GH_VP_SLOT_REMOVE, number, NULL, 0, -1, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_slots(struct gh_vault *v, struct gh_vp_slot out[GH_VP_SLOTS], size_t *n, struct gh_err *err)
{
	enum gh_rc rc = listed(v, GH_VP_SLOT_LIST, out, sizeof *out, GH_VP_SLOTS, n, err);
	for (size_t i = 0; rc == GH_OK && i < *n; i++)
		out[i].label[GH_VP_LABEL - 1] = '\0';
	return rc;
}

enum gh_rc gh_vault_recovery_new(struct gh_vault *v, char recovery[GH_VP_RECOVERY], struct gh_err *err)
{
	struct gh_vp_recovery r;
	enum gh_rc rc = ask(v, GH_VP_RECOVERY_NEW, 0, NULL, 0, -1, &r, sizeof r, NULL, err);
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
	return ask(v, GH_VP_STATUS, 0, NULL, 0, -1, out, sizeof *out, NULL, err);
}

enum gh_rc gh_vault_public(struct gh_vault *v, struct gh_vp_public *out, size_t cap, size_t *n, struct gh_err *err)
{
	enum gh_rc rc = listed(v, GH_VP_PUBLIC, out, sizeof *out, cap, n, err);
	for (size_t i = 0; rc == GH_OK && i < *n; i++)
		if (out[i].spki_n > sizeof out[i].spki)
			return gh_fail(err, GH_E_BUG, "the vault gave a public key that is too long");
	return rc;
}

enum gh_rc gh_vault_public_of(struct gh_vault *v, enum gh_vault_key key, struct gh_vp_public *out, struct gh_err *err)
{
	enum { CAP = GH_VP_PACKET / sizeof(struct gh_vp_public) };
	struct gh_vp_public *all = malloc(CAP * sizeof *all);
	size_t n = 0;
	if (all == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory");
	enum gh_rc rc = gh_vault_public(v, all, CAP, &n, err);
	bool found = false;
	for (size_t i = 0; rc == GH_OK && i < n; i++)
		if (all[i].key == key && all[i].current == 1) {
			*out = all[i];
			found = true;
		}
	free(all);
	if (rc == GH_OK && !found)
		return gh_fail(err, GH_E_ABSENT, "there is no %s key", gh_vault_key_name(key));
	return rc;
}

enum gh_rc gh_vault_rotate(struct gh_vault *v, enum gh_vault_key key, uint32_t *generation, struct gh_err *err)
{
	uint64_t got = 0;
	enum gh_rc rc = ask(v, GH_VP_ROTATE, key, NULL, 0, -1, NULL, 0, &got, err);
	if (rc == GH_OK && generation != NULL)
		*generation = (uint32_t)got;
	return rc;
}

enum gh_rc gh_vault_endorsement(struct gh_vault *v, enum gh_vault_key key, uint32_t generation,
				struct gh_vp_endorsement *out, struct gh_err *err)
{
	struct gh_vp_which w = { key, generation };
	enum gh_rc rc = ask(v, GH_VP_ENDORSE_KEY, 0, &w, sizeof w, -1, out, sizeof *out, NULL, err);
	if (rc == GH_OK && (out->payload_n > sizeof out->payload || out->sig_n > sizeof out->sig))
		return gh_fail(err, GH_E_BUG, "the vault gave an endorsement that is too long");
	return rc;
}

/* ---- tenants ----------------------------------------------------------------------------------------------------------- */
static enum gh_rc tenant(const struct gh_id *id, const struct gh_id *requester, struct gh_vp_tenant *out,
			 struct gh_err *err)
{
	*out = (struct gh_vp_tenant){ { 0 }, { 0 } };
	if (!gh_hex_get(gh_span_str(id->s), out->tenant, sizeof out->tenant))
		return gh_fail(err, GH_E_MALFORMED, "a tenant's id is none");
	/* `local` is nobody: it has no id. */
	if (requester != NULL && !gh_id_none(requester) &&
	    !gh_hex_get(gh_span_str(requester->s), out->requester, sizeof out->requester))
		return gh_fail(err, GH_E_MALFORMED, "a requester's id is none");
	return GH_OK;
}

static enum gh_rc of_tenant(struct gh_vault *v, uint32_t kind, uint64_t arg, const struct gh_id *id,
			    const struct gh_id *requester, void *out, size_t want, uint64_t *answer, struct gh_err *err)
{
	struct gh_vp_tenant t;
	enum gh_rc rc = tenant(id, requester, &t, err);
	return rc != GH_OK ? rc : ask(v, kind, arg, &t, sizeof t, -1, out, want, answer, err);
}

enum gh_rc gh_vault_tenant_new(struct gh_vault *v, const struct gh_id *id, struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_NEW, 0, id, NULL, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_tenant_status(struct gh_vault *v, const struct gh_id *id, struct gh_vp_tenant_status *out,
				  struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_STATUS, 0, id, NULL, out, sizeof *out, NULL, err);
}

enum gh_rc gh_vault_tenant_rotate(struct gh_vault *v, const struct gh_id *id, uint32_t *generation, struct gh_err *err)
{
	uint64_t got = 0;
	enum gh_rc rc = of_tenant(v, GH_VP_TENANT_ROTATE, 0, id, NULL, NULL, 0, &got, err);
	if (rc == GH_OK && generation != NULL)
		*generation = (uint32_t)got;
	return rc;
}

enum gh_rc gh_vault_tenant_retire(struct gh_vault *v, const struct gh_id *id, uint32_t below, struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_RETIRE, below, id, NULL, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_tenant_shred(struct gh_vault *v, const struct gh_id *id, const struct gh_id *requester,
				 struct gh_err *err)
{
	return of_tenant(v, GH_VP_TENANT_SHRED, 0, id, requester, NULL, 0, NULL, err);
}

static enum gh_rc take_keys(const struct answer *a, size_t n, struct gh_id *id, struct gh_vault_wrapped *wrapped,
			    struct gh_err *err)
{
	const struct gh_vp_blob_key *k = (const struct gh_vp_blob_key *)a->body;
	if (a->h->n != n || a->n != n * sizeof *k)
		return gh_fail(err, GH_E_BUG, "the vault gave another number of keys than was asked for");
	for (size_t i = 0; i < n; i++) {
		if (id != NULL)
			gh_hex_put(id[i].s, k[i].id, GH_VP_ID);
		memcpy(wrapped[i].b, k[i].wrapped, GH_WRAPPED);
	}
	return GH_OK;
}

enum gh_rc gh_vault_new_keys(struct gh_vault *v, const struct gh_id *of, size_t n, struct gh_id *id,
			     struct gh_vault_wrapped *wrapped, struct gh_err *err)
{
	struct gh_vp_tenant t;
	struct answer a;
	enum gh_rc rc = tenant(of, NULL, &t, err);
	for (size_t i = 0; rc == GH_OK && i < n;) {
		size_t some = n - i < GH_VP_KEYS_MAX ? n - i : GH_VP_KEYS_MAX;
		rc = ask_all(v, GH_VP_NEW_KEYS, some, &t, sizeof t, NULL, 0, 0, -1, &a, err);
		if (rc == GH_OK)
			rc = take_keys(&a, some, id + i, wrapped + i, err);
		i += some;
	}
	return rc;
}

/* Some ids and wrapped keys as records. */
static enum gh_rc records(const struct gh_id *id, const struct gh_vault_wrapped *wrapped, size_t n,
			  struct gh_vp_blob_key *out, struct gh_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!gh_hex_get(gh_span_str(id[i].s), out[i].id, GH_VP_ID))
			return gh_fail(err, GH_E_MALFORMED, "a blob's id is none");
		memcpy(out[i].wrapped, wrapped[i].b, GH_WRAPPED);
	}
	return GH_OK;
}

enum gh_rc gh_vault_rewrap(struct gh_vault *v, const struct gh_id *of, size_t n, const struct gh_id *id,
			   struct gh_vault_wrapped *wrapped, struct gh_err *err)
{
	struct gh_vp_tenant t;
	struct answer a;
	struct gh_vp_blob_key *k = malloc(GH_VP_KEYS_MAX * sizeof *k);
	enum gh_rc rc = k == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : tenant(of, NULL, &t, err);
	for (size_t i = 0; rc == GH_OK && i < n;) {
		size_t some = n - i < GH_VP_KEYS_MAX ? n - i : GH_VP_KEYS_MAX;
		rc = records(id + i, wrapped + i, some, k, err);
		if (rc == GH_OK)
			rc = ask_all(v, GH_VP_REWRAP, 0, &t, sizeof t, k, sizeof *k, (uint32_t)some, -1, &a, err);
		if (rc == GH_OK)
			rc = take_keys(&a, some, NULL, wrapped + i, err);
		i += some;
	}
	free(k);
	return rc;
}

uint32_t gh_vault_wrapped_generation(const struct gh_vault_wrapped *w)
{
	uint32_t generation;
	return gh_wrapped_generation(w->b, GH_WRAP_BLOB, &generation) ? generation : 0;
}

static enum gh_rc begin_release(struct gh_vault *v, const struct gh_vault_release *r, struct gh_err *err)
{
	struct gh_vp_release m = { .purpose = r->purpose };
	if (r->purpose < GH_VAULT_IMPORT || r->purpose >= GH_VAULT_PURPOSES_END || r->n == 0 ||
	    r->n > GH_VP_RELEASE_MAX)
		return gh_fail(err, GH_E_LIMIT, "a release is of 1 to %d keys, for a known purpose", GH_VP_RELEASE_MAX);
	if (!gh_hex_get(gh_span_str(r->tenant.s), m.tenant, GH_VP_ID) ||
	    !gh_hex_get(gh_span_str(r->session.s), m.session, GH_VP_ID) ||
	    (!gh_id_none(&r->version) && !gh_hex_get(gh_span_str(r->version.s), m.version, GH_VP_ID)) ||
	    (!gh_id_none(&r->requester) && !gh_hex_get(gh_span_str(r->requester.s), m.requester, GH_VP_ID)))
		return gh_fail(err, GH_E_MALFORMED, "an id of a release is none");
	return ask(v, GH_VP_RELEASE, 0, &m, sizeof m, -1, NULL, 0, NULL, err);
}

enum gh_rc gh_vault_release(struct gh_vault *v, const struct gh_vault_release *r, uint64_t *index, struct gh_err *err)
{
	struct gh_vp_tenant t;
	struct answer a;
	struct gh_vp_blob_key *k = malloc(GH_VP_KEYS_MAX * sizeof *k);
	enum gh_rc rc = k == NULL ? gh_fail(err, GH_E_NOMEM, "no memory") : begin_release(v, r, err);
	if (rc == GH_OK)
		rc = tenant(&r->tenant, NULL, &t, err);
	for (size_t i = 0; rc == GH_OK && i < r->n;) {
		size_t some = r->n - i < GH_VP_KEYS_MAX ? r->n - i : GH_VP_KEYS_MAX;
		rc = records(r->id + i, r->wrapped + i, some, k, err);
		if (rc == GH_OK)
			rc = ask_all(v, GH_VP_RELEASE_KEYS, 0, &t, sizeof t, k, sizeof *k, (uint32_t)some, -1, &a, err);
		i += some;
	}
	free(k);
	if (rc == GH_OK)
		rc = ask(v, GH_VP_RELEASE_GO, 0, NULL, 0, -1, NULL, 0, index, err);
	return rc;
}

/* ---- signatures -------------------------------------------------------------------------------------------------------- */
const char *gh_vault_payload_type(enum gh_vault_sign what)
{
	static const char *const types[] = {
#define GH_X(name, type) [GH_SIGN_##name] = type,
		GH_VAULT_SIGNS(GH_X)
#undef GH_X
	};
	return word(types, sizeof types / sizeof *types, what);
}

static enum gh_rc signature(const struct answer *a, struct gh_vp_signature *out, struct gh_err *err)
{
	if (a->n != sizeof *out)
		return gh_fail(err, GH_E_BUG, "the vault's answer has another length than it should");
	memcpy(out, a->body, sizeof *out);
	return out->sig_n <= sizeof out->sig ? GH_OK
					     : gh_fail(err, GH_E_BUG, "the vault gave a signature that is too long");
}

enum gh_rc gh_vault_sign(struct gh_vault *v, enum gh_vault_sign what, struct gh_span payload,
			 struct gh_vp_signature *out, struct gh_err *err)
{
	struct answer a;
	if (what < GH_SIGN_STATEMENT || what >= GH_SIGN_END || payload.n == 0 || payload.n > GH_VP_SIGN_MAX)
		return gh_fail(err, GH_E_LIMIT, "what is signed has 1 byte to %d MiB", GH_VP_SIGN_MAX >> 20);
	if (v->logging)
		return gh_fail(err, GH_E_BUG, "only a checkpoint may be asked for while a release is being logged");
	struct gh_vp_sign m = { what, (uint32_t)payload.n };
	uint32_t seq = next(v);
	size_t some = payload.n < GH_VP_PAYLOAD ? payload.n : GH_VP_PAYLOAD;
	put(v, GH_VP_SIGN, 0, &m, sizeof m, payload.p, some, (uint32_t)some);
	if (!emit(v, -1))
		return lost(v, err);
	for (size_t at = some; at < payload.n; at += some) {
		some = payload.n - at < GH_VP_PAYLOAD ? payload.n - at : GH_VP_PAYLOAD;
		put(v, GH_VP_SIGN_MORE, 0, NULL, 0, payload.p + at, some, (uint32_t)some);
		if (!emit(v, -1))
			return lost(v, err);
	}
	enum gh_rc rc = await(v, GH_VP_SIGN, seq, &a, err);
	return rc == GH_OK ? signature(&a, out, err) : rc;
}

enum gh_rc gh_vault_checkpoint(struct gh_vault *v, struct gh_span note, const struct gh_merkle_proof *proof,
			       uint8_t sig[64], struct gh_err *err)
{
	struct gh_vp_checkpoint m = { 0 };
	struct gh_vp_signature s = { 0 };
	struct answer a;
	if (note.n == 0 || note.n > sizeof m.note)
		return gh_fail(err, GH_E_LIMIT, "a checkpoint has at most %zu bytes", sizeof m.note);
	m.note_n = (uint32_t)note.n;
	memcpy(m.note, note.p, note.n);
	m.proof_n = proof == NULL ? 0 : proof->n;
	if (m.proof_n > sizeof m.proof / sizeof *m.proof)
		return gh_fail(err, GH_E_LIMIT, "a proof of consistency has at most 64 hashes");
	for (uint32_t i = 0; i < m.proof_n; i++)
		memcpy(m.proof[i], proof->h[i].b, sizeof m.proof[i]);
	enum gh_rc rc = ask_all(v, GH_VP_CHECKPOINT, 0, &m, sizeof m, NULL, 0, 0, -1, &a, err);
	if (rc == GH_OK)
		rc = signature(&a, &s, err);
	if (rc == GH_OK && s.sig_n != 64)
		rc = gh_fail(err, GH_E_BUG, "the vault gave a signature of another kind");
	if (rc == GH_OK)
		memcpy(sig, s.sig, 64);
	return rc;
}

enum gh_rc gh_vault_last_checkpoint(struct gh_vault *v, struct gh_vp_last *out, struct gh_err *err)
{
	enum gh_rc rc = ask(v, GH_VP_LAST_CHECKPOINT, 0, NULL, 0, -1, out, sizeof *out, NULL, err);
	if (rc == GH_OK && out->note_n > sizeof out->note)
		return gh_fail(err, GH_E_BUG, "the vault gave a checkpoint that is too long");
	if (rc == GH_OK && out->note_n == 0)
		return gh_fail(err, GH_E_ABSENT, "no checkpoint was signed yet");
	return rc;
}
