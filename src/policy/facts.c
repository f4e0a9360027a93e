#include "policy/facts_int.h"

#include <stdarg.h>
#include <stdio.h>

#include "policy/units.h"

struct gh_facts *gh_facts_new(struct gh_arena *arena)
{
	struct gh_facts *f = GH_NEW(arena, struct gh_facts, 1);
	if (f != NULL)
		f->arena = arena;
	return f;
}

void facts_bad(struct gh_facts *f, const char *fmt, ...)
{
	va_list ap;
	if (f->bad)
		return; /* the first trouble says most */
	va_start(ap, fmt);
	(void)vsnprintf(f->why, sizeof f->why, fmt, ap);
	va_end(ap);
	f->bad = true;
}

/* ---- rows ----------------------------------------------------------------------------------------------------------------- */
unsigned facts_width(unsigned row)
{
	unsigned n = 0;
	if (gh_fact_rows[row].type == GH_T_STRINGS)
		return 1;
	while (row + 1 + n < gh_fact_n && (gh_fact_rows[row + 1 + n].flags & GH_FACT_FIELD))
		n++;
	return n;
}

unsigned facts_field(unsigned row, struct gh_span key)
{
	for (unsigned i = row + 1, end = row + 1 + facts_width(row); i < end; i++)
		if (gh_span_is(key, gh_fact_field(&gh_fact_rows[i])))
			return i;
	return GH_FACT_NONE;
}

unsigned facts_parent(unsigned row)
{
	while (gh_fact_rows[row].flags & GH_FACT_FIELD)
		row--;
	return row;
}

bool facts_word(const struct gh_fact *row, struct gh_span s, struct gh_fval *out)
{
	int i = gh_word_index(row->words, s);
	if (i >= 0)
		*out = (struct gh_fval){ .known = true, .i = i, .s = gh_word_at(row->words, (unsigned)i) };
	return i >= 0;
}

/* ---- stating -------------------------------------------------------------------------------------------------------------- */
static bool is_text(enum gh_fact_type t) { return t == GH_T_STRING || t == GH_T_VERSION || t == GH_T_STRINGS; }

/* The value as it may be kept: texts copied, words looked up, ranges checked. */
static bool fit(struct gh_facts *f, unsigned row, struct gh_fval *v)
{
	const struct gh_fact *r = &gh_fact_rows[row];
	if (f->bad)
		return false;
	if (r->flags & GH_FACT_DERIVED) {
		facts_bad(f, "%s is computed, it cannot be stated%s%s", r->name, r->from ? ": state " : "",
			  r->from ? r->from : "");
	} else if (is_text(r->type) && v->s.n > GH_FACTS_TEXT) {
		facts_bad(f, "%s: longer than %d bytes", r->name, GH_FACTS_TEXT);
	} else if (is_text(r->type)) {
		v->s = gh_keep(f->arena, v->s);
		if (v->s.p == NULL)
			facts_bad(f, "the facts need too much memory");
	} else if (r->type == GH_T_WORD && !facts_word(r, v->s, v)) {
		gh_auto_buf shown = gh_buf(GH_ERR_TEXT), words = gh_buf(GH_ERR_TEXT);
		gh_buf_safe(&shown, v->s, 32);
		gh_word_list(&words, r->words);
		facts_bad(f, "%s: '%s' is not %s", r->name, gh_buf_cstr(&shown), gh_buf_cstr(&words));
	} else if (r->type == GH_T_BOOL && (v->i < 0 || v->i > 1)) {
		facts_bad(f, "%s: neither true nor false", r->name);
	} else if ((r->type == GH_T_SIZE || r->type == GH_T_PERCENT) && v->i < 0) {
		facts_bad(f, "%s: below zero", r->name);
	} else if (r->type == GH_T_PERCENT && v->i > 100 * 10000) {
		facts_bad(f, "%s: more than 100 percent", r->name);
	}
	v->known = true;
	return !f->bad;
}

void facts_put(struct gh_facts *f, unsigned row, struct gh_fval v)
{
	if (fit(f, row, &v))
		f->v[row] = v;
}

