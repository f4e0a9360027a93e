/* row.h - cells of an answer into the fields of a structure. For the store functions (tenants.c, versions.c, …) only. */
#ifndef GH_CATALOG_ROW_H
#define GH_CATALOG_ROW_H
#include "catalog/db.h"
#include "catalog/id.h"

enum {
	GH_ROW_ONE = 64 << 10, /* arena for an answer of one row */
	GH_ROW_LIST = 10000,   /* rows of a list without a limit of its own */
};

/* A text that fits by the rules of whoever wrote it; cut when somebody else wrote it. NULL of SQL: "". */
static inline void gh_row_text(char *out, size_t cap, const struct gh_db_rows *r, size_t row, size_t col)
{
	const struct gh_dbv *v = gh_db_cell(r, row, col);
	size_t n = v->type == GH_DB_TEXT ? v->s.n : 0;
	if (n > cap - 1)
		n = cap - 1;
	if (n != 0)
		memcpy(out, v->s.p, n);
	out[n] = '\0';
}
#define GH_ROW_TEXT(field, r, row, col) gh_row_text((field), sizeof(field), (r), (row), (col))

static inline size_t gh_row_bytes(uint8_t *out, size_t cap, const struct gh_db_rows *r, size_t row, size_t col)
{
	struct gh_span s = gh_db_span(r, row, col);
	size_t n = s.n < cap ? s.n : cap;
	if (n != 0)
		memcpy(out, s.p, n);
	return n;
}

static inline struct gh_id gh_row_id(const struct gh_db_rows *r, size_t row, size_t col)
{
	return gh_id(gh_db_span(r, row, col));
}

/* Parameters: an id or a text that may be absent is the null of SQL, a time that is not yet too. */
static inline struct gh_dbv gh_dbid(const struct gh_id *id)
{
	return id == NULL || gh_id_none(id) ? gh_dbnull() : gh_dbs(id->s);
}
static inline struct gh_dbv gh_dbopt(const char *s) { return s == NULL || s[0] == '\0' ? gh_dbnull() : gh_dbs(s); }
static inline struct gh_dbv gh_dbtime(int64_t t) { return t == 0 ? gh_dbnull() : gh_dbi(t); }

/* The first bytes of an id are enough to find it in a message. */
#define GH_ID_SHOWN 12
#endif
