#include "attest/azure_hcl.h"

#include "wire/b64.h"

enum { HEADER = 32, HARDWARE = 1184, TDREPORT = 1024, TD_REPORT_DATA = 128, SNP_REPORT_DATA = 0x50 };

static bool zero(struct gh_span s)
{
	uint8_t any = 0;
	for (size_t i = 0; i < s.n; i++)
		any |= s.p[i];
	return any == 0;
}

static const char *read_variable(struct gh_rd *rd, uint32_t report_size, struct gh_hcl *o)
{
	uint32_t size = gh_rd_u32le(rd), version = gh_rd_u32le(rd);
	o->type = gh_rd_u32le(rd);
	uint32_t hash = gh_rd_u32le(rd), n = gh_rd_u32le(rd);
	if (rd->bad || version != 1)
		return "the HCL report's data has an unknown version";
	if (o->type != GH_HCL_SNP && o->type != GH_HCL_TDX)
		return "the HCL report holds neither an SNP nor a TDX report";
	if (hash != 1)
		return "the HCL report's data is not bound by SHA-256";
	if (n > gh_rd_left(rd) || size != n + 20)
		return "the HCL report's lengths contradict each other";
	o->variable = gh_rd_take(rd, n);
	/* The NV index has a fixed size: zeros follow, which nothing covers and so nothing may be in them. */
	if (!zero(gh_span_cut(rd->s, rd->off, rd->s.n)))
		return "bytes stand behind the HCL report";
	return report_size == HEADER + HARDWARE + size ? NULL : "the HCL report's size is not what its header says";
}

const char *gh_hcl_read(struct gh_span bytes, struct gh_arena *a, struct gh_hcl *o)
{
	struct gh_rd rd = gh_rd(bytes);
	memset(o, 0, sizeof *o);
	struct gh_span magic = gh_rd_take(&rd, 4);
	uint32_t version = gh_rd_u32le(&rd), size = gh_rd_u32le(&rd), request = gh_rd_u32le(&rd),
		 status = gh_rd_u32le(&rd);
	bool clean = zero(gh_rd_take(&rd, 12));
	if (!gh_span_eq(magic, GH_SPAN("HCLA")) || (version != 1 && version != 2) || request != 2)
		return "it is no HCL report of version 1 or 2";
	if (status != 0 || !clean)
		return "the HCL report's header says that it failed, or reserved bytes are set";
	o->hardware = gh_rd_take(&rd, HARDWARE);
	const char *wrong = rd.bad ? "the HCL report is cut off" : read_variable(&rd, size, o);
	if (wrong != NULL)
		return wrong;
	if (o->type == GH_HCL_TDX) {
		if (!zero(gh_span_cut(o->hardware, TDREPORT, HARDWARE)))
			return "bytes stand behind the TDREPORT";
		o->hardware = gh_span_cut(o->hardware, 0, TDREPORT);
	}
	o->report_data = gh_span_cut(o->hardware, o->type == GH_HCL_SNP ? SNP_REPORT_DATA : TD_REPORT_DATA, 64);
	return gh_jdom_parse(a, o->variable, &o->json, NULL) == GH_OK ? NULL : "the HCL report's data is no JSON";
}

/* base64url without padding, as JWK has it (RFC 7518, section 6.3). */
static size_t base64url(const struct gh_jval *v, uint8_t *out, size_t max)
{
	gh_auto_arena a = { .max = 64 << 10 };
	uint8_t text[800];
	struct gh_span got;
	if (v == NULL || v->kind != GH_J_STRING || v->text.n == 0 || v->text.n > sizeof text - 4)
		return 0;
	size_t n = v->text.n;
	memcpy(text, v->text.p, n);
	while (n % 4 != 0)
		text[n++] = '=';
	if (!gh_b64_take(&a, (struct gh_span){ text, n }, &got) || got.n > max)
		return 0;
	memcpy(out, got.p, got.n);
	return got.n;
}

struct gh_span gh_hcl_key(const struct gh_hcl *h, uint8_t buf[GH_RSA_SPKI])
{
	uint8_t mod[GH_RSA_MODULUS], e[8];
	const struct gh_jval *key = NULL;
	for (const struct gh_jval *k = gh_jfirst(gh_jget(h->json, "keys")); k != NULL; k = k->next) {
		const char *kid = gh_jstr(k, "kid");
		if (kid == NULL || strcmp(kid, "HCLAkPub") != 0)
			continue;
		if (key != NULL)
			return (struct gh_span){ 0 };
		key = k;
	}
	const char *kty = gh_jstr(key, "kty");
	size_t nm = base64url(gh_jget(key, "n"), mod, sizeof mod), ne = base64url(gh_jget(key, "e"), e, 4);
	if (kty == NULL || strcmp(kty, "RSA") != 0)
		return (struct gh_span){ 0 };
	return gh_attest_rsa((struct gh_span){ mod, nm }, (struct gh_span){ e, ne }, buf);
}