size_t facts_more(struct gh_facts *f, unsigned row)
{
	struct gh_flist *l = &f->list[row];
	if (f->bad)
		return SIZE_MAX;
	if (l->n >= GH_FACTS_LIST) {
		facts_bad(f, "%s: more than %d entries", gh_fact_rows[row].name, GH_FACTS_LIST);
		return SIZE_MAX;
	}
	l->width = facts_width(row);
	/* cap counts entries of `width` values each */
	struct gh_fval *cell = gh_grow(f->arena, l->cell, &l->cap, l->n + 1, sizeof *cell * l->width);
	if (cell == NULL) {
		facts_bad(f, "the facts need too much memory");
		return SIZE_MAX;
	}
	l->cell = cell;
	f->v[row].known = true;
	return l->n++;
}

void facts_put_field(struct gh_facts *f, unsigned row, size_t record, struct gh_fval v)
{
	unsigned parent = facts_parent(row);
	struct gh_flist *l = &f->list[parent];
	if (record >= l->n) {
		facts_bad(f, "%s: there is no such record", gh_fact_rows[row].name);
		return;
	}
	if (fit(f, row, &v))
		l->cell[record * l->width + (row - parent - 1)] = v;
}

void facts_put_text(struct gh_facts *f, unsigned row, struct gh_span v)
{
	struct gh_fval val = { .s = v };
	if (gh_fact_rows[row].type != GH_T_STRINGS) {
		facts_put(f, row, val);
		return;
	}
	if (!fit(f, row, &val))
		return;
	size_t k = facts_more(f, row);
	if (k != SIZE_MAX)
		f->list[row].cell[k] = val;
}

/* ---- by name -------------------------------------------------------------------------------------------------------------- */
/* What the functions that take a value of C may be used for. */
enum { FOR_BOOL = 1 << 0, FOR_INT = 1 << 1, FOR_TEXT = 1 << 2, FOR_LIST = 1 << 3, FOR_RECORDS = 1 << 4 };
static unsigned use_of(enum gh_fact_type t)
{
	switch (t) {
	case GH_T_BOOL: return FOR_BOOL;
	case GH_T_STRINGS: return FOR_TEXT | FOR_LIST;
	case GH_T_RECORDS: return FOR_LIST | FOR_RECORDS;
	case GH_T_STRING:
	case GH_T_VERSION:
	case GH_T_WORD: return FOR_TEXT;
	default: return FOR_INT;
	}
}

static unsigned row_for(struct gh_facts *f, const char *name, unsigned use, bool field)
{
	unsigned row = gh_fact_named(gh_span_str(name));
	if (row == GH_FACT_NONE)
		facts_bad(f, "there is no fact '%.80s'", name);
	else if (!(use_of(gh_fact_rows[row].type) & use))
		facts_bad(f, "%s: it is of type %s", name, gh_fact_type_name(gh_fact_rows[row].type));
	else if (((gh_fact_rows[row].flags & GH_FACT_FIELD) != 0) != field)
		facts_bad(f, "%s: it is %s field of a record", name, field ? "no" : "a");
	else
		return row;
	return GH_FACT_NONE;
}

void gh_facts_put_bool(struct gh_facts *f, const char *name, bool v)
{
	unsigned row = row_for(f, name, FOR_BOOL, false);
	if (row != GH_FACT_NONE)
		facts_put(f, row, (struct gh_fval){ .i = v });
}

void gh_facts_put_int(struct gh_facts *f, const char *name, int64_t v)
{
	unsigned row = row_for(f, name, FOR_INT, false);
	if (row != GH_FACT_NONE)
		facts_put(f, row, (struct gh_fval){ .i = v });
}

void gh_facts_put_span(struct gh_facts *f, const char *name, struct gh_span v)
{
	unsigned row = row_for(f, name, FOR_TEXT, false);
	if (row != GH_FACT_NONE)
		facts_put_text(f, row, v);
}

void gh_facts_put_str(struct gh_facts *f, const char *name, const char *v)
{
	if (v != NULL)
		gh_facts_put_span(f, name, gh_span_str(v));
}

