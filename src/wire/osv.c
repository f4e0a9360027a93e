#include "wire/osv.h"

#include "base/buf.h"
#include "wire/cvss.h"
#include "wire/json.h"

#include <stdlib.h>

enum { TEXT_MAX = 4096, SUMMARY_MAX = 240 };

struct reader {
	struct gh_json *j;
	struct gh_arena *a;
	struct gh_err *err;
	struct gh_span details;
};

static enum gh_rc wrong(struct reader *r, const char *field)
{
	if (r->j->tok == GH_JSON_BAD)
		return gh_fail(r->err, GH_E_MALFORMED, "not JSON: %s", r->j->why);
	return gh_fail(r->err, GH_E_MALFORMED, "\"%s\" is not what the OSV schema says", field);
}
static enum gh_rc no_memory(struct reader *r) { return gh_fail(r->err, GH_E_NOMEM, "no memory for the record"); }

static enum gh_rc skip(struct reader *r)
{
	if (r->j->tok == GH_JSON_OBJECT || r->j->tok == GH_JSON_ARRAY)
		(void)gh_json_skip(r->j);
	return r->j->tok == GH_JSON_BAD ? wrong(r, "") : GH_OK;
}

/* The STRING token, copied; what is longer than max is cut. */
static enum gh_rc string(struct reader *r, const char *field, size_t max, struct gh_span *out)
{
	if (r->j->tok != GH_JSON_STRING)
		return wrong(r, field);
	size_t n = r->j->text.n < max ? r->j->text.n : max;
	while (n != 0 && n < r->j->text.n && (r->j->text.p[n] & 0xc0) == 0x80)
		n--; /* not within a character */
	*out = gh_keep(r->a, gh_span_cut(r->j->text, 0, n));
	return out->p == NULL && n != 0 ? no_memory(r) : GH_OK;
}

/* Words of an array of strings, joined by blanks. */
static enum gh_rc words(struct reader *r, const char *field, struct gh_span *out)
{
	gh_auto_buf b = gh_buf(TEXT_MAX);
	if (r->j->tok != GH_JSON_ARRAY)
		return wrong(r, field);
	while (gh_json_next(r->j) != GH_JSON_ARRAY_END) {
		if (r->j->tok != GH_JSON_STRING)
			return wrong(r, field);
		if (r->j->text.n == 0 || memchr(r->j->text.p, ' ', r->j->text.n) != NULL ||
		    b.n + r->j->text.n >= TEXT_MAX)
			continue; /* no id */
		if (b.n != 0)
			gh_buf_ch(&b, ' ');
		gh_buf_span(&b, r->j->text);
	}
	*out = gh_keep(r->a, gh_buf_view(&b));
	return GH_OK;
}

static bool key(const struct gh_json *j, const char *name) { return gh_json_is(j, name); }

/* The next key of an object, with its value's token read. 1, 0 at the end, -1 broken. The key's name goes to name[32]. */
static int next_field(struct reader *r, char name[32])
{
	enum gh_json_tok t = gh_json_next(r->j);
	if (t == GH_JSON_OBJECT_END)
		return 0;
	if (t != GH_JSON_KEY)
		return -1;
	size_t n = r->j->text.n < 31 && r->j->text.n == r->j->full ? r->j->text.n : 0;
	if (n != 0)
		memcpy(name, r->j->text.p, n);
	name[n] = '\0';
	return gh_json_next(r->j) > GH_JSON_END ? 1 : -1;
}

/* ---- severity ------------------------------------------------------------------------------------------------------------ */
static enum gh_rc severity(struct reader *r, struct gh_osv *o)
{
	char f[32];
	int more;
	if (r->j->tok != GH_JSON_ARRAY)
		return wrong(r, "severity");
	while (gh_json_next(r->j) != GH_JSON_ARRAY_END) {
		struct gh_span score = { 0 };
		if (r->j->tok != GH_JSON_OBJECT)
			return wrong(r, "severity");
		while ((more = next_field(r, f)) > 0) {
			enum gh_rc rc = strcmp(f, "score") == 0 ? string(r, f, 256, &score) : skip(r);
			if (rc != GH_OK)
				return rc;
		}
		if (more < 0)
			return wrong(r, "severity");
		int s = gh_cvss3(score);
		if (s >= 0 && s > o->score)
			o->score = s;
		if (s >= 0 || o->vector.n == 0) /* version 3 before what is only shown */
			o->vector = score;
	}
	return GH_OK;
}

