/* Names of models, tenants and scopes: see the header for the grammar. */
#include "catalog/name.h"
#include "base/buf.h"

#include <stdio.h>

enum { SHOWN = 60 };

static bool small(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }
static bool capital(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool joint(uint8_t c) { return c == '.' || c == '_' || c == '-'; }

static bool part_ok(struct gh_span s, bool capitals)
{
	if (s.n == 0 || s.n > GH_NAME_PART || joint(s.p[0]))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!small(s.p[i]) && !joint(s.p[i]) && !(capitals && capital(s.p[i])))
			return false;
		if (i > 0 && s.p[i] == '.' && s.p[i - 1] == '.')
			return false;
	}
	return true;
}

static enum gh_rc part(const char *what, struct gh_span s, bool capitals, char out[GH_NAME_PART + 1],
		       struct gh_err *err)
{
	if (!part_ok(s, capitals)) {
		gh_auto_buf shown = gh_buf(256);
		gh_buf_safe(&shown, s, SHOWN);
		return gh_fail(err, GH_E_MALFORMED,
			       "'%.62s' is no name of a %s (1 to 63 of %sa-z 0-9 . _ -, the first a letter or digit)",
			       gh_buf_cstr(&shown), what, capitals ? "A-Z " : "");
	}
	memcpy(out, s.p, s.n);
	out[s.n] = '\0';
	return GH_OK;
}

enum gh_rc gh_name_part(const char *what, struct gh_span s, char out[GH_NAME_PART + 1], struct gh_err *err)
{
	static const char *const ours[] = { "platform", "local" };
	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (gh_span_is(s, ours[i]))
			return gh_fail(err, GH_E_MALFORMED, "'%s' is a word of gatehouse's own and no name of a %s",
				       ours[i], what);
	return part(what, s, false, out, err);
}

/* What stands before the first c, and what behind; false when there is none. */
static bool cut(struct gh_span s, char c, struct gh_span *before, struct gh_span *behind)
{
	const uint8_t *at = s.n == 0 ? NULL : memchr(s.p, c, s.n);
	if (at == NULL)
		return false;
	size_t n = (size_t)(at - s.p);
	*before = gh_span_cut(s, 0, n);
	*behind = gh_span_cut(s, n + 1, s.n);
	return true;
}

enum gh_rc gh_name_parse(struct gh_span s, enum gh_name_kind kind, struct gh_name *out, struct gh_err *err)
{
	struct gh_span path = s, version = { 0 }, tenant, rest, project;
	*out = (struct gh_name){ .tenant = "" };
	if (s.n >= GH_NAME_TEXT)
		return gh_fail(err, GH_E_MALFORMED, "a name of %zu bytes is too long (TENANT/[PROJECT/]NAME:VERSION)",
			       s.n);
	bool given = cut(s, ':', &path, &version);
	if (kind == GH_NAME_VERSION && !given)
		return gh_fail(err, GH_E_MALFORMED, "the version is missing (TENANT/[PROJECT/]NAME:VERSION)");
	if (kind == GH_NAME_MODEL && given)
		return gh_fail(err, GH_E_MALFORMED, "a model is named without a version here (TENANT/[PROJECT/]NAME)");
	if (!cut(path, '/', &tenant, &rest))
		return gh_fail(err, GH_E_MALFORMED, "the tenant is missing (TENANT/[PROJECT/]NAME:VERSION)");
	enum gh_rc rc = gh_name_part("tenant", tenant, out->tenant, err);
	struct gh_span name = rest;
	if (rc == GH_OK && cut(rest, '/', &project, &name))
		rc = part("project", project, false, out->project, err);
	if (rc == GH_OK)
		rc = part("model", name, false, out->name, err); /* a further '/' is no part of a name */
	if (rc == GH_OK && given)
		rc = part("version", version, true, out->version, err);
	if (rc != GH_OK)
		*out = (struct gh_name){ .tenant = "" };
	return rc;
}

enum gh_rc gh_scope_parse(struct gh_span s, struct gh_name *out, struct gh_err *err)
{
	struct gh_span tenant = s, project = { 0 };
	*out = (struct gh_name){ .tenant = "" };
	if (gh_span_is(s, "platform"))
		return GH_OK;
	bool deeper = cut(s, '/', &tenant, &project);
	enum gh_rc rc = gh_name_part("tenant", tenant, out->tenant, err);
	if (rc == GH_OK && deeper)
		rc = part("project", project, false, out->project, err);
	if (rc != GH_OK)
		*out = (struct gh_name){ .tenant = "" };
	return rc;
}

/* printf would be most of the work of a list of thousands. */
static char *spell(char *at, char before, const char *part)
{
	size_t n = strnlen(part, GH_NAME_PART);
	if (n == 0)
		return at;
	if (before != '\0')
		*at++ = before;
	memcpy(at, part, n);
	return at + n;
}

const char *gh_name_text(const struct gh_name *n, char out[GH_NAME_TEXT])
{
	const bool platform = n->tenant[0] == '\0';
	char *at = spell(out, '\0', platform ? "platform" : n->tenant);
	if (!platform) {
		at = spell(at, '/', n->project);
		at = spell(at, '/', n->name);
		at = spell(at, ':', n->version);
	}
	*at = '\0'; /* four parts, each of GH_NAME_PART at most and with one character before it, fit */
	return out;
}
