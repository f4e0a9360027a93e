#include "crypto/sigstore/verify.h"

#include "crypto/sigstore/sct.h"
#include "crypto/statement.h"
#include "crypto/sigstore/tlog.h"
#include "crypto/sigstore/tst.h"
#include "wire/b64.h"
#include "wire/datetime.h"

struct run {
	struct gh_arena *a;
	const struct gh_bundle *b;
	const struct gh_vpolicy *p;
	struct gh_vresult *out;
	struct gh_vchecks *c;
	struct gh_key *key;	      /* that verifies the signature */
	const struct gh_cert *leaf;   /* NULL: no certificate */
	struct gh_span signature;     /* that timestamps are over */
	struct gh_span pae;	      /* of an envelope */
	uint8_t digest[4][GH_MD_MAX]; /* of what was signed */
	bool rekor2;		      /* an entry without a time of its own */
};

/* ---- which key --------------------------------------------------------------------------------------------------- */

/* The key of early model signing bundles is the PEM text; Sigstore's is DER. Either must be the one that was given. */
static bool hint_fits(const struct run *r)
{
	char hint[65];
	uint8_t id[32];
	gh_auto_buf b64 = gh_buf(64);
	if (!gh_key_hint(r->p->key, hint) || !gh_key_id(r->p->key, id))
		return false;
	gh_b64_put(&b64, (struct gh_span){ id, sizeof id });
	return gh_span_is(r->b->hint, hint) || gh_span_eq(r->b->hint, gh_buf_view(&b64));
}

static void check_given_key(struct run *r)
{
	gh_auto_key *said = NULL;
	if (!r->b->has_key) {
		gh_vnote(r->c, GH_VC_KEY, GH_VC_FAIL, "it was signed with a certificate, and a key was given");
		return;
	}
	if (r->b->key_bytes.n != 0 &&
	    (gh_key_public(r->b->key_bytes, &said, NULL) != GH_OK || !gh_key_same(said, r->p->key)))
		gh_vnote(r->c, GH_VC_KEY, GH_VC_FAIL, "it was made with another key than the one that was given");
	else if (r->b->hint.n != 0 && r->p->model && !hint_fits(r))
		gh_vnote(r->c, GH_VC_KEY, GH_VC_FAIL, "its hint names another key than the one that was given");
	else if (r->b->hint.n == 0 && r->b->key_bytes.n == 0)
		gh_vnote(r->c, GH_VC_KEY, GH_VC_PASS, "it names no key");
	else
		gh_vnote(r->c, GH_VC_KEY, GH_VC_PASS, "%s", gh_key_name(r->p->key));
}

/* The key that has to verify, and the certificate it stands in. False: there is none. */
static bool find_key(struct run *r)
{
	const bool wants_cert = r->p->key == NULL;
	if (!wants_cert) {
		check_given_key(r);
		gh_auto_buf der = gh_buf(4096);
		return gh_key_spki(r->p->key, &der) && gh_key_public(gh_buf_view(&der), &r->key, NULL) == GH_OK;
	}
	if (r->b->cert.n == 0) {
		gh_vnote(r->c, GH_VC_CHAIN, GH_VC_FAIL,
			 "it was signed with a key and no certificate: give the key (--key)");
		return false;
	}
	struct gh_err err = { 0 };
	r->leaf = r->b->cert.v[0];
	gh_auto_buf subject = gh_buf(sizeof r->out->subject - 1);
	gh_cert_subject(r->leaf, &subject);
	memcpy(r->out->subject, gh_buf_cstr(&subject), subject.n + 1);
	enum gh_rc rc = gh_cert_key(r->leaf, &r->key, &err);
	if (rc != GH_OK)
		(void)gh_vresult(r->c, GH_VC_SIGNATURE, rc, &err);
	return rc == GH_OK;
}

/* ---- what was signed ---------------------------------------------------------------------------------------------- */

