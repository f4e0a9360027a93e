/* rule.h - what a finding is: one row per kind of finding, beside the format or check that raises it.
 * Severity and effect are fixed by the row: no input can lower them. */
#ifndef GH_FORMAT_RULE_H
#define GH_FORMAT_RULE_H
#include <stddef.h>

enum gh_severity { GH_INFO, GH_LOW, GH_MEDIUM, GH_HIGH, GH_CRITICAL };

/* Effect of a finding on the verdict, and the verdicts themselves, in the order of precedence: worst last. */
enum gh_verdict { GH_CLEAN, GH_REVIEW, GH_INCOMPLETE, GH_UNSAFE };

struct gh_rule {
	const char *id;		   /* "GH-PKL-0007": stable for ever, never reused */
	enum gh_severity severity; /* how bad if true */
	enum gh_verdict effect;	   /* GH_CLEAN: no effect on the verdict */
	const char *title;	   /* one line, what was found */
	const char *gain;	   /* what an attacker gains */
	const char *fix;	   /* what the user should do */
	const char *refs;	   /* space separated: CWE-502 CVE-2025-32434 AML.T0011 */
};

/* A table of rows that ends with id == NULL. */
#define GH_RULES_END { .id = NULL }
#endif
