/* evidence_read.h - what kind of statement about a model is this document, and what does it report? For documents of others: SARIF of
 * another scanner, attestations, bills of materials, VEX. Nothing is verified here (scan/verify/verify.h does that), and nothing
 * that is read becomes more than a claim.
 *
 * Of SARIF 2.1.0 (OASIS) the results are kept: rule, file and severity. Severity: `security-severity` of the rule (a CVSS score,
 * as code-scanning services read it), else the result's level, else the rule's default level, else warning (3.27.10); error is
 * high, warning medium, note low, none info. Results whose kind says that nothing is wrong (pass, informational, notApplicable) are
 * left out; suppressed ones are not, since a stranger's excuse excuses nothing here.
 *
 * Of OpenVEX (0.0.1 to 0.2.0), by itself or as the predicate of an in-toto statement, each statement is kept for each name of the
 * vulnerability and each product: of several about the same the newest, of equally new ones the strictest. Of in-toto test results
 * (predicate test-result v0.1) the result and each named test are kept; one that stands in several lists has the worst result. What
 * is bad in either is a finding, too: affected and failed are high, under_investigation and warned are medium, since neither form
 * has severities and the same words of SARIF (error, warning) mean that. A document of these forms that breaks their rules is
 * refused: half of it would say something else. CSAF is recognised and not read.
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
	GH_EVIDENCE_CLAIMS = 5000,   /* of one document; more is GH_E_LIMIT */
	GH_EVIDENCE_ABOUT = 1000,    /* bytes of a product */
};

/* What a document says of itself as a whole. */
enum gh_evidence_result { GH_ER_NONE, GH_ER_PASS, GH_ER_WARN, GH_ER_FAIL, GH_ER_RESULTS };
const char *gh_evidence_result_name(enum gh_evidence_result r); /* "pass", as in fact evidence.verified.result */

/* What it says of one vulnerability or test; within each group the strictest is last. */
enum gh_evidence_word {
	GH_EW_NOT_AFFECTED,
	GH_EW_FIXED,
	GH_EW_UNDER_INVESTIGATION,
	GH_EW_AFFECTED,
	GH_EW_PASS,
	GH_EW_WARN,
	GH_EW_FAIL,
	GH_EW_WORDS
};
const char *gh_evidence_word_name(enum gh_evidence_word w); /* "not_affected", "pass" */
static inline bool gh_evidence_word_tests(enum gh_evidence_word w) { return w >= GH_EW_PASS; }

struct gh_evidence_finding {
	struct gh_span id, file, tool;
	enum gh_severity severity;
};
struct gh_evidence_claim {
	enum gh_evidence_word word;
	struct gh_span id;    /* of the vulnerability; name of the test. Not empty, GH_EVIDENCE_TEXT at most */
	struct gh_span about; /* product, as a package URL or another identifier; empty: the subject of the document */
	struct gh_span why;   /* justification or impact; may be cut */
	int64_t at;	      /* when it was said, seconds since 1970; 0: it does not say */
};
struct gh_evidence_doc {
	enum gh_evidence_form form;
	bool read;			/* of a form whose content is kept here: SARIF, OpenVEX, test result */
	enum gh_evidence_result result; /* test result, as a whole */
	int64_t issued;			/* when it was made, by its own word; 0: it does not say */
	struct gh_evidence_claim *claim;
	size_t nclaim;
	struct gh_span predicate; /* of a statement: type, a URI, as it says itself, verified or not; empty: none */
	struct gh_span tool;	  /* SARIF: of the first run; OpenVEX: its author */
	struct gh_evidence_finding *finding;
	size_t n;	       /* worst first */
	uint64_t found;	       /* all of them */
	enum gh_severity more; /* found > n: the worst of those that were left out */
};
/* Everything lies in the arena, which should have room for 20 times the document. GH_E_MALFORMED: no JSON, or not
 * what it says it is. GH_E_LIMIT: more claims than are kept. */
enum gh_rc gh_evidence_read(struct gh_arena *a, struct gh_span doc, struct gh_evidence_doc *out, struct gh_err *err);
#endif