static bool find_content(struct run *r)
{
	if (!r->b->has_envelope) {
		if (!r->p->has_artifact) {
			gh_vnote(r->c, GH_VC_SIGNATURE, GH_VC_FAIL,
				 "it signs bytes that are not in the bundle, and no artifact was given");
			return false;
		}
		memcpy(r->digest, r->p->artifact, sizeof r->digest);
		r->signature = r->b->signature;
		return true;
	}
	gh_auto_buf pae = gh_buf(r->b->envelope.payload.n + r->b->envelope.type.n + 64);
	gh_dsse_pae(&pae, r->b->envelope.type, r->b->envelope.payload);
	r->pae = pae.full ? (struct gh_span){ 0 } : gh_keep(r->a, gh_buf_view(&pae));
	bool ok = r->pae.p != NULL;
	for (unsigned i = 0; ok && i < 4; i++)
		ok = gh_md((enum gh_md)i, r->pae, r->digest[i]);
	if (!ok)
		gh_vnote(r->c, GH_VC_SIGNATURE, GH_VC_UNKNOWN, "no memory for the payload");
	r->signature = r->b->envelope.sig[0].sig;
	return ok;
}

static void check_signature(struct run *r)
{
	struct gh_err err = { 0 };
	enum gh_rc rc;
	if (r->b->has_envelope) {
		rc = gh_dsse_verify(&r->b->envelope, r->key, &err);
	} else {
		rc = gh_key_verify_digest(r->key, gh_key_md(r->key), r->digest[gh_key_md(r->key)], r->signature, &err);
		/* Some signers take SHA-256 whatever the curve, and say so. */
		if (rc == GH_E_DENIED && r->b->has_digest && r->b->digest_md != gh_key_md(r->key)) {
			err = (struct gh_err){ 0 };
			rc = gh_key_verify_digest(r->key, r->b->digest_md, r->digest[r->b->digest_md], r->signature,
						  &err);
		}
	}
	if (gh_vresult(r->c, GH_VC_SIGNATURE, rc, &err)) {
		uint8_t id[32];
		if (gh_key_id(r->key, id))
			gh_b16(r->out->key, (struct gh_span){ id, sizeof id });
		r->out->key_kind = gh_key_name(r->key);
	}
	if (r->b->has_envelope)
		return;
	bool same = !r->b->has_digest || memcmp(r->b->digest.p, r->digest[r->b->digest_md], r->b->digest.n) == 0;
	if (rc == GH_OK || !same)
		gh_vnote(r->c, GH_VC_ARTIFACT, same ? GH_VC_PASS : GH_VC_FAIL, "%s",
			 same ? "" : "its digest is not the one in the bundle");
}

/* ---- when ---------------------------------------------------------------------------------------------------------- */

static void add_time(struct run *r, int64_t t)
{
	if (r->out->ntimes < GH_VC_TIMES)
		r->out->time[r->out->ntimes++] = t;
}

static void check_stamps(struct run *r)
{
	size_t good = 0;
	if (r->b->nstamps == 0) {
		gh_vnote(r->c, GH_VC_TIMESTAMP, GH_VC_SKIPPED, "there is none");
		return;
	}
	for (size_t i = 0; i < r->b->nstamps; i++) {
		struct gh_err err = { 0 };
		int64_t t = 0;
		enum gh_rc rc = gh_tst_verify(r->b->stamp[i], r->signature, r->p->root, &t, &err);
		if (rc == GH_OK && t > r->p->now)
			rc = gh_fail(&err, GH_E_DENIED, "it is from the future");
		if (rc == GH_OK) {
			good++;
			add_time(r, t);
		} else if (rc == GH_E_NOTTHIS) {
			gh_vnote(r->c, GH_VC_TIMESTAMP, GH_VC_SKIPPED,
				 "by an authority that the trusted root does not name");
		} else {
			(void)gh_vresult(r->c, GH_VC_TIMESTAMP, rc, &err);
		}
	}
	if (good != 0)
		gh_vnote(r->c, GH_VC_TIMESTAMP, GH_VC_PASS, "%s", "");
}

