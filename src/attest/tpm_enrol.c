#include "attest/tpm_enrol.h"

#include "attest/roots.h"
#include "attest/tpm_json.h"
#include "attest/tpm_public.h"
#include "crypto/dsse.h"
#include "crypto/x509chain.h"
#include "wire/b64.h"
#include "wire/datetime.h"
#include "wire/der.h"
#include "wire/jout.h"

#define TAG "gatehouse_tpm_enrolment"
#define EK_USE "2.23.133.8.1" /* tcg-kp-EKCertificate */
#define ROOTS "tpm-"

bool gh_tpm_enrolment_is(struct gh_span b)
{
	return b.n > sizeof TAG + 4 && b.n <= GH_TPM_ENROL_MAX && gh_span_starts(b, "{\"" TAG "\"");
}

/* ---- the endorsement key's certificate ------------------------------------------------------------------------------------ */
static bool for_ek(const struct gh_cert *c)
{
	struct gh_rd rd = gh_rd(gh_cert_extension(c, "2.5.29.37")), list = gh_der_enter(&rd, GH_DER_SEQUENCE);
	bool yes = false;
	while (!list.bad && gh_rd_left(&list) != 0)
		yes = gh_der_is_oid(gh_der_take(&list, GH_DER_OID, NULL), EK_USE) || yes;
	return yes && gh_der_done(&list) && gh_der_done(&rd);
}

static const char *ek_certificate(struct gh_certs *into, struct gh_span der, struct gh_key **key)
{
	if (gh_certs_add(into, der, NULL) != GH_OK)
		return "it is no certificate (DER), or bytes stand behind it";
	const struct gh_cert *c = into->v[0];
	if (!for_ek(c))
		return "it is not for an endorsement key (extended key usage " EK_USE ")";
	if (gh_cert_is_authority(c))
		return "it is an authority's";
	return key == NULL || gh_cert_key(c, key, NULL) == GH_OK ? NULL : "its key is of no kind that is served";
}

const char *gh_tpm_ek_certificate(struct gh_span der, struct gh_key **key)
{
	gh_auto_certs c = { 0 };
	return ek_certificate(&c, der, key);
}

/* ---- reading ---------------------------------------------------------------------------------------------------------------- */
struct record {
	struct gh_span ak, ek, chain[GH_TPM_EK_CHAIN];
	size_t nchain;
	int64_t enrolled;
};

static const char *read_payload(struct gh_arena *a, struct gh_span text, struct record *o)
{
	static const char *const members[] = { "ak", "ek_certificate", "ek_chain", "enrolled", NULL };
	const struct gh_jval *v = NULL;
	if (gh_jdom_parse(a, text, &v, NULL) != GH_OK || v->kind != GH_J_OBJECT || !gh_json_only(v, members))
		return "what was signed is no record of enrolment";
	const struct gh_jval *ak = gh_jget(v, "ak"), *ek = gh_jget(v, "ek_certificate"),
			     *chain = gh_jget(v, "ek_chain");
	const char *when = gh_jstr(v, "enrolled");
	if (ak == NULL || ek == NULL || chain == NULL || chain->kind != GH_J_ARRAY || chain->n > GH_TPM_EK_CHAIN ||
	    when == NULL || !gh_datetime_read(gh_span_str(when), &o->enrolled))
		return "the record lacks a part";
	uint8_t *p = ak->kind != GH_J_STRING ? NULL : gh_alloc(a, ak->text.n / 2 + 1, 1);
	if (p == NULL || !gh_b16_take(ak->text, p, ak->text.n / 2) || ek->kind != GH_J_STRING ||
	    !gh_b64_take(a, ek->text, &o->ek))
		return "the record's keys cannot be read";
	o->ak = (struct gh_span){ p, ak->text.n / 2 };
	for (const struct gh_jval *i = gh_jfirst(chain); i != NULL; i = i->next)
		if (i->kind != GH_J_STRING || !gh_b64_take(a, i->text, &o->chain[o->nchain++]))
			return "the record's chain cannot be read";
	return NULL;
}

