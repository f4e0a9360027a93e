#include "crypto/wrap.h"

#include "crypto/aead.h"
#include "crypto/secret.h"

static const char domain[] = "gatehouse wrap v1"; /* with its NUL */
enum { AT_KIND = 4, AT_GENERATION = 8, AT_NONCE = 16, AT_TEXT = 28, AT_TAG = 60, AT_ZERO = 76, HEAD = 16 };
enum { AAD = sizeof domain + HEAD + 2 * GH_WRAP_ID };

static void le32(uint8_t *p, uint32_t v)
{
	for (unsigned i = 0; i < 4; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void head(const struct gh_wrap_for *what, uint8_t *out)
{
	le32(out, GH_WRAP_VERSION);
	le32(out + AT_KIND, what->kind);
	le32(out + AT_GENERATION, what->generation);
	le32(out + 12, 0);
}

static struct gh_span context(const struct gh_wrap_for *what, uint8_t aad[AAD])
{
	uint8_t *p = aad;
	memcpy(p, domain, sizeof domain);
	p += sizeof domain;
	head(what, p);
	p += HEAD;
	memcpy(p, what->owner, GH_WRAP_ID);
	memcpy(p + GH_WRAP_ID, what->object, GH_WRAP_ID);
	return (struct gh_span){ aad, AAD };
}

bool gh_wrap(const uint8_t by[GH_WRAP_KEY], const struct gh_wrap_for *what, const uint8_t key[GH_WRAP_KEY],
	     uint8_t out[GH_WRAPPED])
{
	uint8_t aad[AAD];
	memset(out, 0, GH_WRAPPED);
	head(what, out);
	return gh_random(out + AT_NONCE, GH_AEAD_NONCE) &&
	       gh_aead_seal(by, out + AT_NONCE, context(what, aad), (struct gh_span){ key, GH_WRAP_KEY }, out + AT_TEXT,
			    out + AT_TAG);
}

bool gh_unwrap(const uint8_t by[GH_WRAP_KEY], const struct gh_wrap_for *what, const uint8_t in[GH_WRAPPED],
	       uint8_t key[GH_WRAP_KEY])
{
	static const uint8_t zero[GH_WRAPPED - AT_ZERO];
	uint8_t want[HEAD], aad[AAD];
	head(what, want);
	if (memcmp(in, want, HEAD) == 0 && memcmp(in + AT_ZERO, zero, sizeof zero) == 0 &&
	    gh_aead_open(by, in + AT_NONCE, context(what, aad), (struct gh_span){ in + AT_TEXT, GH_WRAP_KEY },
			 in + AT_TAG, key))
		return true;
	gh_wipe(key, GH_WRAP_KEY);
	return false;
}

bool gh_wrapped_generation(const uint8_t in[GH_WRAPPED], enum gh_wrap_kind kind, uint32_t *generation)
{
	*generation = gh_le32(in + AT_GENERATION);
	return gh_le32(in) == GH_WRAP_VERSION && gh_le32(in + AT_KIND) == (uint32_t)kind;
}
