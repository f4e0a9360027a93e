#include "crypto/note_int.h"

#include "base/utf8.h"
#include "wire/b64.h"
#include "wire/digits.h"

#include <openssl/evp.h>
#include <openssl/x509.h>

static const char dash[] = "\xe2\x80\x94 "; /* U+2014 and a space: how a line of signature starts */
enum { DASH = sizeof dash - 1 };

/* ---- Ed25519 ---------------------------------------------------------------------------------------------------------------- */
bool gh_ed25519_verify(const uint8_t key[GH_ED25519_KEY], struct gh_span msg, const uint8_t sig[GH_ED25519_SIG])
{
	EVP_PKEY *k = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key, GH_ED25519_KEY);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = k != NULL && ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, k) == 1 &&
		  EVP_DigestVerify(ctx, sig, GH_ED25519_SIG, msg.p, msg.n) == 1;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return ok;
}

bool gh_ed25519_sign(const uint8_t seed[GH_ED25519_KEY], struct gh_span msg, uint8_t sig[GH_ED25519_SIG])
{
	size_t n = GH_ED25519_SIG;
	EVP_PKEY *k = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, seed, GH_ED25519_KEY);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = k != NULL && ctx != NULL && EVP_DigestSignInit(ctx, NULL, NULL, NULL, k) == 1 &&
		  EVP_DigestSign(ctx, sig, &n, msg.p, msg.n) == 1 && n == GH_ED25519_SIG;
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return ok;
}

