/* facts_int.h - what the parts of the room share about facts: facts.c (the set), facts_read.c (from JSON and YAML),
 * facts_say.c (to JSON). */
#ifndef GH_POLICY_FACTS_INT_H
#define GH_POLICY_FACTS_INT_H
#include "policy/facts.h"
#include "wire/jdom.h"
#include "wire/jout.h"

/* Fields of the records of row `row`: rows [row + 1, row + 1 + n). */
unsigned facts_width(unsigned row);
/* The row that stands for key in the records of `row`, or GH_FACT_NONE. */
unsigned facts_field(unsigned row, struct gh_span key);
/* The RECORDS row that field `row` belongs to. */
unsigned facts_parent(unsigned row);

/* By row; the value has the form of its type. Sets f->bad on failure. */
void facts_put(struct gh_facts *f, unsigned row, struct gh_fval v);
size_t facts_more(struct gh_facts *f, unsigned row);
void facts_put_field(struct gh_facts *f, unsigned row, size_t record, struct gh_fval v);
void facts_put_text(struct gh_facts *f, unsigned row, struct gh_span v); /* STRINGS: one more */
/* Text of a WORD row to a value; false: no such word. */
bool facts_word(const struct gh_fact *row, struct gh_span s, struct gh_fval *out);
void facts_bad(struct gh_facts *f, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The value of a row (not a field) at a moment: derived ages are computed; `tier` stands for risk.tier. */
struct gh_fval facts_get(const struct gh_facts *f, unsigned row, int64_t at, struct gh_fval tier);
/* Value of field `row` of record k. */
struct gh_fval facts_get_field(const struct gh_facts *f, unsigned row, size_t k, int64_t at);
static inline const struct gh_flist *facts_list(const struct gh_facts *f, unsigned row) { return &f->list[row]; }

/* From a tree. loose: scalars are texts as people write them in tables of cases ("10 GiB", "40d ago" before `at`). */
struct facts_reading {
	struct gh_facts *f;
	bool loose;
	int64_t at;
};
enum gh_rc facts_from(struct facts_reading *r, const struct gh_jval *top, struct gh_err *err);

/* One value as JSON, after the key (NULL: none). Lists of records are not written by this. */
void facts_say(struct gh_jout *j, const char *key, const struct gh_fact *row, struct gh_fval v);
/* All, as members of the object that is open in j. at: GH_FACTS_STATED leaves derived ones out. */
void facts_say_all(struct gh_jout *j, const struct gh_facts *f, int64_t at, struct gh_fval tier);
#endif
