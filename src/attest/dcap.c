#include "attest/dcap.h"

#include "attest/dcap_qe.h"
#include "wire/b64.h"
#include "wire/datetime.h"

enum { PARTS = 3, ADVISORIES = 64, DAY = 86400 };

/* What an appraisal works with. The collateral and the chain are the cache's, or ours until it is over. */
struct work {
	const struct gh_attest_question *q;
	const struct gh_dcap_quote *quote;
	struct gh_attest_result *r;
	struct gh_span root;
	uint8_t coll_key[GH_MD_MAX], pck_key[GH_MD_MAX];
	struct gh_dcap_collateral *coll;
	struct gh_dcap_pck *pck;
	bool coll_mine, pck_mine;
	const struct gh_dcap_item *tcb, *id;
	const struct gh_dcap_level *part[PARTS]; /* levels that make the status: platform, quoting enclave, module */
};

bool gh_dcap_open(const struct gh_attest_question *q, struct gh_attest_result *r, struct gh_dcap_quote *out)
{
	struct gh_span s = q->evidence;
	struct gh_err e = { 0 };
	char line[256];
	/* A quote begins with its version, a byte below every digit's. */
	if (s.n > 2 && s.p[0] == '0') {
		size_t n = s.n - (s.p[s.n - 1] == '\n');
		uint8_t *raw = GH_NEW(r->arena, uint8_t, n / 2 + 1);
		if (raw != NULL && n % 2 == 0 && gh_b16_take(gh_span_cut(s, 0, n), raw, n / 2))
			s = (struct gh_span){ raw, n / 2 };
	}
	if (gh_dcap_quote_read(s, out, &e) != GH_OK)
		return gh_attest_check(r, "format", GH_AT_FAIL, "%s", gh_err_line(&e, line, sizeof line));
	gh_attest_check(r, "format", GH_AT_PASS, "a quote of version %u, %zu bytes", out->version,
			s.n - out->padding.n);
	gh_attest_test(r, "padding", !out->dirty,
		       out->padding.n == 0 ? "nothing behind it" : "nothing but zeros behind it",
		       "something stands behind the quote that nobody signed");
	return true;
}

/* ---- what may be remembered ------------------------------------------------------------------------------------ */

static void put_le64(struct gh_buf *b, uint64_t v)
{
	for (unsigned i = 0; i < 8; i++)
		gh_buf_ch(b, (char)(uint8_t)(v >> (8 * i)));
}

/* A digest of digests: of each file its own, so that no bytes can wander from one to the next. */
static bool key_of_files(struct work *w)
{
	gh_auto_buf b = gh_buf((size_t)64 << 10);
	const struct gh_attest_file *list[] = { w->q->collateral, w->q->endorsement };
	const size_t n[] = { w->q->ncollateral, w->q->nendorsement };
	uint8_t d[GH_MD_MAX];
	bool ok = gh_md(GH_MD_SHA256, w->root, d);
	gh_buf_str(&b, "gatehouse dcap collateral");
	gh_buf_put(&b, d, 32);
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < n[l]; i++) {
			ok = ok && gh_md(GH_MD_SHA256, list[l][i].bytes, d);
			put_le64(&b, list[l][i].bytes.n);
			gh_buf_put(&b, d, 32);
		}
	return ok && !b.full && gh_md(GH_MD_SHA256, gh_buf_view(&b), w->coll_key);
}

static bool key_of_chain(struct work *w)
{
	gh_auto_buf b = gh_buf((size_t)256 << 10);
	gh_buf_str(&b, "gatehouse dcap pck chain");
	gh_buf_span(&b, w->root);
	gh_buf_span(&b, w->quote->cert);
	return !b.full && gh_md(GH_MD_SHA256, gh_buf_view(&b), w->pck_key);
}

