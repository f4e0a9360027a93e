#include "crypto/stream.h"

#include <openssl/evp.h>
#include <stdlib.h>

#include "crypto/kdf.h"
#include "crypto/secret.h"

enum { PREFIX = 7, NONCE = 12, HEAD_MAX = 256 };
static const char domain[] = "gatehouse stream v1";

struct gh_stream {
	EVP_CIPHER_CTX *seal, *open; /* keyed once; each segment sets its nonce only */
	uint8_t prefix[PREFIX];
	uint8_t head[HEAD_MAX];
	size_t head_n;
};

static EVP_CIPHER_CTX *keyed(const uint8_t *key, bool seal)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	if (c != NULL && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, key, NULL, seal) != 1) {
		EVP_CIPHER_CTX_free(c);
		c = NULL;
	}
	return c;
}

struct gh_stream *gh_stream_new(const uint8_t key[GH_STREAM_KEY], const uint8_t salt[GH_STREAM_SALT],
				struct gh_span head)
{
	uint8_t info[sizeof domain - 1 + HEAD_MAX], made[GH_STREAM_KEY + PREFIX];
	if (head.n > HEAD_MAX)
		return NULL;
	struct gh_stream *s = calloc(1, sizeof *s);
	if (s == NULL)
		return NULL;
	memcpy(info, domain, sizeof domain - 1);
	if (head.n > 0) {
		memcpy(info + sizeof domain - 1, head.p, head.n);
		memcpy(s->head, head.p, head.n);
	}
	s->head_n = head.n;
	if (gh_hkdf((struct gh_span){ key, GH_STREAM_KEY }, (struct gh_span){ salt, GH_STREAM_SALT },
		    (struct gh_span){ info, sizeof domain - 1 + head.n }, made, sizeof made)) {
		memcpy(s->prefix, made + GH_STREAM_KEY, PREFIX);
		s->seal = keyed(made, true);
		s->open = keyed(made, false);
	}
	gh_wipe(made, sizeof made);
	if (s->seal == NULL || s->open == NULL) {
		gh_stream_free(s);
		return NULL;
	}
	return s;
}

void gh_stream_free(struct gh_stream *s)
{
	if (s == NULL)
		return;
	EVP_CIPHER_CTX_free(s->seal); /* wipes the key schedule */
	EVP_CIPHER_CTX_free(s->open);
	free(s);
}

static bool begin(struct gh_stream *s, EVP_CIPHER_CTX *c, uint64_t index, bool last, size_t n)
{
	uint8_t nonce[NONCE];
	int none;
	if (index > UINT32_MAX || n > GH_STREAM_SEGMENT)
		return false;
	memcpy(nonce, s->prefix, PREFIX);
	for (unsigned i = 0; i < 4; i++)
		nonce[PREFIX + i] = (uint8_t)(index >> (24 - 8 * i));
	nonce[NONCE - 1] = last;
	return EVP_CipherInit_ex(c, NULL, NULL, NULL, nonce, -1) == 1 &&
	       (index != 0 || s->head_n == 0 || EVP_CipherUpdate(c, NULL, &none, s->head, (int)s->head_n) == 1);
}

bool gh_stream_seal(struct gh_stream *s, uint64_t index, bool last, const uint8_t *in, size_t n, uint8_t *out,
		    uint8_t tag[GH_STREAM_TAG])
{
	uint8_t none[16];
	int got;
	return begin(s, s->seal, index, last, n) && (n == 0 || EVP_CipherUpdate(s->seal, out, &got, in, (int)n) == 1) &&
	       EVP_CipherFinal_ex(s->seal, none, &got) == 1 &&
	       EVP_CIPHER_CTX_ctrl(s->seal, EVP_CTRL_AEAD_GET_TAG, GH_STREAM_TAG, tag) == 1;
}

bool gh_stream_open(struct gh_stream *s, uint64_t index, bool last, const uint8_t *in, size_t n,
		    const uint8_t tag[GH_STREAM_TAG], uint8_t *out)
{
	uint8_t none[16], copy[GH_STREAM_TAG];
	int got;
	memcpy(copy, tag, sizeof copy);
	bool ok = begin(s, s->open, index, last, n) &&
		  (n == 0 || EVP_CipherUpdate(s->open, out, &got, in, (int)n) == 1) &&
		  EVP_CIPHER_CTX_ctrl(s->open, EVP_CTRL_AEAD_SET_TAG, GH_STREAM_TAG, copy) == 1 &&
		  EVP_CipherFinal_ex(s->open, none, &got) == 1;
	if (!ok && n > 0 && n <= GH_STREAM_SEGMENT)
		gh_wipe(out, n);
	return ok;
}