/* The time that a log says, when it signed for it. */
static void check_promise(struct run *r, const struct gh_log_entry *e)
{
	struct gh_err err = { 0 };
	if (e->promise.n == 0) {
		r->rekor2 = r->rekor2 || e->integrated == 0;
		if (r->b->version == GH_BUNDLE_0_1)
			gh_vnote(r->c, GH_VC_PROMISE, GH_VC_FAIL, "bundles of version 0.1 need one, and there is none");
		else
			gh_vnote(r->c, GH_VC_PROMISE, GH_VC_SKIPPED, "there is none");
		return;
	}
	if (e->integrated == 0 || e->integrated > (uint64_t)INT64_MAX) {
		gh_vnote(r->c, GH_VC_PROMISE, GH_VC_FAIL, "the entry has a promise and no time");
		return;
	}
	const struct gh_root_log *log = gh_log_of(e, r->p->root, (int64_t)e->integrated);
	enum gh_rc rc = log == NULL ? gh_fail(&err, GH_E_DENIED,
					      "by a log that the trusted root does not name for that time")
				    : gh_log_promise(e, log, &err);
	if (rc == GH_OK && (int64_t)e->integrated > r->p->now)
		rc = gh_fail(&err, GH_E_DENIED, "its time is in the future");
	if (gh_vresult(r->c, GH_VC_PROMISE, rc, &err)) {
		add_time(r, (int64_t)e->integrated);
		r->out->log_index = e->index;
		r->out->has_log_index = true;
	}
}

static void check_times(struct run *r)
{
	char text[GH_DATETIME_TEXT];
	if (r->out->ntimes == 0)
		gh_vnote(r->c, GH_VC_TIME, GH_VC_FAIL, "neither a log nor a timestamp says when it was signed%s",
			 r->rekor2 ? ": this log gives no times, so a timestamp is needed" : "");
	else if (gh_datetime_write(r->out->time[0], text))
		gh_vnote(r->c, GH_VC_TIME, GH_VC_PASS, "%s", text);
}

/* ---- who ----------------------------------------------------------------------------------------------------------- */

static bool one_path(struct run *r, int64_t t, const struct gh_cert **issuer, struct gh_err *err)
{
	enum gh_rc rc = gh_fail(err, GH_E_DENIED, "the trusted root names no authority for that time");
	struct gh_certs sent = { .n = 0 }; /* borrows: what the bundle brought along */
	for (size_t i = 1; i < r->b->cert.n; i++)
		sent.v[sent.n++] = r->b->cert.v[i];
	for (size_t i = 0; rc != GH_OK && i < r->p->root->nca; i++) {
		const struct gh_root_authority *ca = &r->p->root->ca[i];
		struct gh_certs between = sent;
		for (size_t k = 0; k < ca->others.n && between.n < GH_CERTS_MAX; k++)
			between.v[between.n++] = ca->others.v[k];
		if (!gh_period_has(ca->period, t))
			continue;
		*err = (struct gh_err){ 0 };
		rc = gh_cert_chain(r->leaf, &between, &ca->root, t, issuer, err);
		/* `between` dies here, its certificates do not. */
	}
	return rc == GH_OK;
}

/* Sigstore: at each trusted time, over an authority of the root. */
static void check_chain_root(struct run *r)
{
	const struct gh_cert *issuer = NULL;
	struct gh_err err = { 0 };
	for (size_t i = 1; i < r->b->cert.n; i++)
		if (gh_cert_self_signed(r->b->cert.v[i])) {
			gh_vnote(r->c, GH_VC_CHAIN, GH_VC_FAIL, "the bundle brings a root certificate along");
			return;
		}
	if (r->b->version == GH_BUNDLE_0_3 && r->b->is_chain) {
		gh_vnote(r->c, GH_VC_CHAIN, GH_VC_FAIL, "bundles of version 0.3 hold the signer's certificate alone");
		return;
	}
	if (r->out->ntimes == 0)
		return; /* said already */
	for (size_t i = 0; i < r->out->ntimes; i++)
		if (!one_path(r, r->out->time[i], &issuer, &err)) {
			(void)gh_vresult(r->c, GH_VC_CHAIN, GH_E_DENIED, &err);
			return;
		}
	gh_vnote(r->c, GH_VC_CHAIN, GH_VC_PASS, "%s", "");
	enum gh_rc rc = gh_sct_verify(r->leaf, issuer, r->p->root, &err);
	(void)gh_vresult(r->c, GH_VC_SCT, rc, &err);
}

static void check_chain_ca(struct run *r)
{
	struct gh_certs sent = { .n = 0 };
	struct gh_err err = { 0 };
	for (size_t i = 1; i < r->b->cert.n; i++)
		sent.v[sent.n++] = r->b->cert.v[i];
	(void)gh_vresult(r->c, GH_VC_CHAIN, gh_cert_chain(r->leaf, &sent, r->p->ca, r->p->now, NULL, &err), &err);
}

