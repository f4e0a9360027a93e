/* advdb.h - advisories in compact, sorted, binary form: what is shipped, what `advisories import` keeps, and what checks
 * read in a worker. Every number read is checked; a broken file answers with empty spans, never with bytes beyond its end.
 *
 * All numbers little-endian, all offsets from the start of the file, strings as 16-bit length and bytes:
 *
 *	0   8   "GHADVDB1"
 *	8   4   records R		12  4  affected products A
 *	16  24  newest `modified` of all records, padded with zeros
 *	40  24  reserved, zero
 *	64  40R records, by id: offsets of id, modified, aliases, summary, vector, url, formats, trigger; 16-bit ten times the
 *		CVSS v3 score (65535: not known); severity; flags; 4 bytes zero
 *	    16A affected products, by ecosystem, then name, then record: offsets of ecosystem, name, versions; record number
 *	    …   strings and versions
 *
 * Versions of a product: 16-bit count of intervals, then per interval: flags and two strings of 8-bit length (from, to);
 * 16-bit count of single versions, then strings of 8-bit length. */
#ifndef GH_WIRE_ADVDB_H
#define GH_WIRE_ADVDB_H
#include "base/err.h"
#include "base/buf.h"
#include "wire/osv.h"
#include "wire/version.h"

enum { GH_ADVDB_HEAD = 64, GH_ADVDB_RECORD = 40, GH_ADVDB_PRODUCT = 16, GH_ADVDB_MAX = 192 << 20 };

enum gh_advdb_flag {
	GH_ADV_VERIFIED = 1 << 0,   /* id and range were read in a source repository */
	GH_ADV_UNVERIFIED = 1 << 1, /* the record says that they were not */
	GH_ADV_WITHDRAWN = 1 << 2,
};
enum gh_advdb_interval_flag {
	GH_ADV_TO_INCLUDED = 1 << 0, /* last affected; else the version in which it is fixed */
	GH_ADV_TO_NONE = 1 << 1,     /* no end is known */
	GH_ADV_BUILD = 1 << 2,	     /* `to` is a build tag ("b3561"), date or commit: for people, not compared */
};

struct gh_advdb {
	struct gh_span s;
	uint32_t nrecord, nproduct;
	char date[25];
};
struct gh_adv_record {
	struct gh_span id, modified, aliases, summary, vector, url, formats, trigger;
	int score; /* -1: not known */
	enum gh_osv_severity severity;
	unsigned flags;
};
struct gh_adv_product {
	struct gh_span ecosystem, name;
	uint32_t versions; /* offset */
	uint32_t record;
};
struct gh_adv_interval {
	unsigned flags;
	struct gh_span from, to; /* from empty: from the beginning */
};

/* Look at the header. GH_E_MALFORMED: not such a database, or shorter than it says. */
enum gh_rc gh_advdb(struct gh_span s, struct gh_advdb *out, struct gh_err *err);
/* Is the whole of it in order: sorted, every offset inside? For files that were kept somewhere. */
bool gh_advdb_sound(const struct gh_advdb *db);
struct gh_adv_record gh_advdb_record(const struct gh_advdb *db, uint32_t i);
struct gh_adv_product gh_advdb_product(const struct gh_advdb *db, uint32_t i);
/* Products of that ecosystem and (normalised) name: the number of the first one and how many. */
uint32_t gh_advdb_find(const struct gh_advdb *db, struct gh_span ecosystem, struct gh_span name, uint32_t *n);
/* The record with this id, or UINT32_MAX. */
uint32_t gh_advdb_by_id(const struct gh_advdb *db, struct gh_span id);

/* Interval k of a product; false: there are no more. */
bool gh_advdb_interval(const struct gh_advdb *db, const struct gh_adv_product *p, unsigned k,
		       struct gh_adv_interval *out);

enum gh_adv_answer { GH_ADV_NO, GH_ADV_SOME, GH_ADV_YES };
/* Is this version affected? YES or NO; *where (may be NULL): the interval. A version that cannot be compared is affected
 * only when it is named literally. */
enum gh_adv_answer gh_advdb_affects(const struct gh_advdb *db, const struct gh_adv_product *p,
				    enum gh_version_rule rule, struct gh_span version, struct gh_adv_interval *where);
/* Of the versions of the set: YES: all of them, SOME: some, NO: none. */
enum gh_adv_answer gh_advdb_allows(const struct gh_advdb *db, const struct gh_adv_product *p, enum gh_version_rule rule,
				   const struct gh_version_set *set, struct gh_adv_interval *where);

/* ---- making one (trusted process and build) ------------------------------------------------------------------------------ */
struct gh_advdb_make;
/* max: bytes of memory. NULL: none. */
struct gh_advdb_make *gh_advdb_make(size_t max);
/* Of two records with the same id the one modified later stands, of equals the first. GH_E_LIMIT: too many. */
enum gh_rc gh_advdb_add(struct gh_advdb_make *m, const struct gh_osv *o, struct gh_err *err);
/* All records of a database. */
enum gh_rc gh_advdb_add_all(struct gh_advdb_make *m, const struct gh_advdb *db, struct gh_err *err);
/* Append the database to out; *records (may be NULL): how many it has. */
enum gh_rc gh_advdb_write(struct gh_advdb_make *m, struct gh_buf *out, size_t *records, struct gh_err *err);
void gh_advdb_make_free(struct gh_advdb_make *m);
#endif
