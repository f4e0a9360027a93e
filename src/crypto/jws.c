#include "crypto/jws.h"

#include "crypto/ecraw.h"
#include "wire/b64.h"

enum { HEADER = 256, HALF_MAX = 48 };

const char *gh_jws_alg(const struct gh_key *k)
{
	switch (gh_key_kind(k)) {
	case GH_KEY_P256: return "ES256";
	case GH_KEY_P384: return "ES384";
	case GH_KEY_ED25519: return "EdDSA";
	case GH_KEY_P521:
	case GH_KEY_RSA: break;
	}
	return NULL;
}

void gh_b64url_put(struct gh_buf *out, struct gh_span bytes)
{
	size_t from = out->n;
	gh_b64_put(out, bytes);
	for (size_t i = from; i < out->n; i++)
		out->p[i] = out->p[i] == '+' ? '-' : out->p[i] == '/' ? '_' : out->p[i];
	while (out->n > from && out->p[out->n - 1] == '=')
		out->n--;
}

/* r || s instead of DER (RFC 7518, section 3.4); Ed25519's are raw already. */
static bool raw(const struct gh_key *k, struct gh_span sig, struct gh_buf *out)
{
	uint8_t rs[2 * HALF_MAX];
	size_t half = gh_key_kind(k) == GH_KEY_P384 ? 48 : 32;
	if (gh_key_kind(k) == GH_KEY_ED25519) {
		gh_b64url_put(out, sig);
		return true;
	}
	if (!gh_ec_raw(sig, half, rs))
		return false;
	gh_b64url_put(out, (struct gh_span){ rs, 2 * half });
	return true;
}

enum gh_rc gh_jws_sign(const struct gh_key *k, const char *typ, struct gh_span payload, struct gh_buf *out,
		       struct gh_err *err)
{
	const char *alg = gh_jws_alg(k);
	gh_auto_buf head = gh_buf(HEADER), sig = gh_buf(GH_SIG_MAX);
	uint8_t id[32];
	char kid[65];
	size_t from = out->n;
	if (alg == NULL)
		return gh_fail(err, GH_E_UNREAD, "a token is signed with a key of P-256, P-384 or Ed25519, not of %s",
			       gh_key_name(k));
	if (!gh_key_id(k, id))
		return gh_fail(err, GH_E_BUG, "the key has no id");
	gh_b16(kid, (struct gh_span){ id, 32 });
	gh_buf_fmt(&head, "{\"alg\":\"%s\",\"typ\":\"%s\",\"kid\":\"%s\"}", alg, typ, kid);
	gh_b64url_put(out, gh_buf_view(&head));
	gh_buf_str(out, ".");
	gh_b64url_put(out, payload);
	if (head.full || out->full)
		return gh_fail(err, GH_E_NOMEM, "no room for a token");
	GH_TRY(gh_key_sign(k, gh_span_cut(gh_buf_view(out), from, out->n - from), &sig, err), err, "token");
	gh_buf_str(out, ".");
	if (!raw(k, gh_buf_view(&sig), out))
		return gh_fail(err, GH_E_BUG, "the signature could not be made");
	return out->full ? gh_fail(err, GH_E_NOMEM, "no room for a token") : GH_OK;
}