static void check_names(struct run *r)
{
	struct gh_cert_names names;
	struct gh_err err = { 0 };
	enum gh_rc rc = gh_cert_names(r->leaf, r->a, &names, &err);
	if (rc != GH_OK) {
		(void)gh_vresult(r->c, GH_VC_IDENTITY, rc, &err);
		return;
	}
	r->out->identity = names.nsan != 0 ? names.san[0] : (struct gh_span){ 0 };
	r->out->issuer = names.issuer;
	bool found = false;
	for (size_t i = 0; i < names.nsan; i++)
		if (gh_span_eq(names.san[i], r->p->identity)) {
			found = true;
			r->out->identity = names.san[i];
		}
	if (r->p->identity.n == 0)
		gh_vnote(r->c, GH_VC_IDENTITY, GH_VC_SKIPPED, "none was asked for");
	else
		gh_vnote(r->c, GH_VC_IDENTITY, found ? GH_VC_PASS : GH_VC_FAIL, "%s%.*s",
			 found ? "" : "it was signed by ", (int)(r->out->identity.n < 150 ? r->out->identity.n : 150),
			 r->out->identity.n != 0 ? (const char *)r->out->identity.p : "");
	if (r->p->issuer.n == 0)
		gh_vnote(r->c, GH_VC_ISSUER, GH_VC_SKIPPED, "none was asked for");
	else if (names.contradict)
		gh_vnote(r->c, GH_VC_ISSUER, GH_VC_FAIL, "the certificate names two issuers");
	else
		gh_vnote(r->c, GH_VC_ISSUER, gh_span_eq(names.issuer, r->p->issuer) ? GH_VC_PASS : GH_VC_FAIL, "%.*s",
			 (int)(names.issuer.n < 150 ? names.issuer.n : 150),
			 names.issuer.n != 0 ? (const char *)names.issuer.p : "the certificate names none");
}

static void check_certificate(struct run *r)
{
	const char *why = gh_cert_misused(r->leaf, r->p->root != NULL ? GH_USE_CODE : GH_USE_SIGNING);
	gh_vnote(r->c, GH_VC_USE, why == NULL ? GH_VC_PASS : GH_VC_FAIL, "%s", why == NULL ? "" : why);
	if (r->p->root != NULL)
		check_chain_root(r);
	else
		check_chain_ca(r);
	check_names(r);
}

/* ---- where it was logged ------------------------------------------------------------------------------------------- */

static void check_proof(struct run *r, const struct gh_log_entry *e)
{
	struct gh_err err = { 0 };
	if (!e->has_proof) {
		gh_vnote(r->c, GH_VC_INCLUSION, r->b->version == GH_BUNDLE_0_1 ? GH_VC_SKIPPED : GH_VC_FAIL,
			 "there is no proof");
		return;
	}
	bool included = gh_vresult(r->c, GH_VC_INCLUSION, gh_log_inclusion(e, &err), &err);
	if (e->checkpoint.n == 0) {
		gh_vnote(r->c, GH_VC_CHECKPOINT, r->b->version == GH_BUNDLE_0_1 ? GH_VC_SKIPPED : GH_VC_FAIL,
			 "there is none");
		return;
	}
	/* The log must have been trusted when the signature was made: at every time that is known. */
	const struct gh_root_log *log = gh_log_of(e, r->p->root, r->out->ntimes == 0 ? -1 : r->out->time[0]);
	for (size_t i = 1; log != NULL && i < r->out->ntimes; i++)
		log = gh_period_has(log->period, r->out->time[i]) ? log : NULL;
	err = (struct gh_err){ 0 };
	enum gh_rc rc = log == NULL ? gh_fail(&err, GH_E_DENIED,
					      "by a log that the trusted root does not name for that time")
				    : gh_tlog_checkpoint(e, log, &err);
	if (gh_vresult(r->c, GH_VC_CHECKPOINT, rc, &err) && included && !r->out->has_log_index) {
		r->out->log_index = e->proof_index;
		r->out->has_log_index = true;
	}
}