static bool open_collateral(struct work *w)
{
	bool cached = w->q->cache != NULL && key_of_files(w);
	w->coll = cached ? gh_attest_cached(w->q->cache, w->coll_key) : NULL;
	w->coll_mine = w->coll == NULL;
	if (w->coll_mine)
		w->coll = gh_dcap_collateral_read(w->q, w->root);
	if (w->coll == NULL)
		return gh_attest_check(w->r, "collateral", GH_AT_UNKNOWN, "no memory for the files beside the quote");
	if (w->coll->broken[0] != '\0')
		gh_attest_check(w->r, "collateral", GH_AT_SKIPPED, "a file cannot be used: %s", w->coll->broken);
	if (w->coll->unread != 0)
		gh_attest_check(w->r, "files", GH_AT_SKIPPED,
				"%zu of %zu files are nothing for this kind of evidence: %s", w->coll->unread,
				w->coll->nfiles, w->coll->unread_name);
	return true;
}

/* Putting something into the cache may push out what was taken from it: only now. */
static void close_all(struct work *w)
{
	bool cache = w->q->cache != NULL;
	if (w->pck_mine && w->pck != NULL && (!cache || w->quote->cert_type != GH_DCAP_CERT_PCK))
		gh_dcap_pck_free(w->pck);
	else if (w->pck_mine && w->pck != NULL)
		gh_attest_keep(w->q->cache, w->pck_key, w->pck, gh_dcap_pck_free);
	if (w->coll_mine && w->coll != NULL && !cache)
		gh_dcap_collateral_free(w->coll);
	else if (w->coll_mine && w->coll != NULL)
		gh_attest_keep(w->q->cache, w->coll_key, w->coll, gh_dcap_collateral_free);
}

/* ---- the platform's certificate -------------------------------------------------------------------------------- */

/* Certification data of type 1: PPID, CPUSVN, PCESVN of the platform; the certificate came beside the quote. */
static bool same_platform(const struct gh_dcap_platform *p, struct gh_span data)
{
	struct gh_rd r = gh_rd(data);
	struct gh_span ppid = gh_rd_take(&r, 16), cpusvn = gh_rd_take(&r, 16);
	uint16_t pcesvn = gh_rd_u16le(&r);
	return gh_rd_done(&r) && memcmp(ppid.p, p->ppid, 16) == 0 && memcmp(cpusvn.p, p->cpusvn, 16) == 0 &&
	       pcesvn == p->pcesvn;
}

static void chain_from_files(struct work *w)
{
	const struct gh_attest_file *list[] = { w->q->endorsement, w->q->collateral };
	const size_t n[] = { w->q->nendorsement, w->q->ncollateral };
	for (size_t l = 0; l < 2; l++)
		for (size_t i = 0; i < n[l] && w->pck == NULL; i++) {
			struct gh_dcap_pck *p = NULL;
			if (!gh_span_starts(list[l][i].bytes, "-----BEGIN") ||
			    gh_dcap_pck_read(list[l][i].bytes, w->root, w->q->at, &p, NULL) != GH_OK)
				continue;
			if (same_platform(&p->platform, w->quote->cert))
				w->pck = p;
			else
				gh_dcap_pck_free(p);
		}
	w->pck_mine = true;
	gh_attest_check(w->r, "pck_chain", w->pck != NULL ? GH_AT_PASS : GH_AT_UNKNOWN, "%s",
			w->pck != NULL ? "a chain to Intel's root was given for the platform that the quote names"
				       : "the quote names its platform only, and no PCK chain of it was given");
}

