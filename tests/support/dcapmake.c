#include "support/cm.h"

#include "support/dcapmake.h"

#include <openssl/sha.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static struct pki_node node[DM_NODES];
static EVP_PKEY *attestation, *thief;
static uint8_t quote[32 << 10], rooms[DM_FILES][32 << 10], root_der[4096];
static struct gh_attest_file file[DM_FILES];

/* ---- DER of the PCK certificate's extension ------------------------------------------------------------------------------- */
struct der {
	uint8_t p[700];
	size_t n;
};

static void put(struct der *d, uint8_t tag, const uint8_t *p, size_t n)
{
	assert_true(d->n + n + 4 <= sizeof d->p);
	d->p[d->n++] = tag;
	if (n >= 256) {
		d->p[d->n++] = 0x82;
		d->p[d->n++] = (uint8_t)(n >> 8);
	} else if (n >= 128) {
		d->p[d->n++] = 0x81;
	}
	d->p[d->n++] = (uint8_t)n;
	memcpy(d->p + d->n, p, n);
	d->n += n;
}

/* SEQUENCE { 1.2.840.113741.1.13.1.[tcb.]n, value } */
static void pair(struct der *to, bool in_tcb, uint8_t n, uint8_t tag, const uint8_t *p, size_t len)
{
	uint8_t oid[] = { 0x2a, 0x86, 0x48, 0x86, 0xf8, 0x4d, 0x01, 0x0d, 0x01, 0x02, n };
	struct der in = { .n = 0 };
	if (!in_tcb)
		oid[9] = n;
	put(&in, 0x06, oid, in_tcb ? 11 : 10);
	put(&in, tag, p, len);
	put(to, 0x30, in.p, in.n);
}

static void number(struct der *to, bool in_tcb, uint8_t n, unsigned v)
{
	const uint8_t p[3] = { 0, (uint8_t)(v >> 8), (uint8_t)v };
	size_t skip = v >= 0x8000 ? 0 : v >= 0x100 ? 1 : v >= 0x80 ? 1 : 2;
	pair(to, in_tcb, n, 0x02, p + skip, 3 - skip);
}

static void extension(const struct dcapmake *d, struct pki_spec *s)
{
	struct der all = { .n = 0 }, tcb = { .n = 0 }, whole = { .n = 0 };
	uint8_t ppid[16], zero = 0;
	memset(ppid, 0x77, sizeof ppid);
	for (uint8_t i = 0; i < DM_SVNS; i++)
		number(&tcb, true, (uint8_t)(i + 1), d->svn[i]);
	number(&tcb, true, 17, d->pcesvn);
	pair(&tcb, true, 18, 0x04, d->svn, DM_SVNS);
	pair(&all, false, 1, 0x04, ppid, sizeof ppid);
	pair(&all, false, 2, 0x30, tcb.p, tcb.n);
	pair(&all, false, 3, 0x04, d->pceid, 2);
	pair(&all, false, 4, 0x04, d->fmspc, 6);
	pair(&all, false, 5, 0x0a, &zero, 1);
	put(&whole, 0x30, all.p, all.n);
	pki_ext_add(s, "1.2.840.113741.1.13.1", whole.p, whole.n);
}

/* ---- signed JSON ------------------------------------------------------------------------------------------------------------- */
struct text {
	char p[8000];
	size_t n;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(t->p + t->n, sizeof t->p - t->n, fmt, ap);
	va_end(ap);
	assert_true(n >= 0 && (size_t)n < sizeof t->p - t->n);
	t->n += (size_t)n;
}

static void hex(struct text *t, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		say(t, "%02x", p[i]);
}

static void svns(struct text *t, const char *name, const uint8_t *v)
{
	say(t, "\"%s\":[", name);
	for (size_t i = 0; i < DM_SVNS; i++)
		say(t, "%s{\"svn\":%u}", i == 0 ? "" : ",", v[i]);
	say(t, "]");
}

