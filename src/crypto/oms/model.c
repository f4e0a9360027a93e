#include "crypto/oms/model.h"

#include "base/utf8.h"
#include "wire/b64.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

const char *gh_oms_md_name(enum gh_md md)
{
	return md == GH_MD_BLAKE2B ? "blake2b" : md == GH_MD_BLAKE3 ? "blake3" : "sha256";
}

const char *gh_oms_name_wrong(struct gh_span name)
{
	if (name.n == 0 || name.n > GH_OMS_NAME)
		return name.n == 0 ? "an empty name" : "a name that is too long";
	if (!gh_utf8_valid(name) || memchr(name.p, '\0', name.n) != NULL)
		return "a name that is not UTF-8";
	if (name.p[0] == '/')
		return "an absolute name";
	for (size_t at = 0; at <= name.n;) {
		const uint8_t *slash = at < name.n ? memchr(name.p + at, '/', name.n - at) : NULL;
		size_t end = slash == NULL ? name.n : (size_t)(slash - name.p);
		struct gh_span part = gh_span_cut(name, at, end - at);
		if (part.n == 0 || gh_span_is(part, ".") || gh_span_is(part, ".."))
			return "a name with an empty, \".\" or \"..\" part";
		at = end + 1;
	}
	return NULL;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

/* "sha256", or as early versions wrote it for shards, "sha256-sharded-1000000". */
static bool md_of(const char *s, const struct gh_oms *m, enum gh_md *out)
{
	static const struct {
		const char *name;
		enum gh_md md;
	} rows[] = { { "sha256", GH_MD_SHA256 }, { "blake2b", GH_MD_BLAKE2B }, { "blake3", GH_MD_BLAKE3 } };
	for (size_t i = 0; s != NULL && i < sizeof rows / sizeof rows[0]; i++) {
		size_t n = strlen(rows[i].name);
		char tail[40];
		if (strncmp(s, rows[i].name, n) != 0)
			continue;
		(void)snprintf(tail, sizeof tail, "-sharded-%llu", (unsigned long long)m->shard_size);
		*out = rows[i].md;
		return s[n] == '\0' || (m->method == GH_OMS_SHARDS && strcmp(s + n, tail) == 0);
	}
	return false;
}

static enum gh_rc ignores(struct gh_arena *a, const struct gh_jval *v, struct gh_oms *out, struct gh_err *err)
{
	if (v == NULL || v->kind == GH_J_NULL)
		return GH_OK;
	if (v->kind != GH_J_ARRAY)
		return gh_fail(err, GH_E_MALFORMED, "ignore_paths is no list");
	if (v->n > GH_OMS_IGNORES)
		return gh_fail(err, GH_E_LIMIT, "more than %d ignored paths", GH_OMS_IGNORES);
	out->ignore = GH_NEW(a, struct gh_span, v->n + 1);
	if (out->ignore == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for ignored paths");
	for (const struct gh_jval *i = v->first; i != NULL; i = i->next) {
		if (gh_jtext(i) == NULL)
			return gh_fail(err, GH_E_MALFORMED, "an ignored path is no text");
		if (i->text.n <= GH_OMS_NAME) /* a longer one can hide nothing */
			out->ignore[out->nignore++] = i->text;
	}
	return GH_OK;
}

static enum gh_rc serialization(struct gh_arena *a, const struct gh_jval *v, struct gh_oms *out, struct gh_err *err)
{
	const char *method = gh_jstr(v, "method"), *hash = gh_jstr(v, "hash_type");
	const struct gh_jval *links = gh_jget(v, "allow_symlinks");
	if (v == NULL || v->kind != GH_J_OBJECT || method == NULL || hash == NULL)
		return gh_fail(err, GH_E_MALFORMED, "serialization, its method or its hash_type is missing");
	if (strcmp(method, "files") != 0 && strcmp(method, "shards") != 0)
		return gh_fail(err, GH_E_UNREAD, "the method \"%.40s\" is not known here", method);
	out->method = method[0] == 's' ? GH_OMS_SHARDS : GH_OMS_FILES;
	if (out->method == GH_OMS_SHARDS &&
	    (!gh_ju64(gh_jget(v, "shard_size"), &out->shard_size) || out->shard_size == 0))
		return gh_fail(err, GH_E_MALFORMED, "shard_size is missing or no size");
	if (!md_of(hash, out, &out->md))
		return gh_fail(err, GH_E_UNREAD, "the digest \"%.40s\" is not known here", hash);
	if (links != NULL && links->kind != GH_J_TRUE && links->kind != GH_J_FALSE)
		return gh_fail(err, GH_E_MALFORMED, "allow_symlinks is neither true nor false");
	out->allow_symlinks = gh_jtrue(links);
	return ignores(a, gh_jget(v, "ignore_paths"), out, err);
}

/* The number behind the last colon; *s becomes what stands before it. */
static bool last_number(struct gh_span *s, uint64_t *out)
{
	size_t colon = s->n, digits;
	while (colon > 0 && s->p[colon - 1] != ':')
		colon--;
	digits = s->n - colon;
	if (colon == 0 || digits == 0 || digits > 19 || (digits > 1 && s->p[colon] == '0'))
		return false;
	*out = 0;
	for (size_t i = colon; i < s->n; i++) {
		if (s->p[i] < '0' || s->p[i] > '9')
			return false;
		*out = *out * 10 + (uint64_t)(s->p[i] - '0');
	}
	s->n = colon - 1;
	return true;
}

static enum gh_rc resource(const struct gh_jval *v, struct gh_oms *m, struct gh_oms_resource *r, struct gh_err *err)
{
	enum gh_md md = GH_MD_SHA256;
	const char *name = gh_jstr(v, "name"), *digest = gh_jstr(v, "digest"), *alg = gh_jstr(v, "algorithm");
	if (name == NULL || digest == NULL || alg == NULL)
		return gh_fail(err, GH_E_MALFORMED, "name, digest or algorithm is missing");
	if (!md_of(alg, m, &md) || md != m->md)
		return gh_fail(err, GH_E_MALFORMED, "its algorithm is not the one of the whole");
	if (!gh_b16_take(gh_span_str(digest), r->digest, gh_md_size(md)))
		return gh_fail(err, GH_E_MALFORMED, "its digest is none");
	r->name = gh_jget(v, "name")->text;
	if (m->method == GH_OMS_SHARDS) {
		bool ok = last_number(&r->name, &r->end) && last_number(&r->name, &r->start);
		if (!ok || r->end <= r->start || r->start % m->shard_size != 0 || r->end - r->start > m->shard_size)
			return gh_fail(err, GH_E_MALFORMED, "its name does not end in the limits of a shard");
	}
	const char *wrong = gh_span_is(r->name, ".") ? NULL : gh_oms_name_wrong(r->name);
	return wrong == NULL ? GH_OK : gh_fail(err, GH_E_MALFORMED, "%s", wrong);
}

static int by_place(const void *pa, const void *pb)
{
	const struct gh_oms_resource *a = *(const struct gh_oms_resource *const *)pa;
	const struct gh_oms_resource *b = *(const struct gh_oms_resource *const *)pb;
	size_t n = a->name.n < b->name.n ? a->name.n : b->name.n;
	int r = n == 0 ? 0 : memcmp(a->name.p, b->name.p, n);
	if (r == 0)
		r = (a->name.n > b->name.n) - (a->name.n < b->name.n);
	return r != 0 ? r : (a->start > b->start) - (a->start < b->start);
}

/* Bottom-up merge sort of pointers: no more memory than the arena has, and no worst case. */
static bool sorted(const struct gh_oms_resource **v, const struct gh_oms_resource **tmp, size_t n,
		   int (*order)(const void *, const void *))
{
	for (size_t w = 1; w < n; w *= 2) {
		for (size_t lo = 0; lo < n; lo += 2 * w) {
			size_t mid = lo + w < n ? lo + w : n, hi = lo + 2 * w < n ? lo + 2 * w : n;
			for (size_t i = lo, j = mid, k = lo; k < hi; k++)
				tmp[k] = i < mid && (j >= hi || order(&v[i], &v[j]) <= 0) ? v[i++] : v[j++];
		}
		memcpy(v, tmp, n * sizeof *v);
	}
	return true;
}

/* No resource twice; shards of a file follow each other without gaps, all but the last of full size. */
static enum gh_rc places(struct gh_arena *a, const struct gh_oms *m, struct gh_err *err)
{
	const struct gh_oms_resource **v = GH_NEW(a, const struct gh_oms_resource *, m->n + 1);
	const struct gh_oms_resource **tmp = GH_NEW(a, const struct gh_oms_resource *, m->n + 1);
	if (v == NULL || tmp == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for %zu resources", m->n);
	for (size_t i = 0; i < m->n; i++)
		v[i] = &m->resource[i];
	(void)sorted(v, tmp, m->n, by_place);
	for (size_t i = 0; i < m->n; i++) {
		bool follows = i > 0 && gh_span_eq(v[i - 1]->name, v[i]->name);
		const char *wrong = NULL;
		if (m->method == GH_OMS_FILES)
			wrong = follows ? "it occurs twice" : NULL;
		else if (v[i]->start != (follows ? v[i - 1]->end : 0))
			wrong = "its shards do not follow each other";
		else if (follows && v[i - 1]->end - v[i - 1]->start != m->shard_size)
			wrong = "a shard that is not the last has not the full size";
		if (wrong != NULL)
			return gh_fail(err, GH_E_MALFORMED, "resource \"%.60s\": %s", (const char *)v[i]->name.p,
				       wrong);
	}
	return GH_OK;
}

enum gh_rc gh_oms_read(struct gh_arena *a, struct gh_span payload, struct gh_oms *out, struct gh_err *err)
{
	struct gh_statement st;
	*out = (struct gh_oms){ 0 };
	GH_TRY(gh_statement_read(a, payload, &st, err), err, "payload");
	if (strcmp(st.predicate_type, GH_OMS_PREDICATE) != 0)
		return gh_fail(err, GH_E_MALFORMED,
			       "its predicate is \"%.80s\", not a model's signature of version 1.0", st.predicate_type);
	const char *root = gh_jstr(gh_jget(st.subjects->first, "digest"), "sha256");
	const struct gh_jval *list = gh_jget(st.predicate, "resources"), *name = gh_jget(st.subjects->first, "name");
	if (st.n != 1 || root == NULL || !gh_b16_take(gh_span_str(root), out->root, sizeof out->root))
		return gh_fail(err, GH_E_MALFORMED, "it has not one subject with a SHA-256");
	out->model = name != NULL && name->kind == GH_J_STRING ? name->text : (struct gh_span){ 0 };
	GH_TRY(serialization(a, gh_jget(st.predicate, "serialization"), out, err), err, "predicate");
	if (list == NULL || list->kind != GH_J_ARRAY)
		return gh_fail(err, GH_E_MALFORMED, "the predicate has no list of resources");
	if (list->n > GH_OMS_RESOURCES)
		return gh_fail(err, GH_E_LIMIT, "more than %d resources", GH_OMS_RESOURCES);
	out->resource = GH_NEW(a, struct gh_oms_resource, list->n + 1);
	if (out->resource == NULL)
		return gh_fail(err, GH_E_NOMEM, "no memory for %zu resources", list->n);
	for (const struct gh_jval *i = list->first; i != NULL; i = i->next)
		GH_TRY(resource(i, out, &out->resource[out->n++], err), err, "resource %zu", out->n);
	return places(a, out, err);
}

bool gh_oms_root(const struct gh_oms *m, uint8_t out[32])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0;
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_sha256(), NULL) == 1;
	for (size_t i = 0; ok && i < m->n; i++)
		ok = EVP_DigestUpdate(ctx, m->resource[i].digest, gh_md_size(m->md)) == 1;
	ok = ok && EVP_DigestFinal_ex(ctx, out, &n) == 1 && n == 32;
	EVP_MD_CTX_free(ctx);
	return ok;
}

/* ---- writing ------------------------------------------------------------------------------------------------------- */

/* The name as the list has it. */
static void put_name(struct gh_buf *b, const struct gh_oms_resource *r, bool shards)
{
	gh_buf_span(b, r->name);
	if (shards)
		gh_buf_fmt(b, ":%llu:%llu", (unsigned long long)r->start, (unsigned long long)r->end);
}

struct row {
	char *name;
	struct gh_oms_resource r;
};
static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct row *)a)->name, ((const struct row *)b)->name);
}