static bool on_list(const struct gh_attest_policy *p, const struct gh_key *k)
{
	uint8_t id[32];
	size_t n = 0;
	const struct gh_span *list = gh_attest_list(p, "enrolled_by", &n);
	if (!gh_key_id(k, id))
		return false;
	for (size_t i = 0; i < n; i++)
		if (gh_span_eq(list[i], (struct gh_span){ id, 32 }))
			return true;
	return false;
}

/* Nothing of the payload is looked at before the signature over it was found good, by a key that the policy names. */
static const char *read_record(const struct gh_attest_question *q, struct gh_span b, struct gh_arena *a,
			       struct record *o)
{
	static const char *const members[] = { TAG, "enrolled_by", "envelope", NULL };
	const struct gh_jval *v = NULL;
	gh_auto_key *key = NULL;
	struct gh_dsse d;
	uint64_t version = 0;
	if (gh_jdom_parse(a, b, &v, NULL) != GH_OK || v->kind != GH_J_OBJECT || !gh_json_only(v, members) ||
	    !gh_ju64(gh_jget(v, TAG), &version) || version != 1)
		return "it is no record of enrolment, version 1";
	const char *pem = gh_jstr(v, "enrolled_by");
	if (pem == NULL || gh_key_public(gh_span_str(pem), &key, NULL) != GH_OK)
		return "the key of whoever enrolled cannot be read";
	if (!on_list(q->policy, key))
		return "it is signed by a key that the policy's enrolled_by does not name";
	if (gh_dsse_read_value(a, gh_jget(v, "envelope"), &d, NULL) != GH_OK ||
	    !gh_span_is(d.type, GH_TPM_ENROL_TYPE) || gh_dsse_verify(&d, key, NULL) != GH_OK)
		return "its signature does not hold";
	return read_payload(a, d.payload, o);
}

/* ---- judging ---------------------------------------------------------------------------------------------------------------- */
static const char *vendor_of(const struct gh_attest_question *q, const struct record *rec, const struct gh_certs *ek,
			     struct gh_err *why)
{
	gh_auto_certs others = { 0 };
	const char *name = NULL;
	for (size_t i = 0; i < rec->nchain; i++)
		(void)!gh_certs_add(&others, rec->chain[i], NULL); /* one that cannot be read leads nowhere */
	for (size_t i = 0;; i++) {
		gh_auto_certs root = { 0 };
		struct gh_span der = gh_attest_root_at(ROOTS, i, &name);
		if (der.n == 0)
			return NULL;
		*why = (struct gh_err){ 0 };
		if (gh_certs_add(&root, der, why) == GH_OK &&
		    gh_cert_chain(ek->v[0], &others, &root, q->at, NULL, why) == GH_OK)
			return name + strlen(ROOTS);
	}
}

static void judge(const struct gh_attest_question *q, const struct record *rec, struct gh_attest_result *r,
		  struct gh_tpm_enrolment *out)
{
	gh_auto_certs ek = { 0 };
	gh_auto_buf subject = gh_buf(512);
	struct gh_err err = { 0 };
	char line[GH_ERR_LINKS * GH_ERR_TEXT], when[GH_DATETIME_TEXT];
	const char *wrong = ek_certificate(&ek, rec->ek, NULL);
	if (gh_datetime_write(rec->enrolled, when))
		gh_attest_claim(r, "enrolled", "%s", when);
	if (!gh_attest_test(r, "ek_certificate", wrong == NULL, "the record holds an endorsement key's certificate",
			    wrong))
		return;
	gh_cert_subject(ek.v[0], &subject);
	gh_attest_claim(r, "ek_subject", "%s", gh_attest_safe(r, gh_buf_view(&subject), 200));
	const char *vendor = vendor_of(q, rec, &ek, &err);
	if (vendor != NULL) {
		out->cls = GH_AC_TPM;
		gh_attest_claim(r, "tpm_vendor", "%s", vendor);
		gh_attest_check(r, "ek_chain", GH_AT_PASS,
				"the endorsement key's certificate leads to a pinned root: %s", vendor);
		return;
	}
	gh_attest_check(r, "ek_chain",
			gh_attest_flag(q->policy, "require_hardware", false) ? GH_AT_FAIL : GH_AT_SKIPPED,
			"the endorsement key's certificate leads to no vendor's pinned root (the last: %s)",
			err.n == 0 ? "none is pinned" : gh_err_line(&err, line, sizeof line));
}