static bool platform(struct work *w)
{
	struct gh_err e = { 0 };
	char line[256];
	if (w->quote->cert_type == 1) {
		chain_from_files(w);
		return w->pck != NULL;
	}
	if (w->quote->cert_type != GH_DCAP_CERT_PCK)
		return gh_attest_check(w->r, "pck_chain", GH_AT_UNKNOWN,
				       "the quote carries no chain of PCK certificates (certification data of type %u)",
				       w->quote->cert_type);
	if (w->q->cache != NULL && key_of_chain(w))
		w->pck = gh_attest_cached(w->q->cache, w->pck_key);
	if (w->pck != NULL && (w->q->at < w->pck->from || w->q->at > w->pck->until))
		w->pck = NULL; /* read it again to say what is wrong; what is kept then is the same */
	w->pck_mine = w->pck == NULL;
	if (w->pck_mine && gh_dcap_pck_read(w->quote->cert, w->root, w->q->at, &w->pck, &e) != GH_OK)
		return gh_attest_check(w->r, "pck_chain", e.rc == GH_E_NOMEM ? GH_AT_UNKNOWN : GH_AT_FAIL, "%s",
				       gh_err_line(&e, line, sizeof line));
	return gh_attest_check(w->r, "pck_chain", GH_AT_PASS, "PCK certificate, its authority, Intel's root: valid");
}

static void platform_claims(struct work *w)
{
	static const char *const types[] = { "standard", "scalable", "scalable with integrity" };
	const struct gh_dcap_platform *p = &w->pck->platform;
	gh_attest_claim_hex(w->r, "fmspc", (struct gh_span){ p->fmspc, sizeof p->fmspc });
	gh_attest_claim_hex(w->r, "pceid", (struct gh_span){ p->pceid, sizeof p->pceid });
	gh_attest_claim_hex(w->r, "ppid", (struct gh_span){ p->ppid, sizeof p->ppid });
	gh_attest_claim_hex(w->r, "tcb_components", (struct gh_span){ p->svn, sizeof p->svn });
	gh_attest_claim_hex(w->r, "cpusvn", (struct gh_span){ p->cpusvn, sizeof p->cpusvn });
	gh_attest_claim(w->r, "pcesvn", "%u", p->pcesvn);
	gh_attest_claim(w->r, "sgx_type", "%s", p->sgx_type < 3 ? types[p->sgx_type] : "unknown");
	if (p->has_config) {
		gh_attest_claim_bool(w->r, "platform_dynamic", p->dynamic);
		gh_attest_claim_bool(w->r, "platform_cached_keys", p->cached_keys);
		gh_attest_claim_bool(w->r, "platform_smt", p->smt);
	}
	gh_attest_allowed(w->q->policy, "fmspc", (struct gh_span){ p->fmspc, sizeof p->fmspc }, w->r);
	gh_attest_allowed(w->q->policy, "ppid", (struct gh_span){ p->ppid, sizeof p->ppid }, w->r);
}

/* ---- collateral ------------------------------------------------------------------------------------------------ */

static enum gh_attest_outcome outcome(enum gh_dcap_found f)
{
	return f == GH_DF_GOOD ? GH_AT_PASS : f == GH_DF_BAD ? GH_AT_FAIL : GH_AT_UNKNOWN;
}

static void revocation(struct work *w, const char *check, const struct gh_cert *issuer, const struct gh_cert *cert,
		       const char *what)
{
	struct gh_err e = { 0 };
	char line[256];
	enum gh_dcap_found f = gh_dcap_not_revoked(w->coll, issuer, cert, w->q->at, &e);
	if (f == GH_DF_GOOD)
		gh_attest_check(w->r, check, GH_AT_PASS, "%s is not on its issuer's list", what);
	else if (f == GH_DF_NONE && gh_attest_flag(w->q->policy, "allow_missing_crl", false))
		gh_attest_check(w->r, check, GH_AT_SKIPPED, "%s: no list was given, and the policy goes without", what);
	else
		gh_attest_check(w->r, check, outcome(f), "%s: %s", what, gh_err_line(&e, line, sizeof line));
}