static void check_entries(struct run *r)
{
	const struct gh_log_subject s = { r->b, r->key, r->leaf, (const uint8_t(*)[GH_MD_MAX])r->digest };
	for (size_t i = 0; i < r->b->nentries; i++) {
		struct gh_err err = { 0 };
		(void)gh_vresult(r->c, GH_VC_ENTRY, gh_log_body(r->a, &r->b->entry[i], &s, &err), &err);
		check_proof(r, &r->b->entry[i]);
	}
	if (r->b->nentries == 0)
		gh_vnote(r->c, GH_VC_ENTRY, GH_VC_FAIL, "it was not logged");
}

/* What was signed by an envelope, as far as an artifact is asked about. */
static void check_statement(struct run *r)
{
	if (!r->b->has_envelope || !r->p->has_artifact)
		return;
	if (r->c->v[GH_VC_SIGNATURE].outcome != GH_VC_PASS)
		return; /* not parsed before the signature was verified */
	struct gh_statement st;
	struct gh_err err = { 0 };
	static const char *const names[] = { "sha256", "sha384", "sha512" };
	char hex[2 * GH_MD_MAX + 1];
	enum gh_rc rc = !gh_span_is(r->b->envelope.type, GH_DSSE_INTOTO)
				? gh_fail(&err, GH_E_MALFORMED, "the envelope holds no in-toto statement")
				: gh_statement_read(r->a, r->b->envelope.payload, &st, &err);
	if (!gh_vresult(r->c, GH_VC_STATEMENT, rc, &err))
		return;
	bool found = false;
	for (unsigned i = 0; i < 3; i++) {
		static const uint8_t none[GH_MD_MAX];
		if (memcmp(r->p->artifact[i], none, gh_md_size((enum gh_md)i)) == 0)
			continue; /* a digest that nobody took */
		gh_b16(hex, (struct gh_span){ r->p->artifact[i], gh_md_size((enum gh_md)i) });
		found = found || gh_statement_has(&st, names[i], hex);
	}
	gh_vnote(r->c, GH_VC_ARTIFACT, found ? GH_VC_PASS : GH_VC_FAIL, "%s",
		 found ? "" : "the statement is about other artifacts");
}

void gh_bundle_verify(struct gh_arena *a, const struct gh_bundle *b, const struct gh_vpolicy *p, struct gh_vresult *out)
{
	struct run r = { .a = a, .b = b, .p = p, .out = out, .c = &out->checks };
	bool content = find_content(&r), key = find_key(&r);
	if (content && key) {
		check_signature(&r);
		if (p->root != NULL) {
			check_stamps(&r);
			for (size_t i = 0; i < b->nentries; i++)
				check_promise(&r, &b->entry[i]);
			if (p->key == NULL)
				check_times(&r);
		}
		if (r.leaf != NULL)
			check_certificate(&r);
		if (p->root != NULL)
			check_entries(&r);
		else if (b->nentries != 0)
			gh_vnote(r.c, GH_VC_ENTRY, GH_VC_SKIPPED, "no trusted root was given to verify it with");
		check_statement(&r);
	}
	gh_key_free(r.key);
}

bool gh_vrequired(enum gh_vmode mode, bool model, bool artifact, enum gh_vcheck c)
{
	switch (c) {
	case GH_VC_BUNDLE:
	case GH_VC_SIGNATURE: return true;
	case GH_VC_KEY: return mode == GH_VM_KEY || mode == GH_VM_KEY_ROOT;
	case GH_VC_ROOT:
	case GH_VC_ENTRY: return mode == GH_VM_ROOT || mode == GH_VM_KEY_ROOT;
	case GH_VC_TIME:
	case GH_VC_SCT:
	case GH_VC_IDENTITY:
	case GH_VC_ISSUER: return mode == GH_VM_ROOT;
	case GH_VC_CHAIN:
	case GH_VC_USE: return mode == GH_VM_ROOT || mode == GH_VM_CA;
	case GH_VC_ARTIFACT: return artifact;
	case GH_VC_STATEMENT:
	case GH_VC_MODEL:
	case GH_VC_SERIAL:
	case GH_VC_FILES:
	case GH_VC_UNSIGNED: return model;
	case GH_VC_TIMESTAMP:
	case GH_VC_PROMISE:
	case GH_VC_INCLUSION:
	case GH_VC_CHECKPOINT:
	case GH_VC_IGNORED:
	case GH_VC_CHECKS: break;
	}
	return false;
}
