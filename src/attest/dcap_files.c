/* Reading the files beside a quote: what each is follows from its content. */
#include "attest/dcap_collateral.h"

#include "attest/eventlog.h"
#include "wire/b64.h"
#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>

enum { ARENA = 64 << 20, PAIR = 64, FILE_MAX = 4 << 20 };

static int digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

static bool unhex(struct gh_arena *a, struct gh_span s, struct gh_span *out)
{
	if (s.n == 0 || s.n % 2 != 0)
		return false;
	uint8_t *p = GH_NEW(a, uint8_t, s.n / 2);
	if (p == NULL)
		return false;
	for (size_t i = 0; i < s.n; i += 2) {
		int hi = digit(s.p[i]), lo = digit(s.p[i + 1]);
		if (hi < 0 || lo < 0)
			return false;
		p[i / 2] = (uint8_t)(hi << 4 | lo);
	}
	*out = (struct gh_span){ p, s.n / 2 };
	return true;
}

static struct gh_span trimmed(struct gh_span s)
{
	while (s.n != 0 && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r' || s.p[0] == '\n'))
		s = (struct gh_span){ s.p + 1, s.n - 1 };
	while (s.n != 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r' ||
			    s.p[s.n - 1] == '\n' || s.p[s.n - 1] == 0))
		s.n--;
	return s;
}

static void broken(struct gh_dcap_collateral *c, const struct gh_err *e)
{
	if (c->broken[0] == '\0' && e->n != 0)
		(void)gh_err_line(e, c->broken, sizeof c->broken);
}

/* ---- certificates and lists ------------------------------------------------------------------------------------ */

static bool add_cert(struct gh_dcap_collateral *c, struct gh_span der)
{
	for (size_t i = 0; i < c->certs.n; i++)
		if (gh_span_eq(gh_cert_der(c->certs.v[i]), der))
			return true;
	if (gh_span_eq(gh_cert_der(c->root.v[0]), der)) /* stands in every chain, and is known */
		return true;
	return gh_certs_add(&c->certs, der, NULL) == GH_OK;
}

static bool add_crl(struct gh_dcap_collateral *c, struct gh_span der)
{
	struct gh_err e = { 0 };
	if (c->ncrl == GH_DCAP_CRLS)
		return false;
	enum gh_rc rc = gh_crl_read(der, &c->crl[c->ncrl], &e);
	if (rc == GH_E_UNREAD)
		broken(c, &e);
	if (rc == GH_OK)
		c->ncrl++;
	return rc == GH_OK;
}

/* DER, its digits, or PEM. */
static bool add_x509(struct gh_dcap_collateral *c, struct gh_span s)
{
	struct gh_span label, der;
	size_t at = 0;
	bool any = false;
	if (s.n == 0)
		return false;
	if (s.p[0] == 0x30 && s.n > 1 && digit(s.p[1]) < 0)
		return add_crl(c, s) || add_cert(c, s);
	if (s.p[0] == '3' && unhex(&c->arena, s, &der))
		return add_crl(c, der) || add_cert(c, der);
	while (gh_pem_next(&c->arena, s, &at, &label, &der) > 0) {
		if (gh_span_is(label, "X509 CRL"))
			any = add_crl(c, der) || any;
		else if (gh_span_is(label, "CERTIFICATE"))
			any = add_cert(c, der) || any;
	}
	return any;
}

/* ---- signed JSON ----------------------------------------------------------------------------------------------- */

static bool add_item(struct gh_dcap_collateral *c, bool identity, struct gh_span raw, const struct gh_jval *v,
		     const struct gh_jval *signature)
{
	struct gh_err e = { 0 };
	struct gh_dcap_item *it = &c->item[c->nitems];
	if (c->nitems == GH_DCAP_ITEMS)
		return false;
	*it = (struct gh_dcap_item){ .identity = identity, .signed_ = raw };
	if (signature == NULL || signature->kind != GH_J_STRING || signature->text.n != 2 * (size_t)PAIR ||
	    !unhex(&c->arena, signature->text, &it->signature))
		(void)!gh_fail(&e, GH_E_MALFORMED, "its signature is not 64 bytes in hexadecimal");
	else if (v == NULL)
		(void)!gh_jdom_parse(&c->arena, raw, &v, &e);
	if (e.n == 0 && (identity ? gh_dcap_identity_read(&c->arena, v, &it->id, &e)
				  : gh_dcap_tcb_info_read(&c->arena, v, &it->tcb, &e)) == GH_OK)
		c->nitems++;
	broken(c, &e);
	return true;
}

