#include "audit/entry.h"

#include <stdio.h>

enum { YEAR_9999 = 9999 };

/* ---- time ------------------------------------------------------------------------------------------------------------------- */

/* Days since 1970-01-01 of a date of the Gregorian calendar, months 1 … 12. Years start in March, so that the leap day is the
 * last one. */
static int64_t days(int64_t y, int64_t m, int64_t d)
{
	y -= m <= 2;
	int64_t era = y / 400, of_era = y % 400, of_year = (153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1;
	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

bool gh_entry_time(int64_t seconds, char out[GH_ENTRY_TIME + 1])
{
	int64_t y = 1970, m = 1, day = seconds / 86400, s = seconds % 86400;
	out[0] = '\0';
	if (seconds < 0 || day >= days(YEAR_9999 + 1, 1, 1))
		return false;
	y += day / 366; /* not too late */
	while (days(y + 1, 1, 1) <= day)
		y++;
	while (m < 12 && days(y, m + 1, 1) <= day)
		m++;
	return snprintf(out, GH_ENTRY_TIME + 1, "%04u-%02u-%02uT%02u:%02u:%02uZ", (unsigned)y % 10000,
			(unsigned)m % 100, (unsigned)(day - days(y, m, 1) + 1) % 100, (unsigned)(s / 3600) % 100,
			(unsigned)(s / 60 % 60), (unsigned)(s % 60)) == GH_ENTRY_TIME;
}

static bool digits(struct gh_span t, size_t at, size_t n, int64_t *out)
{
	*out = 0;
	for (size_t i = at; i < at + n; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		*out = *out * 10 + (t.p[i] - '0');
	}
	return true;
}

bool gh_entry_seconds(struct gh_span t, int64_t *out)
{
	int64_t y, m, d, h, min, s;
	char again[GH_ENTRY_TIME + 1];
	if (t.n != GH_ENTRY_TIME || !digits(t, 0, 4, &y) || !digits(t, 5, 2, &m) || !digits(t, 8, 2, &d) ||
	    !digits(t, 11, 2, &h) || !digits(t, 14, 2, &min) || !digits(t, 17, 2, &s) || y < 1970 || m < 1 || m > 12 ||
	    d < 1 || d > 31 || h > 23 || min > 59 || s > 59)
		return false;
	*out = days(y, m, d) * 86400 + h * 3600 + min * 60 + s;
	/* Written again it must be the same text: this refuses the 31st of February and wrong separators. */
	return gh_entry_time(*out, again) && gh_span_is(t, again);
}

/* ---- forms ------------------------------------------------------------------------------------------------------------------- */
const char *gh_field_form_name(enum gh_field_form form)
{
	static const char *const names[] = {
		[GH_FIELD_ID] = "id",	    [GH_FIELD_DIGEST] = "digest", [GH_FIELD_WORD] = "word",
		[GH_FIELD_COUNT] = "count", [GH_FIELD_TIME] = "time",
	};
	return names[form];
}

static bool is_hex(struct gh_span s, size_t n)
{
	for (size_t i = 0; i < s.n; i++)
		if (!((s.p[i] >= '0' && s.p[i] <= '9') || (s.p[i] >= 'a' && s.p[i] <= 'f')))
			return false;
	return s.n == n;
}

static bool is_word(struct gh_span s)
{
	for (size_t i = 0; i < s.n; i++) {
		uint8_t c = s.p[i];
		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
		      c == '_' || c == '-' || c == ':'))
			return false;
	}
	return s.n > 0 && s.n <= GH_ENTRY_WORD;
}

static bool is_number(struct gh_span s)
{
	static const char max[] = "18446744073709551615";
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.n > 0 && (s.n == 1 || s.p[0] != '0') &&
	       (s.n < sizeof max - 1 || (s.n == sizeof max - 1 && memcmp(s.p, max, s.n) <= 0));
}

static bool has_form(const struct gh_entry_pair *p, enum gh_field_form form)
{
	int64_t t;
	if (p->number != (form == GH_FIELD_COUNT))
		return false;
	switch (form) {
	case GH_FIELD_ID: return is_hex(p->text, GH_ENTRY_ID);
	case GH_FIELD_DIGEST: return is_hex(p->text, 64);
	case GH_FIELD_WORD: return is_word(p->text);
	case GH_FIELD_COUNT: return true;
	case GH_FIELD_TIME: return gh_entry_seconds(p->text, &t);
	}
	return false;
}

static bool is_actor(struct gh_span s)
{
	return is_hex(s, GH_ENTRY_ID) || gh_span_is(s, "local") || gh_span_is(s, "system");
}

/* ---- kinds ------------------------------------------------------------------------------------------------------------------- */
const struct gh_entry_kind *gh_entry_kind(struct gh_span name)
{
	for (size_t i = 0; i < gh_entry_kinds_n; i++)
		if (gh_span_is(name, gh_entry_kinds[i].name))
			return &gh_entry_kinds[i];
	return NULL;
}