/* The key is the verifier's own, the signature a stranger's. */
static bool ecdsa_verify(struct gh_span spki, struct gh_span msg, struct gh_span sig)
{
	const unsigned char *p = spki.p;
	EVP_PKEY *k = d2i_PUBKEY(NULL, &p, (long)spki.n);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = k != NULL && p == spki.p + spki.n && ctx != NULL && EVP_PKEY_get_base_id(k) == EVP_PKEY_EC;
	if (ok) {
		int bits = EVP_PKEY_get_bits(k);
		const EVP_MD *md = bits <= 256 ? EVP_sha256() : bits <= 384 ? EVP_sha384() : EVP_sha512();
		ok = EVP_DigestVerifyInit(ctx, NULL, md, NULL, k) == 1 &&
		     EVP_DigestVerify(ctx, sig.p, sig.n, msg.p, msg.n) == 1;
	}
	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(k);
	return ok;
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------- */
static uint32_t key_id(const struct gh_note_key *k)
{
	gh_auto_buf b = gh_buf(GH_NOTE_NAME + GH_NOTE_KEY + 8);
	if (k->type != GH_NOTE_ECDSA) {
		gh_buf_str(&b, k->name);
		gh_buf_ch(&b, '\n');
		gh_buf_ch(&b, (char)k->type);
	}
	gh_buf_put(&b, k->key, k->key_n);
	struct gh_mhash h = gh_merkle_sha256(gh_buf_view(&b));
	return b.full ? 0 : gh_be32(h.b);
}

enum gh_rc gh_note_key(const char *name, enum gh_note_type type, struct gh_span key, struct gh_note_key *out,
		       struct gh_err *err)
{
	struct gh_span n = gh_span_str(name);
	bool fits = type == GH_NOTE_ECDSA ? key.n > 0 && key.n <= GH_NOTE_KEY : key.n == GH_ED25519_KEY;
	*out = (struct gh_note_key){ .type = type };
	if (!gh_note_name_ok(n))
		return gh_fail(err, GH_E_MALFORMED,
			       "the name of a key must be 1 to %d bytes of UTF-8 without white space and '+'",
			       GH_NOTE_NAME);
	if (!fits)
		return gh_fail(err, GH_E_MALFORMED, "a public key of type %02x cannot have %zu bytes", (unsigned)type,
			       key.n);
	memcpy(out->name, n.p, n.n);
	memcpy(out->key, key.p, key.n);
	out->key_n = key.n;
	out->id = key_id(out);
	return GH_OK;
}

static struct gh_span trim(struct gh_span s)
{
	while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\n' || s.p[0] == '\r'))
		s = gh_span_cut(s, 1, s.n);
	while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r'))
		s.n--;
	return s;
}

static bool hex_id(struct gh_span s, uint32_t *id)
{
	uint32_t v = 0;
	for (size_t i = 0; i < s.n; i++) {
		int d = gh_hex_digit(s.p[i]);
		if (d < 0 || (s.p[i] >= 'A' && s.p[i] <= 'F'))
			return false;
		v = v << 4 | (uint32_t)d;
	}
	*id = v;
	return s.n == 8;
}

enum gh_rc gh_note_vkey_read(struct gh_span text, struct gh_note_key *out, struct gh_err *err)
{
	struct gh_span s = trim(text);
	uint8_t raw[1 + GH_NOTE_KEY];
	char name[GH_NOTE_NAME + 1] = "";
	uint32_t id;
	size_t n = 0;
	const uint8_t *plus = s.n == 0 ? NULL : memchr(s.p, '+', s.n);
	size_t name_n = plus == NULL ? 0 : (size_t)(plus - s.p);
	*out = (struct gh_note_key){ 0 };
	if (name_n == 0 || name_n > GH_NOTE_NAME || memchr(s.p, '\0', name_n) != NULL || s.n < name_n + 10 ||
	    s.p[name_n + 9] != '+' || !hex_id(gh_span_cut(s, name_n + 1, 8), &id) ||
	    !gh_line_b64(gh_span_cut(s, name_n + 10, s.n), raw, sizeof raw, &n) || n < 2)
		return gh_fail(err, GH_E_MALFORMED,
			       "this is no verifier key such as example.com/log+530d903a+AekyeRr…");
	memcpy(name, s.p, name_n);
	if (raw[0] != GH_NOTE_ED25519 && raw[0] != GH_NOTE_ECDSA && raw[0] != GH_NOTE_COSIG)
		return gh_fail(err, GH_E_UNREAD, "a verifier key of type %02x is not known here (01, 02 and 04 are)",
			       raw[0]);
	if (n > sizeof raw)
		return gh_fail(err, GH_E_MALFORMED, "a public key of %zu bytes is too long", n - 1);
	GH_TRY(gh_note_key(name, (enum gh_note_type)raw[0], (struct gh_span){ raw + 1, n - 1 }, out, err), err,
	       "verifier key");
	if (out->id != id) {
		uint32_t want = out->id;
		*out = (struct gh_note_key){ 0 };
		return gh_fail(err, GH_E_MALFORMED, "the verifier key's id is %08x, but its name and key give %08x", id,
			       want);
	}
	return GH_OK;
}

void gh_note_vkey_write(const struct gh_note_key *key, struct gh_buf *out)
{
	uint8_t raw[1 + GH_NOTE_KEY] = { (uint8_t)key->type };
	memcpy(raw + 1, key->key, key->key_n);
	gh_buf_fmt(out, "%s+%08x+", key->name, key->id);
	gh_b64_put(out, (struct gh_span){ raw, 1 + key->key_n });
}

/* ---- notes ------------------------------------------------------------------------------------------------------------------ */

/* Where the text ends: behind the newline that the last empty line follows. 0: there is none. */
static size_t text_end(struct gh_span s)
{
	for (size_t i = s.n; i >= 2; i--)
		if (s.p[i - 1] == '\n' && s.p[i - 2] == '\n')
			return i - 1;
	return 0;
}

static bool sig_line(struct gh_span line, struct gh_note_sig *out)
{
	uint8_t id[4];
	size_t n;
	if (!gh_span_starts(line, dash))
		return false;
	line = gh_span_cut(line, DASH, line.n);
	const uint8_t *sp = line.n == 0 ? NULL : memchr(line.p, ' ', line.n);
	if (sp == NULL)
		return false;
	size_t name_n = (size_t)(sp - line.p);
	out->name = gh_span_cut(line, 0, name_n);
	out->base64 = gh_span_cut(line, name_n + 1, line.n);
	if (!gh_note_name_ok(out->name) || !gh_line_b64(out->base64, id, sizeof id, &n) || n < 5)
		return false;
	out->id = gh_be32(id);
	out->n = n - 4;
	return true;
}

static bool controls(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' && s.p[i] != '\n')
			return true;
	return false;
}

enum gh_rc gh_note_read(struct gh_span bytes, struct gh_note *out, struct gh_err *err)
{
	memset(out, 0, sizeof *out);
	if (bytes.n > GH_NOTE_MAX)
		return gh_fail(err, GH_E_LIMIT, "a note of %zu bytes; at most %d are read", bytes.n, GH_NOTE_MAX);
	if (!gh_utf8_valid(bytes) || controls(bytes))
		return gh_fail(err, GH_E_MALFORMED, "no signed note: it is not UTF-8 text without control characters");
	size_t end = text_end(bytes);
	struct gh_span rest = gh_span_cut(bytes, end + 1, bytes.n), line;
	if (end == 0 || rest.n == 0)
		return gh_fail(err, GH_E_MALFORMED,
			       "no signed note: no empty line stands between a text and signatures");
	if (rest.p[rest.n - 1] != '\n')
		return gh_fail(err, GH_E_MALFORMED, "no signed note: the last line is cut off");
	while (gh_line_next(&rest, &line)) {
		if (out->nsig == GH_NOTE_SIGS)
			return gh_fail(err, GH_E_LIMIT, "more than %d signatures", GH_NOTE_SIGS);
		if (!sig_line(line, &out->sig[out->nsig]))
			return gh_fail(err, GH_E_MALFORMED, "signature line %zu is none", out->nsig + 1);
		out->nsig++;
	}
	out->text = gh_span_cut(bytes, 0, end);
	return GH_OK;
}

void gh_note_cosig_message(uint64_t time, struct gh_span text, struct gh_buf *out)
{
	gh_buf_fmt(out, "cosignature/v1\ntime %llu\n", (unsigned long long)time);
	gh_buf_span(out, text);
}

static bool verify_cosig(const struct gh_note_key *key, struct gh_span text, const uint8_t sig[GH_COSIG],
			 uint64_t *time)
{
	gh_auto_buf msg = gh_buf(text.n + 128);
	*time = gh_be32(sig);
	*time = *time << 32 | gh_be32(sig + 4);
	gh_note_cosig_message(*time, text, &msg);
	return !msg.full && gh_ed25519_verify(key->key, gh_buf_view(&msg), sig + 8);
}

static bool verify_one(const struct gh_note *note, const struct gh_note_sig *s, const struct gh_note_key *key,
		       uint64_t *time)
{
	uint8_t raw[4 + GH_NOTE_SIG];
	size_t n;
	*time = 0;
	if (!gh_line_b64(s->base64, raw, sizeof raw, &n) || n > sizeof raw)
		return false;
	struct gh_span sig = { raw + 4, n - 4 };
	switch (key->type) {
	case GH_NOTE_ED25519: return sig.n == GH_ED25519_SIG && gh_ed25519_verify(key->key, note->text, sig.p);
	case GH_NOTE_ECDSA: return ecdsa_verify((struct gh_span){ key->key, key->key_n }, note->text, sig);
	case GH_NOTE_COSIG: return sig.n == GH_COSIG && verify_cosig(key, note->text, sig.p, time);
	}
	return false;
}

enum gh_note_said gh_note_check(const struct gh_note *note, const struct gh_note_key *key, uint64_t *time)
{
	enum gh_note_said said = GH_NOTE_ABSENT;
	uint64_t latest = 0;
	for (size_t i = 0; i < note->nsig; i++) {
		uint64_t t;
		if (note->sig[i].id != key->id || !gh_span_is(note->sig[i].name, key->name))
			continue;
		if (!verify_one(note, &note->sig[i], key, &t))
			return GH_NOTE_BAD;
		said = GH_NOTE_GOOD;
		if (t > latest)
			latest = t;
	}
	if (time != NULL)
		*time = latest;
	return said;
}

enum gh_rc gh_note_verify(const struct gh_note *note, const struct gh_note_key *key, size_t nkeys, bool *good,
			  struct gh_err *err)
{
	size_t signers = 0;
	for (size_t i = 0; i < nkeys; i++) {
		enum gh_note_said said = gh_note_check(note, &key[i], NULL);
		if (said == GH_NOTE_BAD)
			return gh_fail(err, GH_E_DENIED, "the signature of %.100s+%08x is wrong", key[i].name,
				       key[i].id);
		signers += said == GH_NOTE_GOOD;
		if (good != NULL)
			good[i] = said == GH_NOTE_GOOD;
	}
	if (signers == 0)
		return gh_fail(err, GH_E_DENIED, "none of the %zu signature%s is by a key that is known here",
			       note->nsig, note->nsig == 1 ? "" : "s");
	return GH_OK;
}

void gh_note_sig_write(const struct gh_note_key *key, struct gh_span sig, struct gh_buf *out)
{
	gh_auto_buf raw = gh_buf(4 + GH_NOTE_SIG);
	uint8_t id[4] = { (uint8_t)(key->id >> 24), (uint8_t)(key->id >> 16), (uint8_t)(key->id >> 8),
			  (uint8_t)key->id };
	gh_buf_put(&raw, id, sizeof id);
	gh_buf_span(&raw, sig);
	if (raw.full)
		out->full = true;
	gh_buf_fmt(out, "%s%s ", dash, key->name);
	gh_b64_put(out, gh_buf_view(&raw));
	gh_buf_ch(out, '\n');
}