static bool signed_by_intel(struct work *w, const char *check, enum gh_dcap_found f, const struct gh_dcap_item *it,
			    const struct gh_err *e, const char *what)
{
	char line[256];
	uint64_t least = gh_attest_number(w->q->policy, "min_tcb_evaluation", 0);
	if (f != GH_DF_GOOD)
		return gh_attest_check(w->r, check, outcome(f), "%s: %s", what,
				       e->n == 0 ? "not given" : gh_err_line(e, line, sizeof line));
	uint64_t has = it->identity ? it->id.evaluation : it->tcb.evaluation;
	if (has < least)
		return gh_attest_check(w->r, check, GH_AT_FAIL, "%s: evaluation %llu is older than the policy's %llu",
				       what, (unsigned long long)has, (unsigned long long)least);
	revocation(w, "root_crl", w->coll->root.v[0], it->signer, "the certificate that signs TCB information");
	return gh_attest_check(w->r, check, GH_AT_PASS, "%s: signed by Intel, valid, evaluation %llu", what,
			       (unsigned long long)has);
}

static void claim_date(struct gh_attest_result *r, const char *name, int64_t t)
{
	char text[GH_DATETIME_TEXT];
	if (gh_datetime_write(t, text))
		gh_attest_claim(r, name, "%s", text);
}

static bool collateral(struct work *w)
{
	struct gh_err e = { 0 }, e2 = { 0 };
	bool tdx = w->quote->body != GH_DCAP_SGX;
	revocation(w, "root_crl", w->coll->root.v[0], w->pck->certs.v[1], "the PCK certificate's authority");
	revocation(w, "pck_crl", w->pck->certs.v[1], w->pck->certs.v[0], "the PCK certificate");
	enum gh_dcap_found f = gh_dcap_find_tcb(w->coll, tdx, &w->pck->platform, w->q->at, &w->tcb, &e);
	bool ok = signed_by_intel(w, "tcb_info", f, w->tcb, &e, "TCB information");
	f = gh_dcap_find_identity(w->coll, tdx ? "TD_QE" : "QE", w->q->at, &w->id, &e2);
	ok = signed_by_intel(w, "qe_identity", f, w->id, &e2, "identity of the quoting enclave") && ok;
	if (!ok)
		return false;
	gh_attest_claim(w->r, "tcb_evaluation", "%llu", (unsigned long long)w->tcb->tcb.evaluation);
	claim_date(w->r, "collateral_until", w->tcb->tcb.next < w->id->id.next ? w->tcb->tcb.next : w->id->id.next);
	return true;
}

/* ---- TCB ------------------------------------------------------------------------------------------------------- */

/* The module that runs trust domains. Version 0 of it has no levels of its own: the platform's cover it. */
static bool module_of(struct work *w, const struct gh_td_report *td, struct gh_span svn,
		      const struct gh_dcap_level **out)
{
	struct gh_attest_result *r = w->r;
	unsigned version = svn.p[1], isvsvn = svn.p[0];
	const struct gh_dcap_module *m = gh_dcap_module(&w->tcb->tcb, version);
	*out = NULL;
	if (m == NULL)
		return gh_attest_check(r, "tdx_module", GH_AT_FAIL, "Intel does not know version %u of the TDX module",
				       version);
	if (memcmp(td->mrsignerseam.p, m->mrsigner, sizeof m->mrsigner) != 0)
		return gh_attest_check(r, "tdx_module", GH_AT_FAIL, "MRSIGNERSEAM is not what Intel says");
	for (size_t i = 0; i < sizeof m->mask; i++)
		if ((td->seam_attributes.p[i] & m->mask[i]) != m->attributes[i] || td->seam_attributes.p[i] != 0)
			return gh_attest_check(r, "tdx_module", GH_AT_FAIL, "SEAMATTRIBUTES is not what Intel says");
	if (version == 0)
		return gh_attest_check(r, "tdx_module", GH_AT_PASS, "Intel's, version 0.%u", isvsvn);
	*out = gh_dcap_isv_level(&m->levels, isvsvn);
	if (*out == NULL)
		return gh_attest_check(r, "tdx_module", GH_AT_FAIL,
				       "version %u.%u of the TDX module is below all known", version, isvsvn);
	return gh_attest_check(r, "tdx_module", GH_AT_PASS, "Intel's, version %u.%u: %s", version, isvsvn,
			       gh_dcap_status_word((*out)->status));
}