/* The bytes of a member of the outermost object, as they stand: signatures cover these and no others. */
static bool raw_member(struct gh_span text, const char *key, struct gh_span *out)
{
	struct gh_json j = gh_json_mem(text, NULL);
	if (gh_json_next(&j) != GH_JSON_OBJECT)
		return false;
	while (gh_json_next(&j) == GH_JSON_KEY) {
		bool mine = gh_json_is(&j, key);
		enum gh_json_tok t = gh_json_next(&j);
		uint64_t from = j.off;
		if (t == GH_JSON_OBJECT || t == GH_JSON_ARRAY)
			t = gh_json_skip(&j);
		if (t <= GH_JSON_END)
			return false;
		if (mine) {
			*out = gh_span_cut(text, from, j.off + j.len - from);
			return true;
		}
	}
	return false;
}

static bool add_json(struct gh_dcap_collateral *c, struct gh_span s)
{
	static const struct {
		const char *key, *signature;
		bool identity;
	} docs[] = {
		{ "tcbInfo", "signature", false },
		{ "enclaveIdentity", "signature", true },
		{ "tcb_info", "tcb_info_signature", false },
		{ "qe_identity", "qe_identity_signature", true },
	};
	/* Not "pck_crl_issuer_chain": that list is held against the issuer in the quote's own chain. */
	static const char *const x509[] = { "root_ca_crl", "pck_crl", "tcb_info_issuer_chain",
					    "qe_identity_issuer_chain", "pck_certificate_chain" };
	const struct gh_jval *doc = NULL;
	struct gh_err e = { 0 };
	bool any = false;
	if (gh_jdom_parse(&c->arena, s, &doc, &e) != GH_OK) {
		broken(c, &e);
		return false;
	}
	for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++) {
		const struct gh_jval *v = gh_jget(doc, docs[i].key);
		struct gh_span raw;
		if (v == NULL)
			continue;
		if (v->kind == GH_J_STRING)
			any = add_item(c, docs[i].identity, v->text, NULL, gh_jget(doc, docs[i].signature)) || any;
		else if (v->kind == GH_J_OBJECT && raw_member(s, docs[i].key, &raw))
			any = add_item(c, docs[i].identity, raw, v, gh_jget(doc, docs[i].signature)) || any;
	}
	for (size_t i = 0; i < sizeof x509 / sizeof x509[0]; i++) {
		const struct gh_jval *v = gh_jget(doc, x509[i]);
		if (v != NULL && v->kind == GH_J_STRING)
			any = add_x509(c, trimmed(v->text)) || any;
	}
	return any;
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

static void add_file(struct gh_dcap_collateral *c, const struct gh_attest_file *f)
{
	struct gh_span s = f->bytes, text = trimmed(s);
	c->nfiles++;
	bool known = s.n != 0 && s.n <= FILE_MAX &&
		     (text.n != 0 && text.p[0] == '{'	 ? add_json(c, text)
		      : s.p[0] == 0x30 && add_x509(c, s) ? true
							 : add_x509(c, text));
	if (known || c->unread++ != 0)
		return;
	gh_auto_buf b = gh_buf(128);
	gh_buf_safe(&b, f->name, 64);
	struct gh_span name = gh_keep(&c->arena, gh_buf_view(&b));
	c->unread_name = name.p == NULL ? "" : (const char *)name.p;
}

struct gh_dcap_collateral *gh_dcap_collateral_read(const struct gh_attest_question *q, struct gh_span root)
{
	struct gh_dcap_collateral *c = calloc(1, sizeof *c);
	if (c == NULL)
		return NULL;
	c->arena.max = ARENA;
	c->unread_name = "";
	if (gh_certs_add(&c->root, root, NULL) != GH_OK) {
		gh_dcap_collateral_free(c);
		return NULL;
	}
	for (size_t i = 0; i < q->ncollateral; i++)
		add_file(c, &q->collateral[i]);
	for (size_t i = 0; i < q->nendorsement; i++)
		if (!gh_eventlog_is(q->endorsement[i].bytes)) /* ccel.c reads it */
			add_file(c, &q->endorsement[i]);
	return c;
}
