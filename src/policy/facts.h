/* facts.h - what is known of a model when a policy is asked: typed values by dotted name.
 *
 * One table says which facts exist, of which type, and what they mean (fact_table.c). The type checks of policies, the reading
 * of facts from JSON, `gatehouse policy facts`, the JSON schema and the page in docs/policy.md are all made from it.
 *
 * A fact that nobody stated is UNKNOWN, which is neither true nor false: a rule that needs it fails closed. An empty list is
 * known ("there are no findings"); a list that was never stated is not. The same holds for each field of a record.
 *
 * Ages are not stated but derived: `badge.age` is the moment of the decision less `badge.issued`, and UNKNOWN when the
 * latter lies in the future (the clock went back, or somebody lies).
 *
 * Whose word a fact is:
 *	own	what Gatehouse found or did itself (scan, findings, stages, badge, coverage, red team, runtime)
 *	given	what the catalog records (names, people, approvals, times), or what the model says of itself (claims)
 *	foreign	statements of others, under `evidence.`: only those whose signature was verified are in
 *		`evidence.verified`, each with its signer. Foreign evidence never lowers an own finding: expressions where more
 *		evidence could make a rule about own facts less strict are refused when the policy is read (policy.h).
 *
 * Two ways to make a set of facts, which may be mixed: from JSON (gh_facts_read()), or one by one (gh_facts_put_*()). A name
 * that does not exist, a value of the wrong type, or a full arena makes the set `bad`: every decision on it is deny and says why.
 * Facts are handed in by trusted code; their texts may stem from strangers and are bounded and shown escaped. */
#ifndef GH_POLICY_FACTS_H
#define GH_POLICY_FACTS_H
#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

enum gh_fact_type {
	GH_T_BOOL,
	GH_T_INT,      /* a number without fraction */
	GH_T_SIZE,     /* bytes */
	GH_T_DURATION, /* seconds */
	GH_T_TIME,     /* seconds since 1970; RFC 3339 in JSON */
	GH_T_PERCENT,  /* 0 to 100, four digits behind the point count; kept in ten-thousandths */
	GH_T_STRING,
	GH_T_VERSION, /* a string that is compared by SemVer 2.0 */
	GH_T_WORD,    /* one of `words` */
	GH_T_STRINGS, /* a list of strings */
	GH_T_RECORDS, /* a list of records; their fields are the rows "NAME.FIELD" that follow */
};

enum {
	GH_FACT_OWN = 1 << 0,	  /* Gatehouse's own finding or deed */
	GH_FACT_FOREIGN = 1 << 1, /* a statement of others */
	GH_FACT_SHOUT = 1 << 2, /* foreign, and it may only make decisions stricter: nobody stands for it, or it is what
				   * others found */
	GH_FACT_FIELD = 1 << 3, /* of the records of the RECORDS row before */
	GH_FACT_ORDERED = 1 << 4, /* WORD: < and > mean something; words of equal rank are joined by '=' */
	GH_FACT_NEEDED = 1 << 5,  /* a record without this field is an error */
	GH_FACT_KEY = 1 << 6,	  /* names a record when one is shown */
	GH_FACT_DERIVED = 1 << 7, /* never stated: computed from `from` */
};

struct gh_fact {
	const char *name; /* "badge.state"; fields: "findings.severity", written `.severity` in expressions */
	enum gh_fact_type type;
	unsigned flags;
	const char *words; /* WORD: "info<low<medium<high<critical", or separated by ' ' when not ordered */
	const char *from;  /* DERIVED ages: the TIME fact they are counted from, NULL: computed by the policy itself */
	const char *about; /* one or two sentences */
};
extern const struct gh_fact gh_fact_rows[];
extern const size_t gh_fact_n;
enum { GH_FACT_NONE = 0xffff };
/* Row by full name, or GH_FACT_NONE. */
unsigned gh_fact_named(struct gh_span name);
const char *gh_fact_type_name(enum gh_fact_type t);
/* The name as JSON and expressions spell it inside its record: what stands behind the last '.'. */
const char *gh_fact_field(const struct gh_fact *f);

