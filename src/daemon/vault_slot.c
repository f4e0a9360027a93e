/* The ways in which the root key can be opened: from what somebody knows or has to a private key. */
#include <argon2.h>
#include <errno.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

#include "crypto/kdf.h"
#include "crypto/secret.h"
#include "daemon/vault_int.h"

/* Argon2id (RFC 9106): 128 MiB, as many passes as take about 0.3 s here, one lane (the vault has one thread). What a slot says
 * is checked against a floor, so that an altered file cannot make a passphrase cheap to guess, and a ceiling, so that it cannot
 * make the vault work for ever. */
enum {
	MEMORY_KIB = 128 << 10,
	MEMORY_FLOOR = 64 << 10,
	MEMORY_CEILING = 2 << 20,
	PASSES_FLOOR = 2,
	PASSES_DEFAULT = 3,
	PASSES_CEILING = 64,
	TARGET_MS = 300,
	PASSPHRASE_MIN = 8,
	KEY_MIN = 32,
	SECRET_WAIT_MS = 30000,
	RECOVERY_BYTES = 20,
	RECOVERY_CHARS = 32,
	RECOVERY_CHECK = 4,
};

/* ---- reading a secret -------------------------------------------------------------------------------------------------- */
static enum gh_vault_why take_all(int fd, uint8_t *p, size_t cap, size_t *n)
{
	*n = 0;
	(void)lseek(fd, 0, SEEK_SET); /* a memory that was written by whoever hands it over; a pipe says no */
	for (;;) {
		struct pollfd f = { .fd = fd, .events = POLLIN };
		int ready = poll(&f, 1, SECRET_WAIT_MS);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return GH_VAULT_SECRET_EMPTY;
		ssize_t r = read(fd, p + *n, cap - *n);
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return GH_VAULT_SECRET_EMPTY;
		if (r == 0)
			return GH_VAULT_FINE;
		*n += (size_t)r;
		if (*n > GH_VP_SECRET_MAX)
			return GH_VAULT_SECRET_LONG;
	}
}

enum gh_vault_why gh_vd_read_secret(struct gh_vaultd *v, uint32_t method, int fd, struct gh_span *out)
{
	uint8_t *p = v->s->scratch, key[RECOVERY_BYTES];
	size_t n = 0;
	*out = (struct gh_span){ p, 0 };
	if (method == GH_VAULT_TPM)
		return GH_VAULT_FINE;
	enum gh_vault_why why = fd < 0 ? GH_VAULT_SECRET_EMPTY : take_all(fd, p, sizeof v->s->scratch, &n);
	if (why != GH_VAULT_FINE)
		return why;
	if (method == GH_VAULT_PASSPHRASE) {
		n -= n > 0 && p[n - 1] == '\n';
		n -= n > 0 && p[n - 1] == '\r';
	}
	if (n == 0)
		return GH_VAULT_SECRET_EMPTY;
	if (method == GH_VAULT_RECOVERY) {
		if (!gh_vd_recovery_key((struct gh_span){ p, n }, key))
			return GH_VAULT_BAD_RECOVERY;
		memcpy(p, key, sizeof key);
		gh_wipe(key, sizeof key);
		n = sizeof key;
	} else if (n < (method == GH_VAULT_PASSPHRASE ? PASSPHRASE_MIN : KEY_MIN)) {
		return GH_VAULT_SECRET_SHORT;
	}
	out->n = n;
	return GH_VAULT_FINE;
}

/* ---- recovery keys ----------------------------------------------------------------------------------------------------- */
/* Crockford's base32: no I, L, O, U; read without regard to case, I and L as 1, O as 0. 160 bits and 20 bits of checksum in nine
 * groups of four. */
static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

static void checksum(const uint8_t *key, uint8_t out[4])
{
	static const char info[] = "gatehouse recovery key v1";
	if (!gh_hkdf((struct gh_span){ key, RECOVERY_BYTES }, (struct gh_span){ 0 }, gh_span_str(info), out, 4))
		memset(out, 0, 4);
}

static unsigned five(const uint8_t *p, size_t bit)
{
	unsigned v = 0;
	for (size_t i = bit; i < bit + 5; i++)
		v = v << 1 | ((unsigned)p[i / 8] >> (7 - i % 8) & 1u);
	return v;
}

void gh_vd_recovery_text(const uint8_t key[20], char out[GH_VP_RECOVERY])
{
	uint8_t all[RECOVERY_BYTES + 4];
	size_t n = 0;
	memset(out, 0, GH_VP_RECOVERY);
	memcpy(all, key, RECOVERY_BYTES);
	checksum(key, all + RECOVERY_BYTES);
	for (size_t i = 0; i < RECOVERY_CHARS + RECOVERY_CHECK; i++) {
		if (i > 0 && i % 4 == 0)
			out[n++] = '-';
		out[n++] = letters[five(all, 5 * i)];
	}
	gh_wipe(all, sizeof all);
}

static int value(uint8_t c)
{
	if (c >= 'a' && c <= 'z')
		c = (uint8_t)(c - 'a' + 'A');
	c = c == 'O' ? '0' : c == 'I' || c == 'L' ? '1' : c;
	const char *at = c == '\0' ? NULL : strchr(letters, c);
	return at == NULL ? -1 : (int)(at - letters);
}