static const char *const head_names[] = { "actor", "id", "kind", "time" };

static bool in_head(struct gh_span name)
{
	for (size_t i = 0; i < sizeof head_names / sizeof head_names[0]; i++)
		if (gh_span_is(name, head_names[i]))
			return true;
	return false;
}

static const struct gh_entry_field *field_of(const struct gh_entry_kind *k, struct gh_span name)
{
	for (size_t i = 0; i < GH_ENTRY_KIND_FIELDS && k->field[i].name != NULL; i++)
		if (gh_span_is(name, k->field[i].name))
			return &k->field[i];
	return NULL;
}

/* Do the fields of an entry stand in its kind's row, in the right form, and none is missing? */
static enum gh_rc check_fields(const struct gh_entry_kind *k, const struct gh_entry_pair *p, size_t n,
			       struct gh_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (in_head(p[i].name))
			continue;
		const struct gh_entry_field *f = field_of(k, p[i].name);
		if (f == NULL)
			return gh_fail(err, GH_E_MALFORMED, "an entry of kind %s has no field \"%.*s\"", k->name,
				       (int)(p[i].name.n > 40 ? 40 : p[i].name.n), (const char *)p[i].name.p);
		if (!has_form(&p[i], f->form))
			return gh_fail(err, GH_E_MALFORMED, "field \"%s\" of kind %s must be of the form %s", f->name,
				       k->name, gh_field_form_name(f->form));
	}
	for (size_t i = 0; i < GH_ENTRY_KIND_FIELDS && k->field[i].name != NULL; i++) {
		bool have = k->field[i].optional;
		for (size_t j = 0; j < n && !have; j++)
			have = gh_span_is(p[j].name, k->field[i].name);
		if (!have)
			return gh_fail(err, GH_E_MALFORMED, "an entry of kind %s needs the field \"%s\"", k->name,
				       k->field[i].name);
	}
	return GH_OK;
}

/* ---- reading ------------------------------------------------------------------------------------------------------------------ */
static bool take(struct gh_span *s, char c)
{
	if (s->n == 0 || s->p[0] != (uint8_t)c)
		return false;
	*s = gh_span_cut(*s, 1, s->n);
	return true;
}

static bool take_string(struct gh_span *s, struct gh_span *out)
{
	size_t n = 0;
	if (!take(s, '"'))
		return false;
	while (n < s->n && s->p[n] >= ' ' && s->p[n] < 0x7f && s->p[n] != '"' && s->p[n] != '\\')
		n++;
	*out = gh_span_cut(*s, 0, n);
	*s = gh_span_cut(*s, n, s->n);
	return take(s, '"');
}

static bool take_value(struct gh_span *s, struct gh_entry_pair *out)
{
	size_t n = 0;
	out->number = s->n > 0 && s->p[0] != '"';
	if (!out->number)
		return take_string(s, &out->text);
	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	out->text = gh_span_cut(*s, 0, n);
	*s = gh_span_cut(*s, n, s->n);
	return is_number(out->text);
}

static bool sorted(struct gh_span a, struct gh_span b)
{
	int c = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return c < 0 || (c == 0 && a.n < b.n);
}

static bool read_pairs(struct gh_span s, struct gh_entry *e)
{
	if (!take(&s, '{'))
		return false;
	do {
		struct gh_entry_pair *p = &e->pair[e->npair];
		if (e->npair == GH_ENTRY_FIELDS || !take_string(&s, &p->name) || p->name.n == 0 || !take(&s, ':') ||
		    !take_value(&s, p) || (e->npair > 0 && !sorted(p[-1].name, p->name)))
			return false;
		e->npair++;
	} while (take(&s, ','));
	return take(&s, '}') && s.n == 0;
}

struct gh_span gh_entry_get(const struct gh_entry *e, const char *name)
{
	for (size_t i = 0; i < e->npair; i++)
		if (gh_span_is(e->pair[i].name, name))
			return e->pair[i].text;
	return (struct gh_span){ 0 };
}

enum gh_rc gh_entry_read(struct gh_span bytes, struct gh_entry *out, struct gh_err *err)
{
	memset(out, 0, sizeof *out);
	if (bytes.n > GH_ENTRY_MAX || !read_pairs(bytes, out))
		return gh_fail(err, GH_E_MALFORMED, "not the canonical JSON of an entry");
	out->id = gh_entry_get(out, "id");
	out->time = gh_entry_get(out, "time");
	out->actor = gh_entry_get(out, "actor");
	out->kind_name = gh_entry_get(out, "kind");
	if (!is_hex(out->id, GH_ENTRY_ID) || !is_word(out->kind_name) || !is_actor(out->actor) ||
	    !gh_entry_seconds(out->time, &out->seconds))
		return gh_fail(err, GH_E_MALFORMED,
			       "an entry needs \"id\", \"time\", \"kind\" and \"actor\", each in its form");
	for (size_t i = 0; i < out->npair; i++)
		if (out->pair[i].number && in_head(out->pair[i].name))
			return gh_fail(err, GH_E_MALFORMED, "a number where a text must stand");
	out->kind = gh_entry_kind(out->kind_name);
	return out->kind == NULL ? GH_OK : check_fields(out->kind, out->pair, out->npair, err);
}