static enum gh_dcap_status merged(const struct gh_dcap_level *const part[PARTS])
{
	enum gh_dcap_status s = part[0]->status;
	for (size_t i = 1; i < PARTS; i++)
		if (part[i] != NULL)
			s = gh_dcap_merge(s, part[i]->status);
	return s;
}

/* Was it started by an old module, and would be up to date with the one that is loaded by now? (TD 1.5) */
static enum gh_dcap_status relaunch(const struct work *w, enum gh_dcap_status s)
{
	const struct gh_td_report *td = &w->quote->td;
	if (w->quote->body != GH_DCAP_TD15 || (s != GH_DS_OUT_OF_DATE && s != GH_DS_OUT_OF_DATE_CONFIGURATION))
		return s;
	const struct gh_dcap_module *m = gh_dcap_module(&w->tcb->tcb, td->tee_tcb_svn2.p[1]);
	const struct gh_dcap_level *part[PARTS] = {
		gh_dcap_platform_level(&w->tcb->tcb, &w->pck->platform, td->tee_tcb_svn2),
		w->part[1],
		m == NULL || m->version == 0 ? NULL : gh_dcap_isv_level(&m->levels, td->tee_tcb_svn2.p[0]),
	};
	if (m == NULL || part[0] == NULL || (m->version != 0 && part[2] == NULL))
		return s;
	switch (merged(part)) {
	case GH_DS_UP_TO_DATE:
	case GH_DS_SW_HARDENING: return GH_DS_RELAUNCH;
	case GH_DS_CONFIGURATION:
	case GH_DS_CONFIGURATION_SW: return GH_DS_RELAUNCH_CONFIGURATION;
	case GH_DS_OUT_OF_DATE:
	case GH_DS_OUT_OF_DATE_CONFIGURATION:
	case GH_DS_RELAUNCH:
	case GH_DS_RELAUNCH_CONFIGURATION:
	case GH_DS_REVOKED: break;
	}
	return s;
}

/* The advisories of all parts, each once: a claim, and a check when the policy lists those it can live with. */
static void advisories(struct work *w)
{
	const struct gh_jval *seen[ADVISORIES];
	size_t n = 0, nlist = 0;
	gh_auto_buf text = gh_buf(GH_ATTEST_TEXT - 1);
	const struct gh_span *list = gh_attest_list(w->q->policy, "advisories", &nlist);
	const struct gh_jval *bad = NULL;
	bool full = false;
	for (size_t p = 0; p < PARTS; p++)
		for (const struct gh_jval *a = w->part[p] == NULL ? NULL : gh_jfirst(w->part[p]->advisories); a != NULL;
		     a = a->next) {
			bool known = a->kind != GH_J_STRING, ok = nlist == 0;
			for (size_t i = 0; i < n && !known; i++)
				known = gh_span_eq(seen[i]->text, a->text);
			for (size_t i = 0; i < nlist && !ok; i++)
				ok = gh_span_eq(list[i], a->text);
			if (!ok && bad == NULL)
				bad = a;
			if (known)
				continue;
			full = full || n == ADVISORIES;
			if (n == ADVISORIES)
				break;
			seen[n++] = a;
			gh_buf_str(&text, n == 1 ? "" : " ");
			gh_buf_safe(&text, a->text, 40);
		}
	gh_attest_claim(w->r, "advisories", "%s", n == 0 ? "none" : gh_buf_cstr(&text));
	if (nlist == 0)
		gh_attest_check(w->r, "advisories", GH_AT_SKIPPED, "the policy does not list any");
	else if (bad != NULL || full)
		gh_attest_check(w->r, "advisories", GH_AT_FAIL, "%s applies, and the policy does not list it",
				bad == NULL ? "too much" : gh_attest_safe(w->r, bad->text, 40));
	else
		gh_attest_check(w->r, "advisories", GH_AT_PASS, "the policy lists all that apply");
}