bool gh_oms_finish(struct gh_oms *m)
{
	struct row *v = calloc(m->n + 1, sizeof *v);
	bool ok = v != NULL;
	for (size_t i = 0; ok && i < m->n; i++) {
		gh_auto_buf name = gh_buf(GH_OMS_NAME + 64);
		put_name(&name, &m->resource[i], m->method == GH_OMS_SHARDS);
		v[i] = (struct row){ strdup(gh_buf_cstr(&name)), m->resource[i] };
		ok = v[i].name != NULL && !name.full;
	}
	if (ok) {
		qsort(v, m->n, sizeof *v, by_name); /* bytes of UTF-8 order as code points do */
		for (size_t i = 0; i < m->n; i++)
			m->resource[i] = v[i].r;
	}
	for (size_t i = 0; v != NULL && i < m->n; i++)
		free(v[i].name);
	free(v);
	return ok && gh_oms_root(m, m->root);
}

static int by_text(const void *a, const void *b)
{
	const struct gh_span *x = a, *y = b;
	size_t n = x->n < y->n ? x->n : y->n;
	int r = n == 0 ? 0 : memcmp(x->p, y->p, n);
	return r != 0 ? r : (x->n > y->n) - (x->n < y->n);
}

enum gh_rc gh_oms_write(const struct gh_oms *m, struct gh_buf *out, struct gh_err *err)
{
	gh_auto_buf p = gh_buf(GH_STATEMENT_MAX);
	char root[65], digest[2 * GH_MD_MAX + 1];
	bool shards = m->method == GH_OMS_SHARDS;
	gh_buf_str(&p, "{\"resources\":[");
	for (size_t i = 0; i < m->n; i++) {
		gh_auto_buf name = gh_buf(GH_OMS_NAME + 64);
		put_name(&name, &m->resource[i], shards);
		gh_b16(digest, (struct gh_span){ m->resource[i].digest, gh_md_size(m->md) });
		gh_buf_fmt(&p, "%s{\"algorithm\":\"%s\",\"digest\":\"%s\",\"name\":", i == 0 ? "" : ",",
			   gh_oms_md_name(m->md), digest);
		gh_buf_json(&p, gh_buf_view(&name));
		gh_buf_ch(&p, '}');
	}
	gh_buf_fmt(&p, "],\"serialization\":{\"allow_symlinks\":%s,\"hash_type\":\"%s\",\"ignore_paths\":[",
		   m->allow_symlinks ? "true" : "false", gh_oms_md_name(m->md));
	if (m->nignore > 1)
		qsort(m->ignore, m->nignore, sizeof *m->ignore, by_text);
	for (size_t i = 0; i < m->nignore; i++) {
		gh_buf_str(&p, i == 0 ? "" : ",");
		gh_buf_json(&p, m->ignore[i]);
	}
	gh_buf_fmt(&p, "],\"method\":\"%s\"", shards ? "shards" : "files");
	if (shards)
		gh_buf_fmt(&p, ",\"shard_size\":%llu", (unsigned long long)m->shard_size);
	gh_buf_str(&p, "}}");
	if (p.full)
		return gh_fail(err, GH_E_LIMIT, "the model has too many files for one signature");
	gh_b16(root, (struct gh_span){ m->root, sizeof m->root });
	const struct gh_subject subject = { m->model, root };
	return gh_statement_write(out, &subject, 1, GH_OMS_PREDICATE, gh_buf_view(&p), err);
}