enum {
	GH_FACTS_ROWS = 160,	   /* >= gh_fact_n: a test compares */
	GH_FACTS_LIST = 65536,	   /* records or strings per list; more is an error */
	GH_FACTS_TEXT = 4096,	   /* bytes per text; more is an error */
	GH_FACTS_JSON = 64 << 20,  /* bytes of a JSON text that are read */
	GH_FACTS_ARENA = 256 << 20 /* enough for all of that */
};

/* A value. Its type is that of its row. */
struct gh_fval {
	bool known;
	int64_t i;	  /* BOOL, INT, SIZE, DURATION, TIME, PERCENT; WORD: index of the word in `words` */
	struct gh_span s; /* STRING, VERSION, WORD */
};
struct gh_flist {
	struct gh_fval *cell; /* n * width values; record k, field f: cell[k * width + f] */
	size_t n, cap;
	unsigned width; /* 1, or the number of fields */
};
struct gh_facts {
	struct gh_arena *arena;
	struct gh_fval v[GH_FACTS_ROWS];     /* by row; STRINGS and RECORDS: only whether the list is known */
	struct gh_flist list[GH_FACTS_ROWS]; /* by row */
	bool bad;			     /* something was stated that cannot be: decisions on this set are deny */
	char why[GH_ERR_TEXT];
};

/* An empty set; texts are copied into the arena, which must outlive it. About 16 KiB: it is made in the arena. NULL: full. */
struct gh_facts *gh_facts_new(struct gh_arena *arena);

/* State a fact. The last statement counts; lists are appended to. */
void gh_facts_put_bool(struct gh_facts *f, const char *name, bool v);
void gh_facts_put_int(struct gh_facts *f, const char *name,
		      int64_t v); /* INT, SIZE, DURATION, TIME; PERCENT: 1/10000 */
void gh_facts_put_span(struct gh_facts *f, const char *name,
		       struct gh_span v); /* STRING, VERSION, WORD; STRINGS: one more */
void gh_facts_put_str(struct gh_facts *f, const char *name, const char *v); /* the same; NULL: stays unknown */
void gh_facts_put_none(struct gh_facts *f, const char *name);		    /* a list is known, and empty so far */
/* One more record; its index, for the fields below (SIZE_MAX when it failed, which they take). */
size_t gh_facts_add(struct gh_facts *f, const char *records);
/* `name` is the full name: "findings.severity". */
void gh_facts_field_bool(struct gh_facts *f, const char *name, size_t record, bool v);
void gh_facts_field_int(struct gh_facts *f, const char *name, size_t record, int64_t v);
void gh_facts_field_span(struct gh_facts *f, const char *name, size_t record, struct gh_span v);
void gh_facts_field_str(struct gh_facts *f, const char *name, size_t record, const char *v);

/* State what a JSON text says: an object nested by the dots of the names, lists of records as arrays of objects. null: not
 * known. What it names replaces what was stated before, lists too. Unknown names, wrong types, numbers and times out of range are GH_E_MALFORMED with the name of the fact;
 * GH_E_LIMIT: too big; GH_E_NOMEM. On failure *f is not to be used. The shape: docs/schema/policy-facts.schema.json. */
enum gh_rc gh_facts_read(struct gh_facts *f, struct gh_span json, struct gh_err *err);

/* The set as JSON, in the order of the table, derived ages included (as of `at`; GH_FACTS_STATED: without them, so that it can
 * be read again): the input of an OPA server, and what the digest of a decision's facts is made of. The same facts give the
 * same bytes. */
#define GH_FACTS_STATED INT64_MIN
void gh_facts_json(const struct gh_facts *f, int64_t at, struct gh_buf *out);

/* Is every record whole? Fields that every record needs are there and not empty: a statement of others has its signer. What
 * is missing is named in why. gh_policy_ask() asks this itself, and denies. */
bool gh_facts_whole(const struct gh_facts *f, char why[static GH_ERR_TEXT]);

/* JSON Schema (2020-12) of what gh_facts_read() takes. */
void gh_facts_schema(struct gh_buf *out);
#endif