static enum gh_osv_severity severity_word(struct gh_span s)
{
	static const struct {
		const char *word;
		enum gh_osv_severity is;
	} t[] = { { "LOW", GH_OSV_LOW },
		  { "MODERATE", GH_OSV_MEDIUM },
		  { "MEDIUM", GH_OSV_MEDIUM },
		  { "HIGH", GH_OSV_HIGH },
		  { "CRITICAL", GH_OSV_CRITICAL } };
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
		if (gh_span_is(s, t[i].word))
			return t[i].is;
	return GH_OSV_UNKNOWN;
}

/* ---- affected ------------------------------------------------------------------------------------------------------------- */
static enum gh_rc events(struct reader *r, struct gh_osv_range *g)
{
	static const char *const names[] = { "introduced", "fixed", "last_affected", "limit" };
	char f[32];
	int more;
	if (r->j->tok != GH_JSON_ARRAY)
		return wrong(r, "events");
	while (gh_json_next(r->j) != GH_JSON_ARRAY_END) {
		if (r->j->tok != GH_JSON_OBJECT)
			return wrong(r, "events");
		while ((more = next_field(r, f)) > 0) {
			size_t k = 0;
			while (k < 4 && strcmp(f, names[k]) != 0)
				k++;
			if (k == 4) {
				GH_TRY(skip(r), NULL, "events");
				continue;
			}
			struct gh_osv_event *e = gh_grow(r->a, g->event, &g->cap, g->n + 1, sizeof *e);
			if (e == NULL)
				return no_memory(r);
			g->event = e;
			e[g->n].kind = (enum gh_osv_event_kind)k;
			enum gh_rc rc = string(r, names[k], 255, &e[g->n].v);
			if (rc != GH_OK)
				return rc;
			g->n++;
		}
		if (more < 0)
			return wrong(r, "events");
	}
	return GH_OK;
}

static enum gh_rc one_range(struct reader *r, struct gh_osv_range *g)
{
	char f[32];
	int more;
	bool typed = false;
	if (r->j->tok != GH_JSON_OBJECT)
		return wrong(r, "ranges");
	while ((more = next_field(r, f)) > 0) {
		enum gh_rc rc;
		if (strcmp(f, "type") == 0) {
			g->type = key(r->j, "SEMVER") ? GH_OSV_SEMVER
				  : key(r->j, "GIT")  ? GH_OSV_GIT
						      : GH_OSV_ECOSYSTEM;
			if (r->j->tok != GH_JSON_STRING || (g->type == GH_OSV_ECOSYSTEM && !key(r->j, "ECOSYSTEM")))
				return wrong(r, "ranges.type");
			typed = true;
			rc = GH_OK;
		} else {
			rc = strcmp(f, "events") == 0 ? events(r, g) : skip(r);
		}
		if (rc != GH_OK)
			return rc;
	}
	return more < 0 || !typed ? wrong(r, "ranges.type") : GH_OK;
}

static enum gh_rc ranges(struct reader *r, struct gh_osv_affected *a)
{
	if (r->j->tok != GH_JSON_ARRAY)
		return wrong(r, "ranges");
	while (gh_json_next(r->j) != GH_JSON_ARRAY_END) {
		struct gh_osv_range *g = gh_grow(r->a, a->range, &a->range_cap, a->nrange + 1, sizeof *g);
		if (g == NULL)
			return no_memory(r);
		a->range = g;
		g[a->nrange] = (struct gh_osv_range){ 0 };
		enum gh_rc rc = one_range(r, &g[a->nrange]);
		if (rc != GH_OK)
			return rc;
		a->nrange++;
	}
	return GH_OK;
}

static enum gh_rc versions(struct reader *r, struct gh_osv_affected *a)
{
	if (r->j->tok != GH_JSON_ARRAY)
		return wrong(r, "versions");
	while (gh_json_next(r->j) != GH_JSON_ARRAY_END) {
		struct gh_span *v = gh_grow(r->a, a->version, &a->version_cap, a->nversion + 1, sizeof *v);
		if (v == NULL)
			return no_memory(r);
		a->version = v;
		enum gh_rc rc = string(r, "versions", 255, &v[a->nversion]);
		if (rc != GH_OK)
			return rc;
		a->nversion++;
	}
	return GH_OK;
}

struct field {
	const char *name;
	struct gh_span *into;
};

