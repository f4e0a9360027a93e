/* intake.h - what a scan makes of a version: its state by verdict and policy, its report, its review. Shared by the ends of import and
 * rescan. */
#ifndef GH_API_INTAKE_H
#define GH_API_INTAKE_H
#include "api/ops.h"
#include "catalog/gate.h"

struct gh_intake {
	struct gh_op_run *r;
	struct gh_version v; /* as it stands, with what is new put in: what the policy is asked about */
	struct gh_gate gate;
	enum gh_vstate state; /* that it should have */
	char reason[GH_V_REASON + 1];
	struct gh_id report;
	int64_t quarantine_until;
};
/* Members of the input that both operations have: verdict, scanner, rules, advisories, coverage, findings, files, bytes, stages,
 * report, report_digest, facts, facts_digest, bom, bom_digest, known. */
#define GH_INTAKE_FIELDS \
	{ "verdict", GH_IN_WORD, true, "of the scan" }, { "scanner", GH_IN_TEXT, true, "version of the scanner" }, \
		{ "rules", GH_IN_TEXT, true, "version of the rules" }, \
		{ "advisories", GH_IN_TEXT, true, "version of the advisories" }, \
		{ "coverage", GH_IN_WORD, true, "share of the bytes that was understood, in percent" }, \
		{ "findings", GH_IN_NUMBER, true, "how many" }, { "files", GH_IN_NUMBER, true, "how many" }, \
		{ "bytes", GH_IN_NUMBER, true, "of all files" }, \
		{ "stages", GH_IN_OBJECT, true, "state of each stage" }, { "report", GH_IN_ID, true, "blob" }, \
		{ "report_digest", GH_IN_DIGEST, true, "of the report" }, { "facts", GH_IN_ID, true, "blob" }, \
		{ "facts_digest", GH_IN_DIGEST, true, "of the facts" }, \
		{ "bom", GH_IN_ID, true, "blob: bill of materials" }, \
		{ "bom_digest", GH_IN_DIGEST, true, "of the bill of materials" }, \
		{ "known", GH_IN_OBJECT, true, "facts for the policy" }

/* Ask the policy about i->v with the facts of the input, and decide on the state. */
enum gh_rc gh_intake_ask(struct gh_intake *i, const char *action, struct gh_err *err);
/* Inside the transaction: the report's row and its facts. */
enum gh_rc gh_intake_report(struct gh_intake *i, struct gh_err *err);
/* Inside the transaction, when the state is review: open one for the new report, and log it. */
enum gh_rc gh_intake_review(struct gh_intake *i, struct gh_err *err);
#endif