static bool allowed(const struct gh_attest_policy *p, enum gh_dcap_status s)
{
	size_t n = 0;
	const struct gh_span *list = gh_attest_list(p, "tcb_statuses", &n);
	if (n == 0)
		return s == GH_DS_UP_TO_DATE;
	for (size_t i = 0; i < n; i++)
		if (gh_span_is(list[i], gh_dcap_status_word(s)))
			return true;
	return false;
}

static void judge_status(struct work *w, enum gh_dcap_status s)
{
	const struct gh_attest_policy *p = w->q->policy;
	const char *word = gh_dcap_status_word(s);
	int64_t date = w->part[0]->date;
	uint64_t days = gh_attest_number(p, "tcb_grace_days", INT32_MAX);
	for (size_t i = 1; i < PARTS; i++) /* the oldest part counts */
		if (w->part[i] != NULL && w->part[i]->date < date)
			date = w->part[i]->date;
	gh_attest_claim(w->r, "tcb_status", "%s", word);
	claim_date(w->r, "tcb_date", date);
	advisories(w);
	if (!allowed(p, s))
		gh_attest_check(w->r, "tcb_status", GH_AT_FAIL, "%s is not among the statuses that the policy allows%s",
				word, gh_attest_wants(p, "tcb_statuses") ? "" : " (UpToDate)");
	else if (s != GH_DS_UP_TO_DATE && gh_attest_wants(p, "tcb_grace_days") &&
		 (days > INT32_MAX || w->q->at - date > (int64_t)days * DAY))
		gh_attest_check(w->r, "tcb_status", GH_AT_FAIL, "%s, and the policy's %llu days of grace are over",
				word, (unsigned long long)days);
	else
		gh_attest_check(w->r, "tcb_status", GH_AT_PASS, "%s", word);
}

static void tcb(struct work *w)
{
	bool tdx = w->quote->body != GH_DCAP_SGX;
	w->part[1] = gh_dcap_qe_level(&w->quote->qe, &w->id->id, w->r);
	bool ok = w->part[1] != NULL;
	if (tdx)
		ok = module_of(w, &w->quote->td, w->quote->td.tee_tcb_svn, &w->part[2]) && ok;
	w->part[0] = gh_dcap_platform_level(&w->tcb->tcb, &w->pck->platform,
					    tdx ? w->quote->td.tee_tcb_svn : (struct gh_span){ 0 });
	if (w->part[0] == NULL)
		gh_attest_check(w->r, "tcb_status", GH_AT_FAIL,
				"no TCB level of Intel's matches the platform: it is below all of them");
	if (!ok || w->part[0] == NULL)
		return;
	gh_attest_claim(w->r, "platform_status", "%s", gh_dcap_status_word(w->part[0]->status));
	gh_attest_claim(w->r, "qe_status", "%s", gh_dcap_status_word(w->part[1]->status));
	if (w->part[2] != NULL)
		gh_attest_claim(w->r, "tdx_module_status", "%s", gh_dcap_status_word(w->part[2]->status));
	judge_status(w, relaunch(w, merged(w->part)));
}

void gh_dcap_appraise(const struct gh_attest_question *q, const struct gh_dcap_quote *quote, struct gh_span root,
		      struct gh_attest_result *r)
{
	struct work w = { .q = q, .quote = quote, .r = r, .root = root };
	bool have = platform(&w);
	gh_dcap_signatures(quote, have ? w.pck->key : NULL, r);
	if (have)
		platform_claims(&w);
	if (have && open_collateral(&w) && collateral(&w))
		tcb(&w);
	close_all(&w);
}