bool gh_tpm_enrolment(const struct gh_attest_question *q, struct gh_attest_result *r, struct gh_tpm_enrolment *out)
{
	struct gh_span b = { 0 };
	struct record rec = { 0 };
	*out = (struct gh_tpm_enrolment){ .cls = GH_AC_SOFTWARE };
	for (size_t i = 0; i < q->nendorsement && b.n == 0; i++)
		if (gh_tpm_enrolment_is(q->endorsement[i].bytes))
			b = q->endorsement[i].bytes;
	if (b.n == 0)
		return false;
	if (!gh_attest_wants(q->policy, "enrolled_by"))
		return gh_attest_check(
			r, "enrolment", GH_AT_SKIPPED,
			"a record of enrolment was given, and the policy names nobody who may enrol (enrolled_by)");
	const char *wrong = read_record(q, b, r->arena, &rec);
	if (!gh_attest_test(r, "enrolment", wrong == NULL, "signed by a key that the policy names", wrong))
		return false;
	out->ak = rec.ak;
	judge(q, &rec, r, out);
	return true;
}

/* ---- writing ---------------------------------------------------------------------------------------------------------------- */
static void put_b64(struct gh_jout *j, const char *key, struct gh_span bytes)
{
	gh_auto_buf text = gh_buf(GH_TPM_ENROL_MAX);
	gh_b64_put(&text, bytes);
	gh_jout_str(j, key, gh_buf_cstr(&text));
}

enum gh_rc gh_tpm_enrolment_write(struct gh_buf *out, const struct gh_key *by, struct gh_span ak, struct gh_span ek,
				  const struct gh_span *chain, size_t nchain, int64_t at, struct gh_err *err)
{
	gh_auto_buf payload = gh_buf(GH_TPM_ENROL_MAX / 2), sig = gh_buf(GH_SIG_MAX), pem = gh_buf(8192),
		    text = gh_buf(8192);
	struct gh_jout j = gh_jout(&payload);
	char when[GH_DATETIME_TEXT];
	gh_b16_put(&text, ak);
	if (!gh_datetime_write(at, when) || !gh_key_pem(by, &pem))
		return gh_fail(err, GH_E_BUG, "the record cannot be written");
	gh_jout_open(&j, NULL, '{');
	gh_jout_str(&j, "ak", gh_buf_cstr(&text));
	put_b64(&j, "ek_certificate", ek);
	gh_jout_open(&j, "ek_chain", '[');
	for (size_t i = 0; i < nchain && i < GH_TPM_EK_CHAIN; i++)
		put_b64(&j, NULL, chain[i]);
	gh_jout_close(&j, ']');
	gh_jout_str(&j, "enrolled", when);
	gh_jout_close(&j, '}');
	GH_TRY(gh_dsse_sign(by, gh_span_str(GH_TPM_ENROL_TYPE), gh_buf_view(&payload), &sig, err), err, "record");
	const struct gh_dsse_sig s = { .sig = gh_buf_view(&sig) };
	gh_auto_buf envelope = gh_buf(GH_TPM_ENROL_MAX);
	gh_dsse_write(&envelope, gh_span_str(GH_TPM_ENROL_TYPE), gh_buf_view(&payload), &s, 1);
	gh_buf_str(out, "{\"" TAG "\":1,\"enrolled_by\":\"");
	for (size_t i = 0; i < pem.n; i++) /* PEM holds nothing else that JSON escapes */
		if (pem.p[i] == '\n')
			gh_buf_str(out, "\\n");
		else
			gh_buf_put(out, &pem.p[i], 1);
	gh_buf_str(out, "\",\"envelope\":");
	gh_buf_put(out, envelope.p, envelope.n);
	gh_buf_str(out, "}\n");
	bool full = out->full || payload.full || envelope.full || text.full;
	return full ? gh_fail(err, GH_E_NOMEM, "no room for the record") : GH_OK;
}
