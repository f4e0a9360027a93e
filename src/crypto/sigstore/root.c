#include "crypto/sigstore/root.h"

#include "crypto/sigstore/bundle_read.h"
#include "wire/datetime.h"

static const char *const types[] = {
	"application/vnd.dev.sigstore.trustedroot+json;version=0.1",
	"application/vnd.dev.sigstore.trustedroot.v0.1+json",
	"application/vnd.dev.sigstore.trustedroot.v0.2+json",
};

void gh_root_free(struct gh_root *r)
{
	for (size_t i = 0; i < r->nlog; i++)
		gh_key_free(r->log[i].key);
	for (size_t i = 0; i < r->nct; i++)
		gh_key_free(r->ct[i].key);
	for (size_t i = 0; i < r->nca; i++) {
		gh_certs_free(&r->ca[i].root);
		gh_certs_free(&r->ca[i].others);
	}
	for (size_t i = 0; i < r->ntsa; i++) {
		gh_certs_free(&r->tsa[i].root);
		gh_certs_free(&r->tsa[i].others);
	}
	r->nlog = r->nct = r->nca = r->ntsa = 0;
}

static enum gh_rc period(const struct gh_jval *v, struct gh_period *out, struct gh_err *err)
{
	const struct gh_jval *p = gh_pj_get(v, "validFor"), *start = gh_pj_get(p, "start"), *end = gh_pj_get(p, "end");
	*out = (struct gh_period){ .to = INT64_MAX };
	if (start == NULL || start->kind != GH_J_STRING || !gh_datetime_read(start->text, &out->from))
		return gh_fail(err, GH_E_MALFORMED, "validFor has no start, or it is no time");
	if (end != NULL && (end->kind != GH_J_STRING || !gh_datetime_read(end->text, &out->to)))
		return gh_fail(err, GH_E_MALFORMED, "the end of validFor is no time");
	return GH_OK;
}

/* "https://rekor.example:8000/path/" is called "rekor.example:8000/path". */
static struct gh_span name_of(const struct gh_jval *url)
{
	struct gh_span s = url != NULL && url->kind == GH_J_STRING ? url->text : (struct gh_span){ 0 };
	for (size_t i = 0; i + 2 < s.n; i++)
		if (memcmp(s.p + i, "://", 3) == 0) {
			s = gh_span_cut(s, i + 3, s.n);
			break;
		}
	while (s.n != 0 && s.p[s.n - 1] == '/')
		s.n--;
	return s;
}

static enum gh_rc one_log(struct gh_arena *a, const struct gh_jval *v, struct gh_root_log *out, bool *kept,
			  struct gh_err *err)
{
	const struct gh_jval *key = gh_pj_get(v, "publicKey");
	struct gh_span der;
	*kept = false;
	*out = (struct gh_root_log){ .name = name_of(gh_pj_get(v, "baseUrl")) };
	GH_TRY(period(key, &out->period, err), err, "publicKey");
	if (!gh_pj_b64(a, key, "rawBytes", &der, err) || !gh_pj_b64(a, gh_pj_get(v, "logId"), "keyId", &out->id, err))
		return GH_E_MALFORMED;
	enum gh_rc rc = gh_key_public(der, &out->key, err);
	*kept = rc == GH_OK;
	return rc == GH_E_UNREAD ? GH_OK : rc;
}

static enum gh_rc logs(struct gh_arena *a, const struct gh_jval *v, struct gh_root_log *out, size_t *n,
		       struct gh_err *err)
{
	size_t i = 0;
	for (const struct gh_jval *m = gh_jfirst(v); m != NULL; m = m->next, i++) {
		bool kept = false;
		if (*n == GH_ROOT_ROWS)
			return gh_fail(err, GH_E_LIMIT, "more than %d logs", GH_ROOT_ROWS);
		struct gh_err why = { 0 };
		enum gh_rc rc = one_log(a, m, &out[*n], &kept, &why);
		char text[GH_ERR_LINKS * GH_ERR_TEXT];
		if (rc != GH_OK)
			return gh_fail(err, rc, "log %zu: %.120s", i + 1, gh_err_line(&why, text, sizeof text));
		*n += kept;
	}
	return GH_OK;
}

static enum gh_rc one_authority(struct gh_arena *a, const struct gh_jval *v, struct gh_root_authority *out,
				struct gh_err *err)
{
	const struct gh_jval *list = gh_pj_get(gh_pj_get(v, "certChain"), "certificates");
	GH_TRY(period(v, &out->period, err), err, "authority");
	if (list == NULL || list->kind != GH_J_ARRAY || list->n == 0)
		return gh_fail(err, GH_E_MALFORMED, "no certificates");
	for (const struct gh_jval *c = list->first; c != NULL; c = c->next) {
		struct gh_span der;
		if (!gh_pj_b64(a, c, "rawBytes", &der, err))
			return GH_E_MALFORMED;
		GH_TRY(gh_certs_add(c->next == NULL ? &out->root : &out->others, der, err), err, "certChain");
	}
	return GH_OK;
}

static enum gh_rc authorities(struct gh_arena *a, const struct gh_jval *v, struct gh_root_authority *out, size_t *n,
			      struct gh_err *err)
{
	for (const struct gh_jval *m = gh_jfirst(v); m != NULL; m = m->next) {
		if (*n == GH_ROOT_ROWS)
			return gh_fail(err, GH_E_LIMIT, "more than %d authorities", GH_ROOT_ROWS);
		enum gh_rc rc = one_authority(a, m, &out[(*n)++], err);
		if (rc != GH_OK)
			return gh_fail(err, rc, "authority %zu", *n);
	}
	return GH_OK;
}

static bool is_list(const struct gh_jval *v) { return v == NULL || v->kind == GH_J_ARRAY; }

enum gh_rc gh_root_read(struct gh_arena *a, struct gh_span json, struct gh_root *out, struct gh_err *err)
{
	const struct gh_jval *v = NULL;
	bool known = false;
	memset(out, 0, sizeof *out);
	if (json.n > GH_ROOT_MAX)
		return gh_fail(err, GH_E_LIMIT, "a trusted root of more than %d MiB", GH_ROOT_MAX >> 20);
	enum gh_rc rc = gh_jdom_parse(a, json, &v, err);
	if (rc != GH_OK)
		return rc;
	const char *type = gh_jstr(v, "mediaType");
	for (size_t i = 0; type != NULL && i < sizeof types / sizeof types[0]; i++)
		known = known || strcmp(type, types[i]) == 0;
	if (!known)
		return gh_fail(err, GH_E_MALFORMED, "no trusted root of Sigstore, or of a version that is not known");
	const struct gh_jval *t = gh_pj_get(v, "tlogs"), *ct = gh_pj_get(v, "ctlogs"),
			     *ca = gh_pj_get(v, "certificateAuthorities"), *tsa = gh_pj_get(v, "timestampAuthorities");
	if (!is_list(t) || !is_list(ct) || !is_list(ca) || !is_list(tsa))
		return gh_fail(err, GH_E_MALFORMED, "tlogs, ctlogs and authorities are lists");
	GH_TRY(logs(a, t, out->log, &out->nlog, err), err, "tlogs");
	GH_TRY(logs(a, ct, out->ct, &out->nct, err), err, "ctlogs");
	GH_TRY(authorities(a, ca, out->ca, &out->nca, err), err, "certificateAuthorities");
	GH_TRY(authorities(a, tsa, out->tsa, &out->ntsa, err), err, "timestampAuthorities");
	return GH_OK;
}