bool gh_vd_recovery_key(struct gh_span text, uint8_t key[20])
{
	uint8_t all[RECOVERY_BYTES + 4] = { 0 }, want[4];
	size_t n = 0;
	bool ok = true;
	for (size_t i = 0; i < text.n; i++) {
		uint8_t c = text.p[i];
		if (c == '-' || c == ' ' || c == '\n' || c == '\r' || c == '\t')
			continue;
		int d = value(c);
		if (d < 0 || n == RECOVERY_CHARS + RECOVERY_CHECK) {
			ok = false;
			break;
		}
		for (size_t b = 0; b < 5; b++) {
			size_t bit = 5 * n + b;
			all[bit / 8] |= (uint8_t)(((unsigned)d >> (4 - b) & 1u) << (7 - bit % 8));
		}
		n++;
	}
	checksum(all, want);
	want[2] &= 0xf0; /* 20 bits are in the text */
	want[3] = 0;
	ok = ok && n == RECOVERY_CHARS + RECOVERY_CHECK && gh_same_bytes(want, all + RECOVERY_BYTES, 4);
	if (ok)
		memcpy(key, all, RECOVERY_BYTES);
	gh_wipe(all, sizeof all);
	return ok;
}

/* ---- from a secret to a private key -------------------------------------------------------------------------------------- */
static uint64_t milliseconds(void)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static enum gh_vault_why stretch(const struct gh_vf_slot *s, struct gh_span secret, uint8_t out[32])
{
	int r = argon2id_hash_raw(s->passes, s->memory_kib, s->lanes, secret.p, secret.n, s->salt, sizeof s->salt, out,
				  32);
	return r == ARGON2_OK ? GH_VAULT_FINE : r == ARGON2_MEMORY_ALLOCATION_ERROR ? GH_VAULT_NOMEM : GH_VAULT_CRYPTO;
}

static enum gh_vault_why calibrate(struct gh_vf_slot *s)
{
	static const uint8_t try[KEY_MIN] = { 1 };
	uint8_t out[32];
	*s = (struct gh_vf_slot){ .memory_kib = MEMORY_KIB, .passes = 1, .lanes = 1 };
	uint64_t from = milliseconds();
	enum gh_vault_why why = stretch(s, (struct gh_span){ try, sizeof try }, out);
	uint64_t took = milliseconds() - from, passes = took == 0 ? PASSES_CEILING : TARGET_MS / took;
	s->passes = (uint32_t)(passes < PASSES_DEFAULT	 ? PASSES_DEFAULT
			       : passes > PASSES_CEILING ? PASSES_CEILING
							 : passes);
	return why;
}

static bool weak(const struct gh_vf_slot *s)
{
	return s->memory_kib < MEMORY_FLOOR || s->memory_kib > MEMORY_CEILING || s->passes < PASSES_FLOOR ||
	       s->passes > PASSES_CEILING || s->lanes != 1;
}

static const char *const infos[GH_VAULT_METHODS_END] = {
	[GH_VAULT_PASSPHRASE] = "gatehouse slot v1 passphrase", [GH_VAULT_KEYFILE] = "gatehouse slot v1 key file",
	[GH_VAULT_CREDENTIAL] = "gatehouse slot v1 credential", [GH_VAULT_TPM] = "gatehouse slot v1 tpm",
	[GH_VAULT_RECOVERY] = "gatehouse slot v1 recovery",
};

/* What was stretched, unsealed or read, to the private key of the slot's box. */
static enum gh_vault_why private_key(const struct gh_vf_slot *s, struct gh_span from, uint8_t key[32])
{
	return gh_hkdf(from, (struct gh_span){ s->salt, sizeof s->salt }, gh_span_str(infos[s->method]), key, 32)
		       ? GH_VAULT_FINE
		       : GH_VAULT_CRYPTO;
}

enum gh_vault_why gh_vd_slot_key(struct gh_vaultd *v, const struct gh_vf_slot *s, struct gh_span secret,
				 uint8_t key[32], uint64_t *sys)
{
	uint8_t made[32];
	struct gh_span from = secret;
	enum gh_vault_why why = GH_VAULT_FINE;
	if (s->method == 0 || s->method >= GH_VAULT_METHODS_END)
		return GH_VAULT_ROOT_DAMAGED;
	if (s->method == GH_VAULT_PASSPHRASE) {
		why = weak(s) ? GH_VAULT_WEAK_SLOT : stretch(s, secret, made);
		from = (struct gh_span){ made, sizeof made };
	} else if (s->method == GH_VAULT_TPM) {
		why = gh_vd_tpm_unseal(v, s, made, sys);
		from = (struct gh_span){ made, sizeof made };
	}
	if (why == GH_VAULT_FINE)
		why = private_key(s, from, key);
	gh_wipe(made, sizeof made);
	return why;
}

enum gh_vault_why gh_vd_slot_make(struct gh_vaultd *v, struct gh_vf_slot *s, struct gh_span secret, uint64_t *sys)
{
	struct gh_vf_slot cost = { 0 };
	uint8_t made[32], key[32];
	enum gh_vault_why why = GH_VAULT_FINE;
	if (!gh_random(s->salt, sizeof s->salt))
		return GH_VAULT_CRYPTO;
	if (s->method == GH_VAULT_PASSPHRASE) {
		why = calibrate(&cost);
		s->memory_kib = cost.memory_kib;
		s->passes = cost.passes;
		s->lanes = cost.lanes;
	} else if (s->method == GH_VAULT_TPM) {
		why = gh_random(made, sizeof made) ? gh_vd_tpm_seal(v, s, made, sys) : GH_VAULT_CRYPTO;
		gh_wipe(made, sizeof made);
	}
	if (why == GH_VAULT_FINE) /* of a TPM: what comes back, so that it is known to work */
		why = gh_vd_slot_key(v, s, secret, key, sys);
	if (why == GH_VAULT_FINE && !gh_box_public(key, s->public_key))
		why = GH_VAULT_CRYPTO;
	gh_wipe(key, sizeof key);
	return why;
}