#define ZEROS48 "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define MODULE \
	"\"mrsigner\":\"" ZEROS48 "\",\"attributes\":\"0000000000000000\",\"attributesMask\":\"ffffffffffffffff\""

static void tcb_info(const struct dcapmake *d, struct text *t)
{
	say(t, "{\"id\":\"%s\",\"version\":3,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"fmspc\":\"",
	    d->tdx ? "TDX" : "SGX", d->issued, d->next);
	hex(t, d->info_fmspc, 6);
	say(t, "\",\"pceId\":\"");
	hex(t, d->info_pceid, 2);
	say(t, "\",\"tcbType\":0,\"tcbEvaluationDataNumber\":17,");
	if (d->tdx)
		say(t,
		    "\"tdxModule\":{" MODULE "},\"tdxModuleIdentities\":[{\"id\":\"TDX_01\"," MODULE
		    ",\"tcbLevels\":[{\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"%"
		    "s\"}]}],",
		    d->need_module, d->module_status);
	say(t, "\"tcbLevels\":[{\"tcb\":{");
	svns(t, "sgxtcbcomponents", d->need);
	say(t, ",\"pcesvn\":%u", d->need_pcesvn);
	if (d->tdx) {
		say(t, ",");
		svns(t, "tdxtcbcomponents", d->need_tdx);
	}
	say(t, "},\"tcbDate\":\"2025-01-01T00:00:00Z\",\"tcbStatus\":\"%s\"}]}", d->status);
}

static void identity(const struct dcapmake *d, struct text *t)
{
	say(t,
	    "{\"id\":\"%s\",\"version\":2,\"issueDate\":\"%s\",\"nextUpdate\":\"%s\",\"tcbEvaluationDataNumber\":17,"
	    "\"miscselect\":\"00000000\",\"miscselectMask\":\"ffffffff\","
	    "\"attributes\":\"11000000000000000000000000000000\",\"attributesMask\":"
	    "\"fbffffffffffffff0000000000000000\","
	    "\"mrsigner\":\"",
	    d->qe_id, d->qe_issued, d->qe_next);
	for (unsigned i = 0; i < 32; i++)
		say(t, "51");
	say(t,
	    "\",\"isvprodid\":2,\"tcbLevels\":[{\"tcb\":{\"isvsvn\":%u},\"tcbDate\":\"2025-01-01T00:00:00Z\","
	    "\"tcbStatus\":\"%s\"}]}",
	    d->need_qe, d->qe_status);
}

static struct gh_span signed_json(const char *name, struct text *t, bool altered, uint8_t *room)
{
	uint8_t sig[64];
	struct text all = { .n = 0 };
	pki_sign_raw(node[DM_TCB].key, EVP_sha256(), (struct gh_span){ (uint8_t *)t->p, t->n }, 32, sig);
	if (altered) /* another date of a level, of the same length */
		memcpy(strstr(t->p, "2025-01-01T"), "2025-01-02T", 11);
	say(&all, "{\"%s\":%s,\"signature\":\"", name, t->p);
	hex(&all, sig, 64);
	say(&all, "\"}");
	memcpy(room, all.p, all.n);
	return (struct gh_span){ room, all.n };
}

/* ---- the quote --------------------------------------------------------------------------------------------------------------- */
static void le(uint8_t *p, size_t n, size_t v)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

