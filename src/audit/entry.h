/* entry.h - what the audit log records: one JSON object per entry, of a kind that stands in a table.
 *
 * An entry holds ids, digests, counts and words of fixed vocabularies, and nothing else: no prompt, no secret, no name of a
 * person or model has a field it would fit into. What an id means stands in the catalog, where it can be erased.
 *
 * Canonical form, so that one fact has one spelling and no reader can understand it otherwise: one flat object, keys sorted by
 * their bytes, no white space, strings of printable ASCII without quotation mark and backslash, numbers as decimal digits.
 *
 *	{"actor":"local","id":"0f…","kind":"import","root":"9b…","time":"2026-11-22T12:00:00Z","verdict":"CLEAN","version":"3a…"}
 *
 * Adding a kind: one row in kinds.c (a test walks them, docs/audit.md lists them). */
#ifndef GH_AUDIT_ENTRY_H
#define GH_AUDIT_ENTRY_H
#include "base/buf.h"
#include "base/err.h"

enum {
	GH_ENTRY_MAX = 65535,	   /* bytes: entry bundles have 16-bit lengths */
	GH_ENTRY_FIELDS = 24,	   /* of one entry, the four of the head included */
	GH_ENTRY_KIND_FIELDS = 12, /* of a kind, without the head */
	GH_ENTRY_ID = 32,	   /* hexadecimal digits */
	GH_ENTRY_TIME = 20,	   /* characters of 2026-11-22T12:00:00Z */
	GH_ENTRY_WORD = 64,	   /* longest word */
};

/* What a field may hold. */
enum gh_field_form {
	GH_FIELD_ID,	 /* 32 lower-case hexadecimal digits */
	GH_FIELD_DIGEST, /* 64 of them */
	GH_FIELD_WORD,	 /* of a vocabulary of the program: 1 to 64 of A-Z a-z 0-9 . _ - : */
	GH_FIELD_COUNT,	 /* a number */
	GH_FIELD_TIME,	 /* RFC 3339, UTC, seconds */
};

struct gh_entry_field {
	const char *name;
	enum gh_field_form form;
	bool optional;
	const char *about;
};

struct gh_entry_kind {
	const char *name;
	const char *about;				   /* one line: what happened */
	struct gh_entry_field field[GH_ENTRY_KIND_FIELDS]; /* ends with name == NULL */
	/* Which controls an entry of this kind is evidence for; ids separated by ", ". They say what a reader may look for, and
	 * claim nothing. */
	const char *eu_ai_act;	 /* Regulation (EU) 2024/1689: articles */
	const char *nist_ai_rmf; /* NIST AI RMF 1.0: subcategories */
	const char *iso_42001;	 /* ISO/IEC 42001:2023: controls of annex A */
};
extern const struct gh_entry_kind gh_entry_kinds[];
extern const size_t gh_entry_kinds_n;
const struct gh_entry_kind *gh_entry_kind(struct gh_span name); /* NULL: none of that name */
const char *gh_field_form_name(enum gh_field_form form);

/* ---- writing ------------------------------------------------------------------------------------------------------------- */
struct gh_entry_head {
	const char *id;	   /* 32 digits, random, chosen once per fact: appending it twice is noticed by it */
	int64_t time;	   /* seconds since 1970, 0 to the year 9999 */
	const char *kind;  /* of the table */
	const char *actor; /* id of a principal (32 digits), or one of "local", "system" */
};
struct gh_entry_value {
	const char *name;
	const char *text; /* of every form but COUNT */
	uint64_t number;  /* of COUNT; of TIME when text is NULL: seconds since 1970 */
};
/* Append one entry's bytes to out. GH_E_MALFORMED names the field: unknown kind, unknown, missing or repeated field, a value of
 * another form. */
enum gh_rc gh_entry_write(const struct gh_entry_head *head, const struct gh_entry_value *v, size_t n,
			  struct gh_buf *out, struct gh_err *err);

/* ---- reading ------------------------------------------------------------------------------------------------------------- */
struct gh_entry_pair {
	struct gh_span name, text; /* text: without quotation marks */
	bool number;
};
struct gh_entry {
	const struct gh_entry_kind *kind; /* NULL: of a newer version; its form is checked, its fields are not */
	struct gh_span kind_name, id, actor, time;
	int64_t seconds;
	struct gh_entry_pair pair[GH_ENTRY_FIELDS]; /* all fields, sorted */
	size_t npair;
};
/* Spans lie in `bytes`. GH_E_MALFORMED: not canonical, a field of the head is missing, or a known kind has other fields than its
 * row says. */
enum gh_rc gh_entry_read(struct gh_span bytes, struct gh_entry *out, struct gh_err *err);
/* The value of a field; .p == NULL when it is not there. */
struct gh_span gh_entry_get(const struct gh_entry *e, const char *name);

/* RFC 3339 of seconds since 1970: 20 characters and a NUL. False: before 1970 or after 9999. */
bool gh_entry_time(int64_t seconds, char out[GH_ENTRY_TIME + 1]);
bool gh_entry_seconds(struct gh_span text, int64_t *out);
#endif
