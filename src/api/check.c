#include "api/check.h"

#include "base/utf8.h"
#include "catalog/name.h"
#include "wire/datetime.h"

enum { TEXT_MAX = 64 << 10, WORD_MAX = 200 };

static bool is_text(struct gh_span s, size_t max)
{
	if (s.n > max || !gh_utf8_valid(s))
		return false;
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < ' ' && s.p[i] != '\n' && s.p[i] != '\t') || s.p[i] == 0x7f)
			return false;
	return true;
}

static bool is_word(struct gh_span s)
{
	if (s.n == 0 || s.n > WORD_MAX)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
			  c == '_' || c == ':' || c == '+' || c == '/' || c == '@' || c == '-';
		if (!ok)
			return false;
	}
	return true;
}

static enum gh_rc of_kind(const struct gh_op_field *f, const struct gh_jval *v, struct gh_err *err)
{
	struct gh_name name;
	int64_t n;
	struct gh_span s = v->kind == GH_J_STRING ? v->text : (struct gh_span){ 0 };
	bool string = v->kind == GH_J_STRING;
	switch (f->kind) {
	case GH_IN_TEXT:
		return string && is_text(s, TEXT_MAX)
			       ? GH_OK
			       : gh_fail(err, GH_E_MALFORMED, "must be a text without control characters");
	case GH_IN_LONG:
		return string && is_text(s, SIZE_MAX)
			       ? GH_OK
			       : gh_fail(err, GH_E_MALFORMED, "must be a text without control characters");
	case GH_IN_WORD:
		return string && is_word(s)
			       ? GH_OK
			       : gh_fail(err, GH_E_MALFORMED, "must be a word of letters, digits and ._:+/@-");
	case GH_IN_TENANT:
		return string ? gh_name_part("tenant", s, name.tenant, err)
			      : gh_fail(err, GH_E_MALFORMED, "must be a name");
	case GH_IN_SCOPE:
		return string ? gh_scope_parse(s, &name, err) : gh_fail(err, GH_E_MALFORMED, "must be a scope");
	case GH_IN_VERSION:
		return string ? gh_name_parse(s, GH_NAME_VERSION, &name, err)
			      : gh_fail(err, GH_E_MALFORMED, "must be TENANT/NAME:VERSION");
	case GH_IN_MODEL:
		return string ? gh_name_parse(s, GH_NAME_MODEL, &name, err)
			      : gh_fail(err, GH_E_MALFORMED, "must be TENANT/NAME");
	case GH_IN_ID:
		return string && gh_id_ok(s) ? GH_OK
					     : gh_fail(err, GH_E_MALFORMED, "must be an id of 32 hexadecimal digits");
	case GH_IN_DIGEST:
		return string && gh_digest_ok(s)
			       ? GH_OK
			       : gh_fail(err, GH_E_MALFORMED, "must be a SHA-256 of 64 hexadecimal digits");
	case GH_IN_NUMBER:
		return gh_ji64(v, &n) && n >= 0 ? GH_OK : gh_fail(err, GH_E_MALFORMED, "must be a number of 0 or more");
	case GH_IN_TIME:
		return string && gh_datetime_read(s, &n)
			       ? GH_OK
			       : gh_fail(err, GH_E_MALFORMED, "must be a time like 2026-11-22T10:00:00Z");
	case GH_IN_BOOL:
		return v->kind == GH_J_TRUE || v->kind == GH_J_FALSE
			       ? GH_OK
			       : gh_fail(err, GH_E_MALFORMED, "must be true or false");
	case GH_IN_OBJECT: return v->kind == GH_J_OBJECT ? GH_OK : gh_fail(err, GH_E_MALFORMED, "must be an object");
	case GH_IN_LIST: return v->kind == GH_J_ARRAY ? GH_OK : gh_fail(err, GH_E_MALFORMED, "must be a list");
	}
	return gh_fail(err, GH_E_BUG, "a field of unknown kind");
}

static const struct gh_op_field *field(const struct gh_op_field *fields, struct gh_span name)
{
	for (; fields != NULL && fields->name != NULL; fields++)
		if (gh_span_is(name, fields->name))
			return fields;
	return NULL;
}

enum gh_rc gh_op_check(const struct gh_op_field *fields, const struct gh_jval *in, struct gh_err *err)
{
	if (in->kind != GH_J_OBJECT)
		return gh_fail(err, GH_E_MALFORMED, "the input must be an object");
	for (const struct gh_jval *m = in->first; m != NULL; m = m->next) {
		const struct gh_op_field *f = field(fields, m->key);
		if (f == NULL)
			return gh_fail(err, GH_E_MALFORMED, "there is no member '%.40s' here",
				       is_word(m->key) ? (const char *)m->key.p : "?");
		enum gh_rc rc = of_kind(f, m, err);
		if (rc != GH_OK)
			return gh_fail(err, rc, "%s", f->name);
	}
	for (; fields != NULL && fields->name != NULL; fields++)
		if (fields->required && gh_jget(in, fields->name) == NULL)
			return gh_fail(err, GH_E_MALFORMED, "%s is missing: %s", fields->name, fields->about);
	return GH_OK;
}

const char *gh_in_text(const struct gh_jval *in, const char *name, const char *none)
{
	const char *s = gh_jstr(in, name);
	return s == NULL ? none : s;
}

int64_t gh_in_number(const struct gh_jval *in, const char *name, int64_t none)
{
	int64_t n;
	return gh_ji64(gh_jget(in, name), &n) ? n : none;
}

int64_t gh_in_time(const struct gh_jval *in, const char *name, int64_t none)
{
	const struct gh_jval *v = gh_jget(in, name);
	int64_t n;
	return v != NULL && gh_datetime_read(v->text, &n) ? n : none;
}

bool gh_in_flag(const struct gh_jval *in, const char *name) { return gh_jtrue(gh_jget(in, name)); }