/* An object of which only these strings matter. */
static enum gh_rc strings(struct reader *r, const char *what, const struct field *fields, size_t n)
{
	char f[32];
	int more;
	if (r->j->tok != GH_JSON_OBJECT)
		return wrong(r, what);
	while ((more = next_field(r, f)) > 0) {
		size_t k = 0;
		while (k < n && strcmp(f, fields[k].name) != 0)
			k++;
		enum gh_rc rc = k < n && r->j->tok == GH_JSON_STRING ? string(r, f, 255, fields[k].into) : skip(r);
		if (rc != GH_OK)
			return rc;
	}
	return more < 0 ? wrong(r, what) : GH_OK;
}

static enum gh_rc one_affected(struct reader *r, struct gh_osv *o, struct gh_osv_affected *a)
{
	const struct field package[] = { { "ecosystem", &a->ecosystem }, { "name", &a->name } };
	const struct field own[] = { { "product", &a->product },
				     { "introduced", &a->introduced },
				     { "fixed", &a->fixed },
				     { "fixed_build", &a->fixed_build },
				     { "fixed_after", &a->fixed_after },
				     { "last_affected_commit", &a->last_commit } };
	char f[32];
	int more;
	if (r->j->tok != GH_JSON_OBJECT)
		return wrong(r, "affected");
	while ((more = next_field(r, f)) > 0) {
		enum gh_rc rc;
		if (strcmp(f, "package") == 0)
			rc = strings(r, f, package, 2);
		else if (strcmp(f, "ranges") == 0)
			rc = ranges(r, a);
		else if (strcmp(f, "versions") == 0)
			rc = versions(r, a);
		else if (strcmp(f, "severity") == 0)
			rc = severity(r, o);
		else if (strcmp(f, "database_specific") == 0 && r->j->tok == GH_JSON_OBJECT)
			rc = strings(r, f, own, 6);
		else
			rc = skip(r);
		if (rc != GH_OK)
			return rc;
	}
	return more < 0 ? wrong(r, "affected") : GH_OK;
}

static enum gh_rc affected(struct reader *r, struct gh_osv *o)
{
	if (r->j->tok != GH_JSON_ARRAY)
		return wrong(r, "affected");
	while (gh_json_next(r->j) != GH_JSON_ARRAY_END) {
		struct gh_osv_affected *a = gh_grow(r->a, o->affected, &o->affected_cap, o->naffected + 1, sizeof *a);
		if (a == NULL)
			return no_memory(r);
		o->affected = a;
		a[o->naffected] = (struct gh_osv_affected){ 0 };
		enum gh_rc rc = one_affected(r, o, &a[o->naffected]);
		if (rc != GH_OK)
			return rc;
		o->naffected++;
	}
	return GH_OK;
}

/* ---- the record ----------------------------------------------------------------------------------------------------------- */
static enum gh_rc specific(struct reader *r, struct gh_osv *o)
{
	struct gh_span word = { 0 };
	char f[32];
	int more;
	while ((more = next_field(r, f)) > 0) {
		enum gh_rc rc = GH_OK;
		if (strcmp(f, "verified") == 0 && (r->j->tok == GH_JSON_TRUE || r->j->tok == GH_JSON_FALSE))
			o->verified = r->j->tok == GH_JSON_TRUE ? GH_OSV_VERIFIED : GH_OSV_UNVERIFIED;
		else if (strcmp(f, "severity") == 0 && r->j->tok == GH_JSON_STRING)
			rc = string(r, f, 32, &word);
		else if (strcmp(f, "trigger") == 0 && r->j->tok == GH_JSON_STRING)
			rc = string(r, f, 64, &o->trigger);
		else if (strcmp(f, "formats") == 0 && r->j->tok == GH_JSON_ARRAY)
			rc = words(r, f, &o->formats);
		else if (strcmp(f, "cvss_score") == 0 && r->j->tok == GH_JSON_NUMBER && r->j->text.n < 8) {
			char t[8] = { 0 };
			memcpy(t, r->j->text.p, r->j->text.n);
			double v = strtod(t, NULL) * 10 + 0.5;
			if (o->score < 0 && v >= 0 && v < 101)
				o->score = (int)v;
		} else
			rc = skip(r);
		if (rc != GH_OK)
			return rc;
	}
	if (word.n != 0)
		o->severity = severity_word(word);
	return more < 0 ? wrong(r, "database_specific") : GH_OK;
}

