#include "scan/vex_int.h"

#include "wire/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { NAMES = 512, TEXT = 160 };

struct when {
	char day[GH_VEX_DAY + 1];
	int64_t at; /* seconds since 1970 */
};

struct doc {
	struct gh_vex *vex;
	struct gh_json *j;
	struct gh_err *err;
	const char *now;
	struct when issued;
	struct gh_vex_statement *first, *last;
	bool context, id, author, version, statements;
};

static enum gh_rc bad(struct doc *d, const char *what)
{
	if (d->j->tok == GH_JSON_BAD)
		return gh_fail(d->err, GH_E_MALFORMED, "not JSON: %s", d->j->why);
	return gh_fail(d->err, GH_E_MALFORMED, "%s", what);
}

static enum gh_rc skip(struct doc *d)
{
	if (d->j->tok == GH_JSON_OBJECT || d->j->tok == GH_JSON_ARRAY)
		(void)gh_json_skip(d->j);
	return d->j->tok == GH_JSON_BAD ? bad(d, "") : GH_OK;
}

/* 1: a field, its value's token read; 0: end; -1: broken. */
static int field(struct doc *d, char name[40])
{
	enum gh_json_tok t = gh_json_next(d->j);
	if (t == GH_JSON_OBJECT_END)
		return 0;
	if (t != GH_JSON_KEY)
		return -1;
	size_t n = d->j->text.n == d->j->full && d->j->text.n < 40 ? d->j->text.n : 0;
	if (n != 0)
		memcpy(name, d->j->text.p, n);
	name[n] = '\0';
	return gh_json_next(d->j) > GH_JSON_END ? 1 : -1;
}

static enum gh_rc text(struct doc *d, const char *name, size_t max, struct gh_span *out)
{
	if (d->j->tok != GH_JSON_STRING || d->j->text.n == 0)
		return gh_fail(d->err, GH_E_MALFORMED, "\"%s\" must be a text", name);
	*out = gh_keep(&d->vex->arena, gh_span_cut(d->j->text, 0, max));
	return out->p == NULL ? gh_fail(d->err, GH_E_NOMEM, "no memory") : GH_OK;
}

