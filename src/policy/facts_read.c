/* Facts from a tree: JSON by the letter of the schema, or a table of cases written by a person ("40d ago"). */
#include "policy/facts_int.h"

#include "policy/units.h"

/* ---- one value ------------------------------------------------------------------------------------------------------------ */
/* "40d ago", "in 2w", "now": as people write times in tables of cases. */
static bool relative(struct gh_span s, int64_t at, int64_t *out)
{
	static const char ago[] = " ago", in[] = "in ";
	int64_t d;
	if (gh_span_is(s, "now")) {
		*out = at;
		return true;
	}
	if (gh_span_ends(s, ago))
		return gh_unit_duration(gh_span_cut(s, 0, s.n - (sizeof ago - 1)), &d) &&
		       !__builtin_sub_overflow(at, d, out);
	return gh_span_starts(s, in) && gh_unit_duration(gh_span_cut(s, sizeof in - 1, s.n), &d) &&
	       !__builtin_add_overflow(at, d, out);
}

static bool integer(struct gh_span s, int64_t *out)
{
	bool minus = s.n != 0 && s.p[0] == '-';
	if (!gh_unit_int(minus ? gh_span_cut(s, 1, s.n) : s, out))
		return false;
	*out = minus ? -*out : *out;
	return true;
}

static bool scalar(const struct facts_reading *r, enum gh_fact_type type, const struct gh_jval *v, struct gh_fval *out)
{
	bool text = v->kind == GH_J_STRING, number = v->kind == GH_J_NUMBER || (r->loose && text);
	struct gh_span s = v->text;
	switch (type) {
	case GH_T_BOOL:
		out->i = v->kind == GH_J_TRUE || (r->loose && gh_span_is(s, "true"));
		return v->kind == GH_J_TRUE || v->kind == GH_J_FALSE ||
		       (r->loose && (gh_span_is(s, "true") || gh_span_is(s, "false")));
	case GH_T_INT: return number && integer(s, &out->i);
	case GH_T_SIZE: return number && (gh_unit_int(s, &out->i) || (r->loose && gh_unit_size(s, &out->i)));
	case GH_T_PERCENT:
		return number &&
		       (gh_unit_percent(s, false, &out->i) || (r->loose && gh_unit_percent(s, true, &out->i)));
	case GH_T_TIME: return text && (gh_unit_time(s, &out->i) || (r->loose && relative(s, r->at, &out->i)));
	case GH_T_STRING:
	case GH_T_VERSION:
	case GH_T_WORD:
	case GH_T_STRINGS: out->s = s; return text;
	default: return false; /* durations are derived and never stated; records are no scalars */
	}
}

static const char *wanted(enum gh_fact_type t)
{
	switch (t) {
	case GH_T_BOOL: return "true or false";
	case GH_T_INT: return "a number without fraction, of at most 18 digits";
	case GH_T_SIZE: return "a number of bytes";
	case GH_T_PERCENT: return "a number from 0 to 100";
	case GH_T_TIME: return "a time such as \"2026-11-22T10:00:00Z\"";
	case GH_T_STRINGS: return "a list of texts";
	case GH_T_RECORDS: return "a list of records";
	default: return "a text";
	}
}

static enum gh_rc wrong(const struct gh_fact *row, struct gh_err *err)
{
	return gh_fail(err, GH_E_MALFORMED, "%s: it must be %s", row->name, wanted(row->type));
}

static enum gh_rc said(const struct gh_facts *f, struct gh_err *err)
{
	return f->bad ? gh_fail(err, GH_E_MALFORMED, "%s", f->why) : GH_OK;
}

/* ---- lists ---------------------------------------------------------------------------------------------------------------- */
static enum gh_rc record(struct facts_reading *r, unsigned row, size_t k, const struct gh_jval *v, struct gh_err *err)
{
	for (const struct gh_jval *m = gh_jfirst(v); m != NULL; m = m->next) {
		unsigned field = facts_field(row, m->key);
		struct gh_fval val = { 0 };
		if (field == GH_FACT_NONE) {
			gh_auto_buf shown = gh_buf(GH_ERR_TEXT);
			gh_buf_safe(&shown, m->key, 60);
			return gh_fail(err, GH_E_MALFORMED, "%s: record %zu: there is no field '%s'",
				       gh_fact_rows[row].name, k, gh_buf_cstr(&shown));
		}
		if (m->kind == GH_J_NULL)
			continue;
		if (!scalar(r, gh_fact_rows[field].type, m, &val) && !(gh_fact_rows[field].flags & GH_FACT_DERIVED))
			return wrong(&gh_fact_rows[field], err);
		facts_put_field(r->f, field, k, val);
		if (r->f->bad)
			return said(r->f, err);
	}
	return GH_OK;
}