/* ---- writing ------------------------------------------------------------------------------------------------------------------ */

/* Texts of times and numbers need memory until the entry is written. */
struct made {
	char text[GH_ENTRY_FIELDS][24];
};

static enum gh_rc make_pair(const struct gh_entry_value *v, enum gh_field_form form, char text[24],
			    struct gh_entry_pair *out, struct gh_err *err)
{
	out->name = gh_span_str(v->name);
	out->number = form == GH_FIELD_COUNT;
	if (form == GH_FIELD_COUNT) {
		(void)snprintf(text, 24, "%llu", (unsigned long long)v->number);
	} else if (form == GH_FIELD_TIME && v->text == NULL) {
		if (v->number > INT64_MAX || !gh_entry_time((int64_t)v->number, text))
			return gh_fail(err, GH_E_MALFORMED, "field \"%s\" is no time", v->name);
	} else {
		if (v->text == NULL)
			return gh_fail(err, GH_E_MALFORMED, "field \"%s\" is empty", v->name);
		out->text = gh_span_str(v->text);
		return GH_OK;
	}
	out->text = gh_span_str(text);
	return GH_OK;
}

/* Insertion into a short sorted row; false: the name is there already. */
static bool insert(struct gh_entry_pair *row, size_t n, struct gh_entry_pair p)
{
	size_t at = n;
	while (at > 0 && sorted(p.name, row[at - 1].name))
		at--;
	if (at > 0 && gh_span_eq(row[at - 1].name, p.name))
		return false;
	memmove(row + at + 1, row + at, (n - at) * sizeof *row);
	row[at] = p;
	return true;
}

static enum gh_rc make_head(const struct gh_entry_head *h, char time[GH_ENTRY_TIME + 1], struct gh_entry_pair row[4],
			    struct gh_err *err)
{
	struct gh_span id = gh_span_str(h->id), actor = gh_span_str(h->actor);
	if (!is_hex(id, GH_ENTRY_ID))
		return gh_fail(err, GH_E_MALFORMED, "the id of an entry must be 32 hexadecimal digits");
	if (!is_actor(actor))
		return gh_fail(err, GH_E_MALFORMED,
			       "the actor of an entry must be the id of a principal, \"local\" or \"system\"");
	if (!gh_entry_time(h->time, time))
		return gh_fail(err, GH_E_MALFORMED, "the time of an entry must lie between 1970 and 9999");
	row[0] = (struct gh_entry_pair){ GH_SPAN("actor"), actor, false };
	row[1] = (struct gh_entry_pair){ GH_SPAN("id"), id, false };
	row[2] = (struct gh_entry_pair){ GH_SPAN("kind"), gh_span_str(h->kind), false };
	row[3] = (struct gh_entry_pair){ GH_SPAN("time"), gh_span_str(time), false };
	return GH_OK;
}

enum gh_rc gh_entry_write(const struct gh_entry_head *head, const struct gh_entry_value *v, size_t n,
			  struct gh_buf *out, struct gh_err *err)
{
	struct gh_entry_pair row[GH_ENTRY_FIELDS + 1];
	struct made made;
	char time[GH_ENTRY_TIME + 1];
	size_t have = 4;
	const struct gh_entry_kind *k = gh_entry_kind(gh_span_str(head->kind));
	if (k == NULL)
		return gh_fail(err, GH_E_MALFORMED, "there is no kind of entry \"%.40s\"", head->kind);
	GH_TRY(make_head(head, time, row, err), err, "entry of kind %s", k->name);
	for (size_t i = 0; i < n; i++) {
		const struct gh_entry_field *f = field_of(k, gh_span_str(v[i].name));
		struct gh_entry_pair p = { 0 };
		if (f == NULL)
			return gh_fail(err, GH_E_MALFORMED, "an entry of kind %s has no field \"%.40s\"", k->name,
				       v[i].name);
		GH_TRY(make_pair(&v[i], f->form, made.text[have - 4], &p, err), err, "entry of kind %s", k->name);
		if (have == GH_ENTRY_FIELDS || !insert(row, have, p))
			return gh_fail(err, GH_E_MALFORMED, "field \"%s\" is given twice", v[i].name);
		have++;
	}
	GH_TRY(check_fields(k, row, have, err), err, "entry");
	for (size_t i = 0; i < have; i++) {
		const char *quote = row[i].number ? "" : "\"";
		gh_buf_fmt(out, "%c\"", i == 0 ? '{' : ',');
		gh_buf_span(out, row[i].name);
		gh_buf_fmt(out, "\":%s", quote);
		gh_buf_span(out, row[i].text);
		gh_buf_str(out, quote);
	}
	gh_buf_ch(out, '}');
	return out->full ? gh_fail(err, GH_E_NOMEM, "no memory for an entry") : GH_OK;
}
