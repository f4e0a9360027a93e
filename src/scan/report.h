/* report.h - the result of a scan: plain data, no behaviour. Built by the trusted process from rows it looks up
 * itself; every text in it that came from a file was made safe to print before it entered. */
#ifndef GH_SCAN_REPORT_H
#define GH_SCAN_REPORT_H
#include "base/arena.h"
#include "base/buf.h"
#include "check/stage.h"
#include "format/rule.h"

struct gh_finding {
	const struct gh_rule *rule;
	const char *detail; /* what exactly: "os.system('curl … | sh')" */
	const char *member; /* "archive/data.pkl", nested with " > ", "" for the file itself */
	uint64_t off, len;  /* byte range within file or member */
	bool ranged;	    /* off and len mean something */
	unsigned
		times; /* how often this rule with this detail was raised in this member (>= 1; the first place stands) */
};

struct gh_file_report {
	const char *path;   /* as given, or below the directory given */
	const char *format; /* "pytorch-zip", "gguf", … ; several joined by "+"; "unknown" */
	char sha256[65];    /* "" when the file could not be read to its end */
	uint64_t size;
	uint64_t understood; /* bytes that some reader accounted for; coverage is complete when understood == size */
	uint64_t members;    /* members inspected, nested ones included */
	uint64_t expanded;   /* bytes they had */
	enum gh_verdict verdict;
	const struct gh_finding *finding; /* sorted: worst effect first, then severity, member, offset, id */
	size_t nfinding;
	uint64_t dropped; /* findings beyond the cap per file; counted, verdict includes them */
};

enum gh_stage_state { GH_STAGE_NOT_RUN, GH_STAGE_INCOMPLETE, GH_STAGE_RUN };

struct gh_stage_report {
	enum gh_stage_state state;
	uint64_t units, bytes; /* looked at; what units are says gh_stage_rows[] */
	const char *reason;    /* why it did not run, or not in full; NULL when it ran */
	const char *with;      /* "64 YARA rules", "advisories of 2026-11-01"; NULL: only what is built in */
};

struct gh_detonation; /* scan/detonation.h */
struct gh_parts;      /* scan/parts.h */

struct gh_scan_report {
	const char *target; /* what was scanned, as given on the command line (several: joined by a space) */
	enum gh_verdict verdict;
	const struct gh_file_report *file; /* sorted by path, bytewise */
	size_t nfile;
	uint64_t bytes;	     /* of all files */
	const char *scanner; /* version, "0.1.0" */
	const char *rules;   /* version of the rule data: date and digest of its content */
	struct gh_stage_report stage[GH_STAGES];
	bool detonated; /* it was asked for: what came of it, file by file */
	const struct gh_detonation *detonation;
	size_t ndetonation;
	const struct gh_parts *parts; /* packages that the files name; NULL: none was collected */
	size_t vex_silenced;	      /* findings that statements of the user silenced */
};

const char *gh_verdict_name(enum gh_verdict v);	  /* "CLEAN" … */
const char *gh_severity_name(enum gh_severity s); /* "info" … "critical" */
const char *gh_stage_state_name(enum gh_stage_state s);

struct gh_report_style {
	bool colour;	/* ANSI colours */
	bool verbose;	/* also findings without effect, and every clean file */
	unsigned width; /* columns of the terminal; 0: do not wrap */
};
/* One writer per format; each appends a complete document to out. */
void gh_report_text(const struct gh_scan_report *r, const struct gh_report_style *style, struct gh_buf *out);
void gh_report_json(const struct gh_scan_report *r, struct gh_buf *out);
void gh_report_sarif(const struct gh_scan_report *r, struct gh_buf *out);
void gh_report_html(const struct gh_scan_report *r, struct gh_buf *out);

/* Every rule of every format, check and of the pipeline itself: i-th, NULL at the end; by id, NULL if unknown. */
const struct gh_rule *gh_rule_at(size_t i);
const struct gh_rule *gh_rule_by_id(const char *id);
const char *gh_rule_owner(size_t i); /* name of the format or check that owns row i: "pickle", "calls", "coverage" */
/* The stage that a rule's findings belong to: that of the check which raises them; of readers and the pipeline, integrity. */
enum gh_stage gh_rule_stage(const struct gh_rule *rule);
#endif
