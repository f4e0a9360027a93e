/* What the launcher says, checked: it may be anybody. */
#include <errno.h>
#include <unistd.h>

#include "crypto/hpke.h"
#include "crypto/secret.h"
#include "os/ipc.h"
#include "runtime/stub/stub.h"

static _Alignas(16) uint8_t packet[GH_STUB_PACKET];

/* One packet of this kind and at least this size; a descriptor must come along, or must not. */
static bool hear(int sock, uint32_t *kind, size_t *n, int *fd)
{
	ssize_t got = gh_ipc_recv(sock, packet, sizeof packet, fd, 0);
	struct gh_stub_head h;
	if (got < (ssize_t)sizeof h)
		return false;
	memcpy(&h, packet, sizeof h);
	*kind = h.kind;
	*n = (size_t)got;
	return h.size == (size_t)got;
}

/* The words behind START: as many as announced, to the last byte. */
static bool words(struct gh_stub_told *t, const uint8_t *p, size_t n)
{
	const uint32_t want = t->start.nargv + t->start.nenv;
	if (n > sizeof t->text || n == 0 || p[n - 1] != '\0')
		return false;
	memcpy(t->text, p, n);
	char *at = t->text, *end = t->text + n;
	for (uint32_t i = 0; i < want; i++) {
		if (at == end)
			return false;
		t->word[i] = at;
		at += strlen(at) + 1;
	}
	return at == end;
}

static bool begin(struct gh_stub_told *t, size_t n)
{
	if (n < sizeof t->start)
		return false;
	memcpy(&t->start, packet, sizeof t->start);
	const struct gh_stub_start *s = &t->start;
	return s->version == GH_STUB_VERSION && s->zero == 0 && s->nfile != 0 && s->nfile <= GH_STUB_FILES &&
	       s->nargv != 0 && s->nargv <= GH_STUB_WORDS && s->nenv <= GH_STUB_WORDS &&
	       (s->model == GH_STUB_DESCRIPTOR || s->model == GH_STUB_DIRECTORY) &&
	       words(t, packet + sizeof t->start, n - sizeof t->start) && t->word[0][0] == '/';
}

static enum gh_stub_why add_file(struct gh_stub_told *t, size_t n, int *fd)
{
	struct gh_stub_file_msg m;
	if (n != sizeof m || *fd < 0 || t->ninput == t->start.nfile)
		return GH_STUB_WHY_PROTOCOL;
	memcpy(&m, packet, sizeof m);
	if (!gh_stub_name_ok(m.file.name))
		return GH_STUB_WHY_NAME;
	for (uint32_t i = 0; i < t->ninput; i++)
		if (strcmp(t->input[i].file.name, m.file.name) == 0)
			return GH_STUB_WHY_NAME;
	t->input[t->ninput++] = (struct gh_stub_input){ .file = m.file, .cipher = *fd, .plain = -1 };
	*fd = -1;
	return GH_STUB_WHY_FINE;
}

enum gh_stub_why gh_stub_hear(int sock, struct gh_stub_told *t, struct gh_stub_at *at)
{
	enum gh_stub_why why = GH_STUB_WHY_FINE;
	bool started = false;
	while (why == GH_STUB_WHY_FINE) {
		uint32_t kind;
		size_t n;
		int fd = -1;
		if (!hear(sock, &kind, &n, &fd)) {
			at->sys = errno;
			why = GH_STUB_WHY_PROTOCOL;
		} else if (kind == GH_SP_START && !started && fd < 0) {
			started = begin(t, n);
			why = started ? GH_STUB_WHY_FINE : GH_STUB_WHY_PROTOCOL;
		} else if (kind == GH_SP_FILE && started) {
			at->file = t->ninput;
			why = add_file(t, n, &fd);
		} else if (kind == GH_SP_SOCKET && started && fd >= 0 && t->socket < 0) {
			t->socket = fd;
			fd = -1;
		} else if (kind == GH_SP_BEGIN && started && fd < 0 && t->ninput == t->start.nfile) {
			at->file = 0;
			return GH_STUB_WHY_FINE;
		} else
			why = GH_STUB_WHY_PROTOCOL;
		if (fd >= 0)
			(void)close(fd);
	}
	return why;
}

/* The key for each file; no file without one, no key without a file. */
static enum gh_stub_why assign(const struct gh_stub_told *t, const struct gh_stub_blob_key *k, size_t n,
			       uint8_t (*keys)[GH_STUB_KEY], struct gh_stub_at *at)
{
	for (size_t j = 0; j < n; j++) {
		bool used = false;
		for (uint32_t i = 0; i < t->ninput && !used; i++)
			used = memcmp(t->input[i].file.blob, k[j].blob, GH_STUB_ID) == 0;
		if (!used)
			return GH_STUB_WHY_KEY_FOREIGN;
	}
	for (uint32_t i = 0; i < t->ninput; i++) {
		size_t j = 0;
		while (j < n && memcmp(t->input[i].file.blob, k[j].blob, GH_STUB_ID) != 0)
			j++;
		at->file = i;
		if (j == n)
			return GH_STUB_WHY_KEY_MISSING;
		memcpy(keys[i], k[j].key, GH_STUB_KEY);
	}
	at->file = 0;
	return GH_STUB_WHY_FINE;
}

enum gh_stub_why gh_stub_hear_keys(int sock, const struct gh_stub_told *t, const uint8_t private_key[GH_STUB_KEY],
				   const struct gh_stub_bind *b, struct gh_stub_blob_key *sealed,
				   uint8_t (*keys)[GH_STUB_KEY], struct gh_stub_at *at)
{
	struct gh_stub_keys m;
	uint32_t kind;
	size_t n;
	int fd = -1;
	uint8_t aad[GH_STUB_AAD];
	if (!hear(sock, &kind, &n, &fd) || fd >= 0 || kind != GH_SP_KEYS || n < sizeof m) {
		at->sys = errno;
		if (fd >= 0)
			(void)close(fd);
		return GH_STUB_WHY_PROTOCOL;
	}
	memcpy(&m, packet, sizeof m);
	if (m.zero != 0 || m.n == 0 || m.n > GH_STUB_FILES || n != sizeof m + m.n * sizeof *sealed + GH_HPKE_TAG)
		return GH_STUB_WHY_PROTOCOL;
	gh_stub_aad(b, m.evidence, aad);
	const struct gh_span in = { packet + sizeof m, n - sizeof m };
	if (!gh_hpke_open(private_key, m.enc, gh_span_str(GH_STUB_INFO), (struct gh_span){ aad, sizeof aad }, in,
			  (uint8_t *)sealed))
		return GH_STUB_WHY_SEALED;
	return assign(t, sealed, m.n, keys, at);
}