void gh_facts_put_none(struct gh_facts *f, const char *name)
{
	unsigned row = row_for(f, name, FOR_LIST, false);
	if (row != GH_FACT_NONE)
		f->v[row].known = true;
}

size_t gh_facts_add(struct gh_facts *f, const char *records)
{
	unsigned row = row_for(f, records, FOR_RECORDS, false);
	return row == GH_FACT_NONE ? SIZE_MAX : facts_more(f, row);
}

void gh_facts_field_bool(struct gh_facts *f, const char *name, size_t record, bool v)
{
	unsigned row = row_for(f, name, FOR_BOOL, true);
	if (row != GH_FACT_NONE)
		facts_put_field(f, row, record, (struct gh_fval){ .i = v });
}

void gh_facts_field_int(struct gh_facts *f, const char *name, size_t record, int64_t v)
{
	unsigned row = row_for(f, name, FOR_INT, true);
	if (row != GH_FACT_NONE)
		facts_put_field(f, row, record, (struct gh_fval){ .i = v });
}

void gh_facts_field_span(struct gh_facts *f, const char *name, size_t record, struct gh_span v)
{
	unsigned row = row_for(f, name, FOR_TEXT, true);
	if (row != GH_FACT_NONE)
		facts_put_field(f, row, record, (struct gh_fval){ .s = v });
}

void gh_facts_field_str(struct gh_facts *f, const char *name, size_t record, const char *v)
{
	if (v != NULL)
		gh_facts_field_span(f, name, record, gh_span_str(v));
}

/* ---- asking --------------------------------------------------------------------------------------------------------------- */
static struct gh_fval age(struct gh_fval from, int64_t at)
{
	int64_t v;
	/* From the future: the clock went back, or somebody lies. Neither is an age. */
	if (!from.known || at == GH_FACTS_STATED || __builtin_sub_overflow(at, from.i, &v) || v < 0)
		return (struct gh_fval){ 0 };
	return (struct gh_fval){ .known = true, .i = v };
}

struct gh_fval facts_get(const struct gh_facts *f, unsigned row, int64_t at, struct gh_fval tier)
{
	const struct gh_fact *r = &gh_fact_rows[row];
	if (!(r->flags & GH_FACT_DERIVED))
		return f->v[row];
	if (r->from == NULL)
		return tier;
	return age(f->v[gh_fact_named(gh_span_str(r->from))], at);
}

struct gh_fval facts_get_field(const struct gh_facts *f, unsigned row, size_t k, int64_t at)
{
	const struct gh_fact *r = &gh_fact_rows[row];
	unsigned parent = facts_parent(row);
	const struct gh_flist *l = &f->list[parent];
	unsigned col = row - parent - 1;
	if (r->flags & GH_FACT_DERIVED)
		return age(l->cell[k * l->width + (gh_fact_named(gh_span_str(r->from)) - parent - 1)], at);
	return l->cell[k * l->width + col];
}

static bool whole(const struct gh_facts *f, unsigned row, size_t k, char why[static GH_ERR_TEXT])
{
	const struct gh_flist *l = &f->list[row];
	for (unsigned c = 0; c < l->width; c++) {
		const struct gh_fact *r = &gh_fact_rows[row + 1 + c];
		const struct gh_fval *v = &l->cell[k * l->width + c];
		if (!(r->flags & GH_FACT_NEEDED) || (v->known && (r->type != GH_T_STRING || v->s.n != 0)))
			continue;
		(void)snprintf(why, GH_ERR_TEXT, "%s: record %zu has none", r->name, k);
		return false;
	}
	return true;
}

bool gh_facts_whole(const struct gh_facts *f, char why[static GH_ERR_TEXT])
{
	if (f->bad) {
		memcpy(why, f->why, GH_ERR_TEXT);
		return false;
	}
	for (unsigned row = 0; row < gh_fact_n; row++)
		for (size_t k = 0; gh_fact_rows[row].type == GH_T_RECORDS && k < f->list[row].n; k++)
			if (!whole(f, row, k, why))
				return false;
	return true;
}
