#include "policy/facts.h"

/* The whole list. Adding a fact: one row here, and `script/docs`, which writes the table in docs/policy.md and the JSON schema; its
 * reader and its type checks follow from the row (tests/unit/test_policy_facts.c looks after it). Whoever knows the fact states it:
 * src/catalog/gate.c, src/daemon/docs.c. Fields stand behind the row of their records. Names are never reused. */

#define SEVERITIES "info<low<medium<high<critical"
#define VERDICTS "CLEAN<REVIEW<INCOMPLETE<UNSAFE"
#define BADGES "none scan-complete review-pending rejected expired revoked"
#define STATES "importing quarantined review ready rejected disabled deleted" /* as catalog/versions.h */
#define STAGES \
	"integrity malware code vulnerabilities network tensors secrets detonation" /* as check/stage.h: a test compares */
#define TIERS "low<standard<high"
#define ROLES "platform-admin security-reviewer tenant-admin publisher deployer consumer auditor robot"
#define EVIDENCE "signature attestation provenance sbom vex sarif test-result other"

#define NEEDED GH_FACT_NEEDED
#define KEY GH_FACT_KEY
#define OWN GH_FACT_OWN
#define ORDERED GH_FACT_ORDERED

/* (name, type, flags, about); WORD and AGE say more */
#define FACT(n, t, f, a) { .name = (n), .type = GH_T_##t, .flags = (f), .about = (a) }
#define FIELD(n, t, f, a) FACT(n, t, (f) | GH_FACT_FIELD, a)
#define WORD(n, w, f, a) { .name = (n), .type = GH_T_WORD, .flags = (f), .words = (w), .about = (a) }
#define FIELD_WORD(n, w, f, a) WORD(n, w, (f) | GH_FACT_FIELD, a)
#define AGE(n, of, f, a) \
	{ .name = (n), .type = GH_T_DURATION, .flags = (f) | GH_FACT_DERIVED, .from = (of), .about = (a) }
#define FIELD_AGE(n, of, f, a) AGE(n, of, (f) | GH_FACT_FIELD, a)

enum { SIGN = GH_FACT_FOREIGN, SHOUT = GH_FACT_FOREIGN | GH_FACT_SHOUT };

