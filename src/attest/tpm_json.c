#include "attest/tpm_json.h"

#include "wire/b64.h"

/* Not padded as the reader wants it: the alphabet stays, padding is added. */
static bool base64(struct gh_span t, struct gh_arena *a, struct gh_span *out)
{
	if (t.n % 4 == 0)
		return gh_b64_take(a, t, out);
	uint8_t *p = t.n % 4 == 1 ? NULL : gh_alloc(a, t.n + 3, 1);
	if (p == NULL)
		return false;
	memcpy(p, t.p, t.n);
	size_t n = t.n;
	while (n % 4 != 0)
		p[n++] = '=';
	return gh_b64_take(a, (struct gh_span){ p, n }, out);
}

static bool numbers(const struct gh_jval *v, struct gh_arena *a, struct gh_span *out)
{
	uint8_t *p = gh_alloc(a, v->n + 1, 1);
	size_t n = 0;
	uint64_t x;
	if (p == NULL)
		return false;
	for (const struct gh_jval *i = gh_jfirst(v); i != NULL; i = i->next) {
		if (!gh_ju64(i, &x) || x > 255)
			return false;
		p[n++] = (uint8_t)x;
	}
	*out = (struct gh_span){ p, n };
	return n != 0;
}

bool gh_json_bytes(const struct gh_jval *v, struct gh_arena *a, struct gh_span *out)
{
	if (v != NULL && v->kind == GH_J_ARRAY)
		return numbers(v, a, out);
	if (v == NULL || v->kind != GH_J_STRING || v->text.n == 0)
		return false;
	/* A text of hexadecimal digits only is hexadecimal: as base64 it would be bytes that nobody signs. */
	uint8_t *p = v->text.n % 2 == 0 ? gh_alloc(a, v->text.n / 2, 1) : NULL;
	if (p != NULL && gh_b16_take(v->text, p, v->text.n / 2)) {
		*out = (struct gh_span){ p, v->text.n / 2 };
		return true;
	}
	return base64(v->text, a, out) && out->n != 0;
}

bool gh_json_only(const struct gh_jval *v, const char *const *names)
{
	for (const struct gh_jval *m = gh_jfirst(v); m != NULL; m = m->next) {
		size_t i = 0;
		while (names[i] != NULL && !gh_span_is(m->key, names[i]))
			i++;
		if (names[i] == NULL)
			return false;
	}
	return true;
}

const char *gh_tpm_json_quote(const struct gh_jval *t, struct gh_arena *a, struct gh_span *quote,
			      struct gh_span *signature, const struct gh_jval **pcrs)
{
	static const char *const members[] = { "message", "signature", "pcrs", NULL };
	*pcrs = gh_jget(t, "pcrs");
	if (!gh_json_only(t, members))
		return "its quote has a member that is not known";
	if (!gh_json_bytes(gh_jget(t, "message"), a, quote) || !gh_json_bytes(gh_jget(t, "signature"), a, signature))
		return "its quote has no message and signature";
	return *pcrs != NULL && (*pcrs)->kind == GH_J_ARRAY ? NULL : "its quote has no list of registers";
}

const char *gh_tpm_json(struct gh_span text, struct gh_arena *a, struct gh_span *quote, struct gh_span *signature,
			const struct gh_jval **pcrs, bool *own_key)
{
	const struct gh_jval *v;
	if (gh_jdom_parse(a, text, &v, NULL) != GH_OK || gh_jget(v, "tpm_quote") == NULL)
		return "it is no JSON with a quote in it";
	*own_key = gh_jget(v, "ak_public") != NULL;
	return gh_tpm_json_quote(gh_jget(v, "tpm_quote"), a, quote, signature, pcrs);
}

const char *gh_tpm_json_pcrs(const struct gh_jval *list, const struct gh_tpm_quote *q, struct gh_arena *a,
			     struct gh_tpm_pcrs *out)
{
	unsigned i = 0;
	if (q->nbanks != 1 || list->n != GH_LOG_PCRS)
		return "24 registers of one bank are expected";
	for (const struct gh_jval *v = gh_jfirst(list); v != NULL; v = v->next, i++) {
		struct gh_span b;
		if (!gh_json_bytes(v, a, &b) || b.n != gh_tpm_digest_size(q->bank[0].alg))
			return "a register has the wrong size";
		if ((q->bank[0].selected >> i & 1) != 0)
			out->v[0][i] = b;
	}
	out->has = true;
	return NULL;
}