/* The first address; an ADVISORY is preferred. */
static enum gh_rc references(struct reader *r, struct gh_osv *o)
{
	if (r->j->tok != GH_JSON_ARRAY)
		return wrong(r, "references");
	bool advisory = false;
	while (gh_json_next(r->j) != GH_JSON_ARRAY_END) {
		struct gh_span type = { 0 }, url = { 0 };
		const struct field fields[] = { { "type", &type }, { "url", &url } };
		enum gh_rc rc = strings(r, "references", fields, 2);
		if (rc != GH_OK)
			return rc;
		if (o->url.n == 0 || (gh_span_is(type, "ADVISORY") && !advisory))
			o->url = url;
		advisory = advisory || gh_span_is(type, "ADVISORY");
	}
	return GH_OK;
}

bool gh_osv_date(struct gh_span s)
{
	static const char shape[] = "0000-00-00T00:00:00";
	if (s.n < sizeof shape || s.n > 40 || s.p[s.n - 1] != 'Z')
		return false;
	for (size_t i = 0; i < sizeof shape - 1; i++)
		if (shape[i] == '0' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != (uint8_t)shape[i])
			return false;
	for (size_t i = sizeof shape - 1; i + 1 < s.n; i++)
		if (s.p[i] != '.' && (s.p[i] < '0' || s.p[i] > '9'))
			return false;
	return true;
}

static enum gh_rc field(struct reader *r, const char *f, struct gh_osv *o)
{
	if (strcmp(f, "id") == 0)
		return string(r, f, 255, &o->id);
	if (strcmp(f, "modified") == 0)
		return string(r, f, 40, &o->modified);
	if (strcmp(f, "summary") == 0)
		return string(r, f, SUMMARY_MAX, &o->summary);
	if (strcmp(f, "details") == 0 && r->j->tok == GH_JSON_STRING)
		return string(r, f, SUMMARY_MAX, &r->details);
	if (strcmp(f, "withdrawn") == 0) {
		o->withdrawn = r->j->tok == GH_JSON_STRING;
		return skip(r);
	}
	if (strcmp(f, "aliases") == 0 && r->j->tok != GH_JSON_NULL)
		return words(r, f, &o->aliases);
	if (strcmp(f, "severity") == 0 && r->j->tok != GH_JSON_NULL)
		return severity(r, o);
	if (strcmp(f, "affected") == 0 && r->j->tok != GH_JSON_NULL)
		return affected(r, o);
	if (strcmp(f, "references") == 0 && r->j->tok != GH_JSON_NULL)
		return references(r, o);
	if (strcmp(f, "database_specific") == 0 && r->j->tok == GH_JSON_OBJECT)
		return specific(r, o);
	return skip(r);
}

enum gh_rc gh_osv_read(struct gh_json *j, struct gh_arena *arena, struct gh_osv *out, struct gh_err *err)
{
	struct reader r = { .j = j, .a = arena, .err = err };
	char f[32];
	int more;
	*out = (struct gh_osv){ .score = -1 };
	while ((more = next_field(&r, f)) > 0) {
		enum gh_rc rc = field(&r, f, out);
		if (rc != GH_OK)
			return rc;
	}
	if (more < 0)
		return wrong(&r, "a member");
	if (j->duplicate)
		return gh_fail(err, GH_E_MALFORMED, "a key occurs twice");
	if (out->id.n == 0 || memchr(out->id.p, ' ', out->id.n) != NULL)
		return gh_fail(err, GH_E_MALFORMED, "no \"id\": not an advisory in OSV form");
	if (!gh_osv_date(out->modified))
		return gh_fail(err, GH_E_MALFORMED, "\"modified\" is no date such as 2026-11-22T00:00:00Z");
	if (out->summary.n == 0) {
		const uint8_t *nl = r.details.n == 0 ? NULL : memchr(r.details.p, '\n', r.details.n);
		out->summary = nl == NULL ? r.details : gh_span_cut(r.details, 0, (uint64_t)(nl - r.details.p));
	}
	if (out->severity == GH_OSV_UNKNOWN && out->score >= 0)
		out->severity = out->score >= 90   ? GH_OSV_CRITICAL
				: out->score >= 70 ? GH_OSV_HIGH
				: out->score >= 40 ? GH_OSV_MEDIUM
						   : GH_OSV_LOW;
	return GH_OK;
}
