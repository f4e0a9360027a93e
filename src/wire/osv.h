/* osv.h - one advisory in OSV form (https://ossf.github.io/osv-schema/, 1.x) out of a JSON reader. What is needed to match
 * and to explain is kept, copied into the arena; the rest is passed over.
 *
 * Records of this project carry more in database_specific (see the README of the curated records): `verified`, `formats`,
 * `trigger`, `cvss_score`, `severity`, and per affected product without an ecosystem `product` with `fixed_build`,
 * `fixed_after`, `last_affected_commit`, or `introduced` and `fixed`. */
#ifndef GH_WIRE_OSV_H
#define GH_WIRE_OSV_H
#include "base/arena.h"
#include "base/err.h"
#include "base/span.h"

struct gh_json; /* wire/json.h */

enum gh_osv_event_kind { GH_OSV_INTRODUCED, GH_OSV_FIXED, GH_OSV_LAST_AFFECTED, GH_OSV_LIMIT };
struct gh_osv_event {
	enum gh_osv_event_kind kind;
	struct gh_span v;
};
enum gh_osv_type { GH_OSV_ECOSYSTEM, GH_OSV_SEMVER, GH_OSV_GIT };
struct gh_osv_range {
	enum gh_osv_type type;
	struct gh_osv_event *event;
	size_t n, cap;
};
struct gh_osv_affected {
	struct gh_span ecosystem, name; /* empty: none given */
	struct gh_osv_range *range;
	size_t nrange, range_cap;
	struct gh_span *version;
	size_t nversion, version_cap;
	struct gh_span product, introduced, fixed, fixed_build, fixed_after, last_commit;
};
enum gh_osv_severity { GH_OSV_UNKNOWN, GH_OSV_LOW, GH_OSV_MEDIUM, GH_OSV_HIGH, GH_OSV_CRITICAL };
enum gh_osv_verified { GH_OSV_UNSAID, GH_OSV_VERIFIED, GH_OSV_UNVERIFIED };

struct gh_osv {
	struct gh_span id, modified, summary, aliases /* separated by blanks */, vector, url, formats /* blanks too */,
		trigger;
	bool withdrawn;
	enum gh_osv_severity severity;
	int score; /* ten times CVSS v3; -1: not known */
	enum gh_osv_verified verified;
	struct gh_osv_affected *affected;
	size_t naffected, affected_cap;
};

/* The JSON reader stands at the OBJECT token of a record; it is read to its end. GH_E_MALFORMED: not JSON (j->why, j->off), no
 * id, no date, or a field of another type than the schema's; GH_E_NOMEM. The message names the field; the caller adds file
 * and place (j->off). The reader needs an arena of its own and `keep` of at least 4 KiB. */
enum gh_rc gh_osv_read(struct gh_json *j, struct gh_arena *arena, struct gh_osv *out, struct gh_err *err);
/* "2026-11-22T00:00:00Z", with or without a fraction; dates of the same form compare as bytes. */
bool gh_osv_date(struct gh_span s);
#endif
