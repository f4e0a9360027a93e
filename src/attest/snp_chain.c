#include "attest/snp_chain.h"

#include <stdlib.h>

#include "attest/roots.h"
#include "attest/snp_crl.h"
#include "base/buf.h"
#include "wire/der.h"

#define ARC "1.3.6.1.4.1.3704.1"

static const struct {
	const char *ark, *issuer[2]; /* of VCEKs, of VLEKs */
} chains[GH_SNP_PRODUCTS] = {
	[GH_SNP_MILAN] = { "amd-milan-ark", { "amd-milan-ask", "amd-milan-asvk" } },
	[GH_SNP_GENOA] = { "amd-genoa-ark", { "amd-genoa-ask", "amd-genoa-asvk" } },
	[GH_SNP_TURIN] = { "amd-turin-ark", { "amd-turin-ask", "amd-turin-asvk" } },
};

static void free_signer(void *v)
{
	struct gh_snp_signer *s = v;
	gh_certs_free(&s->certs);
	gh_key_free(s->key);
	free(s);
}

void gh_snp_signer_done(struct gh_snp_signer *s)
{
	if (s != NULL && !s->kept)
		free_signer(s);
}

/* ---- finding it ---------------------------------------------------------------------------------------------------------- */

/* Is `part` one whole component ("CN=SEV-VCEK") of the subject's line? Commas inside of values are escaped there. */
static bool subject_has(const struct gh_cert *c, const char *part)
{
	gh_auto_buf line = gh_buf(512);
	gh_cert_subject(c, &line);
	size_t n = strlen(part), from = 0;
	for (size_t i = 0; i <= line.n; i++) {
		if (i < line.n && (line.p[i] != ',' || (i != 0 && line.p[i - 1] == '\\')))
			continue;
		if (i - from == n && memcmp(line.p + from, part, n) == 0)
			return true;
		from = i + 1;
	}
	return false;
}

/* The host's table of certificates: GUID, offset, length; the last entry is zero. Offsets and lengths are added in 64 bits. */
static size_t add_table(struct gh_certs *out, struct gh_span t)
{
	static const uint8_t guid[2][16] = {
		{ 0x63, 0xda, 0x75, 0x8d, 0xe6, 0x64, 0x45, 0x64, 0xad, 0xc5, 0xf4, 0xb9, 0x3b, 0xe8, 0xac, 0xcd },
		{ 0xa8, 0x07, 0x4b, 0xc2, 0xa2, 0x5a, 0x48, 0x3e, 0xaa, 0xe6, 0x39, 0xc0, 0x45, 0xa0, 0xb8, 0xa1 },
	};
	struct gh_rd rd = gh_rd(t);
	size_t before = out->n;
	for (int i = 0; i < GH_CERTS_MAX; i++) {
		struct gh_span id = gh_rd_take(&rd, 16);
		uint64_t off = gh_rd_u32le(&rd), n = gh_rd_u32le(&rd);
		if (rd.bad || gh_attest_zero(id))
			break;
		bool wanted = memcmp(id.p, guid[0], 16) == 0 || memcmp(id.p, guid[1], 16) == 0;
		if (wanted && n != 0 && off + n <= t.n && gh_certs_add(out, gh_span_cut(t, off, n), NULL) != GH_OK)
			break;
	}
	return out->n - before;
}

/* All certificates that were given, AMD's own left out: those are compiled in. */
static const char *gather(const struct gh_attest_question *q, struct gh_certs *all)
{
	const char *unread = NULL;
	for (size_t i = 0; i < q->nendorsement; i++) {
		struct gh_span b = q->endorsement[i].bytes;
		if (gh_certs_read(all, b, NULL) != GH_OK && add_table(all, b) == 0)
			unread = "a file that was given holds no certificate that can be read";
	}
	return unread;
}

/* The HWID is the extension's content as it is, without an OCTET STRING around it. */
static struct gh_span hwid_of(const struct gh_cert *c) { return gh_cert_extension(c, ARC ".4"); }

static bool is_pinned(const struct gh_cert *c)
{
	for (size_t p = 0; p < GH_SNP_PRODUCTS; p++) {
		struct gh_span der = gh_cert_der(c);
		if (gh_span_eq(der, gh_attest_root(chains[p].ark)) ||
		    gh_span_eq(der, gh_attest_root(chains[p].issuer[0])) ||
		    gh_span_eq(der, gh_attest_root(chains[p].issuer[1])))
			return true;
	}
	return false;
}

