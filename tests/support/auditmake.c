#include "support/auditmake.h"

#include "audit/entry.h"
#include "crypto/signed.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void load_state(struct audit_signer *s)
{
	uint8_t b[40];
	int fd = open(s->state, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	if (read(fd, b, sizeof b) == sizeof b) {
		s->size = gh_le64(b);
		memcpy(s->root.b, b + 8, 32);
	}
	close(fd);
}

static void save_state(const struct audit_signer *s)
{
	uint8_t b[40];
	char tmp[512];
	for (unsigned i = 0; i < 8; i++)
		b[i] = (uint8_t)(s->size >> (8 * i));
	memcpy(b + 8, s->root.b, 32);
	(void)snprintf(tmp, sizeof tmp, "%s.new", s->state);
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, b, sizeof b) != sizeof b || fsync(fd) != 0 || rename(tmp, s->state) != 0)
		abort();
	close(fd);
}

enum gh_rc audit_sign(void *signer, const struct gh_log_ask *ask, uint8_t sig[GH_ED25519_SIG], struct gh_err *err)
{
	struct audit_signer *s = signer;
	s->asked++;
	if (s->refuse)
		return gh_fail(err, GH_E_DENIED, "the vault is locked");
	if (s->size == 0)
		s->root = gh_merkle_empty();
	if (s->state != NULL)
		load_state(s);
	const char *why = gh_merkle_may_sign(s->size, &s->root, ask->size, &ask->root, ask->proof->h, ask->proof->n);
	if (why != NULL)
		return gh_fail(err, GH_E_DENIED, "the signer refuses: %s", why);
	s->size = ask->size;
	s->root = ask->root;
	if (s->state != NULL)
		save_state(s);
	return gh_ed25519_sign(s->seed, ask->text, sig) ? GH_OK : gh_fail(err, GH_E_BUG, "Ed25519");
}

void audit_key(unsigned number, const char *name, enum gh_note_type type, uint8_t seed[GH_ED25519_KEY],
	       struct gh_note_key *key)
{
	uint8_t pub[GH_ED25519_KEY];
	memset(seed, (int)number, GH_ED25519_KEY);
	if (!gh_signed_public(seed, pub) ||
	    gh_note_key(name, type, (struct gh_span){ pub, sizeof pub }, key, NULL) != GH_OK)
		abort();
}

struct gh_log_setup audit_setup(const char *dir, struct audit_signer *s, struct gh_note_key *key)
{
	memset(s, 0, sizeof *s);
	audit_key(1, "example.com/log", GH_NOTE_ED25519, s->seed, key);
	return (struct gh_log_setup){ .dir = dir, .key = key, .sign = audit_sign, .sign_arg = s };
}

void audit_id(uint64_t number, char out[33]) { (void)snprintf(out, 33, "%032llx", (unsigned long long)number); }

void audit_entry(uint64_t number, struct gh_buf *out)
{
	char id[33], version[33], root[65], report[65];
	struct gh_err err = { 0 };
	audit_id(number, id);
	audit_id(number * 7 + 3, version);
	(void)snprintf(root, sizeof root, "%064llx", (unsigned long long)(number * 31 + 1));
	(void)snprintf(report, sizeof report, "%064llx", (unsigned long long)(number * 37 + 2));
	struct gh_entry_head head = { id, (int64_t)(1795348800 + number % 1000000), "import", "local" };
	struct gh_entry_value v[] = {
		{ "tenant", "00000000000000000000000000000abc", 0 },
		{ "version", version, 0 },
		{ "root", root, 0 },
		{ "report", report, 0 },
		{ "verdict", "CLEAN", 0 },
		{ "state", "ready", 0 },
		{ "bytes", NULL, number * 1000 },
		{ "files", NULL, number % 7 },
	};
	if (gh_entry_write(&head, v, sizeof v / sizeof v[0], out, &err) != GH_OK)
		abort();
}