/* "2026-11-22…": the day only. */
static bool day(struct gh_span s, char out[GH_VEX_DAY + 1])
{
	static const char shape[] = "0000-00-00";
	if (s.n < GH_VEX_DAY)
		return false;
	for (size_t i = 0; i < GH_VEX_DAY; i++)
		if (shape[i] == '0' ? s.p[i] < '0' || s.p[i] > '9' : s.p[i] != (uint8_t)shape[i])
			return false;
	memcpy(out, s.p, GH_VEX_DAY);
	out[GH_VEX_DAY] = '\0';
	int m = (out[5] - '0') * 10 + out[6] - '0', t = (out[8] - '0') * 10 + out[9] - '0';
	static const uint8_t most[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return m >= 1 && m <= 12 && t >= 1 && t <= most[m - 1];
}

/* Days since 1970 of a day that day() took, in the proleptic Gregorian calendar. */
static int64_t days(const char *s)
{
	int64_t y = strtol(s, NULL, 10), m = strtol(s + 5, NULL, 10), t = strtol(s + 8, NULL, 10);
	y -= m <= 2;
	int64_t year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + t - 1;
	return y * 365 + y / 4 - y / 100 + y / 400 + year - 719468;
}

/* Two digits at s, or -1. */
static int two(struct gh_span s, size_t i)
{
	if (i + 1 >= s.n || s.p[i] < '0' || s.p[i] > '9' || s.p[i + 1] < '0' || s.p[i + 1] > '9')
		return -1;
	return (s.p[i] - '0') * 10 + s.p[i + 1] - '0';
}

/* RFC 3339; a day without a time is its beginning. */
static bool moment(struct gh_span s, struct when *out)
{
	if (!day(s, out->day))
		return false;
	out->at = days(out->day) * 86400;
	if (s.n == GH_VEX_DAY)
		return true;
	int h = two(s, 11), m = two(s, 14), sec = two(s, 17);
	if (h < 0 || m < 0 || h > 23 || m > 59)
		return false;
	out->at += h * 3600 + m * 60 + (sec < 0 ? 0 : sec);
	size_t i = sec < 0 ? 16 : 19;
	while (i < s.n && (s.p[i] == '.' || (s.p[i] >= '0' && s.p[i] <= '9')))
		i++;
	if (i < s.n && (s.p[i] == '+' || s.p[i] == '-')) {
		int zh = two(s, i + 1), zm = two(s, i + 4);
		int east = (zh < 0 ? 0 : zh) * 3600 + (zm < 0 ? 0 : zm) * 60;
		out->at -= s.p[i] == '+' ? east : -east;
	}
	return true;
}

static enum gh_rc date(struct doc *d, const char *name, struct when *out)
{
	if (d->j->tok != GH_JSON_STRING || !moment(d->j->text, out))
		return gh_fail(d->err, GH_E_MALFORMED, "\"%s\" is no date such as 2026-11-22T00:00:00Z", name);
	return GH_OK;
}

/* A day `days` later, in the proleptic Gregorian calendar. */
static void later(const char *from, unsigned days, char out[GH_VEX_DAY + 1])
{
	static const uint8_t length[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	unsigned y = (unsigned)strtoul(from, NULL, 10), m = (unsigned)strtoul(from + 5, NULL, 10),
		 t = (unsigned)strtoul(from + 8, NULL, 10) + days;
	for (;;) {
		bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
		unsigned n = length[m - 1] + (m == 2 && leap ? 1u : 0u);
		if (t <= n)
			break;
		t -= n;
		y += m == 12;
		m = m % 12 + 1;
	}
	char b[40];
	(void)snprintf(b, sizeof b, "%04u-%02u-%02u", y, m, t);
	memcpy(out, b, GH_VEX_DAY);
	out[GH_VEX_DAY] = '\0';
}

/* ---- reading --------------------------------------------------------------------------------------------------------------- */
static enum gh_rc names(struct doc *d, struct gh_vex_statement *s)
{
	gh_auto_buf b = gh_buf(NAMES);
	char f[40];
	int more;
	bool named = false;
	if (d->j->tok != GH_JSON_OBJECT)
		return bad(d, "\"vulnerability\" must be an object with a \"name\" (OpenVEX 0.2.0)");
	while ((more = field(d, f)) > 0) {
		bool list = strcmp(f, "aliases") == 0 && d->j->tok == GH_JSON_ARRAY;
		if (list)
			(void)gh_json_next(d->j);
		else if (strcmp(f, "name") != 0) {
			GH_TRY(skip(d), NULL, "a field");
			continue;
		}
		for (; d->j->tok != GH_JSON_ARRAY_END; (void)gh_json_next(d->j)) {
			if (d->j->tok != GH_JSON_STRING || d->j->text.n == 0 || d->j->text.n > 100 ||
			    memchr(d->j->text.p, ' ', d->j->text.n) != NULL)
				return bad(d, "a name of the vulnerability is no id such as CVE-2025-32434");
			gh_buf_str(&b, b.n == 0 ? "" : " ");
			gh_buf_span(&b, d->j->text);
			if (!list) {
				named = true;
				break;
			}
		}
	}
	if (more < 0 || !named || b.full)
		return bad(d, "\"vulnerability\" has no \"name\", or too many of them");
	s->names = gh_keep(&d->vex->arena, gh_buf_view(&b));
	return s->names.p == NULL ? gh_fail(d->err, GH_E_NOMEM, "no memory") : GH_OK;
}

static enum gh_rc add_product(struct doc *d, struct gh_vex_statement *s, struct gh_span purl, struct gh_span sha256)
{
	struct gh_vex_product *p = GH_NEW(&d->vex->arena, struct gh_vex_product, 1);
	if (p == NULL)
		return gh_fail(d->err, GH_E_NOMEM, "no memory");
	*p = (struct gh_vex_product){ s->product, purl, sha256 };
	s->product = p;
	return GH_OK;
}

/* One string of an object: {"purl": …}, {"sha-256": …}. */
static enum gh_rc inner(struct doc *d, const char *wanted, struct gh_span *out)
{
	char f[40];
	int more;
	if (d->j->tok != GH_JSON_OBJECT)
		return bad(d, "\"identifiers\" and \"hashes\" must be objects");
	while ((more = field(d, f)) > 0) {
		enum gh_rc rc = strcmp(f, wanted) == 0 ? text(d, f, 500, out) : skip(d);
		if (rc != GH_OK)
			return rc;
	}
	return more < 0 ? bad(d, "broken") : GH_OK;
}

static enum gh_rc subcomponents(struct doc *d, struct gh_span *list, size_t *n, size_t max)
{
	char f[40];
	int more;
	if (d->j->tok != GH_JSON_ARRAY)
		return bad(d, "\"subcomponents\" must be an array");
	while (gh_json_next(d->j) != GH_JSON_ARRAY_END) {
		struct gh_span id = { 0 }, purl = { 0 };
		if (d->j->tok != GH_JSON_OBJECT)
			return bad(d, "a subcomponent must be an object");
		while ((more = field(d, f)) > 0) {
			enum gh_rc rc = strcmp(f, "@id") == 0		? text(d, f, 500, &id)
					: strcmp(f, "identifiers") == 0 ? inner(d, "purl", &purl)
									: skip(d);
			if (rc != GH_OK)
				return rc;
		}
		if (more < 0 || *n == max)
			return bad(d, "too many subcomponents");
		list[(*n)++] = purl.n != 0 ? purl : id;
	}
	return GH_OK;
}

static enum gh_rc products(struct doc *d, struct gh_vex_statement *s)
{
	char f[40];
	int more;
	if (d->j->tok != GH_JSON_ARRAY)
		return bad(d, "\"products\" must be an array");
	while (gh_json_next(d->j) != GH_JSON_ARRAY_END) {
		struct gh_span id = { 0 }, purl = { 0 }, sha = { 0 }, sub[32];
		size_t nsub = 0;
		if (d->j->tok != GH_JSON_OBJECT)
			return bad(d, "a product must be an object with an \"@id\" (OpenVEX 0.2.0)");
		while ((more = field(d, f)) > 0) {
			enum gh_rc rc = strcmp(f, "@id") == 0		  ? text(d, f, 500, &id)
					: strcmp(f, "identifiers") == 0	  ? inner(d, "purl", &purl)
					: strcmp(f, "hashes") == 0	  ? inner(d, "sha-256", &sha)
					: strcmp(f, "subcomponents") == 0 ? subcomponents(d, sub, &nsub, 32)
									  : skip(d);
			if (rc != GH_OK)
				return rc;
		}
		if (more < 0 || (id.n == 0 && purl.n == 0))
			return bad(d, "a product has neither \"@id\" nor \"identifiers\"");
		enum gh_rc rc = nsub == 0 ? add_product(d, s, purl.n != 0 ? purl : id, sha) : GH_OK;
		for (size_t i = 0; i < nsub && rc == GH_OK; i++)
			rc = add_product(d, s, sub[i], sha);
		if (rc != GH_OK)
			return rc;
	}
	return GH_OK;
}

static enum gh_rc status(struct doc *d, struct gh_vex_statement *s)
{
	static const char *const words[] = { "", "affected", "not_affected", "fixed", "under_investigation" };
	for (unsigned i = GH_VEX_AFFECTED; i <= GH_VEX_OPEN; i++)
		if (d->j->tok == GH_JSON_STRING && gh_json_is(d->j, words[i])) {
			s->status = (enum gh_vex_status)i;
			return GH_OK;
		}
	return bad(d, "\"status\" is not one of not_affected, affected, fixed, under_investigation");
}

static bool justification_known(struct gh_span j)
{
	static const char *const words[] = { "component_not_present", "vulnerable_code_not_present",
					     "vulnerable_code_not_in_execute_path",
					     "vulnerable_code_cannot_be_controlled_by_adversary",
					     "inline_mitigations_already_exist" };
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (gh_span_is(j, words[i]))
			return true;
	return false;
}

static bool letter(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/* Behind "expires": ": ", " on ", "ry date = " … to where the day must stand. */
static struct gh_span to_the_day(struct gh_span s)
{
	size_t i = 0;
	for (unsigned words = 0; i < s.n && words < 4; words++) {
		while (i < s.n && letter(s.p[i]))
			i++;
		while (i < s.n && (s.p[i] == ' ' || s.p[i] == ':' || s.p[i] == '='))
			i++;
		if (i < s.n && !letter(s.p[i]))
			break;
	}
	return gh_span_cut(s, i, s.n - i);
}

/* "… expires 2027-01-31 …", "Expiry date: 2027-01-31", "valid until 2027-01-31": of several days the first to come. Until what is no day
 * ("until it is fixed") is a reason like any other; expiring without a day is a mistake that would silence for longer than meant. */
static enum gh_rc expiry(struct doc *d, struct gh_span notes, char until[GH_VEX_DAY + 1])
{
	char found[GH_VEX_DAY + 1];
	for (size_t i = 0; i + 5 <= notes.n; i++) {
		bool until_word = strncasecmp((const char *)notes.p + i, "until", 5) == 0;
		if ((i > 0 && letter(notes.p[i - 1])) ||
		    (!until_word && strncasecmp((const char *)notes.p + i, "expir", 5) != 0))
			continue;
		if (day(to_the_day(gh_span_cut(notes, i, notes.n - i)), found)) {
			if (until[0] == '\0' || strcmp(found, until) < 0)
				memcpy(until, found, sizeof found);
		} else if (!until_word)
			return gh_fail(d->err, GH_E_MALFORMED,
				       "\"status_notes\" says \"expires\" without a date such as 2027-01-31");
	}
	return GH_OK;
}

static enum gh_rc settle(struct doc *d, struct gh_vex_statement *s, struct gh_span justification, struct gh_span impact,
			 struct gh_span notes, const struct when *changed)
{
	if (s->names.n == 0 || s->status == GH_VEX_NONE)
		return bad(d, "a statement needs \"vulnerability\" and \"status\"");
	if (s->product == NULL)
		return bad(d, "a statement needs \"products\": what it is about would be left open");
	if (justification.n != 0 && !justification_known(justification))
		return bad(d, "\"justification\" is none that OpenVEX knows");
	if (s->status == GH_VEX_NOT_AFFECTED && justification.n == 0 && impact.n == 0)
		return bad(d, "not_affected needs a \"justification\" or an \"impact_statement\"");
	s->reason = justification.n != 0	? justification
		    : impact.n != 0		? impact
		    : s->status == GH_VEX_FIXED ? GH_SPAN("fixed")
						: notes;
	if (changed->day[0] == '\0')
		return bad(d, "no \"timestamp\" stands before the statements, nor in this one");
	if (s->until[0] == '\0')
		later(changed->day, GH_VEX_DAYS, s->until);
	s->changed = changed->at;
	s->early = strcmp(changed->day, d->now) > 0;
	s->expired = strcmp(s->until, d->now) < 0;
	if (d->last == NULL)
		d->first = s;
	else
		d->last->next = s;
	d->last = s;
	return GH_OK;
}

static enum gh_rc statement(struct doc *d)
{
	struct gh_span justification = { 0 }, impact = { 0 }, notes = { 0 };
	struct when when = { .at = 0 }, updated = { .at = 0 };
	char f[40];
	struct gh_vex_statement *s = GH_NEW(&d->vex->arena, struct gh_vex_statement, 1);
	int more;
	if (s == NULL)
		return gh_fail(d->err, GH_E_NOMEM, "no memory");
	while ((more = field(d, f)) > 0) {
		enum gh_rc rc = strcmp(f, "vulnerability") == 0	     ? names(d, s)
				: strcmp(f, "products") == 0	     ? products(d, s)
				: strcmp(f, "status") == 0	     ? status(d, s)
				: strcmp(f, "justification") == 0    ? text(d, f, TEXT, &justification)
				: strcmp(f, "impact_statement") == 0 ? text(d, f, TEXT, &impact)
				: strcmp(f, "status_notes") == 0     ? text(d, f, 1024, &notes)
				: strcmp(f, "timestamp") == 0	     ? date(d, f, &when)
				: strcmp(f, "last_updated") == 0     ? date(d, f, &updated)
								     : skip(d);
		if (rc == GH_OK && strcmp(f, "status_notes") == 0)
			rc = expiry(d, notes, s->until);
		if (rc != GH_OK)
			return rc;
	}
	if (more < 0)
		return bad(d, "a statement is broken");
	return settle(d, s, justification, impact, notes,
		      updated.day[0] != '\0' ? &updated
		      : when.day[0] != '\0'  ? &when
					     : &d->issued);
}

static enum gh_rc whole(struct doc *d)
{
	char f[40];
	int more;
	if (gh_json_next(d->j) != GH_JSON_OBJECT)
		return bad(d, "not an OpenVEX document: an object is expected");
	while ((more = field(d, f)) > 0) {
		enum gh_rc rc = GH_OK;
		if (strcmp(f, "@context") == 0) {
			d->context = d->j->tok == GH_JSON_STRING &&
				     gh_span_starts(d->j->text, "https://openvex.dev/ns");
			rc = d->context ? GH_OK
					: bad(d, "\"@context\" is not OpenVEX's (https://openvex.dev/ns/v0.2.0)");
		} else if (strcmp(f, "timestamp") == 0 || strcmp(f, "last_updated") == 0) {
			struct when w = { .at = 0 };
			rc = date(d, f, &w);
			if (rc == GH_OK && (d->issued.day[0] == '\0' || w.at > d->issued.at))
				d->issued = w;
		} else if (strcmp(f, "statements") == 0 && d->j->tok == GH_JSON_ARRAY) {
			d->statements = true;
			while (rc == GH_OK && gh_json_next(d->j) == GH_JSON_OBJECT)
				rc = statement(d);
			if (rc == GH_OK && d->j->tok != GH_JSON_ARRAY_END)
				rc = bad(d, "\"statements\" must be an array of objects");
		} else {
			d->author = d->author || (strcmp(f, "author") == 0 && d->j->tok == GH_JSON_STRING);
			rc = skip(d);
		}
		if (rc != GH_OK)
			return rc;
	}
	if (more < 0 || gh_json_next(d->j) != GH_JSON_END || gh_json_left(d->j))
		return bad(d, "the document is broken");
	if (!d->context || !d->statements || !d->author)
		return bad(d, "not an OpenVEX document: \"@context\", \"author\" and \"statements\" are needed");
	return GH_OK;
}

enum gh_rc gh_vex_read(struct gh_vex **vex, struct gh_span text_, const char *now, struct gh_err *err)
{
	bool fresh = *vex == NULL;
	struct gh_vex *v = fresh ? calloc(1, sizeof *v) : *vex;
	gh_auto_arena work = { .max = 8 << 20 };
	struct gh_json *j = GH_NEW(&work, struct gh_json, 1);
	if (v == NULL || j == NULL) {
		if (fresh)
			free(v);
		return gh_fail(err, GH_E_NOMEM, "no memory");
	}
	v->arena.max = 64 << 20;
	*j = gh_json_mem(text_, &work);
	j->keep = 4096;
	struct doc d = { .vex = v, .j = j, .err = err, .now = now };
	enum gh_rc rc = whole(&d);
	if (rc == GH_OK) {
		if (v->last == NULL)
			v->first = d.first;
		else
			v->last->next = d.first;
		v->last = d.last != NULL ? d.last : v->last;
		*vex = v;
		return GH_OK;
	}
	uint64_t line = 1;
	for (uint64_t i = 0; i < j->off && i < text_.n; i++)
		line += text_.p[i] == '\n';
	if (fresh)
		gh_vex_free(v);
	return gh_fail(err, rc, "line %llu, byte %llu", (unsigned long long)line, (unsigned long long)j->off);
}

void gh_vex_free(struct gh_vex *v)
{
	if (v == NULL)
		return;
	gh_arena_free(&v->arena);
	free(v);
}

void gh_vex_count(const struct gh_vex *v, size_t *live, size_t *expired)
{
	*live = *expired = 0;
	for (const struct gh_vex_statement *s = v == NULL ? NULL : v->first; s != NULL; s = s->next)
		if (s->status == GH_VEX_NOT_AFFECTED || s->status == GH_VEX_FIXED)
			++*(s->expired || s->early ? expired : live);
}