/* Best first: of the right name and this chip; of the right name; anything that is not an authority. */
static const struct gh_cert *choose(const struct gh_certs *all, const struct gh_snp_report *report)
{
	const char *cn = report->signing_key == GH_SNP_VLEK ? "CN=SEV-VLEK" : "CN=SEV-VCEK";
	const struct gh_cert *best = NULL;
	int rank = 0;
	for (size_t i = 0; i < all->n; i++) {
		const struct gh_cert *c = all->v[i];
		struct gh_span hwid = hwid_of(c);
		if (is_pinned(c))
			continue;
		int is = !subject_has(c, cn)							    ? 1
			 : hwid.n >= 8 && gh_span_eq(hwid, gh_span_cut(report->chip_id, 0, hwid.n)) ? 3
												    : 2;
		if (is > rank) {
			rank = is;
			best = c;
		}
	}
	return best;
}

/* ---- what it says --------------------------------------------------------------------------------------------------------- */
static const char *read_extensions(const struct gh_cert *c, struct gh_snp_signer *s)
{
	static const char *const oid[GH_SNP_TCB] = { ARC ".3.9", ARC ".3.1", ARC ".3.2", ARC ".3.3", ARC ".3.8" };
	struct gh_rd rd = gh_rd(gh_cert_extension(c, ARC ".1"));
	s->structure = gh_der_u64(&rd);
	if (!gh_der_done(&rd) || s->structure > 1)
		return "it has no structure version that is known (extension 1)";
	for (size_t i = 0; i < GH_SNP_TCB; i++) {
		struct gh_span e = gh_cert_extension(c, oid[i]);
		if (e.n == 0)
			continue;
		rd = gh_rd(e);
		uint64_t v = gh_der_u64(&rd);
		if (!gh_der_done(&rd) || v > 255)
			return "a security version of it is no number from 0 to 255 (extension 3)";
		s->has_spl[i] = true;
		s->spl[i] = (uint8_t)v;
	}
	for (size_t i = GH_SNP_TCB_LOADER; i < GH_SNP_TCB; i++)
		if (!s->has_spl[i])
			return "it does not state all security versions (extension 3)";
	s->hwid = hwid_of(c);
	rd = gh_rd(gh_cert_extension(c, ARC ".5"));
	s->csp_id = rd.s.n == 0 ? (struct gh_span){ 0 } : gh_der_take(&rd, GH_DER_IA5, NULL);
	return rd.s.n != 0 && !gh_der_done(&rd) ? "its CSP_ID is malformed (extension 5)" : NULL;
}

/* ---- its chain ------------------------------------------------------------------------------------------------------------ */
static bool window(struct gh_snp_signer *s, const struct gh_cert *c)
{
	int64_t from, until;
	if (!gh_cert_valid(c, &from, &until))
		return false;
	s->from = from > s->from ? from : s->from;
	s->until = until < s->until ? until : s->until;
	return true;
}

/* Under which of AMD's roots does it stand? Signatures only: dates are judged for every question again. That the pinned root signed the
 * pinned issuer is a property of two constants: a test sees to it (test_attest_snp.c). */
static bool find_chain(struct gh_snp_signer *s, unsigned kind)
{
	for (unsigned p = 0; p < GH_SNP_PRODUCTS; p++) {
		gh_auto_certs top = { 0 };
		if (gh_certs_add(&top, gh_attest_root(chains[p].ark), NULL) != GH_OK ||
		    gh_certs_add(&top, gh_attest_root(chains[p].issuer[kind]), NULL) != GH_OK)
			return false;
		s->from = 0;
		s->until = INT64_MAX;
		if (!gh_cert_issued(top.v[1], s->certs.v[0]))
			continue;
		s->product = (enum gh_snp_product)p;
		s->ark = chains[p].ark;
		s->issuer = chains[p].issuer[kind];
		return window(s, s->certs.v[0]) && window(s, top.v[0]) && window(s, top.v[1]);
	}
	return false;
}

/* A key for the cache: all that the choice and the judgement of the certificate depend on. */
static bool cache_key(const struct gh_attest_question *q, const struct gh_snp_report *report, uint8_t out[32])
{
	uint8_t all[8 + 64 + GH_ATTEST_FILES * 32] = "snp-key", md[GH_MD_MAX];
	size_t n = 8 + 64;
	all[7] = (uint8_t)report->signing_key;
	memcpy(all + 8, report->chip_id.p, 64);
	for (size_t i = 0; i < q->nendorsement && i < GH_ATTEST_FILES; i++, n += 32) {
		if (!gh_md(GH_MD_SHA256, q->endorsement[i].bytes, md))
			return false;
		memcpy(all + n, md, 32);
	}
	bool ok = gh_md(GH_MD_SHA256, (struct gh_span){ all, n }, md);
	memcpy(out, md, 32);
	return ok;
}

