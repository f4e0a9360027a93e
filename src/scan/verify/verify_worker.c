/* The worker's half of `gatehouse verify`: parses bundle, key, certificates and trusted root, verifies, and says how each check
 * came out. It knows nothing of the model's files: what was signed about them goes to the trusted process, which has them. */
#include "crypto/sigstore/verify.h"
#include "scan/tool_side.h"
#include "scan/verify/proto.h"

struct job {
	struct gh_tool *t;
	struct gh_verify_args args;
	struct gh_span identity, issuer;
	struct gh_span input[GH_VERIFY_TAGS]; /* p == NULL: not given */
	struct gh_bundle *bundle;
	struct gh_root *root;
	struct gh_certs ca;
	struct gh_key *key;
	struct gh_vresult *result;
	struct gh_oms model;
	bool has_model;
	const char *predicate;
};

/* ---- input --------------------------------------------------------------------------------------------------------- */

static enum gh_rc read_args(struct job *j, struct gh_err *err)
{
	struct gh_span a = j->t->args;
	if (a.n < sizeof j->args)
		return gh_fail(err, GH_E_BUG, "no arguments");
	memcpy(&j->args, a.p, sizeof j->args);
	j->identity = gh_span_cut(a, sizeof j->args, j->args.identity_n);
	j->issuer = gh_span_cut(a, sizeof j->args + (uint64_t)j->args.identity_n + 1, j->args.issuer_n);
	return GH_OK;
}

