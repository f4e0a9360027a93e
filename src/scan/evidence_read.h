/* evidence_read.h - what kind of statement about a model is this document, and what does it report? For documents of others: SARIF of
 * another scanner, attestations, bills of materials, VEX. Nothing is verified here (scan/verify/verify.h does that), and nothing
 * that is read becomes more than a claim.
 *
 * Of SARIF 2.1.0 (OASIS) the results are kept: rule, file and severity. Severity: `security-severity` of the rule (a CVSS score,
 * as code-scanning services read it), else the result's level, else the rule's default level, else warning (3.27.10); error is
 * high, warning medium, note low, none info. Results whose kind says that nothing is wrong (pass, informational, notApplicable) are
 * left out; suppressed ones are not, since a stranger's excuse excuses nothing here.
 *
 * Pure; every byte may be a stranger's. Runs in a worker (mode "evidence"). */
#ifndef GH_SCAN_EVIDENCE_READ_H
#define GH_SCAN_EVIDENCE_READ_H
#include "base/arena.h"
#include "base/err.h"
#include "format/rule.h"

enum gh_evidence_form {
	GH_EF_OTHER,	 /* JSON, of no form that is known here */
	GH_EF_BUNDLE,	 /* Sigstore bundle */
	GH_EF_ENVELOPE,	 /* DSSE envelope by itself */
	GH_EF_STATEMENT, /* in-toto statement that nobody signed */
	GH_EF_SARIF,
	GH_EF_CYCLONEDX,
	GH_EF_SPDX,
	GH_EF_VEX, /* OpenVEX, or a CSAF VEX */
	GH_EF_FORMS
};
const char *gh_evidence_form_name(enum gh_evidence_form f); /* "sarif" */

enum {
	GH_EVIDENCE_FILE = 16 << 20, /* bytes of a document */
	GH_EVIDENCE_FINDINGS = 5000, /* that are kept; of more the worst, and one line that there are more */
	GH_EVIDENCE_TEXT = 200,	     /* bytes of an id, a file, a tool: longer ones are cut */
};

struct gh_evidence_finding {
	struct gh_span id, file, tool;
	enum gh_severity severity;
};
struct gh_evidence_doc {
	enum gh_evidence_form form;
	struct gh_span predicate; /* of a statement: type, a URI, as it says itself, verified or not; empty: none */
	struct gh_span tool;	  /* SARIF: of the first run */
	struct gh_evidence_finding *finding;
	size_t n;	       /* worst first */
	uint64_t found;	       /* all of them */
	enum gh_severity more; /* found > n: the worst of those that were left out */
};
/* Everything lies in the arena, which should have room for 20 times the document. GH_E_MALFORMED: no JSON, or no SARIF that can be
 * read although it says so. */
enum gh_rc gh_evidence_read(struct gh_arena *a, struct gh_span doc, struct gh_evidence_doc *out, struct gh_err *err);
#endif