/* Moves the certificate out of the list. */
static void take(struct gh_certs *all, const struct gh_cert *leaf, struct gh_certs *to)
{
	size_t i = 0;
	while (all->v[i] != leaf)
		i++;
	to->v[to->n++] = all->v[i];
	all->v[i] = all->v[--all->n];
}

static struct gh_snp_signer *make(struct gh_certs *all, const struct gh_cert *leaf, unsigned kind,
				  struct gh_attest_result *r)
{
	struct gh_snp_signer *s = calloc(1, sizeof *s);
	struct gh_err err = { 0 };
	if (s == NULL) {
		gh_attest_check(r, "certificate", GH_AT_UNKNOWN, "no memory");
		return NULL;
	}
	take(all, leaf, &s->certs);
	const char *cn = kind == GH_SNP_VLEK ? "CN=SEV-VLEK" : "CN=SEV-VCEK",
		   *wrong = read_extensions(s->certs.v[0], s);
	if (!subject_has(s->certs.v[0], cn) || !subject_has(s->certs.v[0], "O=Advanced Micro Devices"))
		gh_attest_check(r, "certificate", GH_AT_FAIL, "its subject is not AMD's with %s", cn);
	else if (wrong != NULL)
		gh_attest_check(r, "certificate", GH_AT_FAIL, "%s", wrong);
	else if (gh_cert_is_authority(s->certs.v[0]) || !gh_cert_may_sign(s->certs.v[0]))
		gh_attest_check(r, "certificate", GH_AT_FAIL, "it is an authority's, or its key may not sign reports");
	else if (gh_cert_key(s->certs.v[0], &s->key, &err) != GH_OK || gh_key_kind(s->key) != GH_KEY_P384)
		gh_attest_check(r, "certificate", GH_AT_FAIL, "its key is not on the curve P-384");
	else if (!find_chain(s, kind))
		gh_attest_check(r, "chain", GH_AT_FAIL, "it leads to none of AMD's roots");
	else
		return s;
	free_signer(s);
	return NULL;
}

/* Find the certificate and make a signer of it; the checks say why not. */
static struct gh_snp_signer *look(const struct gh_attest_question *q, const struct gh_snp_report *report,
				  const char *kind, struct gh_attest_result *r)
{
	gh_auto_certs all = { 0 };
	const char *unread = gather(q, &all);
	const struct gh_cert *leaf = choose(&all, report);
	if (leaf != NULL)
		return make(&all, leaf, report->signing_key, r);
	gh_attest_check(r, "certificate", unread != NULL ? GH_AT_FAIL : GH_AT_UNKNOWN,
			"%s: give the %s of this machine with --endorsements",
			unread != NULL ? unread : "there is no certificate to check the signature with", kind);
	return NULL;
}

struct gh_snp_signer *gh_snp_signer(const struct gh_attest_question *q, const struct gh_snp_report *report,
				    struct gh_attest_result *r)
{
	static const char *const name[] = { "VCEK", "VLEK" };
	uint8_t key[32];
	const char *kind = name[report->signing_key];
	bool keyed = q->cache != NULL && cache_key(q, report, key);
	struct gh_snp_signer *s = keyed ? gh_attest_cached(q->cache, key) : NULL;
	if (s == NULL) {
		s = look(q, report, kind, r);
		if (s == NULL)
			return NULL;
		s->kept = keyed;
		if (keyed)
			gh_attest_keep(q->cache, key, s, free_signer);
	}
	gh_attest_check(r, "certificate", GH_AT_PASS, "a %s for %s", kind, gh_snp_products[s->product]);
	gh_attest_check(r, "chain", GH_AT_PASS, "leads to AMD's pinned root for %s", gh_snp_products[s->product]);
	gh_attest_check(r, "validity", q->at < s->from || q->at > s->until ? GH_AT_FAIL : GH_AT_PASS, "%s",
			q->at < s->from	   ? "a certificate of the chain is not valid yet at that time"
			: q->at > s->until ? "a certificate of the chain has expired at that time"
					   : "the chain is valid at that time");
	gh_snp_crl(q, s, r);
	return s;
}
