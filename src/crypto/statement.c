#include "crypto/statement.h"

#include "wire/b64.h"
#include "wire/jcanon.h"

enum { HEX = 64 };

static bool is_hex(const char *s)
{
	uint8_t d[HEX / 2];
	return s != NULL && gh_b16_take(gh_span_str(s), d, sizeof d);
}

enum gh_rc gh_statement_write(struct gh_buf *out, const struct gh_subject *subject, size_t n,
			      const char *predicate_type, struct gh_span predicate, struct gh_err *err)
{
	gh_auto_arena a = { .max = (size_t)GH_STATEMENT_MAX * 16 };
	const struct gh_jval *v = NULL;
	if (n == 0 || n > GH_STATEMENT_SUBJECTS)
		return gh_fail(err, GH_E_MALFORMED, "a statement has 1 to %d subjects", GH_STATEMENT_SUBJECTS);
	GH_TRY(gh_jdom_parse(&a, predicate, &v, err), err, "predicate");
	if (v->kind != GH_J_OBJECT)
		return gh_fail(err, GH_E_MALFORMED, "the predicate is no object");
	/* The order of the members is that of their names: what jcanon.h would make of it. */
	gh_buf_str(out, "{\"_type\":\"" GH_STATEMENT_V1 "\",\"predicate\":");
	if (!gh_jcanon_put(out, v, &a))
		return gh_fail(err, GH_E_NOMEM, "no memory for the predicate");
	gh_buf_str(out, ",\"predicateType\":");
	gh_buf_json(out, gh_span_str(predicate_type));
	gh_buf_str(out, ",\"subject\":[");
	for (size_t i = 0; i < n; i++) {
		if (!is_hex(subject[i].sha256))
			return gh_fail(err, GH_E_MALFORMED, "subject %zu: no SHA-256", i + 1);
		gh_buf_fmt(out, "%s{\"digest\":{\"sha256\":\"%s\"},\"name\":", i == 0 ? "" : ",", subject[i].sha256);
		gh_buf_json(out, subject[i].name);
		gh_buf_ch(out, '}');
	}
	gh_buf_str(out, "]}");
	return out->full ? gh_fail(err, GH_E_LIMIT, "the statement is larger than %zu bytes", out->max) : GH_OK;
}

/* A subject: {name?, digest: {algorithm: hex, ...}, ...}. */
static bool is_subject(const struct gh_jval *v)
{
	const struct gh_jval *d = gh_jget(v, "digest");
	if (d == NULL || d->kind != GH_J_OBJECT || d->n == 0)
		return false;
	for (const struct gh_jval *m = d->first; m != NULL; m = m->next)
		if (gh_jtext(m) == NULL)
			return false;
	return true;
}

enum gh_rc gh_statement_read(struct gh_arena *a, struct gh_span json, struct gh_statement *out, struct gh_err *err)
{
	const struct gh_jval *v = NULL;
	*out = (struct gh_statement){ 0 };
	GH_TRY(gh_jdom_parse(a, json, &v, err), err, "statement");
	const char *type = gh_jstr(v, "_type");
	const struct gh_jval *s = gh_jget(v, "subject"), *p = gh_jget(v, "predicate");
	if (type == NULL || (strcmp(type, GH_STATEMENT_V1) != 0 && strcmp(type, GH_STATEMENT_V01) != 0))
		return gh_fail(err, GH_E_MALFORMED, "no in-toto statement of version 1");
	if (s == NULL || s->kind != GH_J_ARRAY || s->n == 0)
		return gh_fail(err, GH_E_MALFORMED, "the statement has no subject");
	for (const struct gh_jval *i = s->first; i != NULL; i = i->next)
		if (!is_subject(i))
			return gh_fail(err, GH_E_MALFORMED, "a subject has no digest");
	out->predicate_type = gh_jstr(v, "predicateType");
	if (out->predicate_type == NULL)
		return gh_fail(err, GH_E_MALFORMED, "the statement has no predicateType");
	if (p != NULL && p->kind != GH_J_OBJECT)
		return gh_fail(err, GH_E_MALFORMED, "the predicate is no object");
	out->subjects = s;
	out->n = s->n;
	out->predicate = p;
	return GH_OK;
}

bool gh_statement_has(const struct gh_statement *s, const char *algorithm, const char *hex)
{
	for (const struct gh_jval *i = gh_jfirst(s->subjects); i != NULL; i = i->next) {
		const char *d = gh_jstr(gh_jget(i, "digest"), algorithm);
		if (d != NULL && strcmp(d, hex) == 0)
			return true;
	}
	return false;
}