/* The quoting enclave's report, signature, authentication data, PCK chain. */
static size_t certification(struct dcapmake *d, const uint8_t *key, uint8_t *p)
{
	static const uint8_t auth[32] = { 1, 2, 3 };
	uint8_t bound[64 + sizeof auth];
	size_t n = DM_SGX;
	memcpy(bound, key, 64);
	memcpy(bound + 64, auth, sizeof auth);
	SHA256(bound, sizeof bound, d->qe + 320);
	if (d->other_binding)
		d->qe[320] ^= 1;
	memcpy(p, d->qe, DM_SGX);
	pki_sign_raw(d->other_pck ? thief : node[DM_PCK].key, EVP_sha256(), (struct gh_span){ p, DM_SGX }, 32, p + n);
	n += 64;
	le(p + n, 2, sizeof auth);
	memcpy(p + n + 2, auth, sizeof auth);
	n += 2 + sizeof auth;
	const struct pki_node *const chain[] = { &node[DM_PCK], &node[DM_CA], &node[DM_ROOT] };
	struct gh_span pem = pki_pem(chain, 3, p + n + 6, 16 << 10);
	le(p + n, 2, 5);
	le(p + n + 2, 4, pem.n);
	return n + 6 + pem.n;
}

static struct gh_span make_quote(struct dcapmake *d)
{
	size_t body = d->tdx ? DM_TD : DM_SGX, n = 48 + body;
	memcpy(quote, d->header, 48);
	memcpy(quote + 48, d->body, body);
	uint8_t *len = quote + n, *sig = len + 4, *key = sig + 64, *rest = key + 64;
	pki_sign_raw(d->other_key ? thief : attestation, EVP_sha256(), (struct gh_span){ quote, n }, 32, sig);
	pki_point(attestation, 32, key);
	size_t inner = certification(d, key, rest + (d->tdx ? 6 : 0));
	if (d->tdx) {
		le(rest, 2, 6);
		le(rest + 2, 4, inner);
		inner += 6;
	}
	le(len, 4, 128 + inner);
	n += 4 + 128 + inner;
	if (d->tail != 0)
		quote[n++] = d->tail;
	return (struct gh_span){ quote, n - d->cut };
}

/* ---- all of it --------------------------------------------------------------------------------------------------------------- */
void dcapmake_straight(struct dcapmake *d, bool tdx)
{
	static const uint8_t intel[16] = { 0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
					   0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07 };
	*d = (struct dcapmake){ .tdx = tdx,
				.pck_by = DM_CA,
				.tcb_by = DM_ROOT,
				.root_crl_by = DM_ROOT,
				.pck_crl_by = DM_CA,
				.root_revokes = -1,
				.pck_revokes = -1,
				.pcesvn = 11,
				.need_pcesvn = 11,
				.need_module = 4,
				.status = "UpToDate",
				.module_status = "UpToDate",
				.qe_status = "UpToDate",
				.issued = "2025-12-15T00:00:00Z",
				.next = "2026-01-15T00:00:00Z",
				.qe_issued = "2025-12-15T00:00:00Z",
				.qe_next = "2026-01-15T00:00:00Z",
				.qe_id = tdx ? "TD_QE" : "QE",
				.need_qe = 4 };
	d->spec[DM_ROOT] = (struct pki_spec){ .cn = "Intel SGX Root CA",
					      .basic = "critical,CA:TRUE,pathlen:1",
					      .usage = "critical,keyCertSign,cRLSign" };
	d->spec[DM_CA] = (struct pki_spec){ .cn = "Intel SGX PCK Platform CA",
					    .basic = "critical,CA:TRUE,pathlen:0",
					    .usage = "critical,keyCertSign,cRLSign" };
	d->spec[DM_PCK] = (struct pki_spec){ .cn = "Intel SGX PCK Certificate", PKI_LEAF };
	d->spec[DM_TCB] = (struct pki_spec){ .cn = "Intel SGX TCB Signing", PKI_LEAF };
	d->spec[DM_STRANGER] = d->spec[DM_ROOT];
	for (uint8_t i = 0; i < DM_SVNS; i++)
		d->svn[i] = d->need[i] = (uint8_t)(i + 1);
	memcpy(d->fmspc, "\x00\x90\x6e\xd5\x00\x00", 6);
	memcpy(d->info_fmspc, d->fmspc, 6);
	le(d->header, 2, tdx ? 4 : 3);
	le(d->header + 2, 2, 2);
	le(d->header + 4, 4, tdx ? 0x81 : 0);
	memcpy(d->header + 12, intel, 16);
	memset(d->qe + 128, 0x51, 32); /* MRSIGNER */
	d->qe[48] = 0x11;	       /* ATTRIBUTES: INIT, PROVISIONKEY */
	d->qe[256] = 2;
	d->qe[258] = 4;
	if (tdx) {
		d->body[0] = 4; /* TEE_TCB_SVN: module 1.4 */
		d->body[1] = 1;
		for (uint8_t i = 2; i < DM_SVNS; i++)
			d->body[i] = d->need_tdx[i] = (uint8_t)(2 * i);
		d->body[120 + 3] = 0x10; /* SEPT_VE_DISABLE */
		memset(d->body + 136, 0x3d, 48);
		memset(d->body + 520, 0xda, 64);
	} else {
		d->body[48] = 0x05; /* INIT, MODE64 */
		memset(d->body + 64, 0x3d, 32);
		memset(d->body + 320, 0xda, 64);
	}
}

