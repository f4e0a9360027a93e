/* vex.h - OpenVEX (https://github.com/openvex/spec, 0.2.0): statements of the user that a known vulnerability does not matter
 * here. They silence findings about vulnerabilities of packages (GH-VUL-0001 to -0004, GH-DEP-0101), and nothing else: never what a file
 * does.
 *
 * A statement silences when its status is not_affected or fixed, it names the vulnerability by id or alias, one of its products
 * (or their subcomponents) has the package URL of the finding, without a version or with the same one, it has not expired, it is
 * not from after the day of the scan, and no newer statement (by last_updated, timestamp, or those of its document) says otherwise. It
 * expires on the day that `status_notes` names as "expires 2027-01-31", else GH_VEX_DAYS days after its last change (OpenVEX has
 * no field of its own for that). A product with a SHA-256 counts only for the file that has it. */
#ifndef GH_SCAN_VEX_H
#define GH_SCAN_VEX_H
#include "base/arena.h"
#include "base/err.h"
#include "scan/report.h"
#include "wire/advset.h"

enum { GH_VEX_DAYS = 365, GH_VEX_MAX = 16 << 20 };

struct gh_vex; /* documents that were read */

/* Read one document, append its statements. now: the day of the scan, "2026-11-22". The text may go afterwards. On failure: one
 * line with the place ("line 7, byte 210: …"), nothing was taken. *vex may be NULL before the first. */
enum gh_rc gh_vex_read(struct gh_vex **vex, struct gh_span doc, const char *now, struct gh_err *err);
/* Silence what is to be silenced among the findings of the files, and judge those files anew. set: the aliases of advisories
 * (may be NULL). Memory from arena. Returns how many findings were silenced, SIZE_MAX: no memory. */
size_t gh_vex_apply(const struct gh_vex *vex, const struct gh_advset *set, struct gh_file_report *file, size_t n,
		    struct gh_arena *arena);
/* How many statements can silence something, how many have expired or are from the future. */
void gh_vex_count(const struct gh_vex *vex, size_t *live, size_t *expired);
void gh_vex_free(struct gh_vex *vex);

/* Is this a finding about one known vulnerability of one package? Then its two first words: id and package URL. */
bool gh_vex_subject(const struct gh_finding *f, struct gh_span *id, struct gh_span *purl);
/* The same for one that was silenced. */
bool gh_vex_silenced(const struct gh_finding *f);
extern const struct gh_rule gh_vex_rules[];
#endif