static enum gh_rc read_input(struct job *j, size_t i, struct gh_err *err)
{
	static const size_t most[GH_VERIFY_TAGS] = { GH_BUNDLE_MAX, 64 << 10, GH_CERT_MAX * GH_CERTS_MAX, GH_ROOT_MAX };
	const struct gh_tool_file *f = &j->t->file[i];
	struct gh_src_fd s;
	if (f->tag >= GH_VERIFY_TAGS)
		return gh_fail(err, GH_E_BUG, "an input of unknown purpose");
	if (f->size > most[f->tag])
		return gh_fail(err, GH_E_LIMIT, "%s is larger than %zu KiB", f->name, most[f->tag] >> 10);
	uint8_t *p = GH_NEW(&j->t->arena, uint8_t, (size_t)f->size + 1);
	if (p == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for %s", f->name);
	GH_TRY(gh_tool_open(j->t, i, &s, err), err, "%s", f->name);
	for (uint64_t at = 0; at < f->size;) {
		struct gh_span w = gh_src_window(&s.src, at, GH_WINDOW_MAX);
		if (w.n == 0) {
			gh_src_fd_close(&s);
			return gh_fail(err, GH_E_IO, "%s cannot be read", f->name);
		}
		memcpy(p + at, w.p, w.n);
		at += w.n;
	}
	gh_src_fd_close(&s);
	j->input[f->tag] = (struct gh_span){ p, (size_t)f->size };
	return GH_OK;
}

/* What the verifier trusts. Where that is damaged nothing can be valid. False: so it is. */
static bool read_trust(struct job *j, struct gh_vpolicy *p)
{
	struct gh_vchecks *c = &j->result->checks;
	struct gh_err err = { 0 };
	bool ok = true;
	if (j->input[GH_VERIFY_KEY].p != NULL) {
		enum gh_rc rc = gh_key_public(j->input[GH_VERIFY_KEY], &j->key, &err);
		ok = rc == GH_OK || gh_vresult(c, GH_VC_KEY, rc, &err);
		p->key = j->key;
	}
	if (j->input[GH_VERIFY_CA].p != NULL) {
		enum gh_rc rc = gh_certs_read(&j->ca, j->input[GH_VERIFY_CA], &err);
		ok = rc == GH_OK || gh_vresult(c, GH_VC_CHAIN, rc, &err);
		p->ca = &j->ca;
	}
	if (j->input[GH_VERIFY_ROOT].p != NULL) {
		err = (struct gh_err){ 0 };
		enum gh_rc rc = gh_root_read(&j->t->arena, j->input[GH_VERIFY_ROOT], j->root, &err);
		ok = gh_vresult(c, GH_VC_ROOT, rc, &err) && ok;
		p->root = j->root;
	}
	return ok;
}

/* ---- saying -------------------------------------------------------------------------------------------------------- */

static void say_text(struct job *j, enum gh_verify_text what, struct gh_span s)
{
	const uint64_t a[] = { what };
	if (s.n != 0)
		gh_tool_say(j->t, GH_VERIFY_R_TEXT, a, 1, s);
}

static void say_number(struct job *j, enum gh_verify_number what, uint64_t v)
{
	const uint64_t a[] = { what, v };
	gh_tool_say(j->t, GH_VERIFY_R_NUMBER, a, 2, (struct gh_span){ 0 });
}

static void say_model(struct job *j)
{
	const struct gh_oms *m = &j->model;
	uint8_t text[GH_MD_MAX + GH_OMS_NAME];
	const uint64_t a[] = { m->method, m->md, m->shard_size, m->allow_symlinks, m->nignore, m->n };
	size_t d = gh_md_size(m->md);
	gh_tool_say(j->t, GH_VERIFY_R_MODEL, a, 6, gh_span_cut(m->model, 0, 1000));
	for (size_t i = 0; i < m->nignore; i++)
		gh_tool_say(j->t, GH_VERIFY_R_IGNORE, NULL, 0, m->ignore[i]);
	for (size_t i = 0; i < m->n; i++) {
		const struct gh_oms_resource *r = &m->resource[i];
		const uint64_t place[] = { r->start, r->end };
		memcpy(text, r->digest, d);
		memcpy(text + d, r->name.p, r->name.n);
		gh_tool_say(j->t, GH_VERIFY_R_RESOURCE, place, 2, (struct gh_span){ text, d + r->name.n });
	}
}

static void say_all(struct job *j)
{
	const struct gh_vresult *r = j->result;
	for (unsigned i = 0; i < GH_VC_CHECKS; i++) {
		const uint64_t a[] = { i, r->checks.v[i].outcome };
		if (r->checks.v[i].outcome != GH_VC_NOT_REACHED)
			gh_tool_say(j->t, GH_VERIFY_R_CHECK, a, 2, gh_span_str(r->checks.v[i].detail));
	}
	say_text(j, GH_VERIFY_T_KEY, gh_span_str(r->key));
	say_text(j, GH_VERIFY_T_KIND, gh_span_str(r->key_kind));
	say_text(j, GH_VERIFY_T_IDENTITY, gh_span_cut(r->identity, 0, 1000));
	say_text(j, GH_VERIFY_T_ISSUER, gh_span_cut(r->issuer, 0, 1000));
	say_text(j, GH_VERIFY_T_SUBJECT, gh_span_str(r->subject));
	say_text(j, GH_VERIFY_T_PREDICATE, gh_span_cut(gh_span_str(j->predicate), 0, 200));
	for (size_t i = 0; i < r->ntimes; i++)
		say_number(j, GH_VERIFY_N_TIME, (uint64_t)r->time[i]);
	if (r->has_log_index)
		say_number(j, GH_VERIFY_N_LOG_INDEX, r->log_index);
	if (j->has_model)
		say_model(j);
}

/* ---- the job ------------------------------------------------------------------------------------------------------- */

/* What a verified model signature says about files. */
static void read_model(struct job *j)
{
	struct gh_vchecks *c = &j->result->checks;
	struct gh_err err = { 0 };
	uint8_t root[32];
	if (!j->bundle->has_envelope) {
		gh_vnote(c, GH_VC_STATEMENT, GH_VC_FAIL, "it signs bytes, not a model: verify it with --artifact");
		return;
	}
	if (c->v[GH_VC_SIGNATURE].outcome != GH_VC_PASS)
		return;
	enum gh_rc rc = !gh_span_is(j->bundle->envelope.type, GH_DSSE_INTOTO)
				? gh_fail(&err, GH_E_MALFORMED, "the envelope holds no in-toto statement")
				: gh_oms_read(&j->t->arena, j->bundle->envelope.payload, &j->model, &err);
	if (rc == GH_E_UNREAD) {
		gh_vnote(c, GH_VC_STATEMENT, GH_VC_PASS, "%s", "");
		(void)gh_vresult(c, GH_VC_SERIAL, rc, &err);
		return;
	}
	if (!gh_vresult(c, GH_VC_STATEMENT, rc, &err))
		return;
	gh_vnote(c, GH_VC_SERIAL, GH_VC_PASS, "%s, %s", j->model.method == GH_OMS_SHARDS ? "shards" : "files",
		 gh_oms_md_name(j->model.md));
	bool same = gh_oms_root(&j->model, root) && memcmp(root, j->model.root, sizeof root) == 0;
	gh_vnote(c, GH_VC_MODEL, same ? GH_VC_PASS : GH_VC_FAIL, "%s",
		 same ? "" : "the root digest is not that of the resources");
	j->has_model = same;
}

/* The kind of statement, for people. */
static void read_predicate(struct job *j)
{
	struct gh_statement st;
	if (j->bundle->has_envelope && j->result->checks.v[GH_VC_SIGNATURE].outcome == GH_VC_PASS &&
	    gh_span_is(j->bundle->envelope.type, GH_DSSE_INTOTO) &&
	    gh_statement_read(&j->t->arena, j->bundle->envelope.payload, &st, NULL) == GH_OK)
		j->predicate = st.predicate_type;
}

static enum gh_rc work(struct job *j, struct gh_err *err)
{
	struct gh_err why = { 0 };
	GH_TRY(read_args(j, err), err, "arguments");
	for (size_t i = 0; i < j->t->nfile; i++)
		GH_TRY(read_input(j, i, err), err, "input");
	struct gh_vpolicy p = { .identity = j->identity,
				.issuer = j->issuer,
				.now = j->args.now,
				.has_artifact = j->args.has_artifact != 0,
				.model = j->args.model != 0 };
	memcpy(p.artifact, j->args.artifact, sizeof p.artifact);
	bool trust = read_trust(j, &p);
	if (!gh_vresult(&j->result->checks, GH_VC_BUNDLE,
			gh_bundle_read(&j->t->arena, j->input[GH_VERIFY_BUNDLE], j->bundle, &why), &why) ||
	    !trust) {
		say_all(j);
		return GH_OK;
	}
	gh_bundle_verify(&j->t->arena, j->bundle, &p, j->result);
	if (p.model)
		read_model(j);
	else
		read_predicate(j);
	say_all(j);
	return GH_OK;
}

enum gh_rc gh_verify_main(struct gh_tool *t, struct gh_err *err)
{
	struct job j = { .t = t,
			 .bundle = GH_NEW(&t->arena, struct gh_bundle, 1),
			 .root = GH_NEW(&t->arena, struct gh_root, 1),
			 .result = GH_NEW(&t->arena, struct gh_vresult, 1) };
	if (j.bundle == NULL || j.root == NULL || j.result == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory to verify");
	enum gh_rc rc = work(&j, err);
	gh_bundle_free(j.bundle);
	gh_root_free(j.root);
	gh_certs_free(&j.ca);
	gh_key_free(j.key);
	return rc;
}