static void make_nodes(struct dcapmake *d)
{
	static const enum dcapmake_node order[] = { DM_ROOT, DM_STRANGER, DM_CA, DM_PCK, DM_TCB };
	extension(d, &d->spec[DM_PCK]);
	for (size_t i = 0; i < DM_NODES; i++) {
		enum dcapmake_node k = order[i];
		const struct pki_node *by = k == DM_CA	  ? &node[DM_ROOT]
					    : k == DM_PCK ? &node[d->pck_by]
					    : k == DM_TCB ? &node[d->tcb_by]
							  : NULL;
		if (node[k].key == NULL && d->spec[k].key == NULL)
			d->spec[k].key = "P-256";
		pki_make(&node[k], &d->spec[k], by);
	}
	if (attestation == NULL) {
		attestation = pki_key("P-256");
		thief = pki_key("P-256");
	}
}

void dcapmake(struct dcapmake *d, struct gh_attest_question *q, struct gh_span *root)
{
	struct text info = { .n = 0 }, id = { .n = 0 };
	size_t n = 0;
	make_nodes(d);
	tcb_info(d, &info);
	identity(d, &id);
	const struct pki_node *const signer[] = { &node[DM_TCB] };
	file[n].bytes = pki_pem(signer, 1, rooms[n], sizeof rooms[n]);
	n++;
	if (!d->no_tcb) {
		file[n].bytes = signed_json("tcbInfo", &info, d->info_altered, rooms[n]);
		n++;
	}
	if (!d->no_identity) {
		file[n].bytes = signed_json("enclaveIdentity", &id, d->identity_altered, rooms[n]);
		n++;
	}
	if (!d->no_root_crl) {
		file[n].bytes = pki_crl(&node[d->root_crl_by], d->root_revokes < 0 ? NULL : &node[d->root_revokes],
					d->root_crl[0], d->root_crl[1], false, rooms[n], sizeof rooms[n]);
		n++;
	}
	if (!d->no_pck_crl) {
		file[n].bytes = pki_crl(&node[d->pck_crl_by], d->pck_revokes < 0 ? NULL : &node[d->pck_revokes],
					d->pck_crl[0], d->pck_crl[1], false, rooms[n], sizeof rooms[n]);
		n++;
	}
	for (size_t i = 0; i < n; i++)
		file[i].name = GH_SPAN("collateral");
	*root = pki_der(&node[DM_ROOT], root_der, sizeof root_der);
	*q = (struct gh_attest_question){
		.evidence = make_quote(d), .collateral = file, .ncollateral = n, .at = PKI_NOW
	};
}

void dcapmake_done(void)
{
	for (size_t i = 0; i < DM_NODES; i++)
		pki_free(&node[i]);
	EVP_PKEY_free(attestation);
	EVP_PKEY_free(thief);
	attestation = thief = NULL;
}