const struct gh_fact gh_fact_rows[] = {
	/* ---- what is asked, and of which model ---- */
	WORD("action", "import badge export share deploy", 0, "What is to be done with the model."),
	FACT("model", STRING, 0, "Full name of the version: TENANT/[PROJECT/]NAME:VERSION."),
	FACT("tenant", STRING, 0, "The tenant that the model belongs to."),
	FACT("project", STRING, 0, "Its project; empty when it is in none."),
	FACT("name", STRING, 0, "Its name, without tenant, project and version."),
	FACT("version", VERSION, 0, "Its version, as in the full name."),
	FACT("digest", STRING, 0, "Root digest of its files: SHA-256, 64 hexadecimal digits."),
	FACT("author", STRING, 0, "Who brought the model in. Approvals of this person never count."),
	FACT("imported", TIME, 0, "When it was imported."),
	AGE("import.age", "imported", 0, "Time since the import."),
	FACT("publisher", STRING, 0,
	     "Who publishes the model, as the catalog recorded it at import; never taken from the model's own files."),
	FACT("source", STRING, 0, "Where it was taken from; empty when nobody said."),
	FACT("environment", STRING, 0, "Where it is to be deployed: \"production\", \"test\"."),
	FACT("formats", STRINGS, 0, "Formats of its files, each once: \"safetensors\", \"pickle\"."),
	FACT("licences", STRINGS, 0,
	     "Licences that its files and card claim, each once. What a model claims of itself: write lists of what is "
	     "allowed, not of what is forbidden."),
	FACT("size", SIZE, 0, "Bytes of all its files."),
	FACT("files", INT, 0, "Number of its files."),
	FACT("parameters", INT, 0, "Number of its parameters, as counted from its tensors."),

	/* ---- the scan ---- */
	WORD("scan.verdict", VERDICTS, OWN | ORDERED, "Verdict of the scan of exactly these bytes."),
	FACT("scan.coverage", PERCENT, OWN, "Share of the bytes that was understood, in percent."),
	FACT("scan.started", TIME, OWN, "When the scan began."),
	FACT("scan.finished", TIME, OWN, "When the scan ended."),
	AGE("scan.age", "scan.finished", OWN, "Time since the scan."),
	FACT("scan.dropped", INT, OWN, "Findings that were counted but not kept, because there were too many."),
	FACT("scanner.version", VERSION, OWN, "Version of the scanner."),
	FACT("rules.version", VERSION, OWN, "Version of its rules."),
	FACT("advisories.date", TIME, OWN, "Date of the advisories that the scan used."),
	AGE("advisories.age", "advisories.date", OWN, "Age of those advisories."),
	FACT("findings", RECORDS, OWN, "What was found, one record per finding."),
	FIELD("findings.id", STRING, OWN | NEEDED | KEY, "Id of the rule: \"GH-PKL-0007\"."),
	FIELD_WORD("findings.severity", SEVERITIES, OWN | NEEDED | KEY | ORDERED, "How bad it is."),
	FIELD_WORD("findings.effect", "none<REVIEW<INCOMPLETE<UNSAFE", OWN | ORDERED, "What it does to the verdict."),
	FIELD_WORD("findings.stage", STAGES, OWN, "Stage that found it."),
	FIELD("findings.file", STRING, OWN | KEY, "File it was found in."),
	FIELD("findings.title", STRING, OWN, "One line for a person."),
	FIELD("findings.advisory", STRING, OWN, "Of a known vulnerability: its id; empty for other findings."),
	FACT("stages", RECORDS, OWN, "Stages of the inspection, one record per stage."),
	FIELD_WORD("stages.name", STAGES, OWN | NEEDED | KEY, "Which stage."),
	FIELD_WORD("stages.state", "not_run<incomplete<run", OWN | NEEDED | KEY | ORDERED, "How far it came."),
	FIELD("stages.reason", STRING, OWN, "Why it did not run to its end; empty when it did."),

	/* ---- the badge ---- */
	WORD("badge.state", BADGES, OWN, "State of the scan-complete badge."),
	FACT("badge.issued", TIME, OWN, "When it was issued."),
	AGE("badge.age", "badge.issued", OWN, "Time since then."),
	FACT("badge.expires", TIME, OWN, "When it ends."),

	/* ---- the signature over these files, verified by us ---- */
	FACT("signature.verified", BOOL, SIGN, "Is there a signature over exactly these files, and is it valid?"),
	FACT("signature.identity", STRING, SIGN,
	     "Who signed: the identity in the certificate, or the fingerprint of the key. Known only when it was "
	     "verified."),
	FACT("signature.issuer", STRING, SIGN, "Who vouches for that identity: the issuer named in the certificate."),
	WORD("signature.method", "key certificate sigstore", SIGN, "How it was signed."),
	FACT("signature.signed", TIME, SIGN, "When, by a time stamp or a transparency log that was verified."),
	AGE("signature.age", "signature.signed", SIGN, "Time since then."),

	/* ---- where it comes from ---- */
	FACT("lineage", RECORDS, 0, "Models that this one was made from."),
	FIELD_WORD("lineage.relation", "base adapter fine-tune merge quantised distilled", NEEDED, "How it was made."),
	FIELD("lineage.model", STRING, KEY, "Full name in the catalog; empty when it is not there."),
	FIELD("lineage.digest", STRING, KEY, "Its root digest; empty when it is not known."),
	FIELD_WORD("lineage.badge", BADGES, 0, "State of its badge."),
	FIELD_WORD("lineage.state", STATES, 0, "State of that version in the catalog."),
	FIELD("lineage.tenant", STRING, 0, "Its tenant."),
	FIELD("lineage.shared", BOOL, 0, "Is it published to other tenants, read-only?"),

	/* ---- risk and people ---- */
	WORD("risk.declared", TIERS, ORDERED,
	     "Tier that the tenant declared. Conditions of the policy can only raise it."),
	{ .name = "risk.tier",
	  .type = GH_T_WORD,
	  .flags = GH_FACT_ORDERED | GH_FACT_DERIVED,
	  .words = TIERS,
	  .about = "Tier of risk: the declared one (standard when none was), raised by the conditions under `tiers`." },
	FACT("approvals", RECORDS, 0, "Approvals and rejections that persons gave."),
	FIELD("approvals.by", STRING, NEEDED | KEY, "Who: the name of a principal."),
	FIELD_WORD("approvals.role", ROLES, NEEDED | KEY, "In which role, held at that moment."),
	FIELD_WORD("approvals.decision", "approve reject", NEEDED | KEY, "What was decided."),
	FIELD("approvals.at", TIME, NEEDED, "When it was decided."),
	FIELD_AGE("approvals.age", "approvals.at", 0, "Time since then."),
	FIELD("approvals.digest", STRING, NEEDED, "Root digest of the files that it was about."),

	/* ---- tests and deployment ---- */
	FACT("redteam", RECORDS, OWN, "Red-team campaigns that were run against the model."),
	FIELD("redteam.suite", STRING, OWN | NEEDED | KEY, "Name of the suite of probes."),
	FIELD("redteam.at", TIME, OWN | NEEDED, "When it ended."),
	FIELD_AGE("redteam.age", "redteam.at", OWN, "Time since then."),
	FIELD("redteam.digest", STRING, OWN | NEEDED, "Root digest of the files it ran against."),
	FIELD("redteam.passed", BOOL, OWN | NEEDED | KEY, "Did it stay within its limits?"),
	FIELD("redteam.success", PERCENT, OWN, "Attacks that succeeded, in percent."),
	FIELD("redteam.probes", INT, OWN, "Attacks that were tried."),
	FIELD_WORD("redteam.worst", SEVERITIES, OWN | ORDERED, "Severity of the worst attack that succeeded."),
	WORD("isolation.class", "none<sandbox<microvm<vm-tee", OWN | ORDERED,
	     "What the model runs in, or is to run in."),
	WORD("attestation.class", "none<software<tpm<enclave=vm-tee", OWN | ORDERED,
	     "Class of the evidence for what it runs in. Software evidence never counts as hardware's."),
	WORD("attestation.kind", "none software tpm snp tdx sgx azure nitro", OWN, "Kind of that evidence."),
	FACT("attestation.measurement", STRING, OWN,
	     "What is measured of stub, engine and libraries: SHA-256, 64 hexadecimal digits, as `gatehouse measure` "
	     "prints it."),
	FACT("attestation.at", TIME, OWN, "When that evidence was made."),
	AGE("attestation.age", "attestation.at", OWN, "Time since then."),

	/* ---- what others say ---- */
	FACT("evidence.verified", RECORDS, SIGN,
	     "Statements of others about exactly these files, with a valid signature."),
	FIELD_WORD("evidence.verified.kind", EVIDENCE, SIGN | NEEDED | KEY, "What it is."),
	FIELD("evidence.verified.signer", STRING, SIGN | NEEDED | KEY,
	      "Who signed: identity or fingerprint; never empty."),
	FIELD("evidence.verified.issuer", STRING, SIGN, "Who vouches for that identity."),
	FIELD("evidence.verified.predicate", STRING, SIGN | KEY, "Type of the statement, a URI."),
	FIELD("evidence.verified.tool", STRING, SIGN, "Program that it comes from: \"acme-scanner 2.1\"."),
	FIELD_WORD("evidence.verified.result", "pass warn fail none", SIGN | KEY,
		   "What a test result says as a whole. Never better than its parts."),
	FIELD("evidence.verified.findings", INT, SIGN, "How many findings it reports."),
	FIELD_WORD("evidence.verified.worst", "none<" SEVERITIES, SIGN | ORDERED, "Severity of the worst of them."),
	FIELD("evidence.verified.issued", TIME, SIGN, "When it was made, by its own word."),
	FIELD_AGE("evidence.verified.age", "evidence.verified.issued", SIGN, "Time since then."),
	FACT("evidence.unverified", RECORDS, SHOUT,
	     "Statements that nobody stands for: not signed, a signature that is not valid, or a signer who is not "
	     "trusted."),
	FIELD_WORD("evidence.unverified.kind", EVIDENCE, SHOUT | NEEDED | KEY, "What it claims to be."),
	FIELD("evidence.unverified.claimed", STRING, SHOUT | KEY, "Who it claims to come from."),
	FIELD("evidence.unverified.why", STRING, SHOUT | KEY, "Why it was not verified."),
	FIELD("evidence.unverified.tool", STRING, SHOUT, "Program that it claims to come from."),
	FIELD("evidence.unverified.findings", INT, SHOUT, "How many findings it reports."),
	FIELD_WORD("evidence.unverified.worst", "none<" SEVERITIES, SHOUT | ORDERED, "Severity of the worst of them."),
	FACT("evidence.findings", RECORDS, SHOUT, "What others found, verified or not: one record per finding."),
	FIELD("evidence.findings.id", STRING, SHOUT | NEEDED | KEY, "Its id, as they name it."),
	FIELD_WORD("evidence.findings.severity", SEVERITIES, SHOUT | NEEDED | KEY | ORDERED, "How bad they say it is."),
	FIELD("evidence.findings.tool", STRING, SHOUT | KEY, "Their program."),
	FIELD("evidence.findings.signer", STRING, SHOUT,
	      "Who signed the report; empty when nobody's signature was verified."),
	FIELD("evidence.findings.file", STRING, SHOUT, "File it was found in."),
	FACT("evidence.vex", RECORDS, SIGN,
	     "What verified VEX documents of others say of vulnerabilities, for each name of a vulnerability and each "
	     "product. A finding of ours stays one, whatever stands here."),
	FIELD("evidence.vex.vulnerability", STRING, SIGN | NEEDED | KEY,
	      "Its id, as they name it: \"CVE-2025-32434\"."),
	FIELD_WORD("evidence.vex.status", "not_affected fixed under_investigation affected", SIGN | NEEDED | KEY,
		   "What they say of it."),
	FIELD("evidence.vex.product", STRING, SIGN | KEY,
	      "What it is about: a package URL or another identifier; empty: the model."),
	FIELD("evidence.vex.justification", STRING, SIGN, "Why it does not matter, by their word."),
	FIELD("evidence.vex.signer", STRING, SIGN | NEEDED | KEY, "Who signed the document; never empty."),
	FIELD("evidence.vex.issued", TIME, SIGN, "When it was said, by their word."),
	FIELD_AGE("evidence.vex.age", "evidence.vex.issued", SIGN, "Time since then."),
	FACT("evidence.tests", RECORDS, SIGN,
	     "Tests that verified test results of others name: evaluations, red-team campaigns. One that failed is "
	     "among evidence.findings, too."),
	FIELD("evidence.tests.name", STRING, SIGN | NEEDED | KEY, "Name of the test, as they name it."),
	FIELD_WORD("evidence.tests.result", "pass warn fail", SIGN | NEEDED | KEY, "How it ended."),
	FIELD("evidence.tests.signer", STRING, SIGN | NEEDED | KEY, "Who signed the result; never empty."),
};
const size_t gh_fact_n = sizeof gh_fact_rows / sizeof gh_fact_rows[0];

const char *gh_fact_type_name(enum gh_fact_type t)
{
	static const char *const names[] = {
		[GH_T_BOOL] = "true or false", [GH_T_INT] = "number",	   [GH_T_SIZE] = "size",
		[GH_T_DURATION] = "duration",  [GH_T_TIME] = "time",	   [GH_T_PERCENT] = "percentage",
		[GH_T_STRING] = "text",	       [GH_T_VERSION] = "version", [GH_T_WORD] = "word",
		[GH_T_STRINGS] = "texts",      [GH_T_RECORDS] = "records",
	};
	return names[t];
}

unsigned gh_fact_named(struct gh_span name)
{
	for (unsigned i = 0; i < gh_fact_n; i++)
		if (gh_span_is(name, gh_fact_rows[i].name))
			return i;
	return GH_FACT_NONE;
}

const char *gh_fact_field(const struct gh_fact *f)
{
	const char *dot = strrchr(f->name, '.');
	return dot == NULL ? f->name : dot + 1;
}