static enum gh_rc list(struct facts_reading *r, unsigned row, const struct gh_jval *v, struct gh_err *err)
{
	bool records = gh_fact_rows[row].type == GH_T_RECORDS;
	if (v->kind != GH_J_ARRAY)
		return wrong(&gh_fact_rows[row], err);
	r->f->v[row].known = true;
	r->f->list[row].n = 0; /* a text replaces what was stated before */
	for (const struct gh_jval *e = gh_jfirst(v); e != NULL; e = e->next) {
		if (e->kind != (records ? GH_J_OBJECT : GH_J_STRING))
			return wrong(&gh_fact_rows[row], err);
		if (!records) {
			facts_put_text(r->f, row, e->text);
		} else {
			size_t k = facts_more(r->f, row);
			if (k != SIZE_MAX)
				GH_TRY(record(r, row, k, e, err), err, "facts");
		}
		if (r->f->bad)
			return said(r->f, err);
	}
	return GH_OK;
}

static enum gh_rc one(struct facts_reading *r, unsigned row, const struct gh_jval *v, struct gh_err *err)
{
	const struct gh_fact *f = &gh_fact_rows[row];
	struct gh_fval val = { 0 };
	if (v->kind == GH_J_NULL) {
		r->f->v[row] = (struct gh_fval){ 0 };
		r->f->list[row].n = 0;
		return GH_OK;
	}
	if (f->type == GH_T_STRINGS || f->type == GH_T_RECORDS)
		return list(r, row, v, err);
	if (!(f->flags & GH_FACT_DERIVED) && !scalar(r, f->type, v, &val))
		return wrong(f, err);
	facts_put(r->f, row, val);
	return said(r->f, err);
}

/* ---- the tree ------------------------------------------------------------------------------------------------------------- */
enum { LEVELS = 4, NAME = 96 }; /* names have at most three parts, and are shorter */

/* Does a fact's name begin with this and a dot? */
static bool leads(struct gh_span s)
{
	for (unsigned i = 0; i < gh_fact_n; i++) {
		const char *name = gh_fact_rows[i].name;
		if (!(gh_fact_rows[i].flags & GH_FACT_FIELD) && strlen(name) > s.n && memcmp(name, s.p, s.n) == 0 &&
		    name[s.n] == '.')
			return true;
	}
	return false;
}

enum gh_rc facts_from(struct facts_reading *r, const struct gh_jval *top, struct gh_err *err)
{
	struct {
		const struct gh_jval *next;
		size_t n; /* bytes of the name up to here */
	} open[LEVELS];
	char name[NAME];
	size_t depth = 0;
	if (top->kind != GH_J_OBJECT)
		return gh_fail(err, GH_E_MALFORMED, "facts are an object");
	open[0].next = gh_jfirst(top);
	open[0].n = 0;
	for (;;) {
		const struct gh_jval *v = open[depth].next;
		if (v == NULL) {
			if (depth-- == 0)
				return GH_OK;
			continue;
		}
		open[depth].next = v->next;
		struct gh_span full = { (uint8_t *)name, open[depth].n + v->key.n };
		unsigned row = GH_FACT_NONE;
		bool down = false;
		if (full.n < NAME) { /* room for a dot behind it, too */
			if (v->key.n != 0)
				memcpy(name + open[depth].n, v->key.p, v->key.n);
			row = gh_fact_named(full);
			down = row == GH_FACT_NONE && v->kind == GH_J_OBJECT && depth + 1 < LEVELS && leads(full);
		}
		if (row != GH_FACT_NONE && !(gh_fact_rows[row].flags & GH_FACT_FIELD)) {
			GH_TRY(one(r, row, v, err), err, "facts");
		} else if (down) {
			name[full.n] = '.';
			open[++depth].next = gh_jfirst(v);
			open[depth].n = full.n + 1;
		} else {
			gh_auto_buf shown = gh_buf(GH_ERR_TEXT);
			gh_buf_safe(&shown, gh_span_cut(full, 0, open[depth].n), NAME);
			gh_buf_safe(&shown, v->key, 60);
			return gh_fail(err, GH_E_MALFORMED,
				       "there is no fact '%s'; 'gatehouse policy facts' lists them",
				       gh_buf_cstr(&shown));
		}
	}
}

enum gh_rc gh_facts_read(struct gh_facts *f, struct gh_span json, struct gh_err *err)
{
	const struct gh_jval *top;
	if (json.n > GH_FACTS_JSON)
		return gh_fail(err, GH_E_LIMIT, "the facts are larger than %d MiB", GH_FACTS_JSON >> 20);
	enum gh_rc rc = gh_jdom_parse(f->arena, json, &top, err);
	if (rc != GH_OK)
		return rc;
	struct facts_reading r = { .f = f };
	return facts_from(&r, top, err);
}
