/* report_parts.h - what the report writers share: words for verdicts, totals, and the ways hostile text may be shown.
 * Private to report_*.c and to the command line; everything here is a function of its arguments. */
#ifndef GH_SCAN_REPORT_PARTS_H
#define GH_SCAN_REPORT_PARTS_H
#include "scan/report.h"

enum { GH_VERDICTS = GH_UNSAFE + 1, GH_SEVERITIES = GH_CRITICAL + 1 };

/* "incomplete", for use in a sentence; and what the verdict means, one sentence for the person who must act. */
const char *gh_verdict_word(enum gh_verdict v);
const char *gh_verdict_means(enum gh_verdict v);

struct gh_totals {
	size_t files[GH_VERDICTS];
	uint64_t findings[GH_VERDICTS]; /* by effect; those beyond a file's cap are in `dropped` */
	uint64_t dropped;
	uint64_t members, expanded;
};
struct gh_totals gh_report_totals(const struct gh_scan_report *r);

/* Text that was made safe before it entered the report (details, members) or is ours (rule rows): shown as it is, but
 * should a deceptive character or broken UTF-8 have slipped in, it is escaped here. NULL shows as nothing. */
void gh_plain(struct gh_buf *b, const char *s);
/* A path: raw bytes of the file system, shown so that neither terminal nor eye is misled. */
void gh_plain_path(struct gh_buf *b, const char *path);
/* The same for HTML, with its five special characters escaped. */
void gh_plain_html(struct gh_buf *b, const char *s);
void gh_path_html(struct gh_buf *b, const char *path);

/* Every byte that is not unreserved (RFC 3986, 2.3) or '/' as %XX: decodes to the same bytes. */
void gh_percent(struct gh_buf *b, const char *bytes);

/* "17 bytes", "1.2 kB", "548.1 MB": powers of 1000, one decimal, rounded down. */
void gh_size_text(struct gh_buf *b, uint64_t bytes);

/* Take the next word of a rule's space separated references; empty at the end. */
struct gh_span gh_next_ref(const char **refs);

/* Does this file's coverage reach every byte, and was it read to its end? */
static inline bool gh_covered(const struct gh_file_report *f)
{
	return f->sha256[0] != '\0' && f->understood >= f->size;
}
#endif
